#include "at_once.hpp"

#include <array>
#include <cstring>

#include "backend/executable.hpp"
#include "primitives/traits.hpp"

namespace xgrad::detail {
namespace {

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

/// The first array among the operands, which must be concrete, and all arrays of its shape; null if there is none.
/// \param possible  set to whether that is so.
const Buffer* model_of(std::span<const Var* const> operands, bool& possible) noexcept {
  const Buffer* model = nullptr;
  for (const Var* operand : operands) {
    if (VarAccess::is_scalar(*operand)) continue;
    if (VarAccess::kind(*operand) != VarAccess::Kind::Array) return possible = false, nullptr;
    const Buffer& buffer = VarAccess::array(*operand);
    if (model == nullptr) model = &buffer;
    else if (&buffer != model && buffer.shape() != model->shape()) return possible = false, nullptr;
  }
  possible = true;
  return model;
}

}  // namespace

std::optional<Var> compute_at_once(Opcode op, DType dtype, DType result, std::span<const Var* const> operands) {
  // A power with one exponent for all has other bits than one of two arrays; the planner knows which it is.
  if (op == opcode<primitives::Power>) return std::nullopt;
  bool possible = false;
  const Buffer* model = model_of(operands, possible);
  if (!possible) return std::nullopt;
  const std::size_t count = model == nullptr ? 1 : size_of(model->shape());
  if (count == 0 || count > backend::most_at_once) return std::nullopt;

  std::array<backend::Elements, 3> elements{};
  std::array<Number, 3> numbers;
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
    }
  }
  BufferPtr results = make_buffer(result, model == nullptr ? Shape() : model->shape());
  if (!backend::compute_at_once(op, dtype, std::span(elements).first(operands.size()), count, results->data())) {
    return std::nullopt;
  }
  if (model == nullptr) return VarAccess::scalar(*results.get());
  return VarAccess::concrete(std::move(results));
}

}  // namespace xgrad::detail
