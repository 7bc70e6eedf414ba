// Problems 71 to 113.
#pragma once

#include "hock_schittkowski_2.hpp"

namespace hock_schittkowski {

inline std::vector<Problem> problems_to_76() {
  return {
      {71,
       {1, 5, 5, 1},
       17.0140173,
       [](const X& x) -> Var { return x(1) * x(4) * (x(1) + x(2) + x(3)) + x(3); },
       [](const X& x) { return List{x(1) * x(2) * x(3) * x(4) - 25.0}; },
       [](const X& x) { return List{p2(x(1)) + p2(x(2)) + p2(x(3)) + p2(x(4)) - 40.0}; },
       {1, 1, 1, 1},
       {5, 5, 5, 5}},
      {72,
       {1, 1, 1, 1},
       727.67937,
       [](const X& x) -> Var { return 1.0 + x(1) + x(2) + x(3) + x(4); },
       [](const X& x) {
         return List{0.0401 - 4.0 / x(1) - 2.25 / x(2) - 1.0 / x(3) - 0.25 / x(4),
                     0.010085 - 0.16 / x(1) - 0.36 / x(2) - 0.64 / x(3) - 0.64 / x(4)};
       },
       none,
       {1e-3, 1e-3, 1e-3, 1e-3},
       {4e5, 3e5, 2e5, 1e5}},
      {73,
       {1, 1, 1, 1},
       29.89437816,
       [](const X& x) -> Var { return 24.55 * x(1) + 26.75 * x(2) + 39.0 * x(3) + 40.5 * x(4); },
       [](const X& x) {
         const Var variance = 0.28 * p2(x(1)) + 0.19 * p2(x(2)) + 20.5 * p2(x(3)) + 0.62 * p2(x(4));
         return List{2.3 * x(1) + 5.6 * x(2) + 11.1 * x(3) + 1.3 * x(4) - 5.0,
                     12.0 * x(1) + 11.9 * x(2) + 41.8 * x(3) + 52.1 * x(4) - 21.0 - 1.645 * sqrt(variance)};
       },
       [](const X& x) { return List{x(1) + x(2) + x(3) + x(4) - 1.0}; },
       {0, 0, 0, 0},
       {infinity, infinity, infinity, infinity}},
      {76,
       {0.5, 0.5, 0.5, 0.5},
       -4.681818182,
       [](const X& x) -> Var {
         return p2(x(1)) + 0.5 * p2(x(2)) + p2(x(3)) + 0.5 * p2(x(4)) - x(1) * x(3) + x(3) * x(4) - x(1) - 3.0 * x(2) +
                x(3) - x(4);
       },
       [](const X& x) {
         return List{5.0 - x(1) - 2.0 * x(2) - x(3) - x(4), 4.0 - 3.0 * x(1) - x(2) - 2.0 * x(3) + x(4),
                     x(2) + 4.0 * x(3) - 1.5};
       },
       none,
       {0, 0, 0, 0},
       {infinity, infinity, infinity, infinity}},
  };
}

inline Var product_of_five(const X& x) { return x(1) * x(2) * x(3) * x(4) * x(5); }
inline List rows_of_78(const X& x) {
  return {p2(x(1)) + p2(x(2)) + p2(x(3)) + p2(x(4)) + p2(x(5)) - 10.0, x(2) * x(3) - 5.0 * x(4) * x(5),
          p3(x(1)) + p3(x(2)) + 1.0};
}

inline std::vector<Problem> problems_to_81() {
  const Numbers most{2.3, 2.3, 3.2, 3.2, 3.2};
  const Numbers least{-2.3, -2.3, -3.2, -3.2, -3.2};
  return {
      {77,
       {2, 2, 2, 2, 2},
       0.24150513,
       [](const X& x) -> Var {
         return p2(x(1) - 1.0) + p2(x(1) - x(2)) + p2(x(3) - 1.0) + p4(x(4) - 1.0) + p6(x(5) - 1.0);
       },
       none,
       [](const X& x) {
         const double root = std::sqrt(2.0);
         return List{p2(x(1)) * x(4) + sin(x(4) - x(5)) - 2.0 * root, x(2) + p4(x(3)) * p2(x(4)) - 8.0 - root};
       }},
      {78, {-2, 1.5, 2, -1, -1}, -2.91970041, product_of_five, none, rows_of_78},
      {79,
       {2, 2, 2, 2, 2},
       0.0787768209,
       [](const X& x) -> Var {
         return p2(x(1) - 1.0) + p2(x(1) - x(2)) + p2(x(2) - x(3)) + p4(x(3) - x(4)) + p4(x(4) - x(5));
       },
       none,
       [](const X& x) {
         const double root = std::sqrt(2.0);
         return List{x(1) + p2(x(2)) + p3(x(3)) - 2.0 - 3.0 * root, x(2) - p2(x(3)) + x(4) + 2.0 - 2.0 * root,
                     x(1) * x(5) - 2.0};
       }},
      {80,
       {-2, 2, 2, -1, -1},
       0.0539498478,
       [](const X& x) -> Var { return exp(product_of_five(x)); },
       none,
       rows_of_78,
       least,
       most},
      {81,
       {-2, 2, 2, -1, -1},
       0.0539498478,
       [](const X& x) -> Var { return exp(product_of_five(x)) - 0.5 * p2(p3(x(1)) + p3(x(2)) + 1.0); },
       none,
       rows_of_78,
       least,
       most},
  };
}

inline Var transformer(const X& x) {
  const Var first = x(1) + x(2) + x(3);
  const Var second = x(1) + 1.57 * x(2) + x(4);
  return 0.0204 * x(1) * x(4) * first + 0.0187 * x(2) * x(3) * second + 0.0607 * x(1) * x(4) * p2(x(5)) * first +
         0.0437 * x(2) * x(3) * p2(x(6)) * second;
}

inline std::vector<Problem> problems_to_106() {
  return {
      {93,
       {5.54, 4.4, 12.02, 11.82, 0.702, 0.852},
       135.075961,
       transformer,
       [](const X& x) {
         return List{0.001 * product_of_five(x) * x(6) - 2.07,
                     1.0 - 0.00062 * x(1) * x(4) * p2(x(5)) * (x(1) + x(2) + x(3)) -
                         0.00058 * x(2) * x(3) * p2(x(6)) * (x(1) + 1.57 * x(2) + x(4))};
       },
       none,
       repeated(6, 0.0),
       repeated(6, infinity)},
      {100,
       {1, 2, 0, 4, 0, 1, 1},
       680.6300573,
       [](const X& x) -> Var {
         return p2(x(1) - 10.0) + 5.0 * p2(x(2) - 12.0) + p4(x(3)) + 3.0 * p2(x(4) - 11.0) + 10.0 * p6(x(5)) +
                7.0 * p2(x(6)) + p4(x(7)) - 4.0 * x(6) * x(7) - 10.0 * x(6) - 8.0 * x(7);
       },
       [](const X& x) {
         return List{127.0 - 2.0 * p2(x(1)) - 3.0 * p4(x(2)) - x(3) - 4.0 * p2(x(4)) - 5.0 * x(5),
                     282.0 - 7.0 * x(1) - 3.0 * x(2) - 10.0 * p2(x(3)) - x(4) + x(5),
                     196.0 - 23.0 * x(1) - p2(x(2)) - 6.0 * p2(x(6)) + 8.0 * x(7),
                     -4.0 * p2(x(1)) - p2(x(2)) + 3.0 * x(1) * x(2) - 2.0 * p2(x(3)) - 5.0 * x(6) + 11.0 * x(7)};
       },
       none},
      {106,
       {5000, 5000, 5000, 200, 350, 150, 225, 425},
       7049.248021,
       [](const X& x) -> Var { return x(1) + x(2) + x(3); },
       [](const X& x) {
         return List{1.0 - 0.0025 * (x(4) + x(6)),
                     1.0 - 0.0025 * (x(5) + x(7) - x(4)),
                     1.0 - 0.01 * (x(8) - x(5)),
                     x(1) * x(6) - 833.33252 * x(4) - 100.0 * x(1) + 83333.333,
                     x(2) * x(7) - 1250.0 * x(5) - x(2) * x(4) + 1250.0 * x(4),
                     x(3) * x(8) - 1250000.0 - x(3) * x(5) + 2500.0 * x(5)};
       },
       none,
       {100, 1000, 1000, 10, 10, 10, 10, 10},
       {10000, 10000, 10000, 1000, 1000, 1000, 1000, 1000}},
  };
}

/// The minimum of 112 is that of later authors: -47.707579 of the book is not one.
inline std::vector<Problem> problems_to_113() {
  return {
      {112, repeated(10, 0.1), -47.76109086,
       [](const X& x) -> Var {
         const Numbers c{-6.089, -17.164, -34.054, -5.914, -24.721, -14.986, -24.1, -10.708, -26.662, -22.179};
         Var total = x(1);
         for (std::size_t i = 2; i <= 10; ++i) total = total + x(i);
         Var result = 0.0;
         for (std::size_t i = 1; i <= 10; ++i) result = result + x(i) * (c[i - 1] + log(x(i) / total));
         return result;
       },
       none,
       [](const X& x) {
         return List{x(1) + 2.0 * x(2) + 2.0 * x(3) + x(6) + x(10) - 2.0, x(4) + 2.0 * x(5) + x(6) + x(7) - 1.0,
                     x(3) + x(7) + x(8) + 2.0 * x(9) + x(10) - 1.0};
       },
       repeated(10, 1e-6), repeated(10, infinity)},
      {113,
       {2, 3, 5, 5, 1, 2, 7, 3, 6, 10},
       24.3062091,
       [](const X& x) -> Var {
         return p2(x(1)) + p2(x(2)) + x(1) * x(2) - 14.0 * x(1) - 16.0 * x(2) + p2(x(3) - 10.0) + 4.0 * p2(x(4) - 5.0) +
                p2(x(5) - 3.0) + 2.0 * p2(x(6) - 1.0) + 5.0 * p2(x(7)) + 7.0 * p2(x(8) - 11.0) + 2.0 * p2(x(9) - 10.0) +
                p2(x(10) - 7.0) + 45.0;
       },
       [](const X& x) {
         return List{105.0 - 4.0 * x(1) - 5.0 * x(2) + 3.0 * x(7) - 9.0 * x(8),
                     -10.0 * x(1) + 8.0 * x(2) + 17.0 * x(7) - 2.0 * x(8),
                     8.0 * x(1) - 2.0 * x(2) - 5.0 * x(9) + 2.0 * x(10) + 12.0,
                     120.0 - 3.0 * p2(x(1) - 2.0) - 4.0 * p2(x(2) - 3.0) - 2.0 * p2(x(3)) + 7.0 * x(4),
                     40.0 - 5.0 * p2(x(1)) - 8.0 * x(2) - p2(x(3) - 6.0) + 2.0 * x(4),
                     30.0 - 0.5 * p2(x(1) - 8.0) - 2.0 * p2(x(2) - 4.0) - 3.0 * p2(x(5)) + x(6),
                     -p2(x(1)) - 2.0 * p2(x(2) - 2.0) + 2.0 * x(1) * x(2) - 14.0 * x(5) + 6.0 * x(6),
                     3.0 * x(1) - 6.0 * x(2) - 12.0 * p2(x(9) - 8.0) + 7.0 * x(10)};
       },
       none},
  };
}

inline std::vector<Problem> problems_from_39() {
  std::vector<Problem> all = problems_to_43();
  for (const auto& part :
       {problems_to_53(), problems_to_66(), problems_to_76(), problems_to_81(), problems_to_106(), problems_to_113()}) {
    all.insert(all.end(), part.begin(), part.end());
  }
  return all;
}

inline std::vector<Problem> all_problems() {
  std::vector<Problem> all = problems_to_37();
  for (Problem& each : problems_from_39()) all.push_back(std::move(each));
  return all;
}

}  // namespace hock_schittkowski
