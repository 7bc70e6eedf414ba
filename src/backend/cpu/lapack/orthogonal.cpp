// QR, singular values, and eigenvalues of symmetric matrices.
//
// A matrix in rows is its transpose in columns, as LAPACK has them: A = Q R comes of A^T = R^T Q^T, and A = U diag(s)
// V^T of A^T = V diag(s) U^T, whose factors are, in rows, what is wanted.
#include <vector>

#include "fortran.hpp"
#include "stack.hpp"

namespace xgrad::backend::cpu {
namespace lapack {
namespace {

/// Memory of one matrix of an output, or other memory if nobody wants that output.
template <class T>
T* output_of(const KernelCall& call, std::size_t which, std::size_t entry, std::size_t size, std::vector<T>& instead) {
  if (which < call.outputs.size() && call.outputs[which].data != nullptr) {
    return call.outputs[which].as<T>() + entry * size;
  }
  instead.resize(std::max<std::size_t>(size, 1));
  return instead.data();
}

bool wants(const KernelCall& call, std::size_t which) {
  return which < call.outputs.size() && call.outputs[which].data != nullptr;
}

template <class T>
class QrWorker {
 public:
  explicit QrWorker(const KernelCall& call)
      : call_(call), stack_(*call.inputs[0].shape), rank_(std::min(stack_.rows, stack_.columns)), tau_(rank_) {}

  Fault operator()(std::size_t entry) {
    const T* a = call_.inputs[0].as<T>() + entry * stack_.size();
    if (const Fault fault = require_finite(a, stack_.size())) return fault;
    if (rank_ == 0) return {};
    const Int rows = as_int(stack_.rows);
    const Int columns = as_int(stack_.columns);
    a_.assign(a, a + stack_.size());
    in_work([&](T* work, Int size) { gelqf(columns, rows, a_.data(), columns, tau_.data(), work, size); });
    if (wants(call_, 1)) put_triangle(call_.outputs[1].as<T>() + entry * rank_ * stack_.columns);
    if (!wants(call_, 0)) return {};
    T* q = call_.outputs[0].as<T>() + entry * stack_.rows * rank_;
    for (std::size_t i = 0; i < stack_.rows; ++i) std::copy_n(a_.data() + i * stack_.columns, rank_, q + i * rank_);
    const Int rank = as_int(rank_);
    in_work([&](T* work, Int size) { orglq(rank, rows, rank, q, rank, tau_.data(), work, size); });
    return {};
  }

 private:
  template <class F>
  void in_work(F f) {
    T best(1);
    f(&best, Int(-1));
    work_.resize(std::max(work_.size(), length_of_work(best)));
    f(work_.data(), as_int(work_.size()));
  }

  void put_triangle(T* r) const {
    for (std::size_t i = 0; i < rank_; ++i) {
      T* row = r + i * stack_.columns;
      std::fill_n(row, i, T(0));
      std::copy_n(a_.data() + i * stack_.columns + i, stack_.columns - i, row + i);
    }
  }

  const KernelCall& call_;
  StackOf stack_;
  std::size_t rank_;
  std::vector<T> tau_;
  std::vector<T> a_;
  std::vector<T> work_;
};

template <class T>
class SvdWorker {
 public:
  explicit SvdWorker(const KernelCall& call)
      : call_(call),
        stack_(*call.inputs[0].shape),
        rank_(std::min(stack_.rows, stack_.columns)),
        integers_(8 * rank_),
        vectors_(wants(call, 0) || wants(call, 2)) {}

  Fault operator()(std::size_t entry) {
    const T* a = call_.inputs[0].as<T>() + entry * stack_.size();
    if (const Fault fault = require_finite(a, stack_.size())) return fault;
    if (rank_ == 0) return {};
    a_.assign(a, a + stack_.size());
    T* u = output_of(call_, 0, entry, stack_.rows * rank_, u_);
    T* s = output_of(call_, 1, entry, rank_, s_);
    T* vt = output_of(call_, 2, entry, rank_ * stack_.columns, vt_);
    const auto run = [&](T* work, Int size) {
      const Int columns = as_int(stack_.columns);
      return gesdd(vectors_ ? 'S' : 'N', columns, as_int(stack_.rows), a_.data(), columns, s, vt, columns, u,
                   as_int(rank_), work, size, integers_.data());
    };
    if (work_.empty()) {
      T best(1);
      run(&best, Int(-1));
      work_.resize(length_of_work(best));
    }
    return run(work_.data(), as_int(work_.size())) == 0 ? Fault() : Fault{Fault::Kind::NotConverged, 0};
  }

 private:
  const KernelCall& call_;
  StackOf stack_;
  std::size_t rank_;
  std::vector<Int> integers_;
  bool vectors_;
  std::vector<T> a_, u_, s_, vt_, work_;
};

template <class T>
class EighWorker {
 public:
  explicit EighWorker(const KernelCall& call)
      : call_(call), n_(StackOf(*call.inputs[0].shape).rows), vectors_(wants(call, 1)) {}

  Fault operator()(std::size_t entry) {
    const T* a = call_.inputs[0].as<T>() + entry * n_ * n_;
    if (const Fault fault = require_finite_triangle(a, n_)) return fault;
    if (n_ == 0) return {};
    a_.assign(a, a + n_ * n_);
    T* w = output_of(call_, 0, entry, n_, w_);
    if (work_.empty()) {
      T best(1);
      Int best_integers = 1;
      run(w, &best, Int(-1), &best_integers, Int(-1));
      work_.resize(length_of_work(best));
      integers_.resize(static_cast<std::size_t>(best_integers));
    }
    if (run(w, work_.data(), as_int(work_.size()), integers_.data(), as_int(integers_.size())) != 0) {
      return {Fault::Kind::NotConverged, 0};
    }
    if (vectors_) transpose(a_.data(), call_.outputs[1].as<T>() + entry * n_ * n_, n_, n_);
    return {};
  }

 private:
  Int run(T* w, T* work, Int size, Int* integers, Int size_of_integers) {
    const Int n = as_int(n_);
    return syevd(vectors_ ? 'V' : 'N', 'U', n, a_.data(), n, w, work, size, integers, size_of_integers);
  }

  const KernelCall& call_;
  std::size_t n_;
  bool vectors_;
  std::vector<T> a_, w_, work_;
  std::vector<Int> integers_;
};

/// NaN in one matrix of all outputs.
template <class T>
void fill_outputs(const KernelCall& call, std::size_t entry, std::size_t count) {
  for (const Operand& output : call.outputs) {
    if (output.data != nullptr) fill_with_nan<T>(output, entry, size_of(*output.shape) / count);
  }
}

template <template <class> class Worker>
void decompose(std::string_view operation, const KernelCall& call, double steps) {
  const Operand& a = call.inputs[0];
  const std::size_t count = StackOf(*a.shape).count;
  dispatch_floating(a.dtype, [&]<class T>() {
    for_each_matrix(
        operation, call, *a.shape, steps, [&] { return Worker<T>(call); },
        [&](std::size_t entry) { fill_outputs<T>(call, entry, count); });
  });
}

double steps_of(const KernelCall& call, double factor) {
  const StackOf stack(*call.inputs[0].shape);
  return factor * product(stack.rows, stack.columns, std::min(stack.rows, stack.columns));
}

}  // namespace
}  // namespace lapack

namespace kernels {

using namespace lapack;

void qr(const KernelCall& call) { decompose<QrWorker>("qr", call, steps_of(call, 4.0)); }
void svd(const KernelCall& call) { decompose<SvdWorker>("svd", call, steps_of(call, 20.0)); }
void eigh(const KernelCall& call) { decompose<EighWorker>("eigh", call, steps_of(call, 9.0)); }

}  // namespace kernels
}  // namespace xgrad::backend::cpu
