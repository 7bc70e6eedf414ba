// Fourier transforms: sums written out, lengths of all kinds, inverses, NumPy's frequencies, errors.
#include <boost/test/unit_test.hpp>

#include <cmath>
#include <complex>
#include <numbers>
#include <vector>

#include <xgrad/xgrad.hpp>

#include "ops_compare.hpp"
#include "ops_table_rows.hpp"
#include "refusals.hpp"

BOOST_AUTO_TEST_SUITE(test_ops_fft)

namespace xg = xgrad;
using refusals::check_refused;
using xg::Var;
using xg::fft::Complex;
using xg::testing::check_elements;
using xg::testing::elements;

namespace {

using Number = std::complex<long double>;

Var row(std::initializer_list<double> values) { return xt::xarray<double>(values); }

std::vector<Number> numbers(const Complex& x) {
  const std::vector<double> real = elements<double>(x.real);
  const std::vector<double> imag = elements<double>(x.imag);
  std::vector<Number> result;
  for (std::size_t i = 0; i < real.size(); ++i) result.emplace_back(real[i], imag[i]);
  return result;
}

std::vector<Number> summed(const std::vector<Number>& x, long double sign) {
  const std::size_t n = x.size();
  std::vector<Number> result(n);
  for (std::size_t k = 0; k < n; ++k) {
    for (std::size_t j = 0; j < n; ++j) {
      const long double turns = static_cast<long double>(j * k % n) / static_cast<long double>(n);
      result[k] += x[j] * std::polar(1.0L, sign * 2.0L * std::numbers::pi_v<long double> * turns);
    }
  }
  return result;
}

/// Relative to the size of all together.
long double distance(const std::vector<Number>& a, const std::vector<Number>& b) {
  long double apart = 0.0L;
  long double size = 1e-30L;
  for (std::size_t i = 0; i < b.size(); ++i) {
    apart += std::norm(a[i] - b[i]);
    size += std::norm(b[i]);
  }
  return std::sqrt(apart / size);
}

}  // namespace

BOOST_AUTO_TEST_CASE(transforms_are_sums_for_lengths_of_all_kinds) {
  xg::testing::Random random(21);
  for (const std::size_t n :
       {1U, 2U, 3U, 4U, 7U, 16U, 31U, 32U, 33U, 34U, 37U, 48U, 64U, 74U, 100U, 289U, 512U, 1000U}) {
    BOOST_TEST_CONTEXT("length " << n) {
      const Complex x{random.uniform({n}), random.uniform({n})};
      const std::vector<Number> expected = summed(numbers(x), -1.0L);
      BOOST_TEST(distance(numbers(xg::fft::fft(x)), expected) < 1e-15L * (4.0L + std::log2(static_cast<double>(n))));
      BOOST_TEST(distance(numbers(xg::fft::ifft(xg::fft::fft(x))), numbers(x)) < 1e-14L);
      const Complex half = xg::fft::rfft(x.real);
      const std::vector<Number> real = summed(numbers({x.real, zeros_like(x.real)}), -1.0L);
      BOOST_TEST(half.real.size() == n / 2 + 1);
      BOOST_TEST(distance(numbers(half), {real.begin(), real.begin() + static_cast<std::ptrdiff_t>(n / 2 + 1)}) <
                 1e-14L);
      check_elements<double>(xg::fft::irfft(half, n), {n}, elements<double>(x.real), 1e-11);
    }
  }
}

BOOST_AUTO_TEST_CASE(axes_and_types) {
  xg::testing::Random random(22);
  const Complex x{random.uniform({3, 4, 5}), random.uniform({3, 4, 5})};
  const Complex middle = xg::fft::fft(x, 1);
  const Complex moved = xg::fft::fft({moveaxis(x.real, 1, -1), moveaxis(x.imag, 1, -1)});
  check_elements<double>(moveaxis(middle.real, 1, -1), {3, 5, 4}, elements<double>(moved.real), 1e-12);
  const Complex all = xg::fft::fftn(x);
  const Complex one_by_one = xg::fft::fft(xg::fft::fft(xg::fft::fft(x, 0), 1), 2);
  check_elements<double>(all.imag, {3, 4, 5}, elements<double>(one_by_one.imag), 1e-12);
  check_elements<double>(xg::fft::ifftn(all).real, {3, 4, 5}, elements<double>(x.real), 1e-11);
  check_elements<double>(xg::fft::irfftn(xg::fft::rfftn(x.real, {0, 2}), 5, {0, 2}), {3, 4, 5},
                         elements<double>(x.real), 1e-11);
  check_elements<float>(xg::fft::rfft(Var(xt::xarray<float>{1.0F, 2.0F})).real, {2}, {3.0F, -1.0F});
  check_elements<double>(xg::fft::rfft(refusals::ints({1, 2})).imag, {2}, {0.0, 0.0});
  check_elements<double>(xg::fft::fft({Var(xt::zeros<double>({0, 2})), Var(xt::zeros<double>({0, 2}))}).real, {0, 2},
                         {});
}

BOOST_AUTO_TEST_CASE(known_transforms) {
  const Complex x = xg::fft::rfft(row({1.0, 0.0, -1.0, 0.0}));
  check_elements<double>(x.real, {3}, {0.0, 2.0, 0.0});
  check_elements<double>(x.imag, {3}, {0.0, 0.0, 0.0});
  // The sum of squares stays, but for a factor n.
  const Var samples = row({0.3, -1.2, 2.5, 0.7, 0.1});
  const Complex all = xg::fft::fft({samples, zeros_like(samples)});
  check_elements<double>(sum(square(all.real) + square(all.imag)), {}, {5.0 * (0.09 + 1.44 + 6.25 + 0.49 + 0.01)},
                         1e-14);
}

BOOST_AUTO_TEST_CASE(compiled_and_batched) {
  xg::testing::Random random(23);
  const Var x = random.uniform({3, 40});
  const auto power = [](const Var& y) {
    const Complex transform = xg::fft::rfft(y);
    return square(transform.real) + square(transform.imag);
  };
  check_elements<double>(xg::compile(power)(x), {3, 21}, elements<double>(power(x)), 1e-11);
  check_elements<double>(xg::vmap(power)(x), {3, 21}, elements<double>(power(x)), 1e-11);
}

BOOST_AUTO_TEST_CASE(frequencies_and_shifts) {
  check_elements<double>(xg::fft::fftfreq(5, 0.1), {5}, {0.0, 2.0, 4.0, -4.0, -2.0}, 1e-15);
  check_elements<double>(xg::fft::fftfreq(4), {4}, {0.0, 0.25, -0.5, -0.25});
  check_elements<double>(xg::fft::rfftfreq(4), {3}, {0.0, 0.25, 0.5});
  check_elements<double>(xg::fft::rfftfreq(5), {3}, {0.0, 0.2, 0.4}, 1e-15);
  check_elements<double>(xg::fft::rfftfreq(1), {1}, {0.0});
  check_elements<double>(xg::fft::fftshift(row({0, 1, 2, 3, 4})), {5}, {3, 4, 0, 1, 2});
  check_elements<double>(xg::fft::ifftshift(row({3, 4, 0, 1, 2})), {5}, {0, 1, 2, 3, 4});
  check_refused<xg::ValueError>([] { return xg::fft::fftfreq(0); }, {"fftfreq", "no samples"});
  check_refused<xg::ValueError>([] { return xg::fft::fftfreq(4, 0.0); }, {"fftfreq", "the spacing is 0", "not 0"});
  check_refused<xg::ValueError>([] { return xg::fft::rfftfreq(4, std::nan("")); }, {"rfftfreq", "the spacing is"});
  check_elements<double>(xg::fft::rfftfreq(2, 0.1), {2}, {0.0, 5.0}, 1e-15);
  check_elements<double>(xg::fft::rfftfreq(1, -0.5), {1}, {-0.0});
}

BOOST_AUTO_TEST_CASE(what_is_refused) {
  const Var x = row({1.0, 2.0});
  check_refused<xg::ShapeError>([&] { return xg::fft::fft({x, Var(0.0)}).real; }, {"fft", "[2]", "[]"});
  check_refused<xg::ShapeError>([&] { return xg::fft::fft({x, x}, 1).real; }, {"fft", "1"});
  check_refused<xg::ShapeError>([] { return xg::fft::rfft(xt::zeros<double>({2, 0})).real; }, {"rfft", "no samples"});
  check_refused<xg::ShapeError>([&] { return xg::fft::irfft({x, x}, 5); }, {"irfft", "2 numbers", "5 samples"});
  check_refused<xg::ShapeError>([] { return xg::fft::irfft({row({1.0}), row({1.0})}); }, {"irfft", "0 samples"});
  check_refused<xg::ShapeError>([] { return xg::fft::rfftn(Var(1.0)).real; }, {"rfftn", "no axes"});
}

BOOST_AUTO_TEST_SUITE_END()
