// Kernels that do the work of two: arithmetic on the result of arithmetic, and sums of products. What lies between the
// two stays in a register; each is rounded as if it stood alone.
#pragma once

#include "kernels.hpp"

namespace xgrad::kernels {

template <class Arch>
struct PairKernels {
  using Single = FloatKernels<Arch>;
  template <class T>
  using Pack = simd::Pack<T, Arch>;

  template <First first, class T>
  [[gnu::always_inline]] static Pack<T> begin(Pack<T> a, Pack<T> b) {
    if constexpr (first == First::Add) return a + b;
    else if constexpr (first == First::Subtract) return a - b;
    else if constexpr (first == First::Multiply) return a * b;
    else return a / b;
  }
  template <Second second, class T>
  [[gnu::always_inline]] static Pack<T> end(Pack<T> t, Pack<T> c) {
    if constexpr (second == Second::Add) return t + c;
    else if constexpr (second == Second::Subtract) return t - c;
    else if constexpr (second == Second::SubtractFrom) return c - t;
    else return t * c;
  }

  template <First first, Second second, class T, unsigned modes>
  [[gnu::flatten]] static void pair(const Frame& frame, std::byte* const* slots, const Instruction& i) {
    using A = typename Single::template Operand<T, (modes & 1U) != 0>;
    using B = typename Single::template Operand<T, (modes & 2U) != 0>;
    using C = typename Single::template Operand<T, (modes & 4U) != 0>;
    Single::template map<T>(
        frame.count, Single::template at<T>(slots, i.out),
        [](Pack<T> a, Pack<T> b, Pack<T> c)
            __attribute__((always_inline)) { return end<second, T>(begin<first, T>(a, b), c); },
        A(Single::template at<const T>(slots, i.a)), B(Single::template at<const T>(slots, i.b)),
        C(Single::template at<const T>(slots, i.c)));
  }

  template <class T>
  static typename Single::template Products<T> products(std::byte* const* slots, const Instruction& i) {
    return {Single::template at<const T>(slots, i.a), Single::template at<const T>(slots, i.b)};
  }
  template <class T>
  [[gnu::flatten]] static void sum_rows(const Frame& frame, std::byte* const* slots, const Instruction& i) {
    using Sum = typename WideType<T>::type;
    Single::template reduce_rows_of<Reduction::Sum, T>(frame, Single::template at<Sum>(slots, i.out),
                                                       products<T>(slots, i));
  }
  template <class T>
  [[gnu::flatten]] static void sum_all(const Frame& frame, std::byte* const* slots, const Instruction& i) {
    using Sum = typename WideType<T>::type;
    *Single::template at<Sum>(slots, i.out) +=
        Single::template reduce_run<Reduction::Sum, T>(products<T>(slots, i), frame.count);
  }
  template <class T>
  [[gnu::flatten]] static void sum_columns(const Frame& frame, std::byte* const* slots, const Instruction& i) {
    using Sum = typename WideType<T>::type;
    Single::template reduce_columns_of<Reduction::Sum, T>(frame, Single::template at<Sum>(slots, i.out),
                                                          products<T>(slots, i));
  }

  template <First first, Second second, class T>
  static void add_modes(BlockKernel (&entry)[pair_mode_count]) {
    entry[0] = pair<first, second, T, 0>;
    entry[2] = pair<first, second, T, 2>;
    entry[4] = pair<first, second, T, 4>;
    entry[6] = pair<first, second, T, 6>;
    if constexpr (first == First::Subtract) {  // of what commutes, the single operand comes second
      entry[1] = pair<first, second, T, 1>;
      entry[5] = pair<first, second, T, 5>;
    }
  }
  template <First first, class T>
  static void add_seconds(BlockTable& table, std::size_t dtype) {
    auto& entries = table.pair[static_cast<std::size_t>(first)];
    add_modes<first, Second::Add, T>(entries[static_cast<std::size_t>(Second::Add)][dtype]);
    add_modes<first, Second::Subtract, T>(entries[static_cast<std::size_t>(Second::Subtract)][dtype]);
    add_modes<first, Second::SubtractFrom, T>(entries[static_cast<std::size_t>(Second::SubtractFrom)][dtype]);
    add_modes<first, Second::Multiply, T>(entries[static_cast<std::size_t>(Second::Multiply)][dtype]);
  }
  template <class T>
  static void add_all(BlockTable& table, std::size_t dtype) {
    add_seconds<First::Add, T>(table, dtype);
    add_seconds<First::Subtract, T>(table, dtype);
    add_seconds<First::Multiply, T>(table, dtype);
    add_seconds<First::Divide, T>(table, dtype);
    table.sum_products_rows[dtype] = sum_rows<T>;
    table.sum_products_all[dtype] = sum_all<T>;
    table.sum_products_columns[dtype] = sum_columns<T>;
  }

  static void add_to(BlockTable& table) {
    add_all<float>(table, Single::float32);
    add_all<double>(table, Single::float64);
  }
};

}  // namespace xgrad::kernels
