// What xgrad throws. Every message names the operation, the offending shapes or values, and the requirement.
#pragma once

#include <exception>
#include <stdexcept>
#include <string>

#include <xgrad/core/language.hpp>

#pragma GCC visibility push(default)

namespace xgrad {

/// Base of everything that xgrad throws.
class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Shapes, ranks or axes that do not fit an operation.
class ShapeError : public Error {
 public:
  using Error::Error;
};

/// An element type that does not fit: integers where a derivative is asked, reading floats as doubles.
class TypeError : public Error {
 public:
  using Error::Error;
};

/// Values outside of what an operation allows: an index or label out of range, the maximum of nothing.
class ValueError : public Error {
 public:
  using Error::Error;
};

/// A matrix without the factorisation, inverse or function that is asked for: singular, not positive definite, not
/// finite. The message says which of a stack it is, and where in it.
class MatrixError : public ValueError {
 public:
  using ValueError::ValueError;
};

/// A tape that has ended, two tapes in one operation, an empty Var, a leaf that is none.
class TapeError : public Error {
 public:
  using Error::Error;
};

/// A file that cannot be opened, read or written, or whose contents are not what they should be.
class IoError : public Error {
 public:
  using Error::Error;
};

/// What a function of the user's threw that an operation had called; that is nested (std::rethrow_if_nested).
class HostError : public Error, public std::nested_exception {
 public:
  using Error::Error;
};

}  // namespace xgrad

#pragma GCC visibility pop
