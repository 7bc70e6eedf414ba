// Nets of PyTorch's, read from its state_dicts (tests/pytorch/write_nets.py): they give what PyTorch's give.
#include <boost/test/unit_test.hpp>

#include <cstdlib>
#include <map>
#include <string>

#include <xgrad/io.hpp>
#include <xgrad/nn.hpp>
#include <xgrad/xgrad.hpp>

#include "comparing.hpp"

namespace io = xgrad::io;
namespace nn = xgrad::nn;
using xgrad::DType;
using xgrad::Var;
using xgrad::random::Key;

BOOST_AUTO_TEST_SUITE(test_nn_pytorch)

using comparing::distance;

namespace {

/// What a file has of a net.
struct Saved {
  io::ArraysByName weights, values;

  [[nodiscard]] Var operator()(const std::string& value) const { return values.at(value); }

  /// The net with its weights, whose names are those of the net with other beginnings; saved again it would be the same
  /// state_dict.
  template <class Net>
  [[nodiscard]] Net fill(const Net& net, const std::map<std::string, std::string>& prefixes = {}) const {
    const auto name_of = io::with_prefixes(prefixes);
    Net filled = io::filled(nn::with_dtype(net, DType::Float64), weights, {.name_of = name_of});
    io::ArraysByName again;
    for (const auto& [name, array] : io::by_name(filled)) again[name_of(name)] = array;
    BOOST_TEST_REQUIRE(again.size() == weights.size());
    for (const auto& [name, array] : again) {
      const Var same = xgrad::all(equal(array, weights.at(name)));
      BOOST_TEST(same.item<bool>());
    }
    return filled;
  }
};

/// \return  false where nothing says where the file is.
bool read(const std::string& net, Saved& saved) {
  saved = {};
  const char* source = std::getenv("XGRAD_SOURCE");
  if (source == nullptr) {
    BOOST_TEST_MESSAGE("not checked: XGRAD_SOURCE does not say where the state_dicts are");
    return false;
  }
  static const io::ArraysByName all = io::read_safetensors(std::string(source) + "/tests/pytorch/nets.safetensors");
  for (const auto& [name, array] : all) {
    if (name.starts_with(net + ".")) saved.weights[name.substr(net.size() + 1)] = array;
    if (name.starts_with(net + ":")) saved.values[name.substr(net.size() + 1)] = array;
  }
  BOOST_TEST_REQUIRE(!saved.weights.empty());
  return true;
}

struct Tagger {
  nn::Lstm encoder;
  nn::GruCell summary;
  nn::Linear head;
  Var operator()(const Var& x, const Var& lengths) const {
    const Var outputs = encoder.with_state(x, {.lengths = lengths}).first;
    return head(summary(sum(outputs, 1), xgrad::zeros({x.shape()[0], 5})));
  }
};
XGRAD_FIELDS(Tagger, encoder, summary, head)

/// Whether a net with the weights of PyTorch's gives what PyTorch's did.
template <class Net>
void check(const std::string& name, const Net& net, const std::map<std::string, std::string>& prefixes = {}) {
  Saved saved;
  if (!read(name, saved)) return;
  BOOST_TEST_CONTEXT(name) {
    const Net filled = saved.fill(net, prefixes);
    const auto call = [&] {
      if constexpr (nn::Layer<Net>) return filled(saved("input"));
      else return filled(saved("input"), saved("input2"));
    };
    BOOST_TEST(distance(call(), saved("output")) < 1e-13);
  }
}

}  // namespace

BOOST_AUTO_TEST_CASE(layers_of_products) {
  const Key key(1);
  check("linear", nn::linear(key, 3, 4));
  check("bilinear", nn::bilinear(key, 3, 4, 2));
  check("embedding", nn::embedding(key, 6, 3, {.padding = 0}));
  check("mlp", nn::sequential(nn::linear(key, 3, 4), nn::Activate{nn::Activation::Tanh}, nn::linear(key, 4, 2)));
  check("mlp", nn::mlp(key, {3, 4, 2}, {.activation = nn::Activation::Tanh}),
        {{"layers.0.", "0."}, {"layers.1.", "2."}});
  check("conv1d", nn::conv1d(key, 2, 4, 3, {.stride = 2, .padding = 1}));
  check("conv2d", nn::conv2d(key, 2, 4, 3, {.padding = 1, .dilation = 2, .groups = 2, .bias = false}));
  check("conv_transpose2d", nn::conv_transpose2d(key, 2, 3, 3, {.stride = 2, .padding = 1, .output_padding = 1}));
  check("prelu", nn::p_relu(3));
}

BOOST_AUTO_TEST_CASE(layers_that_normalise) {
  const Key key(1);
  check("batch_norm", nn::batch_norm(3));
  check("layer_norm", nn::layer_norm(4));
  check("group_norm", nn::group_norm(2, 4));
  check("instance_norm", nn::instance_norm(4, {.affine = true}));
  check("weight_norm", nn::weight_norm(nn::linear(key, 3, 4)),
        {{"layer.weight", "weight_v"}, {"layer.bias", "bias"}, {"lengths", "weight_g"}});

  // PyTorch's keeps a second vector, which follows from the first one.
  Saved saved;
  if (!read("spectral_norm", saved)) return;
  const auto net = io::filled(
      nn::with_dtype(nn::spectral_norm(key, nn::linear(key, 3, 4)), DType::Float64), saved.weights,
      {.name_of = io::with_prefixes({{"layer.weight", "weight_orig"}, {"layer.bias", "bias"}, {"u", "weight_u"}}),
       .allow_unused = true});
  BOOST_TEST(distance(net(saved("input")), saved("output")) < 1e-13);
}

BOOST_AUTO_TEST_CASE(transformers) {
  const Key key(1);
  const std::map<std::string, std::string> prefixes{{"layers.0.feed_forward.", "layers.0."},
                                                    {"layers.1.feed_forward.", "layers.1."}};
  check("attention", nn::multi_head_attention(key, 4, 2));
  check("encoder",
        nn::transformer_encoder(key, 4, 2, 2, {.hidden = 6, .activation = nn::Activation::Gelu, .norm_first = true}),
        prefixes);
  check("decoder", nn::transformer_decoder(key, 4, 2, 2, {.hidden = 6}), prefixes);
}

BOOST_AUTO_TEST_CASE(recurrent_nets) {
  Saved saved;
  if (!read("rnn", saved)) return;
  const nn::Rnn rnn =
      saved.fill(nn::rnn(Key(1), 3, 4, {.cell = {.activation = nn::Activation::Relu, .dtype = DType::Float64}}));
  BOOST_TEST(distance(rnn(saved("input")), saved("output")) < 1e-14);
  BOOST_TEST(distance(rnn.with_state(saved("input")).second, saved("last")) < 1e-14);

  read("lstm", saved);
  const nn::Lstm lstm =
      saved.fill(nn::lstm(Key(1), 3, 4, {.layers = 2, .bidirectional = true, .cell = {.dtype = DType::Float64}}));
  const auto [outputs, last] = lstm.with_state(saved("input"));
  BOOST_TEST(distance(outputs, saved("output")) < 1e-14);
  BOOST_TEST(distance(last.h, saved("last.h")) < 1e-14);
  BOOST_TEST(distance(last.c, saved("last.c")) < 1e-14);

  read("gru", saved);
  const nn::Gru gru =
      saved.fill(nn::gru(Key(1), 3, 4, {.layers = 2, .cell = {.bias = false, .dtype = DType::Float64}}));
  BOOST_TEST(distance(gru(saved("input")), saved("output")) < 1e-14);
}

BOOST_AUTO_TEST_CASE(recurrent_cells) {
  Saved saved;
  if (!read("rnn_cell", saved)) return;
  const nn::RnnCell rnn = saved.fill(nn::rnn_cell(Key(1), 3, 4, {.dtype = DType::Float64}));
  BOOST_TEST(distance(rnn(saved("input"), saved("h")), saved("output")) < 1e-14);

  read("lstm_cell", saved);
  const nn::LstmCell lstm = saved.fill(nn::lstm_cell(Key(1), 3, 4, {.dtype = DType::Float64}));
  const nn::LstmState next = lstm(saved("input"), {saved("h"), saved("c")});
  BOOST_TEST(distance(next.h, saved("output")) < 1e-14);
  BOOST_TEST(distance(next.c, saved("cell")) < 1e-14);

  read("gru_cell", saved);
  const nn::GruCell gru = saved.fill(nn::gru_cell(Key(1), 3, 4, {.dtype = DType::Float64}));
  BOOST_TEST(distance(gru(saved("input"), saved("h")), saved("output")) < 1e-14);
}

BOOST_AUTO_TEST_CASE(nets_of_several_parts) {
  Saved saved;
  if (!read("tagger", saved)) return;
  const Tagger net = saved.fill(Tagger{
      nn::lstm(Key(1), 3, 4, {.layers = 2, .bidirectional = true, .cell = {.dtype = DType::Float64}}),
      nn::gru_cell(Key(2), 8, 5, {.dtype = DType::Float64}), nn::linear(Key(3), 5, 2, {.dtype = DType::Float64})});
  BOOST_TEST(distance(net(saved("input"), saved("lengths")), saved("output")) < 1e-14);
}

BOOST_AUTO_TEST_SUITE_END()
