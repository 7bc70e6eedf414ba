// Cross-entropy, recorded each time; layer norm with GELU, compiled.
#include "../programs/losses.hpp"
#include "contest.hpp"
#include "libtorch/libtorch.hpp"

namespace bench {
namespace {

Case cross_entropy_case(const std::string& id, std::size_t rows, std::size_t classes) {
  return {id, std::to_string(rows) + "x" + std::to_string(classes), "float32", 2.5, [=] {
            const Classification data = make_classification(rows, classes);
            return Contest{
                program(xgrad::value_and_grad(cross_entropy), var(data.logits, {rows, classes}), var(data.labels)),
                libtorch::cross_entropy(data)};
          }};
}

/// (x, weight, bias, cotangent) -> (their cotangents, value)
auto normalize(const xgrad::Var& x, const xgrad::Var& weight, const xgrad::Var& bias, const xgrad::Var& cotangent) {
  const auto layer = [](const xgrad::Var& x0, const xgrad::Var& w, const xgrad::Var& b) {
    return gelu(layer_norm(x0, w, b, norm_epsilon));
  };
  const auto [value, pullback] = xgrad::vjp(layer, x, weight, bias);
  return std::tuple(pullback(cotangent), value);
}

}  // namespace

std::vector<Case> cross_entropy_cases() {
  return {cross_entropy_case("xent_1e5x10", 100'000, 10), cross_entropy_case("xent_1e5x100", 100'000, 100),
          cross_entropy_case("xent_1e3x1e4", 1'000, 10'000)};
}

std::vector<Case> layernorm_cases() {
  return {{"layernorm_gelu", "512x1024", "float32", 2.0, [] {
             const Normalization data = make_normalization(512, 1024);
             const xgrad::Shape shape{data.rows, data.columns};
             return Contest{program(xgrad::compile(normalize), var(data.x, shape), var(data.weight), var(data.bias),
                                    var(data.cotangent, shape)),
                            libtorch::layernorm_gelu(data)};
           }}};
}

}  // namespace bench
