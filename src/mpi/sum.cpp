#include <algorithm>
#include <string>
#include <vector>

#include "mpi/members.hpp"
#include "mpi/sum_schedule.hpp"
#include "mpi/sums.hpp"

namespace xgrad::mpi {
namespace {

template <class T>
std::span<const std::byte> part(std::span<const T> values, const Piece& piece) {
  return std::as_bytes(values.subspan(piece.first, piece.last - piece.first));
}

template <class T>
std::span<std::byte> part(std::span<T> values, const Piece& piece) {
  return std::as_writable_bytes(values.subspan(piece.first, piece.last - piece.first));
}

// At a node of the tree: what comes is the sum over the other side. Addition commutes, to the last bit.
template <class T>
void add_round(const std::shared_ptr<Members>& members, std::span<T> values, const SumRound& round,
               std::vector<T>& workspace) {
  std::size_t needed = 0;
  for (const Piece& piece : round.receives) needed += piece.last - piece.first;
  if (workspace.size() < needed) workspace.resize(needed);
  std::vector<Transfer> receives;
  std::size_t at = 0;
  for (const Piece& piece : round.receives) {
    const std::span<T> place = std::span(workspace).subspan(at, piece.last - piece.first);
    receives.push_back(start_receive(members, std::as_writable_bytes(place), piece.other, sum_tag));
    at += place.size();
  }
  std::vector<Transfer> sends;
  for (const Piece& piece : round.sends) {
    sends.push_back(start_send(members, part(std::span<const T>(values), piece), piece.other, sum_tag));
  }
  at = 0;
  for (std::size_t k = 0; k < receives.size(); ++k) {
    receives[k].wait();
    const Piece& piece = round.receives[k];
    for (std::size_t i = piece.first; i < piece.last; ++i) values[i] = plus(values[i], workspace[at++]);
  }
  wait_all(sends);
}

template <class T>
void spread_round(const std::shared_ptr<Members>& members, std::span<T> values, const SumRound& round) {
  std::vector<Transfer> transfers;
  for (const Piece& piece : round.sends) {
    transfers.push_back(start_receive(members, part(values, piece), piece.other, gather_tag));
  }
  for (const Piece& piece : round.receives) {
    transfers.push_back(start_send(members, part(std::span<const T>(values), piece), piece.other, gather_tag));
  }
  wait_all(transfers);
}

template <class T>
void sum_along(const std::shared_ptr<Members>& members, std::span<T> values, const SumTree& tree) {
  if (tree.processes() != members->size()) {
    throw ValueError("sum_in_place: the tree is of " + std::to_string(tree.processes()) + " processes, the group of " +
                     std::to_string(members->size()));
  }
  if (members->size() == 1) return;
  const std::vector<SumRound> rounds = sum_rounds(tree, members->rank, values.size());
  std::vector<T> workspace;
  for (const SumRound& round : rounds) add_round(members, values, round, workspace);
  std::for_each(rounds.rbegin(), rounds.rend(), [&](const SumRound& round) { spread_round(members, values, round); });
}

}  // namespace

void Communicator::sum_in_place(std::span<float> values, const SumTree& tree) const {
  sum_along(members_, values, tree);
}
void Communicator::sum_in_place(std::span<double> values, const SumTree& tree) const {
  sum_along(members_, values, tree);
}
void Communicator::sum_in_place(std::span<std::int64_t> values, const SumTree& tree) const {
  sum_along(members_, values, tree);
}
void Communicator::sum_in_place(std::span<float> values) const { sum_in_group(members_, values); }
void Communicator::sum_in_place(std::span<double> values) const { sum_in_group(members_, values); }
void Communicator::sum_in_place(std::span<std::int64_t> values) const { sum_in_group(members_, values); }

void sum_in_group(const std::shared_ptr<Members>& members, std::span<float> values) {
  sum_along(members, values, SumTree(members->size(), members->size()));
}
void sum_in_group(const std::shared_ptr<Members>& members, std::span<double> values) {
  sum_along(members, values, SumTree(members->size(), members->size()));
}
void sum_in_group(const std::shared_ptr<Members>& members, std::span<std::int64_t> values) {
  sum_along(members, values, SumTree(members->size(), members->size()));
}

}  // namespace xgrad::mpi
