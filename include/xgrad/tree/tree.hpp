// Trees: values with Vars at their leaves. A model, its gradient and the state of an optimiser are trees.
//
// A tree is a Var; a struct reflected by XGRAD_FIELDS or Boost.Hana; or a std::vector, std::array, std::tuple,
// std::pair, std::optional or std::map<std::string, T> of trees. Members that hold no Vars (numbers, enums, strings,
// containers of these, ...) are static, and so are those that XGRAD_FIELDS marks `static`.
//
// tree: values that hold Vars. The protocol of trees, reflection, paths, what is static. It includes var and core, and
// knows no operations and no derivatives.
#pragma once

#include <algorithm>
#include <array>
#include <concepts>
#include <cstddef>
#include <iosfwd>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <typeinfo>
#include <utility>
#include <vector>

#include <boost/hana/unpack.hpp>

#include <xgrad/core/function_of.hpp>
#include <xgrad/tree/fields.hpp>
#include <xgrad/tree/members.hpp>
#include <xgrad/var.hpp>

#pragma GCC visibility push(default)

namespace xgrad::tree {

namespace detail {

/// The containers of the standard library, but for std::array, and nothing that merely looks at elements elsewhere.
template <class T>
concept Container = requires(const T& values) {
  typename T::value_type;
  typename T::allocator_type;
  values.begin();
  values.end();
  values.size();
};

template <class T>
inline constexpr bool is_plain = false;

}  // namespace detail

/// What holds no Var and is carried along by the trees it is in: numbers, enums, texts, empty classes, and containers,
/// optionals, tuples and variants of these. Opens the door for a class of yours that is no tree and holds no Var:
/// `template <> inline constexpr bool xgrad::tree::is_static<MyType> = true;`
template <class T>
inline constexpr bool is_static =
    std::is_arithmetic_v<T> || std::is_enum_v<T> || std::is_empty_v<T> ||
    (std::is_pointer_v<T> && std::is_function_v<std::remove_pointer_t<T>>) || std::same_as<T, std::string> ||
    std::same_as<T, std::string_view> || std::same_as<T, const char*> || detail::is_plain<T>;

namespace detail {

template <class T>
inline constexpr bool each_is_static = is_static<std::remove_cv_t<T>>;

template <Container T>
inline constexpr bool is_plain<T> = each_is_static<typename T::value_type>;
template <class T, std::size_t N>
inline constexpr bool is_plain<std::array<T, N>> = each_is_static<T>;
template <class T, std::size_t N>
inline constexpr bool is_plain<T[N]> = each_is_static<T>;  // NOLINT(*-c-arrays)
template <class T>
inline constexpr bool is_plain<std::optional<T>> = each_is_static<T>;
template <class A, class B>
inline constexpr bool is_plain<std::pair<A, B>> = each_is_static<A>&& each_is_static<B>;
template <class... T>
inline constexpr bool is_plain<std::tuple<T...>> = (each_is_static<T> && ...);

/// std::variant, without its header.
template <class T>
concept Variant = requires(const T& variant) {
  { variant.valueless_by_exception() } -> std::same_as<bool>;
  { variant.index() } -> std::same_as<std::size_t>;
};
template <template <class...> class V, class... T>
requires Variant<V<T...>>
inline constexpr bool is_plain<V<T...>> = (each_is_static<T> && ...);

template <class T>
concept Reflected = boost::hana::Struct<T>::value;

template <class T>
inline constexpr bool is_sequence = false;
template <class T, class A>
inline constexpr bool is_sequence<std::vector<T, A>> = true;
template <class A>
inline constexpr bool is_sequence<std::vector<bool, A>> = false;  // bits, which cannot be visited
template <class T, std::size_t N>
inline constexpr bool is_sequence<std::array<T, N>> = true;

template <class T>
inline constexpr bool is_product = false;
template <class... T>
inline constexpr bool is_product<std::tuple<T...>> = true;
template <class A, class B>
inline constexpr bool is_product<std::pair<A, B>> = true;

template <class T>
inline constexpr bool is_optional = false;
template <class T>
inline constexpr bool is_optional<std::optional<T>> = true;

template <class T>
inline constexpr bool is_map = false;
template <class T, class C, class A>
inline constexpr bool is_map<std::map<std::string, T, C, A>> = true;

template <class V>
class Visitor;

/// A tree that visits itself.
template <class T>
concept Visited = requires(const T& tree, const Visitor<const Var>& visitor) {
  tree.visit(visitor);
};

/// Whether a type can hold a Var. What a reflected struct holds is not looked at: it may hold itself.
template <class T>
inline constexpr bool may_hold_vars = std::same_as<T, Var> || Reflected<T> || Visited<T>;
template <class T, class A>
inline constexpr bool may_hold_vars<std::vector<T, A>> = may_hold_vars<T>;
template <class T, std::size_t N>
inline constexpr bool may_hold_vars<std::array<T, N>> = may_hold_vars<T>;
template <class T>
inline constexpr bool may_hold_vars<std::optional<T>> = may_hold_vars<T>;
template <class T, class C, class A>
inline constexpr bool may_hold_vars<std::map<std::string, T, C, A>> = may_hold_vars<T>;
template <class... T>
inline constexpr bool may_hold_vars<std::tuple<T...>> = sizeof...(T) == 0 || (may_hold_vars<T> || ...);
template <class A, class B>
inline constexpr bool may_hold_vars<std::pair<A, B>> = may_hold_vars<A> || may_hold_vars<B>;

/// Of what Boost.Hana calls with all accessors of a struct: whether they are of members of T itself, not of its base.
template <class T>
struct AreMembersOf {
  template <class V, class C, V C::*p>
  static std::bool_constant<std::same_as<C, T>> owns(boost::hana::struct_detail::member_ptr<V C::*, p>);
  template <class... A>
  std::bool_constant<(decltype(owns(boost::hana::second(std::declval<A>())))::value && ...)> operator()(A...) const;
};

/// A class derived from a reflected one inherits a member `hana_accessors_impl` that knows nothing of its own members.
template <class T>
consteval bool reflects_itself() {
  if constexpr (requires { typename T::hana_accessors_impl::XgradSelf; }) {
    return std::same_as<typename T::hana_accessors_impl::XgradSelf, T>;
  } else if constexpr (requires { typename T::hana_accessors_impl; }) {
    return decltype(boost::hana::unpack(boost::hana::accessors<T>(), AreMembersOf<T>()))::value;
  } else {
    return true;
  }
}

/// Adds a part to the path of a leaf, and gives the length that it had.
std::size_t add_part(std::string& path, std::string_view part);
std::size_t add_part(std::string& path, std::size_t index);

/// Which of the Vars of a tree are visited.
enum class Visit : bool { leaves, arrays };  ///< arrays: leaves, and those of members marked state

template <class Accessor>
inline constexpr bool is_state = false;
template <class Pointer, Pointer pointer>
inline constexpr bool is_state<StateMember<Pointer, pointer>> = true;

/// What is done at each Var of a tree. It is called through a pointer, so that the walk through a type is compiled
/// once, whatever is done. V is Var or const Var.
template <class V>
class Visitor {
 public:
  /// \param path  where the path of each leaf is spelt out before it is visited; may be null.
  template <class F>
  explicit Visitor(F& f, Visit what = Visit::leaves, std::string* path = nullptr)
      : call_(f), path_(path), what_(what) {}
  Visitor(xgrad::detail::FunctionOf<void, V&> call, Visit what, std::string* path = nullptr)
      : call_(call), path_(path), what_(what) {}

  void operator()(V& leaf) const { call_(leaf); }
  [[nodiscard]] bool visits_state() const { return what_ == Visit::arrays; }
  /// The length of the path before a part is added to it.
  [[nodiscard]] std::size_t enter(std::string_view part) const { return path_ ? add_part(*path_, part) : 0; }
  [[nodiscard]] std::size_t enter(std::size_t index) const { return path_ ? add_part(*path_, index) : 0; }
  void leave(std::size_t length) const {
    if (path_) path_->resize(length);
  }

 private:
  xgrad::detail::FunctionOf<void, V&> call_;
  std::string* path_;
  Visit what_;
};

template <class T, class V>
void visit(T& tree, const Visitor<V>& visitor);

template <class T, class V>
void visit_member(const auto& accessor, T& tree, const Visitor<V>& visitor) {
  using boost::hana::first, boost::hana::second;
  if (is_state<std::remove_cvref_t<decltype(second(accessor))>> && !visitor.visits_state()) return;
  visit_part(std::string_view(boost::hana::to<const char*>(first(accessor))), second(accessor)(tree), visitor);
}

template <class T, class V>
void visit_part(const auto& part, T& tree, const Visitor<V>& visitor) {
  const std::size_t length = visitor.enter(part);
  visit(tree, visitor);
  visitor.leave(length);
}

/// Calls a visitor for every Var in a tree, in the order of its members.
template <class T, class V>
void visit(T& tree, const Visitor<V>& visitor) {
  using Type = std::remove_const_t<T>;
  if constexpr (std::same_as<Type, Var>) {
    static_assert(std::is_const_v<V> || !std::is_const_v<T>,
                  "a leaf of this tree is const, so that it cannot be changed: go through it as a const tree");
    visitor(tree);
  } else if constexpr (is_static<Type>) {
    return;
  } else if constexpr (is_sequence<Type>) {
    for (std::size_t i = 0; i < tree.size(); ++i) visit_part(i, tree[i], visitor);
  } else if constexpr (is_product<Type>) {
    [&]<std::size_t... I>(std::index_sequence<I...>) { (visit_part(I, std::get<I>(tree), visitor), ...); }
    (std::make_index_sequence<std::tuple_size_v<Type>>());
  } else if constexpr (is_optional<Type>) {
    if (tree) visit(*tree, visitor);
  } else if constexpr (is_map<Type>) {
    for (auto& entry : tree) visit_part(std::string_view(entry.first), entry.second, visitor);
  } else if constexpr (Visited<Type>) {
    tree.visit(visitor);
  } else if constexpr (Reflected<Type>) {
    static_assert(reflects_itself<Type>(),
                  "this class inherits the reflection of its base: give it an XGRAD_FIELDS of its own");
    static_assert(lists_all_members<Type>(),
                  "this struct has members that are not listed: name them in its XGRAD_FIELDS, those that shall be "
                  "carried along as they are as static(member)");
    boost::hana::unpack(boost::hana::accessors<Type>(),
                        [&](const auto&... accessors) { (visit_member(accessors, tree, visitor), ...); });
  } else {
    static_assert(is_static<Type>,
                  "not a tree: list the members of this struct with XGRAD_FIELDS, or, if it holds no Var, mark the "
                  "member as static(member) or set xgrad::tree::is_static for its type");
  }
}

void require_same_count(std::size_t expected, std::size_t given);
[[noreturn]] void throw_other_tree(const std::type_info& held, const std::type_info& wanted);

/// A line for each array: its path, element type and shape, and whether it is a state.
std::string to_string(std::span<const std::string> paths, std::span<const Var> arrays, std::span<const char> is_leaf);

// What most walks do at each Var, compiled once, in the library.

/// Appends the Vars to a list.
[[nodiscard]] Visitor<const Var> appends(std::vector<Var>& all, Visit what);
/// Appends where they are.
[[nodiscard]] Visitor<const Var> appends(std::vector<const Var*>& all, Visit what);

/// Lists their paths.
class PathList {
 public:
  explicit PathList(std::vector<std::string>& all);
  PathList(const PathList&) = delete;
  PathList& operator=(const PathList&) = delete;
  ~PathList();
  [[nodiscard]] Visitor<const Var> appends(Visit what);
  /// Those of an argument, by its position: "argument 2, hidden.weight".
  [[nodiscard]] Visitor<const Var> appends(Visit what, std::size_t position, std::string_view separator);

 private:
  std::vector<std::string>& all_;
  std::string before_;
  std::string_view separator_;
  std::string path_;
};

/// Puts others in their place, in order, as far as there are any.
struct Replacement {
  std::span<const Var> others;
  std::size_t used = 0;

  [[nodiscard]] Visitor<Var> visitor(Visit what);
  /// \throws ShapeError  unless the tree had as many Vars as there are others.
  void require_fit() const;
};

/// For each of the arrays of a tree whether it is a leaf, too.
std::vector<char> flags_of(std::span<const Var* const> arrays, std::span<const Var* const> leaves);

template <Visit what, class T>
std::vector<Var> list(const T& tree) {
  std::vector<Var> result;
  visit(tree, appends(result, what));
  return result;
}

template <Visit what, class T>
void list_paths(const T& tree, std::vector<std::string>& all) {
  PathList list(all);
  visit(tree, list.appends(what));
}
template <Visit what, class T>
std::vector<std::string> list_paths(const T& tree) {
  std::vector<std::string> result;
  list_paths<what>(tree, result);
  return result;
}

template <Visit what, class T>
T refilled(const T& tree, std::span<const Var> all) {
  T result = tree;
  Replacement replacement{all};
  visit(result, replacement.visitor(what));
  replacement.require_fit();
  return result;
}

template <class T>
std::vector<char> leaf_flags(const T& tree) {
  std::vector<const Var*> arrays;
  std::vector<const Var*> leaves;
  visit(tree, appends(arrays, Visit::arrays));
  visit(tree, appends(leaves, Visit::leaves));
  return flags_of(arrays, leaves);
}

}  // namespace detail

/// What can hold Vars, by its outermost type; what is inside is checked where it is visited.
template <class T>
concept Tree = std::same_as<T, Var> || detail::is_sequence<T> || detail::is_product<T> || detail::is_optional<T> ||
    detail::is_map<T> || detail::Reflected<T> || detail::Visited<T>;

/// A function of trees looks at their leaves: all Vars but those in members marked state. With `arrays`, it looks at
/// these, too.
///
/// Calls f(leaf) for each leaf, in order; through a non-const tree, which must have no const leaves, f may change them.
template <class T, class F>
requires Tree<std::remove_const_t<T>>
void for_each(T& tree, F f) {
  detail::visit(tree, detail::Visitor<std::conditional_t<std::is_const_v<T>, const Var, Var>>(f));
}
template <class T, class F>
requires Tree<std::remove_const_t<T>>
void for_each_array(T& tree, F f) {
  detail::visit(tree,
                detail::Visitor<std::conditional_t<std::is_const_v<T>, const Var, Var>>(f, detail::Visit::arrays));
}

/// The leaves, in order.
template <Tree T>
[[nodiscard]] std::vector<Var> leaves(const T& tree) {
  return detail::list<detail::Visit::leaves>(tree);
}
template <Tree T>
[[nodiscard]] std::vector<Var> arrays(const T& tree) {
  return detail::list<detail::Visit::arrays>(tree);
}

/// Names of the leaves, in order, such as "layers.0.weight"; a bare Var has the name "".
template <Tree T>
[[nodiscard]] std::vector<std::string> paths(const T& tree) {
  return detail::list_paths<detail::Visit::leaves>(tree);
}
template <Tree T>
[[nodiscard]] std::vector<std::string> array_paths(const T& tree) {
  return detail::list_paths<detail::Visit::arrays>(tree);
}

/// A copy of a tree with other leaves, in order.
/// \throws ShapeError  unless there are as many as the tree has.
template <Tree T>
[[nodiscard]] T with_leaves(const T& tree, std::span<const Var> leaves) {
  return detail::refilled<detail::Visit::leaves>(tree, leaves);
}
template <Tree T>
[[nodiscard]] T with_arrays(const T& tree, std::span<const Var> arrays) {
  return detail::refilled<detail::Visit::arrays>(tree, arrays);
}

/// A copy of a tree with f(leaf) in place of each leaf.
template <Tree T, class F>
[[nodiscard]] T map(const T& tree, F f) {
  T result = tree;
  for_each(result, [&f](Var& leaf) { leaf = f(std::as_const(leaf)); });
  return result;
}

namespace detail {

/// f of the leaves of some trees, one of each at a time, in place of the leaves of the first.
template <class A, class F, class... Others>
A zipped(const A& first, F& f, const Others&... others) {
  const std::array<std::vector<Var>, sizeof...(Others)> all{leaves(others)...};
  A result = first;
  std::size_t used = 0;
  tree::for_each(result, [&](Var& leaf) {
    const bool there = std::ranges::all_of(all, [&](const std::vector<Var>& each) { return used < each.size(); });
    if (there) {
      [&]<std::size_t... I>(std::index_sequence<I...>) { leaf = f(std::as_const(leaf), all[I][used]...); }
      (std::index_sequence_for<Others...>());
    }
    ++used;
  });
  for (const std::vector<Var>& each : all) require_same_count(used, each.size());
  return result;
}

}  // namespace detail

/// A copy of the first tree with f(a, b, ...) in place of its leaves, where f comes last, after any number of trees:
/// `map(model, gradient, momentum, step)`. The trees may be of different types.
/// \throws ShapeError  unless all have the same number of leaves.
template <Tree A, Tree B, class... More>
requires(sizeof...(More) > 0) [[nodiscard]] A map(const A& a, const B& b, const More&... more) {
  constexpr std::size_t trees = sizeof...(More) - 1;
  const auto all = std::forward_as_tuple(more...);
  auto f = std::get<trees>(all);
  return [&]<std::size_t... I>(std::index_sequence<I...>) {
    static_assert((Tree<std::tuple_element_t<I, std::tuple<More...>>> && ...), "map: trees, and a function at the end");
    return detail::zipped(a, f, b, std::get<I>(all)...);
  }
  (std::make_index_sequence<trees>());
}

/// A tree as text, a line for each array: "hidden.weight  float64 [784, 128]". Structs of XGRAD_FIELDS are printed so.
template <Tree T>
[[nodiscard]] std::string to_string(const T& tree) {
  return detail::to_string(array_paths(tree), arrays(tree), detail::leaf_flags(tree));
}

namespace detail {

template <class T>
std::ostream& print(std::ostream& out, const T& tree) {
  return xgrad::detail::print(out, tree::to_string(tree));
}

}  // namespace detail
}  // namespace xgrad::tree

namespace xgrad {

/// What transforms return, and class templates of yours that hold something of xgrad's.
template <class T>
requires tree::detail::ReflectsItself<T> std::ostream& operator<<(tree::detail::Stream stream, const T& tree) {
  return tree::detail::print(stream.out, tree);
}

}  // namespace xgrad

#pragma GCC visibility pop
