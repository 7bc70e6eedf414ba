// Batches that a function changes, with other random numbers for each.
#pragma once

#include <cstddef>
#include <iterator>
#include <type_traits>
#include <utility>

#include <xgrad/data/batches.hpp>
#include <xgrad/random/key.hpp>

#pragma GCC visibility push(default)

namespace xgrad::data {

/// The batches of another source after a function of key and batch; see augmented().
template <BatchSource S, class F>
class Augmented {
 public:
  using Batch = std::remove_cvref_t<std::invoke_result_t<F&, const random::Key&, const typename S::Batch&>>;

  Augmented(S source, random::Key key, F f) : source_(std::move(source)), key_(std::move(key)), f_(std::move(f)) {}

  [[nodiscard]] std::size_t per_epoch() const { return source_.per_epoch(); }
  Batch next() {
    const Position at = source_.position();
    return f_(key_.fold_in(at.epoch).fold_in(at.batch), source_.next());
  }
  [[nodiscard]] Position position() const { return source_.position(); }
  void resume(const Position& position) { source_.resume(position); }

  [[nodiscard]] EpochIterator<Augmented> begin() { return EpochIterator<Augmented>(*this); }
  [[nodiscard]] std::default_sentinel_t end() const noexcept { return {}; }

 private:
  S source_;
  random::Key key_;
  F f_;
};

/// f(key, batch) in place of each batch, with the key of its epoch and number: the same after a run goes on as without
/// a break. f may be compiled.
///
///     auto each = xg::data::augmented(xg::data::batches(digits, {.shuffle = order}), key,
///         xg::compile([](const xg::random::Key& k, const Digits& b) {
///           return Digits{xg::data::crop(k, b.image, {8, 8}, {.padding = 1}), b.label};
///         }));
template <BatchSource S, class F>
[[nodiscard]] Augmented<S, F> augmented(S source, const random::Key& key, F f) {
  return Augmented<S, F>(std::move(source), key, std::move(f));
}

}  // namespace xgrad::data

#pragma GCC visibility pop
