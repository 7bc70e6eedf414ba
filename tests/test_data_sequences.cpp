// Windows of a series, sequences of different lengths, and images in IDX files.
#include <boost/test/unit_test.hpp>

#include <set>
#include <string>
#include <vector>

#include <xgrad/data.hpp>
#include <xgrad/io/npy.hpp>
#include <xgrad/xgrad.hpp>

#include "comparing.hpp"
#include "io_files.hpp"

namespace data = xgrad::data;
using xgrad::Array;
using xgrad::DType;
using xgrad::Shape;
using xgrad::Var;
using xgrad::random::Key;

namespace {

Var every_row(const auto& dataset) {
  return data::rows(dataset, xgrad::arange(static_cast<std::int64_t>(data::length(dataset))));
}

std::string idx_bytes(const std::vector<unsigned char>& extents, const std::string& elements) {
  std::string result{'\0', '\0', '\x08', static_cast<char>(extents.size())};
  for (const unsigned char extent : extents) result += std::string(3, '\0') + static_cast<char>(extent);
  return result + elements;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(test_data_sequences)

using comparing::same;
using comparing::throws;
using io_files::Folder;
using io_files::put;

BOOST_AUTO_TEST_CASE(windows_slide) {
  const auto windows = data::sliding_windows(xgrad::arange(7), {.length = 3, .stride = 2});
  BOOST_TEST(windows.length() == 3U);
  BOOST_TEST(same(every_row(windows), Array<std::int64_t>{{0, 1, 2}, {2, 3, 4}, {4, 5, 6}}));
  const auto dilated = data::sliding_windows(xgrad::arange(7), {.length = 3, .dilation = 3});
  BOOST_TEST(same(every_row(dilated), Array<std::int64_t>{{0, 3, 6}}));
  // As many as NumPy's sliding_window_view has, whatever the numbers.
  for (std::size_t n = 1; n < 12; ++n) {
    for (std::size_t length = 1; length <= n; ++length) {
      for (std::size_t stride = 1; stride < 5; ++stride) {
        const auto some =
            data::sliding_windows(xgrad::arange(static_cast<std::int64_t>(n)), {.length = length, .stride = stride});
        BOOST_TEST(some.length() == (n - length) / stride + 1);
        BOOST_TEST(static_cast<std::size_t>(amax(every_row(some)).item<std::int64_t>()) < n);
      }
    }
  }
  const std::tuple series(xgrad::random::normal(Key(1), {9, 2}), xgrad::arange(9));
  const auto [values, times] = data::rows(data::sliding_windows(series, {.length = 4}), std::vector<int>{-1, 0});
  BOOST_TEST(values.shape() == (Shape{2, 4, 2}), boost::test_tools::per_element());
  BOOST_TEST(same(values, take(std::get<0>(series), times, 0)));
  BOOST_TEST(same(times, Array<std::int64_t>{{5, 6, 7, 8}, {0, 1, 2, 3}}));
  std::size_t seen = 0;
  for (const auto& [x, t] :
       data::batches(data::sliding_windows(series, {.length = 4}), {.size = 4, .shuffle = Key(2)})) {
    seen += x.shape(0);
  }
  BOOST_TEST(seen == 6U);
}

BOOST_AUTO_TEST_CASE(windows_of_a_file) {
  const Folder folder;
  xgrad::io::write_npy(folder / "x.npy", reshape(xgrad::arange(20), {10, 2}));
  const auto windows = data::sliding_windows(xgrad::io::NpyFile(folder / "x.npy"), {.length = 2});
  BOOST_TEST(same(data::rows(windows, std::vector<int>{8}), Array<std::int64_t>{{{16, 17}, {18, 19}}}));
  // Neighbours are read at once, in any order and as often as they are named.
  const xgrad::io::NpyFile file(folder / "x.npy", DType::Float32);
  const std::vector<std::int64_t> which{3, 4, 5, -1, 0, 0, 1, 9, -10, 2};
  BOOST_TEST(same(file.take(which), cast(take(reshape(xgrad::arange(20), {10, 2}), which, 0), DType::Float32)));
}

BOOST_AUTO_TEST_CASE(sequences_are_padded) {
  const std::vector<Var> list{xgrad::ones({2, 3}), 2.0 * xgrad::ones({4, 3}), xgrad::zeros({0, 3}),
                              4.0 * xgrad::ones({1, 3})};
  const data::Sequences plain(list);
  BOOST_TEST(data::length(plain) == 4U);
  const data::PaddedSequences some = data::rows(plain, std::vector<int>{-1, 0, 2});
  BOOST_TEST(same(some.lengths, Array<std::int64_t>{1, 2, 0}));
  BOOST_TEST(same(some.mask(), Array<bool>{{true, false}, {true, true}, {false, false}}));
  BOOST_TEST(same(view(some.values, xt::all(), xt::all(), 1), Array<double>{{4.0, 0.0}, {1.0, 1.0}, {0.0, 0.0}}));
  BOOST_TEST(data::rows(plain, std::vector<int>{2}).values.shape() == (Shape{1, 0, 3}),
             boost::test_tools::per_element());
  const data::Sequences bounded(list, {1, 3, 8});
  BOOST_TEST(data::rows(bounded, std::vector<int>{0}).values.shape(1) == 3U);
  BOOST_TEST(data::rows(bounded, std::vector<int>{0, 1}).values.shape(1) == 8U);
  BOOST_TEST(data::rows(bounded, std::vector<int>{3}).values.shape(1) == 1U);
  const data::Sequences empty{xgrad::zeros({0}, DType::Int64)};
  BOOST_TEST(data::rows(empty, std::vector<int>{0, 0}).values.size() == 0U);
  BOOST_CHECK_THROW(static_cast<void>(data::rows(plain, std::vector<int>{4})), xgrad::ValueError);
  BOOST_CHECK_THROW(static_cast<void>(data::rows(plain, std::vector<int>{-5})), xgrad::ValueError);
}

BOOST_AUTO_TEST_CASE(batches_of_sequences_have_few_shapes) {
  std::vector<Var> list;
  for (int k = 0; k < 60; ++k) list.push_back(xgrad::full({(k * 7) % 30 + 1}, k));
  const data::Sequences texts(list, {8, 16, 30});
  auto each = data::batches(std::tuple(texts, xgrad::arange(60)),
                            {.size = 6, .shuffle = Key(1), .last = data::Last::Pad, .buckets = texts.buckets()});
  std::set<Shape> shapes;
  std::size_t seen = 0;
  for (const auto& [padded, label] : each) {
    shapes.insert(padded.values.shape());
    for (std::size_t row = 0; row < 6; ++row) {
      const auto length = static_cast<std::size_t>(padded.lengths.array<std::int64_t>()(row));
      if (length == 0) continue;  // filled up
      ++seen;
      BOOST_TEST(padded.values.array<std::int64_t>()(row, length - 1) == label.array<std::int64_t>()(row));
      const std::size_t width = padded.values.shape(1);
      BOOST_TEST(length > (width == 8 ? 0U : width == 16 ? 8U : 16U));
    }
  }
  BOOST_TEST(seen == 60U);
  BOOST_TEST((shapes == std::set<Shape>{Shape{6, 8}, Shape{6, 16}, Shape{6, 30}}));
}

BOOST_AUTO_TEST_CASE(sequences_that_cannot_be_are_refused) {
  const Var x = xgrad::arange(5);
#define XGRAD_REFUSED(error, call) BOOST_CHECK_THROW(static_cast<void>(call), xgrad::error)
  XGRAD_REFUSED(ValueError, data::sliding_windows(x, {.length = 0}));
  XGRAD_REFUSED(ValueError, data::sliding_windows(x, {.length = 2, .stride = 0}));
  XGRAD_REFUSED(ValueError, data::sliding_windows(x, {.length = 2, .dilation = 0}));
  XGRAD_REFUSED(ValueError, data::sliding_windows(x, {.length = 6}));
  XGRAD_REFUSED(ValueError, data::sliding_windows(x, {.length = SIZE_MAX, .dilation = SIZE_MAX}));
  XGRAD_REFUSED(ValueError, data::sliding_windows(xgrad::zeros({0}), {.length = 1}));
  XGRAD_REFUSED(ValueError, data::rows(data::sliding_windows(x, {.length = 2}), std::vector<int>{4}));
  XGRAD_REFUSED(ValueError, data::rows(data::sliding_windows(x, {.length = 2}), std::vector<int>{-5}));
  XGRAD_REFUSED(TypeError, data::rows(data::sliding_windows(x, {.length = 2}), std::vector<double>{1.0}));
  XGRAD_REFUSED(ValueError, data::Sequences(std::vector<Var>{}));
  XGRAD_REFUSED(ShapeError, (data::Sequences{x, xgrad::arange(6) + xgrad::zeros({2, 1}, DType::Int64)}));
  XGRAD_REFUSED(ShapeError, (data::Sequences{x, Var(1)}));
  XGRAD_REFUSED(TypeError, (data::Sequences{x, x * 1.0}));
  XGRAD_REFUSED(ValueError, data::Sequences({x}, {4}));
  XGRAD_REFUSED(ValueError, data::Sequences({x}, {8, 6}));
  XGRAD_REFUSED(ValueError, data::Sequences({x}).buckets());
#undef XGRAD_REFUSED
}

BOOST_AUTO_TEST_CASE(reads_the_files_of_mnist) {
  const Folder folder;
  const auto read = [&](const data::MnistOptions& options = {}) { return data::mnist(folder.path(), options); };
  BOOST_TEST(throws<xgrad::IoError>([&] { return read(); }, {"train-images-idx3-ubyte"}));
  BOOST_TEST(throws<xgrad::IoError>([&] { return read(); }, {"exdb/mnist"}));
  put(folder / "train-images-idx3-ubyte", idx_bytes({2, 1, 3}, std::string("\0\xFF\x33\xFF\0\0", 6)));
  put(folder / "train-labels.idx1-ubyte", idx_bytes({2}, "\x07\x03"));
  put(folder / "t10k-images-idx3-ubyte", idx_bytes({1, 1, 3}, "abc"));
  BOOST_TEST(throws<xgrad::IoError>([&] { return read(); }, {"t10k-labels-idx1-ubyte"}));
  put(folder / "t10k-labels-idx1-ubyte", idx_bytes({1}, "\x09"));
  const data::Mnist all = read();
  BOOST_TEST(data::length(all.train) == 2U);
  BOOST_TEST(all.train.images.shape() == (Shape{2, 1, 1, 3}), boost::test_tools::per_element());
  BOOST_TEST((all.train.images.dtype() == DType::Float32));
  BOOST_TEST(all.train.images.array<float>()(0, 0, 0, 1) == 1.0F);
  BOOST_TEST(all.train.images.array<float>()(0, 0, 0, 2) == 0.2F);
  BOOST_TEST(same(all.train.labels, Array<std::int64_t>{7, 3}));
  BOOST_TEST(data::rows(all.test, std::vector<int>{0}).labels.item<std::int64_t>() == 9);
  BOOST_TEST(throws<xgrad::ValueError>([&] { return read({.classes = 9}); }, {"has the label 9"}));
  BOOST_CHECK_THROW(static_cast<void>(read({.dtype = DType::Int64})), xgrad::TypeError);
  put(folder / "t10k-labels-idx1-ubyte", idx_bytes({2}, "\x09\x01"));
  BOOST_CHECK_THROW(static_cast<void>(read()), xgrad::ShapeError);
  put(folder / "t10k-images-idx3-ubyte", idx_bytes({2, 3}, "abcdef"));
  BOOST_CHECK_THROW(static_cast<void>(read()), xgrad::ShapeError);
  put(folder / "t10k-images-idx3-ubyte", idx_bytes({2, 3, 1}, "abcde"));
  BOOST_CHECK_THROW(static_cast<void>(read()), xgrad::IoError);
}

BOOST_AUTO_TEST_SUITE_END()
