// Rules of custom derivatives as programs, which can be written to files.
#pragma once

#include <memory>
#include <vector>

#include "call.hpp"
#include "ir/function.hpp"

namespace xgrad::derivatives {

/// A user's rule as functions of what it is given: one after another, the lists that the members of CallRule take.
struct RecordedRule {
  struct Part {
    /// Null: the rule has no such part.
    std::shared_ptr<const Function> function = nullptr;
    /// Which of the results there are; the others are zero. The function has those as its outputs.
    std::vector<char> defined = {};
  };
  Part vjp, jvp;

  /// Whether it was left out when the rules of derivatives of some order were recorded.
  [[nodiscard]] bool left_out() const { return vjp.function == nullptr && jvp.function == nullptr; }
};

/// The rule that records the bodies of these functions; one that was left out throws TapeError.
/// \param like  says of what it is a rule.
std::shared_ptr<const CallRule> rule_of(const CallRule& like, const std::shared_ptr<const RecordedRule>& recorded);

/// The types of what the parts of a rule are given, in order.
std::vector<ArrayType> arguments_of_vjp(const CallRule& rule, const Function& function);
std::vector<ArrayType> arguments_of_jvp(const CallRule& rule, const Function& function);

}  // namespace xgrad::derivatives
