// Who is asked for values while a program is recorded that is to be run with other values too.
#pragma once

#include "state.hpp"

namespace xgrad::ir {

/// Answers for the values of a tape; see TapeState::set_guard.
class Guard {
 public:
  /// Which way the program goes, by a node of one truth value.
  virtual bool branch(NodeId id) = 0;
  /// The value of a node, which lives as long as the tape.
  /// \throws TapeError  unless the program may depend on it.
  virtual Buffer* value(NodeId id) = 0;
  /// Whether it may depend on values of one element.
  bool guards_values = false;

 protected:
  ~Guard() = default;
};

}  // namespace xgrad::ir
