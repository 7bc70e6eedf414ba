// The losses of boxes: what they refuse, their element types, and the derivative of Ciou, whose alpha is a constant.
#include <boost/test/unit_test.hpp>

#include <cmath>
#include <functional>
#include <vector>

#include <xgrad/loss/box.hpp>
#include <xgrad/xgrad.hpp>

#include "comparing.hpp"
#include "losses/box_reference.hpp"

BOOST_AUTO_TEST_SUITE(test_loss_box)

namespace xg = xgrad;
namespace loss = xgrad::loss;
namespace boxes = xgrad::testing::boxes;
using comparing::doubles;
using comparing::near;
using comparing::throws;
using comparing::wave;
using xg::DType;
using xg::ShapeError;
using xg::ValueError;
using xg::Var;

namespace {

template <class F>
void for_each_loss(F f) {
  f(loss::Giou{});
  f(loss::Diou{});
  f(loss::Ciou{});
}

Var box(const std::vector<double>& edges) {
  auto array = xg::Array<double>::from_shape({4});
  std::copy(edges.begin(), edges.end(), array.data());
  return {std::move(array)};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(loss_box)

BOOST_AUTO_TEST_CASE(shapes) {
  for_each_loss([]<class L>(const L& l) {
    BOOST_TEST(throws<ShapeError>(
        [&] {
          return l(wave({2, 4}), wave({4}));
        },
        {L::name, "[2, 4]", "[4]", "same shape", "nothing is broadcast"}));
    BOOST_TEST(throws<ShapeError>(
        [&] {
          return l(wave({4, 3}), wave({4, 3}));
        },
        {L::name, "[4, 3]", "last extent must be 4", "x1, y1, x2, y2"}));
    BOOST_TEST(throws<ShapeError>([&] { return l(Var(1.0), Var(1.0)); }, {L::name, "[]", "last extent must be 4"}));
    const Var several = box({0, 0, 1, 1}) + xt::zeros<double>({2, 1, 3, 1});
    BOOST_TEST((l(several, several).shape() == xg::Shape{2, 1, 3}));
    BOOST_TEST((l(box({0, 0, 1, 1}), box({0, 0, 1, 1})).shape() == xg::Shape{}));
  });
}

BOOST_AUTO_TEST_CASE(crossed_edges) {
  const Var good = box({0, 0, 1, 1});
  const Var narrow = box({1, 0, 0.5, 1});
  const Var low = box({0, 2, 1, 0});
  for_each_loss([&]<class L>(L l) {
    BOOST_TEST(throws<ValueError>([&] { return l(narrow, good); }, {L::name, "-0.5", "negative", "x1 <= x2"}));
    BOOST_TEST(throws<ValueError>([&] { return l(good, narrow); }, {L::name, "-0.5", "negative"}));
    BOOST_TEST(throws<ValueError>([&] { return l(low, good); }, {L::name, "-2", "negative"}));
    BOOST_TEST(throws<ValueError>([&] { return l(good, low); }, {L::name, "-2", "negative"}));
    xg::Tape tape;
    const Var recorded = l(tape.leaf(narrow), good);
    BOOST_TEST(throws<ValueError>([&] { return tape.evaluate(recorded); }, {L::name, "-0.5"}));
    BOOST_TEST(std::isnan(doubles(l(box({0, 0, NAN, 1}), good)).at(0)));
    l.check_boxes = false;
    BOOST_CHECK_NO_THROW((void)l(narrow, low));
  });
}

BOOST_AUTO_TEST_CASE(element_types) {
  const Var p = cast(box({0, 0, 2, 1.5}), DType::Float32);
  const Var t = xt::xarray<int>{1, 0, 3, 4};
  for_each_loss([&](const auto& l) {
    BOOST_TEST(l(p, t).dtype() == DType::Float32);
    BOOST_TEST(l(t, t).dtype() == DType::Float64);
    BOOST_TEST(near(cast(l(p, t), DType::Float64), l(cast(p, DType::Float64), t), 1e-6));
  });
}

/// The derivative is that of Diou + alpha v with the alpha of the point itself.
BOOST_AUTO_TEST_CASE(alpha_is_a_constant) {
  const std::vector<double> target{0.5, 0.3, 2.2, 3};
  const boxes::Box t{0.5L, 0.3L, 2.2L, 3.0L};
  for (const std::vector<double>& edges :
       {std::vector<double>{0, 0, 2, 1}, std::vector<double>{1, 1, 1.5, 2.5}, std::vector<double>{4, 5, 7, 6}}) {
    const boxes::Box p{edges[0], edges[1], edges[2], edges[3]};
    const long double alpha = boxes::alpha(p, t);
    std::vector<double> expected;
    for (std::size_t i = 0; i < 4; ++i) {
      const long double h = 1e-5L;
      const auto at = [&](long double offset) {
        boxes::Box moved = p;
        moved[i] += offset;
        return boxes::diou(moved, t) + alpha * boxes::aspect(moved, t);
      };
      expected.push_back(static_cast<double>((at(h) - at(-h)) / (2 * h)));
    }
    const Var gradient = xg::grad([&](const Var& x) { return loss::Ciou{}(x, box(target)); })(box(edges));
    BOOST_TEST(near(gradient, box(expected), 1e-8));
  }
}

/// Boxes without width or height have an angle, with derivatives as the limit of thin ones. (Those of the IoU are not:
/// the intersection has a kink there.)
BOOST_AUTO_TEST_CASE(thin_boxes) {
  const Var target = box({0, 0, 2, 1});
  const auto gradient = [&](const std::vector<double>& edges) {
    return xg::grad([&](const Var& x) { return loss::Ciou{}(x, target) - loss::Diou{}(x, target); })(box(edges));
  };
  BOOST_TEST(near(gradient({0.5, 0.25, 1.5, 0.25}), gradient({0.5, 0.25, 1.5, 0.25 + 1e-9}), 1e-6));
  BOOST_TEST(near(gradient({0.5, 0.25, 0.5, 0.75}), gradient({0.5, 0.25, 0.5 + 1e-9, 0.75}), 1e-6));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE_END()
