#include "program_text.hpp"

#include "core/text.hpp"
#include "derivatives/functions/call.hpp"
#include "ir/names.hpp"
#include "primitives/traits.hpp"

namespace xgrad::detail {

using namespace primitives;

std::optional<std::string> label_of(const TapeState& tape, NodeId id) {
  const std::span<const std::int64_t> attributes = tape.attributes(id);
  if (tape.node(id).op != opcode<Identity> || !are_of(Mark::Named, attributes)) return std::nullopt;
  return name_by_number(attributes[1]);
}

std::string operation_of(const TapeState& tape, NodeId id) {
  if (tape.node(id).op == opcode<Projection>) return operation_of(tape, tape.inputs(id)[0]);
  if (!traits[tape.node(id).op].has_payload) return std::string(name_of(tape.node(id).op));
  const Payload& payload = *tape.payload(id);
  if (payload.rule != nullptr) return payload.rule->operation;
  if (payload.batch != nullptr) return payload.batch->operation;
  if (payload.recomputes) return "checkpoint";
  if (payload.host != nullptr) return payload.host->name;
  return std::string(name_of(tape.node(id).op));
}

std::string type_of(const TapeState& tape, NodeId id) {
  return std::string(name(tape.node(id).dtype)) + " " + to_string(tape.shape(id));
}

double element(const Buffer& array, std::size_t k) {
  switch (array.dtype()) {
    case DType::Bool:
      return reinterpret_cast<const bool*>(array.data())[k] ? 1.0 : 0.0;
    case DType::Int64:
      return static_cast<double>(reinterpret_cast<const std::int64_t*>(array.data())[k]);
    case DType::Float32:
      return static_cast<double>(reinterpret_cast<const float*>(array.data())[k]);
    default:
      return reinterpret_cast<const double*>(array.data())[k];
  }
}

std::string element_text(const Buffer& array, std::size_t k) {
  core::TextStream text;
  text.precision(6);
  switch (array.dtype()) {
    case DType::Bool:
      text << (reinterpret_cast<const bool*>(array.data())[k] ? "true" : "false");
      break;
    case DType::Int64:
      text << reinterpret_cast<const std::int64_t*>(array.data())[k];
      break;
    default:
      text << element(array, k);
  }
  return text.str();
}

std::string place_of(const Shape& shape, std::size_t k) {
  std::vector<std::size_t> indices(shape.size());
  for (std::size_t i = shape.size(); i-- > 0; k /= shape[i]) indices[i] = k % shape[i];
  std::string text = "[";
  for (std::size_t i = 0; i < indices.size(); ++i) text += (i == 0 ? "" : ", ") + std::to_string(indices[i]);
  return text + "]";
}

std::string way_of(std::span<const std::string> names) {
  constexpr std::size_t most = 12;
  std::string text;
  for (std::size_t k = names.size(); k-- > 0;) {
    const bool skipped = names.size() > most && k >= most / 2 && k + most / 2 < names.size();
    if (skipped && k == most / 2) text += " > ...";
    if (!skipped) text += (text.empty() ? "" : " > ") + names[k];
  }
  return text;
}

}  // namespace xgrad::detail
