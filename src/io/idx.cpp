#include <xgrad/io/idx.hpp>

#include <algorithm>
#include <string>

#include <boost/endian/conversion.hpp>

#include "elements.hpp"
#include "inflate.hpp"

namespace xgrad::io {
namespace {

struct IdxType {
  unsigned char number;
  Stored type;
};
constexpr IdxType idx_types[] = {{0x08, Stored::U8},  {0x09, Stored::I8},  {0x0B, Stored::I16},
                                 {0x0C, Stored::I32}, {0x0D, Stored::F32}, {0x0E, Stored::F64}};

std::unique_ptr<Input> idx_input(const std::filesystem::path& path) {
  const auto file = std::make_shared<InputFile>("read_idx", path);
  auto input = std::make_unique<FileInput>(file, 0, file->size());
  const bool compressed = file->size() >= 2 && file->read(0, 2) == "\x1F\x8B";
  return compressed ? inflated(std::move(input), Wrapper::gzip) : std::move(input);
}

}  // namespace

Var read_idx(const std::filesystem::path& path, std::optional<DType> as) {
  const std::unique_ptr<Input> input = idx_input(path);
  const std::string magic = input->text(4);
  const auto* const known = std::ranges::find(idx_types, static_cast<unsigned char>(magic[2]), &IdxType::number);
  if (magic[0] != 0 || magic[1] != 0 || known == std::end(idx_types)) {
    input->fail("it is no IDX file: it begins with two zeros and the number of an element type");
  }
  Extents extents;
  for (std::size_t left = static_cast<unsigned char>(magic[3]); left > 0; --left) {
    const std::string extent = input->text(4);
    extents.push_back(boost::endian::load_big_u32(reinterpret_cast<const unsigned char*>(extent.data())));
  }
  const Shape shape = checked_shape(*input, extents);
  Var result = read_elements(*input, {known->type, true}, shape, read_as("read_idx", known->type, as));
  input->require_end();
  return result;
}

}  // namespace xgrad::io
