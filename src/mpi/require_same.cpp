#include "mpi/require_same.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <functional>
#include <sstream>
#include <vector>

namespace xgrad::mpi {
namespace {

// What processes compare: the same of all, if all do the same.
struct Call {
  std::uint64_t number;  // 0: to one process
  std::uint64_t hash;
  std::uint64_t all_same;
  std::array<char, announcement_bytes - 24> text;
};
static_assert(sizeof(Call) == announcement_bytes);

Call call_of(std::uint64_t number, const std::string& text, std::uint64_t hash) {
  Call call{number, mixed(hash, std::hash<std::string>()(text)), 1, {}};
  std::copy_n(text.begin(), std::min(text.size(), call.text.size() - 1), call.text.begin());
  return call;
}

std::string text_of(const Call& call) { return call.text.data(); }

std::string difference(const Members& members, std::size_t one, const std::string& first, std::size_t other,
                       const std::string& second) {
  return "xgrad::mpi: processes do not call the same: " + members.name(one) + step_text() + " calls " + first + "; " +
         members.name(other) + " calls " + second;
}

// When not all processes find out, because they wait for different ones.
[[noreturn]] void fail_for_all(const Members& members, const Call& own, std::size_t other, const Call& theirs) {
  members.job->fail<MismatchError>(difference(members, members.rank, text_of(own), other, text_of(theirs)));
}

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
    const std::size_t before = (members->rank + size - distance) % size;
    exchange(members, bytes_of(own), (members->rank + distance) % size, writable_bytes_of(theirs), before, call_tag);
    if (theirs.number == 0) fail_for_all(*members, own, before, theirs);
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
  throw MismatchError(difference(members, 0, at(first), other, at(second)));
}

}  // namespace

void require_same(const std::shared_ptr<Members>& members, const std::string& call, std::uint64_t hash,
                  const std::function<std::string()>& lines) {
  members->job->require_whole();
  ++members->calls;
  members->call = call;
  if (members->size() == 1) return;
  if (same_of_all(members, call_of(members->calls, call, hash))) return;
  std::string text = call + " (call " + std::to_string(members->calls) + " of its group)";
  const std::string more = lines();
  if (!more.empty()) text += "\n" + more;
  throw_mismatch(*members, texts_of_all(members, text));
}

void Communicator::require_same(std::string_view call, std::uint64_t hash, TextOf lines) const {
  mpi::require_same(members_, std::string(call), hash, [&] { return lines.text(lines.of); });
}

Transfer announce(const std::shared_ptr<Members>& members, std::size_t to, const std::string& call, std::uint64_t hash,
                  std::span<std::byte> workspace) {
  members->call = call;
  Call own = call_of(0, call, 0);
  own.hash = hash;  // the other side calls it otherwise
  std::memcpy(workspace.data(), &own, sizeof(own));
  return start_send(members, workspace, to, call_tag);
}

void require_announced(const std::shared_ptr<Members>& members, std::size_t from, const std::string& call,
                       std::uint64_t hash) {
  members->call = call;
  Call theirs{};
  start_receive(members, writable_bytes_of(theirs), from, call_tag).wait();
  if (theirs.number != 0 || theirs.hash != hash) fail_for_all(*members, call_of(0, call, hash), from, theirs);
}

}  // namespace xgrad::mpi
