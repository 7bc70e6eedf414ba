// Derivatives and batches of the extremum of what indices send to a row: equal extreme elements share evenly, those of
// x with them.
#include "batching.hpp"
#include "node_context.hpp"
#include "ops/internal.hpp"
#include "primitives/arrays.hpp"

namespace xgrad::primitives {

using derivatives::BatchContext;
using derivatives::NodeContext;

namespace {

/// The part of the derivative that each of the values and each element of x gets.
class SharesOfExtremum {
 public:
  explicit SharesOfExtremum(const NodeContext& context)
      : context_(context), chooser_(static_cast<Chooser>(context.attributes()[1])) {
    const Var chosen = is_extreme(context.input(0), taken(context.output()));
    const Var x = context.input(2);
    if (context.attributes()[3] != 0) {  // x counts where nothing is sent
      values = chosen / taken(added(chosen));
      rows = one_where(equal(added(ones_like(chosen)), 0.0), x);
    } else {
      const Var kept = is_extreme(x, context.output());
      const Var count = kept + added(chosen);
      values = chosen / taken(count);
      rows = kept / count;
    }
  }

  /// Rows of a result at the indices.
  [[nodiscard]] Var taken(const Var& of_rows) const { return detail::take(of_rows, context_.input(1), 0, chooser_); }
  /// Sums of what indices send to each row.
  [[nodiscard]] Var added(const Var& of_values) const {
    return detail::scatter_add(of_values, context_.input(1), context_.output().shape(), 0, chooser_);
  }

  Var values, rows;

 private:
  static Var is_extreme(const Var& x, const Var& extremum) { return one_where(equal(x, extremum), x); }

  const NodeContext& context_;
  Chooser chooser_;
};

}  // namespace

Var ScatterExtremum::vjp(const NodeContext& context, std::size_t input, const Var& cotangent) {
  const SharesOfExtremum shares(context);
  const Var spread = input == 0 ? shares.taken(cotangent) : cotangent;
  const Var& share = input == 0 ? shares.values : shares.rows;
  return context.masked ? absorbing_multiply(spread, share) : spread * share;
}

Var ScatterExtremum::jvp(const NodeContext& context, std::span<const Var> tangents) {
  const SharesOfExtremum shares(context);
  Var result;
  if (tangents[0].defined()) result = shares.added(tangents[0] * shares.values);
  if (tangents[2].defined()) {
    const Var term = tangents[2] * shares.rows;
    result = result.defined() ? result + term : term;
  }
  return result;
}

/// The rows of all examples are rows of one array.
Var ScatterExtremum::batch(const BatchContext& context) {
  const Shape shape = context.shape();
  const auto n = [](std::size_t extent) { return static_cast<std::ptrdiff_t>(extent); };
  const auto chooser = static_cast<Chooser>(context.attributes()[1]);
  const auto in_one = [&](const Var& x) { return reshape(x, {n(x.shape()[0] * x.shape()[1]), n(x.shape()[2])}); };
  const Var first_rows = reshape(detail::iota(context.extent) * n(shape[1]), {n(context.extent), 1});
  const Var indices = detail::places(context.batch(1), shape[1], chooser) + first_rows;
  const Var result = detail::scatter_extremum(in_one(context.batch(0)), flatten(indices), in_one(context.batch(2)),
                                              chooser, context.attributes()[2] != 0, context.attributes()[3] != 0);
  return reshape(result, Strides(shape));
}

}  // namespace xgrad::primitives
