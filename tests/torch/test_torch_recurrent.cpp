// Recurrent nets beside libtorch's: outputs, last states, and the derivatives by sequences, first states and weights.
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <xgrad/nn.hpp>
#include <xgrad/xgrad.hpp>

#include "libtorch.hpp"
#include "recurrent.hpp"

BOOST_AUTO_TEST_SUITE(test_torch_recurrent)

namespace xg = xgrad;
namespace nn = xgrad::nn;
using xg::DType;
using xg::Var;

namespace {

constexpr std::size_t batch = 3;
constexpr std::size_t time_steps = 5;
constexpr std::size_t inputs = 2;
constexpr std::size_t hidden = 4;

libtorch::Doubles doubles_of(const Var& x) {
  const xg::Shape shape = x.shape();
  const xg::Array<double>& values = x.array<double>();
  return {{shape.begin(), shape.end()}, {values.data(), values.data() + values.size()}};
}

Var cotangent_like(const Var& x, std::size_t which) {
  xg::Array<double> result(x.shape());
  for (std::size_t i = 0; i < result.size(); ++i) result.data()[i] = libtorch::weight(which, i);
  return result;
}

/// A tree of what a net is given.
template <class State>
struct Given {
  Var x;
  State first;
  XGRAD_MEMBER_FIELDS(Given, x, first)
};

double distance(const std::vector<Var>& ours, const std::vector<libtorch::Doubles>& theirs) {
  BOOST_TEST_REQUIRE(ours.size() == theirs.size());
  double total = 0.0;  // of NaN: NaN
  for (std::size_t k = 0; k < ours.size(); ++k) {
    const libtorch::Doubles mine = doubles_of(ours[k]);
    BOOST_TEST_REQUIRE(mine.shape == theirs[k].shape, boost::test_tools::per_element());
    for (std::size_t i = 0; i < mine.values.size(); ++i) {
      total += std::abs(mine.values[i] - theirs[k].values[i]);
    }
  }
  return total;
}

template <class Net>
void compare(const std::string& kind, const Net& net, const std::vector<std::int64_t>& lengths) {
  using State = typename Net::State;
  const std::size_t states = net.forward.size() + net.reverse.size();
  const xg::random::Key key(11);
  Given<State> given{xg::random::normal(key.fold_in(0), {batch, time_steps, inputs}), {}};
  std::int64_t part = 1;
  xg::tree::for_each(given.first, [&](Var& leaf) {
    leaf = xg::random::normal(key.fold_in(part++), {states, batch, hidden});
  });
  nn::SequenceOptions<State> options;
  if (!lengths.empty()) options.lengths = Var(lengths);

  const auto [values, back] = xg::vjp(
      [&](const Net& n, const Given<State>& g) {
        options.first = g.first;
        return n.with_state(g.x, options);
      },
      net, given);
  auto cotangents = values;
  std::size_t which = 0;
  xg::tree::for_each(cotangents, [&](Var& leaf) { leaf = cotangent_like(leaf, which++); });
  const auto [of_net, of_given] = back(cotangents);

  std::vector<libtorch::Doubles> arguments;
  for (const Var& leaf : xg::tree::leaves(given)) arguments.push_back(doubles_of(leaf));
  for (const Var& leaf : xg::tree::leaves(net)) arguments.push_back(doubles_of(leaf));
  const libtorch::RecurrentNet same{kind, net.forward[0].bias_ih.has_value(),
                                    static_cast<std::int64_t>(net.forward.size()), !net.reverse.empty()};
  const libtorch::RecurrentDerivatives theirs = libtorch::recurrent(same, arguments, lengths);

  std::vector<Var> gradients = xg::tree::leaves(of_given);
  for (const Var& leaf : xg::tree::leaves(of_net)) gradients.push_back(leaf);
  BOOST_TEST_CONTEXT(kind << ", layers " << same.layers << ", both ways " << same.bidirectional << ", lengths "
                          << lengths.size() << ", bias " << same.bias) {
    BOOST_TEST(distance(xg::tree::leaves(values), theirs.values) < 1e-12);
    BOOST_TEST(distance(gradients, theirs.gradients) < 1e-10);
  }
}

template <class Options, class Make>
void compare_all(const std::string& kind, Options options, Make make) {
  options.cell.dtype = DType::Float64;
  options.cell.biases = nn::normal(0.5);
  for (const std::size_t layers : {1U, 2U, 3U}) {
    for (const bool both : {false, true}) {
      for (const bool bias : {true, false}) {
        options.layers = layers;
        options.bidirectional = both;
        options.cell.bias = bias;
        const auto net = make(xg::random::Key(5), inputs, hidden, options);
        compare(kind, net, {});
        compare(kind, net, {2, 5, 1});
      }
    }
  }
}

}  // namespace

BOOST_AUTO_TEST_CASE(rnn) {
  compare_all("rnn_tanh", nn::RnnOptions{}, nn::rnn);
  compare_all("rnn_relu", nn::RnnOptions{.cell = {.activation = nn::Activation::Relu}}, nn::rnn);
}

BOOST_AUTO_TEST_CASE(lstm) { compare_all("lstm", nn::LstmOptions{}, nn::lstm); }

BOOST_AUTO_TEST_CASE(gru) { compare_all("gru", nn::GruOptions{}, nn::gru); }

BOOST_AUTO_TEST_SUITE_END()
