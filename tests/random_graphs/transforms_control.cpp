// Random programs: operations inside of loops, branches, batches and checkpoints.
#include <array>

#include "transform.hpp"

namespace random_graphs {
namespace {

/// True for finite numbers.
Var truth(const Vars& x) { return equal(sum(cast(x[0], DType::Float64) * 0.0), 0.0); }

/// The number of the run, or of the example, of those that are computed which is taken.
struct Chosen {
  std::size_t count, which;
  explicit Chosen(Random& random) : count(1 + random.below(3)), which(random.below(count)) {}
};

/// The operand once for each run or example along an axis.
Var repeated(const Var& x, std::size_t count, std::ptrdiff_t axis) { return xg::stack(Vars(count, x), axis); }

std::optional<Function> in_custom_vmap(Random&, const Operation& op) {
  return [f = op.f](const Vars& x) {
    return xg::custom_vmap(f, [f](const Vars& batches) { return xg::vmap(f)(batches); })(x);
  };
}

std::optional<Function> in_cond(Random& random, const Operation& op) {
  return [op, first = random.chance(0.5)](const Vars& x) {
    const auto other = [&](const Vars&) { return xg::zeros(op.shape, op.dtype); };
    const Var is_true = truth(x);
    return first ? xg::cond(is_true, op.f, other, x) : xg::cond(!is_true, other, op.f, x);
  };
}

std::optional<Function> in_switch_(Random& random, const Operation& op) {
  return [op, number = static_cast<std::int64_t>(random.below(3))](const Vars& x) {
    const Function other = [&](const Vars&) { return xg::zeros(op.shape, op.dtype); };
    const Var chosen = cast(truth(x), DType::Int64) * number;
    return xg::switch_(
        chosen, std::tuple{number == 0 ? op.f : other, number == 1 ? op.f : other, number == 2 ? op.f : other}, x);
  };
}

template <bool bounded>
std::optional<Function> in_while_loop(Random& random, const Operation& op) {
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

std::optional<Function> in_fori_loop(Random& random, const Operation& op) {
  return [op, runs = 1 + random.below(2)](const Vars& x) {
    const auto body = [&](const Var&, const std::pair<Var, Vars>& carried) {
      return std::pair{op.f(carried.second), carried.second};
    };
    return xg::fori_loop(runs, body, std::pair{xg::zeros(op.shape, op.dtype), x}).first;
  };
}

/// Operands are elements, are carried, or are captured.
std::optional<Function> in_scan(Random& random, const Operation& op) {
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

std::optional<Function> in_associative_scan(Random& random, const Operation& op) {
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
std::optional<Function> in_checkpoint(Random&, const Operation& op) {
  if (!is_floating(op.dtype)) return std::nullopt;
  return [f = op.f](const Vars& x) {
    const auto inside = [f](const Vars& at) { return Var(-xg::keep(-f(at), "minus")); };
    if (kept == xg::Keep::Named) return xg::checkpoint(inside, xg::keep_named({"minus"}))(x);
    return xg::checkpoint(inside, kept)(x);
  };
}

std::optional<Function> in_vmap(Random& random, const Operation& op) {
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

}  // namespace

const std::vector<Entry>& transforms_of_control() {
  static const std::vector<Entry> all{
      {"custom_vmap", in_custom_vmap},
      {"cond", in_cond},
      {"switch_", in_switch_},
      {"while_loop", in_while_loop<false>, Within::Forward},
      {"while_loop at most", in_while_loop<true>},
      {"fori_loop", in_fori_loop},
      {"scan", in_scan},
      {"associative_scan", in_associative_scan},
      {"checkpoint", in_checkpoint<xg::Keep::Nothing>},
      {"checkpoint products", in_checkpoint<xg::Keep::Products>},
      {"checkpoint named", in_checkpoint<xg::Keep::Named>},
      {"vmap", in_vmap},
  };
  return all;
}

}  // namespace random_graphs
