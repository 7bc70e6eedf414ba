// FLAGS: -Werror=unused-result
// Results that are thrown away: nothing else happens where they are computed.
#include <xgrad/io/csv.hpp>
#include <xgrad/testing.hpp>
#include <xgrad/xgrad.hpp>

namespace xg = xgrad;
using xg::Var;

struct Model {
  Var weight;
};
XGRAD_FIELDS(Model, weight)

void discarded(const Var& x, const Model& model, const xg::loss::Huber& huber) {
  const auto f = [](const Var& y) { return sum(y); };
  // EXPECT: nodiscard
  x + 1.0;
  // EXPECT: nodiscard
  exp(x);
  // EXPECT: nodiscard
  sum(x, 0);
  // EXPECT: nodiscard
  view(x, 0);
  // EXPECT: nodiscard
  split(x, 2);
  // EXPECT: nodiscard
  x.shape();
  // EXPECT: nodiscard
  huber(x, x);
  // EXPECT: nodiscard
  xg::loss::Huber{} + xg::loss::Mse{};
  // EXPECT: nodiscard
  2.0 * xg::loss::Huber{};
  // EXPECT: nodiscard
  huber* x;
  // EXPECT: nodiscard
  xg::loss::by_name("huber");
  // EXPECT: nodiscard
  xg::io::read_csv("a");
  // EXPECT: nodiscard
  xg::testing::check_gradients(f, x);
  // EXPECT: nodiscard
  xg::Tape().item<double>(x);
  // EXPECT: nodiscard
  xg::grad(f);
  // EXPECT: nodiscard
  xg::value_and_grad(f);
  // EXPECT: nodiscard
  xg::compile(f);
  // EXPECT: nodiscard
  xg::jacobian(f);
  // EXPECT: nodiscard
  xg::jvp(f, x, x);
  // EXPECT: nodiscard
  xg::vjp(f, x);
  // EXPECT: nodiscard
  xg::hvp(f, x, x);
  // EXPECT: nodiscard
  xg::grad(f)(x);
  // EXPECT: nodiscard
  xg::value_and_grad(f)(x);
  // EXPECT: nodiscard
  xg::grad([](const Model& m) { return sum(m.weight); })(model);
  // EXPECT: nodiscard
  xg::jacobian(f)(x);
  // EXPECT: nodiscard
  xg::compile(f)(x);
  // EXPECT: nodiscard
  xg::Tape().evaluate({x});
  // EXPECT: nodiscard
  xg::tree::leaves(model);
  // EXPECT: nodiscard
  xg::tree::map(model, [](const Var& leaf) { return leaf * 2.0; });
}
