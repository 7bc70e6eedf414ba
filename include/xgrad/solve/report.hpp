// What solvers have in common: when they end, what they say about it, and who watches.
//
// solve: minimisers, least squares, roots and fixed points of functions of trees. A solver is a loop of C++ around
// compiled functions. It includes loss, linalg, transform and what is below.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <iosfwd>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <xgrad/core/function_of.hpp>
#include <xgrad/transform/trace.hpp>
#include <xgrad/tree/tree.hpp>
#include <xgrad/var.hpp>

#pragma GCC visibility push(default)

namespace xgrad::solve {

/// Why a solver ended. The first six are success.
enum class Ended : std::uint8_t {
  Gradient,     ///< the gradient is as small as was asked: of residuals, their cosine with the columns of the Jacobian
  Step,         ///< steps are as small as was asked, beside the parameters
  Reduction,    ///< the value, and what is expected of the next step, change as little as was asked
  Residual,     ///< the residuals, or the function whose root is sought, are as small as was asked
  Gap,          ///< the duality gap, a bound of what is left to gain, is as small as was asked
  Interval,     ///< the interval of a root is as small as was asked, or as numbers allow
  NoDescent,    ///< no step, however small, lowers the value; the gradient is larger than was asked
  Iterations,   ///< so many were allowed
  Evaluations,  ///< so many were allowed
  Diverged,     ///< steps fail: the Jacobian is singular, values are not finite, or fall as far as numbers go
  Infeasible,   ///< steps that reduce the violation of constraints alone end where some are violated
  Stopped,      ///< by the observer
  Interrupted   ///< by Ctrl-C, while there is a StopAtInterrupt
};

/// A sentence.
[[nodiscard]] std::string_view text(Ended ended) noexcept;

/// Where a solver is, between iterations.
struct Progress {
  std::size_t iteration = 0;
  double value = 0.0;     ///< the objective; of residuals, half the sum of squares; of roots, the largest |residual|
  double gradient = 0.0;  ///< the largest |component|, where there is a gradient; bounds that hold it count as 0
  double step = 0.0;      ///< the length of the last step
  std::size_t evaluations = 0;
  double violation = 0.0;  ///< the largest of a constraint, where there are some
};

/// Is told of each iteration; ends the solver by returning false. The best parameters so far are the result then.
using Observer = std::function<bool(const Progress&)>;

/// What each result holds beside its tree.
struct Report {
  Ended ended = Ended::Iterations;
  std::size_t iterations = 0;
  std::size_t evaluations = 0;  ///< of the objective, with a gradient or without; of residuals, without their Jacobian
  std::size_t gradients = 0;    ///< of the evaluations those with a gradient; of residuals, Jacobians, beside them
  std::size_t products = 0;     ///< of the Hessian, or of a Jacobian or its transpose, with a vector
  double value = 0.0;           ///< as of Progress
  double gradient = 0.0;

  /// Whether what was asked has been reached.
  [[nodiscard]] bool converged() const noexcept { return ended <= Ended::Interval; }
};
std::ostream& operator<<(std::ostream& out, const Report& report);

/// Bounds of the parameters: a number for all, or a tree like them. What has no bound has infinity.
class Bound {
 public:
  Bound() = default;
  Bound(double all) : all_(all) {}  // NOLINT(*-explicit-*)
  template <tree::Tree T>
  Bound(const T& each) : leaves_(tree::leaves(each)), given_(true) {}  // NOLINT(*-explicit-*)

  [[nodiscard]] const std::optional<double>& all() const noexcept { return all_; }
  [[nodiscard]] const std::vector<Var>& leaves() const noexcept { return leaves_; }
  [[nodiscard]] bool given() const noexcept { return given_ || all_.has_value(); }

 private:
  std::optional<double> all_;
  std::vector<Var> leaves_;
  bool given_ = false;
};

namespace detail {

using xgrad::detail::differentiated_t;
/// A function of leaves: the trees around them are the same for all calls.
using LeavesFunction = xgrad::detail::FunctionOf<std::vector<Var>, std::span<const Var>>;

/// Tells the observer; whether to go on.
bool goes_on(const Observer& observer, const Progress& now);
/// Why not.
Ended why_not() noexcept;

/// Where a solver starts.
struct Start {
  std::vector<Var> leaves;
  std::vector<std::string> paths;
};
template <class T>
Start start_of(const T& tree) {
  return {tree::leaves(tree), tree::paths(tree)};
}

}  // namespace detail
}  // namespace xgrad::solve

#pragma GCC visibility pop
