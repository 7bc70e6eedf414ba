#include <xgrad/train/shard_work.hpp>

#include <array>
#include <cstdint>
#include <cstring>
#include <utility>

#include <xgrad/core/errors.hpp>
#include <xgrad/ops/create.hpp>
#include <xgrad/ops/elementwise.hpp>
#include <xgrad/ops/index.hpp>
#include <xgrad/transform/compile.hpp>

#include "memory/buffer.hpp"
#include "var/access.hpp"

namespace xgrad::train::detail {
namespace {

List sums_of(const List& a, const List& b) {
  List result;
  for (std::size_t i = 0; i < a.size(); ++i) result.push_back(a[i] + b[i]);
  return result;
}

/// So many rows from one on.
List rows_from(const List& batch, const Var& first, const Var& like) {
  const Var which = like + first;
  List result;
  for (const Var& x : batch) result.push_back(take(x, which, 0));
  return result;
}

bool has_same_bits(const Var& a, const Var& b) {
  if (a.recorded() || b.recorded()) return true;  // values are not known yet
  if (a.dtype() != b.dtype() || a.shape() != b.shape()) return false;
  const memory::BufferPtr left = VarAccess::buffer(a);
  const memory::BufferPtr right = VarAccess::buffer(b);
  return std::memcmp(left->data(), right->data(), a.size() * size_of(a.dtype())) == 0;
}

}  // namespace

struct ShardWork::Programs {
  Shards shards;
  data::Part own;
  decltype(compile(&sums_of)) add = compile(&sums_of);
  decltype(compile(&rows_from)) rows = compile(&rows_from);
};

ShardWork::ShardWork(Shards shards) {
  const data::Part own = shards.own();
  programs_ = std::make_shared<const Programs>(Programs{std::move(shards), own});
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

List ShardWork::rows(const List& batch, std::size_t rows, std::size_t number) const {
  return programs_->rows(batch, Var(static_cast<std::int64_t>(number * rows)), arange(static_cast<std::int64_t>(rows)));
}

OfShards ShardWork::at_home(const List& batch, OfShard of_shard, Path path) const {
  const data::Part own = programs_->own;
  const std::size_t rows = rows_of_shard(batch);
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
    OfShards next = of_shard(this->rows(batch, rows, i), own.first + i);
    for (std::size_t k = 0; i > 0 && k < next.same.size(); ++k) {
      if (has_same_bits(next.same[k], result.same[k])) continue;
      throw ValueError("train::step: the state \"" + path(next, k) + "\" after shard " +
                       std::to_string(own.first + i) + " is not what it is after shard " + std::to_string(own.first) +
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

OfShards ShardWork::total(const List& batch, OfShard of_shard, Path path) const {
  return at_home(batch, of_shard, path);
}

}  // namespace xgrad::train::detail
