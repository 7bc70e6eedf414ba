// The losses of the catalogue that libtorch has, recorded each time: the mean and the gradients of what is learnt.
#include <map>
#include <string>

#include <xgrad/loss/classification.hpp>
#include <xgrad/loss/classification_binary.hpp>
#include <xgrad/loss/divergence.hpp>
#include <xgrad/loss/embedding.hpp>
#include <xgrad/loss/likelihood.hpp>
#include <xgrad/loss/margin.hpp>
#include <xgrad/loss/regression.hpp>
#include <xgrad/loss/sequence.hpp>

#include "contest.hpp"
#include "libtorch/libtorch.hpp"

namespace bench {
namespace {

using namespace xgrad::loss;
using xgrad::Var;
using Arrays = std::vector<Var>;
using Function = Var (*)(const Arrays&);

template <class L>
Var two(const Arrays& x) {
  return L{}(x[0], x[1]);
}
template <class L>
Var three(const Arrays& x) {
  return L{}(x[0], x[1], x[2]);
}

const std::map<std::string, Function>& functions() {
  static const std::map<std::string, Function> all{
      {"mae", two<Mae>},
      {"mse", two<Mse>},
      {"huber", two<Huber>},
      {"smooth_l1", two<SmoothL1>},
      {"kl_divergence", two<KlDivergence>},
      {"binary_cross_entropy", two<BinaryCrossEntropy>},
      {"binary_cross_entropy_probability", two<BinaryCrossEntropyProbability>},
      {"poisson_nll", two<PoissonNll>},
      {"gaussian_nll", three<GaussianNll>},
      {"hinge_embedding", two<HingeEmbedding>},
      {"soft_margin", two<SoftMargin>},
      {"margin_ranking", three<MarginRanking>},
      {"cross_entropy", two<CrossEntropy>},
      {"nll", two<Nll>},
      {"multi_margin", two<MultiMargin>},
      {"multi_label_soft_margin", two<MultiLabelSoftMargin>},
      // libtorch's lists are padded to the number of classes; ours need not be, and five columns hold all labels.
      {"multi_label_margin",
       [](const Arrays& x) { return MultiLabelMargin{}(x[0], view(x[1], xt::all(), xt::range(0, 5))); }},
      {"cosine_embedding", three<CosineEmbedding>},
      {"triplet_margin", three<TripletMargin>},
      {"ctc", [](const Arrays& x) { return Ctc{}(log_softmax(x[0]), x[1], x[2], x[3]); }}};
  return all;
}

Var array_of(const Argument& argument, bool float32) {
  const xgrad::Shape shape(argument.shape);
  if (argument.kind == Argument::Kind::Integers) return var(argument.integers, shape);
  const Var numbers = var(argument.numbers, shape);
  return float32 ? cast<float>(numbers) : numbers;
}

/// The mean of a loss, differentiated with respect to the arguments that are learnt.
Program mean_of(Function loss, const std::vector<Argument>& arguments, bool float32) {
  Arrays learnt;
  Arrays given;
  std::vector<bool> is_learnt;
  for (const Argument& each : arguments) {
    is_learnt.push_back(each.kind == Argument::Kind::Learnt);
    (is_learnt.back() ? learnt : given).push_back(array_of(each, float32));
  }
  const auto f = [=](const Arrays& x, const Arrays& y) {
    Arrays all;
    std::size_t used = 0;
    for (std::size_t k = 0; k < is_learnt.size(); ++k) {
      all.push_back(is_learnt[k] ? x[used] : y[k - used]);
      used += is_learnt[k] ? 1U : 0U;
    }
    return mean(loss(all));
  };
  return program(xgrad::value_and_grad(f), learnt, given);
}

}  // namespace

std::vector<Case> loss_cases() {
  std::vector<Case> result;
  for (const LossProblem& problem : loss_problems()) {
    result.push_back(
        {std::string("loss_") + problem.id, problem.size, problem.float32 ? "float32" : "float64", 1.0, [&problem] {
           const std::vector<Argument> arguments = problem.make();
           return Contest{mean_of(functions().at(problem.id), arguments, problem.float32),
                          libtorch::loss(problem.id, arguments, problem.float32)};
         }});
  }
  return result;
}

}  // namespace bench
