// vmap beside a loop over the examples and beside the same program written for batches by hand.
//
//     bench_vmap [repetitions, 15 by default]
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <functional>
#include <vector>

#include <xgrad/xgrad.hpp>

namespace xg = xgrad;
using xg::Var;
using xg::whole;

namespace {

template <class T = float>
Var wave(const xg::Shape& shape, double phase) {
  auto array = xg::Array<T>::from_shape(shape);
  for (std::size_t i = 0; i < array.size(); ++i) {
    array.data()[i] = static_cast<T>(0.1 * std::sin(phase + 0.7 * static_cast<double>(i)));
  }
  return {std::move(array)};
}

struct Mlp {
  Var w1, b1, w2, b2;
};
XGRAD_FIELDS(Mlp, w1, b1, w2, b2)

Var loss(const Mlp& m, const Var& x, const Var& label) {
  const Var scores = matmul(tanh(matmul(x, m.w1) + m.b1), m.w2) + m.b2;
  return logsumexp(scores) - sum(take(scores, label, 0));
}

/// The gradients of all samples, with the rules of reverse mode written out for a batch.
Mlp by_hand(const Mlp& m, const Var& x, const Var& labels) {
  const Var hidden = tanh(matmul(x, m.w1) + m.b1);
  const Var scores = matmul(hidden, m.w2) + m.b2;
  const Var d_scores = softmax(scores) - xg::one_hot(labels, 10, xg::DType::Float32);
  const Var d_hidden = matmul(d_scores, transpose(m.w2)) * (1.0 - square(hidden));
  return {expand_dims(x, 2) * expand_dims(d_hidden, 1), d_hidden, expand_dims(hidden, 2) * expand_dims(d_scores, 1),
          d_scores};
}

/// Of the processor: one thread, which a busy machine disturbs less so.
double seconds_of(const std::function<void()>& f) {
  timespec start{};
  timespec end{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &start);
  f();
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &end);
  return static_cast<double>(end.tv_sec - start.tv_sec) + 1e-9 * static_cast<double>(end.tv_nsec - start.tv_nsec);
}

struct Contestant {
  const char* name;
  std::function<void()> run;
};

/// Medians of samples taken in turn; ratios to the first.
void compare(const char* title, const std::vector<Contestant>& contestants, int repetitions) {
  std::vector<std::vector<double>> times(contestants.size());
  for (int i = 0; i <= repetitions; ++i) {
    for (std::size_t k = 0; k < contestants.size(); ++k) {
      const double seconds = seconds_of(contestants[k].run);
      if (i > 0) times[k].push_back(seconds);
    }
  }
  std::printf("\n| %s | ms | beside the first |\n|---|---:|---:|\n", title);
  double first = 0.0;
  for (std::size_t k = 0; k < contestants.size(); ++k) {
    std::nth_element(times[k].begin(), times[k].begin() + repetitions / 2, times[k].end());
    const double median = times[k][static_cast<std::size_t>(repetitions / 2)];
    if (k == 0) first = median;
    std::printf("| %s | %.3f | %.2f |\n", contestants[k].name, 1e3 * median, median / first);
  }
}

void sum_up(const Mlp& m) {
  if (!(std::abs(m.w1.array<float>().data()[0]) < 1e9)) std::abort();
}

/// Gradients for each of 64 samples of an MLP 784-128-10.
void per_sample(int repetitions) {
  const Mlp model{wave({784, 128}, 0.0), wave({128}, 1.0), wave({128, 10}, 2.0), wave({10}, 3.0)};
  const Var x = wave({64, 784}, 4.0);
  auto numbers = xg::Array<std::int64_t>::from_shape({64});
  for (std::size_t i = 0; i < 64; ++i) numbers.data()[i] = static_cast<std::int64_t>(i % 10);
  const Var labels = std::move(numbers);
  const auto gradient = xg::grad(loss);
  const auto batched = xg::vmap(gradient, {.in = {whole, 0, 0}});
  const auto compiled = xg::compile(batched);
  const auto hand = xg::compile(by_hand);
  const auto one = xg::compile(gradient);
  compare("per-sample gradients, MLP 784-128-10, 64 samples",
          {{"vmap, compiled", [&] { sum_up(compiled(model, x, labels)); }},
           {"vmap, recorded", [&] { sum_up(batched(model, x, labels)); }},
           {"written for batches by hand, compiled", [&] { sum_up(hand(model, x, labels)); }},
           {"a loop of a compiled gradient, results kept in a vector",
            [&] {
              std::vector<Mlp> all;
              for (std::ptrdiff_t i = 0; i < 64; ++i) all.push_back(one(model, view(x, i), view(labels, i)));
              sum_up(all.back());
            }},
           {"a loop of a compiled gradient, results stacked",
            [&] {
              std::vector<std::vector<Var>> parts(4);
              for (std::ptrdiff_t i = 0; i < 64; ++i) {
                const std::vector<Var> leaves = xg::tree::leaves(one(model, view(x, i), view(labels, i)));
                for (std::size_t k = 0; k < 4; ++k) parts[k].push_back(leaves[k]);
              }
              sum_up({xg::stack(parts[0]), xg::stack(parts[1]), xg::stack(parts[2]), xg::stack(parts[3])});
            }},
           {"a loop of a recorded gradient, results stacked",
            [&] {
              std::vector<std::vector<Var>> parts(4);
              for (std::ptrdiff_t i = 0; i < 64; ++i) {
                const std::vector<Var> leaves = xg::tree::leaves(gradient(model, view(x, i), view(labels, i)));
                for (std::size_t k = 0; k < 4; ++k) parts[k].push_back(leaves[k]);
              }
              sum_up({xg::stack(parts[0]), xg::stack(parts[1]), xg::stack(parts[2]), xg::stack(parts[3])});
            }}},
          repetitions);
}

/// A Jacobian of 200 outputs by 200 inputs.
void jacobian(int repetitions) {
  const Var a = wave<double>({200, 200}, 0.0);
  const Var x = wave<double>({200}, 1.0);
  const auto f = [&](const Var& y) { return tanh(matmul(a, y) * 3.0) * y; };
  const auto ask = [](const Var& j) {
    if (!(std::abs(j.array<double>().data()[0]) < 1e9)) std::abort();
  };
  const auto unit = [](std::size_t i) {
    auto e = xg::Array<double>::from_shape({200});
    std::fill_n(e.data(), 200, 0.0);
    e.data()[i] = 1.0;
    return Var(std::move(e));
  };
  compare("Jacobian, 200 by 200",
          {{"jacobian, reverse", [&] { ask(xg::jacobian(f, xg::Mode::reverse)(x)); }},
           {"jacobian, forward", [&] { ask(xg::jacobian(f, xg::Mode::forward)(x)); }},
           {"200 pullbacks, stacked",
            [&] {
              const auto pullback = xg::vjp(f, x).pullback;
              std::vector<Var> rows;
              for (std::size_t i = 0; i < 200; ++i) rows.push_back(pullback(unit(i)));
              ask(xg::stack(rows));
            }},
           {"200 jvps, stacked",
            [&] {
              std::vector<Var> columns;
              for (std::size_t i = 0; i < 200; ++i) columns.push_back(xg::jvp(f, x, unit(i)).tangent);
              ask(xg::stack(columns, -1));
            }}},
          repetitions);
}

}  // namespace

int main(int argc, char** argv) {
  const int repetitions = argc > 1 ? std::atoi(argv[1]) : 15;
  per_sample(repetitions);
  jacobian(repetitions);
}
