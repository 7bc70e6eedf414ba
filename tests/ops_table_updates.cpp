// Rows of what indices over several axes choose and change, and of segments.
#include "ops_table_rows.hpp"

namespace xgrad::testing {
namespace {

Var index_array(const Shape& shape, std::initializer_list<std::int64_t> values) {
  auto array = Array<std::int64_t>::from_shape(shape);
  std::copy(values.begin(), values.end(), array.data());
  return {std::move(array)};
}

void append_choosing(Rows& rows, Random& random) {
  const auto at_random = [&](const Shape& shape) { return random.uniform(shape); };
  const Var i = index_array({3}, {0, 2, -1});
  const Var j = index_array({2, 1}, {1, -2});
  rows.push_back({.name = "at",
                  .function =
                      [](const Case& x) {
                        return at(x[0], {x[1], x[2]}).get();
                      },
                  .smooth = {{at_random({3, 2}), i, j}, {at_random({3, 2, 2}), i, j}},
                  .primitives = {"take", "scatter_add"}});
  rows.push_back({.name = "at.get_axes",
                  .function =
                      [](const Case& x) {
                        return at(x[0], {x[1], x[2]}, {1, 2}).get();
                      },
                  .smooth = {{at_random({2, 3, 2}), i, j}, {at_random({2, 3, 2, 2}), i, j}}});
  rows.push_back({.name = "at.get_apart",
                  .function =
                      [](const Case& x) {
                        return at(x[0], {x[1], x[2]}, {2, 0}).get();
                      },
                  .smooth = {{at_random({2, 2, 3}), i, j}}});
  rows.push_back({.name = "gather_nd",
                  .function = [](const Case& x) { return gather_nd(x[0], x[1]); },
                  .smooth = {{at_random({3, 2}), index_array({2, 2}, {0, 1, -1, 0})},
                             {at_random({3, 2}), index_array({2, 1}, {2, 2})},
                             {at_random({2, 2, 2}), index_array({2}, {1, 0})}}});
}

void append_updates(Rows& rows, Random& random) {
  const Var once = index_array({3}, {2, 0, -3});
  const Var twice = index_array({3}, {2, -1, 0});
  using Update = Var (At::*)(const Var&) const;
  const auto add = [&](const std::string& name, Update update, const std::vector<std::string>& primitives) {
    rows.push_back({.name = "at." + name,
                    .function = [update](const Case& x) { return (at(x[0], x[1]).*update)(x[2]); },
                    .smooth = {{random.distinct({4}), once, random.distinct({3})},
                               {random.distinct({4, 2}), once, random.distinct({3, 2})},
                               {random.distinct({4, 2}), once, random.distinct({2})}},
                    .primitives = primitives});
    rows.push_back(
        {.name = "at." + name + "_twice",  // of a pair some elements are changed more than once
         .function =
             [update](const Case& x) {
               return (at(x[0], {x[1], x[2]}, {2, 0}).*update)(x[3]);
             },
         .smooth = {{random.distinct({2, 2, 3}), twice, index_array({3}, {1, 1, 0}), random.distinct({3, 2})},
                    {random.distinct({2, 1, 3}), twice, index_array({2, 1}, {0, 0}), random.distinct({2, 3, 1})}},
         .torch = name == "add" ? "at.add_twice" : ""});
  };
  add("set", &At::set, {"scatter_extremum", "where"});
  add("add", &At::add, {"scatter_add"});
  add("multiply", &At::multiply, {"argsort"});
  add("max", &At::max, {"scatter_extremum"});
  add("min", &At::min, {"scatter_extremum"});
  rows.push_back({.name = "put_along_axis",
                  .function = [](const Case& x) { return put_along_axis(x[0], x[1], x[2], 1); },
                  .smooth = {{random.uniform({2, 3}), index_array({2, 2}, {2, 0, -1, 1}), random.uniform({2, 2})},
                             {random.uniform({2, 3}), index_array({1, 2}, {2, 0}), random.uniform({})}}});
  rows.push_back({.name = "index_add",
                  .function = [](const Case& x) { return index_add(x[0], x[1], x[2], -1); },
                  .smooth = {{random.uniform({2, 3}), index_array({3}, {2, 0, 2}), random.uniform({2, 3})},
                             {random.uniform({3}), index_array({}, {1}), random.uniform({})}}});
}

void append_segments(Rows& rows, Random& random) {
  const auto add = [&](const std::string& name, Var (*f)(const Var&, const Var&, std::size_t)) {
    rows.push_back({.name = name,
                    .function = [f](const Case& x) { return f(x[0], x[1], 3); },
                    .smooth = {{random.distinct({5}), index_array({5}, {2, 0, 1, -1, 0})},
                               {random.distinct({4, 2}), index_array({4}, {1, 2, 0, 1})},
                               {random.distinct({2, 2, 2}), index_array({2, 2}, {1, 2, 0, 1})}}});
  };
  add("segment_sum", segment_sum);
  add("segment_mean", segment_mean);
  add("segment_prod", segment_prod);
  add("segment_max", segment_max);
  add("segment_min", segment_min);
  rows.push_back({.name = "segment_prod.zeros",
                  .function = [](const Case& x) { return segment_prod(x[0], x[1], 2); },
                  .smooth = {{Var(xt::xarray<double>{0.0, 2.0, 3.0, 0.0, 0.0}), index_array({5}, {0, 0, 1, 1, 1})}},
                  .torch = {}});
  rows.push_back({.name = "segment_sum.missing",
                  .function = [](const Case& x) { return segment_sum(x[0], x[1], 4); },
                  .smooth = {{random.uniform({3}), index_array({3}, {3, 0, 3})}},
                  .torch = {}});
}

}  // namespace

void append_updating(Rows& rows) {
  Random random(12);
  append_choosing(rows, random);
  append_updates(rows, random);
  append_segments(rows, random);
}

}  // namespace xgrad::testing
