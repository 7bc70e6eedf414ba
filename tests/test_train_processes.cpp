// Training by several processes, which are threads here: the same bits on any number of them, and what is refused.
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <set>
#include <tuple>

#include <boost/test/unit_test.hpp>

#include "comparing.hpp"
#include "shard_models.hpp"
#include "threads_as_processes.hpp"

BOOST_AUTO_TEST_SUITE(test_train_processes)

using namespace shard_models;
using comparing::contains;
using comparing::message_of;
using comparing::same_bits;
using threads_as_processes::in_processes;
using Who = std::shared_ptr<const train::Processes>;

namespace {

template <class T>
void require_all(const threads_as_processes::Of<T>& of, const T& expected, const std::string& what) {
  for (std::size_t rank = 0; rank < of.results.size(); ++rank) {
    BOOST_TEST(of.errors[rank] == "", what << ", process " << rank);
    if (of.errors[rank].empty()) BOOST_TEST(*of.results[rank] == expected, what << ", process " << rank);
  }
}

template <class M>
void check_bits(const M& model, const optim::Optimiser& optimiser, bool by_element) {
  const std::uint64_t alone = sum_of(trained(model, optimiser, 8), true);
  const std::uint64_t without_state = sum_of(trained(model, optimiser, 8), false);
  const M hand = by_hand(model, optimiser, 8, 7);
  for (const std::size_t n : {2U, 3U, 8U}) {
    const std::string what = optimiser.text() + " on " + std::to_string(n);
    const auto of_n = in_processes<std::uint64_t>(n, [&](const Who& who) {
      return sum_of(trained(model, optimiser, {8, who}), true);
    });
    require_all(of_n, alone, what);
    const auto hands = in_processes<bool>(n, [&](const Who& who) {
      return same_bits(by_hand(model, optimiser, {8, who}, 7), hand);
    });
    require_all(hands, true, what + " by hand");
    if (!by_element) continue;
    const auto sliced = in_processes<std::uint64_t>(n, [&](const Who& who) {
      return sum_of(trained(model, optimiser, {8, who, true}), false);
    });
    require_all(sliced, without_state, what + " in slices");
    const auto sliced_hands = in_processes<bool>(n, [&](const Who& who) {
      return same_bits(by_hand(model, optimiser, {8, who, true}, 7), hand);
    });
    require_all(sliced_hands, true, what + " by hand in slices");
  }
}

/// Parameters of one element, in all shapes.
struct Ones {
  Var column, one, block, number;
};
XGRAD_FIELDS(Ones, column, one, block, number)

/// After a few steps.
Ones of_single_elements(const optim::Optimiser& optimiser, const train::Shards& shards) {
  const auto objective = [](const Ones& m, const std::tuple<Var, Var>& batch) {
    const auto& [x, y] = batch;
    return mean(square(matmul(x, m.column) * m.block + m.one - y * m.number));
  };
  auto step = train::step(objective, optimiser, {.shards = shards});
  Ones model{xg::random::normal(Key(1), {5, 1}), xg::random::normal(Key(2), {1}), xg::random::normal(Key(3), {1, 1}),
             xg::random::normal(Key(4), {})};
  optim::State state = step.init(model);
  Var loss;
  for (std::uint64_t i = 0; i < 4; ++i) {
    const Var rows = xg::random::normal(Key(10 + i), {8, 6});
    const auto part = shards.own();
    const auto first = static_cast<std::ptrdiff_t>(8 * part.first / part.of);
    const auto mine = view(rows, xt::range(first, first + static_cast<std::ptrdiff_t>(8 * part.count / part.of)));
    std::tie(model, state, loss) =
        step(std::move(model), std::move(state),
             std::tuple(view(mine, xt::all(), xt::range(0, 5)), view(mine, xt::all(), xt::range(5, 6))));
  }
  return model;
}

}  // namespace

BOOST_AUTO_TEST_CASE(parameters_of_one_element_in_slices) {
  for (const optim::Optimiser& optimiser : {optim::sgd({.rate = 0.1, .momentum = 0.9}), optim::adam(), optim::lion()}) {
    const Ones alone = of_single_elements(optimiser, 4);
    for (const std::size_t n : {2U, 3U}) {
      const auto of_n = in_processes<bool>(n, [&](const Who& who) {
        return same_bits(of_single_elements(optimiser, {4, who, true}), alone);
      });
      require_all(of_n, true, optimiser.text() + " on " + std::to_string(n));
    }
  }
}

BOOST_AUTO_TEST_CASE(bits_of_an_mlp) {
  check_bits(mlp(), optim::adamw({.rate = optim::cosine(1e-2, 20)}), true);
  check_bits(mlp(), optim::chain({optim::clip_by_global_norm(0.5), optim::adam()}), false);
}
BOOST_AUTO_TEST_CASE(bits_of_a_cnn) { check_bits(cnn(), optim::sgd({.rate = 0.05, .momentum = 0.9}), true); }
BOOST_AUTO_TEST_CASE(bits_of_an_lstm) { check_bits(reader(), optim::rmsprop({.rate = 1e-2}), true); }

BOOST_AUTO_TEST_CASE(shards_matter_and_processes_do_not) {
  std::set<std::uint64_t> sums;
  for (const std::size_t shards : {1U, 2U, 4U, 16U}) sums.insert(sum_of(trained(mlp(), optim::adam(), shards), true));
  BOOST_TEST(sums.size() == 4U);
  const std::uint64_t alone = sum_of(trained(mlp(), optim::adam(), 16), true);
  for (const std::size_t n : {1U, 5U, 16U}) {
    const auto of_n = in_processes<std::uint64_t>(n, [&](const Who& who) {
      return sum_of(trained(mlp(), optim::adam(), {16, who}), true);
    });
    require_all(of_n, alone, std::to_string(n));
  }
}

BOOST_AUTO_TEST_CASE(a_part_of_the_state_each) {
  const Mlp model = mlp();
  const auto size_of_state = [](const optim::State& state) {
    double size = 0.0;
    for (const Var& x : xg::tree::arrays(state)) size += static_cast<double>(x.size() * xg::size_of(x.dtype()));
    return size;
  };
  const auto objective = train::supervised(xg::loss::CrossEntropy{});
  const double whole = size_of_state(optim::adam().init(model));
  const auto parts = in_processes<double>(4, [&](const Who& who) {
    return size_of_state(train::step(objective, optim::adam(), {.shards = {8, who, true}}).init(model)) / whole;
  });
  for (const auto& part : parts.results) BOOST_TEST(part.value() <= 0.27);
  // To and fro.
  const auto there = in_processes<bool>(3, [&](const Who& who) {
    const auto step = train::step(objective, optim::adam(), {.shards = {4, who, true}});
    optim::State state = optim::adam().init(model);
    std::vector<Var> arrays;
    for (const Var& x : xg::tree::arrays(state)) {
      arrays.push_back(
          x.dtype() == xg::DType::Int64 ? x : xg::random::normal(Key(arrays.size()), x.shape(), xg::DType::Float32));
    }
    state = xg::tree::with_arrays(state, arrays);
    return same_bits(step.whole_state(step.own_state(state, model), model), state);
  });
  require_all(there, true, "to and fro");
}

BOOST_AUTO_TEST_CASE(optimisers_that_look_at_parameters_together) {
  const Mlp model = mlp();
  const auto objective = train::supervised(xg::loss::CrossEntropy{});
  const auto init = [&](const optim::Optimiser& optimiser) {
    return in_processes<bool>(2, [&](const Who& who) {
      static_cast<void>(train::step(objective, optimiser, {.shards = {4, who, true}}).init(model));
      return true;
    });
  };
  for (const optim::Optimiser& fine : {optim::sgd(), optim::adam(), optim::adamw(), optim::rmsprop(), optim::adagrad(),
                                       optim::lion(), optim::chain({optim::clip_by_value(0.1), optim::adam()})}) {
    require_all(init(fine), true, fine.text());
  }
  for (const optim::Optimiser& refused :
       {optim::lamb(), optim::adafactor(), optim::chain({optim::clip_by_global_norm(1.0), optim::sgd()})}) {
    const auto of_two = init(refused);
    for (const std::string& error : of_two.errors) {
      BOOST_TEST(contains(error, "cannot be kept in slices"), refused.text() << ": " << error);
    }
  }
}

BOOST_AUTO_TEST_CASE(bytes_that_are_sent) {
  // A model whose gradient is long beside all else.
  const Mlp model{nn::linear(Key(1), 12, 4000), nn::linear(Key(2), 4000, 3)};
  double bytes = 0.0;
  for (const Var& x : xg::tree::leaves(model)) bytes += 4.0 * static_cast<double>(x.size());
  for (const std::size_t n : {2U, 4U}) {
    const auto sent = [&](int steps) {
      const auto of_n = in_processes<bool>(n, [&](const Who& who) {
        static_cast<void>(by_hand(model, optim::sgd({.rate = 0.1}), {4, who}, steps));
        return true;
      });
      return static_cast<double>(of_n.bytes_sent);
    };
    const double a_step = (sent(5) - sent(1)) / 4.0;
    const double bound = 2.0 * static_cast<double>(n - 1) / static_cast<double>(n) * bytes;
    BOOST_TEST(a_step < 1.01 * bound);
    BOOST_TEST(a_step > 0.99 * bound);
  }
}

BOOST_AUTO_TEST_CASE(a_run_goes_on_with_other_processes) {
  const std::filesystem::path folder = std::filesystem::temp_directory_path() / "xgrad_test_train_processes";
  const optim::Optimiser adam = optim::adam({.rate = 0.01});
  const std::uint64_t undisturbed = sum_of(trained(mlp(), adam, 8), true);
  const auto run = [&](std::size_t n, std::size_t steps, bool in_slices, std::size_t shards = 8) {
    return in_processes<std::uint64_t>(n, [&](const Who& who) {
      train::Options<Mlp, std::tuple<Var, Var>> options;
      options.steps = steps;
      options.checkpoint = train::CheckpointOptions{.folder = folder, .every_steps = 2};
      return sum_of(trained(mlp(), adam, {shards, who, in_slices}, options), !in_slices);
    });
  };
  for (const bool in_slices : {false, true}) {
    std::filesystem::remove_all(folder);
    require_all(in_processes<bool>(1, [](const Who&) { return true; }), true, "");
    for (const std::string& error : run(2, 3, in_slices).errors) BOOST_TEST(error == "");
    for (const std::string& error : run(4, 6, in_slices).errors) BOOST_TEST(error == "");
    for (const std::string& error : run(2, 7, in_slices, 4).errors) {
      BOOST_TEST(contains(error, "cut into 8 shards, now into 4"), error);
    }
    require_all(run(1, 100, false), undisturbed, in_slices ? "in slices" : "whole");
  }
  std::filesystem::remove_all(folder);
}

BOOST_AUTO_TEST_CASE(callbacks_in_one_process_end_all) {
  const auto of_three = in_processes<std::size_t>(3, [](const Who& who) {
    train::Options<Mlp, std::tuple<Var, Var>> options;
    if (who->rank() == 1) {
      options.on_step = [](const train::Seen<Mlp>& seen) { return seen.now.step < 4; };
    }
    const auto fitted = trained(mlp(), optim::adam(), {8, who}, options);
    return fitted.ended == train::Ended::Stopped ? fitted.history.steps.size() : 0;
  });
  require_all(of_three, std::size_t{4}, "stopped");
}

BOOST_AUTO_TEST_CASE(what_fails_in_one_process_fails_in_all) {
  // A label that is out of range is in the rows of one process.
  const auto failed = in_processes<bool>(2, [](const Who& who) {
    auto [x, y] = rows(Key(7), {8, 12});
    if (who->rank() == 1) y = y + 5;
    const auto step = train::step(train::supervised(xg::loss::CrossEntropy{}), optim::adam(), {.shards = {2, who}});
    try {
      static_cast<void>(step(mlp(), step.init(mlp()), x, y));
    } catch (const xg::ValueError&) {
      return true;
    }
    return false;
  });
  require_all(failed, true, "a wrong label");
  const auto skipped = in_processes<bool>(2, [](const Who& who) {
    auto [x, y] = rows(Key(7), {32, 12});
    if (who->rank() == 1) x = x * std::numeric_limits<double>::quiet_NaN();
    const auto step = train::step(train::supervised(xg::loss::CrossEntropy{}), optim::adam(),
                                  {.shards = {2, who, true}, .keep_finite = true});
    const auto [model, state, loss] = step(mlp(), step.init(mlp()), x, y);
    return same_bits(model, mlp()) && same_bits(state, step.init(mlp())) && !std::isfinite(loss.template item<float>());
  });
  require_all(skipped, true, "not finite");
}

BOOST_AUTO_TEST_CASE(what_processes_must_have_in_common) {
  const auto [x, y] = rows(Key(7), {8, 12});
  const auto errors_of = [&](auto f) { return in_processes<bool>(3, f).errors; };
  const auto step_of = [&, x = x, y = y](const Who& who, Mlp model, const train::Shards& shards, std::size_t n) {
    const auto step = train::step(train::supervised(xg::loss::CrossEntropy{}), optim::adam(), {.shards = shards});
    static_cast<void>(who);
    static_cast<void>(step(model, step.init(model), view(x, xt::range(0, n)), view(y, xt::range(0, n))));
    return true;
  };
  for (const std::string& error : errors_of([&](const Who& who) {
         Mlp model = mlp();
         if (who->rank() == 2) model.out.weight = model.out.weight + 1e-6;
         return step_of(who, model, {3, who}, 4);
       })) {
    BOOST_TEST(contains(error, "process 0 has \"out.weight\" float32 [3, 33]"), error);
    BOOST_TEST(contains(error, "process 2 has \"out.weight\""), error);
  }
  for (const std::string& error : errors_of([&](const Who& who) {
         return step_of(who, mlp(), {who->rank() == 1 ? 6U : 3U, who}, 4);
       })) {
    BOOST_TEST(contains(error, "process 1 has 6 shards"), error);
  }
  for (const std::string& error : errors_of([&](const Who& who) {
         return step_of(who, mlp(), {3, who}, who->rank() == 1 ? 5 : 4);
       })) {
    BOOST_TEST(contains(error, "process 1 has shards of 5 rows"), error);
  }
  for (const std::string& error : errors_of([&](const Who& who) { return step_of(who, mlp(), {6, who}, 5); })) {
    BOOST_TEST(contains(error, "2 shards of a batch with an array [5, 12]"), error);
  }
  for (const std::string& error : errors_of([&](const Who& who) { return step_of(who, mlp(), {2, who}, 4); })) {
    BOOST_TEST(contains(error, "3 processes for 2 shards"), error);
  }
  for (const std::string& error : errors_of([&, x = x, y = y](const Who& who) {
         const auto step =
             train::step(train::supervised(xg::loss::CrossEntropy{}), optim::sam(optim::sgd()), {.shards = {3, who}});
         static_cast<void>(step(mlp(), step.init(mlp()), x, y));
         return true;
       })) {
    BOOST_TEST(contains(error, "the gradient at other parameters"), error);
  }
}

BOOST_AUTO_TEST_SUITE_END()
