// Jacobians and Hessians of which most elements are 0: sparse_jacobian, sparse_hessian, and where they have entries.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <xgrad/transform/grad.hpp>
#include <xgrad/transform/jacobian.hpp>
#include <xgrad/transform/trace.hpp>
#include <xgrad/transform/vjp.hpp>
#include <xgrad/tree/fields.hpp>

#pragma GCC visibility push(default)

namespace xgrad {

/// Where a matrix has entries: entry k is in row rows[k] and column columns[k].
struct SparsityPattern {
  Shape shape;        ///< rows, columns
  Var rows, columns;  ///< int64 [entries]
};

struct CsrMatrix;

/// A matrix by its entries (the coordinate format, COO). It is a tree whose one leaf are the values: these are batched,
/// differentiated and computed as any others, while the pattern is static.
struct SparseMatrix {
  Shape shape;        ///< rows, columns
  Var rows, columns;  ///< int64 [entries]; those that the library makes stand row by row, columns ascending
  Var values;         ///< [..., entries]; axes before the last are those of batches

  /// The same matrix with compressed rows.
  /// \throws ShapeError, TypeError, ValueError  unless rows and columns are such.
  [[nodiscard]] CsrMatrix csr() const;
  /// [..., rows, columns], with zeros where there is no entry; values at one place add up.
  [[nodiscard]] Var dense() const;
  [[nodiscard]] SparsityPattern pattern() const { return {shape, rows, columns}; }
};
XGRAD_FIELDS(SparseMatrix, static(shape), static(rows), static(columns), values)

/// A matrix by its rows, one after another (compressed sparse rows, CSR): the entries of row i are those from
/// row_starts[i] on, up to row_starts[i + 1].
struct CsrMatrix {
  Shape shape;              ///< rows, columns
  Var row_starts, columns;  ///< int64 [rows + 1], [entries]
  Var values;               ///< [..., entries]

  [[nodiscard]] SparseMatrix coo() const;
};
XGRAD_FIELDS(CsrMatrix, static(shape), static(row_starts), static(columns), values)

struct SparseJacobianOptions {
  /// forward: columns that share no row are computed together, by tangents; reverse: rows that share no column, by
  /// cotangents; automatic: whichever are fewer.
  Mode mode = Mode::automatic;
  /// Where there may be entries, if that is not to be found out. It may be too large, never too small.
  std::optional<SparsityPattern> pattern = {};
  /// Colours, from 0, of the columns, or of the rows if the mode is reverse, if they are not to be found out: what has
  /// one colour is computed together.
  std::vector<std::int64_t> colours = {};
  /// Compare the product with a vector without pattern with that which the derivative gives. A difference is a
  /// ValueError when the values are computed. It costs a further sweep.
  bool check = false;
};

/// As for a Jacobian. The pattern holds both halves; colours must be those of a star colouring.
struct SparseHessianOptions {
  std::optional<SparsityPattern> pattern = {};
  std::vector<std::int64_t> colours = {};
  bool check = false;
};

namespace detail {

enum class SparseKind : std::uint8_t { Jacobian, Hessian };

/// What is recorded of a function for a sparse derivative.
struct SparseProblem {
  SparseKind kind;
  std::string_view operation;  ///< what the user called, for messages
  std::vector<Var> arguments;  ///< all arrays among them
  std::vector<Var> inputs;     ///< what is differentiated
  std::vector<Var> outputs;    ///< of a Hessian: the gradient
};

SparsityPattern sparsity_pattern(Trace& trace, const SparseProblem& problem);
SparseMatrix sparse_derivative(Trace& trace, const SparseProblem& problem, const SparseJacobianOptions& options);

constexpr std::string_view name_of(SparseKind kind) {
  return kind == SparseKind::Jacobian ? "sparse_jacobian" : "sparse_hessian";
}

/// The gradient of a loss, recorded.
std::vector<Var> recorded_gradient(std::string_view operation, Trace& trace, const Var& loss,
                                   std::span<const Var> inputs);

template <SparseKind kind, class R, class Held>
SparseProblem sparse_problem(std::string_view operation, Trace& trace, FunctionOf<R, Held&> f, Held& arguments) {
  static_assert(Held::may_hold_vars, "an argument to be differentiated holds no Var");
  arguments.enter(trace);
  SparseProblem problem{kind, operation, arguments.arrays(), arguments.differentiated(), {}};
  require_differentiable(operation, problem.inputs, paths_of(arguments));
  if constexpr (kind == SparseKind::Hessian) {
    const R result = f(arguments);
    problem.outputs = recorded_gradient(operation, trace, ResultParts<R>::loss(result), problem.inputs);
  } else {
    problem.outputs = leaves_on(trace, result_of(operation, trace, f(arguments)));
  }
  return problem;
}

template <SparseKind kind, class R, class Held>
SparsityPattern sparsity_pattern_at(FunctionOf<R, Held&> f, Held& arguments) {
  Trace trace(arguments.arrays());
  constexpr std::string_view operation = kind == SparseKind::Jacobian ? "jacobian_pattern" : "hessian_pattern";
  return sparsity_pattern(trace, sparse_problem<kind>(operation, trace, f, arguments));
}

template <SparseKind kind, class R, class Held>
SparseMatrix sparse_derivative_at(FunctionOf<R, Held&> f, Held& arguments, const SparseJacobianOptions& options) {
  Trace trace(arguments.arrays());
  return finished(trace, sparse_derivative(trace, sparse_problem<kind>(name_of(kind), trace, f, arguments), options));
}

template <SparseKind kind, class F, class Positions>
class SparseOf {
 public:
  SparseOf(F f, SparseJacobianOptions options) : f_(std::move(f)), options_(std::move(options)) {}

  template <class... A>
  requires CallableWith<const F&, Positions, A...>
  [[nodiscard]] SparseMatrix operator()(A&&... a) const {
    auto arguments = make_arguments(Positions(), std::forward<A>(a)...);
    using Held = decltype(arguments);
    using R = typename Held::template Result<const F>;
    const auto f = as_function_of<R, Held>(f_);
    return sparse_derivative_at<kind>(FunctionOf<R, Held&>(f), arguments, options_);
  }
  template <class... A>
  Misfit operator()(A&&... a) const {
    refuse_call<F>(Positions(), a...);
    return {};
  }

 private:
  F f_;
  SparseJacobianOptions options_;
};

template <SparseKind kind, class Positions, class F, class... A>
SparsityPattern sparsity_pattern_of(const F& f, A&&... a) {
  if constexpr (CallableWith<const F&, Positions, A...>) {
    auto arguments = make_arguments(Positions(), std::forward<A>(a)...);
    using Held = decltype(arguments);
    using R = typename Held::template Result<const F>;
    const auto function = as_function_of<R, Held>(f);
    return sparsity_pattern_at<kind>(FunctionOf<R, Held&>(function), arguments);
  } else {
    refuse_call<F>(Positions(), a...);
    return {};
  }
}

}  // namespace detail

/// Where the Jacobian of a function may have entries other than 0: a row for each element of all leaves of its result,
/// a column for each element of all leaves of the differentiated arguments, leaf by leaf in the order of tree::leaves.
///
/// It is read off the recorded forward derivative, by which tangents a result can come of, and so never too small, for
/// any values of the arguments; for a condition on these both branches count. What is captured (indices, conditions,
/// matrices with zeros) counts with its values. docs/design/sparse_derivatives.md says what of each operation.
///
/// \throws TypeError   unless result and differentiated Vars are floating-point.
/// \throws ShapeError  if there are 2^32 columns or more.
template <std::size_t... positions, class F, class... A>
[[nodiscard]] SparsityPattern jacobian_pattern(const F& f, A&&... arguments) {
  return detail::sparsity_pattern_of<detail::SparseKind::Jacobian, detail::positions_or_first<positions...>>(
      f, std::forward<A>(arguments)...);
}

/// Where the Hessian of a scalar function may have entries: the pattern of the Jacobian of its gradient, of which only
/// the symmetric part counts (unless a derivative is a rule of the user's, which need not be symmetric).
template <std::size_t... positions, class F, class... A>
[[nodiscard]] SparsityPattern hessian_pattern(const F& f, A&&... arguments) {
  return detail::sparsity_pattern_of<detail::SparseKind::Hessian, detail::positions_or_first<positions...>>(
      f, std::forward<A>(arguments)...);
}

/// The function that computes a Jacobian of which most elements are 0, as a SparseMatrix.
///
///     auto jacobian = xg::compile(xg::sparse_jacobian(residuals));
///     xg::SparseMatrix j = jacobian(x);            // j.rows, j.columns, j.values; j.csr(), j.dense()
///
/// Rows and columns are those of jacobian_pattern. Columns (or rows) that meet nowhere get one colour and are computed
/// by one sweep for their sum (Curtis, Powell and Reid 1974); all sweeps run as one batch. Pattern and colours are
/// found when f is recorded: at each call, or once if it is compiled. The values are Vars like any others, in the
/// element type of the result: they can be differentiated again, batched (values [n, entries]) and compiled.
///
/// \tparam positions  which arguments to differentiate with respect to; the first by default.
/// \throws TypeError   unless results and differentiated Vars are floating-point, and a given pattern holds integers.
/// \throws ShapeError  if a given pattern has another shape than the Jacobian; if there are 2^32 columns or more.
/// \throws ValueError  if a given pattern has an entry outside of the matrix, or colours do not tell all entries apart;
///                     with `check`, when values are computed, if the pattern is too small.
template <std::size_t... positions, class F>
[[nodiscard]] auto sparse_jacobian(F f, SparseJacobianOptions options = {}) {
  return detail::SparseOf<detail::SparseKind::Jacobian, F, detail::positions_or_first<positions...>>(
      std::move(f), std::move(options));
}

/// The function that computes the second derivatives of a scalar function, of which most are 0, as a symmetric
/// SparseMatrix with both halves; forward over reverse.
///
/// A star colouring (Coleman and Moré 1984; Gebremedhin, Manne and Pothen 2005) takes each entry from the half in which
/// it stands alone: a diagonal with a full row and column takes two sweeps. The rest is as for sparse_jacobian.
///
/// \throws ShapeError  unless the function returns a scalar.
/// \throws ValueError  if a given pattern is not symmetric.
template <std::size_t... positions, class F>
[[nodiscard]] auto sparse_hessian(F f, SparseHessianOptions options = {}) {
  return detail::SparseOf<detail::SparseKind::Hessian, F, detail::positions_or_first<positions...>>(
      std::move(f), {Mode::forward, std::move(options.pattern), std::move(options.colours), options.check});
}

}  // namespace xgrad

#pragma GCC visibility pop
