// A reader of DOT, as much of Graphviz's language as draw::dot writes: what it cannot read, Graphviz could not either.
#pragma once

#include <cctype>
#include <map>
#include <set>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace dot_text {

using Attributes = std::map<std::string, std::string>;

struct Parsed {
  std::map<std::string, Attributes> nodes;
  std::vector<std::pair<std::string, std::string>> arrows;
  std::map<std::string, std::string> clusters;  ///< name -> label
};

/// \throws std::runtime_error  if it is no such text.
class Reader {
 public:
  explicit Reader(const std::string& text) : text_(text) { next(); }

  Parsed read() {
    expect("digraph");
    word();
    expect("{");
    statements("");
    expect("}");
    require(token_.empty(), "text behind the end");
    for (const auto& [from, to] : parsed_.arrows) {
      require(parsed_.nodes.contains(from) && parsed_.nodes.contains(to), "an arrow of no node");
    }
    return parsed_;
  }

 private:
  static void require(bool good, const std::string& what) {
    if (!good) throw std::runtime_error("DOT: " + what);
  }
  void expect(const std::string& what) {
    require(!quoted_ && token_ == what, "expected " + what + ", found " + token_);
    next();
  }
  std::string word() {
    require(!token_.empty() || quoted_, "expected a name");
    std::string result = token_;
    next();
    return result;
  }

  void next() {
    quoted_ = false;
    while (at_ < text_.size() && std::isspace(static_cast<unsigned char>(text_[at_])) != 0) ++at_;
    token_.clear();
    if (at_ == text_.size()) return;
    if (text_[at_] == '"') return quoted();
    const auto is_word = [&] {
      const char c = text_[at_];
      return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '.' || c == '#';
    };
    while (at_ < text_.size() && is_word()) token_ += text_[at_++];
    if (!token_.empty()) return;
    token_ = text_[at_++];
    if (token_ == "-" && at_ < text_.size() && text_[at_] == '>') token_ += text_[at_++];
  }
  /// What would be shown: escapes and entities replaced.
  void quoted() {
    quoted_ = true;
    for (++at_; at_ < text_.size() && text_[at_] != '"'; ++at_) {
      const char c = text_[at_];
      require(static_cast<unsigned char>(c) >= 0x20, "a control character");
      if (c == '\\') {
        const char escaped = text_.at(++at_);
        require(escaped == '\\' || escaped == '"' || escaped == 'n', "an escape that draws something else");
        token_ += escaped == 'n' ? '\n' : escaped;
      } else if (c == '&') {
        require(text_.compare(at_, 5, "&amp;") == 0, "an entity");
        token_ += '&';
        at_ += 4;
      } else {
        token_ += c;
      }
    }
    require(at_ < text_.size(), "a text without end");
    ++at_;
  }

  Attributes attributes() {
    Attributes result;
    if (token_ != "[" || quoted_) return result;
    next();
    while (token_ != "]") {
      const std::string name = word();
      expect("=");
      result[name] = word();
      if (token_ == ",") next();
    }
    next();
    return result;
  }

  void statements(const std::string& cluster) {
    while (token_ != "}") {
      const std::string first = word();
      if (first == "subgraph") {
        const std::string name = word();
        expect("{");
        parsed_.clusters[name];
        statements(name);
        expect("}");
        continue;
      }
      if (token_ == "->") {
        next();
        parsed_.arrows.emplace_back(first, word());
        attributes();
      } else if (token_ == "=") {
        next();
        const std::string value = word();
        if (first == "label") parsed_.clusters[cluster] = value;
      } else {
        const Attributes all = attributes();
        if (first != "graph" && first != "node" && first != "edge") {
          require(parsed_.nodes.emplace(first, all).second, "a node twice");
        }
      }
      expect(";");
    }
  }

  const std::string& text_;
  std::size_t at_ = 0;
  std::string token_;
  bool quoted_ = false;
  Parsed parsed_;
};

inline Parsed read(const std::string& text) { return Reader(text).read(); }

}  // namespace dot_text
