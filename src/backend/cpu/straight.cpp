#include "straight.hpp"

#include <algorithm>
#include <new>

#include "loop.hpp"
#include "machine_code.hpp"
#include "straight_lines.hpp"
#include "straight_moves.hpp"
#include "workspace.hpp"

namespace xgrad::backend::cpu {
namespace {

/// Elements of a loop, and of an array that is put together: always; and if the code for all of them is short.
constexpr std::size_t most_straight = 64;
constexpr std::size_t most_in_short_code = 512;
constexpr std::size_t short_code = 256;
/// Instructions of a run: with fewer, a page of code is not worth it, unless it is for what runs in a loop; more do not
/// stay in a cache from one run to the next.
constexpr std::size_t fewest_straight = 16;
constexpr std::size_t fewest_repeated = 2;
constexpr std::size_t most_in_run = std::size_t{1} << 19U;

std::size_t straight_instructions(const Loop& loop) {
  constexpr std::size_t pack = 4;
  return loop.code.size() * ((loop.rows * loop.columns + pack - 1) / pack);
}

/// Roughly, of the code; 0 if it has none.
std::size_t straight_instructions(const StepProgram& program, const Step& step) {
  if (step.kind == Step::Kind::Loop) {
    const Loop& loop = program.loops[step.index];
    return is_straight(loop) ? straight_instructions(loop) : 0;
  }
  if (step.kind != Step::Kind::Kernel) return 0;
  const KernelStep& kernel = program.kernels[step.index];
  return moves_straight(kernel) && size_of(kernel.outputs[0].shape) <= most_in_short_code ? 2 + kernel.inputs.size()
                                                                                          : 0;
}

}  // namespace

bool is_straight(const Loop& loop) {
  const std::size_t size = loop.rows * loop.columns;
  const bool short_enough =
      size <= most_straight || (size <= most_in_short_code && straight_instructions(loop) <= short_code);
  return size != 0 && short_enough && loop.rows <= loop.block_rows && loop.columns <= loop.block_columns &&
         loop.chunks == 1 && loop.epilogues.empty() && loop.checks.empty() && loop.chooses.empty() &&
         loop.lines.empty() && loop.generated.empty() && loop.product == no_product && !loop.streams &&
         std::ranges::none_of(loop.gathered, &Gathered::is_read_in_place);
}

std::size_t straight_instructions(const StepProgram& program, const StraightRun& run) {
  std::size_t result = 0;
  for (std::uint32_t k = run.first; k < run.last; ++k) result += straight_instructions(program, program.steps[k]);
  return result;
}

namespace {

/// Of the arena, and used by no step outside of the run.
void find_own_places(StepProgram& program, std::span<const PlaceLife> lives) {
  PlaceId place = 0;
  for (StraightRun& run : program.straight_runs) {
    for (; place < lives.size() && lives[place].first < run.last; ++place) {
      const bool own = lives[place].first >= run.first && lives[place].last < run.last;
      if (own && program.places[place].kind == Place::Kind::Arena) run.own.push_back(place);
    }
  }
}

}  // namespace

void find_straight_runs(StepProgram& program, std::span<const PlaceLife> lives, bool repeated) {
  if (!kernels::can_generate()) return;
  const auto count = static_cast<std::uint32_t>(program.steps.size());
  std::uint32_t last = 0;
  for (std::uint32_t first = 0; first < count; first = std::max(last, first + 1)) {
    std::size_t instructions = 0;
    for (last = first; last < count && instructions < most_in_run; ++last) {
      const std::size_t more = straight_instructions(program, program.steps[last]);
      if (more == 0) break;
      instructions += more;
    }
    if (instructions < (repeated ? fewest_repeated : fewest_straight)) continue;
    constexpr std::size_t bytes = 12;  // of an instruction
    program.straight_runs.push_back({first, last, {}, std::make_shared<StraightCodeLater>(bytes * instructions)});
  }
  find_own_places(program, lives);
}

bool run_straight(const StepProgram& program, const StraightRun& steps, Addresses& addresses, Workspace& workspace) {
  const kernels::StraightCode* code = steps.code->next(program, steps);
  if (code == nullptr) return false;
  std::byte* buffer = nullptr;
  try {
    buffer = workspace.straight.at_least(code->buffer_bytes);
  } catch (const std::bad_alloc&) {  // the steps need none
    return false;
  }
  (*code->code)(kernels::StraightBases{.arena = workspace.arena.at_least(program.arena_bytes),
                                       .scratch = scratch_of_thread(program),
                                       .places = addresses.places.data(),
                                       .numbers = reinterpret_cast<std::byte*>(addresses.numbers.data()),
                                       .buffer = buffer});
  return true;
}

std::atomic<std::uint64_t>& straight_codes() noexcept {
  static constinit std::atomic<std::uint64_t> count = 0;
  return count;
}

const kernels::StraightCode* StraightCodeLater::count_run(const StepProgram& program, const StraightRun& run) {
  // One of the threads that run the program writes the code, others go on without.
  if (runs_.fetch_add(1, std::memory_order_relaxed) != machine_code_limits().straight_after) return nullptr;
  try {
    code_ = kernels::write_straight_code(straight_lines(program, run));
  } catch (const std::bad_alloc&) {  // the steps need none
  }
  if (code_ != nullptr) ++straight_codes();
  ready_.store(code_.get(), std::memory_order_release);
  return code_.get();
}

}  // namespace xgrad::backend::cpu
