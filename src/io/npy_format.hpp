// The format of NumPy's files, from any source of bytes.
#pragma once

#include <string>

#include "elements.hpp"

namespace xgrad::io {

struct NpyHeader {
  ElementFormat format;
  bool columns_first = false;
  Shape shape;
};

/// \throws IoError  for what is no such header.
[[nodiscard]] NpyHeader read_npy_header(Input& input);
/// The array as a whole; nothing may follow it.
[[nodiscard]] Var read_npy_array(std::string_view operation, Input& input, std::optional<DType> as);

/// What stands before the elements.
[[nodiscard]] std::string npy_header(DType dtype, const Shape& shape);

}  // namespace xgrad::io
