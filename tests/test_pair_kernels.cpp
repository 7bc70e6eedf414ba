// Kernels that do the work of two give what the two give, one after the other, to the last bit.
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstring>
#include <limits>
#include <vector>

#include <boost/mpl/list.hpp>
#include <boost/test/unit_test.hpp>
#include <xgrad/core/dtype.hpp>

#include "kernels/block/block.hpp"

using xgrad::kernels::block_table;
using xgrad::kernels::BlockKernel;
using xgrad::kernels::First;
using xgrad::kernels::Frame;
using xgrad::kernels::Instruction;
using xgrad::kernels::Second;

namespace {

using Types = boost::mpl::list<float, double>;

template <class T>
constexpr auto type = static_cast<std::size_t>(xgrad::dtype_of<T>);

/// Numbers of all signs and sizes, infinities and NaN among them, in an order of their own for each `seed`.
template <class T>
std::vector<T> numbers(std::size_t count, std::size_t seed) {
  using Limits = std::numeric_limits<T>;
  const std::vector<T> special{T(0),
                               T(-0.0),
                               T(1),
                               Limits::infinity(),
                               -Limits::infinity(),
                               Limits::quiet_NaN(),
                               Limits::min(),
                               Limits::denorm_min(),
                               Limits::max()};
  std::vector<T> result(count);
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t k = i * (2 * seed + 3) + seed;
    result[i] = k % 5 == 0 ? special[k / 5 % special.size()] : static_cast<T>(std::sin(double(k)) * 3);
  }
  return result;
}

template <class T>
T begin(First first, T a, T b) {
  switch (first) {
    case First::Add:
      return a + b;
    case First::Subtract:
      return a - b;
    case First::Multiply:
      return a * b;
    default:
      return a / b;
  }
}
template <class T>
T end(Second second, T t, T c) {
  switch (second) {
    case Second::Add:
      return t + c;
    case Second::Subtract:
      return t - c;
    case Second::SubtractFrom:
      return c - t;
    default:
      return t * c;
  }
}

template <class T>
bool same(T x, T y) {
  return (std::isnan(x) && std::isnan(y)) || std::memcmp(&x, &y, sizeof(T)) == 0;
}

template <class T>
std::size_t differences(BlockKernel kernel, First first, Second second, std::size_t modes, std::size_t count) {
  std::vector<std::vector<T>> operands;
  for (std::size_t k = 0; k < 3; ++k) operands.push_back(numbers<T>((modes >> k & 1U) != 0 ? 1 : count, k + modes));
  std::vector<T> out(count + 1, T(7));
  std::byte* slots[] = {reinterpret_cast<std::byte*>(operands[0].data()),
                        reinterpret_cast<std::byte*>(operands[1].data()),
                        reinterpret_cast<std::byte*>(operands[2].data()), reinterpret_cast<std::byte*>(out.data())};
  kernel({count, count, 0, 0, count, nullptr, nullptr, nullptr}, slots, {kernel, 3, 0, 1, 2});
  std::size_t wrong = out[count] == T(7) ? 0 : 1;
  const auto at = [&](std::size_t k, std::size_t i) { return operands[k][operands[k].size() == 1 ? 0 : i]; };
  for (std::size_t i = 0; i < count; ++i) {
    // Not one expression, which a compiler might contract.
    volatile T t = begin(first, at(0, i), at(1, i));
    if (!same(out[i], end(second, T(t), at(2, i)))) ++wrong;
  }
  return wrong;
}

BOOST_AUTO_TEST_CASE_TEMPLATE(arithmetic, T, Types) {
  std::size_t kernels = 0;
  for (std::size_t first = 0; first < xgrad::kernels::first_count; ++first) {
    for (std::size_t second = 0; second < xgrad::kernels::second_count; ++second) {
      for (std::size_t modes = 0; modes < xgrad::kernels::pair_mode_count; ++modes) {
        const BlockKernel kernel = block_table().pair[first][second][type<T>][modes];
        if (kernel == nullptr) continue;
        ++kernels;
        for (const std::size_t count : {0U, 1U, 3U, 8U, 17U, 64U, 100U}) {
          BOOST_TEST_INFO("first " << first << ", second " << second << ", modes " << modes << ", " << count);
          BOOST_TEST((differences<T>(kernel, First(first), Second(second), modes, count)) == 0U);
        }
      }
    }
  }
  BOOST_TEST(kernels == 72U);  // (3 x 4 + 6) modes of 4 seconds
}

/// Products first, then their sum by the kernel that sums an array.
template <class T>
void check_sum(BlockKernel products, BlockKernel sum, std::size_t rows, std::size_t columns) {
  using Wide = typename xgrad::kernels::WideType<T>::type;
  std::vector<T> a(rows * columns);
  std::vector<T> b(rows * columns);
  std::vector<T> ab(rows * columns);
  for (std::size_t i = 0; i < a.size(); ++i) {
    a[i] = static_cast<T>(std::sin(double(i)));
    b[i] = static_cast<T>(std::cos(double(3 * i)));
    volatile T product = a[i] * b[i];
    ab[i] = product;
  }
  std::vector<Wide> out(std::max(rows, columns) + 1, Wide(0.5));
  std::vector<Wide> expected = out;
  std::byte* slots[] = {reinterpret_cast<std::byte*>(a.data()), reinterpret_cast<std::byte*>(b.data()),
                        reinterpret_cast<std::byte*>(ab.data()), reinterpret_cast<std::byte*>(out.data()),
                        reinterpret_cast<std::byte*>(expected.data())};
  const Frame frame{rows * columns, columns, 0, 0, columns, nullptr, nullptr, nullptr};
  products(frame, slots, {products, 3, 0, 1, 0});
  sum(frame, slots, {sum, 4, 2, 0, 0});
  BOOST_TEST(out == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE_TEMPLATE(sums_of_products, T, Types) {
  const auto& table = block_table();
  for (const std::size_t rows : {1U, 2U, 5U}) {
    for (const std::size_t columns : {1U, 7U, 16U, 33U, 300U}) {
      check_sum<T>(table.sum_products_rows[type<T>], table.reduce_rows[0][type<T>], rows, columns);
      check_sum<T>(table.sum_products_all[type<T>], table.reduce_all[0][type<T>], rows, columns);
      check_sum<T>(table.sum_products_columns[type<T>], table.reduce_columns[0][type<T>], rows, columns);
    }
  }
}

}  // namespace
