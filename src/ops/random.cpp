#include "random.hpp"

#include <array>
#include <vector>

#include "internal.hpp"

namespace xgrad {

using namespace primitives;

Var detail::derive_key(Purpose purpose, const Var& keys, const Var& data) {
  const std::array attributes{static_cast<std::int64_t>(purpose)};
  return record<DeriveKey>(DType::Int64, keys.shape(), {&keys, &data}, attributes);
}

Var detail::random_draw(Distribution distribution, const Var& keys, const Shape& shape, DType dtype,
                        std::int64_t stream) {
  const std::array attributes{static_cast<std::int64_t>(distribution), stream};
  return record<RandomDraw>(dtype, shape, {&keys}, attributes);
}

Var detail::random_sample(Family family, const Var& keys, std::span<const Var> parameters, std::int64_t stream) {
  const std::array attributes{static_cast<std::int64_t>(family), stream};
  std::vector<const Var*> inputs{&keys};
  for (const Var& each : parameters) inputs.push_back(&each);
  const DType dtype = is_continuous(family) ? parameters[0].dtype() : DType::Int64;
  return record(opcode<RandomSample>, dtype, parameters[0].shape(), inputs, attributes);
}

Var detail::gamma_slope(std::size_t n, const Var& a, const Var& y) {
  const std::array attributes{static_cast<std::int64_t>(n)};
  return record<GammaSlope>(y.dtype(), y.shape(), {&a, &y}, attributes);
}

Var detail::truncated_normal(const Var& u, const Var& low, const Var& high) {
  return record<TruncatedNormal>(u.dtype(), u.shape(), {&u, &low, &high});
}

Var detail::alike_exp(const Var& x) { return record<AlikeExp>(x.dtype(), x.shape(), {&x}); }

}  // namespace xgrad
