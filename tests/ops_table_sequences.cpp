// Rows of parts of floating-point numbers, windows, convolutions, polynomials, bins of grids and sets.
#include "ops_table_rows.hpp"

namespace xgrad::testing {
namespace {

void add(Rows& rows, const std::string& name, Operation f, const std::vector<Case>& at,
         const std::vector<Case>& special = {}) {
  rows.push_back({.name = name, .function = std::move(f), .smooth = at, .special = special});
}

Var list_of_integers(std::initializer_list<std::int64_t> values) { return xt::xarray<std::int64_t>(values); }

void append_numbers(Rows& rows, Random& random) {
  const Var apart = list({0.3, -1.7, 2.6, -0.58, 5.3});
  const Case integers{list({1.0, -2.0, 0.0, -0.0, infinity, -infinity, not_a_number, 5e-324, 1e300})};
  add(rows, "modf.fraction", [](const Case& x) { return modf(x[0]).first; }, {{apart}}, {integers});
  add(rows, "modf.whole", [](const Case& x) { return x[0] * modf(x[0]).second; }, {{apart}}, {integers});
  add(rows, "frexp.mantissa", [](const Case& x) { return frexp(x[0]).first; }, {{apart}, {list({0.7})}}, {integers});
  add(rows, "ldexp", [](const Case& x) { return ldexp(x[0], x[1]); },
      {{apart, list_of_integers({0, 1, -2, 3, -1})}, {random.uniform({2, 3}), list_of_integers({2, -3, 0})}},
      {{list({1.0, -0.0, infinity, not_a_number}), list_of_integers({2000, 5, -3, 0})}});
  add(rows, "nextafter", [](const Case& x) { return square(nextafter(x[0], x[1])); },
      {{apart, list({1.0, -9.0, 9.0, 0.0, 0.0})}}, {{list({infinity, not_a_number, 1.0}), list({0.0, 0.0, infinity})}});
  add(rows, "round.digits", [](const Case& x) { return x[0] * round(x[0], 1); }, {{apart}}, {{apart}});
  add(rows, "divmod",
      [](const Case& x) {
        const auto [quotient, rest] = divmod(x[0], x[1]);
        return quotient * x[0] + rest;
      },
      {{apart, list({0.7, 0.9, -1.25, 2.1, 1.1})}});
  add(rows, "logaddexp2", [](const Case& x) { return logaddexp2(x[0], x[1]); },
      {{random.uniform({2, 3}), random.uniform({3})}, {list({0.5, 1.0}), list({0.5, 1.0})}},
      {{list({1000.0, -1000.0, 1.0}), list({1000.0, 1.0, 1e4})}});
  add(rows, "i0", [](const Case& x) { return i0(x[0]); }, {{list({0.0, 0.3, -0.9, 1.2, -4.0})}},
      {{list({-0.0, 1e-9, 50.0, -20.0, not_a_number})}});
}

void append_samples(Rows& rows, Random& random) {
  const auto at = [&](const Shape& shape) { return random.uniform(shape); };
  add(rows, "kaiser", [](const Case& x) { return kaiser(5, x[0]); },
      {{Var(xt::xarray<double>(2.5))}, {Var(xt::xarray<double>(0.0))}});
  add(rows, "convolve", [](const Case& x) { return convolve(x[0], x[1]); },
      {{at({5}), at({3})}, {at({2}), at({4})}, {at({1}), at({1})}});
  add(rows, "convolve.same", [](const Case& x) { return convolve(x[0], x[1], Overlap::Same); },
      {{at({5}), at({4})}, {at({2}), at({3})}});
  add(rows, "correlate", [](const Case& x) { return correlate(x[0], x[1]); }, {{at({5}), at({3})}, {at({2}), at({4})}});
  add(rows, "correlate.full", [](const Case& x) { return correlate(x[0], x[1], Overlap::Full); }, {{at({4}), at({3})}});
  add(rows, "unwrap", [](const Case& x) { return square(unwrap(x[0])); },
      {{list({0.5, 3.0, -2.5, -1.0, 4.0, 10.5})}, {4.0 * at({2, 3})}});
  add(rows, "ediff1d", [](const Case& x) { return ediff1d(x[0], {.to_begin = x[1], .to_end = 2.0}); },
      {{at({2, 2}), at({2})}, {at({1}), at({})}});
  add(rows, "polyval", [](const Case& x) { return polyval(x[0], x[1]); },
      {{at({4}), at({2, 3})}, {at({1}), at({2})}, {at({3}), Var(xt::xarray<double>(0.0))}});
  add(rows, "polyadd", [](const Case& x) { return polyadd(x[0], x[1]) * polysub(x[1], x[0]); }, {{at({4}), at({2})}});
  add(rows, "polymul", [](const Case& x) { return polymul(x[0], x[1]); }, {{at({3}), at({2})}});
  const Var leading = list({1.5, -0.7, 0.3});
  add(rows, "polydiv", [](const Case& x) { return polydiv(x[0], x[1]).first; }, {{at({5}), leading}});
  add(rows, "polydiv.rest", [](const Case& x) { return polydiv(x[0], x[1]).second; },
      {{at({5}), leading}, {at({2}), leading}});
  add(rows, "polyder", [](const Case& x) { return polyder(x[0], 2); }, {{at({5})}});
  add(rows, "polyint", [](const Case& x) { return polyint(x[0], 2, x[1]); }, {{at({3}), at({2})}, {at({3}), at({})}});
  add(rows, "poly", [](const Case& x) { return poly(x[0]); }, {{at({4})}});
  const Var places = list({0.0, 0.4, 1.1, 1.5, 2.3});
  add(rows, "polyfit", [](const Case& x) { return linalg::polyfit(x[0], x[1], 2); }, {{places, at({5})}});
  add(rows, "polyfit.weights", [](const Case& x) { return linalg::polyfit(x[0], x[1], 1, x[2]); },
      {{places, at({5, 2}), list({1.0, 0.5, 2.0, 0.7, 1.2})}});
  const Var square_one = at({2, 2, 4}) + reshape(2.0 * identity(4), {2, 2, 4});
  add(rows, "tensorsolve", [](const Case& x) { return linalg::tensorsolve(x[0], x[1]); }, {{square_one, at({2, 2})}});
  add(rows, "tensorinv", [](const Case& x) { return linalg::tensorinv(x[0]); }, {{square_one}});
}

void append_transforms(Rows& rows, Random& random) {
  const auto at = [&](const Shape& shape) { return random.uniform(shape); };
  // A real number of each element of a complex one.
  const auto mixed = [](const fft::Complex& x) { return x.real - 0.6 * x.imag; };
  const auto of = [](const Case& x) { return fft::Complex{x[0], x[1]}; };
  add(rows, "fft", [=](const Case& x) { return mixed(fft::fft(of(x))); },
      {{at({5}), at({5})}, {at({2, 4}), at({2, 4})}, {at({1}), at({1})}});
  add(rows, "fft.factors", [=](const Case& x) { return mixed(fft::fft(of(x), 0)); }, {{at({34}), at({34})}});
  add(rows, "ifft", [=](const Case& x) { return mixed(fft::ifft(of(x), 0)); }, {{at({3, 2}), at({3, 2})}});
  add(rows, "rfft", [=](const Case& x) { return mixed(fft::rfft(x[0])); }, {{at({6})}, {at({2, 5})}, {at({1})}});
  add(rows, "irfft", [=](const Case& x) { return fft::irfft(of(x)); }, {{at({4}), at({4})}, {at({2, 3}), at({2, 3})}});
  add(rows, "irfft.odd", [=](const Case& x) { return fft::irfft(of(x), 3, 0); }, {{at({2, 2}), at({2, 2})}});
  add(rows, "fftn", [=](const Case& x) { return mixed(fft::fftn(of(x))); }, {{at({2, 3}), at({2, 3})}});
  add(rows, "ifftn", [=](const Case& x) { return mixed(fft::ifftn(of(x), {0, -1})); }, {{at({2, 3}), at({2, 3})}});
  add(rows, "rfftn", [=](const Case& x) { return mixed(fft::rfftn(x[0])); }, {{at({3, 4})}});
  add(rows, "irfftn", [=](const Case& x) { return fft::irfftn(of(x)); }, {{at({3, 3}), at({3, 3})}});
  add(rows, "fftshift", [](const Case& x) { return fft::fftshift(x[0]); }, {{at({5})}, {at({2, 3})}});
  add(rows, "ifftshift", [](const Case& x) { return fft::ifftshift(x[0], 1); }, {{at({2, 3})}});
}

void append_places(Rows& rows, Random& random) {
  const auto at = [&](const Shape& shape) { return random.uniform(shape); };
  add(rows, "vecdot", [](const Case& x) { return vecdot(x[0], x[1]); },
      {{at({2, 3}), at({3})}, {at({3}), at({3})}, {at({2, 1, 2}), at({3, 2})}});
  add(rows, "vecdot.axis", [](const Case& x) { return vecdot(x[0], x[1], 0); }, {{at({2, 3}), at({3})}});
  add(rows, "choose",
      [](const Case& x) {
        return choose(x[2], {x[0], log(x[1]), 2.0 * x[0]});
      },
      {{at({2, 3}), random.uniform({3}, 0.5, 1.5), list_of_integers({2, 0, 1})}},
      {{list({1.0, not_a_number}), list({-1.0, -1.0}), list_of_integers({0, 2})}});
  add(rows, "gradient.axes",
      [](const Case& x) {
        const std::vector<Var> slopes = gradient(x[0], {x[1], Var(0.5)});
        return slopes[0] * slopes[1];
      },
      {{at({3, 2}), list({0.0, 0.3, 0.7})}});
  add(rows, "interp.period", [](const Case& x) { return interp(x[0], x[1], x[2], {.period = x[3]}); },
      {{list({-0.3, 0.2, 1.7, 3.4, 11.0}), list({1.9, 0.5, 3.2}), at({3}), Var(xt::xarray<double>(2.5))},
       {list({0.2, 3.1}), list({1.0}), at({1}), Var(xt::xarray<double>(2.0))}});
  const Var numbers = list_of_integers({3, 0, 3, 1, 1});
  add(rows, "histogram.range",
      [](const Case& x) {
        return histogram(x[1], 3, {.weights = x[0], .density = true, .range = {{0.0, 2.4}}}).first;
      },
      {{random.uniform({5}, 0.5, 1.5), numbers}});
  add(rows, "histogram2d",
      [](const Case& x) {
        const Var edges = xt::xarray<double>{-0.5, 0.5, 3.0};
        return histogram2d(x[1], 2 - x[1], edges, edges, {.weights = x[0], .density = true}).counts;
      },
      {{random.uniform({5}, 0.5, 1.5), numbers}});
}

}  // namespace

void append_sequences(Rows& rows) {
  Random random(12);
  append_numbers(rows, random);
  append_samples(rows, random);
  append_transforms(rows, random);
  append_places(rows, random);
}

void append_sequence_values(Rows& rows) {
  const auto value = [&](const std::string& name, Operation f, const std::vector<Case>& at) {
    rows.push_back({.name = name, .function = std::move(f), .special = at});
  };
  const Case pairs{list({1.0, 2.0, infinity, not_a_number}), list({1.000001, 2.1, infinity, not_a_number})};
  value("isclose", [](const Case& x) { return isclose(x[0], x[1]); }, {pairs});
  value("allclose", [](const Case& x) { return allclose(x[0], x[1], {.absolute = 0.2, .equal_nan = true}); }, {pairs});
  value("array_equal", [](const Case& x) { return array_equal(x[0], x[0], true); }, {pairs});
  value("array_equiv", [](const Case& x) { return array_equiv(x[0], x[0]); }, {pairs});
  value("isposinf", [](const Case& x) { return isposinf(x[0]); }, {pairs});
  value("isneginf", [](const Case& x) { return isneginf(-x[0]); }, {pairs});
  value("spacing", [](const Case& x) { return spacing(x[0]); }, {pairs, {list({3e-310, -4.0, 0.0})}});
  value("frexp.exponent", [](const Case& x) { return frexp(x[0]).second; }, {pairs, {list({3e-310, -4.0, 0.0})}});
  value("bitwise_count", [](const Case& x) { return bitwise_count(x[0]); }, {{list_of_integers({0, 7, -255})}});
  value("round.integers", [](const Case& x) { return round(x[0], -1); }, {{list_of_integers({15, 25, -7})}});
  value("isin", [](const Case& x) { return isin(x[0], x[1]); },
        {{list({1.0, 2.0, not_a_number}), list({2.0, -1.0})}, {list_of_integers({1, 3}), list_of_integers({3, 4, 3})}});
  value("unravel_index",
        [](const Case& x) {
          return stack(unravel_index(x[0], {3, 4}));
        },
        {{list_of_integers({0, 7, 11})}});
  value("ravel_multi_index",
        [](const Case& x) {
          return ravel_multi_index({x[0], x[1]}, {3, 4});
        },
        {{list_of_integers({0, 2}), list_of_integers({3, 1})}});
  value("lexsort",
        [](const Case& x) {
          return lexsort({x[0], x[1]});
        },
        {{list({3.0, 1.0, 2.0}), list_of_integers({1, 1, 0})}});
  value("histogramdd",
        [](const Case& x) {
          const Var edges = xt::xarray<double>{0.0, 1.0, 2.0};
          return histogramdd(x[0], {edges, edges}).counts;
        },
        {{xt::xarray<double>{{0.5, 1.5}, {2.0, 0.0}, {3.0, 1.0}}}});
}

}  // namespace xgrad::testing
