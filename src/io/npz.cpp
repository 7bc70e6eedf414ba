// ZIP archives of NumPy's arrays. The format: APPNOTE.TXT of PKWARE, sections 4.3 and 4.5.
#include <xgrad/io/npz.hpp>

#include <algorithm>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/crc.hpp>
#include <xgrad/core/errors.hpp>

#include "atomic_file.hpp"
#include "inflate.hpp"
#include "json.hpp"
#include "npy_format.hpp"

namespace xgrad::io {
namespace {

constexpr std::uint32_t local_signature = 0x04034B50, central_signature = 0x02014B50, end_signature = 0x06054B50,
                        end_64_signature = 0x06064B50, locator_signature = 0x07064B50;
constexpr std::size_t local_bytes = 30, central_bytes = 46, end_bytes = 22, end_64_bytes = 56, locator_bytes = 20;
constexpr std::uint64_t in_zip_64 = 0xFFFFFFFF;  // in place of a number that is in the extra field
constexpr std::string_view npy_suffix = ".npy";

std::uint64_t number_at(std::string_view bytes, std::size_t at, std::size_t width) {
  std::uint64_t result = 0;
  for (std::size_t k = width; k-- > 0;) result = result << 8U | static_cast<unsigned char>(bytes[at + k]);
  return result;
}

/// An array in an archive.
struct ZipMember {
  std::string name;
  std::size_t at = 0;      // of its local header
  std::size_t stored = 0;  // bytes in the file
  std::size_t size = 0;    // bytes that they become
  std::uint32_t sum = 0;
  bool deflated = false;
};

/// What a member becomes, of which size and sum are known.
class MemberInput final : public Input {
 public:
  MemberInput(std::unique_ptr<Input> bytes, const ZipMember& member)
      : bytes_(std::move(bytes)), name_(member.name), left_(member.size), sum_(member.sum) {}

  void read(std::span<unsigned char> to) override {
    if (to.size() > left_) fail("it ends too early");
    bytes_->read(to);
    left_ -= to.size();
    crc_.process_bytes(to.data(), to.size());
  }
  [[nodiscard]] std::size_t most_left() const override { return std::min(left_, bytes_->most_left()); }
  void require_end() override {
    if (left_ != 0) fail("something follows the array that does not belong to it");
    bytes_->require_end();
    if (crc_.checksum() != sum_) fail("it is damaged: the check sum is another one");
  }
  [[nodiscard]] std::size_t at() const override { return bytes_->at(); }
  [[nodiscard]] std::string place() const override { return bytes_->place() + ", '" + name_ + "'"; }

 private:
  std::unique_ptr<Input> bytes_;
  std::string name_;
  std::size_t left_;
  std::uint32_t sum_;
  boost::crc_32_type crc_;
};

class ZipReader {
 public:
  ZipReader(const std::filesystem::path& path, const NpzReadOptions& options)
      : file_(std::make_shared<InputFile>("read_npz", path)), options_(options) {}

  ArraysByName read() {
    find_directory();
    read_directory();
    ArraysByName result;
    std::size_t end = 0;
    for (const ZipMember& member : members_) {
      if (member.at < end) file_->fail(member.at, "'" + member.name + "' overlaps what is before it");
      result.emplace(member.name.substr(0, member.name.size() - npy_suffix.size()), read_member(member, end));
    }
    return result;
  }

 private:
  /// The directory is before the last record, which is found from the end.
  void find_directory() {
    const std::size_t size = file_->size();
    if (size < end_bytes) file_->fail(0, "it is too short for an archive");
    const std::size_t from = size - std::min<std::size_t>(size, end_bytes + 0xFFFF);
    const std::string tail = file_->read(from, size - from);
    std::size_t at = tail.size() - end_bytes;
    while (number_at(tail, at, 4) != end_signature || number_at(tail, at + 20, 2) != tail.size() - at - end_bytes) {
      if (at-- == 0) file_->fail(size, "it is no ZIP archive, or was cut short: the record at its end is missing");
    }
    std::string_view record = std::string_view(tail).substr(at);
    count_ = number_at(record, 10, 2);
    std::uint64_t bytes = number_at(record, 12, 4), begin = number_at(record, 16, 4);
    std::size_t end = from + at;
    std::string record_64;
    if (end >= locator_bytes + end_64_bytes &&
        number_at(file_->read(end - locator_bytes, 4), 0, 4) == locator_signature) {
      const std::size_t place = end - locator_bytes - end_64_bytes;
      record_64 = file_->read(place, end_64_bytes);
      if (number_at(record_64, 0, 4) != end_64_signature) file_->fail(place, "the record of ZIP64 is missing");
      count_ = number_at(record_64, 32, 8);
      bytes = number_at(record_64, 40, 8);
      begin = number_at(record_64, 48, 8);
      end = place;
    }
    if (begin > end || bytes != end - begin) {
      file_->fail(end, "the directory is not where the record behind it says: at " + std::to_string(begin) + ", " +
                           std::to_string(bytes) + " bytes");
    }
    directory_ = begin;
    directory_end_ = end;
  }

  void read_directory() {
    const std::string directory = file_->read(directory_, directory_end_ - directory_);
    std::set<std::string> names;
    std::size_t at = 0;
    while (at < directory.size()) {
      if (directory.size() - at < central_bytes || number_at(directory, at, 4) != central_signature) {
        file_->fail(directory_ + at, "this is no entry of the directory");
      }
      const std::string_view entry = std::string_view(directory).substr(at);
      const std::size_t bytes =
          central_bytes + number_at(entry, 28, 2) + number_at(entry, 30, 2) + number_at(entry, 32, 2);
      if (bytes > entry.size()) file_->fail(directory_ + at, "the entry ends too early");
      members_.push_back(member_of(entry.substr(0, bytes), directory_ + at));
      if (!names.insert(members_.back().name).second) {
        file_->fail(directory_ + at, "the name '" + members_.back().name + "' comes twice");
      }
      at += bytes;
    }
    if (members_.size() != count_) file_->fail(directory_, "the directory has another number of entries than is said");
    std::ranges::sort(members_, {}, &ZipMember::at);
  }

  ZipMember member_of(std::string_view entry, std::size_t place) {
    const auto refuse = [&](const std::string& rule) { file_->fail(place, "'" + names_of(entry) + "' " + rule); };
    ZipMember result;
    result.name = names_of(entry);
    const std::uint64_t method = number_at(entry, 10, 2);
    if ((number_at(entry, 8, 2) & 1U) != 0) refuse("is encrypted");
    if (method != 0 && method != 8) refuse("is compressed by method " + std::to_string(method) + "; 0 and 8 are read");
    if (!result.name.ends_with(npy_suffix)) refuse("is no array: the name does not end in .npy");
    result.deflated = method == 8;
    result.sum = static_cast<std::uint32_t>(number_at(entry, 16, 4));
    std::uint64_t stored = number_at(entry, 20, 4), size = number_at(entry, 24, 4), at = number_at(entry, 42, 4);
    read_zip_64(entry, {&size, &stored, &at}, place);
    if (at > directory_ || stored > directory_ - at) refuse("has more bytes than there are");
    if (!result.deflated && stored != size) refuse("is not compressed, and yet has two sizes");
    if (result.deflated) {
      if (size > options_.most_inflated_bytes - inflated_) {
        refuse("would make more than " + std::to_string(options_.most_inflated_bytes) +
               " bytes of the arrays that are compressed; most_inflated_bytes would let it pass");
      }
      inflated_ += size;
    }
    result.at = at;
    result.stored = stored;
    result.size = size;
    return result;
  }
  static std::string names_of(std::string_view entry) {
    return std::string(entry.substr(central_bytes, number_at(entry, 28, 2)));
  }
  /// Numbers that do not fit 32 bits are in an extra field, in this order.
  void read_zip_64(std::string_view entry, std::initializer_list<std::uint64_t*> numbers, std::size_t place) const {
    std::string_view extra = entry.substr(central_bytes + number_at(entry, 28, 2), number_at(entry, 30, 2));
    std::string_view found;
    while (extra.size() >= 4 && extra.size() - 4 >= number_at(extra, 2, 2)) {
      if (number_at(extra, 0, 2) == 1) found = extra.substr(4, number_at(extra, 2, 2));
      extra.remove_prefix(4 + number_at(extra, 2, 2));
    }
    for (std::uint64_t* number : numbers) {
      if (*number != in_zip_64) continue;
      if (found.size() < 8) file_->fail(place, "an entry of the directory has no room for its numbers of 64 bits");
      *number = number_at(found, 0, 8);
      found.remove_prefix(8);
    }
  }

  /// \param end  where it ends in the file, afterwards.
  Var read_member(const ZipMember& member, std::size_t& end) {
    const auto refuse = [&](const char* rule) { file_->fail(member.at, "'" + member.name + "' " + rule); };
    if (directory_ - member.at < local_bytes) refuse("has no room for its header");
    const std::string header = file_->read(member.at, local_bytes);
    const std::size_t name = number_at(header, 26, 2), extra = number_at(header, 28, 2);
    const std::size_t begin = member.at + local_bytes + name + extra;
    if (number_at(header, 0, 4) != local_signature) refuse("is not where the directory says");
    if (begin > directory_ || member.stored > directory_ - begin) refuse("has more bytes than there are");
    if (file_->read(member.at + local_bytes, name) != member.name) refuse("has another name in the directory");
    if (number_at(header, 8, 2) != (member.deflated ? 8U : 0U)) refuse("has another method in the directory");
    end = begin + member.stored;
    std::unique_ptr<Input> bytes = std::make_unique<FileInput>(file_, begin, end);
    if (member.deflated) bytes = inflated(std::move(bytes), Wrapper::none);
    MemberInput input(std::move(bytes), member);
    return read_npy_array("read_npz", input, {});
  }

  std::shared_ptr<const InputFile> file_;
  NpzReadOptions options_;
  std::size_t directory_ = 0, directory_end_ = 0, inflated_ = 0;
  std::uint64_t count_ = 0;
  std::vector<ZipMember> members_;
};

void put_number(std::string& to, std::uint64_t value, std::size_t width) {
  for (std::size_t k = 0; k < width; ++k) to += static_cast<char>(value >> 8U * k & 0xFFU);
}

/// All sizes and places are written in 64 bits, whether they need them or not: one way, which every archive takes.
class ZipWriter {
 public:
  ZipWriter(const std::filesystem::path& path, bool compress) : file_("write_npz", path), compress_(compress) {}

  void add(const std::string& name, const Var& x) {
    const std::string header = npy_header(x.dtype(), x.shape());
    const std::string_view elements = bytes_of_elements(x);
    boost::crc_32_type crc;
    crc.process_bytes(header.data(), header.size());
    crc.process_bytes(elements.data(), elements.size());
    const std::string compressed = compress_ ? deflated(header, elements) : std::string();
    const std::uint64_t size = header.size() + elements.size();
    const std::uint64_t stored = compress_ ? compressed.size() : size;

    std::string common;            // of both headers
    put_number(common, 45, 2);     // the version that knows ZIP64
    put_number(common, 0x800, 2);  // names are UTF-8
    put_number(common, compress_ ? 8 : 0, 2);
    put_number(common, 0, 2);
    put_number(common, 0x21, 2);  // 1 January 1980, as numpy.savez says
    put_number(common, crc.checksum(), 4);
    put_number(common, in_zip_64, 4);
    put_number(common, in_zip_64, 4);
    put_number(common, name.size(), 2);
    std::string sizes;
    put_number(sizes, size, 8);
    put_number(sizes, stored, 8);

    put_number(directory_, central_signature, 4);
    put_number(directory_, 45, 2);
    directory_ += common;
    put_number(directory_, 28, 2);
    directory_.append(10, '\0');  // no comment, first disk, no attributes
    put_number(directory_, in_zip_64, 4);
    directory_ += name;
    put_number(directory_, 1, 2);
    put_number(directory_, 24, 2);
    directory_ += sizes;
    put_number(directory_, at_, 8);
    ++count_;

    std::string local;
    put_number(local, local_signature, 4);
    local += common;
    put_number(local, 20, 2);
    local += name;
    put_number(local, 1, 2);
    put_number(local, 16, 2);
    write(local + sizes);
    write(compress_ ? std::string_view(compressed) : std::string_view(header));
    if (!compress_) write(elements);
  }

  void finish() {
    const std::uint64_t begin = at_;
    write(directory_);
    std::string end;
    put_number(end, end_64_signature, 4);
    put_number(end, end_64_bytes - 12, 8);
    put_number(end, 45, 2);
    put_number(end, 45, 2);
    put_number(end, 0, 8);
    put_number(end, count_, 8);
    put_number(end, count_, 8);
    put_number(end, directory_.size(), 8);
    put_number(end, begin, 8);
    put_number(end, locator_signature, 4);
    put_number(end, 0, 4);
    put_number(end, at_, 8);
    put_number(end, 1, 4);
    put_number(end, end_signature, 4);
    put_number(end, 0, 4);
    put_number(end, 0xFFFF, 2);
    put_number(end, 0xFFFF, 2);
    put_number(end, in_zip_64, 4);
    put_number(end, in_zip_64, 4);
    put_number(end, 0, 2);
    write(end);
    file_.finish();
  }

 private:
  void write(std::string_view bytes) {
    file_.write(bytes);
    at_ += bytes.size();
  }

  AtomicFile file_;
  bool compress_;
  std::string directory_;
  std::uint64_t at_ = 0, count_ = 0;
};

}  // namespace

ArraysByName read_npz(const std::filesystem::path& path, const NpzReadOptions& options) {
  return ZipReader(path, options).read();
}

void write_npz(const std::filesystem::path& path, const ArraysByName& arrays, const NpzWriteOptions& options) {
  constexpr std::size_t most_bytes = 65'000;
  for (const auto& [name, array] : arrays) {
    if (name.size() > most_bytes || !is_utf8(name)) {
      throw ValueError("write_npz: '" + name.substr(0, 60) + "': names are UTF-8, of at most 65,000 bytes");
    }
    (void)bytes_of_elements(array);  // throws before anything is written
  }
  ZipWriter zip(path, options.compress);
  for (const auto& [name, array] : arrays) zip.add(name + std::string(npy_suffix), array);
  zip.finish();
}

}  // namespace xgrad::io
