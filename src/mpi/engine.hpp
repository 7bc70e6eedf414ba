// What xgrad::mpi asks of MPI: bytes between two processes, groups, and the end of all. A module that is loaded when a
// session begins on several processes implements it, so that nobody else needs MPI to link or to run.
//
// mpi: one program on many processes. It stands on train, and is a library of its own.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace xgrad::mpi {

/// A transfer that has begun. What it throws is std::runtime_error, with the words of MPI.
class Operation {
 public:
  virtual ~Operation() = default;
  /// Lets MPI go on.
  virtual bool done() = 0;
  /// Of a receive: its memory is not written any more. Of a send nothing can be taken back.
  virtual void cancel() noexcept = 0;
};

struct Received {
  std::size_t from;
  std::vector<std::byte> bytes;
};

/// A group of processes and the messages between them, apart from those of other groups.
class Channel {
 public:
  virtual ~Channel() = default;
  [[nodiscard]] virtual std::size_t rank() const = 0;
  [[nodiscard]] virtual std::size_t size() const = 0;
  /// All processes call it, or none returns.
  virtual std::unique_ptr<Channel> split(int colour, int key) = 0;
  virtual std::unique_ptr<Operation> send(const std::byte* bytes, std::size_t count, std::size_t to, int tag) = 0;
  virtual std::unique_ptr<Operation> receive(std::byte* bytes, std::size_t count, std::size_t from, int tag) = 0;
  /// A message that has arrived from anybody.
  virtual std::optional<Received> take(int tag) = 0;
};

/// Several threads may call; what they call is never done twice at once.
class Engine {
 public:
  virtual ~Engine() = default;
  virtual std::unique_ptr<Channel> world() = 0;
  /// Which MPI it is.
  [[nodiscard]] virtual std::string name() const = 0;
  /// Ends all processes.
  [[noreturn]] virtual void abort(int exit_code) = 0;
};

/// What the module exports, by these names: the version of xgrad that it was compiled with, and one that begins MPI.
using EngineVersion = const char*();
using MakeEngine = Engine*(int& argc, char**& argv);
inline constexpr const char* engine_version_symbol = "xgrad_mpi_engine_version";
inline constexpr const char* make_engine_symbol = "xgrad_mpi_make_engine";

}  // namespace xgrad::mpi
