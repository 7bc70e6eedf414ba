// Numbers are weak wherever they come from: a function computes the same types whether it is called, recorded,
// differentiated or compiled.
#include "comparing.hpp"

#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <boost/test/unit_test.hpp>
#include <xgrad/xgrad.hpp>

#include "var/access.hpp"

BOOST_AUTO_TEST_SUITE(test_weak)

namespace xg = xgrad;
using comparing::near;
using comparing::same;
using comparing::wave;
using xg::DType;
using xg::Var;

namespace {

/// "float32 [4]", "float64 number".
std::string type(const Var& x) {
  if (xg::VarAccess::is_weak(x)) return std::string(xg::name(x.dtype())) + " number";
  return std::string(xg::name(x.dtype())) + " " + xg::to_string(x.shape());
}

Var rank_0(double value) { return xg::Array<double>(xg::Shape(), value); }

using Program = Var (*)(const Var&, const Var&);

/// Programs of an array and a number that are floating-point wherever both are.
const std::vector<std::pair<const char*, Program>>& programs() {
  static const std::vector<std::pair<const char*, Program>> all{
      {"w - r * w", [](const Var& w, const Var& r) -> Var { return w - r * w; }},
      {"w - 0.5 * r * w", [](const Var& w, const Var& r) -> Var { return w - 0.5 * r * w; }},
      {"(2 * r + 1) / 3 * w", [](const Var& w, const Var& r) -> Var { return (2 * r + 1) / 3 * w; }},
      {"r * r", [](const Var&, const Var& r) -> Var { return r * r; }},
      {"r * 0.5F", [](const Var&, const Var& r) -> Var { return r * 0.5F; }},
      {"0.5F + r", [](const Var&, const Var& r) -> Var { return 0.5F + r; }},
      {"exp(-r)", [](const Var&, const Var& r) -> Var { return exp(-r); }},
      {"pow(r, 3)", [](const Var&, const Var& r) -> Var { return pow(r, 3); }},
      {"pow(w + 2, r)", [](const Var& w, const Var& r) -> Var { return pow(w + 2.0, r); }},
      {"sum(w) * r", [](const Var& w, const Var& r) -> Var { return sum(w) * r; }},
      {"mean(w * r) + r", [](const Var& w, const Var& r) -> Var { return mean(w * r) + r; }},
      {"sum(r)", [](const Var&, const Var& r) -> Var { return sum(r) + mean(r); }},
      {"norm(r)", [](const Var&, const Var& r) -> Var { return norm(r); }},
      {"maximum(w, r)", [](const Var& w, const Var& r) -> Var { return maximum(w, r); }},
      {"clip(w, -r, r)", [](const Var& w, const Var& r) -> Var { return clip(w, -r, r); }},
      {"where(w > r, w, r)", [](const Var& w, const Var& r) -> Var { return where(w > r, w, r); }},
      {"where(r > 0, r, 2)", [](const Var&, const Var& r) -> Var { return where(r > 0, r, 2.0); }},
      {"where(r > 0, w, r)", [](const Var& w, const Var& r) -> Var { return where(r > 0, w, r); }},
      {"stop_gradient(r) * w", [](const Var& w, const Var& r) -> Var { return stop_gradient(r) * w + r * w; }},
      {"full_like(r, 2) * w", [](const Var& w, const Var& r) -> Var { return full_like(r, 2.0) * w + r; }},
      {"zeros_like(r) + r", [](const Var&, const Var& r) -> Var { return zeros_like(r) + r; }},
      {"ones_like(w) * r", [](const Var& w, const Var& r) -> Var { return ones_like(w) * r; }},
      {"reshape(r, {})", [](const Var& w, const Var& r) -> Var { return reshape(r, {}) * w; }},
      {"reshape(r, {1}) * w", [](const Var& w, const Var& r) -> Var { return reshape(r, {1}) * w; }},
      {"broadcast_to(r, {4}) * w", [](const Var& w, const Var& r) -> Var { return broadcast_to(r, {4}) * w; }},
      {"stack({r, r})",
       [](const Var&, const Var& r) -> Var {
         return xg::stack({r, r});
       }},
      {"cast(r, float32) * w", [](const Var& w, const Var& r) -> Var { return cast(r, DType::Float32) * w; }},
      {"cast(r, float64) * w", [](const Var& w, const Var& r) -> Var { return cast(r, DType::Float64) * w; }},
      {"matmul(w, w) * r", [](const Var& w, const Var& r) -> Var { return matmul(w, w) * r; }},
      {"+r", [](const Var&, const Var& r) -> Var { return +r; }},
      {"a constant", [](const Var&, const Var&) -> Var { return 2.0; }},
      {"gradient for r",
       [](const Var& w, const Var& r) -> Var { return xg::grad([&](const Var& s) { return sum(tanh(w * s)); })(r); }},
      {"gradient for w",
       [](const Var& w, const Var& r) -> Var { return xg::grad([&](const Var& v) { return sum(tanh(v * r)); })(w); }},
      {"gradient of a number",
       [](const Var&, const Var& r) -> Var { return xg::grad([](const Var& s) { return s * s * s; })(r); }},
      {"update of r",
       [](const Var& w, const Var& r) -> Var {
         return r - 0.1 * xg::grad([&](const Var& s) { return mean(square(w * s)); })(r);
       }},
  };
  return all;
}

template <class F>
void for_each_case(F f) {
  for (const DType dtype : {DType::Float32, DType::Float64}) {
    const Var w = cast(wave({4}), dtype);
    for (const Var& r : {Var(0.25), Var(0.25F), rank_0(0.25), cast(Var(0.25), DType::Float32)}) {
      for (const auto& [name, program] : programs()) {
        BOOST_TEST_INFO_SCOPE(name << ", w " << type(w) << ", r " << type(r));
        f(program, w, r);
      }
    }
  }
}

}  // namespace

BOOST_AUTO_TEST_CASE(the_same_types_recorded_and_compiled) {
  for_each_case([](Program program, const Var& w, const Var& r) {
    const Var expected = program(w, r);
    const auto alike = [&](const char* how, const Var& x) {
      BOOST_TEST(type(x) == type(expected), how << ": " << type(x) << " is not " << type(expected));
      BOOST_TEST(near(x, expected, 1e-6), how);
    };
    const auto compiled = xg::compile(program);
    for (int round = 0; round < 2; ++round) alike("compile", compiled(w, r));
    xg::Tape tape;
    const Var recorded = program(tape.leaf(w), tape.leaf(r));
    alike("Tape", tape.evaluate({recorded})[0]);
    if (recorded.recorded()) BOOST_TEST(type(recorded) == type(expected));
    alike("vjp by w", xg::vjp([&](const Var& x) { return program(x, r); }, w).value);
    alike("vjp by r", xg::vjp([&](const Var& x) { return program(w, x); }, r).value);
    alike("vjp", xg::vjp(program, w, r).value);
    alike("jvp", xg::jvp(program, std::tuple{w, r}, std::tuple{w, r}).value);
    const auto auxiliary = [&](const Var& x) { return std::pair{sum(x), program(w, r)}; };
    alike("auxiliary", xg::value_and_grad(auxiliary)(w).auxiliary);
    const auto nested = [&](const Var& x, const Var& s) { return xg::compile(program)(x, s); };
    alike("compiled in compiled", xg::compile(nested)(w, r));
  });
}

BOOST_AUTO_TEST_CASE(derivatives_have_the_types_of_their_primals) {
  for_each_case([](Program program, const Var& w, const Var& r) {
    const auto total = [&](const Var& x, const Var& s) { return sum(program(x, s)); };
    const auto loss = [&](const std::tuple<Var, Var>& p) { return total(std::get<0>(p), std::get<1>(p)); };
    const std::tuple point{w, r};
    const auto alike = [&](const char* how, const std::tuple<Var, Var>& g) {
      BOOST_TEST(type(std::get<0>(g)) == type(w), how << ": " << type(std::get<0>(g)));
      BOOST_TEST(type(std::get<1>(g)) == type(r), how << ": " << type(std::get<1>(g)));
    };
    const auto gradient = xg::grad<0, 1>(total);
    alike("grad", gradient(w, r));
    alike("compiled grad", xg::compile(gradient)(w, r));
    alike("grad of a tree", xg::grad(loss)(point));
    alike("hvp", xg::hvp(loss, point, point));
    alike("hvp of numbers", xg::hvp(loss, point, std::tuple{w, Var(1.0)}));
    const auto [value, pullback] = xg::vjp(total, w, r);
    BOOST_TEST(type(value) == type(total(w, r)));
    alike("vjp", pullback(ones_like(value)));
    alike("vjp of a number", pullback(1.0));
    const auto [y, dy] = xg::jvp(program, std::tuple{w, r}, std::tuple{w, Var(1.0)});
    BOOST_TEST(type(dy) == type(y));
    xg::Tape tape;
    const std::tuple leaves = tape.leaf(point);
    const Var recorded = loss(leaves);
    if (recorded.recorded()) alike("Tape", tape.evaluate(tape.gradient(recorded, leaves)));
  });
}

BOOST_AUTO_TEST_CASE(the_same_types_from_what_records_functions) {
  for_each_case([](Program program, const Var& w, const Var& r) {
    const Var expected = program(w, r);
    const auto alike = [&](const char* how, const Var& x) {
      BOOST_TEST(type(x) == type(expected), how << ": " << type(x) << " is not " << type(expected));
    };
    const auto compiled = [&](const char* how, const auto& f) {
      alike(how, f(w, r));
      alike(how, xg::compile(f)(w, r));
    };
    alike("checkpoint", xg::checkpoint(program)(w, r));
    compiled("checkpoint", [&](const Var& x, const Var& s) { return xg::checkpoint(program)(x, s); });
    alike("linearize", xg::linearize([&](const Var& x) { return program(x, r); }, w).value);
    alike("jet", xg::jet(program, std::tuple{w, r}, {std::tuple{w, r}}).value);
    compiled("cond", [&](const Var& x, const Var& s) { return xg::cond(sum(x) > -99.0, program, program, x, s); });
    compiled("custom_jvp", [&](const Var& x, const Var& s) {
      using Both = std::tuple<Var, Var>;
      const auto rule = [&](const Both& at, const Both& along) { return xg::jvp(program, at, along).tangent; };
      return xg::custom_jvp(program, rule)(x, s);
    });
  });
}

BOOST_AUTO_TEST_CASE(numbers_in_loops_and_batches) {
  const Var w = wave<float>({4});
  const Var r = 0.5;
  const auto step = [](const Var& x, const Var& s) { return x - s * x; };
  const auto alike = [](const char* how, const auto& f, const std::string& expected) {
    const Var w0 = wave<float>({4});
    BOOST_TEST(type(f(w0, Var(0.5))) == expected, how);
    BOOST_TEST(type(xg::compile(f)(w0, Var(0.5))) == expected, how << " compiled");
    BOOST_TEST(type(xg::grad([&](const Var& x) { return sum(f(x, Var(0.5))); })(w0)) == "float32 [4]", how << " grad");
  };
  alike(
      "vmap", [&](const Var& x, const Var& s) { return xg::vmap([&](const Var& a) { return step(a, s); })(x); },
      "float32 [4]");
  alike(
      "scan",
      [&](const Var& x, const Var& s) {
        const auto run = [&](const Var& h, const Var& each) { return std::pair{step(h, s), each * s}; };
        return xg::scan(run, x, x).second;
      },
      "float32 [4]");
  alike(
      "a number carried by scan",
      [&](const Var& x, const Var& s) {
        const auto run = [&](const Var& h, const Var& each) { return std::pair{h * 0.5, h * each}; };
        return xg::scan(run, s, x).second;
      },
      "float32 [4]");
  alike(
      "fori_loop",
      [&](const Var& x, const Var& s) {
        return xg::fori_loop(
            3, [&](const Var&, const Var& h) { return step(h, s); }, x);
      },
      "float32 [4]");
  alike(
      "while_loop",
      [&](const Var& x, const Var& s) {
        const auto goes_on = [](const Var& h) { return sum(abs(h)) > 1.0; };
        return xg::while_loop(goes_on, [&](const Var& h) { return step(h, s); }, x, {.at_most = 20});
      },
      "float32 [4]");
  alike(
      "custom_vjp",
      [&](const Var& x, const Var& s) {
        const auto forward = [](const Var& a, const Var& b) { return std::pair{a * b, std::pair{a, b}}; };
        const auto reverse = [](const std::pair<Var, Var>& kept, const Var& dy) {
          return std::tuple{dy * kept.second, cast(sum(dy * kept.first), kept.second.dtype())};
        };
        return xg::custom_vjp(forward, reverse)(x, s);
      },
      "float32 [4]");
  // Of numbers alone, numbers.
  BOOST_TEST(type(xg::fori_loop(
                 3, [](const Var&, const Var& h) { return h * 0.5; }, r)) == "float64 number");
  BOOST_TEST(type(xg::while_loop([](const Var& h) { return h > 0.1; }, [](const Var& h) { return h * 0.5; }, r)) ==
             "float64 number");
  BOOST_TEST(type(xg::scan(
                      [](const Var& h, const Var& x) {
                        return std::pair{h * 0.5, x};
                      },
                      r, w)
                      .first) == "float64 number");
  BOOST_TEST(type(xg::cond(
                 Var(true), [](const Var& a) { return a * 2.0; }, [](const Var& a) { return a; }, r)) ==
             "float64 number");
  const auto linear = xg::linearize([](const Var& x) { return x * x; }, r);
  BOOST_TEST(type(linear.pushforward(Var(1.0))) == "float64 number");
  BOOST_TEST(type(xg::jet([](const Var& x) { return x * x; }, r, {Var(1.0), Var(0.0)}).series[1]) == "float64 number");
}

BOOST_AUTO_TEST_CASE(jacobians_give_way_like_products) {
  const Var w = wave<float>({4});
  const auto scaled = [](const Var& x, const Var& r) { return x * r; };
  for (const xg::Mode mode : {xg::Mode::forward, xg::Mode::reverse}) {
    BOOST_TEST(type(xg::jacobian<1>(scaled, mode)(w, 0.5)) == "float32 [4]");
    BOOST_TEST(type(xg::jacobian<0>(scaled, mode)(w, 0.5)) == "float32 [4, 4]");
    BOOST_TEST(type(xg::jacobian<1>(scaled, mode)(2.0, 0.5)) == "float64 number");
    BOOST_TEST(type(xg::jacobian<1>(scaled, mode)(rank_0(2.0), 0.5)) == "float64 []");
  }
  const auto loss = [](const std::tuple<Var, Var>& p) { return sum(square(std::get<0>(p) * std::get<1>(p))); };
  const auto h = xg::hessian(loss)(std::tuple{w, Var(0.5)});
  BOOST_TEST(type(std::get<0>(h[0])) == "float32 [4, 4]");
  BOOST_TEST(type(std::get<1>(h[0])) == "float32 [4]");
  BOOST_TEST(type(std::get<0>(h[1])) == "float32 [4]");
  BOOST_TEST(type(std::get<1>(h[1])) == "float64 number");
  BOOST_TEST(type(xg::hessian([](const Var& x) { return x * x * x; })(2.0)) == "float64 number");
}

namespace {

struct Model {
  Var weight;
  Var rate;
};
XGRAD_FIELDS(Model, weight, rate)

}  // namespace

BOOST_AUTO_TEST_CASE(a_float32_model_stays_float32) {
  const auto step = xg::compile([](const Var& w, const Var& rate) { return w - rate * w; });
  Var w = wave<float>({100});
  Var expected = w;
  for (int i = 0; i < 3; ++i) {
    w = step(std::move(w), 0.1);
    expected = expected - 0.1 * expected;
    BOOST_TEST(same(w, expected));
  }
  // A number Var, also one that the function gives back.
  const auto decaying = xg::compile([](const Model& m) { return Model{m.weight - m.rate * m.weight, m.rate * 0.5}; });
  Model model{wave<float>({100}), 0.1};
  for (int i = 0; i < 3; ++i) model = decaying(std::move(model));
  BOOST_TEST(type(model.weight) == "float32 [100]");
  BOOST_TEST(type(model.rate) == "float64 number");
  BOOST_TEST(model.rate.item<double>() == 0.1 * 0.125);
  // A trained number among arrays.
  const auto trained = xg::compile([](const Model& m) {
    const auto loss = [](const Model& x) { return mean(square(x.weight * x.rate - 1.0)); };
    return xg::tree::map(m, xg::grad(loss)(m), [](const Var& a, const Var& g) { return a - 0.1 * g; });
  });
  for (int i = 0; i < 3; ++i) model = trained(std::move(model));
  BOOST_TEST(type(model.weight) == "float32 [100]");
  BOOST_TEST(type(model.rate) == "float64 number");
}

BOOST_AUTO_TEST_CASE(a_number_and_an_array_of_rank_0_are_different_signatures) {
  const auto compiled = xg::compile([](const Var& w, const Var& rate) { return w * rate; });
  const Var w = wave<float>({3});
  for (int round = 0; round < 2; ++round) {
    BOOST_TEST(type(compiled(w, 0.1)) == "float32 [3]");
    BOOST_TEST(type(compiled(w, rank_0(0.1))) == "float64 [3]");
    BOOST_TEST(type(compiled(0.1, 0.1)) == "float64 number");
    BOOST_TEST(type(compiled(0.1, 2)) == "float64 number");
    BOOST_TEST(type(compiled(3, 2)) == "int64 number");
  }
}

BOOST_AUTO_TEST_CASE(integer_numbers_are_weak_too) {
  const Var w = wave<float>({3});
  const auto compiled = xg::compile([](const Var& x, const Var& n) { return x * n; });
  BOOST_TEST(same(compiled(w, 2), w * 2));
  BOOST_TEST(same(compiled(w, true), w * Var(true)));
  const Var counts = xt::xarray<std::int64_t>{1, 2, 3};
  BOOST_TEST(same(compiled(counts, 2), counts * 2));
  BOOST_TEST(same(compiled(counts, 0.5), counts * 0.5));
  xg::Tape tape;
  BOOST_TEST(type(tape.leaf(2) * w) == "float32 [3]");
}

BOOST_AUTO_TEST_SUITE_END()
