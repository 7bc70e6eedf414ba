#include <xgrad/optim/setting.hpp>

#include <cmath>

#include <xgrad/core/errors.hpp>
#include <xgrad/ops/elementwise.hpp>
#include <xgrad/ops/manipulate.hpp>

#include "core/text.hpp"
#include "optim/numbers.hpp"
#include "var/access.hpp"

namespace xgrad::optim {
namespace {

bool holds(double x, Range range) {
  if (!std::isfinite(x)) return false;
  switch (range) {
    case Range::any:
      return true;
    case Range::positive:
      return x > 0.0;
    case Range::not_negative:
      return x >= 0.0;
    case Range::fraction:
      return x >= 0.0 && x < 1.0;
    case Range::open_fraction:
      return x > 0.0 && x < 1.0;
    case Range::unit:
      return x >= 0.0 && x <= 1.0;
  }
  return false;
}

std::string_view rule_of(Range range) {
  switch (range) {
    case Range::any:
      return "it must be finite";
    case Range::positive:
      return "it must be positive and finite";
    case Range::not_negative:
      return "it must be at least 0 and finite";
    case Range::fraction:
      return "it must be at least 0 and less than 1";
    case Range::open_fraction:
      return "it must be between 0 and 1";
    case Range::unit:
      return "it must be at least 0 and at most 1";
  }
  return "";
}

std::string text_of_number(double x) {
  core::TextStream text;
  text << x;
  return text.str();
}

}  // namespace

Setting::Setting(const Var& number) {
  xgrad::detail::require_usable(number, "optim::Setting");
  if (number.size() != 1) {
    throw ShapeError("optim::Setting: the Var is " + xgrad::detail::describe(number) + "; a setting is one number");
  }
  if (number.dtype() == DType::Bool) throw TypeError("optim::Setting: the Var is bool; a setting is a number");
  if (!number.recorded()) {
    const double value = cast<double>(number).item<double>();
    if (VarAccess::is_scalar(number)) {
      value_ = value;  // a C++ number
      return;
    }
  }
  value_ = number;
}

Var Setting::at(const Var& step) const {
  if (const double* number = known()) return *number;
  if (const Schedule* schedule = std::get_if<Schedule>(&value_)) {
    const Var value = (*schedule)(step);
    if (value.size() != 1) {
      throw ShapeError("optim::Schedule: " + schedule->text() + " gave " + xgrad::detail::describe(value) +
                       " for one step; it must give one number");
    }
    return detail::weak(reshape(value, {}));
  }
  return detail::weak(reshape(std::get<Var>(value_), {}));
}

bool Setting::is(double number) const noexcept { return known() != nullptr && *known() == number; }

std::string Setting::text() const {
  if (const double* number = known()) return text_of_number(*number);
  if (const Schedule* schedule = std::get_if<Schedule>(&value_)) return schedule->text();
  return "a Var";
}

void require_setting(std::string_view optimiser, std::string_view name, const Setting& setting, Range range,
                     std::string_view source) {
  const double* number = setting.known();
  double value = 0.0;
  if (number != nullptr) {
    value = *number;
  } else if (setting.varies()) {
    return;
  } else {
    const Var held = setting.at();
    if (held.recorded()) return;
    value = held.item<double>();
  }
  if (holds(value, range)) return;
  throw ValueError(std::string(optimiser) + ": " + std::string(name) + " is " + text_of_number(value) + "; " +
                   std::string(rule_of(range)) + " (" + std::string(source) + ")");
}

void require_at_least(std::string_view optimiser, std::string_view name, long long value, long long least,
                      std::string_view source) {
  if (value >= least) return;
  throw ValueError(std::string(optimiser) + ": " + std::string(name) + " is " + std::to_string(value) +
                   "; it must be at least " + std::to_string(least) + " (" + std::string(source) + ")");
}

bool any_varies(std::initializer_list<std::reference_wrapper<const Setting>> settings) {
  bool varies = false;
  for (const Setting& each : settings) varies = varies || each.varies();
  return varies;
}

}  // namespace xgrad::optim
