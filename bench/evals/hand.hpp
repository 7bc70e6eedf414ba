// The model of a hand: 22 bones that carry 544 vertices, moved by 26 numbers: three of a rotation and three of a
// translation of the whole, and of each finger four angles. What is measured are points near some vertices (simple) or
// near places in triangles, given by two coordinates for each (complicated); residuals are the differences.
#pragma once

#include <cstdint>

#include "contest.hpp"

namespace bench_evals {

struct Hand {
  static constexpr std::size_t bones = 22;
  static constexpr std::size_t vertices = 544;
  static constexpr std::size_t angles = 20;
  static constexpr std::size_t parameters = 6 + angles;
  static constexpr std::size_t points = 1000;

  std::vector<std::int64_t> parents;  ///< of bones; -1: none
  /// Which of the angles (from 1 on, 0: none) turn a bone about x, z and y, in this order, [bones, 3]. The first of the
  /// three joints of a finger has two.
  std::vector<std::int64_t> places;
  Numbers relatives;                    ///< [bones, 4, 4], to the parent
  Numbers inverse_absolutes;            ///< [bones, 4, 4]
  Numbers vertices_at_rest;             ///< [vertices, 4], the last is 1
  Numbers weights;                      ///< [bones, vertices]
  std::vector<std::int64_t> triangles;  ///< of each point, [points, 3]; the simple problem has the first vertex
  Numbers measured;                     ///< [points, 3]
  Numbers theta;                        ///< [parameters]
  Numbers us;                           ///< [points, 2]
};

Hand make_hand();

struct HandOptions {
  bool complicated;
  bool all_bones;  ///< the derivative by an angle is summed over all bones, not only over those that it moves
};

/// Residuals [points, 3] and their derivatives by the parameters, [points, 3, 26], and, if they are asked for, by the
/// two coordinates of each point, [points, 3, 2]; one after another.
void hand_by_hand(const Hand& hand, const HandOptions& options, Numbers& result);

}  // namespace bench_evals
