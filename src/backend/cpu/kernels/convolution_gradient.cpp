// What a convolution gives to the kernel: for each tap the products of x at its offset with y, whose channels lie next
// to each other.
#include <algorithm>

#include "backend/cpu/parallel/parallel.hpp"
#include "block/block.hpp"
#include "convolution_plan.hpp"

namespace xgrad::backend::cpu::kernels::convolutions {

using primitives::ConvolutionRole;

namespace {

/// Examples are added up in chunks, one after another in each; the chunks are what threads share. They depend on shapes
/// only, so that sums have the same bits on any number of threads.
template <class T>
class KernelGradient {
 public:
  KernelGradient(const Arrays& arrays, const Geometry& geometry)
      : kernels_(block_table().convolve[static_cast<std::size_t>(arrays[arrays.result].dtype)]),
        geometry_(geometry),
        x_(arrays[ConvolutionRole::Input].template as<T>()),
        y_(arrays[ConvolutionRole::Output].template as<T>()),
        out_(arrays[ConvolutionRole::Kernel].template as<T>()),
        columns_((geometry.out_channels + kernels_.width - 1) / kernels_.width * kernels_.width) {
    std::array<AxisPlan, axes> plans;
    for (std::size_t axis = 0; axis < axes; ++axis) plans[axis] = plan_to_y(geometry, axis);
    layout_ = layout_of(geometry, std::move(plans), geometry.in_channels, widest_columns(), sizeof(T), false);
  }

  /// Whether it can be done in memory that is not much more than the arrays take.
  [[nodiscard]] bool fits(const Arrays& arrays) const { return !is_mostly_zeros(layout_, arrays, columns_); }

  void operator()() {
    const std::size_t size =
        geometry_.groups * geometry_.out_channels * geometry_.in_channels * Geometry::size(geometry_.w);
    std::fill_n(out_, size, T(0));
    std::array<const ResultPhase*, axes> phase{};
    for (std::size_t axis = 0; axis < axes; ++axis) {
      if (layout_.plans[axis].results.empty()) return;
      phase[axis] = &layout_.plans[axis].results[0];
    }
    taps_ = taps_of(layout_, geometry_, phase);
    const std::size_t channel_size = layout_.planes() * layout_.plane();
    for (std::size_t channel = 0; channel < geometry_.in_channels; ++channel) {
      for (const std::ptrdiff_t offset : taps_.offsets) {
        offsets_.push_back(static_cast<std::ptrdiff_t>(channel * channel_size) + offset);
      }
    }
    const std::size_t of_group = offsets_.size() * columns_;
    const std::size_t chunks = chunks_for(geometry_.groups * offsets_.size() * widest_columns());
    const Scratch<T> all(chunks * geometry_.groups * of_group);
    T* const sums = all.get();
    std::fill_n(sums, chunks * geometry_.groups * of_group, T(0));
    parallel::parallel_for(chunks * geometry_.groups, [&](std::size_t round) {
      const std::size_t chunk = round / geometry_.groups;
      add_examples(round % geometry_.groups, chunk * geometry_.examples / chunks,
                   (chunk + 1) * geometry_.examples / chunks, sums + round * of_group);
    });
    for (std::size_t chunk = 1; chunk < chunks; ++chunk) {
      const T* more = sums + chunk * geometry_.groups * of_group;
      for (std::size_t i = 0; i < geometry_.groups * of_group; ++i) sums[i] += more[i];
    }
    for (std::size_t group = 0; group < geometry_.groups; ++group) store(group, sums + group * of_group);
  }

 private:
  /// Channels in whole packs of the widest instruction set: bands and chunks are the same with each.
  [[nodiscard]] std::size_t widest_columns() const {
    constexpr std::size_t widest = 64 / sizeof(T);
    return (geometry_.out_channels + widest - 1) / widest * widest;
  }

  [[nodiscard]] std::size_t chunks_for(std::size_t numbers) const {
    constexpr std::size_t most = 8;
    constexpr std::size_t most_numbers = std::size_t{1} << 23U;
    return std::max<std::size_t>(1, std::min({geometry_.examples, most, most_numbers / numbers}));
  }

  /// The examples from one on to before another.
  void add_examples(std::size_t group, std::size_t first, std::size_t last, T* sums) const {
    const std::size_t of_x = geometry_.in_channels * Geometry::size(geometry_.x);
    const std::size_t of_y = geometry_.out_channels * Geometry::size(geometry_.y);
    const Scratch<T> laid(layout_.size());
    std::array<std::size_t, axes> counts = geometry_.y;
    counts[layout_.band_axis] = std::min(layout_.band, counts[layout_.band_axis]);
    const Scratch<T> turned(Geometry::size(counts) * columns_);
    std::fill_n(turned.get(), Geometry::size(counts) * columns_, T(0));
    for (std::size_t band = 0; band < layout_.bands(); ++band) {
      const std::size_t begin = band * layout_.band;
      counts[layout_.band_axis] = std::min(layout_.band, geometry_.y[layout_.band_axis] - begin);
      std::fill_n(laid.get(), layout_.size(), T(0));
      for (std::size_t example = first; example < last; ++example) {
        lay_out(layout_, x_ + (example * geometry_.groups + group) * of_x, std::size_t{0}, 1, begin, laid.get(),
                kernels_);
        turn(y_ + (example * geometry_.groups + group) * of_y, begin, counts, turned.get());
        add_band(counts, laid.get(), turned.get(), sums);
      }
    }
  }

  /// Channels of y next to each other. Behind them there are zeros.
  void turn(const T* y, std::size_t begin, const std::array<std::size_t, axes>& counts, T* out) const {
    std::size_t inner = 1;
    for (std::size_t axis = layout_.band_axis + 1; axis < axes; ++axis) inner *= geometry_.y[axis];
    kernels_.turn({.from = y + begin * inner,
                   .channel_stride = Geometry::size(geometry_.y),
                   .channels = geometry_.out_channels,
                   .places = Geometry::size(counts),
                   .to = out,
                   .place_stride = columns_});
  }

  void add_band(const std::array<std::size_t, axes>& counts, const T* laid, const T* turned, T* sums) const {
    for (std::size_t i = 0; i < counts[0]; ++i) {
      kernels_.kernel_gradient({.source = laid + i * layout_.lengths[1] * layout_.lengths[2],
                                .offsets = offsets_.data(),
                                .taps = offsets_.size(),
                                .y = turned + i * counts[1] * counts[2] * columns_,
                                .channels = columns_,
                                .out = sums,
                                .rows = counts[1],
                                .columns = counts[2],
                                .line = layout_.lengths[2]});
    }
  }

  void store(std::size_t group, const T* sums) const {
    const std::size_t places = Geometry::size(geometry_.w);
    const std::size_t taps = taps_.places.size();
    for (std::size_t o = 0; o < geometry_.out_channels; ++o) {
      T* out = out_ + (group * geometry_.out_channels + o) * geometry_.in_channels * places;
      for (std::size_t c = 0; c < geometry_.in_channels; ++c) {
        for (std::size_t tap = 0; tap < taps; ++tap) {
          out[c * places + taps_.places[tap]] = sums[(c * taps + tap) * columns_ + o];
        }
      }
    }
  }

  const ConvolveKernels& kernels_;
  const Geometry& geometry_;
  const T* x_;
  const T* y_;
  T* out_;
  std::size_t columns_;  ///< channels of y in whole packs
  Layout layout_;
  Taps taps_;
  std::vector<std::ptrdiff_t> offsets_;
};

}  // namespace

template <class T>
void kernel_gradient(const Arrays& arrays, const Geometry& geometry) {
  KernelGradient<T> gradient(arrays, geometry);
  if (gradient.fits(arrays)) gradient();
  else add_products<T>(arrays, geometry);
}

template void kernel_gradient<float>(const Arrays&, const Geometry&);
template void kernel_gradient<double>(const Arrays&, const Geometry&);

}  // namespace xgrad::backend::cpu::kernels::convolutions
