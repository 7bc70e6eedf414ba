// Bytes that zlib compressed.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "input.hpp"

namespace xgrad::io {

/// Whether this library was built with zlib.
#ifdef XGRAD_HAS_ZLIB
inline constexpr bool has_zlib = true;
#else
inline constexpr bool has_zlib = false;
#endif

enum class Wrapper : bool { none, gzip };  ///< none: deflate alone, as in ZIP files

/// What a part of a file becomes when it is inflated. It is inflated as it is read, so that nothing is larger than what
/// is asked for; and nobody can ask for more than deflate can make of so many bytes.
/// \throws IoError  if this library was built without zlib.
[[nodiscard]] std::unique_ptr<Input> inflated(std::unique_ptr<Input> compressed, Wrapper wrapper);

/// Deflate alone. Only with zlib.
[[nodiscard]] std::string deflated(std::string_view bytes, std::string_view more);

}  // namespace xgrad::io
