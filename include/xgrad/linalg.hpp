// Linear algebra: factors of matrices, systems of equations, determinants and norms, functions of matrices.
#pragma once

#include <xgrad/linalg/factor.hpp>
#include <xgrad/linalg/fit.hpp>
#include <xgrad/linalg/function.hpp>
#include <xgrad/linalg/iterative.hpp>
#include <xgrad/linalg/measure.hpp>
#include <xgrad/linalg/options.hpp>
#include <xgrad/linalg/solve.hpp>
