// Plans become executables that run on this processor.
#include "backend/executable.hpp"

#include <utility>

#include "describe.hpp"
#include "execute.hpp"
#include "program.hpp"

namespace xgrad::backend {
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
