// Whether an optimiser works element by element, so that pieces of parameters are updated as the whole would be.
#include <algorithm>
#include <string>
#include <vector>

#include <xgrad/core/errors.hpp>
#include <xgrad/ops/create.hpp>
#include <xgrad/train/shard_work.hpp>
#include <xgrad/transform/trace.hpp>

#include "ir/state.hpp"
#include "primitives/traits.hpp"
#include "var/access.hpp"

namespace xgrad::train::detail {
namespace {

using primitives::Computation;

/// A recorded update.
class Recorded {
 public:
  Recorded(const UpdateParts& parts, RecordUpdate record) : trace_(xgrad::detail::Trace::Fresh()) {
    const auto inputs = [&](const List& arrays, bool are_parts) {
      std::vector<Var> result;
      for (const Var& x : arrays) {
        result.push_back(trace_.input(x));
        if (are_parts) parts_.push_back(VarAccess::node(result.back()));
      }
      return result;
    };
    const std::vector<Var> leaves = inputs(parts.leaves, true);
    const std::vector<Var> gradient = inputs(parts.leaves, true);
    std::vector<Var> state;
    for (const Var& x : parts.state) {
      state.push_back(trace_.input(x));
      if (parts.is_part[state.size() - 1] != 0) parts_.push_back(VarAccess::node(state.back()));
    }
    outputs_ = trace_.nodes(record(leaves, gradient, state, trace_.input(Var(1.0))));
  }

  [[nodiscard]] const ir::TapeState& tape() const { return trace_.tape(); }

  /// The nodes that outputs need, in order.
  [[nodiscard]] std::vector<ir::NodeId> needed() const {
    std::vector<char> is_needed(tape().size(), 0);
    for (const Var& x : outputs_) is_needed[VarAccess::node(x)] = 1;
    for (ir::NodeId id = static_cast<ir::NodeId>(tape().size()); id-- > 0;) {
      if (is_needed[id] == 0) continue;
      for (const ir::NodeId input : tape().inputs(id)) is_needed[input] = 1;
    }
    std::vector<ir::NodeId> result;
    for (ir::NodeId id = 0; id < tape().size(); ++id) {
      if (is_needed[id] != 0) result.push_back(id);
    }
    return result;
  }
  /// Whether each node depends on parts of parameters.
  [[nodiscard]] std::vector<char> of_parts() const {
    std::vector<char> result(tape().size(), 0);
    for (const ir::NodeId id : parts_) result[id] = 1;
    for (ir::NodeId id = 0; id < tape().size(); ++id) {
      for (const ir::NodeId input : tape().inputs(id)) result[id] = static_cast<char>(result[id] | result[input]);
    }
    return result;
  }

 private:
  xgrad::detail::Trace trace_;
  std::vector<ir::NodeId> parts_;
  std::vector<Var> outputs_;
};

[[noreturn]] void refuse(const std::string& optimiser, const std::string& why) {
  throw ValueError("train: the state of " + optimiser + " cannot be kept in slices, a part in each process: " + why +
                   "; what is updated in slices works element by element: keep the whole state, or take another "
                   "optimiser");
}

bool is_by_element(Computation computation) {
  return computation == Computation::Elementwise || computation == Computation::Conversion ||
         computation == Computation::Source || computation == Computation::Alias;
}

/// Whether a node does the same in both records, whatever the number of elements.
bool is_alike(const ir::TapeState& a, ir::NodeId i, const ir::TapeState& b, ir::NodeId j,
              const std::vector<ir::NodeId>& partner) {
  const auto inputs = a.inputs(i);
  const auto others = b.inputs(j);
  if (a.node(i).op != b.node(j).op || a.node(i).dtype != b.node(j).dtype || inputs.size() != others.size())
    return false;
  for (std::size_t k = 0; k < inputs.size(); ++k) {
    if (partner[inputs[k]] != others[k]) return false;
  }
  return a.node(i).op != ir::TapeState::constant_opcode || a.scalar(i).integer == b.scalar(j).integer;
}

}  // namespace

List other_shapes(const List& arrays) {
  List result;
  for (const Var& x : arrays) result.push_back(zeros({x.size() / 2 + 2}, x.dtype()));
  return result;
}

List without_ones(const List& arrays) {
  List result;
  for (const Var& x : arrays) {
    Shape shape = x.shape();
    std::replace(shape.begin(), shape.end(), std::size_t{1}, std::size_t{2});
    if (shape.empty()) shape = Shape{2};
    result.push_back(zeros(shape, x.dtype()));
  }
  return result;
}

void require_elementwise(const std::string& optimiser, const UpdateParts& whole, const UpdateParts& slices,
                         RecordUpdate record_whole, RecordUpdate record_slices) {
  const Recorded first(whole, record_whole);
  const Recorded second(slices, record_slices);
  const std::vector<ir::NodeId> nodes = first.needed();
  const std::vector<ir::NodeId> others = second.needed();
  const std::vector<char> of_parts = first.of_parts();
  std::vector<ir::NodeId> partner(first.tape().size(), ir::no_node);
  for (std::size_t k = 0; k < nodes.size(); ++k) {
    const ir::NodeId id = nodes[k];
    const auto& traits = primitives::traits[first.tape().node(id).op];
    if (!is_by_element(traits.computation)) {
      const bool spreads_one =
          traits.computation == Computation::View && size_of(first.tape().shape(first.tape().inputs(id)[0])) == 1;
      if (of_parts[id] != 0) {
        refuse(optimiser, "it takes elements of a parameter together (" + std::string(traits.name) + ")");
      }
      if (!spreads_one && k < others.size() && first.tape().shape(id) != second.tape().shape(others[k])) {
        refuse(optimiser, "it makes arrays in the shape of a parameter (" + std::string(traits.name) + ")");
      }
    }
    if (k >= others.size() || !is_alike(first.tape(), id, second.tape(), others[k], partner)) {
      refuse(optimiser, "what it does depends on the shape of a parameter");
    }
    partner[id] = others[k];
  }
  if (nodes.size() != others.size()) refuse(optimiser, "what it does depends on the shape of a parameter");
}

}  // namespace xgrad::train::detail
