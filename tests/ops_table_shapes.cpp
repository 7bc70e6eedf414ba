// Rows of what makes, cuts, joins and turns arrays.
#include "ops_table_rows.hpp"

namespace xgrad::testing {
namespace {

using Function = Var (*)(const Var&);

/// Rows of functions of one array, with random ones to try them with.
class Adding {
 public:
  Adding(Rows& rows, std::uint64_t seed) : rows_(rows), random_(seed) {}

  Adding& operator()(const std::string& name, Function f, std::initializer_list<Shape> shapes,
                     const std::vector<std::string>& primitives = {}) {
    OpRow row{.name = name, .function = [f](const Case& x) { return f(x[0]); }, .primitives = primitives};
    for (const Shape& shape : shapes) row.smooth.push_back({random_.uniform(shape)});
    rows_.push_back(std::move(row));
    return *this;
  }

  /// A function of several arrays.
  Adding& several(const std::string& name, Operation f, std::initializer_list<std::initializer_list<Shape>> cases) {
    OpRow row{.name = name, .function = std::move(f)};
    for (const auto& shapes : cases) {
      Case arguments;
      for (const Shape& shape : shapes) arguments.push_back(random_.uniform(shape, 0.3, 1.7));
      row.smooth.push_back(std::move(arguments));
    }
    rows_.push_back(std::move(row));
    return *this;
  }
  /// Of the last row another variant is compared with libtorch.
  void not_compared() { rows_.back().torch.clear(); }

 private:
  Rows& rows_;
  Random random_;
};

void append_creation(Adding& add) {
  add("full", [](const Var& x) { return full({2, 3}, x); }, {{}, {3}, {2, 1}});
  add.several("linspace", [](const Case& x) { return linspace(x[0], x[1], 4); }, {{{}, {}}, {{2}, {2}}, {{2, 1}, {3}}});
  add.several("linspace.last_axis", [](const Case& x) { return linspace(x[0], x[1], 3, Endpoint::excluded, -1); },
              {{{2}, {2}}})
      .not_compared();
  add.several("linspace.one", [](const Case& x) { return linspace(x[0], x[1], 1); }, {{{2}, {2}}}).not_compared();
  add.several("logspace", [](const Case& x) { return logspace(x[0], x[1], 3, Endpoint::included, x[2]); },
              {{{}, {}, {}}, {{2}, {2}, {}}});
  add.several("geomspace", [](const Case& x) { return geomspace(-x[0], -x[1], 4); }, {{{}, {}}, {{2}, {1}}});
  add.several("meshgrid",
              [](const Case& x) {
                const auto grid = meshgrid({x[0], x[1], x[2]});
                return grid[0] * grid[1] + grid[2];
              },
              {{{2}, {3}, {2}}, {{2}, {}, {1}}});
  add.several("meshgrid.ij",
              [](const Case& x) {
                const auto grid = meshgrid({x[0], x[1]}, Indexing::ij);
                return grid[0] * square(grid[1]);
              },
              {{{2}, {3}}});
  add("vander", [](const Var& x) { return vander(x); }, {{3}, {1}, {2, 2}});
  add("vander.ascending", [](const Var& x) { return vander(x, 5, Order::Ascending); }, {{3}, {2, 1}}).not_compared();
}

void append_turning(Adding& add) {
  add("swapaxes", [](const Var& x) { return swapaxes(x, 0, -1); }, {{2, 3}, {2, 1, 3}, {3}});
  add("moveaxis", [](const Var& x) { return moveaxis(x, 0, -1); }, {{2, 3}, {2, 1, 3}});
  add("moveaxis.axes", [](const Var& x) { return moveaxis(x, {0, 1}, {-1, 0}); }, {{2, 3, 2}, {2, 2}});
  add("rollaxis", [](const Var& x) { return rollaxis(x, 2); }, {{2, 3, 2}});
  add("flip", [](const Var& x) { return flip(x); }, {{3}, {2, 3}, {1, 2, 2}, {}}, {"slice"});
  add("flip.axis", [](const Var& x) { return flip(strided(x), -1); }, {{3, 3}});
  add("fliplr", [](const Var& x) { return fliplr(x); }, {{2, 3}});
  add("flipud", [](const Var& x) { return flipud(x); }, {{2, 3}, {3}});
  add("rot90", [](const Var& x) { return rot90(x); }, {{2, 3}, {2, 2, 2}});
  add("rot90.twice", [](const Var& x) { return rot90(x, -2); }, {{2, 3}});
  add("rot90.axes", [](const Var& x) { return rot90(x, 3, {2, 1}); }, {{2, 2, 3}});
  add("roll.axes", [](const Var& x) { return roll(x, {1, -2}, {0, -1}); }, {{2, 3}, {3, 2, 2}});
  add("roll.one_for_all", [](const Var& x) { return roll(x, 1, {0, 1}); }, {{2, 3}});
  add("ravel", [](const Var& x) { return ravel(x); }, {{}, {2, 3}});
  add("atleast", [](const Var& x) { return atleast_3d(x) * atleast_2d(x) + atleast_1d(x); }, {{}, {1}, {2, 2, 1}});
}

void append_diagonals(Adding& add) {
  add("diag", [](const Var& x) { return diag(x); }, {{3}, {2, 3}, {3, 2}, {1}}, {"embed"});
  add("diag.above", [](const Var& x) { return diag(x, 1); }, {{2}, {2, 3}, {3, 2}});
  add("diag.below", [](const Var& x) { return diag(x, -1); }, {{2}, {2, 3}, {3, 2}});
  add("diagflat", [](const Var& x) { return diagflat(x, 1); }, {{2, 2}, {}});
  add("diagonal", [](const Var& x) { return diagonal(x); }, {{3, 3}, {2, 3}, {2, 3, 2}}, {"slice"});
  add("diagonal.axes", [](const Var& x) { return diagonal(x, 1, -1, 0); }, {{2, 3, 3}, {3, 2}});
  add("trace", [](const Var& x) { return trace(x); }, {{3, 3}, {2, 3}, {2, 2, 2}});
  add("trace.axes", [](const Var& x) { return trace(x, -1, 1, 2); }, {{2, 3, 3}});
  add.several("fill_diagonal", [](const Case& x) { return fill_diagonal(x[0], x[1]); },
              {{{2, 3}, {2}}, {{3, 2}, {}}, {{2, 2, 2}, {2}}});
  add("tril", [](const Var& x) { return tril(x); }, {{3, 3}, {2, 3}, {2, 3, 2}}, {"where"});
  add("tril.above", [](const Var& x) { return tril(x, 1); }, {{3, 3}});
  add("triu", [](const Var& x) { return triu(x); }, {{3, 3}, {2, 3}, {2, 3, 2}});
  add("triu.below", [](const Var& x) { return triu(x, -1); }, {{3, 3}});
}

void append_parts(Adding& add) {
  add("split",
      [](const Var& x) {
        const auto parts = split(x, 2);
        return parts[0] * exp(parts[1]);
      },
      {{4}, {2, 3}});
  add("split.at",
      [](const Var& x) {
        const auto parts = split(x, {1, -1}, 1);
        return sum(parts[0], 1) * sum(square(parts[1]), 1) * sum(parts[2], 1);
      },
      {{2, 4}});
  add("array_split",
      [](const Var& x) {
        const auto parts = array_split(x, 3);
        return concatenate({square(parts[2]), parts[0], exp(parts[1])});
      },
      {{7}, {4, 2}});
  add("unstack", [](const Var& x) { return unstack(x, -1)[1] * exp(unstack(x)[0]); }, {{2, 2}, {2, 2, 2}});
  add.several("broadcast_arrays",
              [](const Case& x) {
                const auto all = broadcast_arrays({x[0], x[1], x[2]});
                return all[0] * all[1] + all[2];
              },
              {{{2, 1}, {3}, {}}, {{2}, {2}, {1}}});
  add.several("select",
              [](const Case& x) {
                return select({x[0] < 0.9, x[1] < 1.2}, {square(x[0]), x[0] * x[1]}, x[1]);
              },
              {{{5}, {5}}, {{3, 1}, {4}}});
  add("split.named", [](const Var& x) { return hsplit(x, 2)[1] * vsplit(x, {1})[0] * dsplit(x, 2)[0]; }, {{2, 2, 2}});
  add.several("hstack", [](const Case& x) { return hstack({x[0], x[1]}); }, {{{2}, {3}}, {{2, 1}, {2, 2}}, {{}, {}}});
  add.several("vstack", [](const Case& x) { return vstack({x[0], x[1]}); }, {{{2}, {2}}, {{2, 2}, {2}}});
  add.several("dstack", [](const Case& x) { return dstack({x[0], x[1]}); }, {{{2}, {2}}, {{2, 2}, {2, 2}}});
  add.several("column_stack", [](const Case& x) { return column_stack({x[0], x[1]}); }, {{{2}, {2, 2}}, {{3}, {3}}});
  add.several("block",
              [](const Case& x) {
                return block({{x[0], x[1]}, {x[2], x[3]}});
              },
              {{{2, 2}, {2, 1}, {1, 2}, {}}});
  add.several("append", [](const Case& x) { return append(x[0], x[1]); }, {{{2}, {2, 2}}, {{}, {}}});
  add.several("append.axis", [](const Case& x) { return append(x[0], x[1], -1); }, {{{2, 1}, {2, 2}}});
  add.several("insert", [](const Case& x) { return insert(x[0], 1, x[1], 0); },
              {{{3}, {}}, {{3}, {2}}, {{2, 3}, {3}}, {{2, 3}, {2, 1}}});
  add.several("insert.column", [](const Case& x) { return insert(x[0], -1, x[1], 1); }, {{{2, 3}, {2}}, {{2, 3}, {}}});
  add.several("insert.places",
              [](const Case& x) {
                return insert(x[0], {2, 0, 2}, x[1], 0);
              },
              {{{3}, {3}}, {{3, 2}, {1, 2}}})
      .not_compared();
  add("delete", [](const Var& x) { return delete_(x, {0, -1, 0}, 0); }, {{4}, {3, 2}});
  add("delete.one", [](const Var& x) { return delete_(x, 1, 1); }, {{2, 3}});
}

void append_repetitions(Adding& add) {
  add("tile", [](const Var& x) { return tile(x, {2, 3}); }, {{2}, {2, 2}, {}, {2, 1, 2}});
  add("tile.one", [](const Var& x) { return tile(strided(x), 2); }, {{2, 3}});
  add("repeat", [](const Var& x) { return repeat(x, 3, -1); }, {{2}, {2, 2}});
  add("repeat.all", [](const Var& x) { return repeat(x, 2); }, {{}, {2, 2}});
  add("repeat.each", [](const Var& x) { return repeat(x, Var(std::vector<int>{2, 0, 1}), 0); }, {{3}, {3, 2}});
  add("pad", [](const Var& x) { return pad(x, 2); }, {{2}, {2, 1}, {}}, {"embed"});
  add.several("pad.value",
              [](const Case& x) {
                return pad(x[0], {{1, 0}, {0, 2}}, Padding::Constant, x[1]);
              },
              {{{2, 2}, {}}});
  add("pad.edge", [](const Var& x) { return pad(x, {1, 2}, Padding::Edge); }, {{2}, {2, 3}}).not_compared();
  add("pad.reflect", [](const Var& x) { return pad(x, {2, 1}, Padding::Reflect); }, {{3}, {3, 4}}).not_compared();
  add("pad.reflect_far", [](const Var& x) { return pad(x, {5, 4}, Padding::Reflect); }, {{3}, {1}}).not_compared();
  add("pad.symmetric", [](const Var& x) { return pad(x, {5, 2}, Padding::Symmetric); }, {{3}, {2, 2}}).not_compared();
  add("pad.wrap", [](const Var& x) { return pad(x, {2, 5}, Padding::Wrap); }, {{3}, {3, 2}}).not_compared();
}

}  // namespace

void append_shapes(Rows& rows) {
  Adding add(rows, 11);
  append_creation(add);
  append_turning(add);
  append_diagonals(add);
  append_parts(add);
  append_repetitions(add);
}

}  // namespace xgrad::testing
