// Programs as lists of what they compute, and the choice among them.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <xgrad/transform/programs.hpp>

#include "segment.hpp"

namespace xgrad::detail {

/// A condition of a program, and how it went for that.
struct Decision {
  std::shared_ptr<Segment> condition;  ///< its first output; the others are of use to what comes after it
  DType dtype;
  std::uint64_t outcome;  ///< the bits of its one element
};

/// The bits of an array of one element.
std::uint64_t outcome_of(const Buffer& array);

class ProgramOfSteps final : public Program {
 public:
  /// Begins to watch what it has captured.
  ProgramOfSteps(std::unique_ptr<Kept> result, std::vector<Decision> conditions, Segment computes);

  std::vector<Decision> steps;
  Segment results;
  std::atomic<std::uint64_t> used = 0;  ///< when, among others of its signature

  /// Whether somebody has given up an array that was captured: the Var that held it has another one now, or is no more.
  [[nodiscard]] bool captures_given_up() const noexcept;
  void run(CallLists& lists) const override;
  [[nodiscard]] std::string describe(std::span<const std::string> names) const override;
  /// Whether so many conditions went as those of another program.
  [[nodiscard]] bool begins_like(const ProgramOfSteps& other, std::size_t count) const;
};
using ProgramPtr = std::shared_ptr<ProgramOfSteps>;

/// What an argument of a compiled function must be like.
struct ArgumentType {
  DType dtype;
  Shape shape;
  bool donated;
  bool weak;
};

/// The programs of a function for arguments of certain shapes and element types: one for each way that its conditions
/// went. Several threads may use it.
///
/// Programs whose first conditions went the same way share these and have the same condition next, or all none.
class Programs {
 public:
  /// \param most  how many are remembered.
  Programs(std::vector<ArgumentType> arguments, std::size_t most) : arguments_(std::move(arguments)), most_(most) {}

  /// Whether the arguments are like those that it was recorded for.
  [[nodiscard]] bool serves(const CallLists& lists) const { return first_unlike(lists) == alike; }
  /// The first argument that is not.
  [[nodiscard]] std::size_t first_unlike(const CallLists& lists) const;
  static constexpr std::size_t alike = ~std::size_t{0};
  /// Computes conditions, one after another, until they say which program serves; null: it was not recorded. Arguments
  /// stay as they are.
  [[nodiscard]] ProgramPtr choose(CallLists& lists) const;
  /// Takes in a program that was recorded for such arguments.
  void add(const ProgramPtr& program);

 private:
  using All = std::vector<ProgramPtr>;

  [[nodiscard]] std::shared_ptr<const All> all_now() const;
  void note_use(ProgramOfSteps& program) const noexcept;

  std::vector<ArgumentType> arguments_;
  std::size_t most_;
  mutable std::mutex mutex_;
  std::shared_ptr<const All> all_ = std::make_shared<const All>();  // a new list for each change
  mutable std::atomic<std::uint64_t> clock_ = 0;
};

}  // namespace xgrad::detail
