// A tape of scalars: what C++ tools by operator overloading do at their best. The right side of an assignment is one
// expression type, which is differentiated when it is assigned: the tape gets the partial derivative by each number
// on the right, and no entry for what is between.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <vector>

namespace bench_evals::tape {

using Index = std::uint32_t;  ///< of a statement; 0: a constant

/// Statements in the order in which they ran. A statement's index is its place.
class Tape {
 public:
  void clear() {
    statements_ = 0;
    arguments_ = 0;
    begin_statement(0);
    end_statement();  // index 0
  }

  /// Makes room for a statement with so many numbers on its right.
  void begin_statement(std::size_t arguments) {
    if (statements_ + 1 > counts_room_) grow(counts_, counts_room_, statements_);
    if (arguments_ + arguments > arguments_room_) {
      std::size_t room = arguments_room_;
      grow(partials_, room, arguments_);
      grow(indices_, arguments_room_, arguments_);
    }
    first_ = arguments_;
  }
  void argument(double partial, Index index) {
    partials_[arguments_] = partial;
    indices_[arguments_] = index;
    ++arguments_;
  }
  Index end_statement() {
    counts_[statements_] = static_cast<std::uint8_t>(arguments_ - first_);
    return static_cast<Index>(statements_++);
  }

  Index input() {
    begin_statement(0);
    return end_statement();
  }

  /// Adjoints of all statements, of the one that is given to begin with.
  const std::vector<double>& sweep(Index of) {
    adjoints_.assign(statements_, 0.0);
    adjoints_[of] = 1.0;
    std::size_t end = arguments_;
    for (std::size_t s = statements_; s-- > 1;) {
      const std::size_t begin = end - counts_[s];
      const double adjoint = adjoints_[s];
      if (adjoint != 0.0) {
        for (std::size_t k = begin; k < end; ++k) adjoints_[indices_[k]] += partials_[k] * adjoint;
      }
      end = begin;
    }
    return adjoints_;
  }

  static Tape& current() { return current_; }

 private:
  template <class T>
  static void grow(std::unique_ptr<T[]>& array, std::size_t& room, std::size_t used) {
    const std::size_t larger = room < 4096 ? 4096 : 2 * room;
    std::unique_ptr<T[]> copy(new T[larger]);
    if (used > 0) std::memcpy(copy.get(), array.get(), used * sizeof(T));
    array = std::move(copy);
    room = larger;
  }

  static Tape current_;

  std::unique_ptr<std::uint8_t[]> counts_;
  std::unique_ptr<double[]> partials_;
  std::unique_ptr<Index[]> indices_;
  std::size_t counts_room_ = 0, arguments_room_ = 0;
  std::size_t statements_ = 0, arguments_ = 0, first_ = 0;
  std::vector<double> adjoints_;
};
inline Tape Tape::current_;

/// What can stand on the right.
template <class E>
struct Expression {
  [[nodiscard]] const E& self() const { return static_cast<const E&>(*this); }
};

/// A number that the tape knows.
class Number : public Expression<Number> {
 public:
  static constexpr std::size_t arguments = 1;

  Number() = default;
  Number(double value) : value_(value) {}  // NOLINT(google-explicit-constructor): a constant
  template <class E>
  Number(const Expression<E>& e) {  // NOLINT(google-explicit-constructor): an assignment
    assign(e.self());
  }
  template <class E>
  Number& operator=(const Expression<E>& e) {
    assign(e.self());
    return *this;
  }
  template <class E>
  Number& operator+=(const E& e) {
    return *this = *this + e;
  }
  template <class E>
  Number& operator-=(const E& e) {
    return *this = *this - e;
  }

  static Number input(double value) {
    Number result(value);
    result.index_ = Tape::current().input();
    return result;
  }

  [[nodiscard]] double value() const { return value_; }
  [[nodiscard]] Index index() const { return index_; }
  void differentiate(Tape& tape, double factor) const {
    if (index_ != 0) tape.argument(factor, index_);
  }

 private:
  template <class E>
  void assign(const E& e) {
    Tape& tape = Tape::current();
    tape.begin_statement(E::arguments);
    e.differentiate(tape, 1.0);
    index_ = tape.end_statement();
    value_ = e.value();
  }
  void assign(const Number& other) {  // a copy is the same number
    value_ = other.value_;
    index_ = other.index_;
  }

  double value_ = 0.0;
  Index index_ = 0;
};

struct Constant : Expression<Constant> {
  static constexpr std::size_t arguments = 0;
  explicit Constant(double v) : number(v) {}
  [[nodiscard]] double value() const { return number; }
  void differentiate(Tape&, double) const {}
  double number;
};

/// Numbers are referred to, expressions between are held.
template <class E>
struct Held {
  using Type = const E;
};
template <>
struct Held<Number> {
  using Type = const Number&;
};

/// Op::value(x), and Op::partial(x, value).
template <class Op, class E>
class Unary : public Expression<Unary<Op, E>> {
 public:
  static constexpr std::size_t arguments = E::arguments;
  explicit Unary(const E& e) : e_(e), value_(Op::value(e.value())) {}
  [[nodiscard]] double value() const { return value_; }
  void differentiate(Tape& tape, double factor) const {
    e_.differentiate(tape, factor * Op::partial(e_.value(), value_));
  }

 private:
  typename Held<E>::Type e_;
  double value_;
};

/// Op::value(a, b), and Op::left(a, b, value), Op::right(a, b, value).
template <class Op, class A, class B>
class Binary : public Expression<Binary<Op, A, B>> {
 public:
  static constexpr std::size_t arguments = A::arguments + B::arguments;
  Binary(const A& a, const B& b) : a_(a), b_(b), value_(Op::value(a.value(), b.value())) {}
  [[nodiscard]] double value() const { return value_; }
  void differentiate(Tape& tape, double factor) const {
    a_.differentiate(tape, factor * Op::left(a_.value(), b_.value(), value_));
    b_.differentiate(tape, factor * Op::right(a_.value(), b_.value(), value_));
  }

 private:
  typename Held<A>::Type a_;
  typename Held<B>::Type b_;
  double value_;
};

struct Add {
  static double value(double a, double b) { return a + b; }
  static double left(double, double, double) { return 1.0; }
  static double right(double, double, double) { return 1.0; }
};
struct Subtract {
  static double value(double a, double b) { return a - b; }
  static double left(double, double, double) { return 1.0; }
  static double right(double, double, double) { return -1.0; }
};
struct Multiply {
  static double value(double a, double b) { return a * b; }
  static double left(double, double b, double) { return b; }
  static double right(double a, double, double) { return a; }
};
struct Divide {
  static double value(double a, double b) { return a / b; }
  static double left(double, double b, double) { return 1.0 / b; }
  static double right(double, double b, double value) { return -value / b; }
};
struct Negate {
  static double value(double x) { return -x; }
  static double partial(double, double) { return -1.0; }
};
struct Sin {
  static double value(double x) { return std::sin(x); }
  static double partial(double x, double) { return std::cos(x); }
};
struct Cos {
  static double value(double x) { return std::cos(x); }
  static double partial(double x, double) { return -std::sin(x); }
};
struct Exp {
  static double value(double x) { return std::exp(x); }
  static double partial(double, double value) { return value; }
};
struct Sqrt {
  static double value(double x) { return std::sqrt(x); }
  static double partial(double, double value) { return 0.5 / value; }
};
template <class Op, class A, class B>
auto binary(const Expression<A>& a, const Expression<B>& b) {
  return Binary<Op, A, B>(a.self(), b.self());
}
template <class Op, class A>
auto binary(const Expression<A>& a, double b) {
  return Binary<Op, A, Constant>(a.self(), Constant(b));
}
template <class Op, class B>
auto binary(double a, const Expression<B>& b) {
  return Binary<Op, Constant, B>(Constant(a), b.self());
}

/// One side at least is an expression.
template <class A, class B>
concept Operands = requires(const A& a, const B& b) {
  binary<Add>(a, b);
};

// clang-format off
template <class A, class B> requires Operands<A, B> auto operator+(const A& a, const B& b) { return binary<Add>(a, b); }
template <class A, class B> requires Operands<A, B> auto operator-(const A& a, const B& b) { return binary<Subtract>(a, b); }
template <class A, class B> requires Operands<A, B> auto operator*(const A& a, const B& b) { return binary<Multiply>(a, b); }
template <class A, class B> requires Operands<A, B> auto operator/(const A& a, const B& b) { return binary<Divide>(a, b); }
template <class E> auto operator-(const Expression<E>& e) { return Unary<Negate, E>(e.self()); }
template <class E> auto sin(const Expression<E>& e) { return Unary<Sin, E>(e.self()); }
template <class E> auto cos(const Expression<E>& e) { return Unary<Cos, E>(e.self()); }
template <class E> auto exp(const Expression<E>& e) { return Unary<Exp, E>(e.self()); }
template <class E> auto sqrt(const Expression<E>& e) { return Unary<Sqrt, E>(e.self()); }
// clang-format on

/// Value and gradient of a function of a vector of numbers, which is recorded anew.
template <class F>
void value_and_gradient(const F& f, const std::vector<double>& x, std::vector<double>& result) {
  Tape& tape = Tape::current();
  tape.clear();
  std::vector<Number> inputs;
  inputs.reserve(x.size());
  for (const double each : x) inputs.push_back(Number::input(each));
  const Number y = f(inputs);
  const std::vector<double>& adjoints = tape.sweep(y.index());
  result[0] = y.value();
  for (std::size_t i = 0; i < x.size(); ++i) result[i + 1] = adjoints[inputs[i].index()];
}

}  // namespace bench_evals::tape
