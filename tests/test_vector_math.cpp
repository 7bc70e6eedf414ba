// The functions of packs: within the documented error of the long double functions, with the special cases of the C
// standard, and independent of the other numbers in the pack. For each instruction set that this machine has.
#include <bit>
#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
#include <random>
#include <string>
#include <type_traits>
#include <vector>

#include <boost/test/unit_test.hpp>
#include <primitives/rounding_functions.hpp>
#include <primitives/special_functions.hpp>

#include "float_errors.hpp"
#include "vector_math_units/table.hpp"

BOOST_AUTO_TEST_SUITE(test_vector_math)

using float_errors::Bits;
using float_errors::error_in_ulp;
using float_errors::infinity;
using float_errors::same_bits;
using float_errors::special_values;
using vector_math::Functions;
using vector_math::Unit;

namespace {

std::vector<const Unit*> units() {
#if defined(__x86_64__)
  std::vector<const Unit*> all = {&vector_math::sse2_unit};
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) all.push_back(&vector_math::avx2_unit);
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq") &&
      __builtin_cpu_supports("avx512bw"))
    all.push_back(&vector_math::avx512_unit);
  return all;
#else
  return {&vector_math::default_unit};
#endif
}

/// What a double is compared with; for a float, double is precise enough and quicker.
template <class T>
using Wide = std::conditional_t<sizeof(T) == 8, long double, double>;

template <class W>
struct Reference {
  const char* name;
  W (*exact)(W, W);
  double double_ulp;  ///< bounds, as documented in math.hpp
  double float_ulp;
};

/// x / hypot(x, y); the wide types have exponents that squares of the narrow ones fit into.
template <class W>
W direction_cosine(W x, W y) {
  if (std::isinf(x) && std::isinf(y)) return std::copysign(std::sqrt(W(0.5)), x);
  if (std::isinf(x)) return y == y ? std::copysign(W(1), x) : y;
  return x == 0 && y == 0 ? x : x / std::sqrt(x * x + y * y);
}

template <class W>
W log_cosh(W x, W) {
  const W size = std::abs(x);
  return size < 20 ? std::log1p(2 * std::pow(std::sinh(size / 2), W(2)))
                   : size + std::log1p(std::exp(-2 * size)) - std::log(W(2));
}

/// The distribution function of the normal distribution; what rounding takes from x / sqrt(2) shows far below 0.
template <class W>
W ndtr(W x, W) {
  const W root_half = std::sqrt(W(0.5));
  const W z = -x * root_half;
  if (!(std::abs(z) < 100)) return std::erfc(z) / 2;
  const W root_half_low =
      (W(0.5) - root_half * root_half - std::fma(root_half, root_half, -(root_half * root_half))) / (2 * root_half);
  const W lost = std::fma(-x, root_half, -z) - x * root_half_low;
  return std::erfc(z) / 2 - std::exp(-z * z) * lost / std::sqrt(std::acos(W(-1)));
}

template <class W>
const std::vector<Reference<W>>& references() {
  static const std::vector<Reference<W>> all = {
      {"exp", [](W x, W) { return std::exp(x); }, 0.8, 0.8},
      {"expm1", [](W x, W) { return std::expm1(x); }, 1.4, 1.4},
      {"log", [](W x, W) { return std::log(x); }, 0.9, 0.9},
      {"log1p", [](W x, W) { return std::log1p(x); }, 1.5, 1.5},
      {"sin", [](W x, W) { return std::sin(x); }, 0.95, 0.95},
      {"cos", [](W x, W) { return std::cos(x); }, 0.95, 0.95},
      {"tan", [](W x, W) { return std::tan(x); }, 1.2, 1.2},
      {"atan", [](W x, W) { return std::atan(x); }, 1.9, 1.9},
      {"sinh", [](W x, W) { return std::sinh(x); }, 1.7, 1.7},
      {"cosh", [](W x, W) { return std::cosh(x); }, 1.3, 1.3},
      {"tanh", [](W x, W) { return std::tanh(x); }, 1.9, 1.9},
      {"log_cosh", log_cosh<W>, 2.0, 2.0},
      {"erf", [](W x, W) { return std::erf(x); }, 1.5, 1.5},
      {"erfc", [](W x, W) { return std::erfc(x); }, 1.7, 1.7},
      {"ndtr", ndtr<W>, 2, 2},
      {"softsign", [](W x, W) { return std::isinf(x) ? std::copysign(W(1), x) : x / (1 + std::abs(x)); }, 1.5, 1.5},
      {"sqrt", [](W x, W) { return std::sqrt(x); }, 0.51, 0.51},
      {"divide", [](W x, W y) { return x / y; }, 0.51, 0.51},
      {"sigmoid", [](W x, W) { return xgrad::primitives::Sigmoid::eval(x); }, 1.8, 1.8},
      {"softplus", [](W x, W) { return xgrad::primitives::Softplus::eval(x); }, 1.8, 1.8},
      {"pow", [](W x, W y) { return std::pow(x, y); }, 1.7, 1.3},
      {"hypot", [](W x, W y) { return std::hypot(x, y); }, 1.3, 1.3},
      {"direction_cosine", direction_cosine<W>, 2.3, 2.3},
  };
  return all;
}

constexpr double exponents[] = {-7,  -4,  -3,   -2.5, -2,   -1.75, -1.5, -1.25, -1,   -0.75, -0.5, -0.25, 0,   0.25,
                                0.3, 0.5, 0.75, 1,    1.25, 1.5,   1.75, 2,     2.25, 2.5,   2.75, 3,     3.5, 4};

#ifdef __OPTIMIZE__
constexpr int thinning = 1;
#else
constexpr int thinning = 16;  // the packs are slow without optimisation
#endif

/// Numbers of all sizes, ordinary ones, and those next to where a function changes its method or its result.
template <class T>
std::vector<T> samples() {
  constexpr bool is_double = sizeof(T) == 8;
  std::mt19937_64 random(20240501);
  std::vector<T> values;
  if (is_double) {
    for (int i = 0; i < 150'000 / thinning; ++i) values.push_back(std::bit_cast<T>(Bits<T>(random())));
  } else {
    for (std::uint64_t bits = random() % 4096; bits >> 32 == 0; bits += 4295 * thinning) {
      values.push_back(std::bit_cast<T>(Bits<T>(bits)));
    }
  }
  std::uniform_real_distribution<double> ordinary(-12, 12);
  std::uniform_real_distribution<double> unit(-1, 1);
  std::uniform_real_distribution<double> range(-750, 750);
  for (int i = 0; i < 40'000 / thinning; ++i) {
    values.push_back(T(ordinary(random)));
    values.push_back(T(unit(random)));
    values.push_back(T(is_double ? range(random) : range(random) / 7));
    values.push_back(T(1 + unit(random) * 0.5));
  }
  std::vector<double> critical = {0.4142135623730950488,
                                  2.4142135623730950488,
                                  1,
                                  3.5,
                                  4,
                                  6,
                                  10,
                                  20,
                                  87,
                                  708,
                                  709.78271289338397,
                                  710.47586007394394,
                                  745.13321910194122,
                                  708.39641853226408,
                                  88.722839,
                                  87.336545,
                                  103.97208,
                                  89.415985,
                                  1.6e6,
                                  3200,
                                  1.5,
                                  0.70710678118654752440,
                                  1.41421356237309504880};
  for (int n = 1; n <= 1000 / thinning; ++n) critical.push_back(n * 1.5707963267948966192);  // zeros of sin and cos
  for (int n = 1; n <= 1000 / thinning; ++n) critical.push_back(n * 1017 * 1.5707963267948966192);
  for (int n = 1; n <= 2000 / thinning; ++n)
    critical.push_back(n * 0.34657359027997265471);  // where exp takes another n
  for (double value : critical) {
    T x = std::nextafter(std::nextafter(T(value), T(0)), T(0));
    for (int i = 0; i < 5; ++i, x = std::nextafter(x, infinity<T>)) values.insert(values.end(), {x, -x});
  }
  for (T x : special_values<T>()) values.push_back(x);
  values.resize((values.size() + 63) / 64 * 64, T(1));
  return values;
}

/// Exponents for pow: mostly such that the result is in range.
template <class T>
std::vector<T> exponents_for(const std::vector<T>& bases) {
  std::mt19937_64 random(7);
  std::uniform_real_distribution<double> unit(-1, 1);
  std::vector<T> values;
  for (std::size_t i = 0; i < bases.size(); ++i) {
    const double log = std::log(std::abs(static_cast<double>(bases[i])));
    if (i % 4 == 0) values.push_back(std::bit_cast<T>(Bits<T>(random())));
    else if (i % 4 == 1) values.push_back(T(std::round(unit(random) * 20)));
    else values.push_back(T((sizeof(T) == 8 ? 746 : 104) * unit(random) / log));
  }
  return values;
}

/// Second arguments of hypot: mostly near the first.
template <class T>
std::vector<T> other_sides_for(const std::vector<T>& sides) {
  std::mt19937_64 random(8);
  std::uniform_real_distribution<double> factor(-2, 2);
  std::vector<T> values;
  for (std::size_t i = 0; i < sides.size(); ++i) {
    values.push_back(i % 4 == 0 ? std::bit_cast<T>(Bits<T>(random())) : sides[i] * T(factor(random)));
  }
  return values;
}

template <class T>
struct Worst {
  double error = 0;
  std::size_t where = 0;

  Worst(const std::vector<T>& got, const std::vector<Wide<T>>& exact) {
    for (std::size_t i = 0; i < got.size(); ++i) {
      const double each = error_in_ulp(got[i], exact[i]);
      if (each > error) error = each, where = i;
    }
  }
};

/// The sign remains with every eighth number only, so that most can be raised to any power.
template <class T>
void mostly_positive(std::vector<T>& x) {
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (i % 8 != 0) x[i] = std::abs(x[i]);
  }
}

template <class T>
void check_accuracy() {
  for (const Reference<Wide<T>>& reference : references<Wide<T>>()) {
    const std::string name = reference.name;
    std::vector<T> x = samples<T>();
    if (name == "pow") mostly_positive(x);
    const bool of_two_sides = name == "hypot" || name == "direction_cosine";
    const std::vector<T> y = of_two_sides ? other_sides_for(x) : exponents_for(x);
    std::vector<Wide<T>> exact(x.size());
    for (std::size_t i = 0; i < x.size(); ++i) exact[i] = reference.exact(x[i], y[i]);
    const double bound = sizeof(T) == 8 ? reference.double_ulp : reference.float_ulp;
    for (const Unit* unit : units()) {
      std::vector<T> out(x.size());
      for (const auto& function : unit->functions<T>().list) {
        if (function.name == name) function.apply(x.data(), y.data(), out.data(), x.size());
      }
      const Worst<T> worst(out, exact);
      const std::size_t i = worst.where;
      BOOST_TEST_MESSAGE(unit->name << ", " << 8 * sizeof(T) << " bits, " << name << ": " << worst.error << " ulp");
      BOOST_TEST(worst.error <= bound, unit->name << ", " << 8 * sizeof(T) << " bits, " << name << "(" << x[i] << ", "
                                                  << y[i] << ") = " << out[i] << " is " << worst.error << " ulp off");
    }
  }
}

template <class T>
void check_pow_uniform() {
  const std::vector<T> all = samples<T>();
  std::vector<T> x;
  for (std::size_t i = 0; i < all.size(); i += 9) x.push_back(all[i]);  // a part of them will do
  mostly_positive(x);
  x.resize(x.size() / 64 * 64);
  for (double exponent : exponents) {
    std::vector<Wide<T>> exact(x.size());
    for (std::size_t i = 0; i < x.size(); ++i) exact[i] = std::pow(Wide<T>(x[i]), Wide<T>(T(exponent)));
    for (const Unit* unit : units()) {
      std::vector<T> out(x.size());
      unit->functions<T>().pow_uniform(x.data(), T(exponent), out.data(), x.size());
      const Worst<T> worst(out, exact);
      const std::size_t i = worst.where;
      BOOST_TEST_MESSAGE(unit->name << ", " << 8 * sizeof(T) << " bits, ^" << exponent << ": " << worst.error
                                    << " ulp");
      BOOST_TEST(worst.error <= 2, unit->name << ", " << 8 * sizeof(T) << " bits, " << x[i] << "^" << exponent << " = "
                                              << out[i] << " is " << worst.error << " ulp off");
    }
  }
}

/// Both NaN, or the same sign and, where the one is 0 or infinite, the other too.
template <class T>
bool same_kind(T a, T b) {
  if (std::isnan(a) || std::isnan(b)) return std::isnan(a) && std::isnan(b);
  return std::signbit(a) == std::signbit(b) && (a == 0) == (b == 0) && std::isinf(a) == std::isinf(b);
}

template <class T>
void check_special_values(const Unit& unit) {
  const std::vector<T> values = special_values<T>();
  const Functions<T>& functions = unit.functions<T>();
  std::vector<T> x(functions.lanes), y(functions.lanes), out(functions.lanes);
  for (const auto& reference : references<Wide<T>>()) {
    for (const auto& function : functions.list) {
      if (std::string(function.name) != reference.name) continue;
      for (T a : values) {
        for (T b : values) {
          std::fill(x.begin(), x.end(), a);
          std::fill(y.begin(), y.end(), b);
          function.apply(x.data(), y.data(), out.data(), x.size());
          const T expected = static_cast<T>(reference.exact(a, b));
          BOOST_TEST(same_kind(out[0], expected), unit.name << ", " << 8 * sizeof(T) << " bits, " << function.name
                                                            << "(" << a << ", " << b << ") = " << out[0] << ", not "
                                                            << expected);
        }
      }
    }
  }
  for (double exponent : exponents) {
    for (T a : values) {
      std::fill(x.begin(), x.end(), a);
      functions.pow_uniform(x.data(), T(exponent), out.data(), x.size());
      const T expected = std::pow(a, T(exponent));
      BOOST_TEST(same_kind(out[0], expected), unit.name << ", " << 8 * sizeof(T) << " bits, " << a << "^" << exponent
                                                        << " = " << out[0] << ", not " << expected);
    }
  }
}

/// Functions without rounding give the bits of their scalar versions.
template <class T>
void check_exact_functions(const Unit& unit) {
  namespace primitives = xgrad::primitives;
  const std::vector<T> values = special_values<T>();
  struct Exact {
    const char* name;
    T (*eval)(T, T);
  };
  const Exact exact[] = {{"abs", [](T x, T) { return primitives::Absolute::eval(x); }},
                         {"negate", [](T x, T) { return primitives::Negate::eval(x); }},
                         {"sign", [](T x, T) { return primitives::Sign::eval(x); }},
                         {"relu", [](T x, T) { return primitives::Relu::eval(x); }},
                         {"maximum", [](T x, T y) { return primitives::Maximum::eval(x, y); }},
                         {"minimum", [](T x, T y) { return primitives::Minimum::eval(x, y); }},
                         {"floor", [](T x, T) { return std::floor(x); }},
                         {"ceil", [](T x, T) { return std::ceil(x); }},
                         {"round", [](T x, T) { return std::rint(x); }},
                         {"trunc", [](T x, T) { return std::trunc(x); }},
                         {"copysign", [](T x, T y) { return std::copysign(x, y); }}};
  const Functions<T>& functions = unit.functions<T>();
  std::vector<T> x(functions.lanes), y(functions.lanes), out(functions.lanes);
  for (const Exact& each : exact) {
    for (const auto& function : functions.list) {
      if (std::string(function.name) != each.name) continue;
      for (T a : values) {
        for (T b : values) {
          std::fill(x.begin(), x.end(), a);
          std::fill(y.begin(), y.end(), b);
          function.apply(x.data(), y.data(), out.data(), x.size());
          const T expected = each.eval(a, b);
          BOOST_TEST(same_bits(out[0], expected),
                     unit.name << ", " << each.name << "(" << a << ", " << b << ") = " << out[0]);
        }
      }
    }
  }
}

/// The parts of functions that plans compute one by one give the bits of the whole.
template <class T>
void check_halves(const Unit& unit) {
  const std::vector<T> x = samples<T>();
  const std::vector<T> y(x.rbegin(), x.rend());
  std::vector<std::vector<T>> results;
  for (const char* name :
       {"sigmoid", "sigmoid_from", "softplus", "softplus_split", "direction_cosine", "direction_cosine_from"}) {
    for (const auto& function : unit.functions<T>().list) {
      if (std::string(function.name) != name) continue;
      results.emplace_back(x.size());
      function.apply(x.data(), y.data(), results.back().data(), x.size());
    }
  }
  BOOST_REQUIRE(results.size() == 6);
  for (std::size_t i = 0; i < x.size(); ++i) {
    for (std::size_t k : {0U, 2U, 4U}) {
      const bool same = same_bits(results[k][i], results[k + 1][i]);
      if (!same) BOOST_TEST(same, unit.name << " at " << x[i]);
    }
  }
}

template <class T, class Apply>
void check_position(const std::string& name, std::size_t lanes, const Apply& apply) {
  std::mt19937_64 random(11);
  const std::vector<T> special = special_values<T>();
  const auto any_number = [&] {
    switch (random() % 3) {
      case 0:
        return special[random() % special.size()];
      case 1:
        return std::bit_cast<T>(Bits<T>(random()));
      default:
        return T(std::uniform_real_distribution<double>(-5, 5)(random));
    }
  };
  std::vector<T> x(lanes), y(lanes), alone(lanes), together(lanes);
  for (int round = 0; round < 300; ++round) {
    const T a = any_number();
    const T b = any_number();
    std::fill(x.begin(), x.end(), a);
    std::fill(y.begin(), y.end(), b);
    apply(x.data(), y.data(), alone.data());
    for (std::size_t lane = 0; lane < lanes; ++lane) {
      for (std::size_t i = 0; i < lanes; ++i) x[i] = any_number(), y[i] = any_number();
      x[lane] = a;
      y[lane] = b;
      apply(x.data(), y.data(), together.data());
      const bool same = same_bits(alone[lane], together[lane]);
      if (!same) BOOST_TEST(same, name << "(" << a << ", " << b << ") in lane " << lane);
    }
  }
}

template <class T>
void check_positions(const Unit& unit) {
  const Functions<T>& functions = unit.functions<T>();
  for (const auto& function : functions.list) {
    check_position<T>(function.name, functions.lanes,
                      [&](const T* x, const T* y, T* out) { function.apply(x, y, out, functions.lanes); });
  }
  for (double exponent : exponents) {
    check_position<T>("pow_uniform", functions.lanes, [&](const T* x, const T*, T* out) {
      functions.pow_uniform(x, T(exponent), out, functions.lanes);
    });
  }
}

}  // namespace

BOOST_AUTO_TEST_CASE(errors_are_within_the_documented_bounds) {
  check_accuracy<double>();
  check_accuracy<float>();
}

BOOST_AUTO_TEST_CASE(powers_with_one_exponent_for_all) {
  check_pow_uniform<double>();
  check_pow_uniform<float>();
}

BOOST_AUTO_TEST_CASE(special_values_are_those_of_the_standard_library) {
  for (const Unit* unit : units()) {
    check_special_values<double>(*unit);
    check_special_values<float>(*unit);
  }
}

BOOST_AUTO_TEST_CASE(functions_without_rounding_are_exact) {
  for (const Unit* unit : units()) {
    check_exact_functions<double>(*unit);
    check_exact_functions<float>(*unit);
  }
}

BOOST_AUTO_TEST_CASE(functions_in_two_steps) {
  for (const Unit* unit : units()) {
    check_halves<double>(*unit);
    check_halves<float>(*unit);
  }
}

BOOST_AUTO_TEST_CASE(a_value_does_not_depend_on_its_position) {
  for (const Unit* unit : units()) {
    check_positions<double>(*unit);
    check_positions<float>(*unit);
  }
}

BOOST_AUTO_TEST_SUITE_END()
