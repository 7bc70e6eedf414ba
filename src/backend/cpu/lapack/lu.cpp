// Triangular systems, LU factors, and what is computed with them.
#include <array>
#include <numeric>
#include <vector>

#include "fortran.hpp"
#include "stack.hpp"

namespace xgrad::backend::cpu {
namespace lapack {
namespace {

/// A triangle of a row-major matrix.
struct Triangle {
  bool lower, transposed, unit;
};

/// x = op(a)^-1 x, row-major. In columns, as BLAS has them, all of that is transposed.
template <class T>
void solve_triangle(const T* a, Triangle how, T* x, std::size_t n, std::size_t columns) {
  if (n == 0 || columns == 0) return;
  const char uplo = how.lower ? 'U' : 'L';
  const char diagonal = how.unit ? 'U' : 'N';
  const Int size = as_int(n);
  if (columns == 1) return trsv(uplo, how.transposed ? 'N' : 'T', diagonal, size, a, size, x);
  trsm('R', uplo, how.transposed ? 'T' : 'N', diagonal, as_int(columns), size, a, size, x, as_int(columns));
}

template <class T>
Fault require_pivots(const T* a, std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) {
    if (a[i * n + i] == T(0)) return {Fault::Kind::Singular, i};
  }
  return {};
}

/// LU of a matrix in rows: its transpose is what LAPACK takes and gives.
template <class T>
class LuWorker {
 public:
  explicit LuWorker(const KernelCall& call) : call_(call), stack_(*call.inputs[0].shape) {
    columns_.resize(stack_.size());
    pivots_.resize(std::min(stack_.rows, stack_.columns));
  }

  Fault operator()(std::size_t entry) {
    const T* a = call_.inputs[0].as<T>() + entry * stack_.size();
    if (const Fault fault = require_finite(a, stack_.size())) return fault;
    transpose(a, columns_.data(), stack_.rows, stack_.columns);
    if (!pivots_.empty()) {
      getrf(as_int(stack_.rows), as_int(stack_.columns), columns_.data(), leading(as_int(stack_.rows)), pivots_.data());
    }
    if (const Operand& packed = call_.outputs[0]; packed.data != nullptr) {
      transpose(columns_.data(), packed.as<T>() + entry * stack_.size(), stack_.columns, stack_.rows);
    }
    put_rows(entry);
    return {};
  }

  /// NaN, and the rows as they are.
  void fill(std::size_t entry) {
    fill_with_nan<T>(call_.outputs[0], entry, stack_.size());
    std::iota(pivots_.begin(), pivots_.end(), Int(1));
    put_rows(entry);
  }

 private:
  void put_rows(std::size_t entry) {
    if (std::int64_t* to = rows_of(1, entry, pivots_.size())) {
      for (std::size_t i = 0; i < pivots_.size(); ++i) to[i] = static_cast<std::int64_t>(pivots_[i]) - 1;
    }
    if (std::int64_t* to = rows_of(2, entry, stack_.rows)) {
      std::iota(to, to + stack_.rows, std::int64_t{0});
      for (std::size_t i = 0; i < pivots_.size(); ++i) std::swap(to[i], to[static_cast<std::size_t>(pivots_[i]) - 1]);
    }
  }
  std::int64_t* rows_of(std::size_t output, std::size_t entry, std::size_t count) {
    if (output >= call_.outputs.size() || call_.outputs[output].data == nullptr) return nullptr;
    return call_.outputs[output].as<std::int64_t>() + entry * count;
  }

  const KernelCall& call_;
  StackOf stack_;
  std::vector<T> columns_;
  std::vector<Int> pivots_;
};

/// x = op(A)^-1 b, from P A = L U.
template <class T>
void solve_with_lu(const T* lu, const std::int64_t* order, bool transposed, const T* b, T* x, std::size_t n,
                   std::size_t columns, std::vector<T>& work) {
  const auto row = [&](std::size_t i) {
    if (order[i] < 0 || static_cast<std::size_t>(order[i]) >= n) {
      throw ValueError("lu_solve: there is no row " + std::to_string(order[i]) + " of " + std::to_string(n));
    }
    return static_cast<std::size_t>(order[i]) * columns;
  };
  if (!transposed) {
    for (std::size_t i = 0; i < n; ++i) std::copy_n(b + row(i), columns, x + i * columns);
    solve_triangle(lu, {true, false, true}, x, n, columns);
    solve_triangle(lu, {false, false, false}, x, n, columns);
    return;
  }
  work.assign(b, b + n * columns);
  solve_triangle(lu, {false, true, false}, work.data(), n, columns);
  solve_triangle(lu, {true, true, true}, work.data(), n, columns);
  std::fill_n(x, n * columns, T(0));  // an order from a file may name a row twice, and another never
  for (std::size_t i = 0; i < n; ++i) std::copy_n(work.data() + i * columns, columns, x + row(i));
}

/// A product that may leave the range of numbers on its way.
class LongProduct {
 public:
  void multiply(double x) {
    int exponent = 0;
    mantissa_ = std::frexp(mantissa_ * x, &exponent);
    exponent_ += exponent;
  }
  [[nodiscard]] double value() const {
    constexpr std::int64_t most = 5000;  // beyond that it is 0 or infinite
    return std::ldexp(mantissa_, static_cast<int>(std::clamp(exponent_, -most, most)));
  }

 private:
  double mantissa_ = 1.0;
  std::int64_t exponent_ = 0;
};

/// f(entry), which has no memory of its own.
template <class F>
void for_each_factorised(std::string_view operation, const KernelCall& call, double steps, F f) {
  const Operand& a = call.inputs[0];
  for_each_matrix(
      operation, call, *a.shape, steps, [&] { return f; }, [](std::size_t) {});
}

/// The cofactors of a matrix in columns, by LU or by singular values. Derivatives of a determinant are continuous where
/// it is 0: with A = U diag(s) V^T they are det U det V U diag(products of all s but one) V^T.
template <class T>
class CofactorWorker {
 public:
  explicit CofactorWorker(std::size_t n) : n_(n), lu_(n * n), pivots_(n) {}

  Fault operator()(const T* a, T* out) {
    if (const Fault fault = require_finite(a, n_ * n_)) return fault;
    if (n_ == 1) {
      out[0] = T(1);
      return {};
    }
    lu_.assign(a, a + n_ * n_);
    const Int n = as_int(n_);
    getrf(n, n, lu_.data(), n, pivots_.data());
    return is_regular() && std::isnormal(static_cast<T>(determinant())) ? by_inverse(out) : by_singular_values(a, out);
  }

 private:
  [[nodiscard]] bool is_regular() const {
    T least = std::numeric_limits<T>::infinity();
    T largest(0);
    for (std::size_t i = 0; i < n_; ++i) {
      least = std::min(least, std::abs(lu_[i * n_ + i]));
      largest = std::max(largest, std::abs(lu_[i * n_ + i]));
    }
    return least > largest * std::sqrt(std::numeric_limits<T>::epsilon());
  }

  /// Of the factors that are in lu_.
  [[nodiscard]] double determinant() const {
    LongProduct product;
    for (std::size_t i = 0; i < n_; ++i) {
      product.multiply(static_cast<double>(lu_[i * n_ + i]));
      if (static_cast<std::size_t>(pivots_[i]) != i + 1) product.multiply(-1.0);
    }
    return product.value();
  }

  Fault by_inverse(T* out) const {
    const T scale = static_cast<T>(determinant());
    std::fill_n(out, n_ * n_, T(0));
    for (std::size_t i = 0; i < n_; ++i) out[i * n_ + i] = scale;
    const Int n = as_int(n_);
    getrs('T', n, n, lu_.data(), n, pivots_.data(), out, n);
    return {};
  }

  Fault by_singular_values(const T* a, T* out) {
    const Int n = as_int(n_);
    std::vector<T> copy(a, a + n_ * n_);
    std::vector<T> s(n_);
    std::vector<T> u(n_ * n_);
    std::vector<T> vt(n_ * n_);
    std::vector<Int> integers(8 * n_);
    std::vector<T> work(1);
    gesdd('A', n, n, copy.data(), n, s.data(), u.data(), n, vt.data(), n, work.data(), Int(-1), integers.data());
    work.resize(length_of_work(work[0]));
    if (gesdd('A', n, n, copy.data(), n, s.data(), u.data(), n, vt.data(), n, work.data(), as_int(work.size()),
              integers.data()) != 0) {
      return {Fault::Kind::NotConverged, 0};
    }
    const double sign = sign_of(u) * sign_of(vt);
    for (std::size_t j = 0; j < n_; ++j) {
      LongProduct others;
      others.multiply(sign);
      for (std::size_t k = 0; k < n_; ++k) {
        if (k != j) others.multiply(static_cast<double>(s[k]));
      }
      for (std::size_t i = 0; i < n_; ++i) u[j * n_ + i] *= static_cast<T>(others.value());
    }
    gemm('N', 'N', n, n, n, T(1), u.data(), n, vt.data(), n, T(0), out, n);
    return {};
  }

  /// The determinant of an orthogonal matrix.
  double sign_of(const std::vector<T>& orthogonal) {
    lu_ = orthogonal;
    const Int n = as_int(n_);
    getrf(n, n, lu_.data(), n, pivots_.data());
    return determinant() < 0.0 ? -1.0 : 1.0;
  }

  std::size_t n_;
  std::vector<T> lu_;
  std::vector<Int> pivots_;
};

}  // namespace
}  // namespace lapack

namespace kernels {

using namespace lapack;

void triangular_solve(const KernelCall& call) {
  const Operand& a = call.inputs[0];
  const std::size_t n = StackOf(*a.shape).rows;
  const StackOf right(*call.inputs[1].shape);
  const Triangle how{call.attributes[1] != 0, call.attributes[2] != 0, call.attributes[3] != 0};
  dispatch_floating(a.dtype, [&]<class T>() {
    T* const out = call.output().as<T>();
    for_each_matrix(
        "solve_triangular", call, *a.shape, product(n, n, right.columns),
        [&] {
          return [&](std::size_t entry) {
            const T* matrix = a.as<T>() + entry * n * n;
            if (const Fault fault = how.unit ? Fault() : require_pivots(matrix, n)) return fault;
            T* x = out + entry * right.size();
            std::copy_n(call.inputs[1].as<T>() + entry * right.size(), right.size(), x);
            solve_triangle(matrix, how, x, n, right.columns);
            return Fault();
          };
        },
        [&](std::size_t entry) { fill_with_nan<T>(call.output(), entry, right.size()); });
  });
}

void lu(const KernelCall& call) {
  const Operand& a = call.inputs[0];
  const StackOf stack(*a.shape);
  dispatch_floating(a.dtype, [&]<class T>() {
    for_each_matrix(
        "lu", call, *a.shape, product(stack.rows, stack.columns, std::min(stack.rows, stack.columns)),
        [&] { return LuWorker<T>(call); }, [&](std::size_t entry) { LuWorker<T>(call).fill(entry); });
  });
}

void lu_solve(const KernelCall& call) {
  const Operand& a = call.inputs[0];
  const std::size_t n = StackOf(*a.shape).rows;
  const StackOf right(*call.inputs[3].shape);
  dispatch_floating(a.dtype, [&]<class T>() {
    for_each_matrix(
        "solve", call, *a.shape, 2.0 * product(n, n, right.columns),
        [&] {
          return [&, work = std::vector<T>()](std::size_t entry) mutable {
            const T* factors = call.inputs[1].as<T>() + entry * n * n;
            if (const Fault fault = require_pivots(factors, n)) return fault;
            solve_with_lu(factors, call.inputs[2].as<std::int64_t>() + entry * n, call.attributes[1] != 0,
                          call.inputs[3].as<T>() + entry * right.size(), call.output().as<T>() + entry * right.size(),
                          n, right.columns, work);
            return Fault();
          };
        },
        [&](std::size_t entry) { fill_with_nan<T>(call.output(), entry, right.size()); });
  });
}

void log_abs_det(const KernelCall& call) {
  const std::size_t n = StackOf(*call.inputs[0].shape).rows;
  dispatch_floating(call.output().dtype, [&]<class T>() {
    for_each_factorised("slogdet", call, 20.0 * static_cast<double>(n), [&](std::size_t entry) {
      const T* factors = call.inputs[1].as<T>() + entry * n * n;
      double sum = 0.0;
      for (std::size_t i = 0; i < n; ++i) sum += std::log(std::abs(static_cast<double>(factors[i * n + i])));
      call.output().as<T>()[entry] = static_cast<T>(sum);
      return Fault();
    });
  });
}

void det(const KernelCall& call) {
  const std::size_t n = StackOf(*call.inputs[0].shape).rows;
  dispatch_floating(call.output().dtype, [&]<class T>() {
    for_each_factorised("det", call, 20.0 * static_cast<double>(n), [&](std::size_t entry) {
      const T* factors = call.inputs[1].as<T>() + entry * n * n;
      const std::int64_t* pivots = call.inputs[2].as<std::int64_t>() + entry * n;
      LongProduct product;
      for (std::size_t i = 0; i < n; ++i) {
        product.multiply(static_cast<double>(factors[i * n + i]));
        if (pivots[i] != static_cast<std::int64_t>(i)) product.multiply(-1.0);
      }
      call.output().as<T>()[entry] = static_cast<T>(product.value());
      return Fault();
    });
  });
}

void cofactor(const KernelCall& call) {
  const Operand& a = call.inputs[0];
  const std::size_t n = StackOf(*a.shape).rows;
  dispatch_floating(a.dtype, [&]<class T>() {
    for_each_matrix(
        "det", call, *a.shape, 3.0 * cube(n),
        [&] {
          return [&, worker = CofactorWorker<T>(n)](std::size_t entry) mutable {
            if (n == 0) return Fault();
            return worker(a.as<T>() + entry * n * n, call.output().as<T>() + entry * n * n);
          };
        },
        [&](std::size_t entry) { fill_with_nan<T>(call.output(), entry, n * n); });
  });
}

}  // namespace kernels
}  // namespace xgrad::backend::cpu
