// Steps in shards: the tree along which they are added, what becomes of states and keys, and who has which.
#include <cmath>
#include <cstdint>
#include <numeric>
#include <tuple>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "train_models.hpp"

BOOST_AUTO_TEST_SUITE(test_train_shards)

using namespace train_models;
namespace data = xgrad::data;

namespace {

/// The sum of numbers along the tree that the documentation describes.
float along_tree(const std::vector<float>& x, std::size_t first, std::size_t last) {
  if (last - first == 1) return x[first];
  std::size_t left = 1;
  while (2 * left < last - first) left *= 2;
  return along_tree(x, first, first + left) + along_tree(x, first + left, last);
}

Points shifted(double by) {
  Points all = points();
  return {all.x + by, all.y};
}

/// A step of gradient descent of rate 1 from 0, whose parameter is minus the gradient then.
template <class F, class... A>
Number descended(const F& objective, const train::Shards& shards, const A&... batch) {
  const optim::Optimiser sgd = optim::sgd({.rate = 1.0});
  const Number at{xg::zeros({}, xg::DType::Float32)};
  return std::get<0>(train::step(objective, sgd, {.shards = shards})(at, sgd.init(at), batch...));
}

}  // namespace

BOOST_AUTO_TEST_CASE(sums_go_along_the_tree) {
  const auto slope = [](const Number& m, const Var& x) { return m.w * sum(x); };
  for (const std::size_t n : {2U, 3U, 5U, 6U, 7U, 8U, 11U, 16U}) {
    std::vector<float> values;
    for (std::size_t i = 0; i < n; ++i)
      values.push_back(static_cast<float>(std::exp(std::sin(40.0 * (1.0 + static_cast<double>(i))) * 9.0)));
    const float sum = along_tree(values, 0, n);
    const float found = -descended(slope, n, Var(values)).w.item<float>();
    BOOST_TEST(found == sum / static_cast<float>(n), "of " << n << " shards");
  }
}

BOOST_AUTO_TEST_CASE(who_has_which) {
  using train::shards_of;
  BOOST_CHECK((shards_of(16, 3, 0) == data::Part{0, 8, 16}));
  BOOST_CHECK((shards_of(16, 3, 1) == data::Part{8, 4, 16}));
  BOOST_CHECK((shards_of(16, 3, 2) == data::Part{12, 4, 16}));
  BOOST_CHECK((shards_of(6, 3, 0) == data::Part{0, 2, 6}));
  BOOST_CHECK((shards_of(1, 1, 0) == data::Part{0, 1, 1}));
  for (const std::size_t shards : {1U, 5U, 16U, 24U}) {
    for (std::size_t processes = 1; processes <= shards; ++processes) {
      std::size_t next = 0;
      for (std::size_t rank = 0; rank < processes; ++rank) {
        const data::Part part = shards_of(shards, processes, rank);
        BOOST_TEST(part.first == next);
        BOOST_TEST(part.count >= 1U);
        next += part.count;
      }
      BOOST_TEST(next == shards);
    }
  }
  const std::string text = message_of<xg::ValueError>([] { static_cast<void>(shards_of(2, 3, 0)); });
  BOOST_TEST(contains(text, "3 processes for 2 shards"), text);
  BOOST_CHECK_THROW(static_cast<void>(shards_of(0, 1, 0)), xg::ValueError);
  BOOST_CHECK_THROW(static_cast<void>(shards_of(4, 2, 2)), xg::ValueError);
}

BOOST_AUTO_TEST_CASE(states_are_averaged) {
  const Points all = shifted(1.0);
  const Tracking first{first_line(), 0.5 * xg::ones({})};
  const auto one = train::step(tracking_error(), adam, {.shards = 4})(first, adam.init(first), all, Key(0));
  double mean_of_means = 0.0;
  for (std::size_t i = 0; i < 4; ++i) {
    mean_of_means += mean(view(all.x, xt::range(12 * i, 12 * (i + 1)))).template item<double>() / 4.0;
  }
  BOOST_TEST(std::get<0>(one).seen.item<double>() == 0.45 + 0.1 * mean_of_means, boost::test_tools::tolerance(1e-12));

  // One that an objective hands on as it is stays what it is, which a mean of three need not be.
  const auto handed_on = [](const Tracking& net, const Points& batch, const nn::Training&) {
    return std::pair(squared_error(net.line, batch), net);
  };
  const Tracking at{first_line(), Var(0.1) * xg::ones({})};
  const auto next = train::step(handed_on, adam, {.shards = 3})(at, adam.init(at), all, Key(0));
  BOOST_TEST(same_bits(std::get<0>(next).seen, at.seen));
}

namespace {

struct Counting {
  Var w, count, key;
};
XGRAD_FIELDS(Counting, w, state(count), state(key))

}  // namespace

BOOST_AUTO_TEST_CASE(other_states_must_be_alike) {
  const Counting first{xg::zeros({}), Var(std::vector<std::int64_t>{3}), Key(4).bits};
  const auto counted = [](Counting m, const Var& x, const nn::Training&) {
    m.count = m.count + 1;
    m.key = Key::from_bits(m.key).fold_in(0).bits;
    return std::pair(mean(square(m.w - x)), m);
  };
  const Var x = xg::linspace(0.0, 1.0, 12);
  const auto next = std::get<0>(train::step(counted, adam, {.shards = 4})(first, adam.init(first), x, Key(0)));
  BOOST_TEST(next.count.array<std::int64_t>()(0) == 4);
  BOOST_TEST(same_bits(next.key, Key(4).fold_in(0).bits));
  const auto by_values = [](Counting m, const Var& y, const nn::Training&) {
    m.count = m.count + cast(y > 0.5, xg::DType::Int64).shape(0) + sum(cast(y > 0.5, xg::DType::Int64));
    return std::pair(mean(square(m.w - y)), m);
  };
  const std::string text = message_of<xg::ValueError>(
      [&] { train::step(by_values, adam, {.shards = 4})(first, adam.init(first), x, Key(0)); });
  BOOST_TEST(contains(text, "\"count\""), text);
}

BOOST_AUTO_TEST_CASE(keys_depend_on_batch_and_shard) {
  const auto drawn = [](const Number& m, const Var& x, const nn::Training& training) {
    return m.w * sum(xg::random::uniform(training.key, {1}, xg::DType::Float32)) + 0.0 * sum(x);
  };
  const Key key(5);
  std::vector<float> of_shards;
  for (std::int64_t i = 0; i < 4; ++i) {
    of_shards.push_back(xg::random::uniform(key.fold_in(i), {1}, xg::DType::Float32).array<float>()(0));
  }
  const float found = -descended(drawn, 4, xg::zeros({8}, xg::DType::Float32), key).w.item<float>();
  BOOST_TEST(found == along_tree(of_shards, 0, 4) / 4.0F);
}

BOOST_AUTO_TEST_CASE(the_gradient_elsewhere_is_of_all_shards) {
  const Points all = points();
  const optim::Optimiser sam = optim::sam(optim::sgd({.rate = 0.1}));
  const Line at{xg::ones({}), xg::zeros({})};
  const auto whole = train::step(squared_error, sam)(at, sam.init(at), all);
  const auto parts = train::step(squared_error, sam, {.shards = 6})(at, sam.init(at), all);
  BOOST_TEST(distance(std::get<0>(whole), std::get<0>(parts)) < 1e-14);
}

BOOST_AUTO_TEST_CASE(within_other_transforms) {
  const Points all = points();
  const auto sharded = train::step(squared_error, adam, {.shards = 4});
  const Line at{xg::ones({}), xg::zeros({})};
  const auto last = [&](const auto& step) {
    return [&](const Line& m) { return std::get<2>(step(std::get<0>(step(m, adam.init(m), all)), adam.init(m), all)); };
  };
  const Line whole = xg::grad(last(train::step(squared_error, adam)))(at);
  const Line parts = xg::grad(last(sharded))(at);
  BOOST_TEST(distance(whole, parts) < 1e-12);
}

BOOST_AUTO_TEST_CASE(parts_of_batches_are_read_alone) {
  const Var x = xg::arange(40);
  const auto key = Key(1);
  const auto whole = data::batches(x, {.size = 12, .shuffle = key, .last = data::Last::Drop});
  for (std::size_t rank = 0; rank < 3; ++rank) {
    const data::BatchOptions options{
        .size = 12, .shuffle = key, .last = data::Last::Drop, .part = train::shards_of(4, 3, rank)};
    const auto part = data::batches(x, options);
    BOOST_TEST(part.per_epoch() == whole.per_epoch());
    for (std::size_t i = 0; i < whole.per_epoch(); ++i) {
      const auto [first, count, of] = options.part;
      const Var expected = view(whole.at(2, i), xt::range(3 * first, 3 * (first + count)));
      BOOST_TEST(same_bits(part.at(2, i), expected));
      BOOST_TEST(part.count(2, i) == 12U);
    }
  }
  // Zeros fill up the last one.
  const auto padded = data::batches(x, {.size = 16, .last = data::Last::Pad, .part = {1, 1, 2}});
  BOOST_TEST(same_bits(padded.at(0, 2), xg::zeros({8}, xg::DType::Int64)));
  const auto half = data::batches(x, {.size = 16, .last = data::Last::Pad, .part = {0, 3, 4}});
  BOOST_TEST(half.at(0, 2).shape(0) == 12U);
  BOOST_TEST(half.at(0, 2).array<std::int64_t>()(7) == 39);
  BOOST_CHECK_THROW(static_cast<void>(data::batches(x, {.size = 16, .part = {0, 1, 3}}).at(0, 0)), xg::ValueError);
  BOOST_CHECK_THROW(static_cast<void>(data::batches(x, {.part = {2, 2, 3}})), xg::ValueError);
  BOOST_CHECK_THROW(static_cast<void>(data::batches(x, {.part = {0, 0, 3}})), xg::ValueError);
}

BOOST_AUTO_TEST_SUITE_END()
