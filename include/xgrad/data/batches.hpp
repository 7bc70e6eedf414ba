// Datasets in batches, in the same order for the same key, from any position on.
#pragma once

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include <xgrad/data/dataset.hpp>
#include <xgrad/random/key.hpp>
#include <xgrad/tree/fields.hpp>
#include <xgrad/tree/tree.hpp>
#include <xgrad/var.hpp>

#pragma GCC visibility push(default)

namespace xgrad::data {

/// What becomes of the rows at the end of an epoch that are fewer than a batch.
enum class Last : std::uint8_t {
  Keep,  ///< they are a smaller batch, and the only one if the dataset has fewer
  Drop,  ///< they are left out of this epoch
  Pad    ///< rows of zeros fill it up: an array of ones beside the data says which rows are real
};

/// Draws rows by weights, in place of taking each row once in an epoch.
struct Weighted {
  Var weights;            ///< [rows], in proportion to which rows are drawn; see balanced_weights
  bool replace = true;    ///< whether a row may be drawn again in an epoch
  std::size_t draws = 0;  ///< rows of an epoch; 0: as many as the dataset has
};

/// Puts rows of about one length together, for what is padded to the longest of a batch: see Sequences.
struct Buckets {
  Var lengths;                      ///< [rows], int64
  std::vector<std::size_t> bounds;  ///< rising; a bucket has the lengths above the bound before, up to its own
};

/// Some of the equal parts that a batch is cut into.
struct Part {
  std::size_t first = 0;  ///< of these parts, from 0
  std::size_t count = 1;
  std::size_t of = 1;  ///< how many there are

  friend bool operator==(const Part&, const Part&) = default;
};

struct BatchOptions {
  std::size_t size = 32;                    ///< rows of a batch
  std::optional<random::Key> shuffle = {};  ///< another order in each epoch; none: the order of the dataset
  Last last = Last::Keep;
  std::optional<Weighted> weighted = {};  ///< needs a key
  /// All rows of a batch are of one bucket, and the last ones of each bucket are what `last` says. With a key the
  /// batches of an epoch are shuffled, too.
  std::optional<Buckets> buckets = {};
  /// The rows of each batch that are wanted here: others are not read. For processes that share batches.
  Part part = {};
};

/// Which batch comes next. It is a tree with a state, so that checkpoints keep it.
struct Position {
  Var epoch = 0;  ///< int64
  Var batch = 0;  ///< int64, in the epoch
};
XGRAD_FIELDS(Position, state(epoch), state(batch))

namespace detail {

/// Which rows are in which batch.
class Order {
 public:
  /// \throws ValueError  for options that do not fit the number of rows.
  Order(std::size_t length, const BatchOptions& options);

  [[nodiscard]] std::size_t per_epoch() const noexcept { return per_epoch_; }
  /// Their numbers, without those that are filled in.
  [[nodiscard]] std::span<const std::int64_t> rows(std::int64_t epoch, std::size_t batch) const;
  /// Those of a part of it, and how many rows it has with those that are filled in.
  struct Taken {
    std::span<const std::int64_t> rows;
    std::size_t size;
  };
  /// \throws ValueError  unless the batch can be cut so.
  [[nodiscard]] Taken taken(std::int64_t epoch, std::size_t batch, const Part& part) const;
  [[nodiscard]] const Part& part() const noexcept { return options_.part; }

 private:
  /// What an epoch is cut into: a list of rows, and where batches begin in it.
  struct Epoch {
    std::int64_t number = -1;
    std::vector<std::int64_t> rows = {};
    std::vector<std::size_t> begins = {};
  };
  [[nodiscard]] std::vector<std::int64_t> drawn(const std::optional<random::Key>& key) const;
  void cut(Epoch& epoch, std::span<const std::int64_t> rows) const;
  void cut_buckets(Epoch& epoch, std::span<const std::int64_t> rows) const;
  [[nodiscard]] const Epoch& epoch_of(std::int64_t number) const;

  BatchOptions options_;
  std::size_t length_;
  std::vector<std::size_t> bucket_of_;  ///< of each row; empty without buckets
  std::size_t per_epoch_ = 0;
  mutable Epoch epoch_;  ///< the last one that was asked for
};

/// The numbers as an array, in memory that is used again.
Var numbers_of(std::span<const std::int64_t> rows);

/// An array with rows of zeros behind.
Var padded(const Var& x, std::size_t rows);

struct Place {
  std::int64_t epoch = 0;
  std::size_t batch = 0;
  /// The one after it.
  [[nodiscard]] Place next(std::size_t per_epoch) const {
    return batch + 1 == per_epoch ? Place{epoch + 1, 0} : Place{epoch, batch + 1};
  }
};
/// \throws ValueError  unless there is such a batch.
Place place_of(const Position& position, std::size_t per_epoch);
Position position_of(const Place& place);

}  // namespace detail

/// What gives batches one after another, epoch after epoch, and can go on from a position: Batches, and what is made of
/// such.
template <class S>
concept BatchSource = requires(S& source, const S& same, const Position& position) {
  typename S::Batch;
  { source.next() } -> std::convertible_to<typename S::Batch>;
  { same.position() } -> std::convertible_to<Position>;
  source.resume(position);
  { same.per_epoch() } -> std::convertible_to<std::size_t>;
};

/// Goes through the rest of an epoch.
template <class S>
class EpochIterator {
 public:
  using value_type = typename S::Batch;
  using difference_type = std::ptrdiff_t;
  using iterator_concept = std::input_iterator_tag;

  explicit EpochIterator(S& source)
      : source_(&source),
        left_(source.per_epoch() - detail::place_of(source.position(), source.per_epoch()).batch),
        batch_(source.next()) {}

  const value_type& operator*() const noexcept { return *batch_; }
  const value_type* operator->() const noexcept { return &*batch_; }
  EpochIterator& operator++() {
    batch_.reset();  // its memory is for the next one
    if (--left_ > 0) batch_.emplace(source_->next());
    return *this;
  }
  void operator++(int) { ++*this; }
  friend bool operator==(const EpochIterator& it, std::default_sentinel_t) noexcept { return it.left_ == 0; }

 private:
  S* source_;
  std::size_t left_;
  std::optional<value_type> batch_;
};

/// A dataset in batches; see batches().
template <Dataset D>
class Batches {
 public:
  using Batch = RowsOf<D>;

  Batches(D dataset, const BatchOptions& options)
      : dataset_(std::move(dataset)), order_(data::length(dataset_), options) {}

  /// The batches of an epoch.
  [[nodiscard]] std::size_t per_epoch() const noexcept { return order_.per_epoch(); }
  /// The rows of a batch that are not zeros which fill it up, whatever part of it is wanted here.
  /// \throws ValueError  if there is no such batch.
  [[nodiscard]] std::size_t count(std::int64_t epoch, std::size_t batch) const {
    return order_.rows(epoch, batch).size();
  }
  /// Any batch of any epoch: it depends on nothing else.
  /// \throws ValueError  if there is none, or it cannot be cut into the parts of which some are wanted.
  [[nodiscard]] Batch at(std::int64_t epoch, std::size_t batch) const { return at(epoch, batch, order_.part()); }
  /// Some parts of it, whatever is wanted here.
  [[nodiscard]] Batch at(std::int64_t epoch, std::size_t batch, const Part& part) const {
    const detail::Order::Taken taken = order_.taken(epoch, batch, part);
    Batch result = data::rows(dataset_, detail::numbers_of(taken.rows));
    if (taken.rows.size() < taken.size) {
      tree::for_each_array(result, [&](Var& x) { x = detail::padded(x, taken.size); });
    }
    return result;
  }

  /// The next batch. After the last of an epoch comes the first of the next one.
  Batch next() {
    Batch result = at(place_.epoch, place_.batch);
    place_ = place_.next(per_epoch());
    return result;
  }
  /// That of the next batch. In a loop over batches, this is the one after that which the loop is at.
  [[nodiscard]] Position position() const { return detail::position_of(place_); }
  /// Goes on from a position.
  /// \throws ValueError  if there is no such batch.
  void resume(const Position& position) { place_ = detail::place_of(position, per_epoch()); }

  /// The rest of this epoch: all of it for who has taken none.
  [[nodiscard]] EpochIterator<Batches> begin() { return EpochIterator<Batches>(*this); }
  [[nodiscard]] std::default_sentinel_t end() const noexcept { return {}; }

 private:
  D dataset_;
  detail::Order order_;
  detail::Place place_;
};

/// A dataset in batches.
///
///     auto each = xg::data::batches(digits, {.size = 64, .shuffle = key});
///     for (int epoch = 0; epoch < 10; ++epoch) {
///       for (const Digits& batch : each) ...            // each loop goes through the next epoch
///     }
///
/// Epoch e is in the order of the key `shuffle.fold_in(e)`: which rows are in a batch depends on key, epoch and number
/// alone, so that a run that goes on from a saved position sees the batches that it would have seen. Copies go their
/// own ways; one object is for one thread.
/// \throws ShapeError  as length; unless there are as many weights or lengths as rows.
/// \throws ValueError  for a dataset without rows, batches of no rows or, if smaller ones are dropped, of more than an
///                     epoch has; for weights that are negative, not finite or all 0, or without a key; for a draw
///                     without replacement of more rows than have positive weights; for bounds that do not rise, and a
///                     length that is above the last.
template <Dataset D>
[[nodiscard]] Batches<D> batches(D dataset, const BatchOptions& options = {}) {
  return Batches<D>(std::move(dataset), options);
}

}  // namespace xgrad::data

#pragma GCC visibility pop
