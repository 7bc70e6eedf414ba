// The linear layer, and what weights begin as.
#include <boost/test/unit_test.hpp>

#include <xgrad/nn.hpp>
#include <xgrad/testing.hpp>
#include <xgrad/xgrad.hpp>

namespace nn = xgrad::nn;
using xgrad::Array;
using xgrad::DType;
using xgrad::Shape;
using xgrad::Var;
using xgrad::random::Key;

BOOST_AUTO_TEST_SUITE(test_nn_linear)

BOOST_AUTO_TEST_CASE(multiplies_and_adds) {
  const nn::Linear layer{Array<double>{{1.0, 2.0, 3.0}, {-1.0, 0.5, 0.0}}, Array<double>{10.0, 20.0}};
  const Var y = layer(Array<double>{{1.0, 1.0, 1.0}, {2.0, 0.0, -1.0}});
  BOOST_TEST(y.array<double>() == (Array<double>{{16.0, 19.5}, {9.0, 18.0}}), boost::test_tools::per_element());
  BOOST_TEST(layer(Array<double>{0.0, 0.0, 1.0}).shape() == Shape{2}, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(refuses_other_inputs) {
  const nn::Linear layer = nn::linear(Key(1), 3, 2);
  BOOST_CHECK_THROW(static_cast<void>(layer(xgrad::zeros({4, 2}))), xgrad::ShapeError);
  BOOST_CHECK_THROW(static_cast<void>(layer(1.0)), xgrad::ShapeError);
  // A bias is not broadcast, nor what it is added to.
  for (const Shape& shape : {Shape{1}, Shape{}, Shape{4, 2}, Shape{5, 1, 2}}) {
    nn::Linear other = layer;
    other.bias = xgrad::zeros(shape, DType::Float32);
    BOOST_CHECK_THROW(static_cast<void>(other(xgrad::zeros({4, 3}))), xgrad::ShapeError);
  }
  BOOST_CHECK_THROW(static_cast<void>(nn::linear(Key(1), 3, 2, {.dtype = DType::Int64})), xgrad::TypeError);
}

BOOST_AUTO_TEST_CASE(weights_have_the_size_that_is_said) {
  const Shape window{40, 20, 5, 5};
  const auto deviation = [&](const nn::Initialiser& make) {
    return xgrad::stddev(make(Key(2), window, DType::Float64)).item<double>();
  };
  BOOST_TEST(nn::fans(window).in == 500.0);
  BOOST_TEST(nn::fans(window).out == 1000.0);
  for (const auto& make : {nn::xavier_normal(), nn::xavier_uniform()}) {
    BOOST_TEST(deviation(make) == std::sqrt(2.0 / 1500.0), boost::test_tools::tolerance(0.02));
  }
  for (const auto& make : {nn::he_normal(), nn::he_uniform()}) {
    BOOST_TEST(deviation(make) == std::sqrt(2.0 / 500.0), boost::test_tools::tolerance(0.02));
  }
  for (const auto& make : {nn::lecun_normal(), nn::lecun_uniform()}) {
    BOOST_TEST(deviation(make) == std::sqrt(1.0 / 500.0), boost::test_tools::tolerance(0.02));
  }
  BOOST_TEST(deviation(nn::normal(0.5)) == 0.5, boost::test_tools::tolerance(0.02));
  const Var cut = nn::truncated_normal(0.5)(Key(3), window, DType::Float32);
  BOOST_TEST(amax(abs(cut)).item<float>() <= 1.0F);
  BOOST_TEST((cut.dtype() == DType::Float32));
}

BOOST_AUTO_TEST_CASE(orthogonal_weights_are_so) {
  for (const Shape& shape : {Shape{4, 6}, Shape{6, 4}, Shape{4, 2, 3}}) {
    const Var w =
        reshape(nn::orthogonal(2.0)(Key(4), shape, DType::Float64), {static_cast<std::ptrdiff_t>(shape[0]), -1});
    const Var products = w.shape()[0] <= w.shape()[1] ? matmul(w, transpose(w)) : matmul(transpose(w), w);
    BOOST_TEST(amax(abs(products - 4.0 * xgrad::eye(products.shape()[0]))).item<double>() < 1e-14);
  }
  BOOST_CHECK_THROW(static_cast<void>(nn::orthogonal()(Key(4), Shape{4}, DType::Float64)), xgrad::ShapeError);
}

BOOST_AUTO_TEST_CASE(identity_changes_nothing) {
  const Var x = xgrad::random::normal(Key(5), {2, 3, 7});
  const Var kernel = nn::identity()(Key(6), Shape{3, 3, 3}, DType::Float64);
  BOOST_TEST(xgrad::all(equal(conv(x, kernel, {.padding = 1}), x)).item<bool>());
}

BOOST_AUTO_TEST_SUITE_END()
