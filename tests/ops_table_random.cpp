// Rows of random numbers, drawn with the same key every time, and of what their derivatives are made of. That of gamma
// variates is not that of the algorithm which draws them, so it is not here but in test_random_derivatives.
#include <xgrad/random.hpp>

#include "ops_table_rows.hpp"

namespace xgrad::testing {

namespace {

const random::Key row_key(7);

}  // namespace

void append_random(Rows& rows) {
  Random random(9);
  const auto add = [&](const std::string& name, Operation function, std::vector<Case> smooth,
                       std::vector<std::string> primitives) {
    rows.push_back({.name = name,
                    .function = std::move(function),
                    .smooth = std::move(smooth),
                    .primitives = std::move(primitives),
                    .torch = {}});
  };
  add("random.gamma_slope", [](const Case& x) { return random::gamma_slope(x[0], x[1]); },
      {{random.uniform({}, 0.5, 1.5), random.uniform({}, -1.0, 0.5)},
       {random.uniform({2, 3}, 2.0, 6.0), random.uniform({3}, 0.0, 2.0)},
       {random.uniform({4}, 0.4, 0.9), random.uniform({4}, -3.0, -1.0)}},
      {"gamma_slope"});
  add("random.truncated_normal", [](const Case& x) { return random::truncated_normal(row_key, x[0], x[1]); },
      {{random.uniform({}, -1.0, 0.0), random.uniform({}, 0.5, 2.0)},
       {random.uniform({2, 3}, -1.5, 1.0), random.uniform({3}, 1.5, 2.5)},
       {random.uniform({3}, 4.0, 5.0), random.uniform({3}, 6.0, 7.0)}},
      {"truncated_normal"});
  // Other element types draw other numbers.
  const auto wide = [](auto f) {
    return [f](const Case& x) { return cast(f(cast(x[0], DType::Float64), cast(x[1], DType::Float64)), x[0].dtype()); };
  };
  add("random.uniform", wide([](const Var& a, const Var& b) {
        return random::uniform(row_key, a, b, {2, 3});
      }),
      {{random.uniform({}), random.uniform({2, 3})}, {random.uniform({2, 1}), random.uniform({3})}}, {});
  add("random.normal", wide([](const Var& a, const Var& b) { return random::normal(row_key, a, b); }),
      {{random.uniform({2, 1}), random.uniform({3}, 0.5, 1.0)}}, {});
  add("random.multivariate_normal",
      wide([](const Var& mean, const Var& factor) { return random::multivariate_normal(row_key, mean, factor, {2}); }),
      {{random.uniform({3}), random.uniform({3, 3})}, {random.uniform({2}), random.uniform({2, 2, 2})}}, {});
  add("random.multivariate_normal.covariance", wide([](const Var& mean, const Var& x) {
        const Var definite = matmul(x, swapaxes(x, -1, -2)) + eye(x.shape().back());
        return random::multivariate_normal(row_key, mean, random::Covariance(definite), {2});
      }),
      {{random.uniform({3}), random.uniform({3, 3})}, {random.uniform({2}), random.uniform({2, 2, 2})}}, {});
  add("alike_exp",  // of logarithms of small gamma variates
      [](const Case& x) { return random::dirichlet(row_key, full_like(x[0], 2.0)) * x[0]; }, {{random.uniform({3})}},
      {"alike_exp", "random_sample"});
}

void append_random_values(Rows& rows) {
  const auto add = [&](const std::string& name, Operation function, std::vector<Case> cases,
                       std::vector<std::string> primitives) {
    rows.push_back({.name = name,
                    .function = std::move(function),
                    .special = std::move(cases),
                    .primitives = std::move(primitives)});
  };
  const Var key = xt::xarray<std::int64_t>(12345);
  const Var keys = xt::xarray<std::int64_t>{3, -9};
  const auto of = [](const Var& bits) { return random::Key::from_bits(bits); };
  const std::vector<Case> each{{key}, {keys}};
  add("random.bits", [of](const Case& x) { return random::bits(of(x[0]), {5}); }, each, {"random_draw"});
  add("random.uniform.of_keys", [of](const Case& x) { return random::uniform(of(x[0]), {2, 40}); }, each, {});
  add("random.normal.float32", [of](const Case& x) { return random::normal(of(x[0]), {70}, DType::Float32); }, each,
      {});
  add("random.permutation", [of](const Case& x) { return random::permutation(of(x[0]), 9); }, each, {"random_draw"});
  add("random.fold_in", [of](const Case& x) { return of(x[0]).fold_in(x[1]).bits; },
      {{key, Var(xt::xarray<std::int64_t>{0, 1})}, {keys, expand_dims(Var(xt::xarray<std::int64_t>{5, 6}), 1)}},
      {"derive_key"});
  add("random.split", [of](const Case& x) { return of(x[0]).split_array(3).bits; }, each, {"derive_key"});
  const Var rates = xt::xarray<double>{0.0, 0.5, 30.0, 1e9};
  add("random.poisson", [of](const Case& x) { return random::poisson(of(x[0]), x[1]); }, {{key, rates}},
      {"random_sample"});
  add("random.binomial", [of](const Case& x) { return random::binomial(of(x[0]), 50, x[1]); },
      {{key, Var(xt::xarray<double>{0.0, 0.1, 0.7, 1.0})}}, {"random_sample"});
  add("random.gamma", [of](const Case& x) { return random::gamma(of(x[0]), x[1]); },
      {{key, Var(xt::xarray<double>{1e-3, 0.5, 3.0, 1e6})}}, {"random_sample"});
  add("random.categorical", [of](const Case& x) { return random::categorical(of(x[0]), x[1], 0); },
      {{key, Var(xt::xarray<double>{{0.0, 1.0}, {0.5, -infinity}, {-2.0, 0.0}})}}, {"random_draw"});
}

}  // namespace xgrad::testing
