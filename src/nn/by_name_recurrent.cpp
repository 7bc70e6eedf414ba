// Names of recurrent nets.
#include <xgrad/nn/recurrent.hpp>

#include "nn/by_name_entries.hpp"

namespace xgrad::nn {
namespace {

/// The settings of a net: the arguments of its maker, and its options, those of its cells among them.
template <class CellOptions>
struct RecurrentSettings : CellOptions {
  std::optional<std::size_t> inputs;
  std::optional<std::size_t> hidden;
  std::size_t layers = 1;
  bool bidirectional = false;
  double dropout = 0.0;
};
struct RnnSettings : RecurrentSettings<RnnCellOptions> {};
XGRAD_FIELDS(RnnSettings, inputs, hidden, layers, bidirectional, dropout, bias, activation, weights, recurrent_weights,
             biases, dtype)
struct LstmSettings : RecurrentSettings<LstmCellOptions> {};
XGRAD_FIELDS(LstmSettings, inputs, hidden, layers, bidirectional, dropout, bias, forget_bias, weights,
             recurrent_weights, biases, dtype)
struct GruSettings : RecurrentSettings<GruCellOptions> {};
XGRAD_FIELDS(GruSettings, inputs, hidden, layers, bidirectional, dropout, bias, weights, recurrent_weights, biases,
             dtype)

template <class CellOptions, class Net>
AnyLayer recurrent_net(std::string_view name,
                       Net (*make)(const random::Key&, std::size_t, std::size_t, const RecurrentOptions<CellOptions>&),
                       const RecurrentSettings<CellOptions>& s, const random::Key& key) {
  const std::size_t inputs = detail::needed(name, "inputs", s.inputs);
  const std::size_t hidden = detail::needed(name, "hidden", s.hidden);
  return make(key, inputs, hidden, {s.layers, s.bidirectional, s.dropout, s});
}

}  // namespace

std::vector<detail::RegistryEntry> detail::recurrent_entries() {
  using random::Key;
  return {
      entry_of<RnnSettings>("rnn",
                            [](const RnnSettings& s, const Key& key) { return recurrent_net("rnn", rnn, s, key); }),
      entry_of<LstmSettings>("lstm",
                             [](const LstmSettings& s, const Key& key) { return recurrent_net("lstm", lstm, s, key); }),
      entry_of<GruSettings>("gru",
                            [](const GruSettings& s, const Key& key) { return recurrent_net("gru", gru, s, key); }),
  };
}

}  // namespace xgrad::nn
