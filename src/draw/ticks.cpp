#include "draw/ticks.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <string_view>
#include <utility>

namespace xgrad::draw {
namespace {

/// How far rounding may carry a quotient of two decimal numbers from the integer it stands for.
constexpr double slack = 1e-9;

std::string with_minus_sign(std::string text) {
  if (text.starts_with('-')) text.replace(0, 1, "−");
  return text;
}

std::string fixed(double value, int decimals) {
  std::array<char, 64> buffer;
  const auto end =
      std::to_chars(buffer.data(), buffer.data() + buffer.size(), value, std::chars_format::fixed, decimals);
  return with_minus_sign({buffer.data(), end.ptr});
}

std::string power_of_ten(int exponent) {
  constexpr std::array<std::string_view, 10> superscripts{"⁰", "¹", "²", "³", "⁴", "⁵", "⁶", "⁷", "⁸", "⁹"};
  std::string text = exponent < 0 ? "10⁻" : "10";
  for (const char digit : std::to_string(std::abs(exponent)))
    text += superscripts[static_cast<std::size_t>(digit - '0')];
  return text;
}

/// value = mantissa * 10^exponent with as many decimals as neighbours at a distance of `step` need.
std::string scientific(double value, double step) {
  if (value == 0.0) return "0";
  const int exponent = static_cast<int>(std::floor(std::log10(std::abs(value)) + slack));
  const int decimals = std::clamp(exponent - static_cast<int>(std::floor(std::log10(step) + slack)), 0, 12);
  // Two factors, because 10^-exponent alone may be out of range.
  const double half = std::pow(10.0, -exponent / 2);
  return fixed(value * half * std::pow(10.0, -exponent - -exponent / 2), decimals) + "×" + power_of_ten(exponent);
}

std::string label(double value, double step, double largest) {
  if (largest >= 1e6 || step < 1e-5) return scientific(value, step);
  return fixed(value, std::max(0, -static_cast<int>(std::floor(std::log10(step) + slack))));
}

Tick logarithmic_tick(int factor, int exponent) {
  const double value = factor * std::pow(10.0, exponent);
  if (std::abs(exponent) <= 3) return {value, fixed(value, std::max(0, -exponent))};
  return {value, (factor == 1 ? "" : std::to_string(factor) + "×") + power_of_ten(exponent)};
}

/// The smallest of 1, 2, 5 times a power of ten that is not smaller than x.
double round_up_125(double x) {
  const double power = std::pow(10.0, std::floor(std::log10(x)));
  for (const double factor : {1.0, 2.0, 5.0}) {
    if (factor * power >= x * (1.0 - slack)) return factor * power;
  }
  return 10.0 * power;
}

/// The largest of 1, 2, 5 times a power of ten that is not larger than x.
double round_down_125(double x) {
  const double power = std::pow(10.0, std::floor(std::log10(x)));
  for (const double factor : {5.0, 2.0}) {
    if (factor * power <= x * (1.0 + slack)) return factor * power;
  }
  return power;
}

/// Data without extent get an axis all the same.
void widen(double& low, double& high) {
  const double magnitude = std::max(std::abs(low), std::abs(high));
  if (high / 2 - low / 2 > std::max(1e-9 * magnitude, 1e-290)) return;
  const double margin = magnitude < 1e-280 ? 1.0 : 0.1 * magnitude;
  low -= margin;
  high += margin;
}

}  // namespace

double Axis::position(double value) const {
  const double fraction = logarithmic
                              ? (std::log10(value) - std::log10(low)) / (std::log10(high) - std::log10(low))
                              : (value / 2 - low / 2) / (high / 2 - low / 2);  // halves: high - low may overflow
  return std::clamp(fraction, 0.0, 1.0);
}

Axis linear_axis(double low, double high, int count) {
  constexpr double limit = std::numeric_limits<double>::max() / 4;
  low = std::clamp(low, -limit, limit);
  high = std::clamp(high, -limit, limit);
  widen(low, high);
  const double step = round_up_125(high / count - low / count);
  const auto first = static_cast<std::int64_t>(std::floor(low / step + slack));
  const auto last = static_cast<std::int64_t>(std::ceil(high / step - slack));
  const auto value = [step](std::int64_t i) { return static_cast<double>(i) * step; };
  Axis axis{.low = value(first), .high = value(last), .ticks = {}, .logarithmic = false};
  const double largest = std::max(std::abs(axis.low), std::abs(axis.high));
  for (std::int64_t i = first; i <= last; ++i) axis.ticks.push_back({value(i), label(value(i), step, largest)});
  return axis;
}

Axis logarithmic_axis(double low, double high, int count) {
  low = std::clamp(low, 1e-300, 1e300);
  high = std::clamp(high, 1e-300, 1e300);
  if (high / low < 1.0 + slack) {
    low /= 2.0;
    high *= 2.0;
  }
  const double bottom = round_down_125(low);
  const double top = round_up_125(high);
  const double decades = std::log10(top) - std::log10(bottom);
  const bool is_short = decades < 2.5;
  const int stride = is_short ? 1 : std::max(1, static_cast<int>(std::ceil(decades / count)));

  Axis axis{.low = bottom, .high = top, .ticks = {}, .logarithmic = true};
  const auto add = [&axis](int factor, int exponent) {
    Tick tick = logarithmic_tick(factor, exponent);
    if (tick.value >= axis.low * (1.0 - slack) && tick.value <= axis.high * (1.0 + slack)) {
      axis.ticks.push_back(std::move(tick));
    }
  };
  const int first = static_cast<int>(std::floor(std::log10(bottom) + slack));
  for (int exponent = first; std::pow(10.0, exponent) <= top * (1.0 + slack); exponent += stride) {
    add(1, exponent);
    if (is_short) add(2, exponent);
    if (is_short) add(5, exponent);
  }
  return axis;
}

}  // namespace xgrad::draw
