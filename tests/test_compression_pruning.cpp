// Fewer weights: masks, pruning while training, low ranks, shared values, sizes; and distillation.
#include <boost/test/unit_test.hpp>

#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include <xgrad/compression.hpp>
#include <xgrad/io/named.hpp>
#include <xgrad/nn.hpp>
#include <xgrad/optim.hpp>
#include <xgrad/testing.hpp>
#include <xgrad/xgrad.hpp>

#include "comparing.hpp"

BOOST_AUTO_TEST_SUITE(test_compression_pruning)

namespace compression = xgrad::compression;
namespace nn = xgrad::nn;
namespace xg = xgrad;
using comparing::doubles;
using comparing::near;
using comparing::same;
using comparing::throws;
using compression::Scope;
using compression::Structure;
using xgrad::Array;
using xgrad::DType;
using xgrad::Shape;
using xgrad::Var;
using xgrad::random::Key;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

struct Pair {
  nn::Linear first, second;
};
XGRAD_FIELDS(Pair, first, second)

Pair two_layers() {
  return {{xt::xarray<double>{{0.1, -5.0}, {3.0, 0.2}}, Var(xt::xarray<double>{0.0, 7.0})},
          {xt::xarray<double>{{0.3, -0.4}, {0.05, 0.0}}, {}}};
}

}  // namespace

// ---- masks

BOOST_AUTO_TEST_CASE(masks_keep_the_largest) {
  const Pair model = two_layers();
  const Pair all = compression::magnitude_masks(model, 0.5);
  BOOST_TEST(same(all.first.weight, xt::xarray<double>{{0.0, 1.0}, {1.0, 0.0}}));
  BOOST_TEST(same(all.second.weight, xt::xarray<double>{{1.0, 1.0}, {0.0, 0.0}}));
  BOOST_TEST(same(*all.first.bias, xt::xarray<double>{1.0, 1.0}));
  const Pair each = compression::magnitude_masks(model, 0.25, {.scope = Scope::Layer});
  BOOST_TEST(same(each.first.weight, xt::xarray<double>{{0.0, 1.0}, {1.0, 1.0}}));
  BOOST_TEST(same(each.second.weight, xt::xarray<double>{{1.0, 1.0}, {1.0, 0.0}}));
  const Pair one = compression::magnitude_masks(model, 1.0, {.which = "second"});
  BOOST_TEST(same(one.first.weight, xg::ones({2, 2})));
  BOOST_TEST(same(one.second.weight, xg::zeros({2, 2})));
  BOOST_TEST(same(compression::magnitude_masks(model, 0.0).second.weight, xg::ones({2, 2})));
  const Pair pruned = compression::apply(model, all);
  BOOST_TEST(same(pruned.first.weight, xt::xarray<double>{{0.0, -5.0}, {3.0, 0.0}}));
  BOOST_TEST(same(*pruned.first.bias, *model.first.bias));
  BOOST_TEST(compression::share_of_zeros(pruned) == 0.5);  // five of ten: a bias is 0
  BOOST_TEST(compression::share_of_zeros(std::vector<Var>()) == 0.0);
  const std::vector<Var> spoiled{xt::xarray<double>{{not_a_number, infinity}, {1.0, 2.0}}};
  const std::vector<Var> none{xg::zeros({2, 2})};
  BOOST_TEST(same(compression::apply(spoiled, none)[0], xg::zeros({2, 2})));
  for (const Shape& shape : {Shape{3, 2, 2}, Shape{1}}) {  // nothing broadcasts
    const std::vector<Var> other{xg::ones(shape)};
    BOOST_TEST(comparing::throws<xg::ShapeError>([&] { return compression::apply(spoiled, other)[0]; }, {"[2, 2]"}));
  }
}

BOOST_AUTO_TEST_CASE(masks_of_rows_and_columns) {
  const std::vector<Var> model{xt::xarray<double>{{1.0, -1.0, 9.0}, {3.0, -4.0, 2.0}},
                               reshape(xg::arange(12.0), {2, 3, 2}) + 1.0};
  const auto rows = compression::magnitude_masks(model, 0.5, {.structure = Structure::Rows, .scope = Scope::Layer});
  BOOST_TEST(same(rows[0], xt::xarray<double>{{1.0, 1.0, 1.0}, {0.0, 0.0, 0.0}}));
  BOOST_TEST(rows[1].shape() == (Shape{2, 3, 2}), boost::test_tools::per_element());
  BOOST_TEST(same(view(rows[1], 0), xg::zeros({3, 2})));
  const auto columns =
      compression::magnitude_masks(model, 1.0 / 3.0, {.structure = Structure::Columns, .scope = Scope::Layer});
  BOOST_TEST(same(columns[0], xt::xarray<double>{{0.0, 1.0, 1.0}, {0.0, 1.0, 1.0}}));
  const auto together = compression::magnitude_masks(model, 0.25, {.structure = Structure::Rows});
  BOOST_TEST(same(together[0], xt::xarray<double>{{1.0, 1.0, 1.0}, {0.0, 0.0, 0.0}}));
  BOOST_TEST(same(together[1], xg::ones({2, 3, 2})));
  BOOST_TEST(doubles(compression::kept_rows(rows[0])) == std::vector<double>{0.0}, boost::test_tools::per_element());

  const auto everything = [](std::string_view, const Var&) { return true; };
  const std::vector<Var> line{xg::ones({3})};
  BOOST_TEST(throws<xg::ShapeError>(
      [&] { return compression::magnitude_masks(line, 0.5, {.which = everything, .structure = Structure::Rows})[0]; },
      {"[3]", "two axes"}));
  BOOST_TEST(throws<xg::ValueError>([&] { return compression::magnitude_masks(model, 1.5)[0]; }, {"1.5"}));
  BOOST_TEST(throws<xg::ValueError>([&] { return compression::magnitude_masks(model, not_a_number)[0]; }, {"nan"}));
  BOOST_CHECK_THROW(static_cast<void>(compression::kept_rows(1.0)), xg::ShapeError);
}

BOOST_AUTO_TEST_CASE(narrowed_layers_compute_the_same) {
  Pair net{nn::linear(Key(1), 5, 8), nn::linear(Key(2), 8, 3)};
  const Pair masks = compression::magnitude_masks(net, 0.5, {.which = "first.weight", .structure = Structure::Rows});
  net = compression::apply(net, masks);
  const Var kept = compression::kept_rows(masks.first.weight);
  const auto [first, second] = compression::narrowed(net.first, net.second, kept);
  BOOST_TEST(first.weight.shape() == (Shape{4, 5}), boost::test_tools::per_element());
  BOOST_TEST(second.weight.shape() == (Shape{3, 4}), boost::test_tools::per_element());
  const Var x = xg::random::normal(Key(3), {6, 5}, DType::Float32);
  BOOST_TEST(near(second(relu(first(x))), net.second(relu(net.first(x))), 1e-5));
  BOOST_CHECK_THROW(static_cast<void>(compression::narrowed(net.second, net.first, kept)), xg::ShapeError);
}

// ---- while training

namespace {

/// Least squares with 20 weights, of which every fourth matters.
struct Problem {
  Var x = xg::random::normal(Key(1), {100, 20});
  Var wanted =
      xg::reshape(xg::cast<double>(xg::equal(xg::arange(20) % 4, 1)) * (1.0 + xg::arange(20.0) / 20.0), {20, 1});
  Var y = matmul(x, wanted);
  [[nodiscard]] Var operator()(const std::vector<Var>& w) const { return mean(square(matmul(x, w[0]) - y)); }
};

std::vector<Var> trained(const xg::optim::Optimiser& optimiser, std::vector<Var> w, int steps,
                         xg::optim::State* last = nullptr) {
  const Problem problem;
  auto state = optimiser.init(w);
  auto step = xg::compile([&](const std::vector<Var>& at, const xg::optim::State& s) {
    auto [updates, next] = optimiser.update(xg::grad(problem)(at), s, at);
    return std::pair(xg::optim::apply(at, updates), next);
  });
  for (int i = 0; i < steps; ++i) std::tie(w, state) = step(w, state);
  if (last != nullptr) *last = state;
  return w;
}

}  // namespace

BOOST_AUTO_TEST_CASE(pruning_follows_its_schedule) {
  const auto cubic = xg::optim::polynomial(0.0, 0.75, 30, 3.0);
  const auto adam = xg::optim::adam({.rate = 0.05});
  const auto optimiser = compression::pruned(adam, {.sparsity = cubic, .begin = 20, .every = 10});
  const std::vector<Var> start{0.3 * xg::random::normal(Key(2), {20, 1})};
  const auto left_out = [&](int steps) { return compression::share_of_zeros(trained(optimiser, start, steps)); };
  BOOST_TEST(left_out(20) == 0.0);
  BOOST_TEST(left_out(30) == 0.0);  // the first pruning, at step 20, with a sparsity of 0
  // 0.75 (1 - (1 - t / 30)^3) of 20 at t = 10, 20, 30: 10.6, 14.4 and 15.
  BOOST_TEST(left_out(31) == 11.0 / 20.0);
  BOOST_TEST(left_out(40) == 11.0 / 20.0);
  BOOST_TEST(left_out(41) == 14.0 / 20.0);
  BOOST_TEST(left_out(51) == 15.0 / 20.0);
  xg::optim::State state;
  const auto last = trained(optimiser, start, 300, &state);
  const Problem problem;
  BOOST_TEST(near(last[0], problem.wanted, 1e-3));
  BOOST_TEST(compression::share_of_zeros(last) == 0.75);
  const auto mask = state.read("mask", last);
  BOOST_TEST(same(mask[0], xg::cast<double>(not_equal(last[0], 0.0))));
  BOOST_TEST(optimiser.text().find("pruned(sparsity polynomial") == 0);
}

BOOST_AUTO_TEST_CASE(movement_prunes_what_goes_to_zero) {
  // The first weight is large and of no use, the second small and needed: size would keep the first.
  const Var x = xg::random::normal(Key(1), {200, 2});
  const Var y = 0.5 * view(x, xt::all(), 1);
  const auto loss = [&](const std::vector<Var>& w) { return mean(square(view(matmul(x, w[0]), xt::all(), 0) - y)); };
  const auto run = [&](compression::Score score) {
    const auto optimiser =
        compression::pruned(xg::optim::sgd({.rate = 0.02}), {.sparsity = 0.5, .begin = 10, .score = score});
    std::vector<Var> w{reshape(Var(xt::xarray<double>{2.0, 0.1}), {2, 1})};
    auto state = optimiser.init(w);
    for (int i = 0; i < 12; ++i) {
      auto [updates, next] = optimiser.update(xg::grad(loss)(w), state, w);
      w = xg::optim::apply(w, updates);
      state = next;
    }
    return doubles(w[0]);
  };
  const auto by_movement = run(compression::Score::Movement);
  BOOST_TEST(by_movement[0] == 0.0);
  BOOST_TEST(by_movement[1] != 0.0);
  const auto by_size = run(compression::Score::Magnitude);
  BOOST_TEST(by_size[0] != 0.0);
  BOOST_TEST(by_size[1] == 0.0);
}

BOOST_AUTO_TEST_CASE(rows_are_pruned_while_training) {
  const auto optimiser = compression::pruned(xg::optim::adam({.rate = 0.05}),
                                             {.sparsity = 0.75, .begin = 50, .masks = {.structure = Structure::Rows}});
  const auto last = trained(optimiser, {0.3 * xg::random::normal(Key(2), {20, 1})}, 300);
  BOOST_TEST(near(last[0], Problem().wanted, 1e-3));
  const auto everything = [](std::string_view, const Var&) { return true; };
  const auto wrong =
      compression::pruned(xg::optim::adam(), {.masks = {.which = everything, .structure = Structure::Rows}});
  BOOST_TEST(throws<xg::ShapeError>([&] { return wrong.init(std::vector<Var>{xg::ones({3})}); }, {"\"0\"", "[3]"}));
  BOOST_CHECK_THROW(static_cast<void>(compression::pruned(xg::optim::adam(), {.sparsity = 1.5})), xg::ValueError);
  BOOST_CHECK_THROW(static_cast<void>(compression::pruned(xg::optim::adam(), {.every = 0})), xg::ValueError);
}

BOOST_AUTO_TEST_CASE(a_winning_ticket_is_found_and_trained_again) {
  const std::vector<Var> start{0.3 * xg::random::normal(Key(2), {20, 1})};
  const auto adam = xg::optim::adam({.rate = 0.05});
  const auto dense = trained(adam, start, 200);
  const auto masks = compression::magnitude_masks(dense, 0.75);
  const auto ticket = compression::apply(start, masks);
  const auto last = trained(compression::with_masks(adam, masks), ticket, 300);
  BOOST_TEST(compression::share_of_zeros(last) == 0.75);
  BOOST_TEST(near(last[0], Problem().wanted, 1e-3));
  // Also what is not 0 in the beginning is so after a step.
  BOOST_TEST(compression::share_of_zeros(trained(compression::with_masks(adam, masks), start, 1)) == 0.75);
  const auto wrong = compression::with_masks(adam, std::vector<Var>{xg::ones({3, 1})});
  BOOST_TEST(throws<xg::ShapeError>([&] { return trained(wrong, start, 1); }, {"[3, 1]", "[20, 1]"}));
}

// ---- low ranks

BOOST_AUTO_TEST_CASE(low_ranks_are_the_best_ones) {
  // Singular values 4, 3, 1: squares 16, 9, 1 of 26.
  const Var u = xg::random::orthogonal(Key(1), 3);
  const Var v = view(xg::random::orthogonal(Key(2), 5), xt::range(0, 3), xt::all());
  const Var s = xt::xarray<double>{4.0, 3.0, 1.0};
  const nn::Linear layer{matmul(u * s, v), Var(xt::xarray<double>{1.0, 2.0, 3.0})};
  const auto product = [](const compression::LowRank& l) { return matmul(l.up.weight, l.down.weight); };
  const auto two = compression::low_rank(layer, {.rank = 2});
  BOOST_TEST(
      near(product(two),
           matmul(view(u, xt::all(), xt::range(0, 2)) * view(s, xt::range(0, 2)), view(v, xt::range(0, 2), xt::all())),
           1e-12));
  BOOST_TEST(two.down.weight.shape() == (Shape{2, 5}), boost::test_tools::per_element());
  const auto rank_with = [&](double energy) {
    return compression::low_rank(layer, {.energy = energy}).down.weight.shape()[0];
  };
  BOOST_TEST(rank_with(0.5) == 1U);
  BOOST_TEST(rank_with(0.7) == 2U);
  BOOST_TEST(rank_with(25.5 / 26.0) == 3U);
  BOOST_TEST(rank_with(1.0) == 3U);
  const Var x = xg::random::normal(Key(3), {4, 5});
  BOOST_TEST(near(compression::low_rank(layer, {.energy = 1.0})(x), layer(x), 1e-12));
  const nn::Linear nothing{xg::zeros({3, 5}), {}};
  BOOST_TEST(same(compression::low_rank(nothing, {.energy = 0.9})(x), xg::zeros({4, 3})));
  const auto refuses = [&](const compression::LowRankOptions& options) {
    return throws<xg::ValueError>([&] { return compression::low_rank(layer, options); }, {"[3, 5]", "from 1 to 3"});
  };
  BOOST_TEST(refuses({}));
  BOOST_TEST(refuses({.rank = 4}));
  BOOST_TEST(refuses({.rank = 1, .energy = 0.5}));
  BOOST_TEST(refuses({.energy = 1.5}));
  BOOST_TEST(refuses({.energy = not_a_number}));
  BOOST_CHECK_THROW(static_cast<void>(compression::low_rank({xg::ones({3}), {}}, {.rank = 1})), xg::ShapeError);
  // Singular values that no float32 can hold.
  const nn::Linear large{xg::full({4, 8}, 3e38F), {}};
  const auto of_large = compression::low_rank(large, {.rank = 1});
  BOOST_TEST(of_large.up.weight.dtype() == xg::DType::Float32);
  BOOST_TEST(near(product(of_large) / 3e38F, xg::ones({4, 8}, xg::DType::Float32), 1e-5));
}

// ---- shared values

BOOST_AUTO_TEST_CASE(shared_values_are_the_means_of_clusters) {
  const Var x = xt::xarray<double>{{-1.1, 5.0, -0.9}, {5.2, -1.0, 4.8}};
  const auto two = compression::shared(x, {.bits = 1});
  BOOST_TEST(near(two.values, xt::xarray<double>{-1.0, 5.0}, 1e-14));
  BOOST_TEST(near(two.array(), xt::xarray<double>{{-1.0, 5.0, -1.0}, {5.0, -1.0, 5.0}}, 1e-14));
  BOOST_TEST(two.words.size() == 1U);
  // As many values as numbers: nothing is lost.
  const Var few = xt::xarray<double>{0.0, 1.0, 2.0, 3.0, 3.0, 0.0};
  BOOST_TEST(same(compression::shared(few, {.bits = 2}).array(), few));
  const Var huge = xt::xarray<double>{1e308, 1.25e308, 1.5e308, -1.5e308};
  BOOST_TEST(near(compression::shared(huge, {.bits = 1}).values / 1e308, xt::xarray<double>{-1.5, 1.25}));
  const Var many = xg::random::normal(Key(1), {7, 50}, DType::Float32);
  for (const int bits : {1, 2, 4, 8}) {
    const auto shared = compression::shared(many, {.bits = bits});
    BOOST_TEST(shared.words.size() == (350U * static_cast<unsigned>(bits) + 63U) / 64U);
    BOOST_TEST((shared.array().dtype() == DType::Float32));
    // Each element has the nearest of all values.
    const Var far = abs(expand_dims(many, -1) - shared.values);
    BOOST_TEST(same(abs(many - shared.array()), amin(far, -1)));
    // Lloyd's condition: each value is the mean of its elements.
    const Var error = sum(
        xg::grad([&](const compression::SharedArray& at) { return sum(square(at.array() - many)); })(shared).values);
    BOOST_TEST(std::abs(error.item<float>()) < 2e-3);
  }
  BOOST_TEST(compression::shared(xg::zeros({0, 3}), {}).array().shape() == (Shape{0, 3}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(shared_zeros_stay_zeros) {
  const Var x = where(xg::random::uniform(Key(1), {100}) < 0.5, 0.0, xg::random::normal(Key(2), {100}));
  auto shared = compression::shared(x, {.bits = 4, .keep_zeros = true});
  BOOST_TEST(shared.values.size() == 15U);
  shared.values = shared.values + 1.0;
  BOOST_TEST(same(equal(shared.array(), 0.0), equal(x, 0.0)));
  const Var nothing = xg::zeros({5});
  BOOST_TEST(same(compression::shared(nothing, {.keep_zeros = true}).array(), nothing));
}

BOOST_AUTO_TEST_CASE(shared_values_are_trained) {
  const nn::Linear layer = nn::linear(Key(1), 6, 4, {.dtype = DType::Float64});
  const auto shared = compression::shared(layer, {.bits = 2});
  const Var x = xg::random::normal(Key(2), {9, 6});
  const auto loss = [&](const Var& values) {
    auto other = shared;
    other.weight.values = values;
    return sum(square(other(x)));
  };
  BOOST_TEST(xg::testing::check_gradients(loss, shared.weight.values));
  const auto call = [](const compression::SharedLinear& l, const Var& at) { return l(at); };
  BOOST_TEST(near(xg::compile(call)(shared, x), shared(x), 1e-14));
  BOOST_TEST(near(xg::vmap([&](const Var& at) { return shared(at); })(x), shared(x), 1e-14));
  BOOST_TEST(xg::tree::leaves(shared).size() == 2U);
  BOOST_CHECK_THROW(static_cast<void>(compression::shared(x, {.bits = 3})), xg::ValueError);
  BOOST_CHECK_THROW(static_cast<void>(compression::shared(xt::xarray<double>{infinity})), xg::ValueError);
  BOOST_CHECK_THROW(static_cast<void>(compression::shared(xt::xarray<int>{1})), xg::TypeError);
}

// ---- sizes

BOOST_AUTO_TEST_CASE(sizes_are_bytes) {
  const nn::Linear layer = nn::linear(Key(1), 64, 10);
  BOOST_TEST(compression::size_on_disk(layer) == (640U + 10U) * 4U);
  // Bytes 0, 1, 2, 3 of probabilities 1/2, 1/4, 1/8, 1/8: 1.75 bits each, and a table.
  auto words = Array<std::int64_t>::from_shape({1024});
  constexpr int symbols[] = {0, 0, 0, 0, 1, 1, 2, 3};
  for (auto& each : words) {
    each = 0;
    for (const int symbol : symbols) each = each * 256 + symbol;
  }
  BOOST_TEST(compression::coded_size(Var(words)) == 256U + 8192U * 7U / 4U / 8U);
  BOOST_TEST(compression::coded_size(xg::zeros({1000})) == 256U + 1000U);
  BOOST_TEST(compression::coded_size(xg::zeros({3})) == 24U);
  BOOST_TEST(compression::coded_size(xg::zeros({0})) == 0U);
  BOOST_TEST(compression::coded_size(std::vector<Var>{xt::xarray<bool>{true}, xt::xarray<float>{1.0F}}) == 5U);
}

// ---- distillation

BOOST_AUTO_TEST_CASE(distillation_is_that_of_torch) {
  const Var student = xt::xarray<double>{{1.0, -0.5, 2.0}, {0.3, 0.2, -1.0}};
  const Var teacher = xt::xarray<double>{{0.5, 0.1, 3.0}, {-1.0, 2.0, 0.0}};
  const Var labels = xt::xarray<std::int64_t>{2, 0};
  const compression::Distillation loss{.temperature = 3.0, .share = 0.7};
  BOOST_TEST(near(loss(student, teacher, labels), xt::xarray<double>{0.25174592928838141, 0.78790898273298715}, 1e-14));
  const auto total = [&](const Var& at) { return sum(loss(at, teacher, labels)); };
  BOOST_TEST(near(xg::grad(total)(student),
                  xt::xarray<double>{{0.27275956232190329, 0.001166099470148188, -0.2739256617920513},
                                     {0.23002219395396384, -0.21501665629062039, -0.015005537663343636}},
                  1e-14));
  BOOST_TEST(xg::testing::check_gradients(
      [&](const Var& at, const Var& t, const Var& share) {
        return compression::Distillation{t, share}(at, teacher, labels);
      },
      student, 3.0, 0.7));
  const auto of_teacher = [&](const Var& at) { return sum(loss(student, at, labels)); };
  BOOST_TEST(same(xg::grad(of_teacher)(teacher), xg::zeros({2, 3})));
  BOOST_TEST(near(loss(teacher, teacher), xg::zeros({2}), 1e-15));
  const Var sure = xt::xarray<double>{{0.0, -infinity, -infinity}};
  BOOST_TEST(near(loss(xg::zeros({1, 3}), sure), xt::xarray<double>{9.0 * std::log(3.0)}, 1e-13));
  BOOST_CHECK_THROW(static_cast<void>(loss(student, view(teacher, 0))), xg::ShapeError);
  BOOST_CHECK_THROW(static_cast<void>(loss(1.0, 1.0)), xg::ShapeError);
  const auto value = [&](const compression::Distillation& l) {
    return sum(l(student, teacher, labels)).item<double>();
  };
  BOOST_TEST(throws<xg::ValueError>([&] { return value({.temperature = 0.0}); }, {"temperature", "0"}));
  BOOST_TEST(throws<xg::ValueError>([&] { return value({.temperature = infinity}); }, {"temperature", "inf"}));
  BOOST_TEST(throws<xg::ValueError>([&] { return value({.share = 1.5}); }, {"share", "1.5"}));
}

BOOST_AUTO_TEST_SUITE_END()
