// Who should be seen first? Twelve patients with diabetes are in a ward; a net shall put those first whose disease will
// progress the furthest. What counts is the order, and its beginning most: NDCG. That has no useful derivative, so one
// trains by something that has: the error of each prediction, pairs, lists, or a smooth NDCG.
//
//     17_learning_to_rank [folder for its pictures ["short": fewer epochs, for a few seconds]]
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <xgrad/data.hpp>
#include <xgrad/draw.hpp>
#include <xgrad/io/csv.hpp>
#include <xgrad/loss.hpp>
#include <xgrad/metrics.hpp>
#include <xgrad/nn.hpp>
#include <xgrad/optim.hpp>
#include <xgrad/random.hpp>
#include <xgrad/train.hpp>
#include <xgrad/xgrad.hpp>

namespace xg = xgrad;
namespace data = xgrad::data;
namespace nn = xgrad::nn;
namespace train = xgrad::train;
using Key = xg::random::Key;

constexpr std::size_t ward = 12;   // patients of a query
constexpr std::size_t places = 5;  // that count
constexpr std::size_t queries = 400;

// Queries: what was measured, and a grade of 0 to 4 of how far the disease progresses, which is all that is compared.
struct Wards {
  xg::Var measured;  // [n, ward, 10]
  xg::Var grade;     // [n, ward]
};
XGRAD_FIELDS(Wards, measured, grade)

// Wards of patients that are drawn from some rows of the table, whose columns are standardised.
Wards drawn(const Key& key, const xg::Var& table) {
  std::vector<xg::Var> each;
  const auto rows = static_cast<std::int64_t>(table.shape()[0]);
  for (std::size_t i = 0; i < queries; ++i) {
    each.push_back(view(xg::random::permutation(key.fold_in(static_cast<std::int64_t>(i)), rows), xt::range(0, ward)));
  }
  const xg::Var patients = take(table, stack(each), 0);  // [queries, ward, 11]
  // Grades are fifths of a normal distribution.
  const xg::Var progress = view(patients, xt::all(), xt::all(), 10);
  xg::Var grade = zeros_like(progress);
  for (const double bound : {-0.84, -0.25, 0.25, 0.84}) grade = grade + where(progress > bound, 1.0, 0.0);
  return {view(patients, xt::all(), xt::all(), xt::range(0, 10)), grade};
}

// A score for each patient, whoever else is in the ward.
struct Net {
  nn::Linear hidden, out;
  [[nodiscard]] xg::Var operator()(const xg::Var& measured) const { return squeeze(out(tanh(hidden(measured))), -1); }
};
XGRAD_FIELDS(Net, hidden, out)

// NDCG with the gain 2^grade - 1, as the losses have it.
xg::Var gain(const xg::Var& grade) { return exp2(grade) - 1.0; }
const auto answers = [](const Net& net, const Wards& wards) {
  return std::pair(net(wards.measured), gain(wards.grade));
};

double ndcg(const Net& net, const Wards& wards) {
  const xg::metrics::Ndcg metric{.k = places};
  return metric.value(metric.update(metric.init(), net(wards.measured), gain(wards.grade))).item<double>();
}

// What any order has on average: each place holds the mean gain.
double ndcg_of_chance(const Wards& wards) {
  const xg::Var rank = xg::arange(1.0, static_cast<double>(places) + 1.0);
  const xg::Var discount = 1.0 / log2(rank + 1.0);
  const xg::Var sorted = flip(sort(gain(wards.grade), -1), -1);
  const xg::Var best = sum(view(sorted, xt::all(), xt::range(0, places)) * discount, -1);
  return mean(mean(sorted, -1) * sum(discount) / best).item<double>();
}

struct Curve {
  std::string name;
  std::vector<double> epoch, ndcg;
};

// The same net, data and optimiser with any loss of scores [n, ward] and grades.
template <class Loss>
Curve trained(const std::string& name, const Loss& loss, const Wards& training, const Wards& held_out,
              std::size_t epochs) {
  const auto objective = [&loss](const Net& net, const Wards& batch) {
    return mean(loss(net(batch.measured), batch.grade));
  };
  const auto [k1, k2] = Key(3).split<2>();
  const nn::LinearOptions exact{.dtype = xg::DType::Float64};
  const Net first{nn::linear(k1, 10, 16, exact), nn::linear(k2, 16, 1, exact)};
  const auto fitted = train::fit(first, objective, xg::optim::adamw({.rate = 2e-3, .decay = 0.1}), training,
                                 {.epochs = epochs,
                                  .batches = {.size = 25},
                                  .key = Key(4),
                                  .validation = held_out,
                                  .predict = answers,
                                  .metrics = {{"NDCG", xg::metrics::Ndcg{.k = places}}},
                                  .show = train::Show::quiet});
  Curve curve{name, {0.0}, {ndcg(first, held_out)}};
  for (const train::Progressed& epoch : fitted.history.epochs) {
    curve.epoch.push_back(static_cast<double>(epoch.epoch + 1));
    curve.ndcg.push_back(epoch.metrics.at("validation NDCG"));
  }
  std::printf("%-28s %.4f   %.4f\n", name.c_str(), ndcg(fitted.model, training), curve.ndcg.back());
  return curve;
}

int main(int argc, char** argv) try {
  const std::filesystem::path folder = argc > 1 ? argv[1] : ".";
  const bool is_short = argc > 2 && std::string(argv[2]) == "short";
  const std::size_t epochs = is_short ? 5 : 40;

  xg::Var table = xg::io::read_csv(std::filesystem::path(XGRAD_EXAMPLE_DATA) / "diabetes.csv");
  table = (table - mean(table, 0)) / sqrt(variance(table, 0));
  const auto [known, unknown] = data::split(table, {0.6, 0.4}, {.shuffle = Key(1)});
  const Wards training = drawn(Key(2), known);
  const Wards held_out = drawn(Key(5), unknown);

  const double chance = ndcg_of_chance(held_out);
  std::printf("NDCG of the first %zu of %zu   training wards, new wards\n", places, ward);
  std::printf("%-28s %.4f   %.4f\n", "any order", ndcg_of_chance(training), chance);
  const auto squares = [](const xg::Var& scores, const xg::Var& grades) { return square(scores - grades); };
  const std::vector<Curve> curves = {
      trained("squared error", squares, training, held_out, epochs),
      trained("RankNet: pairs", xg::loss::RankNet{}, training, held_out, epochs),
      trained("ListNet: lists", xg::loss::ListNet{}, training, held_out, epochs),
      trained("ListMLE: orders", xg::loss::ListMle{}, training, held_out, epochs),
      trained("LambdaRank: weighed pairs", xg::loss::LambdaRank{}, training, held_out, epochs),
      trained("smooth NDCG", xg::loss::ApproxNdcg{.temperature = 0.5}, training, held_out, epochs)};

  xg::draw::Plot plot{.title = "Order of new wards", .x_label = "epoch", .y_label = "NDCG", .series = {}};
  for (const Curve& curve : curves) plot.series.push_back({curve.name, curve.epoch, curve.ndcg});
  xg::draw::save(folder / "learning_to_rank.svg", plot);
  for (const Curve& curve : curves) {
    if (curve.ndcg.back() < chance + (is_short ? 0.2 : 0.35))
      throw std::runtime_error(curve.name + " has not learnt an order");
  }
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
