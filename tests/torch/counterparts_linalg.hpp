// For each row of linear algebra the same in libtorch.
#pragma once

#include <ATen/ATen.h>

#include <functional>
#include <limits>
#include <map>
#include <string>
#include <vector>

namespace libtorch {

using Tensors = std::vector<at::Tensor>;

// The arguments as the rows make them.
inline at::Tensor regular(const at::Tensor& x, double size = 3.0) {
  return x + size * at::eye(x.size(-1), x.options());
}
inline at::Tensor symmetric(const at::Tensor& x) { return 0.5 * (x + x.transpose(-1, -2)); }
inline at::Tensor definite(const at::Tensor& x) { return regular(at::matmul(x, x.transpose(-1, -2)), 0.5); }
inline at::Tensor flat(const std::vector<at::Tensor>& all) {
  std::vector<at::Tensor> parts;
  for (const at::Tensor& x : all) parts.push_back(x.reshape({-1}));
  return at::cat(parts);
}

/// libtorch's triangles take matrices on the right only.
inline at::Tensor solve_triangle(const at::Tensor& a, const at::Tensor& b, bool upper, bool unit = false) {
  const bool is_vector = b.dim() == 1;
  const at::Tensor x = at::linalg_solve_triangular(a, is_vector ? b.unsqueeze(-1) : b, upper, true, unit);
  return is_vector ? x.squeeze(-1) : x;
}

inline at::Tensor function_of_symmetric(const at::Tensor& a, at::Tensor (*f)(const at::Tensor&)) {
  const auto [w, v] = at::linalg_eigh(a);
  return at::matmul(v * f(w).unsqueeze(-2), v.transpose(-1, -2));
}

template <class Table>
void add_factors(Table& table) {
  table["cholesky"] = [](const Tensors& x) { return at::linalg_cholesky(definite(x[0])); };
  table["cho_solve"] = [](const Tensors& x) {
    const bool is_vector = x[1].dim() == 1;
    const at::Tensor l = at::linalg_cholesky(definite(x[0]));
    const at::Tensor result = at::cholesky_solve(is_vector ? x[1].unsqueeze(-1) : x[1], l);
    return is_vector ? result.squeeze(-1) : result;
  };
  table["lu"] = [](const Tensors& x) {
    const auto [p, l, u] = at::linalg_lu(x[0]);
    return flat({l, u});
  };
  table["qr"] = [](const Tensors& x) {
    const auto [q, r] = at::linalg_qr(x[0]);
    return flat({q, r});
  };
  table["svd"] = [](const Tensors& x) {
    const auto [u, s, vt] = at::linalg_svd(x[0], false);
    return flat({s, u.square(), vt.square()});
  };
  table["svdvals"] = [](const Tensors& x) { return at::linalg_svdvals(x[0]); };
  table["eigh"] = [](const Tensors& x) {
    const auto [w, v] = at::linalg_eigh(symmetric(x[0]));
    return flat({w, v.square()});
  };
  table["eigvalsh"] = [](const Tensors& x) { return at::linalg_eigvalsh(symmetric(x[0])); };
}

template <class Table>
void add_solutions(Table& table) {
  // Of one equation in a vector, libtorch's gradient has another shape than the matrix.
  table["solve"] = [](const Tensors& x) {
    const bool is_vector = x[1].dim() == 1;
    const at::Tensor result = at::linalg_solve(regular(x[0]), is_vector ? x[1].unsqueeze(-1) : x[1]);
    return is_vector ? result.squeeze(-1) : result;
  };
  table["solve_triangular"] = [](const Tensors& x) { return solve_triangle(regular(x[0]).triu(), x[1], true); };
  table["solve_triangular.lower"] = [](const Tensors& x) { return solve_triangle(regular(x[0]).tril(), x[1], false); };
  table["solve_triangular.transposed"] = [](const Tensors& x) {
    const at::Tensor a = regular(x[0]);
    return solve_triangle(a.tril().transpose(-1, -2), x[1], true) +
           solve_triangle(a.triu().transpose(-1, -2), x[1], false);
  };
  table["solve_triangular.unit_diagonal"] = [](const Tensors& x) {
    return solve_triangle(x[0].tril(), x[1], false, true) +
           solve_triangle(x[0].triu().transpose(-1, -2), x[1], false, true);
  };
  table["inv"] = [](const Tensors& x) { return at::linalg_inv(regular(x[0])); };
  table["det"] = [](const Tensors& x) { return at::linalg_det(regular(x[0], 1.0)); };
  table["slogdet"] = [](const Tensors& x) { return std::get<1>(at::linalg_slogdet(regular(x[0]))); };
  table["pinv"] = [](const Tensors& x) { return at::linalg_pinv(x[0], 1e-12); };
  table["lstsq"] = [](const Tensors& x) { return at::matmul(at::linalg_pinv(x[0], 1e-12), x[1]); };
}

template <class Table>
void add_matrix_functions(Table& table) {
  table["matrix_power"] = [](const Tensors& x) {
    return at::linalg_matrix_power(x[0], 3) + at::linalg_matrix_power(regular(x[0]), -2);
  };
  table["expm"] = [](const Tensors& x) { return at::linalg_matrix_exp(x[0]); };
  table["logm"] = [](const Tensors& x) { return function_of_symmetric(definite(x[0]), at::log); };
  table["sqrtm"] = [](const Tensors& x) { return function_of_symmetric(definite(x[0]), at::sqrt); };
  table["multi_dot"] = [](const Tensors& x) { return at::linalg_multi_dot({x[0], x[1], x[0], x[1]}); };
  table["block_diag"] = [](const Tensors& x) { return at::block_diag({x[0], x[1], x[0]}); };
}

template <class Table>
void add_norms(Table& table) {
  const auto of_matrix = [&](const std::string& key, const at::Scalar& order) {
    table["matrix_norm." + key] = [order](const Tensors& x) { return at::linalg_matrix_norm(x[0], order); };
  };
  constexpr double infinity = std::numeric_limits<double>::infinity();
  table["matrix_norm"] = [](const Tensors& x) { return at::linalg_matrix_norm(x[0], "fro"); };
  table["matrix_norm.nuclear"] = [](const Tensors& x) { return at::linalg_matrix_norm(x[0], "nuc"); };
  of_matrix("one", 1);
  of_matrix("minus_one", -1);
  of_matrix("two", 2);
  of_matrix("minus_two", -2);
  of_matrix("inf", infinity);
  of_matrix("minus_inf", -infinity);
  table["condition"] = [](const Tensors& x) { return at::linalg_cond(regular(x[0]), 2); };
  // libtorch overwrites what its own derivative of these needs.
  const auto condition = [&](const std::string& key, const auto& norm) {
    table["condition." + key] = [norm](const Tensors& x) {
      const at::Tensor a = regular(x[0]);
      return norm(a) * norm(at::linalg_inv(a));
    };
  };
  condition("one", [](const at::Tensor& a) { return at::linalg_matrix_norm(a, 1); });
  condition("frobenius", [](const at::Tensor& a) { return at::linalg_matrix_norm(a, "fro"); });
}

template <class Table>
void add_linalg(Table& table) {
  add_factors(table);
  add_solutions(table);
  add_matrix_functions(table);
  add_norms(table);
}

}  // namespace libtorch
