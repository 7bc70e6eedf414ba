// Losses of classification as functions of a logit, or of the lead of the right class over one other.
#include <xgrad/loss/classification.hpp>
#include <xgrad/loss/classification_angular.hpp>
#include <xgrad/loss/classification_binary.hpp>
#include <xgrad/loss/classification_ordinal.hpp>
#include <xgrad/loss/classification_robust.hpp>
#include <xgrad/loss/classification_sparse.hpp>

#include "pictures.hpp"

namespace pictures {

using xgrad::Var;
namespace loss = xgrad::loss;

namespace {

/// The same label for all.
Var labels_like(const Var& x, double label) { return cast(full_like(x, label), xgrad::DType::Int64); }

/// Of the logits (d, 0), the first of which is right.
template <class L>
Curve of_lead(L l) {
  return [l](const Var& d) { return l(xgrad::stack({d, zeros_like(d)}, 1), labels_like(d, 0)); };
}

/// Of an element whose target is known.
template <class L>
Curve of_target(L l, double target) {
  return [=](const Var& x) { return l(x, full_like(x, target)); };
}

}  // namespace

void draw_classification(const Folder& folder) {
  const std::string logit = "logit";
  draw_curve(folder, "binary_cross_entropy", "BinaryCrossEntropy, target 1", logit, -5, 5,
             of_target(loss::BinaryCrossEntropy{}, 1));
  draw_curve(folder, "binary_cross_entropy_probability", "BinaryCrossEntropyProbability, target 1", "probability", 0.05,
             1, of_target(loss::BinaryCrossEntropyProbability{}, 1));
  draw_curve(folder, "focal", "Focal, target 1, gamma = 2, alpha = none", logit, -5, 5,
             of_target(loss::Focal{.alpha = {}}, 1));
  draw_curve(folder, "asymmetric_loss", "AsymmetricLoss, target 0", logit, -6, 6, of_target(loss::AsymmetricLoss{}, 0));

  const std::string lead = "logit of the right class - logit of the other";
  draw_curve(folder, "cross_entropy", "CrossEntropy, two classes", lead, -5, 5, of_lead(loss::CrossEntropy{}));
  draw_curve(folder, "categorical_focal", "CategoricalFocal, gamma = 2, two classes", lead, -5, 5,
             of_lead(loss::CategoricalFocal{}));
  draw_curve(folder, "poly1", "Poly1, eps = 1, two classes", lead, -5, 5, of_lead(loss::Poly1{}));
  draw_curve(folder, "logit_adjusted", "LogitAdjusted, right class with prior 0.1, two classes", lead, -5, 7,
             of_lead(loss::LogitAdjusted{.prior = xt::xarray<double>{0.1, 0.9}}));
  draw_curve(folder, "brier", "Brier, two classes", lead, -5, 5, of_lead(loss::Brier{}));
  draw_curve(folder, "generalized_cross_entropy", "GeneralizedCrossEntropy, q = 0.7, two classes", lead, -8, 5,
             of_lead(loss::GeneralizedCrossEntropy{}));
  draw_curve(folder, "symmetric_cross_entropy", "SymmetricCrossEntropy, two classes", lead, -8, 5,
             of_lead(loss::SymmetricCrossEntropy{}));
  draw_curve(folder, "bi_tempered", "BiTempered, t1 = 0.5, t2 = 2, two classes", lead, -15, 15,
             of_lead(loss::BiTempered{.t1 = 0.5, .t2 = 2.0}));
  draw_curve(folder, "sparsemax", "Sparsemax, two classes", lead, -2, 2, of_lead(loss::Sparsemax{}));
  draw_curve(folder, "fenchel_young", "FenchelYoung, alpha = 1.5, two classes", lead, -4, 4,
             of_lead(loss::FenchelYoung{}));

  draw_curve(folder, "ordinal", "Ordinal, the second of three classes, thresholds -1 and 1", "score", -6, 6,
             [](const Var& s) {
               return loss::Ordinal{.thresholds = xt::xarray<double>{-1.0, 1.0}}(s, labels_like(s, 1));
             });
  const std::string angle = "angle to the right class (radians), the other at cosine 0.2";
  const auto of_angle = [](const auto& l) {
    return [l](const Var& theta) {
      return l(xgrad::stack({cos(theta), full_like(theta, 0.2)}, 1), labels_like(theta, 0));
    };
  };
  draw_curve(folder, "arc_face", "ArcFace, scale = 8", angle, 0.01, 2.6, of_angle(loss::ArcFace{.scale = 8.0}));
  draw_curve(folder, "cos_face", "CosFace, scale = 8", angle, 0.01, 3.1, of_angle(loss::CosFace{.scale = 8.0}));
}

}  // namespace pictures
