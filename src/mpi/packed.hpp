// Arrays and texts as bytes that one process sends to another.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <xgrad/var.hpp>

#include "mpi/members.hpp"

namespace xgrad::mpi {

/// The elements in memory, in row-major order. A recorded Var is evaluated.
[[nodiscard]] std::span<const std::byte> elements_of(const Var& x);
/// An array of elements as elements_of gives them.
/// \throws PeerError  unless there are as many bytes as that takes.
[[nodiscard]] Var array_of(DType dtype, const Shape& shape, std::span<const std::byte> elements);

/// Appends to a message.
class Packer {
 public:
  void number(std::uint64_t value);
  void real(double value);
  void text(std::string_view value);
  void array(const Var& x);  ///< may be empty

  std::string bytes;
};

/// Takes what a Packer has appended, in the same order.
class Unpacker {
 public:
  explicit Unpacker(std::string_view bytes) : rest_(bytes) {}
  // \throws PeerError  if there are fewer bytes.
  [[nodiscard]] std::uint64_t number();
  [[nodiscard]] double real();
  [[nodiscard]] std::string text();
  [[nodiscard]] Var array();

 private:
  std::string_view take(std::size_t count);
  std::string_view rest_;
};

/// What each process of a group has to say, known to all. Of all it must be one of the same calls.
[[nodiscard]] std::vector<std::string> gathered_texts(const std::shared_ptr<Members>& members, const std::string& own);

}  // namespace xgrad::mpi
