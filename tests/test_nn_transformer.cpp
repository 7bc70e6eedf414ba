// Transformer layers, stacks, and the language model. Values beside libtorch's are in tests/torch.
#include <boost/test/unit_test.hpp>

#include <cmath>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <xgrad/nn/language_model.hpp>
#include <xgrad/nn/transformer.hpp>
#include <xgrad/nn/with_dtype.hpp>
#include <xgrad/optim.hpp>
#include <xgrad/testing.hpp>
#include <xgrad/xgrad.hpp>

#include "comparing.hpp"

namespace nn = xgrad::nn;
using xgrad::Array;
using xgrad::DType;
using xgrad::Shape;
using xgrad::Var;
using xgrad::random::Key;
using xgrad::testing::check_gradients;

BOOST_AUTO_TEST_SUITE(test_nn_transformer)

using comparing::distance;
using comparing::drawn;
using comparing::same;

namespace {

Var places(const Var& x, std::ptrdiff_t from, std::ptrdiff_t to) {
  return view(x, xt::ellipsis(), xt::range(from, to), xt::all());
}

nn::TransformerOptions in_double(nn::TransformerOptions options) {
  options.hidden = 6;
  options.activation = nn::Activation::Gelu;
  options.dtype = DType::Float64;
  return options;
}

std::vector<nn::TransformerOptions> variants() {
  return {in_double({}), in_double({.norm_first = true}),
          in_double({.gated = true, .norm_first = true, .key_heads = 1, .rotary = 100.0, .bias = false})};
}

/// What a net gives when a sequence comes in two pieces.
template <class Net, class Cache, class... Memory>
Var in_pieces(const Net& net, const Var& x, const Cache& empty, const Memory&... memory) {
  const auto [first, cache] = net(places(x, 0, 2), memory..., empty);
  const auto [second, last] = net(places(x, 2, 3), memory..., cache);
  return xgrad::concatenate({first, second}, -2);
}

}  // namespace

BOOST_AUTO_TEST_CASE(feed_forward) {
  const Var x = drawn(1, {2, 4});
  const nn::FeedForward net = nn::feed_forward(Key(1), 4, in_double({.gated = true}));
  BOOST_TEST(distance(net(x), net.linear2(gelu((*net.gate)(x)) * net.linear1(x))) < 1e-15);
  BOOST_TEST(net.linear1.weight.shape() == (Shape{6, 4}), boost::test_tools::per_element());
  BOOST_TEST(nn::feed_forward(Key(1), 4).linear1.weight.shape() == (Shape{16, 4}), boost::test_tools::per_element());
  nn::FeedForward dropping = net;
  dropping.dropout.rate = 1.0;
  BOOST_TEST(distance(dropping(x, {Key(1)}), xgrad::broadcast_to(*net.linear2.bias, {2, 4})) < 1e-15);
}

BOOST_AUTO_TEST_CASE(encoder_layers) {
  const Var x = drawn(1, {2, 3, 4});
  for (const nn::TransformerOptions& options : variants()) {
    const auto layer = nn::transformer_encoder_layer(Key(1), 4, 2, options);
    const auto f = [](const nn::TransformerEncoderLayer& l, const Var& y) { return l(y, {.causal = true}); };
    BOOST_TEST(check_gradients({.tolerance = 1e-5}, f, layer, view(x, 0)));
    BOOST_TEST(distance(xgrad::vmap(f, {.in = {xgrad::whole, 0}})(layer, x), f(layer, x)) < 1e-13);
    BOOST_TEST(distance(xgrad::compile(f)(layer, x), f(layer, x)) < 1e-13);
    BOOST_TEST(distance(in_pieces(layer, x, layer.self_attn.cache({2}, 3)), f(layer, x)) < 1e-13);
    BOOST_TEST(layer(xgrad::zeros({0, 3, 4})).shape() == (Shape{0, 3, 4}), boost::test_tools::per_element());
  }
  const auto in_float = nn::transformer_encoder_layer(Key(1), 4, 2);
  BOOST_TEST((in_float(cast<float>(x)).dtype() == DType::Float32));
  BOOST_CHECK_THROW(static_cast<void>(in_float(drawn(1, {3, 5}))), xgrad::ShapeError);
}

BOOST_AUTO_TEST_CASE(decoder_layers) {
  const Var x = drawn(1, {2, 3, 4});
  const Var memory = drawn(2, {2, 5, 4});
  for (const nn::TransformerOptions& options : variants()) {
    const auto layer = nn::transformer_decoder_layer(Key(1), 4, 2, options);
    const auto f = [](const nn::TransformerDecoderLayer& l, const Var& y, const Var& m) {
      return l(y, m, {.causal = true}, {.mask = nn::length_mask(4, 5)});
    };
    BOOST_TEST(check_gradients({.order = 1}, f, layer, view(x, 0), view(memory, 0)));
    BOOST_TEST(distance(xgrad::vmap(f, {.in = {xgrad::whole, 0, 0}})(layer, x, memory), f(layer, x, memory)) < 1e-13);
    BOOST_TEST(distance(xgrad::compile(f)(layer, x, memory), f(layer, x, memory)) < 1e-13);
    const Var whole = layer(x, memory, {.causal = true});
    BOOST_TEST(distance(in_pieces(layer, x, layer.self_attn.cache({2}, 3), memory), whole) < 1e-13);
    BOOST_TEST(distance(f(layer, x, memory), layer(x, places(memory, 0, 4), {.causal = true})) < 1e-13);
  }
}

BOOST_AUTO_TEST_CASE(what_is_added_is_not_broadcast) {
  for (const nn::TransformerOptions& options : variants()) {
    nn::TransformerEncoderLayer layer = nn::transformer_encoder_layer(Key(1), 4, 2, options);
    layer.feed_forward.linear2 = nn::linear(Key(2), 6, 1, {.dtype = DType::Float64});
    BOOST_CHECK_THROW(static_cast<void>(layer(drawn(1, {3, 4}))), xgrad::ShapeError);
  }
  nn::FeedForward gated = nn::feed_forward(Key(1), 4, {.gated = true});
  gated.gate = nn::linear(Key(2), 4, 1);
  BOOST_CHECK_THROW(static_cast<void>(gated(xgrad::zeros({3, 4}, DType::Float32))), xgrad::ShapeError);
}

BOOST_AUTO_TEST_CASE(stacks) {
  const Var x = drawn(1, {2, 3, 4});
  const Var memory = drawn(2, {2, 5, 4});
  const auto encoder = nn::transformer_encoder(Key(1), 4, 2, 3, in_double({.norm_first = true}));
  BOOST_TEST(encoder.norm.has_value());
  BOOST_TEST(distance(in_pieces(encoder, x, encoder.cache({2}, 4)), encoder(x, {.causal = true})) < 1e-13);
  const auto& l = encoder.layers;
  BOOST_TEST(distance(encoder(x), (*encoder.norm)(l[2](l[1](l[0](x))))) < 1e-13);
  const auto decoder = nn::transformer_decoder(Key(1), 4, 2, 2, in_double({}));
  BOOST_TEST(!decoder.norm.has_value());
  BOOST_TEST(distance(in_pieces(decoder, x, decoder.cache({2}, 4), memory), decoder(x, memory, {.causal = true})) <
             1e-13);
  BOOST_CHECK_THROW(static_cast<void>(encoder(x, decoder.cache({2}, 4))), xgrad::ValueError);
  BOOST_TEST(xgrad::tree::array_paths(encoder).front() == "layers.0.self_attn.in_proj_weight");
}

BOOST_AUTO_TEST_CASE(training_drops_by_key) {
  const Var x = drawn(1, {2, 3, 4});
  const Var memory = drawn(2, {2, 5, 4});
  const nn::Training training{Key(3)};
  const auto encoder = nn::transformer_encoder(Key(1), 4, 2, 2, in_double({.dropout = 0.3}));
  const auto decoder = nn::transformer_decoder(Key(1), 4, 2, 2, in_double({.dropout = 0.3}));
  BOOST_TEST(same(encoder(x, training), encoder(x, training)));
  BOOST_TEST(distance(encoder(x, training), encoder(x, training.part(1))) > 1e-3);
  BOOST_TEST(distance(encoder(x, training), encoder(x)) > 1e-3);
  BOOST_TEST(same(decoder(x, memory, training), decoder(x, memory, training)));
  BOOST_TEST(distance(decoder(x, memory, training), decoder(x, memory)) > 1e-3);
  {  // No two places draw with one key.
    const xgrad::random::KeyCheck check;
    static_cast<void>(encoder(x, training, {.causal = true}));
    static_cast<void>(decoder(x, memory, nn::Training{Key(4)}, {.causal = true}));
  }
  // Without dropout training is as use.
  const auto sure = nn::transformer_encoder(Key(1), 4, 2, 2, in_double({}));
  BOOST_TEST(distance(sure(x, nn::Training{Key(5)}), sure(x)) == 0.0);
  const auto sure_too = nn::transformer_decoder(Key(1), 4, 2, 2, in_double({.norm_first = true}));
  BOOST_TEST(distance(sure_too(x, memory, nn::Training{Key(5)}, {.causal = true}),
                      sure_too(x, memory, {.causal = true})) == 0.0);
}

namespace {

nn::LanguageModel small_model(std::size_t length, bool tied = true) {
  return nn::language_model(Key(1), 11, 8, 2, 2,
                            {.length = length, .tied = tied, .blocks = in_double({.norm_first = true})});
}

/// What always taking the likeliest token gives, with the whole text again for each.
Var taken_slowly(const nn::LanguageModel& model, const Var& prompt, int count) {
  Var all = prompt;
  for (int i = 0; i < count; ++i) {
    const Var logits = view(model(all), xt::ellipsis(), -1, xt::all());
    all = xgrad::concatenate({all, expand_dims(argmax(logits, -1), -1)}, -1);
  }
  return view(all, xt::ellipsis(), xt::range(prompt.shape(-1), all.shape(-1)));
}

}  // namespace

BOOST_AUTO_TEST_CASE(language_models) {
  const Var tokens = xgrad::random::randint(Key(2), 0, 11, {2, 4});
  for (const nn::LanguageModel& model : {small_model(0), small_model(9), small_model(0, false)}) {
    const Var logits = model(tokens);
    BOOST_TEST(logits.shape() == (Shape{2, 4, 11}), boost::test_tools::per_element());
    // What comes later changes nothing before.
    const Var other =
        xgrad::concatenate({view(tokens, xt::all(), xt::range(0, 3)), xgrad::zeros({2, 1}, DType::Int64)}, 1);
    BOOST_TEST(distance(places(model(other), 0, 3), places(logits, 0, 3)) < 1e-13);
    BOOST_TEST(distance(model(tokens, nn::Training{Key(3)}), logits) == 0.0);
    BOOST_TEST(check_gradients(
        {.order = 1, .tolerance = 1e-5}, [&](const nn::LanguageModel& m) { return m(view(tokens, 0)); }, model));
    const auto [first, cache] = model(tokens, model.cache({2}, 8));
    BOOST_TEST(distance(first, logits) < 1e-13);
    BOOST_TEST(distance(model(tokens, cache).first, places(model(xgrad::concatenate({tokens, tokens}, 1)), 4, 8)) <
               1e-13);
    // Greedy, by the cache.
    const Var greedy = nn::generate(model, Key(4), tokens, 5, {.temperature = 0.0});
    BOOST_TEST(same(greedy, taken_slowly(model, tokens, 5)));
    BOOST_TEST(same(nn::generate(model, Key(4), tokens, 5, {.top_k = 1}), greedy));
    BOOST_TEST(same(nn::generate(model, Key(4), view(tokens, 0), 5, {.temperature = 1e-3}), view(greedy, 0)));
  }
  BOOST_TEST(same(small_model(0)(view(tokens, 0)), small_model(0)(view(tokens, 0))));
  BOOST_CHECK_THROW(static_cast<void>(small_model(0)(2)), xgrad::ShapeError);
  BOOST_CHECK_THROW(static_cast<void>(small_model(0)(drawn(1, {3}))), xgrad::TypeError);
  BOOST_CHECK_THROW(static_cast<void>(small_model(3)(tokens)), xgrad::ShapeError);
  BOOST_CHECK_THROW(static_cast<void>(nn::language_model(Key(1), 11, 8, 2, 0)), xgrad::ValueError);
  for (const std::int64_t bad : {-1, 11}) {
    BOOST_CHECK_THROW(static_cast<void>(small_model(0)(Array<std::int64_t>{0, bad}).array<double>()),
                      xgrad::ValueError);
  }
}

BOOST_AUTO_TEST_CASE(generation) {
  const nn::LanguageModel model = small_model(0);
  const Var prompt = xgrad::zeros({500, 1}, DType::Int64);
  const auto f = [](const nn::LanguageModel& m, const Key& key, const Var& p) { return nn::generate(m, key, p, 3); };
  const Var tokens = f(model, Key(1), prompt);
  BOOST_TEST(tokens.shape() == (Shape{500, 3}), boost::test_tools::per_element());
  BOOST_TEST(same(tokens, f(model, Key(1), prompt)));
  BOOST_TEST(same(tokens, xgrad::compile(f)(model, Key(1), prompt)));
  BOOST_TEST(!same(tokens, f(model, Key(2), prompt)));
  // As often as the model says, within four deviations.
  const Array<double> p = softmax(model(view(prompt, 0))).array<double>();
  const Var counts = bincount(view(tokens, xt::all(), 0), 11);
  for (std::size_t i = 0; i < 11; ++i) {
    const double deviation = std::sqrt(500.0 * p(0, i) * (1.0 - p(0, i)));
    const double error = static_cast<double>(counts.array<std::int64_t>()(i)) - 500.0 * p(0, i);
    BOOST_TEST(std::abs(error) < 4.0 * deviation);
  }
  // Only the likeliest two.
  const Var two = view(nn::generate(model, Key(3), prompt, 1, {.top_k = 2}), xt::all(), 0);
  const Var likeliest = view(xgrad::top_k(model(view(prompt, 0)), 2).second, 0);
  BOOST_TEST(xgrad::all(isin(two, likeliest)).item<bool>());
  BOOST_TEST(!xgrad::all(equal(two, view(likeliest, 0))).item<bool>());
  // Hardly warm is as cold, though the temperature is no float.
  const nn::LanguageModel narrow = nn::with_dtype(model, DType::Float32);
  const Var cold = nn::generate(narrow, Key(1), view(prompt, xt::range(0, 3)), 4, {.temperature = 0.0});
  BOOST_TEST(same(cold, nn::generate(narrow, Key(1), view(prompt, xt::range(0, 3)), 4, {.temperature = 1e-60})));
  BOOST_TEST(nn::generate(model, Key(1), prompt, 0).shape() == (Shape{500, 0}), boost::test_tools::per_element());
  BOOST_CHECK_THROW(static_cast<void>(nn::generate(model, Key(1), prompt, 1, {.temperature = -1.0})),
                    xgrad::ValueError);
  BOOST_CHECK_THROW(static_cast<void>(nn::generate(model, Key(1), prompt, 1, {.top_k = 12})), xgrad::ValueError);
  BOOST_CHECK_THROW(static_cast<void>(nn::generate(model, Key(1), xgrad::zeros({2, 0}, DType::Int64), 1)),
                    xgrad::ShapeError);
  BOOST_TEST(nn::generate(small_model(3), Key(1), prompt, 3).shape() == (Shape{500, 3}),
             boost::test_tools::per_element());
  BOOST_CHECK_THROW(static_cast<void>(nn::generate(small_model(3), Key(1), prompt, 4)), xgrad::ValueError);
}

BOOST_AUTO_TEST_CASE(learns_to_go_on) {
  // 0 1 2 3 4 0 1 ..., from anywhere.
  const Var tokens = remainder(expand_dims(xgrad::arange(5), 1) + xgrad::arange(9), 5);
  const Var given = view(tokens, xt::all(), xt::range(0, 8));
  const Var next = view(tokens, xt::all(), xt::range(1, 9));
  nn::LanguageModel model = nn::language_model(Key(1), 5, 8, 2, 1, {.blocks = {.norm_first = true, .dropout = 0.1}});
  const auto adam = xgrad::optim::adam({.rate = 0.02});
  auto state = adam.init(model);
  const auto step = xgrad::compile([&](const nn::LanguageModel& m, const xgrad::optim::State& s, const Key& key) {
    const auto objective = [&](const nn::LanguageModel& now) {
      return mean(xgrad::loss::CrossEntropy{}(reshape(now(given, nn::Training{key}), {-1, 5}), flatten(next)));
    };
    auto [loss, slope] = xgrad::value_and_grad(objective)(m);
    auto [updates, after] = adam.update(slope, s, m);
    return std::tuple{xgrad::optim::apply(m, updates), after, loss};
  });
  Var loss;
  for (std::int64_t i = 0; i < 60; ++i) {
    std::tie(model, state, loss) = step(std::move(model), std::move(state), Key(9).fold_in(i));
  }
  BOOST_TEST(loss.item<float>() < 0.1F);
  const Var more = nn::generate(model, Key(2), Array<std::int64_t>{3, 4}, 6, {.temperature = 0.5});
  BOOST_TEST(same(more, Array<std::int64_t>{0, 1, 2, 3, 4, 0}));
}

BOOST_AUTO_TEST_SUITE_END()
