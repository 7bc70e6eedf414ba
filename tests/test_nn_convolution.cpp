// Layers of channels: convolutions, pools, normalisation, and the blocks that are made of them.
#include <boost/test/unit_test.hpp>

#include <cmath>
#include <limits>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <xgrad/nn.hpp>
#include <xgrad/testing.hpp>
#include <xgrad/xgrad.hpp>

#include "comparing.hpp"

namespace nn = xgrad::nn;
namespace xg = xgrad;
using xgrad::Array;
using xgrad::DType;
using xgrad::Shape;
using xgrad::Var;
using xgrad::random::Key;

BOOST_AUTO_TEST_SUITE(test_nn_convolution)

using comparing::distance;
using comparing::drawn;
using comparing::message_of;

namespace {

constexpr DType wide = DType::Float64;

/// Weights that are no ones and zeros, and running variances that are positive.
template <class L>
L shaken(L layer) {
  std::int64_t seed = 100;
  xg::tree::for_each_array(layer, [&](Var& x) {
    if (xg::is_floating(x.dtype())) x = x + 0.3 * xg::random::uniform(Key(seed++), x.shape(), x.dtype());
  });
  return layer;
}

/// What holds of every layer: derivatives are those of differences, in both modes and of second order; compiled, in a
/// batch and in float32 it gives the same; of no examples it gives none.
template <class L>
void check_layer(const std::string& name, const L& made, const Var& x) {
  BOOST_TEST_CONTEXT(name) {
    const L layer = shaken(made);
    const auto call = [](const L& own, const Var& y) { return own(y); };
    BOOST_TEST(xg::testing::check_gradients(call, layer, x));
    const Var value = layer(x);
    BOOST_TEST((value.dtype() == wide));
    BOOST_TEST(distance(xg::compile(call)(layer, x), value) < 1e-14);
    const Var more = xg::stack({x, 2.0 * x, x - 1.0});
    const Var batch = xg::vmap(call, {.in = {xg::whole, 0}})(layer, more);
    BOOST_TEST(distance(batch, xg::stack({value, layer(2.0 * x), layer(x - 1.0)})) < 1e-13);
    const Var narrow = nn::with_dtype(layer, DType::Float32)(xg::cast(x, DType::Float32));
    BOOST_TEST((narrow.dtype() == DType::Float32));
    BOOST_TEST(distance(narrow, value) < 1e-5);
    Shape none = value.shape();
    none[0] = 0;
    BOOST_TEST((layer(view(x, xt::range(0, 0))).shape() == none));
  }
}

}  // namespace

BOOST_AUTO_TEST_CASE(convolutions) {
  const Key key(1);
  check_layer("conv1d", nn::conv1d(key, 3, 4, 3, {.stride = 2, .padding = 1, .dtype = wide}), drawn(2, {2, 3, 7}));
  check_layer("conv2d", nn::conv2d(key, 4, 6, {2, 3}, {.padding = "same", .groups = 2, .dtype = wide}),
              drawn(3, {2, 4, 4, 5}));
  check_layer("conv3d", nn::conv3d(key, 1, 2, 2, {.dilation = {1, 2, 1}, .bias = false, .dtype = wide}),
              drawn(4, {1, 1, 3, 3, 2}));
  check_layer("conv_transpose1d",
              nn::conv_transpose1d(key, 4, 6, 3, {.stride = 2, .groups = 2, .output_padding = 1, .dtype = wide}),
              drawn(5, {2, 4, 4}));
  check_layer("conv_transpose2d", nn::conv_transpose2d(key, 2, 3, {3, 2}, {.padding = {1, 0}, .dtype = wide}),
              drawn(6, {2, 2, 3, 4}));
  check_layer("conv_transpose3d", nn::conv_transpose3d(key, 2, 1, 2, {.bias = false, .dtype = wide}),
              drawn(7, {1, 2, 2, 2, 2}));
  check_layer("separable_conv2d", nn::separable_conv2d(key, 3, 4, 3, {.padding = 1, .multiplier = 2, .dtype = wide}),
              drawn(8, {2, 3, 4, 4}));
}

BOOST_AUTO_TEST_CASE(pools) {
  const Var image = drawn(9, {2, 3, 6, 5});
  check_layer("MaxPool", nn::MaxPool{2}, image);
  check_layer("MaxPool, overlapping", nn::MaxPool{.window = 3, .stride = 2, .padding = 1}, image);
  check_layer("AveragePool", nn::AveragePool{2}, image);
  check_layer("AveragePool, elements",
              nn::AveragePool{.window = {3, 2}, .stride = 1, .padding = 1, .count_include_pad = false}, image);
  check_layer("AdaptiveMaxPool", nn::AdaptiveMaxPool{{2, 3}}, image);
  check_layer("AdaptiveAveragePool", nn::AdaptiveAveragePool{3}, image);
  check_layer("GlobalMaxPool", nn::GlobalMaxPool{}, image);
  check_layer("GlobalAveragePool", nn::GlobalAveragePool{xg::keep_dims}, image);
  check_layer("Flatten", nn::Flatten{}, image);
  BOOST_TEST((nn::Flatten{}(image).shape() == Shape{2, 90}));
  BOOST_TEST((nn::Flatten{-2}(image).shape() == Shape{2, 3, 30}));
  BOOST_TEST((nn::Flatten{0, 1}(image).shape() == Shape{6, 6, 5}));
  BOOST_TEST((nn::Flatten{}(drawn(1, {4, 3})).shape() == Shape{4, 3}));
  BOOST_TEST((nn::GlobalAveragePool{xg::keep_dims}(image).shape() == Shape{2, 3, 1, 1}));
}

BOOST_AUTO_TEST_CASE(normalisation) {
  const Var image = 2.0 * drawn(10, {3, 4, 3, 2}) + 1.0;
  check_layer("BatchNorm", nn::batch_norm(4, {.dtype = wide}), image);
  check_layer("BatchNorm of rows", nn::batch_norm(4, {.affine = false, .dtype = wide}), drawn(11, {3, 4}));
  check_layer("LayerNorm", nn::layer_norm({3, 2}, {.dtype = wide}), image);
  check_layer("LayerNorm without bias", nn::layer_norm(5, {.bias = false, .dtype = wide}), drawn(12, {2, 3, 5}));
  check_layer("RmsNorm", nn::rms_norm(5, {.dtype = wide}), drawn(13, {3, 5}));
  check_layer("GroupNorm", nn::group_norm(2, 4, {.dtype = wide}), image);
  check_layer("GroupNorm of rows", nn::group_norm(2, 4, {.affine = false, .dtype = wide}), drawn(14, {3, 4}));
  check_layer("InstanceNorm", nn::instance_norm(4, {.affine = true, .dtype = wide}), image);
  check_layer("InstanceNorm alone", nn::instance_norm(4, {.dtype = wide}), image);
}

BOOST_AUTO_TEST_CASE(blocks) {
  const Key key(15);
  const nn::ResNetBlock same = nn::resnet_block(key, 2, 2, {.norm = {.dtype = wide}});
  BOOST_TEST(!same.downsample.has_value());
  check_layer("ResNetBlock", same, drawn(16, {2, 2, 3, 3}));
  const nn::ResNetBlock other = nn::resnet_block(key, 2, 3, {.stride = 2, .axes = 1, .norm = {.dtype = wide}});
  check_layer("ResNetBlock with a projection", other, drawn(17, {2, 2, 5}));
  check_layer("ResNetBottleneck",
              nn::resnet_bottleneck(key, 4, 2, 4, {.stride = 2, .groups = 2, .norm = {.dtype = wide}}),
              drawn(18, {2, 4, 3, 3}));
  // The keys of torchvision's state_dict, in its order.
  const std::vector<std::string> keys{"conv1.weight",
                                      "bn1.weight",
                                      "bn1.bias",
                                      "bn1.running_mean",
                                      "bn1.running_var",
                                      "bn1.num_batches_tracked",
                                      "conv2.weight",
                                      "bn2.weight",
                                      "bn2.bias",
                                      "bn2.running_mean",
                                      "bn2.running_var",
                                      "bn2.num_batches_tracked",
                                      "downsample.0.weight",
                                      "downsample.1.weight",
                                      "downsample.1.bias",
                                      "downsample.1.running_mean",
                                      "downsample.1.running_var",
                                      "downsample.1.num_batches_tracked"};
  BOOST_TEST(xg::tree::array_paths(other) == keys, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(lenet) {
  const nn::LeNet5 net = nn::lenet5(Key(19));
  BOOST_TEST((net(xg::zeros({2, 1, 28, 28}, DType::Float32)).shape() == Shape{2, 10}));
  std::size_t count = 0;
  xg::tree::for_each(net, [&](const Var& x) { count += x.size(); });
  BOOST_TEST(count == 44426);  // as in the papers that train it on 28 x 28 pixels without padding
  const nn::LeNet5 padded = nn::lenet5(Key(19), {.channels = 3, .classes = 4, .extent = 28, .padding = 2});
  BOOST_TEST((padded(xg::zeros({1, 3, 28, 28}, DType::Float32)).shape() == Shape{1, 4}));
  BOOST_TEST((nn::lenet5(Key(1), {.extent = 16})(xg::zeros({1, 1, 16, 16}, DType::Float32)).shape() == Shape{1, 10}));
  BOOST_CHECK_THROW((void)nn::lenet5(Key(1), {.extent = 15}), xg::ValueError);
  BOOST_CHECK_THROW((void)nn::lenet5(Key(1), {.padding = -1}), xg::ValueError);
  BOOST_CHECK_THROW((void)net(xg::zeros({1, 1, 32, 32}, DType::Float32)), xg::ShapeError);
}

// ---- what begins how

BOOST_AUTO_TEST_CASE(weights_have_the_fans_of_their_layer) {
  const auto deviation = [](const Var& w) { return xg::stddev(w).item<double>(); };
  const auto within = boost::test_tools::tolerance(0.03);
  BOOST_TEST(deviation(nn::conv2d(Key(1), 40, 60, 3, {.dtype = wide}).weight) == std::sqrt(1.0 / 360.0), within);
  const nn::ConvTranspose transposed = nn::conv_transpose2d(Key(2), 40, 60, 3, {.groups = 2, .dtype = wide});
  BOOST_TEST((transposed.weight.shape() == Shape{40, 30, 3, 3}));
  BOOST_TEST(deviation(transposed.weight) == std::sqrt(1.0 / 180.0), within);
  const nn::SeparableConv apart = nn::separable_conv1d(Key(3), 300, 100, 5, {.multiplier = 2, .dtype = wide});
  BOOST_TEST((apart.depthwise.weight.shape() == Shape{600, 1, 5}));
  BOOST_TEST((apart.pointwise.weight.shape() == Shape{100, 600, 1}));
  BOOST_TEST(deviation(apart.depthwise.weight) == std::sqrt(1.0 / 5.0), within);
  BOOST_TEST(!apart.depthwise.bias.has_value());
  BOOST_TEST((nn::conv1d(Key(1), 1, 1, 1).weight.dtype() == DType::Float32));
}

// Initialisers make kernels as those of `conv`: with a window of one place, both do the same.
BOOST_AUTO_TEST_CASE(kernels_of_transposed_convolutions_are_exchanged_within_groups) {
  const Var kernel = drawn(20, {6, 2, 1});
  const auto weights = [&](const Key&, const Shape& shape, DType) {
    BOOST_TEST((shape == kernel.shape()));
    return kernel;
  };
  const Var x = drawn(21, {2, 4, 3});
  const nn::ConvTranspose layer =
      nn::conv_transpose1d(Key(1), 4, 6, 1, {.groups = 2, .weights = weights, .dtype = wide});
  BOOST_TEST(distance(layer(x), conv(x, kernel, {.groups = 2})) < 1e-14);
}

// ---- training

BOOST_AUTO_TEST_CASE(batch_norm_in_training) {
  const nn::Training training{Key(1)};
  const Var x = 2.0 * drawn(21, {3, 2, 4}) + 5.0;
  nn::BatchNorm layer = shaken(nn::batch_norm(2, {.dtype = wide}));
  const auto call = [&](nn::BatchNorm own, const Var& y) { return own(y, training); };
  BOOST_TEST(xg::testing::check_gradients(call, layer, x));
  const auto both = [&](nn::BatchNorm own, const Var& y) {
    const Var z = own(y, training);
    return std::pair(z, own);
  };
  const auto [once, after] = both(layer, x);
  const auto [compiled, after_compiled] = xg::compile(both)(layer, x);
  BOOST_TEST(distance(compiled, once) < 1e-14);
  BOOST_TEST(distance(after_compiled.running_var, after.running_var) < 1e-14);
  BOOST_TEST(after.num_batches_tracked.item<std::int64_t>() == 1);
  const Var more = xg::stack({x, 3.0 * x});
  const auto [batch, states] = xg::vmap(both, {.in = {xg::whole, 0}})(layer, more);
  BOOST_TEST(distance(batch, xg::stack({once, both(layer, 3.0 * x).first})) < 1e-13);
  BOOST_TEST((states.running_mean.shape() == Shape{2, 2}));
  const Var narrow = both(nn::with_dtype(layer, DType::Float32), xg::cast(x, DType::Float32)).first;
  BOOST_TEST((narrow.dtype() == DType::Float32));
  BOOST_TEST(distance(narrow, once) < 1e-5);
}

// The state is that of all batches, whatever the element type of these, and no derivative gets into it.
BOOST_AUTO_TEST_CASE(running_numbers) {
  const nn::Training training{Key(1)};
  nn::BatchNorm averages = nn::batch_norm(2, {.momentum = std::nullopt, .dtype = wide});
  Var sum_of_means = xg::zeros({2});
  Var sum_of_variances = xg::zeros({2});
  for (int batch = 0; batch < 4; ++batch) {
    const Var x = drawn(30 + batch, {5, 2}) * (1.0 + batch);
    static_cast<void>(averages(x, training));
    sum_of_means = sum_of_means + mean(x, 0);
    sum_of_variances = sum_of_variances + variance(x, 0, {.ddof = 1.0});
  }
  BOOST_TEST(distance(averages.running_mean, sum_of_means / 4.0) < 1e-14);
  BOOST_TEST(distance(averages.running_var, sum_of_variances / 4.0) < 1e-14);

  nn::BatchNorm narrow = nn::batch_norm(2);
  static_cast<void>(narrow(drawn(40, {5, 2}), training));
  BOOST_TEST((narrow.running_mean.dtype() == DType::Float32));
  BOOST_TEST((narrow.running_var.dtype() == DType::Float32));

  const Var slope = xg::grad([&](const Var& x) {
    nn::BatchNorm layer = nn::batch_norm(2, {.dtype = wide});
    static_cast<void>(layer(x, training));
    return sum(layer.running_mean + layer.running_var);
  })(drawn(41, {5, 2}));
  BOOST_TEST(amax(abs(slope)).item<double>() == 0.0);
}

BOOST_AUTO_TEST_CASE(a_block_hands_its_state_on) {
  const nn::Training training{Key(1)};
  nn::ResNetBlock block = nn::resnet_block(Key(22), 2, 3, {.norm = {.dtype = wide}});
  const Var x = drawn(23, {4, 2, 3, 3});
  const auto step = xg::compile([&](nn::ResNetBlock own, const Var& y) {
    const Var z = nn::train(own, y, training);
    return std::pair(z, own);
  });
  const Var before = block(x);
  auto [y, next] = step(block, x);
  BOOST_TEST(distance(block.bn1.running_mean, xg::zeros({2 + 1})) == 0.0);  // layers are values
  BOOST_TEST(distance(next.bn1.running_mean, xg::zeros({3})) > 0.01);
  BOOST_TEST(distance(next.downsample->second.running_var, xg::ones({3})) > 0.01);
  BOOST_TEST(distance(next(x), before) > 0.01);
  BOOST_TEST(distance(y, before) > 0.01);
}

// ---- edges

BOOST_AUTO_TEST_CASE(what_does_not_vary) {
  const Var same = xg::full({3, 4}, 7.0);
  const nn::LayerNorm layer = nn::layer_norm(4, {.dtype = wide});
  BOOST_TEST(amax(abs(layer(same))).item<double>() == 0.0);
  const Var slope = xg::grad([&](const Var& x) { return sum(layer(x) * drawn(1, {3, 4})); })(same);
  BOOST_TEST(xg::all(isfinite(slope)).item<bool>());
  nn::BatchNorm norm = nn::batch_norm(4, {.dtype = wide});
  BOOST_TEST(amax(abs(norm(same, nn::Training{Key(1)}))).item<double>() == 0.0);
  BOOST_TEST(amax(abs(nn::rms_norm(4, {.dtype = wide})(xg::zeros({2, 4})))).item<double>() == 0.0);
}

// Sums of float32 are added up in double, and means are taken off before squares: a large mean costs no digits.
BOOST_AUTO_TEST_CASE(far_from_zero) {
  const Var x = drawn(24, {2, 1000});
  const Var far = xg::cast(xg::cast(x + 4096.0, DType::Float32), wide);  // what float32 keeps of it
  const Var exact = nn::layer_norm(1000, {.dtype = wide})(far);
  BOOST_TEST(distance(nn::layer_norm(1000)(xg::cast(far, DType::Float32)), exact) < 1e-3);
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const Var y = nn::layer_norm(2)(Array<float>{{1.0F, nan}, {1.0F, 2.0F}});
  BOOST_TEST(std::isnan(y.array<float>()(0, 0)));
  BOOST_TEST(std::abs(y.array<float>()(1, 1) - 1.0F) < 1e-4F);
}

// Squares that overflow make an infinite variance, as libtorch's: nothing is left but the bias.
BOOST_AUTO_TEST_CASE(squares_that_overflow) {
  const Array<float> x{{1e30F, -1e30F, 2e30F}};
  BOOST_TEST(amax(abs(nn::layer_norm(3)(x))).item<float>() == 0.0F);
  BOOST_TEST(amax(abs(nn::rms_norm(3)(x))).item<float>() == 0.0F);
  const Array<float> tiny{{1e-30F, -1e-30F, 2e-30F}};
  BOOST_TEST(xg::all(isfinite(nn::layer_norm(3)(tiny))).item<bool>());
}

BOOST_AUTO_TEST_CASE(integers_are_normalised_as_numbers) {
  const Var pixels = Array<std::int64_t>{{0, 128, 255, 3}, {1, 2, 3, 4}};
  const Var real = xg::cast(pixels, wide);
  const nn::LayerNorm layer = nn::layer_norm(4, {.dtype = wide});
  BOOST_TEST(distance(layer(pixels), layer(real)) == 0.0);
  const nn::GroupNorm groups = nn::group_norm(2, 4, {.dtype = wide});
  BOOST_TEST(distance(groups(pixels), groups(real)) == 0.0);
  const nn::BatchNorm norm = shaken(nn::batch_norm(4, {.dtype = wide}));
  BOOST_TEST(distance(norm(pixels), norm(real)) == 0.0);
}

// ---- what is refused

BOOST_AUTO_TEST_CASE(makers_refuse) {
  const Key key(1);
  using xg::ShapeError, xg::TypeError, xg::ValueError;
  BOOST_CHECK_THROW((void)nn::conv2d(key, 3, 4, 3, {.groups = 2}), ShapeError);
  BOOST_CHECK_THROW((void)nn::conv2d(key, 4, 3, 3, {.groups = 2}), ShapeError);
  BOOST_CHECK_THROW((void)nn::conv2d(key, 3, 4, 3, {.groups = 0}), ValueError);
  BOOST_CHECK_THROW((void)nn::conv2d(key, 3, 4, 0), ValueError);
  BOOST_CHECK_THROW((void)nn::conv2d(key, 3, 4, {3, 3, 3}), ShapeError);
  BOOST_CHECK_THROW((void)nn::conv2d(key, 3, 4, 3, {.dtype = DType::Int64}), TypeError);
  BOOST_CHECK_THROW((void)nn::conv_transpose1d(key, 3, 4, -2), ValueError);
  BOOST_CHECK_THROW((void)nn::separable_conv2d(key, 3, 4, 3, {.multiplier = 0}), ValueError);
  BOOST_CHECK_THROW((void)nn::separable_conv2d(key, 0, 4, 3), ValueError);
  BOOST_CHECK_THROW((void)nn::batch_norm(3, {.momentum = 1.5}), ValueError);
  BOOST_CHECK_THROW((void)nn::batch_norm(3, {.eps = -1.0}), ValueError);
  BOOST_CHECK_THROW((void)nn::batch_norm(3, {.dtype = DType::Bool}), TypeError);
  BOOST_CHECK_THROW((void)nn::layer_norm(std::vector<int>{}), ShapeError);
  BOOST_CHECK_THROW((void)nn::layer_norm(-1), ValueError);
  BOOST_CHECK_THROW((void)nn::rms_norm(3, {.eps = NAN}), ValueError);
  BOOST_CHECK_THROW((void)nn::group_norm(3, 4), ShapeError);
  BOOST_CHECK_THROW((void)nn::group_norm(0, 4), ShapeError);
  BOOST_CHECK_THROW((void)nn::instance_norm(3, {.eps = INFINITY}), ValueError);
  BOOST_CHECK_THROW((void)nn::resnet_block(key, 2, 2, {.axes = 4}), ValueError);
  BOOST_TEST(message_of([&] { return nn::conv2d(key, 3, 4, 3, {.groups = 2}); }) ==
             "conv2d: 3 inputs and 4 outputs in 2 groups; these must divide both");
}

BOOST_AUTO_TEST_CASE(layers_refuse) {
  const Key key(1);
  const Var image = xg::zeros({2, 3, 5, 5});
  using xg::ShapeError;
  BOOST_CHECK_THROW((void)nn::conv2d(key, 4, 4, 3)(image), ShapeError);
  BOOST_CHECK_THROW((void)nn::conv1d(key, 3, 4, 3)(image), ShapeError);
  nn::Conv one_bias = nn::conv2d(key, 3, 4, 3);
  one_bias.bias = xg::zeros({1});
  BOOST_CHECK_THROW((void)one_bias(image), ShapeError);
  BOOST_CHECK_THROW((void)nn::MaxPool{6}(image), ShapeError);
  BOOST_CHECK_THROW((void)nn::GlobalMaxPool{}(xg::zeros({2, 3})), ShapeError);
  BOOST_CHECK_THROW((void)nn::GlobalAveragePool{}(xg::zeros({2, 3, 0})), ShapeError);
  BOOST_CHECK_THROW((void)(nn::Flatten{2, 1}(image)), ShapeError);
  BOOST_CHECK_THROW((void)nn::Flatten{4}(image), ShapeError);
  BOOST_CHECK_THROW((void)nn::batch_norm(4)(image), ShapeError);
  BOOST_CHECK_THROW((void)nn::batch_norm(3)(xg::zeros({3})), ShapeError);
  nn::BatchNorm norm = nn::batch_norm(3);
  const nn::Training training{key};
  BOOST_CHECK_THROW((void)norm(xg::zeros({1, 3}), training), ShapeError);
  BOOST_CHECK_THROW((void)norm(xg::zeros({0, 3, 4}), training), ShapeError);
  norm.weight = xg::ones({1}, DType::Float32);
  BOOST_CHECK_THROW((void)norm(image, training), ShapeError);
  BOOST_TEST(norm.num_batches_tracked.item<std::int64_t>() == 0);  // what throws leaves no trace
  BOOST_CHECK_THROW((void)nn::layer_norm({3, 5})(image), ShapeError);
  BOOST_CHECK_THROW((void)nn::layer_norm(5)(1.0), ShapeError);
  BOOST_CHECK_THROW((void)nn::rms_norm(4)(image), ShapeError);
  BOOST_CHECK_THROW((void)nn::group_norm(2, 4)(image), ShapeError);
  BOOST_CHECK_THROW((void)nn::group_norm(3, 6)(image), ShapeError);  // the groups fit, the weight does not
  BOOST_CHECK_THROW((void)nn::instance_norm(3)(xg::zeros({2, 3})), ShapeError);
  BOOST_CHECK_THROW((void)nn::instance_norm(3)(xg::zeros({2, 3, 1})), ShapeError);
  BOOST_CHECK_THROW((void)nn::MaxPool{2}(Var()), xg::TapeError);
  BOOST_CHECK_THROW((void)nn::layer_norm(2)(Var()), xg::TapeError);
  BOOST_TEST(message_of([&] { return nn::batch_norm(4)(image); }) ==
             "BatchNorm: its running mean has the shape [4]; it must be [3]");
  // What is added to x has its shape.
  nn::ResNetBlock block = nn::resnet_block(Key(1), 2, 2, {.norm = {.dtype = wide}});
  block.conv2 = nn::conv2d(Key(2), 2, 1, 3, {.padding = 1, .bias = false, .dtype = wide});
  block.bn2 = nn::batch_norm(1, {.dtype = wide});
  BOOST_CHECK_THROW((void)block(xg::zeros({1, 2, 3, 3})), xg::ShapeError);
}

// Settings are compared: another stride is another program.
BOOST_AUTO_TEST_CASE(compiled_functions_know_settings) {
  const auto call = xg::compile([](const nn::Conv& layer, const Var& x) { return layer(x); });
  const Var x = drawn(25, {1, 1, 6});
  nn::Conv layer = nn::conv1d(Key(1), 1, 1, 2, {.dtype = wide});
  BOOST_TEST((call(layer, x).shape() == Shape{1, 1, 5}));
  layer.stride = 2;
  BOOST_TEST((call(layer, x).shape() == Shape{1, 1, 3}));
  layer.padding = "same";
  layer.stride = 1;
  BOOST_TEST((call(layer, x).shape() == Shape{1, 1, 6}));
}

BOOST_AUTO_TEST_SUITE_END()
