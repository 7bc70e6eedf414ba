#include "pieces.hpp"

#include <algorithm>

#include <xgrad/ops/elementwise.hpp>
#include <xgrad/ops/manipulate.hpp>

#include "primitives/list.hpp"
#include "var/record.hpp"

namespace xgrad::detail {
namespace {

/// Cotangents of one and the same slice, added up.
std::vector<Piece> merged(TapeState& tape, std::vector<Piece> pieces) {
  std::stable_sort(pieces.begin(), pieces.end(), [](const Piece& a, const Piece& b) { return a.start < b.start; });
  std::vector<Piece> result;
  for (const Piece& piece : pieces) {
    if (!result.empty() && result.back().start == piece.start && result.back().count == piece.count) {
      NodeId& sum = result.back().node;
      sum = VarAccess::node(VarAccess::recorded(tape, sum) + VarAccess::recorded(tape, piece.node));
    } else {
      result.push_back(piece);
    }
  }
  return result;
}

bool lie_side_by_side(const std::vector<Piece>& pieces) {
  for (std::size_t i = 1; i < pieces.size(); ++i) {
    if (pieces[i].start < pieces[i - 1].start + pieces[i - 1].count) return false;
  }
  return true;
}

}  // namespace

std::optional<Piece> piece_of(const TapeState& tape, NodeId embed) {
  if (tape.node(embed).op != opcode<primitives::Embed>) return std::nullopt;
  const NodeId part = tape.inputs(embed)[0];
  const Shape whole = tape.shape(embed);
  const Shape shape = tape.shape(part);
  const std::span<const std::int64_t> places = tape.attributes(embed);
  std::optional<Piece> piece;
  for (std::size_t axis = 0; axis < whole.size(); ++axis) {
    const std::int64_t start = places[2 * axis];
    const bool dense = places[2 * axis + 1] == 1 || shape[axis] == 1;
    if (!dense || shape[axis] == 0) return std::nullopt;
    if (shape[axis] == whole[axis]) continue;
    if (piece) return std::nullopt;
    piece = Piece{axis, start, static_cast<std::int64_t>(shape[axis]), part};
  }
  return piece;
}

Var joined(TapeState& tape, std::vector<Piece> pieces, const Shape& shape) {
  if (pieces.size() < 2) return {};
  pieces = merged(tape, std::move(pieces));
  if (pieces.size() < 2 || !lie_side_by_side(pieces)) return {};
  const std::size_t axis = pieces[0].axis;
  const DType dtype = tape.node(pieces[0].node).dtype;
  std::vector<Var> parts;
  std::int64_t end = 0;
  const auto fill_to = [&](std::int64_t start) {
    if (start == end) return;
    Shape gap = shape;
    gap[axis] = static_cast<std::size_t>(start - end);
    parts.push_back(record_constant(tape, dtype, gap, 0.0));
  };
  for (const Piece& piece : pieces) {
    fill_to(piece.start);
    parts.push_back(VarAccess::recorded(tape, piece.node));
    end = piece.start + piece.count;
  }
  fill_to(static_cast<std::int64_t>(shape[axis]));
  return concatenate(parts, static_cast<std::ptrdiff_t>(axis));
}

}  // namespace xgrad::detail
