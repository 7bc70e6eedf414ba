// The losses of images by their definitions, in plain loops over one channel.
#pragma once

#include <cmath>
#include <cstddef>
#include <functional>
#include <vector>

#include "loss_table.hpp"

namespace xgrad::testing::images {

/// One channel of one image.
struct Channel {
  std::size_t height;
  std::size_t width;
  std::vector<long double> at;
  long double operator()(std::size_t i, std::size_t j) const { return at[i * width + j]; }
};

/// Mean SSIM over the places where the window lies inside.
inline long double ssim(const Channel& x, const Channel& y, std::size_t window, long double sigma, long double c1,
                        long double c2) {
  const auto weight = [&](std::size_t i, std::size_t j) {
    const long double middle = (static_cast<long double>(window) - 1) / 2;
    const long double a = static_cast<long double>(i) - middle;
    const long double b = static_cast<long double>(j) - middle;
    return std::exp(-(a * a + b * b) / (2 * sigma * sigma));
  };
  long double result = 0;
  long double places = 0;
  for (std::size_t top = 0; top + window <= x.height; ++top) {
    for (std::size_t left = 0; left + window <= x.width; ++left) {
      const auto mean = [&](const auto& f) {
        long double total = 0;
        long double weights = 0;
        for (std::size_t i = 0; i < window; ++i) {
          for (std::size_t j = 0; j < window; ++j) {
            total += weight(i, j) * f(x(top + i, left + j), y(top + i, left + j));
            weights += weight(i, j);
          }
        }
        return total / weights;
      };
      using Number = long double;
      const Number mx = mean([](Number a, Number) { return a; });
      const Number my = mean([](Number, Number b) { return b; });
      const Number vx = mean([&](Number a, Number) { return (a - mx) * (a - mx); });
      const Number vy = mean([&](Number, Number b) { return (b - my) * (b - my); });
      const Number both = mean([&](Number a, Number b) { return (a - mx) * (b - my); });
      result += (2 * mx * my + c1) * (2 * both + c2) / ((mx * mx + my * my + c1) * (vx + vy + c2));
      ++places;
    }
  }
  return result / places;
}

inline long double total_variation(const Channel& x, bool isotropic) {
  long double result = 0;
  for (std::size_t i = 0; i < x.height; ++i) {
    for (std::size_t j = 0; j < x.width; ++j) {
      const long double right = j + 1 < x.width ? x(i, j + 1) - x(i, j) : 0;
      const long double down = i + 1 < x.height ? x(i + 1, j) - x(i, j) : 0;
      result += isotropic ? std::hypot(right, down) : std::abs(right) + std::abs(down);
    }
  }
  return result;
}

inline long double gradient_difference(const Channel& p, const Channel& t, long double alpha) {
  long double result = 0;
  for (std::size_t i = 0; i < p.height; ++i) {
    for (std::size_t j = 0; j < p.width; ++j) {
      const auto compare = [&](std::size_t a, std::size_t b) {
        const long double change = std::abs(p(i, j) - p(a, b)) - std::abs(t(i, j) - t(a, b));
        return std::pow(std::abs(change), alpha);
      };
      if (i > 0) result += compare(i - 1, j);
      if (j > 0) result += compare(i, j - 1);
    }
  }
  return result;
}

/// Adds up what f gives for the channels of each image (all of the arguments').
inline Reference sum_of_channels(const std::function<long double(const std::vector<Channel>&)>& f) {
  return [f](const std::vector<Numbers>& x) {
    const Shape& shape = x[0].shape;
    const std::size_t height = shape[shape.size() - 2];
    const std::size_t width = shape[shape.size() - 1];
    const std::size_t channels = shape.size() == 4 ? shape[1] : 1;
    std::vector<long double> result;
    for (std::size_t n = 0; n < shape[0]; ++n) {
      result.push_back(0);
      for (std::size_t c = 0; c < channels; ++c) {
        std::vector<Channel> channel;
        for (const Numbers& each : x) {
          const auto start = each.at.begin() + static_cast<std::ptrdiff_t>((n * channels + c) * height * width);
          channel.push_back({height, width, {start, start + static_cast<std::ptrdiff_t>(height * width)}});
        }
        result.back() += f(channel);
      }
    }
    return result;
  };
}

}  // namespace xgrad::testing::images
