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
  /// Whether this process updates a part of the parameters only.
  [[nodiscard]] bool slices_state() const noexcept { return shards().state_in_slices && is_shared(); }

  /// This process's pieces of arrays, each of one axis.
  [[nodiscard]] List slices(const List& arrays) const;
  /// The whole arrays of the pieces of all processes.
  /// \param like  arrays of their shapes.
  [[nodiscard]] List whole(const List& slices, const List& like) const;
  /// Of a state in slices, which are its arrays of one axis, the whole one, and the other way about.
  /// \param like  a state as it is to be.
  [[nodiscard]] List whole_state(const List& slices, const List& like) const;
  [[nodiscard]] List sliced_state(const List& whole, const List& like) const;
  /// Whether all that the processes have of the sums is finite.
  [[nodiscard]] Var all_finite(const OfShards& total) const;

  /// Once: that all processes have the same model, state and settings.
  /// \throws ValueError  naming the first that differs, and the processes.
  void require_same(xgrad::detail::FunctionOf<std::vector<std::string>> paths, const List& arrays,
                    const std::string& settings) const;

  /// The sums over all shards. Every process calls it, and gets them.
  /// \param batch  the rows of this process.
  /// \param terms, leaves  how many: of the gradient, if the state is in slices, each gets its pieces only.
  /// \throws ValueError  if states that must be alike are not; what a shard throws, of whichever process.
  [[nodiscard]] OfShards total(const List& batch, std::size_t terms, std::size_t leaves, OfShard of_shard,
                               Path path) const;

 private:
  struct Programs;
  /// \throws ShapeError  unless the rows of this process can be cut into its shards.
  [[nodiscard]] std::size_t rows_of_shard(const List& batch) const;
  /// The sums over the shards of this process.
  [[nodiscard]] OfShards at_home(const List& batch, OfShard of_shard, Path path) const;

  std::shared_ptr<const Programs> programs_;
};

/// What an update is recorded of: leaves of the model, and the arrays of a state, of which some are as parts of it.
struct UpdateParts {
  List leaves;
  List state;
  std::vector<char> is_part;
};
/// Updates and the next state for leaves, a gradient, a state and a loss.
using RecordUpdate = xgrad::detail::FunctionOf<std::vector<Var>, std::span<const Var>, std::span<const Var>,
                                               std::span<const Var>, const Var&>;
/// Arrays as slices of these might be, in all processes the same.
List other_shapes(const List& arrays);
/// Arrays of more elements than one, as these might be: what has one is recorded in ways of its own, with the same
/// result.
List without_ones(const List& arrays);
/// \throws ValueError  unless an optimiser does the same to slices of the leaves as to the whole ones.
void require_elementwise(const std::string& optimiser, const UpdateParts& whole, const UpdateParts& slices,
                         RecordUpdate record_whole, RecordUpdate record_slices);

}  // namespace xgrad::train::detail

#pragma GCC visibility pop
