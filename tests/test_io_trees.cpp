// Trees in files of named arrays.
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <boost/test/unit_test.hpp>
#include <xgrad/io/safetensors.hpp>
#include <xgrad/xgrad.hpp>

#include "io_files.hpp"

namespace {

struct SavedLayer {
  xgrad::Var weight, bias;
};
XGRAD_FIELDS(SavedLayer, weight, bias)

struct SavedModel {
  std::vector<SavedLayer> layers;
  xgrad::Var rate, running;
};
XGRAD_FIELDS(SavedModel, layers, rate, state(running))

}  // namespace

BOOST_AUTO_TEST_SUITE(test_io_trees)

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

SavedModel saved_model() {
  return {{{reshape(xg::arange(6.0), {2, 3}), xg::ones({3}, DType::Float32)}, {xg::eye(2), xg::zeros({2})}},
          0.25,
          xg::arange(3)};
}

/// A file of a header and arrays.
std::string safetensors(std::string_view header, std::string_view arrays) {
  std::string bytes;
  for (std::size_t k = 0; k < 8; ++k) bytes += static_cast<char>(header.size() >> 8 * k & 0xFF);
  return bytes + std::string(header) + std::string(arrays);
}

std::string tensor(std::string_view name, std::string_view type, std::string_view shape, std::string_view offsets) {
  return "\"" + std::string(name) + "\":{\"dtype\":\"" + std::string(type) + "\",\"shape\":" + std::string(shape) +
         ",\"data_offsets\":" + std::string(offsets) + "}";
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_tree_comes_back) {
  const Folder folder;
  const SavedModel model = saved_model();
  io::write_safetensors(folder / "model", io::by_name(model), {{"epoch", "12"}, {"quoted \"\n", "\xC3\xA9"}});
  SavedModel like = saved_model();
  like.layers[0].weight = Var();  // takes what comes
  like.layers[1].weight = xg::zeros({2, 2});
  like.rate = 0.5;
  like.running = xg::zeros({3}, DType::Int64);
  const SavedModel read = io::filled(like, io::read_safetensors(folder / "model"));
  check_array<double>(read.layers[0].weight, {2, 3}, {0, 1, 2, 3, 4, 5});
  check_array<float>(read.layers[0].bias, {3}, {1, 1, 1});
  check_array<double>(read.layers[1].weight, {2, 2}, {1, 0, 0, 1});
  check_array<std::int64_t>(read.running, {3}, {0, 1, 2});
  BOOST_TEST(read.rate.item<double>() == 0.25);
  BOOST_TEST((read.rate * xg::ones({1}, DType::Float32)).dtype() == DType::Float32);  // a number still

  const io::SafetensorsFile file(folder / "model");
  BOOST_TEST(file.metadata().at("epoch") == "12");
  BOOST_TEST(file.metadata().at("quoted \"\n") == "\xC3\xA9");
  BOOST_TEST(file.metadata().at("xgrad.format") == "1");
  BOOST_TEST(file.names().size() == 6U);
  BOOST_TEST(file.contains("layers.1.bias"));
  BOOST_TEST((file.shape("layers.0.weight") == xg::Shape{2, 3}));
  check_array<double>(file.read("layers.0.bias", DType::Float64), {3}, {1, 1, 1});
  BOOST_CHECK_THROW((void)file.read("layers.7.bias"), xg::ValueError);
  BOOST_CHECK_THROW((void)file.read("rate", DType::Int64), xg::TypeError);

  const std::string bytes = bytes_in(folder / "model");
  io::write_safetensors(folder / "again", io::read_safetensors(folder / "model"),
                        {{"epoch", "12"}, {"quoted \"\n", "\xC3\xA9"}});
  BOOST_TEST((bytes_in(folder / "again") == bytes));
}

BOOST_AUTO_TEST_CASE(writes_the_bytes_of_the_format) {
  const Folder folder;
  io::write_safetensors(folder / "x",
                        {{"b", Var(true)}, {"a", xg::ones({2}, DType::Float32)}, {"c", Var(std::vector{1, 2})}});
  std::string header = "{\"__metadata__\":{\"xgrad.format\":\"1\"}," + tensor("c", "I64", "[2]", "[0,16]") + "," +
                       tensor("a", "F32", "[2]", "[16,24]") + "," + tensor("b", "BOOL", "[]", "[24,25]") + "}";
  header.resize(208, ' ');
  const std::string arrays = from_hex("010000000000000002000000000000000000803f0000803f01");
  BOOST_TEST((bytes_in(folder / "x") == safetensors(header, arrays)), bytes_in(folder / "x"));
  BOOST_CHECK_THROW(io::write_safetensors(folder / "y", {{"__metadata__", 1.0}}), xg::ValueError);
  BOOST_CHECK_THROW(io::write_safetensors(folder / "y", {{"\xFF", 1.0}}), xg::ValueError);
  BOOST_CHECK_THROW(io::write_safetensors(folder / "y", {}, {{"xgrad.format", "2"}}), xg::ValueError);
  BOOST_CHECK_THROW(io::write_safetensors(folder / "y", {{"x", Var()}}), xg::TapeError);
  BOOST_TEST(folder.files() == 1U);
}

BOOST_AUTO_TEST_CASE(reads_what_others_write) {
  const Folder folder;
  // As the Python package writes numpy.array([1, -2], float16) and a bfloat16 of torch, spaces at the end.
  const auto all = io::read_safetensors(put(
      folder / "x", safetensors("{" + tensor("w", "F16", "[2]", "[0,4]") + "," + tensor("v", "BF16", "[1]", "[4,6]") +
                                    "," + tensor("u\\u00e9\\ud83d\\ude00\\/", "U8", "[0,3]", "[6,6]") + "}  ",
                                from_hex("003c00c0c03f"))));
  check_array<float>(all.at("w"), {2}, {1, -2});
  check_array<float>(all.at("v"), {1}, {1.5});
  check_array<std::int64_t>(all.at("u\xC3\xA9\xF0\x9F\x98\x80/"), {0, 3}, {});
  BOOST_TEST(io::read_safetensors(put(folder / "x", safetensors("{}", ""))).empty());
}

BOOST_AUTO_TEST_CASE(refuses_hostile_files) {
  const Folder folder;
  const auto refusal = [&](const std::string& bytes) {
    return message_of<xg::IoError>([&] { return io::read_safetensors(put(folder / "x", bytes)); });
  };
  const auto check = [&](const std::string& header, std::string_view part, std::size_t arrays = 8) {
    const std::string message = refusal(safetensors(header, std::string(arrays, '\0')));
    BOOST_TEST(says(message, part), message);
    BOOST_TEST(says(message, "SafetensorsFile: '"), message);
    BOOST_TEST(says(message, ", byte "), message);
  };
  const std::string one = tensor("a", "F64", "[1]", "[0,8]");
  check("{" + one + "," + one + "}", "the name 'a' comes twice");
  check("{" + one + "," + tensor("b", "F64", "[1]", "[0,8]") + "}", "overlaps another array");
  check("{" + one + "," + tensor("b", "F64", "[1]", "[16,24]") + "}", "leaves a hole before it", 24);
  check("{" + one + "}", "something follows that belongs to no array", 9);
  check("{" + one + "}", "are where it begins and ends in the 7 bytes", 7);
  check("{" + tensor("a", "F64", "[1]", "[8,0]") + "}", "are where it begins and ends");
  check("{" + tensor("a", "F64", "[1]", "[0,8,8]") + "}", "are where it begins and ends");
  check("{" + tensor("a", "F64", "[1]", "[0,18446744073709551615]") + "}", "are where it begins and ends");
  check("{" + tensor("a", "F64", "[2]", "[0,8]") + "}", "[2] of 8 bytes each, does not have 8 bytes");
  check("{" + tensor("a", "F64", "[4294967296,4294967296,2]", "[0,8]") + "}", "more elements than a memory can hold");
  check("{" + tensor("a", "F64", "[1,1,1,1,1,1,1,1,1]", "[0,8]") + "}", "9 axes");
  check("{" + tensor("a", "F8_E4M3", "[8]", "[0,8]") + "}", "'F8_E4M3', which is not read");
  check("{\"a\":{\"dtype\":\"F64\",\"shape\":[1]}}", "has dtype, shape and data_offsets");
  check("{\"a\":{\"dtype\":\"F64\",\"dtype\":\"F64\",\"shape\":[1]}}", "each once, and not 'dtype'");
  check("{" + tensor("a", "F64", "[-1]", "[0,8]") + "}", "here is a number");
  check("{" + tensor("a", "F64", "[01]", "[0,8]") + "}", "here is a number");
  check("{" + tensor("a", "F64", "[1,]", "[0,8]") + "}", "here is a number");
  check("{" + one + "} x", "nothing but spaces");
  check("{" + one + ",}", "has a '\"' here");
  check("{" + tensor("\\ud800", "F64", "[1]", "[0,8]") + "}", "one half of a pair");
  check("{" + tensor("\xFF", "F64", "[1]", "[0,8]") + "}", "a text is UTF-8");
  check("{" + tensor("\\x", "F64", "[1]", "[0,8]") + "}", "there is no such escape");
  check("{\"__metadata__\":{\"xgrad.format\":\"2\"}," + one + "}", "another version of xgrad");
  check(std::string(100'000, '['), "has a '{' here");
  check("{\"a\":" + std::string(100'000, '['), "has a '{' here");
  BOOST_TEST(says(refusal(from_hex("ffffffffffffffff") + "{}"), "header of 18446744073709551615 bytes is not there"));

  io::write_safetensors(folder / "good", io::by_name(saved_model().layers[0]));
  const std::string good = bytes_in(folder / "good");
  const auto read = [](const auto& path) { return io::read_safetensors(path); };
  io_files::check_beginnings_refused(folder, good, read);
  io_files::check_damage_harmless(folder, good, read);
}

BOOST_AUTO_TEST_CASE(names_what_differs) {
  const SavedModel model = saved_model();
  io::ArraysByName arrays = io::by_name(model);
  arrays.at("layers.0.weight") = xg::zeros({3, 2}, DType::Float32);
  arrays.erase("layers.1.bias");
  arrays.emplace("epoch", 3);
  const auto refused = [&](const io::FillOptions& options) {
    return message_of<xg::ShapeError>([&] { return io::filled(model, arrays, options); });
  };
  BOOST_TEST(
      refused({}) ==
      "filled: the arrays are not those of the tree: 'layers.0.weight' is float64 [2, 3] in the tree, and float32 "
      "[3, 2] is given; 'layers.1.bias', float64 [2] in the tree, is not given; 'epoch', int64 [], is not in the "
      "tree");
  arrays.at("layers.0.weight") = xg::zeros({2, 3}, DType::Float32);
  const io::FillOptions partial{.allow_missing = true, .allow_unused = true};
  const std::string types = message_of<xg::TypeError>([&] { return io::filled(model, arrays, partial); });
  BOOST_TEST(says(types, "the option `cast` would convert them"), types);
  const SavedModel filled = io::filled(model, arrays, {.allow_missing = true, .allow_unused = true, .cast = true});
  check_array<double>(filled.layers[0].weight, {2, 3}, {0, 0, 0, 0, 0, 0});
  check_array<double>(filled.layers[1].bias, {2}, {0, 0});
  const std::string many = message_of<xg::ShapeError>([&] { return io::filled(model, {}); });
  BOOST_TEST(says(many, "; and 1 more"), many);
}

BOOST_AUTO_TEST_CASE(paths_are_renamed) {
  const SavedLayer layer{xg::ones({2}), xg::zeros({2})};
  const io::ArraysByName torch{{"fc1.weight", xg::full({2}, 3.0)}, {"fc1.bias", xg::full({2}, 4.0)}};
  const auto name_of = io::with_prefixes({{"", "fc1."}, {"b", "other."}, {"bias", "fc1.bias"}});
  const SavedLayer read = io::filled(layer, torch, {.name_of = name_of});
  check_array<double>(read.weight, {2}, {3, 3});
  check_array<double>(read.bias, {2}, {4, 4});
  const std::string message = message_of<xg::ShapeError>([&] {
    return io::filled(layer, {{"fc1.weight", xg::ones({2})}}, {.name_of = name_of});
  });
  BOOST_TEST(says(message, "'bias' ('fc1.bias'), float64 [2] in the tree, is not given"), message);
  using Nested = std::map<std::string, std::map<std::string, Var>>;
  const Nested twice{{"a.b", {{"c", 1.0}}}, {"a", {{"b.c", 2.0}}}};
  BOOST_CHECK_THROW((void)io::by_name(twice), xg::ValueError);
}

BOOST_AUTO_TEST_SUITE_END()
