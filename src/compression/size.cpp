#include <xgrad/compression/size.hpp>

#include <algorithm>
#include <array>
#include <cstdint>
#include <functional>
#include <queue>
#include <vector>

#include "ops/internal.hpp"
#include "var/access.hpp"

namespace xgrad::compression {
namespace {

constexpr std::size_t bytes_of_code = 256;

std::size_t bytes_of(const Var& array) { return array.size() * xgrad::size_of(array.dtype()); }

using Counts = std::array<std::uint64_t, 256>;

Counts counted(const Var& array) {
  Counts counts{};
  const auto count = [&]<class T>(const T* data) {
    const auto* bytes = reinterpret_cast<const unsigned char*>(data);
    for (std::size_t i = 0; i < bytes_of(array); ++i) ++counts[bytes[i]];
  };
  switch (array.dtype()) {
    case DType::Bool:
      count(array.array<bool>().data());
      break;
    case DType::Int64:
      count(array.array<std::int64_t>().data());
      break;
    case DType::Float32:
      count(array.array<float>().data());
      break;
    case DType::Float64:
      count(array.array<double>().data());
      break;
  }
  return counts;
}

/// The bits that all symbols take in Huffman's code: the sum of what any two are when they become one.
std::uint64_t coded_bits(const Counts& counts) {
  std::priority_queue<std::uint64_t, std::vector<std::uint64_t>, std::greater<>> nodes;
  for (const std::uint64_t count : counts) {
    if (count != 0) nodes.push(count);
  }
  if (nodes.size() == 1) return nodes.top();  // one symbol still takes a bit
  std::uint64_t bits = 0;
  while (nodes.size() > 1) {
    const std::uint64_t a = nodes.top();
    nodes.pop();
    const std::uint64_t both = a + nodes.top();
    nodes.pop();
    nodes.push(both);
    bits += both;
  }
  return bits;
}

}  // namespace

std::size_t detail::size_on_disk(std::span<const Var> arrays) {
  std::size_t bytes = 0;
  for (const Var& each : arrays) bytes += bytes_of(each);
  return bytes;
}

std::size_t detail::coded_size(std::span<const Var> arrays) {
  std::size_t bytes = 0;
  for (const Var& each : arrays) {
    const std::size_t coded = bytes_of_code + (static_cast<std::size_t>(coded_bits(counted(each))) + 7) / 8;
    bytes += std::min(bytes_of(each), coded);
  }
  return bytes;
}

}  // namespace xgrad::compression
