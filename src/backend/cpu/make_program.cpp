#include "program.hpp"

#include <algorithm>
#include <unordered_map>
#include <utility>

#include "arena.hpp"
#include "lower_loop.hpp"
#include "panels.hpp"
#include "plan/conditions.hpp"
#include "plan/group.hpp"
#include "straight.hpp"
#include "verify.hpp"

namespace xgrad::backend::cpu {
namespace {

constexpr std::uint32_t no_shape = ~0U;

class ProgramMaker {
 public:
  ProgramMaker(const Plan& plan, bool repeated)
      : plan_(plan),
        repeated_(repeated),
        graph_(plan.graph),
        groups_(plan.groups),
        places_(graph_.size(), no_place),
        shapes_(graph_.shape_count(), no_shape) {
    program_->outputs = plan.outputs;
    program_->leaves = plan.leaves;
    program_->nodes = plan.nodes;
    for (std::uint32_t k = 0; k < plan.outputs.size(); ++k) {
      if (plan.outputs[k].kind == PlanOutput::Kind::Own) own_[graph_.outputs[k]] = k;
    }
  }

  std::shared_ptr<const StepProgram> make() {
    make_room();
    for (GroupId g = 0; g < static_cast<GroupId>(groups_.list.size()); ++g) lower(g);
    place_arrays();
    choose_donors();
    list_what_is_handed_on();
    std::ranges::sort(program_->leaves_at, {}, &GivenPlace::index);
    for (const Number& number : graph_.constants()) program_->numbers.push_back(number);
    straighten();
    verify_between_passes("choose_donors", *program_);
    return program_;
  }

 private:
  /// Of steps, which are large.
  void make_room() {
    std::size_t loops = 0;
    std::size_t products = 0;
    for (const Group& each : groups_.list) {
      if (each.loop) ++loops;
      else if (!each.members.empty() && is_product(graph_[each.members[0]].op)) ++products;
    }
    program_->steps.reserve(groups_.list.size());
    program_->loops.reserve(loops);
    program_->products.reserve(products);
  }

  // ---- places

  PlaceId place_of(ValueId id) {
    PlaceId& place = places_[id];
    if (place == no_place) {
      place = static_cast<PlaceId>(program_->places.size());
      program_->places.push_back(make_place(id));
      const Place& made = program_->places.back();
      if (made.kind == Place::Kind::Leaf) program_->leaves_at.push_back({place, made.index});
      if (made.kind == Place::Kind::Output) program_->outputs_at.push_back({place, made.index});
      program_->place_shapes.push_back(shape_of(id));
      lives_.push_back({step_, step_});
    }
    lives_[place].last = step_;
    return place;
  }

  Place make_place(ValueId id) {
    const DType dtype = graph_[id].dtype;
    const std::size_t bytes = (graph_.count(id) * size_of(dtype) + 63) / 64 * 64;
    if (graph_.is_leaf(id)) return {Place::Kind::Leaf, dtype, graph_[id].source, 0, bytes};
    if (graph_.is_constant(id)) return {Place::Kind::Number, dtype, graph_[id].source, 0, bytes};
    if (const auto own = own_.find(id); own != own_.end()) return {Place::Kind::Output, dtype, own->second, 0, bytes};
    return {Place::Kind::Arena, dtype, 0, 0, bytes};
  }

  std::uint32_t shape_of(ValueId id) {
    std::uint32_t& shape = shapes_[graph_[id].shape];
    if (shape == no_shape) {
      shape = static_cast<std::uint32_t>(program_->shapes.size());
      program_->shapes.push_back(graph_.shape(id));
    }
    return shape;
  }

  /// A materialised value may get its place only when it is read; this is for what is written.
  void place_members(const Group& group) {
    for (const ValueId id : group.members) {
      if (groups_.materialised[id]) place_of(id);
    }
  }

  void place_arrays() {
    Arena arena;
    std::vector<Place>& places = program_->places;
    const auto in_arena = [&](PlaceId place) { return places[place].kind == Place::Kind::Arena; };
    // The places that each step is the last to use, in their order.
    std::vector<PlaceId> first_end(step_, no_place);
    std::vector<PlaceId> next_end(places.size(), no_place);
    for (auto place = static_cast<PlaceId>(places.size()); place-- > 0;) {
      if (in_arena(place)) next_end[place] = std::exchange(first_end[lives_[place].last], place);
    }
    std::vector<Arena::Block> blocks(places.size());
    PlaceId begins = 0;  // places are made in the order of the steps
    for (std::uint32_t step = 0; step < step_; ++step) {
      for (; begins < places.size() && lives_[begins].first == step; ++begins) {
        if (!in_arena(begins)) continue;
        blocks[begins] = arena.take(std::max<std::size_t>(places[begins].bytes, 64));
        places[begins].offset = blocks[begins].mapped();
      }
      for (PlaceId place = first_end[step]; place != no_place; place = next_end[place]) {
        arena.give(std::move(blocks[place]));
      }
    }
    program_->arena_bytes = arena.size();
  }

  /// Donated arrays that outputs may be written over: nothing reads them later, nothing can fail from then on, so that
  /// a call that throws leaves them as they were, and each is given once.
  void choose_donors() {
    std::vector<bool> taken(program_->leaves, false);
    for (const PlanOutput& output : program_->outputs) {
      if (output.kind == PlanOutput::Kind::Leaf && output.index < taken.size()) taken[output.index] = true;
    }
    for (const auto& [out, in, step, index] : in_place_) {
      const Place& target = program_->places[out];
      const Place& source = program_->places[in];
      if (target.kind != Place::Kind::Output || source.kind != Place::Kind::Leaf) continue;
      PlanOutput& output = program_->outputs[target.index];
      const bool given = source.index < plan_.donated.size() && plan_.donated[source.index] && !taken[source.index];
      const bool alike = program_->shapes[program_->place_shapes[in]] == output.shape && source.dtype == target.dtype;
      if (!given || !alike || output.donor >= 0 || lives_[in].last != step || step < safe_from_) continue;
      output.donor = static_cast<std::int32_t>(source.index);
      program_->first_overwriting = std::min(program_->first_overwriting, index);
      taken[source.index] = true;
    }
  }

  void list_what_is_handed_on() {
    for (std::uint32_t k = 0; k < program_->outputs.size(); ++k) {
      const PlanOutput& output = program_->outputs[k];
      const std::size_t bytes = size_of(output.shape) * size_of(output.dtype);
      if (output.kind == PlanOutput::Kind::Own || bytes == 0) continue;
      program_->handed_on.push_back({k, output.kind == PlanOutput::Kind::Leaf, output.index, bytes});
    }
  }

  void straighten() {
    std::vector<PlaceLife> lives;
    lives.reserve(lives_.size());
    for (const Life& each : lives_) lives.push_back({index_of_step_[each.first], index_of_step_[each.last]});
    find_straight_runs(*program_, lives, repeated_);
  }

  // ---- steps

  void lower(GroupId g) {
    const Group& group = groups_.list[static_cast<std::size_t>(g)];
    if (group.members.empty()) return;
    place_members(group);
    if (group.loop) {
      lower_group(g);
    } else if (const ValueId id = group.members[0]; is_product(graph_[id].op)) {
      lower_product(id);
    } else {
      lower_operation(group, id);
    }
    ++step_;
    index_of_step_.push_back(static_cast<std::uint32_t>(program_->steps.size() - 1));
    if (conditions_.may_fail(graph_, group)) safe_from_ = step_;
  }

  void lower_group(GroupId g) {
    LoweredLoop lowered = lower_loop(
        graph_, groups_, g, [this](ValueId id) { return place_of(id); }, plan_.origin, tables_);
    const bool joined = join(lowered.loop);
    for (const auto& [out, in] : lowered.in_place) {
      // Rows that are computed later still read all of the product's operands.
      const ProductStep* product = joined ? &program_->products[lowered.loop.product] : nullptr;
      if (product == nullptr || (in != product->a && in != product->b)) add_in_place(out, in);
    }
    program_->most_slots = std::max(program_->most_slots, lowered.loop.slots.size());
    program_->most_chunks = std::max(program_->most_chunks, lowered.loop.chunks);
    program_->scratch_bytes = std::max(program_->scratch_bytes, lowered.loop.scratch_bytes);
    program_->partial_bytes = std::max(program_->partial_bytes, lowered.loop.partial_bytes * lowered.loop.chunks);
    program_->steps.push_back({Step::Kind::Loop, static_cast<std::uint32_t>(program_->loops.size())});
    program_->loops.push_back(std::move(lowered.loop));
  }

  /// The next step writes to `out`, which may be the same memory as `in`.
  void add_in_place(PlaceId out, PlaceId in) { in_place_.push_back({out, in, step_, program_->steps.size()}); }

  /// The product just before a loop may become part of it.
  bool join(Loop& loop) {
    if (program_->steps.empty() || program_->steps.back().kind != Step::Kind::Product) return false;
    const std::uint32_t index = program_->steps.back().index;
    const ProductStep& product = program_->products[index];
    if (!join_product(loop, product, index)) return false;
    program_->steps.pop_back();
    for (const PlaceId place : {product.a, product.b}) lives_[place].last = step_;
    return true;
  }

  static ArrayAt nowhere() { return {no_place, 0, DType::Float64, {}, {}}; }

  ArrayAt array_at(ValueId id) {
    const Access access = graph_.access(id);
    const DType dtype = graph_[id].dtype;
    return {place_of(access.base), access.offset * static_cast<std::ptrdiff_t>(size_of(dtype)), dtype, graph_.shape(id),
            access.strides};
  }

  void lower_kernel(const Group& group) {
    const ValueId id = group.members[0];
    const Opcode op = graph_[id].op;
    KernelStep step{.kernel = kernels::kernel_of(op), .outputs = {}, .inputs = {}, .attributes = {}, .op = op};
    if (computation_of(op) == primitives::Computation::Several) {
      for (const ValueId projection : std::span(group.members).subspan(1)) {
        const auto which = static_cast<std::size_t>(graph_.attributes(projection)[0]);
        if (step.outputs.size() <= which) step.outputs.resize(which + 1, nowhere());
        step.outputs[which] = array_at(projection);
      }
    } else {
      step.outputs.push_back(array_at(id));
    }
    for (const ValueId input : graph_.inputs(id)) step.inputs.push_back(array_at(input));
    program_->most_arrays = std::max(program_->most_arrays, step.outputs.size() + step.inputs.size());
    if (traits_of(op).has_payload) step.payload = static_cast<std::uint32_t>(graph_.attributes(id)[0]);
    else step.attributes.assign(graph_.attributes(id).begin(), graph_.attributes(id).end());
    program_->steps.push_back({Step::Kind::Kernel, static_cast<std::uint32_t>(program_->kernels.size())});
    program_->kernels.push_back(std::move(step));
  }

  // ---- programs within the program

  void lower_operation(const Group& group, ValueId id) {
    switch (computation_of(graph_[id].op)) {
      case primitives::Computation::Scan:
        return lower_scan(group, id);
      case primitives::Computation::While:
        return lower_while(group, id);
      case primitives::Computation::Switch:
        return lower_switch(group, id);
      default:
        return lower_kernel(group);
    }
  }

  /// The projections of an operation by which output they are; others are in no place.
  std::vector<ArrayAt> outputs_of(const Group& group, std::size_t count) {
    std::vector<ArrayAt> outputs(count, nowhere());
    for (const ValueId projection : std::span(group.members).subspan(1)) {
      const auto which = static_cast<std::size_t>(graph_.attributes(projection)[0]);
      if (which < count) outputs[which] = array_at(projection);
    }
    return outputs;
  }
  /// The projections of a body's outputs behind those of what is carried.
  std::vector<ArrayAt> projections_of(const Group& group, const Body& body) {
    std::vector<ArrayAt> arrays;
    const std::span<const ValueId> projections = std::span(group.members).subspan(1);
    for (const std::uint32_t which : body.projected) {
      const auto projects = [&](ValueId id) { return graph_.attributes(id)[0] == std::int64_t{which}; };
      arrays.push_back(array_at(*std::ranges::find_if(projections, projects)));
    }
    return arrays;
  }
  std::vector<ArrayAt> inputs_of(ValueId id, std::size_t first) {
    std::vector<ArrayAt> inputs;
    for (const ValueId input : graph_.inputs(id).subspan(first)) inputs.push_back(array_at(input));
    return inputs;
  }

  [[nodiscard]] std::size_t attribute(ValueId id, std::size_t k) const {
    return static_cast<std::size_t>(graph_.attributes(id)[k]);
  }
  [[nodiscard]] ProgramApart program_of(std::size_t body) const {
    return {program_->apart++, make_program(plan_.bodies[body], true), graph_.bodies[body].captured};
  }

  void lower_scan(const Group& group, ValueId id) {
    const std::size_t number = attribute(id, 0);
    const Body& body = graph_.bodies[number];
    program_->steps.push_back({Step::Kind::Scan, static_cast<std::uint32_t>(program_->scans.size())});
    ScanStep step{.body = program_of(number),
                  .scan = body.scan,
                  .inputs = inputs_of(id, 0),
                  .last = outputs_of(group, body.scan.carried),
                  .stacked = projections_of(group, body),
                  .slice_bytes = {},
                  .stacked_bytes = {}};
    for (std::size_t k = body.scan.carried; k < body.scan.carried + body.scan.sliced; ++k) {
      const ArrayAt& array = step.inputs[k];
      const std::size_t length = std::max<std::size_t>(body.scan.length, 1);
      step.slice_bytes.push_back(size_of(array.shape) / length * size_of(array.dtype));
    }
    const std::span<const PlanOutput> outputs = step.body.program->outputs;
    for (const PlanOutput& output : outputs.subspan(body.scan.carried)) {
      step.stacked_bytes.push_back(size_of(output.shape) * size_of(output.dtype));
    }
    program_->scans.push_back(std::move(step));
  }

  void lower_while(const Group& group, ValueId id) {
    const std::size_t carried = plan_.bodies[attribute(id, 1)].outputs.size();
    program_->steps.push_back({Step::Kind::While, static_cast<std::uint32_t>(program_->whiles.size())});
    program_->whiles.push_back({.condition = program_of(attribute(id, 0)),
                                .body = program_of(attribute(id, 1)),
                                .inputs = inputs_of(id, 0),
                                .last = outputs_of(group, carried)});
  }

  void lower_switch(const Group& group, ValueId id) {
    SwitchStep step{
        .branches = {}, .number = array_at(graph_.inputs(id)[0]), .inputs = inputs_of(id, 1), .outputs = {}};
    for (std::size_t k = 0; k < attribute(id, 1); ++k) step.branches.push_back(program_of(attribute(id, 0) + k));
    step.outputs = projections_of(group, graph_.bodies[attribute(id, 0)]);
    program_->steps.push_back({Step::Kind::Switch, static_cast<std::uint32_t>(program_->switches.size())});
    program_->switches.push_back(std::move(step));
  }

  void lower_product(ValueId id) {
    const std::span<const ValueId> inputs = graph_.inputs(id);
    const ArrayAt a = array_at(inputs[0]);
    const ArrayAt b = array_at(inputs[1]);
    const Shape& shape = graph_.shape(id);
    ProductStep step;
    step.product = blas::product_of(graph_[id].dtype, shape, {a.shape, a.strides}, {b.shape, b.strides});
    step.a = a.place;
    step.b = b.place;
    step.offset_a = a.offset;
    step.offset_b = b.offset;
    step.out = place_of(id);
    if (graph_[id].op == op_gemm) {
      step.c = place_of(graph_.base(inputs[2]));
      step.sign = static_cast<double>(graph_.attributes(id)[0]);
      if (inputs.size() > 3) step.scale = place_of(graph_.base(inputs[3]));
      if (step.a != step.c && step.b != step.c) add_in_place(step.out, step.c);
    }
    program_->steps.push_back({Step::Kind::Product, static_cast<std::uint32_t>(program_->products.size())});
    program_->products.push_back(step);
  }

  struct Life {
    std::uint32_t first, last;
  };
  struct InPlace {
    PlaceId out, in;
    std::uint32_t step;
    std::size_t index;  // of the step in the plan, where a product and its loop are one
  };

  const Plan& plan_;
  bool repeated_;
  const Graph& graph_;
  const Groups& groups_;
  std::shared_ptr<StepProgram> program_ = std::make_shared<StepProgram>();
  std::unordered_map<ValueId, std::uint32_t> own_;  // values that are outputs
  std::vector<PlaceId> places_;                     // by value
  std::vector<std::uint32_t> shapes_;               // index in the program of the graph's shapes
  std::vector<Life> lives_;
  std::vector<InPlace> in_place_;
  std::uint32_t step_ = 0;
  std::vector<std::uint32_t> index_of_step_;  // in the program, where a product and its loop are one
  LoweringTables tables_;
  Conditions conditions_;
  std::uint32_t safe_from_ = 0;  // steps before may fail
};

}  // namespace

std::shared_ptr<const StepProgram> make_program(const Plan& plan, bool repeated) {
  return ProgramMaker(plan, repeated).make();
}

}  // namespace xgrad::backend::cpu
