// Optimisers and schedules by their names.
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <limits>
#include <regex>
#include <set>

#include "optim_rows.hpp"
#include "refusals.hpp"

BOOST_AUTO_TEST_SUITE(test_optim_names)

using namespace optim_rows;
using refusals::check_refused;
using xg::TypeError, xg::ValueError;

namespace {

struct Foreign {};

/// What has no default, so that everything can be made.
optim::Settings needed(const std::vector<std::string>& settings) {
  optim::Settings result;
  for (const std::string& each : settings) {
    if (each == "inner") result.emplace(each, "sgd");
    if (each == "which") result.emplace(each, "weight");
    if (each == "bound" || each == "factor" || each == "decay" || each == "rate") result.emplace(each, 0.5);
    if (each == "k") result.emplace(each, 2);
  }
  return result;
}
optim::Settings needed_by_schedule(const std::vector<std::string>& settings) {
  optim::Settings result;
  for (const std::string& each : settings) {
    const bool number = each == "value" || each == "start" || each == "end" || each == "factor" || each == "peak" ||
                        each == "low" || each == "high" || each == "power" || each == "rate";
    if (number) result.emplace(each, 0.5);
    if (each == "steps" || each == "every" || each == "up") result.emplace(each, 10);
    if (each == "boundaries") result.emplace(each, Var(xt::xarray<int>{5}));
    if (each == "values") result.emplace(each, std::vector<double>{1.0, 0.5});
    if (each == "schedules") {
      result.emplace(each, std::vector<optim::Schedule>{optim::constant(1.0), optim::constant(0.5)});
    }
  }
  return result;
}

/// Each setting takes something: what is of no type at all is refused in its name.
template <class Make>
void check_settings(const std::string& name, const std::vector<std::string>& settings, Make make) {
  for (const std::string& each : settings) {
    check_refused<TypeError>(
        [&] {
          return make(name, optim::Settings{{each, Foreign()}});
        },
        {"by_name: " + name + ": " + each + " is an object of another type"});
  }
}

/// The functions of the headers that give what has a name.
std::set<std::string> declared(const std::filesystem::path& source, const std::string& type) {
  std::set<std::string> result;
  const std::regex declaration("^\\[\\[nodiscard\\]\\] (" + type + ") ([a-z0-9_]+)\\(");
  for (const auto& header : std::filesystem::directory_iterator(source / "include/xgrad/optim")) {
    std::ifstream file(header.path());
    for (std::string line; std::getline(file, line);) {
      std::smatch found;
      if (std::regex_search(line, found, declaration)) result.insert(found[2]);
    }
  }
  return result;
}

std::set<std::string> set_of(const std::vector<std::string>& names) { return {names.begin(), names.end()}; }

}  // namespace

BOOST_AUTO_TEST_CASE(all_can_be_made) {
  const std::vector<std::string> names = optim::names();
  BOOST_TEST(std::is_sorted(names.begin(), names.end()));
  for (const std::string& name : names) {
    BOOST_TEST_CONTEXT(name) {
      const std::vector<std::string> settings = optim::settings_of(name);
      const optim::Optimiser optimiser = optim::by_name(name, needed(settings));
      BOOST_TEST(optimiser.text().starts_with(name), "its text is " << optimiser.text());
      const Model model = first_model();
      if (name != "kfac") BOOST_TEST(!xg::tree::arrays(std::pair{model, optimiser.init(model)}).empty());
      check_settings(name, settings, [](const auto& n, const auto& s) { return optim::by_name(n, s); });
    }
  }
  for (const std::string& name : optim::schedule_names()) {
    BOOST_TEST_CONTEXT(name) {
      const std::vector<std::string> settings = optim::schedule_settings_of(name);
      const optim::Schedule schedule = optim::schedule_by_name(name, needed_by_schedule(settings));
      BOOST_TEST(schedule.text().starts_with(name), "its text is " << schedule.text());
      BOOST_TEST((schedule(xg::arange(12.0)).shape() == xg::Shape{12}));
      check_settings(name, settings, [](const auto& n, const auto& s) { return optim::schedule_by_name(n, s); });
    }
  }
}

// CTest says where the headers are.
BOOST_AUTO_TEST_CASE(none_is_forgotten) {
  const char* source = std::getenv("XGRAD_SOURCE");
  if (source == nullptr) {
    BOOST_TEST_MESSAGE("not checked: XGRAD_SOURCE does not say where the headers are");
    return;
  }
  std::set<std::string> functions = declared(source, "Optimiser|Transformation");
  for (const char* of_lists : {"chain", "partition", "inject", "by_name"}) BOOST_TEST(functions.erase(of_lists) == 1U);
  BOOST_TEST(functions == set_of(optim::names()), boost::test_tools::per_element());
  std::set<std::string> schedules = declared(source, "Schedule");
  BOOST_TEST(schedules.erase("schedule_by_name") == 1U);
  BOOST_TEST(schedules == set_of(optim::schedule_names()), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(the_same_as_the_function) {
  const auto same = [](const optim::Optimiser& a, const optim::Optimiser& b) {
    BOOST_TEST(a.text() == b.text());
    const Training x = steps_of(a, {first_model(), a.init(first_model())}, 5);
    const Training y = steps_of(b, {first_model(), b.init(first_model())}, 5);
    BOOST_TEST(same_bits<double>(xg::tree::arrays(x), xg::tree::arrays(y)), a.text());
  };
  same(optim::by_name("adamw", {{"rate", 1e-2}, {"decay", 0.1}, {"decayed", "weight"}}),
       optim::adamw({.rate = 1e-2, .decay = 0.1, .decayed = "weight"}));
  same(optim::by_name("AdamW"), optim::adamw());
  BOOST_TEST(optim::adamw({.decayed = "*weight"}).text().ends_with("decay 0.01, decayed \"*weight\")"));
  BOOST_TEST(optim::adamw().text().ends_with("decay 0.01)"));
  same(optim::by_name("sgd", {{"momentum", 0.5}, {"nesterov", true}, {"rate", optim::linear(0.1, 0.0, 4)}}),
       optim::sgd({.rate = optim::linear(0.1, 0.0, 4), .momentum = 0.5, .nesterov = true}));
  same(optim::by_name("sgd", {{"rate", Var(xt::xarray<double>(0.25))}}),
       optim::sgd({.rate = Var(xt::xarray<double>(0.25))}));
  same(optim::by_name("noisy_sgd", {{"key", 7}}), optim::noisy_sgd({.key = xg::random::Key(7)}));
  same(optim::by_name("noisy_sgd", {{"key", xg::random::Key(8)}}), optim::noisy_sgd({.key = xg::random::Key(8)}));
  same(optim::by_name("shampoo", {{"every", 2}}), optim::shampoo({.every = 2}));
  same(optim::by_name("muon", {{"others", optim::Settings{{"rate", 0.1}}}, {"which", "weight"}}),
       optim::muon({.which = "weight", .others = {.rate = 0.1, .beta1 = 0.9, .beta2 = 0.95, .decay = 0.0}}));
  same(optim::by_name("mechanize", {{"inner", "adam"}, {"betas", std::vector<double>{0.9, 0.99}}}),
       optim::mechanize(optim::adam(), {.betas = {0.9, 0.99}}));
  same(optim::by_name("lookahead", {{"inner", optim::adam({.rate = 0.1})}, {"every", 2}}),
       optim::lookahead(optim::adam({.rate = 0.1}), {.every = 2}));
  same(optim::by_name("adafactor", {{"rate", 0.1}}), optim::adafactor({.rate = 0.1}));
  same(optim::by_name("sign_sgd"), optim::sign_sgd());
  same(optim::by_name("fromage"), optim::fromage());
  same(optim::by_name("masked", {{"which", optim::Selector("bias")}, {"inner", "frozen"}}),
       optim::masked("bias", optim::frozen()));
}

BOOST_AUTO_TEST_CASE(the_same_as_the_function_of_schedules) {
  const Var t = xg::arange(30.0);
  const auto same = [&](const optim::Schedule& a, const optim::Schedule& b) {
    BOOST_TEST(a.text() == b.text());
    BOOST_TEST(same_bits<double>({a(t)}, {b(t)}), a.text());
  };
  same(optim::schedule_by_name("cosine", {{"peak", 1e-3}, {"steps", 20}, {"warmup", 5}, {"end", 1e-5}}),
       optim::cosine(1e-3, 20, {.end = 1e-5, .warmup = 5}));
  same(optim::schedule_by_name("Cyclic", {{"low", 0.1}, {"high", 1}, {"up", 4}, {"form", "triangular2"}}),
       optim::cyclic(0.1, 1.0, 4, {.form = optim::Cycle::triangular2}));
  same(optim::schedule_by_name(
           "piecewise", {{"boundaries", Var(xt::xarray<int>{3, 8})}, {"values", std::vector<double>{1.0, 0.5, 0.1}}}),
       optim::piecewise({3, 8}, {1.0, 0.5, 0.1}));
  same(optim::schedule_by_name("exponential", {{"start", 2.0}, {"steps", 3}, {"stairs", true}}),
       optim::exponential(2.0, {.steps = 3, .stairs = true}));
}

// Numbers that no setting may be, and those that most may not, are refused when an optimiser is made, whichever it is:
// by its name, that of the setting, and a rule with its source.
BOOST_AUTO_TEST_CASE(settings_out_of_range) {
  constexpr double nan = std::numeric_limits<double>::quiet_NaN();
  const std::set<std::string> below_zero{"nu1", "lowest", "factor"};  // may be negative
  std::size_t count = 0;
  for (const std::string& name : optim::names()) {
    const std::vector<std::string> settings = optim::settings_of(name);
    for (const std::string& setting : settings) {
      for (const double bad : {nan, std::numeric_limits<double>::infinity(), -1.0}) {
        if (bad == -1.0 && below_zero.contains(setting)) continue;
        optim::Settings given = needed(settings);
        given.insert_or_assign(setting, bad);
        std::string message;
        try {
          (void)optim::by_name(name, given);
        } catch (const TypeError& error) {  // no number at all
          message = error.what();
        } catch (const ValueError& error) {
          message = error.what();
          ++count;
          BOOST_TEST(message.find(" (") != std::string::npos, message << ": no source");
        }
        BOOST_TEST(!message.empty(), name << " takes " << bad << " for " << setting);
        BOOST_TEST(message.find(setting) != std::string::npos, message << ": it does not name " << setting);
      }
    }
  }
  BOOST_TEST(count > 500U);
}

BOOST_AUTO_TEST_CASE(what_is_refused) {
  check_refused<ValueError>([] { return optim::by_name("adma"); },
                            {"by_name: there is no optimiser \"adma\"; the nearest is \"adam\". There are accumulate, "
                             "adabelief, "});
  check_refused<ValueError>([] { return optim::by_name("RMSprpo"); }, {"by_name: ", "the nearest is \"rmsprop\""});
  check_refused<ValueError>([] { return optim::by_name(""); }, {"by_name: there is no optimiser \"\""});
  check_refused<ValueError>([] { return optim::by_name(std::string(100'000, 'x')); },
                            {"by_name: there is no optimiser"});
  check_refused<ValueError>([] { return optim::settings_of("adma"); }, {"by_name: ", "the nearest is \"adam\""});
  check_refused<ValueError>([] { return optim::schedule_by_name("cosin"); },
                            {"by_name: there is no schedule \"cosin\"; the nearest is \"cosine\""});
  check_refused<ValueError>(
      [] {
        return optim::by_name("adam", {{"lr", 0.1}});
      },
      {"by_name: adam has no setting \"lr\"; the nearest is \"", "It has rate, beta1, beta2, eps"});
  check_refused<ValueError>(
      [] {
        return optim::by_name("adam", {{"beta_1", 0.1}});
      },
      {"by_name: ", "the nearest is \"beta1\""});
  check_refused<ValueError>(
      [] {
        return optim::by_name("frozen", {{"rate", 0.1}});
      },
      {"by_name: frozen has no setting \"rate\"; it has none"});
  check_refused<ValueError>(
      [] {
        return optim::by_name("muon", {{"others", optim::Settings{{"lr", 0.1}}}});
      },
      {"by_name: muon.others has no setting \"lr\""});
  check_refused<ValueError>([] { return optim::by_name("sam"); },
                            {"by_name: sam: inner is missing; it has no default"});
  check_refused<ValueError>([] { return optim::by_name("accumulate"); },
                            {"by_name: accumulate: ", " is missing; it has no default"});
  check_refused<ValueError>([] { return optim::schedule_by_name("linear"); },
                            {"by_name: linear: ", " is missing; it has no default"});
  check_refused<TypeError>(
      [] {
        return optim::by_name("adam", {{"rate", "fast"}});
      },
      {"by_name: adam: rate is the text \"fast\"; it must be a number, an optim::Schedule or a Var of one element"});
  check_refused<TypeError>(
      [] {
        return optim::by_name("adam", {{"rate", xg::zeros({2})}});
      },
      {"by_name: adam: rate is float64 [2]; it must be a number"});
  check_refused<TypeError>([] { return optim::by_name("adam", {{"rate", true}}); }, {"by_name: adam: rate is bool []"});
  check_refused<TypeError>(
      [] {
        return optim::by_name("adam", {{"eps", Var()}});
      },
      {"by_name: adam: eps is an empty Var; it must be a number"});
  check_refused<TypeError>(
      [] {
        return optim::by_name("shampoo", {{"every", 1.5}});
      },
      {"by_name: shampoo: every is float64 []; it must be an integer"});
  check_refused<ValueError>(
      [] {
        return optim::by_name("shampoo", {{"every", -1}});
      },
      {"by_name: shampoo: every is -1; it must not be negative"});
  check_refused<TypeError>(
      [] {
        return optim::schedule_by_name("cyclic", {{"form", "round"}});
      },
      {"by_name: cyclic: form is the text \"round\"; it must be \"triangular\", \"triangular2\" or \"exponential\""});
  check_refused<ValueError>(
      [] {
        return optim::by_name("adam", {{"beta1", 1.0}});
      },
      {"adam: beta1 is 1; it must be at least 0 and less than 1 (Kingma and Ba 2015)"});
}

BOOST_AUTO_TEST_SUITE_END()
