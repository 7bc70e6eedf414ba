// Rows of sums of products over indices.
#include "ops_table_rows.hpp"

#include <string>

namespace xgrad::testing {
namespace {

/// A row of einsum for an equation, with its shapes.
void append_einsum(Rows& rows, Random& random) {
  const auto add = [&](const std::string& variant, const std::string& equation,
                       const std::vector<std::vector<Shape>>& shapes, const std::vector<std::string>& primitives) {
    std::vector<Case> cases;
    for (const std::vector<Shape>& each : shapes) {
      Case arrays;
      for (const Shape& shape : each) arrays.push_back(random.uniform(shape));
      cases.push_back(arrays);
    }
    rows.push_back({.name = "einsum." + variant,
                    .function = [equation](const Case& x) { return einsum(equation, x); },
                    .smooth = cases,
                    .primitives = primitives});
  };
  add("product", "ij,jk->ik", {{{2, 3}, {3, 2}}, {{1, 2}, {2, 1}}}, {"matmul"});
  add("transposed", "ji,kj->ki", {{{3, 2}, {2, 3}}}, {"matmul", "transpose"});
  add("batch", "bhqd,bhkd->bhqk", {{{2, 2, 2, 3}, {2, 2, 1, 3}}}, {"matmul"});
  add("batch_apart", "qbd,kdb->qkb", {{{2, 3, 2}, {2, 2, 3}}}, {"matmul", "transpose"});
  add("implicit", "ba,ca", {{{2, 3}, {2, 3}}}, {"matmul"});
  add("trace", "ii", {{{3, 3}}, {{1, 1}}}, {"sum"});
  add("diagonal", "bii->ib", {{{2, 3, 3}}}, {"slice"});
  add("diagonals", "iijj,ij->j", {{{2, 2, 2, 2}, {2, 2}}}, {});
  add("sum", "ij,k->", {{{2, 3}, {2}}}, {"sum"});
  add("elementwise", "ij,ji,j->ij", {{{2, 3}, {3, 2}, {3}}}, {"multiply"});
  add("rows", "bi,bi->b", {{{3, 2}, {3, 2}}}, {"multiply"});
  add("outer", "i,jk->kij", {{{2}, {3, 2}}}, {"multiply"});
  add("ellipsis", "...ij,...jk->...ik", {{{2, 1, 2, 2}, {3, 2, 1}}, {{2, 2}, {2, 2}}}, {"matmul"});
  add("bilinear", "bn,anm,bm->ba", {{{2, 2}, {2, 2, 3}, {2, 3}}}, {"matmul"});
  add("network", "abc,cd,dbe,ef->af", {{{2, 1, 2}, {2, 2}, {2, 1, 2}, {2, 2}}}, {"matmul"});
}

}  // namespace

void append_contractions(Rows& rows) {
  Random random(23);
  const auto pair = [&](const Shape& a, const Shape& b) { return Case{random.uniform(a), random.uniform(b)}; };
  append_einsum(rows, random);
  rows.push_back({.name = "tensordot",
                  .function = [](const Case& x) { return tensordot(x[0], x[1]); },
                  .smooth = {pair({2, 2, 3}, {2, 3, 2}), pair({2, 3}, {2, 3})},
                  .primitives = {"matmul"}});
  rows.push_back({.name = "tensordot.none",
                  .function = [](const Case& x) { return tensordot(x[0], x[1], 0); },
                  .smooth = {pair({2, 2}, {3}), pair({}, {2})}});
  rows.push_back({.name = "tensordot.axes",
                  .function =
                      [](const Case& x) {
                        return tensordot(x[0], x[1], {2, 0}, {0, -1});
                      },
                  .smooth = {pair({2, 2, 3}, {3, 2, 2})}});
  rows.push_back({.name = "inner",
                  .function = [](const Case& x) { return inner(x[0], x[1]); },
                  .smooth = {pair({3}, {3}), pair({2, 3}, {2, 2, 3}), pair({}, {2}), pair({3}, {2, 3})},
                  .primitives = {"matmul"}});
  rows.push_back({.name = "vdot",
                  .function = [](const Case& x) { return vdot(x[0], x[1]); },
                  .smooth = {pair({2, 3}, {3, 2}), pair({}, {1})}});
  rows.push_back({.name = "kron",
                  .function = [](const Case& x) { return kron(x[0], x[1]); },
                  .smooth = {pair({2, 2}, {1, 3}), pair({2}, {2, 2}), pair({2, 1, 2}, {2}), pair({}, {2})},
                  .primitives = {"multiply"}});
  rows.push_back({.name = "cross",
                  .function = [](const Case& x) { return cross(x[0], x[1]); },
                  .smooth = {pair({3}, {3}), pair({2, 3}, {3}), pair({2, 1, 3}, {2, 3})},
                  .primitives = {"multiply"}});
  rows.push_back({.name = "cross.flat",
                  .function = [](const Case& x) { return cross(x[0], x[1], 0); },
                  .smooth = {pair({2, 2}, {3, 2}), pair({3, 2}, {2, 1}), pair({2, 2}, {2, 2})},
                  .torch = {}});
}

}  // namespace xgrad::testing
