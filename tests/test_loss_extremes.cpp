// Every loss of numbers that may have any size, at 1e20 and at 1e-30, whose squares overflow and vanish in float32:
// values and gradients beside those of the same numbers in float64. And settings of such sizes,
// and second derivatives.
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <functional>
#include <limits>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include <boost/test/unit_test.hpp>
#include <xgrad/loss/list.hpp>
#include <xgrad/xgrad.hpp>

#include "comparing.hpp"
#include "losses/loss_table.hpp"

BOOST_AUTO_TEST_SUITE(test_loss_extremes)

namespace {

namespace xg = xgrad;
using xg::DType;
using xg::Var;
using xg::testing::Case;
using xg::testing::LossRow;

/// Which of the arguments of these losses may have any size. The others are labels, scales, weights, settings;
/// gradients by those that are no labels are compared all the same.
struct AnySize {
  std::vector<std::size_t> places;
  std::vector<std::string> losses;
};

// clang-format off
const std::vector<AnySize> any_size{
    {{0},
     {"CrossEntropy", "Nll", "CategoricalFocal", "Poly1", "LogitAdjusted", "Brier", "BinaryCrossEntropy", "Focal",
      "AsymmetricLoss", "GeneralizedCrossEntropy", "SymmetricCrossEntropy", "BiTempered", "Sparsemax", "FenchelYoung",
      "Ordinal", "Distillation", "Hinge", "SquaredHinge", "SoftMargin", "Perceptron", "Exponential", "MulticlassHinge",
      "MulticlassPerceptron", "MultiMargin", "MultiLabelMargin", "MultiLabelSoftMargin", "LovaszHinge", "RankNet",
      "ListNet", "ListMle", "LambdaRank", "ApproxNdcg", "EntropyBonus", "Ctc", "KlDivergence"}},
    {{0},
     {"CoxPartial", "PoissonNll", "GammaNll", "Tweedie", "NegativeBinomialNll", "HingeEmbedding", "SupCon", "Circle",
      "TotalVariationPenalty"}},
    {{0, 1},
     {"Mse", "HalfSquared", "Rmse", "Mae", "LogCosh", "Mape", "Smape", "Pinball", "Expectile", "EpsilonInsensitive",
      "SquaredEpsilonInsensitive", "Linex", "CosineDistance", "Huber", "SmoothL1", "Charbonnier", "PseudoHuber",
      "Cauchy", "Welsch", "GemanMcClure", "Tukey", "Barron", "Wing"}},
    {{0, 1},
     {"GaussianNll", "LaplaceNll", "StudentTNll", "MixtureGaussianNll", "CrpsGaussian", "CrpsEnsemble",
      "Wasserstein1d", "Sinkhorn", "Mmd", "EnergyDistance", "GeneralizedKl", "BayesianPersonalizedRanking",
      "CosineEmbedding", "MarginRanking", "Contrastive", "NPairs", "NtXent", "InfoNce", "Clip", "BarlowTwins", "Vicreg",
      "Giou", "Diou", "Ciou", "Ssim", "Psnr", "GradientDifference"}},
    {{0, 1}, {"L1", "L2", "ElasticNet", "GroupLasso", "Orthogonality", "SpectralNorm"}},
    {{0, 1, 2}, {"TripletMargin", "Lipschitz"}},
    {{0, 2}, {"GaussianKl"}},
    {{1}, {"Boundary", "JacobianPenalty"}},
    {{2}, {"GradientPenalty"}},
    {{1, 2, 3}, {"UncertaintyWeighting"}}};

/// The losses of probabilities and cosines, and of numbers above -1.
const std::set<std::string> bounded{
    "BinaryCrossEntropyProbability", "JensenShannon", "Renyi", "Hellinger", "TotalVariation", "Dice", "Tversky",
    "GeneralizedDice", "FocalTversky", "Jaccard", "LovaszSoftmax", "ArcFace", "CosFace", "Msle"};
// clang-format on

/// Rows for which float32 has no room, in their values or only in their gradients. A row that holds must not stand
/// here.
struct Excuse {
  double size;
  bool of_value;
  std::string why;
  std::vector<std::string> rows;
};

const std::vector<Excuse> excuses{
    {1e20,
     false,
     "infinities of both signs meet in a gradient that is too large for float32",
     {"Vicreg", "Vicreg.weights", "Orthogonality", "Orthogonality.kernel", "GradientPenalty",
      "GradientPenalty.zero_target", "GradientPenalty.one_sided"}},
    {1e20,
     true,
     "infinite products, costs or distances are subtracted from each other",
     {"NPairs", "Sinkhorn", "Sinkhorn.biased", "TripletMargin.distance"}},
    {1e20, false, "the infinite squares of all components count alike", {"MixtureGaussianNll"}},
    {1e20,
     false,
     "the loss is infinite, and the gradient goes through products as large",
     {"Barron.above", "Barron.trained", "Lipschitz"}},
    {1e20, false, "the gradient of a sure class is rounding errors, in float64 too", {"BiTempered.heavy"}},
    {1e-30, true, "differences of numbers near 1 are rounding errors, in float64 too", {"Sinkhorn", "Sinkhorn.biased"}},
    {1e-30, false, "differences of logarithms are rounding errors, in float64 too", {"EntropyBonus", "ListNet"}},
    {1e-30, false, "a cosine of 1e-48 is 0, where the hinge has its kink", {"CosineEmbedding"}}};

std::string loss_of(const LossRow& row) { return row.name.substr(0, row.name.find('.')); }

std::vector<std::size_t> places_of(const LossRow& row) {
  for (const AnySize& each : any_size) {
    const auto& losses = each.losses;
    if (std::find(losses.begin(), losses.end(), loss_of(row)) != losses.end()) return each.places;
  }
  return {};
}

bool is_float(const Var& x) { return is_floating(x.dtype()); }

/// The arguments in float32, those of any size times a size.
Case sized(const LossRow& row, const Case& at, double size) {
  Case result;
  const std::vector<std::size_t> places = places_of(row);
  for (std::size_t i = 0; i < at.size(); ++i) {
    const bool grows = std::find(places.begin(), places.end(), i) != places.end();
    if (is_float(at[i])) result.push_back(cast(grows ? size * at[i] : at[i], DType::Float32));
    else result.push_back(at[i]);
  }
  return result;
}

/// The value, and the gradient of its sum by each floating-point argument.
std::vector<std::vector<double>> value_and_gradients(const LossRow& row, const Case& at, DType type) {
  xg::Tape tape;
  Case arguments;
  Case inputs;
  for (const Var& x : at) {
    arguments.push_back(tape.leaf(is_float(x) ? cast(x, type) : x));
    if (is_float(x)) inputs.push_back(arguments.back());
  }
  const Var value = row.function(arguments);
  std::vector<Var> results = tape.gradients(value, inputs, ones_like(value));
  results.insert(results.begin(), value);
  std::vector<std::vector<double>> numbers;
  for (const Var& each : tape.evaluate(results)) numbers.push_back(comparing::doubles(each));
  return numbers;
}

/// Whether float32 has what float64 has, as far as it can hold it: infinity is right for what it cannot, and beside
/// that limit, which what the loss is computed from may pass before it does.
bool is_right(double found, double exact, double rounding) {
  constexpr double largest = std::numeric_limits<float>::max();
  if (found == exact) return true;
  if (std::abs(exact) > largest / 16.0 && std::isinf(found)) return found * exact > 0.0;
  if (std::abs(exact) > largest) return false;
  return std::abs(found - exact) <= 1e-3 * std::abs(exact) + rounding + double{std::numeric_limits<float>::min()};
}

/// The results of one row, in both types: [case][value and gradients][element].
struct Results {
  std::vector<std::vector<std::vector<double>>> found;
  std::vector<std::vector<std::vector<double>>> exact;
};

Results results_of(const LossRow& row, double size) {
  Results results;
  for (const Case& at : row.smooth) {
    const Case arguments = sized(row, at, size);
    results.found.push_back(value_and_gradients(row, arguments, DType::Float32));
    results.exact.push_back(value_and_gradients(row, arguments, DType::Float64));
  }
  return results;
}

/// What is 0, as a difference of numbers as large as the others of its kind, is their rounding errors: a millionth of
/// the largest one that float32 can hold, of all cases.
double rounding_of(const Results& results, std::size_t kind) {
  double largest = 0.0;
  for (const auto& each : results.exact) {
    if (kind >= each.size()) continue;
    for (const double x : each[kind]) {
      if (std::abs(x) < double{std::numeric_limits<float>::max()}) largest = std::max(largest, std::abs(x));
    }
  }
  return 1e-6 * largest;
}

/// The first element that is wrong in the results of one case; nothing if all are right.
std::string complaint(const Results& results, std::size_t of_case, std::size_t kind) {
  const std::vector<double>& found = results.found[of_case][kind];
  const std::vector<double>& exact = results.exact[of_case][kind];
  const double rounding = rounding_of(results, kind);
  for (std::size_t i = 0; i < found.size(); ++i) {
    if (is_right(found[i], exact[i], rounding)) continue;
    std::ostringstream text;
    text << "case " << of_case << (kind == 0 ? ", value" : ", gradient " + std::to_string(kind - 1)) << ", element "
         << i << " is " << found[i] << ", not " << exact[i];
    return text.str();
  }
  return {};
}

/// What is wrong with values and with gradients; nothing if all is right.
struct Complaints {
  std::string of_value;
  std::string of_gradient;
};

Complaints complaints(const LossRow& row, double size) {
  const Results results = results_of(row, size);
  Complaints first;
  for (std::size_t i = 0; i < results.found.size(); ++i) {
    for (std::size_t kind = 0; kind < results.found[i].size(); ++kind) {
      std::string& text = kind == 0 ? first.of_value : first.of_gradient;
      if (text.empty()) text = complaint(results, i, kind);
    }
  }
  return first;
}

void check_size(double size) {
  std::map<std::string, const Excuse*> excused;
  for (const Excuse& each : excuses) {
    if (each.size != size) continue;
    for (const std::string& row : each.rows) excused.emplace(row, &each);
  }
  for (const LossRow& row : xg::testing::loss_table()) {
    if (places_of(row).empty()) continue;
    const Complaints wrong = complaints(row, size);
    const auto found = excused.find(row.name);
    const Excuse* excuse = found == excused.end() ? nullptr : found->second;
    const bool value_is_excused = excuse != nullptr && excuse->of_value;
    const bool holds = (value_is_excused ? wrong.of_value : wrong.of_gradient).empty();
    BOOST_TEST((value_is_excused || wrong.of_value.empty()), row.name << " at " << size << ", " << wrong.of_value);
    if (excuse == nullptr) {
      BOOST_TEST(wrong.of_gradient.empty(), row.name << " at " << size << ", " << wrong.of_gradient);
    } else {
      BOOST_TEST(!holds, row.name << " at " << size << " is right, although " << excuse->why);
      excused.erase(found);
    }
  }
  for (const auto& [row, excuse] : excused) BOOST_TEST(false, row << " is excused, but no row has this name");
}

}  // namespace

BOOST_AUTO_TEST_CASE(every_loss_has_a_domain) {
  std::map<std::string, int> known;
  for (const AnySize& each : any_size) {
    for (const std::string& loss : each.losses) ++known[loss];
  }
  for (const std::string& loss : bounded) ++known[loss];
  std::size_t losses = 0;
  [&]<class... L>(boost::hana::tuple<boost::hana::basic_type<L>...>*) {
    losses = sizeof...(L);
    ([&] { BOOST_TEST(known[std::string(L::name)] == 1, L::name); }(), ...);
  }(static_cast<xg::loss::List*>(nullptr));
  BOOST_TEST(known.size() == losses);
}

BOOST_AUTO_TEST_CASE(squares_that_overflow) { check_size(1e20); }
BOOST_AUTO_TEST_CASE(squares_that_vanish) { check_size(1e-30); }

namespace {

/// A loss of errors with a setting of the errors' dimension.
struct Scaled {
  std::string name;
  std::function<Var(double setting, const Var& prediction, const Var& target)> function;
};

template <class L>
Scaled scaled(L (*with)(double), const std::string& variant = "") {
  return {std::string(L::name) + variant,
          [with](double setting, const Var& x, const Var& y) { return with(setting)(x, y); }};
}

std::vector<Scaled> scaled_losses() {
  using namespace xg::loss;
  std::vector<Scaled> losses{scaled(+[](double s) { return Huber{.delta = s}; }),
                             scaled(+[](double s) { return SmoothL1{.beta = s}; }),
                             scaled(+[](double s) { return Charbonnier{.eps = s}; }),
                             scaled(+[](double s) { return PseudoHuber{.delta = s}; }),
                             scaled(+[](double s) { return Cauchy{.c = s}; }),
                             scaled(+[](double s) { return Welsch{.c = s}; }),
                             scaled(+[](double s) { return GemanMcClure{.c = s}; }),
                             scaled(+[](double s) { return Tukey{.c = s}; }),
                             scaled(+[](double s) { return Wing{.w = s}; }),
                             scaled(
                                 +[](double s) { return Wing{.eps = s}; }, ".eps"),
                             scaled(
                                 +[](double s) { return Wing{.w = s, .eps = 1.0 / s}; }, ".both"),
                             scaled(+[](double s) { return EpsilonInsensitive{.eps = s}; }),
                             scaled(+[](double s) { return SquaredEpsilonInsensitive{.eps = s}; }),
                             scaled(+[](double s) { return Linex{.a = 1.0 / s}; }),
                             scaled(+[](double s) { return Mape{.eps = s}; })};
  losses.push_back(scaled(+[](double s) { return Barron{.c = s}; }));
  losses.push_back(scaled(
      +[](double s) { return Barron{.alpha = 1.95, .c = s}; }, ".beside_two"));
  losses.push_back(scaled(
      +[](double s) { return Barron{.alpha = -2.0, .c = s}; }, ".below"));
  losses.push_back(scaled(
      +[](double s) { return Barron{.alpha = 0.0, .c = s}; }, ".zero"));
  return losses;
}

std::vector<double> value_and_slope(const Scaled& loss, double setting, double error, DType type) {
  xg::Tape tape;
  const Var x = tape.leaf(cast(Var(xt::xarray<double>{double{static_cast<float>(error)}}), type));
  const Var value = loss.function(setting, x, zeros_like(x));
  std::vector<double> numbers;
  for (const Var& each : tape.evaluate({value, tape.gradient(sum(value), x)})) {
    numbers.push_back(comparing::doubles(each).at(0));
  }
  return numbers;
}

}  // namespace

BOOST_AUTO_TEST_CASE(settings_whose_squares_leave_float) {
  for (const Scaled& loss : scaled_losses()) {
    for (const double setting : {1e-30, 1e-25, 1e-12, 1e-7, 1e-3, 1e3, 1e7, 1e12, 1e20, 1e25, 1e30}) {
      for (const double ratio : {1e-10, 1e-4, 0.1, 0.6, 3.0, 1e4, 1.0 / setting, 1e5 / setting, 1e-5 / setting}) {
        const double error = setting * ratio;
        if (error > 1e38 || error < 1e-37) continue;
        const std::vector<double> found = value_and_slope(loss, setting, error, DType::Float32);
        const std::vector<double> exact = value_and_slope(loss, setting, error, DType::Float64);
        for (std::size_t i = 0; i < 2; ++i) {
          BOOST_TEST(is_right(found[i], exact[i], 0.0), loss.name << " with " << setting << " at " << error
                                                                  << ": derivative " << i << " is " << found[i]
                                                                  << ", not " << exact[i]);
        }
      }
    }
  }
}

namespace {

/// The derivative of the slope along a direction, in float32 and in float64.
template <class F>
void check_curvature(const std::string& what, const F& f, const Var& at) {
  const auto of = [&](DType type) {
    xg::Tape tape;
    const Var x = tape.leaf(cast(cast(at, DType::Float32), type));
    const Var slope = tape.gradient(sum(f(x)), x);
    return comparing::doubles(
        tape.evaluate(tape.gradient(sum(slope * cast(comparing::wave(at.shape(), 1.0), type)), x)));
  };
  const std::vector<double> found = of(DType::Float32);
  const std::vector<double> exact = of(DType::Float64);
  for (std::size_t i = 0; i < found.size(); ++i) {
    BOOST_TEST(is_right(found[i], exact[i], 0.0),
               what << ": element " << i << " of the second derivative is " << found[i] << ", not " << exact[i]);
  }
}

}  // namespace

BOOST_AUTO_TEST_CASE(second_derivatives) {
  const auto one = [](double x) { return Var(xt::xarray<double>{x}); };
  for (const double size : {1e-30, 1e-20, 1e-10, 2.3e-10, 2.4e-10, 1.0, 1e10, 1e30}) {
    for (const double ratio : {1e-6, 0.1, 0.6, 1.25, 2.0, 100.0}) {
      std::ostringstream text;
      text << "GeneralizedKl of " << ratio * size << " and " << size;
      const auto beside = [&](const Var& x, double y) { return full_like(x, double{static_cast<float>(y)}); };
      check_curvature(
          text.str() + " by the prediction",
          [&](const Var& p) { return xg::loss::GeneralizedKl{}(p, beside(p, size)); }, one(ratio * size));
      check_curvature(
          text.str() + " by the target",
          [&](const Var& t) { return xg::loss::GeneralizedKl{}(beside(t, ratio * size), t); }, one(size));
    }
  }
  for (const double error : {0.0, 1e-20, 0.5, 6.0, 50.0, 1e5, 1e20, 1e30}) {
    const auto crps = [&](const Var& scale) {
      return xg::loss::CrpsGaussian{}(full_like(scale, error), zeros_like(scale), scale);
    };
    check_curvature("CrpsGaussian by the scale", crps, one(1.0));
    const auto by_mean = [](const Var& mean) {
      return xg::loss::CrpsGaussian{}(mean, zeros_like(mean), ones_like(mean));
    };
    check_curvature("CrpsGaussian by the mean", by_mean, one(error));
  }
  for (const double size : {1e-30, 1e-20, 1.0, 1e20, 1e30}) {
    const Var matrix = size * comparing::wave({3, 2});
    const auto norm = [](const Var& x) { return xg::loss::SpectralNorm{.second_order = true}(x); };
    check_curvature("SpectralNorm", norm, matrix);
  }
}

BOOST_AUTO_TEST_SUITE_END()
