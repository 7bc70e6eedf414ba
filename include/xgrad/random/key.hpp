// Keys: what random numbers are made of.
//
// random: random numbers by key, and functions of them. It includes linalg, tree and what is below. No state: the same
// key gives the same numbers, recorded, compiled, in a batch, on any number of threads and any processor.
#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include <xgrad/tree/tree.hpp>
#include <xgrad/var.hpp>

#pragma GCC visibility push(default)

namespace xgrad::random {

/// 64 bits that all random numbers of a call come from, or an array of such keys.
///
///     const xg::random::Key key(42);
///     auto [for_weights, for_noise] = key.split<2>();
///     xg::Var weights = xg::random::normal(for_weights, {784, 10});
///
/// A key is used once: for one call that draws, or to be split. `fold_in` may be called many times, with other numbers
/// each time. The same key with the same call gives the same numbers again; with another call it gives numbers that may
/// depend on them. KeyCheck finds keys that are used twice.
///
/// The generator is Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011): the key is
/// its key, and the place of a number is its counter. A key is a tree with a state: it is carried, computed, batched
/// and saved, and never differentiated. Keys that come of keys are 64 random bits: among 2^32 of them two are alike
/// with a probability of 0.4.
struct Key {
  Var bits;  ///< int64

  Key() = default;
  /// The seed itself, as 64 bits.
  template <std::integral T>
  explicit Key(T seed) : Key(static_cast<std::int64_t>(seed), 0) {}

  /// Of the random device of the system: different every time.
  [[nodiscard]] static Key from_system();
  /// Of bits, which may be recorded. An array of bits is an array of keys.
  /// \throws TypeError  unless it is int64.
  [[nodiscard]] static Key from_bits(const Var& bits);

  /// A key for a number: for the step of a loop, the index of a layer or of a process. Other numbers give independent
  /// keys. An array of numbers gives an array of keys, of the broadcast shape.
  /// \throws TypeError   unless the number is an integer.
  /// \throws ShapeError  if keys and numbers do not broadcast.
  [[nodiscard]] Key fold_in(const Var& number) const;

  /// Independent keys, any number of them: the first few are the same for every n.
  /// \throws ShapeError  for an array of keys.
  [[nodiscard]] std::vector<Key> split(std::size_t n, const char* file = __builtin_FILE(),
                                       unsigned line = __builtin_LINE()) const;
  /// The same for `auto [a, b] = key.split<2>()`.
  template <std::size_t n>
  [[nodiscard]] std::array<Key, n> split(const char* file = __builtin_FILE(), unsigned line = __builtin_LINE()) const {
    const std::vector<Key> keys = split(n, file, line);
    return [&]<std::size_t... I>(std::index_sequence<I...>) { return std::array<Key, n>{keys[I]...}; }
    (std::make_index_sequence<n>());
  }
  /// The same keys as one array along a new last axis, for vmap: `vmap(f)(key.split_array(64))`.
  [[nodiscard]] Key split_array(std::size_t n, const char* file = __builtin_FILE(),
                                unsigned line = __builtin_LINE()) const;

  XGRAD_MEMBER_FIELDS(Key, state(bits))

 private:
  Key(std::int64_t seed, int);
};

/// A key as an argument of what uses it: it knows where that is, for KeyCheck. Made of a Key by itself.
class KeyUse {
 public:
  KeyUse(const Key& key, const char* file = __builtin_FILE(), unsigned line = __builtin_LINE());
  [[nodiscard]] const Var& bits() const noexcept { return *bits_; }

 private:
  const Var* bits_;
};

/// While it lives, each key can be used once on this thread (of several checks, the innermost looks). A key that is
/// used a second time, to draw or to be split, is refused with both places in the source. A recorded key is known by
/// its node, so that a function is checked while it is recorded; a key with values by its bits, so that calling a
/// function again with the same key is a second use.
///
///     const xg::random::KeyCheck check;
///
/// Costs nothing while there is none.
class KeyCheck {
 public:
  KeyCheck();
  KeyCheck(const KeyCheck&) = delete;
  KeyCheck& operator=(const KeyCheck&) = delete;
  ~KeyCheck();

  struct Uses;

 private:
  std::unique_ptr<Uses> uses_;
};

}  // namespace xgrad::random

#pragma GCC visibility pop
