// compile(): what is refused, and what passes through.
#include "comparing.hpp"

#include <sstream>
#include <stdexcept>

#include <boost/test/unit_test.hpp>
#include <xgrad/xgrad.hpp>

BOOST_AUTO_TEST_SUITE(test_compile_errors)

namespace xg = xgrad;
using comparing::near;
using comparing::same;
using comparing::throws;
using comparing::wave;
using xg::Var;

BOOST_AUTO_TEST_CASE(values_are_not_known_while_recording) {
  bool asks = true;
  const auto compiled = xg::compile([&](const Var& x) {
    const Var y = x * 2.0;
    if (asks && y.item<double>() > 0.0) return y;
    return y + 1.0;
  });
  for (int round = 0; round < 2; ++round) {
    BOOST_TEST(throws<xg::TapeError>([&] { return compiled(3.0); }, {"compile", "where()"}));
  }
  asks = false;
  BOOST_TEST(same(compiled(3.0), Var(7.0) + Var(xg::Array<double>(xg::Shape(), 0.0))));
  BOOST_TEST(same(compiled(4.0), Var(9.0) + Var(xg::Array<double>(xg::Shape(), 0.0))));

  const Var x = wave({3});
  BOOST_TEST(throws<xg::TapeError>([&] { return xg::compile([](const Var& y) { return Var(y.array<double>()); })(x); },
                                   {"compile"}));
  BOOST_TEST(throws<xg::TapeError>(
      [&] { return xg::compile([](const Var& y) { return Var((y + 1.0).array<double>()); })(x); }, {"compile"}));
  BOOST_TEST(throws<xg::TapeError>(
      [&] {
        return xg::compile([](const Var& y) { return xg::grad([](const Var& z) { return z * z.item<double>(); })(y); })(
            2.0);
      },
      {"compile"}));
  BOOST_TEST(throws<xg::TapeError>(
      [&] {
        return xg::compile([](const Var& y) {
          std::ostringstream text;
          text << y * 2.0;
          return y;
        })(x);
      },
      {"compile"}));
  // Tapes that are used afterwards know their values.
  xg::Tape tape;
  BOOST_TEST((tape.leaf(2.0) * 3.0).item<double>() == 6.0);
  BOOST_TEST(near(xg::grad([](const Var& y) { return sum(y * y) * y.array<double>()(0); })(x), 2.0 * x * view(x, 0)));
}

BOOST_AUTO_TEST_CASE(concrete_values_are_known_while_recording) {
  const Var captured = wave({3}, 1.0);
  const auto compiled = xg::compile([&](const Var& x) {
    const Var shifted = captured + 1.0;
    xg::Tape tape;
    const Var leaf = tape.leaf(captured);
    return x * shifted.array<double>()(0) + tape.evaluate(sum(leaf * leaf));
  });
  const Var x = wave({3});
  const Var expected = x * (captured.array<double>()(0) + 1.0) + sum(captured * captured);
  BOOST_TEST(near(compiled(x), expected));
  BOOST_TEST(near(compiled(x), expected));
}

BOOST_AUTO_TEST_CASE(unusable_arguments) {
  const auto compiled = xg::compile([](const Var& x, const Var& y) { return x + y; });
  const Var x = wave({3});
  Var ended;
  {
    xg::Tape tape;
    ended = tape.leaf(x);
  }
  for (int round = 0; round < 2; ++round) {  // not yet recorded, and recorded
    BOOST_TEST(throws<xg::TapeError>([&] { return compiled(Var(), x); }));
    BOOST_TEST(throws<xg::TapeError>([&] { return compiled(x, Var()); }));
    BOOST_TEST(throws<xg::TapeError>([&] { return compiled(x, ended); }));
    BOOST_TEST(throws<xg::TapeError>([&] { return compiled(ended, x); }));
    BOOST_TEST(same(compiled(x, x), x + x));
  }
  const auto identity = xg::compile([](const Var& y) { return y; });
  BOOST_TEST(throws<xg::TapeError>([&] { return identity(Var()); }));
  const auto empty = xg::compile([](const Var&) { return Var(); });
  BOOST_TEST(throws<xg::TapeError>([&] { return empty(x); }));
}

BOOST_AUTO_TEST_CASE(exceptions_pass_through) {
  bool fails = true;
  const auto compiled = xg::compile([&](const Var& x) {
    const Var y = x * 2.0;
    if (fails) throw std::runtime_error("not today");
    return y;
  });
  const Var x = wave({3});
  BOOST_CHECK_THROW((void)compiled(x), std::runtime_error);
  BOOST_CHECK_THROW((void)compiled(x), std::runtime_error);
  BOOST_TEST(near(xg::grad([](const Var& y) { return sum(y * y); })(x), 2.0 * x));  // records onto a tape of its own
  fails = false;
  BOOST_TEST(same(compiled(x), x * 2.0));
  const auto wrong = xg::compile([](const Var& a, const Var& b) { return matmul(a, b); });
  BOOST_TEST(throws<xg::ShapeError>([&] { return wrong(wave({2, 3}), wave({2, 3})); }));
  BOOST_TEST(near(wrong(wave({2, 3}), wave({3, 2})), matmul(wave({2, 3}), wave({3, 2}))));
}

BOOST_AUTO_TEST_CASE(errors_of_values_while_replaying) {
  const auto f = [](const Var& x, const Var& rows) { return sum(take(x, rows, 0), 0) * 2.0; };
  const auto compiled = xg::compile(f);
  const Var x = wave({4, 3});
  const Var good = xt::xarray<std::int64_t>{0, 3};
  const Var bad = xt::xarray<std::int64_t>{0, 4};
  for (int round = 0; round < 3; ++round) {
    BOOST_TEST(throws<xg::ValueError>([&] { return compiled(x, bad); }, {"4"}));
    BOOST_TEST(near(compiled(x, good), f(x, good)));
  }
}

BOOST_AUTO_TEST_CASE(conditions_that_throw_may_be_asked_again) {
  const xg::Requirement positive("{} is not above 0");
  const auto asks_twice = [&](const auto& ask) {
    return [&positive, ask](const Var& x) -> Var {
      const Var y = checked(x, x > 0.0, positive);
      for (int round = 0; round < 2; ++round) {
        try {
          if (ask(y)) return x;
        } catch (const xg::ValueError&) {
        }
      }
      return -x;
    };
  };
  const auto branches = xg::compile(asks_twice([](const Var& y) { return xg::branch(y > 1.0); }));
  const auto reads =
      xg::compile(asks_twice([](const Var& y) { return y.item<double>() > 1.0; }), {.guard_values = true});
  BOOST_TEST(throws<xg::TapeError>([&] { return branches(-1.0); }, {"caught", "condition"}));
  BOOST_TEST(throws<xg::TapeError>([&] { return reads(-1.0); }, {"caught", "condition"}));
  BOOST_TEST(branches(3.0).item<double>() == 3.0);
  BOOST_TEST(reads(0.5).item<double>() == -0.5);
}

BOOST_AUTO_TEST_SUITE_END()
