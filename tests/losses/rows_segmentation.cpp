#include "loss_table.hpp"

#include <xgrad/loss/segmentation.hpp>

#include "segmentation_reference.hpp"

namespace xgrad::testing {
namespace {

using namespace segmentation;

/// Probabilities, none twice.
Var probabilities(const Shape& shape, std::uint64_t seed) {
  Random random(seed);
  return sigmoid(0.5 * random.distinct(shape));
}

Var fractions(const Shape& shape, std::uint64_t seed) { return Random(seed).uniform(shape, 0.05, 0.95); }

/// float32 predictions and targets that are all 0, all 1, right, wrong, one pixel, no sample, no pixel.
std::vector<Case> extreme_masks() {
  const Var none = floats({1, 4}, {0, 0, 0, 0});
  const Var all = floats({1, 4}, {1, 1, 1, 1});
  const Var half = floats({1, 4}, {1, 0, 1, 0});
  const Var soft = floats({1, 4}, {0.5F, 1e-30F, 0.25F, 1});
  return {{none, none},
          {all, all},
          {all, none},
          {none, all},
          {half, half},
          {1.0F - half, half},
          {soft, half},
          {soft, none},
          {floats({2, 1}, {0, 1}), floats({2, 1}, {1, 1})},
          {floats({0, 3}, {}), floats({0, 3}, {})},
          {floats({2, 0}, {}), floats({2, 0}, {})}};
}

/// The same with an axis of one class, and two classes of which one is not there.
std::vector<Case> extreme_classes() {
  std::vector<Case> cases;
  for (const Case& masks : extreme_masks()) cases.push_back({expand_dims(masks[0], 1), expand_dims(masks[1], 1)});
  const Var target = floats({1, 2, 3}, {1, 1, 1, 0, 0, 0});
  cases.push_back({target, target});
  cases.push_back({1.0F - target, target});
  cases.push_back({floats({1, 2, 3}, {0.5F, 0.5F, 0.5F, 0.5F, 0.5F, 0.5F}), target});
  return cases;
}

void append_overlap(LossRows& rows) {
  const Case images{fractions({3, 2, 4}, 1), fractions({3, 2, 4}, 2)};
  const Var none = doubles({1, 2}, {0, 0});
  const Var right = doubles({2, 2}, {1, 0, 1, 1});
  const Known no_sample{.arguments = {doubles({0, 3}, {}), doubles({0, 3}, {})}, .values = {}};
  const Known no_pixel{.arguments = {doubles({2, 0}, {}), doubles({2, 0}, {})}, .values = {0, 0}};
  const Known perfect{.arguments = {right, labels({2, 2}, {1, 0, 1, 1})}, .values = {0, 0}};

  rows.push_back({.name = "Dice",
                  .function = call(loss::Dice{}),
                  .smooth = {images, {fractions({4, 1}, 3), fractions({4, 1}, 4)}},
                  .reference = for_each_mask(1, dice(1)),
                  .known = {no_sample,
                            no_pixel,
                            perfect,
                            // 1 - (2 * 0.5 + 1) / (1.5 + 1 + 1)
                            {.arguments = {doubles({1, 2}, {0.5, 1}), labels({1, 2}, {1, 0})},
                             .values = {3.0 / 7.0},
                             .gradients = {{-2 / 3.5 + 2 / 12.25, 2 / 12.25}}},
                            {.arguments = {none, labels({1, 2}, {0, 0})}, .values = {0}, .gradients = {{1, 1}}}},
                  .extreme = extreme_masks()});
  rows.push_back({.name = "Dice.not_smooth",
                  .function = call(loss::Dice{.smooth = 0.0}),
                  .smooth = {images},
                  .reference = for_each_mask(1, dice(0)),
                  .known = {no_sample, no_pixel, {{none, none}, {0}, {{0, 0}, {0, 0}}}},
                  .extreme = extreme_masks()});
  rows.push_back({.name = "Dice.squared",
                  .function = call(loss::Dice{.smooth = 0.5, .squared = true}),
                  .smooth = {images},
                  .reference = for_each_mask(1,
                                             [](const Values& p, const Values& t) {
                                               return 1 - (2 * inner(p, t) + 0.5L) / (inner(p, p) + inner(t, t) + 0.5L);
                                             }),
                  .known = {{.arguments = {doubles({1, 2}, {0.3, 0.6}), doubles({1, 2}, {0.3, 0.6})},
                             .values = {0},
                             .gradients = {{0, 0}, {0, 0}}}},
                  .extreme = extreme_masks()});
  rows.push_back({.name = "Dice.classes",
                  .function = call(loss::Dice{.first_axis = 2}),
                  .smooth = {{fractions({2, 3, 2, 2}, 5), fractions({2, 3, 2, 2}, 6)}},
                  .reference = for_each_mask(2, dice(1))});
  rows.push_back({.name = "Dice.last_axis",
                  .function = call(loss::Dice{.first_axis = -1}),
                  .smooth = {images},
                  .reference = for_each_mask(2, dice(1))});
  rows.push_back({.name = "Dice.batch",
                  .function = call(loss::Dice{.first_axis = 0}),
                  .smooth = {images, {fractions({5}, 7), fractions({5}, 8)}},
                  .reference = for_each_mask(0, dice(1))});
  rows.push_back({.name = "Dice.transposed",
                  .function = [](const Case& x) { return loss::Dice{}(transpose(x[0]), transpose(x[1])); },
                  .smooth = {images},
                  .reference =
                      [](const Masks& x) {
                        // Mask k of the transpose has all elements whose last index is k.
                        Values result;
                        for (std::size_t k = 0; k < x[0].shape[2]; ++k) {
                          Values p;
                          Values t;
                          for (std::size_t i = k; i < x[0].at.size(); i += x[0].shape[2]) {
                            p.push_back(x[0](i));
                            t.push_back(x[1](i));
                          }
                          result.push_back(dice(1)(p, t));
                        }
                        return result;
                      }});
  rows.push_back({.name = "Tversky",
                  .function = call(loss::Tversky{.alpha = 0.2, .beta = 0.9}),
                  .smooth = {images},
                  .reference = for_each_mask(1, tversky(0.2L, 0.9L, 1, 1)),
                  .known = {no_sample,
                            no_pixel,
                            perfect,
                            // TP 0.5, FP 1, FN 0.5: 1 - 1.5 / (0.5 + 0.2 + 0.45 + 1)
                            {{doubles({1, 2}, {0.5, 1}), labels({1, 2}, {1, 0})}, {1 - 1.5 / 2.15}}},
                  .extreme = extreme_masks()});
  rows.push_back({.name = "Tversky.only_misses",
                  .function = call(loss::Tversky{.alpha = 0.0, .beta = 1.0, .smooth = 0.0}),
                  .smooth = {images},
                  .reference = for_each_mask(1, tversky(0, 1, 0, 1)),
                  .extreme = extreme_masks()});
  rows.push_back({.name = "FocalTversky",
                  .function = call(loss::FocalTversky{}),
                  .smooth = {images},
                  .reference = for_each_mask(1, tversky(0.3L, 0.7L, 1, 4.0L / 3)),
                  .known = {no_sample, no_pixel, perfect, {{none, none}, {0}, {{0, 0}, {0, 0}}}},
                  .extreme = extreme_masks()});
  rows.push_back({.name = "FocalTversky.settings",
                  .function = call(loss::FocalTversky{.alpha = 0.6, .beta = 0.4, .gamma = 0.5, .smooth = 0.0}),
                  .smooth = {images},
                  .reference = for_each_mask(1, tversky(0.6L, 0.4L, 0, 0.5L)),
                  .extreme = extreme_masks()});
  rows.push_back({.name = "Jaccard",
                  .function = call(loss::Jaccard{}),
                  .smooth = {images},
                  .reference = for_each_mask(1,
                                             [](const Values& p, const Values& t) {
                                               const long double both = inner(p, t);
                                               return 1 - (both + 1) / (total(p) + total(t) - both + 1);
                                             }),
                  .known = {no_sample, no_pixel, perfect, {{none, none}, {0}}},
                  .extreme = extreme_masks()});
  rows.push_back({.name = "Jaccard.not_smooth",
                  .function = call(loss::Jaccard{.smooth = 0.0}),
                  .smooth = {images},
                  .reference = for_each_mask(1, tversky(1, 1, 0, 1)),
                  .known = {no_sample, no_pixel, {{none, none}, {0}, {{0, 0}, {0, 0}}}},
                  .extreme = extreme_masks()});
}

void append_generalized_dice(LossRows& rows) {
  const Case images{fractions({2, 3, 4}, 11), fractions({2, 3, 4}, 12)};
  // The second class of the second image is not there.
  const Var target = labels({2, 3, 4}, {1, 0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 1, 1, 1, 0, 1, 0, 0, 0, 0, 0, 0, 1, 0});
  rows.push_back({.name = "GeneralizedDice",
                  .function = call(loss::GeneralizedDice{}),
                  .smooth = {images},
                  .reference = generalized_dice(0),
                  .known = {{{doubles({0, 2, 3}, {}), doubles({0, 2, 3}, {})}, {}},
                            {{doubles({1, 2, 0}, {}), doubles({1, 2, 0}, {})}, {0}},
                            {{doubles({1, 2, 1}, {0, 0}), doubles({1, 2, 1}, {0, 0})}, {0}, {{0, 0}, {0, 0}}},
                            // Volumes 1 and 2, so weights 1 and 1/4: 1 - 2 (0.5 + 1/4) / (1.5 + 1/4 * 3.5)
                            {{doubles({1, 2, 3}, {0.5, 0, 0, 0.5, 0.5, 0.5}), labels({1, 2, 3}, {1, 0, 0, 0, 1, 1})},
                             {1 - 2 * 0.75 / (1.5 + 0.875)}},
                            {{cast(target, DType::Float64), target}, {0, 0}}},
                  .extreme = extreme_classes()});
  rows.push_back({.name = "GeneralizedDice.absent",
                  .function = [=](const Case& x) { return loss::GeneralizedDice{.smooth = 0.3}(x[0], target); },
                  .smooth = {{fractions({2, 3, 4}, 13)}},
                  .reference = with_target(generalized_dice(0.3L), target)});
  rows.push_back({.name = "GeneralizedDice.image",
                  .function =
                      [](const Case& x) {
                        return stack({loss::GeneralizedDice{.first_axis = 1}(view(x[0], 0), view(x[1], 0)),
                                      loss::GeneralizedDice{.first_axis = -1}(view(x[0], 1), view(x[1], 1))});
                      },
                  .smooth = {images},
                  .reference = generalized_dice(0)});
}

void append_lovasz(LossRows& rows) {
  const Var target = labels({2, 5}, {1, 0, 0, 1, 0, 0, 0, 0, 0, 0});
  Random random(20);
  rows.push_back(
      {.name = "LovaszHinge",
       .function = [=](const Case& x) { return loss::LovaszHinge{}(x[0], x.size() == 1 ? target : x[1]); },
       .smooth = {{random.distinct({2, 5})}},
       .reference = with_target(for_each_mask(1, lovasz_hinge), target),
       .known = {{{doubles({0, 3}, {}), labels({0, 3}, {})}, {}},
                 {{doubles({2, 0}, {}), labels({2, 0}, {})}, {0, 0}},
                 {{doubles({1, 2}, {3, -2}), labels({1, 2}, {1, 0})}, {0}, {{0, 0}}},
                 // Errors 1.5, 0.5 and 2, in the order 2, 0, 1: three steps of 1/3.
                 {{doubles({1, 3}, {-0.5, 0.5, 1}), labels({1, 3}, {1, 1, 0})},
                  {2 * (1.0 / 3) + 1.5 * (1.0 / 3) + 0.5 * (1.0 / 3)},
                  {{-1.0 / 3, -1.0 / 3, 1.0 / 3}}},
                 // One pixel: the hinge loss. At the margin the derivative is 0.
                 {{doubles({3, 1}, {0.25, 0.25, 1}), labels({3, 1}, {1, 0, 1})}, {0.75, 1.25, 0}, {{-1, 1, 0}}},
                 // Nothing there: the largest error.
                 {{doubles({1, 3}, {-0.5, 0.5, 0}), labels({1, 3}, {0, 0, 0})}, {1.5}, {{0, 1, 0}}}},
       .extreme = {{floats({1, 4}, {1e4F, -1e4F, 1e4F, -1e4F}), floats({1, 4}, {1, 1, 0, 0})},
                   {floats({1, 4}, {0, 0, 0, 0}), floats({1, 4}, {0, 0, 0, 0})},
                   {floats({1, 4}, {1e4F, 1e4F, 1, -1e4F}), floats({1, 4}, {1, 1, 1, 1})},
                   {floats({1, 1}, {2}), floats({1, 1}, {0})},
                   {floats({0, 2}, {}), floats({0, 2}, {})},
                   {floats({2, 0}, {}), floats({2, 0}, {})}}});
  const Var pairs = labels({2, 2, 3}, {1, 0, 0, 1, 0, 1, 1, 1, 1, 0, 0, 1});
  for (const std::ptrdiff_t axis : {0, 1, 2}) {
    rows.push_back({.name = "LovaszHinge.axis" + std::to_string(axis),
                    .function = [=](const Case& x) { return loss::LovaszHinge{.first_axis = axis}(x[0], pairs); },
                    .smooth = {{random.distinct({2, 2, 3})}},
                    .reference = with_target(for_each_mask(static_cast<std::size_t>(axis), lovasz_hinge), pairs)});
  }

  const Var y = labels({2, 4}, {0, 2, 0, 0, 1, 1, 1, 1});
  const Var picture = labels({2, 2, 2}, {0, 2, 0, 0, 1, 1, 1, 1});
  const Case p{probabilities({2, 3, 4}, 21)};
  rows.push_back({.name = "LovaszSoftmax",
                  .function = [=](const Case& x) { return loss::LovaszSoftmax{}(x[0], x.size() == 1 ? y : x[1]); },
                  .smooth = {p},
                  .reference = with_target(lovasz_softmax(true), y),
                  .known = {{{doubles({0, 2, 3}, {}), labels({0, 3}, {})}, {}},
                            {{doubles({1, 2, 0}, {}), labels({1, 0}, {})}, {0}},
                            {{doubles({1, 2, 2}, {1, 0, 0, 1}), labels({1, 2}, {0, 1})}, {0}},
                            {{doubles({1, 2, 2}, {0, 1, 1, 0}), labels({1, 2}, {0, 1})}, {1}},
                            // One pixel of class 1, the only class there.
                            {{doubles({1, 2, 1}, {0.75, 0.25}), labels({1, 1}, {1})}, {0.75}, {{0, -1}}},
                            {{doubles({1, 2}, {0.75, 0.25}), labels({1}, {1})}, {0.75}, {{0, -1}}}},
                  .extreme = {{floats({1, 2, 3}, {1, 0, 1, 0, 1, 0}), labels({1, 3}, {0, 1, 0})},
                              {floats({1, 2, 3}, {1, 1, 1, 0, 0, 0}), labels({1, 3}, {1, 1, 1})},
                              {floats({2, 1, 2}, {1, 1, 1, 1}), labels({2, 2}, {0, 0, 0, 0})},
                              {floats({0, 2, 2}, {}), labels({0, 2}, {})},
                              {floats({1, 2, 0}, {}), labels({1, 0}, {})}}});
  rows.push_back({.name = "LovaszSoftmax.all_classes",
                  .function = [=](const Case& x) { return loss::LovaszSoftmax{.only_present = false}(x[0], y); },
                  .smooth = {p},
                  .reference = with_target(lovasz_softmax(false), y),
                  .known = {{{doubles({2, 3, 4}, std::vector<double>(24, 0.0))}, {2.0 / 3, 1.0 / 3}}}});
  rows.push_back({.name = "LovaszSoftmax.pictures",
                  .function =
                      [=](const Case& x) {
                        return loss::LovaszSoftmax{}(reshape(x[0], {2, 3, 2, 2}), picture);
                      },
                  .smooth = {p},
                  .reference = with_target(lovasz_softmax(true), y)});
  rows.push_back({.name = "LovaszSoftmax.batch",
                  .function = [=](const Case& x) { return loss::LovaszSoftmax{.per_image = false}(x[0], y); },
                  .smooth = {p},
                  .reference =
                      [=](const Masks& x) {
                        // One image, with the pixels of both.
                        Numbers joined{{1, 3, 8}, {}};
                        for (std::size_t c = 0; c < 3; ++c) {
                          for (std::size_t n = 0; n < 2; ++n) {
                            for (std::size_t i = 0; i < 4; ++i) joined.at.push_back(x[0](n, c, i));
                          }
                        }
                        return with_target(lovasz_softmax(true), y)({joined});
                      }});
}

void append_boundary(LossRows& rows) {
  rows.push_back(
      {.name = "Boundary",
       .function = call(loss::Boundary{}),
       .smooth = {{fractions({3, 2, 4}, 30), Random(31).uniform({3, 2, 4}, -3, 3)}},
       .reference = for_each_mask(
           1, [](const Values& p, const Values& d) { return inner(p, d) / static_cast<long double>(p.size()); }),
       .known = {{{doubles({0, 2}, {}), doubles({0, 2}, {})}, {}},
                 {{doubles({2, 0}, {}), doubles({2, 0}, {})}, {0, 0}},
                 {{doubles({1, 2}, {0.5, 1}), labels({1, 2}, {-1, 2})}, {0.75}, {{-0.5, 1}}}},
       .extreme = {{floats({1, 2}, {0, 1}), floats({1, 2}, {-1e4F, 1e4F})},
                   {floats({1, 1}, {1}), floats({1, 1}, {0})}}});
  rows.push_back({.name = "Boundary.classes",
                  .function = call(loss::Boundary{.first_axis = 2}),
                  .smooth = {{fractions({3, 2, 4}, 32), Random(33).uniform({3, 2, 4}, -3, 3)}},
                  .reference = for_each_mask(2, [](const Values& p, const Values& d) {
                    return inner(p, d) / static_cast<long double>(p.size());
                  })});
}

}  // namespace

void append_segmentation(LossRows& rows) {
  append_overlap(rows);
  append_generalized_dice(rows);
  append_lovasz(rows);
  append_boundary(rows);
}

}  // namespace xgrad::testing
