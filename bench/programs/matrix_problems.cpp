// Contractions, stacks of small matrices, and a Gaussian process.
#include <algorithm>
#include <cmath>
#include <random>

#include "problems.hpp"

namespace bench {
namespace {

template <class T>
std::vector<T> normal_numbers(std::size_t count, double deviation, unsigned seed) {
  std::mt19937 engine(seed);
  std::normal_distribution<double> distribution(0.0, deviation);
  std::vector<T> result(count);
  std::generate(result.begin(), result.end(), [&] { return static_cast<T>(distribution(engine)); });
  return result;
}

std::size_t elements(const std::vector<std::size_t>& shape) {
  std::size_t count = 1;
  for (const std::size_t extent : shape) count *= extent;
  return count;
}

}  // namespace

const std::vector<EinsumProblem>& einsum_problems() {
  static const std::vector<EinsumProblem> all{
      // Attention: b sequences, h heads, q and k places, d and e channels.
      {"scores_heads_first", "bhqd,bhkd->bhqk", {{8, 8, 128, 64}, {8, 8, 128, 64}}, {8, 8, 128, 128}},
      {"mix_heads_first", "bhqk,bhkd->bhqd", {{8, 8, 128, 128}, {8, 8, 128, 64}}, {8, 8, 128, 64}},
      {"scores_heads_inside", "bqhd,bkhd->bhqk", {{8, 128, 8, 64}, {8, 128, 8, 64}}, {8, 8, 128, 128}},
      {"mix_heads_inside", "bhqk,bkhd->bqhd", {{8, 8, 128, 128}, {8, 128, 8, 64}}, {8, 128, 8, 64}},
      {"project_heads", "bse,ehd->bhsd", {{8, 128, 512}, {512, 8, 64}}, {8, 8, 128, 64}},
      {"join_heads", "bhsd,hde->bse", {{8, 8, 128, 64}, {8, 64, 512}}, {8, 128, 512}},
      {"scores_short", "bqd,bkd->bqk", {{1000, 16, 32}, {1000, 16, 32}}, {1000, 16, 16}},
      {"scores_one_sequence", "qhd,khd->hqk", {{256, 8, 64}, {256, 8, 64}}, {8, 256, 256}},
      // Bilinear forms of n samples.
      {"bilinear", "ni,oij,nj->no", {{128, 32}, {16, 32, 48}, {128, 48}}, {128, 16}},
      {"bilinear_one", "ni,ij,nj->n", {{1000, 128}, {128, 128}, {1000, 128}}, {1000}},
      {"bilinear_pairs", "bik,kl,bjl->bij", {{32, 64, 64}, {64, 64}, {32, 64, 64}}, {32, 64, 64}},
      {"diagonal_form", "nd,d,md->nm", {{512, 64}, {64}, {512, 64}}, {512, 512}},
      {"outer_of_samples", "ni,nj->nij", {{256, 64}, {256, 64}}, {256, 64, 64}},
      {"second_moments", "nbi,nbj->bij", {{64, 32, 48}, {64, 32, 48}}, {32, 48, 48}},
      // Networks of tensors.
      {"chain", "ij,jk,kl,lm->im", {{8, 256}, {256, 256}, {256, 256}, {256, 8}}, {8, 8}},
      {"ring", "aib,bjc,cka->ijk", {{24, 16, 24}, {24, 16, 24}, {24, 16, 24}}, {16, 16, 16}},
      {"train", "ia,ajb,bkc,cl->ijkl", {{12, 16}, {16, 12, 16}, {16, 12, 16}, {16, 12}}, {12, 12, 12, 12}},
      {"tucker", "abc,ia,jb,kc->ijk", {{12, 12, 12}, {48, 12}, {48, 12}, {48, 12}}, {48, 48, 48}},
      {"plaquette", "abcd,cdef->abef", {{16, 16, 16, 16}, {16, 16, 16, 16}}, {16, 16, 16, 16}},
      {"crossed_legs", "abcd,ecfb->adef", {{16, 16, 16, 16}, {16, 16, 16, 16}}, {16, 16, 16, 16}}};
  return all;
}

EinsumData make_einsum(const EinsumProblem& problem) {
  EinsumData data;
  unsigned seed = 41;
  for (const auto& shape : problem.shapes) {
    data.operands.push_back(normal_numbers<float>(elements(shape), 1.0, seed++));
  }
  data.cotangent = normal_numbers<float>(elements(problem.result), 1.0, seed);
  return data;
}

template <class T>
Stacks<T> make_stacks(std::size_t count, std::size_t n) {
  return {count, n, normal_numbers<T>(count * n * n, 1.0, 51), normal_numbers<T>(count * n * n, 1.0, 52)};
}
template Stacks<float> make_stacks(std::size_t, std::size_t);
template Stacks<double> make_stacks(std::size_t, std::size_t);

Process make_process(std::size_t n) {
  const std::vector<double> points = normal_numbers<double>(3 * n, 1.0, 61);
  Process result{n, std::vector<double>(n * n), normal_numbers<double>(n, 1.0, 62), {0.1, 0.2, -1.0}};
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j < n; ++j) {
      double square = 0.0;
      for (std::size_t k = 0; k < 3; ++k) square += std::pow(points[3 * i + k] - points[3 * j + k], 2);
      result.squares[i * n + j] = square;
    }
  }
  return result;
}

}  // namespace bench
