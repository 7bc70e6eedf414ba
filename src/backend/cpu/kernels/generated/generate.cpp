// Whether machine code may be written, and whether it has been: equal programs share it for as long as one of them is
// kept. Such are layers of one kind, a function that is recorded again for another batch, and a derivative beside the
// value that it contains.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

#include <xgrad/core/errors.hpp>

#include "pack_program.hpp"

namespace xgrad::backend::cpu::kernels {
namespace {

struct HashOfProgram {
  std::size_t operator()(const PackProgram& program) const noexcept {
    std::uint64_t hash = program.single_precision ? 1 : 0;
    const auto mix = [&](std::uint64_t word) {
      hash = (hash ^ word) * 0x9e3779b97f4a7c15U;
      hash ^= hash >> 32U;
    };
    for (const PackInstruction& each : program.instructions) {
      mix(static_cast<std::uint64_t>(each.op) | std::uint64_t{each.slot} << 32U);
      mix(each.a | std::uint64_t{each.b} << 32U);
      mix(each.c);
    }
    return hash;
  }
};

/// The code of programs that are in use; it belongs to those who use it.
class SharedCode {
 public:
  static SharedCode& instance() {
    static auto* code = new SharedCode;  // never destroyed: threads may outlive static objects
    return *code;
  }

  std::shared_ptr<const Generated> find(const PackProgram& program) {
    const std::scoped_lock lock(mutex_);
    const auto found = code_of_.find(program);
    return found == code_of_.end() ? nullptr : found->second.lock();
  }

  void remember(const PackProgram& program, const std::shared_ptr<const Generated>& code) {
    const std::scoped_lock lock(mutex_);
    if (code_of_.size() >= limit_) forget_unused();
    code_of_.insert_or_assign(program, code);
  }

 private:
  /// Next time when there are twice as many as now, so that each program is looked at a few times at most.
  void forget_unused() {
    std::erase_if(code_of_, [](const auto& each) { return each.second.expired(); });
    limit_ = std::max(fewest, 2 * code_of_.size());
  }

  static constexpr std::size_t fewest = 64;
  std::mutex mutex_;
  std::unordered_map<PackProgram, std::weak_ptr<const Generated>, HashOfProgram> code_of_;
  std::size_t limit_ = fewest;
};

}  // namespace

bool allows_machine_code(const char* setting) {
  const std::string_view said = setting == nullptr ? "" : setting;
  if (said == "off") return false;
  if (said.empty() || said == "on") return true;
  throw ValueError("XGRAD_MACHINE_CODE: \"" + std::string(said) + "\" is neither on nor off");
}

std::shared_ptr<const Generated> generate(const PackProgram& program) {
  SharedCode& shared = SharedCode::instance();
  if (std::shared_ptr<const Generated> known = shared.find(program)) return known;
  std::shared_ptr<const Generated> made = write_code(program);
  if (made != nullptr) shared.remember(program, made);
  return made;
}

}  // namespace xgrad::backend::cpu::kernels
