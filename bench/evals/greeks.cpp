// Monte Carlo Greeks by differentiating the paths: a call on a basket, and swaptions in a LIBOR market model. All
// sensitivities beside the price alone.
#include <array>

#include "contest.hpp"
#include "tape.hpp"

namespace bench_evals {
namespace {

constexpr std::size_t paths = 100000;

// ---- the basket: 20 spots and 20 volatilities

constexpr std::size_t assets = 20;
constexpr double strike = 100.0;
constexpr double interest = 0.03;
constexpr double years = 1.0;

struct Market {
  Var spots, volatilities;
};
XGRAD_FIELDS(Market, spots, volatilities)

/// z: correlated normal numbers, [paths, assets].
Var basket(const Market& market, const Var& z) {
  const Var drift = (interest - 0.5 * square(market.volatilities)) * years;
  const Var last = market.spots * exp(drift + market.volatilities * std::sqrt(years) * z);
  return std::exp(-interest * years) * mean(relu(mean(last, -1) - strike));
}

Numbers correlated_normals() {
  Source source(13);
  Numbers z = source.normals(paths * assets, std::sqrt(0.7));
  for (std::size_t i = 0; i < paths; ++i) {
    const double common = std::sqrt(0.3) * source.normal();
    for (std::size_t j = 0; j < assets; ++j) z[i * assets + j] += common;
  }
  return z;
}

Numbers basket_by_hand(const Numbers& spots, const Numbers& volatilities, const Numbers& z) {
  Numbers result(1 + 2 * assets);
  const double factor = std::exp(-interest * years) / static_cast<double>(paths);
  Numbers last(assets);
  for (std::size_t i = 0; i < paths; ++i) {
    double sum = 0.0;
    for (std::size_t j = 0; j < assets; ++j) {
      const double v = volatilities[j];
      last[j] = spots[j] * std::exp((interest - 0.5 * v * v) * years + v * std::sqrt(years) * z[i * assets + j]);
      sum += last[j];
    }
    const double gain = sum / assets - strike;
    if (gain <= 0.0) continue;
    result[0] += factor * gain;
    for (std::size_t j = 0; j < assets; ++j) {
      const double adjoint = factor * last[j] / assets;
      result[1 + j] += adjoint / spots[j];
      result[1 + assets + j] += adjoint * (std::sqrt(years) * z[i * assets + j] - volatilities[j] * years);
    }
  }
  return result;
}

Sides basket_sides() {
  const Numbers spots = Source(17).uniforms(assets, 80.0, 120.0);
  const Numbers volatilities = Source(19).uniforms(assets, 0.1, 0.4);
  const Numbers z = correlated_normals();
  const Market market{Var(spots), Var(volatilities)};
  const Var normals = var(z, {paths, assets});
  return {with_xgrad(xg::compile(xg::value_and_grad(basket)), market, normals),
          with_xgrad(xg::compile(basket), market, normals), [=] { return basket_by_hand(spots, volatilities, z); }};
}

// ---- swaptions: 80 forward rates, 40 of which have been fixed when the swaptions are exercised

constexpr std::size_t rates = 80;
constexpr std::size_t fixings = 40;
constexpr double accrual = 0.25;
constexpr double volatility = 0.2;
constexpr std::size_t block = 1000;  // paths at once: what a step computes stays in the cache

struct Swaption {
  std::size_t length;
  double rate;
};
constexpr std::array<Swaption, 15> swaptions{{{4, 0.045},
                                              {4, 0.05},
                                              {4, 0.055},
                                              {8, 0.045},
                                              {8, 0.05},
                                              {8, 0.055},
                                              {20, 0.045},
                                              {20, 0.05},
                                              {20, 0.055},
                                              {28, 0.045},
                                              {28, 0.05},
                                              {28, 0.055},
                                              {40, 0.045},
                                              {40, 0.05},
                                              {40, 0.055}}};

Var row(const Var& x, std::size_t i) { return view(x, i); }
Var rows_from(const Var& x, std::size_t i) { return view(x, xt::range(i, x.shape()[0])); }

/// Sum of the payoffs of a block. forwards [rates], z [fixings, block].
Var payoffs(const Var& forwards, const Var& z) {
  Var alive = view(forwards, xt::all(), xt::newaxis()) * ones_like(row(z, 0));  // [rates, block]
  Var discount = 1.0;
  constexpr double con = accrual * volatility;
  for (std::size_t i = 0; i < fixings; ++i) {
    discount = discount / (1.0 + accrual * row(alive, 0));
    alive = rows_from(alive, 1);
    const Var drift = cumsum(con * alive / (1.0 + accrual * alive), 0);
    alive = alive * exp(con * drift + volatility * (std::sqrt(accrual) * row(z, i) - 0.5 * con));
  }
  const Var bonds = cumprod(1.0 / (1.0 + accrual * alive), 0);
  const Var annuities = accrual * cumsum(bonds, 0);
  Var total = 0.0;
  for (const Swaption& each : swaptions) {
    const Var swap = row(bonds, each.length - 1) + each.rate * row(annuities, each.length - 1) - 1.0;
    total = total + 100.0 * relu(-swap);
  }
  return sum(total * discount);
}

/// z [blocks, fixings, block]
Var swaption_price(const Var& forwards, const Var& z) {
  const auto add = [&](const Var& total, const Var& part) {
    return std::pair{total + payoffs(forwards, part), std::tuple<>()};
  };
  return xg::scan(add, Var(0.0), z).first / static_cast<double>(paths);
}

/// Each block is differentiated by itself, so that nothing is kept of the others.
std::tuple<Var, Var> swaption_greeks(const Var& forwards, const Var& z) {
  using Sums = std::tuple<Var, Var>;
  const auto add = [&](const Sums& sums, const Var& part) {
    const auto [value, gradient] = xg::value_and_grad(payoffs)(forwards, part);
    return std::pair{Sums{std::get<0>(sums) + value, std::get<1>(sums) + gradient}, std::tuple<>()};
  };
  const auto [value, gradient] = xg::scan(add, Sums{0.0, zeros_like(forwards)}, z).first;
  return {value / static_cast<double>(paths), gradient / static_cast<double>(paths)};
}

/// One path on the tape; z: every block-th number, from the first of the path.
tape::Number payoff(const std::vector<tape::Number>& forwards, const double* z) {
  using tape::Number;
  std::vector<Number> l = forwards;
  constexpr double con = accrual * volatility;
  for (std::size_t i = 0; i < fixings; ++i) {
    Number drift = 0.0;
    for (std::size_t j = i + 1; j < rates; ++j) {
      drift += con * l[j] / (1.0 + accrual * l[j]);
      l[j] = l[j] * exp(con * drift + volatility * (std::sqrt(accrual) * z[i * block] - 0.5 * con));
    }
  }
  std::vector<Number> bonds(rates - fixings);
  std::vector<Number> annuities(rates - fixings);
  Number bond = 1.0;
  Number annuity = 0.0;
  for (std::size_t j = 0; j < bonds.size(); ++j) {
    bonds[j] = bond = bond / (1.0 + accrual * l[fixings + j]);
    annuities[j] = annuity = annuity + accrual * bond;
  }
  Number total = 0.0;
  for (const Swaption& each : swaptions) {
    const Number swap = bonds[each.length - 1] + each.rate * annuities[each.length - 1] - 1.0;
    if (swap.value() < 0.0) total -= 100.0 * swap;
  }
  for (std::size_t i = 0; i < fixings; ++i) total = total / (1.0 + accrual * l[i]);
  return total;
}

Numbers greeks_on_tape(const Numbers& forwards, const Numbers& z) {
  Numbers result(1 + rates);
  Numbers of_path(1 + rates);
  for (std::size_t i = 0; i < paths; ++i) {
    const double* first = &z[i / block * fixings * block + i % block];
    tape::value_and_gradient([=](const std::vector<tape::Number>& l) { return payoff(l, first); }, forwards, of_path);
    for (std::size_t j = 0; j < of_path.size(); ++j) result[j] += of_path[j] / static_cast<double>(paths);
  }
  return result;
}

Sides swaption_sides() {
  const Numbers forwards = Source(23).uniforms(rates, 0.045, 0.055);
  const Numbers z = Source(29).normals(paths * fixings);
  const Var normals = var(z, {paths / block, fixings, block});
  return {with_xgrad(xg::compile(swaption_greeks), Var(forwards), normals),
          with_xgrad(xg::compile(swaption_price), Var(forwards), normals), [=] { return greeks_on_tape(forwards, z); }};
}

}  // namespace

Contests greeks() {
  return {{"greeks_basket", "1e5 paths, 40 inputs", "price", at_most(2.0), basket_sides},
          {"greeks_libor", "1e5 paths, 80 inputs", "price", at_most(2.0), swaption_sides}};
}

}  // namespace bench_evals
