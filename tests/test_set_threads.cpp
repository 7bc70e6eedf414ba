// set_threads(): the same bits for any number of threads, the same errors, and any number of callers.
#include "comparing.hpp"

#include <atomic>
#include <climits>
#include <cmath>
#include <cstring>
#include <thread>
#include <vector>

#include <boost/test/unit_test.hpp>
#include <xgrad/xgrad.hpp>

BOOST_AUTO_TEST_SUITE(test_set_threads)

namespace xg = xgrad;
using comparing::near;
using comparing::throws;
using xg::DType;
using xg::Var;

namespace {

// ThreadSanitizer sees a race whenever what runs could have collided, and is slow: there once must do.
#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define XGRAD_ONCE
#endif
#endif
#ifdef XGRAD_ONCE
constexpr int rounds = 1;
const std::vector<int> numbers_of_threads_to_try{2, 7};
#else
constexpr int rounds = 3;
const std::vector<int> numbers_of_threads_to_try{2, 7, 1, 3};
#endif

/// One thread before and after each test.
struct OneThread {
  OneThread() { xg::set_threads(1); }
  ~OneThread() { xg::set_threads(1); }
  OneThread(const OneThread&) = delete;
  OneThread& operator=(const OneThread&) = delete;
};

template <class T = double>
Var wave(const xg::Shape& shape, double phase = 0.0) {
  auto array = xg::Array<T>::from_shape(shape);
  for (std::size_t i = 0; i < array.size(); ++i) {
    array.data()[i] = static_cast<T>(std::sin(phase + 0.7 * static_cast<double>(i % 100'003)));
  }
  return {std::move(array)};
}

template <class T>
bool same_elements(const Var& a, const Var& b) {
  const auto& x = a.array<T>();
  return x.size() == 0 || std::memcmp(x.data(), b.array<T>().data(), x.size() * sizeof(T)) == 0;
}

bool same_bits(const Var& a, const Var& b) {
  if (a.dtype() != b.dtype() || a.shape() != b.shape()) return false;
  switch (a.dtype()) {
    case DType::Bool:
      return same_elements<bool>(a, b);
    case DType::Int64:
      return same_elements<std::int64_t>(a, b);
    case DType::Float32:
      return same_elements<float>(a, b);
    default:
      return same_elements<double>(a, b);
  }
}

using Vars = std::vector<Var>;

/// f(leaves), recorded, has the same bits on 1, 2 and 7 threads.
template <class F>
void check(const char* what, F f, const Vars& arguments) {
  const auto evaluated = [&] {
    xg::Tape tape;
    return tape.evaluate(f(tape.leaf(arguments)));
  };
  xg::set_threads(1);
  const Vars expected = evaluated();
  for (const int count : numbers_of_threads_to_try) {
    xg::set_threads(count);
    for (int round = 0; round < rounds; ++round) {
      const Vars given = evaluated();
      BOOST_TEST_REQUIRE(given.size() == expected.size());
      for (std::size_t k = 0; k < given.size(); ++k) {
        BOOST_TEST_INFO(what << " of " << xg::name(arguments[0].dtype()) << " " << xg::to_string(arguments[0].shape())
                             << ", result " << k << " on " << count << " threads");
        BOOST_TEST(same_bits(given[k], expected[k]));
      }
    }
  }
}

Var labels(std::size_t count, std::int64_t classes) {
  auto array = xg::Array<std::int64_t>::from_shape({count, 1});
  for (std::size_t i = 0; i < count; ++i) array.data()[i] = static_cast<std::int64_t>(i * 37) % classes;
  return {std::move(array)};
}

Var cross_entropy(const Var& logits, const Var& y) { return -mean(take_along_axis(log_softmax(logits), y, 1)); }

}  // namespace

BOOST_FIXTURE_TEST_SUITE(set_threads, OneThread)

BOOST_AUTO_TEST_CASE(numbers_of_threads) {
  BOOST_TEST(xg::threads() == 1);
  for (const int wrong : {0, -1, INT_MIN, xg::most_threads + 1, INT_MAX}) {
    BOOST_TEST(
        throws<xg::ValueError>([&] { return xg::set_threads(wrong), 0; }, {"set_threads", std::to_string(wrong)}));
    BOOST_TEST(xg::threads() == 1);
  }
  for (const int count : {2, 5, 1, 64, xg::most_threads, 3}) {
    xg::set_threads(count);
    BOOST_TEST(xg::threads() == count);
  }
  BOOST_TEST(throws<xg::ValueError>([&] { return xg::set_threads(0), 0; }));
  BOOST_TEST(xg::threads() == 3);
  BOOST_TEST(near(sum(wave({1'000'000})), Var(xg::Array<double>(xg::Shape(), sum(wave({1'000'000})).item<double>()))));
}

BOOST_AUTO_TEST_CASE(element_by_element) {
  for (const DType dtype : {DType::Float64, DType::Float32}) {
    const Vars x{cast(wave({1'000'003}), dtype), cast(wave({1'000'003}, 1.0), dtype)};
    check(
        "elements",
        [](const Vars& a) {
          return Vars{exp(a[0]) * sin(a[1]) + a[0], a[0] > a[1], cast(a[0] * 99.0, DType::Int64)};
        },
        x);
    const Vars y{cast(wave({1001, 999}), dtype), cast(wave({999}), dtype), cast(wave({1001, 1}), dtype)};
    check(
        "broadcast",
        [](const Vars& a) {
          return Vars{a[0] * a[1] + a[2], transpose(a[0]) * 2.0, a[0] - view(a[0], 0)};
        },
        y);
  }
}

BOOST_AUTO_TEST_CASE(reductions) {
  for (const DType dtype : {DType::Float64, DType::Float32}) {
    for (const xg::Shape& shape : {xg::Shape{1'000'003}, xg::Shape{300'001, 3}, xg::Shape{3, 300'001},
                                   xg::Shape{1001, 999}, xg::Shape{30, 200, 170}}) {
      const Vars x{cast(wave(shape), dtype)};
      check(
          "all",
          [](const Vars& a) {
            return Vars{sum(a[0]), amax(a[0]), amin(sin(a[0])), mean(exp(a[0])), norm(a[0])};
          },
          x);
      check(
          "rows",
          [](const Vars& a) {
            return Vars{sum(a[0], -1), amax(a[0], -1), logsumexp(a[0], -1), softmax(a[0])};
          },
          x);
      check(
          "columns",
          [](const Vars& a) {
            return Vars{sum(a[0], 0), amin(a[0], 0), variance(a[0], 0), softmax(a[0], 0)};
          },
          x);
      check(
          "mixed",
          [](const Vars& a) {
            return Vars{sum(a[0]) * a[0], sum(a[0], 0) + amax(a[0]), a[0] - mean(a[0], -1, xg::keep_dims)};
          },
          x);
    }
  }
  check("integers",
        [](const Vars& a) {
          return Vars{sum(a[0]), sum(a[0], 0), sum(a[0], 1), sum(a[0] > 0), amax(a[0], 0)};
        },
        {cast(wave({1001, 999}) * 1e6, DType::Int64)});
}

BOOST_AUTO_TEST_CASE(products) {
  for (const DType dtype : {DType::Float64, DType::Float32}) {
    const Vars x{cast(wave({700, 600}), dtype), cast(wave({600, 500}), dtype)};
    check(
        "product",
        [](const Vars& a) {
          return Vars{matmul(a[0], a[1]), sum(matmul(a[0], a[1]), 0), matmul(transpose(a[1]), transpose(a[0]))};
        },
        x);
    check(
        "gradient",
        [](const Vars& a) {
          const auto [value, gradient] =
              xg::value_and_grad([](const Vars& b) { return mean(square(tanh(matmul(b[0], b[1])))); })(a);
          return Vars{value, gradient[0], gradient[1]};
        },
        x);
  }
}

BOOST_AUTO_TEST_CASE(convolutions) {
  for (const DType dtype : {DType::Float64, DType::Float32}) {
    const Vars x{cast(wave({9, 4, 40, 33}), dtype), cast(wave({6, 2, 3, 3}, 1.0), dtype)};
    check(
        "convolution and its gradients",
        [](const Vars& a) {
          const auto f = [](const Vars& b) {
            return sum(square(conv(b[0], b[1], {.stride = 2, .padding = 1, .groups = 2})));
          };
          const auto [value, gradients] = xg::value_and_grad(f)(a);
          return Vars{value, gradients[0], gradients[1]};
        },
        x);
    check(
        "pools",
        [](const Vars& a) {
          return Vars{max_pool(a[0], 3, {.padding = 1}), average_pool(a[0], 2)};
        },
        x);
  }
}

BOOST_AUTO_TEST_CASE(stacks_of_matrices) {
  namespace la = xg::linalg;
  for (const DType dtype : {DType::Float64, DType::Float32}) {
    check("small products",
          [](const Vars& a) {
            return Vars{matmul(a[0], a[1]), matmul(swapaxes(a[1], 1, 2), swapaxes(a[0], 1, 2)),
                        matmul(a[0], view(a[1], 0))};
          },
          {cast(wave({2000, 9, 12}), dtype), cast(wave({2000, 12, 10}), dtype)});
    check("factors",
          [](const Vars& a) {
            const Var definite = matmul(a[0], swapaxes(a[0], -1, -2)) + xg::identity(9, a[0].dtype());
            return Vars{la::cholesky(definite), la::solve(definite, a[0]), la::inv(definite),
                        la::eigvalsh(definite), la::svdvals(a[0]),         la::det(a[0])};
          },
          {cast(wave({600, 9, 9}), dtype)});
  }
}

BOOST_AUTO_TEST_CASE(draws) {
  check("numbers",
        [](const Vars& a) {
          const auto key = [&](std::uint64_t seed) { return xg::random::Key(seed).fold_in(a[0]); };
          const Var shapes = 0.5 + cast(a[0], DType::Float64) * xg::ones({5000});
          const auto [x, slope] =
              xg::value_and_grad([&](const Var& b) { return sum(xg::random::gamma(key(1), b)); })(shapes);
          return Vars{x,
                      slope,
                      xg::random::uniform(key(2), {200'003}),
                      xg::random::normal(key(3), {200'003}, DType::Float32),
                      xg::random::poisson(key(4), 9.0 * shapes),
                      xg::random::truncated_normal(key(5), -shapes, shapes)};
        },
        {Var(xg::Array<std::int64_t>(xg::Shape(), 3))});
}

BOOST_AUTO_TEST_CASE(cross_entropies) {
  for (const DType dtype : {DType::Float64, DType::Float32}) {
    check("cross-entropy",
          [](const Vars& a) {
            const auto [value, gradient] = xg::value_and_grad(cross_entropy)(a[0], a[1]);
            return Vars{value, gradient};
          },
          {cast(wave({20'000, 100}), dtype), labels(20'000, 100)});
  }
}

BOOST_AUTO_TEST_CASE(compiled_steps) {
  const Var x = wave({2000, 50});
  const Var y = labels(2000, 10);
  const auto step = xg::compile([](const Var& w, const Var& a, const Var& b) {
    const auto loss = [](const Var& v, const Var& p, const Var& q) { return cross_entropy(matmul(p, v), q); };
    const auto [value, gradient] = xg::value_and_grad(loss)(w, a, b);
    return std::pair{w - 0.1 * gradient, value};
  });
  const auto train = [&](int count) {
    xg::set_threads(count);
    Var w = wave({50, 10});
    for (int i = 0; i < 10; ++i) w = step(std::move(w), x, y).first;
    return w;
  };
  const Var expected = train(1);
  BOOST_TEST(same_bits(train(2), expected));
  BOOST_TEST(same_bits(train(7), expected));
}

BOOST_AUTO_TEST_CASE(the_first_bad_label_is_named) {
  constexpr std::size_t count = 20'000;
  const Var logits = wave({count, 100});
  const auto with_bad = [&](const std::vector<std::pair<std::size_t, std::int64_t>>& bad) {
    auto array = xg::Array<std::int64_t>(labels(count, 100).array<std::int64_t>());
    for (const auto& [place, label] : bad) array.data()[place] = label;
    return Var(std::move(array));
  };
  const Var good = labels(count, 100);
  const auto loss = [&](const Var& x, const Var& y) { return xg::value_and_grad(cross_entropy)(x, y).value; };
  for (const int threads : {1, 2, 7}) {
    xg::set_threads(threads);
    for (int round = 0; round < rounds; ++round) {
      BOOST_TEST_INFO_SCOPE(threads << " threads");
      BOOST_TEST(throws<xg::ValueError>([&] { return loss(logits, with_bad({{19'999, 777}})); }, {"777", "100"}));
      BOOST_TEST(throws<xg::ValueError>(
          [&] {
            return loss(logits, with_bad({{0, -101}, {1, 888}, {19'999, 777}}));
          },
          {"-101"}));
      BOOST_TEST(throws<xg::ValueError>(
          [&] {
            return loss(logits, with_bad({{7000, 555}, {7001, 666}, {9000, 777}, {15'000, 888}}));
          },
          {"555"}));
      std::vector<std::pair<std::size_t, std::int64_t>> many;
      for (std::size_t i = 4321; i < count; ++i) many.emplace_back(i, 1000 + static_cast<std::int64_t>(i));
      BOOST_TEST(throws<xg::ValueError>([&] { return loss(logits, with_bad(many)); }, {"5321"}));
      BOOST_TEST(throws<xg::ValueError>(
          [&] {
            return take(logits, reshape(with_bad({{300, 20'001}, {900, 20'002}}), {-1}), 0);
          },
          {"20001"}));
      BOOST_TEST(throws<xg::ValueError>([&] { return one_hot(with_bad({{300, 101}, {900, 102}}), 100); }, {"101"}));
      BOOST_TEST(std::isfinite(loss(logits, good).item<double>()));
    }
  }
}

BOOST_AUTO_TEST_CASE(callers_on_several_threads_while_the_number_changes) {
  const Var x = wave({300, 1000});
  const Var y = labels(300, 1000);
  const auto work = [&](const Var& logits) {
    const auto [value, gradient] = xg::value_and_grad(cross_entropy)(logits, y);
    return Vars{value, gradient, sum(exp(logits), 0), sum(sin(logits)), matmul(logits, transpose(logits))};
  };
  const Vars expected = work(x);
  const auto compiled = xg::compile(work);
  const Vars expected_compiled = compiled(x);  // one plan for all, which may add up in another order
  std::atomic<bool> stop{false};
  std::atomic<int> wrong{0};
  std::atomic<int> refused{0};
  std::vector<std::thread> callers;
  for (int t = 0; t < 4; ++t) {
    callers.emplace_back([&, t] {
      auto bad = xg::Array<std::int64_t>(y.array<std::int64_t>());
      bad.data()[299] = 1000;
      const Var bad_labels = std::move(bad);
      for (int i = 0; i < 25; ++i) {
        const bool plain = (i + t) % 2 == 0;
        const Vars given = plain ? work(x) : compiled(x);
        const Vars& wanted = plain ? expected : expected_compiled;
        for (std::size_t k = 0; k < given.size(); ++k) {
          if (!same_bits(given[k], wanted[k])) ++wrong;
        }
        try {
          (void)cross_entropy(x, bad_labels);
        } catch (const xg::ValueError&) {
          ++refused;
        }
      }
    });
  }
  std::thread changer([&] {
    for (int i = 0; !stop; ++i) {
      xg::set_threads(1 + i % 7);
      std::this_thread::yield();
    }
  });
  for (std::thread& caller : callers) caller.join();
  stop = true;
  changer.join();
  BOOST_TEST(wrong == 0);
  BOOST_TEST(refused == 100);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE_END()
