// Derivatives and batches of primitives with several outputs.
#include <xgrad/core/errors.hpp>

#include "batching.hpp"
#include "ops/internal.hpp"
#include "primitives/arrays.hpp"
#include "var/call.hpp"

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

std::vector<Sensitivity> HostCall::vjp(const NodeContext& context, std::span<const Sensitivity>,
                                       std::span<const char>) {
  refuse_derivative(context);
}

std::vector<Sensitivity> HostCall::jvp(const NodeContext& context, std::span<const Sensitivity>) {
  refuse_derivative(context);
}

std::vector<Var> HostCall::batch(const BatchContext& context) {
  std::vector<char> batched;
  std::vector<Var> inputs;
  for (std::size_t k = 0; k < context.batches.size(); ++k) {
    batched.push_back(context.batched(k) ? 1 : 0);
    inputs.push_back(context.batched(k) ? context.batches[k] : context.input(k));
  }
  std::vector<const Var*> operands;
  for (const Var& x : inputs) operands.push_back(&x);
  auto payload = std::make_shared<Payload>();
  payload->host = batch_of(context.tape.payload(context.node)->host, context.extent, batched);
  return record_several(opcode<HostCall>, payload->host->results, operands, payload);
}

}  // namespace xgrad::primitives
