// Checkpoints: what is read is what was written, which are kept, and what happens if something is wrong.
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <csignal>
#include <cstdint>
#include <cstring>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>
#include <xgrad/io/safetensors.hpp>
#include <xgrad/optim.hpp>
#include <xgrad/random/key.hpp>
#include <xgrad/train/checkpoint.hpp>
#include <xgrad/xgrad.hpp>

#include "io/elements.hpp"
#include "io_files.hpp"
#include "messages.hpp"
#include "train/history_arrays.hpp"

namespace {

struct CheckpointedLayer {
  xgrad::Var weight, bias;
};
XGRAD_FIELDS(CheckpointedLayer, weight, bias)

struct CheckpointedRun {
  CheckpointedLayer layer;
  xgrad::optim::State state;
  xgrad::random::Key key;
  xgrad::Var rate;   // a number
  xgrad::Var later;  // empty at first
};
XGRAD_FIELDS(CheckpointedRun, layer, state, key, rate, later)

}  // namespace

BOOST_AUTO_TEST_SUITE(test_train_checkpoint)

namespace xg = xgrad;
namespace fs = std::filesystem;
namespace train = xgrad::train;
using io_files::bytes_in;
using io_files::Folder;
using io_files::message_of;
using io_files::put;
using io_files::says;
using train::Checkpoint;
using train::CheckpointNotes;
using xg::Var;

namespace {

CheckpointedRun run_at(std::uint64_t step) {
  CheckpointedRun run;
  run.layer = {xg::arange(6.0F) * static_cast<double>(step) / 7.0, xg::ones({2, 3})};
  run.state = xg::optim::adam({.rate = 0.1}).init(run.layer);
  run.key = xg::random::Key(42).fold_in(static_cast<std::int64_t>(step));
  run.rate = 0.5;
  return run;
}

CheckpointNotes notes_at(std::uint64_t step, std::optional<double> score = {}) {
  CheckpointNotes notes{.step = step, .epoch = step / 10, .batch = step % 10, .score = score};
  notes.history.steps.push_back({.epoch = 0, .step = 7, .loss = 0.1, .metrics = {{"a.values", 0.1}, {"", -0.0}}});
  notes.history.steps.push_back({.epoch = 1, .step = 8, .loss = INFINITY, .rate = 1e-3, .seconds = 5.5});
  notes.history.epochs.push_back({.epoch = 2, .loss = 1.0 / 3.0, .rate = 0.0, .metrics = {{"größe", 4.0}}});
  notes.texts["optimiser"] = "adam(rate 0.1)\n\"quoted\"";
  return notes;
}

/// Bits, so that zeros are told apart and NaN is equal to itself.
bool same_bits(double a, double b) { return std::memcmp(&a, &b, sizeof a) == 0; }

void check_same_run(const CheckpointedRun& a, const CheckpointedRun& b) {
  const std::vector<Var> of_a = xg::tree::arrays(a);
  const std::vector<Var> of_b = xg::tree::arrays(b);
  BOOST_TEST_REQUIRE(of_a.size() == of_b.size());
  for (std::size_t i = 0; i < of_a.size(); ++i) {
    BOOST_TEST_REQUIRE(of_a[i].defined() == of_b[i].defined());
    if (!of_a[i].defined()) continue;
    BOOST_TEST((of_a[i].dtype() == of_b[i].dtype()));
    BOOST_TEST((of_a[i].shape() == of_b[i].shape()));
    BOOST_TEST((xg::io::bytes_of_elements(of_a[i]) == xg::io::bytes_of_elements(of_b[i])));
  }
}

std::vector<std::string> files_in(const fs::path& folder) {
  std::vector<std::string> result;
  for (const auto& entry : fs::directory_iterator(folder)) result.push_back(entry.path().filename().string());
  std::ranges::sort(result);
  return result;
}

}  // namespace

BOOST_AUTO_TEST_CASE(what_is_read_is_what_was_written) {
  const Folder folder;
  const CheckpointedRun run = run_at(3);
  CheckpointNotes notes = notes_at(1234, 0.1);
  Checkpoint({.folder = folder / "new/run"}).save(run, notes);
  BOOST_TEST(files_in(folder / "new/run") == std::vector<std::string>{"step_0000001234.safetensors"});

  Checkpoint checkpoints({.folder = folder / "new/run"});
  const auto found = checkpoints.resume(run_at(0));
  BOOST_TEST_REQUIRE(found.has_value());
  check_same_run(found->run, run);
  BOOST_TEST(found->run.rate.dimension() == 0U);
  BOOST_TEST((found->run.rate * xg::ones({1}, xg::DType::Float32)).dtype() == xg::DType::Float32);  // still a number
  // NaN is not equal to itself.
  const train::Progressed& first = found->notes.history.steps.at(0);
  BOOST_TEST(std::isnan(first.rate));
  BOOST_TEST(same_bits(first.metrics.at(""), -0.0));
  for (CheckpointNotes* each : {&notes, const_cast<CheckpointNotes*>(&found->notes)}) {
    each->history.steps.at(0).rate = 0.0;
    each->history.steps.at(1).metrics.clear();
  }
  BOOST_TEST((found->notes == notes));
  BOOST_TEST(found->path == folder / "new/run" / "step_0000001234.safetensors");

  // Anyone reads the arrays.
  const auto arrays = xg::io::read_safetensors(found->path);
  BOOST_TEST(arrays.contains("run.layer.weight"));
  BOOST_TEST(arrays.contains("run.state.0.mu.layer.weight") + arrays.contains("run.state.mu.weight") +
                 arrays.contains("run.state.0.mu.weight") ==
             1);
}

BOOST_AUTO_TEST_CASE(is_due_by_steps_epochs_and_score) {
  const Folder folder;
  const CheckpointedRun run = run_at(1);
  Checkpoint checkpoints({.folder = folder / "run", .every_steps = 5, .every_epochs = 2});
  BOOST_TEST(!checkpoints.is_due({.step = 0}));
  BOOST_TEST(!checkpoints.is_due({.step = 4}));
  BOOST_TEST(checkpoints.is_due({.step = 5}));
  BOOST_TEST(!checkpoints.is_due({.step = 6, .epoch = 1}));
  BOOST_TEST(checkpoints.is_due({.step = 6, .epoch = 2}));
  BOOST_TEST(!checkpoints.is_due({.step = 6, .epoch = 2, .batch = 1}));
  BOOST_TEST(checkpoints.is_due({.step = 6, .score = 3.0}));
  BOOST_TEST(!checkpoints.is_due({.step = 6, .score = NAN}));
  checkpoints.save(run, {.step = 6, .epoch = 2, .score = 3.0});
  BOOST_TEST(!checkpoints.is_due({.step = 7, .epoch = 2, .score = 3.0}));
  BOOST_TEST(!checkpoints.is_due({.step = 7, .epoch = 3}));
  BOOST_TEST(checkpoints.is_due({.step = 8, .epoch = 4}));
  BOOST_TEST(checkpoints.is_due({.step = 7, .score = 2.9}));
  BOOST_TEST(!Checkpoint({.folder = folder / "b", .every_epochs = 0, .keep_best = false})
                  .is_due({.step = 1, .epoch = 1, .score = 1.0}));
}

BOOST_AUTO_TEST_CASE(keeps_the_last_ones_and_the_best) {
  const Folder folder;
  const double scores[] = {5.0, 2.0, 3.0, 2.0, 4.0, NAN};
  for (std::uint64_t step = 1; step <= 6; ++step) {  // each in a program of its own
    Checkpoint checkpoints({.folder = folder.path()});
    checkpoints.save(run_at(step), {.step = step, .score = scores[step - 1]});
  }
  BOOST_TEST(
      files_in(folder.path()) == (std::vector<std::string>{"step_0000000002.safetensors", "step_0000000005.safetensors",
                                                           "step_0000000006.safetensors"}),
      boost::test_tools::per_element());
  BOOST_TEST(train::latest(folder.path()).value() == folder / "step_0000000006.safetensors");
  BOOST_TEST(train::best(folder.path()).value() == folder / "step_0000000002.safetensors");
  check_same_run(train::restore(*train::best(folder.path()), run_at(0)).run, run_at(2));
  {
    Checkpoint checkpoints({.folder = folder.path(), .keep_last = 1, .keep_best = false});
    checkpoints.save(run_at(6), {.step = 6});  // again
  }
  BOOST_TEST(files_in(folder.path()) == std::vector<std::string>{"step_0000000006.safetensors"});
  BOOST_TEST(!train::best(folder.path()).has_value());
  const Folder empty;
  BOOST_TEST(!train::latest(empty.path()).has_value());
  BOOST_CHECK_THROW((void)train::latest(empty / "none"), xg::IoError);
}

BOOST_AUTO_TEST_CASE(another_model_is_named) {
  const Folder folder;
  Checkpoint checkpoints({.folder = folder.path()});
  checkpoints.save(run_at(1), {.step = 1});
  CheckpointedRun other = run_at(1);
  other.layer.bias = xg::ones({2, 4});
  const std::string message = message_of<xg::ShapeError>([&] { return checkpoints.resume(other); });
  BOOST_TEST(says(message, "step_0000000001.safetensors' is a checkpoint of another model"));
  BOOST_TEST(says(message, "'layer.bias' is float64 [2, 4] in the tree, and float64 [2, 3] is given"));
  other.layer.bias = xg::ones({2, 3}, xg::DType::Float32);
  BOOST_TEST(
      says(message_of<xg::TypeError>([&] { return checkpoints.resume(other); }), "'layer.bias' is float32 [2, 3]"));
  const auto layer_alone = [&] { return checkpoints.resume(other.layer); };
  BOOST_TEST(says(message_of<xg::ShapeError>(layer_alone), "'weight'"));
  BOOST_TEST(files_in(folder.path()).size() == 1U);
}

BOOST_AUTO_TEST_CASE(damaged_files_are_errors) {
  const Folder folder;
  const CheckpointedLayer layer{xg::arange(3.0), xg::ones({2})};
  Checkpoint({.folder = folder / "run"}).save(layer, notes_at(1, 2.0));
  const std::string bytes = bytes_in(folder / "run/step_0000000001.safetensors");
  const auto read = [&](const fs::path& path) { return train::restore(path, layer); };
  BOOST_CHECK_NO_THROW((void)read(put(folder / "whole", bytes)));
  io_files::check_beginnings_refused(folder, bytes, read);
  BOOST_CHECK_THROW((void)read(put(folder / "long", bytes + "x")), xg::IoError);
  for (std::size_t i = 0; i < bytes.size(); ++i) {  // each byte of it
    std::string damaged = bytes;
    damaged[i] = static_cast<char>(damaged[i] ^ (1 << i % 8));
    BOOST_TEST_INFO("byte " << i);
    BOOST_CHECK_THROW((void)read(put(folder / "damaged", damaged)), xg::IoError);
  }
  BOOST_CHECK_THROW((void)read(folder / "none"), xg::IoError);
  xg::io::write_safetensors(folder / "model", xg::io::by_name(layer));
  BOOST_TEST(says(message_of<xg::IoError>([&] { return read(folder / "model"); }), "no checkpoint"));
  xg::io::write_safetensors(folder / "newer", xg::io::by_name(layer), {{"checkpoint.version", "3"}});
  BOOST_TEST(says(message_of<xg::IoError>([&] { return read(folder / "newer"); }), "version is '3'"));
  // One of a newer version is not passed over, as if it were damaged.
  xg::io::write_safetensors(folder / "run/step_0000000002.safetensors", xg::io::by_name(layer),
                            {{"checkpoint.version", "3"}});
  const auto begin = [&] { return Checkpoint({.folder = folder / "run"}).options().keep_last; };
  BOOST_TEST(says(message_of<xg::IoError>(begin), "step_0000000002.safetensors': its version is '3'"));
  BOOST_TEST(says(message_of<xg::IoError>([&] { return train::latest(folder / "run"); }), "version is '3'"));
  BOOST_TEST(says(message_of<xg::IoError>([&] { return train::best(folder / "run"); }), "version is '3'"));
}

BOOST_AUTO_TEST_CASE(histories_that_lie_are_refused) {
  xg::io::ArraysByName good;
  train::add_history("", notes_at(1).history, good);
  const auto refuse = [](const std::string& rule) { throw xg::IoError(rule); };
  const xg::detail::FunctionOf<void, const std::string&> fail(refuse);
  BOOST_TEST(train::history_of(good, fail).steps.size() == 2U);
  for (const auto& [name, array] : good) {
    std::vector<Var> wrong{xg::zeros({2, 2}), Var(2.0), xg::ones({3}, array.dtype()), xg::zeros({2}, xg::DType::Bool)};
    if (array.dtype() == xg::DType::Int64) wrong.push_back(Var(std::vector<std::int64_t>(array.size(), -1)));
    if (name.ends_with(".rows")) wrong.push_back(Var(std::vector<std::int64_t>(array.size(), 2)));
    for (const Var& each : wrong) {
      xg::io::ArraysByName bad = good;
      bad[name] = each;
      BOOST_TEST_INFO(name << " " << each);
      BOOST_CHECK_THROW((void)train::history_of(bad, fail), xg::IoError);
    }
    xg::io::ArraysByName bad = good;
    bad.erase(name);
    BOOST_TEST_INFO(name);
    if (name.ends_with(".values")) BOOST_CHECK_NO_THROW((void)train::history_of(bad, fail));
    else BOOST_CHECK_THROW((void)train::history_of(bad, fail), xg::IoError);
  }
}

BOOST_AUTO_TEST_CASE(an_older_one_is_used_if_the_last_is_damaged) {
  const Folder folder;
  for (const std::uint64_t step : {1U, 2U, 3U}) {
    Checkpoint({.folder = folder.path(), .keep_last = 3})
        .save(run_at(step), {.step = step, .score = 1.0 / double(step)});
  }
  const auto cut = [&](const std::string& name, std::size_t bytes) {
    put(folder / name, bytes_in(folder / name).substr(0, bytes));
  };
  cut("step_0000000003.safetensors", 100);
  std::string flipped = bytes_in(folder / "step_0000000002.safetensors");
  flipped.back() ^= 1;
  put(folder / "step_0000000002.safetensors", flipped);
  put(folder / "step_99.safetensors", "of somebody else");
  put(folder / "step_99999999999999999999999.safetensors", "of somebody else");
  {
    const Messages messages;
    Checkpoint checkpoints({.folder = folder.path(), .keep_last = 3});
    const auto found = checkpoints.resume(run_at(0));
    BOOST_TEST(found.value().notes.step == 1U);
    check_same_run(found->run, run_at(1));
    BOOST_TEST_REQUIRE(messages.texts.size() == 3U);
    BOOST_TEST(says(messages.texts[0], "step_0000000003.safetensors"));
    BOOST_TEST(says(messages.texts[1], "check sum"));
    BOOST_TEST(says(messages.texts[2], "goes on from step 1, '"));
    BOOST_TEST(train::latest(folder.path()).value() == folder / "step_0000000001.safetensors");
    BOOST_TEST(train::best(folder.path()).value() == folder / "step_0000000001.safetensors");
    checkpoints.save(run_at(2), {.step = 2});  // in place of the damaged one
    BOOST_TEST(train::latest(folder.path()).value() == folder / "step_0000000002.safetensors");
  }
  const Messages messages;
  cut("step_0000000002.safetensors", 10);
  cut("step_0000000001.safetensors", 10);
  Checkpoint checkpoints({.folder = folder.path()});
  BOOST_TEST(says(message_of<xg::IoError>([&] { return checkpoints.resume(run_at(0)); }), "none of the checkpoints"));
  BOOST_TEST(files_in(folder.path()).size() == 5U);  // nothing was removed
}

BOOST_AUTO_TEST_CASE(nothing_of_others_is_overwritten) {
  const Folder folder;
  {
    Checkpoint first({.folder = folder.path()});
    first.save(run_at(5), {.step = 5});
    BOOST_TEST(says(message_of<xg::ValueError>([&] { return Checkpoint({.folder = folder.path()}); }),
                    "another training writes"));
  }
  BOOST_TEST(says(message_of<xg::ValueError>([&] { return Checkpoint({.folder = folder.path(), .resume = false}); }),
                  "the last one of step 5"));
  Checkpoint second({.folder = folder.path()});
  BOOST_TEST(says(message_of<xg::ValueError>([&] {
                    second.save(run_at(4), {.step = 4});
                    return 0;
                  }),
                  "is of a later one"));
  BOOST_CHECK_THROW(Checkpoint({}), xg::ValueError);
  BOOST_CHECK_THROW(Checkpoint({.folder = folder / "b", .keep_last = 0}), xg::ValueError);
  BOOST_CHECK_THROW(second.save(run_at(6), {.step = 6, .texts = {{"a", "\xFF"}}}), xg::ValueError);
  BOOST_TEST(files_in(folder.path()).size() == 1U);
  Checkpoint fresh({.folder = folder / "new", .resume = false});
  fresh.save(run_at(1), {.step = 1});
  BOOST_TEST(!fresh.resume(run_at(0)).has_value());
}

BOOST_AUTO_TEST_CASE(what_a_killed_program_left_is_removed) {
  const Folder folder;
  put(folder / "step_0000000007.safetensors.123456.0", "half");
  put(folder / "step_0000000007.safetensors.backup", "of the user");
  put(folder / "notes.txt", "of the user");
  const Checkpoint checkpoints({.folder = folder.path()});
  BOOST_TEST(files_in(folder.path()) == (std::vector<std::string>{"notes.txt", "step_0000000007.safetensors.backup"}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_full_disk_loses_nothing) {
  const Folder folder;
  Checkpoint checkpoints({.folder = folder.path()});
  checkpoints.save(run_at(1), {.step = 1});
  rlimit before{};
  BOOST_TEST_REQUIRE(::getrlimit(RLIMIT_FSIZE, &before) == 0);
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  const rlimit little{200, before.rlim_max};
  BOOST_TEST_REQUIRE(::setrlimit(RLIMIT_FSIZE, &little) == 0);
  const std::string message = message_of<xg::IoError>([&] {
    checkpoints.save(run_at(2), {.step = 2});
    return 0;
  });
  BOOST_TEST_REQUIRE(::setrlimit(RLIMIT_FSIZE, &before) == 0);
  std::signal(SIGXFSZ, handler);
  BOOST_TEST(says(message, "step 2 is not saved"));
  BOOST_TEST(says(message, "File too large"));
  BOOST_TEST(says(message, "Make room"));
  BOOST_TEST(files_in(folder.path()) == std::vector<std::string>{"step_0000000001.safetensors"});
  check_same_run(checkpoints.resume(run_at(0)).value().run, run_at(1));
  checkpoints.save(run_at(2), {.step = 2});  // there is room again
  check_same_run(checkpoints.resume(run_at(0)).value().run, run_at(2));
}

BOOST_AUTO_TEST_CASE(a_folder_that_cannot_be_written_is_refused_at_once) {
  const Folder folder;
  fs::create_directory(folder / "closed");
  fs::permissions(folder / "closed",
                  fs::perms::owner_read | fs::perms::owner_exec | fs::perms::others_read | fs::perms::others_exec);
  put(folder / "file", "no folder");
  const bool is_root = ::geteuid() == 0;  // who may write everywhere
  if (is_root) BOOST_TEST_REQUIRE(::seteuid(65534) == 0);
  const std::string closed = message_of<xg::IoError>([&] { return Checkpoint({.folder = folder / "closed"}); });
  const std::string inside = message_of<xg::IoError>([&] { return Checkpoint({.folder = folder / "closed/run"}); });
  const std::string file = message_of<xg::IoError>([&] { return Checkpoint({.folder = folder / "file"}); });
  if (is_root) BOOST_TEST_REQUIRE(::seteuid(0) == 0);
  for (const std::string& message : {closed, inside, file}) {
    BOOST_TEST(says(message, folder.path().string()));
    BOOST_TEST(says(message, "give a folder that can be written"));
  }
  BOOST_TEST(says(closed, "Permission denied"));
}

BOOST_AUTO_TEST_SUITE_END()
