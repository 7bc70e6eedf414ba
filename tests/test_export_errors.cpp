// What cannot be exported, and arguments that do not fit a program.
#include <cstdint>
#include <functional>
#include <utility>

#include <boost/test/unit_test.hpp>
#include <xgrad/io/program.hpp>
#include <xgrad/xgrad.hpp>

#include "comparing.hpp"
#include "exported_net.hpp"
#include "exported_programs.hpp"

BOOST_AUTO_TEST_SUITE(test_export_errors)

namespace xg = xgrad;
using namespace exported_programs;
using comparing::same;
using comparing::throws;
using xg::io::export_program;
using xg::io::Exported;

BOOST_AUTO_TEST_CASE(rules_that_cannot_be_recorded) {
  const auto reads = xg::custom_vjp(
      [](const Var& x) {
        return std::pair{x * x, x};
      },
      [](const Var& x, const Var& dy) { return dy * x.item<double>(); });
  BOOST_TEST(throws<xg::TapeError>([&] { return export_program(reads, 1.0); }, {"a rule of custom_vjp", "stand-ins"}));
  BOOST_TEST(same(export_program({.orders = 0}, reads, 1.0).call(3.0), Var(9.0)));
  const auto wrong = xg::custom_vjp(
      [](const Var& x) {
        return std::pair{x * x, x};
      },
      [](const Var&, const Var& dy) {
        return xg::stack({dy, dy});
      });
  BOOST_TEST(throws<xg::TapeError>([&] { return export_program(wrong, 1.0); }, {"custom_vjp", "[2]"}));
}

BOOST_AUTO_TEST_CASE(what_cannot_be_exported) {
  const auto reads = [](const Var& x) { return x * x.item<double>(); };
  BOOST_TEST(throws<xg::TapeError>([&] { return export_program(reads, 1.0); }));
  const auto branches = [](const Var& x) { return xg::branch(sum(x) > 0.0) ? x : -x; };
  BOOST_TEST(throws<xg::TapeError>([&] { return export_program(branches, wave({3})); },
                                   {"branch: ", "io::export_program()", "cond()"}));
  BOOST_TEST(throws<xg::TapeError>(
      [] {
        return xg::grad([](const Var& x) { return export_program([](const Var& y) { return y; }, x).call(x); })(1.0);
      },
      {"export_program", "recorded"}));
  BOOST_TEST(throws<xg::TapeError>([] {
    return xg::grad([](const Var& x) { return export_program([&](const Var& y) { return x * y; }, 1.0).call(x); })(1.0);
  }));
  Var escaped;
  const auto leaks = [&](const Var& x) {
    (void)xg::vmap([&](const Var& y) {
      escaped = y * 2.0;
      return y;
    })(x);
    return escaped;
  };
  BOOST_TEST(throws<xg::TapeError>([&] { return export_program(leaks, wave({3})); }, {"export_program", "example"}));
  // Functions in functions in functions.
  std::function<Var(const Var&, int)> nested = [&](const Var& x, int depth) -> Var {
    if (depth == 0) return sin(x);
    return xg::checkpoint([&](const Var& y) { return nested(y, depth - 1); })(x);
  };
  BOOST_TEST(
      same(reloaded(export_program([&](const Var& x) { return nested(x, 100); }, 1.0)).call(2.0), sin(Var(2.0))));
  BOOST_TEST(throws<xg::ValueError>([&] { return export_program([&](const Var& x) { return nested(x, 130); }, 1.0); },
                                    {"export_program", "128"}));
}

BOOST_AUTO_TEST_CASE(arguments_that_do_not_fit) {
  const Exported program = export_program(loss_of_net, a_net(), wave({5, 3}), wave({5}));
  ExportedNet net = a_net();
  BOOST_TEST(throws<xg::ShapeError>(
      [&] {
        return program.call(net, wave({4, 3}), wave({5}));
      },
      {"input 5 (1)", "[5, 3]", "[4, 3]"}));
  BOOST_TEST(throws<xg::TypeError>(
      [&] {
        return program.call(net, wave<float>({5, 3}), wave({5}));
      },
      {"input 5", "float64", "float32"}));
  BOOST_TEST(throws<xg::ShapeError>([&] { return program.call(net, wave({5, 3})); }, {"6 arrays", "7"}));
  BOOST_TEST(throws<xg::ShapeError>(
      [&] {
        return program.call(net.hidden, wave({5, 3}), wave({5}));
      },
      {"'0.weight'", "'0.hidden.weight'"}));
  BOOST_TEST(throws<xg::ShapeError>([&] { return program({1.0}); }, {"7 inputs", "1 argument"}));
  BOOST_TEST(throws<xg::ShapeError>(
      [&] {
        return program.call<std::pair<Var, Var>>(net, wave({5, 3}), wave({5}));
      },
      {"the result"}));
  BOOST_TEST(throws<xg::TapeError>([&] { return program({Var(), Var(), Var(), Var(), Var(), Var(), Var()}); }));
  net.hidden.bias = Var();
  BOOST_TEST(throws<xg::TapeError>([&] { return program.call(net, wave({5, 3}), wave({5})); }));
  const Exported counts = export_program([](const Var& n) { return n * 2; }, Var(xt::xarray<std::int64_t>(3)));
  BOOST_TEST(throws<xg::TypeError>([&] { return counts.call(2.5); }, {"input 0", "int64"}));
  BOOST_TEST(same(counts.call(4), Var(xt::xarray<std::int64_t>(8))));
}

BOOST_AUTO_TEST_SUITE_END()
