// Rows of the reductions with options, of statistics, and of what searches sorted tables.
#include "ops_table_rows.hpp"

namespace xgrad::testing {
namespace {

using Unary = Var (*)(const Var&);

void add_one(Rows& rows, const std::string& name, Unary f, const std::vector<Var>& at,
             const std::vector<Case>& special = {}) {
  OpRow row{.name = name, .function = [f](const Case& x) { return f(x[0]); }, .special = special};
  for (const Var& x : at) row.smooth.push_back({x});
  rows.push_back(std::move(row));
}

void add_all(Rows& rows, const std::string& name, Operation f, const std::vector<Case>& at) {
  rows.push_back({.name = name, .function = std::move(f), .smooth = at});
}

void append_options(Rows& rows, Random& random) {
  const auto pair = [&](const Shape& shape, const Shape& mask) {
    return Case{random.distinct(shape), cast(random.away_from_zero(mask), DType::Float64) > 0.0};
  };
  const std::vector<Case> masked{pair({2, 3}, {2, 3}), pair({3, 4}, {4})};
  const auto mask = [](const Case& x) { return x[1]; };
  add_all(
      rows, "sum.where", [=](const Case& x) { return sum(x[0], 1, {.where = mask(x), .initial = 2.0}); }, masked);
  add_all(
      rows, "prod.where", [=](const Case& x) { return prod(x[0], 0, {.where = mask(x), .initial = 2.0}); }, masked);
  add_all(
      rows, "amax.where", [=](const Case& x) { return amax(x[0], 1, {.where = mask(x), .initial = -9.0}); }, masked);
  add_all(
      rows, "amin.where",
      [=](const Case& x) { return amin(x[0], -1, {.keep = keep_dims, .where = mask(x), .initial = 9.0}); }, masked);
  add_all(
      rows, "mean.where", [=](const Case& x) { return mean(x[0], {}, {.where = mask(x)}); }, masked);
  add_all(
      rows, "variance.where",
      [=](const Case& x) { return variance(x[0], {}, {.keep = keep_dims, .where = mask(x), .ddof = 0.5}); }, masked);
  add_all(
      rows, "sum.initial",
      [](const Case& x) { return sum(x[0], 0, {.initial = x[1]}) * amax(x[0], 0, {.initial = x[1]}); },
      {{list({1.0, 3.0, 2.0}), Var(xt::xarray<double>(1.7))}, {list({1.0, 3.0, 2.0}), Var(xt::xarray<double>(4.0))}});
}

void append_spread(Rows& rows, Random& random) {
  const auto at = [&](const Shape& shape) { return random.distinct(shape); };
  const std::vector<Var> some{at({5}), at({2, 3}), at({2, 2, 2})};
  add_one(
      rows, "variance.ddof", [](const Var& x) { return variance(x, -1, {.ddof = 1.0}); }, some);
  add_one(rows, "stddev", [](const Var& x) { return stddev(x); }, some, {{list({3.0, 3.0, 3.0})}});
  add_one(
      rows, "stddev.ddof", [](const Var& x) { return stddev(x, 0, {.keep = keep_dims, .ddof = 1.0}); }, some);
  add_one(
      rows, "ptp", [](const Var& x) { return ptp(x); }, some);
  add_one(
      rows, "ptp.axis", [](const Var& x) { return ptp(x, -1, keep_dims); }, some);
  const std::vector<Var> away{random.away_from_zero({5}), random.away_from_zero({2, 3})};
  add_one(
      rows, "norm.order_0", [](const Var& x) { return x * norm(x, {}, {.order = 0.0}); }, away);
  add_one(
      rows, "norm.order_1", [](const Var& x) { return norm(x, -1, {.order = 1.0}); }, away);
  add_one(rows, "norm.order_3", [](const Var& x) { return norm(x, 0, {.keep = keep_dims, .order = 3.0}); }, away,
          {{list({3.0, 0.0, -2.0})}});
  add_one(rows, "norm.order_4", [](const Var& x) { return norm(x, {}, {.order = 4.0}); },
          {random.uniform({4}), list({1.0, 0.0, -2.0})});
  add_one(
      rows, "norm.order_half", [](const Var& x) { return norm(x, {}, {.order = 0.5}); }, away);
  add_one(
      rows, "norm.order_minus_2", [](const Var& x) { return norm(x, {}, {.order = -2.0}); }, away);
  add_one(
      rows, "norm.order_infinity", [](const Var& x) { return norm(x, -1, {.order = infinity}); }, away);
  add_one(
      rows, "norm.order_minus_infinity", [](const Var& x) { return norm(x, -1, {.order = -infinity}); }, away);
  add_all(rows, "average", [](const Case& x) { return average(x[0], x[1]); },
          {{at({4}), random.uniform({4}, 0.5, 1.5)}, {at({2, 3}), random.uniform({2, 3}, 0.5, 1.5)}});
  add_all(rows, "average.axis", [](const Case& x) { return average(x[0], x[1], 0, keep_dims); },
          {{at({3, 2}), random.uniform({3}, 0.5, 1.5)}});
  add_all(rows, "average.axes",
          [](const Case& x) {
            return average(x[0], x[1], {2, 0});
          },
          {{at({2, 2, 3}), random.uniform({3, 2}, 0.5, 1.5)}});
}

void append_without_nan(Rows& rows, Random& random) {
  const auto add = [&](const std::string& name, Unary f) {
    add_one(rows, name, f, {random.distinct({5}), random.distinct({2, 3})},
            {{list({1.0, not_a_number, 5.0, 2.5})}, {list({not_a_number, -1.0})}});
  };
  add("nansum", [](const Var& x) { return nansum(x); });
  add("nanprod", [](const Var& x) { return nanprod(x, -1); });
  add("nanmean", [](const Var& x) { return nanmean(x, -1); });
  add("nanmax", [](const Var& x) { return nanmax(x); });
  add("nanmin", [](const Var& x) { return nanmin(x, 0, keep_dims); });
  add("nanvar", [](const Var& x) { return nanvar(x); });
  add("nanstd", [](const Var& x) { return nanstd(x, -1, {.ddof = 0.5}); });
  rows.back().special.pop_back();  // where it is 0 it has no slope, which libtorch calls NaN
  add("nanmedian", [](const Var& x) { return nanmedian(x, -1); });
  add("nanquantile", [](const Var& x) { return nanquantile(x, list({0.2, 0.7})); });
  add("nanpercentile", [](const Var& x) { return nanpercentile(x, 30.0, -1); });
  add("nancumsum", [](const Var& x) { return nancumsum(x); });
  add("nancumprod", [](const Var& x) { return nancumprod(x); });
}

void append_quantiles(Rows& rows, Random& random) {
  const auto at = [&](const Shape& shape) { return random.distinct(shape); };
  add_one(rows, "median", [](const Var& x) { return median(x); }, {at({5}), at({2, 3}), at({1})});
  add_one(rows, "median.axis", [](const Var& x) { return median(x, 0, keep_dims); }, {at({4, 2}), at({2, 2, 2})});
  add_all(
      rows, "quantile", [](const Case& x) { return quantile(x[0], x[1]); },
      {{at({6}), list({0.13, 0.5, 0.88})}, {at({2, 3}), reshape(list({0.3, 0.45}), {2, 1})}, {at({1}), list({0.3})}});
  add_all(rows, "quantile.axis", [](const Case& x) { return quantile(x[0], x[1], -1); },
          {{at({2, 5}), list({0.1, 0.9})}, {at({2, 2, 4}), Var(xt::xarray<double>(0.4))}});
  add_all(rows, "quantile.axes_keep_dims",
          [](const Case& x) {
            return quantile(x[0], x[1], {0, 2}, {.keep = keep_dims});
          },
          {{at({2, 2, 3}), list({0.1, 0.9})}});
  add_all(rows, "percentile", [](const Case& x) { return percentile(x[0], x[1], 0); },
          {{at({5, 2}), list({13.0, 71.0})}});
  const std::pair<const char*, Quantile> methods[]{{"inverted_cdf", Quantile::InvertedCdf},  // NOLINT(*-c-arrays)
                                                   {"averaged_inverted_cdf", Quantile::AveragedInvertedCdf},
                                                   {"closest_observation", Quantile::ClosestObservation},
                                                   {"interpolated_inverted_cdf", Quantile::InterpolatedInvertedCdf},
                                                   {"hazen", Quantile::Hazen},
                                                   {"weibull", Quantile::Weibull},
                                                   {"median_unbiased", Quantile::MedianUnbiased},
                                                   {"normal_unbiased", Quantile::NormalUnbiased},
                                                   {"lower", Quantile::Lower},
                                                   {"higher", Quantile::Higher},
                                                   {"midpoint", Quantile::Midpoint},
                                                   {"nearest", Quantile::Nearest}};
  for (const auto& [name, method] : methods) {
    rows.push_back(
        {.name = std::string("quantile.") + name,
         .function = [method = method](const Case& x) { return quantile(x[0], x[1], {}, {.method = method}); },
         .smooth = {{at({7}), list({0.03, 0.31, 0.52, 0.94})}}});
  }
}

void append_differences(Rows& rows, Random& random) {
  const auto at = [&](const Shape& shape) { return random.uniform(shape); };
  const Var places = list({0.0, 0.3, 0.5, 1.2});
  add_one(rows, "diff", [](const Var& x) { return diff(x); }, {at({5}), at({2, 3}), at({2})});
  add_one(rows, "diff.twice", [](const Var& x) { return diff(x, 2, 0); }, {at({4, 2})});
  add_one(rows, "trapezoid", [](const Var& x) { return trapezoid(x, 0.5); }, {at({5}), at({2, 3}), at({2})});
  add_all(rows, "trapezoid.places", [](const Case& x) { return trapezoid(x[0], x[1], 0); },
          {{at({4, 2}), places}, {at({4}), places}, {at({2, 3}), at({2, 3})}});
  add_one(rows, "gradient", [](const Var& x) { return gradient(x, 0.5); }, {at({5}), at({2, 3}), at({2})});
  add_one(rows, "gradient.axis", [](const Var& x) { return gradient(x, 2.0, 0, 2); }, {at({4, 2}), at({3})});
  add_all(rows, "gradient.places", [](const Case& x) { return gradient(x[0], x[1], -1); },
          {{at({2, 4}), places}, {at({2}), list({0.0, 0.4})}});
  add_all(rows, "gradient.places_edges", [](const Case& x) { return gradient(x[0], x[1], 0, 2); },
          {{at({4, 2}), places}, {at({3}), list({0.0, 0.4, 0.7})}});
}

void append_covariances(Rows& rows, Random& random) {
  const auto at = [&](const Shape& shape) { return random.uniform(shape); };
  add_one(rows, "cov", [](const Var& x) { return cov(x); }, {at({2, 4}), at({1, 3}), at({4})});
  add_one(rows, "cov.stack", [](const Var& x) { return cov(x, 0.0); }, {at({2, 2, 3})});
  add_one(rows, "corrcoef", [](const Var& x) { return corrcoef(x); }, {at({3, 5})});
  const auto add = [&]<Metric metric>(std::integral_constant<Metric, metric>, const std::string& name) {
    add_all(rows, name, [](const Case& x) { return cdist(x[0], x[1], metric); },
            {{random.lattice({2, 3}, 0.0), random.lattice({4, 3}, 0.2)},
             {random.lattice({2, 1, 2}, 0.0), random.lattice({3, 2}, 0.2)}});
  };
  add(std::integral_constant<Metric, Metric::Euclidean>(), "cdist");
  add(std::integral_constant<Metric, Metric::SqEuclidean>(), "cdist.sqeuclidean");
  add(std::integral_constant<Metric, Metric::Cityblock>(), "cdist.cityblock");
  add_all(rows, "cdist.chebyshev", [](const Case& x) { return cdist(x[0], x[1], Metric::Chebyshev); },
          {{random.distinct({2, 3}), list({0.03, 3.1, 1.07}) * reshape(list({1.0, -2.3}), {2, 1})}});
}

void append_tables(Rows& rows, Random& random) {
  const Var places = list({0.0, 0.5, 0.9, 1.5});
  add_all(rows, "interp", [](const Case& x) { return interp(x[0], sort(x[1]), x[2]); },
          {{list({-0.3, 0.2, 0.7, 1.2, 2.0}), places, random.uniform({4})},
           {reshape(list({0.2, 0.8}), {2, 1}), places, random.uniform({4})},
           {list({0.3, 2.0}), list({1.0}), list({3.0})}});
  add_all(rows, "interp.outside",
          [](const Case& x) { return interp(x[0], sort(x[1]), x[2], {.left = -5.0, .right = x[3]}); },
          {{list({-0.3, 0.2, 2.0}), places, random.uniform({4}), Var(xt::xarray<double>(3.0))}});
  const Var numbers = xt::xarray<std::int64_t>{3, 0, 3, 1, 1};
  rows.push_back({.name = "bincount.weights",
                  .function = [](const Case& x) { return bincount(x[1], 5, x[0]); },
                  .smooth = {{random.uniform({5}), numbers}}});
  rows.push_back({.name = "histogram.weights",
                  .function =
                      [](const Case& x) {
                        return histogram(x[1], xt::xarray<int>{0, 1, 3}, {.weights = x[0]}).first;
                      },
                  .smooth = {{random.uniform({5}), numbers}}});
  rows.push_back(
      {.name = "histogram.density",
       .function =
           [](const Case& x) {
             return histogram(x[1], xt::xarray<double>{0.0, 1.0, 3.5}, {.weights = x[0], .density = true}).first;
           },
       .smooth = {{random.uniform({5}, 0.5, 1.5), numbers}}});
}

}  // namespace

void append_statistics(Rows& rows) {
  Random random(10);
  append_options(rows, random);
  append_spread(rows, random);
  append_without_nan(rows, random);
  append_quantiles(rows, random);
  append_differences(rows, random);
  append_covariances(rows, random);
  append_tables(rows, random);
}

void append_counts(Rows& rows) {
  Random random(11);
  const auto add = [&](const std::string& name, Operation f, const std::vector<Case>& at,
                       const std::vector<std::string>& primitives = {}) {
    rows.push_back({.name = name, .function = std::move(f), .special = at, .primitives = primitives});
  };
  const std::vector<Case> some{{random.distinct({4})}, {random.distinct({2, 3})}, {xt::xarray<double>{1.0, 0.0, 3.0}}};
  add(
      "any", [](const Case& x) { return any(x[0], -1); }, some);
  add(
      "all", [](const Case& x) { return all(x[0], -1); }, some);
  add(
      "any.comparison", [](const Case& x) { return any(x[0] > 0.5, 0, keep_dims); }, some);
  add(
      "all.comparison", [](const Case& x) { return all(x[0] > 0.5); }, some);
  add(
      "count_nonzero", [](const Case& x) { return count_nonzero(x[0]); }, some);
  const std::vector<Case> searched{{random.distinct({4})},
                                   {random.distinct({2, 3})},
                                   {xt::xarray<double>{3.0, 1.0, 1.0}},
                                   {xt::xarray<double>{1.0, infinity, -infinity}}};
  add(
      "argmin", [](const Case& x) { return argmin(x[0]); }, searched);
  add(
      "argmin.axis", [](const Case& x) { return argmin(x[0], -1, keep_dims); }, searched);
  const Case table{xt::xarray<double>{-1.0, 0.0, 0.0, 2.0},
                   xt::xarray<double>{{-2.0, -1.0, 0.0}, {1.0, 2.0, infinity}}};
  add("searchsorted", [](const Case& x) { return searchsorted(sort(x[0]), x[1]); }, {table}, {"searchsorted"});
  add("searchsorted.right", [](const Case& x) { return searchsorted(sort(x[0]), x[1], Side::Right); }, {table});
  add("searchsorted.stack", [](const Case& x) { return searchsorted(sort(x[0]), x[1], Side::Right); },
      {{random.uniform({2, 5}), random.uniform({2, 3})}});
  add("digitize", [](const Case& x) { return digitize(x[1], x[0]); }, {table});
  add("bincount", [](const Case& x) { return bincount(x[0], 5); }, {{xt::xarray<std::int64_t>{3, 0, 3, 1}}});
  add("histogram", [](const Case& x) { return histogram(x[0], 4).first; },
      {{random.uniform({20})}, {xt::xarray<double>{0.0, 1.0, 2.0, 4.0}}});
}

}  // namespace xgrad::testing
