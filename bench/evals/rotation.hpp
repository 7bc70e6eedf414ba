// Rotations by a vector, whose direction is the axis and whose length is the angle: with xgrad, and by hand with
// derivatives.
#pragma once

#include <array>
#include <cmath>

#include <xgrad/xgrad.hpp>

namespace bench_evals {

inline xgrad::Var rotated(const xgrad::Var& rotation, const xgrad::Var& x) {
  using xgrad::Var;
  const Var angle = norm(rotation);
  const Var axis = rotation / angle;
  const Var cosine = cos(angle);
  return x * cosine + cross(axis, x) * sin(angle) + axis * (dot(axis, x) * (1.0 - cosine));
}

using Vector = std::array<double, 3>;

inline Vector cross_product(const Vector& a, const Vector& b) {
  return {a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]};
}
inline double dot_product(const Vector& a, const Vector& b) { return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]; }

/// R x, with its derivatives by x, which is R, and by the rotation vector.
struct Rotation {
  Vector value;
  std::array<Vector, 3> by_x, by_rotation;  // columns
};

/// What is the same for all x.
struct Turn {
  Vector axis;
  double angle, c, s;

  explicit Turn(const double* rotation)
      : angle(std::sqrt(rotation[0] * rotation[0] + rotation[1] * rotation[1] + rotation[2] * rotation[2])),
        c(std::cos(angle)),
        s(std::sin(angle)) {
    for (std::size_t i = 0; i < 3; ++i) axis[i] = rotation[i] / angle;
  }
};

inline Rotation rotate(const Turn& turn, const Vector& x) {
  Rotation result;
  const auto& [axis, angle, c, s] = turn;
  const Vector side = cross_product(axis, x);
  const double ahead = dot_product(axis, x);
  for (std::size_t i = 0; i < 3; ++i) {
    result.value[i] = x[i] * c + side[i] * s + axis[i] * ahead * (1.0 - c);
    Vector unit{};
    unit[i] = 1.0;
    const Vector turned = cross_product(axis, unit);
    for (std::size_t j = 0; j < 3; ++j) result.by_x[i][j] = unit[j] * c + turned[j] * s + axis[j] * axis[i] * (1.0 - c);
    Vector d_axis;  // by element i of the rotation vector; the angle's derivative by it is axis[i]
    for (std::size_t j = 0; j < 3; ++j) d_axis[j] = (unit[j] - axis[j] * axis[i]) / angle;
    const Vector d_side = cross_product(d_axis, x);
    const double d_ahead = dot_product(d_axis, x);
    for (std::size_t j = 0; j < 3; ++j) {
      result.by_rotation[i][j] = axis[i] * (side[j] * c - x[j] * s + axis[j] * ahead * s) + d_side[j] * s +
                                 (d_axis[j] * ahead + axis[j] * d_ahead) * (1.0 - c);
    }
  }
  return result;
}

}  // namespace bench_evals
