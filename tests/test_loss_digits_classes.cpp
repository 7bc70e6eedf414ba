// Classifications that are sure and right: the digits of losses and slopes that are almost 0.
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

BOOST_AUTO_TEST_SUITE(test_loss_digits_classes)

namespace xg = xgrad;
namespace loss = xgrad::loss;
using namespace loss_digits;
using comparing::near;
using comparing::throws;
using comparing::wave;
using xg::testing::infinity;

namespace {

/// Value and slopes of a loss of three scores of which the first, `gap` above the others, is the right one; float32 is
/// given gaps too that its sum of exponentials cannot see.
template <class F>
void check_sure(const std::string& what, const F& loss_of_scores, bool slopes = true) {
  for (const double gap : {3.0, 20.0, 40.0, 80.0}) {
    const double rest = 2.0 * std::exp(-gap);
    const double right = rest / (1.0 + rest);
    for (const xg::DType type : {xg::DType::Float32, xg::DType::Float64}) {
      BOOST_TEST_CONTEXT(what << ", gap " << gap << ", " << xg::name(type)) {
        const double fraction = type == xg::DType::Float32 ? 2e-5 : 1e-12;
        const Var z = cast(doubles({1, 3}, {0.5 + gap, 0.5, 0.5}), type);
        BOOST_TEST(within(fraction, loss_of_scores(z), {std::log1p(rest)}));
        if (slopes) BOOST_TEST(within(fraction, slope(loss_of_scores, z), {-right, right / 2, right / 2}));
      }
    }
  }
}

}  // namespace

BOOST_AUTO_TEST_CASE(sure_and_right_classes_have_all_digits) {
  const Var label = xt::xarray<std::int64_t>{0};
  const Var hot = doubles({1, 3}, {1.0, 0.0, 0.0});
  check_sure("CrossEntropy", [&](const Var& z) { return loss::CrossEntropy{}(z, label); });
  check_sure("LogitAdjusted", [&](const Var& z) {
    return loss::LogitAdjusted{.prior = doubles({3}, {1.0, 1.0, 1.0})}(z, label);
  });
  check_sure("Poly1", [&](const Var& z) { return loss::Poly1{.eps = 0.0}(z, label); });
  check_sure("CategoricalFocal", [&](const Var& z) { return loss::CategoricalFocal{.gamma = 0.0}(z, label); });
  check_sure("Distillation", [&](const Var& z) { return loss::Distillation{.alpha = 0.0}(z, z, label); });
  // Those of log-probabilities and of probabilities keep the value; the derivative by the right score is p - 1.
  check_sure(
      "Nll", [&](const Var& z) { return loss::Nll{}(log_softmax(z), label); }, false);
  check_sure(
      "CrossEntropy of probabilities", [&](const Var& z) { return loss::CrossEntropy{}(z, hot); }, false);
  check_sure(
      "ListNet", [&](const Var& z) { return loss::ListNet{.softmax_relevance = false}(z, hot); }, false);
  check_sure(
      "logsumexp", [&](const Var& z) { return logsumexp(z - stop_gradient(amax(z, -1, xg::keep_dims)), -1); }, false);
}

BOOST_AUTO_TEST_CASE(sure_and_right_classes_of_other_losses_have_all_digits) {
  const Var label = xt::xarray<std::int64_t>{0};
  const Var hot = doubles({1, 3}, {1.0, 0.0, 0.0});
  const auto check_both = [&](const std::string& what, const auto& l, bool slopes) {
    check_sure(
        what + " of labels", [&](const Var& z) { return l(z, label); }, slopes);
    check_sure(
        what + " of probabilities", [&](const Var& z) { return l(z, cast(hot, z.dtype())); }, slopes);
  };
  check_both("BiTempered", loss::BiTempered{.t1 = 1.0, .t2 = 1.0}, true);
  check_both("FenchelYoung", loss::FenchelYoung{.alpha = 1.0}, false);

  for (const double gap : {3.0, 20.0, 40.0}) {
    const double rest = 2.0 * std::exp(-gap);
    const double other = std::exp(-gap) / (1.0 + rest);
    const double right = rest / (1.0 + rest);
    // t1 = 1/2: p'^(3/2) of the others, and of the right class (p^(3/2) - 1) / (3/2) - (p^(1/2) - 1) / (1/2), with
    // p^(1/2) = 1 - q.
    const double q = -std::expm1(-0.5 * std::log1p(rest));
    const double tempered = 4.0 / 3.0 * std::pow(other, 1.5) + 2.0 * q * q - 2.0 / 3.0 * q * q * q;
    for (const xg::DType type : {xg::DType::Float32, xg::DType::Float64}) {
      BOOST_TEST_CONTEXT("gap " << gap << ", " << xg::name(type)) {
        const double fraction = type == xg::DType::Float32 ? 2e-5 : 1e-12;
        const Var z = cast(doubles({1, 3}, {0.5 + gap, 0.5, 0.5}), type);
        const Var t = cast(hot, type);
        const double brier = 2.0 * other * other + right * right;
        BOOST_TEST(within(fraction, loss::Brier{}(z, label), {brier}));
        BOOST_TEST(within(fraction, loss::Brier{}(z, t), {brier}));
        const loss::BiTempered l{.t1 = 0.5, .t2 = 1.0};
        BOOST_TEST(within(fraction, l(z, label), {tempered}));
        BOOST_TEST(within(fraction, l(z, t), {tempered}));
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(heavy_tails_of_sure_classes) {
  // With t2 = 2, exp_2(x) is 1 / (1 - x): float32 has what float64 has.
  const Var label = xt::xarray<std::int64_t>{0};
  const loss::BiTempered l{.t1 = 0.8, .t2 = 1.2};
  for (const double gap : {1e2, 1e3, 1e4}) {
    const Var z = doubles({1, 3}, {gap, 0.0, 0.0});
    const Var single = xg::cast<float>(z);
    const auto of = [&](const Var& x) { return l(x, label); };
    BOOST_TEST(within(1e-4, of(single), elements(of(z))));
    BOOST_TEST(within(1e-4, slope(of, single), elements(slope(of, z))));
  }
}

BOOST_AUTO_TEST_CASE(labels_of_many_kinds_of_scores) {
  // Ties, a label far behind, one class, masked classes, and the label among equals.
  const Var labels = xt::xarray<std::int64_t>{0, 2, 1, 0};
  const Var z = doubles({4, 3}, {1.0, 1.0, 1.0, 50.0, 0.0, -40.0, 2.0, 2.0, -3.0, -infinity, 0.0, 1.0});
  const Var value = loss::CrossEntropy{}(z, labels);
  const double e5 = std::exp(-5.0);
  BOOST_TEST(within(1e-14, view(value, xt::range(0, 3)), {std::log(3.0), 90.0, std::log(2.0 + e5)}));
  BOOST_TEST(elements(value)[3] == infinity);
  const Var finite = view(z, xt::range(0, 3));
  const Var some = view(labels, xt::range(0, 3));
  const auto loss_of = [&](const Var& x) { return loss::CrossEntropy{}(x, some); };
  const double p = 1.0 / (2.0 + e5);
  BOOST_TEST(near(slope(loss_of, finite),
                  doubles({3, 3}, {-2.0 / 3, 1.0 / 3, 1.0 / 3, 1.0, 0.0, -1.0, p, p - 1.0, p * e5}), 1e-14));
  BOOST_TEST(xg::testing::check_gradients([&](const Var& x) { return sum(loss_of(x)); }, finite));
  const Var single = doubles({2, 1}, {3.0, -1e4});
  const Var zeros = xt::xarray<std::int64_t>{0, 0};
  const auto of_one = [&](const Var& x) { return loss::CrossEntropy{}(x, zeros); };
  BOOST_TEST(near(of_one(single), doubles({2}, {0.0, 0.0})));
  BOOST_TEST(near(slope(of_one, single), doubles({2, 1}, {0.0, 0.0})));
}

BOOST_AUTO_TEST_CASE(sure_and_right_pairs_have_all_digits) {
  const double gap = 25.0;  // beyond what 1 + e^-gap shows in float32
  const double rest = std::exp(-gap);
  const Var rows = floats({2, 2}, {5.0, 0.0, 0.0, 5.0});
  const std::vector<double> both{std::log1p(rest), std::log1p(rest)};
  BOOST_TEST(within(1e-5, loss::NPairs{}(rows, rows), both));
  const double t = 1.0 / gap;
  BOOST_TEST(within(1e-5, loss::InfoNce{.temperature = t}(rows, rows), both));
  BOOST_TEST(within(1e-5, loss::Clip{.temperature = t}(rows, rows), both));
  // Two others with the similarity 0 for each row.
  const std::vector<double> four(4, std::log1p(2.0 * rest));
  BOOST_TEST(within(1e-5, loss::NtXent{.temperature = t}(rows, rows), four));
  const Var labels = xt::xarray<std::int64_t>{0, 1, 0, 1};
  BOOST_TEST(within(1e-5, loss::SupCon{.temperature = t}(xg::concatenate({rows, rows}, 0), labels), four));
  // By the own similarity -p, by the other one p; the derivative of these by a row is the other row.
  const double p = rest / (1.0 + rest);
  const Var by_anchor = slope([&](const Var& x) { return loss::NPairs{}(x, rows); }, rows);
  BOOST_TEST(within(1e-5, by_anchor, {-5 * p, 5 * p, 5 * p, -5 * p}));
  // One pair has no others.
  const Var one = floats({1, 2}, {3.0, 4.0});
  for (const Var& each : {loss::NPairs{}(one, one), loss::InfoNce{}(one, one), loss::Clip{}(one, one)}) {
    BOOST_TEST(number(each) == 0.0);
  }
  BOOST_TEST(all_finite(slope([&](const Var& x) { return loss::NtXent{}(x, one); }, one)));
  BOOST_TEST(all_finite(slope([&](const Var& x) { return loss::NPairs{}(x, one); }, one)));
}

BOOST_AUTO_TEST_SUITE_END()
