// A shared library with a loss and an optimiser of its own, which 08_plugin loads at run time.
#include <cstddef>
#include <span>
#include <string_view>

#include <xgrad/loss/add.hpp>
#include <xgrad/optim.hpp>
#include <xgrad/optim/add.hpp>
#include <xgrad/xgrad.hpp>

namespace xg = xgrad;
namespace optim = xgrad::optim;

/// Squares of errors that never count more than `most`: what is far away is left alone.
struct CappedSquare {
  static constexpr std::string_view name = "CappedSquare";
  double most = 1.0;
  xg::Var operator()(const xg::Var& prediction, const xg::Var& target) const {
    return minimum(square(prediction - target), most);
  }
};
XGRAD_FIELDS(CappedSquare, most)

struct HeavyBall {
  optim::Setting rate = 0.1;
  double friction = 0.9;
};
XGRAD_FIELDS(HeavyBall, rate, friction)

/// v = friction v + g; p -= rate v.
optim::Optimiser heavy_ball(const HeavyBall& settings) {
  const double friction = settings.friction;
  const optim::Transformation ball(
      "heavy_ball", [](optim::Slots& slots) { slots.like("velocity"); },
      [friction](optim::Step& step) {
        const std::span<xg::Var> velocity = step.slot();
        for (std::size_t i = 0; i < step.size(); ++i) {
          velocity[i] = friction * velocity[i] + step.updates[i];
          step.updates[i] = velocity[i];
        }
      });
  return optim::chain({ball, optim::descend(settings.rate)});
}

// What the program calls. Not done by the initialisers of the library: a name that is there already is an exception,
// which must not leave these.
extern "C" __attribute__((visibility("default"))) void add_to_xgrad() {
  xg::loss::add<CappedSquare>();
  optim::add<HeavyBall>("heavy_ball", heavy_ball);
}
extern "C" __attribute__((visibility("default"))) void remove_from_xgrad() {
  xg::loss::remove("capped_square");
  optim::remove("heavy_ball");
}
