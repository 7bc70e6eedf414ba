// What processes that train together exchange: pieces of rows of elements, texts, and whether all goes well.
#pragma once

#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <xgrad/train/shard_work.hpp>

#include "memory/buffer.hpp"
#include "shard_tree.hpp"

namespace xgrad::train::detail {

/// Arrays of one element type one after another, which each process has a piece of.
class Row {
 public:
  Row(DType dtype, std::size_t processes) : dtype_(dtype), processes_(processes) {}
  void add(std::size_t place, std::size_t elements);

  [[nodiscard]] DType dtype() const noexcept { return dtype_; }
  [[nodiscard]] std::size_t elements() const noexcept { return elements_; }
  /// Where the piece of a process begins; that of the one after the last: where all ends.
  [[nodiscard]] std::size_t begin(std::size_t process) const;
  /// The places of the arrays in the list, and where in the row they begin.
  struct Part {
    std::size_t place, begin, elements;
  };
  [[nodiscard]] std::span<const Part> parts() const noexcept { return parts_; }

 private:
  DType dtype_;
  std::size_t processes_;
  std::size_t elements_ = 0;
  std::vector<Part> parts_;
};

/// The rows of some arrays, at most one for each element type.
std::vector<Row> rows_of(std::span<const Var> arrays, std::size_t processes);

/// The elements of a row.
memory::BufferPtr packed(const Row& row, std::span<const Var> arrays);
/// Arrays like others with the elements of a row, put in their places.
void unpack(const Row& row, const memory::Buffer& elements, std::span<const Var> like, std::span<Var> arrays);

/// Adds the elements of all processes along the tree: one's own piece is then the sum.
void add_pieces(const Processes& processes, const Row& row, std::span<const Joint> joints, memory::Buffer& elements);
/// Brings the pieces of all others.
void fill_in_pieces(const Processes& processes, const Row& row, memory::Buffer& elements);

/// The part of an array that is in one's own piece, of one axis.
Var part_in_piece(const Row& row, const Row::Part& part, std::size_t process, const Var& array);
Var part_in_piece(const Row& row, const Row::Part& part, std::size_t process, const memory::Buffer& elements);

/// A text from each process.
std::vector<std::string> gathered(const Processes& processes, std::string_view what, const std::string& mine);

/// FNV-1a, for comparisons between processes.
class Hash {
 public:
  void add(std::span<const std::byte> bytes) noexcept;
  void add(std::uint64_t number) noexcept;
  [[nodiscard]] std::uint64_t value() const noexcept { return value_; }

 private:
  std::uint64_t value_ = 0xcbf29ce484222325U;
};

/// Goes on if no process has failed and all have the same hash.
/// \param failure  of this process; null: none. It is thrown again here; the others throw an error of its type.
/// \param lines    what is hashed, a line for each thing; asked only where hashes differ.
/// \throws ValueError  naming the first line that differs, and the processes.
void agree(const Processes& processes, std::string_view what, const std::exception_ptr& failure, std::uint64_t hash,
           const std::function<std::vector<std::string>()>& lines);

}  // namespace xgrad::train::detail
