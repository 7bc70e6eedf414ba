#include <xgrad/loss/sequence.hpp>

#include <limits>
#include <numeric>
#include <string>

#include <xgrad/core/errors.hpp>
#include <xgrad/ops/check.hpp>
#include <xgrad/ops/index.hpp>
#include <xgrad/ops/manipulate.hpp>
#include <xgrad/ops/reduce.hpp>

#include "arguments.hpp"

namespace xgrad::loss {
namespace {

/// The logarithm of no probability. Not minus infinity: the difference of two of these must be a number.
constexpr double log_zero = -1e30;

void require_integer_argument(std::string_view what, const Var& x) {
  if (x.dtype() == DType::Int64) return;
  throw TypeError("Ctc: the " + std::string(what) + " are " + std::string(name(x.dtype())) + "; they must be integers");
}

void require_shapes(const Ctc& loss, const Var& x, const Var& targets, const Var& inputs, const Var& lengths) {
  detail::require_usable(Ctc::name, x, targets, inputs, lengths);
  const bool ranks = x.dimension() == 3 && targets.dimension() == 2;
  const Shape samples = ranks ? Shape{x.shape()[1]} : Shape{};
  if (!ranks || targets.shape()[0] != samples[0] || inputs.shape() != samples || lengths.shape() != samples) {
    throw ShapeError("Ctc: log-probabilities " + to_string(x.shape()) + ", targets " + to_string(targets.shape()) +
                     ", input lengths " + to_string(inputs.shape()) + ", target lengths " + to_string(lengths.shape()) +
                     "; they must be [T, N, C], [N, S], [N] and [N]");
  }
  const auto symbols = static_cast<std::int64_t>(x.shape()[2]);
  require_setting(Ctc::name, "blank", static_cast<double>(loss.blank), loss.blank >= 0 && loss.blank < symbols,
                  "it must be one of the " + std::to_string(symbols) + " symbols");
}

Var in_range(const Var& lengths, std::size_t most, const Requirement& requirement) {
  const auto limit = static_cast<std::int64_t>(most);
  return checked(lengths, lengths >= 0 && lengths <= limit, requirement, limit);
}

/// 0, 1, ... n - 1.
Var counting(std::size_t n) {
  auto numbers = Array<std::int64_t>::from_shape(Shape{n});
  std::iota(numbers.begin(), numbers.end(), std::int64_t{0});
  return {std::move(numbers)};
}

/// The symbols of the targets, 0 beyond their ends.
Var symbols_of(const Ctc& loss, const Var& targets, const Var& lengths, std::size_t symbols) {
  static const Requirement requirement("Ctc: the symbol {} is blank or out of range; symbols are in [0, {})");
  const Var used = counting(targets.shape()[1]) < expand_dims(lengths, 1);
  const Var chosen = where(used, targets, zeros_like(targets));
  if (!loss.check_targets) return chosen;
  const auto limit = static_cast<std::int64_t>(symbols);
  const Var fine = chosen >= 0 && chosen < limit && not_equal(chosen, loss.blank);
  return checked(chosen, fine || !used, requirement, limit);
}

/// The first `count` columns from `first` of [N, ...].
Var columns(const Var& x, std::size_t first, std::size_t count) {
  return view(x, xt::all(), xt::range(first, first + count));
}

/// Logarithms of the probabilities of all beginnings of alignments, by the symbol they have come to.
struct Beginnings {
  Var blanks;   ///< [N, S + 1]: after s symbols of the target and a blank
  Var symbols;  ///< [N, S + 1]: just after symbol s - 1; nothing at s = 0
};

}  // namespace

Var Ctc::operator()(const Var& log_probabilities, const Var& targets, const Var& input_lengths,
                    const Var& target_lengths) const {
  detail::require_usable(name, log_probabilities, targets, input_lengths, target_lengths);
  static const Requirement input_requirement("Ctc: the input length {} is out of range; lengths are in [0, {}]");
  static const Requirement target_requirement("Ctc: the target length {} is out of range; lengths are in [0, {}]");
  require_integer_argument("targets", targets);
  require_integer_argument("input lengths", input_lengths);
  require_integer_argument("target lengths", target_lengths);
  require_shapes(*this, log_probabilities, targets, input_lengths, target_lengths);
  const Shape shape = log_probabilities.shape();
  const std::size_t steps = shape[0];
  const std::size_t samples = shape[1];
  const std::size_t length = targets.shape()[1];
  const Var inputs = check_targets ? in_range(input_lengths, steps, input_requirement) : input_lengths;
  const Var lengths = check_targets ? in_range(target_lengths, length, target_requirement) : target_lengths;
  const Var symbols = symbols_of(*this, targets, lengths, shape[2]);

  const Var p = maximum(log_probabilities, log_zero);
  const Var of_blank = view(p, xt::all(), xt::all(), xt::range(blank, blank + 1));
  const Var of_symbol = take_along_axis(p, broadcast_to(expand_dims(symbols, 0), {steps, samples, length}), 2);

  const Var nothing = full_like(sum(of_blank, 0), log_zero);  // [N, 1]
  const Var start = broadcast_to(nothing, {samples, length + 1});
  Beginnings at{where(equal(counting(length + 1), 0), zeros_like(start), start), start};
  // A blank between two equal symbols cannot be left out.
  Var repeats = full_like(columns(start, 0, length), 0.0);
  if (length > 1) {
    const Var equal_neighbours = equal(columns(symbols, 1, length - 1), columns(symbols, 0, length - 1));
    const Var barred = where(equal_neighbours, columns(start, 0, length - 1), columns(repeats, 0, length - 1));
    repeats = concatenate({columns(repeats, 0, 1), barred}, 1);
  }
  for (std::size_t t = 0; t < steps; ++t) {
    const Var arriving = logaddexp(columns(at.symbols, 1, length), columns(at.blanks, 0, length));
    const Var leaping = columns(at.symbols, 0, length) + repeats;
    const Var emitted = logaddexp(arriving, leaping) + view(of_symbol, t);
    const Var resting = logaddexp(at.blanks, at.symbols) + view(of_blank, t);
    const Var running = expand_dims(inputs, 1) > static_cast<std::int64_t>(t);
    const Var moved = concatenate({nothing, where(running, emitted, columns(at.symbols, 1, length))}, 1);
    at = {where(running, resting, at.blanks), moved};
  }
  const Var end = expand_dims(lengths, 1);
  const Var total = reshape(logaddexp(take_along_axis(at.blanks, end, 1), take_along_axis(at.symbols, end, 1)),
                            {static_cast<std::ptrdiff_t>(samples)});
  const Var worst = full_like(total, zero_infinity ? 0.0 : std::numeric_limits<double>::infinity());
  return where(total < 0.1 * log_zero, worst, -total);
}

}  // namespace xgrad::loss
