#include <xgrad/solve.hpp>
#include <xgrad/xgrad.hpp>

#include "contest.hpp"
#include "solve/nist_models.hpp"

namespace bench_fits {

using xgrad::Var;

Outcome by_xgrad(const nist::Set& set, const std::vector<double>& start) {
  const Var x(set.x);
  const Var y = nist::observed(set.name, Var(set.y));
  const Var x2 = set.x2.empty() ? Var(0.0) : Var(set.x2);
  const auto model = nist::model_of<Var, Var>(set.name);
  const auto residuals = [&](const std::vector<Var>& b) -> Var { return model(x, x2, b) - y; };
  const auto found = xgrad::solve::least_squares(residuals, std::vector<Var>(start.begin(), start.end()));
  Outcome outcome{{}, found.evaluations, found.gradients, found.converged()};
  for (const Var& each : found.parameters) outcome.parameters.push_back(each.item<double>());
  return outcome;
}

}  // namespace bench_fits
