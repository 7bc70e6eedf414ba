// Adam and those that change one of its means or roots.
#include <xgrad/optim/adaptive.hpp>

#include <xgrad/ops/elementwise.hpp>
#include <xgrad/ops/reduce.hpp>

#include "optim/moments.hpp"
#include "optim/numbers.hpp"

namespace xgrad::optim {
namespace {

using detail::Clock;
using detail::descending;
using detail::grown;
using detail::Moments;
using detail::moved;
using detail::named;
using detail::require_of_moments;
using detail::root;
using detail::text_of_moments;

constexpr std::string_view kingma = "Kingma and Ba 2015";

/// What the members of the family do otherwise.
enum class Form : unsigned char { adam, amsgrad, nadam, rows };

/// Where a row has a gradient: its first axis stays.
Var rows_with_gradient(const Var& g) {
  if (g.dimension() < 2) return not_equal(g, 0.0);
  std::vector<std::ptrdiff_t> axes;
  for (std::size_t k = 1; k < g.dimension(); ++k) axes.push_back(static_cast<std::ptrdiff_t>(k));
  return any(not_equal(g, 0.0), Axes(axes), keep_dims);
}

/// The direction of Adam and of those that are alike.
Transformation adam_direction(const Adam& s, Form form) {
  const Clock clock({s.beta1, s.beta2, s.eps});
  return Transformation(
      "adam",
      [clock, form](Slots& slots) {
        Moments::init(slots, clock);
        if (form == Form::amsgrad) slots.like("largest");
      },
      [clock, s, form](Step& step) {
        const Moments m = Moments::take(step, clock, s.beta1, s.beta2);
        const Var eps = s.eps.at(m.t);
        const std::span<Var> largest = form == Form::amsgrad ? step.slot() : std::span<Var>();
        const Var first = 1.0 / m.weight1;
        const Var second = 1.0 / sqrt(m.weight2);
        const Var ahead = m.beta1 / (m.beta1 * m.weight1 + (1.0 - m.beta1));  // of nadam: the weight of the next step
        for (std::size_t i = 0; i < step.size(); ++i) {
          const Var g = step.updates[i];
          Var mu = moved(m.mu[i], g, m.beta1);
          Var nu = moved(m.nu[i], square(g), m.beta2);
          Var mean = form == Form::nadam ? ahead * mu + (1.0 - m.beta1) * first * g : first * mu;
          Var size = nu;
          if (form == Form::amsgrad) {
            largest[i] = maximum(largest[i], nu);
            size = largest[i];
          }
          Var direction = mean / (second * root(size) + eps);
          if (form == Form::rows) {
            const Var seen = rows_with_gradient(g);
            mu = where(seen, mu, m.mu[i]);
            nu = where(seen, nu, m.nu[i]);
            direction = where(seen, direction, 0.0);
          }
          m.mu[i] = mu;
          m.nu[i] = nu;
          step.updates[i] = direction;
        }
      });
}

Transformation adamax_direction(const Adam& s) {
  const Clock clock({s.beta1, s.beta2, s.eps});
  return Transformation(
      "adamax",
      [clock](Slots& slots) {
        clock.init(slots);
        slots.number("mu_weight", 0.0);
        slots.like("mu");
        slots.like("largest");
      },
      [clock, s](Step& step) {
        const Var t = clock.read(step);
        const Var beta1 = s.beta1.at(t);
        const Var beta2 = s.beta2.at(t);
        const Var eps = s.eps.at(t);
        const Var first = 1.0 / grown(step.number(), beta1);
        const std::span<Var> mu = step.slot();
        const std::span<Var> largest = step.slot();
        for (std::size_t i = 0; i < step.size(); ++i) {
          const Var& g = step.updates[i];
          mu[i] = moved(mu[i], g, beta1);
          largest[i] = maximum(beta2 * largest[i], abs(g));
          step.updates[i] = first * mu[i] / (largest[i] + eps);
        }
      });
}

Optimiser of_direction(std::string_view name, const Adam& s, const Transformation& direction) {
  require_of_moments(name, kingma, s.rate, s.beta1, s.beta2, s.eps);
  return named(text_of_moments(name, s.rate, s.beta1, s.beta2, s.eps).str(), descending(direction, s.rate));
}

Optimiser with_decay(std::string_view name, const AdamW& s, Transformation (*direction)(const Adam&)) {
  require_of_moments(name, kingma, s.rate, s.beta1, s.beta2, s.eps);
  require_setting(name, "decay", s.decay, Range::not_negative, "Loshchilov and Hutter 2019");
  return named(
      text_of_moments(name, s.rate, s.beta1, s.beta2, s.eps)("decay", s.decay).among("decayed", s.decayed).str(),
      descending(direction({s.rate, s.beta1, s.beta2, s.eps}), s.rate, s.decay, s.decayed));
}

}  // namespace

Optimiser adam(const Adam& s) { return of_direction("adam", s, adam_direction(s, Form::adam)); }
Optimiser amsgrad(const Adam& s) { return of_direction("amsgrad", s, adam_direction(s, Form::amsgrad)); }
Optimiser nadam(const Adam& s) { return of_direction("nadam", s, adam_direction(s, Form::nadam)); }
Optimiser sparse_adam(const Adam& s) { return of_direction("sparse_adam", s, adam_direction(s, Form::rows)); }
Optimiser adamax(const Adam& s) { return of_direction("adamax", s, adamax_direction(s)); }

Optimiser adamw(const AdamW& s) {
  return with_decay("adamw", s, [](const Adam& adam) { return adam_direction(adam, Form::adam); });
}
Optimiser nadamw(const AdamW& s) {
  return with_decay("nadamw", s, [](const Adam& adam) { return adam_direction(adam, Form::nadam); });
}
Optimiser adamaxw(const AdamW& s) { return with_decay("adamaxw", s, adamax_direction); }

}  // namespace xgrad::optim
