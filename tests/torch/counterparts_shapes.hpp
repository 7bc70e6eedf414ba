// For each row of the table of operations that make, cut, join and turn arrays, or choose and change elements, the same
// in libtorch.
#pragma once

#include <ATen/ATen.h>
#include <ATen/TensorIndexing.h>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace libtorch {

using Tensors = std::vector<at::Tensor>;

inline at::Tensor every_second_column(const at::Tensor& x) { return x.t().slice(0, 0, x.size(1), 2); }

template <class Counterparts>
void add_created(Counterparts& table) {
  using at::Tensor;
  const auto between = [](const Tensor& a, const Tensor& b, int count) {
    std::vector<Tensor> all;
    for (int i = 0; i < count; ++i) all.push_back(a + (b - a) * (static_cast<double>(i) / (count - 1)));
    return at::stack(all);
  };
  table["full"] = [](const Tensors& x) { return x[0].expand({2, 3}).clone(); };
  table["linspace"] = [=](const Tensors& x) { return between(x[0], x[1], 4); };
  table["logspace"] = [=](const Tensors& x) { return at::pow(x[2], between(x[0], x[1], 3)); };
  table["geomspace"] = [=](const Tensors& x) { return -at::exp(between(x[0].log(), x[1].log(), 4)); };
  table["meshgrid"] = [](const Tensors& x) {
    const auto grid = at::meshgrid({x[0], x[1], x[2]}, "xy");
    return grid[0] * grid[1] + grid[2];
  };
  table["meshgrid.ij"] = [](const Tensors& x) {
    const auto grid = at::meshgrid({x[0], x[1]}, "ij");
    return grid[0] * grid[1].square();
  };
  table["vander"] = [](const Tensors& x) {
    std::vector<Tensor> all;
    for (auto k = x[0].size(-1); k-- > 0;) all.push_back(x[0].pow(k));
    return at::stack(all, -1);
  };
}

template <class Counterparts>
void add_turned(Counterparts& table) {
  using at::Tensor;
  const auto add = [&](const std::string& key, Tensor (*f)(const Tensor&)) {
    table[key] = [f](const Tensors& x) { return f(x[0]); };
  };
  add("swapaxes", [](const Tensor& x) { return at::swapaxes(x, 0, -1); });
  add("moveaxis", [](const Tensor& x) { return at::moveaxis(x, 0, -1); });
  add("moveaxis.axes", [](const Tensor& x) { return at::moveaxis(x, {0, 1}, {-1, 0}); });
  add("rollaxis", [](const Tensor& x) { return at::moveaxis(x, 2, 0); });
  add("flip", [](const Tensor& x) {
    std::vector<std::int64_t> axes;
    for (std::int64_t i = 0; i < x.dim(); ++i) axes.push_back(i);
    return at::flip(x, axes);
  });
  add("flip.axis", [](const Tensor& x) { return at::flip(every_second_column(x), {-1}); });
  add("fliplr", at::fliplr);
  add("flipud", at::flipud);
  add("rot90", [](const Tensor& x) { return at::rot90(x, 1, {0, 1}); });
  add("rot90.twice", [](const Tensor& x) { return at::rot90(x, -2, {0, 1}); });
  add("rot90.axes", [](const Tensor& x) { return at::rot90(x, 3, {2, 1}); });
  add("roll.axes", [](const Tensor& x) { return at::roll(x, {1, -2}, {0, -1}); });
  add("roll.one_for_all", [](const Tensor& x) { return at::roll(x, {1, 1}, {0, 1}); });
  add("ravel", at::ravel);
  add("atleast", [](const Tensor& x) { return at::atleast_3d(x) * at::atleast_2d(x) + at::atleast_1d(x); });
  add("diag", [](const Tensor& x) { return at::diag(x); });
  add("diag.above", [](const Tensor& x) { return at::diag(x, 1); });
  add("diag.below", [](const Tensor& x) { return at::diag(x, -1); });
  add("diagflat", [](const Tensor& x) { return at::diagflat(x, 1); });
  add("diagonal", [](const Tensor& x) { return at::diagonal(x, 0, 0, 1); });
  add("diagonal.axes", [](const Tensor& x) { return at::diagonal(x, 1, -1, 0); });
  add("trace", [](const Tensor& x) { return at::diagonal(x, 0, 0, 1).sum(-1); });
  add("trace.axes", [](const Tensor& x) { return at::diagonal(x, -1, 1, 2).sum(-1); });
  add("tril", [](const Tensor& x) { return at::tril(x); });
  add("tril.above", [](const Tensor& x) { return at::tril(x, 1); });
  add("triu", [](const Tensor& x) { return at::triu(x); });
  add("triu.below", [](const Tensor& x) { return at::triu(x, -1); });
}

template <class Counterparts>
void add_parts(Counterparts& table) {
  using at::Tensor;
  const auto add = [&](const std::string& key, Tensor (*f)(const Tensor&)) {
    table[key] = [f](const Tensors& x) { return f(x[0]); };
  };
  add("split", [](const Tensor& x) { return at::chunk(x, 2)[0] * at::chunk(x, 2)[1].exp(); });
  add("split.at", [](const Tensor& x) {
    return x.slice(1, 0, 1).sum(1) * x.slice(1, 1, -1).square().sum(1) * x.slice(1, -1).sum(1);
  });
  add("array_split", [](const Tensor& x) {
    const auto parts = at::tensor_split(x, 3);
    return at::cat({parts[2].square(), parts[0], parts[1].exp()});
  });
  add("unstack", [](const Tensor& x) { return x.select(-1, 1) * x.select(0, 0).exp(); });
  table["broadcast_arrays"] = [](const Tensors& x) {
    const auto all = at::broadcast_tensors({x[0], x[1], x[2]});
    return all[0] * all[1] + all[2];
  };
  table["select"] = [](const Tensors& x) {
    return at::where(x[0] < 0.9, x[0].square(), at::where(x[1] < 1.2, x[0] * x[1], x[1]));
  };
  table["fill_diagonal"] = [](const Tensors& x) {
    Tensor diagonal = at::zeros_like(x[0], at::kBool);
    for (std::int64_t i = 0; i < 2; ++i) {
      Tensor part = diagonal;
      for (std::int64_t axis = 0; axis < x[0].dim(); ++axis) part = part.select(0, i);
      part.fill_(true);
    }
    Tensor values = x[1].expand({2});
    for (std::int64_t axis = 1; axis < x[0].dim(); ++axis) values = values.unsqueeze(-1);
    return at::where(diagonal, x[0].size(0) == 3 ? x[1].expand(x[0].sizes()) : values.expand(x[0].sizes()), x[0]);
  };
  add("split.named", [](const Tensor& x) { return x.slice(1, 1) * x.slice(0, 0, 1) * x.slice(2, 0, 1); });
  table["hstack"] = [](const Tensors& x) { return at::hstack({x[0], x[1]}); };
  table["vstack"] = [](const Tensors& x) { return at::vstack({x[0], x[1]}); };
  table["dstack"] = [](const Tensors& x) { return at::dstack({x[0], x[1]}); };
  table["column_stack"] = [](const Tensors& x) { return at::column_stack({x[0], x[1]}); };
  table["block"] = [](const Tensors& x) {
    return at::cat({at::cat({x[0], x[1]}, 1), at::cat({x[2], x[3].reshape({1, 1})}, 1)});
  };
  table["append"] = [](const Tensors& x) { return at::cat({x[0].flatten(), x[1].flatten()}); };
  table["append.axis"] = [](const Tensors& x) { return at::cat({x[0], x[1]}, -1); };
  table["insert.column"] = [](const Tensors& x) {
    return at::cat({x[0].slice(1, 0, -1), x[1].reshape({-1, 1}).expand({2, 1}), x[0].slice(1, -1)}, 1);
  };
  table["insert"] = [](const Tensors& x) {
    const Tensor rows = x[0].dim() == 1   ? x[1].reshape({-1})
                        : x[1].dim() == 1 ? x[1].unsqueeze(0)
                                          : x[1].expand({2, 3});
    return at::cat({x[0].slice(0, 0, 1), rows, x[0].slice(0, 1)});
  };
  add("delete", [](const Tensor& x) { return x.slice(0, 1, -1); });
  add("delete.one", [](const Tensor& x) { return at::cat({x.slice(1, 0, 1), x.slice(1, 2)}, 1); });
  add("tile", [](const Tensor& x) { return at::tile(x, {2, 3}); });
  add("tile.one", [](const Tensor& x) { return at::tile(every_second_column(x), {2}); });
  add("repeat", [](const Tensor& x) { return at::repeat_interleave(x, 3, -1); });
  add("repeat.all", [](const Tensor& x) { return at::repeat_interleave(x.flatten(), 2); });
  add("repeat.each", [](const Tensor& x) {
    return at::repeat_interleave(x, at::tensor(std::vector<std::int64_t>{2, 0, 1}, at::kLong), 0);
  });
  add("pad", [](const Tensor& x) {
    return at::constant_pad_nd(x, std::vector<std::int64_t>(static_cast<std::size_t>(2 * x.dim()), 2));
  });
  table["pad.value"] = [](const Tensors& x) {
    const Tensor inside = at::constant_pad_nd(at::ones_like(x[0]), {0, 2, 1, 0});
    return at::constant_pad_nd(x[0], {0, 2, 1, 0}) + (1 - inside) * x[1];
  };
}

template <class Counterparts>
void add_updates(Counterparts& table) {
  using at::Tensor;
  using at::indexing::Slice;
  using Places = std::vector<at::indexing::TensorIndex>;
  table["at"] = [](const Tensors& x) { return x[0].index(Places{x[1], x[2]}); };
  table["at.get_axes"] = [](const Tensors& x) { return x[0].index(Places{Slice(), x[1], x[2]}); };
  table["at.get_apart"] = [](const Tensors& x) { return x[0].index(Places{x[2], Slice(), x[1]}); };
  table["gather_nd"] = [](const Tensors& x) {
    Places places;
    for (const Tensor& each : x[1].unbind(-1)) places.emplace_back(each);
    return x[0].index(places);
  };
  const auto update = [&](const std::string& key, Tensor (*f)(const Tensor&, const Tensor&)) {
    table["at." + key] = [f](const Tensors& x) {
      return x[0].index_put({x[1]}, f(x[0].index(Places{x[1]}), x[2]).expand_as(x[0].index(Places{x[1]})));
    };
  };
  update("set", [](const Tensor&, const Tensor& v) { return v; });
  update("add", [](const Tensor& x, const Tensor& v) { return x + v; });
  update("multiply", [](const Tensor& x, const Tensor& v) { return x * v; });
  update("max", [](const Tensor& x, const Tensor& v) { return at::maximum(x, v); });
  update("min", [](const Tensor& x, const Tensor& v) { return at::minimum(x, v); });
  table["at.add_twice"] = [](const Tensors& x) {
    const Tensor places = at::arange(x[0].size(1), at::kLong);
    const Tensor first = x[2].unsqueeze(-1);  // of axis 0; its axes come first, then axis 1
    return x[0].index_put({first, places, x[1].unsqueeze(-1)}, x[3], true);
  };
  table["put_along_axis"] = [](const Tensors& x) {
    const Tensor places = at::remainder(x[1], x[0].size(1)).expand({2, 2});
    return at::scatter(x[0], 1, places, x[2].expand({2, 2}));
  };
  table["index_add"] = [](const Tensors& x) {
    return at::index_add(x[0], -1, x[1].flatten(), x[2].dim() == 0 ? x[2].reshape({1}) : x[2]);
  };
  const auto segment = [&](const std::string& key, Tensor (*f)(const Tensor&)) {
    table["segment_" + key] = [f](const Tensors& x) {
      const Tensor rows = x[0].flatten(0, x[1].dim() - 1);
      const Tensor ids = at::remainder(x[1].flatten(), 3);
      std::vector<Tensor> all;
      for (int id = 0; id < 3; ++id) all.push_back(f(rows.index(Places{ids == id})));
      return at::stack(all);
    };
  };
  segment("sum", [](const Tensor& x) { return x.sum(0); });
  segment("mean", [](const Tensor& x) { return x.mean(0); });
  segment("prod", [](const Tensor& x) { return x.prod(0); });
  segment("max", [](const Tensor& x) { return x.amax(0); });
  segment("min", [](const Tensor& x) { return x.amin(0); });
  table["nonzero"] = [](const Tensors& x) {
    const Tensor found = at::nonzero(x[0] > 0).slice(0, 0, 4);
    return at::constant_pad_nd(found, {0, 0, 0, 4 - found.size(0)}, -1).t();
  };
}

template <class Counterparts>
void add_shapes(Counterparts& table) {
  add_created(table);
  add_turned(table);
  add_parts(table);
  add_updates(table);
}

}  // namespace libtorch
