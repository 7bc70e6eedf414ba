#include "requirement.hpp"

#include <cmath>
#include <deque>
#include <limits>
#include <map>
#include <mutex>
#include <string>

#include <xgrad/core/errors.hpp>

#include "core/text.hpp"

namespace xgrad::ir {
namespace {

struct RequirementTexts {
  std::mutex mutex;
  std::deque<std::string> texts;
  std::map<std::string, std::uint32_t, std::less<>> numbers;
};

RequirementTexts& requirements() {
  static auto* all = new RequirementTexts;  // never destroyed: destructors of static objects may evaluate
  return *all;
}

/// The text with the next {} replaced.
void fill(std::string& text, const std::string& by) {
  const std::size_t at = text.find("{}");
  if (at != std::string::npos) text.replace(at, 2, by);
}

/// Short, but with all digits where it would else look like the whole number beside it: 1.0000001 is not in [0, 1].
std::string offending(double value) {
  const std::string few = core::text_of(value);
  const bool looks_whole = std::isfinite(value) && few.find_first_of(".e") == std::string::npos;
  if (!looks_whole || value == std::trunc(value)) return few;
  core::TextStream all;
  all.precision(std::numeric_limits<double>::max_digits10);
  all << value;
  return all.str();
}

}  // namespace

std::uint32_t number_of_requirement(std::string_view text) {
  RequirementTexts& all = requirements();
  const std::scoped_lock lock(all.mutex);
  const auto [found, fresh] = all.numbers.try_emplace(std::string(text), static_cast<std::uint32_t>(all.texts.size()));
  if (fresh) all.texts.emplace_back(text);
  return found->second;
}

std::string text_of_requirement(std::int64_t requirement) {
  RequirementTexts& all = requirements();
  const std::scoped_lock lock(all.mutex);
  return all.texts[static_cast<std::size_t>(requirement)];
}

void throw_unmet_requirement(std::int64_t requirement, double value, std::int64_t limit) {
  std::string text = text_of_requirement(requirement);
  fill(text, offending(value));
  fill(text, std::to_string(limit));
  throw ValueError(text);
}

}  // namespace xgrad::ir
