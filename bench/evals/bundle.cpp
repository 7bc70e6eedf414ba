// The Jacobian of bundle adjustment: each of p observations of a point by a camera has two residuals, which depend on
// the 11 parameters of the camera (rotation, centre, focal length, principal point, distortion), on the 3 of the point
// and on a weight; the weight has a residual of its own, 1 - w^2.
#include <array>

#include "contest.hpp"
#include "rotation.hpp"

namespace bench_evals {
namespace {

constexpr std::size_t cameras = 49;
constexpr std::size_t points = 7776;
constexpr std::size_t observations = 31843;
constexpr std::size_t parameters_of_camera = 11;

struct Scene {
  Numbers cameras, points, weights, seen;
  std::vector<std::int64_t> camera, point;  ///< of each observation
};

Scene scene() {
  Source source(31);
  Scene s;
  for (std::size_t i = 0; i < cameras; ++i) {
    const Numbers rotation_and_centre = source.normals(6, 0.3);
    s.cameras.insert(s.cameras.end(), rotation_and_centre.begin(), rotation_and_centre.end());
    for (const double x : {500.0, 3.0, -2.0, 0.05, 0.01}) s.cameras.push_back(x * source.uniform(0.9, 1.1));
  }
  for (std::size_t i = 0; i < points; ++i) {
    for (const double centre : {0.0, 0.0, 6.0}) s.points.push_back(centre + source.normal());
  }
  for (std::size_t i = 0; i < observations; ++i) {
    s.camera.push_back(static_cast<std::int64_t>(source.below(cameras)));
    s.point.push_back(static_cast<std::int64_t>(source.below(points)));
  }
  s.weights = source.uniforms(observations, 0.5, 1.5);
  s.seen = source.normals(2 * observations, 100.0);
  return s;
}

Var projected(const Var& camera, const Var& point) {
  const Var rotation = view(camera, xt::range(0, 3));
  const Var centre = view(camera, xt::range(3, 6));
  const Var focal = view(camera, 6);
  const Var principal = view(camera, xt::range(7, 9));
  const Var before = rotated(rotation, point - centre);
  const Var x = view(before, xt::range(0, 2)) / view(before, 2);
  const Var r = sum(square(x));
  const Var distortion = 1.0 + view(camera, 9) * r + view(camera, 10) * square(r);
  return x * (distortion * focal) + principal;
}

Var residuals(const Var& camera, const Var& point, const Var& weight, const Var& seen) {
  return weight * (projected(camera, point) - seen);
}

struct Jacobian {
  Var residuals, by_camera, by_point, by_weight, of_weight_by_weight;
};
XGRAD_FIELDS(Jacobian, residuals, by_camera, by_point, by_weight, of_weight_by_weight)

Jacobian jacobian_of(const Var& cameras_, const Var& points_, const Var& weights, const Var& seen, const Var& camera,
                     const Var& point) {
  const Var camera_of = take(cameras_, camera, 0);
  const Var point_of = take(points_, point, 0);
  const auto [by_camera, by_point, by_weight] =
      xg::vmap(xg::jacobian<0, 1, 2>(residuals))(camera_of, point_of, weights, seen);
  return {xg::vmap(residuals)(camera_of, point_of, weights, seen), by_camera, by_point, by_weight, -2.0 * weights};
}

// ---- with arrays for each parameter, [observations], and a derivative along each of them

std::vector<Var> columns(const Var& x) {
  std::vector<Var> result;
  for (std::size_t i = 0; i < x.shape()[1]; ++i) result.push_back(view(x, xt::all(), i));
  return result;
}

Var residuals_of_columns(const std::vector<Var>& c, const std::vector<Var>& point, const Var& weight, const Var& seen) {
  const Var angle = sqrt(square(c[0]) + square(c[1]) + square(c[2]));
  const Var cosine = cos(angle);
  const Var sine = sin(angle);
  const std::array<Var, 3> axis{c[0] / angle, c[1] / angle, c[2] / angle};
  const std::array<Var, 3> x{point[0] - c[3], point[1] - c[4], point[2] - c[5]};
  const Var ahead = (axis[0] * x[0] + axis[1] * x[1] + axis[2] * x[2]) * (1.0 - cosine);
  std::array<Var, 3> before;
  for (std::size_t i = 0; i < 3; ++i) {
    const std::size_t j = (i + 1) % 3;
    const std::size_t k = (i + 2) % 3;
    before[i] = x[i] * cosine + (axis[j] * x[k] - axis[k] * x[j]) * sine + axis[i] * ahead;
  }
  const std::array<Var, 2> flat_x{before[0] / before[2], before[1] / before[2]};
  const Var r = square(flat_x[0]) + square(flat_x[1]);
  const Var scale = c[6] * (1.0 + c[9] * r + c[10] * square(r));
  const auto residual = [&](std::size_t i) {
    return weight * (flat_x[i] * scale + c[7 + i] - view(seen, xt::all(), i));
  };
  return xg::stack({residual(0), residual(1)}, -1);
}

Jacobian jacobian_of_columns(const Var& cameras_, const Var& points_, const Var& weights, const Var& seen,
                             const Var& camera, const Var& point) {
  using Inputs = std::tuple<std::vector<Var>, std::vector<Var>, Var>;
  const Inputs inputs{columns(take(cameras_, camera, 0)), columns(take(points_, point, 0)), weights};
  const auto f = [&](const std::vector<Var>& c, const std::vector<Var>& p, const Var& w) {
    return residuals_of_columns(c, p, w, seen);
  };
  const Var zero = zeros_like(weights);
  const Var one = ones_like(weights);
  const Inputs nowhere{std::vector<Var>(parameters_of_camera, zero), std::vector<Var>(3, zero), zero};
  const auto along = [&](const Inputs& direction) { return xg::jvp(f, inputs, direction).tangent; };
  std::vector<Var> by_camera;
  for (std::size_t i = 0; i < parameters_of_camera; ++i) {
    Inputs direction = nowhere;
    std::get<0>(direction)[i] = one;
    by_camera.push_back(along(direction));
  }
  std::vector<Var> by_point;
  for (std::size_t i = 0; i < 3; ++i) {
    Inputs direction = nowhere;
    std::get<1>(direction)[i] = one;
    by_point.push_back(along(direction));
  }
  Inputs by_weight = nowhere;
  std::get<2>(by_weight) = one;
  return {std::apply(f, inputs), stack(by_camera, -1), stack(by_point, -1), along(by_weight), -2.0 * weights};
}

// ---- by hand

/// Of one observation: 2 residuals, [2, 11], [2, 3], [2].
void observe(const double* camera, const double* point, double weight, const double* seen, double* residual,
             double* by_camera, double* by_point, double* by_weight) {
  const Vector relative{point[0] - camera[3], point[1] - camera[4], point[2] - camera[5]};
  const Rotation rotation = rotate(Turn(camera), relative);
  const double z = rotation.value[2];
  const std::array<double, 2> x{rotation.value[0] / z, rotation.value[1] / z};
  const double focal = camera[6];
  const double r = x[0] * x[0] + x[1] * x[1];
  const double distortion = 1.0 + camera[9] * r + camera[10] * r * r;
  const double slope = 2.0 * (camera[9] + 2.0 * camera[10] * r);  // of the distortion, by x, over x
  for (std::size_t i = 0; i < 2; ++i) {
    const double error = x[i] * distortion * focal + camera[7 + i] - seen[i];
    residual[i] = weight * error;
    by_weight[i] = error;
    Vector by_before;  // through x, which is the first two elements over the third
    std::array<double, 2> by_x;
    for (std::size_t j = 0; j < 2; ++j) by_x[j] = weight * focal * (x[i] * slope * x[j] + (i == j ? distortion : 0.0));
    by_before[0] = by_x[0] / z;
    by_before[1] = by_x[1] / z;
    by_before[2] = -(by_x[0] * x[0] + by_x[1] * x[1]) / z;
    double* row = by_camera + i * parameters_of_camera;
    for (std::size_t j = 0; j < 3; ++j) {
      row[j] = dot_product(by_before, rotation.by_rotation[j]);
      const double by_place = dot_product(by_before, rotation.by_x[j]);
      row[3 + j] = -by_place;
      by_point[i * 3 + j] = by_place;
    }
    row[6] = weight * x[i] * distortion;
    row[7] = i == 0 ? weight : 0.0;
    row[8] = i == 1 ? weight : 0.0;
    row[9] = weight * focal * x[i] * r;
    row[10] = weight * focal * x[i] * r * r;
  }
}

void loops(const Scene& s, Numbers& result) {
  double* residual = result.data();
  double* by_camera = residual + 2 * observations;
  double* by_point = by_camera + 2 * parameters_of_camera * observations;
  double* by_weight = by_point + 6 * observations;
  double* of_weight = by_weight + 2 * observations;
  for (std::size_t i = 0; i < observations; ++i) {
    observe(&s.cameras[static_cast<std::size_t>(s.camera[i]) * parameters_of_camera],
            &s.points[static_cast<std::size_t>(s.point[i]) * 3], s.weights[i], &s.seen[2 * i], residual + 2 * i,
            by_camera + 2 * parameters_of_camera * i, by_point + 6 * i, by_weight + 2 * i);
    of_weight[i] = -2.0 * s.weights[i];
  }
}

template <class F>
Sides sides(F program) {
  const Scene s = scene();
  constexpr std::size_t numbers = observations * (2 + 2 * parameters_of_camera + 6 + 2 + 1);
  return {with_xgrad(xg::compile(program), var(s.cameras, {cameras, parameters_of_camera}), var(s.points, {points, 3}),
                     Var(s.weights), var(s.seen, {observations, 2}), Var(s.camera), Var(s.point)),
          by_hand(numbers - 1, [s](Numbers& result) { loops(s, result); })};
}

}  // namespace

Contests bundle() {
  const char* size = "49 cameras, 7776 points, 31843 observations";
  return {{"bundle_adjustment", size, "by hand", at_least(1.2), [] { return sides(jacobian_of); }},
          {"bundle_adjustment_columns", size, "by hand", at_least(1.2), [] { return sides(jacobian_of_columns); }}};
}

}  // namespace bench_evals
