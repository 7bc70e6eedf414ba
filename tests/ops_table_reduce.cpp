// Rows of the reductions.
#include "ops_table_rows.hpp"

namespace xgrad::testing {
namespace {

using Reduction = Var (*)(const Var&, const Axes&, KeepDims);
using AlongAxes = Var (*)(const Var&, const Axes&);

/// All axes, one, several, none; kept and not; of dense arrays and of views with gaps; of a scalar.
template <class Make>
void add_reduction(Rows& rows, const std::string& name, Reduction f, Make make, const std::vector<Case>& special,
                   const std::vector<std::string>& primitives) {
  const auto add = [&](const std::string& variant, Operation function, std::vector<Case> smooth) {
    rows.push_back({.name = name + variant,
                    .function = std::move(function),
                    .smooth = std::move(smooth),
                    .primitives = primitives});
  };
  add("", [f](const Case& x) { return f(x[0], {}, KeepDims::no); },
      {{make(Shape{})}, {make(Shape{5})}, {make(Shape{2, 3})}, {make(Shape{2, 2, 2})}});
  rows.back().special = special;
  add(".keep_dims", [f](const Case& x) { return f(x[0], {}, keep_dims); }, {{make(Shape{2, 3})}});
  add(".axis", [f](const Case& x) { return f(x[0], 0, KeepDims::no); }, {{make(Shape{3})}, {make(Shape{3, 2})}});
  add(".last_axis", [f](const Case& x) { return f(x[0], -1, KeepDims::no); },
      {{make(Shape{3, 2})}, {make(Shape{2, 1, 3})}});
  add(".axis_keep_dims", [f](const Case& x) { return f(x[0], 1, keep_dims); }, {{make(Shape{2, 3})}});
  add(".axes", [f](const Case& x) { return f(x[0], {0, -1}, KeepDims::no); }, {{make(Shape{2, 2, 3})}});
  add(".axes_keep_dims", [f](const Case& x) { return f(x[0], {2, 0}, keep_dims); }, {{make(Shape{2, 2, 2})}});
  add(".strided", [f](const Case& x) { return f(strided(x[0]), 0, KeepDims::no); }, {{make(Shape{2, 5})}});
  rows.back().torch.clear();
  add(".strided_all", [f](const Case& x) { return f(strided(x[0]), {}, KeepDims::no); }, {{make(Shape{2, 5})}});
  rows.back().torch.clear();
}

void add_along(Rows& rows, const std::string& name, AlongAxes f, Random& random, const std::vector<Case>& special) {
  const auto add = [&](const std::string& variant, Operation function, std::vector<Case> smooth) {
    rows.push_back({.name = name + variant, .function = std::move(function), .smooth = std::move(smooth)});
  };
  add("", [f](const Case& x) { return f(x[0], -1); }, {{random.uniform({4})}, {random.uniform({2, 3})}});
  rows.back().special = special;
  rows.back().primitives = {"exp", "sum", "amax", "offset"};
  add(".axis", [f](const Case& x) { return f(x[0], 0); }, {{random.uniform({3, 2})}, {random.uniform({2, 2, 2})}});
  add(".axes", [f](const Case& x) { return f(x[0], {0, 2}); }, {{random.uniform({2, 2, 2})}});
  add(".all", [f](const Case& x) { return f(x[0], {}); }, {{random.uniform({2, 3})}});
  add(".strided", [f](const Case& x) { return f(strided(x[0]), -1); }, {{random.uniform({3, 3})}});
  rows.back().torch.clear();
}

Var row(std::initializer_list<double> values) { return xt::xarray<double>(values); }

}  // namespace

void append_reductions(Rows& rows) {
  Random random(4);
  const auto any = [&](const Shape& shape) { return random.uniform(shape); };
  const auto distinct = [&](const Shape& shape) { return random.distinct(shape); };
  const auto away = [&](const Shape& shape) { return random.away_from_zero(shape, 0.5, 1.5); };
  const Case numbers{row({0.0, -0.0, 1e-300, 1e150, -1e8, 3.0})};
  const Case with_infinity{row({1.0, infinity, -2.0})};
  const Case with_nan{row({1.0, not_a_number, 5.0})};
  const Case with_two_infinities{row({infinity, -infinity, 1.0})};
  const std::vector<Case> ordinary{numbers, with_infinity, with_nan, with_two_infinities};

  add_reduction(rows, "sum", sum, any, ordinary, {"sum"});
  add_reduction(rows, "mean", mean, any, ordinary, {"sum", "divide"});
  add_reduction(rows, "prod", prod, any, {with_infinity, with_nan, {row({0.0, 2.0, 3.0})}, {row({0.0, 0.0, 3.0})}},
                {"multiply", "slice", "embed", "balance"});
  add_reduction(rows, "amax", amax, distinct, {with_infinity, {row({2.0, 5.0, 5.0, 1.0})}, {row({3.0, 3.0, 3.0})}},
                {"amax"});
  add_reduction(rows, "amin", amin, distinct, {with_infinity, {row({2.0, 1.0, 5.0, 1.0})}, {row({3.0, 3.0, 3.0})}},
                {"amin"});
  add_reduction(rows, "variance", variance, any, {{row({3.0, 3.0, 3.0})}, with_nan}, {"square"});
  add_reduction(rows, "norm", norm, away, {{row({0.0, 0.0, 0.0})}, {row({0.0, 3.0, -4.0})}, with_nan}, {"norm"});
  add_reduction(rows, "logsumexp", logsumexp, any,
                {with_nan, {row({1000.0, 1001.0, -1000.0})}, {row({-infinity, 0.0, 1.0})}, {row({-1e4, -1e4, -1e4})}},
                {"amax", "stop_gradient", "sum_but_one", "log1p"});

  rows.push_back({.name = "prod.zeros",  // a polynomial: smooth where factors are 0
                  .function = [](const Case& x) { return prod(x[0], 1); },
                  .smooth = {{xt::xarray<double>{{0.0, 2.0, -3.0}, {0.0, 1.5, 0.0}, {0.0, 0.0, 0.0}}}}});
  rows.push_back({.name = "sum.no_axes",
                  .function = [](const Case& x) { return sum(x[0], Axes(Strides())) * x[0]; },
                  .smooth = {{random.uniform({2, 2})}}});

  const std::vector<Case> logits{
      with_nan, {row({1e4, 0.0, -1e4})}, {row({-infinity, 0.0, 1.0})}, {row({1000.0, 1000.0, 1000.0})}};
  add_along(rows, "softmax", softmax, random, logits);
  add_along(rows, "log_softmax", log_softmax, random, logits);
}

}  // namespace xgrad::testing
