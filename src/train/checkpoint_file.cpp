#include "train/checkpoint_file.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <string_view>
#include <utility>

#include <boost/crc.hpp>
#include <xgrad/core/errors.hpp>
#include <xgrad/io/safetensors.hpp>

#include "core/text.hpp"
#include "io/elements.hpp"
#include "train/checkpoint_folder.hpp"
#include "train/checkpoint_slices.hpp"
#include "train/history_arrays.hpp"

namespace xgrad::train {
namespace {

using Metadata = std::map<std::string, std::string>;

constexpr std::string_view version = "1";
constexpr std::string_view version_of_slices = "2";
constexpr const char* version_name = "checkpoint.version";
constexpr const char* sum_name = "checkpoint.sum";
constexpr const char* step_name = "checkpoint.step";
constexpr const char* epoch_name = "checkpoint.epoch";
constexpr const char* batch_name = "checkpoint.batch";
constexpr const char* score_name = "checkpoint.score";
constexpr const char* slices_name = "checkpoint.slices";
constexpr const char* slice_prefix = "checkpoint.slice.";
constexpr std::string_view text_prefix = "text.";
constexpr std::string_view run_prefix = "run.";
constexpr std::string_view history_prefix = "history.";

/// A check sum over all that is in a file, each text with its length, so that none is taken for another one.
class CheckSum {
 public:
  CheckSum(const io::ArraysByName& arrays, const Metadata& metadata) {
    for (const auto& [name, text] : metadata) {
      if (name == sum_name || name == "xgrad.format") continue;  // which write_safetensors adds
      add(name);
      add(text);
    }
    for (const auto& [name, array] : arrays) {
      add(name);
      add(std::string(xgrad::name(array.dtype())) + to_string(array.shape()));
      add(io::bytes_of_elements(array));
    }
  }
  [[nodiscard]] std::string text() const {
    std::array<char, 16> digits;
    return {digits.data(), std::to_chars(digits.data(), digits.data() + digits.size(), crc_.checksum(), 16).ptr};
  }

 private:
  void add(std::string_view bytes) {
    const std::string length = std::to_string(bytes.size()) + ":";
    crc_.process_bytes(length.data(), length.size());
    crc_.process_bytes(bytes.data(), bytes.size());
  }
  boost::crc_32_type crc_;
};

bool is_newer(std::string_view other) {
  const auto number = [](std::string_view digits) {
    std::uint64_t result = 0;
    const auto [stop, error] = std::from_chars(digits.data(), digits.data() + digits.size(), result);
    return error == std::errc() && stop == digits.data() + digits.size() ? result : 0;
  };
  return number(other) > number(version_of_slices);
}

/// A file whose metadata are those of a checkpoint.
class CheckpointReader {
 public:
  explicit CheckpointReader(const std::filesystem::path& path) : path_(path), file_(path) {
    const auto found = file_.metadata().find(version_name);
    if (found == file_.metadata().end())
      fail("it is a safetensors file, but no checkpoint: it does not say of which version");
    if (found->second == version || found->second == version_of_slices) return;
    const std::string rule = "its version is '" + found->second + "', and this xgrad reads " + std::string(version) +
                             " and " + std::string(version_of_slices) + "; read it with the one that wrote it";
    if (is_newer(found->second)) throw NewerCheckpoint("restore: '" + path_.string() + "': " + rule);
    fail(rule);
  }

  [[nodiscard]] CheckpointHeader header() const {
    CheckpointHeader result{.step = number(step_name), .epoch = number(epoch_name)};
    const auto found = file_.metadata().find(score_name);
    if (found != file_.metadata().end()) result.score = parsed<double>(score_name, found->second);
    return result;
  }
  /// Those of its slices are among them.
  [[nodiscard]] io::ArraysByName arrays() const {
    io::ArraysByName result = own_arrays();
    if (!file_.metadata().contains(slices_name)) return result;
    std::vector<Slice> slices;
    for (const std::string& name : slices_named()) {
      try {
        const CheckpointReader reader(path_.parent_path() / name);
        slices.push_back({reader.own_arrays(), reader.file_.metadata()});
        // The file of the step says which of all that may have been written is its own.
        if (name != slice_name(number(step_name), slices.size(), number(slices_name), reader.text(sum_name))) {
          fail("it is damaged: its slice '" + name + "' is another one");
        }
      } catch (const NewerCheckpoint& error) {
        throw IoError(error.what());
      }
    }
    const auto refuse = [this](const std::string& rule) { fail(rule); };
    result.merge(joined(slices, xgrad::detail::FunctionOf<void, const std::string&>(refuse)));
    return result;
  }
  [[nodiscard]] std::vector<std::string> slices_named() const {
    std::vector<std::string> names;
    const std::string prefix = slice_prefix;
    for (const auto& [name, value] : file_.metadata()) {
      if (!name.starts_with(prefix)) continue;
      if (value.find('/') != std::string::npos) fail("it is damaged: a slice in another folder");
      names.push_back(value);
    }
    if (names.size() != number(slices_name)) fail("it is damaged: it does not name all of its slices");
    return names;
  }
  [[nodiscard]] CheckpointNotes notes(const io::ArraysByName& history) const {
    const CheckpointHeader known = header();
    CheckpointNotes result{.step = known.step, .epoch = known.epoch, .batch = number(batch_name), .score = known.score};
    const auto refuse = [this](const std::string& rule) { fail(rule); };
    result.history = history_of(history, xgrad::detail::FunctionOf<void, const std::string&>(refuse));
    for (const auto& [name, text] : file_.metadata()) {
      if (name.starts_with(text_prefix)) result.texts.emplace(name.substr(text_prefix.size()), text);
    }
    return result;
  }
  [[noreturn]] void fail(const std::string& rule) const { throw IoError("restore: '" + path_.string() + "': " + rule); }

 private:
  [[nodiscard]] io::ArraysByName own_arrays() const {
    io::ArraysByName result;
    for (const std::string& name : file_.names()) result.emplace(name, file_.read(name));
    if (text(sum_name) != CheckSum(result, file_.metadata()).text()) {
      fail("it is damaged: its check sum is another one");
    }
    return result;
  }
  [[nodiscard]] const std::string& text(const char* name) const {
    const auto found = file_.metadata().find(name);
    if (found == file_.metadata().end()) fail(std::string("it is damaged: it has no '") + name + "'");
    return found->second;
  }
  [[nodiscard]] std::uint64_t number(const char* name) const { return parsed<std::uint64_t>(name, text(name)); }
  template <class T>
  [[nodiscard]] T parsed(const char* name, const std::string& text) const {
    T value{};
    const char* const end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, value);
    if (error != std::errc() || stop != end) {
      fail(std::string("it is damaged: '") + name + "' is no number: '" + text.substr(0, 60) + "'");
    }
    return value;
  }

  std::filesystem::path path_;
  io::SafetensorsFile file_;
};

/// Those whose names begin with a prefix, without it.
io::ArraysByName with_prefix(const io::ArraysByName& all, std::string_view prefix) {
  io::ArraysByName result;
  for (const auto& [name, array] : all) {
    if (name.starts_with(prefix)) result.emplace(name.substr(prefix.size()), array);
  }
  return result;
}

/// The arrays of a tree as those of a file: what was empty, and was therefore not saved, stays so.
std::vector<Var> filled_run(const detail::RunArrays& like, const io::ArraysByName& from) {
  std::vector<std::string> paths;
  std::vector<Var> arrays;
  std::vector<std::size_t> places;
  for (std::size_t i = 0; i < like.paths.size(); ++i) {
    if (!like.arrays[i].defined() && !from.contains(like.paths[i])) continue;
    paths.push_back(like.paths[i]);
    arrays.push_back(like.arrays[i]);
    places.push_back(i);
  }
  const std::vector<Var> found = io::detail::filled(paths, arrays, from, {});
  std::vector<Var> result = like.arrays;
  for (std::size_t i = 0; i < places.size(); ++i) result[places[i]] = found[i];
  return result;
}

template <class E>
[[noreturn]] void throw_other_run(const std::filesystem::path& path, const E& error) {
  throw E("restore: '" + path.string() + "' is a checkpoint of another model, optimiser or element type: " +
          error.what() + "; give the tree that was saved, or train in another folder");
}

}  // namespace

CheckpointHeader read_checkpoint_header(const std::filesystem::path& path) { return CheckpointReader(path).header(); }

void require_whole(const std::filesystem::path& path) {
  const CheckpointReader reader(path);
  static_cast<void>(reader.notes(with_prefix(reader.arrays(), history_prefix)));
}

namespace {

io::ArraysByName arrays_of_run(const detail::RunArrays& run) {
  io::ArraysByName arrays;
  for (std::size_t i = 0; i < run.paths.size(); ++i) {
    if (!run.arrays[i].defined()) continue;
    if (!arrays.emplace(std::string(run_prefix) + run.paths[i], run.arrays[i]).second) {
      throw ValueError("Checkpoint::save: two arrays of the tree have the path '" + run.paths[i] +
                       "'; each needs one of its own");
    }
  }
  return arrays;
}

Metadata metadata_of(const CheckpointNotes& notes, std::string_view of_version) {
  Metadata metadata{{version_name, std::string(of_version)},
                    {step_name, core::digits_of(notes.step)},
                    {epoch_name, core::digits_of(notes.epoch)},
                    {batch_name, core::digits_of(notes.batch)}};
  if (notes.score) metadata.emplace(score_name, core::digits_of(*notes.score));
  for (const auto& [name, text] : notes.texts) metadata.emplace(std::string(text_prefix) + name, text);
  return metadata;
}

}  // namespace

void write_checkpoint(const std::filesystem::path& path, const detail::RunArrays& run, const CheckpointNotes& notes) {
  io::ArraysByName arrays = arrays_of_run(run);
  add_history(std::string(history_prefix), notes.history, arrays);
  Metadata metadata = metadata_of(notes, version);
  metadata.emplace(sum_name, CheckSum(arrays, metadata).text());
  io::write_safetensors(path, arrays, metadata);
}

std::string write_checkpoint_slice(const std::filesystem::path& folder, std::uint64_t step,
                                   const detail::RunArrays& run, std::size_t number, std::size_t of) {
  Slice slice = slice_of(arrays_of_run(run), number, of);
  slice.metadata.emplace(version_name, version_of_slices);
  slice.metadata.emplace(step_name, core::digits_of(step));
  const std::string sum = CheckSum(slice.arrays, slice.metadata).text();
  slice.metadata.emplace(sum_name, sum);
  const std::string name = slice_name(step, number + 1, of, sum);
  io::write_safetensors(folder / name, slice.arrays, slice.metadata);
  return name;
}

void write_checkpoint_of_slices(const std::filesystem::path& path, const std::vector<std::string>& slices,
                                const CheckpointNotes& notes) {
  io::ArraysByName arrays;
  add_history(std::string(history_prefix), notes.history, arrays);
  Metadata metadata = metadata_of(notes, version_of_slices);
  metadata.emplace(slices_name, core::digits_of(slices.size()));
  for (std::size_t i = 0; i < slices.size(); ++i) {
    std::string number = core::digits_of(i + 1);  // in an order that is that of names
    number.insert(0, 10 - std::min<std::size_t>(10, number.size()), '0');
    metadata.emplace(slice_prefix + number, slices[i]);
  }
  metadata.emplace(sum_name, CheckSum(arrays, metadata).text());
  io::write_safetensors(path, arrays, metadata);
}

detail::RestoredArrays detail::restore(const std::filesystem::path& path, const RunArrays& like) {
  const CheckpointReader reader(path);
  const io::ArraysByName all = reader.arrays();
  RestoredArrays result{.arrays = {}, .notes = reader.notes(with_prefix(all, history_prefix)), .path = path};
  try {
    result.arrays = filled_run(like, with_prefix(all, run_prefix));
  } catch (const ShapeError& error) {
    throw_other_run(path, error);
  } catch (const TypeError& error) {
    throw_other_run(path, error);
  }
  return result;
}

}  // namespace xgrad::train
