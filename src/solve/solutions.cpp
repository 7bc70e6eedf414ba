#include <xgrad/solve/solutions.hpp>

#include <memory>
#include <optional>
#include <utility>

#include <xgrad/core/errors.hpp>
#include <xgrad/transform/host_call.hpp>

#include "core/text.hpp"

namespace xgrad::solve::detail {

std::vector<Var> solve_later(std::string_view operation, std::span<const Var> like, std::span<const Var> given,
                             std::function<std::vector<Var>(std::span<const Var>)> solver) {
  auto body = std::make_shared<xgrad::detail::HostBody>();
  body->name = std::string(operation);
  body->parameters.assign(given.size(), std::nullopt);
  std::vector<Shape> shapes;
  for (const Var& leaf : like) {
    body->results.push_back(leaf.dtype());
    shapes.push_back(leaf.shape());
  }
  body->call = std::move(solver);
  xgrad::detail::require_usable(*body, given);
  return xgrad::detail::record_host_call(body, given, shapes);
}

void require_converged(std::string_view operation, const Report& report) {
  if (report.converged()) return;
  core::TextStream message;
  message << operation << ": the solver has not converged: " << report;
  throw ValueError(message.str());
}

}  // namespace xgrad::solve::detail
