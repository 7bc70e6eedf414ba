#include <algorithm>
#include <map>

#include "backend/cpu/kernels/operand.hpp"
#include "plan/verified.hpp"
#include "schedule.hpp"
#include "verify.hpp"
#include "verify_donors.hpp"
#include "verify_loop.hpp"

namespace xgrad::backend::cpu {
namespace {

constexpr std::size_t never = ~std::size_t{0};

class OfPlan {
 public:
  OfPlan(std::string_view pass, const StepProgram& plan) : pass_(pass), program_(plan), uses_(plan.places.size()) {}

  void verify_all() {
    Verified{pass_, "places", program_.places.size()}.require(program_.place_shapes.size() == program_.places.size(),
                                                              "each place has a shape");
    outputs();
    for (PlaceId place = 0; place < program_.places.size(); ++place) verify_place(place);
    for (step_ = 0; step_ < program_.steps.size(); ++step_) step();
    every_output_is_written();
    arena_is_shared_in_turn();
    straight_runs();
    for (std::uint32_t k = 0; k < program_.outputs.size(); ++k) donor(k);
  }

 private:
  /// Steps that use a place, and how the last one reads it.
  struct Use {
    std::size_t written = never;
    std::size_t read = never;
  };

  [[nodiscard]] Verified here() const { return {pass_, "step", step_}; }
  [[nodiscard]] Verified output(std::size_t k) const { return {pass_, "output", k}; }

  void outputs() const {
    for (std::size_t k = 0; k < program_.outputs.size(); ++k) {
      const PlanOutput& each = program_.outputs[k];
      if (each.kind == PlanOutput::Kind::Leaf) output(k).require(each.index < program_.leaves, "a leaf exists");
      if (each.kind != PlanOutput::Kind::Same) continue;
      output(k).require(each.index < k, "an output is the same as one before");
      const PlanOutput& same = program_.outputs[each.index];
      output(k).require(same.kind == PlanOutput::Kind::Own && same.dtype == each.dtype && same.shape == each.shape,
                        "an output is the same as one of its form");
    }
  }

  void verify_place(PlaceId place) const {
    const Place& each = program_.places[place];
    const Verified at{pass_, "place", place};
    at.require(program_.place_shapes[place] < program_.shapes.size(), "it has a shape");
    at.require(array_bytes(program_, place) <= each.bytes || each.kind == Place::Kind::Number, "it has room");
    switch (each.kind) {
      case Place::Kind::Leaf:
        return at.require(each.index < program_.leaves, "a leaf exists");
      case Place::Kind::Number:
        return at.require(each.index < program_.numbers.size(), "a number exists");
      case Place::Kind::Output:
        at.require(each.index < program_.outputs.size(), "an output exists");
        at.require(program_.outputs[each.index].kind == PlanOutput::Kind::Own, "only own outputs are written");
        at.require(program_.outputs[each.index].dtype == each.dtype, "an output has one element type");
        return at.require(
            size_of(program_.outputs[each.index].shape) * size_of(each.dtype) == array_bytes(program_, place),
            "an output has one size");
      case Place::Kind::Arena:
        at.require(each.offset % 64 == 0, "memory is aligned");
        at.require(each.offset + each.bytes <= program_.arena_bytes, "it lies in the arena");
    }
  }

  // ---- steps

  void step() {
    const Step& each = program_.steps[step_];
    switch (each.kind) {
      case Step::Kind::Loop:
        here().require(each.index < program_.loops.size(), "its loop exists");
        return loop(program_.loops[each.index]);
      case Step::Kind::Kernel:
        here().require(each.index < program_.kernels.size(), "its kernel exists");
        return kernel(program_.kernels[each.index]);
      case Step::Kind::Product:
        here().require(each.index < program_.products.size(), "its product exists");
        return product(program_.products[each.index]);
      case Step::Kind::Scan:
        here().require(each.index < program_.scans.size(), "its loop exists");
        return scan(program_.scans[each.index]);
      case Step::Kind::While:
        here().require(each.index < program_.whiles.size(), "its loop exists");
        return while_loop(program_.whiles[each.index]);
      case Step::Kind::Switch:
        here().require(each.index < program_.switches.size(), "its switch exists");
        switch_branches(program_.switches[each.index]);
    }
  }

  void read(PlaceId place) {
    here().require(place < program_.places.size(), "it reads a place");
    const Place::Kind kind = program_.places[place].kind;
    const bool given = kind == Place::Kind::Leaf || kind == Place::Kind::Number;
    here().require(given || uses_[place].written != never, "what it reads was written before");
    uses_[place].read = step_;
  }
  void write(PlaceId place) {
    here().require(place < program_.places.size(), "it writes a place");
    const Place::Kind kind = program_.places[place].kind;
    here().require(kind == Place::Kind::Output || kind == Place::Kind::Arena, "leaves and numbers are not written");
    here().require(uses_[place].written == never || uses_[place].written == step_, "a place is written by one step");
    uses_[place].written = step_;
  }

  void loop(const Loop& loop) {
    verify_loop(here(), program_, loop);
    if (loop.product != no_product) joined_product(loop);
    const auto in_memory = [&](SlotId slot) { return loop.slots[slot].base == Slot::Base::Memory; };
    for (const kernels::Instruction& code : loop.code) {
      for_each_operand(loop, code, [&](SlotId slot) {
        const bool starts = writes(loop, code, slot);  // what starts a sum names it as its operand, too
        if (in_memory(slot) && !starts) read(loop.slots[slot].place);
      });
      for_each_result(loop, code, [&](SlotId slot) {
        if (in_memory(slot)) write(loop.slots[slot].place);
      });
    }
    for (const Epilogue& each : loop.epilogues) {
      here().require(each.target < program_.places.size() && uses_[each.target].written == never,
                     "an epilogue value is written once, when the loop has ended");
      write(each.target);
    }
  }

  /// Nobody else needs what straight code does not store.
  void straight_runs() const {
    std::size_t end = 0;
    for (const StraightRun& run : program_.straight_runs) {
      const Verified at{pass_, "straight run from step", run.first};
      at.require(run.first >= end && run.first < run.last && run.last <= program_.steps.size(),
                 "runs follow each other");
      end = run.last;
      for (const PlaceId place : run.own) {
        const Use& use = uses_[place];
        const auto inside = [&](std::size_t step) { return step >= run.first && step < run.last; };
        at.require(program_.places[place].kind == Place::Kind::Arena && inside(use.written) &&
                       (use.read == never || inside(use.read)),
                   "only its steps use its own places");
      }
    }
  }

  void joined_product(const Loop& loop) {
    here().require(loop.product < program_.products.size(), "its product exists");
    const ProductStep& step = program_.products[loop.product];
    const blas::Product& size = step.product;
    here().require(size.stack.empty() && size.k != 0 && is_floating(size.dtype) && step.c == no_place,
                   "a loop joins a single plain product");
    here().require(size.m == loop.rows && size.n == loop.columns && loop.chunk_columns == loop.columns,
                   "a loop has the rows of its product");
    here().require(loop.panel_chunks != 0, "some chunks follow at a time");
    product(step);
  }

  void kernel(const KernelStep& step) {
    here().require(step.kernel != nullptr, "it has a kernel");
    here().require(step.inputs.size() + step.outputs.size() <= program_.most_arrays,
                   "there is room for the arrays of each kernel");
    here().require(!step.outputs.empty(), "a kernel has an output");
    arrays(step.inputs, step.outputs);
  }

  /// What a step reads and writes as a whole.
  void arrays(std::span<const ArrayAt> inputs, std::span<const ArrayAt> outputs) {
    for (const ArrayAt& each : inputs) {
      read(each.place);
      array(each);
    }
    for (const ArrayAt& each : outputs) {
      if (each.place == no_place) continue;  // nothing needs it
      write(each.place);
      array(each);
      here().require(each.offset == 0 && core::is_dense(each.shape, each.strides), "a kernel writes a whole array");
      const auto shared = [&](const ArrayAt& input) { return each.place == input.place; };
      here().require(std::ranges::none_of(inputs, shared), "a kernel writes to none of its inputs");
    }
  }

  void scan(const ScanStep& step) {
    arrays(step.inputs, step.last);
    arrays(step.inputs, step.stacked);
    apart(step.body, step.inputs, step.scan.carried + step.stacked.size());
    here().require(step.last.size() == step.scan.carried, "what is carried has a last");
    for (std::size_t k = 0; k < step.stacked.size(); ++k) {
      const PlanOutput& each = step.body.program->outputs[step.scan.carried + k];
      here().require(size_of(step.stacked[k].shape) == step.scan.length * size_of(each.shape),
                     "what is stacked has room for each run");
    }
  }

  void while_loop(const WhileStep& step) {
    arrays(step.inputs, step.last);
    apart(step.body, step.inputs, step.last.size());
    apart(step.condition, step.inputs, 1);
    const PlanOutput& condition = step.condition.program->outputs[0];
    here().require(condition.dtype == DType::Bool && size_of(condition.shape) == 1, "a condition is one truth value");
  }

  void switch_branches(const SwitchStep& step) {
    read(step.number.place);
    here().require(step.number.dtype == DType::Int64 && size_of(step.number.shape) == 1, "a branch has a number");
    arrays(step.inputs, step.outputs);
    here().require(!step.branches.empty(), "there is a branch");
    for (const ProgramApart& branch : step.branches) {
      apart(branch, step.inputs, step.outputs.size());
      for (std::size_t k = 0; k < step.outputs.size(); ++k) {
        here().require(size_of(branch.program->outputs[k].shape) == size_of(step.outputs[k].shape) &&
                           branch.program->outputs[k].dtype == step.outputs[k].dtype,
                       "branches give what the switch gives");
      }
    }
  }

  /// A plan within the plan.
  void apart(const ProgramApart& apart, std::span<const ArrayAt> inputs, std::size_t outputs) const {
    const auto dense = [](const ArrayAt& each) { return core::is_dense(each.shape, each.strides); };
    here().require(std::ranges::all_of(inputs, dense), "plans within a plan read whole arrays");
    here().require(apart.program->leaves == inputs.size() + apart.captured.size(), "it has a leaf for each input");
    here().require(apart.program->outputs.size() == outputs, "it has the outputs of its step");
    here().require(apart.number < program_.apart, "it has a number of its own");
  }

  void array(const ArrayAt& each) const {
    here().require(each.strides.size() == each.shape.size(), "an array has a stride for each axis");
    here().require(each.dtype == program_.places[each.place].dtype, "an array has the element type of its place");
    if (size_of(each.shape) == 0) return;
    here().require(lie_inside(program_, each.place, each.offset, reach_of(each.shape, each.strides)),
                   "an array lies in its memory");
  }

  void product(const ProductStep& step) {
    const blas::Product& p = step.product;
    factor(step.a, step.offset_a, lines(p.m, p.k, p.transposed_a, p.step_a), p.stack_a, p);
    factor(step.b, step.offset_b, lines(p.k, p.n, p.transposed_b, p.step_b), p.stack_b, p);
    const auto whole = [&](PlaceId place) {
      return program_.places[place].dtype == p.dtype &&
             array_bytes(program_, place) == size_of(p.stack) * p.m * p.n * size_of(p.dtype);
    };
    if (step.c != no_place) {
      read(step.c);
      here().require(whole(step.c), "what is accumulated to has the form of the product");
    }
    if (step.scale != no_place) {
      read(step.scale);
      const Place& scale = program_.places[step.scale];
      here().require(
          step.c != no_place && is_floating(scale.dtype) && array_bytes(program_, step.scale) == size_of(scale.dtype),
          "a scale is one number");
    }
    write(step.out);
    here().require(whole(step.out), "the result has the form of the product");
    here().require(step.out != step.a && step.out != step.b, "a product is not written over its factors");
  }

  /// A matrix as it is in memory.
  struct Lines {
    std::size_t count, length, step;
  };
  static Lines lines(std::size_t rows, std::size_t columns, bool transposed, std::size_t step) {
    return transposed ? Lines{columns, rows, step} : Lines{rows, columns, step};
  }

  void factor(PlaceId place, std::ptrdiff_t offset, const Lines& matrix, const Strides& stack, const blas::Product& p) {
    read(place);
    here().require(program_.places[place].dtype == p.dtype, "factors have the element type of the product");
    here().require(stack.size() == p.stack.size(), "a stack has a distance for each axis");
    here().require(matrix.step >= std::max<std::size_t>(matrix.length, 1), "lines of a factor do not overlap");
    if (matrix.count * matrix.length * size_of(p.stack) == 0) return;
    Reach reach = reach_of(p.stack, stack);
    reach.last += static_cast<std::ptrdiff_t>((matrix.count - 1) * matrix.step + matrix.length) - 1;
    here().require(lie_inside(program_, place, offset, reach), "factors lie in their memory");
  }

  // ---- what follows from all steps

  void every_output_is_written() const {
    std::vector<std::size_t> written(program_.outputs.size(), 0);
    for (PlaceId place = 0; place < program_.places.size(); ++place) {
      if (program_.places[place].kind != Place::Kind::Output) continue;
      const std::uint32_t k = program_.places[place].index;
      output(k).require(uses_[place].written != never && written[k]++ == 0, "an output is written, in one place");
    }
    for (std::size_t k = 0; k < program_.outputs.size(); ++k) {
      if (program_.outputs[k].kind == PlanOutput::Kind::Own) output(k).require(written[k] == 1, "an output is written");
    }
  }

  /// Arrays that live at the same time lie apart.
  void arena_is_shared_in_turn() const {
    std::vector<std::vector<PlaceId>> begins(program_.steps.size());
    std::vector<std::vector<PlaceId>> ends(program_.steps.size());
    for (PlaceId place = 0; place < program_.places.size(); ++place) {
      const Use& use = uses_[place];
      if (program_.places[place].kind != Place::Kind::Arena) continue;
      Verified{pass_, "place", place}.require(use.written != never, "memory of the arena is written");
      if (program_.places[place].bytes == 0) continue;
      begins[use.written].push_back(place);
      ends[use.read == never ? use.written : use.read].push_back(place);
    }
    std::map<std::size_t, PlaceId> live;  // by where they begin
    const auto end_of = [&](PlaceId place) { return program_.places[place].offset + program_.places[place].bytes; };
    for (std::size_t step = 0; step < program_.steps.size(); ++step) {
      for (const PlaceId place : begins[step]) {
        const auto after = live.lower_bound(program_.places[place].offset);
        const bool free = (after == live.end() || after->first >= end_of(place)) &&
                          (after == live.begin() || end_of(std::prev(after)->second) <= program_.places[place].offset);
        Verified{pass_, "place", place}.require(free, "its memory is free while it lives");
        live.emplace(program_.places[place].offset, place);
      }
      for (const PlaceId place : ends[step]) live.erase(program_.places[place].offset);
    }
  }

  // ---- outputs that may be written over leaves

  void donor(std::uint32_t k) const {
    const PlanOutput& each = program_.outputs[k];
    if (each.donor < 0) return;
    const auto leaf = static_cast<std::uint32_t>(each.donor);
    output(k).require(each.kind == PlanOutput::Kind::Own && leaf < program_.leaves, "a donor is a leaf");
    for (std::uint32_t other = 0; other < program_.outputs.size(); ++other) {
      const PlanOutput& than = program_.outputs[other];
      output(k).require(other == k || than.donor != each.donor, "a leaf is given once");
      output(k).require(than.kind != PlanOutput::Kind::Leaf || than.index != leaf, "an output is not given");
    }
    const PlaceId out = place_of(Place::Kind::Output, k);
    const PlaceId in = place_of(Place::Kind::Leaf, leaf);
    output(k).require(in != no_place && out != no_place && program_.places[in].dtype == each.dtype &&
                          program_.shapes[program_.place_shapes[in]] == each.shape,
                      "a donor has the form of the output");
    const std::size_t step = uses_[out].written;
    output(k).require(program_.first_overwriting <= step, "it is known from when on donors are overwritten");
    output(k).require(uses_[in].read <= step, "nothing reads a donor later");
    if (uses_[in].read == step)
      output(k).require(reads_before_it_writes(program_, step, in, out), "a donor is read before it is written");
  }

  [[nodiscard]] PlaceId place_of(Place::Kind kind, std::uint32_t index) const {
    for (PlaceId place = 0; place < program_.places.size(); ++place) {
      if (program_.places[place].kind == kind && program_.places[place].index == index) return place;
    }
    return no_place;
  }

  std::string_view pass_;
  const StepProgram& program_;
  std::vector<Use> uses_;
  std::size_t step_ = 0;
};

}  // namespace

void verify(std::string_view pass, const StepProgram& plan) { OfPlan(pass, plan).verify_all(); }

}  // namespace xgrad::backend::cpu
