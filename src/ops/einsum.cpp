#include <algorithm>
#include <array>
#include <limits>
#include <string>
#include <vector>

#include <xgrad/core/errors.hpp>
#include <xgrad/ops/contract.hpp>
#include <xgrad/ops/diagonal.hpp>

#include "contraction.hpp"
#include "core/text.hpp"
#include "einsum_equation.hpp"
#include "internal.hpp"

namespace xgrad {
namespace {

using detail::Factor;
using detail::IndexList;
using detail::Subscripts;

constexpr std::size_t nowhere = std::numeric_limits<std::size_t>::max();

/// An index and where it was first seen.
struct IndexOfEquation {
  std::size_t extent = 1;
  std::size_t operand = nowhere;
};

std::string operand_text(std::size_t number, const Var& x) {
  return "operand " + std::to_string(number) + ", of shape " + to_string(x.shape());
}

/// Letters and axes of ellipses as numbers: first these, the last one being number 0, then the letters as they come.
class Numbering {
 public:
  Numbering(const detail::EinsumEquation& equation, std::span<const Var> operands) {
    for (std::size_t i = 0; i < operands.size(); ++i) {
      check_rank(equation.operands[i], i, operands[i]);
      most_ = std::max(most_, operands[i].dimension() - equation.operands[i].letters.size());
    }
    all_.resize(most_);
    numbers_.fill(nowhere);
    for (std::size_t i = 0; i < operands.size(); ++i) see(equation.operands[i], i, operands);
  }

  /// How many axes the longest ellipsis stands for.
  [[nodiscard]] std::size_t ellipsis() const { return most_; }

  /// The numbers of the indices of an array whose ellipsis stands for some axes.
  [[nodiscard]] IndexList of(const Subscripts& subscripts, std::size_t axes_of_ellipsis) const {
    IndexList result;
    for (std::size_t i = 0; i <= subscripts.letters.size(); ++i) {
      if (subscripts.ellipsis == i) {
        for (std::size_t axis = axes_of_ellipsis; axis-- > 0;) result.push_back(static_cast<std::uint8_t>(axis));
      }
      if (i < subscripts.letters.size()) result.push_back(static_cast<std::uint8_t>(number_of(subscripts.letters[i])));
    }
    return result;
  }

  [[nodiscard]] std::vector<std::size_t> extents() const {
    std::vector<std::size_t> result;
    for (const IndexOfEquation& each : all_) result.push_back(each.extent);
    return result;
  }

 private:
  static void check_rank(const Subscripts& subscripts, std::size_t number, const Var& x) {
    const std::size_t letters = subscripts.letters.size();
    if (subscripts.ellipsis ? x.dimension() >= letters : x.dimension() == letters) return;
    throw ShapeError("einsum: the equation names " + std::string(subscripts.ellipsis ? "at least " : "") +
                     core::count_of(letters, "axis", "axes") + " (\"" + subscripts.letters + "\") of " +
                     operand_text(number, x) + ", which has " + std::to_string(x.dimension()));
  }

  [[nodiscard]] std::size_t number_of(char letter) const { return numbers_[static_cast<unsigned char>(letter)]; }

  /// Takes notice of the indices of one operand.
  void see(const Subscripts& subscripts, std::size_t number, std::span<const Var> operands) {
    for (const char letter : subscripts.letters) {
      if (number_of(letter) != nowhere) continue;
      numbers_[static_cast<unsigned char>(letter)] = all_.size();
      all_.emplace_back();
    }
    const Var& x = operands[number];
    const IndexList indices = of(subscripts, x.dimension() - subscripts.letters.size());
    for (std::size_t axis = 0; axis < indices.size(); ++axis) {
      IndexOfEquation& index = all_[indices[axis]];
      const std::size_t extent = x.shape()[axis];
      const bool broadcasts = indices[axis] < most_ && (extent == 1 || index.extent == 1);
      if (index.operand == nowhere || (broadcasts && extent != 1)) index = {extent, number};
      if (index.extent == extent || broadcasts) continue;
      const auto letter = std::find(numbers_.begin(), numbers_.end(), indices[axis]) - numbers_.begin();
      const std::string name = indices[axis] < most_ ? "axis -" + std::to_string(indices[axis] + 1) + " of the ellipsis"
                                                     : "the index " + std::string(1, static_cast<char>(letter));
      throw ShapeError("einsum: " + name + " is " + std::to_string(index.extent) + " long in " +
                       operand_text(index.operand, operands[index.operand]) + ", and " + std::to_string(extent) +
                       " in " + operand_text(number, x) + "; extents of an index must be equal");
    }
  }

  std::size_t most_ = 0;
  std::vector<IndexOfEquation> all_;
  std::array<std::size_t, 128> numbers_{};
};

/// Diagonals in place of indices that are named twice, and without axes that broadcast.
Factor as_factor(const Var& operand, IndexList indices, std::span<const std::size_t> extents) {
  Var x = operand;
  for (std::size_t i = 0; i < indices.size();) {
    const auto again = std::find(indices.begin() + static_cast<std::ptrdiff_t>(i) + 1, indices.end(), indices[i]);
    if (again == indices.end()) {
      ++i;
      continue;
    }
    const std::uint8_t index = indices[i];
    x = diagonal(x, 0, static_cast<std::ptrdiff_t>(i), again - indices.begin());
    indices.erase(again);
    indices.erase(indices.begin() + static_cast<std::ptrdiff_t>(i));
    indices.push_back(index);
  }
  Factor result{x, {}};
  for (std::size_t axis = 0; axis < indices.size(); ++axis) {
    if (x.shape()[axis] == extents[indices[axis]]) result.indices.push_back(indices[axis]);
  }
  return result;
}

}  // namespace

Var einsum(std::string_view text, std::span<const Var> operands) {
  const detail::EinsumEquation equation = detail::read_equation(text);
  if (equation.operands.size() != operands.size()) {
    throw ValueError("einsum: the equation \"" + std::string(text) + "\" is one of " +
                     core::count_of(equation.operands.size(), "array", "arrays") + "; given " +
                     (operands.size() == 1 ? "is " : "are ") + std::to_string(operands.size()));
  }
  for (const Var& each : operands) detail::require_usable(each, "einsum");
  detail::require_one_tape("einsum", operands);
  const Numbering numbering(equation, operands);
  if (!equation.result.ellipsis && numbering.ellipsis() > 0) {
    detail::refuse_equation(text, text.size(),
                            "the result must have an ellipsis, as those of the operands stand for " +
                                core::count_of(numbering.ellipsis(), "axis", "axes"));
  }
  const std::vector<std::size_t> extents = numbering.extents();
  std::vector<Factor> factors;
  for (std::size_t i = 0; i < operands.size(); ++i) {
    const Subscripts& subscripts = equation.operands[i];
    const std::size_t in_ellipsis = operands[i].dimension() - subscripts.letters.size();
    factors.push_back(as_factor(operands[i], numbering.of(subscripts, in_ellipsis), extents));
  }
  return detail::contract("einsum", std::move(factors), numbering.of(equation.result, numbering.ellipsis()), extents);
}

Var einsum(std::string_view equation, std::initializer_list<Var> operands) {
  return einsum(equation, std::span<const Var>(operands.begin(), operands.size()));
}

}  // namespace xgrad
