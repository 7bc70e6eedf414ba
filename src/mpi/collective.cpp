#include "mpi/collective.hpp"

#include <functional>
#include <utility>

#include <xgrad/ops/elementwise.hpp>
#include <xgrad/ops/manipulate.hpp>

#include "mpi/require_same.hpp"

namespace xgrad::mpi {
namespace {

std::string_view name_of_kind(Kind kind) {
  switch (kind) {
    case Kind::Sum:
      return "all_sum";
    case Kind::Broadcast:
      return "broadcast";
    case Kind::SumTo:
      return "sum of the cotangents of broadcast";
    case Kind::Gather:
      return "all_gather";
    case Kind::ScatterSum:
      return "reduce_scatter";
    case Kind::Send:
      return "send";
    case Kind::ReceiveAdd:
      return "receive of the cotangent of send";
    case Kind::Receive:
      return "receive";
    case Kind::SendZero:
      return "send of the cotangent of receive";
    case Kind::Swap:
      return "send_receive";
  }
  return "";
}

Kind transposed(Kind kind) {
  switch (kind) {
    case Kind::Sum:
      return Kind::Sum;
    case Kind::Broadcast:
      return Kind::SumTo;
    case Kind::SumTo:
      return Kind::Broadcast;
    case Kind::Gather:
      return Kind::ScatterSum;
    case Kind::ScatterSum:
      return Kind::Gather;
    case Kind::Send:
      return Kind::ReceiveAdd;
    case Kind::ReceiveAdd:
      return Kind::Send;
    case Kind::Receive:
      return Kind::SendZero;
    case Kind::SendZero:
      return Kind::Receive;
    case Kind::Swap:
      return Kind::Swap;
  }
  return kind;
}

Collective transposed(const Collective& one, std::size_t order) {
  Collective other{transposed(one.kind), one.group, one.partner, one.from, {}, {}, one.batch_axes, order};
  if (one.kind == Kind::Swap) std::swap(other.partner, other.from);
  const std::vector<ArrayOf> results = one.results();
  for (std::size_t k = 0; k < results.size(); ++k) {
    if (!is_floating(results[k].dtype)) continue;
    other.arguments.push_back(results[k]);
    other.paths.push_back(one.paths[k]);
  }
  return other;
}

Collective batch(const Collective& one, std::size_t extent, std::size_t order) {
  Collective many = one;
  many.order = order;
  ++many.batch_axes;
  for (ArrayOf& each : many.arguments) each.shape.insert(0, extent);
  return many;
}

xgrad::detail::LinearHost host_of(Collective given) {
  auto held = std::make_shared<const Collective>(std::move(given));
  xgrad::detail::LinearHost host;
  host.name = held->text();
  host.sequence = is_between_two(held->kind) ? nullptr : held->group.get();
  for (const ArrayOf& each : held->results()) host.results.push_back({each.dtype, each.shape});
  host.call = [held](std::span<const Var> values) { return run(*held, values); };
  host.transposed = [held](std::size_t order) { return host_of(transposed(*held, order)); };
  host.batch = [held](std::size_t extent, std::size_t order) { return host_of(batch(*held, extent, order)); };
  return host;
}

void require_rank(const Collective& all, std::size_t rank, bool another) {
  const std::size_t size = all.group->size();
  if (rank < size && !(another && rank == all.group->rank)) return;
  throw ValueError(std::string(name_of_kind(all.kind)) + ": rank " + std::to_string(rank) + " is not " +
                   (another ? "another" : "one") + " of the " + std::to_string(size) + " processes of the group");
}

void require_ranks(const Collective& all) {
  if (all.kind == Kind::Broadcast || all.kind == Kind::Swap) require_rank(all, all.partner, false);
  if (all.kind == Kind::Send || all.kind == Kind::Receive) require_rank(all, all.partner, true);
  if (all.kind == Kind::Swap) require_rank(all, all.from, false);
}

void require_parts(const Collective& all) {
  const std::size_t size = all.group->size();
  for (std::size_t k = 0; k < all.arguments.size(); ++k) {
    const Shape& shape = all.arguments[k].shape;
    if (!shape.empty() && shape[0] == size) continue;
    throw ShapeError("reduce_scatter: " + (all.paths[k].empty() ? "the array" : all.paths[k]) + " has the shape " +
                     to_string(shape) + "; its first axis must have an element for each of the " +
                     std::to_string(size) + " processes");
  }
}

/// Booleans are counted.
std::vector<Var> summable(std::span<const Var> arrays) {
  std::vector<Var> all(arrays.begin(), arrays.end());
  for (Var& x : all) {
    if (x.dtype() == DType::Bool) x = cast(x, DType::Int64);
  }
  return all;
}

/// Of a group of one process.
std::vector<Var> alone(Kind kind, std::vector<Var> arrays) {
  for (Var& x : arrays) {
    if (kind == Kind::Gather) x = expand_dims(x, 0);
    if (kind == Kind::ScatterSum) x = squeeze(x, 0);
  }
  return arrays;
}

Shape without_axis(const Shape& shape, std::size_t axis) {
  Shape result;
  for (std::size_t k = 0; k < shape.size(); ++k) {
    if (k != axis) result.push_back(shape[k]);
  }
  return result;
}

std::uint64_t hash_of(std::uint64_t hash, const Shape& shape) {
  hash = mixed(hash, shape.size());
  for (const std::size_t extent : shape) hash = mixed(hash, extent);
  return hash;
}

}  // namespace

std::string Collective::text() const {
  const std::string name(name_of_kind(kind));
  const auto rank = [&](std::size_t of) { return " rank " + std::to_string(of); };
  switch (kind) {
    case Kind::Broadcast:
      return name + " from" + rank(partner);
    case Kind::SumTo:
      return name + " to" + rank(partner);
    case Kind::Send:
    case Kind::SendZero:
      return name + " to" + rank(partner);
    case Kind::Receive:
    case Kind::ReceiveAdd:
      return name + " from" + rank(partner);
    case Kind::Swap:
      return name + " to" + rank(partner) + " and from" + rank(from);
    default:
      return name;
  }
}

std::uint64_t Collective::hash() const {
  std::uint64_t hash = is_between_two(kind) ? 1 : mixed(static_cast<std::uint64_t>(kind) + 2, order);
  hash = mixed(hash, batch_axes);
  for (std::size_t k = 0; k < arguments.size(); ++k) {
    hash = hash_of(mixed(hash, static_cast<std::uint64_t>(arguments[k].dtype)), arguments[k].shape);
    if (!is_between_two(kind)) hash = mixed(hash, std::hash<std::string>()(paths[k]));
  }
  return mixed(hash, arguments.size());
}

std::string Collective::lines() const {
  std::string all;
  for (std::size_t k = 0; k < arguments.size(); ++k) {
    if (!paths[k].empty()) all += paths[k] + ", ";
    all += std::string(name(arguments[k].dtype)) + " " + to_string(arguments[k].shape) + "\n";
  }
  if (batch_axes > 0) all += "of batches along " + std::to_string(batch_axes) + " axes\n";
  return all + "of which it is number " + std::to_string(order) + " in its program\n";
}

std::vector<ArrayOf> Collective::results() const {
  std::vector<ArrayOf> all = arguments;
  for (ArrayOf& each : all) {
    if (kind == Kind::Gather) each.shape.insert(batch_axes, group->size());
    if (kind == Kind::ScatterSum) each.shape = without_axis(each.shape, batch_axes);
  }
  return all;
}

namespace detail {

std::vector<Var> exchange(Kind kind, const Communicator& group, std::span<const Var> arrays,
                          std::vector<std::string> paths, std::size_t partner, std::size_t from) {
  std::vector<Var> all =
      kind == Kind::Sum || kind == Kind::ScatterSum ? summable(arrays) : std::vector<Var>(arrays.begin(), arrays.end());
  Collective collective{kind, group.members(), partner, from, {}, std::move(paths), 0, 0};
  for (const Var& x : all) collective.arguments.push_back({x.dtype(), x.shape()});
  require_ranks(collective);
  if (kind == Kind::ScatterSum) require_parts(collective);
  if (group.size() == 1) return alone(kind, std::move(all));
  const auto make = [&](std::size_t order) {
    collective.order = order;
    return host_of(collective);
  };
  return xgrad::detail::record_linear_host(make, is_between_two(kind) ? nullptr : group.members().get(), all);
}

std::vector<Var> means(const Communicator& group, std::span<const Var> arrays, std::vector<std::string> paths) {
  for (std::size_t k = 0; k < arrays.size(); ++k) {
    if (is_floating(arrays[k].dtype())) continue;
    throw TypeError("all_mean: " + (paths[k].empty() ? "the array" : paths[k]) + " is " +
                    std::string(name(arrays[k].dtype())) + "; means are of floating-point numbers");
  }
  std::vector<Var> all = exchange(Kind::Sum, group, arrays, std::move(paths));
  for (Var& x : all) x = x / static_cast<double>(group.size());
  return all;
}

}  // namespace detail
}  // namespace xgrad::mpi
