// host_call: C++ functions of arrays as operations, run when values are computed, in every transform.
#include <exception>
#include <random>
#include <stdexcept>
#include <string>
#include <thread>
#include <tuple>
#include <vector>

#include <boost/test/unit_test.hpp>
#include <xtensor/xstrided_view.hpp>

#include <xgrad/testing.hpp>
#include <xgrad/xgrad.hpp>

#include "comparing.hpp"

BOOST_AUTO_TEST_SUITE(test_host_call)

namespace xg = xgrad;
using comparing::near;
using comparing::same;
using comparing::throws;
using comparing::wave;
using xg::Array;
using xg::host_call;
using xg::Shape;
using xg::Var;
using xg::whole;

namespace {

const auto same_shape = [](const Shape& x) { return x; };

/// A function that counts its calls.
auto counted_cube(int& calls) {
  return host_call("cube", same_shape, [&calls](const Array<double>& x) -> Array<double> {
    ++calls;
    return x * x * x;
  });
}

template <class F>
auto with_derivative(const F& cube) {
  return xg::custom_vjp(
      [cube](const Var& x) {
        return std::pair{cube(x), x};
      },
      [](const Var& x, const Var& dy) { return 3.0 * x * x * dy; });
}

}  // namespace

BOOST_AUTO_TEST_CASE(parameters_and_results_say_their_element_types) {
  const Var x = wave({2, 3});
  const auto mixed = host_call(
      "mixed",
      [](const Shape& a, const Shape&, const Shape&) {
        return std::array{a, Shape(), Shape{2}};
      },
      [](const xt::xarray<double>& a, float scale, const Array<bool>& flags) {
        return std::tuple{a * static_cast<double>(scale), static_cast<std::int64_t>(a.size()),
                          xt::xarray<int>{flags() ? 1 : 0, 7}};
      });
  const auto [scaled, size, numbers] = mixed(x, 2.0, Var(xt::xarray<bool>{true}));
  BOOST_TEST(same(scaled, 2.0 * x));
  BOOST_TEST(same(size, Var(xt::xarray<std::int64_t>(6))));
  BOOST_TEST(same(numbers, Var(xt::xarray<std::int64_t>{1, 7})));
  // Vars are values, of any element type; plain functions and fixed shapes.
  const auto count = host_call("count", {}, [](const Var& any) { return static_cast<double>(any.size()); });
  BOOST_TEST(same(count(Var(xt::xarray<int>{1, 2})), Var(xt::xarray<double>(2.0))));
  const auto doubled = host_call(
      "double", Shape{2, 3}, +[](Array<double> a) -> Array<double> { return a + a; });
  BOOST_TEST(same(doubled(x), 2.0 * x));
  BOOST_TEST(throws<xg::TypeError>([&] { return doubled(cast<float>(x)); },
                                   {"host_call double", "argument 0", "float32", "takes float64", "cast"}));
}

BOOST_AUTO_TEST_CASE(it_runs_when_values_are_computed) {
  int calls = 0;
  const auto cube = counted_cube(calls);
  const Var x = wave({4});
  BOOST_TEST(same(cube(x), x * x * x));
  BOOST_TEST(calls == 1);
  const auto program = xg::compile([&](const Var& y) { return std::pair{sum(cube(y + 1.0)), y}; });
  calls = 0;
  for (int k = 0; k < 3; ++k) BOOST_TEST(near(program(x + k).first, sum((x + k + 1.0) * square(x + k + 1.0))));
  BOOST_TEST(calls == 3);
  // Of constants too, and not once when it is recorded.
  const auto of_constant = xg::compile([&](const Var& y) { return y + cube(Var(xt::xarray<double>{2.0})); });
  calls = 0;
  for (int k = 0; k < 3; ++k) BOOST_TEST(same(of_constant(x), x + 8.0));
  BOOST_TEST(calls == 3);
  // Not at all where nothing needs it.
  calls = 0;
  BOOST_TEST(same(xg::compile([&](const Var& y) {
                    (void)cube(y);
                    return y + 1.0;
                  })(x),
                  x + 1.0));
  BOOST_TEST(calls == 0);
  // Of no elements and of no axes.
  BOOST_TEST(same(cube(Var(Array<double>::from_shape({0, 3}))), Var(Array<double>::from_shape({0, 3}))));
  BOOST_TEST(same(cube(2.0), Var(xt::xarray<double>(8.0))));
}

BOOST_AUTO_TEST_CASE(it_runs_on_the_thread_of_the_caller) {
  std::vector<std::thread::id> ids;
  const auto doubled = host_call("doubled", same_shape, [&](const Array<double>& x) -> Array<double> {
    ids.push_back(std::this_thread::get_id());
    return 2.0 * x;
  });
  const auto f = [&](const Var& x) { return sum(exp(0.1 * doubled(sin(x)))) + sum(doubled(x)); };
  const auto compiled = xg::compile(f);
  const Var x = wave({200'000});  // long enough for several threads
  const auto all_here = [&](const Var& expected) {
    for (int round = 0; round < 2; ++round) {
      BOOST_TEST(near(f(x), expected, 1e-9));
      BOOST_TEST(near(compiled(x), expected, 1e-9));
      (void)xg::vmap(doubled)(reshape(x, {2, 100'000}));
      (void)xg::cond(
          sum(x) > -1e9, [&](const Var& y) { return sum(doubled(y)); }, [](const Var& y) { return sum(y); }, x);
    }
    BOOST_TEST(ids.size() >= 12U);
    for (const std::thread::id id : ids) BOOST_TEST((id == std::this_thread::get_id()));
    ids.clear();
  };
  const Var expected = f(x);
  ids.clear();
  for (const int threads : {1, 2}) {
    xg::set_threads(threads);
    all_here(expected);
  }
  std::thread other([&] { all_here(expected); });
  other.join();
  xg::set_threads(1);
}

BOOST_AUTO_TEST_CASE(draws_are_not_merged) {
  std::mt19937 engine(1);
  const auto draw = host_call("draw", Shape(), [&]() { return static_cast<double>(engine()); });
  const auto program = xg::compile([&](const Var& x) { return std::tuple{x + draw(), x + draw()}; });
  const Var zero = xt::xarray<double>(0.0);
  std::vector<Var> seen;
  for (int k = 0; k < 3; ++k) {
    const auto [a, b] = program(zero);
    for (const Var& each : {a, b}) {
      for (const Var& before : seen) BOOST_TEST(!same(each, before));
      seen.push_back(each);
    }
  }
}

BOOST_AUTO_TEST_CASE(a_rule_gives_it_derivatives_of_every_order) {
  int calls = 0;
  const auto cube = with_derivative(counted_cube(calls));
  const Var x = wave({3});
  const auto total = [&](const Var& y) { return sum(cube(y)); };
  BOOST_TEST(near(xg::grad(total)(x), 3.0 * square(x)));
  BOOST_TEST(near(xg::hessian(total)(x), 6.0 * x * Var(xt::eye<double>(3))));
  BOOST_TEST(near(xg::jvp(total, x, ones_like(x)).tangent, sum(3.0 * square(x))));
  BOOST_TEST(near(xg::compile(xg::grad(total))(x), 3.0 * square(x)));
  BOOST_TEST(xg::testing::check_gradients(total, x));
  BOOST_TEST(
      throws<xg::TapeError>([&] { return xg::grad([&](const Var& y) { return sum(counted_cube(calls)(y)); })(x); },
                            {"host_call cube", "no derivative", "custom_vjp", "stop_gradient"}));
  BOOST_TEST(
      near(xg::grad([&](const Var& y) { return sum(y * counted_cube(calls)(stop_gradient(y))); })(x), x * square(x)));
}

BOOST_AUTO_TEST_CASE(batches_are_one_call_after_another_or_one_call) {
  int calls = 0;
  const auto scaled = [&](xg::Batches batches) {
    return host_call(
        "scaled", [](const Shape& x, const Shape&) { return x; },
        [&](const Array<double>& x, const Array<double>& by) -> Array<double> {
          ++calls;
          return x * xt::strided_view(by, {xt::ellipsis(), xt::newaxis()});
        },
        batches);
  };
  const Var x = wave({4, 3});
  const Var by = wave({4}, 1.0);
  const Var expected = x * expand_dims(by, 1);
  for (const auto batches : {xg::Batches::OneByOne, xg::Batches::Together}) {
    const auto f = scaled(batches);
    const int each = batches == xg::Batches::OneByOne ? 4 : 1;
    calls = 0;
    BOOST_TEST(same(xg::vmap(f)(x, by), expected));
    BOOST_TEST(calls == each);
    BOOST_TEST(same(xg::vmap(f, {.in = {0, whole}, .out = 1})(x, view(by, 2)), transpose(x * view(by, 2))));
    BOOST_TEST(same(xg::compile(xg::vmap(f))(x, by), expected));
    // Batches of batches.
    const Var many = wave({2, 4, 3});
    BOOST_TEST(same(xg::vmap(xg::vmap(f), {.in = {0, whole}})(many, by), many * expand_dims(by, 1)));
  }
  // An argument that differs in the outer batch only.
  const auto add = host_call(
      "add", [](const Shape& a, const Shape&) { return a; },
      [](const Array<double>& a, const Array<double>& b) -> Array<double> { return a + b; }, xg::Batches::Together);
  const auto rows = [&](const Var& a, const Var& b) {
    return xg::vmap([&](const Var& row) { return add(row, b); })(a);
  };
  for (const Shape& shape : {Shape{3, 3, 3}, Shape{2, 4, 3}}) {
    const Var a = wave(shape);
    const Var b = wave({shape[0], shape[2]}, 1.0);
    BOOST_TEST(same(xg::vmap(rows)(a, b), a + expand_dims(b, 1)));
  }
  const auto cube = with_derivative(counted_cube(calls));
  BOOST_TEST(near(xg::vmap(xg::grad([&](const Var& row) { return sum(cube(row)); }))(x), 3.0 * square(x)));
  BOOST_TEST(near(xg::jacobian(cube)(by), 3.0 * square(by) * Var(xt::eye<double>(4))));
}

BOOST_AUTO_TEST_CASE(it_may_use_the_library_itself) {
  // Evaluations within an evaluation have memory of their own, and record on tapes of their own.
  const auto inner = host_call("inner", same_shape, [](const Var& x) -> Array<double> {
    const auto loss = [](const Var& y) { return sum(exp(sin(y)) * transpose(y)); };
    xg::release_memory();
    const Var gradient = xg::grad(loss)(x);
    BOOST_TEST(!gradient.recorded());
    return xg::compile(xg::grad(loss))(x).array<double>() - gradient.array<double>() + x.array<double>();
  });
  const Var x = wave({40, 40});
  const auto f = [&](const Var& y) {
    const Var before = matmul(y, y);
    return sum(inner(before + 1.0) * cumsum(before)) + sum(before);
  };
  const auto expected = [](const Var& y) {
    const Var before = matmul(y, y);
    return sum((before + 1.0) * cumsum(before)) + sum(before);
  };
  BOOST_TEST(near(f(x), expected(x)));
  BOOST_TEST(near(xg::compile(f)(x), expected(x)));
  xg::Tape tape;
  BOOST_TEST(near(f(tape.leaf(x)), expected(x)));
  // It takes no part in what is recorded around it.
  BOOST_TEST(near(xg::grad([&](const Var& y) { return sum(y * inner(stop_gradient(y))); })(x), x));
}

BOOST_AUTO_TEST_CASE(values_of_the_tape_that_is_evaluated_are_arguments) {
  xg::Tape tape;
  const Var x = tape.leaf(wave({3}));
  const auto f = host_call("peek", same_shape,
                           [&](const Array<double>& y) -> Array<double> { return y + exp(x).array<double>(); });
  try {
    (void)f(x).array<double>();
    BOOST_ERROR("nothing was thrown");
  } catch (const xg::HostError& error) {
    BOOST_TEST(std::string(error.what()).find("Pass the Var as an argument") != std::string::npos, error.what());
  }
  BOOST_TEST(same(exp(x), exp(wave({3}))));  // the tape is as good as before
}

BOOST_AUTO_TEST_CASE(exceptions_come_back_with_the_name) {
  const Var x = wave({3});
  bool fail = true;
  const auto f = host_call("solver", same_shape, [&](const Array<double>& y) -> Array<double> {
    if (fail) throw std::domain_error("did not converge");
    return y;
  });
  try {
    (void)f(x);
    BOOST_ERROR("nothing was thrown");
  } catch (const xg::HostError& error) {
    BOOST_TEST(std::string(error.what()) == "host_call solver: the function threw: did not converge");
    BOOST_CHECK_THROW(std::rethrow_if_nested(error), std::domain_error);
  }
  const auto number = host_call("number", same_shape, [](const Array<double>&) -> Array<double> { throw 3; });
  BOOST_TEST(throws<xg::HostError>([&] { return number(x); }, {"host_call number", "no std::exception"}));
  // What was lent stays.
  auto step = xg::compile([&](Var w) { return f(w * 2.0); });
  Var w = x + 0.0;
  BOOST_TEST(throws<xg::HostError>([&] { return step(std::move(w)); }, {"solver"}));
  BOOST_TEST(same(w, x));
  fail = false;
  BOOST_TEST(same(step(std::move(w)), 2.0 * x));
}

BOOST_AUTO_TEST_CASE(results_are_what_was_said) {
  const Var x = wave({3});
  const auto f =
      host_call("short", same_shape, [](const Array<double>&) -> Array<double> { return xt::ones<double>({2}); });
  BOOST_TEST(throws<xg::ShapeError>([&] { return f(x); },
                                    {"host_call short", "result 0", "float64 [2]", "declared as float64 [3]"}));
  BOOST_TEST(throws<xg::ShapeError>([&] { return xg::vmap(f)(wave({2, 3})); }, {"host_call short", "result 0"}));
  BOOST_TEST(throws<xg::TapeError>([&] { return f(Var()); }, {"host_call short", "empty"}));
}

BOOST_AUTO_TEST_CASE(several_threads_may_call_it) {
  const auto f = host_call("square", same_shape, [](const Array<double>& x) -> Array<double> { return x * x; });
  const auto program = xg::compile([&](const Var& x) { return sum(f(x + 1.0)); });
  const Var x = wave({100});
  const Var expected = program(x);
  std::vector<std::thread> threads;
  std::vector<int> wrong(4, 0);
  for (std::size_t t = 0; t < wrong.size(); ++t) {
    threads.emplace_back([&, t] {
      for (int k = 0; k < 50; ++k) wrong[t] += same(program(x), expected) ? 0 : 1;
    });
  }
  for (std::thread& each : threads) each.join();
  for (const int count : wrong) BOOST_TEST(count == 0);
}

BOOST_AUTO_TEST_SUITE_END()
