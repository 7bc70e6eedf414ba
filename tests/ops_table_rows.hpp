// What the parts of the table of operations share: random arguments, special numbers, the parts themselves.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <limits>
#include <random>
#include <utility>
#include <vector>

#include "ops_table.hpp"

namespace xgrad::testing {

using Rows = std::vector<OpRow>;

inline Var list(std::initializer_list<double> values) { return xt::xarray<double>(values); }

/// Random arguments that are the same everywhere: raw bits of one generator, no std distributions.
class Random {
 public:
  explicit Random(std::uint64_t seed) : bits_(seed) {}

  double number(double low, double high) { return low + (high - low) * static_cast<double>(bits_() >> 11U) * 0x1p-53; }

  /// Uniform between two numbers.
  Var uniform(const Shape& shape, double low = -1.5, double high = 1.5) {
    auto values = Array<double>::from_shape(shape);
    for (double& value : values) value = number(low, high);
    return {std::move(values)};
  }

  /// Numbers of both signs, away from 0.
  Var away_from_zero(const Shape& shape, double low = 0.2, double high = 2.0) {
    auto values = Array<double>::from_shape(shape);
    for (double& value : values) {
      const double size = number(low, high);
      value = (bits_() & 1U) != 0 ? size : -size;
    }
    return {std::move(values)};
  }

  /// Near the multiples of 0.4, plus an offset: with the offsets 0 and 0.2, no two elements of two arrays come close.
  Var lattice(const Shape& shape, double offset) {
    auto values = Array<double>::from_shape(shape);
    for (double& value : values) {
      value = 0.4 * (static_cast<double>(bits_() % 9U) - 4.0) + offset + number(-0.03, 0.03);
    }
    return {std::move(values)};
  }

  /// No two elements come close.
  Var distinct(const Shape& shape) {
    auto values = Array<double>::from_shape(shape);
    const auto size = static_cast<double>(values.size());
    double next = -0.15 * size;
    for (double& value : values) value = next += number(0.2, 0.4);
    for (std::size_t i = values.size(); i > 1; --i) std::swap(values.data()[i - 1], values.data()[bits_() % i]);
    return {std::move(values)};
  }

  Var mask(const Shape& shape) {
    auto values = Array<bool>::from_shape(shape);
    for (bool& value : values) value = (bits_() & 1U) != 0;
    return {std::move(values)};
  }

 private:
  std::mt19937_64 bits_;
};

inline constexpr double infinity = std::numeric_limits<double>::infinity();
inline constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

/// Zeros, kinks, infinities, NaN, denormal, small and large numbers of both signs.
inline Var special_numbers() {
  return xt::xarray<double>{0.0,     -0.0,   1.0,  -1.0, 0.5,   -0.5,  5e-324, -5e-324,  1e-300,    -1e-300,     1e-8,
                            -1e-8,   3.0,    -3.0, 20.0, -20.0, 40.0,  -40.0,  708.0,    -708.0,    710.0,       -745.0,
                            -1000.0, 1000.0, 1e8,  -1e8, 1e150, 1e300, -1e300, infinity, -infinity, not_a_number};
}

/// Every pair of numbers from a list, as two arguments.
inline Case special_pairs() {
  const std::vector<double> numbers{0.0,   -0.0,   1.0,    -1.0,     2.0,       0.5,         -2.5,
                                    1e200, 1e-200, -1e200, infinity, -infinity, not_a_number};
  auto a = Array<double>::from_shape({numbers.size(), numbers.size()});
  auto b = a;
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    for (std::size_t j = 0; j < numbers.size(); ++j) {
      a(i, j) = numbers[i];
      b(i, j) = numbers[j];
    }
  }
  return {Var(std::move(a)), Var(std::move(b))};
}

/// Every second row of the transpose: no stride is that of a dense array.
inline Var strided(const Var& x) { return view(transpose(x), xt::range(0, static_cast<int>(x.shape(-1)), 2)); }

void append_unary(Rows& rows);
void append_binary(Rows& rows);
void append_choices(Rows& rows);
void append_functions(Rows& rows);
void append_reductions(Rows& rows);
void append_manipulations(Rows& rows);
void append_indexing(Rows& rows);
void append_products(Rows& rows);
void append_contractions(Rows& rows);
void append_order(Rows& rows);
void append_shapes(Rows& rows);
void append_updating(Rows& rows);
void append_statistics(Rows& rows);
void append_counts(Rows& rows);  ///< without derivative
void append_sequences(Rows& rows);
void append_sequence_values(Rows& rows);  ///< without derivative
void append_linalg(Rows& rows);
void append_windows(Rows& rows);
void append_random(Rows& rows);
/// Without derivative.
void append_random_values(Rows& rows);

}  // namespace xgrad::testing
