// Every transform of every other: values against differences of the function below, and the identities that hold
// between transforms.
#include <algorithm>
#include <cstddef>
#include <functional>
#include <iterator>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include <boost/test/unit_test.hpp>

#include <xgrad/xgrad.hpp>

#include "backend/cpu/machine_code.hpp"
#include "comparing.hpp"
#include "exported_programs.hpp"

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
using comparing::near;
using comparing::wave;
using xg::Var;
using xg::whole;

namespace {

using Function = std::function<Var(const Var&)>;

// ---- functions of an array [4]

struct Named {
  const char* name;
  Function f;
};

const Var& matrix() {
  static const Var w = wave({4, 4}, 1.1) * 0.3;
  return w;
}

/// Away from their kinks at point(), and at multiples of it.
const std::vector<Named>& functions() {
  static const std::vector<Named> list{
      {"elementwise", [](const Var& x) { return sin(x) * exp(0.3 * x); }},
      {"a product", [](const Var& x) { return matmul(matrix(), x) * x; }},
      {"a product of matrices", [](const Var& x) { return flatten(matmul(xg::outer(x, x), matrix() * x)); }},
      {"softmax", [](const Var& x) { return xg::softmax(x * x); }},
      {"logsumexp", [](const Var& x) { return xg::logsumexp(xg::outer(x, sin(x)), 1); }},
      {"where", [](const Var& x) { return where(x > 0.0, x * sqrt(x), sin(x)); }},
      {"norm", [](const Var& x) { return x / xg::norm(x * sin(x) + 0.5); }},
      {"sort", [](const Var& x) { return xg::sort(x) * sin(x); }},
      {"top_k",
       [](const Var& x) {
         const auto [values, places] = xg::top_k(x, 2);
         return values * take(cos(x), places, 0);
       }},
      {"gather",
       [](const Var& x) {
         return take(x * x, Var(xt::xarray<int>{2, 0, 2}), 0) * sum(x);
       }},
      {"cumsum", [](const Var& x) { return xg::cumsum(sin(x)) * x; }},
      {"prod and maximum", [](const Var& x) { return xg::prod(x + 2.0) * maximum(x, 0.1 * x * x); }},
      {"a net", [](const Var& x) { return matmul(matrix(), tanh(matmul(matrix(), x) + 0.1)); }},
      {"a loop",
       [](const Var& x) {
         const auto step = [&](const Var& h, const Var& each) {
           const Var next = sin(matmul(matrix(), h)) + each * x;
           return std::pair{next, sum(next * h)};
         };
         const auto [last, all] = xg::scan(step, x, sin(x));
         return last * sum(all);
       }},
  };
  return list;
}

Var point() { return xt::xarray<double>{0.9, -0.6, 0.35, -1.3}; }
Var direction() { return wave({4}, 0.7) * 0.3; }

/// Numbers without a pattern, one for each element.
Var weights_of(const Var& y) { return wave(y.shape(), 0.4) * 0.4; }

Function weighed(Function f) {
  return [f = std::move(f)](const Var& x) {
    const Var y = f(x);
    return sum(y * weights_of(y));
  };
}

// ---- derivatives by differences

/// By central differences of sixth order. With a step of 1/200, what they leave out is f^(7) / 10^16, and what rounding
/// adds some 10^-14 of f.
Var difference(const Function& f, const Var& x, const Var& v) {
  constexpr double step = 0.005;
  const auto at = [&](double count) { return f(x + v * (count * step)); };
  return (45.0 * (at(1) - at(-1)) - 9.0 * (at(2) - at(-2)) + (at(3) - at(-3))) / (60.0 * step);
}

Var unit(const Var& x, std::size_t i) { return xg::one_hot(Var(static_cast<std::int64_t>(i)), x.size()); }

Var jacobian_by_differences(const Function& f, const Var& x) {
  std::vector<Var> columns;
  for (std::size_t i = 0; i < x.size(); ++i) columns.push_back(difference(f, x, unit(x, i)));
  return xg::stack(columns, -1);
}

// ---- transforms of functions into functions

/// A compiled function, for references: it computes the same, and many times as fast.
Function compiled(const Function& f) {
  return [f = xg::compile(f)](const Var& x) { return f(x); };
}
Function gradient(const Function& f) { return xg::grad(weighed(f)); }
Function slope(const Function& f, const Var& v) {
  return [f, v](const Var& x) { return xg::jvp(f, x, v).tangent; };
}

/// A function, and what references say of it at the point: each is computed when the first of them asks.
class Known {
 public:
  explicit Known(const Function& f) : f_(compiled(f)), gradient_(compiled(gradient(f_))), slope_(compiled_slope(f_)) {}

  Var operator()(const Var& x) const { return f_(x); }
  /// Along the direction.
  const Var& tangent() const {
    return once(tangent_, [&] { return difference(f_, point(), direction()); });
  }
  const Var& jacobian() const {
    return once(jacobian_, [&] { return jacobian_by_differences(f_, point()); });
  }
  /// Of the weighed sum of its elements.
  const Var& gradient_of_sum() const {
    return once(gradient_of_sum_, [&] { return jacobian_by_differences(weighed(f_), point()); });
  }
  const Var& hessian_of_sum() const {
    return once(hessian_of_sum_, [&] { return jacobian_by_differences(gradient_, point()); });
  }
  Var difference_of_gradient(const Var& v) const { return difference(gradient_, point(), v); }
  Var second_difference(const Var& v) const {
    return difference([&](const Var& x) { return slope_(x, v); }, point(), v);
  }

 private:
  using Slope = std::function<Var(const Var&, const Var&)>;
  static Slope compiled_slope(const Function& f) {
    return [g = xg::compile([f](const Var& x, const Var& v) { return xg::jvp(f, x, v).tangent; })](
               const Var& x, const Var& v) { return g(x, v); };
  }
  static const Var& once(Var& value, const std::function<Var()>& compute) {
    if (!value.defined()) value = compute();
    return value;
  }

  Function f_;
  Function gradient_;
  Slope slope_;
  mutable Var tangent_, jacobian_, gradient_of_sum_, hessian_of_sum_;
};

struct Transform {
  const char* name;
  std::function<Function(const Function&)> of;
  /// The same at the point, by values of the function alone, or of its gradient.
  std::function<Var(const Known&, const Var&)> reference;
  bool by_differences = true;
};

std::vector<Transform> derivatives() {
  const auto by_gradient = [](const Known& f, const Var&) { return f.gradient_of_sum(); };
  const auto by_jacobian = [](const Known& f, const Var&) { return f.jacobian(); };
  return {
      {"grad", gradient, by_gradient},
      {"vjp",
       [](const Function& f) {
         return [f](const Var& x) {
           const auto [y, pullback] = xg::vjp(f, x);
           return pullback(weights_of(y)) + 0.1 * sum(y);
         };
       },
       [](const Known& f, const Var& x) { return f.gradient_of_sum() + 0.1 * sum(f(x)); }},
      {"jvp", [](const Function& f) { return [f](const Var& x) { return xg::jvp(f, x, direction()).tangent; }; },
       [](const Known& f, const Var&) { return f.tangent(); }},
      {"jvp along what it depends on",
       [](const Function& f) { return [f](const Var& x) { return xg::jvp(f, x, sin(x)).tangent; }; },
       [](const Known& f, const Var& x) { return difference(std::ref(f), x, sin(x)); }},
      {"jet",
       [](const Function& f) {
         return [f](const Var& x) {
           const auto [y, series] = xg::jet(f, x, {direction(), 0.3 * direction()});
           return y + 0.5 * series[0] + 0.2 * series[1];
         };
       },
       [](const Known& f, const Var& x) {
         return f(x) + 0.5 * f.tangent() + 0.2 * (f.second_difference(direction()) + 0.3 * f.tangent());
       }},
      {"laplacian", [](const Function& f) { return xg::laplacian(f); },
       [](const Known& f, const Var& x) {
         Var result;
         for (std::size_t i = 0; i < x.size(); ++i) {
           const Var second = f.second_difference(unit(x, i));
           result = result.defined() ? result + second : second;
         }
         return result;
       }},
      {"jacobian, reverse", [](const Function& f) { return xg::jacobian(f, xg::Mode::reverse); }, by_jacobian},
      {"jacobian, forward", [](const Function& f) { return xg::jacobian(f, xg::Mode::forward); }, by_jacobian},
      {"hessian", [](const Function& f) { return xg::hessian(weighed(f)); },
       [](const Known& f, const Var&) { return f.hessian_of_sum(); }},
      {"sparse_jacobian",
       [](const Function& f) { return [f](const Var& x) { return xg::sparse_jacobian(f)(x).dense(); }; },
       [](const Known& f, const Var&) {
         return reshape(f.jacobian(), {-1, 4});
       }},
      {"sparse_hessian",
       [](const Function& f) { return [f](const Var& x) { return xg::sparse_hessian(weighed(f))(x).dense(); }; },
       [](const Known& f, const Var&) { return f.hessian_of_sum(); }},
      {"hvp", [](const Function& f) { return [f](const Var& x) { return xg::hvp(weighed(f), x, direction()); }; },
       [](const Known& f, const Var&) { return f.difference_of_gradient(direction()); }},
      {"linearize",
       [](const Function& f) {
         return [f](const Var& x) {
           const auto [y, pushforward] = xg::linearize(f, x);
           return y + pushforward(direction());
         };
       },
       [](const Known& f, const Var& x) { return f(x) + f.tangent(); }},
      {"linear_transpose",
       [](const Function& f) {
         return [f](const Var& x) {
           const auto along = [&](const Var& v) { return xg::jvp(f, x, v).tangent; };
           return xg::linear_transpose(along, x)(weights_of(f(x)));
         };
       },
       by_gradient},
  };
}

std::vector<Transform> others() {
  const auto unchanged = [](const Known& f, const Var& x) { return f(x); };
  const auto on_host = xg::host_call(
      "copy", [](const xg::Shape& shape) { return shape; },
      [](const xg::Array<double>& x) -> xg::Array<double> { return x; });
  const auto copied = xg::custom_vjp(
      [=](const Var& x) {
        return std::pair{on_host(x), std::tuple<>()};
      },
      [](const std::tuple<>&, const Var& dy) { return dy; });
  return {
      {"vmap",
       [](const Function& f) {
         return [f](const Var& x) {
           const Var all = xg::vmap(f)(xg::stack({x, 0.6 * x}));
           return view(all, 0) + 0.3 * view(all, 1);
         };
       },
       [](const Known& f, const Var& x) { return f(x) + 0.3 * f(0.6 * x); }, false},
      {"vmap of one of two arguments",
       [](const Function& f) {
         return [f](const Var& x) {
           const auto scaled = [&](const Var& s, const Var& y) { return f(y * s) * s; };
           return sum(xg::vmap(scaled, {.in = {0, whole}, .out = -1})(Var(xt::xarray<double>{1.0, 0.5}), x), -1);
         };
       },
       [](const Known& f, const Var& x) { return f(x) + 0.5 * f(0.5 * x); }, false},
      {"custom_vjp",
       [](const Function& f) -> Function {
         return xg::custom_vjp(
             [f](const Var& x) {
               return std::pair{f(x), x};
             },
             [f](const Var& x, const Var& dy) { return xg::vjp(f, x).pullback(dy); });
       },
       unchanged, false},
      {"custom_jvp",
       [](const Function& f) -> Function {
         return xg::custom_jvp(f, [f](const Var& x, const Var& dx) { return xg::jvp(f, x, dx).tangent; });
       },
       unchanged, false},
      {"compile", compiled, unchanged, false},
      {"scan",
       [](const Function& f) {
         return [f](const Var& x) {
           const auto step = [&](const Var& h, const Var& s) {
             const Var y = f(x * s + 0.01 * h * h);
             return std::pair{h * 0.5 + 0.1 * s, y};
           };
           return sum(xg::scan(step, x * 0.1, Var(xt::xarray<double>{1.0, 0.7})).second, 0);
         };
       },
       [](const Known& f, const Var& x) { return f(x + 0.0001 * x * x) + f(0.7 * x + 0.01 * square(0.05 * x + 0.1)); },
       false},
      {"export_program",
       [](const Function& f) -> Function {
         const xg::io::HostFunction copy([](const xg::Array<double>& x) -> xg::Array<double> { return x; });
         return exported_programs::reloaded(xg::io::export_program(f, point()), {.host_functions = {{"copy", copy}}})
             .as_function<Var>();
       },
       unchanged, false},
      {"host_call", [=](const Function& f) { return [=](const Var& x) { return copied(f(copied(x))); }; }, unchanged,
       false},
      {"implicit",
       [](const Function& f) -> Function {
         const auto solve = xg::implicit([f](const Var& z, const Var& x) { return (z - f(x)) * (2.0 + sin(z)); },
                                         [f](const std::tuple<>&, const Var& x) { return f(x); },
                                         {.linear_solver = xg::LinearSolve::ConjugateGradient, .tolerance = 1e-14});
         return [solve](const Var& x) { return solve(std::tuple<>(), x); };
       },
       unchanged, false},
  };
}

/// 2.98 at the point, 1.07 at 0.6 of it, and 1.91 at 0.8: examples of a batch take different ways.
Var size_of(const Var& x) { return sum(x * x); }

Function twice(const Function& f) {
  return [f](const Var& x) { return 2.0 * f(x); };
}

/// One run, y = 1.5 f(x), or two, so far from the origin that size_of(x) > 2.
Function looped(const Function& f, const xg::WhileOptions& options) {
  return [=](const Var& x) {
    const auto goes_on = [&](const std::pair<Var, Var>& c) { return c.second < 0.5 * size_of(x); };
    const auto body = [&](const std::pair<Var, Var>& c) {
      return std::pair{0.5 * c.first + f(x * (1.0 - 0.1 * c.second)), c.second + 1.0};
    };
    return xg::while_loop(goes_on, body, std::pair<Var, Var>{f(x), 0.0}, options).first;
  };
}
Var looped_reference(const Known& f, const Var& x) {
  return where(size_of(x) > 2.0, 0.75 * f(x) + f(0.9 * x), 1.5 * f(x));
}

std::vector<Transform> control() {
  const auto unchanged = [](const Known& f, const Var& x) { return f(x); };
  return {
      {"checkpoint", [](const Function& f) -> Function { return xg::checkpoint(f); }, unchanged, false},
      {"cond",
       [](const Function& f) { return [f](const Var& x) { return xg::cond(size_of(x) > 1.7, f, twice(f), x); }; },
       [](const Known& f, const Var& x) { return f(x) * where(size_of(x) > 1.7, 1.0, 2.0); }, false},
      {"switch_",
       [](const Function& f) {
         return [f](const Var& x) {
           const auto minus = [&](const Var& v) { return -f(v); };
           return xg::switch_(cast(0.8 * size_of(x), xg::DType::Int64), std::tuple{twice(f), minus, f}, x);
         };
       },
       [](const Known& f, const Var& x) {
         const Var size = 0.8 * size_of(x);
         return f(x) * where(size < 1.0, 2.0, where(size < 2.0, -1.0, 1.0));
       },
       false},
      {"while_loop", [](const Function& f) { return looped(f, {.at_most = 3}); }, looped_reference, false},
      {"fori_loop",
       [](const Function& f) {
         return [f](const Var& x) {
           const auto body = [&](const Var& i, const Var& y) { return 0.5 * y + f(x * (1.0 - 0.1 * i)); };
           return xg::fori_loop(2, body, f(x));
         };
       },
       [](const Known& f, const Var& x) { return 0.75 * f(x) + f(0.9 * x); }, false},
      {"associative_scan",
       [](const Function& f) {
         return [f](const Var& x) {
           const auto combine = [](const Var& a, const Var& b) { return a + b + 0.02 * a * b; };
           const Var y = f(x);
           return view(xg::associative_scan(combine, xg::stack({y, f(0.9 * x), 0.3 * y})), -1);
         };
       },
       [](const Known& f, const Var& x) {
         const Var y = f(x);
         return 50.0 * ((1.0 + 0.02 * y) * (1.0 + 0.02 * f(0.9 * x)) * (1.0 + 0.006 * y) - 1.0);
       },
       false},
      {"linear_solve",
       [](const Function& f) {
         return [f](const Var& x) {
           const Var b = f(x);
           return xg::linear_solve([&](const Var& v) { return 4.0 * v + sin(0.1 * mean(b)) * v; }, b,
                                   {.tolerance = 1e-14});
         };
       },
       [](const Known& f, const Var& x) { return f(x) / (4.0 + sin(0.1 * mean(f(x)))); }, false},
      {"custom_vmap",
       [](const Function& f) -> Function {
         return xg::custom_vmap(f, [f](const Var& all) { return xg::vmap(f)(all); });
       },
       unchanged, false},
  };
}

std::vector<Transform> all_transforms() {
  std::vector<Transform> all = derivatives();
  for (Transform& each : others()) all.push_back(std::move(each));
  for (Transform& each : control()) all.push_back(std::move(each));
  return all;
}

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
