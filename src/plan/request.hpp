// What is asked of a tape: the needed nodes, and a description of them that finds the plan made for such nodes before.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "ir/state.hpp"

namespace xgrad::plan {

using namespace memory;
using namespace ir;

/// What a plan may know about a number on the tape. Other numbers may change without another plan. Besides those that
/// simplify something there are the exponents of which `pow` makes products and roots.
enum class Known : std::uint8_t {
  Zero,
  MinusZero,
  One,
  MinusOne,
  Two,
  Half,
  MinusTwo,
  MinusThreeHalves,
  MinusThreeQuarters,
  MinusHalf,
  MinusQuarter,
  Quarter,
  ThreeQuarters,
  FiveQuarters,
  ThreeHalves,
  FiveHalves,
  Three,
  Four,
  Nonzero,  ///< none of these, and finite
  Nothing
};

Known known_of(DType dtype, Scalar scalar) noexcept;

/// What kernels get beside arrays; two plans for the same nodes may differ in them.
using Payloads = std::vector<std::shared_ptr<const Payload>>;

/// The part of a tape that some outputs need.
struct Request {
  std::vector<NodeId> nodes;             ///< in the order of the tape
  std::vector<Buffer*> leaves;           ///< arrays of the nodes whose values are known, in this order
  std::vector<NodeId> leaf_nodes;        ///< these nodes; no_node for those inside of functions that are called
  std::vector<Scalar> scalars;           ///< numbers of the constants, in this order
  Payloads payloads;                     ///< of the kernels that have some, in this order
  std::vector<std::uint64_t> signature;  ///< equal for two requests exactly if one plan serves both
  std::uint64_t hash = 0;
};

/// Fills in a request, in the memory of the one that it was before.
void collect(Request& request, const TapeState& tape, std::span<const NodeId> outputs);

/// The same of a tape of which other values may be asked later: nodes whose values are worth keeping beside are added
/// to the outputs (see keep.hpp).
void collect_and_keep(Request& request, const TapeState& tape, std::vector<NodeId>& outputs);

}  // namespace xgrad::plan
