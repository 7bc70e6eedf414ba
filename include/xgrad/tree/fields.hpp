// Tells xgrad (and Boost.Hana) the members of a struct.
#pragma once

#include <array>
#include <cstddef>
#include <iosfwd>
#include <utility>

#include <boost/hana/accessors.hpp>
#include <boost/hana/define_struct.hpp>
#include <boost/hana/pair.hpp>
#include <boost/hana/string.hpp>
#include <boost/hana/tuple.hpp>

#include <xgrad/core/language.hpp>

#pragma GCC visibility push(default)

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

/// A member that is marked state, found as any other one.
template <class Pointer, Pointer pointer>
struct StateMember : boost::hana::struct_detail::member_ptr<Pointer, pointer> {};

template <Name name, class Pointer, Pointer pointer>
constexpr auto state_accessor() {
  constexpr std::size_t length = name.text.size() - 1;
  return boost::hana::make_pair(hana_string<name>(std::make_index_sequence<length>()), StateMember<Pointer, pointer>{});
}

/// The members of a list that is made with a comma before each.
constexpr auto listed(int, const auto&... members) { return boost::hana::make_tuple(members...); }

/// A member that is marked static. It may be a bit-field, hence two functions in place of a pointer: `read(f, a, b)` is
/// f of the members of a and b, and `pointer(&a)` the pointer to the member, or null if there can be none.
template <Name name, class Read, class Pointer>
constexpr auto static_member(Read read, Pointer pointer) {
  constexpr std::size_t length = name.text.size() - 1;
  return boost::hana::make_pair(hana_string<name>(std::make_index_sequence<length>()),
                                boost::hana::make_pair(read, pointer));
}

/// A stream, made in place of std::ostream&, so that any other operator<< is preferred to the one of XGRAD_FIELDS.
struct Stream {
  std::ostream& out;
  Stream(std::ostream& stream) : out(stream) {}  // NOLINT(*-explicit-*)
};

template <class T>
std::ostream& print(std::ostream& out, const T& tree);

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

#pragma GCC visibility pop

/// Makes a struct a tree: `XGRAD_FIELDS(Mlp, hidden, out, static(cache))`, after the struct and in its namespace, names
/// its members. It makes the struct a `boost::hana::Struct`; default member initialisers, up to 256 members and members
/// of base classes are fine.
///
/// Members that hold Vars, or trees of them, are the tree's; numbers, enums, strings and plain containers are static.
/// What is marked `state`, such as `state(running_mean)`, holds arrays that are carried along: they enter a compiled
/// function as arguments and leave it as results, are computed, batched and saved, but have no derivative and are no
/// leaves: a gradient, a map or a penalty of the tree passes them by. They may be integers.
/// What is marked `static` is so whatever it is, a Var too: it is copied with the struct, never differentiated
/// nor updated, and it has no path; compile() compares it.
///
/// All members must be named: a gradient would silently hold the values of one that is not. Members can be counted, and
/// a list that is too short is refused, if the struct is an aggregate, that is, has neither constructors nor private
/// members; in others, take care.
#define XGRAD_FIELDS(Type, ...)                                                                         \
  template <class XgradSelf = Type> /* templates, so that only what is asked for is compiled */         \
  [[maybe_unused]] constexpr auto xgrad_fields(::xgrad::tree::detail::Self<Type>) {                     \
    return ::xgrad::tree::detail::listed(0 XGRAD_DETAIL_FOR_EACH(XGRAD_DETAIL_FIELD, __VA_ARGS__));     \
  }                                                                                                     \
  template <class XgradSelf = Type>                                                                     \
  [[maybe_unused]] constexpr auto xgrad_statics(::xgrad::tree::detail::Self<Type>) {                    \
    return ::xgrad::tree::detail::listed(0 XGRAD_DETAIL_FOR_EACH(XGRAD_DETAIL_STATIC, __VA_ARGS__));    \
  }                                                                                                     \
  template <class XgradSelf = Type>                                                                     \
  [[maybe_unused]] ::std::ostream& operator<<(::xgrad::tree::detail::Stream stream, const Type& tree) { \
    return ::xgrad::tree::detail::print<XgradSelf>(stream.out, tree);                                   \
  }

/// The same from inside the struct: for class templates, local classes and private members. It is printed with
/// `tree::to_string`.
/// `template <class T> struct Pair { T first, second; XGRAD_MEMBER_FIELDS(Pair, first, second) };`
#define XGRAD_MEMBER_FIELDS(Type, ...)                                                                 \
  struct hana_accessors_impl {                                                                         \
    using XgradSelf = Type;                                                                            \
    static constexpr auto apply() {                                                                    \
      return ::xgrad::tree::detail::listed(0 XGRAD_DETAIL_FOR_EACH(XGRAD_DETAIL_FIELD, __VA_ARGS__));  \
    }                                                                                                  \
    static constexpr auto statics() {                                                                  \
      return ::xgrad::tree::detail::listed(0 XGRAD_DETAIL_FOR_EACH(XGRAD_DETAIL_STATIC, __VA_ARGS__)); \
    }                                                                                                  \
  };

// What a member gives to the list of fields and to that of static ones; a marker is found by its name before the
// parenthesis, with which the names of some macros end.
// NOLINTBEGIN(readability-identifier-naming)
#define XGRAD_DETAIL_FIELD(member) XGRAD_DETAIL_JOIN(XGRAD_DETAIL_FIELD_, XGRAD_DETAIL_KIND(member))(member)
#define XGRAD_DETAIL_FIELD_plain(member) \
  , ::xgrad::tree::detail::accessor<#member, decltype(&XgradSelf::member), &XgradSelf::member>()
#define XGRAD_DETAIL_FIELD_static(member)
#define XGRAD_DETAIL_FIELD_state(marked) XGRAD_DETAIL_JOIN(XGRAD_DETAIL_FIELD_INSIDE_, marked)
#define XGRAD_DETAIL_FIELD_INSIDE_state(member) \
  , ::xgrad::tree::detail::state_accessor<#member, decltype(&XgradSelf::member), &XgradSelf::member>()
#define XGRAD_DETAIL_STATIC(member) XGRAD_DETAIL_JOIN(XGRAD_DETAIL_STATIC_, XGRAD_DETAIL_KIND(member))(member)
#define XGRAD_DETAIL_STATIC_plain(member)
#define XGRAD_DETAIL_STATIC_state(marked)
#define XGRAD_DETAIL_STATIC_static(marked) XGRAD_DETAIL_JOIN(XGRAD_DETAIL_INSIDE_, marked)
#define XGRAD_DETAIL_INSIDE_static(member)                                                      \
  , ::xgrad::tree::detail::static_member<#member>(                                              \
        [](const auto& xgrad_f, const auto&... xgrad_s) { return xgrad_f(xgrad_s.member...); }, \
        []<class XgradS>(const XgradS*) {                                                       \
          if constexpr (requires { &XgradS::member; }) return &XgradS::member;                  \
          else return nullptr;                                                                  \
        })
#define XGRAD_DETAIL_KIND(member) XGRAD_DETAIL_SECOND(XGRAD_DETAIL_KIND_##member, plain, ~)
#define XGRAD_DETAIL_KIND_static(member) ~, static
#define XGRAD_DETAIL_KIND_state(member) ~, state
// NOLINTEND(readability-identifier-naming)
#define XGRAD_DETAIL_SECOND(...) XGRAD_DETAIL_SECOND_OF(__VA_ARGS__)
#define XGRAD_DETAIL_SECOND_OF(first, second, ...) second
#define XGRAD_DETAIL_JOIN(a, b) XGRAD_DETAIL_JOIN_OF(a, b)
#define XGRAD_DETAIL_JOIN_OF(a, b) a##b

#define XGRAD_DETAIL_PARENTHESES ()
#define XGRAD_DETAIL_EXPAND(...) XGRAD_DETAIL_EXPAND3(XGRAD_DETAIL_EXPAND3(XGRAD_DETAIL_EXPAND3(__VA_ARGS__)))
#define XGRAD_DETAIL_EXPAND3(...) XGRAD_DETAIL_EXPAND2(XGRAD_DETAIL_EXPAND2(XGRAD_DETAIL_EXPAND2(__VA_ARGS__)))
#define XGRAD_DETAIL_EXPAND2(...) XGRAD_DETAIL_EXPAND1(XGRAD_DETAIL_EXPAND1(XGRAD_DETAIL_EXPAND1(__VA_ARGS__)))
#define XGRAD_DETAIL_EXPAND1(...) XGRAD_DETAIL_EXPAND0(XGRAD_DETAIL_EXPAND0(XGRAD_DETAIL_EXPAND0(__VA_ARGS__)))
#define XGRAD_DETAIL_EXPAND0(...) __VA_ARGS__
#define XGRAD_DETAIL_FOR_EACH(macro, ...) \
  __VA_OPT__(XGRAD_DETAIL_EXPAND(XGRAD_DETAIL_FOR_EACH_STEP(macro, __VA_ARGS__)))
#define XGRAD_DETAIL_FOR_EACH_STEP(macro, first, ...) \
  macro(first) __VA_OPT__(XGRAD_DETAIL_FOR_EACH_AGAIN XGRAD_DETAIL_PARENTHESES(macro, __VA_ARGS__))
#define XGRAD_DETAIL_FOR_EACH_AGAIN() XGRAD_DETAIL_FOR_EACH_STEP
