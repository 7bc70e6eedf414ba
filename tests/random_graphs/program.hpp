// Random programs of Var operations: what test_random_graphs.cpp runs fused and unfused.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <random>
#include <span>
#include <string>
#include <vector>

#include <xgrad/xgrad.hpp>

#include "ir/state.hpp"

namespace random_graphs {

using xgrad::DType;
using xgrad::Shape;
using xgrad::Var;

/// Random numbers that are the same with every standard library.
class Random {
 public:
  explicit Random(std::uint64_t seed) : engine_(seed) {}
  /// In [0, n).
  std::size_t below(std::size_t n) { return static_cast<std::size_t>(engine_() % n); }
  /// In [low, high].
  std::ptrdiff_t between(std::ptrdiff_t low, std::ptrdiff_t high) {
    return low + static_cast<std::ptrdiff_t>(below(static_cast<std::size_t>(high - low + 1)));
  }
  /// In [0, 1).
  double uniform() { return static_cast<double>(engine_() >> 11U) * 0x1p-53; }
  bool chance(double probability) { return uniform() < probability; }
  template <class T>
  const T& one_of(const std::vector<T>& items) {
    return items[below(items.size())];
  }

 private:
  std::mt19937_64 engine_;
};

/// The numbers in an input.
enum class Fill : std::uint8_t {
  Smooth,   ///< reals between -2 and 2, no two alike
  Dyadic,   ///< multiples of 1/4 between -2 and 2: many ties, and sums and products without rounding
  Special,  ///< both, and signed zeros, infinities, NaN, denormals and the largest numbers
  Labels,   ///< small integers
  Coins,    ///< booleans
};

/// What an operation may refer to when it is run.
struct Arguments {
  std::span<const Var> x;
  double number;      ///< a weak scalar
  xgrad::Tape* tape;  ///< null where the program runs on concrete Vars
  const Var& operator[](std::size_t i) const { return x[i]; }
};

struct Instruction {
  std::string text;  ///< without the operands: "sum {0} keep_dims"
  std::vector<std::size_t> operands;
  double number = 0.0;
  bool has_number = false;
  std::function<Var(const Arguments&)> run;  ///< empty: an input
  Shape shape = {};
  DType dtype = DType::Float64;
  // of inputs
  Fill fill = Fill::Smooth;
  std::uint64_t data_seed = 0;
  bool leaf = true;  ///< else a concrete Var also where all others are recorded
};

struct Program {
  std::uint64_t seed = 0;
  std::vector<Instruction> instructions;
  std::vector<std::size_t> outputs;
  std::size_t loss_form = 0;
  bool second_order = false;
};

/// The program of a seed; the same on every machine.
Program generate(std::uint64_t seed);

/// The same program with other numbers: in its inputs, and (if asked for) in place of the scalars.
Program with_other_numbers(Program program);

/// The concrete Vars of the inputs, in the order of the instructions (empty Vars elsewhere).
std::vector<Var> make_inputs(const Program& program);

/// Runs a program on a tape, or on concrete Vars if there is none: the value of each instruction.
std::vector<Var> run(const Program& program, const std::vector<Var>& inputs, xgrad::Tape* tape);

/// The same, with some operations recorded as functions that are called, perhaps by others, as a branch of a switch or
/// as the body of a loop of one run.
std::vector<Var> run_with_calls(const Program& program, const std::vector<Var>& inputs, xgrad::Tape& tape);

/// Appends what outputs need of a program with the bodies of functions in place of what runs them.
/// \return for each node where it is now; nowhere for what has outputs, which are its projections.
std::vector<xgrad::ir::NodeId> append_without_calls(const xgrad::ir::TapeState& program, xgrad::ir::TapeState& to,
                                                    const std::vector<xgrad::ir::NodeId>& outputs);

/// One line for each instruction.
std::string to_text(const Program& program);

}  // namespace random_graphs
