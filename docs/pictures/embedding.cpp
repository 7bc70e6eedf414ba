#include <cmath>
#include <limits>

#include <xgrad/loss/embedding.hpp>

#include "pictures.hpp"

namespace pictures {
namespace {

using xgrad::Var;
namespace loss = xgrad::loss;

Var full(const Var& x, std::int64_t target) { return full_like(cast(x, xgrad::DType::Int64), target); }

/// Unit vectors [N, 2] with the given cosines to the first axis.
Var with_cosine(const Var& c) { return xgrad::stack({c, sqrt(1.0 - square(c))}, -1); }

/// A loss of a batch of samples, drawn over the cosine of one pair: f(rows) for each of the cosines.
Var for_each_cosine(const Var& cosines, const std::function<Var(const Var&)>& f) {
  std::vector<Var> values;
  for (std::size_t i = 0; i < cosines.size(); ++i) {
    values.push_back(f(with_cosine(view(cosines, xt::range(i, i + 1)))));
  }
  return xgrad::stack(values);
}

}  // namespace

void draw_embedding(const Folder& folder) {
  draw_curve(folder, "cosine_embedding", "CosineEmbedding, margin = 0.2, target = -1", "cosine", -0.99, 0.99,
             [](const Var& c) {
               const Var axis = full_like(with_cosine(c), 0.0) + Var(xt::xarray<double>{1.0, 0.0});
               return loss::CosineEmbedding{.margin = 0.2}(with_cosine(c), axis, full(c, -1));
             });
  draw_curve(folder, "hinge_embedding", "HingeEmbedding, target = -1", "distance", 0, 2,
             [](const Var& d) { return loss::HingeEmbedding{}(d, full(d, -1)); });
  draw_curve(folder, "margin_ranking", "MarginRanking, margin = 0.5, target = 1", "x1 - x2", -2, 2,
             [](const Var& d) { return loss::MarginRanking{.margin = 0.5}(d, zeros_like(d), full(d, 1)); });
  draw_curve(folder, "triplet_margin", "TripletMargin, the positive at distance 1", "distance of the negative", 0.01, 3,
             [](const Var& d) {
               const Var far = expand_dims(d, -1);
               return loss::TripletMargin{}(zeros_like(far), ones_like(far), far);
             });
  draw_curve(folder, "contrastive", "Contrastive, same = 0", "distance", 0, 2,
             [](const Var& d) { return loss::Contrastive{}(d, full(d, 0)); });
  // One pair whose cosine changes, and a negative at a right angle to the anchor.
  draw_curve(folder, "info_nce", "InfoNce, temperature = 0.2, one negative of cosine 0", "cosine of the pair", -0.99,
             0.99, [](const Var& c) {
               const Var query(xt::xarray<double>{{1.0, 0.0}, {0.0, 1.0}});
               return for_each_cosine(c, [&](const Var& row) {
                 const Var key = xgrad::concatenate({row, Var(xt::xarray<double>{{0.0, 1.0}})});
                 return view(loss::InfoNce{.temperature = 0.2}(query, key), 0);
               });
             });
  draw_curve(folder, "circle", "Circle, gamma = 8, one negative of cosine 0", "cosine of the pair", -0.99, 0.99,
             [](const Var& c) {
               const Var labels(xt::xarray<std::int64_t>{0, 1, 0});
               return for_each_cosine(c, [&](const Var& row) {
                 const Var z = xgrad::concatenate({Var(xt::xarray<double>{{1.0, 0.0}, {0.0, 1.0}}), row});
                 return view(loss::Circle{.gamma = 8.0}(z, labels), 0);
               });
             });
}

}  // namespace pictures
