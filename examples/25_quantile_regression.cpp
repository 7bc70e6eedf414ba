// Not one number but a range: how far will a patient's diabetes have progressed in a year, at least, probably, at most?
// The pinball loss of tau is least for the tau-quantile. We fit five quantiles at once by their body mass, look whether
// these are the best lines there are, and then take all ten measurements and count how many patients that were held out
// are within the ranges we gave for them.
//
//     25_quantile_regression [folder for its picture]
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <xgrad/data.hpp>
#include <xgrad/draw.hpp>
#include <xgrad/io/csv.hpp>
#include <xgrad/loss.hpp>
#include <xgrad/optim.hpp>
#include <xgrad/train.hpp>
#include <xgrad/xgrad.hpp>

namespace xg = xgrad;
namespace data = xgrad::data;
namespace train = xgrad::train;

constexpr std::array taus{0.05, 0.25, 0.5, 0.75, 0.95};

// A line, or a plane, for each quantile.
struct Quantiles {
  xg::Var weight;  // [inputs, 5]
  xg::Var bias;    // [5]
  xg::Var operator()(const xg::Var& x) const { return matmul(x, weight) + bias; }
};
XGRAD_FIELDS(Quantiles, weight, bias)

using Patients = std::tuple<xg::Var, xg::Var>;  // measurements [n, inputs], progression [n] in hundreds

/// The mean loss of each quantile, [5].
xg::Var losses(const Quantiles& model, const xg::Var& x, const xg::Var& y) {
  const xg::Var predictions = model(x);
  std::vector<xg::Var> all;
  for (std::size_t i = 0; i < taus.size(); ++i) {
    all.push_back(mean(xg::loss::Pinball{.tau = taus[i]}(view(predictions, xt::all(), i), y)));
  }
  return stack(all);
}

Quantiles fit(const Patients& patients, std::size_t steps) {
  const auto& [x, y] = patients;
  const Quantiles start{xg::zeros({x.shape()[1], taus.size()}),
                        quantile(y, xt::xarray<double>{0.05, 0.25, 0.5, 0.75, 0.95})};
  const auto objective = [](const Quantiles& model, const xg::Var& inputs, const xg::Var& targets) {
    return sum(losses(model, inputs, targets));
  };
  // The loss has kinks, over which large steps jump to and fro: they have to become small.
  const auto adam = xg::optim::adam({.rate = xg::optim::polynomial(0.02, 0.0, steps, 2.0)});
  return train::fit(start, objective, adam, patients,
                    {.steps = steps, .batches = {.size = 0}, .show = train::Show::quiet})
      .model;
}

/// The share of patients below each quantile, [5].
xg::Var below(const Quantiles& model, const Patients& patients) {
  const auto& [x, y] = patients;
  return mean(expand_dims(y, 1) < model(x), 0);
}

// With the best line, a share of tau is below, as far as points on the line allow: there are as many as parameters.
void fit_lines(const Patients& patients, const std::filesystem::path& folder) {
  const auto& [x, y] = patients;
  const Quantiles lines = fit(patients, 4000);
  const auto loss = losses(lines, x, y).array<double>();
  const auto share = below(lines, patients).array<double>();
  std::printf("lines by body mass\n%6s %10s %10s %10s %10s\n", "tau", "bias", "weight", "loss", "below");
  for (std::size_t i = 0; i < taus.size(); ++i) {
    std::printf("%6.2f %10.4f %10.4f %10.6f %8.1f %%\n", taus[i], lines.bias.array<double>()(i),
                lines.weight.array<double>()(0, i), loss(i), 100.0 * share(i));
    const double allowed = 2.5 / static_cast<double>(y.size());
    if (std::abs(share(i) - taus[i]) > allowed) throw std::runtime_error("that is not the share it should be");
  }

  const xg::Var ends = expand_dims(xg::linspace(-2.2, 3.6, 2), 1);
  const xg::Var at_ends = lines(ends);
  const auto column = [](const xg::Var& a, std::size_t i) {
    const xg::Var picked = view(a, xt::all(), i);
    return std::vector<double>(picked.array<double>().begin(), picked.array<double>().end());
  };
  xg::draw::Plot plot{.title = "Quantiles of the progression of diabetes",
                      .x_label = "body mass index [deviations from the mean]",
                      .y_label = "progression in a year"};
  plot.series.push_back({"patients", column(x, 0), column(expand_dims(y, 1), 0), xg::draw::Style::Points});
  for (std::size_t i = 0; i < taus.size(); ++i) {
    plot.series.push_back({std::to_string(taus[i]).substr(0, 4), column(ends, 0), column(at_ends, i)});
  }
  xg::draw::save(folder / "quantile_regression.svg", plot);
}

/// Each patient is held out once, of five fits. What is learnt of scales is learnt without them, too.
void cross_validate(const Patients& patients) {
  xt::xarray<double> total = xt::zeros<double>({taus.size()});
  const std::size_t n = data::length(patients);
  for (const data::Fold& fold : data::k_folds(n, 5, {.shuffle = xg::random::Key(3)})) {
    auto [x, y] = data::rows(patients, fold.train);
    auto [new_x, new_y] = data::rows(patients, fold.test);
    const auto scale = data::standardise(x);
    const Quantiles planes = fit(Patients{scale(x), y}, 1500);
    const double rows = static_cast<double>(new_y.size());
    total += rows * below(planes, {scale(new_x), new_y}).array<double>();
  }
  total /= static_cast<double>(n);
  const double half = total(3) - total(1);
  const double most = total(4) - total(0);
  std::printf("\nall measurements, patients that were held out\n");
  std::printf("between 0.25 and 0.75: %.1f %%, between 0.05 and 0.95: %.1f %%\n", 100.0 * half, 100.0 * most);
  if (std::abs(half - 0.5) > 0.07 || std::abs(most - 0.9) > 0.05) {
    throw std::runtime_error("the ranges do not hold what they promise");
  }
}

int main(int argc, char** argv) try {
  const std::filesystem::path folder = argc > 1 ? argv[1] : ".";
  const xg::Var table = xg::io::read_csv(std::filesystem::path(XGRAD_EXAMPLE_DATA) / "diabetes.csv");
  const xg::Var y = view(table, xt::all(), 10) / 100.0;

  const xg::Var mass = view(table, xt::all(), xt::range(2, 3));
  fit_lines({data::standardise(mass)(mass), y}, folder);
  cross_validate({view(table, xt::all(), xt::range(0, 10)), y});
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
