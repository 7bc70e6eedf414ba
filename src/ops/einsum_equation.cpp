#include "einsum_equation.hpp"

#include <algorithm>

#include <xgrad/core/errors.hpp>

namespace xgrad::detail {
namespace {

// Not std::isalpha, which asks the locale.
bool is_index(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

class EquationReader {
 public:
  explicit EquationReader(std::string_view text) : text_(text) {}

  EinsumEquation read() {
    EinsumEquation equation;
    equation.operands.emplace_back();
    bool arrow = false;
    for (std::size_t at = 0; at < text_.size();) {
      Subscripts& current = arrow ? equation.result : equation.operands.back();
      if (is_index(text_[at])) {
        current.letters += text_[at];
        current.places.push_back(at++);
      } else if (text_[at] == ' ') {
        ++at;
      } else if (text_[at] == '.') {
        if (!follows(at, "...")) refuse_equation(text_, at, "an ellipsis is three dots");
        if (current.ellipsis) refuse_equation(text_, at, "there is at most one ellipsis for an array");
        current.ellipsis = current.letters.size();
        at += 3;
      } else if (text_[at] == ',') {
        if (arrow) refuse_equation(text_, at, "there is one result, behind \"->\"");
        equation.operands.emplace_back();
        ++at;
      } else if (follows(at, "->")) {
        if (arrow) refuse_equation(text_, at, "there is at most one \"->\"");
        arrow = true;
        at += 2;
      } else {
        refuse_equation(text_, at, "there are letters, commas, \"...\" and \"->\" in an equation, and nothing else");
      }
    }
    if (arrow) check_result(equation);
    if (!arrow) equation.result = implied_result(equation);
    return equation;
  }

 private:
  [[nodiscard]] bool follows(std::size_t at, std::string_view what) const {
    return text_.substr(at, what.size()) == what;
  }

  static std::ptrdiff_t times(const EinsumEquation& equation, char letter) {
    std::ptrdiff_t total = 0;
    for (const Subscripts& each : equation.operands) {
      total += std::count(each.letters.begin(), each.letters.end(), letter);
    }
    return total;
  }

  void check_result(const EinsumEquation& equation) const {
    const Subscripts& result = equation.result;
    for (std::size_t i = 0; i < result.letters.size(); ++i) {
      const std::string index = "the index " + std::string(1, result.letters[i]) + " of the result ";
      if (times(equation, result.letters[i]) == 0) {
        refuse_equation(text_, result.places[i], index + "is one of no operand");
      }
      if (result.letters.find(result.letters[i]) != i) {
        refuse_equation(text_, result.places[i], index + "is named twice");
      }
    }
  }

  static Subscripts implied_result(const EinsumEquation& equation) {
    Subscripts result;
    result.ellipsis = 0;
    for (const Subscripts& each : equation.operands) {
      for (const char letter : each.letters) {
        if (times(equation, letter) == 1) result.letters += letter;
      }
    }
    std::sort(result.letters.begin(), result.letters.end());
    return result;
  }

  std::string_view text_;
};

}  // namespace

EinsumEquation read_equation(std::string_view text) { return EquationReader(text).read(); }

void refuse_equation(std::string_view text, std::size_t place, std::string_view why) {
  constexpr std::size_t around = 40;
  const std::size_t first = place > around ? place - around : 0;
  std::string excerpt(text.substr(first, 2 * around));
  // What is no character of one column would move the mark.
  std::replace_if(
      excerpt.begin(), excerpt.end(), [](char c) { return c < ' ' || c > '~'; }, '?');
  const std::string_view before = first > 0 ? "..." : "";
  const std::string_view behind = first + excerpt.size() < text.size() ? "..." : "";
  std::string message = "einsum: " + std::string(why) + "\n  ";
  message.append(before).append(excerpt).append(behind).append("\n  ");
  message.append(before.size() + place - first, ' ').append("^");
  throw ValueError(message);
}

}  // namespace xgrad::detail
