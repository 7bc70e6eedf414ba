#include "xgrad.hpp"

#include <memory>
#include <tuple>
#include <utility>

#include <xgrad/data.hpp>
#include <xgrad/io/csv.hpp>
#include <xgrad/linalg.hpp>
#include <xgrad/loss.hpp>
#include <xgrad/nn.hpp>
#include <xgrad/optim.hpp>
#include <xgrad/random.hpp>
#include <xgrad/train.hpp>
#include <xgrad/xgrad.hpp>

namespace bench_training {
namespace {

namespace xg = xgrad;
namespace nn = xgrad::nn;
namespace optim = xgrad::optim;
namespace train = xgrad::train;

constexpr auto f32 = xg::DType::Float32;

struct LstmClassifier {
  nn::Lstm lstm;
  nn::Linear head;
  xg::Var operator()(const xg::Var& x) const {
    const auto [outputs, last] = lstm.with_state(x);
    return head(view(last.h, 0));
  }
};
XGRAD_FIELDS(LstmClassifier, lstm, head)

struct DigitsCnn {
  nn::Conv conv1, conv2;
  nn::Linear head;
  xg::Var operator()(const xg::Var& x) const {
    const nn::MaxPool pool{2};
    return head(nn::Flatten{}(pool(relu(conv2(pool(relu(conv1(x))))))));
  }
};
XGRAD_FIELDS(DigitsCnn, conv1, conv2, head)

const auto cross_entropy = [](const auto& net, const xg::Var& x, const xg::Var& labels) {
  return mean(xg::loss::CrossEntropy{}(net(x), labels));
};
const auto squared_error = [](const auto& net, const xg::Var& x, const xg::Var& y) {
  return mean(xg::loss::Mse{}(net(x), y));
};

Array array_of(const xg::Var& x) {
  const auto& values = x.array<float>();
  return {{x.shape().begin(), x.shape().end()}, {values.data(), values.data() + values.size()}};
}

std::vector<std::int64_t> labels_of(const xg::Var& labels) {
  const auto& values = labels.array<std::int64_t>();
  return {values.data(), values.data() + values.size()};
}

Samples samples_of(const xg::Var& x, const xg::Var& y) {
  if (y.dtype() == xg::DType::Int64) return {array_of(x), labels_of(y), {}};
  return {array_of(x), {}, array_of(y)};
}

template <class Net>
Task task_of(const Net& net, const xg::Var& x, const xg::Var& y) {
  Task task{{}, samples_of(x, y), 1e-3};
  xg::tree::for_each(net, [&](const xg::Var& weight) { task.weights.push_back(array_of(weight)); });
  return task;
}

template <class Net, class F>
Entry entry(const Net& net, const F& objective, const xg::Var& x, const xg::Var& y) {
  Task task = task_of(net, x, y);
  const optim::Optimiser adam = optim::adam({.rate = task.rate});
  const auto step = [model = net, state = adam.init(net), step = train::step(objective, adam), x, y]() mutable {
    xg::Var loss;
    std::tie(model, state, loss) = step(std::move(model), std::move(state), x, y);
    return static_cast<double>(loss.item<float>());
  };
  return {std::move(task), step};
}

xg::Var classes(std::int64_t key, std::size_t count) {
  return xg::random::randint(xg::random::Key(key), 0, 10, {count});
}

xg::data::LabelledImages random_images(std::int64_t key, std::size_t count) {
  return {xg::random::uniform(xg::random::Key(key), {count, 1, 28, 28}, f32), classes(key + 100, count)};
}

}  // namespace

Entry mlp() {
  const xg::Var matrices = xg::random::normal(xg::random::Key(1), {10000, 2, 2}, f32);
  const xg::Var exponentials = xg::linalg::expm(matrices);
  return entry(nn::mlp(xg::random::Key(2), {4, 32, 16, 4}, {.activation = nn::Activation::Tanh}), squared_error,
               reshape(matrices, {-1, 4}), reshape(exponentials, {-1, 4}));
}

Entry lenet() {
  return entry(nn::lenet5(xg::random::Key(3)), cross_entropy,
               xg::random::uniform(xg::random::Key(4), {128, 1, 28, 28}, f32), classes(5, 128));
}

Entry lstm() {
  const LstmClassifier net{nn::lstm(xg::random::Key(6), 32, 128), nn::linear(xg::random::Key(7), 128, 10)};
  return entry(net, cross_entropy, xg::random::normal(xg::random::Key(8), {32, 50, 32}, f32), classes(9, 32));
}

Entry transformer() {
  const auto net = nn::transformer_encoder_layer(xg::random::Key(10), 128, 8, {.hidden = 512});
  return entry(net, squared_error, xg::random::normal(xg::random::Key(11), {16, 64, 128}, f32),
               xg::random::normal(xg::random::Key(12), {16, 64, 128}, f32));
}

Entry digits_cnn(const std::filesystem::path& folder) {
  const xg::Var table = view(xg::Var(xg::io::read_csv(folder / "digits.csv")), xt::range(0, 64));
  const xg::Var pixels = xg::cast<float>(view(table, xt::all(), xt::range(0, 64)) / 16.0);
  const DigitsCnn net{nn::conv2d(xg::random::Key(13), 1, 16, 3, {.padding = 1}),
                      nn::conv2d(xg::random::Key(14), 16, 32, 3, {.padding = 1}),
                      nn::linear(xg::random::Key(15), 128, 10)};
  return entry(net, cross_entropy, reshape(pixels, {-1, 1, 8, 8}), xg::cast<std::int64_t>(view(table, xt::all(), 64)));
}

MnistCourse mnist_course(const std::filesystem::path& folder) {
  const auto mnist = std::make_shared<xg::data::Mnist>(
      folder.empty() ? xg::data::Mnist{random_images(17, 60000), random_images(18, 10000)} : xg::data::mnist(folder));
  const auto model = std::make_shared<nn::LeNet5>(nn::lenet5(xg::random::Key(16)));
  Task task = task_of(*model, mnist->train.images, mnist->train.labels);
  Samples test = samples_of(mnist->test.images, mnist->test.labels);
  const auto run = [=, rate = task.rate](std::size_t epochs, std::size_t batch) {
    *model = train::fit(*model, cross_entropy, optim::adam({.rate = rate}),
                        std::tuple(mnist->train.images, mnist->train.labels),
                        {.epochs = epochs, .batches = {.size = batch}, .show = train::Show::quiet})
                 .model;
  };
  const auto accuracy = [=](const Samples&) {
    return mean(equal(argmax((*model)(mnist->test.images), 1), mnist->test.labels)).item<double>();
  };
  return {std::move(task), std::move(test), {run, accuracy}};
}

}  // namespace bench_training
