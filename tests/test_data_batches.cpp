// Rows of datasets and batches of them.
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <vector>

#include <xgrad/data.hpp>
#include <xgrad/io/safetensors.hpp>
#include <xgrad/xgrad.hpp>

#include "comparing.hpp"

namespace data = xgrad::data;
using xgrad::Array;
using xgrad::DType;
using xgrad::Shape;
using xgrad::Var;
using xgrad::random::Key;

namespace {

struct LabelledRows {
  Var x;
  Var label;
};
XGRAD_FIELDS(LabelledRows, x, state(label))

LabelledRows numbered_rows(std::size_t rows) {
  const Var numbers = xgrad::arange(static_cast<std::int64_t>(rows));
  return {xgrad::stack({numbers, 10 * numbers}, 1) * 1.0, numbers};
}

std::vector<std::int64_t> row_numbers(const Var& x) {
  const auto& array = x.array<std::int64_t>();
  return {array.begin(), array.end()};
}

/// Rows that are counted, not kept.
struct CountedRows {
  std::size_t rows_there = 0;
  [[nodiscard]] std::size_t length() const { return rows_there; }
  [[nodiscard]] std::tuple<Var, Var> rows(const Var& which) const { return {which, which * 2}; }
};

std::vector<std::int64_t> labels_of(auto&& batches) {
  std::vector<std::int64_t> result;
  for (const LabelledRows& batch : batches) {
    for (const std::int64_t label : row_numbers(batch.label)) result.push_back(label);
  }
  return result;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(test_data_batches)

using comparing::throws;

BOOST_AUTO_TEST_CASE(datasets_have_lengths_and_rows) {
  const LabelledRows all = numbered_rows(5);
  BOOST_TEST(data::length(all) == 5U);
  BOOST_TEST(data::length(all.x) == 5U);
  const LabelledRows some = data::rows(all, std::vector<int>{4, 0, -1});
  BOOST_TEST(row_numbers(some.label) == (std::vector<std::int64_t>{4, 0, 4}), boost::test_tools::per_element());
  BOOST_TEST(some.x.array<double>() == (Array<double>{{4.0, 40.0}, {0.0, 0.0}, {4.0, 40.0}}),
             boost::test_tools::per_element());
  const std::tuple parts(CountedRows{5}, all);
  BOOST_TEST(data::length(parts) == 5U);
  const auto [counted, labelled] = data::rows(parts, std::vector<int>{3});
  BOOST_TEST(std::get<1>(counted).array<std::int64_t>()(0) == 6);
  BOOST_TEST(row_numbers(labelled.label)[0] == 3);
  const auto compiled = xgrad::compile([](const LabelledRows& d, const Var& which) { return data::rows(d, which).x; });
  BOOST_TEST(compiled(all, std::vector<int>{2}).array<double>()(0, 1) == 20.0);
}

BOOST_AUTO_TEST_CASE(datasets_that_are_none_are_refused) {
  const LabelledRows unequal{xgrad::zeros({3, 2}), xgrad::zeros({2}, DType::Int64)};
  BOOST_TEST(throws<xgrad::ShapeError>([&] { return data::length(unequal); }, {"'x' has 3 rows, 'label' has 2"}));
  BOOST_CHECK_THROW(static_cast<void>(data::rows(unequal, std::vector<int>{0})), xgrad::ShapeError);
  BOOST_TEST(throws<xgrad::ShapeError>(
      [&] {
        return data::length(LabelledRows{xgrad::zeros({3}), 1});
      },
      {"'label' is a number"}));
  BOOST_TEST(throws<xgrad::ShapeError>([&] { return data::length(std::tuple(CountedRows{2}, xgrad::zeros({3}))); },
                                       {"part 0 has 2 rows, part 1 has 3"}));
  BOOST_CHECK_THROW(static_cast<void>(data::length(std::vector<Var>{})), xgrad::ValueError);
  const LabelledRows all = numbered_rows(3);
  BOOST_CHECK_THROW(static_cast<void>(data::rows(all, std::vector<int>{3})), xgrad::ValueError);
  BOOST_CHECK_THROW(static_cast<void>(data::rows(all, std::vector<double>{1.0})), xgrad::TypeError);
  BOOST_CHECK_THROW(static_cast<void>(data::rows(all, 1)), xgrad::ShapeError);
}

BOOST_AUTO_TEST_CASE(batches_go_through_all_rows) {
  auto kept = data::batches(numbered_rows(7), {.size = 3});
  BOOST_TEST(kept.per_epoch() == 3U);
  BOOST_TEST(kept.count(0, 2) == 1U);
  BOOST_TEST(labels_of(kept) == (std::vector<std::int64_t>{0, 1, 2, 3, 4, 5, 6}), boost::test_tools::per_element());
  BOOST_TEST(labels_of(data::batches(numbered_rows(7), {.size = 3, .last = data::Last::Drop})) ==
                 (std::vector<std::int64_t>{0, 1, 2, 3, 4, 5}),
             boost::test_tools::per_element());
  const auto filled =
      data::batches(std::tuple(numbered_rows(7), xgrad::ones({7})), {.size = 3, .last = data::Last::Pad});
  const auto [rows, real] = filled.at(0, 2);
  BOOST_TEST(rows.x.array<double>() == (Array<double>{{6.0, 60.0}, {0.0, 0.0}, {0.0, 0.0}}),
             boost::test_tools::per_element());
  BOOST_TEST(real.array<double>() == (Array<double>{1.0, 0.0, 0.0}), boost::test_tools::per_element());
  BOOST_TEST((rows.label.dtype() == DType::Int64));
  BOOST_TEST(data::batches(numbered_rows(2), {.size = 3, .last = data::Last::Pad}).at(0, 0).x.shape(0) == 3U);
}

BOOST_AUTO_TEST_CASE(each_epoch_has_an_order_of_its_own) {
  auto each = data::batches(numbered_rows(50), {.size = 8, .shuffle = Key(3)});
  const auto first = labels_of(each);
  const auto second = labels_of(each);
  BOOST_TEST(each.position().epoch.item<std::int64_t>() == 2);
  BOOST_TEST(first != second);
  BOOST_TEST(second == row_numbers(xgrad::random::permutation(Key(3).fold_in(1), 50)),
             boost::test_tools::per_element());
  for (auto order : {first, second}) {
    std::ranges::sort(order);
    BOOST_TEST(order == row_numbers(xgrad::arange(50)), boost::test_tools::per_element());
  }
  BOOST_TEST(labels_of(data::batches(numbered_rows(50), {.size = 5, .shuffle = Key(3)})) == first,
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_run_goes_on_from_any_position) {
  const data::BatchOptions options{.size = 4, .shuffle = Key(5)};
  auto undisturbed = data::batches(numbered_rows(10), options);
  for (int stop = 0; stop <= 7; ++stop) {
    auto before = data::batches(numbered_rows(10), options);
    std::vector<Var> seen;
    for (int k = 0; k < stop; ++k) seen.push_back(before.next().label);
    const auto saved = xgrad::io::by_name(before.position());
    auto after = data::batches(numbered_rows(10), options);
    after.resume(xgrad::io::filled(data::Position(), saved));
    for (int k = stop; k < 8; ++k) seen.push_back(after.next().label);
    undisturbed.resume({});
    for (const Var& label : seen)
      BOOST_TEST(row_numbers(label) == row_numbers(undisturbed.next().label), boost::test_tools::per_element());
  }
  auto left = data::batches(numbered_rows(10), options);
  for (const LabelledRows& batch : left) {
    static_cast<void>(batch);
    break;
  }
  BOOST_TEST(left.position().batch.item<std::int64_t>() == 1);
  BOOST_TEST(labels_of(left).size() == 6U);
  BOOST_CHECK_THROW(left.resume({0, 3}), xgrad::ValueError);
  BOOST_CHECK_THROW(left.resume({-1, 0}), xgrad::ValueError);
  BOOST_CHECK_THROW(static_cast<void>(left.at(-1, 0)), xgrad::ValueError);
  BOOST_CHECK_THROW(static_cast<void>(left.at(0, 3)), xgrad::ValueError);
}

BOOST_AUTO_TEST_CASE(rows_are_drawn_by_weights) {
  const Var weights = std::vector<double>{0.0, 1e300, 3e300, 0.0, 0.0};
  auto each =
      data::batches(numbered_rows(5),
                    {.size = 1000, .shuffle = Key(1), .weighted = data::Weighted{.weights = weights, .draws = 4000}});
  const auto drawn = labels_of(each);
  BOOST_TEST(drawn.size() == 4000U);
  const auto ones = std::ranges::count(drawn, 1);
  BOOST_TEST(ones + std::ranges::count(drawn, 2) == 4000);
  BOOST_TEST(std::abs(static_cast<double>(ones) - 1000.0) < 4.0 * std::sqrt(750.0));
  auto once = labels_of(data::batches(
      numbered_rows(5),
      {.size = 2, .shuffle = Key(1), .weighted = data::Weighted{.weights = weights, .replace = false, .draws = 2}}));
  std::ranges::sort(once);
  BOOST_TEST(once == (std::vector<std::int64_t>{1, 2}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(rows_of_a_batch_are_of_one_bucket) {
  const Var lengths = std::vector<int>{3, 9, 1, 4, 10, 2, 0, 8, 4};
  const data::Buckets buckets{lengths, {4, 10}};
  const auto plain = data::batches(numbered_rows(9), {.size = 4, .buckets = buckets});
  BOOST_TEST(plain.per_epoch() == 3U);
  BOOST_TEST(row_numbers(plain.at(0, 0).label) == (std::vector<std::int64_t>{0, 2, 3, 5}),
             boost::test_tools::per_element());
  BOOST_TEST(row_numbers(plain.at(1, 1).label) == (std::vector<std::int64_t>{6, 8}), boost::test_tools::per_element());
  BOOST_TEST(row_numbers(plain.at(0, 2).label) == (std::vector<std::int64_t>{1, 4, 7}),
             boost::test_tools::per_element());
  auto shuffled = data::batches(numbered_rows(9), {.size = 2, .shuffle = Key(2), .buckets = buckets});
  std::vector<std::int64_t> seen;
  std::vector<std::size_t> order_of_buckets;
  for (int epoch = 0; epoch < 4; ++epoch) {
    for (const LabelledRows& batch : shuffled) {
      const auto numbers = row_numbers(batch.label);
      const auto long_ones = std::ranges::count_if(numbers, [](std::int64_t k) { return k == 1 || k == 4 || k == 7; });
      BOOST_TEST((long_ones == 0 || long_ones == std::ssize(numbers)));
      order_of_buckets.push_back(long_ones > 0 ? 1 : 0);
      seen.insert(seen.end(), numbers.begin(), numbers.end());
    }
  }
  BOOST_TEST(seen.size() == 36U);
  BOOST_TEST(!std::ranges::is_sorted(order_of_buckets));
  for (std::int64_t k = 0; k < 9; ++k) BOOST_TEST(std::ranges::count(seen, k) == 4);
  const auto dropped = data::batches(numbered_rows(9), {.size = 4, .last = data::Last::Drop, .buckets = buckets});
  BOOST_TEST(dropped.per_epoch() == 1U);
}

BOOST_AUTO_TEST_CASE(batches_that_cannot_be_are_refused) {
  const auto refused = [](std::size_t rows, const data::BatchOptions& options) {
    BOOST_CHECK_THROW(static_cast<void>(data::batches(numbered_rows(rows), options)), xgrad::ValueError);
  };
  const Var weights = std::vector<double>{1.0, 0.0, 2.0};
  refused(0, {.size = 1});
  refused(3, {.size = 0});
  refused(3, {.size = 4});
  refused(3, {.size = 4, .last = data::Last::Drop});
  refused(3, {.size = 1, .weighted = data::Weighted{weights}});
  refused(3, {.size = 1, .shuffle = Key(1), .weighted = data::Weighted{weights, false}});
  refused(3, {.size = 1, .shuffle = Key(1), .weighted = data::Weighted{std::vector<double>{1.0, -1.0, 2.0}}});
  refused(3, {.size = 1, .shuffle = Key(1), .weighted = data::Weighted{std::vector<double>{1.0, NAN, 2.0}}});
  refused(3, {.size = 1, .shuffle = Key(1), .weighted = data::Weighted{std::vector<double>{0.0, 0.0, 0.0}}});
  BOOST_CHECK_THROW(static_cast<void>(data::batches(
                        numbered_rows(4), {.size = 1, .shuffle = Key(1), .weighted = data::Weighted{weights}})),
                    xgrad::ShapeError);
}

BOOST_AUTO_TEST_SUITE_END()
