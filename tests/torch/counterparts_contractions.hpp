// For each row of the table of operations that sums products over indices, the same in libtorch.
#pragma once

#include <ATen/ATen.h>

#include <string>
#include <vector>

namespace libtorch {

template <class Table>
void add_contractions(Table& table) {
  using at::Tensor;
  using Tensors = std::vector<Tensor>;
  const auto einsum = [&](const std::string& variant, const std::string& equation) {
    table["einsum." + variant] = [equation](const Tensors& x) { return at::einsum(equation, x); };
  };
  einsum("product", "ij,jk->ik");
  einsum("transposed", "ji,kj->ki");
  einsum("batch", "bhqd,bhkd->bhqk");
  einsum("batch_apart", "qbd,kdb->qkb");
  einsum("implicit", "ba,ca");
  einsum("trace", "ii");
  einsum("diagonal", "bii->ib");
  einsum("diagonals", "iijj,ij->j");
  einsum("sum", "ij,k->");
  einsum("elementwise", "ij,ji,j->ij");
  einsum("rows", "bi,bi->b");
  einsum("outer", "i,jk->kij");
  einsum("ellipsis", "...ij,...jk->...ik");
  einsum("bilinear", "bn,anm,bm->ba");
  einsum("network", "abc,cd,dbe,ef->af");
  table["tensordot"] = [](const Tensors& x) { return at::tensordot(x[0], x[1], {-2, -1}, {0, 1}); };
  table["tensordot.none"] = [](const Tensors& x) { return at::tensordot(x[0], x[1], {}, {}); };
  table["tensordot.axes"] = [](const Tensors& x) { return at::tensordot(x[0], x[1], {2, 0}, {0, -1}); };
  table["inner"] = [](const Tensors& x) { return at::inner(x[0], x[1]); };
  table["vdot"] = [](const Tensors& x) { return at::vdot(x[0].reshape({-1}), x[1].reshape({-1})); };
  table["kron"] = [](const Tensors& x) { return at::kron(x[0], x[1]); };
  table["cross"] = [](const Tensors& x) {
    const auto both = at::broadcast_tensors({x[0], x[1]});
    return at::linalg_cross(both[0], both[1], -1);
  };
}

}  // namespace libtorch
