#include "machine.hpp"

#include <cblas.h>

#include <memory>
#include <vector>

#include <xgrad/threads.hpp>

#include "../programs/problems.hpp"
#include "libtorch/libtorch.hpp"

// Present if the BLAS that was loaded is OpenBLAS.
extern "C" __attribute__((weak)) void openblas_set_num_threads(int count);
extern "C" __attribute__((weak)) int openblas_get_num_threads();

namespace bench {
namespace {

int blas_threads_of_xgrad = 1;
int blas_threads_of_libtorch = 1;

void set_blas_threads(int count) {
  if (openblas_set_num_threads != nullptr) openblas_set_num_threads(count);
}

void add_scaled(double* __restrict a, const double* __restrict b, const double* __restrict c, double s,
                std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) a[i] = b[i] + s * c[i];
}

/// C = A B of row-major matrices, A [m, k] and B [k, n] being stored transposed if that is asked for.
void product(CBLAS_TRANSPOSE a_transposed, CBLAS_TRANSPOSE b_transposed, std::size_t m, std::size_t n, std::size_t k,
             const std::vector<float>& a, const std::vector<float>& b, std::vector<float>& c) {
  const auto integer = [](std::size_t x) { return static_cast<int>(x); };
  cblas_sgemm(CblasRowMajor, a_transposed, b_transposed, integer(m), integer(n), integer(k), 1.0F, a.data(),
              integer(a_transposed == CblasTrans ? m : k), b.data(), integer(b_transposed == CblasTrans ? k : n), 0.0F,
              c.data(), integer(n));
}

}  // namespace

Step triad(std::size_t elements) {
  struct Operands {
    std::vector<double> a, b, c;
  };
  const std::vector<double> ones(elements, 1.0);
  const auto s = std::make_shared<Operands>(Operands{ones, ones, ones});
  return [s, elements] { add_scaled(s->a.data(), s->b.data(), s->c.data(), 3.0, elements); };
}

Step mlp_products(std::size_t batch) {
  constexpr std::size_t inputs = Batch::inputs, hidden = Batch::hidden, outputs = Batch::outputs;
  struct Matrices {
    std::vector<float> x, weight1, weight2, h, logits, d_logits, d_h, d_weight1, d_weight2;
  };
  const auto of = [](std::size_t size) { return std::vector<float>(size, 0.01F); };
  const auto s = std::make_shared<Matrices>(Matrices{.x = of(batch * inputs),
                                                     .weight1 = of(inputs * hidden),
                                                     .weight2 = of(hidden * outputs),
                                                     .h = of(batch * hidden),
                                                     .logits = of(batch * outputs),
                                                     .d_logits = of(batch * outputs),
                                                     .d_h = of(batch * hidden),
                                                     .d_weight1 = of(inputs * hidden),
                                                     .d_weight2 = of(hidden * outputs)});
  return [s, batch] {
    product(CblasNoTrans, CblasNoTrans, batch, hidden, inputs, s->x, s->weight1, s->h);
    product(CblasNoTrans, CblasNoTrans, batch, outputs, hidden, s->h, s->weight2, s->logits);
    product(CblasTrans, CblasNoTrans, hidden, outputs, batch, s->h, s->d_logits, s->d_weight2);
    product(CblasNoTrans, CblasTrans, batch, hidden, outputs, s->d_logits, s->weight2, s->d_h);
    product(CblasTrans, CblasNoTrans, inputs, hidden, batch, s->x, s->d_h, s->d_weight1);
  };
}

void set_threads_of_all(int count) {
  set_blas_threads(1);
  xgrad::set_threads(count);
  blas_threads_of_xgrad = openblas_get_num_threads != nullptr ? openblas_get_num_threads() : 1;
  libtorch::set_threads(count);
  blas_threads_of_libtorch = count;
}

void set_blas_threads_for(Library library) {
  set_blas_threads(library == Library::xgrad ? blas_threads_of_xgrad : blas_threads_of_libtorch);
}

}  // namespace bench
