// Whole runs of training: what they do beside steps.
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <tuple>

#include <boost/test/unit_test.hpp>
#include <xgrad/io/csv.hpp>
#include <xgrad/metrics.hpp>

#include "train_models.hpp"

BOOST_AUTO_TEST_SUITE(test_train_fit)

using namespace train_models;
namespace data = xgrad::data;
namespace metrics = xgrad::metrics;

BOOST_AUTO_TEST_CASE(is_the_loop_by_hand) {
  const Points all = points();
  const Key key(5);
  const auto fitted = train::fit(first_tracking(), tracking_error(), adam, all,
                                 {.epochs = 3, .batches = {.size = 20}, .key = key, .show = quiet});

  auto batches = data::batches(all, {.size = 20, .shuffle = key.fold_in(0)});
  const auto step = train::step(tracking_error(), adam, {.keep_finite = true});
  Tracking net = first_tracking();
  optim::State state = adam.init(net);
  std::vector<double> losses;
  for (std::int64_t i = 0; i < 9; ++i) {
    Var loss;
    std::tie(net, state, loss) = step(std::move(net), std::move(state), batches.next(), key.fold_in(1).fold_in(i));
    losses.push_back(loss.item<double>());
  }
  BOOST_TEST(same_bits(fitted.model, net));
  BOOST_TEST(same_bits(fitted.best, net));  // nothing was validated
  BOOST_TEST(same_bits(fitted.state, state));
  BOOST_TEST((fitted.ended == train::Ended::Finished));
  BOOST_TEST(fitted.position.epoch.item<std::int64_t>() == 3);
  BOOST_TEST(fitted.position.batch.item<std::int64_t>() == 0);
  BOOST_TEST(fitted.position.step.item<std::int64_t>() == 9);
  BOOST_REQUIRE(fitted.history.steps.size() == 9U);
  for (std::size_t i = 0; i < 9; ++i) {
    BOOST_TEST(fitted.history.steps[i].loss == losses[i]);
    BOOST_TEST(fitted.history.steps[i].step == i + 1);
    BOOST_TEST(fitted.history.steps[i].epoch == i / 3);
  }
  BOOST_REQUIRE(fitted.history.epochs.size() == 3U);
  const double mean_loss = (20.0 * losses[3] + 20.0 * losses[4] + 8.0 * losses[5]) / 48.0;
  BOOST_TEST(fitted.history.epochs[1].loss == mean_loss, boost::test_tools::tolerance(1e-14));
  BOOST_TEST(fitted.history.epochs[1].step == 6U);
}

BOOST_AUTO_TEST_CASE(keys_decide) {
  const Points all = points();
  const auto with_key = [&](int key) {
    return train::fit(first_tracking(), tracking_error(), adam, all,
                      {.epochs = 2, .batches = {.size = 16}, .key = Key(key), .show = quiet})
        .model;
  };
  BOOST_TEST(same_bits(with_key(1), with_key(1)));
  BOOST_TEST(!same_bits(with_key(1), with_key(2)));
}

BOOST_AUTO_TEST_CASE(all_rows_at_once) {
  const Points all = points();
  const auto fitted =
      train::fit(first_line(), squared_error, adam, all, {.steps = 40, .batches = {.size = 0}, .show = quiet});
  const auto step = train::step(squared_error, adam, {.keep_finite = true});
  Line line = first_line();
  optim::State state = adam.init(line);
  Var loss;
  for (int i = 0; i < 40; ++i) std::tie(line, state, loss) = step(std::move(line), std::move(state), all);
  BOOST_TEST(same_bits(fitted.model, line));
  BOOST_TEST(fitted.history.epochs.size() == 40U);
}

/// One batch of eight of ten rows in each epoch, never the same.
BOOST_AUTO_TEST_CASE(one_batch_is_another_in_each_epoch) {
  const Points all = points(10);
  const auto fitted = train::fit(first_line(), squared_error, adam, all,
                                 {.epochs = 5, .batches = {.size = 8, .last = data::Last::Drop}, .show = quiet});
  auto batches = data::batches(all, {.size = 8, .shuffle = Key(0).fold_in(0), .last = data::Last::Drop});
  const auto step = train::step(squared_error, adam, {.keep_finite = true});
  Line line = first_line();
  optim::State state = adam.init(line);
  Var loss;
  for (int i = 0; i < 5; ++i) std::tie(line, state, loss) = step(std::move(line), std::move(state), batches.next());
  BOOST_TEST(same_bits(fitted.model, line));
}

BOOST_AUTO_TEST_CASE(steps_may_end_within_an_epoch) {
  const Points all = points();
  const auto fitted =
      train::fit(first_line(), squared_error, adam, all,
                 {.steps = 5, .batches = {.size = 16}, .validation = all, .log_every = 2, .show = quiet});
  BOOST_TEST(fitted.history.steps.size() == 2U);
  BOOST_TEST(fitted.history.epochs.size() == 2U);  // the second one is not complete, and was validated
  BOOST_TEST(fitted.history.epochs[1].metrics.contains("validation loss"));
  BOOST_TEST(fitted.position.epoch.item<std::int64_t>() == 1);
  BOOST_TEST(fitted.position.batch.item<std::int64_t>() == 2);
  const auto first = train::fit(first_line(), squared_error, adam, all,
                                {.epochs = 1, .steps = 5, .batches = {.size = 16}, .show = quiet});
  BOOST_TEST(first.history.steps.size() == 3U);
}

BOOST_AUTO_TEST_CASE(stops_early_and_keeps_the_best) {
  // On its way from 0 to 1 the number comes past 0.5, which the validation set wants.
  const Var towards = xg::ones({8});
  const Var wanted = xg::full({4}, 0.5);
  const auto fitted =
      train::fit(Number{xg::zeros({})}, distance_of, optim::sgd({.rate = 0.05}), towards,
                 {.epochs = 100, .batches = {.size = 8}, .validation = wanted, .patience = 3, .show = quiet});
  // w = 1 - 0.9^t: after 7 steps 0.522, after 6 0.469.
  BOOST_TEST((fitted.ended == train::Ended::Patience));
  BOOST_TEST(fitted.best_epoch == 6U);
  BOOST_TEST(fitted.best.w.item<double>() == 1.0 - std::pow(0.9, 7), boost::test_tools::tolerance(1e-12));
  BOOST_TEST(fitted.model.w.item<double>() == 1.0 - std::pow(0.9, 10), boost::test_tools::tolerance(1e-12));
  BOOST_TEST(fitted.best_value == std::pow(1.0 - std::pow(0.9, 7) - 0.5, 2), boost::test_tools::tolerance(1e-10));
  BOOST_TEST(fitted.history.epochs.size() == 10U);
  BOOST_TEST(contains(fitted.message, "validation loss"), fitted.message);

  // What is better by less than it should is not better.
  const auto greedy = train::fit(
      Number{xg::zeros({})}, distance_of, optim::sgd({.rate = 0.05}), towards,
      {.epochs = 100, .batches = {.size = 8}, .validation = wanted, .patience = 2, .least_gain = 0.05, .show = quiet});
  // 0.16, 0.096, 0.052 (not better by 0.05), 0.024 (better than 0.096), 0.008, 0.001: two that are not.
  BOOST_TEST(greedy.best_epoch == 3U);
  BOOST_TEST(greedy.history.epochs.size() == 6U);
}

BOOST_AUTO_TEST_CASE(loses_patience_with_what_is_no_number) {
  const Var nothing = xg::full({10}, std::nan(""));
  const auto fitted = train::fit(first_line(), squared_error, adam, points(),
                                 {.epochs = 9, .validation = Points{nothing, nothing}, .patience = 2, .show = quiet});
  BOOST_TEST((fitted.ended == train::Ended::Patience));
  BOOST_TEST(fitted.history.epochs.size() == 2U);
  BOOST_TEST(fitted.message == "validation loss has not become better for 2 validations; it has never been a number");
  BOOST_TEST(same_bits(fitted.best, fitted.model));
}

BOOST_AUTO_TEST_CASE(watches_a_metric) {
  const auto fitted = train::fit(Number{xg::zeros({})}, distance_of, optim::sgd({.rate = 0.05}), Var(xg::ones({8})),
                                 {.epochs = 12,
                                  .batches = {.size = 8},
                                  .validation = Var(xg::full({4}, 0.5)),
                                  .validate_every = 2,
                                  .predict = [](const Number& m, const Var& x) { return std::pair(x * 0.0 + m.w, x); },
                                  .metrics = {{"worst", metrics::MaxError{}}},
                                  .training_metrics = true,
                                  .watch = "worst",
                                  .larger_is_better = true,
                                  .show = quiet});
  BOOST_TEST(fitted.best_epoch == 1U);  // the training data are 1: the error falls
  BOOST_TEST(fitted.best_value == 0.81, boost::test_tools::tolerance(1e-12));
  BOOST_TEST(!fitted.history.epochs[0].metrics.contains("worst"));
  const auto& row = fitted.history.epochs[1].metrics;
  BOOST_TEST(row.at("validation worst") == 0.5 - 0.19, boost::test_tools::tolerance(1e-12));
  const std::string text = message_of<xg::ValueError>([&] {
    static_cast<void>(train::fit(
        Number{xg::zeros({})}, distance_of, adam, Var(xg::ones({8})),
        {.epochs = 1, .batches = {.size = 8}, .validation = Var(xg::ones({4})), .watch = "acuracy", .show = quiet}));
  });
  BOOST_TEST(contains(text, "acuracy"), text);
  BOOST_TEST(contains(text, "validation loss"), text);
}

// The usual objective and the usual prediction are those that are written out.
BOOST_AUTO_TEST_CASE(supervised_is_the_loss_of_prediction_and_target) {
  const Points rows = points();
  const std::tuple all(rows.x, rows.y);
  const auto square_error = [](const Var& a, const Var& b) { return square(a - b); };
  const std::vector<train::NamedMetric> r2{{"R2", metrics::R2{}}};
  const auto predict = [](const auto& m, const Var& x, const Var& y) { return std::pair(m(x), y); };
  const auto run = [&](const auto& model, const auto& objective, const auto& asked) {
    return train::fit(model, objective, adam, all,
                      {.epochs = 3, .validation = all, .predict = asked, .metrics = r2, .show = quiet});
  };
  // With state, in training another function: as the objective that is written out for it.
  const auto short_form =
      run(first_tracking(), train::supervised(square_error), train::Predict<Tracking, std::tuple<Var, Var>>());
  const auto long_form = run(
      first_tracking(),
      [](Tracking net, const Var& x, const Var& y, const auto&... training) {
        const Var loss = mean(square(net(x, training...) - y));
        return std::pair(loss, net);
      },
      predict);
  BOOST_TEST(same_bits(short_form.model, long_form.model));
  BOOST_TEST(same_bits(short_form.state, long_form.state));
  BOOST_TEST((short_form.history.epochs.back().metrics == long_form.history.epochs.back().metrics));
  BOOST_TEST(short_form.history.epochs.back().metrics.contains("validation R2"));
  BOOST_TEST(!same_bits(short_form.model, first_tracking()));
  // Without.
  const Line at{xg::ones({}), xg::zeros({})};
  const auto objective = train::supervised(square_error);
  BOOST_TEST(objective(at, rows.x, rows.y).item<double>() == mean(square(at(rows.x) - rows.y)).item<double>());
  static_assert(!std::is_invocable_v<decltype(objective), const Line&, const Var&, const Var&, const nn::Training&>);
  BOOST_TEST(train::evaluate(at, all, r2).at("R2") == train::evaluate(at, all, r2, predict).at("R2"));
  // Rows that are no pairs have no usual prediction.
  const std::string text = message_of<xg::ValueError>([&] { static_cast<void>(train::evaluate(at, rows, r2)); });
  BOOST_TEST(contains(text, "train::evaluate: there are metrics"), text);
}

BOOST_AUTO_TEST_CASE(metrics_are_those_of_all_rows) {
  const Points all = points(47);
  const auto predict = [](const Line& m, const Points& batch) { return std::pair(m(batch.x), batch.y); };
  const std::vector<train::NamedMetric> both{{"R2", metrics::R2{}}, {"median", metrics::MedianAbsoluteError{}}};
  const Line at{xg::ones({}), xg::zeros({})};
  const auto in_batches = train::evaluate(at, all, both, predict, 10);
  const metrics::R2 r2;
  const metrics::MedianAbsoluteError median;
  BOOST_TEST(in_batches.at("R2") == r2.value(r2.update(r2.init(), at(all.x), all.y)).item<double>(),
             boost::test_tools::tolerance(1e-13));
  BOOST_TEST(in_batches.at("median") == median.value(median.update(median.init(), at(all.x), all.y)).item<double>(),
             boost::test_tools::tolerance(1e-15));
  const auto weighted = [](const Line& m, const Points& batch) {
    return std::tuple(m(batch.x), batch.y, cast(batch.x > 0.0, xg::DType::Float64));
  };
  const Var right = view(all.x, xt::range(24, 47));
  const double of_half = r2.value(r2.update(r2.init(), at(right), view(all.y, xt::range(24, 47)))).item<double>();
  BOOST_TEST(train::evaluate(at, all, {{"R2", r2}}, weighted, 10).at("R2") == of_half,
             boost::test_tools::tolerance(1e-13));
  BOOST_CHECK_THROW(static_cast<void>(train::evaluate(at, all, both, weighted)), xg::ValueError);  // no such median
  // One name twice, none at all, more than one number.
  using Metrics = std::vector<train::NamedMetric>;
  const auto evaluated = [&](const Metrics& wrong) { static_cast<void>(train::evaluate(at, all, wrong, predict)); };
  BOOST_CHECK_THROW(evaluated({{"a", metrics::R2{}}, {"a", metrics::R2{}}}), xg::ValueError);
  BOOST_CHECK_THROW(evaluated({{"", metrics::R2{}}}), xg::ValueError);
  BOOST_CHECK_THROW(evaluated({{"loss", metrics::R2{}}}), xg::ValueError);
}

BOOST_AUTO_TEST_CASE(a_net_in_use_is_another_function_than_in_training) {
  const Points all = points();
  const auto fitted = train::fit(first_tracking(), tracking_error(), adam, all,
                                 {.epochs = 2, .batches = {.size = 16}, .validation = all, .show = quiet});
  const Tracking& net = fitted.model;
  BOOST_TEST(
      fitted.history.epochs.back().metrics.at("validation loss") == mean(square(net(all.x) - all.y)).item<double>(),
      boost::test_tools::tolerance(1e-12));
  // An objective without such a form has no loss in use.
  const auto in_training = [](Tracking m, const Points& batch, const nn::Training& training) {
    const Var loss = mean(square(m(batch.x, training) - batch.y));
    return std::pair(loss, m);
  };
  const auto without = train::fit(first_tracking(), in_training, adam, all,
                                  {.epochs = 2, .batches = {.size = 16}, .validation = all, .show = quiet});
  BOOST_TEST(!without.history.epochs.back().metrics.contains("validation loss"));
  BOOST_TEST(same_bits(without.model, fitted.model));
  const std::string text = message_of<xg::ValueError>([&] {
    static_cast<void>(train::fit(first_tracking(), in_training, adam, all,
                                 {.epochs = 2, .validation = all, .patience = 2, .show = quiet}));
  });
  BOOST_TEST(contains(text, "nothing to watch"), text);
}

BOOST_AUTO_TEST_CASE(terms_and_rates_are_logged) {
  const Points all = points();
  const auto penalty = [](const Line& m, const Points&) { return square(m.slope); };
  const auto mixed = train::mixed(train::Term{"data", squared_error}, train::Term{"penalty", penalty, 0.5});
  const optim::Schedule rate = optim::linear(0.1, 0.0, 6);
  const auto fitted = train::fit(first_line(), mixed, optim::sgd({.rate = rate}), all,
                                 {.epochs = 2, .batches = {.size = 16}, .validation = all, .show = quiet});
  for (std::size_t i = 0; i < 6; ++i) {
    const train::Progressed& row = fitted.history.steps[i];
    BOOST_TEST(row.rate == 0.1 * (1.0 - static_cast<double>(i) / 6.0), boost::test_tools::tolerance(1e-12));
    BOOST_TEST(row.loss == row.metrics.at("data") + 0.5 * row.metrics.at("penalty"),
               boost::test_tools::tolerance(1e-12));
  }
  const auto& last = fitted.history.epochs.back().metrics;
  BOOST_TEST(last.at("validation penalty") == square(fitted.model.slope).item<double>());
  BOOST_TEST(last.at("validation loss") == last.at("validation data") + 0.5 * last.at("validation penalty"),
             boost::test_tools::tolerance(1e-12));
  const auto first_rate = [&](const optim::Optimiser& optimiser, const std::optional<optim::Setting>& given = {}) {
    return train::fit(first_line(), squared_error, optimiser, all,
                      {.steps = 1, .batches = {.size = 16}, .rate = given, .show = quiet})
        .history.steps[0]
        .rate;
  };
  BOOST_TEST(first_rate(optim::chain({optim::clip_by_global_norm(1.0), optim::adam({.rate = 0.2})})) == 0.2);
  BOOST_TEST(first_rate(optim::ema_of_parameters(optim::swa(optim::adamw({.rate = 0.3})))) == 0.3);
  BOOST_TEST(std::isnan(first_rate(optim::radam())));
  BOOST_TEST(first_rate(optim::radam(), 0.4) == 0.4);
  // A number of the state needs nobody to say it.
  const auto injected = optim::inject(
      {{"rate", 0.25}}, [](const optim::Hyperparameters& h) { return optim::sgd({.rate = h.at("rate")}); });
  const auto known =
      train::fit(first_line(), squared_error, injected, all, {.steps = 1, .batches = {.size = 16}, .show = quiet});
  BOOST_TEST(known.history.steps[0].rate == 0.25);
}

BOOST_AUTO_TEST_CASE(micro_batches_and_single_samples) {
  const Points all = points();
  const auto whole =
      train::fit(first_line(), squared_error, adam, all, {.epochs = 5, .batches = {.size = 24}, .show = quiet});
  const auto parts = train::fit(first_line(), squared_error, adam, all,
                                {.epochs = 5, .batches = {.size = 24}, .shards = 4, .show = quiet});
  BOOST_TEST(distance(whole.model, parts.model) < 1e-12);
  const optim::Optimiser private_descent = optim::dp_sgd({.rate = 0.1, .noise = 0.0});
  const auto of_samples = train::fit(first_line(), squared_error, private_descent, all,
                                     {.epochs = 20, .batches = {.size = 16}, .show = quiet});
  BOOST_TEST(of_samples.history.epochs.back().loss < 0.1);
}

BOOST_AUTO_TEST_CASE(digits) {
  const char* source = std::getenv("XGRAD_SOURCE");
  if (source == nullptr) return;
  struct Mlp {
    nn::Linear hidden, out;
    Var operator()(const Var& x) const { return out(relu(hidden(x))); }
    XGRAD_MEMBER_FIELDS(Mlp, hidden, out)
  };
  const Var table = xg::io::read_csv(std::filesystem::path(source) / "examples/data/digits.csv");
  const auto rows = static_cast<std::int64_t>(table.shape()[0]);
  const Var order = xg::random::permutation(Key(1), rows);
  const std::tuple all(xg::cast<float>(view(table, xt::all(), xt::range(0, 64)) / 16.0),
                       xg::cast<std::int64_t>(view(table, xt::all(), 64)));
  const std::tuple held_out = data::rows(all, view(order, xt::range(0, 360)));
  const std::tuple training = data::rows(all, view(order, xt::range(360, rows)));
  const Mlp first{nn::linear(Key(2), 64, 64), nn::linear(Key(3), 64, 10)};
  const auto objective = [](const Mlp& m, const Var& x, const Var& y) {
    return mean(xg::loss::CrossEntropy{}(m(x), y));
  };
  const auto fitted =
      train::fit(first, objective, optim::adamw({.rate = optim::cosine(5e-3, 30 * 45)}), training,
                 {.epochs = 30,
                  .batches = {.size = 32},
                  .validation = held_out,
                  .predict = [](const Mlp& m, const Var& x, const Var& y) { return std::pair(m(x), y); },
                  .metrics = {{"accuracy", metrics::Accuracy{.labels = metrics::multiclass(10)}}},
                  .show = quiet});
  BOOST_TEST(fitted.history.epochs.back().metrics.at("validation accuracy") >= 0.975);
}

BOOST_AUTO_TEST_SUITE_END()
