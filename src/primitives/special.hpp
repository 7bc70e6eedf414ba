// Functions that are computed one number at a time, the same on all processors.
#pragma once

namespace xgrad::primitives::special {

double lgamma(double x);
double digamma(double x);
double polygamma(double n, double x);
/// e^x of operations that are the same on all processors. At most 1.1 ulp.
double alike_exp(double x);

}  // namespace xgrad::primitives::special
