// What a loop of a plan is made of.
#pragma once

#include "plan/verified.hpp"
#include "program.hpp"

namespace xgrad::backend::cpu {

/// Blocks and chunks cover all elements, code and segments fit each other, slots stay in their memory.
void verify_loop(const Verified& step, const StepProgram& plan, const Loop& loop);

/// Bytes of the array in a place.
inline std::size_t array_bytes(const StepProgram& plan, PlaceId place) {
  if (plan.places[place].kind == Place::Kind::Number) return size_of(plan.places[place].dtype);
  return size_of(plan.shapes[plan.place_shapes[place]]) * size_of(plan.places[place].dtype);
}

/// Whether elements of an array lie in it.
inline bool lie_inside(const StepProgram& plan, PlaceId place, std::ptrdiff_t offset, const Reach& reach) {
  const auto element = static_cast<std::ptrdiff_t>(size_of(plan.places[place].dtype));
  return offset + reach.first * element >= 0 &&
         offset + (reach.last + 1) * element <= static_cast<std::ptrdiff_t>(array_bytes(plan, place));
}

}  // namespace xgrad::backend::cpu
