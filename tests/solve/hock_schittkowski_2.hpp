// Problems 39 to 66.
#pragma once

#include "hock_schittkowski.hpp"
#include "hock_schittkowski_1.hpp"

namespace hock_schittkowski {

inline Numbers repeated(std::size_t n, double x) { return Numbers(n, x); }

inline std::vector<Problem> problems_to_43() {
  return {
      {39,
       {2, 2, 2, 2},
       -1.0,
       [](const X& x) -> Var { return -x(1); },
       none,
       [](const X& x) {
         return List{x(2) - p3(x(1)) - p2(x(3)), p2(x(1)) - x(2) - p2(x(4))};
       }},
      {40,
       {0.8, 0.8, 0.8, 0.8},
       -0.25,
       [](const X& x) -> Var { return -x(1) * x(2) * x(3) * x(4); },
       none,
       [](const X& x) {
         return List{p3(x(1)) + p2(x(2)) - 1.0, p2(x(1)) * x(4) - x(3), p2(x(4)) - x(2)};
       }},
      {41,
       {2, 2, 2, 2},
       52.0 / 27.0,
       [](const X& x) -> Var { return 2.0 - x(1) * x(2) * x(3); },
       none,
       [](const X& x) { return List{x(1) + 2.0 * x(2) + 2.0 * x(3) - x(4)}; },
       {0, 0, 0, 0},
       {1, 1, 1, 2}},
      {42,
       {1, 1, 1, 1},
       28.0 - 10.0 * std::sqrt(2.0),
       [](const X& x) -> Var { return p2(x(1) - 1.0) + p2(x(2) - 2.0) + p2(x(3) - 3.0) + p2(x(4) - 4.0); },
       none,
       [](const X& x) {
         return List{x(1) - 2.0, p2(x(3)) + p2(x(4)) - 2.0};
       }},
      {43,
       {0, 0, 0, 0},
       -44.0,
       [](const X& x) -> Var {
         return p2(x(1)) + p2(x(2)) + 2.0 * p2(x(3)) + p2(x(4)) - 5.0 * x(1) - 5.0 * x(2) - 21.0 * x(3) + 7.0 * x(4);
       },
       [](const X& x) {
         return List{8.0 - p2(x(1)) - p2(x(2)) - p2(x(3)) - p2(x(4)) - x(1) + x(2) - x(3) + x(4),
                     10.0 - p2(x(1)) - 2.0 * p2(x(2)) - p2(x(3)) - 2.0 * p2(x(4)) + x(1) + x(4),
                     5.0 - 2.0 * p2(x(1)) - p2(x(2)) - p2(x(3)) - 2.0 * x(1) + x(2) + x(4)};
       },
       none},
  };
}

inline Var powers_of_five(const X& x) { return p2(x(1) - x(2)) + p2(x(3) - 1.0) + p4(x(4) - 1.0) + p6(x(5) - 1.0); }
inline Var squares_of_five(const X& x) {
  return p2(x(1) - x(2)) + p2(x(2) + x(3) - 2.0) + p2(x(4) - 1.0) + p2(x(5) - 1.0);
}

inline std::vector<Problem> problems_to_53() {
  return {
      {46,
       {std::sqrt(2.0) / 2.0, 1.75, 0.5, 2, 2},
       0.0,
       powers_of_five,
       none,
       [](const X& x) {
         return List{p2(x(1)) * x(4) + sin(x(4) - x(5)) - 1.0, x(2) + p4(x(3)) * p2(x(4)) - 2.0};
       }},
      {48,
       {3, 5, -3, 2, -2},
       0.0,
       [](const X& x) -> Var { return p2(x(1) - 1.0) + p2(x(2) - x(3)) + p2(x(4) - x(5)); },
       none,
       [](const X& x) {
         return List{x(1) + x(2) + x(3) + x(4) + x(5) - 5.0, x(3) - 2.0 * (x(4) + x(5)) + 3.0};
       }},
      {49,
       {10, 7, 2, -3, 0.8},
       0.0,
       powers_of_five,
       none,
       [](const X& x) {
         return List{x(1) + x(2) + x(3) + 4.0 * x(4) - 7.0, x(3) + 5.0 * x(5) - 6.0};
       }},
      {50,
       {35, -31, 11, 5, -5},
       0.0,
       [](const X& x) -> Var { return p2(x(1) - x(2)) + p2(x(2) - x(3)) + p4(x(3) - x(4)) + p2(x(4) - x(5)); },
       none,
       [](const X& x) {
         return List{x(1) + 2.0 * x(2) + 3.0 * x(3) - 6.0, x(2) + 2.0 * x(3) + 3.0 * x(4) - 6.0,
                     x(3) + 2.0 * x(4) + 3.0 * x(5) - 6.0};
       }},
      {51,
       {2.5, 0.5, 2, -1, 0.5},
       0.0,
       squares_of_five,
       none,
       [](const X& x) {
         return List{x(1) + 3.0 * x(2) - 4.0, x(3) + x(4) - 2.0 * x(5), x(2) - x(5)};
       }},
      {52,
       {2, 2, 2, 2, 2},
       1859.0 / 349.0,
       [](const X& x) -> Var {
         return p2(4.0 * x(1) - x(2)) + p2(x(2) + x(3) - 2.0) + p2(x(4) - 1.0) + p2(x(5) - 1.0);
       },
       none,
       [](const X& x) {
         return List{x(1) + 3.0 * x(2), x(3) + x(4) - 2.0 * x(5), x(2) - x(5)};
       }},
      {53,
       {2, 2, 2, 2, 2},
       176.0 / 43.0,
       squares_of_five,
       none,
       [](const X& x) {
         return List{x(1) + 3.0 * x(2), x(3) + x(4) - 2.0 * x(5), x(2) - x(5)};
       },
       {-10, -10, -10, -10, -10},
       {10, 10, 10, 10, 10}},
  };
}

inline std::vector<Problem> problems_to_66() {
  const double a = std::asin(std::sqrt(1.0 / 4.2));
  const double b = std::asin(std::sqrt(5.0 / 7.2));
  return {
      {55,
       {1, 2, 0, 0, 0, 2},
       19.0 / 3.0,
       [](const X& x) -> Var { return x(1) + 2.0 * x(2) + 4.0 * x(5) + exp(x(1) * x(4)); },
       none,
       [](const X& x) {
         return List{x(1) + 2.0 * x(2) + 5.0 * x(5) - 6.0,
                     x(1) + x(2) + x(3) - 3.0,
                     x(4) + x(5) + x(6) - 2.0,
                     x(1) + x(4) - 1.0,
                     x(2) + x(5) - 2.0,
                     x(3) + x(6) - 2.0};
       },
       {0, 0, 0, 0, 0, 0},
       {1, infinity, infinity, 1, infinity, infinity}},
      {56,
       {1, 1, 1, a, a, a, b},
       -3.456,
       volume,
       none,
       [](const X& x) {
         return List{x(1) - 4.2 * p2(sin(x(4))), x(2) - 4.2 * p2(sin(x(5))), x(3) - 4.2 * p2(sin(x(6))),
                     x(1) + 2.0 * x(2) + 2.0 * x(3) - 7.2 * p2(sin(x(7)))};
       }},
      {60,
       {2, 2, 2},
       0.03256820025,
       [](const X& x) -> Var { return p2(x(1) - 1.0) + p2(x(1) - x(2)) + p4(x(2) - x(3)); },
       none,
       [](const X& x) { return List{x(1) * (1.0 + p2(x(2))) + p4(x(3)) - 4.0 - 3.0 * std::sqrt(2.0)}; },
       {-10, -10, -10},
       {10, 10, 10}},
      {61,
       {0, 0, 0},
       -143.6461422,
       [](const X& x) -> Var {
         return 4.0 * p2(x(1)) + 2.0 * p2(x(2)) + 2.0 * p2(x(3)) - 33.0 * x(1) + 16.0 * x(2) - 24.0 * x(3);
       },
       none,
       [](const X& x) {
         return List{3.0 * x(1) - 2.0 * p2(x(2)) - 7.0, 4.0 * x(1) - p2(x(3)) - 11.0};
       }},
      {63,
       {2, 2, 2},
       961.7151721,
       [](const X& x) -> Var { return 1000.0 - p2(x(1)) - 2.0 * p2(x(2)) - p2(x(3)) - x(1) * x(2) - x(1) * x(3); },
       none,
       [](const X& x) {
         return List{8.0 * x(1) + 14.0 * x(2) + 7.0 * x(3) - 56.0, p2(x(1)) + p2(x(2)) + p2(x(3)) - 25.0};
       },
       {0, 0, 0},
       {infinity, infinity, infinity}},
      {64,
       {1, 1, 1},
       6299.842428,
       [](const X& x) -> Var {
         return 5.0 * x(1) + 50000.0 / x(1) + 20.0 * x(2) + 72000.0 / x(2) + 10.0 * x(3) + 144000.0 / x(3);
       },
       [](const X& x) { return List{1.0 - 4.0 / x(1) - 32.0 / x(2) - 120.0 / x(3)}; },
       none,
       {1e-5, 1e-5, 1e-5},
       {infinity, infinity, infinity}},
      {65,
       {-4.5, 4.5, 0},
       0.9535288567,
       [](const X& x) -> Var { return p2(x(1) - x(2)) + p2(x(1) + x(2) - 10.0) / 9.0 + p2(x(3) - 5.0); },
       [](const X& x) { return List{48.0 - p2(x(1)) - p2(x(2)) - p2(x(3))}; },
       none,
       {-4.5, -4.5, -5},
       {4.5, 4.5, 5}},
      {66,
       {0, 1.05, 2.9},
       0.5181632741,
       [](const X& x) -> Var { return 0.2 * x(3) - 0.8 * x(1); },
       two_exponentials,
       none,
       {0, 0, 0},
       {100, 100, 10}},
  };
}

}  // namespace hock_schittkowski
