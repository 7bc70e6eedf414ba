#include <xgrad/nn/recurrent.hpp>

#include <cstdint>
#include <string_view>

#include <xgrad/core/errors.hpp>
#include <xgrad/nn/dropout.hpp>
#include <xgrad/ops/check.hpp>
#include <xgrad/ops/create.hpp>
#include <xgrad/ops/elementwise.hpp>
#include <xgrad/ops/join.hpp>
#include <xgrad/ops/linalg.hpp>
#include <xgrad/ops/manipulate.hpp>
#include <xgrad/ops/rearrange.hpp>
#include <xgrad/transform/scan.hpp>
#include <xgrad/tree/statics.hpp>

#include "core/text.hpp"
#include "nn/recurrent_steps.hpp"

namespace xgrad::nn {

namespace {

template <class Cell>
constexpr std::string_view name_of_net = "Rnn";
template <>
constexpr std::string_view name_of_net<LstmCell> = "Lstm";
template <>
constexpr std::string_view name_of_net<GruCell> = "Gru";

/// Weights of a layer and direction, by torch's names.
template <class Cell, class V>
void visit_cell(Cell& cell, const std::string& suffix, const tree::detail::Visitor<V>& visitor) {
  const auto visit = [&](std::string_view name, auto& array) {
    const std::string part = std::string(name) + suffix;
    tree::detail::visit_part(std::string_view(part), array, visitor);
  };
  visit("weight_ih", cell.weight_ih);
  visit("weight_hh", cell.weight_hh);
  if (cell.bias_ih) visit("bias_ih", *cell.bias_ih);
  if (cell.bias_hh) visit("bias_hh", *cell.bias_hh);
}

template <class Net, class V>
void visit_cells(Net& net, const tree::detail::Visitor<V>& visitor) {
  for (std::size_t layer = 0; layer < net.forward.size() || layer < net.reverse.size(); ++layer) {
    const std::string suffix = "_l" + std::to_string(layer);
    if (layer < net.forward.size()) visit_cell(net.forward[layer], suffix, visitor);
    if (layer < net.reverse.size()) visit_cell(net.reverse[layer], suffix + "_reverse", visitor);
  }
}

/// The time axis first: what a loop takes its elements from.
Var time_first(const Var& x) { return moveaxis(x, -2, 0); }
Var time_last(const Var& x) { return moveaxis(x, 0, -2); }

/// [batch...] of sequences [batch..., time, inputs].
Shape batch_of(const Shape& sequences) { return {sequences.begin(), sequences.end() - 2}; }

/// Which steps count, [time, batch..., 1].
Var steps_that_count(std::string_view net, const Var& lengths, const Shape& sequences) {
  if (lengths.dtype() != DType::Int64) {
    throw TypeError(std::string(net) + ": lengths of " + std::string(name(lengths.dtype())) + "; they must be int64");
  }
  if (lengths.shape() != batch_of(sequences)) {
    throw ShapeError(std::string(net) + ": lengths of the shape " + to_string(lengths.shape()) + " for sequences of " +
                     to_string(sequences) + "; there must be one for each sequence, " + to_string(batch_of(sequences)));
  }
  static const Requirement in_range("recurrent net: the length {} is not between 0 and the {} steps of the sequences");
  const auto time = static_cast<std::int64_t>(sequences[sequences.size() - 2]);
  const Var known = checked(lengths, (lengths >= 0) && (lengths <= time), in_range, time);
  Strides along_time(sequences.size(), 1);
  along_time[0] = time;
  return less(reshape(arange(time), along_time), expand_dims(known, -1));
}

/// Of one layer and direction: outputs [time, batch..., hidden] and the last state.
template <class Cell>
std::pair<Var, typename Cell::State> go_over(const Cell& cell, const Var& x, const std::optional<Var>& counts,
                                             const typename Cell::State& first, bool reverse) {
  using State = typename Cell::State;
  const Var weights = transpose(cell.weight_hh);
  const auto output = [](const State& state) {
    if constexpr (std::same_as<State, Var>) return state;
    else return state.h;
  };
  std::vector<Var> elements{detail::projected(cell, x)};
  if (counts) elements.push_back(*counts);
  auto [last, outputs] = scan(
      [&](const State& state, const std::vector<Var>& element) {
        State next = detail::next_state(cell, element[0], weights, state);
        const Var given = output(next);
        if (element.size() == 1) return std::pair<State, Var>(next, given);
        const State kept = tree::map(
            next, state, [&](const Var& after, const Var& before) { return where(element[1], after, before); });
        return std::pair<State, Var>(kept, where(element[1], given, 0.0));
      },
      first, elements, {.reverse = reverse});
  return {outputs, last};
}

template <class Cell>
void require_cells(const Recurrent<Cell>& net) {
  const std::string of(name_of_net<Cell>);
  if (net.forward.empty()) throw ValueError(of + ": there is no cell, as if it were not made yet");
  if (!net.reverse.empty() && net.reverse.size() != net.forward.size()) {
    throw ValueError(of + ": there are " + std::to_string(net.forward.size()) + " cells forward and " +
                     std::to_string(net.reverse.size()) + " in reverse; there must be as many, or none");
  }
  // Weights of all shapes are checked when they are used, but for what the states of all have in common.
  const Shape hidden = net.forward.front().weight_hh.shape();
  for (const std::vector<Cell>* cells : {&net.forward, &net.reverse}) {
    for (const Cell& cell : *cells) {
      if (cell.weight_hh.shape() == hidden) continue;
      throw ShapeError(of + ": cells with a weight_hh of " + to_string(hidden) + " and of " +
                       to_string(cell.weight_hh.shape()) + "; all must have as many hidden states");
    }
  }
  if (!(net.dropout >= 0.0 && net.dropout <= 1.0)) {
    throw ValueError(of + ": dropout is " + core::text_of(net.dropout) + "; it must be from 0 to 1");
  }
}

/// The states before the first step, one for each layer and direction.
template <class Cell>
std::vector<typename Cell::State> first_states(const Recurrent<Cell>& net, const Var& x,
                                               const std::optional<typename Cell::State>& given) {
  using State = typename Cell::State;
  const std::size_t count = net.forward.size() + net.reverse.size();
  const Cell& cell = net.forward.front();
  const DType dtype = promote(x.dtype(), promote(cell.weight_ih.dtype(), cell.weight_hh.dtype()));
  Shape expected{count};
  for (const std::size_t extent : batch_of(x.shape())) expected.push_back(extent);
  expected.push_back(cell.weight_hh.shape().back());
  if (!given) {
    State zero;
    const Var none = zeros({expected.begin() + 1, expected.end()}, dtype);
    if constexpr (std::same_as<State, Var>) zero = none;
    else zero = {none, none};
    return std::vector<State>(count, zero);
  }
  tree::for_each(*given, [&](const Var& each) {
    if (each.shape() != expected) {
      throw ShapeError(std::string(name_of_net<Cell>) + ": first states of the shape " + to_string(each.shape()) +
                       " for sequences of " + to_string(x.shape()) + "; they must be " + to_string(expected) +
                       ", [layers * directions, ..., hidden]");
    }
    if (each.dtype() != dtype) {
      throw TypeError(std::string(name_of_net<Cell>) + ": first states of " + std::string(name(each.dtype())) +
                      ", but " + std::string(name(dtype)) + " is what is computed; they must be alike");
    }
  });
  std::vector<State> all;
  for (std::size_t k = 0; k < count; ++k) {
    all.push_back(tree::map(*given, [k](const Var& each) { return view(each, static_cast<std::ptrdiff_t>(k)); }));
  }
  return all;
}

template <class State>
State stacked_states(const std::vector<State>& all) {
  State result = all.front();
  std::vector<Var> leaves;
  for (const State& each : all) {
    for (const Var& leaf : tree::leaves(each)) leaves.push_back(leaf);
  }
  const std::size_t leaves_of_one = leaves.size() / all.size();
  std::size_t which = 0;
  tree::for_each(result, [&](Var& leaf) {
    std::vector<Var> parts;
    for (std::size_t k = which; k < leaves.size(); k += leaves_of_one) parts.push_back(leaves[k]);
    leaf = stack(parts);
    ++which;
  });
  return result;
}

template <class Cell>
std::pair<Var, typename Cell::State> go_over_all(const Recurrent<Cell>& net, const Var& x,
                                                 const SequenceOptions<typename Cell::State>& options,
                                                 const Training* training) {
  require_cells(net);
  const std::string_view name = name_of_net<Cell>;
  const Shape shape = x.shape();
  if (shape.size() < 2) {
    throw ShapeError(std::string(name) + ": called with the shape " + to_string(shape) +
                     "; sequences have at least two axes, [..., time, inputs]");
  }
  detail::require_fit(name, net.forward.front(), shape);
  const auto first = first_states(net, x, options.first);
  std::optional<Var> counts;
  Var values = time_first(x);
  if (options.lengths) {
    counts = steps_that_count(name, *options.lengths, shape);
    values = where(*counts, values, 0.0);
  }
  std::vector<typename Cell::State> last;
  for (std::size_t layer = 0; layer < net.forward.size(); ++layer) {
    if (layer > 0 && training) {
      values = Dropout{net.dropout}(values, training->part(static_cast<std::int64_t>(layer)));
    }
    std::vector<Var> outputs;
    const auto add = [&](const Cell& cell, bool reverse) {
      detail::require_fit(name, cell, values.shape());
      auto [all, state] = go_over(cell, values, counts, first[last.size()], reverse);
      outputs.push_back(all);
      last.push_back(state);
    };
    add(net.forward[layer], false);
    if (!net.reverse.empty()) add(net.reverse[layer], true);
    values = outputs.size() == 1 ? outputs.front() : concatenate(outputs, -1);
  }
  return {time_last(values), stacked_states(last)};
}

/// \param make  a cell of a key and a number of inputs.
template <class Cell, class Options, class Make>
Recurrent<Cell> net_of_key(std::string_view name, const random::Key& key, std::size_t inputs, std::size_t hidden,
                           const Options& options, Make make) {
  if (options.layers == 0) throw ValueError(std::string(name) + ": there are no layers");
  Recurrent<Cell> net;
  net.dropout = options.dropout;
  for (std::size_t layer = 0; layer < options.layers; ++layer) {
    const std::size_t from = layer == 0 ? inputs : options.bidirectional ? 2 * hidden : hidden;
    const random::Key of_layer = key.fold_in(static_cast<std::int64_t>(layer));
    net.forward.push_back(make(of_layer.fold_in(0), from, hidden, options.cell));
    if (options.bidirectional) net.reverse.push_back(make(of_layer.fold_in(1), from, hidden, options.cell));
  }
  require_cells(net);
  return net;
}

}  // namespace

template <class Cell>
Var Recurrent<Cell>::operator()(const Var& x) const {
  return go_over_all(*this, x, {}, nullptr).first;
}

template <class Cell>
Var Recurrent<Cell>::operator()(const Var& x, const Training& training) const {
  return go_over_all(*this, x, {}, &training).first;
}

template <class Cell>
auto Recurrent<Cell>::with_state(const Var& x, const SequenceOptions<State>& options) const -> std::pair<Var, State> {
  return go_over_all(*this, x, options, nullptr);
}

template <class Cell>
auto Recurrent<Cell>::with_state(const Var& x, const SequenceOptions<State>& options, const Training& training) const
    -> std::pair<Var, State> {
  return go_over_all(*this, x, options, &training);
}

template <class Cell>
std::string Recurrent<Cell>::kind() const {
  return std::string(name_of_net<Cell>);
}

template <class Cell>
void Recurrent<Cell>::visit(const tree::detail::Visitor<Var>& visitor) {
  visit_cells(*this, visitor);
}

template <class Cell>
void Recurrent<Cell>::visit(const tree::detail::Visitor<const Var>& visitor) const {
  visit_cells(*this, visitor);
}

template <class Cell>
bool Recurrent<Cell>::same_statics(const Recurrent& other, std::string* where) const {
  using tree::detail::same_at, tree::detail::same_statics;
  return same_at(same_statics(forward, other.forward, where), std::string_view("forward"), where) &&
         same_at(same_statics(reverse, other.reverse, where), std::string_view("reverse"), where) &&
         same_at(same_statics(dropout, other.dropout, where), std::string_view("dropout"), where);
}

template struct Recurrent<RnnCell>;
template struct Recurrent<LstmCell>;
template struct Recurrent<GruCell>;

Rnn rnn(const random::Key& key, std::size_t inputs, std::size_t hidden, const RnnOptions& options) {
  return net_of_key<RnnCell>("rnn", key, inputs, hidden, options, rnn_cell);
}
Lstm lstm(const random::Key& key, std::size_t inputs, std::size_t hidden, const LstmOptions& options) {
  return net_of_key<LstmCell>("lstm", key, inputs, hidden, options, lstm_cell);
}
Gru gru(const random::Key& key, std::size_t inputs, std::size_t hidden, const GruOptions& options) {
  return net_of_key<GruCell>("gru", key, inputs, hidden, options, gru_cell);
}

}  // namespace xgrad::nn
