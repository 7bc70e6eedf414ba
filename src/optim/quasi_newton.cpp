#include <xgrad/optim/quasi_newton.hpp>

#include <string>
#include <vector>

#include <xgrad/ops/elementwise.hpp>

#include "optim/numbers.hpp"

namespace xgrad::optim {
namespace {

using detail::inner_product;
using detail::weak;

constexpr std::string_view nocedal = "Nocedal 1980";
constexpr double least_product = 1e-10;

/// The last changes of parameters and gradient; those that there are not yet have a rho of 0.
struct Changes {
  std::vector<Var*> rho;             ///< 1 / <s, y>
  std::vector<std::span<Var>> s, y;  ///< the oldest first

  static void init(Slots& slots, std::size_t memory) {
    for (std::size_t k = 0; k < memory; ++k) slots.number("rho" + std::to_string(k), 0.0);
    for (std::size_t k = 0; k < memory; ++k) slots.like("s" + std::to_string(k));
    for (std::size_t k = 0; k < memory; ++k) slots.like("y" + std::to_string(k));
  }

  Changes(Step& step, std::size_t memory) {
    for (std::size_t k = 0; k < memory; ++k) rho.push_back(&step.number());
    for (std::size_t k = 0; k < memory; ++k) s.push_back(step.slot());
    for (std::size_t k = 0; k < memory; ++k) y.push_back(step.slot());
  }

  /// If a condition holds: the oldest is forgotten.
  void append(const Var& condition, const Var& product, std::span<const Var> of_s, std::span<const Var> of_y) {
    const std::size_t last = rho.size() - 1;
    const auto shift = [&](Var& older, const Var& newer) { older = where(condition, newer, older); };
    for (std::size_t k = 0; k < last; ++k) *rho[k] = weak(where(condition, *rho[k + 1], *rho[k]));
    *rho[last] = weak(where(condition, 1.0 / where(condition, product, 1.0), *rho[last]));
    for (std::size_t i = 0; i < of_s.size(); ++i) {
      for (std::size_t k = 0; k < last; ++k) {
        shift(s[k][i], s[k + 1][i]);
        shift(y[k][i], y[k + 1][i]);
      }
      shift(s[last][i], of_s[i]);
      shift(y[last][i], of_y[i]);
    }
  }

  /// The inverse Hessian times q, by two loops.
  [[nodiscard]] std::vector<Var> times(std::vector<Var> q, const Var& scale) const {
    const std::size_t n = rho.size();
    std::vector<Var> alpha(n);
    for (std::size_t k = n; k-- > 0;) {
      alpha[k] = *rho[k] * inner_product(s[k], q);
      for (std::size_t i = 0; i < q.size(); ++i) q[i] = q[i] - alpha[k] * y[k][i];
    }
    for (Var& each : q) each = scale * each;
    for (std::size_t k = 0; k < n; ++k) {
      const Var beta = *rho[k] * inner_product(y[k], q);
      for (std::size_t i = 0; i < q.size(); ++i) q[i] = q[i] + (alpha[k] - beta) * s[k][i];
    }
    return q;
  }
};

}  // namespace

Optimiser lbfgs(const Lbfgs& settings) {
  require_setting("lbfgs", "rate", settings.rate, Range::not_negative, nocedal);
  require_at_least("lbfgs", "memory", static_cast<long long>(settings.memory), 1, nocedal);
  return Transformation(
      detail::Text("lbfgs")("rate", settings.rate)("memory", settings.memory).str(),
      [memory = settings.memory](Slots& slots) {
        slots.count();
        slots.number("scale", 1.0);
        slots.like("step");
        slots.like("gradient");
        Changes::init(slots, memory);
      },
      [settings](Step& step) {
        const Var t = step.count();
        Var& scale = step.number();
        const std::span<Var> last = step.slot();
        const std::span<Var> before = step.slot();
        Changes changes(step, settings.memory);
        std::vector<Var> y;
        for (std::size_t i = 0; i < step.size(); ++i) y.push_back(step.updates[i] - before[i]);
        const Var product = inner_product(last, y);
        const Var good = product > least_product;  // never at the first step, whose last one is 0
        scale = weak(where(good, product / where(good, inner_product(y, y), 1.0), scale));
        changes.append(good, product, last, y);

        const Var size = detail::sum_of_sizes(step.updates);
        const Var shortened = where(size > 1.0, 1.0 / where(size > 1.0, size, 1.0), 1.0);
        const Var factor = weak(settings.rate.at(t) * where(equal(t, 0.0), shortened, 1.0));
        const std::vector<Var> direction = changes.times(step.updates, scale);
        for (std::size_t i = 0; i < step.size(); ++i) {
          before[i] = step.updates[i];
          step.updates[i] = last[i] = -factor * direction[i];
        }
      });
}

}  // namespace xgrad::optim
