// The data that both libraries get. This header is C++17, because clang 14 refuses libtorch's headers in C++20.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace bench {

/// Prediction and target of an elementwise loss.
struct Pair {
  std::vector<double> prediction, target;
};

/// Logits [rows, classes] and the right class of each row.
struct Classification {
  std::size_t rows, classes;
  std::vector<float> logits;
  std::vector<std::int64_t> labels;
};

/// A batch for the net inputs-hidden-outputs, and the net's parameters; weights are [inputs, outputs] of their layer.
struct Batch {
  static constexpr std::size_t inputs = 784, hidden = 128, outputs = 10;
  std::size_t size;
  std::vector<float> x;
  std::vector<std::int64_t> labels;
  std::vector<float> weight1, bias1, weight2, bias2;
};

/// x and the cotangent of the result, [rows, columns]; weight and bias, [columns].
struct Normalization {
  std::size_t rows, columns;
  std::vector<float> x, weight, bias, cotangent;
};

/// Square images, a kernel, and a cotangent of what it makes of them.
struct Images {
  std::size_t count, channels, extent;
  std::size_t kernels, kernel, padding;
  std::vector<float> x, w, cotangent;

  [[nodiscard]] std::size_t result() const { return extent + 2 * padding - kernel + 1; }
};

/// Points (x, y) for linear regression.
struct Points {
  static constexpr std::size_t count = 100;
  std::vector<double> x, y;
};

/// Starting point and factors of the chain of tiny operations.
struct Chain {
  static constexpr std::size_t rounds = 100, elements = 10;
  std::vector<double> x, a, b;
};

/// An argument of a loss: numbers, of which the gradient is wanted or not, or integers.
struct Argument {
  enum class Kind : std::uint8_t { Learnt, Given, Integers };
  Kind kind;
  std::vector<std::size_t> shape;
  std::vector<double> numbers = {};
  std::vector<std::int64_t> integers = {};
};

/// A loss of the catalogue that libtorch has, too.
struct LossProblem {
  const char* id;    ///< after "loss_"
  const char* size;  ///< as printed
  bool float32;
  std::vector<Argument> (*make)();
};

/// An equation of einsum, in float32.
struct EinsumProblem {
  const char* id;  ///< after "einsum_"
  const char* equation;
  std::vector<std::vector<std::size_t>> shapes;
  std::vector<std::size_t> result;
};

/// The operands of an equation, and a cotangent of its result.
struct EinsumData {
  std::vector<std::vector<float>> operands;
  std::vector<float> cotangent;
};

/// Stacks of square matrices.
template <class T>
struct Stacks {
  std::size_t count, n;
  std::vector<T> a, b;
};

/// A Gaussian process: squares of the distances between n points, what was measured there, and the logarithms of the
/// length, the amplitude and the noise.
struct Process {
  std::size_t n;
  std::vector<double> squares, y, parameters;
};

/// Hyperparameters of the updates.
constexpr double sgd_rate = 0.01;
constexpr double adam_rate = 1e-3, adam_beta1 = 0.9, adam_beta2 = 0.999, adam_epsilon = 1e-8;
constexpr double norm_epsilon = 1e-5;
constexpr double barron_alpha = 1.5;

/// The chain, x = x a + b and x = tanh(x) in turns, three operations a round; T is either library's array.
template <class T>
T tiny_chain(T x, const T& a, const T& b) {
  for (std::size_t i = 0; i < Chain::rounds; ++i) {
    x = x * a + b;
    x = tanh(x);
  }
  return x;
}

// Made of seeded random numbers: the same in every run.
Pair make_pair(std::size_t elements);
Classification make_classification(std::size_t rows, std::size_t classes);
Batch make_batch(std::size_t size);
Normalization make_normalization(std::size_t rows, std::size_t columns);
/// Without the numbers, which it makes.
Images make_images(Images sizes);
Points make_points();
Chain make_chain();
const std::vector<LossProblem>& loss_problems();
const std::vector<EinsumProblem>& einsum_problems();
EinsumData make_einsum(const EinsumProblem& problem);
template <class T>
Stacks<T> make_stacks(std::size_t count, std::size_t n);
Process make_process(std::size_t n);

}  // namespace bench
