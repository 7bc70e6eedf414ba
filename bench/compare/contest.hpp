// Contestants of ours.
#pragma once

#include <memory>
#include <tuple>
#include <utility>

#include "../programs/arrays.hpp"
#include "case.hpp"

namespace bench {

/// A function (constant arguments) -> tree of results. The results of a step are freed before the next one, as those
/// of a loop's local variables.
template <class F, class... A>
Program program(F f, A... arguments) {
  using R = decltype(f(arguments...));
  struct State {
    F f;
    std::tuple<A...> arguments;
    R results{};
  };
  const auto s = std::make_shared<State>(State{std::move(f), {std::move(arguments)...}});
  return {[s] {
            s->results = R();
            s->results = std::apply(s->f, s->arguments);
          },
          [s] { return to_vectors(s->results); }};
}

/// A function (state, constant arguments) -> (state, loss), whose state is handed over to it.
template <class F, class S, class... A>
Program training(F f, S state, A... arguments) {
  struct State {
    F f;
    S state;
    std::tuple<A...> arguments;
    xgrad::Var loss;
  };
  const auto s = std::make_shared<State>(State{std::move(f), std::move(state), {std::move(arguments)...}, {}});
  return {[s] {
            std::tie(s->state, s->loss) =
                std::apply([&](const A&... a) { return s->f(std::move(s->state), a...); }, s->arguments);
          },
          [s] {
            Arrays result = to_vectors(s->state);
            result.push_back(to_vector(s->loss));
            return result;
          }};
}

}  // namespace bench
