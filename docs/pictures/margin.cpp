// Losses of margins as functions of a score, or of the lead of the right class over one other.
#include <xgrad/loss/margin.hpp>

#include "pictures.hpp"

namespace pictures {

using xgrad::Var;
namespace loss = xgrad::loss;

namespace {

/// Of a score s whose target is 1.
template <class L>
Curve of_score(L l) {
  return [l](const Var& s) { return l(s, ones_like(s)); };
}

/// Of the scores (d, 0), the first of which is right.
template <class L>
Curve of_lead(L l) {
  return [l](const Var& d) { return l(xgrad::stack({d, zeros_like(d)}, 1), cast(zeros_like(d), xgrad::DType::Int64)); };
}

}  // namespace

void draw_margin(const Folder& folder) {
  const std::string score = "t s";
  draw_curve(folder, "hinge", "Hinge", score, -2, 3, of_score(loss::Hinge{}));
  draw_curve(folder, "squared_hinge", "SquaredHinge", score, -1, 3, of_score(loss::SquaredHinge{}));
  draw_curve(folder, "soft_margin", "SoftMargin", score, -4, 4, of_score(loss::SoftMargin{}));
  draw_curve(folder, "perceptron", "Perceptron", score, -2, 2, of_score(loss::Perceptron{}));
  draw_curve(folder, "exponential", "Exponential", score, -1.5, 3, of_score(loss::Exponential{}));

  const std::string lead = "score of the right class - score of the other";
  draw_curve(folder, "multiclass_hinge", "MulticlassHinge, two classes", lead, -2, 3, of_lead(loss::MulticlassHinge{}));
  draw_curve(folder, "multiclass_perceptron", "MulticlassPerceptron, two classes", lead, -2, 2,
             of_lead(loss::MulticlassPerceptron{}));
  draw_curve(folder, "multi_margin", "MultiMargin, p = 2, two classes", lead, -2, 3,
             of_lead(loss::MultiMargin{.p = 2}));
  draw_curve(folder, "multi_label_margin", "MultiLabelMargin, one right class of two", lead, -2, 3, [](const Var& d) {
    const Var labels = cast(zeros_like(d), xgrad::DType::Int64);
    return loss::MultiLabelMargin{}(xgrad::stack({d, zeros_like(d)}, 1), expand_dims(labels, 1));
  });
  draw_curve(folder, "multi_label_soft_margin", "MultiLabelSoftMargin, one label, target 1", "logit", -4, 4,
             [](const Var& z) {
               const Var column = expand_dims(z, 1);
               return loss::MultiLabelSoftMargin{}(column, ones_like(column));
             });
}

}  // namespace pictures
