// A grid of grey-scale images.
#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <string>

#include <xgrad/core/errors.hpp>
#include <xgrad/draw.hpp>
#include <xgrad/ops/elementwise.hpp>

#include "draw/svg.hpp"

namespace xgrad::draw {
namespace {

constexpr double side = 84.0;  ///< of the longer edge of an image
constexpr double gap = 18.0;
constexpr double caption_size = 12.0;

void check(const Images& images) {
  if (images.pixels.dimension() != 3) {
    throw ShapeError("svg: pixels of shape " + to_string(images.pixels.shape()) + "; images are [n, h, w]");
  }
  if (images.pixels.size() == 0) throw ValueError("svg: nothing to draw in images '" + images.title + "'");
  if (images.columns == 0) throw ValueError("svg: images '" + images.title + "' need at least one column");
  if (!std::isfinite(images.black) || !std::isfinite(images.white) || images.black == images.white) {
    throw ValueError("svg: black and white of images '" + images.title + "' must be finite and differ");
  }
  if (!images.captions.empty() && images.captions.size() != images.pixels.shape(0)) {
    throw ValueError("svg: " + std::to_string(images.captions.size()) + " captions for " +
                     std::to_string(images.pixels.shape(0)) + " images; each needs one, or none has one");
  }
}

/// "#rrggbb" of a pixel; empty for NaN.
std::string grey(const Images& images, double pixel) {
  if (std::isnan(pixel)) return {};
  // Quarters, because the difference of two numbers may overflow.
  const double brightness = (pixel / 4 - images.black / 4) / (images.white / 4 - images.black / 4);
  const auto level = static_cast<int>(std::lround(255.0 * std::clamp(brightness, 0.0, 1.0)));
  std::array<char, 2> hex{'0', '0'};
  std::to_chars(hex.data() + (level < 16 ? 1 : 0), hex.data() + hex.size(), level, 16);
  std::string result = "#";
  for (int channel = 0; channel < 3; ++channel) result.append(hex.data(), hex.size());
  return result;
}

}  // namespace

std::string svg(const Images& images) {
  check(images);
  const Var as_double = cast<double>(images.pixels);
  const Array<double>& pixels = as_double.array<double>();
  const std::size_t count = pixels.shape()[0];
  const std::size_t rows = pixels.shape()[1];
  const std::size_t columns = pixels.shape()[2];
  const double pixel = side / static_cast<double>(std::max(rows, columns));
  const double image_width = pixel * static_cast<double>(columns);
  const double image_height = pixel * static_cast<double>(rows);

  double cell_width = image_width;
  for (const std::string& caption : images.captions) {
    cell_width = std::max(cell_width, text_width(caption, caption_size));
  }
  const double cell_height = image_height + (images.captions.empty() ? 0.0 : 20.0);
  const std::size_t per_row = std::min(images.columns, count);
  const double title_height = images.title.empty() ? 0.0 : 34.0;

  Svg result;
  result.text(margin, margin + 14.0, images.title, {.size = 17.0, .bold = true});
  for (std::size_t n = 0; n < count; ++n) {
    const std::size_t row = n / per_row;
    const double cell_left = margin + static_cast<double>(n % per_row) * (cell_width + gap);
    const double left = cell_left + (cell_width - image_width) / 2;
    const double top = margin + title_height + static_cast<double>(row) * (cell_height + gap);
    result.element("<g shape-rendering=\"crispEdges\">");
    for (std::size_t i = 0; i < rows; ++i) {
      for (std::size_t j = 0; j < columns; ++j) {
        const std::string colour = grey(images, pixels(n, i, j));
        if (colour.empty()) continue;
        result.rectangle(left + pixel * static_cast<double>(j), top + pixel * static_cast<double>(i), pixel, pixel,
                         colour);
      }
    }
    result.element("</g>");
    result.element("<rect x=\"" + number(left) + "\" y=\"" + number(top) + "\" width=\"" + number(image_width) +
                   "\" height=\"" + number(image_height) + "\" fill=\"none\" stroke=\"#bbbbbb\"/>");
    if (!images.captions.empty()) {
      result.text(cell_left + cell_width / 2, top + image_height + 16.0, images.captions[n],
                  {.size = caption_size, .anchor = Anchor::Middle});
    }
  }
  const std::size_t grid_rows = (count + per_row - 1) / per_row;
  const double grid_width = static_cast<double>(per_row) * (cell_width + gap) - gap;
  const double title_width = text_width(images.title, 17.0);
  return result.document(2 * margin + std::max(grid_width, title_width),
                         2 * margin + title_height + static_cast<double>(grid_rows) * (cell_height + gap) - gap);
}

}  // namespace xgrad::draw
