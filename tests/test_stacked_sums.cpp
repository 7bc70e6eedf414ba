// Sums over stacks of products, which are one longer product.
#include <algorithm>
#include <random>
#include <string>
#include <tuple>
#include <vector>

#include <boost/test/unit_test.hpp>

#include <xgrad/xgrad.hpp>

BOOST_AUTO_TEST_SUITE(test_stacked_sums)

namespace xg = xgrad;
using xg::Var;

namespace {

/// Small whole numbers: their sums and products are exact, whatever the order.
Var whole_numbers(const std::vector<std::size_t>& shape, unsigned seed) {
  xt::xarray<double> result = xt::zeros<double>(shape);
  std::mt19937 engine(seed);
  for (std::size_t i = 0; i < result.size(); ++i) result.data()[i] = static_cast<double>(engine() % 16);
  return result;
}

bool same_elements(const Var& a, const Var& b) {
  const xg::Array<double> x = a.array<double>();
  const xg::Array<double> y = b.array<double>();
  return a.shape() == b.shape() && std::equal(x.begin(), x.end(), y.begin());
}

}  // namespace

BOOST_AUTO_TEST_CASE(with_derivatives) {
  const Var left = whole_numbers({6, 50, 4}, 1);
  const Var right = whole_numbers({5, 6, 4, 3}, 2);
  const Var weights = whole_numbers({6, 50, 1}, 3);
  const Var columns = whole_numbers({6, 1, 3}, 4);
  using Program = Var (*)(const Var&, const Var&, const Var&);
  // All numbers are whole, so that sums are exact in any order.
  const auto check = [&](const char* what, Program program, Program one_by_one, const Var& x, const Var& y,
                         const Var& w) {
    const auto results = [&](Program p) {
      const auto f = xg::compile([p](const Var& a, const Var& b, const Var& c) {
        const auto total = [p](const Var& d, const Var& e, const Var& g) { return sum(square(p(d, e, g))); };
        const auto [by_a, by_b, by_c] = xg::grad<0, 1, 2>(total)(a, b, c);
        return std::vector<Var>{p(a, b, c), by_a, by_b, by_c,
                                xg::jvp(p, std::tuple{a, b, c}, std::tuple{a, b, c}).tangent};
      });
      return f(x, y, w);
    };
    const std::vector<Var> found = results(program);
    const std::vector<Var> right_ones = results(one_by_one);
    for (std::size_t k = 0; k < found.size(); ++k) {
      BOOST_TEST(same_elements(found[k], right_ones[k]), what << ", result " << k);
    }
  };
  const Program of_rows = [](const Var& a, const Var& b, const Var& w) { return sum(w * matmul(a, b), 1); };
  const Program of_rows_singly = [](const Var& a, const Var& b, const Var& w) {
    Var total = 0.0;
    for (std::ptrdiff_t s = 0; s < 6; ++s) {
      const Var left_one = a.shape().size() == 3 ? view(a, s) : a;
      const Var right_one = b.shape().size() == 4 ? view(b, xt::all(), s) : b;
      total = total + view(w, s) * matmul(left_one, right_one);
    }
    return total;
  };
  const Program of_first = [](const Var& a, const Var& b, const Var& w) { return sum(w * matmul(a, b), 0); };
  const Program of_first_singly = [](const Var& a, const Var& b, const Var& w) {
    Var total = 0.0;
    for (std::ptrdiff_t s = 0; s < 5; ++s) total = total + w * matmul(a, view(b, s));
    return total;
  };
  const Program plain = [](const Var& a, const Var& b, const Var& w) { return sum(matmul(a, b), 1) + 0.0 * sum(w); };
  const Program plain_singly = [](const Var& a, const Var& b, const Var& w) {
    Var total = 0.0;
    for (std::ptrdiff_t s = 0; s < 6; ++s) total = total + matmul(view(a, s), view(b, xt::all(), s));
    return total + 0.0 * sum(w);
  };
  check("weights of rows", of_rows, of_rows_singly, left, right, weights);
  check("weights of columns", of_rows, of_rows_singly, left, right, columns);
  check("along the first axis", of_first, of_first_singly, left, right, weights);
  check("one left matrix", of_rows, of_rows_singly, view(left, 0), right, weights);
  check("one left matrix along the first axis", of_first, of_first_singly, view(left, 0), right, weights);
  check("no weights", plain, plain_singly, left, right, weights);
  const Var turned = swapaxes(whole_numbers({6, 4, 50}, 5), 1, 2);
  check("no weights, transposed", plain, plain_singly, turned, right, weights);
  const auto f = xg::compile([](const Var& a, const Var& b) { return sum(matmul(a, b), 0); });
  const Var wide = whole_numbers({6, 4, 50}, 6);
  BOOST_TEST(f.plan(left, wide).find("product of 50 x 24 and 24 x 50") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(along_one_of_six_axes) {
  const Var left = whole_numbers({2, 1, 2, 6, 50, 4}, 1);
  const Var right = whole_numbers({2, 3, 1, 6, 4, 40}, 2);
  const auto together = xg::compile([](const Var& a, const Var& b) { return sum(matmul(a, b), 3); });
  Var singly = 0.0;
  for (std::ptrdiff_t s = 0; s < 6; ++s) {
    const auto part = [s](const Var& x) { return view(x, xt::all(), xt::all(), xt::all(), s); };
    singly = singly + matmul(part(left), part(right));
  }
  BOOST_TEST(same_elements(together(left, right), singly));
}

BOOST_AUTO_TEST_CASE(columns_put_together_in_a_stack) {
  std::vector<Var> columns;
  for (unsigned k = 0; k < 3; ++k) columns.push_back(whole_numbers({2, 1, 1, 600, 1}, k));
  const Var factors = whole_numbers({2, 1, 1, 3, 1}, 7);
  const auto together =
      xg::compile([](const std::vector<Var>& x, const Var& w) { return matmul(concatenate(x, -1), w); });
  Var singly = 0.0;
  for (std::size_t k = 0; k < 3; ++k) {
    const auto first = static_cast<std::ptrdiff_t>(k);
    const Var factor = view(factors, xt::all(), xt::all(), xt::all(), xt::range(first, first + 1));
    singly = singly + columns[k] * factor;
  }
  BOOST_TEST(same_elements(together(columns, factors), singly));
}

BOOST_AUTO_TEST_SUITE_END()
