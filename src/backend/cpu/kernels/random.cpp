// Keys made of keys, and arrays of random numbers, by the kernels of the instruction set.
#include <algorithm>
#include <bit>
#include <numeric>

#include "backend/cpu/parallel/parallel.hpp"
#include "block/block.hpp"
#include "kernels.hpp"
#include "primitives/random.hpp"
#include "random_words.hpp"

namespace xgrad::backend::cpu::kernels {
namespace {

using primitives::Purpose;

/// What goes to one thread at a time: enough to be worth it.
constexpr std::size_t groups_of_round = 256;

/// How many numbers each key gives.
std::size_t numbers_of_key(const KernelCall& call) {
  const std::size_t keys = size_of(*call.inputs[0].shape);
  return keys == 0 ? 0 : size_of(*call.output().shape) / keys;
}

void draw_arrays(const KernelCall& call, DrawKernel draw, std::uint32_t stream) {
  const std::size_t keys = size_of(*call.inputs[0].shape);
  const std::size_t count = numbers_of_key(call);
  const std::size_t element = size_of(call.output().dtype);
  const std::size_t numbers_of_round = groups_of_round * group_size(element);
  const std::size_t rounds_of_key = (count + numbers_of_round - 1) / numbers_of_round;
  const auto run = [&](std::size_t round) {
    const std::size_t key = round / rounds_of_key;
    const std::size_t first = round % rounds_of_key * numbers_of_round;
    draw({.key = std::bit_cast<std::uint64_t>(call.inputs[0].as<std::int64_t>()[key]),
          .stream = stream,
          .first_group = first / group_size(element),
          .count = std::min(count - first, numbers_of_round),
          .out = call.output().data + (key * count + first) * element});
  };
  const std::size_t rounds = keys * rounds_of_key;
  if (keys * count < 2 * numbers_of_round) {
    for (std::size_t round = 0; round < rounds; ++round) run(round);
  } else {
    parallel::parallel_for(rounds, run);
  }
}

/// R. Durstenfeld (1964): each place from the last on changes with one before it, or with itself.
void permute(const KernelCall& call, std::uint32_t stream) {
  const std::size_t keys = size_of(*call.inputs[0].shape);
  const std::size_t count = numbers_of_key(call);
  for (std::size_t key = 0; key < keys; ++key) {
    std::int64_t* out = call.output().as<std::int64_t>() + key * count;
    std::iota(out, out + count, std::int64_t{0});
    WordStream words(std::bit_cast<std::uint64_t>(call.inputs[0].as<std::int64_t>()[key]), stream, 0);
    for (std::size_t left = count; left > 1; --left) std::swap(out[left - 1], out[words.below(left)]);
  }
}

}  // namespace

void derive_key(const KernelCall& call) {
  const std::size_t count = size_of(*call.output().shape);
  const std::uint32_t stream = primitives::stream_word(static_cast<Purpose>(call.attributes[0]), 0);
  for (std::size_t i = 0; i < count; ++i) {
    const auto key = std::bit_cast<std::uint64_t>(call.inputs[0].as<std::int64_t>()[i]);
    const auto data = std::bit_cast<std::uint64_t>(call.inputs[1].as<std::int64_t>()[i]);
    WordStream words(key, stream, data);
    call.output().as<std::int64_t>()[i] = std::bit_cast<std::int64_t>(words.next());
  }
}

void random_draw(const KernelCall& call) {
  const auto distribution = static_cast<std::size_t>(call.attributes[0]);
  const std::uint32_t stream = primitives::stream_word(Purpose::Draw, call.attributes[1]);
  if (static_cast<Distribution>(distribution) == Distribution::Permutation) return permute(call, stream);
  draw_arrays(call, block_table().draw[distribution][static_cast<std::size_t>(call.output().dtype)], stream);
}

}  // namespace xgrad::backend::cpu::kernels
