// What the first call of a long program takes: recording it, planning it pass by pass, running it. Microseconds of the
// processor for each recorded node, medians.
//
//     bench_planning [nodes, 100000 by default] [repetitions, 7 by default] [LSTM|chain|random, all by default]
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <functional>
#include <map>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include <xgrad/xgrad.hpp>

// The passes have no public names.
#include "backend/executable.hpp"
#include "plan/group.hpp"
#include "plan/recompute.hpp"
#include "var/access.hpp"

namespace xg = xgrad;
using xg::Var;

namespace {

/// What is asked for at once: a loss and its gradient.
using Recorded = std::vector<Var>;
using Record = Recorded (*)(xg::Tape& tape, std::size_t nodes);

Var wave(const xg::Shape& shape, double phase) {
  auto array = xg::Array<double>::from_shape(shape);
  for (std::size_t i = 0; i < array.size(); ++i) array.data()[i] = 0.1 * std::sin(phase + 0.7 * static_cast<double>(i));
  return {std::move(array)};
}

Recorded with_gradient(xg::Tape& tape, const Var& loss, const std::vector<Var>& parameters) {
  Recorded result{loss};
  for (Var& each : tape.gradient(loss, parameters)) result.push_back(std::move(each));
  return result;
}

/// A layer of an LSTM, step after step: 16 samples of 8 numbers, 8 units.
Recorded lstm(xg::Tape& tape, std::size_t nodes) {
  constexpr std::size_t nodes_of_step = 60;  // those of the gradient, too
  constexpr int units = 8;
  const Var w = tape.leaf(wave({8, 4 * units}, 0.1));
  const Var u = tape.leaf(wave({8, 4 * units}, 0.2));
  const Var b = tape.leaf(wave({4 * units}, 0.3));
  const Var xs = tape.leaf(wave({nodes / nodes_of_step, 16, 8}, 0.4));
  Var h = xg::zeros({16, units});
  Var c = xg::zeros({16, units});
  for (std::size_t i = 0; i < nodes / nodes_of_step; ++i) {
    const Var gates = matmul(view(xs, i), w) + matmul(h, u) + b;
    const auto gate = [&](int k) { return view(gates, xt::all(), xt::range(k * units, (k + 1) * units)); };
    c = xg::sigmoid(gate(1)) * c + xg::sigmoid(gate(0)) * tanh(gate(2));
    h = xg::sigmoid(gate(3)) * tanh(c);
  }
  return with_gradient(tape, sum(square(h)), {w, u, b});
}

/// One operation after another on 100 numbers.
Recorded chain(xg::Tape& tape, std::size_t nodes) {
  constexpr std::size_t nodes_of_step = 14;
  const Var start = tape.leaf(wave({100}, 0.1));
  const Var a = tape.leaf(wave({100}, 0.2));
  Var x = start;
  for (std::size_t i = 0; i < nodes / nodes_of_step; ++i) x = sin(x * a + start) - 0.5 * x;
  return with_gradient(tape, sum(x), {start, a});
}

/// Operations of several kinds on any of the last twenty results of their shape.
Recorded any(xg::Tape& tape, std::size_t nodes) {
  constexpr std::size_t nodes_of_step = 7;
  std::mt19937 random(1);  // NOLINT(*-msc51-cpp): the same program each time
  const auto below = [&](std::size_t count) { return std::size_t{random()} % count; };
  const std::array<xg::Shape, 4> shapes{{{}, {12}, {6, 12}, {12, 6}}};
  std::array<std::vector<Var>, 4> values;
  for (std::size_t k = 0; k < shapes.size(); ++k) {
    for (int i = 0; i < 3; ++i) values[k].push_back(tape.leaf(wave(shapes[k], 0.1 * i)));
  }
  const std::vector<Var> parameters{values[1][0], values[2][0], values[3][0]};
  const auto one_of = [&](std::size_t k) {
    const std::vector<Var>& all = values[k];
    return all[all.size() - 1 - below(std::min<std::size_t>(all.size(), 20))];
  };
  for (std::size_t i = 0; i < nodes / nodes_of_step; ++i) {
    const std::size_t k = below(shapes.size());
    const Var x = one_of(k);
    switch (below(12)) {
      case 0:
        values[0].push_back(sum(x) * 0.01);
        break;
      case 1:
        values[1].push_back(tanh(sum(one_of(2), 0)));
        break;
      case 2:
        values[3].push_back(transpose(one_of(2)) + one_of(3));
        break;
      case 3:
        values[2].push_back(one_of(2) * one_of(1));
        break;
      case 4:
        values[2].push_back(tanh(matmul(matmul(one_of(2), one_of(3)), one_of(2))));
        break;
      case 5:
        values[k].push_back(maximum(x, one_of(k)) - 0.25);
        break;
      case 6:
        values[k].push_back(where(x > 0.0, x, sin(one_of(k))));
        break;
      case 7:
        values[k].push_back(xg::sigmoid(x) * one_of(k));
        break;
      case 8:
        values[k].push_back(one_of(k) / (1.0 + square(x)));
        break;
      default:
        values[k].push_back(tanh(x + 0.5 * one_of(k)));
    }
  }
  Var loss = sum(values[0].back());
  for (const std::vector<Var>& all : values) {
    for (std::size_t i = 0; i < std::min<std::size_t>(all.size(), 20); ++i) loss = loss + sum(all[all.size() - 1 - i]);
  }
  return with_gradient(tape, loss, parameters);
}

/// Microseconds of the processor by what was done, in the order in which it was done first; a sample each time.
class Stages {
 public:
  template <class F>
  auto measure(const std::string& stage, F run) {
    const std::clock_t start = std::clock();
    auto result = run();
    const auto microseconds = 1e6 * static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
    if (!samples_.contains(stage)) names_.push_back(stage);
    samples_[stage].push_back(microseconds);
    return result;
  }

  void print(const char* program, std::size_t nodes, std::size_t loops, std::size_t steps) {
    std::printf("| %s, %zu nodes, %zu loops, %zu other steps | |\n", program, nodes, loops, steps);
    for (const std::string& name : names_) {
      std::vector<double>& all = samples_[name];
      std::ranges::sort(all);
      std::printf("| - %s | %.3f |\n", name.c_str(), all[all.size() / 2] / static_cast<double>(nodes));
    }
  }

 private:
  std::vector<std::string> names_;
  std::map<std::string, std::vector<double>> samples_;
};

void measure(const char* program, Record record, std::size_t nodes, int repetitions) {
  using namespace xg::backend;
  Stages stages;
  std::size_t count = 0;
  std::size_t loops = 0;
  std::size_t others = 0;
  for (int repetition = 0; repetition < repetitions; ++repetition) {
    xg::set_plan_cache_limit(0);  // forgets
    xg::set_plan_cache_limit(std::size_t{1} << 30U);
    xg::Tape tape;
    const Recorded outputs = stages.measure("record and differentiate", [&] { return record(tape, nodes); });
    {
      const TapeState& state = xg::VarAccess::tape(outputs[0]);
      std::vector<NodeId> ids;
      for (const Var& each : outputs) ids.push_back(xg::VarAccess::node(each));
      const Request request = stages.measure("request and signature", [&] {
        Request made;
        collect(made, state, ids);
        return made;
      });
      count = request.nodes.size();
      Graph graph = stages.measure("make_graph", [&] { return make_graph(request, state, ids); });
      Groups groups = stages.measure("make_groups", [&] { return make_groups(graph); });
      stages.measure("recompute", [&] {
        recompute(graph, groups, {});
        return 0;
      });
      const Plan plan = stages.measure("the plan, all of that", [&] { return make_plan(request, state, ids); });
      loops = static_cast<std::size_t>(std::ranges::count_if(plan.groups.list, &Group::loop));
      others = plan.groups.list.size() - loops;
      stages.measure("the executable", [&] { return make_executable(plan); });
    }
    stages.measure("the first run, with planning", [&] { return tape.evaluate(outputs); });
    xg::Tape second;
    const Recorded again = record(second, nodes);
    stages.measure("a later run", [&] { return second.evaluate(again); });
  }
  stages.print(program, count, loops, others);
}

}  // namespace

int main(int argc, char** argv) {
  const std::size_t nodes = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 100'000;
  const int repetitions = argc > 2 ? std::atoi(argv[2]) : 7;
  const std::string only = argc > 3 ? argv[3] : "";
  xg::set_threads(1);
  std::printf("| microseconds a node | |\n|---|---:|\n");
  const std::map<std::string, Record> programs{{"LSTM", lstm}, {"chain", chain}, {"random", any}};
  for (const auto& [name, record] : programs) {
    if (only.empty() || only == name) measure(name.c_str(), record, nodes, repetitions);
  }
}
