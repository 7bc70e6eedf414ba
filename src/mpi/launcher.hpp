// What mpirun, mpiexec or srun say of the job in the environment.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

namespace xgrad::mpi {

struct Launch {
  /// Whether a launcher started this process, alone or with others.
  bool launched = false;
  /// How many processes it says that there are.
  std::optional<std::size_t> processes;
  /// How many of them run on this host, if it says so.
  std::optional<std::size_t> processes_here;
  /// How many cores each process may have, if it says so.
  std::optional<std::size_t> cores_each;
  /// The variable that says how many there are.
  std::string variable;
};

[[nodiscard]] Launch launch();

/// Threads for this process: what the launcher says that each has (Slurm's --cpus-per-task); or else the cores that it
/// may run on, if the launcher has bound it to some of the host's; or else its share of the host's cores. At least 1.
[[nodiscard]] int threads_of(const Launch& launch);

/// The name of this host.
[[nodiscard]] std::string host_name();

}  // namespace xgrad::mpi
