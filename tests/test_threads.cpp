// Threads with tapes of their own, and concrete Vars that all of them share.
#include <atomic>
#include <memory>
#include <thread>
#include <vector>

#include <boost/test/unit_test.hpp>

#include <xgrad/core/errors.hpp>
#include <xgrad/xgrad.hpp>

BOOST_AUTO_TEST_SUITE(test_threads)

namespace xg = xgrad;

namespace {

constexpr int thread_count = 4;

/// Runs f(thread number) in several threads and counts the calls that return true. (Boost.Test's own checks are not
/// meant for threads.)
template <class F>
int count_successes(F f) {
  std::atomic<int> successes{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < thread_count; ++t) {
    threads.emplace_back([&, t] {
      if (f(t)) ++successes;
    });
  }
  for (std::thread& thread : threads) thread.join();
  return successes;
}

}  // namespace

BOOST_AUTO_TEST_CASE(transforms_in_parallel) {
  const xg::Var x = xt::xarray<double>{{1.0, 2.0}, {3.0, 4.0}, {5.0, 6.0}};
  const xg::Var y = xt::xarray<double>{1.0, 2.0, 3.0};
  const int good = count_successes([&](int t) {
    bool right = true;
    for (int i = 0; i < 50; ++i) {
      const double scale = 1.0 + t + 0.01 * i;
      const auto loss = [&](const xg::Var& w) { return scale * sum(square(matmul(x, w) - y)); };
      const xg::Var w = xt::xarray<double>{0.5, -0.5};
      const auto [value, gradient] = xg::value_and_grad(loss)(w);
      const xg::Var expected = 2.0 * scale * matmul(transpose(x), matmul(x, w) - y);
      right = right && amax(abs(gradient - expected)).item<double>() < 1e-9;
      right = right && xg::hessian(loss)(w).array<double>()(0, 0) > 0.0;
    }
    return right;
  });
  BOOST_TEST(good == thread_count);
}

BOOST_AUTO_TEST_CASE(tapes_in_parallel) {
  const int good = count_successes([](int t) {
    bool right = true;
    for (int i = 0; i < 100; ++i) {
      xg::Tape tape;
      const xg::Var a = tape.leaf(static_cast<double>(t) + 1.0);
      xg::Var product = a;
      for (int k = 0; k < 20; ++k) product = product * 0.5 + a;
      const xg::Var derivative = tape.gradient(product, a);
      right = right && std::abs(derivative.item<double>() - 2.0) < 1e-5;
    }
    return right;
  });
  BOOST_TEST(good == thread_count);
}

BOOST_AUTO_TEST_CASE(one_concrete_var_in_all_threads) {
  const xg::Var shared = xt::xarray<double>(std::vector<std::size_t>{1000}, 1.0);
  const xg::Var number = 2.5;  // its array is made by whoever asks first
  std::vector<const double*> seen(thread_count);
  const int good = count_successes([&](int t) {
    double total = 0.0;
    for (int i = 0; i < 1000; ++i) {
      const xg::Var copy = shared;
      total += copy.array<double>()(static_cast<std::size_t>(i));
    }
    seen[static_cast<std::size_t>(t)] = number.array<double>().data();
    return total == 1000.0 && number.array<double>()() == 2.5;
  });
  BOOST_TEST(good == thread_count);
  for (const double* each : seen) BOOST_TEST(each == seen[0]);
}

BOOST_AUTO_TEST_CASE(a_tape_may_end_in_another_thread) {
  auto tape = std::make_unique<xg::Tape>();
  const xg::Var leaf = tape->leaf(xt::xarray<double>{1.0, 2.0});
  const xg::Var value = tape->evaluate(sum(leaf));
  std::thread([owned = std::move(tape)]() mutable { owned.reset(); }).join();
  BOOST_TEST(value.item<double>() == 3.0);
  BOOST_CHECK_THROW((void)(leaf + 1.0), xg::TapeError);
}

BOOST_AUTO_TEST_CASE(everything_may_move_between_threads) {
  // Made in other threads: a tape, a pullback, an array whose last handle is dropped here.
  std::vector<xg::Tape> tapes(thread_count);
  std::vector<xg::Var> squares(thread_count);
  std::vector<xg::Var> arrays(thread_count);
  const auto square = [](const xg::Var& x) { return x * x; };
  using Pullback = decltype(xg::vjp(square, xg::Var(1.0)).pullback);
  std::vector<std::unique_ptr<Pullback>> pullbacks(thread_count);
  const int made = count_successes([&](int t) {
    const auto i = static_cast<std::size_t>(t);
    const xg::Var x = tapes[i].leaf(static_cast<double>(t));
    squares[i] = x * x;
    arrays[i] = xt::xarray<double>(std::vector<std::size_t>{1000}, static_cast<double>(t));
    pullbacks[i] = std::make_unique<Pullback>(xg::vjp(square, arrays[i]).pullback);
    return true;
  });
  BOOST_TEST(made == thread_count);
  for (std::size_t i = 0; i < thread_count; ++i) {
    const auto value = static_cast<double>(i);
    BOOST_TEST(squares[i].item<double>() == value * value);
    BOOST_TEST((*pullbacks[i])(arrays[i]).array<double>()(999) == 2.0 * value * value);
  }
  // Used once more and ended in yet other threads, where new tapes take over their memory.
  const int ended = count_successes([&](int t) {
    const auto i = (static_cast<std::size_t>(t) + 1) % thread_count;
    const bool right = (*pullbacks[i])(arrays[i]).array<double>()(0) == 2.0 * static_cast<double>(i * i);
    pullbacks[i].reset();
    arrays[i] = xg::Var();
    tapes[i] = xg::Tape();
    const xg::Var y = tapes[i].leaf(3.0);
    bool refused = false;
    try {
      (void)squares[i].item<double>();
    } catch (const xg::TapeError&) {
      refused = true;
    }
    return right && refused && tapes[i].gradient(y * y, y).item<double>() == 6.0;
  });
  BOOST_TEST(ended == thread_count);
}

BOOST_AUTO_TEST_CASE(exceptions_in_parallel) {
  const int good = count_successes([](int t) {
    bool right = true;
    for (int i = 0; i < 50; ++i) {
      const xg::Var x = xt::xarray<double>{1.0, 2.0};
      try {
        (void)xg::grad([](const xg::Var& y) { return y * 2.0; })(x);
        right = false;
      } catch (const xg::ShapeError&) {
      }
      const xg::Var g = xg::grad([&](const xg::Var& y) { return sum(y * y) * static_cast<double>(t); })(x);
      right = right && !g.recorded() && g.array<double>()(1) == 4.0 * t;
    }
    return right;
  });
  BOOST_TEST(good == thread_count);
}

BOOST_AUTO_TEST_CASE(errors_of_two_threads_tapes) {
  // A Var that is recorded in one thread does not get onto a trace of another.
  xg::Tape tape;
  const xg::Var x = tape.leaf(2.0);
  const int refused = count_successes([&](int) {
    try {
      (void)xg::grad([&](const xg::Var& y) { return y * x; })(1.0);
    } catch (const xg::TapeError&) {
      return true;
    }
    return false;
  });
  BOOST_TEST(refused == thread_count);
}

BOOST_AUTO_TEST_CASE(one_pullback_in_several_threads) {
  const xg::Var x = xt::xarray<double>{0.5, -1.0, 2.0};
  const auto f = [](const xg::Var& y) { return sin(y) * sum(y * y); };
  const auto [value, pullback] = xg::vjp(f, x);
  const int good = count_successes([&, &pullback = pullback](int t) {
    bool right = true;
    for (int i = 0; i < 200; ++i) {
      const xg::Var cotangent = x * (1.0 + t) + 0.1 * i;
      const xg::Var expected = cos(x) * sum(x * x) * cotangent + 2.0 * x * sum(sin(x) * cotangent);
      right = right && amax(abs(pullback(cotangent) - expected)).item<double>() < 1e-9;
    }
    return right;
  });
  BOOST_TEST(good == thread_count);
}

BOOST_AUTO_TEST_CASE(all_threads_together_keep_no_more_than_the_limit) {
  const xg::Var x = xt::xarray<double>(std::vector<std::size_t>{100'000}, 0.5);
  constexpr std::size_t limit = 4 * sizeof(double) * 100'000;
  const std::size_t at_once = 8;
  xg::set_kept_memory_limit(limit);
  xg::release_memory();  // of this thread, from before
  std::atomic<std::size_t> ready{0};
  std::atomic<bool> go_on{false};
  std::vector<std::thread> threads;
  for (std::size_t t = 0; t < at_once; ++t) {
    threads.emplace_back([&] {
      const auto work = [&] { (void)xg::Var(cumsum(cumsum(exp(x), 0) * 2.0, 0) + sort(x, 0)); };
      for (int i = 0; i < 3; ++i) work();
      ++ready;
      while (!go_on) std::this_thread::yield();
      (void)xg::Var(x * 2.0);  // sees that memory was released
      ++ready;
      while (go_on) std::this_thread::yield();
    });
  }
  while (ready < at_once) std::this_thread::yield();
  BOOST_TEST(xg::memory_in_use().limit == limit);
  BOOST_TEST(xg::memory_in_use().kept <= limit);
  xg::set_kept_memory_limit(0);  // so that what is kept now was kept before
  xg::release_memory();
  go_on = true;
  while (ready < 2 * at_once) std::this_thread::yield();
  const std::size_t left = xg::memory_in_use().kept;
  BOOST_TEST(left == 0U);
  go_on = false;
  for (std::thread& thread : threads) thread.join();
  xg::set_kept_memory_limit(xg::usual_kept_memory_limit);
  xg::release_memory();
  BOOST_TEST(xg::memory_in_use().kept == 0U);
}

BOOST_AUTO_TEST_SUITE_END()
