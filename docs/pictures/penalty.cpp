// Penalties and joined losses as functions of one number.
#include <vector>

#include <xgrad/loss/gradient_penalty.hpp>
#include <xgrad/loss/joining.hpp>
#include <xgrad/loss/penalty.hpp>

#include "pictures.hpp"

namespace pictures {

using xgrad::Var;
namespace loss = xgrad::loss;

namespace {

/// A penalty of one number at a time, because it sums over all that it is given.
Curve one_by_one(const Curve& penalty) {
  return [penalty](const Var& x) {
    std::vector<Var> values;
    for (std::size_t i = 0; i < x.size(); ++i) values.push_back(penalty(view(x, i)));
    return stack(values);
  };
}

/// The matrix [[w, 0], [0, 1]].
Var with_one(const Var& w) {
  const Var first = xt::xarray<double>{{1.0, 0.0}, {0.0, 0.0}};
  const Var second = xt::xarray<double>{{0.0, 0.0}, {0.0, 1.0}};
  return w * first + second;
}

}  // namespace

void draw_penalty(const Folder& folder) {
  draw_curve(folder, "l1", "L1", "w", -2, 2, one_by_one(loss::L1{}));
  draw_curve(folder, "l2", "L2", "w", -2, 2, one_by_one(loss::L2{}));
  draw_curve(folder, "elastic_net", "ElasticNet, l1_ratio = 0.5", "w", -2, 2, one_by_one(loss::ElasticNet{}));
  draw_curve(folder, "group_lasso", "GroupLasso of the group (w, 0.5)", "w", -2, 2, one_by_one([](const Var& w) {
               return loss::GroupLasso{}(xgrad::stack({w, Var(0.5)}));
             }));
  draw_curve(folder, "orthogonality", "Orthogonality of the matrix [[w]]", "w", -1.5, 1.5, one_by_one([](const Var& w) {
               return loss::Orthogonality{}(reshape(w, {1, 1}));
             }));
  draw_curve(folder, "spectral_norm", "SpectralNorm of [[w, 0], [0, 1]]", "w", -3, 3,
             one_by_one([](const Var& w) { return loss::SpectralNorm{}(with_one(w)); }));
  draw_curve(folder, "lipschitz", "Lipschitz of two layers [[w, 0], [0, 1]]", "w", -2, 2, one_by_one([](const Var& w) {
               return loss::Lipschitz{}(std::vector<Var>{with_one(w), with_one(w)});
             }));
  draw_curve(folder, "entropy_bonus", "EntropyBonus of two classes", "difference of the logits", -6, 6,
             [](const Var& z) {
               return loss::EntropyBonus{}(xgrad::stack({z, zeros_like(z)}, 1));
             });
  draw_curve(folder, "gradient_penalty", "GradientPenalty, target = 1", "length of the gradient", 0, 3,
             [](const Var& length) { return loss::GradientPenalty{}.of_gradient(expand_dims(length, 1)); });
  draw_curve(folder, "jacobian_penalty", "JacobianPenalty of tanh(w x) at x = 1", "w", -3, 3,
             one_by_one([](const Var& w) {
               const auto f = [&](const Var& x) { return tanh(w * x); };
               return sum(loss::JacobianPenalty{}(f, xt::xarray<double>{1.0}));
             }));
  draw_curve(
      folder, "uncertainty_weighting", "UncertaintyWeighting of a loss of 2", "log variance", -2, 4,
      one_by_one([](const Var& s) { return loss::UncertaintyWeighting{.log_variances = reshape(s, {1})}(Var(2.0)); }));
  draw_curve(folder, "distillation", "Distillation, T = 2, alpha = 0.5, label 0, teacher's logits (2, 0)",
             "difference of the student's logits", -4, 8, [](const Var& z) {
               const Var student = xgrad::stack({z, zeros_like(z)}, 1);
               const Var teacher = xgrad::stack({full_like(z, 2.0), zeros_like(z)}, 1);
               return loss::Distillation{}(student, teacher, cast(zeros_like(z), xgrad::DType::Int64));
             });
}

}  // namespace pictures
