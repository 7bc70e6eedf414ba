// Losses, optimisers and schedules of users beside those of the library; several threads at once.
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <atomic>
#include <clocale>
#include <memory>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include <xgrad/loss.hpp>
#include <xgrad/loss/add.hpp>
#include <xgrad/optim.hpp>
#include <xgrad/optim/add.hpp>
#include <xgrad/xgrad.hpp>

#include "refusals.hpp"

namespace registry_of_users {

namespace xg = xgrad;
namespace loss = xgrad::loss;
namespace optim = xgrad::optim;
using refusals::check_refused;
using xg::TypeError, xg::ValueError, xg::Var;

struct CappedSquare {
  static constexpr std::string_view name = "CappedSquare";
  double most = 1.0;
  Var weight = {};
  Var operator()(const Var& p, const Var& t) const {
    const Var value = minimum(square(p - t), most);
    return weight.defined() ? weight * value : value;
  }
};
XGRAD_FIELDS(CappedSquare, most, weight)

struct HeavyBall {
  optim::Setting rate = 0.1;
  double friction = 0.9;
};
XGRAD_FIELDS(HeavyBall, rate, friction)

optim::Optimiser heavy_ball(const HeavyBall& s) {
  const double friction = s.friction;
  return optim::chain({optim::Transformation(
                           "heavy_ball", [](optim::Slots& slots) { slots.like("velocity"); },
                           [friction](optim::Step& step) {
                             const std::span<Var> velocity = step.slot();
                             for (std::size_t i = 0; i < step.size(); ++i) {
                               velocity[i] = friction * velocity[i] + step.updates[i];
                               step.updates[i] = velocity[i];
                             }
                           }),
                       optim::descend(s.rate)});
}

struct Wave {
  double height = 1.0;
};
XGRAD_FIELDS(Wave, height)

bool contains(const std::vector<std::string>& names, const std::string& name) {
  return std::ranges::find(names, name) != names.end();
}

template <class T>
std::string text(const T& x) {
  std::ostringstream out;
  out << x;
  return out.str();
}

/// What is added in a test must not stay for the others.
struct Scope {
  explicit Scope(std::function<void()> f) : end(std::move(f)) {}
  Scope(const Scope&) = delete;
  Scope& operator=(const Scope&) = delete;
  ~Scope() { end(); }
  std::function<void()> end;
};

BOOST_AUTO_TEST_SUITE(test_registry)

BOOST_AUTO_TEST_CASE(losses_of_users) {
  const Var p = std::vector<double>{0.0, 1.0, 5.0};
  const Var t = std::vector<double>{0.5, 1.0, 1.0};
  {
    loss::add<CappedSquare>();
    const Scope end([] { loss::remove("capped_square"); });
    BOOST_TEST(contains(loss::names(), "capped_square"));
    BOOST_TEST((loss::settings_of("CappedSquare") == std::vector<std::string>{"most", "weight"}));
    const loss::AnyLoss capped = loss::by_name("capped_square", {{"most", 4.0}});
    BOOST_TEST(text(capped) == "CappedSquare{most = 4, weight = none}");
    BOOST_TEST(capped(p, t).array<double>()(2) == 4.0);
    const Var weight = std::vector<double>{1.0, 2.0, 3.0};
    BOOST_TEST(loss::by_name("CappedSquare", {{"weight", weight}})(p, t).array<double>()(2) == 3.0);
    const Var slope = xg::grad([&](const Var& x) { return sum(capped(x, t)); })(p);
    BOOST_TEST(slope.array<double>()(0) == -1.0);
    check_refused<ValueError>([] { return loss::by_name("capped_sqare"); },
                              {"by_name: there is no loss", "the nearest is \"capped_square\""});
    check_refused<ValueError>(
        [&] {
          return loss::by_name("capped_square", {{"mots", 1.0}});
        },
        {"by_name: capped_square has no setting \"mots\"; the nearest is \"most\". It has most, weight"});
    check_refused<TypeError>(
        [&] {
          return loss::by_name("capped_square", {{"most", "much"}});
        },
        {"by_name: capped_square: most is the text \"much\"; it must be a number"});
    check_refused<ValueError>([&] { return capped(p); }, {"CappedSquare: called with 1 array; it takes 2"});
    check_refused<ValueError>(
        [] { return (loss::add<CappedSquare>(), 0); },
        {"add: the name \"capped_square\" is taken by the loss \"capped_square\"; it must be another one"});
  }
  BOOST_TEST(!contains(loss::names(), "capped_square"));
  check_refused<ValueError>([] { return loss::by_name("capped_square"); }, {"by_name: there is no loss"});
  check_refused<ValueError>([] { return (loss::remove("capped_square"), 0); }, {"remove: there is no loss"});
}

BOOST_AUTO_TEST_CASE(functions_as_losses) {
  loss::add("absolute", [](const Var& p, const Var& t) { return abs(p - t); });
  const Scope end([] { loss::remove("absolute"); });
  BOOST_TEST(loss::by_name("Absolute")(Var(1.0), Var(3.0)).item<double>() == 2.0);
  BOOST_TEST(text(loss::by_name("absolute")) == "absolute");
  check_refused<ValueError>(
      [] {
        return loss::by_name("absolute", {{"x", 1.0}});
      },
      {"by_name: absolute has no setting \"x\"; it has none"});
  const auto lambda = [](const Var& p, const Var& t) { return p - t; };
  check_refused<ValueError>([&] { return (loss::add("Smooth_L1", lambda), 0); },
                            {"add: the name \"Smooth_L1\" is taken by the loss \"smooth_l1\" of the catalogue"});
  check_refused<ValueError>([&] { return (loss::add("no name", lambda), 0); },
                            {"add: \"no name\" is no name: it must be"});
  check_refused<ValueError>([&] { return (loss::add("", lambda), 0); }, {"add: \"\" is no name: it must be"});
  check_refused<ValueError>([&] { return (loss::add("_", lambda), 0); }, {"add: \"_\" is no name: it must be"});
  check_refused<ValueError>([] { return (loss::remove("huber"), 0); },
                            {"remove: the loss \"huber\" is of the catalogue, and stays"});
}

BOOST_AUTO_TEST_CASE(destructors_of_losses_may_ask) {
  static std::size_t seen = 0;
  const auto asks = [] {
    return std::shared_ptr<int>(new int(0), [](const int* held) {
      delete held;  // NOLINT(cppcoreguidelines-owning-memory)
      seen = loss::names().size();
    });
  };
  loss::add("asking", [held = asks()](const Var& p, const Var& t) { return *held + p - t; });
  loss::remove("asking");
  BOOST_TEST(seen == loss::names().size());
  seen = 0;
  check_refused<ValueError>(
      [&] {
        loss::add("huber", [held = asks()](const Var& p, const Var& t) { return *held + p - t; });
        return 0;
      },
      {"add: the name \"huber\" is taken"});
  BOOST_TEST(seen == loss::names().size());
}

// In a Turkish one, where it is installed, "I" is no capital of "i".
BOOST_AUTO_TEST_CASE(names_do_not_depend_on_the_locale) {
  const std::string before = std::setlocale(LC_CTYPE, nullptr);
  const Scope end([&before] { std::setlocale(LC_CTYPE, before.c_str()); });
  for (const char* locale : {"C", "tr_TR.UTF-8", "tr_TR.ISO-8859-9"}) {
    if (std::setlocale(LC_CTYPE, locale) == nullptr) continue;
    BOOST_TEST(text(loss::by_name("KLDIVERGENCE")) == text(loss::by_name("kl_divergence")));
    check_refused<ValueError>(
        [] { return (loss::add("caf\xe9", [](const Var& p, const Var& t) { return p - t; }), 0); },
        {"add: \"caf", "is no name"});
  }
}

BOOST_AUTO_TEST_CASE(optimisers_of_users) {
  {
    optim::add<HeavyBall>("heavy_ball", heavy_ball);
    const Scope end([] { optim::remove("HeavyBall"); });
    BOOST_TEST(contains(optim::names(), "heavy_ball"));
    BOOST_TEST((optim::settings_of("heavy_ball") == std::vector<std::string>{"rate", "friction"}));
    const optim::Optimiser ball = optim::by_name("HeavyBall", {{"rate", optim::constant(0.5)}, {"friction", 0}});
    BOOST_TEST(text(ball).find("heavy_ball") != std::string::npos);
    const Var x = 1.0;
    BOOST_TEST(ball.update(Var(3.0), ball.init(x), x).updates.item<double>() == -1.5);
    const optim::Optimiser inside = optim::by_name("accumulate", {{"k", 2}, {"inner", "heavy_ball"}});
    BOOST_TEST(inside.update(Var(3.0), inside.init(x), x).updates.item<double>() == 0.0);
    check_refused<ValueError>([] { return (optim::add<HeavyBall>("Heavy_Ball", heavy_ball), 0); },
                              {"add: the name \"Heavy_Ball\" is taken by the optimiser \"heavy_ball\"; it"});
    check_refused<TypeError>(
        [] {
          return optim::by_name("heavy_ball", {{"friction", optim::constant(1.0)}});
        },
        {"by_name: heavy_ball: friction is an object of another type; it must be a number"});
  }
  BOOST_TEST(!contains(optim::names(), "heavy_ball"));
  optim::add("plain", [] { return optim::sgd(); });
  const Scope end([] { optim::remove("plain"); });
  BOOST_TEST(text(optim::by_name("plain")) == text(optim::sgd()));
  check_refused<ValueError>([] { return optim::by_name("plain", {{"rate", 1.0}}); }, {"by_name: plain has no setting"});
  check_refused<ValueError>([] { return (optim::add("adam", [] { return optim::sgd(); }), 0); },
                            {"add: the name \"adam\" is taken by the optimiser \"adam\" of the catalogue"});
}

BOOST_AUTO_TEST_CASE(schedules_of_users) {
  optim::add_schedule<Wave>("wave", [](const Wave& s) {
    const double height = s.height;
    return optim::Schedule([height](const Var& t) { return height * sin(t); }, "wave");
  });
  const Scope end([] { optim::remove_schedule("wave"); });
  BOOST_TEST(contains(optim::schedule_names(), "wave"));
  BOOST_TEST(optim::schedule_by_name("wave", {{"height", 2}})(Var(0.5)).item<double>() == 2.0 * std::sin(0.5));
  check_refused<ValueError>([] { return optim::schedule_by_name("wavy"); },
                            {"by_name: there is no schedule", "the nearest is \"wave\""});
}

// For the sanitizer of threads, too.
BOOST_AUTO_TEST_CASE(several_threads) {
  std::atomic<int> failures = 0;
  const auto work = [&](int thread) {
    const std::string name = "of_thread_" + std::to_string(thread);
    for (int i = 0; i < 50; ++i) {
      try {
        optim::add<HeavyBall>(name, heavy_ball);
        loss::add(name, [](const Var& p, const Var& t) { return p - t; });
        const bool there = contains(optim::names(), name) && contains(loss::names(), name);
        const bool works = optim::by_name(name, {{"rate", 0.5}})
                                   .update(Var(1.0), optim::by_name(name).init(Var(1.0)), Var(1.0))
                                   .updates.item<double>() == -0.5 &&
                           loss::by_name(name)(Var(3.0), Var(1.0)).item<double>() == 2.0;
        const bool others = !optim::by_name("adam").text().empty() && !loss::by_name("huber").text().empty();
        if (!there || !works || !others) ++failures;
        optim::remove(name);
        loss::remove(name);
      } catch (const xg::Error&) {
        ++failures;
      }
    }
  };
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 4; ++thread) threads.emplace_back(work, thread);
  for (std::thread& each : threads) each.join();
  BOOST_TEST(failures == 0);
}

// Of threads that add the same name at once one succeeds.
BOOST_AUTO_TEST_CASE(one_wins) {
  std::atomic<int> added = 0;
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&] {
      try {
        loss::add("contested", [](const Var& p, const Var& t) { return p - t; });
        ++added;
      } catch (const ValueError&) {  // another one was first
      }
    });
  }
  for (std::thread& each : threads) each.join();
  loss::remove("contested");
  BOOST_TEST(added == 1);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace registry_of_users
