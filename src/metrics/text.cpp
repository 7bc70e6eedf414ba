#include <xgrad/metrics/text.hpp>

#include <algorithm>
#include <limits>
#include <map>
#include <numeric>
#include <string>

#include <xgrad/core/array.hpp>
#include <xgrad/core/errors.hpp>
#include <xgrad/ops/check.hpp>
#include <xgrad/ops/create.hpp>
#include <xgrad/ops/elementwise.hpp>
#include <xgrad/ops/manipulate.hpp>
#include <xgrad/ops/reduce.hpp>

#include "core/utf8.hpp"
#include "metrics/common.hpp"

namespace xgrad::metrics {
namespace {

using Tokens = std::vector<std::int64_t>;
using TokenSpan = std::span<const std::int64_t>;

/// Numbers of texts: equal ones have the same.
class Vocabulary {
 public:
  std::int64_t operator[](std::string_view token) {
    return numbers_.try_emplace(std::string(token), static_cast<std::int64_t>(numbers_.size())).first->second;
  }

 private:
  std::map<std::string, std::int64_t> numbers_;
};

Tokens characters(Vocabulary& vocabulary, std::string_view text) {
  Tokens result;
  while (!text.empty()) {
    const std::size_t n =
        std::max<std::size_t>(1, core::first_code_point(text).bytes);  // a byte that is no UTF-8 counts
    result.push_back(vocabulary[text.substr(0, n)]);
    text.remove_prefix(n);
  }
  return result;
}

Tokens words(Vocabulary& vocabulary, std::string_view text) {
  constexpr std::string_view space = " \t\n\v\f\r";
  Tokens result;
  for (std::size_t from = text.find_first_not_of(space); from != std::string_view::npos;) {
    const std::size_t to = std::min(text.find_first_of(space, from), text.size());
    result.push_back(vocabulary[text.substr(from, to - from)]);
    from = text.find_first_not_of(space, to);
  }
  return result;
}

double edits(TokenSpan a, TokenSpan b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (const std::int64_t token : a) {
    std::size_t diagonal = row[0]++;
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::size_t replaced = diagonal + (token == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min(replaced, std::min(row[j], diagonal) + 1);
    }
  }
  return static_cast<double>(row.back());
}

Sums plus_distance(const Sums& state, TokenSpan prediction, TokenSpan target) {
  return detail::plus(EditDistance::name, state, {edits(prediction, target), 1.0});
}

Sums plus_errors(std::string_view metric, const Sums& state, TokenSpan prediction, TokenSpan target) {
  return detail::plus(metric, state, {edits(prediction, target), static_cast<double>(target.size())});
}

/// How often each sequence of n tokens occurs.
std::map<Tokens, std::size_t> sequences(TokenSpan tokens, std::size_t n) {
  std::map<Tokens, std::size_t> result;
  for (std::size_t i = 0; i + n <= tokens.size(); ++i) {
    const TokenSpan one = tokens.subspan(i, n);
    ++result[Tokens(one.begin(), one.end())];
  }
  return result;
}

/// How many sequences are right, each as often as in the reference that has it most often.
std::size_t right_sequences(TokenSpan prediction, const std::vector<Tokens>& references, std::size_t n) {
  std::map<Tokens, std::size_t> allowed;
  for (const Tokens& reference : references) {
    for (const auto& [sequence, count] : sequences(reference, n)) {
      std::size_t& most_often = allowed[sequence];
      most_often = std::max(most_often, count);
    }
  }
  std::size_t right = 0;
  for (const auto& [sequence, count] : sequences(prediction, n)) {
    const auto place = allowed.find(sequence);
    if (place != allowed.end()) right += std::min(count, place->second);
  }
  return right;
}

std::size_t nearest_length(std::size_t length, const std::vector<Tokens>& references) {
  const auto apart = [&](std::size_t n) { return n > length ? n - length : length - n; };
  std::size_t best = references[0].size();
  for (const Tokens& reference : references) {
    const std::size_t n = reference.size();
    if (apart(n) < apart(best) || (apart(n) == apart(best) && n < best)) best = n;
  }
  return best;
}

}  // namespace

Sums EditDistance::init() const { return detail::no_sums({2}); }
Sums EditDistance::update(const Sums& state, std::string_view prediction, std::string_view target) const {
  Vocabulary vocabulary;
  return plus_distance(state, characters(vocabulary, prediction), characters(vocabulary, target));
}
Sums EditDistance::update(const Sums& state, TokenSpan prediction, TokenSpan target) const {
  return plus_distance(state, prediction, target);
}
Var EditDistance::value(const Sums& state) const { return detail::mean_of(name, state); }

Sums WordErrorRate::init() const { return detail::no_sums({2}); }
Sums WordErrorRate::update(const Sums& state, std::string_view prediction, std::string_view target) const {
  Vocabulary vocabulary;
  return plus_errors(name, state, words(vocabulary, prediction), words(vocabulary, target));
}
Sums WordErrorRate::update(const Sums& state, TokenSpan prediction, TokenSpan target) const {
  return plus_errors(name, state, prediction, target);
}
Var WordErrorRate::value(const Sums& state) const { return detail::mean_of(name, state); }

Sums CharacterErrorRate::init() const { return detail::no_sums({2}); }
Sums CharacterErrorRate::update(const Sums& state, std::string_view prediction, std::string_view target) const {
  Vocabulary vocabulary;
  return plus_errors(name, state, characters(vocabulary, prediction), characters(vocabulary, target));
}
Var CharacterErrorRate::value(const Sums& state) const { return detail::mean_of(name, state); }

Sums Bleu::init() const {
  detail::require_setting(name, "order", static_cast<double>(order), order > 0, "it must be 1 or more");
  return detail::no_sums({2, order + 1});
}
Sums Bleu::update(const Sums& state, std::string_view prediction, const std::vector<std::string>& references) const {
  Vocabulary vocabulary;
  std::vector<Tokens> right;
  for (const std::string& reference : references) right.push_back(words(vocabulary, reference));
  return update(state, words(vocabulary, prediction), right);
}
Sums Bleu::update(const Sums& state, TokenSpan prediction, const std::vector<Tokens>& references) const {
  if (references.empty()) throw ValueError("Bleu: there is no reference; there must be one or more");
  // Numbers of words, then of sequences of each length: of the references, of the predictions.
  auto sums = Array<double>::from_shape({2, order + 1});
  sums(0, 0) = static_cast<double>(nearest_length(prediction.size(), references));
  sums(1, 0) = static_cast<double>(prediction.size());
  for (std::size_t n = 1; n <= order; ++n) {
    sums(0, n) = static_cast<double>(right_sequences(prediction, references, n));
    sums(1, n) = static_cast<double>(prediction.size() + 1 - std::min(n, prediction.size() + 1));
  }
  return {detail::sums_of(name, state, {2, order + 1}) + Var(std::move(sums))};
}
Var Bleu::value(const Sums& state) const {
  const Var all = detail::sums_of(name, state, {2, order + 1});
  const Var lengths = view(all, xt::all(), 0);
  const Var sequences_of = view(all, xt::all(), xt::range(1, static_cast<std::ptrdiff_t>(order) + 1));
  const Var added = smooth ? cast<double>(arange(static_cast<std::int64_t>(order)) > 0) : Var(0.0);
  const Var shares = detail::quotient(view(sequences_of, 0) + added, view(sequences_of, 1) + added, 0.0);
  const Var words_of_p = view(lengths, 1);
  const Var brevity = exp(minimum(1.0 - detail::quotient(view(lengths, 0), words_of_p, 1.0), 0.0));
  const Var score = where(words_of_p > 0.0, brevity * exp(mean(log(shares))), 0.0);
  return detail::of_something(name, score, sum(lengths));
}

}  // namespace xgrad::metrics
