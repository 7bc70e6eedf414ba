// Metric learning: nets that put images of digits in a space of four numbers, where what is alike is near. One learns
// from labels, by triplets; the other one only sees each image in two versions (SimCLR) and never a label.
//
//     12_metric_learning [folder for its picture ["short"]]
//
// T. Chen et al., A simple framework for contrastive learning of visual representations, 2020.
#include <cstdint>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <limits>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <xgrad/data.hpp>
#include <xgrad/draw.hpp>
#include <xgrad/io/csv.hpp>
#include <xgrad/nn.hpp>
#include <xgrad/optim.hpp>
#include <xgrad/train.hpp>
#include <xgrad/xgrad.hpp>

namespace xg = xgrad;
namespace data = xgrad::data;
namespace nn = xgrad::nn;
namespace train = xgrad::train;

using Digits = data::LabelledImages;  // images [n, 1, 8, 8] from 0 (paper) to 1 (ink), labels [n]

constexpr std::size_t extent = 4;

struct Embedding {
  nn::Mlp net;
  // [n, 1, 8, 8] -> [n, extent], directions: vectors of length 1.
  xg::Var operator()(const xg::Var& images) const {
    const xg::Var y = net(reshape(images, {-1, 64}));
    return y / sqrt(sum(square(y), -1, xg::keep_dims) + 1e-12);
  }
};
XGRAD_FIELDS(Embedding, net)

Embedding make_embedding(const xg::random::Key& key) {
  return {nn::mlp(key, {64, 256, 64, extent}, {.weights = nn::he_normal()})};
}

// The hardest triplets of a batch: for each image the farthest one of its class and the nearest one of another.
// A. Hermans, L. Beyer and B. Leibe, In defense of the triplet loss, 2017.
const auto triplet_loss = [](const Embedding& embedding, const Digits& batch) {
  const xg::Var z = embedding(batch.images);
  const xg::Var distance = xg::cdist(z, z);
  const xg::Var same = equal(expand_dims(batch.labels, 1), expand_dims(batch.labels, 0));
  const xg::Var farthest = argmax(where(same, distance, -1.0), 1);
  const xg::Var nearest = argmin(where(same, 10.0, distance), 1);
  return mean(xg::loss::TripletMargin{.margin = 0.5}(z, take(z, farthest, 0), take(z, nearest, 0)));
};

// A version of each image: turned a little, and with noise.
xg::Var version(const xg::random::Key& key, const xg::Var& images) {
  const auto [turn, grain] = key.split<2>();
  return data::noise(grain, data::rotate(turn, images, 8.0), 0.3);
}

// Which of all others is the other version of the same image? Labels are not looked at.
const auto contrastive_loss = [](const Embedding& embedding, const Digits& batch, const nn::Training& training) {
  const xg::Var first = embedding(version(training.part(0).key, batch.images));
  const xg::Var second = embedding(version(training.part(1).key, batch.images));
  return mean(xg::loss::NtXent{.temperature = 0.5}(first, second));
};

// The nearest other point of each, [n].
xg::Var nearest_others(const xg::Var& points) {
  const std::size_t n = points.shape()[0];
  const xg::Var itself = xg::eye(n) > 0.5;
  return argmin(where(itself, std::numeric_limits<float>::infinity(), xg::cdist(points, points)), 1);
}

// Recall at 1: for which share of the points the nearest other one is of their class.
double recall(const xg::Var& points, const xg::Var& labels) {
  return mean(equal(take(labels, nearest_others(points), 0), labels)).item<double>();
}

// The coordinates along which the images vary most: as many numbers by an analysis of principal components.
xg::Var principal(const xg::Var& training, const xg::Var& images) {
  const xg::Var x = reshape(training, {-1, 64});
  const xg::Var centre = mean(x, 0);
  const xg::Var vt = xg::linalg::svd(x - centre).vt;
  const xg::Var first = view(vt, xt::range(0, static_cast<std::ptrdiff_t>(extent)));
  return matmul(reshape(images, {-1, 64}) - centre, transpose(first));
}

// Some images, and below each the one that is nearest.
void draw_pairs(const Embedding& embedding, const Digits& digits, const std::filesystem::path& file) {
  constexpr std::ptrdiff_t count = 12;
  const xg::Var nearest = view(nearest_others(embedding(digits.images)), xt::range(0, count));
  const xg::Var found = take(digits.images, nearest, 0);
  xg::draw::save(file,
                 {.title = "Held-out digits, and what is nearest to each by a net that saw no labels",
                  .pixels = reshape(concatenate(std::vector<xg::Var>{view(digits.images, xt::range(0, count)), found}),
                                    {-1, 8, 8}),
                  .black = 1.0,
                  .white = 0.0,
                  .columns = count});
}

int main(int argc, char** argv) try {
  const std::filesystem::path folder = argc > 1 ? argv[1] : ".";
  const bool is_short = argc > 2 && std::string_view(argv[2]) == "short";

  const xg::Var table = xg::io::read_csv(std::filesystem::path(XGRAD_EXAMPLE_DATA) / "digits.csv");
  const Digits all{xg::cast<float>(reshape(view(table, xt::all(), xt::range(0, 64)) / 16.0, {-1, 1, 8, 8})),
                   xg::cast<std::int64_t>(view(table, xt::all(), 64))};
  const auto [training, held_out] = data::split(all, {0.7, 0.3}, {.shuffle = xg::random::Key(1)});

  const auto learn = [&digits = training](const auto& loss, std::size_t epochs, std::size_t batch,
                                          const xg::random::Key& key) {
    const auto [for_weights, for_training] = key.split<2>();
    const std::size_t steps = epochs * (data::length(digits) / batch);
    return train::fit(make_embedding(for_weights), loss, xg::optim::adam({.rate = xg::optim::cosine(2e-3, steps)}),
                      digits,
                      {.epochs = epochs,
                       .batches = {.size = batch, .last = data::Last::Drop},
                       .key = for_training,
                       .show = train::Show::quiet})
        .model;
  };
  const Embedding triplets = learn(triplet_loss, is_short ? 30 : 60, 64, xg::random::Key(2));
  const Embedding contrastive = learn(contrastive_loss, is_short ? 60 : 150, 128, xg::random::Key(3));
  draw_pairs(contrastive, held_out, folder / "metric_nearest.svg");

  const double of_pixels = recall(reshape(held_out.images, {-1, 64}), held_out.labels);
  const double of_principal = recall(principal(training.images, held_out.images), held_out.labels);
  const double of_nothing = recall(make_embedding(xg::random::Key(4))(held_out.images), held_out.labels);
  const double of_triplets = recall(triplets(held_out.images), held_out.labels);
  const double of_contrastive = recall(contrastive(held_out.images), held_out.labels);
  std::printf("recall at 1 of %zu held-out images\n", data::length(held_out));
  std::printf("all 64 pixels                      %.4f\n", of_pixels);
  std::printf("4 numbers of an untrained net      %.4f\n", of_nothing);
  std::printf("4 principal components             %.4f\n", of_principal);
  std::printf("4 numbers, triplets with labels    %.4f\n", of_triplets);
  std::printf("4 numbers, NT-Xent without labels  %.4f\n", of_contrastive);
  if (of_triplets < (is_short ? 0.95 : 0.98)) throw std::runtime_error("triplets should do better");
  if (of_contrastive < (is_short ? 0.75 : 0.85)) throw std::runtime_error("NT-Xent should do better");
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
