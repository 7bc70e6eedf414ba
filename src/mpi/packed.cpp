#include "mpi/packed.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace xgrad::mpi {
namespace {

template <class T>
std::span<const std::byte> elements_as(const Var& x) {
  const Array<T>& array = x.array<T>();
  return std::as_bytes(std::span(array.data(), array.size()));
}

template <class T>
Var filled_array(const Shape& shape, std::span<const std::byte> elements) {
  Array<T> array(shape);
  if (!elements.empty()) std::memcpy(array.data(), elements.data(), elements.size());
  return Var(std::move(array));
}

constexpr std::uint64_t no_array = 255;
// More axes than any array has: a message of something else.
constexpr std::uint64_t most_axes = 64;

}  // namespace

std::span<const std::byte> elements_of(const Var& x) {
  switch (x.dtype()) {
    case DType::Bool:
      return elements_as<bool>(x);
    case DType::Int64:
      return elements_as<std::int64_t>(x);
    case DType::Float32:
      return elements_as<float>(x);
    case DType::Float64:
      break;
  }
  return elements_as<double>(x);
}

Var array_of(DType dtype, const Shape& shape, std::span<const std::byte> elements) {
  require_addressable(shape);
  if (elements.size() != size_of(shape) * size_of(dtype)) {
    throw PeerError("xgrad::mpi: an array of another process came as " + std::to_string(elements.size()) +
                    " bytes, and is " + std::string(name(dtype)) + " " + to_string(shape));
  }
  switch (dtype) {
    case DType::Bool:
      return filled_array<bool>(shape, elements);
    case DType::Int64:
      return filled_array<std::int64_t>(shape, elements);
    case DType::Float32:
      return filled_array<float>(shape, elements);
    case DType::Float64:
      break;
  }
  return filled_array<double>(shape, elements);
}

void Packer::number(std::uint64_t value) { bytes.append(reinterpret_cast<const char*>(&value), sizeof(value)); }
void Packer::real(double value) { bytes.append(reinterpret_cast<const char*>(&value), sizeof(value)); }

void Packer::text(std::string_view value) {
  number(value.size());
  bytes += value;
}

void Packer::array(const Var& x) {
  if (!x.defined()) return number(no_array);
  number(static_cast<std::uint64_t>(x.dtype()));
  number(x.dimension());
  for (const std::size_t extent : x.shape()) number(extent);
  const std::span<const std::byte> elements = elements_of(x);
  text({reinterpret_cast<const char*>(elements.data()), elements.size()});
}

std::string_view Unpacker::take(std::size_t count) {
  if (count > rest_.size()) throw PeerError("xgrad::mpi: a message of another process ends too early");
  const std::string_view taken = rest_.substr(0, count);
  rest_.remove_prefix(count);
  return taken;
}

std::uint64_t Unpacker::number() {
  std::uint64_t value = 0;
  std::memcpy(&value, take(sizeof(value)).data(), sizeof(value));
  return value;
}

double Unpacker::real() {
  double value = 0.0;
  std::memcpy(&value, take(sizeof(value)).data(), sizeof(value));
  return value;
}

std::string Unpacker::text() { return std::string(take(number())); }

Var Unpacker::array() {
  const std::uint64_t kind = number();
  if (kind == no_array) return {};
  const std::uint64_t axes = number();
  if (kind >= dtype_count || axes > most_axes) throw PeerError("xgrad::mpi: a message of another process is no array");
  Shape shape;
  for (std::uint64_t i = 0; i < axes; ++i) shape.push_back(number());
  const std::string_view elements = take(number());
  return array_of(static_cast<DType>(kind), shape, std::as_bytes(std::span(elements)));
}

std::vector<std::string> gathered_texts(const std::shared_ptr<Members>& members, const std::string& own) {
  const std::size_t size = members->size();
  std::vector<std::string> texts(size);
  texts[members->rank] = own;
  const std::uint64_t length = own.size();
  std::vector<std::uint64_t> lengths(size, length);
  const auto with_all = [&](auto&& sent, auto&& received) {
    std::vector<Transfer> transfers;
    for (std::size_t other = 0; other < size; ++other) {
      if (other == members->rank) continue;
      transfers.push_back(start_receive(members, received(other), other, texts_tag));
      transfers.push_back(start_send(members, sent(), other, texts_tag));
    }
    for (Transfer& each : transfers) each.wait();
  };
  with_all([&] { return bytes_of(length); }, [&](std::size_t other) { return writable_bytes_of(lengths[other]); });
  for (std::size_t other = 0; other < size; ++other) texts[other].resize(lengths[other]);
  with_all([&] { return std::as_bytes(std::span(own)); },
           [&](std::size_t other) { return std::as_writable_bytes(std::span(texts[other])); });
  return texts;
}

}  // namespace xgrad::mpi
