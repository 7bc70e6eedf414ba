// Schedules over the step.
#include <xgrad/optim/schedules.hpp>

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include <xgrad/optim/links.hpp>

#include "pictures.hpp"

namespace pictures {

namespace optim = xgrad::optim;

namespace {

constexpr double last_step = 1000.0;

/// FILE.svg: some schedules, with the calls that make them as their names.
void draw_schedule(const Folder& folder, const std::string& file,
                   const std::vector<std::pair<std::string, optim::Schedule>>& schedules) {
  const xgrad::Var steps = xgrad::arange(0.0, last_step + 1.0, 5.0);
  const auto numbers = [](const xgrad::Var& x) {
    return std::vector<double>(x.array<double>().begin(), x.array<double>().end());
  };
  xgrad::draw::Plot plot{.title = file, .x_label = "step"};
  for (const auto& [name, schedule] : schedules) {
    plot.series.push_back({name, numbers(steps), numbers(broadcast_to(schedule(steps), steps.shape()))});
  }
  plot.series.push_back(
      {.x = {0.0, last_step}, .y = {0.0, 0.0}, .style = xgrad::draw::Style::Faint});  // axes from 0 on
  xgrad::draw::save(folder / ("schedule_" + file + ".svg"), plot);
}

void draw_falling(const Folder& folder) {
  draw_schedule(folder, "constant", {{"constant(1)", optim::constant(1.0)}});
  draw_schedule(folder, "linear",
                {{"linear(1, 0, 800)", optim::linear(1.0, 0.0, 800)}, {"linear(0, 1, 200)", optim::linear(0, 1, 200)}});
  draw_schedule(folder, "polynomial",
                {{"polynomial(1, 0, 800, 2)", optim::polynomial(1.0, 0.0, 800, 2.0)},
                 {"(1, 0, 800, 0.5)", optim::polynomial(1.0, 0.0, 800, 0.5)}});
  draw_schedule(
      folder, "exponential",
      {{"exponential(1, {.factor = 0.5, .steps = 200})", optim::exponential(1.0, {.factor = 0.5, .steps = 200})},
       {".stairs = true", optim::exponential(1.0, {.factor = 0.5, .steps = 200, .stairs = true})},
       {".least = 0.2", optim::exponential(1.0, {.factor = 0.5, .steps = 200, .least = 0.2})}});
  draw_schedule(folder, "inverse_time",
                {{"inverse_time(1, 1, 100)", optim::inverse_time(1.0, 1.0, 100)},
                 {"stairs", optim::inverse_time(1.0, 1.0, 100, true)}});
  draw_schedule(folder, "inverse_square_root",
                {{"inverse_square_root(1, 100)", optim::inverse_square_root(1.0, 100)},
                 {"(1)", optim::inverse_square_root(1.0)}});
}

void draw_stairs(const Folder& folder) {
  draw_schedule(folder, "stepwise", {{"stepwise(1, 0.5, 250)", optim::stepwise(1.0, 0.5, 250)}});
  draw_schedule(folder, "multi_step", {{"multi_step(1, 0.3, {500, 800})", optim::multi_step(1.0, 0.3, {500, 800})}});
  draw_schedule(folder, "piecewise",
                {{"piecewise({200, 600}, {0.4, 1, 0.2})", optim::piecewise({200, 600}, {0.4, 1.0, 0.2})}});
}

void draw_waves(const Folder& folder) {
  draw_schedule(
      folder, "cosine",
      {{"cosine(1, 1000)", optim::cosine(1.0, 1000)},
       {"cosine(1, 800, {.end = 0.1, .warmup = 200})", optim::cosine(1.0, 800, {.end = 0.1, .warmup = 200})}});
  draw_schedule(folder, "cosine_restarts",
                {{"cosine_restarts(1, 200)", optim::cosine_restarts(1.0, 200)},
                 {"{.longer = 2, .lower = 0.7}", optim::cosine_restarts(1.0, 200, {.longer = 2.0, .lower = 0.7})}});
  draw_schedule(folder, "one_cycle", {{"one_cycle(1, 1000)", optim::one_cycle(1.0, 1000)}});
  draw_schedule(folder, "one_cycle_linear", {{"one_cycle_linear(1, 1000)", optim::one_cycle_linear(1.0, 1000)}});
  draw_schedule(folder, "cyclic",
                {{"cyclic(0.2, 1, 100)", optim::cyclic(0.2, 1.0, 100)},
                 {".form = triangular2", optim::cyclic(0.2, 1.0, 100, {.form = optim::Cycle::triangular2})},
                 {".form = exponential, .gamma = 0.998",
                  optim::cyclic(0.2, 1.0, 100, {.form = optim::Cycle::exponential, .gamma = 0.998})}});
  draw_schedule(
      folder, "join",
      {{"join({linear(0, 1, 100), constant(1), cosine(1, 300)}, {100, 700})",
        optim::join({optim::linear(0.0, 1.0, 100), optim::constant(1.0), optim::cosine(1.0, 300)}, {100, 700})}});
  draw_schedule(folder, "rising_half_life",
                {{"rising_half_life(0.9, 0.9999, 1000)", optim::rising_half_life(0.9, 0.9999, 1000)},
                 {"linear(0.9, 0.9999, 1000)", optim::linear(0.9, 0.9999, 1000)}});
}

/// The scale of reduce_on_plateau beside the loss that it is told of, which falls in three bends.
void draw_plateaus(const Folder& folder) {
  const optim::Optimiser link = optim::reduce_on_plateau({.factor = 0.5, .patience = 120});
  const xgrad::Var parameter = 1.0;
  optim::State state = link.init(parameter);
  xgrad::draw::Series loss{.name = "the loss"};
  xgrad::draw::Series scale{.name = "reduce_on_plateau({.factor = 0.5, .patience = 120})"};
  for (double step = 0.0; step <= last_step; step += 5.0) {
    // Each bend is nearly flat before the next one begins.
    const double bend = std::min(2.0, std::floor(step / 350.0));
    const double value = 0.9 - 0.3 * bend - 0.3 * std::min(1.0, (step - 350.0 * bend) / 100.0);
    loss.x.push_back(step);
    loss.y.push_back(value);
    scale.x.push_back(step);
    scale.y.push_back(state.number("scale").item<double>());
    for (int i = 0; i < 5; ++i) state = link.update(parameter, state, parameter, {.value = value}).state;
  }
  xgrad::draw::Plot plot{.title = "reduce_on_plateau", .x_label = "step", .series = {scale, loss}};
  plot.series.push_back({.x = {0.0, last_step}, .y = {0.0, 0.0}, .style = xgrad::draw::Style::Faint});
  xgrad::draw::save(folder / "schedule_reduce_on_plateau.svg", plot);
}

}  // namespace

void draw_schedules(const Folder& folder) {
  draw_falling(folder);
  draw_stairs(folder);
  draw_waves(folder);
  draw_plateaus(folder);
}

}  // namespace pictures
