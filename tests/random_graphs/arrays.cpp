// Random programs: running and sorted elements, diagonals, padding, updates at indices, segments, contractions,
// matrices and random numbers.
#include <algorithm>
#include <cmath>

#include "builder.hpp"

namespace random_graphs {
namespace {

using InstructionId = Builder::InstructionId;
using A = Arguments;
using xgrad::Direction;

std::ptrdiff_t an_axis(Builder& b, InstructionId x) {
  return b.random.between(0, static_cast<std::ptrdiff_t>(b.rank(x)) - 1);
}

std::size_t extent_of(Builder& b, InstructionId x, std::ptrdiff_t axis) {
  return b.shape(x)[static_cast<std::size_t>(axis)];
}

std::string along(const char* name, std::ptrdiff_t axis) { return name + (" axis " + std::to_string(axis)); }

/// Numbers whose order no rounding decides.
InstructionId exact_array(Builder& b) {
  Shape shape = b.random_shape();
  if (shape.empty() || size_of(shape) == 0) shape = {5, 3};
  return b.input(shape, DType::Float64, Fill::Dyadic);
}

InstructionId integers_below(Builder& b, const Shape& shape, std::size_t extent) {
  const InstructionId labels = b.input(shape, DType::Int64, Fill::Labels);
  const auto n = static_cast<std::int64_t>(extent);
  return b.add("into range " + std::to_string(n), {labels}, static_cast<double>(n),
               [n](const A& a) { return a[0] % n; });
}

}  // namespace

void add_running(Builder& b) {
  const InstructionId x = b.any_array();
  const double m = b.magnitude(x);
  const std::ptrdiff_t axis = an_axis(b, x);
  const std::size_t extent = extent_of(b, x, axis);
  const auto n = static_cast<double>(extent);
  const Direction direction = b.random.chance(0.5) ? Direction::Forward : Direction::Backward;
  constexpr std::size_t short_line = 9;  // of what is made of many operations
  switch (b.random.below(8)) {
    case 0:
    case 1:
      b.add(along("cumsum", axis), {x}, m * n, [=](const A& a) { return cumsum(a[0], axis, direction); });
      return;
    case 2:
      if (extent <= short_line)
        b.add(along("cumprod", axis), {x}, std::pow(std::max(m, 1.0), n),
              [=](const A& a) { return cumprod(a[0], axis, direction); });
      return;
    case 3:
      if (extent <= short_line) b.add(along("cummax", axis), {x}, m, [=](const A& a) { return cummax(a[0], axis); });
      return;
    case 4:
      if (extent <= short_line)
        b.add(along("logcumsumexp", axis), {x}, m + 3.0, [=](const A& a) { return logcumsumexp(a[0], axis); });
      return;
    case 5:
      b.add(along("diff", axis), {x}, 2.0 * m, [=](const A& a) { return diff(a[0], 1, axis); });
      return;
    case 6:
      b.add(along("trapezoid", axis), {x}, m * n, [=](const A& a) { return trapezoid(a[0], 0.5, axis); });
      return;
    default:
      if (extent > 1)
        b.add(along("gradient", axis), {x}, 4.0 * m, [=](const A& a) { return gradient(a[0], 0.5, axis); });
  }
}

void add_sorted(Builder& b) {
  const InstructionId x = exact_array(b);
  const std::ptrdiff_t axis = an_axis(b, x);
  const auto extent = static_cast<double>(extent_of(b, x, axis));
  switch (b.random.below(9)) {
    case 0:
      b.add(along("sort", axis), {x}, 2.0, [=](const A& a) { return sort(a[0], axis); });
      return;
    case 1:
      b.add(along("argsort", axis), {x}, extent,
            [=](const A& a) { return argsort(a[0], axis, xgrad::Order::Descending); });
      return;
    case 2:
      b.add(along("median", axis), {x}, 2.0, [=](const A& a) { return median(a[0], axis, xgrad::keep_dims); });
      return;
    case 3:
      b.add(along("quantile", axis), {x}, 2.0, [=](const A& a) { return quantile(a[0], 0.3, axis); });
      return;
    case 4:
      b.add(along("any and count", axis), {x}, extent,
            [=](const A& a) { return where(any(a[0] > 1.5, axis), count_nonzero(a[0], axis), 1); });
      return;
    case 5:
      b.add(along("all", axis), {x}, 1.0, [=](const A& a) { return all(a[0] > -1.9, axis); });
      return;
    case 6:
      b.add(along("argmin", axis), {x}, extent, [=](const A& a) { return argmin(a[0], axis, xgrad::keep_dims); });
      return;
    case 7:
      b.add(along("nansum of places", axis), {x}, 4.0 * extent, [=](const A& a) {
        const Var table = xt::xarray<double>{-1.5, -0.25, 0.0, 0.25, 1.0};
        return nansum(cast(searchsorted(table, a[0]), DType::Float64), axis);
      });
      return;
    default: {
      const InstructionId at = b.any_float();
      b.add("interp", {at, b.input({5}, DType::Float64, Fill::Dyadic)}, 3.0, [](const A& a) {
        return interp(a[0], Var(xt::xarray<double>{-1.6, -0.4, 0.1, 0.9, 2.1}), a[1]);
      });
    }
  }
}

namespace {

void add_repeated(Builder& b, InstructionId x) {
  if (size_of(b.shape(x)) * 3 > b.size_limit || b.rank(x) > 3) return;
  const double m = b.magnitude(x);
  const std::ptrdiff_t axis = an_axis(b, x);
  switch (b.random.below(4)) {
    case 0: {
      static const std::vector<xgrad::Padding> ways{xgrad::Padding::Constant, xgrad::Padding::Edge,
                                                    xgrad::Padding::Reflect, xgrad::Padding::Symmetric,
                                                    xgrad::Padding::Wrap};
      const auto way = b.random.one_of(ways);
      std::vector<xgrad::PadWidths::Pair> widths(b.rank(x));
      widths[static_cast<std::size_t>(axis)] = {2, 1};
      b.add(along("pad", axis), {x}, m, [=](const A& a) { return pad(a[0], widths, way); });
      return;
    }
    case 1:
      b.add("tile", {x}, m, [](const A& a) { return tile(a[0], 2); });
      return;
    case 2:
      b.add(along("repeat", axis), {x}, m, [=](const A& a) { return repeat(a[0], 2, axis); });
      return;
    default:
      b.add(along("insert", axis), {x}, std::max(m, 0.5), [=](const A& a) { return insert(a[0], 0, 0.5, axis); });
  }
}

void add_of_matrix(Builder& b, InstructionId x) {
  const double m = b.magnitude(x);
  const std::ptrdiff_t diagonal = b.random.between(-2, 2);
  const auto least = static_cast<double>(std::min(b.shape(x)[0], b.shape(x)[1]));
  switch (b.random.below(6)) {
    case 0:
      b.add(along("diagonal", diagonal), {x}, m, [=](const A& a) { return xgrad::diagonal(a[0], diagonal); });
      return;
    case 1:
      b.add(along("trace", diagonal), {x}, m * least, [=](const A& a) { return trace(a[0], diagonal); });
      return;
    case 2:
      b.add(along("tril", diagonal), {x}, m, [=](const A& a) { return tril(a[0], diagonal); });
      return;
    case 3:
      b.add(along("triu", diagonal), {x}, m, [=](const A& a) { return triu(a[0], diagonal); });
      return;
    case 4:
      b.add("rot90", {x}, m, [](const A& a) { return rot90(a[0]); });
      return;
    default:
      b.add("fill_diagonal", {x}, std::max(m, 1.0),
            [](const A& a) { return a[0].dimension() == 2 ? fill_diagonal(a[0], 1.0) : fliplr(a[0]); });
  }
}

}  // namespace

void add_arrangement(Builder& b) {
  const InstructionId x = b.any_array();
  if (b.rank(x) > 1 && b.random.chance(0.5)) return add_of_matrix(b, x);
  if (b.random.chance(0.6)) return add_repeated(b, x);
  const std::ptrdiff_t axis = an_axis(b, x);
  if (b.random.chance(0.5)) {
    b.add(along("flip", axis), {x}, b.magnitude(x), [=](const A& a) { return flip(a[0], axis); });
    return;
  }
  b.add(along("array_split", axis), {x}, b.magnitude(x), [=](const A& a) { return array_split(a[0], 2, axis)[0]; });
}

void add_update(Builder& b) {
  const InstructionId x = b.any_array();
  const std::size_t rows = b.shape(x)[0];
  const double m = b.magnitude(x);
  if (b.random.chance(0.5)) {
    constexpr std::size_t segments = 4;
    const InstructionId ids = integers_below(b, {rows}, segments);
    const auto n = static_cast<double>(rows);
    switch (b.random.below(5)) {
      case 0:
        b.add("segment_sum", {x, ids}, m * n, [](const A& a) { return segment_sum(a[0], a[1], segments); });
        return;
      case 1:
        b.add("nan_to_num(segment_mean)", {x, ids}, m,
              [](const A& a) { return nan_to_num(segment_mean(a[0], a[1], segments), 0.0, 0.0, 0.0); });
        return;
      case 2:
        if (rows <= 12) {
          b.add("segment_prod", {x, ids}, std::pow(std::max(m, 1.0), n),
                [](const A& a) { return segment_prod(a[0], a[1], segments); });
        }
        return;
      case 3:
        b.add("clip(segment_max)", {x, ids}, m + 3.0,
              [](const A& a) { return clip(segment_max(a[0], a[1], segments), -3.0, 3.0); });
        return;
      default:
        b.add("clip(segment_min)", {x, ids}, m + 3.0,
              [](const A& a) { return clip(segment_min(a[0], a[1], segments), -3.0, 3.0); });
        return;
    }
  }
  const InstructionId places = integers_below(b, {3}, rows);
  Shape updates = b.shape(x);
  updates[0] = 3;
  const InstructionId y = b.float_input(updates);
  const double n = b.magnitude(y);
  using Run = Var (*)(const xgrad::At&, const Var&);
  static const std::vector<std::pair<const char*, Run>> ways{
      {"at set", [](const xgrad::At& at, const Var& v) { return at.set(v); }},
      {"at add", [](const xgrad::At& at, const Var& v) { return at.add(v); }},
      {"at multiply", [](const xgrad::At& at, const Var& v) { return at.multiply(v); }},
      {"at max", [](const xgrad::At& at, const Var& v) { return at.max(v); }},
      {"at min", [](const xgrad::At& at, const Var& v) { return at.min(v); }}};
  const auto& [name, f] = b.random.one_of(ways);
  b.add(name, {x, places, y}, m * std::pow(std::max(n, 1.0), 3.0) + 3.0 * n,
        [f = f](const A& a) { return f(xgrad::at(a[0], a[1]), a[2]); });
}

void add_contraction(Builder& b) {
  const InstructionId x = b.any_array();
  if (b.rank(x) > 3) return;
  const std::size_t extent = b.shape(x).back();
  const double m = b.magnitude(x);
  const double n = 2.0 * m * static_cast<double>(extent);
  switch (b.random.below(6)) {
    case 0:
      b.add("einsum ...i,ij->j...", {x, b.float_input({extent, 3})}, n, [](const A& a) {
        return xgrad::einsum("...i,ij->j...", {a[0], a[1]});
      });
      return;
    case 1:
      b.add("einsum ...i,i->...i", {x, b.float_input({extent})}, 2.0 * m, [](const A& a) {
        return xgrad::einsum("...i,i->...i", {a[0], a[1]});
      });
      return;
    case 2:
      b.add("tensordot 1", {x, b.float_input({extent, 2})}, n, [](const A& a) { return tensordot(a[0], a[1], 1); });
      return;
    case 3:
      b.add("inner", {x, b.float_input({extent})}, n, [](const A& a) { return inner(a[0], a[1]); });
      return;
    case 4:
      b.add("vecdot", {x, b.float_input({extent})}, n, [](const A& a) { return vecdot(a[0], a[1]); });
      return;
    default:
      if (size_of(b.shape(x)) * 4 <= b.size_limit) {
        b.add("kron", {x, b.float_input({2, 2})}, 2.0 * m, [](const A& a) { return kron(a[0], a[1]); });
      }
  }
}

void add_factor(Builder& b) {
  // Matrices are finite; but cotangents may be infinite, and are matrices of derivatives.
  static const xgrad::linalg::Options or_nan{xgrad::linalg::OnFailure::NaN};
  static const std::vector<std::size_t> sizes{1, 2, 3, 5};
  const std::size_t n = b.random.one_of(sizes);
  const Shape shape = b.random.chance(0.3) ? Shape{2, n, n} : Shape{n, n};
  const InstructionId x = b.input(shape, DType::Float64, Fill::Dyadic);
  // Dominated by its diagonal, and of elements about 1: times a power of two, which is exact.
  const double scale = std::exp2(-std::ceil(std::log2(2.0 * static_cast<double>(n) + 1.0)));
  const InstructionId matrix = b.add("dominated by its diagonal", {x}, 2.0, [=](const A& a) {
    return scale * (a[0] + (2.0 * static_cast<double>(n) + 1.0) * xgrad::identity(n));
  });
  const InstructionId symmetric =
      b.add("symmetric", {matrix}, 2.0, [](const A& a) { return 0.5 * (a[0] + swapaxes(a[0], -1, -2)); });
  const InstructionId y = b.input({n, 2}, DType::Float64, Fill::Smooth);
  switch (b.random.below(7)) {
    case 0:
      b.add("cholesky", {symmetric}, 2.0, [](const A& a) { return xgrad::linalg::cholesky(a[0], or_nan); });
      return;
    case 1:
      b.add("solve", {matrix, y}, 20.0, [](const A& a) { return xgrad::linalg::solve(a[0], a[1], or_nan); });
      return;
    case 2:
      b.add("solve_triangular", {matrix, y}, 20.0, [](const A& a) {
        return xgrad::linalg::solve_triangular(a[0], a[1],
                                               {.lower = true, .on_failure = xgrad::linalg::OnFailure::NaN});
      });
      return;
    case 3:
      b.add("inv", {matrix}, 10.0, [](const A& a) { return xgrad::linalg::inv(a[0], or_nan); });
      return;
    case 4:
      b.add("det", {matrix}, 8.0, [](const A& a) { return xgrad::linalg::det(a[0], or_nan); });
      return;
    case 5:
      b.add("slogdet", {symmetric}, 10.0, [](const A& a) { return xgrad::linalg::slogdet(a[0], or_nan).logabsdet; });
      return;
    default:
      b.add("expm", {matrix}, 30.0, [](const A& a) { return xgrad::linalg::expm(a[0], or_nan); });
  }
}

void add_drawn(Builder& b) {
  const InstructionId number = b.input({}, DType::Int64, Fill::Labels);
  const Shape shape = b.random_shape();
  const std::uint64_t seed = b.random.below(1000000);
  const auto key = [seed](const A& a) { return xgrad::random::Key(seed).fold_in(a[0]); };
  switch (b.random.below(6)) {
    case 0:
      b.add("uniform", {number}, 1.0, [=](const A& a) { return xgrad::random::uniform(key(a), shape); });
      return;
    case 1:
      b.add("normal float32", {number}, 6.0,
            [=](const A& a) { return xgrad::random::normal(key(a), shape, DType::Float32); });
      return;
    case 2:
      b.add("randint", {number}, 6.0, [=](const A& a) { return xgrad::random::randint(key(a), -3, 7, shape); });
      return;
    case 3:
      b.add("bernoulli", {number}, 1.0, [=](const A& a) { return xgrad::random::bernoulli(key(a), 0.4, shape); });
      return;
    case 4: {
      const InstructionId mean = b.any_float();
      b.add("normal of a mean", {number, mean}, b.magnitude(mean) + 6.0,
            [=](const A& a) { return xgrad::random::normal(key(a), a[1], 0.5); });
      return;
    }
    default:
      b.add("exponential", {number}, 20.0, [=](const A& a) { return xgrad::random::exponential(key(a), shape); });
  }
}

}  // namespace random_graphs
