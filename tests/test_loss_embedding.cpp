// Losses of embeddings: bad arguments, what their settings do, and the gradient of Circle's constant weights.
#include <boost/test/unit_test.hpp>

#include <cmath>
#include <functional>
#include <limits>
#include <vector>

#include <xgrad/loss/embedding.hpp>
#include <xgrad/xgrad.hpp>

#include "comparing.hpp"

BOOST_AUTO_TEST_SUITE(test_loss_embedding)

namespace xg = xgrad;
namespace loss = xgrad::loss;
using comparing::near;
using comparing::same;
using comparing::throws;
using comparing::wave;
using xg::Shape;
using xg::Var;

namespace {

Var integers(const std::vector<std::int64_t>& values) {
  auto array = xg::Array<std::int64_t>::from_shape({values.size()});
  std::copy(values.begin(), values.end(), array.data());
  return {std::move(array)};
}

const double not_a_number = std::numeric_limits<double>::quiet_NaN();

/// A loss of two views [N, D].
template <class L>
void check_pair_errors(const L& l, const char* first, const char* second) {
  BOOST_TEST(throws<xg::ShapeError>([&] { return l(wave({3}), wave({3})); }, {L::name, first, "[3]", "[N, D]"}));
  BOOST_TEST(throws<xg::ShapeError>(
      [&] {
        return l(wave({3, 2}), wave({2, 3}));
      },
      {L::name, first, second, "[3, 2]", "[2, 3]", "same shape"}));
  BOOST_TEST(throws<xg::ShapeError>([&] { return l(wave({3, 2}), wave({1, 2})); }, {L::name, "[1, 2]"}));
}

template <class L>
void check_temperature(L l, const Var& second) {
  const Var x = wave({3, 2});
  l.temperature = 0.0;
  BOOST_TEST(throws<xg::ValueError>([&] { return l(x, second); }, {L::name, "temperature 0", "not positive"}));
  l.temperature = not_a_number;
  BOOST_TEST(throws<xg::ValueError>([&] { return l(x, second); }, {L::name, "temperature", "not positive"}));
  l.temperature = wave({1});
  BOOST_TEST(throws<xg::ShapeError>([&] { return l(x, second); }, {L::name, "temperature", "[1]", "one number"}));
}

template <class L>
void check_setting(const L& l, const Var& a, const Var& b, const char* setting, const char* requirement) {
  BOOST_TEST(throws<xg::ValueError>([&] { return l(a, b); }, {L::name, setting, requirement}));
}

template <class L>
void check_setting(const L& l, const Var& a, const Var& b, const Var& c, const char* setting, const char* requirement) {
  BOOST_TEST(throws<xg::ValueError>([&] { return l(a, b, c); }, {L::name, setting, requirement}));
}

template <class L>
void check_labels_errors(const L& l) {
  BOOST_TEST(throws<xg::ShapeError>([&] { return l(wave({3}), integers({0, 1, 0})); }, {L::name, "features", "[3]"}));
  BOOST_TEST(throws<xg::ShapeError>(
      [&] {
        return l(wave({3, 2}), integers({0, 1}));
      },
      {L::name, "labels", "[2]", "[3, 2]", "must be [3]"}));
  BOOST_TEST(throws<xg::TypeError>(
      [&] {
        return l(wave({3, 2}), wave({3}));
      },
      {L::name, "labels", "float64", "int64"}));
}

}  // namespace

BOOST_AUTO_TEST_CASE(cosine_embedding_refuses) {
  const Var x = wave({3, 2});
  const Var t = integers({1, -1, 1});
  const loss::CosineEmbedding l;
  BOOST_TEST(throws<xg::ShapeError>([&] { return l(1.0, 1.0, 1); }, {"CosineEmbedding", "first input", "scalar"}));
  BOOST_TEST(throws<xg::ShapeError>(
      [&] {
        return l(x, wave({3, 1}), t);
      },
      {"CosineEmbedding", "first input", "second input", "[3, 2]", "[3, 1]"}));
  BOOST_TEST(throws<xg::ShapeError>(
      [&] {
        return l(x, x, reshape(t, {3, 1}));
      },
      {"CosineEmbedding", "target", "[3, 1]", "must be [3]"}));
  check_setting(loss::CosineEmbedding{.margin = 1.5}, x, x, t, "margin is 1.5", "[-1, 1]");
  check_setting(loss::CosineEmbedding{.margin = not_a_number}, x, x, t, "margin", "[-1, 1]");
  check_setting(l, x, x, integers({1, 0, 1}), "target 0", "neither -1 nor 1");
  check_setting(l, x, x, Var(xt::xarray<double>{1.0, not_a_number, 1.0}), "target nan", "neither -1 nor 1");
  BOOST_TEST(near(loss::CosineEmbedding{.check_targets = false}(x, x, integers({1, 0, 1})),
                  xt::xarray<double>{0.0, 1.0, 0.0}, 1e-10));
}

BOOST_AUTO_TEST_CASE(hinges_refuse) {
  const Var x = wave({3});
  const Var t = integers({1, -1, 1});
  const Var bad = integers({1, 2, 1});
  BOOST_TEST(throws<xg::ShapeError>(
      [&] {
        return loss::HingeEmbedding{}(x, reshape(t, {3, 1}));
      },
      {"HingeEmbedding", "distance", "target", "[3]", "[3, 1]"}));
  check_setting(loss::HingeEmbedding{.margin = -1.0}, x, t, "margin is -1", "negative");
  check_setting(loss::HingeEmbedding{}, x, bad, "target 2", "neither -1 nor 1");
  BOOST_TEST(same(loss::HingeEmbedding{.check_targets = false}(x, bad), x + zeros_like(x)));

  const loss::MarginRanking ranking;
  BOOST_TEST(throws<xg::ShapeError>([&] { return ranking(x, wave({2}), t); },
                                    {"MarginRanking", "first input", "second input", "[2]"}));
  BOOST_TEST(throws<xg::ShapeError>([&] { return ranking(x, x, integers({1})); },
                                    {"MarginRanking", "first input", "target", "[1]"}));
  check_setting(loss::MarginRanking{.margin = -1.0}, x, x, t, "margin is -1", "negative");
  check_setting(ranking, x, x, bad, "target 2", "neither -1 nor 1");
  BOOST_TEST(same(loss::MarginRanking{.margin = 1.0, .check_targets = false}(x, x, bad), ones_like(x)));
}

BOOST_AUTO_TEST_CASE(triplet_margin_refuses) {
  const Var x = wave({3, 2});
  const loss::TripletMargin l;
  BOOST_TEST(throws<xg::ShapeError>([&] { return l(1.0, 1.0, 1.0); }, {"TripletMargin", "anchor", "scalar"}));
  BOOST_TEST(throws<xg::ShapeError>([&] { return l(x, wave({2}), x); },
                                    {"TripletMargin", "anchor", "positive", "[3, 2]", "[2]"}));
  BOOST_TEST(throws<xg::ShapeError>(
      [&] {
        return l(x, x, wave({1, 2}));
      },
      {"TripletMargin", "anchor", "negative", "[1, 2]"}));
  check_setting(loss::TripletMargin{.margin = -0.5}, x, x, x, "margin is -0.5", "negative");
  check_setting(loss::TripletMargin{.p = 0.0}, x, x, x, "p is 0", "positive");
  check_setting(loss::TripletMargin{.eps = -1.0}, x, x, x, "eps is -1", "negative");
  int calls = 0;
  const loss::TripletMargin odd{.distance = [&calls](const Var& a, const Var&) { return calls++ == 0 ? a : sum(a); }};
  BOOST_TEST(throws<xg::ShapeError>([&] { return odd(x, x, x); },
                                    {"TripletMargin", "distance of the positive", "distance of the negative"}));
}

BOOST_AUTO_TEST_CASE(contrastive_refuses) {
  const Var x = wave({3, 2});
  const Var t = integers({1, 0, 1});
  const Var bad = integers({1, -1, 1});
  const loss::Contrastive l;
  BOOST_TEST(throws<xg::ShapeError>(
      [&] {
        return l(wave({3}), reshape(t, {3, 1}));
      },
      {"Contrastive", "distance", "[3]", "[3, 1]"}));
  BOOST_TEST(throws<xg::ShapeError>([&] { return l(1.0, 1.0, 1); }, {"Contrastive", "first input", "scalar"}));
  BOOST_TEST(throws<xg::ShapeError>([&] { return l(x, wave({2, 2}), t); }, {"Contrastive", "second input", "[2, 2]"}));
  BOOST_TEST(throws<xg::ShapeError>([&] { return l(x, x, integers({1})); }, {"Contrastive", "[1]", "must be [3]"}));
  check_setting(loss::Contrastive{.margin = 0.0}, wave({3}), t, "margin is 0", "positive");
  check_setting(loss::Contrastive{.margin = 0.0}, x, x, t, "margin is 0", "positive");
  check_setting(l, wave({3}), bad, "target -1", "neither 0 nor 1");
  check_setting(l, x, x, bad, "target -1", "neither 0 nor 1");
  const loss::Contrastive unchecked{.check_targets = false};
  BOOST_TEST(same(unchecked(x, x, bad), xt::xarray<double>{0.0, 0.0, 0.0}));
  BOOST_TEST(same(unchecked(wave({3}), bad), l(wave({3}), integers({1, 1, 1}))));
}

BOOST_AUTO_TEST_CASE(losses_of_batches_refuse) {
  check_pair_errors(loss::NPairs{}, "anchor", "positive");
  check_pair_errors(loss::NtXent{}, "first view", "second view");
  check_pair_errors(loss::InfoNce{}, "query", "key");
  check_pair_errors(loss::Clip{}, "image", "text");
  check_pair_errors(loss::BarlowTwins{}, "first view", "second view");
  check_pair_errors(loss::Vicreg{}, "first view", "second view");
  check_labels_errors(loss::SupCon{});
  check_labels_errors(loss::Circle{});
  const Var x = wave({3, 2});
  check_temperature(loss::NtXent{}, x);
  check_temperature(loss::InfoNce{}, x);
  check_temperature(loss::Clip{}, x);
  check_temperature(loss::SupCon{}, integers({0, 1, 0}));
  check_setting(loss::Circle{.m = 1.0}, x, integers({0, 1, 0}), "m is 1", "[0, 1)");
  check_setting(loss::Circle{.gamma = 0.0}, x, integers({0, 1, 0}), "gamma is 0", "positive");
  check_setting(loss::BarlowTwins{.lambda = -1.0}, x, x, "lambda is -1", "negative");
  check_setting(loss::BarlowTwins{.eps = 0.0}, x, x, "eps is 0", "positive");
  check_setting(loss::Vicreg{.invariance = -1.0}, x, x, "invariance is -1", "negative");
  check_setting(loss::Vicreg{.variance = -1.0}, x, x, "variance is -1", "negative");
  check_setting(loss::Vicreg{.covariance = -1.0}, x, x, "covariance is -1", "negative");
  check_setting(loss::Vicreg{.eps = 0.0}, x, x, "eps is 0", "positive");
}

BOOST_AUTO_TEST_CASE(a_triplet_loss_keeps_its_distance_as_a_tree) {
  const loss::TripletMargin l{.margin = 0.0, .distance = [](const Var& a, const Var& b) { return sum(a - b, -1); }};
  BOOST_TEST(xg::tree::leaves(l).empty());
  const loss::TripletMargin copy = xg::tree::map(l, [](const Var& x) { return x; });
  const Var x = wave({3, 2});
  BOOST_TEST(near(copy(x, x - 2.0, x - 1.0), xt::xarray<double>{2.0, 2.0, 2.0}));

  BOOST_TEST((copy.distance == l.distance));
  BOOST_TEST((copy.distance != loss::TripletMargin().distance));
  BOOST_TEST(!static_cast<bool>(loss::Distance(std::function<Var(const Var&, const Var&)>())));
  const auto step =
      xg::compile([](const loss::TripletMargin& triplet, const Var& a) { return triplet(a, a, a - 1.0); });
  const loss::TripletMargin euclidean{.margin = 4.0, .p = 1.0, .eps = 0.0};
  const loss::TripletMargin other{.margin = 4.0, .distance = [](const Var& a, const Var&) { return sum(0.0 * a, -1); }};
  BOOST_TEST(near(step(euclidean, x), xt::xarray<double>{2.0, 2.0, 2.0}));
  BOOST_TEST(near(step(other, x), xt::xarray<double>{4.0, 4.0, 4.0}));
  BOOST_TEST(near(step(euclidean, x), xt::xarray<double>{2.0, 2.0, 2.0}));
}

BOOST_AUTO_TEST_CASE(the_temperature_is_trained_in_the_precision_of_the_model) {
  const Var first = wave<float>({4, 3});
  const Var second = wave<float>({4, 3}, 1.0);
  const Var labels = integers({0, 1, 0, 1});
  const auto check = [&](const auto& settings, const Var& other) {
    using L = std::decay_t<decltype(settings)>;
    const auto value = [&](const L& l) {
      const Var values = l(first, other);
      BOOST_TEST(values.dtype() == xg::DType::Float32);
      return mean(values);
    };
    const L slope = xg::grad(value)(settings);
    L hotter = settings;
    L colder = settings;
    hotter.temperature = settings.temperature + 0.01;
    colder.temperature = settings.temperature - 0.01;
    const float difference = (value(hotter).template item<float>() - value(colder).template item<float>()) / 0.02F;
    BOOST_TEST(std::abs(slope.temperature.template item<double>() - difference) < 2e-3);
  };
  check(loss::NtXent{.temperature = 0.5}, second);
  check(loss::InfoNce{.temperature = 0.5}, second);
  check(loss::Clip{.temperature = 0.5}, second);
  check(loss::SupCon{.temperature = 0.5}, labels);
}

BOOST_AUTO_TEST_CASE(integer_targets_do_not_widen_floats) {
  const Var x = wave<float>({3});
  const Var t = integers({1, -1, 1});
  BOOST_TEST(loss::MarginRanking{}(x, x, t).dtype() == xg::DType::Float32);
  BOOST_TEST(loss::HingeEmbedding{}(x, t).dtype() == xg::DType::Float32);
}

BOOST_AUTO_TEST_CASE(the_gradient_of_circle_holds_the_weights_constant) {
  // Three unit vectors, of which 0 and 1 have one positive and one negative each.
  const double angles[] = {0.3, 1.1, 2.0};
  auto z = xg::Array<double>::from_shape({3, 2});
  for (std::size_t i = 0; i < 3; ++i) z(i, 0) = std::cos(angles[i]), z(i, 1) = std::sin(angles[i]);
  const loss::Circle l{.m = 0.25, .gamma = 3.0};
  const Var labels = integers({0, 0, 1});
  // d loss / d s as in equation 10 of the paper; d s / d angle = -sin(difference).
  double expected[] = {0, 0, 0};
  for (std::size_t i = 0; i < 2; ++i) {
    const std::size_t p = 1 - i;
    const std::size_t n = 2;
    const double sp = std::cos(angles[i] - angles[p]);
    const double sn = std::cos(angles[i] - angles[n]);
    const double both = 3.0 * ((sn + 0.25) * (sn - 0.25) + (1.25 - sp) * (0.75 - sp));
    const double share = 1.0 / (1.0 + std::exp(-both));
    const double by_p = -share * 3.0 * (1.25 - sp);
    const double by_n = share * 3.0 * (sn + 0.25);
    expected[i] += -std::sin(angles[i] - angles[p]) * by_p - std::sin(angles[i] - angles[n]) * by_n;
    expected[p] += std::sin(angles[i] - angles[p]) * by_p;
    expected[n] += std::sin(angles[i] - angles[n]) * by_n;
  }
  const Var gradient = xg::grad([&](const Var& x) { return sum(l(x, labels)); })(Var(z));
  for (std::size_t i = 0; i < 3; ++i) {
    const xg::Array<double>& g = gradient.array<double>();
    const double by_angle = -std::sin(angles[i]) * g(i, 0) + std::cos(angles[i]) * g(i, 1);
    BOOST_TEST(std::abs(by_angle - expected[i]) < 1e-12);
  }
  loss::Circle differentiated = l;
  differentiated.constant_weights = false;
  BOOST_TEST(same(l(Var(z), labels), differentiated(Var(z), labels)));
}

BOOST_AUTO_TEST_SUITE_END()
