// Random programs: convolutions, and what is largest or the mean in windows.
#include <algorithm>

#include "builder.hpp"

namespace random_graphs {
namespace {

using InstructionId = Builder::InstructionId;
using A = Arguments;
using xgrad::Strides;

constexpr std::size_t most_elements_with_windows = 400;

/// x as examples of channels over one axis or two.
InstructionId with_channels(Builder& b, InstructionId x) {
  Strides extents(b.shape(x));
  if (extents.size() == 4 || (extents.size() == 3 && b.random.chance(0.5))) return x;
  if (extents.size() != 2 || b.random.chance(0.5)) extents.insert(0, 1);
  while (extents.size() < 3) extents.insert(0, 1);
  return b.add("reshape " + listed(extents), {x}, b.magnitude(x),
               [extents](const A& a) { return reshape(a[0], extents); });
}

/// Windows that hold an element wherever they stand.
struct Moving {
  std::vector<std::ptrdiff_t> window, stride, dilation;
  std::vector<xgrad::WindowPadding::Pair> padding;

  Moving(Builder& b, const Shape& x) {
    for (std::size_t axis = 2; axis < x.size(); ++axis) {
      const auto extent = static_cast<std::ptrdiff_t>(x[axis]);
      const std::ptrdiff_t most = std::min<std::ptrdiff_t>(extent, 3);
      window.push_back(b.random.between(1, most));
      stride.push_back(b.random.between(1, 2));
      dilation.push_back(2 * window.back() - 1 <= extent ? b.random.between(1, 2) : 1);
      padding.emplace_back(b.random.between(0, window.back() - 1), b.random.between(0, window.back() - 1));
    }
  }

  [[nodiscard]] std::string text() const {
    std::string all = " " + listed(Strides(window)) + " stride " + listed(Strides(stride)) + " dilation " +
                      listed(Strides(dilation)) + " padding";
    for (const auto& [before, after] : padding) all += " " + std::to_string(before) + "+" + std::to_string(after);
    return all;
  }
};

void add_conv(Builder& b, InstructionId x, const Moving& moving) {
  const std::size_t channels = b.shape(x)[1];
  std::size_t groups = b.random.chance(0.25) ? channels : 1;
  if (channels % 2 == 0 && b.random.chance(0.3)) groups = 2;
  const std::size_t results = channels > 8 ? 1 : 1 + b.random.below(3);  // of a group
  const bool transposed = b.random.chance(0.35);
  Shape kernel{groups * results, channels / groups};
  if (transposed) kernel = {channels, results};
  double terms = static_cast<double>(channels / groups);
  for (const std::ptrdiff_t extent : moving.window) {
    kernel.push_back(static_cast<std::size_t>(extent));
    terms *= static_cast<double>(extent);
  }
  const InstructionId w = b.float_input(kernel);
  const double magnitude = b.magnitude(x) * b.magnitude(w) * terms;
  const auto g = static_cast<std::ptrdiff_t>(groups);
  const std::string text = moving.text() + " groups " + std::to_string(groups);
  if (transposed) {
    b.add("conv_transpose" + text, {x, w}, magnitude, [=](const A& a) {
      return conv_transpose(a[0], a[1], {moving.stride, moving.padding, moving.dilation, g});
    });
    return;
  }
  b.add("conv" + text, {x, w}, magnitude, [=](const A& a) {
    return conv(a[0], a[1], {moving.stride, moving.padding, moving.dilation, g});
  });
}

}  // namespace

void add_window(Builder& b) {
  const auto fits = [&](InstructionId v) {
    return b.floating(v) && b.rank(v) > 0 && b.rank(v) < 5 && size_of(b.shape(v)) > 0 &&
           size_of(b.shape(v)) <= most_elements_with_windows;
  };
  const auto found = b.any_where(fits);
  InstructionId x = with_channels(b, found ? *found : b.float_input({2, 3, 7}));
  const Moving moving(b, b.shape(x));
  switch (b.random.below(4)) {
    case 0:
      // Often of numbers whose order no rounding decides.
      if (b.random.chance(0.6)) x = b.input(b.shape(x), DType::Float64, Fill::Dyadic);
      b.add("max_pool" + moving.text(), {x}, b.magnitude(x), [=](const A& a) {
        return max_pool(a[0], moving.window, {moving.stride, moving.padding, moving.dilation});
      });
      return;
    case 1: {
      const bool count_padding = b.random.chance(0.5);
      b.add((count_padding ? "average_pool of all" : "average_pool") + moving.text(), {x}, b.magnitude(x),
            [=](const A& a) {
              return average_pool(a[0], moving.window, {moving.stride, moving.padding, moving.dilation, count_padding});
            });
      return;
    }
    default:
      add_conv(b, x, moving);
  }
}

}  // namespace random_graphs
