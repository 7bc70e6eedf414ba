#include <xgrad/mpi/cost.hpp>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <thread>
#include <vector>

#include <xgrad/mpi/sum_tree.hpp>

#include "mpi/members.hpp"

namespace xgrad::mpi {
namespace {

constexpr std::size_t large_bytes = std::size_t{1} << 20;
constexpr std::size_t messages_at_once = 16;

using Buffers = std::vector<std::vector<std::byte>>;

// One turn of the ring with some messages.
double ring_seconds(const std::shared_ptr<Members>& members, const Buffers& sent, Buffers& received) {
  const std::size_t size = members->size();
  const auto begin = std::chrono::steady_clock::now();
  std::vector<Transfer> transfers;
  for (std::vector<std::byte>& each : received) {
    transfers.push_back(start_receive(members, each, (members->rank + size - 1) % size, payload_tag));
  }
  for (const std::vector<std::byte>& each : sent) {
    transfers.push_back(start_send(members, each, (members->rank + 1) % size, payload_tag));
  }
  for (Transfer& each : transfers) each.wait();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

double slowest(const Communicator& group, double here) {
  std::vector<double> all(group.size(), 0.0);
  all[group.rank()] = here;
  group.sum_in_place(std::span(all));
  return *std::max_element(all.begin(), all.end());
}

// The median of turns, of the slowest process. Turns before it wake things up: TCP, say, widens its windows while
// megabytes pass.
template <class Turn>
double median_seconds(const Communicator& group, std::size_t turns, const Turn& turn) {
  const double first = slowest(group, turn());
  for (double left = std::clamp(0.3 / first, 2.0, 10.0); left >= 1.0; left -= 1.0) turn();
  std::vector<double> seconds;
  for (std::size_t i = 0; i < turns; ++i) seconds.push_back(turn());
  const auto middle = seconds.begin() + static_cast<std::ptrdiff_t>(turns / 2);
  std::nth_element(seconds.begin(), middle, seconds.end());
  return slowest(group, *middle);
}

void require_cost(double value, const char* what) {
  if (!(value >= 0.0) || !std::isfinite(value)) {
    throw ValueError(std::string("step_time: ") + what + " is " + std::to_string(value) +
                     "; it must be finite and not negative");
  }
}

}  // namespace

Link measure_link(const Communicator& group) {
  group.require_same("measure_link", 0, [] { return std::string(); });
  if (group.size() == 1) return {0.0, 0.0, std::numeric_limits<double>::infinity()};
  const auto ring = [&](std::size_t messages, std::size_t bytes) {
    return [&group, sent = Buffers(messages, std::vector<std::byte>(bytes)),
            received = Buffers(messages, std::vector<std::byte>(bytes))]() mutable {
      return ring_seconds(group.members(), sent, received);
    };
  };
  auto small = ring(1, 8), many = ring(messages_at_once, 8), large = ring(1, large_bytes);
  const double latency = median_seconds(group, 41, [&] { return small(); });
  const double at_once = median_seconds(group, 21, [&] { return many(); });
  // As in a step, in which links rest while processes compute, and a word comes first, by which all begin together.
  // Without the rest both directions of a link take turns, in Open MPI over TCP.
  const double rested = median_seconds(group, 9, [&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    small();
    return large();
  });
  return {latency, std::max(0.0, at_once - latency) / static_cast<double>(messages_at_once - 1),
          static_cast<double>(large_bytes) / std::max(rested - latency, 1e-9)};
}

StepTime step_time(const StepWork& work, const Link& link, std::size_t processes) {
  require_cost(work.shard_seconds, "the time of a shard");
  require_cost(work.update_seconds, "the time of the update");
  require_cost(work.gradient_bytes, "the number of bytes");
  require_cost(work.exchanges, "the number of exchanges");
  require_cost(link.latency, "the latency");
  require_cost(link.per_message, "the time of a message");
  const SumTree tree(work.shards, processes);
  std::size_t most = 0;
  for (std::size_t p = 0; p < processes; ++p) most = std::max(most, tree.first_shard(p + 1) - tree.first_shard(p));
  StepTime time{.compute = static_cast<double>(most) * work.shard_seconds, .update = work.update_seconds};
  if (processes == 1) return time;
  if (!(link.bandwidth > 0.0)) throw ValueError("step_time: the bandwidth must be positive");
  const auto p = static_cast<double>(processes);
  time.messages = work.exchanges * (link.latency + (p - 2.0) * link.per_message);
  time.bytes = 2.0 * (p - 1.0) / p * work.gradient_bytes / link.bandwidth;
  return time;
}

}  // namespace xgrad::mpi
