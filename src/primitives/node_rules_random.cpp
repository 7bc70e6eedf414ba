// What draws random numbers.
#include "node_at.hpp"
#include "primitives/random.hpp"

namespace xgrad::primitives::node_rules {

namespace {

constexpr Broken keys_first = "its first axes are those of the keys, which are int64";
constexpr Broken known_distribution = "its distribution and its stream are such";
constexpr Broken drawn_type = "it has an element type of its distribution";

bool begins_with(const Shape& shape, const Shape& keys) {
  return shape.size() >= keys.size() && std::equal(keys.begin(), keys.end(), shape.begin());
}

/// Keys, a kind below a count, a stream.
Broken drawn_of_keys(const NodeAt& n, std::size_t kinds) {
  if (n.attributes().size() != 2) return as_many_attributes;
  const auto in_range = [&](std::size_t k, std::uint64_t end) {
    return static_cast<std::uint64_t>(n.attributes()[k]) < end;
  };
  return first_of({unless(in_range(0, kinds) && in_range(1, most_streams), known_distribution),
                   unless(n.type(0) == DType::Int64 && begins_with(n.shape(), n.shape(0)), keys_first)});
}

/// Floating-point inputs of its shape and type.
Broken all_of_floats(const NodeAt& n, std::size_t count) {
  if (n.inputs() != count) return as_many_inputs;
  bool alike = true;
  for (std::size_t k = 0; k < count; ++k) alike = alike && n.like_input(k);
  return unless(alike && is_floating(n.type()), operand_types);
}

}  // namespace

Broken derive_key(const NodeAt& n) {
  if (n.inputs() != 2) return as_many_inputs;
  if (n.attributes().size() != 1) return as_many_attributes;
  const std::int64_t purpose = n.attributes()[0];
  return first_of({unless(n.like_input(0) && n.like_input(1) && n.type() == DType::Int64, operand_types),
                   unless(purpose == static_cast<std::int64_t>(Purpose::FoldIn) ||
                              purpose == static_cast<std::int64_t>(Purpose::Split),
                          "keys are folded or split")});
}

Broken random_draw(const NodeAt& n) {
  if (n.inputs() != 1) return as_many_inputs;
  if (const Broken broken = drawn_of_keys(n, distribution_count); !broken.empty()) return broken;
  const auto distribution = static_cast<Distribution>(n.attributes()[0]);
  if (distribution == Distribution::Permutation && n.shape().size() == n.shape(0).size()) return drawn_type;
  const bool integers = distribution == Distribution::Bits || distribution == Distribution::Permutation;
  return unless(integers ? n.type() == DType::Int64 : is_floating(n.type()), drawn_type);
}

Broken random_sample(const NodeAt& n) {
  if (n.inputs() < 2) return as_many_inputs;
  if (const Broken broken = drawn_of_keys(n, family_count); !broken.empty()) return broken;
  const auto family = static_cast<Family>(n.attributes()[0]);
  if (n.inputs() != 1 + parameters_of(family)) return as_many_inputs;
  if (n.shape(1) != n.shape() || n.shape(n.inputs() - 1) != n.shape()) return "there is a parameter for each number";
  switch (family) {
    case Family::Gamma:
    case Family::LogGamma:
      return unless(is_floating(n.type()) && n.type(1) == n.type(), drawn_type);
    case Family::Poisson:
      return unless(n.type() == DType::Int64 && n.type(1) == DType::Float64, drawn_type);
    case Family::Binomial:
      return unless(n.type() == DType::Int64 && n.type(1) == DType::Int64 && n.type(2) == DType::Float64, drawn_type);
    case Family::Integers:
      break;
  }
  return unless(n.type() == DType::Int64 && n.type(1) == DType::Int64 && n.type(2) == DType::Int64, drawn_type);
}

Broken gamma_slope(const NodeAt& n) {
  if (n.attributes().size() != 1) return as_many_attributes;
  return first_of({all_of_floats(n, 2), unless(n.attributes()[0] >= 0 && n.attributes()[0] <= most_gamma_order,
                                               "the order of its derivative is in range")});
}

Broken truncated_normal(const NodeAt& n) {
  return first_of({all_of_floats(n, 3), unless(n.attributes().empty(), as_many_attributes)});
}

}  // namespace xgrad::primitives::node_rules
