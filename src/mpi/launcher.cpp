#include "mpi/launcher.hpp"

#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <string_view>
#include <thread>
#include <xgrad/threads.hpp>

namespace xgrad::mpi {
namespace {

std::optional<std::size_t> number_in(const char* variable) {
  const char* text = std::getenv(variable);
  if (!text) return std::nullopt;
  const std::string_view all = text;
  std::size_t number = 0;
  const auto [end, error] = std::from_chars(all.data(), all.data() + all.size(), number);
  // Slurm writes lists such as 2(x3),1: what comes first is what counts here.
  if (error != std::errc() || end == all.data() || number == 0) return std::nullopt;
  return number;
}

std::size_t cores_to_run_on() {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (::sched_getaffinity(0, sizeof(set), &set) != 0) return std::max(1U, std::thread::hardware_concurrency());
  return static_cast<std::size_t>(std::max(CPU_COUNT(&set), 1));
}

}  // namespace

Launch launch() {
  Launch all;
  // Open MPI; MPICH, Intel MPI and Slurm's PMI; Slurm's steps, for srun without an interface that MPI knows.
  for (const char* variable : {"OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "MV2_COMM_WORLD_SIZE", "SLURM_STEP_NUM_TASKS"}) {
    if (const auto processes = number_in(variable)) {
      all.launched = true;
      all.processes = processes;
      all.variable = variable;
      break;
    }
  }
  for (const char* variable : {"PMIX_RANK", "PMI_RANK"}) all.launched = all.launched || std::getenv(variable);
  for (const char* variable :
       {"OMPI_COMM_WORLD_LOCAL_SIZE", "MPI_LOCALNRANKS", "MV2_COMM_WORLD_LOCAL_SIZE", "SLURM_STEP_TASKS_PER_NODE"}) {
    if (!all.processes_here) all.processes_here = number_in(variable);
  }
  all.cores_each = number_in("SLURM_CPUS_PER_TASK");
  return all;
}

int threads_of(const Launch& launch) {
  const auto bounded = [](std::size_t count) {
    return static_cast<int>(std::clamp(count, std::size_t{1}, std::size_t{most_threads}));
  };
  if (launch.cores_each) return bounded(*launch.cores_each);
  const std::size_t mine = cores_to_run_on();
  const long online = ::sysconf(_SC_NPROCESSORS_ONLN);
  const bool bound = online > 0 && mine < static_cast<std::size_t>(online);
  return bounded(bound ? mine : mine / launch.processes_here.value_or(1));
}

std::string host_name() {
  char name[256] = {};
  if (::gethostname(name, sizeof(name) - 1) != 0) return "an unknown host";
  return name;
}

}  // namespace xgrad::mpi
