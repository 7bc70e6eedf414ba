// Parts of your own: a layer, a loss, an optimiser and a derivative, in one program. We train a net whose hidden
// weights are -1 or 1 and whose neurons fire or do not. The library has nothing of the kind; but all its parts are
// functions and plain structs, and ours fit among them.
//
//     26_own_parts [folder for its picture ["short"]]
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <limits>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>

#include <xgrad/data.hpp>
#include <xgrad/draw.hpp>
#include <xgrad/io/csv.hpp>
#include <xgrad/loss.hpp>
#include <xgrad/metrics.hpp>
#include <xgrad/nn.hpp>
#include <xgrad/optim.hpp>
#include <xgrad/testing.hpp>
#include <xgrad/train.hpp>
#include <xgrad/xgrad.hpp>

namespace xg = xgrad;
namespace data = xgrad::data;
namespace metrics = xgrad::metrics;
namespace nn = xgrad::nn;
namespace optim = xgrad::optim;
namespace train = xgrad::train;
using xg::loss::operator+, xg::loss::operator*;  // sums and multiples of our loss

// ---- a derivative: that of a step is 0, of which nothing can be learnt. We say that it is 1 within [-1, 1], the
// straight-through estimator (I. Hubara et al., Binarized neural networks, 2016).
const auto fires = xg::custom_vjp(
    [](const xg::Var& x) {
      return std::pair{where(x >= 0.0, ones_like(x), -ones_like(x)), x};
    },
    [](const xg::Var& x, const xg::Var& dy) { return where(abs(x) <= 1.0, dy, 0.0); });

// ---- a layer: sums of what comes in with signs, each neuron with a gain and a threshold of its own.
struct Signed {
  xg::Var signs;      // [outputs, inputs], each -1 or 1
  xg::Var gain;       // [outputs]
  xg::Var threshold;  // [outputs]
  xg::Var operator()(const xg::Var& x) const {
    const double scale = 1.0 / std::sqrt(static_cast<double>(signs.shape()[1]));
    return fires(gain * (scale * matmul(x, transpose(signs))) - threshold);
  }
};
XGRAD_FIELDS(Signed, signs, gain, threshold)

Signed make_signed(const xg::random::Key& key, std::size_t inputs, std::size_t outputs) {
  const xg::Var noise = xg::random::normal(key, {outputs, inputs}, xg::DType::Float32);
  return {where(noise >= 0.0, ones_like(noise), -ones_like(noise)), xg::ones({outputs}, xg::DType::Float32),
          xg::zeros({outputs}, xg::DType::Float32)};
}

// ---- a loss: each class is told from all others with a margin, which the square of what is lacking asks for; [n].
struct OneAgainstAll {
  static constexpr std::string_view name = "OneAgainstAll";
  double margin = 1.0;
  xg::Var operator()(const xg::Var& scores, const xg::Var& labels) const {
    const xg::Var side = 2.0 * xg::one_hot(labels, scores.shape()[1], scores.dtype()) - 1.0;
    return sum(square(relu(margin - side * scores)), -1);
  }
};
XGRAD_FIELDS(OneAgainstAll, margin)

// ---- an optimiser: a sign is turned if gradients have asked for it long enough, that is if their running mean is
// beyond a limit (K. Helwegen et al., Latent weights do not exist: rethinking binarized neural network optimization,
// 2019).
optim::Optimiser turn_signs(double memory, double limit) {
  return {"turn_signs", [](optim::Slots& slots) { slots.like("wish"); },
          [memory, limit](optim::Step& step) {
            const std::span<xg::Var> wish = step.slot();
            for (std::size_t i = 0; i < step.size(); ++i) {
              const xg::Var& sign = step.parameters()[i];
              wish[i] = memory * wish[i] + (1.0 - memory) * step.updates[i];
              step.updates[i] = where(sign * wish[i] > limit, -2.0 * sign, 0.0);
            }
          }};
}

using Digits = std::tuple<xg::Var, xg::Var>;  // pixels [n, 64] float32, -1 (paper) to 1 (ink); labels [n] int64

int main(int argc, char** argv) try {
  const std::filesystem::path folder = argc > 1 ? argv[1] : ".";
  const bool is_short = argc > 2 && std::string_view(argv[2]) == "short";
  const xg::Var table = xg::io::read_csv(std::filesystem::path(XGRAD_EXAMPLE_DATA) / "digits.csv");
  const xg::random::Key key(1);
  const Digits digits{xg::cast<float>(view(table, xt::all(), xt::range(0, 64)) / 8.0 - 1.0),
                      xg::cast<std::int64_t>(view(table, xt::all(), 64))};
  const auto parts = data::split(digits, {0.8, 0.2}, {.shuffle = key.fold_in(0)});
  const Digits& training = parts[0];
  const Digits& held_out = parts[1];

  // Our loss beside differences: its gradient is right, and it is multiplied and added as those of the catalogue.
  const auto loss = 0.9 * OneAgainstAll{.margin = 1.0} + 0.1 * xg::loss::CrossEntropy{};
  const xg::Var some_labels = view(std::get<1>(training), xt::range(0, 5));
  const auto of_scores = [&](const xg::Var& scores) { return sum(loss(scores, some_labels)); };
  const auto checked = xg::testing::check_gradients(of_scores, xg::random::normal(key.fold_in(1), {5, 10}));
  if (!checked) throw std::runtime_error(checked.message);

  // Our layer among others, our optimiser for its signs and Adam for the rest.
  const auto net = nn::sequential(make_signed(key.fold_in(2), 64, 256), make_signed(key.fold_in(3), 256, 256),
                                  nn::linear(key.fold_in(4), 256, 10));
  const auto objective = [&](const auto& model, const xg::Var& x, const xg::Var& y) { return mean(loss(model(x), y)); };
  const auto learn = [&](const optim::Optimiser& of_signs) {
    return train::fit(
        net, objective, optim::partition({{"*signs", of_signs}, {"*", optim::adam({.rate = 2e-3})}}), training,
        {.epochs = is_short ? 10U : 30U,
         .batches = {.size = 32},
         .key = key.fold_in(5),
         .validation = held_out,
         .predict = [](const auto& model, const xg::Var& x, const xg::Var& y) { return std::pair(model(x), y); },
         .metrics = {{"accuracy", metrics::Accuracy{.labels = metrics::multiclass(10)}}},
         .show = train::Show::quiet});
  };
  const auto fitted = learn(turn_signs(0.999, 1e-4));
  const auto fixed = learn(turn_signs(0.999, std::numeric_limits<double>::infinity()));  // never turns one

  const auto accuracy = [](const std::string& name, const auto& run) {
    xg::draw::Series curve{.name = name};
    for (const train::Progressed& epoch : run.history.epochs) {
      curve.x.push_back(static_cast<double>(epoch.epoch + 1));
      curve.y.push_back(epoch.metrics.at("validation accuracy"));
    }
    std::printf("%-24s held-out accuracy = %.4f\n", name.c_str(), curve.y.back());
    return curve;
  };
  const xg::draw::Series turning = accuracy("signs are turned", fitted);
  const xg::draw::Series as_drawn = accuracy("signs stay as drawn", fixed);
  xg::draw::save(folder / "own_parts.svg", {.title = "Digits told apart by signs",
                                            .x_label = "epoch",
                                            .y_label = "held-out accuracy",
                                            .series = {turning, as_drawn}});

  double turned = 0.0;
  const auto compare = [&](const Signed& before, const Signed& after) {
    if (!all(equal(abs(after.signs), 1.0)).item<bool>())
      throw std::runtime_error("there are weights that are no signs");
    turned += sum(xg::cast<double>(not_equal(before.signs, after.signs))).item<double>();
  };
  compare(std::get<0>(net.layers), std::get<0>(fitted.model.layers));
  compare(std::get<1>(net.layers), std::get<1>(fitted.model.layers));
  std::printf("signs that were turned: %.0f\n", turned);
  if (!(turning.y.back() > 0.94)) throw std::runtime_error("that is less than the 0.94 it should reach");
  if (!(turning.y.back() > as_drawn.y.back() + 0.02)) throw std::runtime_error("turning signs should help");
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
