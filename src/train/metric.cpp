#include <xgrad/train/metric.hpp>

#include <set>

#include <xgrad/core/errors.hpp>
#include <xgrad/ops/elementwise.hpp>

#include "var/record.hpp"

namespace xgrad::train::detail {

void throw_no_weights() {
  throw ValueError("train: there are weights, and a metric that takes none: leave one of both away");
}

void require_prediction(std::string_view operation, bool has_metrics, bool has_prediction) {
  if (!has_metrics || has_prediction) return;
  throw ValueError(std::string(operation) +
                   ": there are metrics, but nothing that they look at: say .predict = a function of model and batch "
                   "that returns prediction and target; without, they are of batches (x, y), of what the model makes "
                   "of x, and y");
}

double number_of(const Var& x) {
  if (x.dtype() == DType::Float64) return x.item<double>();
  if (x.dtype() == DType::Float32) return static_cast<double>(x.item<float>());
  return cast(x, DType::Float64).item<double>();
}

Evaluation::Evaluation(const std::vector<NamedMetric>& metrics, const std::vector<std::string>& terms)
    : terms_(terms), sums_(terms.size(), 0.0) {
  std::set<std::string> names(terms.begin(), terms.end());
  names.insert("loss");
  for (const NamedMetric& metric : metrics) {
    if (metric.name().empty()) throw ValueError("train: a metric has no name; each is logged under its own");
    if (!names.insert(metric.name()).second) {
      throw ValueError("train: a metric has the name \"" + metric.name() +
                       "\", which something else has; each is logged under its own");
    }
    names_.push_back(metric.name());
    running_.push_back(metric.begin());
  }
}

void Evaluation::add(const InUse& batch, std::size_t samples) {
  const auto weight = static_cast<double>(samples);
  if (batch.loss) {
    loss_ = loss_.value_or(0.0) + weight * number_of(*batch.loss);
    for (std::size_t i = 0; i < sums_.size(); ++i) sums_[i] += weight * number_of(batch.terms[i]);
  }
  if (batch.predicted) {
    for (const auto& metric : running_) metric->update(*batch.predicted);
  }
  samples_ += samples;
}

std::map<std::string, double> Evaluation::values(const std::string& prefix) const {
  std::map<std::string, double> all;
  const auto samples = static_cast<double>(samples_);
  if (loss_) {
    all[prefix + "loss"] = *loss_ / samples;
    for (std::size_t i = 0; i < sums_.size(); ++i) all[prefix + terms_[i]] = sums_[i] / samples;
  }
  for (std::size_t i = 0; i < running_.size(); ++i) {
    const Var value = running_[i]->value();
    if (value.size() != 1) {
      throw ShapeError("train: the metric \"" + names_[i] + "\" is " + xgrad::detail::describe(value) +
                       "; what is logged is one number: choose an average over the classes");
    }
    all[prefix + names_[i]] = number_of(value);
  }
  return all;
}

}  // namespace xgrad::train::detail
