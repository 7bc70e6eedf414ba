#include "execute.hpp"

#include <algorithm>
#include <cstring>
#include <string>
#include <utility>

#include <xgrad/core/errors.hpp>

#include "core/per_thread.hpp"
#include "loop.hpp"
#include "straight.hpp"
#include "workspace.hpp"

namespace xgrad::backend::cpu {
namespace {

thread_local constinit core::PerThread<core::Lendable<Workspace>> workspace_of_thread;

[[maybe_unused]] const bool gives_back = [] {
  at_release([]() noexcept {
    core::Lendable<Workspace>* workspace = workspace_of_thread.get_or_null();
    if (workspace != nullptr && !workspace->lent) workspace->object.shrink(0);
    shrink_chunk();
  });
  return true;
}();

void store(const Number& number, DType dtype, std::span<const Scalar> scalars, Scalar& target) {
  const Scalar value = number.literal ? number.value : scalars[number.index];
  kernels::dispatch(dtype, [&]<class T>() {
    const T element = std::is_floating_point_v<T> ? static_cast<T>(value.real) : static_cast<T>(value.integer);
    std::memcpy(&target, &element, sizeof(T));
  });
}

class Execution {
 public:
  /// \param addresses  of this program; leaves and outputs are there when it is bound.
  Execution(const StepProgram& plan, const Bindings& bindings, Workspace& workspace, Addresses& addresses)
      : program_(plan), bindings_(bindings), workspace_(workspace), addresses_(addresses) {}

  void bind() {
    const std::byte* arena = workspace_.arena.at_least(program_.arena_bytes);
    workspace_.partials.at_least(program_.partial_bytes);
    if (workspace_.operands.size() < program_.most_arrays) workspace_.operands.resize(program_.most_arrays);
    if (workspace_.done.size() < program_.most_chunks) workspace_.done.resize(program_.most_chunks);
    reserve_chunk(program_);
    const bool known =
        addresses_.program == &program_ && addresses_.arena == arena && addresses_.evaluation == workspace_.evaluation;
    if (!known) find_fixed();
    rebind(~std::size_t{0});
  }

  /// Other outputs, and others of the first so many leaves.
  void rebind(std::size_t leaves) {
    for (const GivenPlace& each : program_.leaves_at) {
      if (each.index >= leaves) break;
      addresses_.places[each.place] = addresses_.leaves[each.index];
    }
    for (const GivenPlace& each : program_.outputs_at) addresses_.places[each.place] = addresses_.outputs[each.index];
    for (const ProductStep& step : program_.products) reserve_product(step);
  }

  void run(Donated* donated) {
    std::byte* partials = workspace_.partials.at_least(program_.partial_bytes);
    auto straight = program_.straight_runs.begin();
    for (std::size_t k = 0; k < program_.steps.size(); ++k) {
      if (straight != program_.straight_runs.end() && straight->first == k) {
        const StraightRun& steps = *straight++;
        if (run_straight(program_, steps, addresses_, workspace_)) {
          if (donated != nullptr && program_.first_overwriting < steps.last) donated->overwriting = true;
          k = steps.last - 1;
          continue;
        }
      }
      const Step& step = program_.steps[k];
      if (donated != nullptr && k == program_.first_overwriting) donated->overwriting = true;
      switch (step.kind) {
        case Step::Kind::Loop:
          run_loop(program_.loops[step.index], partials);
          break;
        case Step::Kind::Kernel:
          run_kernel(program_.kernels[step.index]);
          break;
        case Step::Kind::Product:
          run_product(program_.products[step.index]);
          break;
        case Step::Kind::Scan:
          run_scan(program_.scans[step.index]);
          break;
        case Step::Kind::While:
          run_while(program_.whiles[step.index]);
          break;
        case Step::Kind::Switch:
          run_switch(program_.switches[step.index]);
          break;
      }
    }
  }

 private:
  /// What is the same in all runs of an evaluation.
  void find_fixed() {
    addresses_.program = nullptr;
    std::byte* arena = workspace_.arena.at_least(program_.arena_bytes);
    addresses_.numbers.resize(program_.numbers.size());
    addresses_.places.resize(program_.places.size());
    for (std::size_t k = 0; k < program_.places.size(); ++k) {
      const Place& place = program_.places[k];
      if (place.kind == Place::Kind::Number) {
        store(program_.numbers[place.index], place.dtype, bindings_.scalars, addresses_.numbers[place.index]);
        addresses_.places[k] = reinterpret_cast<std::byte*>(&addresses_.numbers[place.index]);
      } else if (place.kind == Place::Kind::Arena) {
        addresses_.places[k] = arena + place.offset;
      }
    }
    addresses_.arena = arena;
    addresses_.evaluation = workspace_.evaluation;
    addresses_.program = &program_;
  }

  [[nodiscard]] kernels::Operand operand(const ArrayAt& array) const {
    if (array.place == no_place) return {};
    return {addresses_.places[array.place] + array.offset, &array.shape, array.strides, array.dtype};
  }

  void run_loop(const Loop& loop, std::byte* partials) const {
    cpu::run_loop(
        loop, program_, addresses_.places.data(), partials, workspace_.done, [&](std::size_t first, std::size_t count) {
          const ProductStep& step = program_.products[loop.product];
          blas::multiply_rows(step.product, addresses_.places[step.a] + step.offset_a,
                              addresses_.places[step.b] + step.offset_b, addresses_.places[step.out], first, count);
        });
  }

  void run_kernel(const KernelStep& step) const {
    const bool calls_user = step.payload != no_payload;
    const auto has_elements = [](const ArrayAt& array) { return array.place != no_place && size_of(array.shape) > 0; };
    if (!calls_user && std::ranges::none_of(step.outputs, has_elements)) return;
    const std::span all(workspace_.operands.data(), step.outputs.size() + step.inputs.size());
    const std::span outputs = all.first(step.outputs.size());
    const std::span inputs = all.subspan(outputs.size());
    for (std::size_t k = 0; k < outputs.size(); ++k) outputs[k] = operand(step.outputs[k]);
    for (std::size_t k = 0; k < inputs.size(); ++k) inputs[k] = operand(step.inputs[k]);
    step.kernel({outputs, inputs, step.attributes, calls_user ? bindings_.payloads[step.payload].get() : nullptr});
  }

  void run_scan(const ScanStep& step) const;
  void run_while(const WhileStep& step) const;
  void run_switch(const SwitchStep& step) const;

  [[nodiscard]] std::byte* address(const ArrayAt& array) const {
    return array.place == no_place ? nullptr : addresses_.places[array.place] + array.offset;
  }
  /// \param list  what the addresses go to.
  void list_addresses(std::span<const ArrayAt> arrays, std::vector<std::byte*>& list) const {
    list.clear();
    for (const ArrayAt& each : arrays) list.push_back(address(each));
  }

  void run_product(const ProductStep& step) const {
    std::byte* out = addresses_.places[step.out];
    const double alpha = step.scale != no_place ? step.sign * number_at(step.scale) : step.sign;
    const bool accumulate = step.c != no_place;
    if (accumulate && addresses_.places[step.c] != out) {
      std::memcpy(out, addresses_.places[step.c], bytes_of(step.product));
    }
    const std::byte* a = addresses_.places[step.a] + step.offset_a;
    const std::byte* b = addresses_.places[step.b] + step.offset_b;
    if (accumulate && alpha == 0) return add_nothing(step, a, b, out);
    blas::multiply(step.product, a, b, out, alpha, accumulate);
  }

  static std::size_t bytes_of(const blas::Product& p) { return size_of(p.stack) * p.m * p.n * size_of(p.dtype); }

  /// Memory for add_nothing, if it may be needed: the factor is 0, or not known before its step has run.
  void reserve_product(const ProductStep& step) const {
    if (step.c == no_place || step.scale == no_place) return;
    const Place::Kind kind = program_.places[step.scale].kind;
    const bool known = kind == Place::Kind::Leaf || kind == Place::Kind::Number;
    if (!known || number_at(step.scale) == 0) workspace_.product.at_least(bytes_of(step.product));
  }

  /// BLAS takes a factor of 0 for "leave it out", but 0 times an infinite product is NaN.
  void add_nothing(const ProductStep& step, const std::byte* a, const std::byte* b, std::byte* out) const {
    const blas::Product& p = step.product;
    const std::size_t count = size_of(p.stack) * p.m * p.n;
    std::byte* product = workspace_.product.at_least(bytes_of(p));
    blas::multiply(p, a, b, product, 1, false);
    kernels::dispatch(p.dtype, [&]<class T>() {
      if constexpr (std::is_floating_point_v<T>) {
        const T* terms = reinterpret_cast<const T*>(product);
        for (std::size_t i = 0; i < count; ++i) reinterpret_cast<T*>(out)[i] += T(0) * terms[i];
      }
    });
  }

  [[nodiscard]] double number_at(PlaceId place) const {
    const std::byte* data = addresses_.places[place];
    if (program_.places[place].dtype == DType::Float32)
      return static_cast<double>(*reinterpret_cast<const float*>(data));
    return *reinterpret_cast<const double*>(data);
  }

  const StepProgram& program_;
  const Bindings& bindings_;
  Workspace& workspace_;
  Addresses& addresses_;
};

std::size_t bytes_of_output(const PlanOutput& output) { return size_of(output.shape) * size_of(output.dtype); }

void copy_bytes(std::byte* to, const std::byte* from, std::size_t bytes) {
  if (to == from) return;
  if (bytes == sizeof(double)) std::memcpy(to, from, sizeof(double));  // a number: without a call
  else if (bytes != 0) std::memcpy(to, from, bytes);
}

/// Runs of a plan within a plan. Its lists are those of its workspace, so that a warm run needs no memory; and what is
/// the same in all runs of the plan around it is found once.
class Apart {
 public:
  /// \param inputs     of the step.
  /// \param moving     so many of these have another address in each run.
  /// \param workspace  not that of another one that may still run.
  Apart(const ProgramApart& apart, std::span<std::byte* const> inputs, std::size_t moving, const Bindings& bindings,
        Workspace& workspace)
      : program_(*apart.program),
        moving_(moving),
        addresses_(workspace.addresses_of(apart.number)),
        execution_(program_, bindings, workspace, addresses_) {
    addresses_.leaves.assign(inputs.begin(), inputs.end());
    for (const std::uint32_t leaf : apart.captured) addresses_.leaves.push_back(bindings.leaves[leaf]->data());
    addresses_.outputs.assign(program_.outputs.size(), nullptr);
  }

  [[nodiscard]] std::byte*& leaf(std::size_t k) { return addresses_.leaves[k]; }
  [[nodiscard]] std::vector<std::byte*>& outputs() { return addresses_.outputs; }
  [[nodiscard]] const PlanOutput& output(std::size_t k) const { return program_.outputs[k]; }

  void run() {
    if (bound_) execution_.rebind(moving_);
    else execution_.bind();
    bound_ = true;
    execution_.run(nullptr);
    for (const HandedOn& each : program_.handed_on) {
      const std::vector<std::byte*>& list = each.is_leaf ? addresses_.leaves : addresses_.outputs;
      copy_bytes(addresses_.outputs[each.output], list[each.from], each.bytes);
    }
  }

 private:
  const StepProgram& program_;
  std::size_t moving_;
  Addresses& addresses_;
  Execution execution_;
  bool bound_ = false;
};

/// Memory for what a loop carries: where its last goes, or a piece in the stead of that, and a second piece. It goes to
/// and fro between both, unless the body writes over it.
class Carried {
 public:
  /// \param workspace  its list `last` says where the last goes.
  Carried(const Apart& body, Workspace& workspace) : last_(workspace.last), other_(workspace.other) {
    const auto in_place = [&](std::size_t k) { return body.output(k).donor == static_cast<std::int32_t>(k); };
    const auto bytes_of = [&](std::size_t k) { return (bytes_of_output(body.output(k)) + 63) / 64 * 64; };
    std::size_t bytes = 0;
    for (std::size_t k = 0; k < last_.size(); ++k) {
      if (last_[k] == nullptr) bytes += bytes_of(k);
      if (!in_place(k)) bytes += bytes_of(k);
    }
    std::byte* next = workspace.carried.at_least(bytes);
    const auto take = [&](std::size_t k) { return std::exchange(next, next + bytes_of(k)); };
    other_.clear();
    for (std::size_t k = 0; k < last_.size(); ++k) {
      if (last_[k] == nullptr) last_[k] = take(k);
      other_.push_back(in_place(k) ? last_[k] : take(k));
    }
  }

  [[nodiscard]] std::size_t size() const noexcept { return last_.size(); }
  [[nodiscard]] std::byte* last(std::size_t k) const { return last_[k]; }
  /// Where a run writes; even ones to where the last goes.
  [[nodiscard]] std::byte* target(std::size_t k, bool even) const { return even ? last_[k] : other_[k]; }

 private:
  std::vector<std::byte*>& last_;
  std::vector<std::byte*>& other_;
};

void Execution::run_scan(const ScanStep& step) const {
  const std::size_t carried = step.scan.carried;
  const std::size_t length = step.scan.length;
  Workspace& workspace = workspace_.of_apart();
  const std::vector<std::byte*>& inputs = workspace.inputs;
  const std::vector<std::byte*>& stacked = workspace.stacked;
  list_addresses(step.inputs, workspace.inputs);
  list_addresses(step.stacked, workspace.stacked);
  list_addresses(step.last, workspace.last);
  Apart body(step.body, inputs, carried + step.scan.sliced, bindings_, workspace);
  const Carried memory(body, workspace);
  for (std::size_t run = 0; run < length; ++run) {
    const std::size_t at = step.scan.reverse ? length - 1 - run : run;
    for (std::size_t k = 0; k < step.scan.sliced; ++k) {
      body.leaf(carried + k) = inputs[carried + k] + at * step.slice_bytes[k];
    }
    for (std::size_t k = 0; k < carried; ++k) body.outputs()[k] = memory.target(k, (length - 1 - run) % 2 == 0);
    for (std::size_t k = 0; k < step.stacked_bytes.size(); ++k) {
      body.outputs()[carried + k] = stacked[k] + at * step.stacked_bytes[k];
    }
    body.run();
    for (std::size_t k = 0; k < carried; ++k) body.leaf(k) = body.outputs()[k];
  }
  for (std::size_t k = 0; k < carried && length == 0; ++k) {
    copy_bytes(memory.last(k), inputs[k], bytes_of_output(body.output(k)));
  }
}

void Execution::run_while(const WhileStep& step) const {
  Workspace& workspace = workspace_.of_apart();
  list_addresses(step.inputs, workspace.inputs);
  list_addresses(step.last, workspace.last);
  Apart body(step.body, workspace.inputs, step.last.size(), bindings_, workspace);
  const Carried memory(body, workspace);
  Apart condition(step.condition, workspace.inputs, step.last.size(), bindings_, workspace_.of_condition());
  bool goes_on = false;
  condition.outputs()[0] = reinterpret_cast<std::byte*>(&goes_on);
  for (bool even = true;; even = !even) {
    condition.run();
    if (!goes_on) break;
    for (std::size_t k = 0; k < memory.size(); ++k) body.outputs()[k] = memory.target(k, even);
    body.run();
    for (std::size_t k = 0; k < memory.size(); ++k) body.leaf(k) = condition.leaf(k) = body.outputs()[k];
  }
  for (std::size_t k = 0; k < memory.size(); ++k)
    copy_bytes(memory.last(k), body.leaf(k), bytes_of_output(body.output(k)));
}

void Execution::run_switch(const SwitchStep& step) const {
  std::int64_t number = 0;
  std::memcpy(&number, address(step.number), sizeof number);
  const auto count = static_cast<std::int64_t>(step.branches.size());
  if (number < 0 || number >= count) {
    throw ValueError("switch: there is no branch " + std::to_string(number) + " of " + std::to_string(count));
  }
  Workspace& workspace = workspace_.of_apart();
  list_addresses(step.inputs, workspace.inputs);
  Apart branch(step.branches[static_cast<std::size_t>(number)], workspace.inputs, 0, bindings_, workspace);
  list_addresses(step.outputs, branch.outputs());
  branch.run();
}

/// Gives back what is too large to keep, however the evaluation ends.
class Shrinking {
 public:
  explicit Shrinking(core::Loan<Workspace>& workspace) : workspace_(workspace) {}
  Shrinking(const Shrinking&) = delete;
  Shrinking& operator=(const Shrinking&) = delete;
  ~Shrinking() {
    workspace_->shrink(most_kept_bytes());
    if (workspace_.is_first()) shrink_chunk();  // else the evaluation around this one has more chunks to run
  }

 private:
  core::Loan<Workspace>& workspace_;
};

}  // namespace

std::size_t& most_kept_bytes() noexcept {
  static constinit std::size_t bytes = std::size_t{512} << 20U;
  return bytes;
}

void execute(const StepProgram& plan, const Bindings& bindings, std::span<BufferPtr> results, Donated* donated) {
  const std::span<Buffer* const> leaves = bindings.leaves;
  const std::span<const char> exclusive = donated != nullptr ? donated->exclusive : std::span<const char>();
  for (std::size_t k = 0; k < results.size(); ++k) {
    const PlanOutput& output = plan.outputs[k];
    if (output.kind == PlanOutput::Kind::Leaf) {
      results[k] = BufferPtr::share(leaves[output.index]);
    } else if (output.kind == PlanOutput::Kind::Same) {
      results[k] = results[output.index];
    } else if (const auto donor = static_cast<std::size_t>(output.donor);
               output.donor >= 0 && donor < exclusive.size() && exclusive[donor] != 0 &&
               leaves[donor]->shape() == output.shape) {
      results[k] = BufferPtr::share(leaves[donor]);
    } else {
      results[k] = make_buffer(output.dtype, output.shape);
    }
  }
  core::Loan<Workspace> workspace(workspace_of_thread);
  const Shrinking shrinking(workspace);
  ++workspace->evaluation;
  Addresses& addresses = workspace->addresses_of(0);
  addresses.leaves.clear();
  addresses.outputs.clear();
  for (Buffer* leaf : leaves) addresses.leaves.push_back(leaf->data());
  for (const BufferPtr& result : results) addresses.outputs.push_back(result->data());
  Execution execution(plan, bindings, *workspace, addresses);
  execution.bind();
  execution.run(donated);
}

}  // namespace xgrad::backend::cpu
