// Hamiltonian Monte Carlo: not the best parameters but all that the data allow. In 23 launches of the Space Shuttle
// before Challenger's last one, O-rings were damaged in seven, mostly on cold days. What does that say of a launch at
// 31 degrees Fahrenheit? Chains move through the posterior of a logistic regression along its gradient; all of them are
// one scan(). Means and deviations are compared with sums over a fine grid, which two parameters still allow.
//
//     23_hmc [folder for its picture ["short": fewer draws]]
#include <cmath>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <xgrad/draw.hpp>
#include <xgrad/io/csv.hpp>
#include <xgrad/random.hpp>
#include <xgrad/xgrad.hpp>

namespace xg = xgrad;

struct Launches {
  xg::Var temperature;  // [n] degrees Fahrenheit
  xg::Var damaged;      // [n] 1 or 0
};

/// Logarithm of the odds of damage, for parameters [..., 2] and temperatures [n]: [..., n].
xg::Var log_odds(const xg::Var& theta, const xg::Var& temperature) {
  const xg::Var x = (temperature - 70.0) / 7.0;
  return matmul(theta, xg::stack({ones_like(x), x}));
}

/// Logarithm of the posterior density, up to a constant, of parameters [..., 2]: [...]. The prior is normal, with
/// deviation 5.
xg::Var log_density(const xg::Var& theta, const Launches& launches) {
  const xg::Var z = log_odds(theta, launches.temperature);
  return sum(launches.damaged * z - softplus(z), -1) - sum(square(theta), -1) / 50.0;
}

struct Settings {
  std::size_t chains = 32;
  std::size_t draws = 1200;  // of each
  std::size_t warm_up = 200;
  std::size_t leaps = 8;
  double step = 0.3;
};

/// What carries a chain from draw to draw: a push in a random direction, then leaps along the path of a ball that rolls
/// in the landscape -log density. Where it arrives is taken with the probability that makes up for the errors of the
/// leaps (S. Duane et al., 1987).
std::pair<xg::Var, xg::Var> next_draw(const xg::Var& theta, const xg::random::Key& key, const Launches& launches,
                                      const Settings& s) {
  const auto slope = xg::grad([&](const xg::Var& at) { return sum(log_density(at, launches)); });  // chains are apart
  const auto [for_push, for_step, for_choice] = key.split<3>();
  const xg::Var push = xg::random::normal(for_push, theta.shape());
  const xg::Var step = s.step * xg::random::uniform(for_step, 0.6, 1.2);  // else a path might always close

  using Ball = std::pair<xg::Var, xg::Var>;  // place and speed, [chains, 2]
  const auto leap = [&](const xg::Var&, const Ball& ball) {
    const xg::Var place = ball.first + step * ball.second;
    return Ball{place, ball.second + step * slope(place)};
  };
  const auto [place, speed] = xg::fori_loop(s.leaps, leap, Ball{theta, push + 0.5 * step * slope(theta)});
  const xg::Var last_speed = speed - 0.5 * step * slope(place);  // the last leap went half a step too far

  const auto energy = [&](const xg::Var& at, const xg::Var& v) {
    return 0.5 * sum(square(v), -1) - log_density(at, launches);
  };
  const xg::Var gain = energy(theta, push) - energy(place, last_speed);
  const xg::Var taken = log(xg::random::uniform(for_choice, gain.shape())) < gain;
  return {where(expand_dims(taken, 1), place, theta), mean(taken)};
}

struct Draws {
  xg::Var theta;     // [draws, chains, 2]
  double taken = 0;  // share of proposals
};

Draws sample(const Launches& launches, const xg::random::Key& key, const Settings& s) {
  const auto [for_start, for_draws] = key.split<2>();
  const auto body = [&](const xg::Var& theta, const xg::random::Key& k) {
    const auto [next, taken] = next_draw(theta, k, launches, s);
    return std::pair{next, std::pair{next, taken}};
  };
  const auto all =
      xg::scan(body, 2.0 * xg::random::normal(for_start, {s.chains, 2}), for_draws.split_array(s.warm_up + s.draws))
          .second;
  const auto skip = static_cast<std::ptrdiff_t>(s.warm_up);
  return {view(all.first, xt::range(skip, xt::placeholders::_)), mean(all.second).item<double>()};
}

/// How much wider all chains together are than each by itself; 1 if they have forgotten where they began (A. Gelman and
/// D. B. Rubin, 1992).
double worst_ratio(const xg::Var& theta) {
  const xg::Var within = mean(variance(theta, 0), 0);
  const xg::Var between = variance(mean(theta, 0), 0);
  return amax(sqrt((within + between) / within)).item<double>();
}

struct Moments {
  xt::xarray<double> mean, deviation;
};

/// The same by sums over a grid.
Moments on_grid(const Launches& launches) {
  const auto axes = xg::meshgrid({xg::linspace(-6.0, 3.0, 361), xg::linspace(-8.0, 3.0, 441)});
  const xg::Var theta = xg::stack({flatten(axes[0]), flatten(axes[1])}, 1);
  const xg::Var weights = softmax(log_density(theta, launches));
  const xg::Var center = matmul(weights, theta);
  return {center.array<double>(), sqrt(matmul(weights, square(theta - center))).array<double>()};
}

std::vector<double> to_vector(const xg::Var& x) { return {x.array<double>().begin(), x.array<double>().end()}; }

void draw(const xg::Var& theta, const Launches& launches, const std::filesystem::path& folder) {
  const xg::Var temperature = xg::linspace(30.0, 85.0, 111);
  const xg::Var chance = sigmoid(log_odds(theta, temperature));  // [draws, 111]
  const xg::Var bands = quantile(chance, xt::xarray<double>{0.05, 0.95}, 0);
  const auto curve = [&](const std::string& name, const xg::Var& y, xg::draw::Style style) {
    return xg::draw::Series{name, to_vector(temperature), to_vector(y), style};
  };
  xg::draw::save(
      folder / "hmc_orings.svg",
      {.title = "Damage of O-rings",
       .x_label = "temperature at the launch [degrees Fahrenheit]",
       .y_label = "probability",
       .series = {curve("mean of the posterior", mean(chance, 0), xg::draw::Style::Line),
                  {"launches", to_vector(launches.temperature), to_vector(launches.damaged), xg::draw::Style::Points},
                  curve("90 % of the posterior", view(bands, 0), xg::draw::Style::Faint),
                  curve("", view(bands, 1), xg::draw::Style::Faint)}});
}

int main(int argc, char** argv) try {
  const std::filesystem::path folder = argc > 1 ? argv[1] : ".";
  const bool is_short = argc > 2 && std::string(argv[2]) == "short";
  const xg::Var table = xg::io::read_csv(std::filesystem::path(XGRAD_EXAMPLE_DATA) / "orings.csv");
  const Launches launches{view(table, xt::all(), 0), view(table, xt::all(), 1)};

  const Draws draws = sample(launches, xg::random::Key(1), {.draws = is_short ? 300U : 1200U});
  const double ratio = worst_ratio(draws.theta);
  std::printf("%zu chains of %zu draws, of proposals %.1f %% are taken, chains together are %.4f times as wide\n\n",
              draws.theta.shape()[1], draws.theta.shape()[0], 100.0 * draws.taken, ratio);
  if (ratio > 1.01) throw std::runtime_error("the chains do not agree");

  const xg::Var theta = reshape(draws.theta, {-1, 2});
  const xt::xarray<double> means = mean(theta, 0).array<double>();
  const xt::xarray<double> deviations = stddev(theta, 0).array<double>();
  const Moments exact = on_grid(launches);
  for (const std::size_t i : {0U, 1U}) {
    std::printf("%-24s %8.4f +- %.4f   on a grid %8.4f +- %.4f\n",
                i == 0 ? "log odds at 70 degrees" : "for 7 degrees more", means(i), deviations(i), exact.mean(i),
                exact.deviation(i));
    if (std::abs(means(i) - exact.mean(i)) > 0.03 || std::abs(deviations(i) - exact.deviation(i)) > 0.03) {
      throw std::runtime_error("the draws are not those of the posterior");
    }
  }
  const xg::Var cold = sigmoid(log_odds(theta, xt::xarray<double>{31.0}));
  std::printf("\nprobability of damage at 31 degrees %.3f, with 95 %% above %.3f\n", mean(cold).item<double>(),
              quantile(flatten(cold), 0.05).item<double>());
  draw(view(theta, xt::range(xt::placeholders::_, xt::placeholders::_, 8)), launches, folder);
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
