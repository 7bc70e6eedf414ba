// implicit: derivatives of solutions against closed formulas, differences and derivatives through the solver, in every
// transform.
#include <cmath>
#include <cstdint>
#include <functional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <boost/test/unit_test.hpp>
#include <xgrad/testing.hpp>
#include <xgrad/xgrad.hpp>

#include "comparing.hpp"
#include "implicit_functions.hpp"

BOOST_AUTO_TEST_SUITE(test_implicit)

using namespace implicit_functions;
using comparing::near;
using comparing::same;
using comparing::throws;
using xg::Shape;
using xg::whole;

namespace {

/// A solution, and how many steps it took.
struct Counted {
  Var z, steps;
  XGRAD_MEMBER_FIELDS(Counted, z, state(steps))
};

}  // namespace

BOOST_AUTO_TEST_CASE(roots_against_the_closed_formula) {
  const Var a = coefficients();
  for (const Method method : linear_methods) {
    BOOST_TEST_CONTEXT("method " << static_cast<int>(method)) {
      const auto root = root_by(method);
      const auto of_a = [&](const Var& at) { return root(start(), at); };
      const Var z = of_a(a);
      BOOST_TEST(near(cubic(z, a), zeros_like(a), 1e-14));
      BOOST_TEST(same(z, newton(start(), a)));
      const Var slope = first(z, a);
      BOOST_TEST(near(xg::grad([&](const Var& at) { return sum(of_a(at)); })(a), slope));
      BOOST_TEST(near(xg::jvp(of_a, a, ones_like(a)).tangent, slope));
      BOOST_TEST(near(xg::jacobian(of_a, xg::Mode::forward)(a), xg::jacobian(of_a, xg::Mode::reverse)(a)));
      const auto curvature = second(z, a) * eye(3);
      const auto total = [&](const Var& at) { return sum(of_a(at)); };
      BOOST_TEST(near(xg::hessian(total)(a), curvature));
      BOOST_TEST(near(xg::jacobian(xg::grad(total), xg::Mode::reverse)(a), curvature));
      BOOST_TEST(near(xg::jacobian(xg::jacobian(total, xg::Mode::forward), xg::Mode::forward)(a), curvature));
      BOOST_TEST(near(xg::jacobian(xg::jacobian(total, xg::Mode::forward), xg::Mode::reverse)(a), curvature));
      // Central differences, reverse and forward mode, up to the third order.
      BOOST_TEST(xg::testing::check_gradients({.order = 3, .mode_tolerance = 1e-11}, of_a, a));
    }
  }
}

BOOST_AUTO_TEST_CASE(the_start_and_what_only_the_solver_uses_do_not_move_a_root) {
  const auto root = root_by(Method::Gmres);
  const auto of_start = [&](const Var& s) { return sum(root(s, coefficients())); };
  BOOST_TEST(same(xg::grad(of_start)(start()), zeros_like(start())));
  const Var factor(2.0);
  const auto captured = [&](const Var& a) {
    const auto with_captured = xg::implicit([&](const Var& z) { return cubic(z, a); },
                                            [&](const Var& s) { return newton(s, a); }, by(Method::Gmres));
    return sum(with_captured(start()));
  };
  const Var z = root(start(), coefficients());
  BOOST_TEST(near(xg::grad(captured)(coefficients()), first(z, coefficients())));
  BOOST_TEST(near(xg::compile(xg::grad(captured))(coefficients()), first(z, coefficients())));
  BOOST_TEST(xg::testing::check_gradients(captured, coefficients()));
  // A tape of the user's.
  xg::Tape tape;
  const Var a = tape.leaf(coefficients());
  BOOST_TEST(near(tape.gradient(sum(root(start(), a)), a), first(z, coefficients())));
  // No start at all.
  const auto inverse = xg::implicit([](const Var& y, const Var& x) { return x * y - 1.0; },
                                    [](const std::tuple<>&, const Var& x) { return 1.0 / x; });
  BOOST_TEST(near(xg::grad<1>([&](const std::tuple<>& s, const Var& x) { return inverse(s, x); })(std::tuple<>(), 2.0),
                  Var(-0.25)));
}

BOOST_AUTO_TEST_CASE(solvers_of_every_kind) {
  const Var a = coefficients();
  const Var slope = first(root_by(Method::Dense)(start(), a), a);
  const auto gradient_by = [&](const auto& solver) {
    const auto root = xg::implicit(cubic, solver, by(Method::Gmres));
    return xg::grad([=](const Var& at) { return sum(root(start(), at)); });
  };
  // A loop of C++ that looks at values; one step after another recorded; a function on the host; constants.
  const auto looking = [](const Var& s, const Var& at) {
    Var z = s;
    while (amax(abs(cubic(z, at))).item<double>() > 1e-14) z = z - cubic(z, at) / (3.0 * z * z + at);
    return z;
  };
  BOOST_TEST(near(gradient_by(looking)(a), slope));
  BOOST_TEST(near(xg::hessian([&](const Var& at) { return sum(xg::implicit(cubic, looking)(start(), at)); })(a),
                  second(looking(start(), a), a) * eye(3)));
  BOOST_TEST(throws<xg::TapeError>([&] { return xg::compile(gradient_by(looking))(a); }));
  const auto on_host = xg::host_call(
      "roots", [](const Shape&, const Shape& of_a) { return of_a; },
      [](const xg::Array<double>& s, const xg::Array<double>& at) -> xg::Array<double> {
        xg::Array<double> z = s;
        for (std::size_t k = 0; k < z.size(); ++k) {
          double& each = z.data()[k];
          const double c = at.data()[k];
          for (int i = 0; i < 60; ++i) each -= (each * each * each + c * each - 1.0) / (3.0 * each * each + c);
        }
        return z;
      });
  BOOST_TEST(near(gradient_by(on_host)(a), slope));
  BOOST_TEST(near(xg::compile(gradient_by(on_host))(a), slope));
  BOOST_TEST(
      near(xg::vmap(gradient_by(on_host))(xg::stack({a, 2.0 * a})), xg::stack({slope, gradient_by(newton)(2.0 * a)})));
  const auto host_root = xg::implicit(cubic, on_host, by(Method::Gmres));
  BOOST_TEST(near(xg::jvp([&](const Var& at) { return host_root(start(), at); }, a, ones_like(a)).tangent, slope));
  const Var known = newton(start(), a);
  BOOST_TEST(near(gradient_by([&](const Var&, const Var&) { return known; })(a), slope));
}

// z = 0.3 f(z, a) + a, where f contains loops, branches and rules.
BOOST_AUTO_TEST_CASE(equations_of_every_kind) {
  const auto loop = [](const Var& z, const Var& a) {
    const auto step = [&](const Var& h, const Var& each) { return std::pair{0.5 * sin(h + each * z), h * each}; };
    const auto [last, all] = xg::scan(step, z * a, a);
    return last + 0.1 * sum(all, 0);
  };
  const auto ruled = xg::custom_vjp(
      [](const Var& x) {
        return std::pair{sin(x), cos(x) * 1.0};
      },
      [](const Var& cosine, const Var& dy) { return cosine * dy; },
      [](const Var& x, const Var& dx) { return cos(x) * dx; });
  const auto reverse_ruled = xg::custom_vjp(
      [](const Var& x) {
        return std::pair{sin(x), x};
      },
      [](const Var& x, const Var& dy) { return cos(x) * dy; });
  const auto doubled = [](const Var& z, const Var& a, const xg::WhileOptions& options) {
    const auto goes_on = [](const std::pair<Var, Var>& s) { return s.second < 3; };
    const auto step = [&](const std::pair<Var, Var>& s) { return std::pair{sin(s.first) * a, s.second + 1}; };
    return xg::while_loop(goes_on, step, std::pair{z, Var(std::int64_t{0})}, options).first;
  };
  using Function = std::function<Var(const Var&, const Var&)>;
  const std::vector<std::pair<const char*, Function>> all{
      {"scan", loop},
      {"checkpoint", [&](const Var& z, const Var& a) { return xg::checkpoint(loop)(z, a); }},
      {"cond",
       [](const Var& z, const Var& a) {
         return xg::cond(
             sum(z) > -50.0, [](const Var& x, const Var& y) { return sin(x * y); },
             [](const Var& x, const Var&) { return x; }, z, a);
       }},
      {"while_loop", [&](const Var& z, const Var& a) { return doubled(z, a, {.at_most = 5}); }},
      {"custom_vjp, both rules", [&](const Var& z, const Var& a) { return ruled(z * a); }},
      {"custom_vjp", [&](const Var& z, const Var& a) { return reverse_ruled(z * a); }},
      {"gradient",
       [](const Var& z, const Var& a) { return xg::grad([&](const Var& x) { return sum(sin(x * a)); })(z); }},
      {"product", [](const Var& z, const Var& a) { return sin(matmul(xg::outer(a, z), z)); }},
      {"linear_solve", [](const Var& z, const Var& a) {
         return xg::linear_solve([&](const Var& v) { return (2.0 + sin(z)) * v; }, a, {.tolerance = 1e-14});
       }}};
  const Var a = xt::xarray<double>{0.4, -0.3, 0.7};
  for (const auto& [name, f] : all) {
    BOOST_TEST_CONTEXT(name) {
      const auto step = [&f = f](const Var& z, const Var& p) { return 0.3 * f(z, p) + p; };
      const auto iterate = [&](const Var& z, const Var& p) {
        return xg::fori_loop(
            100, [&](const Var&, const Var& at) { return step(at, p); }, z);
      };
      const auto fixed = xg::implicit_fixed_point(step, iterate, by(Method::Gmres));
      const auto of_a = [&](const Var& p) { return fixed(0.0 * p, p); };
      const auto through = [&](const Var& p) { return iterate(0.0 * p, p); };
      const auto total = [](const auto& g) { return [&](const Var& p) { return sum(square(g(p))); }; };
      BOOST_TEST(near(xg::jacobian(of_a, xg::Mode::reverse)(a), xg::jacobian(through)(a), 1e-12));
      BOOST_TEST(near(xg::jacobian(of_a, xg::Mode::forward)(a), xg::jacobian(through)(a), 1e-12));
      BOOST_TEST(near(xg::hessian(total(of_a))(a), xg::hessian(total(through))(a), 1e-11));
      BOOST_TEST(near(xg::compile(xg::jacobian(xg::grad(total(of_a)), xg::Mode::reverse))(a),
                      xg::hessian(total(through))(a), 1e-11));
      const Var batch = xg::stack({a, 0.5 * a});
      BOOST_TEST(near(xg::vmap(xg::grad(total(of_a)))(batch), xg::vmap(xg::grad(total(through)))(batch), 1e-12));
    }
  }
  // A loop of unknown length in the equation: forward mode only.
  const auto step = [&](const Var& z, const Var& p) { return 0.3 * doubled(z, p, {}) + p; };
  const auto iterate = [&](const Var& z, const Var& p) {
    return xg::fori_loop(
        100, [&](const Var&, const Var& at) { return step(at, p); }, z);
  };
  const auto fixed = xg::implicit_fixed_point(step, iterate, by(Method::Gmres));
  const auto of_a = [&](const Var& p) { return fixed(0.0 * p, p); };
  BOOST_TEST(
      near(xg::jvp(of_a, a, a).tangent, xg::jvp([&](const Var& p) { return iterate(0.0 * p, p); }, a, a).tangent));
  BOOST_TEST(throws<xg::TapeError>([&] { return xg::grad([&](const Var& p) { return sum(of_a(p)); })(a); },
                                   {"while_loop", "at_most"}));
}

BOOST_AUTO_TEST_CASE(inside_of_other_transforms) {
  const Var a = coefficients();
  const Var batch = xg::stack({a, 2.0 * a, 0.7 * a});
  const auto root = root_by(Method::Gmres);
  const auto f = [&](const Var& at) { return root(start(), at); };
  const auto total = [&](const Var& at) { return sum(sin(f(at))); };
  const auto one_by_one = [&](const auto& of) {
    return xg::stack({of(view(batch, 0)), of(view(batch, 1)), of(view(batch, 2))});
  };
  BOOST_TEST(near(xg::vmap(f)(batch), one_by_one(f)));
  BOOST_TEST(near(xg::vmap(xg::grad(total))(batch), one_by_one(xg::grad(total))));
  BOOST_TEST(near(xg::vmap(xg::hessian(total))(batch), one_by_one(xg::hessian(total))));
  BOOST_TEST(
      near(xg::grad([&](const Var& all) { return sum(xg::vmap(total)(all)); })(batch), one_by_one(xg::grad(total))));
  BOOST_TEST(
      near(xg::vmap(xg::vmap(total))(xg::stack({batch, batch})), xg::stack({one_by_one(total), one_by_one(total)})));
  BOOST_TEST(near(xg::compile(f)(a), f(a)));
  BOOST_TEST(near(xg::compile(xg::hessian(total))(a), xg::hessian(total)(a)));
  BOOST_TEST(near(xg::linearize(f, a).pushforward(a), xg::jvp(f, a, a).tangent));
  BOOST_TEST(near(xg::vjp(f, a).pullback(a), xg::jvp(f, a, a).tangent));
  BOOST_TEST(near(xg::grad(xg::checkpoint(total))(a), xg::grad(total)(a)));
  const auto chosen = [&](const Var& at) {
    return xg::cond(
        sum(at) > 0.0, [&](const Var& x) { return total(x); }, [](const Var& x) { return sum(x); }, at);
  };
  BOOST_TEST(near(xg::compile(xg::grad(chosen))(a), xg::grad(total)(a)));
  BOOST_TEST(near(xg::compile(xg::grad(chosen))(-a), ones_like(a)));
  const auto repeated = [&](const Var& at) {
    return sum(xg::fori_loop(
        3, [&](const Var&, const Var& z) { return f(at + z); }, 0.0 * at));
  };
  const auto unrolled = [&](const Var& at) { return sum(f(at + f(at + f(at)))); };
  BOOST_TEST(near(xg::grad(repeated)(a), xg::grad(unrolled)(a)));
  BOOST_TEST(near(xg::hessian(repeated)(a), xg::hessian(unrolled)(a), 1e-11));
  const auto ruled = xg::custom_jvp(f, [&](const Var& at, const Var& v) { return xg::jvp(f, at, v).tangent; });
  BOOST_TEST(near(xg::hessian([&](const Var& at) { return sum(sin(ruled(at))); })(a), xg::hessian(total)(a)));
  // An equation in which a solution of another one stands: y + z(y + a) = a.
  const auto outer = xg::implicit([&](const Var& y, const Var& at) { return y + f(square(y) + at) - at; },
                                  [&](const Var& y, const Var& at) {
                                    return xg::fori_loop(
                                        80, [&](const Var&, const Var& each) { return at - f(square(each) + at); }, y);
                                  },
                                  by(Method::Gmres));
  const auto nested = [&](const Var& at) { return outer(0.0 * at, at); };
  BOOST_TEST(xg::testing::check_gradients({.order = 2, .mode_tolerance = 1e-11}, nested, a));
}

BOOST_AUTO_TEST_CASE(what_a_solver_says_of_itself_rides_along) {
  const auto residual = [](const Counted& at, const Var& a) { return Counted{cubic(at.z, a), at.steps}; };
  const auto counting = [](const Var& from, const Var& a) {
    const auto goes_on = [&](const Counted& at) { return amax(abs(cubic(at.z, a))) > 1e-13; };
    const auto step = [&](const Counted& at) {
      return Counted{at.z - cubic(at.z, a) / (3.0 * at.z * at.z + a), at.steps + 1};
    };
    return xg::while_loop(goes_on, step, Counted{from, Var(xt::xarray<std::int64_t>(0))});
  };
  const auto root = xg::implicit(residual, counting, by(Method::Dense));
  const Var a = coefficients();
  const Counted found = root(start(), a);
  BOOST_TEST(near(found.z, newton(start(), a)));
  BOOST_TEST(found.steps.item<std::int64_t>() > 1);
  BOOST_TEST(near(xg::grad([&](const Var& at) { return sum(root(start(), at).z); })(a), first(found.z, a)));
  BOOST_TEST(near(xg::compile([&](const Var& at) { return root(start(), at).z; })(a), found.z));
}

BOOST_AUTO_TEST_CASE(element_types) {
  const Var a = cast(coefficients(), xg::DType::Float32);
  const Var s = cast(start(), xg::DType::Float32);
  const auto solver = [](const Var& from, const Var& at) {
    return xg::fori_loop(
        40, [&](const Var&, const Var& z) { return z - cubic(z, at) / (3.0 * z * z + at); }, from);
  };
  for (const Method method : linear_methods) {
    const auto root = xg::implicit(cubic, solver, {.linear_solver = method});
    const auto total = [&](const Var& at) { return sum(root(s, at)); };
    const Var slope = xg::grad(total)(a);
    BOOST_TEST(slope.dtype() == xg::DType::Float32);
    const Var z = newton(start(), coefficients());
    BOOST_TEST(near(cast(slope, xg::DType::Float64), first(z, coefficients()), 1e-5));
    BOOST_TEST(near(cast(xg::hessian(total)(a), xg::DType::Float64), second(z, coefficients()) * eye(3), 1e-4));
  }
  // Integers and booleans among the parameters are constants; a solution that is a number.
  const auto shifted = xg::implicit(
      [](const Var& z, const Var& p, const Var& count, const Var& on) { return where(on, z - p * count, z); },
      [](const Var& z0, const Var& p, const Var& count, const Var& on) { return where(on, p * count, 0.0 * z0); });
  const Var count = xt::xarray<int>{3, 4};
  const Var on = xt::xarray<bool>{true, false};
  const auto of_p = [&](const Var& p) { return sum(shifted(zeros_like(p), p, count, on)); };
  BOOST_TEST(near(xg::grad(of_p)(Var(xt::xarray<double>{1.0, 2.0})), Var(xt::xarray<double>{3.0, 0.0})));
  const auto half = xg::implicit([](const Var& z, const Var& p) { return 2.0 * z - p; },
                                 [](const Var&, const Var& p) { return 0.5 * p; });
  BOOST_TEST(near(xg::grad([&](const Var& p) { return half(0.0, p); })(3.0), Var(0.5)));
  // A parameter whose part of the derivative is infinite, where another one is asked for.
  const auto touching = xg::implicit([](const Var& z, const Var& p, const Var& q) { return z - p - sqrt(q); },
                                     [](const Var&, const Var& p, const Var& q) { return p + sqrt(q); });
  const auto along_p = [&](const Var& p) { return touching(0.0, p, Var(xt::xarray<double>(0.0))); };
  const Var one(xt::xarray<double>(1.0));
  BOOST_TEST(near(xg::jvp(along_p, one, one).tangent, one));
  BOOST_TEST(near(xg::grad(along_p)(one), one));
}

/// Its rule batches a function of values, the columns of the matrix; it must record them on the tape.
BOOST_AUTO_TEST_CASE(gradients_of_a_tape_go_through_dense_solves) {
  const auto root =
      xg::implicit([](const Var& z, const Var& a) { return Var(z * z - a); },
                   [](const std::tuple<>&, const Var& a) { return sqrt(a); }, {.linear_solver = Method::Dense});
  xg::Tape tape;
  const Var a = tape.leaf(xt::xarray<double>{1.0, 4.0});
  const Var slope = tape.gradient(sum(root(std::tuple<>(), a)), a);
  BOOST_TEST(near(tape.evaluate({slope})[0], Var(xt::xarray<double>{0.5, 0.25})));
}

/// Parts of a residual without derivative, inside of what runs functions.
BOOST_AUTO_TEST_CASE(what_does_not_move_the_solution_has_derivative_0) {
  const auto solver = [](const std::tuple<>&, const Var& a) { return round(a); };
  const auto solve = [&](auto f) {
    return xg::implicit([f](const Var& z, const Var& a) { return Var(z - f(a)); }, solver);
  };
  const Var a = xt::xarray<double>{1.2, 3.7};
  const auto check = [&](const auto& f) {
    const auto root = solve(f);
    const auto loss = [&](const Var& x) { return sum(root(std::tuple<>(), x) * x); };
    BOOST_TEST(near(xg::grad(loss)(a), round(a)));
    BOOST_TEST(near(xg::jvp(loss, a, a).tangent, sum(round(a) * a)));
  };
  check([](const Var& x) { return round(x); });
  check([](const Var& x) {
    return xg::cond(
        sum(x) > 0.0, [](const Var& y) { return round(y); }, [](const Var& y) { return floor(y); }, x);
  });
  check([](const Var& x) {
    return xg::scan(
               [](const Var& c, const std::tuple<>&) {
                 return std::pair{Var(round(c)), std::tuple<>()};
               },
               x, std::tuple<>(), {.length = 2})
        .first;
  });
  // An integer as a factor is not 0 because it has no derivative.
  const auto product = xg::implicit(
      [](const Var& z, const Var& x) {
        return Var(z - xg::fori_loop(
                           1, [&](const Var&, const Var&) { return Var((argmax(x) + std::int64_t{1}) * x); }, 0.0 * x));
      },
      [](const std::tuple<>&, const Var& x) { return Var((argmax(x) + std::int64_t{1}) * x); });
  BOOST_TEST(near(xg::grad([&](const Var& x) { return sum(product(std::tuple<>(), x)); })(a),
                  Var(xt::xarray<double>{2.0, 2.0})));
}

BOOST_AUTO_TEST_SUITE_END()
