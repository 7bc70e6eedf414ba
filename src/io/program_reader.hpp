// Programs from bytes of which nothing is known.
#pragma once

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "bytes.hpp"
#include "program_state.hpp"

namespace xgrad::io {

/// The description of a program. First come the lists that functions refer to; then arrays are read, whose types are
/// known by then; then the functions, twice: only when all of them are right, requirements and names get numbers, which
/// they have for the life of the process.
class ProgramReader {
 public:
  ProgramReader(ByteReader bytes, const LoadOptions& options);

  struct ArrayOfFile {
    DType dtype;
    Shape shape;
    std::size_t bytes;  ///< in the file
  };
  [[nodiscard]] const std::vector<ArrayOfFile>& arrays() const noexcept { return arrays_; }

  /// The program with these arrays.
  std::shared_ptr<const Exported::State> finish(std::vector<memory::BufferPtr> values);

 private:
  struct Part {
    std::shared_ptr<const ir::Function> function;
    std::size_t depth;
    std::size_t nodes;  ///< those of functions that it runs counted each time
  };

  void read_primitives();
  void read_shapes();
  void read_arrays();
  DType dtype();
  const Shape& shape();

  void read_functions(ByteReader& bytes);
  void read_function(ByteReader& bytes);
  void read_node(ByteReader& bytes, ir::Function& function, Part& part);
  std::vector<std::int64_t> read_attributes(ByteReader& bytes, ir::Opcode op);
  std::shared_ptr<const ir::Payload> read_payload(ByteReader& bytes, ir::Opcode op, const ir::Function& function,
                                                  std::span<const ir::NodeId> inputs, Part& part);
  std::shared_ptr<const ir::Function> read_use(ByteReader& bytes, Part& part);
  std::shared_ptr<const derivatives::CallRule> read_rule(ByteReader& bytes, const ir::Function& of, Part& part);
  std::shared_ptr<const ir::HostFunction> read_host(ByteReader& bytes, std::vector<ir::ArrayType> arguments);
  std::shared_ptr<const ir::HostFunction> bound(const std::string& name, std::vector<ir::ArrayType> results,
                                                bool takes_batches, std::span<const ir::ArrayType> arguments);
  std::vector<ProgramArray> read_signature(ByteReader& bytes, const ir::Function& function,
                                           std::span<const ir::NodeId> nodes);

  const LoadOptions& options_;
  ByteReader bytes_;
  std::vector<std::string> texts_;
  std::vector<ir::Opcode> primitives_;
  std::vector<Shape> shapes_;
  std::vector<ArrayOfFile> arrays_;
  std::vector<memory::BufferPtr> values_;
  std::vector<Part> functions_;
  std::set<std::string> missing_;  ///< functions of C++
  bool gives_numbers_ = false;
};

}  // namespace xgrad::io
