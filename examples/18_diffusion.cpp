// Denoising diffusion: a net learns to take noise off points of two half-moons. Beginning with nothing but noise it
// then makes new points, a little of the noise at a time (J. Ho, A. Jain and P. Abbeel 2020).
//
//     18_diffusion [folder for its picture ["short"]]
#include <cstdint>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <numbers>
#include <stdexcept>
#include <string>
#include <utility>

#include <xgrad/draw.hpp>
#include <xgrad/loss.hpp>
#include <xgrad/nn.hpp>
#include <xgrad/optim.hpp>
#include <xgrad/train.hpp>
#include <xgrad/xgrad.hpp>

namespace xg = xgrad;
namespace nn = xgrad::nn;
namespace optim = xgrad::optim;

constexpr std::size_t levels = 50;
constexpr xg::DType single = xg::DType::Float32;

// [n, 2] float32: two half-circles that reach into each other, about the origin and about as large as the noise.
xg::Var moons(const xg::random::Key& key, std::size_t n) {
  const auto [for_angle, for_side, for_noise] = key.split<3>();
  const xg::Var angle = std::numbers::pi * xg::random::uniform(for_angle, {n});
  const xg::Var upper = xg::random::uniform(for_side, {n}) < 0.5;
  const xg::Var x = where(upper, cos(angle), 1.0 - cos(angle)) - 0.5;
  const xg::Var y = where(upper, sin(angle), 0.5 - sin(angle)) - 0.25;
  return xg::cast<float>(1.2 * xg::stack({x, 1.5 * y}, 1) + 0.06 * xg::random::normal(for_noise, {n, 2}));
}

// At level t a point is sqrt(kept[t]) x + sqrt(1 - kept[t]) noise: nearly x at level 0, nearly noise at the last.
struct Schedule {
  xg::Var kept;      // [levels], the product of 1 - added up to each level
  xg::Var added;     // [levels], the variance of the noise that a level adds
  xg::Var variance;  // [levels], of what is one level below, as far as it follows from x and this level
};
XGRAD_FIELDS(Schedule, kept, added, variance)

// Half a cosine (A. Nichol and P. Dhariwal 2021).
Schedule cosine_schedule() {
  const xg::Var t = xg::arange(static_cast<double>(levels) + 1.0) / static_cast<double>(levels);
  const xg::Var all = square(cos(0.5 * std::numbers::pi * (t + 0.008) / 1.008));
  const xg::Var above = view(all, xt::range(1, xt::placeholders::_));
  const xg::Var below = view(all, xt::range(0, static_cast<std::ptrdiff_t>(levels)));
  const xg::Var added = minimum(1.0 - above / below, 0.999);
  const xg::Var kept = cumprod(1.0 - added, 0);
  const xg::Var kept_below =
      xg::concatenate({xg::ones({1}), view(kept, xt::range(0, static_cast<std::ptrdiff_t>(levels) - 1))});
  return {xg::cast<float>(kept), xg::cast<float>(added), xg::cast<float>(added * (1.0 - kept_below) / (1.0 - kept))};
}

// Guesses the noise in points [n, 2] at levels [n].
struct Denoiser {
  nn::Mlp net;
  Schedule schedule;
  xg::Var operator()(const xg::Var& x, const xg::Var& level) const {
    // What is known of a level: how much of the point is left, and waves of that, which a net tells apart easily.
    const xg::Var angle = expand_dims(asin(sqrt(take(schedule.kept, level, 0))), 1);
    const xg::Var waves = angle * xg::Var(xt::xarray<float>{2.0F, 4.0F, 8.0F, 16.0F});
    return net(xg::concatenate({x, sin(waves), cos(waves)}, 1));
  }
};
XGRAD_FIELDS(Denoiser, net, state(schedule))

// The square error of the guess, for a level and noise of each point that are drawn anew in each step.
const auto loss_of = [](const Denoiser& denoiser, const xg::Var& x, const nn::Training& training) {
  const std::size_t n = x.shape()[0];
  const xg::Var level = xg::random::randint(training.part(0).key, 0, static_cast<std::int64_t>(levels), {n});
  const xg::Var noise = xg::random::normal(training.part(1).key, {n, 2}, single);
  const xg::Var kept = expand_dims(take(denoiser.schedule.kept, level, 0), 1);
  return mean(square(denoiser(sqrt(kept) * x + sqrt(1.0 - kept) * noise, level) - noise));
};

// From noise down all levels, in one loop that is recorded once: the points [n, 2], and what they were on the way,
// [levels, n, 2], the end of the way at 0.
std::pair<xg::Var, xg::Var> sample(const Denoiser& denoiser, const xg::random::Key& key, std::size_t n) {
  const auto [for_start, for_steps] = key.split<2>();
  const auto down = [&, steps = for_steps](const xg::Var& x, const xg::Var& t) {
    const Schedule& schedule = denoiser.schedule;
    const xg::Var kept = take(schedule.kept, t, 0);
    const xg::Var added = take(schedule.added, t, 0);
    const xg::Var noise = denoiser(x, broadcast_to(t, {n}));
    const xg::Var middle = (x - added / sqrt(1.0 - kept) * noise) / sqrt(1.0 - added);
    // The variance is 0 at level 0: the last step is no draw.
    const xg::Var next =
        middle + sqrt(take(schedule.variance, t, 0)) * xg::random::normal(steps.fold_in(t), {n, 2}, single);
    return std::pair{next, next};
  };
  return xg::scan(down, xg::random::normal(for_start, {n, 2}, single), xg::arange(static_cast<std::int64_t>(levels)),
                  {.reverse = true});
}

double distance(const xg::Var& a, const xg::Var& b) {
  return xg::cast<double>(xg::loss::EnergyDistance{.unbiased = true}(a, b)).item<double>();
}

xg::draw::Series cloud(const std::string& name, const xg::Var& points, double to_the_right) {
  xg::draw::Series series{.name = name, .style = xg::draw::Style::Points};
  const auto& values = points.array<float>();
  for (std::size_t i = 0; i < 400; ++i) {
    series.x.push_back(static_cast<double>(values(i, 0)) + to_the_right);
    series.y.push_back(static_cast<double>(values(i, 1)));
  }
  return series;
}

int main(int argc, char** argv) try {
  const std::filesystem::path folder = argc > 1 ? argv[1] : ".";
  const bool is_short = argc > 2 && std::string(argv[2]) == "short";
  const std::size_t steps = is_short ? 3000 : 12000;
  const std::size_t width = is_short ? 64 : 128;
  const auto [for_points, for_net, for_samples, for_others] = xg::random::Key(1).split<4>();

  const xg::Var points = moons(for_points, 4000);
  Denoiser denoiser{nn::mlp(for_net, {10, width, width, width, 2}, {.activation = nn::Activation::Silu}),
                    cosine_schedule()};
  // The loss is noisy, and so are the weights from step to step: their average is what makes the samples.
  const auto optimiser =
      optim::ema_of_parameters(optim::adam({.rate = optim::cosine(3e-3, steps)}), {.decay = is_short ? 0.99 : 0.999});
  const auto fitted = xg::train::fit(denoiser, loss_of, optimiser, points,
                                     {.steps = steps, .batches = {.size = 256}, .log_every = 100});
  denoiser = optim::average(fitted.state, fitted.model);

  // Points that the net has not seen are what its samples are compared with. Other such points say how small a
  // distance may be.
  const std::size_t n = 2000;
  const auto [for_unseen, for_more, for_noise] = for_others.split<3>();
  const xg::Var unseen = moons(for_unseen, n);
  const auto [made, way] = sample(denoiser, for_samples, n);
  const double of_noise = distance(xg::random::normal(for_noise, {n, 2}, single), unseen);
  const double of_points = distance(moons(for_more, n), unseen);
  const double of_samples = distance(made, unseen);
  std::printf("energy distance to points that were kept back\n");
  std::printf("  of noise        %.5f\n  of more points  %.5f\n  of samples      %.5f\n", of_noise, of_points,
              of_samples);

  xg::draw::Plot plot{.title = "From noise to two moons", .x_label = "x, one cloud beside the other", .y_label = "y"};
  double place = 0.0;
  for (const std::size_t level : {levels - 1, std::size_t{30}, std::size_t{15}, std::size_t{5}, std::size_t{0}}) {
    plot.series.push_back(
        cloud(level == 0 ? "samples" : std::to_string(level) + " levels left", view(way, level), place));
    place += 5.0;
  }
  plot.series.push_back(cloud("unseen points", unseen, place));
  xg::draw::save(folder / "diffusion.svg", plot);

  if (!(of_samples < (is_short ? 0.2 : 0.08) * of_noise)) throw std::runtime_error("that is more than it should be");
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
