// Sixty parameters, each a number of its own, of a ring of twenty oscillators (stiffness, damping, drive by the
// neighbour) that moves 200 steps: programs of many tiny operations. Gradient beside value, both compiled.
#include <cmath>

#include "contest.hpp"
#include "tape.hpp"

namespace bench_evals {
namespace {

constexpr std::size_t count = 20;
constexpr int steps = 200;
constexpr double dt = 0.05;

template <class T>
struct Ring {
  std::vector<T> place, speed;
};
using RingOfVars = Ring<Var>;
XGRAD_FIELDS(RingOfVars, place, speed)

template <class T>
Ring<T> first_ring() {
  Ring<T> result;
  for (std::size_t i = 0; i < count; ++i) {
    result.place.push_back(T(std::cos(static_cast<double>(i))));
    result.speed.push_back(T(0.0));
  }
  return result;
}

/// parameters: stiffnesses, dampings, drives.
template <class T>
Ring<T> moved(const std::vector<T>& parameters, const Ring<T>& ring) {
  Ring<T> next = ring;
  for (std::size_t i = 0; i < count; ++i) {
    const T& neighbour = ring.place[(i + count - 1) % count];
    next.speed[i] = ring.speed[i] + dt * (parameters[2 * count + i] * sin(neighbour) - parameters[i] * ring.place[i] -
                                          parameters[count + i] * ring.speed[i]);
    next.place[i] = ring.place[i] + dt * next.speed[i];
  }
  return next;
}

template <class T>
T energy(const Ring<T>& ring) {
  T sum = 0.0;
  for (const T& speed : ring.speed) sum = sum + speed * speed;
  for (const T& place : ring.place) sum = sum + place * place;
  return sum;
}

template <class T>
T unrolled(const std::vector<T>& parameters) {
  Ring<T> ring = first_ring<T>();
  for (int i = 0; i < steps; ++i) ring = moved(parameters, ring);
  return energy(ring);
}

Var looped(const std::vector<Var>& parameters) {
  return energy(xg::fori_loop(
      steps, [&](const Var&, const RingOfVars& ring) { return moved(parameters, ring); }, first_ring<Var>()));
}

Sides sides(Var (*program)(const std::vector<Var>&)) {
  const Numbers numbers = Source(11).uniforms(3 * count, 0.1, 1.0);
  const std::vector<Var> parameters(numbers.begin(), numbers.end());
  const auto right = [numbers] {
    Numbers result(1 + numbers.size());
    tape::value_and_gradient(unrolled<tape::Number>, numbers, result);
    return result;
  };
  return {with_xgrad(xg::compile(xg::value_and_grad(program)), parameters),
          with_xgrad(xg::compile(program), parameters), right};
}

}  // namespace

Contests parameters() {
  const char* size = "60 parameters, 200 steps";
  return {{"parameters_60", size, "value", at_most(3.0), [] { return sides(unrolled<Var>); }},
          {"parameters_60_fori_loop", size, "value", at_most(3.0), [] { return sides(looped); }}};
}

}  // namespace bench_evals
