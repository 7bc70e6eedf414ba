// Graphs in Graphviz's language.
#include <cstdint>

#include <xgrad/core/errors.hpp>
#include <xgrad/draw/graph.hpp>

#include "core/utf8.hpp"

namespace xgrad::draw {

namespace {

constexpr std::size_t most_letters = 80;

/// How many bytes the letter at a position takes; 0 if it is not UTF-8, or a code point that XML forbids.
std::size_t letter_size(std::string_view text) {
  const auto [code, size] = core::first_code_point(text);
  return code < 0x20 || code == 0x7F || (code & 0xFFFEU) == 0xFFFE ? 0 : size;
}

/// A text inside of quotes, where Graphviz knows backslashes and the entities of HTML.
std::string quoted(std::string_view text) {
  constexpr std::string_view replacement = "\xEF\xBF\xBD";  // U+FFFD
  std::string result;
  for (std::size_t letters = 0; !text.empty(); ++letters) {
    if (letters == most_letters) return result + "...";
    const std::size_t size = letter_size(text);
    const std::string_view letter = text.substr(0, size == 0 ? 1 : size);
    if (letter == "\"" || letter == "\\") result += "\\";
    if (letter == "&") result += "&amp;";
    else if (letter == "\n" || letter == "\t" || letter == "\r") result += ' ';
    else result += size == 0 ? replacement : letter;
    text.remove_prefix(letter.size());
  }
  return result;
}

std::string_view shape_of(Graph::Kind kind) {
  switch (kind) {
    case Graph::Kind::Input:
    case Graph::Kind::Output:
      return "ellipse";
    case Graph::Kind::Captured:
      return "note";
    case Graph::Kind::Number:
      return "plain";
    case Graph::Kind::Function:
      return "component";
    case Graph::Kind::Operation:
      break;
  }
  return "box";
}

std::string_view colour_of(const Graph::Node& node) {
  if (node.kind == Graph::Kind::Number) return "white";
  return node.part == Graph::Part::Forward ? "#dbe9f6" : "#fce4cf";
}

std::string name_of_node(std::size_t k) { return "n" + std::to_string(k); }

void write_node(std::string& text, const Graph::Node& node, std::size_t k) {
  text += name_of_node(k) + " [label=\"" + quoted(node.text);
  if (!node.label.empty()) text += "\\n'" + quoted(node.label) + "'";
  if (!node.type.empty()) text += "\\n" + quoted(node.type);
  text += "\", shape=" + std::string(shape_of(node.kind)) + ", fillcolor=\"" + std::string(colour_of(node)) + "\"";
  if (node.residual) text += ", penwidth=3";
  text += "];\n";
}

void write_body(std::string& text, const Graph& graph, std::size_t body) {
  for (std::size_t k = 0; k < graph.nodes.size(); ++k) {
    if (graph.nodes[k].body == body) write_node(text, graph.nodes[k], k);
  }
  for (std::size_t k = 1; k < graph.bodies.size(); ++k) {
    if (graph.bodies[k].inside != body) continue;
    text += "subgraph cluster_" + std::to_string(k) + " {\nlabel=\"" + quoted(graph.bodies[k].text) +
            "\"; style=\"dashed,rounded\"; color=\"#777777\";\n";
    write_body(text, graph, k);
    text += "}\n";
  }
}

/// Which operand an arrow is of is written at its end if there are several.
void write_arrows(std::string& text, const Graph& graph) {
  for (std::size_t k = 0; k < graph.nodes.size(); ++k) {
    const std::vector<std::size_t>& operands = graph.nodes[k].operands;
    for (std::size_t i = 0; i < operands.size(); ++i) {
      text += name_of_node(operands[i]) + " -> " + name_of_node(k);
      if (operands.size() > 1) text += " [headlabel=\"" + std::to_string(i) + "\"]";
      text += ";\n";
    }
  }
}

/// From a function to the programs that it runs.
void write_dashes(std::string& text, const Graph& graph) {
  for (std::size_t k = 0; k < graph.nodes.size(); ++k) {
    for (const std::size_t body : graph.nodes[k].bodies) {
      std::size_t inside = 0;
      while (inside < graph.nodes.size() && graph.nodes[inside].body != body) ++inside;
      if (inside == graph.nodes.size()) continue;
      text += name_of_node(k) + " -> " + name_of_node(inside) + " [style=dashed, color=\"#777777\", lhead=cluster_" +
              std::to_string(body) + "];\n";
    }
  }
}

}  // namespace

std::string dot(const Graph& graph, const DotOptions& options) {
  if (graph.nodes.size() > options.most_nodes) {
    throw ValueError("draw::dot: the graph has " + std::to_string(graph.nodes.size()) + " nodes, and at most " +
                     std::to_string(options.most_nodes) +
                     " are drawn: draw a smaller part of the program, or raise DotOptions::most_nodes");
  }
  // Without a limit of its iterations (nslimit) Graphviz takes minutes for a hundred nodes that all use one.
  std::string text =
      "digraph program {\ngraph [charset=\"UTF-8\", compound=true, nslimit=1, nslimit1=1, fontname=\"Helvetica\", "
      "fontsize=12, label=\"" +
      quoted(graph.title) +
      "\"];\nnode [style=filled, color=\"#444444\", fontname=\"Helvetica\", fontsize=12, height=0.3];\n"
      "edge [color=\"#444444\", fontname=\"Helvetica\", fontsize=9, labeldistance=1.7, labelangle=30];\n";
  write_body(text, graph, 0);
  write_arrows(text, graph);
  write_dashes(text, graph);
  return text + "}\n";
}

}  // namespace xgrad::draw
