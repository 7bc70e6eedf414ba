#include "elements.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <climits>
#include <string>
#include <type_traits>

#include <boost/endian/conversion.hpp>
#include <xgrad/core/errors.hpp>

#include "memory/buffer.hpp"
#include "var/access.hpp"

namespace xgrad::io {
namespace {

static_assert(std::endian::native == std::endian::little, "arrays are written as they are in memory");

struct Half {
  std::uint16_t bits;
};
struct Brain {
  std::uint16_t bits;
};
struct Truth {
  std::uint8_t bits;
};

float value_of(Half half) {
  const std::uint32_t magnitude = (half.bits & 0x7FFFU) << 13U;
  const bool finite = (half.bits & 0x7C00U) != 0x7C00U;
  // The exponents differ by 112; the product also makes normal numbers of those that are not.
  const float absolute =
      finite ? std::bit_cast<float>(magnitude) * 0x1p112F : std::bit_cast<float>(magnitude | 0x7F800000U);
  return std::bit_cast<float>(std::bit_cast<std::uint32_t>(absolute) | (half.bits & 0x8000U) << 16U);
}
float value_of(Brain brain) { return std::bit_cast<float>(static_cast<std::uint32_t>(brain.bits) << 16U); }
bool value_of(Truth truth) { return truth.bits != 0; }
template <class T>
requires std::is_arithmetic_v<T> T value_of(T value) { return value; }

template <class Raw>
Raw loaded(const unsigned char* from, bool big_endian) {
  using boost::endian::endian_load, boost::endian::order;
  return big_endian ? endian_load<Raw, sizeof(Raw), order::big>(from)
                    : endian_load<Raw, sizeof(Raw), order::little>(from);
}
template <class Raw>
requires(std::is_class_v<Raw>) Raw loaded(const unsigned char* from, bool big_endian) {
  return {loaded<decltype(Raw::bits)>(from, big_endian)};
}

template <class Raw, class T>
bool fits(Raw value) {
  if constexpr (std::is_same_v<Raw, Truth>) return value.bits <= 1;
  if constexpr (std::is_same_v<Raw, std::uint64_t> && std::is_same_v<T, std::int64_t>) return value <= INT64_MAX;
  return true;
}

/// How many elements were converted: all of them, or those before one that cannot be.
template <class Raw, class T>
std::size_t convert(const unsigned char* from, std::size_t count, bool big_endian, T* to) {
  for (std::size_t i = 0; i < count; ++i) {
    const Raw raw = loaded<Raw>(from + i * sizeof(Raw), big_endian);
    if (!fits<Raw, T>(raw)) return i;
    to[i] = static_cast<T>(value_of(raw));  // NOLINT(bugprone-signed-char-misuse)
  }
  return count;
}

template <class T, class F>
decltype(auto) with_stored(Stored type, F f) {
  switch (type) {
    case Stored::Bool:
      return f.template operator()<Truth, T>();
    case Stored::I8:
      return f.template operator()<std::int8_t, T>();
    case Stored::I16:
      return f.template operator()<std::int16_t, T>();
    case Stored::I32:
      return f.template operator()<std::int32_t, T>();
    case Stored::I64:
      return f.template operator()<std::int64_t, T>();
    case Stored::U8:
      return f.template operator()<std::uint8_t, T>();
    case Stored::U16:
      return f.template operator()<std::uint16_t, T>();
    case Stored::U32:
      return f.template operator()<std::uint32_t, T>();
    case Stored::U64:
      return f.template operator()<std::uint64_t, T>();
    case Stored::F16:
      return f.template operator()<Half, T>();
    case Stored::BF16:
      return f.template operator()<Brain, T>();
    case Stored::F32:
      return f.template operator()<float, T>();
    case Stored::F64:
      break;
  }
  return f.template operator()<double, T>();
}

std::size_t convert_block(ElementFormat format, DType as, const unsigned char* from, std::size_t count, std::byte* to) {
  const auto run = [&]<class Raw, class T>() {
    return convert<Raw>(from, count, format.big_endian, reinterpret_cast<T*>(to));
  };
  switch (as) {
    case DType::Bool:
      return run.template operator()<Truth, bool>();
    case DType::Int64:
      return with_stored<std::int64_t>(format.type, run);
    case DType::Float32:
      return with_stored<float>(format.type, run);
    case DType::Float64:
      break;
  }
  return with_stored<double>(format.type, run);
}

}  // namespace

std::size_t bytes_of(Stored type) noexcept {
  constexpr std::array<std::size_t, 13> bytes{1, 1, 2, 4, 8, 1, 2, 4, 8, 2, 2, 4, 8};
  return bytes[static_cast<std::size_t>(type)];
}

DType dtype_of_stored(Stored type) noexcept {
  if (type == Stored::Bool) return DType::Bool;
  if (type == Stored::F64) return DType::Float64;
  return type >= Stored::F16 ? DType::Float32 : DType::Int64;
}

Stored stored_as(DType dtype) noexcept {
  constexpr std::array<Stored, dtype_count> types{Stored::Bool, Stored::I64, Stored::F32, Stored::F64};
  return types[static_cast<std::size_t>(dtype)];
}

Shape checked_shape(const Input& input, const Extents& extents) {
  if (extents.size() > max_dimension) {
    input.fail("it has " + std::to_string(extents.size()) + " axes; an array has at most " +
               std::to_string(max_dimension));
  }
  Shape shape;
  std::uint64_t elements = 1;  // an extent of 0 counted as 1: products of the others are strides
  for (const std::uint64_t extent : extents) {
    if (extent > PTRDIFF_MAX / sizeof(double) / elements)
      input.fail("its shape has more elements than a memory can hold");
    elements *= std::max<std::uint64_t>(extent, 1);
    shape.push_back(static_cast<std::size_t>(extent));
  }
  return shape;
}

DType read_as(std::string_view operation, Stored type, std::optional<DType> as) {
  const DType natural = dtype_of_stored(type);
  if (!as || *as == natural || is_floating(*as) || promote(natural, *as) == *as) return as.value_or(natural);
  throw TypeError(std::string(operation) + ": the file has " + std::string(name(natural)) +
                  ", which cannot be read as " + std::string(name(*as)) + "; read it as it is, and cast it");
}

Var read_elements(Input& input, ElementFormat format, const Shape& shape, DType as) {
  const std::size_t count = size_of(shape);
  const std::size_t width = bytes_of(format.type);
  if (count > input.most_left() / width) {
    input.fail("an array " + to_string(shape) + " of " + std::to_string(width) +
               " bytes each is not there: " + std::to_string(input.most_left()) + " bytes are left at most");
  }
  memory::BufferPtr buffer = memory::make_buffer(as, shape);
  std::vector<unsigned char> block(std::min(count, std::size_t{1} << 16U) * width);
  for (std::size_t done = 0; done < count;) {
    const std::size_t now = std::min(count - done, block.size() / width);
    input.read({block.data(), now * width});
    const std::size_t good = convert_block(format, as, block.data(), now, buffer->data() + done * size_of(as));
    if (good != now) {
      input.fail("element " + std::to_string(done + good) + " of the array, before here, " +
                 (format.type == Stored::Bool ? "is no truth value: neither 0 nor 1" : "is too large for int64"));
    }
    done += now;
  }
  return VarAccess::concrete(std::move(buffer));
}

std::string_view bytes_of_elements(const Var& x) {
  const auto view = [&](const auto& array) {
    return std::string_view(reinterpret_cast<const char*>(array.data()), array.size() * sizeof(*array.data()));
  };
  switch (x.dtype()) {
    case DType::Bool:
      return view(x.array<bool>());
    case DType::Int64:
      return view(x.array<std::int64_t>());
    case DType::Float32:
      return view(x.array<float>());
    case DType::Float64:
      break;
  }
  return view(x.array<double>());
}

}  // namespace xgrad::io
