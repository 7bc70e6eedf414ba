// Small arrays: what counts is the overhead of each operation.
#include "../programs/small.hpp"

#include "contest.hpp"
#include "libtorch/libtorch.hpp"

namespace bench {
namespace {

template <class Step>
Contest regression(Step step) {
  const Points points = make_points();
  const xgrad::Var theta = xgrad::Array<double>(xgrad::Shape{1, 1}, 0.0);
  return {training(std::move(step), theta, var(points.x, {Points::count, 1}), var(points.y, {Points::count, 1})),
          libtorch::linear_regression(points)};
}

template <class Step>
Contest tiny(Step step) {
  const Chain chain = make_chain();
  return {program(std::move(step), var(chain.x), var(chain.a), var(chain.b)), libtorch::tiny_operations(chain)};
}

}  // namespace

std::vector<Case> small_cases() {
  return {{"linreg_recorded", "100x1", "float64", 10.0, [] { return regression(regression_step); }},
          {"linreg_compiled", "100x1", "float64", 25.0, [] { return regression(xgrad::compile(regression_step)); }},
          {"tiny300_recorded", "10", "float64", 40.0, [] { return tiny(tiny_operations); }},
          {"tiny300_compiled", "10", "float64", 150.0, [] { return tiny(xgrad::compile(tiny_operations)); }}};
}

}  // namespace bench
