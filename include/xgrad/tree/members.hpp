// Whether all members of a struct were named: its members are counted, as far as C++ lets one count them.
//
// An aggregate can be initialised from as many values as it has members, and no more. Some initialisers are no members:
// an array takes one for each of its elements, and a base class takes one.
#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <type_traits>
#include <utility>

#include <boost/hana/accessors.hpp>
#include <boost/hana/second.hpp>
#include <boost/hana/tuple.hpp>
#include <boost/hana/unpack.hpp>

#include <xgrad/tree/fields.hpp>

#pragma GCC visibility push(default)

namespace xgrad::tree::detail {

/// Conversions that only types ask for have a body all the same: clang wants one where a type has no linkage.
[[noreturn]] inline void never() { __builtin_unreachable(); }

/// Stands for an initialiser of any member of T. The qualifiers matter: constructors that take anything as T&& are
/// preferred to the conversion, those that take it as const T& are not, so neither is ambiguous.
template <class T>
struct Anything {
  template <class M>
  requires(!std::same_as<M, T>) operator M() const&& { never(); }  // NOLINT(*-explicit-*)
};

/// An initialiser of a base class of T, and of nothing else.
template <class T>
struct AnyBase {
  template <class B>
  requires(!std::same_as<B, T> && std::is_base_of_v<B, T>) operator B() const&& { never(); }  // NOLINT(*-explicit-*)
};

/// An initialiser of a base class that has members, of which none is listed; given the classes that declare those that
/// are.
template <class T, class... Declaring>
struct UnlistedBase {
  template <class B>
  requires(!std::same_as<B, T> && std::is_base_of_v<B, T> && !std::is_empty_v<B> &&
           !(std::is_base_of_v<Declaring, B> || ...))
  operator B() const&& {
    never();
  }  // NOLINT(*-explicit-*)
};

template <class T, std::size_t>
using AnythingAt = Anything<T>;

template <class T, class Before>
inline constexpr bool takes = false;
/// Whether T can be initialised from that many values ...
template <class T, std::size_t... I>
inline constexpr bool takes<T, std::index_sequence<I...>> = requires {
  T{AnythingAt<T, I>()...};
};

/// ... and from some values, then X, then some more.
template <class T, class X, class Before, class After>
inline constexpr bool takes_between = false;
template <class T, class X, std::size_t... I, std::size_t... J>
inline constexpr bool takes_between<T, X, std::index_sequence<I...>, std::index_sequence<J...>> = [] {
  if constexpr (std::is_void_v<X>) {
    return requires { T{AnythingAt<T, I>()..., {}, AnythingAt<T, J>()...}; };
  } else {
    return requires { T{AnythingAt<T, I>()..., X(), AnythingAt<T, J>()...}; };
  }
}();

/// ... and from some values, then some in braces, then some more.
template <class T, class Before, class Braced, class After>
inline constexpr bool takes_braces_between = false;
template <class T, std::size_t... I, std::size_t... J, std::size_t... K>
inline constexpr bool
    takes_braces_between<T, std::index_sequence<I...>, std::index_sequence<J...>, std::index_sequence<K...>> =
        requires {
  T{AnythingAt<T, I>()..., {AnythingAt<T, J>()...}, AnythingAt<T, K>()...};
};

template <class T, std::size_t count>
inline constexpr bool takes_values = takes<T, std::make_index_sequence<count>>;
template <class T, class X, std::size_t before, std::size_t after>
inline constexpr bool takes_x = takes_between<T, X, std::make_index_sequence<before>, std::make_index_sequence<after>>;

template <class T, std::size_t before, std::size_t braced, std::size_t after>
inline constexpr bool takes_braced =
    takes_braces_between<T, std::make_index_sequence<before>, std::make_index_sequence<braced>,
                         std::make_index_sequence<after>>;

/// Members without a default that can follow those that are listed, and the count still finds them.
inline constexpr std::size_t most_without_default = 16;

template <class T, std::size_t guess, std::size_t tries>
consteval std::size_t fewer_values() {
  if constexpr (tries == 0 || guess == 0) return 0;
  else if constexpr (takes_values<T, guess>) return guess;
  else return fewer_values<T, guess - 1, tries - 1>();
}
template <class T, std::size_t guess, std::size_t tries>
consteval std::size_t more_values() {
  if constexpr (takes_values<T, guess>) {
    if constexpr (takes_values<T, guess + 1>) return more_values<T, guess + 1, tries>();
    else return guess;
  } else if constexpr (tries == 0) {
    return 0;
  } else {
    return more_values<T, guess + 1, tries - 1>();
  }
}

/// The largest number of values that T can be initialised from, looked for near a guess; 0 if there is none. It is
/// smaller if bases took several members together; larger numbers come first, for those at the end without a default.
template <class T, std::size_t guess>
consteval std::size_t most_values() {
  constexpr std::size_t more = more_values<T, guess, most_without_default>();
  if constexpr (more != 0) return more;
  else return fewer_values<T, guess, guess>();
}

/// The number of values that a member takes that cannot be made from {}: so many in braces leave the values behind them
/// to the members behind it, and no room for more of them. A member that is no array may take several in braces, too,
/// but leaves room for those that it took.
template <class T, std::size_t begin, std::size_t all, std::size_t length = 1>
consteval std::size_t values_in_braces() {
  if constexpr (begin + length > all) return 1;  // nor from values in braces
  else if constexpr (takes_braced<T, begin, length, all - begin - length> &&
                     !takes_braced<T, begin, length, all - begin - length + 1>)
    return length;
  else return values_in_braces<T, begin, all, length + 1>();
}

/// The number of values that the member with the first one at `begin` takes: several for an array.
template <class T, std::size_t begin, std::size_t all, std::size_t length = 1>
consteval std::size_t values_of_member() {
  if constexpr (begin + length > all) return values_in_braces<T, begin, all>();
  else if constexpr (takes_x<T, void, begin, all - begin - length>) return length;
  else return values_of_member<T, begin, all, length + 1>();
}

struct Counted {
  std::size_t own;     ///< members that are not of a base class
  bool unlisted_base;  ///< a base class has members, none of which is listed
};

template <class T, std::size_t all, class... Declaring>
consteval Counted count_members() {
  const auto step = [](auto begin, auto before_members, Counted counted, auto self) -> Counted {
    if constexpr (begin() >= all) {
      return counted;
    } else {
      constexpr bool is_base = before_members() && takes_x<T, AnyBase<T>, begin(), all - begin() - 1>;
      constexpr bool is_unlisted = is_base && takes_x<T, UnlistedBase<T, Declaring...>, begin(), all - begin() - 1>;
      // Empty bases take a value, too.
      constexpr std::size_t length = values_of_member<T, begin(), all>();
      counted.own += is_base ? 0 : 1;
      counted.unlisted_base = counted.unlisted_base || is_unlisted;
      return self(std::integral_constant<std::size_t, begin() + length>(), std::bool_constant<is_base>(), counted,
                  self);
    }
  };
  return step(std::integral_constant<std::size_t, 0>(), std::true_type(), Counted{0, false}, step);
}

template <class T>
concept ReflectsItself = requires {
  typename T::hana_accessors_impl::XgradSelf;
};

/// The members of a struct that are marked static, as static_member makes them.
template <class T>
constexpr auto statics() {
  if constexpr (ReflectsItself<T>) return T::hana_accessors_impl::statics();
  else if constexpr (HasFields<T>) return xgrad_statics(Self<T>());
  else return boost::hana::make_tuple();
}

/// The class that declares a member; T itself where only T can tell.
template <class T, class M>
struct DeclaredBy {
  using type = T;
  static constexpr bool known = false;  // an accessor of another kind
};
template <class T, class V, class C, V C::*pointer>
struct DeclaredBy<T, boost::hana::struct_detail::member_ptr<V C::*, pointer>> {
  using type = C;
  static constexpr bool known = true;
};
template <class T, class V, class C, V C::*pointer>
struct DeclaredBy<T, StateMember<V C::*, pointer>> {
  using type = C;
  static constexpr bool known = true;
};
template <class T, class V, class C>
struct DeclaredBy<T, V C::*> {
  using type = C;
  static constexpr bool known = true;
};
template <class T>
struct DeclaredBy<T, std::nullptr_t> {
  using type = T;
  static constexpr bool known = true;
};

/// Whether at least as many members of T are listed as it has, given the classes that declare those that are.
template <class T, class... Declaring>
consteval bool lists_enough() {
  constexpr std::size_t own = (std::size_t{0} + ... + std::size_t{std::same_as<Declaring, T>});
  if constexpr (!std::is_aggregate_v<T>) return true;  // nobody can count them
  else if constexpr (takes_values<T, own> && !takes_values<T, own + 1>) return true;
  else {
    constexpr Counted counted = count_members<T, most_values<T, own>(), Declaring...>();
    return counted.own <= own && !counted.unlisted_base;
  }
}

template <class T, class Accessor>
using DeclaredByAccessor = DeclaredBy<T, std::remove_cvref_t<decltype(boost::hana::second(std::declval<Accessor>()))>>;
template <class T, class Static>
using DeclaredByStatic = DeclaredBy<T, std::remove_cvref_t<decltype(boost::hana::second(
                                           boost::hana::second(std::declval<Static>()))(std::declval<const T*>()))>>;

/// Of what Boost.Hana calls with all static members of T, given the accessors of the others.
template <class T, class... Accessors>
struct ListsAllBeside {
  template <class... Declaring>
  static consteval bool lists_all() {
    return lists_enough<T, Declaring...>() && (lists_enough<Declaring, Declaring...>() && ...);
  }
  template <class... Statics>
  constexpr auto operator()(Statics...) const {
    if constexpr ((DeclaredByAccessor<T, Accessors>::known && ...)) {
      return std::bool_constant<lists_all<typename DeclaredByAccessor<T, Accessors>::type...,
                                          typename DeclaredByStatic<T, Statics>::type...>()>();
    } else {
      return std::true_type();
    }
  }
};

template <class T>
struct ListsAll {
  template <class... Accessors>
  constexpr auto operator()(Accessors...) const {
    return boost::hana::unpack(statics<T>(), ListsAllBeside<T, Accessors...>());
  }
};

/// Whether every member of a reflected struct is listed, and every one of the base classes of which any is.
template <class T>
consteval bool lists_all_members() {
  return decltype(boost::hana::unpack(boost::hana::accessors<T>(), ListsAll<T>()))::value;
}

}  // namespace xgrad::tree::detail

#pragma GCC visibility pop
