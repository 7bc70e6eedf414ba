// Layers chosen at run time, and nets put together of a description, for programs that read a configuration.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <xgrad/nn/any_layer.hpp>
#include <xgrad/nn/initialise.hpp>
#include <xgrad/random/key.hpp>
#include <xgrad/registry/settings.hpp>

#pragma GCC visibility push(default)

namespace xgrad::nn {

using xgrad::Settings;

/// The layer of that name, "linear" or "Linear", with the settings of its maker and its options; those without a
/// default must be given:
///
///     nn::AnyLayer layer = nn::by_name("linear", {{"inputs", 4}, {"outputs", 32}, {"bias", false}}, key);
///     layer = nn::by_name("residual", {{"inner", layer}}, key);
///
/// Activations are layers without settings. A setting that is an activation, an initialiser or an element type is a
/// text; one that is a layer is an AnyLayer. Layers of your own are added with `xgrad/nn/add.hpp`. Several threads may
/// ask, add and remove at once.
/// \throws ValueError  naming the nearest and all that exist, for an unknown name or setting; for one that is missing;
///                     as the layer's own maker, for numbers out of range.
/// \throws TypeError   for a setting of another type.
[[nodiscard]] AnyLayer by_name(std::string_view name, const Settings& settings, const random::Key& key);
/// All names that by_name knows, in alphabetical order: the library's and those that were added.
[[nodiscard]] std::vector<std::string> names();
/// The names of the settings of a layer. \throws ValueError  for an unknown name.
[[nodiscard]] std::vector<std::string> settings_of(std::string_view name);

/// An initialiser by the name of its function, with the numbers that this has by itself: "he_normal", "orthogonal";
/// also "zeros" and "ones".
/// \throws ValueError  naming the nearest and all that exist, for an unknown name.
[[nodiscard]] Initialiser initialiser_by_name(std::string_view name);

/// A layer of a net that is put together at run time.
struct Line {
  std::string name;
  Settings settings = {};
};

/// The net of these layers; the i-th one is `by_name(name, settings, key.fold_in(i))`.
/// \throws ValueError, TypeError, ShapeError  as by_name, saying which line it is.
[[nodiscard]] Net net(const std::vector<Line>& lines, const random::Key& key);

/// The net of a text: a layer in each line, its name and then its settings.
///
///     # comments end with the line
///     linear inputs=4 outputs=32 weights=he_normal
///     gelu
///     residual {
///       linear inputs=32 outputs=32 bias=false
///       tanh
///     }
///     linear inputs=32 outputs=4
///
/// Values are numbers, `true`, `false`, lists of numbers such as `[1,2]`, and texts, with or without quotes. What a
/// line ends with in braces is the setting `inner`: the layer that stands there, or the net of several. Numbers are
/// read as C++ writes them, whatever the locale. The i-th layer of a net has `key.fold_in(i)`.
/// \throws ValueError, TypeError, ShapeError  as by_name, saying which line it is; for lines that cannot be read.
[[nodiscard]] Net net_from_text(std::string_view text, const random::Key& key);

}  // namespace xgrad::nn

#pragma GCC visibility pop
