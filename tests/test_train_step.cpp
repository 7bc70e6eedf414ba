// A step of training: what it computes, in which forms objectives may be written, and what it refuses.
#include <cmath>
#include <limits>
#include <tuple>

#include <boost/test/unit_test.hpp>

#include "train_models.hpp"

BOOST_AUTO_TEST_SUITE(test_train_step)

using namespace train_models;

namespace {

/// A run of some steps.
template <class F, class M, class... A>
std::tuple<M, optim::State, Var> after(int steps, const F& step, const optim::Optimiser& optimiser, M model,
                                       const A&... batch) {
  optim::State state = optimiser.init(model);
  Var loss;
  for (int i = 0; i < steps; ++i) {
    auto next = step(std::move(model), std::move(state), batch...);
    model = std::move(std::get<0>(next));
    state = std::move(std::get<1>(next));
    loss = std::get<2>(next);
  }
  return {model, state, loss};
}

}  // namespace

BOOST_AUTO_TEST_CASE(is_gradient_and_update) {
  const Points all = points();
  const auto [line, state, loss] = after(5, train::step(squared_error, adam), adam, first_line(), all);
  const auto by_hand = xg::compile([&](const Line& m, const optim::State& s) {
    const auto [value, gradient] = xg::value_and_grad(squared_error)(m, all);
    auto [updates, next] = adam.update(gradient, s, m);
    return std::tuple{optim::apply(m, updates), next, value};
  });
  const auto [line_by_hand, state_by_hand, loss_by_hand] = after(5, by_hand, adam, first_line());
  BOOST_TEST(same_bits(line, line_by_hand));
  BOOST_TEST(same_bits(state, state_by_hand));
  BOOST_TEST(same_bits(loss, loss_by_hand));
}

BOOST_AUTO_TEST_CASE(objectives_have_many_forms) {
  const Points all = points();
  const auto [line, state, loss] = after(3, train::step(squared_error, adam), adam, first_line(), all);
  const auto of_parts = [](const Line& m, const Var& x, const Var& y) { return mean(square(m(x) - y)); };
  const auto with_parts = train::step(of_parts, adam);
  BOOST_TEST(same_bits(std::get<0>(after(3, with_parts, adam, first_line(), all.x, all.y)), line));
  BOOST_TEST(same_bits(std::get<0>(after(3, with_parts, adam, first_line(), std::tuple(all.x, all.y))), line));
  BOOST_TEST(same_bits(std::get<0>(after(3, with_parts, adam, first_line(), std::pair(all.x, all.y))), line));
  // A key does not matter to who takes none.
  BOOST_TEST(same_bits(std::get<0>(after(3, with_parts, adam, first_line(), all.x, all.y, Key(1))), line));
  const auto of_tuple = [](const Line& m, const std::tuple<Var, Var>& b) {
    return mean(square(m(std::get<0>(b)) - std::get<1>(b)));
  };
  BOOST_TEST(same_bits(std::get<0>(after(3, train::step(of_tuple, adam), adam, first_line(), all.x, all.y)), line));
  const auto of_training = [](const Line& m, const Var& x, const Var& y, const nn::Training& training) {
    return mean(square(m(x) - y)) + 0.0 * sum(xg::random::uniform(training.key, {2}));
  };
  const auto [noisy, noisy_state, noisy_loss] =
      after(3, train::step(of_training, adam), adam, first_line(), all.x, all.y, Key(1));
  BOOST_TEST(distance(noisy, line) < 1e-15);
}

BOOST_AUTO_TEST_CASE(states_are_handed_on_and_weights_are_not) {
  const Points all = points();
  const auto meddling = [](Tracking net, const Points& batch, const nn::Training& training) {
    const Var loss = mean(square(net(batch.x, training) - batch.y));
    net.line.slope = 100.0 * net.line.slope;  // the weights are the optimiser's
    return std::pair(loss, net);
  };
  const Points shifted{all.x + 1.0, all.y};
  const auto [one, s1, l1] = after(4, train::step(tracking_error(), adam), adam, first_tracking(), shifted, Key(3));
  const auto [two, s2, l2] = after(4, train::step(meddling, adam), adam, first_tracking(), shifted, Key(3));
  BOOST_TEST(distance(one, two) < 1e-15);
  BOOST_TEST(one.seen.item<double>() == 1.0 - std::pow(0.9, 4), boost::test_tools::tolerance(1e-12));
  const auto [other, s3, l3] = after(4, train::step(tracking_error(), adam), adam, first_tracking(), shifted, Key(4));
  BOOST_TEST(distance(one, other) > 1e-6);  // another key, other noise
}

BOOST_AUTO_TEST_CASE(shards_are_the_batch_to_rounding) {
  const Points all = points();
  const auto whole = after(6, train::step(squared_error, adam), adam, first_line(), all);
  for (const std::size_t parts : {2U, 3U, 48U}) {
    const auto in_parts = after(6, train::step(squared_error, adam, {.shards = parts}), adam, first_line(), all);
    BOOST_TEST(distance(std::get<0>(whole), std::get<0>(in_parts)) < 1e-12);
    BOOST_TEST(distance(std::get<2>(whole), std::get<2>(in_parts)) < 1e-12);
  }
  BOOST_CHECK_THROW(after(1, train::step(squared_error, adam, {.shards = 5}), adam, first_line(), all), xg::ShapeError);
  BOOST_CHECK_THROW(static_cast<void>(train::step(squared_error, adam, {.shards = 0})), xg::ValueError);
}

BOOST_AUTO_TEST_CASE(gradients_of_single_samples) {
  const Points all = points(8);
  const optim::Optimiser clipped = optim::chain({optim::clip_per_sample(0.3), optim::descend(0.1)});
  const auto [line, state, loss] = after(1, train::step(squared_error, clipped), clipped, first_line(), all);
  double slope = 0.0;
  double offset = 0.0;
  for (std::size_t i = 0; i < 8; ++i) {
    const double x = all.x.array<double>()(i);
    const double y = all.y.array<double>()(i);
    const double norm = std::hypot(-2.0 * y * x, -2.0 * y);
    slope -= 0.1 / 8.0 * -2.0 * y * x * std::min(1.0, 0.3 / norm);
    offset -= 0.1 / 8.0 * -2.0 * y * std::min(1.0, 0.3 / norm);
  }
  BOOST_TEST(line.slope.item<double>() == slope, boost::test_tools::tolerance(1e-12));
  BOOST_TEST(line.offset.item<double>() == offset, boost::test_tools::tolerance(1e-12));
  BOOST_TEST(loss.item<double>() == mean(square(all.y)).item<double>(), boost::test_tools::tolerance(1e-12));
  BOOST_CHECK_THROW(static_cast<void>(train::step(squared_error, clipped, {.shards = 2})), xg::ValueError);
  BOOST_CHECK_THROW(after(1, train::step(tracking_error(), clipped), clipped, first_tracking(), all, Key(0)),
                    xg::ValueError);
}

BOOST_AUTO_TEST_CASE(optimisers_get_loss_and_gradient_elsewhere) {
  const Points all = points();
  for (const optim::Optimiser& optimiser : {optim::polyak_sgd(), optim::sam(optim::sgd({.rate = 0.1}))}) {
    const auto [line, state, loss] = after(60, train::step(squared_error, optimiser), optimiser, first_line(), all);
    BOOST_TEST(loss.item<double>() < 0.02, optimiser.text());
  }
}

BOOST_AUTO_TEST_CASE(what_is_not_finite_can_leave_all_as_it_was) {
  // The loss is finite at 0, its derivative is not.
  const auto edge = [](const Line& m, const Var& x) { return mean(sqrt(abs(m(x)) + x)); };
  const auto step = train::step(edge, adam, {.keep_finite = true});
  const Line line = first_line();
  const optim::State state = adam.init(line);
  const auto [kept, kept_state, loss] = step(line, state, Var(std::vector<double>{0.0, 1.0}));
  BOOST_TEST(same_bits(kept, line));
  BOOST_TEST(same_bits(kept_state, state));
  BOOST_TEST(std::isnan(loss.item<double>()));
  const auto [moved, moved_state, fine] = step(Line{xg::ones({}), xg::ones({})}, state, xg::ones({2}));
  BOOST_TEST(!same_bits(moved, Line{xg::ones({}), xg::ones({})}));
  BOOST_TEST(!same_bits(moved_state, state));
  BOOST_TEST(fine.item<double>() == std::sqrt(3.0), boost::test_tools::tolerance(1e-12));
  // An infinite loss stays what it is.
  const auto infinite = [](const Line& m, const Var& x) { return mean(1.0 / (m(x) + x)); };
  const auto [same, same_state, large] =
      train::step(infinite, adam, {.keep_finite = true})(line, state, xg::zeros({2}));
  BOOST_TEST(same_bits(same, line));
  BOOST_TEST(large.item<double>() == std::numeric_limits<double>::infinity());
}

BOOST_AUTO_TEST_CASE(terms_of_a_mixed_objective) {
  const Points all = points();
  const auto penalty = [](const Line& m, const Points&) { return square(m.slope); };
  const auto mixed = train::mixed(train::Term{"data", squared_error}, train::Term{"penalty", penalty, 0.5});
  const auto step = train::step(mixed, adam);
  const Line at{xg::ones({}), xg::zeros({})};
  const auto [line, state, loss, terms] = step(at, adam.init(at), all);
  const double error = squared_error(at, all).item<double>();
  BOOST_TEST(loss.item<double>() == error + 0.5, boost::test_tools::tolerance(1e-14));
  BOOST_TEST(terms.shape() == xg::Shape{2}, boost::test_tools::per_element());
  BOOST_TEST(terms.array<double>()(0) == error, boost::test_tools::tolerance(1e-14));
  BOOST_TEST(terms.array<double>()(1) == 1.0);
  const auto sum = [&](const Line& m, const Points& batch) {
    return squared_error(m, batch) + 0.5 * penalty(m, batch);
  };
  BOOST_TEST(distance(std::get<0>(train::step(sum, adam)(at, adam.init(at), all)), line) < 1e-15);
  // Each hands its state to the next.
  const auto twice = train::mixed(train::Term{"a", tracking_error()}, train::Term{"b", tracking_error()});
  const Points shifted{all.x + 1.0, all.y};
  const auto [net, s, l, t] = train::step(twice, adam)(first_tracking(), adam.init(first_tracking()), shifted, Key(0));
  BOOST_TEST(net.seen.item<double>() == 1.0 - 0.81, boost::test_tools::tolerance(1e-12));
  BOOST_TEST(t.array<double>()(0) != t.array<double>()(1));  // other noise for each
  // In shards and of single samples, too.
  const auto parts = train::step(mixed, adam, {.shards = 4})(at, adam.init(at), all);
  BOOST_TEST(distance(std::get<3>(parts), terms) < 1e-12);
  const optim::Optimiser clipped = optim::chain({optim::clip_per_sample(1e6), optim::descend(0.1)});
  BOOST_TEST(distance(std::get<3>(train::step(mixed, clipped)(at, clipped.init(at), all)), terms) < 1e-12);

  BOOST_CHECK_THROW(static_cast<void>(train::mixed(train::Term{"a", penalty}, train::Term{"a", penalty})),
                    xg::ValueError);
  BOOST_CHECK_THROW(static_cast<void>(train::mixed(train::Term{"", penalty})), xg::ValueError);
  BOOST_CHECK_THROW(static_cast<void>(train::mixed(train::Term{"loss", penalty})), xg::ValueError);
  BOOST_CHECK_THROW(static_cast<void>(train::mixed(train::Term{"a", penalty, std::nan("")})), xg::ValueError);
}

BOOST_AUTO_TEST_CASE(losses_are_one_number) {
  const Points all = points();
  const auto each = [](const Line& m, const Points& batch) { return square(m(batch.x) - batch.y); };
  const std::string text =
      message_of<xg::ShapeError>([&] { after(1, train::step(each, adam), adam, first_line(), all); });
  BOOST_TEST(contains(text, "[48]"), text);
  BOOST_TEST(contains(text, "mean("), text);
  const auto counts = [](const Line&, const Points& batch) { return sum(cast(batch.x, xg::DType::Int64)); };
  BOOST_CHECK_THROW(after(1, train::step(counts, adam), adam, first_line(), all), xg::TypeError);
  const auto nothing = [](const Line&, const Points&) { return Var(); };
  BOOST_CHECK_THROW(after(1, train::step(nothing, adam), adam, first_line(), all), xg::ValueError);
  const auto in_a_term = train::mixed(train::Term{"fit", each});
  const std::string of_term =
      message_of<xg::ShapeError>([&] { after(1, train::step(in_a_term, adam), adam, first_line(), all); });
  BOOST_TEST(contains(of_term, "the term fit"), of_term);
}

BOOST_AUTO_TEST_SUITE_END()
