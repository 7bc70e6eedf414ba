// Bad input to operations: the type of the exception, and a message that names operation, shapes and requirement.
#include <boost/test/unit_test.hpp>

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <string>
#include <string_view>
#include <typeinfo>
#include <vector>

#include <xgrad/xgrad.hpp>

#include "every_operation.hpp"
#include "ops_compare.hpp"

BOOST_AUTO_TEST_SUITE(test_ops_errors)

namespace xg = xgrad;
using xg::concatenate;
using xg::Shape;
using xg::stack;
using xg::Var;
using xg::testing::array_of;
using xg::testing::numbered;

namespace {

using Int = std::int64_t;

/// f throws an E, the class itself and none derived from it, whose message starts with the operation's name and
/// contains all the parts.
template <class E, class F>
void check_refused(F f, std::string_view operation, std::initializer_list<std::string_view> parts) {
  BOOST_CHECK_EXCEPTION((void)f(), E, [&](const E& error) {
    const std::string_view text = error.what();
    bool good = typeid(error) == typeid(E) && text.starts_with(std::string(operation) + ": ");
    for (const std::string_view part : parts) good = good && text.find(part) != std::string_view::npos;
    if (!good) BOOST_TEST_MESSAGE("the message is: " << text);
    BOOST_TEST(good, "message: " << text);
    return good;
  });
}

Var integers(std::initializer_list<Int> values) { return array_of<Int>({values.size()}, values); }

/// Evaluates what may be recorded only.
template <class F>
auto recorded(F f) {
  return [f] {
    xg::Tape tape;
    return tape.evaluate(f(tape));
  };
}

}  // namespace

BOOST_AUTO_TEST_CASE(shapes_that_do_not_broadcast) {
  const Var a = numbered({2, 3});
  const Var b = numbered({4});
  struct Binary {
    const char* name;
    Var (*function)(const Var&, const Var&);
  };
  for (const Binary& each : std::vector<Binary>{{"add", xg::operator+},
                                                {"subtract", xg::operator-},
                                                {"multiply", xg::operator*},
                                                {"divide", xg::operator/},
                                                {"pow", xg::pow},
                                                {"maximum", xg::maximum},
                                                {"minimum", xg::minimum},
                                                {"logaddexp", xg::logaddexp},
                                                {"less", xg::less},
                                                {"less_equal", xg::less_equal},
                                                {"equal", xg::equal},
                                                {"not_equal", xg::not_equal},
                                                {"logical_and", xg::operator&&},
                                                {"logical_or", xg::operator||}}) {
    check_refused<xg::ShapeError>([&] { return each.function(a, b); }, each.name,
                                  {"[2, 3]", "[4]", "do not broadcast", "equal or 1"});
    check_refused<xg::ShapeError>(recorded([&](xg::Tape& tape) { return each.function(tape.leaf(a), b); }), each.name,
                                  {"[2, 3]", "[4]"});
  }
  check_refused<xg::ShapeError>([&] { return where(a > 0.0, b, 1.0); }, "where", {"[2, 3]", "[4]", "do not broadcast"});
  check_refused<xg::ShapeError>([&] { return numbered({2, 0}) + numbered({2, 3}); }, "add", {"[2, 0]", "[2, 3]"});
  check_refused<xg::ShapeError>(
      [&] {
        return broadcast_to(a, {3, 3});
      },
      "broadcast_to", {"[2, 3]", "[3, 3]", "extents of 1"});
  check_refused<xg::ShapeError>([&] { return broadcast_to(a, {3}); }, "broadcast_to", {"[2, 3]", "[3]"});
}

BOOST_AUTO_TEST_CASE(axes_out_of_range_or_named_twice) {
  const Var x = numbered({2, 3});
  struct Reduction {
    const char* name;
    Var (*function)(const Var&, const xg::Axes&, xg::KeepDims);
  };
  for (const Reduction& each : std::vector<Reduction>{{"sum", xg::sum},
                                                      {"mean", xg::mean},
                                                      {"prod", xg::prod},
                                                      {"amax", xg::amax},
                                                      {"amin", xg::amin},
                                                      {"variance", xg::variance},
                                                      {"norm", xg::norm},
                                                      {"logsumexp", xg::logsumexp}}) {
    const auto call = [&](const Var& y, const xg::Axes& axes) {
      return [&, axes] { return each.function(y, axes, xg::KeepDims::no); };
    };
    check_refused<xg::ShapeError>(call(x, 2), each.name, {"axis 2", "out of range", "[2, 3]"});
    check_refused<xg::ShapeError>(call(x, -3), each.name, {"axis -3", "out of range", "[2, 3]"});
    check_refused<xg::ShapeError>(call(x, {1, -1}), each.name, {"axis -1", "twice", "[2, 3]"});
    check_refused<xg::ShapeError>(call(Var(1.0), 0), each.name, {"axis 0", "[]"});
  }
  check_refused<xg::ShapeError>([&] { return softmax(x, 5); }, "softmax", {"axis 5", "[2, 3]"});
  check_refused<xg::ShapeError>([&] { return log_softmax(x, {0, 0}); }, "log_softmax", {"axis 0", "twice"});
  check_refused<xg::ShapeError>([&] { return softmax(Var(1.0)); }, "softmax", {"axis -1", "[]"});
  check_refused<xg::ShapeError>([&] { return argmax(x, 2); }, "argmax", {"axis 2", "[2, 3]"});
  check_refused<xg::ShapeError>([&] { return concatenate({x, x}, 2); }, "concatenate", {"axis 2", "[2, 3]"});
  check_refused<xg::ShapeError>([&] { return concatenate({Var(1.0), Var(2.0)}); }, "concatenate", {"axis 0", "[]"});
  check_refused<xg::ShapeError>([&] { return stack({x, x}, 3); }, "stack", {"axis 3", "[2, 3]"});
  check_refused<xg::ShapeError>([&] { return expand_dims(x, 3); }, "expand_dims", {"axis 3", "[2, 3]"});
  check_refused<xg::ShapeError>([&] { return squeeze(x, -4); }, "squeeze", {"axis -4", "[2, 3]"});
  check_refused<xg::ShapeError>([&] { return transpose(x, {0, 2}); }, "transpose", {"axis 2", "[2, 3]"});
  check_refused<xg::ShapeError>([&] { return transpose(x, {0, 0}); }, "transpose", {"[2, 3]"});
  check_refused<xg::ShapeError>([&] { return transpose(x, {0}); }, "transpose", {"[2, 3]"});
  check_refused<xg::ShapeError>([&] { return take(x, integers({0}), 2); }, "take", {"axis 2", "[2, 3]"});
  check_refused<xg::ShapeError>(
      [&] {
        return take_along_axis(x, array_of<Int>({1, 1}, {0}), -3);
      },
      "take_along_axis", {"axis -3", "[2, 3]"});
  check_refused<xg::ShapeError>([&] { return x.shape(2) != 0 ? x : x; }, "shape", {"axis 2", "[2, 3]"});
}

BOOST_AUTO_TEST_CASE(extrema_of_nothing) {
  const Var none = array_of<double>({0, 3}, {});
  check_refused<xg::ValueError>([&] { return amax(none); }, "amax", {"[0, 3]", "nothing"});
  check_refused<xg::ValueError>([&] { return amin(none, 0); }, "amin", {"[0, 3]", "nothing"});
  check_refused<xg::ValueError>([&] { return argmax(none); }, "argmax", {"nothing"});
  check_refused<xg::ValueError>([&] { return argmax(none, 0); }, "argmax", {"[0, 3]", "nothing", "axis 0"});
}

BOOST_AUTO_TEST_CASE(products_of_unequal_inner_extents) {
  const auto check = [](const Shape& a, const Shape& b, std::string_view requirement) {
    check_refused<xg::ShapeError>([&] { return matmul(numbered(a), numbered(b)); }, "matmul",
                                  {to_string(a), to_string(b), requirement});
  };
  check({2, 3}, {2, 3}, "last extent of the first");
  check({3}, {2}, "last extent of the first");
  check({2, 3}, {2}, "last extent of the first");
  check({2}, {3, 2}, "last extent of the first");
  check({4, 2, 3}, {4, 2, 3}, "last extent of the first");
  check({4, 2, 3}, {5, 3, 2}, "leading axes must broadcast");
  check({}, {3}, "at least one axis");
  check({2, 2}, {}, "at least one axis");
  check_refused<xg::ShapeError>([] { return dot(numbered({3}), numbered({2})); }, "dot", {"[3]", "[2]"});
  check_refused<xg::ShapeError>(
      [] {
        return dot(numbered({2, 3}), numbered({5, 4, 2}));
      },
      "dot", {"[2, 3]", "[5, 4, 2]", "last but one"});
}

BOOST_AUTO_TEST_CASE(indices_out_of_range) {
  const Var x = numbered({2, 3});
  check_refused<xg::ValueError>([&] { return take(x, integers({0, 2}), 0); }, "take", {"index 2", "out of range", "2"});
  check_refused<xg::ValueError>([&] { return take(x, integers({-4}), 1); }, "take", {"index -4", "extent 3"});
  check_refused<xg::ValueError>([&] { return take(x, integers({6})); }, "take", {"index 6", "extent 6"});
  check_refused<xg::ValueError>([&] { return take(array_of<double>({0}, {}), integers({0})); }, "take",
                                {"index 0", "extent 0"});
  check_refused<xg::ValueError>(
      [&] {
        return take_along_axis(x, array_of<Int>({2, 1}, {0, 3}), 1);
      },
      "take_along_axis", {"index 3", "extent 3"});
  check_refused<xg::ValueError>([] { return one_hot(integers({0, 3}), 3); }, "one_hot", {"label 3", "[0, 3)"});
  check_refused<xg::ValueError>([] { return one_hot(integers({-1}), 3); }, "one_hot", {"label -1", "[0, 3)"});
  check_refused<xg::ValueError>([&] { return view(x, 2); }, "view", {"index 2", "axis 0", "[2, 3]"});
  check_refused<xg::ValueError>([&] { return view(x, 0, -4); }, "view", {"index -4", "axis 1", "[2, 3]"});
  check_refused<xg::ValueError>([&] { return view(x, xt::keep(0, 2)); }, "view", {"index 2", "axis 0", "[2, 3]"});
  check_refused<xg::ValueError>([&] { return view(x, xt::keep(-3)); }, "view", {"index -3", "axis 0", "[2, 3]"});
  check_refused<xg::ValueError>([&] { return view(x, xt::drop(2)); }, "view", {"drop()", "out of range", "extent 2"});
  check_refused<xg::ValueError>([&] { return view(x, xt::drop(1, 1)); }, "view", {"drop()", "twice"});
  check_refused<xg::ShapeError>([&] { return take_along_axis(x, integers({0}), 0); }, "take_along_axis",
                                {"[2, 3]", "[1]", "same number of axes"});
  check_refused<xg::ShapeError>(
      [&] {
        return take_along_axis(x, array_of<Int>({1, 2}, {0, 0}), 0);
      },
      "take_along_axis", {"[2, 3]", "[1, 2]", "axis 0", "broadcast"});
  // Recorded, the indices are looked at when the values are asked for, in the derivative too.
  check_refused<xg::ValueError>(recorded([&](xg::Tape& tape) { return take(tape.leaf(x), integers({2}), 0); }), "take",
                                {"index 2"});
  check_refused<xg::ValueError>([&] { return xg::grad([](const Var& y) { return sum(take(y, integers({7}))); })(x); },
                                "take", {"index 7"});
}

BOOST_AUTO_TEST_CASE(indices_that_are_no_integers) {
  const Var x = numbered({3});
  check_refused<xg::TypeError>([&] { return take(x, numbered({1})); }, "take", {"float64", "[1]", "integers"});
  check_refused<xg::TypeError>([&] { return take(x, xt::xarray<bool>{true}, 0); }, "take", {"bool", "integers"});
  check_refused<xg::TypeError>([&] { return take_along_axis(x, x, 0); }, "take_along_axis",
                               {"float64", "[3]", "integers"});
  check_refused<xg::TypeError>([&] { return one_hot(x, 4); }, "one_hot", {"float64", "[3]", "integers"});
}

BOOST_AUTO_TEST_CASE(reshapes_that_cannot_be) {
  const Var x = numbered({2, 3});
  check_refused<xg::ShapeError>([&] { return reshape(x, {4}); }, "reshape", {"[2, 3]", "[4]", "number of elements"});
  check_refused<xg::ShapeError>([&] { return reshape(x, {}); }, "reshape", {"[2, 3]", "[]", "number of elements"});
  check_refused<xg::ShapeError>(
      [&] {
        return reshape(x, {4, -1});
      },
      "reshape", {"[2, 3]", "[4, -1]", "cannot be computed"});
  check_refused<xg::ShapeError>([&] { return reshape(x, {-1, -1}); }, "reshape", {"[2, 3]", "[-1, -1]", "one -1"});
  check_refused<xg::ShapeError>([&] { return reshape(x, {-2, -3}); }, "reshape", {"[-2, -3]", "not negative"});
  check_refused<xg::ShapeError>(
      [&] {
        return reshape(array_of<double>({0}, {}), {0, -1});
      },
      "reshape", {"[0, -1]", "cannot be computed"});
  check_refused<xg::ShapeError>([&] { return squeeze(x, 0); }, "squeeze", {"axis 0", "[2, 3]", "extent 1"});
}

BOOST_AUTO_TEST_CASE(parts_that_do_not_join) {
  const Var x = numbered({2, 3});
  check_refused<xg::ShapeError>(
      [&] {
        return concatenate({x, numbered({2, 4})});
      },
      "concatenate", {"[2, 3]", "[2, 4]", "axis 0", "other extents"});
  check_refused<xg::ShapeError>([&] { return concatenate({x, numbered({3})}); }, "concatenate", {"[2, 3]", "[3]"});
  check_refused<xg::ShapeError>([&] { return stack({x, numbered({3, 2})}); }, "stack", {"[2, 3]", "[3, 2]", "equal"});
  check_refused<xg::ValueError>([] { return concatenate(std::initializer_list<Var>{}); }, "concatenate", {"nothing"});
  check_refused<xg::ValueError>([] { return stack(std::vector<Var>()); }, "stack", {"nothing"});
}

BOOST_AUTO_TEST_CASE(slices_for_more_axes_than_there_are) {
  const Var x = numbered({2, 3});
  check_refused<xg::ShapeError>([&] { return view(x, 0, 0, 0); }, "view", {"3 slices", "[2, 3]", "2 axes"});
  check_refused<xg::ShapeError>([&] { return view(Var(1.0), xt::all()); }, "view", {"1 slice ", "[]"});
  check_refused<xg::ShapeError>([&] { return view(x, xt::ellipsis(), 0, 1, xt::all()); }, "view",
                                {"3 slices", "[2, 3]"});
}

BOOST_AUTO_TEST_CASE(more_than_eight_axes) {
  const Var x = numbered({1, 1, 1, 1, 1, 1, 1, 2});
  const auto too_many = [](auto f, std::string_view what) {
    BOOST_CHECK_EXCEPTION((void)f(), xg::ShapeError, [&](const xg::ShapeError& error) {
      const std::string_view text = error.what();
      const bool good = text.find("9") != std::string_view::npos && text.find("8") != std::string_view::npos;
      BOOST_TEST(good, what << ": " << text);
      return good;
    });
  };
  too_many([&] { return expand_dims(x, 0); }, "expand_dims");
  too_many([&] { return stack({x, x}); }, "stack");
  too_many([&] { return reshape(x, {1, 1, 1, 1, 1, 1, 1, 1, 2}); }, "reshape");
  too_many([&] { return broadcast_to(x, {2, 1, 1, 1, 1, 1, 1, 1, 2}); }, "broadcast_to");
  too_many([&] { return view(x, xt::newaxis()); }, "view");
  too_many([&] { return take(x, array_of<Int>({1, 1}, {0}), 0); }, "take");
  too_many([] { return one_hot(array_of<Int>({1, 1, 1, 1, 1, 1, 1, 1}, {0}), 2); }, "one_hot");
  too_many([&] { return Var(xt::xarray<double>::from_shape({1, 1, 1, 1, 1, 1, 1, 1, 1})); }, "Var");
}

BOOST_AUTO_TEST_CASE(reading_another_element_type) {
  const Var x = numbered({2});
  check_refused<xg::TypeError>([&] { return x.array<float>(); }, "array", {"float64", "float32", "cast()"});
  check_refused<xg::TypeError>([&] { return x.array<bool>(); }, "array", {"float64", "bool"});
  check_refused<xg::TypeError>([&] { return sum(x).item<Int>(); }, "item", {"float64", "int64", "cast()"});
  check_refused<xg::TypeError>([] { return Var(2).item<double>(); }, "item", {"int64", "float64"});
  check_refused<xg::TypeError>([&] { return (x > 0.0).array<double>(); }, "array", {"bool", "float64"});
  check_refused<xg::TypeError>(recorded([&](xg::Tape& tape) { return Var(tape.leaf(x).array<float>()); }), "array",
                               {"float64", "float32"});
  check_refused<xg::ShapeError>([&] { return x.item<double>(); }, "item", {"[2]", "one element"});
}

BOOST_AUTO_TEST_CASE(every_operation_names_itself) {
  const Var good = numbered({2, 2});
  Var ended;
  {
    xg::Tape tape;
    ended = tape.leaf(good) * 2.0;
  }
  const auto says = [&](const EveryOperation& operation, const Var& bad) {
    try {
      operation.run(bad, good);
    } catch (const xg::Error& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  const auto of_two_tapes = [&](const EveryOperation& operation) {
    xg::Tape one;
    xg::Tape two;
    try {
      operation.run(one.leaf(good), two.leaf(good));
    } catch (const xg::Error& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  for (const EveryOperation& operation : every_operation()) {
    const std::string start = public_name(operation) + ": ";
    BOOST_TEST(says(operation, Var()).starts_with(start), operation.name << " says " << says(operation, Var()));
    BOOST_TEST(says(operation, ended).starts_with(start), operation.name << " says " << says(operation, ended));
    if (!operation.several) continue;
    // Shapes that do not fit; not all operations mind.
    const Var large = numbered({3, 1, 3});
    const std::string text = says(operation, large);
    BOOST_TEST((text.empty() || text.starts_with(start)), operation.name << " says " << text);
    const std::string of_tapes = of_two_tapes(operation);
    BOOST_TEST(of_tapes.starts_with(start), operation.name << " says " << of_tapes);
  }
}

BOOST_AUTO_TEST_CASE(what_calls_other_operations_names_itself) {
  const Var x = numbered({2, 3});
  const Var y = numbered({4});
  check_refused<xg::ShapeError>([&] { return x > y; }, "greater", {"[4]", "[2, 3]"});
  check_refused<xg::ShapeError>([&] { return greater_equal(x, y); }, "greater_equal", {"[4]", "[2, 3]"});
  check_refused<xg::ShapeError>([&] { return clip(x, y, 1.0); }, "clip", {"[4]", "[2, 3]"});
  check_refused<xg::ShapeError>([&] { return clip(x, 0.0, y); }, "clip", {"[4]", "[2, 3]"});
  check_refused<xg::ShapeError>([&] { return full_like(x, y); }, "full_like", {"[4]", "[2, 3]"});
  check_refused<xg::ShapeError>(
      [&] {
        return residual(x, numbered({2, 1}));
      },
      "residual", {"prediction", "[2, 3]", "target", "[2, 1]", "same shape"});
  check_refused<xg::ShapeError>([&] { return residual(x, 1.0); }, "residual", {"[2, 3]", "[]"});
  const Var deep = numbered({1, 1, 1, 1, 1, 1, 1, 2});
  check_refused<xg::ShapeError>([&] { return expand_dims(deep, 0); }, "expand_dims", {"9", "8"});
  check_refused<xg::ShapeError>([&] { return stack({deep, deep}); }, "stack", {"9", "8"});
  check_refused<xg::ShapeError>([&] { return take(deep, array_of<Int>({1, 1}, {0}), 0); }, "take", {"9", "8"});
  check_refused<xg::ShapeError>([&] { return one_hot(array_of<Int>(deep.shape(), {0, 1}), 2); }, "one_hot", {"9", "8"});
}

BOOST_AUTO_TEST_CASE(indices_of_a_derivative_name_the_function_that_was_called) {
  const Var x = numbered({2, 3});
  const Var bad = integers({7, 0});
  const Var bad_along = array_of<Int>({2, 1}, {0, 7});
  const auto derivative = [](auto f) { return [f] { return xg::grad(f)(Var(numbered({2, 3}))); }; };
  check_refused<xg::ValueError>([&] { return scatter_add(x, bad, 4, 0); }, "scatter_add", {"index 7", "extent 4"});
  check_refused<xg::ValueError>(
      [&] { return scatter_add_along_axis(view(x, xt::all(), xt::range(0, 1)), bad_along, 4, 1); },
      "scatter_add_along_axis", {"index 7", "extent 4"});
  check_refused<xg::ValueError>(derivative([&](const Var& y) { return sum(square(scatter_add(y, bad, 4, 0))); }),
                                "scatter_add", {"index 7", "extent 4"});
  check_refused<xg::ValueError>(derivative([&](const Var& y) { return sum(scatter_add(y, bad, 4, 0)); }), "scatter_add",
                                {"index 7", "extent 4"});
  check_refused<xg::ValueError>(derivative([&](const Var& y) { return sum(take(y, bad, 0)); }), "take", {"index 7"});
  check_refused<xg::ValueError>(derivative([&](const Var& y) { return sum(take_along_axis(y, bad_along, 1)); }),
                                "take_along_axis", {"index 7", "extent 3"});
  check_refused<xg::ValueError>(
      derivative([&](const Var& y) { return sum(exp(take_along_axis(exp(y), bad_along, 1))); }), "take_along_axis",
      {"index 7", "extent 3"});
  check_refused<xg::ValueError>(
      derivative([&](const Var& y) {
        return sum(scatter_add_along_axis(view(y, xt::all(), xt::range(0, 1)), bad_along, 4, 1));
      }),
      "scatter_add_along_axis", {"index 7", "extent 4"});
}

BOOST_AUTO_TEST_CASE(empty_operands) {
  const Var none;
  const Var x = numbered({2});
  const auto check = [](auto f, std::string_view operation) {
    check_refused<xg::TapeError>(f, operation, {"empty", "default-constructed"});
  };
  check([&] { return none + x; }, "add");
  check([&] { return x * none; }, "multiply");
  check([&] { return exp(none); }, "exp");
  check([&] { return where(x > 0.0, none, x); }, "where");
  check([&] { return concatenate({x, none}); }, "concatenate");
  check([&] { return none.array<double>(); }, "array");
  check([&] { return none.item<double>(); }, "item");
  check([&] { return none.dtype() == xg::DType::Bool ? x : x; }, "dtype");
  check([&] { return none.shape(); }, "shape");
  BOOST_CHECK_THROW((void)sum(none), xg::TapeError);
  BOOST_CHECK_THROW((void)matmul(none, x), xg::TapeError);
  BOOST_CHECK_THROW((void)reshape(none, {1}), xg::TapeError);
  BOOST_CHECK_THROW((void)take(x, none), xg::TapeError);
  BOOST_CHECK_THROW((void)view(none, 0), xg::TapeError);
  BOOST_CHECK_THROW((void)cast<float>(none), xg::TapeError);
  BOOST_CHECK_THROW((void)stop_gradient(none), xg::TapeError);
}

BOOST_AUTO_TEST_SUITE_END()
