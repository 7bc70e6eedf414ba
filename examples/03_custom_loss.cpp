// A loss of your own. How far will a patient's diabetes have progressed in a year? A prediction that is too high costs
// a needless check-up; one that is too low misses a patient who gets worse. We write a loss that says so, check its
// gradient, train a linear model with it and compare with the catalogue's losses.
//
//     03_custom_loss [folder for the pictures [folder of diabetes.csv]]
#include <cstdio>
#include <exception>
#include <filesystem>
#include <functional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include <xgrad/draw.hpp>
#include <xgrad/io/csv.hpp>
#include <xgrad/loss.hpp>
#include <xgrad/testing.hpp>
#include <xgrad/xgrad.hpp>

namespace xg = xgrad;
using xg::loss::operator+, xg::loss::operator*;  // sums and multiples of losses, of our own too

/// The square of the error, but `missed` times as much for a prediction that is too low. The change of the factor is
/// spread over about `width` on both sides of 0, so the loss is smooth to every order (loss::Expectile has a jump
/// there).
struct Asymmetric {
  static constexpr std::string_view name = "Asymmetric";
  double missed = 4.0;
  double width = 0.1;

  xg::Var operator()(const xg::Var& prediction, const xg::Var& target) const {
    const xg::Var e = residual(prediction, target);  // which refuses to broadcast
    const xg::Var too_low = sigmoid(-e / width);     // from 0 (too high) to 1 (too low)
    return (1.0 + (missed - 1.0) * too_low) * square(e);
  }
};
XGRAD_FIELDS(Asymmetric, missed, width)

struct Patients {
  xg::Var x;  // [n, 10] age, sex, body mass index, ...; each column with mean 0 and variance 1 in the training data
  xg::Var y;  // [n] progression in a year, likewise
};

std::pair<Patients, Patients> load(const std::filesystem::path& file) {
  const xg::Var table = xg::io::read_csv(file);
  std::vector<xg::Var> rest;
  for (const int first : {1, 2, 3, 4}) rest.push_back(view(table, xt::range(first, xt::placeholders::_, 5)));
  const xg::Var training = concatenate(rest);
  const xg::Var held_out = view(table, xt::range(0, xt::placeholders::_, 5));  // every fifth patient

  const xg::Var centre = mean(training, 0);
  const xg::Var spread = sqrt(variance(training, 0));
  const auto standardise = [&](const xg::Var& rows) {
    const xg::Var z = (rows - centre) / spread;
    return Patients{view(z, xt::all(), xt::range(0, 10)), view(z, xt::all(), 10)};
  };
  return {standardise(training), standardise(held_out)};
}

struct Linear {
  xg::Var weight, bias;
  xg::Var operator()(const xg::Var& x) const { return matmul(x, weight) + bias; }
};
XGRAD_FIELDS(Linear, weight, bias)

using Loss = std::function<xg::Var(const xg::Var& prediction, const xg::Var& target)>;

// Gradient descent with momentum, on all patients at once. The rate falls to 0 so that losses with a kink settle too.
// The step is recorded once and then replayed.
Linear train(const Loss& loss, const Patients& patients) {
  const auto cost = [&](const Linear& model, const xg::Var& x, const xg::Var& y) { return mean(loss(model(x), y)); };
  const auto step = xg::compile([&](const Linear& model, const Linear& velocity, const xg::Var& rate, const xg::Var& x,
                                    const xg::Var& y) {
    const Linear gradient = xg::grad(cost)(model, x, y);
    const Linear faster =
        xg::tree::map(velocity, gradient, [&](const xg::Var& v, const xg::Var& g) { return 0.9 * v - rate * g; });
    return std::pair{xg::tree::map(model, faster, [](const xg::Var& w, const xg::Var& v) { return w + v; }), faster};
  });
  constexpr int steps = 20000;
  Linear model{xt::zeros<double>({10}), 0.0};
  Linear velocity = model;
  for (int i = 0; i < steps; ++i) {
    const double rate = 0.05 * (1.0 - i / double{steps});
    std::tie(model, velocity) = step(std::move(model), std::move(velocity), rate, patients.x, patients.y);
  }
  return model;
}

struct Entry {
  std::string name;
  Loss loss;
  xg::Var prediction = {};  // of the model trained with this loss, for the held-out patients
};

double number(const xg::Var& x) { return x.item<double>(); }

void print_row(const Entry& entry, const xg::Var& target) {
  const xg::Var& p = entry.prediction;
  std::printf("%-20s %10.5f %15.5f %16.5f %10.1f %%\n", entry.name.c_str(), number(mean(Asymmetric{}(p, target))),
              number(mean(xg::loss::Mse{}(p, target))), number(mean(xg::loss::Mae{}(p, target))),
              100.0 * number(mean(p < target)));
}

std::vector<double> to_vector(const xg::Var& x) { return {x.array<double>().begin(), x.array<double>().end()}; }

void draw(const std::vector<Entry>& entries, const xg::Var& target, const std::filesystem::path& folder) {
  const xg::Var errors = xt::linspace<double>(-1.5, 1.5, 301);
  xg::draw::Plot losses{.title = "Losses", .x_label = "prediction - target", .y_label = "loss"};
  xg::draw::Plot shares{.title = "Errors for held-out patients",
                        .x_label = "prediction - target, in standard deviations of the target",
                        .y_label = "share of patients with this error or a lower one"};
  const auto n = static_cast<double>(target.size());
  const std::vector<double> share = to_vector(xt::arange<double>(1.0, n + 1.0) / n);
  for (const Entry& entry : entries) {
    losses.series.push_back({entry.name, to_vector(errors), to_vector(entry.loss(errors, zeros_like(errors)))});
    shares.series.push_back({entry.name, to_vector(sort(entry.prediction - target)), share});
  }
  xg::draw::save(folder / "custom_loss_curves.svg", losses);
  xg::draw::save(folder / "custom_loss_errors.svg", shares);

  xg::draw::Plot patients{.title = "Held-out patients", .x_label = "target", .y_label = "prediction"};
  patients.series.push_back({"prediction = target", {-2.0, 2.5}, {-2.0, 2.5}});
  for (const Entry& entry : {entries[0], entries[1]}) {
    patients.series.push_back({entry.name, to_vector(target), to_vector(entry.prediction), xg::draw::Style::Points});
  }
  xg::draw::save(folder / "custom_loss_predictions.svg", patients);
}

int main(int argc, char** argv) try {
  const std::filesystem::path folder = argc > 1 ? argv[1] : ".";
  const std::filesystem::path data = argc > 2 ? argv[2] : XGRAD_EXAMPLE_DATA;
  const auto [training, held_out] = load(data / "diabetes.csv");

  // Is the gradient of our loss right? Central differences are the judge, of its second derivatives too.
  const xg::Var p = xt::xarray<double>{-2.0, -0.3, 0.1, 0.9, 1.5};
  const xg::Var t = xt::xarray<double>{0.5, -0.2, 0.1, 1.0, -1.0};
  const xg::testing::CheckReport report = xg::testing::check_gradients(Asymmetric{}, p, t);
  if (!report) throw std::runtime_error(report.message);
  std::printf("gradient of our loss: at most %.0e from differences\n\n", report.worst_error);

  std::vector<Entry> entries = {{"ours", Asymmetric{}},
                                {"Mse", xg::loss::Mse{}},
                                {"Mae", xg::loss::Mae{}},
                                {"Huber", xg::loss::Huber{.delta = 0.5}},
                                {"Pinball, 0.75", xg::loss::Pinball{.tau = 0.75}},
                                {"Linex, -1", xg::loss::Linex{.a = -1.0}},
                                {"0.7 ours + 0.3 Mae", 0.7 * Asymmetric{} + 0.3 * xg::loss::Mae{}}};
  std::printf("%-20s %10s %15s %16s %12s\n", "trained with", "our cost", "squared error", "absolute error", "too low");
  for (Entry& entry : entries) {
    entry.prediction = train(entry.loss, training)(held_out.x);
    print_row(entry, held_out.y);
  }

  // The values of our loss are reduced like all others: evenly, with weights, or over some of the patients.
  const xg::Var values = Asymmetric{}(entries[0].prediction, held_out.y);
  const xg::Var age = view(held_out.x, xt::all(), 0);
  std::printf("\nour cost of our model: mean %.5f, weighted by exp(progression) %.5f, above the mean age %.5f\n",
              number(mean(values)), number(weighted_mean(values, exp(held_out.y))),
              number(masked_mean(values, age > 0.0)));
  draw(entries, held_out.y, folder);
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
