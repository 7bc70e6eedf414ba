#include <xgrad/loss/embedding.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <string>

#include <xgrad/core/errors.hpp>
#include <xgrad/loss/contract.hpp>
#include <xgrad/ops/check.hpp>
#include <xgrad/ops/elementwise.hpp>
#include <xgrad/ops/linalg.hpp>
#include <xgrad/ops/manipulate.hpp>
#include <xgrad/ops/reduce.hpp>

#include "arguments.hpp"

namespace xgrad::loss {
namespace {

using detail::as_floating;
using detail::infinity;

using Text = std::string_view;

// ---- arguments

void require_vectors(Text loss, const Var& x, Text what) {
  detail::require_usable(loss, x);
  if (x.dimension() > 0) return;
  throw ShapeError(std::string(loss) + ": the " + std::string(what) + " is a scalar; it must be [..., D], vectors");
}

void require_matrix(Text loss, const Var& x, Text what) {
  detail::require_usable(loss, x);
  if (x.dimension() == 2) return;
  throw ShapeError(std::string(loss) + ": the " + std::string(what) + " is " + to_string(x.shape()) +
                   "; it must be [N, D], a vector for each sample");
}

/// Two matrices of one shape.
void require_pair(Text loss, const Var& a, const Var& b, Text first, Text second) {
  require_matrix(loss, a, first);
  require_same_shape(loss, a, b, first, second);
}

void require_one_each(Text loss, const Var& vectors, const Var& target, Text what) {
  detail::require_usable(loss, target);
  const Shape& shape = vectors.shape();
  const Shape expected(shape.begin(), shape.end() - 1);
  if (target.shape() == expected) return;
  throw ShapeError(std::string(loss) + ": the " + std::string(what) + " is " + to_string(target.shape()) +
                   " for vectors in " + to_string(shape) + "; it must be " + to_string(expected) +
                   ", a number for each vector");
}

void require_labels(Text loss, const Var& features, const Var& labels) {
  require_matrix(loss, features, "features array");
  require_one_each(loss, features, labels, "labels array");
  if (labels.dtype() == DType::Int64) return;
  throw TypeError(std::string(loss) + ": the labels are " + std::string(name(labels.dtype())) +
                  "; they must be int64: cast them");
}

void require_margin(Text loss, double margin) {
  require_setting(loss, "margin", margin, margin >= 0.0, "it must not be negative");
}

/// Targets -1 and 1.
Var checked_signs(const Var& target, bool check, const Requirement& requirement) {
  return check ? checked(target, equal(abs(target), 1), requirement) : target;
}

/// A temperature in the element type of the embeddings: a parameter that is trained may be an array of rank 0.
Var checked_temperature(Text loss, const Var& temperature, const Requirement& requirement, const Var& embeddings) {
  detail::require_usable(loss, temperature);
  if (temperature.dimension() != 0) {
    throw ShapeError(std::string(loss) + ": the temperature is " + to_string(temperature.shape()) +
                     "; it must be one number, []");
  }
  const Var t = checked(temperature, temperature > 0, requirement);
  return is_floating(embeddings.dtype()) ? cast(t, embeddings.dtype()) : t;
}

// ---- distances and similarities

/// (sum |x|^p)^(1/p) over the last axis, without overflow.
Var p_norm(const Var& x, double p) {
  if (p == 1.0) return sum(abs(x), -1);
  if (p == 2.0) return norm(x, -1);
  const Var sizes = abs(x);
  if (x.shape(-1) == 0) return sum(sizes, -1);
  if (p == infinity) return amax(sizes, -1);
  // The result does not depend on the divisor, which therefore is a constant to every order.
  const Var largest = stop_gradient(amax(sizes, -1, keep_dims));
  const Var powers = where(equal(sizes, 0.0), 0.0, pow(sizes / largest, p));
  const Var total = sum(powers, -1);
  return squeeze(largest, -1) * where(equal(total, 0.0), 0.0, pow(total, 1.0 / p));
}

/// Rows of length 1; rows shorter than 1e-6 are divided by that.
Var directions(const Var& x) {
  const Var rows = as_floating(x);
  return rows / maximum(norm(rows, -1, keep_dims), 1e-6);
}

/// The inner products of all rows of a with all rows of b.
Var similarities(const Var& a, const Var& b) { return matmul(a, transpose(b)); }

/// [n, n], true at [i, (i + offset) % n].
Var partners(std::size_t n, std::size_t offset = 0) {
  auto rows = Array<std::int64_t>::from_shape({n, 1});
  auto columns = Array<std::int64_t>::from_shape({n});
  std::iota(columns.begin(), columns.end(), std::int64_t{0});
  for (std::size_t i = 0; i < n; ++i) rows(i, 0) = static_cast<std::int64_t>((i + offset) % n);
  return equal(Var(std::move(rows)), Var(std::move(columns)));
}

/// [N, N], true where the labels are equal.
Var same_class(const Var& labels) { return equal(expand_dims(labels, 1), expand_dims(labels, 0)); }

/// What of s is chosen, in each row; subtracted before a logsumexp, so that large similarities cancel exactly.
Var chosen(const Var& s, const Var& choice) { return sum(where(choice, s, 0.0), 1, keep_dims); }

/// ln(1 + sum(e^x)) along an axis: a cross-entropy, given how much larger the other similarities are than the own one.
/// Not a logsumexp with a 0 among the others, which would lose the digits of a small sum.
Var log_one_and(const Var& x, std::ptrdiff_t axis) {
  const Var total = logsumexp(x, axis);
  return where(equal(total, -infinity), 0.0, softplus(total));
}

// ---- statistics of a batch

double at_least_one(std::size_t count) { return static_cast<double>(std::max<std::size_t>(count, 1)); }

Var centred(const Var& x) { return x - mean(x, 0, keep_dims); }

}  // namespace

Var CosineEmbedding::operator()(const Var& x1, const Var& x2, const Var& target) const {
  require_setting(name, "margin", margin, margin >= -1.0 && margin <= 1.0, "it must be in [-1, 1]");
  require_vectors(name, x1, "first input");
  require_same_shape(name, x1, x2, "first input", "second input");
  require_one_each(name, x1, target, "target");
  static const Requirement requirement("CosineEmbedding: the target {} is neither -1 nor 1");
  const Var t = checked_signs(target, check_targets, requirement);
  // Lengths in units of themselves if they are large: squares and products of very long vectors would overflow.
  const auto unit_of = [](const Var& length) {
    const Var fixed = stop_gradient(length);
    return where(fixed > 0x1p20 && fixed < std::numeric_limits<double>::infinity(), fixed, ones_like(fixed));
  };
  constexpr double smallest = 1e-6;  // its square is libtorch's, beside the sum of squares
  const auto in_units = [](const Var& length, const Var& unit) {
    return sqrt(square(length / unit) + square(smallest / unit));
  };
  const Var length1 = norm(x1, -1, keep_dims);
  const Var length2 = norm(x2, -1, keep_dims);
  const Var unit1 = unit_of(length1);
  const Var unit2 = unit_of(length2);
  const Var product = sum(x1 * (1.0 / unit1) * x2, -1, keep_dims) / unit2;
  const Var cosine = squeeze(product / (in_units(length1, unit1) * in_units(length2, unit2)), -1);
  return where(t > 0, 1.0 - cosine, relu(cosine - margin));
}

Var HingeEmbedding::operator()(const Var& distance, const Var& target) const {
  require_margin(name, margin);
  require_same_shape(name, distance, target, "distance", "target");
  static const Requirement requirement("HingeEmbedding: the target {} is neither -1 nor 1");
  const Var t = checked_signs(target, check_targets, requirement);
  return where(t > 0, distance, relu(margin - distance));
}

Var MarginRanking::operator()(const Var& x1, const Var& x2, const Var& target) const {
  require_margin(name, margin);
  require_same_shape(name, x1, x2, "first input", "second input");
  require_same_shape(name, x1, target, "first input", "target");
  static const Requirement requirement("MarginRanking: the target {} is neither -1 nor 1");
  const Var t = checked_signs(target, check_targets, requirement);
  const Var difference = x1 - x2;
  return relu(margin - cast(t, difference.dtype()) * difference);
}

Var TripletMargin::operator()(const Var& anchor, const Var& positive, const Var& negative) const {
  require_margin(name, margin);
  require_setting(name, "p", p, p > 0.0, "it must be positive");
  require_setting(name, "eps", eps, eps >= 0.0, "it must not be negative");
  require_vectors(name, anchor, "anchor");
  require_same_shape(name, anchor, positive, "anchor", "positive");
  require_same_shape(name, anchor, negative, "anchor", "negative");
  const auto between = [this](const Var& a, const Var& b) {
    return distance ? distance(a, b) : p_norm(a - b + eps, p);
  };
  const Var near = between(anchor, positive);
  Var far = between(anchor, negative);
  if (swap) far = minimum(far, between(positive, negative));
  require_same_shape(name, near, far, "distance of the positive", "distance of the negative");
  return relu(margin + near - far);
}

Var Contrastive::operator()(const Var& distance, const Var& same) const {
  require_setting(name, "margin", margin, margin > 0.0, "it must be positive");
  require_same_shape(name, distance, same, "distance", "array of 0 and 1");
  static const Requirement requirement("Contrastive: the target {} is neither 0 nor 1");
  const Var s = check_targets ? checked(same, equal(same, 0) || equal(same, 1), requirement) : same;
  return 0.5 * square(where(not_equal(s, 0), distance, relu(margin - distance)));
}

Var Contrastive::operator()(const Var& x1, const Var& x2, const Var& same) const {
  require_setting(name, "margin", margin, margin > 0.0, "it must be positive");
  require_vectors(name, x1, "first input");
  require_same_shape(name, x1, x2, "first input", "second input");
  require_one_each(name, x1, same, "array of 0 and 1");
  static const Requirement requirement("Contrastive: the target {} is neither 0 nor 1");
  const Var s = check_targets ? checked(same, equal(same, 0) || equal(same, 1), requirement) : same;
  // The squared distance has derivatives where the vectors are equal; the distance has none.
  const Var difference = x1 - x2;
  return 0.5 * where(not_equal(s, 0), sum(square(difference), -1), square(relu(margin - norm(difference, -1))));
}

Var NPairs::operator()(const Var& anchor, const Var& positive) const {
  require_pair(name, anchor, positive, "anchor", "positive");
  const Var s = similarities(anchor, positive);
  const Var own = partners(s.shape(0));
  return log_one_and(where(own, -infinity, s - chosen(s, own)), 1);
}

Var NtXent::operator()(const Var& first, const Var& second) const {
  require_pair(name, first, second, "first view", "second view");
  static const Requirement requirement("NtXent: the temperature {} is not positive");
  const Var t = checked_temperature(name, temperature, requirement, first);
  const Var z = directions(concatenate({first, second}, 0));
  const std::size_t n = z.shape(0);
  const Var s = similarities(z / t, z);
  const Var own = partners(n, n / 2);
  return log_one_and(where(partners(n) || own, -infinity, s - chosen(s, own)), 1);
}

Var InfoNce::operator()(const Var& query, const Var& key) const {
  require_pair(name, query, key, "query", "key");
  static const Requirement requirement("InfoNce: the temperature {} is not positive");
  const Var t = checked_temperature(name, temperature, requirement, query);
  const Var s = similarities(directions(query) / t, directions(key));
  const Var own = partners(s.shape(0));
  return log_one_and(where(own, -infinity, s - chosen(s, own)), 1);
}

Var Clip::operator()(const Var& image, const Var& text) const {
  require_pair(name, image, text, "image", "text");
  static const Requirement requirement("Clip: the temperature {} is not positive");
  const Var t = checked_temperature(name, temperature, requirement, image);
  const Var s = similarities(directions(image) / t, directions(text));
  const Var own = partners(s.shape(0));
  const Var of_own = chosen(s, own);
  const auto others = [&](const Var& excess) { return where(own, -infinity, excess); };
  return 0.5 * (log_one_and(others(s - of_own), 1) + log_one_and(others(s - transpose(of_own)), 0));
}

Var SupCon::operator()(const Var& features, const Var& labels) const {
  require_labels(name, features, labels);
  static const Requirement requirement("SupCon: the temperature {} is not positive");
  const Var t = checked_temperature(name, temperature, requirement, features);
  const Var z = directions(features);
  const Var s = similarities(z / t, z);
  const Var self = partners(s.shape(0));
  const Var positive = same_class(labels) && !self;
  const Var count = sum(cast(positive, s.dtype()), 1, keep_dims);
  const Var mean_positive = chosen(s, positive) / count;
  const Var values = logsumexp(where(self, -infinity, s - mean_positive), 1);
  return where(squeeze(count, 1) > 0.0, values, 0.0);
}

Var Circle::operator()(const Var& features, const Var& labels) const {
  require_setting(name, "m", m, m >= 0.0 && m < 1.0, "it must be in [0, 1)");
  require_setting(name, "gamma", gamma, gamma > 0.0, "it must be positive");
  require_labels(name, features, labels);
  const Var z = directions(features);
  const Var s = similarities(z, z);
  const Var same = same_class(labels);
  const Var positive = same && !partners(s.shape(0));
  const auto weight = [this](const Var& x) { return gamma * (constant_weights ? stop_gradient(relu(x)) : relu(x)); };
  const Var of_positives = weight((1.0 + m) - s) * ((1.0 - m) - s);
  const Var of_negatives = weight(s + m) * (s - m);
  const Var both =
      logsumexp(where(positive, of_positives, -infinity), 1) + logsumexp(where(same, -infinity, of_negatives), 1);
  return where(equal(both, -infinity), 0.0, softplus(both));
}

Var BarlowTwins::operator()(const Var& first, const Var& second) const {
  require_setting(name, "lambda", lambda, lambda >= 0.0, "it must not be negative");
  require_setting(name, "eps", eps, eps > 0.0, "it must be positive");
  require_pair(name, first, second, "first view", "second view");
  const double count = at_least_one(first.shape(0));
  const auto standardised = [&](const Var& x) {
    const Var z = centred(x);
    const Var unit = detail::unit_of_squares(z, 0);
    return z / unit / sqrt(sum(square(z / unit), 0, keep_dims) / count + eps / square(unit));
  };
  const Var c = matmul(transpose(standardised(first)), standardised(second)) / count;
  return sum(where(partners(c.shape(0)), square(1.0 - c), lambda * square(c)));
}

Var Vicreg::operator()(const Var& first, const Var& second) const {
  require_setting(name, "invariance", invariance, invariance >= 0.0, "it must not be negative");
  require_setting(name, "variance", variance, variance >= 0.0, "it must not be negative");
  require_setting(name, "covariance", covariance, covariance >= 0.0, "it must not be negative");
  require_setting(name, "eps", eps, eps > 0.0, "it must be positive");
  require_pair(name, first, second, "first view", "second view");
  const std::size_t samples = first.shape(0);
  const double features = at_least_one(first.shape(1));
  const double freedom = samples > 1 ? static_cast<double>(samples - 1) : 1.0;
  const auto penalty = [&](const Var& x) {
    const Var z = centred(x);
    const Var unit = detail::unit_of_squares(z, 0);
    const Var deviations = unit * sqrt(sum(square(z / unit), 0, keep_dims) / freedom + eps / square(unit));
    const Var c = matmul(transpose(z), z) / freedom;
    const Var others = sum(where(partners(c.shape(0)), 0.0, square(c)));
    return (variance * sum(relu(1.0 - deviations)) + covariance * others) / features;
  };
  const Var agreement = sum(square(first - second)) / at_least_one(first.size());
  return invariance * agreement + penalty(first) + penalty(second);
}

}  // namespace xgrad::loss
