#include "train/checkpoint_slices.hpp"

#include <algorithm>
#include <charconv>
#include <optional>
#include <string_view>

#include <xgrad/ops/join.hpp>
#include <xgrad/ops/manipulate.hpp>

#include "core/text.hpp"

namespace xgrad::train {
namespace {

constexpr const char* part_prefix = "part.";  // of the name of an array: "17 of 3 4", the first element and the shape

std::size_t bytes_of(const Var& x) { return x.size() * size_of(x.dtype()); }

/// The elements of an array that begins at a byte of all, from `first` to `last` in bytes.
std::size_t element_at(std::size_t begin, const Var& x, std::size_t place) {
  if (place <= begin) return 0;
  const std::size_t width = size_of(x.dtype());
  return std::min(x.size(), (place - begin + width - 1) / width);
}

struct PartOfArray {
  std::size_t first = 0;
  Shape shape;
};

/// Also of extents whose product no number holds.
bool is_shape_of(const Shape& shape, std::size_t elements) {
  std::size_t left = elements;
  for (const std::size_t extent : shape) {
    if (extent == 0 || left % extent != 0) return false;
    left /= extent;
  }
  return left == 1;
}

std::string text_of(std::size_t first, const Shape& shape) {
  std::string text = core::digits_of(first) + " of";
  for (const std::size_t extent : shape) text += " " + core::digits_of(extent);
  return text;
}

std::optional<PartOfArray> part_in(std::string_view text) {
  PartOfArray part;
  const auto number = [&](std::size_t& value) {
    const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    text.remove_prefix(static_cast<std::size_t>(stop - text.data()));
    return error == std::errc();
  };
  if (!number(part.first) || !text.starts_with(" of")) return {};
  text.remove_prefix(3);
  while (text.starts_with(' ')) {
    text.remove_prefix(1);
    std::size_t extent = 0;
    if (part.shape.size() == max_dimension || !number(extent)) return {};
    part.shape.push_back(extent);
  }
  return text.empty() ? std::optional(part) : std::nullopt;
}

}  // namespace

Slice slice_of(const io::ArraysByName& all, std::size_t number, std::size_t of) {
  std::size_t bytes = 0;
  for (const auto& [name, x] : all) bytes += bytes_of(x);
  const std::size_t begin = bytes / of * number + bytes % of * number / of;
  const std::size_t end = bytes / of * (number + 1) + bytes % of * (number + 1) / of;
  Slice slice;
  std::size_t place = 0;
  for (const auto& [name, x] : all) {
    const std::size_t first = element_at(place, x, begin), last = element_at(place, x, end);
    if (x.size() == 0 ? number == 0 : first == 0 && last == x.size()) {
      slice.arrays.emplace(name, x);
    } else if (first < last) {
      slice.arrays.emplace(name, view(flatten(x), xt::range(first, last)));
      slice.metadata.emplace(part_prefix + name, text_of(first, x.shape()));
    }
    place += bytes_of(x);
  }
  return slice;
}

io::ArraysByName joined(const std::vector<Slice>& slices, xgrad::detail::FunctionOf<void, const std::string&> refuse) {
  struct Parts {
    Shape shape;
    std::vector<Var> arrays;
    std::size_t elements = 0;
  };
  io::ArraysByName result;
  std::map<std::string, Parts> cut;
  for (const Slice& slice : slices) {
    for (const auto& [name, x] : slice.arrays) {
      const auto said = slice.metadata.find(part_prefix + name);
      if (said == slice.metadata.end()) {
        if (!result.emplace(name, x).second) refuse("it is damaged: '" + name + "' is in two slices");
        continue;
      }
      const std::optional<PartOfArray> part = part_in(said->second);
      Parts& parts = cut[name];
      if (!part || x.dimension() != 1 || part->first != parts.elements ||
          (!parts.arrays.empty() && (parts.shape != part->shape || parts.arrays[0].dtype() != x.dtype()))) {
        refuse("it is damaged: the parts of '" + name + "' do not fit each other");
      }
      parts.shape = part->shape;
      parts.elements += x.size();
      parts.arrays.push_back(x);
    }
  }
  for (const auto& [name, parts] : cut) {
    if (!is_shape_of(parts.shape, parts.elements) || result.contains(name)) {
      refuse("it is damaged: the parts of '" + name + "' are not all of it");
    }
    result.emplace(name, reshape(concatenate(parts.arrays, 0), parts.shape));
  }
  return result;
}

}  // namespace xgrad::train
