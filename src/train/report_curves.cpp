// Curves of a history.
#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <string_view>

#include <xgrad/draw.hpp>

#include "train/html.hpp"
#include "train/report_pictures.hpp"

namespace xgrad::train {
namespace {

/// More points than this are more than a picture shows.
constexpr std::size_t most_points = 1000;
/// How many times as large as the smallest the largest number is where a logarithmic axis begins to be of use.
constexpr double long_range = 100.0;

constexpr std::string_view validation_prefix = "validation ";

/// A curve, of which some points may be means of several rows.
struct Curve {
  draw::Series series;
  std::size_t rows_of_point = 1;
  std::size_t not_finite = 0;
};

template <class F>
Curve curve_of(const std::string& name, const std::vector<Progressed>& rows, F value) {
  std::vector<std::pair<double, double>> points;
  Curve result{.series = {.name = clean_text(name)}};
  for (const Progressed& row : rows) {
    const auto [has, y] = value(row);
    if (!has) continue;
    if (!std::isfinite(y)) ++result.not_finite;
    points.emplace_back(static_cast<double>(row.step), y);
  }
  result.rows_of_point = std::max<std::size_t>(1, (points.size() + most_points - 1) / most_points);
  for (std::size_t begin = 0; begin < points.size(); begin += result.rows_of_point) {
    const std::size_t end = std::min(points.size(), begin + result.rows_of_point);
    double x = 0.0, y = 0.0, count = 0.0;
    for (std::size_t i = begin; i < end; ++i) {
      if (!std::isfinite(points[i].second)) continue;
      count += 1.0;
      x += (points[i].first - x) / count;  // means, which do not overflow
      y += points[i].second / count - y / count;
    }
    result.series.x.push_back(count > 0.0 ? x : points[begin].first);
    result.series.y.push_back(count > 0.0 ? y : NAN);  // a gap
  }
  return result;
}

std::string notes_of(const std::vector<Curve>& curves) {
  std::string result;
  const auto add = [&](const Curve& curve, const std::string& text) {
    result += (result.empty() ? "" : " ") + (curve.series.name.empty() ? "" : curve.series.name + ": ") + text + ".";
  };
  for (const Curve& curve : curves) {
    if (curve.rows_of_point > 1)
      add(curve, "each point is the mean of " + std::to_string(curve.rows_of_point) + " steps");
    if (curve.not_finite > 0)
      add(curve, std::to_string(curve.not_finite) + " numbers that are not finite are not drawn");
  }
  return result;
}

std::string picture_of(const std::string& heading, std::vector<Curve> curves) {
  // Noise of single steps, behind the means of epochs.
  if (curves.size() > 1 && curves[1].series.x.size() > 1) curves[0].series.style = draw::Style::Faint;
  std::erase_if(curves, [](const Curve& curve) { return curve.series.x.empty(); });
  if (curves.empty()) return {};
  double least = HUGE_VAL, most = -HUGE_VAL;
  draw::Plot plot{.x_label = "step", .y_label = clean_text(heading)};
  for (const Curve& curve : curves) {
    for (const double y : curve.series.y) {
      if (!std::isfinite(y)) continue;
      least = std::min(least, y);
      most = std::max(most, y);
    }
    plot.series.push_back(curve.series);
  }
  const std::string notes = notes_of(curves);
  std::string result = "<figure>\n<h3>" + html_text(heading) + "</h3>\n";
  if (least <= most) {
    plot.log_y = least > 0.0 && most / least > long_range;
    result += inline_svg(draw::svg(plot));
  }
  if (!notes.empty()) result += html_element("figcaption", notes);
  return result + "</figure>\n";
}

using Reading = std::pair<bool, double>;

auto metric_named(const std::string& name) {
  return [name](const Progressed& row) {
    const auto found = row.metrics.find(name);
    return found == row.metrics.end() ? Reading(false, 0.0) : Reading(true, found->second);
  };
}

Reading loss_of(const Progressed& row) { return {true, row.loss}; }
Reading rate_of(const Progressed& row) { return {!std::isnan(row.rate), row.rate}; }

/// Names without "validation ", but for the loss, which has a picture already.
std::set<std::string> names_of_metrics(const History& history) {
  std::set<std::string> result;
  for (const auto* rows : {&history.steps, &history.epochs}) {
    for (const Progressed& row : *rows) {
      for (const auto& [name, value] : row.metrics) {
        result.insert(name.starts_with(validation_prefix) ? name.substr(validation_prefix.size()) : name);
      }
    }
  }
  return result;
}

}  // namespace

std::string curves_of(const History& history) {
  const std::string validation(validation_prefix);
  std::vector<Curve> losses;
  losses.push_back(curve_of("training, by step", history.steps, loss_of));
  losses.push_back(curve_of("training, by epoch", history.epochs, loss_of));
  losses.push_back(curve_of("validation", history.epochs, metric_named(validation + "loss")));
  std::string result = picture_of("loss", std::move(losses));
  for (const std::string& name : names_of_metrics(history)) {
    if (name == "loss") continue;
    std::vector<Curve> curves;
    curves.push_back(curve_of("training, by step", history.steps, metric_named(name)));
    curves.push_back(curve_of("training, by epoch", history.epochs, metric_named(name)));
    curves.push_back(curve_of("validation", history.epochs, metric_named(validation + name)));
    result += picture_of(name, std::move(curves));
  }
  const std::vector<Progressed>& finer = history.steps.empty() ? history.epochs : history.steps;
  std::vector<Curve> rates;
  rates.push_back(curve_of("", finer, rate_of));
  return result + picture_of("learning rate", std::move(rates));
}

}  // namespace xgrad::train
