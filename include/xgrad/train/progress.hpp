// How a training goes, on a terminal or in a log.
#pragma once

#include <cstddef>
#include <cstdint>
#include <iosfwd>
#include <memory>
#include <string_view>

#include <xgrad/train/history.hpp>

#pragma GCC visibility push(default)

namespace xgrad::train {

struct ProgressOptions {
  enum class Style : std::uint8_t {
    Auto,   ///< a bar if standard error is a terminal, else lines
    Bar,    ///< one line that changes
    Lines,  ///< a line for each epoch, and one now and then in long ones
    Quiet,  ///< nothing
  };
  std::uint64_t steps = 0;   ///< that there will be; 0: not known, and so is the time left
  std::uint64_t epochs = 0;  ///< 0: not known
  Style style = Style::Auto;
  std::ostream* to = nullptr;  ///< null: standard error
  std::size_t width = 0;       ///< columns of the bar; 0: of the terminal, or 80
};

/// Shows steps, rate, time left, loss and metrics while a training runs:
///
///     epoch 3/10  1234/5000 [=====>               ]  812 steps/s  0:05 left  loss 0.3412  accuracy 0.91
///
///     xg::train::Progress progress({.steps = 5000, .epochs = 10});
///     ...  progress.step(now);                  // after each step: most calls only look at the time
///     ...  progress.epoch(now);                 // after each epoch
///
/// Time is that of Progressed::seconds; the rate is that of the last few seconds. A terminal gets at most ten bars a
/// second, a log a line for each epoch and otherwise one in ten seconds.
class Progress {
 public:
  explicit Progress(const ProgressOptions& options = {});
  Progress(Progress&&) noexcept;
  Progress& operator=(Progress&&) noexcept;
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  /// Ends the line.
  ~Progress();

  void step(const Progressed& now);
  void epoch(const Progressed& now);
  /// A line of its own, above the bar. Not if it is to be quiet.
  void say(std::string_view text);
  /// The last bar stays, and its line ends. What comes after begins a new one.
  void end();

  /// Whether the next call of step() with this time would show anything: for who measures only what is shown.
  [[nodiscard]] bool is_due(double seconds) const noexcept;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace xgrad::train

#pragma GCC visibility pop
