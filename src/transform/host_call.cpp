#include <xgrad/transform/host_call.hpp>

#include <exception>

#include <xgrad/core/errors.hpp>
#include <xgrad/ops/elementwise.hpp>
#include <xgrad/transform/linear_host.hpp>

#include "host_function.hpp"
#include "ir/linear_host.hpp"
#include "primitives/list.hpp"
#include "var/host_order.hpp"
#include "var/record.hpp"

namespace xgrad::detail {
namespace {

/// An argument with the elements that the function takes.
Var fitted(const HostBody& body, std::size_t k, const Var& x) {
  const std::optional<DType> wanted = body.parameters[k];
  if (!wanted || *wanted == x.dtype()) return as_weak(x, false);
  if (VarAccess::is_weak(x)) return as_weak(cast(x, *wanted), false);
  throw TypeError(body.name + ": argument " + std::to_string(k) + " is " + describe(x) + ", the function takes " +
                  std::string(name(*wanted)) + "; cast the argument");
}

std::vector<Var> results_of(const HostBody& body, std::span<const Var> values) {
  try {
    return body.call(values);
  } catch (const std::exception& error) {
    throw HostError(body.name + ": the function threw: " + error.what());
  } catch (...) {
    throw HostError(body.name + ": the function threw what is no std::exception");
  }
}

std::vector<Var> results_of(const LinearHost& function, std::span<const Var> values) {
  try {
    return function.call(values);
  } catch (const Error&) {
    throw;
  } catch (const std::exception& error) {
    throw HostError(function.name + ": " + error.what());
  }
}

/// Calls the function outside of all that is recorded.
template <class Body>
std::vector<BufferPtr> call(const Body& body, std::span<const BufferPtr> arguments) {
  const Outside outside;
  std::vector<Var> values;
  for (const BufferPtr& each : arguments) values.push_back(VarAccess::concrete(each));
  std::vector<BufferPtr> results;
  for (const Var& each : results_of(body, values)) results.push_back(VarAccess::buffer(each));
  return results;
}

std::shared_ptr<const HostFunction> linear_function(LinearHost given, std::size_t order) {
  auto host = std::make_shared<HostFunction>();
  auto function = std::make_shared<const LinearHost>(std::move(given));
  host->name = function->name;
  for (const LinearHost::Result& each : function->results) host->results.push_back({each.dtype, each.shape});
  auto rules = std::make_shared<LinearRules>();
  rules->sequence = function->sequence;
  rules->order = order;
  rules->transposed = [function](std::size_t next) { return linear_function(function->transposed(next), next); };
  rules->batch = [function](std::size_t extent, std::size_t next) {
    return linear_function(function->batch(extent, next), next);
  };
  host->call = LinearCall{std::move(rules),
                          [function](std::span<const BufferPtr> arguments) { return call(*function, arguments); }};
  return host;
}

}  // namespace

void require_usable(const HostBody& body, std::span<const Var> arguments) {
  for (const Var& x : arguments) require_usable(x, body.name);
}

std::shared_ptr<const HostFunction> host_function(const std::shared_ptr<const HostBody>& body,
                                                  std::span<const Shape> shapes) {
  auto host = std::make_shared<HostFunction>();
  host->name = body->name;
  host->takes_batches = body->takes_batches;
  for (std::size_t k = 0; k < shapes.size(); ++k) host->results.push_back({body->results[k], shapes[k]});
  host->call = [body](std::span<const BufferPtr> given) { return call(*body, given); };
  return host;
}

std::vector<Var> record_host_call(const std::shared_ptr<const HostBody>& body, std::span<const Var> arguments,
                                  const std::vector<Shape>& shapes) {
  std::vector<Var> fit;
  for (std::size_t k = 0; k < arguments.size(); ++k) fit.push_back(fitted(*body, k, arguments[k]));
  std::vector<const Var*> operands;
  for (const Var& x : fit) operands.push_back(&x);
  auto payload = std::make_shared<Payload>();
  payload->host = host_function(body, shapes);
  return record_several(opcode<primitives::HostCall>, payload->host->results, operands, payload,
                        tape_recorded_now());  // else a call of constants would run when it is recorded, and only then
}

std::vector<Var> record_linear_host(const std::function<LinearHost(std::size_t order)>& make, const void* sequence,
                                    std::span<const Var> arguments) {
  TapeState* tape = tape_recorded_now();  // as above
  const TapeState* onto = tape;
  std::vector<Var> dense;
  for (const Var& x : arguments) {
    detail::require_usable(x, "a call");
    dense.push_back(as_weak(x, false));
    if (x.recorded()) onto = &VarAccess::tape(x);
  }
  std::vector<const Var*> operands;
  for (const Var& x : dense) operands.push_back(&x);
  const std::size_t order = onto == nullptr ? 0 : next_order(*onto, sequence);
  auto payload = std::make_shared<Payload>();
  payload->host = linear_function(make(order), order);
  return record_several(opcode<primitives::HostCall>, payload->host->results, operands, payload, tape);
}

}  // namespace xgrad::detail
