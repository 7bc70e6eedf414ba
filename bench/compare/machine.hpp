// What the machine can do: the yardsticks of our own work.
#pragma once

#include <cstddef>

#include "measure.hpp"

namespace bench {

/// a = b + s c over arrays of doubles (J. D. McCalpin's STREAM triad): 24 bytes of traffic an element, not counting
/// that a processor may read a line before it writes it.
Step triad(std::size_t elements);

/// Calls of BLAS alone: the five products in a training step of the net 784-128-10, two forward and three backward
/// (the gradient of the first layer's input is not needed), with their sizes and transposes.
Step mlp_products(std::size_t batch);

/// Threads of both libraries.
void set_threads_of_all(int count);

enum class Library { xgrad, libtorch };

/// BLAS serves both libraries, which need not want the same: libtorch leaves all threads to it, xgrad may call it from
/// threads of its own. Gives it the threads that one of them left it with.
void set_blas_threads_for(Library library);

}  // namespace bench
