// Attention: what is seen, shared heads, positions, heads with projections, and the cache.
#include <boost/test/unit_test.hpp>

#include <array>
#include <cmath>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include <xgrad/nn/attention.hpp>
#include <xgrad/nn/positions.hpp>
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

BOOST_AUTO_TEST_SUITE(test_nn_attention)

using comparing::distance;
using comparing::drawn;

namespace {

/// softmax(q k^T / sqrt(d)) v for [t, d], [s, d], [s, e], number by number, over the keys that are seen.
Array<double> plain(const Array<double>& q, const Array<double>& k, const Array<double>& v, const Array<bool>& seen) {
  Array<double> out = Array<double>::from_shape({q.shape(0), v.shape(1)});
  out.fill(0.0);
  for (std::size_t i = 0; i < q.shape(0); ++i) {
    std::vector<double> weights(k.shape(0), 0.0);
    double total = 0.0;
    for (std::size_t j = 0; j < k.shape(0); ++j) {
      double score = 0.0;
      for (std::size_t c = 0; c < q.shape(1); ++c) score += q(i, c) * k(j, c);
      if (seen(i, j)) weights[j] = std::exp(score / std::sqrt(static_cast<double>(q.shape(1))));
      total += weights[j];
    }
    for (std::size_t j = 0; j < k.shape(0); ++j) {
      for (std::size_t c = 0; c < v.shape(1); ++c) out(i, c) += total == 0.0 ? 0.0 : weights[j] / total * v(j, c);
    }
  }
  return out;
}

nn::MultiHeadAttention made(const nn::MultiHeadAttentionOptions& options, std::size_t heads = 4) {
  nn::MultiHeadAttentionOptions in_double = options;
  in_double.dtype = DType::Float64;
  in_double.biases = nn::normal(0.5);
  return nn::multi_head_attention(Key(1), 8, heads, in_double);
}

Var places(const Var& x, std::ptrdiff_t from, std::ptrdiff_t to) {
  return view(x, xt::ellipsis(), xt::range(from, to), xt::all());
}

}  // namespace

BOOST_AUTO_TEST_CASE(is_the_formula) {
  const Var q = drawn(1, {3, 4});
  const Var k = drawn(2, {5, 4});
  const Var v = drawn(3, {5, 2});
  const Var seen = drawn(4, {3, 5}) > -0.3;
  const auto by_hand = [&](const Var& mask) {
    return plain(q.array<double>(), k.array<double>(), v.array<double>(), mask.array<bool>());
  };
  const Var all = xgrad::ones({3, 5}, DType::Bool);
  BOOST_TEST(distance(nn::scaled_dot_product_attention(q, k, v), by_hand(all)) < 1e-15);
  BOOST_TEST(distance(nn::scaled_dot_product_attention(q, k, v, {.mask = seen}), by_hand(seen)) < 1e-15);
  const Var own = nn::scaled_dot_product_attention(q, places(k, 0, 3), places(v, 0, 3), {.causal = true});
  const Var before =
      plain(q.array<double>(), k.array<double>(), v.array<double>(), nn::causal_mask(3, 5).array<bool>());
  BOOST_TEST(distance(own, before) < 1e-15);
  const Var both = nn::scaled_dot_product_attention(q, places(k, 0, 3), places(v, 0, 3),
                                                    {.causal = true, .mask = view(seen, xt::all(), xt::range(0, 3))});
  BOOST_TEST(distance(both, by_hand(seen && nn::causal_mask(3, 5))) < 1e-15);
  // What is added may be ln of a weight, and a scale of 0 makes all alike.
  const Var weighed = nn::attention_weights(q, k, {.bias = log(Var(Array<double>{1, 2, 3, 0, 0})), .scale = 0.0});
  BOOST_TEST(distance(weighed, xgrad::broadcast_to(Var(Array<double>{1, 2, 3, 0, 0}) / 6.0, {3, 5})) < 1e-15);
}

BOOST_AUTO_TEST_CASE(masks) {
  const auto same = [](const Var& a, const Var& b) {
    return a.shape() == b.shape() && xgrad::all(equal(a, b)).item<bool>();
  };
  BOOST_TEST(same(nn::causal_mask(2, 3), Array<bool>{{true, false, false}, {true, true, false}}));
  BOOST_TEST(same(nn::causal_mask(2, 3, 1), Array<bool>{{true, true, false}, {true, true, true}}));
  BOOST_TEST(same(nn::causal_mask(1, 3, Array<std::int64_t>{0, 2}),
                  Array<bool>{{{true, false, false}}, {{true, true, true}}}));
  BOOST_TEST(same(nn::length_mask(Array<std::int64_t>{1, 0}, 2), Array<bool>{{{{true, false}}}, {{{false, false}}}}));
  BOOST_CHECK_THROW(static_cast<void>(nn::length_mask(Array<double>{1.0}, 2)), xgrad::TypeError);
}

BOOST_AUTO_TEST_CASE(who_sees_nothing_gets_0) {
  const Var q = drawn(1, {2, 3, 4});
  const Var k = drawn(2, {2, 3, 4});
  const Var mask = Array<bool>{{true, true, false}, {false, false, false}, {false, true, true}};
  const auto f = [&](const Var& a, const Var& b, const Var& c) {
    return nn::scaled_dot_product_attention(a, b, c, {.mask = mask});
  };
  const Var y = f(q, k, k);
  BOOST_TEST(amax(abs(places(y, 1, 2))).item<double>() == 0.0);
  BOOST_TEST(amin(abs(places(y, 0, 1))).item<double>() > 0.0);
  BOOST_TEST(check_gradients(f, q, k, k));
  using Three = std::array<Var, 3>;
  const auto slope = xgrad::grad([&](const Three& all) { return sum(f(all[0], all[1], all[2])); })(Three{q, k, k});
  BOOST_TEST(amax(abs(places(slope[0], 1, 2))).item<double>() == 0.0);
  BOOST_TEST(xgrad::all(isfinite(slope[1]) && isfinite(slope[2])).item<bool>());
  // No keys at all.
  const Var none = nn::scaled_dot_product_attention(q, xgrad::zeros({2, 0, 4}), xgrad::zeros({2, 0, 5}));
  BOOST_TEST(distance(none, xgrad::zeros({2, 3, 5})) == 0.0);
  BOOST_TEST(nn::scaled_dot_product_attention(xgrad::zeros({0, 3, 4}), xgrad::zeros({0, 3, 4}), xgrad::zeros({0, 3, 4}))
                     .shape() == (Shape{0, 3, 4}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(large_scores_do_not_overflow) {
  const Var q = xgrad::full({1, 2}, 1e4F);
  const Var k = Array<float>{{1e4F, 1e4F}, {-1e4F, 0.0F}, {1e4F, 1e4F}};
  const Var w = nn::attention_weights(q, k);
  BOOST_TEST((w.dtype() == DType::Float32));
  BOOST_TEST(w.array<float>() == (Array<float>{{0.5F, 0.0F, 0.5F}}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(heads_share_keys) {
  const Var q = drawn(1, {2, 6, 3, 4});
  const Var k = drawn(2, {2, 2, 5, 4});
  const Var v = drawn(3, {2, 2, 5, 3});
  const Var mask = drawn(4, {2, 6, 3, 5}) > -0.5;
  const auto f = [&](const Var& a, const Var& b, const Var& c) {
    return nn::scaled_dot_product_attention(a, b, c, {.mask = mask});
  };
  BOOST_TEST(distance(f(q, k, v), f(q, repeat(k, 3, 1), repeat(v, 3, 1))) < 1e-15);
  BOOST_TEST(distance(nn::attention_weights(q, view(k, xt::all(), xt::range(0, 1))),
                      nn::attention_weights(q, repeat(view(k, xt::all(), xt::range(0, 1)), 6, 1))) < 1e-15);
  BOOST_TEST(check_gradients(f, q, k, v));
}

BOOST_AUTO_TEST_CASE(is_batched_and_compiled) {
  const Var q = drawn(1, {4, 2, 3, 4});
  const Var bias = drawn(2, {3, 3});
  const auto f = [&](const Var& x) {
    return nn::scaled_dot_product_attention(x, x, x, {.causal = true, .bias = bias});
  };
  BOOST_TEST(distance(xgrad::vmap(f)(q), f(q)) < 1e-15);
  BOOST_TEST(distance(xgrad::compile(f)(q), f(q)) < 1e-15);
  BOOST_TEST(check_gradients(f, view(q, 0)));
}

BOOST_AUTO_TEST_CASE(refuses_what_does_not_fit) {
  const Var q = drawn(1, {4, 3, 4});
  const auto weights = [](const Var& a, const Var& b, const nn::AttentionOptions& options = {}) {
    static_cast<void>(nn::attention_weights(a, b, options));
  };
  BOOST_CHECK_THROW(weights(q, drawn(1, {4})), xgrad::ShapeError);
  BOOST_CHECK_THROW(weights(q, drawn(1, {4, 3, 5})), xgrad::ShapeError);
  BOOST_CHECK_THROW(weights(q, drawn(1, {3, 3, 4})), xgrad::ShapeError);
  BOOST_CHECK_THROW(weights(q, drawn(1, {4, 2, 4}), {.causal = true}), xgrad::ShapeError);
  BOOST_CHECK_THROW(weights(q, q, {.mask = xgrad::ones({4, 4}, DType::Bool)}), xgrad::ShapeError);
  BOOST_CHECK_THROW(weights(q, q, {.mask = xgrad::ones({2, 4, 3, 3}, DType::Bool)}), xgrad::ShapeError);
  BOOST_CHECK_THROW(weights(q, q, {.mask = xgrad::ones({3, 3})}), xgrad::TypeError);
  BOOST_CHECK_THROW(weights(q, q, {.bias = xgrad::ones({2})}), xgrad::ShapeError);
  BOOST_CHECK_THROW(static_cast<void>(nn::scaled_dot_product_attention(q, q, drawn(1, {4, 2, 4}))), xgrad::ShapeError);
  // Values of other heads than those of the keys, though they would divide those of the queries.
  BOOST_CHECK_THROW(static_cast<void>(nn::scaled_dot_product_attention(q, drawn(1, {2, 3, 4}), drawn(1, {4, 3, 4}))),
                    xgrad::ShapeError);
}

BOOST_AUTO_TEST_CASE(waves_of_places) {
  const Var waves = nn::sinusoidal_positions(Array<std::int64_t>{0, 3}, 4, 10000.0, DType::Float64);
  const Array<double> expected{{0.0, 1.0, 0.0, 1.0}, {std::sin(3.0), std::cos(3.0), std::sin(0.03), std::cos(0.03)}};
  BOOST_TEST(distance(waves, expected) < 1e-15);
  BOOST_TEST((nn::sinusoidal_positions(5, 4).dtype() == DType::Float32));
  // Far out, too: the angle is computed in double.
  const double far = std::sin(1e6 / std::pow(10000.0, 2.0 / 4.0));
  BOOST_TEST(std::abs(view(nn::sinusoidal_positions(1000000, 4), 2).item<float>() - far) < 1e-6);
  BOOST_CHECK_THROW(static_cast<void>(nn::sinusoidal_positions(5, 3)), xgrad::ValueError);
  BOOST_CHECK_THROW(static_cast<void>(nn::sinusoidal_positions(5, 4, 0.0)), xgrad::ValueError);
  BOOST_CHECK_THROW(static_cast<void>(nn::sinusoidal_positions(5, 4, 2.0, DType::Int64)), xgrad::TypeError);
}

BOOST_AUTO_TEST_CASE(rotary_products_depend_on_distances) {
  const Var a = drawn(1, {1, 6});
  const Var b = drawn(2, {1, 6});
  const auto product = [&](std::int64_t at, std::int64_t and_at) {
    const Var places_of_a = Array<std::int64_t>{at};
    const Var places_of_b = Array<std::int64_t>{and_at};
    return sum(nn::rotary(a, places_of_a, 100.0) * nn::rotary(b, places_of_b, 100.0)).item<double>();
  };
  BOOST_TEST(std::abs(product(0, 5) - product(7, 12)) < 1e-13);
  BOOST_TEST(std::abs(product(0, 5) - product(5, 0)) > 1e-3);
  const Var x = Array<double>{{1.0, 2.0, 3.0, 4.0}, {1.0, 2.0, 3.0, 4.0}};
  const double c = std::cos(1.0), s = std::sin(1.0), c2 = std::cos(0.1), s2 = std::sin(0.1);
  const Array<double> turned{{1.0, 2.0, 3.0, 4.0}, {c - 3 * s, 2 * c2 - 4 * s2, 3 * c + s, 4 * c2 + 2 * s2}};
  BOOST_TEST(distance(nn::rotary(x, 100.0), turned) < 1e-15);
  BOOST_TEST(check_gradients([](const Var& y) { return nn::rotary(y); }, x));
  BOOST_TEST((nn::rotary(xgrad::ones({2, 4}, DType::Float32)).dtype() == DType::Float32));
  BOOST_CHECK_THROW(static_cast<void>(nn::rotary(xgrad::ones({4}))), xgrad::ShapeError);
  BOOST_CHECK_THROW(static_cast<void>(nn::rotary(xgrad::ones({2, 3}))), xgrad::ShapeError);
  BOOST_CHECK_THROW(static_cast<void>(nn::rotary(xgrad::ones({2, 4}), xgrad::arange(3))), xgrad::ShapeError);
  BOOST_CHECK_THROW(static_cast<void>(nn::rotary(xgrad::ones({2, 4}), -1.0)), xgrad::ValueError);
}

BOOST_AUTO_TEST_CASE(learnt_positions) {
  const nn::PositionalEmbedding layer = nn::positional_embedding(Key(1), 5, 3, {.dtype = DType::Float64});
  const Var x = drawn(1, {2, 4, 3});
  BOOST_TEST(distance(layer(x), x + view(layer.weight, xt::range(0, 4))) == 0.0);
  BOOST_TEST(distance(layer(x, 1), x + view(layer.weight, xt::range(1, 5))) == 0.0);
  BOOST_TEST(check_gradients([](const nn::PositionalEmbedding& l, const Var& y) { return l(y, 1); }, layer, x));
  // Each sequence from a place of its own, also if there are as many sequences as places.
  const Var four = drawn(2, {4, 4, 3});
  const Var first = Array<std::int64_t>{0, 1, 1, 0};
  const Var each = xgrad::vmap([&](const Var& y, const Var& from) { return layer(y, from); })(four, first);
  BOOST_TEST(distance(layer(four, first), each) == 0.0);
  BOOST_CHECK_THROW(static_cast<void>(layer(x, first)), xgrad::ShapeError);
  BOOST_CHECK_THROW(static_cast<void>(layer(x, 1.0)), xgrad::TypeError);
  BOOST_CHECK_THROW(static_cast<void>(layer(x, 2).array<double>()), xgrad::ValueError);
  BOOST_CHECK_THROW(static_cast<void>(layer(drawn(1, {6, 3}))), xgrad::ShapeError);
  BOOST_CHECK_THROW(static_cast<void>(layer(drawn(1, {4, 2}))), xgrad::ShapeError);
  BOOST_CHECK_THROW(static_cast<void>(nn::positional_embedding(Key(1), 5, 3, {.dtype = DType::Int64})),
                    xgrad::TypeError);
}

BOOST_AUTO_TEST_CASE(has_the_names_of_torch) {
  const std::vector<std::string> expected{"in_proj_weight", "in_proj_bias", "out_proj.weight", "out_proj.bias"};
  BOOST_TEST(xgrad::tree::array_paths(nn::multi_head_attention(Key(1), 8, 2)) == expected,
             boost::test_tools::per_element());
  const auto layer = nn::multi_head_attention(Key(1), 8, 4, {.key_heads = 2, .bias = false});
  BOOST_TEST(layer.in_proj_weight.shape() == (Shape{16, 8}), boost::test_tools::per_element());
  BOOST_TEST(xgrad::tree::array_paths(layer).size() == 2U);
}

BOOST_AUTO_TEST_CASE(several_heads) {
  const Var x = drawn(1, {2, 3, 8});
  const Var memory = drawn(2, {2, 5, 8});
  for (const auto& options : {nn::MultiHeadAttentionOptions{}, nn::MultiHeadAttentionOptions{.key_heads = 2},
                              nn::MultiHeadAttentionOptions{.key_heads = 1, .rotary = 100.0}}) {
    const nn::MultiHeadAttention layer = made(options);
    const auto f = [](const nn::MultiHeadAttention& l, const Var& y) { return l(y, {.causal = true}); };
    BOOST_TEST(check_gradients(f, layer, view(x, xt::range(0, 1))));
    BOOST_TEST(distance(xgrad::vmap(f, {.in = {xgrad::whole, 0}})(layer, x), f(layer, x)) < 1e-14);
    BOOST_TEST(distance(xgrad::compile(f)(layer, x), f(layer, x)) < 1e-14);
    BOOST_TEST(layer(xgrad::zeros({0, 3, 8})).shape() == (Shape{0, 3, 8}), boost::test_tools::per_element());
    BOOST_TEST(layer(xgrad::zeros({2, 0, 8})).shape() == (Shape{2, 0, 8}), boost::test_tools::per_element());
  }
  const nn::MultiHeadAttention layer = made({});
  // Without a batch, and with padding that nothing depends on.
  BOOST_TEST(distance(layer(view(x, 0)), view(layer(x), 0)) < 1e-14);
  const Var mask = nn::length_mask(Array<std::int64_t>{3, 5}, 5);
  const Var y = layer(x, memory, memory, {.mask = mask});
  BOOST_TEST(distance(view(y, 0), layer(view(x, 0), places(view(memory, 0), 0, 3), places(view(memory, 0), 0, 3))) <
             1e-14);
  BOOST_TEST((nn::multi_head_attention(Key(1), 8, 2)(cast<float>(x)).dtype() == DType::Float32));
}

BOOST_AUTO_TEST_CASE(drops_weights_in_training) {
  const nn::MultiHeadAttention layer = made({.dropout = 0.5});
  const Var x = drawn(1, {2, 6, 8});
  const nn::Training training{Key(3)};
  const Var y = layer(x, training);
  BOOST_TEST(distance(y, layer(x, training)) == 0.0);
  BOOST_TEST(distance(y, layer(x)) > 1e-3);
  BOOST_TEST(distance(y, layer(x, training.part(1))) > 1e-3);
  BOOST_TEST(distance(made({})(x, training, {.causal = true}), made({})(x, {.causal = true})) == 0.0);
  BOOST_TEST(check_gradients([&](const nn::MultiHeadAttention& l, const Var& z) { return l(z, z, z, training); }, layer,
                             view(x, 0)));
}

BOOST_AUTO_TEST_CASE(a_cache_goes_on) {
  const Var x = drawn(1, {2, 5, 8});
  for (const auto& options :
       {nn::MultiHeadAttentionOptions{}, nn::MultiHeadAttentionOptions{.key_heads = 2, .rotary = 100.0}}) {
    const nn::MultiHeadAttention layer = made(options);
    const Var whole = layer(x, {.causal = true});
    int recordings = 0;
    const auto step = xgrad::compile([&](const nn::MultiHeadAttention& l, const Var& y, const nn::AttentionCache& c) {
      ++recordings;
      return l(y, c);
    });
    nn::AttentionCache cache = layer.cache({2}, 7);
    for (std::ptrdiff_t i = 0; i < 5; ++i) {
      Var y;
      std::tie(y, cache) = step(layer, places(x, i, i + 1), std::move(cache));
      BOOST_TEST(distance(y, places(whole, i, i + 1)) < 1e-14);
    }
    BOOST_TEST(recordings == 1);
    BOOST_TEST(cache.length.item<std::int64_t>() == 5);
    const auto [first, then] = layer(places(x, 0, 2), layer.cache({2}, 5));
    const auto [second, full] = layer(places(x, 2, 5), then);
    BOOST_TEST(distance(xgrad::concatenate({first, second}, 1), whole) < 1e-14);
    BOOST_TEST(distance(full.keys, view(cache.keys, xt::all(), xt::all(), xt::range(0, 5))) < 1e-14);
    BOOST_CHECK_THROW(static_cast<void>(layer(places(x, 0, 1), full).first.array<double>()), xgrad::ValueError);
    BOOST_CHECK_THROW(static_cast<void>(layer(x, layer.cache({2}, 4))), xgrad::ShapeError);
    BOOST_CHECK_THROW(static_cast<void>(layer(x, layer.cache({3}, 7))), xgrad::ShapeError);
    BOOST_CHECK_THROW(static_cast<void>(layer(x, layer.cache({}, 7))), xgrad::ShapeError);
  }
}

BOOST_AUTO_TEST_CASE(caches_of_nothing_and_with_lengths_that_are_none) {
  const nn::MultiHeadAttention layer = made({.key_heads = 2, .rotary = 100.0});
  const Var x = drawn(1, {2, 3, 8});
  const auto [y, cache] = layer(x, layer.cache({2}, 4));
  const auto [nothing, same_cache] = layer(places(x, 0, 0), cache);
  BOOST_TEST(nothing.shape() == (Shape{2, 0, 8}), boost::test_tools::per_element());
  BOOST_TEST(distance(same_cache.keys, cache.keys) == 0.0);
  BOOST_TEST(same_cache.length.item<std::int64_t>() == 3);
  const auto going_on_from = [&, &full = cache](const Var& length) {
    nn::AttentionCache other = full;
    other.length = length;
    return layer(places(x, 0, 1), other).first;
  };
  BOOST_CHECK_THROW(static_cast<void>(going_on_from(-2).array<double>()), xgrad::ValueError);
  BOOST_CHECK_THROW(static_cast<void>(going_on_from(2.0)), xgrad::ShapeError);
  BOOST_CHECK_THROW(static_cast<void>(going_on_from(Array<std::int64_t>{1, 2})), xgrad::ShapeError);
}

BOOST_AUTO_TEST_CASE(gradients_go_through_the_cache) {
  const nn::MultiHeadAttention layer = made({.key_heads = 2, .rotary = 100.0});
  const Var x = drawn(1, {4, 8});
  const auto in_pieces = [](const nn::MultiHeadAttention& l, const Var& y) {
    const auto [first, cache] = l(places(y, 0, 3), l.cache({}, 6));
    return xgrad::concatenate({first, l(places(y, 3, 4), cache).first});
  };
  BOOST_TEST(check_gradients({.order = 1}, in_pieces, layer, x));
}

BOOST_AUTO_TEST_CASE(refuses_other_widths_and_heads) {
  const nn::MultiHeadAttention layer = made({});
  BOOST_CHECK_THROW(static_cast<void>(layer(drawn(1, {3, 7}))), xgrad::ShapeError);
  BOOST_CHECK_THROW(static_cast<void>(layer(drawn(1, {8}))), xgrad::ShapeError);
  BOOST_CHECK_THROW(static_cast<void>(layer(drawn(1, {3, 8}), drawn(1, {3, 7}), drawn(1, {3, 7}))), xgrad::ShapeError);
  const nn::MultiHeadAttention turned = made({.rotary = 100.0});
  BOOST_CHECK_THROW(static_cast<void>(turned(drawn(1, {3, 8}), drawn(1, {3, 8}), drawn(1, {3, 8}))), xgrad::ValueError);
  const auto make = [](std::size_t width, std::size_t heads, const nn::MultiHeadAttentionOptions& options = {}) {
    static_cast<void>(nn::multi_head_attention(Key(1), width, heads, options));
  };
  BOOST_CHECK_THROW(make(8, 3), xgrad::ValueError);
  BOOST_CHECK_THROW(make(8, 0), xgrad::ValueError);
  BOOST_CHECK_THROW(make(8, 4, {.key_heads = 3}), xgrad::ValueError);
  BOOST_CHECK_THROW(make(9, 3, {.rotary = 100.0}), xgrad::ValueError);
  BOOST_CHECK_THROW(make(8, 4, {.dtype = DType::Int64}), xgrad::TypeError);
  BOOST_CHECK_THROW(make(8, 4, {.dropout = 1.5}), xgrad::ValueError);
  BOOST_CHECK_THROW(make(8, 4, {.rotary = -1.0}), xgrad::ValueError);
  nn::MultiHeadAttention other = made({});
  other.in_proj_weight = drawn(1, {23, 8});
  BOOST_CHECK_THROW(static_cast<void>(other(drawn(1, {3, 8}))), xgrad::ShapeError);
  other.key_heads = 3;
  BOOST_CHECK_THROW(static_cast<void>(other(drawn(1, {3, 8}))), xgrad::ValueError);
  other = made({});
  other.heads = std::size_t{1} << 63U;  // with those of keys and values 2^64, which is 0
  other.key_heads = std::size_t{1} << 62U;
  BOOST_CHECK_THROW(static_cast<void>(other(drawn(1, {3, 8}))), xgrad::ShapeError);
  const std::size_t many = std::size_t{1} << 62U;
  const nn::MultiHeadAttention of_nothing = nn::multi_head_attention(Key(1), 0, many);
  BOOST_CHECK_THROW(static_cast<void>(of_nothing(xgrad::zeros({3, 0}))), xgrad::ShapeError);
  other = made({});
  other.in_proj_bias = drawn(1, {25});
  BOOST_CHECK_THROW(static_cast<void>(other(drawn(1, {3, 8}))), xgrad::ShapeError);
}

BOOST_AUTO_TEST_SUITE_END()
