#include "linear_solve.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include <xgrad/core/errors.hpp>
#include <xgrad/ops/elementwise.hpp>
#include <xgrad/ops/manipulate.hpp>

#include "derivatives/functions/call.hpp"
#include "derivatives/functions/linearity.hpp"
#include "derivatives/sweep.hpp"
#include "primitives/traits.hpp"
#include "var/call.hpp"
#include "var/record.hpp"

namespace xgrad::detail {

// ---- what is recorded

std::vector<NodeId> nodes_of(std::span<const Var> all) {
  std::vector<NodeId> result;
  for (const Var& x : all) result.push_back(VarAccess::node(x));
  return result;
}

std::vector<Var> fresh_inputs(TapeState& tape, std::span<const Var> all) {
  std::vector<Var> result;
  for (const Var& x : all) result.push_back(VarAccess::recorded(tape, append_input(tape, x)));
  return result;
}

void require_alike(std::string_view operation, std::string_view what, std::span<const Var> given,
                   std::string_view what_like, std::span<const Var> like, const Paths& paths) {
  for (std::size_t k = 0; k < like.size(); ++k) {
    const Var& x = given[k];
    require_usable(x, operation);
    const bool fits = x.dtype() == like[k].dtype() || VarAccess::is_weak(x);
    if (fits && x.shape() == like[k].shape()) continue;
    const std::string path = paths()[k];
    const std::string message = std::string(operation) + ": " + std::string(what) + " is " + describe(x) + ", " +
                                std::string(what_like) + " " + describe(like[k]) +
                                (path.empty() ? "" : " (" + path + ")") +
                                "; they must have the same shape and element type";
    if (fits) throw ShapeError(message);
    throw TypeError(message);
  }
}

std::vector<Var> results_like(std::string_view operation, std::string_view what, Trace& trace,
                              std::span<const Var> results, std::span<const Var> like, std::string_view what_like,
                              const Paths& paths) {
  require_alike(operation, what, results, what_like, like, paths);
  std::vector<Var> all;
  for (std::size_t k = 0; k < like.size(); ++k) {
    all.push_back(trace.node(as_weak(cast(results[k], like[k].dtype()), false)));
  }
  return all;
}

Packing::Packing(std::span<const Var> like) {
  for (const Var& x : like) {
    types_.push_back({x.dtype(), x.shape()});
    size_ += x.size();
    if (x.dtype() == DType::Float64) dtype_ = DType::Float64;
    if (x.dtype() == DType::Float32) precision_ = DType::Float32;
  }
}

Var Packing::packed(std::span<const Var> leaves) const {
  std::vector<Var> parts;
  for (const Var& x : leaves) parts.push_back(as_weak(flatten(cast(x, dtype_)), false));
  return parts.size() == 1 ? parts[0] : concatenate(parts, 0);
}

std::vector<Var> Packing::unpacked(const Var& vector) const {
  std::vector<Var> result;
  std::ptrdiff_t begin = 0;
  for (const ArrayType& type : types_) {
    const std::ptrdiff_t end = begin + static_cast<std::ptrdiff_t>(size_of(type.shape));
    const Var part = types_.size() == 1 ? vector : view(vector, xt::range(begin, end));
    result.push_back(cast(reshape(part, Strides(type.shape.begin(), type.shape.end())), type.dtype));
    begin = end;
  }
  return result;
}

LinearMap extracted_map(TapeState& tape, NodeId first, const Var& v, const Var& product) {
  Extracted part = extract(tape, first, nodes_of({&v, 1}), nodes_of({&product, 1}));
  LinearMap result{std::move(part.function), {}};
  for (const NodeId id : part.captured) result.matrix.push_back(VarAccess::recorded(tape, id));
  return result;
}

namespace {

Var applied(TapeState& tape, const LinearMap& a, const Var& v) {
  std::vector<Var> inputs{v};
  inputs.insert(inputs.end(), a.matrix.begin(), a.matrix.end());
  return record_body(tape, *a.function, inputs)[0];
}

/// v -> A^T v.
/// \throws TapeError  if the map is not linear: then its reverse derivative depends on where it is taken.
LinearMap transposed_map(TapeState& tape, const LinearMap& a, const Var& like, const std::string& operation) {
  using Part = TapeState::Transposition;
  const Part outer = tape.transposition();
  const Var at = opaque(tape, like.dtype(), like.shape());
  const auto first = static_cast<NodeId>(tape.size());
  tape.note_transposition(Part::Recorded);
  const Var product = applied(tape, a, at);
  const Var v = opaque(tape, like.dtype(), like.shape());
  tape.note_transposition(Part::Swept);
  const std::vector<Var> swept =
      derivatives::reverse_sweep(tape, std::span(&product, 1), std::span(&v, 1), std::span(&at, 1));
  tape.note_transposition(outer);
  LinearMap result = extracted_map(tape, first, v, derivatives::completed(swept, {&at, 1})[0]);
  const std::vector<NodeId> made_of = nodes_of(result.matrix);
  if (std::ranges::find(made_of, VarAccess::node(at)) != made_of.end()) {
    throw TapeError(operation + ": matvec is not linear: its derivative depends on the vector that it is given");
  }
  return result;
}

/// -dA x, for tangents of what A is made of; empty Var: 0. They may be empty, too.
Var pushed_through_matrix(TapeState& tape, const LinearMap& a, const Var& x, std::span<const Var> tangents) {
  LinearMap moving{a.function, fresh_inputs(tape, a.matrix)};
  std::vector<Var> from;
  std::vector<Var> directions;
  for (std::size_t k = 0; k < tangents.size(); ++k) {
    if (!tangents[k].defined() || !is_floating(tangents[k].dtype())) continue;
    from.push_back(moving.matrix[k]);
    directions.push_back(tangents[k]);
  }
  if (from.empty()) return {};
  const Var product = applied(tape, moving, x);
  const Var moved = derivatives::forward_sweep(tape, from, directions, std::span(&product, 1))[0];
  return moved.defined() ? -moved : Var();
}

/// The rule of the derivatives; see linear_solve().
struct LinearSolveRule {
  std::shared_ptr<const Function> function;
  LinearMethod how;

  [[nodiscard]] LinearMap map(CallRule::Vars inputs) const { return {function, {inputs.begin() + 1, inputs.end()}}; }

  [[nodiscard]] std::vector<Var> vjp(CallRule::Vars inputs, CallRule::Vars outputs, CallRule::Vars cotangents) const {
    TapeState& tape = VarAccess::tape(inputs[0]);
    const LinearMap a = map(inputs);
    const Var of_b = record_linear_solve(tape, transposed_map(tape, a, inputs[0], how.operation), cotangents[0],
                                         transposed_method());
    LinearMap moving{function, fresh_inputs(tape, a.matrix)};
    const Var product = applied(tape, moving, outputs[0]);
    const Var seed = -of_b;
    std::vector<Var> floating;
    for (const Var& x : moving.matrix) {
      if (is_floating(x.dtype())) floating.push_back(x);
    }
    const std::vector<Var> swept =
        derivatives::reverse_sweep(tape, std::span(&product, 1), std::span(&seed, 1), floating);
    std::vector<Var> result{of_b};
    std::size_t used = 0;
    for (const Var& x : moving.matrix) result.push_back(is_floating(x.dtype()) ? swept[used++] : Var());
    return result;
  }

  [[nodiscard]] std::vector<Var> jvp(CallRule::Vars inputs, CallRule::Vars outputs, CallRule::Vars tangents) const {
    TapeState& tape = VarAccess::tape(inputs[0]);
    const LinearMap a = map(inputs);
    const Var of_matrix = pushed_through_matrix(tape, a, outputs[0], tangents.subspan(1));
    Var right = tangents[0];
    if (of_matrix.defined()) right = right.defined() ? right + of_matrix : of_matrix;
    if (!right.defined()) return {Var()};
    return {record_linear_solve(tape, a, right, how)};
  }

  /// What is transposed is known to be linear.
  [[nodiscard]] LinearMethod transposed_method() const {
    LinearMethod result = how;
    result.is_linear = true;
    return result;
  }
};

}  // namespace

Var record_linear_solve(TapeState& tape, const LinearMap& a, const Var& b, const LinearMethod& how) {
  std::vector<Var> given{VarAccess::recorded(tape, import(tape, b))};
  given.insert(given.end(), a.matrix.begin(), a.matrix.end());
  const auto first = static_cast<NodeId>(tape.size());
  const std::vector<Var> inputs = fresh_inputs(tape, given);
  const LinearMap inside{a.function, {inputs.begin() + 1, inputs.end()}};
  const Var x = solved([&](const Var& v) { return applied(tape, inside, v); }, inputs[0], how);
  Extracted part = extract(tape, first, nodes_of(inputs), nodes_of({&x, 1}));
  std::vector<NodeId> nodes = nodes_of(inputs);
  nodes.insert(nodes.end(), part.captured.begin(), part.captured.end());
  auto rule = std::make_shared<CallRule>();
  const LinearSolveRule of_solve{a.function, how};
  const std::size_t count = inputs.size();
  rule->operation = how.operation;
  rule->inputs = count;
  rule->outputs = 1;
  rule->vjp = [of_solve](CallRule::Vars in, CallRule::Vars out, CallRule::Vars cotangents) {
    return of_solve.vjp(in, out, cotangents);
  };
  rule->jvp = [of_solve](CallRule::Vars in, CallRule::Vars out, CallRule::Vars tangents) {
    return of_solve.jvp(in, out, tangents);
  };
  rule->paths = [count] { return std::vector<std::string>(count, "the linear system"); };
  auto payload = std::make_shared<Payload>(Payload{std::move(part.function), std::move(rule)});
  return record_call(tape, std::move(payload), nodes)[0];
}

namespace {

/// The right-hand side: numbers take the element type that the product with the matrix has.
class RightHandSide {
 public:
  RightHandSide(Trace& trace, std::span<const Var> b) {
    for (const Var& x : b) leaves_.push_back(trace.node(x));
  }
  [[nodiscard]] const std::vector<Var>& leaves() const { return leaves_; }

  [[nodiscard]] std::vector<Var> stand_ins(TapeState& tape) const {
    std::vector<Var> result;
    for (const Var& x : leaves_) {
      result.push_back(opaque(tape, x.dtype(), x.shape()));
      tape.set_weak(VarAccess::node(result.back()), VarAccess::is_weak(x));
    }
    return result;
  }
  void settle(std::span<const Var> products) {
    for (std::size_t k = 0; k < leaves_.size(); ++k) {
      Var& x = leaves_[k];
      if (!VarAccess::is_weak(x)) continue;
      const bool takes_type = k < products.size() && products[k].defined() && is_floating(products[k].dtype());
      x = as_weak(takes_type ? cast(x, products[k].dtype()) : x, false);
    }
  }

 private:
  std::vector<Var> leaves_;
};

}  // namespace

std::vector<Var> linear_solve(Trace& trace, const LeavesFunction& matvec, std::span<const Var> b,
                              const LinearSolveOptions& options, const Paths& paths) {
  constexpr std::string_view operation = "linear_solve";
  TapeState& tape = trace.tape();
  for (const Var& x : b) require_usable(x, operation);
  require_differentiable(operation, b, paths);
  RightHandSide right(trace, b);
  const NoValues none(tape);
  if (std::ranges::any_of(b, [](const Var& x) { return VarAccess::is_weak(x); })) {
    right.settle(matvec(right.stand_ins(tape)));
  }
  const std::vector<Var>& leaves = right.leaves();
  const Packing packing(leaves);
  const LinearMethod how =
      make_linear_method(std::string(operation), options, packing.size(), packing.precision(), false);
  const Var v = opaque(tape, packing.dtype(), Shape{packing.size()});
  const auto first = static_cast<NodeId>(tape.size());
  const std::vector<Var> products = results_like(operation, "what matvec returns", trace, matvec(packing.unpacked(v)),
                                                 leaves, "the right-hand side", paths);
  const Var product = packing.packed(products);
  derivatives::require_linear(operation, "matvec", tape, {&v, 1}, {&product, 1});
  const LinearMap a = extracted_map(tape, first, v, product);
  static_cast<void>(transposed_map(tape, a, v, std::string(operation)));  // refuses what is not linear
  if (packing.size() == 0) return leaves;
  return packing.unpacked(record_linear_solve(tape, a, packing.packed(leaves), how));
}

}  // namespace xgrad::detail
