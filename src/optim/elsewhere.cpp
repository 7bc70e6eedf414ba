// Optimisers that ask for gradients at other points.
#include <xgrad/optim/gradient.hpp>

#include <xgrad/core/errors.hpp>
#include <xgrad/ops/elementwise.hpp>
#include <xgrad/ops/rounding.hpp>
#include <xgrad/transform/control.hpp>

#include "optim/numbers.hpp"

namespace xgrad::optim {
namespace {

using detail::Clock;
using detail::Text;

/// The gradient at some parameters in the place of those of the step, which may be some of the model's.
std::vector<Var> gradient_elsewhere(const GradientFunction& f, std::string_view optimiser, const Step& step,
                                    std::span<const Var> parameters) {
  std::vector<Var> result = f(parameters);
  if (result.size() == parameters.size()) {
    bool fits = true;
    for (std::size_t i = 0; i < result.size(); ++i) fits = fits && result[i].shape() == step.parameters()[i].shape();
    if (fits) return result;
  }
  throw ShapeError(std::string(optimiser) +
                   ": the function of the extras gives no gradient of the parameters that it " +
                   "gets; it cannot be used for a part of them");
}

constexpr std::string_view svrg_paper = "Johnson and Zhang 2013";
constexpr std::string_view sam_paper = "Foret et al. 2021";
constexpr std::string_view sarah_paper = "Nguyen et al. 2017";

}  // namespace

Optimiser svrg(const Svrg& s) {
  require_setting("svrg", "rate", s.rate, Range::not_negative, svrg_paper);
  require_at_least("svrg", "every", static_cast<long long>(s.every), 1, svrg_paper);
  const auto every = static_cast<std::int64_t>(s.every);
  return Transformation(
      Text("svrg")("rate", s.rate)("every", s.every).str(),
      [](Slots& slots) {
        slots.number("count", Var(0));
        slots.each("snapshot", [](const Var& p) { return p; });
        slots.like("full");
      },
      [s, every](Step& step) {
        const Extras& extras = step.extras();
        if (!extras.gradient) detail::throw_missing("svrg", "gradient", svrg_paper);
        if (!extras.full_gradient) detail::throw_missing("svrg", "full_gradient", svrg_paper);
        Var& count = step.number();
        const Var rate = s.rate.at(detail::weak(count));
        const Var renews = equal(count % every, 0);
        count = count + 1;
        const std::span<Var> snapshot = step.slot();
        const std::span<Var> full = step.slot();
        using Arrays = std::vector<Var>;
        const Arrays now(step.parameters().begin(), step.parameters().end());
        const Arrays old(full.begin(), full.end());
        const Arrays all = cond(
            renews,
            [&](const Arrays& p, const Arrays&) { return gradient_elsewhere(extras.full_gradient, "svrg", step, p); },
            [](const Arrays&, const Arrays& kept) { return kept; }, now, old);
        for (std::size_t i = 0; i < step.size(); ++i) {
          full[i] = all[i];
          snapshot[i] = where(renews, now[i], snapshot[i]);
        }
        const Arrays there = gradient_elsewhere(extras.gradient, "svrg", step, snapshot);
        for (std::size_t i = 0; i < step.size(); ++i) step.updates[i] = -rate * (step.updates[i] - there[i] + full[i]);
      });
}

Optimiser sarah(const Svrg& s) {
  require_setting("sarah", "rate", s.rate, Range::not_negative, sarah_paper);
  require_at_least("sarah", "every", static_cast<long long>(s.every), 1, sarah_paper);
  const auto every = static_cast<std::int64_t>(s.every);
  return Transformation(
      Text("sarah")("rate", s.rate)("every", s.every).str(),
      [](Slots& slots) {
        slots.number("count", Var(0));
        slots.each("before", [](const Var& p) { return p; });
        slots.like("estimate");
      },
      [s, every](Step& step) {
        const Extras& extras = step.extras();
        if (!extras.gradient) detail::throw_missing("sarah", "gradient", sarah_paper);
        if (!extras.full_gradient) detail::throw_missing("sarah", "full_gradient", sarah_paper);
        Var& count = step.number();
        const Var rate = s.rate.at(detail::weak(count));
        const Var renews = equal(count % every, 0);
        count = count + 1;
        const std::span<Var> before = step.slot();
        const std::span<Var> estimate = step.slot();
        using Arrays = std::vector<Var>;
        const Arrays now(step.parameters().begin(), step.parameters().end());
        const Arrays last(before.begin(), before.end());
        const Arrays v(estimate.begin(), estimate.end());
        const Arrays next = cond(
            renews,
            [&](const Arrays& p, const Arrays&, const Arrays&, const Arrays&) {
              return gradient_elsewhere(extras.full_gradient, "sarah", step, p);
            },
            [&](const Arrays&, const Arrays& p, const Arrays& g, const Arrays& kept) {
              Arrays result = gradient_elsewhere(extras.gradient, "sarah", step, p);
              for (std::size_t i = 0; i < result.size(); ++i) result[i] = g[i] - result[i] + kept[i];
              return result;
            },
            now, last, step.updates, v);
        for (std::size_t i = 0; i < step.size(); ++i) {
          estimate[i] = next[i];
          before[i] = now[i];
          step.updates[i] = -rate * next[i];
        }
      });
}

Optimiser sam(const Optimiser& inner, const Sam& s) {
  require_setting("sam", "rho", s.rho, Range::not_negative, sam_paper);
  detail::require_of_batch("sam", inner);
  const Clock clock({s.rho});
  std::string text = "sam(" + inner.text() + ", rho " + s.rho.text() + (s.adaptive ? ", adaptive)" : ")");
  return Transformation(
      std::move(text),
      [clock, inner](Slots& slots) {
        clock.init(slots);
        slots.part("inner", inner);
      },
      [clock, inner, s](Step& step) {
        if (!step.extras().gradient) detail::throw_missing("sam", "gradient", sam_paper);
        const Var rho = s.rho.at(clock.read(step));
        std::vector<Var> scaled = step.updates;
        if (s.adaptive) {
          for (std::size_t i = 0; i < step.size(); ++i) scaled[i] = abs(step.parameters()[i]) * scaled[i];
        }
        const Var size = detail::global_norm_of(scaled);
        const Var factor = detail::weak(where(size > 0.0, rho / where(size > 0.0, size, 1.0), 0.0));
        std::vector<Var> worst;
        for (std::size_t i = 0; i < step.size(); ++i) {
          const Var& p = step.parameters()[i];
          worst.push_back(p + factor * (s.adaptive ? abs(p) * scaled[i] : scaled[i]));
        }
        step.updates = gradient_elsewhere(step.extras().gradient, "sam", step, worst);
        step.part(inner);
      });
}

}  // namespace xgrad::optim
