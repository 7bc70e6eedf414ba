// compile(): products that are added to a donated argument in its own memory.
#include "comparing.hpp"
#include "donation.hpp"

#include <limits>
#include <utility>

#include <boost/test/unit_test.hpp>
#include <xgrad/xgrad.hpp>

BOOST_AUTO_TEST_SUITE(test_compile_products)

namespace xg = xgrad;
using comparing::near;
using comparing::wave;
using donation::alike;
using donation::check;
using donation::place;
using donation::Vars;
using xg::DType;
using xg::Var;

namespace {

/// W - lr * (A^T B) and the like, with every way of writing it.
void check_products(const Var& w, const Var& a, const Var& b, const Var& rate, double tolerance) {
  const auto each = [&](const char* what, auto f) { check(what, f, w, rate, tolerance); };
  const Var at = transpose(a);
  each("-", [=](const Var& c, const Var&) { return Vars{c - matmul(at, b)}; });
  each("- number", [=](const Var& c, const Var&) { return Vars{c - 0.1 * matmul(at, b)}; });
  each("- argument", [=](const Var& c, const Var& lr) { return Vars{c - lr * matmul(at, b)}; });
  each("- behind", [=](const Var& c, const Var& lr) { return Vars{c - matmul(at, b) * lr}; });
  each("+", [=](const Var& c, const Var& lr) { return Vars{c + lr * matmul(at, b)}; });
  each("+ in front", [=](const Var& c, const Var& lr) { return Vars{lr * matmul(at, b) + c}; });
  each("reverse -", [=](const Var& c, const Var& lr) { return Vars{lr * matmul(at, b) - c}; });
  each("- -", [=](const Var& c, const Var& lr) { return Vars{c - -(lr * matmul(at, b))}; });
  each("+ -", [=](const Var& c, const Var& lr) { return Vars{-(lr * matmul(at, b)) + c}; });
  each("+ - inner", [=](const Var& c, const Var& lr) { return Vars{c + lr * -matmul(at, b)}; });
  each("special", [=](const Var& c, const Var&) {
    return Vars{c - 0.0 * matmul(at, b), c + 1.0 * matmul(at, b), c - -1.0 * matmul(at, b), c + 2.0 * matmul(at, b)};
  });
  each("product is a result", [=](const Var& c, const Var& lr) {
    const Var product = matmul(at, b);
    return Vars{c - lr * product, product};
  });
  each("product used twice", [=](const Var& c, const Var& lr) {
    const Var product = matmul(at, b);
    return Vars{c - lr * product, sum(product)};
  });
  each("argument is used later", [=](const Var& c, const Var& lr) {
    return Vars{c - lr * matmul(at, b), sum(c), c + 1.0};
  });
  each("argument is a result", [=](const Var& c, const Var& lr) { return Vars{c - lr * matmul(at, b), c}; });
  each("twice", [=](const Var& c, const Var& lr) {
    const Var once = c - lr * matmul(at, b);
    return Vars{once - lr * matmul(at, b)};
  });
  each("both", [=](const Var& c, const Var& lr) { return Vars{c - lr * matmul(at, b), c + lr * matmul(at, b)}; });
  each("transposed", [=](const Var& c, const Var& lr) { return Vars{transpose(c) - lr * matmul(transpose(b), a)}; });
}

}  // namespace

BOOST_AUTO_TEST_CASE(in_place) {
  const Var rates[] = {0.1, 0.0, 1.0, Var(xg::Array<double>(xg::Shape(), 0.25)), Var(xg::Array<double>({1}, 0.25))};
  for (const Var& rate : rates) {
    check_products(wave({3, 4}), wave({5, 3}, 1.0), wave({5, 4}, 2.0), rate, 1e-12);
    check_products(wave({3, 3}), wave({3, 3}, 1.0), wave({3, 3}, 2.0), rate, 1e-12);
    check_products(wave({1, 1}), wave({5, 1}, 1.0), wave({5, 1}, 2.0), rate, 1e-12);
    check_products(wave({3, 4}), wave({0, 3}), wave({0, 4}), rate, 1e-12);
    check_products(wave({0, 4}), wave({5, 0}), wave({5, 4}), rate, 1e-12);
    check_products(wave({1, 4}), wave({5, 1}, 1.0), wave({5, 4}, 2.0), rate, 1e-12);
    check_products(wave({3, 1}), wave({5, 3}, 1.0), wave({5, 1}, 2.0), rate, 1e-12);
  }
  check_products(wave<float>({30, 40}), wave<float>({50, 30}, 1.0), wave<float>({50, 40}, 2.0),
                 Var(xg::Array<float>(xg::Shape(), 0.1F)), 1e-5);
}

BOOST_AUTO_TEST_CASE(memory_is_kept) {
  const Var a = wave({5, 3}, 1.0);
  const Var b = wave({5, 4}, 2.0);
  const auto compiled = xg::compile([=](const Var& w, const Var& lr) { return w - lr * matmul(transpose(a), b); });
  Var w = wave({3, 4});
  const double* const memory = place(w);
  for (const double rate : {0.1, 0.0, -0.5}) {
    const Var expected = (w * 1.0) - rate * matmul(transpose(a), b);
    w = compiled(std::move(w), rate);
    BOOST_TEST(place(w) == memory);
    BOOST_TEST(near(w, expected));
  }
}

BOOST_AUTO_TEST_CASE(a_product_of_the_argument_itself) {
  const Var x = wave({4, 4}, 1.0);
  for (const Var& w : {wave({4, 4}), wave<float>({4, 4}), wave({70, 70}), wave({300, 300}), wave({1, 1})}) {
    const double tolerance = w.dtype() == DType::Float32 ? 1e-5 : 1e-12;
    const Var lr = cast(Var(xg::Array<double>(xg::Shape(), 0.1)), w.dtype());
    const auto each = [&](const char* what, auto f) { check(what, f, w, lr, tolerance); };
    each("W - W W", [](const Var& c, const Var&) { return Vars{c - matmul(c, c)}; });
    each("W - lr W W", [](const Var& c, const Var& rate) { return Vars{c - rate * matmul(c, c)}; });
    each("W - W W^T", [](const Var& c, const Var&) { return Vars{c - 0.1 * matmul(c, transpose(c))}; });
    each("W - W^T W", [](const Var& c, const Var&) { return Vars{c - 0.1 * matmul(transpose(c), c)}; });
    each("W + (2 W) W", [](const Var& c, const Var&) { return Vars{c + matmul(2.0 * c, c)}; });
    each("W + W (2 W)", [](const Var& c, const Var&) { return Vars{c + matmul(c, 2.0 * c)}; });
    each("W - W[0, 0] (2 W) (3 W)",
         [](const Var& c, const Var&) { return Vars{c - view(c, 0, 0) * matmul(2.0 * c, 3.0 * c)}; });
    each("matrix times vector", [](const Var& c, const Var&) {
      return Vars{view(c, 0) - matmul(c, view(c, 0)), c + 1.0};
    });
  }
  check(
      "outer",
      [](const Var& c, const Var&) {
        return Vars{c - matmul(c, wave({4, 4}, 1.0))};
      },
      wave({4}), 1.0);
}

BOOST_AUTO_TEST_CASE(stacks_and_vectors) {
  const Var lr = 0.3;
  check(
      "stack",
      [](const Var& c, const Var& r) {
        return Vars{c - r * matmul(wave({2, 3, 5}), wave({2, 5, 4}))};
      },
      wave({2, 3, 4}), lr);
  check(
      "one matrix for all",
      [](const Var& c, const Var& r) {
        return Vars{c - r * matmul(wave({2, 3, 5}), wave({5, 4}))};
      },
      wave({2, 3, 4}), lr);
  check(
      "rates of rows",
      [](const Var& c, const Var& r) {
        return Vars{c - r * matmul(wave({3, 5}), wave({5, 4}))};
      },
      wave({3, 4}), wave({3, 1}));
  check(
      "broadcast",
      [](const Var& c, const Var& r) {
        return Vars{c - r * matmul(wave({3, 5}), wave({5, 4}))};
      },
      wave({4}), lr);
  check(
      "broadcast product",
      [](const Var& c, const Var& r) {
        return Vars{c - r * matmul(wave({1, 5}), wave({5, 4}))};
      },
      wave({3, 4}), lr);
  check(
      "vector",
      [](const Var& c, const Var& r) {
        return Vars{c - r * matmul(wave({3, 5}), wave({5}))};
      },
      wave({3}), lr);
  check(
      "vector in front",
      [](const Var& c, const Var& r) {
        return Vars{c - r * matmul(wave({5}), wave({5, 3}))};
      },
      wave({3}), lr);
  check(
      "scalar product", [](const Var& c, const Var& r) { return Vars{c - r * matmul(wave({5}), wave({5}, 1.0))}; },
      wave({}), lr);
  check(
      "integers",
      [](const Var& c, const Var&) {
        return Vars{c - 2 * matmul(wave<std::int64_t>({3, 5}), wave<std::int64_t>({5, 4}))};
      },
      wave<std::int64_t>({3, 4}), lr);
}

BOOST_AUTO_TEST_CASE(special_numbers) {
  constexpr double inf = std::numeric_limits<double>::infinity();
  constexpr double nan = std::numeric_limits<double>::quiet_NaN();
  constexpr double large = 1e200;  // its square is infinite
  const auto f = [](const Var& w, const Var& a, const Var& b, const Var& lr) {
    return w - lr * matmul(transpose(a), b);
  };
  const auto compiled = xg::compile(f);
  for (const double special : {inf, -inf, nan, large, -large, 0.0, 1.0}) {
    for (const double rate : {0.0, -0.0, 1.0, -1.0, 0.5, 1e-3, 1e-320, inf, nan}) {
      for (const std::size_t n : {1U, 4U, 33U}) {
        BOOST_TEST_INFO_SCOPE("rate " << rate << ", element " << special << ", n " << n);
        auto a = xg::Array<double>::from_shape({5, n});
        auto b = xg::Array<double>::from_shape({5, n});
        a.fill(0.5);
        b.fill(0.25);
        a(1, n / 2) = special;
        b(1, n / 2) = special == large ? special : 2.0;
        const Var left = a;
        const Var right = b;
        const Var expected = f(wave({n, n}), left, right, rate);
        BOOST_TEST(alike(compiled(wave({n, n}), left, right, rate), expected));
        Var w = wave({n, n});
        const Var other = w;
        BOOST_TEST(alike(compiled(std::move(w), left, right, rate), expected));
      }
    }
  }
}

// A number that scales a product must not meet its factors before they have met each other.
BOOST_AUTO_TEST_CASE(scales_of_extreme_size) {
  const auto f = [](const Var& w, const Var& a, const Var& b, const Var& lr) {
    return w - lr * matmul(transpose(a), b);
  };
  const auto compiled = xg::compile(f);
  for (const double rate : {1e-200, 1e200}) {
    for (const xg::Shape& shape : {xg::Shape{5, 1}, xg::Shape{5, 4}, xg::Shape{5, 40}}) {
      BOOST_TEST_INFO_SCOPE("rate " << rate << ", shape " << xg::to_string(shape));
      const Var one = ones_like(wave(shape));
      const Var small = one * (1.0 / rate);
      const xg::Shape square{shape[1], shape[1]};
      for (const auto& [a, b] : {std::pair{one * small, one}, std::pair{one, one * small}}) {
        BOOST_TEST(alike(compiled(zeros_like(wave(square)), a, b, rate), f(zeros_like(wave(square)), a, b, rate)));
      }
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
