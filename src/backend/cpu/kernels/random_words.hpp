// Random words one after another, and numbers made of them: for what needs an unknown number of them. The same bits on
// all processors.
#pragma once

#include <cstdint>

#include "simd/alike.hpp"
#include "simd/philox.hpp"

namespace xgrad::backend::cpu::kernels {

/// Functions of one number, as those of simd/alike.hpp.
namespace one {

using Numbers = simd::Alike<double, BaselineArch>;

inline double first_of(Numbers numbers) {
  double all[Numbers::size];
  numbers.store(all);
  return all[0];
}
/// log(x) of positive normal numbers.
inline double log(double x) { return first_of(simd::alike::log(Numbers(x))); }
/// log(1 - x) for x in [0, 1).
inline double log_of_rest(double x) { return first_of(simd::alike::log_of_share(Numbers(1.0 - x), Numbers(x))); }

}  // namespace one

/// What a key gives to one number: blocks of which the counters differ in the last word.
class WordStream {
 public:
  WordStream(std::uint64_t key, std::uint32_t stream, std::uint64_t number) : key_(key), counter_{number, stream, 0} {}

  /// 64 bits.
  std::uint64_t next() {
    if (used_ == 2) {
      const auto words = simd::philox::block(key_, counter_);
      word_[0] = std::uint64_t{words[1]} << 32U | words[0];
      word_[1] = std::uint64_t{words[3]} << 32U | words[2];
      ++counter_.attempt;
      used_ = 0;
    }
    return word_[used_++];
  }

  /// A multiple of 2^-53 and half of it more, in (0, 1).
  double share() { return (static_cast<double>(next() >> 11U) + 0.5) * 0x1p-53; }

  /// Of the standard normal distribution, by the pair of Box and Muller, of which one is left out.
  double normal() {
    const double radius = __builtin_sqrt(-2.0 * one::log(share()));
    // An eighth of the circle to each side of a multiple of pi/2.
    const auto word = static_cast<std::int64_t>(next());
    const std::uint64_t quarter = (static_cast<std::uint64_t>(word) + (std::uint64_t{1} << 61U)) >> 62U;
    const auto rest = static_cast<std::int64_t>(static_cast<std::uint64_t>(word) - (quarter << 62U));
    const double r = static_cast<double>(rest) * (0x1.921fb54442d18p+0 * 0x1p-62);
    return radius * one::first_of(simd::alike::sin_cos(one::Numbers(r), one::Numbers::BitsType(quarter)).cos);
  }

  /// Below `count`, each equally likely: D. Lemire, "Fast random integer generation in an interval" (2019). For 0, any
  /// of 64 bits.
  std::uint64_t below(std::uint64_t count) {
    if (count == 0) return next();
    __extension__ using Wide = unsigned __int128;
    Wide product = Wide{next()} * count;
    if (static_cast<std::uint64_t>(product) < count) {
      const std::uint64_t uneven = (0 - count) % count;
      while (static_cast<std::uint64_t>(product) < uneven) product = Wide{next()} * count;
    }
    return static_cast<std::uint64_t>(product >> 64U);
  }

 private:
  std::uint64_t key_;
  simd::philox::Counter counter_;
  std::uint64_t word_[2] = {};
  unsigned used_ = 2;
};

}  // namespace xgrad::backend::cpu::kernels
