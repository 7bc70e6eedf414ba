// What both contestants are given, and what they are asked for. C++17, for libtorch's side.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace bench_training {

struct Array {
  std::vector<std::int64_t> shape;
  std::vector<float> values;
};

/// Samples, the first axis of x, with classes or with targets of the shape that the net gives.
struct Samples {
  Array x;
  std::vector<std::int64_t> labels;  ///< for the mean cross-entropy
  Array y;                           ///< without labels: for the mean squared error
};

struct Task {
  std::vector<Array> weights;  ///< to begin with, in the order and the shapes of torch's parameters()
  Samples samples;
  double rate;  ///< of Adam
};

/// Forward, backward and update with all samples; the loss before the update.
using Step = std::function<double()>;

/// Epochs of shuffled batches, from the weights of the task on.
struct Course {
  std::function<void(std::size_t epochs, std::size_t batch)> run;
  std::function<double(const Samples& test)> accuracy;
};

/// The nets as users of libtorch write them, with its modules and torch::optim::Adam.
namespace libtorch {

Step mlp(const Task& task);
Step lenet(const Task& task);
Step lstm(const Task& task);
Step transformer(const Task& task);
Step digits_cnn(const Task& task);
Course lenet_course(const Task& task);

std::string version();
void set_threads(int count);

}  // namespace libtorch

}  // namespace bench_training
