// Hand tracking with xgrad.
#include "hand.hpp"

#include "rotation.hpp"

namespace bench_evals {

Hand make_hand() {
  Source source(37);
  Hand hand;
  hand.parents = {-1, 0};
  hand.places.assign(Hand::bones * 3, 0);
  std::int64_t angle = 1;
  for (std::int64_t finger = 0; finger < 5; ++finger) {
    for (std::int64_t joint = 0; joint < 4; ++joint) {
      const auto bone = static_cast<std::size_t>(2 + 4 * finger + joint);
      hand.parents.push_back(joint == 0 ? 1 : static_cast<std::int64_t>(bone) - 1);
      if (joint < 3) hand.places[bone * 3] = angle++;
      if (joint == 0) hand.places[bone * 3 + 1] = angle++;
    }
  }
  for (std::size_t bone = 0; bone < Hand::bones; ++bone) {
    for (Numbers* matrices : {&hand.relatives, &hand.inverse_absolutes}) {
      for (std::size_t i = 0; i < 16; ++i)
        matrices->push_back((i % 5 == 0 ? 1.0 : 0.0) + (i < 12 ? 0.2 * source.normal() : 0.0));
    }
  }
  hand.vertices_at_rest = source.normals(Hand::vertices * 4);
  for (std::size_t i = 0; i < Hand::vertices; ++i) hand.vertices_at_rest[4 * i + 3] = 1.0;
  hand.weights = source.uniforms(Hand::bones * Hand::vertices, 0.0, 2.0 / Hand::bones);
  for (std::size_t i = 0; i < 3 * Hand::points; ++i)
    hand.triangles.push_back(static_cast<std::int64_t>(source.below(Hand::vertices)));
  hand.measured = source.normals(Hand::points * 3);
  hand.theta = source.normals(Hand::parameters, 0.3);
  hand.us = source.uniforms(Hand::points * 2, 0.0, 0.5);
  return hand;
}

namespace {

struct Model {
  Var places, relatives, inverse_absolutes, vertices, weights, triangles, measured;
};
XGRAD_FIELDS(Model, places, relatives, inverse_absolutes, vertices, weights, triangles, measured)

struct HandAndModel {
  Hand hand = make_hand();
  Model model{Var(reshape(Var(hand.places), {Hand::bones, 3})),
              var(hand.relatives, {Hand::bones, 4, 4}),
              var(hand.inverse_absolutes, {Hand::bones, 4, 4}),
              var(hand.vertices_at_rest, {Hand::vertices, 4}),
              var(hand.weights, {Hand::bones, Hand::vertices}),
              reshape(Var(hand.triangles), {Hand::points, 3}),
              var(hand.measured, {Hand::points, 3})};
};

Var rows(std::initializer_list<Var> elements) { return reshape(xg::stack(elements, -1), {-1, 3, 3}); }

/// Rotations of all bones, [bones, 4, 4].
Var turns(const Var& theta, const Var& places) {
  const Var angles = take(xg::concatenate({Var(Numbers{0.0}), view(theta, xt::range(6, Hand::parameters))}), places, 0);
  const Var c = cos(angles);
  const Var s = sin(angles);
  const auto column = [](const Var& x, std::size_t i) { return view(x, xt::all(), i); };
  const Var zero = zeros_like(column(c, 0));
  const Var one = ones_like(zero);
  const Var x = rows({one, zero, zero, zero, column(c, 0), -column(s, 0), zero, column(s, 0), column(c, 0)});
  const Var z = rows({column(c, 1), -column(s, 1), zero, column(s, 1), column(c, 1), zero, zero, zero, one});
  const Var y = rows({column(c, 2), zero, column(s, 2), zero, one, zero, -column(s, 2), zero, column(c, 2)});
  const Var turn = matmul(z, matmul(y, x));
  const Var corner = Var(Numbers{0.0, 0.0, 0.0, 1.0});
  const Var wide = xg::concatenate({turn, Var(xt::zeros<double>({Hand::bones, std::size_t{3}, std::size_t{1}}))}, 2);
  return xg::concatenate({wide, broadcast_to(corner, {Hand::bones, 1, 4})}, 1);
}

/// Where the vertices are, [vertices, 3].
Var posed(const Var& theta, const Model& model, const std::vector<std::int64_t>& parents) {
  const Var relatives = matmul(model.relatives, turns(theta, model.places));
  std::vector<Var> absolutes;
  for (std::size_t bone = 0; bone < Hand::bones; ++bone) {
    const Var relative = view(relatives, bone);
    absolutes.push_back(parents[bone] < 0 ? relative
                                          : matmul(absolutes[static_cast<std::size_t>(parents[bone])], relative));
  }
  const Var transforms = matmul(xg::stack(absolutes), model.inverse_absolutes);
  const Var of_bones = matmul(model.vertices, swapaxes(view(transforms, xt::all(), xt::range(0, 3)), 1, 2));
  const Var skinned = sum(view(model.weights, xt::all(), xt::all(), xt::newaxis()) * of_bones, 0);
  const auto turned = [&](const Var& x) { return rotated(view(theta, xt::range(0, 3)), x); };
  return xg::vmap(turned)(skinned) + view(theta, xt::range(3, 6));
}

Var simple(const Var& theta, const Model& model, const std::vector<std::int64_t>& parents) {
  return model.measured - take(posed(theta, model, parents), view(model.triangles, xt::all(), 0), 0);
}

Var complicated(const Var& theta, const Var& us, const Model& model, const std::vector<std::int64_t>& parents) {
  const Var corners = take(posed(theta, model, parents), model.triangles, 0);  // [points, 3 corners, 3]
  const Var u = view(us, xt::all(), xt::range(0, 1));
  const Var v = view(us, xt::all(), xt::range(1, 2));
  const auto corner = [&](std::size_t i) { return view(corners, xt::all(), i); };
  return model.measured - (u * corner(0) + v * corner(1) + (1.0 - u - v) * corner(2));
}

using Derivatives = std::tuple<Var, Var>;

Sides simple_sides(bool all_bones) {
  const HandAndModel data;
  const auto program = [parents = data.hand.parents](const Var& theta, const Model& model) {
    const auto f = [&](const Var& t) { return simple(t, model, parents); };
    return Derivatives{f(theta), xg::jacobian(f)(theta)};
  };
  return {with_xgrad(xg::compile(program), Var(data.hand.theta), data.model),
          by_hand(Hand::points * 3 * (1 + Hand::parameters) - 1, [=, hand = data.hand](Numbers& result) {
            hand_by_hand(hand, {false, all_bones}, result);
          })};
}

/// A residual depends on two of the coordinates alone: two directions give the derivatives of all points by these.
Sides complicated_sides(bool all_bones) {
  const HandAndModel data;
  const auto program = [parents = data.hand.parents](const Var& theta, const Var& us, const Model& model) {
    const Var by_theta = xg::jacobian([&](const Var& t) { return complicated(t, us, model, parents); })(theta);
    const auto of_us = [&](const Var& u) { return complicated(theta, u, model, parents); };
    const auto along = [&](double first, double second) {
      return xg::jvp(of_us, us, broadcast_to(Var(Numbers{first, second}), us.shape()));
    };
    const auto first = along(1.0, 0.0);
    return std::tuple<Var, Var, Var>{first.value, by_theta, xg::stack({first.tangent, along(0.0, 1.0).tangent}, -1)};
  };
  return {with_xgrad(xg::compile(program), Var(data.hand.theta), var(data.hand.us, {Hand::points, 2}), data.model),
          by_hand(Hand::points * 3 * (1 + Hand::parameters + 2) - 1, [=, hand = data.hand](Numbers& result) {
            hand_by_hand(hand, {true, all_bones}, result);
          })};
}

}  // namespace

Contests hand() {
  const char* size = "22 bones, 544 vertices, 1000 points";
  Contests all;
  for (const bool all_bones : {false, true}) {
    const char* beside = all_bones ? "by hand, all bones" : "by hand, along fingers";
    const std::string end = all_bones ? "_all_bones" : "";
    all.push_back({"hand_simple" + end, size, beside, at_least(1.0), [=] { return simple_sides(all_bones); }});
    all.push_back(
        {"hand_complicated" + end, size, beside, at_least(1.0), [=] { return complicated_sides(all_bones); }});
  }
  return all;
}

}  // namespace bench_evals
