// What optimisers refuse, and how they say it.
#include "optim_rows.hpp"

#include "refusals.hpp"

BOOST_AUTO_TEST_SUITE(test_optim_errors)

using namespace optim_rows;
using refusals::check_refused;
using xg::ShapeError, xg::TypeError, xg::ValueError;

namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr double inf = std::numeric_limits<double>::infinity();

struct Pair {
  Var a, b;
};
XGRAD_FIELDS(Pair, a, b)
struct Other {
  Var a, c;
};
XGRAD_FIELDS(Other, a, c)
struct Longer {
  Var a, b, d;
};
XGRAD_FIELDS(Longer, a, b, d)

}  // namespace

BOOST_AUTO_TEST_CASE(settings) {
  check_refused<ValueError>([] { return optim::adam({.beta1 = 1.0}); },
                            {"adam: beta1 is 1; it must be at least 0 and less than 1 (Kingma and Ba 2015)"});
  check_refused<ValueError>([] { return optim::adam({.rate = -1e-3}); }, {"adam: rate is -0.001", "Kingma"});
  check_refused<ValueError>([] { return optim::adam({.rate = nan}); }, {"adam: rate is nan"});
  check_refused<ValueError>([] { return optim::adam({.eps = inf}); }, {"adam: eps is inf"});
  check_refused<ValueError>([] { return optim::adam({.beta2 = Var(xt::xarray<double>(1.5))}); },
                            {"adam: beta2 is 1.5"});
  check_refused<ShapeError>([] { return optim::adam({.beta2 = xg::zeros({2})}); }, {"optim::Setting", "one number"});
  check_refused<TypeError>([] { return optim::Setting(Var(true)); }, {"optim::Setting", "bool"});
  check_refused<ValueError>([] { return optim::adamw({.decay = -1.0}); }, {"adamw: decay is -1", "Loshchilov"});
  check_refused<ValueError>([] { return optim::sgd({.nesterov = true}); }, {"sgd: nesterov needs a momentum"});
  check_refused<ValueError>([] { return optim::sgd({.momentum = 2.0}); }, {"sgd: momentum is 2", "Polyak"});
  check_refused<ValueError>([] { return optim::rprop({.up = 0.9}); }, {"rprop: up - 1", "Riedmiller"});
  check_refused<ValueError>([] { return optim::adagrad({.eps = 0.0}); }, {"adagrad: eps is 0", "Duchi"});
  check_refused<ValueError>([] { return optim::lion({.beta2 = -0.1}); }, {"lion: beta2", "Chen"});
  check_refused<ValueError>([] { return optim::radam({.threshold = 3.0}); }, {"radam: threshold - 4"});
  check_refused<ValueError>([] { return optim::muon({.iterations = 0}); },
                            {"muon: iterations is 0; it must be at least 1"});
  check_refused<ValueError>([] { return optim::galore(optim::adam(), {.rank = 0}); }, {"galore: rank is 0"});
  check_refused<ValueError>([] { return optim::clip_by_norm(0.0); }, {"clip_by_norm: bound is 0"});
  check_refused<ValueError>([] { return optim::accumulate(0, optim::sgd()); }, {"accumulate: k is 0"});
  check_refused<ValueError>([] { return optim::lookahead(optim::sgd(), {.alpha = 1.5}); }, {"lookahead: alpha is 1.5"});
  check_refused<ValueError>([] { return optim::mechanize(optim::sgd(), {.betas = {}}); },
                            {"mechanize: there are no betas"});
  check_refused<ShapeError>(
      [] {
        return optim::inject({{"rate", xg::zeros({2})}}, [](const auto&) { return optim::sgd(); });
      },
      {"inject: \"rate\"", "one number"});
}

BOOST_AUTO_TEST_CASE(schedules) {
  check_refused<ValueError>([] { return optim::cosine(nan, 10); }, {"cosine: peak is nan"});
  check_refused<ValueError>([] { return optim::cosine(1.0, 0); }, {"cosine: steps is 0"});
  check_refused<ValueError>([] { return optim::piecewise({1}, {1.0}); },
                            {"piecewise: there are 1 boundaries and 1 pieces"});
  check_refused<ValueError>(
      [] {
        return optim::piecewise({2, 2}, {1.0, 2.0, 3.0});
      },
      {"piecewise: boundary 2 comes after 2"});
  check_refused<ValueError>([] { return optim::join({optim::constant(1.0)}, {3}); }, {"join: "});
  check_refused<ValueError>([] { return optim::join({}, {}); }, {"join: "});
  check_refused<ValueError>([] { return optim::one_cycle(1.0, 10, {.rising = 1.0}); }, {"one_cycle: rising is 1"});
  check_refused<ValueError>([] { return optim::one_cycle_linear(1.0, 10, {.rising = 0.6}); },
                            {"one_cycle_linear: rising"});
  check_refused<ValueError>([] { return optim::cosine_restarts(1.0, 10, {.longer = 0.5}); },
                            {"cosine_restarts: longer - 1"});
  check_refused<ValueError>([] { return optim::exponential(1.0, {.factor = 0.0}); }, {"exponential: factor is 0"});
  check_refused<ShapeError>(
      [] {
        const optim::Optimiser bad = optim::sgd({.rate = [](const Var&) { return xg::zeros({2}); }});
        return bad.update(Var(1.0), bad.init(Var(1.0)), Var(1.0));
      },
      {"optim::Schedule: a function gave", "one number"});
}

BOOST_AUTO_TEST_CASE(trees) {
  const optim::Optimiser adam = optim::adam();
  const Var x = xg::zeros({2});
  const Pair model{x, xg::zeros({3})};
  const optim::State state = adam.init(model);
  check_refused<ShapeError>(
      [&] {
        return adam.update(model, state, Other{x, x});
      },
      {"adam: the parameters are no tree as that of init: \"c\" is in the place of \"b\""});
  check_refused<ShapeError>(
      [&] {
        return adam.update(Other{x, x}, state, model);
      },
      {"adam: the gradients are no tree as that of init: \"c\" is in the place of \"b\""});
  check_refused<ShapeError>(
      [&] {
        return adam.update(model, state, Longer{x, model.b, x});
      },
      {"adam: ", "\"d\" was not there"});
  check_refused<ShapeError>(
      [&] {
        return adam.update(Pair{x, x}, adam.init(Longer{x, x, x}), Longer{x, x, x});
      },
      {"adam: the gradients", "\"d\" is missing"});
  check_refused<ShapeError>(
      [&] {
        return adam.update(Pair{x, x}, state, model);
      },
      {"adam: the gradients", "\"b\" is float64 [2]; in init it was float64 [3]"});
  check_refused<TypeError>(
      [&] {
        return adam.update(Pair{cast<float>(x), model.b}, state, model);
      },
      {"adam: the gradients", "\"a\" is float32 [2]; in init it was float64 [2]"});
  check_refused<TypeError>(
      [&] {
        return adam.init(Pair{x, xg::zeros({2}, xg::DType::Int64)});
      },
      {"adam: \"b\" is int64 [2]; what is trained must be floating-point"});
  check_refused<xg::TapeError>([&] { return adam.init(Pair{x, {}}); }, {"adam: "});
  check_refused<ValueError>([&] { return adam.update(model, optim::State(), model); }, {"adam: the state is empty"});
  check_refused<ValueError>([&] { return optim::lion().update(model, state, model); },
                            {"lion: the state is one of adam"});
  const optim::Optimiser later = optim::adam({.rate = optim::constant(0.1)});  // has a count
  check_refused<ValueError>([&] { return later.update(model, state, model); },
                            {"adam: an update takes more slots of the state than init has made"});
  check_refused<ValueError>([&] { return state.number("rate"); },
                            {"optim::State: there is no number \"rate\"; there is mu_weight, nu_weight"});
  check_refused<ValueError>([&] { return state.read("average", model); },
                            {"optim::State: there is no slot \"average\"; there is mu, nu"});
  check_refused<ShapeError>([&] { return state.with_number("mu_weight", x); },
                            {"optim::State: mu_weight is one number"});
  const optim::Optimiser two = optim::chain({adam, adam});
  check_refused<ValueError>([&] { return two.init(model).number("mu_weight"); },
                            {"optim::State: there are two of that name"});
  check_refused<ValueError>([&] { return two.init(model).read("mu", model); },
                            {"optim::State: there are two of that name"});
  check_refused<ValueError>(
      [&] {
        return optim::partition({{"a", adam}}).init(model);
      },
      {"partition: the parameter \"b\" is in no part"});
  check_refused<ShapeError>([&] { return optim::muon({.which = "*"}).init(model); }, {"muon: \"a\" is [2]"});
  check_refused<ShapeError>([&] { return optim::kfac().init(model); }, {"kfac: \"a\" is [2]"});
}

BOOST_AUTO_TEST_CASE(gradients_that_are_not_finite) {
  const optim::Optimiser optimiser = optim::chain({optim::require_finite(), optim::sgd({.rate = 0.5})});
  const Var p = std::vector<double>{1.0, 2.0};
  const auto step = xg::compile([&](const Var& g) { return optimiser.update(g, optimiser.init(p), p).updates; });
  BOOST_TEST(step(p).array<double>()(1) == -1.0);
  const Var bad = std::vector<double>{1.0, inf};
  check_refused<ValueError>([&] { return step(bad); }, {"require_finite: the gradient inf is not finite"});
  check_refused<ValueError>([&] { return optimiser.update(bad, optimiser.init(p), p).updates.item<double>(); },
                            {"require_finite"});
}

BOOST_AUTO_TEST_CASE(extras_that_are_missing) {
  const Var x = xg::zeros({2});
  const auto update = [&](const optim::Optimiser& optimiser, const optim::Extras& extras) {
    return optimiser.update(x, optimiser.init(x), x, extras);
  };
  check_refused<ValueError>([&] { return update(optim::polyak_sgd(), {}); },
                            {"polyak_sgd: it needs value (Polyak 1987)"});
  check_refused<ValueError>([&] { return update(optim::reduce_on_plateau(), {}); },
                            {"reduce_on_plateau: it needs value"});
  check_refused<ShapeError>([&] { return update(optim::momo(), {.value = x}); }, {"momo: the value is float64 [2]"});
  check_refused<ValueError>([&] { return update(optim::adahessian(), {}); }, {"adahessian: it needs curvature"});
  check_refused<ShapeError>([&] { return update(optim::adahessian(), {.curvature = xg::zeros({3})}); },
                            {"adahessian: the curvature"});
  check_refused<ValueError>([&] { return update(optim::sam(optim::sgd()), {}); }, {"sam: it needs gradient"});
  check_refused<ValueError>([&] { return update(optim::svrg(), {}); }, {"svrg: it needs gradient"});
  const auto wrong = [](std::span<const Var>) { return std::vector<Var>(); };
  check_refused<ShapeError>([&] { return update(optim::sam(optim::sgd()), {.gradient = wrong}); },
                            {"sam: the function of the extras"});
  const Var w = xg::zeros({2, 3});
  const optim::Optimiser kfac = optim::kfac();
  check_refused<ValueError>([&] { return kfac.update(w, kfac.init(w), w); }, {"kfac: it needs inputs"});
  check_refused<ShapeError>([&] { return kfac.update(w, kfac.init(w), w, {.inputs = w}); },
                            {"kfac: inputs of weight 0 should be [samples, 2]"});
}

BOOST_AUTO_TEST_CASE(gradients_of_samples_are_for_the_first_link) {
  const optim::Transformation dp = optim::dp_sgd();
  check_refused<ValueError>(
      [&] {
        return optim::chain({optim::scale(2.0), optim::clip_per_sample(1.0)});
      },
      {"chain: clip_per_sample", "single samples"});
  check_refused<ValueError>([&] { return optim::accumulate(2, dp); }, {"accumulate: dp_sgd"});
  check_refused<ValueError>([&] { return optim::masked("*", dp); }, {"masked: dp_sgd"});
  check_refused<ValueError>([&] { return optim::partition({{"*", dp}}); }, {"partition: dp_sgd"});
  check_refused<ValueError>([&] { return optim::sam(dp); }, {"sam: dp_sgd"});
  check_refused<ValueError>([&] { return optim::galore(dp); }, {"galore: dp_sgd"});
  check_refused<ValueError>([&] { return optim::mechanize(dp); }, {"mechanize: dp_sgd"});
  // What runs it on the gradients as they are takes those of samples, too.
  const Var p = std::vector<double>{1.0, 2.0, 3.0};
  const Var g = xg::ones({5, 3});
  const Var expected = dp.update(g, dp.init(p), p).updates;
  const auto make = [&](const optim::Hyperparameters&) { return dp; };
  for (const optim::Optimiser& outer : {optim::ema_of_parameters(dp), optim::swa(dp), optim::lookahead(dp),
                                        optim::skip_not_finite(dp), optim::inject({}, make)}) {
    const Var updates = outer.update(g, outer.init(p), p).updates;
    for (std::size_t i = 0; i < 3; ++i) {
      BOOST_TEST(updates.array<double>()(i) == expected.array<double>()(i), outer);
    }
  }
}

BOOST_AUTO_TEST_CASE(what_is_moved_from_stays_what_it_was) {
  optim::Optimiser first = optim::adam();
  const optim::Optimiser second = std::move(first);
  BOOST_TEST(first.text() == second.text());  // NOLINT(bugprone-use-after-move)
  const Var p = 1.0;
  BOOST_TEST(first.update(p, second.init(p), p).updates.item<double>() < 0.0);
}

BOOST_AUTO_TEST_SUITE_END()
