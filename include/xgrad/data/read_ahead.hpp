// Batches that a thread reads while others are worked on.
#pragma once

#include <cstddef>
#include <functional>
#include <iterator>
#include <memory>
#include <utility>

#include <xgrad/data/batches.hpp>

#pragma GCC visibility push(default)

namespace xgrad::data {

namespace detail {

/// A thread that makes things, one after another, some of them before they are asked for.
class Ahead {
 public:
  using Thing = std::shared_ptr<void>;
  /// \throws ValueError  for a depth of 0.
  Ahead(std::function<Thing()> make, std::size_t depth);
  Ahead(const Ahead&) = delete;
  Ahead& operator=(const Ahead&) = delete;
  /// Waits for the thing that is being made.
  ~Ahead();

  /// The next one. What `make` threw in its place is thrown here, and again at every later call.
  Thing next();
  /// Ends the thread, and forgets what it has made. The next call of next() begins anew.
  void stop();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace detail

/// The batches of another source, read by a thread; see read_ahead().
template <BatchSource S>
class ReadAhead {
 public:
  using Batch = typename S::Batch;

  ReadAhead(S source, std::size_t depth)
      : source_(std::make_unique<S>(std::move(source))),
        per_epoch_(source_->per_epoch()),
        position_(source_->position()),
        ahead_(std::make_unique<detail::Ahead>([source = source_.get()] { return make(*source); }, depth)) {}
  ReadAhead(ReadAhead&&) noexcept = default;
  /// The thread ends before what it reads is given up.
  ReadAhead& operator=(ReadAhead&& other) noexcept {
    ahead_ = std::move(other.ahead_);
    source_ = std::move(other.source_);
    per_epoch_ = other.per_epoch_;
    position_ = std::move(other.position_);
    return *this;
  }
  ReadAhead(const ReadAhead&) = delete;
  ReadAhead& operator=(const ReadAhead&) = delete;
  ~ReadAhead() = default;

  [[nodiscard]] std::size_t per_epoch() const noexcept { return per_epoch_; }
  /// \throws  what the source threw at this place; again at every later call, until resume().
  Batch next() {
    const std::shared_ptr<void> thing = ahead_->next();
    Read& read = *static_cast<Read*>(thing.get());
    position_ = std::move(read.after);
    return std::move(read.batch);
  }
  /// That of the next batch that is handed out, however many are read already.
  [[nodiscard]] Position position() const { return position_; }
  void resume(const Position& position) {
    ahead_->stop();
    source_->resume(position_);  // what was read is forgotten, also if there is no such position
    source_->resume(position);
    position_ = position;
  }

  [[nodiscard]] EpochIterator<ReadAhead> begin() { return EpochIterator<ReadAhead>(*this); }
  [[nodiscard]] std::default_sentinel_t end() const noexcept { return {}; }

 private:
  struct Read {
    Batch batch;
    Position after;
  };
  static std::shared_ptr<void> make(S& source) {
    Batch batch = source.next();
    return std::make_shared<Read>(Read{std::move(batch), source.position()});
  }

  std::unique_ptr<S> source_;  ///< the thread's, while it runs
  std::size_t per_epoch_;
  Position position_;
  std::unique_ptr<detail::Ahead> ahead_;
};

/// Up to `depth` batches of a source are read by a thread, from the first call of next() on, while the program works on
/// those before. They are the same batches in the same order, and so are their positions. What the source throws is
/// thrown where its batch would have been. The thread ends with the object, after the batch that it is at.
///
///     auto each = xg::data::read_ahead(xg::data::batches(files, {.size = 128, .shuffle = key}), 4);
///
/// What is worked on must not be shared with the source, unless several threads may use it; Vars that are concrete may
/// be shared.
/// \throws ValueError  for a depth of 0.
template <BatchSource S>
[[nodiscard]] ReadAhead<S> read_ahead(S source, std::size_t depth = 2) {
  return ReadAhead<S>(std::move(source), depth);
}

}  // namespace xgrad::data

#pragma GCC visibility pop
