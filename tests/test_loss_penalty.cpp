// Penalties on trees and gradients, and losses that join others: errors, trees, and what tables of rows cannot show.
#include <boost/test/unit_test.hpp>

#include <cmath>
#include <limits>
#include <map>
#include <string>
#include <tuple>
#include <vector>

#include <xgrad/loss/gradient_penalty.hpp>
#include <xgrad/loss/joining.hpp>
#include <xgrad/loss/penalty.hpp>
#include <xgrad/testing.hpp>
#include <xgrad/xgrad.hpp>

#include "comparing.hpp"

BOOST_AUTO_TEST_SUITE(test_loss_penalty)

namespace xg = xgrad;
namespace loss = xgrad::loss;
using comparing::near;
using comparing::same;
using comparing::throws;
using comparing::wave;
using xg::Var;

namespace {

struct Linear {
  Var weight, bias;
  Var operator()(const Var& x) const { return matmul(x, weight) + bias; }
};
XGRAD_FIELDS(Linear, weight, bias)

struct Critic {
  Linear hidden, out;
  std::vector<Var> steps;  // integers, which no penalty is about
  double rate = 0.1;
  Var operator()(const Var& x) const { return out(tanh(hidden(x))); }
};
XGRAD_FIELDS(Critic, hidden, out, steps, rate)

Critic critic(std::size_t inputs = 3, std::size_t outputs = 1) {
  return {.hidden = {0.3 * wave({inputs, 4}), 0.1 * wave({4}, 0.3)},
          .out = {0.4 * wave({4, outputs}, 1.0), 0.1 * wave({outputs}, 2.0)},
          .steps = {Var(xt::xarray<int>{1, 2, 3})}};
}

/// A matrix with the given singular values, turned on both sides.
Var with_singular_values(double first, double second) {
  const double c = std::cos(0.4);
  const double s = std::sin(0.4);
  const Var left = xt::xarray<double>{{c, -s}, {s, c}};
  const Var right = xt::xarray<double>{{std::cos(1.1), std::sin(1.1)}, {-std::sin(1.1), std::cos(1.1)}};
  return matmul(left * xt::xarray<double>{first, second}, right);
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_tree_is_penalised_leaf_by_leaf) {
  const Critic model = critic();
  const Var all = concatenate(
      std::vector<Var>{flatten(model.hidden.weight), model.hidden.bias, flatten(model.out.weight), model.out.bias});
  BOOST_TEST(near(xg::l1(model), sum(abs(all))));
  BOOST_TEST(near(xg::l2(model), sum(square(all))));
  BOOST_TEST(near(xg::elastic_net(model, 0.25), 0.25 * sum(abs(all)) + 0.75 * sum(square(all))));
  BOOST_TEST(same(xg::elastic_net(model), loss::ElasticNet{}(model)));
  BOOST_TEST(near(xg::l2(std::tuple{model.hidden.weight, model.out.weight}),
                  sum(square(model.hidden.weight)) + sum(square(model.out.weight))));
  BOOST_TEST(near(xg::l1(std::map<std::string, Var>{{"w", Var(-2.0)}}), Var(2.0)));
  BOOST_TEST(near(xg::l2(xt::xarray<double>{1.0, 2.0}), Var(5.0)));
  BOOST_TEST(near(loss::SpectralNorm{}(model),
                  loss::SpectralNorm{}(model.hidden.weight) + loss::SpectralNorm{}(model.out.weight)));
  BOOST_TEST(near(loss::Lipschitz{}(model),
                  loss::SpectralNorm{}(model.hidden.weight) * loss::SpectralNorm{}(model.out.weight)));
}

BOOST_AUTO_TEST_CASE(penalties_combine_like_other_losses) {
  const Critic model = critic();
  const auto both = 0.3 * loss::L1{} + 0.5 * loss::Orthogonality{};
  BOOST_TEST(near(both(model), 0.3 * loss::L1{}(model) + 0.5 * loss::Orthogonality{}(model)));
}

BOOST_AUTO_TEST_CASE(the_gradient_of_a_penalty_is_a_model) {
  const std::tuple weights{wave({3, 2}), wave({2}, 1.0)};
  const auto gradient = xg::grad([](const auto& w) { return xg::l2(w); })(weights);
  BOOST_TEST(same(std::get<0>(gradient), 2.0 * std::get<0>(weights)));
  BOOST_TEST(same(std::get<1>(gradient), 2.0 * std::get<1>(weights)));
}

BOOST_AUTO_TEST_CASE(nothing_to_penalise) {
  const std::vector<Var> none;
  const Var labels = xt::xarray<int>{1, 2};
  BOOST_TEST(xg::l1(none).item<double>() == 0.0);
  BOOST_TEST(loss::GroupLasso{}(none).item<double>() == 0.0);
  BOOST_TEST(throws<xg::TypeError>([&] { return xg::l1(labels); }, {"L1", "floating-point"}));
  BOOST_TEST(throws<xg::TypeError>([&] { return xg::l2(std::tuple{labels}); }, {"L2", "floating-point"}));
  BOOST_TEST(throws<xg::TypeError>([&] { return loss::GroupLasso{}(labels); }, {"GroupLasso"}));
  BOOST_TEST(throws<xg::TypeError>([&] { return loss::ElasticNet{}(labels); }, {"ElasticNet"}));
  BOOST_TEST(throws<xg::ShapeError>([&] { return loss::Orthogonality{}(wave({3})); }, {"Orthogonality", "matrix"}));
  BOOST_TEST(throws<xg::ShapeError>([&] { return loss::SpectralNorm{}(none); }, {"SpectralNorm", "matrix"}));
  BOOST_TEST(throws<xg::ShapeError>([&] { return loss::Lipschitz{}(labels); }, {"Lipschitz", "matrix"}));
}

BOOST_AUTO_TEST_CASE(settings_of_penalties) {
  const Var w = wave({2, 2});
  for (const double ratio : {-0.1, 1.1, std::nan("")}) {
    BOOST_TEST(throws<xg::ValueError>([&] { return xg::elastic_net(w, ratio); }, {"ElasticNet", "l1_ratio", "[0, 1]"}));
  }
  BOOST_TEST(throws<xg::ValueError>([&] { return loss::SpectralNorm{.iterations = 0}(w); },
                                    {"SpectralNorm", "iterations is 0", "between 1 and"}));
  BOOST_TEST(throws<xg::ValueError>([&] { return loss::Lipschitz{.iterations = -1}(w); },
                                    {"Lipschitz", "iterations is -1", "between 1 and"}));
}

BOOST_AUTO_TEST_CASE(power_iteration_finds_the_largest_singular_value) {
  const Var w = with_singular_values(3.0, 1.0);
  const Var u = xt::xarray<double>{std::cos(0.4), std::sin(0.4)};
  const Var v = xt::xarray<double>{std::cos(1.1), std::sin(1.1)};
  for (const bool second_order : {false, true}) {
    const loss::SpectralNorm norm{.second_order = second_order};
    const auto [value, gradient] = xg::value_and_grad(norm)(w);
    BOOST_TEST(near(value, Var(3.0)));
    BOOST_TEST(near(gradient, outer(u, v)));
  }
  // Of rotations, all vectors are singular vectors; of differences, the one that is orthogonal to (1, 1).
  BOOST_TEST(near(loss::SpectralNorm{}(with_singular_values(1.0, 1.0)), Var(1.0)));
  BOOST_TEST(near(loss::SpectralNorm{}(xt::xarray<double>{{1.0, -1.0}}), Var(std::sqrt(2.0))));
  // Never above the true value, and better with each iteration.
  double last = 0.0;
  for (const std::int64_t iterations : {1, 2, 4, 8, 16}) {
    const double found = loss::SpectralNorm{.iterations = iterations}(with_singular_values(1.0, 0.9)).item<double>();
    BOOST_TEST(found <= 1.0 + 1e-15);
    BOOST_TEST(found >= last);
    last = found;
  }
  BOOST_TEST(last > 0.99);
}

BOOST_AUTO_TEST_CASE(orthogonality_of_a_wide_matrix_is_that_of_its_transpose) {
  const Var w = wave({2, 5});
  BOOST_TEST(near(loss::Orthogonality{}(w), loss::Orthogonality{}(transpose(w))));
  // W^T W instead of W W^T would add 5 - 2.
  const Var gram = matmul(transpose(w), w) - xt::eye<double>(5);
  BOOST_TEST(near(loss::Orthogonality{}(w) + 3.0, sum(square(gram))));
}

BOOST_AUTO_TEST_CASE(entropy_of_what_is_no_distribution) {
  BOOST_TEST(throws<xg::ShapeError>([] { return loss::EntropyBonus{}(Var(1.0)); }, {"EntropyBonus", "[..., classes]"}));
  BOOST_TEST(throws<xg::TypeError>(
      [] {
        return loss::EntropyBonus{}(Var(xt::xarray<int>{1, 2}));
      },
      {"EntropyBonus", "int64", "floating-point"}));
}

BOOST_AUTO_TEST_CASE(training_through_a_gradient_penalty) {
  const Var x = wave({5, 3});
  for (const loss::GradientPenalty penalty :
       {loss::GradientPenalty{}, loss::GradientPenalty{.target = 0.0}, loss::GradientPenalty{.one_sided = true}}) {
    const auto objective = [&](const Linear& hidden, const Linear& out) {
      Critic model = critic();
      model.hidden = hidden;
      model.out = out;
      return mean(penalty(model, x)) + mean(model(x));
    };
    BOOST_TEST(xg::testing::check_gradients({.order = 1}, objective, critic().hidden, critic().out));
  }
}

BOOST_AUTO_TEST_CASE(gradient_penalties_with_a_tape_in_the_hand) {
  xg::Tape tape;
  const Var w = tape.leaf(xt::xarray<double>{3.0, 4.0});
  const Var x = tape.leaf(wave({2, 2}));
  const Var penalty = mean(loss::GradientPenalty{}([&](const Var& z) { return matmul(z, w); }, x));
  BOOST_TEST(tape.item<double>(penalty) == 16.0);  // (5 - 1)^2
  BOOST_TEST(near(tape.evaluate(std::vector{tape.gradient(penalty, w)})[0], xt::xarray<double>{4.8, 6.4}));
}

BOOST_AUTO_TEST_CASE(images_and_numbers_as_samples) {
  const auto brightness = [](const Var& images) { return sum(images, {1, 2, 3}); };
  const Var images = wave({3, 2, 2, 1});
  BOOST_TEST(near(loss::GradientPenalty{}(brightness, images), Var(xt::xarray<double>{1.0, 1.0, 1.0})));
  const Var numbers = xt::xarray<double>{1.0, -2.0};
  const auto squares = [](const Var& x) { return square(x); };
  BOOST_TEST(near(loss::GradientPenalty{.target = 0.0}(squares, numbers), Var(xt::xarray<double>{4.0, 16.0})));
  BOOST_TEST(near(loss::JacobianPenalty{}(squares, numbers), Var(xt::xarray<double>{4.0, 16.0})));
  BOOST_TEST(near(loss::JacobianPenalty{}(squares, images), sum(square(2.0 * images), {1, 2, 3})));
}

BOOST_AUTO_TEST_CASE(functions_that_give_no_score_for_each_sample) {
  const Var x = wave({4, 3});
  const auto row = [](const Var& z) { return sum(z, 0); };
  const auto number = [](const Var& z) { return sum(z); };
  const auto pairs = [](const Var& z) { return view(z, xt::all(), xt::range(0, 2)); };
  BOOST_TEST(
      throws<xg::ShapeError>([&] { return loss::GradientPenalty{}(row, x); }, {"GradientPenalty", "[3]", "[4, 3]"}));
  BOOST_TEST(throws<xg::ShapeError>([&] { return loss::GradientPenalty{}(number, x); }, {"GradientPenalty", "[]"}));
  BOOST_TEST(throws<xg::ShapeError>([&] { return loss::GradientPenalty{}(pairs, x); }, {"[4, 2]", "one score"}));
  BOOST_TEST(throws<xg::ShapeError>([&] { return loss::GradientPenalty{}(number, Var(1.0)); }, {"GradientPenalty"}));
  BOOST_TEST(throws<xg::ShapeError>([&] { return loss::JacobianPenalty{}(row, x); }, {"JacobianPenalty", "[3]"}));
  BOOST_TEST(throws<xg::ShapeError>([&] { return loss::JacobianPenalty{}(number, x); }, {"JacobianPenalty", "[]"}));
  BOOST_TEST(throws<xg::ValueError>(
      [&] { return loss::GradientPenalty{.target = -1.0}([](const Var& z) { return sum(z, 1); }, x); },
      {"GradientPenalty", "target is -1", "negative"}));
  for (const xg::Shape& shape : {xg::Shape{0, 4, 2}, xg::Shape{2, 3, 2}, xg::Shape{2, 4, 3}, xg::Shape{8}}) {
    const loss::JacobianPenalty penalty{.projections = wave(shape)};
    BOOST_TEST(throws<xg::ShapeError>([&] { return penalty(pairs, x); }, {"JacobianPenalty", "projections", "[4, 2]"}));
  }
}

BOOST_AUTO_TEST_CASE(projections_with_the_identity_as_covariance_are_exact) {
  // The rows of sqrt(2) I, once for each sample: their mean square is I.
  const Var x = wave({3, 4});
  const Critic model = critic(4, 2);
  const Var axes = std::sqrt(2.0) * broadcast_to(expand_dims(Var(xt::eye<double>(2)), 1), {2, 3, 2});
  BOOST_TEST(near(loss::JacobianPenalty{.projections = axes}(model, x), loss::JacobianPenalty{}(model, x)));
}

BOOST_AUTO_TEST_CASE(penalties_on_gradients_in_a_compiled_step) {
  const Var x = wave({4, 3});
  const auto objective = [](const Linear& layer, const Var& batch) {
    return mean(loss::GradientPenalty{}([&](const Var& z) { return sum(tanh(layer(z)), 1); }, batch)) +
           mean(loss::JacobianPenalty{}(layer, batch)) + xg::l2(layer);
  };
  const Linear layer{wave({3, 2}), wave({2})};
  const auto step =
      xg::compile([&](const Linear& l, const Var& batch) { return xg::value_and_grad(objective)(l, batch); });
  const auto [expected, gradient] = xg::value_and_grad(objective)(layer, x);
  for (int i = 0; i < 2; ++i) {
    const auto [value, found] = step(layer, x);
    BOOST_TEST(near(value, expected));
    BOOST_TEST(near(found.weight, gradient.weight));
  }
}

BOOST_AUTO_TEST_CASE(log_variances_settle_at_the_logarithms_of_the_losses) {
  loss::UncertaintyWeighting joined{.log_variances = xt::zeros<double>({2})};
  const auto objective = [](const loss::UncertaintyWeighting& l) { return l(Var(4.0), 0.5); };
  for (int i = 0; i < 2000; ++i) {
    const auto gradient = xg::grad(objective)(joined);
    joined.log_variances = joined.log_variances - 0.1 * gradient.log_variances;
  }
  BOOST_TEST(near(joined.log_variances, Var(xt::xarray<double>{std::log(4.0), std::log(0.5)}), 1e-9));
  BOOST_TEST(same(joined(Var(4.0), 0.5), joined(std::vector<Var>{4.0, 0.5})));
}

BOOST_AUTO_TEST_CASE(losses_that_do_not_join) {
  const loss::UncertaintyWeighting two{.log_variances = xt::zeros<double>({2})};
  BOOST_TEST(throws<xg::ShapeError>([&] { return two(1.0); }, {"UncertaintyWeighting", "[2]", "1 loss;"}));
  BOOST_TEST(throws<xg::ShapeError>([&] { return two(1.0, wave({3})); }, {"UncertaintyWeighting", "[3]", "mean"}));
  BOOST_TEST(
      throws<xg::ShapeError>([&] { return loss::UncertaintyWeighting{}(1.0); }, {"UncertaintyWeighting", "empty"}));
}

BOOST_AUTO_TEST_CASE(no_derivative_flows_to_the_teacher) {
  const Var labels = xt::xarray<int>{0, 2};
  const auto objective = [&](const Var& student, const Var& teacher) {
    return mean(loss::Distillation{}(student, teacher, labels));
  };
  const auto [student, teacher] = xg::grad<0, 1>(objective)(wave({2, 3}), wave({2, 3}, 1.0));
  BOOST_TEST(same(teacher, xg::zeros_like(teacher)));
  BOOST_TEST(norm(student).item<double>() > 0.1);
}

BOOST_AUTO_TEST_CASE(the_teachers_pull_hardly_depends_on_the_temperature) {
  const Var labels = xt::xarray<int>{0};
  const auto pull = [&](double temperature) {
    const loss::Distillation distillation{.temperature = temperature, .alpha = 1.0};
    return xg::grad([&](const Var& s) { return sum(distillation(s, wave({1, 3}, 1.0), labels)); })(wave({1, 3}));
  };
  // The limit of high temperatures: differences of centred logits over the number of classes.
  const Var difference = wave({1, 3}) - wave({1, 3}, 1.0);
  BOOST_TEST(near(pull(1e5), (difference - mean(difference)) / 3.0, 1e-4));
}

BOOST_AUTO_TEST_CASE(classes_that_are_ruled_out) {
  const double never = -std::numeric_limits<double>::infinity();
  const Var labels = xt::xarray<int>{0};
  const auto with = [&](const Var& teacher, const Var& student) {
    return xg::value_and_grad([&](const Var& s) { return sum(loss::Distillation{}(s, teacher, labels)); })(student);
  };
  const auto [two, gradient] = with(xt::xarray<double>{{0.5, 1.0}}, xt::xarray<double>{{0.3, -0.2}});
  const auto [three, longer] = with(xt::xarray<double>{{0.5, 1.0, never}}, xt::xarray<double>{{0.3, -0.2, never}});
  BOOST_TEST(near(three, two));
  BOOST_TEST(near(view(longer, xt::all(), xt::range(0, 2)), gradient));
  BOOST_TEST(longer.array<double>()(0, 2) == 0.0);
}

BOOST_AUTO_TEST_CASE(distillation_of_what_does_not_fit) {
  const Var student = wave({2, 3});
  const Var labels = xt::xarray<int>{0, 2};
  const loss::Distillation distil;
  BOOST_TEST(throws<xg::ShapeError>(
      [&] {
        return distil(student, wave({2, 4}), labels);
      },
      {"Distillation", "student", "teacher", "[2, 4]"}));
  BOOST_TEST(throws<xg::ShapeError>([&] { return distil(student, student, expand_dims(labels, 1)); },
                                    {"Distillation", "[2, 3]", "[2, 1]"}));
  BOOST_TEST(throws<xg::ShapeError>([&] { return distil(Var(1.0), Var(1.0), labels); }, {"Distillation", "[]"}));
  BOOST_TEST(
      throws<xg::TypeError>([&] { return distil(student, student, wave({2})); }, {"Distillation", "float64", "int64"}));
  for (const int label : {-1, 3}) {
    const Var bad = xt::xarray<int>{0, label};
    BOOST_TEST(throws<xg::ValueError>([&] { return distil(student, student, bad).array<double>(); },
                                      {"Distillation", "label " + std::to_string(label), "[0, 3)"}));
  }
  BOOST_TEST(throws<xg::ValueError>([&] { return loss::Distillation{.temperature = 0.0}(student, student, labels); },
                                    {"Distillation", "temperature is 0", "positive"}));
  BOOST_TEST(throws<xg::ValueError>([&] { return loss::Distillation{.alpha = 1.5}(student, student, labels); },
                                    {"Distillation", "alpha is 1.5", "[0, 1]"}));
  // Unchecked, -1 counts from the end as in take_along_axis.
  const loss::Distillation trusting{.check_targets = false};
  BOOST_TEST(same(trusting(student, student, Var(xt::xarray<int>{0, -1})), distil(student, student, labels)));
}

BOOST_AUTO_TEST_SUITE_END()
