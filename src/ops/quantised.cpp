#include "quantised.hpp"

#include <array>
#include <cstdint>

#include "primitives/quantised.hpp"
#include "var/record.hpp"

namespace xgrad {

Var detail::quantised_matmul(const Var& x, const Var& words, const Var& numbers, std::size_t outputs) {
  Shape shape = x.shape();
  const std::array<std::int64_t, 2> attributes{static_cast<std::int64_t>(shape.back()),
                                               static_cast<std::int64_t>(outputs)};
  shape.back() = outputs;
  return record<primitives::QuantisedMatmul>(x.dtype(), shape, {&x, &words, &numbers}, attributes);
}

}  // namespace xgrad
