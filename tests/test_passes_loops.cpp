// From a group to a loop: lowering, and scheduling alone.
#include "passes.hpp"

#include <algorithm>
#include <cmath>
#include <map>

#include <boost/test/unit_test.hpp>
#include <xgrad/xgrad.hpp>

#include "backend/cpu/lower_loop.hpp"
#include "backend/cpu/schedule.hpp"
#include "backend/cpu/verify.hpp"

BOOST_AUTO_TEST_SUITE(test_passes_loops)

namespace {

using namespace passes;
using namespace xgrad::primitives;

/// The loop that computes an output, and the places that it was given.
struct Lowered {
  std::map<ValueId, PlaceId> places;
  LoweredLoop lowered;
  Loop& loop = lowered.loop;

  Lowered(Values& values, const std::vector<ValueId>& outputs) {
    values.graph.outputs = outputs;
    const Groups groups = make_groups(values.graph);
    const auto place_of = [&](ValueId id) {
      return places.try_emplace(id, static_cast<PlaceId>(places.size())).first->second;
    };
    LoweringTables tables;
    lowered = lower_loop(values.graph, groups, groups.of[outputs[0]], place_of, Origin::Recorded, tables);
  }
  [[nodiscard]] bool in_place(ValueId out, ValueId in) const {
    return std::ranges::count(lowered.in_place, std::pair{places.at(out), places.at(in)}) == 1;
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(lowering)

BOOST_AUTO_TEST_CASE(a_chain_needs_scratch_for_one_value) {
  Values v;
  ValueId x = v.leaf({4000});
  for (int k = 0; k < 5; ++k) x = v.of<Cos>({v.of<Sin>({x})});
  const Lowered loop(v, {x});
  BOOST_TEST(loop.loop.code.size() == 10U);
  BOOST_TEST(loop.loop.segments.size() == 1U);
  BOOST_TEST(loop.loop.block_columns == 1024U);
  BOOST_TEST(loop.loop.scratch_bytes == 1024 * sizeof(double));
}

BOOST_AUTO_TEST_CASE(what_lives_on_has_scratch_of_its_own) {
  Values v;
  const ValueId x = v.of<Sin>({v.leaf({4000})});
  const ValueId y = v.of<Cos>({v.of<Cos>({x})});
  const Lowered loop(v, {v.of<Add>({v.of<Exp>({y}), x})});
  BOOST_TEST(loop.loop.scratch_bytes == 2 * 1024 * sizeof(double));
}

BOOST_AUTO_TEST_CASE(each_reduction_of_rows_ends_a_phase) {
  Values v;
  const ValueId x = v.of<Exp>({v.leaf({40, 50})});
  const ValueId sums = v.of<Sum>({x}, {40, 1}, {1});
  const Lowered loop(v, {v.of<Divide>({x, v.of<Broadcast>({sums}, {40, 50})})});
  std::vector<bool> rows;
  for (const Segment& each : loop.loop.segments) rows.push_back(each.rows);
  BOOST_TEST((rows == std::vector{true, false, false}));  // the sums begin; exp and sums; quotients
  BOOST_TEST(loop.loop.segments[0].first == 0U);
  BOOST_TEST(loop.loop.segments[2].last == loop.loop.code.size());
  BOOST_TEST(loop.loop.rows == 40U);
  BOOST_TEST(loop.loop.columns == 50U);
  BOOST_TEST(loop.loop.block_rows == 20U);
}

BOOST_AUTO_TEST_CASE(of_long_rows_all_is_kept_that_a_later_phase_reads) {
  Values v;
  const ValueId x = v.of<Exp>({v.leaf({4, 5000})});
  const ValueId sums = v.of<Sum>({x}, {4, 1}, {1});
  const Lowered loop(v, {v.of<Divide>({x, v.of<Broadcast>({sums}, {4, 5000})})});
  BOOST_TEST(loop.loop.block_columns == 1024U);
  const auto whole = [](const Slot& slot) { return slot.base == Slot::Base::Scratch && slot.column_step == 8; };
  BOOST_TEST(std::ranges::count_if(loop.loop.slots, whole) == 1);
  BOOST_TEST(loop.loop.scratch_bytes >= 5000 * sizeof(double));
}

BOOST_AUTO_TEST_CASE(how_operands_lie) {
  Values v;
  const ValueId dense = v.leaf({40, 50});
  const ValueId row = v.of<Broadcast>({v.leaf({40, 1})}, {40, 50});
  const ValueId turned = v.of<Transpose>({v.leaf({50, 40})}, {40, 50}, {1, 0});
  const ValueId sum = v.of<Add>({v.of<Add>({v.of<Exp>({dense}), row}), v.of<Sin>({turned})});
  const Lowered loop(v, {sum});
  BOOST_TEST(loop.loop.gathered.size() == 1U);
  BOOST_TEST(loop.loop.columns == 50U);
  BOOST_TEST((loop.loop.gathered[0].strides == xgrad::Strides{1, 40}));
}

BOOST_AUTO_TEST_CASE(rows_that_repeat_are_read_where_they_are) {
  struct Case {
    std::size_t alike;
    std::size_t columns;
    std::size_t block_rows;
    bool gathered;
  };
  // A block of 1024 elements has up to 20 rows of 50; of 17 rows alike it has 17, and of 7 twice as many.
  for (const Case& each : {Case{40, 50, 20, false},
                           {20, 50, 20, false},
                           {17, 50, 17, false},
                           {7, 50, 14, true},
                           {7, 600, 1, false},
                           {7, 2000, 1, false}}) {
    BOOST_TEST_CONTEXT(each.alike << " rows of " << each.columns) {
      Values v;
      const xgrad::Shape all{6, each.alike, each.columns};
      const ValueId rows = v.of<Broadcast>({v.leaf({6, 1, each.columns})}, all);
      const Lowered loop(v, {v.of<Add>({v.of<Exp>({v.leaf(all)}), rows})});
      BOOST_TEST(loop.loop.block_rows == each.block_rows);
      BOOST_TEST(loop.loop.gathered.empty() != each.gathered);
      const auto repeats = [&](const Slot& slot) { return slot.rows_alike == each.alike; };
      BOOST_TEST(std::ranges::any_of(loop.loop.slots, repeats) != each.gathered);

      const auto numbers = [](const xgrad::Shape& shape) {
        auto array = xgrad::Array<double>::from_shape(shape);
        for (std::size_t i = 0; i < array.size(); ++i) array.data()[i] = std::sin(static_cast<double>(i));
        return array;
      };
      const auto a = numbers(all);
      const auto b = numbers({6, 1, each.columns});
      const auto f = [](const xgrad::Var& x, const xgrad::Var& row) { return x * row + x; };
      const xgrad::Var y = xgrad::compile(f)(a, b);
      bool same = true;
      for (std::size_t i = 0; i < a.size(); ++i) {
        const std::size_t matrix = i / (each.alike * each.columns);
        const double factor = b.data()[matrix * each.columns + i % each.columns];
        same = same && y.array<double>().data()[i] == a.data()[i] * factor + a.data()[i];
      }
      BOOST_TEST(same);
    }
  }
}

BOOST_AUTO_TEST_CASE(totals_are_partial_results) {
  Values v;
  const ValueId x = v.of<Exp>({v.leaf({100000})});
  const ValueId total = v.of<Sum>({x}, {1}, {0});
  const Lowered loop(v, {total});
  BOOST_TEST_REQUIRE(loop.loop.epilogues.size() == 1U);
  BOOST_TEST(loop.loop.epilogues[0].target == loop.places.at(total));
  BOOST_TEST(loop.loop.chunks == 4U);
  BOOST_TEST(loop.loop.partial_bytes == 64U);
}

BOOST_AUTO_TEST_CASE(what_may_be_written_over_a_leaf) {
  Values v;
  const ValueId w = v.leaf({64, 64});
  const ValueId g = v.leaf({64, 64});
  const ValueId updated = v.of<Subtract>({w, v.of<Exp>({g})});
  const Lowered loop(v, {updated});
  BOOST_TEST(loop.in_place(updated, w));
  BOOST_TEST(loop.in_place(updated, g));

  const ValueId turned = v.of<Transpose>({w}, {64, 64}, {1, 0});
  const ValueId mixed = v.of<Add>({turned, v.of<Exp>({g})});
  const Lowered other(v, {mixed});
  BOOST_TEST(!other.in_place(mixed, w));
  BOOST_TEST(other.in_place(mixed, g));
}

BOOST_AUTO_TEST_CASE(not_what_is_read_after_it_is_written) {
  Values v;
  const ValueId w = v.leaf({40, 50});
  const ValueId early = v.of<Exp>({w});
  const ValueId sums = v.of<Sum>({early}, {40, 1}, {1});
  const ValueId late = v.of<Divide>({w, v.of<Broadcast>({sums}, {40, 50})});
  const Lowered loop(v, {late, early});
  BOOST_TEST(!loop.in_place(early, w));
  BOOST_TEST(loop.in_place(late, w));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(scheduling)

namespace {

void nothing(const xgrad::backend::cpu::kernels::Frame&, std::byte* const*,
             const xgrad::backend::cpu::kernels::Instruction&) {}

/// A draft of a loop over 8 rows of 16 numbers, without kernels that do anything.
struct Sketch {
  Draft draft;

  Sketch() {
    draft.loop.rows = 8;
    draft.loop.columns = 16;
    draft.loop.block_rows = 8;
    draft.loop.block_columns = 16;
  }
  SlotId slot(Store store, std::size_t element = 8) {
    const bool memory = store == Store::Memory;
    draft.slots.push_back({store, element});
    draft.loop.slots.push_back({memory ? Slot::Base::Memory : Slot::Base::Scratch,
                                memory ? static_cast<PlaceId>(draft.slots.size()) : no_place, 0, memory ? 128 : 0,
                                memory ? 8 : 0});
    return static_cast<SlotId>(draft.slots.size() - 1);
  }
  void emit(std::uint32_t phase, bool rows, SlotId out, SlotId a, bool in_place = true) {
    draft.code.push_back({{nothing, out, a, no_slot, no_slot}, phase, rows, in_place, {}});
  }
  Loop scheduled() {
    const std::vector<SlotInfo> before = draft.slots;
    Loop loop = schedule(draft).loop;
    verify(this_pass, loop, before);
    return loop;
  }
};

}  // namespace

BOOST_AUTO_TEST_CASE(by_phase_and_rows_before_elements) {
  Sketch s;
  const SlotId in = s.slot(Store::Memory);
  const SlotId out = s.slot(Store::Memory);
  const SlotId a = s.slot(Store::Block);
  const SlotId row = s.slot(Store::Row);
  s.emit(0, false, a, in);
  s.emit(1, false, out, a);
  s.emit(0, true, row, in);
  s.emit(1, true, s.slot(Store::Row), row);
  const Loop loop = s.scheduled();
  std::vector<SlotId> order;
  for (const auto& code : loop.code) order.push_back(code.out);
  BOOST_TEST((order == std::vector<SlotId>{row, a, 4, out}));
  BOOST_TEST(loop.segments.size() == 4U);
  BOOST_TEST((loop.moving_columns == std::vector<std::uint32_t>{in, out}));
}

BOOST_AUTO_TEST_CASE(dead_scratch_is_used_again) {
  Sketch s;
  const SlotId in = s.slot(Store::Memory);
  SlotId last = in;
  for (int k = 0; k < 6; ++k) {
    const SlotId next = s.slot(Store::Block);
    s.emit(0, false, next, last, false);  // not over its operand
    last = next;
  }
  s.emit(0, false, s.slot(Store::Memory), last);
  BOOST_TEST(s.scheduled().scratch_bytes == 2U * 8 * 16 * 8);
}

BOOST_AUTO_TEST_CASE(elements_of_other_sizes_do_not_share_with_their_operand) {
  Sketch s;
  const SlotId in = s.slot(Store::Memory);
  const SlotId wide = s.slot(Store::Block);
  const SlotId narrow = s.slot(Store::Block, 4);
  s.emit(0, false, wide, in);
  s.emit(0, false, narrow, wide);
  s.emit(0, false, s.slot(Store::Memory), narrow);
  const Loop loop = s.scheduled();
  BOOST_TEST(loop.scratch_bytes == 8U * 16 * 12);
}

BOOST_AUTO_TEST_CASE(what_outlives_its_segment_is_not_overwritten_in_it) {
  Sketch s;
  s.draft.loop.rows = 1;
  s.draft.loop.columns = 64;
  s.draft.loop.block_rows = 1;
  const SlotId in = s.slot(Store::Memory);
  const SlotId kept = s.slot(Store::Block);
  const SlotId local = s.slot(Store::Block);
  s.emit(0, false, kept, in);
  s.emit(0, false, local, in);
  s.emit(0, false, s.slot(Store::Memory), local);
  s.emit(1, false, s.slot(Store::Memory), kept);
  const Loop loop = s.scheduled();
  BOOST_TEST(loop.slots[kept].column_step == 8);
  BOOST_TEST(loop.scratch_bytes == 64U * 8 + 16 * 8);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE_END()
