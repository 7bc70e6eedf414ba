// A unit: everything of the table, compiled for one instruction set.
#pragma once

#include "backend/cpu/kernels/simd/math.hpp"
#include "primitives/rounding_functions.hpp"
#include "primitives/special_functions.hpp"
#include "table.hpp"

namespace vector_math {

template <class P, auto function>
void apply(const typename P::value_type* x, const typename P::value_type* y, typename P::value_type* out,
           std::size_t size) {
  for (std::size_t i = 0; i < size; i += P::size) function(P::load(x + i), P::load(y + i)).store(out + i);
}

template <class P>
void apply_pow_uniform(const typename P::value_type* x, typename P::value_type exponent, typename P::value_type* out,
                       std::size_t size) {
  for (std::size_t i = 0; i < size; i += P::size) pow_uniform(P::load(x + i), exponent).store(out + i);
}

template <class T, class Arch>
constexpr Functions<T> make_functions() {
  namespace primitives = xgrad::primitives;
  using P = xgrad::backend::cpu::kernels::simd::Pack<T, Arch>;
  return {P::size,
          {{"exp", apply<P, [](P x, P) { return primitives::Exp::eval(x); }>},
           {"expm1", apply<P, [](P x, P) { return primitives::Expm1::eval(x); }>},
           {"log", apply<P, [](P x, P) { return primitives::Log::eval(x); }>},
           {"log1p", apply<P, [](P x, P) { return primitives::Log1p::eval(x); }>},
           {"sin", apply<P, [](P x, P) { return primitives::Sin::eval(x); }>},
           {"cos", apply<P, [](P x, P) { return primitives::Cos::eval(x); }>},
           {"tan", apply<P, [](P x, P) { return primitives::Tan::eval(x); }>},
           {"atan", apply<P, [](P x, P) { return primitives::Atan::eval(x); }>},
           {"sinh", apply<P, [](P x, P) { return primitives::Sinh::eval(x); }>},
           {"cosh", apply<P, [](P x, P) { return primitives::Cosh::eval(x); }>},
           {"tanh", apply<P, [](P x, P) { return primitives::Tanh::eval(x); }>},
           {"log_cosh", apply<P, [](P x, P) { return primitives::LogCosh::eval(x); }>},
           {"erf", apply<P, [](P x, P) { return primitives::Erf::eval(x); }>},
           {"erfc", apply<P, [](P x, P) { return primitives::Erfc::eval(x); }>},
           {"ndtr", apply<P, [](P x, P) { return primitives::Ndtr::eval(x); }>},
           {"softsign", apply<P, [](P x, P) { return primitives::Softsign::eval(x); }>},
           {"floor", apply<P, [](P x, P) { return primitives::Floor::eval(x); }>},
           {"ceil", apply<P, [](P x, P) { return primitives::Ceil::eval(x); }>},
           {"round", apply<P, [](P x, P) { return primitives::Round::eval(x); }>},
           {"trunc", apply<P, [](P x, P) { return primitives::Trunc::eval(x); }>},
           {"copysign", apply<P, [](P x, P y) { return primitives::CopySign::eval(x, y); }>},
           {"sqrt", apply<P, [](P x, P) { return primitives::Sqrt::eval(x); }>},
           {"abs", apply<P, [](P x, P) { return primitives::Absolute::eval(x); }>},
           {"negate", apply<P, [](P x, P) { return primitives::Negate::eval(x); }>},
           {"sign", apply<P, [](P x, P) { return primitives::Sign::eval(x); }>},
           {"relu", apply<P, [](P x, P) { return primitives::Relu::eval(x); }>},
           {"sigmoid", apply<P, [](P x, P) { return primitives::Sigmoid::eval(x); }>},
           {"softplus", apply<P, [](P x, P) { return primitives::Softplus::eval(x); }>},
           {"divide", apply<P, [](P x, P y) { return primitives::Divide::eval(x, y); }>},
           {"pow", apply<P, [](P x, P y) { return primitives::Power::eval(x, y); }>},
           {"hypot", apply<P, [](P x, P y) { return primitives::Hypot::eval(x, y); }>},
           {"direction_cosine", apply<P, [](P x, P y) { return primitives::DirectionCosine::eval(x, y); }>},
           {"maximum", apply<P, [](P x, P y) { return primitives::Maximum::eval(x, y); }>},
           {"minimum", apply<P, [](P x, P y) { return primitives::Minimum::eval(x, y); }>},
           {"sigmoid_from", apply<P, [](P x, P) { return sigmoid_from(x, exp_neg_abs(x)); }>},
           {"softplus_split", apply<P, [](P x, P) { return primitives::Relu::eval(x) + log1p(exp_neg_abs(x)); }>},
           {"direction_cosine_from",
            apply<P, [](P x,
                        P y) { return primitives::DirectionCosine::eval_from(x, y, primitives::Hypot::eval(x, y)); }>}},
          apply_pow_uniform<P>};
}

template <class Arch>
constexpr Unit make_unit(const char* name) {
  return {name, make_functions<double, Arch>(), make_functions<float, Arch>()};
}

}  // namespace vector_math
