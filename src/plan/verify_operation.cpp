#include "verify_operation.hpp"

#include <algorithm>

#include "core/strides.hpp"
#include "primitives/node_rules.hpp"
#include "rewrites.hpp"
#include "simplify.hpp"
#include "verify.hpp"

namespace xgrad::plan {
namespace {

using namespace primitives;

/// Inputs of what only plans compute element by element.
std::size_t arity_of(Opcode op) {
  if (op == op_copy) return 1;
  switch (static_cast<primitives::Part>(op - list_size)) {
    case primitives::Part::ExpNegAbs:
    case primitives::Part::ExpNegSquare:
    case primitives::Part::HalfExpm1:
      return 1;
    case primitives::Part::SigmoidFrom:
    case primitives::Part::ErfFrom:
    case primitives::Part::TanhFrom:
    case primitives::Part::LogCoshFrom:
      return 2;
    case primitives::Part::CosineFrom:
      break;
  }
  return 3;
}

/// An operation of a graph and what it must be.
class OfOperation {
 public:
  OfOperation(const Verified& value, const Graph& graph, ValueId id)
      : value_(value), graph_(graph), id_(id), op_(graph[id].op), shape_(graph.shape(id)) {}

  void verify_all() const {
    switch (computation_of(op_)) {
      case Computation::Source:
        return source();
      case Computation::View:
      case Computation::Conversion:
      case Computation::Check:
      case Computation::Reduction:
        return as_in_programs();
      case Computation::Elementwise:
        return op_ == op_copy || is_part(op_) ? elementwise_of_plans() : as_in_programs();
      case Computation::Product:
        return product();
      case Computation::Several:
        if (!traits_of(op_).has_payload) as_in_programs();
        return dense_inputs();
      case Computation::Gather:
      case Computation::Scatter:
      case Computation::Kernel:
        as_in_programs();
        return dense_inputs();
      case Computation::Scan:
        dense_inputs();
        require(attributes().size() == 1 && exists(attributes()[0]), "a loop has a body");
        return scan(body(attributes()[0]));
      case Computation::While:
        require(attributes().size() == 2 && exists(attributes()[1]), "a loop has a condition and a body");
        return functions(attributes()[0], attributes()[1], graph_.inputs(id_).size());
      case Computation::Switch:
        require(attributes().size() == 2 && exists(attributes()[0] + attributes()[1] - 1), "a switch has branches");
        return functions(attributes()[0], attributes()[0] + attributes()[1] - 1, graph_.inputs(id_).size() - 1);
      case Computation::Projection:
        inputs(1);
        return require(has_outputs(computation_of(graph_[graph_.inputs(id_)[0]].op)) && attributes().size() == 1,
                       "a projection is of an operation with several outputs");
      case Computation::Function:
      case Computation::Alias:
        break;
    }
    value_.violated("a graph has no such operation");
  }

 private:
  void require(bool holds, std::string_view invariant) const { value_.require(holds, invariant); }
  [[nodiscard]] const Shape& shape(std::size_t k) const { return graph_.shape(graph_.inputs(id_)[k]); }
  [[nodiscard]] DType type(std::size_t k) const { return graph_[graph_.inputs(id_)[k]].dtype; }
  [[nodiscard]] DType type() const { return graph_[id_].dtype; }
  [[nodiscard]] std::span<const std::int64_t> attributes() const { return graph_.attributes(id_); }
  void inputs(std::size_t count) const {
    require(graph_.inputs(id_).size() == count, "it has as many inputs as its operation");
  }

  void source() const {
    require(graph_.is_leaf(id_) || graph_.is_constant(id_), "a graph has no parameters");
    inputs(0);
  }

  /// What a node of a program must be.
  void as_in_programs() const { as_in_programs(op_, graph_.inputs(id_), attributes()); }
  void as_in_programs(Opcode op, std::span<const ValueId> inputs, std::span<const std::int64_t> attributes) const {
    std::vector<ArrayForm> forms;
    for (const ValueId input : inputs) forms.push_back({graph_[input].dtype, &graph_.shape(input)});
    const std::string_view broken = broken_rule({op, type(), &shape_, forms, attributes});
    require(broken.empty(), broken);
  }

  void elementwise_of_plans() const {
    inputs(arity_of(op_));
    for (std::size_t k = 0; k < graph_.inputs(id_).size(); ++k) {
      require(shape(k) == shape_, "operands of an elementwise operation have its shape");
      require(type(k) == type(), "operands of an elementwise operation have its element type");
    }
  }

  void dense_inputs() const {
    if (!traits_of(op_).needs_dense_inputs) return;
    if (is_row_gather_or_scatter(graph_, op_, graph_[id_].shape, graph_.inputs(id_), attributes())) return;
    for (const ValueId input : graph_.inputs(id_)) {
      require(!graph_.is_constant(input) && core::is_dense(graph_.shape(input), graph_.access(input).strides),
              "its kernel wants dense inputs");
    }
  }

  // ---- products

  void product() const {
    if (op_ == op_gemm) accumulation();
    else as_in_programs();
    for (std::size_t k = 0; k < 2; ++k) require(fits_blas(graph_, graph_.inputs(id_)[k]), "BLAS can read the factors");
  }

  /// A product that is added to an array that may be written over.
  void accumulation() const {
    const std::span<const ValueId> in = graph_.inputs(id_);
    require(in.size() == 3 || in.size() == 4, "it has as many inputs as its operation");
    as_in_programs(op_plain_product, in.first(2), {});
    require(type(2) == type() && type(in.size() - 1) == type(), "a product has one element type");
    const ValueId base = graph_.base(in[2]);
    const Access access = graph_.access(in[2]);
    require(graph_.is_leaf(base) && graph_.count(base) == graph_.count(id_) && access.offset == 0 &&
                core::is_dense(graph_.shape(in[2]), access.strides),
            "what is accumulated to is a whole leaf");
    if (in.size() == 4)
      require(graph_.count(graph_.base(in[3])) == 1 || graph_.is_constant(in[3]), "a scale is one number");
    require(attributes().size() == 1 && std::abs(attributes()[0]) == 1, "a product is added or subtracted");
  }

  // ---- loops

  [[nodiscard]] bool exists(std::int64_t body) const { return static_cast<std::size_t>(body) < graph_.bodies.size(); }
  [[nodiscard]] const Body& body(std::int64_t k) const { return graph_.bodies[static_cast<std::size_t>(k)]; }

  void functions(std::int64_t first, std::int64_t last, std::size_t given) const {
    dense_inputs();
    for (std::int64_t k = first; k <= last; ++k) {
      verify("building a function apart", body(k).graph, given + body(k).captured.size());
    }
  }

  void scan(const Body& body) const {
    const std::size_t count = graph_.inputs(id_).size();
    require(body.scan.carried + body.scan.sliced <= count, "a loop has inputs for what is carried and sliced");
    require(body.graph.outputs.size() == body.scan.carried + body.projected.size(),
            "a body has the outputs of its loop");
    for (std::size_t k = 0; k < body.scan.sliced; ++k) {
      const Shape& sliced = shape(body.scan.carried + k);
      require(!sliced.empty() && sliced[0] == body.scan.length, "arrays have an element for each run");
    }
    for (std::size_t k = 0; k < body.scan.carried; ++k) {
      const ValueId next = body.graph.outputs[k];
      require(body.graph.count(next) == size_of(shape(k)) && body.graph[next].dtype == type(k),
              "what is carried stays of its form");
    }
    verify("building the body of a loop", body.graph, count + body.captured.size());
  }

  const Verified& value_;
  const Graph& graph_;
  ValueId id_;
  Opcode op_;
  const Shape& shape_;
};

}  // namespace

void verify_operation(const Verified& value, const Graph& graph, ValueId id) {
  OfOperation(value, graph, id).verify_all();
}

}  // namespace xgrad::plan
