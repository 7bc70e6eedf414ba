// Products of stacks of small matrices: the kernels of each instruction set, and what plans hand to them.
#include <boost/test/unit_test.hpp>

#include <array>
#include <cmath>
#include <cstring>
#include <limits>
#include <random>
#include <vector>

#include <xgrad/xgrad.hpp>

#include "backend/cpu/kernels/block/block.hpp"

BOOST_AUTO_TEST_SUITE(test_ops_stacks)

namespace xg = xgrad;
namespace kernels = xgrad::backend::cpu::kernels;
using xg::Shape;
using xg::Var;

namespace {

constexpr std::size_t guard = 70;  // elements behind an array that must stay as they are

template <class T>
std::vector<T> random_numbers(std::size_t count, std::mt19937& engine) {
  std::normal_distribution<double> distribution;
  std::vector<T> result(count);
  for (T& each : result) each = static_cast<T>(distribution(engine));
  return result;
}

struct Size {
  std::size_t m, n, k;
};

/// A kernel's product of matrices with gaps between their lines, against the sum in long double.
template <class T>
void check_kernel(const kernels::BlockTable& table, const Size& size, bool a_in_columns, bool accumulate,
                  std::mt19937& engine) {
  const auto [m, n, k] = size;
  const std::size_t a_step = (a_in_columns ? m : k) + 3;
  const std::size_t b_step = n + 2;
  const std::vector<T> a = random_numbers<T>((a_in_columns ? k : m) * a_step, engine);
  const std::vector<T> b = random_numbers<T>((k - 1) * b_step + n, engine);  // ends with the last element
  const std::vector<T> before = random_numbers<T>(m * n + guard, engine);
  std::vector<T> out = before;
  const double alpha = accumulate ? -0.5 : 1.0;
  table.multiply[static_cast<std::size_t>(xg::dtype_of<T>)]({.m = m,
                                                             .n = n,
                                                             .k = k,
                                                             .a = a.data(),
                                                             .a_row = a_in_columns ? 1 : a_step,
                                                             .a_inner = a_in_columns ? a_step : 1,
                                                             .b = b.data(),
                                                             .b_inner = b_step,
                                                             .out = out.data(),
                                                             .alpha = alpha,
                                                             .accumulate = accumulate});
  long double worst = 0;
  for (std::size_t i = 0; i < m; ++i) {
    for (std::size_t j = 0; j < n; ++j) {
      long double total = 0;
      long double sizes = 1;
      for (std::size_t l = 0; l < k; ++l) {
        const long double term =
            static_cast<long double>(a[a_in_columns ? l * a_step + i : i * a_step + l]) * b[l * b_step + j];
        total += term;
        sizes += std::abs(term);
      }
      const long double wanted = accumulate ? static_cast<long double>(alpha) * total + before[i * n + j] : total;
      worst = std::max(worst, std::abs(wanted - out[i * n + j]) / sizes);
    }
  }
  const bool stayed = std::memcmp(out.data() + m * n, before.data() + m * n, guard * sizeof(T)) == 0;
  const auto limit = static_cast<long double>(k + 2) * std::numeric_limits<T>::epsilon();
  BOOST_TEST_CONTEXT(table.name << " " << m << " x " << k << " x " << n << (a_in_columns ? ", transposed" : "")
                                << (accumulate ? ", added" : "")) {
    BOOST_TEST(worst <= limit);
    BOOST_TEST(stayed);
  }
}

template <class T>
void check_transpose(const kernels::BlockTable& table, std::size_t rows, std::size_t columns, std::mt19937& engine) {
  const std::size_t step = columns + 1;
  const std::vector<T> from = random_numbers<T>((rows - 1) * step + columns, engine);
  const std::vector<T> before = random_numbers<T>(rows * columns + guard, engine);
  std::vector<T> to = before;
  table.transpose[static_cast<std::size_t>(xg::dtype_of<T>)](
      {.rows = rows, .columns = columns, .from = from.data(), .step = step, .to = to.data()});
  bool right = true;
  for (std::size_t i = 0; i < rows; ++i) {
    for (std::size_t j = 0; j < columns; ++j) right = right && to[j * rows + i] == from[i * step + j];
  }
  BOOST_TEST(right);
  BOOST_TEST(std::memcmp(to.data() + rows * columns, before.data() + rows * columns, guard * sizeof(T)) == 0);
}

template <class F>
void for_each_table(F f) {
  for (int isa = 0; isa <= static_cast<int>(kernels::best_isa()); ++isa) {
    f(kernels::make_table(static_cast<kernels::Isa>(isa)));
  }
}

constexpr std::array<std::size_t, 15> extents{1, 2, 3, 4, 5, 7, 8, 9, 13, 16, 17, 31, 33, 40, 64};

}  // namespace

BOOST_AUTO_TEST_CASE(kernels_of_every_instruction_set) {
  for_each_table([](const kernels::BlockTable& table) {
    std::mt19937 engine(1);
    for (const std::size_t m : {1U, 2U, 3U, 6U, 7U, 11U, 16U}) {
      for (const std::size_t n : extents) {
        for (const std::size_t k : {1U, 2U, 5U, 64U}) {
          for (const bool in_columns : {false, true}) {
            for (const bool accumulate : {false, true}) {
              check_kernel<float>(table, {m, n, k}, in_columns, accumulate, engine);
              check_kernel<double>(table, {m, n, k}, in_columns, accumulate, engine);
            }
          }
        }
      }
    }
  });
}

BOOST_AUTO_TEST_CASE(transposes_of_every_instruction_set) {
  for_each_table([](const kernels::BlockTable& table) {
    std::mt19937 engine(2);
    for (const std::size_t rows : extents) {
      for (const std::size_t columns : extents) {
        check_transpose<float>(table, rows, columns, engine);
        check_transpose<double>(table, rows, columns, engine);
      }
    }
  });
}

namespace {

/// Each matrix by itself, as BLAS computes it.
Var one_by_one(const Var& a, const Var& b) {
  std::vector<Var> products;
  for (std::size_t i = 0; i < a.shape()[0]; ++i) {
    const auto matrix = [&](const Var& x) { return view(x, static_cast<std::ptrdiff_t>(i)); };
    products.push_back(matmul(matrix(a), matrix(b)));
  }
  return stack(products);
}

bool is_near(const Var& x, const Var& y) {
  const double tolerance = x.dtype() == xg::DType::Float32 ? 1e-5 : 1e-13;
  return x.shape() == y.shape() && x.dtype() == y.dtype() &&
         amax(abs(cast(x - y, xg::DType::Float64))).item<double>() <= tolerance * 64;
}

bool same_bits(const Var& x, const Var& y) { return x.shape() == y.shape() && all(equal(x, y)).item<bool>(); }

Var numbers(std::uint64_t seed, const Shape& shape, xg::DType dtype) {
  return xg::random::normal(xg::random::Key(seed), shape, dtype);
}

}  // namespace

namespace {

/// How a stack lies in memory, and the view of that which is the stack: in a plan it is not copied.
struct Layout {
  Var (*stored)(const Var& x);
  Var (*view)(const Var& memory);
};

Var as_it_is(const Var& x) { return x; }
Var turned(const Var& x) { return swapaxes(x, 1, 2); }
Var first_axis_second(const Var& x) { return swapaxes(x, 0, 1); }
Var first_axis_last(const Var& x) { return moveaxis(x, 0, 2); }
Var last_axis_first(const Var& x) { return moveaxis(x, 2, 0); }
Var with_margins(const Var& x) { return pad(x, {{0, 0}, {0, 1}, {2, 3}}); }
Var without_margins(const Var& x) { return view(x, xt::all(), xt::range(0, -1), xt::range(2, -3)); }

constexpr std::array<Layout, 5> layouts{{{as_it_is, as_it_is},
                                         {turned, turned},
                                         {first_axis_second, first_axis_second},
                                         {first_axis_last, last_axis_first},
                                         {with_margins, without_margins}}};

}  // namespace

BOOST_AUTO_TEST_CASE(stacks_of_all_layouts) {
  for (const xg::DType dtype : {xg::DType::Float32, xg::DType::Float64}) {
    for (const auto& [m, n, k] : {Size{4, 4, 4}, Size{8, 8, 8}, Size{5, 1, 9}, Size{1, 6, 3}, Size{3, 17, 1},
                                  Size{64, 64, 64}, Size{65, 3, 2}, Size{2, 3, 65}}) {
      const Var a = numbers(1, {7, m, k}, dtype);
      const Var b = numbers(2, {7, k, n}, dtype);
      const Var wanted = one_by_one(a, b);
      for (const Layout& of_a : layouts) {
        for (const Layout& of_b : layouts) {
          const auto f = xg::compile([&](const Var& x, const Var& y) { return matmul(of_a.view(x), of_b.view(y)); });
          BOOST_TEST(is_near(f(of_a.stored(a), of_b.stored(b)), wanted));
        }
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(one_matrix_for_all) {
  const Var a = numbers(3, {6, 4, 5}, xg::DType::Float64);
  const Var b = numbers(4, {3, 5}, xg::DType::Float64);
  const Var product = matmul(a, broadcast_to(transpose(b), {6, 5, 3}));
  for (std::ptrdiff_t i = 0; i < 6; ++i) BOOST_TEST(is_near(view(product, i), matmul(view(a, i), transpose(b))));
}

BOOST_AUTO_TEST_CASE(products_that_are_added) {
  const auto f = xg::compile([](const Var& a, const Var& b, const Var& c) { return c - 0.5 * matmul(a, b); });
  const Var a = numbers(5, {9, 6, 7}, xg::DType::Float64);
  const Var b = numbers(6, {9, 7, 5}, xg::DType::Float64);
  const Var c = numbers(7, {9, 6, 5}, xg::DType::Float64);
  BOOST_TEST(is_near(f(a, b, c), c - 0.5 * one_by_one(a, b)));
}

BOOST_AUTO_TEST_CASE(infinities_and_nan) {
  const double infinity = std::numeric_limits<double>::infinity();
  const Var a = xt::xarray<double>{{{infinity, 0.0}, {1.0, 2.0}}, {{1.0, 0.0}, {0.0, 1.0}}};
  const Var b = xt::xarray<double>{{{1.0, 0.0}, {0.0, 1.0}}, {{NAN, 2.0}, {3.0, 4.0}}};
  const auto product = matmul(a, b).array<double>();
  BOOST_TEST((product(0, 0, 0) == infinity && std::isnan(product(0, 0, 1)) && product(0, 1, 0) == 1.0));
  BOOST_TEST((std::isnan(product(1, 0, 0)) && std::isnan(product(1, 1, 0)) && product(1, 1, 1) == 4.0));
}

BOOST_AUTO_TEST_CASE(same_bits_on_any_number_of_threads) {
  const Var a = numbers(8, {700, 9, 12}, xg::DType::Float32);
  const Var b = numbers(9, {700, 12, 10}, xg::DType::Float32);
  const Var c = numbers(10, {3, 1, 20, 20}, xg::DType::Float64);
  const Var d = numbers(11, {1, 50, 20, 20}, xg::DType::Float64);
  const auto both = [&] { return std::pair{matmul(a, b), matmul(c, swapaxes(d, 2, 3))}; };
  const auto [x, y] = both();
  for (const int count : {2, 7}) {
    xg::set_threads(count);
    const auto [u, v] = both();
    xg::set_threads(1);
    BOOST_TEST(same_bits(x, u));
    BOOST_TEST(same_bits(y, v));
  }
}

BOOST_AUTO_TEST_SUITE_END()
