// Tells xgrad (and Boost.Hana) the members of a struct.
#pragma once

#include <array>
#include <cstddef>
#include <utility>

#include <boost/hana/accessors.hpp>
#include <boost/hana/define_struct.hpp>
#include <boost/hana/pair.hpp>
#include <boost/hana/string.hpp>
#include <boost/hana/tuple.hpp>

namespace xgrad::tree::detail {

template <class T>
struct Self {};

template <std::size_t N>
struct Name {
  std::array<char, N> text;
  consteval Name(const char (&literal)[N]) : text() {  // NOLINT(*-explicit-*,*-c-arrays)
    for (std::size_t i = 0; i < N; ++i) text[i] = literal[i];
  }
};

template <Name name, std::size_t... I>
constexpr auto hana_string(std::index_sequence<I...>) {
  return boost::hana::string_c<name.text[I]...>;
}

template <Name name, class Pointer, Pointer pointer>
constexpr auto accessor() {
  constexpr std::size_t length = name.text.size() - 1;
  return boost::hana::make_pair(hana_string<name>(std::make_index_sequence<length>()),
                                boost::hana::struct_detail::member_ptr<Pointer, pointer>{});
}

/// Found by argument-dependent lookup beside the struct that XGRAD_FIELDS names.
template <class T>
concept HasFields = requires {
  xgrad_fields(Self<T>());
};

}  // namespace xgrad::tree::detail

namespace boost::hana {

template <class T>
struct accessors_impl<T, when<xgrad::tree::detail::HasFields<T>>> {
  static constexpr auto apply() { return xgrad_fields(xgrad::tree::detail::Self<T>()); }
};

}  // namespace boost::hana

/// Makes a struct a tree: `XGRAD_FIELDS(Mlp, hidden, out)`, after the struct and in its namespace, names the members
/// that hold Vars or trees of them, and any others that should be visible to Boost.Hana. It makes the struct a
/// `boost::hana::Struct`; default member initialisers, up to 256 members and members of base classes are fine.
#define XGRAD_FIELDS(Type, ...)                                                                  \
  template <class XgradSelf = Type> /* a template, so that only what is asked for is compiled */ \
  [[maybe_unused]] constexpr auto xgrad_fields(::xgrad::tree::detail::Self<Type>) {              \
    return ::boost::hana::make_tuple(XGRAD_DETAIL_FOR_EACH(XGRAD_DETAIL_ACCESSOR, __VA_ARGS__)); \
  }

/// The same from inside the struct: for class templates, local classes and private members.
/// `template <class T> struct Pair { T first, second; XGRAD_MEMBER_FIELDS(Pair, first, second) };`
#define XGRAD_MEMBER_FIELDS(Type, ...)                                                             \
  struct hana_accessors_impl {                                                                     \
    using XgradSelf = Type;                                                                        \
    static constexpr auto apply() {                                                                \
      return ::boost::hana::make_tuple(XGRAD_DETAIL_FOR_EACH(XGRAD_DETAIL_ACCESSOR, __VA_ARGS__)); \
    }                                                                                              \
  };

#define XGRAD_DETAIL_ACCESSOR(member) \
  ::xgrad::tree::detail::accessor<#member, decltype(&XgradSelf::member), &XgradSelf::member>()

#define XGRAD_DETAIL_PARENTHESES ()
#define XGRAD_DETAIL_EXPAND(...) XGRAD_DETAIL_EXPAND3(XGRAD_DETAIL_EXPAND3(XGRAD_DETAIL_EXPAND3(__VA_ARGS__)))
#define XGRAD_DETAIL_EXPAND3(...) XGRAD_DETAIL_EXPAND2(XGRAD_DETAIL_EXPAND2(XGRAD_DETAIL_EXPAND2(__VA_ARGS__)))
#define XGRAD_DETAIL_EXPAND2(...) XGRAD_DETAIL_EXPAND1(XGRAD_DETAIL_EXPAND1(XGRAD_DETAIL_EXPAND1(__VA_ARGS__)))
#define XGRAD_DETAIL_EXPAND1(...) XGRAD_DETAIL_EXPAND0(XGRAD_DETAIL_EXPAND0(XGRAD_DETAIL_EXPAND0(__VA_ARGS__)))
#define XGRAD_DETAIL_EXPAND0(...) __VA_ARGS__
#define XGRAD_DETAIL_FOR_EACH(macro, ...) \
  __VA_OPT__(XGRAD_DETAIL_EXPAND(XGRAD_DETAIL_FOR_EACH_STEP(macro, __VA_ARGS__)))
#define XGRAD_DETAIL_FOR_EACH_STEP(macro, first, ...) \
  macro(first) __VA_OPT__(, XGRAD_DETAIL_FOR_EACH_AGAIN XGRAD_DETAIL_PARENTHESES(macro, __VA_ARGS__))
#define XGRAD_DETAIL_FOR_EACH_AGAIN() XGRAD_DETAIL_FOR_EACH_STEP
