// A translation unit as a user with other flags would compile it: XTENSOR_USE_XSIMD changes the default allocator of
// xt::xarray, and must not change the type of xg::Array.
#include <xgrad/xgrad.hpp>

#include <typeinfo>

std::size_t array_type_with_other_flags() { return typeid(xgrad::Array<double>).hash_code(); }

xgrad::Var loss_with_other_flags(const xgrad::Array<double>& prediction, const xgrad::Array<double>& target) {
  const xt::xarray<double> as_a_user_has_it = prediction;
  return mean(square(xgrad::Var(as_a_user_has_it) - target));
}
