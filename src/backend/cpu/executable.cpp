// Plans become executables that run on this processor.
#include "backend/executable.hpp"

#include <utility>

#include "describe.hpp"
#include "execute.hpp"
#include "program.hpp"
#include "straight.hpp"

namespace xgrad::backend {

namespace cpu {

std::size_t StepProgram::bytes() const noexcept {
  std::size_t bytes = sizeof(StepProgram) + places.size() * (sizeof(Place) + sizeof(std::uint32_t)) +
                      shapes.size() * sizeof(Shape) + steps.size() * sizeof(Step) +
                      kernels.size() * sizeof(KernelStep) + products.size() * sizeof(ProductStep);
  for (const ScanStep& each : scans) bytes += sizeof(ScanStep) + each.body.program->bytes();
  for (const WhileStep& each : whiles) {
    bytes += sizeof(WhileStep) + each.condition.program->bytes() + each.body.program->bytes();
  }
  for (const SwitchStep& each : switches) {
    bytes += sizeof(SwitchStep);
    for (const ProgramApart& branch : each.branches) bytes += branch.program->bytes();
  }
  for (const Loop& loop : loops) {
    bytes += sizeof(Loop) + loop.infos.size() * sizeof(InstructionInfo) +
             loop.code.size() * sizeof(kernels::Instruction) + loop.slots.size() * sizeof(Slot) +
             loop.segments.size() * sizeof(Segment) + loop.members.size() * sizeof(Member);
    for (const GeneratedBlock& each : loop.generated) bytes += each.code->bytes();
  }
  for (const StraightRun& each : straight_runs) {
    bytes += sizeof(StraightRun) + each.own.size() * sizeof(PlaceId) + each.code->bytes();
  }
  return bytes;
}

}  // namespace cpu
namespace {

class CpuExecutable : public Executable {
 public:
  explicit CpuExecutable(std::shared_ptr<const cpu::StepProgram> program) : program_(std::move(program)) {}

  [[nodiscard]] std::span<const PlanOutput> outputs() const noexcept override { return program_->outputs; }
  void run(const Bindings& bindings, std::span<BufferPtr> results, Donated* donated) const override {
    cpu::execute(*program_, bindings, results, donated);
  }
  [[nodiscard]] std::string describe(const std::function<std::string(std::size_t)>& leaf_name) const override {
    return cpu::describe(*program_, leaf_name);
  }
  [[nodiscard]] std::size_t bytes() const noexcept override { return program_->bytes(); }

 private:
  std::shared_ptr<const cpu::StepProgram> program_;
};

}  // namespace

std::shared_ptr<const Executable> make_executable(const Plan& plan) {
  return std::make_shared<const CpuExecutable>(cpu::make_program(plan));
}

}  // namespace xgrad::backend
