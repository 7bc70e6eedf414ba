// The likelihoods: what they refuse, their element types, published numbers, and that large batches need no pairs.
#include <boost/test/unit_test.hpp>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string_view>
#include <vector>

#include <xgrad/loss/likelihood.hpp>
#include <xgrad/xgrad.hpp>

#include "comparing.hpp"

BOOST_AUTO_TEST_SUITE(test_loss_likelihood)

namespace xg = xgrad;
namespace loss = xgrad::loss;
using comparing::doubles;
using comparing::near;
using comparing::same;
using comparing::throws;
using comparing::wave;
using xg::DType;
using xg::ShapeError;
using xg::ValueError;
using xg::Var;

namespace {

Var vector(const std::vector<double>& values) {
  auto array = xg::Array<double>::from_shape({values.size()});
  std::copy(values.begin(), values.end(), array.data());
  return {std::move(array)};
}

Var filled(const xg::Shape& shape, double value) { return broadcast_to(Var(value), shape) * ones_like(wave(shape)); }

/// A loss of (prediction, target, parameter) refuses other shapes than [n], [n] and [n] or [].
template <class L>
void check_three_shapes(const L& l, std::string_view parameter) {
  const Var five = filled({5}, 1.0);
  const Var column = filled({5, 1}, 1.0);
  BOOST_TEST(throws<ShapeError>([&] { return l(five, column, five); },
                                {L::name, "[5]", "[5, 1]", "target", "same shape", "nothing is broadcast"}));
  BOOST_TEST(throws<ShapeError>([&] { return l(five, five, column); }, {L::name, "[5, 1]", parameter, "same shape"}));
  BOOST_TEST(throws<ShapeError>([&] { return l(five, five, filled({1}, 1.0)); }, {L::name, "[1]", parameter}));
  BOOST_TEST((l(five, five, Var(1.0)).shape() == xg::Shape{5}));
}

template <class L>
void check_eps(L l, const std::function<Var(const L&)>& call) {
  l.eps = -0.5;
  BOOST_TEST(throws<ValueError>([&] { return call(l); }, {L::name, "eps is -0.5", "must not be negative"}));
  l.eps = NAN;
  BOOST_TEST(throws<ValueError>([&] { return call(l); }, {L::name, "eps"}));
  l.eps = 0.0;
  BOOST_CHECK_NO_THROW((void)call(l));
}

/// Values that the loss looks at when it is evaluated, and not when `check_targets` is off.
template <class L>
void check_values(L l, const std::function<Var(const L&)>& call, std::initializer_list<std::string_view> parts) {
  BOOST_TEST(throws<ValueError>([&] { return call(l); }, parts));
  l.check_targets = false;
  BOOST_CHECK_NO_THROW((void)call(l));
}

template <class L>
void check_scale(std::string_view what) {
  check_three_shapes(L{}, what);
  const Var two = filled({2}, 1.0);
  check_eps<L>({}, [&](const L& l) { return l(two, two, two); });
  check_values<L>({},
                  [&](const L& l) {
                    return l(two, two, vector({1.0, -0.25}));
                  },
                  {L::name, what, "-0.25", "negative"});
  check_values<L>({}, [&](const L& l) { return l(two, two, Var(-2.0)); }, {L::name, what, "-2"});
  check_values<L>({}, [&](const L& l) { return l(two, two, vector({1.0, NAN})); }, {L::name, what, "not a number"});
}

/// Of means and their logarithms: `log_input` and not.
template <class L>
void check_mean() {
  const Var two = filled({2}, 1.0);
  const Var negative = vector({-1.5, 1.0});
  BOOST_TEST(throws<ShapeError>(
      [&] {
        return L{}(two, filled({2, 1}, 1.0));
      },
      {L::name, "[2]", "[2, 1]", "same shape"}));
  check_eps<L>({}, [&](const L& l) { return l(two, two); });
  for (const bool log_input : {false, true}) {
    const L l{.log_input = log_input};
    check_values<L>(l, [&](const L& each) { return each(two, negative); }, {L::name, "target", "-1.5", "negative"});
  }
  check_values<L>({.log_input = false}, [&](const L& l) { return l(negative, two); },
                  {L::name, "mean", "-1.5", "log_input"});
  BOOST_CHECK_NO_THROW((void)L{.log_input = true}(negative, two));
}

}  // namespace

BOOST_AUTO_TEST_CASE(scales_are_checked) {
  check_scale<loss::GaussianNll>("variance");
  check_scale<loss::LaplaceNll>("scale");
  check_scale<loss::StudentTNll>("scale");
  check_scale<loss::CrpsGaussian>("scale");
}

BOOST_AUTO_TEST_CASE(values_are_checked_when_they_are_computed) {
  xg::Tape tape;
  const Var x = tape.leaf(vector({0.0, 1.0}));
  const Var recorded = loss::GaussianNll{}(x, x, tape.leaf(vector({1.0, -3.0})));
  BOOST_TEST(throws<ValueError>([&] { return tape.evaluate(recorded); }, {"GaussianNll", "-3"}));
}

BOOST_AUTO_TEST_CASE(means_and_targets_are_checked) {
  check_mean<loss::PoissonNll>();
  check_mean<loss::GammaNll>();
  check_mean<loss::Tweedie>();
  const Var two = filled({2}, 1.0);
  for (const double rho : {1.0, 2.0, 0.0, 3.0, double(NAN)}) {
    BOOST_TEST(throws<ValueError>([&] { return loss::Tweedie{.rho = rho}(two, two); },
                                  {"Tweedie", "rho is", "between 1 and 2"}));
  }
}

BOOST_AUTO_TEST_CASE(negative_binomials_are_checked) {
  using L = loss::NegativeBinomialNll;
  check_three_shapes(L{}, "dispersion");
  const Var two = filled({2}, 1.0);
  const Var negative = vector({-1.5, 1.0});
  check_eps<L>({}, [&](const L& l) { return l(two, two, two); });
  check_values<L>({}, [&](const L& l) { return l(negative, two, two); }, {L::name, "mean", "-1.5", "log_input"});
  check_values<L>({}, [&](const L& l) { return l(two, negative, two); }, {L::name, "target", "-1.5", "negative"});
  check_values<L>({}, [&](const L& l) { return l(two, two, negative); }, {L::name, "dispersion", "-1.5", "negative"});
  BOOST_CHECK_NO_THROW((void)L{.log_input = true}(negative, two, two));
}

BOOST_AUTO_TEST_CASE(degrees_of_freedom_are_checked) {
  const Var two = filled({2}, 1.0);
  const auto with = [&](const Var& nu) { return loss::StudentTNll{.nu = nu}(two, two, two); };
  BOOST_TEST(throws<ValueError>([&] { return with(0.0); }, {"StudentTNll", "nu is 0", "positive"}));
  BOOST_TEST(throws<ValueError>([&] { return with(vector({3.0, -1.0})); }, {"StudentTNll", "nu is -1"}));
  BOOST_TEST(throws<ShapeError>([&] { return with(filled({2, 1}, 3.0)); }, {"StudentTNll", "nu", "[2, 1]", "[2]"}));
}

BOOST_AUTO_TEST_CASE(mixtures_are_checked) {
  using L = loss::MixtureGaussianNll;
  const Var target = filled({4}, 1.0);
  const Var three = filled({4, 3}, 1.0);
  const L l;
  BOOST_TEST(throws<ShapeError>([&] { return l(target, target, target, target); },
                                {L::name, "means are [4]", "target is [4]", "[..., K]"}));
  BOOST_TEST(throws<ShapeError>(
      [&] {
        return l(filled({5, 3}, 1.0), target, three, three);
      },
      {L::name, "[5, 3]", "[4]"}));
  const Var none = filled({4, 0}, 1.0);
  BOOST_TEST(throws<ShapeError>([&] { return l(none, target, none, none); }, {L::name, "[4, 0]", "K > 0"}));
  BOOST_TEST(throws<ShapeError>(
      [&] {
        return l(three, target, filled({4, 1}, 1.0), three);
      },
      {L::name, "scales", "[4, 1]"}));
  BOOST_TEST(throws<ShapeError>([&] { return l(three, target, three, filled({3}, 1.0)); }, {L::name, "logits", "[3]"}));
  check_eps<L>({}, [&](const L& each) { return each(three, target, three, three); });
  check_values<L>({}, [&](const L& each) { return each(three, target, -three, three); }, {L::name, "scale", "-1"});
}

BOOST_AUTO_TEST_CASE(a_mixture_of_one_is_normal) {
  const Var x = wave({6});
  const Var t = wave({6}, 1.0);
  const Var s = abs(wave({6}, 2.0)) * vector({1, 0, 1, 1e-5, 1, 1});  // also below the smallest scale
  const auto column = [](const Var& y) { return expand_dims(y, -1); };
  const Var mixture = loss::MixtureGaussianNll{}(column(x), t, column(s), column(zeros_like(x)));
  BOOST_TEST(near(mixture, loss::GaussianNll{.full = true}(x, t, square(s)), 1e-9));
}

BOOST_AUTO_TEST_CASE(ensembles_are_checked) {
  const loss::CrpsEnsemble l;
  BOOST_TEST(throws<ShapeError>(
      [&] {
        return l(filled({4, 3}, 1.0), filled({4, 1}, 1.0));
      },
      {"CrpsEnsemble", "[4, 3]", "[4, 1]", "[..., K]"}));
  BOOST_TEST(throws<ShapeError>([&] { return l(filled({4, 3}, 1.0), filled({3}, 1.0)); }, {"CrpsEnsemble", "[3]"}));
  BOOST_TEST(throws<ShapeError>([&] { return l(filled({4, 0}, 1.0), filled({4}, 1.0)); }, {"CrpsEnsemble", "K > 0"}));
  BOOST_TEST(throws<ShapeError>([&] { return l(Var(1.0), Var(1.0)); }, {"CrpsEnsemble", "[]"}));
}

BOOST_AUTO_TEST_CASE(survival_is_checked) {
  using L = loss::CoxPartial;
  const L l;
  const Var four = filled({4}, 1.0);
  const Var column = filled({4, 1}, 1.0);
  BOOST_TEST(throws<ShapeError>([&] { return l(four, column, four); }, {L::name, "score", "time", "[4]", "[4, 1]"}));
  BOOST_TEST(throws<ShapeError>([&] { return l(four, four, filled({3}, 1.0)); }, {L::name, "event", "[3]"}));
  BOOST_TEST(throws<ShapeError>([&] { return l(column, column, column); }, {L::name, "[4, 1]", "[samples]"}));
  BOOST_TEST(throws<ShapeError>([&] { return l(Var(1.0), Var(1.0), Var(1.0)); }, {L::name, "[]"}));
  check_values<L>({},
                  [&](const L& each) {
                    return each(four, vector({1, NAN, 2, 3}), four);
                  },
                  {L::name, "time", "not a number"});
}

BOOST_AUTO_TEST_CASE(integer_targets_leave_floats_as_they_are) {
  const Var p = xt::xarray<float>{0.5F, 1.5F};
  const Var many = xt::xarray<float>{{0.5F, 1.5F}, {1.0F, 2.0F}};
  const Var count = xt::xarray<std::int64_t>{0, 3};
  for (const Var& y : std::vector<Var>{
           loss::GaussianNll{.full = true}(p, count, p), loss::LaplaceNll{}(p, count, 1.0),
           loss::StudentTNll{}(p, count, p), loss::PoissonNll{.full = true}(p, count),
           loss::PoissonNll{.log_input = false}(p, count), loss::GammaNll{}(p, count),
           loss::GammaNll{.log_input = true}(p, count), loss::Tweedie{}(p, count),
           loss::Tweedie{.log_input = true}(p, count), loss::NegativeBinomialNll{}(p, count, p),
           loss::NegativeBinomialNll{}(p, count, 2.0), loss::MixtureGaussianNll{}(many, count, many, many),
           loss::CrpsGaussian{}(p, count, p), loss::CrpsEnsemble{}(many, count), loss::CoxPartial{}(p, count, count)}) {
    BOOST_TEST(y.dtype() == DType::Float32);
  }
  BOOST_TEST(loss::NegativeBinomialNll{}(count, count, 2.0).dtype() == DType::Float64);
  BOOST_TEST(loss::NegativeBinomialNll{}(p, cast<double>(p), p).dtype() == DType::Float64);
}

BOOST_AUTO_TEST_CASE(degrees_of_freedom_can_be_trained) {
  const Var x = wave({6});
  const auto f = [&](const loss::StudentTNll& l) { return mean(l(x, 0.5 * x, 1.0)); };
  const loss::StudentTNll slope = xg::grad(f)(loss::StudentTNll{.nu = 3.0});
  const auto at = [&](double nu) { return f(loss::StudentTNll{.nu = nu}).item<double>(); };
  BOOST_TEST(std::abs(slope.nu.item<double>() - (at(3.0 + 1e-5) - at(3.0 - 1e-5)) / 2e-5) < 1e-8);
}

BOOST_AUTO_TEST_CASE(many_degrees_of_freedom_are_normal) {
  const Var x = wave<float>({9});
  const Var y = wave<float>({9}, 1.0);
  const Var s = 0.5F + abs(wave<float>({9}, 2.0));
  const Var normal = loss::GaussianNll{.full = true}(x, y, square(s));
  BOOST_TEST(near(loss::StudentTNll{.nu = 1e7}(x, y, s), normal, 1e-5));
}

BOOST_AUTO_TEST_CASE(a_large_dispersion_is_poisson) {
  const Var mean = 0.5F + abs(wave<float>({9}));
  const Var count = xt::arange<std::int64_t>(9);
  const Var poisson =
      loss::PoissonNll{.log_input = false}(mean, count) + cast<float>(lgamma(cast<double>(count) + 1.0));
  BOOST_TEST(near(loss::NegativeBinomialNll{}(mean, count, 1e8), poisson, 1e-5));
}

BOOST_AUTO_TEST_CASE(logarithms_of_means_give_the_same) {
  const Var z = wave({9});
  const Var t = abs(wave({9}, 1.0));
  const Var p = exp(z);
  BOOST_TEST(near(loss::GammaNll{.log_input = true}(z, t), loss::GammaNll{}(p, t)));
  BOOST_TEST(near(loss::Tweedie{.rho = 1.3, .log_input = true}(z, t), loss::Tweedie{.rho = 1.3}(p, t)));
  BOOST_TEST(near(loss::NegativeBinomialNll{.log_input = true}(z, t, 0.7), loss::NegativeBinomialNll{}(p, t, 0.7)));
  BOOST_TEST(near(loss::PoissonNll{}(z, t), loss::PoissonNll{.log_input = false, .eps = 0.0}(p, t)));
}

BOOST_AUTO_TEST_CASE(densities_sum_to_one) {
  // Midpoints of small intervals, over which these densities are integrated.
  const double step = 0.01;
  const Var t = step * (xt::arange<double>(12000.0) - 5999.5);
  const Var one = ones_like(t);
  const auto total = [&](const Var& nll) { return sum(exp(-nll)).item<double>() * step; };
  BOOST_TEST(std::abs(total(loss::GaussianNll{.full = true}(0.3 * one, t, 2.0)) - 1.0) < 1e-10);
  BOOST_TEST(std::abs(total(loss::LaplaceNll{}(0.3 * one, t, 2.0)) - 1.0) < 1e-5);
  BOOST_TEST(std::abs(total(loss::StudentTNll{.nu = 5.0}(0.3 * one, t, 2.0)) - 1.0) < 1e-5);
  const Var means = xg::stack({-one, 2.0 * one}, -1);
  const Var scales = xg::stack({0.5 * one, 1.5 * one}, -1);
  BOOST_TEST(std::abs(total(loss::MixtureGaussianNll{}(means, t, scales, 0.4 * means)) - 1.0) < 1e-10);
  const Var counts = xt::arange<std::int64_t>(400);
  const Var nll = loss::NegativeBinomialNll{}(3.5 * ones_like(cast<double>(counts)), counts, 0.8);
  BOOST_TEST(std::abs(sum(exp(-nll)).item<double>() - 1.0) < 1e-12);
}

// Remission of 42 patients with leukaemia, in weeks (Freireich et al. 1963, the example of Cox 1972). By coxph of R and
// PHReg of statsmodels with Breslow's treatment of ties, the logarithm of the partial likelihood is -93.98505 without
// an effect of the treatment and -86.37962 with its best estimate, -1.50919.
BOOST_AUTO_TEST_CASE(cox_of_the_leukaemia_trial) {
  const std::vector<double> treated{6, 6, 6, 6, 7, 9, 10, 10, 11, 13, 16, 17, 19, 20, 22, 23, 25, 32, 32, 34, 35};
  const std::vector<double> relapsed{1, 1, 1, 0, 1, 0, 1, 0, 0, 1, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0};
  const std::vector<double> control{1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23};
  const Var time = xg::concatenate({vector(treated), vector(control)});
  const Var event = xg::concatenate({vector(relapsed), filled({21}, 1.0)}) > 0.0;
  const Var is_treated = xg::concatenate({filled({21}, 1.0), filled({21}, 0.0)});
  const auto nll = [&](const Var& effect) { return sum(loss::CoxPartial{}(effect * is_treated, time, event)); };
  BOOST_TEST(std::abs(nll(0.0).item<double>() - 93.98505) < 1e-5);
  Var effect = 0.0;
  for (int step = 0; step < 8; ++step) effect = effect - xg::grad(nll)(effect) / xg::grad(xg::grad(nll))(effect);
  BOOST_TEST(std::abs(effect.item<double>() + 1.50919) < 1e-5);
  BOOST_TEST(std::abs(nll(effect).item<double>() - 86.37962) < 1e-5);
}

BOOST_AUTO_TEST_CASE(cox_of_many_samples_needs_no_pairs) {
  constexpr std::size_t count = 100000;
  const Var score = wave<float>({count});
  const Var time = cast<std::int64_t>(10.0 * abs(wave({count}, 2.0)));
  const Var event = wave({count}, 1.0) > 0.0;
  const Var values = loss::CoxPartial{}(score, time, event);
  const Var gradient = xg::grad([&](const Var& s) { return sum(loss::CoxPartial{}(s, time, event)); })(score);
  // Each event takes 1 from its own score and gives 1 to those at risk.
  BOOST_TEST(std::abs(sum(cast<double>(gradient)).item<double>()) < 0.05);
  BOOST_TEST(values.size() == count);
  // The risk set of the first time is the batch.
  const std::vector<double> times = doubles(time);
  const std::vector<double> happened = doubles(cast<double>(event));
  std::size_t first = 0;
  for (std::size_t i = 0; i < count; ++i) {
    if (times[i] == 0 && happened[i] != 0) first = i;
  }
  const double expected = logsumexp(score).item<float>() - doubles(score)[first];
  BOOST_TEST(std::abs(doubles(values)[first] - expected) < 1e-5 * expected);
}

BOOST_AUTO_TEST_CASE(cox_takes_numbers_for_events) {
  const Var score = wave({5});
  const Var time = vector({1, 4, 2, 2, 3});
  const Var numbers = vector({1, 0, 2, 1, 0});
  BOOST_TEST(same(loss::CoxPartial{}(score, time, numbers), loss::CoxPartial{}(score, time, numbers > 0.0)));
}

BOOST_AUTO_TEST_CASE(an_ensemble_of_quantiles_scores_like_its_distribution) {
  // Quantiles of the uniform distribution over [0, 1], whose score is t^2 - t + 1/3.
  constexpr std::size_t members = 50000;
  const Var quantiles = (xt::arange<double>(double(members)) + 0.5) / double(members);
  const double score = loss::CrpsEnsemble{}(expand_dims(quantiles, 0), vector({0.3})).item<double>();
  BOOST_TEST(std::abs(score - (0.09 - 0.3 + 1.0 / 3.0)) < 1e-8);
}

BOOST_AUTO_TEST_CASE(an_ensemble_far_from_zero_is_as_sharp) {
  const Var ensemble = xt::xarray<float>{{4096.25F, 4096.5F, 4095.75F, 4097.0F}};
  const Var target = xt::xarray<float>{4096.0F};
  BOOST_TEST(same(loss::CrpsEnsemble{}(ensemble, target), loss::CrpsEnsemble{}(ensemble - 4096.0F, target - 4096.0F)));
}

BOOST_AUTO_TEST_SUITE_END()
