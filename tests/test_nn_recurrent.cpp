// Recurrent cells and nets; values and derivatives are also beside libtorch's, in tests/torch.
#include <boost/test/unit_test.hpp>

#include <cmath>
#include <cstdint>
#include <limits>
#include <sstream>
#include <string>
#include <vector>

#include <xgrad/io.hpp>
#include <xgrad/nn.hpp>
#include <xgrad/testing.hpp>
#include <xgrad/xgrad.hpp>

#include "comparing.hpp"

namespace nn = xgrad::nn;
using xgrad::Array;
using xgrad::DType;
using xgrad::Shape;
using xgrad::Var;
using xgrad::random::Key;

BOOST_AUTO_TEST_SUITE(test_nn_recurrent)

using comparing::distance;

namespace {

constexpr std::size_t inputs = 2;
constexpr std::size_t hidden = 3;

nn::Lstm lstm_of(std::size_t layers = 1, bool bidirectional = false, double dropout = 0.0) {
  return nn::lstm(Key(3), inputs, hidden,
                  {.layers = layers,
                   .bidirectional = bidirectional,
                   .dropout = dropout,
                   .cell = {.biases = nn::normal(0.3), .dtype = DType::Float64}});
}

nn::Gru gru_of(std::size_t layers = 1, bool bidirectional = false) {
  return nn::gru(
      Key(4), inputs, hidden,
      {.layers = layers, .bidirectional = bidirectional, .cell = {.biases = nn::normal(0.3), .dtype = DType::Float64}});
}

nn::Rnn rnn_of(nn::Activation activation) {
  return nn::rnn(Key(5), inputs, hidden,
                 {.cell = {.activation = activation, .biases = nn::normal(0.3), .dtype = DType::Float64}});
}

Var sequences(const Shape& before, std::size_t time) {
  Shape shape = before;
  shape.push_back(time);
  shape.push_back(inputs);
  return xgrad::random::normal(Key(9), shape);
}

/// Calls f with a net of each kind.
void with_each(auto f) {
  f(rnn_of(nn::Activation::Tanh));
  f(lstm_of(2, true));
  f(gru_of(2, true));
}

}  // namespace

BOOST_AUTO_TEST_CASE(cells_are_their_formulas) {
  const auto sigma = [](double x) { return 1.0 / (1.0 + std::exp(-x)); };
  const auto column = [](std::vector<double> values) { return reshape(Var(std::move(values)), {-1, 1}); };
  const Var x = Array<double>{0.7};
  const double h = -0.4;
  const double c = 1.5;
  const Var state = Array<double>{h};

  const nn::RnnCell rnn{column({0.5}), column({-1.0}), Array<double>{0.25}, Array<double>{0.125}};
  BOOST_TEST(rnn(x, state).item<double>() == std::tanh(0.35 + 0.4 + 0.375), boost::test_tools::tolerance(1e-15));
  nn::RnnCell relu = rnn;
  relu.activation = nn::Activation::Relu;
  BOOST_TEST(relu(x, state).item<double>() == 1.125, boost::test_tools::tolerance(1e-15));

  const nn::LstmCell lstm{column({0.5, -0.5, 2.0, 1.0}), column({1.0, 2.0, -1.0, 0.5}), {}, {}};
  const double i = sigma(0.35 - 0.4);
  const double f = sigma(-0.35 - 0.8);
  const double g = std::tanh(1.4 + 0.4);
  const double o = sigma(0.7 - 0.2);
  const nn::LstmState next = lstm(x, {state, Array<double>{c}});
  BOOST_TEST(next.c.item<double>() == f * c + i * g, boost::test_tools::tolerance(1e-15));
  BOOST_TEST(next.h.item<double>() == o * std::tanh(f * c + i * g), boost::test_tools::tolerance(1e-15));

  const nn::GruCell gru{column({0.5, -0.5, 2.0}), column({1.0, 2.0, -1.0}), Array<double>{0.1, 0.2, 0.3},
                        Array<double>{0.4, 0.5, 0.6}};
  const double r = sigma(0.35 - 0.4 + 0.5);
  const double z = sigma(-0.35 - 0.8 + 0.7);
  const double n = std::tanh(1.4 + 0.3 + r * (0.4 + 0.6));
  BOOST_TEST(gru(x, state).item<double>() == (1.0 - z) * n + z * h, boost::test_tools::tolerance(1e-15));
}

BOOST_AUTO_TEST_CASE(nets_are_their_cells_step_by_step) {
  const nn::Gru net = gru_of(1, true);
  const Var x = sequences({4}, 5);
  const auto [outputs, last] = net.with_state(x);
  Var forward = xgrad::zeros({4, hidden});
  Var reverse = forward;
  for (std::ptrdiff_t t = 0; t < 5; ++t) {
    forward = net.forward[0](view(x, xt::all(), t), forward);
    reverse = net.reverse[0](view(x, xt::all(), 4 - t), reverse);
    BOOST_TEST(distance(view(outputs, xt::all(), t, xt::range(0, 3)), forward) < 1e-14);
    BOOST_TEST(distance(view(outputs, xt::all(), 4 - t, xt::range(3, 6)), reverse) < 1e-14);
  }
  BOOST_TEST(distance(last, xgrad::stack({forward, reverse})) < 1e-14);
}

BOOST_AUTO_TEST_CASE(axes_before_time_are_those_of_batches) {
  with_each([](const auto& net) {
    const Var x = sequences({2, 3}, 4);
    const Var lengths = Array<std::int64_t>{{4, 1, 2}, {0, 3, 4}};
    const auto [all, last] = net.with_state(x, {.lengths = lengths});
    BOOST_TEST(all.shape() == (Shape{2, 3, 4, hidden * (1 + net.reverse.size() / net.forward.size())}),
               boost::test_tools::per_element());
    BOOST_TEST(distance(net(x), reshape(net(reshape(x, {6, 4, 2})), Shape(net(x).shape()))) < 1e-14);
    const auto of_one = [&](const Var& one, const Var& length) { return net.with_state(one, {.lengths = length}); };
    const auto [one, state_of_one] = of_one(view(x, 1, 1), view(lengths, 1, 1));
    BOOST_TEST(distance(one, view(all, 1, 1)) < 1e-14);
    const auto batched = xgrad::vmap(xgrad::vmap(of_one))(x, lengths);
    BOOST_TEST(distance(batched.first, all) < 1e-14);
    const Var state = xgrad::tree::leaves(last)[0];
    BOOST_TEST(distance(moveaxis(xgrad::tree::leaves(batched.second)[0], 2, 0), state) < 1e-14);
  });
}

BOOST_AUTO_TEST_CASE(nothing_behind_the_end_matters) {
  with_each([](const auto& net) {
    const Var x = sequences({3}, 5);
    const Var lengths = Array<std::int64_t>{2, 5, 0};
    const Var counts = less(xgrad::arange(5), expand_dims(lengths, -1));
    const Var spoilt = where(expand_dims(counts, -1), x, std::numeric_limits<double>::quiet_NaN());
    const auto loss = [&](const auto& n, const Var& s) {
      const auto [all, last] = n.with_state(s, {.lengths = lengths});
      Var total = sum(square(all));
      xgrad::tree::for_each(last, [&](const Var& leaf) { total = total + sum(sin(leaf)); });
      return total;
    };
    const auto [clean, of_clean] = xgrad::value_and_grad(loss)(net, x);
    const auto [value, of_spoilt] = xgrad::value_and_grad(loss)(net, spoilt);
    BOOST_TEST(value.template item<double>() == clean.template item<double>());
    BOOST_TEST(distance(of_spoilt, of_clean) == 0.0);

    const auto [all, last] = net.with_state(spoilt, {.lengths = lengths});
    BOOST_TEST(xgrad::any(not_equal(view(all, 0, xt::range(2, 5)), 0.0)).template item<bool>() == false);
    const auto [shorter, last_of_shorter] = net.with_state(view(x, xt::range(0, 1), xt::range(0, 2)));
    BOOST_TEST(distance(view(all, xt::range(0, 1), xt::range(0, 2)), shorter) < 1e-14);
    const auto state = [](const auto& s) { return xgrad::tree::leaves(s)[0]; };
    BOOST_TEST(distance(view(state(last), xt::all(), xt::range(0, 1)), state(last_of_shorter)) < 1e-14);
    BOOST_TEST(xgrad::all(equal(view(state(last), xt::all(), 2), 0.0)).template item<bool>());  // of no steps
  });
}

BOOST_AUTO_TEST_CASE(derivatives) {
  const Var x = sequences({2}, 3);
  const Var lengths = Array<std::int64_t>{3, 2};
  const auto check = [&](const auto& net, auto first) {
    const auto f = [&](const auto& n, const Var& s, const auto& begin) {
      return n.with_state(s, {.first = begin, .lengths = lengths});
    };
    BOOST_TEST(xgrad::testing::check_gradients(f, net, x, first));
  };
  const auto state = [](std::int64_t seed) { return xgrad::random::normal(Key(seed), {1, 2, hidden}); };
  check(rnn_of(nn::Activation::Tanh), state(20));
  check(gru_of(), state(21));
  check(lstm_of(), nn::LstmState{state(22), state(23)});
  const nn::Lstm deep = lstm_of(2, true);
  BOOST_TEST(xgrad::testing::check_gradients(
      {.order = 1}, [&](const nn::Lstm& n) { return n(x); }, deep));
}

BOOST_AUTO_TEST_CASE(compiled_is_the_same) {
  with_each([](const auto& net) {
    const Var x = sequences({3}, 6);
    const Var lengths = Array<std::int64_t>{6, 2, 4};
    const auto loss = [](const auto& n, const Var& s, const Var& steps) {
      const auto [all, last] = n.with_state(s, {.lengths = steps});
      return sum(square(all)) + sum(xgrad::tree::leaves(last)[0]);
    };
    const auto both = xgrad::value_and_grad(loss);
    const auto [value, gradient] = both(net, x, lengths);
    const auto step = xgrad::compile(both);
    for (int i = 0; i < 2; ++i) {
      const auto [again, slope] = step(net, x, lengths);
      BOOST_TEST(again.template item<double>() == value.template item<double>(), boost::test_tools::tolerance(1e-13));
      BOOST_TEST(distance(slope, gradient) < 1e-12);
    }
  });
}

BOOST_AUTO_TEST_CASE(float32_stays) {
  const nn::Lstm net = nn::lstm(Key(1), inputs, hidden, {.layers = 2, .bidirectional = true});
  const Var x = cast<float>(sequences({2}, 4));
  const auto [all, last] = net.with_state(x, {.lengths = Array<std::int64_t>{4, 3}});
  BOOST_TEST((all.dtype() == DType::Float32 && last.h.dtype() == DType::Float32));
  BOOST_TEST(distance(all, net.with_state(x, {.first = nn::LstmState{zeros_like(last.h), zeros_like(last.c)},
                                              .lengths = Array<std::int64_t>{4, 3}})
                               .first) == 0.0);
}

BOOST_AUTO_TEST_CASE(nothing_at_all) {
  with_each([](const auto& net) {
    const std::size_t outputs = hidden * (net.reverse.empty() ? 1 : 2);
    const auto [none, first] = net.with_state(sequences({2}, 0));
    BOOST_TEST(none.shape() == (Shape{2, 0, outputs}), boost::test_tools::per_element());
    BOOST_TEST(xgrad::all(equal(xgrad::tree::leaves(first)[0], 0.0)).template item<bool>());
    BOOST_TEST(net(sequences({0}, 4)).shape() == (Shape{0, 4, outputs}), boost::test_tools::per_element());
    const auto loss = [&](const auto& n) { return sum(n(sequences({0}, 4))) + sum(n(sequences({2}, 0))); };
    for (const Var& leaf : xgrad::tree::leaves(xgrad::grad(loss)(net))) {
      BOOST_TEST(xgrad::all(equal(leaf, 0.0)).template item<bool>());
    }
  });
}

BOOST_AUTO_TEST_CASE(dropout_is_between_layers_in_training) {
  const Var x = sequences({2}, 3);
  const nn::Training training{Key(7)};
  const nn::Lstm one = lstm_of(1, false, 0.5);
  BOOST_TEST(distance(one(x, training), one(x)) == 0.0);
  const nn::Lstm two = lstm_of(2, false, 0.5);
  BOOST_TEST(distance(two(x, training), two(x)) > 1e-3);
  BOOST_TEST(distance(two(x, training), two(x, training)) == 0.0);
  BOOST_TEST(distance(two(x, training), two(x, training.part(1))) > 1e-3);
  BOOST_TEST(distance(two(x), lstm_of(2)(x)) == 0.0);
  BOOST_TEST(distance(two.with_state(x, {}, training).first, two(x, training)) == 0.0);

  const auto compiled =
      xgrad::compile([](const nn::Lstm& net, const Var& s, const nn::Training& t) { return net(s, t); });
  BOOST_TEST(distance(compiled(two, x, training), two(x, training)) < 1e-14);
  const nn::Lstm thick = lstm_of(2);
  BOOST_TEST(distance(compiled(thick, x, training), two(x)) < 1e-14);  // another dropout is another net

  // A second layer that hands its input on: what comes out is dropped, or divided by what stays.
  nn::Rnn passing =
      nn::rnn(Key(8), inputs, 3, {.layers = 2, .dropout = 0.25, .cell = {.bias = false, .dtype = DType::Float64}});
  passing.forward[1] = {xgrad::eye(3), xgrad::zeros({3, 3}), {}, {}, nn::Activation::Relu};
  passing.forward[0].activation = nn::Activation::Relu;
  const Var many = sequences({2000}, 3);
  const Var full = passing(many);
  const Var thin = passing(many, training);
  const Var kept = thin > 0.0;
  BOOST_TEST(distance(thin, where(kept, full / 0.75, 0.0)) < 1e-12);
  const double share = sum(cast<double>(kept)).item<double>() / sum(cast<double>(full > 0.0)).item<double>();
  BOOST_TEST(share == 0.75, boost::test_tools::tolerance(0.03));
}

BOOST_AUTO_TEST_CASE(begins_orthogonal_and_remembering) {
  const nn::LstmCell cell = nn::lstm_cell(Key(2), 5, 4, {.dtype = DType::Float64});
  BOOST_TEST(cell.weight_ih.shape() == (Shape{16, 5}), boost::test_tools::per_element());
  for (const Var& gate : split(cell.weight_hh, 4)) {
    BOOST_TEST(distance(matmul(gate, transpose(gate)), xgrad::eye(4)) < 1e-14);
  }
  BOOST_TEST(distance(*cell.bias_ih, Array<double>{0, 0, 0, 0, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0}) == 0.0);
  BOOST_TEST(amax(abs(*cell.bias_hh)).item<double>() == 0.0);
  BOOST_TEST(!nn::gru_cell(Key(2), 5, 4, {.bias = false}).bias_ih.has_value());
}

BOOST_AUTO_TEST_CASE(arrays_have_the_names_of_torch) {
  const nn::Gru net = gru_of(2, true);
  std::vector<std::string> names;
  for (const std::string layer : {"_l0", "_l0_reverse", "_l1", "_l1_reverse"}) {
    for (const std::string part : {"weight_ih", "weight_hh", "bias_ih", "bias_hh"}) names.push_back(part + layer);
  }
  BOOST_TEST(xgrad::tree::paths(net) == names, boost::test_tools::per_element());
  std::ostringstream text;
  text << net;
  BOOST_TEST(text.str().starts_with("weight_ih_l0"));
  BOOST_TEST(net.kind() == "Gru");
  static_assert(nn::Layer<nn::Gru> && nn::TrainingLayer<nn::Gru>);
  nn::Gru other =
      nn::gru(Key(77), inputs, hidden, {.layers = 2, .bidirectional = true, .cell = {.dtype = DType::Float64}});
  BOOST_TEST(distance(other, net) > 0.1);
  other = xgrad::io::filled(other, xgrad::io::by_name(net));
  BOOST_TEST(distance(other, net) == 0.0);
}

BOOST_AUTO_TEST_CASE(nets_by_name) {
  const auto same = [](const auto& net, const std::string& name, xgrad::Settings settings) {
    settings.insert({{"inputs", 2}, {"hidden", 3}, {"layers", 2}, {"bidirectional", true}, {"dropout", 0.1}});
    const auto named = nn::by_name(name, settings, Key(6)).template as<std::remove_cvref_t<decltype(net)>>();
    BOOST_TEST(xgrad::tree::detail::same_statics(named, net, nullptr));
    BOOST_TEST(distance(named, net) == 0.0);
  };
  same(nn::rnn(Key(6), 2, 3, {2, true, 0.1, {.activation = nn::Activation::Relu}}), "rnn", {{"activation", "relu"}});
  same(nn::lstm(Key(6), 2, 3, {2, true, 0.1, {.forget_bias = 2.0}}), "Lstm", {{"forget_bias", 2.0}});
  same(nn::gru(Key(6), 2, 3, {2, true, 0.1, {.weights = nn::orthogonal()}}), "gru", {{"weights", "orthogonal"}});
  const nn::Net net = nn::net_from_text("lstm inputs=2 hidden=3\nlinear inputs=3 outputs=1", Key(6));
  BOOST_TEST(net(xgrad::zeros({4, 5, 2}, DType::Float32)).shape() == (Shape{4, 5, 1}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(refusals) {
  const nn::Lstm net = lstm_of(2, true);
  const Var x = sequences({3}, 4);
  using Options = nn::SequenceOptions<nn::LstmState>;
  const auto call = [&](const Options& options) { static_cast<void>(net.with_state(x, options)); };
  BOOST_CHECK_THROW(static_cast<void>(net(1.0)), xgrad::ShapeError);
  BOOST_CHECK_THROW(static_cast<void>(net(xgrad::zeros({2}))), xgrad::ShapeError);
  BOOST_CHECK_THROW(static_cast<void>(net(xgrad::zeros({3, 4, 5}))), xgrad::ShapeError);
  BOOST_CHECK_THROW(call({.lengths = Array<double>{1.0, 2.0, 3.0}}), xgrad::TypeError);
  BOOST_CHECK_THROW(call({.lengths = Array<std::int64_t>{1, 2}}), xgrad::ShapeError);
  BOOST_CHECK_THROW(call({.lengths = Var(std::int64_t{2})}), xgrad::ShapeError);
  for (const std::int64_t bad : {-1, 5}) {
    BOOST_CHECK_THROW(
        static_cast<void>(net.with_state(x, {.lengths = Array<std::int64_t>{1, bad, 2}}).first.array<double>()),
        xgrad::ValueError);
  }
  const Var state = xgrad::zeros({4, 3, hidden});
  BOOST_CHECK_THROW(call({.first = nn::LstmState{state, xgrad::zeros({2, 3, hidden})}}), xgrad::ShapeError);
  BOOST_CHECK_THROW(call({.first = nn::LstmState{state, cast<float>(state)}}), xgrad::TypeError);

  BOOST_CHECK_THROW(static_cast<void>(nn::Lstm()(x)), xgrad::ValueError);
  nn::Lstm lame = net;
  lame.reverse.pop_back();
  BOOST_CHECK_THROW(static_cast<void>(lame(x)), xgrad::ValueError);
  lame = net;
  lame.dropout = 1.5;
  BOOST_CHECK_THROW(static_cast<void>(lame(x)), xgrad::ValueError);
  lame = net;
  lame.forward[1].weight_hh = xgrad::zeros({4 * hidden, hidden + 1});
  BOOST_CHECK_THROW(static_cast<void>(lame(x)), xgrad::ShapeError);
  lame = net;
  lame.forward[1] = nn::lstm_cell(Key(1), 2 * hidden, hidden + 1, {.dtype = DType::Float64});
  try {
    static_cast<void>(lame(x));
    BOOST_ERROR("cells of other widths");
  } catch (const xgrad::ShapeError& error) {
    BOOST_TEST(std::string(error.what()).starts_with("Lstm: cells with a weight_hh of "));
  }
  lame = net;
  lame.reverse[0].bias_hh = xgrad::zeros({hidden});
  BOOST_CHECK_THROW(static_cast<void>(lame(x)), xgrad::ShapeError);

  BOOST_CHECK_THROW(static_cast<void>(nn::gru(Key(1), 2, 3, {.layers = 0})), xgrad::ValueError);
  BOOST_CHECK_THROW(static_cast<void>(nn::gru(Key(1), 2, 3, {.dropout = -0.1})), xgrad::ValueError);
  BOOST_CHECK_THROW(static_cast<void>(nn::gru(Key(1), 2, 3, {.cell = {.dtype = DType::Int64}})), xgrad::TypeError);
  const nn::LstmCell cell = net.forward[0];
  BOOST_CHECK_THROW(
      static_cast<void>(cell(xgrad::zeros({3, inputs}), {xgrad::zeros({3, hidden}), xgrad::zeros({hidden})})),
      xgrad::ShapeError);
  BOOST_CHECK_THROW(
      static_cast<void>(cell(xgrad::zeros({3, 1}), {xgrad::zeros({3, hidden}), xgrad::zeros({3, hidden})})),
      xgrad::ShapeError);
}

BOOST_AUTO_TEST_SUITE_END()
