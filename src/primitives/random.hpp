// The primitives of random numbers. A key is an int64 of 64 random bits, or an array of such keys. What is drawn of a
// key has the axes of the keys first, so that a batch of keys gives what each of them gives alone.
#pragma once

#include <array>
#include <cstddef>

#include "kinds.hpp"
#include "rule_declarations.hpp"

namespace xgrad::primitives {

/// What RandomDraw draws: the standard member of each family. The numbers are written to files.
enum class Distribution : std::uint8_t {
  Bits,         ///< 64 of them, int64
  Uniform,      ///< in [0, 1)
  Normal,       ///< mean 0, variance 1
  Exponential,  ///< mean 1
  Gumbel,       ///< location 0, scale 1
  Logistic,     ///< location 0, scale 1
  Laplace,      ///< location 0, scale 1
  Cauchy,       ///< location 0, scale 1
  Permutation,  ///< of 0, 1, 2 ... along the last axis, int64
};
inline constexpr std::size_t distribution_count = 9;

/// What RandomSample draws, and with which parameters. The numbers are written to files.
enum class Family : std::uint8_t {
  Gamma,     ///< shape
  LogGamma,  ///< shape: the logarithm of a gamma variate
  Poisson,   ///< rate; int64
  Binomial,  ///< how many, int64, of doubles; the probability; int64
  Integers,  ///< the first and the one behind the last, int64; int64
};
inline constexpr std::size_t family_count = 5;

constexpr std::size_t parameters_of(Family family) {
  return family == Family::Binomial || family == Family::Integers ? 2 : 1;
}
/// The largest mean of a Poisson variate, so that int64 holds it, and the most trials of a binomial one, so that a
/// double counts them.
inline constexpr double most_mean = 0x1p62;
inline constexpr double most_trials = 0x1p53;

/// Of derivatives of GammaSlope; polygamma goes no further.
inline constexpr std::int64_t most_gamma_order = 100;

constexpr bool is_continuous(Family family) { return family == Family::Gamma || family == Family::LogGamma; }

/// What the words of a generator are for. No two purposes have a counter in common.
enum class Purpose : std::uint8_t { Draw, Sample, FoldIn, Split };

/// The third word of a counter. What draws several arrays of one key numbers them: `stream`.
constexpr std::uint32_t stream_word(Purpose purpose, std::int64_t stream) {
  return static_cast<std::uint32_t>(purpose) << 24U | static_cast<std::uint32_t>(stream);
}
inline constexpr std::int64_t most_streams = std::int64_t{1} << 24U;

/// Keys made of keys and of numbers, both int64 of its shape. Attributes: the purpose, FoldIn or Split.
struct DeriveKey : Constantlike {
  static constexpr std::string_view name = "derive_key";
  static constexpr auto computation = Computation::Kernel;
  static constexpr auto attributes = Attributes::NoAxes;
  static constexpr auto failure = Failure::None;
  static constexpr bool needs_dense_inputs = true;
  static constexpr bool gives_indices = false;
};

/// Numbers of a distribution without parameters. Input: keys. The axes behind those of the keys are what each draws.
/// Attributes: the distribution; the stream.
struct RandomDraw : Constantlike {
  static constexpr std::string_view name = "random_draw";
  static constexpr auto computation = Computation::Kernel;
  static constexpr auto attributes = Attributes::NoAxes;
  static constexpr auto failure = Failure::Memory;
  static constexpr bool needs_dense_inputs = true;
  static constexpr bool gives_indices = false;
};

/// Numbers of a distribution with parameters, of which each has a stream of its own. Inputs: keys; parameters of the
/// shape of the result, whose first axes are those of the keys. Attributes: the family; the stream.
struct RandomSample : General {
  static constexpr std::string_view name = "random_sample";
  static constexpr auto computation = Computation::Kernel;
  static constexpr auto attributes = Attributes::NoAxes;
  static constexpr auto failure = Failure::Memory;
  static constexpr bool needs_dense_inputs = true;
  static constexpr bool masks = false;
  XGRAD_DETAIL_RULES
};

/// How the logarithm y of a gamma variate moves with its shape a while the probability of smaller ones stays: dy/da,
/// and the derivatives of this by a. Inputs: a, y. Attributes: the order n of the derivative.
struct GammaSlope : General {
  static constexpr std::string_view name = "gamma_slope";
  static constexpr auto computation = Computation::Kernel;
  static constexpr auto attributes = Attributes::NoAxes;
  static constexpr auto failure = Failure::Memory;
  static constexpr bool needs_dense_inputs = true;
  static constexpr bool masks = false;
  XGRAD_DETAIL_RULES
};

/// The number below which is a share u of what the standard normal distribution has between low and high. Inputs: u,
/// low, high. The derivative by u is not needed.
struct TruncatedNormal : General {
  static constexpr std::string_view name = "truncated_normal";
  static constexpr auto computation = Computation::Kernel;
  static constexpr auto attributes = Attributes::NoAxes;
  static constexpr auto failure = Failure::None;
  static constexpr bool needs_dense_inputs = true;
  static constexpr bool masks = false;
  XGRAD_DETAIL_RULES
};

}  // namespace xgrad::primitives
