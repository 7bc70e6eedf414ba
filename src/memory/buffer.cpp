#include "buffer.hpp"

#include <array>

#include "core/per_thread.hpp"
#include "kept.hpp"

namespace xgrad::memory {
namespace {

std::size_t elements_of(const Buffer& buffer) noexcept { return size_of(buffer.shape()); }

template <class T>
Buffer* fresh(const Shape& shape) {
  return new Buffer(Array<T>::from_shape(shape));
}

}  // namespace

/// Freed arrays of one thread, a few of each size.
class BufferPool {
 public:
  BufferPool() {
    at_release([]() noexcept {
      if (BufferPool* pool = of_this_thread()) pool->clear();
    });
  }
  BufferPool(const BufferPool&) = delete;
  BufferPool& operator=(const BufferPool&) = delete;
  ~BufferPool() { clear(); }

  void clear() noexcept {
    for (Bin& bin : bins_) {
      while (bin.count > 0) drop(bin, bin.count - 1);
    }
    share_.set(0);
  }

  static BufferPool* of_this_thread() noexcept;

  bool take_back(Buffer* buffer) noexcept {
    if (share_.released()) clear();
    const std::size_t bytes = elements_of(*buffer) * size_of(buffer->dtype());
    if (bytes_ + bytes > most_recycled_bytes || !share_.allows(bytes_ + bytes)) return false;
    Bin& bin = bin_of(buffer->dtype(), elements_of(*buffer));
    if (bin.count == bin.buffers.size()) {  // the oldest goes: sizes that nobody asks for must not stay
      drop(bin, 0);
    }
    bin.buffers[bin.count++] = buffer;
    bytes_ += bytes;
    share_.set(bytes_);
    return true;
  }

  Buffer* find(DType dtype, const Shape& shape) {
    if (share_.released()) clear();
    const std::size_t count = size_of(shape);
    Bin& bin = bin_of(dtype, count);
    for (std::size_t k = bin.count; k-- > 0;) {
      Buffer* buffer = bin.buffers[k];
      if (buffer->dtype() != dtype || elements_of(*buffer) != count) continue;
      take(bin, k);
      buffer->users_.store(1, std::memory_order_relaxed);
      share_.set(bytes_);
      if (buffer->shape() != shape) std::visit([&](auto& array) { array.resize(shape); }, buffer->array_);
      return buffer;
    }
    return nullptr;
  }

  static void destroy(Buffer* buffer) noexcept { delete buffer; }

 private:
  static constexpr std::size_t bin_count = 256;
  struct Bin {
    std::array<Buffer*, 8> buffers;
    std::size_t count = 0;
  };

  Bin& bin_of(DType dtype, std::size_t count) noexcept {
    const std::size_t hash = (count * 4 + static_cast<std::size_t>(dtype)) * 0x9E3779B97F4A7C15U;
    return bins_[hash >> 56U];
  }

  void take(Bin& bin, std::size_t k) noexcept {
    bytes_ -= elements_of(*bin.buffers[k]) * size_of(bin.buffers[k]->dtype());
    for (; k + 1 < bin.count; ++k) bin.buffers[k] = bin.buffers[k + 1];
    --bin.count;
  }
  void drop(Bin& bin, std::size_t k) noexcept {
    Buffer* buffer = bin.buffers[k];
    take(bin, k);
    destroy(buffer);
  }

  std::array<Bin, bin_count> bins_{};
  std::size_t bytes_ = 0;
  KeptShare share_;
};

namespace {

thread_local constinit core::PerThread<BufferPool> pool_of_thread;

}  // namespace

BufferPool* BufferPool::of_this_thread() noexcept { return recycles_memory ? pool_of_thread.get_or_null() : nullptr; }

void Buffer::recycle(Buffer* buffer) noexcept {
  BufferPool* pool = buffer->recycled_ ? BufferPool::of_this_thread() : nullptr;
  if (pool == nullptr || !pool->take_back(buffer)) BufferPool::destroy(buffer);
}

BufferPtr make_buffer(DType dtype, const Shape& shape) {
  if (BufferPool* pool = BufferPool::of_this_thread()) {
    if (Buffer* known = pool->find(dtype, shape)) return BufferPtr(known);
  }
  Buffer* result = nullptr;
  switch (dtype) {
    case DType::Bool:
      result = fresh<bool>(shape);
      break;
    case DType::Int64:
      result = fresh<std::int64_t>(shape);
      break;
    case DType::Float32:
      result = fresh<float>(shape);
      break;
    case DType::Float64:
      result = fresh<double>(shape);
      break;
  }
  result->recycled_ = true;
  return BufferPtr(result);
}

}  // namespace xgrad::memory
