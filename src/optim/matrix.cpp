#include <xgrad/optim/matrix.hpp>

#include <xgrad/core/errors.hpp>
#include <xgrad/linalg/function.hpp>
#include <xgrad/linalg/solve.hpp>
#include <xgrad/ops/create.hpp>
#include <xgrad/ops/elementwise.hpp>
#include <xgrad/ops/linalg.hpp>
#include <xgrad/ops/manipulate.hpp>
#include <xgrad/ops/reduce.hpp>
#include <xgrad/ops/rounding.hpp>
#include <xgrad/optim/links.hpp>
#include <xgrad/transform/control.hpp>

#include "optim/matrix_parts.hpp"
#include "optim/numbers.hpp"

namespace xgrad::optim {
namespace {

using detail::Clock;
using detail::moved;
using detail::named;
using detail::Text;
using detail::transposed;

constexpr std::string_view jordan = "Jordan et al. 2024";
constexpr std::string_view gupta = "Gupta et al. 2018";
constexpr std::string_view martens = "Martens and Grosse 2015";

Transformation muon_direction(const Muon& s) {
  const Clock clock({s.momentum, s.eps});
  return Transformation(
      "muon",
      [clock](Slots& slots) {
        for (std::size_t i = 0; i < slots.parameters().size(); ++i) {
          if (slots.parameters()[i].dimension() >= 2) continue;
          throw ShapeError("muon: \"" + slots.path(i) + "\" is " + to_string(slots.parameters()[i].shape()) +
                           "; `which` must choose matrices only (Jordan et al. 2024)");
        }
        clock.init(slots);
        slots.like("mu");
      },
      [clock, s](Step& step) {
        const Var t = clock.read(step);
        const Var keep = s.momentum.at(t);
        const Var eps = s.eps.at(t);
        const std::span<Var> mu = step.slot();
        for (std::size_t i = 0; i < step.size(); ++i) {
          const Var g = step.updates[i];
          mu[i] = moved(mu[i], g, keep);
          const Var b = s.nesterov ? moved(g, mu[i], 1.0 - keep) : mu[i];
          const double longer =
              static_cast<double>(g.shape(-1)) / static_cast<double>(std::max<std::size_t>(g.shape(-2), 1));
          step.updates[i] = std::sqrt(std::max(1.0, longer)) * newton_schulz(b, s.iterations, eps);
        }
      });
}

}  // namespace

Var newton_schulz(const Var& matrix, std::size_t iterations, const Var& eps) {
  constexpr double a = 3.4445;
  constexpr double b = -4.7750;
  constexpr double c = 2.0315;
  if (matrix.dimension() < 2) {
    throw ShapeError("newton_schulz: the array is " + to_string(matrix.shape()) + "; it must be a matrix");
  }
  if (matrix.size() == 0) return matrix;
  const bool tall = matrix.shape(-2) > matrix.shape(-1);
  Var x = tall ? transposed(matrix) : matrix;
  x = x / (norm(x, {-2, -1}, keep_dims) + eps);
  for (std::size_t k = 0; k < iterations; ++k) {
    const Var square_of = matmul(x, transposed(x));
    x = a * x + matmul(b * square_of + c * matmul(square_of, square_of), x);
  }
  return tall ? transposed(x) : x;
}

Optimiser muon(const Muon& s) {
  require_setting("muon", "rate", s.rate, Range::not_negative, jordan);
  require_setting("muon", "momentum", s.momentum, Range::fraction, jordan);
  require_setting("muon", "eps", s.eps, Range::positive, jordan);
  require_setting("muon", "decay", s.decay, Range::not_negative, jordan);
  require_at_least("muon", "iterations", static_cast<long long>(s.iterations), 1, jordan);
  const Transformation matrices = chain({muon_direction(s), add_decay(s.decay), descend(s.rate)});
  return named(Text("muon")("rate", s.rate)("momentum", s.momentum)("decay", s.decay)("which", s.which.text()).str(),
               partition({{s.which, matrices}, {"*", adamw(s.others)}}));
}

// ---- Shampoo

namespace {

/// A^(-1/4) or A^(-1/2) of symmetric matrices, differentiated rightly where eigenvalues are equal, too. What rounding
/// has made of eigenvalues near 0 may be negative: so much of the largest one is added that they are not.
Var inverse_root(const Var& a, bool fourth) {
  const Var wide = cast(a, DType::Float64);
  const Var identity = detail::identity_along(wide, -1);
  const double part = a.dtype() == DType::Float64 ? 1e-14 : 1e-6;
  const Var root = linalg::sqrtm(wide + (part * sum(wide * identity, {-2, -1}, keep_dims) + 1e-30) * identity);
  return cast(linalg::inv(fourth ? linalg::sqrtm(root) : root), a.dtype());
}

struct Sides {
  bool left, right;
  [[nodiscard]] bool any() const { return left || right; }
};

Sides sides_of(const Var& p, std::size_t largest) {
  if (p.dimension() < 2 || p.size() == 0) return {false, false};
  return {p.shape(-2) <= largest, p.shape(-1) <= largest};
}

}  // namespace

Optimiser shampoo(const Shampoo& s) {
  require_setting("shampoo", "rate", s.rate, Range::not_negative, gupta);
  require_setting("shampoo", "eps", s.eps, Range::positive, gupta);
  require_at_least("shampoo", "every", static_cast<long long>(s.every), 1, gupta);
  require_at_least("shampoo", "largest", static_cast<long long>(s.largest), 1, gupta);
  return Transformation(
      Text("shampoo")("rate", s.rate)("eps", s.eps)("every", s.every).str(),
      [s](Slots& slots) {
        slots.count();
        for (std::size_t i = 0; i < slots.parameters().size(); ++i) {
          const Var& p = slots.parameters()[i];
          const Sides sides = sides_of(p, s.largest);
          if (!sides.any()) slots.of(i, "sum", zeros_like(p));
          for (const std::ptrdiff_t axis : {-2, -1}) {
            if (!(axis == -2 ? sides.left : sides.right)) continue;
            const Var identity = detail::identity_along(p, axis);
            slots.of(i, axis == -2 ? "left" : "right", s.eps * identity);
            slots.of(i, axis == -2 ? "left_root" : "right_root", identity);
          }
        }
      },
      [s](Step& step) {
        Var& count = step.number();
        const Var rate = s.rate.at(detail::weak(count));
        const Var renews = equal(count % static_cast<std::int64_t>(s.every), 0);
        count = count + 1;
        for (std::size_t i = 0; i < step.size(); ++i) {
          Var& g = step.updates[i];
          const Sides sides = sides_of(g, s.largest);
          const Var given = g;
          const bool fourth = sides.left && sides.right;
          const auto next_root = [&](const Var& product) {
            Var& sum = step.one();
            Var& root = step.one();
            sum = sum + product;
            root = cond(
                renews, [&](const Var& a, const Var&) { return inverse_root(a, fourth); },
                [](const Var&, const Var& old) { return old; }, sum, root);
            return root;
          };
          if (!sides.any()) {
            Var& sum = step.one();
            sum = sum + square(g);
            g = g / where(sum > 0.0, sqrt(sum), 1.0);
          }
          if (sides.left) g = matmul(next_root(matmul(given, transposed(given))), g);
          if (sides.right) g = matmul(g, next_root(matmul(transposed(given), given)));
          g = -rate * g;
        }
      });
}

// ---- K-FAC

namespace {

/// The factor of one side, [n, n], of arrays [samples, n].
Var factor_of(const Leaves& all, std::size_t i, std::string_view what, std::size_t n, DType dtype) {
  if (all.empty()) detail::throw_missing("kfac", what, martens);
  if (i >= all.size() || all[i].dimension() != 2 || all[i].shape(1) != n) {
    throw ShapeError("kfac: " + std::string(what) + " of weight " + std::to_string(i) + " should be [samples, " +
                     std::to_string(n) + "]" + (i < all.size() ? ", not " + to_string(all[i].shape()) : ""));
  }
  const Var x = cast(all[i], dtype);
  return matmul(transposed(x), x) / static_cast<double>(std::max<std::size_t>(x.shape(0), 1));
}

/// The mean eigenvalue.
Var mean_of_diagonal(const Var& a) {
  const double n = static_cast<double>(std::max<std::size_t>(a.shape(-1), 1));
  return detail::weak(sum(a * detail::identity_along(a, -1)) / n);
}

}  // namespace

Optimiser kfac(const Kfac& s) {
  require_setting("kfac", "rate", s.rate, Range::not_negative, martens);
  require_setting("kfac", "beta", s.beta, Range::fraction, martens);
  require_setting("kfac", "damping", s.damping, Range::positive, martens);
  require_setting("kfac", "decay", s.decay, Range::not_negative, martens);
  const Clock clock({s.beta, s.damping, s.decay});
  const Transformation direction(
      "kfac",
      [clock](Slots& slots) {
        clock.init(slots);
        slots.number("weight", 0.0);
        for (std::size_t i = 0; i < slots.parameters().size(); ++i) {
          const Var& p = slots.parameters()[i];
          if (p.dimension() != 2) {
            throw ShapeError("kfac: \"" + slots.path(i) + "\" is " + to_string(p.shape()) +
                             "; it must be the weight of a dense layer, [in, out] (Martens and Grosse 2015)");
          }
          slots.of(i, "inputs", zeros({p.shape(0), p.shape(0)}, p.dtype()));
          slots.of(i, "outputs", zeros({p.shape(1), p.shape(1)}, p.dtype()));
        }
      },
      [clock, s](Step& step) {
        const Var t = clock.read(step);
        const Var decay = s.decay.at(t);
        const Var beta = s.beta.at(t);
        const Var root = sqrt(s.damping.at(t));
        const Var weight = detail::grown(step.number(), beta);
        for (std::size_t i = 0; i < step.size(); ++i) {
          Var& a = step.one();
          Var& b = step.one();
          const Var& p = step.parameters()[i];
          a = moved(a, factor_of(step.extras().inputs, i, "inputs", p.shape(0), p.dtype()), beta);
          b = moved(b, factor_of(step.extras().output_gradients, i, "output_gradients", p.shape(1), p.dtype()), beta);
          const Var of_a = mean_of_diagonal(a);
          const Var of_b = mean_of_diagonal(b);
          const Var known = of_a > 0.0 && of_b > 0.0;
          const Var pi = detail::weak(where(known, sqrt(where(known, of_a, 1.0) / where(known, of_b, 1.0)), 1.0));
          const Var left = a / weight + pi * root * detail::identity_along(a, -1);
          const Var right = b / weight + root / pi * detail::identity_along(b, -1);
          const Var g = s.decay.is(0.0) ? step.updates[i] : step.updates[i] + decay * p;
          step.updates[i] = transposed(linalg::solve(right, transposed(linalg::solve(left, g))));
        }
      });
  return named(Text("kfac")("rate", s.rate)("momentum", s.momentum)("damping", s.damping)("decay", s.decay).str(),
               chain({direction, momentum({s.momentum}), descend(s.rate)}));
}

}  // namespace xgrad::optim
