// The process's account of memory that threads keep.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace xgrad::memory {

/// Counts the calls of release_memory.
std::uint64_t releases() noexcept;

/// What one owner keeps, as a share of what the process may keep. It is asked for in large pieces, so that most changes
/// touch nothing that threads share.
class KeptShare {
 public:
  KeptShare() = default;
  KeptShare(const KeptShare&) = delete;
  KeptShare& operator=(const KeptShare&) = delete;
  ~KeptShare() { set(0); }

  /// Whether so many bytes may be kept.
  [[nodiscard]] bool allows(std::size_t bytes) noexcept { return bytes <= share_ || grow(bytes); }
  /// How many are kept now, which were allowed.
  void set(std::size_t bytes) noexcept {
    if (share_ - bytes >= 2 * piece || (bytes == 0 && share_ > 0)) shrink(bytes);
  }
  /// Whether what is kept should be given back first, because somebody has asked for it since.
  [[nodiscard]] bool released() noexcept {
    const std::uint64_t now = releases();
    if (now == seen_) return false;
    seen_ = now;
    return true;
  }

 private:
  static constexpr std::size_t piece = std::size_t{1} << 20U;
  bool grow(std::size_t bytes) noexcept;
  void shrink(std::size_t bytes) noexcept;

  std::size_t share_ = 0;
  std::uint64_t seen_ = releases();
};

/// What this thread keeps is given back; each floor adds what it has.
using Release = void (*)() noexcept;
void at_release(Release release) noexcept;

}  // namespace xgrad::memory
