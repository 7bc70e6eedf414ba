#include <xgrad/optim/curvature.hpp>

#include <xgrad/ops/elementwise.hpp>
#include <xgrad/optim/links.hpp>
#include <xgrad/random/discrete.hpp>

#include "optim/numbers.hpp"

namespace xgrad::optim {
namespace {

using detail::Clock;
using detail::grown;
using detail::moved;
using detail::named;
using detail::Text;

constexpr std::string_view sophia_paper = "Liu et al. 2023";
constexpr std::string_view adahessian_paper = "Yao et al. 2021";

Transformation sophia_direction(const Sophia& s) {
  const Clock clock({s.beta1, s.beta2});
  return Transformation(
      "sophia",
      [clock](Slots& slots) {
        clock.init(slots);
        slots.like("mu");
        slots.like("curvature");
      },
      [clock, s](Step& step) {
        const Var t = clock.read(step);
        const Var beta1 = s.beta1.at(t);
        const Var beta2 = s.beta2.at(t);
        const bool renews = !step.extras().curvature.empty();
        const std::span<Var> mu = step.slot();
        const std::span<Var> h = step.slot();
        for (std::size_t i = 0; i < step.size(); ++i) {
          mu[i] = moved(mu[i], step.updates[i], beta1);
          if (renews) h[i] = moved(h[i], detail::curvature_of(step, i, "sophia", sophia_paper), beta2);
          step.updates[i] = clip(mu[i] / maximum(s.gamma * h[i], s.eps), -1.0, 1.0);
        }
      });
}

}  // namespace

namespace detail {

std::vector<Var> random_signs(std::span<const Var> like, const random::Key& key) {
  std::vector<Var> result;
  for (std::size_t i = 0; i < like.size(); ++i) {
    const random::Key own = key.fold_in(Var(static_cast<std::int64_t>(i)));
    result.push_back(random::rademacher(own, like[i].shape(), like[i].dtype()));
  }
  return result;
}

}  // namespace detail

Optimiser sophia(const Sophia& s) {
  require_setting("sophia", "rate", s.rate, Range::not_negative, sophia_paper);
  require_setting("sophia", "beta1", s.beta1, Range::fraction, sophia_paper);
  require_setting("sophia", "beta2", s.beta2, Range::fraction, sophia_paper);
  require_setting("sophia", "gamma", s.gamma, Range::positive, sophia_paper);
  require_setting("sophia", "eps", s.eps, Range::positive, sophia_paper);
  require_setting("sophia", "decay", s.decay, Range::not_negative, sophia_paper);
  std::vector<Transformation> links{sophia_direction(s)};
  if (!s.decay.is(0.0)) links.push_back(add_decay(s.decay, s.decayed));
  links.push_back(descend(s.rate));
  return named(
      Text("sophia")("rate", s.rate)("beta1", s.beta1)("beta2", s.beta2)("gamma", s.gamma)("decay", s.decay).str(),
      chain(std::move(links)));
}

Optimiser adahessian(const AdaHessian& s) {
  require_setting("adahessian", "rate", s.rate, Range::not_negative, adahessian_paper);
  require_setting("adahessian", "beta1", s.beta1, Range::fraction, adahessian_paper);
  require_setting("adahessian", "beta2", s.beta2, Range::fraction, adahessian_paper);
  require_setting("adahessian", "eps", s.eps, Range::positive, adahessian_paper);
  require_setting("adahessian", "power", s.power, Range::unit, adahessian_paper);
  const Clock clock({s.rate, s.beta1, s.beta2});
  return Transformation(
      Text("adahessian")("rate", s.rate)("beta1", s.beta1)("beta2", s.beta2)("eps", s.eps)("power", s.power).str(),
      [clock](Slots& slots) {
        clock.init(slots);
        slots.number("mu_weight", 0.0);
        slots.number("nu_weight", 0.0);
        slots.like("mu");
        slots.like("nu");
      },
      [clock, s](Step& step) {
        const Var t = clock.read(step);
        const Var beta1 = s.beta1.at(t);
        const Var beta2 = s.beta2.at(t);
        const Var first = s.rate.at(t) / grown(step.number(), beta1);
        const Var second = 1.0 / grown(step.number(), beta2);
        const std::span<Var> mu = step.slot();
        const std::span<Var> nu = step.slot();
        for (std::size_t i = 0; i < step.size(); ++i) {
          mu[i] = moved(mu[i], step.updates[i], beta1);
          nu[i] = moved(nu[i], square(detail::curvature_of(step, i, "adahessian", adahessian_paper)), beta2);
          const Var size = detail::root(second * nu[i]);
          step.updates[i] = -first * mu[i] / ((s.power == 1.0 ? size : pow(size, s.power)) + s.eps);
        }
      });
}

}  // namespace xgrad::optim
