// What is said when a process is lost: killed, or gone with its host. The launcher then ends the others.
#pragma once

#include <memory>

#include "mpi/members.hpp"

namespace xgrad::mpi {

/// From now on, when the launcher ends this process (SIGTERM), the first one that is left says on standard error its
/// rank, host and step, and which processes of its host are gone. All wait a moment for it to look. A handler of the
/// program's own is left alone. All processes call it.
void watch_for_lost(const std::shared_ptr<Members>& world);
void stop_watching_for_lost() noexcept;

}  // namespace xgrad::mpi
