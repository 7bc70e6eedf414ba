// Hand tracking by hand: derivatives go forward, from each angle along its finger only.
#include <algorithm>
#include <array>

#include "hand.hpp"
#include "rotation.hpp"

namespace bench_evals {
namespace {

using Matrix = std::array<double, 16>;

Matrix product(const Matrix& a, const Matrix& b) {
  Matrix result{};
  for (std::size_t i = 0; i < 4; ++i) {
    for (std::size_t k = 0; k < 4; ++k) {
      for (std::size_t j = 0; j < 4; ++j) result[4 * i + j] += a[4 * i + k] * b[4 * k + j];
    }
  }
  return result;
}

Matrix matrix_at(const Numbers& matrices, std::size_t which) {
  Matrix result;
  for (std::size_t i = 0; i < 16; ++i) result[i] = matrices[16 * which + i];
  return result;
}

/// About axis `from` x `to`, or its derivative by the angle.
Matrix turn(std::size_t from, std::size_t to, double angle, bool derivative) {
  Matrix result{};
  const double c = derivative ? -std::sin(angle) : std::cos(angle);
  const double s = derivative ? std::cos(angle) : std::sin(angle);
  if (!derivative) {
    for (std::size_t i = 0; i < 4; ++i) result[5 * i] = 1.0;
  }
  result[4 * from + from] = result[4 * to + to] = c;
  result[4 * to + from] = s;
  result[4 * from + to] = -s;
  return result;
}

/// z y x of the angles about x, z, y; differentiated by one of these, or by none (3).
Matrix turn_of_bone(const std::array<double, 3>& angles, std::size_t by) {
  const Matrix x = turn(1, 2, angles[0], by == 0);
  const Matrix z = turn(0, 1, angles[1], by == 1);
  const Matrix y = turn(2, 0, angles[2], by == 2);
  return product(z, product(y, x));
}

class Tracker {
 public:
  Tracker(const Hand& hand, bool all_bones)
      : h_(hand), all_bones_(all_bones), skinned_(Hand::vertices * 3), d_skinned_(Hand::angles * Hand::vertices * 3) {}

  void run(bool complicated, Numbers& result) {
    pose_bones();
    skin(transforms_, 0, Hand::bones, skinned_.data());
    for (std::size_t bone = 0; bone < Hand::bones; ++bone) {
      for (std::size_t axis = 0; axis < 3; ++axis) differentiate(bone, axis);
    }
    place_points(complicated, result);
  }

 private:
  [[nodiscard]] std::array<double, 3> angles_of(std::size_t bone) const {
    std::array<double, 3> result;
    for (std::size_t axis = 0; axis < 3; ++axis) {
      const auto place = static_cast<std::size_t>(h_.places[3 * bone + axis]);
      result[axis] = place == 0 ? 0.0 : h_.theta[5 + place];
    }
    return result;
  }

  [[nodiscard]] bool has_parent(std::size_t bone) const { return h_.parents[bone] >= 0; }
  [[nodiscard]] std::size_t parent(std::size_t bone) const { return static_cast<std::size_t>(h_.parents[bone]); }

  void pose_bones() {
    for (std::size_t bone = 0; bone < Hand::bones; ++bone) {
      relatives_[bone] = product(matrix_at(h_.relatives, bone), turn_of_bone(angles_of(bone), 3));
      absolutes_[bone] = has_parent(bone) ? product(absolutes_[parent(bone)], relatives_[bone]) : relatives_[bone];
      transforms_[bone] = product(absolutes_[bone], matrix_at(h_.inverse_absolutes, bone));
    }
  }

  /// Weighted sums over bones of transformed vertices.
  void skin(const std::array<Matrix, Hand::bones>& transforms, std::size_t begin, std::size_t end,
            double* result) const {
    std::fill(result, result + Hand::vertices * 3, 0.0);
    for (std::size_t bone = begin; bone < end; ++bone) {
      const Matrix& m = transforms[bone];
      for (std::size_t v = 0; v < Hand::vertices; ++v) {
        const double* x = &h_.vertices_at_rest[4 * v];
        const double weight = h_.weights[bone * Hand::vertices + v];
        for (std::size_t i = 0; i < 3; ++i)
          result[3 * v + i] +=
              weight * (m[4 * i] * x[0] + m[4 * i + 1] * x[1] + m[4 * i + 2] * x[2] + m[4 * i + 3] * x[3]);
      }
    }
  }

  /// By an angle of a bone, which moves the bone and those behind it.
  void differentiate(std::size_t bone, std::size_t axis) {
    const auto place = static_cast<std::size_t>(h_.places[3 * bone + axis]);
    if (place == 0) return;
    std::array<Matrix, Hand::bones> derivatives{};
    Matrix derivative = product(matrix_at(h_.relatives, bone), turn_of_bone(angles_of(bone), axis));
    if (has_parent(bone)) derivative = product(absolutes_[parent(bone)], derivative);
    std::size_t end = bone;
    do {
      if (end > bone) derivative = product(derivative, relatives_[end]);
      derivatives[end] = product(derivative, matrix_at(h_.inverse_absolutes, end));
      ++end;
    } while (end < Hand::bones && has_parent(end) && parent(end) == end - 1);
    skin(derivatives, all_bones_ ? 0 : bone, all_bones_ ? Hand::bones : end,
         &d_skinned_[(place - 1) * Hand::vertices * 3]);
  }

  void place_points(bool complicated, Numbers& result) const {
    const Turn whole(h_.theta.data());
    double* residual = result.data();
    double* by_theta = residual + 3 * Hand::points;
    double* by_us = by_theta + 3 * Hand::points * Hand::parameters;
    for (std::size_t p = 0; p < Hand::points; ++p) {
      const std::int64_t* corners = &h_.triangles[3 * p];
      std::array<double, 3> shares{1.0, 0.0, 0.0};
      if (complicated) shares = {h_.us[2 * p], h_.us[2 * p + 1], 1.0 - h_.us[2 * p] - h_.us[2 * p + 1]};
      const std::size_t used = complicated ? 3 : 1;
      const Rotation rotation = rotate(whole, blend(skinned_.data(), corners, shares, used));
      double* row = by_theta + 3 * p * Hand::parameters;
      for (std::size_t i = 0; i < 3; ++i) {
        residual[3 * p + i] = h_.measured[3 * p + i] - rotation.value[i] - h_.theta[3 + i];
        for (std::size_t j = 0; j < 3; ++j) {
          row[i * Hand::parameters + j] = -rotation.by_rotation[j][i];
          row[i * Hand::parameters + 3 + j] = i == j ? -1.0 : 0.0;
        }
      }
      for (std::size_t a = 0; a < Hand::angles; ++a) {
        const Vector turned = turned_by(rotation, blend(&d_skinned_[a * Hand::vertices * 3], corners, shares, used));
        for (std::size_t i = 0; i < 3; ++i) row[i * Hand::parameters + 6 + a] = -turned[i];
      }
      if (complicated) {
        for (std::size_t k = 0; k < 2; ++k) {
          const double* corner = &skinned_[3 * static_cast<std::size_t>(corners[k])];
          const double* last = &skinned_[3 * static_cast<std::size_t>(corners[2])];
          const Vector edge = turned_by(rotation, {corner[0] - last[0], corner[1] - last[1], corner[2] - last[2]});
          for (std::size_t i = 0; i < 3; ++i) by_us[6 * p + 2 * i + k] = -edge[i];
        }
      }
    }
  }

  static Vector blend(const double* vertices, const std::int64_t* corners, const std::array<double, 3>& shares,
                      std::size_t used) {
    Vector result{};
    for (std::size_t k = 0; k < used; ++k) {
      const double* x = vertices + 3 * static_cast<std::size_t>(corners[k]);
      for (std::size_t i = 0; i < 3; ++i) result[i] += shares[k] * x[i];
    }
    return result;
  }

  static Vector turned_by(const Rotation& rotation, const Vector& x) {
    Vector result{};
    for (std::size_t j = 0; j < 3; ++j) {
      for (std::size_t i = 0; i < 3; ++i) result[i] += rotation.by_x[j][i] * x[j];
    }
    return result;
  }

  const Hand& h_;
  bool all_bones_;
  std::array<Matrix, Hand::bones> relatives_, absolutes_, transforms_;
  Numbers skinned_, d_skinned_;
};

}  // namespace

void hand_by_hand(const Hand& hand, const HandOptions& options, Numbers& result) {
  Tracker(hand, options.all_bones).run(options.complicated, result);
}

}  // namespace bench_evals
