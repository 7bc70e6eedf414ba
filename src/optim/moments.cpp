#include "optim/moments.hpp"

#include <xgrad/optim/links.hpp>

namespace xgrad::optim::detail {

void require_of_moments(std::string_view name, std::string_view paper, const Setting& rate, const Setting& beta1,
                        const Setting& beta2, const Setting& eps, Range of_eps) {
  require_setting(name, "rate", rate, Range::not_negative, paper);
  require_setting(name, "beta1", beta1, Range::fraction, paper);
  require_setting(name, "beta2", beta2, Range::fraction, paper);
  require_setting(name, "eps", eps, of_eps, paper);
}

Text text_of_moments(std::string_view name, const Setting& rate, const Setting& beta1, const Setting& beta2,
                     const Setting& eps) {
  Text text(name);
  text("rate", rate)("beta1", beta1)("beta2", beta2)("eps", eps);
  return text;
}

void Moments::init(Slots& slots, const Clock& clock) {
  clock.init(slots);
  slots.number("mu_weight", 0.0);
  slots.number("nu_weight", 0.0);
  slots.like("mu");
  slots.like("nu");
}

Moments Moments::take(Step& step, const Var& t, const Setting& beta1, const Setting& beta2) {
  Moments m;
  m.t = t;
  m.beta1 = beta1.at(m.t);
  m.beta2 = beta2.at(m.t);
  m.weight1 = grown(step.number(), m.beta1);
  m.weight2 = grown(step.number(), m.beta2);
  m.mu = step.slot();
  m.nu = step.slot();
  return m;
}

Transformation descending(const Transformation& direction, const Setting& rate) {
  return chain({direction, descend(rate)});
}

Transformation descending(const Transformation& direction, const Setting& rate, const Setting& decay,
                          const Selector& decayed) {
  if (decay.is(0.0)) return descending(direction, rate);
  return chain({direction, add_decay(decay, decayed), descend(rate)});
}

}  // namespace xgrad::optim::detail
