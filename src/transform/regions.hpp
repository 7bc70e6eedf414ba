// Places of the source to which recorded nodes belong, while nan_guard() runs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "ir/state.hpp"

namespace xgrad::detail {

/// What was recorded while debug::Region objects lived.
class Regions {
 public:
  struct Entry {
    const ir::TapeState* tape;
    ir::NodeId begin;
    ir::NodeId end = std::numeric_limits<ir::NodeId>::max();
    std::string text;
  };

  Regions();
  ~Regions();
  Regions(const Regions&) = delete;
  Regions& operator=(const Regions&) = delete;

  /// Those of the guard that runs on this thread; null: there is none, and nothing is noted.
  static Regions* noted_now() noexcept;

  /// \return the number of the region.
  std::size_t begin(std::string text);
  void end(std::size_t number);
  /// The innermost region in which a node was recorded.
  [[nodiscard]] std::optional<std::string> of(const ir::TapeState& tape, ir::NodeId id) const;

 private:
  std::vector<Entry> all_;
  Regions* outer_;
};

}  // namespace xgrad::detail
