#include <xgrad/optim/schedules.hpp>

#include <cmath>
#include <initializer_list>
#include <memory>
#include <numbers>

#include <xgrad/core/errors.hpp>
#include <xgrad/ops/elementwise.hpp>
#include <xgrad/ops/rounding.hpp>

#include "core/text.hpp"

namespace xgrad::optim {
namespace {

constexpr std::string_view smith = "Smith 2017";
constexpr std::string_view sgdr = "Loshchilov and Hutter 2017";

std::string call_text(std::string_view name, std::initializer_list<double> numbers) {
  core::TextStream text;
  text << name;
  const char* before = "(";
  for (const double x : numbers) {
    text << before << x;
    before = ", ";
  }
  text << ')';
  return text.str();
}

double as_number(std::size_t n) { return static_cast<double>(n); }

void require_steps(std::string_view schedule, std::string_view what, std::size_t steps) {
  require_at_least(schedule, what, static_cast<long long>(steps), 1, "a part of no length has no slope");
}

void require_numbers(std::string_view schedule, std::initializer_list<std::pair<std::string_view, double>> all) {
  for (const auto& [what, value] : all) require_setting(schedule, what, value, Range::any, "a rate is a number");
}

void require_rising(std::string_view schedule, const std::vector<std::size_t>& boundaries, std::size_t pieces) {
  if (pieces != boundaries.size() + 1) {
    throw ValueError(std::string(schedule) + ": there are " + std::to_string(boundaries.size()) + " boundaries and " +
                     std::to_string(pieces) + " pieces; there must be one piece more");
  }
  for (std::size_t k = 1; k < boundaries.size(); ++k) {
    if (boundaries[k] > boundaries[k - 1]) continue;
    throw ValueError(std::string(schedule) + ": boundary " + std::to_string(boundaries[k]) + " comes after " +
                     std::to_string(boundaries[k - 1]) + "; boundaries must rise");
  }
}

/// How much of so many steps has gone, from 0 to 1.
Var gone(const Var& t, double steps) { return clip(t / steps, 0.0, 1.0); }

/// From a to b by half a cosine, as s goes from 0 to 1.
Var half_cosine(const Var& a, const Var& b, const Var& s) {
  return b + (a - b) * (0.5 * (1.0 + cos(std::numbers::pi * s)));
}

/// A start where nothing has gone, and an end where all has, to the last digit.
Var between(double a, double b, const Var& s) { return where(s < 1.0, a + (b - a) * s, b); }

/// base^x, with the same bits whether x is known when it is recorded or not.
Var power(double base, const Var& x) { return exp(std::log(base) * x); }

Var filled(const Var& t, double value) { return zeros_like(t) + value; }

}  // namespace

Schedule constant(double value) {
  require_numbers("constant", {{"value", value}});
  return {[=](const Var& t) { return filled(t, value); }, call_text("constant", {value})};
}

Schedule linear(double start, double end, std::size_t steps) {
  require_numbers("linear", {{"start", start}, {"end", end}});
  require_steps("linear", "steps", steps);
  const double n = as_number(steps);
  return {[=](const Var& t) { return between(start, end, gone(t, n)); }, call_text("linear", {start, end, n})};
}

Schedule polynomial(double start, double end, std::size_t steps, double power) {
  require_numbers("polynomial", {{"start", start}, {"end", end}});
  require_steps("polynomial", "steps", steps);
  require_setting("polynomial", "power", power, Range::positive, "else it does not fall");
  const double n = as_number(steps);
  return {[=](const Var& t) { return end + (start - end) * pow(1.0 - gone(t, n), power); },
          call_text("polynomial", {start, end, n, power})};
}

Schedule exponential(double start, const Exponential& settings) {
  require_numbers("exponential", {{"start", start}, {"least", settings.least}});
  require_setting("exponential", "factor", settings.factor, Range::positive, "a power of it must exist");
  require_steps("exponential", "steps", settings.steps);
  const double n = as_number(settings.steps);
  return {[=](const Var& t) {
            const Var periods = settings.stairs ? floor(t / n) : t / n;
            return maximum(start * power(settings.factor, periods), settings.least);
          },
          call_text("exponential", {start, settings.factor, n})};
}

Schedule stepwise(double start, double factor, std::size_t every) {
  require_numbers("stepwise", {{"start", start}});
  require_setting("stepwise", "factor", factor, Range::positive, "a power of it must exist");
  require_steps("stepwise", "every", every);
  const double n = as_number(every);
  return {[=](const Var& t) { return start * power(factor, floor(t / n)); }, call_text("stepwise", {start, factor, n})};
}

Schedule multi_step(double start, double factor, std::vector<std::size_t> boundaries) {
  require_numbers("multi_step", {{"start", start}, {"factor", factor}});
  require_rising("multi_step", boundaries, boundaries.size() + 1);
  std::vector<double> values{start};
  for (std::size_t k = 0; k < boundaries.size(); ++k) values.push_back(values.back() * factor);
  const Schedule pieces = piecewise(std::move(boundaries), std::move(values));
  return {[pieces](const Var& t) { return pieces(t); }, call_text("multi_step", {start, factor})};
}

Schedule piecewise(std::vector<std::size_t> boundaries, std::vector<double> values) {
  require_rising("piecewise", boundaries, values.size());
  for (const double value : values) require_numbers("piecewise", {{"value", value}});
  return {[boundaries = std::move(boundaries), values = std::move(values)](const Var& t) {
            Var value = filled(t, values[0]);
            for (std::size_t k = 0; k < boundaries.size(); ++k) {
              value = where(t < as_number(boundaries[k]), value, values[k + 1]);
            }
            return value;
          },
          "piecewise"};
}

Schedule cosine(double peak, std::size_t steps, const Cosine& settings) {
  require_numbers("cosine", {{"peak", peak}, {"end", settings.end}, {"start", settings.start}});
  require_steps("cosine", "steps", steps);
  const double n = as_number(steps);
  const double before = as_number(settings.warmup);
  return {[=](const Var& t) {
            const Var falls = half_cosine(peak, settings.end, gone(t - before, n));
            if (before == 0.0) return falls;
            return where(t < before, between(settings.start, peak, gone(t, before)), falls);
          },
          before == 0.0 ? call_text("cosine", {peak, n}) : call_text("cosine", {peak, n, settings.end, before})};
}

Schedule cosine_restarts(double peak, std::size_t steps, const CosineRestarts& settings) {
  require_numbers("cosine_restarts", {{"peak", peak}, {"end", settings.end}});
  require_steps("cosine_restarts", "steps", steps);
  require_setting("cosine_restarts", "longer - 1", settings.longer - 1.0, Range::not_negative, sgdr);
  require_setting("cosine_restarts", "lower", settings.lower, Range::positive, sgdr);
  const double n = as_number(steps);
  const double longer = settings.longer;
  return {[=](const Var& t) {
            Var period;  // which it is, from 0
            Var begins;
            Var length;
            if (longer == 1.0) {
              period = floor(t / n);
              begins = period * n;
              length = filled(t, n);
            } else {
              // The first j periods have n (longer^j - 1) / (longer - 1) steps; a boundary must not fall to the one
              // before by a rounding.
              period = floor(log1p(t * ((longer - 1.0) / n)) / std::log(longer) + 1e-9);
              length = n * power(longer, period);
              begins = (length - n) / (longer - 1.0);
            }
            const Var top = settings.lower == 1.0 ? Var(peak) : peak * power(settings.lower, period);
            return half_cosine(top, settings.end, clip((t - begins) / length, 0.0, 1.0));
          },
          call_text("cosine_restarts", {peak, n, settings.end, longer, settings.lower})};
}

namespace {

struct CycleForm {
  double peak, low, end, up, steps;
};

CycleForm cycle_form(std::string_view name, double peak, std::size_t steps, const OneCycle& settings) {
  require_numbers(name, {{"peak", peak}});
  require_steps(name, "steps", steps);
  constexpr std::string_view paper = "Smith and Topin 2018";
  require_setting(name, "rising", settings.rising, Range::open_fraction, paper);
  require_setting(name, "divisor", settings.divisor, Range::positive, paper);
  require_setting(name, "final_divisor", settings.final_divisor, Range::positive, paper);
  const double n = as_number(steps);
  const double low = peak / settings.divisor;
  return {peak, low, low / settings.final_divisor, settings.rising * n, n};
}

}  // namespace

Schedule one_cycle(double peak, std::size_t steps, const OneCycle& settings) {
  const CycleForm c = cycle_form("one_cycle", peak, steps, settings);
  return {[c](const Var& t) {
            return where(t < c.up, half_cosine(c.low, c.peak, gone(t, c.up)),
                         half_cosine(c.peak, c.end, gone(t - c.up, c.steps - c.up)));
          },
          call_text("one_cycle", {peak, c.steps})};
}

Schedule one_cycle_linear(double peak, std::size_t steps, const OneCycle& settings) {
  const CycleForm c = cycle_form("one_cycle_linear", peak, steps, settings);
  if (settings.rising > 0.5) {
    throw ValueError("one_cycle_linear: rising is " + std::to_string(settings.rising) +
                     "; it must be at most 1/2, for it falls in the same time (Smith and Topin 2018)");
  }
  const double rest = c.steps - 2.0 * c.up;
  return {[c, rest](const Var& t) {
            const Var last = rest > 0.0 ? between(c.low, c.end, gone(t - 2.0 * c.up, rest)) : filled(t, c.end);
            return where(t < c.up, between(c.low, c.peak, gone(t, c.up)),
                         where(t < 2.0 * c.up, between(c.peak, c.low, gone(t - c.up, c.up)), last));
          },
          call_text("one_cycle_linear", {peak, c.steps})};
}

Schedule inverse_time(double start, double rate, std::size_t steps, bool stairs) {
  require_numbers("inverse_time", {{"start", start}});
  require_setting("inverse_time", "rate", rate, Range::not_negative, "else it has a pole");
  require_steps("inverse_time", "steps", steps);
  const double n = as_number(steps);
  return {[=](const Var& t) { return start / (1.0 + rate * (stairs ? floor(t / n) : t / n)); },
          call_text("inverse_time", {start, rate, n})};
}

Schedule inverse_square_root(double peak, std::size_t warmup) {
  require_numbers("inverse_square_root", {{"peak", peak}});
  require_steps("inverse_square_root", "warmup", warmup);
  const double n = as_number(warmup);
  return {[=](const Var& t) { return peak * minimum((t + 1.0) / n, sqrt(n / (t + 1.0))); },
          call_text("inverse_square_root", {peak, n})};
}

Schedule cyclic(double low, double high, std::size_t up, const Cyclic& settings) {
  require_numbers("cyclic", {{"low", low}, {"high", high}});
  require_steps("cyclic", "up", up);
  require_setting("cyclic", "gamma", settings.gamma, Range::positive, smith);
  const double rise = as_number(up);
  const double fall = settings.down == 0 ? rise : as_number(settings.down);
  const double length = rise + fall;
  return {[=](const Var& t) {
            const Var cycle = floor(t / length);
            const Var in = t - cycle * length;
            Var height = where(in < rise, in / rise, (length - in) / fall);
            if (settings.form == Cycle::triangular2) height = height * power(0.5, cycle);
            if (settings.form == Cycle::exponential) height = height * power(settings.gamma, t);
            return low + (high - low) * height;
          },
          call_text("cyclic", {low, high, rise, fall})};
}

Schedule join(std::vector<Schedule> schedules, std::vector<std::size_t> boundaries) {
  require_rising("join", boundaries, schedules.size());
  std::string text = "join(";
  for (std::size_t k = 0; k < schedules.size(); ++k) text += (k == 0 ? "" : ", ") + schedules[k].text();
  return {[schedules = std::move(schedules), boundaries = std::move(boundaries)](const Var& t) {
            Var value = schedules[0](t);
            for (std::size_t k = 0; k < boundaries.size(); ++k) {
              const double start = as_number(boundaries[k]);
              value = where(t < start, value, schedules[k + 1](maximum(t - start, 0.0)));
            }
            return value;
          },
          text + ')'};
}

Schedule rising_half_life(double start, double end, std::size_t steps) {
  constexpr std::string_view paper = "Pagliardini et al. 2024";
  require_setting("rising_half_life", "start", start, Range::open_fraction, paper);
  require_setting("rising_half_life", "end", end, Range::open_fraction, paper);
  require_steps("rising_half_life", "steps", steps);
  const double a = std::log(start);
  const double b = std::log(end);
  const double n = as_number(steps);
  return {[=](const Var& t) {
            const Var s = gone(t, n);
            return minimum(exp(a * b / ((1.0 - s) * b + s * a)), end);
          },
          call_text("rising_half_life", {start, end, n})};
}

}  // namespace xgrad::optim
