// Names of convolutions, pools and normalisation.
#include <xgrad/nn/convolution.hpp>
#include <xgrad/nn/normalisation.hpp>
#include <xgrad/nn/pooling.hpp>

#include "nn/by_name_entries.hpp"

namespace xgrad::nn {
namespace {

// The settings of each layer: the arguments of its maker, and its options.

struct ConvArguments {
  std::optional<std::size_t> inputs;
  std::optional<std::size_t> outputs;
  std::optional<OneOrMany> window;
};
struct ConvSettings : ConvArguments, ConvLayerOptions {};
XGRAD_FIELDS(ConvSettings, inputs, outputs, window, stride, padding, dilation, groups, bias, weights, biases, dtype)

struct ConvTransposeSettings : ConvArguments, ConvTransposeLayerOptions {};
XGRAD_FIELDS(ConvTransposeSettings, inputs, outputs, window, stride, padding, dilation, groups, output_padding, bias,
             weights, biases, dtype)

struct SeparableConvSettings : ConvArguments, SeparableConvOptions {};
XGRAD_FIELDS(SeparableConvSettings, inputs, outputs, window, stride, padding, dilation, multiplier, bias, weights,
             biases, dtype)

struct MaxPoolSettings : MaxPool {};
XGRAD_FIELDS(MaxPoolSettings, window, stride, padding, dilation)

struct AveragePoolSettings : AveragePool {};
XGRAD_FIELDS(AveragePoolSettings, window, stride, padding, dilation, count_include_pad)

struct AdaptivePoolSettings {
  std::optional<OneOrMany> extents;
};
XGRAD_FIELDS(AdaptivePoolSettings, extents)

struct GlobalPoolSettings {
  bool keep = false;
};
XGRAD_FIELDS(GlobalPoolSettings, keep)

struct BatchNormSettings : BatchNormOptions {
  std::optional<std::size_t> channels;
};
XGRAD_FIELDS(BatchNormSettings, channels, momentum, eps, affine, dtype)

struct LayerNormSettings : LayerNormOptions {
  std::optional<OneOrMany> extents;
};
XGRAD_FIELDS(LayerNormSettings, extents, eps, weight, bias, dtype)

struct RmsNormSettings : RmsNormOptions {
  std::optional<OneOrMany> extents;
};
XGRAD_FIELDS(RmsNormSettings, extents, eps, weight, dtype)

struct GroupNormSettings : GroupNormOptions {
  std::optional<std::size_t> groups;
  std::optional<std::size_t> channels;
};
XGRAD_FIELDS(GroupNormSettings, groups, channels, eps, affine, dtype)

struct InstanceNormSettings : InstanceNormOptions {
  std::optional<std::size_t> channels;
};
XGRAD_FIELDS(InstanceNormSettings, channels, eps, affine, dtype)

using detail::entry_of;
using detail::needed;
using detail::RegistryEntry;
using random::Key;

/// A convolution of any kind, by its maker.
template <class S, class Options, class L>
RegistryEntry entry_of_convolution(const char* name,
                                   L (*make)(const Key&, std::size_t, std::size_t, const OneOrMany&, const Options&)) {
  return entry_of<S>(name, [name, make](const S& s, const Key& key) -> AnyLayer {
    return make(key, needed(name, "inputs", s.inputs), needed(name, "outputs", s.outputs),
                needed(name, "window", s.window), s);
  });
}

void add_convolutions(std::vector<RegistryEntry>& all) {
  all.push_back(entry_of_convolution<ConvSettings>("conv1d", conv1d));
  all.push_back(entry_of_convolution<ConvSettings>("conv2d", conv2d));
  all.push_back(entry_of_convolution<ConvSettings>("conv3d", conv3d));
  all.push_back(entry_of_convolution<ConvTransposeSettings>("conv_transpose1d", conv_transpose1d));
  all.push_back(entry_of_convolution<ConvTransposeSettings>("conv_transpose2d", conv_transpose2d));
  all.push_back(entry_of_convolution<ConvTransposeSettings>("conv_transpose3d", conv_transpose3d));
  all.push_back(entry_of_convolution<SeparableConvSettings>("separable_conv1d", separable_conv1d));
  all.push_back(entry_of_convolution<SeparableConvSettings>("separable_conv2d", separable_conv2d));
  all.push_back(entry_of_convolution<SeparableConvSettings>("separable_conv3d", separable_conv3d));
}

template <class L>
RegistryEntry entry_of_adaptive(const char* name) {
  return entry_of<AdaptivePoolSettings>(name, [name](const AdaptivePoolSettings& s, const Key&) -> AnyLayer {
    return L{needed(name, "extents", s.extents)};
  });
}

template <class L>
RegistryEntry entry_of_global(const char* name) {
  return entry_of<GlobalPoolSettings>(name, [](const GlobalPoolSettings& s, const Key&) -> AnyLayer {
    return L{s.keep ? KeepDims::yes : KeepDims::no};
  });
}

/// A pool whose settings are derived from it.
template <class L, class S>
RegistryEntry entry_of_pool(const char* name) {
  return entry_of<S>(name, [](const S& s, const Key&) -> AnyLayer { return static_cast<const L&>(s); });
}

void add_pools(std::vector<RegistryEntry>& all) {
  all.push_back(entry_of_pool<MaxPool, MaxPoolSettings>("max_pool"));
  all.push_back(entry_of_pool<AveragePool, AveragePoolSettings>("average_pool"));
  all.push_back(entry_of_adaptive<AdaptiveMaxPool>("adaptive_max_pool"));
  all.push_back(entry_of_adaptive<AdaptiveAveragePool>("adaptive_average_pool"));
  all.push_back(entry_of_global<GlobalMaxPool>("global_max_pool"));
  all.push_back(entry_of_global<GlobalAveragePool>("global_average_pool"));
}

AnyLayer make_batch_norm(const BatchNormSettings& s, const Key& /*key*/) {
  return batch_norm(needed("batch_norm", "channels", s.channels), s);
}
AnyLayer make_layer_norm(const LayerNormSettings& s, const Key& /*key*/) {
  return layer_norm(needed("layer_norm", "extents", s.extents), s);
}
AnyLayer make_rms_norm(const RmsNormSettings& s, const Key& /*key*/) {
  return rms_norm(needed("rms_norm", "extents", s.extents), s);
}
AnyLayer make_group_norm(const GroupNormSettings& s, const Key& /*key*/) {
  constexpr std::string_view name = "group_norm";
  return group_norm(needed(name, "groups", s.groups), needed(name, "channels", s.channels), s);
}
AnyLayer make_instance_norm(const InstanceNormSettings& s, const Key& /*key*/) {
  return instance_norm(needed("instance_norm", "channels", s.channels), s);
}

void add_normalisation(std::vector<RegistryEntry>& all) {
  all.push_back(entry_of<BatchNormSettings>("batch_norm", make_batch_norm));
  all.push_back(entry_of<LayerNormSettings>("layer_norm", make_layer_norm));
  all.push_back(entry_of<RmsNormSettings>("rms_norm", make_rms_norm));
  all.push_back(entry_of<GroupNormSettings>("group_norm", make_group_norm));
  all.push_back(entry_of<InstanceNormSettings>("instance_norm", make_instance_norm));
}

}  // namespace

std::vector<RegistryEntry> detail::channel_entries() {
  std::vector<RegistryEntry> all;
  add_convolutions(all);
  add_pools(all);
  add_normalisation(all);
  return all;
}

}  // namespace xgrad::nn
