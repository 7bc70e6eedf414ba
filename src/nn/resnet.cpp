#include <xgrad/nn/resnet.hpp>

#include <cstdint>
#include <string>
#include <string_view>

#include <xgrad/core/errors.hpp>
#include <xgrad/nn/sequential.hpp>
#include <xgrad/ops/elementwise.hpp>

namespace xgrad::nn {
namespace {

/// Both ways through a block: `norm` runs a normalisation, in training or not.
template <class Block, class Norm>
Var run_residual(Block& block, const Var& x, Norm norm) {
  Var y = relu(norm(block.bn1, block.conv1(x)));
  y = norm(block.bn2, block.conv2(y));
  if constexpr (requires { block.conv3; }) y = norm(block.bn3, block.conv3(relu(y)));
  return relu(detail::added(block.downsample ? norm(block.downsample->second, block.downsample->first(x)) : x, y));
}

template <class Block>
Var run_as_it_is(const Block& block, const Var& x) {
  return run_residual(block, x, [](const BatchNorm& norm, const Var& y) { return norm(y); });
}

template <class Block>
Var run_in_training(Block& block, const Var& x, const Training& training) {
  return run_residual(block, x, [&](BatchNorm& norm, const Var& y) { return norm(y, training); });
}

template <class Block>
void outline_residual(const Block& block, detail::Outline& outline) {
  const Var x = outline.x();
  outline.part("conv1", block.conv1);
  outline.part("bn1", block.bn1);
  outline.x(relu(outline.x()));
  outline.part("conv2", block.conv2);
  outline.part("bn2", block.bn2);
  if constexpr (requires { block.conv3; }) {
    outline.x(relu(outline.x()));
    outline.part("conv3", block.conv3);
    outline.part("bn3", block.bn3);
  }
  const Var y = outline.x();
  outline.x(x);
  if (block.downsample) {
    outline.part("downsample.0", block.downsample->first);
    outline.part("downsample.1", block.downsample->second);
  }
  outline.x(relu(y + outline.x()));
}

/// Makes the convolutions of a block.
template <class Options>
struct BlockMaker {
  std::string_view name;
  const random::Key& key;
  const Options& options;

  Conv conv(std::int64_t number, std::size_t inputs, std::size_t outputs, std::ptrdiff_t window,
            const OneOrMany& stride = 1, std::ptrdiff_t groups = 1) const {
    const ConvLayerOptions all{.stride = stride,
                               .padding = window / 2,
                               .groups = groups,
                               .bias = false,
                               .weights = options.weights,
                               .dtype = options.norm.dtype};
    const random::Key own = key.fold_in(number);
    switch (options.axes) {
      case 1:
        return conv1d(own, inputs, outputs, window, all);
      case 2:
        return conv2d(own, inputs, outputs, window, all);
      case 3:
        return conv3d(own, inputs, outputs, window, all);
      default:
        throw ValueError(std::string(name) + ": there are " + std::to_string(options.axes) +
                         " axes; there must be 1, 2 or 3");
    }
  }

  BatchNorm norm(std::size_t channels) const { return batch_norm(channels, options.norm); }

  std::optional<std::pair<Conv, BatchNorm>> projection(std::int64_t number, std::size_t inputs,
                                                       std::size_t outputs) const {
    bool moves = false;
    for (const std::ptrdiff_t each : options.stride.many()) moves = moves || each != 1;
    if (!moves && inputs == outputs) return std::nullopt;
    return std::pair(conv(number, inputs, outputs, 1, options.stride), norm(outputs));
  }
};

}  // namespace

Var ResNetBlock::operator()(const Var& x) const { return run_as_it_is(*this, x); }
Var ResNetBlock::operator()(const Var& x, const Training& training) { return run_in_training(*this, x, training); }
Var ResNetBottleneck::operator()(const Var& x) const { return run_as_it_is(*this, x); }
Var ResNetBottleneck::operator()(const Var& x, const Training& training) { return run_in_training(*this, x, training); }

void ResNetBlock::outline(detail::Outline& outline) const { outline_residual(*this, outline); }
void ResNetBottleneck::outline(detail::Outline& outline) const { outline_residual(*this, outline); }

ResNetBlock resnet_block(const random::Key& key, std::size_t inputs, std::size_t outputs,
                         const ResNetBlockOptions& options) {
  const BlockMaker<ResNetBlockOptions> made{"resnet_block", key, options};
  return {.conv1 = made.conv(0, inputs, outputs, 3, options.stride),
          .bn1 = made.norm(outputs),
          .conv2 = made.conv(1, outputs, outputs, 3),
          .bn2 = made.norm(outputs),
          .downsample = made.projection(2, inputs, outputs)};
}

ResNetBottleneck resnet_bottleneck(const random::Key& key, std::size_t inputs, std::size_t between, std::size_t outputs,
                                   const ResNetBottleneckOptions& options) {
  const BlockMaker<ResNetBottleneckOptions> made{"resnet_bottleneck", key, options};
  return {.conv1 = made.conv(0, inputs, between, 1),
          .bn1 = made.norm(between),
          .conv2 = made.conv(1, between, between, 3, options.stride, options.groups),
          .bn2 = made.norm(between),
          .conv3 = made.conv(2, between, outputs, 1),
          .bn3 = made.norm(outputs),
          .downsample = made.projection(3, inputs, outputs)};
}

}  // namespace xgrad::nn
