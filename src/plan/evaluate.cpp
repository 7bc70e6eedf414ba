#include "evaluate.hpp"

#include <array>
#include <deque>

#include "kernels/kernels.hpp"
#include "memory.hpp"
#include "plan.hpp"
#include "primitives/list.hpp"
#include "views.hpp"

namespace xgrad::detail {
namespace {

using namespace primitives;
using kernels::Operand;

/// How a primitive that is neither view nor source is run.
struct Execution {
  kernels::Kernel kernel = nullptr;  // null: element by element
  bool dense_inputs = false;
};

template <class P>
constexpr Execution execution_for() {
  const auto is = []<class... Q>(boost::hana::basic_type<Q>...) { return (std::is_same_v<P, Q> || ...); };
  using boost::hana::type_c;
  if (is(type_c<Cast>)) return {kernels::cast, false};
  if (is(type_c<Concatenate>)) return {kernels::concatenate, false};
  if (is(type_c<Embed>)) return {kernels::embed, false};
  if (is(type_c<primitives::Sum>)) return {kernels::sum, false};
  if (is(type_c<MaxReduce>)) return {kernels::max_reduce, false};
  if (is(type_c<MinReduce>)) return {kernels::min_reduce, false};
  if (is(type_c<Matmul>)) return {kernels::matmul, false};
  if (is(type_c<ArgMax>)) return {kernels::argmax, true};
  if (is(type_c<Take>)) return {kernels::take, true};
  if (is(type_c<ScatterAdd>)) return {kernels::scatter_add, true};
  if (is(type_c<TakeAlongAxis>)) return {kernels::take_along_axis, true};
  if (is(type_c<ScatterAddAlongAxis>)) return {kernels::scatter_add_along_axis, true};
  if (is(type_c<OneHot>)) return {kernels::one_hot, true};
  return {};
}

constexpr auto executions =
    table_of_primitives<Execution>([]<class P>(boost::hana::basic_type<P>) { return execution_for<P>(); });

constexpr std::size_t max_arity = 3;  // of primitives that are computed element by element

/// One evaluation: walks a plan and keeps each value as long as a later step needs it.
class Run {
 public:
  Run(const TapeState& tape, const Plan& plan)
      : tape_(tape),
        plan_(plan),
        uses_(plan.uses),
        values_(plan.nodes.size()),
        results_(plan.outputs.size()),
        output_of_(plan.nodes.size(), no_output) {
    for (std::uint32_t k = 0; k < plan.outputs.size(); ++k) output_of_[plan.outputs[k]] = k;
  }

  std::vector<BufferPtr> operator()() {
    std::size_t next_input = 0;
    for (ValueId id = 0; id < plan_.nodes.size(); ++id) {
      const NodeId node = plan_.nodes[id];
      if (Buffer* known = tape_.value(node)) {
        values_[id].data = known->data();
        continue;
      }
      const std::span<const ValueId> inputs(plan_.inputs.data() + next_input, tape_.inputs(node).size());
      next_input += inputs.size();
      compute(id, node, inputs);
      for (const ValueId input : inputs) drop(input);
    }
    std::vector<BufferPtr> results;
    for (const ValueId id : plan_.outputs) results.push_back(result(id));
    return results;
  }

 private:
  static constexpr std::uint32_t no_output = ~0U;
  static constexpr std::uint32_t uniform = ~0U;

  struct Value {
    std::byte* data = nullptr;
    BlockId block = no_block;
    std::uint32_t strides = 0;  // 0: dense; uniform: all strides are 0; else one more than the place in strides_
  };

  [[nodiscard]] Strides strides_of(ValueId id) const {
    const Shape& shape = tape_.shape(plan_.nodes[id]);
    const std::uint32_t strides = values_[id].strides;
    if (strides == 0) return kernels::dense_strides(shape);
    return strides == uniform ? Strides(shape.size(), 0) : strides_[strides - 1];
  }

  [[nodiscard]] Operand operand(ValueId id) const {
    const NodeId node = plan_.nodes[id];
    return {values_[id].data, &tape_.shape(node), strides_of(id), tape_.node(node).dtype};
  }

  [[nodiscard]] bool same_shape(NodeId a, NodeId b) const {
    return tape_.node(a).shape == tape_.node(b).shape || tape_.shape(a) == tape_.shape(b);
  }

  void compute(ValueId id, NodeId node, std::span<const ValueId> inputs) {
    const Opcode op = tape_.node(node).op;
    if (op == opcode<Constant>) return make_constant(id, node);
    const bool elementwise = executions[op].kernel == nullptr && !is_view(op);
    if (elementwise && run_flat(id, node, inputs)) return;
    operands_.clear();
    for (const ValueId input : inputs) operands_.push_back(operand(input));
    if (is_view(op) && make_view(id, node, inputs[0])) return;

    const Execution& execution = executions[op];
    temporaries_.clear();
    if (execution.dense_inputs) {
      for (Operand& each : operands_) make_dense(each);
    }
    const Shape& shape = tape_.shape(node);
    Operand output{nullptr, &shape, kernels::dense_strides(shape), tape_.node(node).dtype};
    output.data = place_output(id, node, inputs, elementwise);
    const kernels::Call call{output, operands_, tape_.attributes(node)};
    if (size_of(shape) != 0) {
      if (is_view(op)) copy_in_order(output, operands_[0]);
      else if (execution.kernel != nullptr) execution.kernel(call);
      else kernels::elementwise(op, call);
    }
    for (const BlockId block : temporaries_) memory_.release(block);
  }

  /// The usual step, which needs no strides: element by element over dense arrays like the output, and single numbers.
  bool run_flat(ValueId id, NodeId node, std::span<const ValueId> inputs) {
    std::array<const std::byte*, max_arity> data;
    std::array<std::ptrdiff_t, max_arity> step;
    for (std::size_t k = 0; k < inputs.size(); ++k) {
      const Value& input = values_[inputs[k]];
      const bool single = input.strides == uniform;
      if (!single && (input.strides != 0 || !same_shape(plan_.nodes[inputs[k]], node))) return false;
      data[k] = input.data;
      step[k] = single ? 0 : 1;
    }
    std::byte* output = place_output(id, node, inputs, true);
    const DType dtype = tape_.node(plan_.nodes[inputs.back()]).dtype;
    kernels::elementwise_run(tape_.node(node).op, dtype, size_of(tape_.shape(node)), output, data.data(), step.data());
    return true;
  }

  void make_constant(ValueId id, NodeId node) {
    constants_.emplace_back();
    std::byte* data = constants_.back().data();
    const Scalar scalar = tape_.scalar(node);
    kernels::dispatch(tape_.node(node).dtype, [&]<class T>() {
      *reinterpret_cast<T*>(data) =
          std::is_floating_point_v<T> ? static_cast<T>(scalar.real) : static_cast<T>(scalar.integer);
    });
    values_[id].data = data;
    values_[id].strides = uniform;
  }

  bool make_view(ValueId id, NodeId node, ValueId input) {
    const auto view = view_of(tape_.node(node).op, tape_.shape(node), operands_[0], tape_.attributes(node));
    if (!view) return false;
    const Value& source = values_[input];
    values_[id].data = source.data;
    if (source.data != nullptr) {  // an array without elements has no memory, but a view of it may start at an offset
      values_[id].data += view->offset * static_cast<std::ptrdiff_t>(size_of(tape_.node(node).dtype));
    }
    values_[id].block = source.block;
    if (source.block != no_block) memory_.retain(source.block);
    if (!kernels::is_dense(tape_.shape(node), view->strides)) set_strides(id, view->strides);
    return true;
  }

  /// A reshape of an array with gaps: the elements move, in the order that they have.
  static void copy_in_order(Operand output, const Operand& input) {
    output.shape = input.shape;
    output.strides = kernels::dense_strides(*input.shape);
    kernels::copy(output, input);
  }

  void make_dense(Operand& x) {
    if (kernels::is_dense(*x.shape, x.strides)) return;
    Operand copy = x;
    temporaries_.push_back(memory_.allocate(size_of(*x.shape) * size_of(x.dtype)));
    copy.data = memory_.data(temporaries_.back());
    copy.strides = kernels::dense_strides(*x.shape);
    kernels::copy(copy, x);
    x = copy;
  }

  /// Memory for the output of a step: a result that the user gets, the memory of an input that is not needed any more,
  /// or a block.
  std::byte* place_output(ValueId id, NodeId node, std::span<const ValueId> inputs, bool may_overwrite) {
    Value& value = values_[id];
    const DType dtype = tape_.node(node).dtype;
    if (output_of_[id] != no_output) {
      BufferPtr& result = results_[output_of_[id]];
      result = make_buffer(dtype, tape_.shape(node));
      return value.data = result->data();
    }
    for (std::size_t k = 0; may_overwrite && k < inputs.size(); ++k) {
      const Value& input = values_[inputs[k]];
      const NodeId from = plan_.nodes[inputs[k]];
      if (uses_[inputs[k]] == 1 && input.block != no_block && memory_.users(input.block) == 1 && input.strides == 0 &&
          input.data == memory_.data(input.block) && size_of(tape_.node(from).dtype) == size_of(dtype) &&
          same_shape(from, node)) {
        memory_.retain(input.block);
        value.block = input.block;
        return value.data = input.data;
      }
    }
    value.block = memory_.allocate(size_of(tape_.shape(node)) * size_of(dtype));
    return value.data = memory_.data(value.block);
  }

  void drop(ValueId id) {
    if (--uses_[id] == 0 && values_[id].block != no_block) memory_.release(values_[id].block);
  }

  void set_strides(ValueId id, const Strides& strides) {
    strides_.push_back(strides);
    values_[id].strides = static_cast<std::uint32_t>(strides_.size());
  }

  /// The array of an output; what is only a view so far is copied.
  BufferPtr result(ValueId id) {
    BufferPtr& made = results_[output_of_[id]];
    if (made) return made;
    const NodeId node = plan_.nodes[id];
    if (Buffer* known = tape_.value(node)) return made = BufferPtr::share(known);
    const Operand source = operand(id);
    made = make_buffer(source.dtype, *source.shape);
    Operand target{made->data(), source.shape, kernels::dense_strides(*source.shape), source.dtype};
    if (size_of(*source.shape) != 0) kernels::copy(target, source);
    return made;
  }

  const TapeState& tape_;
  const Plan& plan_;
  std::vector<std::uint32_t> uses_;
  std::vector<Value> values_;
  std::vector<BufferPtr> results_;
  std::vector<std::uint32_t> output_of_;
  std::vector<Strides> strides_;
  std::deque<std::array<std::byte, sizeof(Scalar)>> constants_;
  std::vector<Operand> operands_;
  std::vector<BlockId> temporaries_;
  Memory memory_;
};

}  // namespace

std::vector<BufferPtr> evaluate(TapeState& tape, std::span<const NodeId> outputs) {
  const Plan plan = make_plan(tape, outputs);
  std::vector<BufferPtr> values = Run(tape, plan)();
  for (std::size_t k = 0; k < outputs.size(); ++k) {
    if (tape.value(outputs[k]) == nullptr) tape.keep_value(outputs[k], values[k]);
  }
  return values;
}

Buffer* evaluated(TapeState& tape, NodeId output) {
  if (Buffer* known = tape.value(output)) return known;
  const std::array outputs{output};
  return evaluate(tape, outputs)[0].get();  // the tape keeps it
}

}  // namespace xgrad::detail
