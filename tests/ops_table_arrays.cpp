// Rows of the operations that rearrange and choose elements.
#include "ops_table_rows.hpp"

namespace xgrad::testing {
namespace {

using namespace xt::placeholders;
using Unary = Var (*)(const Var&);

Var integers(std::initializer_list<std::int64_t> values) { return xt::xarray<std::int64_t>(values); }

Var integers(const Shape& shape, std::initializer_list<std::int64_t> values) {
  auto array = Array<std::int64_t>::from_shape(shape);
  std::copy(values.begin(), values.end(), array.data());
  return {std::move(array)};
}

void add(Rows& rows, const std::string& name, Unary f, const std::vector<Var>& at,
         const std::vector<std::string>& primitives = {}) {
  OpRow row{.name = name, .function = [f](const Case& x) { return f(x[0]); }, .primitives = primitives};
  for (const Var& x : at) row.smooth.push_back({x});
  rows.push_back(std::move(row));
}

}  // namespace

void append_manipulations(Rows& rows) {
  Random random(5);
  const auto at = [&](const Shape& shape) { return random.uniform(shape); };
  add(rows, "reshape", [](const Var& x) { return reshape(x, {3, -1}); }, {at({6}), at({2, 3})}, {"reshape"});
  add(rows, "reshape.transposed", [](const Var& x) { return reshape(transpose(x), {6}); }, {at({2, 3})}, {"reshape"});
  add(rows, "reshape.to_scalar", [](const Var& x) { return reshape(x, {}); }, {at({1, 1})}, {"reshape"});
  add(rows, "flatten", [](const Var& x) { return flatten(x); }, {at({}), at({2, 3}), at({2, 1, 2})});
  add(rows, "flatten.strided", [](const Var& x) { return flatten(strided(x)); }, {at({2, 3})}, {"slice"});
  add(rows, "transpose", [](const Var& x) { return transpose(x); }, {at({3}), at({2, 3}), at({2, 1, 3})},
      {"transpose"});
  add(rows, "transpose.permutation",
      [](const Var& x) {
        return transpose(x, {1, -1, 0});
      },
      {at({2, 3, 2})}, {"transpose"});
  add(rows, "expand_dims", [](const Var& x) { return expand_dims(x, 1); }, {at({3}), at({2, 2})});
  add(rows, "expand_dims.last", [](const Var& x) { return expand_dims(x, -1); }, {at({}), at({2, 2})});
  add(rows, "squeeze", [](const Var& x) { return squeeze(x); }, {at({1, 3, 1}), at({1})});
  add(rows, "squeeze.axis", [](const Var& x) { return squeeze(x, -2); }, {at({3, 1, 1})});
  add(rows, "squeeze.axes", [](const Var& x) { return squeeze(x, {0, 2}); }, {at({1, 3, 1, 1})});
  add(rows, "broadcast_to",
      [](const Var& x) {
        return broadcast_to(x, {2, 3});
      },
      {at({}), at({3}), at({1, 3}), at({2, 1}), at({2, 3})}, {"broadcast", "sum"});

  rows.push_back({.name = "concatenate",
                  .function =
                      [](const Case& x) {
                        return concatenate({x[0], x[1], x[2]});
                      },
                  .smooth = {{at({2}), at({1}), at({3})}, {at({1, 2}), at({2, 2}), at({1, 2})}},
                  .primitives = {"concatenate", "slice", "embed"}});
  rows.push_back({.name = "concatenate.axis",
                  .function =
                      [](const Case& x) {
                        return concatenate({x[0], x[1]}, -1);
                      },
                  .smooth = {{at({2, 1}), at({2, 2})}, {at({2, 1, 2}), at({2, 1, 1})}},
                  .primitives = {"concatenate"}});
  add(rows, "concatenate.self", [](const Var& x) { return concatenate({x, transpose(x), x}, 1); }, {at({2, 2})});
  add(rows, "concatenate.one", [](const Var& x) { return concatenate({x}); }, {at({2, 2})});
  add(rows, "roll", [](const Var& x) { return roll(x, 1); }, {at({5}), at({2, 3}), at({})});
  add(rows, "roll.axis", [](const Var& x) { return roll(x, -4, 1) * roll(x, 2, 0); }, {at({2, 3}), at({3, 2, 2})},
      {"roll"});
  add(rows, "roll.strided", [](const Var& x) { return roll(strided(x), 1, -1); }, {at({3, 3})}, {"roll"});
  add(rows, "roll.transposed", [](const Var& x) { return roll(transpose(x), 5, 0); }, {at({2, 3})}, {"roll"});
  rows.push_back({.name = "stack",
                  .function =
                      [](const Case& x) {
                        return stack({x[0], x[1]});
                      },
                  .smooth = {{at({}), at({})}, {at({3}), at({3})}, {at({2, 2}), at({2, 2})}},
                  .primitives = {"concatenate"}});
  rows.push_back({.name = "stack.last_axis",
                  .function =
                      [](const Case& x) {
                        return stack({x[0], x[1], x[0]}, -1);
                      },
                  .smooth = {{at({2}), at({2})}, {at({2, 2}), at({2, 2})}}});

  const std::vector<Var> matrix{at({3, 4})};
  add(rows, "view.index", [](const Var& x) { return view(x, 1, -1); }, matrix, {"slice", "embed"});
  add(
      rows, "view.row", [](const Var& x) { return view(x, -2); }, matrix);
  add(
      rows, "view.column", [](const Var& x) { return view(x, xt::all(), 2); }, matrix);
  add(rows, "view.range", [](const Var& x) { return view(x, xt::range(1, 3), xt::range(0, 4, 3)); }, matrix, {"slice"});
  add(rows, "view.reverse", [](const Var& x) { return view(x, xt::range(_, _, -1), xt::range(3, 0, -2)); }, matrix,
      {"slice", "embed"});
  add(
      rows, "view.placeholders", [](const Var& x) { return view(x, xt::range(_, 2), xt::range(-3, _)); }, matrix);
  add(
      rows, "view.newaxis", [](const Var& x) { return view(x, xt::newaxis(), 1, xt::newaxis(), xt::all()); }, matrix);
  add(rows, "view.ellipsis", [](const Var& x) { return view(x, xt::ellipsis(), 1); }, {at({3, 2}), at({2, 1, 2})});
  add(rows, "view.keep", [](const Var& x) { return view(x, xt::keep(2, 0, 2), xt::range(1, 3)); }, matrix,
      {"take", "scatter_add"});
  add(rows, "view.drop", [](const Var& x) { return view(x, xt::drop(1), xt::drop(0, 2)); }, matrix, {"take"});
  add(rows, "view.strided", [](const Var& x) { return view(strided(x), 1, xt::range(_, _, -1)); }, {at({2, 3})});
  add(rows, "view.pieces",  // side by side along an axis, one of them twice
      [](const Var& x) {
        const Var top = view(x, xt::range(0, 1));
        return view(x, xt::range(1, 3)) * top * view(x, xt::range(0, 1));
      },
      matrix, {"concatenate"});
  add(rows, "view.pieces_with_gap", [](const Var& x) { return view(x, 0) * exp(view(x, 2)); }, {at({4, 2})},
      {"concatenate"});
  add(rows, "view.pieces_of_two_axes",
      [](const Var& x) {
        const auto along = [](const Var& a, const Var& b) { return sum(square(a) * b); };
        return along(view(x, xt::range(0, 1)), view(x, xt::range(1, 2))) +
               along(view(x, xt::all(), xt::range(0, 1)), view(x, xt::all(), xt::range(1, 2)));
      },
      {at({2, 2})}, {"concatenate"});
  add(rows, "view.overlapping", [](const Var& x) { return view(x, xt::range(_, -1)) * view(x, xt::range(1, _)); },
      {at({4})});
}

void append_indexing(Rows& rows) {
  Random random(6);
  const auto at = [&](const Shape& shape) { return random.uniform(shape); };
  rows.push_back({.name = "take",
                  .function = [](const Case& x) { return take(x[0], x[1]); },
                  .smooth = {{at({4}), integers({3, 0, -1, 3})},
                             {at({2, 3}), integers({2, 2}, {0, 5, -2, 0})},
                             {at({}), integers({0, 0})}},
                  .primitives = {"take", "scatter_add"}});
  rows.push_back({.name = "take.axis",
                  .function = [](const Case& x) { return take(x[0], x[1], 0); },
                  .smooth = {{at({3, 2}), integers({2, 0, -1, 2})}, {at({2, 2}), integers({1, 2}, {1, 0})}},
                  .primitives = {"take", "scatter_add"}});
  rows.push_back({.name = "take.last_axis",
                  .function = [](const Case& x) { return take(x[0], x[1], -1); },
                  .smooth = {{at({2, 3}), integers({-3, 1})}, {at({2, 1, 2}), integers({}, {1})}},
                  .primitives = {"take", "scatter_add"}});
  rows.push_back({.name = "take.strided",
                  .function = [](const Case& x) { return take(strided(x[0]), x[1], 1); },
                  .smooth = {{at({2, 3}), integers({1, 1, 0})}},
                  .primitives = {"take"},
                  .torch = {}});
  rows.push_back({.name = "take_along_axis",
                  .function = [](const Case& x) { return take_along_axis(x[0], x[1], 1); },
                  .smooth = {{at({2, 3}), integers({2, 2}, {0, 2, -1, 2})}, {at({2, 3}), integers({2, 1}, {1, 0})}},
                  .primitives = {"take_along_axis", "scatter_add_along_axis"}});
  rows.push_back({.name = "take_along_axis.first",
                  .function = [](const Case& x) { return take_along_axis(x[0], x[1], 0); },
                  .smooth = {{at({3}), integers({2, 2, 0, -2})}, {at({3, 2, 1}), integers({1, 2, 1}, {2, 0})}},
                  .primitives = {"take_along_axis"}});
  rows.push_back({.name = "take_along_axis.broadcast",
                  .function = [](const Case& x) { return take_along_axis(x[0], x[1], -1); },
                  .smooth = {{at({2, 3}), integers({1, 2}, {2, 0})}, {at({1, 3}), integers({2, 2}, {2, 0, 1, 1})}},
                  .primitives = {"take_along_axis", "scatter_add_along_axis", "broadcast"}});
  rows.push_back({.name = "take_along_axis.argmax",
                  .function = [](const Case& x) { return take_along_axis(x[0], argmax(x[0], 1, keep_dims), 1); },
                  .smooth = {{random.distinct({3, 3})}},
                  .primitives = {"argmax", "take_along_axis"}});
  rows.push_back({.name = "one_hot.cross_entropy",
                  .function = [](const Case& x) { return -sum(one_hot(x[1], 3) * log_softmax(x[0]), 1); },
                  .smooth = {{at({2, 3}), integers({2, 0})}},
                  .primitives = {"one_hot"}});
}

void append_products(Rows& rows) {
  Random random(7);
  const auto at = [&](const Shape& shape) { return random.uniform(shape); };
  const auto pair = [&](const Shape& a, const Shape& b) { return Case{at(a), at(b)}; };
  rows.push_back({.name = "matmul",
                  .function = [](const Case& x) { return matmul(x[0], x[1]); },
                  .smooth = {pair({3}, {3}), pair({2, 3}, {3}), pair({3}, {3, 2}), pair({2, 3}, {3, 2}),
                             pair({1, 1}, {1, 1}), pair({2, 1}, {1, 2}), pair({2, 2, 2}, {2, 1}), pair({2, 2, 2}, {2}),
                             pair({2}, {2, 2, 2}), pair({1, 2}, {2, 2, 2}), pair({2, 1, 2}, {2, 2, 1}),
                             pair({2, 1, 1, 2}, {1, 2, 2, 1}), pair({1, 2, 2}, {2, 2, 1})},
                  .primitives = {"matmul", "transpose"}});
  rows.push_back({.name = "matmul.transposed",
                  .function = [](const Case& x) { return matmul(transpose(x[0]), transpose(x[1])); },
                  .smooth = {pair({3, 2}, {2, 3})},
                  .primitives = {"matmul"}});
  rows.push_back({.name = "matmul.strided",
                  .function = [](const Case& x) { return matmul(strided(x[0]), strided(x[1])); },
                  .smooth = {pair({2, 3}, {2, 3})},
                  .primitives = {"matmul"},
                  .torch = {}});
  rows.push_back({.name = "matmul.self",
                  .function = [](const Case& x) { return matmul(x[0], x[0]); },
                  .smooth = {{at({2, 2})}, {at({3})}}});
  rows.push_back({.name = "matmul.gram",
                  .function = [](const Case& x) { return matmul(x[0], transpose(x[0])); },
                  .smooth = {{at({3, 2})}}});
  rows.push_back({.name = "dot",
                  .function = [](const Case& x) { return dot(x[0], x[1]); },
                  .smooth = {pair({3}, {3}), pair({2, 3}, {3}), pair({2, 2}, {2, 2}), pair({}, {2, 2}), pair({3}, {}),
                             pair({2}, {2, 2, 2}), pair({2, 2}, {2, 2, 1}), pair({2, 1, 2}, {2})},
                  .primitives = {"matmul"}});
  rows.push_back({.name = "outer",
                  .function = [](const Case& x) { return outer(x[0], x[1]); },
                  .smooth = {pair({2}, {3}), pair({2, 2}, {2}), pair({}, {3})},
                  .primitives = {"multiply", "reshape"}});
}

}  // namespace xgrad::testing
