// compile(): messages about functions that go on with old values, or are recorded again and again.
#include "comparing.hpp"
#include "messages.hpp"

#include <string>
#include <utility>
#include <vector>

#include <boost/test/unit_test.hpp>
#include <xgrad/xgrad.hpp>

BOOST_AUTO_TEST_SUITE(test_remarks)

namespace xg = xgrad;
using comparing::same;
using comparing::wave;
using xg::Var;

namespace {

struct Remarked {
  Var weight;
  Var offset;
};
XGRAD_FIELDS(Remarked, weight, offset)

struct Settings {
  double rate;
  int steps;
};
XGRAD_FIELDS(Settings, rate, steps)

struct Trained {
  std::vector<Var> weights;
  Settings settings;
};
XGRAD_FIELDS(Trained, weights, settings)

}  // namespace

BOOST_AUTO_TEST_CASE(a_captured_model_that_changes_is_said_once) {
  const Messages messages;
  Remarked model{wave({5}), wave({5}, 1.0)};
  const auto loss = xg::compile([&](const Var& x) { return sum(square(x * model.weight + model.offset)); });
  const Var x = wave({5}, 2.0);
  for (int i = 0; i < 3; ++i) (void)loss(x);
  BOOST_TEST(messages.texts.size() == 0U);
  const Var first = loss(x);
  for (int i = 0; i < 3; ++i) {
    model.weight = model.weight - 0.1 * x;
    BOOST_TEST(same(loss(x), first));  // as it was recorded
  }
  BOOST_TEST(messages.one_has("captured"));
  (void)loss(wave({5}, 3.0));
  BOOST_TEST(messages.texts.size() == 1U);
}

BOOST_AUTO_TEST_CASE(captures_of_several_recordings) {
  const Messages messages;
  Var w = wave({});
  const auto loss = xg::compile([&](const Var& x) { return sum(x * w); });
  const auto other = xg::compile([&](const Var& x) { return sum(x + w); });
  (void)loss(wave({5}));
  (void)loss(wave({1}));
  (void)other(wave({5}));
  (void)loss(wave({5}));
  BOOST_TEST(messages.texts.size() == 0U);
  w = w * 2.0;
  (void)loss(wave({5}));
  BOOST_TEST(messages.one_has("captured"));
}

BOOST_AUTO_TEST_CASE(captures_that_stay_are_not_remarked) {
  const Messages messages;
  const Var x = wave({5}, 2.0);
  const auto by_value = [&] {
    const Var kept = wave({5});
    return xg::compile([kept](const Var& y) { return y * kept + kept; });
  }();
  // Made while it is recorded: the recording alone holds it, from the start.
  const auto inside = xg::compile([](const Var& y) { return y * wave({5}) + Var(xt::xarray<double>{2.0}); });
  Var kept = wave({5}, 3.0);
  const Var copy = kept;
  const auto copied = xg::compile([&](const Var& y) { return std::pair{y * kept, kept}; });
  for (int i = 0; i < 3; ++i) {
    (void)by_value(x);
    (void)inside(x);
    (void)copied(x);
  }
  kept = wave({5}, 4.0);  // cannot be seen: somebody holds a copy
  BOOST_TEST(same(copied(x).first, x * copy));
  BOOST_TEST(messages.texts.size() == 0U);
}

BOOST_AUTO_TEST_CASE(a_number_member_that_changes_at_every_step_is_named) {
  const Messages messages;
  const auto step = xg::compile([](const Trained& t, const Var& x) {
    Trained next = t;
    for (Var& w : next.weights) w = w - t.settings.rate * x;
    return next;
  });
  const Var x = wave({4});
  Trained t{{wave({4}), wave({4}, 1.0)}, {1.0, 3}};
  for (int i = 0; i < 7; ++i) {
    t.settings.rate *= 0.9;
    t = step(std::move(t), x);
  }
  BOOST_TEST(messages.texts.size() == 0U);
  for (int i = 0; i < 20; ++i) {
    t.settings.rate *= 0.9;
    t = step(std::move(t), x);
  }
  BOOST_TEST(messages.one_has("argument 0.settings.rate differs"));
}

BOOST_AUTO_TEST_CASE(a_number_that_changes_now_and_then_is_fine) {
  const Messages messages;
  const auto step = xg::compile([](const Trained& t) { return t.weights[0] * t.settings.rate; });
  Trained t{{wave({4})}, {1.0, 3}};
  for (int epoch = 0; epoch < 30; ++epoch) {
    t.settings.rate *= 0.9;
    for (int i = 0; i < 3; ++i) (void)step(t);
  }
  BOOST_TEST(messages.texts.size() == 0U);
}

BOOST_AUTO_TEST_CASE(a_shape_that_changes_at_every_call_is_named) {
  const Messages messages;
  const auto total =
      xg::compile([](const Remarked& m, const std::vector<Var>& x) { return sum(m.weight) * sum(x[1]); });
  const Remarked m{wave({4}), 1.0};
  for (std::size_t n = 1; n < 20; ++n) (void)total(m, std::vector<Var>{m.weight, wave({n, 2})});
  BOOST_TEST(messages.one_has("argument 1.1 has another shape"));
}

// A call of every other shape is recorded, all others are not.
BOOST_AUTO_TEST_CASE(a_handful_of_shapes_is_fine) {
  const Messages messages;
  const auto total = xg::compile([](const Var& x) { return sum(x * x); });
  for (int round = 0; round < 10; ++round) {
    for (std::size_t n = 1; n < 8; ++n) (void)total(wave({n}));
  }
  BOOST_TEST(messages.texts.size() == 0U);
}

BOOST_AUTO_TEST_SUITE_END()
