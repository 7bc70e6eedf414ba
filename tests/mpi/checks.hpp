// Checks in programs of several processes: Boost.Test's reports of them would run into each other.
#pragma once

#include <exception>
#include <iostream>
#include <sstream>
#include <string>
#include <string_view>

inline int& failed_checks() {
  static int count = 0;
  return count;
}

template <class A, class B>
void check_equal(const A& a, const B& b, const char* text, const char* file, int line) {
  if (a == b) return;
  ++failed_checks();
  std::ostringstream message;
  message << file << ":" << line << ": " << text << ": " << a << " and " << b << "\n";
  std::cerr << message.str();
}

#define CHECK(condition) check_equal(static_cast<bool>(condition), true, #condition, __FILE__, __LINE__)
#define CHECK_EQUAL(a, b) check_equal(a, b, #a " == " #b, __FILE__, __LINE__)

/// What an E that f throws says.
template <class E, class F>
std::string message_of(const F& f) {
  try {
    f();
  } catch (const E& error) {
    return error.what();
  } catch (const std::exception& error) {
    return std::string("another error: ") + error.what();
  }
  return "no error";
}

inline bool contains(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

/// What main() returns.
inline int checks_failed() { return failed_checks() == 0 ? 0 : 1; }
