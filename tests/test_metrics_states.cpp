// Metrics of texts, against published examples; running means, collections and intervals.
#include "comparing.hpp"

#include <cmath>
#include <cstdint>
#include <limits>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <boost/test/unit_test.hpp>
#include <xgrad/metrics.hpp>
#include <xgrad/xgrad.hpp>

BOOST_AUTO_TEST_SUITE(test_metrics_states)

namespace xg = xgrad;
namespace metrics = xgrad::metrics;
using comparing::near;
using comparing::same;
using comparing::throws;
using xg::ShapeError;
using xg::ValueError;
using xg::Var;

namespace {

const double nan = std::numeric_limits<double>::quiet_NaN();
const Var w12 = xt::xarray<double>{1, 2, 0.5, 1, 3, 1, 0.25, 1, 1, 2, 1, 0.75};
const xt::xarray<std::int64_t> y12{0, 1, 2, 2, 1, 0, 2, 1, 1, 0, 2, 2};
const Var p12 = xt::xarray<double>{2.5, 0.5, 2.0, 8.0, 1.25, 3.0, 3.0, 7.5, 0.25, 4.0, 5.5, 6.0};
const xt::xarray<double> t12{3.0, 0.75, 2.0, 7.0, 1.5, 2.5, 4.5, 7.0, 0.5, 4.0, 6.5, 5.0};

}  // namespace

BOOST_AUTO_TEST_CASE(texts) {
  const metrics::EditDistance edits;
  const auto distance = [&](std::string_view a, std::string_view b) {
    return edits.value(edits.update(edits.init(), a, b)).item<double>();
  };
  BOOST_TEST(distance("kitten", "sitting") == 3.0);
  BOOST_TEST(distance("", "abc") == 3.0);
  BOOST_TEST(distance("abc", "") == 3.0);
  BOOST_TEST(distance("na\xC3\xAFve", "naive") == 1.0);
  BOOST_TEST(distance("\xFF\xC3", "\xC3\xFF") == 2.0);
  const std::vector<std::int64_t> some{5, 6, 7}, others{6, 7, 8};
  BOOST_TEST(near(edits.value(edits.update(edits.init(), some, others)), 2.0));

  // The example of jiwer's and torchmetrics' pages.
  const metrics::WordErrorRate words;
  const auto a = words.update(words.init(), "this is the prediction", "this is the reference");
  const auto b = words.update(words.init(), " there is an other\nsample ", "there is another one");
  BOOST_TEST(near(words.value(merge(a, b)), 0.5));
  BOOST_TEST(near(words.value(words.update(words.init(), some, others)), 2.0 / 3.0));
  const metrics::CharacterErrorRate characters;
  const auto c = characters.update(characters.init(), "this is the prediction", "this is the reference");
  const auto d = characters.update(characters.init(), "there is an other sample", "there is another one");
  BOOST_TEST(near(characters.value(merge(c, d)), 14.0 / 41.0));
  BOOST_TEST(throws<ValueError>([&] { (void)words.value(words.init()).item<double>(); }, {"WordErrorRate"}));
}

BOOST_AUTO_TEST_CASE(bleu) {
  // The examples of NLTK's pages on sentence_bleu and corpus_bleu.
  const std::string one =
      "It is a guide to action which ensures that the military always obeys the commands of the party";
  const std::vector<std::string> references{
      "It is a guide to action that ensures that the military will forever heed Party commands",
      "It is the guiding principle which guarantees the military forces always being under the command of the Party",
      "It is the practical guide for the army always to heed the directions of the party"};
  const metrics::Bleu score;
  const auto first = score.update(score.init(), one, references);
  BOOST_TEST(near(score.value(first), 0.5045666840058485));
  const auto second = score.update(score.init(), "he read the book because he was interested in world history",
                                   {"he was interested in world history because he read the book"});
  BOOST_TEST(near(score.value(merge(first, second)), 0.5920778868801042));
  BOOST_TEST(near(score.value(score.update(score.init(), "the cat", {"the cat sat"})), 0.0));
  const metrics::Bleu smooth{.order = 2, .smooth = true};
  // 2 of 3 words, (1 + 1) of (2 + 1) pairs, one word too short.
  const std::vector<std::int64_t> p{1, 2, 9};
  const auto state = smooth.update(smooth.init(), p, {{1, 2, 3, 4}});
  BOOST_TEST(near(smooth.value(state), std::exp(1.0 - 4.0 / 3.0) * 2.0 / 3.0));
  BOOST_TEST(near(score.value(score.update(score.init(), "", {"a b"})), 0.0));
  BOOST_TEST(throws<ValueError>([&] { (void)score.value(score.init()).item<double>(); }, {"Bleu"}));
  BOOST_TEST(
      throws<ValueError>([&] { (void)score.update(score.init(), one, std::vector<std::string>()); }, {"reference"}));
  BOOST_TEST(throws<ValueError>([] { (void)metrics::Bleu{.order = 0}.init(); }, {"order", "1 to 1000"}));
  BOOST_TEST(throws<ValueError>([] { (void)metrics::Bleu{.order = ~std::size_t{0}}.init(); }, {"order", "1 to 1000"}));
}

BOOST_AUTO_TEST_CASE(bytes_that_are_no_text_are_characters_each) {
  const metrics::EditDistance distance;
  const auto count = [&](std::string_view text) {
    return distance.value(distance.update(distance.init(), text, "")).item<double>();
  };
  for (const char* one : {"a", "\xC3\xA9", "\xE0\xA0\x80", "\xED\x9F\xBF", "\xF0\x90\x80\x80", "\xF4\x8F\xBF\xBF"}) {
    BOOST_TEST(count(one) == 1.0);
  }
  for (const char* none : {"\x80", "\xC1\xBF", "\xE0\x9F\xBF", "\xED\xA0\x80", "\xF0\x8F\xBF\xBF", "\xF4\x90\x80\x80",
                           "\xE2\x82", "\xF5\x80\x80\x80"}) {
    BOOST_TEST(count(none) == static_cast<double>(std::string_view(none).size()));
  }
}

BOOST_AUTO_TEST_CASE(settings_and_numbers_at_the_edges) {
  const double infinity = std::numeric_limits<double>::infinity();
  const auto value_of = [](const auto& metric, const Var& p, const Var& t) {
    return metric.value(metric.update(metric.init(), p, t));
  };
  // Infinite scores are scores like others: curves begin where nothing is positive.
  const Var scores = xt::xarray<double>{infinity, infinity, 1.0, -infinity};
  const Var labels = xt::xarray<std::int64_t>{1, 0, 1, 0};
  const metrics::RocPoints roc = value_of(metrics::RocCurve{}, scores, labels);
  BOOST_TEST(near(roc.true_positive_rate, xt::xarray<double>{0.0, 0.5, 0.5, 1.0, 1.0}));
  BOOST_TEST(near(roc.false_positive_rate, xt::xarray<double>{0.0, 0.5, 0.5, 0.5, 1.0}));
  const auto curve = value_of(metrics::PrecisionRecallCurve{}, scores, labels);
  BOOST_TEST(near(view(curve.precision, xt::range(0, 2)), xt::xarray<double>{1.0, 0.5}));
  BOOST_TEST(near(view(curve.recall, 0), 0.0));
  BOOST_TEST(near(value_of(metrics::EqualErrorRate{}, scores, labels), 0.5));
  const Var two = xt::xarray<std::int64_t>{1, 0};
  BOOST_TEST(near(value_of(metrics::EqualErrorRate{}, xt::xarray<double>{infinity, infinity}, two), 0.5));
  BOOST_TEST(near(value_of(metrics::EqualErrorRate{}, xt::xarray<double>{infinity, -1.0}, two), 0.0));

  const auto unsure = [&] { (void)value_of(metrics::Accuracy{.labels = metrics::binary(nan)}, scores, labels); };
  BOOST_TEST(throws<ValueError>(unsure, {"Accuracy", "threshold", "nan"}));
  const auto endless = [&] {
    const Var relevance = xt::xarray<double>{1.0, infinity, 0.0};
    (void)value_of(metrics::Ndcg{}, xt::xarray<double>{1.0, 2.0, 3.0}, relevance).item<double>();
  };
  BOOST_TEST(throws<ValueError>(endless, {"Ndcg", "inf", "finite"}));
  const auto without_end = [&] {
    const metrics::BoxMeanAveragePrecision map{.classes = 1};
    const Var boxes = xt::xarray<double>{{0.0, 0.0, infinity, 1.0}};
    const Var zero = xg::zeros({1}, xg::DType::Int64);
    (void)map.value(map.update(map.init(), {boxes, xg::ones({1}), zero}, {boxes, zero})).precision.item<double>();
  };
  BOOST_TEST(throws<ValueError>(without_end, {"BoxMeanAveragePrecision", "inf", "finite"}));
  const auto hardly = [&] { (void)value_of(metrics::LogLoss{}, xg::full({2}, 1.0000001), two).item<double>(); };
  BOOST_TEST(throws<ValueError>(hardly, {"LogLoss", "1.0000001", "[0, 1]"}));
  const auto steep = [&] { (void)value_of(metrics::Pinball{.q = 1e9}, scores, scores); };
  BOOST_TEST(throws<ValueError>(steep, {"q is 1e+09;"}));
  // Squares of settings that overflow or vanish.
  const Var guess = xt::xarray<std::int64_t>{1, 1, 1, 0};
  BOOST_TEST(near(value_of(metrics::FBeta{.beta = 1e200}, guess, labels), 1.0));
  BOOST_TEST(near(value_of(metrics::FBeta{.beta = 1e-200}, guess, labels), 2.0 / 3.0));
  for (const double spacing : {1e-200, 0.25, 1e200}) {
    const Var one = xt::xarray<std::int64_t>{{{1, 0, 0}, {0, 0, 0}}};
    const Var other = xt::xarray<std::int64_t>{{{0, 0, 1}, {0, 0, 0}}};
    const Var found = value_of(metrics::HausdorffDistance{.spacing = {spacing, spacing}}, one, other);
    BOOST_TEST(near(found / spacing, 2.0));
  }
}

BOOST_AUTO_TEST_CASE(states_of_others_are_refused) {
  const metrics::Auroc scores;
  const auto of_scores = scores.update(scores.init(), p12, xg::Var(y12) > 0);
  const metrics::Auroc classes{.labels = metrics::multiclass(3)};
  const auto of_classes = classes.update(classes.init(), xg::one_hot(y12, 3), y12);
  const metrics::Spearman numbers;
  const auto of_numbers = numbers.update(numbers.init(), p12, t12);
  const metrics::Silhouette points{.clusters = 3};
  const auto of_points = points.update(points.init(), xg::expand_dims(p12, 1), y12);
  const auto refused = [](const auto& metric, const metrics::Samples& state) {
    return throws<ShapeError>([&] { (void)metric.value(state); }, {"another metric", metric.name});
  };
  BOOST_TEST(refused(scores, of_numbers));
  BOOST_TEST(refused(scores, of_classes));
  BOOST_TEST(refused(classes, of_scores));
  BOOST_TEST(refused(scores, of_points));
  BOOST_TEST(refused(metrics::AveragePrecision{}, of_classes));
  BOOST_TEST(refused(metrics::RocCurve{}, of_classes));
  BOOST_TEST(refused(metrics::PrecisionRecallCurve{}, of_numbers));
  BOOST_TEST(refused(numbers, of_scores));
  BOOST_TEST(refused(metrics::Kendall{}, of_scores));
  BOOST_TEST(refused(metrics::MedianAbsoluteError{}, of_points));
  BOOST_TEST(refused(points, of_numbers));
  BOOST_TEST(refused(metrics::ConcordanceIndex{}, of_scores));

  // Of detections, which may come out of a file.
  const metrics::BoxMeanAveragePrecision map{.classes = 2};
  metrics::Matches matches = map.init();
  matches.objects = xg::ones({2, 4});
  const std::size_t columns = matches.found.shape()[1];
  for (const double label : {-1.0, 2.0, 1e18, nan}) {
    matches.found = xg::full({1, columns}, label);
    BOOST_TEST(throws<ValueError>([&] { (void)map.value(matches).precision.item<double>(); }, {"class", "of 2"}));
  }
  matches.found = xg::zeros({1, 2});
  BOOST_TEST(throws<ShapeError>([&] { (void)map.value(matches); }, {"[1, 2]", "another metric"}));
}

BOOST_AUTO_TEST_CASE(running_mean) {
  const metrics::RunningMean last{.length = 3};
  const Var x = xt::xarray<double>{1.0, 2.0, nan, 4.0, 8.0};
  const Var w = xt::xarray<double>{1.0, 1.0, 0.0, 1.0, 2.0};
  BOOST_TEST(near(last.value(last.update(last.init(), view(x, 0))), 1.0));
  BOOST_TEST(near(last.value(last.update(last.init(), x, w)), 5.5));
  auto state = last.init();
  for (int i = 0; i < 5; ++i) state = last.update(state, view(x, i), view(w, i));
  BOOST_TEST(near(last.value(state), 5.5));
  const auto early = last.update(last.init(), view(x, xt::range(0, 4)), view(w, xt::range(0, 4)));
  const auto late = last.update(last.init(), 8.0, 2.0);
  BOOST_TEST(near(last.value(merge(early, late)), 5.5));
  BOOST_TEST(near(last.value(merge(last.init(), early)), 7.0 / 3.0));
  BOOST_TEST(throws<ValueError>([&] { (void)last.value(last.init()).item<double>(); }, {"RunningMean"}));
  BOOST_TEST(throws<ShapeError>([&] { (void)merge(early, metrics::RunningMean{}.init()); }, {"merge"}));
}

BOOST_AUTO_TEST_CASE(collections) {
  const auto all =
      metrics::collection(metrics::Named{"error", metrics::MeanSquaredError{}}, metrics::Named{"r2", metrics::R2{}},
                          metrics::Named{"rank", metrics::Spearman{}});
  const auto part = [&](int from, int to) {
    const auto some = xt::range(from, to);
    return all.update(all.init(), view(p12, some), view(Var(t12), some), view(w12, some));
  };
  const auto state = merge(part(0, 5), part(5, 12));
  const std::map<std::string, Var> values = all.value(state);
  BOOST_TEST(values.size() == 3U);
  BOOST_TEST(near(values.at("error"), 0.30603448275862066));
  BOOST_TEST(near(values.at("r2"), 0.9393099789250291));
  BOOST_TEST(near(values.at("rank"), 0.9684210526315791));
  BOOST_TEST(xg::tree::to_string(state).find("error.values") != std::string::npos);
  auto step = xg::compile([&](const auto& s, const Var& p, const Var& t) { return all.update(s, p, t); });
  BOOST_TEST(near(all.value(step(all.init(), p12, t12)).at("error"), 0.515625));
  // A state that no collection has made has no values, but it is a tree.
  const std::remove_cvref_t<decltype(all)>::State nothing;
  BOOST_TEST(throws<xg::TapeError>([&] { (void)all.update(nothing, p12, t12); }, {"empty"}));
  BOOST_TEST(throws<xg::TapeError>([&] { (void)all.value(nothing); }, {"empty"}));
  BOOST_TEST(xg::tree::arrays(nothing).size() > 0U);
  const auto other = metrics::collection(metrics::Named{"a", metrics::Mean{}}, metrics::Named{"b", metrics::Sum{}});
  const auto names = metrics::collection(metrics::Named{"a", metrics::Mean{}}, metrics::Named{"c", metrics::Sum{}});
  BOOST_TEST(near(other.value(other.update(other.init(), p12)).at("b"), sum(p12)));
  BOOST_TEST(throws<ValueError>([&] { (void)merge(other.init(), names.init()); }, {"(a, b)", "(a, c)"}));
  const auto twice = [] {
    return metrics::collection(metrics::Named{"a", metrics::Mean{}}, metrics::Named{"a", metrics::Sum{}});
  };
  BOOST_TEST(throws<ValueError>(twice, {"\"a\""}));
}

BOOST_AUTO_TEST_CASE(bootstrap_intervals) {
  const xg::random::Key key(3);
  const auto error = metrics::bootstrap(key, metrics::MeanSquaredError{}, {.resamples = 300, .level = 0.8});
  const auto found = error.value(error.update(error.init(), p12, t12, w12));
  BOOST_TEST(near(found.value, 0.30603448275862066));
  // The same by hand.
  std::vector<double> values;
  for (int i = 0; i < 300; ++i) {
    const Var which = xg::random::randint(key.fold_in(i), 0, 12, {12});
    const Var w = take(w12, which);
    values.push_back((sum(w * square(take(p12, which) - take(Var(t12), which))) / sum(w)).item<double>());
  }
  BOOST_TEST(near(found.low, quantile(Var(values), 0.1)));
  BOOST_TEST(near(found.high, quantile(Var(values), 0.9)));
  BOOST_TEST(near(found.deviation, stddev(Var(values), {0}, {.ddof = 1.0})));
  // In batches, with samples that have no weight: the same bits.
  const auto part = [&](int from, int to) {
    const auto some = xt::range(from, to);
    return error.update(error.init(), view(p12, some), view(Var(t12), some), view(w12, some));
  };
  const Var bad = xt::xarray<double>{nan};
  const auto masked = merge(part(0, 5), error.update(part(0, 0), bad, bad, xt::xarray<double>{0.0}));
  const auto again = error.value(merge(masked, part(5, 12)));
  BOOST_TEST(same(again.low, found.low));
  BOOST_TEST(same(again.high, found.high));
  // Classes, a value for each; and one without weights.
  const auto recall = metrics::bootstrap(
      key, metrics::Recall{.labels = metrics::multiclass(3), .average = metrics::Average::None}, {.resamples = 20});
  BOOST_TEST(recall.value(recall.update(recall.init(), y12, y12)).low.shape() == xg::Shape{3});
  const auto rank = metrics::bootstrap(key, metrics::Kendall{}, {.resamples = 20});
  BOOST_TEST(near(rank.value(rank.update(rank.init(), p12, t12)).value, 0.8923076923076924));
  BOOST_TEST(throws<ValueError>([&] { (void)error.value(error.init()); }, {"Bootstrap", "no samples"}));
  BOOST_TEST(throws<ShapeError>([&] { (void)error.update(error.init(), p12, Var(1.0)); }, {"first extent"}));
  const auto wrong = metrics::bootstrap(key, metrics::MeanSquaredError{}, {.level = 1.0});
  BOOST_TEST(throws<ValueError>([&] { (void)wrong.value(wrong.update(wrong.init(), p12, t12)); }, {"level"}));
}

BOOST_AUTO_TEST_SUITE_END()
