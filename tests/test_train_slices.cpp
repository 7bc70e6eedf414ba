// Checkpoints that several processes write together, as threads of this program.
#include <sys/resource.h>

#include <cmath>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>
#include <xgrad/io.hpp>
#include <xgrad/random.hpp>
#include <xgrad/train.hpp>
#include <xgrad/xgrad.hpp>

#include "threads_as_processes.hpp"
#include "train/checkpoint_slices.hpp"

BOOST_AUTO_TEST_SUITE(test_train_slices)

namespace fs = std::filesystem;
namespace train = xgrad::train;
namespace xg = xgrad;
using threads_as_processes::in_processes;
using xg::Var;
using Who = std::shared_ptr<const train::Processes>;

namespace {

struct Run {
  Var weight, bias, mask, number, empty, nothing;
};
XGRAD_FIELDS(Run, weight, bias, state(mask), state(number), empty, nothing)

Run run_of(int seed) {
  return {xg::random::normal(xg::random::Key(seed), {31, 7}),
          xg::random::normal(xg::random::Key(seed), {5}, xg::DType::Float32),
          xt::xarray<bool>{true, false, true},
          Var(std::int64_t{seed}),
          xg::zeros({0, 3}),
          Var()};
}

bool same(const Run& a, const Run& b) {
  return array_equal(a.weight, b.weight).item<bool>() && array_equal(a.bias, b.bias).item<bool>() &&
         array_equal(a.mask, b.mask).item<bool>() && array_equal(a.number, b.number).item<bool>() &&
         a.empty.shape() == b.empty.shape() && !b.nothing.defined();
}

struct Folder {
  fs::path path = fs::temp_directory_path() / ("xgrad_slices_" + std::to_string(::getpid()));
  Folder() { fs::remove_all(path); }
  ~Folder() { fs::remove_all(path); }
};

std::size_t files(const fs::path& folder, const std::string& part) {
  std::size_t count = 0;
  for (const auto& entry : fs::directory_iterator(folder)) {
    count += entry.path().filename().string().find(part) != std::string::npos;
  }
  return count;
}

template <class T>
void require_all(const threads_as_processes::Of<T>& of, const T& expected) {
  for (std::size_t rank = 0; rank < of.results.size(); ++rank) {
    BOOST_TEST(of.errors[rank] == "", "process " << rank);
    if (of.errors[rank].empty()) BOOST_TEST(*of.results[rank] == expected, "process " << rank);
  }
}

void save(const fs::path& folder, std::size_t processes, std::vector<std::uint64_t> steps, bool background) {
  const auto saved = in_processes<bool>(processes, [&](const Who& who) {
    train::Checkpoint checkpoints({.folder = folder, .background = background, .processes = who});
    for (const std::uint64_t step : steps) {
      checkpoints.save(run_of(static_cast<int>(step)),
                       {.step = step, .score = 1.0 / static_cast<double>(step), .texts = {{"who", "all"}}});
    }
    checkpoints.wait();
    return checkpoints.is_due({.step = 1, .score = 0.001}) && !checkpoints.is_due({.step = 1, .score = 0.9});
  });
  require_all(saved, true);
}

}  // namespace

BOOST_AUTO_TEST_CASE(any_number_reads_what_any_number_wrote) {
  for (const std::size_t writers : std::initializer_list<std::size_t>{1, 2, 3, 7}) {
    const Folder folder;
    save(folder.path, writers, {3, 5, 8}, writers % 2 == 1);
    BOOST_TEST(files(folder.path, ".slice_") == (writers == 1 ? 0 : 2 * writers));  // the last two
    for (const std::size_t readers : std::initializer_list<std::size_t>{1, 2, 5}) {
      const auto read = in_processes<bool>(readers, [&](const Who& who) {
        train::Checkpoint checkpoints({.folder = folder.path, .processes = who});
        const auto found = checkpoints.resume(run_of(0));
        return found && same(run_of(8), found->run) && found->notes.step == 8 && found->notes.texts.at("who") == "all";
      });
      require_all(read, true);
    }
    const auto newest = train::latest(folder.path);
    BOOST_REQUIRE(newest.has_value());
    BOOST_TEST(same(run_of(8), train::restore(*newest, run_of(0)).run));
    BOOST_TEST(train::best(folder.path)->string() == newest->string());
  }
}

BOOST_AUTO_TEST_CASE(slices_are_as_large_as_each_other) {
  xg::io::ArraysByName all{{"a", xg::zeros({1000})}, {"b", xg::zeros({3, 7})}, {"c", Var(1.0)}, {"d", xg::zeros({0})}};
  for (const std::size_t of : std::initializer_list<std::size_t>{1, 2, 3, 16}) {
    for (std::size_t number = 0; number < of; ++number) {
      std::size_t elements = 0;
      for (const auto& [name, x] : train::slice_of(all, number, of).arrays) elements += x.size();
      BOOST_TEST(std::abs(static_cast<double>(elements) - 1022.0 / static_cast<double>(of)) <= 1.0);
    }
  }
}

BOOST_AUTO_TEST_CASE(what_is_damaged_is_passed_over_by_all) {
  const Folder folder;
  save(folder.path, 3, {3, 5}, false);
  for (const auto& entry : fs::directory_iterator(folder.path)) {
    const std::string name = entry.path().filename().string();
    if (name.find("0000000005.slice_2_of_3") == std::string::npos) continue;
    std::fstream file(entry.path(), std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(-5, std::ios::end);
    file.put('x');
  }
  const auto read = in_processes<bool>(2, [&](const Who& who) {
    train::Checkpoint checkpoints({.folder = folder.path, .processes = who});
    const auto found = checkpoints.resume(run_of(0));
    return found && same(run_of(3), found->run);
  });
  require_all(read, true);
  BOOST_TEST(train::latest(folder.path)->filename().string() == "step_0000000003.safetensors");
}

BOOST_AUTO_TEST_CASE(slices_without_a_file_of_the_step_are_removed) {
  const Folder folder;
  save(folder.path, 2, {3, 5}, true);
  fs::remove(folder.path / "step_0000000005.safetensors");
  std::ofstream(folder.path / "step_0000000003.slice_1_of_2_0.safetensors.17.4") << "begun";
  BOOST_TEST(files(folder.path, ".slice_") == 5U);
  const auto read = in_processes<bool>(3, [&](const Who& who) {
    train::Checkpoint checkpoints({.folder = folder.path, .processes = who});
    return checkpoints.resume(run_of(0))->notes.step == 3;
  });
  require_all(read, true);
  BOOST_TEST(files(folder.path, ".slice_") == 2U);
}

BOOST_AUTO_TEST_CASE(other_models_are_told_to_all) {
  const Folder folder;
  save(folder.path, 3, {3}, false);
  const auto read = in_processes<bool>(2, [&](const Who& who) {
    train::Checkpoint checkpoints({.folder = folder.path, .processes = who});
    Run other = run_of(0);
    other.weight = xg::zeros({7, 31});
    return checkpoints.resume(other).has_value();
  });
  for (const std::string& error : read.errors)
    BOOST_TEST(error.find("'weight' is float64 [7, 31]") != std::string::npos, error);
}

BOOST_AUTO_TEST_SUITE_END()
