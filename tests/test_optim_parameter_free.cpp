// Optimisers that find their rate, against their formulas in plain numbers.
#include "optim_rows.hpp"

#include <array>

BOOST_AUTO_TEST_SUITE(test_optim_parameter_free)

using namespace optim_rows;
using optim::Setting;
using std::pow;
using std::sqrt;

namespace {

constexpr double rate = 0.7;

Arrays minus(const Arrays& a, const Arrays& b) {
  Arrays result = a;
  for (std::size_t k = 0; k < 2; ++k) {
    for (std::size_t i = 0; i < a[k].size(); ++i) result[k][i] -= b[k][i];
  }
  return result;
}
double sizes(const Arrays& a) {
  double total = 0.0;
  for (const Numbers& each : a) {
    for (const double x : each) total += std::abs(x);
  }
  return total;
}
/// f(p, a, b, ...) for each element of arrays.
template <class F, class... A>
void for_all(F f, A&... arrays) {
  for (std::size_t k = 0; k < 2; ++k) {
    for (std::size_t i = 0; i < first_arrays()[k].size(); ++i) f(arrays[k][i]...);
  }
}

/// What formulas keep.
struct Kept {
  Arrays start, a = like(first_arrays()), b = a, c = a, d = a;
  double x = 0.0, y = 0.0, t = 0.0;
};
template <class F>
std::function<Reference()> formula(F f) {
  return [f]() -> Reference {
    auto kept = std::make_shared<Kept>();
    return [f, kept](Arrays& p, const Arrays& g) {
      if (kept->t == 0.0) kept->start = p;
      kept->t += 1.0;
      f(p, g, *kept);
    };
  };
}

void dog_formula(Arrays& p, const Arrays& g, Kept& s) {
  if (s.t == 1.0) s.x = 1e-3 * (1.0 + norm(p));
  s.x = std::max(s.x, norm(minus(p, s.start)));
  s.y += dot(g, g);
  for_all([&](double& w, double slope) { w -= rate * s.x / sqrt(s.y + 1e-8) * slope; }, p, g);
}
void dowg_formula(Arrays& p, const Arrays& g, Kept& s) {
  if (s.t == 1.0) {
    s.x = 1e-3 * (1.0 + norm(p));
    s.y = 0.01 * s.x * s.x;
  }
  s.x = std::max(s.x, norm(minus(p, s.start)));
  s.y += s.x * s.x * dot(g, g);
  for_all([&](double& w, double slope) { w -= rate * s.x * s.x / sqrt(s.y) * slope; }, p, g);
}
void polyak_formula(Arrays& p, const Arrays& g, Kept&) {
  const double step = rate * std::min((loss(p) + 0.1) / dot(g, g), 1.0);
  for_all([&](double& w, double slope) { w -= step * slope; }, p, g);
}
void momo_formula(Arrays& p, const Arrays& g, Kept& s) {
  const double keep = s.t == 1.0 ? 0.0 : 0.9;
  s.x = keep * s.x + (1.0 - keep) * loss(p);
  s.y = keep * s.y + (1.0 - keep) * dot(g, p);
  for_all([&](double& m, double slope) { m = keep * m + (1.0 - keep) * slope; }, s.a, g);
  const double step = std::min(rate, std::max(s.x + dot(s.a, p) - s.y, 0.0) / dot(s.a, s.a));
  for_all([&](double& w, double m) { w -= step * m; }, p, s.a);
}
void prodigy_formula(Arrays& p, const Arrays& g, Kept& s) {
  if (s.t == 1.0) s.x = 0.01;
  const double b = sqrt(0.999);
  const double d = s.x;
  s.y = b * s.y + (1.0 - b) * rate * d * d * dot(g, minus(s.start, p));
  for_all(
      [&](double& w, double slope, double& m, double& v, double& sum) {
        m = 0.9 * m + 0.1 * d * slope;
        v = 0.999 * v + 0.001 * d * d * slope * slope;
        sum = b * sum + (1.0 - b) * rate * d * d * slope;
        w -= rate * d * (m / (sqrt(v) + d * 1e-8) + 0.01 * w);
      },
      p, g, s.a, s.b, s.c);
  s.x = std::max(d, s.y / sizes(s.c));
}
void dadapt_formula(Arrays& p, const Arrays& g, Kept& s) {
  if (s.t == 1.0) s.x = 0.01;
  const double b = sqrt(0.999);
  const double d = s.x;
  Arrays scaled = s.c;
  for_all([](double& x, double v) { x /= sqrt(v) + 1e-8; }, scaled, s.b);
  s.y = b * s.y + (1.0 - b) * rate * d * dot(g, scaled);
  for_all(
      [&](double& w, double slope, double& m, double& v, double& sum) {
        m = 0.9 * m + 0.1 * rate * d * slope;
        v = 0.999 * v + 0.001 * slope * slope;
        sum = b * sum + (1.0 - b) * rate * d * slope;
        w -= m / (sqrt(v) + 1e-8) + rate * d * 0.01 * w;
      },
      p, g, s.a, s.b, s.c);
  s.x = std::max(d, s.y / ((1.0 - b) * sizes(s.c)));
}
void cocob_formula(Arrays& p, const Arrays& g, Kept& s) {
  for_all(
      [&](double& w, double w0, double slope, double& most, double& all, double& reward, double& sum) {
        most = std::max(std::max(most, 1e-8), std::abs(slope));
        all += std::abs(slope);
        reward = std::max(reward - slope * (w - w0), 0.0);
        sum -= slope;
        w = w0 + rate * sum / (most * std::max(all + most, 100.0 * most)) * (most + reward);
      },
      p, s.start, g, s.a, s.b, s.c, s.d);
}

/// Around sgd with rate 1, of two bets.
std::function<Reference()> mechanize_formula() {
  struct Bet {
    double beta, most = 0.0, variance = 0.0, reward = 0.0, scale = 0.0;
  };
  return []() -> Reference {
    auto kept = std::make_shared<Kept>();
    auto bets = std::make_shared<std::array<Bet, 2>>(std::array<Bet, 2>{Bet{0.9}, Bet{0.99}});
    return [kept, bets](Arrays& p, const Arrays& g) {
      if (kept->t == 0.0) kept->start = p;
      kept->t = 1.0;
      double total = 0.0;
      for (const Bet& bet : *bets) total += bet.scale;
      const double pull = 0.01 * total * norm(g) / norm(p);
      const double h = dot(kept->a, g) + pull * dot(kept->a, p);
      total = 0.0;
      for (Bet& bet : *bets) {
        bet.most = std::max(bet.beta * bet.most, std::abs(h));
        bet.variance = bet.beta * bet.beta * bet.variance + h * h;
        bet.reward = std::max(bet.beta * bet.reward - bet.scale * h, 0.0);
        bet.scale = (0.01 / 2.0 * bet.most + bet.reward) / (sqrt(bet.variance) + 1e-8);
        total += bet.scale;
      }
      for_all(
          [&](double& w, double w0, double slope, double& sum) {
            sum -= slope * 0.7;
            w = w0 + total * sum;
          },
          p, kept->start, g, kept->a);
    };
  };
}

std::vector<Row> rows() {
  return {
      {"polyak_sgd", [](const Setting& r) { return optim::polyak_sgd({.lowest = -0.1, .rate = r}); },
       formula(polyak_formula), rate, 200, 1e-2, false},
      {"momo", [](const Setting& r) { return optim::momo({.rate = r}); }, formula(momo_formula), rate, 200, 1e-2,
       false},
      {"dog", [](const Setting& r) { return optim::dog({.rate = r, .first = 1e-3}); }, formula(dog_formula), rate, 400,
       5e-2, false},
      {"dowg", [](const Setting& r) { return optim::dowg({.rate = r, .first = 1e-3, .eps = 0.01}); },
       formula(dowg_formula), rate, 400, 5e-2, false},
      {"prodigy", [](const Setting& r) { return optim::prodigy({.rate = r, .d0 = 0.01, .decay = 0.01}); },
       formula(prodigy_formula), rate, 400, 0.2, false},
      {"dadapt_adam", [](const Setting& r) { return optim::dadapt_adam({.rate = r, .d0 = 0.01, .decay = 0.01}); },
       formula(dadapt_formula), rate, 400, 0.2, false},
      {"cocob", [](const Setting& r) { return optim::cocob({.rate = r}); }, formula(cocob_formula), rate, 2000, 0.2},
      {"mechanize",
       [](const Setting& r) {
         return optim::mechanize(optim::sgd({.rate = r}), {.betas = {0.9, 0.99}, .first = 0.01});
       },
       mechanize_formula(), rate, 400, 0.1, false},
  };
}

}  // namespace

BOOST_AUTO_TEST_CASE(all_of_them) {
  for (const Row& row : rows()) check(row);
}

// The first step is as long as the first distance, whatever the size of the gradient.
BOOST_AUTO_TEST_CASE(first_steps_have_the_first_distance) {
  for (const double size : {1e-2, 1.0, 1e3}) {
    for (const optim::Optimiser& optimiser : {optim::dog(), optim::dowg()}) {
      const Var p = 0.0;
      const double u = optimiser.update(Var(size), optimiser.init(p), p).updates.item<double>();
      BOOST_TEST(std::abs(u / -1e-6 - 1.0) < 1e-4, optimiser.text() << " makes a step of " << u);
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
