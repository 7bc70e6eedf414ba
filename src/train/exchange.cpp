#include "exchange.hpp"

#include <algorithm>
#include <cstring>

#include <xgrad/core/errors.hpp>

#include "core/text.hpp"
#include "var/access.hpp"

namespace xgrad::train::detail {
namespace {

using Bytes = std::span<const std::byte>;
using Place = std::span<std::byte>;

template <class T>
void add_to(std::byte* into, const std::byte* from, std::size_t count) {
  T* const sum = reinterpret_cast<T*>(into);
  const T* const more = reinterpret_cast<const T*>(from);
  for (std::size_t i = 0; i < count; ++i) sum[i] += more[i];
}

/// Elements [begin, end) of an array as one of their own.
Var cut(DType dtype, const std::byte* elements, std::size_t begin, std::size_t end) {
  memory::BufferPtr result = memory::make_buffer(dtype, Shape{end - begin});
  if (end > begin) std::memcpy(result->data(), elements + begin * size_of(dtype), (end - begin) * size_of(dtype));
  return VarAccess::concrete(std::move(result));
}

}  // namespace

void Row::add(std::size_t place, std::size_t elements) {
  parts_.push_back({place, elements_, elements});
  elements_ += elements;
}

std::size_t Row::begin(std::size_t process) const {
  // The product could be more than 64 bits hold.
  const std::size_t each = elements_ / processes_;
  return each * process + std::min(elements_ % processes_, process);
}

std::vector<Row> rows_of(std::span<const Var> arrays, std::size_t processes) {
  std::vector<Row> rows;
  for (std::size_t i = 0; i < arrays.size(); ++i) {
    const DType dtype = arrays[i].dtype();
    auto row = std::ranges::find(rows, dtype, &Row::dtype);
    if (row == rows.end()) row = rows.insert(rows.end(), Row(dtype, processes));
    row->add(i, arrays[i].size());
  }
  return rows;
}

memory::BufferPtr packed(const Row& row, std::span<const Var> arrays) {
  memory::BufferPtr result = memory::make_buffer(row.dtype(), Shape{row.elements()});
  const std::size_t size = size_of(row.dtype());
  for (const Row::Part& part : row.parts()) {
    if (part.elements == 0) continue;
    std::memcpy(result->data() + part.begin * size, VarAccess::buffer(arrays[part.place])->data(),
                part.elements * size);
  }
  return result;
}

void unpack(const Row& row, const memory::Buffer& elements, std::span<const Var> like, std::span<Var> arrays) {
  const std::size_t size = size_of(row.dtype());
  for (const Row::Part& part : row.parts()) {
    const Var& form = like[part.place];
    memory::BufferPtr result = memory::make_buffer(row.dtype(), form.shape());
    if (part.elements > 0) std::memcpy(result->data(), elements.data() + part.begin * size, part.elements * size);
    arrays[part.place] =
        VarAccess::is_weak(form) ? VarAccess::scalar(*result.get()) : VarAccess::concrete(std::move(result));
  }
}

void add_pieces(const Processes& processes, const Row& row, std::span<const Joint> joints, memory::Buffer& elements) {
  const std::size_t n = processes.size();
  const std::size_t self = processes.rank();
  const std::size_t size = size_of(row.dtype());
  const std::size_t begin = row.begin(self);
  const std::size_t count = row.begin(self + 1) - begin;
  const memory::BufferPtr others = memory::make_buffer(row.dtype(), Shape{n - 1, count});
  std::vector<Bytes> sent(n);
  std::vector<Place> received(n);
  for (std::size_t p = 0; p < n; ++p) {
    if (p == self) {
      received[p] = {elements.data() + begin * size, count * size};
      continue;
    }
    sent[p] = {elements.data() + row.begin(p) * size, (row.begin(p + 1) - row.begin(p)) * size};
    received[p] = {others->data() + (p < self ? p : p - 1) * count * size, count * size};
  }
  processes.exchange("the sum of gradients", sent, received);
  for (const Joint& joint : joints) {
    std::byte* const into = received[joint.into].data();
    const std::byte* const from = received[joint.from].data();
    if (row.dtype() == DType::Float32) add_to<float>(into, from, count);
    else add_to<double>(into, from, count);
  }
  if (self != 0 && count > 0) std::memcpy(received[self].data(), received[0].data(), count * size);
}

void fill_in_pieces(const Processes& processes, const Row& row, memory::Buffer& elements) {
  const std::size_t n = processes.size();
  const std::size_t self = processes.rank();
  const std::size_t size = size_of(row.dtype());
  const auto piece = [&](std::size_t p) {
    return Place(elements.data() + row.begin(p) * size, (row.begin(p + 1) - row.begin(p)) * size);
  };
  std::vector<Bytes> sent(n);
  std::vector<Place> received(n);
  for (std::size_t p = 0; p < n; ++p) {
    if (p == self) continue;
    sent[p] = piece(self);
    received[p] = piece(p);
  }
  processes.exchange("the pieces of others", sent, received);
}

namespace {

/// Where the elements of an array are that are in the piece of a process, counted from its first one.
std::pair<std::size_t, std::size_t> range_in_piece(const Row& row, const Row::Part& part, std::size_t process) {
  const std::size_t end = part.begin + part.elements;
  const std::size_t from = std::clamp(row.begin(process), part.begin, end);
  const std::size_t to = std::clamp(row.begin(process + 1), part.begin, end);
  return {from - part.begin, to - part.begin};
}

}  // namespace

Var part_in_piece(const Row& row, const Row::Part& part, std::size_t process, const Var& array) {
  const auto [from, to] = range_in_piece(row, part, process);
  return cut(row.dtype(), VarAccess::buffer(array)->data(), from, to);
}

Var part_in_piece(const Row& row, const Row::Part& part, std::size_t process, const memory::Buffer& elements) {
  const auto [from, to] = range_in_piece(row, part, process);
  return cut(row.dtype(), elements.data(), part.begin + from, part.begin + to);
}

std::vector<std::string> gathered(const Processes& processes, std::string_view what, const std::string& mine) {
  const std::size_t n = processes.size();
  const std::size_t self = processes.rank();
  std::vector<std::uint64_t> lengths(n);
  lengths[self] = mine.size();
  std::vector<Bytes> sent(n);
  std::vector<Place> received(n);
  for (std::size_t p = 0; p < n; ++p) {
    if (p == self) continue;
    sent[p] = std::as_bytes(std::span(&lengths[self], 1));
    received[p] = std::as_writable_bytes(std::span(&lengths[p], 1));
  }
  processes.exchange(what, sent, received);
  std::vector<std::string> texts(n);
  texts[self] = mine;
  for (std::size_t p = 0; p < n; ++p) {
    if (p == self) continue;
    texts[p].resize(lengths[p]);
    sent[p] = std::as_bytes(std::span(mine));
    received[p] = std::as_writable_bytes(std::span(texts[p]));
  }
  processes.exchange(what, sent, received);
  return texts;
}

void Hash::add(std::span<const std::byte> bytes) noexcept {
  for (const std::byte each : bytes) value_ = (value_ ^ static_cast<std::uint64_t>(each)) * 0x100000001b3U;
}
void Hash::add(std::uint64_t number) noexcept { add(std::as_bytes(std::span(&number, 1))); }

namespace {

/// The type of an error and its text, to be thrown in another process.
std::string as_text(const std::exception_ptr& failure) {
  try {
    std::rethrow_exception(failure);
  } catch (const ShapeError& error) {
    return std::string("s") + error.what();
  } catch (const TypeError& error) {
    return std::string("t") + error.what();
  } catch (const ValueError& error) {
    return std::string("v") + error.what();
  } catch (const IoError& error) {
    return std::string("i") + error.what();
  } catch (const std::exception& error) {
    return std::string("e") + error.what();
  } catch (...) {
    return "esomething that is no std::exception";
  }
}

[[noreturn]] void throw_from(const std::string& text, std::size_t rank) {
  const std::string message = "process " + std::to_string(rank) + ": " + text.substr(1);
  switch (text.front()) {
    case 's':
      throw ShapeError(message);
    case 't':
      throw TypeError(message);
    case 'v':
      throw ValueError(message);
    case 'i':
      throw IoError(message);
    default:
      throw Error(message);
  }
}

[[noreturn]] void throw_first_difference(std::string_view what, const std::vector<std::string>& texts) {
  const auto line_of = [](const std::string& text, std::size_t number) {
    std::size_t begin = 0;
    for (; number > 0 && begin < text.size(); --number) begin = std::min(text.find('\n', begin), text.size() - 1) + 1;
    return begin < text.size() ? text.substr(begin, text.find('\n', begin) - begin) : std::string("nothing");
  };
  for (std::size_t number = 0;; ++number) {
    for (std::size_t p = 1; p < texts.size(); ++p) {
      const std::string first = line_of(texts[0], number);
      const std::string other = line_of(texts[p], number);
      if (first == other) continue;
      throw ValueError(std::string(what) + ": process 0 has " + first + ", process " + std::to_string(p) + " has " +
                       other + "; all processes must have the same");
    }
    if (std::ranges::all_of(texts, [&](const auto& text) { return line_of(text, number) == "nothing"; })) {
      throw ValueError(std::string(what) + ": processes differ");  // lines tell less than their hash
    }
  }
}

}  // namespace

void agree(const Processes& processes, std::string_view what, const std::exception_ptr& failure, std::uint64_t hash,
           const std::function<std::vector<std::string>()>& lines) {
  struct Word {
    std::uint64_t failed, hash;
  };
  const std::size_t n = processes.size();
  const std::size_t self = processes.rank();
  std::vector<Word> words(n);
  words[self] = {failure ? 1U : 0U, hash};
  std::vector<Bytes> sent(n);
  std::vector<Place> received(n);
  for (std::size_t p = 0; p < n; ++p) {
    if (p == self) continue;
    sent[p] = std::as_bytes(std::span(&words[self], 1));
    received[p] = std::as_writable_bytes(std::span(&words[p], 1));
  }
  processes.exchange(what, sent, received);
  const auto failed = std::ranges::find_if(words, [](const Word& word) { return word.failed != 0; });
  if (failed != words.end()) {
    const std::vector<std::string> texts = gathered(processes, what, failure ? as_text(failure) : std::string());
    if (failure) std::rethrow_exception(failure);
    const auto rank = static_cast<std::size_t>(failed - words.begin());
    throw_from(texts[rank], rank);
  }
  if (std::ranges::all_of(words, [&](const Word& word) { return word.hash == words[0].hash; })) return;
  std::string all;
  for (const std::string& line : lines()) all += line + '\n';
  throw_first_difference(what, gathered(processes, what, all));
}

}  // namespace xgrad::train::detail
