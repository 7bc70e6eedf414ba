// Programs as lists of what they compute, and the choice among them.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include <xgrad/transform/programs.hpp>

#include "segment.hpp"

namespace xgrad::detail {

/// A condition of a program, and how it went for that.
struct Decision {
  std::shared_ptr<Segment> condition;  ///< its first output; the others are of use to what comes after it
  DType dtype;
  std::uint64_t outcome;  ///< the bits of its one element
};

/// The bits of an array of one element.
std::uint64_t outcome_of(const Buffer& array);

/// A program that begins to watch what it has captured.
ProgramPtr make_program(std::shared_ptr<const void> result, std::vector<Decision> conditions, Segment computes);

/// \param most  how many are remembered.
std::unique_ptr<Programs> make_programs(std::vector<Programs::Argument> arguments, std::size_t most);

}  // namespace xgrad::detail
