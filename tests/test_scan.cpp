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

template <class F>
void each_program(const F& f) {
  for (const auto* list : {&loops::plain_programs(), &loops::mixed_programs()}) {
    for (const loops::Twice& each : *list) {
      BOOST_TEST_CONTEXT(each.name) { f(each); }
    }
  }
}

/// A batch of two, one after another.
/// \param which  whether argument k holds examples: bit k.
Var one_by_one(const Program& f, std::size_t which, const Var& a, const Var& x, const Var& w) {
  const auto of = [&](const Var& all, std::size_t bit, std::size_t i) {
    return (which >> bit) % 2 != 0 ? view(all, i) : all;
  };
  return xg::stack({f(of(a, 0, 0), of(x, 1, 0), of(w, 2, 0)), f(of(a, 0, 1), of(x, 1, 1), of(w, 2, 1))});
}

}  // namespace

BOOST_AUTO_TEST_CASE(values_and_derivatives) {
  for (const std::size_t n : {0U, 1U, 4U}) {
    const At at(n);
    each_program([&](const loops::Twice& each) {
      BOOST_TEST_CONTEXT(n << " runs") {
        BOOST_TEST(near(each.scanned(at.first, at.arrays, at.weights), each.unrolled(at.first, at.arrays, at.weights)));
        const std::vector<Var> found = derivatives(each.scanned, at);
        const std::vector<Var> expected = derivatives(each.unrolled, at);
        for (std::size_t k = 0; k < expected.size(); ++k) {
          BOOST_TEST_INFO("derivative " << k);
          BOOST_TEST(near(found[k], expected[k], 1e-11));
        }
      }
    });
  }
}

BOOST_AUTO_TEST_CASE(derivatives_are_those_of_the_values) {
  const At at(3);
  each_program([&](const loops::Twice& each) {
    if (!each.smooth) return;
    BOOST_TEST(xg::testing::check_gradients({.order = 1}, each.scanned, at.first, at.arrays, at.weights));
  });
}

BOOST_AUTO_TEST_CASE(compiled) {
  const At at(3);
  each_program([&](const loops::Twice& each) {
    const auto slopes = [](const Program& f) {
      return [f](const Var& a, const Var& x, const Var& w) {
        return xg::value_and_grad<0, 1, 2>([&](const Var& p, const Var& q, const Var& r) { return sum(f(p, q, r)); })(
            a, x, w);
      };
    };
    const auto expected = slopes(each.unrolled)(at.first, at.arrays, at.weights);
    const auto program = xg::compile(slopes(each.scanned));
    for (int call = 0; call < 2; ++call) {
      const auto found = program(at.first, at.arrays, at.weights);
      BOOST_TEST(near(found.value, expected.value));
      const std::vector<Var> of_found = xg::tree::leaves(found.gradient);
      for (std::size_t k = 0; k < 3; ++k) BOOST_TEST(near(of_found[k], xg::tree::leaves(expected.gradient)[k]));
    }
    // What is given up is written over by results, but by none while it is needed.
    Var a = at.first + 0.0;
    Var x = at.arrays + 0.0;
    Var w = at.weights + 0.0;
    const auto given_up = program(std::move(a), std::move(x), std::move(w));
    for (std::size_t k = 0; k < 3; ++k) {
      BOOST_TEST(near(xg::tree::leaves(given_up.gradient)[k], xg::tree::leaves(expected.gradient)[k]));
    }
  });
}

BOOST_AUTO_TEST_CASE(batches_of_any_arguments) {
  const At at(3);
  const auto many = [](const Var& x, double phase) { return xg::stack({x, x * 0.5 + 0.1 * wave(x.shape(), phase)}); };
  const std::vector<Var> whole_ones{at.first, at.arrays, at.weights};
  const std::vector<Var> batches{many(at.first, 0.1), many(at.arrays, 0.2), many(at.weights, 0.3)};
  each_program([&](const loops::Twice& each) {
    for (std::size_t which = 1; which < 8; ++which) {
      BOOST_TEST_INFO("arguments in batches, as bits: " << which);
      std::vector<Var> given = whole_ones;
      xg::BatchAxes axes{.in = {whole, whole, whole}};
      for (std::size_t k = 0; k < 3; ++k) {
        if ((which >> k) % 2 == 0) continue;
        given[k] = batches[k];
        axes.in[k] = 0;
      }
      const auto total = [&](const Program& f, bool at_once) {
        return [&f, &axes, which, at_once](const Var& a, const Var& x, const Var& w) {
          const Var y = at_once ? xg::vmap(f, axes)(a, x, w) : one_by_one(f, which, a, x, w);
          return std::pair{sum(y * wave(y.shape(), 0.4)), y};
        };
      };
      const auto found = xg::value_and_grad<0, 1, 2>(total(each.scanned, true))(given[0], given[1], given[2]);
      const auto expected = xg::value_and_grad<0, 1, 2>(total(each.unrolled, false))(given[0], given[1], given[2]);
      BOOST_TEST(near(found.auxiliary, expected.auxiliary));
      for (std::size_t k = 0; k < 3; ++k) {
        BOOST_TEST(near(xg::tree::leaves(found.gradient)[k], xg::tree::leaves(expected.gradient)[k]));
      }
    }
  });
}

BOOST_AUTO_TEST_SUITE_END()
