#include "linearity.hpp"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include <xgrad/core/errors.hpp>

#include "derivatives/range.hpp"
#include "derivatives/rules.hpp"
#include "ir/function.hpp"
#include "memory/buffer.hpp"
#include "primitives/traits.hpp"

namespace xgrad::derivatives {
namespace {

template <class T>
bool are_zeros(const std::byte* data, std::size_t count) {
  return std::ranges::all_of(std::span(reinterpret_cast<const T*>(data), count), [](T each) { return each == T(0); });
}

bool holds_zeros(const memory::Buffer& array) {
  const std::size_t count = size_of(array.shape());
  switch (array.dtype()) {
    case DType::Bool:
      return are_zeros<bool>(array.data(), count);
    case DType::Int64:
      return are_zeros<std::int64_t>(array.data(), count);
    case DType::Float32:
      return are_zeros<float>(array.data(), count);
    default:
      return are_zeros<double>(array.data(), count);
  }
}

constexpr int most_steps = 64;

/// What is seen to be 0 in every element.
class Zeros {
 public:
  /// \param parameters  of a function: which of the first nodes are.
  explicit Zeros(const TapeState& tape, std::vector<char> parameters = {})
      : tape_(tape), parameters_(std::move(parameters)) {}

  /// \param steps  how far it is looked for.
  [[nodiscard]] bool is_zero(NodeId id, int steps) {
    if (id < parameters_.size()) return parameters_[id] != 0;
    const auto known = known_.find(id);
    if (known != known_.end()) return known->second;
    if (steps == 0) return false;
    const bool result = looks_zero(id, steps - 1);
    known_.emplace(id, result);
    return result;
  }

 private:
  [[nodiscard]] bool looks_zero(NodeId id, int steps) {
    const Opcode op = tape_.node(id).op;
    if (op == opcode<primitives::Constant>) {
      const bool floating = is_floating(tape_.node(id).dtype);
      return floating ? tape_.scalar(id).real == 0.0 : tape_.scalar(id).integer == 0;
    }
    if (op == opcode<primitives::Leaf>) return tape_.value(id) != nullptr && holds_zeros(*tape_.value(id));
    if (op == opcode<primitives::Projection>)
      return is_zero_output(tape_.inputs(id)[0], tape_.attributes(id)[0], steps);
    const Rules& rules = rules_of(op);
    const std::span<const NodeId> used = tape_.inputs(id);
    if (used.empty() || rules.several != nullptr) return false;
    const auto zero = [&](NodeId input) { return is_zero(input, steps); };
    if (op == opcode<primitives::StopGradient>) return zero(used[0]);
    if (op == opcode<primitives::Where>) return zero(used[1]) && zero(used[2]);
    if (rules.taylor == TaylorRule::Bilinear) return std::ranges::any_of(used, zero);
    if (rules.taylor == TaylorRule::Quotient) return zero(used[0]);
    if (rules.taylor != TaylorRule::Linear || rules.is_flat) return false;
    if (op == opcode<primitives::Cast> || !is_floating(tape_.node(id).dtype)) return std::ranges::all_of(used, zero);
    // Others have indices beside their numbers.
    return std::ranges::all_of(used,
                               [&](NodeId input) { return !is_floating(tape_.node(input).dtype) || zero(input); });
  }

  /// An output of a call, a branch or a loop.
  [[nodiscard]] bool is_zero_output(NodeId node, std::int64_t output, int steps) {
    const Opcode op = tape_.node(node).op;
    const auto which = static_cast<std::size_t>(output);
    const std::span<const NodeId> inputs = tape_.inputs(node);
    const auto given = [&](std::size_t from) {
      std::vector<char> zero;
      for (const NodeId input : inputs.subspan(from)) zero.push_back(is_zero(input, steps) ? 1 : 0);
      return zero;
    };
    const auto is_zero_in = [&](const Function& function, const std::vector<char>& parameters, NodeId id) {
      return Zeros(function.program(), parameters).is_zero(id, steps);
    };
    if (!primitives::traits[op].has_payload) return false;
    const std::shared_ptr<const Payload>& payload = tape_.payload(node);
    if (op == opcode<primitives::Call>) {
      return is_zero_in(*payload->function, given(0), payload->function->outputs()[which]);
    }
    if (op == opcode<primitives::Switch>) {
      const std::vector<char> zero = given(1);
      return std::ranges::all_of(payload->branches, [&](const std::shared_ptr<const Function>& branch) {
        return is_zero_in(*branch, zero, branch->outputs()[which]);
      });
    }
    if (op != opcode<primitives::Scan> && op != opcode<primitives::While>) return false;
    // What is carried is 0 if it begins as 0 and a run makes 0 of what is.
    const Function& body = *payload->function;
    const std::size_t carried = payload->scan.carried;
    std::vector<char> zero = given(0);
    for (bool settled = false; !settled;) {
      settled = true;
      for (std::size_t k = 0; k < carried; ++k) {
        if (zero[k] == 0 || is_zero_in(body, zero, body.outputs()[k])) continue;
        zero[k] = 0;
        settled = false;
      }
    }
    if (which < carried) return zero[which] != 0;
    return is_zero_in(body, zero, static_cast<NodeId>(which - carried));
  }

  const TapeState& tape_;
  std::vector<char> parameters_;
  std::unordered_map<NodeId, bool> known_;
};

/// What can be said of the nodes of a function that shall be linear in some of them.
class Linearity {
 public:
  Linearity(const TapeState& tape, std::span<const Var> inputs, std::span<const Var> outputs)
      : tape_(tape), active_(active_range(tape, inputs, outputs)), depending_(active_) {
    for (std::size_t i = 0; i < depending_.active.size(); ++i) {
      const NodeId id = active_.first + static_cast<NodeId>(i);
      if (is_projection_node(tape.node(id).op)) continue;  // a loop may count what it does
      for (const NodeId input : used_inputs(id)) {
        if (depending_.is_active(input)) depending_.active[i] = 1;
      }
    }
  }

  /// Those that an input has a part in, and that have a part in an output; the last first.
  [[nodiscard]] std::vector<NodeId> between(std::span<const Var> outputs) const {
    std::vector<char> needed(depending_.active.size(), 0);
    for (const Var& output : outputs) {
      if (depending_.contains(node_of(output))) needed[node_of(output) - depending_.first] = 1;
    }
    std::vector<NodeId> result;
    for (std::size_t i = needed.size(); i-- > 0;) {
      if (needed[i] == 0 || depending_.active[i] == 0) continue;
      result.push_back(depending_.first + static_cast<NodeId>(i));
      for (const NodeId input : used_inputs(result.back())) {
        if (depending_.contains(input)) needed[input - depending_.first] = 1;
      }
    }
    return result;
  }

  /// Why a node is not linear in what depends on the inputs; empty if it is, or is not looked into.
  [[nodiscard]] std::string_view fault(NodeId id) const {
    const Opcode op = tape_.node(id).op;
    const Rules& rules = rules_of(op);
    const std::span<const NodeId> used = used_inputs(id);
    const auto depends = [&](NodeId input) { return depending_.is_active(input); };
    if (std::ranges::none_of(used, depends)) return {};  // an input of the function
    if (!active_.is_active(id)) {                        // where derivatives end; not what comes after that
      const bool ends = std::ranges::any_of(used, [&](NodeId input) { return active_.is_active(input); });
      return ends ? "which has no derivative" : std::string_view();
    }
    if (rules.is_flat) return "whose derivative is 0";
    if (rules.several != nullptr || is_projection_node(op)) return {};
    switch (rules.taylor) {
      case TaylorRule::Linear:
        if (rules.is_additive && !std::ranges::all_of(used, [&](NodeId k) { return depends(k) || adds_nothing(k); })) {
          return "which adds something that does not depend on it";
        }
        return {};
      case TaylorRule::Bilinear:
        return std::ranges::all_of(used, depends) ? "of which both operands depend on it" : std::string_view();
      case TaylorRule::Quotient:
        return depends(used[1]) ? "which divides by it" : std::string_view();
      default: {
        const auto first = std::ranges::find_if(used, depends);
        const bool in_one = std::ranges::count_if(used, depends) == 1;
        return in_one && static_cast<std::size_t>(first - used.begin()) >= rules.linear_from ? std::string_view()
                                                                                             : "which is not linear";
      }
    }
  }
  /// Whether an output that does not depend on the inputs is 0.
  [[nodiscard]] bool is_linear_output(NodeId id) const { return depending_.is_active(id) || adds_nothing(id); }

 private:
  /// What is only checked has no say.
  [[nodiscard]] std::span<const NodeId> used_inputs(NodeId id) const {
    const std::span<const NodeId> all = tape_.inputs(id);
    const bool checks = primitives::traits[tape_.node(id).op].computation == primitives::Computation::Check;
    return checks ? all.first(1) : all;
  }

  /// Whether it is seen to be 0 in every element, or says which elements are taken.
  [[nodiscard]] bool adds_nothing(NodeId id) const {
    return !is_floating(tape_.node(id).dtype) || zeros_.is_zero(id, 64);
  }

  const TapeState& tape_;
  Range active_;     // what derivatives go through
  Range depending_;  // and what else depends on the inputs
  mutable Zeros zeros_{tape_};
};

}  // namespace

bool is_seen_to_be_zero(const Var& x) { return Zeros(VarAccess::tape(x)).is_zero(VarAccess::node(x), most_steps); }

void require_linear(std::string_view operation, std::string_view function, const TapeState& tape,
                    std::span<const Var> inputs, std::span<const Var> outputs) {
  const std::string begin = std::string(operation) + ": " + std::string(function) + " is not linear: ";
  const Linearity linearity(tape, inputs, outputs);
  for (const NodeId id : linearity.between(outputs)) {
    const std::string_view fault = linearity.fault(id);
    if (fault.empty()) continue;
    throw TapeError(begin + "its result depends on what it is given by way of " +
                    std::string(primitives::name_of(tape.node(id).op)) + ", " + std::string(fault));
  }
  for (const Var& output : outputs) {
    if (!linearity.is_linear_output(node_of(output))) {
      throw TapeError(begin + "a result does not depend on what it is given, and is not 0");
    }
  }
}

}  // namespace xgrad::derivatives
