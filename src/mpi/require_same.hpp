// Whether processes call the same.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "mpi/members.hpp"

namespace xgrad::mpi {

/// Mixes a number into a hash.
[[nodiscard]] constexpr std::uint64_t mixed(std::uint64_t hash, std::uint64_t word) noexcept {
  hash = (hash ^ word) * 0x9e3779b97f4a7c15ULL;
  return hash ^ (hash >> 29U);
}

/// See Communicator::require_same.
/// \param lines  what is said of a call that differs, beside its name: a line for each thing that may differ.
void require_same(const std::shared_ptr<Members>& members, const std::string& call, std::uint64_t hash,
                  const std::function<std::string()>& lines);

/// What a process that sends says of it to the one that receives, and that one compares. It does not wait for an
/// answer: all hear of it if they differ.
[[nodiscard]] Transfer announce(const std::shared_ptr<Members>& members, std::size_t to, const std::string& call,
                                std::uint64_t hash, std::span<std::byte> workspace);
inline constexpr std::size_t announcement_bytes = 256;
/// \throws MismatchError  here and on all other ranks, if it is another.
void require_announced(const std::shared_ptr<Members>& members, std::size_t from, const std::string& call,
                       std::uint64_t hash);

}  // namespace xgrad::mpi
