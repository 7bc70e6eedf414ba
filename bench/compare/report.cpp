#include "report.hpp"

#include <cmath>
#include <cstdio>
#include <ostream>

namespace bench {
namespace {

std::string format(const char* pattern, double x) {
  char text[64];
  std::snprintf(text, sizeof text, pattern, x);
  return text;
}

std::string number(double x) { return std::isnan(x) ? "null" : format("%.6g", x); }

std::string quoted(const std::string& text) { return '"' + text + '"'; }  // ids, sizes and types need no escapes

std::string bound_of(const Row& row, const char* at_least, const char* at_most) {
  if (!row.has_bound()) return "";
  const bool lower = row.field == "ratio" || row.field == "fraction";
  return (lower ? at_least : at_most) + format("%.4g", row.bound);
}

/// Bold where a bound is missed.
std::string marked(const Row& row, const std::string& text) { return row.met() ? text : "**" + text + "**"; }

std::string detail(const std::string& name, double value) {
  if (name.ends_with("_ns")) return name.substr(0, name.size() - 3) + " " + duration(value);
  if (name.ends_with("_bytes")) return name.substr(0, name.size() - 6) + " " + format("%.1f MB", value / 1e6);
  return name + " " + format("%.4g", value);
}

}  // namespace

bool Row::has_bound() const { return !std::isnan(bound); }

bool Row::met() const {
  if (!has_bound()) return true;
  return field == "ratio" || field == "fraction" ? value >= bound : value <= bound;
}

std::string duration(double nanoseconds) {
  if (std::isnan(nanoseconds)) return "";
  if (nanoseconds < 1e3) return format("%.3g ns", nanoseconds);
  if (nanoseconds < 1e6) return format("%.3g µs", nanoseconds / 1e3);
  if (nanoseconds < 1e9) return format("%.3g ms", nanoseconds / 1e6);
  return format("%.3g s", nanoseconds / 1e9);
}

void print_comparison_header(std::ostream& out) {
  out << "| id | size | dtype | threads | xgrad | libtorch | ratio | at least |\n"
         "|---|---|---|---:|---:|---:|---:|---:|\n";
}

void print_limit_header(std::ostream& out) {
  out << "| id | size | dtype | xgrad | measured | bound | from |\n|---|---|---|---:|---:|---:|---|\n";
}

void print_comparison(std::ostream& out, const Row& row) {
  out << "| " << row.id << " | " << row.size << " | " << row.dtype << " | " << row.threads << " | "
      << duration(row.ours_ns) << " | " << duration(row.theirs_ns) << " | " << marked(row, format("%.2f", row.value))
      << " | " << bound_of(row, "", "") << " |" << std::endl;
}

void print_limit(std::ostream& out, const Row& row) {
  std::string details;
  for (const auto& [name, value] : row.details) details += (details.empty() ? "" : ", ") + detail(name, value);
  out << "| " << row.id << " | " << row.size << " | " << row.dtype << " | " << duration(row.ours_ns) << " | "
      << marked(row, row.field + " " + format("%.3g", row.value)) << " | " << bound_of(row, "at least ", "at most ")
      << " | " << details << " |" << std::endl;
}

void write_json(std::ostream& out, const std::vector<Row>& rows) {
  const char* separator = "[";
  for (const Row& row : rows) {
    out << separator << "\n  {\"id\": " << quoted(row.id) << ", \"size\": " << quoted(row.size)
        << ", \"dtype\": " << quoted(row.dtype) << ", \"threads\": " << row.threads
        << ", \"ours_ns\": " << number(row.ours_ns) << ", \"theirs_ns\": " << number(row.theirs_ns);
    if (row.field != "ratio") out << ", \"ratio\": null, \"value\": " << number(row.value);
    out << ", " << quoted(row.field) << ": " << number(row.value) << ", \"bound\": " << number(row.bound)
        << ", \"met\": " << (row.met() ? "true" : "false");
    for (const auto& [name, value] : row.details) out << ", " << quoted(name) << ": " << number(value);
    out << "}";
    separator = ",";
  }
  out << (rows.empty() ? "[" : "\n") << "]\n";
}

}  // namespace bench
