// Where xgrad and libtorch differ on purpose, and special inputs beyond those of the table of operations.
#pragma once

#include <cmath>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "ops_table.hpp"
#include "ops_table_rows.hpp"

namespace xgrad::testing {

/// An element whose values or derivatives are not the same in both libraries.
struct Difference {
  std::string row;
  /// "value", or "gradient" and the number of the argument.
  std::string what;
  /// Which elements of the special inputs: those whose first two arguments are such (NaN: there is no such argument).
  std::function<bool(double, double)> applies;
  /// The value; the gradient over its weight.
  double xgrad;
  double libtorch;
  std::string why;
};

inline std::vector<Difference> differences() {
  const auto is_nan = [](double a, double) { return std::isnan(a); };
  const auto is_infinite = [](double a, double) { return std::isinf(a); };
  const auto either_is_nan = [](double a, double b) { return std::isnan(a) || std::isnan(b); };
  const auto equals = [](double number) { return [number](double a, double) { return a == number; }; };
  const auto beside_infinity = [](double a, double) { return a == 1.25 || a == 2.25; };
  const auto negative_zero = [](double a, double) { return a == 0.0 && std::signbit(a); };
  const auto not_positive = [](double a, double) { return a <= 0.0; };

  const std::string overflow = "libtorch's vector code overflows for results that a double holds";
  const std::string sign_of_nan = "sign(NaN) is NaN, as in NumPy; libtorch takes 0";
  const std::string extremum_of_nan = "no argument is the larger one, so neither gets a derivative; libtorch: both do";
  const std::string clip_of_nan = "the value is x, so the derivative is 1; libtorch takes 0";
  const std::string power = "IEEE 754's pow; libtorch takes sqrt, or 1/sqrt, for exponents 1/2 and -1/2";
  const std::string product = "the product of the other factors; libtorch divides by the factor";
  const std::string limit = "beside an infinite logit all others count nothing; libtorch subtracts infinities";
  const std::string squares = "no square overflows or vanishes; libtorch's do";
  const std::string leak = "libtorch multiplies the infinite or NaN derivative of the branch not taken by 0";

  std::vector<Difference> all{
      {"sinh", "value", equals(710.0), std::sinh(710.0), infinity, overflow},
      {"sinh", "gradient 0", equals(710.0), std::cosh(710.0), infinity, overflow},
      {"cosh", "value", equals(710.0), std::cosh(710.0), infinity, overflow},
      {"cosh", "gradient 0", equals(710.0), std::sinh(710.0), infinity, overflow},
      {"sign", "value", is_nan, not_a_number, 0.0, sign_of_nan},
      {"abs", "gradient 0", is_nan, not_a_number, 0.0, sign_of_nan},
      {"stop_gradient", "gradient 0", is_nan, not_a_number, 0.0, sign_of_nan},
      {"relu", "gradient 0", is_nan, 0.0, 1.0, "the derivative is 1 where x > 0, else 0; libtorch: 0 where x <= 0"},
      {"clip", "gradient 0", is_nan, 1.0, 0.0, clip_of_nan},
      {"clip.scalars", "gradient 0", is_nan, 1.0, 0.0, clip_of_nan},
      {"pow.half", "value", equals(-infinity), infinity, not_a_number, power},
      {"pow.half", "gradient 0", equals(-infinity), 0.0, not_a_number, power},
      {"pow.half", "gradient 0", negative_zero, infinity, -infinity, power},
      {"prod", "gradient 0", is_infinite, -2.0, not_a_number, product},
      {"prod", "gradient 0", is_nan, 5.0, not_a_number, product},
      {"softmax", "value", beside_infinity, 0.0, not_a_number, limit},
      {"softmax", "value", equals(infinity), 1.0, not_a_number, limit},
      {"softmax", "gradient 0", beside_infinity, 0.0, not_a_number, limit},
      {"softmax", "gradient 0", equals(infinity), 0.0, not_a_number, limit},
      {"logsumexp", "gradient 0", equals(infinity), 1.0, not_a_number, limit},
      {"variance", "gradient 0", beside_infinity, not_a_number, -infinity,
       "the value is NaN, and the derivative through the mean is kept; libtorch leaves it out, as it sums up to 0"},
      {"norm", "gradient 0", is_infinite, 0.0, not_a_number, "infinity has no direction"},
      {"norm", "value", equals(1e200), std::sqrt(2.0) * 1e200, infinity, squares},
      {"norm", "gradient 0", equals(1e200), std::sqrt(0.5), 0.0, squares},
      {"norm", "gradient 0", equals(-1e200), -std::sqrt(0.5), 0.0, squares},
      {"norm", "gradient 0", equals(3e-200), 0.6, 0.0, squares},
      {"norm", "gradient 0", equals(4e-200), 0.8, 0.0, squares},
      {"where.unguarded", "gradient 0", not_positive, -1.0, not_a_number, leak},
  };
  for (const char* gradient : {"gradient 0", "gradient 1"}) {
    const bool first = std::string_view(gradient) == "gradient 0";
    const auto own = [first](double a, double b) { return first ? a : b; };
    const auto other = [first](double a, double b) { return first ? b : a; };
    const auto same_infinity = [](double a, double b) { return std::isinf(a) && a == b; };
    const auto both_zero = [](double a, double b) { return a == 0.0 && b == 0.0; };
    all.push_back({"logaddexp", gradient, same_infinity, 0.5, not_a_number, limit});
    all.push_back({"hypot", gradient, both_zero, 0.0, not_a_number, "as that of a norm"});
    for (const double sign : {1.0, -1.0}) {
      const auto alone = [=](double a, double b) { return own(a, b) == sign * infinity && std::isfinite(other(a, b)); };
      const auto both = [=](double a, double b) { return own(a, b) == sign * infinity && std::isinf(other(a, b)); };
      all.push_back({"hypot", gradient, alone, sign, not_a_number, limit});
      all.push_back({"hypot", gradient, both, sign * std::sqrt(0.5), not_a_number, limit});
    }
  }
  for (const char* row : {"maximum", "minimum"}) {
    for (const char* gradient : {"gradient 0", "gradient 1"}) {
      all.push_back({row, gradient, either_is_nan, 0.0, 1.0, extremum_of_nan});
    }
  }
  return all;
}

/// Special inputs for rows of the table, by name.
inline std::map<std::string, std::vector<Case>> more_special_cases() {
  const auto row = [](std::initializer_list<double> values) { return Var(xt::xarray<double>(values)); };
  const Case minus_infinities{row({-infinity, -infinity})};
  const Case plus_infinity{row({1.25, infinity, 2.25})};  // the finite ones are named in differences()
  const Case huge_and_tiny{row({1e200, 1e-200, -1e200, 0.0})};
  const Var matrix = xt::xarray<double>{{1.0, infinity, 0.0}, {not_a_number, -1.0, 2.0}, {1e200, 1e-200, -0.0}};
  const Var finite = xt::xarray<double>{{0.5, -1.5, 2.0}, {1.0, 3.0, -0.5}, {2.5, 0.0, 1.0}};
  const Var places = xt::xarray<std::int64_t>{{2, 0}, {1, 1}, {-1, 0}};
  const Var list = xt::xarray<std::int64_t>{2, 0, 2};
  return {
      {"matmul", {{matrix, finite}, {finite, matrix}, {row({infinity, 1.0}), row({0.0, 2.0})}}},
      {"dot", {{matrix, row({1.0, 2.0, 3.0})}}},
      {"outer", {{row({infinity, 0.0, 1.0}), row({0.0, not_a_number})}}},
      {"logsumexp", {plus_infinity, huge_and_tiny}},
      {"softmax", {plus_infinity, huge_and_tiny}},
      {"log_softmax", {huge_and_tiny}},
      {"prod", {{row({1e100, 1e-100, -1e100, 0.0})}, {row({0.0, -0.0, 2.0})}}},
      {"norm", {plus_infinity, huge_and_tiny, {row({3e-200, 4e-200})}}},
      {"norm.axis", {{Var(xt::xarray<double>{{0.0, 3.0, not_a_number}, {0.0, 4.0, 1.0}})}}},
      {"variance", {plus_infinity, {row({1e8, 1e8 + 1.0, 1e8 + 2.0})}, {row({5.0})}}},
      {"amax", {{row({1.0, not_a_number, 5.0})}, minus_infinities}},
      {"amin", {{row({1.0, not_a_number, 5.0})}, minus_infinities}},
      {"clip",
       {{row({-1.0, 1.0, -infinity, infinity, 0.5, not_a_number}), Var(-1.0), row({1.0, 1.0, 1.0, 1.0, 1.0, 1.0})},
        {row({0.0, 2.0, -2.0}), row({-infinity, -infinity, -infinity}), row({infinity, infinity, infinity})}}},
      {"take", {{matrix, list}}},
      {"take.axis", {{matrix, list}}},
      {"take_along_axis", {{matrix, places}}},
      {"one_hot.cross_entropy",
       {{Var(xt::xarray<double>{{1e4, 0.0, -1e4}, {3.0, 3.0, 3.0}}), Var(xt::xarray<std::int64_t>{2, 1})}}},
      {"broadcast_to", {{row({infinity, not_a_number, 0.0})}}},
      {"concatenate", {{row({infinity}), row({not_a_number}), row({-0.0})}}},
  };
}

/// Rows without a counterpart in libtorch, each with the reason.
inline const std::map<std::string, std::string>& without_counterpart() {
  static const std::map<std::string, std::string> reasons = [] {
    std::map<std::string, std::string> all{
        {"residual", "a difference that broadcasts nothing; libtorch has the one that does"},
        {"quantised_linear", "literals of torch are in test_compression"},
        {"toeplitz", "libtorch has none"},
        {"solve_toeplitz", "libtorch has none"},
        {"alike_exp", "exp, which libtorch computes otherwise"}};
    for (const char* of : {"binomial", "bits", "categorical", "fold_in", "gamma", "gamma_slope", "multivariate_normal",
                           "multivariate_normal.covariance", "normal", "normal.float32", "permutation", "poisson",
                           "split", "truncated_normal", "uniform", "uniform.of_keys"}) {
      all.emplace("random." + std::string(of), "libtorch draws other numbers");
    }
    for (const char* each :
         {"array_equal",     "array_equiv",   "bitwise_count", "gradient.axes",     "histogram.range",
          "histogram2d",     "histogramdd",   "interp.period", "lexsort",           "poly",
          "polyadd",         "polyder",       "polydiv",       "polydiv.rest",      "polyfit",
          "polyfit.weights", "polyint",       "polyval",       "ravel_multi_index", "round.integers",
          "spacing",         "unravel_index", "unwrap"}) {
      all.emplace(each, "libtorch has none");
    }
    all.emplace("allclose", "a bool in libtorch");
    all.emplace("kaiser", "without derivative in libtorch");
    all.emplace("nextafter", "without derivative in libtorch");
    return all;
  }();
  return reasons;
}

/// Operations that only this comparison looks at.
inline std::vector<OpRow> rows_of_conventions() {
  return {
      {.name = "where.unguarded",
       .function = [](const Case& x) { return where(x[0] > 0.0, sqrt(x[0]), -x[0]); },
       .special = {{Var(xt::xarray<double>{0.0, -0.0, -1.0, 4.0})}}},
  };
}

}  // namespace xgrad::testing
