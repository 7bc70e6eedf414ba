#include <algorithm>
#include <cstring>
#include <utility>

#include <xgrad/ops/elementwise.hpp>

#include "mpi/collective.hpp"
#include "mpi/require_same.hpp"
#include "mpi/sums.hpp"

namespace xgrad::mpi {
namespace {

using Bytes = std::span<std::byte>;
using ConstBytes = std::span<const std::byte>;

template <class F>
auto for_dtype(DType dtype, F f) {
  switch (dtype) {
    case DType::Bool:
      return f.template operator()<bool>();
    case DType::Int64:
      return f.template operator()<std::int64_t>();
    case DType::Float32:
      return f.template operator()<float>();
    default:
      return f.template operator()<double>();
  }
}

ConstBytes bytes_in(const Var& x) {
  return for_dtype(x.dtype(), [&]<class T>() {
    const Array<T>& array = x.array<T>();
    return std::as_bytes(std::span(array.data(), array.size()));
  });
}

/// A value that is filled, and then is a Var.
Var filled(const ArrayOf& type, const auto& fill) {
  return for_dtype(type.dtype, [&]<class T>() {
    auto array = Array<T>::from_shape(type.shape);
    fill(std::as_writable_bytes(std::span(array.data(), array.size())));
    return Var(std::move(array));
  });
}

std::vector<Var> each_filled(const Collective& collective, const auto& fill) {
  const std::vector<ArrayOf> types = collective.results();
  std::vector<Var> results;
  for (std::size_t k = 0; k < types.size(); ++k) {
    results.push_back(filled(types[k], [&](Bytes place) { fill(k, place); }));
  }
  return results;
}

void copy(Bytes to, ConstBytes from) {
  if (!from.empty()) std::memcpy(to.data(), from.data(), from.size());
}

void zero(Bytes place) {
  if (!place.empty()) std::memset(place.data(), 0, place.size());
}

/// All arrays of a type are one for the sum: of many small ones, most of the time would be waiting.
template <class T>
void sum_type(const Collective& all, std::span<const Var> values, std::vector<Var>& results) {
  std::vector<T> together;
  for (const Var& x : values) {
    if (x.dtype() == dtype_of<T>) together.insert(together.end(), x.array<T>().begin(), x.array<T>().end());
  }
  if (together.empty()) return;
  sum_in_group(all.group, std::span(together));
  std::size_t at = 0;
  for (Var& x : results) {
    if (x.dtype() != dtype_of<T>) continue;
    auto array = Array<T>::from_shape(x.shape());
    std::copy_n(together.begin() + static_cast<std::ptrdiff_t>(at), array.size(), array.data());
    at += array.size();
    x = Var(std::move(array));
  }
}

std::vector<Var> sums(const Collective& all, std::span<const Var> values) {
  std::vector<Var> results(values.begin(), values.end());
  sum_type<float>(all, values, results);
  sum_type<double>(all, values, results);
  sum_type<std::int64_t>(all, values, results);
  return results;
}

std::vector<Var> sums_to(const Collective& all, std::span<const Var> values) {
  std::vector<Var> results = sums(all, values);
  if (all.group->rank == all.partner) return results;
  return each_filled(all, [](std::size_t, Bytes place) { zero(place); });
}

/// From the root to the one half of the size away, then from both to those a quarter away, and so on.
std::vector<Var> broadcasts(const Collective& all, std::span<const Var> values) {
  const std::size_t size = all.group->size();
  const std::size_t place_of_own = (all.group->rank + size - all.partner) % size;
  std::size_t reach = 1;
  while (reach < size) reach *= 2;
  const auto rank_at = [&](std::size_t place) { return (place + all.partner) % size; };
  std::vector<std::vector<std::byte>> had;
  for (const Var& x : values) {
    const ConstBytes bytes = bytes_in(x);
    had.emplace_back(bytes.begin(), bytes.end());
  }
  for (std::size_t half = reach / 2; half > 0; half /= 2) {
    if (place_of_own % half != 0) continue;
    std::vector<Transfer> transfers;
    const bool has = place_of_own % (2 * half) == 0;
    for (std::vector<std::byte>& each : had) {
      if (has && place_of_own + half < size) {
        transfers.push_back(start_send(all.group, each, rank_at(place_of_own + half), payload_tag));
      } else if (!has) {
        transfers.push_back(start_receive(all.group, each, rank_at(place_of_own - half), payload_tag));
      }
    }
    wait_all(transfers);
  }
  return each_filled(all, [&](std::size_t k, Bytes place) { copy(place, had[k]); });
}

/// How an array lies: so many batches, in each of which each rank has a part.
struct Parts {
  std::size_t batches = 1;
  std::size_t bytes = 1;  ///< of a part
};

/// \param shape  without the axis of the ranks.
Parts parts_of(const ArrayOf& type, std::size_t batch_axes) {
  Parts parts;
  for (std::size_t k = 0; k < type.shape.size(); ++k) (k < batch_axes ? parts.batches : parts.bytes) *= type.shape[k];
  parts.bytes *= size_of(type.dtype);
  return parts;
}

std::vector<Var> gathers(const Collective& all, std::span<const Var> values) {
  const std::size_t size = all.group->size();
  return each_filled(all, [&](std::size_t k, Bytes place) {
    const Parts parts = parts_of(all.arguments[k], all.batch_axes);
    const ConstBytes own = bytes_in(values[k]);
    std::vector<std::vector<std::byte>> from(size);
    std::vector<Transfer> transfers;
    for (std::size_t away = 1; away < size; ++away) {
      const std::size_t source = (all.group->rank + size - away) % size;
      from[source].resize(own.size());
      transfers.push_back(start_receive(all.group, from[source], source, payload_tag));
      transfers.push_back(start_send(all.group, own, (all.group->rank + away) % size, payload_tag));
    }
    wait_all(transfers);
    for (std::size_t rank = 0; rank < size; ++rank) {
      const ConstBytes whole = rank == all.group->rank ? own : ConstBytes(from[rank]);
      for (std::size_t b = 0; b < parts.batches; ++b) {
        copy(place.subspan((b * size + rank) * parts.bytes, parts.bytes), whole.subspan(b * parts.bytes, parts.bytes));
      }
    }
  });
}

template <class T>
void add_parts(const Collective& all, std::size_t k, ConstBytes given, Bytes place) {
  const std::size_t size = all.group->size();
  const Parts parts = parts_of(all.results()[k], all.batch_axes);
  std::vector<std::vector<T>> of_ranks(size, std::vector<T>(place.size() / sizeof(T)));  // what they have for this one
  std::vector<std::vector<T>> for_ranks(size, std::vector<T>(place.size() / sizeof(T)));
  for (std::size_t rank = 0; rank < size; ++rank) {
    const Bytes part = std::as_writable_bytes(std::span(for_ranks[rank]));
    for (std::size_t b = 0; b < parts.batches; ++b) {
      copy(part.subspan(b * parts.bytes, parts.bytes), given.subspan((b * size + rank) * parts.bytes, parts.bytes));
    }
  }
  of_ranks[all.group->rank] = for_ranks[all.group->rank];
  std::vector<Transfer> transfers;
  for (std::size_t away = 1; away < size; ++away) {
    const std::size_t source = (all.group->rank + size - away) % size;
    const std::size_t target = (all.group->rank + away) % size;
    transfers.push_back(
        start_receive(all.group, std::as_writable_bytes(std::span(of_ranks[source])), source, payload_tag));
    transfers.push_back(start_send(all.group, std::as_bytes(std::span(for_ranks[target])), target, payload_tag));
  }
  wait_all(transfers);
  add_along_tree<T>(of_ranks);
  copy(place, std::as_bytes(std::span(of_ranks[0])));
}

std::vector<Var> scatters(const Collective& all, std::span<const Var> values) {
  return each_filled(all, [&](std::size_t k, Bytes place) {
    const ConstBytes given = bytes_in(values[k]);
    if (values[k].dtype() == DType::Float32) add_parts<float>(all, k, given, place);
    else if (values[k].dtype() == DType::Float64) add_parts<double>(all, k, given, place);
    else add_parts<std::int64_t>(all, k, given, place);
  });
}

std::uint64_t hash_of_pair(const Collective& all, std::size_t sender, std::size_t receiver) {
  return mixed(mixed(all.hash(), sender), receiver);
}

std::string text_with_arrays(const Collective& all) {
  std::string text = all.text();
  for (const ArrayOf& each : all.arguments) {
    text +=
        (&each == all.arguments.data() ? " of " : ", ") + std::string(name(each.dtype)) + " " + to_string(each.shape);
  }
  return text;
}

void send_all(const Collective& all, std::span<const Var> values, std::size_t to) {
  std::vector<std::byte> workspace(announcement_bytes);
  std::vector<Transfer> transfers;
  transfers.push_back(
      announce(all.group, to, text_with_arrays(all), hash_of_pair(all, all.group->rank, to), workspace));
  for (const Var& x : values) transfers.push_back(start_send(all.group, bytes_in(x), to, payload_tag));
  wait_all(transfers);
}

std::vector<Var> receive_all(const Collective& all, std::size_t from) {
  require_announced(all.group, from, text_with_arrays(all), hash_of_pair(all, from, all.group->rank));
  return each_filled(all, [&](std::size_t, Bytes place) { start_receive(all.group, place, from, payload_tag).wait(); });
}

std::vector<Var> swaps(const Collective& all, std::span<const Var> values) {
  const std::size_t rank = all.group->rank;
  if ((all.partner == rank) != (all.from == rank)) {
    throw ValueError("send_receive: rank " + std::to_string(rank) + " sends to rank " + std::to_string(all.partner) +
                     " and receives from rank " + std::to_string(all.from) + ": both or none must be itself");
  }
  if (all.partner == rank) return {values.begin(), values.end()};
  std::vector<std::byte> workspace(announcement_bytes);
  std::vector<Transfer> sends;
  // The texts of the two ends differ, and so may their partners: only what is sent is compared.
  sends.push_back(
      announce(all.group, all.partner, text_with_arrays(all), hash_of_pair(all, rank, all.partner), workspace));
  for (const Var& x : values) sends.push_back(start_send(all.group, bytes_in(x), all.partner, payload_tag));
  std::vector<Var> results = receive_all(all, all.from);
  wait_all(sends);
  return results;
}

std::vector<Var> added(std::vector<Var> received, std::span<const Var> values) {
  for (std::size_t k = 0; k < received.size(); ++k) {
    const Var sum = values[k] + received[k];
    received[k] = sum;
  }
  return received;
}

}  // namespace

std::vector<Var> run(const Collective& collective, std::span<const Var> values) {
  if (!is_between_two(collective.kind)) {
    require_same(collective.group, collective.text(), collective.hash(), [&] { return collective.lines(); });
  }
  switch (collective.kind) {
    case Kind::Sum:
      return sums(collective, values);
    case Kind::Broadcast:
      return broadcasts(collective, values);
    case Kind::SumTo:
      return sums_to(collective, values);
    case Kind::Gather:
      return gathers(collective, values);
    case Kind::ScatterSum:
      return scatters(collective, values);
    case Kind::Send:
      send_all(collective, values, collective.partner);
      return {values.begin(), values.end()};
    case Kind::ReceiveAdd:
      return added(receive_all(collective, collective.partner), values);
    case Kind::Receive:
      return receive_all(collective, collective.partner);
    case Kind::SendZero:
      send_all(collective, values, collective.partner);
      return each_filled(collective, [](std::size_t, Bytes place) { zero(place); });
    case Kind::Swap:
      return swaps(collective, values);
  }
  return {};
}

}  // namespace xgrad::mpi
