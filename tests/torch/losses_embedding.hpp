// The losses of pairs and triplets of vectors in libtorch.
#pragma once

#include <limits>
#include <string>

#include "counterparts.hpp"

namespace libtorch {

inline Counterpart triplet_margin(double margin, double p, bool swap = false) {
  return [=](const Tensors& x) {
    return at::triplet_margin_loss(x[0], x[1], x[2], margin, p, 1e-6, swap, at::Reduction::None);
  };
}

inline void add_embedding_losses(Counterparts& table) {
  const auto cosine = [&](const std::string& key, double margin) {
    table[key] = [=](const Tensors& x) {
      return at::cosine_embedding_loss(x[0], x[1], x[2], margin, at::Reduction::None);
    };
  };
  cosine("CosineEmbedding", 0.0);
  cosine("CosineEmbedding.margin", 0.3);
  table["CosineEmbedding.transposed"] = [](const Tensors& x) {
    return at::cosine_embedding_loss(x[0].t(), x[1].t(), x[2], -0.2, at::Reduction::None);
  };
  const auto hinge = [&](const std::string& key, double margin) {
    table[key] = [=](const Tensors& x) { return at::hinge_embedding_loss(x[0], x[1], margin, at::Reduction::None); };
  };
  hinge("HingeEmbedding", 1.0);
  hinge("HingeEmbedding.margin", 0.45);
  const auto ranking = [&](const std::string& key, double margin) {
    table[key] = [=](const Tensors& x) {
      return at::margin_ranking_loss(x[0], x[1], x[2], margin, at::Reduction::None);
    };
  };
  ranking("MarginRanking", 0.0);
  ranking("MarginRanking.margin", 0.5);
  table["TripletMargin"] = triplet_margin(1.0, 2.0);
  table["TripletMargin.p1"] = triplet_margin(2.5, 1.0);
  table["TripletMargin.p3"] = triplet_margin(1.0, 3.0);
  table["TripletMargin.p12"] = triplet_margin(1.0, 12.0);
  table["TripletMargin.p15"] = triplet_margin(1.5, 1.5);
  table["TripletMargin.infinite"] = triplet_margin(1.0, std::numeric_limits<double>::infinity());
  table["TripletMargin.swap"] = triplet_margin(1.5, 2.0, true);
  table["TripletMargin.distance"] = [](const Tensors& x) {
    const auto distance = [](const Tensor& a, const Tensor& b) { return (a - b).square().mean(-1) + (a - b).sum(-1); };
    return at::clamp_min(0.3 + distance(x[0], x[1]) - distance(x[0], x[2]), 0);
  };
}

}  // namespace libtorch
