// Pictures: curves and small grey-scale images as SVG files, which every browser shows; and plans as text.
#pragma once

#include <cstddef>
#include <filesystem>
#include <initializer_list>
#include <span>
#include <string>
#include <vector>

#include <xgrad/var.hpp>

#pragma GCC visibility push(default)

namespace xgrad::draw {

enum class Style {
  Line,
  Points,
  Faint,  ///< a thin grey line below all others, which takes no colour: contours, guides
};

/// One curve or cloud of points.
struct Series {
  std::string name = {};  ///< in the legend; without a name there is no entry
  std::vector<double> x = {};
  std::vector<double> y = {};  ///< as many as x
  Style style = Style::Line;
};

/// One or more series over common axes, whose limits are round numbers around the data. Colours are told apart with
/// any colour vision; after seven series they repeat with dashes. Texts are UTF-8.
///
/// Points that are not finite, and on a logarithmic axis those with y <= 0, are left out; a line breaks there.
struct Plot {
  std::string title = {};
  std::string x_label = {};
  std::string y_label = {};
  std::vector<Series> series = {};
  bool log_y = false;  ///< logarithmic y axis
};

/// A grid of grey-scale images, row by row, with a caption below each. Every pixel becomes a square of its own, so this
/// suits small images.
struct Images {
  std::string title = {};
  Var pixels = {};                         ///< [n, h, w], n, h, w > 0; one that is NaN is left blank
  std::vector<std::string> captions = {};  ///< n, or none
  double black = 0.0;                      ///< the number drawn black ...
  double white = 1.0;                      ///< ... and white; numbers outside are drawn as the nearer one
  std::size_t columns = 8;                 ///< images in a row, > 0
};

/// The text of an SVG document.
/// \throws ValueError  if there is no point to draw, or a series has different numbers of x and y.
[[nodiscard]] std::string svg(const Plot& plot);
/// \throws ShapeError  unless pixels are [n, h, w].
/// \throws ValueError  if there are no pixels, columns are 0, captions are not n or none, or black and white are equal
///                     or not finite.
[[nodiscard]] std::string svg(const Images& images);

/// Writes an SVG file, in place of one that is there already.
/// \throws IoError  naming the path, if it cannot be written; otherwise as svg().
void save(const std::filesystem::path& path, const Plot& plot);
void save(const std::filesystem::path& path, const Images& images);
/// The same of a text, such as svg() and dot() give.
void save_text(const std::filesystem::path& path, const std::string& text);

/// How recorded Vars of one tape would be evaluated together: a line for each step (a loop with the operations that are
/// fused in it, a product of matrices, another kernel), below it the arrays that it reads and writes, then the memory
/// that the plan takes. Nothing is evaluated, and the cache of plans is left alone.
///
/// A loop names its operations by role: "full" values have an element for each of rows x columns, "row" values one for
/// each row; "epilogue" sums are complete when the loop has ended. "arena+64" is an intermediate value at that offset
/// of the plan's memory. The text is for people: it may change with any version.
///
/// For a compiled function, `step.plan(arguments...)` gives the same.
/// \throws TapeError  for a Var that is not recorded, or recorded on another tape than the first.
[[nodiscard]] std::string plan(std::span<const Var> outputs);
[[nodiscard]] std::string plan(std::initializer_list<Var> outputs);

}  // namespace xgrad::draw

#pragma GCC visibility pop
