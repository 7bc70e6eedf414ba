// Values of recorded Vars: whatever is asked for, in any order, is what concrete Vars give.
#include "comparing.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <iterator>
#include <limits>
#include <optional>
#include <random>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <boost/test/unit_test.hpp>
#include <xgrad/xgrad.hpp>

BOOST_AUTO_TEST_SUITE(test_evaluate)

namespace xg = xgrad;
using comparing::near;
using comparing::same;
using comparing::throws;
using xg::Tape;
using xg::Var;

namespace {

Var matrix() { return xt::xarray<double>{{1.0, 2.0}, {3.0, 4.0}}; }

}  // namespace

BOOST_AUTO_TEST_CASE(values_are_concrete_and_kept) {
  std::optional<Tape> tape(std::in_place);
  const Var x = tape->leaf(matrix());
  const Var y = x * 2.0;
  const xg::Array<double>& array = y.array<double>();
  const std::vector<Var> values = tape->evaluate(std::vector<Var>{y, y, x, 1.0, matrix()});
  BOOST_TEST(&y.array<double>() == &array);
  BOOST_TEST(values[0].array<double>().data() == array.data());
  BOOST_TEST(values[1].array<double>().data() == array.data());
  for (const Var& value : values) BOOST_TEST(!value.recorded());
  BOOST_TEST(values[3].item<double>() == 1.0);
  tape.reset();
  BOOST_TEST(same(values[0], 2.0 * matrix()));
  BOOST_TEST(same(values[2], matrix()));
}

// Of concrete operands the kernel is called and nothing is planned, if they have few elements.
BOOST_AUTO_TEST_CASE(few_elements_at_once) {
  using Function = Var (*)(const Var&, const Var&);
  const Function functions[] = {
      [](const Var& a, const Var& b) { return a + b; },
      [](const Var& a, const Var& b) { return a / b; },
      [](const Var& a, const Var&) { return 2.0 - a; },
      [](const Var& a, const Var&) { return a * 0.1; },
      [](const Var& a, const Var&) { return exp(a); },
      [](const Var& a, const Var&) { return log_cosh(a); },
      [](const Var& a, const Var& b) { return maximum(a, b); },
      [](const Var& a, const Var& b) { return a < b; },
      [](const Var& a, const Var&) { return 0.5 <= a; },
      [](const Var& a, const Var& b) { return where(a < b, a, b); },
      [](const Var& a, const Var& b) { return where(a < b, 1.0, b); },
      [](const Var& a, const Var& b) { return where(a < b, 1.0, 2.0); },
      [](const Var& a, const Var&) { return lgamma(a); },
  };
  for (const xg::DType dtype : {xg::DType::Float32, xg::DType::Float64}) {
    for (const xg::Shape& shape : {xg::Shape{}, {1}, {7}, {2, 8}, {17}, {64, 64}, {4097}}) {
      const Var a = cast(comparing::wave(shape), dtype);
      const Var b = cast(comparing::wave(shape, 1.0), dtype);
      for (const Function f : functions) {
        const Var planned = xg::compile(f)(a, b);
        const xg::PlanCache before = xg::plan_cache();
        const Var result = f(a, b);
        const xg::PlanCache after = xg::plan_cache();
        BOOST_TEST(same(result, planned));
        const bool plans = after.hits + after.misses != before.hits + before.misses;
        BOOST_TEST(plans == (a.size() > 4096));
      }
    }
  }
}

namespace {

bool plans(const std::function<Var()>& f) {
  const xg::PlanCache before = xg::plan_cache();
  (void)f();
  const xg::PlanCache after = xg::plan_cache();
  return after.hits + after.misses != before.hits + before.misses;
}

/// With what is not a usual number, too.
Var unusual(const xg::Shape& shape, double phase) {
  auto array = xg::Array<double>::from_shape(shape);
  const double special[] = {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity(), -0.0};
  for (std::size_t i = 0; i < array.size(); ++i) {
    const bool usual = i % 7 != 5;
    array.data()[i] = usual ? std::sin(phase + 0.7 * static_cast<double>(i)) : special[i / 7 % 3];
  }
  return {std::move(array)};
}

}  // namespace

BOOST_AUTO_TEST_CASE(few_elements_that_broadcast_at_once) {
  using Function = Var (*)(const Var&, const Var&);
  const Function functions[] = {
      [](const Var& a, const Var& b) { return a + b; },
      [](const Var& a, const Var& b) { return b / a; },
      [](const Var& a, const Var& b) { return maximum(a, b); },
      [](const Var& a, const Var& b) { return where(a < b, b, a); },
      [](const Var& a, const Var& b) { return where(b < 0.1, a, 2.0); },
      [](const Var& a, const Var& b) { return pow(abs(a), b); },
  };
  const Var a = unusual({3, 4, 5}, 0.0);
  for (const xg::Shape& shape : {xg::Shape{}, {1}, {5}, {4, 1}, {1, 5}, {3, 1, 1}, {3, 1, 5}, {1, 1, 1, 1}}) {
    const Var b = unusual(shape, 1.0);
    for (const Function f : functions) {
      BOOST_TEST(same(f(a, b), xg::compile(f)(a, b)));
      BOOST_TEST(same(f(b, a), xg::compile(f)(b, a)));
    }
    if (shape.size() < 4) BOOST_TEST(!plans([&] { return a + b; }));
  }
}

// So it is with views, reductions, products and what kernels over whole arrays do.
BOOST_AUTO_TEST_CASE(other_operations_at_once) {
  using Function = Var (*)(const Var&);
  const Function functions[] = {
      [](const Var& x) { return reshape(x, {-1}); },
      [](const Var& x) { return transpose(x); },
      [](const Var& x) { return view(x, xt::range(1, 3), xt::range(0, xt::placeholders::_, 2)); },
      [](const Var& x) { return view(x, -1, xt::range(xt::placeholders::_, xt::placeholders::_, -1)); },
      [](const Var& x) {
        return broadcast_to(x, {2, x.shape()[0], x.shape()[1]});
      },
      [](const Var& x) { return cast(x, xg::DType::Float32); },
      [](const Var& x) { return cast(x, xg::DType::Bool); },
      [](const Var& x) { return cast(where(isfinite(x), x, 0.0), xg::DType::Int64); },
      [](const Var& x) { return sum(x); },
      [](const Var& x) { return sum(x, 0); },
      [](const Var& x) { return sum(x, 1, xg::keep_dims); },
      [](const Var& x) { return sum(x > 0.2, 0); },
      [](const Var& x) { return mean(x, 1); },
      [](const Var& x) { return amax(x); },
      [](const Var& x) { return amax(x, 0); },
      [](const Var& x) { return amin(x, 1); },
      [](const Var& x) { return norm(x); },
      [](const Var& x) { return norm(x, 0); },
      [](const Var& x) { return norm(x, 1); },
      [](const Var& x) { return argmax(x, 1); },
      [](const Var& x) { return any(x > 0.9); },
      [](const Var& x) { return all(x > 0.9, 0); },
      [](const Var& x) { return cumsum(x, 0); },
      [](const Var& x) { return argsort(x, 1); },
      [](const Var& x) { return sort(x, 0); },
      [](const Var& x) { return roll(x, 3, 1); },
      [](const Var& x) {
        return xg::concatenate({x, x, x}, 1);
      },
      [](const Var& x) {
        return xg::stack({x, x + 1.0}, 1);
      },
      [](const Var& x) {
        return take(x, Var(xt::xarray<std::int64_t>{2, -1, 0}), 0);
      },
      [](const Var& x) { return matmul(x, transpose(x)); },
      [](const Var& x) { return matmul(transpose(x), x); },
      [](const Var& x) { return matmul(x, view(x, 0)); },
      [](const Var& x) { return matmul(view(x, 1), transpose(x)); },
      [](const Var& x) { return dot(view(x, 0), view(x, 1)); },
      [](const Var& x) { return outer(view(x, 0), view(x, 1)); },
  };
  for (const xg::DType dtype : {xg::DType::Float32, xg::DType::Float64, xg::DType::Int64, xg::DType::Bool}) {
    for (const xg::Shape& shape : {xg::Shape{3, 4}, {3, 1}, {4, 17}, {19, 7}, {3, 333}, {40, 100}}) {
      const Var numbers = dtype == xg::DType::Int64 ? round(10.0 * comparing::wave(shape)) : unusual(shape, 0.3);
      const Var x = cast(numbers, dtype);
      for (const Function f : functions) BOOST_TEST(same(f(x), xg::compile(f)(x)));
    }
  }
  const Var x = unusual({3, 4}, 0.3);
  for (std::size_t k = 0; k < std::size(functions); ++k) {
    BOOST_TEST_INFO("function " << k);
    BOOST_TEST(!plans([&] { return functions[k](x); }));
  }
  BOOST_TEST(plans([] { return sum(xg::full({4097}, Var(2.0))); }));
}

BOOST_AUTO_TEST_CASE(errors_of_operations_at_once) {
  const auto same_error = [](auto f, const Var& x) {
    const auto text = [&](const auto& call) {
      try {
        (void)call(x);
      } catch (const xg::Error& error) {
        return std::string(error.what());
      }
      return std::string();
    };
    const std::string expected = text(xg::compile(f));
    return !expected.empty() && text(f) == expected;
  };
  const Var x = xt::xarray<double>{1.0, std::numeric_limits<double>::infinity(), 3.0};
  BOOST_TEST(same_error([](const Var& y) { return cast(y, xg::DType::Int64); }, x));
  BOOST_TEST(same_error([](const Var& y) { return take(y, Var(xt::xarray<std::int64_t>{5}), 0); }, x));
  BOOST_TEST(same_error([](const Var& y) { return take_along_axis(y, Var(xt::xarray<std::int64_t>{-4}), 0); }, x));
  BOOST_TEST(same(sum(xg::zeros({0, 3}), 0), xg::zeros({3})));
  BOOST_TEST(same(matmul(xg::zeros({2, 0}), xg::zeros({0, 3})), xg::zeros({2, 3})));
  BOOST_TEST(
      same(cast(Var(2.5), xg::DType::Int64), xg::compile([](const Var& y) { return cast(y, xg::DType::Int64); })(2.5)));
}

BOOST_AUTO_TEST_CASE(powers_at_once) {
  const Var x = xt::xarray<double>{0.3, 1.7, 2.9, 1e-3};
  for (const double exponent : {0.75, 2.0, -0.5, 1.1, 1.0}) {
    const auto f = [exponent](const Var& base) { return pow(base, exponent); };
    BOOST_TEST(same(f(x), xg::compile(f)(x)));
    BOOST_TEST(same(pow(x, xg::full_like(x, exponent)),
                    xg::compile([](const Var& a, const Var& b) { return pow(a, b); })(x, xg::full_like(x, exponent))));
  }
}

BOOST_AUTO_TEST_CASE(numbers_at_once) {
  const Var two = 2.0;
  BOOST_TEST((two * 3).dtype() == xg::DType::Float64);
  BOOST_TEST((cast<float>(xg::ones({3})) * (two * 3)).dtype() == xg::DType::Float32);  // still a number
  BOOST_TEST((Var(2) + 3).dtype() == xg::DType::Int64);
  BOOST_TEST((Var(true) + true).item<std::int64_t>() == 2);
  BOOST_TEST((Var(1) / 2).item<double>() == 0.5);
  BOOST_TEST(same(xg::full({}, 2.0) + 1, xg::full({}, 3.0)));
  BOOST_TEST(throws<xg::ShapeError>([] { return xg::ones({2}) + xg::ones({3}); }, {"add", "[2]", "[3]"}));
  BOOST_TEST(throws<xg::TapeError>([] { return Var() + 1.0; }, {"add", "empty"}));
  BOOST_TEST((xg::ones({0}) + 1.0).size() == 0U);
}

BOOST_AUTO_TEST_CASE(trees_and_nothing) {
  Tape tape;
  const Var x = tape.leaf(matrix());
  const auto [a, b] = tape.evaluate(std::tuple{x + 1.0, std::vector<Var>{x * 2.0, x}});
  BOOST_TEST(same(a, matrix() + 1.0));
  BOOST_TEST(same(b[0], matrix() * 2.0));
  BOOST_TEST(same(b[1], matrix()));
  BOOST_TEST(tape.evaluate(std::vector<Var>{}).empty());
}

BOOST_AUTO_TEST_CASE(views_and_sources_as_results) {
  Tape tape;
  const Var x = tape.leaf(matrix());
  const Var y = exp(x);
  const Var t = transpose(y);
  const Var row = view(y, 1);
  const Var flat = reshape(t, {4});
  const Var spread = broadcast_to(row, {3, 2});
  const Var later = y * 2.0 + transpose(t);  // may not overwrite what the views still need
  const Var constant = ones_like(y);
  const std::vector<Var> recorded{later, t, row, flat, spread, constant, x, transpose(x), flatten(x), y, t};
  const std::vector<Var> values = tape.evaluate(recorded);
  const Var e = exp(matrix());
  BOOST_TEST(same(values[0], e * 3.0));
  BOOST_TEST(same(values[1], transpose(e)));
  BOOST_TEST(same(values[2], view(e, 1)));
  BOOST_TEST(same(values[3], reshape(transpose(e), {4})));
  BOOST_TEST(same(values[4], broadcast_to(view(e, 1), {3, 2})));
  BOOST_TEST(same(values[5], Var(xt::xarray<double>{{1.0, 1.0}, {1.0, 1.0}})));
  BOOST_TEST(same(values[6], matrix()));
  BOOST_TEST(same(values[7], transpose(matrix())));
  BOOST_TEST(same(values[8], flatten(matrix())));
  BOOST_TEST(same(values[9], e));
  BOOST_TEST(same(values[10], transpose(e)));
}

BOOST_AUTO_TEST_CASE(no_elements) {
  Tape tape;
  const Var x = tape.leaf(xt::xarray<double>::from_shape({0, 3}));
  const Var y = transpose(exp(x) + 1.0);
  const Var flat = reshape(y, {3, 0, 2});
  BOOST_TEST((y.array<double>().shape() == xg::Shape{3, 0}));
  BOOST_TEST((flat.array<double>().shape() == xg::Shape{3, 0, 2}));
  BOOST_TEST(sum(y).item<double>() == 0.0);
  BOOST_TEST((tape.gradient(sum(y), x).array<double>().shape() == xg::Shape{0, 3}));
}

namespace {

/// A random program over matrices, run twice: recorded, and at once with concrete Vars.
struct RandomProgram {
  Tape tape;
  std::vector<Var> recorded;
  std::vector<Var> concrete;

  RandomProgram(std::mt19937& random, bool exact) {
    for (int i = 0; i < 3; ++i) {
      auto values = xg::Array<double>::from_shape({3, 4});
      for (double& value : values) value = std::uniform_real_distribution<double>(-1.0, 1.0)(random);
      const Var x = std::move(values);
      add(tape.leaf(x), x);
    }
    for (int i = 0; i < 60; ++i) {
      const std::size_t a = pick(random);
      const std::size_t b = pick(random);
      const std::uint_fast32_t kind = random() % 14;
      add(step(kind, recorded[a], recorded[b], exact), step(kind, concrete[a], concrete[b], exact));
    }
  }

  std::size_t pick(std::mt19937& random) const {
    // Mostly what was made just before, so that values die early and their memory is used again.
    const std::size_t recent = std::min<std::size_t>(recorded.size(), random() % 4 == 0 ? recorded.size() : 4);
    return recorded.size() - 1 - random() % recent;
  }

  /// All results are [3, 4]. If exact, nothing is summed: the order of a sum may depend on how its terms lie in memory.
  static Var step(std::uint_fast32_t kind, const Var& a, const Var& b, bool exact) {
    switch (kind) {
      case 0:
        return a + b;
      case 1:
        return a * b;
      case 2:
        return a - a;
      case 3:
        return transpose(reshape(tanh(a), {4, 3}));
      case 4:
        return reshape(transpose(a), {3, 4});
      case 5:
        return where(a < b, a, 0.5 * b);
      case 6:
        return broadcast_to(view(a, 1), {3, 4}) + b;
      case 7:
        return view(a, xt::range(2, xt::placeholders::_, -1)) * 0.5;
      case 8:
        return exact ? b : tanh(a) + sum(b, 1, xg::keep_dims) * 0.1;
      case 9:
        return ones_like(a) * 0.25;
      case 10:
        return view(a, xt::all(), xt::range(3, xt::placeholders::_, -1));
      case 11:
        return exact ? a : matmul(matmul(a, transpose(b)), b) * 0.05;
      case 12:
        return cast<double>(cast<bool>(a > b)) - tanh(b);
      default:
        return tanh(-a);
    }
  }

  void add(const Var& r, const Var& c) {
    recorded.push_back(r);
    concrete.push_back(c);
  }
};

}  // namespace

BOOST_AUTO_TEST_CASE(random_programs_and_random_results) {
  std::mt19937 random(20240501);
  for (int program = 0; program < 200; ++program) {
    const bool exact = program % 2 == 0;
    RandomProgram both(random, exact);
    const auto equal = [&](const Var& a, const Var& b) { return exact ? same(a, b) : near(a, b, 1e-13); };
    for (int round = 0; round < 3; ++round) {
      std::vector<std::size_t> chosen;
      for (int i = 0; i < 5; ++i) chosen.push_back(random() % both.recorded.size());
      std::vector<Var> wanted;
      for (const std::size_t i : chosen) wanted.push_back(both.recorded[i]);
      const std::vector<Var> values = both.tape.evaluate(wanted);
      bool good = true;
      for (std::size_t i = 0; i < chosen.size(); ++i) good = good && equal(values[i], both.concrete[chosen[i]]);
      BOOST_TEST(good, "program " << program << ", round " << round);
    }
    // Everything at once, with what is known already, and inputs as they were.
    const std::vector<Var> all = both.tape.evaluate(both.recorded);
    bool good = true;
    for (std::size_t i = 0; i < all.size(); ++i) good = good && equal(all[i], both.concrete[i]);
    BOOST_TEST(good, "program " << program);
  }
}

BOOST_AUTO_TEST_CASE(gradients_do_not_depend_on_what_was_evaluated) {
  std::mt19937 random(7);
  for (int program = 0; program < 40; ++program) {
    RandomProgram both(random, false);
    const Var loss = sum(both.recorded.back() + both.recorded[20]);
    const std::vector<Var> inputs(both.recorded.begin(), both.recorded.begin() + 3);
    const std::vector<Var> before = both.tape.evaluate(both.tape.gradients(loss, inputs));
    (void)both.tape.evaluate(std::vector<Var>{both.recorded[10], both.recorded[30], loss});
    const std::vector<Var> after = both.tape.evaluate(both.tape.gradients(loss, inputs));
    for (std::size_t i = 0; i < inputs.size(); ++i) BOOST_TEST(near(after[i], before[i], 1e-13));
  }
}

BOOST_AUTO_TEST_CASE(errors_of_values_appear_when_evaluated) {
  Tape tape;
  const Var x = tape.leaf(matrix());
  const Var bad = take(x, tape.leaf(xt::xarray<int>{7}), 0) + 1.0;
  BOOST_TEST(throws<xg::ValueError>([&] { return tape.evaluate(bad); }, {"take", "7"}));
  BOOST_TEST(throws<xg::ValueError>([&] { return bad.array<double>(); }, {"take", "7"}));
  BOOST_TEST(same(tape.evaluate(x + 1.0), matrix() + 1.0));  // the tape is as good as before
}

BOOST_AUTO_TEST_SUITE_END()
