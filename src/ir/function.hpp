// Programs as parts of programs.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "host.hpp"
#include "state.hpp"

namespace xgrad::derivatives {
struct BatchRule;
struct CallRule;
}  // namespace xgrad::derivatives

namespace xgrad::ir {

using derivatives::BatchRule;
using derivatives::CallRule;

/// A closed program: outputs from inputs. It does not change any more once it was made, and any number of nodes may
/// share it.
class Function {
 public:
  /// \param parameters  how many inputs it has: the first nodes of its program.
  explicit Function(std::size_t parameters) : program_(*TapeState::acquire()), parameters_(parameters) {}
  Function(const Function&) = delete;
  Function& operator=(const Function&) = delete;
  ~Function() { program_.release(); }

  /// For whoever makes it.
  [[nodiscard]] TapeState& program_being_made() noexcept { return program_; }
  void add_output(NodeId output) { outputs_.push_back(output); }

  [[nodiscard]] const TapeState& program() const noexcept { return program_; }
  [[nodiscard]] std::size_t parameters() const noexcept { return parameters_; }
  [[nodiscard]] std::span<const NodeId> outputs() const noexcept { return outputs_; }

 private:
  TapeState& program_;
  std::size_t parameters_;
  std::vector<NodeId> outputs_;
};

/// How the body of a loop is run. Its parameters are what is carried from one run to the next, then elements of arrays
/// along their first axis, then what is the same for all runs. Its first outputs are what is carried.
struct ScanSpec {
  std::size_t length;   ///< how often
  std::size_t carried;  ///< how many
  std::size_t sliced;   ///< how many
  bool reverse;         ///< from the last elements to the first
};

/// What a node has beside inputs.
struct Payload {
  std::shared_ptr<const Function> function = nullptr;   ///< of a Call; the body of a Scan or While
  std::shared_ptr<const CallRule> rule = nullptr;       ///< of a Call, how it is differentiated; null: as its function
  std::shared_ptr<const HostFunction> host = nullptr;   ///< of a HostCall
  std::shared_ptr<const Function> condition = nullptr;  ///< of a While
  std::vector<std::shared_ptr<const Function>> branches{};  ///< of a Switch
  std::shared_ptr<const BatchRule> batch = nullptr;         ///< of a Call, how it is batched; null: as its function
  bool recomputes = false;                                  ///< of a Call: its derivatives compute it again
  std::size_t kept = 0;  ///< of a Call: its last outputs, which are there not to be computed again
  ScanSpec scan{};       ///< of a Scan; of a While how much is carried
};

}  // namespace xgrad::ir
