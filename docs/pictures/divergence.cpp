// Divergences and distances as functions of one probability of two, of one parameter, or of a shift.
#include <xgrad/loss/divergence.hpp>
#include <xgrad/loss/divergence_samples.hpp>

#include <vector>

#include "pictures.hpp"

namespace pictures {

using xgrad::Var;
namespace loss = xgrad::loss;

namespace {

/// Of the distribution (p, 1 - p) beside (0.3, 0.7).
template <class L>
Curve of_two_classes(L l) {
  return [l](const Var& p) {
    const Var target = 0.3 * ones_like(p);
    return l(xgrad::stack({p, 1.0 - p}, 1), xgrad::stack({target, 1.0 - target}, 1));
  };
}

/// Of a few numbers, moved together, beside those numbers.
template <class L>
Curve of_shift(L l, const Var& points) {
  return [l, points](const Var& shifts) {
    std::vector<Var> values;
    for (std::size_t i = 0; i < shifts.size(); ++i) values.push_back(l(points + view(shifts, i), points));
    return xgrad::stack(values);
  };
}

}  // namespace

void draw_divergence(const Folder& folder) {
  const std::string p = "p";
  draw_curve(folder, "kl_divergence", "KlDivergence of (p, 1 - p), target (0.3, 0.7)", p, 0.05, 0.95,
             of_two_classes([](const Var& a, const Var& t) { return sum(loss::KlDivergence{}(log(a), t), 1); }));
  draw_curve(folder, "generalized_kl", "GeneralizedKl, target 2", p, 0.3, 6,
             [](const Var& a) { return loss::GeneralizedKl{}(a, 2.0 * ones_like(a)); });
  draw_curve(folder, "jensen_shannon", "JensenShannon of (p, 1 - p), target (0.3, 0.7)", p, 0.05, 0.95,
             of_two_classes(loss::JensenShannon{}));
  draw_curve(folder, "renyi", "Renyi, alpha = 0.5, of (p, 1 - p), target (0.3, 0.7)", p, 0.05, 0.95,
             of_two_classes(loss::Renyi{}));
  draw_curve(folder, "hellinger", "Hellinger of (p, 1 - p), target (0.3, 0.7)", p, 0.05, 0.95,
             of_two_classes(loss::Hellinger{}));
  draw_curve(folder, "total_variation", "TotalVariation of (p, 1 - p), target (0.3, 0.7)", p, 0, 1,
             of_two_classes(loss::TotalVariation{}));
  draw_curve(folder, "gaussian_kl", "GaussianKl, mean 0", "log_variance", -4, 2,
             [](const Var& l) { return loss::GaussianKl{}(zeros_like(l), l); });

  const Var numbers = xt::xarray<double>{-1.0, 0.0, 0.4, 1.2};
  const Var points = expand_dims(numbers, 1);
  const std::string shift = "shift";
  draw_curve(folder, "wasserstein_1d", "Wasserstein1d of four numbers", shift, -2, 2,
             of_shift(loss::Wasserstein1d{}, numbers));
  draw_curve(folder, "sinkhorn", "Sinkhorn, epsilon = 0.1, of four points", shift, -2, 2,
             of_shift(loss::Sinkhorn{}, points));
  draw_curve(folder, "mmd", "Mmd, bandwidth 1, of four points", shift, -5, 5, of_shift(loss::Mmd{}, points));
  draw_curve(folder, "energy_distance", "EnergyDistance of four points", shift, -3, 3,
             of_shift(loss::EnergyDistance{}, points));
}

}  // namespace pictures
