#include <xgrad/io/safetensors.hpp>

#include <algorithm>
#include <array>
#include <tuple>
#include <utility>

#include <boost/endian/conversion.hpp>
#include <xgrad/core/errors.hpp>

#include "atomic_file.hpp"
#include "bytes.hpp"
#include "elements.hpp"
#include "json.hpp"

namespace xgrad::io {

/// Where an array is, and of what type.
struct TensorOfFile {
  Stored type = Stored::F64;
  Shape shape;
  std::size_t begin = 0, end = 0;  // behind the header
};

using TensorsOfFile = std::map<std::string, TensorOfFile, std::less<>>;

struct SafetensorsFile::State {
  std::shared_ptr<const InputFile> file;
  std::size_t begin = 0;
  TensorsOfFile tensors;
  std::vector<std::string> names;
  std::map<std::string, std::string> metadata;

  [[nodiscard]] const TensorOfFile& at(std::string_view name) const;
};

namespace {

constexpr std::string_view metadata_name = "__metadata__";
constexpr std::string_view format_name = "xgrad.format";
constexpr std::string_view format_version = "1";

struct TensorType {
  std::string_view name;
  Stored type;
};
constexpr TensorType tensor_types[] = {
    {"BOOL", Stored::Bool}, {"I8", Stored::I8},   {"I16", Stored::I16}, {"I32", Stored::I32}, {"I64", Stored::I64},
    {"U8", Stored::U8},     {"U16", Stored::U16}, {"U32", Stored::U32}, {"U64", Stored::U64}, {"F16", Stored::F16},
    {"BF16", Stored::BF16}, {"F32", Stored::F32}, {"F64", Stored::F64},
};

/// Names for errors, not longer than a line.
std::string in_quotes(std::string_view name) {
  return "'" + std::string(name.substr(0, 60)) + (name.size() > 60 ? "...'" : "'");
}

/// The header: {"name": {"dtype": "F64", "shape": [2, 3], "data_offsets": [0, 48]}, ..., "__metadata__": {...}}.
class TensorsReader {
 public:
  TensorsReader(const FileInput& input, std::string_view header, std::size_t offset)
      : input_(input), json_(*input.file(), header, offset) {}

  void read(TensorsOfFile& tensors, std::map<std::string, std::string>& metadata) {
    bool has_metadata = false;
    json_.object([&](const std::string& name) {
      if (name == metadata_name) {
        if (std::exchange(has_metadata, true)) json_.fail("the name '__metadata__' comes twice");
        read_metadata(metadata);
      } else {
        const auto [place, fresh] = tensors.try_emplace(name);
        if (!fresh) json_.fail("the name " + in_quotes(name) + " comes twice");
        place->second = read_tensor(name);
      }
    });
    json_.end();
  }

 private:
  void read_metadata(std::map<std::string, std::string>& metadata) {
    json_.object([&](const std::string& name) {
      if (!metadata.emplace(name, json_.text()).second) json_.fail("the name " + in_quotes(name) + " comes twice");
    });
  }
  TensorOfFile read_tensor(const std::string& name) {
    TensorOfFile result;
    Extents extents, offsets;
    std::array<bool, 3> found{};
    json_.object([&](const std::string& key) {
      const std::size_t which = key == "dtype" ? 0 : key == "shape" ? 1 : key == "data_offsets" ? 2 : 3;
      if (which == 3 || std::exchange(found[which], true)) {
        json_.fail(in_quotes(name) + " has dtype, shape and data_offsets, each once, and not " + in_quotes(key));
      }
      if (which == 0) {
        result.type = read_type(name);
      } else {
        json_.array([&] { (which == 1 ? extents : offsets).push_back(json_.number()); });
      }
    });
    if (!found[0] || !found[1] || !found[2]) json_.fail(in_quotes(name) + " has dtype, shape and data_offsets");
    if (offsets.size() != 2 || offsets[0] > offsets[1] || offsets[1] > input_.most_left()) {
      json_.fail("data_offsets of " + in_quotes(name) + " are where it begins and ends in the " +
                 std::to_string(input_.most_left()) + " bytes behind the header");
    }
    result.shape = checked_shape(input_, extents);
    result.begin = offsets[0];
    result.end = offsets[1];
    if (size_of(result.shape) * bytes_of(result.type) != result.end - result.begin) {
      json_.fail(in_quotes(name) + ", " + to_string(result.shape) + " of " + std::to_string(bytes_of(result.type)) +
                 " bytes each, does not have " + std::to_string(result.end - result.begin) + " bytes");
    }
    return result;
  }
  Stored read_type(const std::string& name) {
    const std::string type = json_.text();
    const auto* const known = std::ranges::find(tensor_types, type, &TensorType::name);
    if (known == std::end(tensor_types)) {
      json_.fail(in_quotes(name) + " has the element type " + in_quotes(type) + ", which is not read");
    }
    return known->type;
  }

  const FileInput& input_;
  JsonReader json_;
};

/// Each byte belongs to one array.
void require_no_holes(const FileInput& input, const TensorsOfFile& tensors) {
  std::vector<std::tuple<std::size_t, std::size_t, std::string_view>> parts;
  for (const auto& [name, tensor] : tensors) parts.emplace_back(tensor.begin, tensor.end, name);
  std::ranges::sort(parts);
  std::size_t end = 0;
  for (const auto& [begin, next, name] : parts) {
    if (begin != end) {
      input.fail(in_quotes(name) + (begin < end ? " overlaps another array" : " leaves a hole before it") +
                 ": it begins at " + std::to_string(begin) + ", and the one before ends at " + std::to_string(end));
    }
    end = next;
  }
  if (end != input.most_left()) input.fail("something follows that belongs to no array");
}

void require_known_version(const FileInput& input, const std::map<std::string, std::string>& metadata) {
  const auto version = metadata.find(std::string(format_name));
  if (version != metadata.end() && version->second != format_version) {
    input.fail("it was written by another version of xgrad: its format is " + in_quotes(version->second) + ", and " +
               std::string(format_version) + " is read");
  }
}

}  // namespace

const TensorOfFile& SafetensorsFile::State::at(std::string_view name) const {
  const auto found = tensors.find(name);
  if (found == tensors.end())
    throw ValueError("SafetensorsFile: there is no array " + in_quotes(name) + " in the file");
  return found->second;
}

SafetensorsFile::SafetensorsFile(const std::filesystem::path& path) {
  FileInput input("SafetensorsFile", path);
  const std::string length = input.text(8);
  const std::uint64_t size = boost::endian::load_little_u64(reinterpret_cast<const unsigned char*>(length.data()));
  if (size > input.most_left()) {
    input.fail("a header of " + std::to_string(size) + " bytes is not there: " + std::to_string(input.most_left()) +
               " bytes are left");
  }
  const std::string header = input.text(size);
  auto state = std::make_shared<State>();
  state->file = input.file();
  state->begin = input.at();
  TensorsReader(input, header, length.size()).read(state->tensors, state->metadata);
  require_known_version(input, state->metadata);
  require_no_holes(input, state->tensors);
  for (const auto& [name, tensor] : state->tensors) state->names.push_back(name);
  state_ = std::move(state);
}

const std::vector<std::string>& SafetensorsFile::names() const noexcept { return state_->names; }
bool SafetensorsFile::contains(std::string_view name) const noexcept { return state_->tensors.contains(name); }
const Shape& SafetensorsFile::shape(std::string_view name) const { return state_->at(name).shape; }
DType SafetensorsFile::dtype(std::string_view name) const { return dtype_of_stored(state_->at(name).type); }
const std::map<std::string, std::string>& SafetensorsFile::metadata() const noexcept { return state_->metadata; }

Var SafetensorsFile::read(std::string_view name, std::optional<DType> as) const {
  const TensorOfFile& tensor = state_->at(name);
  const DType dtype = read_as("SafetensorsFile", tensor.type, as);
  FileInput input(state_->file, state_->begin + tensor.begin, state_->begin + tensor.end);
  return read_elements(input, {tensor.type}, tensor.shape, dtype);
}

ArraysByName read_safetensors(const std::filesystem::path& path) {
  const SafetensorsFile file(path);
  ArraysByName result;
  for (const std::string& name : file.names()) result.emplace(name, file.read(name));
  return result;
}

namespace {

std::string tensors_header(const std::vector<std::pair<const std::string*, const Var*>>& order,
                           std::map<std::string, std::string> metadata) {
  metadata.emplace(format_name, format_version);
  std::string header = "{" + json_text(metadata_name) + ":{";
  for (const auto& [name, text] : metadata) {
    header += (header.ends_with('{') ? "" : ",") + json_text(name) + ":" + json_text(text);
  }
  header += "}";
  std::size_t end = 0;
  for (const auto& [name, array] : order) {
    const std::size_t begin = std::exchange(end, end + bytes_of_elements(*array).size());
    const Stored type = stored_as(array->dtype());
    header += "," + json_text(*name) +
              ":{\"dtype\":" + json_text(std::ranges::find(tensor_types, type, &TensorType::type)->name) +
              ",\"shape\":[";
    for (std::size_t k = 0; k < array->dimension(); ++k) {
      header += (k > 0 ? "," : "") + std::to_string(array->shape()[k]);
    }
    header += "],\"data_offsets\":[" + std::to_string(begin) + "," + std::to_string(end) + "]}";
  }
  header += "}";
  header.resize((header.size() + 7) / 8 * 8, ' ');  // arrays begin at a multiple of 8
  return header;
}

void require_names(const ArraysByName& arrays, const std::map<std::string, std::string>& metadata) {
  const auto refuse = [](std::string_view name, const char* rule) {
    throw ValueError("write_safetensors: " + in_quotes(name) + ": " + rule);
  };
  for (const auto& [name, array] : arrays) {
    if (!is_utf8(name)) refuse(name, "names are UTF-8");
    if (name == metadata_name) refuse(name, "the format has this name for something else");
  }
  for (const auto& [name, text] : metadata) {
    if (!is_utf8(name) || !is_utf8(text)) refuse(name, "names and texts of metadata are UTF-8");
    if (name == format_name) refuse(name, "xgrad writes this itself");
  }
}

}  // namespace

void write_safetensors(const std::filesystem::path& path, const ArraysByName& arrays,
                       const std::map<std::string, std::string>& metadata) {
  require_names(arrays, metadata);
  std::vector<std::pair<const std::string*, const Var*>> order;
  for (const auto& [name, array] : arrays) order.emplace_back(&name, &array);
  // The wider elements first, so that all are where their type wants them.
  std::ranges::stable_sort(order, std::ranges::greater(),
                           [](const auto& each) { return size_of(each.second->dtype()); });
  const std::string header = tensors_header(order, metadata);
  ByteWriter size;
  size.u64(header.size());
  AtomicFile file("write_safetensors", path);
  file.write(size.all());
  file.write(header);
  for (const auto& [name, array] : order) file.write(bytes_of_elements(*array));
  file.finish();
}

}  // namespace xgrad::io
