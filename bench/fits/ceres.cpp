#include <cmath>
#include <limits>

#include <ceres/ceres.h>
#include <ceres/jet.h>

#include "contest.hpp"
#include "solve/nist_models.hpp"

namespace bench_fits {
namespace {

constexpr int most_parameters = 9;  // of ENSO; derivatives by those that a set has not are 0
using Jet = ceres::Jet<double, most_parameters>;

/// All residuals of a set.
class Residuals final : public ceres::CostFunction {
 public:
  explicit Residuals(const nist::Set& set)
      : set_(set), model_(nist::model_of<double, Jet>(set.name)), parameters_(set.certified.size()) {
    set_num_residuals(static_cast<int>(set.y.size()));
    mutable_parameter_block_sizes()->push_back(static_cast<int>(parameters_));
  }

  bool Evaluate(double const* const* at, double* residuals, double** jacobians) const override {
    std::vector<Jet> b;
    for (std::size_t j = 0; j < parameters_; ++j) b.emplace_back(at[0][j], static_cast<int>(j));
    for (std::size_t i = 0; i < set_.y.size(); ++i) {
      // Not a number, or infinite: Ceres shortens the step.
      const Jet value = model_(set_.x[i], set_.x2.empty() ? 0.0 : set_.x2[i], b);
      residuals[i] = value.a - nist::observed(set_.name, set_.y[i]);
      if (!std::isfinite(residuals[i])) return false;
      if (jacobians == nullptr || jacobians[0] == nullptr) continue;
      for (std::size_t j = 0; j < parameters_; ++j) jacobians[0][i * parameters_ + j] = value.v[static_cast<int>(j)];
    }
    return true;
  }

 private:
  const nist::Set& set_;
  nist::Model<double, Jet> model_;
  std::size_t parameters_;
};

}  // namespace

Outcome by_ceres(const nist::Set& set, const std::vector<double>& start) {
  Outcome outcome{start, 0, 0, false};
  ceres::Problem problem;
  problem.AddResidualBlock(new Residuals(set), nullptr, outcome.parameters.data());  // the problem deletes it
  ceres::Solver::Options options;
  options.linear_solver_type = ceres::DENSE_QR;
  options.max_num_iterations = 10000;
  options.function_tolerance = std::numeric_limits<double>::epsilon();
  options.gradient_tolerance = std::numeric_limits<double>::epsilon();
  options.parameter_tolerance = std::numeric_limits<double>::epsilon();
  options.logging_type = ceres::SILENT;
  ceres::Solver::Summary summary;
  ceres::Solve(options, &problem, &summary);
  outcome.evaluations = static_cast<std::size_t>(summary.num_residual_evaluations);
  outcome.jacobians = static_cast<std::size_t>(summary.num_jacobian_evaluations);
  outcome.converged = summary.termination_type == ceres::CONVERGENCE;
  return outcome;
}

}  // namespace bench_fits
