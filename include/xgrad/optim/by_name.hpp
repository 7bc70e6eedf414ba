// Optimisers and schedules chosen at run time, for programs that read a configuration.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <xgrad/optim/setting.hpp>
#include <xgrad/optim/transformation.hpp>
#include <xgrad/registry/settings.hpp>

#pragma GCC visibility push(default)

namespace xgrad::optim {

/// Values for settings by their names, those of the members of an optimiser's struct or of a function's parameters.
using xgrad::Settings;

/// The optimiser, link of chains or wrapper of that name, "adamw" or "AdamW", with other settings than its own where
/// they are given:
///
///     auto adam = xg::optim::by_name("adamw", {{"rate", 1e-3}, {"decayed", "*.weight"}});
///     auto averaged = xg::optim::by_name("swa", {{"inner", adam}, {"every", 10}});
///
/// A setting that may depend on the step is a number, a Schedule or a Var; a selector is a text or a Selector; a key is
/// an integer or a random::Key; `inner` is an optimiser or the name of one; a struct inside (muon's `others`) is a
/// Settings. What combines lists is none of them: chain, partition, inject. Optimisers of your own are added with
/// `xgrad/optim/add.hpp`. Several threads may ask, add and remove at once.
/// \throws ValueError  naming the nearest and all that exist, for an unknown name or setting; for one that is missing
///                     (`inner`); as the optimiser's own function, for numbers out of range.
/// \throws TypeError   for a setting of another type: an array for a number, a fraction for an integer.
[[nodiscard]] Optimiser by_name(std::string_view name, const Settings& settings = {});
/// All names that by_name knows, in alphabetical order: the library's and those that were added.
[[nodiscard]] std::vector<std::string> names();
/// The names of the settings of an optimiser. \throws ValueError  for an unknown name.
[[nodiscard]] std::vector<std::string> settings_of(std::string_view name);

/// The same of schedules; settings are the parameters of its function and the members of its struct:
/// `schedule_by_name("cosine", {{"peak", 1e-3}, {"steps", 2000}, {"warmup", 100}})`. Boundaries are arrays of integers,
/// and the schedules of join a std::vector<Schedule>.
[[nodiscard]] Schedule schedule_by_name(std::string_view name, const Settings& settings = {});
[[nodiscard]] std::vector<std::string> schedule_names();
[[nodiscard]] std::vector<std::string> schedule_settings_of(std::string_view name);

}  // namespace xgrad::optim

#pragma GCC visibility pop
