// libtorch's recurrent nets behind an interface without its headers, as libtorch.hpp.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace libtorch {

/// An array of doubles, row-major.
struct Doubles {
  std::vector<std::int64_t> shape;
  std::vector<double> values;
};

struct RecurrentNet {
  std::string kind;  ///< "rnn_tanh", "rnn_relu", "lstm" or "gru"
  bool bias = true;
  std::int64_t layers = 1;
  bool bidirectional = false;
};

/// Outputs and last states, and the derivatives of the sum of the k-th of these times weight(k) of libtorch.hpp.
struct RecurrentDerivatives {
  std::vector<Doubles> values;
  std::vector<Doubles> gradients;
};

/// \param arguments  sequences [batch, time, inputs], first states, and weights in the order of torch's.
/// \param lengths    for pack_padded_sequence; empty: the sequences are not packed.
RecurrentDerivatives recurrent(const RecurrentNet& net, const std::vector<Doubles>& arguments,
                               const std::vector<std::int64_t>& lengths);

}  // namespace libtorch
