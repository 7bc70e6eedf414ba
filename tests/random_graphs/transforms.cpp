#include "transforms.hpp"

#include <algorithm>
#include <array>
#include <optional>

namespace random_graphs {
namespace {

namespace xg = xgrad;
using Vars = std::vector<Var>;
using Function = std::function<Var(const Vars&)>;

/// An operation, and what its result is.
struct Operation {
  Function f;
  Shape shape;
  DType dtype;
  std::vector<std::size_t> ranks;  ///< of its operands
  std::vector<bool> floating;      ///< which of these are

  [[nodiscard]] std::size_t size() const { return xg::size_of(shape); }
  [[nodiscard]] bool differentiable() const {
    return is_floating(dtype) && std::find(floating.begin(), floating.end(), true) != floating.end();
  }
};

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

/// True for finite numbers.
Var truth(const Vars& x) { return equal(sum(cast(x[0], DType::Float64) * 0.0), 0.0); }

// ---- the transforms: each makes a function of a function that is the same

using Transform = std::optional<Function> (*)(Random&, const Operation&);

/// The number of the run, or of the example, of those that are computed which is taken.
struct Chosen {
  std::size_t count, which;
  explicit Chosen(Random& random) : count(1 + random.below(3)), which(random.below(count)) {}
};

/// The operand once for each run or example along an axis.
Var repeated(const Var& x, std::size_t count, std::ptrdiff_t axis) { return xg::stack(Vars(count, x), axis); }

std::optional<Function> custom_vjp(Random& random, const Operation& op) {
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

auto rule_of_tangents(const Function& f, Tangent way) {
  return [f, way](const Vars& at, const Vars& tangents) {
    Vars direction;
    for (std::size_t k = 0; k < at.size(); ++k) {
      if (is_floating(at[k].dtype())) direction.push_back(tangents[k]);
    }
    return tangent_by(way, of_floats(f, at), floats_of(at), direction);
  };
}

template <Tangent way>
std::optional<Function> custom_jvp(Random&, const Operation& op) {
  if (!op.differentiable()) return std::nullopt;
  if (way == Tangent::Jacobian && op.size() > 8) return std::nullopt;
  return [f = op.f](const Vars& x) { return xg::custom_jvp(f, rule_of_tangents(f, way))(x); };
}

std::optional<Function> custom_vmap(Random&, const Operation& op) {
  return [f = op.f](const Vars& x) {
    return xg::custom_vmap(f, [f](const Vars& batches) { return xg::vmap(f)(batches); })(x);
  };
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

std::optional<Function> host_call(Random&, const Operation& op) {
  if (!op.differentiable() || op.ranks.size() > 3) return std::nullopt;
  return [f = op.f, shape = op.shape, dtype = op.dtype](const Vars& x) {
    const auto host = [=](const Vars& at) {
      return dtype == DType::Float32 ? on_host<float>(f, shape, at) : on_host<double>(f, shape, at);
    };
    return xg::custom_jvp(host, rule_of_tangents(f, Tangent::Jvp))(x);
  };
}

std::optional<Function> cond(Random& random, const Operation& op) {
  return [op, first = random.chance(0.5)](const Vars& x) {
    const auto other = [&](const Vars&) { return xg::zeros(op.shape, op.dtype); };
    const Var is_true = truth(x);
    return first ? xg::cond(is_true, op.f, other, x) : xg::cond(!is_true, other, op.f, x);
  };
}

std::optional<Function> switch_(Random& random, const Operation& op) {
  return [op, number = static_cast<std::int64_t>(random.below(3))](const Vars& x) {
    const Function other = [&](const Vars&) { return xg::zeros(op.shape, op.dtype); };
    const Var chosen = cast(truth(x), DType::Int64) * number;
    return xg::switch_(
        chosen, std::tuple{number == 0 ? op.f : other, number == 1 ? op.f : other, number == 2 ? op.f : other}, x);
  };
}

template <bool bounded>
std::optional<Function> while_loop(Random& random, const Operation& op) {
  return [op, runs = static_cast<std::int64_t>(1 + random.below(2))](const Vars& x) {
    using State = std::tuple<Var, Var, Vars>;  // runs, result, operands
    const auto body = [&](const State& state) {
      return State{std::get<0>(state) + std::int64_t{1}, op.f(std::get<2>(state)), std::get<2>(state)};
    };
    const auto goes_on = [&](const State& state) { return std::get<0>(state) < runs; };
    const State first{Var(std::int64_t{0}), xg::zeros(op.shape, op.dtype), x};
    const xg::WhileOptions options{.at_most = bounded ? std::optional<std::size_t>(2) : std::nullopt};
    return std::get<1>(xg::while_loop(goes_on, body, first, options));
  };
}

std::optional<Function> fori_loop(Random& random, const Operation& op) {
  return [op, runs = 1 + random.below(2)](const Vars& x) {
    const auto body = [&](const Var&, const std::pair<Var, Vars>& carried) {
      return std::pair{op.f(carried.second), carried.second};
    };
    return xg::fori_loop(runs, body, std::pair{xg::zeros(op.shape, op.dtype), x}).first;
  };
}

/// Operands are elements, are carried, or are captured.
std::optional<Function> scan(Random& random, const Operation& op) {
  const Chosen runs(random);
  std::vector<std::size_t> kinds;
  for (std::size_t k = 0; k < op.ranks.size(); ++k) kinds.push_back(random.below(3));
  xg::ScanOptions options{.reverse = random.chance(0.5), .length = runs.count};
  if (random.chance(0.3)) options.checkpoint_every = 2;
  else if (random.chance(0.3)) options.checkpoint_levels = 2;
  return [f = op.f, runs, kinds, options](const Vars& x) {
    std::array<Vars, 3> parts;
    for (std::size_t k = 0; k < x.size(); ++k) {
      parts[kinds[k]].push_back(kinds[k] == 0 ? repeated(x[k], runs.count, 0) : x[k]);
    }
    const auto body = [&](const Vars& carried, const Vars& elements) {
      const std::array<const Vars*, 3> from{&elements, &carried, &parts[2]};
      std::array<std::size_t, 3> used{};
      Vars all;
      for (const std::size_t kind : kinds) all.push_back((*from[kind])[used[kind]++]);
      return std::pair{carried, f(all)};
    };
    return view(xg::scan(body, parts[1], parts[0], options).second, runs.which);
  };
}

std::optional<Function> associative_scan(Random& random, const Operation& op) {
  if (!is_floating(op.dtype)) return std::nullopt;
  const auto direction = random.chance(0.5) ? xg::Direction::Forward : xg::Direction::Backward;
  const std::ptrdiff_t axis = random.between(0, static_cast<std::ptrdiff_t>(op.shape.size()));
  return [op, direction, axis](const Vars& x) {
    const Var nothing = xg::full(op.shape, cast(Var(-0.0), op.dtype));
    const Var sums = xg::associative_scan([](const Var& a, const Var& b) { return Var(a + b); },
                                          xg::stack({nothing, op.f(x), nothing}, axis), axis, direction);
    return take(sums, Var(std::int64_t{1}), axis);
  };
}

template <xg::Keep kept>
std::optional<Function> checkpoint(Random&, const Operation& op) {
  if (!is_floating(op.dtype)) return std::nullopt;
  return [f = op.f](const Vars& x) {
    const auto inside = [f](const Vars& at) { return Var(-xg::keep(-f(at), "minus")); };
    if (kept == xg::Keep::Named) return xg::checkpoint(inside, xg::keep_named({"minus"}))(x);
    return xg::checkpoint(inside, kept)(x);
  };
}

std::optional<Function> vmap(Random& random, const Operation& op) {
  const Chosen examples(random);
  std::vector<std::optional<std::ptrdiff_t>> axes;
  for (const std::size_t rank : op.ranks) {
    const auto most = static_cast<std::ptrdiff_t>(rank);
    if (!axes.empty() && random.chance(0.3)) axes.emplace_back(xg::whole);
    else axes.emplace_back(random.between(-most - 1, most));
  }
  const std::ptrdiff_t out = random.between(0, static_cast<std::ptrdiff_t>(op.shape.size()));
  return [f = op.f, examples, axes, out](const Vars& x) {
    Vars batches;
    for (std::size_t k = 0; k < x.size(); ++k)
      batches.push_back(axes[k] ? repeated(x[k], examples.count, *axes[k]) : x[k]);
    const Var all = xg::vmap(f, {.in = {xg::leaf_axes(axes)}, .out = out})(batches);
    return take(all, Var(static_cast<std::int64_t>(examples.which)), out);
  };
}

/// z - f(x) = 0.
std::optional<Function> implicit(Random& random, const Operation& op) {
  if (!op.differentiable() || op.size() > 64) return std::nullopt;
  const auto method = random.chance(0.5) ? xg::LinearSolve::Gmres : xg::LinearSolve::Dense;
  return [f = op.f, method](const Vars& x) {
    const auto residual = [f](const Var& z, const Vars& at) { return Var(z - f(at)); };
    const auto solver = [f](const std::tuple<>&, const Vars& at) { return f(at); };
    return xg::implicit(residual, solver, {.linear_solver = method})(std::tuple<>(), x);
  };
}

std::optional<Function> linear_solve(Random& random, const Operation& op) {
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

std::optional<Function> grad(Random&, const Operation& op) {
  return from_factor(op, [](const Var& y) { return xg::grad([&](const Var& z) { return sum(z * y); })(ones_with(y)); });
}

std::optional<Function> hessian(Random&, const Operation& op) {
  if (op.size() > 6 || op.size() == 0) return std::nullopt;
  return from_factor(op, [](const Var& y) {
    const Var all = xg::hessian([&](const Var& z) { return sum(square(z) * y * 0.5); })(ones_with(y));
    const auto n = static_cast<std::ptrdiff_t>(y.size());
    return reshape(sum(reshape(all, {n, n}), 1), xg::Strides(y.shape()));
  });
}

std::optional<Function> jacobian(Random& random, const Operation& op) {
  if (op.size() > 6 || op.size() == 0) return std::nullopt;
  static const std::vector<xg::Mode> modes{xg::Mode::forward, xg::Mode::reverse, xg::Mode::automatic};
  return from_factor(op, [mode = random.one_of(modes)](const Var& y) {
    const Var all = xg::jacobian([&](const Var& z) { return Var(z * y); }, mode)(ones_with(y));
    const auto n = static_cast<std::ptrdiff_t>(y.size());
    return reshape(sum(reshape(all, {n, n}), 0), xg::Strides(y.shape()));
  });
}

std::optional<Function> linearize(Random&, const Operation& op) {
  return from_factor(op, [](const Var& y) {
    return xg::linearize([&](const Var& z) { return Var(z * y); }, ones_with(y)).pushforward(ones_with(y));
  });
}

std::optional<Function> linear_transpose(Random&, const Operation& op) {
  return from_factor(
      op, [](const Var& y) { return xg::linear_transpose([&](const Var& z) { return Var(z * y); }, y)(ones_with(y)); });
}

std::optional<Function> jet(Random& random, const Operation& op) {
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

std::optional<Function> branch(Random&, const Operation& op) {
  return [f = op.f](const Vars& x) {
    const Var small = sum(cast(x[0], DType::Float64)) > 0.0;
    // Two recordings, of which the call takes one.
    if (xg::branch(small)) return f(x);
    return Var(f(x));
  };
}

struct Entry {
  const char* name;
  Transform transform;
  std::optional<Where> only = std::nullopt;
};

constexpr std::array<Entry, 26> transforms{{
    {"custom_vjp", custom_vjp},
    {"custom_jvp", custom_jvp<Tangent::Jvp>},
    {"custom_jvp by linearize", custom_jvp<Tangent::Linearized>},
    {"custom_jvp by jet", custom_jvp<Tangent::Jet>},
    {"custom_jvp by jacobian", custom_jvp<Tangent::Jacobian>},
    {"custom_vmap", custom_vmap},
    {"host_call", host_call},
    {"cond", cond},
    {"switch_", switch_},
    {"while_loop", while_loop<false>, Where::Forward},
    {"while_loop at most", while_loop<true>},
    {"fori_loop", fori_loop},
    {"scan", scan},
    {"associative_scan", associative_scan},
    {"checkpoint", checkpoint<xg::Keep::Nothing>},
    {"checkpoint products", checkpoint<xg::Keep::Products>},
    {"checkpoint named", checkpoint<xg::Keep::Named>},
    {"vmap", vmap},
    {"implicit", implicit},
    {"linear_solve", linear_solve},
    {"grad", grad},
    {"hessian", hessian},
    {"jacobian", jacobian},
    {"linearize", linearize},
    {"linear_transpose", linear_transpose},
    {"jet", jet},
}};

/// The function in a transform, if one that was drawn takes it.
Operation transformed(Random& random, Operation op, Where where, bool outermost, TransformCounts& counts) {
  const Entry& entry = transforms[random.below(transforms.size())];
  // In others there may be a reverse derivative that the outer one goes through.
  if (entry.only && (*entry.only != where || !outermost)) return op;
  std::optional<Function> result = entry.transform(random, op);
  if (!result) return op;
  ++counts[entry.name];
  op.f = std::move(*result);
  return op;
}

constexpr std::size_t most_elements = 400;
constexpr std::size_t most_axes = 3;

bool is_small(const Shape& shape) { return shape.size() <= most_axes && xg::size_of(shape) <= most_elements; }

Var run_one(const Instruction& instruction, const Vars& operands, Random& random, Where where,
            TransformCounts& counts) {
  Operation op{[&instruction](const Vars& x) {
                 return instruction.run({x, instruction.number, nullptr});
               },
               instruction.shape,
               instruction.dtype,
               {},
               {}};
  bool fits = is_small(op.shape) && !operands.empty();
  for (const Var& x : operands) {
    op.ranks.push_back(x.dimension());
    op.floating.push_back(is_floating(x.dtype()));
    fits = fits && is_small(x.shape());
  }
  if (fits) {
    for (std::size_t depth = 1 + random.below(3); depth-- > 0;)
      op = transformed(random, std::move(op), where, depth == 0, counts);
    if (where == Where::Compiled && random.chance(0.2)) {
      op.f = *branch(random, op);
      ++counts["branch"];
    }
  }
  return op.f(operands);
}

}  // namespace

std::vector<Var> run_with_transforms(const Program& program, const std::vector<Var>& inputs, Where where,
                                     TransformCounts& counts) {
  Random random(program.seed * 3 + static_cast<std::size_t>(where));
  std::vector<Var> values;
  for (std::size_t i = 0; i < program.instructions.size(); ++i) {
    const Instruction& instruction = program.instructions[i];
    if (!instruction.run) {
      values.push_back(inputs[i]);
      continue;
    }
    Vars operands;
    for (const std::size_t operand : instruction.operands) operands.push_back(values[operand]);
    values.push_back(random.chance(0.6) ? run_one(instruction, operands, random, where, counts)
                                        : instruction.run({operands, instruction.number, nullptr}));
  }
  return values;
}

std::vector<std::string> names_of_transforms() {
  std::vector<std::string> names{"branch"};
  for (const Entry& each : transforms) names.emplace_back(each.name);
  return names;
}

}  // namespace random_graphs
