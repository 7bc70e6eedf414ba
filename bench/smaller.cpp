// LeNet-5 on MNIST, made smaller: bytes on disk, test accuracy, time of a forward pass and seconds of training, of each
// way by itself and of all together, as a Markdown table.
//
//     bench_smaller [folder of MNIST's files, which scripts/mnist fetches]
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <ctime>
#include <exception>
#include <filesystem>
#include <tuple>
#include <utility>

#include <xgrad/compression.hpp>
#include <xgrad/data.hpp>
#include <xgrad/metrics.hpp>
#include <xgrad/nn.hpp>
#include <xgrad/optim.hpp>
#include <xgrad/train.hpp>
#include <xgrad/xgrad.hpp>

namespace compression = xgrad::compression;
namespace nn = xgrad::nn;
namespace optim = xgrad::optim;
namespace train = xgrad::train;
namespace xg = xgrad;
using xg::Var;

namespace {

/// LeNet-5 of any layers: [n, 1, 28, 28] -> logits [n, 10].
template <class C, class D, class Last = D>
struct Net {
  C conv1, conv2;
  D fc1, fc2;
  Last fc3;
  Var operator()(const Var& x) const {
    return run(*this, x, [](const auto& layer, const Var& y) { return layer(y); });
  }
  Var operator()(const Var& x, const nn::Training& training) {
    return run(*this, x, [&](auto& layer, const Var& y) { return nn::train(layer, y, training); });
  }
  XGRAD_MEMBER_FIELDS(Net, conv1, conv2, fc1, fc2, fc3)

 private:
  template <class Self, class Call>
  static Var run(Self& net, const Var& x, const Call& call) {
    const nn::MaxPool pool{2};
    const Var features = pool(relu(call(net.conv2, pool(relu(call(net.conv1, x))))));
    return call(net.fc3, relu(call(net.fc2, relu(call(net.fc1, nn::Flatten{}(features))))));
  }
};
using Plain = Net<nn::Conv, nn::Linear>;
using Fake = Net<compression::FakeQuantised<nn::Conv>, compression::FakeQuantised<nn::Linear>>;
using Small = Net<compression::QuantisedConv, compression::QuantisedLinear>;

/// Functions of several types as one.
template <class... F>
struct Each : F... {
  using F::operator()...;
};
template <class... F>
Each(F...) -> Each<F...>;

using Rows = std::tuple<Var, Var>;  // images, labels
const auto by_labels = train::supervised(xg::loss::CrossEntropy{});

double processor_seconds() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

struct Run {
  const Rows& training;
  const Rows& test;
  double seconds = 0.0;  ///< of training, since the last row

  template <class N, class F>
  N trained(N net, const F& objective, const optim::Optimiser& optimiser, std::size_t epochs) {
    const double start = processor_seconds();
    N result =
        train::fit(std::move(net), objective, optimiser, training,
                   {.epochs = epochs, .batches = {.size = 128}, .key = xg::random::Key(5), .show = train::Show::quiet})
            .model;
    seconds += processor_seconds() - start;
    return result;
  }

  template <class N>
  [[nodiscard]] double accuracy(const N& net) const {
    return train::evaluate(net, test, {{"accuracy", xg::metrics::Accuracy{.labels = xg::metrics::multiclass(10)}}})
        .at("accuracy");
  }

  template <class N>
  void report(const char* what, const N& net) {
    const auto forward = xg::compile([&net](const Var& x) { return net(x); });
    const Var thousand = view(std::get<0>(test), xt::range(0, 1000));
    double best = 1e9;
    for (int i = 0; i < 15; ++i) {
      const double start = processor_seconds();
      static_cast<void>(forward(thousand).template array<float>());
      best = std::min(best, processor_seconds() - start);
    }
    std::printf("| %s | %zu | %zu | %.4f | %.1f | %.1f |\n", what, compression::size_on_disk(net),
                compression::coded_size(net), accuracy(net), 1e3 * best, seconds);
    std::fflush(stdout);
    seconds = 0.0;
  }
};

/// With 6 and 16 channels, 120 and 84 units this is LeNet-5.
Plain make(std::int64_t seed, std::size_t first, std::size_t second, std::size_t wide, std::size_t narrow) {
  const xg::random::Key key(seed);
  const auto he = nn::he_normal();
  return {.conv1 = nn::conv2d(key.fold_in(0), 1, first, 5, {.weights = he}),
          .conv2 = nn::conv2d(key.fold_in(1), first, second, 5, {.weights = he}),
          .fc1 = nn::linear(key.fold_in(2), second * 16, wide, {.weights = he}),
          .fc2 = nn::linear(key.fold_in(3), wide, narrow, {.weights = he}),
          .fc3 = nn::linear(key.fold_in(4), narrow, 10)};
}

/// A net of 8 bits, calibrated by 2,000 images.
Small quantised(const Plain& net, const Rows& training) {
  using compression::Observed;
  using Watched = Net<Observed<nn::Conv>, Observed<nn::Linear>>;
  auto watched = compression::with_layers<Watched>(
      net, Each{[](const nn::Conv& layer) { return compression::observed(layer); },
                [](const nn::Linear& layer) { return compression::observed(layer); }});
  static_cast<void>(watched(view(std::get<0>(training), xt::range(0, 2000)), nn::Training{xg::random::Key(0)}));
  return compression::with_layers<Small>(
      watched, Each{[](const Observed<nn::Conv>& layer) { return compression::quantised(layer); },
                    [](const Observed<nn::Linear>& layer) { return compression::quantised(layer); }});
}

Small trained_for_8_bits(Run& run, const Plain& net, const optim::Optimiser& optimiser) {
  using compression::FakeQuantised;
  const Fake start = compression::with_layers<Fake>(
      net, Each{[](const nn::Conv& layer) { return compression::fake_quantised(layer); },
                [](const nn::Linear& layer) { return compression::fake_quantised(layer); }});
  return compression::with_layers<Small>(
      run.trained(start, by_labels, optimiser, 1),
      Each{[](const FakeQuantised<nn::Conv>& layer) { return compression::quantised(layer); },
           [](const FakeQuantised<nn::Linear>& layer) { return compression::quantised(layer); }});
}

void all_rows(Run& run, const Rows& training) {
  constexpr std::size_t steps = 469;  // of an epoch
  constexpr std::size_t epochs = 6;
  const auto adam = optim::adam({.rate = optim::cosine(2e-3, epochs * steps)});
  const auto middle = optim::adam({.rate = 1e-3});
  const auto slow = optim::adam({.rate = 2e-4});

  const Plain start = make(3, 6, 16, 120, 84);
  const Plain net = run.trained(start, by_labels, adam, epochs);
  run.report("LeNet-5, float32", net);

  run.report("8 bits after training", quantised(net, training));
  run.report("8 bits, trained for it", trained_for_8_bits(run, net, slow));

  const compression::Pruning nine_of_ten{.sparsity = optim::polynomial(0.0, 0.9, 2 * steps, 3.0), .every = 50};
  const Plain sparse = run.trained(net, by_labels, compression::pruned(middle, nine_of_ten), 3);
  run.report("90 % of the weights pruned", sparse);
  const Plain mask = xg::tree::map(sparse, [](const Var& w) { return xg::cast<float>(not_equal(w, 0.0)); });
  run.report("the same ticket from the start",
             run.trained(compression::apply(start, mask), by_labels, compression::with_masks(adam, mask), epochs));

  const compression::MaskOptions units{.which = "fc1.weight", .structure = compression::Structure::Rows};
  const Plain cut =
      run.trained(net, by_labels, compression::pruned(middle, {.sparsity = 0.75, .every = 100, .masks = units}), 1);
  Plain narrow = cut;
  std::tie(narrow.fc1, narrow.fc2) = compression::narrowed(cut.fc1, cut.fc2, compression::kept_rows(cut.fc1.weight));
  run.report("30 of the 120 units", run.trained(narrow, by_labels, slow, 1));

  using compression::LowRank;
  const Net<nn::Conv, LowRank, nn::Linear> low{net.conv1, net.conv2, compression::low_rank(net.fc1, {.rank = 12}),
                                               compression::low_rank(net.fc2, {.rank = 12}), net.fc3};
  run.report("two layers of rank 12", run.trained(low, by_labels, slow, 1));

  using Shared = Net<nn::Conv, compression::SharedLinear>;
  const auto shared = compression::with_layers<Shared>(
      net, Each{[](const nn::Linear& layer) { return compression::shared(layer, {.bits = 4}); }});
  run.report("linear layers of 16 values", run.trained(shared, by_labels, slow, 1));

  const compression::Distillation distillation{.temperature = 4.0F, .share = 0.7F};
  const auto by_net = [&](const Plain& pupil, const Var& x, const Var& y) {
    return mean(distillation(pupil(x), net(x), y));
  };
  run.report("4, 8 channels, 32, 24 units, taught by labels",
             run.trained(make(4, 4, 8, 32, 24), by_labels, adam, epochs));
  const Plain pupil = run.trained(make(4, 4, 8, 32, 24), by_net, adam, epochs);
  run.report("the same, taught by LeNet-5", pupil);

  const compression::Pruning half{.sparsity = optim::polynomial(0.0, 0.5, steps, 3.0), .every = 50};
  const Plain few = run.trained(pupil, by_net, compression::pruned(middle, half), 2);
  run.report("taught, half pruned, 8 bits: all together", quantised(few, training));
}

}  // namespace

int main(int argc, char** argv) try {
  const std::filesystem::path folder = argc > 1 ? argv[1] : XGRAD_EXAMPLE_DATA "/mnist";
  const auto [for_training, for_tests] = xg::data::mnist(folder);
  const Rows training(for_training.images, for_training.labels);
  const Rows test(for_tests.images, for_tests.labels);
  std::printf("| | bytes | coded | accuracy | ms for 1,000 images | s of training |\n|---|---:|---:|---:|---:|---:|\n");
  Run run{training, test};
  all_rows(run, training);
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
