// Hyperparameters that are learnt. A linear model of 65 features is trained with 100 patients; how well it does is
// measured with others. How fast should it learn, with how much momentum, and how strongly should its weights decay?
// The whole training is one function of these numbers, its derivative comes from the tape, and a solver finds the best.
//
//     07_learnt_rates [folder for the pictures [folder of diabetes.csv]]
#include <cmath>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <xgrad/draw.hpp>
#include <xgrad/io/csv.hpp>
#include <xgrad/optim.hpp>
#include <xgrad/solve.hpp>
#include <xgrad/testing.hpp>
#include <xgrad/xgrad.hpp>

namespace xg = xgrad;
namespace optim = xgrad::optim;
namespace solve = xgrad::solve;

struct Patients {
  xg::Var single;    // [n, 10] what was measured
  xg::Var products;  // [n, 55] of each two of these
  xg::Var y;         // [n] progression in a year
};

/// Each column with mean 0 and variance 1 in the training data, the first 100 rows.
xg::Var standardised(const xg::Var& z) {
  const xg::Var training = view(z, xt::range(0, 100));
  return (z - mean(training, 0)) / sqrt(variance(training, 0));
}

xg::Var products_of(const xg::Var& single) {
  std::vector<xg::Var> columns;
  for (std::ptrdiff_t i = 0; i < 10; ++i) {
    for (std::ptrdiff_t j = i; j < 10; ++j) columns.push_back(view(single, xt::all(), i) * view(single, xt::all(), j));
  }
  return xg::stack(columns, 1);
}

/// 100 patients to train with, 170 to choose hyperparameters by, 172 to judge both.
std::vector<Patients> load(const std::filesystem::path& file) {
  const xg::Var table = xg::io::read_csv(file);
  const xg::Var single = standardised(view(table, xt::all(), xt::range(0, 10)));
  const xg::Var products = standardised(products_of(single));
  const xg::Var y = standardised(view(table, xt::all(), 10));
  const auto rows = [&](int from, int to) {
    const auto part = xt::range(from, to);
    return Patients{view(single, part), view(products, part), view(y, part)};
  };
  return {rows(0, 100), rows(100, 270), rows(270, 442)};
}

struct Linear {
  xg::Var single = xg::zeros({10});
  xg::Var products = xg::zeros({55});
  xg::Var bias = xg::zeros({});
  xg::Var operator()(const Patients& p) const { return matmul(p.single, single) + matmul(p.products, products) + bias; }
};
XGRAD_FIELDS(Linear, single, products, bias)

xg::Var cost(const Linear& model, const Patients& patients) { return mean(square(model(patients) - patients.y)); }

/// Free numbers, which become settings that are in range: rates and decay are positive, momentum is between 0 and 1.
struct Hyperparameters {
  xg::Var log_rates;  // one for all steps, or one for each
  xg::Var free_momentum;
  xg::Var log_decay;  // of the products' weights
};
XGRAD_FIELDS(Hyperparameters, log_rates, free_momentum, log_decay)

constexpr std::size_t steps = 60;

/// Training as a loop that stays a loop, and is differentiated as one. An optimiser takes Vars for settings.
Linear train(const Hyperparameters& h, const Patients& patients) {
  const xg::Var rates = broadcast_to(exp(h.log_rates), {steps});
  const auto optimiser = [&](const xg::Var& rate) {
    return optim::chain({optim::add_decay(exp(h.log_decay), "products"),
                         optim::momentum({.momentum = sigmoid(h.free_momentum)}), optim::descend(rate)});
  };
  const Linear first;
  const auto body = [&](const std::tuple<Linear, optim::State>& carried, const xg::Var& rate) {
    const auto& [model, state] = carried;
    const Linear gradient = xg::grad([&](const Linear& m) { return cost(m, patients); })(model);
    auto [updates, next] = optimiser(rate).update(gradient, state, model);
    return std::pair{std::tuple{optim::apply(model, updates), next}, std::tuple<>()};
  };
  const auto [last, nothing] = xg::scan(body, std::tuple{first, optimiser(xg::Var(0.0)).init(first)}, rates);
  return std::get<0>(last);
}

double number(const xg::Var& x) { return x.item<double>(); }

std::vector<double> to_vector(const xg::Var& x) { return {x.array<double>().begin(), x.array<double>().end()}; }

void print_row(const std::string& name, const Hyperparameters& h, const std::vector<Patients>& parts) {
  const Linear model = train(h, parts[0]);
  std::printf("%-24s %9.5f %9.5f %9.5f %9.5f %9.5f\n", name.c_str(), number(sigmoid(h.free_momentum)),
              number(exp(h.log_decay)), number(cost(model, parts[0])), number(cost(model, parts[1])),
              number(cost(model, parts[2])));
}

int main(int argc, char** argv) try {
  const std::filesystem::path folder = argc > 1 ? argv[1] : ".";
  const std::filesystem::path files = argc > 2 ? argv[2] : XGRAD_EXAMPLE_DATA;
  const std::vector<Patients> parts = load(files / "diabetes.csv");
  const auto after_training = [&](const Hyperparameters& h) { return cost(train(h, parts[0]), parts[1]); };

  // rate 0.003, momentum 0.9, decay 0.01
  const Hyperparameters usual{std::log(0.003), std::log(9.0), std::log(0.01)};
  const xg::testing::CheckReport report = xg::testing::check_gradients(after_training, usual);
  if (!report) throw std::runtime_error(report.message);
  std::printf("derivatives through %zu steps of training: at most %.0e from differences\n\n", steps,
              report.worst_error);

  const auto learnt = solve::minimise(after_training, usual, solve::BFGS{});
  std::printf("one rate: %zu iterations, %zu trainings; rate %.5f\n", learnt.iterations, learnt.evaluations,
              number(exp(learnt.parameters.log_rates)));

  // One rate for each step: 62 hyperparameters. Differences would need 63 trainings for a gradient, the tape needs two
  // or three. They fit what they are measured by ever better, so the search ends early.
  Hyperparameters each = learnt.parameters;
  each.log_rates = broadcast_to(each.log_rates, {steps});
  const auto scheduled = solve::minimise(after_training, each, solve::LBFGS{}, {.iterations = 30});
  std::printf("a rate for each step: %zu iterations, %zu trainings\n\n", scheduled.iterations, scheduled.evaluations);

  std::printf("%-24s %9s %9s %29s\n%-24s %9s %9s %9s %9s %9s\n", "", "", "", "squared error of patients", "",
              "momentum", "decay", "training", "chosen by", "others");
  print_row("usual", usual, parts);
  print_row("learnt", learnt.parameters, parts);
  print_row("learnt, with a schedule", scheduled.parameters, parts);

  const std::vector<double> step = to_vector(xg::arange(static_cast<double>(steps)));
  xg::draw::save(folder / "learnt_rates.svg",
                 {.title = "Learnt rates",
                  .x_label = "step",
                  .y_label = "rate",
                  .series = {{"one for all", step, to_vector(broadcast_to(exp(learnt.parameters.log_rates), {steps}))},
                             {"one for each", step, to_vector(exp(scheduled.parameters.log_rates))}}});
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
