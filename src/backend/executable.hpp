// What a back end makes of a plan. The library asks for values through this interface alone; what is in the folder of a
// back end only its tests include.
//
// backend: from plans to values. The interface, the cache of what was made, asking a tape for values; in a folder of
// its own each back end. It includes plan and what is below. No Var: it knows nodes and buffers.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <string>

#include "plan/plan.hpp"

namespace xgrad::backend {

using namespace plan;

/// What an executable is run with, in the order of the request that its plan was made for.
struct Bindings {
  std::span<Buffer* const> leaves;
  std::span<const Scalar> scalars;
  std::span<const std::shared_ptr<const Payload>> payloads;
};

struct Donated {
  std::span<const char> exclusive;  ///< for each leaf whether its array may be overwritten
  bool overwriting = false;         ///< set before the first of them is written to
};

/// Immutable; any number of threads may run one at once.
class Executable {
 public:
  Executable() = default;
  Executable(const Executable&) = delete;
  Executable& operator=(const Executable&) = delete;
  virtual ~Executable() = default;

  /// What becomes of each output.
  [[nodiscard]] virtual std::span<const PlanOutput> outputs() const noexcept = 0;

  /// Computes the outputs. All memory is taken before the first donated array is written to, and what may throw runs
  /// before that too.
  /// \param results  one for each output; filled.
  /// \param donated  leaves whose arrays may be overwritten now; null: none.
  virtual void run(const Bindings& bindings, std::span<BufferPtr> results, Donated* donated) const = 0;

  /// What is computed together, what each step reads and writes, and the memory that it takes: for people.
  /// \param leaf_name  what to call a leaf; empty: "leaf 0" and so on.
  [[nodiscard]] virtual std::string describe(const std::function<std::string(std::size_t)>& leaf_name) const = 0;

  /// Memory of the executable itself, roughly.
  [[nodiscard]] virtual std::size_t bytes() const noexcept = 0;
};

/// Defined by the back end that is linked.
std::shared_ptr<const Executable> make_executable(const Plan& plan);

/// An operand of one operation on arrays: as many elements as there are results, or one number for all of them.
struct Elements {
  const std::byte* data;
  bool one;
};

/// Of more results operations are planned, for the sake of threads and caches.
inline constexpr std::size_t most_at_once = 4096;

/// One element-by-element operation with nothing planned: results[i] = f(operands[i]...), with the bits that a plan
/// would have. Defined by the back end, too.
/// \param dtype  of the operands; of `where`, of its choices.
/// \param count  at least 1.
/// \return       whether there is a kernel for it; else nothing was written.
bool compute_at_once(Opcode op, DType dtype, std::span<const Elements> operands, std::size_t count, std::byte* results);

/// A dense array of one operation.
struct DenseArray {
  std::byte* data;
  DType dtype;
  const Shape* shape;
};

/// One operation of any other kind with nothing planned: what a plan of it alone computes, with the same bits.
/// \param inputs  with elements; they are not written to.
/// \return        whether it can be done; else nothing was written. If values are not right, it throws what a plan does.
bool compute_at_once(Opcode op, std::span<const DenseArray> inputs, std::span<const std::int64_t> attributes,
                     const DenseArray& result);

}  // namespace xgrad::backend
