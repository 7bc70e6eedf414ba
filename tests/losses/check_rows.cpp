#include "check_rows.hpp"

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <string>

#include <xgrad/testing.hpp>

namespace xgrad::testing {
namespace {

bool is_float(const Var& x) { return is_floating(x.dtype()); }

Case with_type(const Case& arguments, DType dtype) {
  Case result;
  for (const Var& x : arguments) result.push_back(is_float(x) ? cast(x, dtype) : x);
  return result;
}

std::vector<double> elements(const Var& x) {
  const Var wide = cast(x, DType::Float64);
  const Array<double>& array = wide.array<double>();
  return {array.data(), array.data() + array.size()};
}

/// Value, gradients of a weighed sum, and gradients of the weighed sum of these.
struct Derivatives {
  Var value;
  std::vector<Var> first;
  std::vector<Var> second;
};

/// Weights for the elements of an output, of sizes about 1 and different from each other.
Var weights_like(const Var& y) {
  auto weights = Array<double>::from_shape(y.shape());
  for (std::size_t i = 0; i < weights.size(); ++i) {
    weights.data()[i] = 0.6 + 0.3 * std::sin(1.0 + static_cast<double>(i));
  }
  return cast(Var(std::move(weights)), y.dtype());
}

Derivatives derivatives(const LossRow& row, const Case& at, bool weighed, int order) {
  Tape tape;
  Case arguments;
  std::vector<Var> inputs;
  for (const Var& x : at) {
    arguments.push_back(tape.leaf(x));
    if (is_float(x)) inputs.push_back(arguments.back());
  }
  const Var y = row.function(arguments);
  const std::vector<Var> first = tape.gradients(y, inputs, weighed ? weights_like(y) : ones_like(y));
  Derivatives result{tape.evaluate(y), tape.evaluate(first), {}};
  if (order == 2) {
    // Not the same for all arguments: derivatives of a difference by both would cancel.
    Var total = zeros_like(sum(y));
    double share = 1.0;
    for (const Var& gradient : first) {
      total = total + share * sum(gradient * weights_like(gradient));
      share *= -0.6;
    }
    result.second = tape.evaluate(tape.gradients(total, inputs));
  }
  return result;
}

/// Largest difference, relative to the largest element of the reference (and at least 1).
double difference(const Var& a, const Var& reference) {
  BOOST_REQUIRE(a.shape() == reference.shape());
  const std::vector<double> x = elements(a);
  const std::vector<double> y = elements(reference);
  double worst = 0.0;
  double scale = 1.0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    scale = std::max(scale, std::abs(y[i]));
    const double error = std::abs(x[i] - y[i]);
    worst = std::isnan(error) ? INFINITY : std::max(worst, error);
  }
  return worst / scale;
}

void check_reference(const LossRow& row, const Case& at) {
  if (!row.reference) return;
  std::vector<Numbers> numbers;
  for (const Var& x : at) {
    const std::vector<double> values = elements(x);
    numbers.push_back({x.shape(), {values.begin(), values.end()}});
  }
  const std::vector<long double> expected = row.reference(numbers);
  const std::vector<double> found = elements(row.function(at));
  BOOST_REQUIRE_MESSAGE(found.size() == expected.size(), found.size()
                                                             << " values, the reference has " << expected.size());
  for (std::size_t i = 0; i < found.size(); ++i) {
    const auto wanted = static_cast<double>(expected[i]);
    BOOST_TEST(std::abs(found[i] - wanted) <= 1e-12 * std::max(1.0, std::abs(wanted)),
               "value " << i << " is " << found[i] << ", the reference is " << wanted);
  }
}

void check_float(const LossRow& row, const Case& at) {
  const Case rounded = with_type(at, DType::Float32);
  const Derivatives single = derivatives(row, rounded, true, 1);
  const Derivatives exact = derivatives(row, with_type(rounded, DType::Float64), true, 1);
  BOOST_TEST(name(single.value.dtype()) == "float32");
  BOOST_TEST(difference(single.value, exact.value) < 1e-5);
  for (std::size_t i = 0; i < exact.first.size(); ++i) {
    BOOST_TEST(name(single.first[i].dtype()) == "float32");
    BOOST_TEST(difference(single.first[i], exact.first[i]) < 1e-4,
               "the gradient " << i << " of floats is off by " << difference(single.first[i], exact.first[i]));
  }
}

void check_elements(const std::string& what, const Var& found, const std::vector<double>& expected) {
  const std::vector<double> values = elements(found);
  BOOST_TEST(values.size() == expected.size(),
             what << " has " << values.size() << " elements, not " << expected.size());
  if (values.size() != expected.size()) return;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const bool same = values[i] == expected[i] || (std::isnan(values[i]) && std::isnan(expected[i]));
    BOOST_TEST((same || std::abs(values[i] - expected[i]) <= 1e-12 * std::max(1.0, std::abs(expected[i]))),
               what << ": element " << i << " is " << values[i] << ", not " << expected[i]);
  }
}

void check_known(const LossRow& row, const Known& known) {
  const Derivatives found = derivatives(row, known.arguments, false, 1);
  check_elements("value", found.value, known.values);
  if (known.gradients.empty()) return;
  BOOST_REQUIRE(known.gradients.size() == found.first.size());
  for (std::size_t i = 0; i < found.first.size(); ++i) {
    check_elements("gradient " + std::to_string(i), found.first[i], known.gradients[i]);
  }
}

void check_no_nan(const std::string& what, const Var& x) {
  const std::vector<double> values = elements(x);
  for (std::size_t i = 0; i < values.size(); ++i) {
    BOOST_TEST(!std::isnan(values[i]), what << ": element " << i << " is NaN");
  }
}

void check_extreme(const LossRow& row, const Case& at) {
  const Derivatives found = derivatives(row, at, true, 2);
  check_no_nan("value", found.value);
  for (const Var& x : found.first) check_no_nan("gradient", x);
  for (const Var& x : found.second) check_no_nan("second derivative", x);
}

void check_plain(const LossRow& row, const Case& at) {
  const Var plain = row.function(at);
  BOOST_TEST(!plain.recorded());
  Tape tape;
  Case recorded;
  for (const Var& x : at) recorded.push_back(tape.leaf(x));
  BOOST_TEST(difference(plain, tape.evaluate(row.function(recorded))) < 1e-14);
}

/// The sum of the values and its derivatives by all floating-point arguments.
std::vector<Var> value_and_slopes(const LossRow& row, const Case& at) {
  Case inputs;
  for (const Var& x : at) {
    if (is_float(x)) inputs.push_back(x);
  }
  const auto f = [&](const Case& x) {
    Case arguments = at;
    std::size_t used = 0;
    for (Var& each : arguments) {
      if (is_float(each)) each = x[used++];
    }
    return sum(row.function(arguments));
  };
  if (inputs.empty()) return {f(inputs)};
  const auto [value, slopes] = value_and_grad(f)(inputs);
  std::vector<Var> result{value};
  result.insert(result.end(), slopes.begin(), slopes.end());
  return result;
}

/// Compiled, on several threads, and of views that are not dense: the same.
void check_other_ways(const LossRow& row, const Case& at) {
  const std::vector<Var> expected = value_and_slopes(row, at);
  const auto expect = [&](const std::string& how, const std::vector<Var>& found) {
    for (std::size_t i = 0; i < expected.size(); ++i) {
      BOOST_TEST(difference(found[i], expected[i]) < 1e-11, how << ", result " << i);
    }
  };
  const auto compiled = compile([&row](const Case& x) { return value_and_slopes(row, x); });
  expect("compiled", compiled(at));
  set_threads(3);
  expect("three threads", compiled(at));
  set_threads(1);
  const LossRow of_views{.name = row.name,
                         .function =
                             [&row](const Case& x) {
                               Case views;
                               for (const Var& each : x) views.push_back(transpose(each));
                               return row.function(views);
                             },
                         .smooth = {}};
  Case transposed;
  for (const Var& x : at) transposed.push_back(transpose(x));
  std::vector<Var> found = value_and_slopes(of_views, transposed);
  for (std::size_t i = 1; i < found.size(); ++i) found[i] = transpose(found[i]);
  expect("views", found);
}

/// As the examples of a batch: all cases of the shapes of the first one, which is there twice.
void check_batch(const LossRow& row) {
  std::vector<Case> examples{row.smooth[0], row.smooth[0]};
  for (const Case& each : row.smooth) {
    bool fits = each.size() == examples[0].size();
    for (std::size_t k = 0; fits && k < each.size(); ++k) fits = each[k].shape() == examples[0][k].shape();
    if (fits) examples.push_back(each);
  }
  Case batch;
  for (std::size_t k = 0; k < examples[0].size(); ++k) {
    std::vector<Var> all;
    for (const Case& each : examples) all.push_back(each[k]);
    batch.push_back(stack(all));
  }
  const std::vector<Var> found = vmap([&row](const Case& x) { return value_and_slopes(row, x); })(batch);
  for (std::size_t i = 0; i < examples.size(); ++i) {
    const std::vector<Var> expected = value_and_slopes(row, examples[i]);
    for (std::size_t k = 0; k < expected.size(); ++k) {
      const Var one = view(found[k], static_cast<std::ptrdiff_t>(i));
      BOOST_TEST(difference(one, expected[k]) < 1e-11, row.name << ", example " << i << ", result " << k);
    }
  }
}

template <class Cases, class F>
void for_each_case(const LossRow& row, const std::string& kind, const Cases& cases, F f) {
  for (std::size_t i = 0; i < cases.size(); ++i) {
    BOOST_TEST_CONTEXT(row.name << ", " << kind << " case " << i) { f(cases[i]); }
  }
}

}  // namespace

void check_row(const LossRow& row) {
  BOOST_TEST(!row.smooth.empty(), row.name << " has no smooth case");
  BOOST_TEST((row.torch || static_cast<bool>(row.reference)), row.name << " has nothing to be compared with");
  const bool is_variant = row.name.find('.') != std::string::npos;
  BOOST_TEST((!row.known.empty() || is_variant), row.name << " has no known values");
  BOOST_TEST((!row.extreme.empty() || is_variant), row.name << " has no extreme cases");
  for_each_case(row, "smooth", row.smooth, [&](const Case& at) {
    check_reference(row, at);
    BOOST_TEST(check_gradients(row.function, at));
    check_float(row, at);
    check_plain(row, at);
    check_other_ways(row, at);
  });
  check_batch(row);
  for_each_case(row, "known", row.known, [&](const Known& known) { check_known(row, known); });
  for_each_case(row, "extreme", row.extreme, [&](const Case& at) { check_extreme(row, at); });
}

}  // namespace xgrad::testing
