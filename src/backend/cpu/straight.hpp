// Steps over short arrays and single numbers that run as straight machine code: no loop, no list of instructions, no
// pointers to slots, and what lies between in registers, also from one step to the next.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <span>

#include "backend/cpu/kernels/generated/straight_program.hpp"
#include "program.hpp"

namespace xgrad::backend::cpu {

/// Whether a loop's instructions can be written out for each pack of its elements.
bool is_straight(const Loop& loop);

/// Roughly, of the code of a run.
std::size_t straight_instructions(const StepProgram& program, const StraightRun& run);

/// Steps of the program that are the first and the last to use a place.
struct PlaceLife {
  std::uint32_t first, last;
};

/// Finds the runs of steps for which straight code pays. It is written later.
/// \param lives  of all places, in the order of the first steps.
/// \param repeated  the program is the body or the condition of a loop, or a branch.
void find_straight_runs(StepProgram& program, std::span<const PlaceLife> lives, bool repeated);

struct Addresses;
struct Workspace;
/// Runs the steps by straight code, if there is some. Nothing of them fails.
/// \param addresses  of the program.
/// \return whether they have run.
bool run_straight(const StepProgram& program, const StraightRun& steps, Addresses& addresses, Workspace& workspace);

/// How often straight code was written, for tests.
std::atomic<std::uint64_t>& straight_codes() noexcept;

/// Machine code of a run of steps, which is written when they have run some times: it takes about as long as so many
/// runs.
class StraightCodeLater {
 public:
  /// \param bytes  of the code, roughly.
  explicit StraightCodeLater(std::size_t bytes) : bytes_(bytes) {}

  /// \return null as long as the steps are to be run one by one.
  const kernels::StraightCode* next(const StepProgram& program, const StraightRun& run) {
    const kernels::StraightCode* code = ready_.load(std::memory_order_acquire);
    return code != nullptr ? code : count_run(program, run);
  }
  [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }

 private:
  const kernels::StraightCode* count_run(const StepProgram& program, const StraightRun& run);

  std::atomic<const kernels::StraightCode*> ready_ = nullptr;
  std::atomic<std::uint32_t> runs_ = 0;
  std::unique_ptr<const kernels::StraightCode> code_;
  std::size_t bytes_;
};

}  // namespace xgrad::backend::cpu
