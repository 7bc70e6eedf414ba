// Derivatives and batches of primitives with several outputs.
#include <xgrad/core/errors.hpp>

#include "batching.hpp"
#include "ops/internal.hpp"
#include "primitives/arrays.hpp"
#include "var/call.hpp"
#include "var/host_order.hpp"

namespace xgrad::primitives {

using namespace derivatives;

namespace {

/// The indices of the chosen elements.
Var indices_of(const NodeContext& context) {
  Shape shape = context.input(0).shape();
  const std::span<const std::int64_t> attributes = context.attributes();
  shape[static_cast<std::size_t>(attributes[0])] = static_cast<std::size_t>(attributes[2]);
  return record_projection(context.tape, context.node, 1, {DType::Int64, shape});
}

[[noreturn]] void refuse_derivative(const NodeContext& context) {
  throw TapeError(context.tape.payload(context.node)->host->name +
                  ": a function of the user's has no derivative of its own. Give it one with custom_vjp() or "
                  "custom_jvp(), or take stop_gradient() of its arguments");
}

std::vector<Var> record_host(std::shared_ptr<const ir::HostFunction> function, std::span<const Var> arguments) {
  std::vector<const Var*> operands;
  for (const Var& x : arguments) operands.push_back(&x);
  auto payload = std::make_shared<Payload>();
  payload->host = std::move(function);
  return record_several(opcode<HostCall>, payload->host->results, operands, payload);
}

std::vector<ArrayType> inputs_of(const NodeContext& context) {
  std::vector<ArrayType> types;
  for (std::size_t k = 0; k < context.input_count(); ++k)
    types.push_back({context.input(k).dtype(), context.input(k).shape()});
  return types;
}

/// A call of a linear function of the host with derivatives of arrays, of those that are floating-point: zeros where
/// there are none. Its results are derivatives of others.
std::vector<Sensitivity> record_linear(TapeState& tape, std::shared_ptr<const ir::HostFunction> function,
                                       std::span<const ArrayType> from, std::span<const Sensitivity> given,
                                       std::span<const ArrayType> to) {
  std::vector<Var> all;
  bool masked = false;
  for (std::size_t k = 0; k < from.size(); ++k) {
    if (!is_floating(from[k].dtype)) continue;
    const bool defined = k < given.size() && given[k].defined();
    all.push_back(defined ? given[k].x : record_constant(tape, from[k].dtype, from[k].shape, 0.0));
    masked = masked || (defined && given[k].masked);
  }
  std::vector<Sensitivity> result(to.size());
  std::size_t next = 0;
  const std::vector<Var> found = record_host(std::move(function), all);
  for (std::size_t k = 0; k < to.size(); ++k) {
    if (is_floating(to[k].dtype)) result[k] = {found[next++], masked};
  }
  return result;
}

}  // namespace

std::vector<Sensitivity> TopK::vjp(const NodeContext& context, std::span<const Sensitivity> cotangents,
                                   std::span<const char>) {
  const auto along = static_cast<std::size_t>(context.attributes()[0]);
  return {{scatter_add_along_axis(cotangents[0].x, indices_of(context), context.input(0).shape(), along, Chooser::TopK),
           cotangents[0].masked}};
}

std::vector<Sensitivity> TopK::jvp(const NodeContext& context, std::span<const Sensitivity> tangents) {
  const auto along = static_cast<std::size_t>(context.attributes()[0]);
  return {{take_along_axis(tangents[0].x, indices_of(context), along, Chooser::TopK), tangents[0].masked}};
}

std::vector<Var> TopK::batch(const BatchContext& context) {
  const auto attributes = context.attributes();
  const auto [values, indices] =
      top_k(context.batches[0], static_cast<std::size_t>(attributes[2]), static_cast<std::ptrdiff_t>(attributes[0]) + 1,
            attributes[1] != 0 ? Order::Descending : Order::Ascending);
  return {values, indices};
}

std::vector<Sensitivity> HostCall::vjp(const NodeContext& context, std::span<const Sensitivity> cotangents,
                                       std::span<const char>) {
  const std::shared_ptr<const ir::HostFunction> host = context.tape.payload(context.node)->host;
  const ir::LinearRules* rules = ir::linear_rules(*host);
  if (rules == nullptr) refuse_derivative(context);
  return record_linear(context.tape, rules->transposed(next_order(context.tape, rules->sequence)), host->results,
                       cotangents, inputs_of(context));
}

std::vector<Sensitivity> HostCall::jvp(const NodeContext& context, std::span<const Sensitivity> tangents) {
  const std::shared_ptr<const ir::HostFunction> host = context.tape.payload(context.node)->host;
  const ir::LinearRules* rules = ir::linear_rules(*host);
  if (rules == nullptr) refuse_derivative(context);
  const std::size_t order = next_order(context.tape, rules->sequence);
  // Twice transposed, it is the function of floating-point arguments alone.
  return record_linear(context.tape, ir::linear_rules(*rules->transposed(order))->transposed(order), inputs_of(context),
                       tangents, host->results);
}

std::vector<Var> HostCall::batch(const BatchContext& context) {
  const std::shared_ptr<const ir::HostFunction> host = context.tape.payload(context.node)->host;
  std::vector<char> batched;
  std::vector<Var> inputs;
  const ir::LinearRules* rules = ir::linear_rules(*host);
  for (std::size_t k = 0; k < context.batches.size(); ++k) {
    batched.push_back(context.batched(k) ? 1 : 0);
    inputs.push_back(rules != nullptr ? context.batch(k) : context.batched(k) ? context.batches[k] : context.input(k));
  }
  if (rules == nullptr) return record_host(batch_of(host, context.extent, batched), inputs);
  return record_host(rules->batch(context.extent, next_order(context.tape, rules->sequence)), inputs);
}

}  // namespace xgrad::primitives
