#include <xgrad/train/together.hpp>

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "exchange.hpp"
#include "var/access.hpp"

namespace xgrad::train::detail {
namespace {

constexpr std::string_view place = "train::fit";

/// Numbers and arrays one after another.
class Writer {
 public:
  void number(std::uint64_t x) { text_.append(reinterpret_cast<const char*>(&x), sizeof x); }
  void array(const Var& x) {
    number(static_cast<std::uint64_t>(x.dtype()));
    number(VarAccess::is_weak(x) ? 1 : 0);
    number(x.dimension());
    for (const std::size_t extent : x.shape()) number(extent);
    const memory::BufferPtr buffer = VarAccess::buffer(x);
    text_.append(reinterpret_cast<const char*>(buffer->data()), x.size() * size_of(x.dtype()));
  }
  [[nodiscard]] std::string take() { return std::move(text_); }

 private:
  std::string text_;
};

class Reader {
 public:
  explicit Reader(const std::string& text) : next_(text.data()) {}
  std::uint64_t number() {
    std::uint64_t x = 0;
    std::memcpy(&x, next_, sizeof x);
    next_ += sizeof x;
    return x;
  }
  Var array() {
    const auto dtype = static_cast<DType>(number());
    const bool is_weak = number() != 0;
    Shape shape;
    shape.resize(number());
    for (std::size_t& extent : shape) extent = number();
    memory::BufferPtr buffer = memory::make_buffer(dtype, shape);
    const std::size_t bytes = size_of(shape) * size_of(dtype);
    if (bytes > 0) std::memcpy(buffer->data(), next_, bytes);
    next_ += bytes;
    return is_weak ? VarAccess::scalar(*buffer.get()) : VarAccess::concrete(std::move(buffer));
  }

 private:
  const char* next_;
};

std::string written(const InUse& of) {
  Writer out;
  out.number(of.loss ? 1 : 0);
  if (of.loss) out.array(*of.loss);
  out.number(of.terms.size());
  for (const Var& term : of.terms) out.array(term);
  out.number(of.predicted ? 1 : 0);
  if (!of.predicted) return out.take();
  out.array(of.predicted->prediction);
  out.array(of.predicted->target);
  out.number(of.predicted->weights ? 1 : 0);
  if (of.predicted->weights) out.array(*of.predicted->weights);
  return out.take();
}

InUse read(const std::string& text) {
  Reader in(text);
  InUse result;
  if (in.number() != 0) result.loss = in.array();
  for (std::uint64_t left = in.number(); left > 0; --left) result.terms.push_back(in.array());
  if (in.number() == 0) return result;
  result.predicted.emplace();
  result.predicted->prediction = in.array();
  result.predicted->target = in.array();
  if (in.number() != 0) result.predicted->weights = in.array();
  return result;
}

}  // namespace

bool Together::any(bool here) const {
  if (size() == 1) return here;
  const std::vector<std::string> all = gathered(*processes_, place, here ? "1" : "0");
  return std::ranges::any_of(all, [](const std::string& each) { return each == "1"; });
}

std::string Together::of_first(const std::string& here) const {
  return size() == 1 ? here : gathered(*processes_, place, is_first() ? here : std::string())[0];
}

std::string Together::first_text(const std::string& here) const {
  if (size() == 1) return here;
  for (std::string& text : gathered(*processes_, place, here)) {
    if (!text.empty()) return std::move(text);
  }
  return {};
}

std::vector<std::optional<InUse>> Together::each(const std::function<std::optional<InUse>()>& compute) const {
  if (size() == 1) return {compute()};
  std::string mine;
  std::exception_ptr failure;
  try {
    if (const std::optional<InUse> found = compute()) mine = written(*found);
  } catch (...) {
    failure = std::current_exception();
  }
  agree(*processes_, place, failure, 0, [] { return std::vector<std::string>(); });
  std::vector<std::optional<InUse>> result;
  for (const std::string& text : gathered(*processes_, place, mine)) {
    result.push_back(text.empty() ? std::nullopt : std::optional(read(text)));
  }
  return result;
}

void Together::at_first(const std::function<void()>& act) const {
  if (size() == 1) {
    act();
    return;
  }
  std::exception_ptr failure;
  try {
    if (is_first()) act();
  } catch (...) {
    failure = std::current_exception();
  }
  agree(*processes_, place, failure, 0, [] { return std::vector<std::string>(); });
}

}  // namespace xgrad::train::detail
