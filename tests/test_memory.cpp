// What is allocated and when it is freed, counted by the program's own operator new (counted_memory.hpp).
#include "comparing.hpp"
#include "counted_memory.hpp"

#include <atomic>
#include <cmath>
#include <stdexcept>
#include <thread>
#include <vector>

#include <boost/test/unit_test.hpp>
#include <xgrad/xgrad.hpp>

#include "backend/cpu/execute.hpp"

BOOST_AUTO_TEST_SUITE(test_memory)

namespace xg = xgrad;
using counted_memory::allocations;
using counted_memory::live_bytes;
using counted_memory::peak_bytes;
using xg::Var;

namespace {

constexpr std::size_t elements = 100'000;
constexpr std::ptrdiff_t array_bytes = elements * sizeof(double);

Var large() {
  auto array = xg::Array<double>::from_shape({elements});
  array.fill(0.5);
  return {std::move(array)};
}

/// How many arrays' worth of memory more is in use after f has run many times than after it has run ten times. (What is
/// computed again and again is kept after some of them.)
template <class F>
double arrays_left_by(F f) {
  for (int i = 0; i < 10; ++i) (void)f();
  const std::ptrdiff_t before = live_bytes;
  for (int i = 0; i < 50; ++i) (void)f();
  return static_cast<double>(live_bytes - before) / array_bytes;
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_tape_frees_what_it_recorded) {
  const Var x = large();
  BOOST_TEST(arrays_left_by([&] {
               xg::Tape tape;
               const Var leaf = tape.leaf(x);
               const Var loss = sum(exp(leaf) * leaf);
               (void)tape.gradient(loss, leaf).array<double>();
               (void)tape.leaf(large()).array<double>();
             }) < 0.1);
}

BOOST_AUTO_TEST_CASE(many_nodes_are_freed) {
  BOOST_TEST(arrays_left_by([] {
               xg::Tape tape;
               Var y = tape.leaf(1.0);
               for (int i = 0; i < 30'000; ++i) y = y * 0.999;
               (void)y.item<double>();
             }) < 0.1);
}

BOOST_AUTO_TEST_CASE(transforms_free_what_they_recorded) {
  const Var x = large();
  const auto f = [](const Var& y) { return sum(exp(y) * y); };
  BOOST_TEST(arrays_left_by([&] { (void)xg::value_and_grad(f)(x); }) < 0.1);
  BOOST_TEST(arrays_left_by([&] { (void)xg::vjp(f, x).pullback(1.0); }) < 0.1);
  BOOST_TEST(arrays_left_by([&] { (void)xg::hvp(f, x, x); }) < 0.1);
  BOOST_TEST(arrays_left_by([&] {
               try {
                 (void)xg::grad([&](const Var& y) -> Var {
                   (void)f(y).item<double>();
                   throw std::runtime_error("not today");
                 })(x);
               } catch (const std::runtime_error&) {
               }
             }) < 0.1);
}

BOOST_AUTO_TEST_CASE(a_pullback_may_be_called_often) {
  const auto [value, pullback] = xg::vjp([](const Var& y) { return exp(y) * y; }, large());
  const Var weights = large();
  BOOST_TEST(arrays_left_by([&, &pullback = pullback] { (void)pullback(weights); }) < 0.1);
  BOOST_TEST(arrays_left_by([&, &pullback = pullback] {
               BOOST_TEST(comparing::throws<xg::ShapeError>([&] { return pullback(1.0); }));
             }) < 0.1);
}

BOOST_AUTO_TEST_CASE(operations_on_concrete_vars_leave_nothing) {
  const Var x = large();
  BOOST_TEST(arrays_left_by([&] { (void)(exp(x) * x + 1.0); }) < 0.1);
  BOOST_TEST(arrays_left_by(
                 [&] { BOOST_TEST(comparing::throws<xg::ValueError>([&] { return take(exp(x), -200'000); })); }) < 0.1);
}

BOOST_AUTO_TEST_CASE(copies_share) {
  const Var x = large();
  const std::size_t before = allocations;
  const Var copy = x;  // NOLINT(*-unnecessary-copy-*)
  const Var number = 2.5;
  const Var another = number;  // NOLINT(*-unnecessary-copy-*)
  (void)copy.array<double>();
  BOOST_TEST(allocations == before);
}

BOOST_AUTO_TEST_CASE(values_die_when_nobody_needs_them) {
  const Var x = large();
  xg::Tape tape;
  Var y = tape.leaf(x);
  for (int i = 0; i < 40; ++i) y = y * tanh(y) + 0.25;
  peak_bytes = live_bytes.load();
  const std::ptrdiff_t before = live_bytes;
  (void)y.array<double>();
  BOOST_TEST(static_cast<double>(peak_bytes - before) / array_bytes < 5.0);
  BOOST_TEST(static_cast<double>(live_bytes - before) / array_bytes < 1.1);
}

BOOST_AUTO_TEST_CASE(a_view_of_a_large_array_needs_no_memory) {
  const Var x = large();
  xg::Tape tape;
  const Var y = reshape(tape.leaf(x), {100, -1});
  const Var total = sum(transpose(broadcast_to(view(y, xt::range(0, 50)), {20, 50, 1000})));
  peak_bytes = live_bytes.load();
  const std::ptrdiff_t before = live_bytes;
  BOOST_TEST(total.item<double>() == 20 * 50 * 1000 * 0.5);
  BOOST_TEST(static_cast<double>(peak_bytes - before) / array_bytes < 0.1);
}

BOOST_AUTO_TEST_CASE(a_thread_gives_its_memory_back) {
  const Var x = large();
  const auto work = [&] {
    const Var y = xg::compile([](const Var& z) { return cumsum(exp(z) * 2.0 + sin(z), 0); })(x);
    (void)xg::grad([](const Var& z) { return sum(sort(z, 0) * z); })(x + y);
  };
  const double left = arrays_left_by([&] { std::thread(work).join(); });
  BOOST_TEST(std::abs(left) < 0.1);
}

namespace {

/// How many arrays' worth of memory a fresh thread still has after f, of what the limit for kept memory is for.
template <class F>
double arrays_kept_by(F f) {
  const auto with_limit = [&](std::size_t limit) {
    const std::size_t usual = xg::backend::cpu::most_kept_bytes();
    xg::backend::cpu::most_kept_bytes() = limit;
    std::ptrdiff_t kept = 0;
    std::thread([&] {
      const std::ptrdiff_t before = live_bytes;
      f();
      kept = live_bytes - before;
    }).join();
    xg::backend::cpu::most_kept_bytes() = usual;
    return kept;
  };
  (void)with_limit(0);  // makes the plans
  const std::ptrdiff_t without = with_limit(0);
  const std::ptrdiff_t below_limit = with_limit(10 * array_bytes);
  const std::ptrdiff_t beyond_limit = with_limit(array_bytes / 2);
  BOOST_TEST(static_cast<double>(beyond_limit - without) / array_bytes < 0.6);
  return static_cast<double>(below_limit - without) / array_bytes;
}

}  // namespace

BOOST_AUTO_TEST_CASE(what_a_thread_keeps_is_bounded) {
  const Var x = large();
  const auto evaluate = [](const Var& y) { (void)y.array<double>(); };
  const auto twice = [](const Var& y) { return cumsum(cumsum(exp(y), 0) * 2.0, 0); };
  const auto fails = [](const Var& y) { return take(y, Var(xt::xarray<std::int64_t>{0, 1 << 20}), 0); };
  // Between steps.
  BOOST_TEST(arrays_kept_by([&] {
               xg::Tape tape;
               evaluate(sum(twice(tape.leaf(x))));
             }) > 0.9);
  BOOST_TEST(arrays_kept_by([&] {
               BOOST_TEST(comparing::throws<xg::ValueError>([&] {
                 xg::Tape tape;
                 evaluate(fails(twice(tape.leaf(x))));
               }));
             }) > 0.9);
  // Partial results of sums over long columns.
  const Var wide = reshape(broadcast_to(x, {10, elements}) + 0.0, {50, 20'000});
  BOOST_TEST(arrays_kept_by([&] {
               xg::Tape tape;
               evaluate(sum(exp(tape.leaf(wide)), 0));
             }) > 0.9);
  BOOST_TEST(arrays_kept_by([&] {
               BOOST_TEST(comparing::throws<xg::ValueError>([&] {
                 xg::Tape tape;
                 evaluate(fails(sum(exp(tape.leaf(wide)), 0)));
               }));
             }) > 0.9);
}

namespace {

/// How much more memory than before f needs at its worst.
template <class F>
std::ptrdiff_t peak_of(F f) {
  const std::ptrdiff_t before = live_bytes;
  peak_bytes = before;
  f();
  return peak_bytes - before;
}

}  // namespace

BOOST_AUTO_TEST_CASE(booleans_are_counted_without_a_copy) {
  constexpr std::size_t n = 4'000'000;
  auto array = xg::Array<bool>::from_shape({40, 1000, 100});
  for (std::size_t i = 0; i < n; ++i) array.data()[i] = i % 4 == 0;
  const Var mask = std::move(array);
  constexpr auto little = static_cast<std::ptrdiff_t>(n / 2);
  std::int64_t count = 0;
  double share = 0.0;
  BOOST_TEST(peak_of([&] { count = sum(mask).item<std::int64_t>(); }) < little);
  BOOST_TEST(count == static_cast<std::int64_t>(n / 4));
  BOOST_TEST(peak_of([&] { share = mean(mask).item<double>(); }) < little);
  BOOST_TEST(share == 0.25);
  Var along;
  for (const xg::Axes& axes : {xg::Axes(0), xg::Axes(1), xg::Axes(-1), xg::Axes({0, 2}), xg::Axes({1, 2})}) {
    BOOST_TEST(peak_of([&] { along = sum(mask, axes); }) < little);
    BOOST_TEST(sum(along).item<std::int64_t>() == count);
  }
  const Var x = broadcast_to(large(), {40, elements});
  BOOST_TEST(peak_of([&] {
               xg::Tape tape;
               count = sum(tape.leaf(x) > 0.25).item<std::int64_t>();
             }) < little);
  BOOST_TEST(count == static_cast<std::int64_t>(n));
}

BOOST_AUTO_TEST_CASE(memory_is_released) {
  const Var x = large();
  const auto work = [&] {  // with arrays between its steps
    xg::Tape tape;
    (void)tape.evaluate(cumsum(cumsum(exp(tape.leaf(x)), 0) * 2.0, 0));
  };
  work();
  xg::release_memory();
  const std::ptrdiff_t before = live_bytes;
  work();
  BOOST_TEST(xg::memory_in_use().kept >= static_cast<std::size_t>(array_bytes));
  BOOST_TEST(static_cast<double>(live_bytes - before) / array_bytes > 0.9);
  xg::release_memory();
  BOOST_TEST(xg::memory_in_use().kept == 0U);
  BOOST_TEST(static_cast<double>(live_bytes - before) / array_bytes < 0.1);
  // Nothing may be kept: it works as well.
  xg::set_kept_memory_limit(0);
  work();
  BOOST_TEST(xg::memory_in_use().kept == 0U);
  BOOST_TEST(static_cast<double>(live_bytes - before) / array_bytes < 0.1);
  xg::set_kept_memory_limit(xg::usual_kept_memory_limit);
}

BOOST_AUTO_TEST_SUITE_END()
