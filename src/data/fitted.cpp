#include "fitted.hpp"

#include <algorithm>
#include <string>

#include <xgrad/core/errors.hpp>

namespace xgrad::data {

void require_rows_of_data(std::string_view operation, const Var& x) {
  if (x.dimension() == 0) {
    throw ShapeError(std::string(operation) + ": the data are a number; they must have rows along their first axis");
  }
  if (x.shape()[0] == 0) {
    throw ValueError(std::string(operation) + ": data of the shape " + to_string(x.shape()) +
                     " have no rows; there must be one at least");
  }
}

void require_rows_as(std::string_view operation, const Var& x, const Shape& row) {
  const Shape& shape = x.shape();
  if (shape.size() >= row.size() && std::equal(row.begin(), row.end(), shape.end() - row.size())) return;
  throw ShapeError(std::string(operation) + ": x has the shape " + to_string(shape) + "; its last axes must be " +
                   to_string(row) + ", those of the data that it was made of");
}

}  // namespace xgrad::data
