// Pictures of programs: what a function records, and what its gradient adds to that, as a graph of operations.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <xgrad/transform/grad.hpp>

#pragma GCC visibility push(default)

namespace xgrad::draw {

/// A recorded program, to be drawn. Operands come before what is made of them.
struct Graph {
  enum class Kind : std::uint8_t {
    Input,      ///< an argument; of a body, a parameter
    Captured,   ///< an array that the function uses and is not given
    Number,     ///< a number that the function was written with
    Operation,  ///< a primitive
    Function,   ///< one that runs functions: a loop, a branch, a call. Its outputs are operations of it
    Output,     ///< a result
  };
  enum class Part : std::uint8_t {
    Forward,   ///< what the loss is computed of
    Backward,  ///< what only its gradient is computed of
  };
  struct Node {
    Kind kind = Kind::Operation;
    std::string text = {};   ///< name of an operation, path of an input or output, a number
    std::string label = {};  ///< what debug::label says
    std::string type = {};   ///< "float64 [2, 3]"; empty for functions
    Part part = Part::Forward;
    bool residual = false;                   ///< of the forward part, and read by the backward part
    std::size_t body = 0;                    ///< where it is
    std::vector<std::size_t> operands = {};  ///< nodes
    std::vector<std::size_t> bodies = {};    ///< of a function; one that several nodes run is there once
  };
  /// A program: the whole one, which is the first, or that of a function in it.
  struct Body {
    std::string text = {};
    std::size_t inside = 0;  ///< the body of which it is a part
  };

  std::string title = {};
  std::vector<Node> nodes = {};
  std::vector<Body> bodies = {};
};

struct DotOptions {
  /// More are no picture that anybody can read, and may take Graphviz minutes.
  std::size_t most_nodes = 500;
};

/// The text of a graph in Graphviz's language, DOT: the same for the same program. Inputs and outputs are rounder than
/// operations; bodies of functions are boxes with dashed borders; arrows say which operand they are. Texts, however
/// strange, are shown as they are, but for control characters and what is not UTF-8, and cut after 80 letters.
/// \throws ValueError  if there are more nodes than DotOptions::most_nodes.
[[nodiscard]] std::string dot(const Graph& graph, const DotOptions& options = {});

}  // namespace xgrad::draw

namespace xgrad::detail {

struct Named {
  std::vector<Var> all;
  std::vector<std::string> names;
};

/// \param inputs  fresh nodes, where the program begins.
[[nodiscard]] draw::Graph graph_of(Trace& trace, const Named& inputs, const Named& results);
/// The same with the gradient of a loss with respect to some leaves.
[[nodiscard]] draw::Graph gradient_graph_of(Trace& trace, const Named& inputs, const Var& loss, const Named& leaves);

template <class R, class Held>
draw::Graph graph_of(FunctionOf<R, Held&> f, Held& arguments) {
  static_assert(tree::Tree<R>, "draw::graph: the function returns a Var or a tree of Vars");
  Trace trace(arguments.arrays());
  arguments.enter(trace);
  const Named inputs{arguments.arrays(), array_paths_of(arguments)()};
  const R result = f(arguments);
  return graph_of(trace, inputs, {tree::arrays(result), tree::array_paths(result)});
}

/// The leaves of the arguments at some positions of those that hold arrays.
template <std::size_t... positions, std::size_t... all, class Held>
Named leaves_at(std::index_sequence<positions...>, std::index_sequence<all...>, const Held& arguments) {
  constexpr auto holds_arrays_at = []<std::size_t P>(std::integral_constant<std::size_t, P>) {
    return is_position<P, all...>;
  };
  static_assert((holds_arrays_at(std::integral_constant<std::size_t, positions>()) && ...),
                "draw::gradient_graph: an argument to be differentiated is not given, or is no tree and no array");
  const std::vector<Var> leaves = arguments.differentiated();
  const std::vector<std::string> paths = paths_of(arguments)();
  Named result;
  std::size_t next = 0;
  const auto take = [&](bool wanted, std::size_t count) {
    for (const std::size_t end = next + count; next < end; ++next) {
      if (!wanted) continue;
      result.all.push_back(leaves[next]);
      result.names.push_back(paths[next]);
    }
  };
  (take(is_position<all, positions...>, tree::leaves(held_at<all>(arguments)).size()), ...);
  return result;
}

template <class Positions, class All, class R, class Held>
draw::Graph gradient_graph_of(FunctionOf<R, Held&> f, Held& arguments) {
  Trace trace(arguments.arrays());
  arguments.enter(trace);
  const Named inputs{arguments.arrays(), array_paths_of(arguments)()};
  const Named leaves = leaves_at(Positions(), All(), arguments);
  require_differentiable("draw::gradient_graph", leaves.all,
                         Paths({const_cast<Named*>(&leaves), [](void* object, std::vector<std::string>& all) {
                                  all = static_cast<Named*>(object)->names;
                                }}));
  const R result = f(arguments);
  return gradient_graph_of(trace, inputs, ResultParts<R>::loss(result), leaves);
}

}  // namespace xgrad::detail

namespace xgrad::draw {

/// What a function records when it is called with some arguments: its operations with the shapes and element types of
/// what they make and the names that debug::label gave, arguments by the paths of their fields, loops, branches and
/// calls with their bodies. What no result needs is left out, but for arguments. Nothing is computed unless the
/// function asks for values.
///
///     std::cout << xg::draw::dot(xg::draw::graph(loss, model, x));     // for the program `dot`
///
/// <xgrad/draw/graphviz.hpp> makes an SVG document of it.
/// \param f  of trees, Vars, xtensor expressions and others that are handed on; returns a tree.
template <class F, class... A>
requires detail::CallableWith<const F&, detail::array_positions_t<A...>, A...>
[[nodiscard]] Graph graph(const F& f, A&&... a) {
  auto arguments = detail::make_arguments(detail::array_positions_t<A...>(), std::forward<A>(a)...);
  using Held = decltype(arguments);
  using R = typename Held::template Result<const F>;
  const auto call = detail::as_function_of<R, Held>(f);
  return detail::graph_of(detail::FunctionOf<R, Held&>(call), arguments);
}

/// The program that computes a loss and its gradient, as it is recorded: what belongs to the loss (Part::Forward), what
/// only the gradient needs (Part::Backward), and which values of the former the latter reads (Node::residual). The
/// planner merges what is equal and may compute cheap values again instead of keeping them; draw::plan shows that.
/// \tparam positions  of the arguments to differentiate with respect to; the first by default.
/// \param f  returns a scalar Var, or a std::pair or std::tuple that starts with one.
/// \throws ShapeError, TypeError, TapeError  as grad does.
template <std::size_t... positions, class F, class... A>
requires detail::CallableWith<const F&, detail::array_positions_t<A...>, A...>
[[nodiscard]] Graph gradient_graph(const F& f, A&&... a) {
  auto arguments = detail::make_arguments(detail::array_positions_t<A...>(), std::forward<A>(a)...);
  using Held = decltype(arguments);
  using R = typename Held::template Result<const F>;
  const auto call = detail::as_function_of<R, Held>(f);
  return detail::gradient_graph_of<detail::positions_or_first<positions...>, detail::array_positions_t<A...>>(
      detail::FunctionOf<R, Held&>(call), arguments);
}

}  // namespace xgrad::draw

#pragma GCC visibility pop
