// Solutions of linear equations as operations with derivatives.
#pragma once

#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include <xgrad/transform/linear_solve.hpp>

#include "ir/function.hpp"
#include "linear_methods.hpp"
#include "var/access.hpp"

namespace xgrad::detail {

/// v -> A v, of vectors. Behind v, the function takes what A is made of.
struct LinearMap {
  std::shared_ptr<const Function> function;
  std::vector<Var> matrix;
};

/// What was recorded from `first` on, as a function of a stand-in for vectors.
LinearMap extracted_map(TapeState& tape, NodeId first, const Var& v, const Var& product);

/// x of A x = b, recorded; it has derivatives with respect to b and to what A is made of.
Var record_linear_solve(TapeState& tape, const LinearMap& a, const Var& b, const LinearMethod& how);

/// How leaves stand one behind the other in one vector.
class Packing {
 public:
  explicit Packing(std::span<const Var> like);

  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] DType dtype() const noexcept { return dtype_; }
  /// The element type with the least digits among those of the leaves.
  [[nodiscard]] DType precision() const noexcept { return precision_; }
  [[nodiscard]] Var packed(std::span<const Var> leaves) const;
  [[nodiscard]] std::vector<Var> unpacked(const Var& vector) const;

 private:
  std::vector<ArrayType> types_;
  std::size_t size_ = 0;
  DType dtype_ = DType::Float32;  // Float64 if one of them is
  DType precision_ = DType::Float64;
};

/// The scope in which a function is recorded of stand-ins: asking for a value throws.
class NoValues {
 public:
  explicit NoValues(TapeState& tape) : tape_(tape), before_(tape.values_forbidden()) { tape.forbid_values(true); }
  NoValues(const NoValues&) = delete;
  NoValues& operator=(const NoValues&) = delete;
  ~NoValues() { tape_.forbid_values(before_); }

 private:
  TapeState& tape_;
  bool before_;
};

/// \param what, what_like  what both are, for messages.
/// \throws ShapeError, TypeError  unless arrays have the shapes and element types of others; numbers fit any type.
void require_alike(std::string_view operation, std::string_view what, std::span<const Var> given,
                   std::string_view what_like, std::span<const Var> like, const Paths& paths);

/// What a function made of arrays, on the tape, and in their element types where it is a number.
/// \throws ShapeError, TypeError  as require_alike().
std::vector<Var> results_like(std::string_view operation, std::string_view what, Trace& trace,
                              std::span<const Var> results, std::span<const Var> like, std::string_view what_like,
                              const Paths& paths);

std::vector<NodeId> nodes_of(std::span<const Var> all);

/// A fresh node for each, where a sweep may begin.
std::vector<Var> fresh_inputs(TapeState& tape, std::span<const Var> all);

}  // namespace xgrad::detail
