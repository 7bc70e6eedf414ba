// A curve through measurements, and how well its parameters are known. A filter lets light through around one
// wavelength; how much was measured at 35 wavelengths. Three numbers describe the peak. We find them with their
// standard deviations, look whether these tell the truth, and spoil some measurements to see what a robust loss is for.
//
//     05_curve_fitting [folder for the pictures [folder of eckerle4.csv]]
#include <cmath>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <iostream>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <xgrad/draw.hpp>
#include <xgrad/io/csv.hpp>
#include <xgrad/loss.hpp>
#include <xgrad/random.hpp>
#include <xgrad/solve.hpp>
#include <xgrad/xgrad.hpp>

namespace xg = xgrad;
namespace solve = xgrad::solve;

struct Peak {
  xg::Var area, width, centre;
  /// The transmittance at wavelengths x.
  xg::Var operator()(const xg::Var& x) const { return area / width * exp(-0.5 * square((x - centre) / width)); }
};
XGRAD_FIELDS(Peak, area, width, centre)

struct Data {
  xg::Var x;
  xg::Var y;
};

Data load(const std::filesystem::path& file) {
  const xg::Var table = xg::io::read_csv(file);
  return {view(table, xt::all(), 0), view(table, xt::all(), 1)};
}

// Not far from the best, as one would read it off the data: height 0.37 = area / width, half as high 4 from the centre.
const Peak start{1.5, 4.0, 450.0};

auto residuals_of(const Data& data) {
  return [data](const Peak& peak) { return peak(data.x) - data.y; };
}

double number(const xg::Var& x) { return x.item<double>(); }

std::vector<double> to_vector(const xg::Var& x) { return {x.array<double>().begin(), x.array<double>().end()}; }

/// The standard deviation of the curve at each x, of those of the parameters: the root of J C J^T's diagonal, J being
/// the Jacobian of the curve with respect to the parameters.
xg::Var deviation_of_curve(const solve::LeastSquares<Peak>& fit, const xg::Var& x) {
  const Peak slopes = xg::jacobian([&](const Peak& p) { return p(x); })(fit.parameters);
  const xg::Var jacobian = xg::stack({slopes.area, slopes.width, slopes.centre}, 1);  // [n, 3]
  return sqrt(sum(matmul(jacobian, fit.covariance) * jacobian, 1));
}

void draw_fit(const solve::LeastSquares<Peak>& fit, const Data& data, const std::filesystem::path& file) {
  const xg::Var x = xg::linspace(430.0, 475.0, 271);
  const xg::Var curve = fit.parameters(x);
  const xg::Var band = 2.0 * deviation_of_curve(fit, x);
  std::vector<xg::draw::Series> series = {{"fitted", to_vector(x), to_vector(curve)},
                                          {"measured", {}, {}, xg::draw::Style::Points}};
  for (const xg::Var& edge : {curve - band, curve + band}) {
    series.push_back({.x = to_vector(x), .y = to_vector(edge), .style = xg::draw::Style::Faint});
  }
  series.back().name = "two standard deviations of the curve";
  for (std::size_t i = 0; i < data.x.size(); ++i) {
    if (data.x.array<double>()(i) < 430.0 || data.x.array<double>()(i) > 475.0) continue;
    series[1].x.push_back(data.x.array<double>()(i));
    series[1].y.push_back(data.y.array<double>()(i));
  }
  xg::draw::save(file, {.title = "Transmittance of a filter",
                        .x_label = "wavelength [nm]",
                        .y_label = "transmittance",
                        .series = std::move(series)});
}

/// Do error bars tell the truth? Measurements are made up, with noise, for parameters that we know. In each set we look
/// whether the true centre is within one and two standard deviations of the one that is found.
void count_hits(const Peak& truth, double noise, const xg::Var& x) {
  constexpr int sets = 400;
  const xg::random::Key key(5);
  int within_one = 0;
  int within_two = 0;
  for (int i = 0; i < sets; ++i) {
    const Data data{x, truth(x) + noise * xg::random::normal(key.fold_in(i), x.shape())};
    const auto fit = solve::least_squares(residuals_of(data), start);
    const double error = std::abs(number(fit.parameters.centre) - number(truth.centre));
    const double deviation = number(fit.deviations.centre);
    within_one += error < deviation ? 1 : 0;
    within_two += error < 2.0 * deviation ? 1 : 0;
  }
  std::printf("of %d made up sets, the true centre is within one deviation in %.1f %%, within two in %.1f %%\n\n", sets,
              100.0 * within_one / sets, 100.0 * within_two / sets);
}

/// Three of the measurements went wrong.
Data spoiled(const Data& data) {
  xt::xarray<double> y = data.y.array<double>();
  for (const std::size_t i : {10U, 13U, 24U}) y(i) += 0.2;
  return {data.x, y};
}

void print_row(const std::string& name, const Peak& peak) {
  std::printf("%-28s %10.5f %10.5f %11.5f\n", name.c_str(), number(peak.area), number(peak.width), number(peak.centre));
}

int main(int argc, char** argv) try {
  const std::filesystem::path folder = argc > 1 ? argv[1] : ".";
  const std::filesystem::path files = argc > 2 ? argv[2] : XGRAD_EXAMPLE_DATA;
  const Data data = load(files / "eckerle4.csv");

  const auto fit = solve::least_squares(residuals_of(data), start);
  if (!fit.converged()) throw std::runtime_error("no fit: " + std::string(text(fit.ended)));
  std::cout << fit;
  std::printf("sum of squares %.10e, deviation of a measurement %.5f, %zu degrees of freedom\n\n", fit.sum,
              fit.deviation, fit.degrees_of_freedom);
  draw_fit(fit, data, folder / "curve_fit.svg");

  count_hits(fit.parameters, fit.deviation, data.x);

  // Squares chase what is far away; Cauchy's loss grows as a logarithm. Its c is about the error of good measurements.
  const Data bad = spoiled(data);
  const auto squares = solve::least_squares(residuals_of(bad), start);
  const auto robust = solve::least_squares(residuals_of(bad), start, solve::LevenbergMarquardt{},
                                           {.loss = solve::robust(xg::loss::Cauchy{.c = 0.01})});
  if (!squares.converged() || !robust.converged()) throw std::runtime_error("no fit of the spoiled measurements");
  std::printf("%-28s %10s %10s %11s\n", "", "area", "width", "centre");
  print_row("all measurements good", fit.parameters);
  print_row("three bad, least squares", squares.parameters);
  print_row("three bad, Cauchy's loss", robust.parameters);

  const xg::Var x = xg::linspace(430.0, 475.0, 271);
  const auto curve = [&](const std::string& name, const Peak& peak) {
    return xg::draw::Series{name, to_vector(x), to_vector(peak(x))};
  };
  const xg::Var shown = (bad.x >= 430.0) && (bad.x <= 475.0);
  const xg::Var nan = xg::Var(std::nan(""));
  xg::draw::save(
      folder / "curve_fit_robust.svg",
      {.title = "Three bad measurements",
       .x_label = "wavelength [nm]",
       .y_label = "transmittance",
       .series = {curve("least squares", squares.parameters),
                  curve("Cauchy's loss", robust.parameters),
                  {"measured", to_vector(where(shown, bad.x, nan)), to_vector(bad.y), xg::draw::Style::Points}}});
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
