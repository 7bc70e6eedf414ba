// What the processes of a job throw. Every message names the rank, the host and the call.
#pragma once

#include <xgrad/core/errors.hpp>

#pragma GCC visibility push(default)

namespace xgrad::mpi {

/// Base of what xgrad::mpi throws.
class MpiError : public Error {
 public:
  using Error::Error;
};

/// The job cannot begin: no session, no MPI where a launcher says that there are several processes, another MPI than
/// the launcher's, processes of several versions of the library or byte orders.
class LaunchError : public MpiError {
 public:
  using MpiError::MpiError;
};

/// Processes that do not call the same: another collective, element type, shape, root, or trees that differ. All
/// processes that take part throw it, with the same message, which names two of the ranks and what each called.
class MismatchError : public MpiError {
 public:
  using MpiError::MpiError;
};

/// A process did not answer within SessionOptions::time_limit. The job can only end after it.
class TimeoutError : public MpiError {
 public:
  using MpiError::MpiError;
};

/// Another process has failed, or MPI has. The message is that of the process that failed. The job can only end after
/// it.
class PeerError : public MpiError {
 public:
  using MpiError::MpiError;
};

}  // namespace xgrad::mpi

#pragma GCC visibility pop
