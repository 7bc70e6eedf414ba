#include "both.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "libtorch.hpp"

namespace xgrad::testing {
namespace {

template <class T>
libtorch::Dense to_dense(const Var& x, libtorch::Type type) {
  libtorch::Dense result{type, {x.shape().begin(), x.shape().end()}, std::vector<std::byte>(x.size() * sizeof(T))};
  std::memcpy(result.bytes.data(), x.array<T>().data(), result.bytes.size());
  return result;
}

libtorch::Dense to_dense(const Var& x) {
  switch (x.dtype()) {
    case DType::Bool:
      return to_dense<bool>(x, libtorch::Type::Bool);
    case DType::Int64:
      return to_dense<std::int64_t>(x, libtorch::Type::Int64);
    case DType::Float32:
      return to_dense<float>(x, libtorch::Type::Float32);
    case DType::Float64:
      break;
  }
  return to_dense<double>(x, libtorch::Type::Float64);
}

template <class T>
Var from_dense(const libtorch::Dense& x) {
  auto result = Array<T>::from_shape(Shape(x.shape));
  std::memcpy(result.data(), x.bytes.data(), x.bytes.size());
  return {std::move(result)};
}

Var from_dense(const libtorch::Dense& x) {
  switch (x.type) {
    case libtorch::Type::Bool:
      return from_dense<bool>(x);
    case libtorch::Type::Int64:
      return from_dense<std::int64_t>(x);
    case libtorch::Type::Float32:
      return from_dense<float>(x);
    case libtorch::Type::Float64:
      break;
  }
  return from_dense<double>(x);
}

void check_same(const std::string& what, const Var& mine, const Var& theirs) {
  BOOST_TEST((mine.dtype() == theirs.dtype()), what << ": " << mine.dtype() << ", libtorch " << theirs.dtype());
  BOOST_TEST_REQUIRE((mine.shape() == theirs.shape()),
                     what << ": shapes " << to_string(mine.shape()) << ", libtorch " << to_string(theirs.shape()));
  for (std::size_t i = 0; i < mine.size(); ++i) {
    const double a = element(mine, i);
    const double b = element(theirs, i);
    BOOST_TEST(close(a, b, 1e-10), what << ", element " << i << ": " << a << " beside " << b);
  }
}

void check_same(const std::string& what, const std::vector<Var>& mine, const std::vector<Var>& theirs) {
  BOOST_TEST_REQUIRE(mine.size() == theirs.size());
  for (std::size_t i = 0; i < mine.size(); ++i) check_same(what + " " + std::to_string(i), mine[i], theirs[i]);
}

}  // namespace

Var weights(const Var& x, std::size_t which) {
  auto values = Array<double>::from_shape(x.shape());
  for (std::size_t i = 0; i < values.size(); ++i) values.data()[i] = libtorch::weight(which, i);
  return cast(Var(std::move(values)), x.dtype());
}

Derivatives theirs(const std::string& key, const Case& arguments, int order) {
  std::vector<libtorch::Dense> dense;
  for (const Var& x : arguments) dense.push_back(to_dense(x));
  const libtorch::Derivatives all = libtorch::derivatives(key, dense, order);
  Derivatives result{.value = from_dense(all.value), .gradients = {}, .second = {}};
  for (const libtorch::Dense& x : all.gradients) result.gradients.push_back(from_dense(x));
  for (const libtorch::Dense& x : all.second) result.second.push_back(from_dense(x));
  return result;
}

Derivatives ours(const Operation& function, const Case& arguments, int order) {
  if (order == 0) return {.value = function(arguments), .gradients = {}, .second = {}};
  Tape tape;
  Case leaves;
  std::vector<Var> inputs;
  for (const Var& argument : arguments) {
    leaves.push_back(tape.leaf(argument));
    if (is_floating(argument.dtype())) inputs.push_back(leaves.back());
  }
  const Var value = function(leaves);
  const std::vector<Var> first = tape.gradients(value, inputs, weights(value, 0));
  std::vector<Var> second;
  if (order > 1) {
    Var weighed = sum(first[0] * weights(first[0], 0));
    for (std::size_t i = 1; i < first.size(); ++i) weighed = weighed + sum(first[i] * weights(first[i], i));
    second = tape.gradients(weighed, inputs);
  }
  return {.value = tape.evaluate(value), .gradients = tape.evaluate(first), .second = tape.evaluate(second)};
}

void check_same(const Derivatives& mine, const Derivatives& theirs) {
  check_same("value", mine.value, theirs.value);
  check_same("gradient", mine.gradients, theirs.gradients);
  check_same("second order", mine.second, theirs.second);
}

bool close(double a, double b, double tolerance) {
  if (std::isnan(a) || std::isnan(b)) return std::isnan(a) && std::isnan(b);
  if (std::isinf(a) || std::isinf(b)) return a == b;
  return std::abs(a - b) <= tolerance * std::max({1.0, std::abs(a), std::abs(b)});
}

double element(const Var& x, std::size_t i) {
  const Var wide = cast<double>(x);
  return wide.array<double>().data()[wide.size() == 1 ? 0 : i];
}

}  // namespace xgrad::testing
