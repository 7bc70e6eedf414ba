// What the parts of the generator of random programs share.
#pragma once

#include <initializer_list>
#include <optional>

#include "program.hpp"

namespace random_graphs {

/// A program that grows. Each instruction is recorded on a tape of the generator's own, so that shapes are known.
class Builder {
 public:
  using Run = std::function<Var(const Arguments&)>;
  using InstructionId = std::size_t;  ///< the number of an instruction

  explicit Builder(std::uint64_t seed);
  Program finish();

  Random random;
  std::size_t size_limit = 0;  ///< elements of one array
  bool wild = false;           ///< special numbers, no guards

  [[nodiscard]] std::size_t length() const { return program_.instructions.size(); }
  [[nodiscard]] const Shape& shape(InstructionId v) const { return recorded_[v].shape(); }
  [[nodiscard]] std::size_t rank(InstructionId v) const { return shape(v).size(); }
  [[nodiscard]] DType dtype(InstructionId v) const { return recorded_[v].dtype(); }
  [[nodiscard]] bool floating(InstructionId v) const { return is_floating(dtype(v)); }
  /// Upper bound of the finite magnitudes of a value.
  [[nodiscard]] double magnitude(InstructionId v) const { return magnitude_[v]; }

  /// Appends an instruction. A result that could be large is squashed by further ones, so that programs stay finite.
  InstructionId add(std::string text, std::vector<InstructionId> operands, double magnitude, Run run);
  InstructionId add_with_number(std::string text, std::vector<InstructionId> operands, double number, double magnitude,
                                Run run);
  InstructionId input(const Shape& shape, DType dtype, Fill fill);
  InstructionId float_input(const Shape& shape);
  /// An instruction once more.
  InstructionId repeat(InstructionId v);

  /// A value made so far, more often a recent one.
  InstructionId any();
  std::optional<InstructionId> any_where(const std::function<bool(InstructionId)>& fits);
  InstructionId any_float();
  /// A float with axes and elements.
  InstructionId any_array();
  /// A float with axes, perhaps without elements.
  InstructionId any_with_axes();
  InstructionId any_integer();
  InstructionId any_boolean();
  /// A value that broadcasts with v without making it too large.
  InstructionId partner(InstructionId v, bool must_be_float = true);

  Shape random_shape();
  std::size_t random_extent();
  double random_number();

 private:
  InstructionId append(Instruction instruction, double magnitude);
  InstructionId squashed(InstructionId v);

  Program program_;
  xgrad::Tape tape_;
  std::vector<Var> recorded_;
  std::vector<double> magnitude_;
  std::size_t inputs_ = 0;
  bool squashing_ = false;
};

/// Numbers for the texts of programs: "{0, 2}".
std::string listed(const xgrad::Strides& numbers);

/// Appends one or a few operations of a kind.
void add_elementwise(Builder& b);
void add_arithmetic(Builder& b);
void add_choice(Builder& b);
void add_integers(Builder& b);
void add_reduction(Builder& b);
void add_rows(Builder& b);
void add_view(Builder& b);
void add_index(Builder& b);
void add_matmul(Builder& b);
void add_special(Builder& b);
void add_running(Builder& b);
void add_sorted(Builder& b);
void add_arrangement(Builder& b);
void add_update(Builder& b);
void add_contraction(Builder& b);
void add_window(Builder& b);
void add_factor(Builder& b);
void add_drawn(Builder& b);
void add_known(Builder& b);

}  // namespace random_graphs
