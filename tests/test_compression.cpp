// Small integers: quantising, calibration, kernels of every instruction set, layers of 8 bits.
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <vector>

#include <xgrad/compression.hpp>
#include <xgrad/io/named.hpp>
#include <xgrad/nn.hpp>
#include <xgrad/optim.hpp>
#include <xgrad/testing.hpp>
#include <xgrad/xgrad.hpp>

#include "backend/cpu/kernels/block/block.hpp"
#include "comparing.hpp"
#include "core/text.hpp"
#include "ops/quantised.hpp"

BOOST_AUTO_TEST_SUITE(test_compression)

namespace compression = xgrad::compression;
namespace kernels = xgrad::backend::cpu::kernels;
namespace nn = xgrad::nn;
namespace xg = xgrad;
using comparing::near;
using comparing::same;
using compression::Scheme;
using xgrad::Array;
using xgrad::DType;
using xgrad::Shape;
using xgrad::Var;
using xgrad::random::Key;

namespace {

constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();
constexpr double infinity = std::numeric_limits<double>::infinity();

/// Numbers of which torch's results are below.
Var numbers_of_torch() {
  return xt::xarray<float>{-1.3F, -0.62F, -0.05F, 0.0F, 0.031F, 0.25F, 0.499F, 0.75F, 1.1F, 2.6F, 0.0625F, 0.1875F};
}

compression::Quantisation affine(float scale, float zero) {
  return {Var(xt::xarray<float>(scale)), Var(xt::xarray<float>(zero)), 0, 255, {}};
}

std::vector<double> numbers(const Var& x) { return comparing::doubles(x); }

/// What a layer of 8 bits computes, by whole numbers, one after the other.
Var by_integers(const compression::QuantisedLinear& layer, const Var& x) {
  const auto q = numbers(compression::quantise(x, layer.input));
  const auto w = numbers(round(layer.weight() / expand_dims(layer.scale, 1)));
  const std::size_t rows = x.shape()[0];
  auto result = Array<float>::from_shape({rows, layer.outputs});
  for (std::size_t i = 0; i < rows; ++i) {
    for (std::size_t o = 0; o < layer.outputs; ++o) {
      std::int64_t sum = 0;
      for (std::size_t k = 0; k < layer.inputs; ++k) {
        sum += (static_cast<std::int64_t>(q[i * layer.inputs + k]) -
                static_cast<std::int64_t>(layer.input.zero.item<float>())) *
               static_cast<std::int64_t>(w[o * layer.inputs + k]);
      }
      result(i, o) = static_cast<float>(sum) * (layer.input.scale.item<float>() * layer.scale.array<float>()(o));
    }
  }
  return {std::move(result)};
}

}  // namespace

// ---- numbers

BOOST_AUTO_TEST_CASE(integers_are_those_of_torch) {
  const Var x = numbers_of_torch();
  const std::vector<double> fine{0, 46, 92, 96, 98, 116, 136, 156, 184, 255, 101, 111};
  BOOST_TEST(numbers(compression::quantise(x, affine(0.0125F, 96.0F))) == fine, boost::test_tools::per_element());
  const std::vector<double> halves{0, 5, 10, 10, 10, 12, 14, 16, 19, 31, 10, 12};
  BOOST_TEST(numbers(compression::quantise(x, affine(0.125F, 10.0F))) == halves, boost::test_tools::per_element());
  const compression::Quantisation rows{Var(xt::xarray<float>{0.01F, 0.004F, 0.02F}),
                                       Var(xt::xarray<float>{0.0F, 0.0F, 0.0F}), -128, 127, 0};
  const std::vector<double> channels{-128, -62, -5, 0, 8, 62, 125, 127, 55, 127, 3, 9};
  BOOST_TEST(numbers(compression::quantise(reshape(x, {3, 4}), rows)) == channels, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(fake_ones_and_their_gradients_are_those_of_torch) {
  const Var x = numbers_of_torch();
  const auto q = affine(0.0125F, 96.0F);
  const Var expected =
      xt::xarray<float>{-1.2F, -0.625F, -0.05F, 0.0F, 0.025F, 0.25F, 0.5F, 0.75F, 1.1F, 1.9875F, 0.0625F, 0.1875F};
  BOOST_TEST(near(compression::fake_quantise(x, q), expected, 1e-6));
  BOOST_TEST(near(compression::dequantise(compression::quantise(x, q), q), expected, 1e-6));
  const Var weights = xg::arange(1.0F, 13.0F);
  const Var slope = xg::grad([&](const Var& at) { return sum(compression::fake_quantise(at, q) * weights); })(x);
  BOOST_TEST(numbers(slope) == (std::vector<double>{0, 2, 3, 4, 5, 6, 7, 8, 9, 0, 11, 12}),
             boost::test_tools::per_element());

  const compression::Quantisation rows{Var(xt::xarray<float>{0.01F, 0.004F, 0.02F}),
                                       Var(xt::xarray<float>{0.0F, 0.0F, 0.0F}), -127, 127, 0};
  const Var m = reshape(x, {3, 4});
  const Var of_rows =
      xt::xarray<float>{{-1.27F, -0.62F, -0.05F, 0.0F}, {0.032F, 0.248F, 0.5F, 0.508F}, {1.1F, 2.54F, 0.06F, 0.18F}};
  BOOST_TEST(near(compression::fake_quantise(m, rows), of_rows, 1e-6));
  const Var through = xg::grad([&](const Var& at) {
    return sum(compression::fake_quantise(at, rows) * reshape(weights, {3, 4}));
  })(m);
  BOOST_TEST(numbers(through) == (std::vector<double>{0, 2, 3, 4, 5, 6, 7, 0, 9, 0, 11, 12}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(fake_ones_nest) {
  const auto q = compression::quantisation({-2.0, 2.0}, {.scheme = Scheme::Affine});
  const auto f = [&](const Var& x) { return sum(square(compression::fake_quantise(x, q)) * x); };
  const Var x = xt::xarray<double>{-3.0, -0.7, 0.0, 0.9, 5.0};
  const Var inside = xt::xarray<double>{0.0, 1.0, 1.0, 1.0, 0.0};
  const Var y = compression::fake_quantise(x, q);
  BOOST_TEST(near(xg::grad(f)(x), square(y) + 2.0 * y * x * inside, 1e-12));
  const auto slope = [&](const Var& at) { return sum(xg::grad(f)(at)); };
  BOOST_TEST(near(xg::grad(slope)(x), inside * (4.0 * y + 2.0 * x), 1e-12));
  const Var batch = xg::stack({x, 2.0 * x});
  const auto each = [&](const Var& at) { return compression::fake_quantise(at, q); };
  BOOST_TEST(same(xg::vmap(each)(batch), each(batch)));
  BOOST_TEST(same(xg::compile(each)(x), each(x)));
  const Var tangent = xg::jvp(each, x, xg::ones_like(x)).tangent;
  BOOST_TEST(same(tangent, inside));
  BOOST_TEST(std::isnan(compression::fake_quantise(not_a_number, q).item<double>()));
  BOOST_TEST(near(compression::fake_quantise(infinity, q), q.scale * (255.0 - q.zero), 0.0));
}

BOOST_AUTO_TEST_CASE(ranges_become_scales) {
  const auto symmetric = compression::quantisation({-2.0, 0.5});
  BOOST_TEST(symmetric.scale.item<double>() == 2.0 / 127.0);
  BOOST_TEST(symmetric.zero.item<double>() == 0.0);
  const auto affine_one = compression::quantisation({-1.0, 3.0}, {.scheme = Scheme::Affine});
  BOOST_TEST(affine_one.scale.item<double>() == 4.0 / 255.0, boost::test_tools::tolerance(1e-15));
  BOOST_TEST(affine_one.zero.item<double>() == 64.0);
  // 0 is a number of its own, whatever the range.
  const auto above = compression::quantisation({2.0, 5.0}, {.scheme = Scheme::Affine});
  BOOST_TEST(above.zero.item<double>() == 0.0);
  BOOST_TEST(above.scale.item<double>() == 5.0 / 255.0, boost::test_tools::tolerance(1e-15));
  const auto below = compression::quantisation({-5.0, -2.0}, {.scheme = Scheme::Affine});
  BOOST_TEST(below.zero.item<double>() == 255.0);
  const auto four = compression::quantisation({-7.0, 7.0}, {.bits = 4});
  BOOST_TEST(four.high == 7);
  BOOST_TEST(four.scale.item<double>() == 1.0);
  // Nothing but zeros, and numbers whose difference is no number.
  const Var zeros = xg::zeros({3}, DType::Float32);
  BOOST_TEST(same(compression::fake_quantise(zeros, compression::quantisation_of(zeros)), zeros));
  const Var huge = xt::xarray<float>{-3e38F, 3e38F};
  const auto wide = compression::quantisation_of(huge, {.scheme = Scheme::Affine});
  BOOST_TEST(near(compression::fake_quantise(huge, wide), huge, 0.01));
  const auto columns = compression::quantisation_of(xt::xarray<double>{{127.0, 1.0}, {-1.0, -254.0}}, {.axis = 1});
  BOOST_TEST(numbers(columns.scale) == (std::vector<double>{1.0, 2.0}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(what_is_no_range_is_refused) {
  using comparing::throws;
  const auto value_of = [](const compression::Quantisation& q) { return q.scale.item<double>(); };
  BOOST_TEST(throws<xg::ValueError>([&] { return value_of(compression::quantisation({0.0, not_a_number})); }, {"nan"}));
  BOOST_TEST(throws<xg::ValueError>(
      [&] {
        return value_of(compression::quantisation({infinity, -infinity}));
      },
      {"inf", "nothing"}));
  BOOST_TEST(throws<xg::ValueError>([&] { return value_of(compression::quantisation({1.0, -1.0})); }, {"-1", "above"}));
  BOOST_TEST(throws<xg::ValueError>([] { return compression::quantisation({0.0, 1.0}, {.bits = 1}); }, {"1 bits"}));
  BOOST_TEST(throws<xg::ValueError>([] { return compression::quantisation({0.0, 1.0}, {.axis = -1}); }, {"-1"}));
  BOOST_TEST(throws<xg::ShapeError>([] { return compression::quantisation({0.0, 1.0}, {.axis = 0}); }, {"[]"}));
  BOOST_TEST(throws<xg::ValueError>([] { return compression::range_of(xg::zeros({0})); }, {"[0]", "nothing"}));
  BOOST_TEST(throws<xg::ValueError>([] { return compression::range_of(xg::zeros({3, 0}), 0); }, {"[3, 0]"}));
  BOOST_TEST(throws<xg::ShapeError>([] { return compression::range_of(xg::zeros({3}), 1); }, {"axis 1", "[3]"}));
  BOOST_TEST(throws<xg::ShapeError>([] { return compression::range_of(xg::zeros({3}), -1); }, {"axis -1", "[3]"}));
  const auto q = compression::quantisation_of(xg::ones({3, 2}), {.axis = 0});
  BOOST_TEST(throws<xg::ShapeError>([&] { return compression::quantise(xg::ones({4, 2}), q); }, {"[3]", "[4, 2]"}));
  BOOST_TEST(throws<xg::TypeError>([&] { return compression::fake_quantise(xt::xarray<int>{1}, affine(1.0F, 0.0F)); },
                                   {"int64"}));
  BOOST_TEST(throws<xg::ValueError>(
      [&] { return compression::quantise(not_a_number, affine(1.0F, 0.0F)).item<std::int64_t>(); }, {"nan"}));
  for (const float scale : {0.0F, -1.0F, std::numeric_limits<float>::infinity(), std::nanf("")}) {
    const auto by = affine(scale, 0.0F);
    const std::string text = xg::core::text_of(scale);
    BOOST_TEST(throws<xg::ValueError>([&] { return compression::quantise(1.0F, by).item<std::int64_t>(); }, {text}));
    BOOST_TEST(throws<xg::ValueError>([&] { return compression::fake_quantise(1.0F, by).item<float>(); }, {text}));
    BOOST_TEST(throws<xg::ValueError>([&] { return compression::dequantise(1, by).item<float>(); }, {text}));
  }
}

// ---- calibration

BOOST_AUTO_TEST_CASE(observers_see_ranges) {
  using compression::Calibration;
  const std::vector<Var> batches{xt::xarray<float>{-1.0F, 2.0F}, xt::xarray<float>{{-3.0F, 1.0F}, {0.0F, 0.5F}}};
  const auto range_by = [&](const compression::Observer& observer) {
    auto seen = observer.init();
    for (const Var& each : batches) seen = observer.update(seen, each);
    const auto range = observer.range(seen);
    BOOST_TEST((range.low.dtype() == DType::Float32));
    return std::pair(range.low.item<float>(), range.high.item<float>());
  };
  BOOST_TEST((range_by({}) == std::pair(-3.0F, 2.0F)));
  BOOST_TEST((range_by({.method = Calibration::MovingAverage, .rate = 0.25}) == std::pair(-1.5F, 1.75F)));
  BOOST_TEST((range_by({.method = Calibration::Percentile, .percentile = 100.0}) == std::pair(-3.0F, 2.0F)));
  BOOST_TEST((range_by({.method = Calibration::Percentile, .percentile = 80.0}) == std::pair(-1.0F, 1.0F)));
  const compression::Observer observer;
  BOOST_CHECK_THROW(static_cast<void>(observer.update(observer.init(), xg::zeros({0}))), xg::ValueError);
  BOOST_CHECK_THROW(static_cast<void>(observer.update(observer.init(), xt::xarray<int>{1})), xg::TypeError);
  const compression::Observer still{.rate = 0.0};
  BOOST_CHECK_THROW(static_cast<void>(still.update(still.init(), 1.0)), xg::ValueError);
  const compression::Observer median{.percentile = 50.0};
  BOOST_CHECK_THROW(static_cast<void>(median.update(median.init(), 1.0)), xg::ValueError);
}

// ---- kernels

BOOST_AUTO_TEST_CASE(kernels_of_every_instruction_set_are_exact) {
  std::mt19937 engine(3);
  for (int isa = 0; isa <= static_cast<int>(kernels::best_isa()); ++isa) {
    const kernels::BlockTable table = kernels::make_table(static_cast<kernels::Isa>(isa));
    for (const std::size_t rows : {1U, 2U, 3U, 4U, 5U, 8U, 13U}) {
      for (const std::size_t groups : {0U, 1U, 2U, 17U, 300U}) {
        std::vector<std::uint8_t> x(rows * groups * 4);
        std::vector<std::int8_t> w(groups * 64);
        std::vector<std::int32_t> start(16);
        // Extremes among them: 255 times -128, four times, is what 16 bits do not hold.
        const bool extreme = groups == 17;
        for (auto& each : x) each = static_cast<std::uint8_t>(extreme ? 255U : engine() % 256U);
        for (auto& each : w) each = static_cast<std::int8_t>(extreme ? -128 : static_cast<int>(engine() % 256U) - 128);
        for (auto& each : start) each = static_cast<std::int32_t>(engine() % 2000U) - 1000;
        std::vector<std::int32_t> out(rows * 16 + 5, 7);
        table.int8.multiply({rows, groups, x.data(), w.data(), start.data(), out.data()});
        bool right = true;
        for (std::size_t r = 0; r < rows; ++r) {
          for (std::size_t o = 0; o < 16; ++o) {
            std::int32_t sum = start[o];
            for (std::size_t k = 0; k < groups * 4; ++k) {
              sum += x[r * groups * 4 + k] * w[k / 4 * 64 + o * 4 + k % 4];
            }
            right = right && out[r * 16 + o] == sum;
          }
        }
        for (std::size_t i = rows * 16; i < out.size(); ++i) right = right && out[i] == 7;
        BOOST_TEST(right, table.name << ", " << rows << " rows, " << groups << " groups");
      }
    }
  }
}

namespace {

template <class T>
void check_bytes(const kernels::BlockTable& table) {
  std::vector<T> x;
  for (int i = -600; i <= 600; ++i) x.push_back(static_cast<T>(i) / T(4));
  for (const double each : {1e30, -1e30, infinity, -infinity, 0.0, -0.0, 1e-30, 4194304.5}) x.push_back(T(each));
  for (const int zero : {0, 7, 128, 255}) {
    std::vector<std::uint8_t> to(x.size() + 3, 99);
    const auto quantise = table.int8.quantise[static_cast<std::size_t>(xg::dtype_of<T>)];
    BOOST_TEST(!quantise({x.data(), x.size(), 0.5, zero, to.data()}));
    bool right = true;
    for (std::size_t i = 0; i < x.size(); ++i) {
      const double n = std::clamp(std::nearbyint(static_cast<double>(x[i]) * 0.5) + zero, 0.0, 255.0);
      right = right && static_cast<double>(to[i]) == n;
    }
    BOOST_TEST(right, table.name << ", zero " << zero);
    BOOST_TEST(int(to[x.size()]) == 99);
  }
  std::vector<std::uint8_t> to(40);
  for (std::size_t at = 0; at < 40; ++at) {
    std::vector<T> one(40, T(1));
    one[at] = std::numeric_limits<T>::quiet_NaN();
    BOOST_TEST(table.int8.quantise[static_cast<std::size_t>(xg::dtype_of<T>)]({one.data(), 40, 1.0, 0, to.data()}));
  }
}

}  // namespace

BOOST_AUTO_TEST_CASE(bytes_of_every_instruction_set_are_exact) {
  for (int isa = 0; isa <= static_cast<int>(kernels::best_isa()); ++isa) {
    const kernels::BlockTable table = kernels::make_table(static_cast<kernels::Isa>(isa));
    check_bytes<float>(table);
    check_bytes<double>(table);
  }
}

// ---- layers

BOOST_AUTO_TEST_CASE(linear_layers_of_8_bits_are_exact) {
  for (const std::size_t inputs : {1U, 3U, 4U, 64U, 129U}) {
    for (const std::size_t outputs : {1U, 10U, 16U, 33U}) {
      const nn::Linear layer = nn::linear(Key(inputs), inputs, outputs, {.biases = nn::normal(1.0)});
      for (const bool per_channel : {true, false}) {
        auto small = compression::quantised(layer, {-2.0F, 3.0F}, {.per_channel = per_channel});
        const Var x = 2.0F * xg::random::normal(Key(4), {70, inputs}, DType::Float32);
        BOOST_TEST(near(small(x), by_integers(small, x) + *layer.bias, 1e-5));
        // Half a step of each input and of each weight.
        const Var far = small.weight() - layer.weight;
        BOOST_TEST(xg::all(abs(far) <= 0.501F * expand_dims(small.scale, 1)).item<bool>());
        small.bias.reset();
        BOOST_TEST(same(small(x), by_integers(small, x)));
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(linear_layers_of_8_bits_are_like_their_fakes) {
  const nn::Linear layer = nn::linear(Key(1), 20, 9, {.biases = nn::normal(1.0), .dtype = DType::Float64});
  const compression::Range range{-2.0, 2.5};
  const auto small = compression::quantised(layer, range);
  const auto q = compression::quantisation(range, {.scheme = Scheme::Affine});
  nn::Linear fake = layer;
  fake.weight = compression::fake_quantise(layer.weight, compression::quantisation_of(layer.weight, {.axis = 0}));
  const auto faked = [&](const Var& x) { return fake(compression::fake_quantise(x, q)); };
  const Var x = 1.5 * xg::random::normal(Key(2), {2, 5, 20}, DType::Float64);
  BOOST_TEST(near(small(x), faked(x), 1e-12));
  const Var weights = xg::random::normal(Key(3), {2, 5, 9}, DType::Float64);
  const auto loss = [&](const auto& net) { return [&](const Var& at) { return sum(square(net(at)) * weights); }; };
  BOOST_TEST(near(xg::grad(loss(small))(x), xg::grad(loss(faked))(x), 1e-10));
  const auto curved = [&](const auto& net) {
    return [&, f = loss(net)](const Var& at) { return sum(square(xg::grad(f)(at))); };
  };
  BOOST_TEST(near(xg::grad(curved(small))(x), xg::grad(curved(faked))(x), 1e-7));
  const Var along = xg::ones_like(x);
  BOOST_TEST(near(xg::jvp(small, x, along).tangent, xg::jvp(faked, x, along).tangent, 1e-10));
}

BOOST_AUTO_TEST_CASE(layers_of_8_bits_in_batches_and_compiled) {
  const auto make = [](std::int64_t k) {
    return compression::quantised(nn::linear(Key(k), 6, 5), {-2.0F, 2.0F + static_cast<float>(k)});
  };
  const auto small = make(0);
  const Var x = xg::random::normal(Key(9), {4, 3, 6}, DType::Float32);
  const auto call = [](const compression::QuantisedLinear& layer, const Var& at) { return layer(at); };
  BOOST_TEST(same(xg::vmap([&](const Var& at) { return small(at); })(x), small(x)));
  BOOST_TEST(same(xg::compile(call)(small, x), small(x)));
  // A layer for each: stacks of layers.
  std::vector<compression::QuantisedLinear> layers;
  for (std::int64_t k = 0; k < 4; ++k) layers.push_back(make(k));
  auto all = layers[0];
  const auto stacked = [&](auto part) {
    std::vector<Var> parts;
    for (const auto& each : layers) parts.push_back(part(each));
    return xg::stack(parts);
  };
  all.words = stacked([](const auto& l) { return l.words; });
  all.scale = stacked([](const auto& l) { return l.scale; });
  all.input.scale = stacked([](const auto& l) { return l.input.scale; });
  all.input.zero = stacked([](const auto& l) { return l.input.zero; });
  all.bias = stacked([](const auto& l) { return *l.bias; });
  const Var each = xg::vmap(call)(all, x);
  const Var twice = xg::vmap(xg::vmap(call, {.in = {0, 0}}), {.in = {xg::whole, 0}})(all, xg::stack({x, 2.0F * x}));
  for (std::int64_t k = 0; k < 4; ++k) {
    const auto& layer = layers[static_cast<std::size_t>(k)];
    BOOST_TEST(near(view(each, k), layer(view(x, k)), 1e-6));
    BOOST_TEST(near(view(twice, 1, k), layer(2.0F * view(x, k)), 1e-6));
  }
}

BOOST_AUTO_TEST_CASE(layers_of_8_bits_at_the_edges) {
  const auto small = compression::quantised(nn::linear(Key(1), 3, 2), {-1.0F, 1.0F});
  BOOST_TEST(small(xg::zeros({0, 3}, DType::Float32)).shape() == (Shape{0, 2}), boost::test_tools::per_element());
  BOOST_TEST(small(xg::zeros({3}, DType::Float32)).shape() == (Shape{2}), boost::test_tools::per_element());
  const Var spoiled = small(xt::xarray<float>{{0.5F, std::nanf(""), 0.0F}, {0.5F, 0.25F, 0.0F}});
  const Var fine = xg::isnan(spoiled);
  BOOST_TEST(numbers(fine) == (std::vector<double>{1, 1, 0, 0}), boost::test_tools::per_element());
  const Var beyond = small(xt::xarray<float>{{1e30F, -1e30F, INFINITY}});
  const Var at_ends = small(xt::xarray<float>{{1.0F, -1.0F, 1.0F}});
  BOOST_TEST(near(beyond, at_ends, 0.05));
  BOOST_CHECK_THROW(static_cast<void>(small(xg::zeros({4, 2}, DType::Float32))), xg::ShapeError);
  BOOST_CHECK_THROW(static_cast<void>(small(1.0F)), xg::ShapeError);
  BOOST_CHECK_THROW(static_cast<void>(small(xt::xarray<int>{1, 2, 3})), xg::TypeError);
  const nn::Linear line{xg::zeros({3}), {}};
  BOOST_CHECK_THROW(static_cast<void>(compression::quantised(line, {0.0, 1.0})), xg::ShapeError);
  const nn::Linear wide{xg::zeros({1, 65537}, DType::Float32), {}};
  BOOST_CHECK_THROW(static_cast<void>(compression::quantised(wide, {0.0F, 1.0F})), xg::ShapeError);
}

BOOST_AUTO_TEST_CASE(layers_of_8_bits_are_trees_without_leaves) {
  const auto small = compression::quantised(nn::linear(Key(1), 30, 20), {-1.0F, 1.0F});
  BOOST_TEST(xg::tree::leaves(small).empty());
  auto other = compression::quantised(nn::linear(Key(2), 30, 20), {-2.0F, 1.0F});
  other = xg::io::filled(other, xg::io::by_name(small));
  const Var x = xg::random::normal(Key(3), {4, 30}, DType::Float32);
  BOOST_TEST(same(other(x), small(x)));
  // Two blocks of 16 outputs, 8 groups of 4 inputs and the sums, 64 bytes each; scales, range, bias.
  BOOST_TEST(compression::size_on_disk(small) == 2 * 9 * 64 + (20 + 2 + 20) * 4);
}

BOOST_AUTO_TEST_CASE(convolutions_of_8_bits_are_like_their_fakes) {
  struct Form {
    Shape x, weight;
    xg::ConvOptions options;
  };
  const Form forms[] = {{{2, 3, 8}, {4, 3, 3}, {}},
                        {{2, 3, 7, 6}, {5, 3, 3, 2}, {.stride = 2, .padding = 1}},
                        {{1, 4, 9, 8}, {6, 2, 2, 3}, {.stride = {2, 1}, .padding = {0, 2}, .dilation = 2, .groups = 2}},
                        {{2, 2, 4, 5, 3}, {3, 2, 2, 2, 2}, {.padding = "valid"}},
                        {{2, 2, 5, 6}, {3, 2, 4, 3}, {.padding = "same", .dilation = {1, 2}}},
                        {{0, 3, 8}, {4, 3, 3}, {}}};
  for (const Form& form : forms) {
    const Var weight = xg::random::normal(Key(1), form.weight, DType::Float64);
    const Var bias = xg::random::normal(Key(2), {form.weight[0]}, DType::Float64);
    const Var x = xg::random::normal(Key(3), form.x, DType::Float64);
    const compression::Range range{-2.0, 2.5};
    const auto small = compression::quantised_conv(weight, bias, form.options, range);
    const auto q = compression::quantisation(range, {.scheme = Scheme::Affine});
    const Var fake = compression::fake_quantise(weight, compression::quantisation_of(weight, {.axis = 0}));
    xg::Strides of_bias(form.weight.size() - 1, 1);
    of_bias[0] = static_cast<std::ptrdiff_t>(form.weight[0]);
    const Var expected = conv(compression::fake_quantise(x, q), fake, form.options) + reshape(bias, of_bias);
    BOOST_TEST(near(small(x), expected, 1e-11));
    BOOST_TEST(same(xg::compile([](const compression::QuantisedConv& c, const Var& at) { return c(at); })(small, x),
                    small(x)));
  }
  const Var weight = xg::zeros({4, 3, 3});
  BOOST_CHECK_THROW(
      static_cast<void>(compression::quantised_conv(weight, {}, {.stride = 2, .padding = "same"}, {0.0, 1.0})),
      xg::ValueError);
  const auto make = [&](const xg::ConvOptions& options) {
    return compression::quantised_conv(weight, {}, options, {0.0, 1.0});
  };
  BOOST_CHECK_THROW(static_cast<void>(make({.groups = 3})), xg::ShapeError);
  BOOST_CHECK_THROW(static_cast<void>(make({.stride = {1, 2}})), xg::ShapeError);
  BOOST_CHECK_THROW(static_cast<void>(make({})(xg::zeros({1, 2, 8}))), xg::ShapeError);
  BOOST_CHECK_THROW(static_cast<void>(compression::quantised_conv(xg::zeros({4, 3}), {}, {}, {0.0, 1.0})),
                    xg::ShapeError);
}

BOOST_AUTO_TEST_CASE(layers_of_convolutions_become_those_of_8_bits) {
  nn::Conv layer = nn::conv2d(Key(1), 4, 6, 3, {.stride = 2, .padding = 1, .groups = 2, .dtype = DType::Float64});
  layer.bias = xg::random::normal(Key(2), {6});
  const Var x = xg::random::normal(Key(3), {5, 4, 9, 8});
  const auto small = compression::quantised(layer, {-2.0, 2.5});
  const xg::ConvOptions options{.stride = 2, .padding = 1, .groups = 2};
  BOOST_TEST(same(small(x), compression::quantised_conv(layer.weight, layer.bias, options, {-2.0, 2.5})(x)));

  auto watched = compression::observed(layer);
  BOOST_TEST(same(watched(x, nn::Training{Key(0)}), layer(x)));
  const auto range = watched.observer.range(watched.seen);
  BOOST_TEST(same(compression::quantised(watched)(x), compression::quantised(layer, range)(x)));
  BOOST_TEST(amax(abs(compression::quantised(watched)(x) - layer(x))).item<double>() < 0.1);

  // What it is trained as is what it becomes.
  auto fake = compression::fake_quantised(layer);
  static_cast<void>(fake(x, nn::Training{Key(0)}));
  BOOST_TEST(near(compression::quantised(fake)(x), fake(x), 1e-11));
  BOOST_TEST(!same(fake(x), layer(x)));
}

// ---- nets

namespace {

template <class Dense>
struct Mlp {
  Dense hidden, out;
  Var operator()(const Var& x) const { return out(relu(hidden(x))); }
  Var operator()(const Var& x, const nn::Training& training) {
    return nn::train(out, relu(nn::train(hidden, x, training)), training);
  }
  XGRAD_MEMBER_FIELDS(Mlp, hidden, out)
};

}  // namespace

BOOST_AUTO_TEST_CASE(a_net_is_calibrated_and_made_small) {
  const Mlp<nn::Linear> net{nn::linear(Key(1), 8, 32), nn::linear(Key(2), 32, 4)};
  auto calibrating = compression::with_layers<Mlp<compression::Observed<nn::Linear>>>(
      net, [](const nn::Linear& layer) { return compression::observed(layer); });
  const Var x = xg::random::normal(Key(3), {200, 8}, DType::Float32);
  const nn::Training training{Key(0)};
  BOOST_TEST(same(calibrating(view(x, xt::range(0, 100)), training), net(view(x, xt::range(0, 100)))));
  BOOST_TEST(same(calibrating(view(x, xt::range(100, 200)), training), net(view(x, xt::range(100, 200)))));
  BOOST_TEST(same(calibrating.hidden.seen.low, amin(x)));
  BOOST_TEST(calibrating.out.seen.low.item<float>() == 0.0F);
  const auto small = compression::with_layers<Mlp<compression::QuantisedLinear>>(
      calibrating, [](const compression::Observed<nn::Linear>& layer) { return compression::quantised(layer); });
  const double error = amax(abs(small(x) - net(x))).item<float>();
  BOOST_TEST(error < 0.05);
  BOOST_TEST(error > 1e-5);
}

BOOST_AUTO_TEST_CASE(a_net_is_trained_as_if_it_had_8_bits) {
  using Net = Mlp<compression::FakeQuantised<nn::Linear>>;
  const auto fake = [](std::int64_t k, std::size_t in, std::size_t out) {
    return compression::fake_quantised(nn::linear(Key(k), in, out));
  };
  Net net{fake(1, 2, 16), fake(2, 16, 1)};
  const Var x = 2.0F * xg::random::uniform(Key(3), {256, 2}, DType::Float32) - 1.0F;
  const Var y = expand_dims(sin(3.0F * view(x, xt::all(), 0)) * view(x, xt::all(), 1), 1);
  const auto objective = [](Net model, const Var& a, const Var& b) {
    const Var loss = mean(square(model(a, nn::Training{Key(0)}) - b));
    return std::pair(loss, model);
  };
  const auto adam = xg::optim::adam({.rate = 0.02});
  auto state = adam.init(net);
  auto step = xg::compile([&](const Net& model, const xg::optim::State& s) {
    Net next = model;
    const auto loss = [&](const Net& at) {
      auto [value, after] = objective(at, x, y);
      return value;
    };
    const Net gradient = xg::grad(loss)(model);
    next = objective(model, x, y).second;
    auto [updates, after] = adam.update(gradient, s, next);
    return std::pair(xg::optim::apply(next, updates), after);
  });
  const double before = mean(square(objective(net, x, y).second(x) - y)).item<float>();
  for (int i = 0; i < 150; ++i) std::tie(net, state) = step(net, state);
  const double after = mean(square(net(x) - y)).item<float>();
  BOOST_TEST(after < 0.1 * before);
  const auto small = compression::with_layers<Mlp<compression::QuantisedLinear>>(
      net, [](const compression::FakeQuantised<nn::Linear>& layer) { return compression::quantised(layer); });
  BOOST_TEST(near(small(x), net(x), 2e-5));
}

BOOST_AUTO_TEST_SUITE_END()
