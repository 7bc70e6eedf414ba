// Functions of [8] whose Jacobians are sparse, and how many entries these have.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

#include <xgrad/xgrad.hpp>

#include "comparing.hpp"

namespace sparse_functions {

namespace xg = xgrad;
using comparing::wave;
using xg::Shape;
using xg::SparsityPattern;
using xg::Var;
using xt::placeholders::_;

using SparseFunction = std::function<Var(const Var&)>;

inline Var numbers_up_to(std::int64_t n) { return xt::arange<std::int64_t>(n); }

inline Var banded_matrix() {
  xt::xarray<double> a = xt::zeros<double>({8, 8});
  for (std::size_t i = 0; i < 8; ++i) {
    a(i, i) = 2.0;
    if (i > 0) a(i, i - 1) = -1.0;
    if (i + 1 < 8) a(i, i + 1) = -0.5;
  }
  return a;
}

struct Structured {
  const char* name;
  SparseFunction f;
  std::size_t jacobian;  ///< how many entries are found
  bool smooth = true;    ///< its derivative is that of its values
};

/// Functions of [8] with as many entries as there are.
inline const std::vector<Structured>& structured_functions() {
  static const std::vector<Structured> all{
      {"element by element", [](const Var& x) { return sin(x) * x + 1.0; }, 8},
      {"a stencil of slices",
       [](const Var& x) {
         return view(x, xt::range(2, _)) * view(x, xt::range(0, -2)) - square(view(x, xt::range(1, -1)));
       },
       18},
      {"a ring", [](const Var& x) { return xg::roll(x, 1, 0) * x - exp(0.3 * xg::roll(x, -1, 0)); }, 24},
      {"a stencil in two dimensions",
       [](const Var& x) {
         const Var u = reshape(x, {2, 4});
         return xg::roll(u, 1, 1) * u + sin(xg::roll(u, 1, 0));
       },
       24},
      {"each second element", [](const Var& x) { return square(view(x, xt::range(0, _, 2))); }, 4},
      {"backwards", [](const Var& x) { return sin(view(x, xt::range(_, _, -1))); }, 8},
      {"transposed",
       [](const Var& x) {
         return transpose(reshape(x, {2, 4})) * Var(2.0);
       },
       8},
      {"concatenated",
       [](const Var& x) {
         return xg::concatenate({view(x, xt::range(4, _)), square(x), Var(xt::ones<double>({3}))});
       },
       12},
      {"gathered",
       [](const Var& x) {
         return square(take(x, Var(xt::xarray<int>{{7, 0, 0}, {3, 2, 7}}), 0));
       },
       6},
      {"chosen in each row",
       [](const Var& x) {
         return sin(take_along_axis(reshape(x, {2, 4}), Var(xt::xarray<int>{{0, 3}, {1, 1}}), 1));
       },
       4},
      {"scattered",
       [](const Var& x) {
         return square(scatter_add(x, Var(xt::xarray<int>{0, 0, 1, 1, 2, 2, 0, 5}), 6, 0));
       },
       8},
      {"scattered in each row",
       [](const Var& x) {
         return sin(
             xg::scatter_add_along_axis(reshape(x, {2, 4}), Var(xt::xarray<int>{{0, 0, 1, 2}, {3, 3, 3, 3}}), 4, 1));
       },
       8},
      {"sums of rows",
       [](const Var& x) {
         return square(sum(reshape(x, {4, 2}), 1));
       },
       8},
      {"norms of columns",
       [](const Var& x) {
         return xg::norm(reshape(x, {4, 2}), 0);
       },
       8},
      {"the largest of each row",
       [](const Var& x) {
         return xg::amax(reshape(x, {4, 2}) * 2.0, 1);
       },
       8},
      {"softmax of each row",
       [](const Var& x) {
         return xg::softmax(reshape(x, {4, 2}), 1);
       },
       16},
      {"products of rows",
       [](const Var& x) {
         return xg::prod(reshape(x, {4, 2}), 1);
       },
       8},
      {"the sum of all", [](const Var& x) { return square(sum(x)); }, 8},
      {"all by all", [](const Var& x) { return xg::outer(x, x); }, 120},
      {"running sums", [](const Var& x) { return cumsum(square(x)); }, 36},
      {"running sums in rows",
       [](const Var& x) {
         return cumsum(sin(reshape(x, {2, 4})), 1);
       },
       20},
      {"a product with a full matrix",
       [](const Var& x) {
         return matmul(wave({3, 8}, 0.2), sin(x));
       },
       24},
      {"a product with a banded matrix", [](const Var& x) { return square(matmul(banded_matrix(), x)); }, 22},
      {"from the right",
       [](const Var& x) {
         return square(matmul(reshape(x, {1, 8}), banded_matrix()));
       },
       22},
      {"a product of blocks",
       [](const Var& x) {
         const Var blocks = reshape(x, {2, 2, 2});
         return matmul(blocks, sin(blocks));
       },
       2 * 4 * 3 + 0},
      {"where, by what is known",
       [](const Var& x) {
         return where(Var(xt::xarray<bool>{1, 0, 1, 0, 1, 0, 1, 0}), x * x, Var(1.0));
       },
       4},
      {"where, by what is not", [](const Var& x) { return where(x > 0.1, x * x, xg::roll(x, 1, 0)); }, 16},
      {"sorted",
       [](const Var& x) {
         return xg::sort(reshape(x, {2, 4}), 1);
       },
       32},
      {"the two largest",
       [](const Var& x) {
         return xg::top_k(reshape(x, {2, 4}), 2).first;
       },
       16},
      {"an index of a value", [](const Var& x) { return take(sin(x), argmax(x), 0) * Var(2.0); }, 8},
      {"nothing", [](const Var& x) { return zeros_like(x); }, 0},
      {"itself", [](const Var& x) { return x; }, 8},
      {"a step", [](const Var& x) { return xg::sign(x) + stop_gradient(sum(x)); }, 0, false},
      {"a loop along an array",
       [](const Var& x) {
         const auto body = [](const Var& h, const Var& each) {
           const Var next = 0.5 * h + sin(each);
           return std::pair{next, next * each};
         };
         return xg::scan(body, Var(0.1), x).second;
       },
       36},
      {"a loop along it backwards",
       [](const Var& x) {
         const auto body = [](const Var& h, const Var& each) { return std::pair{each * each, h * each}; };
         return xg::scan(body, Var(0.0), x, {.reverse = true}).second;
       },
       15},
      {"a loop that shifts",
       [](const Var& x) {
         return xg::fori_loop(
             3, [](const Var&, const Var& h) { return xg::roll(h, 1, 0) * Var(0.5) + square(h) * Var(0.1); }, x);
       },
       32},
      {"checkpoint",
       [](const Var& x) { return xg::checkpoint([](const Var& at) { return sin(at) * xg::roll(at, 1, 0); })(x); }, 16},
      {"a branch",
       [](const Var& x) {
         return xg::cond(
             sum(x) > 100.0, [&] { return xg::roll(x, 1, 0) * x; }, [&] { return square(x); });
       },
       16},
  };
  return all;
}

inline Var usual_point() { return xt::xarray<double>{0.9, -0.6, 0.35, -1.3, 1.7, 0.55, -0.25, 1.1}; }

inline SparsityPattern pattern_from(const Shape& shape, const std::vector<int>& rows, const std::vector<int>& columns) {
  return {shape, Var(rows), Var(columns)};
}

}  // namespace sparse_functions
