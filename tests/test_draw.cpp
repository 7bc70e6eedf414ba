// Pictures: what is drawn, what is left out, and what is refused.
#include <boost/property_tree/xml_parser.hpp>
#include <boost/test/unit_test.hpp>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <limits>
#include <sstream>
#include <string>
#include <vector>

#include <xgrad/core/errors.hpp>
#include <xgrad/draw.hpp>

#include "comparing.hpp"
#include "draw/ticks.hpp"

BOOST_AUTO_TEST_SUITE(test_draw)

namespace xg = xgrad;
namespace draw = xgrad::draw;
using comparing::count_in;
using comparing::message_of;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double nan_value = std::numeric_limits<double>::quiet_NaN();

/// Fails unless a document is well-formed and free of numbers that a browser cannot draw.
void check_document(const std::string& svg) {
  std::istringstream in(svg);
  boost::property_tree::ptree tree;
  BOOST_CHECK_NO_THROW(boost::property_tree::read_xml(in, tree));
  BOOST_TEST(tree.count("svg") == 1U);
  BOOST_TEST(count_in(svg, "nan") == 0U);
  BOOST_TEST(count_in(svg, "inf") == 0U);
}

std::string labels(const draw::Axis& axis) {
  std::string result;
  for (const draw::Tick& tick : axis.ticks) result += (result.empty() ? "" : " ") + tick.label;
  return result;
}

draw::Plot plot_of(const std::vector<double>& x, const std::vector<double>& y, draw::Style style = draw::Style::Line) {
  return {.series = {{.x = x, .y = y, .style = style}}};
}

}  // namespace

BOOST_AUTO_TEST_CASE(linear_ticks_are_round_numbers_around_the_data) {
  BOOST_TEST(labels(draw::linear_axis(0.0, 999.0, 8)) == "0 200 400 600 800 1000");
  BOOST_TEST(labels(draw::linear_axis(0.03, 0.97, 6)) == "0.0 0.2 0.4 0.6 0.8 1.0");
  BOOST_TEST(labels(draw::linear_axis(-1.2, 2.7, 6)) == "−2 −1 0 1 2 3");
  BOOST_TEST(labels(draw::linear_axis(0.0, 2e6, 4)) == "0 5×10⁵ 1.0×10⁶ 1.5×10⁶ 2.0×10⁶");
  BOOST_TEST(labels(draw::linear_axis(0.0, 4e-7, 4)) == "0 1×10⁻⁷ 2×10⁻⁷ 3×10⁻⁷ 4×10⁻⁷");
}

BOOST_AUTO_TEST_CASE(logarithmic_ticks_are_powers_of_ten) {
  BOOST_TEST(labels(draw::logarithmic_axis(0.083, 2.2, 6)) == "0.05 0.1 0.2 0.5 1 2 5");
  BOOST_TEST(labels(draw::logarithmic_axis(1.0, 1000.0, 6)) == "1 10 100 1000");
  BOOST_TEST(labels(draw::logarithmic_axis(1e-8, 1.0, 4)) == "10⁻⁸ 10⁻⁶ 10⁻⁴ 0.01 1");
  BOOST_TEST(labels(draw::logarithmic_axis(2e-9, 1e-8, 6)) == "2×10⁻⁹ 5×10⁻⁹ 10⁻⁸");
}

BOOST_AUTO_TEST_CASE(any_finite_data_get_an_axis_that_contains_them) {
  constexpr double largest = std::numeric_limits<double>::max();
  constexpr double smallest = std::numeric_limits<double>::denorm_min();
  const std::vector<std::pair<double, double>> ranges{
      {0.0, 0.0},         {5.0, 5.0},      {-3.0, -3.0},   {1e16, 1e16 + 4.0}, {0.0, smallest},
      {0.1, 0.1 + 1e-12}, {-1e300, 1e300}, {1e-12, 3e-12}, {0.0, 1e307},       {-7e-200, 3.0}};
  for (const auto& [low, high] : ranges) {
    const draw::Axis axis = draw::linear_axis(low, high, 6);
    const double invisible = 1e-9 * (axis.high - axis.low);
    BOOST_TEST(axis.low <= low + invisible);
    BOOST_TEST(axis.high >= high - invisible);
    BOOST_TEST(axis.low < axis.high);
    BOOST_TEST(axis.ticks.size() >= 2U);
    BOOST_TEST(axis.ticks.size() <= 9U);
  }
  for (const auto& [low, high] : std::vector<std::pair<double, double>>{
           {1.0, 1.0}, {10.0, 10.0}, {1e-200, 1e200}, {3.0, 3.1}, {1e-290, 1e290}, {0.9999999999, 1.0}}) {
    const draw::Axis axis = draw::logarithmic_axis(low, high, 6);
    BOOST_TEST(axis.low <= low * (1.0 + 1e-9));
    BOOST_TEST(axis.high >= high * (1.0 - 1e-9));
    BOOST_TEST(axis.low < axis.high);
    BOOST_TEST(axis.ticks.size() >= 2U);
    BOOST_TEST(axis.ticks.size() <= 9U);
  }
  check_document(draw::svg(plot_of({-largest, largest}, {largest, -largest})));
  draw::Plot extreme = plot_of({0.0, 1.0}, {smallest, largest});
  extreme.log_y = true;
  check_document(draw::svg(extreme));
}

BOOST_AUTO_TEST_CASE(axes_place_values_linearly_or_by_their_logarithm) {
  const draw::Axis linear = draw::linear_axis(0.0, 10.0, 5);
  BOOST_TEST(linear.position(2.5) == 0.25, boost::test_tools::tolerance(1e-12));
  const draw::Axis logarithmic = draw::logarithmic_axis(1.0, 10000.0, 5);
  BOOST_TEST(logarithmic.position(10.0) == 0.25, boost::test_tools::tolerance(1e-12));
}

BOOST_AUTO_TEST_CASE(plots_have_their_texts_and_series) {
  const std::string svg = draw::svg(draw::Plot{
      .title = "A title",
      .x_label = "time [s]",
      .y_label = "length [m]",
      .series = {
          {"measured", {0, 1, 2}, {1, 3, 2}, draw::Style::Points}, {"fitted", {0, 2}, {1, 3}}, {"", {0, 2}, {2, 2}}}});
  check_document(svg);
  for (const char* text : {">A title<", ">time [s]<", ">length [m]<", ">measured<", ">fitted<"}) {
    BOOST_TEST(count_in(svg, text) == 1U, text);
  }
  BOOST_TEST(count_in(svg, "<circle") == 3U + 1U);  // the points and their sample in the legend
  BOOST_TEST(count_in(svg, "<path") == 2U + 1U);
}

BOOST_AUTO_TEST_CASE(points_stand_where_they_should) {
  // 0 to 1 on both axes: the corners of the frame are where the four points are.
  const std::string svg = draw::svg(plot_of({0, 1, 0.5}, {0, 1, 0.5}, draw::Style::Points));
  std::istringstream in(svg);
  boost::property_tree::ptree tree;
  boost::property_tree::read_xml(in, tree);
  std::vector<double> x;
  std::vector<double> y;
  for (const auto& [name, node] : tree.get_child("svg")) {
    if (name != "circle") continue;
    x.push_back(node.get<double>("<xmlattr>.cx"));
    y.push_back(node.get<double>("<xmlattr>.cy"));
  }
  BOOST_TEST_REQUIRE(x.size() == 3U);
  BOOST_TEST(x[0] < x[1]);
  BOOST_TEST(y[0] > y[1]);  // SVG counts y downwards
  BOOST_TEST(std::abs(x[2] - (x[0] + x[1]) / 2) < 0.02);
  BOOST_TEST(std::abs(y[2] - (y[0] + y[1]) / 2) < 0.02);
}

BOOST_AUTO_TEST_CASE(colours_repeat_with_dashes) {
  draw::Plot plot;
  for (int i = 0; i < 8; ++i) plot.series.push_back({.x = {0, 1}, .y = {0, 1.0 * i}});
  const std::string svg = draw::svg(plot);
  BOOST_TEST(count_in(svg, "stroke=\"#0072B2\"") == 2U);
  BOOST_TEST(count_in(svg, "stroke-dasharray") == 1U);
}

BOOST_AUTO_TEST_CASE(faint_lines_are_below_and_take_no_colour) {
  const std::string svg = draw::svg(draw::Plot{
      .series = {{"path", {0, 1}, {0, 1}}, {"", {0, 1}, {1, 0}, draw::Style::Faint}, {"other", {0, 1}, {1, 1}}}});
  check_document(svg);
  BOOST_TEST(count_in(svg, "stroke=\"#0072B2\"") == 2U);  // and in the legend
  BOOST_TEST(count_in(svg, "stroke=\"#D55E00\"") == 2U);  // the second colour
  BOOST_TEST(count_in(svg, "stroke-width=\"0.8\"") == 1U);
  const std::string lines = svg.substr(svg.rfind(">other<"));
  BOOST_TEST(lines.find("stroke-width=\"0.8\"") < lines.find("stroke=\"#0072B2\""));
}

BOOST_AUTO_TEST_CASE(leaves_out_what_cannot_be_drawn) {
  const std::string svg =
      draw::svg(plot_of({0, 1, nan_value, 3, 4}, {0, infinity, 2, -infinity, 4}, draw::Style::Points));
  check_document(svg);
  BOOST_TEST(count_in(svg, "<circle") == 2U);

  draw::Plot logarithmic = plot_of({0, 1, 2, 3}, {1, 0, -1, 10}, draw::Style::Points);
  BOOST_TEST(count_in(draw::svg(logarithmic), "<circle") == 4U);
  logarithmic.log_y = true;
  BOOST_TEST(count_in(draw::svg(logarithmic), "<circle") == 2U);
}

BOOST_AUTO_TEST_CASE(lines_break_where_a_point_is_left_out) {
  const std::string whole = draw::svg(plot_of({0, 1, 2}, {0, 1, 2}));
  const std::string broken = draw::svg(plot_of({0, 1, 2}, {0, nan_value, 2}));
  const auto moves = [](const std::string& svg) {
    const std::size_t start = svg.find("<path");
    return count_in(svg.substr(start, svg.find("/>", start) - start), "M");
  };
  BOOST_TEST(moves(whole) == 1U);
  BOOST_TEST(moves(broken) == 2U);
}

BOOST_AUTO_TEST_CASE(escapes_texts) {
  const std::string svg =
      draw::svg(draw::Plot{.title = "a < b & \"c\" > d\x01", .series = {{.name = "</svg>\nx", .x = {0}, .y = {0}}}});
  check_document(svg);
  BOOST_TEST(count_in(svg, ">a &lt; b &amp; &quot;c&quot; &gt; d\xEF\xBF\xBD<") == 1U);
  BOOST_TEST(count_in(svg, ">&lt;/svg&gt; x<") == 1U);
}

BOOST_AUTO_TEST_CASE(refuses_plots_without_points) {
  using xg::ValueError;
  BOOST_TEST(message_of<ValueError>([] { (void)draw::svg(draw::Plot{.title = "t"}); }) ==
             "svg: nothing to draw in plot 't'; it needs a point that is finite");
  BOOST_CHECK_THROW((void)draw::svg(plot_of({}, {})), ValueError);
  BOOST_CHECK_THROW((void)draw::svg(plot_of({0.0}, {nan_value})), ValueError);
  draw::Plot plot = plot_of({0.0}, {-1.0});
  BOOST_CHECK_NO_THROW((void)draw::svg(plot));
  plot.log_y = true;
  BOOST_CHECK_THROW((void)draw::svg(plot), ValueError);
}

BOOST_AUTO_TEST_CASE(refuses_unequal_lengths) {
  draw::Plot plot{.series = {{.name = "s", .x = {0, 1, 2}, .y = {0, 1}}}};
  BOOST_TEST(message_of<xg::ValueError>([&] { (void)draw::svg(plot); }) ==
             "svg: series 's' has 3 x and 2 y; it needs as many x as y");
}

BOOST_AUTO_TEST_CASE(images_become_grey_squares) {
  const xg::Var pixels = xt::xarray<double>{{{0.0, 1.0}, {0.5, 2.0}}, {{-1.0, nan_value}, {0.2, infinity}}};
  const std::string svg = draw::svg(draw::Images{.title = "two", .pixels = pixels, .captions = {"a & b", "c"}});
  check_document(svg);
  BOOST_TEST(count_in(svg, "fill=\"#000000\"") == 2U);  // 0 and -1
  BOOST_TEST(count_in(svg, "fill=\"#ffffff\"") == 3U);  // 1, 2 and infinity
  BOOST_TEST(count_in(svg, "fill=\"#808080\"") == 1U);
  BOOST_TEST(count_in(svg, "fill=\"#333333\"") == 1U);
  BOOST_TEST(count_in(svg, ">a &amp; b<") == 1U);
  BOOST_TEST(count_in(svg, ">c<") == 1U);
}

BOOST_AUTO_TEST_CASE(images_may_count_ink) {
  const xg::Var pixels = xt::xarray<std::int64_t>{{{0, 16, 8}}};
  const std::string svg = draw::svg(draw::Images{.pixels = pixels, .black = 16.0, .white = 0.0});
  // From left to right: paper, ink, half of it.
  const std::size_t paper = svg.find("fill=\"#ffffff\"");
  const std::size_t ink = svg.find("fill=\"#000000\"");
  const std::size_t half = svg.find("fill=\"#808080\"");
  BOOST_TEST(paper < ink);
  BOOST_TEST(ink < half);
  BOOST_TEST(half < svg.size());
}

BOOST_AUTO_TEST_CASE(refuses_images_that_are_none) {
  const xg::Var one = xt::xarray<double>{{{0.0, 1.0}}};
  BOOST_TEST(message_of<xg::ShapeError>([] { (void)draw::svg(draw::Images{.pixels = 1.0}); }) ==
             "svg: pixels of shape []; images are [n, h, w]");
  BOOST_CHECK_THROW((void)draw::svg(draw::Images{}), xg::TapeError);
  BOOST_CHECK_THROW((void)draw::svg(draw::Images{.pixels = xg::Array<double>(xg::Shape{0, 8, 8})}), xg::ValueError);
  BOOST_CHECK_THROW((void)draw::svg(draw::Images{.pixels = one, .captions = {"a", "b"}}), xg::ValueError);
  BOOST_CHECK_THROW((void)draw::svg(draw::Images{.pixels = one, .columns = 0}), xg::ValueError);
  BOOST_CHECK_THROW((void)draw::svg(draw::Images{.pixels = one, .black = 1.0}), xg::ValueError);
  BOOST_CHECK_THROW((void)draw::svg(draw::Images{.pixels = one, .black = nan_value}), xg::ValueError);
}

BOOST_AUTO_TEST_CASE(saves_what_svg_returns) {
  const std::filesystem::path path = "test_draw_picture.svg";
  const auto contents = [&] {
    std::ostringstream text;
    text << std::ifstream(path, std::ios::binary).rdbuf();
    return text.str();
  };
  const draw::Images images{.pixels = xt::xarray<double>{{{0.0, 1.0}}}};
  draw::save(path, images);
  BOOST_TEST(contents() == draw::svg(images));
  const draw::Plot plot = plot_of({0, 1}, {0, 1});
  draw::save(path, plot);
  BOOST_TEST(contents() == draw::svg(plot));
  std::filesystem::remove(path);

  BOOST_TEST(message_of<xg::IoError>([&] { draw::save("no/such/folder/a.svg", plot); }) ==
             "save: cannot write 'no/such/folder/a.svg': No such file or directory");
}

BOOST_AUTO_TEST_SUITE_END()
