// Tape: records operations, differentiates them, computes values.
#pragma once

#include <cstddef>
#include <initializer_list>
#include <span>
#include <string>
#include <vector>

#include <xgrad/tree/tree.hpp>
#include <xgrad/var.hpp>

#pragma GCC visibility push(default)

namespace xgrad {

/// An append-only list of recorded operations.
///
///     xg::Tape tape;
///     xg::Var w = tape.leaf(w0);
///     xg::Var loss = mean(square(matmul(x, w) - y));
///     xg::Var dw = tape.gradient(loss, w);
///
/// Gradients are recorded on the same tape, so they can be differentiated again. Everything recorded is freed when the
/// tape ends; a Var that outlives its tape is refused with TapeError. One thread at a time may use a tape.
class Tape {
 public:
  Tape();
  ~Tape();
  Tape(const Tape&) = delete;
  Tape& operator=(const Tape&) = delete;
  Tape(Tape&& other) noexcept;
  Tape& operator=(Tape&& other) noexcept;

  /// An input to differentiate with respect to. A Var recorded on this tape gives a new input with its value, through
  /// which derivatives flow on.
  Var leaf(const Var& value);
  /// A tree of inputs.
  template <tree::Tree T>
  requires(!std::same_as<T, Var>) T leaf(const T& values) {
    return tree::map(values, [this](const Var& value) { return leaf(value); });
  }

  /// Derivative of a scalar with respect to one input, recorded.
  /// \throws ShapeError  unless output is a scalar.
  /// \throws TypeError   unless both are floating-point.
  Var gradient(const Var& output, const Var& input);
  /// Derivatives with respect to every Var of a tree, in a tree of the same type.
  template <tree::Tree T>
  requires(!std::same_as<T, Var>) T gradient(const Var& output, const T& inputs) {
    return tree::with_leaves(inputs, gradients(output, tree::leaves(inputs)));
  }
  /// Derivatives with respect to several inputs, recorded. An input that output does not depend on gets zeros.
  /// \param cotangent  weight of each element of output; needed unless output is a scalar.
  /// \throws ShapeError  if output is no scalar and there is no cotangent, or if their shapes differ.
  [[nodiscard]] std::vector<Var> gradients(const Var& output, std::span<const Var> inputs, const Var& cotangent = {});
  [[nodiscard]] std::vector<Var> gradients(const Var& output, std::initializer_list<Var> inputs,
                                           const Var& cotangent = {});

  /// Computes values together, sharing all the work that they share; the results are concrete.
  [[nodiscard]] std::vector<Var> evaluate(std::span<const Var> outputs);
  [[nodiscard]] std::vector<Var> evaluate(std::initializer_list<Var> outputs);
  /// A tree of values, concrete.
  template <tree::Tree T>
  [[nodiscard]] T evaluate(const T& outputs) {
    return tree::with_arrays(outputs, evaluate(std::span<const Var>(tree::arrays(outputs))));
  }

  /// The value of a Var with one element.
  template <Element T>
  [[nodiscard]] T item(const Var& output) {
    return output.item<T>();
  }

  /// Number of nodes recorded so far.
  [[nodiscard]] std::size_t size() const;
  /// Bytes that the recorded structure takes (nodes, attributes, shapes, scalars), without any array's elements.
  [[nodiscard]] std::size_t bytes() const;

 private:
  ir::TapeState* state_;
};

}  // namespace xgrad

#pragma GCC visibility pop
