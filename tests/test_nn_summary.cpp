// Summaries of nets that are structs of layers: each layer has a row, with what it makes.
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include <xgrad/nn.hpp>
#include <xgrad/xgrad.hpp>

namespace nn = xgrad::nn;
namespace xg = xgrad;
using xg::DType;
using xg::Shape;
using xg::Var;
using xg::random::Key;

BOOST_AUTO_TEST_SUITE(test_nn_summary)

namespace {

struct LayerRow {
  std::string path;
  Shape makes;
};

/// All arrays of a net have a row, its layers these, and in the end it makes what the net makes.
template <class Net>
void check_rows(const Net& net, const Var& x, const std::vector<LayerRow>& expected) {
  nn::detail::Outline outline(x.shape(), x.dtype());
  outline.content(net);
  std::vector<std::string> arrays;
  std::vector<LayerRow> layers;
  for (const auto& row : outline.rows()) {
    if (row.kind.empty()) arrays.push_back(row.path);
    else layers.push_back({row.path, row.shape});
  }
  std::vector<std::string> paths = xg::tree::array_paths(net);
  std::sort(arrays.begin(), arrays.end());
  std::sort(paths.begin(), paths.end());
  BOOST_TEST(arrays == paths, boost::test_tools::per_element());
  BOOST_TEST_REQUIRE(layers.size() == expected.size());
  for (std::size_t i = 0; i < layers.size(); ++i) {
    BOOST_TEST(layers[i].path == expected[i].path);
    BOOST_TEST((layers[i].makes == expected[i].makes), layers[i].path << " makes " << to_string(layers[i].makes));
  }
  const Var y = net(x);
  BOOST_TEST((outline.x().shape() == y.shape()));
  BOOST_TEST((outline.x().dtype() == y.dtype()));
}

}  // namespace

BOOST_AUTO_TEST_CASE(lenet) {
  const auto net = nn::lenet5(Key(1));
  check_rows(
      net, xg::zeros({2, 1, 28, 28}, DType::Float32),
      {{"conv1", {2, 6, 24, 24}}, {"conv2", {2, 16, 8, 8}}, {"fc1", {2, 120}}, {"fc2", {2, 84}}, {"fc3", {2, 10}}});
  const std::string expected =
      R"(layer or array               shape                 type         numbers   memory
--------------------------------------------------------------------------------
conv1  Conv                  -> [2, 6, 24, 24]     float32
  conv1.weight               [6, 1, 5, 5]          float32          150    600 B
  conv1.bias                 [6]                   float32            6     24 B
conv2  Conv                  -> [2, 16, 8, 8]      float32
  conv2.weight               [16, 6, 5, 5]         float32        2,400  9.4 KiB
  conv2.bias                 [16]                  float32           16     64 B
fc1  Linear                  -> [2, 120]           float32
  fc1.weight                 [120, 256]            float32       30,720  120 KiB
  fc1.bias                   [120]                 float32          120    480 B
fc2  Linear                  -> [2, 84]            float32
  fc2.weight                 [84, 120]             float32       10,080 39.4 KiB
  fc2.bias                   [84]                  float32           84    336 B
fc3  Linear                  -> [2, 10]            float32
  fc3.weight                 [10, 84]              float32          840  3.3 KiB
  fc3.bias                   [10]                  float32           10     40 B
--------------------------------------------------------------------------------
trained                      in 10 arrays                        44,426  174 KiB
state                        in 0 arrays                              0      0 B
output                       -> [2, 10]            float32
)";
  BOOST_TEST(nn::summary(net, {2, 1, 28, 28}) == expected);
  // What does not fit is said to be in its place.
  try {
    static_cast<void>(nn::summary(net, {2, 1, 24, 24}));
    BOOST_TEST(false, "nothing was thrown");
  } catch (const xg::ShapeError& error) {
    BOOST_TEST(std::string(error.what()).starts_with("summary: layer fc1, called with the shape [2, 144]: Linear: "),
               error.what());
  }
}

BOOST_AUTO_TEST_CASE(blocks_of_residual_nets) {
  const Shape half{2, 8, 3, 4};
  const auto projected = nn::resnet_block(Key(1), 4, 8, {.stride = 2});
  check_rows(
      projected, xg::zeros({2, 4, 6, 8}, DType::Float32),
      {{"conv1", half}, {"bn1", half}, {"conv2", half}, {"bn2", half}, {"downsample.0", half}, {"downsample.1", half}});
  const auto same = nn::resnet_block(Key(1), 4, 4, {.axes = 1, .norm = {.dtype = DType::Float64}});
  const Shape line{2, 4, 6};
  check_rows(same, xg::zeros(line), {{"conv1", line}, {"bn1", line}, {"conv2", line}, {"bn2", line}});
  const auto bottleneck = nn::resnet_bottleneck(Key(1), 4, 2, 8);
  const Shape narrow{2, 2, 5, 5};
  const Shape wide{2, 8, 5, 5};
  check_rows(bottleneck, xg::zeros({2, 4, 5, 5}, DType::Float32),
             {{"conv1", narrow},
              {"bn1", narrow},
              {"conv2", narrow},
              {"bn2", narrow},
              {"conv3", wide},
              {"bn3", wide},
              {"downsample.0", wide},
              {"downsample.1", wide}});
  // In a net of layers the rows stand below that of the block.
  check_rows(nn::sequential(projected, nn::GlobalAveragePool{}), xg::zeros({2, 4, 6, 8}, DType::Float32),
             {{"0", half},
              {"0.conv1", half},
              {"0.bn1", half},
              {"0.conv2", half},
              {"0.bn2", half},
              {"0.downsample.0", half},
              {"0.downsample.1", half},
              {"1", {2, 8}}});
}

BOOST_AUTO_TEST_CASE(transformers) {
  const Var x = xg::zeros({2, 5, 8}, DType::Float32);
  const Shape same{2, 5, 8};
  const Shape hidden{2, 5, 6};
  check_rows(nn::transformer_encoder_layer(Key(1), 8, 2, {.hidden = 6}), x,
             {{"self_attn", same},
              {"norm1", same},
              {"feed_forward", same},
              {"feed_forward.linear1", hidden},
              {"feed_forward.linear2", same},
              {"norm2", same}});
  const nn::TransformerOptions gated{
      .hidden = 6, .activation = nn::Activation::Silu, .gated = true, .norm_first = true, .key_heads = 1};
  check_rows(nn::transformer_encoder_layer(Key(1), 8, 2, gated), x,
             {{"norm1", same},
              {"self_attn", same},
              {"norm2", same},
              {"feed_forward", same},
              {"feed_forward.linear1", hidden},
              {"feed_forward.gate", hidden},
              {"feed_forward.linear2", same}});
  const nn::TransformerEncoder stack = nn::transformer_encoder(Key(1), 8, 2, 1, {.hidden = 6, .norm_first = true});
  const std::vector<LayerRow> rows{{"layers.0", same},
                                   {"layers.0.norm1", same},
                                   {"layers.0.self_attn", same},
                                   {"layers.0.norm2", same},
                                   {"layers.0.feed_forward", same},
                                   {"layers.0.feed_forward.linear1", hidden},
                                   {"layers.0.feed_forward.linear2", same},
                                   {"norm", same}};
  check_rows(stack, x, rows);

  const nn::LanguageModelOptions options{.length = 9, .tied = false, .blocks = {.hidden = 6, .norm_first = true}};
  std::vector<LayerRow> of_model{{"embedding", same}, {"positions", same}, {"blocks", same}};
  for (const LayerRow& row : rows) of_model.push_back({"blocks." + row.path, row.makes});
  const Var tokens = xg::zeros({2, 5}, DType::Int64);
  auto model = nn::language_model(Key(1), 11, 8, 2, 1, options);
  of_model.push_back({"head", {2, 5, 11}});
  check_rows(model, tokens, of_model);
  model.head.reset();
  of_model.pop_back();
  check_rows(model, tokens, of_model);
}

BOOST_AUTO_TEST_SUITE_END()
