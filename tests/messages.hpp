// What the library logs while a test runs.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include <xgrad/log.hpp>

/// Collects the messages that arrive while it lives, from one thread.
class Messages {
 public:
  Messages() : before_(xgrad::set_log_handler([this](std::string_view text) { texts.emplace_back(text); })) {}
  ~Messages() { xgrad::set_log_handler(before_); }
  Messages(const Messages&) = delete;
  Messages& operator=(const Messages&) = delete;

  [[nodiscard]] bool any_has(std::string_view part) const {
    return std::ranges::any_of(texts, [&](const std::string& text) { return text.find(part) != std::string::npos; });
  }
  /// And there is no other one.
  [[nodiscard]] bool one_has(std::string_view part) const { return texts.size() == 1 && any_has(part); }
  std::vector<std::string> texts;

 private:
  xgrad::LogHandler before_;
};
