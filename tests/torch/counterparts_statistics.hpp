// Counterparts of reductions with options, of statistics, and of what searches sorted tables.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <string>
#include <vector>

namespace libtorch {

namespace statistics {

using at::Tensor;
using Tensors = std::vector<Tensor>;
using Counterpart = std::function<Tensor(const Tensors&)>;
using Counterparts = std::map<std::string, Counterpart>;
using Lengths = std::vector<std::int64_t>;

inline void add_options(Counterparts& table) {
  const auto chosen = [](const Tensors& x, double otherwise) {
    return at::where(x[1], x[0], at::full_like(x[0], otherwise));
  };
  constexpr double far = std::numeric_limits<double>::infinity();
  table["sum.where"] = [=](const Tensors& x) { return chosen(x, 0.0).sum(1) + 2.0; };
  table["prod.where"] = [=](const Tensors& x) { return at::prod(chosen(x, 1.0), 0) * 2.0; };
  table["amax.where"] = [=](const Tensors& x) { return at::amax(chosen(x, -far), 1).clamp_min(-9.0); };
  table["amin.where"] = [=](const Tensors& x) { return at::amin(chosen(x, far), -1, true).clamp_max(9.0); };
  table["mean.where"] = [](const Tensors& x) { return at::masked_select(x[0], x[1]).mean(); };
  table["variance.where"] = [](const Tensors& x) {
    const Tensor some = at::masked_select(x[0], x[1]);
    const Tensor total = (some - some.mean()).square().sum() / (static_cast<double>(some.numel()) - 0.5);
    return total.reshape(Lengths(static_cast<std::size_t>(x[0].dim()), 1));
  };
  table["sum.initial"] = [](const Tensors& x) { return (x[0].sum(0) + x[1]) * at::maximum(x[0].amax(0), x[1]); };
}

inline void add_spread(Counterparts& table) {
  const auto add = [&](const std::string& key, Tensor (*f)(const Tensor&)) {
    table[key] = [f](const Tensors& x) { return f(x[0]); };
  };
  add("variance.ddof", [](const Tensor& x) { return at::var(x, Lengths{-1}, true, false); });
  add("stddev", [](const Tensor& x) { return at::std(x, false); });
  add("stddev.ddof", [](const Tensor& x) { return at::std(x, Lengths{0}, true, true); });
  add("ptp", [](const Tensor& x) { return x.max() - x.min(); });
  add("ptp.axis", [](const Tensor& x) { return x.amax(-1, true) - x.amin(-1, true); });
  const auto norm = [](const Tensor& x, double order) { return at::linalg_vector_norm(x, order); };
  table["norm.order_0"] = [=](const Tensors& x) { return x[0] * norm(x[0], 0.0).detach(); };
  add("norm.order_1", [](const Tensor& x) { return at::linalg_vector_norm(x, 1.0, Lengths{-1}); });
  add("norm.order_3", [](const Tensor& x) { return at::linalg_vector_norm(x, 3.0, Lengths{0}, true); });
  table["norm.order_4"] = [=](const Tensors& x) { return norm(x[0], 4.0); };
  table["norm.order_half"] = [=](const Tensors& x) { return norm(x[0], 0.5); };
  table["norm.order_minus_2"] = [=](const Tensors& x) { return norm(x[0], -2.0); };
  add("norm.order_infinity", [](const Tensor& x) { return at::abs(x).amax(-1); });
  add("norm.order_minus_infinity", [](const Tensor& x) { return at::abs(x).amin(-1); });
  table["average"] = [](const Tensors& x) { return (x[0] * x[1]).sum() / x[1].sum(); };
  table["average.axis"] = [](const Tensors& x) { return (x[0] * x[1].unsqueeze(1)).sum(0, true) / x[1].sum(); };
  table["average.axes"] = [](const Tensors& x) {
    return (x[0] * x[1].t().unsqueeze(1)).sum(Lengths{0, 2}) / x[1].sum();
  };
}

inline void add_without_nan(Counterparts& table) {
  const auto add = [&](const std::string& key, Tensor (*f)(const Tensor&)) {
    table[key] = [f](const Tensors& x) { return f(x[0]); };
  };
  add("nansum", [](const Tensor& x) { return at::nansum(x); });
  add("nanprod", [](const Tensor& x) { return at::prod(at::where(at::isnan(x), at::ones_like(x), x), -1); });
  add("nanmean", [](const Tensor& x) { return at::nanmean(x, Lengths{-1}); });
  constexpr double far = std::numeric_limits<double>::infinity();
  table["nanmax"] = [=](const Tensors& x) { return at::where(at::isnan(x[0]), at::full_like(x[0], -far), x[0]).max(); };
  table["nanmin"] = [=](const Tensors& x) {
    return at::where(at::isnan(x[0]), at::full_like(x[0], far), x[0]).amin(0, true);
  };
  const auto square_sum = [](const Tensor& x, bool last) {
    const Tensor known = at::logical_not(at::isnan(x));
    const Tensor mean = last ? at::nanmean(x, Lengths{-1}, true) : at::nanmean(x);
    const Tensor squares = at::where(known, x - mean, at::zeros_like(x)).square();
    return last ? squares.sum(-1) : squares.sum();
  };
  const auto count = [](const Tensor& x, bool last) {
    const Tensor known = at::logical_not(at::isnan(x)).to(at::kDouble);
    return last ? known.sum(-1) : known.sum();
  };
  table["nanvar"] = [=](const Tensors& x) { return square_sum(x[0], false) / count(x[0], false); };
  table["nanstd"] = [=](const Tensors& x) { return (square_sum(x[0], true) / (count(x[0], true) - 0.5)).sqrt(); };
  add("nanmedian", [](const Tensor& x) { return at::nanquantile(x, 0.5, -1); });
  add("nanquantile", [](const Tensor& x) { return at::nanquantile(x.flatten(), at::tensor({0.2, 0.7}, at::kDouble)); });
  add("nanpercentile", [](const Tensor& x) { return at::nanquantile(x, 0.3, -1); });
  add("nancumsum", [](const Tensor& x) { return at::cumsum(at::nan_to_num(x), -1); });
  add("nancumprod", [](const Tensor& x) { return at::cumprod(at::where(at::isnan(x), at::ones_like(x), x), -1); });
}

/// Quantiles of all elements at the places h: `of(n, q)`.
inline Tensor at_places(const Tensor& x, const Tensor& places) {
  const Tensor sorted = std::get<0>(at::sort(x.flatten()));
  const auto last = static_cast<double>(x.numel() - 1);
  const Tensor inside = places.clamp(0.0, last);
  const Tensor below = inside.detach().floor().clamp_max(std::max(last - 1.0, 0.0));
  const Tensor above = (below + 1.0).clamp_max(last);
  const Tensor a = sorted.index_select(0, below.flatten().to(at::kLong)).reshape(places.sizes());
  const Tensor b = sorted.index_select(0, above.flatten().to(at::kLong)).reshape(places.sizes());
  return a + (inside - below) * (b - a);
}

inline void add_quantiles(Counterparts& table) {
  table["median"] = [](const Tensors& x) { return at::quantile(x[0].flatten(), 0.5); };
  table["median.axis"] = [](const Tensors& x) { return at::quantile(x[0], 0.5, 0, true); };
  table["quantile"] = [](const Tensors& x) { return at_places(x[0], x[1] * static_cast<double>(x[0].numel() - 1)); };
  table["quantile.axis"] = [](const Tensors& x) {  // each row by itself: libtorch has no derivative with respect to q
    const Tensor rows = x[0].reshape({-1, x[0].size(-1)});
    std::vector<Tensor> all;
    for (std::int64_t i = 0; i < rows.size(0); ++i) {
      all.push_back(at_places(rows[i], x[1] * static_cast<double>(rows.size(1) - 1)));
    }
    Lengths shape = x[1].sizes().vec();
    shape.insert(shape.end(), x[0].sizes().begin(), x[0].sizes().end() - 1);
    return at::stack(all, -1).reshape(shape);
  };
  table["quantile.axes_keep_dims"] = [](const Tensors& x) {
    std::vector<Tensor> all;
    for (std::int64_t i = 0; i < x[0].size(1); ++i) {
      const Tensor part = x[0].select(1, i);
      all.push_back(at_places(part, x[1] * static_cast<double>(part.numel() - 1)));
    }
    return at::stack(all, -1).unsqueeze(1).unsqueeze(-1);
  };
  table["percentile"] = [](const Tensors& x) {
    const auto last = static_cast<double>(x[0].size(0) - 1);
    return at::stack(
        Tensors{at_places(x[0].select(1, 0), x[1] * 0.01 * last), at_places(x[0].select(1, 1), x[1] * 0.01 * last)},
        -1);
  };
  const auto add = [&](const std::string& method, Tensor (*place)(double, const Tensor&)) {
    table["quantile." + method] = [place](const Tensors& x) {
      return at_places(x[0], place(static_cast<double>(x[0].numel()), x[1]));
    };
  };
  add("inverted_cdf", [](double n, const Tensor& q) { return (n * q - 1.0).ceil(); });
  add("averaged_inverted_cdf", [](double n, const Tensor& q) { return (n * q - 1.0).ceil(); });  // no q n is an integer
  add("closest_observation", [](double n, const Tensor& q) { return (n * q - 1.0).round(); });   // nor a half
  add("interpolated_inverted_cdf", [](double n, const Tensor& q) { return n * q - 1.0; });
  add("hazen", [](double n, const Tensor& q) { return n * q - 0.5; });
  add("weibull", [](double n, const Tensor& q) { return (n + 1.0) * q - 1.0; });
  add("median_unbiased", [](double n, const Tensor& q) { return (n + 1.0 / 3.0) * q - 2.0 / 3.0; });
  add("normal_unbiased", [](double n, const Tensor& q) { return (n + 0.25) * q - 0.625; });
  const auto of_libtorch = [&](const std::string& method) {
    table["quantile." + method] = [method](const Tensors& x) {
      return at::quantile(x[0], x[1].detach(), c10::nullopt, false, method);
    };
  };
  for (const char* method : {"lower", "higher", "midpoint", "nearest"}) of_libtorch(method);
}

inline void add_differences(Counterparts& table) {
  const auto add = [&](const std::string& key, Tensor (*f)(const Tensor&)) {
    table[key] = [f](const Tensors& x) { return f(x[0]); };
  };
  add("diff", [](const Tensor& x) { return at::diff(x); });
  add("diff.twice", [](const Tensor& x) { return at::diff(x, 2, 0); });
  add("trapezoid", [](const Tensor& x) { return at::trapezoid(x, 0.5); });
  table["trapezoid.places"] = [](const Tensors& x) {
    if (x[1].dim() == x[0].dim()) return at::trapezoid(x[0], x[1], 0);
    return at::trapezoid(x[0], x[1].unsqueeze(1).expand_as(x[0]), 0);
  };
  add("gradient", [](const Tensor& x) { return at::gradient(x, c10::optional<at::Scalar>(0.5), -1, 1)[0]; });
  add("gradient.axis", [](const Tensor& x) { return at::gradient(x, c10::optional<at::Scalar>(2.0), 0, 2)[0]; });
  // Of places libtorch has a derivative of its own, which it does not take: the parabola through three points.
  const auto slopes = [](const Tensor& y, const Tensor& at, int edge_order) {  // along the first axis
    const auto n = y.size(0);
    const auto slope = [&](std::int64_t i, std::int64_t j) { return (y[j] - y[i]) / (at[j] - at[i]); };
    const auto parabola = [&](std::int64_t i, std::int64_t where) {
      const Tensor bend = (slope(i + 1, i + 2) - slope(i, i + 1)) / (at[i + 2] - at[i]);
      return slope(i, i + 1) + bend * (2.0 * at[where] - at[i] - at[i + 1]);
    };
    std::vector<Tensor> all;
    for (std::int64_t i = 0; i < n; ++i) {
      if (i > 0 && i < n - 1) all.push_back(parabola(i - 1, i));
      else if (edge_order == 2) all.push_back(parabola(i == 0 ? 0 : n - 3, i));
      else all.push_back(i == 0 ? slope(0, 1) : slope(n - 2, n - 1));
    }
    return at::stack(all);
  };
  table["gradient.places"] = [=](const Tensors& x) { return slopes(x[0].transpose(0, -1), x[1], 1).transpose(0, -1); };
  table["gradient.places_edges"] = [=](const Tensors& x) { return slopes(x[0], x[1], 2); };
}

inline void add_covariances(Counterparts& table) {
  table["cov"] = [](const Tensors& x) {
    return at::cov(x[0]).reshape(x[0].dim() == 1 ? Lengths{} : Lengths{x[0].size(0), x[0].size(0)});
  };
  table["cov.stack"] = [](const Tensors& x) { return at::stack(Tensors{at::cov(x[0][0], 0), at::cov(x[0][1], 0)}); };
  table["corrcoef"] = [](const Tensors& x) { return at::corrcoef(x[0]); };
  const auto apart = [](const Tensors& x) { return x[0].unsqueeze(-2) - x[1].unsqueeze(-3); };
  table["cdist"] = [=](const Tensors& x) { return apart(x).square().sum(-1).sqrt(); };
  table["cdist.sqeuclidean"] = [=](const Tensors& x) { return apart(x).square().sum(-1); };
  table["cdist.cityblock"] = [=](const Tensors& x) { return apart(x).abs().sum(-1); };
  table["cdist.chebyshev"] = [=](const Tensors& x) { return apart(x).abs().amax(-1); };
}

/// The broken line through points, at places that are no points.
inline Tensor broken_line(const Tensor& x, const Tensor& places, const Tensor& values, const Tensor& left,
                          const Tensor& right) {
  const std::int64_t n = places.size(0);
  Tensor result = at::where(x < places[0], left, right);
  for (std::int64_t i = 0; i + 1 < n; ++i) {
    const Tensor line = values[i] + (x - places[i]) / (places[i + 1] - places[i]) * (values[i + 1] - values[i]);
    result = at::where(at::logical_and(x >= places[i], x <= places[i + 1]), line, result);
  }
  return result;
}

inline void add_tables(Counterparts& table) {
  table["interp"] = [](const Tensors& x) { return broken_line(x[0], x[1], x[2], x[2][0], x[2][-1]); };
  table["interp.outside"] = [](const Tensors& x) {
    return broken_line(x[0], x[1], x[2], at::full({}, -5.0, at::kDouble), x[3]);
  };
  const auto at_numbers = [](const Tensors& x) { return at::index_add(at::zeros({5}, x[0].options()), 0, x[1], x[0]); };
  const auto in_two_bins = [=](const Tensors& x) {
    const Tensor sums = at_numbers(x);
    return at::stack(Tensors{sums[0], sums[1] + sums[2] + sums[3]});
  };
  table["bincount.weights"] = at_numbers;
  table["histogram.weights"] = in_two_bins;
  table["histogram.density"] = [=](const Tensors& x) {
    const Tensor sums = in_two_bins(x);
    return sums / sums.sum() / at::tensor({1.0, 2.5}, at::kDouble);
  };
}

inline void add_counts(Counterparts& table) {
  const auto add = [&](const std::string& key, Tensor (*f)(const Tensor&)) {
    table[key] = [f](const Tensors& x) { return f(x[0]); };
  };
  add("any", [](const Tensor& x) { return at::any(x, -1); });
  add("all", [](const Tensor& x) { return at::all(x, -1); });
  add("any.comparison", [](const Tensor& x) { return at::any(x > 0.5, 0, true); });
  add("all.comparison", [](const Tensor& x) { return at::all(x > 0.5); });
  add("count_nonzero", [](const Tensor& x) { return at::count_nonzero(x); });
  add("argmin", [](const Tensor& x) { return at::argmin(x); });
  add("argmin.axis", [](const Tensor& x) { return at::argmin(x, -1, true); });
  table["searchsorted"] = [](const Tensors& x) { return at::searchsorted(x[0], x[1]); };
  table["searchsorted.right"] = [](const Tensors& x) { return at::searchsorted(x[0], x[1], false, true); };
  table["searchsorted.stack"] = [](const Tensors& x) {
    return at::searchsorted(std::get<0>(at::sort(x[0], -1)), x[1], false, true);
  };
  table["digitize"] = [](const Tensors& x) { return at::bucketize(x[1], x[0], false, true); };
  add("bincount", [](const Tensor& x) { return at::bincount(x, {}, 5); });
  add("histogram", [](const Tensor& x) { return at::histc(x, 4).to(at::kLong); });
}

}  // namespace statistics

inline void add_statistics(statistics::Counterparts& table) {
  statistics::add_options(table);
  statistics::add_spread(table);
  statistics::add_without_nan(table);
  statistics::add_quantiles(table);
  statistics::add_differences(table);
  statistics::add_covariances(table);
  statistics::add_tables(table);
  statistics::add_counts(table);
}

}  // namespace libtorch
