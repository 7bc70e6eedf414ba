// The simplex of Nelder and Mead.
#include <algorithm>
#include <cmath>
#include <utility>

#include "search.hpp"

namespace xgrad::solve::detail {
namespace {

struct Corner {
  Vector x;
  double value = 0.0;
};

class Corners {
 public:
  Corners(const NelderMead& method, Objective& objective, const Vector& start) : objective_(objective) {
    const auto n = static_cast<double>(start.size());
    stretch_ = start.size() > 1 ? 1.0 + 2.0 / n : 2.0;
    contract_ = start.size() > 1 ? 0.75 - 0.5 / n : 0.5;
    shrink_ = start.size() > 1 ? 1.0 - 1.0 / n : 0.5;
    corners_.push_back({start, value_at_start(objective, start)});
    for (std::size_t i = 0; i < start.size(); ++i) {
      Vector x(start);
      x[i] += x[i] == 0.0 ? 0.005 * method.size / 0.05 : method.size * x[i];
      corners_.push_back(at(std::move(x)));
    }
    sort();
  }

  [[nodiscard]] const Corner& best() const { return corners_.front(); }
  /// How far the corners are from the best one.
  [[nodiscard]] double extent() const {
    double result = 0.0;
    for (const Corner& corner : corners_) result = std::max(result, norm(along(corner.x, -1.0, best().x)));
    return result;
  }

  void step() {
    const Vector centre = centre_without_worst();
    const Vector outward = along(centre, -1.0, corners_.back().x);
    Corner reflected = at(along(centre, 1.0, outward));
    if (reflected.value < best().value) {
      Corner further = at(along(centre, stretch_, outward));
      corners_.back() = further.value < reflected.value ? std::move(further) : std::move(reflected);
    } else if (reflected.value < corners_[corners_.size() - 2].value) {
      corners_.back() = std::move(reflected);
    } else {
      const bool outside = reflected.value < corners_.back().value;
      Corner inner = at(along(centre, outside ? contract_ : -contract_, outward));
      const double bar = outside ? reflected.value : corners_.back().value;
      if (inner.value <= bar && inner.value < corners_.back().value) corners_.back() = std::move(inner);
      else shrink();
    }
    sort();
  }

 private:
  Corner at(Vector x) {
    const double value = objective_.value(x);
    return {std::move(x), std::isfinite(value) ? value : std::numeric_limits<double>::infinity()};
  }
  void sort() { std::ranges::stable_sort(corners_, {}, &Corner::value); }
  [[nodiscard]] Vector centre_without_worst() const {
    Vector centre(best().x.size(), 0.0);
    const double share = 1.0 / static_cast<double>(centre.size());
    for (std::size_t k = 0; k + 1 < corners_.size(); ++k) centre = along(centre, share, corners_[k].x);
    return centre;
  }
  void shrink() {
    for (std::size_t k = 1; k < corners_.size(); ++k) {
      corners_[k] = at(along(best().x, shrink_, along(corners_[k].x, -1.0, best().x)));
    }
  }

  Objective& objective_;
  double stretch_, contract_, shrink_;
  std::vector<Corner> corners_;
};

}  // namespace

Vector shrink_simplex(const NelderMead& method, Objective& objective, const Vector& start, const Limits& limits) {
  Report& report = objective.report;
  Corners simplex(method, objective, start);
  Progress progress;
  const auto told = [&] {
    report.value = simplex.best().value;
    progress = {report.iterations, report.value, 0.0, simplex.extent(), report.evaluations};
    return goes_on(*limits.observer, progress);
  };
  bool may = told();
  const double first = progress.step;  // for minima at 0
  while (true) {
    const Corner& best = simplex.best();
    if (progress.step <= limits.step * std::max(norm(best.x), first)) report.ended = Ended::Step;
    else if (!may) report.ended = why_not();
    else if (report.iterations >= limits.iterations) report.ended = Ended::Iterations;
    else if (report.evaluations >= limits.evaluations) report.ended = Ended::Evaluations;
    else {
      simplex.step();
      ++report.iterations;
      may = told();
      continue;
    }
    return best.x;
  }
}

}  // namespace xgrad::solve::detail
