// Why a gradient is zero: debug::explain.
#pragma once

#include <cstddef>
#include <cstdint>
#include <iosfwd>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <xgrad/transform/grad.hpp>

#pragma GCC visibility push(default)

namespace xgrad::debug {

/// Why nothing of a gradient arrives.
enum class ZeroBecause : std::uint8_t {
  NoFloats,     ///< the leaf is integers or truth values, which have no gradient
  NotRecorded,  ///< the loss is not recorded: it was computed of values that were read, or is constant
  NotUsed,      ///< the loss is computed without it
  NotTaken,  ///< only what did not run uses it (branches not taken, loops without runs), what decides that, or a check
  StopGradient,   ///< stop_gradient stands between
  NoDerivative,   ///< so does an operation whose derivative is zero by definition: a comparison, sign, argmax, a cast
  NotSelected,    ///< where, maximum, minimum or relu took the other operand
  ZeroFactor,     ///< the other factor of a product is 0
  ZeroSlope,      ///< an operation does not move at these values: square at 0, tanh far out
  Underflow,      ///< the product of numbers that are not 0 is too small for their element type
  OtherElements,  ///< the loss depends on other elements of what was put together
  Cancelled,      ///< terms that are not 0 add up to it
  CustomRule,     ///< a rule that a user gave for a derivative returned zeros, or nothing
  TooLong,        ///< inside of a loop that is too long to be looked into
};

/// Where a gradient ends on its way back from the loss.
struct ZeroCause {
  ZeroBecause because{};
  std::string operation = {};  ///< its name
  std::string label = {};      ///< what debug::label calls its result
  std::string type = {};       ///< of its result: "float64 [2, 3]"
  std::string place = {};      ///< the run or branch that it is in: "run [2] of scan"
  std::string details = {};    ///< what the values say
  std::string way = {};        ///< the operations and labels from there to the loss
  std::size_t times = 1;       ///< how often the same is found elsewhere, in other runs of a loop for example
};

/// What becomes of the gradient with respect to one leaf.
struct LeafGradient {
  std::string path = {};  ///< "argument 0, hidden.weight"
  std::string type = {};
  std::size_t elements = 0;
  std::size_t zeros = 0;       ///< how many of its gradient's elements are 0
  std::size_t not_finite = 0;  ///< NaN or infinite
  /// Empty unless all are 0; what is nearest to the loss comes first.
  std::vector<ZeroCause> causes = {};

  [[nodiscard]] bool is_zero() const noexcept { return zeros == elements; }
};

struct GradientReport {
  std::vector<LeafGradient> leaves = {};
};

/// A paragraph for each leaf.
std::ostream& operator<<(std::ostream& out, const ZeroCause& cause);
std::ostream& operator<<(std::ostream& out, const LeafGradient& leaf);
std::ostream& operator<<(std::ostream& out, const GradientReport& report);

}  // namespace xgrad::debug

namespace xgrad::detail {

/// The scope in which a function is recorded whose gradient is explained.
class Explaining {
 public:
  /// \throws TapeError  inside of another recording, where there are no values.
  explicit Explaining(Trace& trace);
  [[nodiscard]] debug::GradientReport report(const Var& loss, std::span<const Var> leaves, const Paths& paths) const;

 private:
  Trace& trace_;
  std::size_t reads_before_;
};

template <class R, class Held>
debug::GradientReport explained(FunctionOf<R, Held&> f, Held& arguments) {
  Trace trace(arguments.arrays());
  const Explaining explaining(trace);
  arguments.enter(trace);
  const R result = f(arguments);
  return explaining.report(ResultParts<R>::loss(result), arguments.differentiated(), paths_of(arguments));
}

}  // namespace xgrad::detail

namespace xgrad::debug {

/// Which leaves of the arguments the gradient of a loss reaches, and of those where it is zero in all elements, why.
/// The gradient is followed from the loss backwards, with its values at these arguments, to the operations at which it
/// turns to zero. Loops, branches and checkpoints are looked into, as they ran.
///
///     std::cout << xg::debug::explain(loss, model, x, y);
///
///     argument 0, hidden.bias, float64 [8]: the gradient is zero
///       relu 'hidden' (float64 [4, 8]): did not take its operand; its operand is in [-3, -1] at all 32 elements
///         the way to the loss: relu > 'hidden' > matmul > sum > divide > reshape
///
/// A leaf may have several causes, one for each way on which it is used. What decides a branch, or how often a loop
/// runs, is no such way. Of a gradient that is not finite it says so; nan_guard() of the gradient says what made that.
///
/// This is for looking at a program, not for running it: every value and cotangent is kept, and loops are laid out one
/// run behind the other, unless that would be more than 200000 operations (ZeroBecause::TooLong).
///
/// \param f  returns a scalar Var, or a std::pair or std::tuple that starts with one, as for grad. All leaves of
///           arguments that hold arrays are looked at.
/// \throws ShapeError, TypeError  unless the loss is a floating-point scalar.
/// \throws TapeError              inside of another transform, where there are no values: it is the outermost; and as
///                                grad does.
template <class F, class... A>
requires detail::CallableWith<const F&, detail::array_positions_t<A...>, A...>
[[nodiscard]] GradientReport explain(const F& f, A&&... a) {
  auto arguments = detail::make_arguments(detail::array_positions_t<A...>(), std::forward<A>(a)...);
  using Held = decltype(arguments);
  using R = typename Held::template Result<const F>;
  const auto call = detail::as_function_of<R, Held>(f);
  return detail::explained(detail::FunctionOf<R, Held&>(call), arguments);
}

}  // namespace xgrad::debug

#pragma GCC visibility pop
