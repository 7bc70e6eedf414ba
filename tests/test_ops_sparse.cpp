// What the elements of every operation depend on: seen by changing arguments, and by dense derivatives.
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <vector>

#include <xgrad/xgrad.hpp>

#include "comparing.hpp"
#include "ops_table.hpp"
#include "transform/sparse/dependence.hpp"
#include "var/record.hpp"

BOOST_AUTO_TEST_SUITE(test_ops_sparse)

namespace xg = xgrad;
namespace internal = xgrad::detail;
using comparing::near;
using xg::Var;
using xg::testing::Case;
using xg::testing::OpRow;

namespace {

std::vector<OpRow> all_rows() {
  std::vector<OpRow> rows = xg::testing::ops_table();
  const std::vector<OpRow>& others = xg::testing::ops_without_derivative();
  rows.insert(rows.end(), others.begin(), others.end());
  // What derivatives do not pass on, values do.
  const Case at{Var(xt::xarray<double>{0.2, 1.3, 2.9})};
  rows.push_back(
      {.name = "values past a stop", .function = [](const Case& x) { return stop_gradient(x[0]); }, .smooth = {at}});
  rows.push_back({.name = "labels made of numbers",
                  .function = [](const Case& x) { return xg::one_hot(clip(cast(x[0], xg::DType::Int64), 0, 3), 4); },
                  .smooth = {at}});
  return rows;
}

bool is_float(const Var& x) { return is_floating(x.dtype()); }

/// For each element of the result, which elements of the floating-point arguments it is said to depend on.
std::vector<std::vector<char>> said(const OpRow& row, const Case& at, std::size_t inputs) {
  internal::Trace trace(internal::Trace::Fresh{});
  internal::IndexSets sets;
  Case arguments = at;
  std::vector<internal::NodeId> nodes;
  std::vector<internal::SetArray> given;
  internal::IndexSets::Index next = 0;
  for (Var& x : arguments) {
    if (!is_float(x)) continue;
    x = internal::opaque(trace.tape(), x.dtype(), x.shape());
    nodes.push_back(xg::VarAccess::node(x));
    given.emplace_back();
    for (std::size_t i = 0; i < x.size(); ++i) given.back().push_back(sets.single(next++));
  }
  const Var y = trace.node(row.function(arguments));
  const internal::FollowedProgram program(trace.tape(), {});
  const std::vector<internal::NodeId> outputs{xg::VarAccess::node(y)};
  const internal::SetArray found = internal::Walk(program, 0, nodes, outputs).run(sets, given)[0];
  std::vector<std::vector<char>> result(y.size(), std::vector<char>(inputs, 0));
  for (std::size_t i = 0; i < found.size(); ++i) {
    for (const auto k : sets.elements(found[i])) result[i][k] = 1;
  }
  return result;
}

/// The arguments with one element of them changed, to several values.
std::vector<Case> changed(const Case& at, std::size_t element) {
  std::vector<Case> result;
  std::size_t first = 0;
  for (std::size_t k = 0; k < at.size(); ++k) {
    if (!is_float(at[k])) continue;
    if (element >= first && element < first + at[k].size()) {
      for (const double by : {1e-3, 0.37, -0.41, 3.0}) {
        xg::Array<double> array = at[k].array<double>();
        array.data()[element - first] += by;
        result.push_back(at);
        result.back()[k] = Var(std::move(array));
      }
    }
    first += at[k].size();
  }
  return result;
}

std::size_t elements_to_change(const Case& at) {
  std::size_t count = 0;
  for (const Var& x : at) count += is_float(x) ? x.size() : 0;
  return count;
}

/// \return  how many pairs of elements depend on each other.
std::size_t check_dependence(const OpRow& row, const Case& at) {
  const std::size_t inputs = elements_to_change(at);
  if (std::ranges::any_of(at, [](const Var& x) { return is_float(x) && x.dtype() != xg::DType::Float64; })) return 0;
  const std::vector<double> before = comparing::doubles(row.function(at));
  const std::vector<std::vector<char>> claimed = said(row, at, inputs);
  std::size_t seen = 0;
  for (std::size_t k = 0; k < inputs; ++k) {
    for (const Case& other : changed(at, k)) {
      std::vector<double> after;
      try {
        after = comparing::doubles(row.function(other));
      } catch (const xg::ValueError&) {  // out of what it takes
        continue;
      }
      for (std::size_t i = 0; i < before.size(); ++i) {
        const bool depends = before[i] != after[i] && !(std::isnan(before[i]) && std::isnan(after[i]));
        seen += depends ? 1 : 0;
        if (depends) BOOST_TEST(static_cast<int>(claimed[i][k]) == 1, "element " << i << " depends on input " << k);
      }
    }
  }
  return seen;
}

/// Floating-point arguments as one array.
Var joined_floats(const Case& at) {
  std::vector<Var> parts;
  for (const Var& x : at) {
    if (is_float(x)) parts.push_back(flatten(x));
  }
  return xg::concatenate(parts);
}

}  // namespace

BOOST_AUTO_TEST_CASE(no_rule_says_less_than_there_is) {
  std::size_t seen = 0;
  for (const OpRow& row : all_rows()) {
    for (const std::vector<Case>* cases : {&row.smooth, &row.special}) {
      for (const Case& at : *cases) {
        if (elements_to_change(at) > 100) continue;
        BOOST_TEST_CONTEXT(row.name) { seen += check_dependence(row, at); }
      }
    }
  }
  BOOST_TEST(seen > 10000U);
}

BOOST_AUTO_TEST_CASE(sparse_derivatives_are_the_dense_ones) {
  for (const OpRow& row : xg::testing::ops_table()) {
    for (const Case& at : row.smooth) {
      if (elements_to_change(at) == 0) continue;
      const auto f = [&](const Var& all) {
        Case arguments = at;
        std::ptrdiff_t first = 0;
        for (Var& x : arguments) {
          if (!is_float(x)) continue;
          const auto size = static_cast<std::ptrdiff_t>(x.size());
          x = reshape(view(all, xt::range(first, first + size)), xg::Strides(x.shape()));
          first += size;
        }
        return flatten(row.function(arguments));
      };
      BOOST_TEST_CONTEXT(row.name) {
        const Var x = joined_floats(at);
        for (const xg::Mode mode : {xg::Mode::forward, xg::Mode::reverse}) {
          const xg::SparseMatrix j = xg::sparse_jacobian(f, {.mode = mode, .check = true})(x);
          BOOST_TEST(near(j.dense(), xg::jacobian(f, mode)(x), 1e-11));
        }
        const auto total = [&](const Var& all) {
          const Var y = f(all);
          return sum(sin(1.5 * y) * comparing::wave(y.shape(), 0.3));  // sin(asin(x)) would be linear
        };
        BOOST_TEST(near(xg::sparse_hessian(total, {.check = true})(x).dense(), xg::hessian(total)(x), 1e-9));
      }
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
