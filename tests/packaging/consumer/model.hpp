#pragma once

#include <xgrad/xgrad.hpp>

struct Line {
  xgrad::Var slope;
  xgrad::Var intercept;
  xgrad::Var operator()(const xgrad::Var& x) const;
};
XGRAD_FIELDS(Line, slope, intercept)
