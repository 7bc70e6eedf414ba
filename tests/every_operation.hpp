// One call of every operation, to see that none forgets to look at what it is handed.
#pragma once

#include <functional>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <xgrad/xgrad.hpp>

struct EveryOperation {
  std::string name;
  bool several;  ///< takes the good operand, too
  /// \param bad   the operand that must be refused; float64 [2, 2] if anything.
  /// \param good  another one, float64 [2, 2].
  std::function<void(const xgrad::Var& bad, const xgrad::Var& good)> run;
};

/// How an operation calls itself in its errors.
inline std::string public_name(const EveryOperation& operation) {
  static const std::vector<std::pair<std::string, std::string>> operators{{"x.size", "shape"},
                                                                          {"x.dimension", "shape"},
                                                                          {"std::ostringstream", "operator<<"},
                                                                          {"Var(x).array", "array"},
                                                                          {"x + ", "add"},
                                                                          {"x - ", "subtract"},
                                                                          {"x * ", "multiply"},
                                                                          {"x / ", "divide"},
                                                                          {"1.0 / ", "divide"},
                                                                          {"-x", "negate"},
                                                                          {"+x", "plus"},
                                                                          {"x <= ", "less_equal"},
                                                                          {"x < ", "less"},
                                                                          {"x >= ", "greater_equal"},
                                                                          {"x > ", "greater"},
                                                                          {"x && ", "logical_and"},
                                                                          {"x || ", "logical_or"},
                                                                          {"!x", "logical_not"}};
  std::string text = operation.name;
  if (text.starts_with("reversed ")) text = text.substr(9);
  for (const auto& [start, name] : operators) {
    if (text.starts_with(start)) return name;
  }
  for (const std::string_view prefix : {"xgrad::", "linalg::", "x."}) {
    if (text.starts_with(prefix)) text = text.substr(prefix.size());
  }
  return text.substr(0, text.find_first_of("(<"));
}

inline const std::vector<EveryOperation>& every_operation() {
  using xgrad::Var;
  namespace linalg = xgrad::linalg;
  const auto index = [] { return Var(xt::xarray<int>{{0, 1}, {1, 0}}); };
#define ONE(expression)                                                                        \
  {                                                                                            \
#expression, false, [=]([[maybe_unused]] const Var& x, const Var&) { (void)(expression); } \
  }
#define TWO(expression)                                                                    \
  {#expression, true, [=](const Var& x, const Var& y) { (void)(expression); }}, {          \
    "reversed " #expression, true, [=](const Var& y, const Var& x) { (void)(expression); } \
  }
  static const std::vector<EveryOperation> all{
      ONE(x.shape()), ONE(x.shape(0)), ONE(x.dtype()), ONE(x.size()), ONE(x.dimension()), ONE(x.array<double>()),
      ONE(x.item<double>()), ONE(std::ostringstream() << x), ONE(Var(x).array<double>()),
      // arithmetic
      TWO(x + y), TWO(x - y), TWO(x * y), TWO(x / y), ONE(-x), ONE(+x), ONE(x + 1.0), ONE(1.0 / x), ONE(x * x),
      TWO(x < y), TWO(x <= y), TWO(x > y), TWO(x >= y), TWO(equal(x, y)), TWO(not_equal(x, y)), TWO(less(x, y)),
      TWO(less_equal(x, y)), TWO(greater(x, y)), TWO(greater_equal(x, y)), TWO(x && y), TWO(x || y), ONE(!x),
      TWO(where(x, y, y)), TWO(where(y, x, y)), TWO(where(y, y, x)), TWO(maximum(x, y)), TWO(minimum(x, y)),
      TWO(clip(x, y, y)), TWO(clip(y, x, y)), TWO(clip(y, y, x)), TWO(pow(x, y)), TWO(hypot(x, y)),
      TWO(logaddexp(x, y)), TWO(residual(x, y)),
      // element by element
      ONE(abs(x)), ONE(sign(x)), ONE(square(x)), ONE(sqrt(x)), ONE(exp(x)), ONE(expm1(x)), ONE(log(x)), ONE(log1p(x)),
      ONE(sin(x)), ONE(cos(x)), ONE(tan(x)), ONE(atan(x)), ONE(sinh(x)), ONE(cosh(x)), ONE(tanh(x)), ONE(log_cosh(x)),
      ONE(erf(x)), ONE(sigmoid(x)), ONE(softplus(x)), ONE(relu(x)), ONE(cast<float>(x)), ONE(cast<double>(x)),
      ONE(stop_gradient(x)), ONE(zeros_like(x)), ONE(ones_like(x)), ONE(full_like(x, 2.0)),
      // reductions
      ONE(sum(x)), ONE(sum(x, 0)), ONE(mean(x)), ONE(mean(x, {0, 1}, xgrad::keep_dims)), ONE(prod(x)), ONE(prod(x, 1)),
      ONE(amax(x)), ONE(amin(x)), ONE(variance(x)), ONE(norm(x)), ONE(logsumexp(x)), ONE(softmax(x)),
      ONE(log_softmax(x)), ONE(argmax(x)), ONE(argmax(x, 0)),
      // rearranging
      ONE(reshape(x, {4})), ONE(reshape(x, {2, 2})), ONE(flatten(x)), ONE(transpose(x)), ONE(transpose(x, {0, 1})),
      ONE(expand_dims(x, 0)), ONE(squeeze(x)), ONE(broadcast_to(x, {2, 2})), ONE(broadcast_to(x, {3, 2, 2})),
      TWO(xgrad::concatenate({x, y})), ONE(xgrad::concatenate({x})), TWO(xgrad::stack({x, y}, 1)), ONE(view(x, 0)),
      ONE(view(x, xt::all(), xt::range(0, 1))),
      // indices
      ONE(take(x, index(), 0)), ONE(take(x, index())), ONE(take_along_axis(x, index(), 0)), ONE(one_hot(x, 2)),
      ONE(scatter_add(x, xt::xarray<int>{0, 1}, 2, 0)), ONE(scatter_add_along_axis(x, index(), 2, 0)),
      // in order
      ONE(sort(x)), ONE(argsort(x)), ONE(cumsum(x)), ONE(logcumsumexp(x)), ONE(lgamma(x)), ONE(digamma(x)),
      TWO(polygamma(x, y)), TWO(checked(x, y, xgrad::Requirement("every operation: {}"))),
      // products
      TWO(matmul(x, y)), TWO(dot(x, y)), TWO(outer(x, y)),
      // linear algebra
      ONE(linalg::cholesky(x)), ONE(linalg::lu(x)), ONE(linalg::qr(x)), ONE(linalg::svd(x)), ONE(linalg::svdvals(x)),
      ONE(linalg::eigh(x)), ONE(linalg::eigvalsh(x)), TWO(linalg::solve(x, y)), TWO(linalg::solve_triangular(x, y)),
      TWO(linalg::cho_solve(x, y)), ONE(linalg::inv(x)), TWO(linalg::toeplitz(x, y)),
      TWO(linalg::solve_toeplitz(x, y, y)), ONE(linalg::pinv(x)), TWO(linalg::lstsq(x, y)), ONE(linalg::matrix_rank(x)),
      ONE(linalg::det(x)), ONE(linalg::slogdet(x)), ONE(linalg::matrix_norm(x)), ONE(linalg::cond(x)),
      ONE(linalg::matrix_power(x, 2)), ONE(linalg::expm(x)), ONE(linalg::logm(x)), ONE(linalg::sqrtm(x)),
      TWO(linalg::multi_dot({x, y})), TWO(linalg::block_diag({x, y}))};
#undef ONE
#undef TWO
  return all;
}
