// Functions whose derivatives compute them again instead of keeping what they computed: checkpoint.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <xgrad/transform/custom.hpp>

#pragma GCC visibility push(default)

namespace xgrad {

/// What the derivatives of a function given to checkpoint() need not compute again.
enum class Keep : std::uint8_t {
  Nothing,
  Products,  ///< of matrices
  Marked,    ///< what keep() marks
  Named,     ///< what has one of some names; see keep_named()
};

/// What is kept, and under which names.
struct KeepPolicy {
  KeepPolicy(Keep kept) : what(kept) {}  // NOLINT(google-explicit-constructor): checkpoint(f, Keep::Products)
  KeepPolicy(Keep kept, std::vector<std::string> its_names) : what(kept), names(std::move(its_names)) {}

  Keep what;
  std::vector<std::string> names{};
};

/// To keep the values that keep(x, name), or debug::label(x, name), gave one of these names.
[[nodiscard]] inline KeepPolicy keep_named(std::vector<std::string> names) { return {Keep::Named, std::move(names)}; }

namespace detail {

/// The scope in which a function is recorded whose derivatives compute it again.
class CheckpointCall : public CustomCall {
 public:
  CheckpointCall(const KeepPolicy& policy, std::span<const Var> arguments);
  ~CheckpointCall();
  CheckpointCall(const CheckpointCall&) = delete;
  CheckpointCall& operator=(const CheckpointCall&) = delete;

  /// \throws ValueError  if nothing that the results depend on has one of the names.
  [[nodiscard]] std::vector<Var> finish(std::span<const Var> results) const;

 private:
  const KeepPolicy& policy_;
  const CheckpointCall* outer_;  ///< whose function calls this one
};

template <class F>
class Checkpointed {
 public:
  Checkpointed(F f, KeepPolicy policy) : f_(std::move(f)), policy_(std::move(policy)) {}

  template <class... A>
  requires CallableWith<const F&, array_positions_t<A...>, A...>
  [[nodiscard]] auto operator()(A&&... a) const {
    auto arguments = make_arguments(array_positions_t<A...>(), std::forward<A>(a)...);
    const CheckpointCall call(policy_, arguments.arrays());
    arguments.assign(call.inputs());
    const auto value = arguments.call(f_);
    static_assert(tree::Tree<std::remove_cv_t<decltype(value)>>,
                  "a function given to checkpoint returns a tree of Vars");
    return call.recorded() ? tree::with_arrays(value, call.finish(tree::arrays(value))) : value;
  }
  template <class... A>
  Misfit operator()(A&&... a) const {
    refuse_call<F>(array_positions_t<A...>(), a...);
    return {};
  }

 private:
  F f_;
  KeepPolicy policy_;
};

}  // namespace detail

/// f, whose derivatives in reverse mode compute again what they need of it, but for what is kept.
///
///     auto layer = xg::checkpoint([&](const xg::Var& x) { return tanh(matmul(w, x) + b); });
///     auto block = xg::checkpoint(attention, xg::Keep::Products);
///     auto other = xg::checkpoint(attention, xg::keep_named({"scores", "values"}));
///
/// Memory between value and gradient holds its arguments, its results and what is kept, instead of all intermediate
/// arrays; each gradient computes f once more. The values are the same. It nests in itself and in all other transforms;
/// derivatives in forward mode keep nothing anyway. What f keeps is kept in functions given to checkpoint() that f
/// calls, too, beside what these keep; not in loops, branches and functions with derivatives of their own, whose
/// results can be kept.
///
/// \throws ValueError  when f is recorded, if no value that its results depend on has one of the names.
template <class F>
[[nodiscard]] auto checkpoint(F f, KeepPolicy policy = Keep::Nothing) {
  return detail::Checkpointed<F>(std::move(f), std::move(policy));
}

/// x, which Keep::Marked keeps.
Var keep(const Var& x);

/// x, which Keep::Marked keeps, and keep_named() under this name. The name is one of debug::label(), too.
Var keep(const Var& x, const std::string& name);

}  // namespace xgrad

#pragma GCC visibility pop
