#include "loss_table.hpp"

#include <xgrad/loss/image.hpp>

#include "image_reference.hpp"

namespace xgrad::testing {
namespace {

using images::Channel;
using Channels = std::vector<Channel>;

Var picture(const Shape& shape, std::uint64_t seed, double low = 0.0, double high = 1.0) {
  return Random(seed).uniform(shape, low, high);
}

Var filled(const Shape& shape, float value) { return floats(shape, std::vector<float>(size_of(shape), value)); }

/// float32: black, white, a checkerboard, huge numbers, no image; all of one shape.
std::vector<Case> extreme_images(std::size_t side) {
  const Shape shape{1, side, side};
  std::vector<float> board;
  for (std::size_t i = 0; i < side * side; ++i) board.push_back((i / side + i) % 2 == 0 ? 0.0F : 1.0F);
  const Var black = filled(shape, 0);
  const Var white = filled(shape, 1);
  const Var checkers = floats(shape, board);
  const Var huge = 1e4F * checkers;
  std::vector<Case> cases{{filled({0, side, side}, 0), filled({0, side, side}, 0)},
                          {filled({2, 0, side, side}, 0), filled({2, 0, side, side}, 0)}};
  for (const Var& p : {black, white, checkers, 1.0F - checkers, huge, -huge}) {
    for (const Var& t : {black, white, checkers, huge}) cases.push_back({p, t});
  }
  return cases;
}

std::vector<Case> first_of(const std::vector<Case>& cases) {
  std::vector<Case> result;
  for (const Case& each : cases) result.push_back({each[0]});
  return result;
}

void append_ssim(LossRows& rows) {
  const auto reference = [](std::size_t window, long double sigma, long double range, long double channels) {
    return images::sum_of_channels([=](const Channels& x) {
      const long double c1 = 0.01L * range * 0.01L * range;
      const long double c2 = 0.03L * range * 0.03L * range;
      return (1 - images::ssim(x[0], x[1], window, sigma, c1, c2)) / channels;
    });
  };
  const std::vector<double> ones(121, 1.0);
  const std::vector<double> halves(121, 0.5);
  rows.push_back({.name = "Ssim",
                  .function = call(loss::Ssim{}),
                  .smooth = {{picture({2, 11, 13}, 1), picture({2, 11, 13}, 2)}},
                  .reference = reference(11, 1.5L, 1, 1),
                  .known = {{{doubles({1, 11, 11}, ones), doubles({1, 11, 11}, ones)},
                             {0},
                             {std::vector<double>(121, 0.0), std::vector<double>(121, 0.0)}},
                            {{doubles({0, 11, 11}, {}), doubles({0, 11, 11}, {})}, {}},
                            {{doubles({2, 0, 11, 11}, {}), doubles({2, 0, 11, 11}, {})}, {0, 0}},
                            // Without variance: 1 - (2 * 1 * 1/2 + 0.0001) / (1 + 1/4 + 0.0001)
                            {{doubles({1, 11, 11}, ones), doubles({1, 11, 11}, halves)}, {0.25 / 1.2501}}},
                  .extreme = extreme_images(12)});
  // The sides differ, so the filters cannot be mistaken for each other.
  rows.push_back({.name = "Ssim.channels",
                  .function = call(loss::Ssim{.window = 4, .sigma = 0.8, .data_range = 2.0}),
                  .smooth = {{picture({2, 2, 4, 6}, 3), picture({2, 2, 4, 6}, 4)},
                             // Alike: a small loss.
                             {picture({1, 3, 5, 4}, 5), picture({1, 3, 5, 4}, 5) + 0.01 * picture({1, 3, 5, 4}, 6)}},
                  .reference = [=](const std::vector<Numbers>& x) {
                    return reference(4, 0.8L, 2, static_cast<long double>(x[0].shape[1]))(x);
                  }});
  // Bright, with little contrast, which is where float has few digits for variances.
  rows.push_back({.name = "Ssim.bytes",
                  .function = call(loss::Ssim{.window = 3, .sigma = 1.0, .data_range = 255.0}),
                  .smooth = {{picture({1, 4, 5}, 7, 230, 255), picture({1, 4, 5}, 8, 200, 220)}},
                  .reference = reference(3, 1, 255, 1)});
  rows.push_back({.name = "Ssim.pixel",
                  .function = call(loss::Ssim{.window = 1}),
                  .smooth = {{picture({2, 2, 3}, 9), picture({2, 2, 3}, 10)}},
                  .reference = reference(1, 1.5L, 1, 1)});
}

void append_total_variation(LossRows& rows) {
  Random random(20);
  const Case pictures{random.distinct({2, 3, 4})};
  const Case channels{random.distinct({2, 2, 3, 2})};
  const Case row{random.distinct({2, 1, 4})};
  const Case column{random.distinct({2, 4, 1})};
  for (const bool isotropic : {true, false}) {
    rows.push_back(
        {.name = isotropic ? "TotalVariationPenalty" : "TotalVariationPenalty.anisotropic",
         .function = call(loss::TotalVariationPenalty{.isotropic = isotropic}),
         .smooth = {pictures, channels, row, column, {random.distinct({3, 1, 1})}},
         .reference =
             images::sum_of_channels([=](const Channels& x) { return images::total_variation(x[0], isotropic); }),
         .known = {{{doubles({0, 2, 2}, {})}, {}},
                   {{doubles({2, 0, 3}, {})}, {0, 0}},
                   {{doubles({2, 3, 0}, {})}, {0, 0}},
                   {{doubles({2, 0, 3, 3}, {})}, {0, 0}},
                   {{doubles({1, 2, 2}, {5, 5, 5, 5})}, {0}, {{0, 0, 0, 0}}},
                   // A step of 3 to the right and one of 4 down at the first pixel; the others differ along the border.
                   {{doubles({1, 2, 2}, {0, 3, 4, 4})},
                    {isotropic ? 5.0 + 1 : 3.0 + 4 + 1},
                    {isotropic ? std::vector<double>{-7.0 / 5, 3.0 / 5 - 1, 4.0 / 5, 1}
                               : std::vector<double>{-2, 0, 1, 1}}}},
         .extreme = first_of(extreme_images(3))});
  }
}

void append_psnr(LossRows& rows) {
  const auto reference = [](long double range, long double eps) {
    return [=](const std::vector<Numbers>& x) {
      const std::size_t pixels = x[0].at.size() / x[0].rows();
      std::vector<long double> result;
      for (std::size_t n = 0; n < x[0].rows(); ++n) {
        long double squares = 0;
        for (std::size_t i = n * pixels; i < (n + 1) * pixels; ++i) squares += std::pow(x[0](i) - x[1](i), 2.0L);
        result.push_back(10 * std::log10(squares / static_cast<long double>(pixels) / (range * range) + eps));
      }
      return result;
    };
  };
  rows.push_back(
      {.name = "Psnr",
       .function = call(loss::Psnr{}),
       .smooth = {{picture({2, 3, 4}, 30), picture({2, 3, 4}, 31)},
                  {picture({2, 3, 2, 2}, 32), picture({2, 3, 2, 2}, 33)},
                  {picture({3, 2}, 34), picture({3, 2}, 35)}},
       .reference = reference(1, 1e-10L),
       .known = {{{doubles({1, 2, 1}, {0.5, 1}), labels({1, 2, 1}, {0, 1})}, {10 * std::log10(0.125 + 1e-10)}},
                 {{doubles({1, 1, 2}, {3, 4}), doubles({1, 1, 2}, {3, 4})}, {-100}, {{0, 0}, {0, 0}}},
                 {{doubles({0, 2, 2}, {}), doubles({0, 2, 2}, {})}, {}},
                 {{doubles({1, 0, 2}, {}), doubles({1, 0, 2}, {})}, {-100}}},
       .extreme = extreme_images(3)});
  rows.push_back({.name = "Psnr.bytes",
                  .function = call(loss::Psnr{.data_range = 255.0, .eps = 1e-4}),
                  .smooth = {{picture({2, 3, 4}, 36, 0, 255), picture({2, 3, 4}, 37, 0, 255)}},
                  .reference = reference(255, 1e-4L)});
}

void append_gradient_difference(LossRows& rows) {
  Random random(40);
  // Differences of the prediction are several times as large as those of the target: away from all kinks.
  const auto pair = [&](const Shape& shape) {
    return Case{4.0 * random.distinct(shape), 0.05 * random.distinct(shape)};
  };
  const std::vector<Case> smooth{pair({2, 3, 4}), pair({1, 2, 2, 3}), pair({2, 1, 3}), pair({2, 1, 1})};
  const auto reference = [](long double alpha) {
    return images::sum_of_channels([=](const Channels& x) { return images::gradient_difference(x[0], x[1], alpha); });
  };
  const Var step = doubles({1, 1, 2}, {0, 2});
  const std::vector<double> zeros(2, 0.0);
  rows.push_back({.name = "GradientDifference",
                  .function = call(loss::GradientDifference{}),
                  .smooth = smooth,
                  .reference = reference(1),
                  .known = {{{step, step}, {0}, {zeros, zeros}},
                            // Neither the sign of a difference counts nor the level.
                            {{step, doubles({1, 1, 2}, {7, 5})}, {0}, {zeros, zeros}},
                            {{doubles({1, 1, 2}, {1, 1}), step}, {2}, {zeros, {-1, 1}}},
                            {{doubles({1, 1, 2}, {0, 5}), step}, {3}, {{-1, 1}, {1, -1}}},
                            {{doubles({0, 2, 2}, {}), doubles({0, 2, 2}, {})}, {}},
                            {{doubles({2, 0, 2}, {}), doubles({2, 0, 2}, {})}, {0, 0}}},
                  .extreme = extreme_images(3)});
  rows.push_back({.name = "GradientDifference.squared",
                  .function = call(loss::GradientDifference{.alpha = 2.0}),
                  .smooth = smooth,
                  .reference = reference(2),
                  .known = {{{step, step}, {0}, {zeros, zeros}}},
                  .extreme = extreme_images(3)});
  rows.push_back({.name = "GradientDifference.between",
                  .function = call(loss::GradientDifference{.alpha = 1.3}),
                  .smooth = smooth,
                  .reference = reference(1.3L),
                  .known = {{{step, step}, {0}, {zeros, zeros}}},
                  .extreme = extreme_images(3)});
}

}  // namespace

void append_image(LossRows& rows) {
  append_ssim(rows);
  append_total_variation(rows);
  append_psnr(rows);
  append_gradient_difference(rows);
}

}  // namespace xgrad::testing
