// Plans as text: what is fused, what is read and written, how much memory it takes.
#include "comparing.hpp"

#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <boost/test/unit_test.hpp>

#include <xgrad/draw.hpp>
#include <xgrad/xgrad.hpp>

#include "backend/cpu/program.hpp"

BOOST_AUTO_TEST_SUITE(test_draw_plan)

namespace xg = xgrad;
using comparing::contains;
using comparing::count_in;
using comparing::throws;
using xg::Var;

namespace {

Var ones(const xg::Shape& shape) {
  auto array = xg::Array<double>::from_shape(shape);
  array.fill(1.0);
  return {std::move(array)};
}

struct Linear {
  Var weight, bias;
};
XGRAD_FIELDS(Linear, weight, bias)

Var squared_error(const Linear& model, const Var& x, const Var& y) {
  return mean(square(matmul(x, model.weight) + model.bias - y));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(recorded)

BOOST_AUTO_TEST_CASE(value_and_gradient_in_one_loop) {
  xg::Tape tape;
  const Var prediction = tape.leaf(ones({40000}));
  const Var target = tape.leaf(ones({40000}));
  const Var loss = sum(square(prediction - target));
  const std::string text = xg::draw::plan({loss, tape.gradient(loss, prediction)});
  BOOST_TEST_INFO(text);
  BOOST_TEST(contains(text, " recorded nodes: 1 step\n"));
  BOOST_TEST(
      text.substr(text.find('\n') + 1) ==
      std::string(
          "1  loop 1 x 40000, blocks of 1 x 1024, 2 chunks, 1 segment: "
          "full: subtract, square; epilogue total: sum; full: multiply\n"
          "   leaf 0 float64 [40000], leaf 1 float64 [40000], 2 -> output 1 float64 [40000], output 0 float64 []\n") +
          (xg::backend::cpu::kernels::can_generate()
               ? "memory: arena 0 bytes, scratch 0 bytes a thread, partial results 128 bytes; 1 instruction\n"
               : "memory: arena 0 bytes, scratch 16384 bytes a thread, partial results 128 bytes; 4 instructions\n"));
}

BOOST_AUTO_TEST_CASE(rows) {
  xg::Tape tape;
  const Var logits = tape.leaf(ones({200, 7}));
  const std::string text = xg::draw::plan({softmax(logits), sum(logits, {0})});
  BOOST_TEST_INFO(text);
  BOOST_TEST(contains(text, "loop 200 x 7, blocks of 146 x 7, 1 chunk, "));
  BOOST_TEST(contains(text, "row: amax"));
  BOOST_TEST(contains(text, "full: offset, exp"));
  BOOST_TEST(contains(text, "epilogue columns: sum"));
  BOOST_TEST(contains(text, "output 1 float64 [7]"));
}

BOOST_AUTO_TEST_CASE(other_kernels_and_intermediates) {
  xg::Tape tape;
  const Var x = tape.leaf(ones({5, 4, 3}));
  const Var index = xt::xarray<int>{4, 0};
  const std::string text = xg::draw::plan({exp(take(sum(x, {1}), index, 0))});
  BOOST_TEST_INFO(text);
  BOOST_TEST(contains(text, ": 3 steps\n"));
  BOOST_TEST(contains(text, "lines: sum\n   leaf 0 float64 [5, 4, 3] -> arena+0 float64 [5, 1, 3]\n"));
  BOOST_TEST(contains(text, "2  take\n   arena+0 float64 [5, 1, 3], leaf 1 int64 [2] -> arena+128 float64 [2, 3]\n"));
  BOOST_TEST(contains(text, "full: exp\n"));
  BOOST_TEST(contains(text, "memory: arena 192 bytes"));  // 15 doubles and 6 doubles, in steps of 64 bytes
}

BOOST_AUTO_TEST_CASE(cheap_values_are_computed_again) {
  xg::Tape tape;
  const Var x = tape.leaf(ones({40000}));
  const Var y = tape.leaf(ones({40000}));
  const auto plan_of = [&](const Var& difference) {  // which the norm and, when that is known, its gradient read
    return xg::draw::plan({difference / sqrt(sum(square(difference)))});
  };
  const std::string text = plan_of(x - y);
  BOOST_TEST_INFO(text);
  BOOST_TEST(count_in(text, "subtract") == 2U);
  BOOST_TEST(count_in(text, "leaf 1 float64 [40000]") == 2U);
  BOOST_TEST(contains(text, "memory: arena 128 bytes"));
  for (const Var& with_numbers : {2.0 * (x - y), x * 2.0 + 1.0, (x - y) * 3.0 + y}) {
    BOOST_TEST(contains(plan_of(with_numbers), "memory: arena 128 bytes"));
  }
  // In the loop that reads them each is computed when it is needed, not all at once.
  std::vector<Var> parts;
  for (int k = 0; k < 40; ++k) parts.push_back(x - double(k) * y);
  Var norm = sum(square(parts[0]));
  for (const Var& part : parts) norm = norm + sum(square(part));
  for (Var& part : parts) part = part / sqrt(norm);
  const std::string many = xg::draw::plan(parts);
  BOOST_TEST_INFO(many);
  BOOST_TEST(contains(many, "2  loop 1 x 1,"));
  BOOST_TEST(contains(many, "3  loop 1 x 40000, blocks of 1 x 1024,"));
  // Not what is costly, nor what would read more than it saves.
  const std::string kept = plan_of(exp(x));
  BOOST_TEST_INFO(kept);
  BOOST_TEST(count_in(kept, "exp") == 1U);
  BOOST_TEST(contains(kept, "memory: arena 3201"));
  const std::string wide = plan_of(x + y + tape.leaf(ones({40000})));
  BOOST_TEST_INFO(wide);
  BOOST_TEST(contains(wide, "memory: arena 3201"));
}

// What crosses loops is written to memory: of a chain each value that its gradient needs.
BOOST_AUTO_TEST_CASE(a_long_chain_and_its_gradient_are_one_loop) {
  xg::Tape tape;
  const Var x = tape.leaf(ones({200000}));
  Var y = x;
  for (int i = 0; i < 400; ++i) y = tanh(y) * exp(-0.1 * y) + 0.5 * sin(y);
  const Var total = sum(y);
  const std::string text = xg::draw::plan({total, tape.gradient(total, x)});
  BOOST_TEST(contains(text, ": 1 step\n"));
  BOOST_TEST(contains(text, "memory: arena 0 bytes"));
  // Arithmetic alone is machine code all the same, in several programs.
  y = x;
  for (int i = 0; i < 2000; ++i) y = y * x + 0.25;
  const std::string arithmetic = xg::draw::plan({y});
  BOOST_TEST_INFO(arithmetic.substr(arithmetic.find("memory:")));
  if (xg::backend::cpu::kernels::can_generate()) BOOST_TEST(!contains(arithmetic, "; 4000 instructions"));
}

BOOST_AUTO_TEST_CASE(signs_move_outwards) {
  xg::Tape tape;
  const Var x = tape.leaf(ones({300}));
  const Var y = tape.leaf(ones({300}));
  const auto negations = [](const Var& result) { return count_in(xg::draw::plan({result}), "negate"); };
  BOOST_TEST(negations(x + (-y) * x) == 0U);
  BOOST_TEST(negations(x - y / (-x)) == 0U);
  BOOST_TEST(negations((-x) / (-y)) == 0U);
  BOOST_TEST(negations(exp((-x) * y)) == 1U);
  BOOST_TEST(contains(xg::draw::plan({sum((-x) * y)}), "row: sum, negate"));  // of the sum, not of each term
}

BOOST_AUTO_TEST_CASE(machine_code) {
  xg::Tape tape;
  const Var x = tape.leaf(ones({40, 30}));
  const Var y = tape.leaf(ones({40, 30}));
  const auto has = [](const std::vector<Var>& results, int generated, int kernels) {
    const std::string text = xg::draw::plan(results);
    BOOST_TEST_INFO(text);
    return contains(
        text, "; " + std::to_string(xg::backend::cpu::kernels::can_generate() ? generated : kernels) + " instruction");
  };
  const Var product = x * y;
  BOOST_TEST(has({product + x}, 1, 2));
  BOOST_TEST(has({sqrt(product / x), product}, 1, 3));  // two results
  BOOST_TEST(has({where(x < y, product, 1.0)}, 1, 3));
  BOOST_TEST(has({exp(product + x) * (product - y)}, 1, 5));
  BOOST_TEST(has({sin(product + x) * (product - y)}, 3, 5));  // once before sin; a single operation stays a kernel
  BOOST_TEST(has({sin(product + x) * (product - y) + x}, 3, 6));
  BOOST_TEST(has({sum(product + x)}, 2, 4));                   // of one row: where it starts is another instruction
  BOOST_TEST(has({cast(x, xg::DType::Int64) * 2 + 1}, 2, 2));  // there is none for integers
}

BOOST_AUTO_TEST_CASE(products) {
  xg::Tape tape;
  const Var a = tape.leaf(ones({5, 40}));
  const Var b = tape.leaf(ones({3, 40}));
  const std::string text = xg::draw::plan({matmul(a, transpose(b))});
  BOOST_TEST_INFO(text);
  BOOST_TEST(contains(text, "1  product of 5 x 40 and 40 x 3, second transposed\n"));
  const Var stack = tape.leaf(ones({6, 40, 5}));
  BOOST_TEST(contains(xg::draw::plan({matmul(a, stack)}), "product of 5 x 40 and 40 x 5, 6 times\n"));
}

BOOST_AUTO_TEST_CASE(outputs_that_are_there_already) {
  xg::Tape tape;
  const Var x = tape.leaf(ones({5}));
  const Var y = exp(x);
  const std::string text = xg::draw::plan({y, x, y});
  BOOST_TEST_INFO(text);
  BOOST_TEST(contains(text, "output 1 is leaf 0\n"));
  BOOST_TEST(contains(text, "output 2 is output 0\n"));
  BOOST_TEST(contains(xg::draw::plan({}), "0 steps"));
}

BOOST_AUTO_TEST_CASE(numbers) {
  xg::Tape tape;
  const Var x = tape.leaf(ones({5}));
  const std::string text = xg::draw::plan({2.0 / x, x * 0.3});
  BOOST_TEST_INFO(text);
  BOOST_TEST(contains(text, "2, leaf 0 float64 [5], number 1 ->"));  // known, and one that may change
}

BOOST_AUTO_TEST_CASE(looks_but_does_not_touch) {
  xg::Tape tape;
  const Var x = tape.leaf(ones({5}));
  const Var y = exp(sin(exp(x)));
  const xg::PlanCache before = xg::plan_cache();
  const std::string text = xg::draw::plan({y});
  const xg::PlanCache after = xg::plan_cache();
  BOOST_TEST(after.hits == before.hits);
  BOOST_TEST(after.misses == before.misses);
  BOOST_TEST(xg::draw::plan({y}) == text);
  (void)tape.evaluate({y});
  BOOST_TEST(contains(xg::draw::plan({y}), "output 0 is leaf 0"));  // the tape keeps the value
}

BOOST_AUTO_TEST_CASE(refused) {
  xg::Tape tape;
  const Var x = tape.leaf(ones({5}));
  const Var concrete = ones({5});
  BOOST_TEST(throws<xg::TapeError>(
      [&] {
        (void)xg::draw::plan({x, concrete});
      },
      {"plan", "float64 [5]", "not recorded"}));
  xg::Tape other;
  const Var y = other.leaf(ones({5}));
  BOOST_TEST(throws<xg::TapeError>([&] { (void)xg::draw::plan({x, y}); }, {"plan", "different tapes"}));
  Var stale;
  {
    xg::Tape ended;
    stale = exp(ended.leaf(ones({5})));
  }
  BOOST_TEST(throws<xg::TapeError>([&] { (void)xg::draw::plan({stale}); }, {"plan"}));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(compiled)

BOOST_AUTO_TEST_CASE(training_step) {
  int recorded = 0;
  const Var captured = ones({40, 1});
  const auto step = xg::compile([&](const Linear& model, const Var& x, const Var& y) {
    ++recorded;
    const auto [loss, gradient] = xg::value_and_grad(squared_error)(model, x, y * captured);
    return std::pair{xg::tree::map(model, gradient, [](const Var& w, const Var& g) { return w - 0.1 * g; }), loss};
  });
  Linear model{ones({3, 2}), ones({2})};
  const Var x = ones({40, 3});
  const Var y = ones({40, 2});

  const std::string kept = step.plan(model, x, y);
  BOOST_TEST_INFO(kept);
  BOOST_TEST(contains(kept, "argument 0.weight float64 [3, 2]"));
  BOOST_TEST(contains(kept, "argument 1 float64 [40, 3]"));
  BOOST_TEST(contains(kept, "captured array"));
  BOOST_TEST(contains(kept, "first transposed"));
  BOOST_TEST(!contains(kept, "subtracted from"));
  BOOST_TEST(!contains(kept, "may take the memory"));

  const std::string donated = step.plan(std::move(model), x, y);
  BOOST_TEST_INFO(donated);
  BOOST_TEST(contains(donated, "first transposed, times number "));
  BOOST_TEST(contains(donated, ", subtracted from argument 0.weight\n"));
  BOOST_TEST(contains(donated, "output 0 may take the memory of argument 0.weight\n"));
  BOOST_TEST(contains(donated, "output 1 may take the memory of argument 0.bias\n"));
  BOOST_TEST(count_in(donated, "product of") == 2U);

  // Looking takes nothing away, and what was recorded for it serves the call.
  BOOST_TEST(recorded == 2);
  BOOST_TEST((model.weight.defined() && model.bias.defined()));
  Var loss;
  std::tie(model, loss) = step(std::move(model), x, y);
  BOOST_TEST(recorded == 2);
  BOOST_TEST(loss.item<double>() == 9.0);
  BOOST_TEST(step.plan(std::move(model), x, y) == donated);
}

BOOST_AUTO_TEST_CASE(recorded_arguments) {
  const auto twice = xg::compile([](const Var& x) { return 2.0 * x; });
  xg::Tape tape;
  const Var x = tape.leaf(ones({5}));
  BOOST_TEST(throws<xg::TapeError>([&] { std::ignore = twice.plan(x); }, {"plan", "recorded"}));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_CASE(members_are_small) {
  BOOST_TEST(sizeof(xg::backend::cpu::Member) == 2U);  // plans of millions of nodes keep one for each
}

BOOST_AUTO_TEST_SUITE_END()
