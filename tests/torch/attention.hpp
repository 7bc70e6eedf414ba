// libtorch's attention behind an interface without its headers, as libtorch.hpp.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace libtorch {

using NumbersByName = std::map<std::string, std::vector<double>>;

/// A layer and what it is called with: x is [batch, t, width], memory [batch, s, width].
struct AttentionCase {
  std::string layer;  ///< "attention", "encoder layer", "decoder layer", "encoder", "decoder"
  std::int64_t batch = 2, t = 5, s = 4, width = 8, heads = 2, hidden = 12, layers = 2;
  bool bias = true;
  bool gelu = false;
  bool norm_first = false;  ///< of layers, not of stacks
  bool causal = false;
  bool cross = false;                      ///< attention to the memory
  std::vector<std::int64_t> lengths = {};  ///< of the sequences that keys come of; none: all whole
  NumbersByName weights = {};              ///< by libtorch's names
  std::vector<double> x = {}, memory = {};
};

struct AttentionResult {
  std::vector<double> value;
  /// Of the sum of value * weight(0, i), by libtorch's names, with those of "x" and "memory".
  NumbersByName gradients;
};

AttentionResult attention(const AttentionCase& with);

}  // namespace libtorch
