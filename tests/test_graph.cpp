// draw::graph, draw::gradient_graph and their DOT texts.
#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <boost/test/unit_test.hpp>
#include <xgrad/draw.hpp>
#include <xgrad/draw/graph.hpp>
#include <xgrad/xgrad.hpp>

#include "comparing.hpp"
#include "dot_text.hpp"

struct GraphLayer {
  xgrad::Var weight, bias;
};
XGRAD_FIELDS(GraphLayer, weight, bias)
struct GraphNet {
  std::vector<GraphLayer> layers;
  xgrad::Var scale;
};
XGRAD_FIELDS(GraphNet, layers, scale)

BOOST_AUTO_TEST_SUITE(test_graph)

namespace xg = xgrad;
using comparing::throws;
using comparing::wave;
using xg::Var;
using xg::draw::Graph;
using Kind = Graph::Kind;
using Part = Graph::Part;

namespace {

/// "text: type" of the nodes of a kind, in order; with the label if there is one.
std::vector<std::string> texts(const Graph& graph, Kind kind, std::size_t body = 0) {
  std::vector<std::string> result;
  for (const Graph::Node& node : graph.nodes) {
    if (node.kind != kind || node.body != body) continue;
    result.push_back(node.text + (node.label.empty() ? "" : " '" + node.label + "'") +
                     (node.type.empty() ? "" : ": " + node.type));
  }
  return result;
}

using Texts = std::vector<std::string>;

const Graph::Node* find(const Graph& graph, const std::string& text) {
  const auto found = std::ranges::find(graph.nodes, text, &Graph::Node::text);
  return found == graph.nodes.end() ? nullptr : &*found;
}

/// Operands come first and are in the same body; the text can be read and has all nodes, arrows and bodies.
void check(const Graph& graph) {
  std::size_t arrows = 0;
  for (std::size_t k = 0; k < graph.nodes.size(); ++k) {
    for (const std::size_t operand : graph.nodes[k].operands) {
      BOOST_TEST(operand < k);
      BOOST_TEST(graph.nodes[operand].body == graph.nodes[k].body);
    }
    for (const std::size_t body : graph.nodes[k].bodies) BOOST_TEST(body < graph.bodies.size());
    arrows += graph.nodes[k].operands.size();
  }
  const dot_text::Parsed parsed = dot_text::read(xg::draw::dot(graph));
  BOOST_TEST(parsed.nodes.size() == graph.nodes.size());
  BOOST_TEST(parsed.arrows.size() >= arrows);
  BOOST_TEST(parsed.clusters.size() == graph.bodies.size() - 1);
}

GraphNet net() { return {{{wave({3, 4}), wave({4})}, {wave({4, 2}), wave({2})}}, Var(xt::xarray<double>(2.0))}; }

Var output(const GraphNet& net, const Var& x) {
  Var h = x;
  for (const GraphLayer& layer : net.layers) h = tanh(matmul(h, layer.weight) + layer.bias);
  return xg::debug::label(h * net.scale, "output");
}

}  // namespace

BOOST_AUTO_TEST_CASE(names_shapes_paths_and_labels) {
  const Graph graph = xg::draw::graph(output, net(), wave({5, 3}));
  check(graph);
  BOOST_TEST(texts(graph, Kind::Input) ==
                 (Texts{"argument 0, layers.0.weight: float64 [3, 4]", "argument 0, layers.0.bias: float64 [4]",
                        "argument 0, layers.1.weight: float64 [4, 2]", "argument 0, layers.1.bias: float64 [2]",
                        "argument 0, scale: float64 []", "argument 1: float64 [5, 3]"}),
             boost::test_tools::per_element());
  BOOST_TEST(texts(graph, Kind::Output) == Texts{"result: float64 [5, 2]"}, boost::test_tools::per_element());
  const Graph::Node* product = find(graph, "matmul");
  BOOST_REQUIRE(product != nullptr);
  BOOST_TEST(product->type == "float64 [5, 4]");
  BOOST_TEST(graph.nodes[product->operands[0]].text == "argument 1");
  BOOST_TEST(graph.nodes[product->operands[1]].text == "argument 0, layers.0.weight");
  const Texts operations = texts(graph, Kind::Operation);
  BOOST_TEST(operations.back() == "multiply 'output': float64 [5, 2]");
  BOOST_TEST(std::ranges::count(operations, "tanh: float64 [5, 4]") == 1);
  for (const Graph::Node& node : graph.nodes) BOOST_TEST((node.part == Part::Forward && !node.residual));
}

BOOST_AUTO_TEST_CASE(results_arguments_and_what_is_captured) {
  const Var captured = wave({3});
  const auto f = [&](const Var& x, const Var&) { return std::pair{x * 2.5, std::vector<Var>{sin(x), x + captured}}; };
  const Graph graph = xg::draw::graph(f, wave({3}), wave({7}));
  check(graph);
  BOOST_TEST(texts(graph, Kind::Input) == (Texts{"argument 0: float64 [3]", "argument 1: float64 [7]"}),
             boost::test_tools::per_element());
  BOOST_TEST(texts(graph, Kind::Captured) == Texts{"captured: float64 [3]"}, boost::test_tools::per_element());
  BOOST_TEST(texts(graph, Kind::Output).size() == 3U);
  BOOST_REQUIRE(find(graph, "2.5") != nullptr);
  BOOST_TEST((find(graph, "2.5")->kind == Kind::Number));
  // What no result needs is left out, and a result may be an argument.
  const Graph none = xg::draw::graph(
      [](const Var& x) {
        (void)exp(x);
        return x;
      },
      wave({3}));
  check(none);
  BOOST_TEST(none.nodes.size() == 2U);
}

BOOST_AUTO_TEST_CASE(gradient_of_known_functions) {
  const auto squares = [](const Var& x) { return sum(square(x)); };
  const Graph graph = xg::draw::gradient_graph(squares, wave({3}));
  check(graph);
  Texts forward;
  Texts backward;
  Texts residuals;
  for (const Graph::Node& node : graph.nodes) {
    if (node.kind == Kind::Operation) (node.part == Part::Forward ? forward : backward).push_back(node.text);
    if (node.residual) residuals.push_back(node.text);
  }
  BOOST_TEST(forward == (Texts{"square", "sum", "reshape"}), boost::test_tools::per_element());
  BOOST_TEST(backward == (Texts{"reshape", "broadcast", "multiply", "multiply"}), boost::test_tools::per_element());
  BOOST_TEST(residuals == Texts{"argument 0"}, boost::test_tools::per_element());
  BOOST_TEST(texts(graph, Kind::Output) == (Texts{"loss: float64 []", "gradient of argument 0: float64 [3]"}),
             boost::test_tools::per_element());
  // exp keeps what it made, a sum nothing.
  const Graph of_exp = xg::draw::gradient_graph([](const Var& x) { return sum(exp(x)); }, wave({3}));
  BOOST_TEST((find(of_exp, "exp")->residual && !find(of_exp, "argument 0")->residual));
  const Graph of_sum = xg::draw::gradient_graph([](const Var& x) { return sum(x); }, wave({3}));
  BOOST_TEST(std::ranges::none_of(of_sum.nodes, [](const Graph::Node& node) { return node.residual; }));
}

BOOST_AUTO_TEST_CASE(gradients_of_trees) {
  const auto loss = [](const GraphNet& n, const Var& x, const Var& labels) {
    return std::pair{mean(square(matmul(x, n.layers[0].weight) + cast(labels, xg::DType::Float64))), sin(x)};
  };
  const Var labels = xt::xarray<std::int64_t>{0, 1, 2, 3};
  const Graph graph = xg::draw::gradient_graph<0, 1>(loss, net(), wave({5, 3}), labels);
  check(graph);
  const Texts outputs = texts(graph, Kind::Output);
  BOOST_TEST(
      outputs == (Texts{"loss: float64 []", "gradient of argument 0, layers.0.weight: float64 [3, 4]",
                        "gradient of argument 0, layers.0.bias: zero, the loss does not depend on it: float64 [4]",
                        "gradient of argument 0, layers.1.weight: zero, the loss does not depend on it: float64 [4, 2]",
                        "gradient of argument 0, layers.1.bias: zero, the loss does not depend on it: float64 [2]",
                        "gradient of argument 0, scale: zero, the loss does not depend on it: float64 []",
                        "gradient of argument 1: float64 [5, 3]"}),
      boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(bodies_of_functions) {
  const auto f = [](const Var& w, const Var& xs) {
    const auto run = [&](const Var& h, const Var& x) {
      const Var y = tanh(h * w + x);
      const auto halved = [](const Var& v) { return xg::debug::label(v * 0.5, "halved"); };
      return std::pair{xg::cond(
                           sum(y) > 0.0, halved, [](const Var& v) { return v; }, y),
                       y};
    };
    const auto [last, all] = xg::scan(run, zeros_like(w), xs);
    return sum(last) + sum(all);
  };
  const Graph graph = xg::draw::graph(f, wave({3}), wave({5, 3}));
  check(graph);
  BOOST_TEST(texts(graph, Kind::Function) == Texts{"scan, 5 runs"}, boost::test_tools::per_element());
  BOOST_REQUIRE(graph.bodies.size() == 4U);
  BOOST_TEST(graph.bodies[1].text == "body of scan");
  BOOST_TEST(graph.bodies[2].text == "branch 0 of switch");
  BOOST_TEST((graph.bodies[1].inside == 0U && graph.bodies[2].inside == 1U && graph.bodies[3].inside == 1U));
  BOOST_TEST(texts(graph, Kind::Input, 1) == (Texts{"carried 0: float64 [3]", "element of array 0: float64 [3]",
                                                    "same in all runs 0: float64 [3]"}),
             boost::test_tools::per_element());
  BOOST_TEST(texts(graph, Kind::Output, 1) == (Texts{"next carried 0: float64 [3]", "output 1: float64 [3]"}),
             boost::test_tools::per_element());
  BOOST_TEST(texts(graph, Kind::Function, 1) == Texts{"switch"}, boost::test_tools::per_element());
  BOOST_REQUIRE(find(graph, "tanh in all runs") != nullptr);
  BOOST_TEST(find(graph, "tanh in all runs")->type == "float64 [5, 3]");
  const dot_text::Parsed parsed = dot_text::read(xg::draw::dot(graph));
  BOOST_TEST(parsed.clusters.at("cluster_3") == "branch 1 of switch");
  BOOST_TEST(xg::draw::dot(graph).find("lhead=cluster_2") != std::string::npos);

  // The gradient is a loop in the other direction. What it reads of the runs of the first is kept.
  const Graph gradient = xg::draw::gradient_graph(f, wave({3}), wave({5, 3}));
  check(gradient);
  BOOST_TEST(texts(gradient, Kind::Function) == (Texts{"scan, 5 runs", "scan, 5 runs, from the last"}),
             boost::test_tools::per_element());
  const Graph::Node* kept = find(gradient, "tanh in all runs");
  BOOST_TEST((kept->part == Part::Forward && kept->residual));
  BOOST_TEST((find(gradient, "scan, 5 runs, from the last")->part == Part::Backward));
}

BOOST_AUTO_TEST_CASE(calls_rules_and_host_functions) {
  const auto ruled = xg::custom_vjp(
      [](const Var& x) {
        return std::pair{sin(x), std::tuple{x}};
      },
      [](const std::tuple<Var>& x, const Var& dy) { return dy * cos(std::get<0>(x)); });
  int ran = 0;
  const auto host = [&](const Var& x) { return xg::debug::observe(x, [&](const Var&) { ++ran; }); };
  const auto f = [&](const Var& x) {
    const Var kept = xg::checkpoint([](const Var& y) { return exp(y); })(ruled(x));
    const auto [values, indices] = top_k(host(kept), 2);
    const Var ended = xg::while_loop([](const Var& v) { return v < 10.0; }, [](const Var& v) { return v * 2.0; },
                                     sum(values), {.at_most = 8});
    return ended;
  };
  const Graph graph = xg::draw::graph(f, wave({4}));
  check(graph);
  BOOST_TEST(ran == 0);  // nothing is computed
  for (const char* text : {"custom_vjp", "checkpoint", "top_k", "values"}) {
    BOOST_TEST(find(graph, text) != nullptr, text);
  }
  const Graph gradient = xg::draw::gradient_graph(f, wave({4}));
  check(gradient);
  BOOST_TEST(ran == 0);
  // Forward mode of a loop of unknown length, and a batch.
  const auto loop = [](const Var& x) {
    return xg::while_loop([](const Var& v) { return v < 10.0; }, [](const Var& v) { return v * 2.0; }, x);
  };
  const auto tangent = [&](const Var& x) { return xg::jvp(loop, x, ones_like(x)).tangent; };
  const Graph forward = xg::draw::graph(xg::vmap(tangent), wave({4}));
  check(forward);
  BOOST_TEST(std::ranges::any_of(forward.bodies,
                                 [](const Graph::Body& body) { return body.text == "condition of while_loop"; }));
}

BOOST_AUTO_TEST_CASE(texts_however_strange) {
  const std::string hostile = "a\"b\\nc\\N &lt;<b>&amp;\n\x01\xff]; n0 -> n1 \xc3\xa9 \xef\xbf\xbf";
  const auto f = [&](const Var& x) { return xg::debug::label(sin(x), hostile); };
  const Graph graph = xg::draw::graph(f, wave({2}));
  check(graph);
  const dot_text::Parsed parsed = dot_text::read(xg::draw::dot(graph));
  const std::string shown = parsed.nodes.at("n1").at("label");
  const std::string bad = "\xEF\xBF\xBD";
  BOOST_TEST(shown == "sin\n'a\"b\\nc\\N &lt;<b>&amp; " + bad + bad + "]; n0 -> n1 \xc3\xa9 " + bad + bad + bad +
                          "'\nfloat64 [2]");
  // Long ones are cut, between letters.
  std::string lengthy;
  for (int k = 0; k < 100000; ++k) lengthy += "\xc3\xa9";
  const Graph cut = xg::draw::graph([&](const Var& x) { return xg::debug::label(sin(x), lengthy); }, wave({2}));
  check(cut);
  BOOST_TEST(dot_text::read(xg::draw::dot(cut)).nodes.at("n1").at("label") ==
             "sin\n'" + lengthy.substr(0, 160) + "...'\nfloat64 [2]");
  // Truncated letters, overlong ones, halves of pairs.
  for (const char* text : {"\xc3", "\xe2\x82", "\xc0\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\x80", "\x7f"}) {
    const Graph broken = xg::draw::graph([&](const Var& x) { return xg::debug::label(sin(x), text); }, wave({2}));
    const std::string label = dot_text::read(xg::draw::dot(broken)).nodes.at("n1").at("label");
    BOOST_TEST(label.find(text) == std::string::npos);
    BOOST_TEST(label.find(bad) != std::string::npos);
  }
}

BOOST_AUTO_TEST_CASE(the_same_program_has_the_same_text) {
  const auto text = [] {
    return xg::draw::dot(xg::draw::gradient_graph([](const GraphNet& n, const Var& x) { return mean(output(n, x)); },
                                                  net(), wave({5, 3})));
  };
  BOOST_TEST(text() == text());
}

BOOST_AUTO_TEST_CASE(large_graphs_are_refused) {
  const auto f = [](const Var& x) {
    Var y = x;
    for (int k = 0; k < 600; ++k) y = sin(y) + x;
    return y;
  };
  const Graph graph = xg::draw::graph(f, wave({2}));
  BOOST_TEST(graph.nodes.size() == 1202U);
  BOOST_TEST(throws<xg::ValueError>([&] { return xg::draw::dot(graph); },
                                    {"draw::dot", "1202 nodes", "at most 500", "most_nodes"}));
  const std::string text = xg::draw::dot(graph, {.most_nodes = 1202});
  BOOST_TEST(dot_text::read(text).nodes.size() == 1202U);
}

BOOST_AUTO_TEST_CASE(inside_of_other_transforms) {
  Graph graph;
  const auto f = [&](const Var& x) {
    const Var scale = exp(x);
    graph = xg::draw::graph([&](const Var& y) { return y * scale; }, x);
    return sum(scale);
  };
  BOOST_TEST(comparing::near(xg::grad(f)(wave({2})), exp(wave({2}))));
  check(graph);
  BOOST_TEST(texts(graph, Kind::Captured) == Texts{"captured: float64 [2]"}, boost::test_tools::per_element());
  BOOST_TEST(texts(graph, Kind::Operation) == Texts{"multiply: float64 [2]"}, boost::test_tools::per_element());
  (void)xg::compile(f)(wave({2}));
  check(graph);
}

BOOST_AUTO_TEST_CASE(what_has_no_gradient_is_refused) {
  BOOST_TEST(throws<xg::ShapeError>([] { return xg::draw::gradient_graph([](const Var& x) { return x; }, wave({2})); },
                                    {"draw::gradient_graph", "[2]", "scalar"}));
  BOOST_TEST(throws<xg::TypeError>(
      [] {
        return xg::draw::gradient_graph([](const Var& x) { return sum(cast(x, xg::DType::Float64)); },
                                        Var(xt::xarray<std::int64_t>{1, 2}));
      },
      {"draw::gradient_graph", "int64 [2]", "argument 0", "floating-point"}));
  BOOST_TEST(throws<xg::TapeError>(
      [] { return xg::draw::gradient_graph([](const Var& x) { return Var(sum(x).item<double>()); }, wave({2})); },
      {"draw::gradient_graph", "not recorded"}));
}

BOOST_AUTO_TEST_CASE(texts_are_saved) {
  const std::filesystem::path path = std::filesystem::temp_directory_path() / "xgrad_test_graph.dot";
  const std::string text = xg::draw::dot(xg::draw::graph([](const Var& x) { return sin(x); }, wave({2})));
  xg::draw::save_text(path, text);
  std::ostringstream read;
  read << std::ifstream(path).rdbuf();
  BOOST_TEST(read.str() == text);
  std::filesystem::remove(path);
  BOOST_TEST(
      throws<xg::IoError>([&] { xg::draw::save_text("/nowhere/graph.dot", text); }, {"save", "/nowhere/graph.dot"}));
}

BOOST_AUTO_TEST_SUITE_END()
