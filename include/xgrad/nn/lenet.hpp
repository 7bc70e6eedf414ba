// LeNet-5, the small net of images that others are measured with.
#pragma once

#include <cstddef>

#include <xgrad/core/dtype.hpp>
#include <xgrad/nn/convolution.hpp>
#include <xgrad/nn/initialise.hpp>
#include <xgrad/nn/linear.hpp>
#include <xgrad/nn/outline.hpp>
#include <xgrad/random/key.hpp>
#include <xgrad/tree/fields.hpp>
#include <xgrad/var.hpp>

#pragma GCC visibility push(default)

namespace xgrad::nn {

/// Two convolutions with windows of 5, to 6 and 16 channels, each with relu and the largest of each 2 x 2 places, and
/// three linear layers, to 120 and 84 numbers and the logits of the classes: [n, channels, X, X] -> [n, classes].
/// \source  Y. LeCun, L. Bottou, Y. Bengio and P. Haffner, Gradient-based learning applied to document recognition,
///          1998; relu and maxima in place of sigmoids and means, as it is trained today.
struct LeNet5 {
  Conv conv1;
  Conv conv2;
  Linear fc1;
  Linear fc2;
  Linear fc3;
  /// \throws ShapeError  for images of another size than it was made for.
  Var operator()(const Var& x) const;
  void outline(detail::Outline& outline) const;
};
XGRAD_FIELDS(LeNet5, conv1, conv2, fc1, fc2, fc3)

struct LeNet5Options {
  std::size_t channels = 1;
  std::size_t classes = 10;
  std::size_t extent = 28;     ///< of both axes of the images
  std::ptrdiff_t padding = 0;  ///< of the first convolution: 2 for 28 pixels makes the 32 of the paper
  Initialiser weights = lecun_normal();
  DType dtype = DType::Float32;
};

/// The net with weights made of a key.
/// \throws ValueError  for images so small that nothing is left after both convolutions; else as conv2d and linear.
[[nodiscard]] LeNet5 lenet5(const random::Key& key, const LeNet5Options& options = {});

}  // namespace xgrad::nn

#pragma GCC visibility pop
