// What crosses the border between a user's program and the library: arrays both ways, a struct of theirs, exceptions.
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <iostream>
#include <xtensor/xarray.hpp>

#include "model.hpp"

namespace xg = xgrad;

namespace {

int failures = 0;

void expect(bool fact, const char* what) {
  if (!fact) {
    std::cerr << "not so: " << what << '\n';
    ++failures;
  }
}

bool near(double a, double b) { return std::abs(a - b) <= 1e-12; }

void fit_a_line() {
  const xt::xarray<double> x = {{0.0, 1.0}, {1.0, 2.0}};
  const xt::xarray<double> y = {1.0, 3.0};
  const Line start{xt::xarray<double>{0.5, 2.0}, 0.25};
  const auto loss = [](const Line& line, const xg::Var& inputs, const xg::Var& targets) {
    return mean(square(line(inputs) - targets));
  };
  const auto [value, gradient] = xg::value_and_grad(loss)(start, x, y);
  // The residuals are 1.25 and 1.75.
  expect(near(value.item<double>(), (1.5625 + 3.0625) / 2.0), "the loss");
  expect(near(gradient.slope.array<double>()(0), 1.75), "its gradient by the first slope");
  expect(near(gradient.slope.array<double>()(1), 4.75), "its gradient by the second slope");
  expect(near(gradient.intercept.item<double>(), 3.0), "its gradient by the intercept");
}

void arrays_keep_their_address() {
  const xg::Array<double> array = xt::ones<double>({1000});
  const xg::Var shared = array;
  const xg::Var copy = shared;
  const double* data = copy.array<double>().data();
  expect(data == shared.array<double>().data(), "copies of a Var share one buffer");
  expect(reinterpret_cast<std::uintptr_t>(data) % 64 == 0, "a buffer starts on a 64-byte boundary");
  expect(near(sum(shared).item<double>(), 1000.0), "the sum");
}

void errors_arrive() {
  try {
    (void)matmul(xg::Var(xt::xarray<double>{{1.0, 2.0}}), xg::Var(xt::xarray<double>{{1.0, 2.0}}));
    expect(false, "unequal inner sizes throw");
  } catch (const xg::ShapeError&) {
  }
}

}  // namespace

int main() {
  fit_a_line();
  arrays_keep_their_address();
  errors_arrive();
  std::cout << (failures == 0 ? "all as expected\n" : "");
  return failures;
}
