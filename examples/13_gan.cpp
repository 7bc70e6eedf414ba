// A generative adversarial net that learns a distribution of points in the plane: a generator makes points of noise, a
// critic says how they differ from data, and its slope is held at 1 by a penalty on its gradient (WGAN-GP).
//
//     13_gan [folder for its picture ["short"]]
//
// I. Gulrajani et al., Improved training of Wasserstein GANs, 2017.
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <numbers>
#include <stdexcept>
#include <string_view>
#include <tuple>
#include <vector>

#include <xgrad/draw.hpp>
#include <xgrad/nn.hpp>
#include <xgrad/optim.hpp>
#include <xgrad/train.hpp>
#include <xgrad/xgrad.hpp>

namespace xg = xgrad;
namespace nn = xgrad::nn;
namespace train = xgrad::train;

constexpr std::size_t latent = 2;

// Eight small clouds on a circle of radius 1. A generator that fools its critic with some of them only is what is to be
// avoided.
xg::Var real_points(const xg::random::Key& key, std::size_t n) {
  const auto [which, where] = key.split<2>();
  const xg::Var angle = floor(8.0 * xg::random::uniform(which, {n}, xg::DType::Float32)) * (std::numbers::pi / 4.0);
  return stack(std::vector<xg::Var>{cos(angle), sin(angle)}, 1) +
         0.05 * xg::random::normal(where, {n, 2}, xg::DType::Float32);
}

xg::Var made_points(const nn::Mlp& generator, const xg::random::Key& key, std::size_t n) {
  return generator(xg::random::normal(key, {n, latent}, xg::DType::Float32));
}

// The critic's scores of data shall be larger than those of what was made, as far as its slope allows. That is looked
// at between the two, at one random point for each pair. The generator is a part of the batch: it is not trained here.
const auto critic_loss = [](const nn::Mlp& critic, const xg::Var& real, const nn::Mlp& generator,
                            const nn::Training& training) {
  const std::size_t n = real.shape()[0];
  const xg::Var fake = made_points(generator, training.part(0).key, n);
  const xg::Var u = xg::random::uniform(training.part(1).key, {n, 1}, xg::DType::Float32);
  const xg::Var penalty = mean(xg::loss::GradientPenalty{}(critic, u * real + (1.0 - u) * fake));
  return mean(critic(fake)) - mean(critic(real)) + penalty;
};

const auto generator_loss = [](const nn::Mlp& generator, const xg::Var& real, const nn::Mlp& critic,
                               const nn::Training& training) {
  return -mean(critic(made_points(generator, training.key, real.shape()[0])));
};

// How many of the clouds have at least half of their share of the points within four deviations of their centres.
int clouds_found(const xg::Var& points) {
  int found = 0;
  for (int i = 0; i < 8; ++i) {
    const double angle = i * std::numbers::pi / 4.0;
    const xg::Var x = view(points, xt::all(), 0) - std::cos(angle);
    const xg::Var y = view(points, xt::all(), 1) - std::sin(angle);
    const xg::Var share = mean(xg::cast<float>(less(hypot(x, y), 0.2)));
    if (share.item<float>() > 1.0F / 16.0F) ++found;
  }
  return found;
}

xg::draw::Series cloud(const char* name, const xg::Var& points) {
  xg::draw::Series series{.name = name, .style = xg::draw::Style::Points};
  const auto& p = points.array<float>();
  for (std::size_t i = 0; i < points.shape()[0]; ++i) {
    series.x.push_back(p(i, 0));
    series.y.push_back(p(i, 1));
  }
  return series;
}

int main(int argc, char** argv) try {
  const std::filesystem::path folder = argc > 1 ? argv[1] : ".";
  const bool is_short = argc > 2 && std::string_view(argv[2]) == "short";
  const std::int64_t steps = is_short ? 150 : 3000;
  constexpr std::size_t batch = 256;

  const auto [for_generator, for_critic, for_data, for_training, for_tests] = xg::random::Key(7).split<5>();
  nn::Mlp generator = nn::mlp(for_generator, {latent, 64, 64, 2}, {.weights = nn::he_normal()});
  nn::Mlp critic = nn::mlp(for_critic, {2, 64, 64, 1}, {.weights = nn::he_normal()});

  const auto adam = xg::optim::adam(
      {.rate = xg::optim::cosine(2e-3, static_cast<std::size_t>(steps) * 5), .beta1 = 0.5, .beta2 = 0.9});
  const auto slower =
      xg::optim::adam({.rate = xg::optim::cosine(1e-3, static_cast<std::size_t>(steps)), .beta1 = 0.5, .beta2 = 0.9});
  const auto critic_step = train::step(critic_loss, adam);
  const auto generator_step = train::step(generator_loss, slower);
  xg::optim::State of_critic = adam.init(critic);
  xg::optim::State of_generator = slower.init(generator);

  // What is held against each other at the end: two clouds of data say how near one can come.
  const auto [test_data, more_data, test_noise] = for_tests.split<3>();
  const xg::Var data = real_points(test_data, 1000);
  const auto distance = [&](const xg::Var& points) {
    return xg::loss::EnergyDistance{.unbiased = true}(points, data).item<float>();
  };
  const double before = distance(made_points(generator, test_noise, 1000));
  const double least = distance(real_points(more_data, 1000));

  xg::Var loss;
  for (std::int64_t i = 0; i < steps; ++i) {
    for (std::int64_t j = 0; j < 5; ++j) {  // the critic is kept ahead
      const std::int64_t k = 6 * i + j;
      std::tie(critic, of_critic, loss) =
          critic_step(critic, of_critic, real_points(for_data.fold_in(k), batch), generator, for_training.fold_in(k));
    }
    const double gap = -loss.item<float>();
    const std::int64_t k = 6 * i + 5;
    std::tie(generator, of_generator, loss) = generator_step(
        generator, of_generator, real_points(for_data.fold_in(k), batch), critic, for_training.fold_in(k));
    if ((i + 1) % (steps / 5) == 0) {
      std::printf("step %4d   what the critic sees %.4f   energy distance %.5f\n", static_cast<int>(i + 1), gap,
                  static_cast<double>(distance(made_points(generator, test_noise, 1000))));
    }
  }

  const xg::Var points = made_points(generator, test_noise, 1000);
  const double after = distance(points);
  const int found = clouds_found(points);
  xg::draw::save(folder / "gan_points.svg", {.title = "A generative adversarial net",
                                             .x_label = "x",
                                             .y_label = "y",
                                             .series = {cloud("data", data), cloud("made of noise", points)}});
  std::printf("\nenergy distance from the data: %.5f before, %.5f after; of other data %.5f\n", before, after, least);
  std::printf("clouds found: %d of 8\n", found);
  if (after > (is_short ? 0.07 : 0.01) || (!is_short && found < 8)) {
    throw std::runtime_error("the points that were made are not like the data");
  }
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
