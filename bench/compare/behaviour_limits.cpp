// Overhead of recording, the same bits for any number of threads, many shapes in a row.
#include <cmath>
#include <cstdio>

#include "../programs/mlp.hpp"
#include "../programs/small.hpp"
#include "contest.hpp"

namespace bench {
namespace {

using xgrad::Var;

/// What recording adds to the compiled step of the tiny operations, over the nodes of the tape: recording,
/// differentiating, and finding the plan in the cache.
Measured record_per_op() {
  const Chain chain = make_chain();
  const Var x = var(chain.x), a = var(chain.a), b = var(chain.b);
  xgrad::Tape tape;
  const Var leaf = tape.leaf(x);
  (void)tape.gradient(sum(tiny_chain(leaf, tape.leaf(a), tape.leaf(b))), leaf);
  const auto nodes = static_cast<double>(tape.size());
  const Program recorded = program(tiny_operations, x, a, b);
  const Program compiled = program(xgrad::compile(tiny_operations), x, a, b);
  const std::vector<double> ns = measure({recorded.step, compiled.step}, Clock::processor);
  return {ns[0], (ns[0] - ns[1]) / nodes, {{"compiled_ns", ns[1]}, {"nodes", nodes}}};
}

/// Results that depend on the order of additions or on how work is split.
Arrays results_with_threads(int count) {
  xgrad::set_threads(count);
  constexpr std::size_t elements = 1'000'003, rows = 10'007, classes = 100;
  const Pair pair = make_pair(elements);
  const Classification logits = make_classification(rows, classes);
  const Batch batch = make_batch(1024);
  const auto f = xgrad::value_and_grad<0, 1>(log_cosh);
  const auto g = xgrad::value_and_grad(cross_entropy);
  const auto step = xgrad::compile(sgd_step);
  auto results = to_vectors(
      std::tuple(f(var(pair.prediction), var(pair.target)), g(var(logits.logits, {rows, classes}), var(logits.labels)),
                 step(make_mlp(batch), var(batch.x, {batch.size, Batch::inputs}), var(batch.labels))));
  const Var floats = var(logits.logits);
  for (const Var& x : {Var(sum(floats)), Var(logsumexp(floats)), Var(sum(var(logits.logits, {rows, classes}), 0))})
    results.push_back(to_vector(x));
  return results;
}

/// How many of the arrays differ in any bit from those of one thread.
Measured threads_same_bits() {
  const Arrays expected = results_with_threads(1);
  double different = 0.0;
  for (const int count : {2, 7}) {
    const Arrays results = results_with_threads(count);
    for (std::size_t i = 0; i < expected.size(); ++i) {
      const bool same = results[i] == expected[i];  // none of them is NaN
      if (!same) std::fprintf(stderr, "threads_same_bits: array %zu differs with %d threads\n", i, count);
      if (!same) different += 1.0;
    }
  }
  xgrad::set_threads(1);
  return {none, different, {{"arrays", static_cast<double>(expected.size())}}};
}

/// One loss with each of a hundred shapes.
std::vector<Step> steps_of_many_shapes(std::size_t shapes) {
  const Pair data = make_pair(1000 + shapes);
  std::vector<Step> steps;
  for (std::size_t i = 0; i < shapes; ++i) {
    const auto part = [i](const std::vector<double>& x) {
      return var(std::vector<double>(x.begin() + static_cast<std::ptrdiff_t>(i), x.end()));
    };
    steps.push_back(program(xgrad::value_and_grad(log_cosh), part(data.prediction), part(data.target)).step);
  }
  return steps;
}

/// A loss recorded with a hundred shapes, one after the other: the time of a call whose shape is known, after them all
/// over that before them.
Measured hundred_shapes() {
  const std::vector<Step> steps = steps_of_many_shapes(100);
  const auto round = [&] {
    std::vector<double> ns;
    for (const Step& step : steps) ns.push_back(nanoseconds(step, 1, Clock::processor));
    return ns;
  };
  const double before = measure({steps[0]}, Clock::processor)[0];
  const std::vector<double> planned = round();
  std::vector<double> again;
  for (int i = 0; i < 10; ++i) again = round();
  const double after = measure({steps[0]}, Clock::processor)[0];
  Measured result{after, after / before, {{"before_ns", before}}};
  const auto middle = planned.begin() + 50;
  result.details.emplace_back("new_shape_ns", median({planned.begin(), middle}));
  result.details.emplace_back("later_new_shape_ns", median({middle, planned.end()}));
  result.details.emplace_back("shape_again_ns", median(again));
  result.details.emplace_back("plans", static_cast<double>(xgrad::plan_cache().plans));
  result.details.emplace_back("plans_bytes", static_cast<double>(xgrad::plan_cache().bytes));
  return result;
}

}  // namespace

std::vector<Limit> behaviour_limits() {
  return {{"record_per_op", "10", "float64", "cost", 50.0, record_per_op},
          {"threads_same_bits", "", "", "cost", 0.0, threads_same_bits},
          {"hundred_shapes", "1001 to 1100", "float64", "cost", 1.2, hundred_shapes}};
}

}  // namespace bench
