#include "convolution_plan.hpp"

#include <algorithm>
#include <map>

#include <xgrad/threads.hpp>

namespace xgrad::backend::cpu::kernels::convolutions {

using primitives::ConvolutionRole;

namespace {

std::int64_t floor_of(std::int64_t a, std::int64_t b) { return a >= 0 ? a / b : -((-a + b - 1) / b); }

/// How many of the elements first, first + step ... an axis has.
std::int64_t count_from(std::int64_t first, std::int64_t step, std::size_t extent) {
  const auto end = static_cast<std::int64_t>(extent);
  return first >= end ? 0 : (end - 1 - first) / step + 1;
}

/// A tap as it is found, before the place is known where what is laid out begins.
struct FoundTap {
  std::size_t place;
  std::int64_t result, phase, shift;
};

/// Taps that reach no element are left out, so that what is laid out is not much larger than the arrays.
AxisPlan planned(std::size_t source_extent, std::size_t source_step, std::size_t result_step,
                 const std::vector<FoundTap>& taps, std::size_t result_extent) {
  AxisPlan plan{.source_extent = source_extent, .source_step = source_step, .result_step = result_step};
  std::int64_t last = 0;
  bool any = false;
  const auto each_that_reaches = [&](auto f) {
    for (const FoundTap& tap : taps) {
      const std::int64_t results = count_from(tap.result, static_cast<std::int64_t>(result_step), result_extent);
      const std::int64_t elements = count_from(tap.phase, static_cast<std::int64_t>(source_step), source_extent);
      if (results > 0 && tap.shift < elements && tap.shift + results > 0) f(tap, results);
    }
  };
  each_that_reaches([&](const FoundTap& tap, std::int64_t) {
    plan.start = any ? std::min(plan.start, tap.shift) : tap.shift;
    last = any ? std::max(last, tap.shift) : tap.shift;
    any = true;
  });
  plan.reach = static_cast<std::size_t>(last - plan.start);
  std::map<std::int64_t, std::size_t> known_phases;
  std::map<std::int64_t, std::size_t> known_results;
  each_that_reaches([&](const FoundTap& tap, std::int64_t results) {
    const auto [phase, is_new_phase] = known_phases.try_emplace(tap.phase, plan.phases.size());
    if (is_new_phase) plan.phases.push_back(static_cast<std::size_t>(tap.phase));
    const auto [result, is_new_result] = known_results.try_emplace(tap.result, plan.results.size());
    if (is_new_result) {
      plan.results.push_back(
          {.first = static_cast<std::size_t>(tap.result), .count = static_cast<std::size_t>(results), .taps = {}});
    }
    plan.results[result->second].taps.push_back(
        {.place = tap.place, .phase = phase->second, .shift = static_cast<std::size_t>(tap.shift - plan.start)});
  });
  return plan;
}

}  // namespace

std::size_t AxisPlan::most_results() const {
  std::size_t most = 0;
  for (const ResultPhase& each : results) most = std::max(most, each.count);
  return most;
}

std::size_t Layout::bands() const { return (plans[band_axis].most_results() + band - 1) / band; }

AxisPlan plan_to_y(const Geometry& geometry, std::size_t axis) {
  const auto [stride, dilation, padding] = geometry.steps[axis];
  std::vector<FoundTap> taps;
  for (std::size_t k = 0; k < geometry.w[axis]; ++k) {
    const std::int64_t at = static_cast<std::int64_t>(k) * dilation - padding;
    const std::int64_t shift = floor_of(at, stride);
    taps.push_back({.place = k, .result = 0, .phase = at - shift * stride, .shift = shift});
  }
  return planned(geometry.x[axis], static_cast<std::size_t>(stride), 1, taps, geometry.y[axis]);
}

AxisPlan plan_to_x(const Geometry& geometry, std::size_t axis) {
  const auto [stride, dilation, padding] = geometry.steps[axis];
  std::vector<FoundTap> taps;
  for (std::size_t k = 0; k < geometry.w[axis]; ++k) {
    const std::int64_t at = static_cast<std::int64_t>(k) * dilation - padding;
    const std::int64_t shift = -floor_of(at, stride);
    taps.push_back({.place = k, .result = at + shift * stride, .phase = 0, .shift = shift});
  }
  return planned(geometry.y[axis], 1, static_cast<std::size_t>(stride), taps, geometry.x[axis]);
}

Geometry geometry_of(const Arrays& arrays, std::span<const std::int64_t> attributes) {
  const Shape& x = *arrays[ConvolutionRole::Input].shape;
  const Shape& w = *arrays[ConvolutionRole::Kernel].shape;
  const Shape& y = *arrays[ConvolutionRole::Output].shape;
  Geometry result{.examples = x[0],
                  .groups = primitives::groups_of(attributes),
                  .in_channels = w[1],
                  .out_channels = w[0] / primitives::groups_of(attributes),
                  .first_axis = axes + 2 - x.size()};
  for (std::size_t axis = 0; axis < axes; ++axis) {
    const bool given = axis >= result.first_axis;
    const std::size_t at = axis - result.first_axis;
    result.x[axis] = given ? x[at + 2] : 1;
    result.w[axis] = given ? w[at + 2] : 1;
    result.y[axis] = given ? y[at + 2] : 1;
    result.steps[axis] = given ? primitives::window_step(attributes, at) : primitives::WindowStep{1, 1, 0};
  }
  return result;
}

namespace {

/// Zeros before the elements of each phase of a line, of which as many stand behind them.
std::size_t zeros_at_both_ends(const AxisPlan& plan, std::size_t length) {
  std::int64_t zeros = std::max<std::int64_t>(-plan.start, 0);
  for (const std::size_t phase : plan.phases) {
    const std::int64_t elements =
        count_from(static_cast<std::int64_t>(phase), static_cast<std::int64_t>(plan.source_step), plan.source_extent);
    zeros = std::min(zeros, static_cast<std::int64_t>(length) - std::max<std::int64_t>(elements - plan.start, 0));
  }
  return static_cast<std::size_t>(std::clamp<std::int64_t>(zeros, 0, static_cast<std::int64_t>(length)));
}

}  // namespace

std::size_t tasks_of(std::size_t rounds) {
  const auto threads = static_cast<std::size_t>(xgrad::threads());
  return threads == 1 ? std::min<std::size_t>(rounds, 1) : std::min(rounds, 4 * threads);
}

Layout layout_of(const Geometry& geometry, std::array<AxisPlan, axes> plans, std::size_t channels,
                 std::size_t per_place, std::size_t element, bool may_join_examples) {
  constexpr std::size_t cache = std::size_t{512} << 10U;  // half of a second-level cache
  constexpr std::size_t few_places = 64;
  Layout layout{.plans = std::move(plans),
                .channels = channels,
                .band_axis = geometry.first_axis,
                .band = 1,
                .examples = 1,
                .lengths = {},
                .shared = 0};
  for (std::size_t axis = 0; axis < axes; ++axis) {
    layout.lengths[axis] = layout.plans[axis].most_results() + layout.plans[axis].reach;
  }
  if (layout.band_axis != 2) layout.shared = zeros_at_both_ends(layout.plans[2], layout.lengths[2]);
  layout.lengths[2] -= layout.shared;
  const AxisPlan& along = layout.plans[layout.band_axis];
  const std::size_t whole = std::max<std::size_t>(along.most_results(), 1);
  std::size_t others = 1;
  for (std::size_t axis = 0; axis < axes; ++axis) {
    if (axis != layout.band_axis) others *= layout.lengths[axis];
  }
  const std::size_t of_one = element * others * (channels * layout.planes() + per_place);
  const std::size_t fixed = element * others * channels * layout.planes() * along.reach;
  const std::size_t fit = fixed < cache ? (cache - fixed) / std::max<std::size_t>(of_one, 1) : 0;
  // Never so narrow that most of what is laid out is what neighbours share.
  layout.band = std::min(whole, std::max({fit, along.reach, std::size_t{1}}));
  const std::size_t bands = (whole + layout.band - 1) / layout.band;
  layout.band = (whole + bands - 1) / bands;
  layout.lengths[layout.band_axis] = layout.band + along.reach;
  const std::size_t places = others * whole;
  if (may_join_examples && bands == 1 && places < few_places) {
    layout.examples = std::min(std::max<std::size_t>(geometry.examples, 1),
                               (2 * few_places + places - 1) / std::max<std::size_t>(places, 1));
  }
  return layout;
}

bool is_mostly_zeros(const Layout& layout, const Arrays& arrays, std::size_t per_place) {
  constexpr double bearable = 0x1p25;  // numbers
  constexpr double much = 16.0;
  double elements = 0.0;
  for (const Operand* each : arrays.all) elements += static_cast<double>(size_of(*each->shape));
  double laid = static_cast<double>(layout.channels * layout.planes() + per_place);
  for (const std::size_t length : layout.lengths) laid *= static_cast<double>(length);
  return laid > bearable && laid > much * elements;
}

Taps taps_of(const Layout& layout, const Geometry& geometry, const std::array<const ResultPhase*, axes>& phase) {
  Taps result;
  for (const AxisTap& a : phase[0]->taps) {
    for (const AxisTap& b : phase[1]->taps) {
      for (const AxisTap& c : phase[2]->taps) {
        const std::size_t plane =
            (a.phase * layout.plans[1].phases.size() + b.phase) * layout.plans[2].phases.size() + c.phase;
        result.offsets.push_back(static_cast<std::ptrdiff_t>(
            plane * layout.plane() + (a.shift * layout.lengths[1] + b.shift) * layout.lengths[2] + c.shift));
        result.places.push_back((a.place * geometry.w[1] + b.place) * geometry.w[2] + c.place);
      }
    }
  }
  return result;
}

namespace {

/// The elements first ... last - 1 of a phase laid out are source[place + i step], those around them 0.
struct Inside {
  std::size_t first, last;
  std::size_t place, step;
};

/// \param skipped  what is laid out begins so many elements further.
Inside inside_of(const AxisPlan& plan, std::size_t phase, std::size_t skipped, std::size_t length) {
  const auto step = static_cast<std::int64_t>(plan.source_step);
  const auto from = static_cast<std::int64_t>(plan.phases[phase]);
  const std::int64_t start = plan.start + static_cast<std::int64_t>(skipped);
  const auto n = static_cast<std::int64_t>(length);
  const std::int64_t first = std::clamp<std::int64_t>(-start, 0, n);
  const std::int64_t last = std::clamp<std::int64_t>(count_from(from, step, plan.source_extent) - start, first, n);
  const std::int64_t place = first == last ? 0 : (first + start) * step + from;
  return {static_cast<std::size_t>(first), static_cast<std::size_t>(last), static_cast<std::size_t>(place),
          plan.source_step};
}

/// The inner part of one plane.
template <class T>
void copy_inside(const std::array<Inside, axes>& parts, const Layout& layout, const T* source, T* out,
                 const ConvolveKernels& kernels) {
  const auto& [a, b, c] = parts;
  const std::size_t row = layout.plans[2].source_extent;
  for (std::size_t i = a.first; i < a.last; ++i) {
    const T* from =
        source + ((a.place + (i - a.first) * a.step) * layout.plans[1].source_extent + b.place) * row + c.place;
    T* to = out + (i * layout.lengths[1] + b.first) * layout.lengths[2] + c.first;
    if (c.step == 1) {
      kernels.lines({.from = from,
                     .from_stride = static_cast<std::ptrdiff_t>(b.step * row),
                     .to = to,
                     .to_stride = static_cast<std::ptrdiff_t>(layout.lengths[2]),
                     .rows = b.last - b.first,
                     .columns = c.last - c.first});
      continue;
    }
    for (std::size_t j = b.first; j < b.last; ++j, from += b.step * row, to += layout.lengths[2]) {
      for (std::size_t k = 0; k < c.last - c.first; ++k) to[k] = from[k * c.step];
    }
  }
}

}  // namespace

template <class T>
void lay_out(const Layout& layout, const T* source, std::size_t example_stride, std::size_t count, std::size_t first,
             T* out, const ConvolveKernels& kernels) {
  const auto& plans = layout.plans;
  const std::size_t channel_stride = plans[0].source_extent * plans[1].source_extent * plans[2].source_extent;
  const std::size_t of_example = layout.plane() / layout.examples;
  const auto inside = [&](std::size_t axis, std::size_t phase) {
    return inside_of(plans[axis], phase, axis == layout.band_axis ? first : 0, layout.lengths[axis]);
  };
  for (std::size_t c = 0; c < layout.channels; ++c) {
    for (std::size_t a = 0; a < plans[0].phases.size(); ++a) {
      for (std::size_t b = 0; b < plans[1].phases.size(); ++b) {
        for (std::size_t d = 0; d < plans[2].phases.size(); ++d) {
          const std::array<Inside, axes> parts{inside(0, a), inside(1, b), inside(2, d)};
          for (std::size_t n = 0; n < layout.examples; ++n, out += of_example) {
            if (n < count) copy_inside(parts, layout, source + n * example_stride + c * channel_stride, out, kernels);
          }
        }
      }
    }
  }
}

template void lay_out<float>(const Layout&, const float*, std::size_t, std::size_t, std::size_t, float*,
                             const ConvolveKernels&);
template void lay_out<double>(const Layout&, const double*, std::size_t, std::size_t, std::size_t, double*,
                              const ConvolveKernels&);

}  // namespace xgrad::backend::cpu::kernels::convolutions
