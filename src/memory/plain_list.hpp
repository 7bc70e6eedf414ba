// A list of plain data that recording appends to.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <type_traits>

#include <xgrad/core/errors.hpp>

namespace xgrad::memory {

/// Like std::vector, but with indices of 32 bits, and new elements are written by the caller, several at once: one
/// comparison tells whether there is room, and only without it whether there are indices left.
template <class T>
requires std::is_trivially_copyable_v<T>
class PlainList {
 public:
  PlainList() = default;
  PlainList(PlainList&&) = delete;  // nor copied: nobody needs it
  PlainList& operator=(PlainList&&) = delete;
  ~PlainList() = default;

  [[nodiscard]] std::uint32_t size() const noexcept { return size_; }
  [[nodiscard]] const T* data() const noexcept { return data_.get(); }
  T& operator[](std::size_t i) noexcept { return data_[i]; }
  const T& operator[](std::size_t i) const noexcept { return data_[i]; }

  /// Appends copies of elements, which may be elements of this list.
  /// \throws TapeError  as extend() does.
  [[gnu::always_inline]] void append(std::span<const T> values) {
    if (capacity_ - size_ < values.size()) [[unlikely]] {
      append_and_grow(values);
      return;
    }
    T* target = data_.get() + size_;
    for (const T& value : values) *target++ = value;  // few, and mostly in registers
    size_ += static_cast<std::uint32_t>(values.size());
  }

  /// Appends `count` elements, to be written by the caller.
  /// \throws TapeError  if there would be more than 2^32 - 1.
  T* extend(std::size_t count) {
    if (capacity_ - size_ < count) [[unlikely]]
      grow(count);
    T* added = data_.get() + size_;
    size_ += static_cast<std::uint32_t>(count);
    return added;
  }

  /// Forgets the elements from an index on.
  void truncate(std::uint32_t size) noexcept { size_ = size; }
  /// Forgets all, and gives memory for more than so many elements back.
  void clear(std::uint32_t most_capacity) noexcept {
    size_ = 0;
    if (capacity_ <= most_capacity) return;
    data_.reset();
    capacity_ = 0;
  }

 private:
  void append_and_grow(std::span<const T> values);
  /// \return  the memory that the elements were in.
  std::unique_ptr<T[]> grow(std::size_t count);

  std::unique_ptr<T[]> data_;
  std::uint32_t size_ = 0;
  std::uint32_t capacity_ = 0;
};

template <class T>
requires std::is_trivially_copyable_v<T>  //
    std::unique_ptr<T[]> PlainList<T>::grow(std::size_t count) {
  constexpr std::uint32_t most = std::numeric_limits<std::uint32_t>::max();
  if (count > most - size_) throw TapeError("a tape holds at most 2^32 - 1 nodes, inputs and attributes");
  const std::uint32_t needed = size_ + static_cast<std::uint32_t>(count);
  const std::uint32_t capacity = std::max({needed, capacity_ > most / 2 ? most : 2 * capacity_, std::uint32_t{64}});
  auto data = std::make_unique_for_overwrite<T[]>(capacity);
  std::copy_n(data_.get(), size_, data.get());
  data_.swap(data);
  capacity_ = capacity;
  return data;
}

template <class T>
requires std::is_trivially_copyable_v<T>
void PlainList<T>::append_and_grow(std::span<const T> values) {
  const auto before = grow(values.size());  // perhaps that of the values
  append(values);
}

}  // namespace xgrad::memory
