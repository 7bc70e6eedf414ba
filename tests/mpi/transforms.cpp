// Exchanges inside loops, branches, checkpoints and batches of batches, differentiated in both modes and twice,
// recorded and compiled: as one process with the arrays of all.
#include <array>
#include <cmath>
#include <functional>
#include <string>
#include <vector>
#include <xgrad/mpi.hpp>
#include <xgrad/xgrad.hpp>

#include "mpi/checks.hpp"

namespace {

namespace mpi = xgrad::mpi;
namespace xg = xgrad;
using xg::Var;

void check_close(const Var& a, const Var& b, const std::string& text, int line) {
  const bool shapes = a.shape() == b.shape();
  const double distance = shapes && a.size() > 0 ? amax(abs(a - b)).template item<double>() : 0.0;
  check_equal(shapes && distance < 1e-10, true, text.c_str(), __FILE__, line);
}
#define CHECK_CLOSE(a, b) check_close(a, b, std::string(name) + ": " #a " is " #b, __LINE__)

using Function = std::function<Var(const Var&)>;

struct Arrays {
  Var x, tangent, direction;  // of all processes
};

Arrays arrays_of(std::size_t size) {
  const auto made = [&](double shift) {
    xt::xarray<double> a = xt::zeros<double>({size, std::size_t{3}});
    for (std::size_t i = 0; i < a.size(); ++i) a.data()[i] = std::sin(1.3 * static_cast<double>(i) + shift);
    return Var(a);
  };
  return {made(0.1), made(0.9), made(2.0)};
}

/// What one process has to do is `own`; `all` does it with the arrays of all, which have one more axis, at `axis` of
/// results.
void compare(const mpi::Communicator& world, const char* name, const Function& own, const Function& all, int axis = 0) {
  const Arrays arrays = arrays_of(world.size());
  const auto of_all = [&](const Var& v) { return view(v, world.rank()); };
  const auto result = [&](const Var& v) { return axis == 0 ? of_all(v) : view(v, xt::all(), world.rank()); };
  const Var x = of_all(arrays.x);
  const Var u = of_all(arrays.direction);
  CHECK_CLOSE(own(x), result(all(arrays.x)));
  CHECK_CLOSE(xg::jvp(own, x, of_all(arrays.tangent)).tangent, result(xg::jvp(all, arrays.x, arrays.tangent).tangent));
  const auto loss = [&](const Var& v) { return sum(square(own(v))); };
  const auto total = [&](const Var& v) { return sum(square(all(v))); };
  CHECK_CLOSE(xg::grad(loss)(x), of_all(xg::grad(total)(arrays.x)));
  CHECK_CLOSE(xg::compile(xg::grad(loss))(x), of_all(xg::grad(total)(arrays.x)));
  const auto along = [&](const Var& v) { return sum(xg::grad(loss)(v) * u); };
  const auto along_all = [&](const Var& v) { return sum(xg::grad(total)(v) * arrays.direction); };
  const Var second = of_all(xg::grad(along_all)(arrays.x));
  CHECK_CLOSE(xg::grad(along)(x), second);
  CHECK_CLOSE(xg::compile(xg::grad(along))(x), second);
  CHECK_CLOSE(xg::jvp(xg::grad(loss), x, u).tangent, second);
  const auto forward = [&](const Var& v) {
    const auto [y, dy] = xg::jvp(own, v, u);
    return sum(2.0 * y * dy);
  };
  CHECK_CLOSE(xg::grad(forward)(x), second);
  const std::vector<Var> examples{x, 2.0 * x, sin(x)};
  std::vector<Var> slopes;
  for (const Var& each : examples) slopes.push_back(xg::grad(along)(each));
  const auto of_batch = xg::vmap(xg::grad(along));
  CHECK_CLOSE(xg::compile(of_batch)(stack(examples)), stack(slopes));
  CHECK_CLOSE(xg::vmap(of_batch)(xg::stack({stack(examples), stack(examples)})),
              xg::stack({stack(slopes), stack(slopes)}));
}

void run(const mpi::Communicator& world) {
  const double p = static_cast<double>(world.size());
  const Function sums = [&](const Var& x) { return mpi::all_sum(world, x); };
  const Function sums_of_all = [](const Var& x) { return broadcast_to(expand_dims(sum(x, 0), 0), x.shape()); };
  const Function there_and_back = [&](const Var& x) { return mpi::reduce_scatter(world, mpi::all_gather(world, x)); };
  const Function times_p = [&](const Var& x) { return p * x; };

  const Var steps(std::vector<double>{0.5, -0.2, 0.9});
  const auto looped = [&](const Function& exchange) -> Function {
    return [&steps, exchange](const Var& x) {
      const auto step = [&](const Var& h, const Var& u) {
        const Var next = tanh(0.3 * exchange(h * u) + x);
        return std::pair{next, next * next};
      };
      return xg::scan(step, x, steps).second;
    };
  };
  compare(world, "sums in a loop", looped(sums), looped(sums_of_all), 1);
  compare(world, "parts in a loop", looped(there_and_back), looped(times_p), 1);

  const auto branching = [&](const Function& exchange, bool way) -> Function {
    return [exchange, way](const Var& x) {
      return xg::cond(
          Var(way), [&](const Var& v) { return exchange(exp(v)) * v; },
          [&](const Var& v) { return exchange(v * v) * sin(v); }, x);
    };
  };
  for (const bool way : {true, false}) {
    compare(world, "sums in a branch", branching(sums, way), branching(sums_of_all, way));
  }
  // Examples that go several ways go all of them, on all ranks.
  const char* name = "branches of a batch";
  const auto choose = [&](const Var& way, const Var& x) {
    return xg::cond(
        way, [&](const Var& v) { return sums(exp(v)) * v; }, [&](const Var& v) { return sums(v * v) * sin(v); }, x);
  };
  const Var x = view(arrays_of(world.size()).x, world.rank());
  const Var ways(world.rank() == 0 ? xt::xarray<bool>{true, false} : xt::xarray<bool>{false, true});
  const Var chosen = xg::vmap(choose)(ways, xg::stack({x, x}));
  CHECK_CLOSE(view(chosen, world.rank() == 0 ? 0 : 1), choose(Var(true), x));
  CHECK_CLOSE(view(chosen, world.rank() == 0 ? 1 : 0), choose(Var(false), x));

  const auto remembered = [&](const Function& exchange) -> Function {
    return [exchange](const Var& v) { return xg::checkpoint([&](const Var& w) { return exchange(exp(w)) * w; })(v); };
  };
  compare(world, "sums in a checkpoint", remembered(sums), remembered(sums_of_all));

  // Factors 0 and 1, which are simplified, leave the exchanges of the derivatives where they are.
  xt::xarray<double> ranks = xt::zeros<double>({world.size(), std::size_t{1}});
  for (std::size_t r = 0; r < world.size(); ++r) ranks(r, 0) = static_cast<double>(r);
  const double rank = static_cast<double>(world.rank());
  compare(
      world, "factors", [&](const Var& v) { return rank * sums(rank * v * v); },
      [&](const Var& v) { return Var(ranks) * sums_of_all(Var(ranks) * v * v); });
}

}  // namespace

int main(int argc, char** argv) {
  const mpi::Session session(argc, argv, {.time_limit = std::chrono::seconds(30)});
  run(session.world());
  return checks_failed();
}
