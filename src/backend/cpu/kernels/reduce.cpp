// Reductions over axes, which stay with extent 1 in the output.
#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <span>
#include <vector>

#include "in_parts.hpp"
#include "kernels.hpp"
#include "primitives/scalar_functions.hpp"

namespace xgrad::backend::cpu::kernels {
namespace {

struct Axis {
  std::size_t extent;
  std::ptrdiff_t in;
  std::ptrdiff_t out;  // 0: reduced
};

/// Axes in a list without memory of its own.
struct Axes {
  std::array<Axis, max_dimension> all;
  std::size_t size = 0;

  void push_back(const Axis& axis) { all[size++] = axis; }
};

/// The axes with the smallest steps innermost, so that memory is read in order, and merged where that is possible.
Axes axes_of(const KernelCall& call) {
  Axes axes;
  const Shape& shape = *call.inputs[0].shape;
  for (std::size_t i = 0; i < shape.size(); ++i) {
    if (shape[i] == 1) continue;
    const bool reduced = std::find(call.attributes.begin(), call.attributes.end(), static_cast<std::int64_t>(i)) !=
                         call.attributes.end();
    const Axis axis{shape[i], call.inputs[0].strides[i], reduced ? 0 : call.output().strides[i]};
    std::size_t at = axes.size;
    for (; at > 0 && std::abs(axes.all[at - 1].in) < std::abs(axis.in); --at) axes.all[at] = axes.all[at - 1];
    axes.all[at] = axis;
    ++axes.size;
  }
  Axes merged;
  for (const Axis& axis : std::span(axes.all).first(axes.size)) {
    if (merged.size > 0) {
      Axis& outer = merged.all[merged.size - 1];
      const auto extent = static_cast<std::ptrdiff_t>(axis.extent);
      if (outer.in == axis.in * extent && outer.out == axis.out * extent && (outer.out == 0) == (axis.out == 0)) {
        outer = {outer.extent * axis.extent, axis.in, axis.out};
        continue;
      }
    }
    merged.push_back(axis);
  }
  if (merged.size == 0) merged.push_back({1, 0, 0});
  return merged;
}

/// A sum of many doubles one by one, with what its roundings lost (A. Neumaier, 1974).
struct Compensated {
  double sum = 0;
  double lost = 0;

  void add(double x) {
    const double total = sum + x;
    if (std::isfinite(total)) lost += std::abs(sum) >= std::abs(x) ? (sum - total) + x : (x - total) + sum;
    sum = total;
  }
};

/// How a reduction combines: `Wide` is the type of partial results, `Total` that of results which runs are added to.
template <class T>
struct SumOf {
  using Wide = std::conditional_t<std::is_same_v<T, float>, double, T>;
  using Total = std::conditional_t<std::is_same_v<T, double>, Compensated, Wide>;
  static constexpr Wide start() { return Wide(0); }
  static Wide combine(Wide a, Wide b) { return primitives::Add::eval(a, b); }
};

template <class T>
struct MaxOf {
  using Wide = T;
  using Total = T;
  static constexpr T start() {
    return std::is_floating_point_v<T> ? -std::numeric_limits<T>::infinity() : std::numeric_limits<T>::lowest();
  }
  static T combine(T a, T b) { return primitives::Maximum::eval(a, b); }
};

template <class T>
struct MinOf {
  using Wide = T;
  using Total = T;
  static constexpr T start() {
    return std::is_floating_point_v<T> ? std::numeric_limits<T>::infinity() : std::numeric_limits<T>::max();
  }
  static T combine(T a, T b) { return primitives::Minimum::eval(a, b); }
};

/// Squares of numbers, and of the numbers times a small and a large power of two: one of the sums neither overflows nor
/// vanishes.
struct Squares {
  double plain = 0;
  double shrunk = 0;
  double grown = 0;

  static constexpr double shrink = 0x1p-600;
  static constexpr double grow = 0x1p600;

  Squares() = default;
  explicit Squares(auto number) {
    const auto x = static_cast<double>(number);
    plain = x * x;
    shrunk = (x * shrink) * (x * shrink);
    grown = (x * grow) * (x * grow);
  }

  /// The root of the sum.
  explicit operator double() const {
    constexpr double smallest = 0x1p-900;  // squares that vanish beside it do not count
    if (plain < smallest) return std::sqrt(grown) / grow;
    return std::isfinite(plain) ? std::sqrt(plain) : std::sqrt(shrunk) / shrink;
  }
};

template <class T>
struct NormOf {
  using Wide = Squares;
  using Total = Squares;
  static Squares start() { return {}; }
  static Squares combine(Squares a, const Squares& b) {
    a.plain += b.plain;
    a.shrunk += b.shrunk;
    a.grown += b.grown;
    return a;
  }
};

/// Numbers that are 1 are counted apart from the sum of the others.
struct ApartFromOnes {
  Compensated others;
  double ones = 0;

  ApartFromOnes() = default;
  explicit ApartFromOnes(auto x) : others{x == 1 ? 0.0 : static_cast<double>(x)}, ones(x == 1 ? 1.0 : 0.0) {}

  /// The sum less one.
  explicit operator double() const { return (ones == 0 ? others.sum - 1 : others.sum + (ones - 1)) + others.lost; }
};

template <class T>
struct SumButOneOf {
  using Wide = ApartFromOnes;
  using Total = ApartFromOnes;
  static ApartFromOnes start() { return {}; }
  static ApartFromOnes combine(ApartFromOnes a, const ApartFromOnes& b) {
    a.others.add(b.others.sum);
    a.others.lost += b.others.lost;
    a.ones += b.ones;
    return a;
  }
};

/// Pairwise, over blocks of eight independent lanes: rounding errors grow with the logarithm of n only.
template <class R, class T>
typename R::Wide reduce_run(const T* x, std::size_t n, std::ptrdiff_t stride) {
  using Wide = typename R::Wide;
  constexpr std::size_t lanes = 8;
  constexpr std::size_t block = 256;
  if (n > block) {
    const std::size_t half = n / 2 / block * block == 0 ? block : n / 2 / block * block;
    return R::combine(reduce_run<R>(x, half, stride),
                      reduce_run<R>(x + static_cast<std::ptrdiff_t>(half) * stride, n - half, stride));
  }
  std::array<Wide, lanes> lane;
  lane.fill(R::start());
  std::size_t i = 0;
  const auto at = [&](std::size_t k) { return static_cast<Wide>(x[static_cast<std::ptrdiff_t>(k) * stride]); };
  if (stride == 1) {
    for (; i + lanes <= n; i += lanes) {
      for (std::size_t k = 0; k < lanes; ++k) lane[k] = R::combine(lane[k], static_cast<Wide>(x[i + k]));
    }
  } else {
    for (; i + lanes <= n; i += lanes) {
      for (std::size_t k = 0; k < lanes; ++k) lane[k] = R::combine(lane[k], at(i + k));
    }
  }
  for (std::size_t k = 0; i + k < n; ++k) lane[k] = R::combine(lane[k], at(i + k));
  for (std::size_t width = lanes / 2; width > 0; width /= 2) {
    for (std::size_t k = 0; k < width; ++k) lane[k] = R::combine(lane[k], lane[k + width]);
  }
  return lane[0];
}

template <class R>
void accumulate(typename R::Total& total, typename R::Wide x) {
  if constexpr (std::is_same_v<typename R::Total, Compensated>) total.add(x);
  else total = R::combine(total, x);
}

template <class T, class Total>
T result_of(const Total& total) {
  if constexpr (std::is_same_v<Total, Compensated>) return total.sum + total.lost;
  else if constexpr (std::is_class_v<Total>) return static_cast<T>(static_cast<double>(total));
  else return static_cast<T>(total);
}

/// Rows, of which the elements side by side go to results side by side: some rows are added up one below the other, as
/// packs, before their sums go to totals of another kind.
template <class R, class T>
void reduce_rows(std::size_t rows, std::ptrdiff_t step, std::size_t columns, const T* x, typename R::Total* total) {
  using Wide = typename R::Wide;
  constexpr std::size_t rows_together = 32;
  constexpr std::size_t columns_at_once = 128;
  std::array<Wide, columns_at_once> sums;
  for (std::size_t first = 0; first < columns; first += columns_at_once) {
    const std::size_t count = std::min(columns_at_once, columns - first);
    for (std::size_t row = 0; row < rows; row += rows_together) {
      sums.fill(R::start());
      for (std::size_t i = row; i < std::min(rows, row + rows_together); ++i) {
        const T* line = x + static_cast<std::ptrdiff_t>(i) * step + first;
        for (std::size_t k = 0; k < count; ++k) sums[k] = R::combine(sums[k], static_cast<Wide>(line[k]));
      }
      for (std::size_t k = 0; k < count; ++k) accumulate<R>(total[first + k], sums[k]);
    }
  }
}

/// Adds all runs of the innermost axis into `total`, which has the layout of the output.
template <class R, class T>
void reduce_axes(const Axes& axes, std::size_t depth, const T* x, typename R::Total* total) {
  using Wide = typename R::Wide;
  const Axis& axis = axes.all[depth];
  const Axis& inner = axes.all[depth + 1 < axes.size ? depth + 1 : depth];
  constexpr bool differ = !std::is_same_v<typename R::Total, Wide>;
  if (differ && depth + 2 == axes.size && axis.out == 0 && inner.in == 1 && inner.out == 1) {
    reduce_rows<R>(axis.extent, axis.in, inner.extent, x, total);
  } else if (depth + 1 < axes.size) {
    for (std::size_t i = 0; i < axis.extent; ++i) {
      const auto k = static_cast<std::ptrdiff_t>(i);
      reduce_axes<R>(axes, depth + 1, x + k * axis.in, total + k * axis.out);
    }
  } else if (axis.out == 0) {
    accumulate<R>(*total, reduce_run<R>(x, axis.extent, axis.in));
  } else {
    for (std::ptrdiff_t i = 0; i < static_cast<std::ptrdiff_t>(axis.extent); ++i) {
      accumulate<R>(total[i * axis.out], static_cast<Wide>(x[i * axis.in]));
    }
  }
}

/// On several threads where each element of the outermost axis has results of its own.
template <class R, class T>
void reduce_outer(const Axes& axes, std::size_t elements, const T* x, typename R::Total* total) {
  const Axis& axis = axes.all[0];
  if (axis.out == 0 || axes.size == 1) return reduce_axes<R>(axes, 0, x, total);
  in_parts(axis.extent, elements / axis.extent, [&](std::size_t first, std::size_t last) {
    Axes part = axes;
    part.all[0].extent = last - first;
    const auto start = static_cast<std::ptrdiff_t>(first);
    reduce_axes<R>(part, 0, x + start * axis.in, total + start * axis.out);
  });
}

template <template <class> class R>
void reduce(const KernelCall& call) {
  const Axes axes = axes_of(call);
  const std::size_t size = size_of(*call.output().shape);
  const bool empty = size_of(*call.inputs[0].shape) == 0;
  dispatch(call.output().dtype, [&]<class T>() {
    using Total = typename R<T>::Total;
    T* const out = call.output().as<T>();
    const auto start = [] {
      if constexpr (std::is_same_v<Total, Compensated>) return Compensated();
      else return R<T>::start();
    };
    const auto add_up = [&](Total* totals) {
      std::fill_n(totals, size, start());
      if (!empty) reduce_outer<R<T>>(axes, size_of(*call.inputs[0].shape), call.inputs[0].as<T>(), totals);
    };
    if constexpr (std::is_same_v<Total, T>) {
      add_up(out);
    } else {
      std::array<Total, 32> few;  // a number or a few, as conditions of loops are made of, need no memory
      std::vector<Total> many(size > few.size() ? size : 0);
      Total* const totals = many.empty() ? few.data() : many.data();
      add_up(totals);
      std::transform(totals, totals + size, out, [](const Total& total) { return result_of<T>(total); });
    }
  });
}

/// How many are true.
void count(const KernelCall& call) {
  auto* totals = call.output().as<std::int64_t>();
  std::fill_n(totals, size_of(*call.output().shape), std::int64_t{0});
  if (size_of(*call.inputs[0].shape) == 0) return;
  reduce_outer<SumOf<std::int64_t>>(axes_of(call), size_of(*call.inputs[0].shape), call.inputs[0].as<bool>(), totals);
}

}  // namespace

void sum(const KernelCall& call) {
  if (call.inputs[0].dtype == DType::Bool) count(call);
  else reduce<SumOf>(call);
}
void max_reduce(const KernelCall& call) { reduce<MaxOf>(call); }
void min_reduce(const KernelCall& call) { reduce<MinOf>(call); }
void norm(const KernelCall& call) { reduce<NormOf>(call); }
void sum_but_one(const KernelCall& call) { reduce<SumButOneOf>(call); }

}  // namespace xgrad::backend::cpu::kernels
