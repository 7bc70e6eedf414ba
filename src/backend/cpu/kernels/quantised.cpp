// Products of small integers.
#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

#include "backend/cpu/parallel/parallel.hpp"
#include "block/block.hpp"
#include "kernels.hpp"
#include "memory/buffer.hpp"
#include "primitives/quantised.hpp"

namespace xgrad::backend::cpu::kernels {
namespace {

using primitives::quantised_block;
using primitives::quantised_group;

constexpr std::size_t rows_at_once = 64;

static_assert(std::endian::native == std::endian::little, "the lowest bits of a word are its first bytes");

/// One matrix times one set of weights.
template <class T>
struct QuantisedProduct {
  std::size_t rows, inputs, outputs;
  const T* x;
  const std::int64_t* words;
  const T* numbers;
  std::uint8_t* bytes;  ///< of x, [rows, groups, 4]
  T* out;

  /// Rows from `first` on.
  void run(std::size_t first) const {
    const Int8Kernels& kernels = block_table().int8;
    const std::size_t count = std::min(rows_at_once, rows - first);
    const std::size_t groups = primitives::quantised_groups(inputs);
    const T zero_point = numbers[1];
    const bool no_zero = std::isnan(zero_point);
    const auto zero = no_zero ? 0 : static_cast<std::int32_t>(std::clamp(std::nearbyint(zero_point), T(0), T(255)));
    bool nan[rows_at_once];
    for (std::size_t r = 0; r < count; ++r) {
      std::uint8_t* to = bytes + (first + r) * groups * quantised_group;
      nan[r] = kernels.quantise[static_cast<std::size_t>(dtype_of<T>)](
                   {x + (first + r) * inputs, inputs, static_cast<double>(numbers[0]), zero, to}) ||
               no_zero;
      std::fill(to + inputs, to + groups * quantised_group, std::uint8_t{0});
    }
    std::int32_t sums[rows_at_once * quantised_block];
    for (std::size_t block = 0; block < primitives::quantised_blocks(outputs); ++block) {
      const std::int64_t* row = words + block * primitives::quantised_row(inputs);
      std::int32_t start[quantised_block];
      std::memcpy(start, row, sizeof start);  // the sums of weights
      for (std::int32_t& each : start) {      // those of a file may be anything, and wrap around
        each = static_cast<std::int32_t>(static_cast<std::uint32_t>(each) * static_cast<std::uint32_t>(-zero));
      }
      kernels.multiply({count, groups, bytes + first * groups * quantised_group,
                        reinterpret_cast<const std::int8_t*>(row + primitives::quantised_words), start, sums});
      const std::size_t left = std::min(quantised_block, outputs - block * quantised_block);
      for (std::size_t r = 0; r < count; ++r) {
        T* to = out + (first + r) * outputs + block * quantised_block;
        if (nan[r]) std::fill_n(to, left, std::numeric_limits<T>::quiet_NaN());
        else std::copy_n(sums + r * quantised_block, left, to);
      }
    }
  }
};

}  // namespace

void quantised_matmul(const KernelCall& call) {
  const Shape& shape = *call.output().shape;
  if (size_of(shape) == 0) return;
  const std::size_t stack = shape.size() == 3 ? shape[0] : 1;
  const std::size_t rows = shape[shape.size() - 2];
  const auto inputs = static_cast<std::size_t>(call.attributes[0]);
  const auto outputs = static_cast<std::size_t>(call.attributes[1]);
  const std::size_t words = primitives::quantised_blocks(outputs) * primitives::quantised_row(inputs);
  const std::size_t bytes = rows * primitives::quantised_groups(inputs) * quantised_group;
  const memory::BufferPtr buffer = memory::make_buffer(DType::Int64, Shape{(stack * bytes + 7) / 8});
  const std::size_t rounds = (rows + rows_at_once - 1) / rows_at_once;
  dispatch(call.output().dtype, [&]<class T>() {
    if constexpr (std::is_floating_point_v<T>) {
      parallel::parallel_for(stack * rounds, [&](std::size_t round) {
        const std::size_t s = round / rounds;
        const QuantisedProduct<T> product{rows,
                                          inputs,
                                          outputs,
                                          call.inputs[0].as<T>() + s * rows * inputs,
                                          call.inputs[1].as<std::int64_t>() + s * words,
                                          call.inputs[2].as<T>() + s * 2,
                                          reinterpret_cast<std::uint8_t*>(buffer->data()) + s * bytes,
                                          call.output().as<T>() + s * rows * outputs};
        product.run(round % rounds * rows_at_once);
      });
    }
  });
}

}  // namespace xgrad::backend::cpu::kernels
