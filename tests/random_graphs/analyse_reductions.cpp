// The analysis of reductions and products of matrices.
#include <algorithm>
#include <bit>

#include "step.hpp"

namespace random_graphs {

double BoundedSum::grain_of(double x) {
  int exponent;
  const auto bits = static_cast<std::uint64_t>(std::abs(std::frexp(x, &exponent)) * 0x1p53);
  return std::ldexp(1.0, exponent - 53 + std::countr_zero(bits));
}

void Analysis::Step::sum() {
  const std::vector<std::size_t> strides = dense(shape_);
  std::vector<std::ptrdiff_t> steps(strides.begin(), strides.end());
  for (const std::int64_t axis : tape_.attributes(id_)) steps[static_cast<std::size_t>(axis)] = 0;
  if (dtype_ == DType::Int64) {
    std::vector<std::uint64_t> totals(size_, 0);
    const auto* in = reinterpret_cast<const std::uint64_t*>(tape_.value(input_id(0))->data());
    for_each_element(input_shape(0), steps, 0, [&](std::size_t i, std::size_t place) {
      totals[place] += input_dtype(0) == DType::Bool ? static_cast<std::uint64_t>(item(0, i).value) : in[i];
      if (item(0, i).bound != 0.0) set_bound(place, undecided);
    });
    for (std::size_t i = 0; i < size_; ++i) {
      expect(i, static_cast<double>(static_cast<std::int64_t>(totals[i])), 0.0);
    }
    return;
  }
  std::vector<BoundedSum> totals(size_);
  for_each_element(input_shape(0), steps, 0, [&](std::size_t i, std::size_t place) {
    const auto [value, bound] = item(0, i);
    totals[place].add(value, bound);
  });
  for (std::size_t i = 0; i < size_; ++i) {
    expect(i, rounded(totals[i].total(), dtype_), totals[i].tolerance(dtype_));
    set_bound(i, totals[i].bound(dtype_, known_.values[i]));
  }
}

void Analysis::Step::norm() {
  const std::vector<std::size_t> strides = dense(shape_);
  std::vector<std::ptrdiff_t> steps(strides.begin(), strides.end());
  for (const std::int64_t axis : tape_.attributes(id_)) steps[static_cast<std::size_t>(axis)] = 0;
  struct Total {
    long double squares = 0.0L;
    long double bounds = 0.0L;  // squared; the norm of what the elements are off is what the norm may be off
    double count = 0.0;
    bool open = false;
  };
  std::vector<Total> totals(size_);
  for_each_element(input_shape(0), steps, 0, [&](std::size_t i, std::size_t place) {
    const auto [value, bound] = item(0, i);
    Total& total = totals[place];
    total.squares += static_cast<long double>(value) * static_cast<long double>(value);
    if (bound == undecided) total.open = true;
    else if (bound > any_zero) total.bounds += static_cast<long double>(bound) * static_cast<long double>(bound);
    total.count += 1.0;
  });
  for (std::size_t i = 0; i < size_; ++i) {
    const Total& total = totals[i];
    const double exact = static_cast<double>(std::sqrt(total.squares));
    const double result = rounded(exact, dtype_);
    const double moved = static_cast<double>(std::sqrt(total.bounds));
    double rounding = 0.0;
    if (exact > largest(dtype_) / 4.0 && std::isfinite(exact)) rounding = undecided;
    else if (std::isfinite(exact) && exact != 0.0 && total.count > 1.0)
      rounding =
          (4.0 + 0.25 * std::min(total.count, 1024.0) + std::log2(total.count)) * unit(dtype_) * (exact + moved) +
          smallest(dtype_);
    expect(i, result, rounding);
    if (std::isnan(result)) set_bound(i, total.open ? undecided : 0.0);
    else set_bound(i, total.open ? undecided : std::isfinite(result) ? rounding + moved : 0.0);
  }
}

/// A 1 that is surely one is left out, and the others keep their digits.
void Analysis::Step::sum_but_one() {
  const std::vector<std::size_t> strides = dense(shape_);
  std::vector<std::ptrdiff_t> steps(strides.begin(), strides.end());
  for (const std::int64_t axis : tape_.attributes(id_)) steps[static_cast<std::size_t>(axis)] = 0;
  std::vector<BoundedSum> totals(size_);
  std::vector<bool> left_out(size_, false);
  for_each_element(input_shape(0), steps, 0, [&](std::size_t i, std::size_t place) {
    const auto [value, bound] = item(0, i);
    if (value == 1.0 && bound == 0.0 && !left_out[place]) left_out[place] = true;
    else totals[place].add(value, bound);
  });
  for (std::size_t i = 0; i < size_; ++i) {
    if (!left_out[i]) totals[i].add(-1.0, 0.0);
    expect(i, rounded(totals[i].total(), dtype_), totals[i].tolerance(dtype_));
    set_bound(i, totals[i].bound(dtype_, known_.values[i]));
  }
}

/// Where products of factors may leave the range, another execution may take other powers.
void Analysis::Step::balance() {
  const std::size_t columns = shape_[1];
  for (std::size_t row = 0; row < shape_[0]; ++row) {
    double size = 0.0;
    for (std::size_t i = row * columns; i < (row + 1) * columns; ++i) {
      const auto [value, bound] = item(1, i);
      if (bound == undecided) size = undecided;
      else if (std::isfinite(value) && value != 0.0) size += std::abs(std::log2(std::abs(value))) + 1.0;
    }
    const bool in_range = size < (dtype_ == DType::Float32 ? 120.0 : 1000.0);
    for (std::size_t i = row * columns; i < (row + 1) * columns; ++i) {
      if (in_range) take_over(i, item(0, i));
      else set_bound(i, undecided);
    }
  }
}

/// sign 1: the largest elements; -1: the smallest.
void Analysis::Step::extremum(double sign) {
  const std::vector<std::size_t> strides = dense(shape_);
  std::vector<std::ptrdiff_t> steps(strides.begin(), strides.end());
  for (const std::int64_t axis : tape_.attributes(id_)) steps[static_cast<std::size_t>(axis)] = 0;
  struct Best {
    Item item{-undecided, 0.0};
    std::size_t place = 0;
    bool any = false;
    bool nan = false;
    bool surely_nan = false;
    bool open = false;
  };
  std::vector<Best> best(size_);
  const auto each = [&](auto f) { for_each_element(input_shape(0), steps, 0, f); };
  each([&](std::size_t i, std::size_t place) {
    const auto [value, bound] = item(0, i);
    Best& b = best[place];
    if (std::isnan(value)) b.nan = true;
    if (std::isnan(value) && bound == 0.0) b.surely_nan = true;
    if (bound == undecided) b.open = true;
    const bool better = !b.any || sign * value > b.item.value || (sign * value == b.item.value && bound > b.item.bound);
    if (!std::isnan(value) && better) {
      b.item = {sign * value, bound};
      b.place = i;
      b.any = true;
    }
  });
  std::vector<double> reach(size_, 0.0);  // of the others that may win
  each([&](std::size_t i, std::size_t place) {
    const auto [value, bound] = item(0, i);
    const Best& b = best[place];
    if (i == b.place || std::isnan(value)) return;
    const double gap = b.item.value - sign * value;
    if (gap <= b.item.bound + bound && bound + b.item.bound > 0.0) reach[place] = std::max(reach[place], gap + bound);
  });
  for (std::size_t i = 0; i < size_; ++i) {
    const Best& b = best[i];
    expect(i, b.nan ? std::numeric_limits<double>::quiet_NaN() : sign * b.item.value, any_zero);
    double bound = b.item.bound + reach[i];
    if (dtype_ == DType::Int64 && bound != 0.0) bound = undecided;
    if (b.surely_nan) bound = 0.0;
    else if (b.open) bound = undecided;
    else if (b.item.value == 0.0 && dtype_ != DType::Int64) bound = std::max(bound, any_zero);
    set_bound(i, bound);
  }
}

void Analysis::Step::argmax() {
  const Split in(input_shape(0), static_cast<std::size_t>(attribute(0)));
  for (std::size_t i = 0; i < size_; ++i) {
    const std::size_t start = i / in.after * in.along * in.after + i % in.after;
    std::size_t best = 0;
    const auto at = [&](std::size_t j) { return item(0, start + j * in.after); };
    for (std::size_t j = 1; j < in.along; ++j) {
      if (std::isnan(at(best).value)) break;
      if (at(j).value > at(best).value || std::isnan(at(j).value)) best = j;
    }
    expect(i, static_cast<double>(best), 0.0);
    const Item chosen = at(best);
    for (std::size_t j = 0; j < in.along; ++j) {
      const Item other = at(j);
      const double doubt =
          (other.bound <= any_zero ? 0.0 : other.bound) + (chosen.bound <= any_zero ? 0.0 : chosen.bound);
      if (j != best && doubt > 0.0 && !(chosen.value - other.value > doubt)) set_bound(i, undecided);
      if (other.bound == undecided) set_bound(i, undecided);
    }
  }
}

void Analysis::Step::matmul() {
  const std::size_t rank = shape_.size();
  const std::size_t m = shape_[rank - 2];
  const std::size_t n = shape_[rank - 1];
  const std::size_t inner = input_shape(0).back();
  for (std::size_t i = 0; i < size_; ++i) {
    const std::size_t stack = i / (m * n);
    const std::size_t row = (stack * m + i / n % m) * inner;
    const std::size_t column = stack * inner * n + i % n;
    BoundedSum total;
    for (std::size_t k = 0; k < inner; ++k) total.add_product(item(0, row + k), item(1, column + k * n));
    if (total.strange()) {
      set_bound(i, undecided);
      continue;
    }
    expect(i, rounded(total.total(), dtype_), total.tolerance(dtype_));
    set_bound(i, total.bound(dtype_, known_.values[i]));
  }
}

void Analysis::Step::integer_matmul() {
  const std::size_t rank = shape_.size();
  const std::size_t m = shape_[rank - 2];
  const std::size_t n = shape_[rank - 1];
  const std::size_t inner = input_shape(0).back();
  const auto* a = reinterpret_cast<const std::uint64_t*>(tape_.value(input_id(0))->data());
  const auto* b = reinterpret_cast<const std::uint64_t*>(tape_.value(input_id(1))->data());
  for (std::size_t i = 0; i < size_; ++i) {
    const std::size_t row = (i / (m * n) * m + i / n % m) * inner;
    const std::size_t column = i / (m * n) * inner * n + i % n;
    std::uint64_t total = 0;
    for (std::size_t k = 0; k < inner; ++k) total += a[row + k] * b[column + k * n];
    expect(i, static_cast<double>(static_cast<std::int64_t>(total)), 0.0);
  }
  if (!input(0).bounds.empty() || !input(1).bounds.empty()) all_undecided();
}

}  // namespace random_graphs
