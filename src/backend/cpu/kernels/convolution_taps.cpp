// What a convolution gives to y, or to x: sums over taps, in rows of neighbours.
#include <algorithm>

#include "backend/cpu/parallel/parallel.hpp"
#include "block/block.hpp"
#include "convolution_plan.hpp"

namespace xgrad::backend::cpu::kernels::convolutions {

using primitives::ConvolutionRole;

namespace {

/// The results of one phase along each axis, with the factors of all groups: [group][tile of rows][channel, tap][row].
template <class T>
struct Part {
  std::array<const ResultPhase*, axes> phase;
  Taps taps;
  Scratch<T> weights;
};

/// Rows in tiles of about the same size.
struct Tiles {
  std::size_t rows, count;

  Tiles(std::size_t all, std::size_t most) : rows(all), count((all + most - 1) / most) {}
  [[nodiscard]] std::size_t first(std::size_t tile) const { return tile * rows / count; }
};

/// One call: the source and the result are x and y or the other way round.
template <class T>
class Gathering {
 public:
  Gathering(const Arrays& arrays, const Geometry& geometry)
      : kernels_(block_table().convolve[static_cast<std::size_t>(arrays[arrays.result].dtype)]),
        geometry_(geometry),
        to_y_(arrays.result == ConvolutionRole::Output),
        source_(arrays[to_y_ ? ConvolutionRole::Input : ConvolutionRole::Output].template as<T>()),
        w_(arrays[ConvolutionRole::Kernel].template as<T>()),
        out_(arrays[arrays.result].template as<T>()),
        rows_(to_y_ ? geometry.out_channels : geometry.in_channels),
        extents_(to_y_ ? geometry.y : geometry.x),
        tiles_(rows_, kernels_.most_rows) {
    std::array<AxisPlan, axes> plans;
    for (std::size_t axis = 0; axis < axes; ++axis) {
      plans[axis] = to_y_ ? plan_to_y(geometry, axis) : plan_to_x(geometry, axis);
    }
    layout_ = layout_of(geometry, std::move(plans), to_y_ ? geometry.in_channels : geometry.out_channels, rows_,
                        sizeof(T), true);
  }

  /// Whether it can be done in memory that is not much more than the arrays take.
  [[nodiscard]] bool fits(const Arrays& arrays) const { return !is_mostly_zeros(layout_, arrays, rows_); }

  void operator()() {
    if (!is_reached_everywhere()) std::fill_n(out_, geometry_.examples * geometry_.groups * of_group(), T(0));
    add_parts();
    if (parts_.empty()) return;
    const std::size_t of_band = (geometry_.examples + layout_.examples - 1) / layout_.examples * geometry_.groups;
    const std::size_t rounds = of_band * layout_.bands();
    const std::size_t tasks = tasks_of(rounds);
    parallel::parallel_for(tasks, [&](std::size_t task) {
      const Memory memory(*this);
      std::size_t band = ~std::size_t{0};
      for (std::size_t round = task * rounds / tasks; round < (task + 1) * rounds / tasks; ++round) {
        if (round / of_band != band) std::fill_n(memory.laid.get(), memory.laid_size, T(0));
        band = round / of_band;
        compute(round % of_band / geometry_.groups * layout_.examples, round % geometry_.groups, band * layout_.band,
                memory);
      }
    });
  }

 private:
  /// Numbers of one group of an example of the result.
  [[nodiscard]] std::size_t of_group() const { return rows_ * Geometry::size(extents_); }

  /// Whether each element of the result is one of a part.
  [[nodiscard]] bool is_reached_everywhere() const {
    for (std::size_t axis = 0; axis < axes; ++axis) {
      std::size_t reached = 0;
      for (const ResultPhase& each : layout_.plans[axis].results) reached += each.count;
      if (reached != extents_[axis]) return false;
    }
    return true;
  }

  void add_parts() {
    for (const ResultPhase& a : layout_.plans[0].results) {
      for (const ResultPhase& b : layout_.plans[1].results) {
        for (const ResultPhase& c : layout_.plans[2].results) {
          Taps taps = taps_of(layout_, geometry_, {&a, &b, &c});
          const std::size_t numbers = geometry_.groups * rows_ * layout_.channels * taps.places.size();
          Part<T> part{.phase = {&a, &b, &c}, .taps = std::move(taps), .weights = Scratch<T>(numbers)};
          pack(part);
          parts_.push_back(std::move(part));
        }
      }
    }
  }

  void pack(const Part<T>& part) const {
    const std::size_t places = Geometry::size(geometry_.w);
    T* out = part.weights.get();
    // The kernel is [group, channel of y, channel of x, place].
    const std::size_t row_stride = (to_y_ ? geometry_.in_channels : 1) * places;
    const std::size_t channel_stride = (to_y_ ? 1 : geometry_.in_channels) * places;
    for (std::size_t group = 0; group < geometry_.groups; ++group) {
      const T* w = w_ + group * geometry_.out_channels * geometry_.in_channels * places;
      for (std::size_t tile = 0; tile < tiles_.count; ++tile) {
        for (std::size_t channel = 0; channel < layout_.channels; ++channel) {
          for (const std::size_t place : part.taps.places) {
            for (std::size_t row = tiles_.first(tile); row < tiles_.first(tile + 1); ++row) {
              *out++ = w[row * row_stride + channel * channel_stride + place];
            }
          }
        }
      }
    }
  }

  /// What is laid out, and sums in lines like it, of which the last may go on into the shared zeros; packs reach a
  /// little beyond both.
  struct Memory {
    explicit Memory(const Gathering& of)
        : laid_size(of.layout_.size() + 2 * of.kernels_.width),
          stride(((of.layout_.plane() + of.layout_.shared) / of.kernels_.width + 3) * of.kernels_.width),
          laid(laid_size),
          sums(of.rows_ * stride) {}
    std::size_t laid_size;
    std::size_t stride;
    Scratch<T> laid;
    Scratch<T> sums;
  };

  /// Some examples of a group, and a band of results.
  void compute(std::size_t example, std::size_t group, std::size_t first, const Memory& memory) const {
    const std::size_t count = std::min(layout_.examples, geometry_.examples - example);
    const std::size_t per_group = layout_.channels * layout_.plans[0].source_extent * layout_.plans[1].source_extent *
                                  layout_.plans[2].source_extent;
    lay_out(layout_, source_ + (example * geometry_.groups + group) * per_group, geometry_.groups * per_group, count,
            first, memory.laid.get(), kernels_);
    for (const Part<T>& part : parts_) {
      std::array<std::size_t, axes> counts{};
      for (std::size_t axis = 0; axis < axes; ++axis) counts[axis] = part.phase[axis]->count;
      std::size_t& along = counts[layout_.band_axis];
      if (first >= along) continue;
      along = std::min(layout_.band, along - first);
      add_up(part, group, memory.laid.get(), memory.sums.get(), memory.stride, last_place(count, counts) + 1);
      store(part, counts, memory.sums.get(), memory.stride, count, first,
            out_ + (example * geometry_.groups + group) * of_group());
    }
  }

  [[nodiscard]] std::size_t last_place(std::size_t examples, const std::array<std::size_t, axes>& counts) const {
    std::size_t place = examples - 1;
    for (std::size_t axis = 0; axis < axes; ++axis) place = place * layout_.lengths[axis] + counts[axis] - 1;
    return place;
  }

  /// Channels in blocks, whose factors and elements are in the first cache.
  void add_up(const Part<T>& part, std::size_t group, const T* laid, T* sums, std::size_t stride,
              std::size_t count) const {
    constexpr std::size_t taps_of_block = 1024;
    const std::size_t taps = part.taps.offsets.size();
    const std::size_t block = std::max<std::size_t>(1, taps_of_block / taps);
    const std::size_t channel_size = layout_.planes() * layout_.plane();
    std::vector<std::ptrdiff_t> offsets;
    for (std::size_t channel = 0; channel < std::min(block, layout_.channels); ++channel) {
      for (const std::ptrdiff_t offset : part.taps.offsets) {
        offsets.push_back(static_cast<std::ptrdiff_t>(channel * channel_size) + offset);
      }
    }
    const std::size_t all = layout_.channels * taps;
    for (std::size_t channel = 0; channel < layout_.channels; channel += block) {
      const std::size_t channels = std::min(block, layout_.channels - channel);
      for (std::size_t tile = 0; tile < tiles_.count; ++tile) {
        const std::size_t row = tiles_.first(tile);
        const std::size_t rows = tiles_.first(tile + 1) - row;
        kernels_.taps({.source = laid + channel * channel_size,
                       .offsets = offsets.data(),
                       .taps = channels * taps,
                       .weights = part.weights.get() + (group * rows_ + row) * all + channel * taps * rows,
                       .rows = rows,
                       .out = sums + row * stride,
                       .row_stride = stride,
                       .count = count,
                       .accumulate = channel != 0});
      }
    }
  }

  void store(const Part<T>& part, const std::array<std::size_t, axes>& counts, const T* sums, std::size_t stride,
             std::size_t examples, std::size_t first, T* out) const {
    std::array<std::size_t, axes> at{};
    std::array<std::size_t, axes> step{};
    for (std::size_t axis = 0; axis < axes; ++axis) {
      step[axis] = layout_.plans[axis].result_step;
      at[axis] = part.phase[axis]->first + (axis == layout_.band_axis ? first * step[axis] : 0);
    }
    for (std::size_t n = 0; n < examples; ++n) {
      for (std::size_t row = 0; row < rows_; ++row) {
        for (std::size_t i = 0; i < counts[0]; ++i) {
          const T* from = sums + row * stride + (n * layout_.lengths[0] + i) * layout_.lengths[1] * layout_.lengths[2];
          T* to = out + n * geometry_.groups * of_group() + row * Geometry::size(extents_) +
                  ((at[0] + i * step[0]) * extents_[1] + at[1]) * extents_[2] + at[2];
          if (step[2] == 1) {
            kernels_.lines({.from = from,
                            .from_stride = static_cast<std::ptrdiff_t>(layout_.lengths[2]),
                            .to = to,
                            .to_stride = static_cast<std::ptrdiff_t>(step[1] * extents_[2]),
                            .rows = counts[1],
                            .columns = counts[2]});
            continue;
          }
          for (std::size_t j = 0; j < counts[1]; ++j, from += layout_.lengths[2], to += step[1] * extents_[2]) {
            for (std::size_t k = 0; k < counts[2]; ++k) to[k * step[2]] = from[k];
          }
        }
      }
    }
  }

  const ConvolveKernels& kernels_;
  const Geometry& geometry_;
  bool to_y_;
  const T* source_;
  const T* w_;
  T* out_;
  std::size_t rows_;
  std::array<std::size_t, axes> extents_;
  Tiles tiles_;
  Layout layout_;
  std::vector<Part<T>> parts_;
};

}  // namespace

template <class T>
void gather_taps(const Arrays& arrays, const Geometry& geometry) {
  Gathering<T> gathering(arrays, geometry);
  if (gathering.fits(arrays)) gathering();
  else add_products<T>(arrays, geometry);
}

template void gather_taps<float>(const Arrays&, const Geometry&);
template void gather_taps<double>(const Arrays&, const Geometry&);

}  // namespace xgrad::backend::cpu::kernels::convolutions
