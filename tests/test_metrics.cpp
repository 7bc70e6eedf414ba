// All metrics through the same checks, each against a value that scikit-learn 1.2 and SciPy 1.10 (or NumPy, by the
// formula) give for the same numbers; then edges and errors.
#include "comparing.hpp"

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>
#include <xgrad/metrics.hpp>
#include <xgrad/xgrad.hpp>

BOOST_AUTO_TEST_SUITE(test_metrics)

namespace xg = xgrad;
namespace metrics = xgrad::metrics;
using comparing::near;
using comparing::throws;
using metrics::Average;
using metrics::binary;
using metrics::multiclass;
using metrics::multilabel;
using xg::DType;
using xg::ShapeError;
using xg::TypeError;
using xg::ValueError;
using xg::Var;

namespace {

/// Twelve samples of one kind.
struct Data {
  Var p, t, w;
};

const xt::xarray<double> w12{1, 2, 0.5, 1, 3, 1, 0.25, 1, 1, 2, 1, 0.75};
const xt::xarray<std::int64_t> y12{0, 1, 2, 2, 1, 0, 2, 1, 1, 0, 2, 2};

Data numbers() {
  return {xt::xarray<double>{2.5, 0.5, 2.0, 8.0, 1.25, 3.0, 3.0, 7.5, 0.25, 4.0, 5.5, 6.0},
          xt::xarray<double>{3.0, 0.75, 2.0, 7.0, 1.5, 2.5, 4.5, 7.0, 0.5, 4.0, 6.5, 5.0}, w12};
}

Data unweighted(Data d) {
  d.w = 1.0;
  return d;
}

Data two() {
  return {xt::xarray<double>{.1, .8, .4, .4, .9, .6, .2, .7, .4, .3, .95, .5},
          xt::xarray<std::int64_t>{0, 1, 1, 0, 1, 0, 0, 1, 1, 0, 1, 0}, w12};
}

Data three() {
  auto q = xg::Array<double>::from_shape({12, 3});
  for (int a = 0; a < 12; ++a) {
    double total = 0.0;
    for (int k = 0; k < 3; ++k) {
      q(a, k) = 5 + (7 * a + 3 * k) % 11 + (k == y12(a) && a % 4 != 0 ? 4 : 0);
      total += q(a, k);
    }
    for (int k = 0; k < 3; ++k) q(a, k) /= total;
  }
  return {q, y12, w12};
}

Data rows(bool labels) {
  auto s = xg::Array<double>::from_shape({12, 4});
  auto t = xg::Array<std::int64_t>::from_shape({12, 4});
  for (int a = 0; a < 12; ++a) {
    for (int k = 0; k < 4; ++k) {
      s(a, k) = (a * 7 + k * 5) % 13 / 13.0;
      t(a, k) = labels ? static_cast<std::int64_t>((a * 5 + k * 3) % 4 < 2) : (a * 3 + k * 2) % 4;
    }
  }
  return {s, t, w12};
}

Data clusters() { return {xt::xarray<std::int64_t>{2, 1, 2, 0, 1, 2, 0, 1, 2, 0, 2, 2}, y12, 1.0}; }

Data some(const Data& d, int from, int to) {
  const auto part = [&](const Var& x) { return x.dimension() == 0 ? x : Var(view(x, xt::range(from, to))); };
  return {part(d.p), part(d.t), part(d.w)};
}

template <class M, class S>
S updated(const M& metric, const S& state, const Data& d) {
  if constexpr (requires { metric.update(state, d.p, d.t, d.w); }) {
    return metric.update(state, d.p, d.t, d.w);
  } else {
    return metric.update(state, d.p, d.t);
  }
}

template <class M>
Var whole(const M& metric, const Data& d) {
  return metric.value(updated(metric, metric.init(), d));
}

/// What holds for every metric.
template <metrics::Metric M>
void check(const M& metric, const Data& d, const Var& expected, bool of_nothing = false) {
  BOOST_TEST_CONTEXT(M::name) {
    const Var value = whole(metric, d);
    BOOST_TEST(near(value, expected));
    BOOST_TEST((value.dtype() == DType::Float64));

    auto batches = updated(metric, metric.init(), some(d, 0, 5));
    batches = updated(metric, batches, some(d, 5, 6));
    const auto other = updated(metric, metric.init(), some(d, 6, 12));
    BOOST_TEST(near(metric.value(merge(other, batches)), expected), "merged");
    const auto none = updated(metric, metric.init(), some(d, 0, 0));
    BOOST_TEST(near(metric.value(merge(none, merge(batches, other))), expected), "merged with nothing");

    auto step = xg::compile([&](const auto& state, const Var& p, const Var& t, const Var& w) {
      return updated(metric, state, {p, t, w});
    });
    BOOST_TEST(near(metric.value(step(metric.init(), d.p, d.t, d.w)), expected), "compiled");

    if (xg::is_floating(d.p.dtype())) {
      const Var rounded = whole(metric, {cast<float>(d.p), d.t, cast<float>(d.w)});
      BOOST_TEST((rounded.dtype() == DType::Float64));
      BOOST_TEST(near(rounded, expected, 1e-5), "float32");
    }
    const Data wrong{d.p, some(d, 0, 7).t, 1.0};
    BOOST_TEST(throws<ShapeError>([&] { (void)updated(metric, metric.init(), wrong); }, {M::name}));
    if constexpr (requires { metric.update(metric.init(), d.p, d.t, d.w); }) {
      const Data heavy{d.p, d.t, -1.0};
      BOOST_TEST(throws<ValueError>([&] { (void)xg::sum(whole(metric, heavy)).template item<double>(); }, {"weight"}));
      const Data ill{d.p, d.t, xt::xarray<double>{1.0, 2.0}};
      BOOST_TEST(throws<ShapeError>([&] { (void)updated(metric, metric.init(), ill); }, {"weights"}));
      // What has no weight may be anything.
      if (xg::is_floating(d.p.dtype())) {
        const Var bad = xg::full_like(view(d.p, xt::range(0, 2)), std::numeric_limits<double>::quiet_NaN());
        const Var w = broadcast_to(d.w, {12});
        const Data more{xg::concatenate({d.p, bad}), xg::concatenate({d.t, view(d.t, xt::range(0, 2))}),
                        xg::concatenate({w, xg::zeros({2})})};
        BOOST_TEST(near(whole(metric, more), expected), "NaN without weight");
      }
    }
    if (!of_nothing) {
      BOOST_TEST(
          throws<ValueError>([&] { (void)xg::sum(metric.value(metric.init())).template item<double>(); }, {M::name}));
    }
  }
}

}  // namespace

BOOST_AUTO_TEST_CASE(of_numbers) {
  const Data d = numbers();
  check(metrics::MeanSquaredError{}, d, 0.30603448275862066);
  check(metrics::MeanSquaredError{}, unweighted(d), 0.515625);
  check(metrics::RootMeanSquaredError{}, d, std::sqrt(0.30603448275862066));
  check(metrics::MeanAbsoluteError{}, d, 0.4224137931034483);
  check(metrics::MeanAbsolutePercentageError{}, d, 0.18171024377920927);
  check(metrics::SymmetricMape{}, d, 0.20559218823190284);
  check(metrics::WeightedMape{}, d, 0.1320754716981132);
  check(metrics::MeanSquaredLogError{}, d, 0.015926265735134164);
  check(metrics::LogCoshError{}, d, 0.13466756339155678);
  check(metrics::Minkowski{.order = 3.0}, d, 1.5956260747149769, true);
  check(metrics::Pinball{.q = 0.3}, d, 0.20258620689655168);
  check(metrics::TweedieDeviance{.power = -1.0}, d, 1.6048850574712596);
  check(metrics::TweedieDeviance{}, d, 0.30603448275862066);
  check(metrics::TweedieDeviance{.power = 1.0}, d, 0.09406939952918769);
  check(metrics::TweedieDeviance{.power = 1.5}, d, 0.07831424912298302);
  check(metrics::TweedieDeviance{.power = 2.0}, d, 0.08872935880599207);
  check(metrics::TweedieDeviance{.power = 3.0}, d, 0.19290479678802558);
  check(metrics::MaxError{}, d, 1.5);
  check(metrics::R2{}, d, 0.9393099789250291);
  check(metrics::R2{.predictors = 2}, unweighted(d), 1.0 - (1.0 - 0.897964442154084) * 11.0 / 9.0);
  check(metrics::ExplainedVariance{}, d, 0.9396784224721089);
  check(metrics::RelativeSquaredError{}, d, 0.0606900210749709);
  check(metrics::NormalisedRmse{}, d, 0.24635344745907434);
  check(metrics::Pearson{}, d, 0.9781421305099818);
  check(metrics::Concordance{}, d, 0.9727836305235751);
  check(metrics::Spearman{}, d, 0.9684210526315791);
  check(metrics::Kendall{}, d, 0.8923076923076924);
  check(metrics::MedianAbsoluteError{}, d, 0.5);
}

/// Of one metric: micro, macro, weighted, and each class.
template <class M>
void check_averages(M metric, const Data& d, const std::vector<double>& averages, const std::vector<double>& each) {
  for (std::size_t k = 0; k < averages.size(); ++k) {
    metric.average = std::vector{Average::Micro, Average::Macro, Average::Weighted}[k];
    check(metric, d, averages[k]);
  }
  metric.average = Average::None;
  check(metric, d, Var(each));
}

BOOST_AUTO_TEST_CASE(averages_over_classes) {
  const Data c = three();
  check_averages(metrics::Recall{multiclass(3)}, c, {0.7068965517241379, 0.6666666666666666, 0.7068965517241379},
                 {0.5, 0.8571428571428571, 0.6428571428571429});
  check_averages(metrics::Specificity{multiclass(3)}, c, {0.853448275862069, 0.8694083694083693, 0.9013285565009702},
                 {0.8809523809523809, 1.0, 0.7272727272727273});
  check_averages(metrics::NegativePredictiveValue{multiclass(3)}, c,
                 {0.853448275862069, 0.856480009421186, 0.8615438968380145},
                 {0.8222222222222222, 0.8823529411764706, 0.8648648648648649});
  const Data l = rows(true);
  check_averages(metrics::Recall{multilabel(4)}, l, {0.43103448275862066, 0.4348864994026284, 0.43103448275862066},
                 {0.5, 0.48148148148148145, 0.5, 0.25806451612903225});
  check_averages(metrics::Specificity{multilabel(4)}, l, {0.4224137931034483, 0.4200418160095579, 0.41766983891566767},
                 {0.3888888888888889, 0.4838709677419355, 0.4, 0.4074074074074074});
  check_averages(metrics::NegativePredictiveValue{multilabel(4)}, l,
                 {0.4260869565217391, 0.43500751258357745, 0.3955629256590997},
                 {0.25925925925925924, 0.5172413793103449, 0.64, 0.3235294117647059});
  check(metrics::CalibrationError{.bins = 4}, two(), 0.10172413793103446);
  check(metrics::CalibrationError{.bins = 4, .expected = false}, two(), 0.5);
}

BOOST_AUTO_TEST_CASE(of_two_classes) {
  const Data d = two();
  check(metrics::Precision{}, d, 0.875);
  check(metrics::Recall{}, d, 0.8235294117647058);
  check(metrics::FBeta{.beta = 2.0}, d, 0.8333333333333333);
  check(metrics::Specificity{}, d, 0.8333333333333334);
  check(metrics::NegativePredictiveValue{}, d, 0.7692307692307693);
  check(metrics::Jaccard{}, d, 0.7368421052631579);
  check(metrics::BalancedAccuracy{}, d, 0.8284313725490196);
  check(metrics::Accuracy{}, d, 0.8275862068965517);
  check(metrics::ExactMatch{}, d, 0.8275862068965517);
  check(metrics::Hamming{}, d, 0.1724137931034483);
  check(metrics::MatthewsCorrelation{}, d, 0.650516096306267);
  check(metrics::CohenKappa{}, d, 0.648910411622276);
  check(metrics::Auroc{}, d, 0.9338235294117647);
  check(metrics::AveragePrecision{}, d, 0.9568627450980391);
  check(metrics::EqualErrorRate{}, d, 0.17647058823529413);
  check(metrics::RecallAtPrecision{.least = 0.8}, d, 0.8235294117647058);
  check(metrics::PrecisionAtRecall{.least = 0.8}, d, 1.0);
  check(metrics::LogLoss{}, d, 0.3700859322871284);
  check(metrics::BrierScore{}, d, 0.11379310344827584);
  check(metrics::HingeLoss{}, {4.0 * d.p - 2.0, d.t, d.w}, 0.3758620689655173);
}

BOOST_AUTO_TEST_CASE(of_three_classes) {
  const Data d = three();
  const metrics::Labels l = multiclass(3);
  const Var each = xt::xarray<double>{0.6153846153846154, 1.0, 0.42857142857142855};
  check(metrics::Precision{.labels = l, .average = Average::Micro}, d, 0.7068965517241379);
  check(metrics::Precision{.labels = l}, d, 0.6813186813186812);
  check(metrics::Precision{.labels = l, .average = Average::Weighted}, d, 0.7559681697612732);
  check(metrics::Precision{.labels = l, .average = Average::None}, d, each);
  check(metrics::Recall{.labels = l}, d, 0.6666666666666666);
  check(metrics::FBeta{.labels = l}, d, 0.6630289250978906);
  check(metrics::FBeta{.labels = l, .average = Average::Weighted}, d, 0.7219610353974206);
  check(metrics::Jaccard{.labels = l}, d, 0.5280830280830281);
  check(metrics::Jaccard{.labels = l, .average = Average::Micro}, d, 0.5466666666666666);
  check(metrics::BalancedAccuracy{.labels = l}, d, 0.6666666666666666);
  check(metrics::Accuracy{.labels = l}, d, 0.7068965517241379);
  check(metrics::Accuracy{.labels = l, .top_k = 2}, d, 0.9310344827586207);
  check(metrics::Hamming{.labels = l}, d, 0.29310344827586204);
  check(metrics::MatthewsCorrelation{.labels = l}, d, 0.5592573975302264);
  check(metrics::CohenKappa{.labels = l}, d, 0.5497716894977169);
  check(metrics::CohenKappa{.labels = l, .power = 1.0}, d, 0.35745937961595275);
  check(metrics::CohenKappa{.labels = l, .power = 2.0}, d, 0.13247863247863245);
  const Var by_target = xt::xarray<double>{
      {0.5, 0.0, 0.5}, {0.0, 0.8571428571428571, 0.14285714285714285}, {0.35714285714285715, 0.0, 0.6428571428571429}};
  check(metrics::ConfusionMatrix{.labels = l, .normalise = metrics::Normalise::Target}, d, by_target);
  check(metrics::Auroc{.labels = l}, d, 0.864069264069264);
  check(metrics::Auroc{.labels = l, .average = Average::Weighted}, d, 0.8877742946708465);
  check(metrics::AveragePrecision{.labels = l}, d, 0.8408920900300211);
  check(metrics::AveragePrecision{.labels = l, .average = Average::Micro}, d, 0.8696440383319815);
  check(metrics::LogLoss{.labels = l}, d, 0.8334792084174516);
  check(metrics::BrierScore{.labels = l}, d, 0.4825358386990556);
  check(metrics::HingeLoss{.labels = l}, d, 0.8979793067589708);
  check(metrics::CalibrationError{.labels = l, .bins = 5}, d, 0.2805101303539111);
  check(metrics::CalibrationError{.labels = l, .bins = 5, .expected = false}, d, 0.38235294117647056);
  check(metrics::Perplexity{}, {log(d.p), d.t, d.w}, 2.3013115704275076);
}

BOOST_AUTO_TEST_CASE(of_labels_and_lists) {
  const Data d = rows(true);
  const metrics::Labels l = multilabel(4);
  check(metrics::ExactMatch{.labels = l}, d, 0.0);
  check(metrics::Hamming{.labels = l}, d, 0.5732758620689655);
  check(metrics::Accuracy{.labels = l}, d, 1.0 - 0.5732758620689655);
  check(metrics::FBeta{.labels = l}, d, 0.41787906583888357);
  check(metrics::FBeta{.labels = l, .average = Average::Micro}, d, 0.4291845493562232);
  check(metrics::Auroc{.labels = l}, d, 0.45525686977299873);
  check(metrics::Auroc{.labels = l, .average = Average::Micro}, d, 0.44790428061831156);
  check(metrics::CoverageError{}, d, 3.4482758620689653);
  check(metrics::LabelRankingLoss{}, d, 0.5474137931034483);
  check(metrics::LabelRankingAveragePrecision{}, d, 0.6594827586206895);
  check(metrics::Ndcg{}, rows(false), 0.8072406731207781);
  check(metrics::Ndcg{.k = 2}, rows(false), 0.5411091692297381);
  check(metrics::ReciprocalRank{}, d, 0.721264367816092);
  check(metrics::MeanAveragePrecision{}, d, 0.6594827586206895);
  check(metrics::RetrievalPrecision{.k = 2}, d, 0.3793103448275862);
  check(metrics::RetrievalRecall{.k = 2}, d, 0.3793103448275862);
  check(metrics::HitRate{.k = 1}, d, 0.5344827586206896);
}

BOOST_AUTO_TEST_CASE(of_clusters) {
  const Data d = clusters();
  check(metrics::AdjustedRand{.clusters = 3}, d, 0.14006514657980457);
  check(metrics::MutualInformation{.clusters = 3}, d, 0.41272565263942185);
  check(metrics::NormalisedMutualInformation{.clusters = 3}, d, 0.3898645605220686);
  check(metrics::Homogeneity{.clusters = 3}, d, 0.3830200262132893);
  check(metrics::Completeness{.clusters = 3}, d, 0.3969581682070365);
  check(metrics::VMeasure{.clusters = 3, .beta = 2.0}, d, 0.39220075825069706);
  check(metrics::FowlkesMallows{.clusters = 3}, d, 0.4005009394574071);
}

BOOST_AUTO_TEST_CASE(of_signals) {
  // Rows (3 a, 4 a) beside (4 a, 3 a): cosine 24/25, |t|^2 / |t - p|^2 = 25/2, and 24/25 t leaves 24^2 / (25^2 - 24^2).
  auto p = xg::Array<double>::from_shape({12, 2});
  auto t = xg::Array<double>::from_shape({12, 2});
  for (int a = 0; a < 12; ++a) {
    p(a, 0) = t(a, 1) = 3.0 * (a + 1);
    p(a, 1) = t(a, 0) = 4.0 * (a + 1);
  }
  const Data d{p, t, w12};
  check(metrics::CosineSimilarity{}, d, 24.0 / 25.0);
  check(metrics::Snr{}, d, 10.0 * std::log10(12.5));
  check(metrics::SiSdr{}, d, 10.0 * std::log10(576.0 / 49.0));
  check(metrics::SiSdr{.zero_mean = true}, rows(false), -4.243491366898637);
  check(metrics::Psnr{.range = 8.0}, numbers(), 10.0 * std::log10(64.0 / 0.30603448275862066));
}

BOOST_AUTO_TEST_CASE(aggregations) {
  const Var x = xt::xarray<double>{3.0, -1.0, 2.0, std::nan("")};
  const Var w = xt::xarray<double>{1.0, 2.0, 1.0, 0.0};
  const auto value = [&](const auto& metric) { return metric.value(metric.update(metric.init(), x, w)); };
  BOOST_TEST(near(value(metrics::Mean{}), 0.75));
  BOOST_TEST(near(value(metrics::Sum{}), 3.0));
  BOOST_TEST(near(value(metrics::Max{}), 3.0));
  BOOST_TEST(near(value(metrics::Min{}), -1.0));
  const metrics::Min least;
  const auto merged = merge(least.update(least.init(), 2.0), least.update(least.init(), -5.0));
  BOOST_TEST(near(least.value(merged), -5.0));
  BOOST_TEST(throws<ValueError>([] { (void)metrics::Mean{}.value(metrics::Mean{}.init()).item<double>(); }, {"Mean"}));
}

BOOST_AUTO_TEST_CASE(curves) {
  const Data d = two();
  const metrics::RocCurve roc;
  const auto points = roc.value(roc.update(roc.init(), d.p, d.t, d.w));
  // scikit-learn's points; three samples have the score 0.4.
  const Var fpr =
      xt::xarray<double>{0, 0, 0, 0, 0, 1.0 / 6, 7.0 / 24, 11.0 / 24, 11.0 / 24, 11.0 / 24, 19.0 / 24, 5.0 / 6, 1};
  const Var tpr = xt::xarray<double>{0, 2, 8, 12, 14, 14, 14, 17, 17, 17, 17, 17, 17};
  BOOST_TEST(near(points.false_positive_rate, fpr));
  BOOST_TEST(near(points.true_positive_rate, tpr / 17.0));
  const metrics::PrecisionRecallCurve curve;
  const auto other = curve.value(curve.update(curve.init(), d.p, d.t, d.w));
  BOOST_TEST(near(other.recall, tpr / 17.0));
  BOOST_TEST(near(view(other.precision, 0), 1.0));
  BOOST_TEST(near(view(other.precision, -1), 8.5 / 14.5));
  const metrics::StatScores scores;
  const auto counts = scores.value(scores.update(scores.init(), d.p, d.t, d.w));
  BOOST_TEST(near(
      xg::concatenate({counts.true_positives, counts.false_positives, counts.false_negatives, counts.true_negatives}),
      xt::xarray<double>{7.0, 1.0, 1.5, 5.0}));
}

BOOST_AUTO_TEST_CASE(one_class_is_absent) {
  const Data d{xt::xarray<double>{0.2, 0.4}, xt::xarray<std::int64_t>{0, 0}, 1.0};
  BOOST_TEST(near(whole(metrics::Precision{}, d), 0.0));
  BOOST_TEST(near(whole(metrics::Recall{.undefined = 1.0}, d), 1.0));
  BOOST_TEST(near(whole(metrics::BalancedAccuracy{}, d), 1.0));
  BOOST_TEST(near(whole(metrics::MatthewsCorrelation{}, d), 0.0));
  BOOST_TEST(near(whole(metrics::CohenKappa{}, d), 1.0));
  BOOST_TEST(throws<ValueError>([&] { (void)whole(metrics::Auroc{}, d).item<double>(); }, {"positive"}));
  BOOST_TEST(throws<ValueError>([&] { (void)whole(metrics::AveragePrecision{}, d).item<double>(); }, {"positive"}));
  const Data ties{xt::xarray<double>{0.4, 0.4}, xt::xarray<std::int64_t>{0, 1}, 1.0};
  BOOST_TEST(near(whole(metrics::Auroc{}, ties), 0.5));
  const Data same{xt::xarray<double>{2.0, 2.0}, xt::xarray<double>{2.0, 2.0}, 1.0};
  BOOST_TEST(near(whole(metrics::R2{}, same), 1.0));
  BOOST_TEST(near(whole(metrics::Concordance{}, same), 1.0));
  BOOST_TEST(throws<ValueError>([&] { (void)whole(metrics::Pearson{}, same).item<double>(); }, {"Pearson"}));
  BOOST_TEST(throws<ValueError>([&] { (void)whole(metrics::Spearman{}, same).item<double>(); }, {"Spearman"}));
  BOOST_TEST(throws<ValueError>([&] { (void)whole(metrics::Kendall{}, same).item<double>(); }, {"Kendall"}));
}

BOOST_AUTO_TEST_CASE(refused) {
  const auto value = [](const auto& metric, const Var& p, const Var& t) {
    (void)xg::sum(whole(metric, {p, t, 1.0})).template item<double>();
  };
  const Var p = xt::xarray<double>{0.2, 0.4};
  const Var y = xt::xarray<std::int64_t>{0, 2};
  BOOST_TEST(throws<ValueError>([&] { value(metrics::Precision{}, p, y); }, {"the target 2 is not in [0, 2)"}));
  BOOST_TEST(
      throws<ValueError>([&] { value(metrics::ConfusionMatrix{.labels = multiclass(2)}, y, y); }, {"in [0, 2)"}));
  BOOST_TEST(throws<ValueError>([&] { value(metrics::AdjustedRand{}, y, y); }, {"AdjustedRand"}));
  BOOST_TEST(throws<TypeError>([&] { value(metrics::Accuracy{}, p, p); }, {"int64 or bool"}));
  const Var nan = xt::xarray<double>{0.2, std::nan("")};
  const Var ok = xt::xarray<std::int64_t>{0, 1};
  BOOST_TEST(throws<ValueError>([&] { value(metrics::Accuracy{}, nan, ok); }, {"no class"}));
  BOOST_TEST(throws<ValueError>([&] { value(metrics::Spearman{}, nan, p); }, {"no rank"}));
  BOOST_TEST(throws<ValueError>([&] { value(metrics::LogLoss{}, 4.0 * p, ok); }, {"not in [0, 1]"}));
  BOOST_TEST(throws<ValueError>([&] { value(metrics::Accuracy{.top_k = 2}, p, ok); }, {"top_k"}));
  BOOST_TEST(throws<ValueError>([&] { value(metrics::CohenKappa{.labels = multilabel(2)}, p, ok); }, {"multilabel"}));
  BOOST_TEST(throws<ValueError>([&] { value(metrics::Pinball{.q = 2.0}, p, p); }, {"[0, 1]"}));
  BOOST_TEST(throws<ValueError>([&] { value(metrics::TweedieDeviance{.power = 0.5}, p, p); }, {"power"}));
  BOOST_TEST(throws<ValueError>([&] { value(metrics::MeanSquaredLogError{}, p - 2.0, p); }, {"more than -1"}));
  BOOST_TEST(throws<ShapeError>([&] { (void)metrics::Precision{}.value(metrics::Mean{}.init()); }, {"another metric"}));
  BOOST_TEST(throws<ShapeError>([&] { (void)merge(metrics::Mean{}.init(), metrics::Sum{}.init()); }, {"merge"}));
}

BOOST_AUTO_TEST_SUITE_END()
