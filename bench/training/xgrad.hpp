// The nets as users of xgrad write them, and the tasks that both contestants get.
#pragma once

#include <filesystem>

#include "contest.hpp"

namespace bench_training {

/// A task with a step of ours.
struct Entry {
  Task task;
  Step step;
};

/// 4-32-16-4 with tanh learns the exponential of 10,000 matrices of 2 x 2, all of them in each step.
Entry mlp();
/// LeNet-5 on 128 images of 28 x 28.
Entry lenet();
/// A class for each of 32 sequences of 50 steps, from the last output of an LSTM with 128 units.
Entry lstm();
/// An encoder layer of the width 128 with 8 heads, on 16 sequences of 64 places, learns numbers.
Entry transformer();
/// Two convolutions on 64 of the digits with 8 x 8 pixels.
/// \param folder  with digits.csv
Entry digits_cnn(const std::filesystem::path& folder);

struct MnistCourse {
  Task task;
  Samples test;
  Course course;
};
/// LeNet-5 on 60,000 images.
/// \param folder  of MNIST's files; empty: random images
MnistCourse mnist_course(const std::filesystem::path& folder);

}  // namespace bench_training
