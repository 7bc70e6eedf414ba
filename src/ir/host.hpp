// Functions of the user's, in C++, as parts of programs.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "memory/buffer.hpp"

namespace xgrad::ir {

using namespace memory;

/// Element type and shape of an array.
struct ArrayType {
  DType dtype;
  Shape shape;
};

/// A function of arrays. It may be called by several threads at once.
struct HostFunction {
  std::string name;  ///< for messages
  std::vector<ArrayType> results;
  std::function<std::vector<BufferPtr>(std::span<const BufferPtr> arguments)> call;
  /// Whether it takes arrays with one more axis, the first, and gives such; else a batch is one call after another.
  bool takes_batches = false;
  /// Of a function that batch_of made: what of, for how many examples, and which arguments there is one for each of.
  std::shared_ptr<const HostFunction> of_one = nullptr;
  std::size_t extent = 0;
  std::vector<char> batched = {};
};

/// Calls it.
/// \throws ShapeError  if it returns arrays of other shapes than it should.
/// \throws TypeError   if it returns arrays of other element types.
std::vector<BufferPtr> run(const HostFunction& function, std::span<const BufferPtr> arguments);

/// The function of many examples at once.
/// \param batched  for each argument whether there is one for each example, along a new first axis; results are so.
std::shared_ptr<const HostFunction> batch_of(const std::shared_ptr<const HostFunction>& function, std::size_t extent,
                                             std::span<const char> batched);

}  // namespace xgrad::ir
