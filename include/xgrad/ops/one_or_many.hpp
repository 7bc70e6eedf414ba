// A number or a list of numbers, as an argument.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <vector>

#include <xgrad/core/shape.hpp>

#pragma GCC visibility push(default)

namespace xgrad {

/// A number, or a list of them of any length: how many parts `split` makes or where it cuts, the place or the places of
/// `insert`, by how many `roll` moves along one axis or several. Negative places count from the end.
class OneOrMany {
 public:
  template <std::integral I>
  requires(!std::same_as<I, bool>) OneOrMany(I number)  // NOLINT(*-explicit-*)
      : numbers_{static_cast<std::ptrdiff_t>(number)}, one_(true) {}
  OneOrMany(std::initializer_list<detail::Extent<std::ptrdiff_t>> numbers) {
    for (const auto& each : numbers) numbers_.push_back(each.value);
  }
  template <class S>
  requires(!std::same_as<S, OneOrMany> && !std::integral<S> && requires(const S& s) {
    { *s.begin() } -> std::convertible_to<std::ptrdiff_t>;
    s.end();
  }) OneOrMany(const S& numbers) {  // NOLINT(*-explicit-*)
    for (const auto& each : numbers) numbers_.push_back(static_cast<std::ptrdiff_t>(each));
  }

  /// Whether it is a number, and not a list, of one or of more.
  [[nodiscard]] bool is_one() const noexcept { return one_; }
  [[nodiscard]] std::ptrdiff_t one() const noexcept { return numbers_.front(); }
  [[nodiscard]] const std::vector<std::ptrdiff_t>& many() const noexcept { return numbers_; }

  /// Whether both are the same number or the same list: layers have them as settings, which `compile` compares.
  friend bool operator==(const OneOrMany&, const OneOrMany&) = default;

 private:
  std::vector<std::ptrdiff_t> numbers_;
  bool one_ = false;
};

}  // namespace xgrad

#pragma GCC visibility pop
