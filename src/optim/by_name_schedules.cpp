// Names of the schedules, whose settings are the parameters of their functions and the members of their structs.
#include <optional>

#include <xgrad/optim/schedules.hpp>

#include "optim/by_name_entries.hpp"

namespace xgrad::detail {

void set_member(const SettingPath& path, optim::Cycle& member, const SettingValue& value) {
  using optim::Cycle;
  const std::string text = value.text() == nullptr ? "" : *value.text();
  if (text == "triangular") {
    member = Cycle::triangular;
  } else if (text == "triangular2") {
    member = Cycle::triangular2;
  } else if (text == "exponential") {
    member = Cycle::exponential;
  } else {
    throw_wrong_type(path, value, R"("triangular", "triangular2" or "exponential")");
  }
}

}  // namespace xgrad::detail

namespace xgrad::optim::detail {
namespace {

using Number = std::optional<double>;
using Steps = std::optional<std::size_t>;
using Boundaries = std::vector<std::size_t>;

struct ConstantBy {
  Number value;
};
XGRAD_FIELDS(ConstantBy, value)
struct LinearBy {
  Number start, end;
  Steps steps;
};
XGRAD_FIELDS(LinearBy, start, end, steps)
struct PolynomialBy {
  Number start, end;
  Steps steps;
  Number power;
};
XGRAD_FIELDS(PolynomialBy, start, end, steps, power)
struct ExponentialBy : Exponential {
  Number start;
};
XGRAD_FIELDS(ExponentialBy, start, factor, steps, stairs, least)
struct StepwiseBy {
  Number start, factor;
  Steps every;
};
XGRAD_FIELDS(StepwiseBy, start, factor, every)
struct MultiStepBy {
  Number start, factor;
  std::optional<Boundaries> boundaries;
};
XGRAD_FIELDS(MultiStepBy, start, factor, boundaries)
struct PiecewiseBy {
  std::optional<Boundaries> boundaries;
  std::optional<std::vector<double>> values;
};
XGRAD_FIELDS(PiecewiseBy, boundaries, values)
struct CosineBy : Cosine {
  Number peak;
  Steps steps;
};
XGRAD_FIELDS(CosineBy, peak, steps, end, warmup, start)
struct CosineRestartsBy : CosineRestarts {
  Number peak;
  Steps steps;
};
XGRAD_FIELDS(CosineRestartsBy, peak, steps, end, longer, lower)
struct OneCycleBy : OneCycle {
  Number peak;
  Steps steps;
};
XGRAD_FIELDS(OneCycleBy, peak, steps, rising, divisor, final_divisor)
struct InverseTimeBy {
  Number start, rate;
  std::size_t steps = 1;
  bool stairs = false;
};
XGRAD_FIELDS(InverseTimeBy, start, rate, steps, stairs)
struct InverseSquareRootBy {
  Number peak;
  std::size_t warmup = 1;
};
XGRAD_FIELDS(InverseSquareRootBy, peak, warmup)
struct CyclicBy : Cyclic {
  Number low, high;
  Steps up;
};
XGRAD_FIELDS(CyclicBy, low, high, up, down, form, gamma)
struct JoinBy {
  std::vector<Schedule> schedules;
  std::optional<Boundaries> boundaries;
};
XGRAD_FIELDS(JoinBy, schedules, boundaries)

/// The values of a schedule's settings, each of which must be there.
struct Values {
  std::string_view schedule;

  template <class T>
  const T& operator()(std::string_view setting, const std::optional<T>& value) const {
    return needed(schedule, setting, value);
  }
};

template <class S, class F>
RegistryEntry schedule_entry(const char* name, F make) {
  return xgrad::detail::entry_of<S>(name, [name, make](const S& s) { return make(s, Values{name}); });
}

void append_cosines(std::vector<RegistryEntry>& all) {
  all.push_back(schedule_entry<CosineBy>(
      "cosine", [](const auto& s, Values v) { return cosine(v("peak", s.peak), v("steps", s.steps), s); }));
  all.push_back(schedule_entry<CosineRestartsBy>("cosine_restarts", [](const auto& s, Values v) {
    return cosine_restarts(v("peak", s.peak), v("steps", s.steps), s);
  }));
  all.push_back(schedule_entry<OneCycleBy>(
      "one_cycle", [](const auto& s, Values v) { return one_cycle(v("peak", s.peak), v("steps", s.steps), s); }));
  all.push_back(schedule_entry<OneCycleBy>("one_cycle_linear", [](const auto& s, Values v) {
    return one_cycle_linear(v("peak", s.peak), v("steps", s.steps), s);
  }));
  all.push_back(schedule_entry<CyclicBy>(
      "cyclic", [](const auto& s, Values v) { return cyclic(v("low", s.low), v("high", s.high), v("up", s.up), s); }));
}

void append_steps(std::vector<RegistryEntry>& all) {
  all.push_back(schedule_entry<StepwiseBy>("stepwise", [](const auto& s, Values v) {
    return stepwise(v("start", s.start), v("factor", s.factor), v("every", s.every));
  }));
  all.push_back(schedule_entry<MultiStepBy>("multi_step", [](const auto& s, Values v) {
    return multi_step(v("start", s.start), v("factor", s.factor), v("boundaries", s.boundaries));
  }));
  all.push_back(schedule_entry<PiecewiseBy>("piecewise", [](const auto& s, Values v) {
    return piecewise(v("boundaries", s.boundaries), v("values", s.values));
  }));
  all.push_back(schedule_entry<JoinBy>(
      "join", [](const auto& s, Values v) { return join(s.schedules, v("boundaries", s.boundaries)); }));
}

}  // namespace

std::vector<RegistryEntry> schedule_entries() {
  std::vector<RegistryEntry> all;
  append_cosines(all);
  append_steps(all);
  all.push_back(
      schedule_entry<ConstantBy>("constant", [](const auto& s, Values v) { return constant(v("value", s.value)); }));
  all.push_back(schedule_entry<LinearBy>("linear", [](const auto& s, Values v) {
    return linear(v("start", s.start), v("end", s.end), v("steps", s.steps));
  }));
  all.push_back(schedule_entry<LinearBy>("rising_half_life", [](const auto& s, Values v) {
    return rising_half_life(v("start", s.start), v("end", s.end), v("steps", s.steps));
  }));
  all.push_back(schedule_entry<PolynomialBy>("polynomial", [](const auto& s, Values v) {
    return polynomial(v("start", s.start), v("end", s.end), v("steps", s.steps), v("power", s.power));
  }));
  all.push_back(schedule_entry<ExponentialBy>(
      "exponential", [](const auto& s, Values v) { return exponential(v("start", s.start), s); }));
  all.push_back(schedule_entry<InverseTimeBy>("inverse_time", [](const auto& s, Values v) {
    return inverse_time(v("start", s.start), v("rate", s.rate), s.steps, s.stairs);
  }));
  all.push_back(schedule_entry<InverseSquareRootBy>(
      "inverse_square_root", [](const auto& s, Values v) { return inverse_square_root(v("peak", s.peak), s.warmup); }));
  return all;
}

}  // namespace xgrad::optim::detail
