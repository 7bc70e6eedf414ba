// Smaller models: a net for handwritten digits with fewer bits, fewer weights, shared weights, low ranks, and what it
// teaches a smaller one. Printed: bytes on disk, bytes with Huffman's code, accuracy, time of a forward pass.
//
//     09_smaller_model [folder, unused [folder of digits.csv]]
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <stdexcept>
#include <utility>

#include <xgrad/compression.hpp>
#include <xgrad/io/csv.hpp>
#include <xgrad/nn.hpp>
#include <xgrad/optim.hpp>
#include <xgrad/xgrad.hpp>

namespace xg = xgrad;
namespace nn = xgrad::nn;
namespace compression = xgrad::compression;

// The same net of any layers. Called on pixels [n, 64] it gives logits [n, 10].
template <class Hidden, class Out = Hidden>
struct Mlp {
  Hidden hidden;
  Out out;
  xg::Var operator()(const xg::Var& x) const { return out(relu(hidden(x))); }
  xg::Var operator()(const xg::Var& x, const nn::Training& training) {
    return nn::train(out, relu(nn::train(hidden, x, training)), training);
  }
  XGRAD_MEMBER_FIELDS(Mlp, hidden, out)
};
using Net = Mlp<nn::Linear>;

struct Digits {
  xg::Var pixels;  // [n, 64] float32, 0 (paper) to 1 (ink)
  xg::Var labels;  // [n] int64, 0 to 9
};

// Every fifth image, after a shuffle, is kept from training.
std::pair<Digits, Digits> load(const std::filesystem::path& file) {
  const xg::Var table = xg::io::read_csv(file);
  const auto n = static_cast<std::ptrdiff_t>(table.shape()[0]);
  const xg::Var mixed = take(table, xg::random::permutation(xg::random::Key(1), n), 0);
  const auto part = [&](std::ptrdiff_t from, std::ptrdiff_t to) {
    return Digits{xg::cast<float>(view(mixed, xt::range(from, to), xt::range(0, 64)) / 16.0),
                  xg::cast<std::int64_t>(view(mixed, xt::range(from, to), 64))};
  };
  return {part(n / 5, n), part(0, n / 5)};
}

// A state of layers is carried along; the loss is of a net that is called as in training.
template <class N, class Loss>
N train(N net, const Digits& digits, const xg::optim::Optimiser& optimiser, int epochs, const Loss& loss) {
  constexpr std::ptrdiff_t batch = 32;
  const nn::Training training{xg::random::Key(0)};
  const auto step = xg::compile([&](const N& model, const xg::optim::State& s, const xg::Var& x, const xg::Var& y) {
    const auto objective = [&](const N& at) { return mean(loss(N(at)(x, training), x, y)); };
    N seen = model;
    static_cast<void>(seen(x, training));
    auto [updates, next] = optimiser.update(xg::grad(objective)(model), s, model);
    return std::pair(xg::optim::apply(seen, updates), next);
  });
  auto state = optimiser.init(net);
  const auto n = static_cast<std::ptrdiff_t>(digits.labels.size());
  for (int epoch = 0; epoch < epochs; ++epoch) {
    const xg::Var order = xg::random::permutation(xg::random::Key(2).fold_in(epoch), n);
    for (std::ptrdiff_t start = 0; start + batch <= n; start += batch) {
      const xg::Var which = view(order, xt::range(start, start + batch));
      std::tie(net, state) =
          step(std::move(net), std::move(state), take(digits.pixels, which, 0), take(digits.labels, which, 0));
    }
  }
  return net;
}

const auto from_labels = [](const xg::Var& logits, const xg::Var&, const xg::Var& y) {
  return xg::loss::CrossEntropy{}(logits, y);
};

template <class N>
double accuracy(const N& net, const Digits& digits) {
  return mean(equal(argmax(net(digits.pixels), 1), digits.labels)).template item<double>();
}

// Microseconds of a compiled forward pass of all held-out images; the best of many.
template <class N>
double microseconds(const N& net, const Digits& digits) {
  const auto forward = xg::compile([&net](const xg::Var& x) { return net(x); });
  double best = 1e9;
  for (int i = 0; i < 200; ++i) {
    const auto start = std::chrono::steady_clock::now();
    static_cast<void>(forward(digits.pixels).template array<float>());
    const std::chrono::duration<double, std::micro> time = std::chrono::steady_clock::now() - start;
    best = std::min(best, time.count());
  }
  return best;
}

template <class N>
double report(const char* what, const N& net, const Digits& held_out) {
  const double right = accuracy(net, held_out);
  std::printf("%-44s %7zu %7zu   %.4f %8.1f\n", what, compression::size_on_disk(net), compression::coded_size(net),
              right, microseconds(net, held_out));
  return right;
}

// A net of 8 bits, calibrated by all training images.
Mlp<compression::QuantisedLinear> quantised(const Net& net, const Digits& training) {
  auto watched = compression::with_layers<Mlp<compression::Observed<nn::Linear>>>(
      net, [](const nn::Linear& layer) { return compression::observed(layer); });
  static_cast<void>(watched(training.pixels, nn::Training{xg::random::Key(0)}));
  return compression::with_layers<Mlp<compression::QuantisedLinear>>(
      watched, [](const compression::Observed<nn::Linear>& layer) { return compression::quantised(layer); });
}

int main(int argc, char** argv) try {
  const std::filesystem::path data = argc > 2 ? argv[2] : XGRAD_EXAMPLE_DATA;
  const auto [training, held_out] = load(data / "digits.csv");
  const auto adam = xg::optim::adam({.rate = xg::optim::cosine(3e-3, 40 * (training.labels.size() / 32))});
  const auto slow = xg::optim::adam({.rate = 5e-4});
  const auto make = [](std::int64_t key, std::size_t units) {
    const xg::random::Key k(key);
    return Net{nn::linear(k.fold_in(0), 64, units, {.weights = nn::he_normal()}), nn::linear(k.fold_in(1), units, 10)};
  };

  std::printf("%-44s %7s %7s %8s %8s\n", "", "bytes", "coded", "accuracy", "us");
  const Net start = make(3, 128);
  const Net net = train(start, training, adam, 40, from_labels);
  const double whole = report("64-128-10, float32", net, held_out);

  report("8 bits after training", quantised(net, training), held_out);
  const auto as_fake = [](const nn::Linear& layer) { return compression::fake_quantised(layer); };
  const auto fake = train(compression::with_layers<Mlp<compression::FakeQuantised<nn::Linear>>>(net, as_fake), training,
                          slow, 5, from_labels);
  report("8 bits, trained for it",
         compression::with_layers<Mlp<compression::QuantisedLinear>>(
             fake, [](const compression::FakeQuantised<nn::Linear>& layer) { return compression::quantised(layer); }),
         held_out);

  const auto rising = xg::optim::polynomial(0.0, 0.9, 900, 3.0);
  const auto adam_again = xg::optim::adam({.rate = 1e-3});
  const Net sparse =
      train(net, training, compression::pruned(adam_again, {.sparsity = rising, .every = 25}), 50, from_labels);
  report("90 % of the weights pruned", sparse, held_out);
  const Net mask = xg::tree::map(sparse, [](const xg::Var& w) { return xg::cast<float>(not_equal(w, 0.0)); });
  report("the same ticket from the start",
         train(compression::apply(start, mask), training, compression::with_masks(adam, mask), 40, from_labels),
         held_out);

  const compression::MaskOptions rows{.which = "hidden.weight", .structure = compression::Structure::Rows};
  const Net cut = train(net, training, compression::pruned(adam_again, {.sparsity = 0.75, .every = 50, .masks = rows}),
                        10, from_labels);
  const auto [hidden, out] = compression::narrowed(cut.hidden, cut.out, compression::kept_rows(cut.hidden.weight));
  const Net narrow = train(Net{hidden, out}, training, slow, 15, from_labels);
  report("32 of the 128 units", narrow, held_out);

  const auto thin = [](const nn::Linear& layer) { return compression::low_rank(layer, {.rank = 16}); };
  const Mlp<compression::LowRank, nn::Linear> low{thin(net.hidden), net.out};
  report("hidden layer of rank 16", train(low, training, slow, 15, from_labels), held_out);

  const auto as_shared = [](const nn::Linear& layer) {
    return compression::shared(layer, {.bits = 4, .keep_zeros = true});
  };
  report(
      "weights of 16 values",
      train(compression::with_layers<Mlp<compression::SharedLinear>>(net, as_shared), training, slow, 5, from_labels),
      held_out);

  const compression::Distillation distillation{.temperature = 4.0F, .share = 0.5F};
  const auto from_net = [&](const xg::Var& logits, const xg::Var& x, const xg::Var& y) {
    return distillation(logits, net(x), y);
  };
  report("64-32-10, taught by labels", train(make(4, 32), training, adam, 40, from_labels), held_out);
  const Net pupil = train(make(4, 32), training, adam, 40, from_net);
  report("64-32-10, taught by the large net", pupil, held_out);

  const Net few = train(pupil, training, compression::pruned(adam_again, {.sparsity = 0.5, .every = 50}), 15, from_net);
  const auto all = quantised(few, training);
  const double last = report("taught, half pruned, 8 bits: all together", all, held_out);
  const double smaller =
      static_cast<double>(compression::size_on_disk(net)) / static_cast<double>(compression::coded_size(all));
  std::printf("\nall together: %.1f times smaller, accuracy %.4f instead of %.4f\n", smaller, last, whole);
  if (last < 0.96 || smaller < 12.0) throw std::runtime_error("that is worse than it should be");
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
