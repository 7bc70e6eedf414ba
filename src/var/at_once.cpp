#include "at_once.hpp"

#include <array>
#include <optional>
#include <utility>

#include "backend/executable.hpp"
#include "primitives/traits.hpp"

namespace xgrad::detail {
namespace {

/// Whether an array has elements, and not too many. The product of its extents may be more than a number holds.
bool is_few(const Shape& shape) noexcept {
  std::size_t count = 1;
  for (const std::size_t extent : shape) {
    if (extent == 0 || extent > backend::most_at_once) return false;
    count *= extent;
    if (count > backend::most_at_once) return false;
  }
  return true;
}

/// A number in the given element type.
union Number {
  bool truth;
  std::int64_t integer;
  float single_precision;
  double double_precision;
};

Number number_as(const Var& x, DType dtype) noexcept {
  const Scalar value = VarAccess::scalar_as(x, dtype);
  switch (dtype) {
    case DType::Bool:
      return {.truth = value.integer != 0};
    case DType::Int64:
      return {.integer = value.integer};
    case DType::Float32:
      return {.single_precision = static_cast<float>(value.real)};
    case DType::Float64:
      break;
  }
  return {.double_precision = value.real};
}

/// The shape of a result.
struct Model {
  bool possible = true;           ///< arrays are concrete and broadcast
  const Shape* shape = nullptr;   ///< that of an array, or, if they broadcast, `common`; null if all are numbers
  std::optional<Shape> common{};  ///< mostly there is none
};

/// \return  whether both broadcast.
bool broadcast_with(Shape& shape, const Shape& other) {
  while (shape.size() < other.size()) shape.insert(0, 1);
  for (std::size_t i = 1; i <= other.size(); ++i) {
    std::size_t& extent = shape[shape.size() - i];
    const std::size_t wanted = other[other.size() - i];
    if (extent == 1) extent = wanted;
    else if (wanted != 1 && wanted != extent) return false;
  }
  return true;
}

void find_model(std::span<const Var* const> operands, Model& model) {
  for (const Var* operand : operands) {
    if (VarAccess::is_scalar(*operand)) continue;
    model.possible = VarAccess::kind(*operand) == VarAccess::Kind::Array;
    if (!model.possible) return;
    const Shape& shape = VarAccess::array(*operand).shape();
    if (model.shape == nullptr) {
      model.shape = &shape;
    } else if (&shape != model.shape && shape != *model.shape) {
      if (!model.common) model.common = *model.shape;
      model.shape = &*model.common;
      model.possible = broadcast_with(*model.common, shape);
      if (!model.possible) return;
    }
  }
}

backend::DenseArray dense(const Buffer& buffer) { return {buffer.data(), buffer.dtype(), &buffer.shape()}; }

/// An array in another shape; null if that takes more than a look at its elements.
BufferPtr spread(const Buffer& buffer, const Shape& shape) {
  const auto view = [](Opcode op, const Buffer& from, const Shape& to) {
    BufferPtr result = make_buffer(from.dtype(), to);
    const bool done = backend::compute_at_once(op, std::array{dense(from)}, {}, dense(*result.get()));
    return done ? std::move(result) : BufferPtr();
  };
  Shape padded = buffer.shape();
  while (padded.size() < shape.size()) padded.insert(0, 1);
  const BufferPtr of_same_rank = view(opcode<primitives::Reshape>, buffer, padded);
  return of_same_rank ? view(opcode<primitives::Broadcast>, *of_same_rank.get(), shape) : BufferPtr();
}

/// A power with one exponent for all has other bits than one of two arrays. Of one element, or where rows have an
/// exponent each, the planner knows which it is; and an exponent of 1 or 2 is another function.
bool is_plain_power(std::span<const Var* const> operands, const Shape* model) {
  if (model == nullptr || size_of(*model) == 1) return false;
  for (const Var* operand : operands) {
    if (VarAccess::is_scalar(*operand)) continue;
    const Shape& shape = VarAccess::array(*operand).shape();
    if (shape != *model && size_of(shape) != 1) return false;
  }
  if (!VarAccess::is_scalar(*operands[1])) return true;
  const double exponent = VarAccess::scalar_as(*operands[1], DType::Float64).real;
  return exponent != 1.0 && exponent != 2.0;
}

}  // namespace

std::optional<Var> compute_at_once(Opcode op, DType dtype, DType result, std::span<const Var* const> operands) {
  Model model;
  find_model(operands, model);
  if (!model.possible) return std::nullopt;
  if (model.shape != nullptr && !is_few(*model.shape)) return std::nullopt;
  const std::size_t count = model.shape == nullptr ? 1 : size_of(*model.shape);
  if (op == opcode<primitives::Power> && !is_plain_power(operands, model.shape)) return std::nullopt;

  std::array<backend::Elements, 3> elements{};
  std::array<Number, 3> numbers;
  std::array<BufferPtr, 3> spreads;  // of what broadcasts
  for (std::size_t k = 0; k < operands.size(); ++k) {
    const bool is_condition = operands.size() == 3 && k == 0;
    const DType wanted = is_condition ? DType::Bool : dtype;
    if (VarAccess::is_scalar(*operands[k])) {
      numbers[k] = number_as(*operands[k], wanted);
      elements[k] = {reinterpret_cast<const std::byte*>(&numbers[k]), count > 1};
    } else {
      const Buffer& buffer = VarAccess::array(*operands[k]);
      if (buffer.dtype() != wanted) return std::nullopt;
      elements[k] = {buffer.data(), false};
      if (!model.common || count == 1 || buffer.shape() == *model.shape) continue;
      elements[k].one = size_of(buffer.shape()) == 1 && !is_condition;
      if (elements[k].one) continue;
      spreads[k] = spread(buffer, *model.shape);
      if (!spreads[k]) return std::nullopt;
      elements[k].data = spreads[k]->data();
    }
  }
  BufferPtr results = make_buffer(result, model.shape == nullptr ? Shape() : *model.shape);
  if (!backend::compute_at_once(op, dtype, std::span(elements).first(operands.size()), count, results->data())) {
    return std::nullopt;
  }
  if (model.shape == nullptr) return VarAccess::scalar(*results.get());
  return VarAccess::concrete(std::move(results));
}

std::optional<Var> compute_at_once(Opcode op, DType dtype, const Shape& shape, std::span<const Var* const> inputs,
                                   std::span<const std::int64_t> attributes) {
  std::array<backend::DenseArray, 4> arrays{};
  std::array<BufferPtr, 4> numbers;
  if (inputs.empty() || inputs.size() > arrays.size()) return std::nullopt;
  bool weak = true;
  for (std::size_t k = 0; k < inputs.size(); ++k) {
    const Var& input = *inputs[k];
    if (VarAccess::is_scalar(input)) {
      numbers[k] = VarAccess::buffer(input);
      arrays[k] = dense(*numbers[k].get());
      continue;
    }
    if (VarAccess::kind(input) != VarAccess::Kind::Array) return std::nullopt;
    weak = false;
    arrays[k] = dense(VarAccess::array(input));
    if (!is_few(*arrays[k].shape)) return std::nullopt;
  }
  if (!is_few(shape)) return std::nullopt;
  BufferPtr result = make_buffer(dtype, shape);
  if (!backend::compute_at_once(op, std::span(arrays).first(inputs.size()), attributes, dense(*result.get()))) {
    return std::nullopt;
  }
  if (weak && shape.empty()) return VarAccess::scalar(*result.get());
  return VarAccess::concrete(std::move(result));
}

}  // namespace xgrad::detail
