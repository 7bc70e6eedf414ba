#include <xgrad/optim/parameter_free.hpp>

#include <xgrad/core/errors.hpp>
#include <xgrad/ops/elementwise.hpp>

#include "optim/moments.hpp"
#include "optim/numbers.hpp"

namespace xgrad::optim {
namespace {

using detail::Clock;
using detail::inner_product;
using detail::moved;
using detail::root;
using detail::Text;
using detail::weak;

/// a / b, 0 where b is 0.
Var ratio_or_zero(const Var& a, const Var& b) {
  const Var good = not_equal(b, 0.0);
  return weak(where(good, a / where(good, b, 1.0), 0.0));
}

std::vector<Var> differences(std::span<const Var> a, std::span<const Var> b) {
  std::vector<Var> result;
  for (std::size_t i = 0; i < a.size(); ++i) result.push_back(a[i] - b[i]);
  return result;
}

constexpr std::string_view polyak = "Polyak 1987";
constexpr std::string_view schaipp = "Schaipp et al. 2023";
constexpr std::string_view orabona = "Orabona and Tommasi 2017";
constexpr std::string_view cutkosky = "Cutkosky et al. 2023";

void require_distance(std::string_view name, std::string_view paper, const Dog& s) {
  require_setting(name, "rate", s.rate, Range::not_negative, paper);
  require_setting(name, "first", s.first, Range::positive, paper);
  require_setting(name, "eps", s.eps, Range::positive, paper);
}

/// DoG, or DoWG with the squares of distances as weights.
Optimiser of_distances(std::string_view name, const Dog& s, bool weighted) {
  const Clock clock({s.rate});
  return Transformation(
      Text(name)("rate", s.rate)("first", s.first)("eps", s.eps).str(),
      [clock, s, weighted](Slots& slots) {
        clock.init(slots);
        const Var distance = s.first * (1.0 + detail::global_norm_of(slots.parameters()));
        slots.number("distance", distance);
        slots.number("sum", weighted ? s.eps * square(distance) : Var(s.eps));
        slots.each("start", [](const Var& p) { return p; });
      },
      [clock, s, weighted](Step& step) {
        const Var rate = s.rate.at(clock.read(step));
        Var& distance = step.number();
        Var& sum = step.number();
        const std::span<Var> start = step.slot();
        distance = maximum(distance, detail::global_norm_of(differences(step.parameters(), start)));
        const Var size = inner_product(step.updates, step.updates);
        const Var weight = weighted ? square(distance) : Var(1.0);
        sum = sum + weight * size;
        const Var factor = rate * (weighted ? weight : distance) * rsqrt(sum);
        for (Var& u : step.updates) u = -factor * u;
      });
}

}  // namespace

Optimiser polyak_sgd(const PolyakSgd& s) {
  require_setting("polyak_sgd", "rate", s.rate, Range::not_negative, polyak);
  require_setting("polyak_sgd", "lowest", s.lowest, Range::any, polyak);
  require_setting("polyak_sgd", "most", s.most, Range::positive, polyak);
  require_setting("polyak_sgd", "eps", s.eps, Range::not_negative, polyak);
  const Clock clock({s.rate, s.lowest, s.most, s.eps});
  return Transformation(
      Text("polyak_sgd")("lowest", s.lowest)("most", s.most)("rate", s.rate).str(),
      [clock](Slots& slots) { clock.init(slots); },
      [clock, s](Step& step) {
        const Var t = clock.read(step);
        const Var above = relu(detail::value_of(step, "polyak_sgd", polyak) - s.lowest.at(t));
        const Var size = inner_product(step.updates, step.updates) + s.eps.at(t);
        const Var factor = s.rate.at(t) * minimum(ratio_or_zero(above, size), s.most.at(t));
        for (Var& u : step.updates) u = -factor * u;
      });
}

Optimiser momo(const Momo& s) {
  require_setting("momo", "rate", s.rate, Range::not_negative, schaipp);
  require_setting("momo", "beta", s.beta, Range::fraction, schaipp);
  require_setting("momo", "lowest", s.lowest, Range::any, schaipp);
  return Transformation(
      Text("momo")("rate", s.rate)("beta", s.beta)("lowest", s.lowest).str(),
      [](Slots& slots) {
        slots.count();
        slots.number("value", 0.0);
        slots.number("product", 0.0);
        slots.like("mu");
      },
      [s](Step& step) {
        const Var t = step.count();
        const Var keep = weak(where(equal(t, 0.0), 0.0, s.beta.at(t)));
        Var& value = step.number();
        Var& product = step.number();
        const std::span<Var> mu = step.slot();
        value = moved(value, detail::value_of(step, "momo", schaipp), keep);
        product = moved(product, inner_product(step.updates, step.parameters()), keep);
        for (std::size_t i = 0; i < step.size(); ++i) mu[i] = moved(mu[i], step.updates[i], keep);
        const Var above = relu(value + inner_product(mu, step.parameters()) - product - s.lowest.at(t));
        const Var factor = minimum(s.rate.at(t), ratio_or_zero(above, inner_product(mu, mu)));
        for (std::size_t i = 0; i < step.size(); ++i) step.updates[i] = -factor * mu[i];
      });
}

Optimiser dog(const Dog& s) {
  require_distance("dog", "Ivgi et al. 2023", s);
  return of_distances("dog", s, false);
}

Optimiser dowg(const Dog& s) {
  require_distance("dowg", "Khaled et al. 2023", s);
  return of_distances("dowg", s, true);
}

namespace {

void require_of_adam(std::string_view name, std::string_view paper, const Setting& rate, const Setting& beta1,
                     const Setting& beta2, const Setting& eps, double d0, const Setting& decay) {
  detail::require_of_moments(name, paper, rate, beta1, beta2, eps, Range::positive);
  require_setting(name, "d0", d0, Range::positive, paper);
  require_setting(name, "decay", decay, Range::not_negative, paper);
}

/// The estimated distance d, what it is estimated from, and means.
void init_distance(Slots& slots, const Clock& clock, double first) {
  clock.init(slots);
  slots.number("d", first);
  slots.number("r", 0.0);
  for (const char* name : {"mu", "nu", "s"}) slots.like(name);
}

}  // namespace

Optimiser prodigy(const Prodigy& s) {
  require_of_adam("prodigy", "Mishchenko and Defazio 2023", s.rate, s.beta1, s.beta2, s.eps, s.d0, s.decay);
  const Clock clock({s.rate, s.beta1, s.beta2, s.eps, s.decay});
  return Transformation(
      detail::text_of_moments("prodigy", s.rate, s.beta1, s.beta2, s.eps)("d0", s.d0)("decay", s.decay).str(),
      [clock, s](Slots& slots) {
        init_distance(slots, clock, s.d0);
        slots.each("start", [](const Var& p) { return p; });
      },
      [clock, s](Step& step) {
        const Var t = clock.read(step);
        const Var rate = s.rate.at(t);
        const Var decay = s.decay.at(t);
        const Var beta1 = s.beta1.at(t);
        const Var beta2 = s.beta2.at(t);
        const Var eps = s.eps.at(t);
        const Var b = sqrt(beta2);
        Var& d = step.number();
        Var& r = step.number();
        const std::span<Var> mu = step.slot();
        const std::span<Var> nu = step.slot();
        const std::span<Var> sum = step.slot();
        const std::span<Var> start = step.slot();
        const Var share = (1.0 - b) * rate * square(d);
        r = b * r + share * inner_product(step.updates, differences(start, step.parameters()));
        for (std::size_t i = 0; i < step.size(); ++i) {
          const Var& g = step.updates[i];
          mu[i] = moved(mu[i], d * g, beta1);
          nu[i] = moved(nu[i], square(d * g), beta2);
          sum[i] = b * sum[i] + share * g;
          Var u = mu[i] / (root(nu[i]) + d * eps);
          if (!s.decay.is(0.0)) u = u + decay * step.parameters()[i];
          step.updates[i] = -(rate * d) * u;
        }
        d = maximum(d, ratio_or_zero(r, detail::sum_of_sizes(sum)));
      });
}

Optimiser dadapt_adam(const DAdaptAdam& s) {
  require_of_adam("dadapt_adam", "Defazio and Mishchenko 2023", s.rate, s.beta1, s.beta2, s.eps, s.d0, s.decay);
  const Clock clock({s.rate, s.beta1, s.beta2, s.eps, s.decay});
  return Transformation(
      detail::text_of_moments("dadapt_adam", s.rate, s.beta1, s.beta2, s.eps)("d0", s.d0)("decay", s.decay).str(),
      [clock, s](Slots& slots) { init_distance(slots, clock, s.d0); },
      [clock, s](Step& step) {
        const Var t = clock.read(step);
        const Var decay = s.decay.at(t);
        const Var beta1 = s.beta1.at(t);
        const Var beta2 = s.beta2.at(t);
        const Var eps = s.eps.at(t);
        const Var b = sqrt(beta2);
        Var& d = step.number();
        Var& r = step.number();
        const Var rate = s.rate.at(t) * d;
        const std::span<Var> mu = step.slot();
        const std::span<Var> nu = step.slot();
        const std::span<Var> sum = step.slot();
        std::vector<Var> scaled;
        for (std::size_t i = 0; i < step.size(); ++i) scaled.push_back(sum[i] / (root(nu[i]) + eps));
        r = b * r + (1.0 - b) * rate * inner_product(step.updates, scaled);
        for (std::size_t i = 0; i < step.size(); ++i) {
          const Var& g = step.updates[i];
          mu[i] = beta1 * mu[i] + ((1.0 - beta1) * rate) * g;
          nu[i] = moved(nu[i], square(g), beta2);
          sum[i] = b * sum[i] + ((1.0 - b) * rate) * g;
          Var u = mu[i] / (root(nu[i]) + eps);
          if (!s.decay.is(0.0)) u = u + (rate * decay) * step.parameters()[i];
          step.updates[i] = -u;
        }
        d = maximum(d, ratio_or_zero(r, (1.0 - b) * detail::sum_of_sizes(sum)));
      });
}

Optimiser mechanize(const Optimiser& inner, const Mechanize& s) {
  if (s.betas.empty()) throw ValueError("mechanize: there are no betas; there must be one (Cutkosky et al. 2023)");
  for (const Setting& beta : s.betas) require_setting("mechanize", "one of betas", beta, Range::unit, cutkosky);
  require_setting("mechanize", "decay", s.decay, Range::not_negative, cutkosky);
  require_setting("mechanize", "first", s.first, Range::positive, cutkosky);
  require_setting("mechanize", "eps", s.eps, Range::positive, cutkosky);
  detail::require_of_batch("mechanize", inner);
  bool varies = any_varies({s.decay, s.first, s.eps});
  for (const Setting& beta : s.betas) varies = varies || beta.varies();
  return Transformation(
      "mechanize(" + inner.text() + ')',
      [inner, s, varies](Slots& slots) {
        slots.part("inner", inner);
        if (varies) slots.count();
        for (std::size_t k = 0; k < s.betas.size(); ++k) {
          for (const char* name : {"most", "variance", "reward", "scale"}) {
            slots.number(name + std::to_string(k), 0.0);
          }
        }
        slots.like("sum");
        slots.each("start", [](const Var& p) { return p; });
      },
      [inner, s, varies](Step& step) {
        const std::vector<Var> g = step.updates;
        step.part(inner);
        const Var t = varies ? step.count() : Var();
        struct Bet {
          Var *most, *variance, *reward, *scale;
        };
        std::vector<Bet> bets;
        Var total = 0.0;
        for (std::size_t k = 0; k < s.betas.size(); ++k) {
          bets.push_back({&step.number(), &step.number(), &step.number(), &step.number()});
          total = total + *bets.back().scale;
        }
        const std::span<Var> sum = step.slot();
        const std::span<Var> start = step.slot();
        const Var size = detail::global_norm_of(step.parameters());
        const Var pull = s.decay.at(t) * total * ratio_or_zero(detail::global_norm_of(g), size);
        const Var h = inner_product(sum, g) + pull * inner_product(sum, step.parameters());
        Var scale = 0.0;
        const Var eps = s.eps.at(t);
        const Var share = s.first.at(t) / static_cast<double>(s.betas.size());
        for (std::size_t k = 0; k < bets.size(); ++k) {
          const Var beta = s.betas[k].at(t);
          const Bet& bet = bets[k];
          *bet.most = maximum(beta * *bet.most, abs(h));
          *bet.variance = beta * beta * *bet.variance + square(h);
          *bet.reward = relu(beta * *bet.reward - *bet.scale * h);
          *bet.scale = (share * *bet.most + *bet.reward) / (root(*bet.variance) + eps);
          scale = scale + *bet.scale;
        }
        for (std::size_t i = 0; i < step.size(); ++i) {
          sum[i] = sum[i] + step.updates[i];
          step.updates[i] = start[i] + scale * sum[i] - step.parameters()[i];
        }
      });
}

Optimiser cocob(const Cocob& s) {
  require_setting("cocob", "alpha", s.alpha, Range::positive, orabona);
  require_setting("cocob", "eps", s.eps, Range::positive, orabona);
  require_setting("cocob", "rate", s.rate, Range::not_negative, orabona);
  const Clock clock({s.alpha, s.rate});
  return Transformation(
      Text("cocob")("alpha", s.alpha)("rate", s.rate).str(),
      [clock, s](Slots& slots) {
        clock.init(slots);
        slots.like("largest", s.eps);
        for (const char* name : {"sizes", "reward", "sum"}) slots.like(name);
        slots.each("start", [](const Var& p) { return p; });
      },
      [clock, s](Step& step) {
        const Var t = clock.read(step);
        const Var rate = s.rate.at(t);
        const Var alpha = s.alpha.at(t);
        const std::span<Var> largest = step.slot();
        const std::span<Var> sizes = step.slot();
        const std::span<Var> reward = step.slot();
        const std::span<Var> sum = step.slot();
        const std::span<Var> start = step.slot();
        for (std::size_t i = 0; i < step.size(); ++i) {
          const Var& g = step.updates[i];
          const Var& p = step.parameters()[i];
          largest[i] = maximum(largest[i], abs(g));
          sizes[i] = sizes[i] + abs(g);
          reward[i] = relu(reward[i] - g * (p - start[i]));
          sum[i] = sum[i] - g;
          const Var bet = sum[i] / (largest[i] * maximum(sizes[i] + largest[i], alpha * largest[i]));
          step.updates[i] = start[i] + rate * bet * (largest[i] + reward[i]) - p;
        }
      });
}

}  // namespace xgrad::optim
