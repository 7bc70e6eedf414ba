// How random programs are put together.
#include "builder.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace random_graphs {

namespace {

// Elements of one array.
constexpr std::size_t few_elements = 1500;
constexpr std::size_t medium = 16000;
constexpr std::size_t large = 300000;

enum class Class : std::uint8_t { Small, Medium, Large };

// Of 10,000 seeds in a row 25 are large and 300 medium.
Class class_of(std::uint64_t seed) {
  if (seed % 400 == 7) return Class::Large;
  return seed % 33 == 5 ? Class::Medium : Class::Small;
}

}  // namespace

std::string listed(const xgrad::Strides& numbers) {
  std::string text;
  for (const std::ptrdiff_t n : numbers) text += (text.empty() ? "{" : ", ") + std::to_string(n);
  return text.empty() ? "{}" : text + "}";
}

Builder::Builder(std::uint64_t seed) : random(seed * 0x9E3779B97F4A7C15U + 1) {
  program_.seed = seed;
  const Class kind = class_of(seed);
  size_limit = kind == Class::Small ? few_elements : kind == Class::Medium ? medium : large;
  wild = random.chance(0.12);
}

Program Builder::finish() {
  const std::size_t last = length() - 1;
  program_.outputs.push_back(last);
  for (std::size_t more = random.below(4); more > 0; --more) program_.outputs.push_back(any());
  // Some of what nothing uses; the rest is dead.
  std::vector<bool> used(length(), false);
  for (const Instruction& each : program_.instructions) {
    for (const InstructionId operand : each.operands) used[operand] = true;
  }
  const double share = random.uniform();
  for (InstructionId v = 0; v < last; ++v) {
    if (!used[v] && random.chance(share)) program_.outputs.push_back(v);
  }
  if (random.chance(0.2)) program_.outputs.push_back(random.below(length()));  // perhaps twice, or an input
  program_.loss_form = random.below(3);
  program_.second_order = size_limit == few_elements && length() < 16 && random.chance(0.15);
  return std::move(program_);
}

Builder::InstructionId Builder::append(Instruction instruction, double magnitude) {
  if (instruction.run) {
    std::vector<Var> operands;
    for (const InstructionId each : instruction.operands) operands.push_back(recorded_[each]);
    recorded_.push_back(instruction.run({operands, instruction.number, &tape_}));
  } else {
    recorded_.push_back(tape_.leaf(0.0));  // only its shape is used
    recorded_.back() = cast(recorded_.back(), instruction.dtype);
    if (!instruction.shape.empty()) recorded_.back() = broadcast_to(recorded_.back(), instruction.shape);
  }
  instruction.shape = recorded_.back().shape();
  instruction.dtype = recorded_.back().dtype();
  program_.instructions.push_back(std::move(instruction));
  magnitude_.push_back(magnitude);
  return length() - 1;
}

Builder::InstructionId Builder::add(std::string text, std::vector<InstructionId> operands, double magnitude, Run run) {
  Instruction instruction;
  instruction.text = std::move(text);
  instruction.operands = std::move(operands);
  instruction.run = std::move(run);
  return squashed(append(std::move(instruction), magnitude));
}

Builder::InstructionId Builder::add_with_number(std::string text, std::vector<InstructionId> operands, double number,
                                                double magnitude, Run run) {
  Instruction instruction;
  instruction.text = std::move(text);
  instruction.operands = std::move(operands);
  instruction.number = number;
  instruction.has_number = true;
  instruction.run = std::move(run);
  return squashed(append(std::move(instruction), magnitude));
}

Builder::InstructionId Builder::squashed(InstructionId v) {
  constexpr double often = 60.0;
  constexpr double always = 1e6;
  if (squashing_ || !floating(v) || magnitude(v) < often) return v;
  if (magnitude(v) < always && random.chance(0.3)) return v;
  squashing_ = true;
  InstructionId result = v;
  if (random.chance(0.4)) {
    result = add("tanh", {v}, 1.0, [](const Arguments& a) { return tanh(a[0]); });
  } else if (random.chance(0.4)) {
    result = add("atan", {v}, 1.6, [](const Arguments& a) { return atan(a[0]); });
  } else {
    const double scale = std::exp2(-std::ceil(std::log2(magnitude(v))));
    result = add_with_number("x * number", {v}, scale, 1.0, [](const Arguments& a) { return a[0] * a.number; });
  }
  squashing_ = false;
  return result;
}

Builder::InstructionId Builder::input(const Shape& shape, DType dtype, Fill fill) {
  Instruction instruction;
  instruction.shape = shape;
  instruction.dtype = dtype;
  instruction.fill = fill;
  instruction.data_seed = random.below(1000000000);
  instruction.leaf = random.chance(0.85);
  ++inputs_;
  return append(std::move(instruction), fill == Fill::Labels ? 6.0 : 2.0);
}

Builder::InstructionId Builder::float_input(const Shape& shape) {
  Fill fill = random.chance(0.35) ? Fill::Dyadic : Fill::Smooth;
  if (wild && random.chance(0.7)) fill = Fill::Special;
  return input(shape, random.chance(0.35) ? DType::Float32 : DType::Float64, fill);
}

Builder::InstructionId Builder::repeat(InstructionId v) {
  Instruction again = program_.instructions[v];
  if (!again.run) ++inputs_;
  return append(std::move(again), magnitude(v));
}

Builder::InstructionId Builder::any() {
  const std::size_t recent = std::min<std::size_t>(4, length());
  return random.chance(0.6) ? length() - 1 - random.below(recent) : random.below(length());
}

std::optional<Builder::InstructionId> Builder::any_where(const std::function<bool(InstructionId)>& fits) {
  for (int attempt = 0; attempt < 12; ++attempt) {
    const InstructionId v = any();
    if (fits(v)) return v;
  }
  return std::nullopt;
}

Builder::InstructionId Builder::any_float() {
  if (const auto found = any_where([&](InstructionId v) { return floating(v); })) return *found;
  return float_input(random_shape());
}

Builder::InstructionId Builder::any_array() {
  const auto fits = [&](InstructionId v) { return floating(v) && rank(v) > 0 && size_of(shape(v)) > 0; };
  if (const auto found = any_where(fits)) return *found;
  return float_input({3, std::max<std::size_t>(1, random_extent())});
}

Builder::InstructionId Builder::any_with_axes() {
  if (const auto found = any_where([&](InstructionId v) { return floating(v) && rank(v) > 0; })) return *found;
  return any_array();
}

Builder::InstructionId Builder::any_integer() {
  if (const auto found = any_where([&](InstructionId v) { return dtype(v) == DType::Int64; })) return *found;
  return input(shape(any()), DType::Int64, Fill::Labels);
}

Builder::InstructionId Builder::any_boolean() {
  if (const auto found = any_where([&](InstructionId v) { return dtype(v) == DType::Bool; })) return *found;
  if (random.chance(0.3)) return input(shape(any()), DType::Bool, Fill::Coins);
  const InstructionId a = any_float();
  return add_with_number("x < number", {a}, random_number(), 1.0, [](const Arguments& x) { return x[0] < x.number; });
}

Builder::InstructionId Builder::partner(InstructionId v, bool must_be_float) {
  const Shape& mine = shape(v);
  const auto fits = [&](InstructionId other) {
    if (must_be_float && !floating(other)) return false;
    const Shape& theirs = shape(other);
    std::size_t size = 1;
    const std::size_t most = std::max(mine.size(), theirs.size());
    for (std::size_t i = 0; i < most; ++i) {
      const std::size_t a = i < mine.size() ? mine[mine.size() - 1 - i] : 1;
      const std::size_t c = i < theirs.size() ? theirs[theirs.size() - 1 - i] : 1;
      if (a != c && a != 1 && c != 1) return false;
      size *= a == 1 ? c : a;
    }
    return size <= size_limit;
  };
  if (const auto found = any_where(fits)) return *found;
  if (inputs_ >= 5) return v;
  // [N, 1], [1, M], [M], [] ... of the shape of v.
  Shape reduced;
  const std::size_t dropped = random.chance(0.4) ? random.below(mine.size() + 1) : 0;
  const bool some_ones = random.chance(0.6);
  for (std::size_t i = dropped; i < mine.size(); ++i) {
    reduced.push_back(some_ones && random.chance(0.5) ? 1 : mine[i]);
  }
  return float_input(reduced);
}

std::size_t Builder::random_extent() {
  static const std::vector<std::size_t> usual{1, 2, 3, 7, 8, 15, 16, 17, 31, 33};
  static const std::vector<std::size_t> medium{100, 511, 512, 513, 1025};
  if (random.chance(0.015)) return 0;
  return random.chance(size_limit > few_elements ? 0.5 : 0.06) ? random.one_of(medium) : random.one_of(usual);
}

Shape Builder::random_shape() {
  static const std::vector<std::size_t> ranks{0, 1, 1, 2, 2, 2, 3, 3, 4};
  if (size_limit == large && length() == 0) {  // so that some array is large
    static const std::vector<Shape> shapes{{299999},    {100001},     {131072},     {131073},   {1025, 100},
                                           {100, 1025}, {513, 255},   {3, 40000},   {40000, 3}, {2, 65537},
                                           {65537, 2},  {33, 7, 513}, {7, 1, 16385}};
    return random.one_of(shapes);
  }
  for (;;) {
    Shape shape;
    for (std::size_t axes = random.one_of(ranks); axes > 0; --axes) shape.push_back(random_extent());
    if (size_of(shape) <= size_limit * 2 / 3) return shape;
  }
}

double Builder::random_number() {
  static const std::vector<double> numbers{0.0, 1.0, -1.0, 2.0, -0.0, 0.5, -2.0, 3.0, 0.1, -0.7, 1e-3, 10.0};
  return random.one_of(numbers);
}

namespace {

void add_any(Builder& b) {
  static const std::vector<std::pair<int, void (*)(Builder&)>> kinds{
      {20, add_elementwise}, {26, add_arithmetic}, {9, add_choice},      {5, add_integers}, {12, add_reduction},
      {7, add_rows},         {14, add_view},       {6, add_index},       {6, add_matmul},   {12, add_special},
      {3, add_running},      {3, add_sorted},      {5, add_arrangement}, {4, add_update},   {3, add_contraction},
      {2, add_factor},       {2, add_drawn}};
  int total = 0;
  for (const auto& kind : kinds) total += kind.first;
  auto left = static_cast<int>(b.random.below(static_cast<std::size_t>(total)));
  for (const auto& [weight, add] : kinds) {
    if ((left -= weight) < 0) return add(b);
  }
}

}  // namespace

Program generate(std::uint64_t seed) {
  Builder b(seed);
  const bool is_large = b.size_limit == large;
  const std::size_t inputs = 1 + b.random.below(is_large ? 2 : 3);
  for (std::size_t i = 0; i < inputs; ++i) b.float_input(b.random_shape());
  std::size_t wanted = inputs + 3 + b.random.below(is_large ? 5 : b.random.chance(0.3) ? 57 : 20);
  const bool chain = !is_large && b.random.chance(0.06);
  const bool with_windows = seed % 8 >= 5;  // so that the programs of other seeds stay as they are
  while (b.length() < wanted) {
    if (chain) (b.random.chance(0.5) ? add_elementwise : add_arithmetic)(b);
    else if (with_windows && b.random.chance(0.08)) add_window(b);
    else if (b.random.chance(0.05)) b.repeat(b.any());
    else add_any(b);
  }
  // At the end, so that the programs of all other seeds stay as they are.
  for (std::size_t known = seed % 8 == 3 ? 1 + b.random.below(4) : 0; known > 0; --known) add_known(b);
  return b.finish();
}

}  // namespace random_graphs
