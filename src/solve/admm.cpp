#include <xgrad/solve/admm.hpp>

#include <algorithm>
#include <cmath>
#include <memory>
#include <string>
#include <utility>

#include <xgrad/core/errors.hpp>
#include <xgrad/ops/elementwise.hpp>
#include <xgrad/ops/linalg.hpp>
#include <xgrad/ops/manipulate.hpp>
#include <xgrad/ops/reduce.hpp>
#include <xgrad/transform/implicit.hpp>

#include "search.hpp"
#include "sets.hpp"

namespace xgrad::solve::detail {
namespace {

constexpr std::string_view admm_name = "solve::admm";

/// A matrix of a coupling, column after column.
struct Map {
  Vector values;
  std::size_t rows = 0;
  std::size_t columns = 0;

  [[nodiscard]] std::span<const double> column(std::size_t j) const { return {values.data() + j * rows, rows}; }
  [[nodiscard]] Vector times(const Vector& x) const {
    Vector result(rows, 0.0);
    for (std::size_t j = 0; j < columns; ++j) {
      for (std::size_t i = 0; i < rows; ++i) result[i] += values[i + j * rows] * x[j];
    }
    return result;
  }
  [[nodiscard]] Vector transposed(const Vector& v) const {
    Vector result(columns);
    for (std::size_t j = 0; j < columns; ++j) result[j] = dot(column(j), v);
    return result;
  }
  /// The s of A^T A = s I.
  [[nodiscard]] std::optional<double> square() const {
    const double s = dot(column(0), column(0));
    for (std::size_t j = 0; j < columns; ++j) {
      for (std::size_t k = 0; k <= j; ++k) {
        if (!(std::abs(dot(column(j), column(k)) - (j == k ? s : 0.0)) <= 1e-10 * s)) return std::nullopt;
      }
    }
    return s > 0.0 ? std::optional(s) : std::nullopt;
  }
  [[nodiscard]] Var array() const {
    auto result = Array<double>::from_shape({rows, columns});
    for (std::size_t i = 0; i < rows; ++i) {
      for (std::size_t j = 0; j < columns; ++j) result(i, j) = values[i + j * rows];
    }
    return Var(std::move(result));
  }
};

/// One of the two functions, with its variables.
class Half {
 public:
  Half(const Part& part, Map map, std::string_view which, const AdmmOptions& options)
      : leaves_(admm_name, part.start), map_(std::move(map)), options_(options), x_(leaves_.start()) {
    if (part.term) {
      proximal_.emplace(leaves_, *part.term);
      square_ = map_.square();
      if (square_) return;
      throw ValueError(std::string(admm_name) + ": the matrix of " + std::string(which) +
                       " in the coupling has columns that are not orthogonal or of different lengths; a Term takes a "
                       "multiple of an orthonormal one. Give its variables an array of their own in z");
    }
    function_ = [f = *part.function, matrix = map_.array()](std::span<const Var> all) {
      const std::span<const Var> leaves = all.first(all.size() - 2);
      const std::vector<Var> parts(leaves.begin(), leaves.end());
      const Var value = xgrad::detail::scalar_objective(admm_name, f(leaves).at(0));
      const Var x = joined_residuals(std::string(admm_name), parts);
      return std::vector<Var>{value + 0.5 * all.back() * sum(square(matmul(matrix, x) - all[all.size() - 2]))};
    };
    compiled_.emplace(leaves_, LeavesFunction(function_), std::vector<Var>{array_of(Vector(map_.rows, 0.0)), Var(1.0)});
  }

  /// To the least of the function + rho/2 |A x - to|^2. \param precision  of the gradient.
  void minimise(const Vector& to, double rho, double precision) {
    if (proximal_) {
      Vector at = map_.transposed(to);
      for (double& each : at) each /= *square_;
      x_ = proximal_->nearest(std::move(at), 1.0 / (rho * *square_));
      return;
    }
    compiled_->given = {array_of(to), Var(rho)};
    const double rounding = leaves_.rounding();
    const Observer none;
    const Limits limits{precision, rounding, rounding, 1000, compiled_->report.evaluations + 10000, &none};
    const Box space{Vector(x_.size(), -std::numeric_limits<double>::infinity()),
                    Vector(x_.size(), std::numeric_limits<double>::infinity())};
    compiled_->report.iterations = 0;
    x_ = minimise_from(x_, options_.inner, *compiled_, space, limits);
    const Vector gap = along(map_.times(x_), -1.0, to);
    value_ = compiled_->report.value - 0.5 * rho * dot(gap, gap);
  }

  [[nodiscard]] double value() const { return proximal_ ? proximal_->value(x_) : value_; }
  [[nodiscard]] const Vector& x() const noexcept { return x_; }
  [[nodiscard]] const Map& map() const noexcept { return map_; }
  [[nodiscard]] const Leaves& leaves() const noexcept { return leaves_; }
  [[nodiscard]] Report counts() const { return compiled_ ? compiled_->report : Report{}; }

 private:
  Leaves leaves_;
  Map map_;
  const AdmmOptions& options_;
  Vector x_;
  std::optional<Proximal> proximal_;
  std::optional<double> square_;
  std::function<std::vector<Var>(std::span<const Var>)> function_;
  std::optional<Objective> compiled_;
  double value_ = 0.0;
};

/// A x + B z + c.
struct Coupling {
  Map a, b;
  Vector c;
};
Coupling coupling_of(const Part& f, const Part& g, const LeavesFunction& function) {
  Start both = f.start;
  for (std::size_t k = 0; k < g.start.leaves.size(); ++k) {
    both.leaves.push_back(g.start.leaves[k]);
    both.paths.push_back(g.start.paths[k]);
  }
  const Leaves leaves(admm_name, both);
  Residuals residuals(leaves, function);
  const Residuals::Point point = residuals.at(leaves.start());
  const std::size_t rows = point.value.size();
  const std::size_t n = Leaves(admm_name, f.start).size();
  const auto middle = point.jacobian.begin() + static_cast<std::ptrdiff_t>(n * rows);
  Coupling coupling{{Vector(point.jacobian.begin(), middle), rows, n},
                    {Vector(middle, point.jacobian.end()), rows, leaves.size() - n},
                    {}};
  const Map all{point.jacobian, rows, leaves.size()};
  coupling.c = along(point.value, -1.0, all.times(leaves.start()));
  Vector elsewhere(leaves.start());
  for (std::size_t i = 0; i < elsewhere.size(); ++i) {
    elsewhere[i] = 1.25 * elsewhere[i] + 1.0 + 0.375 * static_cast<double>(i % 7);
  }
  const Vector there = residuals.value(elsewhere);
  const double size = largest(there) + largest(all.times(elsewhere)) + largest(coupling.c);
  const double error = largest(along(along(there, -1.0, coupling.c), -1.0, all.times(elsewhere)));
  if (!(error <= 1e3 * leaves.rounding() * size) || !all_finite(point.jacobian)) {
    throw ValueError(std::string(admm_name) + ": the coupling is not affine: at another point it is off by " +
                     std::to_string(error) + "; it must be A x + B z + c");
  }
  return coupling;
}

void require_options(const AdmmOptions& options) {
  require_above(admm_name, "penalty", options.penalty, 0.0, false);
  require_above(admm_name, "relaxation", options.relaxation, 0.0, false);
  if (options.residual) require_above(admm_name, "residual", *options.residual, 0.0, false);
  require_method(options.inner, false);
  if (options.relaxation >= 2.0) {
    throw ValueError(std::string(admm_name) + ": relaxation is " + std::to_string(options.relaxation) +
                     "; it must be below 2");
  }
}

/// Both residuals, and what they are measured by.
struct Residues {
  double primal, dual, primal_size, dual_size;
  double change;  ///< of B z, beside the multipliers: what the penalty is balanced by, for A^T may hide that z moves
};

class Alternation {
 public:
  Alternation(const Part& f, const Part& g, Coupling coupling, const AdmmOptions& options)
      : options_(options),
        c_(std::move(coupling.c)),
        f_(f, std::move(coupling.a), "x", options),
        g_(g, std::move(coupling.b), "z", options),
        tolerance_(options.residual.value_or(std::sqrt(std::max(f_.leaves().rounding(), g_.leaves().rounding())))),
        rho_(options.penalty),
        u_(c_.size(), 0.0),
        bz_(g_.map().times(g_.x())) {}

  Splitted run(std::span<const Var> like) {
    double precision = 1e-2;
    Residues now{};
    while (true) {
      now = step(precision);
      ++report_.iterations;
      report_.value = f_.value() + g_.value();
      report_.gradient = now.dual;
      const bool may =
          goes_on(options_.observer, {report_.iterations, report_.value, now.dual, 0.0, counted(), now.primal});
      const bool is_primal = now.primal <= tolerance_ * std::max(1.0, now.primal_size);
      const bool is_dual = now.dual <= tolerance_ * std::max(1.0, now.dual_size);
      // Beside variables that grow without end, residuals are small.
      const bool is_bounded = largest(f_.x()) < 1e20 && largest(g_.x()) < 1e20;
      if (!is_bounded || !std::isfinite(now.primal) || !std::isfinite(now.dual)) report_.ended = Ended::Diverged;
      else if (is_primal && is_dual && precision <= tolerance_) report_.ended = Ended::Residual;
      else if (!may) report_.ended = why_not();
      else if (report_.iterations < options_.iterations) {
        if (options_.adapt) balance(now);
        precision = std::max(std::min(0.5 * precision, 0.1 * std::max(now.primal, now.dual)), 0.01 * tolerance_);
        continue;
      }
      break;
    }
    counted();
    Vector multipliers(u_);
    for (double& each : multipliers) each *= rho_;
    return {f_.leaves().arrays(f_.x()),
            g_.leaves().arrays(g_.x()),
            arrays_like(like, multipliers),
            report_,
            now.primal,
            now.dual,
            rho_};
  }

 private:
  std::size_t counted() {
    const Report a = f_.counts();
    const Report b = g_.counts();
    report_.gradients = a.gradients + b.gradients;
    report_.products = a.products + b.products;
    return report_.evaluations = a.evaluations + b.evaluations;
  }

  Residues step(double precision) {
    const auto minus = [](const Vector& a, const Vector& b, const Vector& c) {
      Vector result(a.size());
      for (std::size_t i = 0; i < a.size(); ++i) result[i] = -a[i] - b[i] - c[i];
      return result;
    };
    f_.minimise(minus(bz_, c_, u_), rho_, precision);
    const Vector ax = f_.map().times(f_.x());
    Vector relaxed(ax);
    for (std::size_t i = 0; i < ax.size(); ++i) {
      relaxed[i] = options_.relaxation * ax[i] - (1.0 - options_.relaxation) * (bz_[i] + c_[i]);
    }
    g_.minimise(minus(relaxed, c_, u_), rho_, precision);
    const Vector before = std::exchange(bz_, g_.map().times(g_.x()));
    Vector primal(ax.size());
    Vector change(ax.size());
    for (std::size_t i = 0; i < ax.size(); ++i) {
      u_[i] += relaxed[i] + bz_[i] + c_[i];
      primal[i] = ax[i] + bz_[i] + c_[i];
      change[i] = rho_ * (bz_[i] - before[i]);
    }
    return {norm(primal), norm(f_.map().transposed(change)), std::max({norm(ax), norm(bz_), norm(c_)}),
            rho_ * norm(f_.map().transposed(u_)),
            norm(change) / std::max(rho_ * norm(u_), std::numeric_limits<double>::min())};
  }

  void balance(const Residues& now) {
    // Not for ever, for the method converges with a penalty that rests.
    if (report_.iterations > 1000 || report_.iterations % 5 != 0) return;
    const double primal = now.primal / std::max(now.primal_size, std::numeric_limits<double>::min());
    const double factor = primal > 10.0 * now.change ? 2.0 : (now.change > 10.0 * primal ? 0.5 : 1.0);
    rho_ *= factor;
    for (double& each : u_) each /= factor;
  }

  const AdmmOptions& options_;
  Vector c_;
  Half f_, g_;
  double tolerance_;
  double rho_;
  Vector u_;   ///< multipliers / rho
  Vector bz_;  ///< B z
  Report report_;
};

}  // namespace

Splitted admm(const Part& f, const Part& g, const LeavesFunction& coupling, std::span<const Var> like,
              const AdmmOptions& options) {
  require_options(options);
  return Alternation(f, g, coupling_of(f, g, coupling), options).run(like);
}

}  // namespace xgrad::solve::detail
