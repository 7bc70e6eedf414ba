// What goes wrong in xtensor and xtensor-blas as Debian ships them, and must not here.
#include <cmath>
#include <cstdint>
#include <typeinfo>

#include <boost/test/unit_test.hpp>

#if __has_include(<xtensor/views/xview.hpp>)
#include <xtensor/core/xmath.hpp>
#include <xtensor/views/xstrided_view.hpp>
#include <xtensor/views/xview.hpp>
#else
#include <xtensor/xmath.hpp>
#include <xtensor/xstrided_view.hpp>
#include <xtensor/xview.hpp>
#endif

#include <xgrad/xgrad.hpp>

std::size_t array_type_with_other_flags();
xgrad::Var loss_with_other_flags(const xgrad::Array<double>& prediction, const xgrad::Array<double>& target);

BOOST_AUTO_TEST_SUITE(test_xtensor_traps)

namespace xg = xgrad;

BOOST_AUTO_TEST_CASE(temporaries_of_expressions_have_run_time_shapes) {
  const xt::xarray<double> a = {{1.0, 2.0, 3.0}, {4.0, 5.0, 6.0}};
  const auto sum_of_both = xt::eval(a + a);  // xtensor<double, 4> with a garbage shape, without the cure
  BOOST_TEST(sum_of_both.dimension() == 2U);
  BOOST_TEST(sum_of_both.shape(0) == 2U);
  BOOST_TEST(sum_of_both(1, 2) == 12.0);
  xt::xarray<double> b = a;
  xt::view(b, 0, xt::all()) += xt::view(a, 1, xt::all());
  BOOST_TEST(b(0, 2) == 9.0);
}

BOOST_AUTO_TEST_CASE(xtensor_reduces_at_once_beside_us) {
  const xt::xarray<double> a = {{1.0, 2.0, 3.0}, {4.0, 5.0, 6.0}};
  static_assert(std::is_same_v<std::remove_cvref_t<decltype(xt::eval(a + a))>, xt::xarray<double>>);
  const xt::xarray<double> columns = xt::sum(a + a, {0}, xt::evaluation_strategy::immediate);
  BOOST_TEST(columns.dimension() == 1U);
  BOOST_TEST(columns(2) == 18.0);
  BOOST_TEST(xt::variance(a)() == 35.0 / 12.0);
  BOOST_TEST(std::abs(xt::stddev(a)() - std::sqrt(35.0 / 12.0)) < 1e-15);
  xt::xarray<double> b = a;
  xt::strided_view(b, {xt::all(), 1}) += 10.0;
  xt::strided_view(b, {0}) += xt::strided_view(a, {1});
  BOOST_TEST(b(0, 1) == 17.0);
  BOOST_TEST(b(1, 1) == 15.0);
}

BOOST_AUTO_TEST_CASE(kept_dimensions_broadcast) {
  const xg::Var a = xt::xarray<double>{{1.0, 5.0, 3.0}, {4.0, 2.0, 6.0}};
  const xg::Var shifted = a - amax(a, 1, xg::keep_dims);
  BOOST_TEST(shifted.array<double>()(0, 0) == -4.0);
  BOOST_TEST(shifted.array<double>()(1, 2) == 0.0);
  const auto spread = [](const xg::Var& x) { return sum(square(x - amax(x, 1, xg::keep_dims))); };
  BOOST_TEST(spread(a).item<double>() == 16.0 + 0.0 + 4.0 + 4.0 + 16.0 + 0.0);
  const xg::Var gradient = xg::grad(spread)(a);
  BOOST_TEST(gradient.array<double>()(0, 0) == -8.0);
  BOOST_TEST(gradient.array<double>()(0, 1) == 12.0);  // as much as the others have less
}

BOOST_AUTO_TEST_CASE(product_of_a_part_with_the_transpose_of_the_whole) {
  const xg::Var a = xt::xarray<double>{{1.0, 2.0}, {3.0, 4.0}, {5.0, 6.0}};
  const auto product = [](const xg::Var& x) { return matmul(view(x, xt::range(0, 2), xt::all()), transpose(x)); };
  const xg::Var concrete = product(a);
  BOOST_TEST((concrete.shape() == xg::Shape{2, 3}));
  BOOST_TEST(concrete.array<double>()(1, 2) == 39.0);
  xg::Tape tape;
  const xg::Var recorded = tape.evaluate(product(tape.leaf(a)));
  BOOST_TEST((recorded.shape() == xg::Shape{2, 3}));
  BOOST_TEST(recorded.array<double>()(1, 2) == 39.0);
}

BOOST_AUTO_TEST_CASE(product_with_gaps_in_memory) {
  xg::Tape tape;
  const xg::Var a = tape.leaf(xt::xarray<double>{{1.0, 9.0, 2.0, 9.0}, {3.0, 9.0, 4.0, 9.0}});
  const xg::Var part = view(a, xt::all(), xt::range(0, 4, 2));
  const xg::Var product = tape.evaluate(dot(part, part));
  BOOST_TEST(product.array<double>()(0, 0) == 7.0);
  BOOST_TEST(product.array<double>()(1, 1) == 22.0);
  const xt::xarray<double> plain{{1.0, 9.0, 2.0, 9.0}, {3.0, 9.0, 4.0, 9.0}};
  const auto gaps = xt::view(plain, xt::all(), xt::range(0, 4, 2));
  const xg::Var same = xg::dot(gaps, gaps);
  BOOST_TEST(same.array<double>()(0, 0) == 7.0);
  const xg::Var with_whole = xg::matmul(xt::view(plain, xt::range(0, 1)), xt::transpose(plain));
  BOOST_TEST((with_whole.shape() == xg::Shape{1, 2}));
  BOOST_TEST(with_whole.array<double>()(0, 1) == 173.0);
}

BOOST_AUTO_TEST_CASE(arrays_are_aligned_and_have_one_type) {
  const xg::Var x = xt::xarray<float>{1.0F, 2.0F, 3.0F};
  BOOST_TEST(reinterpret_cast<std::uintptr_t>(x.array<float>().data()) % 64 == 0U);
  BOOST_TEST(typeid(xg::Array<double>).hash_code() == array_type_with_other_flags());
  const xg::Array<double> target = {1.0, 2.0};
  BOOST_TEST(loss_with_other_flags({2.0, 4.0}, target).item<double>() == 2.5);
}

BOOST_AUTO_TEST_CASE(floats_stay_floats) {
  const xg::Var x = xt::xarray<float>{1.0F, 2.0F};
  BOOST_TEST((mean(x).dtype() == xg::DType::Float32));
  BOOST_TEST(((x * 2.0).dtype() == xg::DType::Float32));
  BOOST_TEST(((1.0 / (x + 1)).dtype() == xg::DType::Float32));
}

BOOST_AUTO_TEST_CASE(sums_of_many_floats_are_exact_enough) {
  constexpr std::size_t n = 10'000'000;
  auto tenths = xg::Array<float>::from_shape({n});
  std::fill(tenths.data(), tenths.data() + n, 0.1F);
  const double exact = static_cast<double>(0.1F) * static_cast<double>(n);
  BOOST_TEST(std::abs(static_cast<double>(sum(xg::Var(std::move(tenths))).item<float>()) - exact) < 1e-6 * exact);
}

BOOST_AUTO_TEST_SUITE_END()
