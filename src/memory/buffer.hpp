// The shared, immutable array behind a concrete Var.
//
// memory: what outlives one computation. Buffers and the pool of freed ones, the account of memory that threads keep,
// lists of plain data. It includes core, and knows neither nodes nor operations.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <variant>

#include <xgrad/core/array.hpp>

namespace xgrad::memory {

class BufferPtr;
BufferPtr make_buffer(DType dtype, const Shape& shape);

class Buffer {
 public:
  using Arrays = std::variant<Array<bool>, Array<std::int64_t>, Array<float>, Array<double>>;  // in the order of DType

  explicit Buffer(Arrays array) noexcept : array_(std::move(array)) {}

  [[nodiscard]] DType dtype() const noexcept { return static_cast<DType>(array_.index()); }
  [[nodiscard]] const Shape& shape() const noexcept {
    return std::visit([](const auto& array) -> const Shape& { return array.shape(); }, array_);
  }
  /// The Array<T> itself, T being what dtype() says.
  [[nodiscard]] const void* array() const noexcept {
    return std::visit([](const auto& array) -> const void* { return &array; }, array_);
  }
  /// The elements; to be written only before the buffer is shared.
  [[nodiscard]] std::byte* data() const noexcept {
    return std::visit(
        [](const auto& array) {
          return reinterpret_cast<std::byte*>(const_cast<std::remove_cvref_t<decltype(*array.data())>*>(array.data()));
        },
        array_);
  }

  void retain() noexcept { users_.fetch_add(1, std::memory_order_relaxed); }
  void release() noexcept {
    if (users_.fetch_sub(1, std::memory_order_acq_rel) == 1) recycle(this);
  }
  [[nodiscard]] std::uint32_t users() const noexcept { return users_.load(std::memory_order_acquire); }

 private:
  friend class BufferPool;
  friend BufferPtr make_buffer(DType dtype, const Shape& shape);
  ~Buffer() = default;
  /// Keeps the memory for the next array of its size, or frees it.
  static void recycle(Buffer* buffer) noexcept;
  std::atomic<std::uint32_t> users_{1};
  bool recycled_ = false;  // made by make_buffer, so that others will be asked for
  Arrays array_;
};

/// Owns one use of a Buffer.
class BufferPtr {
 public:
  BufferPtr() noexcept = default;
  /// Takes over the use that the pointer stands for.
  explicit BufferPtr(Buffer* buffer) noexcept : buffer_(buffer) {}
  static BufferPtr share(Buffer* buffer) noexcept {
    if (buffer != nullptr) buffer->retain();
    return BufferPtr(buffer);
  }
  BufferPtr(const BufferPtr& other) noexcept : buffer_(other.buffer_) {
    if (buffer_ != nullptr) buffer_->retain();
  }
  BufferPtr(BufferPtr&& other) noexcept : buffer_(std::exchange(other.buffer_, nullptr)) {}
  BufferPtr& operator=(BufferPtr other) noexcept {
    std::swap(buffer_, other.buffer_);
    return *this;
  }
  ~BufferPtr() {
    if (buffer_ != nullptr) buffer_->release();
  }

  Buffer* operator->() const noexcept { return buffer_; }
  [[nodiscard]] Buffer* get() const noexcept { return buffer_; }
  Buffer* detach() noexcept { return std::exchange(buffer_, nullptr); }
  explicit operator bool() const noexcept { return buffer_ != nullptr; }

 private:
  Buffer* buffer_ = nullptr;
};

/// A dense array with unwritten elements.
BufferPtr make_buffer(DType dtype, const Shape& shape);

/// Memory of arrays that this thread has freed and keeps for arrays to come: fresh memory costs a page fault for every
/// 4 KiB, more than most operations on it.
inline constexpr std::size_t most_recycled_bytes = std::size_t{256} << 20U;
/// Under a sanitizer none is kept: a use of freed memory shall be seen.
#if defined(__SANITIZE_ADDRESS__)
inline constexpr bool recycles_memory = false;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
inline constexpr bool recycles_memory = false;
#else
inline constexpr bool recycles_memory = true;
#endif
#else
inline constexpr bool recycles_memory = true;
#endif

}  // namespace xgrad::memory
