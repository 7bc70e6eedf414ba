// Averages of updates and of parameters.
#include <xgrad/core/errors.hpp>
#include <xgrad/ops/elementwise.hpp>
#include <xgrad/ops/rounding.hpp>
#include <xgrad/optim/combine.hpp>

#include "optim/numbers.hpp"

namespace xgrad::optim {
namespace {

constexpr std::string_view averaging = "Polyak and Juditsky 1992";

/// How much of the way an average goes to the newest value; the weight is that of all values before.
Var share_of_newest(const Var& decay, bool unbiased, Step& step) {
  if (!unbiased) return 1.0 - decay;
  Var& weight = step.number();
  weight = decay * weight + (1.0 - decay);
  return (1.0 - decay) / weight;
}

void init_average(Slots& slots, const detail::Clock& clock, bool unbiased) {
  clock.init(slots);
  if (unbiased) slots.number("weight", 0.0);
  slots.each("average", [](const Var& p) { return p; });
}

}  // namespace

Transformation ema(const Ema& settings) {
  require_setting("ema", "decay", settings.decay, Range::fraction, averaging);
  const detail::Clock clock({settings.decay});
  return Transformation(
      detail::Text("ema")("decay", settings.decay).flag("unbiased", settings.unbiased).str(),
      [settings, clock](Slots& slots) {
        clock.init(slots);
        if (settings.unbiased) slots.number("weight", 0.0);
        slots.like("mean");
      },
      [settings, clock](Step& step) {
        const Var decay = settings.decay.at(clock.read(step));
        const Var share = share_of_newest(decay, settings.unbiased, step);
        const std::span<Var> mean = step.slot();
        for (std::size_t i = 0; i < step.size(); ++i) {
          mean[i] = mean[i] + share * (step.updates[i] - mean[i]);
          step.updates[i] = mean[i];
        }
      });
}

Transformation ema_of_parameters(const Optimiser& inner, const Ema& settings) {
  require_setting("ema_of_parameters", "decay", settings.decay, Range::fraction, averaging);
  const detail::Clock clock({settings.decay});
  const Transformation result(
      "ema_of_parameters(" + inner.text() + ", decay " + settings.decay.text() + ')',
      [settings, clock, inner](Slots& slots) {
        slots.part("inner", inner);
        init_average(slots, clock, settings.unbiased);
      },
      [settings, clock, inner](Step& step) {
        step.part(inner);
        const Var decay = settings.decay.at(clock.read(step));
        const Var share = share_of_newest(decay, settings.unbiased, step);
        const std::span<Var> average = step.slot();
        for (std::size_t i = 0; i < step.size(); ++i) {
          average[i] = average[i] + share * (step.parameters()[i] + step.updates[i] - average[i]);
        }
      },
      inner.gradients());
  return detail::with_rate_of(inner, result);
}

Transformation swa(const Optimiser& inner, const Swa& settings) {
  require_at_least("swa", "every", static_cast<long long>(settings.every), 1, "Izmailov et al. 2018");
  const auto every = static_cast<std::int64_t>(settings.every);
  const auto start = static_cast<std::int64_t>(settings.start);
  const Transformation result(
      "swa(" + inner.text() + ", start " + std::to_string(start) + ", every " + std::to_string(every) + ')',
      [inner](Slots& slots) {
        slots.part("inner", inner);
        slots.count();
        slots.number("averaged", Var(0));
        slots.each("average", [](const Var& p) { return p; });
      },
      [inner, every, start](Step& step) {
        step.part(inner);
        Var& count = step.number();
        Var& averaged = step.number();
        const std::span<Var> average = step.slot();
        const Var counts = count >= start && equal((count - start) % every, 0);
        count = count + 1;
        const Var share = where(counts, 1.0 / (detail::weak(averaged) + 1.0), 0.0);
        averaged = averaged + where(counts, 1, 0);
        for (std::size_t i = 0; i < step.size(); ++i) {
          average[i] = average[i] + detail::weak(share) * (step.parameters()[i] + step.updates[i] - average[i]);
        }
      },
      inner.gradients());
  return detail::with_rate_of(inner, result);
}

Transformation lookahead(const Optimiser& inner, const Lookahead& settings) {
  constexpr std::string_view paper = "Zhang et al. 2019";
  require_at_least("lookahead", "every", static_cast<long long>(settings.every), 1, paper);
  require_setting("lookahead", "alpha", settings.alpha, Range::unit, paper);
  const auto every = static_cast<std::int64_t>(settings.every);
  return Transformation(
      "lookahead(" + inner.text() + ", every " + std::to_string(every) + ", alpha " + settings.alpha.text() + ')',
      [inner](Slots& slots) {
        slots.part("inner", inner);
        slots.count();
        slots.each("average", [](const Var& p) { return p; });
      },
      [inner, every, settings](Step& step) {
        step.part(inner);
        Var& count = step.number();
        const Var alpha = settings.alpha.at(detail::weak(count));
        count = count + 1;
        const Var meets = equal(count % every, 0);
        const std::span<Var> slow = step.slot();
        for (std::size_t i = 0; i < step.size(); ++i) {
          const Var& p = step.parameters()[i];
          slow[i] = where(meets, slow[i] + alpha * (p + step.updates[i] - slow[i]), slow[i]);
          step.updates[i] = where(meets, slow[i] - p, step.updates[i]);
        }
      },
      inner.gradients());
}

}  // namespace xgrad::optim
