// Convolutions beside their formula, their batches, pools, columns, interpolation: what the table of operations does
// not tell.
#include "comparing.hpp"

#include <cstdint>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include <boost/test/unit_test.hpp>
#include <xgrad/xgrad.hpp>

BOOST_AUTO_TEST_SUITE(test_ops_windows)

namespace xg = xgrad;
using comparing::near;
using comparing::same;
using comparing::throws;
using comparing::wave;
using xg::DType;
using xg::Shape;
using xg::ShapeError;
using xg::TypeError;
using xg::ValueError;
using xg::Var;

namespace {

constexpr double infinite = std::numeric_limits<double>::infinity();
constexpr double no_number = std::numeric_limits<double>::quiet_NaN();

/// Small integers, which all element types add up exactly.
Var counting(const Shape& shape, DType dtype) {
  auto array = xg::Array<double>::from_shape(shape);
  for (std::size_t i = 0; i < array.size(); ++i) array.data()[i] = static_cast<double>(i * 7 % 11) - 5.0;
  return cast(Var(std::move(array)), dtype);
}

/// The sum of the formula, of two dimensions.
Var by_formula(const Var& x, const Var& w, std::ptrdiff_t stride, std::ptrdiff_t dilation, std::ptrdiff_t padding,
               std::size_t groups) {
  const Var wide_x = cast(x, DType::Float64);
  const Var wide_w = cast(w, DType::Float64);
  const xg::Array<double>& in = wide_x.array<double>();
  const xg::Array<double>& kernel = wide_w.array<double>();
  const auto extent = [&](std::size_t axis) {
    return (static_cast<std::ptrdiff_t>(x.shape()[axis]) + 2 * padding -
            (static_cast<std::ptrdiff_t>(w.shape()[axis]) - 1) * dilation - 1) /
               stride +
           1;
  };
  const Shape shape{x.shape()[0], w.shape()[0], static_cast<std::size_t>(extent(2)),
                    static_cast<std::size_t>(extent(3))};
  auto y = xg::Array<double>::from_shape(shape);
  const std::size_t each = w.shape()[0] / groups;
  for (std::size_t n = 0; n < shape[0]; ++n) {
    for (std::size_t o = 0; o < shape[1]; ++o) {
      for (std::size_t i = 0; i < shape[2]; ++i) {
        for (std::size_t j = 0; j < shape[3]; ++j) {
          double sum = 0;
          for (std::size_t c = 0; c < w.shape()[1]; ++c) {
            for (std::size_t a = 0; a < w.shape()[2]; ++a) {
              for (std::size_t b = 0; b < w.shape()[3]; ++b) {
                const auto row =
                    static_cast<std::ptrdiff_t>(i) * stride + static_cast<std::ptrdiff_t>(a) * dilation - padding;
                const auto column =
                    static_cast<std::ptrdiff_t>(j) * stride + static_cast<std::ptrdiff_t>(b) * dilation - padding;
                if (row < 0 || column < 0 || row >= static_cast<std::ptrdiff_t>(x.shape()[2]) ||
                    column >= static_cast<std::ptrdiff_t>(x.shape()[3]))
                  continue;
                sum += kernel(o, c, a, b) * in(n, o / each * w.shape()[1] + c, static_cast<std::size_t>(row),
                                               static_cast<std::size_t>(column));
              }
            }
          }
          y(n, o, i, j) = sum;
        }
      }
    }
  }
  return {std::move(y)};
}

}  // namespace

BOOST_AUTO_TEST_CASE(conv_is_its_formula) {
  struct Case {
    Shape x, w;
    std::ptrdiff_t stride, dilation, padding, groups;
  };
  const std::vector<Case> cases{{{2, 3, 9, 8}, {5, 3, 3, 2}, 1, 1, 0, 1},
                                {{3, 4, 7, 10}, {6, 2, 3, 3}, 2, 1, 1, 2},
                                {{1, 2, 8, 9}, {20, 2, 2, 3}, 3, 2, 4, 1},
                                {{9, 3, 2, 2}, {3, 1, 1, 2}, 1, 1, 1, 3},
                                {{2, 40, 6, 5}, {17, 40, 3, 3}, 1, 1, 1, 1}};
  for (const Case& each : cases) {
    for (const DType dtype : {DType::Int64, DType::Float32, DType::Float64}) {
      const Var x = counting(each.x, dtype);
      const Var w = counting(each.w, dtype);
      const Var y = conv(
          x, w, {.stride = each.stride, .padding = each.padding, .dilation = each.dilation, .groups = each.groups});
      const Var expected =
          by_formula(x, w, each.stride, each.dilation, each.padding, static_cast<std::size_t>(each.groups));
      BOOST_TEST(same(y, cast(expected, dtype)));
    }
  }
}

BOOST_AUTO_TEST_CASE(padding_is_wider_than_the_kernel) {
  // Zeros between lines are more than what windows span; results of one line are neighbours of the next one's.
  for (const std::ptrdiff_t padding : {9, 20, 70}) {
    for (const DType dtype : {DType::Float32, DType::Float64}) {
      const Var x = counting({2, 1, 3, 4}, dtype);
      for (const Shape& shape : {Shape{2, 1, 1, 1}, Shape{9, 1, 1, 2}}) {
        const Var w = counting(shape, dtype);
        BOOST_TEST(same(conv(x, w, {.padding = padding}), cast(by_formula(x, w, 1, 1, padding, 1), dtype)));
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(windows_are_as_long_as_a_signal) {
  // As many phases as elements; a search among them for each place of the window would take minutes.
  const Var x = counting({1, 1, 400000}, DType::Float64);
  const auto average = [](const Var& a) { return average_pool(a, 200000); };
  const Var parts = reshape(x, {1, 1, 2, 200000});
  BOOST_TEST(near(average(x), mean(parts, {3})));
  const Var slope = xg::grad([&](const Var& a) { return sum(average(a)); })(x);
  BOOST_TEST(near(slope, xg::full_like(x, 1.0 / 200000)));
}

BOOST_AUTO_TEST_CASE(large_images_are_cut_into_bands) {
  const Var x = counting({1, 20, 200, 70}, DType::Float32);
  const Var w = counting({3, 20, 3, 3}, DType::Float32);
  const Var y = conv(x, w, {.padding = 1});
  BOOST_TEST(same(y, cast(by_formula(x, w, 1, 1, 1, 1), DType::Float32)));
  // The kernel of which the gradient is asked adds up over all bands.
  const auto loss = [&](const Var& kernel) { return sum(conv(x, kernel, {.padding = 1})); };
  const Var slope = xg::grad(loss)(w);
  const Var inner = sum(x, {0, 2, 3});
  BOOST_TEST(same(xg::view(slope, 2, xt::all(), 1, 1), inner));
}

BOOST_AUTO_TEST_CASE(the_same_bits_on_any_number_of_threads) {
  const Var x = wave<float>({6, 5, 40, 33});
  const Var w = wave<float>({7, 5, 3, 3}, 1.0);
  const auto all = [&] {
    const auto [y, pullback] = xg::vjp([](const Var& a, const Var& b) { return conv(a, b, {.padding = 1}); }, x, w);
    const auto [dx, dw] = pullback(y);
    return std::vector<Var>{y, dx, dw, max_pool(x, 3), average_pool(x, 2)};
  };
  const std::vector<Var> one = all();
  xg::set_threads(3);
  const std::vector<Var> three = all();
  xg::set_threads(1);
  for (std::size_t k = 0; k < one.size(); ++k) BOOST_TEST(same(one[k], three[k]));
}

BOOST_AUTO_TEST_CASE(transposed_is_the_transpose) {
  const Var x = wave({2, 3, 5, 4});
  const Var w = wave({3, 2, 3, 2}, 0.5);
  const xg::ConvTransposeOptions options{
      .stride = {2, 3}, .padding = {1, 0}, .dilation = {1, 2}, .output_padding = {1, 0}};
  const Var y = conv_transpose(x, w, options);
  const Var z = wave(y.shape(), 0.2);
  const Var back = conv(z, w, {.stride = {2, 3}, .padding = {1, 0}, .dilation = {1, 2}});
  BOOST_TEST(back.shape() == x.shape());
  BOOST_TEST(near(sum(y * z), sum(back * x)));
}

BOOST_AUTO_TEST_CASE(batches_are_one_convolution) {
  const xg::ConvOptions options{.stride = 2, .padding = 1, .groups = 2};
  const auto f = [&](const Var& x, const Var& w) { return conv(x, w, options); };
  const Var x = wave({3, 2, 4, 5, 6});
  const Var w = wave({3, 6, 2, 3, 2}, 1.0);
  for (const bool batch_x : {true, false}) {
    for (const bool batch_w : {true, false}) {
      if (!batch_x && !batch_w) continue;
      const Var of_x = batch_x ? x : Var(xg::view(x, 0));
      const Var of_w = batch_w ? w : Var(xg::view(w, 0));
      const auto each = [&](const auto& function) {
        if (batch_x && batch_w) return xg::vmap(function)(of_x, of_w);
        if (batch_x) return xg::vmap([&](const Var& a) { return function(a, of_w); })(of_x);
        return xg::vmap([&](const Var& b) { return function(of_x, b); })(of_w);
      };
      const auto gradient_x = [&](const Var& a, const Var& b) {
        return xg::grad([&](const Var& c) { return sum(square(f(c, b))); })(a);
      };
      const auto gradient_w = [&](const Var& a, const Var& b) {
        return xg::grad([&](const Var& c) { return sum(square(f(a, c))); })(b);
      };
      const auto check = [&](const auto& function) {
        const Var all = each(function);
        for (int i = 0; i < 3; ++i) {
          const Var one = function(batch_x ? Var(xg::view(x, i)) : of_x, batch_w ? Var(xg::view(w, i)) : of_w);
          BOOST_TEST(near(xg::view(all, i), one));
        }
      };
      check(f);
      check(gradient_x);
      check(gradient_w);
    }
  }
}

BOOST_AUTO_TEST_CASE(nothing) {
  const Var w = wave({2, 3, 2});
  BOOST_TEST(same(conv(wave({0, 3, 5}), w), wave({0, 2, 4})));
  BOOST_TEST(same(conv(wave({1, 0, 5}), wave({2, 0, 2})), xg::zeros({1, 2, 4})));
  BOOST_TEST(same(conv(wave({1, 3, 0}), w, {.padding = 1}), xg::zeros({1, 2, 1})));
  BOOST_TEST(same(conv(wave({1, 3, 5}), wave({0, 3, 2})), wave({1, 0, 4})));
  const Var slope = xg::grad([](const Var& kernel) { return sum(conv(wave({0, 3, 5}), kernel)); })(w);
  BOOST_TEST(same(slope, xg::zeros({2, 3, 2})));
  BOOST_TEST(same(max_pool(wave({0, 2, 4}), 2), wave({0, 2, 2})));
  BOOST_TEST(same(average_pool(wave({2, 0, 4}), 2), wave({2, 0, 2})));
  BOOST_TEST(same(unfold(wave({0, 2, 4}), 2), wave({0, 4, 3})));
  BOOST_TEST(same(resize(wave({1, 0, 4}), 2), wave({1, 0, 2})));
  BOOST_TEST(same(resize(wave({1, 1, 0}), 0), wave({1, 1, 0})));
  BOOST_TEST(throws<ShapeError>([] { return resize(wave({1, 1, 0}), 2); }, {"resize", "axis 2", "empty"}));
  BOOST_TEST(throws<ShapeError>([] { return adaptive_max_pool(wave({1, 1, 0}), 2); }, {"adaptive_max_pool", "empty"}));
}

BOOST_AUTO_TEST_CASE(element_types) {
  const Var truth = counting({1, 1, 4}, DType::Bool);
  BOOST_TEST((conv(truth, truth).dtype() == DType::Int64));
  BOOST_TEST((conv(counting({1, 1, 4}, DType::Float32), counting({1, 1, 2}, DType::Int64)).dtype() == DType::Float64));
  BOOST_TEST((max_pool(counting({1, 1, 4}, DType::Int64), 2).dtype() == DType::Int64));
  BOOST_TEST((average_pool(counting({1, 1, 4}, DType::Int64), 2).dtype() == DType::Float64));
  BOOST_TEST((average_pool(counting({1, 1, 4}, DType::Float32), 2).dtype() == DType::Float32));
  BOOST_TEST((resize(counting({1, 1, 4}, DType::Float32), 3).dtype() == DType::Float32));
  BOOST_TEST((resize(counting({1, 1, 4}, DType::Int64), 3, xg::ResizeMethod::Nearest).dtype() == DType::Int64));
  BOOST_TEST((adaptive_average_pool(counting({1, 1, 4}, DType::Float32), 3).dtype() == DType::Float32));
}

BOOST_AUTO_TEST_CASE(maxima) {
  const auto slope = [](const Var& x) { return xg::grad([](const Var& a) { return sum(max_pool(a, 2)); })(x); };
  const Var equal = xt::xarray<double>{{{1.0, 1.0, 3.0, 3.0}}};
  BOOST_TEST(same(slope(equal), xt::xarray<double>{{{1.0, 0.0, 1.0, 0.0}}}));
  const Var numbers = xt::xarray<double>{{{1.0, no_number, -infinite, -infinite, infinite, no_number}}};
  BOOST_TEST(same(max_pool(numbers, 2), xt::xarray<double>{{{no_number, -infinite, no_number}}}));
  BOOST_TEST(same(slope(numbers), xt::xarray<double>{{{0.0, 1.0, 1.0, 0.0, 0.0, 1.0}}}));
  // What is out of the array is no 0.
  const Var negative = xt::xarray<double>{{{-2.0, -1.0, -3.0}}};
  BOOST_TEST(same(max_pool(negative, 3, {.stride = 1, .padding = 1}), xt::xarray<double>{{{-1.0, -1.0, -1.0}}}));
  BOOST_TEST(same(xg::max_pool(xt::xarray<bool>{{{false, true, false, false}}}, 2), xt::xarray<bool>{{{true, false}}}));
}

/// The maximum of windows and how often each element is the first one, by their definition; along two axes alike.
template <class T>
std::pair<xg::Array<T>, xg::Array<T>> maxima_by_definition(const xg::Array<T>& x, std::ptrdiff_t window,
                                                           std::ptrdiff_t stride, std::ptrdiff_t padding,
                                                           std::ptrdiff_t dilation) {
  const auto rows = static_cast<std::ptrdiff_t>(x.shape()[2]);
  const auto columns = static_cast<std::ptrdiff_t>(x.shape()[3]);
  const auto windows = [&](std::ptrdiff_t extent) {
    return static_cast<std::size_t>((extent + 2 * padding - (window - 1) * dilation - 1) / stride + 1);
  };
  auto value = xg::Array<T>::from_shape({1, 1, windows(rows), windows(columns)});
  auto chosen = xg::Array<T>::from_shape(x.shape());
  for (T& each : chosen) each = 0;
  for (std::size_t i = 0; i < value.size(); ++i) {
    const std::ptrdiff_t top = static_cast<std::ptrdiff_t>(i / windows(columns)) * stride - padding;
    const std::ptrdiff_t left = static_cast<std::ptrdiff_t>(i % windows(columns)) * stride - padding;
    std::ptrdiff_t best = -1;
    for (std::ptrdiff_t k = 0; k < window * window; ++k) {
      const std::ptrdiff_t row = top + k / window * dilation;
      const std::ptrdiff_t column = left + k % window * dilation;
      if (row < 0 || row >= rows || column < 0 || column >= columns) continue;
      const T* const other = best < 0 ? nullptr : x.data() + best;
      const T here = x.data()[row * columns + column];
      if (other == nullptr || here > *other || (here != here && *other == *other)) best = row * columns + column;
    }
    value.data()[i] = x.data()[best];
    chosen.data()[best] += 1;
  }
  return {value, chosen};
}

template <class T>
void check_maxima(std::size_t rows, std::size_t columns, std::ptrdiff_t window, std::ptrdiff_t stride,
                  std::ptrdiff_t padding, std::ptrdiff_t dilation) {
  auto x = xg::Array<T>::from_shape({1, 1, rows, columns});
  for (std::size_t i = 0; i < x.size(); ++i) {  // few different ones, so that many are equal
    x.data()[i] = i % 17 == 5 ? static_cast<T>(no_number) : static_cast<T>((i * i * 7 + i / 3) % 11) - T{5};
  }
  const auto [value, chosen] = maxima_by_definition(x, window, stride, padding, dilation);
  const auto pool = [&](const Var& a) {
    return max_pool(a, window, {.stride = stride, .padding = padding, .dilation = dilation});
  };
  BOOST_TEST(same(pool(x), value));
  BOOST_TEST(same(xg::grad([&](const Var& a) { return sum(pool(a)); })(x), chosen));
}

// Windows that are alike are looked at together, up to 64 of them: those at the edges are not, and rows may be longer.
BOOST_AUTO_TEST_CASE(maxima_are_their_definition) {
  for (const std::size_t columns : std::vector<std::size_t>{1, 2, 7, 16, 63, 140, 275}) {
    check_maxima<float>(6, columns, 1, 1, 0, 1);
    check_maxima<float>(7, columns, 2, 2, 1, 1);
    check_maxima<double>(6, columns, 3, 1, 2, 1);
    check_maxima<float>(9, columns, 3, 2, 2, 2);
    check_maxima<double>(9, columns, 2, 3, 1, 1);
  }
}

BOOST_AUTO_TEST_CASE(infinities_stay_in_their_windows) {
  auto numbers = xg::Array<double>::from_shape({1, 1, 6, 6});
  for (double& each : numbers) each = 1.0;
  numbers(0, 0, 0, 0) = infinite;
  const Var x(numbers);
  const auto finite = [](const Var& y) {
    return cast(sum(cast(isfinite(y), DType::Int64)), DType::Int64).item<std::int64_t>();
  };
  BOOST_TEST(finite(average_pool(x, 2)) == 8);
  BOOST_TEST(finite(conv(x, xg::ones({1, 1, 2, 2}))) == 24);
  BOOST_TEST(finite(unfold(x, 2)) == 99);
  BOOST_TEST(finite(adaptive_average_pool(x, 4)) == 15);
  BOOST_TEST(finite(resize(x, {12, 12}, xg::ResizeMethod::Nearest)) == 140);
  BOOST_TEST(finite(resize(x, 3)) == 8);
  // And so in the gradient of a kernel: the element in the corner meets one place of it only.
  const Var slope = xg::grad([&](const Var& w) { return sum(conv(x, w, {.padding = 1})); })(xg::ones({1, 1, 2, 2}));
  BOOST_TEST(finite(slope) == 0);
  const Var inner = xg::grad([&](const Var& w) { return sum(conv(x, w)); })(xg::ones({1, 1, 2, 2}));
  BOOST_TEST(finite(inner) == 3);
}

BOOST_AUTO_TEST_CASE(columns_fold_back) {
  const Var x = wave({2, 3, 5, 4});
  const xg::WindowOptions options{.stride = {2, 1}, .padding = {1, 2}, .dilation = {1, 2}};
  const Var columns = unfold(x, {3, 2}, options);
  const Var other = wave(columns.shape(), 0.3);
  BOOST_TEST(near(sum(columns * other), sum(x * fold(other, {5, 4}, {3, 2}, options))));
  // A convolution is a product with columns.
  const Var w = wave({4, 3, 3, 2}, 2.0);
  const Var product = matmul(reshape(w, {4, 18}), columns);
  BOOST_TEST(near(flatten(product), flatten(conv(x, w, {.stride = {2, 1}, .padding = {1, 2}, .dilation = {1, 2}}))));
}

BOOST_AUTO_TEST_CASE(interpolation_keeps_what_it_should) {
  const Var line = xt::xarray<double>{{{0.0, 1.0, 2.0, 3.0}}};
  BOOST_TEST(same(resize(line, 4, xg::ResizeMethod::Cubic), line));
  BOOST_TEST(near(resize(line, 8), xt::xarray<double>{{{0.0, 0.25, 0.75, 1.25, 1.75, 2.25, 2.75, 3.0}}}));
  BOOST_TEST(near(resize(line, 2), xt::xarray<double>{{{0.5, 2.5}}}));
  BOOST_TEST(same(resize(line, 3, xg::ResizeMethod::Nearest), xt::xarray<double>{{{0.0, 1.0, 2.0}}}));
  BOOST_TEST(near(resize(xg::ones({1, 2, 5, 3}), {7, 9}, xg::ResizeMethod::Cubic), xg::ones({1, 2, 7, 9})));
}

BOOST_AUTO_TEST_CASE(hostile_options_of_convolutions) {
  const Var x = wave({1, 4, 5, 5});
  const Var w = wave({6, 4, 3, 3});
  const auto refused = [&](const xg::ConvOptions& options, std::initializer_list<std::string_view> parts) {
    return throws<ValueError>([&] { return conv(x, w, options); }, parts);
  };
  BOOST_TEST(refused({.stride = 0}, {"conv", "the stride is 0", "from 1"}));
  BOOST_TEST(refused({.stride = -1}, {"the stride is -1"}));
  BOOST_TEST(refused({.padding = -1}, {"conv", "the padding is -1", "from 0"}));
  BOOST_TEST(refused({.padding = {{0, -2}, {0, 0}}}, {"the padding is -2"}));
  BOOST_TEST(refused({.dilation = 0}, {"the dilation is 0"}));
  BOOST_TEST(refused({.groups = 0}, {"0 groups", "at least one"}));
  BOOST_TEST(refused({.groups = (1 << 30) + 1}, {"1073741825 groups", "at most 1073741824"}));
  BOOST_TEST(refused({.stride = std::numeric_limits<std::ptrdiff_t>::max()}, {"the stride", "1073741824"}));
  BOOST_TEST(refused({.padding = std::numeric_limits<std::ptrdiff_t>::max()}, {"the padding"}));
  BOOST_TEST(throws<ValueError>([&] { return conv(x, w, {.padding = "some"}); }, {"padding", "\"some\"", "same"}));
  const auto misshapen = [&](const Var& a, const Var& b, const xg::ConvOptions& options,
                             std::initializer_list<std::string_view> parts) {
    return throws<ShapeError>([&] { return conv(a, b, options); }, parts);
  };
  BOOST_TEST(misshapen(x, w, {.stride = {1, 2, 3}}, {"conv", "the stride", "3 numbers", "each of the 2"}));
  BOOST_TEST(misshapen(x, w, {.padding = {1, 2, 3}}, {"the padding", "3 axes", "each of the 2"}));
  BOOST_TEST(misshapen(x, w, {.groups = 3}, {"[1, 4, 5, 5]", "[6, 4, 3, 3]", "3 groups must divide"}));
  BOOST_TEST(misshapen(x, w, {.groups = 2}, {"axis 1 of the kernel", "2"}));
  BOOST_TEST(misshapen(x, w, {.dilation = 3}, {"conv", "axis 2", "spans 7", "has 5"}));
  BOOST_TEST(misshapen(x, w, {.dilation = std::ptrdiff_t{1} << 30}, {"spans 2147483649"}));
  BOOST_TEST(misshapen(wave({4, 5}), w, {}, {"conv", "[4, 5]", "1, 2 or 3 axes"}));
  BOOST_TEST(misshapen(x, wave({6, 4, 3}), {}, {"same number of axes"}));
  BOOST_TEST(misshapen(x, wave({6, 4, 0, 3}), {}, {"must not be empty"}));
  BOOST_TEST(misshapen(x, w, {.padding = 1 << 30}, {"address space"}));
  BOOST_TEST(throws<xg::TapeError>([&] { return conv(Var(), w); }, {"conv"}));
  // Steps that are so large that there is one window, and it has one element.
  const Var one = conv(x, w, {.stride = 1 << 30, .padding = {{1 << 30, 0}, {1 << 30, 0}}, .dilation = 1 << 29});
  BOOST_TEST(one.shape() == Shape({1, 6, 1, 1}));
  BOOST_TEST(near(flatten(one), matmul(xg::view(w, xt::all(), xt::all(), 2, 2), xg::view(x, 0, xt::all(), 0, 0))));
}

BOOST_AUTO_TEST_CASE(hostile_options_of_others) {
  const Var x = wave({1, 4, 5, 5});
  const Var w = wave({4, 3, 3, 3});
  BOOST_TEST(throws<ShapeError>([&] { return conv_transpose(x, wave({3, 4, 3, 3})); }, {"conv_transpose", "axis 0"}));
  BOOST_TEST(
      throws<ShapeError>([&] { return conv_transpose(x, w, {.padding = 9}); }, {"conv_transpose", "-11 places"}));
  BOOST_TEST(throws<ShapeError>([&] { return conv_transpose(x, w, {.output_padding = 1}); }, {"output_padding is 1"}));
  BOOST_TEST(
      throws<ShapeError>([&] { return conv_transpose(x, w, {.stride = 2, .padding = "same", .output_padding = 1}); },
                         {"output_padding", "same"}));
  BOOST_TEST(throws<ValueError>([&] { return conv_transpose(x, w, {.stride = 2, .output_padding = -1}); }, {"-1"}));
  BOOST_TEST(throws<ValueError>([&] { return max_pool(x, 0); }, {"max_pool", "the window is 0"}));
  BOOST_TEST(throws<ShapeError>([&] { return max_pool(x, 6); }, {"max_pool", "larger than the array"}));
  BOOST_TEST(throws<ShapeError>([&] { return max_pool(x, 2, {.padding = 2}); },
                                {"max_pool", "window 0 of axis 2", "no element"}));
  BOOST_TEST(throws<ShapeError>([&] { return max_pool(x, 1, {.stride = 1, .padding = 1 << 30}); },
                                {"max_pool", "window 0 of axis 2", "no element"}));
  BOOST_TEST(throws<ShapeError>([&] { return max_pool(x, {2, 2, 2}); }, {"max_pool", "the window", "3 numbers"}));
  BOOST_TEST(throws<ShapeError>([&] { return average_pool(x, 2, {.padding = 2, .count_include_pad = false}); },
                                {"average_pool", "no element"}));
  BOOST_TEST(near(average_pool(xg::ones({1, 1, 2}), 2, {.padding = 2}), xt::xarray<double>{{{0.0, 1.0, 0.0}}}));
  BOOST_TEST(throws<ValueError>([&] { return adaptive_average_pool(x, -1); }, {"adaptive_average_pool", "-1"}));
  BOOST_TEST(throws<ValueError>([&] { return resize(x, {2, -3}); }, {"resize", "-3"}));
  BOOST_TEST(throws<ShapeError>([&] { return resize(x, {2, 3, 4}); }, {"resize", "3 numbers"}));
  BOOST_TEST(throws<ShapeError>([&] { return fold(wave({1, 8, 5}), {3, 4}, 2); }, {"fold", "5]", "6"}));
  BOOST_TEST(throws<ShapeError>([&] { return fold(wave({1, 7, 6}), {3, 4}, 2); }, {"fold", "4 places", "divide"}));
  BOOST_TEST(throws<ShapeError>([&] { return fold(x, {3, 4}, 2); }, {"fold", "[1, 4, 5, 5]"}));
  BOOST_TEST(throws<ShapeError>([&] { return unfold(wave({3, 3}), 2); }, {"unfold", "1, 2 or 3 axes"}));
}

// ---- windows far larger than the array, and windows that cover little of it

BOOST_AUTO_TEST_CASE(windows_far_larger_than_the_array) {
  constexpr std::ptrdiff_t large = std::ptrdiff_t{1} << 30;
  const Var x = xt::xarray<double>{{{1.0, 2.0, 3.0, 5.0}}};
  const auto size = static_cast<double>(large);
  const xg::PoolOptions around{.stride = 1, .padding = large / 2};  // each window has all elements
  BOOST_TEST(near(average_pool(x, large, around) * size, xt::xarray<double>{{{11.0, 11.0, 11.0, 11.0, 11.0}}}));
  // The first window ends at the second element.
  const Var wide = xt::xarray<double>{{{{1.0, 2.0, 3.0, 5.0}}}};
  const auto row = [](const Var& y) { return flatten(y); };
  xg::PoolOptions shifted{.stride = 1, .padding = {{0, 0}, {large - 2, 3}}};
  BOOST_TEST(
      near(row(average_pool(wide, {1, large}, shifted)) * size, xt::xarray<double>{3.0, 6.0, 11.0, 11.0, 11.0, 11.0}));
  BOOST_TEST(near(row(max_pool(wide, {1, large}, shifted)), xt::xarray<double>{2.0, 3.0, 5.0, 5.0, 5.0, 5.0}));
  shifted.count_include_pad = false;
  BOOST_TEST(near(row(average_pool(wide, {1, large}, shifted)), xt::xarray<double>{1.5, 2.0, 2.75, 2.75, 2.75, 2.75}));
  const Var slopes = xg::grad([&](const Var& y) { return sum(average_pool(y, {1, large}, shifted)); })(wide);
  BOOST_TEST(near(row(slopes), xt::xarray<double>{11.0 / 6.0, 11.0 / 6.0, 4.0 / 3.0, 1.0}));
  const Var cube = xg::ones({1, 1, 4, 4, 4});
  BOOST_TEST(average_pool(cube, large, {.stride = large, .padding = large / 2, .count_include_pad = false}).shape() ==
             Shape({1, 1, 1, 1, 1}));
  // With a dilation, other elements; a little of a window at each end.
  const Var apart = average_pool(x, 3, {.stride = 1, .padding = 4, .dilation = 2}) * 3.0;
  BOOST_TEST(near(apart, xt::xarray<double>{{{1.0, 2.0, 4.0, 7.0, 4.0, 7.0, 3.0, 5.0}}}));
  BOOST_TEST(near(average_pool(x, 2, {.stride = 1, .padding = 3}) * 2.0,
                  xt::xarray<double>{{{0.0, 0.0, 1.0, 3.0, 5.0, 8.0, 5.0, 0.0, 0.0}}}));
  // Two windows of which one begins where the other ends: between what they have in the array there is too much.
  BOOST_TEST(throws<ShapeError>([&] { return average_pool(x, large, {.stride = large - 4, .padding = large - 2}); },
                                {"average_pool", "places", "at most", "[1, 1, 4]"}));
}

BOOST_AUTO_TEST_CASE(high_windows_over_columns_of_padding) {
  // As products laid out it would be 28 GB of zeros.
  constexpr std::size_t rows = 60000;
  const xg::ConvOptions beside{.padding = {{0, 0}, {static_cast<std::ptrdiff_t>(rows), 0}}};
  const Var x = reshape(sin(xg::arange(0.0, static_cast<double>(rows))), {1, 1, -1, 1});
  const Var w = reshape(cos(xg::arange(0.0, static_cast<double>(rows))), {1, 1, -1, 1});
  const auto product = [&](const Var& a, const Var& b) { return view(conv(a, b, beside), 0, 0, 0); };
  const Var y = product(x, w);
  BOOST_TEST(y.shape() == Shape({rows + 1}));
  BOOST_TEST(near(view(y, -1), sum(x * w), 1e-9));
  BOOST_TEST(same(view(y, xt::range(0, rows)), xg::zeros({rows})));
  const auto last = [&](const Var& a, const Var& b) { return view(product(a, b), -1); };
  BOOST_TEST(near(xg::grad([&](const Var& a) { return last(a, w); })(x), w));
  BOOST_TEST(near(xg::grad([&](const Var& b) { return last(x, b); })(w), x));
  // Integers always go that way.
  const Var some = reshape(xg::arange(12), {1, 1, 12, 1});
  const auto small = [](const Var& a) { return conv(a, a, {.padding = {{2, 1}, {3, 0}}}); };
  BOOST_TEST(same(cast<double>(small(some)), small(cast<double>(some))));
}

BOOST_AUTO_TEST_SUITE_END()
