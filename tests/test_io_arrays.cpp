// Arrays in the files of NumPy and others: what these write is read, and what xgrad writes they read.
#include <sys/resource.h>
#include <sys/stat.h>

#include <cmath>
#include <csignal>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include <boost/test/unit_test.hpp>
#include <xgrad/io/npy.hpp>
#include <xgrad/xgrad.hpp>

#include "io_files.hpp"

BOOST_AUTO_TEST_SUITE(test_io_arrays)

namespace xg = xgrad;
using io_files::bytes_in;
using io_files::check_array;
using io_files::Folder;
using io_files::from_hex;
using io_files::message_of;
using io_files::put;
using io_files::says;
using xg::DType;
using xg::Shape;
using xg::Var;

namespace {

/// A file as numpy.save lays it out.
std::string npy(std::string_view description, std::string_view elements, char version = 1) {
  std::string text(description);
  const std::size_t before = version == 1 ? 10 : 12;
  text.resize((before + text.size() + 64) / 64 * 64 - before - 1, ' ');
  text += '\n';
  std::string bytes = "\x93NUMPY";
  bytes += version;
  bytes += '\0';
  for (std::size_t k = 0; k < before - 8; ++k) bytes += static_cast<char>(text.size() >> 8 * k & 0xFF);
  return bytes + text + std::string(elements);
}

std::string described(std::string_view type, std::string_view shape, bool columns_first = false) {
  return "{'descr': '" + std::string(type) + "', 'fortran_order': " + (columns_first ? "True" : "False") +
         ", 'shape': " + std::string(shape) + ", }";
}

/// What numpy.save(file, numpy.array([[1.5, 2, -3], [4, 5, 6]])) of NumPy 1.24.2 writes.
const std::string numpy_matrix =
    from_hex("934e554d505901007600") + "{'descr': '<f8', 'fortran_order': False, 'shape': (2, 3), }" +
    std::string(58, ' ') + "\n" +
    from_hex("000000000000f83f000000000000004000000000000008c0000000000000104000000000000014400000000000001840");

Var read(const Folder& folder, const std::string& bytes, std::optional<DType> as = {}) {
  return xg::io::read_npy(put(folder / "x.npy", bytes), as);
}

std::string refusal(const Folder& folder, const std::string& bytes) {
  return message_of<xg::IoError>([&] { return read(folder, bytes); });
}

}  // namespace

BOOST_AUTO_TEST_CASE(reads_and_writes_what_numpy_does) {
  const Folder folder;
  const Var matrix = read(folder, numpy_matrix);
  check_array<double>(matrix, {2, 3}, {1.5, 2, -3, 4, 5, 6});
  xg::io::write_npy(folder / "y.npy", matrix);
  BOOST_TEST((bytes_in(folder / "y.npy") == numpy_matrix));
  BOOST_TEST(folder.files() == 2U);  // nothing beside them

  xg::io::write_npy(folder / "y.npy", Var(std::vector<std::int64_t>{-2, 7}));
  BOOST_TEST(
      (bytes_in(folder / "y.npy") == npy(described("<i8", "(2,)"), from_hex("feffffffffffffff0700000000000000"))));
  xg::io::write_npy(folder / "y.npy", Var(true));
  BOOST_TEST((bytes_in(folder / "y.npy") == npy(described("|b1", "()"), from_hex("01"))));
}

BOOST_AUTO_TEST_CASE(reads_every_element_type_in_either_order) {
  const Folder folder;
  check_array<std::int64_t>(read(folder, npy(described("|i1", "(2,)"), from_hex("ff7f"))), {2}, {-1, 127});
  check_array<std::int64_t>(read(folder, npy(described("|u1", "(2,)"), from_hex("ff7f"))), {2}, {255, 127});
  check_array<std::int64_t>(read(folder, npy(described(">i2", "(3,)"), from_hex("00010002fffd"))), {3}, {1, 2, -3});
  check_array<std::int64_t>(read(folder, npy(described("<u2", "(1,)"), from_hex("ffff"))), {1}, {65535});
  check_array<std::int64_t>(read(folder, npy(described(">i4", "(1,)"), from_hex("fffffffe"))), {1}, {-2});
  check_array<std::int64_t>(read(folder, npy(described("<u4", "(1,)"), from_hex("ffffffff"))), {1}, {4294967295});
  check_array<std::int64_t>(read(folder, npy(described(">u8", "(1,)"), from_hex("7fffffffffffffff"))), {1},
                            {INT64_MAX});
  check_array<bool>(read(folder, npy(described("|b1", "(2,)"), from_hex("0100"))), {2}, {true, false});
  check_array<float>(read(folder, npy(described("<f4", "(1,)"), from_hex("0000803f"))), {1}, {1.0F});
  check_array<double>(read(folder, npy(described(">f8", "(1,)"), from_hex("3ff8000000000000"))), {1}, {1.5});
  // NumPy: 0.5, -2, 65504, 6e-8, inf as float16
  check_array<float>(read(folder, npy(described("<f2", "(5,)"), from_hex("003800c0ff7b0100007c"))), {5},
                     {0.5F, -2.0F, 65504.0F, 0x1p-24F, std::numeric_limits<float>::infinity()});
  const Var specials = read(folder, npy(described(">f2", "(3,)"), from_hex("7e00800003ff")));
  BOOST_TEST(std::isnan(specials.array<float>()(0)));
  BOOST_TEST(std::signbit(specials.array<float>()(1)));
  BOOST_TEST(specials.array<float>()(2) == 1023 * 0x1p-24F);
}

BOOST_AUTO_TEST_CASE(reads_every_layout) {
  const Folder folder;
  // numpy.asfortranarray([[1, 2, 3], [4, 5, 6]], float32)
  const std::string columns = from_hex("0000803f00008040000000400000a040000040400000c040");
  check_array<float>(read(folder, npy(described("<f4", "(2, 3)", true), columns)), {2, 3}, {1, 2, 3, 4, 5, 6});
  check_array<double>(read(folder, npy(described("<f8", "()"), from_hex("000000000000f83f"))), {}, {1.5});
  check_array<double>(read(folder, npy(described("<f8", "(3, 0)"), "")), {3, 0}, {});
  for (const char version : {'\2', '\3'}) {
    check_array<std::int64_t>(read(folder, npy(described("|u1", "(1,)"), "A", version)), {1}, {65});
  }
  check_array<std::int64_t>(read(folder, npy("{\"shape\":(2L,1),'descr':'|u1',\"fortran_order\":False}", "AB")), {2, 1},
                            {65, 66});
  check_array<std::int64_t>(read(folder, npy(described("|u1", "(1, 1, 1, 1, 1, 1, 1, 1)"), "A")),
                            {1, 1, 1, 1, 1, 1, 1, 1}, {65});
}

BOOST_AUTO_TEST_CASE(converts_while_reading) {
  const Folder folder;
  const std::string bytes = npy(described("|u1", "(2,)"), from_hex("ff01"));
  check_array<float>(read(folder, bytes, DType::Float32), {2}, {255.0F, 1.0F});
  check_array<double>(read(folder, bytes, DType::Float64), {2}, {255.0, 1.0});
  check_array<std::int64_t>(read(folder, npy(described("|b1", "(1,)"), "\1"), DType::Int64), {1}, {1});
  BOOST_CHECK_THROW((void)read(folder, bytes, DType::Bool), xg::TypeError);
  BOOST_CHECK_THROW((void)read(folder, numpy_matrix, DType::Int64), xg::TypeError);
}

BOOST_AUTO_TEST_CASE(refuses_what_is_no_array) {
  const Folder folder;
  const std::string one = from_hex("000000000000f03f");
  const auto check = [&](const std::string& bytes, std::string_view part) {
    const std::string message = refusal(folder, bytes);
    BOOST_TEST(says(message, part), message);
    BOOST_TEST(says(message, "x.npy', byte "), message);
  };
  check("\x93NUMPX\1", "does not begin as a file of numpy.save");
  check(npy(described("|O", "(1,)"), one), "pickled Python objects");
  check(npy(described("<c16", "(1,)"), one + one), "'<c16' is not read");
  check(npy(described("<M8[s]", "(1,)"), one), "'<M8[s]' is not read");
  check(npy(described("|f8", "(1,)"), one), "'|f8' is not read");
  check(npy("{'descr': [('a', '<f8')], 'fortran_order': False, 'shape': (1,), }", one), "structures");
  check(npy(described("<f8", "(1,)"), one, 4), "version 4.0");
  check(npy(described("<f8", "(1,)"), one + "x"), "something follows");
  check(npy(described("<f8", "(2,)"), one), "is not there: 8 bytes are left");
  check(npy(described("<f8", "(-1,)"), one), "an extent is a number");
  check(npy(described("<f8", "(1,1,1,1,1,1,1,1,1)"), one), "9 axes");
  check(npy(described("<f8", "(4294967296, 4294967296)"), one), "more elements than a memory can hold");
  check(npy(described("<f8", "(0, 9223372036854775807)"), ""), "more elements than a memory can hold");
  check(npy(described("<f8", "(18446744073709551616,)"), one), "an extent is a number");
  check(npy(described("|b1", "(3,)"), from_hex("000102")), "element 2 of the array");
  check(npy(described("<u8", "(1,)"), from_hex("0000000000000080")), "too large for int64");
  check(npy("{'descr': '<f8', 'descr': '<f8', 'fortran_order': False, 'shape': (1,)}", one),
        "each once, and not 'descr'");
  check(npy("{'descr': '<f8', 'shape': (1,)}", one), "it has 'descr', 'fortran_order' and 'shape'");
  check(npy("{'descr': '<f8', 'fortran_order': False, 'shape': (1,)} + 1", one), "nothing follows the dictionary");
  check(npy("__import__('os')", one), "here is a '{'");
  io_files::check_beginnings_refused(folder, numpy_matrix, [](const auto& path) { return xg::io::read_npy(path); });
  io_files::check_damage_harmless(folder, numpy_matrix, [](const auto& path) { return xg::io::read_npy(path); });
}

BOOST_AUTO_TEST_CASE(reads_rows_of_large_arrays) {
  const Folder folder;
  xg::io::write_npy(folder / "x.npy", reshape(xg::arange(12), {4, 3}));
  const xg::io::NpyFile file(folder / "x.npy", DType::Float32);
  BOOST_TEST((file.shape() == Shape{4, 3}));
  check_array<float>(file.rows(1, 2), {2, 3}, {3, 4, 5, 6, 7, 8});
  check_array<float>(file.rows(4, 0), {0, 3}, {});
  check_array<float>(file.take(std::vector<std::int64_t>{3, 0, -1}), {3, 3}, {9, 10, 11, 0, 1, 2, 9, 10, 11});
  BOOST_CHECK_THROW((void)file.rows(3, 2), xg::ValueError);
  BOOST_CHECK_THROW((void)file.rows(SIZE_MAX, 2), xg::ValueError);
  BOOST_CHECK_THROW((void)file.take(std::vector<std::int64_t>{4}), xg::ValueError);
  BOOST_CHECK_THROW((void)file.take(std::vector<std::int64_t>{-5}), xg::ValueError);
  for (const std::string& bytes : {npy(described("|u1", "()"), "A"), npy(described("|u1", "(1, 1)", true), "A"),
                                   npy(described("|u1", "(1, 2)"), "A")}) {
    BOOST_CHECK_THROW(xg::io::NpyFile{put(folder / "y.npy", bytes)}, xg::IoError);
  }
  std::filesystem::resize_file(folder / "x.npy", 130);  // by another program
  BOOST_CHECK_THROW((void)file.rows(0, 4), xg::IoError);
}

BOOST_AUTO_TEST_CASE(says_what_cannot_be_opened_or_written) {
  const Folder folder;
  const auto reading = [](const std::filesystem::path& path) {
    return message_of<xg::IoError>([&] { return xg::io::read_npy(path); });
  };
  BOOST_TEST(says(reading("no/such.npy"), "read_npy: cannot open 'no/such.npy': No such file or directory"));
  BOOST_TEST(says(reading(folder.path()), "it is a folder, a pipe or a device"));
  BOOST_TEST(says(reading("/dev/zero"), "it is a folder, a pipe or a device"));
  ::mkfifo((folder / "pipe").c_str(), 0600);
  BOOST_TEST(says(reading(folder / "pipe"), "it is a folder, a pipe or a device"));

  const auto writing = [](const std::filesystem::path& path, const Var& x) {
    return message_of<xg::IoError>([&] {
      xg::io::write_npy(path, x);
      return 0;
    });
  };
  BOOST_TEST(says(writing("no/such.npy", 1.0), "write_npy: cannot write 'no/such.npy': No such file or directory"));
  BOOST_TEST(says(writing(folder.path(), 1.0), "cannot write"));
  BOOST_CHECK_THROW(xg::io::write_npy(folder / "empty.npy", Var()), xg::TapeError);
  // A disk that is full: the file that was there is as it was, and nothing is left beside it.
  put(folder / "x.npy", "before");
  rlimit before{};
  ::getrlimit(RLIMIT_FSIZE, &before);
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  const rlimit small{1000, before.rlim_max};
  ::setrlimit(RLIMIT_FSIZE, &small);
  const std::string full = writing(folder / "x.npy", xg::zeros({1000}));
  ::setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, handler);
  BOOST_TEST(says(full, "File too large; what was there before is as it was"), full);
  BOOST_TEST(bytes_in(folder / "x.npy") == "before");
  BOOST_TEST(folder.files() == 2U);
}

BOOST_AUTO_TEST_SUITE_END()
