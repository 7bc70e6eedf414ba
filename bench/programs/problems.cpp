#include "problems.hpp"

#include <algorithm>
#include <cmath>
#include <random>

namespace bench {
namespace {

template <class T>
std::vector<T> normal(std::size_t count, double deviation, unsigned seed) {
  std::mt19937 engine(seed);
  std::normal_distribution<double> distribution(0.0, deviation);
  std::vector<T> result(count);
  std::generate(result.begin(), result.end(), [&] { return static_cast<T>(distribution(engine)); });
  return result;
}

std::vector<std::int64_t> classes_of(std::size_t count, std::size_t classes, unsigned seed) {
  std::mt19937 engine(seed);
  std::uniform_int_distribution<std::int64_t> distribution(0, static_cast<std::int64_t>(classes) - 1);
  std::vector<std::int64_t> result(count);
  std::generate(result.begin(), result.end(), [&] { return distribution(engine); });
  return result;
}

std::vector<double> linspace(double first, double last, std::size_t count) {
  std::vector<double> result(count);
  for (std::size_t i = 0; i < count; ++i)
    result[i] = first + (last - first) * static_cast<double>(i) / static_cast<double>(count - 1);
  return result;
}

/// Variance 2 / inputs (K. He et al., 2015).
std::vector<float> layer(std::size_t inputs, std::size_t outputs, unsigned seed) {
  return normal<float>(inputs * outputs, std::sqrt(2.0 / static_cast<double>(inputs)), seed);
}

}  // namespace

Pair make_pair(std::size_t elements) { return {normal<double>(elements, 1.0, 1), normal<double>(elements, 1.0, 2)}; }

Classification make_classification(std::size_t rows, std::size_t classes) {
  return {rows, classes, normal<float>(rows * classes, 2.0, 3), classes_of(rows, classes, 4)};
}

Batch make_batch(std::size_t size) {
  return {.size = size,
          .x = normal<float>(size * Batch::inputs, 1.0, 5),
          .labels = classes_of(size, Batch::outputs, 6),
          .weight1 = layer(Batch::inputs, Batch::hidden, 7),
          .bias1 = std::vector<float>(Batch::hidden),
          .weight2 = layer(Batch::hidden, Batch::outputs, 8),
          .bias2 = std::vector<float>(Batch::outputs)};
}

Normalization make_normalization(std::size_t rows, std::size_t columns) {
  return {rows,
          columns,
          normal<float>(rows * columns, 1.0, 9),
          normal<float>(columns, 1.0, 10),
          normal<float>(columns, 1.0, 11),
          normal<float>(rows * columns, 1.0, 12)};
}

Images make_images(Images sizes) {
  Images result = sizes;
  result.x = normal<float>(sizes.count * sizes.channels * sizes.extent * sizes.extent, 1.0, 13);
  result.w = normal<float>(sizes.kernels * sizes.channels * sizes.kernel * sizes.kernel, 0.1, 14);
  result.cotangent = normal<float>(sizes.count * sizes.kernels * sizes.result() * sizes.result(), 0.01, 15);
  return result;
}

Points make_points() {
  Points points{linspace(0.0, 1.0, Points::count), {}};
  for (const double x : points.x) points.y.push_back(3.0 * x + 0.5);
  return points;
}

Chain make_chain() {
  return {linspace(-1.0, 1.0, Chain::elements), linspace(0.9, 1.1, Chain::elements),
          linspace(-0.1, 0.1, Chain::elements)};
}

}  // namespace bench
