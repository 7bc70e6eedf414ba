// Numbers of several digits, read from left to right: no one says where one digit ends and the next begins. Images of
// digits stand in lines, some apart, some touching; a recurrent net looks at a line column by column and says
// after each one what it has read, or nothing. The CTC loss adds up all ways in which that spells the number.
//
//     16_sequence_labelling [folder for its pictures ["short": fewer lines of fewer digits, for a few seconds]]
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <xgrad/data.hpp>
#include <xgrad/draw.hpp>
#include <xgrad/io/csv.hpp>
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
using Key = xg::random::Key;
using Word = std::vector<std::int64_t>;

constexpr std::int64_t blank = 10;  // behind the ten digits

// Lines of different lengths, with 0 behind their ends.
struct Lines {
  xg::Var columns;   // [n, time, 8] float32, 0 (paper) to 1 (ink)
  xg::Var lengths;   // [n] int64
  xg::Var digits;    // [n, most] int64
  xg::Var how_many;  // [n] int64
};
XGRAD_FIELDS(Lines, columns, lengths, digits, how_many)

constexpr std::size_t gap = 3;  // at most so many columns of paper before a digit

// `table` is [n, 65]: 64 pixels, row by row, and the digit. Lines have from `least` to `most` digits.
Lines make_lines(const Key& key, const xg::Var& table, std::size_t n, std::size_t least, std::size_t most) {
  const auto [k1, k2, k3] = key.split<3>();
  // Numbers from a range, its end left out.
  const auto draw = [](const Key& k, std::size_t from, std::size_t to, const xg::Shape& shape) {
    const xg::Var drawn = xg::random::randint(k, static_cast<std::int64_t>(from), static_cast<std::int64_t>(to), shape);
    return xg::Array<std::int64_t>(drawn.array<std::int64_t>());
  };
  const auto how_many = draw(k1, least, most + 1, {n});
  const auto which = draw(k2, 0, table.shape()[0], {n, most});
  const auto gaps = draw(k3, 0, gap + 1, {n, most});
  const auto& pixels = table.array<double>();

  xg::Array<float> columns(xg::Shape{n, most * (8 + gap), 8}, 0.0F);
  xg::Array<std::int64_t> lengths(xg::Shape{n}, 0);
  xg::Array<std::int64_t> digits(xg::Shape{n, most}, 0);
  for (std::size_t i = 0; i < n; ++i) {
    std::size_t at = 0;
    for (std::size_t k = 0; k < static_cast<std::size_t>(how_many(i)); ++k) {
      const auto row = static_cast<std::size_t>(which(i, k));
      digits(i, k) = static_cast<std::int64_t>(pixels(row, 64));
      at += static_cast<std::size_t>(gaps(i, k));
      for (std::size_t x = 0; x < 8; ++x, ++at) {
        for (std::size_t y = 0; y < 8; ++y) columns(i, at, y) = static_cast<float>(pixels(row, 8 * y + x) / 16.0);
      }
    }
    lengths(i) = static_cast<std::int64_t>(at);
  }
  return {columns, lengths, digits, how_many};
}

// From columns to the logits of eleven symbols after each of them. In both directions: a digit is known better once
// one has seen all of it.
struct Reader {
  nn::Gru gru;
  nn::Linear head;
  [[nodiscard]] xg::Var operator()(const Lines& lines) const {
    return head(gru.with_state(lines.columns, {.lengths = lines.lengths}).first);
  }
};
XGRAD_FIELDS(Reader, gru, head)

// Nats per digit. The loss takes time first, as torch's does.
const auto loss_of = [](const Reader& reader, const Lines& lines) {
  const xg::Var log_probabilities = swapaxes(log_softmax(reader(lines)), 0, 1);
  const xg::loss::Ctc ctc{.blank = blank};
  return sum(ctc(log_probabilities, lines.digits, lines.lengths, lines.how_many)) /
         xg::cast<float>(sum(lines.how_many));
};

// Rows of symbols [n, time] up to their lengths; merged: what is repeated counts once, blanks drop out.
std::vector<Word> words(const xg::Var& symbols, const xg::Var& lengths, bool merged) {
  const auto& all = symbols.array<std::int64_t>();
  std::vector<Word> result(symbols.shape()[0]);
  for (std::size_t i = 0; i < result.size(); ++i) {
    std::int64_t before = blank;
    for (std::size_t t = 0; t < static_cast<std::size_t>(lengths.array<std::int64_t>()(i)); ++t) {
      if (!merged || (all(i, t) != before && all(i, t) != blank)) result[i].push_back(all(i, t));
      before = all(i, t);
    }
  }
  return result;
}
std::vector<Word> truth(const Lines& lines) { return words(lines.digits, lines.how_many, false); }
// Greedy decoding: the likeliest symbol after each column.
std::vector<Word> read(const Reader& reader, const Lines& lines) {
  return words(argmax(reader(lines), -1), lines.lengths, true);
}

// How many digits have to be put in, taken away or changed to make one word of another (V. Levenshtein, 1966).
std::size_t edits(const Word& from, const Word& to) {
  std::vector<std::size_t> row(to.size() + 1);
  for (std::size_t j = 0; j < row.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= from.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j < row.size(); ++j) {
      const std::size_t changed = diagonal + (from[i - 1] == to[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({changed, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row.back();
}

// Edits for each digit that is there.
double error_rate(const Reader& reader, const Lines& lines) {
  const std::vector<Word> found = read(reader, lines);
  const std::vector<Word> wanted = truth(lines);
  std::size_t wrong = 0;
  std::size_t all = 0;
  for (std::size_t i = 0; i < found.size(); ++i) {
    wrong += edits(found[i], wanted[i]);
    all += wanted[i].size();
  }
  return static_cast<double>(wrong) / static_cast<double>(all);
}

std::string text(const Word& word) {
  std::string result;
  for (const std::int64_t digit : word) result += std::to_string(digit);
  return result;
}

void draw_lines(const Reader& reader, const Lines& lines, const std::filesystem::path& file) {
  const std::vector<Word> found = read(reader, lines);
  const std::vector<Word> wanted = truth(lines);
  std::vector<std::string> captions;
  for (std::size_t i = 0; i < found.size(); ++i) {
    captions.push_back(text(found[i]) + (found[i] == wanted[i] ? "" : ", is " + text(wanted[i])));
  }
  xg::draw::save(file, {.title = "What was read",
                        .pixels = swapaxes(lines.columns, 1, 2),
                        .captions = captions,
                        .black = 1.0,
                        .white = 0.0,
                        .columns = 3});
}

int main(int argc, char** argv) try {
  const std::filesystem::path folder = argc > 1 ? argv[1] : ".";
  const bool is_short = argc > 2 && std::string(argv[2]) == "short";
  // Lines to be judged by are made of digits that are in no line to learn from.
  const xg::Var table = xg::io::read_csv(std::filesystem::path(XGRAD_EXAMPLE_DATA) / "digits.csv");
  const auto [known, unknown] = data::split(table, {0.8, 0.2}, {.shuffle = Key(1)});
  const std::size_t least = is_short ? 1 : 3;
  const std::size_t most = is_short ? 2 : 5;
  const Lines training = make_lines(Key(2), known, is_short ? 1000 : 3000, least, most);
  const Lines held_out = make_lines(Key(3), unknown, 300, least, most);

  const std::size_t hidden = is_short ? 32 : 64;
  const std::size_t epochs = is_short ? 12 : 15;
  const auto [k1, k2] = Key(4).split<2>();
  const Reader first{nn::gru(k1, 8, hidden, {.bidirectional = true}), nn::linear(k2, 2 * hidden, 11)};
  const std::size_t steps = epochs * (data::length(training) / 32);
  xg::draw::Series loss{"loss on new lines, nats per digit", {}, {}};
  xg::draw::Series wrong{"edits per digit", {}, {}};
  const auto look = [&](const train::Seen<Reader>& seen) {
    loss.x.push_back(static_cast<double>(seen.now.epoch + 1));
    loss.y.push_back(seen.now.metrics.at("validation loss"));
    wrong.x.push_back(loss.x.back());
    wrong.y.push_back(error_rate(seen.model, held_out));
    std::printf("epoch %2.0f   %.4f nats, %.4f edits per digit\n", loss.x.back(), loss.y.back(), wrong.y.back());
    return true;
  };
  const auto optimiser = xg::optim::chain(
      {xg::optim::clip_by_global_norm(1.0), xg::optim::adam({.rate = xg::optim::cosine(1e-2, steps)})});
  const auto fitted = train::fit(first, loss_of, optimiser, training,
                                 {.epochs = epochs,
                                  .batches = {.size = 32, .last = data::Last::Drop},
                                  .key = Key(5),
                                  .validation = held_out,
                                  .on_epoch = look,
                                  .show = train::Show::quiet});

  xg::draw::save(
      folder / "sequence_labelling.svg",
      {.title = "Reading numbers", .x_label = "epoch", .y_label = "", .series = {loss, wrong}, .log_y = true});
  draw_lines(fitted.model, data::rows(held_out, xg::arange(12)), folder / "sequence_labelling_lines.svg");
  std::printf("\nlabel error rate on new lines = %.4f\n", wrong.y.back());
  if (wrong.y.back() > (is_short ? 0.2 : 0.03)) throw std::runtime_error("that is more than it should be");
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
