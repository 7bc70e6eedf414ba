// Optimisers that work in bases of their own, which are renewed now and then: SOAP and GaLore.
#include <xgrad/optim/matrix.hpp>

#include <array>

#include <xgrad/linalg/factor.hpp>
#include <xgrad/ops/create.hpp>
#include <xgrad/ops/elementwise.hpp>
#include <xgrad/ops/index.hpp>
#include <xgrad/ops/linalg.hpp>
#include <xgrad/ops/manipulate.hpp>
#include <xgrad/ops/order.hpp>
#include <xgrad/ops/rearrange.hpp>
#include <xgrad/ops/reduce.hpp>
#include <xgrad/ops/rounding.hpp>
#include <xgrad/transform/control.hpp>

#include "optim/matrix_parts.hpp"
#include "optim/numbers.hpp"

namespace xgrad::optim {
namespace detail {

Var transposed(const Var& x) {
  std::vector<std::ptrdiff_t> order;
  const auto n = static_cast<std::ptrdiff_t>(x.dimension());
  for (std::ptrdiff_t k = 0; k < n - 2; ++k) order.push_back(k);
  order.push_back(n - 1);
  order.push_back(n - 2);
  return transpose(x, Axes(order));
}

Var identity_along(const Var& x, std::ptrdiff_t axis) {
  const std::size_t n = x.shape(axis);
  const Var matrix = eye(n, {}, 0, x.dtype());
  if (x.dimension() == 2) return matrix;
  Shape shape = x.shape();
  shape[shape.size() - 1] = n;
  shape[shape.size() - 2] = n;
  return broadcast_to(matrix, shape);
}

}  // namespace detail

namespace {

using detail::identity_along;
using detail::moved;
using detail::root;
using detail::Text;
using detail::transposed;

constexpr std::string_view vyas = "Vyas et al. 2024";
constexpr std::string_view zhao = "Zhao et al. 2024";

bool is_turned(const Var& p, std::size_t largest) {
  return p.dimension() >= 2 && p.size() != 0 && p.shape(-2) <= largest && p.shape(-1) <= largest;
}

/// One step of orthogonal iteration. A little of the identity changes no eigenvector, and lets matrices that are
/// singular have derivatives.
Var turned(const Var& a, const Var& basis) {
  const Var size = sum(a * identity_along(a, -1), {-2, -1}, keep_dims);
  return linalg::qr(matmul(a, basis) + (1e-10 * size + 1e-30) * basis).q;
}

/// Eigenvectors, that of the largest eigenvalue first.
Var eigenvectors(const Var& a) { return flip(linalg::eigh(a).v, {-1}); }

/// In which order the vectors of a basis belong, by the eigenvalues that they seem to have. The iteration turns a basis
/// towards falling eigenvalues, so vectors must be in that order for each to stay what it is.
Var falling(const Var& a, const Var& basis) {
  return argsort(sum(basis * matmul(a, basis), -2), -1, Order::Descending);
}

/// The elements of x along one of the last two axes in another order: [..., n], one for each matrix.
Var reordered(const Var& x, const Var& order, std::ptrdiff_t axis) {
  return take_along_axis(x, expand_dims(order, axis == -1 ? -2 : -1), axis);
}

struct Bases {
  Var *left, *right, *left_basis, *right_basis;
};

/// The means of G G^T and G^T G, and their bases for the next step, with the mean squares nu in the order of these.
void renew(const Bases& b, Var& nu, const Var& g, const Var& first, const Var& renews, const Var& beta) {
  using Pair = std::array<Var, 2>;
  using Turned = std::array<Var, 3>;
  *b.left = moved(*b.left, matmul(g, transposed(g)), beta);
  *b.right = moved(*b.right, matmul(transposed(g), g), beta);
  const Pair sums{*b.left, *b.right};
  const Turned bases{*b.left_basis, *b.right_basis, nu};
  const auto found = [](const Pair& all, const Turned& old) {
    return Turned{eigenvectors(all[0]), eigenvectors(all[1]), old[2]};
  };
  const auto later = [&](const Pair& all, const Turned& old) {
    return cond(
        renews,
        [](const Pair& a, const Turned& q) {
          const Var left = falling(a[0], q[0]);
          const Var right = falling(a[1], q[1]);
          return Turned{turned(a[0], reordered(q[0], left, -1)), turned(a[1], reordered(q[1], right, -1)),
                        reordered(reordered(q[2], left, -2), right, -1)};
        },
        [](const Pair&, const Turned& q) { return q; }, all, old);
  };
  const Turned next = cond(first, found, later, sums, bases);
  *b.left_basis = next[0];
  *b.right_basis = next[1];
  nu = next[2];
}

}  // namespace

Optimiser soap(const Soap& s) {
  require_setting("soap", "rate", s.rate, Range::not_negative, vyas);
  require_setting("soap", "beta1", s.beta1, Range::fraction, vyas);
  require_setting("soap", "beta2", s.beta2, Range::fraction, vyas);
  require_setting("soap", "shampoo_beta", s.shampoo_beta, Range::fraction, vyas);
  require_setting("soap", "eps", s.eps, Range::positive, vyas);
  require_setting("soap", "decay", s.decay, Range::not_negative, vyas);
  require_at_least("soap", "every", static_cast<long long>(s.every), 1, vyas);
  return Transformation(
      Text("soap")("rate", s.rate)("beta1", s.beta1)("beta2", s.beta2)("decay", s.decay)("every", s.every).str(),
      [s](Slots& slots) {
        slots.count();
        slots.number("mu_weight", 0.0);
        slots.number("nu_weight", 0.0);
        slots.like("mu");
        slots.like("nu");
        for (std::size_t i = 0; i < slots.parameters().size(); ++i) {
          const Var& p = slots.parameters()[i];
          if (!is_turned(p, s.largest)) continue;
          slots.of(i, "left", 0.0 * identity_along(p, -2));
          slots.of(i, "right", 0.0 * identity_along(p, -1));
          slots.of(i, "left_basis", identity_along(p, -2));
          slots.of(i, "right_basis", identity_along(p, -1));
        }
      },
      [s](Step& step) {
        Var& count = step.number();
        const Var t = detail::weak(count);
        const Var rate = s.rate.at(t);
        const Var decay = s.decay.at(t);
        const Var beta1 = s.beta1.at(t);
        const Var beta2 = s.beta2.at(t);
        const Var shampoo_beta = s.shampoo_beta.at(t);
        const Var eps = s.eps.at(t);
        const Var first = equal(count, 0);
        const Var renews = equal(count % static_cast<std::int64_t>(s.every), 0);
        count = count + 1;
        const auto weight_of = [&](Var& weight, const Var& beta) {  // nothing is counted at the first step
          weight = where(first, 0.0, beta * weight + (1.0 - beta));
          return detail::weak(where(first, 1.0, weight));
        };
        const Var one = 1.0 / weight_of(step.number(), beta1);
        const Var two = 1.0 / sqrt(weight_of(step.number(), beta2));
        const std::span<Var> mu = step.slot();
        const std::span<Var> nu = step.slot();
        for (std::size_t i = 0; i < step.size(); ++i) {
          const Var g = step.updates[i];
          const Var& p = step.parameters()[i];
          const bool is_matrix = is_turned(p, s.largest);
          Bases b{};
          if (is_matrix) b = {&step.one(), &step.one(), &step.one(), &step.one()};
          const auto into = [&](const Var& x) {
            return is_matrix ? matmul(matmul(transposed(*b.left_basis), x), *b.right_basis) : x;
          };
          const auto back = [&](const Var& x) {
            return is_matrix ? matmul(matmul(*b.left_basis, x), transposed(*b.right_basis)) : x;
          };
          mu[i] = where(first, mu[i], moved(mu[i], g, beta1));
          nu[i] = where(first, nu[i], moved(nu[i], square(into(g)), beta2));
          Var d = back(one * into(mu[i]) / (two * root(nu[i]) + eps));
          if (!s.decay.is(0.0)) d = d + decay * p;
          step.updates[i] = where(first, 0.0, -rate * d);
          if (is_matrix) renew(b, nu[i], g, first, renews, shampoo_beta);
        }
      });
}

// ---- GaLore

namespace {

struct Projection {
  bool used = false;
  bool from_left = false;  ///< P^T G with P [rows, rank]; else G P with P [columns, rank]
};

Projection projection_of(const Var& p, std::size_t rank) {
  if (p.dimension() < 2 || p.size() == 0 || std::min(p.shape(-2), p.shape(-1)) <= rank) return {};
  return {true, p.shape(-2) <= p.shape(-1)};
}

Var projected(const Projection& how, const Var& basis, const Var& x) {
  return how.from_left ? matmul(transposed(basis), x) : matmul(x, basis);
}

Var turned_back(const Projection& how, const Var& basis, const Var& x) {
  return how.from_left ? matmul(basis, x) : matmul(x, transposed(basis));
}

/// An array of zeros like x with another extent of one of the last two axes, or of both.
Var zeros_with(const Var& x, std::size_t rows, std::size_t columns) {
  Shape shape = x.shape();
  shape[shape.size() - 2] = rows;
  shape[shape.size() - 1] = columns;
  return zeros(shape, x.dtype());
}

/// The largest singular vectors on one side: [..., n, rank].
Var largest_vectors(const Projection& how, const Var& g, std::size_t rank) {
  const linalg::SVD parts = linalg::svd(g);
  const Var all = how.from_left ? parts.u : transposed(parts.vt);
  return view(all, xt::ellipsis(), xt::range(std::ptrdiff_t{0}, static_cast<std::ptrdiff_t>(rank)));
}

}  // namespace

Optimiser galore(const Optimiser& inner, const Galore& s) {
  require_at_least("galore", "rank", static_cast<long long>(s.rank), 1, zhao);
  require_at_least("galore", "every", static_cast<long long>(s.every), 1, zhao);
  require_setting("galore", "scale", s.scale, Range::not_negative, zhao);
  detail::require_of_batch("galore", inner);
  return Transformation(
      "galore(" + inner.text() + ", rank " + std::to_string(s.rank) + ')',
      [inner, s](Slots& slots) {
        slots.count();
        std::vector<Var> seen;
        for (std::size_t i = 0; i < slots.parameters().size(); ++i) {
          const Var& p = slots.parameters()[i];
          const Projection how = projection_of(p, s.rank);
          seen.push_back(p);
          if (!how.used) continue;
          slots.of(i, "basis", zeros_with(p, how.from_left ? p.shape(-2) : p.shape(-1), s.rank));
          seen.back() = how.from_left ? zeros_with(p, s.rank, p.shape(-1)) : zeros_with(p, p.shape(-2), s.rank);
        }
        slots.part_with("inner", inner, seen);
      },
      [inner, s](Step& step) {
        Var& count = step.number();
        const Var scale = s.scale.at(detail::weak(count));
        const Var renews = equal(count % static_cast<std::int64_t>(s.every), 0);
        count = count + 1;
        std::vector<Var> gradients = step.updates;
        std::vector<Var> seen(step.parameters().begin(), step.parameters().end());
        std::vector<Var> bases(step.size());
        for (std::size_t i = 0; i < step.size(); ++i) {
          const Projection how = projection_of(seen[i], s.rank);
          if (!how.used) continue;
          Var& basis = step.one();
          basis = cond(
              renews, [&](const Var& g, const Var&) { return largest_vectors(how, g, s.rank); },
              [](const Var&, const Var& old) { return old; }, gradients[i], basis);
          bases[i] = basis;
          gradients[i] = projected(how, basis, gradients[i]);
          seen[i] = projected(how, basis, seen[i]);
        }
        step.updates = step.part_with(inner, std::move(gradients), seen);
        for (std::size_t i = 0; i < step.size(); ++i) {
          const Projection how = projection_of(step.parameters()[i], s.rank);
          if (how.used) step.updates[i] = scale * turned_back(how, bases[i], step.updates[i]);
        }
      });
}

}  // namespace xgrad::optim
