#include <xgrad/train/report.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

#include "core/text.hpp"
#include "io/atomic_file.hpp"
#include "train/html.hpp"
#include "train/report_pictures.hpp"
#include "train/versions.hpp"

namespace xgrad::train {
namespace {

using Pairs = std::vector<std::pair<std::string, std::string>>;

/// More rows than this nobody reads; the table in a file has them all.
constexpr std::size_t most_rows = 500;

template <class T, class F>
io::TableColumn column_of(std::string name, const std::vector<Progressed>& rows, F value) {
  std::vector<T> numbers;
  for (const Progressed& row : rows) numbers.push_back(value(row));
  return {.name = std::move(name), .numbers = Var(numbers)};
}

std::string hours_minutes(double seconds) {
  if (!std::isfinite(seconds) || seconds < 60.0 || seconds > 1e9) return short_number(seconds) + " s";
  const auto whole = static_cast<long long>(seconds);
  const auto two_digits = [](long long n) { return (n < 10 ? "0" : "") + std::to_string(n); };
  return std::to_string(whole / 3600) + ":" + two_digits(whole / 60 % 60) + ":" + two_digits(whole % 60);
}

/// What it came to.
Pairs results_of(const History& history) {
  Pairs result;
  const std::vector<Progressed>& rows = history.epochs.empty() ? history.steps : history.epochs;
  if (rows.empty()) return {{"steps", "0"}};
  const Progressed& last = rows.back();
  const std::size_t step = std::max(last.step, history.steps.empty() ? 0 : history.steps.back().step);
  result.emplace_back("epochs", std::to_string(history.epochs.size()));
  result.emplace_back("steps", std::to_string(step));
  result.emplace_back("time", hours_minutes(last.seconds));
  result.emplace_back("last loss", short_number(last.loss));
  for (const auto& [name, value] : last.metrics) result.emplace_back("last " + name, short_number(value));
  return result;
}

std::string section(const std::string& heading, const std::string& body) {
  return body.empty() ? "" : "<h2>" + heading + "</h2>\n" + body;
}

/// The rows of a table of numbers, but for those in the middle if there are too many.
std::string html_rows(const io::Table& table, std::size_t rows) {
  std::string result = "<div class=\"wide\">\n<table class=\"numbers\">\n<tr>";
  for (const io::TableColumn& column : table.columns) result += "<th>" + html_text(column.name) + "</th>";
  result += "</tr>\n";
  for (std::size_t i = 0; i < rows; ++i) {
    if (rows > most_rows && i >= most_rows / 2 && i < rows - most_rows / 2) continue;
    result += "<tr>";
    for (const io::TableColumn& column : table.columns) {
      const bool is_count = column.numbers.dtype() == DType::Int64;
      const double value = is_count ? 0.0 : column.numbers.array<double>()(i);
      const std::string text = is_count ? std::to_string(column.numbers.array<std::int64_t>()(i)) : short_number(value);
      result += "<td>" + (std::isnan(value) ? "" : text) + "</td>";
    }
    result += "</tr>\n";
  }
  result += "</table>\n</div>\n";
  if (rows > most_rows) {
    result +=
        "<p class=\"note\">" + std::to_string(rows - most_rows / 2 * 2) + " rows in the middle are left out.</p>\n";
  }
  return result;
}

}  // namespace

io::Table table(const std::vector<Progressed>& rows) {
  io::Table result;
  std::vector<io::TableColumn>& columns = result.columns;
  columns.push_back(column_of<std::size_t>("epoch", rows, [](const Progressed& row) { return row.epoch; }));
  columns.push_back(column_of<std::size_t>("step", rows, [](const Progressed& row) { return row.step; }));
  columns.push_back(column_of<double>("loss", rows, [](const Progressed& row) { return row.loss; }));
  columns.push_back(column_of<double>("rate", rows, [](const Progressed& row) { return row.rate; }));
  columns.push_back(column_of<double>("seconds", rows, [](const Progressed& row) { return row.seconds; }));
  std::set<std::string> metrics;
  for (const Progressed& row : rows) {
    for (const auto& [name, value] : row.metrics) metrics.insert(name);
  }
  for (const std::string& name : metrics) {
    std::string heading = name;
    while (std::ranges::find(columns, heading, &io::TableColumn::name) != columns.end() ||
           (heading != name && metrics.contains(heading))) {
      heading.insert(0, "metric ");
    }
    columns.push_back(column_of<double>(heading, rows, [&](const Progressed& row) {
      const auto found = row.metrics.find(name);
      return found == row.metrics.end() ? std::numeric_limits<double>::quiet_NaN() : found->second;
    }));
  }
  return result;
}

std::string report(const History& history, const ReportOptions& options) {
  const std::string histograms = histograms_of(options.weights, options.bins);
  std::string body = html_element("h1", options.title);
  body += section("Result", html_pairs(results_of(history)));
  body += section("Curves", curves_of(history));
  if (options.confusion.defined()) {
    body += section("Confusion matrix", confusion_of(options.confusion, options.classes));
  }
  if (!histograms.empty()) body += section("Weights", "<div class=\"pictures\">\n" + histograms + "</div>\n");
  if (!options.summary.empty()) body += section("Model", html_element("pre", options.summary));
  if (!options.settings.empty()) body += section("Settings", html_pairs(options.settings));
  body += section("Versions", html_pairs(versions()));
  if (!history.epochs.empty()) body += section("Epochs", html_rows(table(history.epochs), history.epochs.size()));
  return html_page(options.title, body);
}

void write_report(const std::filesystem::path& path, const History& history, const ReportOptions& options) {
  const std::string text = report(history, options);
  io::AtomicFile file("write_report", path);
  file.write(text);
  file.finish();
}

}  // namespace xgrad::train
