// jacobian and hessian: both modes, trees, shapes.
#include "comparing.hpp"

#include <cmath>
#include <map>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <boost/test/unit_test.hpp>
#include <xgrad/xgrad.hpp>

BOOST_AUTO_TEST_SUITE(test_jacobian)

namespace xg = xgrad;
using comparing::near;
using comparing::same;
using comparing::throws;
using xg::Mode;
using xg::Shape;
using xg::Var;

namespace {

Var vector3() { return xt::xarray<double>{1.0, 2.0, 3.0}; }
Var matrix23() { return xt::xarray<double>{{0.5, -0.25, 1.0}, {1.5, 0.75, -0.5}}; }

constexpr Mode modes[] = {Mode::automatic, Mode::forward, Mode::reverse};

/// Zeros but for a diagonal.
Var on_diagonal(const Var& x) { return expand_dims(x, 1) * xg::one_hot(xt::xarray<int>{0, 1, 2}, 3); }

}  // namespace

BOOST_AUTO_TEST_CASE(of_a_linear_function) {
  for (const Mode mode : modes) {
    const Var j = xg::jacobian([](const Var& x) { return matmul(matrix23(), x); }, mode)(vector3());
    BOOST_TEST(!j.recorded());
    BOOST_TEST(same(j, matrix23()));
    const Var wide =
        xg::jacobian([](const Var& x) { return matmul(x, matrix23()); }, mode)(xt::xarray<double>{1.0, 2.0});
    BOOST_TEST(same(wide, transpose(matrix23())));
  }
}

BOOST_AUTO_TEST_CASE(shapes_are_output_then_input) {
  const Var x = matrix23();
  for (const Mode mode : modes) {
    const Var j = xg::jacobian([](const Var& y) { return transpose(y) * 2.0; }, mode)(x);
    BOOST_TEST(j.shape() == (Shape{3, 2, 2, 3}));
    for (std::size_t a = 0; a < 3; ++a) {
      for (std::size_t b = 0; b < 2; ++b) {
        for (std::size_t c = 0; c < 2; ++c) {
          for (std::size_t d = 0; d < 3; ++d) {
            BOOST_TEST(j.array<double>()(a, b, c, d) == (a == d && b == c ? 2.0 : 0.0));
          }
        }
      }
    }
    BOOST_TEST(same(xg::jacobian([](const Var& y) { return sum(y * y); }, mode)(x), 2.0 * x));
    BOOST_TEST(xg::jacobian([](const Var& y) { return y * y; }, mode)(3.0).item<double>() == 6.0);
    BOOST_TEST(same(xg::jacobian([](const Var& y) { return y * vector3(); }, mode)(3.0), vector3()));
  }
}

BOOST_AUTO_TEST_CASE(forward_is_reverse) {
  const auto f = [](const Var& x) { return tanh(matmul(matrix23(), sin(x) * x)) / sum(x); };
  const Var forward = xg::jacobian(f, Mode::forward)(vector3());
  const Var reverse = xg::jacobian(f, Mode::reverse)(vector3());
  BOOST_TEST(near(forward, reverse, 1e-14));
  // Column by column, row by row.
  const Var unit = xt::xarray<double>{0.0, 1.0, 0.0};
  BOOST_TEST(near(view(forward, xt::all(), 1), xg::jvp(f, vector3(), unit).tangent, 1e-15));
  BOOST_TEST(near(view(forward, 1), xg::vjp(f, vector3()).pullback(xt::xarray<double>{0.0, 1.0}), 1e-14));
}

BOOST_AUTO_TEST_CASE(several_positions) {
  const auto f = [](const Var& a, const Var& x, const Var& b) { return matmul(a, x) * b; };
  for (const Mode mode : modes) {
    const auto [da, db] = xg::jacobian<0, 2>(f, mode)(matrix23(), vector3(), 2.0);
    BOOST_TEST(da.shape() == (Shape{2, 2, 3}));
    BOOST_TEST(near(view(da, 0, 0), 2.0 * vector3()));
    BOOST_TEST(near(view(da, 0, 1), 0.0 * vector3()));
    BOOST_TEST(near(db, matmul(matrix23(), vector3())));
    BOOST_TEST(near(xg::jacobian<1>(f, mode)(matrix23(), vector3(), 2.0), 2.0 * matrix23()));
  }
}

BOOST_AUTO_TEST_CASE(trees) {
  using Tree = std::map<std::string, Var>;
  const Tree at{{"a", vector3()}, {"b", 2.0}};
  const auto f = [](const Tree& t) { return std::pair{t.at("a") * t.at("b"), sum(t.at("a"))}; };
  for (const Mode mode : modes) {
    const std::vector<Tree> j = xg::jacobian(f, mode)(at);
    BOOST_TEST(j.size() == 2U);
    BOOST_TEST(near(j[0].at("a"), on_diagonal(2.0 * ones_like(vector3()))));
    BOOST_TEST(near(j[0].at("b"), vector3()));
    BOOST_TEST(near(j[1].at("a"), ones_like(vector3())));
    BOOST_TEST(near(j[1].at("b"), 0.0));
    // A tree into a Var gives one tree.
    const Tree single = xg::jacobian([&](const Tree& t) { return f(t).first; }, mode)(at);
    BOOST_TEST(near(single.at("b"), vector3()));
    // A Var into a tree gives a list of Vars.
    const std::vector<Var> list = xg::jacobian(
        [](const Var& x) {
          return std::vector<Var>{x * x, sum(x)};
        },
        mode)(vector3());
    BOOST_TEST(near(list[0], on_diagonal(2.0 * vector3())));
    BOOST_TEST(near(list[1], ones_like(vector3())));
  }
}

BOOST_AUTO_TEST_CASE(without_dependence) {
  for (const Mode mode : modes) {
    const Var j = xg::jacobian([](const Var& x) { return stop_gradient(matmul(matrix23(), x)); }, mode)(vector3());
    BOOST_TEST(same(j, 0.0 * matrix23()));
    BOOST_TEST(same(xg::jacobian([](const Var&) { return Var(1.0); }, mode)(vector3()), 0.0 * vector3()));
  }
}

BOOST_AUTO_TEST_CASE(without_elements) {
  const Var none = xt::xarray<double>::from_shape({0});
  for (const Mode mode : modes) {
    BOOST_TEST(xg::jacobian([](const Var& x) { return x * 2.0; }, mode)(none).shape() == (Shape{0, 0}));
    BOOST_TEST(xg::jacobian([](const Var& x) { return sum(x) * vector3(); }, mode)(none).shape() == (Shape{3, 0}));
    BOOST_TEST(xg::jacobian([&](const Var& x) { return sum(x) * none; }, mode)(vector3()).shape() == (Shape{0, 3}));
    BOOST_TEST(xg::jacobian([](const Var& x) { return x; }, mode)(none).array<double>().size() == 0U);
  }
}

BOOST_AUTO_TEST_CASE(float32) {
  const xt::xarray<float> x{1.0F, 2.0F};
  for (const Mode mode : modes) {
    const Var j = xg::jacobian([](const Var& y) { return y * y; }, mode)(x);
    BOOST_TEST(same(j, Var(xt::xarray<float>{{2.0F, 0.0F}, {0.0F, 4.0F}})));
  }
}

BOOST_AUTO_TEST_CASE(errors) {
  const auto f = [](const Var& x) { return x * 1.0; };
  BOOST_TEST(throws<xg::TypeError>([&] { return xg::jacobian(f)(xt::xarray<int>{1}); }, {"jacobian", "int64 [1]"}));
  const auto vector = [](const Var& x) { return x * x; };
  BOOST_TEST(throws<xg::ShapeError>([&] { return xg::hessian(vector)(vector3()); }, {"hessian: the loss", "[3]"}));
  BOOST_TEST(throws<xg::ShapeError>([&] { return xg::hvp(vector, vector3(), vector3()); }, {"hvp: the loss", "[3]"}));
  BOOST_TEST(throws<xg::TypeError>([&] { return xg::jacobian([](const Var& x) { return x > 0.0; })(vector3()); },
                                   {"jacobian", "bool [3]", "output"}));
  const Var many = xt::xarray<double>(std::vector<std::size_t>{1, 1, 1, 1, 1}, 1.0);
  BOOST_TEST(throws<xg::ShapeError>([&] { return xg::jacobian(f)(many); }, {"8 dimensions"}));
}

BOOST_AUTO_TEST_CASE(hessian_of_a_quadratic_form) {
  const Var a = xt::xarray<double>{{2.0, 1.0, 0.0}, {-1.0, 3.0, 0.5}, {4.0, 0.0, 1.0}};
  const Var h = xg::hessian([&](const Var& x) { return dot(x, matmul(a, x)); })(vector3());
  BOOST_TEST(near(h, a + transpose(a)));
  BOOST_TEST(near(xg::hessian([](const Var& x) { return x * x * x; })(2.0), 12.0));
}

BOOST_AUTO_TEST_CASE(hessian_of_matrices) {
  const Var h = xg::hessian([](const Var& x) { return sum(square(x)); })(matrix23());
  BOOST_TEST(h.shape() == (Shape{2, 3, 2, 3}));
  BOOST_TEST(h.array<double>()(1, 2, 1, 2) == 2.0);
  BOOST_TEST(h.array<double>()(1, 2, 0, 2) == 0.0);
  BOOST_TEST(sum(h).item<double>() == 12.0);
}

BOOST_AUTO_TEST_CASE(hessian_of_a_tree) {
  using Tree = std::vector<Var>;
  const auto f = [](const Tree& t) { return sum(t[0] * t[0]) * t[1]; };
  const std::vector<Tree> h = xg::hessian(f)(Tree{vector3(), 5.0});
  BOOST_TEST(near(h[0][0], on_diagonal(10.0 * ones_like(vector3()))));
  BOOST_TEST(near(h[0][1], 2.0 * vector3()));
  BOOST_TEST(near(h[1][0], 2.0 * vector3()));
  BOOST_TEST(near(h[1][1], 0.0));
}

BOOST_AUTO_TEST_CASE(hessian_with_further_arguments) {
  const auto f = [](const Var& x, const Var& scale) { return sum(x * x * x) * scale; };
  BOOST_TEST(near(xg::hessian(f)(vector3(), 2.0), on_diagonal(12.0 * vector3())));
}

BOOST_AUTO_TEST_CASE(hessian_of_a_function_that_takes_a_gradient) {
  const auto energy = [](const Var& x) { return sum(x * x * x); };
  const auto f = [&](const Var& x) { return sum(square(xg::grad(energy)(x))); };  // sum 9 x^4
  BOOST_TEST(near(xg::hessian(f)(vector3()), on_diagonal(108.0 * vector3() * vector3())));
}

BOOST_AUTO_TEST_CASE(third_derivatives) {
  const auto f = [](const Var& x) { return prod(x); };
  const Var third = xg::jacobian(xg::hessian(f))(vector3());
  BOOST_TEST(third.shape() == (Shape{3, 3, 3}));
  for (std::size_t i = 0; i < 3; ++i) {
    for (std::size_t j = 0; j < 3; ++j) {
      for (std::size_t k = 0; k < 3; ++k) {
        const bool all_different = i != j && j != k && i != k;
        BOOST_TEST(third.array<double>()(i, j, k) == (all_different ? 1.0 : 0.0));
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(gradient_of_a_jacobian) {
  const auto f = [](const Var& x) {
    return sum(xg::jacobian([](const Var& y) { return y * y * y; }, Mode::reverse)(x)) +
           sum(xg::jacobian([](const Var& y) { return y * y; }, Mode::forward)(x));
  };
  BOOST_TEST(near(xg::grad(f)(vector3()), 6.0 * vector3() + 2.0));
}

BOOST_AUTO_TEST_CASE(as_many_axes_as_there_can_be) {
  // No axis is left for a batch of sweeps.
  const xg::Strides wide{2, 1, 1, 1, 1, 1, 1, 3};
  const Var weights = reshape(Var(xt::arange<double>(1.0, 7.0)), wide);
  const Var x = xt::xarray<double>{0.5, -1.0, 2.0, 0.25, 1.0, -0.5};
  for (const Mode mode : modes) {
    const Var j = xg::jacobian([&](const Var& y) { return sum(square(reshape(y, wide) * weights), 7); }, mode)(x);
    const Var plain = xg::jacobian([&](const Var& y) { return sum(square(y * flatten(weights))); }, mode)(x);
    BOOST_TEST(j.shape() == (Shape{2, 1, 1, 1, 1, 1, 1, 6}));
    BOOST_TEST(near(sum(reshape(j, {2, 6}), 0), plain));
    const Var by_number = xg::jacobian([&](const Var& s) { return s * s * weights; }, mode)(3.0);
    BOOST_TEST(near(by_number, 6.0 * weights));
    const Var of_scalar = xg::jacobian([](const Var& y) { return sum(square(y)); }, mode)(weights);
    BOOST_TEST(near(of_scalar, 2.0 * weights));
  }
}

BOOST_AUTO_TEST_CASE(more_elements_than_one_batch_takes) {
  const Var x = reshape(Var(xt::linspace<double>(-1.0, 1.0, 2200)), {2200});
  const auto f = [](const Var& y) { return sin(y) * sum(y * y); };
  const auto pullback = xg::vjp(f, x).pullback;
  for (const Mode mode : {Mode::forward, Mode::reverse}) {
    const Var j = xg::jacobian(f, mode)(x);
    for (const std::ptrdiff_t row : {0, 1905, 1906, 2199}) {
      auto unit = xg::Array<double>::from_shape({2200});
      std::fill_n(unit.data(), 2200, 0.0);
      unit.data()[row] = 1.0;
      BOOST_TEST(near(view(j, row), pullback(Var(std::move(unit)))));
    }
  }
}

BOOST_AUTO_TEST_CASE(the_user_chooses_how_many_rows_are_computed_at_once) {
  std::vector<std::size_t> extents;
  const auto seen = xg::custom_vmap([](const Var& v) { return Var(2.0 * v); },
                                    [&](const Var& batch) {
                                      extents.push_back(batch.shape()[0]);
                                      return Var(2.0 * batch);
                                    });
  const auto doubled = xg::custom_jvp([](const Var& x) { return Var(2.0 * x); },
                                      [seen](const Var&, const Var& tangent) { return seen(tangent); });
  const auto f = [doubled](const Var& x) { return sin(doubled(x)); };
  const Var x = xt::xarray<double>{0.1, 0.2, 0.3, 0.4, 0.5};
  const Var whole = xg::jacobian(f, Mode::forward)(x);
  const std::vector<std::vector<std::size_t>> expected{{1, 1, 1, 1, 1}, {2, 2, 1}, {5}, {5}};
  const std::vector<std::size_t> sizes{1, 2, 5, 1000};
  for (std::size_t k = 0; k < sizes.size(); ++k) {
    extents.clear();
    BOOST_TEST(same(xg::jacobian(f, {.mode = Mode::forward, .chunk_size = sizes[k]})(x), whole));
    BOOST_TEST(extents == expected[k], boost::test_tools::per_element());
    BOOST_TEST(near(
        xg::jacobian([](const Var& y) { return Var(sin(y) * y); }, {.mode = Mode::reverse, .chunk_size = sizes[k]})(x),
        xg::jacobian([](const Var& y) { return Var(sin(y) * y); })(x)));
    const auto loss = [](const Var& y) { return sum(sin(y) * y); };
    BOOST_TEST(near(xg::hessian(loss, sizes[k])(x), xg::hessian(loss)(x)));
  }
  BOOST_TEST(throws<xg::ValueError>([&] { return xg::jacobian(f, {.chunk_size = 0})(x); }, {"jacobian", "chunk_size"}));
}

BOOST_AUTO_TEST_SUITE_END()
