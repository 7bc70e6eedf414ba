#include <xgrad/io/npy.hpp>

#include <algorithm>
#include <string>
#include <utility>

#include <xgrad/core/errors.hpp>

#include "atomic_file.hpp"
#include "memory/buffer.hpp"
#include "npy_format.hpp"
#include "var/access.hpp"

namespace xgrad::io {

Var read_npy(const std::filesystem::path& path, std::optional<DType> as) {
  FileInput input("read_npy", path);
  return read_npy_array("read_npy", input, as);
}

void write_npy(const std::filesystem::path& path, const Var& x) {
  const std::string_view elements = bytes_of_elements(x);  // before anything is written: it may throw
  AtomicFile file("write_npy", path);
  file.write(npy_header(x.dtype(), x.shape()));
  file.write(elements);
  file.finish();
}

struct NpyFile::State {
  std::shared_ptr<const InputFile> file;
  NpyHeader header;
  DType dtype = DType::Float64;
  std::size_t begin = 0;
  std::size_t bytes_of_row = 0;

  [[nodiscard]] Var read(std::size_t first, std::size_t count) const {
    FileInput input(file, begin + first * bytes_of_row, begin + (first + count) * bytes_of_row);
    Shape shape = header.shape;
    shape[0] = count;
    return read_elements(input, header.format, shape, dtype);
  }
};

NpyFile::NpyFile(const std::filesystem::path& path, std::optional<DType> as) {
  FileInput input("NpyFile", path);
  auto state = std::make_shared<State>();
  state->header = read_npy_header(input);
  const NpyHeader& header = state->header;
  state->dtype = read_as("NpyFile", header.format.type, as);
  if (header.shape.empty()) input.fail("it is a number, and has no rows");
  if (header.columns_first)
    input.fail("it has columns first, so that its rows are not together; read_npy reads it as a whole");
  state->file = input.file();
  state->begin = input.at();
  Shape row = header.shape;
  row[0] = 1;
  state->bytes_of_row = size_of(row) * bytes_of(header.format.type);
  if (size_of(header.shape) * bytes_of(header.format.type) != input.most_left()) {
    input.fail("an array " + to_string(header.shape) + " of " + std::to_string(bytes_of(header.format.type)) +
               " bytes each follows, and these are " + std::to_string(input.most_left()) + " bytes");
  }
  state_ = std::move(state);
}

const Shape& NpyFile::shape() const noexcept { return state_->header.shape; }
DType NpyFile::dtype() const noexcept { return state_->dtype; }

Var NpyFile::rows(std::size_t first, std::size_t count) const {
  if (first > size() || count > size() - first) {
    throw ValueError("NpyFile::rows: the array has " + std::to_string(size()) + " rows; there are no " +
                     std::to_string(count) + " from number " + std::to_string(first) + " on");
  }
  return state_->read(first, count);
}

Var NpyFile::take(std::span<const std::int64_t> indices) const {
  const auto all = static_cast<std::int64_t>(size());
  const auto row_of = [&](std::size_t k) {
    const std::int64_t index = indices[k] < 0 ? indices[k] + all : indices[k];
    if (index >= 0 && index < all) return static_cast<std::size_t>(index);
    throw ValueError("NpyFile::take: there is no row " + std::to_string(indices[k]) + " among " + std::to_string(all));
  };
  Shape shape = this->shape();
  shape[0] = indices.size();
  Shape row = shape;
  row[0] = 1;
  const std::size_t bytes = size_of(row) * size_of(dtype());
  memory::BufferPtr result = memory::make_buffer(dtype(), shape);
  for (std::size_t begin = 0; begin < indices.size();) {
    const std::size_t first = row_of(begin);
    std::size_t end = begin + 1;  // neighbours are read at once
    while (end < indices.size() && row_of(end) == first + (end - begin)) ++end;
    const Var rows = state_->read(first, end - begin);
    if (end - begin == indices.size()) return rows;
    const std::string_view from = bytes_of_elements(rows);
    std::copy(from.begin(), from.end(), reinterpret_cast<char*>(result->data()) + begin * bytes);
    begin = end;
  }
  return VarAccess::concrete(std::move(result));
}

}  // namespace xgrad::io
