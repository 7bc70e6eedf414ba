#include "programs.hpp"

#include <algorithm>
#include <cstring>
#include <string>
#include <utility>

#include "core/text.hpp"
#include "var/access.hpp"
#include "var/record.hpp"

namespace xgrad::detail {

Kept::~Kept() = default;

Program::~Program() = default;

std::uint64_t outcome_of(const Buffer& array) {
  std::uint64_t outcome = 0;
  std::memcpy(&outcome, array.data(), size_of(array.dtype()));
  return outcome;
}

namespace {

/// Puts the conditions of a known program in the place of equal ones of a new program, as far as both go the same
/// way. Whether both can be of one function: it has changed, in what it had captured, if a condition differs, and
/// what was recorded before is worth nothing then. A program that went the same way throughout is replaced too.
bool share_steps(ProgramOfSteps& program, const ProgramOfSteps& known) {
  for (std::size_t k = 0; k < std::min(program.steps.size(), known.steps.size()); ++k) {
    Decision& step = program.steps[k];
    const Decision& other = known.steps[k];
    if (step.condition != other.condition) {
      if (!step.condition->same_as(*other.condition)) return false;
      step.condition = other.condition;
    }
    if (step.outcome != other.outcome) return true;
  }
  return false;
}

template <class T>
std::string text_of(std::uint64_t outcome) {
  T value;
  std::memcpy(&value, &outcome, sizeof value);
  return core::digits_of(value);
}

std::string text_of(const Decision& step) {
  switch (step.dtype) {
    case DType::Bool:
      return step.outcome != 0 ? "true" : "false";
    case DType::Int64:
      return text_of<std::int64_t>(step.outcome);
    case DType::Float32:
      return text_of<float>(step.outcome);
    case DType::Float64:
      break;
  }
  return text_of<double>(step.outcome);
}

}  // namespace

ProgramOfSteps::ProgramOfSteps(std::unique_ptr<Kept> result, std::vector<Decision> conditions, Segment computes)
    : Program(std::move(result)), steps(std::move(conditions)), results(std::move(computes)) {
  for (const Decision& each : steps) each.condition->watch();
  results.watch();
}

bool ProgramOfSteps::captures_given_up() const noexcept {
  return results.captures_given_up() ||
         std::ranges::any_of(steps, [](const Decision& step) { return step.condition->captures_given_up(); });
}

void ProgramOfSteps::run(CallLists& lists) const {
  lists.results.clear();
  results.run(lists, true, lists.results);
}

bool ProgramOfSteps::begins_like(const ProgramOfSteps& other, std::size_t count) const {
  return steps.size() >= count &&
         std::equal(steps.begin(), steps.begin() + static_cast<std::ptrdiff_t>(count), other.steps.begin(),
                    [](const Decision& a, const Decision& b) { return a.outcome == b.outcome; });
}

std::string ProgramOfSteps::describe(std::span<const std::string> names) const {
  if (steps.empty()) return results.describe(names);
  std::string text;
  for (std::size_t k = 0; k < steps.size(); ++k) {
    text += "condition " + std::to_string(k) + ", " + text_of(steps[k]) + " here: ";
    text += steps[k].condition->describe(names);
  }
  return text + "results: " + results.describe(names);
}

std::size_t Programs::first_unlike(const CallLists& lists) const {
  const std::vector<Var*>& given = lists.arguments;
  if (given.size() != arguments_.size()) return std::min(given.size(), arguments_.size());
  for (std::size_t k = 0; k < given.size(); ++k) {
    require_usable(*given[k], "compile");
    const ArgumentType& expected = arguments_[k];
    if (given[k]->dtype() != expected.dtype || given[k]->shape() != expected.shape ||
        (lists.donated[k] != 0) != expected.donated || VarAccess::is_weak(*given[k]) != expected.weak) {
      return k;
    }
  }
  return alike;
}

ProgramPtr Programs::choose(CallLists& lists) const {
  lists.decided.clear();
  const std::shared_ptr<const All> all = all_now();
  std::size_t chosen = 0;  // one whose conditions went as they do now, as far as that is known
  for (std::size_t k = 0; k < (*all)[chosen]->steps.size(); ++k) {
    const std::size_t first = lists.decided.size();
    (*all)[chosen]->steps[k].condition->run(lists, false, lists.decided);
    const std::uint64_t outcome = outcome_of(*VarAccess::buffer(lists.decided[first]).get());
    if ((*all)[chosen]->steps[k].outcome == outcome) continue;
    const auto goes_so = [&](const ProgramPtr& each) {
      return each->begins_like(*(*all)[chosen], k) && each->steps.size() > k && each->steps[k].outcome == outcome;
    };
    const auto found = std::ranges::find_if(*all, goes_so);
    if (found == all->end()) return nullptr;
    chosen = static_cast<std::size_t>(found - all->begin());
  }
  const ProgramPtr& program = (*all)[chosen];
  if (all->size() > 1) note_use(*program);
  return program;
}

void Programs::add(const ProgramPtr& program) {
  const std::scoped_lock lock(mutex_);
  auto all = std::make_shared<All>(*all_);
  const auto shares_steps = [&](const ProgramPtr& each) { return share_steps(*program, *each); };
  std::erase_if(*all, [&](const ProgramPtr& each) { return !shares_steps(each); });
  note_use(*program);
  if (all->size() >= most_) {
    all->erase(std::ranges::min_element(*all, {}, [](const ProgramPtr& each) { return each->used.load(); }));
  }
  all->push_back(program);
  all_ = std::move(all);
}

std::shared_ptr<const Programs::All> Programs::all_now() const {
  const std::scoped_lock lock(mutex_);
  return all_;
}

void Programs::note_use(ProgramOfSteps& program) const noexcept {
  program.used.store(clock_.fetch_add(1, std::memory_order_relaxed) + 1, std::memory_order_relaxed);
}

}  // namespace xgrad::detail
