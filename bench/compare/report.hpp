// Results as a Markdown table and as JSON.
#pragma once

#include <iosfwd>
#include <string>
#include <utility>
#include <vector>

namespace bench {

/// One row. Numbers that do not exist are NaN, in JSON null.
struct Row {
  std::string id, size, dtype;
  int threads;
  double ours_ns, theirs_ns;
  std::string field;  ///< "ratio" and "fraction" have a lower bound, "cost" has an upper one
  double value;
  double bound;
  std::vector<std::pair<std::string, double>> details;

  [[nodiscard]] bool has_bound() const;
  [[nodiscard]] bool met() const;
};

void print_comparison_header(std::ostream& out);
void print_limit_header(std::ostream& out);
void print_comparison(std::ostream& out, const Row& row);
void print_limit(std::ostream& out, const Row& row);

/// An array of objects with id, size, dtype, threads, ours_ns, theirs_ns, ratio, the row's field, bound, met and
/// details.
void write_json(std::ostream& out, const std::vector<Row>& rows);

/// 1.23 ms
std::string duration(double nanoseconds);

}  // namespace bench
