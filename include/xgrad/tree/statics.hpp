// What is static in trees, compared.
#pragma once

#include <cmath>
#include <concepts>
#include <cstddef>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

#include <boost/hana/unpack.hpp>

#include <xgrad/tree/tree.hpp>

#pragma GCC visibility push(default)

namespace xgrad::tree::detail {

/// Whether two Vars are the same number or share one array.
bool same_array(const Var& a, const Var& b) noexcept;

/// Whether the Vars of a tree are looked at, too: those of static members are, by identity.
enum class Leaves : bool { ignored, compared };

/// Puts a part before the path of a difference, if there is one and somebody asks.
bool same_at(bool same, std::string_view part, std::string* where);
bool same_at(bool same, std::size_t part, std::string* where);

/// Equality of all that is static in two trees, and of the sizes of their parts.
/// \param where  gets the path of the first difference; may be null.
template <Leaves leaves = Leaves::ignored, class T>
bool same_statics(const T& a, const T& b, std::string* where = nullptr) {
  if constexpr (std::same_as<T, Var>) {
    return leaves == Leaves::ignored || same_array(a, b);
  } else if constexpr (std::same_as<T, std::vector<bool>> || std::same_as<T, std::string>) {
    return a == b;
  } else if constexpr (std::is_array_v<T>) {
    for (std::size_t i = 0; i < std::extent_v<T>; ++i) {
      if (!same_at(same_statics<leaves>(a[i], b[i], where), i, where)) return false;
    }
    return true;
  } else if constexpr (is_product<T>) {
    return [&]<std::size_t... I>(std::index_sequence<I...>) {
      return (same_at(same_statics<leaves>(std::get<I>(a), std::get<I>(b), where), I, where) && ...);
    }
    (std::make_index_sequence<std::tuple_size_v<T>>());
  } else if constexpr (is_optional<T>) {
    return a.has_value() == b.has_value() && (!a || same_statics<leaves>(*a, *b, where));
  } else if constexpr (is_map<T>) {
    if (a.size() != b.size()) return false;
    for (auto i = a.begin(), j = b.begin(); i != a.end(); ++i, ++j) {
      if (i->first != j->first) return false;
      if (!same_at(same_statics<leaves>(i->second, j->second, where), i->first, where)) return false;
    }
    return true;
  } else if constexpr (is_sequence<T> || (Container<T> && !requires { typename T::hasher; })) {
    if (a.size() != b.size()) return false;
    std::size_t k = 0;
    for (auto i = a.begin(), j = b.begin(); i != a.end(); ++i, ++j, ++k) {
      if (!same_at(same_statics<leaves>(*i, *j, where), k, where)) return false;
    }
    return true;
  } else if constexpr (Visited<T>) {
    return a.same_statics(b, where);
  } else if constexpr (Variant<T>) {
    if (a.index() != b.index()) return false;
    return a.valueless_by_exception() || visit(
                                             [where]<class X, class Y>(const X& x, const Y& y) {
                                               if constexpr (std::same_as<X, Y>)
                                                 return same_statics<leaves>(x, y, where);
                                               else return false;
                                             },
                                             a, b);
  } else if constexpr (Reflected<T>) {
    using boost::hana::first, boost::hana::second, boost::hana::unpack;
    [[maybe_unused]] const auto at = [where](bool same, const auto& member) {
      return same_at(same, std::string_view(boost::hana::to<const char*>(first(member))), where);
    };
    return unpack(
               boost::hana::accessors<T>(),
               [&](const auto&... accessors) {
                 return (at(same_statics<leaves>(second(accessors)(a), second(accessors)(b), where), accessors) && ...);
               }) &&
           unpack(statics<T>(), [&](const auto&... members) {
             [[maybe_unused]] const auto same = [where]<class M>(const M& x, const M& y) {
               return same_statics<Leaves::compared>(x, y, where);
             };
             return (at(first(second(members))(same, a, b), members) && ...);
           });
  } else if constexpr (std::is_empty_v<T>) {
    return true;
  } else if constexpr (std::is_floating_point_v<T>) {  // 1 / x tells zeros apart, and NaN is what it was
    return a == b ? std::signbit(a) == std::signbit(b) : a != a && b != b;
  } else {
    static_assert(
        !std::same_as<T, std::string_view> && !std::same_as<T, const char*>,
        "compile() keeps the members that are static, longer perhaps than text lives that they only refer to: "
        "use a std::string");
    static_assert(std::equality_comparable<T>,
                  "compile() compares the members that are static: give this type an operator==");
    return a == b;
  }
}

}  // namespace xgrad::tree::detail

#pragma GCC visibility pop
