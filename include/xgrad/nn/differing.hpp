// Which layers of a net are another function in training.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include <boost/hana/unpack.hpp>

#include <xgrad/tree/tree.hpp>

#pragma GCC visibility push(default)

namespace xgrad::nn::detail {

/// A walk through a net that finds the layers that are another function in training. These say so by a member
/// `bool differs_in_training() const`; layers of which a tree does not see the inside have a member
/// `void differing(detail::Differing&) const`, which goes on with `look`.
class Differing {
 public:
  template <class T>
  void look(const T& part) {
    namespace tree = xgrad::tree;
    if constexpr (requires { part.differs_in_training(); }) {
      if (part.differs_in_training()) paths_.push_back(path_);
    } else if constexpr (requires { part.differing(*this); }) {
      part.differing(*this);
    } else if constexpr (std::is_same_v<T, Var> || tree::is_static<T>) {
      return;
    } else if constexpr (tree::detail::is_sequence<T>) {
      for (std::size_t i = 0; i < part.size(); ++i) go_on(i, part[i]);
    } else if constexpr (tree::detail::is_product<T>) {
      [&]<std::size_t... I>(std::index_sequence<I...>) { (go_on(I, std::get<I>(part)), ...); }
      (std::make_index_sequence<std::tuple_size_v<T>>());
    } else if constexpr (tree::detail::is_optional<T>) {
      if (part) look(*part);
    } else if constexpr (tree::detail::is_map<T>) {
      for (const auto& [name, one] : part) go_on(std::string_view(name), one);
    } else if constexpr (tree::detail::Reflected<T> && !tree::detail::Visited<T>) {
      using boost::hana::first, boost::hana::second;
      boost::hana::unpack(boost::hana::accessors<T>(), [&](const auto&... accessors) {
        (go_on(std::string_view(boost::hana::to<const char*>(first(accessors))), second(accessors)(part)), ...);
      });
    }
  }

  /// Where these layers are in the net: "blocks.0.dropout".
  [[nodiscard]] const std::vector<std::string>& paths() const noexcept { return paths_; }

 private:
  template <class T>
  void go_on(const auto& name, const T& part) {
    const std::size_t length = tree::detail::add_part(path_, name);
    look(part);
    path_.resize(length);
  }

  std::string path_;
  std::vector<std::string> paths_;
};

}  // namespace xgrad::nn::detail

#pragma GCC visibility pop
