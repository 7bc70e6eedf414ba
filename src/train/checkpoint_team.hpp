// The processes that write the checkpoints of a training: one, or several that must agree.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include <xgrad/train/checkpoint.hpp>
#include <xgrad/train/shards.hpp>

namespace xgrad::train {

class CheckpointTeam {
 public:
  /// \param processes  none: this one alone. They exchange in a group of their own.
  explicit CheckpointTeam(const std::shared_ptr<const Processes>& processes);

  [[nodiscard]] bool is_alone() const noexcept { return !processes_; }
  [[nodiscard]] bool is_first() const noexcept { return !processes_ || processes_->rank() == 0; }

  /// Done by each process, or by the first. What one throws, all do.
  void at_each(const std::function<void()>& act) const;
  void at_first(const std::function<void()>& act) const;
  /// The text of the first process, and the first one that is not empty.
  [[nodiscard]] std::string of_first(const std::string& here) const;
  [[nodiscard]] std::string first_text(const std::string& here) const;

  /// Each process writes its slice, and then the first the file of the step.
  /// \throws IoError  on all processes, if one of them cannot: naming it. No slice of it is left.
  void write(const std::filesystem::path& path, const detail::RunArrays& run, const CheckpointNotes& notes) const;

 private:
  std::shared_ptr<const Processes> processes_;
};

}  // namespace xgrad::train
