// The numbers that functions are tried with.
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <type_traits>
#include <utility>
#include <vector>

#include <xgrad/xgrad.hpp>

#include "../float_errors.hpp"
#include "meanings.hpp"

namespace semantics {

using xgrad::Array;

/// Element by element: whether a or b is selected, a, and b.
template <class T>
struct Arguments {
  Array<bool> condition;
  Array<T> a, b;
};

template <class T>
std::vector<T> special_numbers() {
  if constexpr (std::is_floating_point_v<T>) return float_errors::special_values<T>();
  else if constexpr (std::is_same_v<T, bool>) return {false, true};
  else {
    using Limits = std::numeric_limits<T>;
    constexpr T word = T(1) << 32U;
    return {0,
            1,
            -1,
            2,
            -2,
            3,
            7,
            -100,
            word,
            -word,
            word + 1,
            word / 2 - 1,
            -word / 2,
            (T(1) << 53U) + 1,
            Limits::max(),
            Limits::min(),
            Limits::max() - 1,
            Limits::min() + 1,
            Limits::max() / 2 + 1};
  }
}

/// A number of any size, or an ordinary one.
template <class T>
T any_number(std::mt19937_64& random) {
  if constexpr (std::is_floating_point_v<T>) {
    const auto between = [&](double size) {
      return static_cast<T>(std::uniform_real_distribution<double>(-size, size)(random));
    };
    switch (random() % 5) {
      case 0:
        return std::bit_cast<T>(static_cast<float_errors::Bits<T>>(random()));
      case 1:
        return between(1);
      case 2:
        return between(12);
      case 3:
        return 1 + between(0.5);
      default:
        return between(sizeof(T) == 8 ? 750 : 107);
    }
  } else if constexpr (std::is_same_v<T, bool>) {
    return random() % 2 == 0;
  } else {
    return random() % 2 == 0 ? static_cast<T>(random()) : static_cast<T>(random() % 201) - 100;
  }
}

/// Two numbers that suit each other.
template <class T>
std::pair<T, T> any_pair(Domain domain, std::mt19937_64& random) {
  T a = any_number<T>(random);
  T b = any_number<T>(random);
  if constexpr (std::is_floating_point_v<T>) {
    const auto unit = std::uniform_real_distribution<double>(-1, 1)(random);
    const std::uint64_t choice = random() % 8;
    switch (domain) {
      case Domain::Any:
        break;
      case Domain::Powers:
        if (choice != 0) a = std::abs(a);
        if (choice == 1) b = static_cast<T>(std::round(unit * 20));
        if (choice > 1) b = static_cast<T>((sizeof(T) == 8 ? 746 : 104) * unit / std::log(std::abs(double(a))));
        break;
      case Domain::Sides:
        if (choice > 1) b = a * static_cast<T>(2 * unit);
        break;
      case Domain::Orders:  // far below 0 the plain formula is a sum of too many terms
        a = static_cast<T>(random() % 7);
        if (b < -30) b = -b;
        break;
      case Domain::Shapes:
        a = static_cast<T>(std::exp(6 * unit));
        b = choice < 4 ? a * static_cast<T>(std::exp(std::uniform_real_distribution<double>(-1, 1)(random)))
                       : static_cast<T>(std::exp(std::uniform_real_distribution<double>(-6, 6)(random)));
        break;
    }
  }
  return {a, b};
}

/// Every special number beside every other, and random pairs. Functions of one argument do not look
/// at the second numbers.
template <class T>
Arguments<T> samples(bool of_one, Domain domain, std::size_t count = 2100) {
  std::mt19937_64 random(4711);
  std::vector<std::pair<T, T>> pairs;
  const std::vector<T> special = special_numbers<T>();
  for (const T a : special) {
    for (const T b : of_one ? std::vector<T>{a} : special) pairs.emplace_back(a, b);
  }
  while (pairs.size() < count) pairs.push_back(any_pair<T>(domain, random));
  std::shuffle(pairs.begin(), pairs.end(), random);
  const std::vector<std::size_t> shape{pairs.size()};
  Arguments<T> result{Array<bool>::from_shape(shape), Array<T>::from_shape(shape), Array<T>::from_shape(shape)};
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    result.condition.data()[i] = random() % 2 == 0;
    result.a.data()[i] = pairs[i].first;
    result.b.data()[i] = pairs[i].second;
  }
  return result;
}

/// Numbers that stand beside whole arrays: the special ones, and some for which plans have rewrites of their own.
template <class T>
std::vector<T> numbers() {
  std::vector<T> all = special_numbers<T>();
  if constexpr (std::is_floating_point_v<T>) {
    for (const double x : {0.25, 0.75, 1.5, 4.0, -0.25, -1.5, 20.0, 1e-3}) all.push_back(static_cast<T>(x));
  }
  return all;
}

/// The arguments with one number in place of the first (0) or second (1).
template <class T>
Arguments<T> with_number(Arguments<T> arguments, std::size_t which, T number) {
  (which == 0 ? arguments.a : arguments.b).fill(number);
  return arguments;
}

template <class T>
Arguments<T> first_of(const Arguments<T>& x, std::size_t count) {
  const auto cut = [&](const auto& array) {
    auto result = std::remove_cvref_t<decltype(array)>::from_shape({count});
    std::copy_n(array.data(), count, result.data());
    return result;
  };
  return {cut(x.condition), cut(x.a), cut(x.b)};
}

}  // namespace semantics
