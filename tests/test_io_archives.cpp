// Archives of arrays, and files that are compressed.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/test/unit_test.hpp>
#include <xgrad/io/idx.hpp>
#include <xgrad/io/npz.hpp>
#include <xgrad/xgrad.hpp>

#include "io_files.hpp"

BOOST_AUTO_TEST_SUITE(test_io_archives)

namespace xg = xgrad;
namespace io = xgrad::io;
using io_files::bytes_in;
using io_files::check_array;
using io_files::Folder;
using io_files::from_hex;
using io_files::message_of;
using io_files::put;
using io_files::says;
using xg::DType;
using xg::Var;

namespace {

/// What numpy.savez_compressed(file, a=numpy.array([1.5, -2.0]), b=numpy.array([[1, 2, 3]], "i4")) of NumPy 1.24.2
/// writes.
const std::string numpy_archive = from_hex(
    "504b030414000000080000002100b098c5414d0000009000000005001400612e6e70790100100090000000000000004d000000000000"
    "009bec17ea1b10c9c850c650ad9e925a9c5ca46ea5a06e9366a1aea3a09e965f54529498179f5f94920a12774bcc294e058a17672416"
    "a402f91a463a9a3a0ab50a14002e0630f8610fa1190e0000504b030414000000080000002100806ec0e04f0000008c00000005001400"
    "622e6e7079010010008c000000000000004f000000000000009bec17ea1b10c9c850c650ad9e925a9c5ca46ea5a06e9369a2aea3a09e"
    "965f54529498179f5f94920a12774bcc294e058a17672416a402f91a863a0ac69a3a0ab50a64032e46060606262066066200504b0102"
    "140314000000080000002100b098c5414d00000090000000050000000000000000000000800100000000612e6e7079504b0102140314"
    "000000080000002100806ec0e04f0000008c000000050000000000000000000000800184000000622e6e7079504b0506000000000200"
    "0200660000000a0100000000");

/// gzip of the IDX file of [[[1], [2]], [[3], [255]]].
const std::string compressed_idx = from_hex("1f8b08000000000002036360e060666060608262464626e6ff003dd5c38514000000");
const std::string plain_idx = from_hex("00000803000000020000000200000001010203ff");

/// Whether this xgrad was built with zlib.
bool can_compress() {
  static const bool can = [] {
    const Folder folder;
    try {
      io::write_npz(folder / "x", {{"a", 1.0}}, {.compress = true});
    } catch (const xg::IoError& error) {
      BOOST_TEST(says(error.what(), "built without zlib"));
      return false;
    }
    return true;
  }();
  return can;
}

std::string refusal(const Folder& folder, const std::string& bytes, const io::NpzReadOptions& options = {}) {
  return message_of<xg::IoError>([&] { return io::read_npz(put(folder / "x.npz", bytes), options); });
}

/// Bytes with others in the place of some, each time they come.
std::string replaced(std::string bytes, const std::string& from, const std::string& to) {
  std::size_t count = 0;
  for (std::size_t at = bytes.find(from); at != std::string::npos; at = bytes.find(from, at + to.size()), ++count) {
    bytes.replace(at, from.size(), to);
  }
  BOOST_TEST(count > 0U);
  return bytes;
}

}  // namespace

BOOST_AUTO_TEST_CASE(reads_what_numpy_compressed) {
  const Folder folder;
  if (!can_compress()) {
    BOOST_TEST(says(refusal(folder, numpy_archive), "built without zlib"));
    return;
  }
  const io::ArraysByName arrays = io::read_npz(put(folder / "x.npz", numpy_archive));
  BOOST_TEST(arrays.size() == 2U);
  check_array<double>(arrays.at("a"), {2}, {1.5, -2.0});
  check_array<std::int64_t>(arrays.at("b"), {1, 3}, {1, 2, 3});
}

BOOST_AUTO_TEST_CASE(archives_come_back) {
  const Folder folder;
  for (const bool compress : {false, true}) {
    if (compress && !can_compress()) continue;
    const Var large = reshape(xg::arange(60'000.0), {200, 300});
    io::write_npz(folder / "x.npz", {{"layers.0.weight", large}, {"\xC3\xA9", true}, {"", 7}}, {.compress = compress});
    const io::ArraysByName arrays = io::read_npz(folder / "x.npz");
    BOOST_TEST(arrays.size() == 3U);
    BOOST_TEST(array_equal(arrays.at("layers.0.weight"), large).item<bool>());
    check_array<bool>(arrays.at("\xC3\xA9"), {}, {true});
    check_array<std::int64_t>(arrays.at(""), {}, {7});
    BOOST_TEST((std::filesystem::file_size(folder / "x.npz") < 480'000U) == compress);
  }
  io::write_npz(folder / "none.npz", {});
  BOOST_TEST(io::read_npz(folder / "none.npz").empty());
  BOOST_CHECK_THROW(io::write_npz(folder / "y.npz", {{"\xFF", 1.0}}), xg::ValueError);
  BOOST_CHECK_THROW(io::write_npz(folder / "y.npz", {{"x", Var()}}), xg::TapeError);
  BOOST_TEST(folder.files() == 2U);
}

BOOST_AUTO_TEST_CASE(refuses_hostile_archives) {
  const Folder folder;
  io::write_npz(folder / "good", {{"a", xg::ones({2})}, {"b", xg::zeros({3})}});
  const std::string good = bytes_in(folder / "good");
  const auto check = [&](const std::string& bytes, std::string_view part) {
    const std::string message = refusal(folder, bytes);
    BOOST_TEST(says(message, part), message);
    BOOST_TEST(says(message, "x.npz', byte "), message);
  };
  check("PK", "too short");
  check(std::string(100'000, 'P'), "it is no ZIP archive");
  check(good + "x", "it is no ZIP archive");
  check("x" + good, "the directory is not where");
  check(replaced(good, "b.npy", "a.npy"), "the name 'a.npy' comes twice");
  check(replaced(good, "b.npy", "b.txt"), "'b.txt' is no array");
  check(replaced(good, from_hex("0000000000f03f"), from_hex("0000000000e03f")), "the check sum is another one");
  check(replaced(good, from_hex("2d000008") + std::string(2, '\0'), from_hex("2d000108") + std::string(2, '\0')),
        "is encrypted");
  check(replaced(good, from_hex("2d000008") + std::string(2, '\0'), from_hex("2d00000863") + '\0'), "by method 99");
  // Both entries of the directory are of the first array's place.
  const std::size_t directory = good.find(from_hex("504b0102"));
  const std::size_t second = good.find(from_hex("504b0102"), directory + 1);
  std::string same_place = good;
  same_place.replace(second + 46 + 5 + 4 + 16, 8, 8, '\0');
  check(same_place, "overlaps what is before it");
  std::string elsewhere = good;
  elsewhere[second + 46 + 5 + 4 + 16] = '\1';
  check(elsewhere, "'b.npy'");
  std::string long_size = good;
  long_size.replace(directory + 46 + 5 + 4, 8, 8, '\x7F');
  check(long_size, "is not compressed, and yet has two sizes");
  long_size.replace(directory + 46 + 5 + 4 + 8, 8, 8, '\x7F');
  check(long_size, "has more bytes than there are");

  const auto read = [](const auto& path) { return io::read_npz(path); };
  io_files::check_beginnings_refused(folder, good, read);
  io_files::check_damage_harmless(folder, good, read);
  if (!can_compress()) return;
  io_files::check_beginnings_refused(folder, numpy_archive, read);
  io_files::check_damage_harmless(folder, numpy_archive, read);
}

BOOST_AUTO_TEST_CASE(bombs_do_not_burst) {
  if (!can_compress()) return;
  const Folder folder;
  io::write_npz(folder / "zeros", {{"a", xg::zeros({1'000'000})}}, {.compress = true});
  const std::string bytes = bytes_in(folder / "zeros");
  BOOST_TEST(bytes.size() < 20'000U);
  BOOST_TEST(says(refusal(folder, bytes, {.most_inflated_bytes = 1'000'000}), "most_inflated_bytes would let it pass"));
  // An array that says it is larger than deflate could make it: nothing is allocated for it.
  const std::string lie = replaced(bytes, from_hex("8012") + "z" + std::string(5, '\0'), from_hex("ffffff7f00000000"));
  BOOST_TEST(says(refusal(folder, lie, {.most_inflated_bytes = SIZE_MAX}), "read_npz"));
}

BOOST_AUTO_TEST_CASE(reads_idx) {
  const Folder folder;
  const auto read = [&](const std::string& bytes, std::optional<DType> as = {}) {
    return io::read_idx(put(folder / "x", bytes), as);
  };
  check_array<std::int64_t>(read(plain_idx), {2, 2, 1}, {1, 2, 3, 255});
  check_array<float>(read(plain_idx, DType::Float32), {2, 2, 1}, {1, 2, 3, 255});
  check_array<std::int64_t>(read(from_hex("000009010000000220ff")), {2}, {32, -1});
  check_array<std::int64_t>(read(from_hex("00000b0100000001fffe")), {1}, {-2});
  check_array<std::int64_t>(read(from_hex("00000c0100000001fffffffe")), {1}, {-2});
  check_array<float>(read(from_hex("00000d01000000013fc00000")), {1}, {1.5F});
  check_array<double>(read(from_hex("00000e01000000013ff8000000000000")), {1}, {1.5});
  check_array<double>(read(from_hex("00000e003ff8000000000000")), {}, {1.5});
  const auto refused = [&](const std::string& bytes) { return message_of<xg::IoError>([&] { return read(bytes); }); };
  BOOST_TEST(says(refused(from_hex("00010801000000010102")), "it is no IDX file"));
  BOOST_TEST(says(refused(from_hex("00000a0100000001ff")), "it is no IDX file"));
  BOOST_TEST(says(refused(from_hex("00000801000000010102")), "something follows"));
  BOOST_TEST(says(refused(from_hex("000008ff") + std::string(4 * 255, '\0')), "255 axes"));
  BOOST_TEST(says(refused(from_hex("00000803ffffffffffffffffffffffff")), "more elements than a memory can hold"));
  BOOST_TEST(says(refused(from_hex("00000801ffffffff01")), "is not there: 1 bytes are left"));
  BOOST_CHECK_THROW((void)read(plain_idx, DType::Bool), xg::TypeError);
  const auto from_path = [](const auto& path) { return io::read_idx(path); };
  io_files::check_beginnings_refused(folder, plain_idx, from_path);
  io_files::check_damage_harmless(folder, plain_idx, from_path);
  if (!can_compress()) {
    BOOST_TEST(says(refused(compressed_idx), "built without zlib"));
    return;
  }
  check_array<std::int64_t>(read(compressed_idx), {2, 2, 1}, {1, 2, 3, 255});
  BOOST_TEST(says(refused(compressed_idx + compressed_idx), "something follows"));
  io_files::check_beginnings_refused(folder, compressed_idx, from_path);
  io_files::check_damage_harmless(folder, compressed_idx, from_path);
}

BOOST_AUTO_TEST_SUITE_END()
