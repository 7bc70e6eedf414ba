// vmap of every row of the table of operations, and of its derivatives, gives what a loop over the examples gives.
#include "comparing.hpp"

#include <cmath>
#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>
#include <xgrad/xgrad.hpp>

#include "ops_table.hpp"

BOOST_AUTO_TEST_SUITE(test_ops_vmap)

namespace xg = xgrad;
using xg::Var;
using xg::testing::Case;
using xg::testing::OpRow;

namespace {

/// The elements in reverse order: other numbers that are as good.
Var reversed(const Var& x) {
  std::vector<std::int64_t> backwards(x.size());
  for (std::size_t i = 0; i < x.size(); ++i) backwards[i] = static_cast<std::int64_t>(x.size() - 1 - i);
  xg::Strides shape;
  for (const std::size_t extent : x.shape()) shape.push_back(static_cast<std::ptrdiff_t>(extent));
  return x.size() < 2 ? x : reshape(take(x, Var(backwards)), shape);
}

/// Three examples of the arguments of a case, of which some are the same for all; not all examples are alike.
struct Examples {
  std::vector<Case> alone;
  Case batches;
  std::vector<bool> axes_of;

  Examples(const Case& at, std::size_t which) : alone(3, at) {
    for (std::size_t k = 0; k < at.size(); ++k) {
      const bool batched = (which & (std::size_t{1} << k)) != 0;
      if (batched) alone[1][k] = reversed(at[k]);
      batches.push_back(batched ? xg::stack({alone[0][k], alone[1][k], alone[2][k]}) : at[k]);
      axes_of.push_back(batched);
    }
  }
};

/// Two results: within rounding, NaN and infinities the same.
bool alike(const Var& found, const Var& expected) {
  if (found.dtype() != expected.dtype() || found.shape() != expected.shape()) return false;
  const std::vector<double> a = comparing::doubles(found);
  const std::vector<double> b = comparing::doubles(expected);
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (std::isnan(b[i]) ? !std::isnan(a[i])
                         : a[i] != b[i] && !(std::abs(a[i] - b[i]) <= 1e-11 * std::max(1.0, std::abs(b[i])))) {
      return false;
    }
  }
  return true;
}

/// f for a batch of whole cases; what is not batched is captured.
template <class F>
auto of_batches(const F& f, const Examples& examples) {
  return [&f, &examples](const Case& batched) {
    return xg::vmap([&](const Case& example) {
      Case all = examples.batches;
      std::size_t used = 0;
      for (std::size_t k = 0; k < all.size(); ++k) {
        if (examples.axes_of[k]) all[k] = example[used++];
      }
      return f(all);
    })(batched);
  };
}

Case batched_part(const Examples& examples) {
  Case result;
  for (std::size_t k = 0; k < examples.batches.size(); ++k) {
    if (examples.axes_of[k]) result.push_back(examples.batches[k]);
  }
  return result;
}

template <class F>
void check_batch(const std::string& how, const F& f, const Examples& examples) {
  std::vector<Var> expected;
  for (const Case& each : examples.alone) expected.push_back(f(each));
  const auto all = of_batches(f, examples);
  const Var found = all(batched_part(examples));
  BOOST_TEST(alike(found, xg::stack(expected)), how << ": " << found << " is not " << xg::stack(expected));
  const Var compiled = xg::compile(all)(batched_part(examples));
  BOOST_TEST(alike(compiled, xg::stack(expected)), how << ", compiled");
}

/// The derivatives of the sum of a result by all floating-point arguments, put together.
Var slopes(const OpRow& row, const Case& at) {
  Case inputs;
  for (const Var& x : at) {
    if (is_floating(x.dtype())) inputs.push_back(x);
  }
  const Case gradients = xg::grad([&](const Case& x) {
    Case all = at;
    std::size_t used = 0;
    for (Var& each : all) {
      if (is_floating(each.dtype())) each = x[used++];
    }
    const Var y = row.function(all);
    return sum(y * y);
  })(inputs);
  std::vector<Var> flat;
  for (const Var& gradient : gradients) flat.push_back(flatten(gradient));
  return xg::concatenate(flat);
}

void check_row(const OpRow& row, const std::vector<Case>& cases, bool differentiated) {
  for (std::size_t i = 0; i < cases.size(); ++i) {
    const Case& at = cases[i];
    BOOST_TEST_CONTEXT(row.name << ", case " << i) {
      const std::size_t all = (std::size_t{1} << at.size()) - 1;
      for (std::size_t which = 1; which <= all; ++which) {
        const Examples examples(at, which);
        check_batch("arguments " + std::to_string(which), row.function, examples);
        if (differentiated && (which == all || which == 1)) {
          check_batch(
              "derivatives, arguments " + std::to_string(which), [&](const Case& x) { return slopes(row, x); },
              examples);
        }
      }
    }
  }
}

}  // namespace

BOOST_AUTO_TEST_CASE(every_operation_of_the_table) {
  for (const OpRow& row : xg::testing::ops_table()) {
    check_row(row, row.smooth, true);
    check_row(row, row.special, false);
  }
}

BOOST_AUTO_TEST_CASE(every_operation_without_derivative) {
  for (const OpRow& row : xg::testing::ops_without_derivative()) {
    check_row(row, row.smooth, false);
    check_row(row, row.special, false);
  }
}
BOOST_AUTO_TEST_SUITE_END()
