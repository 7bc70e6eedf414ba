#include <xgrad/train/shard_work.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <cstring>
#include <exception>
#include <string>
#include <utility>

#include <xgrad/core/errors.hpp>
#include <xgrad/ops/create.hpp>
#include <xgrad/ops/elementwise.hpp>
#include <xgrad/ops/index.hpp>
#include <xgrad/ops/reduce.hpp>
#include <xgrad/transform/compile.hpp>

#include "core/text.hpp"
#include "exchange.hpp"
#include "memory/buffer.hpp"
#include "shard_tree.hpp"
#include "var/access.hpp"

namespace xgrad::train::detail {

/// One of so many parts of each array.
struct RowsOfPart {
  std::size_t parts;
  List operator()(const List& batch, const Var& number) const {
    List result;
    for (const Var& x : batch) {
      const auto rows = static_cast<std::int64_t>(x.shape()[0] / parts);
      result.push_back(take(x, number * rows + arange(rows), 0));
    }
    return result;
  }
};

namespace {

List sums_of(const List& a, const List& b) {
  List result;
  for (std::size_t i = 0; i < a.size(); ++i) result.push_back(a[i] + b[i]);
  return result;
}

bool has_same_bits(const Var& a, const Var& b) {
  if (a.recorded() || b.recorded()) return true;  // values are not known yet
  if (a.dtype() != b.dtype() || a.shape() != b.shape()) return false;
  const memory::BufferPtr left = VarAccess::buffer(a);
  const memory::BufferPtr right = VarAccess::buffer(b);
  return std::memcmp(left->data(), right->data(), a.size() * size_of(a.dtype())) == 0;
}

void require_concrete(const Var& x) {
  if (!x.recorded()) return;
  throw TapeError(
      "train::step: a step of several processes within another transform, such as grad or vmap; it is no operation: "
      "train in one process, or write the step by the operations of xgrad::mpi");
}

void add_to(Hash& hash, const Var& x) {
  hash.add(static_cast<std::uint64_t>(x.dtype()));
  for (const std::size_t extent : x.shape()) hash.add(extent);
  hash.add(std::span(VarAccess::buffer(x)->data(), x.size() * size_of(x.dtype())));
}

/// Of what must be alike in all processes before sums are exchanged.
std::uint64_t hash_of(const OfShards& home, std::size_t rows) {
  Hash hash;
  hash.add(rows);
  for (const Var& x : home.sums) {
    hash.add(static_cast<std::uint64_t>(x.dtype()));
    hash.add(x.dimension());
    for (const std::size_t extent : x.shape()) hash.add(extent);
  }
  for (const Var& x : home.same) add_to(hash, x);
  return hash.value();
}

std::vector<std::string> lines_of(const OfShards& home, std::size_t rows, ShardWork::Path path) {
  std::vector<std::string> lines{"shards of " + core::count_of(rows, "row", "rows")};
  for (const Var& x : home.sums) lines.push_back("a loss, gradient or state " + xgrad::detail::describe(x));
  for (std::size_t i = 0; i < home.same.size(); ++i) {
    Hash hash;
    add_to(hash, home.same[i]);
    lines.push_back("the state \"" + path(home, i) + "\" with the check sum " + std::to_string(hash.value()));
  }
  return lines;
}

/// Sums over all processes, for all.
void add_all(const Processes& processes, std::span<const Joint> joints, List& sums) {
  for (const Row& row : rows_of(sums, processes.size())) {
    const memory::BufferPtr elements = packed(row, sums);
    add_pieces(processes, row, joints, *elements.get());
    fill_in_pieces(processes, row, *elements.get());
    unpack(row, *elements.get(), List(sums), sums);
  }
}

/// The same, but each process gets its own pieces alone.
void add_slices(const Processes& processes, std::span<const Joint> joints, List& sums) {
  for (const Row& row : rows_of(sums, processes.size())) {
    const memory::BufferPtr elements = packed(row, sums);
    add_pieces(processes, row, joints, *elements.get());
    for (const Row::Part& part : row.parts()) {
      sums[part.place] = part_in_piece(row, part, processes.rank(), *elements.get());
    }
  }
}

}  // namespace

struct ShardWork::Programs {
  Shards shards;
  data::Part own;
  std::vector<Joint> joints;
  Programs(Shards all, const data::Part& part, std::vector<Joint> tree)
      : shards(std::move(all)), own(part), joints(std::move(tree)) {}
  mutable std::atomic<bool> checked = false;
  decltype(compile(&sums_of)) add = compile(&sums_of);
  decltype(compile(std::declval<RowsOfPart>())) rows = compile(RowsOfPart{own.count});
};

ShardWork::ShardWork(Shards shards) {
  const data::Part own = shards.own();
  const std::size_t processes = shards.processes ? shards.processes->size() : 1;
  std::vector<Joint> joints = joints_of(bounds_of_branches(shards.count, processes));
  programs_ = std::make_shared<const Programs>(std::move(shards), own, std::move(joints));
}

const Shards& ShardWork::shards() const noexcept { return programs_->shards; }
bool ShardWork::is_shared() const noexcept { return shards().processes && shards().processes->size() > 1; }

std::size_t ShardWork::rows_of_shard(const List& batch) const {
  const std::size_t parts = programs_->own.count;
  for (const Var& x : batch) {
    if (x.dimension() != 0 && x.shape()[0] % parts == 0) continue;
    throw ShapeError("train::step: " + std::to_string(parts) + " shards of a batch with an array " +
                     to_string(x.shape()) +
                     "; its first extent must be a multiple of that: take another size of batches, and leave out the "
                     "last one if it is smaller");
  }
  return batch.empty() ? 0 : batch[0].shape()[0] / parts;
}

OfShards ShardWork::at_home(const List& batch, OfShard of_shard, Path path) const {
  const data::Part own = programs_->own;
  static_cast<void>(rows_of_shard(batch));
  struct Branch {
    std::size_t shards = 0;
    List sums;
  };
  std::array<Branch, 65> branches;  // each has fewer shards than the one before, at most a half
  std::size_t count = 0;
  const auto join_last = [&] {
    Branch& into = branches[count - 2];
    Branch& last = branches[count - 1];
    into.sums = programs_->add(std::move(into.sums), std::move(last.sums));
    into.shards += last.shards;
    --count;
  };
  OfShards result;
  for (std::size_t i = 0; i < own.count; ++i) {
    OfShards next = of_shard(programs_->rows(batch, Var(static_cast<std::int64_t>(i))), own.first + i);
    for (std::size_t k = 0; i > 0 && k < next.same.size(); ++k) {
      if (has_same_bits(next.same[k], result.same[k])) continue;
      throw ValueError("train::step: the state \"" + path(next, k) + "\" after shard " + std::to_string(own.first + i) +
                       " is not what it is after shard " + std::to_string(own.first) +
                       "; floating-point states of shards are averaged, and others must be the same for all");
    }
    branches[count++] = {1, std::move(next.sums)};
    if (i == 0) result = std::move(next);
    while (count > 1 && branches[count - 2].shards == branches[count - 1].shards) join_last();
  }
  while (count > 1) join_last();
  result.sums = std::move(branches[0].sums);
  return result;
}

OfShards ShardWork::total(const List& batch, std::size_t terms, std::size_t leaves, OfShard of_shard, Path path) const {
  if (!is_shared()) return at_home(batch, of_shard, path);
  const Processes& processes = *shards().processes;
  OfShards home;
  std::exception_ptr failure;
  try {
    for (const Var& x : batch) require_concrete(x);
    home = at_home(batch, of_shard, path);
  } catch (...) {
    failure = std::current_exception();
  }
  agree(processes, "train::step", failure, failure ? 0 : hash_of(home, rows_of_shard(batch)),
        [&] { return lines_of(home, rows_of_shard(batch), path); });
  if (!slices_state()) {
    add_all(processes, programs_->joints, home.sums);
    return home;
  }
  const auto begin = home.sums.begin() + 1 + static_cast<std::ptrdiff_t>(terms);
  const auto end = begin + static_cast<std::ptrdiff_t>(leaves);
  List gradient(begin, end);
  List rest(home.sums.begin(), begin);
  rest.insert(rest.end(), end, home.sums.end());
  add_all(processes, programs_->joints, rest);
  add_slices(processes, programs_->joints, gradient);
  std::ranges::copy(rest.begin(), rest.begin() + 1 + static_cast<std::ptrdiff_t>(terms), home.sums.begin());
  std::ranges::copy(gradient, begin);
  std::copy(rest.begin() + 1 + static_cast<std::ptrdiff_t>(terms), rest.end(), end);
  return home;
}

List ShardWork::slices(const List& arrays) const {
  const Processes& processes = *shards().processes;
  List result = arrays;
  for (const Row& row : rows_of(arrays, processes.size())) {
    for (const Row::Part& part : row.parts()) {
      result[part.place] = part_in_piece(row, part, processes.rank(), arrays[part.place]);
    }
  }
  return result;
}

List ShardWork::whole(const List& slices, const List& like) const {
  const Processes& processes = *shards().processes;
  List result = like;
  for (const Row& row : rows_of(like, processes.size())) {
    const memory::BufferPtr elements = memory::make_buffer(row.dtype(), Shape{row.elements()});
    std::byte* place = elements->data() + row.begin(processes.rank()) * size_of(row.dtype());
    for (const Row::Part& part : row.parts()) {
      const std::size_t bytes = slices[part.place].size() * size_of(row.dtype());
      if (bytes > 0) std::memcpy(place, VarAccess::buffer(slices[part.place])->data(), bytes);
      place += bytes;
    }
    fill_in_pieces(processes, row, *elements.get());
    unpack(row, *elements.get(), like, result);
  }
  return result;
}

namespace {

/// Which elements of an array in slices a process has: as many as those before it have, and its own.
std::pair<std::size_t, std::vector<std::size_t>> sizes_of(const Processes& processes, std::size_t own) {
  std::vector<std::size_t> sizes;
  std::size_t before = 0;
  for (const std::string& text : gathered(processes, "the state in slices", std::to_string(own))) {
    if (sizes.size() < processes.rank()) before += std::stoul(text);
    sizes.push_back(std::stoul(text));
  }
  return {before, std::move(sizes)};
}

void require_elements(std::size_t found, std::size_t needed) {
  if (found == needed) return;
  throw ShapeError("train: a state in slices has " + core::count_of(found, "element", "elements") +
                   " of an array, where the whole has " + std::to_string(needed));
}

}  // namespace

List ShardWork::whole_state(const List& slices, const List& like) const {
  List result = slices;
  for (std::size_t i = 0; i < slices.size(); ++i) {
    if (slices[i].dimension() != 1) continue;
    const memory::BufferPtr own = VarAccess::buffer(slices[i]);
    const std::string bytes(reinterpret_cast<const char*>(own->data()), slices[i].size() * size_of(own->dtype()));
    std::string all;
    for (const std::string& each : gathered(*shards().processes, "the state in slices", bytes)) all += each;
    require_elements(all.size() / size_of(own->dtype()), like[i].size());
    memory::BufferPtr array = memory::make_buffer(own->dtype(), like[i].shape());
    if (!all.empty()) std::memcpy(array->data(), all.data(), all.size());
    result[i] = VarAccess::is_weak(like[i]) ? VarAccess::scalar(*array.get()) : VarAccess::concrete(std::move(array));
  }
  return result;
}

List ShardWork::sliced_state(const List& whole, const List& like) const {
  List result = whole;
  for (std::size_t i = 0; i < whole.size(); ++i) {
    if (like[i].dimension() != 1) continue;
    const auto [before, sizes] = sizes_of(*shards().processes, like[i].size());
    std::size_t all = 0;
    for (const std::size_t size : sizes) all += size;
    require_elements(all, whole[i].size());
    const memory::BufferPtr from = VarAccess::buffer(whole[i]);
    memory::BufferPtr array = memory::make_buffer(from->dtype(), Shape{like[i].size()});
    const std::size_t size = size_of(from->dtype());
    if (like[i].size() > 0) std::memcpy(array->data(), from->data() + before * size, like[i].size() * size);
    result[i] = VarAccess::concrete(std::move(array));
  }
  return result;
}

Var ShardWork::all_finite(const OfShards& total) const {
  bool fine = true;
  for (const Var& x : total.sums) fine = fine && all(isfinite(x)).item<bool>();
  const std::vector<std::string> all = gathered(*shards().processes, "train::step", fine ? "1" : "0");
  return Var(std::ranges::all_of(all, [](const std::string& each) { return each == "1"; }));
}

void ShardWork::require_same(xgrad::detail::FunctionOf<std::vector<std::string>> paths, const List& arrays,
                             const std::string& settings) const {
  if (!is_shared() || programs_->checked.exchange(true)) return;
  const auto lines = [&] {
    std::vector<std::string> result{settings};
    const std::vector<std::string> names = paths();
    for (std::size_t i = 0; i < arrays.size(); ++i) {
      Hash hash;
      add_to(hash, arrays[i]);
      result.push_back("\"" + names[i] + "\" " + xgrad::detail::describe(arrays[i]) + " with the check sum " +
                       std::to_string(hash.value()));
    }
    return result;
  };
  Hash hash;
  for (const std::string& line : lines()) hash.add(std::as_bytes(std::span(line)));
  agree(*shards().processes, "train::step", nullptr, hash.value(), lines);
}

}  // namespace xgrad::train::detail
