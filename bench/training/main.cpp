// Training of small nets with xgrad's layers, optimisers and steps beside libtorch's modules and torch::optim.
//
//     bench_training [folder of MNIST's four IDX files; without it one epoch of random images]
#include <cblas.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <iostream>
#include <stdexcept>
#include <string>
#include <thread>
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

void set_blas_threads(int count) {
  if (openblas_set_num_threads != nullptr) openblas_set_num_threads(count);
}

/// Threads that BLAS and libtorch have while something runs. libtorch as it comes gives as many to both, which may be
/// far from its best: those of OpenMP and of BLAS wait for work actively, in each other's way.
struct Setting {
  int blas, libtorch;

  void set() const {
    set_blas_threads(blas);
    libtorch::set_threads(libtorch);
  }
};

/// xgrad's setting first, then those of libtorch, as it comes before others.
std::vector<Setting> settings_for(int threads) {
  set_blas_threads(1);
  xgrad::set_threads(threads);  // which may leave BLAS with others
  const int blas_of_xgrad = openblas_get_num_threads != nullptr ? openblas_get_num_threads() : 1;
  if (threads == 1) return {{blas_of_xgrad, 1}, {1, 1}};
  return {{blas_of_xgrad, 1}, {threads, threads}, {1, threads}, {1, 1}};
}

/// Threads of the contestant before stop waiting for work.
void let_threads_sleep(int threads) {
  if (threads > 1) std::this_thread::sleep_for(std::chrono::milliseconds(100));
}

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
  const double peak = 2.0 * std::pow(peak_size, 3.0) / product;  // operations in a nanosecond
  const auto share = [&](double taken) { return flops_of_mlp() / taken / peak; };
  std::printf(
      "\nmlp, threads: %d. Products of an epoch: %.1f GFlop/s, %.3f of the %.1f of sgemm; libtorch %.3f; at least "
      "0.5\n",
      threads, flops_of_mlp() / ours, share(ours), peak, share(theirs));
}

void print_row(const Contest& contest, int threads, double ours, double as_it_comes, double best) {
  const char* mark = best / ours < contest.at_least ? "**" : "";
  std::printf("| %s | %s | %d | %s | %s | %.2f | %s | %s%.2f%s | %.3g |\n", contest.id.c_str(), contest.size.c_str(),
              threads, bench::duration(ours).c_str(), bench::duration(as_it_comes).c_str(), as_it_comes / ours,
              bench::duration(best).c_str(), mark, best / ours, mark, contest.at_least);
}

void compare(const Contest& contest, int threads, bool beside_peak) {
  std::vector<Setting> settings = settings_for(threads);
  const std::size_t count = settings.size();
  std::vector<bench::Step> contestants(count, [&] { contest.theirs(); });
  contestants[0] = [&] { contest.ours(); };
  if (beside_peak) {
    settings.push_back({threads, 1});
    contestants.push_back(large_product());
  }
  const std::vector<double> taken =
      bench::measure(contestants, threads == 1 ? bench::Clock::processor : bench::Clock::wall, [&](std::size_t which) {
        settings[which].set();
        let_threads_sleep(threads);
      });
  const double best = *std::min_element(taken.begin() + 1, taken.begin() + static_cast<std::ptrdiff_t>(count));
  if (beside_peak) print_share_of_peak(threads, taken[0], best, taken.back());
  else print_row(contest, threads, taken[0], taken[1], best);
}

/// LeNet-5, from the same weights, with all that comes before the first step.
void compare_courses(const std::filesystem::path& folder, int threads) {
  const std::size_t epochs = folder.empty() ? 1 : 10;
  constexpr std::size_t batch = 128;
  const MnistCourse ours = mnist_course(folder);
  std::printf(
      "\n| LeNet-5, 60,000 %s, epochs: %zu, batch %zu, threads: %d | seconds | for an epoch | test accuracy |\n",
      folder.empty() ? "random images" : "images of MNIST", epochs, batch, threads);
  std::printf("|---|---:|---:|---:|\n");
  const auto seconds_of = [&](const char* name, const Course& course, const Setting& setting) {
    setting.set();
    let_threads_sleep(threads);
    const double taken = bench::nanoseconds([&] { course.run(epochs, batch); }, 1, bench::Clock::wall) / 1e9;
    std::printf("| %s | %.1f | %.2f | %.4f |\n", name, taken, taken / static_cast<double>(epochs),
                course.accuracy(ours.test));
    return taken;
  };
  const std::vector<Setting> settings = settings_for(threads);
  const double mine = seconds_of("xgrad, train::fit", ours.course, settings[0]);
  const double as_it_comes = seconds_of("libtorch as it comes", libtorch::lenet_course(ours.task), settings[1]);
  const double other = seconds_of("libtorch, BLAS on one thread", libtorch::lenet_course(ours.task), settings[2]);
  std::printf("\nratio %.2f, to libtorch as it comes %.2f; at least 3\n", std::min(as_it_comes, other) / mine,
              as_it_comes / mine);
}

}  // namespace
}  // namespace bench_training

int main(int argc, char** argv) try {
  using namespace bench_training;
  std::cout << "libtorch " << libtorch::version()
            << "; medians of samples in turns; one thread: processor time, two: time on the wall\n\n";
  const std::vector<Contest> all = contests();
  for (const Contest& contest : all) require_agreement(contest);
  std::cout
      << "\n| id | size | threads | xgrad | libtorch as it comes | ratio | libtorch at its best | ratio | at least |\n"
         "|---|---|---:|---:|---:|---:|---:|---:|---:|\n"
      << std::flush;
  for (const int threads : {1, 2}) {
    for (const Contest& contest : all) compare(contest, threads, false);
  }
  for (const int threads : {1, 2}) compare(all.front(), threads, true);
  compare_courses(argc > 1 ? argv[1] : "", 2);
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
