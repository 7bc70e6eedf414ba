// xgrad alone, part by part, with Google Benchmark: `bench_micro --benchmark_filter=REGEX`.
#include <benchmark/benchmark.h>

#include <string>
#include <vector>

#include "programs/losses.hpp"
#include "programs/mlp.hpp"
#include "programs/small.hpp"

namespace {

using namespace bench;
using benchmark::State;
using xgrad::DType;
using xgrad::Var;

Var numbers(std::size_t count, DType dtype) {
  const Var x = 0.5 + 0.4 * tanh(var(make_pair(count).prediction));  // in the domain of every function here
  return cast(x, dtype);
}

// ---- the tape: time per operation of the chain of 300

constexpr std::size_t operations = 3 * Chain::rounds;

void record(State& state) {
  const Chain chain = make_chain();
  const Var x = var(chain.x), a = var(chain.a), b = var(chain.b);
  for (auto _ : state) {
    xgrad::Tape tape;
    benchmark::DoNotOptimize(tiny_chain(tape.leaf(x), tape.leaf(a), tape.leaf(b)));
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(operations));
}
BENCHMARK(record);

void record_and_differentiate(State& state) {
  const Chain chain = make_chain();
  const Var x = var(chain.x), a = var(chain.a), b = var(chain.b);
  for (auto _ : state) {
    xgrad::Tape tape;
    const Var leaf = tape.leaf(x);
    benchmark::DoNotOptimize(tape.gradient(sum(tiny_chain(leaf, tape.leaf(a), tape.leaf(b))), leaf));
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(operations));
}
BENCHMARK(record_and_differentiate);

void record_differentiate_and_evaluate(State& state) {
  const Chain chain = make_chain();
  const Var x = var(chain.x), a = var(chain.a), b = var(chain.b);
  for (auto _ : state) benchmark::DoNotOptimize(tiny_operations(x, a, b));
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(operations));
}
BENCHMARK(record_differentiate_and_evaluate);

void replay_compiled(State& state) {
  const Chain chain = make_chain();
  const Var x = var(chain.x), a = var(chain.a), b = var(chain.b);
  const auto step = xgrad::compile(tiny_operations);
  for (auto _ : state) benchmark::DoNotOptimize(step(x, a, b));
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(operations));
}
BENCHMARK(replay_compiled);

// ---- concrete operands: nothing is recorded

template <class F>
void at_once(State& state, F operation, const Var& x, const Var& y) {
  for (auto _ : state) benchmark::DoNotOptimize(operation(x, y));
}
const auto add = [](const Var& x, const Var& y) { return x + y; };
const auto tanh_of = [](const Var& x, const Var&) { return tanh(x); };
const auto sum_of = [](const Var& x, const Var&) { return sum(x); };
BENCHMARK_CAPTURE(at_once, add_10, add, xgrad::ones({10}), xgrad::ones({10}));
BENCHMARK_CAPTURE(at_once, add_rank_0, add, xgrad::ones({}), xgrad::ones({}));
BENCHMARK_CAPTURE(at_once, add_numbers, add, 1.0, 2.0);
BENCHMARK_CAPTURE(at_once, tanh_10, tanh_of, xgrad::ones({10}), Var());
BENCHMARK_CAPTURE(at_once, sum_10, sum_of, xgrad::ones({10}), Var());

// ---- kernels: a function of one array, compiled

using Function = Var (*)(const Var&);

struct Named {
  const char* name;
  Function function;
};

const std::vector<Named> elementwise = {
    {"square", [](const Var& x) { return square(x); }},
    {"sqrt", [](const Var& x) { return sqrt(x); }},
    {"exp", [](const Var& x) { return exp(x); }},
    {"expm1", [](const Var& x) { return expm1(x); }},
    {"log", [](const Var& x) { return log(x); }},
    {"log1p", [](const Var& x) { return log1p(x); }},
    {"sin", [](const Var& x) { return sin(x); }},
    {"cos", [](const Var& x) { return cos(x); }},
    {"tanh", [](const Var& x) { return tanh(x); }},
    {"sigmoid", [](const Var& x) { return sigmoid(x); }},
    {"softplus", [](const Var& x) { return softplus(x); }},
    {"erf", [](const Var& x) { return erf(x); }},
    {"pow_0.75", [](const Var& x) { return pow(x, 0.75); }},
};

const std::vector<Named> of_rows = {
    {"sum", [](const Var& x) { return sum(x); }},
    {"sum_of_rows", [](const Var& x) { return sum(x, -1); }},
    {"sum_of_columns", [](const Var& x) { return sum(x, 0); }},
    {"amax_of_rows", [](const Var& x) { return amax(x, -1); }},
    {"logsumexp_of_rows", [](const Var& x) { return logsumexp(x, -1); }},
    {"softmax", [](const Var& x) { return softmax(x); }},
    {"log_softmax", [](const Var& x) { return log_softmax(x); }},
    {"matmul_transposed", [](const Var& x) { return matmul(transpose(x), x); }},
};

/// Compiled, so that no recording is measured.
void run(State& state, Function function, const Var& x) {
  const auto compiled = xgrad::compile(function);
  Var y;
  for (auto _ : state) {
    y = Var();
    y = compiled(x);
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(x.size()));
}

void register_all() {
  for (const DType dtype : {DType::Float32, DType::Float64}) {
    const std::string suffix = "/" + std::string(name(dtype));
    const auto add = [&](const Named& each, const std::string& size, const Var& x) {
      benchmark::RegisterBenchmark((each.name + suffix + "/" + size).c_str(),
                                   [function = each.function, x](State& state) { run(state, function, x); });
    };
    const Var flat = numbers(10'000, dtype);
    for (const Named& each : elementwise) add(each, "10000", flat);
    const Var rows = reshape(numbers(256'000, dtype), {1000, 256});
    for (const Named& each : of_rows) add(each, "1000x256", rows);
  }
}

}  // namespace

int main(int argc, char** argv) {
  register_all();
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  benchmark::RunSpecifiedBenchmarks();
}
