#include <xgrad/mpi/rounding.hpp>

#include <cmath>

#include "mpi/flat.hpp"
#include "mpi/half.hpp"
#include "mpi/members.hpp"

namespace xgrad::mpi {
namespace {

using Halves = std::vector<std::uint16_t>;

template <class T>
std::vector<T> rest_before(const Var& rest, std::size_t count) {
  if (!rest.defined()) return std::vector<T>(count, T{0});
  if (rest.shape() != Shape{count} || rest.dtype() != dtype_of<T>) {
    throw ShapeError("rounded_mean: the rounding is of " + std::string(name(rest.dtype())) + " " +
                     to_string(rest.shape()) + ", and " + std::string(name(dtype_of<T>)) + " " +
                     to_string(Shape{count}) +
                     " is needed; begin with an empty one for another tree or number of processes");
  }
  const Array<T>& array = rest.array<T>();
  return {array.data(), array.data() + array.size()};
}

template <class T>
Var as_var(const std::vector<T>& values) {
  Array<T> array(Shape{values.size()});
  std::copy(values.begin(), values.end(), array.data());
  return Var(std::move(array));
}

// Rounds x, to which what was left before is added, and leaves what is left now.
template <class Format, class T>
Halves rounded(const std::vector<T>& x, std::vector<T>& rest) {
  Halves halves(x.size());
  for (std::size_t i = 0; i < x.size(); ++i) {
    const T sum = x[i] + rest[i];
    halves[i] = Format::of(static_cast<float>(sum));
    const T left = sum - static_cast<T>(Format::value(halves[i]));
    rest[i] = std::isfinite(left) ? left : T{0};
  }
  return halves;
}

// Sums over processes along the tree over their ranks.
template <class Format, class T>
T sum_of(const std::vector<Halves>& all, std::size_t first, std::size_t last, std::size_t i) {
  if (last - first == 1) return static_cast<T>(Format::value(all[first][i]));
  const std::size_t cut = tree_cut(first, last);
  return sum_of<Format, T>(all, first, cut, i) + sum_of<Format, T>(all, cut, last, i);
}

std::size_t first_of(std::size_t rank, std::size_t size, std::size_t count) { return count * rank / size; }

// Each process gets its part of what all others have.
std::vector<Halves> parts_for_me(const std::shared_ptr<Members>& members, const Halves& own) {
  const std::size_t size = members->size();
  const auto part = [&](std::size_t rank) {
    const std::size_t first = first_of(rank, size, own.size());
    return std::span(own).subspan(first, first_of(rank + 1, size, own.size()) - first);
  };
  const auto mine = part(members->rank);
  std::vector<Halves> all(size, Halves(mine.size()));
  all[members->rank].assign(mine.begin(), mine.end());
  std::vector<Transfer> transfers;
  for (std::size_t other = 0; other < size; ++other) {
    if (other == members->rank) continue;
    transfers.push_back(start_receive(members, std::as_writable_bytes(std::span(all[other])), other, half_tag));
    transfers.push_back(start_send(members, std::as_bytes(part(other)), other, half_tag));
  }
  for (Transfer& each : transfers) each.wait();
  return all;
}

Halves parts_of_all(const std::shared_ptr<Members>& members, const Halves& mine, std::size_t count) {
  Halves all(count);
  const std::size_t size = members->size();
  std::vector<Transfer> transfers;
  for (std::size_t other = 0; other < size; ++other) {
    const std::size_t first = first_of(other, size, count);
    const std::span<std::uint16_t> place = std::span(all).subspan(first, first_of(other + 1, size, count) - first);
    if (other == members->rank) {
      std::copy(mine.begin(), mine.end(), place.begin());
      continue;
    }
    transfers.push_back(start_receive(members, std::as_writable_bytes(place), other, half_tag));
    transfers.push_back(start_send(members, std::as_bytes(std::span(mine)), other, half_tag));
  }
  for (Transfer& each : transfers) each.wait();
  return all;
}

template <class Format, class T>
std::pair<std::vector<Var>, Rounding> mean_in(const Communicator& group, const std::vector<Var>& leaves,
                                              const Rounding& before) {
  std::vector<T> flat;
  for (const Var& leaf : leaves) append_elements(leaf, flat);
  const std::size_t count = flat.size();
  const std::size_t first = first_of(group.rank(), group.size(), count);
  const std::size_t mine = first_of(group.rank() + 1, group.size(), count) - first;
  std::vector<T> own = rest_before<T>(before.own, count);
  std::vector<T> of_mean = rest_before<T>(before.mean, mine);

  const std::vector<Halves> parts = parts_for_me(group.members(), rounded<Format>(flat, own));
  std::vector<T> mean(mine);
  for (std::size_t i = 0; i < mine; ++i) {
    mean[i] = sum_of<Format, T>(parts, 0, parts.size(), i) / static_cast<T>(group.size());
  }
  const Halves all = parts_of_all(group.members(), rounded<Format>(mean, of_mean), count);
  for (std::size_t i = 0; i < count; ++i) flat[i] = static_cast<T>(Format::value(all[i]));
  const T* next = flat.data();
  std::vector<Var> result;
  for (const Var& leaf : leaves) result.push_back(take_elements(leaf, next));
  return {std::move(result), {before.half, as_var(own), as_var(of_mean)}};
}

}  // namespace

std::pair<std::vector<Var>, Rounding> detail::rounded_mean(const Communicator& group,
                                                           const std::vector<std::string>& paths,
                                                           const std::vector<Var>& leaves, const Rounding& before) {
  bool has_doubles = false;
  for (std::size_t i = 0; i < leaves.size(); ++i) {
    if (!is_floating(leaves[i].dtype())) {
      throw TypeError("rounded_mean: '" + paths[i] + "' is " + std::string(name(leaves[i].dtype())) +
                      "; only floating-point numbers are rounded");
    }
    has_doubles = has_doubles || leaves[i].dtype() == DType::Float64;
  }
  const bool brain = before.half == Half::bfloat16;
  require_same_arrays(group, "rounded_mean", paths, leaves, brain ? "rounded to bfloat16" : "rounded to float16");
  if (brain) {
    return has_doubles ? mean_in<Bfloat16, double>(group, leaves, before)
                       : mean_in<Bfloat16, float>(group, leaves, before);
  }
  return has_doubles ? mean_in<Float16, double>(group, leaves, before) : mean_in<Float16, float>(group, leaves, before);
}

}  // namespace xgrad::mpi
