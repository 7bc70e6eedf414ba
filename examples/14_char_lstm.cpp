// A text, letter by letter: an LSTM reads the first chapters of "Alice's Adventures in Wonderland" and learns to say
// which character comes next. What it has learnt is measured in bits per character of the last pages, which it has not
// seen, and compared with tables of how often characters follow each other.
//
//     14_char_lstm [folder for its pictures ["short": a smaller net, for a few seconds]]
#include <algorithm>
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

// Characters that occur in the text have the numbers 0, 1, ...
struct Text {
  std::string alphabet;
  xg::Var training, held_out;  // [n] int64
};

Text load(const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(stream), {}};
  if (text.empty()) throw std::runtime_error("cannot read " + file.string());
  std::string alphabet = text;
  std::sort(alphabet.begin(), alphabet.end());
  alphabet.erase(std::unique(alphabet.begin(), alphabet.end()), alphabet.end());
  auto numbers = xg::Array<std::int64_t>::from_shape({text.size()});
  std::transform(text.begin(), text.end(), numbers.begin(),
                 [&](char c) { return static_cast<std::int64_t>(alphabet.find(c)); });
  const xg::Var all = numbers;
  const auto end = static_cast<std::ptrdiff_t>(text.size() / 10 * 9);
  return {alphabet, view(all, xt::range(0, end)), view(all, xt::range(end, xt::placeholders::_))};
}

// What the net is called on: characters [..., time]. It gives the logits of the next ones [..., time, alphabet].
struct Net {
  nn::Embedding embedding;
  nn::Dropout dropout;
  nn::Lstm lstm;
  nn::Linear head;
  xg::Var operator()(const xg::Var& text) const { return head(lstm(embedding(text))); }
  xg::Var operator()(const xg::Var& text, const nn::Training& training) const {
    return head(dropout(lstm(dropout(embedding(text), training)), training));
  }
};
XGRAD_FIELDS(Net, embedding, dropout, lstm, head)

// Bits are nats over ln 2. A window has one character more than the net reads, the last one's successor.
xg::Var bits(const xg::Var& logits, const xg::Var& next) {
  return mean(xg::loss::CrossEntropy{}(logits, next)) / std::log(2.0F);
}
const auto loss_of = [](const Net& net, const xg::Var& windows, const auto&... training) {
  return bits(net(view(windows, xt::all(), xt::range(0, -1)), training...),
              view(windows, xt::all(), xt::range(1, xt::placeholders::_)));
};

// Bits per character of a table of how often a character follows the `order` ones before it. Sequences that have not
// been seen get their share from the shorter table (I. Witten and T. Bell, 1991).
double bits_of_table(const Text& text, std::size_t order) {
  const std::size_t n = text.alphabet.size();
  const auto& seen = text.training.array<std::int64_t>();
  const auto& read = text.held_out.array<std::int64_t>();
  const auto context = [&](const auto& characters, std::size_t i, std::size_t length) {
    std::size_t number = 0;
    for (std::size_t k = i - length; k < i; ++k) number = number * n + static_cast<std::size_t>(characters(k));
    return number;
  };
  std::vector<std::vector<double>> counts;  // by the length of the context: [contexts * n]
  for (std::size_t length = 0, contexts = 1; length <= order; ++length, contexts *= n) {
    counts.emplace_back(contexts * n);
    for (std::size_t i = length; i < seen.size(); ++i) {
      ++counts[length][context(seen, i, length) * n + static_cast<std::size_t>(seen(i))];
    }
  }
  double sum = 0.0;
  for (std::size_t i = order; i < read.size(); ++i) {
    double share = 1.0 / static_cast<double>(n);
    for (std::size_t length = 0; length <= order; ++length) {
      const double* row = &counts[length][context(read, i, length) * n];
      double total = 0.0;
      double kinds = 0.0;
      for (std::size_t k = 0; k < n; ++k) {
        total += row[k];
        kinds += row[k] > 0.0 ? 1.0 : 0.0;
      }
      if (total > 0.0) share = (row[static_cast<std::size_t>(read(i))] + kinds * share) / (total + kinds);
    }
    sum -= std::log2(share);
  }
  return sum / static_cast<double>(read.size() - order);
}

// The held-out text in one go, from beginning to end: the state remembers what windows would cut off.
double bits_of_net(const Net& net, const xg::Var& text) {
  return bits(net(view(text, xt::range(0, -1))), view(text, xt::range(1, xt::placeholders::_))).item<float>();
}

// The net reads the beginning, and from then on what it has written. One step is compiled and used for each character.
std::string written(const Net& net, const Text& text, const std::string& beginning, int count, float temperature) {
  const auto step = xg::compile([&](const xg::Var& character, const nn::LstmState& state, const xg::random::Key& key) {
    auto [output, next] = net.lstm.with_state(net.embedding(reshape(character, {1})), {.first = state});
    return std::pair{xg::random::categorical(key, view(net.head(output), 0) / temperature), next};
  });
  const xg::Var start = xg::zeros({1, net.lstm.forward[0].weight_hh.shape()[1]}, xg::DType::Float32);
  nn::LstmState state{start, start};
  std::string result = beginning;
  for (int i = 0; i < static_cast<int>(beginning.size()) + count - 1; ++i) {
    const auto number = static_cast<std::int64_t>(text.alphabet.find(result[static_cast<std::size_t>(i)]));
    auto [character, after] = step(xg::Var(number), std::move(state), xg::random::Key(4).fold_in(i));
    state = after;
    if (i + 1 < static_cast<int>(beginning.size())) continue;
    result += text.alphabet[static_cast<std::size_t>(character.item<std::int64_t>())];
  }
  return result;
}

int main(int argc, char** argv) try {
  const std::filesystem::path folder = argc > 1 ? argv[1] : ".";
  const bool is_short = argc > 2 && std::string(argv[2]) == "short";
  const Text text = load(std::filesystem::path(XGRAD_EXAMPLE_DATA) / "alice.txt");
  const std::size_t hidden = is_short ? 48 : 128;
  const std::size_t epochs = is_short ? 6 : 40;

  const auto [k1, k2, k3] = xg::random::Key(1).split<3>();
  const Net first{nn::embedding(k1, text.alphabet.size(), 32), nn::Dropout{0.3}, nn::lstm(k2, 32, hidden),
                  nn::linear(k3, hidden, text.alphabet.size())};
  const auto windows = data::sliding_windows(text.training, {.length = 65, .stride = 32});
  const std::size_t steps = epochs * (data::length(windows) / 16);
  xg::draw::Series training{"training, with dropout", {}, {}};
  xg::draw::Series held_out{"held-out text", {}, {}};
  const auto fitted = train::fit(first, loss_of,
                                 xg::optim::chain({xg::optim::clip_by_global_norm(1.0),
                                                   xg::optim::adam({.rate = xg::optim::cosine(8e-3, steps)})}),
                                 windows,
                                 {.epochs = epochs,
                                  .batches = {.size = 16, .last = data::Last::Drop},
                                  .key = xg::random::Key(2),
                                  .on_epoch =
                                      [&](const auto& seen) {
                                        training.x.push_back(static_cast<double>(seen.now.epoch + 1));
                                        training.y.push_back(seen.now.loss);
                                        held_out.x.push_back(training.x.back());
                                        held_out.y.push_back(bits_of_net(seen.model, text.held_out));
                                        return true;
                                      },
                                  .show = train::Show::quiet});

  std::printf("bits per character of the last pages, of %zu characters to choose from\n", text.alphabet.size());
  std::printf("  each as likely                %.3f\n", std::log2(static_cast<double>(text.alphabet.size())));
  std::vector<double> tables;
  for (const std::size_t order : {0U, 1U, 2U, 3U}) {
    tables.push_back(bits_of_table(text, order));
    std::printf("  table, context of %zu            %.3f\n", order, tables.back());
  }
  const double reached = held_out.y.back();
  std::printf("  LSTM                          %.3f\n\n", reached);
  std::printf("%s\n", written(fitted.model, text, "Alice ", is_short ? 100 : 400, 0.7F).c_str());

  xg::draw::Plot plot{
      .title = "Bits per character", .x_label = "epoch", .y_label = "bits", .series = {training, held_out}};
  const std::vector<double> ends = {1.0, static_cast<double>(epochs)};
  plot.series.push_back({"table, after 1 character", ends, {tables[1], tables[1]}});
  plot.series.push_back({"table, after 3 characters", ends, {tables[3], tables[3]}});
  xg::draw::save(folder / "char_lstm.svg", plot);

  const double wanted = is_short ? tables[1] : *std::min_element(tables.begin(), tables.end());
  if (reached > wanted) throw std::runtime_error("that is more than a table needs");
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
