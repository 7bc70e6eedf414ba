#include <xgrad/train/progress.hpp>

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <iostream>

#include "core/text.hpp"

namespace xgrad::train {
namespace {

constexpr std::chrono::milliseconds between_bars(100);
constexpr std::chrono::seconds between_lines(1);

std::string short_text(double number) {
  core::TextStream text;
  text.precision(4);
  text << number;
  return text.str();
}

std::size_t columns_of_terminal() {
  winsize size{};
  if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
  return 80;
}

double seconds_of(std::chrono::steady_clock::duration time) { return std::chrono::duration<double>(time).count(); }

}  // namespace

std::string duration_text(double seconds) {
  if (!(seconds >= 0.0)) return "?";
  if (seconds < 60.0) {
    core::TextStream text;
    text.precision(1);
    text << std::fixed << seconds << " s";
    return text.str();
  }
  const auto whole = static_cast<long long>(std::min(seconds, 1e15));
  const auto two = [](long long n) { return (n < 10 ? "0" : "") + std::to_string(n); };
  const std::string tail = two(whole % 60);
  if (whole < 3600) return std::to_string(whole / 60) + ':' + tail;
  return std::to_string(whole / 3600) + ':' + two(whole / 60 % 60) + ':' + tail;
}

Progress::Progress(const Options& options)
    : options_(options), begun_(Clock::now()), shown_(begun_ - std::chrono::hours(1)) {
  if (options_.out == nullptr) options_.out = &std::cerr;
  if (options_.show == Show::automatic) {
    const bool terminal = options_.out == &std::cerr && isatty(STDERR_FILENO) != 0;
    options_.show = terminal ? Show::bar : Show::lines;
  }
  if (options_.width == 0) options_.width = options_.show == Show::bar ? columns_of_terminal() : 80;
}

std::string Progress::text(const Progressed& now) {
  std::string result = "step " + std::to_string(now.step);
  const auto add = [&](const std::string& name, double value) {
    if (!std::isnan(value) || name == "loss") result += "  " + name + ' ' + short_text(value);
  };
  add("loss", now.loss);
  add("rate", now.rate);
  for (const auto& [name, value] : now.metrics) result += "  " + name + ' ' + short_text(value);
  return result;
}

void Progress::clear_bar() {
  if (has_bar_) *options_.out << '\r' << std::string(options_.width - 1, ' ') << '\r';
  has_bar_ = false;
}

void Progress::step(const Progressed& now) {
  if (options_.show != Show::bar) return;
  const Clock::time_point time = Clock::now();
  if (!any_) {
    any_ = true;
    first_step_ = now.step - 1;
    begun_ = time;  // not what it took to record the step
  }
  if (time - shown_ < between_bars) return;
  shown_ = time;
  const auto done = static_cast<double>(now.step - first_step_ - 1);
  const double passed = seconds_of(time - begun_);
  std::string line = "epoch " + std::to_string(now.epoch) + ' ';
  if (options_.steps > 0) {
    constexpr std::size_t cells = 20;
    const std::size_t full = std::min(cells, cells * now.step / options_.steps);
    line += '[' + std::string(full, '=') + std::string(cells - full, ' ') + "] ";
  }
  if (done > 0.0 && passed > 0.0) {
    line += short_text(done / passed) + " steps/s  ";
    if (options_.steps > now.step) {
      line += duration_text(static_cast<double>(options_.steps - now.step) * passed / done) + " left  ";
    }
  }
  line += text(now);
  line.resize(std::min(line.size(), options_.width - 1));
  clear_bar();
  *options_.out << line << std::flush;
  has_bar_ = true;
}

void Progress::line(const Progressed& now) {
  *options_.out << "epoch " << std::to_string(now.epoch) << "  " << text(now) << "  " << duration_text(now.seconds)
                << '\n'
                << std::flush;
  pending_ = false;
}

void Progress::epoch(const Progressed& now) {
  if (options_.show == Show::quiet) return;
  last_ = now;
  pending_ = true;
  if (options_.show == Show::lines) {
    const Clock::duration since = Clock::now() - shown_;
    if (since < between_lines) return;
    shown_ += since;
  }
  clear_bar();
  line(now);
}

void Progress::end(const std::string& text) {
  if (options_.show == Show::quiet) return;
  clear_bar();
  if (pending_) line(last_);
  *options_.out << text << '\n' << std::flush;
}

}  // namespace xgrad::train
