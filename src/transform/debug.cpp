#include <xgrad/debug.hpp>

#include <array>
#include <cmath>
#include <iostream>
#include <optional>
#include <sstream>
#include <unordered_set>
#include <utility>
#include <vector>

#include <xgrad/core/errors.hpp>
#include <xgrad/transform/custom.hpp>
#include <xgrad/transform/host_call.hpp>

#include "backend/evaluate.hpp"
#include "expansion.hpp"
#include "ir/names.hpp"
#include "primitives/traits.hpp"
#include "program_text.hpp"
#include "regions.hpp"
#include "var/call.hpp"
#include "var/record.hpp"

namespace xgrad {
namespace detail {
namespace {

using namespace primitives;

/// Elements that are no finite numbers.
struct Odd {
  std::size_t count = 0;
  std::size_t first = 0;
};

Odd odd_elements(const Buffer& array) {
  Odd odd;
  if (!is_floating(array.dtype())) return odd;
  for (std::size_t k = size_of(array.shape()); k-- > 0;) {
    if (std::isfinite(element(array, k))) continue;
    ++odd.count;
    odd.first = k;
  }
  return odd;
}

/// Goes back from what is not finite to what made it so.
class Search {
 public:
  Search(TapeState& tape, const Regions& regions, std::span<const Var> inputs, const Paths& paths)
      : tape_(tape),
        regions_(regions),
        recorded_(static_cast<NodeId>(tape.size())),
        inputs_(inputs),
        paths_(paths),
        expansion_(tape, Expansion::Rules::Replaced) {}

  /// What made a result odd; nothing if it is finite.
  std::optional<std::string> report(NodeId result) {
    if (!is_odd(result)) return std::nullopt;
    return cause_and_way({result}, "the result");
  }

  /// What was odd before something failed; nothing if all was finite.
  /// \param any_node  whether any node will do if it was no node that failed.
  std::optional<std::string> report_of_failure(bool any_node) {
    const std::optional<NodeId> failed = first_failure(0);
    std::vector<NodeId> odd;
    if (failed) odd = odd_operands(*failed);
    else if (any_node) odd = first_odd();
    if (odd.empty()) return std::nullopt;
    return cause_and_way(odd, "what failed");
  }

 private:
  /// Where a node was recorded; of one inside of a loop, a branch or a call, first where that was.
  using Order = std::vector<NodeId>;
  /// An odd node on a way back.
  struct Step {
    NodeId id;
    std::size_t next;  ///< the step towards the result; its own number: none
    Order order;
  };

  const Buffer& value(NodeId id) { return *backend::evaluated(tape_, id); }
  bool has_value(NodeId id) const {
    const Computation computation = traits[tape_.node(id).op].computation;
    return !has_outputs(computation) && computation != Computation::Function;
  }
  bool is_odd(NodeId id) {
    return has_value(id) && is_floating(tape_.node(id).dtype) && odd_elements(value(id)).count != 0;
  }
  /// What a node is computed of; an output of a function, what that is.
  std::vector<NodeId> operands(NodeId id) const {
    if (tape_.node(id).op == opcode<Projection>) id = tape_.inputs(id)[0];
    return {tape_.inputs(id).begin(), tape_.inputs(id).end()};
  }

  std::string cause_and_way(const std::vector<NodeId>& odd, std::string_view end) {
    const std::vector<NodeId> way = way_to_first_cause(odd);
    std::vector<std::string> names;
    for (std::size_t k = way.size(); k-- > 0;) {
      if (const auto label = label_of(tape_, way[k])) names.push_back("'" + *label + "'");
      else if (traits[tape_.node(way[k]).op].computation != Computation::Alias)
        names.push_back(operation_of(tape_, way[k]));
    }
    return "nan_guard: " + origin(way[0]) + recorded_at(way) + ". The way to " + std::string(end) + ": " +
           way_of(names);
  }

  /// The region of the first node on a way that has one, or uses a value that has.
  std::string recorded_at(const std::vector<NodeId>& way) const {
    for (const NodeId id : way) {
      std::optional<std::string> region = regions_.of(tape_, id);
      for (const NodeId operand : operands(id)) {
        if (!region) region = regions_.of(tape_, operand);
      }
      if (region) return ", recorded at " + *region;
    }
    return "";
  }

  /// From what was recorded first of all that made some nodes odd to one of these.
  std::vector<NodeId> way_to_first_cause(const std::vector<NodeId>& odd) {
    std::vector<Step> steps;
    std::unordered_set<NodeId> seen;
    const auto add = [&](NodeId id, std::size_t next, Order order) {
      if (seen.insert(id).second) steps.push_back({id, next, std::move(order)});
    };
    for (const NodeId id : odd) add(id, steps.size(), {id});
    std::optional<std::size_t> first;
    for (std::size_t k = 0; k < steps.size(); ++k) {
      const std::vector<NodeId> causes = causes_of(steps[k].id);
      if (causes.empty() && (!first || steps[k].order < steps[*first].order)) first = k;
      for (const NodeId cause : causes) add(cause, k, order_of(cause, steps[k]));
    }
    std::vector<NodeId> way;
    for (std::size_t k = *first;; k = steps[k].next) {
      way.push_back(steps[k].id);
      if (steps[k].next == k) break;
    }
    return way;
  }
  Order order_of(NodeId cause, const Step& of) const {
    if (cause < recorded_) return {cause};
    Order order = of.order;
    if (tape_.node(of.id).op == opcode<Projection>) order.back() = tape_.inputs(of.id)[0];
    else order.pop_back();
    order.push_back(cause);
    return order;
  }

  /// Inputs that are odd already; of an output of a loop, a branch or a call, what ran in its place.
  std::vector<NodeId> causes_of(NodeId id) {
    if (tape_.node(id).op == opcode<Projection>) {
      const std::optional<NodeId> inside = expansion_.in_place_of(id);
      if (inside && is_odd(*inside)) return {*inside};
    }
    std::vector<NodeId> result;
    const std::vector<NodeId> all = operands(id);
    for (std::size_t k = 0; k < all.size(); ++k) {
      if (is_odd(all[k]) && arrives(id, k, all[k])) result.push_back(all[k]);
    }
    return result;
  }
  /// Whether an odd element of an operand is one of the result, too: where() takes the others from elsewhere.
  bool arrives(NodeId id, std::size_t which, NodeId operand) {
    const bool takes = tape_.node(id).op == opcode<Where>;
    if (!takes && tape_.node(id).op != opcode<AbsorbingMultiply>) return true;
    const Buffer& from = value(operand);
    const Buffer& to = value(id);
    const Buffer* mask = takes ? &value(operands(id)[0]) : nullptr;
    if (from.shape() != to.shape() || (takes && mask->shape() != to.shape())) return true;
    for (std::size_t k = 0; k < size_of(to.shape()); ++k) {
      if (takes && (element(*mask, k) != 0.0) != (which == 1)) continue;
      if (!std::isfinite(element(from, k)) && !std::isfinite(element(to, k))) return true;
    }
    return false;
  }

  /// The first node from one on that has no value because something fails, inside of functions if it is there.
  std::optional<NodeId> first_failure(NodeId from) {
    const auto end = static_cast<NodeId>(tape_.size());
    for (NodeId id = from; id < end; ++id) {
      if (!has_value(id) || !fails([&] { (void)value(id); })) continue;
      if (tape_.node(id).op != opcode<Projection>) return id;
      (void)fails([&] { (void)expansion_.in_place_of(id); });
      const std::optional<NodeId> inside = first_failure(end);
      return inside ? inside : id;
    }
    return std::nullopt;
  }
  template <class Attempt>
  static bool fails(const Attempt& attempt) {
    try {
      attempt();
    } catch (const TapeError&) {  // a stand-in of a function whose recording has failed
      return false;
    } catch (const Error&) {
      return true;
    }
    return false;
  }
  /// What a node is made of, by way of truth values and indices.
  std::vector<NodeId> odd_operands(NodeId failed) {
    std::vector<NodeId> odd;
    std::vector<NodeId> all = operands(failed);
    std::unordered_set<NodeId> seen;
    for (std::size_t k = 0; k < all.size(); ++k) {
      const NodeId id = all[k];
      if (!has_value(id) || !seen.insert(id).second) continue;
      if (is_odd(id)) odd.push_back(id);
      if (is_floating(tape_.node(id).dtype)) continue;
      const std::vector<NodeId> behind = operands(id);
      all.insert(all.end(), behind.begin(), behind.end());
    }
    return odd;
  }
  std::vector<NodeId> first_odd() {
    for (NodeId id = 0; id < recorded_; ++id) {
      bool odd = false;
      if (!fails([&] { odd = is_odd(id); }) && odd) return {id};
    }
    return {};
  }

  std::string origin(NodeId id) {
    const Buffer& array = value(id);
    const Odd odd = odd_elements(array);
    const std::string what = element_text(array, odd.first) + " at " + place_of(array.shape(), odd.first) + ", " +
                             std::to_string(odd.count) + " of " + std::to_string(size_of(array.shape())) +
                             " elements are not finite; " + describe(VarAccess::recorded(tape_, id));
    if (const std::optional<std::string> path = argument(id)) return *path + " holds " + what;
    const NodeId made_by = tape_.node(id).op == opcode<Projection> ? tape_.inputs(id)[0] : id;
    const std::string place = expansion_.place(id);
    const std::string text = operation_of(tape_, id) + (place.empty() ? "" : " in " + place) + " made " + what;
    if (tape_.node(id).op == opcode<Leaf>) return "a captured array holds " + what;
    std::string operands;
    for (const NodeId input : tape_.inputs(made_by))
      operands += (operands.empty() ? "" : ", ") + operand(input, array, odd);
    return operands.empty() ? text : text + ", of " + operands;
  }
  /// An operand: its element where it has one for that of the result, few elements, or the least and the largest.
  std::string operand(NodeId id, const Buffer& result, const Odd& odd) {
    constexpr std::size_t few = 4;
    const std::string form = " (" + describe(VarAccess::recorded(tape_, id)) + ")";
    const Buffer& array = value(id);
    const std::size_t size = size_of(array.shape());
    if (array.shape() == result.shape()) return element_text(array, odd.first) + form;
    if (size == 1) return element_text(array, 0) + form;
    if (size > few) return range_text(array) + form;
    std::string all;
    for (std::size_t k = 0; k < size; ++k) all += (k == 0 ? "" : ", ") + element_text(array, k);
    return "{" + all + "}" + form;
  }
  static std::string range_text(const Buffer& array) {
    std::size_t least = 0;
    std::size_t largest = 0;
    for (std::size_t k = 1; k < size_of(array.shape()); ++k) {
      if (element(array, k) < element(array, least)) least = k;
      if (element(array, k) > element(array, largest)) largest = k;
    }
    return "elements from " + element_text(array, least) + " to " + element_text(array, largest);
  }
  std::optional<std::string> argument(NodeId id) {
    for (std::size_t k = 0; k < inputs_.size(); ++k) {
      if (VarAccess::node(inputs_[k]) == id) return paths_()[k];
    }
    return std::nullopt;
  }

  TapeState& tape_;
  const Regions& regions_;
  NodeId recorded_;  // what comes behind was put in the place of functions
  std::span<const Var> inputs_;
  const Paths& paths_;
  Expansion expansion_;
};

}  // namespace

Guarded::Guarded(Trace& trace) : trace_(trace), regions_(std::make_unique<Regions>()) {
  if (trace.is_outermost()) return;
  throw TapeError("nan_guard: inside of another transform there are no values to look at; make it the outermost one");
}

Guarded::~Guarded() = default;

void Guarded::check(std::span<const Var> inputs, std::span<const Var> outputs, const Paths& paths) {
  for (const Var& output : outputs) {
    Search search(trace_.tape(), *regions_, inputs, paths);
    const auto report = search.report(VarAccess::node(output));
    if (!report) continue;
    has_reported_ = true;
    throw ValueError(*report);
  }
}

void Guarded::rethrow(std::span<const Var> inputs, const Paths& paths) const {
  if (has_reported_) throw;
  const auto with_cause = [&](const Error& error, bool any_node) -> std::optional<std::string> {
    Search search(trace_.tape(), *regions_, inputs, paths);
    const auto report = search.report_of_failure(any_node);
    return report ? std::optional(*report + ". It failed: " + error.what()) : std::nullopt;
  };
  try {
    throw;
  } catch (const HostError& error) {
    if (const auto text = with_cause(error, false)) throw HostError(*text);
    throw;
  } catch (const ValueError& error) {
    if (const auto text = with_cause(error, true)) throw ValueError(*text);
    throw;
  }
}

}  // namespace detail

namespace debug {

Var label(const Var& x, const std::string& name) {
  detail::require_usable(x, "label");
  if (!x.recorded()) return x;
  const std::array attributes{static_cast<std::int64_t>(primitives::Mark::Named), ir::number_of_name(name)};
  return detail::as_weak(detail::record<primitives::Identity>(x.dtype(), x.shape(), {&x}, attributes),
                         VarAccess::is_weak(x));
}

Var observe(const Var& x, std::function<void(const Var& value)> look) {
  detail::require_usable(x, "observe");
  auto body = std::make_shared<detail::HostBody>();
  body->name = "debug::observe";
  body->parameters = {std::nullopt};
  body->results = {x.dtype()};
  body->call = [look = std::move(look)](std::span<const Var> values) {
    look(values[0]);
    return std::vector<Var>{values[0]};
  };
  const auto seen = [&](const Var& y) { return detail::record_host_call(body, std::array{y}, {y.shape()})[0]; };
  const bool weak = VarAccess::is_weak(x);
  if (!is_floating(x.dtype())) return detail::as_weak(seen(x), weak);
  return detail::as_weak(custom_jvp(seen, [](const Var&, const Var& tangent) { return tangent; })(x), weak);
}

Var print(const Var& x, const std::string& name) {
  return observe(x, [name](const Var& value) {
    std::ostringstream text;  // whole, however many threads print
    text << name << " = " << value << '\n';
    std::cerr << text.str();
  });
}

}  // namespace debug
}  // namespace xgrad
