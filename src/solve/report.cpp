#include <xgrad/solve/report.hpp>

#include <ostream>

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
    case Ended::Interval:
      return "converged: the interval is small";
    case Ended::NoDescent:
      return "no step lowers the value, and the gradient is not small";
    case Ended::Iterations:
      return "the number of iterations is exhausted";
    case Ended::Evaluations:
      return "the number of evaluations is exhausted";
    case Ended::Diverged:
      return "steps fail: a singular Jacobian, or values that are not finite";
    case Ended::Stopped:
      return "stopped by the observer";
  }
  return "";
}

std::ostream& operator<<(std::ostream& out, const Report& report) {
  core::TextStream line;
  line << text(report.ended) << "; value " << report.value << ", gradient " << report.gradient << "; "
       << core::count_of(report.iterations, "iteration", "iterations") << ", "
       << core::count_of(report.evaluations, "evaluation", "evaluations") << ", " << report.gradients
       << " of derivatives";
  if (report.products > 0) line << ", " << core::count_of(report.products, "Hessian product", "Hessian products");
  return out << line.str();
}

}  // namespace xgrad::solve
