// A function with many values: for one x there are up to three clouds of y, and a net that answers with one number
// answers with their middle, where there is nothing. A net that answers with a mixture of normal distributions tells
// them apart (C. M. Bishop, Mixture density networks, 1994).
//
//     19_mixture_density [folder for its picture ["short"]]
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <iterator>
#include <numbers>
#include <stdexcept>
#include <string>
#include <vector>

#include <xgrad/draw.hpp>
#include <xgrad/loss.hpp>
#include <xgrad/nn.hpp>
#include <xgrad/optim.hpp>
#include <xgrad/train.hpp>
#include <xgrad/xgrad.hpp>

namespace xg = xgrad;
namespace nn = xgrad::nn;

constexpr double deviation = 0.05;

// Easy from y to x, which is Bishop's function; asked for is the way back.
xg::Var x_without_noise(const xg::Var& y) { return y + 0.3 * sin(2.0 * std::numbers::pi * y); }

struct Points {
  xg::Var x, y;  // [n] float32
};
XGRAD_FIELDS(Points, x, y)

Points make_points(const xg::random::Key& key, std::size_t n) {
  const auto [for_y, for_noise] = key.split<2>();
  const xg::Var y = xg::random::uniform(for_y, {n});
  const xg::Var x = x_without_noise(y) + deviation * xg::random::normal(for_noise, {n});
  return {xg::cast<float>(x), xg::cast<float>(y)};
}

struct Mixture {
  xg::Var means, scales, logits;  // [n, components]
};

struct Net {
  nn::Mlp mlp;
  Mixture operator()(const xg::Var& x) const {
    const auto parts = split(mlp(expand_dims(6.0 * x - 3.0, 1)), 3, 1);
    return {parts[0], exp(parts[1]), parts[2]};
  }
};
XGRAD_FIELDS(Net, mlp)

// -ln p(y | x) of each point.
xg::Var surprise(const Net& net, const Points& points) {
  const Mixture mixture = net(points.x);
  return xg::loss::MixtureGaussianNll{}(mixture.means, points.y, mixture.scales, mixture.logits);
}
const auto loss_of = [](const Net& net, const Points& points) { return mean(surprise(net, points)); };

// What nobody can go below: -ln p(y | x) with the true p, as Bayes gives it for y uniform from 0 to 1; the integral
// over y by the midpoint rule.
double least_surprise(const Points& points) {
  const xg::Var grid = (xg::arange(2000.0) + 0.5) / 2000.0;
  const auto log_density = [](const xg::Var& x, const xg::Var& y) {
    return -0.5 * square((x - x_without_noise(y)) / deviation);
  };
  const xg::Var x = xg::cast<double>(points.x);
  const xg::Var of_x = logsumexp(log_density(expand_dims(x, 1), grid), 1) - std::log(2000.0);
  return mean(of_x - log_density(x, xg::cast<double>(points.y))).item<double>();
}

double train(const char* what, Net& net, const Points& training, const Points& unseen, std::size_t steps) {
  net = xg::train::fit(net, loss_of, xg::optim::adam({.rate = xg::optim::cosine(5e-3, steps)}), training,
                       {.steps = steps, .batches = {.size = 250}, .log_every = 100})
            .model;
  const double result = xg::cast<double>(mean(surprise(net, unseen))).item<double>();
  std::printf("%-24s %8.4f nats\n", what, result);
  return result;
}

// A y for each x: first one of the components, then a number of its distribution.
xg::Var draw_y(const Net& net, const xg::Var& x, const xg::random::Key& key) {
  const auto [for_component, for_y] = key.split<2>();
  const Mixture mixture = net(x);
  const xg::Var which = expand_dims(xg::random::categorical(for_component, mixture.logits), 1);
  return squeeze(
      xg::random::normal(for_y, take_along_axis(mixture.means, which, 1), take_along_axis(mixture.scales, which, 1)),
      1);
}

xg::draw::Series cloud(const std::string& name, const xg::Var& x, const xg::Var& y, xg::draw::Style style) {
  const auto numbers = [](const xg::Var& v) {
    const xg::Array<double> values = xg::cast<double>(v).array<double>();
    return std::vector<double>(values.begin(), values.begin() + std::min<std::ptrdiff_t>(400, std::ssize(values)));
  };
  return {name, numbers(x), numbers(y), style};
}

int main(int argc, char** argv) try {
  const std::filesystem::path folder = argc > 1 ? argv[1] : ".";
  const bool is_short = argc > 2 && std::string(argv[2]) == "short";
  const std::size_t steps = is_short ? 4000 : 15000;
  const auto [for_training, for_unseen, for_net, for_other_net, for_samples] = xg::random::Key(1).split<5>();
  const Points training = make_points(for_training, 50000);
  const Points unseen = make_points(for_unseen, 2000);
  const auto make_net = [](const xg::random::Key& key, std::size_t components) {
    return Net{nn::mlp(key, {1, 64, 64, 3 * components}, {.activation = nn::Activation::Tanh})};
  };

  std::printf("surprise about unseen points, -ln p(y | x):\n");
  Net one = make_net(for_other_net, 1);
  const double of_one = train("one normal distribution", one, training, unseen, steps);
  Net net = make_net(for_net, 5);
  const double of_mixture = train("a mixture of five", net, training, unseen, steps);
  const double least = least_surprise(unseen);
  std::printf("%-24s %8.4f nats\n", "the true distribution", least);

  // Put through the function, samples must come out at the x that they were drawn for.
  const xg::Var y = draw_y(net, unseen.x, for_samples);
  const double scatter = std::sqrt(xg::cast<double>(mean(square(unseen.x - x_without_noise(y)))).item<double>());
  std::printf("x of the samples is off by %.4f, that of the points by %.2f\n", scatter, deviation);

  const xg::Var grid = xg::cast<float>(xg::linspace(-0.1, 1.1, 241));
  const Mixture middle = one(grid);
  xg::draw::save(folder / "mixture_density.svg",
                 {.title = "Many y for one x",
                  .x_label = "x",
                  .y_label = "y",
                  .series = {cloud("unseen points", unseen.x, unseen.y, xg::draw::Style::Points),
                             cloud("samples of the mixture", unseen.x, y, xg::draw::Style::Points),
                             cloud("mean of one normal distribution", grid, middle.means, xg::draw::Style::Line)}});

  if (!(of_mixture - least < (is_short ? 0.25 : 0.08)))
    throw std::runtime_error("the mixture should be nearer to the truth");
  if (!(of_one - of_mixture > (is_short ? 0.35 : 0.5)))
    throw std::runtime_error("one distribution should be much worse");
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
