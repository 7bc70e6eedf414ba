// Processes that train apart and meet: DiLoCo, local SGD, and means in 16 bits.
#include <cmath>
#include <limits>
#include <tuple>
#include <vector>
#include <xgrad/mpi.hpp>
#include <xgrad/xgrad.hpp>

#include "mpi/checks.hpp"
#include "mpi/half.hpp"

namespace {

namespace mpi = xgrad::mpi;
namespace xg = xgrad;

struct Net {
  xg::Var weight, bias;
  xg::Var running;  // of a batch norm, say
  xg::Var count;
};
XGRAD_FIELDS(Net, weight, bias, state(running), state(count))

Net begin() {
  return {xg::ones({3, 2}), xg::cast(xg::zeros({2}), xg::DType::Float32), xg::zeros({2}), xg::Var(std::int64_t{3})};
}

// What a process has learnt by itself.
Net learnt(const Net& net, std::size_t rank) {
  const double r = static_cast<double>(rank + 1);
  return {net.weight - 0.1 * r, net.bias + 0.25 * r, net.running + r, net.count + 2};
}

void meetings_follow_the_paper(const mpi::Communicator& world) {
  const auto p = static_cast<double>(world.size());
  const double mean_rank = (p + 1.0) / 2.0;
  Net net = begin();
  auto outer = mpi::outer(net);
  // By hand: v = 0.9 v + g; theta -= 0.7 (g + 0.9 v), with g the mean of the ways.
  double theta = 1.0, bias = 0.0, v = 0.0, u = 0.0;
  for (int round = 0; round < 3; ++round) {
    std::tie(net, outer) = mpi::meet(world, learnt(net, world.rank()), outer);
    const double g = 0.1 * mean_rank, h = -0.25 * mean_rank;
    v = 0.9 * v + g;
    u = 0.9 * u + h;
    theta -= 0.7 * (g + 0.9 * v);
    bias -= 0.7 * (h + 0.9 * u);
  }
  CHECK(std::abs(amax(abs(net.weight - theta)).item<double>()) < 1e-12);
  CHECK(std::abs(amax(abs(net.bias - bias)).item<float>()) < 1e-5F);
  CHECK(std::abs(amax(abs(net.running - 3.0 * mean_rank)).item<double>()) < 1e-12);
  CHECK_EQUAL(net.count.item<std::int64_t>(), 9);
  CHECK(array_equal(net.weight, outer.model.weight).item<bool>());
}

void local_sgd_is_the_mean(const mpi::Communicator& world) {
  const auto plain = xg::optim::sgd({.rate = 1.0});
  auto outer = mpi::outer(begin(), plain);
  Net net = learnt(outer.model, world.rank());
  std::tie(net, outer) = mpi::meet(world, net, outer, plain);
  const double expected = 1.0 - 0.1 * (static_cast<double>(world.size()) + 1.0) / 2.0;
  CHECK(amax(abs(net.weight - expected)).item<double>() < 1e-12);
}

void unequal_states_are_told(const mpi::Communicator& world) {
  if (world.size() == 1) return;
  auto outer = mpi::outer(begin());
  Net net = outer.model;
  net.count = net.count + static_cast<std::int64_t>(world.rank());
  std::string message;
  try {
    std::tie(net, outer) = mpi::meet(world, net, outer);
  } catch (const mpi::MismatchError& error) {
    message = error.what();
  }
  CHECK(message.find("'count'") != std::string::npos);
}

template <class Format>
void halves_are_nearest(float largest) {
  // Every half is itself, and what is in the middle of two goes to the even one.
  std::size_t wrong = 0;
  for (unsigned bits = 0; bits < 0x10000U; ++bits) {
    const auto half = static_cast<std::uint16_t>(bits);
    const float value = Format::value(half);
    if (std::isnan(value)) wrong += !std::isnan(Format::value(Format::of(value)));
    else wrong += Format::of(value) != half;
    const float next = Format::value(static_cast<std::uint16_t>(bits + 1));
    if (!std::isfinite(value) || !std::isfinite(next) || (bits & 0x7FFFU) == 0x7FFFU) continue;
    const float middle = value + (next - value) / 2.0F;
    const auto even = static_cast<std::uint16_t>((bits & 1U) == 0 ? bits : bits + 1);
    wrong += middle != value && middle != next && Format::of(middle) != even;
  }
  CHECK_EQUAL(wrong, 0U);
  const float most = std::numeric_limits<float>::max();
  CHECK_EQUAL(Format::value(Format::of(most)), largest);
  CHECK_EQUAL(Format::value(Format::of(-most)), -largest);
  CHECK(std::isinf(Format::value(Format::of(std::numeric_limits<float>::infinity()))));
}

// What rounding loses comes later: sums over many steps are those of exact means.
void nothing_is_lost(const mpi::Communicator& world, mpi::Half half) {
  mpi::Rounding rounding{.half = half};
  const std::size_t steps = 200;
  std::vector<double> sent(11, 0.0), exact(11, 0.0);
  double largest = 0.0;
  for (std::size_t step = 0; step < steps; ++step) {
    xt::xarray<float> gradient = xt::zeros<float>({11});
    for (std::size_t i = 0; i < 11; ++i) {
      const auto value = [&](std::size_t rank) {
        return static_cast<float>(1.0 + 1e-4 * static_cast<double>(i) +
                                  0.3 * std::sin(static_cast<double>(step * 7 + i + 100 * rank)));
      };
      gradient(i) = value(world.rank());
      double mean = 0.0;
      for (std::size_t rank = 0; rank < world.size(); ++rank) mean += static_cast<double>(value(rank));
      exact[i] += mean / static_cast<double>(world.size());
    }
    xg::Var mean;
    std::tie(mean, rounding) = mpi::rounded_mean(world, xg::Var(gradient), rounding);
    for (std::size_t i = 0; i < 11; ++i) sent[i] += static_cast<double>(mean.array<float>()(i));
  }
  for (std::size_t i = 0; i < 11; ++i) largest = std::max(largest, std::abs(sent[i] - exact[i]));
  CHECK(largest <
        (half == mpi::Half::bfloat16 ? 2e-2 : 2e-3));  // two roundings of 1; without feedback up to 200 of them
}

void infinities_leave_nothing(const mpi::Communicator& world) {
  const float inf = std::numeric_limits<float>::infinity();
  mpi::Rounding rounding{.half = mpi::Half::float16};
  xg::Var mean;
  std::tie(mean, rounding) = mpi::rounded_mean(world, xg::Var(xt::xarray<float>{inf, 1e6F, 1.0F}), rounding);
  CHECK_EQUAL(mean.array<float>()(0), inf);
  CHECK_EQUAL(mean.array<float>()(1), 65504.0F);
  for (int i = 0; i < 14; ++i) {
    std::tie(mean, rounding) = mpi::rounded_mean(world, xg::Var(xt::xarray<float>{2.0F, 0.0F, 1.0F}), rounding);
    CHECK_EQUAL(mean.array<float>()(0), 2.0F);
  }
  std::tie(mean, rounding) = mpi::rounded_mean(world, xg::Var(xt::xarray<float>{2.0F, 0.0F, 1.0F}), rounding);
  CHECK(mean.array<float>()(1) < 65504.0F);  // 1e6 has come in parts
}

void half_as_much_is_sent(const mpi::Communicator& world) {
  const xg::Var gradient = xg::cast(xg::ones({60000}), xg::DType::Float32);
  const std::uint64_t before = world.bytes_sent();
  const auto [mean, rounding] = mpi::rounded_mean(world, gradient, mpi::Rounding());
  const auto sent = static_cast<double>(world.bytes_sent() - before);
  const double share = 2.0 * static_cast<double>(world.size() - 1) / static_cast<double>(world.size());
  CHECK(sent <= share * 120000.0 + 1000.0);
  bool threw = false;
  try {
    static_cast<void>(mpi::rounded_mean(world, xg::Var(xt::xarray<float>{1.0F}), rounding));
  } catch (const xg::ShapeError&) {
    threw = true;
  }
  CHECK(threw);
}

}  // namespace

int main(int argc, char** argv) {
  const mpi::Session session(argc, argv, {.time_limit = std::chrono::seconds(20)});
  const mpi::Communicator world = session.world();
  meetings_follow_the_paper(world);
  local_sgd_is_the_mean(world);
  unequal_states_are_told(world);
  halves_are_nearest<mpi::Float16>(65504.0F);
  halves_are_nearest<mpi::Bfloat16>(3.3895314e38F);
  nothing_is_lost(world, mpi::Half::bfloat16);
  nothing_is_lost(world, mpi::Half::float16);
  infinities_leave_nothing(world);
  half_as_much_is_sent(world);
  return checks_failed();
}
