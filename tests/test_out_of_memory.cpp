// Each allocation in turn fails, of the first to the last that a computation needs: it throws std::bad_alloc, and the
// same computation is right afterwards.
#include "counted_memory.hpp"

#include <cstddef>
#include <exception>
#include <functional>
#include <future>
#include <map>
#include <new>
#include <sstream>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <boost/test/unit_test.hpp>
#include <xgrad/draw.hpp>
#include <xgrad/loss.hpp>
#include <xgrad/plans.hpp>
#include <xgrad/xgrad.hpp>

#include "memory/buffer.hpp"

BOOST_AUTO_TEST_SUITE(test_out_of_memory)

namespace xg = xgrad;
using counted_memory::fails_after;
using xg::Var;
using xg::memory::recycles_memory;

namespace {

/// A computation that says whether its result is right.
using Work = std::function<bool()>;

/// Where a computation begins.
enum class Start { Warm, Cold, ColdInFreshThread };

void forget_plans() {
  xg::set_plan_cache_limit(0);
  xg::set_plan_cache_limit(std::size_t{64} << 20U);
}

struct Outcome {
  bool failed = false;      // threw std::bad_alloc
  bool right = false;       // or ended with the right result
  bool fail_point = false;  // an allocation failed, though perhaps without anybody noticing
  std::string other_error;
};

Outcome attempt(const Work& work, std::ptrdiff_t successes) {
  Outcome outcome;
  fails_after = successes;
  try {
    outcome.right = work();
  } catch (const std::bad_alloc&) {
    outcome.failed = true;
  } catch (const std::exception& error) {
    outcome.other_error = error.what();
  }
  outcome.fail_point = fails_after < 0;
  fails_after = -1;
  return outcome;
}

Outcome attempt_in_fresh_thread(const Work& work, std::ptrdiff_t successes) {
  Outcome outcome;
  std::thread([&] { outcome = attempt(work, successes); }).join();
  return outcome;
}

void survives(const std::string& name, const Work& work, Start start) {
  constexpr std::ptrdiff_t most = 100'000;
  const auto run = [&](std::ptrdiff_t successes) {
    if (start != Start::Warm) forget_plans();
    return start == Start::ColdInFreshThread ? attempt_in_fresh_thread(work, successes) : attempt(work, successes);
  };
  BOOST_TEST_CONTEXT(name << ", start " << static_cast<int>(start)) {
    if (start == Start::Warm) BOOST_TEST_REQUIRE((work() && work()));
    std::ptrdiff_t failures = 0;
    for (std::ptrdiff_t successes = 0; successes < most; ++successes) {
      const Outcome outcome = run(successes);
      failures += outcome.failed ? 1 : 0;
      if (!outcome.other_error.empty()) BOOST_TEST_REQUIRE(outcome.other_error == "", "allocation " << successes);
      if (!outcome.failed) BOOST_TEST_REQUIRE(outcome.right, "wrong after allocation " << successes);
      if (!outcome.fail_point) {
        BOOST_TEST_MESSAGE(name << ": " << successes << " allocations, " << failures << " errors");
        return;
      }
      const Outcome again = attempt(work, -1);
      BOOST_TEST_REQUIRE((again.right && again.other_error.empty()),
                         "wrong when repeated after allocation " << successes << " " << again.other_error);
    }
    BOOST_ERROR("no end");
  }
}

void survives_from_each_start(const std::string& name, const Work& work) {
  for (const Start start : {Start::Cold, Start::Warm, Start::ColdInFreshThread}) survives(name, work, start);
}

Var ones(const xg::Shape& shape, double value = 1.0) { return xg::Array<double>(shape, value); }
bool all_are(const Var& x, double value) {
  for (const double each : x.array<double>()) {
    if (each != value) return false;
  }
  return true;
}

struct Layer {
  Var weight, bias;
};
XGRAD_FIELDS(Layer, weight, bias)

struct Network {
  std::vector<Layer> layers;
  std::map<std::string, Var> others;
};
XGRAD_FIELDS(Network, layers, others)

// The time grows with the square of the number of allocations, and sanitizers take ten times as long for each.
constexpr std::size_t layer_count = recycles_memory ? 2 : 1;

Network make_network() {
  return {std::vector<Layer>(layer_count, {ones({16, 16}, 0.0625), ones({16}, 0.0)}), {{"scale", ones({}, 2.0)}}};
}

/// Of inputs that are 1, the layers make 1 again.
Var loss_of(const Network& network, const Var& x) {
  Var y = x;
  for (const Layer& layer : network.layers) y = relu(matmul(y, layer.weight) + layer.bias);
  return mean(square(y * network.others.at("scale")));
}

std::pair<Network, Var> train(const Network& network, const Var& x) {
  const auto [loss, gradient] = xg::value_and_grad(loss_of)(network, x);
  return {xg::tree::map(network, gradient, [](const Var& w, const Var& g) { return w - 0.125 * g; }), loss};
}

/// One thread when a test has ended.
struct Threads {
  explicit Threads(int count) { xg::set_threads(count); }
  Threads(const Threads&) = delete;
  Threads& operator=(const Threads&) = delete;
  ~Threads() { xg::set_threads(1); }
};

}  // namespace

BOOST_AUTO_TEST_CASE(failures_are_made) {
  const Outcome outcome = attempt([] { return std::vector<int>(1000).size() == 1000; }, 0);
  BOOST_TEST(outcome.failed);
  BOOST_TEST(attempt([] { return true; }, 0).fail_point == false);
  struct alignas(128) Wide {
    std::byte bytes[128];
  };
  BOOST_TEST(attempt([] { return std::vector<Wide>(3).size() == 3; }, 0).failed);
}

BOOST_AUTO_TEST_CASE(recording) {
  survives_from_each_start("a tape", [] {
    xg::Tape tape;
    const Var x = tape.leaf(ones({5, 1}));
    Var y = x;
    for (int i = 0; i < 25; ++i) y = y + view(x, xt::range(0, 5), xt::all()) * 1.0;
    y = xg::reshape(xg::concatenate({y, y}, 0), {10});
    return all_are(tape.gradient(sum(y), x), 52.0) && all_are(tape.evaluate(y), 26.0);
  });
}

BOOST_AUTO_TEST_CASE(evaluating) {
  const Var x = ones({30, 40});
  const Var labels = xg::Array<std::int64_t>({30, 1}, 3);
  survives_from_each_start("loops and products", [&] {
    const Var y = exp(x - 1.0) + softmax(x) * 40.0 + transpose(transpose(x));
    return all_are(matmul(y, transpose(x)) + sum(y) * 0.0, 120.0);
  });
  const Var kernel = ones({2, 1, 3, 3});
  survives_from_each_start("a convolution and a pool", [&] {
    const Var y = conv(reshape(x, {1, 1, 30, 40}), kernel);
    return all_are(y, 9.0) && all_are(max_pool(y, 2), 9.0);
  });
  const Var image = ones({1, 1, 5, 5});
  survives_from_each_start("gradients of a convolution", [&] {
    const auto total = [](const std::vector<Var>& a) { return sum(conv(a[0], a[1])); };
    const std::vector<Var> slopes = xg::grad(total)(std::vector<Var>{image, kernel});
    return sum(slopes[0]).item<double>() == 162.0 && all_are(slopes[1], 9.0);
  });
  const Var stack = ones({500, 4, 5});
  survives_from_each_start("small products", [&] { return all_are(matmul(swapaxes(stack, 1, 2), stack), 4.0); });
  survives_from_each_start("a Fourier transform", [&] {
    return std::abs(sum(xg::fft::irfft(xg::fft::rfft(ones({20})), 20)).item<double>() - 20.0) < 1e-12;
  });
  survives_from_each_start("calls", [&] {
    return all_are(view(cumsum(sort(x, 1), 1), xt::all(), 1), 2.0) && all_are(take_along_axis(x, labels, 1), 1.0);
  });
  survives_from_each_start("a requirement is not met", [&] {
    try {
      (void)checked(x, x < 1.0, xg::Requirement("{} is not less than {}"), 1).array<double>();
    } catch (const xg::ValueError& error) {
      return std::string(error.what()) == "1 is not less than 1";
    }
    return false;
  });
}

BOOST_AUTO_TEST_CASE(differentiating) {
  survives_from_each_start("grad of a network", [] {
    const auto [next, loss] = train(make_network(), ones({10, 16}));
    return loss.item<double>() == 4.0 && next.layers.size() == layer_count;
  });
  survives_from_each_start("second derivatives", [] {
    const auto cube = [](const Var& x) { return sum(x * x * x); };
    const Var x = ones({4}, 2.0);
    const auto [value, pullback] = xg::vjp(cube, x);
    return all_are(xg::hvp(cube, x, ones({4})), 12.0) && all_are(pullback(1.0), 12.0) &&
           xg::hessian(cube)(x).array<double>()(3, 3) == 12.0;
  });
}

BOOST_AUTO_TEST_CASE(compiling) {
  const Work compile_and_call = [] {
    const auto [network, loss] = xg::compile(train)(make_network(), ones({10, 16}));
    return loss.item<double>() == 4.0 && network.layers.size() == layer_count;
  };
  survives("compile and call", compile_and_call, Start::Cold);
  survives("compile and call", compile_and_call, Start::ColdInFreshThread);
  const auto step = xg::compile(train);
  const Var x = ones({10, 16});
  survives_from_each_start("call again", [&] { return step(make_network(), x).second.item<double>() == 4.0; });
  const auto doubled = xg::compile([](const Var& y) { return y * 2.0; });
  survives_from_each_start("donate", [&] {
    Var y = ones({50'000});
    y = doubled(doubled(std::move(y)));
    return all_are(y, 4.0);
  });
  survives(
      "describe", [&] { return !xg::compile(train).plan(make_network(), x).empty(); }, Start::Cold);
}

namespace {

/// Whatever allocation fails in a call, the donated arrays are as they were, or updated.
template <class F>
void keeps_what_was_donated(const char* name, F f, const std::function<std::vector<Var>()>& fresh) {
  BOOST_TEST_INFO_SCOPE(name);
  const auto step = xg::compile(f);
  (void)step(fresh());
  std::ptrdiff_t failures = 0;
  for (std::ptrdiff_t successes = 0;; ++successes) {
    std::vector<Var> given = fresh();
    const std::vector<Var> before = fresh();
    const Work work = [&] {
      given = step(std::move(given));
      return true;
    };
    const Outcome outcome = attempt_in_fresh_thread(work, successes);
    if (!outcome.fail_point) break;
    if (!outcome.failed) continue;  // a thread left its part to another one
    ++failures;
    for (std::size_t k = 0; k < before.size(); ++k) {
      BOOST_TEST_REQUIRE(given[k].defined());
      BOOST_TEST_REQUIRE((given[k].array<double>() == before[k].array<double>()));
    }
  }
  BOOST_TEST(failures > 3);
}

}  // namespace

BOOST_AUTO_TEST_CASE(donated_arguments) {
  using Vars = std::vector<Var>;
  for (const int count : {1, 3}) {
    const Threads threads(count);
    keeps_what_was_donated(
        "one loop",
        [](const Vars& w) {
          return Vars{w[0] * 2.0, w[1] + 1.0};
        },
        [] {
          return Vars{ones({50'000}), ones({7})};
        });
    keeps_what_was_donated(
        "long loops",
        [](const Vars& w) {
          return Vars{w[0] - sum(w[1]) * tanh(w[0]), w[1] * 2.0};
        },
        [] {
          return Vars{ones({200'000}), ones({3})};
        });
    keeps_what_was_donated(
        "a product that is added 0 times",
        [](const Vars& w) {
          return Vars{w[0] - sin(w[1]) * matmul(w[2], w[2]), w[1] - 1.0, w[2]};
        },
        [] {
          return Vars{ones({50, 50}), ones({}, 0.0), ones({50, 50})};
        });
    keeps_what_was_donated(
        "a kernel that takes memory",
        [](const Vars& w) {
          return Vars{w[0] * 2.0, sort(w[0] * w[1])};
        },
        [] {
          return Vars{ones({500}), ones({500})};
        });
    keeps_what_was_donated(
        "a norm that is a kernel of its own",
        [](const Vars& w) {
          return Vars{w[0] * 2.0, norm(reshape(w[0] * w[1], {5, 10, 10}), 1)};
        },
        [] {
          return Vars{ones({500}), ones({500})};
        });
    keeps_what_was_donated(
        "a product of all",
        [](const Vars& w) {
          return Vars{w[0] * 2.0, prod(w[0] * w[1])};
        },
        [] {
          return Vars{ones({500}), ones({500})};
        });
    keeps_what_was_donated(
        "many operands",
        [](const Vars& w) {
          return Vars{w[0] * 2.0, xg::concatenate(std::vector<Var>(9, w[1])) * 2.0};
        },
        [] {
          return Vars{ones({500}), ones({5})};
        });
    const Var x = ones({10, 16});
    keeps_what_was_donated(
        "a network",
        [x](const Vars& w) {
          const auto [next, loss] = train({{{w[0], w[1]}}, {{"scale", w[2]}}}, x);
          return xg::tree::leaves(next);
        },
        [] {
          return xg::tree::leaves(Network{{{ones({16, 16}, 0.1), ones({16})}}, {{"scale", ones({})}}});
        });
  }
}

BOOST_AUTO_TEST_CASE(several_threads) {
  const Threads three(3);
  constexpr std::size_t size = recycles_memory ? 100'000 : 50'000;  // four parts of a loop, or two
  const Var x = ones({size});
  survives_from_each_start(
      "long loops", [&] { return sum(softplus(x) * 0.0 + square(x)).item<double>() == static_cast<double>(size); });
  survives_from_each_start(
      "grad", [&] { return all_are(xg::grad([](const Var& y) { return sum(square(y)) + mean(y * 0.0); })(x), 2.0); });
  const Var images = ones({4, 1, 9, 9});
  const Var kernel = ones({2, 1, 3, 3});
  survives_from_each_start("a convolution", [&] { return all_are(conv(images, kernel), 9.0); });
  survives(
      "number of threads",
      [&] {
        xg::set_threads(2);
        xg::set_threads(3);
        return sum(x).item<double>() == static_cast<double>(size);
      },
      Start::Cold);
  xg::set_threads(3);
}

BOOST_AUTO_TEST_CASE(callers_in_several_threads) {
  const auto step = xg::compile(train);
  const Var x = ones({10, 16});
  survives_from_each_start("calls at once", [&] {
    const auto call = [&] { return step(make_network(), x).second.item<double>() + sum(x).item<double>(); };
    std::future<double> other = std::async(std::launch::async, call);
    double here = 0.0;
    std::exception_ptr failure;
    try {
      here = call();
    } catch (...) {
      failure = std::current_exception();
    }
    const double there = other.get();
    if (failure) std::rethrow_exception(failure);
    return here == 164.0 && there == 164.0;
  });
}

BOOST_AUTO_TEST_CASE(losses_and_texts) {
  survives_from_each_start("a loss by name", [] {
    const xg::loss::AnyLoss huber = xg::loss::by_name("huber", {{"delta", 0.5}});
    std::ostringstream text;
    text.exceptions(std::ios::badbit);
    text << huber;
    return all_are(huber(ones({5}), ones({5}, 2.0)), 0.375) && text.str() == "Huber{delta = 0.5}";
  });
  survives_from_each_start("a picture", [] {
    const xg::draw::Plot plot{.series = {{.name = "curve", .x = {1.0, 2.0}, .y = {1.0, 4.0}}}};
    return xg::draw::svg(plot).ends_with("</svg>\n");
  });
  survives_from_each_start("a message", [] {
    (void)xg::set_log_handler(xg::set_log_handler({}));
    return true;
  });
}

BOOST_AUTO_TEST_SUITE_END()
