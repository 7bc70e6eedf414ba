#include <xgrad/debug.hpp>

#include <array>
#include <cmath>
#include <iostream>
#include <optional>
#include <sstream>
#include <vector>

#include <xgrad/core/errors.hpp>
#include <xgrad/transform/custom.hpp>
#include <xgrad/transform/host_call.hpp>

#include "backend/evaluate.hpp"
#include "expansion.hpp"
#include "ir/names.hpp"
#include "primitives/traits.hpp"
#include "program_text.hpp"
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

/// Goes back from a result that is not finite to what made it so.
class Search {
 public:
  Search(TapeState& tape, std::span<const Var> inputs, const Paths& paths)
      : tape_(tape), inputs_(inputs), paths_(paths), expansion_(tape, Expansion::Rules::Replaced) {}

  /// What made a result odd; nothing if it is finite.
  std::optional<std::string> report(NodeId result) {
    if (!is_odd(result)) return std::nullopt;
    NodeId at = result;
    for (std::optional<NodeId> cause = at; cause; cause = cause_of(at)) {
      at = *cause;
      remember(at);
    }
    return "nan_guard: " + origin(at) + ". The way to the result: " + way_of(names_);
  }

 private:
  const Buffer& value(NodeId id) { return *backend::evaluated(tape_, id); }
  bool has_value(NodeId id) const {
    const Computation computation = traits[tape_.node(id).op].computation;
    return !has_outputs(computation) && computation != Computation::Function;
  }
  bool is_odd(NodeId id) {
    return has_value(id) && is_floating(tape_.node(id).dtype) && odd_elements(value(id)).count != 0;
  }

  /// An input that is odd already; of an output of a loop, a branch or a call, what ran in its place.
  std::optional<NodeId> cause_of(NodeId id) {
    if (tape_.node(id).op != opcode<Projection>) return odd_input(id);
    const std::optional<NodeId> inside = expansion_.in_place_of(id);
    return inside && is_odd(*inside) ? inside : odd_input(tape_.inputs(id)[0]);
  }
  std::optional<NodeId> odd_input(NodeId id) {
    for (std::size_t k = 0; k < tape_.inputs(id).size(); ++k) {
      if (is_odd(tape_.inputs(id)[k])) return tape_.inputs(id)[k];
    }
    return std::nullopt;
  }
  void remember(NodeId id) {
    if (const auto label = label_of(tape_, id)) names_.push_back("'" + *label + "'");
    else if (traits[tape_.node(id).op].computation != Computation::Alias) names_.push_back(operation_of(tape_, id));
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
  /// An operand, with its element where it has one for that of the result.
  std::string operand(NodeId id, const Buffer& result, const Odd& odd) {
    const std::string form = describe(VarAccess::recorded(tape_, id));
    const Buffer& array = value(id);
    if (array.shape() == result.shape()) return element_text(array, odd.first) + " (" + form + ")";
    return form;
  }
  std::optional<std::string> argument(NodeId id) {
    for (std::size_t k = 0; k < inputs_.size(); ++k) {
      if (VarAccess::node(inputs_[k]) == id) return paths_()[k];
    }
    return std::nullopt;
  }

  TapeState& tape_;
  std::span<const Var> inputs_;
  const Paths& paths_;
  Expansion expansion_;
  std::vector<std::string> names_;
};

}  // namespace

Guarded::Guarded(Trace& trace) : trace_(trace) {
  if (trace.is_outermost()) return;
  throw TapeError("nan_guard: inside of another transform there are no values to look at; make it the outermost one");
}

void Guarded::check(std::span<const Var> inputs, std::span<const Var> outputs, const Paths& paths) const {
  for (const Var& output : outputs) {
    Search search(trace_.tape(), inputs, paths);
    if (const auto report = search.report(VarAccess::node(output))) throw ValueError(*report);
  }
}

}  // namespace detail

namespace debug {

Var label(const Var& x, const std::string& name) {
  detail::require_usable(x, "label");
  if (!x.recorded()) return x;
  const std::array<std::int64_t, 2> attributes{2, ir::number_of_name(name)};
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
