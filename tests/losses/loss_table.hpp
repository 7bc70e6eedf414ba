// A row or more for every loss of the catalogue: the tests of values, derivatives and extremes, and the comparison with
// libtorch, all go through this table.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include <xgrad/xgrad.hpp>

#include "ops_table.hpp"
#include "ops_table_rows.hpp"

namespace xgrad::testing {

/// An argument as the references see it: row-major numbers with more digits than double.
struct Numbers {
  Shape shape;
  std::vector<long double> at;
  [[nodiscard]] std::size_t rows() const { return shape[0]; }
  [[nodiscard]] std::size_t columns() const { return shape[1]; }
  long double operator()(std::size_t i) const { return at[i]; }
  long double operator()(std::size_t i, std::size_t j) const { return at[i * shape[1] + j]; }
  long double operator()(std::size_t i, std::size_t j, std::size_t k) const {
    return at[(i * shape[1] + j) * shape[2] + k];
  }
  /// An integer argument.
  [[nodiscard]] std::size_t label(std::size_t i) const { return static_cast<std::size_t>(at[i]); }
};

/// The values of a loss by plain loops that share nothing with the library: row-major.
using Reference = std::function<std::vector<long double>(const std::vector<Numbers>&)>;

/// Arguments whose loss is known: perfect predictions, kinks, 0 and 1, infinities, empty batches, a single class.
struct Known {
  Case arguments;
  std::vector<double> values;  ///< row-major
  /// Derivatives of the sum of the values, for each floating-point argument in turn, row-major; none: not looked at.
  std::vector<std::vector<double>> gradients = {};
};

struct LossRow {
  /// Unique: the struct, and after a dot the variant, such as "Huber.small_delta".
  std::string name;
  Operation function;
  /// float64 arguments around which the loss has two derivatives; arguments of other types are held fixed.
  std::vector<Case> smooth;
  /// Needed unless libtorch has the loss.
  Reference reference = {};
  std::vector<Known> known = {};
  /// float32 arguments of which no value, first or second derivative may be NaN: logits of +-1e4, probabilities of 0
  /// and 1, no sample, one sample, one class.
  std::vector<Case> extreme = {};
  /// Whether libtorch has the loss: tests/torch knows it by the row's name.
  bool torch = false;
  /// Highest order of derivatives that libtorch has for it.
  int torch_order = 2;
};

using LossRows = std::vector<LossRow>;

const LossRows& loss_table();

void append_regression(LossRows& rows);
void append_likelihood(LossRows& rows);
void append_classification(LossRows& rows);
void append_margin(LossRows& rows);
void append_sequence(LossRows& rows);
void append_divergence(LossRows& rows);
void append_embedding(LossRows& rows);
void append_ranking(LossRows& rows);
void append_segmentation(LossRows& rows);
void append_box(LossRows& rows);
void append_image(LossRows& rows);
void append_penalty(LossRows& rows);

/// A row of a loss of predictions and targets, `L{...}(arguments...)`.
template <class L>
Operation call(L loss) {
  return [loss](const Case& x) -> Var {
    if constexpr (requires { loss(x[0], x[1], x[2], x[3], x[4]); }) {
      if (x.size() == 5) return loss(x[0], x[1], x[2], x[3], x[4]);
    }
    if constexpr (requires { loss(x[0], x[1], x[2], x[3]); }) {
      if (x.size() == 4) return loss(x[0], x[1], x[2], x[3]);
    }
    if constexpr (requires { loss(x[0], x[1], x[2]); }) {
      if (x.size() == 3) return loss(x[0], x[1], x[2]);
    }
    if constexpr (requires { loss(x[0], x[1]); }) {
      if (x.size() == 2) return loss(x[0], x[1]);
    }
    if constexpr (requires { loss(x[0]); }) {
      if (x.size() == 1) return loss(x[0]);
    }
    throw std::logic_error("this loss does not take so many arguments");
  };
}

/// Integers in a shape.
inline Var labels(const Shape& shape, const std::vector<std::int64_t>& values) {
  auto array = Array<std::int64_t>::from_shape(shape);
  std::copy(values.begin(), values.end(), array.data());
  return {std::move(array)};
}

/// float32 numbers in a shape.
inline Var floats(const Shape& shape, const std::vector<float>& values) {
  auto array = Array<float>::from_shape(shape);
  std::copy(values.begin(), values.end(), array.data());
  return {std::move(array)};
}

/// float64 numbers in a shape.
inline Var doubles(const Shape& shape, const std::vector<double>& values) {
  auto array = Array<double>::from_shape(shape);
  std::copy(values.begin(), values.end(), array.data());
  return {std::move(array)};
}

}  // namespace xgrad::testing
