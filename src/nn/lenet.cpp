#include <xgrad/nn/lenet.hpp>

#include <string>

#include <xgrad/core/errors.hpp>
#include <xgrad/nn/pooling.hpp>
#include <xgrad/ops/elementwise.hpp>

namespace xgrad::nn {
namespace {

constexpr std::size_t lenet_window = 5;
constexpr std::size_t lenet_channels = 16;

/// The numbers that both convolutions leave of an image.
std::size_t lenet_features(const LeNet5Options& options) {
  if (options.padding < 0) {
    throw ValueError("lenet5: the padding is " + std::to_string(options.padding) + "; it must not be negative");
  }
  std::size_t extent = options.extent + 2 * static_cast<std::size_t>(options.padding);
  for (int layer = 0; layer < 2; ++layer) {
    extent = extent < lenet_window ? 0 : (extent - lenet_window + 1) / 2;
  }
  if (extent == 0) {
    throw ValueError("lenet5: images of " + std::to_string(options.extent) + " pixels with the padding " +
                     std::to_string(options.padding) + "; there must be at least 16 with it");
  }
  return lenet_channels * extent * extent;
}

}  // namespace

Var LeNet5::operator()(const Var& x) const {
  const MaxPool pool{2};
  const Var features = pool(relu(conv2(pool(relu(conv1(x))))));
  return fc3(relu(fc2(relu(fc1(Flatten{}(features))))));
}

void LeNet5::outline(detail::Outline& outline) const {
  const MaxPool pool{2};
  outline.part("conv1", conv1);
  outline.x(pool(relu(outline.x())));
  outline.part("conv2", conv2);
  outline.x(Flatten{}(pool(relu(outline.x()))));
  outline.part("fc1", fc1);
  outline.x(relu(outline.x()));
  outline.part("fc2", fc2);
  outline.x(relu(outline.x()));
  outline.part("fc3", fc3);
}

LeNet5 lenet5(const random::Key& key, const LeNet5Options& options) {
  const std::size_t features = lenet_features(options);
  const ConvLayerOptions first{.padding = options.padding, .weights = options.weights, .dtype = options.dtype};
  const ConvLayerOptions second{.weights = options.weights, .dtype = options.dtype};
  const LinearOptions rest{.weights = options.weights, .dtype = options.dtype};
  return {.conv1 = conv2d(key.fold_in(0), options.channels, 6, lenet_window, first),
          .conv2 = conv2d(key.fold_in(1), 6, lenet_channels, lenet_window, second),
          .fc1 = linear(key.fold_in(2), features, 120, rest),
          .fc2 = linear(key.fold_in(3), 120, 84, rest),
          .fc3 = linear(key.fold_in(4), 84, options.classes, rest)};
}

}  // namespace xgrad::nn
