// What is checked of every optimiser: a row has the optimiser and its formula in plain numbers.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstring>
#include <functional>
#include <limits>
#include <memory>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <boost/test/unit_test.hpp>
#include <xgrad/optim.hpp>
#include <xgrad/xgrad.hpp>

namespace optim_rows {

namespace xg = xgrad;
namespace optim = xgrad::optim;
using xg::Var;

struct Model {
  Var weight, bias;
};
XGRAD_FIELDS(Model, weight, bias)

using Numbers = std::vector<double>;
/// The arrays of a model, weight [2, 3] and bias [3], in plain numbers.
using Arrays = std::vector<Numbers>;

/// A step in plain numbers: changes the parameters.
using Reference = std::function<void(Arrays& p, const Arrays& g)>;

struct Row {
  std::string name;
  std::function<optim::Optimiser(const optim::Setting& rate)> make;
  std::function<Reference()> reference;  ///< none: the row is checked elsewhere
  double rate = 0.05;
  std::size_t steps = 400;  ///< of the descent on the quadratic
  double falls_to = 1e-2;   ///< of the loss there
  bool same_bits = true;    ///< compiled as called; sums of a whole array may be added up in another order
  bool rate_matters = true;
  bool float_alike = true;  ///< random numbers of float32 are others
};

// ---- the problem: sum c (p - a)^2 / 2

inline double curvature(std::size_t leaf, std::size_t i) {
  return 0.5 + 0.25 * static_cast<double>(i) + 0.1 * static_cast<double>(leaf);
}
inline double target(std::size_t leaf, std::size_t i) {
  return std::sin(1.0 + static_cast<double>(i) + 2.5 * static_cast<double>(leaf));
}
inline double start(std::size_t leaf, std::size_t i) {
  return 0.8 * std::cos(0.3 + 1.1 * static_cast<double>(i) + static_cast<double>(leaf));
}
inline const std::vector<xg::Shape> shapes{{2, 3}, {3}};

template <class T, class F>
Var filled(std::size_t leaf, F f) {
  auto array = xg::Array<T>::from_shape(shapes[leaf]);
  for (std::size_t i = 0; i < array.size(); ++i) array.data()[i] = static_cast<T>(f(leaf, i));
  return {std::move(array)};
}
template <class T, class F>
Model model_of(F f) {
  return {filled<T>(0, f), filled<T>(1, f)};
}
template <class T = double>
Model first_model() {
  return model_of<T>(start);
}

/// Elementwise, so that a derivative of it has the same bits however it is computed.
inline Var loss(const Model& m) {
  const Model c = model_of<double>(curvature);
  const Model a = model_of<double>(target);
  const auto part = [](const Var& p, const Var& of_c, const Var& of_a) {
    return sum(cast(0.5 * of_c, p.dtype()) * square(p - cast(of_a, p.dtype())));
  };
  return part(m.weight, c.weight, a.weight) + part(m.bias, c.bias, a.bias);
}
inline Model gradient(const Model& m) {
  const Model c = model_of<double>(curvature);
  const Model a = model_of<double>(target);
  const auto part = [](const Var& p, const Var& of_c, const Var& of_a) {
    return cast(of_c, p.dtype()) * (p - cast(of_a, p.dtype()));
  };
  return {part(m.weight, c.weight, a.weight), part(m.bias, c.bias, a.bias)};
}
inline optim::Extras extras(const Model& m) {
  const auto at = [m](std::span<const Var> leaves) {
    return xg::tree::leaves(gradient(xg::tree::with_leaves(m, leaves)));
  };
  optim::Extras all;
  all.value = loss(m);
  all.curvature =
      xg::tree::map(model_of<double>(curvature), m, [](const Var& c, const Var& p) { return cast(c, p.dtype()); });
  all.gradient = at;
  all.full_gradient = at;
  return all;
}

inline Arrays first_arrays() {
  Arrays result(2);
  for (std::size_t k = 0; k < 2; ++k) {
    for (std::size_t i = 0; i < size_of(shapes[k]); ++i) result[k].push_back(start(k, i));
  }
  return result;
}
inline Arrays gradient(const Arrays& p) {
  Arrays g = p;
  for (std::size_t k = 0; k < 2; ++k) {
    for (std::size_t i = 0; i < p[k].size(); ++i) g[k][i] = curvature(k, i) * (p[k][i] - target(k, i));
  }
  return g;
}
inline double loss(const Arrays& p) {
  double total = 0.0;
  for (std::size_t k = 0; k < 2; ++k) {
    for (std::size_t i = 0; i < p[k].size(); ++i) {
      total += 0.5 * curvature(k, i) * (p[k][i] - target(k, i)) * (p[k][i] - target(k, i));
    }
  }
  return total;
}

// ---- formulas

inline Arrays like(const Arrays& p, double value = 0.0) {
  Arrays result = p;
  for (Numbers& each : result) std::fill(each.begin(), each.end(), value);
  return result;
}
inline double sign(double x) { return x > 0.0 ? 1.0 : x < 0.0 ? -1.0 : 0.0; }
inline double dot(const Numbers& a, const Numbers& b) {
  double total = 0.0;
  for (std::size_t i = 0; i < a.size(); ++i) total += a[i] * b[i];
  return total;
}
inline double norm(const Numbers& a) { return std::sqrt(dot(a, a)); }
inline double dot(const Arrays& a, const Arrays& b) { return dot(a[0], b[0]) + dot(a[1], b[1]); }
inline double norm(const Arrays& a) { return std::sqrt(dot(a, a)); }

/// A formula for each element, with numbers that it keeps: f(p, g, kept, t), t being 1 at the first step.
template <std::size_t n, class F>
std::function<Reference()> elementwise(F f) {
  return [f]() -> Reference {
    auto kept = std::make_shared<std::vector<std::vector<std::array<double, n>>>>();
    auto t = std::make_shared<double>(0.0);
    return [f, kept, t](Arrays& p, const Arrays& g) {
      *t += 1.0;
      kept->resize(p.size());
      for (std::size_t k = 0; k < p.size(); ++k) {
        (*kept)[k].resize(p[k].size());
        for (std::size_t i = 0; i < p[k].size(); ++i) f(p[k][i], g[k][i], (*kept)[k][i], *t);
      }
    };
  };
}

// ---- the checks

template <class T>
bool same_bits(const std::vector<Var>& a, const std::vector<Var>& b) {
  bool same = a.size() == b.size();
  for (std::size_t k = 0; same && k < a.size(); ++k) {
    same = a[k].shape() == b[k].shape() && a[k].dtype() == b[k].dtype();
    if (!same) break;
    if (a[k].dtype() == xg::dtype_of<T>) {
      same = std::memcmp(a[k].array<T>().data(), b[k].array<T>().data(), sizeof(T) * a[k].size()) == 0;
    } else if (a[k].dtype() == xg::DType::Float64) {
      same = std::memcmp(a[k].array<double>().data(), b[k].array<double>().data(), 8 * a[k].size()) == 0;
    } else if (a[k].dtype() == xg::DType::Int64) {
      same = std::memcmp(a[k].array<std::int64_t>().data(), b[k].array<std::int64_t>().data(), 8 * a[k].size()) == 0;
    }
  }
  return same;
}

/// The largest difference, relative to 1 or the number itself.
inline double distance(const Model& a, const Model& b) {
  double most = 0.0;
  const auto x = xg::tree::leaves(a);
  const auto y = xg::tree::leaves(b);
  for (std::size_t k = 0; k < x.size(); ++k) {
    const Var p = cast<double>(x[k]);
    const Var q = cast<double>(y[k]);
    for (std::size_t i = 0; i < p.size(); ++i) {
      const double u = p.array<double>().data()[i];
      const double v = q.array<double>().data()[i];
      const double d = std::abs(u - v) / std::max(1.0, std::abs(v));
      most = std::isnan(d) ? std::numeric_limits<double>::infinity() : std::max(most, d);
    }
  }
  return most;
}

using Training = std::pair<Model, optim::State>;

inline Training one_step(const optim::Optimiser& optimiser, const Training& before) {
  auto [updates, state] = optimiser.update(gradient(before.first), before.second, before.first, extras(before.first));
  return {optim::apply(before.first, updates), state};
}

inline Training steps_of(const optim::Optimiser& optimiser, Training training, std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) training = one_step(optimiser, training);
  return training;
}

inline constexpr std::size_t first_steps = 7;

inline void check_formula(const Row& row, const optim::Optimiser& optimiser) {
  if (!row.reference) return;
  Training training{first_model(), optimiser.init(first_model())};
  Arrays p = first_arrays();
  const Reference step = row.reference();
  for (std::size_t i = 0; i < first_steps; ++i) {
    training = one_step(optimiser, training);
    step(p, gradient(p));
    const Model expected = model_of<double>([&](std::size_t k, std::size_t j) { return p[k][j]; });
    BOOST_TEST(distance(training.first, expected) < 1e-12,
               "step " << i + 1 << " is off by " << distance(training.first, expected));
  }
}

inline void check_compiled_and_resumed(const Row& row, const optim::Optimiser& optimiser) {
  const Training first{first_model(), optimiser.init(first_model())};
  const Training called = steps_of(optimiser, first, first_steps);
  const auto step = xg::compile([&](const Training& t) { return one_step(optimiser, t); });
  Training compiled = first;
  for (std::size_t i = 0; i < first_steps; ++i) compiled = step(std::move(compiled));
  if (row.same_bits) {
    BOOST_TEST(same_bits<double>(xg::tree::arrays(compiled), xg::tree::arrays(called)),
               "compiled is not as called: " << distance(compiled.first, called.first));
  } else {
    BOOST_TEST(distance(compiled.first, called.first) < 1e-13);
  }
  // Kept as arrays, put into a fresh state, and taken up again.
  const Training half = steps_of(optimiser, first, 3);
  const std::vector<Var> kept = xg::tree::arrays(half.second);
  const optim::State again = xg::tree::with_arrays(optimiser.init(first_model()), kept);
  const Training resumed = steps_of(optimiser, {half.first, again}, first_steps - 3);
  BOOST_TEST(same_bits<double>(xg::tree::arrays(resumed), xg::tree::arrays(called)));
}

inline void check_float(const Row& row, const optim::Optimiser& optimiser) {
  const Training wide = steps_of(optimiser, {first_model(), optimiser.init(first_model())}, 3);
  const Model narrow = first_model<float>();
  const Training training = steps_of(optimiser, {narrow, optimiser.init(narrow)}, 3);
  BOOST_TEST((training.first.weight.dtype() == xg::DType::Float32));
  BOOST_TEST((training.first.bias.dtype() == xg::DType::Float32));
  if (row.float_alike)
    BOOST_TEST(distance(training.first, wide.first) < 2e-4, "float is off by " << distance(training.first, wide.first));
}

inline void check_numbers_and_nothing(const optim::Optimiser& optimiser) {
  // A number stays one: it takes the element type of what it meets.
  Var x = 3.0;
  optim::State state = optimiser.init(x);
  const bool samples = optimiser.gradients() == optim::Transformation::Gradients::per_sample;
  if (samples) return;
  const auto at = [](std::span<const Var> leaves) { return std::vector<Var>{2.0 * leaves[0]}; };
  for (int i = 0; i < 4; ++i) {
    optim::Extras more;
    more.value = x * x;
    more.curvature = Var(2.0);
    more.gradient = at;
    more.full_gradient = at;
    auto [u, next] = optimiser.update(xg::grad([](const Var& v) { return v * v; })(x), state, x, more);
    x = optim::apply(x, u);
    state = next;
  }
  BOOST_TEST(std::isfinite(x.item<double>()));
  BOOST_TEST(((x * xg::zeros({2}, xg::DType::Float32)).dtype() == xg::DType::Float32));
  // Nothing, and arrays of nothing.
  for (const std::size_t n : {0U, 2U}) {
    const std::vector<Var> none(n, xg::zeros({0, 3}));
    optim::Extras more;
    more.value = 1.0;
    more.curvature = none;
    more.gradient = [](std::span<const Var> leaves) { return std::vector<Var>(leaves.begin(), leaves.end()); };
    more.full_gradient = more.gradient;
    auto [u, next] = optimiser.update(none, optimiser.init(none), none, more);
    BOOST_TEST(u.size() == n);
    for (const Var& each : u) BOOST_TEST((each.shape() == xg::Shape{0, 3}));
  }
}

/// Without gradients from the start on nothing becomes NaN, derivatives neither.
inline void check_zero_gradients(const optim::Optimiser& optimiser) {
  const Model m = first_model();
  const auto end = [&](const Model& p) {
    const Model zero = xg::tree::map(p, [](const Var& x) { return 0.0 * x; });
    optim::State state = optimiser.init(p);
    Model now = p;
    for (int i = 0; i < 3; ++i) {
      auto [u, next] = optimiser.update(zero, state, now, extras(now));
      now = optim::apply(now, u);
      state = next;
    }
    return sum(square(now.weight)) + sum(square(now.bias));
  };
  const auto [value, slope] = xg::value_and_grad(end)(m);
  BOOST_TEST(std::isfinite(value.item<double>()));
  bool finite = true;
  for (const Var& each : xg::tree::leaves(slope)) finite = finite && all(isfinite(each)).item<bool>();
  BOOST_TEST(finite, "the derivative with gradients of 0 is not finite");
}

inline void check_descent(const Row& row, const optim::Optimiser& optimiser) {
  const auto step = xg::compile([&](const Training& t) { return one_step(optimiser, t); });
  Training training{first_model(), optimiser.init(first_model())};
  const double before = loss(training.first).item<double>();
  for (std::size_t i = 0; i < row.steps; ++i) training = step(std::move(training));
  const double after = loss(training.first).item<double>() / before;
  BOOST_TEST(after < row.falls_to, "after " << row.steps << " steps the loss is " << after << " of what it was");
}

inline void check_derivative(const Row& row) {
  const auto end = [&](const Var& rate) {
    const optim::Optimiser optimiser = row.make(rate);
    return loss(steps_of(optimiser, {first_model(), optimiser.init(first_model())}, 4).first);
  };
  const double slope = xg::grad(end)(Var(xt::xarray<double>(row.rate))).item<double>();
  const double h = 1e-5 * row.rate;
  const double expected = (end(row.rate + h).item<double>() - end(row.rate - h).item<double>()) / (2.0 * h);
  BOOST_TEST(std::abs(slope - expected) <= 2e-5 * (std::abs(expected) + 1e-3),
             "derivative " << slope << ", differences " << expected);
}

inline void check_batch(const optim::Optimiser& optimiser) {
  const Model other = xg::tree::map(first_model(), [](const Var& p) { return 0.5 * p + 0.1; });
  const Model both = xg::tree::map(first_model(), other, [](const Var& a, const Var& b) { return xg::stack({a, b}); });
  const auto end = [&](const Model& m) { return steps_of(optimiser, {m, optimiser.init(m)}, 3).first; };
  const Model batched = xg::vmap(end)(both);
  const Model second = xg::tree::map(batched, [](const Var& x) { return view(x, 1); });
  BOOST_TEST(distance(second, end(other)) < 1e-13, "batched is off by " << distance(second, end(other)));
}

inline void check(const Row& row) {
  BOOST_TEST_CONTEXT(row.name) {
    const auto guarded = [](const char* what, auto f) {
      BOOST_TEST_CONTEXT(what) {
        try {
          f();
        } catch (const std::exception& error) {
          BOOST_ERROR("threw " << error.what());
        }
      }
    };
    const optim::Optimiser optimiser = row.make(row.rate);
    BOOST_TEST(optimiser.text().starts_with(row.name.substr(0, row.name.find(' '))),
               "its text is " << optimiser.text());
    guarded("formula", [&] { check_formula(row, optimiser); });
    guarded("compiled", [&] { check_compiled_and_resumed(row, optimiser); });
    guarded("float", [&] { check_float(row, optimiser); });
    guarded("numbers", [&] { check_numbers_and_nothing(optimiser); });
    guarded("zero", [&] { check_zero_gradients(optimiser); });
    guarded("descent", [&] { check_descent(row, optimiser); });
    guarded("batch", [&] { check_batch(optimiser); });
    if (row.rate_matters) guarded("derivative", [&] { check_derivative(row); });
  }
}

}  // namespace optim_rows
