// Powers of two for the factors of products.
#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "kernels.hpp"

namespace xgrad::backend::cpu::kernels {
namespace {

/// The numbers 0 ... n - 1 in an order in which every partial product of `prod` is over neighbours: there, element i
/// meets element i + n / 2, and the last of an odd number waits for the next round.
std::vector<std::size_t> product_order(std::size_t n) {
  if (n == 0) return {};
  std::vector<std::size_t> rounds;
  for (; n > 1; n = (n + 1) / 2) rounds.push_back(n);
  std::vector<std::size_t> order{0};
  for (; !rounds.empty(); rounds.pop_back()) {
    const std::size_t before = rounds.back();
    std::vector<std::size_t> earlier;
    for (const std::size_t i : order) {
      if (i == before / 2) {  // the one that waited
        earlier.push_back(before - 1);
      } else {
        earlier.push_back(i);
        earlier.push_back(i + before / 2);
      }
    }
    order = std::move(earlier);
  }
  return order;
}

template <class T>
bool is_ordinary(T x) {
  return std::isfinite(x) && x != T(0);
}

/// The exponent's distance from that of 1, and one more for the mantissa; much for zeros, infinities and NaN.
std::uint64_t distance_from_1(double x) {
  const auto exponent = static_cast<std::int64_t>(std::bit_cast<std::uint64_t>(x) >> 52U & 0x7ffU) - 1023;
  return static_cast<std::uint64_t>(exponent < 0 ? -exponent : exponent) + 1;
}
std::uint32_t distance_from_1(float x) {
  const auto exponent = static_cast<std::int32_t>(std::bit_cast<std::uint32_t>(x) >> 23U & 0xffU) - 127;
  return static_cast<std::uint32_t>(exponent < 0 ? -exponent : exponent) + 1;
}

/// Whether no product of some of the factors can leave the range of T: neither that of all above 1 nor that of all
/// below does.
template <class T>
bool stays_in_range(const T* x, std::size_t n) {
  using Distance = decltype(distance_from_1(T(1)));
  constexpr auto range = static_cast<Distance>(std::numeric_limits<T>::max_exponent - 4);
  if (n < range) {  // few enough for the exponents to tell
    Distance distance = 0;
    for (std::size_t i = 0; i < n; ++i) distance += distance_from_1(x[i]);
    if (distance < range) return true;
  }
  constexpr std::size_t lanes = 4;
  std::array<double, lanes> above{1.0, 1.0, 1.0, 1.0};
  std::array<double, lanes> below = above;
  const auto take = [&](std::size_t i, std::size_t lane) {
    const double size = is_ordinary(x[i]) ? std::abs(static_cast<double>(x[i])) : 1.0;
    above[lane] *= std::max(size, 1.0);
    below[lane] *= std::min(size, 1.0);
  };
  std::size_t i = 0;
  for (; i + lanes <= n; i += lanes) {
    for (std::size_t k = 0; k < lanes; ++k) take(i + k, k);
  }
  for (; i < n; ++i) take(i, 0);
  constexpr double margin = 16.0;
  const double most = above[0] * above[1] * above[2] * above[3];
  const double least = below[0] * below[1] * below[2] * below[3];
  return most < std::numeric_limits<T>::max() / margin && least > std::numeric_limits<T>::min() * margin;
}

/// Exponents that add up to 0. With them, the factors in their order are about equal in size, so that any product of
/// neighbours lies between 1 and that of all, but for a factor of 4. If there are zeros, the other factors become about
/// 1, and the zeros get what was taken away: so derivatives, products without a zero, are right too.
template <class T>
void find_exponents(const T* x, const std::vector<std::size_t>& order, std::vector<int>& exponents) {
  double total = 0;
  double ordinary = 0;
  double zeros = 0;
  for (const std::size_t i : order) {
    if (is_ordinary(x[i])) total += std::log2(std::abs(static_cast<double>(x[i]))), ++ordinary;
    else if (x[i] == T(0)) ++zeros;
  }
  const double each = zeros > 0 ? 0.0 : total / ordinary;
  double sum = 0;
  double seen = 0;
  int taken = 0;
  for (const std::size_t i : order) {
    exponents[i] = 0;
    if (!is_ordinary(x[i])) continue;
    sum += std::log2(std::abs(static_cast<double>(x[i])));
    seen += 1;
    const int until_here = static_cast<int>(std::lround(seen == ordinary && zeros == 0 ? 0.0 : sum - seen * each));
    exponents[i] = taken - until_here;
    taken = until_here;
  }
  for (const std::size_t i : order) {
    if (x[i] != T(0)) continue;
    exponents[i] = static_cast<int>(taken / zeros);
    taken -= exponents[i];
    zeros -= 1;
  }
}

}  // namespace

void balance(const KernelCall& call) {
  const Shape& shape = *call.output().shape;
  const std::size_t columns = shape[1];
  std::vector<std::size_t> order;
  std::vector<int> exponents(columns);
  dispatch(call.output().dtype, [&]<class T>() {
    if constexpr (std::is_floating_point_v<T>) {
      for (std::size_t row = 0; row < shape[0]; ++row) {
        const T* x = call.inputs[0].as<T>() + row * columns;
        const T* factors = call.inputs[1].as<T>() + row * columns;
        T* out = call.output().as<T>() + row * columns;
        if (stays_in_range(factors, columns)) {
          std::copy_n(x, columns, out);
          continue;
        }
        if (order.empty()) order = product_order(columns);
        find_exponents(factors, order, exponents);
        for (std::size_t i = 0; i < columns; ++i) out[i] = std::ldexp(x[i], exponents[i]);
      }
    }
  });
}

}  // namespace xgrad::backend::cpu::kernels
