// Memory for the intermediate values of one evaluation.
#pragma once

#include <cstddef>
#include <cstdint>
#include <new>
#include <vector>

#include <xgrad/core/array.hpp>

namespace xgrad::detail {

using BlockId = std::uint32_t;
inline constexpr BlockId no_block = ~BlockId{0};

/// Blocks that several values may share (a value and its views), freed with the last of them and used again.
class Memory {
 public:
  Memory() = default;
  Memory(const Memory&) = delete;
  Memory& operator=(const Memory&) = delete;
  ~Memory() {
    for (const Block& block : blocks_) {
      if (block.data != nullptr) ::operator delete(block.data, AlignedAllocator<std::byte>::alignment);
    }
  }

  /// A block with one user. Freed blocks of about the size come first: fresh memory costs page faults.
  BlockId allocate(std::size_t bytes) {
    constexpr std::size_t depth = 16;
    for (std::size_t i = 0; i < free_.size() && i < depth; ++i) {
      const BlockId id = free_[free_.size() - 1 - i];
      if (blocks_[id].bytes < bytes || blocks_[id].bytes > 2 * bytes + 64) continue;
      free_.erase(free_.end() - 1 - static_cast<std::ptrdiff_t>(i));
      blocks_[id].users = 1;
      return id;
    }
    if (free_.size() >= depth) discard_oldest();
    if (unused_.empty()) {
      unused_.push_back(static_cast<BlockId>(blocks_.size()));
      blocks_.push_back({});
    }
    const BlockId id = unused_.back();
    auto* data = static_cast<std::byte*>(::operator new(bytes, AlignedAllocator<std::byte>::alignment));
    unused_.pop_back();
    blocks_[id] = {data, bytes, 1};
    return id;
  }

  void retain(BlockId id) noexcept { ++blocks_[id].users; }
  void release(BlockId id) {
    if (--blocks_[id].users == 0) free_.push_back(id);
  }
  [[nodiscard]] std::byte* data(BlockId id) const noexcept { return blocks_[id].data; }
  [[nodiscard]] std::uint32_t users(BlockId id) const noexcept { return blocks_[id].users; }

 private:
  struct Block {
    std::byte* data = nullptr;
    std::size_t bytes = 0;
    std::uint32_t users = 0;
  };

  void discard_oldest() {
    const BlockId id = free_.front();
    free_.erase(free_.begin());
    ::operator delete(blocks_[id].data, AlignedAllocator<std::byte>::alignment);
    blocks_[id] = {};
    unused_.push_back(id);
  }

  std::vector<Block> blocks_;
  std::vector<BlockId> free_;    // with memory
  std::vector<BlockId> unused_;  // without
};

}  // namespace xgrad::detail
