// Memory of a process that has nothing but xgrad in it. Linux with glibc.
//
//     bench_footprint memory         peak resident memory of a value and gradient of 10^7 squared errors
//     bench_footprint allocations    calls of malloc in warm compiled steps
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <string>

#include "programs/mlp.hpp"
#include "programs/small.hpp"

// Every allocation of the process, operator new's and BLAS's too, comes through here.
namespace {
std::atomic<std::size_t> allocations{0};
}

extern "C" {
void* __libc_malloc(std::size_t size);
void* __libc_calloc(std::size_t count, std::size_t size);
void* __libc_realloc(void* old, std::size_t size);
void* __libc_memalign(std::size_t alignment, std::size_t size);

void* malloc(std::size_t size) {
  ++allocations;
  return __libc_malloc(size);
}
void* calloc(std::size_t count, std::size_t size) {
  ++allocations;
  return __libc_calloc(count, size);
}
void* realloc(void* old, std::size_t size) {
  ++allocations;
  return __libc_realloc(old, size);
}
void* memalign(std::size_t alignment, std::size_t size) {
  ++allocations;
  return __libc_memalign(alignment, size);
}
void* aligned_alloc(std::size_t alignment, std::size_t size) { return memalign(alignment, size); }
int posix_memalign(void** result, std::size_t alignment, std::size_t size) {
  *result = memalign(alignment, size);
  return *result == nullptr ? 12 : 0;  // ENOMEM
}
}

namespace {

using namespace bench;
using xgrad::Var;

/// A field of /proc/self/status, such as VmRSS (resident now) or VmHWM (resident at most), in bytes.
double status(const std::string& field) {
  std::ifstream file("/proc/self/status");
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with(field + ":")) return std::stod(line.substr(field.size() + 1)) * 1024.0;
  }
  throw std::runtime_error("no " + field + " in /proc/self/status");
}

Var filled(std::size_t elements, double value) {
  auto array = xgrad::Array<double>::from_shape({elements});
  array.fill(value);
  return {std::move(array)};
}

void print_memory() {
  constexpr std::size_t elements = 10'000'000;
  const auto f = xgrad::value_and_grad(squared_error);
  (void)f(filled(1000, 1.0), filled(1000, 2.0));
  const double before = status("VmRSS");
  const Var prediction = filled(elements, 1.0);
  const Var target = filled(elements, 2.0);
  for (int i = 0; i < 3; ++i) (void)f(prediction, target);
  constexpr double arrays = 3.0 * elements * sizeof(double);
  std::printf("value %.6g\npeak_bytes %.0f\narrays_bytes %.0f\nprogram_bytes %.0f\n",
              (status("VmHWM") - before) / arrays, status("VmHWM") - before, arrays, before);
}

/// Calls of malloc in ten steps, once a few have warmed everything up.
template <class Step>
std::size_t allocations_of(Step step) {
  for (int i = 0; i < 5; ++i) step();
  const std::size_t before = allocations;
  for (int i = 0; i < 10; ++i) step();
  return allocations - before;
}

std::size_t of_tiny_operations() {
  const Chain chain = make_chain();
  const Var x = var(chain.x), a = var(chain.a), b = var(chain.b);
  const auto step = xgrad::compile(tiny_operations);
  std::tuple<Var, Var> results;
  return allocations_of([&] {
    results = {};
    results = step(x, a, b);
  });
}

std::size_t of_regression() {
  const Points points = make_points();
  const Var x = var(points.x, {Points::count, 1}), y = var(points.y, {Points::count, 1});
  const auto step = xgrad::compile(regression_step);
  Var theta = xgrad::Array<double>(xgrad::Shape{1, 1}, 0.0), loss;
  return allocations_of([&] { std::tie(theta, loss) = step(std::move(theta), x, y); });
}

std::size_t of_sgd() {
  const Batch batch = make_batch(128);
  const Var x = var(batch.x, {batch.size, Batch::inputs}), labels = var(batch.labels);
  const auto step = xgrad::compile(sgd_step);
  Mlp model = make_mlp(batch);
  Var loss;
  return allocations_of([&] { std::tie(model, loss) = step(std::move(model), x, labels); });
}

std::size_t of_adam() {
  const Batch batch = make_batch(128);
  const Var x = var(batch.x, {batch.size, Batch::inputs}), labels = var(batch.labels);
  const auto step = xgrad::compile(adam_step);
  Mlp model = make_mlp(batch);
  AdamState state = make_adam(model);
  Var loss;
  return allocations_of([&] { std::tie(model, state, loss) = step(std::move(model), std::move(state), x, labels); });
}

void print_allocations() {
  const std::size_t counts[] = {of_tiny_operations(), of_regression(), of_sgd(), of_adam()};
  std::size_t sum = 0;
  for (const std::size_t count : counts) sum += count;
  std::printf("value %.6g\ntiny300_in_ten_steps %zu\nlinreg_in_ten_steps %zu\nmlp_b128_in_ten_steps %zu\n",
              static_cast<double>(sum) / 40.0, counts[0], counts[1], counts[2]);
  std::printf("mlp_adam_b128_in_ten_steps %zu\n", counts[3]);
}

}  // namespace

int main(int argc, char** argv) {
  const std::string what = argc == 2 ? argv[1] : "";
  xgrad::set_threads(1);
  if (what == "memory") print_memory();
  else if (what == "allocations") print_allocations();
  else std::fprintf(stderr, "bench_footprint memory|allocations\n");
  return what == "memory" || what == "allocations" ? 0 : 2;
}
