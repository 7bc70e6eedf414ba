#include "loss_table.hpp"

#include <xgrad/loss/box.hpp>

#include "box_reference.hpp"

namespace xgrad::testing {
namespace {

Reference for_each_box(long double (*f)(const boxes::Box&, const boxes::Box&)) {
  return [f](const std::vector<Numbers>& x) {
    const auto box = [](const Numbers& all, std::size_t i) {
      return boxes::Box{all(i), all(i + 1), all(i + 2), all(i + 3)};
    };
    std::vector<long double> result;
    for (std::size_t i = 0; i < x[0].at.size(); i += 4) result.push_back(f(box(x[0], i), box(x[1], i)));
    return result;
  };
}

/// Boxes that overlap, lie apart along one axis and along both, and in each other; no two edges are close.
Case pairs() {
  return {doubles({2, 3, 4}, {0, 0,   2,   1,  //
                              0, 0.5, 1.5, 2,  //
                              0, 0,   1,   1,  //
                              1, 1,   2,   4,  //
                              0, 0,   3,   4,  //
                              3, 1,   6,   2}),
          doubles({2, 3, 4}, {0.5,  0.3, 3,   2.2,  //
                              2,    0.2, 4,   1,    //
                              1.5,  2,   2.6, 3,    //
                              -0.5, 0,   5,   6,    //
                              0.5,  1,   2,   1.9,  //
                              -1,   -2,  5,   8})};
}

/// One ratio of sides, so that the alpha of Ciou, which counts as a constant, is 0 like its derivatives.
Case similar_pairs() {
  return {doubles({3, 4}, {0, 0, 2, 1, 0, 0, 2, 3, 1, 1, 2, 2}),
          doubles({3, 4}, {1, 0.25, 5, 2.25, 0.5, 0.5, 1.5, 2, 4, 0.6, 5.5, 2.1})};
}

/// float32: boxes that are the same, points, lines, far apart, large, none.
std::vector<Case> extreme_boxes() {
  const Shape one{1, 4};
  const Var unit = floats(one, {0, 0, 1, 1});
  const Var point = floats(one, {0, 0, 0, 0});
  const Var other = floats(one, {3, 2, 3, 2});
  const Var line = floats(one, {0, 0, 2, 0});
  const Var upright = floats(one, {1, -1, 1, 4});
  const Var large = floats(one, {-1e4F, -1e4F, 1e4F, 1e4F});
  const Var far = floats(one, {1e4F, 1e4F, 1e4F + 1, 1e4F + 1});
  std::vector<Case> cases{{floats({0, 4}, {}), floats({0, 4}, {})}};
  for (const Var& p : {unit, point, other, line, upright, large, far}) {
    for (const Var& t : {unit, point, other, line, upright, large, far}) cases.push_back({p, t});
  }
  return cases;
}

template <class L>
LossRow row(const Reference& reference, const std::vector<Case>& smooth, double crossed, double apart, double points,
            double inside) {
  const std::vector<double> zeros(4, 0.0);
  const Var square = doubles({1, 4}, {0, 0, 2, 2});
  return {.name = std::string(L::name),
          .function = call(L{}),
          .smooth = smooth,
          .reference = reference,
          .known = {{{square, square}, {0}, {zeros, zeros}},
                    {{doubles({4}, {0, 0, 2, 2}), labels({4}, {0, 0, 2, 2})}, {0}, {zeros}},
                    {{doubles({0, 4}, {}), doubles({0, 4}, {})}, {}},
                    // Squares of side 2 that share a quarter.
                    {{square, doubles({1, 4}, {1, 1, 3, 3})}, {crossed}},
                    // Squares of side 1 at the opposite corners of one of side 4.
                    {{doubles({1, 4}, {0, 0, 1, 1}), doubles({1, 4}, {3, 3, 4, 4})}, {apart}},
                    // Points with the same place have no IoU and no derivatives; with different places:
                    {{doubles({4}, zeros), doubles({4}, zeros)}, {1}, {zeros, zeros}},
                    {{doubles({4}, {0, 0, 0, 0}), doubles({4}, {1, 1, 1, 1})}, {points}},
                    // A square in the middle of a larger one.
                    {{doubles({4}, {1, 1, 3, 3}), doubles({4}, {0, 0, 4, 4})}, {inside}}},
          .extreme = extreme_boxes()};
}

}  // namespace

void append_box(LossRows& rows) {
  const Reference giou = for_each_box(boxes::giou);
  const Reference diou = for_each_box(boxes::diou);
  const Reference ciou = for_each_box(boxes::ciou);
  rows.push_back(row<loss::Giou>(giou, {pairs(), similar_pairs()}, 1 - 1.0 / 7 + 2.0 / 9, 1 + 14.0 / 16, 2, 0.75));
  rows.push_back(row<loss::Diou>(diou, {pairs(), similar_pairs()}, 1 - 1.0 / 7 + 1.0 / 9, 1 + 9.0 / 16, 2, 0.75));
  rows.push_back(row<loss::Ciou>(ciou, {similar_pairs()}, 1 - 1.0 / 7 + 1.0 / 9, 1 + 9.0 / 16, 2, 0.75));

  std::vector<double> values;
  const Case at = pairs();
  std::vector<Numbers> numbers;
  for (const Var& x : at) {
    const Array<double>& array = x.array<double>();
    numbers.push_back({x.shape(), {array.begin(), array.end()}});
  }
  for (const long double value : ciou(numbers)) values.push_back(static_cast<double>(value));
  rows.push_back({.name = "Ciou.aspects",
                  .function = call(loss::Ciou{}),
                  .smooth = {similar_pairs()},
                  .reference = ciou,
                  .known = {{at, values}}});
  rows.push_back({.name = "Giou.transposed",
                  .function = [](const Case& x) { return loss::Giou{}(transpose(x[0]), transpose(x[1])); },
                  .smooth = {{transpose(similar_pairs()[0]), transpose(similar_pairs()[1])}},
                  .reference =
                      [giou](const std::vector<Numbers>&) {
                        std::vector<Numbers> plain;
                        for (const Var& x : similar_pairs()) {
                          const Array<double>& array = x.array<double>();
                          plain.push_back({x.shape(), {array.begin(), array.end()}});
                        }
                        return giou(plain);
                      }});
}

}  // namespace xgrad::testing
