// Texts beside those that they should be.
//
// `update` takes texts in UTF-8, or the numbers of their tokens as models give them. Words are what is between white
// space of ASCII; characters are code points, and each byte that is no UTF-8 is one. The states are sums, as those of
// all metrics; there are no weights. None of them has values of nothing: ValueError.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <xgrad/metrics/state.hpp>
#include <xgrad/tree/fields.hpp>
#include <xgrad/var.hpp>

#pragma GCC visibility push(default)

namespace xgrad::metrics {

/// Mean distance of texts: the smallest number of characters (or tokens) to be replaced, inserted or left out that
/// makes one of the other.
///
///     d(i, j) = min(d(i - 1, j) + 1, d(i, j - 1) + 1, d(i - 1, j - 1) + [p_i != t_j])
///
/// \source  V. I. Levenshtein, Binary codes capable of correcting deletions, insertions, and reversals, 1966.
struct EditDistance {
  static constexpr std::string_view name = "EditDistance";
  [[nodiscard]] Sums init() const;
  [[nodiscard]] Sums update(const Sums& state, std::string_view prediction, std::string_view target) const;
  [[nodiscard]] Sums update(const Sums& state, std::span<const std::int64_t> prediction,
                            std::span<const std::int64_t> target) const;
  [[nodiscard]] Var value(const Sums& state) const;
};
XGRAD_FIELDS(EditDistance)

/// Word error rate: edits of words (or tokens) over all words that should be there. It may be more than 1.
///
///     sum of distances / sum of words of the targets
///
/// \throws ValueError  for the value without any word in the targets (raised when evaluated).
/// \source  D. Klakow and J. Peters, Testing the correlation of word error rate and perplexity, 2002; distances as
///          EditDistance.
struct WordErrorRate {
  static constexpr std::string_view name = "WordErrorRate";
  [[nodiscard]] Sums init() const;
  [[nodiscard]] Sums update(const Sums& state, std::string_view prediction, std::string_view target) const;
  [[nodiscard]] Sums update(const Sums& state, std::span<const std::int64_t> prediction,
                            std::span<const std::int64_t> target) const;
  [[nodiscard]] Var value(const Sums& state) const;
};
XGRAD_FIELDS(WordErrorRate)

/// Character error rate: edits of characters, white space too, over all characters that should be there. Of tokens it
/// is the WordErrorRate.
///
///     sum of distances / sum of characters of the targets
///
/// \throws ValueError  for the value without any character in the targets (raised when evaluated).
/// \source  as WordErrorRate.
struct CharacterErrorRate {
  static constexpr std::string_view name = "CharacterErrorRate";
  [[nodiscard]] Sums init() const;
  [[nodiscard]] Sums update(const Sums& state, std::string_view prediction, std::string_view target) const;
  [[nodiscard]] Var value(const Sums& state) const;
};
XGRAD_FIELDS(CharacterErrorRate)

/// BLEU of all texts together, in [0, 1]; 0 if there is no right sequence of some length.
///
///     min(1, e^(1 - r / c)) exp(mean over n = 1 ... order of ln(m_n / s_n))
///
/// s_n is how many sequences of n words (or tokens) the predictions have, m_n how many of them are right: each counts
/// as often as in that of its references that has it most often. c is the number of all words of the predictions, r the
/// sum of the lengths of the references whose lengths are nearest (of two the shorter).
///
/// \param references  right texts, one or more.
/// \throws ValueError  unless the order is from 1 to 1000; without references.
/// \source  K. Papineni et al., BLEU: a method for automatic evaluation of machine translation, 2002. With `smooth`,
///          1 is added to m_n and s_n for n > 1: C.-Y. Lin and F. J. Och, ORANGE, 2004.
struct Bleu {
  static constexpr std::string_view name = "Bleu";
  std::size_t order = 4;
  bool smooth = false;
  [[nodiscard]] Sums init() const;
  [[nodiscard]] Sums update(const Sums& state, std::string_view prediction,
                            const std::vector<std::string>& references) const;
  [[nodiscard]] Sums update(const Sums& state, std::span<const std::int64_t> prediction,
                            const std::vector<std::vector<std::int64_t>>& references) const;
  [[nodiscard]] Var value(const Sums& state) const;
};
XGRAD_FIELDS(Bleu, order, smooth)

}  // namespace xgrad::metrics

#pragma GCC visibility pop
