// One exchange of arrays between processes, as programs hold it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <xgrad/mpi/collectives.hpp>
#include <xgrad/transform/linear_host.hpp>

#include "mpi/members.hpp"

namespace xgrad::mpi {

using detail::Kind;

struct ArrayOf {
  DType dtype;
  Shape shape;
};

struct Collective {
  Kind kind;
  std::shared_ptr<Members> group;
  std::size_t partner = 0;  ///< see detail::exchange
  std::size_t from = 0;
  std::vector<ArrayOf> arguments{};
  std::vector<std::string> paths{};
  std::size_t batch_axes = 0;  ///< how many axes in front of all shapes are of batches
  std::size_t order = 0;       ///< see LinearHost

  /// "broadcast from rank 0": the same on all ranks that call it.
  [[nodiscard]] std::string text() const;
  /// Of what all ranks must have alike.
  [[nodiscard]] std::uint64_t hash() const;
  /// A line for each array.
  [[nodiscard]] std::string lines() const;
  [[nodiscard]] std::vector<ArrayOf> results() const;
};

/// Whether one process sends to one other, and the rest of the group need not know.
[[nodiscard]] constexpr bool is_between_two(Kind kind) noexcept { return kind >= Kind::Send; }

/// Makes the exchange.
[[nodiscard]] std::vector<Var> run(const Collective& collective, std::span<const Var> values);

}  // namespace xgrad::mpi
