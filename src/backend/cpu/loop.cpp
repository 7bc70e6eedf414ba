#include "loop.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <mutex>
#include <new>
#include <string>

#include <xgrad/core/errors.hpp>

#include "backend/cpu/kernels/but_one.hpp"
#include "backend/cpu/kernels/operand.hpp"
#include "backend/cpu/parallel/parallel.hpp"
#include "core/per_thread.hpp"
#include "ir/requirement.hpp"
#include "lower_loop.hpp"
#include "machine_code.hpp"
#include "workspace.hpp"

namespace xgrad::backend::cpu {
namespace {

using kernels::Frame;
using kernels::Reduction;

/// Work that is not worth a second thread, in elements times operations.
constexpr std::size_t little_work = 1U << 17U;

/// What was wrong with the data: an index out of range, or a value that does not meet a requirement.
struct Fault {
  bool bad_index = false;
  std::int64_t index = 0;
  const Check* check = nullptr;
  double value = 0;

  explicit operator bool() const noexcept { return bad_index || check != nullptr; }
};

/// The fault of the first chunk that has one.
struct FirstFault {
  std::mutex mutex;
  std::size_t chunk = ~std::size_t{0};
  Fault fault;
};

/// What the kernels of the executor find in a frame.
struct Host {
  const Loop& loop;
  Fault& fault;
};

thread_local constinit core::PerThread<ChunkWorkspace> chunk_workspace_of_thread;

bool can_reserve_chunk(const StepProgram& plan) noexcept {
  try {
    reserve_chunk(plan);
    return true;
  } catch (const std::bad_alloc&) {
    return false;
  }
}

/// One chunk of a loop.
class Chunk {
 public:
  Chunk(const Loop& loop, const StepProgram& plan, std::byte* const* places, std::byte* partials, std::size_t chunk)
      : loop_(loop) {
    ChunkWorkspace& workspace = chunk_workspace_of_thread.get();
    slots_ = workspace.slots.data();
    places_ = places;
    scratch_ = workspace.scratch.at_least(plan.scratch_bytes);
    partials_ = partials + chunk * loop.partial_bytes;
    if (loop.chunk_columns < loop.columns) {
      first_column_ = chunk * loop.chunk_columns;
      last_column_ = std::min(loop.columns, first_column_ + loop.chunk_columns);
      last_row_ = loop.rows;
    } else {
      first_row_ = chunk * loop.chunk_rows;
      last_row_ = std::min(loop.rows, first_row_ + loop.chunk_rows);
      last_column_ = loop.columns;
    }
    frame_.extent = loop.columns;
    frame_.host = &host_;
    frame_.bad_index = &fault_.index;
    frame_.has_bad_index = &fault_.bad_index;
  }

  void run() {
    start_partials();
    for (std::size_t slot = 0; slot < loop_.slots.size(); ++slot) slots_[slot] = address(slot);
    for (std::size_t row = first_row_; row < last_row_ && !has_failed(); row += loop_.block_rows) run_rows(row);
    if (loop_.streams) kernels::finish_streams();
  }

  [[nodiscard]] const Fault& fault() const { return fault_; }

 private:
  [[nodiscard]] std::byte* address(std::size_t slot) const {
    const Slot& each = loop_.slots[slot];
    std::byte* base = each.base == Slot::Base::Memory    ? places_[each.place]
                      : each.base == Slot::Base::Scratch ? scratch_
                                                         : partials_;
    return base + each.offset;
  }

  void start_partials() {
    for (const Epilogue& epilogue : loop_.epilogues) {
      std::byte* at = partials_ + epilogue.partial;
      frame_.count = epilogue.count;
      const kernels::Instruction fill{nullptr, 0, 0, 0, 0};
      // The wide type is its own wide type.
      kernels::block_table().start[static_cast<std::size_t>(epilogue.reduction)]
                                  [static_cast<std::size_t>(epilogue.wide)](frame_, &at, fill);
    }
  }

  void run_rows(std::size_t row) {
    const std::size_t rows = std::min(loop_.block_rows, last_row_ - row);
    frame_.first_row = row;
    for (const std::uint32_t slot : loop_.moving_rows) {
      slots_[slot] = address(slot) + loop_.slots[slot].at_row(row);
    }
    for (const Segment& segment : loop_.segments) {
      if (has_failed()) return;
      if (segment.once && row != first_row_) continue;
      if (segment.rows) {
        frame_.count = rows;
        frame_.columns = 1;
        frame_.first_column = 0;
        run(segment);
      } else if (loop_.block_columns >= loop_.columns) {  // whole rows
        frame_.count = rows * loop_.columns;
        frame_.columns = loop_.columns;
        frame_.first_column = 0;
        fetch_ahead(segment);
        run(segment);
      } else {
        run_columns(segment, row);
      }
    }
  }

  void run_columns(const Segment& segment, std::size_t row) {
    for (std::size_t column = first_column_; column < last_column_; column += loop_.block_columns) {
      frame_.count = std::min(loop_.block_columns, last_column_ - column);
      frame_.columns = frame_.count;
      frame_.first_column = column;
      move_columns(row, column);
      fetch_ahead(segment);
      run(segment);
      if (has_failed()) return;
    }
    if (loop_.segments.size() > 1) move_columns(row, 0);
  }

  void move_columns(std::size_t row, std::size_t column) {
    for (const std::uint32_t slot : loop_.moving_columns) {
      slots_[slot] = address(slot) + loop_.slots[slot].at_row(row) +
                     static_cast<std::ptrdiff_t>(column) * loop_.slots[slot].column_step;
    }
  }

  /// Asks for the operands of the next block, so that memory is busy while this one is worked on.
  void fetch_ahead(const Segment& segment) const {
    constexpr std::size_t line = 64;
    for (const std::uint32_t slot : segment.fetched) {
      const std::size_t bytes = frame_.count * static_cast<std::size_t>(loop_.slots[slot].column_step);
      // Numbers, since the last block has nothing after it: no pointer may point there, but asking does no harm.
      const auto next = reinterpret_cast<std::uintptr_t>(slots_[slot]) + bytes;
      for (std::size_t i = 0; i < bytes; i += line) __builtin_prefetch(reinterpret_cast<const void*>(next + i), 0, 2);
    }
  }

  /// Machine code ends where a requirement fails: what it was to write after that nobody has written, or may read.
  [[nodiscard]] bool has_failed() const { return fault_.check != nullptr; }

  void run(const Segment& segment) {
    const kernels::Instruction* code = loop_.code.data();
    for (std::uint32_t i = segment.first; i < segment.last; ++i) {
      code[i].kernel(frame_, slots_, code[i]);
      if (has_failed()) return;
    }
  }

  const Loop& loop_;
  std::byte* const* places_ = nullptr;
  std::byte* scratch_ = nullptr;
  std::byte* partials_ = nullptr;
  std::byte** slots_ = nullptr;
  std::size_t first_row_ = 0;
  std::size_t last_row_ = 0;
  std::size_t first_column_ = 0;
  std::size_t last_column_ = 0;
  Frame frame_{};
  Fault fault_;
  Host host_{loop_, fault_};
};

template <class A>
A combine(Reduction reduction, A a, A b) {
  if (reduction == Reduction::Sum) {
    if constexpr (std::is_same_v<A, std::int64_t>) return primitives::Add::eval(a, b);
    else return static_cast<A>(a + b);
  }
  if constexpr (std::is_floating_point_v<A>) {
    if (reduction == Reduction::Norm) return a == a && b == b ? primitives::Hypot::eval(a, b) : a + b;
    if (reduction == Reduction::SumButOne) return static_cast<A>(kernels::but_one::combine(a, b));
  }
  return reduction == Reduction::Max ? primitives::Maximum::eval(a, b) : primitives::Minimum::eval(a, b);
}

/// Adds the partial results of all chunks up, neighbours first: an order that does not depend on who computed them.
template <class A>
void finish(const Epilogue& epilogue, std::size_t chunks, std::size_t stride, std::byte* partials, std::byte* target) {
  const bool squares = sums_squares(epilogue.reduction, epilogue.dtype);
  const Reduction reduction = squares ? Reduction::Sum : epilogue.reduction;
  const auto at = [&](std::size_t chunk) { return reinterpret_cast<A*>(partials + chunk * stride + epilogue.partial); };
  for (std::size_t step = 1; step < chunks; step *= 2) {
    for (std::size_t chunk = 0; chunk + step < chunks; chunk += 2 * step) {
      A* a = at(chunk);
      const A* b = at(chunk + step);
      for (std::size_t i = 0; i < epilogue.count; ++i) a[i] = combine(reduction, a[i], b[i]);
    }
  }
  const kernels::BlockKernel complete =
      kernels::block_table()
          .complete[static_cast<std::size_t>(epilogue.reduction)][static_cast<std::size_t>(epilogue.dtype)];
  if (complete == nullptr) {
    std::memcpy(target, at(0), epilogue.count * sizeof(A));
    return;
  }
  Frame frame{};
  frame.count = epilogue.count;
  const std::array slots{target, reinterpret_cast<std::byte*>(at(0))};
  complete(frame, slots.data(), {nullptr, 0, 1, 0, 0});
}

[[noreturn]] void throw_fault(const Loop& loop, const Fault& fault) {
  if (fault.check != nullptr) throw_unmet_requirement(fault.check->requirement, fault.value, fault.check->limit);
  throw ValueError(std::string(loop.chooses) + ": index " + std::to_string(fault.index) +
                   " is out of range for an axis of extent " + std::to_string(loop.columns));
}

/// Calls round(k) for each k on many threads. What those leave that find no memory is done by this thread, which has
/// what it needs: nothing fails that may have written over a donated array.
template <class F>
void in_parallel(const StepProgram& plan, std::size_t rounds, std::span<char> done, F round) {
  std::fill_n(done.begin(), rounds, 0);
  const ChunkWorkspace& own = chunk_workspace_of_thread.get();  // reserved until the evaluation ends
  try {
    parallel::parallel_for(rounds, [&](std::size_t k) {
      if (!can_reserve_chunk(plan)) return;
      round(k);
      done[k] = 1;
      if (ChunkWorkspace& each = chunk_workspace_of_thread.get(); &each != &own) each.shrink();
    });
  } catch (const std::bad_alloc&) {  // there were no threads
  }
  for (std::size_t k = 0; k < rounds; ++k) {
    if (done[k] == 0) round(k);
  }
}

}  // namespace

void reserve_chunk(const StepProgram& plan) {
  ChunkWorkspace& workspace = chunk_workspace_of_thread.get();
  const std::size_t bytes = std::max<std::size_t>(plan.scratch_bytes, 64);
  if (workspace.scratch.size() < bytes) {
    Storage larger;  // beside what is there, which stays if there is no more
    larger.at_least(bytes);
    workspace.scratch = std::move(larger);
  }
  if (workspace.slots.size() < plan.most_slots) workspace.slots.resize(plan.most_slots);
}

std::byte* scratch_of_thread(const StepProgram& plan) {
  return chunk_workspace_of_thread.get().scratch.at_least(plan.scratch_bytes);
}

void shrink_chunk() noexcept {
  if (ChunkWorkspace* workspace = chunk_workspace_of_thread.get_or_null()) workspace->shrink();
}

void run_loop(const Loop& loop, const StepProgram& plan, std::byte* const* places, std::byte* partials,
              std::span<char> done, const std::function<void(std::size_t, std::size_t)>& multiply) {
  FirstFault first;
  const auto run_chunk = [&](std::size_t index) {
    Chunk chunk(loop, plan, places, partials, index);
    chunk.run();
    if (chunk.fault()) {
      const std::scoped_lock lock(first.mutex);
      if (index < first.chunk) {
        first.chunk = index;
        first.fault = chunk.fault();
      }
    }
  };
  if (loop.product != no_product) {
    in_parallel(plan, (loop.chunks + loop.panel_chunks - 1) / loop.panel_chunks, done, [&](std::size_t panel) {
      const std::size_t begin = panel * loop.panel_chunks;
      const std::size_t end = std::min(loop.chunks, begin + loop.panel_chunks);
      const std::size_t first_row = begin * loop.chunk_rows;
      multiply(first_row, std::min(loop.rows, end * loop.chunk_rows) - first_row);
      for (std::size_t index = begin; index < end; ++index) run_chunk(index);
    });
  } else if (loop.chunks == 1 || loop.rows * loop.columns * loop.members.size() < little_work) {
    for (std::size_t index = 0; index < loop.chunks; ++index) run_chunk(index);
  } else {
    in_parallel(plan, loop.chunks, done, run_chunk);
  }
  if (first.fault) throw_fault(loop, first.fault);
  for (const Epilogue& epilogue : loop.epilogues) {
    kernels::dispatch(epilogue.wide, [&]<class A>() {
      finish<A>(epilogue, loop.chunks, loop.partial_bytes, partials, places[epilogue.target]);
    });
  }
}

void check_block(const Frame& frame, std::byte* const* slots, const kernels::Instruction& instruction) {
  const Host& host = *static_cast<const Host*>(frame.host);
  const Check& check = host.loop.checks[instruction.c];
  const std::byte* x = slots[instruction.a];
  const std::byte* condition = slots[instruction.b];
  if (!host.fault && frame.count != 0) {
    if (const void* failure = std::memchr(condition, 0, frame.count)) {
      const auto k = static_cast<std::size_t>(static_cast<const std::byte*>(failure) - condition);
      host.fault.check = &check;
      kernels::dispatch(check.dtype,
                        [&]<class T>() { host.fault.value = static_cast<double>(reinterpret_cast<const T*>(x)[k]); });
    }
  }
  if (frame.count != 0) std::memmove(slots[instruction.out], x, frame.count * size_of(check.dtype));
}

void generated_block(const Frame& frame, std::byte* const* slots, const kernels::Instruction& instruction) {
  const Host& host = *static_cast<const Host*>(frame.host);
  const GeneratedBlock& block = host.loop.generated[instruction.a];
  std::array<std::byte*, most_generated_slots> pointers;  // NOLINT(*-member-init): few are used
  for (std::size_t k = 0; k < block.slots.size(); ++k) pointers[k] = slots[block.slots[k]];
  kernels::CheckFailure failure;
  const std::uint32_t failed = (*block.code)(pointers.data(), frame.count, frame.columns, failure);
  if (failed == 0 || host.fault) return;
  const Check& check = host.loop.checks[failed - 1];
  const auto k = static_cast<std::size_t>(std::countr_one(failure.holds));
  host.fault.check = &check;
  kernels::dispatch(check.dtype, [&]<class T>() {
    T value{};
    std::memcpy(&value, failure.values + k * sizeof(T), sizeof(T));
    host.fault.value = static_cast<double>(value);
  });
}

const Loop& loop_of(const Frame& frame) { return static_cast<const Host*>(frame.host)->loop; }

}  // namespace xgrad::backend::cpu
