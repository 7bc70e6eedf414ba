#include <xgrad/solve/report.hpp>

#include <ostream>

#include <xgrad/solve/interrupt.hpp>

#include "core/text.hpp"

namespace xgrad::solve {

std::string_view text(Ended ended) noexcept {
  switch (ended) {
    case Ended::Gradient:
      return "converged: the gradient is small";
    case Ended::Step:
      return "converged: steps are small";
    case Ended::Reduction:
      return "converged: the value changes no more";
    case Ended::Residual:
      return "converged: the residual is small";
    case Ended::Gap:
      return "converged: the duality gap is small";
    case Ended::Interval:
      return "converged: the interval is small";
    case Ended::NoDescent:
      return "no step lowers the value, and the gradient is not small";
    case Ended::Iterations:
      return "the number of iterations is exhausted";
    case Ended::Evaluations:
      return "the number of evaluations is exhausted";
    case Ended::Diverged:
      return "steps fail: a singular Jacobian, or values that are not finite or fall without end";
    case Ended::Infeasible:
      return "constraints are violated, and no step reduces the violation";
    case Ended::Stopped:
      return "stopped by the observer";
    case Ended::Interrupted:
      return "stopped by an interrupt";
  }
  return "";
}

std::ostream& operator<<(std::ostream& out, const Report& report) {
  core::TextStream line;
  line << text(report.ended) << "; value " << report.value << ", gradient " << report.gradient << "; "
       << core::count_of(report.iterations, "iteration", "iterations") << ", "
       << core::count_of(report.evaluations, "evaluation", "evaluations") << ", " << report.gradients
       << " of derivatives";
  if (report.products > 0)
    line << ", " << core::count_of(report.products, "product with a vector", "products with vectors");
  return out << line.str();
}

namespace detail {

bool goes_on(const Observer& observer, const Progress& now) {
  const bool told = observer == nullptr || observer(now);
  return told && !StopAtInterrupt::interrupted();
}

Ended why_not() noexcept { return StopAtInterrupt::interrupted() ? Ended::Interrupted : Ended::Stopped; }

}  // namespace detail
}  // namespace xgrad::solve
