#include <xgrad/nn/summary.hpp>

#include <array>
#include <cstddef>
#include <iomanip>
#include <string_view>

#include "core/text.hpp"

namespace xgrad::nn::detail {
namespace {

using Row = Outline::Row;

// 80 columns: the widths of what is on the left, of shapes, element types, numbers and bytes.
constexpr std::size_t name_width = 29;
constexpr std::size_t shape_width = 22;
constexpr int type_width = 8;
constexpr int count_width = 12;
constexpr int memory_width = 9;
constexpr std::size_t line_width = 80;
static_assert(name_width + shape_width + type_width + count_width + memory_width == line_width);

/// The text, or its beginning and its end, with the last column left blank.
std::string fitted(std::string_view text, std::size_t width) {
  std::string result(text);
  if (result.size() >= width) {
    const std::size_t kept = width - 4;
    const std::size_t front = kept / 2;
    result = result.substr(0, front) + "..." + result.substr(result.size() - (kept - front));
  }
  result.resize(width, ' ');
  return result;
}

/// "1,234,567".
std::string grouped(std::size_t number) {
  std::string text = std::to_string(number);
  for (std::ptrdiff_t i = static_cast<std::ptrdiff_t>(text.size()) - 3; i > 0; i -= 3) {
    text.insert(static_cast<std::size_t>(i), 1, ',');
  }
  return text.size() < static_cast<std::size_t>(count_width) ? text : core::text_of(static_cast<double>(number));
}

/// "12.5 KiB".
std::string memory_of(double bytes) {
  constexpr std::array<std::string_view, 5> units{"B", "KiB", "MiB", "GiB", "TiB"};
  std::size_t unit = 0;
  while (bytes >= 999.95 && unit + 1 < units.size()) {
    bytes /= 1024.0;
    ++unit;
  }
  core::TextStream text;
  text << std::fixed << std::setprecision(unit == 0 || bytes >= 99.95 ? 0 : 1) << bytes << ' ' << units[unit];
  return text.str();
}

struct Total {
  std::size_t arrays = 0;
  std::size_t numbers = 0;
  double bytes = 0.0;
  void add(const Row& row) {
    const std::size_t size = size_of(row.shape);
    ++arrays;
    numbers += size;
    bytes += static_cast<double>(size) * static_cast<double>(size_of(row.dtype));
  }
};

void write_line(std::ostream& out, const std::string& name, std::string_view shape, std::string_view type,
                const std::string& numbers, const std::string& memory) {
  core::TextStream line;
  line << fitted(name, name_width) << fitted(shape, shape_width) << std::left << std::setw(type_width) << type
       << std::right << std::setw(count_width) << numbers << std::setw(memory_width) << memory;
  const std::string text = line.str();
  out << std::string_view(text).substr(0, text.find_last_not_of(' ') + 1) << '\n';
}

void write_rule(std::ostream& out) { out << std::string(line_width, '-') << '\n'; }

void write_array(std::ostream& out, const Row& row, std::size_t indent) {
  Total one;
  one.add(row);
  const std::string name = std::string(indent, ' ') + row.path + (row.trained ? "" : " (state)");
  write_line(out, name, to_string(row.shape), xgrad::name(row.dtype), grouped(one.numbers), memory_of(one.bytes));
}

void write_layer(std::ostream& out, const Row& row) {
  write_line(out, row.path + "  " + row.kind, "-> " + to_string(row.shape), xgrad::name(row.dtype), "", "");
}

void write_total(std::ostream& out, std::string_view what, const Total& total) {
  const std::string arrays = "in " + core::count_of(total.arrays, "array", "arrays");
  write_line(out, std::string(what), arrays, "", grouped(total.numbers), memory_of(total.bytes));
}

/// \param output  of the whole; null: not known.
std::string text_of(const std::vector<Row>& rows, const Var* output) {
  core::TextStream out;
  write_line(out, output ? "layer or array" : "array", "shape", "type", "numbers", "memory");
  write_rule(out);
  Total trained;
  Total state;
  bool has_layers = false;
  for (const Row& row : rows) {
    if (!row.kind.empty()) {
      has_layers = true;
      write_layer(out, row);
      continue;
    }
    (row.trained ? trained : state).add(row);
    write_array(out, row, has_layers ? 2 : 0);
  }
  write_rule(out);
  write_total(out, "trained", trained);
  write_total(out, "state", state);
  if (output) write_line(out, "output", "-> " + to_string(output->shape()), xgrad::name(output->dtype()), "", "");
  return out.str();
}

}  // namespace

std::string summary_of_arrays(const std::vector<std::string>& paths, const std::vector<Var>& arrays,
                              const std::vector<char>& trained) {
  std::vector<Row> rows;
  for (std::size_t i = 0; i < arrays.size(); ++i) {
    rows.push_back({paths[i], "", arrays[i].shape(), arrays[i].dtype(), trained[i] != 0});
  }
  return text_of(rows, nullptr);
}

std::string summary_of(const Outline& outline) { return text_of(outline.rows(), &outline.x()); }

DType usual_input(const std::vector<Var>& arrays) {
  for (const Var& each : arrays) {
    if (each.defined() && is_floating(each.dtype())) return each.dtype();
  }
  return DType::Float32;
}

}  // namespace xgrad::nn::detail
