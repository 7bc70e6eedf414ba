// The loss of sequences as a function of one logit.
#include <xgrad/loss/sequence.hpp>

#include <cstdint>

#include "pictures.hpp"

namespace pictures {

using xgrad::Var;

void draw_sequence(const Folder& folder) {
  draw_curve(folder, "ctc", "Ctc of one symbol in two steps", "logit of the symbol less that of blank", -4, 4,
             [](const Var& z) {
               const Var step = log_softmax(xgrad::stack({zeros_like(z), z}, 1));
               const Var one = xgrad::cast<std::int64_t>(ones_like(z));
               return xgrad::loss::Ctc{}(xgrad::stack({step, step}, 0), xgrad::expand_dims(one, 1), 2 * one, one);
             });
}

}  // namespace pictures
