// Likelihoods as functions of one prediction, with the other arguments fixed.
#include <xgrad/loss/likelihood.hpp>

#include "pictures.hpp"

namespace pictures {

using xgrad::Var;
namespace loss = xgrad::loss;

namespace {

/// Of an error e, with a target of 0 and one scale.
template <class L>
Curve of_error(L l, double scale) {
  return [=](const Var& e) { return l(e, zeros_like(e), scale); };
}

/// Of a prediction p, with the same target everywhere.
template <class L>
Curve of_prediction(L l, double target) {
  return [=](const Var& p) { return l(p, full_like(p, target)); };
}

void draw_real_targets(const Folder& folder) {
  const std::string error = "mean - target";
  draw_curve(folder, "gaussian_nll", "GaussianNll, target 0, mean 1", "variance", 0.4, 5, [](const Var& variance) {
    return loss::GaussianNll{}(ones_like(variance), zeros_like(variance), variance);
  });
  draw_curve(folder, "laplace_nll", "LaplaceNll, scale 1", "location - target", -4, 4, of_error(loss::LaplaceNll{}, 1));
  draw_curve(folder, "student_t_nll", "StudentTNll, nu = 4, scale 1", "location - target", -8, 8,
             of_error(loss::StudentTNll{}, 1));
  draw_curve(folder, "crps_gaussian", "CrpsGaussian, scale 1", error, -4, 4, of_error(loss::CrpsGaussian{}, 1));
  draw_curve(folder, "mixture_gaussian_nll", "MixtureGaussianNll, means -2 and 2, scales 1", "target", -6, 6,
             [](const Var& target) {
               const Var one = ones_like(target);
               const Var means = xgrad::stack({-2.0 * one, 2.0 * one}, 1);
               return loss::MixtureGaussianNll{}(means, target, ones_like(means), zeros_like(means));
             });
  draw_curve(folder, "crps_ensemble", "CrpsEnsemble of -1, 0 and 2", "target", -4, 5, [](const Var& target) {
    const Var one = ones_like(target);
    return loss::CrpsEnsemble{}(xgrad::stack({-one, zeros_like(one), 2.0 * one}, 1), target);
  });
}

/// The first of two samples has the event while both are at risk.
Var cox_of_lead(const Var& lead) {
  const Var time = xt::xarray<double>{1, 2};
  const Var event = xt::xarray<bool>{true, false};
  std::vector<Var> values;
  for (std::size_t i = 0; i < lead.size(); ++i) {
    const Var first = view(lead, static_cast<std::ptrdiff_t>(i));
    values.push_back(sum(loss::CoxPartial{}(xgrad::stack({first, zeros_like(first)}), time, event)));
  }
  return xgrad::stack(values);
}

}  // namespace

void draw_likelihood(const Folder& folder) {
  draw_real_targets(folder);
  draw_curve(folder, "poisson_nll", "PoissonNll, target 3", "logarithm of the mean", -2, 2.5,
             of_prediction(loss::PoissonNll{}, 3));
  draw_curve(folder, "gamma_nll", "GammaNll, target 1", "mean", 0.4, 5, of_prediction(loss::GammaNll{}, 1));
  draw_curve(folder, "tweedie", "Tweedie, rho = 1.5, target 1", "mean", 0.3, 5, of_prediction(loss::Tweedie{}, 1));
  draw_curve(folder, "negative_binomial_nll", "NegativeBinomialNll, target 3, dispersion 2", "mean", 0.4, 12,
             [](const Var& mean) { return loss::NegativeBinomialNll{}(mean, full_like(mean, 3.0), 2.0); });
  draw_curve(folder, "cox_partial", "CoxPartial, an event of one of two at risk", "score - score of the other", -4, 4,
             cox_of_lead);
}

}  // namespace pictures
