// Arrays in IDX files, as MNIST has them.
#pragma once

#include <filesystem>
#include <optional>

#include <xgrad/var.hpp>

#pragma GCC visibility push(default)

namespace xgrad::io {

/// Reads an IDX file: a number that says element type and rank, the extents, the elements, all of them big-endian.
/// Files that gzip compressed are inflated while they are read, if xgrad was built with zlib.
///
///     const xg::Var images = xg::io::read_idx("train-images-idx3-ubyte.gz", xg::DType::Float32) / 255.0;
///     const xg::Var labels = xg::io::read_idx("train-labels-idx1-ubyte.gz");
///
/// The format: http://yann.lecun.com/exdb/mnist. Nothing is allocated for numbers that are not there, or that gzip
/// could not have made of the bytes that are there.
/// \param as  the element type to read it as: any floating-point one, or one that holds all values. Without it integers
///            become int64.
/// \throws IoError    naming file, byte and rule: if it cannot be read, is no such file, ends too early or too late, is
///                    damaged, or has more than eight axes.
/// \throws TypeError  if it cannot be read as the type that is asked for.
[[nodiscard]] Var read_idx(const std::filesystem::path& path, std::optional<DType> as = {});

}  // namespace xgrad::io

#pragma GCC visibility pop
