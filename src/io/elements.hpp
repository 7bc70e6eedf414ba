// Elements of arrays as files have them, and as a Var has them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include <xgrad/var.hpp>

#include "input.hpp"

namespace xgrad::io {

enum class Stored : std::uint8_t { Bool, I8, I16, I32, I64, U8, U16, U32, U64, F16, BF16, F32, F64 };

struct ElementFormat {
  Stored type = Stored::F64;
  bool big_endian = false;
};

[[nodiscard]] std::size_t bytes_of(Stored type) noexcept;
/// The element type that holds all of its values; only of U64 it does not, where values too large are refused.
[[nodiscard]] DType dtype_of_stored(Stored type) noexcept;
[[nodiscard]] Stored stored_as(DType dtype) noexcept;

/// Extents as files have them, which may be anything.
using Extents = std::vector<std::uint64_t>;

/// A shape of them, in which no product overflows.
/// \throws IoError  for more axes or elements than an array can have.
[[nodiscard]] Shape checked_shape(const Input& input, const Extents& extents);

/// The element type that an array is read as.
/// \throws TypeError  if `as` cannot be asked for: integers of fractions, booleans of numbers.
[[nodiscard]] DType read_as(std::string_view operation, Stored type, std::optional<DType> as);

/// Reads an array in row-major order, a block at a time.
/// \throws IoError  if the bytes are not there, or one of the elements cannot be held.
[[nodiscard]] Var read_elements(Input& input, ElementFormat format, const Shape& shape, DType as);

/// The elements as they are in memory, which is how they are written: little-endian. A recorded Var is evaluated.
[[nodiscard]] std::string_view bytes_of_elements(const Var& x);

}  // namespace xgrad::io
