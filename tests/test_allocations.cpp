// Training steps that have run before ask for no memory, counted by the program's own operator new
// (counted_memory.hpp).
#include "comparing.hpp"
#include "counted_memory.hpp"

#include <algorithm>
#include <new>
#include <tuple>
#include <utility>

#include <boost/test/unit_test.hpp>
#include <xgrad/xgrad.hpp>

#include "memory/buffer.hpp"

void operator delete(void* memory, std::size_t size) noexcept;  // which clang 14 declares only when asked to

BOOST_AUTO_TEST_SUITE(test_allocations)

namespace xg = xgrad;
using counted_memory::allocations;
using counted_memory::live_bytes;
using xg::Var;

namespace {

// A sanitizer shall see uses of freed memory, so nothing is recycled.
constexpr bool recycles = xg::memory::recycles_memory;

template <class T = double>
Var wave(const xg::Shape& shape, double phase = 0.0) {
  auto array = xg::Array<T>::from_shape(shape);
  for (std::size_t i = 0; i < array.size(); ++i) {
    array.data()[i] = static_cast<T>(0.3 * std::sin(phase + 0.7 * static_cast<double>(i)));
  }
  return {std::move(array)};
}

constexpr std::size_t batch = 64;
constexpr std::size_t inputs = 20;
constexpr std::size_t hidden = 30;
constexpr std::size_t classes = 10;

Var labels() {
  auto array = xg::Array<std::int64_t>::from_shape({batch, 1});
  for (std::size_t i = 0; i < batch; ++i) array.data()[i] = static_cast<std::int64_t>(i % classes);
  return {std::move(array)};
}

struct Linear {
  Var weight, bias;
  Var operator()(const Var& x) const { return matmul(x, weight) + bias; }
};
XGRAD_FIELDS(Linear, weight, bias)

struct Mlp {
  Linear hidden, out;
  Var operator()(const Var& x) const { return out(relu(hidden(x))); }
};
XGRAD_FIELDS(Mlp, hidden, out)

template <class T>
Mlp make_mlp() {
  return {{wave<T>({inputs, hidden}), wave<T>({hidden}, 1.0)}, {wave<T>({hidden, classes}, 2.0), wave<T>({classes})}};
}

Var cross_entropy(const Mlp& model, const Var& x, const Var& y) {
  return -mean(take_along_axis(log_softmax(model(x)), y, 1));
}

std::tuple<Mlp, Var> sgd_step(const Mlp& model, const Var& x, const Var& y) {
  const auto [loss, gradient] = xg::value_and_grad(cross_entropy)(model, x, y);
  return {xg::tree::map(model, gradient, [](const Var& w, const Var& g) { return w - 0.1 * g; }), loss};
}

struct Adam {
  Mlp first, second;
  Var steps;
};
XGRAD_FIELDS(Adam, first, second, steps)

std::tuple<Mlp, Adam, Var> adam_step(const Mlp& model, const Adam& state, const Var& x, const Var& y) {
  const auto [loss, gradient] = xg::value_and_grad(cross_entropy)(model, x, y);
  const Adam next{
      xg::tree::map(state.first, gradient, [](const Var& m, const Var& g) { return 0.9 * m + 0.1 * g; }),
      xg::tree::map(state.second, gradient, [](const Var& v, const Var& g) { return 0.999 * v + 0.001 * square(g); }),
      state.steps + 1.0};
  const Var rate = 0.01 * sqrt(1.0 - pow(0.999, next.steps)) / (1.0 - pow(0.9, next.steps));
  const Mlp change =
      xg::tree::map(next.first, next.second, [&](const Var& m, const Var& v) { return rate * m / (sqrt(v) + 1e-8); });
  return {xg::tree::map(model, change, [](const Var& w, const Var& d) { return w - d; }), next, loss};
}

Adam make_adam(const Mlp& model) {
  const auto zeros = [&] { return xg::tree::map(model, [](const Var& w) { return zeros_like(w); }); };
  return {zeros(), zeros(), xg::Array<double>(xg::Shape(), 0.0)};
}

constexpr int calls = 20;

/// Allocations of `calls` calls of f after some that warm it up: more than it takes until short loops have code, also
/// those of each of two branches in turns.
template <class F>
std::size_t allocations_of(F f) {
  for (int i = 0; i < 24; ++i) f();
  const std::size_t before = allocations;
  for (int i = 0; i < calls; ++i) f();
  return allocations - before;
}

}  // namespace

BOOST_AUTO_TEST_CASE(allocations_are_counted) {
  const std::size_t before = allocations;
  // Called by name, because a compiler may leave out what `new int` and `delete` would do together.
  ::operator delete (::operator new(4), std::size_t{4});
  ::operator delete[](::operator new[](40));
  constexpr std::align_val_t wide{128};
  ::operator delete(::operator new(8, wide), wide);
  ::operator delete(::operator new(8, std::nothrow), std::nothrow);
  BOOST_TEST(allocations - before == 4U);
  const std::size_t unwarm = allocations;
  (void)xg::grad([](const Var& x) { return sum(x * x); })(wave({1000}));
  BOOST_TEST(allocations > unwarm);
}

BOOST_AUTO_TEST_CASE(compiled_linear_regression) {
  const Var x = wave({100, 8});
  const Var y = wave({100}, 1.0);
  const auto step = xg::compile([](const Var& w, const Var& a, const Var& b) {
    const auto loss = [](const Var& v, const Var& p, const Var& q) { return mean(square(matmul(p, v) - q)); };
    const auto [value, gradient] = xg::value_and_grad(loss)(w, a, b);
    return std::tuple{w - 0.1 * gradient, value};
  });
  Var w = wave({8}, 2.0);
  Var loss;
  const std::size_t donated = allocations_of([&] { std::tie(w, loss) = step(std::move(w), x, y); });
  const std::size_t kept = allocations_of([&] { std::tie(w, loss) = step(w, x, y); });
  BOOST_TEST(loss.item<double>() < 1.0);
  if (!recycles) return;
  BOOST_TEST(donated == 0U);
  BOOST_TEST(kept == 0U);
}

BOOST_AUTO_TEST_CASE(compiled_with_numbers_as_arguments) {
  const auto step = xg::compile([](const Var& w, const Var& rate) { return w - rate * w; });
  Var w = wave({100});
  double rate = 0.1;
  const std::size_t count = allocations_of([&] {
    w = step(std::move(w), rate);
    rate *= 0.9;
  });
  if (recycles) BOOST_TEST(count == 0U);
}

BOOST_AUTO_TEST_CASE(compiled_with_branches) {
  const auto step = xg::compile([](const Var& w, const Var& rate) {
    if (xg::branch(rate > 0.5)) return w - rate * w;
    return xg::branch(sum(w * w) > 1.0) ? w * 0.9 : w * 1.1;
  });
  Var w = wave({100});
  double rate = 0.1;
  const std::size_t count = allocations_of([&] {
    w = step(std::move(w), rate);
    rate = 0.7 - rate;
  });
  if (recycles) BOOST_TEST(count == 0U);
}

BOOST_AUTO_TEST_CASE(compiled_network) {
  const auto check = [](auto number) {
    using T = decltype(number);
    const Var x = wave<T>({batch, inputs}, 3.0);
    const Var y = labels();
    const auto step = xg::compile(sgd_step);
    Mlp model = make_mlp<T>();
    Var loss;
    const std::size_t donated = allocations_of([&] { std::tie(model, loss) = step(std::move(model), x, y); });
    const std::size_t kept = allocations_of([&] { std::tie(model, loss) = step(model, x, y); });
    BOOST_TEST(loss.item<T>() < T(3));
    if (!recycles) return;
    BOOST_TEST(donated == 0U);
    BOOST_TEST(kept == 0U);
  };
  check(1.0);
  check(1.0F);
}

BOOST_AUTO_TEST_CASE(compiled_adam) {
  const Var x = wave({batch, inputs}, 3.0);
  const Var y = labels();
  const auto step = xg::compile(adam_step);
  Mlp model = make_mlp<double>();
  Adam state = make_adam(model);
  Var loss;
  const std::size_t count =
      allocations_of([&] { std::tie(model, state, loss) = step(std::move(model), std::move(state), x, y); });
  BOOST_TEST(loss.item<double>() < 3.0);
  if (recycles) BOOST_TEST(count == 0U);
}

BOOST_AUTO_TEST_CASE(several_batch_sizes_in_turn) {
  const auto step = xg::compile(sgd_step);
  const Var x = wave({batch, inputs}, 3.0);
  const Var small = wave({batch / 2, inputs}, 4.0);
  const Var y = labels();
  const Var small_y = view(y, xt::range(0, batch / 2));
  Mlp model = make_mlp<double>();
  Var loss;
  const std::size_t count = allocations_of([&] {
    std::tie(model, loss) = step(std::move(model), x, y);
    std::tie(model, loss) = step(std::move(model), small, small_y);
  });
  if (recycles) BOOST_TEST(count == 0U);
}

// Loops and branches that are recorded once, and how they end.
BOOST_AUTO_TEST_CASE(functions_within_compiled_functions) {
  const Var x = wave({30, 4});
  const auto check = [&](const char* name, const auto& f) {
    const auto compiled = xg::compile(f);
    Var y;
    const std::size_t count = allocations_of([&] { y = compiled(x); });
    if (recycles) BOOST_TEST(count == 0U, name << " allocated " << count << " times");
  };
  const auto halve = [](const Var& v) { return 0.5 * v; };
  const auto bend = [](const Var& v) { return tanh(v) * v; };
  const auto is_small = [](const Var& v) { return all(abs(v) < 1e-3); };
  const auto shrink = [&](const Var& v) {
    return xg::while_loop([&](const Var& c) { return !is_small(c); }, halve, v);
  };
  const auto chosen = [&](const Var& v) { return xg::cond(sum(v) > 0.0, halve, bend, v); };
  const auto run = [](const Var& v) {
    const auto body = [](const Var& h, const Var& each) { return std::pair{tanh(h + each), sum(h)}; };
    const auto [last, all_sums] = xg::scan(body, zeros_like(view(v, 0)), v);
    return last + sum(all_sums);
  };
  check("all", [&](const Var& v) { return where(is_small(v), v, halve(v)); });
  check("any", [](const Var& v) { return where(any(v > 0.5), v, 2.0 * v); });
  check("amax", [](const Var& v) { return v - amax(v, 0); });
  check("norm", [](const Var& v) { return norm(v); });
  check("cond", chosen);
  check("cond by all", [&](const Var& v) { return xg::cond(is_small(v), halve, bend, v); });
  check("switch_", [&](const Var& v) {
    return xg::switch_(cast<std::int64_t>(sum(v) > 0.0), std::tuple{halve, bend, halve}, v);
  });
  check("while_loop", shrink);
  check("fori_loop", [&](const Var& v) {
    return xg::fori_loop(
        7, [&](const Var&, const Var& c) { return bend(c); }, v);
  });
  check("scan", run);
  check("scan, its derivative", xg::grad([&](const Var& v) { return sum(run(v)); }));
  check("cond, its derivative", xg::grad([&](const Var& v) { return sum(chosen(v)); }));
  check("cond in while_loop", [&](const Var& v) {
    return xg::while_loop([&](const Var& c) { return !is_small(c); },
                          [&](const Var& c) { return xg::cond(any(c > 0.01), halve, halve, c); }, v);
  });
  check("while_loop in scan in cond", [&](const Var& v) {
    const auto body = [&](const Var& h, const Var& each) { return std::pair{shrink(h + each), is_small(h)}; };
    const auto scanned = [&](const Var& w) { return xg::scan(body, zeros_like(view(w, 0)), w).first; };
    return xg::cond(
        any(v > 0.0), scanned, [](const Var& w) { return view(w, 0); }, v);
  });
  check("branch", [&](const Var& v) { return xg::branch(sum(v) > 0.0) ? halve(v) : bend(v); });
}

// Recorded again for each step, without compile(): the same number of allocations each time, and nothing left over.
BOOST_AUTO_TEST_CASE(recorded_steps_do_not_grow) {
  const Var x = wave({batch, inputs}, 3.0);
  const Var y = labels();
  Mlp model = make_mlp<double>();
  Adam state = make_adam(model);
  Var loss;
  const auto check = [](auto step) {
    const std::size_t first = allocations_of(step);
    const std::ptrdiff_t bytes = live_bytes;
    const std::size_t second = allocations_of(step);
    const std::size_t third = allocations_of(step);
    BOOST_TEST(second <= first);
    BOOST_TEST(third <= second);
    BOOST_TEST(live_bytes <= bytes);
    BOOST_TEST_MESSAGE("allocations of a recorded step: " << third / calls);
  };
  check([&] { std::tie(model, loss) = sgd_step(model, x, y); });
  check([&] { std::tie(model, state, loss) = adam_step(model, state, x, y); });
  check([&] { std::tie(model, loss) = xg::compile(sgd_step)(model, x, y); });
  BOOST_TEST(loss.item<double>() < 3.0);
}

BOOST_AUTO_TEST_SUITE_END()
