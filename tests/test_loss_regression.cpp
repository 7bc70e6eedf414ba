// Losses of real targets: bad input, element types, second derivatives where the table cannot look.
#include <boost/test/unit_test.hpp>

#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include <xgrad/loss/regression.hpp>
#include <xgrad/xgrad.hpp>

#include "comparing.hpp"

BOOST_AUTO_TEST_SUITE(test_loss_regression)

namespace xg = xgrad;
namespace loss = xgrad::loss;
using comparing::near;
using comparing::same;
using comparing::throws;
using xg::DType;
using xg::ShapeError;
using xg::Var;

namespace {

using Loss = std::function<Var(const Var&, const Var&)>;

struct Entry {
  std::string_view name;
  Loss function;
};

template <class L>
Entry entry(L loss = {}) {
  return {L::name, loss};
}

const std::vector<Entry>& all_losses() {
  static const std::vector<Entry> list{entry<loss::Mse>(),
                                       entry<loss::HalfSquared>(),
                                       entry<loss::Rmse>(),
                                       entry<loss::Mae>(),
                                       entry<loss::Huber>(),
                                       entry<loss::SmoothL1>(),
                                       entry<loss::LogCosh>(),
                                       entry<loss::Mape>(),
                                       entry<loss::Smape>(),
                                       entry<loss::Msle>(),
                                       entry<loss::Pinball>(),
                                       entry<loss::Expectile>(),
                                       entry<loss::EpsilonInsensitive>(),
                                       entry<loss::SquaredEpsilonInsensitive>(),
                                       entry<loss::Charbonnier>(),
                                       entry<loss::PseudoHuber>(),
                                       entry<loss::Cauchy>(),
                                       entry<loss::Welsch>(),
                                       entry<loss::GemanMcClure>(),
                                       entry<loss::Tukey>(),
                                       entry<loss::Barron>(),
                                       entry<loss::Wing>(),
                                       entry<loss::Linex>(),
                                       entry<loss::CosineDistance>()};
  return list;
}

/// The loss refuses its settings, whatever the arguments.
template <class L>
boost::test_tools::assertion_result refuses(const L& loss, std::initializer_list<std::string_view> parts) {
  const Var x = comparing::wave({3});
  const auto refused = throws<xg::ValueError>([&] { return loss(x, x); }, parts);
  return refused ? throws<xg::ValueError>([&] { return loss(x, x); }, {std::string(L::name) + ": "}) : refused;
}

/// Second derivatives of the sum with respect to the predictions, element by element.
Var curvature(const Loss& loss, const Var& prediction, const Var& target) {
  const auto slope = [&](const Var& p) { return xg::grad([&](const Var& q) { return sum(loss(q, target)); })(p); };
  return xg::grad([&](const Var& p) { return sum(slope(p)); })(prediction);
}

Var slope(const Loss& loss, const Var& prediction, const Var& target) {
  return xg::grad([&](const Var& p) { return sum(loss(p, target)); })(prediction);
}

}  // namespace

BOOST_AUTO_TEST_CASE(shapes_are_not_broadcast) {
  const Var column = comparing::wave({4, 1});
  const Var vector = comparing::wave({4});
  for (const Entry& each : all_losses()) {
    BOOST_TEST_CONTEXT(each.name) {
      BOOST_TEST(throws<ShapeError>([&] { return each.function(column, vector); },
                                    {each.name, "prediction is [4, 1]", "target is [4]", "nothing is broadcast"}));
      BOOST_TEST(throws<ShapeError>([&] { return each.function(vector, Var(1.0)); }, {each.name, "[4]", "[]"}));
      BOOST_TEST(throws<ShapeError>(
          [&] {
            xg::Tape tape;
            return each.function(tape.leaf(vector), column);
          },
          {each.name, "[4, 1]"}));
    }
  }
}

BOOST_AUTO_TEST_CASE(axes_that_do_not_exist) {
  const Var x = comparing::wave({2, 3});
  BOOST_TEST(throws<ShapeError>([&] { return loss::Rmse{.axis = 2}(x, x); }, {"Rmse", "2", "[2, 3]"}));
  BOOST_TEST(throws<ShapeError>([&] { return loss::Rmse{}(1.0, 2.0); }, {"Rmse", "[]"}));
  BOOST_TEST(throws<ShapeError>([&] { return loss::CosineDistance{.axis = -3}(x, x); }, {"CosineDistance", "-3"}));
  BOOST_TEST(throws<ShapeError>([&] { return loss::CosineDistance{}(1.0, 2.0); }, {"CosineDistance", "[]"}));
}

BOOST_AUTO_TEST_CASE(settings_out_of_range) {
  const double infinity = std::numeric_limits<double>::infinity();
  const double nan = std::numeric_limits<double>::quiet_NaN();
  for (const double bad : {0.0, -1.0, nan, infinity}) {
    BOOST_TEST(refuses(loss::Huber{.delta = bad}, {"delta is", "must be positive"}));
    BOOST_TEST(refuses(loss::Mape{.eps = bad}, {"eps is", "must be positive"}));
    BOOST_TEST(refuses(loss::Smape{.eps = bad}, {"eps is", "must be positive"}));
    BOOST_TEST(refuses(loss::Charbonnier{.eps = bad}, {"eps is", "must be positive"}));
    BOOST_TEST(refuses(loss::PseudoHuber{.delta = bad}, {"delta is", "must be positive"}));
    BOOST_TEST(refuses(loss::Cauchy{.c = bad}, {"c is", "must be positive"}));
    BOOST_TEST(refuses(loss::Welsch{.c = bad}, {"c is", "must be positive"}));
    BOOST_TEST(refuses(loss::GemanMcClure{.c = bad}, {"c is", "must be positive"}));
    BOOST_TEST(refuses(loss::Tukey{.c = bad}, {"c is", "must be positive"}));
    BOOST_TEST(refuses(loss::Barron{.c = bad}, {"c is", "must be positive"}));
    BOOST_TEST(refuses(loss::Wing{.w = bad}, {"w is", "must be positive"}));
    BOOST_TEST(refuses(loss::Wing{.eps = bad}, {"eps is", "must be positive"}));
    BOOST_TEST(refuses(loss::CosineDistance{.eps = bad}, {"eps is", "must be positive"}));
  }
  for (const double bad : {-1.0, nan, infinity}) {
    BOOST_TEST(refuses(loss::SmoothL1{.beta = bad}, {"beta is", "not negative"}));
    BOOST_TEST(refuses(loss::EpsilonInsensitive{.eps = bad}, {"eps is", "not negative"}));
    BOOST_TEST(refuses(loss::SquaredEpsilonInsensitive{.eps = bad}, {"eps is", "not negative"}));
  }
  for (const double bad : {0.0, 1.0, -0.1, 1.1, nan}) {
    BOOST_TEST(refuses(loss::Pinball{.tau = bad}, {"tau is", "between 0 and 1"}));
    BOOST_TEST(refuses(loss::Expectile{.tau = bad}, {"tau is", "between 0 and 1"}));
  }
  for (const double bad : {0.0, infinity, nan}) {
    BOOST_TEST(refuses(loss::Linex{.a = bad}, {"a is", "not 0"}));
  }
}

BOOST_AUTO_TEST_CASE(targets_of_msle_are_checked) {
  const Var targets = xt::xarray<double>{0.5, -1.0, 2.0};
  const Var predictions = xt::xarray<double>{0.5, 1.0, 2.0};
  BOOST_TEST(throws<xg::ValueError>([&] { return loss::Msle{}(predictions, targets).item<double>(); },
                                    {"Msle: the target -1 is not greater than -1"}));
  BOOST_TEST(
      throws<xg::ValueError>([&] { return slope(loss::Msle{}, predictions, targets); }, {"Msle: the target -1"}));
  const Var unchecked = loss::Msle{.check_targets = false}(predictions, targets);
  BOOST_TEST(std::isinf(unchecked.array<double>()(1)));
}

BOOST_AUTO_TEST_CASE(integers_take_the_type_of_the_other_argument) {
  const Var counts = xt::xarray<std::int64_t>{1, 2, 3};
  const Var single = xt::xarray<float>{1.5F, 2.5F, 2.0F};
  for (const Entry& each : all_losses()) {
    BOOST_TEST_CONTEXT(each.name) {
      BOOST_TEST(each.function(single, counts).dtype() == DType::Float32);
      BOOST_TEST(each.function(counts, single).dtype() == DType::Float32);
      BOOST_TEST(each.function(counts, counts).dtype() == DType::Float64);
      BOOST_TEST(same(each.function(single, counts), each.function(single, cast<float>(counts))));
    }
  }
}

BOOST_AUTO_TEST_CASE(second_derivatives_at_0_and_at_kinks) {
  const Var at = xt::xarray<double>{0.0, 0.5, 1.0, -1.0, 2.0};
  const Var target = zeros_like(at);
  const auto row = [&](const Loss& loss) { return curvature(loss, at, target); };
  const double at_half = 1.0 - std::pow(std::tanh(0.5), 2);
  const double at_one = 1.0 - std::pow(std::tanh(1.0), 2);
  const double at_two = 1.0 - std::pow(std::tanh(2.0), 2);
  BOOST_TEST(near(row(loss::LogCosh{}), xt::xarray<double>{1.0, at_half, at_one, at_one, at_two}));
  BOOST_TEST(near(row(loss::Huber{}), xt::xarray<double>{1.0, 1.0, 1.0, 1.0, 0.0}));
  BOOST_TEST(near(row(loss::SmoothL1{.beta = 0.5}), xt::xarray<double>{2.0, 2.0, 0.0, 0.0, 0.0}));
  BOOST_TEST(near(row(loss::Expectile{.tau = 0.9}), xt::xarray<double>{1.0, 0.2, 0.2, 1.8, 0.2}));
  BOOST_TEST(near(row(loss::SquaredEpsilonInsensitive{.eps = 1.0}), xt::xarray<double>{0.0, 0.0, 0.0, 0.0, 2.0}));
  BOOST_TEST(near(row(loss::Mae{}), zeros_like(at)));
  BOOST_TEST(near(row(loss::Tukey{.c = 1.0}), xt::xarray<double>{1.0, -0.1875, 0.0, 0.0, 0.0}));
  BOOST_TEST(near(row(loss::PseudoHuber{}), pow(1.0 + square(at), -1.5)));
  BOOST_TEST(near(row(loss::Cauchy{}), (1.0 - square(at)) / square(1.0 + square(at))));
  BOOST_TEST(near(row(loss::Welsch{}), (1.0 - 2.0 * square(at)) * exp(-square(at))));
}

// The table looks at derivatives with respect to predictions and targets together, of which those of second order
// cancel if the loss depends on the difference.
BOOST_AUTO_TEST_CASE(second_derivatives_of_large_errors_are_numbers) {
  const Var prediction = xt::xarray<float>{1e4F, -1e4F, 1e4F, 0.0F, 50.0F};
  const Var target = xt::xarray<float>{-1e4F, 1e4F, 0.0F, 0.0F, 50.0F};
  std::vector<Entry> list = all_losses();
  for (const double alpha : {-1e20, -2.0, -0.7, 0.0, 1e-6, 0.5, 1.3, 2.0}) {
    list.push_back({"Barron", loss::Barron{.alpha = alpha}});
    list.push_back({"trained Barron", loss::Barron{.alpha = xt::xarray<double>{alpha, alpha, alpha, alpha, alpha}}});
  }
  for (const Entry& each : list) {
    if (each.name == "Linex" || each.name == "Msle") continue;  // not made for such numbers
    BOOST_TEST_CONTEXT(each.name) {
      const Var first = slope(each.function, prediction, target);
      const Var second = curvature(each.function, prediction, target);
      BOOST_TEST(first.dtype() == DType::Float32);
      for (const double number : comparing::doubles(first)) BOOST_TEST(std::isfinite(number));
      for (const double number : comparing::doubles(second)) BOOST_TEST(std::isfinite(number));
    }
  }
}

BOOST_AUTO_TEST_CASE(linex_overflows_to_infinity) {
  const float infinity = std::numeric_limits<float>::infinity();
  const Var prediction = xt::xarray<float>{1e4F, -1e4F};
  const Var target = xt::xarray<float>{0.0F, 0.0F};
  BOOST_TEST(same(loss::Linex{}(prediction, target), xt::xarray<float>{infinity, 9999.0F}));
  BOOST_TEST(same(slope(loss::Linex{}, prediction, target), xt::xarray<float>{infinity, -1.0F}));
  BOOST_TEST(same(curvature(loss::Linex{}, prediction, target), xt::xarray<float>{infinity, 0.0F}));
}

BOOST_AUTO_TEST_CASE(a_trained_setting_does_not_change_the_element_type) {
  const Var prediction = xt::xarray<float>{1.5F, 2.5F, 2.0F};
  const Var target = xt::xarray<float>{1.0F, 2.0F, 3.0F};
  const auto total = [&](const loss::Barron& barron) {
    const Var values = barron(prediction, target);
    BOOST_TEST(values.dtype() == DType::Float32);
    return sum(values);
  };
  const loss::Barron gradient = xg::grad(total)(loss::Barron{.alpha = 0.5, .c = 2.0});
  BOOST_TEST(gradient.alpha.dtype() == DType::Float64);
  BOOST_TEST(gradient.alpha.item<double>() > 0.0);
  BOOST_TEST(gradient.c.item<double>() < 0.0);
}

BOOST_AUTO_TEST_SUITE_END()
