// Checkpoints that keep what has a name: how often a value is computed is counted by a function of the user's.
#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>
#include <xgrad/xgrad.hpp>

#include "comparing.hpp"

BOOST_AUTO_TEST_SUITE(test_checkpoint)

namespace xg = xgrad;
using comparing::near;
using comparing::throws;
using comparing::wave;
using xg::Var;

namespace {

std::map<std::string, int> computed;

/// exp, which counts how often it is computed.
Var counted(const std::string& name, const Var& x) {
  const auto f = xg::custom_jvp(xg::host_call(
                                    name, [](const xg::Shape& shape) { return shape; },
                                    [name](const xg::Array<double>& values) -> xg::Array<double> {
                                      ++computed[name];
                                      return xt::exp(values);
                                    }),
                                [](const Var& at, const Var& tangent) { return exp(at) * tangent; });
  return f(x);
}

/// Two values with names, and one without.
Var some(const Var& x) {
  const Var a = xg::keep(counted("a", 0.3 * x), "a");
  const Var b = xg::debug::label(counted("b", sin(a)), "b");
  return cos(counted("c", 0.1 * b * a));
}
Var loss(const Var& x) { return sum(some(x)); }

/// How often value and gradient compute a, b and c: "112" if c is computed again.
template <class F>
std::string counts(const F& f) {
  const Var x = wave({3});
  const auto value_and_gradient = xg::compile(xg::value_and_grad(f));
  computed.clear();
  const auto [value, gradient] = value_and_gradient(x);
  std::string text;
  for (const char* name : {"a", "b", "c"}) text += std::to_string(computed[name]);
  BOOST_TEST(near(value, loss(x)));
  BOOST_TEST(near(gradient, xg::grad(loss)(x)));
  BOOST_TEST(near(xg::hessian(f)(x), xg::hessian(loss)(x)));
  BOOST_TEST(near(xg::vmap(xg::grad(f))(wave({4, 3})), xg::vmap(xg::grad(loss))(wave({4, 3}))));
  BOOST_TEST(near(xg::jvp(f, x, x).tangent, xg::jvp(loss, x, x).tangent));
  return text;
}

}  // namespace

BOOST_AUTO_TEST_CASE(what_is_named_is_not_computed_again) {
  BOOST_TEST(counts(loss) == "111");
  BOOST_TEST(counts(xg::checkpoint(loss)) == "222");
  BOOST_TEST(counts(xg::checkpoint(loss, xg::Keep::Marked)) == "122");
  BOOST_TEST(counts(xg::checkpoint(loss, xg::keep_named({"a", "b"}))) == "112");
  BOOST_TEST(counts(xg::checkpoint(loss, xg::keep_named({"a"}))) == "122");
  BOOST_TEST(counts(xg::checkpoint(loss, xg::keep_named({"b"}))) == "212");
  BOOST_TEST(counts(xg::checkpoint(loss, xg::keep_named({}))) == "222");
}

BOOST_AUTO_TEST_CASE(names_are_kept_in_functions_of_functions) {
  const auto within = [](const xg::KeepPolicy& inner, const xg::KeepPolicy& outer) {
    const auto part = xg::checkpoint(some, inner);
    return xg::checkpoint([part](const Var& x) { return sum(part(x)); }, outer);
  };
  const auto both = xg::keep_named({"a", "b"});
  // Again once for the derivative of the outer function, and once more for that of the inner one.
  BOOST_TEST(counts(within(xg::Keep::Nothing, xg::Keep::Nothing)) == "222");
  BOOST_TEST(counts(within(both, xg::Keep::Nothing)) == "222");
  BOOST_TEST(counts(within(xg::Keep::Nothing, both)) == "112");
  BOOST_TEST(counts(within(both, both)) == "112");
  // What only the inner function keeps is computed again for it, from the beginning.
  BOOST_TEST(counts(within(xg::keep_named({"b"}), xg::keep_named({"a"}))) == "222");
  BOOST_TEST(counts(within(xg::Keep::Nothing, xg::Keep::Marked)) == "122");
  const auto thrice =
      xg::checkpoint([within](const Var& x) { return within(xg::Keep::Nothing, xg::Keep::Nothing)(x); }, both);
  BOOST_TEST(counts(thrice) == "112");
  const auto thrice_within = xg::checkpoint([within, both](const Var& x) { return within(both, both)(x); }, both);
  BOOST_TEST(counts(thrice_within) == "112");
}

BOOST_AUTO_TEST_CASE(unknown_names_are_said) {
  const Var x = wave({3});
  const auto gradient = [&](const auto& f) { return xg::grad(f)(x); };
  BOOST_TEST(throws<xg::ValueError>(
      [&] {
        return gradient(xg::checkpoint(loss, xg::keep_named({"a", "scores"})));
      },
      {"checkpoint", "'scores'", "there are 'a', 'b'"}));
  const auto plain = [](const Var& y) { return sum(sin(y)); };
  BOOST_TEST(throws<xg::ValueError>([&] { return gradient(xg::checkpoint(plain, xg::keep_named({"a"}))); },
                                    {"checkpoint", "'a'", "none has a name"}));
  // What has no part in the result.
  const auto aside = [](const Var& y) {
    (void)xg::keep(cos(y), "aside");
    return sum(sin(y));
  };
  BOOST_TEST(
      throws<xg::ValueError>([&] { return gradient(xg::checkpoint(aside, xg::keep_named({"aside"}))); }, {"'aside'"}));
  // An argument has a name, and need not be kept.
  const auto named_argument = [](const Var& y) { return sum(sin(xg::keep(y, "y"))); };
  BOOST_TEST(near(gradient(xg::checkpoint(named_argument, xg::keep_named({"y"}))), cos(x)));
}

BOOST_AUTO_TEST_CASE(what_is_kept_takes_memory_and_what_is_not_does_not) {
  const Var h = wave({100, 100});
  // 16 blocks of four arrays of 80 kB, of which one has a name.
  const auto block = [](const Var& w, const Var& x) {
    Var y = sin(matmul(w, x) * 0.2);
    y = xg::keep(sin(matmul(w, y) * 0.2), "middle");
    y = sin(matmul(w, y) * 0.2);
    return Var(sin(matmul(w, y) * 0.2));
  };
  const auto blocks = [](const auto& f) {
    return [f](const Var& first) {
      Var x = first;
      for (int k = 0; k < 16; ++k) x = f(first, x);
      return x;
    };
  };
  const auto kibibytes = [&](const auto& f) {
    const auto gradient = xg::compile(xg::grad([f](const Var& x) { return sum(sin(f(x))); }));
    xg::release_memory();
    const std::size_t before = xg::memory_in_use().kept;
    (void)gradient(h);
    return (xg::memory_in_use().kept - before) / 1024;
  };
  const std::size_t all = kibibytes(blocks(block));
  const std::size_t named = kibibytes(blocks(xg::checkpoint(block, xg::keep_named({"middle"}))));
  const std::size_t none = kibibytes(blocks(xg::checkpoint(block)));
  BOOST_TEST_MESSAGE(all << " " << named << " " << none);
  BOOST_TEST(2 * named < all);
  BOOST_TEST(none < named);
}

BOOST_AUTO_TEST_SUITE_END()
