// Loading the module that knows MPI, when a session begins.
#pragma once

#include <memory>

#include "mpi/engine.hpp"

namespace xgrad::mpi {

/// The engine, with MPI begun. The module is that of the environment variable XGRAD_MPI_ENGINE, or the one that was
/// built with the library.
/// \throws LaunchError  if there is none, if it or MPI's library cannot be loaded, or MPI cannot begin; if it belongs to
///                      another version of xgrad.
[[nodiscard]] std::unique_ptr<Engine> load_engine(int& argc, char**& argv);

}  // namespace xgrad::mpi
