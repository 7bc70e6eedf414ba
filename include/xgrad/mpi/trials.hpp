// The same work with other settings, one process for each: ensembles, searches, chains.
#pragma once

#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <ostream>
#include <sstream>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <xgrad/core/function_of.hpp>
#include <xgrad/mpi/communicator.hpp>
#include <xgrad/tree/tree.hpp>
#include <xgrad/var.hpp>

#pragma GCC visibility push(default)

namespace xgrad::mpi {

/// Who makes which trial.
enum class HandOut : std::uint8_t {
  in_turn,  ///< trial i is made by rank i mod P, however long the others take
  as_free   ///< the next one by whoever has time
};

struct TrialOptions {
  HandOut hand_out = HandOut::in_turn;
  /// How long processes that have nothing more to do wait for the others, before they throw TimeoutError.
  std::chrono::duration<double> time_limit = std::chrono::hours(24);
};

/// What has come of a trial.
template <class R>
struct Trial {
  std::size_t number = 0;
  std::string settings;     ///< in words
  std::optional<R> result;  ///< none: it has thrown
  std::string error;        ///< what it has thrown
  std::size_t rank = 0;     ///< of the process that made it
  double seconds = 0.0;
};

namespace detail {

template <class T>
concept Printed = requires(std::ostream& out, const T& value) {
  out << value;
};

template <class T>
std::string text_of(const T& settings);

template <class T>
std::string text_of_fields(const T& settings) {
  std::string text;
  boost::hana::unpack(boost::hana::accessors<T>(), [&](const auto&... accessors) {
    const auto add = [&](const auto& accessor) {
      if (!text.empty()) text += ", ";
      text += std::string(boost::hana::to<const char*>(boost::hana::first(accessor))) + " " +
              text_of(boost::hana::second(accessor)(settings));
    };
    (add(accessors), ...);
  });
  return text;
}

/// Settings in words: fields by their names, or what `<<` prints.
template <class T>
std::string text_of(const T& settings) {
  if constexpr (tree::detail::Reflected<T>) {
    return text_of_fields(settings);
  } else if constexpr (Printed<T>) {
    std::ostringstream out;
    out << settings;
    return out.str();
  } else {
    static_assert(Printed<T>, "settings of a trial are printed by <<, or are structs with XGRAD_FIELDS of such");
    return {};
  }
}

struct TrialArrays {
  std::vector<Var> arrays;
  std::string error;
  bool has_failed = false;
  std::size_t rank = 0;
  double seconds = 0.0;
};

/// Makes the trials of this process, and gives what has come of all.
std::vector<TrialArrays> all_trials(const Communicator& group, std::size_t count, const TrialOptions& options,
                                    std::uint64_t hash_of_settings,
                                    xgrad::detail::FunctionOf<std::vector<Var>, std::size_t> run);

template <class R>
std::vector<Var> arrays_of_result(const R& result) {
  if constexpr (tree::Tree<R>) return tree::arrays(result);
  else return {Var(result)};
}
template <class R>
R result_like(const R& like, const std::vector<Var>& arrays) {
  if constexpr (tree::Tree<R>) return tree::with_arrays(like, arrays);
  else return static_cast<R>(arrays.at(0).template item<stored_t<R>>());
}

}  // namespace detail

/// Makes a trial with each of some settings, one process for each trial, and gives all of them to all processes, in
/// the order of the settings.
///
///     struct Asked { double rate; std::int64_t width; };
///     XGRAD_FIELDS(Asked, rate, width)
///
///     const auto made = mpi::trials(world, asked, [&](const Asked& s) { return validation_loss(trained(s)); });
///     for (const auto& trial : made) std::cout << trial.settings << ": " << trial.result.value_or(NAN) << "\n";
///
/// An ensemble is this with keys for settings and models for results; a sampler that of chains. What a trial gives
/// depends on its settings alone, if `run` does: neither on the number of processes nor on who is faster. In `run`
/// no process may wait for another one.
///
/// \param settings  the same on all processes; printed by <<, or with XGRAD_FIELDS, for Trial::settings
/// \param run       settings -> a number or a tree. What it throws is the end of this trial, not of the others, unless
///                  it is an MpiError.
/// \param like      what is static in results, and how many arrays they have; where it does not matter, it is made
///                  without arguments
/// \throws MismatchError  if processes call it with other settings or options
/// \throws ShapeError     if a result has another number of arrays than `like`
/// \throws TimeoutError   if a process is not ready within TrialOptions::time_limit
template <class S, std::invocable<const S&> F>
[[nodiscard]] auto trials(const Communicator& group, const std::vector<S>& settings, F run,
                          const TrialOptions& options = {},
                          const std::remove_cvref_t<std::invoke_result_t<F&, const S&>>& like = {}) {
  using R = std::remove_cvref_t<std::invoke_result_t<F&, const S&>>;
  std::vector<Trial<R>> result(settings.size());
  std::string all;
  for (std::size_t i = 0; i < settings.size(); ++i) {
    result[i].number = i;
    result[i].settings = detail::text_of(settings[i]);
    all += result[i].settings + "\n";
  }
  const auto arrays = [&](std::size_t i) { return detail::arrays_of_result<R>(run(settings[i])); };
  std::vector<detail::TrialArrays> made =
      detail::all_trials(group, settings.size(), options, std::hash<std::string>()(all),
                         xgrad::detail::FunctionOf<std::vector<Var>, std::size_t>(arrays));
  for (std::size_t i = 0; i < settings.size(); ++i) {
    if (!made[i].has_failed) result[i].result = detail::result_like<R>(like, made[i].arrays);
    result[i].error = std::move(made[i].error);
    result[i].rank = made[i].rank;
    result[i].seconds = made[i].seconds;
  }
  return result;
}

}  // namespace xgrad::mpi

#pragma GCC visibility pop
