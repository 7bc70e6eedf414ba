// Reports of gradients as text.
#include <ostream>

#include <xgrad/transform/explain.hpp>

#include "core/text.hpp"

namespace xgrad::debug {

namespace {

/// What a cause does, behind the name of its operation.
std::string_view deed(ZeroBecause because) {
  switch (because) {
    case ZeroBecause::NoFloats:
      return "these are no floating-point numbers, and have no gradient";
    case ZeroBecause::NotRecorded:
      return "the loss is not recorded";
    case ZeroBecause::NotUsed:
      return "the loss does not depend on it";
    case ZeroBecause::NotTaken:
      return "only what did not run uses it: a branch that was not taken, a loop without runs, what decides these, or "
             "a check";
    case ZeroBecause::StopGradient:
      return "ends the gradient";
    case ZeroBecause::NoDerivative:
      return "has no derivative: it is zero by definition";
    case ZeroBecause::NotSelected:
      return "did not take its operand";
    case ZeroBecause::ZeroFactor:
      return "multiplies by 0";
    case ZeroBecause::ZeroSlope:
      return "has the slope 0";
    case ZeroBecause::Underflow:
      return "made a number too small for its element type";
    case ZeroBecause::OtherElements:
      return "the loss depends on other elements of the result only";
    case ZeroBecause::Cancelled:
      return "terms that are not 0 add up to 0";
    case ZeroBecause::CustomRule:
      return "the rule for its derivative gave zero";
    case ZeroBecause::TooLong:
      return "it ends inside, in a loop that is too long to be looked into";
  }
  return "";
}

}  // namespace

std::ostream& operator<<(std::ostream& out, const ZeroCause& cause) {
  if (!cause.operation.empty()) {
    out << cause.operation;
    if (!cause.label.empty()) out << " '" << cause.label << "'";
    out << " (" << cause.type << ")";
    if (!cause.place.empty()) out << " in " << cause.place;
    out << ": ";
  }
  out << deed(cause.because);
  if (!cause.details.empty()) out << "; " << cause.details;
  if (cause.times > 1) out << "; and " << core::count_of(cause.times - 1, "time", "times") << " more";
  if (!cause.way.empty()) out << "\n    the way to the loss: " << cause.way;
  return out;
}

std::ostream& operator<<(std::ostream& out, const LeafGradient& leaf) {
  out << leaf.path << ", " << leaf.type << ": ";
  if (leaf.elements == 0) out << "it has no elements";
  else if (leaf.is_zero()) out << "the gradient is zero";
  else if (leaf.zeros != 0) out << "the gradient is zero at " << leaf.zeros << " of " << leaf.elements << " elements";
  else out << "the gradient is nowhere zero";
  if (leaf.not_finite != 0) {
    out << "; at " << leaf.not_finite << " of " << core::count_of(leaf.elements, "element", "elements")
        << " it is not finite: debug::nan_guard of the gradient says why";
  }
  for (const ZeroCause& cause : leaf.causes) out << "\n  " << cause;
  return out;
}

std::ostream& operator<<(std::ostream& out, const GradientReport& report) {
  for (const LeafGradient& leaf : report.leaves) out << leaf << '\n';
  return out;
}

}  // namespace xgrad::debug
