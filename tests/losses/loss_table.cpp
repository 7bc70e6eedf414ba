#include "loss_table.hpp"

namespace xgrad::testing {

const LossRows& loss_table() {
  static const LossRows table = [] {
    LossRows rows;
    append_regression(rows);
    append_likelihood(rows);
    append_classification(rows);
    append_margin(rows);
    append_sequence(rows);
    append_divergence(rows);
    append_embedding(rows);
    append_ranking(rows);
    append_segmentation(rows);
    append_box(rows);
    append_image(rows);
    append_penalty(rows);
    return rows;
  }();
  return table;
}

}  // namespace xgrad::testing
