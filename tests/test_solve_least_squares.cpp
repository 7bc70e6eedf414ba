// least_squares beside closed formulas: covariance, bounds, robust losses, element types, trees; how it ends; what it
// refuses.
#include "comparing.hpp"

#include <cmath>
#include <limits>
#include <sstream>
#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>
#include <xgrad/solve.hpp>
#include <xgrad/xgrad.hpp>

BOOST_AUTO_TEST_SUITE(test_solve_least_squares)

namespace xg = xgrad;
namespace solve = xgrad::solve;
using solve::Ended;
using xg::Var;
using Numbers = std::vector<double>;
using comparing::throws;

namespace {

struct Line {
  Var slope, offset;
  XGRAD_MEMBER_FIELDS(Line, slope, offset)
};

const Numbers places{0, 1, 2, 3, 4};
const Numbers heights{1.1, 2.9, 5.2, 6.8, 9.0};
Var line_residuals(const Line& line) { return line.slope * Var(places) + line.offset - Var(heights); }
Var rosenbrock(const Var& x) {
  const Var a = view(x, 0);
  return xg::stack({10.0 * (view(x, 1) - a * a), 1.0 - a});
}
double at(const Var& x, std::size_t i) { return x.array<double>()(i); }
bool near(double a, double b, double tolerance) { return std::abs(a - b) <= tolerance * std::max(1.0, std::abs(b)); }

const std::vector<solve::LeastSquaresMethod> methods{solve::LevenbergMarquardt{}, solve::GaussNewton{}, solve::Dogleg{},
                                                     solve::LevenbergMarquardt{.factor = solve::Factor::Cholesky}};

}  // namespace

BOOST_AUTO_TEST_CASE(a_line_has_the_errors_of_the_textbook) {
  for (const auto& method : methods) {
    const auto fit = solve::least_squares(line_residuals, Line{Var(0.0), Var(0.0)}, method);
    BOOST_TEST(fit.converged(), fit);
    // slope = Sxy / Sxx = 19.7 / 10, offset = 5 - 2 slope; s^2 = sum / 3
    BOOST_TEST(near(fit.parameters.slope.item<double>(), 1.97, 1e-14));
    BOOST_TEST(near(fit.parameters.offset.item<double>(), 1.06, 1e-14));
    BOOST_TEST(near(fit.sum, 0.091, 1e-12));
    BOOST_TEST(fit.degrees_of_freedom == 3U);
    BOOST_TEST(near(fit.deviations.slope.item<double>(), std::sqrt(0.091 / 3 / 10), 1e-12));
    BOOST_TEST(near(fit.deviations.offset.item<double>(), std::sqrt(0.091 / 3 * 0.6), 1e-12));
    BOOST_TEST(near(fit.covariance.array<double>()(0, 1), -0.091 / 3 * 0.2, 1e-12));
  }
}

BOOST_AUTO_TEST_CASE(products_do_without_a_jacobian) {
  const auto line = solve::least_squares(line_residuals, Line{Var(0.0), Var(0.0)}, solve::MatrixFreeLM{});
  BOOST_TEST(line.converged(), line);
  BOOST_TEST(line.gradients == 0U);
  BOOST_TEST(line.products > 0U);
  BOOST_TEST(near(line.parameters.slope.item<double>(), 1.97, 1e-7), line);
  BOOST_TEST(near(line.sum, 0.091, 1e-13));
  BOOST_TEST(line.covariance.size() == 0U);
  BOOST_TEST(std::isnan(line.deviations.slope.item<double>()));
  for (const std::size_t probes : {0U, 10U}) {
    const auto curved =
        solve::least_squares(rosenbrock, Var(Numbers{-1.2, 1.0}), solve::MatrixFreeLM{.probes = probes});
    BOOST_TEST(near(at(curved.parameters, 1), 1.0, 1e-9), curved);
  }
  // 5000 coupled unknowns, of which a Jacobian would have 200 MB: x_i^3 + 2 x_i - x_{i-1} - x_{i+1} = 1 (0 outside).
  const std::size_t n = 5000;
  const auto coupled = [](const Var& x) -> Var {
    const Var outside(Numbers{0.0});
    const Var all = xg::concatenate({outside, x, outside});
    return x * x * x + 2.0 * x - view(all, xt::range(0, 5000)) - view(all, xt::range(2, 5002)) - 1.0;
  };
  const auto large = solve::least_squares(coupled, Var(Numbers(n, 0.5)), solve::MatrixFreeLM{});
  BOOST_TEST(large.sum < 1e-20, static_cast<const solve::Report&>(large));
  BOOST_TEST(near(at(large.parameters, n / 2), 1.0, 1e-10));
  const auto again = solve::least_squares(coupled, Var(Numbers(n, 0.5)), solve::MatrixFreeLM{});
  BOOST_TEST(again.sum == large.sum);
  const auto held = solve::least_squares(line_residuals, Line{Var(0.5), Var(2.0)}, solve::MatrixFreeLM{},
                                         {.lower = Line{Var(-10.0), Var(1.5)}});
  BOOST_TEST(held.converged(), held);
  BOOST_TEST(held.parameters.offset.item<double>() == 1.5);
  BOOST_TEST(near(held.parameters.slope.item<double>(), 54.7 / 30, 1e-7), held);
  const auto free_one = solve::least_squares([](const Var& x) { return xg::stack({view(x, 0) + view(x, 1) - 2.0}); },
                                             Var(Numbers{5.0, 1.0}), solve::MatrixFreeLM{});
  BOOST_TEST(near(at(free_one.parameters, 0) + at(free_one.parameters, 1), 2.0, 1e-12), free_one);
  // The first steps go to where there are no values.
  const auto logs =
      solve::least_squares([](const Var& x) -> Var { return log(x) + 3.0; }, Var(Numbers{5.0}), solve::MatrixFreeLM{});
  BOOST_TEST(near(at(logs.parameters, 0), std::exp(-3.0), 1e-10), logs);
  const auto few = solve::least_squares(rosenbrock, Var(Numbers{-1.2, 1.0}), solve::MatrixFreeLM{}, {.iterations = 2});
  BOOST_TEST((few.ended == Ended::Iterations));
  const auto rough = solve::least_squares(rosenbrock, Var(Numbers{-1.2, 1.0}), solve::MatrixFreeLM{}, {.step = 0.5});
  BOOST_TEST((rough.ended == Ended::Step), rough);
  const auto floats = solve::least_squares(
      [](const Var& x) -> Var {
        return exp(x) - xt::xarray<float>{2.0F, 3.0F};
      },
      xt::xarray<float>{0.0F, 0.0F}, solve::MatrixFreeLM{});
  BOOST_TEST(floats.converged(), floats);
  BOOST_TEST(std::abs(floats.parameters.array<float>()(1) - std::log(3.0F)) < 1e-5F, floats);
}

BOOST_AUTO_TEST_CASE(bounds_hold) {
  for (const auto& method : methods) {
    // With a <= 0.8 the least is at b = 0.64.
    const auto upper =
        solve::least_squares(rosenbrock, Var(Numbers{-1.2, 1.0}), method, {.upper = Var(Numbers{0.8, 5.0})});
    BOOST_TEST(upper.converged(), upper);
    BOOST_TEST(at(upper.parameters, 0) == 0.8);
    BOOST_TEST(near(at(upper.parameters, 1), 0.64, 1e-10), upper);
    const auto inside =
        solve::least_squares(rosenbrock, Var(Numbers{-1.2, 1.0}), method, {.lower = -2.0, .upper = 2.0});
    BOOST_TEST(near(at(inside.parameters, 1), 1.0, 1e-12), inside);
  }
  const auto line = solve::least_squares(line_residuals, Line{Var(0.5), Var(2.0)}, solve::LevenbergMarquardt{},
                                         {.lower = Line{Var(-10.0), Var(1.5)}});
  BOOST_TEST(line.parameters.offset.item<double>() == 1.5);
  BOOST_TEST(near(line.parameters.slope.item<double>(), 54.7 / 30, 1e-13));  // sum x (y - 1.5) / sum x^2
}

BOOST_AUTO_TEST_CASE(outliers_weigh_less_by_robust_losses) {
  Numbers spoilt = heights;
  spoilt[4] = 90.0;
  const auto residuals = [&](const Line& line) -> Var { return line.slope * Var(places) + line.offset - Var(spoilt); };
  const Line start{Var(0.0), Var(0.0)};
  const auto plain = solve::least_squares(residuals, start);
  BOOST_TEST(plain.parameters.slope.item<double>() > 15.0);
  const auto huber = solve::least_squares(residuals, start, solve::LevenbergMarquardt{},
                                          {.loss = solve::robust(xg::loss::Huber{.delta = 0.5})});
  BOOST_TEST(huber.converged(), huber);
  const auto by_products = solve::least_squares(residuals, start, solve::MatrixFreeLM{},
                                                {.loss = solve::robust(xg::loss::Huber{.delta = 0.5})});
  BOOST_TEST(near(by_products.sum, huber.sum, 1e-12), by_products);
  // The gradient of the sum of the losses is 0.
  const auto cost = [&](const Line& line) -> Var {
    return sum(xg::loss::Huber{.delta = 0.5}(residuals(line), Var(Numbers(5, 0.0))));
  };
  const Line slope = xg::grad(cost)(huber.parameters);
  BOOST_TEST(std::abs(slope.slope.item<double>()) < 1e-7, slope.slope);
  BOOST_TEST(std::abs(slope.offset.item<double>()) < 1e-7);
  BOOST_TEST(huber.parameters.slope.item<double>() < 3.0);
  BOOST_TEST(near(huber.sum, 2.0 * cost(huber.parameters).item<double>(), 1e-13));
}

BOOST_AUTO_TEST_CASE(float_parameters_end_at_their_rounding) {
  const auto residuals = [](const Var& x) -> Var { return exp(x) - xt::xarray<float>{2.0F, 3.0F}; };
  const auto fit = solve::least_squares(residuals, xt::xarray<float>{0.0F, 0.0F});
  BOOST_TEST(fit.converged(), fit);
  BOOST_TEST((fit.parameters.dtype() == xg::DType::Float32));
  BOOST_TEST(std::abs(fit.parameters.array<float>()(1) - std::log(3.0F)) < 1e-6F);
}

BOOST_AUTO_TEST_CASE(fewer_residuals_than_parameters) {
  const auto fit = solve::least_squares([](const Var& x) { return xg::stack({view(x, 0) + view(x, 1) - 2.0}); },
                                        Var(Numbers{5.0, 1.0}));
  BOOST_TEST(fit.converged(), fit);
  BOOST_TEST(near(at(fit.parameters, 0) + at(fit.parameters, 1), 2.0, 1e-14));
  BOOST_TEST(std::isnan(at(fit.deviations, 0)));
  BOOST_TEST(fit.degrees_of_freedom == 0U);
}

BOOST_AUTO_TEST_CASE(places_without_values_shorten_steps) {
  for (const auto& method : methods) {
    const auto fit = solve::least_squares(
        [](const Var& x) -> Var {
          return xg::stack({log(x) + 3.0, x * 0.0});
        },
        5.0,
        method);  // the first steps go below 0
    BOOST_TEST(fit.converged(), fit);
    BOOST_TEST(near(fit.parameters.item<double>(), std::exp(-3.0), 1e-13));
  }
}

BOOST_AUTO_TEST_CASE(it_says_how_it_ended) {
  const Var start(Numbers{-1.2, 1.0});
  const auto few = solve::least_squares(rosenbrock, start, {}, {.iterations = 2});
  BOOST_TEST((few.ended == Ended::Iterations));
  BOOST_TEST(few.iterations == 2U);
  const auto tries = solve::least_squares(rosenbrock, start, {}, {.evaluations = 3});
  BOOST_TEST((tries.ended == Ended::Evaluations));
  BOOST_TEST(tries.evaluations == 3U);
  const auto rough = solve::least_squares(rosenbrock, start, {}, {.step = 0.5});
  BOOST_TEST((rough.ended == Ended::Step));
  double last = std::numeric_limits<double>::infinity();
  bool falls = true;
  const auto watch = [&](const solve::Progress& now) {
    falls = falls && now.value <= last;
    last = now.value;
    return now.iteration < 5;
  };
  const auto stopped = solve::least_squares(rosenbrock, start, {}, {.observer = watch});
  BOOST_TEST((stopped.ended == Ended::Stopped));
  BOOST_TEST(falls);
  BOOST_TEST(stopped.value == last);
  BOOST_TEST(near(stopped.sum, sum(square(rosenbrock(stopped.parameters))).item<double>(), 1e-14));
  const auto held = solve::least_squares(rosenbrock, Var(Numbers{1.0, 1.0}));
  BOOST_TEST((held.ended == Ended::Residual));
  std::ostringstream text;
  text << solve::least_squares(line_residuals, Line{Var(0.0), Var(0.0)});
  BOOST_TEST(text.str().find("slope = 1.97 +- 0.0550757") == 0U, text.str());
  BOOST_TEST(text.str().find("converged: ") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(bad_input_is_refused) {
  using xg::ShapeError, xg::TypeError, xg::ValueError;
  const Var start(Numbers{-1.2, 1.0});
  const auto fit = [&](const solve::LeastSquaresOptions& options) {
    (void)solve::least_squares(rosenbrock, start, {}, options);
  };
  BOOST_TEST(throws<ValueError>([&] { fit({.lower = 0.0}); }, {"starts at -1.2"}));
  BOOST_TEST(throws<ValueError>([&] { fit({.lower = 3.0, .upper = 2.0}); }, {"below the upper"}));
  BOOST_TEST(throws<ValueError>([&] { fit({.lower = std::nan("")}); }, {"below the upper"}));
  BOOST_TEST(throws<ShapeError>([&] { fit({.lower = Var(Numbers{-5, -5, -5})}); }, {"the shape"}));
  BOOST_TEST(throws<ShapeError>([&] { fit({.lower = Line{Var(-5.0), Var(-5.0)}}); }, {"2 leaves"}));
  BOOST_TEST(throws<ValueError>([&] { fit({.step = -1.0}); }, {"step is -1"}));
  BOOST_TEST(throws<ValueError>([&] { fit({.gradient = std::nan("")}); }, {"gradient is nan"}));
  BOOST_TEST(throws<ValueError>(
      [&] { (void)solve::least_squares(rosenbrock, start, solve::LevenbergMarquardt{.radius = 0.0}); },
      {"radius is 0"}));
  const auto by_products = [&](const solve::MatrixFreeLM& method) {
    (void)solve::least_squares(rosenbrock, start, method);
  };
  BOOST_TEST(throws<ValueError>([&] { by_products({.damping = 0.0}); }, {"damping is 0"}));
  BOOST_TEST(throws<ValueError>([&] { by_products({.accuracy = 1.0}); }, {"accuracy is 0"}));
  BOOST_TEST(throws<ValueError>(
      [&] {
        (void)solve::least_squares([](const Var& x) -> Var { return log(x); }, Var(Numbers{-1.0}),
                                   solve::MatrixFreeLM{});
      },
      {"at the start is not finite"}));
  BOOST_TEST(throws<ValueError>(
      [&] {
        (void)solve::least_squares(rosenbrock, Var(Numbers{std::nan(""), 1}));
      },
      {"element 0 of the parameter"}));
  BOOST_TEST(throws<ValueError>(
      [&] { (void)solve::least_squares([](const Var& x) -> Var { return log(x); }, Var(Numbers{-1.0})); },
      {"at the start is not finite"}));
  BOOST_TEST(throws<ShapeError>([&] { (void)solve::least_squares([](const Var&) { return Var(Numbers{}); }, 1.0); },
                                {"no residuals"}));
  BOOST_TEST(throws<ShapeError>(
      [&] { (void)solve::least_squares([](const Var& x) -> Var { return sum(rosenbrock(x)); }, start); },
      {"solve::least_squares", "one number", "solve::minimise"}));
  BOOST_TEST(throws<TypeError>(
      [&] { (void)solve::least_squares([](const Var&) { return Var(std::vector<int>{1}); }, 1.0); }, {"residual 0"}));
  BOOST_TEST(throws<ShapeError>([&] { fit({.loss = [](const Var& r) -> Var { return sum(r); }}); },
                                {"a number for each residual"}));
}

BOOST_AUTO_TEST_SUITE_END()
