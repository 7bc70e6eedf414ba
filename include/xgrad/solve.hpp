// Minimisers, least squares, roots and fixed points.
#pragma once

#include <xgrad/solve/admm.hpp>
#include <xgrad/solve/constrained.hpp>
#include <xgrad/solve/interrupt.hpp>
#include <xgrad/solve/least_squares.hpp>
#include <xgrad/solve/minimise.hpp>
#include <xgrad/solve/proximal.hpp>
#include <xgrad/solve/report.hpp>
#include <xgrad/solve/root.hpp>
#include <xgrad/solve/solutions.hpp>

#pragma GCC visibility push(default)
#pragma GCC visibility pop
