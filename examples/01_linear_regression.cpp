// Linear regression by gradient descent: a loss is an expression, its gradient comes from xgrad.
//
//     01_linear_regression [folder for the pictures]
#include <cstdio>
#include <exception>
#include <filesystem>
#include <functional>
#include <random>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <xgrad/draw.hpp>
#include <xgrad/xgrad.hpp>

namespace xg = xgrad;

struct Data {
  xg::Var x;  // [m, 1], uniform in [0, 1)
  xg::Var y;  // [m], 3 x + noise, which is uniform in [0, 1)
};

Data make_data() {
  constexpr std::size_t m = 100;
  std::mt19937 engine(1);
  std::uniform_real_distribution<double> uniform(0.0, 1.0);
  auto x = xg::Array<double>::from_shape({m, 1});
  auto y = xg::Array<double>::from_shape({m});
  for (std::size_t i = 0; i < m; ++i) {
    x(i, 0) = uniform(engine);
    y(i) = 3.0 * x(i, 0) + uniform(engine);
  }
  return {x, y};
}

std::vector<double> to_vector(const xg::Var& x) { return {x.array<double>().begin(), x.array<double>().end()}; }

// Nobody needs to work out a gradient by hand. Here somebody did, to show that xgrad's is the same.
double relative_difference(const xg::Var& gradient, const xg::Var& by_hand) {
  const double difference = amax(abs(gradient - by_hand) / abs(by_hand)).item<double>();
  if (!(difference <= 1e-12)) throw std::runtime_error("the gradient is not x^T(x theta - y)/m");
  return difference;
}

// The model y = x theta without intercept, trained by 1000 steps of gradient descent.
void fit_through_the_origin(const Data& data, const std::filesystem::path& folder) {
  const auto& [x, y] = data;
  const double m = static_cast<double>(y.size());

  const auto squared_error = [](const xg::Var& theta, const xg::Var& inputs, const xg::Var& targets) {
    return sum(square(targets - matmul(inputs, theta))) / (2.0 * static_cast<double>(targets.size()));
  };
  const auto loss_and_gradient = xg::value_and_grad(squared_error);  // with respect to the first argument

  xg::Var theta = xt::xarray<double>{0.0};
  xg::draw::Series curve;
  for (int step = 0; step < 1000; ++step) {
    const auto [loss, gradient] = loss_and_gradient(theta, x, y);
    if (step % 100 == 0) {
      const double difference = relative_difference(gradient, matmul(transpose(x), matmul(x, theta) - y) / m);
      std::printf("step %3d   loss %.6f   gradient %9.6f   from the one by hand %.0e\n", step, loss.item<double>(),
                  gradient.item<double>(), difference);
    }
    curve.x.push_back(step);
    curve.y.push_back(loss.item<double>());
    theta -= 0.01 * gradient;
  }
  std::printf("theta = %.6f\n", theta.item<double>());

  // The noise is 0.5 on average, so at a new x the best guess is y = 3 x + 0.5; the loss measures the distance to it.
  const xg::Var new_x = expand_dims(xg::Var(xt::xarray<double>{0.5, 1.5}), 1);
  const xg::Var new_y = flatten(3.0 * new_x + 0.5);
  const xg::Var prediction = matmul(new_x, theta);
  std::printf("prediction at 0.5 = %.6f, at 1.5 = %.6f\n", prediction.array<double>()(0),
              prediction.array<double>()(1));
  std::printf("loss of these predictions = %.6f\n\n", squared_error(theta, new_x, new_y).item<double>());

  xg::draw::save(folder / "linear_regression_loss.svg", {.title = "Linear regression by gradient descent",
                                                         .x_label = "step",
                                                         .y_label = "loss",
                                                         .series = {curve},
                                                         .log_y = true});
}

using Loss = std::function<xg::Var(const xg::Var& prediction, const xg::Var& target)>;

// Minimises any loss of the predictions x theta.
xg::Var fit(const Loss& loss, const xg::Var& x, const xg::Var& y) {
  const auto gradient = xg::grad([&](const xg::Var& theta) { return loss(matmul(x, theta), y); });
  xg::Var theta = xt::xarray<double>{0.0, 0.0};
  for (int step = 0; step < 5000; ++step) theta -= 0.1 * gradient(theta);
  return theta;
}

// The model y = theta[0] + theta[1] x, trained with three losses.
void fit_with_intercept(const Data& data, const std::filesystem::path& folder) {
  const auto squared_error = [](const xg::Var& prediction, const xg::Var& target) {
    return mean(square(residual(prediction, target)));
  };
  const auto huber = [](const xg::Var& prediction, const xg::Var& target) {
    const xg::Var e = abs(residual(prediction, target));
    return mean(where(e < 0.25, 0.5 * square(e), 0.25 * (e - 0.125)));
  };
  const auto made_up = [](const xg::Var& prediction, const xg::Var& target) {
    const xg::Var e = residual(prediction, target);
    return mean(where(e < 0.0, 4.0, 1.0) * square(e));
  };

  const xg::Var x = xg::concatenate({ones_like(data.x), data.x}, 1);
  xg::draw::Plot plot{.title = "One model, three losses", .x_label = "x", .y_label = "y"};
  plot.series.push_back({"data", to_vector(data.x), to_vector(data.y), xg::draw::Style::Points});
  for (const auto& [name, loss] : {std::pair<std::string, Loss>{"squared error", squared_error},
                                   {"Huber", huber},
                                   {"too low costs four times as much", made_up}}) {
    const xg::Var theta = fit(loss, x, data.y);
    const double intercept = theta.array<double>()(0);
    const double slope = theta.array<double>()(1);
    std::printf("%s: y = %.6f + %.6f x\n", name.c_str(), intercept, slope);
    plot.series.push_back({name, {0.0, 1.0}, {intercept, intercept + slope}});
  }
  xg::draw::save(folder / "linear_regression_fits.svg", plot);
}

int main(int argc, char** argv) try {
  const std::filesystem::path folder = argc > 1 ? argv[1] : ".";
  const Data data = make_data();
  fit_through_the_origin(data, folder);
  fit_with_intercept(data, folder);
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
