// Losses of sequences.
#pragma once

#include <cstdint>
#include <string_view>

#include <xgrad/loss/contract.hpp>
#include <xgrad/tree/fields.hpp>
#include <xgrad/var.hpp>

#pragma GCC visibility push(default)

namespace xgrad::loss {

/// Connectionist temporal classification: minus the logarithm of the probability that a network, which emits one symbol
/// in each time step, spells a target once repeated symbols are merged and blanks are dropped.
///
///     loss[n] = -ln sum over the alignments a of target n of the product over t < input_lengths[n] of p[t, n, a[t]]
///
/// The recursion over time runs in the logarithm, all samples and symbols at once.
///
/// \param log_probabilities  [T, N, C] normalised over C: log_softmax(logits).
/// \param targets            [N, S] int64 in [0, C) without blank; what is beyond a target's length is not looked at.
/// \param input_lengths      [N] int64 in [0, T].
/// \param target_lengths     [N] int64 in [0, S].
/// \return  [N] nats, >= 0; infinity (or 0, if zero_infinity) with the derivative 0 where the input is too short.
/// \throws ShapeError  unless the shapes are these; TypeError unless targets and lengths are int64.
/// \throws ValueError  if blank is not in [0, C); for a length or symbol out of range (raised when evaluated).
/// \derivative  that of the formula: minus the expected number of times that an alignment uses a symbol at a time.
///              After log_softmax it is the same as libtorch's, whose own derivative already assumes one.
/// \source  A. Graves, S. Fernandez, F. Gomez and J. Schmidhuber, Connectionist temporal classification, 2006.
struct Ctc {
  static constexpr std::string_view name = "Ctc";
  std::int64_t blank = 0;      ///< the symbol that stands for none
  bool zero_infinity = false;  ///< whether samples whose input is too short count 0
  bool check_targets = true;   ///< whether symbols and lengths are checked
  Var operator()(const Var& log_probabilities, const Var& targets, const Var& input_lengths,
                 const Var& target_lengths) const;
};
XGRAD_FIELDS(Ctc, blank, zero_infinity, check_targets)

}  // namespace xgrad::loss

#pragma GCC visibility pop
