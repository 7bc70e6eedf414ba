// One program on many processes: the session, groups of processes, exchanges between them.
#pragma once

#include <xgrad/mpi/collectives.hpp>
#include <xgrad/mpi/communicator.hpp>
#include <xgrad/mpi/cost.hpp>
#include <xgrad/mpi/errors.hpp>
#include <xgrad/mpi/outer.hpp>
#include <xgrad/mpi/rounding.hpp>
#include <xgrad/mpi/session.hpp>
#include <xgrad/mpi/sum_tree.hpp>
#include <xgrad/mpi/training.hpp>
#include <xgrad/mpi/trials.hpp>
