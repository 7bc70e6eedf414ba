// A portfolio of the least risk for a gain that is asked for: no short selling, and no sector beyond its cap. What
// constraints cost is read off their multipliers, and how weights follow expected gains from derivatives of the
// solution.
//
//     06_portfolio [folder for the pictures]
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <tuple>
#include <vector>

#include <xgrad/draw.hpp>
#include <xgrad/solve.hpp>
#include <xgrad/xgrad.hpp>

namespace xg = xgrad;
namespace solve = xgrad::solve;

// In percent a year: what is expected, and how much of it is that of the market (beta) and that of the asset alone.
struct Asset {
  const char* name;
  std::size_t sector;
  double gain;
  double beta;
  double own_risk;
};
constexpr std::array<const char*, 3> sectors = {"finance", "technology", "utilities"};
constexpr std::array<Asset, 8> assets = {{{"bank", 0, 7.0, 1.2, 12.0},
                                          {"insurer", 0, 5.5, 0.9, 10.0},
                                          {"software", 1, 10.0, 1.4, 18.0},
                                          {"chips", 1, 11.0, 1.6, 22.0},
                                          {"cloud", 1, 9.0, 1.2, 16.0},
                                          {"power", 2, 3.5, 0.5, 8.0},
                                          {"water", 2, 3.0, 0.4, 7.0},
                                          {"grid", 2, 4.0, 0.6, 9.0}}};
constexpr double market_risk = 15.0;
constexpr double sector_risk = 8.0;
constexpr double cap = 0.4;
constexpr double gain_wanted = 7.0;

xg::Var gains() {
  std::vector<double> result;
  for (const Asset& each : assets) result.push_back(each.gain);
  return xg::Var(result);
}

// Risks of the market, of sectors and of assets are independent.
xg::Var covariances() {
  const std::size_t n = assets.size();
  auto result = xg::Array<double>::from_shape({n, n});
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j < n; ++j) {
      result(i, j) = market_risk * market_risk * assets[i].beta * assets[j].beta;
      if (assets[i].sector == assets[j].sector) result(i, j) += sector_risk * sector_risk;
      if (i == j) result(i, j) += assets[i].own_risk * assets[i].own_risk;
    }
  }
  return xg::Var(result);
}

// [sectors, assets]: 1 where an asset is in a sector.
xg::Var membership() {
  auto result = xg::Array<double>::from_shape({sectors.size(), assets.size()});
  for (std::size_t k = 0; k < sectors.size(); ++k) {
    for (std::size_t i = 0; i < assets.size(); ++i) result(k, i) = assets[i].sector == k ? 1.0 : 0.0;
  }
  return xg::Var(result);
}

double number(const xg::Var& x) { return x.item<double>(); }
double number(const xg::Var& x, std::size_t i) { return x.array<double>()(i); }

// Half the variance; the gains are a parameter, so that the solution has derivatives with respect to them.
xg::Var half_variance(const xg::Var& weights, const xg::Var&) {
  static const xg::Var covariance = covariances();
  return 0.5 * sum(weights * matmul(covariance, weights));
}
xg::Var budget(const xg::Var& weights, const xg::Var&) { return sum(weights); }
xg::Var gain(const xg::Var& weights, const xg::Var& expected) { return sum(weights * expected); }
xg::Var by_sector(const xg::Var& weights, const xg::Var&) {
  static const xg::Var members = membership();
  return matmul(members, weights);
}

const xg::Var equal_weights(std::vector<double>(assets.size(), 1.0 / assets.size()));
// Equal in the limit, for the risk of percents is some hundred: 1e-10 of that.
const solve::ConstrainedOptions no_short_selling{.gradient = 1e-9, .lower = 0.0};

// The constraints with the expected gains put in.
auto best(double wanted, double most_of_a_sector) {
  const xg::Var expected = gains();
  const auto with_gains = [&](auto f) { return [=](const xg::Var& w) { return f(w, expected); }; };
  return solve::minimise(
      with_gains(half_variance), equal_weights,
      solve::subject_to(solve::equal(with_gains(budget), 1.0), solve::at_least(with_gains(gain), wanted),
                        solve::at_most(with_gains(by_sector), most_of_a_sector)),
      solve::InteriorPoint{}, no_short_selling);
}
double risk_of(const xg::Var& weights) { return std::sqrt(2.0 * number(half_variance(weights, gains()))); }

void print_portfolio() {
  const auto free = best(gain_wanted, 1.0);
  const auto capped = best(gain_wanted, cap);
  std::printf("%-10s %12s %12s\n", "", "without caps", "with caps");
  for (std::size_t i = 0; i < assets.size(); ++i) {
    std::printf("%-10s %12.4f %12.4f\n", assets[i].name, number(free.parameters, i), number(capped.parameters, i));
  }
  std::printf("%-10s %12.4f %12.4f\n\n", "risk", risk_of(free.parameters), risk_of(capped.parameters));

  // Multipliers are slopes of half the variance, risk drisk, in the limits; of at_least not above 0.
  const auto& [of_budget, of_gain, of_caps] = capped.multipliers;
  const double risk = risk_of(capped.parameters);
  std::printf("another percent of gain costs %.4f of risk\n", -number(of_gain) / risk);
  const double nearby =
      (risk_of(best(gain_wanted + 0.01, cap).parameters) - risk_of(best(gain_wanted - 0.01, cap).parameters)) / 0.02;
  std::printf("  (by two more portfolios: %.4f)\n", nearby);
  for (std::size_t k = 0; k < sectors.size(); ++k) {
    std::printf("another percent of %s saves %.4f\n", sectors[k], 0.01 * number(of_caps, k) / risk);
  }
}

// How weights follow the expected gain of one asset.
void print_sensitivity() {
  const auto weights = solve::minimiser_of(
      half_variance,
      solve::subject_to(solve::equal(budget, 1.0), solve::at_least(gain, gain_wanted), solve::at_most(by_sector, cap)),
      solve::InteriorPoint{}, no_short_selling);
  const xg::Var slopes = xg::jacobian<1>(weights)(equal_weights, gains());
  std::printf("\nif cloud gained another percent, weights would change by\n");
  for (std::size_t i = 0; i < assets.size(); ++i) {
    std::printf("  %-10s %+.4f\n", assets[i].name, slopes.array<double>()(i, 4));
  }
}

void draw_frontiers(const std::filesystem::path& folder) {
  xg::draw::Plot frontiers{
      .title = "The least risk for a gain", .x_label = "risk, % a year", .y_label = "gain, % a year"};
  xg::draw::Plot shares{.title = "Weights, with caps", .x_label = "gain, % a year", .y_label = "weight"};
  for (const Asset& each : assets) shares.series.push_back({each.name, {}, {}});
  for (const double most : {1.0, cap}) {
    xg::draw::Series line{most < 1.0 ? "no sector above 40 %" : "without caps", {}, {}};
    for (double wanted = 4.5; wanted < 7.9; wanted += 0.25) {
      const auto found = best(wanted, most);
      if (!found.converged()) throw std::runtime_error("no portfolio");
      line.x.push_back(risk_of(found.parameters));
      line.y.push_back(wanted);
      for (std::size_t i = 0; i < assets.size() && most < 1.0; ++i) {
        shares.series[i].x.push_back(wanted);
        shares.series[i].y.push_back(number(found.parameters, i));
      }
    }
    frontiers.series.push_back(line);
  }
  xg::draw::save(folder / "portfolio_frontiers.svg", frontiers);
  xg::draw::save(folder / "portfolio_weights.svg", shares);
}

int main(int argc, char** argv) try {
  const std::filesystem::path folder = argc > 1 ? argv[1] : ".";
  print_portfolio();
  print_sensitivity();
  draw_frontiers(folder);
  // More gain than the caps allow is asked for: 0.4 in chips, 0.4 in bank, 0.2 in grid gain 8 %.
  const auto too_much = best(9.0, cap);
  std::printf("\n9 %% of gain: %s (%.4f)\n", std::string(text(too_much.ended)).c_str(), too_much.violation);
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
