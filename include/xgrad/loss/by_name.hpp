// Losses chosen at run time, for programs that read a configuration.
#pragma once

#include <array>
#include <concepts>
#include <functional>
#include <iosfwd>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <xgrad/loss/contract.hpp>
#include <xgrad/registry/settings.hpp>
#include <xgrad/tree/tree.hpp>
#include <xgrad/var.hpp>

#pragma GCC visibility push(default)

namespace xgrad::loss {

/// Values for the members of a loss, by their names: `{{"delta", 0.5}}`. Numbers, booleans and arrays.
using xgrad::Settings;

/// Some loss that has a name. It is called as that loss is, and printed as that loss is.
class AnyLoss {
 public:
  using Function = std::function<Var(std::span<const Var>)>;

  AnyLoss(std::string text, Function function) : text_(std::move(text)), function_(std::move(function)) {}

  /// \throws ValueError  if the loss takes another number of arrays; otherwise what the loss throws.
  template <std::convertible_to<Var>... A>
  requires(sizeof...(A) > 0) Var operator()(const A&... arguments) const {
    return function_(std::array<Var, sizeof...(A)>{Var(arguments)...});
  }

  /// The loss with its settings, such as "Huber{delta = 0.5}".
  [[nodiscard]] const std::string& text() const noexcept { return text_; }

 private:
  std::string text_;
  Function function_;
};

std::ostream& operator<<(std::ostream& out, const AnyLoss& loss);

/// The loss of that name, "huber" or "Huber", with other settings than its own where they are given. Losses of your own
/// are added with `xgrad/loss/add.hpp`. Several threads may ask, add and remove at once.
/// \throws ValueError  naming the nearest and all that exist, for an unknown name or setting; for a setting that cannot
///                     be given as a number or array (a callable), and for a loss of functions (GradientPenalty).
/// \throws TypeError   for a setting of another type: a fraction for an integer, an array for a number.
[[nodiscard]] AnyLoss by_name(std::string_view name, const Settings& settings = {});

/// All names that by_name knows, in alphabetical order: the catalogue's and those that were added.
[[nodiscard]] std::vector<std::string> names();

/// The names of the settings of a loss. \throws ValueError  for an unknown name.
[[nodiscard]] std::vector<std::string> settings_of(std::string_view name);

}  // namespace xgrad::loss

#pragma GCC visibility pop

template <>
inline constexpr bool xgrad::tree::is_static<xgrad::loss::AnyLoss> = true;
