// What is allocated and when it is freed, counted by this program's own operator new.
#include "comparing.hpp"

#include <malloc.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <new>
#include <stdexcept>

#include <boost/test/unit_test.hpp>
#include <xgrad/xgrad.hpp>

namespace {

std::atomic<std::ptrdiff_t> live_bytes{0};
std::atomic<std::ptrdiff_t> peak_bytes{0};
std::atomic<std::size_t> allocations{0};

void* counted(void* p) {
  if (p == nullptr) throw std::bad_alloc();
  allocations.fetch_add(1, std::memory_order_relaxed);
  const auto size = static_cast<std::ptrdiff_t>(malloc_usable_size(p));
  const std::ptrdiff_t now = live_bytes.fetch_add(size) + size;
  std::ptrdiff_t known = peak_bytes.load();
  while (known < now && !peak_bytes.compare_exchange_weak(known, now)) {
  }
  return p;
}

void counted_free(void* p) noexcept {
  if (p != nullptr) live_bytes.fetch_sub(static_cast<std::ptrdiff_t>(malloc_usable_size(p)));
  std::free(p);  // NOLINT(*-no-malloc)
}

}  // namespace

void* operator new(std::size_t size) { return counted(std::malloc(std::max<std::size_t>(size, 1))); }
void* operator new(std::size_t size, std::align_val_t alignment) {
  const auto step = static_cast<std::size_t>(alignment);
  return counted(std::aligned_alloc(step, std::max(step, (size + step - 1) / step * step)));
}
// The standard library's own calls the first of these, but a sanitizer's does not.
void* operator new(std::size_t size, const std::nothrow_t&) noexcept { return operator new(size); }
void operator delete(void* p) noexcept { counted_free(p); }
void operator delete(void* p, std::size_t) noexcept { counted_free(p); }
void operator delete(void* p, std::align_val_t) noexcept { counted_free(p); }
void operator delete(void* p, std::size_t, std::align_val_t) noexcept { counted_free(p); }

namespace xg = xgrad;
using xg::Var;

namespace {

constexpr std::size_t elements = 100'000;
constexpr std::ptrdiff_t array_bytes = elements * sizeof(double);

Var large() {
  auto array = xg::Array<double>::from_shape({elements});
  array.fill(0.5);
  return {std::move(array)};
}

/// How many arrays' worth of memory more is in use after f has run many times than after it has run twice.
template <class F>
double arrays_left_by(F f) {
  f();
  f();
  const std::ptrdiff_t before = live_bytes;
  for (int i = 0; i < 50; ++i) f();
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
