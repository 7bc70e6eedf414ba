// Operations on concrete arrays, one by one, which are computed at once: nanoseconds of the processor for each.
//
//     bench_eager [repetitions]
#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <functional>
#include <vector>

#include <xgrad/xgrad.hpp>

namespace {

namespace xg = xgrad;
using xg::Var;

double now() {
  timespec time{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return 1e9 * static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec);
}

/// Median of the repetitions, each of a few thousand calls.
double nanoseconds(const std::function<Var()>& operation, int repetitions) {
  constexpr int calls = 4000;
  std::vector<double> times;
  for (int k = 0; k <= repetitions; ++k) {
    const double begin = now();
    for (int i = 0; i < calls; ++i) (void)operation();
    if (k != 0) times.push_back((now() - begin) / calls);
  }
  std::nth_element(times.begin(), times.begin() + repetitions / 2, times.end());
  return times[static_cast<std::size_t>(repetitions / 2)];
}

Var ramp(std::size_t n) {
  std::vector<double> numbers(n);
  for (std::size_t k = 0; k < n; ++k) numbers[k] = 0.1 * static_cast<double>(k + 1);
  return {numbers};
}

}  // namespace

int main(int argc, char** argv) {
  const int repetitions = argc > 1 ? std::atoi(argv[1]) : 11;
  const Var x = ramp(10);
  const Var y = ramp(10) * 2.0;
  const Var number = 0.5;
  const Var truth = x > 0.45;
  const Var table = reshape(ramp(12), {3, 4});
  const Var square = reshape(ramp(16), {4, 4});
  const Var row = ramp(4);
  const Var index = cast(Var(std::vector<double>{3, 1, 2}), xg::DType::Int64);
  struct Row {
    const char* name;
    std::function<Var()> operation;
  };
  const std::vector<Row> rows{
      {"x + y", [&] { return x + y; }},
      {"0.5 * x", [&] { return 0.5 * x; }},
      {"exp(x)", [&] { return exp(x); }},
      {"number * number", [&] { return number * number; }},
      {"x > y", [&] { return x > y; }},
      {"where(truth, x, y)", [&] { return where(truth, x, y); }},
      {"pow(x, 3)", [&] { return pow(x, 3.0); }},
      {"table + row", [&] { return table + row; }},
      {"cast(x, float32)", [&] { return cast(x, xg::DType::Float32); }},
      {"sum(x)", [&] { return sum(x); }},
      {"mean(x)", [&] { return mean(x); }},
      {"sum(table, 0)", [&] { return sum(table, 0); }},
      {"sum(table, 1)", [&] { return sum(table, 1); }},
      {"amax(x)", [&] { return amax(x); }},
      {"norm(x)", [&] { return norm(x); }},
      {"argmax(x)", [&] { return argmax(x); }},
      {"softmax(x)", [&] { return softmax(x); }},
      {"reshape(x, {2, 5})",
       [&] {
         return reshape(x, {2, 5});
       }},
      {"transpose(table)", [&] { return transpose(table); }},
      {"view(x, 3)", [&] { return view(x, 3); }},
      {"view(x, range(2, 7))", [&] { return view(x, xt::range(2, 7)); }},
      {"zeros_like(x)", [&] { return zeros_like(x); }},
      {"concatenate({x, y})",
       [&] {
         return xg::concatenate({x, y});
       }},
      {"stack({x, y})",
       [&] {
         return xg::stack({x, y});
       }},
      {"take(x, index)", [&] { return take(x, index, 0); }},
      {"cumsum(x)", [&] { return cumsum(x, 0); }},
      {"sort(x)", [&] { return sort(x); }},
      {"dot(x, y)", [&] { return dot(x, y); }},
      {"matmul(square, row)", [&] { return matmul(square, row); }},
      {"matmul(square, square)", [&] { return matmul(square, square); }},
      {"any(truth)", [&] { return any(truth); }},
  };
  std::printf("| operation on ten elements | ns |\n|---|---:|\n");
  for (const Row& each : rows) std::printf("| `%s` | %.0f |\n", each.name, nanoseconds(each.operation, repetitions));
}
