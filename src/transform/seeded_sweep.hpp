// A sweep that is recorded once and run for many seeds.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include <xgrad/transform/trace.hpp>
#include <xgrad/var.hpp>

namespace xgrad::detail {

/// A sweep, forward or in reverse, with a unit that stands for all seeds: tangents of some Vars and what others get, or
/// cotangents.
class SeededSweep {
 public:
  /// \param from  what has the seeds: inputs of the function if the sweep goes forward, else outputs.
  SeededSweep(Trace& trace, std::span<const Var> from, std::span<const Var> to, bool forward);

  /// What stands for the seeds.
  [[nodiscard]] std::span<const Var> units() const noexcept { return units_; }
  /// What comes out for these; empty Vars: zero.
  [[nodiscard]] std::span<const Var> results() const noexcept { return results_; }

  /// `count` seeds of each of `from`, from the first-th on: a matrix with a row for each.
  using Seeds = std::function<std::vector<Var>(std::size_t first, std::size_t count)>;

  /// What comes out for many: for each of `to` a matrix with a row for each seed. They are computed in batches of so
  /// many that intermediate arrays stay small; one by one where an array has no axis left for a batch.
  /// \param chunk  how many are computed at once; none: see above.
  [[nodiscard]] std::vector<Var> rows(std::size_t count, const Seeds& seeds,
                                      std::optional<std::size_t> chunk = std::nullopt) const;

 private:
  [[nodiscard]] std::vector<Var> sweep(std::span<const Var> seeds) const;
  [[nodiscard]] std::vector<Var> defined(std::span<const Var> results) const;
  [[nodiscard]] std::vector<Var> as_matrices(std::vector<Var> all, std::size_t rows) const;
  [[nodiscard]] std::vector<Var> one_row(std::size_t first, std::size_t count, const Seeds& seeds) const;
  [[nodiscard]] std::vector<Var> some_rows(std::size_t first, std::size_t count, const Seeds& seeds) const;

  Trace& trace_;
  std::vector<Var> from_;
  std::vector<Var> to_;
  bool forward_;
  std::vector<Var> units_;
  std::vector<Var> results_;
  std::size_t largest_ = 1;  ///< number of elements of the largest array that it computes
  bool full_ = false;        ///< an array has as many axes as there can be, and no batch
};

}  // namespace xgrad::detail
