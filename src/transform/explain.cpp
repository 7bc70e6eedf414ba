#include <xgrad/transform/explain.hpp>

#include <algorithm>
#include <deque>
#include <limits>
#include <unordered_set>

#include <xgrad/core/errors.hpp>

#include "backend/evaluate.hpp"
#include "core/text.hpp"
#include "derivatives/rules.hpp"
#include "expansion.hpp"
#include "flow.hpp"
#include "primitives/traits.hpp"
#include "program_text.hpp"
#include "var/call.hpp"
#include "var/record.hpp"

namespace xgrad::detail {

namespace {

using namespace primitives;
using debug::LeafGradient;
using debug::ZeroBecause;
using debug::ZeroCause;

/// What it means that an operation turns a cotangent to zero, if its slopes are zero there. Of those that are not
/// listed: element by element ZeroSlope, else Cancelled.
ZeroBecause meaning_of(Opcode op) {
  struct Entry {
    Opcode op;
    ZeroBecause because;
  };
  static constexpr std::array table{
      Entry{opcode<Where>, ZeroBecause::NotSelected},
      Entry{opcode<Maximum>, ZeroBecause::NotSelected},
      Entry{opcode<Minimum>, ZeroBecause::NotSelected},
      Entry{opcode<Relu>, ZeroBecause::NotSelected},
      Entry{opcode<Multiply>, ZeroBecause::ZeroFactor},
      Entry{opcode<AbsorbingMultiply>, ZeroBecause::ZeroFactor},
      Entry{opcode<Concatenate>, ZeroBecause::OtherElements},
      Entry{opcode<Embed>, ZeroBecause::OtherElements},
      Entry{opcode<ScatterAdd>, ZeroBecause::OtherElements},
      Entry{opcode<ScatterAddAlongAxis>, ZeroBecause::OtherElements},
      Entry{opcode<ScatterExtremum>, ZeroBecause::NotSelected},
      Entry{opcode<Cast>, ZeroBecause::Underflow},
      Entry{opcode<Norm>, ZeroBecause::ZeroSlope},
  };
  const auto* const found = std::ranges::find(table, op, &Entry::op);
  if (found != table.end()) return found->because;
  return traits[op].computation == Computation::Elementwise ? ZeroBecause::ZeroSlope : ZeroBecause::Cancelled;
}

/// "1.5", or the smallest and largest of some elements.
std::string spread_of(const Buffer& array, std::span<const std::size_t> elements) {
  const auto less = [&](std::size_t a, std::size_t b) { return element(array, a) < element(array, b); };
  const auto [low, high] = std::ranges::minmax_element(elements, less);
  if (element(array, *low) == element(array, *high)) return element_text(array, *low);
  return "in [" + element_text(array, *low) + ", " + element_text(array, *high) + "]";
}

/// Looks for what keeps the gradient from one leaf.
class Tracing {
 public:
  Tracing(TapeState& tape, const Expansion& expansion, Flow& flow, NodeId loss, NodeId leaf)
      : tape_(tape), expansion_(expansion), flow_(flow), loss_(loss) {
    depends_.insert(leaf);
    for (const NodeId id : flow.between()) {
      for (std::size_t k = 0; k < tape.inputs(id).size(); ++k) {
        if (goes_on_to(id, k)) depends_.insert(id);
      }
    }
  }

  [[nodiscard]] bool depends(NodeId id) const { return depends_.contains(id); }

  std::vector<ZeroCause> causes() {
    open_.push_back(loss_);
    seen_.insert(loss_);
    while (!open_.empty()) {
      const NodeId id = open_.front();
      open_.pop_front();
      for (std::size_t k = 0; k < tape_.inputs(id).size(); ++k) {
        if (goes_on_to(id, k)) follow(id, k);
      }
    }
    return std::move(causes_);
  }

 private:
  /// Whether an input depends on the leaf, and has a say in the value: what is only checked has not.
  [[nodiscard]] bool goes_on_to(NodeId id, std::size_t k) const {
    const bool is_condition = traits[tape_.node(id).op].computation == Computation::Check && k == 1;
    return !is_condition && depends(tape_.inputs(id)[k]);
  }

  /// What is at `id` goes on to one of its inputs.
  void follow(NodeId id, std::size_t k) {
    const NodeId input = tape_.inputs(id)[k];
    const Opcode op = tape_.node(id).op;
    if (!flow_.is_active(id)) return follow_inactive(id, k);
    const bool asked = flow_.is_active(input) || (is_floating(tape_.node(input).dtype) && !traits[op].has_payload);
    if (op == opcode<Projection> || !asked) return go_on(id, input);
    const Buffer* const term = flow_.handed_on(id, k);
    if (term == nullptr) return stop(id, without_term(op), "");
    if (count_elements(*term).zeros == size_of(term->shape())) return stop_with_values(id, k);
    if (!flow_.is_active(input) || flow_.arrives(input)) return go_on(id, input);
    if (seen_.insert(input).second) {
      from_[input] = id;
      stop(input, ZeroBecause::Cancelled, "what comes back on several ways adds up to 0");
    }
  }

  /// Where no derivative goes: to the operation that ends it.
  void follow_inactive(NodeId id, std::size_t k) {
    const NodeId input = tape_.inputs(id)[k];
    if (tape_.node(id).op == opcode<StopGradient>) return stop(id, ZeroBecause::StopGradient, "");
    if (flow_.is_active(input)) return stop(id, ZeroBecause::NoDerivative, "");
    go_on(id, input);
  }

  void go_on(NodeId id, NodeId input) {
    if (!seen_.insert(input).second) return;
    from_[input] = id;
    open_.push_back(input);
  }

  ZeroBecause without_term(Opcode op) const {
    switch (traits[op].computation) {
      case Computation::Function:
        return ZeroBecause::CustomRule;
      case Computation::Scan:
      case Computation::While:
      case Computation::Switch:
        return ZeroBecause::TooLong;
      default:
        return ZeroBecause::NoDerivative;
    }
  }

  void stop_with_values(NodeId id, std::size_t k) {
    const Opcode op = tape_.node(id).op;
    if (has_outputs(traits[op].computation) || traits[op].computation == Computation::Function) {
      return stop(id, without_term(op), "");
    }
    if (op == opcode<Matmul>) return stop_at_product(id, k);
    const ZeroBecause because = meaning_of(op);
    if (traits[op].computation == Computation::Elementwise) return stop_element_by_element(id, k, because);
    stop(id, because, "");
  }

  void stop_at_product(NodeId id, std::size_t k) {
    const Buffer& other = value(tape_.inputs(id)[1 - k]);
    if (count_elements(other).zeros == size_of(other.shape())) {
      return stop(id, ZeroBecause::ZeroFactor,
                  "the other factor, " + type_of(tape_, tape_.inputs(id)[1 - k]) + ", is 0");
    }
    stop(id, ZeroBecause::Cancelled, "its products with the other factor are 0 or add up to 0");
  }

  void stop_element_by_element(NodeId id, std::size_t k, ZeroBecause because) {
    const Buffer& cotangent = *flow_.cotangent(id);
    std::vector<std::size_t> matter;
    for (std::size_t i = 0; i < size_of(cotangent.shape()); ++i) {
      if (element(cotangent, i) != 0.0) matter.push_back(i);
    }
    const Buffer* const slopes = flow_.slopes(id, k);
    const auto is_flat = [&](std::size_t i) { return slopes == nullptr || element(*slopes, i) == 0.0; };
    if (!std::ranges::all_of(matter, is_flat)) because = ZeroBecause::Underflow;
    std::string details;
    const std::size_t first = tape_.node(id).op == opcode<Where> ? 1 : 0;
    for (std::size_t i = first; i < tape_.inputs(id).size(); ++i) {
      const std::string which = i == k ? "its operand is" : "the other is";
      details += (details.empty() ? "" : ", ") + which + " " + spread_of(value(tape_.inputs(id)[i]), matter);
    }
    const std::size_t all = size_of(cotangent.shape());
    details += matter.size() == all ? " at all " + core::count_of(all, "element", "elements")
                                    : " at the " + std::to_string(matter.size()) + " of " +
                                          core::count_of(all, "element", "elements") + " that matter";
    stop(id, because, details);
  }

  void stop(NodeId id, ZeroBecause because, const std::string& details) {
    ZeroCause cause{.because = because,
                    .operation = operation_of(tape_, id),
                    .label = label(id),
                    .type = type_of(tape_, id),
                    .place = expansion_.place(id),
                    .details = details,
                    .way = way(id)};
    if (traits[tape_.node(id).op].has_payload) cause.type = type_of(tape_, from_.at(id));
    const auto same = std::ranges::find_if(causes_, [&](const ZeroCause& each) {
      return each.because == cause.because && each.operation == cause.operation && each.label == cause.label &&
             each.type == cause.type;
    });
    if (same == causes_.end()) causes_.push_back(std::move(cause));
    else ++same->times;
  }

  const Buffer& value(NodeId id) { return *backend::evaluated(tape_, id); }

  /// The name of a node, or of the output through which it was reached.
  std::string label(NodeId id) const {
    std::string name;
    for (auto at = from_.find(id); at != from_.end(); at = from_.find(at->second)) {
      const NodeId next = at->second;
      if (const auto known = label_of(tape_, next)) name = *known;
      const Computation computation = traits[tape_.node(next).op].computation;
      if (computation != Computation::Alias && computation != Computation::Projection) break;
    }
    return name;
  }

  std::string way(NodeId id) const {
    std::vector<std::string> names;
    for (NodeId at = id;; at = from_.at(at)) {
      if (const auto known = label_of(tape_, at)) names.push_back("'" + *known + "'");
      else if (traits[tape_.node(at).op].computation != Computation::Projection && is_named(at))
        names.push_back(operation_of(tape_, at));
      if (at == loss_) break;
    }
    std::ranges::reverse(names);
    return way_of(names);
  }
  bool is_named(NodeId id) const {
    const Opcode op = tape_.node(id).op;
    return op != opcode<Identity> && traits[op].computation != Computation::Source;
  }

  TapeState& tape_;
  const Expansion& expansion_;
  Flow& flow_;
  NodeId loss_;
  std::unordered_set<NodeId> depends_;
  std::unordered_set<NodeId> seen_;
  std::unordered_map<NodeId, NodeId> from_;  // where a node was reached from
  std::deque<NodeId> open_;
  std::vector<ZeroCause> causes_;
};

/// Whether anything that the loss is computed of depends on a leaf, in the program as it was recorded.
bool is_used(const TapeState& tape, NodeId loss, NodeId leaf) {
  const std::vector<NodeId> body = cut(tape, leaf + 1, {}, std::array{loss}).body;
  std::unordered_set<NodeId> depending{leaf};
  for (const NodeId id : body) {
    if (std::ranges::any_of(tape.inputs(id), [&](NodeId input) { return depending.contains(input); }))
      depending.insert(id);
  }
  return depending.contains(loss);
}

}  // namespace

Explaining::Explaining(Trace& trace) : trace_(trace), reads_before_(trace.tape().reads()) {
  if (trace.is_outermost()) return;
  throw TapeError("explain: inside of another transform there are no values to look at; make it the outermost one");
}

debug::GradientReport Explaining::report(const Var& loss, std::span<const Var> leaves,
                                         const Paths& paths_of_leaves) const {
  const std::vector<std::string> paths = paths_of_leaves();
  TapeState& tape = trace_.tape();
  require_usable(loss, "explain");
  require_scalar_loss("explain", loss);
  const std::size_t reads = tape.reads() - reads_before_;
  const std::string read = reads == 0 ? ""
                                      : "values were read while the function ran, by item(), array() or printing: what "
                                        "is computed of these has no derivative";
  const NodeId recorded = VarAccess::node(trace_.node(loss));
  std::vector<NodeId> inputs;
  std::vector<NodeId> moving;
  for (const Var& leaf : leaves) {
    inputs.push_back(VarAccess::node(leaf));
    if (is_floating(leaf.dtype())) moving.push_back(inputs.back());
  }
  Expansion expansion(tape, Expansion::Rules::Kept);
  const NodeId end = expansion.replace(inputs, std::array{recorded})[0];
  Flow flow(tape, end, moving);

  debug::GradientReport report;
  for (std::size_t k = 0; k < leaves.size(); ++k) {
    LeafGradient leaf{.path = paths[k], .type = type_of(tape, inputs[k]), .elements = size_of(leaves[k].shape())};
    leaf.zeros = leaf.elements;
    if (const Buffer* const gradient = flow.cotangent(inputs[k])) {
      const ElementCounts counts = count_elements(*gradient);
      leaf.zeros = counts.zeros;
      leaf.not_finite = counts.not_finite;
    }
    if (leaf.is_zero() && leaf.elements != 0) {
      Tracing tracing(tape, expansion, flow, end, inputs[k]);
      if (!is_floating(leaves[k].dtype())) leaf.causes.push_back({.because = ZeroBecause::NoFloats});
      else if (!loss.recorded()) leaf.causes.push_back({.because = ZeroBecause::NotRecorded, .details = read});
      else if (tracing.depends(end)) leaf.causes = tracing.causes();
      else if (is_used(tape, recorded, inputs[k])) leaf.causes.push_back({.because = ZeroBecause::NotTaken});
      else leaf.causes.push_back({.because = ZeroBecause::NotUsed, .details = read});
    }
    report.leaves.push_back(std::move(leaf));
  }
  return report;
}

}  // namespace xgrad::detail
