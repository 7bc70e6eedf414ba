// The arguments of the losses that both libraries have.
#include <algorithm>
#include <cmath>
#include <random>

#include "problems.hpp"

namespace bench {
namespace {

using Arguments = std::vector<Argument>;
using Shape = std::vector<std::size_t>;
using Kind = Argument::Kind;

std::size_t count(const Shape& shape) {
  std::size_t result = 1;
  for (const std::size_t extent : shape) result *= extent;
  return result;
}

template <class Distribution, class Change>
Argument numbers(Kind kind, const Shape& shape, unsigned seed, Distribution distribution, Change change) {
  std::mt19937 engine(seed);
  Argument result{kind, shape, std::vector<double>(count(shape)), {}};
  for (double& x : result.numbers) x = change(distribution(engine));
  return result;
}

double same(double x) { return x; }
double sign(double x) { return x < 0.0 ? -1.0 : 1.0; }
double zero_or_one(double x) { return x < 0.0 ? 0.0 : 1.0; }

Argument normal(Kind kind, const Shape& shape, unsigned seed, double (*change)(double) = same) {
  return numbers(kind, shape, seed, std::normal_distribution<double>(0.0, 1.0), change);
}
Argument uniform(Kind kind, const Shape& shape, unsigned seed, double low, double high) {
  return numbers(kind, shape, seed, std::uniform_real_distribution<double>(low, high), same);
}

Argument integers(const Shape& shape, unsigned seed, std::int64_t low, std::int64_t high) {
  std::mt19937 engine(seed);
  std::uniform_int_distribution<std::int64_t> distribution(low, high);
  Argument result{Kind::Integers, shape, {}, std::vector<std::int64_t>(count(shape))};
  for (std::int64_t& x : result.integers) x = distribution(engine);
  return result;
}

/// Logarithms of numbers that add up to 1 in each row.
Argument log_probabilities(Kind kind, const Shape& shape, unsigned seed) {
  Argument result = normal(kind, shape, seed);
  const std::size_t columns = shape.back();
  for (std::size_t row = 0; row < result.numbers.size(); row += columns) {
    double total = 0.0;
    for (std::size_t k = 0; k < columns; ++k) total += std::exp(result.numbers[row + k]);
    for (std::size_t k = 0; k < columns; ++k) result.numbers[row + k] -= std::log(total);
  }
  return result;
}
Argument probabilities(Kind kind, const Shape& shape, unsigned seed) {
  Argument result = log_probabilities(kind, shape, seed);
  for (double& x : result.numbers) x = std::exp(x);
  return result;
}

const Shape million{1'000'000};
const Shape table{10'000, 100};
const Shape rows{10'000};
const Shape vectors{10'000, 128};

Arguments residuals() { return {normal(Kind::Learnt, million, 1), normal(Kind::Given, million, 2)}; }
Arguments with_signs() { return {normal(Kind::Learnt, million, 1), normal(Kind::Given, million, 2, sign)}; }
Arguments divergence() { return {log_probabilities(Kind::Learnt, table, 1), probabilities(Kind::Given, table, 2)}; }
Arguments binary_logits() { return {normal(Kind::Learnt, million, 1), normal(Kind::Given, million, 2, zero_or_one)}; }
Arguments binary_probabilities() {
  return {uniform(Kind::Learnt, million, 1, 0.01, 0.99), normal(Kind::Given, million, 2, zero_or_one)};
}
Arguments counts() {
  Argument target = uniform(Kind::Given, million, 2, 0.0, 6.0);
  for (double& x : target.numbers) x = std::floor(x);
  return {normal(Kind::Learnt, million, 1), std::move(target)};
}
Arguments gaussian() {
  return {normal(Kind::Learnt, million, 1), normal(Kind::Given, million, 2),
          uniform(Kind::Learnt, million, 3, 0.5, 2.0)};
}
Arguments scores() {
  return {normal(Kind::Learnt, million, 1), normal(Kind::Learnt, million, 2), normal(Kind::Given, million, 3, sign)};
}
Arguments classes() { return {normal(Kind::Learnt, table, 1), integers(rows, 2, 0, 99)}; }
Arguments log_classes() { return {log_probabilities(Kind::Learnt, table, 1), integers(rows, 2, 0, 99)}; }
Arguments several_classes() { return {normal(Kind::Learnt, table, 1), normal(Kind::Given, table, 2, zero_or_one)}; }
/// Five different labels for each row, then -1.
Arguments lists_of_classes() {
  const Shape shape{1'000, 100};
  Argument lists{Kind::Integers, shape, {}, std::vector<std::int64_t>(count(shape), -1)};
  for (std::size_t row = 0; row < shape[0]; ++row) {
    for (std::size_t k = 0; k < 5; ++k) {
      lists.integers[row * shape[1] + k] = static_cast<std::int64_t>((row * 7 + k * 13) % 100);
    }
  }
  return {normal(Kind::Learnt, shape, 1), std::move(lists)};
}
Arguments two_vectors() {
  return {normal(Kind::Learnt, vectors, 1), normal(Kind::Learnt, vectors, 2), normal(Kind::Given, rows, 3, sign)};
}
Arguments three_vectors() {
  return {normal(Kind::Learnt, vectors, 1), normal(Kind::Learnt, vectors, 2), normal(Kind::Learnt, vectors, 3)};
}
Arguments sequences() {
  constexpr std::size_t steps = 50, samples = 16, symbols = 20, length = 20;
  Argument input_lengths = integers({samples}, 3, steps, steps);
  return {log_probabilities(Kind::Learnt, {steps, samples, symbols}, 1), integers({samples, length}, 2, 1, symbols - 1),
          std::move(input_lengths), integers({samples}, 4, 10, length)};
}

}  // namespace

const std::vector<LossProblem>& loss_problems() {
  static const std::vector<LossProblem> all{
      {"mae", "1000000", false, residuals},
      {"mse", "1000000", false, residuals},
      {"huber", "1000000", false, residuals},
      {"smooth_l1", "1000000", false, residuals},
      {"kl_divergence", "10000x100", false, divergence},
      {"binary_cross_entropy", "1000000", false, binary_logits},
      {"binary_cross_entropy_probability", "1000000", false, binary_probabilities},
      {"poisson_nll", "1000000", false, counts},
      {"gaussian_nll", "1000000", false, gaussian},
      {"hinge_embedding", "1000000", false, with_signs},
      {"soft_margin", "1000000", false, with_signs},
      {"margin_ranking", "1000000", false, scores},
      {"cross_entropy", "10000x100", true, classes},
      {"nll", "10000x100", true, log_classes},
      {"multi_margin", "10000x100", true, classes},
      {"multi_label_soft_margin", "10000x100", true, several_classes},
      {"multi_label_margin", "1000x100", true, lists_of_classes},
      {"cosine_embedding", "10000x128", true, two_vectors},
      {"triplet_margin", "10000x128", true, three_vectors},
      {"ctc", "50x16x20", true, sequences}};
  return all;
}

}  // namespace bench
