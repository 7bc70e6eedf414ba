// Files of programs that are written to do damage: each is refused, and says why.
#include <cstdint>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/test/unit_test.hpp>
#include <xgrad/io/program.hpp>
#include <xgrad/xgrad.hpp>

#include "comparing.hpp"
#include "hostile_files.hpp"
#include "primitives/traits.hpp"

BOOST_AUTO_TEST_SUITE(test_export_hostile)

using namespace hostile_files;
using comparing::same;
using comparing::throws;
using comparing::wave;
using xg::DType;
using xg::Shape;
using xg::Var;

namespace {

// ---- files that are made by hand

struct DraftType {
  DType dtype;
  std::vector<std::uint64_t> shape;
};

DraftType floats(std::vector<std::uint64_t> shape) { return {DType::Float64, std::move(shape)}; }
DraftType integers(std::vector<std::uint64_t> shape) { return {DType::Int64, std::move(shape)}; }
DraftType truths(std::vector<std::uint64_t> shape) { return {DType::Bool, std::move(shape)}; }

template <class T>
std::size_t number_in(std::vector<T>& list, const T& item) {
  const auto found = std::find(list.begin(), list.end(), item);
  if (found != list.end()) return static_cast<std::size_t>(found - list.begin());
  list.push_back(item);
  return list.size() - 1;
}

class DraftFile {
 public:
  std::size_t text(const std::string& text) { return number_in(texts_, text); }
  std::size_t shape(const std::vector<std::uint64_t>& shape) { return number_in(shapes_, shape); }
  void version_of_all(std::uint32_t version) { version_ = version; }

  /// The beginning of an operation.
  void begin(ByteWriter& out, const std::string& op, const DraftType& type, const std::vector<std::size_t>& inputs) {
    out.u8(number_in(primitives_, op));
    out.u8(static_cast<std::size_t>(type.dtype));
    out.u8(0);
    out.u32(shape(type.shape));
    out.u32(inputs.size());
    for (const std::size_t input : inputs) out.u32(input);
  }
  void node(ByteWriter& out, const std::string& op, const DraftType& type, const std::vector<std::size_t>& inputs,
            const std::vector<std::int64_t>& attributes = {}) {
    begin(out, op, type, inputs);
    out.u32(attributes.size());
    const auto* found = std::ranges::find(xg::primitives::traits, std::string_view(op), &xg::primitives::Traits::name);
    for (std::size_t k = 0; k < attributes.size(); ++k) {
      const bool numbered = found != xg::primitives::traits.end() &&
                            format::numbered(static_cast<xg::ir::Opcode>(found - xg::primitives::traits.begin()), k) !=
                                format::Numbered::Nothing;
      if (numbered) out.u32(text(op == "checked" || op == "identity" ? "a text" : "take"));
      else out.i64(attributes[k]);
    }
  }
  void call(ByteWriter& out, std::size_t function, const std::vector<std::size_t>& inputs) {
    begin(out, "call", floats({}), inputs);
    out.u32(function);
    out.u8(0);
    out.u32(0);
    out.u8(0);
  }
  void add_function(std::size_t parameters, std::size_t nodes, const ByteWriter& body,
                    const std::vector<std::size_t>& outputs) {
    ByteWriter out;
    out.u32(parameters);
    out.u32(nodes);
    out.bytes(body.all());
    out.u32(outputs.size());
    for (const std::size_t output : outputs) out.u32(output);
    functions_.push_back(out.all());
  }
  void add_array(const DraftType& type) { arrays_.push_back(type); }

  /// \param names  of the program's inputs and outputs.
  std::string file(std::size_t inputs, std::size_t outputs, const std::string& arrays = {}) {
    std::vector<std::size_t> names;
    for (const std::string& op : primitives_) names.push_back(text(op));
    const std::size_t name = text("name");
    ByteWriter out;
    out.u32(texts_.size());
    for (const std::string& each : texts_) out.text(each);
    out.u32(names.size());
    for (const std::size_t each : names) {
      out.u32(each);
      out.u32(version_);
    }
    for (const DraftType& each : arrays_) (void)shape(each.shape);
    out.u32(shapes_.size());
    for (const auto& each : shapes_) {
      out.u8(each.size());
      for (const std::uint64_t extent : each) out.u64(extent);
    }
    out.u32(arrays_.size());
    for (const DraftType& each : arrays_) {
      out.u8(static_cast<std::size_t>(each.dtype));
      out.u32(shape(each.shape));
    }
    out.u32(functions_.size());
    for (const std::string& each : functions_) out.bytes(each);
    out.u32(functions_.size() - 1);
    for (const std::size_t count : {inputs, outputs}) {
      out.u32(count);
      for (std::size_t k = 0; k < count; ++k) out.u32(name);
    }
    out.pad();
    return sealed(out.all(), arrays);
  }

 private:
  std::vector<std::string> texts_;
  std::vector<std::string> primitives_;
  std::vector<std::vector<std::uint64_t>> shapes_;
  std::vector<DraftType> arrays_;
  std::vector<std::string> functions_;
  std::uint32_t version_ = 1;
};

/// A program of one operation, and why it is refused; empty if it is not.
struct DraftNode {
  std::string op;
  DraftType result;
  std::vector<DraftType> inputs;
  std::vector<std::int64_t> attributes;
  std::string_view refusal;
};

std::string refusal_of(const DraftNode& draft) {
  DraftFile file;
  ByteWriter body;
  std::vector<std::size_t> inputs;
  for (const DraftType& each : draft.inputs) {
    file.node(body, "parameter", each, {});
    inputs.push_back(inputs.size());
  }
  file.node(body, draft.op, draft.result, inputs, draft.attributes);
  file.add_function(inputs.size(), inputs.size() + 1, body, draft.op == "top_k" ? inputs : std::vector{inputs.size()});
  try {
    (void)load_bytes(file.file(inputs.size(), 1));
  } catch (const xg::IoError& error) {
    return error.what();
  }
  return {};
}

const std::vector<DraftNode>& draft_nodes() {
  constexpr std::string_view fine;
  constexpr std::int64_t least = INT64_MIN;
  constexpr std::int64_t most = INT64_MAX;
  static const std::vector<DraftNode> list{
      {"add", floats({2}), {floats({2}), floats({2})}, {}, fine},
      {"add", floats({2}), {floats({2})}, {}, "as many inputs"},
      {"add", floats({2}), {floats({2}), floats({3})}, {}, "have its shape"},
      {"add", floats({2}), {floats({2}), integers({2})}, {}, "element type"},
      {"add", truths({2}), {truths({2}), truths({2})}, {}, "element type"},
      {"add", floats({2}), {floats({2}), floats({2})}, {1}, "attributes"},
      {"exp", integers({2}), {integers({2})}, {}, "element type"},
      {"less", truths({2}), {integers({2}), integers({2})}, {}, fine},
      {"less", integers({2}), {integers({2}), integers({2})}, {}, "element type"},
      {"logical_not", integers({2}), {integers({2})}, {}, "element type"},
      {"where", floats({2}), {truths({2}), floats({2}), floats({2})}, {}, fine},
      {"where", floats({2}), {floats({2}), floats({2}), floats({2})}, {}, "element type"},
      {"absorbing_multiply", floats({2}), {floats({2}), floats({2})}, {}, fine},
      {"absorbing_multiply", integers({2}), {integers({2}), integers({2})}, {}, "element type"},
      {"identity", floats({2}), {floats({2})}, {2, 0}, fine},
      {"identity", floats({2}), {floats({2})}, {3, 0}, "attributes"},
      {"identity", floats({2}), {floats({3})}, {}, "shape and the element type"},
      {"stop_gradient", floats({2}), {floats({2})}, {}, fine},
      {"stop_gradient", floats({2}), {floats({2})}, {1}, "attributes"},
      {"cast", integers({2}), {floats({2})}, {}, fine},
      {"cast", integers({2}), {floats({3})}, {}, "shape"},
      {"broadcast", floats({2, 3}), {floats({2, 1})}, {}, fine},
      {"broadcast", floats({2, 3}), {floats({2, 2})}, {}, "broadcast"},
      {"broadcast", floats({2, 3}), {floats({3})}, {}, "broadcast"},
      {"reshape", floats({6}), {floats({2, 3})}, {}, fine},
      {"reshape", floats({7}), {floats({2, 3})}, {}, "all elements"},
      {"reshape", integers({6}), {floats({2, 3})}, {}, "element type"},
      {"transpose", floats({3, 2}), {floats({2, 3})}, {1, 0}, fine},
      {"transpose", floats({3, 2}), {floats({2, 3})}, {0, 1}, "permutation"},
      {"transpose", floats({2, 2}), {floats({2, 2})}, {1, 1}, "permutation"},
      {"transpose", floats({2, 2}), {floats({2, 2})}, {least, most}, "permutation"},
      {"slice", floats({2}), {floats({5})}, {3, -3}, fine},
      {"slice", floats({2}), {floats({5})}, {2, -3}, "lies in"},
      {"slice", floats({2}), {floats({5})}, {4, 1}, "lies in"},
      {"slice", floats({2}), {floats({5})}, {0, most}, "lies in"},
      {"slice", floats({2}), {floats({5})}, {least, least}, "lies in"},
      {"slice", floats({2}), {floats({5})}, {0, 0}, "lies in"},
      {"slice", floats({1}), {floats({5})}, {5, 1}, "lies in"},
      {"slice", floats({0}), {floats({5})}, {5, 1}, fine},
      {"slice", floats({0}), {floats({5})}, {6, 1}, "lies in"},
      {"slice", floats({1u << 30U}), {floats({5})}, {0, 1}, "lies in"},
      {"embed", floats({5}), {floats({2})}, {1, 3}, fine},
      {"embed", floats({5}), {floats({2})}, {2, 3}, "lies in"},
      {"concatenate", floats({5}), {floats({2}), floats({3})}, {0}, fine},
      {"concatenate", floats({5}), {floats({2}), floats({2})}, {0}, "make up"},
      {"concatenate", floats({3}), {floats({2}), floats({2})}, {0}, "make up"},
      {"concatenate", floats({5, 2}), {floats({2, 2}), floats({3, 1})}, {0}, "differ along"},
      {"concatenate", floats({5}), {floats({5})}, {1}, "axis"},
      {"concatenate", floats({0}), {}, {0}, "inputs"},
      {"roll", floats({5}), {floats({5})}, {0, 4}, fine},
      {"roll", floats({5}), {floats({5})}, {0, 5}, "in range"},
      {"roll", floats({5}), {floats({5})}, {-1, 1}, "axis"},
      {"sum", floats({1, 3}), {floats({2, 3})}, {0}, fine},
      {"sum", integers({1, 3}), {truths({2, 3})}, {0}, fine},
      {"sum", truths({1, 3}), {truths({2, 3})}, {0}, "element type"},
      {"sum", floats({2, 3}), {floats({2, 3})}, {0}, "extent 1"},
      {"sum", floats({1, 1}), {floats({2, 3})}, {1, 0}, "ascend"},
      {"sum", floats({1, 3}), {floats({2, 3})}, {0, 0}, "ascend"},
      {"sum", floats({1, 3}), {floats({2, 3})}, {most}, "ascend"},
      {"amax", floats({1, 3}), {floats({0, 3})}, {0}, "nothing"},
      {"norm", integers({1}), {integers({2})}, {0}, "element type"},
      {"take", floats({4, 3}), {floats({2, 3}), integers({4})}, {0, 0}, fine},
      {"take", floats({4, 3}), {floats({2, 3}), floats({4})}, {0, 0}, "indices"},
      {"take", floats({5, 3}), {floats({2, 3}), integers({4})}, {0, 0}, "replace"},
      {"take", floats({4, 3}), {floats({2, 3}), integers({4})}, {2, 0}, "axis"},
      {"scatter_add", floats({2, 3}), {floats({4, 3}), integers({4})}, {0, 0}, fine},
      {"scatter_add", floats({2, 3}), {floats({4, 2}), integers({4})}, {0, 0}, "replace"},
      {"take_along_axis", floats({4, 3}), {floats({2, 3}), integers({4, 3})}, {0, 0}, fine},
      {"take_along_axis", floats({4, 3}), {floats({2, 2}), integers({4, 3})}, {0, 0}, "index for each"},
      {"scatter_add_along_axis", floats({2, 3}), {floats({4, 3}), integers({4, 3})}, {0, 0}, fine},
      {"scatter_add_along_axis", floats({2, 3}), {floats({4, 3}), integers({4, 2})}, {0, 0}, "index for each"},
      {"cumsum", floats({2}), {floats({2})}, {0, 1}, fine},
      {"cumsum", floats({2}), {floats({2})}, {0, 2}, "in range"},
      {"cumsum", truths({2}), {truths({2})}, {0, 0}, "element type"},
      {"matmul", floats({2, 4}), {floats({2, 3}), floats({3, 4})}, {}, fine},
      {"matmul", floats({2, 4}), {floats({2, 3}), floats({2, 4})}, {}, "match"},
      {"matmul", floats({2}), {floats({2}), floats({2})}, {}, "match"},
      {"matmul", truths({2, 2}), {truths({2, 2}), truths({2, 2})}, {}, "element type"},
      {"argmax", integers({1}), {floats({2})}, {0}, fine},
      {"argmax", integers({1}), {floats({0})}, {0}, "nothing"},
      {"argmax", floats({1}), {floats({2})}, {0}, "int64"},
      {"argsort", integers({2}), {floats({2})}, {0, 0}, fine},
      {"argsort", floats({2}), {floats({2})}, {0, 0}, "int64"},
      {"searchsorted", integers({2, 4}), {floats({2, 3}), floats({2, 4})}, {1}, fine},
      {"searchsorted", integers({2, 4}), {floats({3, 3}), floats({2, 4})}, {1}, "a line for"},
      {"searchsorted", integers({}), {floats({}), floats({})}, {1}, "a line for"},
      {"searchsorted", integers({}), {floats({1, 3}), floats({})}, {1}, "a line for"},
      {"searchsorted", floats({4}), {floats({3}), floats({4})}, {1}, "int64"},
      {"searchsorted", integers({4}), {floats({3}), integers({4})}, {1}, "element type"},
      {"searchsorted", integers({4}), {floats({3}), floats({4})}, {2}, "0 or 1"},
      {"searchsorted", integers({4}), {floats({3}), floats({4})}, {}, "as many attributes"},
      {"one_hot", floats({2, 3}), {integers({2})}, {}, fine},
      {"one_hot", floats({2, 3}), {floats({2})}, {}, "row for each"},
      {"one_hot", floats({}), {integers({})}, {}, "axis"},
      {"balance", floats({2, 3}), {floats({2, 3}), floats({2, 3})}, {}, fine},
      {"balance", floats({3}), {floats({3}), floats({3})}, {}, "rows"},
      {"convolution", floats({1, 3, 4}), {floats({1, 2, 5}), floats({3, 2, 2})}, {2, 1, 1, 1, 0}, fine},
      {"convolution", floats({1, 2, 5}), {floats({3, 2, 2}), floats({1, 3, 4})}, {0, 1, 1, 1, 0}, fine},
      {"convolution", floats({1, 3, 4}), {floats({1, 2, 5}), floats({3, 2, 2})}, {2, 2, 1, 1, 0}, "match"},
      {"convolution", floats({1, 3, 4}), {floats({1, 2, 5}), floats({3, 2, 2})}, {2, 1, 0, 1, 0}, "match"},
      {"convolution", floats({1, 3, 4}), {floats({1, 2, 5}), floats({3, 2, 2})}, {2, 1, 1, 1, -1}, "match"},
      {"convolution", floats({1, 3, 4}), {floats({1, 2, 5}), floats({3, 2, 2})}, {2, 1, 1, 1 << 30, 2}, fine},
      {"convolution", floats({1, 3, 4}), {floats({1, 2, 5}), floats({3, 2, 2})}, {2, 1, 1}, "match"},
      {"convolution", floats({1, 3, 4}), {floats({1, 2, 5}), floats({3, 2, 2})}, {7, 1, 1, 1, 0}, "attributes"},
      {"window_argmax", integers({1, 4}), {floats({1, 5})}, {2, 1, 1, 0}, fine},
      {"window_argmax", integers({1, 2}), {floats({1, 5})}, {0, 0, 0, 0}, fine},
      {"window_argmax", integers({1, 6}), {floats({1, 5})}, {2, 1, 1, 0}, "each window"},
      {"window_argmax", integers({1, 2}), {floats({1, 5})}, {2, 1, 1, 3}, "each window"},
      {"window_argmax", integers({1, 4}), {floats({1, 5})}, {2, 1, 1}, "each window"},
      {"window_argmax", floats({1, 4}), {floats({1, 5})}, {2, 1, 1, 0}, "int64"},
      {"quantised_matmul", floats({2, 17}), {floats({2, 5}), integers({2, 24}), floats({2})}, {5, 17}, fine},
      {"quantised_matmul",
       floats({3, 2, 17}),
       {floats({3, 2, 5}), integers({3, 2, 24}), floats({3, 2})},
       {5, 17},
       fine},
      {"quantised_matmul", floats({2, 16}), {floats({2, 5}), integers({2, 24}), floats({2})}, {5, 17}, "match"},
      {"quantised_matmul", floats({2, 17}), {floats({2, 5}), integers({1, 24}), floats({2})}, {5, 17}, "match"},
      {"quantised_matmul", floats({2, 17}), {floats({2, 5}), integers({2, 16}), floats({2})}, {5, 17}, "match"},
      {"quantised_matmul", floats({2, 17}), {floats({2, 9}), integers({2, 24}), floats({2})}, {5, 17}, "match"},
      {"quantised_matmul", floats({2, 17}), {floats({2, 5}), integers({2, 24}), floats({3})}, {5, 17}, "match"},
      {"quantised_matmul",
       floats({3, 2, 17}),
       {floats({3, 2, 5}), integers({4, 2, 24}), floats({3, 2})},
       {5, 17},
       "match"},
      {"quantised_matmul",
       floats({1, 1}),
       {floats({1, 65540}), integers({1, 131088}), floats({2})},
       {65540, 1},
       "match"},
      {"quantised_matmul", floats({2, 17}), {floats({2, 5}), floats({2, 24}), floats({2})}, {5, 17}, "element type"},
      {"quantised_matmul", floats({2, 17}), {floats({2, 5}), integers({2, 24}), floats({2})}, {-5, 17}, "attributes"},
      {"checked", floats({2}), {floats({2}), truths({2})}, {0, 5}, fine},
      {"checked", floats({2}), {floats({2}), floats({2})}, {0, 5}, "truth values"},
      {"top_k", floats({}), {floats({3})}, {0, 1, 3}, fine},
      {"top_k", floats({}), {floats({3})}, {0, 1, 4}, "as many"},
      {"top_k", floats({}), {floats({3})}, {0, 1, -1}, "as many"},
      {"top_k", floats({3}), {floats({3})}, {0, 1, 3}, "no type"},
      {"projection", floats({3}), {floats({3})}, {0}, "several outputs"},
      {"parameter", floats({3}), {}, {}, "first operations"},
      {"frobnicate", floats({3}), {}, {}, "no operation 'frobnicate'"},
      {"exp", floats({std::uint64_t{1} << 63U}), {floats({std::uint64_t{1} << 63U})}, {}, "address space"},
      {"exp", floats({~std::uint64_t{0}}), {floats({~std::uint64_t{0}})}, {}, "address space"},
      {"exp",
       floats({std::uint64_t{1} << 32U, std::uint64_t{1} << 32U}),
       {floats({std::uint64_t{1} << 32U, std::uint64_t{1} << 32U})},
       {},
       "address space"},
      {"reshape", floats({2}), {floats({std::uint64_t{1} << 63U, 2})}, {}, "address space"},
      {"exp", floats({1, 1, 1, 1, 1, 1, 1, 1, 1}), {}, {}, "8 axes"},
  };
  return list;
}

}  // namespace

BOOST_AUTO_TEST_CASE(operations_that_break_a_rule) {
  for (const DraftNode& each : draft_nodes()) {
    const std::string found = refusal_of(each);
    if (each.refusal.empty()) BOOST_TEST(found == "", each.op << ": " << found);
    else
      BOOST_TEST(found.find(each.refusal) != std::string::npos,
                 each.op << ": '" << found << "' lacks " << each.refusal);
  }
  BOOST_TEST(
      refusal_of({"add", floats({2}), {floats({2}), floats({3})}, {}, {}}).find("function 0, operation 2: (add)") !=
      std::string::npos);
}

BOOST_AUTO_TEST_CASE(functions_of_functions_of_functions) {
  // Each calls the one before it so many times.
  const auto chain = [](std::size_t functions, std::size_t calls) {
    DraftFile file;
    ByteWriter leaf;
    file.node(leaf, "parameter", floats({}), {});
    file.node(leaf, "sin", floats({}), {0});
    file.add_function(1, 2, leaf, {1});
    for (std::size_t k = 1; k < functions; ++k) {
      ByteWriter body;
      file.node(body, "parameter", floats({}), {});
      for (std::size_t c = 0; c < calls; ++c) {
        file.call(body, k - 1, {2 * c});
        file.node(body, "projection", floats({}), {2 * c + 1}, {0});
      }
      file.add_function(1, 1 + 2 * calls, body, {2 * calls});
    }
    return file.file(1, 1);
  };
  const Var half = xt::xarray<double>(0.5);
  BOOST_TEST(same(load_bytes(chain(3, 2))({half})[0], sin(sin(sin(sin(half))))));
  BOOST_TEST(load_bytes(chain(100, 1)).inputs().size() == 1U);
  BOOST_TEST(throws<xg::IoError>([&] { return load_bytes(chain(200, 1)); }, {"128", "nested"}));
  BOOST_TEST(throws<xg::IoError>([&] { return load_bytes(chain(60, 2)); }, {"most_nodes"}));
  BOOST_TEST(throws<xg::IoError>([&] { return load_bytes(chain(10, 2), {.most_nodes = 100}); }, {"most_nodes", "100"}));
  BOOST_TEST(throws<xg::IoError>([&] { return load_bytes(chain(70000, 0)); }, {"65536"}));
  // One that calls itself, or a later one.
  for (const std::size_t which : {0U, 1U, 0xFFFFFFFFU}) {
    DraftFile file;
    ByteWriter body;
    file.node(body, "parameter", floats({}), {});
    file.call(body, which, {0});
    file.add_function(1, 2, body, {0});
    BOOST_TEST(throws<xg::IoError>([&] { return load_bytes(file.file(1, 1)); }, {"there is no number"}));
  }
  // One with other arguments than it takes, one of which a result has no value.
  for (const bool fits : {false, true}) {
    DraftFile file;
    ByteWriter leaf;
    file.node(leaf, "parameter", floats({2}), {});
    file.add_function(1, 1, leaf, {0});
    ByteWriter body;
    file.node(body, "parameter", floats({fits ? 2U : 3U}), {});
    file.call(body, 0, {0});
    file.add_function(1, 2, body, {1});
    BOOST_TEST(throws<xg::IoError>([&] { return load_bytes(file.file(1, 1)); },
                                   {fits ? "an output has a value" : "given what it takes"}));
  }
}

BOOST_AUTO_TEST_CASE(numbers_that_lie) {
  const std::string good = bytes_of(xg::io::export_program([](const Var& x) { return x * wave({3}); }, wave({3})));
  const Halves halves(good);
  BOOST_TEST(load_bytes(sealed(halves.description, halves.arrays)).inputs().size() == 1U);
  // Each number of the description far too large: only numbers of the multiplication and of names may be any.
  std::size_t refused = 0;
  for (std::size_t at = 0; at + 4 <= halves.description.size(); ++at) {
    std::string description = halves.description;
    description.replace(at, 4, "\xFF\xFF\xFF\xFF");
    try {
      (void)load_bytes(sealed(description, halves.arrays));
    } catch (const xg::IoError&) {
      ++refused;
    }
  }
  BOOST_TEST(refused > halves.description.size() / 2);
  for (const std::uint64_t size : {std::uint64_t{0}, std::uint64_t{8}, ~std::uint64_t{0}, std::uint64_t{1} << 63U,
                                   std::uint64_t{halves.description.size() + 8}}) {
    std::string file = good;
    for (std::size_t k = 0; k < 8; ++k) file[16 + k] = static_cast<char>(size >> 8 * k);
    BOOST_TEST(throws<xg::IoError>([&] { return load_bytes(file); }, {"load_program"}));
  }
  BOOST_TEST(throws<xg::IoError>([&] { return load_bytes(sealed(halves.description, halves.arrays, 2)); },
                                 {"version 2", "reads 1"}));
  BOOST_TEST(
      throws<xg::IoError>([&] { return load_bytes(sealed(halves.description, halves.arrays, 0)); }, {"version 0"}));
  BOOST_TEST(
      throws<xg::IoError>([&] { return load_bytes(sealed(halves.description, {})); }, {"no room for its arrays"}));
  BOOST_TEST(throws<xg::IoError>([&] { return load_bytes(sealed(halves.description, halves.arrays + "12345678")); },
                                 {"follows its arrays"}));
  BOOST_TEST(throws<xg::IoError>([&] { return load_bytes(""); }, {"too short"}));
  BOOST_TEST(throws<xg::IoError>([&] { return load_bytes(std::string(100, 'x')); }, {"no program"}));
  // Arrays larger than the file, and truth values that are none.
  for (const std::uint64_t extent : {std::uint64_t{1} << 40U, std::uint64_t{1} << 59U, std::uint64_t{5}}) {
    DraftFile file;
    ByteWriter body;
    file.node(body, "parameter", floats({}), {});
    file.add_function(1, 1, body, {0});
    file.add_array(floats({extent}));
    BOOST_TEST(throws<xg::IoError>([&] { return load_bytes(file.file(1, 1, std::string(32, '\0'))); },
                                   {"no room for its arrays"}));
  }
  DraftFile truth;
  ByteWriter body;
  truth.node(body, "parameter", floats({}), {});
  truth.add_function(1, 1, body, {0});
  truth.add_array(truths({3}));
  BOOST_TEST(load_bytes(truth.file(1, 1, std::string("\0\1\1\0\0\0\0\0", 8))).outputs().size() == 1U);
  BOOST_TEST(throws<xg::IoError>([&] { return load_bytes(truth.file(1, 1, std::string("\0\1\2\0\0\0\0\0", 8))); },
                                 {"truth value"}));
  truth.version_of_all(2);
  BOOST_TEST(throws<xg::IoError>([&] { return load_bytes(truth.file(1, 1, std::string(8, '\0'))); },
                                 {"'parameter' is of version 2"}));
}
BOOST_AUTO_TEST_SUITE_END()
