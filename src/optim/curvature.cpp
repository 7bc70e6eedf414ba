#include <xgrad/optim/curvature.hpp>

#include <xgrad/ops/elementwise.hpp>
#include <xgrad/random/discrete.hpp>

#include "optim/moments.hpp"
#include "optim/numbers.hpp"

namespace xgrad::optim {
namespace {

using detail::Clock;
using detail::Moments;
using detail::moved;
using detail::named;

constexpr std::string_view sophia_paper = "Liu et al. 2023";
constexpr std::string_view adahessian_paper = "Yao et al. 2021";

Transformation sophia_direction(const Sophia& s) {
  const Clock clock({s.beta1, s.beta2, s.gamma, s.eps});
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
        const Var gamma = s.gamma.at(t);
        const Var eps = s.eps.at(t);
        const bool renews = !step.extras().curvature.empty();
        const std::span<Var> mu = step.slot();
        const std::span<Var> h = step.slot();
        for (std::size_t i = 0; i < step.size(); ++i) {
          mu[i] = moved(mu[i], step.updates[i], beta1);
          if (renews) h[i] = moved(h[i], detail::curvature_of(step, i, "sophia", sophia_paper), beta2);
          step.updates[i] = clip(mu[i] / maximum(gamma * h[i], eps), -1.0, 1.0);
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
  detail::require_of_moments("sophia", sophia_paper, s.rate, s.beta1, s.beta2, s.eps, Range::positive);
  require_setting("sophia", "gamma", s.gamma, Range::positive, sophia_paper);
  require_setting("sophia", "decay", s.decay, Range::not_negative, sophia_paper);
  return named(detail::text_of_moments("sophia", s.rate, s.beta1, s.beta2, s.eps)("gamma", s.gamma)("decay", s.decay)
                   .among("decayed", s.decayed)
                   .str(),
               detail::descending(sophia_direction(s), s.rate, s.decay, s.decayed));
}

Optimiser adahessian(const AdaHessian& s) {
  detail::require_of_moments("adahessian", adahessian_paper, s.rate, s.beta1, s.beta2, s.eps, Range::positive);
  require_setting("adahessian", "power", s.power, Range::unit, adahessian_paper);
  const Clock clock({s.rate, s.beta1, s.beta2, s.eps, s.power});
  return Transformation(
      detail::text_of_moments("adahessian", s.rate, s.beta1, s.beta2, s.eps)("power", s.power).str(),
      [clock](Slots& slots) { Moments::init(slots, clock); },
      [clock, s](Step& step) {
        const Moments m = Moments::take(step, clock, s.beta1, s.beta2);
        const Var first = s.rate.at(m.t) / m.weight1;
        const Var second = 1.0 / m.weight2;
        const Var eps = s.eps.at(m.t);
        const Var power = s.power.at(m.t);
        for (std::size_t i = 0; i < step.size(); ++i) {
          m.mu[i] = moved(m.mu[i], step.updates[i], m.beta1);
          m.nu[i] = moved(m.nu[i], square(detail::curvature_of(step, i, "adahessian", adahessian_paper)), m.beta2);
          const Var size = detail::root(second * m.nu[i]);
          step.updates[i] = -first * m.mu[i] / ((s.power.is(1.0) ? size : pow(size, power)) + eps);
        }
      });
}

}  // namespace xgrad::optim
