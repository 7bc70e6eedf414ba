// Elementwise losses, recorded each time: the mean and the gradient of the prediction.
#include "../programs/losses.hpp"
#include "contest.hpp"
#include "libtorch/libtorch.hpp"

namespace bench {
namespace {

using Ours = xgrad::Var (*)(const xgrad::Var& prediction, const xgrad::Var& target);
using Theirs = Program (*)(const Pair&);

xgrad::Var barron_of_alpha(const xgrad::Var& prediction, const xgrad::Var& target) {
  return barron(prediction, target, barron_alpha);
}

Case of_size(const std::string& id, std::size_t elements, double at_least, Ours ours, Theirs theirs) {
  return {id, std::to_string(elements), "float64", at_least, [=] {
            const Pair data = make_pair(elements);
            return Contest{program(xgrad::value_and_grad(ours), var(data.prediction), var(data.target)), theirs(data)};
          }};
}

}  // namespace

std::vector<Case> elementwise_cases() {
  constexpr std::size_t million = 1'000'000, ten_million = 10'000'000;
  return {of_size("squared_error_1e6", million, 6.0, squared_error, libtorch::squared_error),
          of_size("squared_error_1e7", ten_million, 9.0, squared_error, libtorch::squared_error),
          of_size("squared_error_unfused_1e6", million, none, squared_error, libtorch::squared_error_unfused),
          of_size("squared_error_unfused_1e7", ten_million, none, squared_error, libtorch::squared_error_unfused),
          of_size("log_cosh_1e6", million, 3.0, log_cosh, libtorch::log_cosh),
          of_size("log_cosh_1e7", ten_million, 6.0, log_cosh, libtorch::log_cosh),
          of_size("barron_1e6", million, 6.0, barron_of_alpha, libtorch::barron),
          of_size("barron_1e7", ten_million, 15.0, barron_of_alpha, libtorch::barron)};
}

}  // namespace bench
