// A text, letter by letter: an LSTM reads the pages in docs/ and learns to say which character comes next. What it has
// learnt is measured in bits per character of the tutorial, which it has not seen, and compared with tables of how
// often characters follow each other.
//
//     14_char_lstm [folder for its pictures ["short": a smaller net, for a few seconds]]
#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <numeric>
#include <stdexcept>
#include <string>
#include <unordered_map>
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

// Characters have numbers: ends of lines 0, printable ones of ASCII 1 to 95. There are no others.
constexpr std::size_t kinds = 96;
std::int64_t number(char c) { return c == '\n' ? 0 : c - ' ' + 1; }
char character(std::int64_t n) { return n == 0 ? '\n' : static_cast<char>(' ' + n - 1); }

xg::Var numbers(const std::string& text) {
  auto result = xg::Array<std::int64_t>::from_shape({text.size()});
  std::transform(text.begin(), text.end(), result.begin(), number);
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

// What the net is called on: characters [..., time]. It gives the logits of the next ones [..., time, kinds].
struct Net {
  nn::Embedding embedding;
  nn::Lstm lstm;
  nn::Linear head;
  xg::Var operator()(const xg::Var& text) const { return head(lstm(embedding(text))); }
};
XGRAD_FIELDS(Net, embedding, lstm, head)

// Bits are nats over ln 2. A window has one character more than the net reads, the last one's successor.
xg::Var bits(const xg::Var& logits, const xg::Var& next) {
  return mean(xg::loss::CrossEntropy{}(logits, next)) / std::log(2.0F);
}
const auto loss_of = [](const Net& net, const xg::Var& windows) {
  return bits(net(view(windows, xt::all(), xt::range(0, -1))),
              view(windows, xt::all(), xt::range(1, xt::placeholders::_)));
};

// Bits per character of a table of how often a character follows the `order` ones before it. What has not been seen
// gets its share from the shorter table (I. Witten and T. Bell, 1991).
double bits_of_table(const std::string& seen, const std::string& text, std::size_t order) {
  std::vector<std::unordered_map<std::string, std::array<double, kinds>>> tables(order + 1);  // by length of contexts
  for (std::size_t length = 0; length <= order; ++length) {
    for (std::size_t i = length; i < seen.size(); ++i) {
      ++tables[length][seen.substr(i - length, length)][static_cast<std::size_t>(number(seen[i]))];
    }
  }
  double sum = 0.0;
  for (std::size_t i = order; i < text.size(); ++i) {
    double share = 1.0 / kinds;
    for (std::size_t length = 0; length <= order; ++length) {
      const auto found = tables[length].find(text.substr(i - length, length));
      if (found == tables[length].end()) break;
      const auto& counts = found->second;
      const double total = std::accumulate(counts.begin(), counts.end(), 0.0);
      const auto different =
          static_cast<double>(kinds) - static_cast<double>(std::count(counts.begin(), counts.end(), 0.0));
      share = (counts[static_cast<std::size_t>(number(text[i]))] + different * share) / (total + different);
    }
    sum -= std::log2(share);
  }
  return sum / static_cast<double>(text.size() - order);
}

// The tutorial in one go, from beginning to end: the state remembers what windows would cut off.
double bits_of_net(const Net& net, const xg::Var& text) {
  return bits(net(view(text, xt::range(0, -1))), view(text, xt::range(1, xt::placeholders::_))).item<float>();
}

// The net reads the beginning, and from then on what it has written. One step is compiled and used for each character.
std::string written(const Net& net, const std::string& beginning, int count, float temperature) {
  const auto step = xg::compile([&](const xg::Var& last, const nn::LstmState& state, const xg::random::Key& key) {
    auto [output, next] = net.lstm.with_state(net.embedding(reshape(last, {1})), {.first = state});
    return std::pair{xg::random::categorical(key, view(net.head(output), 0) / temperature), next};
  });
  const xg::Var start = xg::zeros({1, net.lstm.forward[0].weight_hh.shape()[1]}, xg::DType::Float32);
  nn::LstmState state{start, start};
  std::string result = beginning;
  for (int i = 0; i < static_cast<int>(beginning.size()) + count - 1; ++i) {
    const xg::Var last = number(result[static_cast<std::size_t>(i)]);
    auto [next, after] = step(last, std::move(state), xg::random::Key(4).fold_in(i));
    state = after;
    if (i + 1 < static_cast<int>(beginning.size())) continue;
    result += character(next.item<std::int64_t>());
  }
  return result;
}

int main(int argc, char** argv) try {
  const fs::path folder = argc > 1 ? argv[1] : ".";
  const bool is_short = argc > 2 && std::string(argv[2]) == "short";
  const fs::path docs = fs::path(XGRAD_EXAMPLE_DATA) / "../../docs";
  const std::string pages = read_all(docs).substr(0, is_short ? 60'000 : std::string::npos);
  const std::string tutorial = read(docs / "tutorial.md").substr(0, is_short ? 6'000 : std::string::npos);
  const std::size_t hidden = is_short ? 64 : 160;
  const std::size_t epochs = is_short ? 3 : 6;

  const auto [k1, k2, k3] = xg::random::Key(1).split<3>();
  const Net first{nn::embedding(k1, kinds, 32), nn::lstm(k2, 32, hidden), nn::linear(k3, hidden, kinds)};
  const auto windows = data::sliding_windows(numbers(pages), {.length = 65, .stride = 64});
  const std::size_t steps = epochs * (data::length(windows) / 8);
  xg::draw::Series training{"training", {}, {}};
  xg::draw::Series held_out{"the tutorial", {}, {}};
  const auto fitted =
      train::fit(first, loss_of,
                 xg::optim::chain({xg::optim::clip_by_global_norm(1.0),
                                   xg::optim::adam({.rate = xg::optim::cosine(is_short ? 1.5e-2 : 8e-3, steps)})}),
                 windows,
                 {.epochs = epochs,
                  .batches = {.size = 8, .last = data::Last::Drop},
                  .key = xg::random::Key(2),
                  .on_epoch =
                      [&](const auto& seen) {
                        training.x.push_back(static_cast<double>(seen.now.epoch + 1));
                        training.y.push_back(seen.now.loss);
                        held_out.x.push_back(training.x.back());
                        held_out.y.push_back(bits_of_net(seen.model, numbers(tutorial)));
                        return true;
                      },
                  .show = train::Show::quiet});

  std::printf("bits per character of the tutorial, after %zu characters of other pages\n", pages.size());
  std::printf("  each as likely                %.3f\n", std::log2(static_cast<double>(kinds)));
  std::vector<double> tables;
  for (const std::size_t order : {0U, 1U, 2U, 3U, 4U, 5U}) {
    tables.push_back(bits_of_table(pages, tutorial, order));
    std::printf("  table, context of %zu            %.3f\n", order, tables.back());
  }
  const double reached = held_out.y.back();
  std::printf("  LSTM                          %.3f\n\n", reached);
  std::printf("%s\n", written(fitted.model, "The gradient ", is_short ? 100 : 600, 0.6F).c_str());

  xg::draw::Plot plot{
      .title = "Bits per character", .x_label = "epoch", .y_label = "bits", .series = {training, held_out}};
  const std::vector<double> ends = {1.0, static_cast<double>(epochs)};
  plot.series.push_back({"table, after 2 characters", ends, {tables[2], tables[2]}});
  plot.series.push_back({"table, after 4 characters", ends, {tables[4], tables[4]}});
  xg::draw::save(folder / "char_lstm.svg", plot);

  const double wanted = is_short ? tables[1] : *std::min_element(tables.begin(), tables.end());
  if (reached > wanted) throw std::runtime_error("that is more than a table needs");
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
