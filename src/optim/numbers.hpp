// Numbers of optimisers, and what many of them compute.
#pragma once

#include <concepts>
#include <functional>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <xgrad/optim/combine.hpp>
#include <xgrad/optim/setting.hpp>
#include <xgrad/optim/transformation.hpp>
#include <xgrad/var.hpp>

namespace xgrad::optim::detail {

/// One number, in float64, that takes the element type of what it meets.
Var weak(const Var& x);

/// sum(a * b) over all leaves, in float64.
Var inner_product(std::span<const Var> a, std::span<const Var> b);
/// sqrt(sum(x^2)) of an array, without overflow; 0 has the derivative 0.
Var norm_of(const Var& x);
/// The same of all leaves together.
Var global_norm_of(std::span<const Var> leaves);
/// sum(|x|) over all leaves.
Var sum_of_sizes(std::span<const Var> leaves);
/// Whether all elements of all leaves are finite.
Var all_finite(std::span<const Var> leaves);

/// sqrt(x), with the derivative 0 at 0: what has never had a gradient must not make NaN of derivatives.
Var root(const Var& x);
/// decay * mean + (1 - decay) * x.
Var moved(const Var& mean, const Var& x, const Var& decay);
/// where(condition, a, b) for each leaf; numbers of other element types take that of b.
void choose(const Var& condition, std::span<const Var> a, std::span<Var> b_and_result);

/// The number of the step, if a setting depends on it, and its slot.
class Clock {
 public:
  Clock(std::initializer_list<std::reference_wrapper<const Setting>> settings) : runs_(any_varies(settings)) {}
  void init(Slots& slots) const {
    if (runs_) slots.count();
  }
  [[nodiscard]] Var read(Step& step) const { return runs_ ? step.count() : Var(); }

 private:
  bool runs_;
};

/// Text of an optimiser with its settings: "adam(rate 0.001, beta1 0.9)".
class Text {
 public:
  explicit Text(std::string_view name) : text_(name) {}
  Text& operator()(std::string_view name, const Setting& setting) { return (*this)(name, setting.text()); }
  Text& operator()(std::string_view name, const std::string& value);
  template <std::integral T>
  Text& operator()(std::string_view name, T value) {
    return (*this)(name, std::to_string(value));
  }
  Text& flag(std::string_view name, bool set);
  /// Which parameters, unless all.
  Text& among(std::string_view name, const Selector& which);
  [[nodiscard]] std::string str() const { return open_ ? text_ + ")" : text_; }

 private:
  std::string text_;
  bool open_ = false;
};

/// require_setting() of a - b, unless one of both depends on the step.
void require_difference(std::string_view optimiser, std::string_view name, const Setting& a, const Setting& b,
                        Range range, std::string_view source);

/// A transformation that has the rate of another one, if that has one.
Transformation with_rate_of(const Transformation& inner, const Transformation& outer);

/// A transformation under another name.
Transformation named(std::string text, const Transformation& inner);

/// \throws ValueError  if a transformation takes gradients of single samples, where only those of a batch are handed on.
void require_of_batch(std::string_view outer, const Transformation& inner);

/// The weight that a moving average started from 0 has, one step on: weight = decay weight + (1 - decay). What is
/// divided by it is unbiased, for decays that vary, too; it is 1 - decay^t for those that do not.
Var grown(Var& weight, const Var& decay);

/// \throws ValueError  in the name of an optimiser, that an extra is missing.
[[noreturn]] void throw_missing(std::string_view optimiser, std::string_view extra, std::string_view source);
/// The loss, as a number.
Var value_of(const Step& step, std::string_view optimiser, std::string_view source);
/// The curvature of the i-th of the parameters that a step sees.
const Var& curvature_of(const Step& step, std::size_t i, std::string_view optimiser, std::string_view source);

}  // namespace xgrad::optim::detail
