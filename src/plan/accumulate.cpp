#include "accumulate.hpp"

#include <optional>

#include "group.hpp"

namespace xgrad::plan {
namespace {

using namespace primitives;

class Accumulation {
 public:
  Accumulation(Graph& graph, const std::vector<bool>& donated)
      : graph_(graph), donated_(donated), uses_(graph.size(), 0) {
    count_uses();
  }

  void accumulate() {
    for (ValueId id = 0; id < graph_.size(); ++id) {
      if (uses_[id] == 0 || !is_floating(graph_[id].dtype)) continue;
      const Opcode op = graph_[id].op;
      if (op != opcode<Add> && op != opcode<Subtract>) continue;
      const int sign = op == opcode<Subtract> ? -1 : 1;
      const ValueId a = graph_.inputs(id)[0];
      const ValueId b = graph_.inputs(id)[1];
      if (!replace(id, a, b, sign) && traits_of(op).commutative) replace(id, b, a, sign);
    }
  }

 private:
  void count_uses() {
    for (const ValueId output : graph_.outputs) ++uses_[output];
    for (auto id = static_cast<ValueId>(graph_.size()); id-- > 0;) {
      if (uses_[id] == 0) continue;
      for (const ValueId input : graph_.inputs(id)) ++uses_[input];
    }
  }

  struct Scaled {
    ValueId product;
    ValueId scale;
    int sign;
  };

  [[nodiscard]] bool is_single(ValueId id) const {
    for (const std::ptrdiff_t stride : graph_.access(id).strides) {
      if (stride != 0) return false;
    }
    return graph_.count(graph_.base(id)) == 1 || graph_.is_constant(id);
  }

  /// One that accumulates nothing yet.
  [[nodiscard]] bool is_plain_product(ValueId id) const {
    return is_product(graph_[id].op) && graph_[id].op != op_gemm;
  }

  /// s a b, if that is what a value is and nobody else wants it.
  [[nodiscard]] std::optional<Scaled> scaled_product(ValueId id) const {
    if (uses_[id] != 1) return std::nullopt;
    if (is_plain_product(id)) return Scaled{id, no_value, 1};
    if (graph_[id].op == opcode<Negate>) {
      auto result = scaled_product(graph_.inputs(id)[0]);
      if (result) result->sign = -result->sign;
      return result;
    }
    if (graph_[id].op != opcode<Multiply>) return std::nullopt;
    for (std::size_t k = 0; k < 2; ++k) {
      const ValueId scale = graph_.inputs(id)[k];
      const ValueId product = graph_.inputs(id)[1 - k];
      if (is_plain_product(product) && uses_[product] == 1 && is_single(scale)) {
        return Scaled{product, scale, 1};
      }
    }
    return std::nullopt;
  }

  bool replace(ValueId id, ValueId c, ValueId term, int sign) {
    const ValueId base = graph_.base(c);
    if (!graph_.is_leaf(base) || !donated_[graph_[base].source]) return false;
    if (graph_.count(base) != graph_.count(id) || !is_in_order(graph_.shape(c), graph_.access(c))) return false;
    const auto scaled = scaled_product(term);
    if (!scaled) return false;
    Dimensions<ValueId> inputs(graph_.inputs(scaled->product));
    inputs.push_back(c);
    if (scaled->scale != no_value) inputs.push_back(scaled->scale);
    graph_.replace(id, op_gemm, inputs, std::int64_t{sign} * scaled->sign);
    return true;
  }

  Graph& graph_;
  const std::vector<bool>& donated_;
  std::vector<std::uint32_t> uses_;
};

}  // namespace

void accumulate_products(Graph& graph, const std::vector<bool>& donated) {
  if (!donated.empty()) Accumulation(graph, donated).accumulate();
}

}  // namespace xgrad::plan
