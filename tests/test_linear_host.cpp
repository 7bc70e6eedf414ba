// Linear functions of the host: derivatives in both modes and of second order, batches, programs.
#include <boost/test/unit_test.hpp>

#include <array>
#include <vector>

#include <xgrad/testing.hpp>
#include <xgrad/transform/linear_host.hpp>
#include <xgrad/xgrad.hpp>

namespace xg = xgrad;
using xg::Var;

namespace {

constexpr double factor = 3.0;

/// y[..., i] = factor times the sum of x[..., k] for k <= i; transposed, for k >= i. And an integer that is counted up.
xg::detail::LinearHost cumulated(const xg::Shape& shape, bool backwards, bool counts, int* calls) {
  xg::detail::LinearHost host;
  host.name = "cumulated";
  host.results = {{xg::DType::Float64, shape}};
  if (counts) host.results.push_back({xg::DType::Int64, xg::Shape(shape.begin(), shape.end() - 1)});
  host.call = [backwards, counts, calls](std::span<const Var> values) {
    ++*calls;
    const Var x = values[0];
    const Var y = factor * (backwards ? flip(cumsum(flip(x, -1), -1), -1) : cumsum(x, -1));
    return counts ? std::vector<Var>{y, values[1] + 1} : std::vector<Var>{y};
  };
  host.transposed = [shape, backwards, calls](std::size_t) { return cumulated(shape, !backwards, false, calls); };
  host.batch = [shape, backwards, counts, calls](std::size_t extent, std::size_t) {
    xg::Shape many = shape;
    many.insert(0, extent);
    return cumulated(many, backwards, counts, calls);
  };
  return host;
}

struct Cumulate {
  int* calls;

  Var operator()(const Var& x) const {
    const auto make = [&](std::size_t) { return cumulated(x.shape(), false, true, calls); };
    return xg::detail::record_linear_host(make, nullptr, std::array{x, Var(std::int64_t{0})})[0];
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(test_linear_host)

BOOST_AUTO_TEST_CASE(derivatives_of_both_modes_and_second_order) {
  int calls = 0;
  const Cumulate cumulate{&calls};
  const auto f = [&](const Var& x) { return sum(square(cumulate(sin(x))) * x); };
  BOOST_TEST(xg::testing::check_gradients(f, Var(xt::xarray<double>{0.3, -0.7, 1.9})));
  BOOST_TEST(calls > 0);
}

BOOST_AUTO_TEST_CASE(a_batch_is_one_call) {
  int calls = 0;
  const Cumulate cumulate{&calls};
  const Var batch(xt::xarray<double>{{1.0, 2.0}, {3.0, 4.0}, {5.0, 6.0}});
  const Var y = xg::vmap(cumulate)(batch);
  BOOST_TEST(y.array<double>()(2, 1) == factor * 11.0);
  BOOST_TEST(calls == 1);
  const Var twice = xg::vmap(xg::vmap(cumulate))(expand_dims(batch, 0));
  BOOST_TEST(twice.array<double>()(0, 1, 1) == factor * 7.0);
  BOOST_TEST(calls == 2);
}

BOOST_AUTO_TEST_CASE(equal_calls_are_not_merged_and_run_whenever_a_program_runs) {
  int calls = 0;
  const Cumulate cumulate{&calls};
  const auto f = xg::compile([&](const Var& x) { return cumulate(x) + cumulate(x); });
  const Var x(xt::xarray<double>{1.0, 2.0});
  for (int run = 1; run <= 2; ++run) {
    BOOST_TEST(f(x).array<double>()(1) == 2.0 * factor * 3.0);
    BOOST_TEST(calls == 2 * run);
  }
}

BOOST_AUTO_TEST_CASE(calls_of_a_sequence_are_counted_whatever_is_between) {
  int calls = 0;
  int sequence = 0;
  std::vector<std::size_t> orders;
  const auto call = [&](const Var& x, const void* of) {
    const auto make = [&](std::size_t order) {
      orders.push_back(order);
      xg::detail::LinearHost host = cumulated(x.shape(), false, false, &calls);
      host.sequence = of;
      return host;
    };
    return xg::detail::record_linear_host(make, of, std::array{x})[0];
  };
  const auto f = xg::compile([&](const Var& x) {
    const Var a = call(x, &sequence);
    const Var b = call(sin(a), nullptr);
    const Var c = call(b * x, &sequence);
    return c + call(x, &orders);
  });
  (void)f(Var(xt::xarray<double>{1.0, 2.0})).array<double>();
  const std::vector<std::size_t> expected{0, 0, 1, 0};
  BOOST_TEST(orders == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(what_a_library_throws_comes_out_as_it_is) {
  int calls = 0;
  const auto f = [&](const Var& x) {
    const auto make = [&](std::size_t) {
      xg::detail::LinearHost host = cumulated(x.shape(), false, false, &calls);
      host.call = [](std::span<const Var>) -> std::vector<Var> { throw xg::IoError("of the library"); };
      return host;
    };
    return xg::detail::record_linear_host(make, nullptr, std::array{x})[0];
  };
  const Var x(xt::xarray<double>{1.0, 2.0});
  BOOST_CHECK_THROW((void)f(x).array<double>(), xg::IoError);
  BOOST_CHECK_THROW((void)xg::compile(f)(x).array<double>(), xg::IoError);
}

BOOST_AUTO_TEST_SUITE_END()
