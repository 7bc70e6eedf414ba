// A node as its rule sees it, and how rules are written: each gives what is broken.
#pragma once

#include <algorithm>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string_view>
#include <vector>

#include "node_rules.hpp"

namespace xgrad::primitives::node_rules {

using ir::ArrayType, ir::Function, ir::Node, ir::NodeId, ir::Payload, ir::TapeState;

/// A node, and what a rule looks at.
struct NodeAt {
  NodeForm form;
  const TapeState* program = nullptr;  ///< null: it is in none
  NodeId id = ir::no_node;

  [[nodiscard]] ir::Opcode op() const { return form.op; }
  [[nodiscard]] DType type() const { return form.dtype; }
  [[nodiscard]] const Shape& shape() const { return *form.shape; }
  [[nodiscard]] std::size_t inputs() const { return form.inputs.size(); }
  [[nodiscard]] DType type(std::size_t k) const { return form.inputs[k].dtype; }
  [[nodiscard]] const Shape& shape(std::size_t k) const { return *form.inputs[k].shape; }
  [[nodiscard]] std::span<const std::int64_t> attributes() const { return form.attributes; }
  [[nodiscard]] const Payload& payload() const { return *program->payload(id); }

  [[nodiscard]] bool like_input(std::size_t k) const { return type(k) == type() && shape(k) == shape(); }
  /// Whether the first attribute is an axis.
  [[nodiscard]] bool has_axis_of(const Shape& of) const {
    return !attributes().empty() && attributes()[0] >= 0 && static_cast<std::uint64_t>(attributes()[0]) < of.size();
  }
  [[nodiscard]] std::size_t axis() const { return static_cast<std::size_t>(attributes()[0]); }
};

/// A node of a program.
class NodeOf {
 public:
  NodeOf(const TapeState& program, NodeId id) : program_(program), id_(id) {
    for (const NodeId input : program.inputs(id)) {
      inputs_.push_back({program.node(input).dtype, &program.shape(input)});
    }
  }
  [[nodiscard]] NodeAt look() const {
    const ir::Node& node = program_.node(id_);
    return {{node.op, node.dtype, &program_.shape(id_), inputs_, program_.attributes(id_)}, &program_, id_};
  }

 private:
  const TapeState& program_;
  NodeId id_;
  std::vector<ArrayForm> inputs_;
};

/// What is broken; empty if nothing is.
using Broken = std::string_view;
inline constexpr Broken nothing;
using NodeRequirement = Broken (*)(const NodeAt&);

inline Broken first_of(std::initializer_list<Broken> all) {
  const auto* found = std::ranges::find_if(all, [](Broken each) { return !each.empty(); });
  return found == all.end() ? nothing : *found;
}
inline Broken unless(bool holds, Broken rule) { return holds ? nothing : rule; }

inline constexpr Broken as_many_inputs = "it has as many inputs as its operation takes";
inline constexpr Broken as_many_attributes = "it has as many attributes as its operation";
inline constexpr Broken an_axis = "its axis is one of the array";
inline constexpr Broken like_its_input = "it has the shape and the element type of its input";
inline constexpr Broken operand_types = "its operands have the element type that it takes";

// ---- along axes

enum class Reduces : std::uint8_t { Sum, Extremum, Floats };

template <Reduces what>
Broken reduction(const NodeAt& n);
extern template Broken reduction<Reduces::Sum>(const NodeAt& n);
extern template Broken reduction<Reduces::Extremum>(const NodeAt& n);
extern template Broken reduction<Reduces::Floats>(const NodeAt& n);
Broken take_along_axis(const NodeAt& n);
Broken scatter_add_along_axis(const NodeAt& n);
Broken take(const NodeAt& n);
Broken scatter_add(const NodeAt& n);
Broken scatter_extremum(const NodeAt& n);
Broken concatenate(const NodeAt& n);
Broken roll(const NodeAt& n);
Broken cumulative_sum(const NodeAt& n);
Broken argsort(const NodeAt& n);
Broken argmax(const NodeAt& n);
Broken searchsorted(const NodeAt& n);
Broken one_hot(const NodeAt& n);
Broken balance(const NodeAt& n);
Broken matmul(const NodeAt& n);

// ---- factorisations of matrices

Broken square_matrices(const NodeAt& n);
Broken cholesky_derivative(const NodeAt& n);
Broken triangular_solve(const NodeAt& n);
Broken lu_solve(const NodeAt& n);
Broken log_abs_det(const NodeAt& n);
Broken det(const NodeAt& n);
Broken symmetric_function(const NodeAt& n);
Broken matrix_exp(const NodeAt& n);
Broken factorisation(const NodeAt& n);
/// The type of an output of a factorisation; nothing if it has no such output.
std::optional<ArrayType> output_of_factorisation(const NodeAt& n, std::size_t which);

// ---- windows

Broken convolution(const NodeAt& n);
Broken window_argmax(const NodeAt& n);

// ---- small integers

Broken quantised_matmul(const NodeAt& n);

// ---- random numbers

Broken derive_key(const NodeAt& n);
Broken random_draw(const NodeAt& n);
Broken random_sample(const NodeAt& n);
Broken gamma_slope(const NodeAt& n);
Broken truncated_normal(const NodeAt& n);

// ---- several outputs

Broken top_k(const NodeAt& n);
Broken call(const NodeAt& n);
Broken host_call(const NodeAt& n);
Broken scan(const NodeAt& n);
Broken while_loop(const NodeAt& n);
Broken switch_(const NodeAt& n);  // NOLINT(readability-identifier-naming)
Broken projection(const NodeAt& n);

}  // namespace xgrad::primitives::node_rules
