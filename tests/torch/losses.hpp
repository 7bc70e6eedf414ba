// For each row of the table of losses that libtorch has, by the row's name, the same in libtorch.
#pragma once

#include "counterparts.hpp"
#include "losses_classification.hpp"
#include "losses_divergence.hpp"
#include "losses_embedding.hpp"
#include "losses_likelihood.hpp"
#include "losses_margin.hpp"
#include "losses_regression.hpp"

namespace libtorch {

inline Counterparts make_losses() {
  Counterparts table;
  add_regression_losses(table);
  add_likelihood_losses(table);
  add_classification_losses(table);
  add_margin_losses(table);
  add_divergence_losses(table);
  add_embedding_losses(table);
  table["Ctc"] = [](const Tensors& x) {
    return at::ctc_loss(at::log_softmax(x[0], -1), x[1], x[2], x[3], 0, at::Reduction::None);
  };
  return table;
}

}  // namespace libtorch
