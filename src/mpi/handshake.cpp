#include "mpi/handshake.hpp"

#include <algorithm>
#include <bit>
#include <string_view>

#include "mpi/launcher.hpp"

namespace xgrad::mpi {
namespace {

constexpr std::string_view magic_text = "xgrad processes";
constexpr std::uint32_t own_byte_order = 0x01020304;
// Raised when messages mean something else than before.
constexpr std::uint32_t own_protocol = 1;
constexpr int greeting_tag = 1;

template <std::size_t N>
std::string text_of(const std::array<char, N>& text) {
  return {text.begin(), std::find(text.begin(), text.end(), '\0')};
}

template <std::size_t N>
void put(std::array<char, N>& place, std::string_view text) {
  std::copy_n(text.begin(), std::min(text.size(), N - 1), place.begin());
}

std::string name_in(std::span<const Greeting> all, std::size_t rank) {
  return "rank " + std::to_string(rank) + " on " + text_of(all[rank].host);
}

[[noreturn]] void refuse(std::span<const Greeting> all, std::size_t rank, const std::string& own,
                         const std::string& first) {
  throw LaunchError("xgrad::mpi: " + name_in(all, 0) + " has " + first + ", but " + name_in(all, rank) + " has " + own +
                    ": all processes must run the same build");
}

std::string order_text(std::uint32_t order) {
  const unsigned char first = std::bit_cast<std::array<unsigned char, 4>>(order)[0];
  return first == 4 ? "little-endian numbers" : "big-endian numbers";
}

}  // namespace

Greeting greeting() {
  Greeting own{};
  put(own.magic, magic_text);
  own.byte_order = own_byte_order;
  own.protocol = own_protocol;
  put(own.version, XGRAD_VERSION);
  put(own.host, host_name());
  return own;
}

std::vector<std::string> hosts_of(std::span<const Greeting> all) {
  const Greeting& first = all.front();
  for (std::size_t rank = 0; rank < all.size(); ++rank) {
    const Greeting& each = all[rank];
    if (text_of(each.magic) != magic_text) {
      throw LaunchError("xgrad::mpi: rank " + std::to_string(rank) + " is not a process of this library");
    }
    if (each.byte_order != first.byte_order)
      refuse(all, rank, order_text(each.byte_order), order_text(first.byte_order));
    if (text_of(each.version) != text_of(first.version)) {
      refuse(all, rank, "xgrad " + text_of(each.version), "xgrad " + text_of(first.version));
    }
    if (each.protocol != first.protocol) {
      refuse(all, rank, "protocol " + std::to_string(each.protocol), "protocol " + std::to_string(first.protocol));
    }
  }
  std::vector<std::string> hosts;
  for (const Greeting& each : all) hosts.push_back(text_of(each.host));
  return hosts;
}

void greet(Job& job, Channel& world) {
  const Greeting own = greeting();
  std::vector<Greeting> all(world.size());
  all[world.rank()] = own;
  std::vector<std::unique_ptr<Operation>> operations;
  for (std::size_t other = 0; other < world.size(); ++other) {
    if (other == world.rank()) continue;
    operations.push_back(
        world.receive(reinterpret_cast<std::byte*>(&all[other]), sizeof(Greeting), other, greeting_tag));
    operations.push_back(world.send(reinterpret_cast<const std::byte*>(&own), sizeof(Greeting), other, greeting_tag));
  }
  for (const auto& each : operations) job.wait(*each, [] { return "the beginning of the session"; });
  job.hosts = hosts_of(all);
}

}  // namespace xgrad::mpi
