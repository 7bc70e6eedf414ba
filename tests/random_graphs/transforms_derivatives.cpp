// Random programs: operations with rules of their own, as solutions of equations, and as derivatives of others.
#include "transform.hpp"

namespace random_graphs {
namespace {

// ---- derivatives of functions some of whose operands have none

Vars floats_of(const Vars& all) {
  Vars result;
  for (const Var& x : all) {
    if (is_floating(x.dtype())) result.push_back(x);
  }
  return result;
}

/// All operands, with other floats in their places.
Vars with_floats(Vars all, const Vars& floats) {
  std::size_t used = 0;
  for (Var& x : all) {
    if (is_floating(x.dtype())) x = floats[used++];
  }
  return all;
}

/// Of floats at their places; empty elsewhere.
Vars at_floats(const Vars& all, const Vars& floats) {
  Vars result;
  std::size_t used = 0;
  for (const Var& x : all) result.push_back(is_floating(x.dtype()) ? floats[used++] : Var());
  return result;
}

auto of_floats(const Function& f, const Vars& all) {
  return [f, all](const Vars& floats) { return f(with_floats(all, floats)); };
}

/// y, exactly, with the derivatives of z, which is y but for rounding.
Var exactly(const Var& y, const Var& z) { return stop_gradient(y) - (stop_gradient(z) - z); }

/// Ones on the tape of x, to which functions that use it are restricted.
Var ones_with(const Var& x) { return x * 0.0 + 1.0; }

std::optional<Function> in_custom_vjp(Random& random, const Operation& op) {
  if (!op.differentiable()) return std::nullopt;
  const bool transposed = random.chance(0.4);
  return [f = op.f, transposed](const Vars& x) {
    const auto value = [f](const Vars& at) { return std::pair{f(at), at}; };
    const auto rule = [f, transposed](const Vars& at, const Var& cotangent) {
      const auto moving = of_floats(f, at);
      const Vars floats = floats_of(at);
      if (!transposed) return at_floats(at, xg::vjp(moving, floats).pullback(cotangent));
      const auto tangent = xg::linearize(moving, floats).pushforward;
      return at_floats(at, xg::linear_transpose(tangent, floats)(cotangent));
    };
    return xg::custom_vjp(value, rule)(x);
  };
}

enum class Tangent : std::uint8_t { Jvp, Linearized, Jet, Jacobian };

/// The tangent of a function of floats.
template <class F>
Var tangent_by(Tangent way, const F& f, const Vars& at, const Vars& direction) {
  switch (way) {
    case Tangent::Linearized:
      return xg::linearize(f, at).pushforward(direction);
    case Tangent::Jet:
      return xg::derivative(f, at, direction, 1);
    case Tangent::Jacobian: {
      const Vars all = xg::jacobian(f)(at);
      Var result;
      for (std::size_t k = 0; k < all.size(); ++k) {
        const Var one = xg::tensordot(all[k], direction[k], static_cast<std::ptrdiff_t>(at[k].dimension()));
        result = result.defined() ? result + one : one;
      }
      return result;
    }
    default:
      return xg::jvp(f, at, direction).tangent;
  }
}

auto rule_of_tangents(const Operation& op, Tangent way) {
  return [f = op.f, dtype = op.dtype, way](const Vars& at, const Vars& tangents) {
    Vars direction;
    for (std::size_t k = 0; k < at.size(); ++k) {
      if (is_floating(at[k].dtype())) direction.push_back(tangents[k]);
    }
    // A Jacobian has the element type of the input.
    return cast(tangent_by(way, of_floats(f, at), floats_of(at), direction), dtype);
  };
}

template <Tangent way>
std::optional<Function> in_custom_jvp(Random&, const Operation& op) {
  if (!op.differentiable()) return std::nullopt;
  if (way == Tangent::Jacobian && op.size() > 8) return std::nullopt;
  return [op](const Vars& x) { return xg::custom_jvp(op.f, rule_of_tangents(op, way))(x); };
}

template <class T>
Var on_host(const Function& f, const Shape& shape, const Vars& x) {
  const auto of = [f](const Vars& values) -> xg::Array<T> { return f(values).array<T>(); };
  switch (x.size()) {
    case 1:
      return xg::host_call("random", shape, [of](const Var& a) -> xg::Array<T> { return of({a}); })(x[0]);
    case 2:
      return xg::host_call("random", shape, [of](const Var& a, const Var& b) -> xg::Array<T> {
        return of({a, b});
      })(x[0], x[1]);
    default:
      return xg::host_call("random", shape, [of](const Var& a, const Var& b, const Var& c) -> xg::Array<T> {
        return of({a, b, c});
      })(x[0], x[1], x[2]);
  }
}

std::optional<Function> in_host_call(Random&, const Operation& op) {
  if (!op.differentiable() || op.ranks.size() > 3) return std::nullopt;
  return [op](const Vars& x) {
    const auto host = [op](const Vars& at) {
      return op.dtype == DType::Float32 ? on_host<float>(op.f, op.shape, at) : on_host<double>(op.f, op.shape, at);
    };
    return xg::custom_jvp(host, rule_of_tangents(op, Tangent::Jvp))(x);
  };
}

/// z - f(x) = 0.
std::optional<Function> in_implicit(Random& random, const Operation& op) {
  if (!op.differentiable() || op.size() > 64) return std::nullopt;
  const auto method = random.chance(0.5) ? xg::LinearSolve::Gmres : xg::LinearSolve::Dense;
  return [f = op.f, method](const Vars& x) {
    const auto residual = [f](const Var& z, const Vars& at) { return Var(z - f(at)); };
    const auto solver = [f](const std::tuple<>&, const Vars& at) { return f(at); };
    return xg::implicit(residual, solver, {.linear_solver = method})(std::tuple<>(), x);
  };
}

std::optional<Function> in_linear_solve(Random& random, const Operation& op) {
  static const std::vector<xg::LinearSolve> methods{xg::LinearSolve::Gmres, xg::LinearSolve::BiCGStab,
                                                    xg::LinearSolve::ConjugateGradient, xg::LinearSolve::Dense};
  if (!op.differentiable() || op.size() > 64) return std::nullopt;
  return [f = op.f, method = random.one_of(methods)](const Vars& x) {
    const Var y = f(x);
    return exactly(y, xg::linear_solve([](const Var& v) { return Var(v + v); }, y + y, {.method = method}));
  };
}

// Derivatives of functions that are linear or quadratic in z, with the operation's result as the factor.

template <class Factor>
std::optional<Function> from_factor(const Operation& op, const Factor& factor) {
  if (!op.differentiable()) return std::nullopt;
  return Function([f = op.f, factor](const Vars& x) {
    const Var y = f(x);
    return exactly(y, factor(y));
  });
}

std::optional<Function> in_grad(Random&, const Operation& op) {
  return from_factor(op, [](const Var& y) { return xg::grad([&](const Var& z) { return sum(z * y); })(ones_with(y)); });
}

std::optional<Function> in_hessian(Random&, const Operation& op) {
  if (op.size() > 6 || op.size() == 0) return std::nullopt;
  return from_factor(op, [](const Var& y) {
    const Var all = xg::hessian([&](const Var& z) { return sum(square(z) * y * 0.5); })(ones_with(y));
    const auto n = static_cast<std::ptrdiff_t>(y.size());
    return reshape(sum(reshape(all, {n, n}), 1), xg::Strides(y.shape()));
  });
}

std::optional<Function> in_jacobian(Random& random, const Operation& op) {
  if (op.size() > 6 || op.size() == 0) return std::nullopt;
  static const std::vector<xg::Mode> modes{xg::Mode::forward, xg::Mode::reverse, xg::Mode::automatic};
  return from_factor(op, [mode = random.one_of(modes)](const Var& y) {
    const Var all = xg::jacobian([&](const Var& z) { return Var(z * y); }, mode)(ones_with(y));
    const auto n = static_cast<std::ptrdiff_t>(y.size());
    return reshape(sum(reshape(all, {n, n}), 0), xg::Strides(y.shape()));
  });
}

std::optional<Function> in_linearize(Random&, const Operation& op) {
  return from_factor(op, [](const Var& y) {
    return xg::linearize([&](const Var& z) { return Var(z * y); }, ones_with(y)).pushforward(ones_with(y));
  });
}

std::optional<Function> in_linear_transpose(Random&, const Operation& op) {
  return from_factor(
      op, [](const Var& y) { return xg::linear_transpose([&](const Var& z) { return Var(z * y); }, y)(ones_with(y)); });
}

std::optional<Function> in_jet(Random& random, const Operation& op) {
  return from_factor(op, [order = 1 + random.below(3)](const Var& y) {
    const auto curve = [&](const Var& t) {
      Var power = t;
      for (std::size_t k = 2; k <= order; ++k) power = power * t / static_cast<double>(k);
      return Var(power * y);
    };
    const Var zero = sum(y * 0.0);
    return xg::derivative(curve, zero, ones_like(zero), order);
  });
}

}  // namespace

const std::vector<Entry>& transforms_of_derivatives() {
  static const std::vector<Entry> all{
      {"custom_vjp", in_custom_vjp},
      {"custom_jvp", in_custom_jvp<Tangent::Jvp>},
      {"custom_jvp by linearize", in_custom_jvp<Tangent::Linearized>},
      {"custom_jvp by jet", in_custom_jvp<Tangent::Jet>},
      {"custom_jvp by jacobian", in_custom_jvp<Tangent::Jacobian>},
      {"host_call", in_host_call},
      {"implicit", in_implicit},
      {"linear_solve", in_linear_solve},
      {"grad", in_grad},
      {"hessian", in_hessian},
      {"jacobian", in_jacobian},
      {"linearize", in_linearize},
      {"linear_transpose", in_linear_transpose},
      {"jet", in_jet},
  };
  return all;
}

}  // namespace random_graphs
