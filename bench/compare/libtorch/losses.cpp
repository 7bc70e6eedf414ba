// The losses that xgrad's catalogue has, too.
#include <torch/nn/functional/loss.h>

#include <map>
#include <memory>

#include "libtorch.hpp"
#include "tensors.hpp"

namespace bench::libtorch {
namespace {

namespace F = torch::nn::functional;
using Tensors = std::vector<Tensor>;
using Loss = Tensor (*)(const Tensors&);

Tensor ctc(const Tensors& x) {
  return torch::ctc_loss(torch::log_softmax(x[0], 2), x[1], x[2], x[3], 0, at::Reduction::None).mean();
}

const std::map<std::string, Loss>& losses() {
  static const std::map<std::string, Loss> all{
      {"mae", [](const Tensors& x) { return torch::l1_loss(x[0], x[1]); }},
      {"mse", [](const Tensors& x) { return torch::mse_loss(x[0], x[1]); }},
      {"huber", [](const Tensors& x) { return torch::huber_loss(x[0], x[1]); }},
      {"smooth_l1", [](const Tensors& x) { return torch::smooth_l1_loss(x[0], x[1]); }},
      {"kl_divergence", [](const Tensors& x) { return torch::kl_div(x[0], x[1]); }},
      {"binary_cross_entropy", [](const Tensors& x) { return torch::binary_cross_entropy_with_logits(x[0], x[1]); }},
      {"binary_cross_entropy_probability", [](const Tensors& x) { return torch::binary_cross_entropy(x[0], x[1]); }},
      {"poisson_nll",
       [](const Tensors& x) { return torch::poisson_nll_loss(x[0], x[1], true, false, 1e-8, at::Reduction::Mean); }},
      {"gaussian_nll",  // as torch.nn.functional has it; the C++ API has none
       [](const Tensors& x) {
         Tensor variance = x[2].clone();
         {
           const torch::NoGradGuard guard;
           variance.clamp_min_(1e-6);
         }
         return (0.5 * (torch::log(variance) + (x[0] - x[1]).square() / variance)).mean();
       }},
      {"hinge_embedding", [](const Tensors& x) { return torch::hinge_embedding_loss(x[0], x[1]); }},
      {"soft_margin", [](const Tensors& x) { return torch::soft_margin_loss(x[0], x[1]); }},
      {"margin_ranking", [](const Tensors& x) { return torch::margin_ranking_loss(x[0], x[1], x[2]); }},
      {"cross_entropy", [](const Tensors& x) { return torch::cross_entropy_loss(x[0], x[1]); }},
      {"nll", [](const Tensors& x) { return torch::nll_loss(x[0], x[1]); }},
      {"multi_margin", [](const Tensors& x) { return torch::multi_margin_loss(x[0], x[1]); }},
      {"multi_label_soft_margin", [](const Tensors& x) { return F::multilabel_soft_margin_loss(x[0], x[1]); }},
      {"multi_label_margin", [](const Tensors& x) { return torch::multilabel_margin_loss(x[0], x[1]); }},
      {"cosine_embedding", [](const Tensors& x) { return torch::cosine_embedding_loss(x[0], x[1], x[2]); }},
      {"triplet_margin", [](const Tensors& x) { return torch::triplet_margin_loss(x[0], x[1], x[2]); }},
      {"ctc", ctc}};
  return all;
}

struct State {
  Tensors arguments, learnt;
  Tensor value;
  Tensors gradients;
};

}  // namespace

Program loss(const std::string& id, const std::vector<Argument>& arguments, bool float32) {
  const auto s = std::make_shared<State>();
  for (const Argument& each : arguments) {
    const std::vector<std::int64_t> shape(each.shape.begin(), each.shape.end());
    const bool integers = each.kind == Argument::Kind::Integers;
    Tensor x = integers ? tensor(each.integers, shape) : tensor(each.numbers, shape);
    if (!integers && float32) x = x.to(torch::kFloat);
    if (each.kind == Argument::Kind::Learnt) s->learnt.push_back(x.requires_grad_(true));
    s->arguments.push_back(x);
  }
  const Loss f = losses().at(id);
  return {[s, f] {
            s->gradients.clear();  // their memory can serve this step, as that of a loop's local variables
            s->value = f(s->arguments);
            s->gradients = torch::autograd::grad({s->value}, s->learnt);
            (void)s->value.item<double>();
          },
          [s] {
            Tensors all{s->value};
            all.insert(all.end(), s->gradients.begin(), s->gradients.end());
            return to_arrays(all);
          }};
}

}  // namespace bench::libtorch
