// Runs of training that end before their time, go on, show what they do, and refuse what cannot be meant.
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <sstream>
#include <stdexcept>

#include <boost/test/unit_test.hpp>
#include <xgrad/metrics.hpp>

#include "io_files.hpp"
#include "messages.hpp"
#include "train_models.hpp"

BOOST_AUTO_TEST_SUITE(test_train_ends)

using namespace train_models;
using io_files::Folder;
namespace data = xgrad::data;
namespace metrics = xgrad::metrics;

namespace {

/// Rows of one history against another, but for the time that they took.
bool same_rows(const std::vector<train::Progressed>& a, const std::vector<train::Progressed>& b) {
  return std::ranges::equal(a, b, [](train::Progressed x, train::Progressed y) {
    x.seconds = y.seconds;
    if (std::isnan(x.rate) && std::isnan(y.rate)) x.rate = y.rate = 0.0;
    return x == y;
  });
}

}  // namespace

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

BOOST_AUTO_TEST_CASE(goes_on_with_the_same_bits) {
  const Points all = points();
  const Points other = points(20);
  const auto run = [&](const std::filesystem::path& folder, std::size_t stop_at, std::size_t every, bool killed) {
    train::Options<Tracking, Points> options{
        .epochs = 4, .batches = {.size = 11}, .key = Key(7), .validation = other, .patience = 3, .show = quiet};
    if (stop_at > 0) {
      options.on_step = [=](const train::Seen<Tracking>& seen) {
        if (killed && seen.now.step == stop_at) throw std::runtime_error("killed");  // nothing is saved then
        return seen.now.step < stop_at;
      };
    }
    if (!folder.empty()) options.checkpoint = train::CheckpointOptions{.folder = folder, .every_steps = every};
    return train::fit(first_tracking(), tracking_error(), adam, all, options);
  };
  const auto undisturbed = run("", 0, 0, false);
  for (const std::size_t stop_at : {1U, 4U, 5U, 7U, 10U, 19U, 20U}) {
    const Folder folder;
    const bool killed = stop_at % 3 == 1;
    if (killed) {
      BOOST_CHECK_THROW(static_cast<void>(run(folder / "run", stop_at, 3, true)), std::runtime_error);
    } else {
      const auto cut = run(folder / "run", stop_at, 3, false);
      BOOST_TEST(cut.history.steps.size() == stop_at);
    }
    const auto resumed = run(folder / "run", 0, 3, false);
    BOOST_TEST(same_bits(resumed.model, undisturbed.model), stop_at);
    BOOST_TEST(same_bits(resumed.best, undisturbed.best), stop_at);
    BOOST_TEST(same_bits(resumed.state, undisturbed.state), stop_at);
    BOOST_TEST(same_rows(resumed.history.steps, undisturbed.history.steps), stop_at);
    BOOST_TEST(same_rows(resumed.history.epochs, undisturbed.history.epochs), stop_at);
    BOOST_TEST(resumed.best_value == undisturbed.best_value);
    BOOST_TEST((resumed.ended == undisturbed.ended));
    // And again, when all is done.
    const auto again = run(folder / "run", 0, 3, false);
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
  expect(message(value, {.epochs = 1, .batches = {.size = 64, .last = data::Last::Drop}, .show = quiet}, all), "64");
  expect(message(shape, {.epochs = 1, .show = quiet}, {all.x, xg::ones({47})}), "47");
  expect(message(value, {.epochs = 1, .show = quiet}, {xg::zeros({0}), xg::zeros({0})}), "no rows");
  expect(message(shape, {.epochs = 1, .show = quiet}, {1.0, 2.0}), "");
  expect(message(value, {.epochs = 1, .batches = {.size = 0}, .show = quiet}, {xg::zeros({0}), xg::zeros({0})}), "row");
  expect(message(value, {.epochs = 1, .batches = {.size = 10}, .shards = 3, .show = quiet}, all), "10 rows");
  expect(message(value, {.epochs = 1, .batches = {.size = 20}, .shards = 5, .show = quiet}, all), "Last::Drop");
  expect(message(value, {.epochs = 1, .shards = 0, .show = quiet}, all), "0 shards");
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

/// Before any step is made.
BOOST_AUTO_TEST_CASE(numbers_of_the_history_have_names_of_their_own) {
  const Points all = points();
  using Options = train::Options<Line, Points>;
  const auto predict = [](const Line& m, const Points& batch) { return std::pair(m(batch.x), batch.y); };
  const auto message = [&](const auto& objective, Options options) {
    options.epochs = 1;
    options.predict = predict;
    options.show = quiet;
    options.on_step = [](const train::Seen<Line>&) {
      BOOST_ERROR("a step was made");
      return true;
    };
    return message_of<xg::ValueError>(
        [&] { static_cast<void>(train::fit(first_line(), objective, adam, all, options)); });
  };
  const auto expect = [](const std::string& text, const std::string& part) { BOOST_TEST(contains(text, part), text); };
  const metrics::MaxError error;
  expect(message(squared_error, {.metrics = {{"worst", error}}}), ".training_metrics = true");
  expect(message(squared_error, {.validation = all, .metrics = {{"loss", error}}}), "\"loss\"");
  expect(message(squared_error, {.validation = all, .metrics = {{"a", error}, {"a", error}}}), "\"a\"");
  expect(message(squared_error, {.validation = all, .metrics = {{"", error}}}), "no name");
  expect(message(squared_error, {.validation = all, .metrics = {{"validation loss", error}}, .training_metrics = true}),
         "\"validation loss\"");
  expect(message(squared_error, {.validation = all, .metrics = {{"worst", error}}, .watch = "worst"}),
         "\"worst\", which shall be watched, is not there; there is loss, validation loss, validation worst");
  const auto mixed = train::mixed(train::Term{"fit", squared_error}, train::Term{"validation fit", squared_error});
  expect(message(mixed, {.validation = all}), "\"validation fit\"");
  expect(message(mixed, {.metrics = {{"fit", error}}, .training_metrics = true}), "\"fit\"");
}

/// How long nothing became better, and how many updates the schedule has seen, is in the checkpoint, too.
BOOST_AUTO_TEST_CASE(goes_on_losing_patience) {
  using Options = train::Options<Number, Var>;
  const auto run = [&](const std::optional<train::CheckpointOptions>& checkpoint, std::size_t stop_at) {
    Options options{.epochs = 100,
                    .batches = {.size = 8},
                    .validation = Var(xg::full({4}, 0.5)),
                    .patience = 5,
                    .show = quiet,
                    .checkpoint = checkpoint};
    options.on_step = [=](const train::Seen<Number>& seen) { return seen.now.step != stop_at; };
    return train::fit(Number{xg::zeros({})}, distance_of, optim::sgd({.rate = optim::linear(0.1, 0.05, 20)}),
                      Var(xg::ones({8})), options);
  };
  const auto undisturbed = run({}, 0);
  BOOST_TEST((undisturbed.ended == train::Ended::Patience));
  for (const std::size_t stop_at : {1U, 5U, 6U, 8U}) {
    const Folder folder;
    static_cast<void>(run(train::CheckpointOptions{.folder = folder / "run"}, stop_at));
    const auto resumed = run(train::CheckpointOptions{.folder = folder / "run"}, 0);
    BOOST_TEST((resumed.ended == train::Ended::Patience), stop_at);
    BOOST_TEST(resumed.best_epoch == undisturbed.best_epoch, stop_at);
    BOOST_TEST(same_bits(resumed.best, undisturbed.best), stop_at);
    BOOST_TEST(same_bits(resumed.model, undisturbed.model), stop_at);
    BOOST_TEST(same_rows(resumed.history.steps, undisturbed.history.steps), stop_at);
    BOOST_TEST(resumed.message == undisturbed.message);
  }
}

/// A label that is none is said with its place, and what was learnt until then is in the folder.
BOOST_AUTO_TEST_CASE(errors_lose_nothing) {
  const Folder folder;
  const std::tuple rows(xg::ones({6, 2}), Var(std::vector<std::int64_t>{0, 1, 0, 1, 2, 0}));
  const auto objective = [](const nn::Linear& m, const Var& x, const Var& y) {
    return mean(xg::loss::CrossEntropy{}(m(x), y));
  };
  const nn::Linear first = nn::linear(Key(0), 2, 2, {.dtype = xg::DType::Float64});
  using Options = train::Options<nn::Linear, std::tuple<Var, Var>>;
  const auto with = [&](std::size_t steps) {
    return Options{.steps = steps,
                   .batches = {.size = 2},
                   .shuffle = false,
                   .show = quiet,
                   .checkpoint = train::CheckpointOptions{.folder = folder / "run"}};
  };
  const std::string text =
      message_of<xg::ValueError>([&] { static_cast<void>(train::fit(first, objective, adam, rows, with(3))); });
  BOOST_TEST(contains(text, "step 2 (batch 2 of epoch 0)"), text);
  const auto kept = train::fit(first, objective, adam, rows, with(2));
  BOOST_TEST(kept.history.steps.size() == 2U);
  BOOST_TEST(!same_bits(kept.model, first));
}

/// States of optimisers may look alike and mean something else.
BOOST_AUTO_TEST_CASE(another_optimiser_does_not_go_on) {
  const Folder folder;
  const Points all = points();
  using Options = train::Options<Line, Points>;
  const auto run = [&](const optim::Optimiser& optimiser, std::size_t epochs) {
    static_cast<void>(train::fit(first_line(), squared_error, optimiser, all,
                                 Options{.epochs = epochs,
                                         .batches = {.size = 16},
                                         .show = quiet,
                                         .checkpoint = train::CheckpointOptions{.folder = folder / "run"}}));
  };
  run(optim::adam({.rate = 0.01}), 1);
  const std::string text = message_of<xg::ValueError>([&] { run(optim::adamw({.rate = 0.01}), 2); });
  BOOST_TEST(contains(text, "its optimiser was adam("), text);
  BOOST_TEST(contains(text, "now it is adamw("), text);
  const Messages messages;
  run(optim::adam({.rate = 0.02}), 2);
  BOOST_TEST(messages.any_has("fit goes on with adam(rate 0.02"));
}

BOOST_AUTO_TEST_CASE(a_loss_of_another_model_is_refused) {
  const Points all = points();
  const Line other{xg::ones({}), xg::zeros({})};
  const auto captured = [&](const Line&, const Points& batch) { return mean(square(other(batch.x) - batch.y)); };
  using Options = train::Options<Line, Points>;
  const std::string text = message_of<xg::ValueError>(
      [&] { static_cast<void>(train::fit(first_line(), captured, adam, all, Options{.epochs = 1, .show = quiet})); });
  BOOST_TEST(contains(text, "the loss depends on nothing"), text);
  // A derivative that is 0 here, and not everywhere, is nothing to refuse.
  const auto flat_here = [](const Line& line, const Points& batch) { return square(line.slope) * mean(batch.x); };
  static_cast<void>(train::fit(first_line(), flat_here, adam, all, Options{.epochs = 1, .show = quiet}));
  // Nor is a constant one.
  const auto slope = [](const Line& line, const Points&) { return line.slope; };
  static_cast<void>(train::fit(first_line(), slope, adam, all, Options{.epochs = 1, .show = quiet}));
}

BOOST_AUTO_TEST_CASE(a_state_that_is_not_handed_on_is_remarked) {
  const Points all = points();
  using Options = train::Options<Tracking, Points>;
  const auto fit = [&](const auto& objective) {
    static_cast<void>(train::fit(first_tracking(), objective, adam, all, Options{.epochs = 1, .show = quiet}));
  };
  const auto alone = [](Tracking model, const Points& batch, const nn::Training& training) {
    return mean(square(model(batch.x, training) - batch.y));
  };
  const Messages messages;
  fit(tracking_error());
  BOOST_TEST(messages.texts.empty());
  fit(alone);
  BOOST_TEST(messages.any_has("the state of the model (seen) stays as it is"));
}

BOOST_AUTO_TEST_CASE(layers_that_run_as_in_use_are_remarked) {
  const Var x = xg::random::normal(Key(1), {64, 2}, xg::DType::Float32);
  const auto heard_of = [&](const auto& model) {
    using Options = train::Options<std::remove_cvref_t<decltype(model)>, Var>;
    const auto objective = [](const auto& m, const Var& batch) { return mean(square(m(batch))); };
    const Messages messages;
    static_cast<void>(train::fit(model, objective, adam, x, Options{.epochs = 1, .show = quiet}));
    std::string all;
    for (const std::string& text : messages.texts) all += text;
    return all;
  };
  const nn::Linear linear = nn::linear(Key(2), 2, 2);
  const std::string few = heard_of(nn::sequential(linear, nn::Dropout{0.1}, nn::residual(nn::batch_norm(2))));
  BOOST_TEST(contains(few, "the objective does not take nn::Training"), few);
  BOOST_TEST(contains(few, " (1, 2.inner) run as in use"), few);
  const nn::Net net{{linear, nn::sequential(nn::DropPath{0.1}, nn::DropPath{0.1}), nn::DropPath{0.1},
                     nn::spectral_norm(Key(3), linear)}};
  const std::string many = heard_of(net);
  BOOST_TEST(contains(many, " (1.0, 1.1, 2 and 1 more) run as in use"), many);
  const std::string attention = heard_of(nn::multi_head_attention(Key(4), 2, 1, {.dropout = 0.1}));
  BOOST_TEST(contains(attention, " (dropout) run as in use"), attention);
  const std::string recurrent = heard_of(nn::gru(Key(4), 2, 3, {.layers = 2, .dropout = 0.1}));
  BOOST_TEST(contains(recurrent, "in training run as in use"), recurrent);
  // Those that make no difference are no word worth.
  BOOST_TEST(heard_of(nn::sequential(linear, nn::Dropout{0.0}, nn::residual(linear))) == "");
  BOOST_TEST(heard_of(nn::multi_head_attention(Key(4), 2, 1)) == "");
  BOOST_TEST(heard_of(nn::gru(Key(4), 2, 3, {.dropout = 0.1})) == "");
}

BOOST_AUTO_TEST_CASE(a_last_batch_of_one_row_is_said_with_its_place) {
  struct Normed {
    nn::BatchNorm norm;
    nn::Linear out;
    XGRAD_MEMBER_FIELDS(Normed, norm, out)
  };
  const Var x = xg::random::normal(Key(1), {33, 2}, xg::DType::Float32);
  const auto objective = [](Normed m, const Var& batch, const nn::Training& training) {
    const Var loss = mean(square(m.out(m.norm(batch, training))));
    return std::pair(loss, m);
  };
  const Normed first{nn::batch_norm(2), nn::linear(Key(0), 2, 1)};
  using Options = train::Options<Normed, Var>;
  const auto run = [&] {
    static_cast<void>(
        train::fit(first, objective, adam, x, Options{.epochs = 1, .batches = {.size = 32}, .show = quiet}));
  };
  const std::string text = message_of<xg::Error>(run);
  BOOST_TEST(contains(text, "step 1 (batch 1 of epoch 0)"), text);
}

/// A full disk costs no training: what has been learnt is there, and so is the word that it is not on the disk.
BOOST_AUTO_TEST_CASE(a_full_disk_ends_no_training) {
  const Folder folder;
  const Points all = points();
  using Options = train::Options<Line, Points>;
  const auto run = [&](const std::optional<train::CheckpointOptions>& checkpoint) {
    return train::fit(first_line(), squared_error, adam, all,
                      Options{.epochs = 3, .batches = {.size = 16}, .show = quiet, .checkpoint = checkpoint});
  };
  const auto undisturbed = run(std::nullopt);
  rlimit before{};
  BOOST_TEST_REQUIRE(::getrlimit(RLIMIT_FSIZE, &before) == 0);
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  const rlimit little{100, before.rlim_max};
  BOOST_TEST_REQUIRE(::setrlimit(RLIMIT_FSIZE, &little) == 0);
  const auto fitted = run(train::CheckpointOptions{.folder = folder / "run", .every_epochs = 1});
  BOOST_TEST_REQUIRE(::setrlimit(RLIMIT_FSIZE, &before) == 0);
  std::signal(SIGXFSZ, handler);
  BOOST_TEST(same_bits(fitted.model, undisturbed.model));
  BOOST_TEST(contains(fitted.message, "the last checkpoint could not be written"), fitted.message);
  BOOST_TEST(contains(fitted.message, "File too large"), fitted.message);
}

BOOST_AUTO_TEST_CASE(another_run_does_not_go_on) {
  const Folder folder;
  const Points all = points();
  using Options = train::Options<Line, Points>;
  const auto with = [&](std::size_t size, int key) {
    return Options{.epochs = 2,
                   .batches = {.size = size},
                   .key = Key(key),
                   .show = quiet,
                   .checkpoint = train::CheckpointOptions{.folder = folder / "run"}};
  };
  const auto run = [&](const Options& options) {
    static_cast<void>(train::fit(first_line(), squared_error, adam, all, options));
  };
  run(with(16, 0));
  const std::string batches = message_of<xg::ValueError>([&] { run(with(12, 0)); });
  BOOST_TEST(contains(batches, "3 batches in an epoch, now there are 4"), batches);
  // As many batches, of other rows.
  const std::string size = message_of<xg::ValueError>([&] { run(with(17, 0)); });
  BOOST_TEST(contains(size, "in batches of 16, now there are"), size);
  const std::string key = message_of<xg::ValueError>([&] { run(with(16, 1)); });
  BOOST_TEST(contains(key, "another key"), key);
  run(with(16, 0));
}

BOOST_AUTO_TEST_SUITE_END()
