// Functions whose derivatives compute them again instead of keeping what they computed: checkpoint.
#pragma once

#include <utility>

#include <xgrad/transform/custom.hpp>

#pragma GCC visibility push(default)

namespace xgrad {

namespace detail {

template <class F>
class Checkpointed {
 public:
  Checkpointed(F f, Keep kept) : f_(std::move(f)), kept_(kept) {}

  template <class... A>
  requires CallableWith<const F&, array_positions_t<A...>, A...>
  [[nodiscard]] auto operator()(A&&... a) const {
    auto arguments = make_arguments(array_positions_t<A...>(), std::forward<A>(a)...);
    const CustomCall call("checkpoint", arguments.arrays(), tape_recorded_now());
    arguments.assign(call.inputs());
    const auto value = arguments.call(f_);
    static_assert(tree::Tree<std::remove_cv_t<decltype(value)>>,
                  "a function given to checkpoint returns a tree of Vars");
    return call.recorded() ? tree::with_arrays(value, call.finish_recomputed(tree::arrays(value), kept_)) : value;
  }
  template <class... A>
  Misfit operator()(A&&... a) const {
    refuse_call<F>(array_positions_t<A...>(), a...);
    return {};
  }

 private:
  F f_;
  Keep kept_;
};

}  // namespace detail

/// f, whose derivatives in reverse mode compute again what they need of it, but for what is kept.
///
///     auto layer = xg::checkpoint([&](const xg::Var& x) { return tanh(matmul(w, x) + b); });
///     auto block = xg::checkpoint(attention, xg::Keep::Products);
///
/// Memory between value and gradient holds its arguments, its results and what is kept, instead of all intermediate
/// arrays; each gradient computes f once more. The values are the same. It nests in itself and in all other transforms;
/// derivatives in forward mode keep nothing anyway.
template <class F>
[[nodiscard]] auto checkpoint(F f, Keep kept = Keep::Nothing) {
  return detail::Checkpointed<F>(std::move(f), kept);
}

/// x, which Keep::Marked keeps.
Var keep(const Var& x);

}  // namespace xgrad

#pragma GCC visibility pop
