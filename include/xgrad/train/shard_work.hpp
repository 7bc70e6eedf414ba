// What a step in shards does that depends on no type of the user's: rows of shards, sums, and what processes exchange.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include <xgrad/core/function_of.hpp>
#include <xgrad/optim/state.hpp>
#include <xgrad/train/shards.hpp>
#include <xgrad/tree/fields.hpp>
#include <xgrad/tree/tree.hpp>
#include <xgrad/var.hpp>

#pragma GCC visibility push(default)

namespace xgrad::train::detail {

/// Arrays, in memory that is used again.
using List = std::vector<Var, optim::detail::Pooled<Var>>;
template <class T>
List list_of(const T& tree, tree::detail::Visit what = tree::detail::Visit::arrays) {
  List result;
  auto append = [&](const Var& x) { result.push_back(x); };
  tree::detail::visit(tree, tree::detail::Visitor<const Var>(append, what));
  return result;
}

/// What comes of a shard, or of several.
struct OfShards {
  List sums;  ///< loss, terms of it, gradient of the leaves, floating-point states
  List same;  ///< other states, which must be alike
  std::vector<char, optim::detail::Pooled<char>> is_sum;  ///< of each state
  XGRAD_MEMBER_FIELDS(OfShards, sums, same, static(is_sum))
};

class ShardWork {
 public:
  /// Of the rows of a shard, and its number among all.
  using OfShard = xgrad::detail::FunctionOf<OfShards, const List&, std::size_t>;
  /// The path of a state that is no sum, by its place among these.
  using Path = xgrad::detail::FunctionOf<std::string, const OfShards&, std::size_t>;

  /// \throws ValueError  for shards that cannot be.
  explicit ShardWork(Shards shards);

  [[nodiscard]] const Shards& shards() const noexcept;
  /// Whether other processes take part.
  [[nodiscard]] bool is_shared() const noexcept;

  /// The sums over all shards. Every process calls it, and gets them.
  /// \param batch  the rows of this process.
  /// \throws ValueError  if states that must be alike are not; what a shard throws, of whichever process.
  [[nodiscard]] OfShards total(const List& batch, OfShard of_shard, Path path) const;

 private:
  struct Programs;
  /// \throws ShapeError  unless the rows of this process can be cut into its shards.
  [[nodiscard]] std::size_t rows_of_shard(const List& batch) const;
  [[nodiscard]] List rows(const List& batch, std::size_t rows, std::size_t number) const;
  /// The sums over the shards of this process.
  [[nodiscard]] OfShards at_home(const List& batch, OfShard of_shard, Path path) const;

  std::shared_ptr<const Programs> programs_;
};

}  // namespace xgrad::train::detail

#pragma GCC visibility pop
