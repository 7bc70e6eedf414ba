#include "plan.hpp"

#include <algorithm>
#include <map>
#include <unordered_map>

#include "accumulate.hpp"
#include "conditions.hpp"
#include "group.hpp"
#include "lower.hpp"
#include "panels.hpp"
#include "recompute.hpp"
#include "verify.hpp"

namespace xgrad::detail {
namespace {

/// Offsets in one piece of memory for arrays that live from one step to another.
class Arena {
 public:
  std::size_t take(std::size_t bytes) {
    // The smallest free block that is large enough, unless it is much too large.
    const auto found = free_.lower_bound(bytes);
    if (found != free_.end() && found->first <= 2 * bytes) {
      const auto [size, offset] = *found;
      free_.erase(found);
      sizes_[offset] = size;
      return offset;
    }
    const std::size_t offset = end_;
    end_ += bytes;
    sizes_[offset] = bytes;
    return offset;
  }
  void give(std::size_t offset) { free_.emplace(sizes_.at(offset), offset); }
  [[nodiscard]] std::size_t size() const noexcept { return end_; }

 private:
  std::multimap<std::size_t, std::size_t> free_;
  std::unordered_map<std::size_t, std::size_t> sizes_;
  std::size_t end_ = 0;
};

class Planner {
 public:
  Planner(Graph graph, const std::vector<bool>& donated, Origin origin)
      : graph_(std::move(graph)), donated_(donated), origin_(origin) {}

  /// \param shapes  of the outputs.
  std::shared_ptr<Plan> operator()(std::span<const Shape> shapes) {
    verify_between_passes("make_graph", graph_, plan_->leaves);
    accumulate_products(graph_, donated_);
    verify_between_passes("accumulate_products", graph_, plan_->leaves);
    choose_outputs(shapes);
    verify_between_passes("choose_outputs", graph_, plan_->leaves);
    groups_ = make_groups(graph_);
    verify_between_passes("make_groups", graph_, groups_);
    recompute(graph_, groups_, donated_);
    verify_between_passes("recompute", graph_, groups_);
    for (GroupId g = 0; g < static_cast<GroupId>(groups_.list.size()); ++g) lower(g);
    place_arrays();
    choose_donors();
    for (const Number& number : graph_.constants()) plan_->numbers.push_back(number);
    verify_between_passes("choose_donors", *plan_);
    return plan_;
  }

 private:
  // ---- outputs

  /// Which outputs are computed into arrays of their own; what is only a view is copied.
  void choose_outputs(std::span<const Shape> shapes) {
    std::unordered_map<ValueId, std::uint32_t> first;  // output that has the value
    for (std::uint32_t k = 0; k < graph_.outputs.size(); ++k) {
      ValueId value = graph_.outputs[k];
      PlanOutput output{PlanOutput::Kind::Own, 0, -1, graph_[value].dtype, shapes[k]};
      const ValueId base = graph_.base(value);
      const bool leaf = graph_.is_leaf(value);
      if (const auto same = first.find(value);
          same != first.end() && !leaf && plan_->outputs[same->second].shape == shapes[k]) {
        output.kind = PlanOutput::Kind::Same;
        output.index = same->second;
      } else if (leaf && graph_.shape(value) == shapes[k]) {
        output.kind = PlanOutput::Kind::Leaf;
        output.index = graph_[value].source;
      } else {
        const bool as_it_is = graph_.is_computed(base) && graph_.count(base) == graph_.count(value) &&
                              !first.contains(base) && is_in_order(graph_.shape(value), graph_.access(value));
        const ValueId own = as_it_is ? base : graph_.fresh_copy(value);
        first.emplace(own, k);
        first.emplace(value, k);
        graph_.outputs[k] = own;
        own_[own] = k;
      }
      plan_->outputs.push_back(output);
    }
  }

  // ---- places

  PlaceId place_of(ValueId id) {
    const auto [found, fresh] = places_.try_emplace(id, no_place);
    if (fresh) {
      found->second = static_cast<PlaceId>(plan_->places.size());
      plan_->places.push_back(make_place(id));
      plan_->place_shapes.push_back(shape_of(id));
      lives_.push_back({step_, step_});
    }
    lives_[found->second].last = step_;
    return found->second;
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
    const auto [found, fresh] = shapes_.try_emplace(graph_[id].shape, static_cast<std::uint32_t>(plan_->shapes.size()));
    if (fresh) plan_->shapes.push_back(graph_.shape(id));
    return found->second;
  }

  /// A materialised value may get its place only when it is read; this is for what is written.
  void place_members(const Group& group) {
    for (const ValueId id : group.members) {
      if (groups_.materialised[id]) place_of(id);
    }
  }

  void place_arrays() {
    Arena arena;
    std::vector<std::vector<PlaceId>> begins(step_);
    std::vector<std::vector<PlaceId>> ends(step_);
    for (PlaceId place = 0; place < plan_->places.size(); ++place) {
      if (plan_->places[place].kind != Place::Kind::Arena) continue;
      begins[lives_[place].first].push_back(place);
      ends[lives_[place].last].push_back(place);
    }
    for (std::uint32_t step = 0; step < step_; ++step) {
      for (const PlaceId place : begins[step]) {
        Place& each = plan_->places[place];
        each.offset = arena.take(std::max<std::size_t>(each.bytes, 64));
      }
      for (const PlaceId place : ends[step]) arena.give(plan_->places[place].offset);
    }
    plan_->arena_bytes = arena.size();
  }

  /// Donated arrays that outputs may be written over: nothing reads them later, nothing can fail from then on, so that
  /// a call that throws leaves them as they were, and each is given once.
  void choose_donors() {
    std::vector<bool> taken(plan_->leaves, false);
    for (const PlanOutput& output : plan_->outputs) {
      if (output.kind == PlanOutput::Kind::Leaf && output.index < taken.size()) taken[output.index] = true;
    }
    for (const auto& [out, in, step, index] : in_place_) {
      const Place& target = plan_->places[out];
      const Place& source = plan_->places[in];
      if (target.kind != Place::Kind::Output || source.kind != Place::Kind::Leaf) continue;
      PlanOutput& output = plan_->outputs[target.index];
      const bool given = source.index < donated_.size() && donated_[source.index] && !taken[source.index];
      const bool alike = plan_->shapes[plan_->place_shapes[in]] == output.shape && source.dtype == target.dtype;
      if (!given || !alike || output.donor >= 0 || lives_[in].last != step || step < safe_from_) continue;
      output.donor = static_cast<std::int32_t>(source.index);
      plan_->first_overwriting = std::min(plan_->first_overwriting, index);
      taken[source.index] = true;
    }
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
    if (conditions_.may_fail(graph_, group)) safe_from_ = step_;
  }

  void lower_group(GroupId g) {
    LoweredLoop lowered = lower_loop(
        graph_, groups_, g, [this](ValueId id) { return place_of(id); }, origin_);
    const bool joined = join(lowered.loop);
    for (const auto& [out, in] : lowered.in_place) {
      // Rows that are computed later still read all of the product's operands.
      const ProductStep* product = joined ? &plan_->products[lowered.loop.product] : nullptr;
      if (product == nullptr || (in != product->a && in != product->b)) add_in_place(out, in);
    }
    plan_->most_slots = std::max(plan_->most_slots, lowered.loop.slots.size());
    plan_->most_chunks = std::max(plan_->most_chunks, lowered.loop.chunks);
    plan_->scratch_bytes = std::max(plan_->scratch_bytes, lowered.loop.scratch_bytes);
    plan_->partial_bytes = std::max(plan_->partial_bytes, lowered.loop.partial_bytes * lowered.loop.chunks);
    plan_->steps.push_back({Step::Kind::Loop, static_cast<std::uint32_t>(plan_->loops.size())});
    plan_->loops.push_back(std::move(lowered.loop));
  }

  /// The next step writes to `out`, which may be the same memory as `in`.
  void add_in_place(PlaceId out, PlaceId in) { in_place_.push_back({out, in, step_, plan_->steps.size()}); }

  /// The product just before a loop may become part of it.
  bool join(Loop& loop) {
    if (plan_->steps.empty() || plan_->steps.back().kind != Step::Kind::Product) return false;
    const std::uint32_t index = plan_->steps.back().index;
    const ProductStep& product = plan_->products[index];
    if (!join_product(loop, product, index)) return false;
    plan_->steps.pop_back();
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
    plan_->most_arrays = std::max(plan_->most_arrays, step.outputs.size() + step.inputs.size());
    if (traits_of(op).has_payload) step.payload = static_cast<std::uint32_t>(graph_.attributes(id)[0]);
    else step.attributes.assign(graph_.attributes(id).begin(), graph_.attributes(id).end());
    plan_->steps.push_back({Step::Kind::Kernel, static_cast<std::uint32_t>(plan_->kernels.size())});
    plan_->kernels.push_back(std::move(step));
  }

  // ---- plans within the plan

  /// The projections of an operation by which output they are; others are in no place.
  std::vector<ArrayAt> outputs_of(const Group& group, std::size_t count) {
    std::vector<ArrayAt> outputs(count, nowhere());
    for (const ValueId projection : std::span(group.members).subspan(1)) {
      const auto which = static_cast<std::size_t>(graph_.attributes(projection)[0]);
      if (which < count) outputs[which] = array_at(projection);
    }
    return outputs;
  }
  std::vector<ArrayAt> inputs_of(ValueId id, std::size_t first) {
    std::vector<ArrayAt> inputs;
    for (const ValueId input : graph_.inputs(id).subspan(first)) inputs.push_back(array_at(input));
    return inputs;
  }

  /// The projections that are needed, behind those of what is carried; the body gives no others.
  std::vector<ArrayAt> needed_projections(Body& body, const Group& group) {
    std::vector<std::uint32_t> which;
    std::vector<ValueId> outputs(body.graph.outputs.begin(),
                                 body.graph.outputs.end() - static_cast<std::ptrdiff_t>(body.projected.size()));
    const std::size_t first = outputs.size();
    std::vector<ArrayAt> arrays;
    for (std::size_t k = 0; k < body.projected.size(); ++k) {
      for (const ValueId projection : std::span(group.members).subspan(1)) {
        if (graph_.attributes(projection)[0] != static_cast<std::int64_t>(body.projected[k])) continue;
        arrays.push_back(array_at(projection));
        which.push_back(body.projected[k]);
        outputs.push_back(body.graph.outputs[first + k]);
        break;
      }
    }
    body.projected = std::move(which);
    body.graph.outputs = std::move(outputs);
    return arrays;
  }

  /// \param inputs     of the step.
  /// \param overwrites  how many of the first of them may be written over.
  static PlanApart plan_apart(Body& body, std::size_t inputs, std::size_t overwrites) {
    std::vector<Shape> shapes;
    for (const ValueId output : body.graph.outputs) shapes.push_back(body.graph.shape(output));
    std::vector<bool> donated(inputs + body.captured.size(), false);
    std::fill_n(donated.begin(), overwrites, true);
    Planner planner(std::move(body.graph), donated, Origin::Compiled);
    planner.set_leaves(donated.size());
    return {planner(shapes), body.captured};
  }

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
  [[nodiscard]] Body& body_of(ValueId id, std::size_t k) {
    return graph_.bodies[static_cast<std::size_t>(graph_.attributes(id)[0]) + k];
  }

  void lower_scan(const Group& group, ValueId id) {
    Body& body = body_of(id, 0);
    ScanStep step{.body = {},
                  .scan = body.scan,
                  .inputs = inputs_of(id, 0),
                  .last = outputs_of(group, body.scan.carried),
                  .stacked = needed_projections(body, group)};
    step.body = plan_apart(body, step.inputs.size(), body.scan.carried);
    plan_->steps.push_back({Step::Kind::Scan, static_cast<std::uint32_t>(plan_->scans.size())});
    plan_->scans.push_back(std::move(step));
  }

  void lower_while(const Group& group, ValueId id) {
    Body& body = graph_.bodies[static_cast<std::size_t>(graph_.attributes(id)[1])];
    const std::size_t carried = body.graph.outputs.size();
    WhileStep step{.condition = {}, .body = {}, .inputs = inputs_of(id, 0), .last = outputs_of(group, carried)};
    step.condition = plan_apart(body_of(id, 0), step.inputs.size(), 0);
    step.body = plan_apart(body, step.inputs.size(), carried);
    plan_->steps.push_back({Step::Kind::While, static_cast<std::uint32_t>(plan_->whiles.size())});
    plan_->whiles.push_back(std::move(step));
  }

  void lower_switch(const Group& group, ValueId id) {
    SwitchStep step{
        .branches = {}, .number = array_at(graph_.inputs(id)[0]), .inputs = inputs_of(id, 1), .outputs = {}};
    const auto count = static_cast<std::size_t>(graph_.attributes(id)[1]);
    for (std::size_t k = 0; k < count; ++k) {
      Body& branch = body_of(id, k);
      step.outputs = needed_projections(branch, group);
      step.branches.push_back(plan_apart(branch, step.inputs.size(), 0));
    }
    plan_->steps.push_back({Step::Kind::Switch, static_cast<std::uint32_t>(plan_->switches.size())});
    plan_->switches.push_back(std::move(step));
  }

  void lower_product(ValueId id) {
    const std::span<const ValueId> inputs = graph_.inputs(id);
    const ArrayAt a = array_at(inputs[0]);
    const ArrayAt b = array_at(inputs[1]);
    const Shape& shape = graph_.shape(id);
    const std::size_t rank = shape.size();
    ProductStep step;
    step.product.dtype = graph_[id].dtype;
    step.product.m = shape[rank - 2];
    step.product.n = shape[rank - 1];
    step.product.k = a.shape[rank - 1];
    step.product.transposed_a = !is_row_major(a);
    step.product.transposed_b = !is_row_major(b);
    for (std::size_t i = 0; i + 2 < rank; ++i) {
      step.product.stack.push_back(shape[i]);
      step.product.stack_a.push_back(a.strides[i]);
      step.product.stack_b.push_back(b.strides[i]);
    }
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
    plan_->steps.push_back({Step::Kind::Product, static_cast<std::uint32_t>(plan_->products.size())});
    plan_->products.push_back(step);
  }

  static bool is_row_major(const ArrayAt& x) {
    const std::size_t rank = x.shape.size();
    const std::size_t rows = x.shape[rank - 2];
    const std::size_t columns = x.shape[rank - 1];
    return (columns <= 1 || x.strides[rank - 1] == 1) &&
           (rows <= 1 || x.strides[rank - 2] == static_cast<std::ptrdiff_t>(columns));
  }

  struct Life {
    std::uint32_t first, last;
  };
  struct InPlace {
    PlaceId out, in;
    std::uint32_t step;
    std::size_t index;  // of the step in the plan, where a product and its loop are one
  };

  Graph graph_;
  const std::vector<bool>& donated_;
  Origin origin_;
  Groups groups_;
  std::shared_ptr<Plan> plan_ = std::make_shared<Plan>();
  std::unordered_map<ValueId, std::uint32_t> own_;  // values that are outputs
  std::unordered_map<ValueId, PlaceId> places_;
  std::unordered_map<std::uint32_t, std::uint32_t> shapes_;  // index in the plan of the graph's shapes
  std::vector<Life> lives_;
  std::vector<InPlace> in_place_;
  std::uint32_t step_ = 0;
  Conditions conditions_;
  std::uint32_t safe_from_ = 0;  // steps before may fail

 public:
  void set_leaves(std::size_t leaves) { plan_->leaves = leaves; }
};

}  // namespace

std::size_t Plan::bytes() const noexcept {
  std::size_t bytes = sizeof(Plan) + signature.size() * sizeof(std::uint64_t) +
                      places.size() * (sizeof(Place) + sizeof(std::uint32_t)) + shapes.size() * sizeof(Shape) +
                      steps.size() * sizeof(Step) + kernels.size() * sizeof(KernelStep) +
                      products.size() * sizeof(ProductStep);
  for (const ScanStep& each : scans) bytes += sizeof(ScanStep) + each.body.plan->bytes();
  for (const WhileStep& each : whiles) {
    bytes += sizeof(WhileStep) + each.condition.plan->bytes() + each.body.plan->bytes();
  }
  for (const SwitchStep& each : switches) {
    bytes += sizeof(SwitchStep);
    for (const PlanApart& branch : each.branches) bytes += branch.plan->bytes();
  }
  for (const Loop& loop : loops) {
    bytes += sizeof(Loop) + loop.code.size() * sizeof(kernels::Instruction) + loop.slots.size() * sizeof(Slot) +
             loop.segments.size() * sizeof(Segment) + loop.members.size() * sizeof(Member);
    for (const GeneratedBlock& each : loop.generated) bytes += each.code->bytes();
  }
  return bytes;
}

std::shared_ptr<const Plan> make_plan(Request& request, const TapeState& tape, std::span<const NodeId> outputs,
                                      const std::vector<bool>& donated, Origin origin) {
  std::vector<Shape> shapes;
  for (const NodeId output : outputs) shapes.push_back(tape.shape(output));
  Planner planner(make_graph(request, tape, outputs), donated, origin);
  planner.set_leaves(request.leaves.size());
  std::shared_ptr<Plan> plan = planner(shapes);
  plan->signature = request.signature;
  plan->hash = request.hash;
  plan->nodes = request.nodes.size();
  return plan;
}

}  // namespace xgrad::detail
