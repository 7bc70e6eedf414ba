// Functions that are computed one number at a time, the same on all processors.
#pragma once

namespace xgrad::primitives::special {

double lgamma(double x);
double digamma(double x);
double polygamma(double n, double x);
double beta(double a, double b);
double betaln(double a, double b);
double gammainc(double a, double x);
double gammaincc(double a, double x);
double gamma_density(double a, double x);

double erfinv(double x);
double ndtr(double x);
double log_ndtr(double x);
double slope_of_log_ndtr(double x);

double cbrt(double x);
double sinc(double x);
double spherical_bessel(double n, double x);
double scaled_bessel_i(double n, double x);
/// e^x of operations that are the same on all processors. At most 1.1 ulp.
double alike_exp(double x);

}  // namespace xgrad::primitives::special
