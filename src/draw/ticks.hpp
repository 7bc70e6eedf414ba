// Axes with round numbers.
#pragma once

#include <string>
#include <vector>

namespace xgrad::draw {

struct Tick {
  double value;
  std::string label;
};

/// Limits of an axis and the numbers written along it. Data may lie outside by a billionth of its length, which is not
/// worth another tick.
struct Axis {
  double low;
  double high;
  std::vector<Tick> ticks;
  bool logarithmic;

  /// Where a value lies between low (0) and high (1); never outside.
  [[nodiscard]] double position(double value) const;
};

/// Ticks at multiples of 1, 2 or 5 times a power of ten, about `count` of them, around [low, high].
Axis linear_axis(double low, double high, int count);

/// Ticks at powers of ten, at most about `count` of them; at 1, 2 and 5 times these if the range is short. Around
/// [low, high], both positive.
Axis logarithmic_axis(double low, double high, int count);

}  // namespace xgrad::draw
