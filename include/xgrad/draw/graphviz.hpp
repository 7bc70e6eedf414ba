// Graphs of programs as SVG, by Graphviz. This is a library of its own, xgrad::graphviz: who does not link it needs no
// Graphviz.
#pragma once

#include <string>

#include <xgrad/draw/graph.hpp>

#pragma GCC visibility push(default)

namespace xgrad::draw {

/// The text of an SVG document: the graph as Graphviz's `dot` lays it out. The same version of Graphviz gives the same
/// text on every machine, since no fonts are asked for their letters' widths. Several threads may call it; they take
/// turns.
///
///     xg::draw::save_text("loss.svg", xg::draw::svg(xg::draw::gradient_graph(loss, model, x)));
///
/// \throws ValueError  if there are more nodes than DotOptions::most_nodes; xgrad::Error with Graphviz's words if it
///                     fails.
[[nodiscard]] std::string svg(const Graph& graph, const DotOptions& options = {});

}  // namespace xgrad::draw

#pragma GCC visibility pop
