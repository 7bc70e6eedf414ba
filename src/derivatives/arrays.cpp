// Derivative rules of the primitives that are no scalar functions.
#include "primitives/arrays.hpp"

#include <algorithm>
#include <limits>

#include "ops/internal.hpp"
#include "primitives/scalar_functions.hpp"
#include "site.hpp"

namespace xgrad::primitives {

using detail::Site;

// ---- views and linear primitives

Var Identity::transpose(const Site&, std::size_t, const Var& cotangent) { return cotangent; }

Var Broadcast::transpose(const Site& site, std::size_t, const Var& cotangent) {
  return detail::sum_to(cotangent, site.input(0).shape());
}

Var Reshape::transpose(const Site& site, std::size_t, const Var& cotangent) {
  return reshape(cotangent, Strides(site.input(0).shape()));
}

Var Transpose::transpose(const Site& site, std::size_t, const Var& cotangent) {
  Shape inverse(cotangent.dimension(), 0);
  for (std::size_t i = 0; i < inverse.size(); ++i) inverse[static_cast<std::size_t>(site.attributes()[i])] = i;
  return xgrad::transpose(cotangent, Axes(inverse));
}

Var Slice::transpose(const Site& site, std::size_t, const Var& cotangent) {
  const std::vector<std::int64_t> places(site.attributes().begin(), site.attributes().end());
  return detail::embed(cotangent, site.input(0).shape(), places);
}

Var Embed::transpose(const Site& site, std::size_t, const Var& cotangent) {
  const std::vector<std::int64_t> places(site.attributes().begin(), site.attributes().end());
  return detail::slice(cotangent, site.input(0).shape(), places);
}

Var Cast::transpose(const Site& site, std::size_t, const Var& cotangent) {
  return cast(cotangent, site.input(0).dtype());
}

Var Concatenate::transpose(const Site& site, std::size_t input, const Var& cotangent) {
  const auto axis = static_cast<std::size_t>(site.attributes()[0]);
  const Shape shape = site.input(input).shape();
  std::vector<std::int64_t> places;
  for (std::size_t i = 0; i < shape.size(); ++i) {
    places.push_back(0);
    places.push_back(1);
  }
  for (std::size_t i = 0; i < input; ++i) {
    places[2 * axis] += static_cast<std::int64_t>(site.tape.shape(site.tape.inputs(site.node)[i])[axis]);
  }
  return detail::slice(cotangent, shape, places);
}

Var Sum::transpose(const Site& site, std::size_t, const Var& cotangent) {
  return detail::expand_to(cotangent, site.input(0).shape());
}

namespace {

std::size_t axis_of(const Site& site) { return static_cast<std::size_t>(site.attributes()[0]); }

detail::Named other(const Site& site) {
  return site.attributes()[1] == 0 ? detail::Named::its_transpose : detail::Named::itself;
}

}  // namespace

Var Take::transpose(const Site& site, std::size_t, const Var& cotangent) {
  return detail::scatter_add(cotangent, site.input(1), site.input(0).shape(), axis_of(site), other(site));
}

Var ScatterAdd::transpose(const Site& site, std::size_t, const Var& cotangent) {
  return detail::take(cotangent, site.input(1), axis_of(site), other(site));
}

Var TakeAlongAxis::transpose(const Site& site, std::size_t, const Var& cotangent) {
  return detail::scatter_add_along_axis(cotangent, site.input(1), site.input(0).shape(), axis_of(site), other(site));
}

Var ScatterAddAlongAxis::transpose(const Site& site, std::size_t, const Var& cotangent) {
  return detail::take_along_axis(cotangent, site.input(1), axis_of(site), other(site));
}

Var CumulativeSum::transpose(const Site& site, std::size_t, const Var& cotangent) {
  const bool backward = site.attributes()[1] != 0;
  return cumsum(cotangent, site.attributes()[0], backward ? Direction::Forward : Direction::Backward);
}

// ---- choice

Var Checked::vjp(const Site&, std::size_t, const Var& cotangent) { return cotangent; }
Var Checked::jvp(const Site&, std::span<const Var> tangents) { return tangents[0]; }

Var Where::vjp(const Site& site, std::size_t input, const Var& cotangent) {
  const Var zeros = zeros_like(cotangent);
  return input == 1 ? where(site.input(0), cotangent, zeros) : where(site.input(0), zeros, cotangent);
}

Var Where::jvp(const Site& site, std::span<const Var> tangents) {
  const Var zeros = zeros_like(site.output());
  return where(site.input(0), tangents[1].defined() ? tangents[1] : zeros, tangents[2].defined() ? tangents[2] : zeros);
}

Var AbsorbingMultiply::vjp(const Site& site, std::size_t input, const Var& cotangent) {
  if (input == 1) return absorbing_multiply(site.input(0), cotangent);
  return site.masked ? absorbing_multiply(cotangent, site.input(1)) : cotangent * site.input(1);
}

Var AbsorbingMultiply::jvp(const Site& site, std::span<const Var> tangents) {
  Var result;
  if (tangents[0].defined()) result = absorbing_multiply(tangents[0], site.input(1));
  if (tangents[1].defined()) {
    const Var term = absorbing_multiply(site.input(0), tangents[1]);
    result = result.defined() ? result + term : term;
  }
  return result;
}

namespace {

/// 1 / (how many) at each extreme element, else 0.
Var share_of_extremum(const Site& site) {
  const Var x = site.input(0);
  const Var chosen = one_where(equal(x, detail::expand_to(site.output(), x.shape())), x);
  return chosen / detail::expand_to(detail::sum_to(chosen, site.output().shape()), x.shape());
}

Var extremum_vjp(const Site& site, const Var& cotangent) {
  const Var share = share_of_extremum(site);
  const Var spread = detail::expand_to(cotangent, share.shape());
  return site.masked ? absorbing_multiply(spread, share) : spread * share;
}

Var extremum_jvp(const Site& site, std::span<const Var> tangents) {
  return detail::sum_to(tangents[0] * share_of_extremum(site), site.output().shape());
}

}  // namespace

Var MaxReduce::vjp(const Site& site, std::size_t, const Var& cotangent) { return extremum_vjp(site, cotangent); }
Var MaxReduce::jvp(const Site& site, std::span<const Var> tangents) { return extremum_jvp(site, tangents); }
Var MinReduce::vjp(const Site& site, std::size_t, const Var& cotangent) { return extremum_vjp(site, cotangent); }
Var MinReduce::jvp(const Site& site, std::span<const Var> tangents) { return extremum_jvp(site, tangents); }

namespace {

/// Norm's derivative x / norm(x), each row times a weight; 0 where the norm is 0 or infinite.
Var weighted_direction(const Site& site, const Var& weights) {
  const Var x = site.input(0);
  const Var norm = site.output();
  const Var flat = equal(norm, 0.0) || equal(norm, std::numeric_limits<double>::infinity());
  const Var weights_or_0 = where(flat, zeros_like(norm), weights);
  return absorbing_multiply(detail::expand_to(weights_or_0, x.shape()), x / detail::expand_to(norm, x.shape()));
}

}  // namespace

Var Norm::vjp(const Site& site, std::size_t, const Var& cotangent) { return weighted_direction(site, cotangent); }
Var Norm::jvp(const Site& site, std::span<const Var> tangents) {
  return detail::sum_to(tangents[0] * weighted_direction(site, ones_like(site.output())), site.output().shape());
}

Var Balance::vjp(const Site& site, std::size_t input, const Var& cotangent) {
  return input == 0 ? detail::balance(cotangent, site.input(1)) : Var();
}
Var Balance::jvp(const Site& site, std::span<const Var> tangents) {
  return tangents[0].defined() ? detail::balance(tangents[0], site.input(1)) : Var();
}

// ---- products of matrices

Var Matmul::vjp(const Site& site, std::size_t input, const Var& cotangent) {
  return input == 0 ? matmul(cotangent, detail::matrix_transpose(site.input(1)))
                    : matmul(detail::matrix_transpose(site.input(0)), cotangent);
}

Var Matmul::jvp(const Site& site, std::span<const Var> tangents) {
  Var result;
  if (tangents[0].defined()) result = matmul(tangents[0], site.input(1));
  if (tangents[1].defined()) {
    const Var term = matmul(site.input(0), tangents[1]);
    result = result.defined() ? result + term : term;
  }
  return result;
}

}  // namespace xgrad::primitives
