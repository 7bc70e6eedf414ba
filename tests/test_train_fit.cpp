// Whole runs of training: what they do beside steps, when they end, and that they go on with the same bits.
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <limits>
#include <sstream>
#include <tuple>

#include <boost/test/unit_test.hpp>
#include <xgrad/io/csv.hpp>
#include <xgrad/metrics.hpp>

#include "train_models.hpp"

BOOST_AUTO_TEST_SUITE(test_train_fit)

using namespace train_models;
namespace data = xgrad::data;
namespace metrics = xgrad::metrics;

namespace {

const auto adam = optim::adam({.rate = 0.05});
constexpr auto quiet = train::Show::quiet;

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

/// A number that is trained towards those in the data.
struct Number {
  Var w;
};
XGRAD_FIELDS(Number, w)

Var distance_of(const Number& m, const Var& to) { return mean(square(m.w - to)); }

/// Rows of one history against another, but for the time that they took.
bool same_rows(const std::vector<train::Progressed>& a, const std::vector<train::Progressed>& b) {
  return std::ranges::equal(a, b, [](train::Progressed x, train::Progressed y) {
    x.seconds = y.seconds;
    if (std::isnan(x.rate) && std::isnan(y.rate)) x.rate = y.rate = 0.0;
    return x == y;
  });
}

/// A folder that is gone afterwards.
class Folder {
 public:
  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "xgrad_fit_XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary folder");
    path_ = name;
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  [[nodiscard]] std::filesystem::path operator/(const char* name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
};

}  // namespace

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

BOOST_AUTO_TEST_CASE(callbacks_see_and_stop) {
  const Points all = points();
  std::size_t steps = 0;
  std::size_t ends = 0;
  const auto fitted =
      train::fit(first_line(), squared_error, adam, all,
                 {.epochs = 4,
                  .batches = {.size = 16},
                  .on_step =
                      [&](const train::Seen<Line>& seen) {
                        ++steps;
                        BOOST_TEST(seen.now.step == steps);
                        BOOST_TEST(seen.position.step.item<std::int64_t>() == static_cast<std::int64_t>(steps));
                        BOOST_TEST(seen.history.steps.size() == steps);
                        BOOST_TEST(seen.model.slope.item<double>() != 0.0);
                        return steps < 5;
                      },
                  .on_end = [&](const train::Seen<Line>&) { ++ends; },
                  .show = quiet});
  BOOST_TEST((fitted.ended == train::Ended::Stopped));
  BOOST_TEST(steps == 5U);
  BOOST_TEST(ends == 1U);
  std::size_t epochs = 0;
  const auto by_epochs = train::fit(first_line(), squared_error, adam, all,
                                    {.epochs = 4,
                                     .batches = {.size = 16},
                                     .on_epoch =
                                         [&](const train::Seen<Line>& seen) {
                                           BOOST_TEST(seen.now.epoch == epochs);
                                           BOOST_TEST(seen.now.step == 3 * (epochs + 1));
                                           BOOST_TEST(seen.position.batch.item<std::int64_t>() == 0);
                                           return ++epochs < 2;
                                         },
                                     .show = quiet});
  BOOST_TEST((by_epochs.ended == train::Ended::Stopped));
  BOOST_TEST(by_epochs.history.epochs.size() == 2U);
}

BOOST_AUTO_TEST_CASE(ctrl_c_ends_after_the_step) {
  const Points all = points();
  const auto fitted = train::fit(first_line(), squared_error, adam, all,
                                 {.epochs = 4,
                                  .batches = {.size = 16},
                                  .on_step =
                                      [&](const train::Seen<Line>& seen) {
                                        if (seen.now.step == 4) static_cast<void>(std::raise(SIGINT));
                                        return true;
                                      },
                                  .show = quiet});
  BOOST_TEST((fitted.ended == train::Ended::Interrupted));
  BOOST_TEST(fitted.history.steps.size() == 4U);
  BOOST_TEST(fitted.model.slope.item<double>() != 0.0);
}

BOOST_AUTO_TEST_CASE(losses_that_are_not_finite) {
  // The logarithm of the fourth row is none.
  const Var rows = Var(std::vector<double>{1.0, 2.0, 3.0, -1.0, 4.0, 5.0});
  const auto objective = [](const Number& m, const Var& x) { return mean(square(m.w - log(x))); };
  using Options = train::Options<Number, Var>;
  const auto run = [&](train::NotFinite policy, std::size_t epochs) {
    const Options options{
        .epochs = epochs, .batches = {.size = 2}, .shuffle = false, .not_finite = policy, .show = quiet};
    return train::fit(Number{xg::zeros({})}, objective, optim::sgd({.rate = 0.1}), rows, options);
  };
  const auto stopped = run(train::NotFinite::stop, 3);
  BOOST_TEST((stopped.ended == train::Ended::NotFinite));
  BOOST_TEST(stopped.position.step.item<std::int64_t>() == 1);
  BOOST_TEST(stopped.model.w.item<double>() == 0.2 * std::log(2.0) / 2.0, boost::test_tools::tolerance(1e-12));
  BOOST_TEST(contains(stopped.message, "step 1 (batch 1 of epoch 0)"), stopped.message);
  BOOST_TEST(contains(stopped.message, "log"), stopped.message);

  const auto skipped = run(train::NotFinite::skip, 2);
  BOOST_TEST((skipped.ended == train::Ended::Finished));
  BOOST_TEST(std::isfinite(skipped.model.w.item<double>()));
  BOOST_TEST(std::isnan(skipped.history.steps[1].loss));
  BOOST_TEST(std::isfinite(skipped.history.epochs[0].loss));
  BOOST_TEST(skipped.history.steps.size() == 6U);

  const std::string text = message_of<xg::ValueError>([&] { run(train::NotFinite::raise, 1); });
  BOOST_TEST(contains(text, "log"), text);
  BOOST_TEST(std::isnan(run(train::NotFinite::ignore, 1).model.w.item<double>()));

  // Nothing but such steps: it ends.
  const auto hopeless =
      train::fit(Number{xg::zeros({})}, objective, optim::sgd({.rate = 0.1}), Var(-xg::ones({4})),
                 {.epochs = 1000, .batches = {.size = 1}, .not_finite = train::NotFinite::skip, .show = quiet});
  BOOST_TEST((hopeless.ended == train::Ended::NotFinite));
  BOOST_TEST(hopeless.history.steps.size() == 99U);
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
                                {.epochs = 5, .batches = {.size = 24}, .micro_batches = 4, .show = quiet});
  BOOST_TEST(distance(whole.model, parts.model) < 1e-12);
  const optim::Optimiser private_descent = optim::dp_sgd({.rate = 0.1, .noise = 0.0});
  const auto of_samples = train::fit(first_line(), squared_error, private_descent, all,
                                     {.epochs = 20, .batches = {.size = 16}, .show = quiet});
  BOOST_TEST(of_samples.history.epochs.back().loss < 0.1);
}

BOOST_AUTO_TEST_CASE(goes_on_with_the_same_bits) {
  const Points all = points();
  const Points other = points(20);
  const auto run = [&](const std::filesystem::path& folder, std::size_t stop_at, std::size_t every) {
    train::Options<Tracking, Points> options{
        .epochs = 4, .batches = {.size = 11}, .key = Key(7), .validation = other, .patience = 3, .show = quiet};
    if (stop_at > 0) {
      options.on_step = [=](const train::Seen<Tracking>& seen) { return seen.now.step < stop_at; };
    }
    if (!folder.empty()) options.checkpoint = train::CheckpointOptions{.folder = folder, .every_steps = every};
    return train::fit(first_tracking(), tracking_error(), adam, all, options);
  };
  const auto undisturbed = run("", 0, 0);
  for (const std::size_t stop_at : {1U, 4U, 5U, 7U, 10U, 19U, 20U}) {
    const Folder folder;
    const auto cut = run(folder / "run", stop_at, 3);
    BOOST_TEST(cut.history.steps.size() == stop_at);
    const auto resumed = run(folder / "run", 0, 3);
    BOOST_TEST(same_bits(resumed.model, undisturbed.model), stop_at);
    BOOST_TEST(same_bits(resumed.best, undisturbed.best), stop_at);
    BOOST_TEST(same_bits(resumed.state, undisturbed.state), stop_at);
    BOOST_TEST(same_rows(resumed.history.steps, undisturbed.history.steps), stop_at);
    BOOST_TEST(same_rows(resumed.history.epochs, undisturbed.history.epochs), stop_at);
    BOOST_TEST(resumed.best_value == undisturbed.best_value);
    BOOST_TEST((resumed.ended == undisturbed.ended));
    // And again, when all is done.
    const auto again = run(folder / "run", 0, 3);
    BOOST_TEST(same_bits(again.model, undisturbed.model), stop_at);
    BOOST_TEST(same_rows(again.history.steps, undisturbed.history.steps), stop_at);
  }
}

BOOST_AUTO_TEST_CASE(progress_is_shown) {
  const Points all = points();
  std::ostringstream lines;
  static_cast<void>(train::fit(first_line(), squared_error, adam, all,
                               {.epochs = 3, .batches = {.size = 16}, .show = train::Show::lines, .out = &lines}));
  const std::string text = lines.str();
  BOOST_TEST(contains(text, "epoch 0  step 3  loss "), text);
  BOOST_TEST(contains(text, "epoch 2  step 9  loss "), text);  // the last one always
  BOOST_TEST(contains(text, "all epochs or steps are done\n"), text);
  BOOST_TEST(!contains(text, "\r"), text);

  std::ostringstream out;
  train::Progress bar({.show = train::Show::bar, .out = &out, .steps = 10, .per_epoch = 5, .width = 60});
  bar.step({.epoch = 0, .step = 5, .loss = 0.25, .metrics = {{"accuracy", 0.5}}});
  const std::string drawn = out.str();
  BOOST_TEST(contains(drawn, "[==========          ]"), drawn);
  BOOST_TEST(contains(drawn, "loss 0.25"), drawn);
  BOOST_TEST(drawn.size() <= 59U, drawn);
  bar.end("done");
  BOOST_TEST(contains(out.str(), "\rdone\n"), out.str());
  BOOST_TEST(train::duration_text(3.14) == "3.1 s");
  BOOST_TEST(train::duration_text(62.0) == "1:02");
  BOOST_TEST(train::duration_text(3723.0) == "1:02:03");
  BOOST_TEST(train::Progress::text({.step = 2, .loss = 0.123456, .rate = 0.001}) == "step 2  loss 0.1235  rate 0.001");

  std::ostringstream nothing;
  static_cast<void>(train::fit(first_line(), squared_error, adam, all,
                               {.epochs = 3, .batches = {.size = 16}, .show = quiet, .out = &nothing}));
  BOOST_TEST(nothing.str().empty());
}

BOOST_AUTO_TEST_CASE(says_what_is_wrong) {
  const Points all = points();
  using Options = train::Options<Line, Points>;
  const auto with = [&](const Options& options, const Points& rows) {
    static_cast<void>(train::fit(first_line(), squared_error, adam, rows, options));
  };
  const auto message = [&]<class E>(const E*, const Options& options, const Points& rows) {
    return message_of<E>([&] { with(options, rows); });
  };
  constexpr const xg::ValueError* value = nullptr;
  constexpr const xg::ShapeError* shape = nullptr;
  constexpr const xg::TypeError* type = nullptr;
  const auto expect = [](const std::string& text, const std::string& part) { BOOST_TEST(contains(text, part), text); };

  expect(message(value, {.show = quiet}, all), ".epochs = 10");
  expect(message(value, {.epochs = 1, .batches = {.size = 64}, .show = quiet}, all), "64");
  expect(message(shape, {.epochs = 1, .show = quiet}, {all.x, xg::ones({47})}), "47");
  expect(message(value, {.epochs = 1, .show = quiet}, {xg::zeros({0}), xg::zeros({0})}), "no rows");
  expect(message(shape, {.epochs = 1, .show = quiet}, {1.0, 2.0}), "");
  expect(message(value, {.epochs = 1, .batches = {.size = 0}, .show = quiet}, {xg::zeros({0}), xg::zeros({0})}), "row");
  expect(message(value, {.epochs = 1, .batches = {.size = 10}, .micro_batches = 3, .show = quiet}, all), "10 rows");
  expect(message(value, {.epochs = 1, .batches = {.size = 20}, .micro_batches = 5, .show = quiet}, all), "Last::Drop");
  expect(message(value, {.epochs = 1, .micro_batches = 0, .show = quiet}, all), "micro_batches is 0");
  expect(message(value, {.epochs = 1, .patience = 2, .show = quiet}, all), "nothing to watch");
  expect(message(value, {.epochs = 1, .validate_every = 0, .show = quiet}, all), "validate_every");
  expect(message(value, {.epochs = 1, .validation_rows = 0, .show = quiet}, all), "validation_rows");
  expect(message(value, {.epochs = 1, .metrics = {{"R2", metrics::R2{}}}, .show = quiet}, all), ".predict");
  expect(message(value, {.epochs = 1, .validation = all, .least_gain = -1.0, .show = quiet}, all), "least_gain");
  const Points wide{xg::ones({5, 2}), xg::ones({5})};
  expect(message(shape, {.epochs = 1, .validation = wide, .show = quiet}, all), "\"x\" is float64 [rows, 2]");
  const Points floats{xg::cast<float>(all.x), all.y};
  expect(message(type, {.epochs = 1, .validation = floats, .show = quiet}, all), "\"x\" is float32");
  const Points empty{xg::zeros({0}), xg::zeros({0})};
  expect(message(value, {.epochs = 1, .validation = empty, .show = quiet}, all), "no rows");
  const Points unequal{xg::zeros({4}), xg::zeros({3})};
  expect(message(shape, {.epochs = 1, .validation = unequal, .show = quiet}, all), "3");

  using List = std::vector<Var>;
  const auto of_list = [](const Line& m, const List& b) { return mean(square(m(b[0]) - b[1])); };
  const std::string missing = message_of<xg::ShapeError>([&] {
    static_cast<void>(train::fit(first_line(), of_list, adam, List{all.x, all.y},
                                 {.epochs = 1, .validation = List{all.x}, .show = quiet}));
  });
  expect(missing, "\"1\" is missing");
  BOOST_CHECK_THROW(static_cast<void>(train::fit(Number{xg::arange(3)}, distance_of, adam, Var(xg::ones({4})),
                                                 {.epochs = 1, .batches = {.size = 4}, .show = quiet})),
                    xg::TypeError);
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
