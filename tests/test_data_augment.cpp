// Data changed at random.
#include <boost/test/unit_test.hpp>

#include <cmath>
#include <numbers>
#include <set>
#include <vector>

#include <xgrad/data.hpp>
#include <xgrad/testing.hpp>
#include <xgrad/xgrad.hpp>

#include "comparing.hpp"

namespace data = xgrad::data;
using xgrad::Array;
using xgrad::DType;
using xgrad::Shape;
using xgrad::Var;
using xgrad::random::Key;

namespace {

/// Compiled it is the same, and in a batch of keys and batches what each of them gives; of no samples nothing.
template <class F>
void require_function_of_key(F f, const Var& x) {
  const Var here = f(Key(7), x);
  BOOST_TEST(here.shape()[0] == x.shape()[0]);
  BOOST_TEST((here.dtype() == x.dtype()));
  BOOST_TEST(comparing::same(here, f(Key(7), x)));
  const double tolerance = x.dtype() == DType::Float32 ? 1e-5 : 1e-12;
  BOOST_TEST(comparing::near(xgrad::compile(f)(Key(7), x), here, tolerance));
  const Key keys = Key(8).split_array(3);
  const Var several = xgrad::stack({x, x, x});
  const Var together = xgrad::vmap(f)(keys, several);
  for (int k = 0; k < 3; ++k) {
    BOOST_TEST(comparing::near(view(together, k), f(Key::from_bits(view(keys.bits, k)), x), tolerance));
  }
  BOOST_TEST(f(Key(7), view(x, xt::range(0, 0))).size() == 0U);
}

const Var sample_pictures = xgrad::random::normal(Key(1), {4, 2, 5, 6});

}  // namespace

BOOST_AUTO_TEST_SUITE(test_data_augment)

using comparing::near;
using comparing::same;

BOOST_AUTO_TEST_CASE(flips_some) {
  BOOST_TEST(same(data::flip(Key(1), sample_pictures, {.probability = 0.0}), sample_pictures));
  BOOST_TEST(same(data::flip(Key(1), sample_pictures, {.probability = 1.0}), xgrad::flip(sample_pictures, -1)));
  BOOST_TEST(
      same(data::flip(Key(1), sample_pictures, {.probability = 1.0, .axis = 2}), xgrad::flip(sample_pictures, 2)));
  const Var many = broadcast_to(xgrad::arange(2), {1000, 2});
  const auto flipped = sum(data::flip(Key(2), many, {.probability = 0.3}), 0).array<std::int64_t>();
  BOOST_TEST(flipped(0) + flipped(1) == 1000);
  BOOST_TEST(std::abs(static_cast<double>(flipped(0)) - 300.0) < 60.0);
  const auto half = [](const Key& key, const Var& x) { return data::flip(key, x); };
  require_function_of_key(half, sample_pictures);
  require_function_of_key(half, cast(sample_pictures * 10.0, DType::Int64));
  require_function_of_key(half, sample_pictures > 0.0);
}

BOOST_AUTO_TEST_CASE(crops_anywhere) {
  const Var x = reshape(xgrad::arange(16), {1, 4, 4});
  std::set<std::int64_t> corners;
  for (int seed = 0; seed < 200; ++seed) {
    const Var part = data::crop(Key(seed), x, {2, 3});
    const std::int64_t corner = part.array<std::int64_t>()(0, 0, 0);
    const Var expected = corner + reshape(xgrad::arange(2) * 4, {2, 1}) + xgrad::arange(3);
    BOOST_TEST(same(view(part, 0), expected));
    corners.insert(corner);
  }
  BOOST_TEST(corners == (std::set<std::int64_t>{0, 1, 4, 5, 8, 9}), boost::test_tools::per_element());
  // Each sample from a place of its own, all equally likely; zeros or pixels outside.
  const Var many = broadcast_to(xgrad::ones({1}), {6000, 1});
  const double zeros = 6000.0 - sum(data::crop(Key(3), many, {1}, {.padding = 1})).item<double>();
  BOOST_TEST(std::abs(zeros - 4000.0) < 4.0 * std::sqrt(6000.0 * 2.0 / 9.0));
  BOOST_TEST(sum(data::crop(Key(3), many, {1}, {.padding = 1, .outside = xgrad::Padding::Edge})).item<double>() ==
             6000.0);
  BOOST_TEST(same(data::crop(Key(1), sample_pictures, {5, 6}), sample_pictures));
  const auto moved = [](const Key& key, const Var& p) { return data::crop(key, p, {5, 6}, {.padding = 2}); };
  require_function_of_key(moved, sample_pictures);
  require_function_of_key(moved, cast(sample_pictures, DType::Float32));
  BOOST_TEST(xgrad::testing::check_gradients([&](const Var& p) { return moved(Key(5), p); }, sample_pictures));
}

// SciPy 1.10.1: ndimage.affine_transform(..., order=1, mode="grid-constant").
BOOST_AUTO_TEST_CASE(turns_as_scipy_does) {
  const Var x = pow(reshape(xgrad::arange(20), {1, 4, 5}), 1.5);
  const Array<double> by_0_3{
      {4.75300607275922, 5.20307485790951, 3.009956132905584, 3.1174038038150713, 3.096871750457167},
      {22.33317792305789, 21.215065390079126, 18.465880994598816, 17.166521004647898, 15.369370456051737},
      {47.97080511868388, 45.031874214396815, 41.83411386840479, 39.69678796323726, 34.66270601716165},
      {29.147441659368248, 51.667954410627445, 70.93445839524402, 68.1107928524373, 40.56604004444666}};
  const Array<double> by_minus_2{
      {11.09742255372568, 31.44006136153442, 52.584329022484496, 73.49130267355031, 4.199016527690062},
      {5.337489698028035, 18.63438856971407, 37.092883335303085, 59.4061165541019, 32.088048691256155},
      {1.7620183716844373, 8.732793031928557, 23.342961580540475, 42.70332468457595, 55.419436530053204},
      {0.10615456338984205, 1.0587283866236405, 11.829422913739345, 28.23450177987462, 40.19141940208433}};
  BOOST_TEST(near(view(data::rotated(x, 0.3), 0), by_0_3));
  const Var both = data::rotated(xgrad::concatenate({x, x}), std::vector<double>{-2.0, 0.0});
  BOOST_TEST(near(view(both, 0), by_minus_2));
  BOOST_TEST(same(view(both, 1), view(x, 0)));
}

BOOST_AUTO_TEST_CASE(turns_with_derivatives) {
  const Var square = xgrad::random::normal(Key(2), {2, 3, 4, 4});
  const Var quarter = data::rotated(square, std::numbers::pi / 2.0);
  BOOST_TEST(near(quarter, xgrad::rot90(square, -1, {2, 3})));
  const Var angles = std::vector<double>{0.4, -1.1, 2.0, 0.05};
  BOOST_TEST(xgrad::testing::check_gradients([](const Var& p, const Var& a) { return data::rotated(p, a); },
                                             sample_pictures, angles));
  const auto turn = [](const Key& key, const Var& p) { return data::rotate(key, p, 90.0); };
  require_function_of_key(turn, sample_pictures);
  require_function_of_key(turn, cast(view(sample_pictures, xt::all(), 0), DType::Float32));
  BOOST_TEST(same(data::rotate(Key(1), sample_pictures, 0.0), sample_pictures));
  BOOST_TEST(data::rotated(xgrad::zeros({2, 0, 3}), 1.0).size() == 0U);
  BOOST_TEST(data::rotated(xgrad::ones({2, 1, 1}), 1.0).array<double>()(1, 0, 0) == 1.0);
}

BOOST_AUTO_TEST_CASE(adds_noise) {
  const Var zero = xgrad::zeros({100, 100}, DType::Float32);
  BOOST_TEST(std::abs(xgrad::stddev(data::noise(Key(1), zero, 0.5)).item<float>() - 0.5F) < 0.02F);
  BOOST_TEST(same(data::noise(Key(1), sample_pictures, 0.0), sample_pictures));
  require_function_of_key([](const Key& key, const Var& p) { return data::noise(key, p); }, sample_pictures);
}

BOOST_AUTO_TEST_CASE(cuts_squares_out) {
  const Var white = xgrad::ones({500, 2, 6, 7});
  for (const std::size_t size : {1U, 2U, 3U, 20U}) {
    const Var cut = data::cutout(Key(size), white, size);
    BOOST_TEST(same(view(cut, xt::all(), 0), view(cut, xt::all(), 1)));
    const Var holes = 1.0 - view(cut, xt::all(), 0);
    // A hole is a rectangle: its area is that of its sides.
    const Var height = sum(amax(holes, 2), 1);
    const Var width = sum(amax(holes, 1), 1);
    BOOST_TEST(same(sum(holes, {1, 2}), height * width));
    BOOST_TEST(amax(height).item<double>() == static_cast<double>(std::min(size, std::size_t{6})));
    BOOST_TEST(amin(width).item<double>() >= static_cast<double>(std::min(size / 2, std::size_t{7})));
  }
  const Var centres = mean(1.0 - data::cutout(Key(1), xgrad::ones({40000, 2, 2}), 1), 0);
  BOOST_TEST(amax(abs(centres - 0.25)).item<double>() < 0.01);
  require_function_of_key([](const Key& key, const Var& p) { return data::cutout(key, p, 3); }, sample_pictures);
  require_function_of_key([](const Key& key, const Var& p) { return data::cutout(key, p, 3); },
                          cast(sample_pictures * 9.0, DType::Int64));
}

BOOST_AUTO_TEST_CASE(mixes_samples_and_labels_alike) {
  const Var labels = xgrad::one_hot(xgrad::arange(50), 50);
  const Var numbers = xgrad::random::normal(Key(3), {50, 4});
  const auto [x, mixed] = data::mixup(Key(4), numbers, labels, 0.4);
  BOOST_TEST(near(x, matmul(mixed, numbers)));  // x is mixed as its labels are
  BOOST_TEST(near(sum(mixed, 1), xgrad::ones({50})));
  BOOST_TEST(near(sum(count_nonzero(mixed, 1) <= 2), 50));
  // What a sample keeps has the distribution Beta(0.4, 0.4): variance 1 / (4 (2 * 0.4 + 1)).
  const Var two = broadcast_to(xgrad::arange(2) * 1.0, {2});
  Var kept = xgrad::vmap([&](const Key& key) { return view(data::mixup(key, two, two, 0.4).x, 1); })(
      Key(5).split_array(20000));
  kept = xgrad::compress(not_equal(kept, 1.0), kept);  // those that were mixed with the other one
  BOOST_TEST(std::abs(mean(kept).item<double>() - 0.5) < 0.02);
  BOOST_TEST(std::abs(xgrad::variance(kept).item<double>() - 1.0 / 7.2) < 0.005);
  require_function_of_key(
      [&](const Key& key, const Var& p) {
        return data::mixup(key, p, mean(p, {1, 2, 3})).x;
      },
      sample_pictures);
}

BOOST_AUTO_TEST_CASE(mixes_rectangles_and_labels_by_area) {
  const Var labels = xgrad::one_hot(xgrad::arange(40), 40);
  const Var plain = broadcast_to(reshape(xgrad::arange(40), {40, 1, 1, 1}), {40, 2, 5, 6});
  std::set<double> parts;
  for (int seed = 0; seed < 40; ++seed) {
    const auto [x, mixed] = data::cutmix(Key(seed), plain, labels);
    const Var shares = mean(xgrad::one_hot(x, 40), {1, 2, 3});
    BOOST_TEST(near(shares, mixed));
    for (const double each : mixed.array<double>()) parts.insert(each);
  }
  BOOST_TEST(parts.size() > 20U);
  require_function_of_key(
      [&](const Key& key, const Var& p) {
        return data::cutmix(key, p, mean(p, {1, 2, 3})).x;
      },
      sample_pictures);
  const auto of_labels = [&](const Key& key, const Var& l) { return data::cutmix(key, sample_pictures, l).labels; };
  const Var four = cast(xgrad::one_hot(xgrad::arange(4), 3 + 1), DType::Float32);
  BOOST_TEST((of_labels(Key(1), four).dtype() == DType::Float32));
  BOOST_TEST(
      xgrad::testing::check_gradients([&](const Var& l) { return of_labels(Key(2), l); }, cast(four, DType::Float64)));
}

BOOST_AUTO_TEST_CASE(augmentations_that_cannot_be_are_refused) {
  const Key key(1);
  const Var flat = xgrad::ones({4, 3});
  const Var whole = xgrad::ones({4, 3, 3}, DType::Int64);
  const Var labels = xgrad::ones({4, 2});
#define XGRAD_REFUSED(error, call) BOOST_CHECK_THROW(static_cast<void>(call), xgrad::error)
  XGRAD_REFUSED(ValueError, data::flip(key, sample_pictures, {.probability = 1.1}));
  XGRAD_REFUSED(ValueError, data::flip(key, sample_pictures, {.probability = NAN}));
  XGRAD_REFUSED(ShapeError, data::flip(key, sample_pictures, {.axis = 0}));
  XGRAD_REFUSED(ShapeError, data::flip(key, sample_pictures, {.axis = 4}));
  XGRAD_REFUSED(ShapeError, data::flip(key, xgrad::ones({4})));
  XGRAD_REFUSED(ShapeError, data::crop(key, sample_pictures, {6, 6}));
  XGRAD_REFUSED(ShapeError, data::crop(key, flat, {1, 1}));
  XGRAD_REFUSED(ValueError, data::crop(key, sample_pictures, {2, 2}, {.padding = -1}));
  XGRAD_REFUSED(ShapeError, data::rotated(flat, 1.0));
  XGRAD_REFUSED(ShapeError, data::rotated(sample_pictures, xgrad::ones({3})));
  XGRAD_REFUSED(TypeError, data::rotated(whole, 1.0));
  XGRAD_REFUSED(ValueError, data::rotated(sample_pictures, NAN));
  XGRAD_REFUSED(TypeError, data::rotate(key, whole));
  XGRAD_REFUSED(ValueError, data::rotate(key, sample_pictures, -1.0));
  XGRAD_REFUSED(TypeError, data::noise(key, whole));
  XGRAD_REFUSED(ValueError, data::noise(key, flat, -0.1));
  XGRAD_REFUSED(ValueError, data::cutout(key, sample_pictures, 0));
  XGRAD_REFUSED(ShapeError, data::cutout(key, flat, 1));
  XGRAD_REFUSED(TypeError, data::mixup(key, flat, xgrad::arange(4)));
  XGRAD_REFUSED(TypeError, data::mixup(key, whole, labels));
  XGRAD_REFUSED(ShapeError, data::mixup(key, xgrad::ones({3, 3}), labels));
  XGRAD_REFUSED(ValueError, data::mixup(key, flat, labels, 0.0));
  XGRAD_REFUSED(ShapeError, data::cutmix(key, flat, labels));
  XGRAD_REFUSED(ValueError, data::cutmix(key, sample_pictures, labels, INFINITY));
#undef XGRAD_REFUSED
}

BOOST_AUTO_TEST_SUITE_END()
