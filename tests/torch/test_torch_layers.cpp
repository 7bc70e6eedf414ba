// Layers of channels beside libtorch: values, gradients by inputs and weights, gradients of gradients, running numbers.
#include <boost/test/unit_test.hpp>

#include <cmath>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <xgrad/nn.hpp>
#include <xgrad/xgrad.hpp>

#include "both.hpp"
#include "libtorch.hpp"

namespace xgrad::testing {
namespace {

using random::Key;

/// A layer as a function of x and its weights.
struct LayerRow {
  std::string name;
  Operation function;
  std::vector<Shape> shapes;  ///< of the arguments
  int order = 2;              ///< of the derivatives that are compared
};

const nn::Training training{Key(0)};

/// With the running numbers of the counterpart.
nn::BatchNorm norm_of(const Var& weight, const Var& bias) {
  const auto channels = static_cast<std::ptrdiff_t>(weight.size());
  nn::BatchNorm norm = nn::batch_norm(weight.size(), {.dtype = DType::Float64});
  norm.weight = weight;
  norm.bias = bias;
  norm.running_mean = cast<double>(arange(channels)) * 0.25 - 0.5;
  norm.running_var = cast<double>(arange(channels)) * 0.5 + 0.75;
  return norm;
}

std::vector<LayerRow> convolution_rows() {
  return {
      {"conv1d",
       [](const Case& a) {
         return nn::Conv{a[1], a[2], 2, 1}(a[0]);
       },
       {{2, 3, 8}, {4, 3, 3}, {4}}},
      {"conv2d",
       [](const Case& a) {
         return nn::Conv{.weight = a[1], .bias = a[2], .stride = {2, 1}, .padding = {1, 2}, .groups = 2}(a[0]);
       },
       {{2, 4, 5, 4}, {6, 2, 3, 2}, {6}}},
      {"conv2d.same",
       [](const Case& a) { return nn::Conv{.weight = a[1], .padding = "same"}(a[0]); },
       {{2, 2, 4, 5}, {3, 2, 3, 2}}},
      {"conv3d",
       [](const Case& a) {
         return nn::Conv{.weight = a[1], .bias = a[2], .padding = {0, 1, 0}, .dilation = {1, 2, 1}}(a[0]);
       },
       {{1, 2, 3, 4, 3}, {2, 2, 2, 3, 2}, {2}}},
      {"conv_transpose1d",
       [](const Case& a) {
         return nn::ConvTranspose{
             .weight = a[1], .bias = a[2], .stride = 2, .padding = 1, .groups = 2, .output_padding = 1}(a[0]);
       },
       {{2, 4, 5}, {4, 3, 3}, {6}}},
      {"conv_transpose2d",
       [](const Case& a) {
         return nn::ConvTranspose{.weight = a[1],
                                  .bias = a[2],
                                  .stride = {2, 3},
                                  .padding = {1, 0},
                                  .dilation = {1, 2},
                                  .output_padding = {0, 1}}(a[0]);
       },
       {{2, 2, 3, 3}, {2, 3, 3, 2}, {3}}},
      {"conv_transpose3d",
       [](const Case& a) { return nn::ConvTranspose{.weight = a[1]}(a[0]); },
       {{1, 2, 2, 3, 2}, {2, 2, 2, 2, 2}}},
      {"separable_conv2d",
       [](const Case& a) {
         return nn::SeparableConv{{.weight = a[1], .padding = 1, .groups = 3}, {.weight = a[2], .bias = a[3]}}(a[0]);
       },
       {{2, 3, 4, 5}, {6, 1, 3, 3}, {4, 6, 1, 1}, {4}}},
  };
}

std::vector<LayerRow> pool_rows() {
  const Shape image{2, 3, 6, 7};
  return {
      {"MaxPool", [](const Case& a) { return nn::MaxPool{.window = 3, .stride = 2, .padding = 1}(a[0]); }, {image}},
      {"AveragePool",
       [](const Case& a) {
         return nn::AveragePool{.window = {3, 2}, .stride = {2, 1}, .padding = 1, .count_include_pad = false}(a[0]);
       },
       {image}},
      {"AdaptiveMaxPool",
       [](const Case& a) {
         return nn::AdaptiveMaxPool{{2, 3}}(a[0]);
       },
       {image}},
      {"AdaptiveAveragePool",
       [](const Case& a) {
         return nn::AdaptiveAveragePool{{2, 3}}(a[0]);
       },
       {image}},
      {"GlobalMaxPool", [](const Case& a) { return nn::GlobalMaxPool{}(a[0]); }, {image}},
      {"GlobalAveragePool", [](const Case& a) { return nn::GlobalAveragePool{keep_dims}(a[0]); }, {image}},
      {"Flatten", [](const Case& a) { return square(nn::Flatten{}(a[0])); }, {image}},
  };
}

/// The running numbers after each of the arrays of a batch.
Var running_numbers(const Var& batches, std::optional<double> momentum) {
  nn::BatchNorm norm = nn::batch_norm(batches.shape()[2], {.momentum = momentum, .dtype = DType::Float64});
  for (std::size_t i = 0; i < batches.shape()[0]; ++i) static_cast<void>(norm(view(batches, i), training));
  return stack({norm.running_mean, norm.running_var});
}

std::vector<LayerRow> normalisation_rows() {
  const Shape image{3, 4, 2, 3};
  return {
      {"BatchNorm", [](const Case& a) { return norm_of(a[1], a[2])(a[0]); }, {image, {4}, {4}}},
      {"BatchNorm.training", [](const Case& a) { return norm_of(a[1], a[2])(a[0], training); }, {image, {4}, {4}}},
      {"BatchNorm.alone",
       [](const Case& a) { return nn::batch_norm(4, {.affine = false, .dtype = DType::Float64})(a[0], training); },
       {{5, 4}}},
      {"BatchNorm.running", [](const Case& a) { return running_numbers(a[0], 0.3); }, {{6, 3, 4, 2, 3}}, 0},
      {"BatchNorm.averages", [](const Case& a) { return running_numbers(a[0], std::nullopt); }, {{6, 3, 4}}, 0},
      {"LayerNorm",
       [](const Case& a) { return nn::LayerNorm{.weight = a[1], .bias = a[2], .extents = a[1].shape()}(a[0]); },
       {{3, 4, 5}, {4, 5}, {4, 5}}},
      {"LayerNorm.alone",
       [](const Case& a) {
         return nn::LayerNorm{.extents = {4, 5}}(a[0]);
       },
       {{3, 4, 5}}},
      {"RmsNorm", [](const Case& a) { return nn::RmsNorm{.weight = a[1], .extents = {5}}(a[0]); }, {{3, 4, 5}, {5}}},
      {"GroupNorm",
       [](const Case& a) { return nn::GroupNorm{.weight = a[1], .bias = a[2], .groups = 2}(a[0]); },
       {image, {4}, {4}}},
      {"GroupNorm.alone", [](const Case& a) { return nn::GroupNorm{.groups = 2}(a[0]); }, {{3, 6}}},
      {"InstanceNorm",
       [](const Case& a) { return nn::InstanceNorm{.weight = a[1], .bias = a[2]}(a[0]); },
       {image, {4}, {4}}},
  };
}

nn::ResNetBlock block_of(const Case& a) {
  return {.conv1 = {.weight = a[1], .stride = 2, .padding = 1},
          .bn1 = norm_of(a[2], a[3]),
          .conv2 = {.weight = a[4], .padding = 1},
          .bn2 = norm_of(a[5], a[6]),
          .downsample = std::pair(nn::Conv{.weight = a[7], .stride = 2}, norm_of(a[8], a[9]))};
}

nn::ResNetBottleneck bottleneck_of(const Case& a) {
  return {.conv1 = {.weight = a[1]},
          .bn1 = norm_of(a[2], a[3]),
          .conv2 = {.weight = a[4], .padding = 1, .groups = 2},
          .bn2 = norm_of(a[5], a[6]),
          .conv3 = {.weight = a[7]},
          .bn3 = norm_of(a[8], a[9])};
}

Var lenet(const Case& a) {
  return nn::LeNet5{{.weight = a[1], .bias = a[2]},
                    {.weight = a[3], .bias = a[4]},
                    {.weight = a[5], .bias = a[6]},
                    {.weight = a[7], .bias = a[8]},
                    {.weight = a[9], .bias = a[10]}}(a[0]);
}

Var block_in_training(const Case& a) { return block_of(a)(a[0], training); }

/// As that of the counterparts, by a compiled step.
Var losses_of_steps(const Case& arguments, const Operation& net) {
  const auto step = compile([&](const std::vector<Var>& weights, const Var& x) {
    const auto loss_of = [&](const std::vector<Var>& w) {
      Case all{x};
      all.insert(all.end(), w.begin(), w.end());
      return mean(square(net(all) - 1.0));
    };
    const auto [loss, slope] = value_and_grad(loss_of)(weights);
    return std::pair(tree::map(weights, slope, [](const Var& w, const Var& dw) { return w - 0.05 * dw; }), loss);
  });
  std::vector<Var> weights(arguments.begin() + 1, arguments.end());
  std::vector<Var> losses(10);
  for (Var& loss : losses) std::tie(weights, loss) = step(weights, arguments[0]);
  return stack(losses);
}

std::vector<LayerRow> net_rows() {
  const std::vector<Shape> of_block{{2, 2, 5, 4}, {3, 2, 3, 3}, {3},          {3}, {3, 3, 3, 3},
                                    {3},          {3},          {3, 2, 1, 1}, {3}, {3}};
  const std::vector<Shape> of_bottleneck{{2, 4, 3, 3}, {2, 4, 1, 1}, {2},          {2}, {2, 1, 3, 3},
                                         {2},          {2},          {4, 2, 1, 1}, {4}, {4}};
  const std::vector<Shape> of_lenet{{2, 1, 16, 16}, {6, 1, 5, 5}, {6},  {16, 6, 5, 5}, {16}, {120, 16},
                                    {120},          {84, 120},    {84}, {10, 84},      {10}};
  return {
      {"ResNetBlock", [](const Case& a) { return block_of(a)(a[0]); }, of_block},
      {"ResNetBlock.training", block_in_training, of_block},
      {"ResNetBlock.steps", [](const Case& a) { return losses_of_steps(a, block_in_training); }, of_block, 0},
      {"ResNetBottleneck", [](const Case& a) { return bottleneck_of(a)(a[0]); }, of_bottleneck},
      {"ResNetBottleneck.training", [](const Case& a) { return bottleneck_of(a)(a[0], training); }, of_bottleneck},
      {"LeNet5", lenet, of_lenet, 1},
      {"LeNet5.steps", [](const Case& a) { return losses_of_steps(a, lenet); }, of_lenet, 0},
  };
}

std::vector<LayerRow> rows_of_layers() {
  std::vector<LayerRow> rows;
  for (const auto& more : {convolution_rows(), pool_rows(), normalisation_rows(), net_rows()}) {
    rows.insert(rows.end(), more.begin(), more.end());
  }
  return rows;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(test_torch_layers)

BOOST_AUTO_TEST_CASE(values_and_derivatives_agree) {
  std::int64_t seed = 0;
  for (const LayerRow& row : rows_of_layers()) {
    BOOST_TEST_CONTEXT(row.name) {
      Case arguments;
      for (const Shape& shape : row.shapes) {
        // As large as weights are, so that nets of several layers keep numbers near 1.
        const double fan = shape.size() > 2 && !arguments.empty() ? std::sqrt(nn::fans(shape).in) : 1.0;
        arguments.push_back(random::normal(Key(++seed), shape) / fan);
      }
      check_same(ours(row.function, arguments, row.order),
                 theirs(libtorch::channel_layer_prefix + row.name, arguments, row.order));
    }
  }
}

BOOST_AUTO_TEST_CASE(every_layer_of_libtorch_is_compared) {
  std::set<std::string> keys;
  for (const LayerRow& row : rows_of_layers()) keys.insert(libtorch::channel_layer_prefix + row.name);
  for (const std::string& key : libtorch::keys()) {
    if (key.starts_with(libtorch::channel_layer_prefix)) BOOST_TEST(keys.contains(key), key << " has no row");
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace xgrad::testing
