// How long until it comes back? 42 patients with leukaemia in remission got a drug or a placebo; some left the study
// before a relapse, so that of them only a lower bound is known (they are censored). Cox's model needs no law for the
// times: its partial likelihood asks who of those at risk relapses next. We fit it, look how sure its numbers are, and
// draw how many are still in remission.
//
//     24_survival [folder for its picture]
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <xgrad/draw.hpp>
#include <xgrad/io/csv.hpp>
#include <xgrad/loss.hpp>
#include <xgrad/solve.hpp>
#include <xgrad/xgrad.hpp>

namespace xg = xgrad;

struct Study {
  xg::Var weeks;       // [n], of the relapse, or until which there was none
  xg::Var relapsed;    // [n], 1, or 0: censored
  xg::Var covariates;  // [n, k]
};

Study load(const std::filesystem::path& file, std::ptrdiff_t covariates) {
  const xg::Var table = xg::io::read_csv(file);
  return {view(table, xt::all(), 0), view(table, xt::all(), 1), view(table, xt::all(), xt::range(2, 2 + covariates))};
}

// A patient's hazard is h(t) exp(x beta), with the same unknown h for all.
const auto minus_log_likelihood = [](const xg::Var& beta, const Study& study) {
  return sum(xg::loss::CoxPartial{}(matmul(study.covariates, beta), study.weeks, study.relapsed));
};

struct Fit {
  xt::xarray<double> beta;
  xt::xarray<double> deviations;  // roots of the diagonal of the inverse Hessian
  double log_likelihood = 0.0;
};

Fit fit(const Study& study) {
  const auto objective = [&](const xg::Var& beta) { return minus_log_likelihood(beta, study); };
  const xg::Var start = xg::zeros({study.covariates.shape()[1]});
  const auto found = xg::solve::minimise(objective, start, xg::solve::TrustRegion{});
  if (!found.converged()) throw std::runtime_error("no fit: " + std::string(text(found.ended)));
  const xg::Var information = xg::hessian(objective)(found.parameters);
  return {found.parameters.array<double>(), sqrt(diagonal(xg::linalg::inv(information))).array<double>(),
          -objective(found.parameters).item<double>()};
}

// Prints an estimate and compares it with a published one.
void report(const std::string& name, const Fit& fit, std::size_t i, double beta, double deviation) {
  std::printf("  %-22s %.4f +- %.4f   hazard times %.2f\n", name.c_str(), fit.beta(i), fit.deviations(i),
              std::exp(fit.beta(i)));
  if (std::abs(fit.beta(i) - beta) > 6e-4 || std::abs(fit.deviations(i) - deviation) > 6e-4) {
    throw std::runtime_error(name + ": published are other numbers");
  }
}

/// The share still in remission, as stairs: in week t it falls by a factor. Of Kaplan and Meier it is 1 - d / n, for d
/// relapses among n at risk; of Cox's model exp(-d exp(x beta) / R), where R is the sum of exp(x beta) at risk
/// (Breslow).
template <class Factor>
xg::draw::Series stairs(const std::string& name, const Study& study, const Factor& factor) {
  const auto& weeks = study.weeks.array<double>();
  xg::draw::Series curve{.name = name, .x = {0.0}, .y = {1.0}};
  for (double week = 1.0; week <= 35.0; ++week) {
    const bool any = std::any_of(weeks.begin(), weeks.end(), [&](double t) { return t == week; });
    const double before = curve.y.back();
    const double after = any ? before * factor(week) : before;
    curve.x.insert(curve.x.end(), {week, week});
    curve.y.insert(curve.y.end(), {before, after});
  }
  return curve;
}

double number(const xg::Var& x) { return x.item<double>(); }

xg::draw::Series kaplan_meier(const std::string& name, const Study& study, double group) {
  const xg::Var member = xg::cast<double>(equal(flatten(study.covariates), group));
  return stairs(name, study, [&](double week) {
    const double relapses = number(sum(member * study.relapsed * xg::cast<double>(equal(study.weeks, week))));
    return 1.0 - relapses / std::max(1.0, number(sum(member * xg::cast<double>(study.weeks >= week))));
  });
}

xg::draw::Series cox(const std::string& name, const Study& study, double beta, double group) {
  const xg::Var hazard = exp(beta * flatten(study.covariates));
  return stairs(name, study, [&](double week) {
    const double relapses = number(sum(study.relapsed * xg::cast<double>(equal(study.weeks, week))));
    const double at_risk = number(sum(hazard * xg::cast<double>(study.weeks >= week)));
    return std::exp(-relapses * std::exp(beta * group) / at_risk);
  });
}

int main(int argc, char** argv) try {
  const std::filesystem::path folder = argc > 1 ? argv[1] : ".";
  const std::filesystem::path file = std::filesystem::path(XGRAD_EXAMPLE_DATA) / "leukaemia.csv";

  // The numbers compared with are in D. G. Kleinbaum and M. Klein, Survival Analysis, chapter 3, to three digits.
  const Study drug_alone = load(file, 1);
  const Fit first = fit(drug_alone);
  const double nothing = -number(minus_log_likelihood(xg::zeros({1}), drug_alone));
  std::printf("placebo, of 21 patients, against 6-MP, of 21\n");
  report("placebo", first, 0, 1.509, 0.410);
  const double ratio = 2.0 * (first.log_likelihood - nothing);
  std::printf("  log likelihood %.3f, without it %.3f; twice the difference is %.2f\n", first.log_likelihood, nothing,
              ratio);
  if (std::abs(ratio - 15.21) > 0.006) throw std::runtime_error("the published ratio is 15.21");

  // Patients with many white blood cells relapse sooner, and more of them got the placebo.
  const Fit second = fit(load(file, 2));
  std::printf("\nand the logarithm of the number of white blood cells\n");
  report("placebo", second, 0, 1.294, 0.422);
  report("log of white cells", second, 1, 1.604, 0.329);
  std::printf("  log likelihood %.3f\n", second.log_likelihood);

  const double beta = first.beta(0);
  xg::draw::save(folder / "survival.svg", {.title = "In remission",
                                           .x_label = "weeks",
                                           .y_label = "share",
                                           .series = {kaplan_meier("6-MP, counted", drug_alone, 0.0),
                                                      kaplan_meier("placebo, counted", drug_alone, 1.0),
                                                      cox("6-MP, Cox's model", drug_alone, beta, 0.0),
                                                      cox("placebo, Cox's model", drug_alone, beta, 1.0)}});
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
