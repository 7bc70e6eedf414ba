// What a training left behind, for people: tables, and a page with pictures.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include <xgrad/io/csv.hpp>
#include <xgrad/io/named.hpp>
#include <xgrad/train/history.hpp>
#include <xgrad/var.hpp>

#pragma GCC visibility push(default)

namespace xgrad::train {

/// The rows of a history as a table: epoch, step, loss, rate, seconds, and a column for each metric, in the order of
/// their names, with NaN where a row has no such metric. A metric of one of the other names is "metric loss" ...
///
///     xg::io::write_table("epochs.csv", xg::train::table(history.epochs));
[[nodiscard]] io::Table table(const std::vector<Progressed>& rows);

struct ReportOptions {
  std::string title = "Training";
  std::string summary = {};                                        ///< of the model; its spaces and lines stay
  std::vector<std::pair<std::string, std::string>> settings = {};  ///< name and value: "optimiser", "adam(rate 0.001)"
  Var confusion = {};                     ///< [K, K] counts, rows: what is, columns: what was predicted
  std::vector<std::string> classes = {};  ///< K names, or none
  io::ArraysByName weights = {};          ///< such as io::by_name(model): a histogram of each that is floating-point
  std::size_t bins = 40;                  ///< of a histogram, at least 1
};

/// A page about a training: what it came to, curves of loss, metrics and learning rate, the confusion matrix,
/// histograms of the weights, the summary of the model, settings, versions, and the epochs as a table.
///
/// It is one HTML file with its pictures inside: it links to nothing, runs no scripts, and the browser is told to allow
/// neither. All texts are shown as they are, markup in them too; what is not UTF-8 is replaced. Long curves are thinned
/// to means of several steps, and the page says so. The same history gives the same bytes, on one
/// machine.
/// \throws ShapeError  unless the confusion matrix is square, and there is a class for each of its rows, or none.
/// \throws ValueError  for bins = 0, and counts that are negative or not finite.
[[nodiscard]] std::string report(const History& history, const ReportOptions& options = {});

/// Writes it to a file, which is there as a whole or not at all.
/// \throws IoError  naming the file and the reason, if it cannot be written; otherwise as report().
void write_report(const std::filesystem::path& path, const History& history, const ReportOptions& options = {});

}  // namespace xgrad::train

#pragma GCC visibility pop
