// Shows how a run of training goes: a bar on a terminal, lines elsewhere.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <iosfwd>
#include <string>

#include <xgrad/train/history.hpp>

#pragma GCC visibility push(default)

namespace xgrad::train {

/// How a run is shown.
enum class Show : std::uint8_t {
  automatic,  ///< a bar if standard error is a terminal, else lines
  bar,        ///< one line that is written over, and one that stays for each epoch
  lines,      ///< a line for each epoch, but not more than one a second (the first and the last always)
  quiet       ///< nothing
};

/// Writes progress to a stream.
///
///     train::Progress progress({.steps = 1000, .per_epoch = 100});
///     progress.step(now);     // after each step
///     progress.epoch(now);    // after each epoch
///     progress.end("all epochs are done");
class Progress {
 public:
  struct Options {
    Show show = Show::automatic;
    std::ostream* out = nullptr;  ///< null: standard error
    std::size_t steps = 0;        ///< of the whole run; 0: not known
    std::size_t per_epoch = 0;    ///< steps of an epoch
    std::size_t width = 0;        ///< columns of the terminal; 0: ask it, or 80
  };
  explicit Progress(const Options& options);

  /// Draws the bar, if the last one is a tenth of a second old.
  void step(const Progressed& now);
  void epoch(const Progressed& now);
  /// \param text  why the run has ended.
  void end(const std::string& text);

  /// "step 120  loss 0.312  rate 0.001  accuracy 0.93": what is known, to four digits.
  [[nodiscard]] static std::string text(const Progressed& now);

 private:
  using Clock = std::chrono::steady_clock;
  void clear_bar();
  void line(const Progressed& now);

  Options options_;
  Clock::time_point begun_;
  Clock::time_point shown_;
  std::size_t first_step_ = 0;
  bool any_ = false;
  bool has_bar_ = false;
  Progressed last_ = {};
  bool pending_ = false;  ///< the last epoch has no line yet
};

/// "1:02:03", "2:03", "4.2 s".
[[nodiscard]] std::string duration_text(double seconds);

}  // namespace xgrad::train

#pragma GCC visibility pop
