// Rows of convolutions, pools, windows as columns, and interpolation.
#include "ops_table_rows.hpp"

#include <string>
#include <utility>

namespace xgrad::testing {
namespace {

void append_convolutions(Rows& rows, Random& random) {
  const auto pair = [&](const Shape& a, const Shape& b) { return Case{random.uniform(a), random.uniform(b)}; };
  const auto add = [&](const std::string& name, const ConvOptions& options, const std::vector<Case>& cases) {
    rows.push_back({.name = "conv." + name,
                    .function = [options](const Case& x) { return conv(x[0], x[1], options); },
                    .smooth = cases,
                    .primitives = {"convolution"}});
  };
  add("plain", {},
      {pair({2, 2, 5}, {3, 2, 2}), pair({1, 2, 3, 4}, {2, 2, 2, 3}), pair({1, 1, 2, 2, 3}, {2, 1, 1, 2, 2})});
  add("padding", {.padding = 1}, {pair({2, 1, 3}, {1, 1, 3}), pair({1, 2, 3, 3}, {2, 2, 3, 2})});
  add("stride", {.stride = {2, 3}, .padding = {1, 2}}, {pair({1, 2, 5, 6}, {2, 2, 3, 2})});
  add("dilation", {.stride = 2, .padding = 2, .dilation = 2},
      {pair({2, 1, 6}, {2, 1, 3}), pair({1, 1, 4, 5}, {1, 1, 2, 2})});
  add("groups", {.padding = 1, .groups = 2}, {pair({2, 4, 4}, {6, 2, 2}), pair({1, 2, 3, 2}, {2, 1, 2, 2})});
  add("sides", {.stride = 2, .padding = {{2, 0}, {0, 1}}}, {pair({1, 2, 3, 4}, {1, 2, 2, 3})});
  add("same", {.stride = 2, .padding = "same"}, {pair({1, 1, 5, 4}, {2, 1, 3, 4})});
  add("volume", {.stride = {1, 2, 1}, .padding = {0, 1, 1}, .dilation = {1, 1, 2}},
      {pair({1, 2, 2, 3, 4}, {1, 2, 2, 2, 2})});
}

void append_transposed(Rows& rows, Random& random) {
  const auto pair = [&](const Shape& a, const Shape& b) { return Case{random.uniform(a), random.uniform(b)}; };
  const auto add = [&](const std::string& name, const ConvTransposeOptions& options, const std::vector<Case>& cases) {
    rows.push_back({.name = "conv_transpose." + name,
                    .function = [options](const Case& x) { return conv_transpose(x[0], x[1], options); },
                    .smooth = cases,
                    .primitives = {"convolution"}});
  };
  add("plain", {},
      {pair({2, 2, 3}, {2, 3, 2}), pair({1, 2, 2, 3}, {2, 1, 2, 2}), pair({1, 1, 2, 1, 2}, {1, 2, 1, 2, 2})});
  add("stride", {.stride = {2, 3}, .padding = {1, 0}, .output_padding = {1, 2}}, {pair({1, 2, 3, 2}, {2, 2, 3, 2})});
  add("dilation", {.stride = 2, .padding = 1, .dilation = 2, .groups = 2}, {pair({2, 2, 4}, {2, 2, 3})});
  add("same", {.stride = 2, .padding = "same"}, {pair({1, 1, 3, 2}, {1, 2, 3, 3})});
}

void append_pools(Rows& rows, Random& random) {
  const auto add = [&](const std::string& name, Operation f, const std::vector<Case>& cases,
                       const std::vector<std::string>& primitives) {
    rows.push_back({.name = name, .function = std::move(f), .smooth = cases, .primitives = primitives});
  };
  const auto distinct = [&](const Shape& shape) { return Case{random.distinct(shape)}; };
  const auto uniform = [&](const Shape& shape) { return Case{random.uniform(shape)}; };
  add("max_pool", [](const Case& x) { return max_pool(x[0], 2); },
      {distinct({2, 2, 5}), distinct({1, 2, 4, 5}), distinct({1, 1, 2, 4, 2})}, {"window_argmax", "take_along_axis"});
  add("max_pool.overlapping",
      [](const Case& x) {
        return max_pool(x[0], {3, 2}, {.stride = {2, 1}, .padding = 1, .dilation = {1, 2}});
      },
      {distinct({1, 2, 5, 4})}, {"window_argmax"});
  add("average_pool", [](const Case& x) { return average_pool(x[0], 2); },
      {uniform({2, 2, 5}), uniform({1, 2, 4, 5}), uniform({1, 1, 2, 4, 2})}, {"convolution"});
  add("average_pool.overlapping",
      [](const Case& x) {
        return average_pool(x[0], {3, 2}, {.stride = {2, 1}, .padding = 1});
      },
      {uniform({1, 2, 5, 4})}, {});
  add("average_pool.elements",
      [](const Case& x) {
        return average_pool(x[0], {3, 2}, {.stride = {2, 1}, .padding = 1, .count_include_pad = false});
      },
      {uniform({1, 2, 5, 4})}, {});
  add("adaptive_max_pool",
      [](const Case& x) {
        return adaptive_max_pool(x[0], {2, 3});
      },
      {distinct({1, 2, 5, 7}), distinct({2, 1, 4, 3}), distinct({1, 1, 1, 2})}, {"window_argmax"});
  add("adaptive_average_pool",
      [](const Case& x) {
        return adaptive_average_pool(x[0], {2, 3});
      },
      {uniform({1, 2, 5, 7}), uniform({2, 1, 4, 3}), uniform({1, 1, 1, 2})}, {});
}

void append_columns(Rows& rows, Random& random) {
  const auto add = [&](const std::string& name, Operation f, const std::vector<Shape>& shapes) {
    std::vector<Case> cases;
    for (const Shape& shape : shapes) cases.push_back({random.uniform(shape)});
    rows.push_back({.name = name, .function = std::move(f), .smooth = cases});
  };
  add("unfold", [](const Case& x) { return unfold(x[0], {2, 3}); }, {{2, 2, 3, 4}});
  add("unfold.options",
      [](const Case& x) {
        return unfold(x[0], 2, {.stride = {2, 1}, .padding = {1, 0}, .dilation = {1, 2}});
      },
      {{1, 2, 3, 4}});
  add("fold", [](const Case& x) { return fold(x[0], {3, 4}, {2, 3}); }, {{2, 12, 4}});
  add("fold.options",
      [](const Case& x) {
        return fold(x[0], {3, 4}, 2, {.stride = {2, 1}, .padding = {1, 0}, .dilation = {1, 2}});
      },
      {{1, 8, 4}});
  add("resize.nearest", [](const Case& x) { return resize(x[0], {5, 2}, ResizeMethod::Nearest); }, {{1, 2, 2, 4}});
  add("resize.nearest_line", [](const Case& x) { return resize(x[0], 7, ResizeMethod::Nearest); }, {{1, 2, 3}});
  add("resize.linear", [](const Case& x) { return resize(x[0], {5, 2}); }, {{1, 2, 2, 4}, {1, 1, 1, 3}});
  add("resize.linear_line", [](const Case& x) { return resize(x[0], 7); }, {{1, 2, 3}});
  add("resize.linear_volume", [](const Case& x) { return resize(x[0], {3, 2, 5}); }, {{1, 1, 2, 3, 2}});
  add("resize.cubic",
      [](const Case& x) {
        return resize(x[0], {5, 3}, ResizeMethod::Cubic);
      },
      {{1, 2, 3, 4}, {1, 1, 2, 7}});
}

}  // namespace

void append_windows(Rows& rows) {
  Random random(29);
  append_convolutions(rows, random);
  append_transposed(rows, random);
  append_pools(rows, random);
  append_columns(rows, random);
}

}  // namespace xgrad::testing
