// Descendants of Adam that change its steps: ADOPT, schedule-free, SWATS.
#include <xgrad/optim/adaptive.hpp>

#include <xgrad/ops/elementwise.hpp>

#include "optim/adam_kin.hpp"
#include "optim/numbers.hpp"

namespace xgrad::optim {
namespace {

using detail::Clock;
using detail::grown;
using detail::kin_text;
using detail::moved;
using detail::require_kin;
using detail::root;
using detail::Text;

}  // namespace

Optimiser adopt(const Adopt& s) {
  constexpr std::string_view paper = "Taniguchi et al. 2024";
  require_kin("adopt", paper, s.rate, s.beta1, s.beta2, s.eps);
  require_setting("adopt", "eps", s.eps, Range::positive, paper);
  return Transformation(
      Text("adopt")("rate", s.rate)("beta1", s.beta1)("beta2", s.beta2)("eps", s.eps).flag("clipped", s.clipped).str(),
      [](Slots& slots) {
        slots.count();
        slots.like("mu");
        slots.like("nu");
      },
      [s](Step& step) {
        const Var t = step.count();
        const Var rate = s.rate.at(t);
        const Var beta1 = s.beta1.at(t);
        const Var beta2 = s.beta2.at(t);
        const Var first = equal(t, 0.0);
        const Var bound = pow(t, 0.25);
        const std::span<Var> mu = step.slot();
        const std::span<Var> nu = step.slot();
        for (std::size_t i = 0; i < step.size(); ++i) {
          const Var& g = step.updates[i];
          Var d = g / maximum(root(nu[i]), s.eps);
          if (s.clipped) d = clip(d, -bound, bound);
          mu[i] = where(first, mu[i], moved(mu[i], d, beta1));
          nu[i] = where(first, square(g), moved(nu[i], square(g), beta2));
          step.updates[i] = where(first, 0.0, -rate * mu[i]);
        }
      });
}

Optimiser schedule_free_adamw(const ScheduleFreeAdamW& s) {
  constexpr std::string_view paper = "Defazio et al. 2024";
  require_kin("schedule_free_adamw", paper, s.rate, s.beta1, s.beta2, s.eps);
  require_setting("schedule_free_adamw", "decay", s.decay, Range::not_negative, paper);
  const Clock clock({s.rate, s.beta2, s.decay});
  return Transformation(
      Text("schedule_free_adamw")("rate", s.rate)("beta1", s.beta1)("beta2", s.beta2)("eps", s.eps)("decay", s.decay)
          .str(),
      [clock](Slots& slots) {
        clock.init(slots);
        slots.number("weight", 0.0);
        slots.number("nu_weight", 0.0);
        slots.like("nu");
        slots.each("z", [](const Var& p) { return p; });
        slots.each("average", [](const Var& p) { return p; });
      },
      [clock, s](Step& step) {
        const Var t = clock.read(step);
        const Var rate = s.rate.at(t);
        const Var beta2 = s.beta2.at(t);
        const Var decay = s.decay.at(t);
        Var& weight = step.number();
        weight = weight + square(rate);
        const Var share = detail::weak(where(weight > 0.0, square(rate) / weight, 0.0));
        const Var second = 1.0 / sqrt(grown(step.number(), beta2));
        const std::span<Var> nu = step.slot();
        const std::span<Var> z = step.slot();
        const std::span<Var> x = step.slot();
        for (std::size_t i = 0; i < step.size(); ++i) {
          const Var& g = step.updates[i];
          const Var& y = step.parameters()[i];
          nu[i] = moved(nu[i], square(g), beta2);
          Var d = g / (second * root(nu[i]) + s.eps);
          if (!s.decay.is(0.0)) d = d + decay * y;
          z[i] = z[i] - rate * d;
          x[i] = x[i] + share * (z[i] - x[i]);
          step.updates[i] = z[i] + s.beta1 * (x[i] - z[i]) - y;
        }
      });
}

Optimiser swats(const Swats& s) {
  require_kin("swats", "Keskar and Socher 2017", s.rate, s.beta1, s.beta2, s.eps);
  return Transformation(
      kin_text("swats", s.rate, s.beta1, s.beta2, s.eps),
      [](Slots& slots) {
        slots.count();
        slots.number("switched", Var(0));
        slots.number("sgd_rate", 0.0);
        slots.number("mean_rate", 0.0);
        slots.number("mu_weight", 0.0);
        slots.number("nu_weight", 0.0);
        for (const char* name : {"mu", "nu", "momentum"}) slots.like(name);
      },
      [s](Step& step) {
        const Var before = step.count();
        const Var rate = s.rate.at(before);
        const Var t = before + 1.0;
        Var& switched = step.number();
        Var& sgd_rate = step.number();
        Var& mean_rate = step.number();
        const Var first = 1.0 / grown(step.number(), s.beta1);
        const Var weight2 = grown(step.number(), s.beta2);
        const Var second = 1.0 / sqrt(weight2);
        const std::span<Var> mu = step.slot();
        const std::span<Var> nu = step.slot();
        const std::span<Var> momentum = step.slot();
        const Var descends = equal(switched, 1);
        const std::vector<Var> gradients = step.updates;
        std::vector<Var> adam;
        for (std::size_t i = 0; i < step.size(); ++i) {
          const Var& g = gradients[i];
          mu[i] = moved(mu[i], g, s.beta1);
          nu[i] = moved(nu[i], square(g), s.beta2);
          adam.push_back(-rate * first * mu[i] / (second * root(nu[i]) + s.eps));
          momentum[i] = where(descends, s.beta1 * momentum[i] + g, momentum[i]);
          step.updates[i] = where(descends, -(1.0 - s.beta1) * sgd_rate * momentum[i], adam[i]);
        }
        const Var slope = -detail::inner_product(adam, gradients);
        const Var known = not_equal(slope, 0.0);
        const Var gamma = detail::inner_product(adam, adam) / where(known, slope, 1.0);
        mean_rate = where(known, s.beta2 * mean_rate + (1.0 - s.beta2) * gamma, mean_rate);
        const Var unbiased = mean_rate / weight2;
        const Var settled = !descends && known && t > 1.0 && abs(unbiased - gamma) < s.eps && unbiased > 0.0;
        sgd_rate = where(settled, unbiased, sgd_rate);
        switched = where(settled, 1, switched);
      });
}

}  // namespace xgrad::optim
