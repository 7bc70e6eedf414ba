// Training steps of a net of two layers, compiled: loss, gradient and update of the parameters in place.
#include "../programs/mlp.hpp"

#include "contest.hpp"
#include "libtorch/libtorch.hpp"

namespace bench {
namespace {

Case sgd(std::size_t size, double at_least) {
  return {"mlp_b" + std::to_string(size), "784-128-10, batch " + std::to_string(size), "float32", at_least, [=] {
            const Batch batch = make_batch(size);
            return Contest{training(xgrad::compile(sgd_step), make_mlp(batch), var(batch.x, {size, Batch::inputs}),
                                    var(batch.labels)),
                           libtorch::mlp_sgd(batch)};
          }};
}

/// The compiled step as a Program: two trees are handed over, and only the parameters are compared.
Program adam(const Batch& batch) {
  using Compiled = decltype(xgrad::compile(adam_step));
  struct State {
    Compiled step;
    Mlp model;
    AdamState optimiser;
    xgrad::Var x, labels, loss;
  };
  const Mlp model = make_mlp(batch);
  const auto s = std::make_shared<State>(State{xgrad::compile(adam_step),
                                               model,
                                               make_adam(model),
                                               var(batch.x, {batch.size, Batch::inputs}),
                                               var(batch.labels),
                                               {}});
  return {[s] {
            std::tie(s->model, s->optimiser, s->loss) =
                s->step(std::move(s->model), std::move(s->optimiser), s->x, s->labels);
          },
          [s] { return to_vectors(std::tuple(s->model, s->loss)); }};
}

}  // namespace

std::vector<Case> mlp_cases() {
  return {sgd(1, 3.0),
          sgd(16, 2.0),
          sgd(128, 1.25),
          sgd(1024, 1.15),
          {"mlp_adam_b128", "784-128-10, batch 128", "float32", 1.3, [] {
             const Batch batch = make_batch(128);
             return Contest{adam(batch), libtorch::mlp_adam(batch)};
           }}};
}

}  // namespace bench
