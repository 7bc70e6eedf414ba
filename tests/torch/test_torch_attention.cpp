// Attention and Transformers beside libtorch's, with the same weights.
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include <xgrad/nn/transformer.hpp>
#include <xgrad/xgrad.hpp>

#include "attention.hpp"
#include "libtorch.hpp"

BOOST_AUTO_TEST_SUITE(test_torch_attention)

namespace nn = xgrad::nn;
using libtorch::AttentionCase;
using xgrad::DType;
using xgrad::Shape;
using xgrad::Var;
using xgrad::random::Key;

namespace {

std::vector<double> numbers(const Var& x) { return {x.array<double>().data(), x.array<double>().data() + x.size()}; }

Var sequences(std::int64_t seed, std::int64_t batch, std::int64_t length, std::int64_t width) {
  return xgrad::random::normal(Key(seed), Shape{batch, length, width});
}

/// The name that libtorch has for an array of ours.
std::string name_of(std::string path) {
  const std::string ours = "feed_forward.";
  const std::size_t at = path.find(ours);
  return at == std::string::npos ? path : path.erase(at, ours.size());
}

/// Weights that are nowhere 0 or 1, so that each matters.
template <class M>
M shaken(const M& layer) {
  std::int64_t i = 0;
  std::vector<Var> arrays = xgrad::tree::arrays(layer);
  for (Var& weight : arrays) weight = weight + 0.3 * xgrad::random::normal(Key(++i), weight.shape());
  return xgrad::tree::with_arrays(layer, arrays);
}

template <class M>
libtorch::NumbersByName by_name(const M& layer) {
  libtorch::NumbersByName result;
  const std::vector<std::string> paths = xgrad::tree::array_paths(layer);
  const std::vector<Var> arrays = xgrad::tree::arrays(layer);
  for (std::size_t i = 0; i < paths.size(); ++i) result[name_of(paths[i])] = numbers(arrays[i]);
  return result;
}

void require_same(const std::string& what, const std::vector<double>& ours, const std::vector<double>& theirs) {
  BOOST_TEST_REQUIRE(ours.size() == theirs.size(), what);
  for (std::size_t i = 0; i < ours.size(); ++i) {
    const double error = std::abs(ours[i] - theirs[i]) / std::max({1.0, std::abs(ours[i]), std::abs(theirs[i])});
    BOOST_TEST_REQUIRE(error < 1e-10, what << " " << i << ": " << ours[i] << " here, " << theirs[i] << " there");
  }
}

/// \param call  (layer, x, memory) -> the value
template <class M, class F>
void compare(AttentionCase with, const M& layer, const F& call) {
  const Var x = sequences(71, with.batch, with.t, with.width);
  const Var memory = sequences(72, with.batch, with.s, with.width);
  with.weights = by_name(layer);
  with.x = numbers(x);
  with.memory = numbers(memory);
  const libtorch::AttentionResult theirs = libtorch::attention(with);
  std::vector<double> weights;
  for (std::size_t i = 0; i < theirs.value.size(); ++i) weights.push_back(libtorch::weight(0, i));
  const auto weighed = [&](const std::pair<M, std::pair<Var, Var>>& all) {
    const Var value = call(all.first, all.second.first, all.second.second);
    return std::pair(sum(flatten(value) * Var(weights)), value);
  };
  const std::pair<M, std::pair<Var, Var>> all{layer, {x, memory}};
  const auto differentiate = [&](const auto& at) {
    return xgrad::grad([&](const auto& a) { return weighed(a).first; })(at);
  };
  require_same("value", numbers(weighed(all).second), theirs.value);
  for (const auto& gradient : {differentiate(all), xgrad::compile(differentiate)(all)}) {
    libtorch::NumbersByName ours = by_name(gradient.first);
    ours["x"] = numbers(gradient.second.first);
    if (theirs.gradients.count("memory") != 0) ours["memory"] = numbers(gradient.second.second);
    BOOST_TEST_REQUIRE(ours.size() == theirs.gradients.size());
    for (const auto& [name, numbers_there] : theirs.gradients) require_same(name, ours.at(name), numbers_there);
  }
}

nn::AttentionOptions options_of(const AttentionCase& with, std::int64_t keys) {
  nn::AttentionOptions options{.causal = with.causal};
  if (!with.lengths.empty()) options.mask = nn::length_mask(with.lengths, static_cast<std::size_t>(keys));
  return options;
}

nn::TransformerOptions transformer_options(const AttentionCase& with) {
  return {.hidden = static_cast<std::size_t>(with.hidden),
          .activation = with.gelu ? nn::Activation::Gelu : nn::Activation::Relu,
          .norm_first = with.norm_first,
          .dtype = DType::Float64};
}

std::vector<AttentionCase> cases(const std::string& layer) {
  std::vector<AttentionCase> all(4);
  all[1].causal = true;
  all[1].norm_first = true;
  all[2].lengths = {3, 1};
  all[2].gelu = true;
  all[3].lengths = {2, 4};
  all[3].causal = true;
  all[3].heads = 4;
  for (AttentionCase& each : all) each.layer = layer;
  return all;
}

}  // namespace

BOOST_AUTO_TEST_CASE(attention) {
  std::vector<AttentionCase> all = cases("attention");
  all.resize(6);
  all[4].cross = true;
  all[4].bias = false;
  all[5].cross = true;
  all[5].lengths = {3, 1};
  for (AttentionCase with : all) {
    with.layer = "attention";
    const auto layer = shaken(nn::multi_head_attention(Key(1), 8, static_cast<std::size_t>(with.heads),
                                                       {.bias = with.bias, .dtype = DType::Float64}));
    compare(with, layer, [&](const nn::MultiHeadAttention& m, const Var& x, const Var& memory) {
      return with.cross ? m(x, memory, memory, options_of(with, with.s)) : m(x, options_of(with, with.t));
    });
  }
}

BOOST_AUTO_TEST_CASE(encoders) {
  for (const AttentionCase& with : cases("encoder layer")) {
    const auto heads = static_cast<std::size_t>(with.heads);
    const auto layer = shaken(nn::transformer_encoder_layer(Key(1), 8, heads, transformer_options(with)));
    compare(with, layer, [&](const nn::TransformerEncoderLayer& m, const Var& x, const Var&) {
      return m(x, options_of(with, with.t));
    });
  }
  const AttentionCase with{.layer = "encoder", .causal = true, .lengths = {5, 3}};
  const auto stack = shaken(nn::transformer_encoder(Key(1), 8, 2, 2, transformer_options(with)));
  compare(with, stack,
          [&](const nn::TransformerEncoder& m, const Var& x, const Var&) { return m(x, options_of(with, with.t)); });
}

BOOST_AUTO_TEST_CASE(decoders) {
  for (const AttentionCase& with : cases("decoder layer")) {
    const auto heads = static_cast<std::size_t>(with.heads);
    const auto layer = shaken(nn::transformer_decoder_layer(Key(1), 8, heads, transformer_options(with)));
    AttentionCase of_memory = with;
    of_memory.causal = false;
    compare(with, layer, [&](const nn::TransformerDecoderLayer& m, const Var& x, const Var& memory) {
      return m(x, memory, {.causal = with.causal}, options_of(of_memory, with.s));
    });
  }
  const AttentionCase with{.layer = "decoder", .causal = true};
  const auto stack = shaken(nn::transformer_decoder(Key(1), 8, 2, 2, transformer_options(with)));
  compare(with, stack, [&](const nn::TransformerDecoder& m, const Var& x, const Var& memory) {
    return m(x, memory, {.causal = true});
  });
}

BOOST_AUTO_TEST_SUITE_END()
