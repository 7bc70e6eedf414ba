// Names of the optimisers that are functions of a struct of settings.
#include <xgrad/optim/adaptive.hpp>
#include <xgrad/optim/curvature.hpp>
#include <xgrad/optim/gradient.hpp>
#include <xgrad/optim/layerwise.hpp>
#include <xgrad/optim/matrix.hpp>
#include <xgrad/optim/parameter_free.hpp>
#include <xgrad/optim/quasi_newton.hpp>

#include "optim/by_name_entries.hpp"

namespace xgrad::optim {

XGRAD_FIELDS(Sgd, rate, momentum, nesterov, dampening)
XGRAD_FIELDS(NoisySgd, rate, variance, gamma, key)
XGRAD_FIELDS(Signum, rate, beta)
XGRAD_FIELDS(Lion, rate, beta1, beta2, decay, decayed)
XGRAD_FIELDS(OptimisticGradient, rate, optimism)
XGRAD_FIELDS(Rprop, rate, down, up, least, most)
XGRAD_FIELDS(Asgd, rate, lambda, alpha, start)
XGRAD_FIELDS(ScheduleFreeSgd, rate, beta, decay)
XGRAD_FIELDS(DpSgd, rate, bound, noise, key)
XGRAD_FIELDS(Svrg, rate, every)

XGRAD_FIELDS(Adagrad, rate, initial, eps)
XGRAD_FIELDS(Adadelta, rate, rho, eps)
XGRAD_FIELDS(Rmsprop, rate, decay, eps, momentum, nesterov, centred)
XGRAD_FIELDS(Adam, rate, beta1, beta2, eps)
XGRAD_FIELDS(AdamW, rate, beta1, beta2, eps, decay, decayed)
XGRAD_FIELDS(Radam, rate, beta1, beta2, eps, threshold)
XGRAD_FIELDS(AdaBelief, rate, beta1, beta2, eps)
XGRAD_FIELDS(Yogi, rate, beta1, beta2, eps, initial)
XGRAD_FIELDS(Adan, rate, beta1, beta2, beta3, eps, decay)
XGRAD_FIELDS(AdaBound, rate, beta1, beta2, eps, final_rate, gamma)
XGRAD_FIELDS(QhAdam, rate, beta1, beta2, nu1, nu2, eps)
XGRAD_FIELDS(AdEmaMix, rate, beta1, beta2, beta3, alpha, eps, decay)
XGRAD_FIELDS(Adopt, rate, beta1, beta2, eps, clipped)
XGRAD_FIELDS(Madgrad, rate, momentum, eps)
XGRAD_FIELDS(Ftrl, rate, beta, l1, l2)
XGRAD_FIELDS(ScheduleFreeAdamW, rate, beta1, beta2, eps, decay)
XGRAD_FIELDS(Swats, rate, beta1, beta2, eps)

XGRAD_FIELDS(Sophia, rate, beta1, beta2, gamma, eps, decay, decayed)
XGRAD_FIELDS(AdaHessian, rate, beta1, beta2, eps, power)

XGRAD_FIELDS(Lamb, rate, beta1, beta2, eps, decay, decayed)
XGRAD_FIELDS(Lars, rate, momentum, decay, trust)
XGRAD_FIELDS(NovoGrad, rate, beta1, beta2, eps, decay)
XGRAD_FIELDS(Sm3, rate, momentum)
XGRAD_FIELDS(Adafactor, rate, decay_power, clipping, eps, least_scale, least_axis, momentum)

XGRAD_FIELDS(Muon, rate, momentum, nesterov, iterations, eps, decay, which, others)
XGRAD_FIELDS(Shampoo, rate, eps, every, largest)
XGRAD_FIELDS(Soap, rate, beta1, beta2, shampoo_beta, eps, decay, every, largest)
XGRAD_FIELDS(Kfac, rate, momentum, beta, damping, decay)

XGRAD_FIELDS(Lbfgs, rate, memory)

XGRAD_FIELDS(PolyakSgd, lowest, most, eps, rate)
XGRAD_FIELDS(Momo, rate, beta, lowest)
XGRAD_FIELDS(Dog, rate, first, eps)
XGRAD_FIELDS(Prodigy, rate, beta1, beta2, eps, d0, decay)
XGRAD_FIELDS(DAdaptAdam, rate, beta1, beta2, eps, d0, decay)
XGRAD_FIELDS(Cocob, alpha, eps, rate)

}  // namespace xgrad::optim

namespace xgrad::detail {

/// The struct inside of Muon: settings by their names, too.
void set_member(const SettingPath& path, optim::AdamW& member, const SettingValue& value) {
  const auto* given = value.object<Settings>();
  if (given == nullptr) throw_wrong_type(path, value, "Settings of adamw");
  apply_settings(std::string(path.owner) + "." + std::string(path.setting), members_of<optim::AdamW>(), &member,
                 *given);
}

}  // namespace xgrad::detail

namespace xgrad::optim::detail {
namespace {

void append_first_order(std::vector<RegistryEntry>& all) {
  all.push_back(optimiser_entry("sgd", sgd));
  all.push_back(optimiser_entry("noisy_sgd", noisy_sgd));
  all.push_back(optimiser_entry("signum", signum));
  all.push_back(optimiser_entry("lion", lion));
  all.push_back(optimiser_entry("optimistic_gradient", optimistic_gradient));
  all.push_back(optimiser_entry("rprop", rprop));
  all.push_back(optimiser_entry("asgd", asgd));
  all.push_back(optimiser_entry("schedule_free_sgd", schedule_free_sgd));
  all.push_back(optimiser_entry("dp_sgd", dp_sgd));
  all.push_back(optimiser_entry("svrg", svrg));
  all.push_back(optimiser_entry("sarah", sarah));
}

void append_adaptive(std::vector<RegistryEntry>& all) {
  all.push_back(optimiser_entry("adagrad", adagrad));
  all.push_back(optimiser_entry("adadelta", adadelta));
  all.push_back(optimiser_entry("rmsprop", rmsprop));
  all.push_back(optimiser_entry("adam", adam));
  all.push_back(optimiser_entry("amsgrad", amsgrad));
  all.push_back(optimiser_entry("nadam", nadam));
  all.push_back(optimiser_entry("adamax", adamax));
  all.push_back(optimiser_entry("sparse_adam", sparse_adam));
  all.push_back(optimiser_entry("adamw", adamw));
  all.push_back(optimiser_entry("nadamw", nadamw));
  all.push_back(optimiser_entry("adamaxw", adamaxw));
  all.push_back(optimiser_entry("radam", radam));
  all.push_back(optimiser_entry("adabelief", adabelief));
  all.push_back(optimiser_entry("yogi", yogi));
  all.push_back(optimiser_entry("adan", adan));
  all.push_back(optimiser_entry("adabound", adabound));
  all.push_back(optimiser_entry("qhadam", qhadam));
  all.push_back(optimiser_entry("ademamix", ademamix));
  all.push_back(optimiser_entry("adopt", adopt));
  all.push_back(optimiser_entry("madgrad", madgrad));
  all.push_back(optimiser_entry("ftrl", ftrl));
  all.push_back(optimiser_entry("schedule_free_adamw", schedule_free_adamw));
  all.push_back(optimiser_entry("swats", swats));
}

void append_others(std::vector<RegistryEntry>& all) {
  all.push_back(optimiser_entry("sophia", sophia));
  all.push_back(optimiser_entry("adahessian", adahessian));
  all.push_back(optimiser_entry("lamb", lamb));
  all.push_back(optimiser_entry("lars", lars));
  all.push_back(optimiser_entry("novograd", novograd));
  all.push_back(optimiser_entry("sm3", sm3));
  all.push_back(optimiser_entry("adafactor", adafactor));
  all.push_back(optimiser_entry("muon", muon));
  all.push_back(optimiser_entry("shampoo", shampoo));
  all.push_back(optimiser_entry("soap", soap));
  all.push_back(optimiser_entry("kfac", kfac));
  all.push_back(optimiser_entry("lbfgs", lbfgs));
  all.push_back(optimiser_entry("polyak_sgd", polyak_sgd));
  all.push_back(optimiser_entry("momo", momo));
  all.push_back(optimiser_entry("dog", dog));
  all.push_back(optimiser_entry("dowg", dowg));
  all.push_back(optimiser_entry("prodigy", prodigy));
  all.push_back(optimiser_entry("dadapt_adam", dadapt_adam));
  all.push_back(optimiser_entry("cocob", cocob));
}

}  // namespace

std::vector<RegistryEntry> optimiser_entries() {
  std::vector<RegistryEntry> all;
  append_first_order(all);
  append_adaptive(all);
  append_others(all);
  return all;
}

}  // namespace xgrad::optim::detail
