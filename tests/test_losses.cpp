// Every row of the table of losses, and whether every loss has one.
#include <boost/test/unit_test.hpp>

#include <set>
#include <string>

#include <xgrad/loss/list.hpp>

#include "losses/check_rows.hpp"

BOOST_AUTO_TEST_SUITE(test_losses)

using xgrad::testing::LossRow;

BOOST_AUTO_TEST_CASE(every_row_holds) {
  for (const LossRow& row : xgrad::testing::loss_table()) xgrad::testing::check_row(row);
}

BOOST_AUTO_TEST_CASE(every_loss_has_a_row_of_its_name) {
  std::set<std::string> rows;
  for (const LossRow& row : xgrad::testing::loss_table()) {
    BOOST_TEST(rows.insert(row.name).second, row.name << " stands twice");
  }
  std::set<std::string> losses;
  [&]<class... L>(boost::hana::tuple<boost::hana::basic_type<L>...>*) {
    (losses.emplace(L::name), ...);
  }(static_cast<xgrad::loss::List*>(nullptr));
  for (const std::string& loss : losses) BOOST_TEST(rows.contains(loss), loss << " has no row");
  for (const std::string& row : rows) {
    BOOST_TEST(losses.contains(row.substr(0, row.find('.'))), row << " is no loss of the list");
  }
}

namespace {

/// What the loss of a row says of these arguments; nothing if it takes them.
std::string complaint(const LossRow& row, const xgrad::testing::Case& arguments) {
  try {
    (void)xgrad::cast<double>(row.function(arguments)).array<double>();
  } catch (const xgrad::Error& error) {
    return error.what();
  }
  return {};
}

}  // namespace

BOOST_AUTO_TEST_CASE(every_loss_names_itself_in_its_errors) {
  // What these rows do to their arguments before the loss gets them comes first, and says so.
  const std::set<std::string> preparing{"ApproxNdcg.transposed",
                                        "BinaryCrossEntropy.views",
                                        "CosineDistance.first_axis",
                                        "CosineEmbedding.transposed",
                                        "CrossEntropy.views",
                                        "Ctc",
                                        "Ctc.zero_infinity",
                                        "Dice.transposed",
                                        "GeneralizedDice.image",
                                        "Giou.transposed",
                                        "LovaszSoftmax.pictures",
                                        "Nll.axis",
                                        "Rmse.first_axis"};
  using xgrad::Var;
  Var ended;
  {
    xgrad::Tape tape;
    ended = tape.leaf(1.0);
  }
  auto odd = xgrad::Array<double>::from_shape({2, 1, 3, 1, 5});
  for (double& each : odd) each = 0.5;
  for (const LossRow& row : xgrad::testing::loss_table()) {
    const std::string start = row.name.substr(0, row.name.find('.')) + ": ";
    // What does not fit is found by the function of the row: that of a penalty, that which makes the teacher.
    if (preparing.contains(row.name)) continue;
    if (row.smooth.empty() || start == "GradientPenalty: " || start == "JacobianPenalty: " ||
        start == "Distillation: ") {
      continue;
    }
    for (std::size_t i = 0; i < row.smooth[0].size(); ++i) {
      const auto with = [&](const Var& bad) {
        xgrad::testing::Case arguments = row.smooth[0];
        arguments[i] = bad;
        return complaint(row, arguments);
      };
      for (const Var& bad : {Var(), ended}) {
        const std::string text = with(bad);
        BOOST_TEST(text.starts_with(start), row.name << ", argument " << i << " says \"" << text << '"');
      }
      // Shapes and element types that most losses refuse.
      for (const Var& bad : {Var(odd), cast(row.smooth[0][i], xgrad::DType::Bool), Var(0.5)}) {
        const std::string text = with(bad);
        BOOST_TEST((text.empty() || text.starts_with(start)),
                   row.name << ", argument " << i << " says \"" << text << '"');
      }
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
