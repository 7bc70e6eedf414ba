// CMA-ES; the names in comments are those of Hansen's tutorial.
#include <algorithm>
#include <cmath>
#include <deque>
#include <numeric>
#include <utility>

#include <xgrad/linalg/factor.hpp>
#include <xgrad/random/continuous.hpp>

#include "search.hpp"

namespace xgrad::solve::detail {
namespace {

/// What depends on the number of parameters and of samples alone.
struct Rates {
  Vector weights;          ///< of the samples by rank; those of the worse half are negative
  std::size_t better = 0;  ///< mu
  double effective = 0.0;  ///< mu_eff
  double path = 0.0;       ///< c_c
  double size_path = 0.0;  ///< c_sigma
  double damping = 0.0;    ///< d_sigma
  double rank_one = 0.0;   ///< c_1
  double rank_mu = 0.0;    ///< c_mu
  double length = 0.0;     ///< of a normal vector, on average
};

/// (sum w)^2 / sum w^2.
double effective_of(std::span<const double> weights) {
  const double sum = std::accumulate(weights.begin(), weights.end(), 0.0);
  return sum * sum / dot(weights, weights);
}

Rates rates_of(std::size_t parameters, std::size_t population) {
  Rates r;
  const auto n = static_cast<double>(parameters);
  r.better = population / 2;
  for (std::size_t i = 1; i <= population; ++i) {
    r.weights.push_back(std::log((static_cast<double>(population) + 1.0) / 2.0) - std::log(static_cast<double>(i)));
  }
  const std::span<double> good = std::span(r.weights).first(r.better);
  const std::span<double> bad = std::span(r.weights).subspan(r.better);
  const double m = r.effective = effective_of(good);
  r.path = (4.0 + m / n) / (n + 4.0 + 2.0 * m / n);
  r.size_path = (m + 2.0) / (n + m + 5.0);
  r.damping = 1.0 + 2.0 * std::max(0.0, std::sqrt((m - 1.0) / (n + 1.0)) - 1.0) + r.size_path;
  r.rank_one = 2.0 / ((n + 1.3) * (n + 1.3) + m);
  r.rank_mu = std::min(1.0 - r.rank_one, 2.0 * (0.25 + m + 1.0 / m - 2.0) / ((n + 2.0) * (n + 2.0) + m));
  r.length = std::sqrt(n) * (1.0 - 1.0 / (4.0 * n) + 1.0 / (21.0 * n * n));
  const double bad_effective = effective_of(bad);
  const double most = std::min({1.0 + r.rank_one / r.rank_mu, 1.0 + 2.0 * bad_effective / (m + 2.0),
                                (1.0 - r.rank_one - r.rank_mu) / (n * r.rank_mu)});
  const double up = std::accumulate(good.begin(), good.end(), 0.0);
  double down = 0.0;
  for (const double w : bad) down += std::max(0.0, -w);
  for (double& w : r.weights) w = w >= 0.0 ? w / up : w * most / down;
  return r;
}

struct Sample {
  Vector z, y;  ///< normal numbers; the same with the covariance, y = B D z
  double value = 0.0;
};

/// The covariance and its roots.
class Ellipsoid {
 public:
  explicit Ellipsoid(std::size_t n) : n_(n), covariance_(n * n, 0.0), vectors_(n * n, 0.0), deviations_(n, 1.0) {
    for (std::size_t i = 0; i < n; ++i) covariance_[i * n + i] = vectors_[i * n + i] = 1.0;
  }

  [[nodiscard]] Vector spread(const Vector& z) const {
    Vector scaled(z);
    for (std::size_t k = 0; k < n_; ++k) scaled[k] *= deviations_[k];
    return rotated(scaled);
  }
  /// C^(-1/2) y.
  [[nodiscard]] Vector whitened(const Vector& y) const {
    Vector along_axes(n_, 0.0);
    for (std::size_t i = 0; i < n_; ++i) {
      for (std::size_t k = 0; k < n_; ++k) along_axes[k] += vectors_[i * n_ + k] * y[i];
    }
    for (std::size_t k = 0; k < n_; ++k) along_axes[k] /= deviations_[k];
    return rotated(along_axes);
  }
  void scale(double factor) {
    for (double& c : covariance_) c *= factor;
  }
  void add(double weight, const Vector& y) {
    for (std::size_t i = 0; i < n_; ++i) {
      for (std::size_t j = 0; j < n_; ++j) covariance_[i * n_ + j] += weight * y[i] * y[j];
    }
  }
  /// New axes; false if there are none that numbers can tell apart.
  bool factorise() {
    auto matrix = Array<double>::from_shape({n_, n_});
    std::copy(covariance_.begin(), covariance_.end(), matrix.data());
    if (!all_finite(covariance_)) return false;
    const linalg::Eigh eigen = linalg::eigh(Var(std::move(matrix)));
    Vector values;
    Vector vectors;
    append(values, eigen.w);
    append(vectors, eigen.v);
    if (!(values.front() > 1e-14 * values.back())) return false;
    vectors_ = std::move(vectors);
    for (std::size_t k = 0; k < n_; ++k) deviations_[k] = std::sqrt(values[k]);
    return true;
  }
  [[nodiscard]] double widest() const { return *std::ranges::max_element(deviations_); }

 private:
  [[nodiscard]] Vector rotated(const Vector& u) const {
    Vector y(n_);
    for (std::size_t i = 0; i < n_; ++i) y[i] = dot({vectors_.data() + i * n_, n_}, u);
    return y;
  }

  std::size_t n_;
  Vector covariance_, vectors_, deviations_;
};

class Evolution {
 public:
  Evolution(const CMAES& method, Objective& objective, const Vector& start)
      : key_(method.key),
        objective_(objective),
        n_(start.size()),
        population_(method.population > 0
                        ? method.population
                        : 4 + static_cast<std::size_t>(3.0 * std::log(static_cast<double>(start.size())))),
        rates_(rates_of(n_, population_)),
        ellipsoid_(n_),
        mean_(start),
        size_(method.size),
        size_path_(n_, 0.0),
        path_(n_, 0.0),
        best_(start),
        value_(value_at_start(objective, start)) {}

  Vector run(const Limits& limits) {
    Report& report = objective_.report;
    while (true) {
      report.value = value_;
      const double extent = size_ * ellipsoid_.widest();
      const bool may = goes_on(*limits.observer, {report.iterations, value_, 0.0, extent, report.evaluations});
      if (extent <= limits.step * std::max(norm(mean_), 1.0)) return end(Ended::Step);
      if (is_level(limits.reduction)) return end(Ended::Reduction);
      if (!may) return end(why_not());
      if (report.iterations >= limits.iterations) return end(Ended::Iterations);
      if (report.evaluations >= limits.evaluations) return end(Ended::Evaluations);
      if (!generation()) return end(Ended::NoDescent);
      ++report.iterations;
    }
  }

 private:
  Vector end(Ended why) {
    Report& report = objective_.report;
    report.ended = why;
    const double at_mean = objective_.value(mean_);
    if (at_mean < value_) value_ = at_mean, best_ = mean_;
    report.value = value_;
    return best_;
  }

  bool generation() {
    const auto number = static_cast<std::int64_t>(objective_.report.iterations);
    Vector normal;
    append(normal, random::normal(key_.fold_in(number), {population_, n_}));
    std::vector<Sample> samples(population_);
    for (std::size_t i = 0; i < population_; ++i) {
      const auto from = normal.begin() + static_cast<std::ptrdiff_t>(i * n_);
      Sample& sample = samples[i];
      sample.z.assign(from, from + static_cast<std::ptrdiff_t>(n_));
      sample.y = ellipsoid_.spread(sample.z);
      Vector x = along(mean_, size_, sample.y);
      const double value = objective_.value(x);
      sample.value = std::isnan(value) ? std::numeric_limits<double>::infinity() : value;
      if (value < value_) value_ = value, best_ = std::move(x);
    }
    std::ranges::stable_sort(samples, {}, &Sample::value);
    remember(samples);
    follow(samples);
    if (!std::isfinite(size_)) return false;
    // Axes are found anew when the covariance has changed by a tenth.
    const double every = 0.1 / ((rates_.rank_one + rates_.rank_mu) * static_cast<double>(n_));
    if (static_cast<double>(++since_axes_) < every) return true;
    since_axes_ = 0;
    return ellipsoid_.factorise();
  }

  /// Mean, paths, size and covariance.
  void follow(const std::vector<Sample>& samples) {
    Vector move(n_, 0.0);
    for (std::size_t i = 0; i < rates_.better; ++i) move = along(move, rates_.weights[i], samples[i].y);
    mean_ = along(mean_, size_, move);
    const double c = rates_.size_path;
    for (double& p : size_path_) p *= 1.0 - c;
    size_path_ = along(size_path_, std::sqrt(c * (2.0 - c) * rates_.effective), ellipsoid_.whitened(move));
    const double length = norm(size_path_);
    const auto generations = static_cast<double>(objective_.report.iterations + 1);
    const double settled = length / std::sqrt(1.0 - std::pow(1.0 - c, 2.0 * generations));
    const bool is_short = settled < (1.4 + 2.0 / (static_cast<double>(n_) + 1.0)) * rates_.length;
    for (double& p : path_) p *= 1.0 - rates_.path;
    const double lost = rates_.path * (2.0 - rates_.path);
    if (is_short) path_ = along(path_, std::sqrt(lost * rates_.effective), move);
    const double sum = std::accumulate(rates_.weights.begin(), rates_.weights.end(), 0.0);
    ellipsoid_.scale(1.0 + rates_.rank_one * (is_short ? 0.0 : lost) - rates_.rank_one - rates_.rank_mu * sum);
    ellipsoid_.add(rates_.rank_one, path_);
    for (std::size_t i = 0; i < population_; ++i) {
      double weight = rates_.weights[i];
      if (weight < 0.0) weight *= static_cast<double>(n_) / dot(samples[i].z, samples[i].z);
      ellipsoid_.add(rates_.rank_mu * weight, samples[i].y);
    }
    size_ *= std::exp(std::min(1.0, c / rates_.damping * (length / rates_.length - 1.0)));
  }

  void remember(const std::vector<Sample>& samples) {
    const auto n = static_cast<double>(n_);
    const std::size_t kept = 10 + static_cast<std::size_t>(30.0 * n / static_cast<double>(population_));
    lows_.push_back(samples.front().value);
    if (lows_.size() > kept) lows_.pop_front();
    is_full_ = lows_.size() == kept;
    high_ = samples[rates_.better].value;
  }
  /// Whether values have changed no more for a while.
  [[nodiscard]] bool is_level(double reduction) const {
    if (!is_full_) return false;
    const auto [least, most] = std::ranges::minmax(lows_);
    return std::max(most, high_) - least <= reduction * std::abs(least);
  }

  const random::Key& key_;
  Objective& objective_;
  std::size_t n_;
  std::size_t population_;
  Rates rates_;
  Ellipsoid ellipsoid_;
  Vector mean_;
  double size_;
  Vector size_path_, path_;
  Vector best_;
  double value_;
  std::deque<double> lows_;
  double high_ = 0.0;
  bool is_full_ = false;
  std::size_t since_axes_ = 0;
};

}  // namespace

Vector evolve(const CMAES& method, Objective& objective, const Vector& start, const Limits& limits) {
  return Evolution(method, objective, start).run(limits);
}

}  // namespace xgrad::solve::detail
