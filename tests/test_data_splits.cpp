// Parts of datasets, and folds.
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <map>
#include <set>
#include <vector>

#include <xgrad/data.hpp>
#include <xgrad/xgrad.hpp>

namespace data = xgrad::data;
using xgrad::Array;
using xgrad::Var;
using xgrad::random::Key;

namespace {

using RowNumbers = std::vector<std::int64_t>;

RowNumbers numbers_in(const Var& x) {
  const auto& array = x.array<std::int64_t>();
  return {array.begin(), array.end()};
}

/// Each row in one part, each part in rising order.
void require_partition(const std::vector<Var>& parts, std::size_t length) {
  RowNumbers all;
  for (const Var& part : parts) {
    const RowNumbers rows = numbers_in(part);
    BOOST_TEST(std::ranges::is_sorted(rows));
    all.insert(all.end(), rows.begin(), rows.end());
  }
  std::ranges::sort(all);
  BOOST_TEST(all == numbers_in(xgrad::arange(static_cast<std::int64_t>(length))), boost::test_tools::per_element());
}

std::map<std::int64_t, double> counts_of(const Var& kinds) {
  std::map<std::int64_t, double> result;
  for (const std::int64_t each : numbers_in(kinds)) ++result[each];
  return result;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(test_data_splits)

BOOST_AUTO_TEST_CASE(parts_have_the_lengths_that_are_asked_for) {
  const Var x = xgrad::arange(10);
  const auto [train, validation, test] = data::split(x, {0.6, 0.2, 0.2});
  BOOST_TEST(numbers_in(train) == (RowNumbers{0, 1, 2, 3, 4, 5}), boost::test_tools::per_element());
  BOOST_TEST(numbers_in(validation) == (RowNumbers{6, 7}), boost::test_tools::per_element());
  BOOST_TEST(numbers_in(test) == (RowNumbers{8, 9}), boost::test_tools::per_element());
  const double thirds[] = {1.0 / 3.0, 1.0 / 3.0, 1.0 / 3.0};
  std::set<RowNumbers> seen;
  for (std::size_t length = 3; length < 40; ++length) {
    const auto parts = data::split_rows(length, thirds, {.shuffle = Key(length)});
    require_partition(parts, length);
    for (const Var& part : parts) BOOST_TEST((part.size() == length / 3 || part.size() == (length + 2) / 3));
    seen.insert(numbers_in(parts[0]));
  }
  BOOST_TEST(seen.size() > 30U);
  const auto [left, right] = data::split(std::tuple(x, x * 2.0), {0.5, 0.5}, {.shuffle = Key(1)});
  BOOST_TEST(array_equal(std::get<0>(left) * 2.0, std::get<1>(left)).item<bool>());
  BOOST_TEST(std::get<1>(right).size() == 5U);
}

BOOST_AUTO_TEST_CASE(stratified_parts_have_each_class) {
  const Var labels = xgrad::random::randint(Key(1), 0, 4, {200});
  const double fractions[] = {0.7, 0.2, 0.1};
  for (const bool shuffled : {false, true}) {
    const auto parts = data::split_rows(
        200, fractions, {.shuffle = shuffled ? std::optional(Key(5)) : std::nullopt, .stratify = labels});
    require_partition(parts, 200);
    for (std::size_t k = 0; k < 3; ++k) {
      BOOST_TEST(std::abs(static_cast<double>(parts[k].size()) - fractions[k] * 200.0) <= 1.0);
      for (const auto& [label, count] : counts_of(labels)) {
        BOOST_TEST(std::abs(counts_of(data::rows(labels, parts[k]))[label] - fractions[k] * count) < 2.0);
      }
    }
  }
  // Where it can be exact it is.
  const Var even = xgrad::remainder(xgrad::arange(100), 5);
  for (const Var& part : data::split_rows(100, fractions, {.shuffle = Key(2), .stratify = even})) {
    const auto counts = counts_of(data::rows(even, part));
    for (const auto& [label, count] : counts) BOOST_TEST(count == static_cast<double>(part.size()) / 5.0);
  }
}

BOOST_AUTO_TEST_CASE(groups_stay_together) {
  const Var groups = xgrad::random::randint(Key(3), -20, 20, {300});
  const double fractions[] = {0.5, 0.3, 0.2};
  std::set<RowNumbers> seen;
  for (int seed = 0; seed < 5; ++seed) {
    const auto parts = data::split_rows(300, fractions, {.shuffle = Key(seed), .groups = groups});
    require_partition(parts, 300);
    std::set<std::int64_t> all;
    std::size_t in_parts = 0;
    for (std::size_t k = 0; k < 3; ++k) {
      const auto here = counts_of(data::rows(groups, parts[k]));
      in_parts += here.size();
      for (const auto& [group, count] : here) all.insert(group);
      BOOST_TEST(std::abs(static_cast<double>(parts[k].size()) - fractions[k] * 300.0) < 16.0);
    }
    BOOST_TEST(in_parts == all.size());
    seen.insert(numbers_in(parts[0]));
  }
  BOOST_TEST(seen.size() == 5U);
}

// scikit-learn 1.2.1: KFold(4), StratifiedKFold(3), GroupKFold(3).
BOOST_AUTO_TEST_CASE(folds_are_those_of_scikit_learn) {
  const auto require_tests = [](const std::vector<data::Fold>& folds, const std::vector<RowNumbers>& tests) {
    BOOST_TEST_REQUIRE(folds.size() == tests.size());
    for (std::size_t k = 0; k < folds.size(); ++k) {
      BOOST_TEST(numbers_in(folds[k].test) == tests[k], boost::test_tools::per_element());
      require_partition({folds[k].train, folds[k].test}, 14);
    }
  };
  const Var y = std::vector<int>{2, 0, 1, 1, 0, 2, 2, 1, 0, 0, 0, 1, 2, 0};
  const Var g = std::vector<int>{5, 5, 3, 1, 1, 1, 9, 9, 9, 9, 3, 5, 7, 7};
  require_tests(data::k_folds(14, 4), {{0, 1, 2, 3}, {4, 5, 6, 7}, {8, 9, 10}, {11, 12, 13}});
  require_tests(data::k_folds(14, 3, {.stratify = y}), {{0, 1, 2, 4, 5}, {3, 6, 7, 8, 9}, {10, 11, 12, 13}});
  BOOST_TEST(numbers_in(data::k_folds(14, 3, {.groups = g})[0].test) == (RowNumbers{6, 7, 8, 9}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(shuffled_folds_keep_what_they_promise) {
  const Var kinds = xgrad::random::randint(Key(8), 0, 7, {101});
  for (const std::size_t folds : {2U, 5U, 101U}) {
    for (const bool stratified : {false, true}) {
      const auto all = data::k_folds(
          101, folds, {.shuffle = Key(folds), .stratify = stratified ? std::optional(kinds) : std::nullopt});
      std::vector<Var> tests;
      for (const data::Fold& fold : all) {
        tests.push_back(fold.test);
        require_partition({fold.train, fold.test}, 101);
        BOOST_TEST((fold.test.size() == 101 / folds || fold.test.size() == 101 / folds + 1));
        if (!stratified) continue;
        for (const auto& [label, count] : counts_of(kinds)) {
          BOOST_TEST(std::abs(counts_of(data::rows(kinds, fold.test))[label] - count / static_cast<double>(folds)) <
                     1.0);
        }
      }
      require_partition(tests, 101);
    }
  }
  for (const data::Fold& fold : data::k_folds(101, 4, {.shuffle = Key(1), .groups = kinds})) {
    for (const auto& [group, count] : counts_of(data::rows(kinds, fold.test)))
      BOOST_TEST(count == counts_of(kinds)[group]);
  }
}

BOOST_AUTO_TEST_CASE(classes_weigh_the_same) {
  const Var weights = data::balanced_weights(std::vector<int>{7, 7, 7, -1});
  BOOST_TEST(weights.array<double>() == (Array<double>{1.0 / 6.0, 1.0 / 6.0, 1.0 / 6.0, 0.5}),
             boost::test_tools::per_element());
  BOOST_TEST(data::balanced_weights(Var(std::vector<bool>{true, false, true})).array<double>()(1) == 0.5);
  BOOST_CHECK_THROW(static_cast<void>(data::balanced_weights(1)), xgrad::ShapeError);
  BOOST_CHECK_THROW(static_cast<void>(data::balanced_weights(xgrad::ones({3}))), xgrad::TypeError);
}

BOOST_AUTO_TEST_CASE(splits_that_cannot_be_are_refused) {
  const auto refused = [](std::size_t length, const std::vector<double>& fractions,
                          const data::SplitOptions& options = {}) {
    BOOST_CHECK_THROW(static_cast<void>(data::split_rows(length, fractions, options)), xgrad::ValueError);
  };
  const Var kinds = std::vector<int>{1, 1, 2, 2};
  refused(4, {0.5, 0.4});
  refused(4, {1.5, -0.5});
  refused(4, {1.0, 0.0});
  refused(4, {NAN, 1.0});
  refused(4, {});
  refused(4, {0.99, 0.01});
  refused(0, {1.0});
  refused(1000000, {0.5, 0.5000009, 1e-9});  // more than all, by less than rounding
  refused(4, {0.4, 0.3, 0.3}, {.groups = kinds});
  refused(4, {0.5, 0.5}, {.stratify = kinds, .groups = kinds});
  BOOST_CHECK_THROW(static_cast<void>(data::split(xgrad::arange(5), {0.5, 0.5}, {.stratify = kinds})),
                    xgrad::ShapeError);
  BOOST_CHECK_THROW(static_cast<void>(data::split(xgrad::arange(4), {0.5, 0.5}, {.stratify = kinds * 1.0})),
                    xgrad::TypeError);
  BOOST_CHECK_THROW(static_cast<void>(data::k_folds(4, 1)), xgrad::ValueError);
  BOOST_CHECK_THROW(static_cast<void>(data::k_folds(4, 5)), xgrad::ValueError);
  BOOST_CHECK_THROW(static_cast<void>(data::k_folds(4, 3, {.groups = kinds})), xgrad::ValueError);
  BOOST_CHECK_THROW(static_cast<void>(data::k_folds(5, 3, {.groups = kinds})), xgrad::ShapeError);
}

BOOST_AUTO_TEST_SUITE_END()
