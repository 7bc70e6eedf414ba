// Training of small nets with xgrad's layers, optimisers and steps beside libtorch's modules and torch::optim.
//
//     bench_training [folder of MNIST's four IDX files]
#include <cblas.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <iostream>
#include <stdexcept>
#include <utility>
#include <vector>

#include <xgrad/threads.hpp>

#include "../compare/measure.hpp"
#include "../compare/report.hpp"
#include "contest.hpp"
#include "xgrad.hpp"

// Present if the BLAS that was loaded is OpenBLAS.
extern "C" __attribute__((weak)) void openblas_set_num_threads(int count);
extern "C" __attribute__((weak)) int openblas_get_num_threads();

namespace bench_training {
namespace {

struct Contest {
  std::string id, size;
  double at_least;  // libtorch's time over ours
  Step ours, theirs;
};

/// BLAS serves both libraries: libtorch leaves its threads to it, xgrad may call it from threads of its own.
class Threads {
 public:
  explicit Threads(int count) : count_(count) {
    set_blas(1);
    xgrad::set_threads(count);
    of_xgrad_ = openblas_get_num_threads != nullptr ? openblas_get_num_threads() : 1;
    libtorch::set_threads(count);
  }
  void prepare_for(bool is_xgrad) const { set_blas(is_xgrad ? of_xgrad_ : count_); }

 private:
  static void set_blas(int count) {
    if (openblas_set_num_threads != nullptr) openblas_set_num_threads(count);
  }
  int count_;
  int of_xgrad_ = 1;
};

/// Of the products in an epoch of the net 4-32-16-4: all forward, and backward both of each but for the first layer,
/// whose input needs no gradient.
double flops_of_mlp() {
  constexpr double weights = 4 * 32 + 32 * 16 + 16 * 4;
  return 2.0 * 10000 * (3.0 * weights - 4 * 32);
}

constexpr int peak_size = 1024;

/// A large product, which is how fast the machine multiplies.
bench::Step large_product() {
  struct Matrices {
    std::vector<float> a, b, c;
  };
  const std::vector<float> ones(std::size_t{peak_size} * peak_size, 1.0F);
  return [m = Matrices{ones, ones, ones}]() mutable {
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, peak_size, peak_size, peak_size, 1.0F, m.a.data(), peak_size,
                m.b.data(), peak_size, 0.0F, m.c.data(), peak_size);
  };
}

/// Both begin with the same weights: ten steps must have the same losses.
/// \throws std::runtime_error  unless they have.
void require_agreement(const Contest& contest) {
  double worst = 0.0;
  for (int step = 0; step < 10; ++step) {
    const double ours = contest.ours();
    const double theirs = contest.theirs();
    worst = std::max(worst, std::abs(ours - theirs) / std::abs(theirs));
  }
  std::cout << "- " << contest.id << ": losses of ten steps agree to " << worst << "\n";
  if (!(worst < 2e-5)) throw std::runtime_error(contest.id + ": the two libraries disagree about the losses");
}

std::vector<Contest> contests() {
  std::vector<Contest> all;
  const auto add = [&](const char* id, const char* size, double at_least, const Entry& entry,
                       Step (*theirs)(const Task&)) {
    all.push_back({id, size, at_least, entry.step, theirs(entry.task)});
  };
  add("mlp", "4-32-16-4, tanh, 10,000 samples at once", 15.0, mlp(), libtorch::mlp);
  add("lenet5", "28x28, batch 128", 3.0, lenet(), libtorch::lenet);
  add("lstm", "32-128, length 50, batch 32", 2.0, lstm(), libtorch::lstm);
  add("transformer", "128, 8 heads, length 64, batch 16", 1.3, transformer(), libtorch::transformer);
  add("digits_cnn", "8x8, batch 64", 2.0, digits_cnn(XGRAD_EXAMPLE_DATA), libtorch::digits_cnn);
  return all;
}

/// How much of the speed of large products the small ones of the net reach, all else of a step counted as their time.
void print_share_of_peak(int threads, double ours, double theirs, double product) {
  const double peak = 2.0 * std::pow(peak_size, 3.0) / product;
  const auto share = [&](double taken) { return flops_of_mlp() / taken / peak; };
  std::printf("\nmlp, %d thread%s: %.1f GFlop/s of products, %.3f of the %.1f of sgemm; libtorch %.3f; at least 0.5\n",
              threads, threads == 1 ? "" : "s", flops_of_mlp() / ours, share(ours), peak, share(theirs));
}

void compare(const std::vector<Contest>& all, int count) {
  const Threads threads(count);
  const auto product = large_product();
  std::vector<double> of_mlp;
  std::cout << "\n";
  bench::print_comparison_header(std::cout);
  for (const Contest& contest : all) {
    std::vector<bench::Step> contestants{[&] { contest.ours(); }, [&] { contest.theirs(); }};
    if (contest.id == "mlp") contestants.push_back(product);
    const std::vector<double> taken =
        bench::measure(contestants, count == 1 ? bench::Clock::processor : bench::Clock::wall,
                       [&](std::size_t which) { threads.prepare_for(which == 0); });
    bench::print_comparison(std::cout, {contest.id,
                                        contest.size,
                                        "float32",
                                        count,
                                        taken[0],
                                        taken[1],
                                        "ratio",
                                        taken[1] / taken[0],
                                        contest.at_least,
                                        {}});
    if (contest.id == "mlp") of_mlp = taken;
  }
  print_share_of_peak(count, of_mlp[0], of_mlp[1], of_mlp[2]);
}

/// Ten epochs of LeNet-5 on MNIST, from the same weights, with all that comes before the first step.
void compare_courses(const std::filesystem::path& folder, int count) {
  constexpr int epochs = 10;
  constexpr std::int64_t batch = 128;
  const MnistCourse ours = mnist_course(folder);
  const Course theirs = libtorch::lenet_course(ours.task);
  const Threads threads(count);
  const auto seconds_of = [&](const Course& course, bool is_xgrad) {
    threads.prepare_for(is_xgrad);
    return bench::nanoseconds([&] { course.run(epochs, batch); }, 1, bench::Clock::wall) / 1e9;
  };
  const double mine = seconds_of(ours.course, true);
  const double other = seconds_of(theirs, false);
  std::printf("\n| LeNet-5 on MNIST, %d epochs, batch %d, %d threads | seconds | of an epoch | test accuracy |\n",
              epochs, static_cast<int>(batch), count);
  std::printf("|---|---:|---:|---:|\n");
  std::printf("| xgrad, train::fit | %.1f | %.2f | %.4f |\n", mine, mine / epochs, ours.course.accuracy(ours.test));
  std::printf("| libtorch | %.1f | %.2f | %.4f |\n", other, other / epochs, theirs.accuracy(ours.test));
  std::printf("\nratio %.2f, at least 3\n", other / mine);
}

}  // namespace
}  // namespace bench_training

int main(int argc, char** argv) try {
  using namespace bench_training;
  std::cout << "libtorch " << libtorch::version()
            << "; medians of samples in turns; one thread: processor time, two: time on the wall\n\n";
  const std::vector<Contest> all = contests();
  for (const Contest& contest : all) require_agreement(contest);
  for (const int threads : {1, 2}) compare(all, threads);
  if (argc > 1) compare_courses(argv[1], 2);
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
