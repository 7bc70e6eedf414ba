#include <xgrad/var.hpp>

#include <atomic>
#include <cstring>
#include <span>
#include <string>

#include <xgrad/core/errors.hpp>

#include "access.hpp"
#include "backend/evaluate.hpp"

namespace xgrad {

using memory::Buffer;
using memory::BufferPtr;

Var::Var(Array<bool>&& array) : Var(VarAccess::concrete(BufferPtr(new Buffer(std::move(array))))) {}
Var::Var(Array<std::int64_t>&& array) : Var(VarAccess::concrete(BufferPtr(new Buffer(std::move(array))))) {}
Var::Var(Array<float>&& array) : Var(VarAccess::concrete(BufferPtr(new Buffer(std::move(array))))) {}
Var::Var(Array<double>&& array) : Var(VarAccess::concrete(BufferPtr(new Buffer(std::move(array))))) {}

void Var::retain() const noexcept { first_.buffer->retain(); }

void Var::release() const noexcept {
  if (kind_ == Kind::Array) {
    first_.buffer->release();
  } else {
    reinterpret_cast<Buffer*>(second_)->release();
  }
}

DType Var::dtype() const {
  detail::require_usable(*this, "dtype");
  return dtype_;
}

const Shape& Var::shape() const {
  if (kind_ == Kind::Array) return first_.buffer->shape();
  detail::require_usable(*this, "shape");
  if (kind_ == Kind::Recorded) return first_.tape->shape(VarAccess::node(*this));
  static const auto* scalar = new Shape;  // never destroyed: destructors of static objects may ask
  return *scalar;
}

std::size_t Var::shape(std::ptrdiff_t axis) const {
  const Shape& all = shape();
  const auto rank = static_cast<std::ptrdiff_t>(all.size());
  if (axis < -rank || axis >= rank) {
    throw ShapeError("shape: axis " + std::to_string(axis) + " is out of range for " + to_string(all));
  }
  return all[static_cast<std::size_t>(axis < 0 ? axis + rank : axis)];
}

namespace {

void require_dtype(std::string_view operation, DType requested, DType stored) {
  if (requested == stored) return;
  throw TypeError(std::string(operation) + ": the elements are " + std::string(name(stored)) +
                  " and cannot be read as " + std::string(name(requested)) + "; use cast()");
}

}  // namespace

const void* Var::array_pointer(DType requested) const {
  detail::require_usable(*this, "array");
  require_dtype("array", requested, dtype_);
  if (kind_ == Kind::Array) return first_.buffer->array();
  if (kind_ == Kind::Recorded) return VarAccess::read(*this)->array();
  const std::atomic_ref<std::uint64_t> made(second_);
  std::uint64_t known = made.load(std::memory_order_acquire);
  if (known == 0) {
    BufferPtr fresh = VarAccess::buffer(*this);
    if (made.compare_exchange_strong(known, reinterpret_cast<std::uint64_t>(fresh.get()), std::memory_order_acq_rel)) {
      known = reinterpret_cast<std::uint64_t>(fresh.detach());
    }
  }
  return reinterpret_cast<const Buffer*>(known)->array();
}

void Var::read_item(DType requested, void* value) const {
  detail::require_usable(*this, "item");
  require_dtype("item", requested, dtype_);
  if (size() != 1) {
    throw ShapeError("item: needs exactly one element, not " + to_string(shape()) + "; use array()");
  }
  if (kind_ == Kind::Scalar) {
    VarAccess::store_scalar(*this, static_cast<std::byte*>(value));
    return;
  }
  const Buffer* buffer = kind_ == Kind::Array ? first_.buffer : VarAccess::read(*this);
  std::memcpy(value, buffer->data(), size_of(dtype_));
}

Buffer* VarAccess::read(const Var& x) {
  live_tape(x).note_read();
  return backend::evaluated(live_tape(x), node(x));
}

ir::TapeState& VarAccess::tape(const Var& x) {
  detail::require_usable(x, "tape");
  return *x.first_.tape;
}

Var VarAccess::scalar(const Buffer& buffer) {
  const std::byte* data = buffer.data();
  switch (buffer.dtype()) {
    case DType::Bool:
      return {*reinterpret_cast<const bool*>(data)};
    case DType::Int64:
      return {*reinterpret_cast<const std::int64_t*>(data)};
    case DType::Float32:
      return {*reinterpret_cast<const float*>(data)};
    case DType::Float64:
      break;
  }
  return {*reinterpret_cast<const double*>(data)};
}

ir::Scalar VarAccess::scalar_as(const Var& x, DType dtype) noexcept {
  const bool real = is_floating(x.dtype_);
  if (is_floating(dtype)) return {.real = real ? x.first_.real : static_cast<double>(x.first_.integer)};
  if (dtype == DType::Bool) return {.integer = real ? x.first_.real != 0 : x.first_.integer != 0};
  return {.integer = x.first_.integer};  // promotion never turns a real number into an integer
}

void VarAccess::store_scalar(const Var& x, std::byte* target) noexcept {
  switch (x.dtype_) {
    case DType::Bool:
      *reinterpret_cast<bool*>(target) = x.first_.integer != 0;
      break;
    case DType::Int64:
      *reinterpret_cast<std::int64_t*>(target) = x.first_.integer;
      break;
    case DType::Float32:
      *reinterpret_cast<float*>(target) = static_cast<float>(x.first_.real);
      break;
    case DType::Float64:
      *reinterpret_cast<double*>(target) = x.first_.real;
      break;
  }
}

BufferPtr VarAccess::buffer(const Var& x) {
  if (x.kind_ == Kind::Array) return BufferPtr::share(x.first_.buffer);
  BufferPtr result = memory::make_buffer(x.dtype_, {});
  store_scalar(x, result->data());
  return result;
}

namespace detail {

std::string describe(const Var& x) { return std::string(name(x.dtype())) + " " + to_string(x.shape()); }

void throw_unusable(const Var& x, std::string_view operation) {
  if (!x.defined()) {
    throw TapeError(std::string(operation) + ": the Var is empty (default-constructed or moved from)");
  }
  throw TapeError(std::string(operation) +
                  ": the Var belongs to a tape that has ended; evaluate what is needed before it ends");
}

void throw_unsigned_overflow(std::uint64_t value) {
  throw ValueError("Var: the unsigned number " + std::to_string(value) + " does not fit int64");
}

}  // namespace detail
}  // namespace xgrad
