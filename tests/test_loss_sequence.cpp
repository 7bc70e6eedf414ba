// What the losses of sequences refuse, and their gradient beside what it means.
#include <boost/test/unit_test.hpp>

#include <xgrad/loss/sequence.hpp>
#include <xgrad/xgrad.hpp>

#include "comparing.hpp"
#include "losses/loss_table.hpp"

BOOST_AUTO_TEST_SUITE(test_loss_sequence)

namespace xg = xgrad;
using comparing::near;
using comparing::throws;
using xg::Var;
using xg::loss::Ctc;
using xg::testing::doubles;
using xg::testing::labels;

namespace {

struct Arguments {
  Var log_probabilities = log_softmax(doubles({3, 2, 3}, std::vector<double>(18, 0.0)));
  Var targets = labels({2, 2}, {1, 2, 2, 0});
  Var input_lengths = labels({2}, {3, 2});
  Var target_lengths = labels({2}, {2, 1});

  [[nodiscard]] Var operator()(const Ctc& ctc = {}) const {
    return ctc(log_probabilities, targets, input_lengths, target_lengths);
  }
};

}  // namespace

BOOST_AUTO_TEST_CASE(ctc_refuses_shapes_types_and_blanks) {
  Arguments x;
  BOOST_TEST(x().size() == 2U);
  x.log_probabilities = doubles({3, 3}, std::vector<double>(9, 0.0));
  BOOST_TEST(throws<xg::ShapeError>([&] { return x(); }, {"Ctc", "[3, 3]", "[T, N, C]"}));
  x = {};
  x.input_lengths = labels({1}, {3});
  BOOST_TEST(throws<xg::ShapeError>([&] { return x(); }, {"Ctc", "[1]"}));
  x = {};
  x.targets = doubles({2, 2}, {1, 2, 2, 0});
  BOOST_TEST(throws<xg::TypeError>([&] { return x(); }, {"Ctc", "targets", "float64"}));
  x = {};
  BOOST_TEST(throws<xg::ValueError>([&] { return x({.blank = 3}); }, {"Ctc", "blank is 3", "3 symbols"}));
}

BOOST_AUTO_TEST_CASE(ctc_checks_symbols_and_lengths) {
  Arguments x;
  x.targets = labels({2, 2}, {1, 3, 2, 0});
  BOOST_TEST(throws<xg::ValueError>([&] { return x(); }, {"symbol 3", "[0, 3)"}));
  x.targets = labels({2, 2}, {1, 0, 2, 0});
  BOOST_TEST(throws<xg::ValueError>([&] { return x(); }, {"symbol 0 is blank"}));
  x.targets = labels({2, 2}, {1, 2, 2, -50});  // beyond the end
  BOOST_TEST(x().size() == 2U);
  x.input_lengths = labels({2}, {4, 2});
  BOOST_TEST(throws<xg::ValueError>([&] { return x(); }, {"input length 4", "[0, 3]"}));
  x = {};
  x.target_lengths = labels({2}, {-1, 1});
  BOOST_TEST(throws<xg::ValueError>([&] { return x(); }, {"target length -1", "[0, 2]"}));
}

BOOST_AUTO_TEST_CASE(the_gradient_of_ctc_counts_symbols) {
  // In each step an alignment uses one symbol: the derivatives of a step add up to -1, and to 0 after the input's end.
  const Arguments x;
  const Var g = xg::grad([&](const Var& p) { return sum(Ctc{}(p, x.targets, x.input_lengths, x.target_lengths)); })(
      x.log_probabilities);
  BOOST_TEST(near(sum(g, 2), xt::xarray<double>{{-1.0, -1.0}, {-1.0, -1.0}, {-1.0, 0.0}}));
}

BOOST_AUTO_TEST_CASE(another_symbol_can_be_blank) {
  const Arguments x;
  const Var renamed = view(x.log_probabilities, xt::all(), xt::all(), xt::keep(2, 0, 1));  // 0, 1, 2 are now 1, 2, 0
  const Var targets = labels({2, 2}, {2, 0, 0, 1});
  BOOST_TEST(near(Ctc{.blank = 1}(renamed, targets, x.input_lengths, x.target_lengths), x()));
}

BOOST_AUTO_TEST_SUITE_END()
