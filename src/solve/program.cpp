#include "program.hpp"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include <xgrad/core/errors.hpp>
#include <xgrad/ops/manipulate.hpp>
#include <xgrad/ops/reduce.hpp>
#include <xgrad/transform/compile.hpp>
#include <xgrad/transform/grad.hpp>
#include <xgrad/transform/implicit.hpp>
#include <xgrad/transform/jacobian.hpp>

namespace xgrad::solve::detail {
Program::Program(const Leaves& leaves, const LeavesFunction& objective, const ConstraintLeaves& constraints)
    : leaves_(leaves) {
  const std::string operation(leaves.operation());
  for (std::size_t k = 0; k < constraints.start.size(); ++k) {
    const Var& each = constraints.start[k];
    if (each.size() == 0) {
      throw ShapeError(operation + ": a constraint returns the shape " + to_string(each.shape()) +
                       ", which holds no numbers; it must return at least one");
    }
    is_equality_.insert(is_equality_.end(), each.size(), constraints.relations[k] == Relation::Equal ? 1 : 0);
  }
  row_scales_.assign(rows(), 1.0);
  for (const Var& leaf : leaves.arrays(leaves.start())) sizes_.push_back(leaf.size());
  const auto f = [objective, operation](const Arrays& p) -> Var {
    return xgrad::detail::scalar_objective(operation, objective(p).at(0));
  };
  const auto c = [values = constraints.values, operation = operation + ", constraints"](const Arrays& p) -> Var {
    return joined_residuals(operation, values(p));
  };
  const bool has_rows = rows() > 0;
  values_ = compile([=](const Arrays& p) {
    Arrays result{f(p)};
    if (has_rows) result.push_back(c(p));
    return result;
  });
  slopes_ = compile([=](const Arrays& p) {  // gradient, Jacobian, objective, rows
    auto [value, result] = value_and_grad(f)(p);
    if (has_rows) {
      for (Var& part : jacobian(c)(p)) result.push_back(std::move(part));
    }
    result.push_back(value);
    if (has_rows) result.push_back(c(p));
    return result;
  });
  hessian_ = compile([=](const Arrays& p, const Var& weight, const Var& y) {
    const auto lagrangian = [&](const Arrays& at) -> Var {
      return has_rows ? weight * f(at) + sum(y * c(at)) : weight * f(at);
    };
    Arrays result;
    for (Arrays& row : xgrad::hessian(lagrangian)(p)) result.insert(result.end(), row.begin(), row.end());
    return result;
  });
}

void Program::apply_scales(Values& values) const {
  values.objective *= objective_scale_;
  for (std::size_t i = 0; i < rows(); ++i) values.rows[i] *= row_scales_[i];
}

Program::Values Program::values(const Vector& x) {
  ++report.evaluations;
  const Arrays all = values_(leaves_.arrays(x));
  Values result;
  result.objective = number_of(all[0]);
  if (rows() > 0) append(result.rows, all[1]);
  apply_scales(result);
  return result;
}

Program::Point Program::at(const Vector& x) {
  ++report.evaluations;
  ++report.gradients;
  const Arrays all = slopes_(leaves_.arrays(x));
  const std::size_t leaves = sizes_.size();
  Point point;
  for (std::size_t k = 0; k < leaves; ++k) append(point.gradient, all[k]);
  for (double& each : point.gradient) each *= objective_scale_;
  point.jacobian.resize(rows() * size());
  std::size_t column = 0;
  for (std::size_t k = 0; rows() > 0 && k < leaves; ++k) {
    Vector part;
    append(part, all[leaves + k]);
    for (std::size_t i = 0; i < rows(); ++i) {
      for (std::size_t j = 0; j < sizes_[k]; ++j) {
        point.jacobian[i * size() + column + j] = row_scales_[i] * part[i * sizes_[k] + j];
      }
    }
    column += sizes_[k];
  }
  point.objective = number_of(all[rows() > 0 ? 2 * leaves : leaves]);
  if (rows() > 0) append(point.rows, all[2 * leaves + 1]);
  apply_scales(point);
  return point;
}

Vector Program::hessian(const Vector& x, const Vector& y) {
  report.products += size();
  Vector weights(y);
  for (std::size_t i = 0; i < rows(); ++i) weights[i] *= row_scales_[i];
  const Arrays all = hessian_(leaves_.arrays(x), Var(objective_scale_), array_of(weights));
  const std::size_t n = size();
  Vector result(n * n);
  std::size_t part = 0;
  std::size_t row = 0;
  for (const std::size_t height : sizes_) {
    std::size_t column = 0;
    for (const std::size_t width : sizes_) {
      Vector block;
      append(block, all[part++]);
      for (std::size_t i = 0; i < height; ++i) {
        for (std::size_t j = 0; j < width; ++j) result[(row + i) * n + column + j] = block[i * width + j];
      }
      column += width;
    }
    row += height;
  }
  for (std::size_t i = 0; i < n; ++i) {  // what rounding makes of symmetry
    for (std::size_t j = 0; j < i; ++j) {
      result[i * n + j] = result[j * n + i] = 0.5 * (result[i * n + j] + result[j * n + i]);
    }
  }
  return result;
}

Vector Program::transposed(const Point& point, const Vector& y) const {
  Vector result(size(), 0.0);
  for (std::size_t i = 0; i < rows(); ++i) {
    for (std::size_t j = 0; j < size(); ++j) result[j] += y[i] * point.jacobian[i * size() + j];
  }
  return result;
}

void Program::scale(const Point& at, double most) {
  const auto scale_of = [&](double slope) { return slope > most ? std::max(1e-8, most / slope) : 1.0; };
  objective_scale_ = scale_of(largest(at.gradient));
  for (std::size_t i = 0; i < rows(); ++i) {
    row_scales_[i] = scale_of(largest({at.jacobian.data() + i * size(), size()}));
  }
}

double Program::violation(const Vector& rows) const {
  double result = 0.0;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    result = std::max(result, (is_equality(i) ? std::abs(rows[i]) : rows[i]) / row_scales_[i]);
  }
  return result;
}

}  // namespace xgrad::solve::detail
