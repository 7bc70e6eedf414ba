// Ten steps of training of six nets beside libtorch: the same weights, samples and Adam, the same losses and weights.
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <xgrad/loss.hpp>
#include <xgrad/nn.hpp>
#include <xgrad/optim.hpp>
#include <xgrad/train.hpp>
#include <xgrad/xgrad.hpp>

#include "steps.hpp"

BOOST_AUTO_TEST_SUITE(test_torch_steps)

namespace xg = xgrad;
namespace nn = xgrad::nn;
using xg::Var;
using xg::random::Key;

namespace {

constexpr auto f64 = xg::DType::Float64;
constexpr double rate = 0.01;
constexpr int steps = 10;

struct ResNet {
  nn::ResNetBlock first, second;
  nn::Linear head;
  Var operator()(const Var& x, const nn::Training& training) {
    return head(mean(second(first(x, training), training), {2, 3}));
  }
};
XGRAD_FIELDS(ResNet, first, second, head)

struct LstmClassifier {
  nn::Lstm lstm;
  nn::Linear head;
  Var operator()(const Var& x) const { return head(view(lstm.with_state(x).second.h, 1)); }
};
XGRAD_FIELDS(LstmClassifier, lstm, head)

struct Transformer {
  nn::TransformerEncoder encoder;
  nn::Linear head;
  Var operator()(const Var& x) const { return head(encoder(x)); }
};
XGRAD_FIELDS(Transformer, encoder, head)

struct Vae {
  nn::Mlp encoder, decoder;
};
XGRAD_FIELDS(Vae, encoder, decoder)

const auto squared_error = [](const auto& net, const Var& x, const Var& y) { return mean(xg::loss::Mse{}(net(x), y)); };
const auto cross_entropy = [](const auto& net, const Var& x, const Var& labels) {
  return mean(xg::loss::CrossEntropy{}(net(x), labels));
};
const auto cross_entropy_in_training = [](auto net, const Var& x, const Var& labels, const nn::Training& training) {
  const Var loss = mean(xg::loss::CrossEntropy{}(net(x, training), labels));
  return std::pair(loss, net);
};
const auto minus_elbo = [](const Vae& vae, const Var& x, const Var& noise) {
  const std::vector<Var> both = split(vae.encoder(x), 2, 1);
  const Var logits = vae.decoder(both[0] + exp(0.5 * both[1]) * noise);
  return mean(sum(xg::loss::BinaryCrossEntropy{}(logits, x), 1) + sum(xg::loss::GaussianKl{}(both[0], both[1]), 1));
};

libtorch::Doubles doubles(const Var& x) {
  const auto& values = x.array<double>();
  return {{x.shape().begin(), x.shape().end()}, {values.data(), values.data() + values.size()}};
}

template <class M>
std::vector<libtorch::Doubles> trained_arrays(const M& net) {
  std::vector<libtorch::Doubles> all;
  xg::tree::for_each(net, [&](const Var& weight) { all.push_back(doubles(weight)); });
  return all;
}

/// Both ways from the same start.
struct Ways {
  libtorch::TrainedSteps ours, theirs;
};

template <class M, class F>
Ways both_ways(const std::string& name, M net, const F& objective, const Var& x, const Var& y) {
  // Biases begin as 0 and the weights of norms as 1: so that each matters, they are moved.
  std::int64_t seed = 100;
  net = xg::tree::map(net, [&](const Var& weight) {
    return weight.shape().size() == 1 ? weight + 0.1 * xg::random::normal(Key(++seed), weight.shape()) : weight;
  });
  libtorch::TrainedNet task{name, trained_arrays(net), doubles(x), {}, {}};
  if (y.dtype() == xg::DType::Int64) {
    const auto& labels = y.array<std::int64_t>();
    task.labels = {labels.data(), labels.data() + labels.size()};
  } else {
    task.y = doubles(y);
  }
  Ways ways;
  ways.theirs = libtorch::train(task, rate, steps);
  const xg::optim::Optimiser adam = xg::optim::adam({.rate = rate});
  const auto step = xg::train::step(objective, adam);
  xg::optim::State state = adam.init(net);
  Var loss;
  for (int i = 0; i < steps; ++i) {
    if constexpr (requires { objective(net, x, y); }) {
      std::tie(net, state, loss) = step(std::move(net), std::move(state), x, y);
    } else {
      std::tie(net, state, loss) = step(std::move(net), std::move(state), x, y, Key(i));
    }
    ways.ours.losses.push_back(loss.item<double>());
  }
  ways.ours.weights = trained_arrays(net);
  return ways;
}

Var normal(std::int64_t seed, const xg::Shape& shape) { return xg::random::normal(Key(seed), shape); }
Var uniform(std::int64_t seed, const xg::Shape& shape) { return xg::random::uniform(Key(seed), shape); }
Var classes(std::int64_t seed, std::int64_t count, std::size_t samples) {
  return xg::random::randint(Key(seed), 0, count, {samples});
}

Ways mlp_ways() {
  const auto net = nn::mlp(Key(1), {4, 16, 8, 3}, {.activation = nn::Activation::Tanh, .dtype = f64});
  return both_ways("mlp", net, squared_error, normal(2, {20, 4}), normal(3, {20, 3}));
}

Ways lenet_ways() {
  return both_ways("lenet", nn::lenet5(Key(4), {.dtype = f64}), cross_entropy, uniform(5, {8, 1, 28, 28}),
                   classes(6, 10, 8));
}

Ways resnet_ways() {
  const nn::BatchNormOptions norm{.dtype = f64};
  const ResNet net{nn::resnet_block(Key(7), 2, 4, {.norm = norm}),
                   nn::resnet_block(Key(8), 4, 8, {.stride = 2, .norm = norm}),
                   nn::linear(Key(9), 8, 5, {.dtype = f64})};
  return both_ways("resnet", net, cross_entropy_in_training, normal(10, {6, 2, 7, 6}), classes(11, 5, 6));
}

Ways lstm_ways() {
  const LstmClassifier net{nn::lstm(Key(12), 5, 12, {.layers = 2, .cell = {.dtype = f64}}),
                           nn::linear(Key(13), 12, 4, {.dtype = f64})};
  return both_ways("lstm", net, cross_entropy, normal(14, {6, 9, 5}), classes(15, 4, 6));
}

Ways transformer_ways() {
  const Transformer net{nn::transformer_encoder(Key(16), 16, 4, 2, {.hidden = 32, .dtype = f64}),
                        nn::linear(Key(17), 16, 3, {.dtype = f64})};
  return both_ways("transformer", net, squared_error, normal(18, {4, 7, 16}), normal(19, {4, 7, 3}));
}

Ways vae_ways() {
  const Vae vae{nn::mlp(Key(20), {8, 16, 6}, {.dtype = f64}), nn::mlp(Key(21), {3, 16, 8}, {.dtype = f64})};
  return both_ways("vae", vae, minus_elbo, uniform(22, {12, 8}), normal(23, {12, 3}));
}

const std::map<std::string, std::function<Ways()>> nets{
    {"mlp", mlp_ways},
    {"lenet", lenet_ways},
    {"resnet", resnet_ways},
    {"lstm", lstm_ways},
    {"transformer", transformer_ways},
    {"vae", vae_ways},
};

/// The largest difference; infinity if one of them is NaN.
double furthest(const std::vector<libtorch::Doubles>& ours, const std::vector<libtorch::Doubles>& theirs) {
  BOOST_TEST_REQUIRE(ours.size() == theirs.size());
  double most = 0.0;
  for (std::size_t i = 0; i < ours.size(); ++i) {
    BOOST_TEST_REQUIRE(ours[i].values.size() == theirs[i].values.size());
    for (std::size_t k = 0; k < ours[i].values.size(); ++k) {
      const double apart = std::abs(ours[i].values[k] - theirs[i].values[k]);
      most = std::isnan(apart) ? HUGE_VAL : std::max(most, apart);
    }
  }
  return most;
}

}  // namespace

BOOST_AUTO_TEST_CASE(ten_steps_are_the_same) {
  for (const std::string& name : libtorch::trained_nets()) {
    BOOST_TEST_CONTEXT(name) {
      BOOST_TEST_REQUIRE(nets.contains(name));
      const Ways ways = nets.at(name)();
      const double losses = furthest({{{}, ways.ours.losses}}, {{{}, ways.theirs.losses}});
      const double weights = furthest(ways.ours.weights, ways.theirs.weights);
      BOOST_TEST_MESSAGE(name << ": from " << ways.ours.losses.front() << " to " << ways.ours.losses.back()
                              << ", losses differ by " << losses << ", weights by " << weights);
      BOOST_TEST(losses <= 1e-8);
      BOOST_TEST(weights <= 1e-8);
      BOOST_TEST(ways.ours.losses.back() < 0.9 * ways.ours.losses.front());
    }
  }
  BOOST_TEST(nets.size() == libtorch::trained_nets().size());
}

BOOST_AUTO_TEST_SUITE_END()
