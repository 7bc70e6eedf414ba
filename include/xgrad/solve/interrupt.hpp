// Ctrl-C while a solver runs: StopAtInterrupt.
#pragma once

#pragma GCC visibility push(default)

namespace xgrad::solve {

/// While one lives, Ctrl-C (SIGINT) ends the solvers of all threads between two iterations, as an observer does: the
/// best parameters so far are the result, and Report::ended is Ended::Interrupted. So do those that begin later.
///
///     const xg::solve::StopAtInterrupt guard;
///     auto found = xg::solve::minimise(objective, start);       // a minute later: Ctrl-C
///
/// A second Ctrl-C does what it did before there was a guard (it ends the program, unless that had a handler). Guards
/// may nest; when the last one is gone, the handler is what it was, and solvers run again. A program that ignores the
/// signal goes on to do so.
class StopAtInterrupt {
 public:
  /// \throws std::system_error  if the handler cannot be set.
  StopAtInterrupt();
  StopAtInterrupt(const StopAtInterrupt&) = delete;
  StopAtInterrupt& operator=(const StopAtInterrupt&) = delete;
  ~StopAtInterrupt();

  /// Whether Ctrl-C was pressed since the first guard of those that live.
  [[nodiscard]] static bool interrupted() noexcept;
};

}  // namespace xgrad::solve

#pragma GCC visibility pop
