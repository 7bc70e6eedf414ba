// The layers that have no better place: activations, bilinear, embedding, dropout, normalised weights, splines.
#include <boost/test/unit_test.hpp>

#include <cmath>
#include <cstdint>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <xgrad/linalg/factor.hpp>
#include <xgrad/nn.hpp>
#include <xgrad/testing.hpp>
#include <xgrad/xgrad.hpp>

#include "comparing.hpp"

namespace nn = xgrad::nn;
namespace xg = xgrad;
using nn::Activation;
using xg::Array;
using xg::DType;
using xg::Shape;
using xg::Var;
using xg::random::Key;

namespace {

/// Numbers near which all activations are smooth.
Var smooth_numbers(const Shape& shape) {
  auto values = Array<double>::from_shape(shape);
  for (std::size_t i = 0; i < values.size(); ++i) {
    const auto k = static_cast<double>((i * 7) % 11);
    values.data()[i] = 0.53 * (k - 5.0) + 0.21;
  }
  return {std::move(values)};
}

/// Each layer from [..., 6] as any layer, in float64.
std::vector<nn::AnyLayer> layers_of_six() {
  std::vector<nn::AnyLayer> all;
  for (std::size_t i = 0; i < nn::activation_count; ++i) all.emplace_back(nn::Activate{static_cast<Activation>(i)});
  const Key key(5);
  const auto linear = nn::linear(key.fold_in(0), 6, 4);
  all.emplace_back(linear);
  all.emplace_back(nn::p_relu(6, {.axis = -1}));
  all.emplace_back(nn::swish(0.7));
  all.emplace_back(nn::Glu{Activation::Silu});
  all.emplace_back(nn::weight_norm(linear));
  all.emplace_back(nn::spectral_norm(key.fold_in(1), linear));
  all.emplace_back(nn::kan(key.fold_in(2), 6, 3, {.low = -3.0, .high = 3.3}));
  all.emplace_back(nn::fourier_features(key.fold_in(3), 6, 2, {.deviation = 0.2}));
  all.emplace_back(nn::mlp(key.fold_in(4), {6, 5, 3}, {.activation = Activation::Tanh}));
  all.emplace_back(nn::residual(nn::mlp(key.fold_in(6), {6, 5, 6}, {.activation = Activation::Gelu})));
  for (nn::AnyLayer& each : all) each = nn::with_dtype(each, DType::Float64);
  return all;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(test_nn_core)

using comparing::near;
using comparing::throws;

BOOST_AUTO_TEST_CASE(layers_have_derivatives_of_both_modes_and_second_order) {
  const Var x = smooth_numbers({2, 6});
  for (const nn::AnyLayer& layer : layers_of_six()) {
    BOOST_TEST_CONTEXT(layer.kind()) {
      const auto call = [](const nn::AnyLayer& l, const Var& at) { return l(at); };
      BOOST_TEST(xg::testing::check_gradients({.mode_tolerance = 1e-10}, call, layer, x));
    }
  }
}

BOOST_AUTO_TEST_CASE(layers_in_batches_compiled_and_in_float) {
  const Var x = smooth_numbers({3, 6});
  for (const nn::AnyLayer& layer : layers_of_six()) {
    BOOST_TEST_CONTEXT(layer.kind()) {
      const Var y = layer(x);
      auto compiled = xg::compile([](const nn::AnyLayer& l, const Var& at) { return l(at); });
      BOOST_TEST(near(compiled(layer, x), y));
      BOOST_TEST(near(xg::vmap([&layer](const Var& row) { return layer(row); })(x), y));
      const nn::AnyLayer narrow = nn::with_dtype(layer, DType::Float32);
      const Var in_float = narrow(xg::cast<float>(x));
      BOOST_TEST(near(in_float, xg::cast<float>(y), 2e-5));
      Shape of_nothing = y.shape();
      of_nothing[0] = 0;
      BOOST_TEST((layer(xg::zeros({0, 6})).shape() == of_nothing));
    }
  }
}

BOOST_AUTO_TEST_CASE(activations_by_name) {
  std::set<std::string> names;
  for (std::size_t i = 0; i < nn::activation_count; ++i) {
    const auto each = static_cast<Activation>(i);
    BOOST_TEST((nn::activation_by_name(name(each)) == each));
    names.emplace(name(each));
  }
  BOOST_TEST(names.size() == nn::activation_count);
  BOOST_TEST((nn::activation_by_name("GeluTanh") == Activation::GeluTanh));
  const Var x = smooth_numbers({4});
  BOOST_TEST(near(nn::Activate{Activation::HardSwish}(x), xg::hard_swish(x), 0.0));
  BOOST_TEST(near(nn::Activate{Activation::GeluTanh}(x), xg::gelu(x, xg::Gelu::Tanh), 0.0));
  BOOST_TEST(near(nn::Activate{Activation::LeakyRelu}(x), xg::leaky_relu(x), 0.0));
  BOOST_TEST(near(nn::Activate{Activation::LogSoftmax}(x), xg::log_softmax(x), 0.0));
  const auto none = static_cast<Activation>(200);
  BOOST_TEST(name(none) == "no activation");
  BOOST_CHECK_THROW((void)nn::Activate{none}(1.0), xg::ValueError);
  BOOST_TEST(throws<xg::ValueError>([] { return nn::activation_by_name("rellu"); }, {"the nearest is \"relu\""}));
}

BOOST_AUTO_TEST_CASE(slopes_and_gates) {
  const Var x = Array<double>{{-1.0, 2.0}, {-3.0, -4.0}};
  const nn::PRelu by_channel{Array<double>{0.5, 0.25}};
  BOOST_TEST(near(by_channel(x), Var(Array<double>{{-0.5, 2.0}, {-1.5, -1.0}}), 0.0));
  BOOST_TEST(near(nn::p_relu(1, {.slope = 0.5, .dtype = DType::Float64})(-2.0), Var(-1.0), 0.0));
  BOOST_TEST(near(nn::PRelu{Array<double>{0.5, 0.25}, 0}(x), Var(Array<double>{{-0.5, 2.0}, {-0.75, -1.0}}), 0.0));
  BOOST_CHECK_THROW((void)by_channel(xg::zeros({2, 3})), xg::ShapeError);
  BOOST_CHECK_THROW((void)by_channel(xg::zeros({2})), xg::ShapeError);
  BOOST_CHECK_THROW((void)(nn::PRelu{xg::zeros({2, 1})}(x)), xg::ShapeError);
  BOOST_CHECK_THROW(static_cast<void>(nn::p_relu(1, {.dtype = DType::Int64})), xg::TypeError);
  BOOST_CHECK_THROW(static_cast<void>(nn::swish(1.0, DType::Bool)), xg::TypeError);
  BOOST_TEST(near(nn::swish(1.0, DType::Float64)(x), xg::silu(x), 1e-15));
  BOOST_TEST(near(nn::Glu{Activation::Identity}(x), reshape(Array<double>{-2.0, 12.0}, {2, 1}), 0.0));
  BOOST_TEST(near((nn::Glu{Activation::Identity, 0}(x)), Var(Array<double>{{3.0, -8.0}}), 0.0));
  BOOST_CHECK_THROW((void)nn::Glu{}(xg::zeros({2, 3})), xg::ShapeError);
  BOOST_CHECK_THROW((void)nn::Glu{}(1.0), xg::ShapeError);
}

BOOST_AUTO_TEST_CASE(bilinear_multiplies_two_inputs) {
  const nn::Bilinear layer{Array<double>{{{1.0, 2.0}, {3.0, 4.0}}}, Array<double>{10.0}};
  const Var a = Array<double>{{1.0, 2.0}, {0.0, 1.0}};
  const Var b = Array<double>{1.0, -1.0};
  BOOST_TEST(near(layer(a, b), reshape(Array<double>{7.0, 9.0}, {2, 1}), 0.0));
  BOOST_TEST(near(xg::vmap([&](const Var& row) { return layer(row, b); })(a), layer(a, b), 0.0));
  const auto call = [](const nn::Bilinear& l, const Var& x, const Var& y) { return l(x, y); };
  BOOST_TEST(xg::testing::check_gradients(call, layer, a, b));
  BOOST_TEST((layer(xg::zeros({0, 2}), b).shape() == Shape{0, 1}));
  BOOST_CHECK_THROW((void)layer(a, xg::zeros({3})), xg::ShapeError);
  BOOST_CHECK_THROW((void)layer(1.0, b), xg::ShapeError);
  BOOST_CHECK_THROW((void)layer(xg::zeros({3, 2}), xg::zeros({4, 2})), xg::ShapeError);
  BOOST_CHECK_THROW((void)(nn::Bilinear{xg::zeros({2, 2})}(b, b)), xg::ShapeError);
  BOOST_CHECK_THROW((void)(nn::Bilinear{xg::zeros({3, 2, 2}), xg::ones({1})}(b, b)), xg::ShapeError);
  BOOST_TEST((nn::bilinear(Key(1), 2, 3, 4).weight.shape() == Shape{4, 2, 3}));
  BOOST_TEST(!nn::bilinear(Key(1), 2, 3, 4, {.bias = false}).bias.has_value());
}

BOOST_AUTO_TEST_CASE(embedding_looks_rows_up) {
  const nn::Embedding layer = nn::embedding(Key(2), 5, 3, {.padding = -1, .dtype = DType::Float64});
  const Var indices = Array<std::int64_t>{{0, 4}, {2, 0}};
  const Var rows = layer(indices);
  BOOST_TEST((rows.shape() == Shape{2, 2, 3}));
  BOOST_TEST(near(view(rows, 1, 0), view(layer.weight, 2), 0.0));
  BOOST_TEST(near(view(rows, 0, 1), xg::zeros({3}), 0.0));  // the padding
  const auto loss = [&](const nn::Embedding& l) { return sum(l(indices) * 2.0) + sum(l(Array<std::int64_t>{-1})); };
  const Var slope = xg::grad(loss)(layer).weight;
  BOOST_TEST(near(slope, Var(Array<double>{{4.0, 4.0, 4.0}, {0, 0, 0}, {2.0, 2.0, 2.0}, {0, 0, 0}, {0, 0, 0}}), 0.0));
  const auto tied = [](const nn::Embedding& l) { return sum(l.attend(xg::ones({3}))); };
  const Var all_but_last = xg::cast<double>(expand_dims(xg::arange(5) < 4, 1)) * xg::ones({1, 3});
  BOOST_TEST(near(xg::grad(tied)(layer).weight, all_but_last, 0.0));
  BOOST_TEST((layer(xg::zeros({0}, DType::Int64)).shape() == Shape{0, 3}));
  BOOST_TEST((layer(std::int64_t{1}).shape() == Shape{3}));
  BOOST_TEST(near(layer.attend(view(layer.weight, 0)), matmul(layer.weight, view(layer.weight, 0)), 1e-15));
  BOOST_CHECK_THROW((void)layer(xg::zeros({2})), xg::TypeError);
  BOOST_CHECK_THROW((void)layer(Array<std::int64_t>{5}), xg::ValueError);
  BOOST_CHECK_THROW(static_cast<void>(layer.attend(xg::zeros({2}))), xg::ShapeError);
  BOOST_CHECK_THROW(static_cast<void>(nn::embedding(Key(2), 5, 3, {.padding = 5})), xg::ValueError);
  BOOST_CHECK_THROW(static_cast<void>(nn::embedding(Key(2), 5, 3, {.dtype = DType::Int64})), xg::TypeError);
  const Var wide = nn::embedding(Key(3), 500, 100).weight;
  BOOST_TEST(std::abs(stddev(xg::cast<double>(wide)).item<double>() - 0.1) < 0.002);
}

BOOST_AUTO_TEST_CASE(dropout_leaves_out_and_keeps_the_mean) {
  const nn::Training training{Key(7)};
  const Var x = xg::ones({200, 100}, DType::Float32);
  const nn::Dropout layer{0.2};
  const Var y = layer(x, training);
  BOOST_TEST(y.dtype() == DType::Float32);
  std::size_t left_out = 0;
  for (const float each : y.array<float>()) {
    BOOST_TEST_REQUIRE((each == 0.0F || each == 1.25F));
    left_out += each == 0.0F ? 1 : 0;
  }
  BOOST_TEST(std::abs(static_cast<double>(left_out) / 20000.0 - 0.2) < 0.01);
  BOOST_TEST(near(layer(x, training), y, 0.0));
  BOOST_TEST(near(layer(x), x, 0.0));
  BOOST_TEST(sum(abs(layer(x, training.part(1)) - y)).item<float>() > 0.0F);
  BOOST_TEST(near(xg::grad([&](const Var& at) { return sum(layer(at, training)); })(x), y, 0.0));
  BOOST_TEST(near(nn::Dropout{0.0}(x, training), x, 0.0));
  BOOST_TEST(near(nn::Dropout{1.0}(x, training), xg::zeros_like(x), 0.0));
  // What is left out is 0, also of what is no number.
  const Var nothing = nn::Dropout{0.5}(x / 0.0F, training);
  BOOST_TEST(!any(isnan(nothing)).item<bool>());
  for (const double rate : {-0.1, 1.1, std::nan("")}) {
    BOOST_CHECK_THROW((void)(nn::Dropout{rate}(x, training)), xg::ValueError);
    BOOST_CHECK_THROW((void)(nn::DropPath{rate}(x, training)), xg::ValueError);
  }
}

BOOST_AUTO_TEST_CASE(dropout_has_the_digits_to_keep_or_leave_out_few) {
  // Of 24 bits 1e-7 is 1.2e-7 or 1.8e-7: the mean would be half as large again. It takes a billion elements to see it.
  const nn::Training training{Key(7)};
  const Var x = xg::ones({1000000}, DType::Float32);
  const Var numbers = xg::random::uniform(training.key, {1000000});
  const double kept = 1.0 - (1.0 - 5e-6);
  BOOST_TEST(
      near(xg::cast<double>(nn::Dropout{1.0 - 5e-6}(x, training)), xg::where(numbers < kept, 1.0 / kept, 0.0), 1e-2));
  BOOST_TEST(near(xg::cast<double>(nn::Dropout{5e-6}(x, training)),
                  xg::where(numbers < 1.0 - 5e-6, 1.0 / (1.0 - 5e-6), 0.0), 1e-6));
}

BOOST_AUTO_TEST_CASE(dropout_of_channels_and_of_samples) {
  const nn::Training training{Key(8)};
  const Var x = xg::ones({8, 6, 3, 3});
  const Var channels = (nn::Dropout{0.5, {2, -1}}(x, training));
  const Var sums = sum(channels, {2, 3});
  const Var samples = nn::DropPath{0.5}(x, training);
  const Var sample_sums = sum(samples, {1, 2, 3});
  for (const double each : sums.array<double>()) BOOST_TEST((each == 0.0 || each == 18.0));
  for (const double each : sample_sums.array<double>()) BOOST_TEST((each == 0.0 || each == 108.0));
  BOOST_TEST(amax(sums).item<double>() - amin(sums).item<double>() == 18.0);
  BOOST_TEST(amax(sample_sums).item<double>() - amin(sample_sums).item<double>() == 108.0);
  BOOST_TEST(near(nn::DropPath{0.5}(x), x, 0.0));
  BOOST_CHECK_THROW((void)(nn::Dropout{0.5, {4}}(x, training)), xg::ShapeError);
  BOOST_CHECK_THROW((void)nn::DropPath{0.5}(1.0, training), xg::ShapeError);
  BOOST_TEST((nn::DropPath{0.5}(xg::zeros({0, 2}), training).shape() == Shape{0, 2}));
}

BOOST_AUTO_TEST_CASE(weight_norm_trains_lengths_apart) {
  const nn::Linear linear = nn::with_dtype(nn::linear(Key(9), 4, 3), DType::Float64);
  auto layer = nn::weight_norm(linear);
  const Var x = smooth_numbers({2, 4});
  BOOST_TEST(near(layer(x), linear(x), 1e-14));
  BOOST_TEST((layer.lengths.shape() == Shape{3, 1}));
  layer.lengths = layer.lengths * 2.0;
  BOOST_TEST(near(layer(x) - *linear.bias, (linear(x) - *linear.bias) * 2.0, 1e-14));
  // The direction's gradient is across it, and does not change its length.
  const auto slope = xg::grad([&](const auto& l) { return sum(square(l(x))); })(layer);
  BOOST_TEST(near(sum(slope.layer.weight * layer.layer.weight, 1), xg::zeros({3}), 1e-13));
  const auto of_zeros = nn::weight_norm(nn::Linear{xg::zeros({3, 4}), {}});
  BOOST_TEST(near(of_zeros(x), xg::zeros({2, 3}), 0.0));
  BOOST_CHECK_THROW(static_cast<void>(nn::weight_norm(linear, 2)), xg::ShapeError);
  layer.lengths = xg::ones({4});
  BOOST_CHECK_THROW((void)layer(x), xg::ShapeError);
}

BOOST_AUTO_TEST_CASE(spectral_norm_divides_by_the_largest_singular_value) {
  const nn::Linear linear = nn::with_dtype(nn::linear(Key(10), 5, 4), DType::Float64);
  auto layer = nn::spectral_norm(Key(11), linear, {.first = 1});
  const auto largest = [](const Var& weight) { return amax(xg::linalg::svdvals(weight)).item<double>(); };
  const Var x = smooth_numbers({2, 5});
  BOOST_TEST(xg::tree::leaves(layer).size() == 2U);  // u is state
  BOOST_TEST(xg::tree::array_paths(layer).back() == "u");
  const nn::Training training{Key(0)};
  const Var u = layer.u;
  Var y;
  for (int i = 0; i < 200; ++i) y = layer(x, training);
  BOOST_TEST(amax(abs(layer.u - u)).item<double>() > 1e-3);
  BOOST_TEST(near(y, layer(x), 1e-12));  // it has arrived
  BOOST_TEST(near(layer.layer.weight, linear.weight, 0.0));
  const double sigma = largest(linear.weight);
  BOOST_TEST(near(y, matmul(x, transpose(linear.weight)) / sigma + *linear.bias, 1e-12));
  // Along the other axis the matrix is the transposed one, and its largest singular value the same.
  auto across = nn::spectral_norm(Key(11), linear, {.axis = 1, .first = 400});
  BOOST_TEST((across.u.shape() == Shape{5}));
  BOOST_TEST(near(across(x), y, 1e-10));
  BOOST_TEST(near(nn::spectral_norm(Key(1), nn::Linear{xg::zeros({4, 5}), {}})(x), xg::zeros({2, 4}), 0.0));
}

BOOST_AUTO_TEST_CASE(spectral_norm_of_weights_that_are_zero_or_small) {
  const nn::Linear linear = nn::with_dtype(nn::linear(Key(10), 5, 4), DType::Float64);
  const Var x = smooth_numbers({2, 5});
  const nn::Training training{Key(0)};
  auto layer = nn::spectral_norm(Key(11), linear);
  const Var y = layer(x);
  const Var u = layer.u;
  layer.layer.weight = 1e-200 * linear.weight;
  BOOST_TEST(near(layer(x), y, 1e-12));
  BOOST_TEST(near(layer(x, training), y, 1e-3));
  // The vector outlives a weight of 0, whose derivative is that of a weight that is not divided.
  layer.u = u;
  layer.layer.weight = xg::zeros({4, 5});
  BOOST_TEST(near(layer(x, training), xg::zeros({2, 4}) + *linear.bias, 0.0));
  BOOST_TEST(near(layer.u, u, 0.0));
  const auto total = [&](nn::SpectralNorm<nn::Linear> net) { return sum(net(x, training)); };
  BOOST_TEST(near(xg::grad(total)(layer).layer.weight, xg::broadcast_to(sum(x, 0), {4, 5}), 1e-15));
  layer.layer.weight = linear.weight;
  BOOST_TEST(near(layer(x), y, 1e-15));
  // What u is orthogonal to, is found all the same; a layer may begin with 0.
  layer.layer.weight = linear.weight * expand_dims(xg::arange(4) > 0, 1);
  layer.u = xt::xarray<double>{1.0, 0.0, 0.0, 0.0};
  for (int i = 0; i < 200; ++i) static_cast<void>(layer(x, training));
  const Var used = (layer(xg::eye(5)) - *linear.bias);
  BOOST_TEST(std::abs(amax(xg::linalg::svdvals(used)).item<double>() - 1.0) < 1e-12);
  const auto zero = nn::spectral_norm(Key(1), nn::Linear{xg::zeros({4, 5}), {}});
  BOOST_TEST(std::abs(norm(zero.u).item<double>() - 1.0) < 1e-15);
  BOOST_CHECK_THROW(static_cast<void>(nn::spectral_norm(Key(1), linear, {.iterations = 0})), xg::ValueError);
}
BOOST_AUTO_TEST_CASE(spectral_norm_hands_its_state_on) {
  const nn::Linear linear = nn::linear(Key(10), 5, 4);
  const auto start = nn::spectral_norm(Key(11), linear, {.first = 1});
  const Var x = xg::cast<float>(smooth_numbers({2, 5}));
  auto step = xg::compile([](nn::SpectralNorm<nn::Linear> net, const Var& at, const nn::Training& training) {
    const Var y = net(at, training);
    return std::pair(net, y);
  });
  const auto [next, y] = step(start, x, nn::Training{Key(0)});
  auto eager = start;
  BOOST_TEST(near(y, eager(x, nn::Training{Key(0)}), 1e-6));
  BOOST_TEST(near(next.u, eager.u, 1e-6));
  BOOST_CHECK_THROW(static_cast<void>(nn::spectral_norm(Key(1), linear, {.first = 0})), xg::ValueError);
  BOOST_CHECK_THROW(static_cast<void>(nn::spectral_norm(Key(1), linear, {.axis = 2})), xg::ShapeError);
  BOOST_CHECK_THROW(static_cast<void>(nn::spectral_norm(Key(1), nn::p_relu(3))), xg::ShapeError);
  auto wrong = start;
  wrong.u = xg::ones({3});
  BOOST_CHECK_THROW((void)wrong(x), xg::ShapeError);
  wrong = start;
  wrong.iterations = 0;
  BOOST_CHECK_THROW((void)wrong(x, nn::Training{Key(0)}), xg::ValueError);
}

BOOST_AUTO_TEST_CASE(splines_are_those_of_the_books) {
  const nn::Kan layer = nn::kan(Key(12), 1, 1, {.intervals = 4, .dtype = DType::Float64});
  // Intervals of 1/2 from -1 to 1: at knots 1/6, 2/3, 1/6; in the middle between them 1/48, 23/48, 23/48, 1/48.
  const Var at = layer.splines(Array<double>{0.0, 0.25, -1.0, 1.0});
  const double a = 1.0 / 6.0;
  const double b = 2.0 / 3.0;
  const double c = 1.0 / 48.0;
  const double d = 23.0 / 48.0;
  BOOST_TEST(near(
      at,
      Var(Array<double>{{0, 0, a, b, a, 0, 0}, {0, 0, c, d, d, c, 0}, {a, b, a, 0, 0, 0, 0}, {0, 0, 0, 0, a, b, a}}),
      1e-15));
  for (int order = 1; order <= 10; ++order) {
    const nn::Kan each = nn::kan(Key(12), 1, 1, {.order = order, .dtype = DType::Float64});
    BOOST_TEST(near(sum(each.splines(xg::linspace(-1.0, 1.0, 101)), -1), xg::ones({101}), 1e-13));
  }
  // The second derivative at the middle of a spline, where its halves meet: -2 by the square of an interval.
  const auto spline = [&](const Var& x) { return view(layer.splines(x), 3); };
  BOOST_TEST(near(xg::grad(xg::grad(spline))(0.0), Var(-8.0), 1e-13));
  BOOST_TEST(near(layer.splines(Array<double>{-9.0, 9.0, INFINITY}), xg::zeros({3, 7}), 0.0));
}

BOOST_AUTO_TEST_CASE(kan_goes_on_with_finer_intervals) {
  const nn::Kan coarse = nn::kan(Key(13), 2, 3, {.noise = 1.0, .dtype = DType::Float64});
  const Var x = xg::random::uniform(Key(14), -1.0, 1.0, {20, 2});
  BOOST_TEST(near(nn::refined(coarse, 10)(x), coarse(x), 1e-10));
  BOOST_TEST(near(nn::refined(coarse, 15)(x), coarse(x), 1e-10));
  BOOST_TEST((nn::refined(coarse, 7).coefficients.shape() == Shape{3, 2, 10}));
  const nn::Kan narrow = nn::with_dtype(coarse, DType::Float32);
  BOOST_TEST(nn::refined(narrow, 10).coefficients.dtype() == DType::Float32);
  BOOST_TEST(near(nn::refined(narrow, 10)(xg::cast<float>(x)), xg::cast<float>(coarse(x)), 1e-5));
  BOOST_CHECK_THROW(static_cast<void>(nn::refined(coarse, 0)), xg::ValueError);
  BOOST_CHECK_THROW((void)coarse(xg::zeros({3})), xg::ShapeError);
  // Integers and booleans are numbers as others.
  for (const DType dtype : {DType::Int64, DType::Bool}) {
    BOOST_TEST(near(coarse.splines(xg::ones({2}, dtype)), coarse.splines(xg::ones({2})), 0.0));
  }
  // Weights are not broadcast.
  nn::Kan other = coarse;
  other.spline_weight = xg::ones({1, 1});
  BOOST_CHECK_THROW(static_cast<void>(other(xg::zeros({4, 2}))), xg::ShapeError);
  other = coarse;
  other.coefficients = xg::ones({1, 1, 8});
  BOOST_CHECK_THROW(static_cast<void>(other(xg::zeros({4, 2}))), xg::ShapeError);
  BOOST_CHECK_THROW(static_cast<void>(nn::kan(Key(1), 2, 3, {.intervals = 0})), xg::ValueError);
  BOOST_CHECK_THROW(static_cast<void>(nn::kan(Key(1), 2, 3, {.order = 0})), xg::ValueError);
  BOOST_CHECK_THROW(static_cast<void>(nn::kan(Key(1), 2, 3, {.order = 11})), xg::ValueError);
  BOOST_CHECK_THROW(static_cast<void>(nn::kan(Key(1), 2, 3, {.low = 1.0})), xg::ValueError);
  BOOST_CHECK_THROW(static_cast<void>(nn::kan(Key(1), 2, 3, {.dtype = DType::Int64})), xg::TypeError);
}

BOOST_AUTO_TEST_CASE(fourier_features_are_state) {
  const nn::FourierFeatures layer = nn::fourier_features(Key(15), 2, 3, {.deviation = 10.0, .dtype = DType::Float64});
  BOOST_TEST(xg::tree::leaves(layer).empty());
  BOOST_TEST(xg::tree::array_paths(layer).front() == "frequencies");
  const Var y = layer(Array<double>{0.0, 0.0});
  BOOST_TEST(near(y, Var(Array<double>{1.0, 1.0, 1.0, 0.0, 0.0, 0.0}), 0.0));
  BOOST_CHECK_THROW((void)layer(xg::zeros({3})), xg::ShapeError);
  BOOST_CHECK_THROW((void)layer(1.0), xg::ShapeError);
  BOOST_CHECK_THROW(static_cast<void>(nn::fourier_features(Key(1), 2, 3, {.deviation = -1.0})), xg::ValueError);
  BOOST_CHECK_THROW(static_cast<void>(nn::fourier_features(Key(1), 2, 3, {.dtype = DType::Int64})), xg::TypeError);
}

BOOST_AUTO_TEST_SUITE_END()
