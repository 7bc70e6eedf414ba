// Handwritten digits: softmax regression and a small neural net, trained on mini-batches in float32.
//
//     02_classify_digits [folder for the pictures [folder of digits.csv]]
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <numeric>
#include <random>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <xgrad/draw.hpp>
#include <xgrad/io/csv.hpp>
#include <xgrad/xgrad.hpp>

namespace xg = xgrad;

// Models are plain structs. Called on pixels [n, 64] they give logits [n, 10].
struct Linear {
  xg::Var weight;  // [inputs, outputs]
  xg::Var bias;    // [outputs]
  xg::Var operator()(const xg::Var& x) const { return matmul(x, weight) + bias; }
};
XGRAD_FIELDS(Linear, weight, bias)

struct Mlp {
  Linear hidden, out;
  xg::Var operator()(const xg::Var& x) const { return out(relu(hidden(x))); }
};
XGRAD_FIELDS(Mlp, hidden, out)

// Weights from a normal distribution with variance 2 / inputs (K. He et al., 2015), biases 0.
Linear make_linear(std::size_t inputs, std::size_t outputs, std::mt19937& engine) {
  std::normal_distribution<float> normal(0.0F, std::sqrt(2.0F / static_cast<float>(inputs)));
  auto weight = xg::Array<float>::from_shape({inputs, outputs});
  std::generate(weight.begin(), weight.end(), [&] { return normal(engine); });
  return {weight, xg::Array<float>(xg::Shape{outputs}, 0.0F)};
}

struct Digits {
  xg::Var pixels;  // [n, 64] float32, 0 (paper) to 1 (ink)
  xg::Var labels;  // [n] int64, 0 to 9
  [[nodiscard]] Digits pick(const xg::Var& which) const { return {take(pixels, which, 0), take(labels, which, 0)}; }
};

xg::Var shuffled(std::size_t n, std::mt19937& engine) {
  auto order = xg::Array<std::int64_t>::from_shape({n});
  std::iota(order.begin(), order.end(), 0);
  std::shuffle(order.begin(), order.end(), engine);
  return order;
}

const auto cross_entropy = [](const xg::Var& logits, const xg::Var& labels) {
  return -mean(take_along_axis(log_softmax(logits), expand_dims(labels, 1), 1));
};

const auto objective = [](const auto& model, const Digits& batch) {
  return cross_entropy(model(batch.pixels), batch.labels);
};

double accuracy(const auto& model, const Digits& digits) {
  const xg::Var right = equal(argmax(model(digits.pixels), 1), digits.labels);
  return mean(right).item<double>();
}

// What is drawn of a training run, per epoch.
struct History {
  std::vector<double> epoch, loss, train_accuracy, held_out_accuracy;
};

// Stochastic gradient descent with momentum.
template <class Model>
History train(Model& model, const Digits& training, const Digits& held_out, std::mt19937& engine) {
  constexpr int epochs = 30;
  constexpr std::size_t batch_size = 32;
  const std::size_t n = training.labels.size();

  const auto loss_and_gradient = xg::value_and_grad(objective);
  History history;
  Model velocity = xg::tree::map(model, [](const xg::Var& w) { return zeros_like(w); });
  for (int epoch = 1; epoch <= epochs; ++epoch) {
    const xg::Var order = shuffled(n, engine);
    double total = 0.0;
    for (std::size_t start = 0; start < n; start += batch_size) {
      const std::size_t stop = std::min(start + batch_size, n);
      const Digits batch = training.pick(view(order, xt::range(start, stop)));
      const auto [loss, gradient] = loss_and_gradient(model, batch);
      velocity =
          xg::tree::map(velocity, gradient, [](const xg::Var& v, const xg::Var& g) { return 0.9 * v - 0.05 * g; });
      model = xg::tree::map(model, velocity, [](const xg::Var& w, const xg::Var& v) { return w + v; });
      total += loss.template item<float>() * static_cast<double>(stop - start);
    }
    history.epoch.push_back(epoch);
    history.loss.push_back(total / static_cast<double>(n));
    history.train_accuracy.push_back(accuracy(model, training));
    history.held_out_accuracy.push_back(accuracy(model, held_out));
    std::printf("epoch %2d   loss %.4f   accuracy %.4f, held out %.4f\n", epoch, history.loss.back(),
                history.train_accuracy.back(), history.held_out_accuracy.back());
  }
  return history;
}

// Every fifth image, after a shuffle, is kept from training to measure what has been learnt.
std::pair<Digits, Digits> load(const std::filesystem::path& file, std::mt19937& engine) {
  const xg::Var table = xg::io::read_csv(file);
  const Digits digits{xg::cast<float>(view(table, xt::all(), xt::range(0, 64)) / 16.0),
                      xg::cast<std::int64_t>(view(table, xt::all(), 64))};
  const xg::Var order = shuffled(digits.labels.size(), engine);
  std::vector<xg::Var> rest;
  for (const int first : {1, 2, 3, 4}) rest.push_back(view(order, xt::range(first, xt::placeholders::_, 5)));
  return {digits.pick(concatenate(rest)), digits.pick(view(order, xt::range(0, xt::placeholders::_, 5)))};
}

void draw_histories(const History& softmax, const History& mlp, const std::filesystem::path& folder) {
  xg::draw::save(folder / "digits_loss.svg",
                 {.title = "Cross-entropy while training",
                  .x_label = "epoch",
                  .y_label = "nats",
                  .series = {{"softmax regression", softmax.epoch, softmax.loss}, {"MLP", mlp.epoch, mlp.loss}},
                  .log_y = true});
  xg::draw::save(folder / "digits_accuracy.svg",
                 {.title = "Share of digits recognised",
                  .x_label = "epoch",
                  .y_label = "accuracy",
                  .series = {{"softmax regression, training", softmax.epoch, softmax.train_accuracy},
                             {"softmax regression, held out", softmax.epoch, softmax.held_out_accuracy},
                             {"MLP, training", mlp.epoch, mlp.train_accuracy},
                             {"MLP, held out", mlp.epoch, mlp.held_out_accuracy}}});
}

void draw_wrong_guesses(const Mlp& model, const Digits& digits, const std::filesystem::path& folder) {
  const xg::Var guesses = argmax(model(digits.pixels), 1);
  std::vector<xg::Var> pictures;
  std::vector<std::string> captions;
  for (std::size_t i = 0; i < guesses.size(); ++i) {
    const auto label = digits.labels.array<std::int64_t>()(i);
    const auto guess = guesses.array<std::int64_t>()(i);
    if (guess == label) continue;
    pictures.push_back(view(digits.pixels, i));
    captions.push_back(std::to_string(label) + ", guessed " + std::to_string(guess));
  }
  if (pictures.empty()) return;
  xg::draw::save(folder / "digits_wrong.svg", {.title = "Held-out digits that the MLP got wrong",
                                               .pixels = reshape(stack(pictures), {-1, 8, 8}),
                                               .captions = captions,
                                               .black = 1.0,
                                               .white = 0.0,
                                               .columns = 6});
}

int main(int argc, char** argv) try {
  const std::filesystem::path folder = argc > 1 ? argv[1] : ".";
  const std::filesystem::path data = argc > 2 ? argv[2] : XGRAD_EXAMPLE_DATA;
  std::mt19937 engine(1);
  const auto [training, held_out] = load(data / "digits.csv", engine);

  std::printf("softmax regression\n");
  Linear softmax = make_linear(64, 10, engine);
  const History softmax_history = train(softmax, training, held_out, engine);

  std::printf("\nMLP\n");
  Mlp mlp{make_linear(64, 64, engine), make_linear(64, 10, engine)};
  const History mlp_history = train(mlp, training, held_out, engine);

  draw_histories(softmax_history, mlp_history, folder);
  draw_wrong_guesses(mlp, held_out, folder);

  const double result = accuracy(mlp, held_out);
  std::printf("\nheld-out accuracy of the MLP = %.4f\n", result);
  if (result < 0.97) throw std::runtime_error("that is less than the 0.97 it should reach");
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
