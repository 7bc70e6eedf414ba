// The same net of other layers.
#pragma once

#include <concepts>
#include <cstddef>
#include <tuple>
#include <type_traits>
#include <utility>

#include <boost/hana/accessors.hpp>
#include <boost/hana/at.hpp>
#include <boost/hana/length.hpp>
#include <boost/hana/second.hpp>
#include <xgrad/tree/tree.hpp>

#pragma GCC visibility push(default)

namespace xgrad::compression {

/// A net of the type To, part by part of one that differs in the types of layers: where f can be called with a part and
/// gives what stands there in To, this is f of it; what has the same type is copied; structs, tuples, lists, maps and
/// optionals are gone through.
///
///     template <class Dense>
///     struct Mlp {
///       Dense hidden, out;
///       xg::Var operator()(const xg::Var& x) const { return out(relu(hidden(x))); }
///       XGRAD_MEMBER_FIELDS(Mlp, hidden, out)
///     };
///     const auto small = compression::with_layers<Mlp<compression::QuantisedLinear>>(
///         calibrated, [](const compression::Observed<nn::Linear>& layer) { return compression::quantised(layer); });
///
/// \param f  with the types of its argument and result written out.
template <class To, class From, class F>
[[nodiscard]] To with_layers(const From& net, const F& f) {
  if constexpr (std::is_invocable_r_v<To, const F&, const From&>) {
    return f(net);
  } else if constexpr (std::same_as<To, From>) {
    return net;
  } else if constexpr (tree::detail::is_optional<To> && tree::detail::is_optional<From>) {
    if (!net) return To();
    return with_layers<typename To::value_type>(*net, f);
  } else if constexpr (tree::detail::is_product<To> && tree::detail::is_product<From>) {
    static_assert(std::tuple_size_v<To> == std::tuple_size_v<From>, "with_layers: tuples have as many parts");
    return [&]<std::size_t... I>(std::index_sequence<I...>) {
      return To{with_layers<std::tuple_element_t<I, To>>(std::get<I>(net), f)...};
    }
    (std::make_index_sequence<std::tuple_size_v<To>>());
  } else if constexpr (tree::detail::is_map<To> && tree::detail::is_map<From>) {
    To result;
    for (const auto& [name, part] : net) result.emplace(name, with_layers<typename To::mapped_type>(part, f));
    return result;
  } else if constexpr (tree::detail::is_sequence<To> && tree::detail::is_sequence<From>) {
    To result{};
    if constexpr (requires { result.resize(net.size()); }) result.resize(net.size());
    for (std::size_t i = 0; i < net.size(); ++i) result[i] = with_layers<typename To::value_type>(net[i], f);
    return result;
  } else {
    static_assert(tree::detail::Reflected<To> && tree::detail::Reflected<From>,
                  "with_layers: two parts are different, and f is not called with the one to give the other");
    constexpr auto to = boost::hana::accessors<To>();
    constexpr auto from = boost::hana::accessors<From>();
    constexpr std::size_t count = decltype(boost::hana::length(to))::value;
    static_assert(count == decltype(boost::hana::length(from))::value, "with_layers: structs have as many members");
    static_assert(decltype(boost::hana::length(tree::detail::statics<To>()))::value == 0,
                  "with_layers: members marked static cannot be put into another struct");
    To result{};
    [&]<std::size_t... I>(std::index_sequence<I...>) {
      const auto move = [&](const auto& target, const auto& source) {
        auto& part = boost::hana::second(target)(result);
        part = with_layers<std::remove_cvref_t<decltype(part)>>(boost::hana::second(source)(net), f);
      };
      (move(boost::hana::at_c<I>(to), boost::hana::at_c<I>(from)), ...);
    }
    (std::make_index_sequence<count>());
    return result;
  }
}

}  // namespace xgrad::compression

#pragma GCC visibility pop
