#include <xgrad/mpi/communicator.hpp>

#include <algorithm>
#include <mutex>
#include <numeric>
#include <utility>
#include <vector>

#include "mpi/members.hpp"

namespace xgrad::mpi {
namespace {

void require_other(const Members& members, std::string_view call, std::size_t other, int tag) {
  if (other >= members.size() || other == members.rank) {
    throw ValueError(std::string(call) + ": rank " + std::to_string(other) + " is not another process of a group of " +
                     std::to_string(members.size()));
  }
  if (tag < 0 || tag >= first_own_tag) {
    throw ValueError(std::string(call) + ": the tag " + std::to_string(tag) + " is not from 0 to " +
                     std::to_string(first_own_tag - 1));
  }
}

// MPI waits for all processes of a group that it splits, and no other thread gets into it meanwhile. So two threads
// that split two groups could wait for each other, if one is first here and the other one is first there. Therefore
// each process lets one thread split at a time, and processes are asked in the order of the world: who waits for one
// has none of those after it.
std::unique_lock<std::mutex> take_turn(const std::shared_ptr<Members>& members) {
  std::vector<std::size_t> order(members->size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(),
            [&](std::size_t a, std::size_t b) { return members->world_ranks[a] < members->world_ranks[b]; });
  const auto own = static_cast<std::size_t>(std::find(order.begin(), order.end(), members->rank) - order.begin());
  std::byte word{};
  if (own > 0) start_receive(members, std::span(&word, 1), order[own - 1], gather_tag).wait();
  Job& job = *members->job;
  std::unique_lock turn(job.making_group, std::defer_lock);
  job.wait_until([&] { return turn.try_lock(); }, Patience(job.time_limit()),
                 [] { return "split, while another thread splits another group,"; }, job.time_limit());
  // The last one has all, and says so.
  const bool last = own + 1 == order.size();
  if (!last) start_send(members, std::span(&word, 1), order[own + 1], gather_tag).wait();
  if (!last) start_receive(members, std::span(&word, 1), order.back(), gather_tag).wait();
  for (std::size_t k = 0; last && k < own; ++k) start_send(members, std::span(&word, 1), order[k], gather_tag).wait();
  return turn;
}

}  // namespace

std::string Members::name(std::size_t member) const { return job->name_of(world_ranks[member]); }

Communicator::Communicator(std::shared_ptr<Members> members) : members_(std::move(members)) {}

std::size_t Communicator::rank() const noexcept { return members_->rank; }
std::size_t Communicator::size() const noexcept { return members_->size(); }
std::uint64_t Communicator::bytes_sent() const noexcept { return members_->bytes_sent; }

std::string Communicator::name(std::size_t rank) const {
  if (rank >= size()) {
    throw ValueError("Communicator::name: rank " + std::to_string(rank) + " of a group of " + std::to_string(size()));
  }
  return members_->name(rank);
}

Communicator Communicator::split(int colour, int key) const {
  require_same("split", 0, [] { return std::string(); });
  auto part = std::make_shared<Members>();
  part->job = members_->job;
  if (size() == 1) {
    part->world_ranks = members_->world_ranks;
    return Communicator(std::move(part));
  }
  // MPI takes colours from 0 on only; those of the processes say who is together with whom.
  struct Place {
    int colour, key;
  };
  std::vector<Place> places(size());
  places[rank()] = {colour, key};
  std::vector<Transfer> transfers;
  for (std::size_t other = 0; other < size(); ++other) {
    if (other == rank()) continue;
    transfers.push_back(start_receive(members_, writable_bytes_of(places[other]), other, gather_tag));
    transfers.push_back(start_send(members_, bytes_of(places[rank()]), other, gather_tag));
  }
  wait_all(transfers);
  std::vector<std::size_t> together;
  for (std::size_t each = 0; each < size(); ++each) {
    if (places[each].colour == colour) together.push_back(each);
  }
  std::stable_sort(together.begin(), together.end(),
                   [&](std::size_t a, std::size_t b) { return places[a].key < places[b].key; });
  part->rank = static_cast<std::size_t>(std::find(together.begin(), together.end(), rank()) - together.begin());
  for (const std::size_t each : together) part->world_ranks.push_back(members_->world_ranks[each]);
  const auto turn = take_turn(members_);
  part->channel = members_->channel->split(static_cast<int>(*std::min_element(together.begin(), together.end())),
                                           static_cast<int>(part->rank));
  return Communicator(std::move(part));
}

void Communicator::barrier(std::string_view place) const {
  require_same("barrier", std::hash<std::string_view>()(place), [&] { return "place " + std::string(place); });
}

Transfer Communicator::start_send_bytes(std::span<const std::byte> bytes, std::size_t to, int tag) const {
  require_other(*members_, "start_send_bytes", to, tag);
  return start_send(members_, bytes, to, tag);
}
Transfer Communicator::start_receive_bytes(std::span<std::byte> bytes, std::size_t from, int tag) const {
  require_other(*members_, "start_receive_bytes", from, tag);
  return start_receive(members_, bytes, from, tag);
}
void Communicator::send_bytes(std::span<const std::byte> bytes, std::size_t to, int tag) const {
  require_other(*members_, "send_bytes", to, tag);
  start_send(members_, bytes, to, tag).wait();
}
void Communicator::receive_bytes(std::span<std::byte> bytes, std::size_t from, int tag) const {
  require_other(*members_, "receive_bytes", from, tag);
  start_receive(members_, bytes, from, tag).wait();
}

}  // namespace xgrad::mpi
