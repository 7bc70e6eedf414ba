#include "mpi/sum_schedule.hpp"

#include <algorithm>

namespace xgrad::mpi {
namespace {

// Who has the sum of which elements, in their order.
using Owners = std::vector<Piece>;

// Of a part that both sides have, what the left side keeps; shares are as the numbers of processes, so that in the end
// all have as much.
std::size_t middle_of(std::size_t first, std::size_t last, std::size_t left, std::size_t right) {
  return first + ((last - first) * left + (left + right) / 2) / (left + right);
}

struct Maker {
  const SumTree& tree;
  std::size_t rank;
  std::vector<SumRound> rounds;

  Owners owners_of(std::size_t first, std::size_t last, std::size_t count) {
    if (last - first == 1) return {{first, 0, count}};
    const std::size_t cut = tree.cut(first, last);
    const Owners left = owners_of(first, cut, count);
    const Owners right = owners_of(cut, last, count);
    return meet(left, right, cut - first, last - cut);
  }

  Owners meet(const Owners& left, const Owners& right, std::size_t left_size, std::size_t right_size) {
    Owners together;
    SumRound round;
    for (std::size_t l = 0, r = 0; l < left.size() && r < right.size();) {
      const std::size_t first = std::max(left[l].first, right[r].first);
      const std::size_t last = std::min(left[l].last, right[r].last);
      const std::size_t middle = middle_of(first, last, left_size, right_size);
      hand_over(round, together, left[l].other, right[r].other, first, middle);
      hand_over(round, together, right[r].other, left[l].other, middle, last);
      if (left[l].last == last) ++l;
      if (r < right.size() && right[r].last == last) ++r;
    }
    if (!round.sends.empty() || !round.receives.empty()) rounds.push_back(std::move(round));
    return together;
  }

  void hand_over(SumRound& round, Owners& together, std::size_t keeper, std::size_t giver, std::size_t first,
                 std::size_t last) const {
    if (first == last) return;
    together.push_back({keeper, first, last});
    if (keeper == rank) round.receives.push_back({giver, first, last});
    if (giver == rank) round.sends.push_back({keeper, first, last});
  }
};

}  // namespace

std::vector<SumRound> sum_rounds(const SumTree& tree, std::size_t rank, std::size_t count) {
  if (count == 0) return {};
  Maker maker{tree, rank, {}};
  maker.owners_of(0, tree.processes(), count);
  return std::move(maker.rounds);
}

}  // namespace xgrad::mpi
