// What a row of the table is made of: a program with xgrad, and something to measure it beside.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <xgrad/xgrad.hpp>

#include "../compare/measure.hpp"

namespace bench_evals {

namespace xg = xgrad;
using xg::Var;

/// A value, and then its gradient.
using Numbers = std::vector<double>;

/// What one contestant does, and what comes out of it.
struct Side {
  bench::Step step;
  std::function<Numbers()> numbers;
};

struct Sides {
  Side ours, other;
  /// What ours is compared with if the other side computes something else, as a value alone.
  std::function<Numbers()> right = nullptr;
  /// Ratios are multiplied by this, where the sides do unequal amounts of work.
  double scale = 1.0;
};

/// What is asked of a ratio.
struct Bound {
  enum class Kind {
    none,
    at_least,  ///< of the other side's time over ours
    at_most    ///< of our time over the other side's
  } kind;
  double number;
};
inline Bound at_least(double ratio) { return {Bound::Kind::at_least, ratio}; }
inline Bound at_most(double cost) { return {Bound::Kind::at_most, cost}; }
inline Bound unbounded() { return {Bound::Kind::none, 0.0}; }

/// A row. Data are made when it is its turn.
struct Contest {
  std::string id, size;
  std::string beside;  ///< what the other side is
  Bound bound;
  std::function<Sides()> make;
  double tolerance = 1e-9;  ///< relative, of the root mean square of the gradient
};

using Contests = std::vector<Contest>;

/// All numbers of a tree, in the order of its leaves.
template <class T>
Numbers flat(const T& tree) {
  Numbers result;
  for (const Var& leaf : xg::tree::arrays(tree)) {
    const xg::Array<double>& array = leaf.array<double>();
    result.insert(result.end(), array.data(), array.data() + array.size());
  }
  return result;
}

/// A function of xgrad with its arguments.
template <class F, class... A>
Side with_xgrad(F f, A... arguments) {
  const auto call = [f, arguments...] { return f(arguments...); };
  return {[call] { (void)call(); }, [call] { return flat(call()); }};
}

/// A program that writes value and gradient into numbers that are there; it may have work space of its own.
template <class F>
Side by_hand(std::size_t length_of_gradient, F f) {
  struct Program {
    F run;
    Numbers result;
  };
  const auto program = std::make_shared<Program>(Program{std::move(f), Numbers(1 + length_of_gradient)});
  return {[program] { program->run(program->result); },
          [program] {
            program->run(program->result);
            return program->result;
          }};
}

/// Numbers that look random and are the same everywhere: a linear congruential generator.
class Source {
 public:
  explicit Source(std::uint64_t seed) : state_(seed * 0x9E3779B97F4A7C15U + 1) {}

  double uniform() {
    state_ = state_ * 6364136223846793005U + 1442695040888963407U;
    return static_cast<double>(state_ >> 11U) * 0x1p-53;
  }
  double uniform(double low, double high) { return low + (high - low) * uniform(); }
  double normal() {  // Box and Muller
    const double radius = std::sqrt(-2.0 * std::log1p(-uniform()));
    return radius * std::cos(2.0 * 3.14159265358979323846 * uniform());
  }
  std::size_t below(std::size_t n) { return static_cast<std::size_t>(uniform() * static_cast<double>(n)); }

  Numbers uniforms(std::size_t count, double low, double high) {
    Numbers result(count);
    for (double& x : result) x = uniform(low, high);
    return result;
  }
  Numbers normals(std::size_t count, double scale = 1.0) {
    Numbers result(count);
    for (double& x : result) x = scale * normal();
    return result;
  }

 private:
  std::uint64_t state_;
};

inline Var var(const Numbers& values, const xg::Shape& shape) {
  return reshape(Var(values), {shape.begin(), shape.end()});
}

Contests kmeans();
Contests least_squares();
Contests mixture();
Contests log_sum_exp();
Contests lstm();
Contests ode();
Contests determinant();
Contests bundle();
Contests hand();
Contests descent();
Contests greeks();
Contests parameters();
Contests chains();
Contests ideal();

}  // namespace bench_evals
