// Linear C++ functions of arrays that know their transposed ones: what libraries on top of xgrad add to programs.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include <xgrad/var.hpp>

#pragma GCC visibility push(default)

namespace xgrad::detail {

/// Such a function. It has derivatives of every order in both modes, and a batch is one call. Its calls are never
/// merged.
struct LinearHost {
  struct Result {
    DType dtype;
    Shape shape;
  };
  std::string name;  ///< for messages
  /// What its order counts, the same for functions that are to be called in the same order in several programs; null:
  /// nothing.
  const void* sequence = nullptr;
  std::vector<Result> results;
  /// Of values, in dense order. What it throws of xgrad's errors comes out as it is, of others as HostError.
  std::function<std::vector<Var>(std::span<const Var> values)> call;
  /// The function of cotangents of the floating-point results that gives those of the floating-point arguments.
  /// \param order  see record_linear_host.
  std::function<LinearHost(std::size_t order)> transposed;
  /// The function of batches: all arguments and results have one more axis, the first.
  std::function<LinearHost(std::size_t extent, std::size_t order)> batch;
};

/// Records a call; of values outside of what is traced it runs at once.
/// \param make  the function of this sequence, told the how manieth call of that it is on its tape: the same number in
///              programs that differ in other operations alone.
/// \throws TapeError  for an empty Var or one of a finished tape.
std::vector<Var> record_linear_host(const std::function<LinearHost(std::size_t order)>& make, const void* sequence,
                                    std::span<const Var> arguments);

}  // namespace xgrad::detail

#pragma GCC visibility pop
