// Metrics of distributions, shapes of clusters, masks, boxes, images and survival.
// Values are those of scikit-learn 1.2 and SciPy 1.10, or of NumPy by the formula.
#include "comparing.hpp"

#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <tuple>
#include <vector>

#include <boost/test/unit_test.hpp>
#include <xgrad/metrics.hpp>
#include <xgrad/xgrad.hpp>

BOOST_AUTO_TEST_SUITE(test_metrics_more)

namespace xg = xgrad;
namespace metrics = xgrad::metrics;
using comparing::near;
using comparing::throws;
using xg::ShapeError;
using xg::TypeError;
using xg::ValueError;
using xg::Var;

namespace {

const double nan = std::numeric_limits<double>::quiet_NaN();
const double infinity = std::numeric_limits<double>::infinity();
const Var w12 = xt::xarray<double>{1, 2, 0.5, 1, 3, 1, 0.25, 1, 1, 2, 1, 0.75};
const xt::xarray<std::int64_t> y12{0, 1, 2, 2, 1, 0, 2, 1, 1, 0, 2, 2};
const Var p12 = xt::xarray<double>{2.5, 0.5, 2.0, 8.0, 1.25, 3.0, 3.0, 7.5, 0.25, 4.0, 5.5, 6.0};
const xt::xarray<double> t12{3.0, 0.75, 2.0, 7.0, 1.5, 2.5, 4.5, 7.0, 0.5, 4.0, 6.5, 5.0};

template <class T = double, class F>
Var made(const xg::Shape& shape, F f) {
  auto array = xg::Array<T>::from_shape(shape);
  std::vector<int> i(shape.size());
  for (std::size_t place = 0; place < array.size(); ++place) {
    std::size_t rest = place;
    for (std::size_t axis = shape.size(); axis-- > 0;) {
      i[axis] = static_cast<int>(rest % shape[axis]);
      rest /= shape[axis];
    }
    array.data()[place] = static_cast<T>(f(i));
  }
  return Var(std::move(array));
}

using Index = const std::vector<int>&;

/// Of a metric that takes these arguments, samples along the first axis: whole, in batches, merged and compiled.
template <class M, class... A>
void check(const M& metric, const Var& expected, const A&... all) {
  BOOST_TEST_CONTEXT(M::name) {
    const auto part = [&](auto state, int from, int to) {
      const auto some = [&](const Var& x) -> Var { return view(x, xt::range(from, to)); };
      return metric.update(state, some(all)...);
    };
    const Var value = metric.value(metric.update(metric.init(), all...));
    BOOST_TEST(near(value, expected));
    const auto first = part(part(metric.init(), 0, 5), 5, 6);
    const auto second = part(part(metric.init(), 0, 0), 6, 12);
    BOOST_TEST(near(metric.value(merge(first, second)), expected), "merged");
    BOOST_TEST(near(metric.value(merge(second, first)), expected), "merged the other way");
    auto step = xg::compile([&](const auto& state, const A&... some) { return metric.update(state, some...); });
    BOOST_TEST(near(metric.value(step(metric.init(), all...)), expected), "compiled");
    auto last = xg::compile([&](const auto& state) { return metric.value(state); });
    BOOST_TEST(near(last(merge(first, second)), expected), "value compiled");
    BOOST_TEST(throws<ValueError>([&] { (void)metric.value(metric.init()).template item<double>(); }, {M::name}));
    if constexpr (requires(const Var& x) { metric.update(metric.init(), x, x); }) {
      const std::array<Var, sizeof...(A)> given{all...};
      BOOST_TEST(throws<ShapeError>(
          [&] { (void)metric.update(metric.init(), given[0], view(given[1], xt::range(0, 7))); }, {M::name}));
    }
  }
}

/// Besides, what has no weight may be anything.
template <class M>
void check_weighted(const M& metric, const Var& expected, const Var& p, const Var& t) {
  check(metric, expected, p, t, w12);
  BOOST_TEST_CONTEXT(M::name) {
    const auto bad = [](const Var& x) {
      const Var some = view(x, xt::range(0, 2));
      return xg::concatenate({x, xg::is_floating(x.dtype()) ? some * nan : some + 77});
    };
    const Var weights = xg::concatenate({w12, xg::zeros({2})});
    BOOST_TEST(near(metric.value(metric.update(metric.init(), bad(p), bad(t), weights)), expected), "no weight");
    const auto negative = [&] { (void)metric.value(metric.update(metric.init(), p, t, -w12)).template item<double>(); };
    BOOST_TEST(throws<ValueError>(negative, {"weight"}));
  }
}

}  // namespace

BOOST_AUTO_TEST_CASE(distributions) {
  const Var ensemble = made({12, 4}, [](Index i) { return t12(i[0]) + ((i[0] * 7 + i[1] * 5) % 13 - 6) / 4.0; });
  check_weighted(metrics::EnsembleCrps{}, 0.33135775862068967, ensemble, t12);
  const Var normal = xg::stack({p12, 0.25 + 0.5 * w12}, 1);
  check_weighted(metrics::NormalCrps{}, 0.3976130452093994, normal, t12);
  const metrics::NormalCrps certain;
  const Var sure = xt::xarray<double>{{1.0, 0.0}};
  BOOST_TEST(near(certain.value(certain.update(certain.init(), sure, xt::xarray<double>{3.0})), 2.0));
  const auto negative = [&] {
    const Var p = xt::xarray<double>{{1.0, -1.0}};
    (void)certain.value(certain.update(certain.init(), p, xt::xarray<double>{3.0})).item<double>();
  };
  BOOST_TEST(throws<ValueError>(negative, {"NormalCrps", "-1"}));

  const Var p = made({12, 3}, [](Index i) { return 5 + (7 * i[0] + 3 * i[1]) % 11; });
  const Var t = made({12, 3}, [](Index i) { return (5 * i[0] + 4 * i[1]) % 7; });
  check_weighted(metrics::KlDivergence{}, 0.32897509070337366, p, t);
  check_weighted(metrics::JensenShannon{}, 0.0935369486552107, p, t);
  const metrics::KlDivergence kl;
  const auto of = [&](const Var& a, const Var& b) { return kl.value(kl.update(kl.init(), a, b)); };
  const Var half = xt::xarray<double>{{0.5, 0.5}};
  const Var first = xt::xarray<double>{{1.0, 0.0}};
  BOOST_TEST(near(of(half, first), std::log(2.0)));
  BOOST_TEST(of(first, half).item<double>() == infinity);
  BOOST_TEST(throws<ValueError>([&] { (void)of(half, -first).item<double>(); }, {"KlDivergence", "-1"}));
  BOOST_TEST(throws<ValueError>([&] { (void)of(0.0 * half, half).item<double>(); }, {"sum of a row is 0"}));
}

BOOST_AUTO_TEST_CASE(clusters) {
  const xt::xarray<std::int64_t> other{2, 1, 2, 0, 1, 2, 0, 1, 2, 0, 2, 2};
  check(metrics::AdjustedMutualInformation{.clusters = 3}, 0.21785448258274334, Var(other), Var(y12));
  const metrics::AdjustedMutualInformation ami{.clusters = 12};
  const auto of = [&](const Var& p, const Var& t, const Var& w) { return ami.value(ami.update(ami.init(), p, t, w)); };
  BOOST_TEST(near(of(y12, y12, 1.0), 1.0));
  BOOST_TEST(near(of(0 * Var(y12), 0 * Var(y12), 1.0), 1.0));
  BOOST_TEST(throws<ValueError>([&] { (void)of(y12, y12, 0.5).item<double>(); }, {"counts"}));

  const Var x = made({12, 2}, [](Index i) {
    return (i[0] * 7 + i[1] * 5) % 13 / 13.0 + (i[1] == 0 ? 3.0 * static_cast<double>(y12(i[0])) : 0.0);
  });
  check(metrics::Silhouette{.clusters = 4}, 0.801978915967897, x, Var(y12));
  check(metrics::CalinskiHarabasz{.clusters = 3}, 171.71400832177525, x, Var(y12));
  check(metrics::DaviesBouldin{.clusters = 5}, 0.2422152125096854, x, Var(y12));
  const metrics::Silhouette silhouette{.clusters = 3};
  const auto score = [&](const Var& labels) {
    return silhouette.value(silhouette.update(silhouette.init(), x, labels)).item<double>();
  };
  BOOST_TEST(throws<ValueError>([&] { (void)score(0 * Var(y12)); }, {"1 clusters have points, of 12"}));
  BOOST_TEST(throws<ValueError>([&] { (void)score(2 * Var(y12)); }, {"4 is not in [0, 3)"}));
  BOOST_TEST(throws<TypeError>([&] { (void)score(t12); }, {"int64"}));
}

BOOST_AUTO_TEST_CASE(masks) {
  const auto mask = [](int a, int i, int j, int of, int below) {
    return made<std::int64_t>({12, 4, 5}, [=](Index k) { return (k[0] * a + k[1] * i + k[2] * j) % of < below; });
  };
  const Var p = mask(3, 5, 7, 11, 4);
  const Var t = mask(5, 2, 3, 13, 3);
  check_weighted(metrics::HausdorffDistance{}, 2.089283373563112, p, t);
  check_weighted(metrics::HausdorffDistance{.q = 0.95, .spacing = {1.5, 0.5}}, 1.374568965517241, p, t);
  const auto of = [](const metrics::HausdorffDistance& m, const Var& a, const Var& b) {
    return m.value(m.update(m.init(), a, b)).item<double>();
  };
  const Var none = 0 * p;
  BOOST_TEST(of({}, none, none) == 0.0);
  BOOST_TEST(of({}, p, none) == infinity);
  BOOST_TEST(throws<ShapeError>([&] { (void)of({.spacing = {1.0}}, p, t); }, {"1 spacings"}));
  BOOST_TEST(throws<ValueError>([&] { (void)of({.q = 2.0}, p, t); }, {"[0, 1]"}));

  const Var q = made<std::int64_t>({12, 6}, [](Index i) { return (i[0] * 3 + i[1] * 5) % 7 % 3; });
  const Var r = made<std::int64_t>({12, 6}, [](Index i) { return i[0] == 4 ? 1 : (i[0] * 5 + i[1] * 2) % 5 % 3; });
  check_weighted(metrics::GeneralisedDice{metrics::multiclass(3)}, 0.2823306217033306, q, r);
}

BOOST_AUTO_TEST_CASE(boxes) {
  const Var p = made({12, 4}, [](Index i) {
    const int a = i[0];
    return std::array{a % 4, a % 3, a % 4 + 2 + a % 5, a % 3 + 3}[static_cast<std::size_t>(i[1])];
  });
  const Var t = made({12, 4}, [](Index i) {
    const int a = i[0];
    return std::array{a % 3, a % 5, a % 3 + 3, a % 5 + 1 + a % 4}[static_cast<std::size_t>(i[1])];
  });
  check_weighted(metrics::BoxIou{}, 0.20550641886848783, p, t);
  check_weighted(metrics::Giou{}, 0.011085920784196656, p, t);
  check_weighted(metrics::Diou{}, 0.10077769972287864, p, t);
  check_weighted(metrics::Ciou{}, 0.09758482607958063, p, t);
  const metrics::BoxIou iou;
  const auto of = [&](const Var& a) { return iou.value(iou.update(iou.init(), a, a)).item<double>(); };
  BOOST_TEST(of(xt::xarray<double>{0, 0, 0, 0}) == 0.0);
  BOOST_TEST(throws<ValueError>([&] { (void)of(xt::xarray<double>{1, 0, 0, 1}); }, {"BoxIou", "-1"}));
  BOOST_TEST(throws<ShapeError>([&] { (void)of(xt::xarray<double>{0, 0, 1}); }, {"BoxIou", "last extent must be 4"}));
  BOOST_TEST(throws<ShapeError>([&] { (void)of(1.0); }, {"BoxIou", "at least 1 axes"}));
}

BOOST_AUTO_TEST_CASE(images) {
  const Var x = made({12, 1, 12, 13}, [](Index i) { return (i[0] * 7 + i[2] * 3 + i[3] * 5) % 17 / 16.0; });
  const Var y = 0.8 * x + made({12, 1, 12, 13}, [](Index i) { return (i[0] + i[2] * i[3]) % 5 / 20.0; });
  check_weighted(metrics::Ssim{}, 0.9442606044044843, x, y);
  const auto wavy = [](double height, double bend) {
    return made({12, 48, 51}, [=](Index i) {
      const double j = i[2];
      return 0.5 + height * std::sin(0.05 * i[1] * (i[0] + 2) + 0.03 * j * j / (i[0] + 3) + bend * std::cos(0.3 * j));
    });
  };
  check_weighted(metrics::MultiScaleSsim{.window = 3}, 0.978491078666322, wavy(0.4, 0.0), wavy(0.35, 0.2));
  const metrics::MultiScaleSsim large;
  BOOST_TEST(throws<ShapeError>([&] { (void)large.update(large.init(), x, y); }, {"at least 176 x 176"}));
  const metrics::Ssim narrow{.range = 0.0};
  BOOST_TEST(throws<ValueError>([&] { (void)narrow.update(narrow.init(), x, y); }, {"range"}));
}

BOOST_AUTO_TEST_CASE(survival) {
  const Var event = xt::xarray<std::int64_t>{1, 0, 1, 1, 1, 0, 1, 1, 0, 1, 1, 1};
  const metrics::ConcordanceIndex harrell;
  check(harrell, 0.9839357429718876, -p12, round(Var(t12)), event, w12);
  const auto of = [&](const Var& e) {
    return harrell.value(harrell.update(harrell.init(), p12, t12, e)).item<double>();
  };
  BOOST_TEST(throws<ValueError>([&] { (void)of(0 * event); }, {"no pair"}));
  BOOST_TEST(throws<ValueError>([&] { (void)of(3 * event); }, {"the event 3"}));
  BOOST_TEST(throws<TypeError>([&] { (void)of(t12); }, {"event"}));
}

BOOST_AUTO_TEST_CASE(thresholds) {
  const Var p = xt::xarray<double>{.1, .8, .4, .4, .9, .6, .2, .7, .4, .3, .95, .5};
  const Var t = xt::xarray<std::int64_t>{0, 1, 1, 0, 1, 0, 0, 1, 1, 0, 1, 0};
  check(metrics::SpecificityAtSensitivity{.least = 0.9}, 0.5416666666666667, p, t, w12);
  check(metrics::SensitivityAtSpecificity{.least = 0.8}, 0.8235294117647058, p, t, w12);
}

namespace {

/// Six images, with five objects each and three detections of each.
std::tuple<metrics::Detections, metrics::Objects> image(int a) {
  std::vector<double> found, scores, there;
  std::vector<std::int64_t> labels, true_labels, crowd;
  for (int j = 0; j < 5; ++j) {
    const int s = std::array{12, 25, 60, 120, 31}[static_cast<std::size_t>((a + j) % 5)];
    const int x = 37 * j + 5 * a;
    const int y = 11 * j * a % 50;
    for (const int edge : {x, y, x + s, y + s + a * j % 4}) there.push_back(edge);
    true_labels.push_back(a < 5 ? (a + 2 * j) % 2 : 0);
    crowd.push_back(a == 3 && j == 2 ? 1 : 0);
    for (int k = 0; k < 3; ++k) {
      const int d = std::array{0, 1, s / 5}[static_cast<std::size_t>(k)] + (a + j) % 3 * k;
      for (const int edge : {x + d, y + d * j % 4, x + s + d / 2 + k, y + s}) found.push_back(edge);
      scores.push_back((a * 15 + j * 3 + k) * 29 % 97 / 97.0);
      labels.push_back((a + j + k) % 7 ? true_labels.back() : 1 - true_labels.back());
    }
  }
  return {{reshape(Var(found), {-1, 4}), Var(scores), Var(labels)},
          {reshape(Var(there), {-1, 4}), Var(true_labels), Var(crowd)}};
}

}  // namespace

BOOST_AUTO_TEST_CASE(detection) {
  const metrics::BoxMeanAveragePrecision map{.classes = 3};
  const auto with = [&](metrics::Matches state, int from, int to) {
    for (int a = from; a < to; ++a) {
      const auto [found, there] = image(a);
      state = map.update(state, found, there);
    }
    return state;
  };
  for (const metrics::Matches& state :
       {with(map.init(), 0, 6), merge(with(map.init(), 0, 2), with(map.init(), 2, 6))}) {
    const metrics::DetectionScores s = map.value(state);
    BOOST_TEST(near(s.precision, 0.5941646940428238));
    BOOST_TEST(near(s.precision_at,
                    xt::xarray<double>{0.899643292088406, 0.8678357635094612, 0.7269028309304891, 0.6126944171960307,
                                       0.5594274873679108, 0.5303433289520691, 0.5067715752249723, 0.4879176739197223,
                                       0.4466302884049856, 0.3034802828341896}));
    BOOST_TEST(
        near(view(s.precision_of_class, xt::range(0, 2)), xt::xarray<double>{0.7282916995877337, 0.4600376884979138}));
    BOOST_TEST(std::isnan(view(s.precision_of_class, 2).item<double>()));
    BOOST_TEST(
        near(s.precision_of_size, xt::xarray<double>{0.4582842415154082, 0.726034103410341, 0.8774752475247525}));
    BOOST_TEST(near(s.recall, xt::xarray<double>{0.11027777777777777, 0.8608333333333332, 0.9658333333333333}));
    BOOST_TEST(near(s.recall_of_size, xt::xarray<double>{0.9791666666666666, 0.9375, 1.0}));
  }
  const auto both = image(1);  // clang 14 captures no structured bindings
  const metrics::Detections& found = std::get<0>(both);
  const metrics::Objects& there = std::get<1>(both);
  const metrics::DetectionScores right =
      map.value(map.update(map.init(), {there.boxes, xg::ones({5}), there.labels}, there));
  BOOST_TEST(near(right.precision, 1.0, 1e-15));
  // Nothing found, and nothing there.
  const metrics::Detections nothing{xg::zeros({0, 4}), xg::zeros({0}), xg::zeros({0}, xg::DType::Int64)};
  BOOST_TEST(near(map.value(map.update(map.init(), nothing, there)).precision, 0.0));
  const metrics::Objects empty{nothing.boxes, nothing.labels};
  BOOST_TEST(throws<ValueError>([&] { (void)map.value(map.update(map.init(), found, empty)).precision.item<double>(); },
                                {"no samples"}));
  const auto value = [&](const metrics::Detections& d) {
    (void)map.value(map.update(map.init(), d, there)).precision.item<double>();
  };
  BOOST_TEST(throws<ShapeError>([&] { value({found.boxes, xg::ones({2}), found.labels}); }, {"scores"}));
  BOOST_TEST(throws<ValueError>([&] { value({found.boxes, found.scores, found.labels + 7}); }, {"[0, 3)"}));
  BOOST_TEST(throws<ValueError>([&] { value({-found.boxes, found.scores, found.labels}); }, {"width"}));
  BOOST_TEST(throws<ValueError>([&] { value({found.boxes, nan * found.scores, found.labels}); }, {"score"}));
  BOOST_TEST(
      throws<ShapeError>([&] { (void)merge(map.init(), metrics::BoxMeanAveragePrecision{}.init()); }, {"merge"}));
}

BOOST_AUTO_TEST_SUITE_END()
