#include <algorithm>
#include <sstream>
#include <vector>

#include "mpi/members.hpp"

namespace xgrad::mpi {
namespace {

// What processes compare: the same of all, if all do the same.
struct Call {
  std::uint64_t number;
  std::uint64_t hash;
  std::uint64_t all_same;
};

void exchange(const std::shared_ptr<Members>& members, std::span<const std::byte> own, std::size_t to,
              std::span<std::byte> theirs, std::size_t from, int tag) {
  Transfer receive = start_receive(members, theirs, from, tag);
  Transfer send = start_send(members, own, to, tag);
  receive.wait();
  send.wait();
}

// Each process compares itself with those 1, 2, 4 ... before it, and passes on what those have found. After as many
// rounds as P has binary digits, all know of all, whatever each of them had wanted to call.
bool same_of_all(const std::shared_ptr<Members>& members, Call own) {
  const std::size_t size = members->size();
  own.all_same = 1;
  for (std::size_t distance = 1; distance < size; distance *= 2) {
    Call theirs{};
    exchange(members, bytes_of(own), (members->rank + distance) % size, writable_bytes_of(theirs),
             (members->rank + size - distance) % size, call_tag);
    own.all_same &= theirs.all_same & static_cast<std::uint64_t>(theirs.number == own.number) &
                    static_cast<std::uint64_t>(theirs.hash == own.hash);
  }
  return own.all_same == 1;
}

// The texts of all, by way of a ring.
std::vector<std::string> texts_of_all(const std::shared_ptr<Members>& members, const std::string& own) {
  const std::size_t size = members->size();
  std::vector<std::string> texts(size);
  texts[members->rank] = own;
  const std::size_t next = (members->rank + 1) % size;
  const std::size_t before = (members->rank + size - 1) % size;
  for (std::size_t k = 0; k + 1 < size; ++k) {
    const std::string& mine = texts[(members->rank + size - k) % size];
    std::string& theirs = texts[(before + size - k) % size];
    const std::uint64_t length = mine.size();
    std::uint64_t their_length = 0;
    exchange(members, bytes_of(length), next, writable_bytes_of(their_length), before, text_tag);
    theirs.resize(their_length);
    exchange(members, std::as_bytes(std::span(mine)), next, std::as_writable_bytes(std::span(theirs)), before,
             text_tag);
  }
  return texts;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

[[noreturn]] void throw_mismatch(const Members& members, const std::vector<std::string>& texts) {
  std::size_t other = 1;
  while (other + 1 < texts.size() && texts[other] == texts[0]) ++other;
  const std::vector<std::string> first = lines_of(texts[0]);
  const std::vector<std::string> second = lines_of(texts[other]);
  std::size_t line = 0;
  while (line < first.size() && line < second.size() && first[line] == second[line]) ++line;
  const auto at = [&](const std::vector<std::string>& lines) {
    if (line < lines.size()) return line == 0 ? lines[0] : lines[0] + ": " + lines[line];
    return lines.empty() ? std::string("nothing") : lines[0] + ": nothing more";
  };
  throw MismatchError("xgrad::mpi: processes do not call the same: " + members.name(0) + step_text() + " calls " +
                      at(first) + "; " + members.name(other) + " calls " + at(second));
}

}  // namespace

void Communicator::require_same(std::string_view call, std::uint64_t hash, TextOf lines) const {
  members_->job->require_whole();
  ++members_->calls;
  members_->call = call;
  if (size() == 1) return;
  const std::uint64_t name = std::hash<std::string_view>()(call);
  if (same_of_all(members_, {members_->calls, hash ^ (name * 0x9e3779b97f4a7c15ULL), 1})) return;
  std::string text(call);
  text += " (call " + std::to_string(members_->calls) + " of its group)";
  const std::string more = lines.text(lines.of);
  if (!more.empty()) text += "\n" + more;
  throw_mismatch(*members_, texts_of_all(members_, text));
}

}  // namespace xgrad::mpi
