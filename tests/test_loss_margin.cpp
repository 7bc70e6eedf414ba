// Losses of margins: bad input, and properties that tie them together.
#include <boost/test/unit_test.hpp>

#include <cstdint>
#include <vector>

#include <xgrad/loss/margin.hpp>
#include <xgrad/xgrad.hpp>

#include "comparing.hpp"
#include "losses/loss_table.hpp"

BOOST_AUTO_TEST_SUITE(test_loss_margin)

namespace xg = xgrad;
namespace loss = xgrad::loss;
using comparing::near;
using comparing::same;
using comparing::throws;
using comparing::wave;
using xg::Var;
using xg::testing::doubles;
using xg::testing::labels;

namespace {

/// The calls that every loss of targets -1 and 1 refuses.
template <class L>
void check_signed(L checking) {
  const std::string_view name = L::name;
  const Var scores = doubles({2}, {0.5, 2.0});
  BOOST_TEST(throws<xg::ShapeError>(
      [&] {
        return checking(scores, labels({2, 1}, {1, 1}));
      },
      {name, "prediction is [2]", "target is [2, 1]", "same shape"}));
  for (const Var& target :
       {labels({2}, {1, 0}), doubles({2}, {-1.0, 0.0}), cast(labels({2}, {1, 0}), xg::DType::Bool)}) {
    BOOST_TEST(
        throws<xg::ValueError>([&] { return checking(scores, target); }, {name, "target 0 is neither -1 nor 1"}));
  }
  BOOST_TEST(throws<xg::ValueError>(
      [&] {
        xg::Tape tape;
        return tape.evaluate(checking(tape.leaf(scores), tape.leaf(labels({2}, {1, 2}))));
      },
      {name, "target 2 is"}));
  BOOST_TEST(throws<xg::ValueError>([&] { return checking(scores, doubles({2}, {1.0, NAN})); }, {name, "nan"}));
  L trusting = checking;
  trusting.check_targets = false;
  BOOST_TEST(trusting(scores, doubles({2}, {1.0, 0.5})).shape(0) == 2U);
}

/// The calls that every loss of scores [N, K] and labels [N] refuses.
template <class L>
void check_labelled(L checking) {
  const std::string_view name = L::name;
  const Var scores = wave({2, 3});
  const Var good = labels({2}, {0, 2});
  BOOST_TEST(throws<xg::ShapeError>(
      [&] {
        return checking(scores, labels({2, 1}, {0, 2}));
      },
      {name, "prediction is [2, 3]", "labels are [2, 1]", "without its last axis"}));
  BOOST_TEST(throws<xg::ShapeError>([&] { return checking(wave({}), labels({}, {0})); }, {name, "[]", "K > 0"}));
  BOOST_TEST(throws<xg::ShapeError>([&] { return checking(wave({2, 0}), good); }, {name, "[2, 0]", "K > 0"}));
  BOOST_TEST(throws<xg::TypeError>(
      [&] {
        return checking(scores, doubles({2}, {0.0, 2.0}));
      },
      {name, "labels are float64", "integers"}));
  BOOST_TEST(throws<xg::ValueError>(
      [&] {
        return checking(scores, labels({2}, {0, 3}));
      },
      {name, "label 3 is outside [0, 3)"}));
  BOOST_TEST(throws<xg::ValueError>(
      [&] {
        xg::Tape tape;
        return tape.evaluate(checking(tape.leaf(scores), tape.leaf(labels({2}, {-1, 0}))));
      },
      {name, "label -1 is outside [0, 3)"}));
  L trusting = checking;
  trusting.check_targets = false;
  BOOST_TEST(same(trusting(scores, good), checking(scores, good)));
}

}  // namespace

BOOST_AUTO_TEST_CASE(margin_losses_of_two_classes_refuse_bad_targets) {
  check_signed(loss::Hinge{});
  check_signed(loss::SquaredHinge{});
  check_signed(loss::SoftMargin{});
  check_signed(loss::Perceptron{});
  check_signed(loss::Exponential{});
}

BOOST_AUTO_TEST_CASE(margin_losses_of_several_classes_refuse_bad_labels) {
  check_labelled(loss::MulticlassHinge{});
  check_labelled(loss::MulticlassPerceptron{});
  check_labelled(loss::MultiMargin{});
}

BOOST_AUTO_TEST_CASE(multi_margin_refuses_bad_settings) {
  const Var scores = wave({2, 3});
  const Var good = labels({2}, {0, 2});
  BOOST_TEST(throws<xg::ValueError>([&] { return loss::MultiMargin{.p = 3}(scores, good); },
                                    {"MultiMargin", "p is 3", "1 or 2"}));
  BOOST_TEST(throws<xg::ShapeError>([&] { return loss::MultiMargin{.class_weight = wave({2})}(scores, good); },
                                    {"MultiMargin", "class_weight is [2]", "must be [3]"}));
}

BOOST_AUTO_TEST_CASE(multi_label_margin_refuses_bad_lists) {
  const loss::MultiLabelMargin checking;
  const Var scores = wave({2, 3});
  BOOST_TEST(throws<xg::ShapeError>(
      [&] {
        return checking(scores, labels({3, 2}, {0, 1, 2, 0, 1, 2}));
      },
      {"MultiLabelMargin", "[2, 3]", "[3, 2]", "but for the last"}));
  BOOST_TEST(throws<xg::ShapeError>(
      [&] {
        return checking(scores, labels({2}, {0, 1}));
      },
      {"MultiLabelMargin", "[2]"}));
  BOOST_TEST(throws<xg::ShapeError>([&] { return checking(wave({3}), labels({}, {0})); }, {"MultiLabelMargin", "[]"}));
  BOOST_TEST(throws<xg::ShapeError>(
      [&] {
        return checking(wave({2, 0}), labels({2, 0}, {}));
      },
      {"MultiLabelMargin", "K > 0"}));
  BOOST_TEST(throws<xg::TypeError>(
      [&] {
        return checking(scores, doubles({2, 1}, {0.0, 1.0}));
      },
      {"MultiLabelMargin", "float64", "integers"}));
  // Also behind the end of a list, as in libtorch.
  BOOST_TEST(throws<xg::ValueError>(
      [&] {
        return checking(scores, labels({2, 2}, {0, 1, -1, 3}));
      },
      {"MultiLabelMargin", "label 3 is outside [-1, 3)"}));
  BOOST_TEST(throws<xg::ValueError>(
      [&] {
        return checking(scores, labels({2, 1}, {0, -2}));
      },
      {"MultiLabelMargin", "label -2"}));
  const loss::MultiLabelMargin trusting{.check_targets = false};
  BOOST_TEST(same(trusting(scores, labels({2, 2}, {0, 1, 2, -2})), checking(scores, labels({2, 2}, {0, 1, 2, -1}))));
}

BOOST_AUTO_TEST_CASE(multi_label_soft_margin_refuses_bad_targets) {
  const loss::MultiLabelSoftMargin checking;
  const Var logits = wave({2, 3});
  BOOST_TEST(throws<xg::ShapeError>(
      [&] {
        return checking(logits, labels({2}, {0, 1}));
      },
      {"MultiLabelSoftMargin", "[2, 3]", "[2]", "same shape"}));
  BOOST_TEST(throws<xg::ShapeError>([&] { return checking(wave({}), labels({}, {0})); },
                                    {"MultiLabelSoftMargin", "[]", "K > 0"}));
  BOOST_TEST(throws<xg::ValueError>(
      [&] {
        return checking(logits, labels({2, 3}, {0, 1, 0, 2, 0, 1}));
      },
      {"MultiLabelSoftMargin", "target 2 is outside [0, 1]"}));
  BOOST_TEST(throws<xg::ValueError>([&] { return checking(logits, 0.0 * logits - 0.5); },
                                    {"MultiLabelSoftMargin", "target -0.5"}));
  BOOST_TEST(throws<xg::ShapeError>(
      [&] {
        return loss::MultiLabelSoftMargin{.weight = wave({3, 1})}(logits, 0.0 * logits);
      },
      {"MultiLabelSoftMargin", "weight is [3, 1]", "must be [3]"}));
}

// Two classes with the scores s and 0 are one score s.
BOOST_AUTO_TEST_CASE(two_scores_are_one) {
  const Var s = wave({7});
  const Var two = xg::stack({0.0 * s, s}, 1);
  const Var y = labels({7}, {1, 0, 0, 1, 1, 0, 1});
  const Var t = 2 * y - 1;
  BOOST_TEST(near(loss::MulticlassHinge{}(two, y), loss::Hinge{}(s, t)));
  BOOST_TEST(near(loss::MulticlassPerceptron{}(two, y), loss::Perceptron{}(s, t)));
  BOOST_TEST(near(2.0 * loss::MultiMargin{}(two, y), loss::Hinge{}(s, t)));
  BOOST_TEST(near(2.0 * loss::MultiMargin{.p = 2}(two, y), loss::SquaredHinge{}(s, t)));
  BOOST_TEST(near(2.0 * loss::MultiLabelMargin{}(two, expand_dims(y, 1)), loss::Hinge{}(s, t)));
  BOOST_TEST(near(loss::MultiLabelSoftMargin{}(expand_dims(s, 1), expand_dims(y, 1)), loss::SoftMargin{}(s, t)));
}

// Column by column and by sorting, with values that nothing distinguishes: equal scores, and pairs at the margin.
BOOST_AUTO_TEST_CASE(both_ways_of_multi_label_margin_agree) {
  constexpr std::size_t samples = 20;
  constexpr std::size_t classes = 9;
  auto scores = xg::Array<double>::from_shape({samples, classes});
  auto few = xg::Array<std::int64_t>::from_shape({samples, 5});
  auto many = xg::Array<std::int64_t>::from_shape({samples, 50});
  std::fill(many.begin(), many.end(), -1);
  for (std::size_t n = 0; n < samples; ++n) {
    for (std::size_t i = 0; i < classes; ++i) scores(n, i) = 0.5 * static_cast<double>((n + 3 * i * i) % 7);
    for (std::size_t l = 0; l < 5; ++l) {
      few(n, l) = many(n, l) = l < n % 6 ? static_cast<std::int64_t>((4 * l + n) % classes) : -1;
    }
  }
  const Var z(std::move(scores));
  const auto gradient = [&](const Var& lists) {
    return xg::value_and_grad([](const Var& s, const Var& y) { return sum(loss::MultiLabelMargin{}(s, y)); })(z, lists);
  };
  const auto [value, slopes] = gradient(Var(std::move(few)));
  xg::Tape tape;
  const Var s = tape.leaf(z);
  const Var sorted = sum(loss::MultiLabelMargin{}(s, tape.leaf(Var(std::move(many)))));
  BOOST_TEST(near(tape.evaluate(sorted), value));
  BOOST_TEST(near(tape.evaluate(tape.gradient(sorted, s)), slopes));
}

// A weight that is a Var can be trained.
BOOST_AUTO_TEST_CASE(class_weights_have_gradients) {
  const loss::MultiMargin weighted{.class_weight = doubles({3}, {1.0, 2.0, 0.5})};
  const Var scores = wave({4, 3});
  const Var y = labels({4}, {2, 0, 1, 1});
  const loss::MultiMargin slopes = xg::grad([&](const loss::MultiMargin& l) { return sum(l(scores, y)); })(weighted);
  const Var plain = loss::MultiMargin{}(scores, y);
  BOOST_TEST(near(slopes.class_weight.value(), scatter_add(plain, y, 3, 0)));
}

BOOST_AUTO_TEST_SUITE_END()
