// Where the planner puts what steps compute: panels of products, the arena, donated arrays.
#include "passes.hpp"

#include <algorithm>

#include <boost/test/unit_test.hpp>
#include <xgrad/xgrad.hpp>

#include "backend/cpu/panels.hpp"
#include "backend/cpu/verify.hpp"

BOOST_AUTO_TEST_SUITE(test_passes_memory)

namespace {

using namespace passes;

}  // namespace

BOOST_AUTO_TEST_SUITE(panels)

namespace {

/// The step of a loop after a product, of 2500 rows.
std::shared_ptr<const StepProgram> layer(xgrad::Tape& tape) {
  const Var x = tape.leaf(zeros({2500, 7}));
  const Var w = tape.leaf(zeros({7, 33}));
  return program_of({exp(matmul(x, w))});
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_product_of_many_rows_joins_its_loop) {
  xgrad::Tape tape;
  const auto plan = layer(tape);
  BOOST_TEST(plan->steps.size() == 1U);
  BOOST_TEST_REQUIRE(plan->loops.size() == 1U);
  const Loop& loop = plan->loops[0];
  BOOST_TEST(loop.product == 0U);
  BOOST_TEST(loop.panel_chunks * loop.chunk_rows >= xgrad::backend::cpu::blas::rows_of_call);
  verify(this_pass, *plan);
}

BOOST_AUTO_TEST_CASE(only_where_the_loop_takes_its_rows) {
  xgrad::Tape tape;
  const auto plan = layer(tape);
  const auto joins = [&](auto change) {
    Loop loop = plan->loops[0];
    loop.product = no_product;
    ProductStep step = plan->products[0];
    change(loop, step);
    const bool joined = join_product(loop, step, 5);
    BOOST_TEST(joined == (loop.product == 5));
    return joined;
  };
  BOOST_TEST(joins([](Loop&, ProductStep&) {}));
  BOOST_TEST(!joins([](Loop&, ProductStep& step) { step.product.m += 1; }));
  BOOST_TEST(!joins([](Loop&, ProductStep& step) { step.product.stack = {1}; }));
  BOOST_TEST(!joins([](Loop&, ProductStep& step) { step.product.k = 0; }));
  BOOST_TEST(!joins([](Loop&, ProductStep& step) { step.c = step.a; }));
  BOOST_TEST(!joins([](Loop&, ProductStep& step) { step.product.dtype = DType::Int64; }));
  BOOST_TEST(!joins([](Loop&, ProductStep& step) { step.out = step.a; }));  // the loop does not read it
  BOOST_TEST(!joins([](Loop& loop, ProductStep&) { loop.chunks = 1; }));
  BOOST_TEST(!joins([](Loop& loop, ProductStep& step) {
    for (Slot& each : loop.slots) each.offset += each.place == step.out ? 8 : 0;
  }));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(memory)

BOOST_AUTO_TEST_CASE(arrays_share_the_arena_in_turn) {
  xgrad::Tape tape;
  Var x = tape.leaf(zeros({64, 64}));
  const Var w = tape.leaf(zeros({64, 64}));
  for (int k = 0; k < 6; ++k) x = matmul(x, w);
  const auto plan = program_of({x});
  BOOST_TEST(plan->steps.size() == 6U);
  BOOST_TEST(plan->arena_bytes == 2U * 64 * 64 * 8);
  verify(this_pass, *plan);
}

BOOST_AUTO_TEST_CASE(what_is_needed_again_stays) {
  xgrad::Tape tape;
  const Var x = tape.leaf(zeros({64, 64}));
  const Var w = tape.leaf(zeros({64, 64}));
  const Var first = matmul(x, w);
  Var y = first;
  for (int k = 0; k < 4; ++k) y = matmul(y, w);
  const auto plan = program_of({matmul(first, y)});
  BOOST_TEST(plan->arena_bytes == 3U * 64 * 64 * 8);
  verify(this_pass, *plan);
}

BOOST_AUTO_TEST_CASE(a_block_that_is_much_too_large_stays_free) {
  xgrad::Tape tape;
  const Var large = tape.leaf(zeros({64, 64}));
  const Var part = view(cumsum(large, 0), xt::range(0, 2));
  const Var small = tape.leaf(zeros({64, 2}));
  const auto plan = program_of({cumsum(cumsum(matmul(part, small), 0), 1)});
  BOOST_TEST(plan->arena_bytes == 64U * 64 * 8 + 2 * 64);
  verify(this_pass, *plan);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(donors)

namespace {

/// An update of an array, and the donor of the first output.
struct Update {
  xgrad::Tape tape;
  Var w = tape.leaf(zeros({64, 64}));
  Var g = tape.leaf(zeros({64, 64}));

  std::int32_t donor(const std::vector<Var>& outputs, const std::vector<Var>& donated) {
    plan = program_of(outputs, donated);
    verify(this_pass, *plan);
    return plan->outputs[0].donor;
  }
  std::shared_ptr<const StepProgram> plan = nullptr;
};

}  // namespace

BOOST_AUTO_TEST_CASE(an_output_may_be_written_over_what_is_given) {
  Update u;
  const Var next = u.w - exp(u.g);
  BOOST_TEST(u.donor({next}, {}) == -1);
  BOOST_TEST(u.donor({next}, {u.w}) == 0);
  BOOST_TEST(u.plan->first_overwriting == 0U);
  BOOST_TEST(u.donor({next}, {u.g}) == 1);
}

BOOST_AUTO_TEST_CASE(each_array_is_given_once) {
  Update u;
  const Var next = u.w - exp(u.g);
  (void)u.donor({next, u.w + exp(u.g)}, {u.w});
  const auto given = std::ranges::count_if(u.plan->outputs, [](const PlanOutput& each) { return each.donor >= 0; });
  BOOST_TEST(given == 1);
  BOOST_TEST(u.donor({next, u.w}, {u.w}) == -1);
}

BOOST_AUTO_TEST_CASE(only_to_an_output_of_its_shape) {
  Update u;
  BOOST_TEST(u.donor({reshape(u.w, {4096}) * 2.0, u.w * 3.0}, {u.w}) == -1);
  BOOST_TEST(u.plan->outputs[1].donor == 0);
  const Var eight = u.tape.leaf(zeros({8}));
  BOOST_TEST(u.donor({view(eight, xt::range(0, 5)) * 2.0, eight * 3.0}, {eight}) == -1);
  BOOST_TEST(u.plan->outputs[1].donor == 0);
}

BOOST_AUTO_TEST_CASE(not_what_is_read_later) {
  Update u;
  const Var next = u.w - exp(u.g);
  BOOST_TEST(u.donor({next, matmul(exp(next), u.w)}, {u.w}) == -1);
}

BOOST_AUTO_TEST_CASE(not_before_a_step_that_may_fail) {
  Update u;
  const Var next = u.w - exp(u.g);
  const Var labels = u.tape.leaf(Var(xgrad::Array<std::int64_t>::from_shape({3})));
  BOOST_TEST(u.donor({next, take(next, labels, 0)}, {u.w}) == -1);
}

BOOST_AUTO_TEST_CASE(a_product_is_added_to_what_is_given) {
  Update u;
  const Var x = u.tape.leaf(zeros({64, 64}));
  BOOST_TEST(u.donor({u.w - 0.1 * matmul(x, u.g)}, {u.w}) == 0);
  BOOST_TEST(u.plan->products.size() == 1U);
  BOOST_TEST(u.donor({u.w - 0.1 * matmul(u.w, u.g)}, {u.w}) == -1);  // it is a factor, too
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE_END()
