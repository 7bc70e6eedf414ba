// scan: all transforms of loops are those of the programs that they stand for, unrolled.
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <boost/test/unit_test.hpp>

#include <xgrad/testing.hpp>
#include <xgrad/xgrad.hpp>

#include "comparing.hpp"
#include "loops.hpp"
#include "loops_programs.hpp"

BOOST_AUTO_TEST_SUITE(test_scan)

namespace xg = xgrad;
using comparing::near;
using comparing::wave;
using loops::Program;
using xg::Shape;
using xg::Var;
using xg::whole;

namespace {

/// Where a program is computed: of n runs.
struct At {
  Var first = wave({3}, 0.3) * 0.3;
  Var arrays;
  Var weights = wave({3, 3}, 1.1) * 0.2;
  explicit At(std::size_t n) : arrays(wave({n, 3}, 2.0) * 0.4) {}
};

/// All derivatives of f, which gives an array, by its three arguments: a Jacobian in both modes, a Hessian, and third
/// derivatives in a direction.
std::vector<Var> derivatives(const Program& f, const At& at) {
  const auto of = [&](const auto& transform) {
    const auto [a, b, c] = transform(at.first, at.arrays, at.weights);
    return std::vector<Var>{a, b, c};
  };
  std::vector<Var> all;
  const auto add = [&](const std::vector<Var>& more) { all.insert(all.end(), more.begin(), more.end()); };
  const auto total = [&](const Var& a, const Var& x, const Var& w) {
    const Var y = f(a, x, w);
    return sum(y * wave(y.shape(), 0.4));
  };
  using Point = std::tuple<Var, Var, Var>;
  const auto of_point = [&](const Point& p) { return std::apply(total, p); };
  const Point point{at.first, at.arrays, at.weights};
  const Point direction{wave(at.first.shape(), 0.1), wave(at.arrays.shape(), 0.2), wave(at.weights.shape(), 0.3)};
  add(of(xg::jacobian<0, 1, 2>(f, xg::Mode::reverse)));
  add(of(xg::jacobian<0, 1, 2>(f, xg::Mode::forward)));
  add({xg::jvp(of_point, point, direction).tangent});
  add(xg::tree::leaves(xg::hvp(of_point, point, direction)));
  add(of(xg::grad<0, 1, 2>([&](const Var& a, const Var& x, const Var& w) {
    const auto slopes = xg::grad<0, 1, 2>(total)(a, x, w);
    return sum(sin(std::get<0>(slopes))) + sum(square(std::get<1>(slopes))) + sum(square(std::get<2>(slopes)));
  })));
  for (const auto& row : xg::hessian(of_point)(point)) add(xg::tree::leaves(row));
  add(xg::tree::leaves(xg::grad([&](const Point& p) {
    const Point slopes = xg::hvp(of_point, p, direction);
    return sum(std::get<0>(slopes)) + sum(std::get<1>(slopes)) + sum(sin(std::get<2>(slopes)));
  })(point)));
  return all;
}

}  // namespace

BOOST_AUTO_TEST_CASE(values_and_derivatives) {
  for (const std::size_t n : {0U, 1U, 4U}) {
    const At at(n);
    for (const auto* list : {&loops::plain_programs(), &loops::mixed_programs()}) {
      for (const loops::Twice& each : *list) {
        BOOST_TEST_CONTEXT(each.name << ", " << n << " runs") {
          BOOST_TEST(
              near(each.scanned(at.first, at.arrays, at.weights), each.unrolled(at.first, at.arrays, at.weights)));
          const std::vector<Var> found = derivatives(each.scanned, at);
          const std::vector<Var> expected = derivatives(each.unrolled, at);
          for (std::size_t k = 0; k < expected.size(); ++k) {
            BOOST_TEST_INFO("derivative " << k);
            BOOST_TEST(near(found[k], expected[k], 1e-11));
          }
        }
      }
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
