// Every transform of every other: values against differences of the function below, and the identities that hold
// between transforms.
#include <algorithm>
#include <cstddef>
#include <functional>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/test/unit_test.hpp>

#include <xgrad/xgrad.hpp>

#include "backend/cpu/machine_code.hpp"
#include "comparing.hpp"
#include "nested_transforms.hpp"

namespace {

using xgrad::backend::cpu::machine_code_limits;
using xgrad::backend::cpu::MachineCodeLimits;

/// What runs at once has machine code, as in all tests, and compiled functions of small arrays have kernels, as for
/// users: so the two are compared, and half of the code need not be written.
class CompiledByKernels {
 public:
  CompiledByKernels() { machine_code_limits().elements = MachineCodeLimits{}.elements; }
  CompiledByKernels(const CompiledByKernels&) = delete;
  CompiledByKernels& operator=(const CompiledByKernels&) = delete;
  ~CompiledByKernels() { machine_code_limits() = before_; }

 private:
  MachineCodeLimits before_ = machine_code_limits();
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(test_nesting, CompiledByKernels)

namespace xg = xgrad;
using namespace nested_transforms;
using comparing::near;

namespace {

/// T(f) at the point, eager and compiled, against what values of f say.
void check(const Transform& outer, const Function& f, const Known& known, double tolerance) {
  try {
    const Function whole_function = outer.of(f);
    const Var y = whole_function(point());
    BOOST_TEST(near(y, outer.reference(known, point()), outer.by_differences ? tolerance : 1e-12));
    BOOST_TEST(near(compiled(whole_function)(point()), y, 1e-12));
  } catch (const xg::Error& error) {
    BOOST_ERROR(error.what());
  }
}

/// a b, where the last axes of a are those of b.
Var contracted(const Var& a, const Var& b) {
  const auto columns = static_cast<std::ptrdiff_t>(b.size());
  const xg::Shape rest(a.shape().begin(), a.shape().end() - static_cast<std::ptrdiff_t>(b.dimension()));
  return reshape(matmul(reshape(a, {-1, columns}), flatten(b)), xg::Strides(rest.begin(), rest.end()));
}

/// What JAX's documentation says of jvp, vjp and the others, for any f.
void check_identities(const Function& f, const Var& x, const Var& v) {
  const auto [y, tangent] = xg::jvp(f, x, v);
  const Var u = weights_of(y);
  const auto [value, pullback] = xg::vjp(f, x);
  const Var jacobian = xg::jacobian(f, xg::Mode::reverse)(x);
  BOOST_TEST(near(value, f(x)));
  BOOST_TEST(near(y, value));
  BOOST_TEST(near(jacobian, xg::jacobian(f, xg::Mode::forward)(x)));
  BOOST_TEST(near(tangent, contracted(jacobian, v)));
  BOOST_TEST(near(sum(u * tangent), sum(pullback(u) * v)));  // u (J v) = (J^T u) v
  BOOST_TEST(near(pullback(2.0 * u - cos(u)), 2.0 * pullback(u) - pullback(cos(u))));
  BOOST_TEST(near(xg::jvp(f, x, 2.0 * v - x).tangent, 2.0 * tangent - xg::jvp(f, x, x).tangent));
  // A batch of tangents is the Jacobian, and so is one of cotangents.
  const auto along = [&](const Var& each) { return xg::jvp(f, x, each).tangent; };
  BOOST_TEST(near(xg::vmap(along, {.out = -1})(Var(xt::eye<double>(4))), jacobian));
  // Second derivatives: H v = grad(jvp) = jvp(grad), and H is symmetric.
  const Function total = weighed(f);
  const Var hessian = xg::hessian(total)(x);
  BOOST_TEST(near(hessian, transpose(hessian)));
  BOOST_TEST(near(hessian, xg::jacobian(xg::grad(total), xg::Mode::reverse)(x)));
  BOOST_TEST(near(hessian, xg::jacobian(xg::jacobian(total, xg::Mode::forward), xg::Mode::forward)(x)));
  BOOST_TEST(near(xg::hvp(total, x, v), matmul(hessian, v)));
  BOOST_TEST(near(xg::grad([&](const Var& at) { return xg::jvp(total, at, v).tangent; })(x), matmul(hessian, v)));
  BOOST_TEST(near(xg::jvp(xg::grad(total), x, v).tangent, matmul(hessian, v)));
  BOOST_TEST(near(xg::grad([&](const Var& at) { return sum(xg::grad(total)(at) * v); })(x), matmul(hessian, v)));
  // Sums and batches.
  const auto other = [&](const Var& at) { return sum(at * at * v); };
  BOOST_TEST(
      near(xg::grad([&](const Var& at) { return total(at) + other(at); })(x), xg::grad(total)(x) + xg::grad(other)(x)));
  const std::vector<Var> points{x, 0.9 * x, 0.8 * x};
  const auto one_by_one = [&](const Function& g) { return xg::stack({g(points[0]), g(points[1]), g(points[2])}); };
  BOOST_TEST(near(xg::vmap(f)(xg::stack(points)), one_by_one(f)));
  const Var gradients = one_by_one(xg::grad(total));
  BOOST_TEST(near(xg::vmap(xg::grad(total))(xg::stack(points)), gradients));
  const auto of_batch = [&](const Var& batch) { return sum(xg::vmap(total)(batch)); };
  BOOST_TEST(near(xg::grad(of_batch)(xg::stack(points)), gradients));
}

}  // namespace

BOOST_AUTO_TEST_CASE(each_alone) {
  const std::vector<Transform> all = all_transforms();
  for (const Named& each : functions()) {
    const Known known(each.f);
    for (const Transform& outer : all) {
      BOOST_TEST_CONTEXT(outer.name << " of " << each.name) { check(outer, each.f, known, 1e-10); }
    }
  }
}

BOOST_AUTO_TEST_CASE(each_of_each) {
  const std::vector<Transform> all = all_transforms();
  const std::vector<Named>& list = functions();
  const std::size_t first_of_control = all.size() - control().size();
  for (std::size_t j = 0; j < all.size(); ++j) {
    for (std::size_t k = 0; k < list.size(); ++k) {
      const Function f = all[j].of(list[k].f);
      const Known known(f);
      for (std::size_t i = 0; i < all.size(); ++i) {
        // Of loops and branches, which take long, each pair has every third function, in turn.
        if (std::max(i, j) >= first_of_control && k % 3 != (i + j) % 3) continue;
        BOOST_TEST_CONTEXT(all[i].name << " of " << all[j].name << " of " << list[k].name) {
          check(all[i], f, known, 1e-9);
        }
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(while_loops_without_a_bound_in_forward_mode) {
  const std::vector<Transform> all = all_transforms();
  for (const Named& each : functions()) {
    const Function f = looped(each.f, {});
    const Known known(f);
    for (const Transform& outer : all) {
      const std::string_view name = outer.name;
      if (!name.starts_with("jvp") && !name.ends_with("forward") && name != "jet" && !name.starts_with("vmap") &&
          name != "compile" && name != "cond") {
        continue;
      }
      BOOST_TEST_CONTEXT(name << " of a loop with " << each.name) { check(outer, f, known, 1e-9); }
    }
  }
}

BOOST_AUTO_TEST_CASE(branches_in_compiled_functions) {
  const auto branched = [](const Function& f) -> Function {
    return xg::compile([f](const Var& x) {
      if (xg::branch(size_of(x) > 1.7)) return f(x);
      return 2.0 * f(x);
    });
  };
  for (const Transform& inner : all_transforms()) {
    for (const Named& each : functions()) {
      BOOST_TEST_CONTEXT("branches with " << inner.name << " of " << each.name) {
        const Function f = inner.of(each.f);
        const Function both = branched(f);
        BOOST_TEST(near(both(point()), f(point()), 1e-12));
        BOOST_TEST(near(both(0.6 * point()), 2.0 * f(0.6 * point()), 1e-12));
      }
    }
  }
  for (const Named& each : functions()) {
    BOOST_TEST_CONTEXT("derivatives of branches with " << each.name) {
      const Function g = xg::compile(gradient(branched(each.f)));
      const Function t = xg::compile(slope(branched(each.f), direction()));
      for (const double scale : {1.0, 0.6}) {
        const Var x = scale * point();
        const double factor = scale < 1.0 ? 2.0 : 1.0;
        BOOST_TEST(near(g(x), factor * jacobian_by_differences(weighed(each.f), x), 1e-10));
        BOOST_TEST(near(t(x), factor * difference(each.f, x, direction()), 1e-10));
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(three_deep) {
  const std::vector<Transform> all = all_transforms();
  const auto is_one_of = [](const Transform& t, std::initializer_list<std::string_view> names) {
    return std::ranges::find(names, std::string_view(t.name)) != names.end();
  };
  // A hessian of a hessian of a hessian says little that others do not.
  std::vector<Transform> some;
  std::ranges::copy_if(all, std::back_inserter(some), [&](const Transform& t) {
    return is_one_of(t, {"grad", "jvp along what it depends on", "vmap", "custom_vjp", "custom_jvp", "scan"});
  });
  for (const Transform& middle : some) {
    for (const Transform& inner : some) {
      for (const Named& each : functions()) {
        if (!is_one_of({each.name, {}, {}}, {"where", "top_k", "a loop"})) continue;
        const Function f = middle.of(inner.of(each.f));
        const Known known(f);
        for (const Transform& outer : some) {
          BOOST_TEST_CONTEXT(outer.name << " of " << middle.name << " of " << inner.name << " of " << each.name) {
            check(outer, f, known, 1e-8);
          }
        }
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(identities) {
  machine_code_limits() = {};  // these pairs have run with it
  std::vector<std::pair<std::string, Function>> all;
  for (const Named& each : functions()) {
    all.emplace_back(each.name, each.f);
    for (const Transform& inner : all_transforms()) {
      if (std::string_view(inner.name).ends_with("hessian")) continue;
      all.emplace_back(std::string(inner.name) + " of " + each.name, inner.of(each.f));
    }
  }
  for (const auto& [name, f] : all) {
    BOOST_TEST_CONTEXT(name) { check_identities(f, point(), direction()); }
  }
}

BOOST_AUTO_TEST_SUITE_END()
