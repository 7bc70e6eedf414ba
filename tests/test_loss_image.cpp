// The losses of images: what they refuse, their element types, and what the table of losses cannot say.
#include <boost/test/unit_test.hpp>

#include <cmath>
#include <vector>

#include <xgrad/loss/image.hpp>
#include <xgrad/xgrad.hpp>

#include "comparing.hpp"

BOOST_AUTO_TEST_SUITE(test_loss_image)

namespace xg = xgrad;
namespace loss = xgrad::loss;
using comparing::doubles;
using comparing::near;
using comparing::same;
using comparing::throws;
using comparing::wave;
using xg::DType;
using xg::ShapeError;
using xg::ValueError;
using xg::Var;

namespace {

template <class L>
void check_setting(L l, double L::*setting, std::string_view setting_name, double bad, std::string_view requirement) {
  for (const double value : {bad, std::nan("")}) {
    l.*setting = value;
    BOOST_TEST(throws<ValueError>(
        [&] {
          return l(wave({1, 12, 12}), wave({1, 12, 12}));
        },
        {L::name, setting_name, requirement}));
  }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(loss_image)

BOOST_AUTO_TEST_CASE(shapes) {
  const auto check = []<class L>(const L& l) {
    BOOST_TEST(throws<ShapeError>(
        [&] {
          return l(wave({2, 12, 12}), wave({2, 1, 12, 12}));
        },
        {L::name, "[2, 12, 12]", "[2, 1, 12, 12]", "same shape", "nothing is broadcast"}));
  };
  check(loss::Ssim{});
  check(loss::Psnr{});
  check(loss::GradientDifference{});
  const auto check_images = []<class L>(const L& l) {
    for (const xg::Shape& shape : {xg::Shape{12, 12}, xg::Shape{1, 1, 1, 12, 12}}) {
      BOOST_TEST(throws<ShapeError>([&] { return l(wave(shape), wave(shape)); },
                                    {L::name, to_string(shape), "[N, H, W] or [N, C, H, W]"}));
    }
  };
  check_images(loss::Ssim{});
  check_images(loss::GradientDifference{});
  BOOST_TEST(throws<ShapeError>(
      [] {
        return loss::TotalVariationPenalty{}(wave({12, 12}));
      },
      {"TotalVariationPenalty", "image is [12, 12]", "[N, H, W] or [N, C, H, W]"}));
  BOOST_TEST(throws<ShapeError>([] { return loss::Psnr{}(wave({12}), wave({12})); }, {"Psnr", "[12]", "[N, ...]"}));
}

BOOST_AUTO_TEST_CASE(images_smaller_than_the_window) {
  for (const xg::Shape& shape : {xg::Shape{2, 10, 20}, xg::Shape{2, 3, 20, 10}, xg::Shape{1, 0, 20}}) {
    BOOST_TEST(throws<ShapeError>([&] { return loss::Ssim{}(wave(shape), wave(shape)); },
                                  {"Ssim", to_string(shape), "window 11", "at least as large"}));
  }
  BOOST_CHECK_NO_THROW((void)loss::Ssim{.window = 10}(wave({2, 10, 20}), wave({2, 10, 20})));
}

BOOST_AUTO_TEST_CASE(settings) {
  using loss::Ssim;
  check_setting(Ssim{}, &Ssim::sigma, "sigma", 0.0, "must be positive");
  check_setting(Ssim{}, &Ssim::data_range, "data_range", -1.0, "must be positive");
  check_setting(Ssim{}, &Ssim::k1, "k1", 0.0, "must be positive");
  check_setting(Ssim{}, &Ssim::k2, "k2", 0.0, "must be positive");
  BOOST_TEST(throws<ValueError>(
      [] {
        return Ssim{.window = 0}(wave({1, 2, 2}), wave({1, 2, 2}));
      },
      {"Ssim", "window is 0", "must be positive"}));
  check_setting(loss::Psnr{}, &loss::Psnr::data_range, "data_range", 0.0, "must be positive");
  check_setting(loss::Psnr{}, &loss::Psnr::eps, "eps", 0.0, "must be positive");
  check_setting(loss::GradientDifference{}, &loss::GradientDifference::alpha, "alpha", 0.5, "at least 1");
}

BOOST_AUTO_TEST_CASE(element_types) {
  const Var bytes = cast(40.0 * wave({1, 12, 12}) + 128.0, DType::Int64);
  const Var single = cast(bytes, DType::Float32) + 1.0;
  const auto check = [&](const auto& l) {
    BOOST_TEST(l(single, bytes).dtype() == DType::Float32);
    BOOST_TEST(same(l(bytes, bytes), l(cast(bytes, DType::Float64), bytes)));
  };
  check(loss::Ssim{.data_range = 255.0});
  check(loss::Psnr{.data_range = 255.0});
  check(loss::GradientDifference{});
  BOOST_TEST(loss::TotalVariationPenalty{}(single).dtype() == DType::Float32);
  BOOST_TEST(loss::TotalVariationPenalty{}(bytes).dtype() == DType::Float64);
}

/// Flat, bright images, whose variances are tiny differences of squares, keep their digits in float32.
BOOST_AUTO_TEST_CASE(ssim_of_floats) {
  const xg::Shape shape{2, 1, 40, 50};
  const Var x = cast(0.9 + 0.01 * wave(shape), DType::Float32);
  const Var y = cast(0.8 + 0.01 * wave(shape, 0.4), DType::Float32);
  const Var exact = loss::Ssim{}(cast(x, DType::Float64), cast(y, DType::Float64));
  BOOST_TEST(near(cast(loss::Ssim{}(x, y), DType::Float64), exact, 1e-5));
  // Nearly equal images: the loss keeps its digits too.
  const Var near_x = x + 1e-3F * cast(wave(shape, 1.0), DType::Float32);
  const double small = doubles(loss::Ssim{}(x, near_x)).at(0);
  const double exact_small = doubles(loss::Ssim{}(cast(x, DType::Float64), cast(near_x, DType::Float64))).at(0);
  BOOST_TEST(std::abs(small / exact_small - 1.0) < 1e-3);
}

BOOST_AUTO_TEST_CASE(ssim_is_symmetric_and_has_no_unit) {
  const Var x = wave({2, 3, 12, 14});
  const Var y = wave({2, 3, 12, 14}, 0.3);
  const Var l = loss::Ssim{}(x, y);
  BOOST_TEST(near(loss::Ssim{}(y, x), l));
  BOOST_TEST(near(loss::Ssim{.data_range = 255.0}(255.0 * x, 255.0 * y), l));
  BOOST_TEST((l.shape() == xg::Shape{2}));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE_END()
