// Losses of real targets as functions of the error, or of the prediction for a fixed target.
#include <xgrad/loss/regression.hpp>

#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "pictures.hpp"

namespace pictures {

using xgrad::Var;
namespace loss = xgrad::loss;

namespace {

/// Of an error.
template <class L>
Curve of_error(L l) {
  return [l](const Var& e) { return l(e, zeros_like(e)); };
}

/// Of a prediction, with the same target everywhere.
template <class L>
Curve of_prediction(L l, double target) {
  return [l, target](const Var& p) { return l(p, full_like(p, target)); };
}

const std::string error = "prediction - target";

void draw_plain(const Folder& folder) {
  draw_curve(folder, "mse", "Mse", error, -3, 3, of_error(loss::Mse{}));
  draw_curve(folder, "half_squared", "HalfSquared", error, -3, 3, of_error(loss::HalfSquared{}));
  draw_curve(folder, "rmse", "Rmse of the errors e and 1", "e", -4, 4, [](const Var& e) {
    const Var errors = xgrad::stack({e, ones_like(e)}, 1);
    return loss::Rmse{}(errors, zeros_like(errors));
  });
  draw_curve(folder, "mae", "Mae", error, -3, 3, of_error(loss::Mae{}));
  draw_curve(folder, "log_cosh", "LogCosh", error, -4, 4, of_error(loss::LogCosh{}));
  draw_curve(folder, "linex", "Linex, a = 1", error, -4, 2.5, of_error(loss::Linex{}));
}

void draw_relative(const Folder& folder) {
  draw_curve(folder, "mape", "Mape, target 2", "prediction", -1, 5, of_prediction(loss::Mape{}, 2));
  draw_curve(folder, "smape", "Smape, target 2", "prediction", -1, 8, of_prediction(loss::Smape{}, 2));
  draw_curve(folder, "msle", "Msle, target 3", "prediction", -0.7, 12, of_prediction(loss::Msle{}, 3));
}

void draw_asymmetric(const Folder& folder) {
  draw_curve(folder, "pinball", "Pinball, tau = 0.8", error, -3, 3, of_error(loss::Pinball{.tau = 0.8}));
  draw_curve(folder, "expectile", "Expectile, tau = 0.8", error, -3, 3, of_error(loss::Expectile{.tau = 0.8}));
  draw_curve(folder, "epsilon_insensitive", "EpsilonInsensitive, eps = 1", error, -3, 3,
             of_error(loss::EpsilonInsensitive{.eps = 1.0}));
  draw_curve(folder, "squared_epsilon_insensitive", "SquaredEpsilonInsensitive, eps = 1", error, -3, 3,
             of_error(loss::SquaredEpsilonInsensitive{.eps = 1.0}));
}

void draw_robust(const Folder& folder) {
  draw_curve(folder, "huber", "Huber, delta = 1", error, -3, 3, of_error(loss::Huber{}));
  draw_curve(folder, "smooth_l1", "SmoothL1, beta = 0.5", error, -3, 3, of_error(loss::SmoothL1{.beta = 0.5}));
  draw_curve(folder, "charbonnier", "Charbonnier, eps = 0.3", error, -3, 3, of_error(loss::Charbonnier{.eps = 0.3}));
  draw_curve(folder, "pseudo_huber", "PseudoHuber, delta = 1", error, -4, 4, of_error(loss::PseudoHuber{}));
  draw_curve(folder, "cauchy", "Cauchy, c = 1", error, -6, 6, of_error(loss::Cauchy{}));
  draw_curve(folder, "welsch", "Welsch, c = 1", error, -4, 4, of_error(loss::Welsch{}));
  draw_curve(folder, "geman_mc_clure", "GemanMcClure, c = 1", error, -8, 8, of_error(loss::GemanMcClure{}));
  draw_curve(folder, "tukey", "Tukey, c = 4.685", error, -7, 7, of_error(loss::Tukey{}));
  draw_curve(folder, "wing", "Wing, w = 3, eps = 0.5", error, -6, 6, of_error(loss::Wing{.w = 3.0, .eps = 0.5}));
}

/// Barron's loss for several alpha, side by side.
void draw_barron(const Folder& folder) {
  constexpr std::size_t points = 241;
  auto numbers = xgrad::Array<double>::from_shape({points});
  for (std::size_t i = 0; i < points; ++i) numbers(i) = 0.03 * (static_cast<double>(i) - 120.0);
  const std::vector<double> x(numbers.begin(), numbers.end());
  const Var e(std::move(numbers));
  const auto save = [&](const std::string& file, const std::string& title, auto of_alpha) {
    const auto series = [&](const std::string& name, double alpha) {
      const Var values = of_alpha(loss::Barron{.alpha = alpha});
      const xgrad::Array<double>& y = values.template array<double>();
      return xgrad::draw::Series{.name = name, .x = x, .y = std::vector<double>(y.begin(), y.end())};
    };
    xgrad::draw::save(
        folder / file,
        xgrad::draw::Plot{.title = title,
                          .x_label = error,
                          .series = {series("alpha = 2", 2.0), series("1", 1.0), series("0", 0.0), series("-2", -2.0),
                                     series("-infinity", -std::numeric_limits<double>::infinity())}});
  };
  save("barron.svg", "Barron, c = 1", [&](const loss::Barron& l) { return l(e, zeros_like(e)); });
  save("barron_derivative.svg", "The derivative of Barron, c = 1",
       [&](const loss::Barron& l) { return xgrad::grad([&](const Var& z) { return sum(l(z, zeros_like(z))); })(e); });
}

}  // namespace

void draw_regression(const Folder& folder) {
  draw_plain(folder);
  draw_relative(folder);
  draw_asymmetric(folder);
  draw_robust(folder);
  draw_barron(folder);
  draw_curve(folder, "cosine_distance", "CosineDistance of vectors of length 1", "angle between them", -3.1416, 3.1416,
             [](const Var& angle) {
               const Var prediction = xgrad::stack({cos(angle), sin(angle)}, 1);
               const Var target = xgrad::stack({ones_like(angle), zeros_like(angle)}, 1);
               return loss::CosineDistance{}(prediction, target);
             });
}

}  // namespace pictures
