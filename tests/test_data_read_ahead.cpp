// Batches read by a thread, and batches changed by a function.
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <memory>
#include <stdexcept>
#include <thread>
#include <vector>

#include <xgrad/data.hpp>
#include <xgrad/io/npy.hpp>
#include <xgrad/xgrad.hpp>

#include "comparing.hpp"
#include "io_files.hpp"

namespace data = xgrad::data;
using xgrad::Var;
using xgrad::random::Key;

namespace {

/// Rows that count how often they were read, and of which one cannot be.
struct WatchedRows {
  std::shared_ptr<std::atomic<int>> reads = std::make_shared<std::atomic<int>>(0);
  std::int64_t broken = -1;
  std::size_t count = 12;

  [[nodiscard]] std::size_t length() const { return count; }
  [[nodiscard]] Var rows(const Var& which) const {
    ++*reads;
    if (any(equal(which, broken)).item<bool>()) throw std::domain_error("this row is broken");
    return which;
  }
};

std::vector<std::int64_t> firsts_of(auto& source, int batches) {
  std::vector<std::int64_t> result;
  for (int k = 0; k < batches; ++k) result.push_back(source.next().template array<std::int64_t>()(0));
  return result;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(test_data_read_ahead)

BOOST_AUTO_TEST_CASE(the_same_batches_in_the_same_order) {
  for (const std::size_t depth : {1U, 3U, 40U}) {
    const data::BatchOptions options{.size = 5, .shuffle = Key(1)};
    auto plain = data::batches(WatchedRows(), options);
    auto ahead = data::read_ahead(data::batches(WatchedRows(), options), depth);
    for (int epoch = 0; epoch < 3; ++epoch) {
      int batches = 0;
      for (const Var& batch : ahead) {
        BOOST_TEST(array_equal(batch, plain.next()).item<bool>());
        BOOST_TEST(ahead.position().batch.item<std::int64_t>() == plain.position().batch.item<std::int64_t>());
        BOOST_TEST(ahead.position().epoch.item<std::int64_t>() == plain.position().epoch.item<std::int64_t>());
        ++batches;
      }
      BOOST_TEST(batches == 3);
    }
  }
}

BOOST_AUTO_TEST_CASE(no_more_is_read_than_is_said) {
  const WatchedRows rows;
  {
    auto ahead = data::read_ahead(data::batches(rows, {.size = 1}), 3);
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    BOOST_TEST(*rows.reads == 0);  // it begins when somebody asks
    static_cast<void>(ahead.next());
    for (int wait = 0; wait < 200 && *rows.reads < 4; ++wait) std::this_thread::sleep_for(std::chrono::milliseconds(5));
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    BOOST_TEST(*rows.reads == 4);
    BOOST_TEST(ahead.position().batch.item<std::int64_t>() == 1);
  }
  BOOST_TEST(*rows.reads == 4);
}

BOOST_AUTO_TEST_CASE(what_a_source_throws_comes_over_in_its_place) {
  auto ahead = data::read_ahead(data::batches(WatchedRows{.broken = 2}, {.size = 1}), 5);
  BOOST_TEST(firsts_of(ahead, 2) == (std::vector<std::int64_t>{0, 1}), boost::test_tools::per_element());
  for (int again = 0; again < 2; ++again) BOOST_CHECK_THROW(static_cast<void>(ahead.next()), std::domain_error);
  BOOST_TEST(ahead.position().batch.item<std::int64_t>() == 2);
  ahead.resume({0, 3});
  BOOST_TEST(firsts_of(ahead, 9).back() == 11);
  BOOST_CHECK_THROW(firsts_of(ahead, 5), std::domain_error);
  BOOST_CHECK_THROW(ahead.resume({0, 12}), xgrad::ValueError);
  ahead.resume({0, 5});
  BOOST_TEST(firsts_of(ahead, 2).back() == 6);
  BOOST_CHECK_THROW(ahead.resume({0, 12}), xgrad::ValueError);
  BOOST_TEST(firsts_of(ahead, 1).back() == 7);
  BOOST_CHECK_THROW(static_cast<void>(data::read_ahead(data::batches(WatchedRows(), {.size = 1}), 0)),
                    xgrad::ValueError);
}

BOOST_AUTO_TEST_CASE(threads_end_with_their_objects) {
  for (int k = 0; k < 50; ++k) {
    auto ahead = data::read_ahead(data::batches(WatchedRows(), {.size = 2, .shuffle = Key(k)}), 4);
    for (int taken = 0; taken < k % 4; ++taken) static_cast<void>(ahead.next());
    auto moved = std::move(ahead);
    if (k % 3 == 0) static_cast<void>(moved.next());
    if (k % 5 == 0) moved.resume({k, 0});
  }
}

BOOST_AUTO_TEST_CASE(a_run_goes_on_where_it_was_not_where_was_read) {
  const data::BatchOptions options{.size = 2, .shuffle = Key(9)};
  auto before = data::read_ahead(data::batches(WatchedRows(), options), 4);
  static_cast<void>(firsts_of(before, 8));
  auto after = data::read_ahead(data::batches(WatchedRows(), options), 2);
  after.resume(before.position());
  BOOST_TEST(firsts_of(after, 9) == firsts_of(before, 9), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(files_are_read_by_rows) {
  const io_files::Folder folder;
  const Var all = reshape(xgrad::arange(60), {20, 3});
  xgrad::io::write_npy(folder / "x.npy", all);
  const xgrad::io::NpyFile file(folder / "x.npy", xgrad::DType::Float32);
  const std::tuple dataset(file, xgrad::arange(20));
  BOOST_TEST(data::length(dataset) == 20U);
  auto ahead = data::read_ahead(data::batches(dataset, {.size = 8, .shuffle = Key(4), .last = data::Last::Pad}));
  std::size_t seen = 0;
  for (const auto& [x, label] : ahead) {
    BOOST_TEST((x.dtype() == xgrad::DType::Float32));
    const std::size_t real = ++seen == 3 ? 4 : 8;
    const Var rows = view(x, xt::range(0, real));
    BOOST_TEST(comparing::same(rows, cast(data::rows(all, view(label, xt::range(0, real))), xgrad::DType::Float32)));
    BOOST_TEST(x.shape(0) == 8U);
  }
  BOOST_TEST(seen == 3U);
}

BOOST_AUTO_TEST_CASE(functions_have_a_key_for_each_batch) {
  const auto f = [](const Key& key, const Var& batch) { return xgrad::random::uniform(key, batch.shape()); };
  const auto make = [&] { return data::augmented(data::batches(WatchedRows(), {.size = 4}), Key(3), f); };
  auto plain = make();
  auto compiled =
      data::read_ahead(data::augmented(data::batches(WatchedRows(), {.size = 4}), Key(3), xgrad::compile(f)));
  std::vector<double> seen;
  for (int k = 0; k < 7; ++k) {
    const Var drawn = plain.next();
    BOOST_TEST(array_equal(drawn, compiled.next()).item<bool>());
    seen.push_back(drawn.array<double>()(0));
  }
  auto later = make();
  later.resume({1, 2});
  BOOST_TEST(later.next().array<double>()(0) == seen[5]);
  std::ranges::sort(seen);
  BOOST_TEST((std::ranges::adjacent_find(seen) == seen.end()));
  for (const Var& batch : later) BOOST_TEST(batch.size() == 4U);
}

BOOST_AUTO_TEST_SUITE_END()
