// What a Communicator holds, and how its calls send and wait.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <xgrad/mpi/communicator.hpp>

#include "mpi/job.hpp"

namespace xgrad::mpi {

struct Members {
  std::shared_ptr<Job> job;
  std::unique_ptr<Channel> channel;  // none of a group of one process
  std::vector<std::size_t> world_ranks;
  std::size_t rank = 0;
  std::uint64_t calls = 0;
  std::string call;  // the last that was made of all: what messages of those who wait name
  std::atomic<std::uint64_t> bytes_sent = 0;

  [[nodiscard]] std::size_t size() const noexcept { return world_ranks.size(); }
  /// "rank 2 on node17".
  [[nodiscard]] std::string name(std::size_t member) const;
};

// Tags of what the library sends itself; those below are the user's.
inline constexpr int first_own_tag = 16384;
inline constexpr int call_tag = first_own_tag;
inline constexpr int text_tag = first_own_tag + 1;
inline constexpr int sum_tag = first_own_tag + 2;
inline constexpr int gather_tag = first_own_tag + 3;
inline constexpr int payload_tag = first_own_tag + 4;
inline constexpr int texts_tag = first_own_tag + 5;
inline constexpr int trial_tag = first_own_tag + 6;
inline constexpr int half_tag = first_own_tag + 7;

[[nodiscard]] Transfer start_send(const std::shared_ptr<Members>& members, std::span<const std::byte> bytes,
                                  std::size_t to, int tag);
[[nodiscard]] Transfer start_receive(const std::shared_ptr<Members>& members, std::span<std::byte> bytes,
                                     std::size_t from, int tag);
void wait_all(std::vector<Transfer>& transfers);

template <class T>
std::span<const std::byte> bytes_of(const T& value) {
  return {reinterpret_cast<const std::byte*>(&value), sizeof(T)};
}
template <class T>
std::span<std::byte> writable_bytes_of(T& value) {
  return {reinterpret_cast<std::byte*>(&value), sizeof(T)};
}

}  // namespace xgrad::mpi
