// Pictures of programs by Graphviz: SVG documents that are well formed, and the same for the same program.
#include <algorithm>
#include <fstream>
#include <sstream>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <boost/property_tree/ptree.hpp>
#include <boost/property_tree/xml_parser.hpp>
#include <boost/test/unit_test.hpp>
#include <xgrad/draw.hpp>
#include <xgrad/draw/graphviz.hpp>
#include <xgrad/xgrad.hpp>

#include "comparing.hpp"

struct PictureLayer {
  xgrad::Var weight, bias;
};
XGRAD_FIELDS(PictureLayer, weight, bias)

BOOST_AUTO_TEST_SUITE(test_graphviz)

namespace xg = xgrad;
using comparing::throws;
using comparing::wave;
using xg::Var;

namespace {

using Tree = boost::property_tree::ptree;

void collect(const Tree& tree, const std::string& name, std::vector<const Tree*>& all) {
  for (const auto& [key, child] : tree) {
    if (key == name) all.push_back(&child);
    collect(child, name, all);
  }
}

/// An SVG document that an XML parser has read.
struct Read {
  Tree document;

  explicit Read(const std::string& svg) {
    std::istringstream text(svg);
    boost::property_tree::read_xml(text, document);
  }
  [[nodiscard]] std::vector<std::string> texts() const {
    std::vector<const Tree*> all;
    collect(document, "text", all);
    std::vector<std::string> result;
    for (const Tree* each : all) result.push_back(each->data());
    return result;
  }
  [[nodiscard]] bool shows(const std::string& text) const {
    const std::vector<std::string> all = texts();
    return std::ranges::find(all, text) != all.end();
  }
  /// Elements of a class: node, edge, cluster.
  [[nodiscard]] std::size_t count(const std::string& of_class) const {
    std::vector<const Tree*> all;
    collect(document, "g", all);
    return static_cast<std::size_t>(std::ranges::count_if(
        all, [&](const Tree* each) { return each->get<std::string>("<xmlattr>.class", "") == of_class; }));
  }
};

Var loss(const Var& w, const Var& xs) {
  const auto run = [&](const Var& h, const Var& x) {
    const Var next = tanh(h * w + x);
    return std::pair{next, next};
  };
  return mean(square(xg::debug::label(xg::scan(run, zeros_like(w), xs).second, "hidden")));
}

}  // namespace

BOOST_AUTO_TEST_CASE(documents) {
  const xg::draw::Graph graph = xg::draw::gradient_graph(loss, wave({3}), wave({5, 3}));
  const Read svg(xg::draw::svg(graph));
  BOOST_TEST(svg.document.count("svg") == 1U);
  BOOST_TEST(svg.count("node") == graph.nodes.size());
  BOOST_TEST(svg.count("cluster") == graph.bodies.size() - 1);
  for (const char* text : {"scan, 5 runs", "'hidden'", "float64 [5, 3]", "gradient of argument 0", "body of scan"}) {
    BOOST_TEST(svg.shows(text), text);
  }
}

BOOST_AUTO_TEST_CASE(texts_however_strange) {
  const std::string hostile = "\"/></svg><script>alert(1)</script>&lt;\\N\\l%s\n]]>--> \xff\x01";
  const Read svg(
      xg::draw::svg(xg::draw::graph([&](const Var& x) { return xg::debug::label(sin(x), hostile); }, wave({2}))));
  BOOST_TEST(svg.shows("'\"/></svg><script>alert(1)</script>&lt;\\N\\l%s ]]>--> \xEF\xBF\xBD\xEF\xBF\xBD'"));
  std::vector<const Tree*> scripts;
  collect(svg.document, "script", scripts);
  BOOST_TEST(scripts.empty());
  BOOST_TEST(svg.count("node") == 3U);
}

BOOST_AUTO_TEST_CASE(the_same_on_every_thread) {
  const xg::draw::Graph graph = xg::draw::gradient_graph(loss, wave({3}), wave({5, 3}));
  const std::string one = xg::draw::svg(graph);
  std::vector<std::string> others(4);
  std::vector<std::thread> threads;
  for (std::string& each : others) threads.emplace_back([&] { each = xg::draw::svg(graph); });
  for (std::thread& each : threads) each.join();
  for (const std::string& each : others) BOOST_TEST((each == one));
}

// Drawn into this folder. The picture of the documentation is from Debian 12; another version of Graphviz may place the
// same texts elsewhere.
BOOST_AUTO_TEST_CASE(the_picture_of_the_documentation) {
  const auto fit = [](const PictureLayer& layer, const Var& x, const Var& y) {
    return mean(square(xg::debug::label(tanh(matmul(x, layer.weight) + layer.bias), "prediction") - y));
  };
  const PictureLayer layer{wave({3, 2}), wave({2})};
  xg::draw::save_text("gradient_graph.svg",
                      xg::draw::svg(xg::draw::gradient_graph(fit, layer, wave({5, 3}), wave({5, 2}))));
  const auto texts = [](const std::string& path) {
    std::ostringstream text;
    text << std::ifstream(path).rdbuf();
    std::vector<std::string> all = Read(text.str()).texts();
    std::ranges::sort(all);
    return all;
  };
  const std::vector<std::string> drawn = texts("gradient_graph.svg");
  BOOST_TEST(drawn.size() > 50U);
  BOOST_TEST(drawn == texts(XGRAD_DOCS "/images/gradient_graph.svg"), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(errors) {
  const xg::draw::Graph graph = xg::draw::graph([](const Var& x) { return sin(x); }, wave({2}));
  BOOST_TEST(throws<xg::ValueError>([&] { return xg::draw::svg(graph, {.most_nodes = 2}); }, {"3 nodes", "at most 2"}));
  BOOST_TEST(Read(xg::draw::svg(graph)).shows("sin"));
  const Read empty(xg::draw::svg(xg::draw::graph([] { return std::vector<Var>(); })));
  BOOST_TEST(empty.count("node") == 0U);
}

BOOST_AUTO_TEST_SUITE_END()
