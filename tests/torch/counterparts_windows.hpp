// For each row of the table of operations that looks at windows, the same in libtorch.
#pragma once

#include <ATen/ATen.h>

#include <string>
#include <vector>

#include "counterparts_functions.hpp"

namespace libtorch {

/// Numbers for each axis of the row's arguments, cut to those that they have.
inline std::vector<std::int64_t> of_axes(const at::Tensor& x, std::int64_t number) {
  return std::vector<std::int64_t>(static_cast<std::size_t>(x.dim() - 2), number);
}

template <class Table>
void add_convolutions(Table& table) {
  using at::Tensor;
  using Numbers = std::vector<std::int64_t>;
  const auto all = [](const Tensors& x, const Numbers& stride, const Numbers& padding, const Numbers& dilation,
                      std::int64_t groups) {
    return at::convolution(x[0], x[1], {}, stride, padding, dilation, false, of_axes(x[0], 0), groups);
  };
  const auto even = [all](const Tensors& x, std::int64_t stride, std::int64_t padding, std::int64_t dilation,
                          std::int64_t groups) {
    return all(x, of_axes(x[0], stride), of_axes(x[0], padding), of_axes(x[0], dilation), groups);
  };
  table["conv.plain"] = [even](const Tensors& x) { return even(x, 1, 0, 1, 1); };
  table["conv.padding"] = [even](const Tensors& x) { return even(x, 1, 1, 1, 1); };
  table["conv.stride"] = [all](const Tensors& x) { return all(x, {2, 3}, {1, 2}, {1, 1}, 1); };
  table["conv.dilation"] = [even](const Tensors& x) { return even(x, 2, 2, 2, 1); };
  table["conv.groups"] = [even](const Tensors& x) { return even(x, 1, 1, 1, 2); };
  table["conv.sides"] = [](const Tensors& x) {
    return at::conv2d(at::constant_pad_nd(x[0], {0, 1, 2, 0}), x[1], {}, {2, 2});
  };
  table["conv.same"] = [](const Tensors& x) {  // 5 by 4 to 3 by 2: 2 places are missing along both axes
    return at::conv2d(x[0], x[1], {}, {2, 2}, {1, 1});
  };
  table["conv.volume"] = [all](const Tensors& x) { return all(x, {1, 2, 1}, {0, 1, 1}, {1, 1, 2}, 1); };
  const auto transposed = [](const Tensors& x, const Numbers& stride, const Numbers& padding, const Numbers& dilation,
                             const Numbers& more, std::int64_t groups) {
    return at::convolution(x[0], x[1], {}, stride, padding, dilation, true, more, groups);
  };
  table["conv_transpose.plain"] = [transposed](const Tensors& x) {
    return transposed(x, of_axes(x[0], 1), of_axes(x[0], 0), of_axes(x[0], 1), of_axes(x[0], 0), 1);
  };
  table["conv_transpose.stride"] = [transposed](const Tensors& x) {
    return transposed(x, {2, 3}, {1, 0}, {1, 1}, {1, 2}, 1);
  };
  table["conv_transpose.dilation"] = [transposed](const Tensors& x) { return transposed(x, {2}, {1}, {2}, {0}, 2); };
  table["conv_transpose.same"] = [transposed](const Tensors& x) {  // of 7 by 5 places the last ones go
    return transposed(x, {2, 2}, {0, 0}, {1, 1}, {0, 0}, 1).narrow(2, 0, 6).narrow(3, 0, 4);
  };
}

template <class Table>
void add_pools(Table& table) {
  using at::Tensor;
  table["max_pool"] = [](const Tensors& x) {
    if (x[0].dim() == 3) return at::max_pool1d(x[0], {2});
    return x[0].dim() == 4 ? at::max_pool2d(x[0], {2, 2}) : at::max_pool3d(x[0], {2, 2, 2});
  };
  table["max_pool.overlapping"] = [](const Tensors& x) { return at::max_pool2d(x[0], {3, 2}, {2, 1}, {1, 1}, {1, 2}); };
  table["average_pool"] = [](const Tensors& x) {
    if (x[0].dim() == 3) return at::avg_pool1d(x[0], {2});
    return x[0].dim() == 4 ? at::avg_pool2d(x[0], {2, 2}) : at::avg_pool3d(x[0], {2, 2, 2});
  };
  table["average_pool.overlapping"] = [](const Tensors& x) { return at::avg_pool2d(x[0], {3, 2}, {2, 1}, {1, 1}); };
  table["average_pool.elements"] = [](const Tensors& x) {
    return at::avg_pool2d(x[0], {3, 2}, {2, 1}, {1, 1}, false, false);
  };
  table["adaptive_max_pool"] = [](const Tensors& x) { return std::get<0>(at::adaptive_max_pool2d(x[0], {2, 3})); };
  table["adaptive_average_pool"] = [](const Tensors& x) { return at::adaptive_avg_pool2d(x[0], {2, 3}); };
}

template <class Table>
void add_columns(Table& table) {
  using at::Tensor;
  table["unfold"] = [](const Tensors& x) { return at::im2col(x[0], {2, 3}, {1, 1}, {0, 0}, {1, 1}); };
  table["unfold.options"] = [](const Tensors& x) { return at::im2col(x[0], {2, 2}, {1, 2}, {1, 0}, {2, 1}); };
  table["fold"] = [](const Tensors& x) { return at::col2im(x[0], {3, 4}, {2, 3}, {1, 1}, {0, 0}, {1, 1}); };
  table["fold.options"] = [](const Tensors& x) { return at::col2im(x[0], {3, 4}, {2, 2}, {1, 2}, {1, 0}, {2, 1}); };
  table["resize.nearest"] = [](const Tensors& x) { return at::upsample_nearest2d(x[0], {5, 2}); };
  table["resize.nearest_line"] = [](const Tensors& x) { return at::upsample_nearest1d(x[0], {7}); };
  table["resize.linear"] = [](const Tensors& x) { return at::upsample_bilinear2d(x[0], {5, 2}, false); };
  table["resize.linear_line"] = [](const Tensors& x) { return at::upsample_linear1d(x[0], {7}, false); };
  table["resize.linear_volume"] = [](const Tensors& x) { return at::upsample_trilinear3d(x[0], {3, 2, 5}, false); };
  table["resize.cubic"] = [](const Tensors& x) { return at::upsample_bicubic2d(x[0], {5, 3}, false); };
}

template <class Table>
void add_windows(Table& table) {
  add_convolutions(table);
  add_pools(table);
  add_columns(table);
}

}  // namespace libtorch
