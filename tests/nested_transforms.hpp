// Transforms of functions of an array [4] into others, each with what values of the function alone say of the result.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <xgrad/xgrad.hpp>

#include "comparing.hpp"
#include "exported_programs.hpp"

namespace nested_transforms {

namespace xg = xgrad;
using comparing::wave;
using xg::Var;
using xg::whole;

using Function = std::function<Var(const Var&)>;

// ---- functions of an array [4]

struct Named {
  const char* name;
  Function f;
};

inline const Var& matrix() {
  static const Var w = wave({4, 4}, 1.1) * 0.3;
  return w;
}

/// Away from their kinks at point(), and at multiples of it.
inline const std::vector<Named>& functions() {
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

inline Var point() { return xt::xarray<double>{0.9, -0.6, 0.35, -1.3}; }
inline Var direction() { return wave({4}, 0.7) * 0.3; }

/// Numbers without a pattern, one for each element.
inline Var weights_of(const Var& y) { return wave(y.shape(), 0.4) * 0.4; }

inline Function weighed(Function f) {
  return [f = std::move(f)](const Var& x) {
    const Var y = f(x);
    return sum(y * weights_of(y));
  };
}

// ---- derivatives by differences

/// By central differences of sixth order. With a step of 1/200, what they leave out is f^(7) / 10^16, and what rounding
/// adds some 10^-14 of f.
inline Var difference(const Function& f, const Var& x, const Var& v) {
  constexpr double step = 0.005;
  const auto at = [&](double count) { return f(x + v * (count * step)); };
  return (45.0 * (at(1) - at(-1)) - 9.0 * (at(2) - at(-2)) + (at(3) - at(-3))) / (60.0 * step);
}

inline Var unit(const Var& x, std::size_t i) { return xg::one_hot(Var(static_cast<std::int64_t>(i)), x.size()); }

inline Var jacobian_by_differences(const Function& f, const Var& x) {
  std::vector<Var> columns;
  for (std::size_t i = 0; i < x.size(); ++i) columns.push_back(difference(f, x, unit(x, i)));
  return xg::stack(columns, -1);
}

// ---- transforms of functions into functions

/// A compiled function, for references: it computes the same, and many times as fast.
inline Function compiled(const Function& f) {
  return [f = xg::compile(f)](const Var& x) { return f(x); };
}
inline Function gradient(const Function& f) { return xg::grad(weighed(f)); }
inline Function slope(const Function& f, const Var& v) {
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

inline std::vector<Transform> derivatives() {
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

inline std::vector<Transform> others() {
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
inline Var size_of(const Var& x) { return sum(x * x); }

inline Function twice(const Function& f) {
  return [f](const Var& x) { return 2.0 * f(x); };
}

/// One run, y = 1.5 f(x), or two, so far from the origin that size_of(x) > 2.
inline Function looped(const Function& f, const xg::WhileOptions& options) {
  return [=](const Var& x) {
    const auto goes_on = [&](const std::pair<Var, Var>& c) { return c.second < 0.5 * size_of(x); };
    const auto body = [&](const std::pair<Var, Var>& c) {
      return std::pair{0.5 * c.first + f(x * (1.0 - 0.1 * c.second)), c.second + 1.0};
    };
    return xg::while_loop(goes_on, body, std::pair<Var, Var>{f(x), 0.0}, options).first;
  };
}
inline Var looped_reference(const Known& f, const Var& x) {
  return where(size_of(x) > 2.0, 0.75 * f(x) + f(0.9 * x), 1.5 * f(x));
}

inline std::vector<Transform> control() {
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

inline std::vector<Transform> all_transforms() {
  std::vector<Transform> all = derivatives();
  for (Transform& each : others()) all.push_back(std::move(each));
  for (Transform& each : control()) all.push_back(std::move(each));
  return all;
}

}  // namespace nested_transforms
