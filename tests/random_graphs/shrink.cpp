// Smaller programs that fail, too.
#include <algorithm>
#include <chrono>

#include "check.hpp"

namespace random_graphs {
namespace {

std::vector<bool> used(const Program& program) {
  std::vector<bool> result(program.instructions.size(), false);
  for (const std::size_t output : program.outputs) result[output] = true;
  for (const Instruction& each : program.instructions) {
    for (const std::size_t operand : each.operands) result[operand] = true;
  }
  return result;
}

std::vector<bool> alive(const Program& program) {
  std::vector<bool> result(program.instructions.size(), false);
  for (const std::size_t output : program.outputs) result[output] = true;
  for (std::size_t i = result.size(); i-- > 0;) {
    if (!result[i]) continue;
    for (const std::size_t operand : program.instructions[i].operands) result[operand] = true;
  }
  return result;
}

Program only(const std::vector<bool>& kept, const Program& program) {
  Program result = program;
  result.instructions.clear();
  std::vector<std::size_t> place(kept.size(), 0);
  for (std::size_t i = 0; i < kept.size(); ++i) {
    if (!kept[i]) continue;
    place[i] = result.instructions.size();
    result.instructions.push_back(program.instructions[i]);
    for (std::size_t& operand : result.instructions.back().operands) operand = place[operand];
  }
  for (std::size_t& output : result.outputs) output = place[output];
  return result;
}

/// An input in place of an instruction.
Program with_input(Program program, std::size_t i) {
  Instruction& input = program.instructions[i];
  input.run = nullptr;
  input.text.clear();
  input.operands.clear();
  input.has_number = false;
  input.data_seed = i;
  input.fill = input.dtype == DType::Int64  ? Fill::Labels
               : input.dtype == DType::Bool ? Fill::Coins
                                            : program.instructions[0].fill;
  return program;
}

/// Programs that are a little smaller.
std::vector<Program> smaller(const Program& program) {
  std::vector<Program> all;
  const std::vector<bool> needed = alive(program);
  if (std::count(needed.begin(), needed.end(), false) > 1) all.push_back(only(needed, program));
  for (std::size_t k = 0; k < program.outputs.size() && program.outputs.size() > 1; ++k) {
    all.push_back(program);
    all.back().outputs.erase(all.back().outputs.begin() + static_cast<std::ptrdiff_t>(k));
  }
  if (program.second_order) {
    all.push_back(program);
    all.back().second_order = false;
  }
  const std::vector<bool> has_users = used(program);
  for (std::size_t i = program.instructions.size(); i-- > 0;) {
    const Instruction& each = program.instructions[i];
    if (!has_users[i]) {
      std::vector<bool> kept(has_users.size(), true);
      kept[i] = false;
      all.push_back(only(kept, program));
      continue;
    }
    // What uses it uses one of its operands of the same shape, or an input instead.
    for (const std::size_t operand : each.operands) {
      const Instruction& from = program.instructions[operand];
      if (from.shape != each.shape || from.dtype != each.dtype) continue;
      Program bypassed = program;
      for (Instruction& user : bypassed.instructions) {
        std::replace(user.operands.begin(), user.operands.end(), i, operand);
      }
      std::replace(bypassed.outputs.begin(), bypassed.outputs.end(), i, operand);
      all.push_back(std::move(bypassed));
    }
    if (each.run) all.push_back(with_input(program, i));
  }
  return all;
}

}  // namespace

Program shrunk(Program program, double seconds) {
  using Clock = std::chrono::steady_clock;
  const auto end = Clock::now() + std::chrono::duration<double>(seconds);
  Statistics ignored;
  // An index that was kept in range may be cut away; that is another failure.
  const bool exceptional = check(program, ignored).starts_with(exception_prefix);
  for (bool progress = true; progress;) {
    progress = false;
    for (Program& each : smaller(program)) {
      if (Clock::now() > end) return program;
      const std::string why = check(each, ignored);
      if (why.empty() || why.starts_with(exception_prefix) != exceptional) continue;
      program = std::move(each);
      progress = true;
      break;
    }
  }
  return program;
}

}  // namespace random_graphs
