// Settings of optimisers: numbers, functions of the step, or Vars that are trained themselves.
#pragma once

#include <concepts>
#include <functional>
#include <initializer_list>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>

#include <xgrad/var.hpp>

#pragma GCC visibility push(default)

namespace xgrad::optim {

/// A number that depends on the step: how many updates there were before, 0 at the first. Schedules are made of
/// operations, so that a compiled step has them inside and nothing is recorded again when they change.
///
///     const xg::optim::Schedule rate = xg::optim::cosine(1e-3, 2000);
///     xg::Var all = rate(xg::arange(2000.0));            // of many steps at once, to be drawn
///
/// Any function of that form is one: `[](const xg::Var& step) { return 0.1 / (1.0 + step); }`. It is called with a
/// floating-point number.
class Schedule {
 public:
  using Function = std::function<Var(const Var&)>;

  // NOLINTBEGIN(bugprone-forwarding-reference-overload): constrained
  template <class F>
  requires(!std::same_as<std::remove_cvref_t<F>, Schedule> && !std::is_convertible_v<F, Var> &&
           std::is_invocable_r_v<Var, const std::remove_cvref_t<F>&, const Var&>)
      Schedule(F&& f, std::string text = "a function")  // NOLINT(*-explicit-*)
      : function_(std::forward<F>(f)), text_(std::move(text)) {}
  // NOLINTEND(bugprone-forwarding-reference-overload)

  /// \param step  one or many, in floating point.
  Var operator()(const Var& step) const { return function_(step); }
  /// The schedule with its numbers, such as "cosine(0.001, 2000)".
  [[nodiscard]] const std::string& text() const noexcept { return text_; }

 private:
  Function function_;
  std::string text_;
};

/// A setting of an optimiser: a number, a schedule, or a Var of one element, which may be recorded: derivatives with
/// respect to it go through the updates.
class Setting {
 public:
  template <class T>
  requires std::is_arithmetic_v<T> Setting(T number)  // NOLINT(*-explicit-*)
      : value_(static_cast<double>(number)) {}
  /// \throws ShapeError, TypeError  unless it is one number; what else is wrong with it says the optimiser.
  Setting(const Var& number);  // NOLINT(*-explicit-*)
  // NOLINTBEGIN(bugprone-forwarding-reference-overload): constrained
  template <class F>
  requires std::is_constructible_v<Schedule, F> Setting(F&& schedule)  // NOLINT(*-explicit-*)
      : value_(Schedule(std::forward<F>(schedule))) {}
  // NOLINTEND(bugprone-forwarding-reference-overload)

  /// Whether it depends on the step.
  [[nodiscard]] bool varies() const noexcept { return std::holds_alternative<Schedule>(value_); }
  /// Its value, a weak number: it takes the element type of the arrays that it meets.
  /// \param step  of the optimiser; not looked at by what does not vary.
  [[nodiscard]] Var at(const Var& step = {}) const;
  /// Whether it is this number and can be nothing else, so that what multiplies by it can be left out.
  [[nodiscard]] bool is(double number) const noexcept;
  /// Such as "0.001", "cosine(0.001, 2000)" or "a Var".
  [[nodiscard]] std::string text() const;

  /// The number, if it is known now.
  [[nodiscard]] const double* known() const noexcept { return std::get_if<double>(&value_); }

 private:
  std::variant<double, Schedule, Var> value_;
};

/// Which numbers a setting may be. NaN and infinity it never may.
enum class Range : unsigned char {
  any,
  positive,       ///< > 0
  not_negative,   ///< >= 0
  fraction,       ///< >= 0 and < 1
  open_fraction,  ///< > 0 and < 1
  unit,           ///< >= 0 and <= 1
};

/// \param source  where the rule is from: "Kingma and Ba 2015".
/// \throws ValueError  if the setting is known to be out of range: "adam: beta1 is 1; it must be at least 0 and less
///                     than 1 (Kingma and Ba 2015)".
void require_setting(std::string_view optimiser, std::string_view name, const Setting& setting, Range range,
                     std::string_view source);

/// \throws ValueError  unless a whole number is at least so large.
void require_at_least(std::string_view optimiser, std::string_view name, long long value, long long least,
                      std::string_view source);

/// Whether one of them depends on the step.
[[nodiscard]] bool any_varies(std::initializer_list<std::reference_wrapper<const Setting>> settings);

}  // namespace xgrad::optim

#pragma GCC visibility pop
