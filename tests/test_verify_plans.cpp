// The planner's checks of itself refuse loops and plans that are broken: one thing at a time, by hand.
#include "passes.hpp"

#include <algorithm>
#include <functional>

#include <boost/test/unit_test.hpp>
#include <xgrad/xgrad.hpp>

#include "backend/cpu/verify.hpp"

BOOST_AUTO_TEST_SUITE(test_verify_plans)

namespace {

using namespace passes;

constexpr auto f64 = DType::Float64;

}  // namespace

// ---- scratch

BOOST_AUTO_TEST_SUITE(scratch)

namespace {

void nothing(const kernels::Frame&, std::byte* const*, const kernels::Instruction&) {}

/// in -> a -> b -> out, and a -> out again; a and b are blocks of 8 numbers.
struct Scheduled {
  Loop loop;
  std::vector<SlotInfo> slots{{Store::Memory, 8}, {Store::Block, 8}, {Store::Block, 8}, {Store::Memory, 8}};

  Scheduled() {
    loop.columns = 8;
    loop.block_columns = 8;
    loop.scratch_bytes = 128;
    loop.slots = {{Slot::Base::Memory, 0, 0, 64, 8},
                  {Slot::Base::Scratch, no_place, 0, 0, 0},
                  {Slot::Base::Scratch, no_place, 64, 0, 0},
                  {Slot::Base::Memory, 1, 0, 64, 8}};
    for (const auto& [out, a] : {std::pair{1U, 0U}, {2U, 1U}, {3U, 2U}, {3U, 1U}}) {
      loop.code.push_back({nothing, out, a, no_slot, no_slot});
    }
    loop.segments = {{0, 4, false, false, {}}};
  }
};

void refuses(std::string_view invariant, const std::function<void(Scheduled&)>& break_it) {
  Scheduled s;
  const auto look = [&] { verify(this_pass, s.loop, std::span<const SlotInfo>(s.slots)); };
  BOOST_REQUIRE_NO_THROW(look());
  break_it(s);
  BOOST_TEST(complains(invariant, look));
}

}  // namespace

BOOST_AUTO_TEST_CASE(is_used_again_only_when_it_was_read) {
  refuses("scratch is not used again before it was read", [](Scheduled& s) { s.loop.slots[2].offset = 0; });
  refuses("an operand is overwritten element by element only", [](Scheduled& s) { s.loop.slots[2].offset = 32; });
  refuses("an operand is overwritten element by element only", [](Scheduled& s) {
    s.loop.slots[2].offset = 0;
    s.slots[2].element = 4;
  });
  refuses("scratch is written before it is read", [](Scheduled& s) { std::swap(s.loop.code[0], s.loop.code[1]); });
  refuses("scratch has room", [](Scheduled& s) { s.loop.scratch_bytes = 64; });
  refuses("scratch has room", [](Scheduled& s) { s.loop.slots[1].offset = -64; });
}

BOOST_AUTO_TEST_SUITE_END()

// ---- plans

BOOST_AUTO_TEST_SUITE(plans)

namespace {

/// product, loop, cumsum, product, loop: with an array that may be written over, and an epilogue.
StepProgram whole_plan() {
  xgrad::Tape tape;
  const Var x = tape.leaf(zeros({300, 200}));
  const Var w = tape.leaf(zeros({200, 200}));
  const Var v = tape.leaf(zeros({300, 200}));
  const Var t = tanh(matmul(x, w));
  const Var u = matmul(cumsum(t, 0), w);
  return *program_of({v - exp(u), sum(t, {0}), v - exp(u)}, {v});
}

/// A product of many rows within its loop, whose rows are normalised; an operand is gathered.
StepProgram joined_plan() {
  xgrad::Tape tape;
  const Var y = matmul(tape.leaf(zeros({2500, 7})), tape.leaf(zeros({7, 33})));
  return *program_of({softmax(y) + transpose(tape.leaf(zeros({33, 2500})))});
}

void refuses(StepProgram plan, std::string_view invariant, const std::function<void(StepProgram&)>& break_it) {
  BOOST_REQUIRE_NO_THROW(verify(this_pass, plan));
  break_it(plan);
  BOOST_TEST(complains(invariant, [&] { verify(this_pass, plan); }));
}

void refuses(std::string_view invariant, const std::function<void(StepProgram&)>& break_it) {
  refuses(whole_plan(), invariant, break_it);
}

PlaceId place_of(const StepProgram& plan, Place::Kind kind) {
  for (PlaceId place = 0; place < plan.places.size(); ++place) {
    if (plan.places[place].kind == kind) return place;
  }
  return no_place;
}

/// The array that an output may be written over.
PlaceId donor_of(const StepProgram& plan) {
  PlaceId place = 0;
  const auto donor = static_cast<std::uint32_t>(plan.outputs[0].donor);
  while (plan.places[place].kind != Place::Kind::Leaf || plan.places[place].index != donor) ++place;
  return place;
}

/// A slot of the first loop.
SlotId slot_of(const Loop& loop, Slot::Base base) {
  for (SlotId slot = 0; slot < loop.slots.size(); ++slot) {
    if (loop.slots[slot].base == base) return slot;
  }
  return no_slot;
}

}  // namespace

BOOST_AUTO_TEST_CASE(what_is_broken_in_these_tests_is_there) {
  const StepProgram plan = whole_plan();
  BOOST_TEST(plan.steps.size() == 5U);
  BOOST_TEST(plan.outputs[0].donor >= 0);
  BOOST_TEST((plan.outputs[2].kind == PlanOutput::Kind::Same));
  BOOST_TEST(plan.loops[0].epilogues.size() == 1U);
  const StepProgram joined = joined_plan();
  BOOST_TEST(joined.loops[0].product == 0U);
  BOOST_TEST(joined.loops[0].gathered.size() == 1U);
}

BOOST_AUTO_TEST_CASE(places) {
  refuses("each place has a shape", [](StepProgram& p) { p.place_shapes.pop_back(); });
  refuses("it has a shape", [](StepProgram& p) { p.place_shapes[0] = 99; });
  refuses("it has room", [](StepProgram& p) { p.places[place_of(p, Place::Kind::Arena)].bytes = 64; });
  refuses("a leaf exists", [](StepProgram& p) { p.places[place_of(p, Place::Kind::Leaf)].index = 99; });
  refuses("an output exists", [](StepProgram& p) { p.places[place_of(p, Place::Kind::Output)].index = 99; });
  refuses("only own outputs are written", [](StepProgram& p) { p.places[place_of(p, Place::Kind::Output)].index = 2; });
  refuses("an output has one element type", [](StepProgram& p) {
    p.outputs[0].dtype = DType::Int64;
    p.outputs[2].dtype = DType::Int64;
  });
  refuses("an output has one size", [](StepProgram& p) { p.outputs[1].shape = {7}; });
  refuses("memory is aligned", [](StepProgram& p) { p.places[place_of(p, Place::Kind::Arena)].offset += 8; });
  refuses("it lies in the arena", [](StepProgram& p) { p.arena_bytes /= 2; });
  refuses("its memory is free while it lives", [](StepProgram& p) {
    for (Place& each : p.places) each.offset = 0;
  });
  refuses("memory of the arena is written", [](StepProgram& p) {
    p.places.push_back(p.places[place_of(p, Place::Kind::Arena)]);
    p.place_shapes.push_back(p.place_shapes[place_of(p, Place::Kind::Arena)]);
  });
}

BOOST_AUTO_TEST_CASE(outputs) {
  refuses("a leaf exists", [](StepProgram& p) { p.outputs.push_back({PlanOutput::Kind::Leaf, 99, -1, f64, {}}); });
  refuses("an output is the same as one before", [](StepProgram& p) { p.outputs[2].index = 2; });
  refuses("an output is the same as one of its form", [](StepProgram& p) { p.outputs[2].index = 1; });
  refuses("an output is written", [](StepProgram& p) { p.outputs.push_back({PlanOutput::Kind::Own, 0, -1, f64, {}}); });
}

BOOST_AUTO_TEST_CASE(steps) {
  refuses("its loop exists", [](StepProgram& p) { p.steps[1].index = 9; });
  refuses("its kernel exists", [](StepProgram& p) { p.steps[2].index = 9; });
  refuses("its product exists", [](StepProgram& p) { p.steps[0].index = 9; });
  refuses("what it reads was written before", [](StepProgram& p) { std::swap(p.steps[1], p.steps[2]); });
  refuses("what it reads was written before", [](StepProgram& p) { p.steps.erase(p.steps.begin()); });
  refuses("a place is written by one step", [](StepProgram& p) { p.steps.insert(p.steps.begin(), p.steps[0]); });
  refuses("it reads a place", [](StepProgram& p) { p.kernels[0].inputs[0].place = 99; });
  refuses("it writes a place", [](StepProgram& p) { p.products[0].out = 99; });
  refuses("leaves and numbers are not written", [](StepProgram& p) { p.products[0].out = p.products[0].a; });
}

BOOST_AUTO_TEST_CASE(kernel_steps) {
  refuses("it has a kernel", [](StepProgram& p) { p.kernels[0].kernel = nullptr; });
  refuses("there is room for the arrays", [](StepProgram& p) { p.most_arrays = 0; });
  refuses("an array lies in its memory", [](StepProgram& p) { p.kernels[0].inputs[0].offset = 8; });
  refuses("an array lies in its memory", [](StepProgram& p) { p.kernels[0].inputs[0].strides = {-200, 1}; });
  refuses("an array has the element type", [](StepProgram& p) { p.kernels[0].inputs[0].dtype = DType::Int64; });
  refuses("an array has a stride for each axis", [](StepProgram& p) { p.kernels[0].inputs[0].strides = {1}; });
}

BOOST_AUTO_TEST_CASE(product_steps) {
  refuses("factors lie in their memory", [](StepProgram& p) { p.products[0].offset_a = 8; });
  refuses("lines of a factor do not overlap", [](StepProgram& p) { p.products[0].product.k += 1; });
  refuses("the result has the form of the product", [](StepProgram& p) { p.products[0].product.m -= 1; });
  refuses("factors have the element type", [](StepProgram& p) { p.products[0].product.dtype = DType::Int64; });
  refuses("a stack has a distance for each axis", [](StepProgram& p) { p.products[0].product.stack = {1}; });
  refuses("a scale is one number", [](StepProgram& p) { p.products[0].scale = p.products[0].a; });
  refuses("what is accumulated to has the form", [](StepProgram& p) { p.products[0].c = p.products[0].b; });
}

BOOST_AUTO_TEST_CASE(forms_of_loops) {
  const std::string_view empty = "blocks and chunks are not empty";
  refuses(empty, [](StepProgram& p) { p.loops[0].block_rows = 0; });
  refuses(empty, [](StepProgram& p) { p.loops[0].chunks = 0; });
  refuses("a block of several rows holds whole rows", [](StepProgram& p) { p.loops[0].block_columns -= 1; });
  refuses("chunks cover the loop", [](StepProgram& p) { p.loops[0].chunk_rows = 1; });
  refuses("only a single row is cut", [](StepProgram& p) { p.loops[0].chunk_columns = 100; });
  refuses("a thread has scratch for each loop",
          [](StepProgram& p) { p.loops[1].scratch_bytes += p.scratch_bytes + 64; });
  refuses("there is room for the partial results", [](StepProgram& p) { p.partial_bytes -= 64; });
  refuses("a thread has room for the slots", [](StepProgram& p) { p.most_slots = 1; });
  refuses("there is room for the marks", [](StepProgram& p) { p.most_chunks = 1; });
}

BOOST_AUTO_TEST_CASE(code_of_loops) {
  refuses("segments cover the code", [](StepProgram& p) { p.loops[0].segments.back().last -= 1; });
  refuses("segments cover the code", [](StepProgram& p) { p.loops[0].segments.front().first += 1; });
  refuses("an instruction has a kernel", [](StepProgram& p) { p.loops[0].code[0].kernel = nullptr; });
  refuses("instructions name slots of the loop", [](StepProgram& p) { p.loops[0].code[0].out = 99; });
  refuses("machine code is there", [](StepProgram& p) {
    p.loops[0].code[0].kind = kernels::Instruction::Kind::Generated;
    p.loops[0].code[0].a = 99;
  });
  refuses("what is gathered is known", [](StepProgram& p) {
    p.loops[0].code[0].kind = kernels::Instruction::Kind::Gather;
    p.loops[0].code[0].a = 99;
  });
  refuses("what is checked is known",
          [](StepProgram& p) { p.loops[0].code[0].kind = kernels::Instruction::Kind::Check; });
  refuses("slots that move are listed", [](StepProgram& p) { p.loops[0].moving_rows.pop_back(); });
  refuses("what is fetched lies in memory",
          [](StepProgram& p) { p.loops[0].segments[0].fetched = {slot_of(p.loops[0], Slot::Base::Partials)}; });
}

BOOST_AUTO_TEST_CASE(slots_of_loops) {
  const auto slot = [](StepProgram& p, Slot::Base base) -> Slot& {
    return p.loops[0].slots[slot_of(p.loops[0], base)];
  };
  refuses("a slot has a place", [&](StepProgram& p) { slot(p, Slot::Base::Memory).place = 99; });
  refuses("a slot stays in its memory", [&](StepProgram& p) { slot(p, Slot::Base::Memory).offset = 8; });
  refuses("a slot stays in its memory", [&](StepProgram& p) { slot(p, Slot::Base::Memory).row_step *= 2; });
  refuses("a slot stays in the partial results", [&](StepProgram& p) { slot(p, Slot::Base::Partials).offset = 8; });
  refuses(joined_plan(), "a slot stays in scratch", [&](StepProgram& p) {
    for (Slot& each : p.loops[0].slots) each.offset += each.base == Slot::Base::Scratch ? 1 << 20 : 0;
  });
  refuses("partial results have room", [](StepProgram& p) { p.loops[0].epilogues[0].count += 64; });
  refuses("an epilogue value has a place", [](StepProgram& p) { p.loops[0].epilogues[0].target = 99; });
  refuses("an epilogue value has the element type",
          [](StepProgram& p) { p.loops[0].epilogues[0].dtype = DType::Float32; });
  refuses("an epilogue value has the size of its place", [](StepProgram& p) { p.loops[0].epilogues[0].count -= 1; });
}

BOOST_AUTO_TEST_CASE(what_is_gathered) {
  const auto refuses_gathered = [](std::string_view invariant, const std::function<void(Gathered&, Loop&)>& break_it) {
    refuses(joined_plan(), invariant, [&](StepProgram& p) { break_it(p.loops[0].gathered[0], p.loops[0]); });
  };
  refuses_gathered("what is gathered lies in its memory", [](Gathered& each, Loop&) { each.strides[0] = 2500; });
  refuses_gathered("what is gathered has elements of its array", [](Gathered& each, Loop&) { each.element = 4; });
  refuses_gathered("what is gathered has columns of the loop", [](Gathered& each, Loop&) { each.columns = 2; });
  refuses_gathered("what is gathered has elements of the loop", [](Gathered& each, Loop&) { each.shape[0] = 1; });
  refuses_gathered("what is gathered starts where its memory does", [](Gathered& each, Loop& loop) {
    loop.slots[each.slot].column_step = 8;
    loop.moving_columns.push_back(each.slot);
    std::ranges::sort(loop.moving_columns);
  });
}

BOOST_AUTO_TEST_CASE(joined_products) {
  refuses(joined_plan(), "its product exists", [](StepProgram& p) { p.loops[0].product = 9; });
  refuses(joined_plan(), "what it reads was written before", [](StepProgram& p) { p.loops[0].product = no_product; });
  refuses(joined_plan(), "a loop joins a single plain product",
          [](StepProgram& p) { p.products[0].product.stack = {1}; });
  refuses(joined_plan(), "a loop has the rows of its product", [](StepProgram& p) { p.products[0].product.m = 25; });
  refuses(joined_plan(), "some chunks follow at a time", [](StepProgram& p) { p.loops[0].panel_chunks = 0; });
}

BOOST_AUTO_TEST_CASE(donors) {
  refuses("a donor is a leaf", [](StepProgram& p) { p.outputs[0].donor = 9; });
  refuses("a donor has the form of the output", [](StepProgram& p) { p.outputs[1].donor = 0; });
  refuses("an output is not given", [](StepProgram& p) {
    p.outputs.push_back({PlanOutput::Kind::Leaf, static_cast<std::uint32_t>(p.outputs[0].donor), -1, f64, {300, 200}});
  });
  refuses("a leaf is given once", [](StepProgram& p) { p.outputs[1].donor = p.outputs[0].donor; });
  refuses("it is known from when on donors are overwritten", [](StepProgram& p) { p.first_overwriting = 9; });
  refuses("nothing reads a donor later", [](StepProgram& p) {
    KernelStep later = p.kernels[0];
    later.inputs[0].place = donor_of(p);
    later.outputs[0].place = static_cast<PlaceId>(p.places.size());
    p.places.push_back({Place::Kind::Arena, f64, 0, p.arena_bytes, 300 * 200 * 8});
    p.place_shapes.push_back(p.place_shapes[donor_of(p)]);
    p.arena_bytes += 300 * 200 * 8;
    p.steps.push_back({Step::Kind::Kernel, 1});
    p.kernels.push_back(later);
  });
  refuses("a donor is read before it is written", [](StepProgram& p) {
    Loop& loop = p.loops[1];
    for (SlotId slot = 0; slot < loop.slots.size(); ++slot) {
      Slot& each = loop.slots[slot];
      if (each.base != Slot::Base::Memory || each.place != donor_of(p)) continue;
      each.row_step = 0;  // its first row, for all rows
      std::erase(loop.moving_rows, slot);
    }
  });
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE_END()
