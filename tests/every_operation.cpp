#include "every_operation.hpp"

#include <sstream>
#include <utility>

#include <xgrad/xgrad.hpp>

namespace {

xgrad::Var index() { return xt::xarray<int>{{0, 1}, {1, 0}}; }

}  // namespace

std::string public_name(const EveryOperation& operation) {
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
                                                                          {"!x", "logical_not"},
                                                                          {"x % ", "remainder"}};
  std::string text(operation.name);
  if (text.starts_with("reversed ")) text = text.substr(9);
  for (const auto& [start, name] : operators) {
    if (text.starts_with(start)) return name;
  }
  for (const std::string_view prefix : {"xgrad::", "linalg::", "x."}) {
    if (text.starts_with(prefix)) text = text.substr(prefix.size());
  }
  return text.substr(0, text.find_first_of("(<"));
}

const std::vector<EveryOperation>& every_operation() {
  using xgrad::Var;
  namespace linalg = xgrad::linalg;
#define ONE(expression)                                                                       \
  {                                                                                           \
#expression, false, []([[maybe_unused]] const Var& x, const Var&) { (void)(expression); } \
  }
#define TWO(expression)                                                                   \
  {#expression, true, [](const Var& x, const Var& y) { (void)(expression); }}, {          \
    "reversed " #expression, true, [](const Var& y, const Var& x) { (void)(expression); } \
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
      TWO(logaddexp(x, y)), TWO(residual(x, y)), TWO(x % y), TWO(remainder(x, y)), TWO(fmod(x, y)),
      TWO(floor_divide(x, y)), TWO(fmax(x, y)), TWO(fmin(x, y)), TWO(copysign(x, y)), TWO(heaviside(x, y)),
      TWO(logical_xor(x, y)), TWO(float_power(x, y)), TWO(atan2(x, y)), TWO(beta(x, y)), TWO(betaln(x, y)),
      TWO(gammainc(x, y)), TWO(gammaincc(x, y)), TWO(xlogy(x, y)), TWO(xlog1py(x, y)), TWO(lerp(x, y, y)),
      TWO(lerp(y, x, y)), TWO(lerp(y, y, x)), TWO(leaky_relu(x, y)), TWO(elu(x, y)), TWO(celu(x, y)),
      TWO(nan_to_num(x, y, y, y)), TWO(nan_to_num(y, y, y, x)),
      // element by element
      ONE(abs(x)), ONE(sign(x)), ONE(square(x)), ONE(sqrt(x)), ONE(exp(x)), ONE(expm1(x)), ONE(log(x)), ONE(log1p(x)),
      ONE(sin(x)), ONE(cos(x)), ONE(tan(x)), ONE(atan(x)), ONE(sinh(x)), ONE(cosh(x)), ONE(tanh(x)), ONE(log_cosh(x)),
      ONE(erf(x)), ONE(sigmoid(x)), ONE(softplus(x)), ONE(relu(x)), ONE(cast<float>(x)), ONE(cast<double>(x)),
      ONE(floor(x)), ONE(ceil(x)), ONE(round(x)), ONE(trunc(x)), ONE(isnan(x)), ONE(isinf(x)), ONE(isfinite(x)),
      ONE(signbit(x)), ONE(nan_to_num(x)), ONE(reciprocal(x)), ONE(deg2rad(x)), ONE(rad2deg(x)), ONE(rsqrt(x)),
      ONE(cbrt(x)), ONE(exp2(x)), ONE(log2(x)), ONE(log10(x)), ONE(asin(x)), ONE(acos(x)), ONE(asinh(x)), ONE(acosh(x)),
      ONE(atanh(x)), ONE(erfc(x)), ONE(erfinv(x)), ONE(ndtr(x)), ONE(log_ndtr(x)), ONE(i0e(x)), ONE(i1e(x)),
      ONE(sinc(x)), ONE(log1mexp(x)), ONE(logit(x)), ONE(relu6(x)), ONE(leaky_relu(x)), ONE(elu(x)), ONE(celu(x)),
      ONE(selu(x)), ONE(gelu(x)), ONE(gelu(x, xgrad::Gelu::Tanh)), ONE(silu(x)), ONE(mish(x)), ONE(hard_tanh(x)),
      ONE(hard_sigmoid(x)), ONE(hard_swish(x)), ONE(softsign(x)), ONE(log_sigmoid(x)), ONE(stop_gradient(x)),
      ONE(zeros_like(x)), ONE(ones_like(x)), ONE(full_like(x, 2.0)),
      // reductions
      ONE(sum(x)), ONE(sum(x, 0)), ONE(mean(x)), ONE(mean(x, {0, 1}, xgrad::keep_dims)), ONE(prod(x)), ONE(prod(x, 1)),
      ONE(amax(x)), ONE(amin(x)), ONE(variance(x)), ONE(norm(x)), ONE(logsumexp(x)), ONE(softmax(x)),
      ONE(log_softmax(x)), ONE(argmax(x)), ONE(argmax(x, 0)), ONE(sum(x, {}, {.initial = 1.0})),
      TWO(sum(x, {}, {.where = y})), TWO(prod(x, {}, {.where = y, .initial = 1.0})),
      TWO(amax(x, 0, {.where = y, .initial = 1.0})), TWO(amin(x, 0, {.where = y, .initial = 1.0})),
      TWO(mean(x, 0, {.where = y})), TWO(variance(x, {}, {.where = y})), ONE(stddev(x)), ONE(ptp(x)), ONE(any(x)),
      ONE(xgrad::all(x)), ONE(count_nonzero(x)), ONE(norm(x, {}, {.order = 3.0})), ONE(argmin(x)), ONE(argmin(x, 0)),
      ONE(nansum(x)), ONE(nanprod(x)), ONE(nanmean(x)), ONE(nanmax(x)), ONE(nanmin(x)), ONE(nanvar(x)), ONE(nanstd(x)),
      ONE(nanmedian(x)), ONE(nancumsum(x)), ONE(nancumprod(x)), ONE(nanargmax(x)), ONE(nanargmin(x, 0)),
      // statistics
      ONE(median(x)), ONE(quantile(x, 0.5)), ONE(percentile(x, 50.0)), ONE(nanquantile(x, 0.5)),
      ONE(nanpercentile(x, 50.0)), TWO(average(x, y)), ONE(cov(x)), ONE(corrcoef(x)), TWO(cdist(x, y)),
      // neighbours and tables
      ONE(diff(x)), ONE(trapezoid(x)), ONE(gradient(x)), TWO(searchsorted(x, y)),
      ONE(digitize(x, xt::xarray<double>{0.0, 1.0})),
      ONE(xgrad::interp(x, xt::xarray<double>{0.0, 1.0}, xt::xarray<double>{2.0, 3.0})), ONE(xgrad::bincount(x, 3)),
      ONE(xgrad::histogram(x, 3)), ONE(xgrad::unique(x)),
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
      // shapes
      ONE(full({2, 2}, x)), TWO(linspace(x, y, 3)), TWO(logspace(x, y, 3)), TWO(geomspace(x, y, 3)), ONE(vander(x)),
      ONE(xgrad::meshgrid({x})), ONE(arange(x)), ONE(ravel(x)), ONE(swapaxes(x, 0, 1)), ONE(moveaxis(x, 0, 1)),
      ONE(rollaxis(x, 1)), ONE(flip(x)), ONE(fliplr(x)), ONE(flipud(x)), ONE(rot90(x)), ONE(roll(x, {1, 0}, {0, 1})),
      ONE(atleast_1d(x)), ONE(atleast_2d(x)), ONE(atleast_3d(x)), ONE(diag(x)), ONE(diagflat(x)), ONE(diagonal(x)),
      ONE(trace(x)), ONE(tril(x)), ONE(triu(x)), ONE(split(x, 2)), ONE(array_split(x, 2)), ONE(hsplit(x, 2)),
      ONE(vsplit(x, 2)), ONE(dsplit(x, 1)), TWO(xgrad::hstack({x, y})), TWO(xgrad::vstack({x, y})),
      TWO(xgrad::dstack({x, y})), TWO(xgrad::column_stack({x, y})), TWO(xgrad::block({{x, y}})), TWO(append(x, y)),
      TWO(append(x, y, 0)), TWO(insert(x, 1, y, 0)), TWO(insert(x, {0, 1}, y, 0)), ONE(delete_(x, 0, 0)),
      ONE(tile(x, 2)), ONE(repeat(x, 2)), ONE(repeat(x, 2, 0)), ONE(pad(x, 1)), ONE(xgrad::broadcast_arrays({x})),
      ONE(unstack(x)), TWO(fill_diagonal(x, y)), TWO(xgrad::select({x}, {y}, y)),
      // masks and updates
      ONE(xgrad::ravel_multi_index({x}, {4})), ONE(nonzero(x)), ONE(nonzero(x, 2)), ONE(flatnonzero(x)),
      ONE(argwhere(x)), ONE(compress(std::vector<int>{1}, x)), ONE(compress(std::vector<int>{1}, x, 0)),
      ONE(extract(index(), x)), ONE(at(x, index()).get()), TWO(at(x, {0, index()}).set(y)), TWO(at(x, index()).add(y)),
      TWO(at(x, index()).multiply(y)), TWO(at(x, index()).max(y)), TWO(at(x, index()).min(y)),
      ONE(gather_nd(x, index())), TWO(put_along_axis(x, index(), y, 0)),
      TWO(index_add(x, std::vector<int>{1, 0}, y, 0)), ONE(segment_sum(x, std::vector<int>{1, 0}, 2)),
      ONE(segment_mean(x, std::vector<int>{1, 0}, 2)), ONE(segment_prod(x, std::vector<int>{1, 0}, 2)),
      ONE(segment_max(x, std::vector<int>{1, 0}, 2)), ONE(segment_min(x, std::vector<int>{1, 0}, 2)),
      // products
      TWO(matmul(x, y)), TWO(dot(x, y)), TWO(outer(x, y)), TWO(xgrad::einsum("ij,jk->ik", {x, y})),
      TWO(tensordot(x, y)), TWO(tensordot(x, y, 0, 0)), TWO(inner(x, y)), TWO(vdot(x, y)), TWO(kron(x, y)),
      TWO(cross(x, y)),
      // windows
      TWO(conv(x, y)), TWO(conv_transpose(x, y)), ONE(max_pool(x, 1)), ONE(average_pool(x, 1)),
      ONE(adaptive_max_pool(x, 1)), ONE(adaptive_average_pool(x, 1)), ONE(unfold(x, 1)), ONE(fold(x, 1, {1})),
      ONE(resize(x, 1)),
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
