// A language model of characters by layers of LSTM cells without matrices: gates weigh each of 14 elements alone. Of a
// sequence of c vectors, each is predicted from those before it; the loss is minus the mean of y * (p - log(2 + sum
// e^p)).
#include <algorithm>
#include <utility>

#include "contest.hpp"

namespace bench_evals {
namespace {

constexpr std::size_t width = 14;

struct Text {
  std::size_t layers, length;
  Numbers gates;     ///< [2 layers, 4 width]: of each layer weights and biases of forget, input, output, change
  Numbers ends;      ///< [3, width]: weights of what comes in, weights and biases of what goes out
  Numbers hidden;    ///< [layers, width], to begin with
  Numbers cell;      ///< [layers, width]
  Numbers sequence;  ///< [length, width]
};

Text text(std::size_t layers, std::size_t length) {
  Source source(length);
  return {layers,
          length,
          source.normals(layers * 8 * width, 0.5),
          source.normals(3 * width, 0.5),
          source.normals(layers * width, 0.5),
          source.normals(layers * width, 0.5),
          source.uniforms(length * width, 0.0, 1.0)};
}

struct Weights {
  Var gates, ends;
};
XGRAD_FIELDS(Weights, gates, ends)

struct Memory {
  std::vector<Var> hidden, cell;
};
XGRAD_FIELDS(Memory, hidden, cell)

Var part(const Var& row, std::size_t which) { return view(row, xt::range(which * width, (which + 1) * width)); }

/// The prediction of what follows x.
std::pair<Memory, Var> predict(const Weights& w, const Memory& before, const Var& x) {
  Memory after = before;
  Var y = x * view(w.ends, 0);
  for (std::size_t l = 0; l < before.hidden.size(); ++l) {
    const Var weight = view(w.gates, 2 * l);
    const Var bias = view(w.gates, 2 * l + 1);
    const Var forget = sigmoid(y * part(weight, 0) + part(bias, 0));
    const Var in = sigmoid(before.hidden[l] * part(weight, 1) + part(bias, 1));
    const Var out = sigmoid(y * part(weight, 2) + part(bias, 2));
    const Var change = tanh(before.hidden[l] * part(weight, 3) + part(bias, 3));
    after.cell[l] = before.cell[l] * forget + in * change;
    y = after.hidden[l] = out * tanh(after.cell[l]);
  }
  return {after, y * view(w.ends, 1) + view(w.ends, 2)};
}

Var agreement(const Var& prediction, const Var& target) {
  return sum(target * (prediction - log(2.0 + sum(exp(prediction)))));
}

Var looped(const Weights& w, const Memory& first, const Var& sequence) {
  const auto last = static_cast<std::ptrdiff_t>(sequence.shape()[0]) - 1;
  const auto step = [&](const Memory& memory, const std::tuple<Var, Var>& x_and_next) {
    const auto [after, prediction] = predict(w, memory, std::get<0>(x_and_next));
    return std::pair{after, agreement(prediction, std::get<1>(x_and_next))};
  };
  const std::tuple<Var, Var> pairs(view(sequence, xt::range(0, last)), view(sequence, xt::range(1, last + 1)));
  return -mean(xg::scan(step, first, pairs).second) / static_cast<double>(width);
}

Var unrolled(const Weights& w, const Memory& first, const Var& sequence) {
  const std::size_t steps = sequence.shape()[0] - 1;
  Memory memory = first;
  Var total = 0.0;
  for (std::size_t i = 0; i < steps; ++i) {
    const auto [after, prediction] = predict(w, memory, view(sequence, i));
    total = total + agreement(prediction, view(sequence, i + 1));
    memory = after;
  }
  return -total / static_cast<double>(steps * width);
}

/// Forward with all gates kept, then backward through them.
class ByHand {
 public:
  explicit ByHand(Text text)
      : t_(std::move(text)),
        kept_((t_.length - 1) * t_.layers * width),
        outputs_((t_.length - 1) * width),
        softmax_((t_.length - 1) * width) {}

  void operator()(Numbers& result) {
    std::fill(result.begin(), result.end(), 0.0);
    const double scale = -1.0 / static_cast<double>((t_.length - 1) * width);
    result[0] = scale * forward();
    backward(scale, result.data() + 1, result.data() + 1 + t_.layers * 8 * width);
  }

 private:
  struct Unit {              // one element of one cell
    double x, hidden, cell;  // what comes in
    double forget, in, out, change;
    double tanh_cell;
  };

  double forward() {
    Numbers hidden = t_.hidden;
    Numbers cell = t_.cell;
    double total = 0.0;
    for (std::size_t i = 0; i + 1 < t_.length; ++i) {
      double* y = &outputs_[i * width];
      for (std::size_t j = 0; j < width; ++j) y[j] = t_.sequence[i * width + j] * t_.ends[j];
      for (std::size_t l = 0; l < t_.layers; ++l) {
        layer(&t_.gates[l * 8 * width], &hidden[l * width], &cell[l * width], y, &kept_[(i * t_.layers + l) * width]);
      }
      total += score(y, &t_.sequence[(i + 1) * width], &softmax_[i * width]);
    }
    return total;
  }

  static double sigmoid(double x) { return 1.0 / (1.0 + std::exp(-x)); }

  static void layer(const double* gates, double* hidden, double* cell, double* y, Unit* kept) {
    const double* bias = gates + 4 * width;
    for (std::size_t j = 0; j < width; ++j) {
      Unit& u = kept[j];
      u.x = y[j];
      u.hidden = hidden[j];
      u.cell = cell[j];
      u.forget = sigmoid(u.x * gates[j] + bias[j]);
      u.in = sigmoid(u.hidden * gates[width + j] + bias[width + j]);
      u.out = sigmoid(u.x * gates[2 * width + j] + bias[2 * width + j]);
      u.change = std::tanh(u.hidden * gates[3 * width + j] + bias[3 * width + j]);
      cell[j] = u.cell * u.forget + u.in * u.change;
      u.tanh_cell = std::tanh(cell[j]);
      y[j] = hidden[j] = u.out * u.tanh_cell;
    }
  }

  /// y stays what the last layer gave.
  double score(const double* y, const double* target, double* softmax) const {
    double sum = 2.0;
    double products = 0.0;
    double targets = 0.0;
    for (std::size_t j = 0; j < width; ++j) {
      const double p = y[j] * t_.ends[width + j] + t_.ends[2 * width + j];
      softmax[j] = std::exp(p);
      sum += softmax[j];
      products += target[j] * p;
      targets += target[j];
    }
    for (std::size_t j = 0; j < width; ++j) softmax[j] *= targets / sum;
    return products - targets * std::log(sum);
  }

  void backward(double scale, double* gates, double* ends) const {
    Numbers d_hidden(t_.layers * width);
    Numbers d_cell(t_.layers * width);
    double dy[width];
    for (std::size_t i = t_.length - 1; i-- > 0;) {
      const double* target = &t_.sequence[(i + 1) * width];
      for (std::size_t j = 0; j < width; ++j) {
        const double dp = scale * (target[j] - softmax_[i * width + j]);
        ends[width + j] += dp * outputs_[i * width + j];
        ends[2 * width + j] += dp;
        dy[j] = dp * t_.ends[width + j];
      }
      for (std::size_t l = t_.layers; l-- > 0;) {
        layer_adjoint(&t_.gates[l * 8 * width], &kept_[(i * t_.layers + l) * width], dy, &d_hidden[l * width],
                      &d_cell[l * width], gates + l * 8 * width);
      }
      for (std::size_t j = 0; j < width; ++j) ends[j] += dy[j] * t_.sequence[i * width + j];
    }
  }

  static void layer_adjoint(const double* gates, const Unit* kept, double* dy, double* d_hidden, double* d_cell,
                            double* d_gates) {
    double* d_bias = d_gates + 4 * width;
    for (std::size_t j = 0; j < width; ++j) {
      const Unit& u = kept[j];
      const double dh = dy[j] + d_hidden[j];
      const double dc = d_cell[j] + dh * u.out * (1.0 - u.tanh_cell * u.tanh_cell);
      const double d_out = dh * u.tanh_cell * u.out * (1.0 - u.out);
      const double d_forget = dc * u.cell * u.forget * (1.0 - u.forget);
      const double d_in = dc * u.change * u.in * (1.0 - u.in);
      const double d_change = dc * u.in * (1.0 - u.change * u.change);
      d_gates[j] += d_forget * u.x;
      d_gates[width + j] += d_in * u.hidden;
      d_gates[2 * width + j] += d_out * u.x;
      d_gates[3 * width + j] += d_change * u.hidden;
      d_bias[j] += d_forget;
      d_bias[width + j] += d_in;
      d_bias[2 * width + j] += d_out;
      d_bias[3 * width + j] += d_change;
      dy[j] = d_forget * gates[j] + d_out * gates[2 * width + j];
      d_hidden[j] = d_in * gates[width + j] + d_change * gates[3 * width + j];
      d_cell[j] = dc * u.forget;
    }
  }

  Text t_;
  std::vector<Unit> kept_;
  Numbers outputs_, softmax_;
};

std::vector<Var> rows(const Numbers& numbers) {
  std::vector<Var> result;
  for (auto row = numbers.begin(); row != numbers.end(); row += width) result.emplace_back(Numbers(row, row + width));
  return result;
}

Sides sides(std::size_t layers, std::size_t length, Var (*program)(const Weights&, const Memory&, const Var&)) {
  const Text t = text(layers, length);
  const Weights weights{var(t.gates, {2 * layers, 4 * width}), var(t.ends, {3, width})};
  return {with_xgrad(xg::compile(xg::value_and_grad(program)), weights, Memory{rows(t.hidden), rows(t.cell)},
                     var(t.sequence, {length, width})),
          by_hand((8 * layers + 3) * width, ByHand(t))};
}

}  // namespace

Contests lstm() {
  return {
      {"lstm_l2_c1024", "unrolled", "by hand", at_least(6.0), [] { return sides(2, 1024, unrolled); }},
      {"lstm_l2_c1024_scan", "scan", "by hand", at_least(6.0), [] { return sides(2, 1024, looped); }},
      {"lstm_l4_c4096_scan", "scan", "by hand", at_least(6.0), [] { return sides(4, 4096, looped); }},
  };
}

}  // namespace bench_evals
