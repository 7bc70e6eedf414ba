// Every setting of every optimiser and link that has a name: a number, a schedule or a Var.
#include <algorithm>
#include <map>
#include <set>

#include "optim_rows.hpp"
#include "refusals.hpp"

BOOST_AUTO_TEST_SUITE(test_optim_settings)

using namespace optim_rows;
using optim::Setting;
using refusals::check_refused;

namespace {

/// Values at which settings matter in the first steps; where an optimiser needs others they have its name in front.
double value_of(const std::string& name, const std::string& setting) {
  static const std::map<std::string, double> values{
      {"rate", 0.05},
      {"momentum", 0.6},
      {"dampening", 0.2},
      {"variance", 0.01},
      {"gamma", 0.4},
      {"beta", 0.7},
      {"beta1", 0.7},
      {"beta2", 0.8},
      {"beta3", 0.9},
      {"shampoo_beta", 0.9},
      {"betas", 0.7},
      {"decay", 0.1},
      {"optimism", 0.8},
      {"eps", 0.01},
      {"rho", 0.9},
      {"nu1", 0.6},
      {"nu2", 0.8},
      {"alpha", 0.5},
      {"lambda", 0.1},
      {"lowest", -0.3},
      {"bound", 0.3},
      {"noise", 0.5},
      {"factor", 0.5},
      {"final_rate", 0.1},
      {"threshold", 4.3},
      {"trust", 0.5},
      {"power", 0.7},
      {"damping", 0.1},
      {"scale", 0.25},
      {"clipping", 0.5},
      {"decay_power", 0.8},
      {"l1", 0.01},
      {"l2", 0.1},
      {"first", 0.1},
      {"relative", 0.01},
      {"absolute", 0.01},
      {"rprop.down", 0.55},
      {"signum.beta", 0.9},
      {"rprop.up", 1.3},
      {"rprop.least", 0.2},
      {"rprop.most", 0.41},
      {"asgd.start", 1.5},
      {"cocob.alpha", 4.0},
      {"polyak_sgd.most", 0.8},
      {"polyak_sgd.rate", 0.5},
      {"momo.rate", 0.2},
      {"lion.rate", 0.4},
      {"signum.rate", 0.3},
      {"swats.eps", 1e-4},
      {"adopt.eps", 0.5},
      {"sophia.eps", 0.2},
      {"adafactor.least_scale", 2.0},
      {"clip_adaptive.eps", 2.0},
      {"reduce_on_plateau.least", 0.2},
  };
  const auto own = values.find(name + "." + setting);
  return own != values.end() ? own->second : values.at(setting);
}

/// What is not of the type Setting: what has no default, or none at which everything matters.
optim::Settings others_of(const std::string& name) {
  optim::Settings result;
  for (const std::string& setting : optim::settings_of(name)) {
    if (setting == "inner") result.emplace(setting, optim::sgd({.rate = 0.1}));
    if (setting == "which") result.emplace(setting, "weight");
    if (setting == "k" || setting == "least_axis") result.emplace(setting, 2);
    if (setting == "rank" || (setting == "every" && name != "sarah" && name != "svrg")) result.emplace(setting, 1);
    if (setting == "patience") result.emplace(setting, 0);
  }
  return result;
}

/// A setting, or for betas the first of them.
void set(optim::Settings& settings, const std::string& name, const Setting& value) {
  if (name == "betas") settings.insert_or_assign(name, std::vector<Setting>{value, 0.4});
  else settings.insert_or_assign(name, value);
}

bool takes(const std::string& name, const std::string& setting, const auto& value) {
  optim::Settings settings = others_of(name);
  settings.insert_or_assign(setting, value);
  try {
    (void)optim::by_name(name, settings);
  } catch (const xg::TypeError&) {
    return false;
  } catch (const xg::ValueError&) {  // another one is missing, or it is out of range
  }
  return true;
}

/// The settings that may be schedules.
std::vector<std::string> settings_of(const std::string& name) {
  std::vector<std::string> result;
  for (const std::string& setting : optim::settings_of(name)) {
    if (setting == "betas" || takes(name, setting, optim::constant(0.5))) result.push_back(setting);
  }
  return result;
}

/// With all of its settings as numbers but one.
optim::Optimiser made(const std::string& name, const std::string& setting, const Setting& value) {
  optim::Settings settings = others_of(name);
  for (const std::string& each : settings_of(name)) set(settings, each, value_of(name, each));
  set(settings, setting, value);
  return optim::by_name(name, settings);
}

constexpr int steps = 8;

/// A dense layer.
std::pair<Var, std::vector<Var>> end_of_kfac(const optim::Optimiser& optimiser) {
  const Var x = reshape(sin(xg::arange(12.0)), {6, 2});
  Var p = xg::zeros({2, 3});
  optim::State state = optimiser.init(p);
  for (int i = 0; i < steps; ++i) {
    const Var d = matmul(x, p - reshape(cos(xg::arange(6.0)), {2, 3}));
    const auto [u, next] =
        optimiser.update(matmul(transpose(x), d) / 6.0, state, p, {.inputs = x, .output_gradients = d});
    p = optim::apply(p, u);
    state = next;
  }
  return {sum(square(p - 0.3)), {p}};
}

/// With curvature that is not the same everywhere, and gradients of two samples where these are asked for.
Training next_step(const optim::Optimiser& optimiser, const Training& before) {
  const auto& [model, state] = before;
  const Model slope = gradient(model);
  if (optimiser.gradients() == optim::Transformation::Gradients::per_sample) {
    const Model samples = xg::tree::map(slope, [](const Var& g) { return xg::stack({g, -2.0 * square(g)}); });
    auto [updates, next] = optimiser.update(samples, state, model);
    return {optim::apply(model, updates), next};
  }
  optim::Extras more = extras(model);
  more.curvature = xg::tree::map(model, [](const Var& p) { return 0.5 + square(p); });
  auto [updates, next] = optimiser.update(slope, state, model, more);
  return {optim::apply(model, updates), next};
}

/// A number of all that some steps have led to, and that.
std::pair<Var, std::vector<Var>> end_of(const std::string& name, const optim::Optimiser& optimiser) {
  if (name == "kfac") return end_of_kfac(optimiser);
  Training at{first_model(), optimiser.init(first_model())};
  for (int i = 0; i < steps; ++i) at = next_step(optimiser, at);
  if (name != "asgd" && name != "ema_of_parameters") return {loss(at.first), xg::tree::arrays(at.first)};
  const Model average = optim::average(at.second, at.first);
  return {loss(at.first) + loss(average), xg::tree::arrays(std::pair{at.first, average})};
}

/// For each setting of each optimiser.
template <class F>
void for_all_settings(F f) {
  for (const std::string& name : optim::names()) {
    for (const std::string& setting : settings_of(name)) {
      BOOST_TEST_CONTEXT(name << "." << setting) {
        try {
          f(name, setting, value_of(name, setting));
        } catch (const std::exception& error) {
          BOOST_ERROR("threw " << error.what());
        }
      }
    }
  }
}

}  // namespace

// Numbers that cannot vary are those that only init looks at.
BOOST_AUTO_TEST_CASE(what_stays_a_number) {
  std::set<std::string> numbers;
  for (const std::string& name : optim::names()) {
    const std::vector<std::string> varying = settings_of(name);
    for (const std::string& setting : optim::settings_of(name)) {
      const bool varies = std::ranges::find(varying, setting) != varying.end();
      if (!varies && takes(name, setting, 0.5)) numbers.insert(name + "." + setting);
    }
  }
  const std::set<std::string> expected{"adagrad.initial", "cocob.eps",   "dadapt_adam.d0", "dog.eps",
                                       "dog.first",       "dowg.eps",    "dowg.first",     "prodigy.d0",
                                       "rprop.rate",      "shampoo.eps", "yogi.initial"};
  for (const std::string& each : numbers) BOOST_TEST(expected.contains(each), each << " is a number only");
  BOOST_TEST(numbers.size() == expected.size());
}

BOOST_AUTO_TEST_CASE(constant_schedules_and_vars_give_what_numbers_give) {
  std::size_t count = 0;
  for_all_settings([&](const std::string& name, const std::string& setting, double value) {
    const std::vector<Var> by_number = end_of(name, made(name, setting, value)).second;
    BOOST_TEST(same_bits<double>(end_of(name, made(name, setting, optim::constant(value))).second, by_number));
    BOOST_TEST(same_bits<double>(end_of(name, made(name, setting, Var(xt::xarray<double>(value)))).second, by_number));
    ++count;
  });
  BOOST_TEST(count > 150U);
}

// A schedule is read at the number of the step: values of the first steps matter, and only those.
BOOST_AUTO_TEST_CASE(schedules_are_read_at_each_step) {
  const std::set<std::string> without{"reduce_on_plateau.absolute", "reduce_on_plateau.relative"};
  for_all_settings([&](const std::string& name, const std::string& setting, double value) {
    const auto changed_at = [&](double first) {
      const optim::Schedule schedule([=](const Var& t) { return where(t < first, value, 0.9 * value); });
      return end_of(name, made(name, setting, schedule)).second;
    };
    const std::vector<Var> by_number = end_of(name, made(name, setting, value)).second;
    BOOST_TEST(same_bits<double>(changed_at(steps), by_number));
    const bool matters = !without.contains(name + "." + setting);
    BOOST_TEST(same_bits<double>(changed_at(2), by_number) != matters);
  });
}

BOOST_AUTO_TEST_CASE(derivatives_with_respect_to_each) {
  for_all_settings([&](const std::string& name, const std::string& setting, double value) {
    const auto end = [&](const Var& x) { return end_of(name, made(name, setting, x)).first; };
    const auto at = [&](double x) { return end(x).item<double>(); };
    const double h = 1e-5 * std::abs(value);
    const double expected = (at(value + h) - at(value - h)) / (2.0 * h);
    const double given = xg::grad(end)(Var(value)).item<double>();
    BOOST_TEST(std::abs(given - expected) <= 1e-6 + 1e-5 * std::abs(expected),
               name << "." << setting << ": " << given << ", differences " << expected);
  });
}

// All settings of an optimiser at once as Vars: in a compiled function, and in a batch of runs.
BOOST_AUTO_TEST_CASE(settings_in_compiled_functions_and_batches) {
  for (const std::string& name : optim::names()) {
    BOOST_TEST_CONTEXT(name) {
      try {
        const auto end = [&](const Var& x) {
          optim::Settings settings = others_of(name);
          for (const std::string& each : settings_of(name)) set(settings, each, x * value_of(name, each));
          return end_of(name, optim::by_name(name, settings)).first;
        };
        const Var x = xt::xarray<double>{1.0, 0.97};
        const Var batched = xg::vmap(end)(x);
        const auto compiled = xg::compile(end);
        for (int i = 0; i < 2; ++i) {
          const Var one = view(x, i);
          const double expected = end(one).item<double>();
          BOOST_TEST(std::abs(compiled(one).item<double>() - expected) <= 1e-12 * std::abs(expected));
          BOOST_TEST(std::abs(view(batched, i).item<double>() - expected) <= 1e-12 * std::abs(expected));
        }
      } catch (const std::exception& error) {
        BOOST_ERROR("threw " << error.what());
      }
    }
  }
}

// Where rate and beta vary the regulariser follows, so that without gradients nothing is moved.
BOOST_AUTO_TEST_CASE(ftrl_stays_without_gradients) {
  const optim::Optimiser optimiser =
      optim::ftrl({.rate = optim::linear(0.5, 0.1, 6), .beta = optim::linear(1.0, 2.0, 4)});
  Model model = first_model();
  optim::State state = optimiser.init(model);
  for (int i = 0; i < 6; ++i) {
    const Model slope = xg::tree::map(gradient(model), [&](const Var& g) { return i % 2 == 0 ? g : 0.0 * g; });
    auto [updates, next] = optimiser.update(slope, state, model);
    const double most = std::max(amax(abs(updates.weight)).item<double>(), amax(abs(updates.bias)).item<double>());
    BOOST_TEST((i % 2 == 0 ? most > 1e-3 : most < 1e-14), "step " << i << " moves by " << most);
    model = optim::apply(model, updates);
    state = next;
  }
}

// Relations between two settings are checked where both are known.
BOOST_AUTO_TEST_CASE(relations_that_are_refused) {
  const auto known = [](double x) { return Var(xt::xarray<double>(x)); };
  check_refused<xg::ValueError>([&] { return optim::rprop({.up = known(0.9)}); },
                                {"rprop: up - 1 is -0.1; it must be"});
  check_refused<xg::ValueError>([&] { return optim::rprop({.least = known(2.0), .most = 1.0}); },
                                {"rprop: most - least is -1; it must be"});
  check_refused<xg::ValueError>([] { return optim::radam({.threshold = 3.0}); },
                                {"radam: threshold - 4 is -1; it must be"});
  BOOST_CHECK_NO_THROW((void)optim::rprop({.up = optim::constant(0.9)}));  // of schedules nothing is known
  check_refused<xg::ValueError>(
      [] {
        return optim::by_name("mechanize", {{"inner", "sgd"}, {"betas", std::vector<Setting>{0.5, 1.5}}});
      },
      {"mechanize: one of betas is 1.5"});
}

BOOST_AUTO_TEST_SUITE_END()
