// Where plain formulas would lose the digits of small losses, or make infinities of what is finite.
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>
#include <xgrad/testing.hpp>
#include <xgrad/xgrad.hpp>

#include "comparing.hpp"
#include "loss_digits.hpp"
#include "losses/loss_table.hpp"

BOOST_AUTO_TEST_SUITE(test_loss_digits)

namespace xg = xgrad;
namespace loss = xgrad::loss;
using namespace loss_digits;
using comparing::near;
using comparing::throws;
using comparing::wave;
using xg::testing::infinity;

BOOST_AUTO_TEST_CASE(divergences_of_what_is_close) {
  const Var t = floats({3}, {1281.25, 3.0, 1e4});
  const Var p = floats({3}, {1281.375, 3.001953125, 1.0001e4});
  std::vector<double> expected;
  for (std::size_t i = 0; i < 3; ++i) {
    const double r = (elements(p)[i] - elements(t)[i]) / elements(t)[i];
    expected.push_back(elements(t)[i] * (r * r / 2 - r * r * r / 3 + r * r * r * r / 4));
  }
  BOOST_TEST(within(1e-2, loss::GeneralizedKl{}(p, t), expected));
  BOOST_TEST(number(loss::GeneralizedKl{}(p, p)) == 0.0);

  const Var z = wave<float>({500, 6});
  const Var js = loss::JensenShannon{}(softmax(z), softmax(z * 1.00001));
  for (const double each : elements(js)) BOOST_TEST((each >= 0.0 && each < 1e-9));
}

BOOST_AUTO_TEST_CASE(sure_and_right_labels_have_all_digits) {
  BOOST_TEST(within(1e-12, loss::MultiLabelSoftMargin{}(doubles({1, 1}, {40.0}), doubles({1, 1}, {1.0})),
                    {std::log1p(std::exp(-40.0))}));
}

BOOST_AUTO_TEST_CASE(distillation_at_high_temperatures) {
  const Var student = doubles({2, 3}, {0.5, 0.25, -0.5, 1.0, 0.0, 0.125});
  const Var teacher = doubles({2, 3}, {0.51, 0.25, -0.5, 0.99, 0.015625, 0.125});
  const Var labels = xt::xarray<std::int64_t>{0, 1};
  for (const double temperature : {1.0, 20.0, 1000.0}) {
    const loss::Distillation l{.temperature = temperature, .alpha = 1.0};
    const Var wide = l(student, teacher, labels);
    // At T = 1000 the logarithms differ by 1e-5, a hundred units of their last place.
    BOOST_TEST(within(0.03, l(xg::cast<float>(student), xg::cast<float>(teacher), labels), elements(wide)));
    for (const double each : elements(wide)) BOOST_TEST(each > 0.0);
  }
  // What does not count may be infinite.
  const Var masked = doubles({1, 2}, {0.0, -infinity});
  const Var both = doubles({1, 2}, {0.0, 1.0});
  const Var second = xt::xarray<std::int64_t>{1};
  const Var first = xt::xarray<std::int64_t>{0};
  BOOST_TEST(all_finite(loss::Distillation{.alpha = 1.0}(masked, masked, second)));
  BOOST_TEST(all_finite(loss::Distillation{.alpha = 0.0}(masked, both, first)));
  BOOST_TEST(throws<xg::ValueError>(
      [&] { return loss::Distillation{.alpha = 1.0}(both, both, Var(xt::xarray<std::int64_t>{2})); },
      {"Distillation", "2"}));
}

BOOST_AUTO_TEST_CASE(barron_near_zero) {
  for (const double alpha : {-2.0, -1.0, 0.0, 0.5, 1.0, 1.5, 1.7, 2.0, 2.5, 3.0, 4.0, 7.5, 8.0}) {
    BOOST_TEST_CONTEXT("alpha " << alpha) {
      const loss::Barron l{.alpha = alpha};
      for (const double e : {1e-4, 1e-2, 0.5, 3.0, 300.0}) {
        const Var zero = doubles({1}, {0.0});
        const Var exact = l(doubles({1}, {e}), zero);
        BOOST_TEST(within(1e-5, l(floats({1}, {e}), floats({1}, {0.0})), elements(exact)));
        if (e < 1e-3) BOOST_TEST(within(1e-7, exact, {0.5 * e * e}));
      }
      BOOST_TEST(number(l(doubles({1}, {1e200}), doubles({1}, {0.0}))) > 0.4);
    }
  }
}

BOOST_AUTO_TEST_CASE(large_parameters_of_likelihoods) {
  const Var zero = doubles({1}, {0.0});
  const double normal = 0.5 * std::log(2.0 * std::acos(-1.0)) + 0.5;
  for (const double nu : {1e8, 1e12, 1e17}) {
    BOOST_TEST(within(1e-7, loss::StudentTNll{.nu = nu}(zero, doubles({1}, {1.0}), doubles({1}, {1.0})), {normal}));
  }
  const double poisson = 2.0 - 3.0 * std::log(2.0) + std::log(6.0);
  for (const double r : {1e9, 1e12, 1e17}) {
    const loss::NegativeBinomialNll l{.log_input = false};
    BOOST_TEST(within(1e-7, l(doubles({1}, {2.0}), doubles({1}, {3.0}), doubles({1}, {r})), {poisson}));
  }
  // Both sides of the change of formulas.
  for (const double at : {99.9999, 100.0001}) {
    const auto of_nu = [&](const Var& nu) {
      return sum(loss::StudentTNll{.nu = nu}(zero, doubles({1}, {1.5}), doubles({1}, {1.0})));
    };
    BOOST_TEST(xg::testing::check_gradients(of_nu, Var(at)));
    const auto of_r = [&](const Var& r) {
      return sum(loss::NegativeBinomialNll{}(zero, doubles({1}, {7.0}), reshape(r, {1})));
    };
    BOOST_TEST(xg::testing::check_gradients(of_r, Var(at)));
  }
}

BOOST_AUTO_TEST_CASE(targets_of_zero_have_derivatives) {
  const Var z = doubles({2}, {0.0, 0.5});
  const auto by_target = [&](const auto& l) {
    return xg::grad([&](const Var& t) { return sum(l(z, t)); })(doubles({2}, {0.0, 0.0}));
  };
  BOOST_TEST(near(by_target(loss::GammaNll{.log_input = true}), exp(-z)));
  BOOST_TEST(near(by_target(loss::Tweedie{.rho = 1.5, .log_input = true}), 4.0 * exp(-0.5 * z)));
  BOOST_TEST(std::isnan(number(
      loss::GammaNll{.log_input = true, .check_targets = false}(doubles({1}, {0.0}), doubles({1}, {std::nan("")})))));
}

BOOST_AUTO_TEST_CASE(what_is_not_checked_counts_as_the_least) {
  const Var mean = floats({1}, {0.0});
  const Var target = floats({1}, {1e-3});
  const auto of = [&](double variance) {
    return loss::GaussianNll{.check_targets = false}(mean, target, floats({1}, {variance}));
  };
  for (const double variance : {-1.0, -100.0, -1e4}) BOOST_TEST(near(of(variance), of(1e-6)));
}

BOOST_AUTO_TEST_CASE(large_scores_of_survival) {
  const Var time = doubles({4}, {1.0, 2.0, 3.0, 4.0});
  const Var event = xt::xarray<bool>{true, true, true, true};
  const Var score = floats({4}, {0.0, 0.25, 0.5, -0.25});
  const Var far = score + 1e4;
  BOOST_TEST(near(loss::CoxPartial{}(far, time, event), loss::CoxPartial{}(score, time, event), 1e-6));
}

BOOST_AUTO_TEST_CASE(a_task_without_loss) {
  const Var s = floats({1}, {-100.0});
  const auto weighted = [](const Var& log_variances) {
    return loss::UncertaintyWeighting{log_variances}(std::vector<Var>{Var(0.0F)});
  };
  BOOST_TEST(number(weighted(s)) == -50.0);
  BOOST_TEST(number(xg::grad(weighted)(s)) == 0.5);
}

BOOST_AUTO_TEST_CASE(classes_that_are_masked) {
  const Var masked = doubles({1, 3}, {1.0, -infinity, 0.5});
  const Var low = doubles({1, 3}, {1.0, -1e4, 0.5});
  const Var t = doubles({1, 3}, {0.75, 0.0, 0.25});
  const Var label = xt::xarray<std::int64_t>{0};
  const auto check = [&](const auto& l, const Var& target) {
    BOOST_TEST_CONTEXT(l.name) {
      const auto gradient = [&](const Var& z) { return xg::grad([&](const Var& x) { return sum(l(x, target)); })(z); };
      BOOST_TEST(near(l(masked, target), l(low, target)));
      BOOST_TEST(near(gradient(masked), gradient(low)));
    }
  };
  check(loss::CrossEntropy{}, t);
  check(loss::Poly1{}, t);
  check(loss::SymmetricCrossEntropy{}, t);
  check(loss::Sparsemax{}, t);
  for (const double alpha : {1.0, 1.5, 2.0}) {
    check(loss::FenchelYoung{.alpha = alpha}, t);
    check(loss::FenchelYoung{.alpha = alpha}, label);
  }
}

BOOST_AUTO_TEST_CASE(one_score_far_from_the_others) {
  auto scores = xg::Array<double>::from_shape({1, 40});
  auto labels = xg::Array<std::int64_t>::from_shape({1, 36});
  for (std::size_t i = 0; i < 40; ++i) scores.data()[i] = std::sin(double(i));
  for (std::size_t i = 0; i < 36; ++i) labels.data()[i] = static_cast<std::int64_t>(i);
  scores.data()[39] = -1e6;
  const Var wide = std::move(scores);
  const Var right = std::move(labels);
  BOOST_TEST(near(xg::cast<double>(loss::MultiLabelMargin{}(xg::cast<float>(wide), right)),
                  loss::MultiLabelMargin{}(wide, right), 1e-6));
}

BOOST_AUTO_TEST_CASE(clouds_of_many_coordinates) {
  const Var x = wave({8, 70});
  const Var y = wave({8, 70}, 0.3);
  BOOST_TEST(within(1e-5, loss::EnergyDistance{}(xg::cast<float>(x), xg::cast<float>(y)),
                    elements(loss::EnergyDistance{}(x, y))));
  BOOST_TEST(number(loss::Mmd{.bandwidths = {1e-20}}(floats({2, 1}, {0.0, 1.0}), floats({2, 1}, {0.0, 1.0}))) == 0.0);
}

BOOST_AUTO_TEST_CASE(robust_losses_of_huge_errors) {
  const Var zero = floats({4}, {0.0, 0.0, 0.0, 0.0});
  const Var e = floats({4}, {1e-3, 1e3, 1e4, 1e20});
  const auto slope = [&](const auto& l) { return xg::grad([&](const Var& x) { return sum(l(x, zero)); })(e); };
  BOOST_TEST(within(1e-5, loss::GemanMcClure{}(e, zero), {5e-7, 2e6 / (1e6 + 4), 2e8 / (1e8 + 4), 2.0}));
  BOOST_TEST(
      within(1e-5, slope(loss::GemanMcClure{}), {1e-3, 16e3 / std::pow(1e6 + 4, 2), 16e4 / std::pow(1e8 + 4, 2), 0.0}));
  BOOST_TEST(within(1e-5, slope(loss::PseudoHuber{}), {1e-3, 1.0, 1.0, 1.0}));
  BOOST_TEST(within(1e-5, loss::PseudoHuber{}(floats({1}, {1e-3}), floats({1}, {0.0})), {5e-7}));
  BOOST_TEST(within(1e-5, loss::PseudoHuber{}(e, zero), {5e-7, 999.0005, 9999.00005, 1e20}));
  BOOST_TEST(within(1e-5, loss::Charbonnier{}(e, zero), {std::sqrt(2e-6), 1e3, 1e4, 1e20}));
  BOOST_TEST(within(1e-5, slope(loss::Charbonnier{}), {std::sqrt(0.5), 1.0, 1.0, 1.0}));
  BOOST_TEST(within(1e-5, loss::Cauchy{}(e, zero), {5e-7, std::log(1e3), std::log(1e4), std::log(1e20)}));
  BOOST_TEST(within(1e-5, slope(loss::Cauchy{}), {1e-3, 1e-3, 1e-4, 1e-20}));
  const auto curvature = [&](const auto& l) {
    const auto first = [&](const Var& x) { return xg::grad([&](const Var& y) { return sum(l(y, zero)); })(x); };
    return xg::grad([&](const Var& x) { return sum(first(x)); })(e);
  };
  const auto first_three = [](const Var& x) { return view(x, xt::range(0, 3)); };
  BOOST_TEST(within(1e-4, first_three(curvature(loss::Cauchy{})), {1.0, -1e-6, -1e-8}));
  BOOST_TEST(within(1e-4, first_three(curvature(loss::PseudoHuber{})), {1.0, 1e-9, 1e-12}));
  const loss::Rmse rows{.axis = 0};
  BOOST_TEST(within(1e-5, rows(e, zero), {0.5e20}));
  const loss::StudentTNll student{.nu = 3.0};
  const Var excess = student(e, zero, Var(1.0F)) - student(zero, zero, Var(1.0F));
  BOOST_TEST(within(1e-5, view(excess, xt::range(1, 4)),
                    {2 * std::log(1e6 / 3 + 1), 2 * std::log(1e8 / 3 + 1), 2 * std::log(1e40 / 3)}));
}

BOOST_AUTO_TEST_CASE(deviances_of_good_predictions) {
  for (const double rho : {1.01, 1.1, 1.5, 1.9}) {
    const loss::Tweedie l{.rho = rho, .log_input = false};
    const Var t = floats({3}, {100.0, 1e4, 1e6});
    for (const double each : elements(l(t, t))) BOOST_TEST(std::abs(each) < 1e-7);
    const Var near_by = floats({1}, {101.0});
    BOOST_TEST(
        within(1e-6, l(near_by, floats({1}, {100.0})), elements(l(doubles({1}, {101.0}), doubles({1}, {100.0})))));
  }
  const Var none = doubles({1}, {0.0});
  BOOST_TEST(number(loss::Tweedie{.log_input = false, .eps = 0.0}(none, none)) == 0.0);
  BOOST_TEST(number(loss::NegativeBinomialNll{.log_input = false, .eps = 0.0}(none, none, doubles({1}, {2.0}))) == 0.0);
  BOOST_TEST(number(loss::PoissonNll{}(doubles({1}, {-infinity}), none)) == 0.0);
}

BOOST_AUTO_TEST_CASE(trained_numbers_keep_the_type_of_the_data) {
  const Var x = xg::cast<float>(wave({3}));
  const Var y = xg::cast<float>(wave({3}, 1.0));
  const auto type_of = [&](const auto& f) {
    xg::DType type = xg::DType::Bool;
    (void)xg::grad([&](const Var& parameter) {
      const Var values = f(parameter);
      type = values.dtype();
      return sum(values);
    })(Var(0.5));
    return xg::name(type);
  };
  BOOST_TEST(type_of([&](const Var& v) { return loss::GaussianNll{}(x, y, v); }) == "float32");
  BOOST_TEST(type_of([&](const Var& v) { return loss::LaplaceNll{}(x, y, v); }) == "float32");
  BOOST_TEST(type_of([&](const Var& v) { return loss::CrpsGaussian{}(x, y, v); }) == "float32");
  BOOST_TEST(type_of([&](const Var& v) { return loss::StudentTNll{.nu = v}(x, y, Var(1.0F)); }) == "float32");
  BOOST_TEST(type_of([&](const Var& v) { return (v * loss::Mse{})(x, y); }) == "float32");
  BOOST_TEST(throws<xg::ValueError>([&] { return loss::StudentTNll{.nu = infinity}(x, y, Var(1.0F)); }, {"nu is inf"}));
  BOOST_TEST(throws<xg::ValueError>(
      [&] {
        const loss::Barron l{.alpha = doubles({3}, {1.0, std::nan(""), 2.0})};
        return l(x, y);
      },
      {"Barron: alpha is nan"}));
}

BOOST_AUTO_TEST_CASE(slopes_of_extreme_quantiles) {
  const Var zero = floats({1}, {0.0});
  BOOST_TEST(within(1e-6, loss::Pinball{.tau = 0.9999}(floats({1}, {1.0}), zero), {1e-4}));
  BOOST_TEST(within(1e-6, loss::Pinball{.tau = 1e-9}(floats({1}, {-1.0}), zero), {1e-9}));
  BOOST_TEST(within(1e-6, loss::Expectile{.tau = 0.9999}(floats({1}, {1.0}), zero), {1e-4}));
  BOOST_TEST(all_finite(loss::AsymmetricLoss{.margin = 1e-8}(floats({1}, {30.0}), floats({1}, {0.0}))));
}

BOOST_AUTO_TEST_CASE(parts_that_do_not_count) {
  const Var w = floats({1}, {1e30});
  BOOST_TEST(all_finite(loss::ElasticNet{.l1_ratio = 1.0}(w)));
  BOOST_TEST(number(loss::PoissonNll{.log_input = false, .eps = 0.0}(doubles({1}, {0.0}), doubles({1}, {0.0}))) == 0.0);
}

namespace {

template <class L>
void check_refused(L l, const std::string& setting) {
  BOOST_TEST(throws<xg::ValueError>(
      [&] {
        return l(wave({2, 3}), Var(xt::xarray<std::int64_t>{0, 1}));
      },
      {std::string(L::name), setting, "finite"}));
}

}  // namespace

BOOST_AUTO_TEST_CASE(settings_that_are_not_finite) {
  check_refused(loss::MultiMargin{.margin = infinity}, "margin");
  check_refused(loss::BiTempered{.t2 = infinity}, "t2");
  check_refused(loss::SymmetricCrossEntropy{.alpha = infinity}, "alpha");
  check_refused(loss::SymmetricCrossEntropy{.beta = infinity}, "beta");
  check_refused(loss::SymmetricCrossEntropy{.log_zero = -infinity}, "log_zero");
  check_refused(loss::Poly1{.eps = infinity}, "eps");
  check_refused(loss::CategoricalFocal{.gamma = infinity}, "gamma");
  check_refused(loss::ArcFace{.scale = infinity}, "scale");
  check_refused(loss::CosFace{.margin = infinity}, "margin");
  const Var z = doubles({1}, {0.5});
  BOOST_TEST(
      throws<xg::ValueError>([&] { return loss::Focal{.gamma = infinity}(z, z); }, {"Focal", "gamma", "finite"}));
  BOOST_TEST(throws<xg::ValueError>([&] { return loss::AsymmetricLoss{.gamma_negative = infinity}(z, z); },
                                    {"AsymmetricLoss", "gamma_negative", "finite"}));
  BOOST_TEST(throws<xg::ValueError>(
      [&] { return loss::Ordinal{.thresholds = doubles({1}, {std::nan("")})}(z, Var(xt::xarray<std::int64_t>{0})); },
      {"Ordinal", "threshold", "nan"}));
}

BOOST_AUTO_TEST_CASE(weights_that_are_negative) {
  const Var z = wave({2, 3});
  const Var labels = xt::xarray<std::int64_t>{0, 1};
  const Var bad = doubles({3}, {-1.0, 1.0, 1.0});
  const auto refused = [](const auto& f, const std::string& loss_name) {
    BOOST_TEST(throws<xg::ValueError>(f, {loss_name, "-1", "negative"}));
  };
  refused([&] { return loss::CrossEntropy{.class_weight = bad}(z, labels); }, "CrossEntropy");
  refused([&] { return loss::Nll{.class_weight = bad}(z, labels); }, "Nll");
  refused([&] { return loss::MultiMargin{.class_weight = bad}(z, labels); }, "MultiMargin");
  refused([&] { return loss::MultiLabelSoftMargin{.weight = bad}(z, sigmoid(z)); }, "MultiLabelSoftMargin");
  refused([&] { return loss::BinaryCrossEntropy{.pos_weight = bad}(z, sigmoid(z)); }, "BinaryCrossEntropy");
  BOOST_TEST(throws<xg::ValueError>(
      [&] {
        return xg::weighted_mean(z, doubles({2, 1}, {1.0, infinity}));
      },
      {"weighted_mean", "inf"}));
}

BOOST_AUTO_TEST_CASE(arguments_that_would_be_misread) {
  const Var labels = xt::xarray<std::int64_t>{0, 1, 2};
  BOOST_TEST(
      throws<xg::TypeError>([&] { return xg::smooth_labels(labels, 0.1); }, {"smooth_labels", "int64", "one_hot"}));
  BOOST_TEST(throws<xg::ValueError>(
      [&] {
        return xg::smooth_labels(doubles({2}, {0.5, 1.5}), 0.1);
      },
      {"1.5", "[0, 1]"}));
  const auto scaled = doubles({2, 1}, {1.0, 2.0}) * loss::Mse{};
  BOOST_TEST(throws<xg::ShapeError>([&] { return scaled(wave({2}), wave({2})); }, {"factor", "[2, 1]", "[2]"}));
  const auto by_delta = [](const Var& delta) {
    return mean(loss::by_name("huber", {{"delta", delta}})(wave({3}), wave({3}, 1.0)));
  };
  BOOST_TEST(throws<xg::TypeError>([&] { return xg::grad(by_delta)(Var(0.5)); }, {"delta", "recorded"}));
}

BOOST_AUTO_TEST_CASE(numbers_are_printed_with_all_digits) {
  std::ostringstream text;
  text << loss::by_name("huber", {{"delta", 0.123456789}});
  BOOST_TEST(text.str().find("0.123456789") != std::string::npos);
  BOOST_TEST(throws<xg::ValueError>([] { return loss::Pinball{.tau = 1.0000000001}(wave({1}), wave({1})); },
                                    {"tau is 1.0000000001;"}));
}

// ---- next to 0

BOOST_AUTO_TEST_CASE(losses_that_begin_with_a_square) {
  const auto check = [](const std::string& what, const auto& f, const auto& value, const auto& first,
                        const auto& second) {
    for (const double e : {1e-30, 1e-12, 1e-8, -1e-5, 1e-3, -0.1, 0.24, 0.2500001, -0.5, 1.0, -3.0, 30.0}) {
      for (const xg::DType type : {xg::DType::Float32, xg::DType::Float64}) {
        BOOST_TEST_CONTEXT(what << " at " << e << ", " << xg::name(type)) {
          const double fraction = type == xg::DType::Float32 ? 2e-6 : 4e-15;
          const Var at = cast(doubles({1}, {e}), type);
          const long double x = elements(at)[0];
          const auto slope_of = [&](const Var& z) { return slope(f, z); };
          if (std::abs(e) > 1e-18) BOOST_TEST(within(fraction, f(at), {static_cast<double>(value(x))}));
          BOOST_TEST(within(fraction, slope_of(at), {static_cast<double>(first(x))}));
          BOOST_TEST(within(5 * fraction, slope(slope_of, at), {static_cast<double>(second(x))}));
        }
      }
    }
    BOOST_TEST(xg::testing::check_gradients([&](const Var& x) { return sum(f(x)); }, doubles({3}, {0.0, 0.1, -0.7})));
  };
  const auto excess = [](long double x) { return std::expm1(x) - x; };
  const auto exact_excess = [&](long double x) {
    long double term = x * x / 2;
    long double total = 0;
    for (int n = 3; n < 60; ++n, term *= x / (n - 1)) total += term;
    return std::abs(x) > 1 ? excess(x) : total;
  };
  const auto expm1_of = [](long double x) { return std::expm1(x); };
  const auto exp_of = [](long double x) { return std::exp(x); };
  const auto against_0 = [](const auto& l) { return [l](const Var& x) { return l(x, zeros_like(x)); }; };
  check("Linex", against_0(loss::Linex{.a = 1.0}), exact_excess, expm1_of, exp_of);
  check(
      "GaussianKl", [](const Var& x) { return 2.0 * loss::GaussianKl{}(zeros_like(x), x); }, exact_excess, expm1_of,
      exp_of);
  const auto log_cosh = [](long double x) {
    return 0.5L * std::log1p(std::pow(std::sinh(x), 2.0L));  // no overflow up to 30
  };
  const auto tanh_of = [](long double x) { return std::tanh(x); };
  const auto slope_of_tanh = [](long double x) { return 1.0L / std::pow(std::cosh(x), 2.0L); };
  check("LogCosh", against_0(loss::LogCosh{}), log_cosh, tanh_of, slope_of_tanh);
  // The ends.
  const Var ends = floats({4}, {3e38, -3e38, 1e5, -1e5});
  BOOST_TEST(
      within(1e-6, loss::LogCosh{}(ends, zeros_like(ends)), {3e38, 3e38, 1e5 - std::log(2.0), 1e5 - std::log(2.0)}));
  BOOST_TEST(within(1e-6, slope(against_0(loss::LogCosh{}), ends), {1.0, -1.0, 1.0, -1.0}));
}

// ---- weights and boxes of any size

BOOST_AUTO_TEST_CASE(weights_of_any_size) {
  const Var values = floats({4}, {1.0, 2.0, 3.0, 5.0});
  for (const double size : {1e38, 3e-39, 1e-40, 1e-44, 1e10, 1e-10, 1.0}) {
    BOOST_TEST_CONTEXT("weights of " << size) {
      const Var weights = floats({4}, {size, 2 * size, 0.0, size});
      const std::vector<double> w = elements(weights);  // of 1e-44 they are rounded
      const double total = w[0] + w[1] + w[3];
      const double mean = (w[0] + 2 * w[1] + 5 * w[3]) / total;
      BOOST_TEST(within(1e-6, weighted_mean(values, weights), {mean}));
      const Var by_values = slope([&](const Var& x) { return weighted_mean(x, weights); }, values);
      BOOST_TEST(within(1e-6, by_values, {w[0] / total, w[1] / total, 0.0, w[3] / total}));
      if (size < 1e-30) continue;
      const Var by_weights = slope([&](const Var& x) { return weighted_mean(values, x); }, weights);
      std::vector<double> expected;
      for (const double v : elements(values)) expected.push_back((v - mean) / total);
      if (size < 1e30) BOOST_TEST(within(2e-6, by_weights, expected));
      BOOST_TEST(near(by_weights, floats({4}, expected), 1e-6));
    }
  }
  // Along an axis, each row with weights of its own size, one of them none; and second derivatives by the weights.
  const Var rows = doubles({3, 2}, {1.0, 2.0, 3.0, 5.0, 7.0, 9.0});
  const Var of_rows = doubles({3, 2}, {1e300, 3e300, 0.0, 0.0, 1e-300, 1e-300});
  BOOST_TEST(near(weighted_mean(rows, of_rows, 1), doubles({3}, {1.75, 0.0, 8.0})));
  for (const double size : {1e-8, 1.0, 1e8}) {
    // The same shape of the function at each size.
    const auto f = [&](const Var& w) { return sum(weighted_mean(rows, size * w, 0) * doubles({2}, {1.0, -0.5})); };
    BOOST_TEST(xg::testing::check_gradients(f, doubles({3, 2}, {1.0, 0.5, 2.0, 0.25, 0.75, 1.0})));
  }
  BOOST_TEST(throws<xg::ValueError>(
      [&] {
        return weighted_mean(values, floats({4}, {1.0, infinity, 1.0, 1.0}));
      },
      {"weighted_mean", "inf"}));
}

BOOST_AUTO_TEST_CASE(boxes_of_any_size) {
  const auto check = [](const auto& l) {
    const auto first = [&](const Var& p, const Var& t) { return slope([&](const Var& x) { return l(x, t); }, p); };
    const auto second = [&](const Var& p, const Var& t) {
      const Var direction = cast(doubles({2, 4}, {0.3, -0.2, 0.5, 0.7, -0.1, 0.6, 0.2, 0.4}), p.dtype());
      return slope([&](const Var& x) { return slope([&](const Var& y) { return l(y, t); }, x) * direction; }, p);
    };
    const Var p = doubles({2, 4}, {0.0, 0.0, 1.0, 2.0, 0.125, -0.5, 0.75, 0.5});
    const Var t = doubles({2, 4}, {0.25, 0.5, 1.5, 1.75, 1.0, 1.0, 2.0, 2.5});
    const std::vector<double> value = elements(l(p, t));
    const std::vector<double> slopes = elements(first(p, t));
    const std::vector<double> curvatures = elements(second(p, t));
    for (const double size : {0x1p-33, 0x1p-50, 0x1p30, 0x1p40, 1.0}) {
      BOOST_TEST_CONTEXT(l.name << " of boxes of " << size) {
        const Var small = xg::cast<float>(size * p);
        const Var other = xg::cast<float>(size * t);
        BOOST_TEST(near(l(small, other), floats({2}, value), 1e-6));
        const Var a = first(small, other);
        BOOST_TEST(near(size * xg::cast<double>(a), doubles({2, 4}, slopes), 1e-5));
        const Var b = second(small, other);
        BOOST_TEST(near(size * size * xg::cast<double>(b), doubles({2, 4}, curvatures), 1e-5));
      }
    }
  };
  check(loss::Giou{});
  check(loss::Diou{});
  check(loss::Ciou{});
}

BOOST_AUTO_TEST_CASE(iterations_that_would_not_end) {
  constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
  const Var x = wave({3, 2});
  const auto refused = [](const auto& f, const std::string& loss_name) {
    BOOST_TEST(throws<xg::ValueError>(f, {loss_name, "iterations", "10000"}));
  };
  refused([&] { return loss::SpectralNorm{.iterations = most}(x); }, "SpectralNorm");
  refused([&] { return loss::Lipschitz{.iterations = most}(x); }, "Lipschitz");
  refused([&] { return loss::Sinkhorn{.iterations = most}(x, x); }, "Sinkhorn");
  const Var labels = xt::xarray<std::int64_t>{0, 1, 1};
  refused([&] { return loss::BiTempered{.iterations = most}(x, labels); }, "BiTempered");
  refused([&] { return loss::BiTempered{.iterations = -1}(x, labels); }, "BiTempered");
  refused([&] { return loss::SpectralNorm{.iterations = 0}(x); }, "SpectralNorm");
}

BOOST_AUTO_TEST_SUITE_END()
