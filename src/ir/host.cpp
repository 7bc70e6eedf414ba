#include "host.hpp"

#include <cstring>

#include <xgrad/core/errors.hpp>

namespace xgrad::ir {
namespace {

std::size_t byte_count(const Buffer& array) { return size_of(array.shape()) * size_of(array.dtype()); }

void copy_bytes(std::byte* to, const std::byte* from, std::size_t bytes) {
  if (bytes != 0) std::memcpy(to, from, bytes);
}

Shape with_first(std::size_t extent, Shape shape) {
  shape.insert(0, extent);
  return shape;
}

std::string text_of(const ArrayType& type) { return std::string(name(type.dtype)) + " " + to_string(type.shape); }

/// One of many examples.
BufferPtr example(const Buffer& batch, std::size_t which) {
  BufferPtr one = make_buffer(batch.dtype(), Shape(batch.shape().begin() + 1, batch.shape().end()));
  const std::size_t bytes = byte_count(*one.get());
  copy_bytes(one->data(), batch.data() + which * bytes, bytes);
  return one;
}

/// The same for all examples.
BufferPtr repeated(const Buffer& one, std::size_t extent) {
  BufferPtr batch = make_buffer(one.dtype(), with_first(extent, one.shape()));
  const std::size_t bytes = byte_count(one);
  for (std::size_t k = 0; k < extent; ++k) copy_bytes(batch->data() + k * bytes, one.data(), bytes);
  return batch;
}

std::vector<BufferPtr> one_by_one(const HostFunction& function, std::span<const ArrayType> results, std::size_t extent,
                                  std::span<const char> batched, std::span<const BufferPtr> arguments) {
  std::vector<BufferPtr> all;
  for (const ArrayType& each : results) all.push_back(make_buffer(each.dtype, each.shape));
  std::vector<BufferPtr> given(arguments.begin(), arguments.end());
  for (std::size_t e = 0; e < extent; ++e) {
    for (std::size_t k = 0; k < given.size(); ++k) {
      if (batched[k] != 0) given[k] = example(*arguments[k].get(), e);
    }
    const std::vector<BufferPtr> one = run(function, given);
    for (std::size_t k = 0; k < one.size(); ++k) {
      const std::size_t bytes = byte_count(*one[k].get());
      copy_bytes(all[k]->data() + e * bytes, one[k]->data(), bytes);
    }
  }
  return all;
}

}  // namespace

std::vector<BufferPtr> run(const HostFunction& function, std::span<const BufferPtr> arguments) {
  std::vector<BufferPtr> results = function.call(arguments);
  for (std::size_t k = 0; k < results.size(); ++k) {
    const ArrayType& wanted = function.results[k];
    const ArrayType given{results[k]->dtype(), results[k]->shape()};
    if (given.shape == wanted.shape && given.dtype == wanted.dtype) continue;
    const std::string message = function.name + ": result " + std::to_string(k) + " is " + text_of(given) +
                                ", declared as " + text_of(wanted) + "; they must be equal";
    if (given.shape != wanted.shape) throw ShapeError(message);
    throw TypeError(message);
  }
  return results;
}

std::shared_ptr<const HostFunction> batch_of(const std::shared_ptr<const HostFunction>& function, std::size_t extent,
                                             std::span<const char> batched) {
  auto many = std::make_shared<HostFunction>();
  many->name = function->name;
  many->takes_batches = false;  // its own arguments have their batch in front already
  for (const ArrayType& each : function->results) many->results.push_back({each.dtype, with_first(extent, each.shape)});
  const std::vector<char> which(batched.begin(), batched.end());
  many->of_one = function;
  many->extent = extent;
  many->batched = which;
  if (function->takes_batches) {
    many->call = [function, extent, which](std::span<const BufferPtr> arguments) {
      std::vector<BufferPtr> given(arguments.begin(), arguments.end());
      for (std::size_t k = 0; k < given.size(); ++k) {
        if (which[k] == 0) given[k] = repeated(*given[k].get(), extent);
      }
      return function->call(given);
    };
  } else {
    many->call = [function, extent, which, results = many->results](std::span<const BufferPtr> arguments) {
      return one_by_one(*function, results, extent, which, arguments);
    };
  }
  return many;
}

}  // namespace xgrad::ir
