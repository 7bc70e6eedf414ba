// One program on many processes: the session, groups of processes, sums between them.
#pragma once

#include <xgrad/mpi/communicator.hpp>
#include <xgrad/mpi/errors.hpp>
#include <xgrad/mpi/session.hpp>
#include <xgrad/mpi/sum_tree.hpp>
#include <xgrad/mpi/training.hpp>
