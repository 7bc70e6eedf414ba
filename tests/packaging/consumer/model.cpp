#include "model.hpp"

xgrad::Var Line::operator()(const xgrad::Var& x) const { return matmul(x, slope) + intercept; }
