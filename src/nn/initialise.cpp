#include <xgrad/nn/initialise.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numeric>
#include <string>
#include <string_view>

#include <xgrad/core/errors.hpp>
#include <xgrad/ops/create.hpp>
#include <xgrad/ops/elementwise.hpp>
#include <xgrad/ops/manipulate.hpp>
#include <xgrad/random/continuous.hpp>

namespace xgrad::nn {

Fans fans(const Shape& weight) {
  if (weight.size() < 2) return {};
  const double window = std::accumulate(weight.begin() + 2, weight.end(), 1.0, [](double product, std::size_t extent) {
    return product * static_cast<double>(extent);
  });
  return {static_cast<double>(weight[1]) * window, static_cast<double>(weight[0]) * window};
}

namespace {

void require_gain(std::string_view initialiser, double gain) {
  if (!std::isfinite(gain)) {
    throw ValueError(std::string(initialiser) + ": the gain is " + std::to_string(gain) + "; it must be finite");
  }
}

void require_deviation(std::string_view initialiser, double deviation) {
  if (!(std::isfinite(deviation) && deviation >= 0.0)) {
    throw ValueError(std::string(initialiser) + ": the deviation is " + std::to_string(deviation) +
                     "; it must be finite and not negative");
  }
}

/// Numbers from -a to a.
Var symmetric(const random::Key& key, const Shape& shape, DType dtype, double a) {
  return (2.0 * random::uniform(key, shape, dtype) - 1.0) * a;
}

/// What some fans and a gain make the deviation of weights.
using Deviation = double (*)(const Fans& fans, double gain);

double of_both(const Fans& fans, double gain) { return gain * std::sqrt(2.0 / (fans.in + fans.out)); }
double of_inputs(const Fans& fans, double gain) { return gain * std::sqrt(1.0 / fans.in); }

Initialiser scaled_normal(std::string_view name, Deviation deviation, double gain) {
  require_gain(name, gain);
  return [=](const random::Key& key, const Shape& shape, DType dtype) {
    return random::normal(key, shape, dtype) * deviation(fans(shape), gain);
  };
}

Initialiser scaled_uniform(std::string_view name, Deviation deviation, double gain) {
  require_gain(name, gain);
  return [=](const random::Key& key, const Shape& shape, DType dtype) {
    return symmetric(key, shape, dtype, std::sqrt(3.0) * deviation(fans(shape), gain));
  };
}

void require_matrix(std::string_view initialiser, const Shape& shape) {
  if (shape.size() < 2) {
    throw ShapeError(std::string(initialiser) + ": weights of the shape " + to_string(shape) +
                     "; it makes those of two axes and more, [outputs, inputs, window...]");
  }
}

}  // namespace

Initialiser xavier_normal(double gain) { return scaled_normal("xavier_normal", of_both, gain); }
Initialiser xavier_uniform(double gain) { return scaled_uniform("xavier_uniform", of_both, gain); }
Initialiser he_normal(double gain) { return scaled_normal("he_normal", of_inputs, gain); }
Initialiser he_uniform(double gain) { return scaled_uniform("he_uniform", of_inputs, gain); }
Initialiser lecun_normal() { return scaled_normal("lecun_normal", of_inputs, 1.0); }
Initialiser lecun_uniform() { return scaled_uniform("lecun_uniform", of_inputs, 1.0); }

Initialiser normal(double deviation) {
  require_deviation("normal", deviation);
  return [=](const random::Key& key, const Shape& shape, DType dtype) {
    return random::normal(key, shape, dtype) * deviation;
  };
}

Initialiser truncated_normal(double deviation) {
  require_deviation("truncated_normal", deviation);
  return [=](const random::Key& key, const Shape& shape, DType dtype) {
    return cast(random::truncated_normal(key, -2.0, 2.0, shape), dtype) * deviation;
  };
}

Initialiser uniform(double low, double high) {
  if (!(std::isfinite(low) && std::isfinite(high) && low <= high)) {
    throw ValueError("uniform: numbers from " + std::to_string(low) + " to " + std::to_string(high) +
                     "; bounds must be finite, the lower one first");
  }
  return [=](const random::Key& key, const Shape& shape, DType dtype) {
    return random::uniform(key, shape, dtype) * (high - low) + low;
  };
}

Initialiser orthogonal(double gain) {
  require_gain("orthogonal", gain);
  return [=](const random::Key& key, const Shape& shape, DType dtype) {
    require_matrix("orthogonal", shape);
    const auto outputs = static_cast<std::ptrdiff_t>(shape[0]);
    std::ptrdiff_t inputs = 1;
    for (std::size_t axis = 1; axis < shape.size(); ++axis) inputs *= static_cast<std::ptrdiff_t>(shape[axis]);
    const std::ptrdiff_t larger = std::max(outputs, inputs);
    const Var whole = random::orthogonal(key, static_cast<std::size_t>(larger), {}, dtype);
    return reshape(view(whole, xt::range(0, outputs), xt::range(0, inputs)), shape) * gain;
  };
}

Initialiser constant(double value) {
  return [=](const random::Key&, const Shape& shape, DType dtype) { return cast(full(shape, value), dtype); };
}

Initialiser identity(double gain) {
  require_gain("identity", gain);
  return [=](const random::Key&, const Shape& shape, DType dtype) {
    require_matrix("identity", shape);
    Var weights = eye(shape[0], shape[1], 0, dtype) * gain;
    for (std::size_t axis = 2; axis < shape.size(); ++axis) {
      const auto extent = static_cast<std::ptrdiff_t>(shape[axis]);
      const Var middle = cast(equal(arange(extent), extent / 2), dtype);
      weights = expand_dims(weights, -1) * middle;
    }
    return weights;
  };
}

}  // namespace xgrad::nn
