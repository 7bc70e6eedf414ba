// An MLP, a CNN and an LSTM that are trained for a moment, and check sums of all that comes out.
#pragma once

#include <cstdint>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <xgrad/data.hpp>
#include <xgrad/loss.hpp>
#include <xgrad/metrics.hpp>
#include <xgrad/nn.hpp>
#include <xgrad/optim.hpp>
#include <xgrad/random.hpp>
#include <xgrad/train.hpp>
#include <xgrad/xgrad.hpp>

namespace shard_models {

namespace xg = xgrad;
namespace data = xgrad::data;
namespace metrics = xgrad::metrics;
namespace nn = xgrad::nn;
namespace optim = xgrad::optim;
namespace train = xgrad::train;
using xg::Var;
using xg::random::Key;

/// FNV-1a of all arrays of trees.
class Sum {
 public:
  template <class T>
  Sum& add(const T& tree) {
    for (const Var& x : xg::tree::arrays(tree)) {
      switch (x.dtype()) {
        case xg::DType::Bool:
          elements(x.array<bool>());
          break;
        case xg::DType::Int64:
          elements(x.array<std::int64_t>());
          break;
        case xg::DType::Float32:
          elements(x.array<float>());
          break;
        case xg::DType::Float64:
          elements(x.array<double>());
          break;
      }
    }
    return *this;
  }
  [[nodiscard]] std::uint64_t value() const { return value_; }

 private:
  template <class A>
  void elements(const A& array) {
    const auto* const bytes = reinterpret_cast<const unsigned char*>(array.data());
    for (std::size_t i = 0; i < array.size() * sizeof(array.data()[0]); ++i) {
      value_ = (value_ ^ bytes[i]) * 0x100000001b3U;
    }
  }
  std::uint64_t value_ = 0xcbf29ce484222325U;
};

/// The numbers of a history without times.
inline std::vector<double> numbers_of(const train::History& history) {
  std::vector<double> all;
  const auto add = [&](const std::vector<train::Progressed>& rows) {
    for (const train::Progressed& row : rows) {
      all.push_back(row.loss);
      for (const auto& [name, value] : row.metrics) all.push_back(value);
    }
  };
  add(history.steps);
  add(history.epochs);
  return all;
}

struct Mlp {
  nn::Linear hidden, out;
  Var operator()(const Var& x) const { return out(tanh(hidden(x))); }
};
XGRAD_FIELDS(Mlp, hidden, out)

struct Cnn {
  nn::Conv conv;
  nn::BatchNorm norm;
  nn::Dropout dropout;
  nn::Linear out;
  Var operator()(const Var& x) const { return out(features(dropout(relu(norm(conv(x)))))); }
  Var operator()(const Var& x, const nn::Training& training) {
    return out(features(dropout(relu(norm(conv(x), training)), training)));
  }
  static Var features(const Var& x) { return reshape(x, {x.shape()[0], x.size() / x.shape()[0]}); }
};
XGRAD_FIELDS(Cnn, conv, norm, static(dropout), out)

struct Reader {
  nn::Lstm lstm;
  nn::Linear out;
  Var operator()(const Var& x) const { return out(mean(lstm(x), 1)); }
};
XGRAD_FIELDS(Reader, lstm, out)

inline Mlp mlp() { return {nn::linear(Key(1), 12, 33), nn::linear(Key(2), 33, 3)}; }
inline Cnn cnn() {
  return {nn::conv2d(Key(3), 1, 4, 3), nn::batch_norm(4), {.rate = 0.25}, nn::linear(Key(4), 4 * 6 * 6, 3)};
}
inline Reader reader() { return {nn::lstm(Key(5), 4, 9), nn::linear(Key(6), 9, 3)}; }

/// So many rows of three classes.
inline std::tuple<Var, Var> rows(const Key& key, const xg::Shape& shape) {
  const Var x = xg::random::normal(key, shape, xg::DType::Float32);
  Var sums = x;
  while (sums.dimension() > 1) sums = sum(sums, -1);
  return {x, xg::cast<std::int64_t>(sums > 0.5) + xg::cast<std::int64_t>(sums > -0.5)};
}
inline xg::Shape shape_of(const Mlp&, std::size_t n) { return {n, 12}; }
inline xg::Shape shape_of(const Cnn&, std::size_t n) { return {n, 1, 8, 8}; }
inline xg::Shape shape_of(const Reader&, std::size_t n) { return {n, 7, 4}; }

/// Trained by fit, with validation and metrics, with whatever else the options say.
template <class M>
train::Fitted<M> trained(const M& model, const optim::Optimiser& optimiser, const train::Shards& shards,
                         train::Options<M, std::tuple<Var, Var>> options = {}) {
  options.epochs = options.epochs == 0 ? 2 : options.epochs;
  options.batches = {.size = 32, .last = data::Last::Drop};
  options.key = Key(9);
  options.shards = shards;
  options.validation = rows(Key(8), shape_of(model, 50));
  options.validation_rows = 16;
  options.metrics = {{"accuracy", metrics::Accuracy{.labels = metrics::multiclass(3)}}};
  options.show = train::Show::quiet;
  return train::fit(model, train::supervised(xg::loss::CrossEntropy{}), optimiser, rows(Key(7), shape_of(model, 160)),
                    options);
}

/// All that comes out: the model, the best one, the optimiser's state if it is whole, and the history.
template <class M>
std::uint64_t sum_of(const train::Fitted<M>& fitted, bool with_state) {
  Sum sum;
  sum.add(fitted.model).add(fitted.best).add(Var(numbers_of(fitted.history)));
  if (with_state) sum.add(fitted.state);
  return sum.value();
}

/// The same by a loop by hand; only its own rows are read.
template <class M>
M by_hand(M model, const optim::Optimiser& optimiser, const train::Shards& shards, int steps) {
  auto batches =
      data::batches(rows(Key(7), shape_of(model, 160)),
                    {.size = 32, .shuffle = Key(9).fold_in(0), .last = data::Last::Drop, .part = shards.own()});
  const auto step =
      train::step(train::supervised(xg::loss::CrossEntropy{}), optimiser, {.shards = shards, .keep_finite = true});
  optim::State state = step.init(model);
  Var loss;
  for (std::int64_t i = 0; i < steps; ++i) {
    std::tie(model, state, loss) =
        step(std::move(model), std::move(state), batches.next(), Key(9).fold_in(1).fold_in(i));
  }
  return model;
}

}  // namespace shard_models
