// What processes tell each other when a session begins: who they are, and that they speak the same language.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "mpi/job.hpp"

namespace xgrad::mpi {

/// Of one size in all versions, past and future. Numbers are in the byte order of who sends.
struct Greeting {
  std::array<char, 16> magic;
  std::uint32_t byte_order;
  std::uint32_t protocol;
  std::array<char, 64> version;
  std::array<char, 172> host;
};
static_assert(sizeof(Greeting) == 260);

/// That of this process.
[[nodiscard]] Greeting greeting();

/// The hosts.
/// \throws LaunchError  unless all have the same byte order, protocol and version: all ranks throw the same.
[[nodiscard]] std::vector<std::string> hosts_of(std::span<const Greeting> all);

/// Sends that of this process to all, and takes theirs.
void greet(Job& job, Channel& world);

}  // namespace xgrad::mpi
