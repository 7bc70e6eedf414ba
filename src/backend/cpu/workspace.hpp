// Memory that evaluations use again and again.
#pragma once

#include <cstddef>
#include <memory>
#include <new>
#include <vector>

#include <xgrad/core/array.hpp>

#include "backend/cpu/kernels/operand.hpp"
#include "ir/state.hpp"
#include "memory/kept.hpp"

namespace xgrad::backend::cpu {

using namespace memory;
using namespace ir;

/// Asks the system for large pages, where it gives them on request: fresh memory costs a fault for each page, and a
/// large arena has a hundred thousand small ones.
void prefer_large_pages(std::byte* data, std::size_t bytes) noexcept;

/// Aligned memory that grows to what is asked for.
class Storage {
 public:
  std::byte* at_least(std::size_t bytes) {
    if (bytes > size_) {
      data_.reset();
      size_ = 0;
      data_.reset(static_cast<std::byte*>(::operator new(bytes, alignment)));
      size_ = bytes;
      prefer_large_pages(data_.get(), bytes);
    }
    return data_.get();
  }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  /// Gives memory back that is larger than what is worth keeping.
  void shrink(std::size_t kept) noexcept {
    if (size_ <= kept) return;
    data_.reset();
    size_ = 0;
  }

 private:
  static constexpr auto alignment = AlignedAllocator<std::byte>::alignment;
  struct Free {
    void operator()(std::byte* data) const noexcept { ::operator delete(data, alignment); }
  };
  std::unique_ptr<std::byte, Free> data_;
  std::size_t size_ = 0;
};

struct StepProgram;

/// Where the arrays of a program are, and its numbers.
struct Addresses {
  std::vector<std::byte*> leaves;
  std::vector<std::byte*> outputs;
  std::vector<std::byte*> places;
  std::vector<Scalar> numbers;
  /// What they were found for, but for leaves and outputs; null: nothing.
  const StepProgram* program = nullptr;
  const std::byte* arena = nullptr;
  std::uint64_t evaluation = 0;
};

/// What one evaluation needs beside its inputs and results. A program within a program has a workspace of its own,
/// which it shares with the others of its step's program: they run one after another.
struct Workspace {
  Storage arena;
  Storage partials;
  Storage product;
  Storage straight;                                      // of straight code
  Storage carried;                                       // between the runs of a loop's body
  std::vector<Addresses> addresses;                      // of the programs that share it, by their numbers
  std::vector<std::byte*> inputs, stacked, last, other;  // of the step that runs the plan, if it is one within a plan
  std::vector<kernels::Operand> operands;                // of one call
  std::vector<char> done;                                // chunks of one loop
  std::unique_ptr<Workspace> apart;                      // of plans within the plan
  std::unique_ptr<Workspace> condition;                  // of the conditions of loops, whose bodies have the former
  std::uint64_t evaluation = 0;                          // a number for each
  KeptShare share;

  Workspace& of_apart() { return made(apart); }
  Workspace& of_condition() { return made(condition); }
  Workspace& made(std::unique_ptr<Workspace>& workspace) const {
    if (!workspace) workspace = std::make_unique<Workspace>();
    workspace->evaluation = evaluation;
    return *workspace;
  }
  Addresses& addresses_of(std::uint32_t number) {
    if (addresses.size() <= number) addresses.resize(number + 1);
    return addresses[number];
  }

  /// Gives back what is larger than what is worth keeping, or more than may be kept.
  void shrink(std::size_t most) noexcept {
    for (Storage* each : {&arena, &partials, &product, &straight, &carried}) each->shrink(most);
    if (share.released() || !share.allows(bytes())) {
      for (Storage* each : {&arena, &partials, &product, &straight, &carried}) each->shrink(0);
    }
    share.set(bytes());
    if (apart) apart->shrink(most);
    if (condition) condition->shrink(most);
  }
  [[nodiscard]] std::size_t bytes() const noexcept {
    return arena.size() + partials.size() + product.size() + straight.size() + carried.size();
  }
};

/// What one thread needs for one chunk of a loop.
struct ChunkWorkspace {
  Storage scratch;
  std::vector<std::byte*> slots;
  KeptShare share;

  /// Gives back what may not be kept. A few pages always may, and are in no account.
  void shrink() noexcept {
    constexpr std::size_t few = std::size_t{64} << 10U;
    if (scratch.size() > few && (share.released() || !share.allows(scratch.size()))) scratch.shrink(0);
    share.set(scratch.size() > few ? scratch.size() : 0);
  }
};

}  // namespace xgrad::backend::cpu
