#include "segment.hpp"

#include <algorithm>
#include <cstring>
#include <mutex>
#include <typeinfo>
#include <utility>

#include "core/per_thread.hpp"
#include "ir/function.hpp"
#include "var/access.hpp"

namespace xgrad::detail {

// ---- captured arrays

namespace {

/// How often recordings hold the arrays that functions had captured: several recordings, of one function or more, may
/// hold the same one.
class Captures {
 public:
  static Watched::Count count_of(const Buffer* array) {
    static auto& all = *new Captures;  // programs may end after static objects
    const std::scoped_lock lock(all.mutex_);
    std::erase_if(all.counts_, [](const auto& each) { return each.second.expired(); });
    std::weak_ptr<std::atomic<std::uint32_t>>& known = all.counts_[array];
    Watched::Count count = known.lock();
    if (!count) known = count = std::make_shared<std::atomic<std::uint32_t>>(0);
    return count;
  }

 private:
  std::mutex mutex_;
  std::unordered_map<const Buffer*, std::weak_ptr<std::atomic<std::uint32_t>>> counts_;
};

}  // namespace

Watched::Watched(BufferPtr captured, std::uint32_t own)
    : array_(std::move(captured)), all_(Captures::count_of(array_.get())), own_(own) {
  *all_ += own_;
}
Watched::Watched(Watched&& other) noexcept
    : array_(std::move(other.array_)), all_(std::move(other.all_)), own_(std::exchange(other.own_, 0)) {}
Watched& Watched::operator=(Watched&& other) noexcept {
  std::swap(array_, other.array_);
  std::swap(all_, other.all_);
  std::swap(own_, other.own_);
  return *this;
}
Watched::~Watched() {
  if (all_) *all_ -= own_;
}
void Watched::hold_once_more() noexcept {
  ++own_;
  ++*all_;
}

void Segment::watch() {
  for (const Leaf& leaf : leaves_) {
    if (!leaf.captured) continue;
    const auto known = std::ranges::find(watched_, leaf.captured.get(), &Watched::array);
    if (known == watched_.end()) watched_.emplace_back(leaf.captured, 2);  // the leaf's and this one
    else known->hold_once_more();
  }
  std::erase_if(watched_, [](const Watched& each) { return each.given_up(); });
}

bool Segment::captures_given_up() const noexcept { return std::ranges::any_of(watched_, &Watched::given_up); }

// ---- what it is

Segment::Segment(const Request& request, const TapeState& tape, std::size_t arguments, const Decided& decided,
                 std::shared_ptr<const Executable> executable, std::vector<char> weak_results)
    : scalars_(request.scalars),
      payloads_(request.payloads),
      signature_(request.signature),
      weak_results_(std::move(weak_results)),
      executable_(std::move(executable)) {
  for (std::size_t k = 0; k < request.leaves.size(); ++k) {
    const NodeId node = request.leaf_nodes[k];
    if (node < arguments) {
      leaves_.push_back({Leaf::From::Argument, node, {}});
    } else if (node == no_node || tape.node(node).op == TapeState::leaf_opcode) {
      leaves_.push_back({Leaf::From::Captured, 0, BufferPtr::share(request.leaves[k])});
    } else {
      leaves_.push_back({Leaf::From::Decided, decided.at(node), {}});
    }
  }
}

namespace {

bool same_bits(const Buffer& a, const Buffer& b) {
  if (a.dtype() != b.dtype() || a.shape() != b.shape()) return false;
  const std::size_t bytes = size_of(a.shape()) * size_of(a.dtype());
  return &a == &b || bytes == 0 || std::memcmp(a.data(), b.data(), bytes) == 0;
}

bool same_leaf(const Segment::Leaf& a, const Segment::Leaf& b) {
  if (a.from != b.from || a.index != b.index) return false;
  return a.from != Segment::Leaf::From::Captured || same_bits(*a.captured.get(), *b.captured.get());
}

/// The functions of the user's, which are often made anew when a function is recorded, have at least one type.
bool same_user_function(const std::shared_ptr<const Payload>& a, const std::shared_ptr<const Payload>& b) {
  return a == b || (a->host->name == b->host->name && a->host->call.target_type() == b->host->call.target_type());
}

}  // namespace

bool Segment::same_as(const Segment& other) const {
  return signature_ == other.signature_ && std::ranges::equal(leaves_, other.leaves_, same_leaf) &&
         std::ranges::equal(scalars_, other.scalars_, {}, &Scalar::integer, &Scalar::integer) &&
         std::ranges::equal(payloads_, other.payloads_, same_user_function);
}

std::string Segment::describe(std::span<const std::string> names_of_arguments) const {
  return executable_->describe([&](std::size_t leaf) -> std::string {
    const Leaf& from = leaves_[leaf];
    switch (from.from) {
      case Leaf::From::Argument:
        return names_of_arguments[from.index];
      case Leaf::From::Decided:
        return "value " + std::to_string(from.index) + " of the conditions";
      case Leaf::From::Captured:
        break;
    }
    return "captured array (leaf " + std::to_string(leaf) + ")";
  });
}

// ---- running

struct Segment::Run {
  std::vector<Buffer*> leaves;
  std::vector<BufferPtr> held;  // the leaves again, so that they stay
  std::vector<BufferPtr> results;
  std::vector<char> exclusive;
};

namespace {

thread_local constinit core::PerThread<core::Lendable<Segment::Run>> run_of_thread;

}  // namespace

void Segment::bind(Run& run, const CallLists& lists, bool overwrites) const {
  run.leaves.clear();
  run.held.clear();
  run.exclusive.clear();
  for (const Leaf& leaf : leaves_) {
    BufferPtr buffer = leaf.captured;
    bool donated = false;
    if (leaf.from == Leaf::From::Argument) {
      const Var& argument = *lists.arguments[leaf.index];
      buffer = VarAccess::buffer(argument);
      donated = overwrites && lists.donated[leaf.index] != 0 && !VarAccess::is_scalar(argument);
    } else if (leaf.from == Leaf::From::Decided) {
      buffer = VarAccess::buffer(lists.decided[leaf.index]);
    }
    run.leaves.push_back(buffer.get());
    run.exclusive.push_back(donated ? 1 : 0);
    run.held.push_back(std::move(buffer));
  }
  // One use is the argument's and one is ours; more are those of another Var, or of the same one in another place.
  for (std::size_t k = 0; k < leaves_.size(); ++k) {
    if (run.exclusive[k] != 0) run.exclusive[k] = run.leaves[k]->users() == 2 ? 1 : 0;
  }
}

void Segment::run(CallLists& lists, bool overwrites, std::vector<Var>& results) const {
  core::Loan<Run> loan(run_of_thread);
  Run& run = *loan;
  run.results.resize(weak_results_.size());
  results.reserve(results.size() + weak_results_.size());
  bind(run, lists, overwrites);
  Donated lent{run.exclusive};
  try {
    executable_->run({run.leaves, scalars_, payloads_}, run.results, overwrites ? &lent : nullptr);
  } catch (...) {
    if (lent.overwriting) release_donors(run, lists.arguments);  // not because of values: that showed before
    run.results.clear();
    run.held.clear();
    throw;
  }
  if (overwrites) release_donors(run, lists.arguments);
  for (std::size_t k = 0; k < run.results.size(); ++k) {
    BufferPtr result = std::move(run.results[k]);
    results.push_back(weak_results_[k] != 0 ? VarAccess::scalar(*result.get())
                                            : VarAccess::concrete(std::move(result)));
  }
  run.held.clear();
}

/// Arguments whose arrays are results now no longer share them.
void Segment::release_donors(const Run& run, std::span<Var* const> given) const {
  std::size_t index = 0;
  for (const PlanOutput& output : executable_->outputs()) {
    const BufferPtr& result = run.results[index++];
    if (output.donor < 0) continue;
    const auto donor = static_cast<std::size_t>(output.donor);
    if (result.get() == run.leaves[donor]) *given[leaves_[donor].index] = Var();
  }
}

}  // namespace xgrad::detail
