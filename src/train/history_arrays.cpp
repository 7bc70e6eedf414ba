#include "train/history_arrays.hpp"

#include <cstdint>
#include <string_view>
#include <vector>

namespace xgrad::train {
namespace {

using Fail = xgrad::detail::FunctionOf<void, const std::string&>;

constexpr std::string_view metrics_prefix = "metrics.";
constexpr std::string_view values_suffix = ".values";
constexpr std::string_view rows_suffix = ".rows";

/// The columns that every row has.
struct CountColumn {
  std::string_view name;
  std::size_t Progressed::*member;
};
struct NumberColumn {
  std::string_view name;
  double Progressed::*member;
};
constexpr CountColumn count_columns[] = {{"epoch", &Progressed::epoch}, {"step", &Progressed::step}};
constexpr NumberColumn number_columns[] = {
    {"loss", &Progressed::loss}, {"rate", &Progressed::rate}, {"seconds", &Progressed::seconds}};

void add_rows(const std::string& prefix, const std::vector<Progressed>& rows, io::ArraysByName& to) {
  for (const auto& [name, member] : count_columns) {
    std::vector<std::int64_t> all;
    for (const Progressed& row : rows) all.push_back(static_cast<std::int64_t>(row.*member));
    to.emplace(prefix + std::string(name), Var(all));
  }
  for (const auto& [name, member] : number_columns) {
    std::vector<double> all;
    for (const Progressed& row : rows) all.push_back(row.*member);
    to.emplace(prefix + std::string(name), Var(all));
  }
  struct Metric {
    std::vector<double> values;
    std::vector<std::int64_t> rows;
  };
  std::map<std::string, Metric> metrics;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    for (const auto& [name, value] : rows[i].metrics) {
      metrics[name].values.push_back(value);
      metrics[name].rows.push_back(static_cast<std::int64_t>(i));
    }
  }
  for (const auto& [name, metric] : metrics) {
    const std::string path = prefix + std::string(metrics_prefix) + name;
    to.emplace(path + std::string(values_suffix), Var(metric.values));
    to.emplace(path + std::string(rows_suffix), Var(metric.rows));
  }
}

/// Reads the arrays of one kind of row, of which nothing is known.
class RowsReader {
 public:
  RowsReader(const io::ArraysByName& arrays, std::string prefix, Fail fail)
      : arrays_(arrays), prefix_(std::move(prefix)), fail_(fail) {}

  std::vector<Progressed> read() {
    std::vector<Progressed> result(at(prefix_ + "step", DType::Int64).size());
    for (const auto& [name, member] : count_columns) {
      const std::vector<std::size_t> all = counts(prefix_ + std::string(name));
      require_length(name, all.size(), result.size());
      for (std::size_t i = 0; i < all.size(); ++i) result[i].*member = all[i];
    }
    for (const auto& [name, member] : number_columns) {
      const Array<double> all = at(prefix_ + std::string(name), DType::Float64).array<double>();
      require_length(name, all.size(), result.size());
      for (std::size_t i = 0; i < all.size(); ++i) result[i].*member = all(i);
    }
    const std::string begin = prefix_ + std::string(metrics_prefix);
    for (auto found = arrays_.lower_bound(begin); found != arrays_.end() && found->first.starts_with(begin); ++found) {
      if (found->first.ends_with(values_suffix) && found->first.size() >= begin.size() + values_suffix.size()) {
        read_metric(found->first.substr(begin.size(), found->first.size() - begin.size() - values_suffix.size()),
                    result);
      }
    }
    return result;
  }

 private:
  void read_metric(const std::string& name, std::vector<Progressed>& result) {
    const std::string path = prefix_ + std::string(metrics_prefix) + name;
    const Array<double> values = at(path + std::string(values_suffix), DType::Float64).array<double>();
    const std::vector<std::size_t> rows = counts(path + std::string(rows_suffix));
    require_length(name, rows.size(), values.size());
    for (std::size_t i = 0; i < rows.size(); ++i) {
      if (rows[i] >= result.size()) fail_("the metric '" + name + "' of the history is in a row that is not there");
      result[rows[i]].metrics[name] = values(i);
    }
  }
  std::vector<std::size_t> counts(const std::string& name) {
    const Array<std::int64_t> all = at(name, DType::Int64).array<std::int64_t>();
    std::vector<std::size_t> result;
    for (const std::int64_t each : all) {
      if (each < 0) fail_("'" + name + "' of the history has a negative number");
      result.push_back(static_cast<std::size_t>(each));
    }
    return result;
  }
  const Var& at(const std::string& name, DType dtype) {
    const auto found = arrays_.find(name);
    if (found == arrays_.end()) {
      fail_("the history has no '" + name + "'");
    } else if (found->second.dtype() != dtype || found->second.dimension() != 1) {
      fail_("'" + name + "' of the history is not " + std::string(xgrad::name(dtype)) + " with one axis");
    }
    return found->second;
  }
  void require_length(std::string_view name, std::size_t found, std::size_t wanted) {
    if (found != wanted) {
      fail_("'" + prefix_ + std::string(name) + "' of the history has " + std::to_string(found) + " rows in place of " +
            std::to_string(wanted));
    }
  }

  const io::ArraysByName& arrays_;
  std::string prefix_;
  Fail fail_;
};

}  // namespace

void add_history(const std::string& prefix, const History& history, io::ArraysByName& to) {
  add_rows(prefix + "steps.", history.steps, to);
  add_rows(prefix + "epochs.", history.epochs, to);
}

History history_of(const io::ArraysByName& arrays, Fail fail) {
  return {RowsReader(arrays, "steps.", fail).read(), RowsReader(arrays, "epochs.", fail).read()};
}

}  // namespace xgrad::train
