// The losses of segmentation by their definitions, in plain loops over one mask.
#pragma once

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>

#include "loss_table.hpp"

namespace xgrad::testing::segmentation {

using Masks = std::vector<Numbers>;
using Values = std::vector<long double>;
/// The value of one mask: its predictions and targets.
using OfMask = std::function<long double(const Values& p, const Values& t)>;

/// Cuts both arguments into masks of the elements along all axes from `first` on.
inline Reference for_each_mask(std::size_t first, const OfMask& f) {
  return [=](const Masks& x) {
    std::size_t pixels = 1;
    for (std::size_t axis = first; axis < x[0].shape.size(); ++axis) pixels *= x[0].shape[axis];
    Values result;
    for (std::size_t start = 0; start < x[0].at.size(); start += pixels) {
      Values p;
      Values t;
      for (std::size_t i = start; i < start + pixels; ++i) {
        p.push_back(x[0](i));
        t.push_back(x[1](i));
      }
      result.push_back(f(p, t));
    }
    return result;
  };
}

/// The same arguments for a reference as if all pixels were in one row: [N * C, pixels] beside given targets.
inline Reference with_target(const Reference& f, const Var& target) {
  return [=](const Masks& x) {
    Numbers t{target.shape(), {}};
    const Var wide = cast(target, DType::Float64);
    for (const double each : wide.array<double>()) t.at.push_back(each);
    return f({x[0], t});
  };
}

inline long double inner(const Values& a, const Values& b) {
  return std::inner_product(a.begin(), a.end(), b.begin(), 0.0L);
}
inline long double total(const Values& a) { return std::accumulate(a.begin(), a.end(), 0.0L); }

inline OfMask dice(long double smooth) {
  return
      [=](const Values& p, const Values& t) { return 1 - (2 * inner(p, t) + smooth) / (total(p) + total(t) + smooth); };
}

inline OfMask tversky(long double alpha, long double beta, long double smooth, long double gamma) {
  return [=](const Values& p, const Values& t) {
    const long double hit = inner(p, t);
    const long double index = (hit + smooth) / (hit + alpha * (total(p) - hit) + beta * (total(t) - hit) + smooth);
    return std::pow(1 - index, 1 / gamma);
  };
}

inline Reference generalized_dice(long double smooth) {
  return [=](const Masks& x) {
    const std::size_t classes = x[0].shape[1];
    const std::size_t pixels = x[0].shape[2];
    Values result;
    for (std::size_t n = 0; n < x[0].shape[0]; ++n) {
      Values volumes;
      for (std::size_t c = 0; c < classes; ++c) {
        long double volume = 0;
        for (std::size_t i = 0; i < pixels; ++i) volume += x[1](n, c, i);
        volumes.push_back(volume);
      }
      long double largest = 0;
      for (const long double v : volumes) largest = v > 0 ? std::max(largest, 1 / (v * v)) : largest;
      long double above = 0;
      long double below = 0;
      for (std::size_t c = 0; c < classes; ++c) {
        const long double weight = volumes[c] > 0 ? 1 / (volumes[c] * volumes[c]) / largest : 1;
        for (std::size_t i = 0; i < pixels; ++i) {
          above += weight * x[0](n, c, i) * x[1](n, c, i);
          below += weight * (x[0](n, c, i) + x[1](n, c, i));
        }
      }
      result.push_back(1 - (2 * above + smooth) / (below + smooth));
    }
    return result;
  };
}

/// 1 - IoU if the pixels of a set are wrong.
inline long double jaccard_loss(const Values& t, const std::vector<bool>& wrong) {
  long double both = 0;
  long double either = 0;
  for (std::size_t i = 0; i < t.size(); ++i) {
    const bool truth = t[i] == 1;
    const bool predicted = truth != wrong[i];
    both += truth && predicted ? 1 : 0;
    either += truth || predicted ? 1 : 0;
  }
  return either == 0 ? 0 : 1 - both / either;
}

/// The Lovasz extension by its definition: the pixels become wrong one after another, the worst first.
inline long double lovasz(const Values& errors, const Values& t) {
  std::vector<std::size_t> order(errors.size());
  std::iota(order.begin(), order.end(), 0U);
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return errors[a] > errors[b]; });
  std::vector<bool> wrong(errors.size(), false);
  long double before = jaccard_loss(t, wrong);
  long double result = 0;
  for (const std::size_t i : order) {
    wrong[i] = true;
    const long double now = jaccard_loss(t, wrong);
    result += errors[i] * (now - before);
    before = now;
  }
  return result;
}

inline long double lovasz_hinge(const Values& z, const Values& t) {
  Values errors;
  for (std::size_t i = 0; i < z.size(); ++i) errors.push_back(std::max(0.0L, 1 - z[i] * (t[i] == 1 ? 1 : -1)));
  return lovasz(errors, t);
}

/// Of [N, C, pixels] and [N, pixels].
inline Reference lovasz_softmax(bool only_present) {
  return [=](const Masks& x) {
    Values result;
    for (std::size_t n = 0; n < x[0].shape[0]; ++n) {
      long double losses = 0;
      long double count = 0;
      for (std::size_t c = 0; c < x[0].shape[1]; ++c) {
        Values errors;
        Values t;
        for (std::size_t i = 0; i < x[0].shape[2]; ++i) {
          t.push_back(x[1].label(n * x[0].shape[2] + i) == c ? 1 : 0);
          errors.push_back(std::abs(t.back() - x[0](n, c, i)));
        }
        if (only_present && total(t) == 0) continue;
        losses += lovasz(errors, t);
        ++count;
      }
      result.push_back(losses / count);
    }
    return result;
  };
}

}  // namespace xgrad::testing::segmentation
