// Derivatives and batches of primitives with several outputs.
#include <xgrad/core/errors.hpp>

#include "batching.hpp"
#include "ops/internal.hpp"
#include "primitives/arrays.hpp"
#include "var/call.hpp"

namespace xgrad::primitives {

using namespace detail;

namespace {

/// The places of the chosen elements.
Var places_of(const Site& site) {
  Shape shape = site.input(0).shape();
  const std::span<const std::int64_t> attributes = site.attributes();
  shape[static_cast<std::size_t>(attributes[0])] = static_cast<std::size_t>(attributes[2]);
  return record_projection(site.tape, site.node, 1, {DType::Int64, shape});
}

[[noreturn]] void refuse_derivative(const Site& site) {
  throw TapeError(site.tape.payload(site.node)->host->name +
                  ": a function of the user's has no derivative of its own. Give it one with custom_vjp() or "
                  "custom_jvp(), or take stop_gradient() of its arguments");
}

}  // namespace

std::vector<Sensitivity> TopK::vjp(const Site& site, std::span<const Sensitivity> cotangents, std::span<const char>) {
  const auto along = static_cast<std::size_t>(site.attributes()[0]);
  return {{scatter_add_along_axis(cotangents[0].x, places_of(site), site.input(0).shape(), along, Chooser::TopK),
           cotangents[0].masked}};
}

std::vector<Sensitivity> TopK::jvp(const Site& site, std::span<const Sensitivity> tangents) {
  const auto along = static_cast<std::size_t>(site.attributes()[0]);
  return {{take_along_axis(tangents[0].x, places_of(site), along, Chooser::TopK), tangents[0].masked}};
}

std::vector<Var> TopK::batch(const Batching& site) {
  const auto attributes = site.attributes();
  const auto [values, places] =
      top_k(site.batches[0], static_cast<std::size_t>(attributes[2]), static_cast<std::ptrdiff_t>(attributes[0]) + 1,
            attributes[1] != 0 ? Order::Descending : Order::Ascending);
  return {values, places};
}

std::vector<Sensitivity> HostCall::vjp(const Site& site, std::span<const Sensitivity>, std::span<const char>) {
  refuse_derivative(site);
}

std::vector<Sensitivity> HostCall::jvp(const Site& site, std::span<const Sensitivity>) { refuse_derivative(site); }

std::vector<Var> HostCall::batch(const Batching& site) {
  std::vector<char> batched;
  std::vector<Var> inputs;
  for (std::size_t k = 0; k < site.batches.size(); ++k) {
    batched.push_back(site.batched(k) ? 1 : 0);
    inputs.push_back(site.batched(k) ? site.batches[k] : site.input(k));
  }
  std::vector<const Var*> operands;
  for (const Var& x : inputs) operands.push_back(&x);
  auto payload = std::make_shared<Payload>();
  payload->host = batch_of(site.tape.payload(site.node)->host, site.extent, batched);
  return record_several(opcode<HostCall>, payload->host->results, operands, payload);
}

}  // namespace xgrad::primitives
