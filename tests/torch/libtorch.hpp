// libtorch behind an interface without its headers: they take long to compile, and clang 14 refuses them in C++20.
// Hence nothing of xgrad here either: this header is C++17.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace libtorch {

enum class Type : std::uint8_t { Bool, Int64, Float32, Float64 };

/// An array, row-major.
struct Dense {
  Type type = Type::Float64;
  std::vector<std::int64_t> shape;
  std::vector<std::byte> bytes;
};

/// Fixed numbers of both signs, none small: element i of cotangent or direction number `which`.
double weight(std::size_t which, std::size_t i);

/// An operation at a point, with its derivatives.
struct Derivatives {
  Dense value;
  /// Of the sum of value * weight(0), with respect to each floating-point argument.
  std::vector<Dense> gradients;
  /// Of the sum of each gradient k times weight(k); empty unless asked for.
  std::vector<Dense> second;
};

/// What the keys of losses start with; the name of the loss's row follows.
inline constexpr const char* loss_prefix = "loss ";
/// What the keys of layers start with, and those of the rows in test_torch_layers_core.cpp and test_torch_layers.cpp.
inline constexpr const char* layer_prefix = "layer ";
inline constexpr const char* core_layer_prefix = "layer of the core ";
inline constexpr const char* channel_layer_prefix = "layer of channels ";

/// The operations, losses and layers that have a counterpart in libtorch.
std::vector<std::string> keys();

/// \param order  0: the value only; 1 or 2: derivatives up to this order.
Derivatives derivatives(const std::string& key, const std::vector<Dense>& arguments, int order);

}  // namespace libtorch
