// What a run of training asks of the other processes that take part in it.
#pragma once

#include <cstddef>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <xgrad/train/metric.hpp>
#include <xgrad/train/shards.hpp>

#pragma GCC visibility push(default)

namespace xgrad::train::detail {

/// Alone, all of it is what this process says.
class Together {
 public:
  explicit Together(const Shards& shards) : processes_(shards.processes) {}

  [[nodiscard]] std::size_t size() const noexcept { return processes_ ? processes_->size() : 1; }
  [[nodiscard]] std::size_t rank() const noexcept { return processes_ ? processes_->rank() : 0; }
  [[nodiscard]] bool is_first() const noexcept { return rank() == 0; }

  /// Whether some process says so.
  [[nodiscard]] bool any(bool here) const;
  /// What the first process says.
  [[nodiscard]] std::string of_first(const std::string& here) const;
  /// The first text that is not empty.
  [[nodiscard]] std::string first_text(const std::string& here) const;
  /// What each process has computed, in their order; of who had nothing to do, nothing. What one of them throws, all
  /// do.
  [[nodiscard]] std::vector<std::optional<InUse>> each(const std::function<std::optional<InUse>()>& compute) const;
  /// Does something in the first process; what it throws, all do.
  void at_first(const std::function<void()>& act) const;

 private:
  std::shared_ptr<const Processes> processes_;
};

}  // namespace xgrad::train::detail

#pragma GCC visibility pop
