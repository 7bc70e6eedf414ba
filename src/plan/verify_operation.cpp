#include "verify_operation.hpp"

#include <algorithm>

#include "core/strides.hpp"
#include "simplify.hpp"
#include "verify.hpp"

namespace xgrad::plan {
namespace {

using namespace primitives;

constexpr std::size_t any_number = ~std::size_t{0};

/// Inputs of an elementwise operation.
constexpr std::array<std::size_t, list_size> arities =
    table_of_primitives<std::size_t>([]<class P>(Type<P>) -> std::size_t {
      if constexpr (requires { P::arity; }) return P::arity;
      else if constexpr (IsSelection<P>) return 3;
      else return IsElementwise<P> ? 2 : any_number;
    });

std::size_t arity_of(Opcode op) {
  if (op == op_copy) return 1;
  if (op < list_size) return arities[op];
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

  void operator()() const {
    switch (computation_of(op_)) {
      case Computation::Source:
        return source();
      case Computation::View:
        return view();
      case Computation::Elementwise:
        return elementwise();
      case Computation::Conversion:
        inputs(1);
        return require(shape(0) == shape_, "a conversion has the shape of its input");
      case Computation::Check:
        return check();
      case Computation::Reduction:
        return reduction();
      case Computation::Gather:
      case Computation::Scatter:
        return gather_or_scatter();
      case Computation::Product:
        return product();
      case Computation::Kernel:
        return kernel();
      case Computation::Several:
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

  void view() const {
    inputs(1);
    const Shape& from = shape(0);
    if (op_ == opcode<Reshape>) return require(size_of(from) == size_of(shape_), "a reshape keeps all elements");
    require(from.size() == shape_.size(), "a view has the axes of its input");
    const std::size_t rank = shape_.size();
    if (op_ == opcode<Broadcast>) {
      for (std::size_t i = 0; i < rank; ++i) require(from[i] == shape_[i] || from[i] == 1, "single elements broadcast");
    } else if (op_ == opcode<Transpose>) {
      require(attributes().size() == rank, "a transpose has a permutation");
      Dimensions<bool> met(rank, false);
      for (std::size_t i = 0; i < rank; ++i) {
        const auto axis = static_cast<std::size_t>(attributes()[i]);
        require(axis < rank && !met[axis] && from[axis] == shape_[i], "a transpose has a permutation");
        met[axis] = true;
      }
    } else {
      require(attributes().size() == 2 * rank, "a slice has a start and a step along each axis");
    }
  }

  void elementwise() const {
    inputs(arity_of(op_));
    const Traits& traits = traits_of(op_);
    const std::size_t first = traits.selects ? 1 : 0;
    for (std::size_t k = 0; k < graph_.inputs(id_).size(); ++k) {
      require(shape(k) == shape_, "operands of an elementwise operation have its shape");
      const DType wanted = k < first ? DType::Bool : traits.predicate ? type(0) : type();
      require(type(k) == wanted, "operands of an elementwise operation have its element type");
    }
    if (traits.predicate) require(type() == DType::Bool, "a predicate gives truth values");
  }

  void check() const {
    inputs(2);
    require(shape(0) == shape_ && shape(1) == shape_, "a check has the shape of its inputs");
    require(type(0) == type() && type(1) == DType::Bool, "a check has the element type of what it looks at");
    require(attributes().size() == 2, "a check has a requirement and a limit");
  }

  void reduction() const {
    inputs(1);
    const Shape& from = shape(0);
    Shape reduced = from;
    std::int64_t before = -1;
    for (const std::int64_t axis : attributes()) {
      require(axis > before && static_cast<std::size_t>(axis) < from.size(), "axes of a reduction ascend");
      reduced[static_cast<std::size_t>(axis)] = 1;
      before = axis;
    }
    require(reduced == shape_, "reduced axes stay with extent 1, the others as they are");
    const bool counts = reduction_of(op_) == Reduction::Sum && type(0) == DType::Bool && type() == DType::Int64;
    require(type(0) == type() || counts, "a reduction has the element type of its input");
  }

  [[nodiscard]] bool has_axis(const Shape& of) const {
    return !attributes().empty() && static_cast<std::uint64_t>(attributes()[0]) < of.size();
  }
  /// Equal shapes, but for the axis.
  [[nodiscard]] bool differ_along_axis(Shape a, const Shape& b) const {
    if (a.size() != b.size() || !has_axis(a)) return false;
    const auto axis = static_cast<std::size_t>(attributes()[0]);
    a[axis] = b[axis];
    return a == b;
  }
  void dense_inputs() const {
    if (!traits_of(op_).needs_dense_inputs) return;
    if (is_row_gather_or_scatter(graph_, op_, graph_[id_].shape, graph_.inputs(id_), attributes())) return;
    for (const ValueId input : graph_.inputs(id_)) {
      require(!graph_.is_constant(input) && core::is_dense(graph_.shape(input), graph_.access(input).strides),
              "its kernel wants dense inputs");
    }
  }

  void gather_or_scatter() const {
    inputs(2);
    require(attributes().size() == 2, "a gather or scatter has an axis and a chooser");
    require(type(0) == type() && type(1) == DType::Int64, "a gather or scatter has elements and indices");
    const bool gathers = computation_of(op_) == Computation::Gather;
    const Shape& chosen = gathers ? shape_ : shape(0);
    require(chosen == shape(1) && differ_along_axis(gathers ? shape(0) : shape_, chosen),
            "a gather or scatter has an index for each element that is chosen");
    dense_inputs();
  }

  // ---- products

  void product() const {
    const bool accumulates = op_ == op_gemm;
    const std::size_t count = graph_.inputs(id_).size();
    require(accumulates ? count == 3 || count == 4 : count == 2, "it has as many inputs as its operation");
    const std::size_t rank = shape_.size();
    require(rank >= 2 && shape(0).size() == rank && shape(1).size() == rank, "factors are stacks of matrices");
    Shape result = shape(0);
    result[rank - 1] = shape(1)[rank - 1];
    Shape inner = shape(1);
    inner[rank - 2] = shape_[rank - 2];
    require(result == shape_ && inner == shape_ && shape(0)[rank - 1] == shape(1)[rank - 2],
            "factors of a product match");
    for (std::size_t k = 0; k < count; ++k) require(type(k) == type(), "a product has one element type");
    for (std::size_t k = 0; k < 2; ++k) require(fits_blas(graph_.inputs(id_)[k]), "BLAS can read the factors");
    if (accumulates) accumulation();
  }

  [[nodiscard]] bool fits_blas(ValueId x) const {
    if (graph_.is_constant(x)) return false;
    const Shape& of = graph_.shape(x);
    const std::size_t rank = of.size();
    const Shape normal{of[rank - 2], of[rank - 1]};
    const Shape turned{of[rank - 1], of[rank - 2]};
    const Strides strides = graph_.access(x).strides;
    return core::is_dense(normal, {strides[rank - 2], strides[rank - 1]}) ||
           core::is_dense(turned, {strides[rank - 1], strides[rank - 2]});
  }

  void accumulation() const {
    const std::span<const ValueId> in = graph_.inputs(id_);
    const ValueId base = graph_.base(in[2]);
    const Access access = graph_.access(in[2]);
    require(graph_.is_leaf(base) && graph_.count(base) == graph_.count(id_) && access.offset == 0 &&
                core::is_dense(graph_.shape(in[2]), access.strides),
            "what is accumulated to is a whole leaf");
    if (in.size() == 4)
      require(graph_.count(graph_.base(in[3])) == 1 || graph_.is_constant(in[3]), "a scale is one number");
    require(attributes().size() == 1 && std::abs(attributes()[0]) == 1, "a product is added or subtracted");
  }

  // ---- what has a kernel over whole arrays

  void kernel() const {
    dense_inputs();
    if (op_ == opcode<Concatenate>) return concatenation();
    if (op_ == opcode<RandomDraw> || op_ == opcode<RandomSample>) return drawing();
    if (op_ == opcode<DeriveKey> || op_ == opcode<GammaSlope>) return like_inputs(2);
    if (op_ == opcode<TruncatedNormal>) return like_inputs(3);
    if (traits_of(op_).failure == Failure::Matrix) return of_matrices();
    if (op_ == opcode<ScatterExtremum>) return scattered_extremum();
    if (op_ == opcode<Convolution>) return convolution();
    if (op_ == opcode<WindowArgMax>) return windows();
    const bool of_two =
        op_ == opcode<Take> || op_ == opcode<ScatterAdd> || op_ == opcode<Balance> || op_ == opcode<SearchSorted>;
    inputs(of_two ? 2 : 1);
    if (op_ == opcode<Take> || op_ == opcode<ScatterAdd>) return taking();
    if (op_ == opcode<SearchSorted>) return searching();
    if (op_ == opcode<OneHot>) return one_hot();
    if (op_ == opcode<Embed>) return embedding();
    if (op_ == opcode<Balance>) return require(shape(0) == shape_ && type(0) == type(), "it has the form of its input");
    require(has_axis(shape_), "it works along an axis");
    if (op_ == opcode<ArgMax>) {
      require(differ_along_axis(shape(0), shape_) && shape_[static_cast<std::size_t>(attributes()[0])] == 1,
              "there is one index for each run along the axis");
    } else {
      require(shape(0) == shape_, "it has the shape of its input");
    }
    require(traits_of(op_).gives_indices ? type() == DType::Int64 : type(0) == type(), "it has its element type");
  }

  void of_matrices() const {
    const Shape& a = shape(0);
    require(a.size() >= 2 && a[a.size() - 1] == a[a.size() - 2], "its matrices are square");
    const Shape stack(a.begin(), a.end() - 2);
    const auto is_stack = [&](const Shape& of) {
      return of.size() >= stack.size() && std::equal(stack.begin(), stack.end(), of.begin());
    };
    bool fit = is_stack(shape_);
    for (std::size_t k = 1; k < graph_.inputs(id_).size(); ++k) fit = fit && is_stack(shape(k));
    require(fit, "there are as many of each operand as matrices");
    require(type() == type(0) && is_floating(type()), "it has the element type of its matrices");
  }

  void convolution() const {
    inputs(2);
    require(!attributes().empty() && attributes()[0] >= 0 && attributes()[0] <= 2, "a convolution has a result");
    std::array<Shape, 3> shapes{shape(0), shape(0), shape(0)};
    const ConvolutionRole result = role_of_result(attributes());
    shapes[static_cast<std::size_t>(result)] = shape_;
    for (std::size_t k = 0; k < 2; ++k) {
      shapes[static_cast<std::size_t>(role_of_input(result, k))] = shape(k);
      require(type(k) == type(), "a convolution has one element type");
    }
    require(is_convolution(shapes, attributes()), "the arrays of a convolution match");
  }

  void windows() const {
    inputs(1);
    require(has_windows(shape(0), shape_, attributes()) && type() == DType::Int64, "there is an index for each window");
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

  void concatenation() const {
    require(has_axis(shape_), "it works along an axis");
    const auto axis = static_cast<std::size_t>(attributes()[0]);
    std::size_t extent = 0;
    for (std::size_t k = 0; k < graph_.inputs(id_).size(); ++k) {
      require(differ_along_axis(shape(k), shape_) && type(k) == type(), "pieces differ along the axis only");
      extent += shape(k)[axis];
    }
    require(extent == shape_[axis], "pieces make up the whole");
  }

  void scattered_extremum() const {
    inputs(3);
    require(attributes().size() == 4 && attributes()[0] == 0, "rows are along the first axis");
    require(type(0) == type() && type(1) == DType::Int64 && type(2) == type(), "there are values, indices and rows");
    require(shape_.size() == 2 && shape(2) == shape_ && shape(0).size() == 2 && shape(0)[1] == shape_[1] &&
                shape(1) == Shape{shape(0)[0]},
            "there is an index for each row of values");
  }

  /// The axes of the indices stand in place of the axis, in the larger array's shape.
  void taking() const {
    const bool takes = op_ == opcode<Take>;
    const Shape& whole = takes ? shape(0) : shape_;
    require(attributes().size() == 2 && has_axis(whole), "a gather or scatter has an axis and a chooser");
    Shape taken;
    for (std::size_t i = 0; i < whole.size(); ++i) {
      if (static_cast<std::int64_t>(i) != attributes()[0]) taken.push_back(whole[i]);
      else
        for (const std::size_t extent : shape(1)) taken.push_back(extent);
    }
    require(taken == (takes ? shape_ : shape(0)), "the axes of the indices replace the axis");
    require(type(0) == type() && type(1) == DType::Int64, "a gather or scatter has elements and indices");
  }

  void searching() const {
    require(shape(1) == shape_ && type() == DType::Int64, "there is an index for each value");
    const Shape& lines = shape(0);
    bool fit = !lines.empty() && lines.size() - 1 <= shape_.size() && type(0) == type(1);
    for (std::size_t i = 0; fit && i + 1 < lines.size(); ++i) fit = lines[i] == shape_[i];
    require(fit && attributes().size() == 1, "there is a line for the values at the same leading indices");
  }

  void one_hot() const {
    Shape rows = shape_;
    require(!rows.empty(), "classes are an axis");
    rows.resize(rows.size() - 1);
    require(rows == shape(0) && type(0) == DType::Int64, "there is a row for each label");
  }

  /// Of keys, and of parameters of its shape if it takes any.
  void drawing() const {
    if (op_ == opcode<RandomDraw>) inputs(1);
    require(attributes().size() == 2 && !graph_.inputs(id_).empty(), "it has a kind, a stream and keys");
    const Shape& keys = shape(0);
    require(
        type(0) == DType::Int64 && shape_.size() >= keys.size() && std::equal(keys.begin(), keys.end(), shape_.begin()),
        "its first axes are those of the keys");
    for (std::size_t k = 1; k < graph_.inputs(id_).size(); ++k)
      require(shape(k) == shape_, "parameters have its shape");
  }

  void like_inputs(std::size_t count) const {
    inputs(count);
    for (std::size_t k = 0; k < count; ++k) require(shape(k) == shape_ && type(k) == type(), "it is like its inputs");
  }

  void embedding() const {
    require(attributes().size() == 2 * shape_.size() && shape(0).size() == shape_.size() && type(0) == type(),
            "it has a start and a step along each axis");
    for (std::size_t i = 0; i < shape_.size(); ++i) {
      const std::int64_t first = attributes()[2 * i];
      const std::int64_t last = first + (static_cast<std::int64_t>(shape(0)[i]) - 1) * attributes()[2 * i + 1];
      const auto extent = static_cast<std::int64_t>(shape_[i]);
      const bool inside = first >= 0 && first < extent && last >= 0 && last < extent;
      require(size_of(shape(0)) == 0 || inside, "what is embedded has room");
    }
  }

  const Verified& value_;
  const Graph& graph_;
  ValueId id_;
  Opcode op_;
  const Shape& shape_;
};

}  // namespace

void verify_operation(const Verified& value, const Graph& graph, ValueId id) { OfOperation(value, graph, id)(); }

}  // namespace xgrad::plan
