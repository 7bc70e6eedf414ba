// Losses as text: `Huber{delta = 0.5}`.
#pragma once

#include <iosfwd>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include <boost/hana/unpack.hpp>

#include <xgrad/loss/contract.hpp>
#include <xgrad/tree/fields.hpp>
#include <xgrad/var.hpp>

#pragma GCC visibility push(default)

namespace xgrad::loss {
namespace detail {

/// The shortest text that reads back as the same number.
void print_setting(std::ostream& out, double value);

/// A number, or what an array is: its element type and shape.
void print_setting(std::ostream& out, const Var& value);

template <class T>
void print_setting(std::ostream& out, const T& value) {
  static_assert(!std::is_floating_point_v<T>, "numbers that are not double need a function of their own");
  if constexpr (std::is_same_v<T, bool>) {
    out << (value ? "true" : "false");
  } else if constexpr (std::is_integral_v<T>) {
    out << std::to_string(value);  // without the separators of the stream's locale
  } else if constexpr (std::is_enum_v<T>) {
    out << std::to_string(static_cast<long long>(value));
  } else {
    out << "...";  // a callable
  }
}
template <class T>
void print_setting(std::ostream& out, const std::optional<T>& value) {
  if (value) print_setting(out, *value);
  else out << "none";
}
template <class T>
void print_setting(std::ostream& out, const std::vector<T>& values) {
  std::string_view between = "{";
  for (const T& value : values) {
    out << between;
    print_setting(out, value);
    between = ", ";
  }
  out << (values.empty() ? "{}" : "}");
}

}  // namespace detail

/// The name of a loss with its settings.
template <Named L>
requires boost::hana::Struct<L>::value std::ostream& operator<<(std::ostream& out, const L& loss) {
  out << std::string_view(L::name) << '{';
  std::string_view between;
  boost::hana::unpack(boost::hana::accessors<L>(), [&](const auto&... accessors) {
    ((out << between << boost::hana::to<const char*>(boost::hana::first(accessors)) << " = ",
      detail::print_setting(out, boost::hana::second(accessors)(loss)), between = ", "),
     ...);
  });
  return out << '}';
}

}  // namespace xgrad::loss

#pragma GCC visibility pop
