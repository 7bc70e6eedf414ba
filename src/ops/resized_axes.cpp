#include "resized_axes.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "internal.hpp"
#include "primitives/windows.hpp"

namespace xgrad::detail {
namespace {

/// Elements of an axis, each with the factor that it has in the result at its place.
struct Term {
  std::vector<std::int64_t> places;
  std::vector<double> factors;
};

Var along(const std::vector<double>& numbers, std::size_t axis, const Var& x) {
  auto array = Array<double>::from_shape(Shape{numbers.size()});
  std::copy(numbers.begin(), numbers.end(), array.data());
  Shape shape(x.dimension(), 1);
  shape[axis] = numbers.size();
  return cast(reshape(Var(std::move(array)), Strides(shape)), x.dtype());
}

Var taken(const Var& x, std::size_t axis, const std::vector<std::int64_t>& places) {
  auto array = Array<std::int64_t>::from_shape(Shape{places.size()});
  std::copy(places.begin(), places.end(), array.data());
  return xgrad::take(x, Var(std::move(array)), static_cast<std::ptrdiff_t>(axis));
}

/// floor(i from / to), without overflow.
std::size_t nearest(std::size_t i, std::size_t from, std::size_t to) { return from / to * i + from % to * i / to; }

/// R. Keys (1981): the factor of an element at a distance.
double keys(double distance) {
  constexpr double a = -0.75;
  const double d = std::abs(distance);
  if (d <= 1) return ((a + 2) * d - (a + 3)) * d * d + 1;
  return d < 2 ? ((d - 5) * d + 8) * d * a - 4 * a : 0.0;
}

/// Where element i of the result stands among those of the axis.
double place_of(std::size_t i, std::size_t from, std::size_t to) {
  return (static_cast<double>(i) + 0.5) * static_cast<double>(from) / static_cast<double>(to) - 0.5;
}

std::vector<Term> terms_of(std::size_t from, std::size_t to, ResizeMethod method) {
  std::vector<Term> terms(method == ResizeMethod::Cubic ? 4 : 2);
  const auto last = static_cast<std::int64_t>(from) - 1;
  for (std::size_t i = 0; i < to; ++i) {
    const double place = place_of(i, from, to);
    const double within = method == ResizeMethod::Cubic ? place : std::clamp(place, 0.0, static_cast<double>(last));
    const double below = std::floor(within);
    for (std::size_t k = 0; k < terms.size(); ++k) {
      const double at = below + static_cast<double>(k) - (method == ResizeMethod::Cubic ? 1 : 0);
      const double distance = at - within;
      terms[k].places.push_back(std::clamp(static_cast<std::int64_t>(at), std::int64_t{0}, last));
      terms[k].factors.push_back(method == ResizeMethod::Cubic ? keys(distance) : 1 - std::abs(distance));
    }
  }
  return terms;
}

}  // namespace

Var averaged(const Var& x, std::size_t axis, std::size_t count) {
  const std::size_t extent = x.shape()[axis];
  if (count == extent) return x;
  const std::array<std::int64_t, primitives::numbers_of_window> adaptive{};
  std::vector<double> sizes;
  std::size_t longest = 0;
  const auto part = [&](std::size_t i) { return primitives::window_part(adaptive, extent, count, i); };
  for (std::size_t i = 0; i < count; ++i) {
    sizes.push_back(static_cast<double>(part(i).count));
    longest = std::max(longest, part(i).count);
  }
  // The elements of all parts one after another, as many of each as the longest has. What is too much does not count.
  std::vector<std::int64_t> places;
  auto inside = Array<bool>::from_shape(Shape{count, longest});
  for (std::size_t i = 0; i < count; ++i) {
    for (std::size_t k = 0; k < longest; ++k) {
      inside(i, k) = k < part(i).count;
      places.push_back(static_cast<std::int64_t>(part(i).first + std::min(k, part(i).count - 1)));
    }
  }
  const Var all = taken(x, axis, places);
  Shape apart = all.shape();
  apart[axis] = count;
  apart.insert(axis + 1, longest);
  Shape of_inside(apart.size(), 1);
  of_inside[axis] = count;
  of_inside[axis + 1] = longest;
  const bool even =
      std::all_of(sizes.begin(), sizes.end(), [&](double each) { return each == static_cast<double>(longest); });
  const Var parts = reshape(all, Strides(apart));
  const Var counted =
      even ? parts : where(reshape(Var(std::move(inside)), Strides(of_inside)), parts, zeros_like(parts));
  return sum(counted, {static_cast<std::ptrdiff_t>(axis + 1)}) / along(sizes, axis, x);
}

Var resized(const Var& x, std::size_t axis, std::size_t extent, ResizeMethod method) {
  const std::size_t from = x.shape()[axis];
  if (method == ResizeMethod::Nearest) {
    std::vector<std::int64_t> places;
    for (std::size_t i = 0; i < extent; ++i) places.push_back(static_cast<std::int64_t>(nearest(i, from, extent)));
    return taken(x, axis, places);
  }
  Var result;
  for (const Term& term : terms_of(from, extent, method)) {
    const Var part = taken(x, axis, term.places) * along(term.factors, axis, x);
    result = result.defined() ? result + part : part;
  }
  return result;
}

}  // namespace xgrad::detail
