// Programs with all sorts of loops.
#pragma once

#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <xgrad/xgrad.hpp>

#include "loops.hpp"

namespace loops {

namespace xg = xgrad;
using xg::Shape;
using xg::whole;

inline const auto softened = xg::custom_vjp(
    [](const Var& x) {
      const Var y = tanh(x);
      return std::pair{y, std::tuple{x}};
    },
    [](const std::tuple<Var>& r, const Var& dy) { return dy * (1.0 - square(tanh(std::get<0>(r)))); });

inline const auto forward_sine =
    xg::custom_jvp([](const Var& x) { return sin(x); }, [](const Var& x, const Var& dx) { return cos(x) * dx; });

inline const auto host_square = xg::custom_vjp(
    [](const Var& x) {
      static const auto square_of = xg::host_call(
          "square", [](const Shape& shape) { return shape; },
          [](const xg::Array<double>& y) -> xg::Array<double> { return y * y; });
      return std::pair{square_of(x), x};
    },
    [](const Var& x, const Var& dy) { return 2.0 * x * dy; });

/// f twice, as a list of programs needs it.
template <class F>
Twice twice(std::string name, F f, bool smooth = true) {
  return {std::move(name), [f](const Var& a, const Var& x, const Var& w) -> Var { return f(Scanned(), a, x, w); },
          [f](const Var& a, const Var& x, const Var& w) -> Var { return f(Unrolled(), a, x, w); }, smooth};
}

inline const std::vector<Twice>& plain_programs() {
  static const std::vector<Twice> list{
      twice("a recurrent net",
            [](auto loop, const Var& a, const Var& xs, const Var& w) {
              const auto [h, hs] = loop(
                  [&](const Var& before, const Var& x) {
                    const Var next = tanh(matmul(w, before) + x);
                    return std::pair{next, next};
                  },
                  a, xs);
              return sum(hs * hs) + h;
            }),
      twice("weights are computed once",
            [](auto loop, const Var& a, const Var& xs, const Var& w) {
              return loop(
                         [&](const Var& h, const Var& x) {
                           return std::pair{matmul(tanh(w), h) * 0.3 + x * sum(exp(-square(w))), h * x};
                         },
                         a, xs)
                  .second;
            }),
      twice("what is carried changes places",
            [](auto loop, const Var& a, const Var& xs, const Var& w) {
              const auto [last, all] = loop(
                  [&](const std::tuple<Var, Var, Var>& c, const Var& x) {
                    const auto& [p, q, r] = c;
                    return std::pair{std::tuple{q, r, p}, p * x + sin(r)};
                  },
                  std::tuple{a, sum(w, 0), exp(a * 0.1)}, xs);
              return sum(all, 0) + std::get<0>(last) * std::get<1>(last) + 0.5 * std::get<2>(last);
            }),
      twice("what is carried is handed on",
            [](auto loop, const Var& a, const Var& xs, const Var& w) {
              const auto [last, all] = loop(
                  [](const std::pair<Var, Var>& c, const Var& x) {
                    return std::pair{std::pair{sin(c.first) * c.second + x, c.second}, c.second * x};
                  },
                  std::pair{a, sum(w, 1)}, xs);
              return last.first * last.second + sum(all, 0);
            }),
      twice("what is carried next is the same in all runs",
            [](auto loop, const Var& a, const Var& xs, const Var& w) {
              const Var other = exp(sum(w, 0) * 0.2);
              const auto [last, all] = loop(
                  [&](const std::tuple<Var, Var, Var>& c, const Var& x) {
                    const auto& [p, q, r] = c;
                    return std::pair{std::tuple{other, xg::ones_like(q) * 2.0, p * x + q}, p * q + r};
                  },
                  std::tuple{a, a * a, a + 1.0}, xs);
              return sum(square(all)) + std::get<0>(last) * std::get<1>(last) + std::get<2>(last);
            }),
      twice("an element is carried",
            [](auto loop, const Var& a, const Var& xs, const Var&) {
              const auto [last, all] = loop([](const Var& h, const Var& x) { return std::pair{x, sin(h) * x}; }, a, xs);
              return sum(all, 0) * last;
            }),
      twice("unused outputs",
            [](auto loop, const Var& a, const Var& xs, const Var& w) {
              const auto [last, all] = loop(
                  [&](const std::pair<Var, Var>& c, const Var& x) {
                    return std::pair{std::pair{cos(c.first) + x, c.second * x},
                                     std::tuple{exp(c.first), c.first * sum(w, 0), c.second}};
                  },
                  std::pair{a, a}, xs);
              return std::get<1>(all);
            }),
      twice(
          "outputs that are no results",
          [](auto loop, const Var& a, const Var& xs, const Var& w) {
            const auto [last, all] = loop(
                [&](const Var& h, const Var& x) {
                  return std::pair{h * x + 0.5, std::tuple{h, x, w, h, xg::transpose(w), Var(xt::xarray<double>{2.0})}};
                },
                a, xs);
            const auto& [hs, elements, ws, again, turned, two] = all;
            return sum(hs * elements * again, 0) + sum(ws * ws * 0.3 + turned) * last + sum(two);
          }),
      twice("the same is carried twice",
            [](auto loop, const Var& a, const Var& xs, const Var&) {
              const auto [last, all] = loop(
                  [](const std::pair<Var, Var>& c, const Var& x) {
                    const Var next = c.first * sin(c.second) + x;
                    return std::pair{std::pair{next, next}, std::pair{next, next}};
                  },
                  std::pair{a, a}, xs);
              return last.first * last.second + sum(all.first * all.second, 0);
            }),
      twice("a matrix is carried",
            [](auto loop, const Var& a, const Var& xs, const Var& w) {
              const auto [last, all] = loop(
                  [&](const Var& m, const Var& x) {
                    return std::pair{0.4 * matmul(m, w) + xg::outer(x, a), matmul(m, x)};
                  },
                  tanh(w), xs);
              return sum(last) + all;
            }),
      twice("softmax and logsumexp",
            [](auto loop, const Var& a, const Var& xs, const Var& w) {
              const auto [last, all] = loop(
                  [&](const Var& h, const Var& x) {
                    const Var y = softmax(matmul(w, h)) * x + h;
                    return std::pair{y, xg::logsumexp(y)};
                  },
                  a, xs);
              return sum(all) + last;
            }),
      twice("without arrays",
            [](auto loop, const Var& a, const Var& xs, const Var& w) {
              return loop(
                         [&](const Var& h, const std::tuple<>&) {
                           return std::pair{sin(matmul(w, h)), h};
                         },
                         a, std::tuple<>(), {.length = xs.shape()[0]})
                  .second;
            }),
  };
  return list;
}

inline const std::vector<Twice>& mixed_programs() {
  static const std::vector<Twice> list{
      twice("from the last",
            [](auto loop, const Var& a, const Var& xs, const Var& w) {
              const auto [last, all] = loop(
                  [&](const Var& before, const Var& x) {
                    const Var h = tanh(matmul(w, before) * 0.5 + x);
                    return std::pair{h, h * x};
                  },
                  a, xs, {.reverse = true});
              return sum(square(all), 1) * sum(last);
            }),
      twice("there and back",
            [](auto loop, const Var& a, const Var& xs, const Var& w) {
              const auto step = [&](const Var& h, const Var& x) { return std::pair{sin(matmul(w, h) + x), h}; };
              const auto [there, hs] = loop(step, a, xs);
              const auto [back, all] = loop(step, there, hs * xs, {.reverse = true});
              return all * back + hs;
            }),
      twice("a loop in a loop",
            [](auto loop, const Var& a, const Var& xs, const Var& w) {
              return loop(
                         [&](const Var& h, const Var& x) {
                           const auto [inner, all] = loop(
                               [&](const Var& s, const Var& each) {
                                 const Var next = s * 0.5 + each * sum(h * w);
                                 return std::pair{next, sin(next)};
                               },
                               xg::sum(x), h * x);
                           return std::pair{tanh(all + inner), all};
                         },
                         a, xs)
                  .second;
            }),
      twice("numbers of runs and places",
            [](auto loop, const Var& a, const Var& xs, const Var& w) {
              const auto [last, all] = loop(
                  [&](const std::tuple<Var, Var, Var>& c, const Var& x) {
                    const auto& [h, i, odd] = c;
                    const Var row = take(w, i - 2 * cast(i > 2, xg::DType::Int64), 0);
                    const Var next = where(odd, sin(h) + row, h * x) * (1.0 + 0.1 * cast(i, xg::DType::Float64));
                    return std::pair{std::tuple{next, where(i > 1, i - 1, i + 1), !odd}, std::pair{next, i}};
                  },
                  std::tuple{a, Var(std::int64_t{0}) * cast(sum(a) < 1e9, xg::DType::Int64), sum(a) > 1e9}, xs);
              return sum(all.first, 0) * sum(cast(all.second, xg::DType::Float64)) + std::get<0>(last);
            }),
      twice("masks",
            [](auto loop, const Var& a, const Var& xs, const Var&) {
              // The square root of what is negative, and a division by zero, behind a mask.
              const auto [last, all] = loop(
                  [&](const Var& h, const Var& x) {
                    const Var y = where(x > 0.0, sqrt(x), 0.25 * x) + 0.5 * h;
                    return std::pair{where(y > 1e3, 1.0 / (y - y), sin(y)), y};
                  },
                  a, xs);
              return sum(all * all, 0) + last;
            }),
      twice("the largest and their places",
            [](auto loop, const Var& a, const Var& xs, const Var& w) {
              return loop(
                         [&](const Var& h, const Var& x) {
                           const auto [values, places] = xg::top_k(h + x, 2);
                           const Var rows = take(w, places, 0);
                           return std::pair{sin(h) + sum(values) * 0.2, xg::sum(rows * expand_dims(values, 1), 0)};
                         },
                         a, xs)
                  .second;
            }),
      twice("sums so far, sorted",
            [](auto loop, const Var& a, const Var& xs, const Var&) {
              return loop(
                         [&](const Var& h, const Var& x) {
                           return std::pair{xg::cumsum(x * h) * 0.3, xg::sort(h + x) * x};
                         },
                         a, xs)
                  .second;
            }),
      twice("derivatives of their own",
            [](auto loop, const Var& a, const Var& xs, const Var& w) {
              const auto [last, all] = loop(
                  [&](const Var& h, const Var& x) {
                    return std::pair{softened(matmul(w, h)) + x, forward_sine(h * x)};
                  },
                  a, xs);
              return sum(all, 0) + last;
            }),
      twice("a C++ function",
            [](auto loop, const Var& a, const Var& xs, const Var& w) {
              const auto [last, all] = loop(
                  [&](const Var& h, const Var& x) {
                    return std::pair{sin(host_square(h) + x), host_square(matmul(w, h))};
                  },
                  a, xs);
              return sum(all, 0) + last;
            }),
      twice("derivatives in the body",
            [](auto loop, const Var& a, const Var& xs, const Var& w) {
              const auto energy = [&](const Var& h) { return sum(sin(matmul(w, h)) * h); };
              const auto [last, all] = loop(
                  [&](const Var& h, const Var& x) {
                    const Var slope = xg::grad(energy)(h);
                    return std::pair{h - 0.1 * slope + x, xg::jvp(energy, h, x).tangent};
                  },
                  a, xs);
              return sum(all) + last;
            }),
      twice("batches in the body",
            [](auto loop, const Var& a, const Var& xs, const Var& w) {
              const auto each = [](const Var& row, const Var& h) { return tanh(dot(row, h)); };
              return loop(
                         [&](const Var& h, const Var& x) {
                           const Var y = xg::vmap(each, {.in = {0, whole}})(w, h);
                           return std::pair{y + x, y};
                         },
                         a, xs)
                  .second;
            }),
      twice(
          "no derivative flows on",
          [](auto loop, const Var& a, const Var& xs, const Var& w) {
            return loop(
                       [&](const Var& h, const Var& x) {
                         return std::pair{stop_gradient(sin(h)) * x + h * 0.3, matmul(w, stop_gradient(h))};
                       },
                       a, xs)
                .second;
          },
          false),
      twice("loops of loops' outputs",
            [](auto loop, const Var& a, const Var& xs, const Var& w) {
              const auto add = [&](const Var& s, const Var& x) { return std::pair{s + x, sin(s)}; };
              const auto [p, ps] = loop(add, a, xs);
              const auto [q, qs] = loop(add, p, ps * ps);
              const auto [r, rs] = loop(add, sum(w, 0), xs * qs, {.reverse = true});
              return sum(rs) * r + q * sum(ps, 0);
            }),
  };
  return list;
}

}  // namespace loops
