// Optimisers that treat matrices as matrices, and what they are made of.
#include "optim_rows.hpp"

#include <array>

BOOST_AUTO_TEST_SUITE(test_optim_matrix)

using namespace optim_rows;
using optim::Setting;
using std::sqrt;

namespace {

constexpr double rate = 0.05;

using Matrix = std::vector<Numbers>;

Matrix matrix_of(const Numbers& x, std::size_t rows, std::size_t columns) {
  Matrix m(rows, Numbers(columns));
  for (std::size_t i = 0; i < x.size(); ++i) m[i / columns][i % columns] = x[i];
  return m;
}
Numbers numbers_of(const Matrix& m) {
  Numbers all;
  for (const Numbers& row : m) all.insert(all.end(), row.begin(), row.end());
  return all;
}
Matrix product(const Matrix& a, const Matrix& b) {
  Matrix c(a.size(), Numbers(b[0].size()));
  for (std::size_t i = 0; i < a.size(); ++i) {
    for (std::size_t j = 0; j < b[0].size(); ++j) {
      for (std::size_t k = 0; k < b.size(); ++k) c[i][j] += a[i][k] * b[k][j];
    }
  }
  return c;
}
Matrix flipped(const Matrix& a) {
  Matrix c(a[0].size(), Numbers(a.size()));
  for (std::size_t i = 0; i < a.size(); ++i) {
    for (std::size_t j = 0; j < a[0].size(); ++j) c[j][i] = a[i][j];
  }
  return c;
}
Matrix sum(double s, const Matrix& a, double t, const Matrix& b) {
  Matrix c = a;
  for (std::size_t i = 0; i < a.size(); ++i) {
    for (std::size_t j = 0; j < a[0].size(); ++j) c[i][j] = s * a[i][j] + t * b[i][j];
  }
  return c;
}
Matrix identity(std::size_t n, double value = 1.0) {
  Matrix c(n, Numbers(n));
  for (std::size_t i = 0; i < n; ++i) c[i][i] = value;
  return c;
}
/// By elimination, of small matrices that are well conditioned.
Matrix inverse(Matrix a) {
  const std::size_t n = a.size();
  Matrix b = identity(n);
  for (std::size_t k = 0; k < n; ++k) {
    const double pivot = a[k][k];
    for (std::size_t j = 0; j < n; ++j) {
      a[k][j] /= pivot;
      b[k][j] /= pivot;
    }
    for (std::size_t i = 0; i < n; ++i) {
      if (i == k) continue;
      const double factor = a[i][k];
      for (std::size_t j = 0; j < n; ++j) {
        a[i][j] -= factor * a[k][j];
        b[i][j] -= factor * b[k][j];
      }
    }
  }
  return b;
}
/// By the iteration of Denman and Beavers.
Matrix square_root(const Matrix& a) {
  Matrix y = a;
  Matrix z = identity(a.size());
  for (int i = 0; i < 40; ++i) {
    const Matrix next = sum(0.5, y, 0.5, inverse(z));
    z = sum(0.5, z, 0.5, inverse(y));
    y = next;
  }
  return y;
}

void bias_by_adamw(Numbers& p, const Numbers& g, Arrays& kept, double t) {
  for (std::size_t i = 0; i < p.size(); ++i) {
    kept[0][i] = 0.9 * kept[0][i] + 0.1 * g[i];
    kept[1][i] = 0.95 * kept[1][i] + 0.05 * g[i] * g[i];
    p[i] -= 3e-4 * kept[0][i] / (1.0 - std::pow(0.9, t)) / (sqrt(kept[1][i] / (1.0 - std::pow(0.95, t))) + 1e-8);
  }
}

Reference muon_formula() {
  auto mean = std::make_shared<Matrix>(2, Numbers(3));
  auto kept = std::make_shared<Arrays>(2, Numbers(3));
  auto t = std::make_shared<double>(0.0);
  return [=](Arrays& p, const Arrays& g) {
    *t += 1.0;
    const Matrix slope = matrix_of(g[0], 2, 3);
    *mean = sum(0.95, *mean, 0.05, slope);
    Matrix x = sum(0.05, slope, 0.95, *mean);
    const double size = norm(numbers_of(x)) + 1e-7;
    x = sum(1.0 / size, x, 0.0, x);
    for (int k = 0; k < 5; ++k) {
      const Matrix a = product(x, flipped(x));
      x = sum(3.4445, x, 1.0, product(sum(-4.7750, a, 2.0315, product(a, a)), x));
    }
    const Numbers d = numbers_of(x);
    for (std::size_t i = 0; i < 6; ++i) p[0][i] -= rate * (sqrt(1.5) * d[i] + 0.01 * p[0][i]);
    bias_by_adamw(p[1], g[1], *kept, *t);
  };
}

Reference shampoo_formula() {
  auto left = std::make_shared<Matrix>(identity(2, 0.01));
  auto right = std::make_shared<Matrix>(identity(3, 0.01));
  auto sums = std::make_shared<Numbers>(3);
  return [=](Arrays& p, const Arrays& g) {
    const Matrix slope = matrix_of(g[0], 2, 3);
    *left = sum(1.0, *left, 1.0, product(slope, flipped(slope)));
    *right = sum(1.0, *right, 1.0, product(flipped(slope), slope));
    const Matrix l = inverse(square_root(square_root(*left)));
    const Matrix r = inverse(square_root(square_root(*right)));
    const Numbers d = numbers_of(product(product(l, slope), r));
    for (std::size_t i = 0; i < 6; ++i) p[0][i] -= rate * d[i];
    for (std::size_t i = 0; i < 3; ++i) {
      (*sums)[i] += g[1][i] * g[1][i];
      p[1][i] -= rate * g[1][i] / sqrt((*sums)[i]);
    }
  };
}

std::vector<Row> rows() {
  return {
      {"muon", [](const Setting& r) { return optim::muon({.rate = r, .decay = 0.01}); }, muon_formula, rate, 400, 0.9,
       false},
      {"shampoo", [](const Setting& r) { return optim::shampoo({.rate = r, .eps = 0.01}); }, shampoo_formula, rate, 400,
       0.05, false},
      {"soap",
       [](const Setting& r) { return optim::soap({.rate = r, .every = 2}); },
       {},
       rate,
       400,
       0.05,
       false,
       true,
       false},  // G^T G has the eigenvalue 0 here, and Adam makes a step of what rounding leaves there
      {"galore",
       [](const Setting& r) { return optim::galore(optim::adam({.rate = r}), {.rank = 1, .every = 3, .scale = 1.0}); },
       {},
       rate,
       400,
       0.05,
       false},
  };
}

}  // namespace

BOOST_AUTO_TEST_CASE(rows_of_the_table) {
  for (const Row& row : rows()) check(row);
}

namespace {

Var wave(const xg::Shape& shape, double phase) {
  auto array = xg::Array<double>::from_shape(shape);
  for (std::size_t i = 0; i < array.size(); ++i) {
    const auto x = static_cast<double>(i);
    array.data()[i] = std::sin(phase + 1.7 * x + 0.37 * x * x);
  }
  return {std::move(array)};
}
double largest_difference(const Var& a, const Var& b) { return amax(abs(a - b)).item<double>(); }

}  // namespace

// What turns the gradients turns the steps.
BOOST_AUTO_TEST_CASE(steps_turn_with_gradients) {
  const std::vector<optim::Optimiser> all{
      optim::soap({.every = 2}), optim::shampoo(), optim::muon({.others = {}}),
      optim::galore(optim::sgd({.rate = 0.1, .momentum = 0.9}), {.rank = 2, .every = 10})};
  const Var left = xg::linalg::qr(wave({3, 3}, 0.2)).q;
  const Var right = xg::linalg::qr(wave({4, 4}, 0.9)).q;
  for (const optim::Optimiser& optimiser : all) {
    // Full rank on the shorter side only; the wider side is turned by what leaves it as it is for soap, whose small
    // directions are noise otherwise.
    const bool square_only = optimiser.text().starts_with("soap");
    const std::size_t columns = square_only ? 3 : 4;
    const Var from_right = square_only ? xg::linalg::qr(wave({3, 3}, 1.4)).q : right;
    Var p = xg::zeros({3, columns});
    Var q = p;
    optim::State of_p = optimiser.init(p);
    optim::State of_q = optimiser.init(q);
    for (int i = 0; i < 5; ++i) {
      const Var g = wave({3, columns}, 0.3 + 0.1 * i);
      auto [u, next_p] = optimiser.update(g, of_p, p);
      auto [v, next_q] = optimiser.update(matmul(matmul(left, g), transpose(from_right)), of_q, q);
      of_p = next_p;
      of_q = next_q;
      p = optim::apply(p, u);
      q = optim::apply(q, v);
    }
    const double off = largest_difference(matmul(matmul(left, p), transpose(from_right)), q);
    BOOST_TEST(off < 1e-8, optimiser.text() << " is off by " << off);
    BOOST_TEST(amax(abs(p)).item<double>() > 1e-3);
  }
}

// Gradients of rank 1 leave eigenvalues that are rounding only.
BOOST_AUTO_TEST_CASE(shampoo_of_gradients_of_low_rank) {
  const optim::Optimiser shampoo = optim::shampoo({.rate = 1.0});
  for (const xg::DType dtype : {xg::DType::Float32, xg::DType::Float64}) {
    for (const double size : {0.1, 1.0, 1e4}) {
      const Var g = cast(size * wave({20, 1}, 1.0) * wave({1, 15}, 2.0), dtype);
      const Var p = zeros_like(g);
      optim::State state = shampoo.init(p);
      for (int i = 0; i < 5; ++i) {
        auto [u, next] = shampoo.update(g, state, p);
        state = next;
        // G = s a b^T has L^(-1/4) G R^(-1/4) = a b^T / sqrt(i + 1), for unit vectors a and b, but for eps.
        const double length = cast<double>(norm(u)).item<double>() * std::sqrt(i + 1.0);
        BOOST_TEST(std::abs(length - 1.0) < 0.1, "size " << size << ", step " << i << ": " << length);
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(soap_of_what_is_no_matrix_is_adam_one_step_later) {
  const optim::Optimiser soap = optim::soap({.rate = 0.1, .beta1 = 0.9, .beta2 = 0.99});
  const optim::Optimiser adam = optim::adam({.rate = 0.1, .beta1 = 0.9, .beta2 = 0.99});
  const Var p = wave({4}, 0.0);
  optim::State a = soap.update(wave({4}, 5.0), soap.init(p), p).state;
  optim::State b = adam.init(p);
  for (int i = 0; i < 3; ++i) {
    const Var g = wave({4}, 0.5 * i);
    auto [u, next_a] = soap.update(g, a, p);
    auto [v, next_b] = adam.update(g, b, p);
    BOOST_TEST(largest_difference(u, v) < 1e-15);
    a = next_a;
    b = next_b;
  }
}

// Gradients with the same singular vectors at each step: the singular values, and only these, get Adam, whichever of
// them is the largest.
BOOST_AUTO_TEST_CASE(soap_is_adam_of_singular_values) {
  const Var left = xg::linalg::qr(wave({3, 3}, 0.2)).q;
  const Var right = xg::linalg::qr(wave({3, 3}, 0.9)).q;
  for (const std::size_t every : {1U, 3U}) {
    const optim::Optimiser soap = optim::soap({.rate = 0.1, .beta1 = 0.9, .beta2 = 0.9, .every = every});
    const optim::Optimiser adam = optim::adam({.rate = 0.1, .beta1 = 0.9, .beta2 = 0.9});
    const Var p = xg::zeros({3, 3});
    const Var none = xg::zeros({3});
    optim::State a = soap.init(p);
    optim::State b = adam.init(none);
    for (int i = 0; i < 60; ++i) {
      auto values = xg::Array<double>::from_shape({3});
      for (std::size_t k = 0; k < 3; ++k) {
        const double tenth = static_cast<double>((i / 20 + static_cast<int>(k)) % 3);
        values.data()[k] = (1.0 + 0.2 * std::sin(0.7 * i + static_cast<double>(k))) * std::pow(10.0, -tenth);
      }
      const Var s(std::move(values));
      auto [u, next_a] = soap.update(matmul(left * s, transpose(right)), a, p);
      a = next_a;
      if (i == 0) continue;
      auto [v, next_b] = adam.update(s, b, none);
      b = next_b;
      const double off = largest_difference(u, matmul(left * v, transpose(right)));
      BOOST_TEST(off < 1e-6, "step " << i << ", every " << every << ": off by " << off);
    }
  }
}

BOOST_AUTO_TEST_CASE(galore_keeps_small_moments) {
  const optim::Optimiser optimiser = optim::galore(optim::adam({.rate = 0.1}), {.rank = 2, .scale = 0.5});
  const Var p = wave({3, 5}, 0.0);
  const Var g = wave({3, 5}, 1.0);
  const optim::State state = optimiser.init(p);
  bool found = false;
  const auto paths = xg::tree::paths(state);
  const auto arrays = xg::tree::leaves(state);
  for (std::size_t i = 0; i < paths.size(); ++i) {
    if (paths[i].ends_with("mu")) found = arrays[i].shape() == xg::Shape{2, 5};
  }
  BOOST_TEST(found);
  const Var u = optimiser.update(g, state, p).updates;
  const Var basis = view(xg::linalg::svd(g).u, xt::all(), xt::range(0, 2));
  const Var expected = -0.05 * matmul(basis, sign(matmul(transpose(basis), g)));
  BOOST_TEST(largest_difference(u, expected) < 1e-7);
}

BOOST_AUTO_TEST_CASE(newton_schulz_moves_singular_values_near_one) {
  for (const xg::Shape& shape : {xg::Shape{4, 4}, xg::Shape{3, 6}, xg::Shape{6, 3}}) {
    const Var s = xg::linalg::svdvals(xg::optim::newton_schulz(wave(shape, 0.1), 8));
    BOOST_TEST(amax(s).item<double>() < 1.3);
    BOOST_TEST(amin(s).item<double>() > 0.6);
  }
}

BOOST_AUTO_TEST_CASE(kfac_by_its_formula) {
  const optim::Optimiser optimiser = optim::kfac({.rate = 0.1, .momentum = 0.5, .damping = 0.04});
  const std::vector<Var> model{wave({2, 3}, 0.4)};
  optim::State state = optimiser.init(model);
  std::vector<Var> now = model;
  Matrix w = matrix_of(Numbers(model[0].array<double>().data(), model[0].array<double>().data() + 6), 2, 3);
  Matrix a = identity(2, 0.0);
  Matrix b = identity(3, 0.0);
  Matrix momentum(2, Numbers(3));
  double weight = 0.0;
  for (int step = 0; step < 4; ++step) {
    const Var x = wave({5, 2}, step);
    const Var d = wave({5, 3}, 2.0 + step);
    const std::vector<Var> g{matmul(transpose(x), d) / 5.0};
    auto [u, next] =
        optimiser.update(g, state, now, {.inputs = std::vector<Var>{x}, .output_gradients = std::vector<Var>{d}});
    state = next;
    now = optim::apply(now, u);

    const auto plain = [](const Var& v, std::size_t columns) {
      return matrix_of(Numbers(v.array<double>().data(), v.array<double>().data() + v.size()), v.shape(0), columns);
    };
    weight = 0.95 * weight + 0.05;
    a = sum(0.95, a, 0.05 / 5.0, product(flipped(plain(x, 2)), plain(x, 2)));
    b = sum(0.95, b, 0.05 / 5.0, product(flipped(plain(d, 3)), plain(d, 3)));
    const double pi = sqrt((a[0][0] + a[1][1]) / 2.0 / ((b[0][0] + b[1][1] + b[2][2]) / 3.0));
    const Matrix l = inverse(sum(1.0 / weight, a, pi * 0.2, identity(2)));
    const Matrix r = inverse(sum(1.0 / weight, b, 0.2 / pi, identity(3)));
    momentum = sum(0.5, momentum, 1.0, product(product(l, plain(g[0], 3)), r));
    w = sum(1.0, w, -0.1, momentum);
    const Numbers expected = numbers_of(w);
    for (std::size_t i = 0; i < 6; ++i) BOOST_TEST(std::abs(now[0].array<double>().data()[i] - expected[i]) < 1e-12);
  }
}

BOOST_AUTO_TEST_SUITE_END()
