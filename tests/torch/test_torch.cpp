// Every operation beside libtorch: values, gradients, gradients of gradients.
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <set>
#include <sstream>

#include "conventions.hpp"
#include "libtorch.hpp"
#include "ops_table.hpp"

namespace xgrad::testing {

namespace {

Var weights(const Var& x, std::size_t which) {
  auto values = Array<double>::from_shape(x.shape());
  for (std::size_t i = 0; i < values.size(); ++i) values.data()[i] = libtorch::weight(which, i);
  return cast(Var(std::move(values)), x.dtype());
}

template <class T>
libtorch::Dense to_dense(const Var& x, libtorch::Type type) {
  libtorch::Dense result{type, {x.shape().begin(), x.shape().end()}, std::vector<std::byte>(x.size() * sizeof(T))};
  std::memcpy(result.bytes.data(), x.array<T>().data(), result.bytes.size());
  return result;
}

libtorch::Dense to_dense(const Var& x) {
  switch (x.dtype()) {
    case DType::Bool:
      return to_dense<bool>(x, libtorch::Type::Bool);
    case DType::Int64:
      return to_dense<std::int64_t>(x, libtorch::Type::Int64);
    case DType::Float32:
      return to_dense<float>(x, libtorch::Type::Float32);
    case DType::Float64:
      break;
  }
  return to_dense<double>(x, libtorch::Type::Float64);
}

template <class T>
Var from_dense(const libtorch::Dense& x) {
  auto result = Array<T>::from_shape(Shape(x.shape));
  std::memcpy(result.data(), x.bytes.data(), x.bytes.size());
  return {std::move(result)};
}

Var from_dense(const libtorch::Dense& x) {
  switch (x.type) {
    case libtorch::Type::Bool:
      return from_dense<bool>(x);
    case libtorch::Type::Int64:
      return from_dense<std::int64_t>(x);
    case libtorch::Type::Float32:
      return from_dense<float>(x);
    case libtorch::Type::Float64:
      break;
  }
  return from_dense<double>(x);
}

/// An operation at a point, with its derivatives, as libtorch::Derivatives.
struct Derivatives {
  Var value;
  std::vector<Var> gradients;
  std::vector<Var> second;
};

Derivatives theirs(const OpRow& row, const Case& arguments, int order) {
  std::vector<libtorch::Dense> dense;
  for (const Var& x : arguments) dense.push_back(to_dense(x));
  const libtorch::Derivatives all = libtorch::derivatives(row.torch, dense, order);
  Derivatives result{.value = from_dense(all.value), .gradients = {}, .second = {}};
  for (const libtorch::Dense& x : all.gradients) result.gradients.push_back(from_dense(x));
  for (const libtorch::Dense& x : all.second) result.second.push_back(from_dense(x));
  return result;
}

Derivatives ours(const OpRow& row, const Case& arguments, int order) {
  if (order == 0) return {.value = row.function(arguments), .gradients = {}, .second = {}};
  Tape tape;
  Case leaves;
  std::vector<Var> inputs;
  for (const Var& argument : arguments) {
    leaves.push_back(tape.leaf(argument));
    if (is_floating(argument.dtype())) inputs.push_back(leaves.back());
  }
  const Var value = row.function(leaves);
  const std::vector<Var> first = tape.gradients(value, inputs, weights(value, 0));
  std::vector<Var> second;
  if (order > 1) {
    Var weighed = sum(first[0] * weights(first[0], 0));
    for (std::size_t i = 1; i < first.size(); ++i) weighed = weighed + sum(first[i] * weights(first[i], i));
    second = tape.gradients(weighed, inputs);
  }
  return {.value = tape.evaluate(value), .gradients = tape.evaluate(first), .second = tape.evaluate(second)};
}

bool close(double a, double b, double tolerance) {
  if (std::isnan(a) || std::isnan(b)) return std::isnan(a) && std::isnan(b);
  if (std::isinf(a) || std::isinf(b)) return a == b;
  return std::abs(a - b) <= tolerance * std::max({1.0, std::abs(a), std::abs(b)});
}

double element(const Var& x, std::size_t i) {
  const Var wide = cast<double>(x);
  return wide.array<double>().data()[wide.size() == 1 ? 0 : i];
}

/// The argument at the place of an element, if arguments and elements correspond; else NaN.
double argument(const Case& arguments, std::size_t which, std::size_t i) {
  return which < arguments.size() && i < arguments[which].size() ? element(arguments[which], i) : not_a_number;
}

/// Compares one array, but for the elements where a difference is known: there it must be as it is described.
class Comparison {
 public:
  Comparison(const OpRow& row, const Case& arguments, bool special)
      : row_(row), arguments_(arguments), special_(special) {}

  void operator()(const std::string& what, const Var& mine, const Var& theirs, const Var& weight) {
    const std::string where = row_.name + ", " + what;
    BOOST_TEST_REQUIRE((mine.shape() == theirs.shape()),
                       where << ": shapes " << to_string(mine.shape()) << ", libtorch " << to_string(theirs.shape()));
    BOOST_TEST_REQUIRE((mine.dtype() == theirs.dtype()),
                       where << ": " << name(mine.dtype()) << ", libtorch " << name(theirs.dtype()));
    for (std::size_t i = 0; i < mine.size(); ++i) {
      const double a = argument(arguments_, 0, i);
      const double b = argument(arguments_, 1, i);
      std::ostringstream text;
      text << where << ", element " << i << " (arguments " << a << ' ' << b << ')';
      const Difference* known = find(what, a, b);
      const double scale = what == "value" ? 1.0 : element(weight, i);
      if (known == nullptr) {
        expect(text.str() + ", libtorch", element(mine, i), element(theirs, i));
      } else {
        expect(text.str() + ", xgrad alone", element(mine, i), scale * known->xgrad);
        expect(text.str() + ", libtorch alone", element(theirs, i), scale * known->libtorch);
      }
    }
  }

  static std::vector<Difference>& known() {
    static std::vector<Difference> all = differences();
    return all;
  }
  static std::set<const Difference*>& met() {
    static std::set<const Difference*> all;
    return all;
  }

 private:
  const Difference* find(const std::string& what, double a, double b) const {
    for (const Difference& each : known()) {
      if (!special_ || each.row != row_.name || each.what != what || !each.applies(a, b)) continue;
      met().insert(&each);
      return &each;
    }
    return nullptr;
  }
  void expect(const std::string& what, double found, double expected) const {
    BOOST_TEST(close(found, expected, row_.torch_tolerance), what << ": " << found << " beside " << expected);
  }

  const OpRow& row_;
  const Case& arguments_;
  bool special_;
};

void compare_row(const OpRow& row, const Case& arguments, int order) {
  const Derivatives mine = ours(row, arguments, order);
  const Derivatives other = theirs(row, arguments, order);
  Comparison compare(row, arguments, /*special=*/order < 2);
  const Var weight = weights(mine.value, 0);
  compare("value", mine.value, other.value, weight);
  for (std::size_t i = 0; i < mine.gradients.size(); ++i) {
    compare("gradient " + std::to_string(i), mine.gradients[i], other.gradients[i], weight);
  }
  for (std::size_t i = 0; i < mine.second.size(); ++i) {
    compare("second order " + std::to_string(i), mine.second[i], other.second[i], weight);
  }
}

/// The rows to compare, each with all of its special inputs.
std::vector<OpRow> compared_rows() {
  std::vector<OpRow> rows = ops_table();
  for (const auto& [key, cases] : more_special_cases()) {
    const auto row = std::find_if(rows.begin(), rows.end(), [&key = key](const OpRow& x) { return x.name == key; });
    BOOST_TEST_REQUIRE((row != rows.end()), "special inputs for " << key << ", which is not in the table");
    row->special.insert(row->special.end(), cases.begin(), cases.end());
  }
  for (OpRow& row : rows_of_conventions()) rows.push_back(std::move(row));
  std::erase_if(rows, [](const OpRow& row) { return row.torch.empty(); });
  return rows;
}

}  // namespace

// The table leaves a key empty where another variant of the operation is compared; a row that has a key must be known.
BOOST_AUTO_TEST_CASE(every_row_has_a_counterpart) {
  const std::vector<std::string> list = libtorch::keys();
  const std::set<std::string> keys(list.begin(), list.end());
  std::set<std::string> unused = keys;
  std::vector<OpRow> rows = ops_table();
  for (const std::vector<OpRow>& more : {ops_without_derivative(), rows_of_conventions()}) {
    rows.insert(rows.end(), more.begin(), more.end());
  }
  for (const OpRow& row : rows) {
    if (without_counterpart().contains(row.name)) continue;
    const std::string key = row.torch.empty() ? row.name.substr(0, row.name.find('.')) : row.torch;
    BOOST_TEST(keys.contains(key), row.name << " has no counterpart in libtorch, and no reason is given");
    unused.erase(key);
  }
  for (const std::string& key : unused) BOOST_ERROR(key + ": a counterpart without a row");
  for (const auto& [key, reason] : without_counterpart()) {
    const bool found = std::any_of(rows.begin(), rows.end(), [&key = key](const OpRow& x) { return x.name == key; });
    BOOST_TEST((found && !keys.contains(key)), key << " is listed without counterpart (" << reason << "), wrongly");
  }
}

BOOST_AUTO_TEST_CASE(values_and_derivatives_agree_on_random_inputs) {
  for (const OpRow& row : compared_rows()) {
    for (const Case& arguments : row.smooth) compare_row(row, arguments, 2);
  }
}

BOOST_AUTO_TEST_CASE(values_and_gradients_agree_on_special_inputs) {
  for (const OpRow& row : compared_rows()) {
    for (const Case& arguments : row.special) compare_row(row, arguments, 1);
  }
  for (const Difference& each : Comparison::known()) {
    BOOST_TEST(Comparison::met().contains(&each),
               each.row << ", " << each.what << " (" << each.why << "): described, but no input shows it");
  }
}

BOOST_AUTO_TEST_CASE(values_without_derivative_agree) {
  for (const OpRow& row : ops_without_derivative()) {
    for (const Case& arguments : row.smooth) compare_row(row, arguments, 0);
    for (const Case& arguments : row.special) compare_row(row, arguments, 0);
  }
}

}  // namespace xgrad::testing
