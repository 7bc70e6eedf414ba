#include <xgrad/optim/state.hpp>

#include <algorithm>
#include <ostream>

#include <xgrad/core/errors.hpp>
#include <xgrad/ops/elementwise.hpp>
#include <xgrad/ops/manipulate.hpp>

#include "memory/buffer.hpp"
#include "var/access.hpp"
#include "var/record.hpp"

namespace xgrad::optim {
namespace detail {
namespace {

// In front of memory that is handed out, for the buffer that it is of.
constexpr std::size_t header = 2 * sizeof(std::int64_t);

bool differs_at(const std::string& path, std::string* where) {
  if (where != nullptr) *where = path;
  return false;
}

}  // namespace

void* take_memory(std::size_t bytes) {
  const std::size_t words = (bytes + header + sizeof(std::int64_t) - 1) / sizeof(std::int64_t);
  memory::Buffer* buffer = memory::make_buffer(DType::Int64, Shape{words}).detach();
  std::byte* start = buffer->data();
  *reinterpret_cast<memory::Buffer**>(start) = buffer;
  return start + header;
}

void give_memory(void* memory) noexcept {
  (*reinterpret_cast<memory::Buffer**>(static_cast<std::byte*>(memory) - header))->release();
}

bool same_layout(const Layout& a, const Layout& b, std::string* where) {
  for (std::size_t i = 0; i < std::max(a.entries.size(), b.entries.size()); ++i) {
    if (i >= a.entries.size()) return differs_at(b.entries[i].path, where);
    if (i >= b.entries.size() || a.entries[i].path != b.entries[i].path) return differs_at(a.entries[i].path, where);
    if (a.entries[i].number != b.entries[i].number) return differs_at(a.entries[i].path, where);
  }
  if (a.optimiser != b.optimiser || a.parameters.size() != b.parameters.size()) return differs_at("", where);
  for (std::size_t i = 0; i < a.parameters.size(); ++i) {
    const Layout::Parameter& p = a.parameters[i];
    const Layout::Parameter& q = b.parameters[i];
    if (p.path != q.path || p.dtype != q.dtype || p.shape != q.shape) return differs_at(p.path, where);
  }
  return true;
}

namespace {

template <class V, class Arrays>
void visit_arrays(const Layout* layout, Arrays& arrays, const tree::detail::Visitor<V>& visitor) {
  for (std::size_t i = 0; i < arrays.size(); ++i) {
    const Layout::Entry& entry = layout->entries[i];
    if (!is_floating(entry.dtype) && !visitor.visits_state()) continue;
    const std::size_t length = visitor.enter(std::string_view(entry.path));
    visitor(arrays[i]);
    visitor.leave(length);
  }
}

[[noreturn]] void throw_no_slot(const Layout* layout, std::string_view slot, bool number) {
  std::vector<std::string> names;
  if (layout != nullptr) {
    for (const Layout::Entry& entry : layout->entries) {
      if (entry.number == number && std::ranges::find(names, entry.slot) == names.end()) names.push_back(entry.slot);
    }
  }
  std::string text =
      "optim::State: there is no " + std::string(number ? "number" : "slot") + " \"" + std::string(slot) + "\"; there ";
  if (names.empty()) text += "is none";
  for (std::size_t i = 0; i < names.size(); ++i) text += (i == 0 ? "is " : ", ") + names[i];
  throw ValueError(text);
}

[[noreturn]] void throw_two(const Layout::Entry& a, const Layout::Entry& b) {
  throw ValueError("optim::State: there are two of that name, " + a.path + " and " + b.path);
}

}  // namespace
}  // namespace detail

void State::visit(const tree::detail::Visitor<Var>& visitor) { detail::visit_arrays(layout_.get(), arrays_, visitor); }
void State::visit(const tree::detail::Visitor<const Var>& visitor) const {
  detail::visit_arrays(layout_.get(), arrays_, visitor);
}

bool State::same_statics(const State& other, std::string* where) const {
  if (layout_ == other.layout_) return true;
  if (layout_ == nullptr || other.layout_ == nullptr) return false;
  return detail::same_layout(*layout_, *other.layout_, where);
}

std::vector<Var> State::slot_over(std::string_view slot, std::vector<Var> leaves) const {
  using detail::Layout;
  if (layout_ != nullptr && leaves.size() != layout_->parameters.size()) {
    throw ShapeError("optim::State: the model has " + std::to_string(leaves.size()) + " leaves; that of init had " +
                     std::to_string(layout_->parameters.size()));
  }
  std::vector<std::size_t> found(leaves.size(), Layout::none);
  bool any = false;
  for (std::size_t i = 0; i < arrays_.size(); ++i) {
    const Layout::Entry& entry = layout_->entries[i];
    if (entry.slot != slot || entry.parameter == Layout::none) continue;
    if (found[entry.parameter] != Layout::none) detail::throw_two(layout_->entries[found[entry.parameter]], entry);
    found[entry.parameter] = i;
    leaves[entry.parameter] = arrays_[i];
    any = true;
  }
  if (!any && !leaves.empty()) detail::throw_no_slot(layout_.get(), slot, false);
  return leaves;
}

std::size_t State::place_of_number(std::string_view slot) const {
  using detail::Layout;
  std::size_t found = Layout::none;
  for (std::size_t i = 0; i < arrays_.size(); ++i) {
    const Layout::Entry& entry = layout_->entries[i];
    if (!entry.number || entry.slot != slot) continue;
    if (found != Layout::none) detail::throw_two(layout_->entries[found], entry);
    found = i;
  }
  if (found == Layout::none) detail::throw_no_slot(layout_.get(), slot, true);
  return found;
}

Var State::number(std::string_view slot) const { return arrays_[place_of_number(slot)]; }

State State::with_number(std::string_view slot, const Var& value) const {
  const std::size_t place = place_of_number(slot);
  if (value.size() != 1) {
    throw ShapeError("optim::State: " + std::string(slot) + " is one number, not " + xgrad::detail::describe(value));
  }
  State result = *this;
  const Var number = cast(reshape(value, {}), layout_->entries[place].dtype);
  result.arrays_[place] = xgrad::detail::as_weak(number, false);
  return result;
}

std::ostream& operator<<(std::ostream& out, const State& state) {
  return xgrad::detail::print(out, tree::to_string(state));
}

}  // namespace xgrad::optim
