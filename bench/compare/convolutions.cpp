// Convolutions and the gradients of images and kernel, compiled.
#include "../programs/arrays.hpp"
#include "contest.hpp"
#include "libtorch/libtorch.hpp"

namespace bench {
namespace {

/// (x, w, cotangent) -> (their cotangents, value)
auto convolved(std::ptrdiff_t padding) {
  return xgrad::compile([padding](const xgrad::Var& x, const xgrad::Var& w, const xgrad::Var& cotangent) {
    const auto layer = [padding](const xgrad::Var& a, const xgrad::Var& b) { return conv(a, b, {.padding = padding}); };
    const auto [value, pullback] = xgrad::vjp(layer, x, w);
    return std::tuple(pullback(cotangent), value);
  });
}

Case convolution_case(const std::string& id, const Images& sizes) {
  const auto number = [](std::size_t n) { return std::to_string(n); };
  const std::string size = number(sizes.channels) + "->" + number(sizes.kernels) + ", " + number(sizes.kernel) + "x" +
                           number(sizes.kernel) + " on " + number(sizes.extent) + "x" + number(sizes.extent) +
                           ", batch " + number(sizes.count);
  return {id, size, "float32", 1.0, [sizes] {
            const Images data = make_images(sizes);
            const std::size_t y = data.result();
            return Contest{program(convolved(static_cast<std::ptrdiff_t>(data.padding)),
                                   var(data.x, {data.count, data.channels, data.extent, data.extent}),
                                   var(data.w, {data.kernels, data.channels, data.kernel, data.kernel}),
                                   var(data.cotangent, {data.count, data.kernels, y, y})),
                           libtorch::convolution(data)};
          }};
}

}  // namespace

/// The two layers of LeNet-5 (Y. LeCun et al. 1998), and one of residual networks.
std::vector<Case> convolution_cases() {
  return {convolution_case("conv_lenet1", {128, 1, 28, 6, 5, 2, {}, {}, {}}),
          convolution_case("conv_lenet2", {128, 6, 14, 16, 5, 0, {}, {}, {}}),
          convolution_case("conv_64x64", {16, 64, 28, 64, 3, 1, {}, {}, {}})};
}

}  // namespace bench
