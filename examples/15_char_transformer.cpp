// A text, letter by letter, by a Transformer: each character looks at all that are before it. What is measured is how
// much it helps to see more of them: bits per character by place in the window. The net writes with a cache, so that a
// character costs one step, however long the text is; we look whether it writes the same without.
//
//     15_char_transformer [folder for its pictures ["short": a smaller net, for a few seconds]]
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <xgrad/data.hpp>
#include <xgrad/draw.hpp>
#include <xgrad/loss.hpp>
#include <xgrad/nn.hpp>
#include <xgrad/optim.hpp>
#include <xgrad/random.hpp>
#include <xgrad/train.hpp>
#include <xgrad/xgrad.hpp>

namespace xg = xgrad;
namespace data = xgrad::data;
namespace nn = xgrad::nn;
namespace train = xgrad::train;

constexpr std::ptrdiff_t window = 96;  // characters that the net reads in training

// Characters that occur in the text have the numbers 0, 1, ...
struct Text {
  std::string alphabet;
  xg::Var training, held_out;  // [n] int64

  [[nodiscard]] xg::Var numbers(const std::string& text) const {
    auto result = xg::Array<std::int64_t>::from_shape({text.size()});
    std::transform(text.begin(), text.end(), result.begin(),
                   [&](char c) { return static_cast<std::int64_t>(alphabet.find(c)); });
    return result;
  }
  [[nodiscard]] std::string letters(const xg::Var& numbers) const {
    std::string result;
    for (const std::int64_t n : numbers.array<std::int64_t>()) result += alphabet[static_cast<std::size_t>(n)];
    return result;
  }
};

Text load(const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(stream), {}};
  if (text.empty()) throw std::runtime_error("cannot read " + file.string());
  Text result{text, {}, {}};
  std::sort(result.alphabet.begin(), result.alphabet.end());
  result.alphabet.erase(std::unique(result.alphabet.begin(), result.alphabet.end()), result.alphabet.end());
  const xg::Var all = result.numbers(text);
  const auto end = static_cast<std::ptrdiff_t>(text.size() / 10 * 9);
  result.training = view(all, xt::range(0, end));
  result.held_out = view(all, xt::range(end, xt::placeholders::_));
  return result;
}

// Of windows [n, window + 1]: bits that each character costs after those before it, [n, window].
xg::Var bits(const nn::LanguageModel& model, const xg::Var& windows, const auto&... training) {
  const xg::Var logits = model(view(windows, xt::all(), xt::range(0, -1)), training...);
  const xg::Var next = view(windows, xt::all(), xt::range(1, xt::placeholders::_));
  return xg::loss::CrossEntropy{}(logits, next) / std::log(2.0F);
}
const auto loss_of = [](const nn::LanguageModel& model, const xg::Var& windows, const auto&... training) {
  return mean(bits(model, windows, training...));
};

// The likeliest character, again and again, each time from the whole text so far: what the cache saves.
std::string written_without_cache(const nn::LanguageModel& model, const Text& text, const std::string& beginning,
                                  int count) {
  std::string result = beginning;
  for (int i = 0; i < count; ++i) {
    const xg::Var logits = model(text.numbers(result));
    result += text.letters(argmax(view(logits, xt::range(-1, xt::placeholders::_)), -1));
  }
  return result;
}

// Places that are further apart than a window were never seen in training, and what the net does with them is anyone's
// guess. So it writes half a window at a time, after the last half of what is there.
std::string written(const nn::LanguageModel& model, const Text& text, const std::string& beginning, int pieces) {
  const auto half = static_cast<std::size_t>(window / 2);
  const auto go_on = xg::compile([&](const xg::random::Key& key, const xg::Var& prompt) {
    return nn::generate(model, key, prompt, half, {.temperature = 0.7, .top_k = 20});
  });
  std::string result = beginning;
  for (int i = 0; i < pieces; ++i) {
    const std::string last = result.substr(result.size() - std::min(half, result.size()));
    result += text.letters(go_on(xg::random::Key(3).fold_in(i), text.numbers(last)));
  }
  return result;
}

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

// Throws if both ways of writing part.
void compare_with_cache(const nn::LanguageModel& model, const Text& text, int count) {
  const std::string beginning = "The Rabbit ";
  auto start = std::chrono::steady_clock::now();
  const std::string slow = written_without_cache(model, text, beginning, count);
  const double without = seconds_since(start);
  const auto likeliest = xg::compile([&](const xg::Var& prompt) {
    return nn::generate(model, xg::random::Key(0), prompt, static_cast<std::size_t>(count), {.temperature = 0.0});
  });
  (void)likeliest(text.numbers(beginning));  // compiles
  start = std::chrono::steady_clock::now();
  const std::string fast = beginning + text.letters(likeliest(text.numbers(beginning)));
  std::printf("%d characters: %.0f ms without a cache, %.0f ms with one\n", count, 1e3 * without,
              1e3 * seconds_since(start));
  std::printf("the likeliest text: %s\n\n", fast.c_str());
  if (fast != slow) throw std::runtime_error("without a cache it is: " + slow);
}

std::vector<double> to_vector(const xg::Var& x) {
  const xg::Var numbers = xg::cast<double>(x);
  return {numbers.array<double>().begin(), numbers.array<double>().end()};
}

int main(int argc, char** argv) try {
  const std::filesystem::path folder = argc > 1 ? argv[1] : ".";
  const bool is_short = argc > 2 && std::string(argv[2]) == "short";
  const Text text = load(std::filesystem::path(XGRAD_EXAMPLE_DATA) / "alice.txt");
  const std::size_t width = is_short ? 32 : 96;
  const std::size_t layers = is_short ? 1 : 2;
  const std::size_t epochs = is_short ? 4 : 30;

  nn::LanguageModelOptions options;
  options.blocks.dropout = 0.2;
  const nn::LanguageModel first =
      nn::language_model(xg::random::Key(1), text.alphabet.size(), width, 4, layers, options);
  const std::size_t stride = is_short ? 48 : 32;
  const auto windows = data::sliding_windows(text.training, {.length = window + 1, .stride = stride});
  const auto new_windows = data::sliding_windows(text.held_out, {.length = window + 1, .stride = stride});
  const std::size_t steps = epochs * (data::length(windows) / 16);
  const auto fitted = train::fit(
      first, loss_of,
      xg::optim::chain({xg::optim::clip_by_global_norm(1.0),
                        xg::optim::adamw({.rate = xg::optim::cosine(4e-3, steps, {.warmup = 50}), .decay = 0.1})}),
      windows,
      {.epochs = epochs,
       .batches = {.size = 16, .last = data::Last::Drop},
       .key = xg::random::Key(2),
       .validation = new_windows,
       .show = train::Show::quiet});

  // Windows that begin anywhere, all at once, then the mean over them for each place.
  const auto anywhere = data::sliding_windows(text.held_out, {.length = window + 1});
  const auto begins = static_cast<std::int64_t>(anywhere.length());
  const xg::Var all = anywhere.rows(xg::random::randint(xg::random::Key(5), 0, begins, {is_short ? 150U : 600U}));
  const xg::Var by_place = mean(bits(fitted.best, all), 0);
  const double alone = mean(view(by_place, xt::range(0, 2))).item<float>();
  const double later = mean(view(by_place, xt::range(window / 2, xt::placeholders::_))).item<float>();
  std::printf("bits per character of the last pages: %.3f\n", fitted.best_value);
  std::printf("  after one or two characters         %.3f\n", alone);
  std::printf("  after more than %td                  %.3f\n\n", window / 2, later);
  compare_with_cache(fitted.best, text, is_short ? 40 : 80);
  std::printf("drawn: %s\n", written(fitted.best, text, "Alice ", is_short ? 2 : 9).c_str());

  xg::draw::Plot plot{.title = "Bits per character", .x_label = "epoch", .y_label = "bits", .series = {}};
  plot.series = {{"training, with dropout", {}, {}}, {"held-out text", {}, {}}};
  for (const train::Progressed& epoch : fitted.history.epochs) {
    for (xg::draw::Series& series : plot.series) series.x.push_back(static_cast<double>(epoch.epoch + 1));
    plot.series[0].y.push_back(epoch.loss);
    plot.series[1].y.push_back(epoch.metrics.at("validation loss"));
  }
  xg::draw::save(folder / "char_transformer.svg", plot);
  xg::draw::save(folder / "char_transformer_places.svg",
                 {.title = "What it helps to have seen more",
                  .x_label = "characters before",
                  .y_label = "bits per character",
                  .series = {{"held-out text", to_vector(xg::arange(1, window + 1)), to_vector(by_place)}}});
  if (fitted.best_value > (is_short ? 4.0 : 2.55)) throw std::runtime_error("that is more than it should need");
  if (later > alone - (is_short ? 0.0 : 0.8)) throw std::runtime_error("what is before does not help");
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
