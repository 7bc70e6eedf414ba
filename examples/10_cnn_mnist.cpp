// Handwritten digits by a convolutional net: MNIST, 60,000 images of 28 x 28 pixels, if its four files are there
// (scripts/mnist fetches them), otherwise the 1,797 smaller ones that come with xgrad.
//
//     10_cnn_mnist [folder for its pictures [folder of MNIST's files, or "short" for the small digits]]
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <iostream>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <xgrad/data.hpp>
#include <xgrad/draw.hpp>
#include <xgrad/io/csv.hpp>
#include <xgrad/metrics.hpp>
#include <xgrad/nn.hpp>
#include <xgrad/optim.hpp>
#include <xgrad/train.hpp>
#include <xgrad/xgrad.hpp>

namespace xg = xgrad;
namespace data = xgrad::data;
namespace nn = xgrad::nn;
namespace train = xgrad::train;

using Images = data::LabelledImages;  // images [n, 1, rows, columns] from 0 to 1, labels [n]

struct Task {
  Images training, validation, test;
  // What the net is like, and how it is trained.
  std::ptrdiff_t window = 0;          // of both convolutions
  std::ptrdiff_t second_padding = 0;  // the first one keeps the extent of the image
  std::size_t features = 0;           // what the convolutions leave of an image: channels x rows x columns
  std::size_t epochs = 0;
  double accuracy = 0.0;  // that the net should reach on the test images
};

Task mnist(const std::filesystem::path& folder) {
  const data::Mnist all = data::mnist(folder);
  auto [training, validation] = data::split(all.train, {55.0 / 60.0, 5.0 / 60.0}, {.shuffle = xg::random::Key(1)});
  return {std::move(training), std::move(validation), all.test, 5, 0, std::size_t{32} * 5 * 5, 6, 0.99};
}

Task small_digits(const std::filesystem::path& file) {
  const xg::Var table = xg::io::read_csv(file);
  const Images all{xg::cast<float>(reshape(view(table, xt::all(), xt::range(0, 64)), {-1, 1, 8, 8}) / 16.0),
                   xg::cast<std::int64_t>(view(table, xt::all(), 64))};
  auto [training, validation, test] = data::split(all, {0.7, 0.1, 0.2}, {.shuffle = xg::random::Key(1)});
  return {std::move(training), std::move(validation), std::move(test), 3, 1, std::size_t{32} * 2 * 2, 30, 0.97};
}

// A net in the manner of LeNet-5, from images to the logits of ten classes. Dropout is another function in training
// than afterwards; the net knows which of its layers are.
auto make_net(const xg::random::Key& key, const Task& task) {
  const nn::Activate relu{nn::Activation::Relu};
  const auto [k1, k2, k3, k4] = key.split<4>();
  const auto he = nn::he_normal();
  return nn::sequential(nn::conv2d(k1, 1, 12, task.window, {.padding = task.window / 2, .weights = he}), relu,
                        nn::MaxPool{2},
                        nn::conv2d(k2, 12, 32, task.window, {.padding = task.second_padding, .weights = he}), relu,
                        nn::MaxPool{2}, nn::Flatten{}, nn::linear(k3, task.features, 128, {.weights = he}), relu,
                        nn::Dropout{0.4}, nn::linear(k4, 128, 10));
}
using Net = decltype(make_net(xg::random::Key(0), Task()));

// With nn::Training this is the loss while the net is trained, without it that of its use.
// NOLINTNEXTLINE(performance-unnecessary-value-param): in training the net is changed
const auto loss_of = [](Net net, const Images& batch, const auto&... training) {
  const xg::Var loss = mean(xg::loss::CrossEntropy{}(net(batch.images, training...), batch.labels));
  return std::pair(loss, net);
};

const auto answers = [](const Net& net, const Images& batch) { return std::pair(net(batch.images), batch.labels); };

void draw_history(const train::History& history, const std::filesystem::path& folder) {
  std::vector<double> epochs, training, validation;
  for (const train::Progressed& epoch : history.epochs) {
    epochs.push_back(static_cast<double>(epoch.epoch + 1));
    training.push_back(epoch.loss);
    validation.push_back(epoch.metrics.at("validation loss"));
  }
  xg::draw::save(folder / "cnn_loss.svg",
                 {.title = "Cross-entropy of a convolutional net",
                  .x_label = "epoch",
                  .y_label = "nats",
                  .series = {{"training, with dropout", epochs, training}, {"validation", epochs, validation}},
                  .log_y = true});
}

// The first of what the net got wrong, and how many there are.
std::size_t draw_wrong(const Net& net, const Images& test, const std::filesystem::path& folder) {
  std::vector<xg::Var> pictures;
  std::vector<std::string> captions;
  std::size_t wrong = 0;
  for (const Images& batch : data::batches(test, {.size = 200})) {
    const xg::Var guesses = argmax(net(batch.images), 1);
    for (std::size_t i = 0; i < guesses.size(); ++i) {
      const auto label = batch.labels.array<std::int64_t>()(i);
      const auto guess = guesses.array<std::int64_t>()(i);
      if (guess == label) continue;
      if (++wrong > 24) continue;
      pictures.push_back(view(batch.images, i, 0));
      captions.push_back(std::to_string(label) + ", guessed " + std::to_string(guess));
    }
  }
  if (pictures.empty()) return 0;
  xg::draw::save(folder / "cnn_wrong.svg", {.title = "Test images that the net got wrong",
                                            .pixels = stack(pictures),
                                            .captions = captions,
                                            .black = 1.0,
                                            .white = 0.0,
                                            .columns = 8});
  return wrong;
}

int main(int argc, char** argv) try {
  const std::filesystem::path folder = argc > 1 ? argv[1] : ".";
  const std::filesystem::path bundled = XGRAD_EXAMPLE_DATA;
  const std::filesystem::path files = argc > 2 ? argv[2] : (bundled / "mnist").string();
  const bool is_mnist = files != "short" && (argc > 2 || std::filesystem::exists(files));
  const Task task = is_mnist ? mnist(files) : small_digits(bundled / "digits.csv");
  std::printf("%s: %zu images to train on, %zu to validate, %zu to test\n", is_mnist ? "MNIST" : "digits of 8 x 8",
              data::length(task.training), data::length(task.validation), data::length(task.test));

  constexpr std::size_t batch = 64;
  const std::size_t steps = task.epochs * (data::length(task.training) / batch);
  const auto metrics =
      std::vector<train::NamedMetric>{{"accuracy", xg::metrics::Accuracy{.labels = xg::metrics::multiclass(10)}}};
  const auto start = std::chrono::steady_clock::now();
  const auto fitted = train::fit(make_net(xg::random::Key(2), task), loss_of,
                                 xg::optim::adam({.rate = xg::optim::cosine(3e-3, steps)}), task.training,
                                 {.epochs = task.epochs,
                                  .batches = {.size = batch, .last = data::Last::Drop},
                                  .key = xg::random::Key(3),
                                  .validation = task.validation,
                                  .predict = answers,
                                  .metrics = metrics,
                                  .show = train::Show::lines,
                                  .out = &std::cout});
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
  std::cout << std::flush;

  // The test images are looked at once, when everything is decided.
  const double accuracy = train::evaluate(fitted.model, task.test, metrics, answers).at("accuracy");
  draw_history(fitted.history, folder);
  const std::size_t wrong = draw_wrong(fitted.model, task.test, folder);
  std::printf("\ntest accuracy = %.4f (%zu wrong), trained in %.1f s\n", accuracy, wrong, seconds.count());
  if (accuracy < task.accuracy) throw std::runtime_error("that is less than the net should reach");
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
