#include "mpi/load_engine.hpp"

#include <dlfcn.h>

#include <cstdlib>
#include <stdexcept>
#include <string>
#include <xgrad/mpi/errors.hpp>

namespace xgrad::mpi {
namespace {

// Its places, the first that can be loaded: the environment's, where it was installed or built, where the loader looks.
void* open_module(std::string& complaints) {
  const auto open = [&](const std::string& file) -> void* {
    // MPI's own modules find its library only among what is global.
    void* module = ::dlopen(file.c_str(), RTLD_NOW | RTLD_GLOBAL);
    if (!module) complaints += std::string("; ") + ::dlerror();
    return module;
  };
  if (const char* named = std::getenv("XGRAD_MPI_ENGINE")) return open(named);
#ifdef XGRAD_MPI_ENGINE_FILES
  for (const char* file : {XGRAD_MPI_ENGINE_FILES}) {
    if (void* module = open(file)) return module;
  }
#else
  complaints = "; this xgrad was built without MPI";
#endif
  return nullptr;
}

}  // namespace

std::unique_ptr<Engine> load_engine(int& argc, char**& argv) {
  std::string complaints;
  void* module = open_module(complaints);
  if (!module) throw LaunchError("xgrad::mpi: MPI is missing" + complaints);
  auto* version = reinterpret_cast<EngineVersion*>(::dlsym(module, engine_version_symbol));
  auto* make = reinterpret_cast<MakeEngine*>(::dlsym(module, make_engine_symbol));
  if (!version || !make) throw LaunchError("xgrad::mpi: what XGRAD_MPI_ENGINE names is not a module of xgrad");
  if (std::string(version()) != XGRAD_VERSION) {
    throw LaunchError("xgrad::mpi: the module that loads MPI is of xgrad " + std::string(version()) +
                      ", the library of xgrad " XGRAD_VERSION);
  }
  try {
    return std::unique_ptr<Engine>(make(argc, argv));
  } catch (const std::exception& error) {
    throw LaunchError(std::string("xgrad::mpi: MPI cannot begin: ") + error.what());
  }
}

}  // namespace xgrad::mpi
