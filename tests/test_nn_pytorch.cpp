// Nets of PyTorch's, read from its state_dicts (tests/pytorch/write_nets.py): they give what PyTorch's give.
#include <boost/test/unit_test.hpp>

#include <cstdlib>
#include <string>

#include <xgrad/io.hpp>
#include <xgrad/nn.hpp>
#include <xgrad/xgrad.hpp>

namespace io = xgrad::io;
namespace nn = xgrad::nn;
using xgrad::DType;
using xgrad::Var;
using xgrad::random::Key;

BOOST_AUTO_TEST_SUITE(test_nn_pytorch)

namespace {

/// What a file has of a net.
struct Saved {
  io::ArraysByName weights, values;

  [[nodiscard]] Var operator()(const std::string& value) const { return values.at(value); }

  /// The net with its weights; saved again it would be the same state_dict.
  template <class Net>
  [[nodiscard]] Net fill(const Net& net) const {
    Net filled = io::filled(net, weights);
    const io::ArraysByName again = io::by_name(filled);
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

double distance(const Var& a, const Var& b) {
  BOOST_TEST_REQUIRE(a.shape() == b.shape(), boost::test_tools::per_element());
  return amax(abs(a - b)).item<double>();
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

}  // namespace

BOOST_AUTO_TEST_CASE(recurrent_nets) {
  Saved saved;
  if (!read("rnn", saved)) return;
  const nn::Rnn rnn =
      saved.fill(nn::rnn(Key(1), 3, 4, {.cell = {.activation = nn::RnnActivation::Relu, .dtype = DType::Float64}}));
  BOOST_TEST(distance(rnn(saved("input")), saved("output")) < 1e-14);
  BOOST_TEST(distance(rnn.with_state(saved("input")).second, saved("last")) < 1e-14);

  saved = {};
  read("lstm", saved);
  const nn::Lstm lstm =
      saved.fill(nn::lstm(Key(1), 3, 4, {.layers = 2, .bidirectional = true, .cell = {.dtype = DType::Float64}}));
  const auto [outputs, last] = lstm.with_state(saved("input"));
  BOOST_TEST(distance(outputs, saved("output")) < 1e-14);
  BOOST_TEST(distance(last.h, saved("last.h")) < 1e-14);
  BOOST_TEST(distance(last.c, saved("last.c")) < 1e-14);

  saved = {};
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

  saved = {};
  read("lstm_cell", saved);
  const nn::LstmCell lstm = saved.fill(nn::lstm_cell(Key(1), 3, 4, {.dtype = DType::Float64}));
  const nn::LstmState next = lstm(saved("input"), {saved("h"), saved("c")});
  BOOST_TEST(distance(next.h, saved("output")) < 1e-14);
  BOOST_TEST(distance(next.c, saved("cell")) < 1e-14);

  saved = {};
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
