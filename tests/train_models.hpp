// Small models that tests of training train, in double.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include <xgrad/nn.hpp>
#include <xgrad/optim.hpp>
#include <xgrad/testing.hpp>
#include <xgrad/train.hpp>
#include <xgrad/xgrad.hpp>

#include "comparing.hpp"

namespace train_models {

namespace xg = xgrad;
namespace nn = xgrad::nn;
namespace optim = xgrad::optim;
namespace train = xgrad::train;
using comparing::contains;
using comparing::distance;
using comparing::message_of;
using comparing::same_bits;
using xg::Var;
using xg::random::Key;

struct Line {
  Var slope, offset;
  Var operator()(const Var& x) const { return slope * x + offset; }
};
XGRAD_FIELDS(Line, slope, offset)

inline Line first_line() { return {xg::zeros({}), xg::zeros({})}; }

/// A batch as a struct.
struct Points {
  Var x, y;
};
XGRAD_FIELDS(Points, x, y)

inline Points points(std::size_t n = 48) {
  const Var x = xg::linspace(-1.0, 1.0, n);
  return {x, 2.0 * x + 0.5 + 0.1 * sin(20.0 * x)};
}

inline Var squared_error(const Line& line, const Points& batch) { return mean(square(line(batch.x) - batch.y)); }

/// Has a running mean of what it saw, as a batch norm does, and noise in training.
struct Tracking {
  Line line;
  Var seen;
  Var operator()(const Var& x) const { return line(x - 0.1 * seen); }
  Var operator()(const Var& x, const nn::Training& training) {
    seen = 0.9 * seen + 0.1 * mean(x);
    return line(x - 0.1 * seen) + 0.01 * xg::random::normal(training.key, x.shape(), xg::DType::Float64);
  }
};
XGRAD_FIELDS(Tracking, line, state(seen))

inline Tracking first_tracking() { return {first_line(), xg::zeros({})}; }

/// In training and in use.
inline auto tracking_error() {
  return [](Tracking net, const Points& batch, const auto&... training) {
    const Var loss = mean(square(net(batch.x, training...) - batch.y));
    return std::pair(loss, net);
  };
}

inline const optim::Optimiser adam = optim::adam({.rate = 0.05});
inline constexpr auto quiet = train::Show::quiet;

/// A number that is trained towards those in the data.
struct Number {
  Var w;
};
XGRAD_FIELDS(Number, w)

inline Var distance_of(const Number& m, const Var& to) { return mean(square(m.w - to)); }

}  // namespace train_models
