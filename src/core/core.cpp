#include <algorithm>
#include <cstdint>
#include <ostream>
#include <string>

#include <xgrad/core/dtype.hpp>
#include <xgrad/core/errors.hpp>
#include <xgrad/core/shape.hpp>

namespace xgrad {

std::string_view name(DType dtype) noexcept {
  constexpr std::array<std::string_view, dtype_count> names{"bool", "int64", "float32", "float64"};
  return names[static_cast<std::size_t>(dtype)];
}

std::ostream& operator<<(std::ostream& out, DType dtype) { return out << name(dtype); }

std::size_t size_of(DType dtype) noexcept {
  constexpr std::array<std::size_t, dtype_count> sizes{sizeof(bool), sizeof(std::int64_t), sizeof(float),
                                                       sizeof(double)};
  return sizes[static_cast<std::size_t>(dtype)];
}

std::string to_string(const Shape& shape) {
  std::string text = "[";
  for (const std::size_t extent : shape) {
    if (text.size() > 1) text += ", ";
    text += std::to_string(extent);
  }
  return text + "]";
}

void require_addressable(const Shape& shape) {
  constexpr std::size_t limit = PTRDIFF_MAX / sizeof(double);
  std::size_t size = 1;
  for (const std::size_t extent : shape) {
    // Empty arrays count without their empty axes, so that strides fit too.
    if (extent > 1 && size > limit / extent) {
      throw ShapeError("an array of the shape " + to_string(shape) + " does not fit the address space");
    }
    size *= std::max<std::size_t>(extent, 1);
  }
}

std::ostream& detail::print(std::ostream& out, std::string_view text) { return out << text; }

void detail::throw_too_many_dimensions(std::size_t dimension) {
  throw ShapeError("an array has at most " + std::to_string(max_dimension) + " dimensions, not " +
                   std::to_string(dimension));
}

}  // namespace xgrad
