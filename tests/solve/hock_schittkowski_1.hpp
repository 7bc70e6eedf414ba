// Problems 6 to 37.
#pragma once

#include "hock_schittkowski.hpp"

namespace hock_schittkowski {

inline Var rosenbrock(const X& x) { return 100.0 * p2(x(2) - p2(x(1))) + p2(1.0 - x(1)); }

inline std::vector<Problem> problems_to_12() {
  return {
      {6,
       {-1.2, 1},
       0.0,
       [](const X& x) -> Var { return p2(1.0 - x(1)); },
       none,
       [](const X& x) { return List{10.0 * (x(2) - p2(x(1)))}; }},
      {7,
       {2, 2},
       -std::sqrt(3.0),
       [](const X& x) -> Var { return log(1.0 + p2(x(1))) - x(2); },
       none,
       [](const X& x) { return List{p2(1.0 + p2(x(1))) + p2(x(2)) - 4.0}; }},
      {8,
       {2, 1},
       -1.0,
       [](const X&) -> Var { return -1.0; },
       none,
       [](const X& x) {
         return List{p2(x(1)) + p2(x(2)) - 25.0, x(1) * x(2) - 9.0};
       }},
      {9,
       {0, 0},
       -0.5,
       [](const X& x) -> Var { return sin(std::numbers::pi / 12.0 * x(1)) * cos(std::numbers::pi / 16.0 * x(2)); },
       none,
       [](const X& x) { return List{4.0 * x(1) - 3.0 * x(2)}; }},
      {10,
       {-10, 10},
       -1.0,
       [](const X& x) -> Var { return x(1) - x(2); },
       [](const X& x) { return List{-3.0 * p2(x(1)) + 2.0 * x(1) * x(2) - p2(x(2)) + 1.0}; },
       none},
      {11,
       {4.9, 0.1},
       -8.498464223,
       [](const X& x) -> Var { return p2(x(1) - 5.0) + p2(x(2)) - 25.0; },
       [](const X& x) { return List{x(2) - p2(x(1))}; },
       none},
      {12,
       {0, 0},
       -30.0,
       [](const X& x) -> Var { return 0.5 * p2(x(1)) + p2(x(2)) - x(1) * x(2) - 7.0 * x(1) - 7.0 * x(2); },
       [](const X& x) { return List{25.0 - 4.0 * p2(x(1)) - p2(x(2))}; },
       none},
  };
}

inline std::vector<Problem> problems_to_24() {
  return {
      {14,
       {2, 2},
       9.0 - 2.875 * std::sqrt(7.0),
       [](const X& x) -> Var { return p2(x(1) - 2.0) + p2(x(2) - 1.0); },
       [](const X& x) { return List{-0.25 * p2(x(1)) - p2(x(2)) + 1.0}; },
       [](const X& x) { return List{x(1) - 2.0 * x(2) + 1.0}; }},
      {15,
       {-2, 1},
       306.5,
       rosenbrock,
       [](const X& x) {
         return List{x(1) * x(2) - 1.0, x(1) + p2(x(2))};
       },
       none,
       {-infinity, -infinity},
       {0.5, infinity}},
      {16,
       {-2, 1},
       0.25,
       rosenbrock,
       [](const X& x) {
         return List{x(1) + p2(x(2)), p2(x(1)) + x(2)};
       },
       none,
       {-0.5, -infinity},
       {0.5, 1}},
      {17,
       {-2, 1},
       1.0,
       rosenbrock,
       [](const X& x) {
         return List{p2(x(2)) - x(1), p2(x(1)) - x(2)};
       },
       none,
       {-0.5, -infinity},
       {0.5, 1}},
      {18,
       {2, 2},
       5.0,
       [](const X& x) -> Var { return 0.01 * p2(x(1)) + p2(x(2)); },
       [](const X& x) {
         return List{x(1) * x(2) - 25.0, p2(x(1)) + p2(x(2)) - 25.0};
       },
       none,
       {2, 0},
       {50, 50}},
      {19,
       {20.1, 5.84},
       -6961.81381,
       [](const X& x) -> Var { return p3(x(1) - 10.0) + p3(x(2) - 20.0); },
       [](const X& x) {
         return List{p2(x(1) - 5.0) + p2(x(2) - 5.0) - 100.0, 82.81 - p2(x(1) - 6.0) - p2(x(2) - 5.0)};
       },
       none,
       {13, 0},
       {100, 100}},
      {20,
       {-2, 1},
       81.5 - 25.0 * std::sqrt(3.0),
       rosenbrock,
       [](const X& x) {
         return List{x(1) + p2(x(2)), p2(x(1)) + x(2), p2(x(1)) + p2(x(2)) - 1.0};
       },
       none,
       {-0.5, -infinity},
       {0.5, infinity}},
      {21,
       {-1, -1},
       -99.96,
       [](const X& x) -> Var { return 0.01 * p2(x(1)) + p2(x(2)) - 100.0; },
       [](const X& x) { return List{10.0 * x(1) - x(2) - 10.0}; },
       none,
       {2, -50},
       {50, 50}},
      {22,
       {2, 2},
       1.0,
       [](const X& x) -> Var { return p2(x(1) - 2.0) + p2(x(2) - 1.0); },
       [](const X& x) {
         return List{2.0 - x(1) - x(2), x(2) - p2(x(1))};
       },
       none},
      {23,
       {3, 1},
       2.0,
       [](const X& x) -> Var { return p2(x(1)) + p2(x(2)); },
       [](const X& x) {
         return List{x(1) + x(2) - 1.0, p2(x(1)) + p2(x(2)) - 1.0, 9.0 * p2(x(1)) + p2(x(2)) - 9.0, p2(x(1)) - x(2),
                     p2(x(2)) - x(1)};
       },
       none,
       {-50, -50},
       {50, 50}},
      {24,
       {1, 0.5},
       -1.0,
       [](const X& x) -> Var { return (p2(x(1) - 3.0) - 9.0) * p3(x(2)) / (27.0 * std::sqrt(3.0)); },
       [](const X& x) {
         const double root = std::sqrt(3.0);
         return List{x(1) / root - x(2), x(1) + root * x(2), 6.0 - x(1) - root * x(2)};
       },
       none,
       {0, 0},
       {infinity, infinity}},
  };
}

inline std::vector<Problem> problems_to_31() {
  return {
      {26,
       {-2.6, 2, 2},
       0.0,
       [](const X& x) -> Var { return p2(x(1) - x(2)) + p4(x(2) - x(3)); },
       none,
       [](const X& x) { return List{(1.0 + p2(x(2))) * x(1) + p4(x(3)) - 3.0}; }},
      {27,
       {2, 2, 2},
       0.04,
       [](const X& x) -> Var { return 0.01 * p2(x(1) - 1.0) + p2(x(2) - p2(x(1))); },
       none,
       [](const X& x) { return List{x(1) + p2(x(3)) + 1.0}; }},
      {28,
       {-4, 1, 1},
       0.0,
       [](const X& x) -> Var { return p2(x(1) + x(2)) + p2(x(2) + x(3)); },
       none,
       [](const X& x) { return List{x(1) + 2.0 * x(2) + 3.0 * x(3) - 1.0}; }},
      {29,
       {1, 1, 1},
       -16.0 * std::sqrt(2.0),
       [](const X& x) -> Var { return -x(1) * x(2) * x(3); },
       [](const X& x) { return List{48.0 - p2(x(1)) - 2.0 * p2(x(2)) - 4.0 * p2(x(3))}; },
       none},
      {30,
       {1, 1, 1},
       1.0,
       [](const X& x) -> Var { return p2(x(1)) + p2(x(2)) + p2(x(3)); },
       [](const X& x) { return List{p2(x(1)) + p2(x(2)) - 1.0}; },
       none,
       {1, -10, -10},
       {10, 10, 10}},
      {31,
       {1, 1, 1},
       6.0,
       [](const X& x) -> Var { return 9.0 * p2(x(1)) + p2(x(2)) + 9.0 * p2(x(3)); },
       [](const X& x) { return List{x(1) * x(2) - 1.0}; },
       none,
       {-10, 1, -10},
       {10, 10, 1}},
  };
}

inline Var volume(const X& x) { return -x(1) * x(2) * x(3); }
inline List two_exponentials(const X& x) { return {x(2) - exp(x(1)), x(3) - exp(x(2))}; }

inline std::vector<Problem> problems_to_37_alone() {
  return {
      {32,
       {0.1, 0.7, 0.2},
       1.0,
       [](const X& x) -> Var { return p2(x(1) + 3.0 * x(2) + x(3)) + 4.0 * p2(x(1) - x(2)); },
       [](const X& x) { return List{6.0 * x(2) + 4.0 * x(3) - p3(x(1)) - 3.0}; },
       [](const X& x) { return List{1.0 - x(1) - x(2) - x(3)}; },
       {0, 0, 0},
       {infinity, infinity, infinity}},
      {33,
       {0, 0, 3},
       std::sqrt(2.0) - 6.0,
       [](const X& x) -> Var { return (x(1) - 1.0) * (x(1) - 2.0) * (x(1) - 3.0) + x(3); },
       [](const X& x) {
         return List{p2(x(3)) - p2(x(2)) - p2(x(1)), p2(x(1)) + p2(x(2)) + p2(x(3)) - 4.0};
       },
       none,
       {0, 0, 0},
       {infinity, infinity, 5}},
      {34,
       {0, 1.05, 2.9},
       -std::log(std::log(10.0)),
       [](const X& x) -> Var { return -x(1); },
       two_exponentials,
       none,
       {0, 0, 0},
       {100, 100, 10}},
      {35,
       {0.5, 0.5, 0.5},
       1.0 / 9.0,
       [](const X& x) -> Var {
         return 9.0 - 8.0 * x(1) - 6.0 * x(2) - 4.0 * x(3) + 2.0 * p2(x(1)) + 2.0 * p2(x(2)) + p2(x(3)) +
                2.0 * x(1) * x(2) + 2.0 * x(1) * x(3);
       },
       [](const X& x) { return List{3.0 - x(1) - x(2) - 2.0 * x(3)}; },
       none,
       {0, 0, 0},
       {infinity, infinity, infinity}},
      {36,
       {10, 10, 10},
       -3300.0,
       volume,
       [](const X& x) { return List{72.0 - x(1) - 2.0 * x(2) - 2.0 * x(3)}; },
       none,
       {0, 0, 0},
       {20, 11, 42}},
      {37,
       {10, 10, 10},
       -3456.0,
       volume,
       [](const X& x) {
         return List{72.0 - x(1) - 2.0 * x(2) - 2.0 * x(3), x(1) + 2.0 * x(2) + 2.0 * x(3)};
       },
       none,
       {0, 0, 0},
       {42, 42, 42}},
  };
}

inline std::vector<Problem> problems_to_37() {
  std::vector<Problem> all = problems_to_12();
  for (const auto& part : {problems_to_24(), problems_to_31(), problems_to_37_alone()}) {
    all.insert(all.end(), part.begin(), part.end());
  }
  return all;
}

}  // namespace hock_schittkowski
