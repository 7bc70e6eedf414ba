// What tests of Taylor mode compare with: derivatives along a curve by nested jvp, and by differences.
#pragma once

#include <cstddef>
#include <functional>
#include <vector>

#include <xgrad/xgrad.hpp>

namespace jets {

using xgrad::Var;
using Arrays = std::vector<Var>;
using Of = std::function<Var(const Arrays&)>;

/// x(t) of the curve with these derivatives at 0: orders[k] is the (k + 1)-th.
inline Arrays on_curve(const Arrays& x, const std::vector<Arrays>& orders, const Var& t) {
  Arrays result = x;
  double factorial = 1.0;
  Var power = 1.0;
  for (std::size_t k = 0; k < orders.size(); ++k) {
    factorial *= static_cast<double>(k + 1);
    power = power * t;
    for (std::size_t i = 0; i < x.size(); ++i) {
      result[i] = result[i] + cast(power / factorial, x[i].dtype()) * orders[k][i];
    }
  }
  return result;
}

/// d^k/dt^k f(x(t)) at 0, from the first to the last order: jvp of jvp of ..., which records twice as much each time.
inline Arrays by_nested_jvp(const Of& f, const Arrays& x, const std::vector<Arrays>& orders) {
  using Curve = std::function<Var(const Var&)>;
  Curve curve = [&](const Var& t) { return f(on_curve(x, orders, t)); };
  Arrays result;
  const Var zero = xt::xarray<double>(0.0);
  for (std::size_t k = 0; k < orders.size(); ++k) {
    curve = [inner = curve](const Var& t) { return xgrad::jvp(inner, t, ones_like(t)).tangent; };
    result.push_back(curve(zero));
  }
  return result;
}

/// The same by central differences of the series of one order less, along the curve.
inline Arrays by_differences(const Of& f, const Arrays& x, const std::vector<Arrays>& orders, double step) {
  const auto series_at = [&](double t) {
    Arrays at = on_curve(x, orders, Var(xt::xarray<double>(t)));
    // The derivatives of the curve at t are those of the curve whose derivatives begin one later.
    std::vector<Arrays> further;
    for (std::size_t k = 0; k + 1 < orders.size(); ++k) {
      further.push_back(on_curve(orders[k], {orders.begin() + static_cast<std::ptrdiff_t>(k) + 1, orders.end()},
                                 Var(xt::xarray<double>(t))));
    }
    auto [value, series] = xgrad::jet(f, at, further);
    series.insert(series.begin(), value);
    return series;
  };
  Arrays result;
  const Arrays far = series_at(2.0 * step), near = series_at(step), back = series_at(-step),
               further = series_at(-2.0 * step);
  for (std::size_t k = 0; k < orders.size(); ++k) {
    result.push_back((8.0 * (near[k] - back[k]) - (far[k] - further[k])) / (12.0 * step));
  }
  return result;
}

}  // namespace jets
