// Exported programs, and the format in which they are written.
//
// A file is
//
//     8 bytes   "xgradprg"
//     u32       version of the format
//     u32       CRC-32 of the description
//     u64       bytes of the description, a multiple of 8
//     u32       CRC-32 of the arrays
//     u32       0
//     description
//     arrays, each filled up to a multiple of 8 bytes
//
// and the description a sequence of lists, each of which begins with how many there are: texts; the primitives that are
// used, by name and version; shapes; types of arrays; functions, each behind those that it runs; and then the
// program: the number of its function, always the last, and the names of its inputs and outputs. All numbers are
// little-endian. docs/design/programs.md says why.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include <xgrad/io/program.hpp>

#include "ir/function.hpp"
#include "primitives/list.hpp"

namespace xgrad::io {

struct Exported::State {
  std::shared_ptr<const ir::Function> function;
  std::vector<ProgramArray> inputs;
  std::vector<ProgramArray> outputs;
  bool calls_host = false;  ///< functions of the user's, in C++
};

namespace format {

inline constexpr std::string_view magic = "xgradprg";
/// Raised when a reader of the old version would misunderstand the new one.
inline constexpr std::uint32_t version = 1;
inline constexpr std::size_t header_bytes = 32;

inline constexpr std::size_t most_depth = 128;  ///< of functions in functions
inline constexpr std::size_t most_functions = 65536;

/// Of a primitive: raised when what it computes of the same inputs and attributes changes its meaning.
constexpr std::uint32_t version_of(ir::Opcode op) { return op == primitives::opcode<primitives::MatrixExp> ? 2 : 1; }

/// What the attribute of a primitive is the number of: in a file it is a text.
enum class Numbered : std::uint8_t { Nothing, Requirement, Name, Chooser };

constexpr Numbered numbered(ir::Opcode op, std::size_t attribute) {
  using namespace primitives;
  if (op == opcode<Checked> && attribute == 0) return Numbered::Requirement;
  if (op == opcode<Identity> && attribute == 1) return Numbered::Name;  // see Mark
  const bool chooses = op == opcode<Take> || op == opcode<ScatterAdd> || op == opcode<TakeAlongAxis> ||
                       op == opcode<ScatterAddAlongAxis> || op == opcode<ScatterExtremum>;
  return chooses && attribute == 1 ? Numbered::Chooser : Numbered::Nothing;
}

inline constexpr std::size_t choosers = primitives::names_of_choosers.size();

/// The bytes that an array takes in a file.
inline std::size_t padded(std::size_t bytes) { return (bytes + 7) / 8 * 8; }

}  // namespace format

/// A program as bytes: its description, and the arrays that come behind it.
struct Written {
  std::string description;
  std::vector<memory::BufferPtr> arrays;
};
Written written(const Exported::State& program);

/// Whether a function, or one that it runs, calls functions of the user's.
bool calls_host(const ir::Function& function);

/// The function with all rules of custom derivatives recorded up to an order.
std::shared_ptr<const ir::Function> self_contained(const std::shared_ptr<const ir::Function>& function,
                                                   std::size_t orders);

}  // namespace xgrad::io
