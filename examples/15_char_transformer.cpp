// A text, letter by letter, by a Transformer, which reads the pages in docs/: each character looks at all that are
// before it. What is measured is how much it helps to see more of them: bits per character of the tutorial, which it
// has not seen, by place in the window. The net writes with a cache, so that a character costs one step, however long
// the text is; we look whether it writes the same without.
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
namespace fs = std::filesystem;
namespace nn = xgrad::nn;
namespace train = xgrad::train;

constexpr std::size_t window = 64;  // characters that the net reads in training

// Characters have numbers: ends of lines 0, printable ones of ASCII 1 to 95. There are no others.
constexpr std::size_t kinds = 96;
std::int64_t number(char c) { return c == '\n' ? 0 : c - ' ' + 1; }
char character(std::int64_t n) { return n == 0 ? '\n' : static_cast<char>(' ' + n - 1); }

xg::Var numbers(const std::string& text) {
  auto result = xg::Array<std::int64_t>::from_shape({text.size()});
  std::transform(text.begin(), text.end(), result.begin(), number);
  return result;
}

std::string letters(const xg::Var& numbers) {
  std::string result;
  for (const std::int64_t n : numbers.array<std::int64_t>()) result += character(n);
  return result;
}

std::string read(const fs::path& file) {
  std::ifstream stream(file);
  std::string text{std::istreambuf_iterator<char>(stream), {}};
  if (text.empty()) throw std::runtime_error("cannot read " + file.string());
  std::erase_if(text, [](char c) { return c != '\n' && (c < ' ' || c > '~'); });
  return text;
}

// All pages but the tutorial, one after another; lists of names are no text.
std::string read_all(const fs::path& folder) {
  std::vector<fs::path> pages;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(folder)) {
    const fs::path& page = entry.path();
    const std::string name = page.filename().string();
    if (name.ends_with(".md") && !name.ends_with("names.md") && name != "tutorial.md") pages.push_back(page);
  }
  std::sort(pages.begin(), pages.end());
  std::string result;
  for (const fs::path& page : pages) result += read(page);
  return result;
}

// Of windows [n, window + 1]: bits that each character costs after those before it, [n, window].
xg::Var bits(const nn::LanguageModel& model, const xg::Var& windows) {
  const xg::Var logits = model(view(windows, xt::all(), xt::range(0, -1)));
  const xg::Var next = view(windows, xt::all(), xt::range(1, xt::placeholders::_));
  return xg::loss::CrossEntropy{}(logits, next) / std::log(2.0F);
}
const auto loss_of = [](const nn::LanguageModel& model, const xg::Var& windows) { return mean(bits(model, windows)); };

// The likeliest character, again and again, each time from the whole text so far: what the cache saves.
std::string written_without_cache(const nn::LanguageModel& model, const std::string& beginning, int count) {
  std::string result = beginning;
  for (int i = 0; i < count; ++i) {
    const xg::Var logits = model(numbers(result));
    result += letters(argmax(view(logits, xt::range(-1, xt::placeholders::_)), -1));
  }
  return result;
}

// Places that are further apart than a window were never seen in training, and what the net does with them is anyone's
// guess. So it writes half a window at a time, after the last half of what is there.
std::string written(const nn::LanguageModel& model, const std::string& beginning, int pieces) {
  const auto half = static_cast<std::size_t>(window / 2);
  const auto go_on = xg::compile([&](const xg::random::Key& key, const xg::Var& prompt) {
    return nn::generate(model, key, prompt, half, {.temperature = 0.7, .top_k = 20});
  });
  std::string result = beginning;
  for (int i = 0; i < pieces; ++i) {
    const std::string last = result.substr(result.size() - std::min(half, result.size()));
    result += letters(go_on(xg::random::Key(3).fold_in(i), numbers(last)));
  }
  return result;
}

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

// Throws if both ways of writing part.
void compare_with_cache(const nn::LanguageModel& model, int count) {
  const std::string beginning = "The gradient ";
  auto start = std::chrono::steady_clock::now();
  const std::string slow = written_without_cache(model, beginning, count);
  const double without = seconds_since(start);
  const auto likeliest = xg::compile([&](const xg::Var& prompt) {
    return nn::generate(model, xg::random::Key(0), prompt, static_cast<std::size_t>(count), {.temperature = 0.0});
  });
  (void)likeliest(numbers(beginning));  // compiles
  start = std::chrono::steady_clock::now();
  const std::string fast = beginning + letters(likeliest(numbers(beginning)));
  std::printf("%d characters: %.1f ms without a cache, %.1f ms with one\n", count, 1e3 * without,
              1e3 * seconds_since(start));
  std::printf("the likeliest text: %s\n\n", fast.c_str());
  if (fast != slow) throw std::runtime_error("without a cache it is: " + slow);
}

std::vector<double> to_vector(const xg::Var& x) {
  const xg::Var doubles = xg::cast<double>(x);
  return {doubles.array<double>().begin(), doubles.array<double>().end()};
}

int main(int argc, char** argv) try {
  const fs::path folder = argc > 1 ? argv[1] : ".";
  const bool is_short = argc > 2 && std::string(argv[2]) == "short";
  const fs::path docs = fs::path(XGRAD_EXAMPLE_DATA) / "../../docs";
  const xg::Var pages = numbers(read_all(docs).substr(0, is_short ? 60'000 : std::string::npos));
  const xg::Var tutorial = numbers(read(docs / "tutorial.md").substr(0, is_short ? 6'000 : std::string::npos));
  const std::size_t width = is_short ? 48 : 96;
  const std::size_t layers = is_short ? 1 : 2;
  const std::size_t epochs = is_short ? 3 : 5;

  const nn::LanguageModel first = nn::language_model(xg::random::Key(1), kinds, width, 4, layers);
  const auto windows = data::sliding_windows(pages, {.length = window + 1, .stride = window});
  const auto new_windows = data::sliding_windows(tutorial, {.length = window + 1, .stride = window});
  const std::size_t steps = epochs * (data::length(windows) / 8);
  const auto fitted = train::fit(
      first, loss_of,
      xg::optim::chain(
          {xg::optim::clip_by_global_norm(1.0),
           xg::optim::adamw({.rate = xg::optim::cosine(is_short ? 1e-2 : 4e-3, steps, {.warmup = 50}), .decay = 0.1})}),
      windows,
      {.epochs = epochs,
       .batches = {.size = 8, .last = data::Last::Drop},
       .key = xg::random::Key(2),
       .validation = new_windows,
       .show = train::Show::quiet});

  // Windows that begin anywhere, all at once, then the mean over them for each place.
  const auto anywhere = data::sliding_windows(tutorial, {.length = window + 1});
  const auto begins = static_cast<std::int64_t>(anywhere.length());
  const xg::Var all = anywhere.rows(xg::random::randint(xg::random::Key(5), 0, begins, {is_short ? 150U : 2000U}));
  const xg::Var by_place = mean(bits(fitted.best, all), 0);
  const double alone = mean(view(by_place, xt::range(0, 2))).item<float>();
  const double later = mean(view(by_place, xt::range(window / 2, xt::placeholders::_))).item<float>();
  std::printf("bits per character of the tutorial: %.3f\n", fitted.best_value);
  std::printf("  after one or two characters         %.3f\n", alone);
  std::printf("  after more than %zu                  %.3f\n\n", window / 2, later);
  compare_with_cache(fitted.best, is_short ? 40 : 80);
  std::printf("drawn: %s\n", written(fitted.best, "The gradient ", is_short ? 2 : 9).c_str());

  xg::draw::Plot plot{.title = "Bits per character", .x_label = "epoch", .y_label = "bits", .series = {}};
  plot.series = {{"training", {}, {}}, {"the tutorial", {}, {}}};
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
                  .series = {{"the tutorial", to_vector(xg::arange(1, window + 1)), to_vector(by_place)}}});
  if (fitted.best_value > (is_short ? 3.7 : 2.2)) throw std::runtime_error("that is more than it should need");
  if (later > alone - (is_short ? 0.3 : 1.2)) throw std::runtime_error("what is before does not help");
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
