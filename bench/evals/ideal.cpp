// Losses, and the same in one pass that was written by hand, with the library's own functions of packs in registers:
// what is left between the two is what the planner and machine code take.
#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "../programs/losses.hpp"
#include "backend/cpu/kernels/simd/math.hpp"
#include "contest.hpp"

namespace bench_evals {
namespace {

namespace simd = xgrad::backend::cpu::kernels::simd;
using Pack = simd::Pack<double, xsimd::default_arch>;

constexpr std::size_t width = Pack::size;
constexpr std::size_t elements = 1000000;  // a multiple of all widths
constexpr std::size_t classes = 100;
constexpr std::size_t samples = 10000;

double sum_of(Pack x) {
  double parts[width];
  x.store(parts);
  double total = 0.0;
  for (const double part : parts) total += part;
  return total;
}

/// The mean of a loss of p - t and its gradient by p; f(d, loss, slope) computes both of one pack.
template <class F>
[[gnu::flatten]] void mean_of_errors(const Numbers& p, const Numbers& t, Numbers& result, F f) {
  const Pack share(1.0 / static_cast<double>(elements));
  Pack total(0.0), other(0.0);
  double* gradient = result.data() + 1;
  for (std::size_t i = 0; i < elements; i += width) {
    Pack loss(0.0), slope(0.0);
    f(Pack::load(&p[i]) - Pack::load(&t[i]), loss, slope);
    total = total + loss;
    std::swap(total, other);
    (slope * share).store(gradient + i);
  }
  result[0] = sum_of(total + other) / static_cast<double>(elements);
}

struct HuberOf {
  XGRAD_INLINE void operator()(Pack d, Pack& loss, Pack& slope) const {
    const Pack size = abs(d);
    const auto near = size <= Pack(1.0);
    loss = select(near, Pack(0.5) * (d * d), size - Pack(0.5));
    slope = max(Pack(-1.0), min(Pack(1.0), d));
  }
};

struct LogCoshOf {
  XGRAD_INLINE void operator()(Pack d, Pack& loss, Pack& slope) const {
    const Pack h = half_expm1(d);
    loss = log_cosh_from(d, h);
    slope = tanh_from(d, h);
  }
};

/// With alpha = 3/2, where the powers are 3/4 and -1/4.
struct BarronOf {
  XGRAD_INLINE void operator()(Pack d, Pack& loss, Pack& slope) const {
    const Pack u = d * d * Pack(2.0) + Pack(1.0);
    loss = Pack(1.0 / 3.0) * (pow_uniform(u, 0.75) - Pack(1.0));
    slope = pow_uniform(u, -0.25) * d;
  }
};

/// With alpha = 1.3, where the powers are no roots.
struct BarronOfAny {
  XGRAD_INLINE void operator()(Pack d, Pack& loss, Pack& slope) const {
    const Pack u = d * d * Pack(1.0 / 0.7) + Pack(1.0);
    loss = Pack(0.7 / 1.3) * (pow(u, Pack(0.65)) - Pack(1.0));
    slope = pow(u, Pack(0.65 - 1.0)) * d;
  }
};

/// Softmax cross-entropy of rows of logits: extremum, exponentials and their sum, and the gradient.
[[gnu::flatten]] void cross_entropy(const Numbers& logits, const std::vector<std::int64_t>& labels, Numbers& result) {
  constexpr std::size_t whole = classes - classes % width;
  constexpr double share = 1.0 / static_cast<double>(samples);
  double total = 0.0;
  for (std::size_t row = 0; row < samples; ++row) {
    const double* x = &logits[row * classes];
    double* out = result.data() + 1 + row * classes;
    Pack most = Pack::load(x);
    for (std::size_t i = width; i < whole; i += width) most = max(most, Pack::load(x + i));
    if (whole != classes) most = max(most, Pack::load_part(x + whole, classes - whole));
    double parts[width];
    most.store(parts);
    const double greatest = *std::max_element(parts, parts + width);
    Pack sum(0.0);
    for (std::size_t i = 0; i < whole; i += width) {
      const Pack e = exp(Pack::load(x + i) - Pack(greatest));
      sum = sum + e;
      e.store(out + i);
    }
    double rest = 0.0;
    if (whole != classes) {
      const Pack e = exp(Pack::load_part(x + whole, classes - whole) - Pack(greatest));
      e.store_part(out + whole, classes - whole);
      for (std::size_t i = whole; i < classes; ++i) rest += out[i];
    }
    const double denominator = sum_of(sum) + rest;
    const auto label = static_cast<std::size_t>(labels[row]);
    total += std::log(denominator) - (x[label] - greatest);
    const Pack factor(share / denominator);
    for (std::size_t i = 0; i < whole; i += width) (Pack::load(out + i) * factor).store(out + i);
    for (std::size_t i = whole; i < classes; ++i) out[i] *= share / denominator;
    out[label] -= share;
  }
  result[0] = total * share;
}

template <class F, class P>
Contest of_errors(const char* id, F f, P program) {
  return {id, "1e6", "ideal loop", at_most(1.15), [=] {
            Source source(11);
            const Numbers p = source.normals(elements);
            const Numbers t = source.normals(elements);
            return Sides{with_xgrad(xg::compile(xg::value_and_grad(program)), Var(p), Var(t)),
                         by_hand(elements, [=](Numbers& result) { mean_of_errors(p, t, result, f); })};
          }};
}

Sides sides_of_cross_entropy() {
  Source source(12);
  const Numbers logits = source.normals(samples * classes, 3.0);
  std::vector<std::int64_t> labels(samples);
  for (std::int64_t& each : labels) each = static_cast<std::int64_t>(source.below(classes));
  const auto program = [](const Var& x, const Var& y) { return mean(xg::loss::CrossEntropy{}(x, y)); };
  return {with_xgrad(xg::compile(xg::value_and_grad(program)), var(logits, {samples, classes}), Var(labels)),
          by_hand(logits.size(), [=](Numbers& result) { cross_entropy(logits, labels, result); })};
}

}  // namespace

Contests ideal() {
  return {
      of_errors("ideal_huber", HuberOf(), [](const Var& p, const Var& t) { return mean(xg::loss::Huber{}(p, t)); }),
      of_errors("ideal_log_cosh", LogCoshOf(),
                [](const Var& p, const Var& t) { return mean(xg::loss::LogCosh{}(p, t)); }),
      of_errors("ideal_barron", BarronOf(), [](const Var& p, const Var& t) { return bench::barron(p, t, 1.5); }),
      of_errors("ideal_barron_any", BarronOfAny(), [](const Var& p, const Var& t) { return bench::barron(p, t, 1.3); }),
      Contest{"ideal_cross_entropy", "1e4 x 100", "ideal loop", at_most(1.15), sides_of_cross_entropy}};
}

}  // namespace bench_evals
