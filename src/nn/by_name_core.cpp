// Names of the layers of products, of activations, and of what combines layers.
#include <xgrad/nn/activation.hpp>
#include <xgrad/nn/dropout.hpp>
#include <xgrad/nn/embedding.hpp>
#include <xgrad/nn/linear.hpp>
#include <xgrad/nn/mlp.hpp>
#include <xgrad/nn/normalised.hpp>
#include <xgrad/nn/pooling.hpp>
#include <xgrad/nn/research.hpp>
#include <xgrad/nn/sequential.hpp>

#include "nn/by_name_entries.hpp"
#include "nn/checks.hpp"

namespace xgrad::nn {
namespace {

// The settings of each layer: the arguments of its maker, and its options.

struct Features {
  std::optional<std::size_t> inputs;
  std::optional<std::size_t> outputs;
};
struct LinearSettings : Features, LinearOptions {};
XGRAD_FIELDS(LinearSettings, inputs, outputs, bias, weights, biases, dtype)

struct MlpSettings : MlpOptions {
  std::optional<std::vector<std::size_t>> sizes;
};
XGRAD_FIELDS(MlpSettings, sizes, activation, last, bias, weights, biases, dtype)

struct KanSettings : Features, KanOptions {};
XGRAD_FIELDS(KanSettings, inputs, outputs, intervals, order, low, high, activation, noise, dtype)

struct EmbeddingSettings : EmbeddingOptions {
  std::optional<std::size_t> entries;
  std::optional<std::size_t> features;
};
XGRAD_FIELDS(EmbeddingSettings, entries, features, padding, weights, dtype)

struct FourierSettings : FourierOptions {
  std::optional<std::size_t> inputs;
  std::optional<std::size_t> features;
};
XGRAD_FIELDS(FourierSettings, inputs, features, deviation, dtype)

struct PReluSettings : PReluOptions {
  std::size_t channels = 1;
};
XGRAD_FIELDS(PReluSettings, channels, slope, axis, dtype)

struct SwishSettings {
  double beta = 1.0;
  DType dtype = DType::Float32;
};
XGRAD_FIELDS(SwishSettings, beta, dtype)

struct ResidualSettings {
  std::optional<AnyLayer> inner;
  std::optional<AnyLayer> projection;
};
XGRAD_FIELDS(ResidualSettings, inner, projection)

struct WeightNormSettings {
  std::optional<AnyLayer> inner;
  int axis = 0;
};
XGRAD_FIELDS(WeightNormSettings, inner, axis)

struct SpectralNormSettings : SpectralNormOptions {
  std::optional<AnyLayer> inner;
};
XGRAD_FIELDS(SpectralNormSettings, inner, axis, iterations, first)

struct NoLayerSettings {};
XGRAD_FIELDS(NoLayerSettings)

using detail::needed;
using detail::RegistryEntry;
using random::Key;

AnyLayer make_linear(const LinearSettings& s, const Key& key) {
  return linear(key, needed("linear", "inputs", s.inputs), needed("linear", "outputs", s.outputs), s);
}
AnyLayer make_mlp(const MlpSettings& s, const Key& key) { return mlp(key, needed("mlp", "sizes", s.sizes), s); }
AnyLayer make_kan(const KanSettings& s, const Key& key) {
  return kan(key, needed("kan", "inputs", s.inputs), needed("kan", "outputs", s.outputs), s);
}
AnyLayer make_embedding(const EmbeddingSettings& s, const Key& key) {
  return embedding(key, needed("embedding", "entries", s.entries), needed("embedding", "features", s.features), s);
}
AnyLayer make_fourier(const FourierSettings& s, const Key& key) {
  constexpr std::string_view name = "fourier_features";
  return fourier_features(key, needed(name, "inputs", s.inputs), needed(name, "features", s.features), s);
}
AnyLayer make_p_relu(const PReluSettings& s, const Key& /*key*/) { return p_relu(s.channels, s); }
AnyLayer make_swish(const SwishSettings& s, const Key& /*key*/) { return swish(s.beta, s.dtype); }

AnyLayer make_residual(const ResidualSettings& s, const Key& /*key*/) {
  const AnyLayer& inner = needed("residual", "inner", s.inner);
  if (s.projection) return residual(inner, *s.projection);
  return residual(inner);
}
AnyLayer make_weight_norm(const WeightNormSettings& s, const Key& /*key*/) {
  return weight_norm(needed("weight_norm", "inner", s.inner), s.axis);
}
AnyLayer make_spectral_norm(const SpectralNormSettings& s, const Key& key) {
  return spectral_norm(key, needed("spectral_norm", "inner", s.inner), s);
}

/// Dropout, of elements or of samples. It is its own settings, and has no maker that would check them.
template <class L>
RegistryEntry entry_of_dropout(const char* name) {
  return detail::entry_of<L>(name, [name](const L& layer, const Key&) -> AnyLayer {
    require_rate(name, layer.rate);
    return layer;
  });
}

/// A layer that is its own settings.
template <class L>
RegistryEntry entry_of_itself(const char* name) {
  return detail::entry_of<L>(name, [](const L& layer, const Key&) -> AnyLayer { return layer; });
}

}  // namespace

std::vector<RegistryEntry> detail::core_entries() {
  std::vector<RegistryEntry> all{
      entry_of<LinearSettings>("linear", make_linear),
      entry_of<MlpSettings>("mlp", make_mlp),
      entry_of<KanSettings>("kan", make_kan),
      entry_of<EmbeddingSettings>("embedding", make_embedding),
      entry_of<FourierSettings>("fourier_features", make_fourier),
      entry_of<PReluSettings>("p_relu", make_p_relu),
      entry_of<SwishSettings>("swish", make_swish),
      entry_of<ResidualSettings>("residual", make_residual),
      entry_of<WeightNormSettings>("weight_norm", make_weight_norm),
      entry_of<SpectralNormSettings>("spectral_norm", make_spectral_norm),
      entry_of_itself<Glu>("glu"),
      entry_of_dropout<Dropout>("dropout"),
      entry_of_dropout<DropPath>("drop_path"),
      entry_of_itself<Flatten>("flatten"),
  };
  for (std::size_t i = 0; i < activation_count; ++i) {
    const auto activation = static_cast<Activation>(i);
    all.push_back(entry_of<NoLayerSettings>(
        std::string(name(activation)),
        [activation](const NoLayerSettings&, const Key&) -> AnyLayer { return Activate{activation}; }));
  }
  return all;
}

}  // namespace xgrad::nn
