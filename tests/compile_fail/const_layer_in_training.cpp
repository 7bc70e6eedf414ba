// EXPECT: its second call operator changes its state, and the layer is const
#include <xgrad/nn/layer.hpp>
#include <xgrad/nn/normalisation.hpp>

int main() {
  const auto layer = xgrad::nn::batch_norm(2);
  (void)xgrad::nn::train(layer, xgrad::Var(1.0), xgrad::nn::Training{});
}
