#include <xgrad/transform/compile.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <utility>

#include <xgrad/core/errors.hpp>
#include <xgrad/log.hpp>

#include "backend/executable.hpp"
#include "core/per_thread.hpp"
#include "var/access.hpp"
#include "var/record.hpp"

namespace xgrad::detail {

using namespace backend;
namespace {

/// Lists that the runs of this thread use.
struct Run {
  std::vector<Buffer*> leaves;
  std::vector<BufferPtr> held;  // the leaves again, so that they stay
  std::vector<BufferPtr> results;
  std::vector<char> exclusive;
};

thread_local constinit core::PerThread<core::Lendable<Run>> run_of_thread;

/// How often recordings hold the arrays that functions had captured: several recordings, of one function or more, may
/// hold the same one.
class Captures {
 public:
  using Count = std::shared_ptr<std::atomic<std::uint32_t>>;

  static Count count_of(const Buffer* array) {
    static auto& all = *new Captures;  // programs may end after static objects
    const std::scoped_lock lock(all.mutex_);
    std::erase_if(all.counts_, [](const auto& each) { return each.second.expired(); });
    std::weak_ptr<std::atomic<std::uint32_t>>& known = all.counts_[array];
    Count count = known.lock();
    if (!count) known = count = std::make_shared<std::atomic<std::uint32_t>>(0);
    return count;
  }

 private:
  std::mutex mutex_;
  std::unordered_map<const Buffer*, std::weak_ptr<std::atomic<std::uint32_t>>> counts_;
};

class PlannedProgram : public Program {
 public:
  struct Argument {
    DType dtype;
    Shape shape;
    bool donated;
    bool weak;
  };
  /// Where a leaf of the plan comes from: an argument, or an array that the function had captured.
  struct Leaf {
    std::size_t argument;
    BufferPtr captured;
  };

  std::vector<Argument> arguments;
  std::vector<Leaf> leaves;
  std::vector<Scalar> scalars;
  Payloads payloads;
  std::vector<char> weak_results;
  std::shared_ptr<const Executable> executable;

  /// Arrays that others held when the function was recorded, and how often programs hold them.
  struct Watched {
    BufferPtr array;
    Captures::Count all;
    std::uint32_t own;  ///< of them this program

    Watched(BufferPtr captured, std::uint32_t count)
        : array(std::move(captured)), all(Captures::count_of(array.get())), own(count) {
      *all += own;
    }
    Watched(Watched&& other) noexcept
        : array(std::move(other.array)), all(std::move(other.all)), own(std::exchange(other.own, 0)) {}
    Watched& operator=(Watched&& other) noexcept {
      std::swap(array, other.array);
      std::swap(all, other.all);
      std::swap(own, other.own);
      return *this;
    }
    Watched(const Watched&) = delete;
    Watched& operator=(const Watched&) = delete;
    ~Watched() {
      if (all) *all -= own;
    }
    [[nodiscard]] bool given_up() const noexcept { return array->users() == all->load(); }
  };
  std::vector<Watched> watched;

  [[nodiscard]] std::size_t first_unlike(std::span<Var* const> given, std::span<const char> donated) const override {
    if (given.size() != arguments.size()) return std::min(given.size(), arguments.size());
    for (std::size_t k = 0; k < given.size(); ++k) {
      require_usable(*given[k], "compile");
      const Argument& expected = arguments[k];
      if (given[k]->dtype() != expected.dtype || given[k]->shape() != expected.shape ||
          (donated[k] != 0) != expected.donated || VarAccess::is_weak(*given[k]) != expected.weak) {
        return k;
      }
    }
    return alike;
  }

  [[nodiscard]] bool captures_given_up() const noexcept override {
    return std::ranges::any_of(watched, [](const Watched& each) { return each.given_up(); });
  }

  /// Begins to watch the captured arrays that somebody else holds now.
  void watch() {
    for (const Leaf& leaf : leaves) {
      if (!leaf.captured) continue;
      const auto known =
          std::ranges::find_if(watched, [&](const Watched& each) { return each.array.get() == leaf.captured.get(); });
      if (known == watched.end()) {
        watched.emplace_back(leaf.captured, 2);  // the leaf's and this one
      } else {
        ++known->own;
        ++*known->all;
      }
    }
    std::erase_if(watched, [](const Watched& each) { return each.given_up(); });
  }

  void run(std::span<Var* const> given, std::span<const char> donated, std::vector<Var>& results) const override {
    core::Loan<Run> loan(run_of_thread);
    Run& lists = *loan;
    lists.leaves.clear();
    lists.held.clear();
    lists.exclusive.clear();
    lists.results.resize(executable->outputs().size());
    results.clear();
    results.reserve(executable->outputs().size());
    for (const Leaf& leaf : leaves) add_leaf(lists, leaf, given, donated);
    // One use is the argument's and one is ours; more are those of another Var, or of the same one in another place.
    for (std::size_t k = 0; k < leaves.size(); ++k) {
      if (lists.exclusive[k] != 0) lists.exclusive[k] = lists.leaves[k]->users() == 2 ? 1 : 0;
    }
    Donated lent{lists.exclusive};
    try {
      executable->run({lists.leaves, scalars, payloads}, lists.results, &lent);
    } catch (...) {
      if (lent.overwriting) {  // not for want of memory, nor because of values: that showed before
        for (const PlanOutput& output : executable->outputs()) release_donor(output, lists, given);
      }
      lists.results.clear();
      lists.held.clear();
      throw;
    }
    for (const PlanOutput& output : executable->outputs()) release_donor(output, lists, given);
    for (std::size_t k = 0; k < lists.results.size(); ++k) {
      BufferPtr result = std::move(lists.results[k]);
      results.push_back(weak_results[k] != 0 ? VarAccess::scalar(*result.get())
                                             : VarAccess::concrete(std::move(result)));
    }
    lists.held.clear();
  }

  [[nodiscard]] std::string describe(std::span<const std::string> names) const override {
    return executable->describe([&](std::size_t leaf) {
      const Leaf& from = leaves[leaf];
      return from.captured ? "captured array (leaf " + std::to_string(leaf) + ")" : names[from.argument];
    });
  }

 private:
  static void add_leaf(Run& lists, const Leaf& leaf, std::span<Var* const> given, std::span<const char> donated) {
    BufferPtr buffer = leaf.captured ? leaf.captured : VarAccess::buffer(*given[leaf.argument]);
    const bool array = !leaf.captured && !VarAccess::is_scalar(*given[leaf.argument]);
    lists.leaves.push_back(buffer.get());
    lists.exclusive.push_back(array && donated[leaf.argument] != 0 ? 1 : 0);
    lists.held.push_back(std::move(buffer));
  }

  /// An argument whose array is a result now no longer shares it.
  void release_donor(const PlanOutput& output, const Run& lists, std::span<Var* const> given) const {
    if (output.donor < 0) return;
    const auto donor = static_cast<std::size_t>(output.donor);
    const auto index = static_cast<std::size_t>(&output - executable->outputs().data());
    if (lists.results[index].get() == lists.leaves[donor]) *given[leaves[donor].argument] = Var();
  }
};

}  // namespace

void Remarks::captures_given_up() noexcept {
  if (said_captures_.load(std::memory_order_relaxed) || said_captures_.exchange(true)) return;
  log("compile: an array that the function captured belongs to nobody else any more, as if the captured Var had been "
      "given a new value; calls go on with the array that was recorded. Pass what changes as an argument");
}

void Remarks::changing_static(std::string_view path) {
  log("compile: the function is recorded anew at nearly every call, which takes longer than to replay it: argument " +
      std::string(path) + " differs each time and is no Var. Make it a Var");
}

void Remarks::changing_shape(std::string_view path, const Var& now) {
  log("compile: the function is recorded anew at nearly every call, which takes longer than to replay it: " +
      std::string(path) + " has another shape or element type each time, " + describe(now) +
      " now. Pad it to a few shapes");
}

void throw_recorded_argument() {
  throw TapeError(
      "plan: an argument is recorded; the function is then part of that recording, which draw::plan can show");
}

ProgramRecorder::ProgramRecorder(std::span<Var* const> arguments, std::span<const char> donated)
    : donated_(donated.begin(), donated.end()), trace_(std::make_unique<Trace>(Trace::Fresh())) {
  for (const Var* argument : arguments) {
    require_usable(*argument, "compile");
    inputs_.push_back(trace_->input(*argument));
  }
}

ProgramRecorder::~ProgramRecorder() = default;

std::unique_ptr<const Program> ProgramRecorder::finish(std::span<const Var> results) {
  TapeState& tape = trace_->tape();
  auto program = std::make_unique<PlannedProgram>();
  std::vector<NodeId> outputs;
  for (const Var& result : results) {
    outputs.push_back(VarAccess::node(trace_->node(result)));
    program->weak_results.push_back(tape.node(outputs.back()).weak ? 1 : 0);
  }
  Request request;
  collect(request, tape, outputs);
  program->scalars = request.scalars;
  program->payloads = request.payloads;

  std::vector<bool> may_overwrite;
  for (std::size_t k = 0; k < request.leaves.size(); ++k) {
    const NodeId node = request.leaf_nodes[k];
    const bool argument = node < inputs_.size();
    program->leaves.push_back({node, argument ? BufferPtr() : BufferPtr::share(request.leaves[k])});
    may_overwrite.push_back(argument && donated_[node] != 0);
  }
  for (std::size_t k = 0; k < inputs_.size(); ++k) {
    program->arguments.push_back(
        {inputs_[k].dtype(), inputs_[k].shape(), donated_[k] != 0, VarAccess::is_weak(inputs_[k])});
  }
  const Plan plan =
      outputs.empty() ? Plan() : make_plan(request, tape, outputs, std::move(may_overwrite), Origin::Compiled);
  program->executable = make_executable(plan);
  trace_.reset();
  program->watch();
  return program;
}

namespace {

/// Lists of calls that have ended, for the calls to come; nested calls take one each.
struct SpareLists {
  struct Lists {
    std::vector<Var*> arguments;
    std::vector<char> donated;
    std::vector<Var> results;
  };
  std::array<Lists, 8> all;
  std::size_t count = 0;
};

thread_local constinit core::PerThread<SpareLists> spare_lists_of_thread;

}  // namespace

CallLists::CallLists() {
  SpareLists& spare = spare_lists_of_thread.get();
  if (spare.count == 0) return;
  SpareLists::Lists& last = spare.all[--spare.count];
  arguments.swap(last.arguments);
  donated.swap(last.donated);
  results.swap(last.results);
}

CallLists::~CallLists() {
  arguments.clear();
  donated.clear();
  results.clear();
  SpareLists* spare = spare_lists_of_thread.get_or_null();
  if (spare == nullptr || spare->count == spare->all.size()) return;
  SpareLists::Lists& next = spare->all[spare->count++];
  next.arguments.swap(arguments);
  next.donated.swap(donated);
  next.results.swap(results);
}

}  // namespace xgrad::detail
