// Rows of linear algebra.
#include "ops_table_rows.hpp"

#include <string>

namespace xgrad::testing {
namespace {

using linalg::MatrixNorm;
using Function = Var (*)(const Var&);

Var transposed(const Var& x) {
  Shape order;
  for (std::size_t i = 0; i < x.dimension(); ++i) order.push_back(i);
  std::swap(order[order.size() - 1], order[order.size() - 2]);
  return transpose(x, Axes(order));
}

/// x plus a multiple of the unit matrix, which has an inverse.
Var regular(const Var& x, double size = 3.0) { return x + size * linalg::matrix_power(x, 0); }
Var symmetric(const Var& x) { return 0.5 * (x + transposed(x)); }
/// Positive definite.
Var definite(const Var& x) { return regular(matmul(x, transposed(x)), 0.5); }
/// All elements of several results.
Var flat(const std::vector<Var>& all) {
  std::vector<Var> parts;
  for (const Var& x : all) parts.push_back(flatten(x));
  return concatenate(parts);
}

class Table {
 public:
  Table(Rows& rows, Random& random) : rows_(rows), random_(random) {}

  /// A row of functions of one argument, at random numbers.
  void one(const std::string& name, Function f, const std::vector<Shape>& shapes,
           const std::vector<std::string>& primitives = {}, bool compared = true) {
    std::vector<Case> cases;
    for (const Shape& shape : shapes) cases.push_back({random_.uniform(shape)});
    OpRow row{.name = name, .function = [f](const Case& x) { return f(x[0]); }, .smooth = cases};
    row.primitives = primitives;
    if (!compared) row.torch = {};
    rows_.push_back(std::move(row));
  }
  void two(const std::string& name, Var (*f)(const Var&, const Var&),
           const std::vector<std::pair<Shape, Shape>>& shapes, const std::vector<std::string>& primitives = {},
           bool compared = true) {
    std::vector<Case> cases;
    for (const auto& [a, b] : shapes) cases.push_back({random_.uniform(a), random_.uniform(b)});
    OpRow row{.name = name, .function = [f](const Case& x) { return f(x[0], x[1]); }, .smooth = cases};
    row.primitives = primitives;
    if (!compared) row.torch = {};
    rows_.push_back(std::move(row));
  }

 private:
  Rows& rows_;
  Random& random_;
};

void append_cholesky(Table& table) {
  table.one("cholesky", [](const Var& x) { return linalg::cholesky(definite(x)); }, {{3, 3}, {2, 2, 2}, {1, 1}},
            {"cholesky", "cholesky_tangent", "cholesky_cotangent"});
  table.two("cho_solve", [](const Var& x, const Var& b) { return linalg::cho_solve(linalg::cholesky(definite(x)), b); },
            {{{3, 3}, {3}}, {{2, 2, 2}, {2, 2, 1}}}, {"triangular_solve"});
  table.two(
      "cho_solve.many", [](const Var& x, const Var& b) { return linalg::cho_solve(regular(x), b); },
      {{{2, 2}, {3, 2, 2}}}, {}, false);
}

void append_triangles(Table& table) {
  table.two("solve_triangular", [](const Var& a, const Var& b) { return linalg::solve_triangular(regular(a), b); },
            {{{3, 3}, {3, 2}}, {{2, 2}, {2}}, {{2, 2, 2}, {2, 2, 2}}, {{1, 1}, {1, 2}}}, {"triangular_solve"});
  table.two("solve_triangular.lower",
            [](const Var& a, const Var& b) { return linalg::solve_triangular(regular(a), b, {.lower = true}); },
            {{{3, 3}, {3, 2}}, {{2, 2}, {2, 2, 1}}});
  table.two("solve_triangular.transposed",
            [](const Var& a, const Var& b) {
              return linalg::solve_triangular(regular(a), b, {.lower = true, .transposed = true}) +
                     linalg::solve_triangular(regular(a), b, {.lower = false, .transposed = true});
            },
            {{{3, 3}, {3, 2}}, {{2, 2, 2}, {2, 1}}});
  table.two("solve_triangular.unit_diagonal",
            [](const Var& a, const Var& b) {
              return linalg::solve_triangular(a, b, {.lower = true, .unit_diagonal = true}) +
                     linalg::solve_triangular(a, b, {.lower = false, .transposed = true, .unit_diagonal = true});
            },
            {{{3, 3}, {3, 2}}});
}

void append_lu(Table& table) {
  const auto factors = [](const Var& a) {
    const auto [l, u, permutation, pivots] = linalg::lu(a);
    return flat({l, u});
  };
  table.one("lu", factors, {{3, 3}, {2, 2, 2}, {1, 1}, {2, 4}, {4, 2}}, {"lu"});
  table.two("solve", [](const Var& a, const Var& b) { return linalg::solve(regular(a), b); },
            {{{3, 3}, {3}}, {{2, 2, 2}, {2, 2, 1}}, {{1, 1}, {1}}}, {"lu", "lu_solve"});
  table.two(
      "solve.many", [](const Var& a, const Var& b) { return linalg::solve(regular(a), b); },
      {{{2, 2}, {2, 2, 1}}, {{2, 1, 2, 2}, {3, 2, 1}}, {{2, 2, 2}, {2}}}, {}, false);
  table.one("inv", [](const Var& a) { return linalg::inv(regular(a)); }, {{3, 3}, {2, 2, 2}, {1, 1}}, {"lu_solve"});
  table.one("det", [](const Var& a) { return linalg::det(regular(a, 1.0)); }, {{3, 3}, {2, 2, 2}, {1, 1}},
            {"det", "cofactor"});
  table.one("slogdet", [](const Var& a) { return linalg::slogdet(regular(a)).logabsdet; }, {{3, 3}, {2, 2, 2}, {1, 1}},
            {"log_abs_det"});
  table.two(
      "solve_toeplitz",
      [](const Var& c, const Var& b) { return linalg::solve_toeplitz(c + 3.0 * equal(c, view(c, 0)), 0.5 * c, b); },
      {{{3}, {3}}}, {}, false);
  table.two(
      "toeplitz", [](const Var& c, const Var& r) { return linalg::toeplitz(c, r) * linalg::toeplitz(c, c + r); },
      {{{3}, {3}}, {{2, 2}, {2, 2}}}, {}, false);
}

void append_orthogonal(Table& table) {
  const auto qr = [](const Var& a) {
    const auto [q, r] = linalg::qr(a);
    return flat({q, r});
  };
  table.one("qr", qr, {{3, 3}, {2, 2, 2}, {4, 2}, {2, 4}, {1, 1}}, {"qr"});
  // Signs of vectors may be any: squares do not depend on them.
  const auto svd = [](const Var& a) {
    const auto [u, s, vt] = linalg::svd(a);
    return flat({s, square(u), square(vt)});
  };
  table.one("svd", svd, {{3, 3}, {2, 2, 2}, {3, 2}, {2, 3}, {1, 1}}, {"svd"});
  table.one("svdvals", [](const Var& a) { return linalg::svdvals(a); }, {{3, 2}, {2, 3}, {2, 2, 2}}, {"svd"});
  const auto eigh = [](const Var& a) {
    const auto [w, v] = linalg::eigh(symmetric(a));
    return flat({w, square(v)});
  };
  table.one("eigh", eigh, {{3, 3}, {2, 2, 2}, {1, 1}}, {"eigh"});
  table.one("eigvalsh", [](const Var& a) { return linalg::eigvalsh(symmetric(a)); }, {{3, 3}, {2, 2, 2}}, {"eigh"});
}

void append_least_squares(Table& table) {
  table.one("pinv", [](const Var& a) { return linalg::pinv(a); }, {{3, 2}, {2, 3}, {2, 2, 2}, {1, 1}});
  table.two("lstsq", [](const Var& a, const Var& b) { return linalg::lstsq(a, b); },
            {{{3, 2}, {3, 2}}, {{2, 3}, {2, 1}}, {{2, 3, 2}, {2, 3, 1}}});
}

void append_matrix_functions(Table& table) {
  table.one("matrix_power",
            [](const Var& a) { return linalg::matrix_power(a, 3) + linalg::matrix_power(regular(a), -2); },
            {{2, 2}, {2, 2, 2}});
  table.one("expm", [](const Var& a) { return linalg::expm(a); }, {{3, 3}, {2, 2, 2}, {1, 1}}, {"expm"});
  table.one(
      "expm.small", [](const Var& a) { return linalg::expm(0.003 * a); }, {{2, 2}}, {}, false);
  table.one(
      "expm.large", [](const Var& a) { return linalg::expm(4.0 * a); }, {{2, 2}}, {}, false);
  table.one("logm", [](const Var& a) { return linalg::logm(definite(a)); }, {{3, 3}, {2, 2, 2}, {1, 1}},
            {"symmetric_function"});
  table.one("sqrtm", [](const Var& a) { return linalg::sqrtm(definite(a)); }, {{3, 3}, {2, 2, 2}, {1, 1}},
            {"symmetric_function"});
  table.two("multi_dot",
            [](const Var& a, const Var& b) {
              return linalg::multi_dot({a, b, a, b});
            },
            {{{2, 3}, {3, 2}}});
  table.two("block_diag", [](const Var& a, const Var& b) { return linalg::block_diag({a, b, a}); }, {{{2, 3}, {1, 2}}});
}

template <MatrixNorm which>
Var norm_of(const Var& a) {
  return linalg::matrix_norm(a, which);
}
template <MatrixNorm which>
Var condition_of(const Var& a) {
  return linalg::cond(regular(a), which);
}

void append_norms(Table& table) {
  const std::vector<Shape> shapes{{3, 2}, {2, 2, 3}};
  table.one("matrix_norm", norm_of<MatrixNorm::Frobenius>, shapes);
  table.one("matrix_norm.nuclear", norm_of<MatrixNorm::Nuclear>, shapes);
  table.one("matrix_norm.one", norm_of<MatrixNorm::One>, shapes);
  table.one("matrix_norm.minus_one", norm_of<MatrixNorm::MinusOne>, shapes);
  table.one("matrix_norm.two", norm_of<MatrixNorm::Two>, shapes);
  table.one("matrix_norm.minus_two", norm_of<MatrixNorm::MinusTwo>, shapes);
  table.one("matrix_norm.inf", norm_of<MatrixNorm::Inf>, shapes);
  table.one("matrix_norm.minus_inf", norm_of<MatrixNorm::MinusInf>, shapes);
  table.one("condition", condition_of<MatrixNorm::Two>, {{3, 3}, {2, 2, 2}});
  table.one("condition.one", condition_of<MatrixNorm::One>, {{2, 2}});
  table.one("condition.frobenius", condition_of<MatrixNorm::Frobenius>, {{2, 2}});
}

}  // namespace

void append_linalg(Rows& rows) {
  Random random(17);
  Table table(rows, random);
  append_cholesky(table);
  append_triangles(table);
  append_lu(table);
  append_orthogonal(table);
  append_least_squares(table);
  append_matrix_functions(table);
  append_norms(table);
}

}  // namespace xgrad::testing
