// The forward Laplacian.
#include <unordered_map>
#include <utility>

#include <xgrad/ops/elementwise.hpp>
#include <xgrad/ops/manipulate.hpp>
#include <xgrad/ops/reduce.hpp>

#include "derivatives/sweep.hpp"
#include "forward_pass.hpp"
#include "primitives/traits.hpp"
#include "taylor.hpp"
#include "var/call.hpp"
#include "var/record.hpp"

namespace xgrad::derivatives {
namespace {

/// What a forward Laplacian carries with a node.
struct Spread {
  Var tangents;  ///< along all directions, along a new first axis
  Var second;    ///< the sum of the second derivatives; empty: zero
  bool masked = false;

  [[nodiscard]] bool defined() const noexcept { return tangents.defined(); }
};

/// The spreads of outputs.
/// \param count  of the directions.
std::vector<Spread> spreads_of(TapeState& tape, std::span<const Var> inputs, std::span<const Spread> given,
                               std::span<const Var> outputs, std::size_t count);

/// In each direction by itself, a node's second derivative is what its rule makes of that of the inputs, which is
/// linear and so makes the sum of the sum, and a quadratic form of their first ones. The series along a direction that
/// stands for any, of inputs without second derivative, is this form; it is batched and summed.
class LaplacianSweep {
 public:
  LaplacianSweep(TapeState& tape, std::span<const Var> inputs, std::span<const Spread> given,
                 std::span<const Var> outputs, std::size_t count)
      : tape_(tape), count_(count), pass_(tape, inputs, given, outputs, [this](ForwardPass<Spread>&, NodeId id) {
          return is_plain_call(id) ? through_body(id) : through_node(id);
        }) {}

  std::vector<Spread> run(std::span<const Var> outputs) { return pass_.run(outputs); }

 private:
  std::vector<Spread> through_node(NodeId id) {
    std::vector<Spread> outputs = of_directions(id);
    add_linear_part(id, outputs);
    return outputs;
  }

  /// Whether a node calls a function without a rule of its own.
  [[nodiscard]] bool is_plain_call(NodeId id) const {
    return primitives::traits[tape_.node(id).op].computation == primitives::Computation::Function &&
           tape_.payload(id)->rule == nullptr;
  }

  /// The body recorded once more, and swept by itself.
  std::vector<Spread> through_body(NodeId id) {
    const std::shared_ptr<const Payload> payload = tape_.payload(id);
    const std::vector<NodeId> inputs(tape_.inputs(id).begin(), tape_.inputs(id).end());
    std::vector<Var> at;
    std::vector<Var> moving;
    std::vector<Spread> spreads;
    for (const NodeId input : inputs) {
      at.push_back(VarAccess::recorded(tape_, append_input(tape_, VarAccess::recorded(tape_, input))));
      Spread of_input = spread(input);
      if (!of_input.defined()) continue;
      moving.push_back(at.back());
      spreads.push_back(std::move(of_input));
    }
    return spreads_of(tape_, moving, spreads, record_body(tape_, *payload->function, at), count_);
  }

  /// The tangents of the outputs of a node, and the sums of their quadratic forms.
  std::vector<Spread> of_directions(NodeId id) {
    std::vector<Var> examples;
    std::vector<Var> batches;
    std::unordered_map<NodeId, Series> along_one;
    const std::function<Series(NodeId)> known = [&](NodeId input) -> Series {
      if (const auto found = along_one.find(input); found != along_one.end()) return found->second;
      const Spread all = spread(input);
      if (!all.defined()) return {};
      examples.push_back(opaque(tape_, tape_.node(input).dtype, tape_.shape(input)));
      batches.push_back(all.tangents);
      return along_one[input] = {{examples.back(), Var()}, all.masked};
    };
    std::vector<Series> series = series_of_outputs(tape_, id, 2, known);
    Var apart;
    if (is_summed_apart(id) && !series.empty() && series[0].derivatives[1].defined()) {
      apart = sum_apart(id);
      series[0].derivatives[1] = Var();
    }
    std::vector<Var> one;
    for (const Series& each : series) {
      for (const Var& x : each.derivatives) {
        if (x.defined()) one.push_back(x);
      }
    }
    const std::vector<Var> all = batch_sweep(tape_, examples, batches, count_, one);
    std::vector<Spread> result;
    std::size_t next = 0;
    for (const Series& each : series) {
      Spread spread{.tangents = {}, .second = {}, .masked = each.masked};
      if (each.defined()) spread.tangents = all[next++];
      if (each.defined() && each.derivatives[1].defined()) spread.second = sum(all[next++], 0);
      result.push_back(std::move(spread));
    }
    if (apart.defined()) result[0].second = apart;
    return result;
  }

  /// Of few directions the sum is a part of the loop that computes the terms, if each is written for itself. A batch of
  /// terms would be written and read again.
  [[nodiscard]] bool is_summed_apart(NodeId id) const {
    constexpr std::size_t most_apart = 8;
    return count_ <= most_apart &&
           primitives::traits[tape_.node(id).op].computation == primitives::Computation::Elementwise;
  }

  /// The sum of the quadratic forms, direction by direction.
  Var sum_apart(NodeId id) {
    Var result;
    for (std::size_t i = 0; i < count_; ++i) {
      const std::function<Series(NodeId)> known = [&](NodeId input) -> Series {
        const Spread all = spread(input);
        if (!all.defined()) return {};
        return {{view(all.tangents, i), Var()}, all.masked};
      };
      const Var term = series_of_outputs(tape_, id, 2, known)[0].derivatives[1];
      result = result.defined() ? result + term : term;
    }
    return result;
  }

  void add_linear_part(NodeId id, std::vector<Spread>& outputs) {
    const std::vector<NodeId> inputs(tape_.inputs(id).begin(), tape_.inputs(id).end());
    std::vector<Sensitivity> seconds;
    bool any = false;
    NodeContext context{tape_, id, false};
    for (const NodeId input : inputs) {
      const Spread of_input = spread(input);
      seconds.push_back({of_input.second, of_input.masked});
      any = any || of_input.second.defined();
      context.masked = context.masked || of_input.masked;
    }
    if (!any) return;
    const Rules& rules = rules_of(tape_.node(id).op);
    std::vector<Sensitivity> linear;
    if (rules.several != nullptr) linear = rules.several->jvp(context, seconds);
    else linear = {{rules.jvp(context, values_of(seconds)), context.masked}};
    for (std::size_t k = 0; k < linear.size() && k < outputs.size(); ++k) {
      if (!linear[k].defined()) continue;
      outputs[k].second = outputs[k].second.defined() ? outputs[k].second + linear[k].x : linear[k].x;
      outputs[k].masked = outputs[k].masked || linear[k].masked;
    }
  }

  Spread spread(NodeId id) { return pass_.at(id); }

  TapeState& tape_;
  std::size_t count_;
  ForwardPass<Spread> pass_;
};

std::vector<Spread> spreads_of(TapeState& tape, std::span<const Var> inputs, std::span<const Spread> given,
                               std::span<const Var> outputs, std::size_t count) {
  return LaplacianSweep(tape, inputs, given, outputs, count).run(outputs);
}

}  // namespace

std::vector<Var> laplacian_sweep(TapeState& tape, const Var& input, const Var& directions,
                                 std::span<const Var> outputs) {
  const Spread first{.tangents = directions, .second = {}};
  std::vector<Var> result;
  for (const Spread& each : spreads_of(tape, {&input, 1}, {&first, 1}, outputs, directions.shape()[0])) {
    result.push_back(each.second);
  }
  return result;
}

}  // namespace xgrad::derivatives
