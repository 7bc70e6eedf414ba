// Exchanges between processes as operations: values and derivatives are those of one process that has the arrays of
// all, with one more axis in front.
#include <cmath>
#include <functional>
#include <string>
#include <vector>
#include <xgrad/mpi.hpp>
#include <xgrad/xgrad.hpp>

#include "mpi/checks.hpp"
#include "mpi/members.hpp"

namespace {

namespace mpi = xgrad::mpi;
namespace xg = xgrad;
using xg::Shape;
using xg::Var;

constexpr std::size_t n = 3;

/// The operations of one process.
struct Own {
  mpi::Communicator world;

  [[nodiscard]] Var all_sum(const Var& x) const { return mpi::all_sum(world, x); }
  [[nodiscard]] Var all_mean(const Var& x) const { return mpi::all_mean(world, x); }
  [[nodiscard]] Var broadcast(const Var& x, std::size_t root) const { return mpi::broadcast(world, x, root); }
  [[nodiscard]] Var all_gather(const Var& x) const { return mpi::all_gather(world, x); }
  [[nodiscard]] Var reduce_scatter(const Var& x) const { return mpi::reduce_scatter(world, x); }
  [[nodiscard]] Var ring(const Var& x) const {
    const std::size_t size = world.size();
    return mpi::send_receive(world, x, {(world.rank() + 1) % size, (world.rank() + size - 1) % size});
  }
  [[nodiscard]] Var first_to_last(const Var& x) const {
    if (world.size() == 1) return x;
    if (world.rank() == 0) return mpi::send(world, x, world.size() - 1);
    return world.rank() == world.size() - 1 ? mpi::receive(world, x, 0) : x;
  }
  /// Weights that differ from process to process.
  [[nodiscard]] Var weights(const Var& all) const { return view(all, world.rank()); }
};

/// The same of one process with the arrays of all.
struct Together {
  std::size_t size;

  [[nodiscard]] static Var repeated(const Var& one, const Shape& like) {
    return broadcast_to(expand_dims(one, 0), like);
  }
  [[nodiscard]] static Var all_sum(const Var& x) { return repeated(sum(x, 0), x.shape()); }
  [[nodiscard]] Var all_mean(const Var& x) const { return all_sum(x) / static_cast<double>(size); }
  [[nodiscard]] static Var broadcast(const Var& x, std::size_t root) { return repeated(view(x, root), x.shape()); }
  [[nodiscard]] Var all_gather(const Var& x) const {
    Shape shape = x.shape();
    shape.insert(0, size);
    return repeated(x, shape);
  }
  [[nodiscard]] static Var reduce_scatter(const Var& x) { return sum(x, 0); }
  [[nodiscard]] static Var ring(const Var& x) { return roll(x, 1, 0); }
  [[nodiscard]] Var first_to_last(const Var& x) const {
    std::vector<Var> rows;
    for (std::size_t r = 0; r < size; ++r) rows.push_back(view(x, r + 1 == size ? 0 : r));
    return stack(rows);
  }
  [[nodiscard]] static Var weights(const Var& all) { return all; }
};

/// All in one.
template <class Ops>
Var program(const Ops& ops, const Var& x, const Var& w) {
  const Var sums = ops.all_sum(tanh(x)) * x;
  const Var means = square(ops.all_mean(sin(x) * ops.weights(w)));
  const Var roots = exp(0.1 * ops.broadcast(square(x), 1 % w.shape(0))) * x;
  const Var gathered = ops.all_gather(square(x) * ops.weights(w));
  const Var scattered = ops.reduce_scatter(gathered * gathered * 0.1) * x;
  const Var around = ops.ring(sin(x)) * x * x;
  const Var far = ops.first_to_last(exp(0.3 * x)) * cos(x);
  return sums + means + roots + scattered + around + far;
}

void check_close(const Var& a, const Var& b, const char* text, int line) {
  CHECK_EQUAL(xg::to_string(a.shape()), xg::to_string(b.shape()));
  const double distance = a.size() == 0 ? 0.0 : amax(abs(a - b)).template item<double>();
  if (distance < 1e-11) return;
  std::cerr << text << ": distance " << distance << "\n";
  check_equal(distance < 1e-11, true, text, __FILE__, line);
}
#define CHECK_CLOSE(a, b) check_close(a, b, #a " is " #b, __LINE__)

struct Arrays {
  Var x, w, tangent, direction;  // of all
};

Arrays arrays_of(std::size_t size) {
  const auto made = [&](double shift) {
    xt::xarray<double> a = xt::zeros<double>({size, n});
    for (std::size_t i = 0; i < size * n; ++i) a.data()[i] = std::sin(1.7 * static_cast<double>(i) + shift);
    return Var(a);
  };
  return {made(0.3), made(1.1), made(2.2), made(3.3)};
}

void derivatives_are_those_of_one_process(const mpi::Communicator& world) {
  const Own own{world};
  const Together together{world.size()};
  const Arrays all = arrays_of(world.size());
  const std::size_t r = world.rank();
  const auto row = [&](const Var& x) { return view(x, r); };
  const auto f = [&](const Var& x) { return program(own, x, all.w); };
  const auto reference = [&](const Var& x) { return program(together, x, all.w); };
  CHECK_CLOSE(f(row(all.x)), row(reference(all.x)));

  const auto loss = [&](const Var& x) { return sum(f(x)); };
  const auto total = [&](const Var& x) { return sum(reference(x)); };
  const Var gradient = xg::grad(loss)(row(all.x));
  CHECK_CLOSE(gradient, row(xg::grad(total)(all.x)));
  const auto [y, dy] = xg::jvp(f, row(all.x), row(all.tangent));
  CHECK_CLOSE(dy, row(xg::jvp(reference, all.x, all.tangent).tangent));

  // Central differences of the sum of all losses, along a direction in the arrays of all.
  const double h = 1e-5;
  const auto shifted = [&](double t) { return mpi::all_sum(world, loss(row(all.x) + t * row(all.tangent))); };
  const Var slope = (shifted(h) - shifted(-h)) / (2 * h);
  const Var along = mpi::all_sum(world, sum(gradient * row(all.tangent)));
  CHECK(std::abs((slope - along).item<double>()) < 1e-7);

  // Second order: reverse over reverse, forward over reverse, reverse over forward.
  const auto inner = [&](const Var& x) { return sum(xg::grad(loss)(x) * row(all.direction)); };
  const auto inner_together = [&](const Var& x) { return sum(xg::grad(total)(x) * all.direction); };
  const Var second = row(xg::grad(inner_together)(all.x));
  CHECK_CLOSE(xg::grad(inner)(row(all.x)), second);
  CHECK_CLOSE(xg::jvp(xg::grad(loss), row(all.x), row(all.direction)).tangent, second);
  const auto forward = [&](const Var& x) { return sum(xg::jvp(f, x, row(all.direction)).tangent); };
  CHECK_CLOSE(xg::grad(forward)(row(all.x)), second);

  // Compiled, and again.
  const auto compiled = xg::compile([&](const Var& x) { return xg::value_and_grad(loss)(x); });
  for (int k = 0; k < 2; ++k) {
    const auto [value, slope_of] = compiled(row(all.x));
    CHECK_CLOSE(slope_of, gradient);
  }
}

void batches_are_one_exchange(const mpi::Communicator& world) {
  const Own own{world};
  const Arrays all = arrays_of(world.size());
  const Var x = view(all.x, world.rank());
  const std::vector<Var> examples{x, 2.0 * x + 0.1, sin(x)};
  const Var batch = stack(examples);
  const auto f = [&](const Var& v) { return program(own, v, all.w); };
  const auto loss = [&](const Var& v) { return sum(f(v)); };
  std::vector<Var> values, gradients;
  for (const Var& each : examples) {
    values.push_back(f(each));
    gradients.push_back(xg::grad(loss)(each));
  }
  CHECK_CLOSE(xg::vmap(f)(batch), stack(values));
  CHECK_CLOSE(xg::vmap(xg::grad(loss))(batch), stack(gradients));
  CHECK_CLOSE(xg::vmap(xg::vmap(f))(xg::stack({batch, batch})), xg::stack({stack(values), stack(values)}));
  const std::uint64_t before = world.members()->calls;
  (void)xg::vmap([&](const Var& v) { return own.all_sum(v); })(batch).array<double>();
  CHECK_EQUAL(world.members()->calls - before, world.size() == 1 ? 0U : 1U);
  const Var gradient_of_mean = xg::grad([&](const Var& v) { return mean(xg::vmap(f)(v)); })(batch);
  CHECK_CLOSE(gradient_of_mean, stack(gradients) / static_cast<double>(3 * n));
}

void loops_and_branches(const mpi::Communicator& world) {
  const Own own{world};
  const Together together{world.size()};
  const Arrays all = arrays_of(world.size());
  const std::size_t r = world.rank();
  const auto looped = [](const auto& ops, const Var& x, const Var& inputs) {
    return sum(xg::scan(
                   [&](const Var& h, const Var& u) {
                     const Var next = tanh(0.3 * ops.all_sum(h * u) + x);
                     return std::pair{next, next * next};
                   },
                   x, inputs)
                   .second);
  };
  const Var steps(std::vector<double>{0.5, -0.2, 0.9, 1.4});
  const Var gradient = xg::grad([&](const Var& x) { return looped(own, x, steps); })(view(all.x, r));
  CHECK_CLOSE(gradient, view(xg::grad([&](const Var& x) { return looped(together, x, steps); })(all.x), r));

  const auto branching = [](const auto& ops, const Var& x, const Var& condition) {
    return sum(xg::cond(
        condition, [&](const Var& v) { return ops.all_sum(exp(v)) * v; }, [&](const Var& v) { return ops.ring(v) * v; },
        x));
  };
  for (const bool way : {true, false}) {
    const auto loss = [&](const Var& x) { return branching(own, x, Var(way)); };
    const auto total = [&](const Var& x) { return branching(together, x, Var(way)); };
    CHECK_CLOSE(xg::grad(loss)(view(all.x, r)), view(xg::grad(total)(all.x), r));
    CHECK_CLOSE(xg::compile(xg::grad(loss))(view(all.x, r)), view(xg::grad(total)(all.x), r));
  }
  const auto remembered = [&](const Var& x) {
    return sum(xg::checkpoint([&](const Var& v) { return own.all_sum(exp(v)) * v; })(x));
  };
  CHECK_CLOSE(xg::grad(remembered)(view(all.x, r)),
              view(xg::grad([&](const Var& x) { return sum(together.all_sum(exp(x)) * x); })(all.x), r));
}

void trees_and_kinds_of_elements(const mpi::Communicator& world) {
  const std::size_t size = world.size();
  const double r = static_cast<double>(world.rank());
  const double p = static_cast<double>(size);
  const std::map<std::string, Var> tree{{"weight", Var(xt::xarray<float>{{1.0F, 2.0F}}) * (r + 1.0)},
                                        {"count", Var(static_cast<std::int64_t>(world.rank()))},
                                        {"empty", Var(xt::zeros<double>({0, 4}))},
                                        {"flag", Var(xt::xarray<bool>{true, world.rank() == 0})}};
  const auto sums = mpi::all_sum(world, tree);
  CHECK(sums.at("weight").dtype() == xg::DType::Float32);
  CHECK_EQUAL(sums.at("weight").array<float>()(0, 1), static_cast<float>(p * (p + 1.0)));
  CHECK_EQUAL(sums.at("count").item<std::int64_t>(), static_cast<std::int64_t>(size * (size - 1) / 2));
  CHECK_EQUAL(sums.at("empty").size(), 0U);
  CHECK_EQUAL(sums.at("flag").array<std::int64_t>()(0), static_cast<std::int64_t>(size));
  CHECK_EQUAL(sums.at("flag").array<std::int64_t>()(1), 1);
  const auto gathered = mpi::all_gather(world, tree);
  CHECK(gathered.at("flag").dtype() == xg::DType::Bool);
  CHECK_EQUAL(xg::to_string(gathered.at("empty").shape()), xg::to_string(Shape{size, 0, 4}));
  CHECK_EQUAL(gathered.at("count").array<std::int64_t>()(size - 1), static_cast<std::int64_t>(size - 1));
  const auto root = mpi::broadcast(world, tree, size - 1);
  CHECK_EQUAL(root.at("count").item<std::int64_t>(), static_cast<std::int64_t>(size - 1));
  CHECK_EQUAL(root.at("flag").array<bool>()(1), size == 1);
  CHECK_EQUAL(mpi::reduce_scatter(world, gathered).at("count").item<std::int64_t>(),
              static_cast<std::int64_t>(size * world.rank()));
  // A view with gaps, infinities, and numbers: as they are.
  const Var gaps = view(Var(xt::xarray<double>{{1.0, 2.0}, {3.0, INFINITY}}), xt::all(), 1);
  CHECK_EQUAL(mpi::all_sum(world, gaps).array<double>()(1), INFINITY);
  CHECK_EQUAL(mpi::all_sum(world, Var(2.0)).item<double>(), 2.0 * p);
  CHECK_EQUAL(mpi::all_sum(world, Var(INT64_MAX)).item<std::int64_t>(),
              static_cast<std::int64_t>(static_cast<std::uint64_t>(INT64_MAX) * size));
}

/// Programs that differ in numbers alone, of which one is simpler: still the same calls in the same order.
void other_numbers_on_other_ranks(const mpi::Communicator& world) {
  const double factor = static_cast<double>(world.rank());  // 0 and 1 are simplified
  const auto f = xg::compile([&](const Var& x) {
    const Var a = mpi::all_sum(world, x * factor);
    const Var b = mpi::all_sum(world, x);
    const Var c = mpi::all_sum(world, factor == 1.0 ? sin(x) : x);
    return xg::stack({a, b, c});
  });
  const Var x(xt::ones<double>({2}));
  const double p = static_cast<double>(world.size());
  const xt::xarray<double> y = f(x).array<double>();
  CHECK_EQUAL(y(0, 0), p * (p - 1.0) / 2.0);
  CHECK_EQUAL(y(1, 0), p);
  CHECK(std::abs(y(2, 0) - (world.size() > 1 ? p - 1.0 + std::sin(1.0) : p)) < 1e-14);
}

std::string mismatch_of(const std::function<void()>& f) {
  try {
    f();
  } catch (const mpi::MismatchError& error) {
    return error.what();
  }
  return "no error";
}

/// All ranks hear of it, and all can go on.
void trees_and_calls_that_differ(const mpi::Communicator& world) {
  if (world.size() == 1) return;
  const std::size_t last = world.size() - 1;
  const bool is_last = world.rank() == last;
  const std::map<std::string, Var> tree{{"bias", Var(xt::zeros<double>({2}))},
                                        {"weight", Var(xt::zeros<double>({std::size_t{3}, is_last ? 5UL : 4UL}))}};
  const auto names_both = [&](const std::string& said, const std::string& first, const std::string& second) {
    const bool all = contains(said, world.name(0)) && contains(said, world.name(last)) && contains(said, first) &&
                     contains(said, second);
    if (!all) std::cerr << "said: " << said << "\n";
    return all;
  };
  CHECK(names_both(mismatch_of([&] { (void)mpi::all_sum(world, tree); }), "weight, float64 [3, 4]",
                   "weight, float64 [3, 5]"));
  std::map<std::string, Var> more = tree;
  more["weight"] = Var(0.0);
  if (is_last) more["zeal"] = Var(1.0F);
  CHECK(names_both(mismatch_of([&] { (void)mpi::broadcast(world, more); }), "of which it is", "zeal, float32"));
  const Var kind = is_last ? Var(xt::xarray<float>{1.0F}) : Var(xt::xarray<double>{1.0});
  CHECK(names_both(mismatch_of([&] { (void)mpi::all_gather(world, kind); }), "float64 [1]", "float32 [1]"));
  CHECK(names_both(mismatch_of([&] { (void)mpi::broadcast(world, Var(1.0), is_last ? 1 : 0); }), "from rank 0",
                   "from rank 1"));
  // A batch, and an array of the same shape.
  const Var batch(xt::zeros<double>({2, 3}));
  const auto sums = [&](const Var& x) { return mpi::all_sum(world, x); };
  CHECK(names_both(mismatch_of([&] { (void)(is_last ? xg::vmap(sums)(batch) : sums(batch)).array<double>(); }),
                   "of which it is", "of batches along 1 axes"));
  // In a compiled function.
  const auto step = xg::compile([&](const Var& x) {
    const Var a = is_last ? mpi::all_sum(world, sin(x)) : mpi::all_gather(world, sin(x));
    return sum(a);
  });
  CHECK(names_both(mismatch_of([&] { (void)step(Var(1.0)); }), "calls all_gather", "calls all_sum"));
  world.barrier();
}

}  // namespace

int main(int argc, char** argv) {
  const mpi::Session session(argc, argv, {.time_limit = std::chrono::seconds(30)});
  const mpi::Communicator world = session.world();
  derivatives_are_those_of_one_process(world);
  batches_are_one_exchange(world);
  loops_and_branches(world);
  trees_and_kinds_of_elements(world);
  other_numbers_on_other_ranks(world);
  trees_and_calls_that_differ(world);
  return checks_failed();
}
