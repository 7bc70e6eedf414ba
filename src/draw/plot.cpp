// Lines and points over a pair of axes.
#include <algorithm>
#include <array>
#include <cmath>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <xgrad/core/errors.hpp>
#include <xgrad/draw.hpp>

#include "draw/svg.hpp"
#include "draw/ticks.hpp"

namespace xgrad::draw {
namespace {

constexpr double plot_width = 720.0;
constexpr double plot_height = 340.0;
constexpr double label_size = 12.0;
constexpr std::string_view grid_colour = "#e4e4e4";

/// M. Okabe and K. Ito, Color Universal Design, 2008; without yellow, which is hard to see on white.
constexpr std::array<std::string_view, 7> colours{"#0072B2", "#D55E00", "#009E73", "#CC79A7",
                                                  "#E69F00", "#56B4E9", "#000000"};

std::string colour(std::size_t series) { return std::string(colours[series % colours.size()]); }

bool can_draw(const Plot& plot, double x, double y) {
  return std::isfinite(x) && std::isfinite(y) && (!plot.log_y || y > 0.0);
}

struct Range {
  double low = HUGE_VAL;
  double high = -HUGE_VAL;
  void include(double value) {
    low = std::min(low, value);
    high = std::max(high, value);
  }
};

/// The extent of all points that can be drawn.
std::pair<Range, Range> ranges(const Plot& plot) {
  Range x_range;
  Range y_range;
  for (const Series& series : plot.series) {
    if (series.x.size() != series.y.size()) {
      throw ValueError("svg: series '" + series.name + "' has " + std::to_string(series.x.size()) + " x and " +
                       std::to_string(series.y.size()) + " y; it needs as many x as y");
    }
    for (std::size_t i = 0; i < series.x.size(); ++i) {
      if (!can_draw(plot, series.x[i], series.y[i])) continue;
      x_range.include(series.x[i]);
      y_range.include(series.y[i]);
    }
  }
  if (x_range.low > x_range.high) {
    throw ValueError("svg: nothing to draw in plot '" + plot.title + "'; it needs a point that is finite" +
                     (plot.log_y ? " and has y > 0" : ""));
  }
  return {x_range, y_range};
}

struct PlotArea {
  double left, top, right, bottom;
  Axis x_axis, y_axis;
  [[nodiscard]] double x(double value) const { return left + x_axis.position(value) * (right - left); }
  [[nodiscard]] double y(double value) const { return bottom - y_axis.position(value) * (bottom - top); }
};

void draw_axes(Svg& svg, const Plot& plot, const PlotArea& area) {
  for (const Tick& tick : area.y_axis.ticks) {
    const double y = area.y(tick.value);
    svg.line(area.left, y, area.right, y, grid_colour);
    svg.text(area.left - 8.0, y + 0.35 * label_size, tick.label,
             {.size = label_size, .anchor = Anchor::End, .colour = soft_ink});
  }
  for (const Tick& tick : area.x_axis.ticks) {
    const double x = area.x(tick.value);
    svg.line(x, area.bottom, x, area.bottom + 5.0, soft_ink);
    svg.text(x, area.bottom + 19.0, tick.label, {.size = label_size, .anchor = Anchor::Middle, .colour = soft_ink});
  }
  svg.line(area.left, area.bottom, area.right, area.bottom, soft_ink);
  svg.text((area.left + area.right) / 2, area.bottom + 42.0, plot.x_label, {.anchor = Anchor::Middle});
  svg.text(margin + 6.0, (area.top + area.bottom) / 2, plot.y_label, {.anchor = Anchor::Middle, .upwards = true});
}

/// The colour of each series: faint ones take none, and have the number of the next.
std::vector<std::size_t> colours_of(const Plot& plot) {
  std::vector<std::size_t> result;
  std::size_t next = 0;
  for (const Series& series : plot.series) result.push_back(series.style == Style::Faint ? next : next++);
  return result;
}

std::string stroke(Style style, std::size_t series) {
  if (style == Style::Faint) return R"( fill="none" stroke="#b4b4b4" stroke-width="0.8"/>)";
  return " fill=\"none\" stroke=\"" + colour(series) +
         "\" stroke-width=\"2\" stroke-linejoin=\"round\" stroke-linecap=\"round\"" +
         (series < colours.size() ? "" : " stroke-dasharray=\"7 5\"") + "/>";
}

std::string dot(double x, double y, std::size_t series) {
  return "<circle cx=\"" + number(x) + "\" cy=\"" + number(y) + "\" r=\"3\" fill=\"" + colour(series) +
         "\" fill-opacity=\"0.65\"/>";
}

void draw_line(Svg& svg, const Plot& plot, const PlotArea& area, const Series& series, std::size_t in_colour) {
  std::string path;
  bool pen_down = false;
  for (std::size_t i = 0; i < series.x.size(); ++i) {
    const bool drawn = can_draw(plot, series.x[i], series.y[i]);
    if (drawn) {
      const std::string point = number(area.x(series.x[i])) + " " + number(area.y(series.y[i]));
      // The first point twice: a line of no length shows as a dot, so a point between gaps is not lost.
      path += pen_down ? " L" + point : " M" + point + " L" + point;
    }
    pen_down = drawn;
  }
  if (!path.empty()) svg.element("<path d=\"" + path.substr(1) + "\"" + stroke(series.style, in_colour));
}

void draw_points(Svg& svg, const Plot& plot, const PlotArea& area, const Series& series, std::size_t in_colour) {
  for (std::size_t i = 0; i < series.x.size(); ++i) {
    if (can_draw(plot, series.x[i], series.y[i])) svg.element(dot(area.x(series.x[i]), area.y(series.y[i]), in_colour));
  }
}

/// Entries side by side, in as many rows as they need.
/// \return  the y below the legend.
double draw_legend(Svg& svg, const Plot& plot, std::span<const std::size_t> in_colours, double left, double top) {
  constexpr double sample = 26.0;
  constexpr double row = 20.0;
  double x = left;
  double y = top;
  bool any = false;
  for (std::size_t i = 0; i < plot.series.size(); ++i) {
    const Series& series = plot.series[i];
    if (series.name.empty()) continue;
    const double entry = sample + text_width(series.name, label_size) + 22.0;
    if (any && x + entry > plot_width - margin) {
      x = left;
      y += row;
    }
    any = true;
    const double middle = y + row / 2;
    const std::string line = "<path d=\"M" + number(x + 1.0) + " " + number(middle) + " h18\"";
    if (series.style == Style::Points) svg.element(dot(x + 10.0, middle, in_colours[i]));
    else svg.element(line + stroke(series.style, in_colours[i]));
    svg.text(x + sample, middle + 0.35 * label_size, series.name, {.size = label_size});
    x += entry;
  }
  return any ? y + row : top;
}

}  // namespace

std::string svg(const Plot& plot) {
  const auto [x_range, y_range] = ranges(plot);
  Axis x_axis = linear_axis(x_range.low, x_range.high, 8);
  Axis y_axis = plot.log_y ? logarithmic_axis(y_range.low, y_range.high, 6) : linear_axis(y_range.low, y_range.high, 6);

  double label_width = 0.0;
  for (const Tick& tick : y_axis.ticks) label_width = std::max(label_width, text_width(tick.label, label_size));
  const double left = margin + (plot.y_label.empty() ? 0.0 : 22.0) + label_width + 8.0;
  const double right = plot_width - margin - text_width(x_axis.ticks.back().label, label_size) / 2;

  Svg result;
  double top = margin;
  if (!plot.title.empty()) {
    result.text(left, top + 14.0, plot.title, {.size = 17.0, .bold = true});
    top += 30.0;
  }
  const std::vector<std::size_t> in_colours = colours_of(plot);
  top = draw_legend(result, plot, in_colours, left, top) + 10.0;
  const double bottom = top + plot_height;
  const PlotArea area{left, top, right, bottom, std::move(x_axis), std::move(y_axis)};
  draw_axes(result, plot, area);
  for (const bool faint : {true, false}) {
    for (std::size_t i = 0; i < plot.series.size(); ++i) {
      const Series& series = plot.series[i];
      if ((series.style == Style::Faint) != faint) continue;
      if (series.style == Style::Points) draw_points(result, plot, area, series, in_colours[i]);
      else draw_line(result, plot, area, series, in_colours[i]);
    }
  }
  return result.document(plot_width, bottom + (plot.x_label.empty() ? 32.0 : 58.0));
}

}  // namespace xgrad::draw
