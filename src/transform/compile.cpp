#include <xgrad/transform/compile.hpp>

#include <algorithm>
#include <array>
#include <utility>

#include "core/per_thread.hpp"
#include "ir/guard.hpp"
#include "var/access.hpp"

namespace xgrad::detail {

PartOfRecording::PartOfRecording(std::span<Var* const> arguments, const CompileOptions& options) {
  if (!options.guard_values) return;
  const auto recorded = std::ranges::find_if(arguments, [](const Var* x) { return x->recorded(); });
  Guard* guard = VarAccess::tape(**recorded).guard();
  if (guard == nullptr) return;
  guards_values_ = &guard->guards_values;
  before_ = std::exchange(*guards_values_, true);
}

PartOfRecording::~PartOfRecording() {
  if (guards_values_ != nullptr) *guards_values_ = before_;
}

namespace {

/// Lists of calls that have ended, for the calls to come; nested calls take one each.
struct SpareLists {
  struct Lists {
    std::vector<Var*> arguments;
    std::vector<char> donated;
    std::vector<Var> decided;
    std::vector<Var> results;
  };
  std::array<Lists, 8> all;
  std::size_t count = 0;
};

thread_local constinit core::PerThread<SpareLists> spare_lists_of_thread;

}  // namespace

CallLists::CallLists() {
  SpareLists& spare = spare_lists_of_thread.get();
  if (spare.count == 0) return;
  SpareLists::Lists& last = spare.all[--spare.count];
  arguments.swap(last.arguments);
  donated.swap(last.donated);
  decided.swap(last.decided);
  results.swap(last.results);
}

CallLists::~CallLists() {
  arguments.clear();
  donated.clear();
  decided.clear();
  results.clear();
  SpareLists* spare = spare_lists_of_thread.get_or_null();
  if (spare == nullptr || spare->count == spare->all.size()) return;
  SpareLists::Lists& next = spare->all[spare->count++];
  next.arguments.swap(arguments);
  next.donated.swap(donated);
  next.decided.swap(decided);
  next.results.swap(results);
}

tree::detail::Visitor<Var> CallLists::takes_argument(bool is_donated) {
  const auto take = [](void* object, Var& x) {
    auto& lists = *static_cast<CallLists*>(object);
    lists.arguments.push_back(&x);
    lists.donated.push_back(lists.donates_ ? 1 : 0);
  };
  donates_ = is_donated;
  return {{this, take}, tree::detail::Visit::arrays};
}

bool CallLists::has_recorded_argument() const noexcept {
  return std::ranges::any_of(arguments, [](const Var* x) { return x->recorded(); });
}

tree::detail::Visitor<Var> CallLists::gives_results() {
  const auto give = [](void* object, Var& x) {
    auto& lists = *static_cast<CallLists*>(object);
    x = std::move(lists.results[lists.given_++]);
  };
  return {{this, give}, tree::detail::Visit::arrays};
}

}  // namespace xgrad::detail
