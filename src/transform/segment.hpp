// A part of a compiled function that is computed at once: a condition, or the results.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include <xgrad/transform/programs.hpp>

#include "backend/executable.hpp"

namespace xgrad::detail {

using namespace backend;

/// An array that others held when the function was recorded, and how often programs hold it.
class Watched {
 public:
  using Count = std::shared_ptr<std::atomic<std::uint32_t>>;

  /// \param own  how often this program does.
  Watched(BufferPtr captured, std::uint32_t own);
  Watched(Watched&& other) noexcept;
  Watched& operator=(Watched&& other) noexcept;
  Watched(const Watched&) = delete;
  Watched& operator=(const Watched&) = delete;
  ~Watched();

  [[nodiscard]] const Buffer* array() const noexcept { return array_.get(); }
  void hold_once_more() noexcept;
  [[nodiscard]] bool given_up() const noexcept { return array_->users() == all_->load(); }

 private:
  BufferPtr array_;
  Count all_;
  std::uint32_t own_;
};

class Segment {
 public:
  /// Where a leaf of the plan comes from: an argument, what was computed with the conditions before, or an array that
  /// the function had captured.
  struct Leaf {
    enum class From : std::uint8_t { Argument, Decided, Captured };
    From from;
    std::size_t index;
    BufferPtr captured;
  };
  /// The numbers of what was computed with conditions, by nodes.
  using Decided = std::unordered_map<NodeId, std::size_t>;

  /// Lists that the runs of a thread use.
  struct Run;

  /// \param arguments     how many nodes, the first of the tape, are those of the arguments.
  /// \param executable    of a plan of the request.
  /// \param weak_results  for each output whether it is a number.
  Segment(const Request& request, const TapeState& tape, std::size_t arguments, const Decided& decided,
          std::shared_ptr<const Executable> executable, std::vector<char> weak_results);

  /// Begins to watch the captured arrays that somebody else holds now.
  void watch();
  [[nodiscard]] bool captures_given_up() const noexcept;

  /// Computes the outputs, which are appended to `results`.
  /// \param overwrites  whether they may be written over donated arguments; those that were are left empty.
  void run(CallLists& lists, bool overwrites, std::vector<Var>& results) const;

  /// Whether it computes the same: of the same leaves, with the same numbers, by the same functions of the user's.
  [[nodiscard]] bool same_as(const Segment& other) const;

  [[nodiscard]] std::string describe(std::span<const std::string> names_of_arguments) const;

 private:
  void bind(Run& run, const CallLists& lists, bool overwrites) const;
  void release_donors(const Run& run, std::span<Var* const> given) const;

  std::vector<Leaf> leaves_;
  std::vector<Scalar> scalars_;
  Payloads payloads_;
  std::vector<std::uint64_t> signature_;
  std::vector<char> weak_results_;
  std::shared_ptr<const Executable> executable_;
  std::vector<Watched> watched_;
};

}  // namespace xgrad::detail
