// Nets: of layers that are known to the compiler, of any layers, of descriptions; and their summaries.
#include <boost/test/unit_test.hpp>

#include <cmath>
#include <cstdint>
#include <map>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include <xgrad/io/named.hpp>
#include <xgrad/nn.hpp>
#include <xgrad/nn/add.hpp>
#include <xgrad/xgrad.hpp>

#include "comparing.hpp"

namespace nn = xgrad::nn;
namespace xg = xgrad;
using nn::Activation;
using nn::AnyLayer;
using xg::DType;
using xg::Shape;
using xg::Var;
using xg::random::Key;

namespace {

const auto halved = [](const Var& x) { return x / 2.0F; };

/// Adds up how often it was trained, and says which key it got.
struct Counter {
  Var count = 0.0F;
  Var bits = std::int64_t{0};
  Var operator()(const Var& x) const { return x; }
  Var operator()(const Var& x, const nn::Training& training) {
    count = count + 1.0F;
    bits = training.key.bits;
    return x + count;
  }
};
XGRAD_FIELDS(Counter, state(count), state(bits))

std::int64_t bits_of(const Key& key) { return key.bits.item<std::int64_t>(); }

struct ScaleSettings {
  double factor = 1.0;
};
XGRAD_FIELDS(ScaleSettings, factor)

struct Scale {
  double factor;
  Var operator()(const Var& x) const { return x * factor; }
};
XGRAD_FIELDS(Scale, factor)

struct Model {
  nn::Linear first;
  nn::Dropout dropout;
  Key key;
  Var operator()(const Var& x) const { return first(x); }
};
XGRAD_FIELDS(Model, first, dropout, key)

}  // namespace

BOOST_AUTO_TEST_SUITE(test_nn_nets)

using comparing::contains;
using comparing::message_of;
using comparing::same_bits;

BOOST_AUTO_TEST_CASE(sequential_calls_one_after_the_other) {
  const nn::Linear first = nn::linear(Key(1), 4, 3);
  const nn::Linear last = nn::linear(Key(2), 3, 2);
  const auto net = nn::sequential(first, nn::Activate{Activation::Tanh}, halved, last);
  const Var x = xg::random::normal(Key(3), {5, 4}, DType::Float32);
  BOOST_TEST(same_bits(net(x), last(halved(tanh(first(x))))));
  const std::vector<std::string> paths{"0.weight", "0.bias", "3.weight", "3.bias"};
  BOOST_TEST(xg::tree::paths(net) == paths, boost::test_tools::per_element());
  BOOST_TEST(same_bits(nn::sequential()(x), x));
  std::ostringstream text;
  text << net;
  BOOST_TEST(contains(text.str(), "3.weight  float32 [2, 3]"));
  const auto slopes = xg::grad([&x](const auto& n) { return sum(square(n(x))); })(net);
  BOOST_TEST((std::get<3>(slopes.layers).weight.shape() == Shape{2, 3}));
  // Saved and read by the names that torch gives.
  const auto arrays = xg::io::by_name(net);
  BOOST_TEST(
      same_bits(xg::io::filled(xg::tree::map(net, [](const Var& leaf) { return leaf * 0.0F; }), arrays)(x), net(x)));
}

BOOST_AUTO_TEST_CASE(each_layer_has_its_part_of_the_key_and_keeps_its_state) {
  const nn::Training training{Key(4)};
  auto net = nn::sequential(Counter{}, halved, nn::residual(Counter{}, Counter{}), nn::sequential(Counter{}));
  const auto before = net;
  const Var y = net(xg::zeros({2}), training);
  // 1, halved; twice 1 more; 1 more.
  BOOST_TEST(same_bits(y, xg::full({2}, 0.5 + 1.0 + 0.5 + 1.0 + 1.0)));
  const auto& residual = std::get<2>(net.layers);
  BOOST_TEST(std::get<0>(net.layers).count.item<float>() == 1.0F);
  BOOST_TEST(residual.inner.count.item<float>() == 1.0F);
  BOOST_TEST(residual.projection.count.item<float>() == 1.0F);
  BOOST_TEST(std::get<0>(before.layers).count.item<float>() == 0.0F);
  const auto bits = [](const Counter& counter) { return counter.bits.item<std::int64_t>(); };
  BOOST_TEST(bits(std::get<0>(net.layers)) == bits_of(training.part(0).key));
  BOOST_TEST(bits(residual.inner) == bits_of(training.part(2).part(0).key));
  BOOST_TEST(bits(residual.projection) == bits_of(training.part(2).part(1).key));
  BOOST_TEST(bits(std::get<0>(std::get<3>(net.layers).layers)) == bits_of(training.part(3).part(0).key));

  nn::Net any{{Counter{}, halved, nn::residual(Counter{}, Counter{}), nn::sequential(Counter{})}};
  const nn::Net any_before = any;
  BOOST_TEST(same_bits(any(xg::zeros({2}), training), y));
  BOOST_TEST(bits(any.layers[0].as<Counter>()) == bits(std::get<0>(net.layers)));
  const auto& last = any.layers[3].as<nn::Sequential<Counter>>();
  BOOST_TEST(bits(std::get<0>(last.layers)) == bits_of(training.part(3).part(0).key));
  BOOST_TEST(any_before.layers[0].as<Counter>().count.item<float>() == 0.0F);
}

BOOST_AUTO_TEST_CASE(residual_adds_what_has_the_same_shape) {
  const nn::Linear square = nn::linear(Key(1), 3, 3);
  const nn::Linear wider = nn::linear(Key(2), 3, 5);
  const Var x = xg::random::normal(Key(3), {2, 3}, DType::Float32);
  BOOST_TEST(same_bits(nn::residual(square)(x), x + square(x)));
  const nn::Linear projection = nn::linear(Key(4), 3, 5, {.bias = false});
  const auto projected = nn::residual(wider, projection);
  BOOST_TEST(same_bits(projected(x), projection(x) + wider(x)));
  const std::vector<std::string> paths{"inner.weight", "inner.bias", "projection.weight"};
  BOOST_TEST(xg::tree::paths(projected) == paths, boost::test_tools::per_element());
  BOOST_TEST(contains(message_of<xg::ShapeError>([&] { static_cast<void>(nn::residual(wider)(x)); }),
                      "[2, 5], to be added to [2, 3]"));
  // Nothing broadcasts.
  BOOST_CHECK_THROW((void)nn::residual(nn::linear(Key(1), 3, 1))(x), xg::ShapeError);
}

BOOST_AUTO_TEST_CASE(mlp_is_linear_layers_with_activations_between) {
  const nn::Mlp net = nn::mlp(Key(5), {4, 32, 16, 3}, {.activation = Activation::Silu, .last = Activation::Sigmoid});
  BOOST_TEST_REQUIRE(net.layers.size() == 3U);
  const Var x = xg::random::normal(Key(3), {2, 4}, DType::Float32);
  const Var by_hand = sigmoid(net.layers[2](silu(net.layers[1](silu(net.layers[0](x))))));
  BOOST_TEST(same_bits(net(x), by_hand));
  BOOST_TEST(same_bits(net.layers[1].weight, nn::linear(Key(5).fold_in(1), 32, 16).weight));
  BOOST_TEST(!nn::mlp(Key(5), {4, 3}, {.bias = false}).layers[0].bias.has_value());
  BOOST_CHECK_THROW(static_cast<void>(nn::mlp(Key(5), {4})), xg::ValueError);
  BOOST_CHECK_THROW(static_cast<void>(nn::mlp(Key(5), {4, 3}, {.dtype = DType::Bool})), xg::TypeError);
}

BOOST_AUTO_TEST_CASE(any_layer_is_the_layer_that_it_holds) {
  const nn::Linear linear = nn::linear(Key(1), 4, 3);
  AnyLayer layer = linear;
  const Var x = xg::random::normal(Key(3), {2, 4}, DType::Float32);
  BOOST_TEST(same_bits(layer(x), linear(x)));
  BOOST_TEST(same_bits(layer(x, nn::Training{Key(0)}), linear(x)));
  BOOST_TEST(layer.holds<nn::Linear>());
  BOOST_TEST(!layer.holds<nn::Mlp>());
  BOOST_TEST(layer.kind() == "Linear");
  BOOST_TEST(AnyLayer(nn::Activate{Activation::Mish}).kind() == "mish");
  BOOST_TEST(AnyLayer(halved).kind() == "function");
  BOOST_TEST(AnyLayer(nn::sequential(halved, linear)).kind() == "Sequential");
  BOOST_TEST(contains(message_of<xg::TypeError>([&] { static_cast<void>(layer.as<nn::Mlp>()); }),
                      "AnyLayer: it holds a layer Linear, which is asked for as another type, Mlp"));
  BOOST_CHECK_THROW(static_cast<void>(AnyLayer(halved).weight()), xg::TypeError);
  AnyLayer copy = layer;
  copy.weight() = copy.weight() * 2.0F;
  BOOST_TEST(same_bits(layer.as<nn::Linear>().weight, linear.weight));
  BOOST_TEST(same_bits(copy.as<nn::Linear>().weight, linear.weight * 2.0F));
  copy = AnyLayer(nn::p_relu());
  BOOST_TEST(copy.holds<nn::PRelu>());
  const AnyLayer taken = std::move(layer);
  BOOST_TEST(same_bits(taken(x), linear(x)));
  BOOST_CHECK_THROW((void)layer(x), xg::ValueError);  // NOLINT(bugprone-use-after-move)
  // Normalised without knowing its type.
  const auto normalised = nn::weight_norm(taken);
  BOOST_TEST(same_bits(normalised(x), nn::weight_norm(linear)(x)));
}

BOOST_AUTO_TEST_CASE(nets_of_any_layers_in_transforms) {
  const nn::Net net{{nn::linear(Key(1), 4, 3), nn::Activate{Activation::Tanh}, nn::linear(Key(2), 3, 2)}};
  const Var x = xg::random::normal(Key(3), {5, 4}, DType::Float32);
  const auto typed =
      nn::sequential(net.layers[0].as<nn::Linear>(), nn::Activate{Activation::Tanh}, net.layers[2].as<nn::Linear>());
  BOOST_TEST(same_bits(net(x), typed(x)));
  const auto loss = [](const auto& n, const Var& at) { return sum(square(n(at))); };
  const std::vector<Var> slopes = xg::tree::leaves(xg::grad(loss)(net, x));
  const std::vector<Var> expected = xg::tree::leaves(xg::grad(loss)(typed, x));
  BOOST_TEST_REQUIRE(slopes.size() == expected.size());
  for (std::size_t i = 0; i < slopes.size(); ++i) BOOST_TEST(same_bits(slopes[i], expected[i]));
  // Another activation is another function, and is recorded anew.
  auto compiled = xg::compile([](const nn::Net& n, const Var& at) { return n(at); });
  BOOST_TEST(same_bits(compiled(net, x), net(x)));
  nn::Net other = net;
  other.layers[1] = nn::Activate{Activation::Relu};
  BOOST_TEST(same_bits(compiled(other, x), other(x)));
  other.layers.pop_back();
  BOOST_TEST(same_bits(compiled(other, x), other(x)));
  other.layers[1] = halved;
  BOOST_TEST(same_bits(compiled(other, x), other(x)));
}

BOOST_AUTO_TEST_CASE(layers_by_name_are_those_of_their_makers) {
  const Key key(6);
  const AnyLayer linear = nn::by_name("Linear", {{"inputs", 4}, {"outputs", 3}, {"weights", "he_normal"}}, key);
  BOOST_TEST(same_bits(linear.as<nn::Linear>().weight, nn::linear(key, 4, 3, {.weights = nn::he_normal()}).weight));
  const AnyLayer mlp =
      nn::by_name("mlp", {{"sizes", std::vector<int>{4, 5, 2}}, {"activation", "gelu"}, {"dtype", "float64"}}, key);
  BOOST_TEST((mlp.as<nn::Mlp>().activation == Activation::Gelu));
  BOOST_TEST(mlp.as<nn::Mlp>().layers[1].weight.dtype() == DType::Float64);
  BOOST_TEST(same_bits(nn::by_name("kan", {{"inputs", 4}, {"outputs", 3}}, key).as<nn::Kan>().coefficients,
                       nn::kan(key, 4, 3).coefficients));
  BOOST_TEST(
      nn::by_name("dropout", {{"rate", 0.25}, {"together", std::vector<int>{-1}}}, key).as<nn::Dropout>().together ==
          std::vector<int>{-1},
      boost::test_tools::per_element());
  BOOST_TEST(nn::by_name("embedding", {{"entries", 4}, {"features", 3}, {"padding", 0}}, key)
                 .as<nn::Embedding>()
                 .padding.value() == 0);
  BOOST_TEST((nn::by_name("gelu_tanh", {}, key).as<nn::Activate>().function == Activation::GeluTanh));
  const AnyLayer wrapped = nn::by_name("spectral_norm", {{"inner", linear}, {"iterations", 2}}, key);
  const Var x = xg::random::normal(Key(3), {2, 4}, DType::Float32);
  BOOST_TEST(same_bits(wrapped(x), nn::spectral_norm(key, linear.as<nn::Linear>())(x)));
  const AnyLayer residual = nn::by_name("residual", {{"inner", linear}, {"projection", linear}}, key);
  BOOST_TEST(same_bits(residual(x), linear(x) + linear(x)));
  // Each name makes a layer, or says which setting it needs.
  for (const std::string& name : nn::names()) {
    const std::string error = message_of<xg::ValueError>([&] { static_cast<void>(nn::by_name(name, {}, key)); });
    BOOST_TEST((error == "nothing was thrown" || contains(error, "is missing")), name << ": " << error);
  }
  BOOST_TEST(nn::settings_of("glu") == (std::vector<std::string>{"gate", "axis"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(layers_by_name_refuse_what_does_not_fit) {
  const Key key(6);
  const auto error = [&](const std::string& name, const xg::Settings& settings) {
    return message_of([&] { static_cast<void>(nn::by_name(name, settings, key)); });
  };
  BOOST_TEST(contains(error("linaer", {}), "the nearest is \"linear\""));
  BOOST_TEST(contains(error("linear", {{"input", 3}}), "the nearest is \"inputs\""));
  BOOST_TEST(contains(error("linear", {{"inputs", 3}}), "outputs is missing"));
  BOOST_TEST(contains(error("linear", {{"inputs", -3}}), "must not be negative"));
  BOOST_TEST(contains(error("linear", {{"weights", "he_norml"}}), "the nearest is \"he_normal\""));
  BOOST_TEST(contains(error("linear", {{"weights", 3}}), "name of an initialiser"));
  BOOST_TEST(contains(error("linear", {{"dtype", "int64"}}), "\"float32\" or \"float64\""));
  BOOST_TEST(contains(error("linear", {{"dtype", 3}}), "\"float32\" or \"float64\""));
  BOOST_TEST(contains(error("mlp", {{"activation", "rellu"}}), "the nearest is \"relu\""));
  BOOST_TEST(contains(error("mlp", {{"activation", 1}}), "name of an activation"));
  BOOST_TEST(contains(error("residual", {{"inner", "linear"}}), "must be an nn::AnyLayer"));
  BOOST_TEST(contains(error("dropout", {{"together", 0.5}}), "integers, [n]"));
  BOOST_TEST(contains(error("dropout", {{"together", std::int64_t{1} << 40}}), "must be smaller"));
  BOOST_TEST(contains(error("dropout", {{"rate", 1.5}}), "the rate of dropout is 1.5; it must be from 0 to 1"));
  BOOST_TEST(contains(error("drop_path", {{"rate", std::nan("")}}), "it must be from 0 to 1"));
  BOOST_TEST(contains(error("feed_forward", {{"width", 4}, {"dropout", -1.0}}), "it must be from 0 to 1"));
  BOOST_CHECK_THROW(static_cast<void>(nn::settings_of("linaer")), xg::ValueError);
  BOOST_CHECK_THROW(static_cast<void>(nn::initialiser_by_name("zero")), xg::ValueError);
}

BOOST_AUTO_TEST_CASE(layers_of_users_have_names_too) {
  const auto make = [](const ScaleSettings& settings, const Key&) -> AnyLayer { return Scale{settings.factor}; };
  nn::add<ScaleSettings>("scale_of_tests", make);
  const nn::Net net = nn::net_from_text("scale_of_tests factor=-2.5e1", Key(1));
  BOOST_TEST(net(2.0).item<double>() == -50.0);
  BOOST_CHECK_THROW(nn::add<ScaleSettings>("Linear", make), xg::ValueError);
  nn::remove("scale_of_tests");
  BOOST_CHECK_THROW(nn::remove("scale_of_tests"), xg::ValueError);
  BOOST_CHECK_THROW(nn::remove("linear"), xg::ValueError);
}

BOOST_AUTO_TEST_CASE(nets_of_texts) {
  const Key key(7);
  const nn::Net net = nn::net_from_text(R"(
    # the first layer
    linear inputs=4 outputs=6 weights="he_normal"   # comments end with the line
    gelu
    residual {
      linear inputs=6 outputs=6 bias=false
      tanh
    }
    weight_norm axis=0 {
      linear inputs=6 outputs=3
    }
    mlp sizes=[3, 5, 2]  activation=silu
    dropout rate=.5 together=[0]
  )",
                                        key);
  BOOST_TEST_REQUIRE(net.layers.size() == 6U);
  const auto linear = nn::linear(key.fold_in(0), 4, 6, {.weights = nn::he_normal()});
  BOOST_TEST(same_bits(net.layers[0].as<nn::Linear>().weight, linear.weight));
  const auto& inner = net.layers[2].as<nn::Residual<AnyLayer>>().inner.as<nn::Net>();
  BOOST_TEST(same_bits(inner.layers[0].as<nn::Linear>().weight, nn::linear(key.fold_in(2).fold_in(0), 6, 6).weight));
  BOOST_TEST(!inner.layers[0].as<nn::Linear>().bias.has_value());
  BOOST_TEST(net.layers[3].as<nn::WeightNorm<AnyLayer>>().layer.holds<nn::Linear>());
  BOOST_TEST(net.layers[5].as<nn::Dropout>().rate == 0.5);
  BOOST_TEST((net(xg::zeros({7, 4}, DType::Float32)).shape() == Shape{7, 2}));
  BOOST_TEST(nn::net_from_text("", key).layers.empty());
  BOOST_TEST(nn::net_from_text(" \r\n#x\n\trelu\r\n", key).layers.size() == 1U);

  const nn::Net same = nn::net({{"linear", {{"inputs", 4}, {"outputs", 6}, {"weights", "he_normal"}}}, {"gelu"}}, key);
  BOOST_TEST(same_bits(same.layers[0].as<nn::Linear>().weight, linear.weight));
}

BOOST_AUTO_TEST_CASE(nets_of_channels_by_text) {
  const Key key(8);
  nn::Net net = nn::net_from_text(R"(
    conv2d inputs=1 outputs=6 window=5 padding=same
    batch_norm channels=6 momentum=0.2
    relu
    max_pool window=2
    conv2d inputs=6 outputs=16 window=[3,5] stride=[1,2] padding=[0,2] bias=false
    group_norm groups=4 channels=16
    separable_conv2d inputs=16 outputs=8 window=3 multiplier=2
    average_pool window=[2,1] stride=1
    adaptive_average_pool extents=[2,3]
    conv_transpose2d inputs=8 outputs=4 window=2 stride=2 output_padding=1
    instance_norm channels=4
    global_average_pool
    layer_norm extents=4 bias=false
    rms_norm extents=[4]
  )",
                                  key);
  const Var x = xg::random::normal(Key(3), {2, 1, 12, 12}, DType::Float32);
  BOOST_TEST((net(x).shape() == Shape{2, 4}));
  const nn::Conv last = nn::conv2d(key.fold_in(4), 6, 16, {3, 5}, {.stride = {1, 2}, .padding = {0, 2}, .bias = false});
  const Var at = xg::random::normal(Key(4), {2, 6, 7, 7}, DType::Float32);
  BOOST_TEST(same_bits(net.layers[4](at), last(at)));
  // The running mean is state, and is handed on.
  BOOST_TEST((net(x, nn::Training{Key(0)}).shape() == Shape{2, 4}));
  const auto& norm = net.layers[1].as<nn::BatchNorm>();
  BOOST_TEST(norm.num_batches_tracked.item<std::int64_t>() == 1);
  BOOST_TEST(norm.momentum.value() == 0.2);
  BOOST_TEST(contains(nn::summary(net, {2, 1, 12, 12}), "0  Conv                      -> [2, 6, 12, 12]"));
  const auto error = [&](const std::string& text) {
    return message_of([&] { static_cast<void>(nn::net_from_text(text, key)); });
  };
  BOOST_TEST(contains(error("conv2d inputs=1 outputs=2"), "window is missing"));
  BOOST_TEST(contains(error("conv2d window=2.5"), "an integer, or integers, [n]"));
  BOOST_TEST(contains(error("conv2d padding=around"), "net: line 1, \"conv2d padding=around\": "));
  BOOST_TEST(contains(error("conv2d padding=1.5"), "\"valid\" or \"same\""));
}

BOOST_AUTO_TEST_CASE(nets_of_sequences_by_text) {
  const Key key(9);
  nn::Net net = nn::net_from_text(R"(
    embedding entries=10 features=8
    positional_embedding length=6 width=8
    lstm inputs=8 hidden=4 layers=2 bidirectional=true dropout=0.5 forget_bias=2
    transformer_encoder width=8 heads=2 layers=2 hidden=16 activation=gelu norm_first=true
    multi_head_attention width=8 heads=4 key_heads=2 rotary=10000
    feed_forward width=8 hidden=12 gated=true activation=silu
    gru inputs=8 hidden=5 bias=false
    rnn inputs=5 hidden=3 recurrent_weights=identity
  )",
                                  key);
  const Var words = xg::random::randint(Key(3), 0, 10, {2, 6});
  BOOST_TEST((net(words).shape() == Shape{2, 6, 3}));
  BOOST_TEST((net(words, nn::Training{Key(0)}).shape() == Shape{2, 6, 3}));
  const Var x = xg::random::normal(Key(4), {2, 6, 8}, DType::Float32);
  const nn::Lstm lstm = nn::lstm(key.fold_in(2), 8, 4,
                                 {.layers = 2, .bidirectional = true, .dropout = 0.5, .cell = {.forget_bias = 2.0}});
  BOOST_TEST(same_bits(net.layers[2](x), lstm(x)));
  BOOST_TEST(same_bits(net.layers[2](x, nn::Training{Key(1)}), lstm(x, nn::Training{Key(1)})));
  const nn::Net blocks = nn::net_from_text(R"(
    resnet_block inputs=3 outputs=4 stride=2
    resnet_bottleneck inputs=4 between=2 outputs=6
  )",
                                           key);
  const Var image = xg::random::normal(Key(5), {2, 3, 8, 8}, DType::Float32);
  BOOST_TEST((blocks(image).shape() == Shape{2, 6, 4, 4}));
}

BOOST_AUTO_TEST_CASE(errors_in_texts_say_which_line) {
  const auto error = [](const std::string& text) {
    return message_of([&] { static_cast<void>(nn::net_from_text(text, Key(1))); });
  };
  BOOST_TEST(
      contains(error("relu\n\nlinaer x=1"), "net: line 3, \"linaer x=1\": by_name: there is no layer \"linaer\""));
  BOOST_TEST(
      contains(error("residual {\n linear inputs=2\n}"), "net: line 2, \"linear inputs=2\": by_name: linear: outputs"));
  BOOST_TEST(contains(error("relu {"), "line 1, \"relu {\": a brace that nothing closes"));
  BOOST_TEST(contains(error("relu\n}\nrelu"), "line 2, \"}\": a brace that nothing opens"));
  BOOST_TEST(contains(error("relu {\nrelu\n}"), "relu has no setting \"inner\""));
  BOOST_TEST(contains(error("weight_norm {\nrelu\n}"), "line 1, \"weight_norm {\": AnyLayer: Activate has no weight"));
  BOOST_TEST(contains(error("residual inner=1 {\nrelu\n}"), "\"inner\" is there twice"));
  BOOST_TEST(contains(error("{"), "no name of a layer"));
  BOOST_TEST(contains(error("relu x"), "\"x\" is no setting; write name=value"));
  BOOST_TEST(contains(error("relu =3"), "write name=value"));
  BOOST_TEST(contains(error("relu x="), "write name=value"));
  BOOST_TEST(contains(error("linear inputs=2 inputs=3"), "\"inputs\" is there twice"));
  BOOST_TEST(contains(error("linear inputs=2.5"), "it must be an integer"));
  BOOST_TEST(contains(error("linear inputs=99999999999999999999"), "it must be an integer"));
  BOOST_TEST(contains(error("mlp sizes=[1,a]"), "\"a\" in a list; it must be a number"));
  BOOST_TEST(contains(error("mlp sizes=[1,2.5]"), "sizes is float64 [2]"));
  BOOST_TEST(contains(error("mlp sizes=[1"), "a list that does not end"));
  BOOST_TEST(contains(error("mlp activation=\"relu"), "a quote that does not end"));
  std::string deep;
  for (int i = 0; i < 100000; ++i) deep += "residual {\n";
  BOOST_TEST(contains(error(deep), "deeper than 64"));
  BOOST_TEST(error(std::string(1000, 'x')).starts_with("net: line 1, \"" + std::string(60, 'x') + "...\": "));
  // Texts that are long are not repeated in full.
  const std::string endless(100000, 'x');
  for (const std::string& text : {endless, "linear " + endless, "linear " + endless + "=1", "linear inputs=" + endless,
                                  "mlp sizes=[" + endless + "]", "mlp activation=" + endless}) {
    BOOST_TEST(error(text).size() < 2000U);
  }
  BOOST_TEST(contains(error("separable_conv2d inputs=4 outputs=2 window=3 multiplier=4611686018427387904"),
                      "does not fit the address space"));
  const auto lines = [] { static_cast<void>(nn::net({{"relu"}, {"linear", {{"inputs", 2}}}}, Key(1))); };
  BOOST_TEST(
      contains(message_of<xg::ValueError>(lines), "net: line 2, \"linear\": by_name: linear: outputs is missing"));
}

BOOST_AUTO_TEST_CASE(summaries_go_through_layers) {
  const auto net = nn::sequential(nn::linear(Key(1), 784, 128), nn::Activate{Activation::Gelu},
                                  nn::residual(nn::sequential(nn::linear(Key(2), 128, 128), nn::DropPath{0.1})),
                                  nn::spectral_norm(Key(3), nn::linear(Key(4), 128, 10, {.bias = false})));
  const std::string expected =
      R"(layer or array               shape                 type         numbers   memory
--------------------------------------------------------------------------------
0  Linear                    -> [32, 128]          float32
  0.weight                   [128, 784]            float32      100,352  392 KiB
  0.bias                     [128]                 float32          128    512 B
1  gelu                      -> [32, 128]          float32
2  Residual                  -> [32, 128]          float32
2.inner  Sequential          -> [32, 128]          float32
2.inner.0  Linear            -> [32, 128]          float32
  2.inner.0.weight           [128, 128]            float32       16,384 64.0 KiB
  2.inner.0.bias             [128]                 float32          128    512 B
2.inner.1  DropPath          -> [32, 128]          float32
3  SpectralNorm              -> [32, 10]           float32
  3.layer.weight             [10, 128]             float32        1,280  5.0 KiB
  3.u (state)                [10]                  float32           10     40 B
--------------------------------------------------------------------------------
trained                      in 5 arrays                        118,272  462 KiB
state                        in 1 array                              10     40 B
output                       -> [32, 10]           float32
)";
  BOOST_TEST(nn::summary(net, {32, 784}) == expected);
  const nn::Net any{{net}};
  BOOST_TEST(contains(nn::summary(any, {32, 784}), "  0.2.inner.0.weight"));
  std::istringstream lines(nn::summary(any, {32, 784}));
  for (std::string line; std::getline(lines, line);) BOOST_TEST(line.size() <= 80U);
}

BOOST_AUTO_TEST_CASE(summaries_of_models_and_of_what_does_not_fit) {
  const Model model{nn::linear(Key(1), 3, 2), {}, Key(2)};
  const std::string expected =
      R"(array                        shape                 type         numbers   memory
--------------------------------------------------------------------------------
first.weight                 [2, 3]                float32            6     24 B
first.bias                   [2]                   float32            2      8 B
key.bits (state)             []                    int64              1      8 B
--------------------------------------------------------------------------------
trained                      in 2 arrays                              8     32 B
state                        in 1 array                               1      8 B
)";
  BOOST_TEST(nn::summary(model) == expected);
  BOOST_TEST(contains(nn::summary(model, {5, 3}), "output                       -> [5, 2]             float32"));
  // Nothing is computed: an input may be larger than any memory.
  BOOST_TEST(contains(nn::summary(model, {1000000, 1000000, 3}), "-> [10000...00000, 2] float32"));
  // Element types are those of the net, or those that are said.
  const auto wide = nn::with_dtype(model, DType::Float64);
  BOOST_TEST(wide.first.weight.dtype() == DType::Float64);
  BOOST_TEST(wide.key.bits.dtype() == DType::Int64);
  BOOST_TEST(contains(nn::summary(wide, {5, 3}), "-> [5, 2]             float64"));
  BOOST_CHECK_THROW(static_cast<void>(nn::with_dtype(model, DType::Int64)), xg::TypeError);
  const auto words = nn::sequential(nn::embedding(Key(1), 10, 4), nn::Flatten{}, nn::linear(Key(2), 12, 2));
  BOOST_TEST(contains(nn::summary(words, {6, 3}, DType::Int64), "output                       -> [6, 2]"));
  BOOST_TEST(contains(message_of<xg::ShapeError>([&] {
                        static_cast<void>(nn::summary(words, {6, 4}, DType::Int64));
                      }),
                      "summary: layer 2, called with the shape [6, 16]: Linear: "));
  // An error is located where it happens, by the name of the innermost layer.
  const nn::Net nested{{halved, nn::residual(words)}};
  const std::string of_type = message_of<xg::TypeError>([&] { static_cast<void>(nn::summary(nested, {6, 4})); });
  BOOST_TEST(of_type ==
             "summary: layer 1.inner.0, called with the shape [6, 4]: Embedding: called with float32; it "
             "takes indices, int64");
  const nn::Net wrong{{nn::residual(nn::sequential(halved, nn::linear(Key(1), 3, 4)))}};
  const std::string of_shape = message_of<xg::ShapeError>([&] { static_cast<void>(nn::summary(wrong, {6, 3})); });
  BOOST_TEST(of_shape.starts_with("summary: layer 0, called with the shape [6, 3]: Residual: the layer makes [6, 4]"));
  const nn::Net no_window{{nn::MaxPool{0}}};
  BOOST_TEST(contains(message_of<xg::ValueError>([&] {
                        static_cast<void>(nn::summary(no_window, {1, 1, 4, 4}));
                      }),
                      "summary: layer 0, called with the shape [1, 1, 4, 4]: max_pool: the window is 0"));
  BOOST_TEST(contains(nn::summary(nn::sequential(halved), {2}), "0  function"));
  // Long names and shapes lose their middle, large numbers their digits.
  const std::map<std::string, Var> long_name{{std::string(50, 'a') + "end", xg::zeros({1, 1, 1, 1, 1, 1, 1, 1})}};
  BOOST_TEST(contains(nn::summary(long_name), "aaaaaaaaaaaa...aaaaaaaaaaend [1, 1, 1,... 1, 1, 1] "));
}

BOOST_AUTO_TEST_SUITE_END()
