// Recording a program of a compiled function.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "programs.hpp"

namespace xgrad::detail {

/// Records a program: makes the inputs, lets the function run, takes what it returns.
class ProgramRecorder {
 public:
  ProgramRecorder(const CallLists& lists, const CompileOptions& options);
  ~ProgramRecorder();
  ProgramRecorder(const ProgramRecorder&) = delete;
  ProgramRecorder& operator=(const ProgramRecorder&) = delete;

  [[nodiscard]] const std::vector<Var>& inputs() const noexcept { return inputs_; }
  [[nodiscard]] const std::vector<ArgumentType>& arguments() const noexcept { return arguments_; }
  /// Ends the recording.
  /// \param result   of the function; `arrays` are those in it.
  /// \param decided  what the program goes on with, as if its conditions had been computed by Programs::choose().
  [[nodiscard]] ProgramPtr finish(std::unique_ptr<Kept> result, std::span<const Var> arrays, std::vector<Var>& decided);

 private:
  class Conditions;

  std::vector<Var> inputs_;
  std::vector<ArgumentType> arguments_;
  std::unique_ptr<Trace> trace_;
  std::unique_ptr<Conditions> conditions_;
};

}  // namespace xgrad::detail
