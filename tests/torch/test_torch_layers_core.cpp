// Layers of products, normalised weights and the like beside libtorch: values, gradients by inputs and weights,
// gradients of gradients.
#include <boost/test/unit_test.hpp>

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include <xgrad/nn.hpp>
#include <xgrad/xgrad.hpp>

#include "both.hpp"
#include "libtorch.hpp"

namespace xgrad::testing {
namespace {

using random::Key;

/// A layer as a function of what it is called with and of its weights.
struct CoreRow {
  std::string name;
  Operation function;
  Case arguments;
  int order = 2;
};

/// Normal numbers of some shapes.
Case numbers(std::int64_t seed, const std::vector<Shape>& shapes) {
  Case all;
  for (const Shape& shape : shapes) all.push_back(random::normal(Key(++seed), shape));
  return all;
}

std::vector<CoreRow> rows_of_weights() {
  return {
      {"linear",
       [](const Case& a) {
         return nn::Linear{a[1], a[2]}(a[0]);
       },
       numbers(10, {{2, 3, 4}, {5, 4}, {5}})},
      {"bilinear",
       [](const Case& a) {
         return nn::Bilinear{a[2], a[3]}(a[0], a[1]);
       },
       numbers(20, {{2, 3}, {2, 4}, {5, 3, 4}, {5}})},
      {"embedding",
       [](const Case& a) {
         return nn::Embedding{a[0], 1}(a[1]);
       },
       {random::normal(Key(30), {4, 3}), Array<std::int64_t>{{0, 1, 3}, {3, 1, 2}}}},
      {"p_relu", [](const Case& a) { return nn::PRelu{a[1]}(a[0]); }, numbers(40, {{2, 3, 4}, {3}})},
      {"swish", [](const Case& a) { return nn::Swish{a[1]}(a[0]); }, numbers(50, {{2, 3}, {}})},
      {"glu", [](const Case& a) { return nn::Glu{.axis = 1}(a[0]); }, numbers(60, {{2, 4, 3}})},
      {"glu.gelu", [](const Case& a) { return nn::Glu{nn::Activation::Gelu}(a[0]); }, numbers(70, {{2, 6}})},
      {"mlp",
       [](const Case& a) {
         return nn::Mlp{{{a[1], a[2]}, {a[3], a[4]}, {a[5], a[6]}}, nn::Activation::Tanh}(a[0]);
       },
       numbers(80, {{2, 4}, {6, 4}, {6}, {5, 6}, {5}, {3, 5}, {3}})},
  };
}

std::vector<CoreRow> rows_of_normalised_weights() {
  const nn::Training training{Key(0)};
  const auto spectral = [training](int iterations) {
    return [=](const Case& a) {
      nn::SpectralNorm<nn::Linear> layer{{a[1], {}}, stop_gradient(a[2]), 0, iterations};
      return layer(a[0], training);
    };
  };
  return {
      {"weight_norm",
       [](const Case& a) {
         return nn::WeightNorm<nn::Linear>{{a[1], {}}, a[2]}(a[0]);
       },
       numbers(90, {{2, 4}, {3, 4}, {3, 1}})},
      {"weight_norm.axis",
       [](const Case& a) {
         return nn::WeightNorm<nn::Linear>{{a[1], {}}, a[2], 1}(a[0]);
       },
       numbers(100, {{2, 4}, {3, 4}, {1, 4}})},
      {"spectral_norm", spectral(1), numbers(110, {{2, 4}, {3, 4}, {3}})},
      {"spectral_norm.iterations", spectral(3), numbers(120, {{2, 4}, {3, 4}, {3}})},
  };
}

std::vector<CoreRow> rows_of_research() {
  const auto kan = [](int order, double low, double high) {
    return [=](const Case& a) { return nn::Kan{a[1], a[2], a[3], order, low, high}(a[0]); };
  };
  // Some of x are beyond the intervals, where splines end.
  return {
      {"kan", kan(3, -1.0, 1.0), numbers(130, {{6, 2}, {3, 2}, {3, 2}, {3, 2, 8}})},
      {"kan.order2", kan(2, -2.0, 1.0), numbers(140, {{6, 2}, {3, 2}, {3, 2}, {3, 2, 6}})},
      {"kan.order1", kan(1, -1.0, 1.5), numbers(150, {{6, 2}, {3, 2}, {3, 2}, {3, 2, 4}})},
      {"fourier_features", [](const Case& a) { return nn::FourierFeatures{a[1]}(a[0]); },
       numbers(160, {{3, 2}, {4, 2}})},
  };
}

std::vector<CoreRow> rows_of_core_layers() {
  std::vector<CoreRow> rows;
  for (const auto& more : {rows_of_weights(), rows_of_normalised_weights(), rows_of_research()}) {
    rows.insert(rows.end(), more.begin(), more.end());
  }
  return rows;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(test_torch_layers_core)

BOOST_AUTO_TEST_CASE(values_and_derivatives_agree) {
  for (const CoreRow& row : rows_of_core_layers()) {
    BOOST_TEST_CONTEXT(row.name) {
      check_same(ours(row.function, row.arguments, row.order),
                 theirs(libtorch::core_layer_prefix + row.name, row.arguments, row.order));
    }
  }
}

BOOST_AUTO_TEST_CASE(every_layer_of_libtorch_is_compared) {
  std::set<std::string> rows;
  for (const CoreRow& row : rows_of_core_layers()) rows.insert(libtorch::core_layer_prefix + row.name);
  for (const std::string& key : libtorch::keys()) {
    if (key.starts_with(libtorch::core_layer_prefix)) BOOST_TEST(rows.contains(key), key << " has no row");
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace xgrad::testing
