// How lists are ordered: of search results, and of labels. Of equal scores the first comes first. Relevance is finite.
#pragma once

#include <cstddef>
#include <string_view>

#include <xgrad/metrics/state.hpp>
#include <xgrad/tree/fields.hpp>
#include <xgrad/var.hpp>

#pragma GCC visibility push(default)

namespace xgrad::metrics {

/// Mean reciprocal rank of the first that is relevant; 0 if none is.
///
///     1 / rank
///
/// \param prediction  scores, [..., D]: a row for each query.
/// \param target      relevance, int64 or bool or floating-point, >= 0, of the same shape; what is above 0 is relevant.
/// \param weights     of the rows.
/// \source  E. M. Voorhees, The TREC-8 question answering track report, 1999.
struct ReciprocalRank {
  static constexpr std::string_view name = "ReciprocalRank";
  std::size_t k = 0;  ///< the first k; 0: all
  [[nodiscard]] Sums init() const;
  [[nodiscard]] Sums update(const Sums& state, const Var& prediction, const Var& target,
                            const Var& weights = 1.0) const;
  [[nodiscard]] Var value(const Sums& state) const;
};
XGRAD_FIELDS(ReciprocalRank, k)

/// Mean over queries of the average precision at the relevant ones among the first k; 0 if none is.
///
///     sum_r [r relevant] precision_r / number of relevant ones among the first k
///
/// \param prediction  scores, [..., D]: a row for each query.
/// \param target      relevance, int64 or bool or floating-point, >= 0, of the same shape; what is above 0 is relevant.
/// \param weights     of the rows.
/// \source  C. D. Manning, P. Raghavan and H. Schuetze, Introduction to Information Retrieval, 2008, section 8.4.
struct MeanAveragePrecision {
  static constexpr std::string_view name = "MeanAveragePrecision";
  std::size_t k = 0;  ///< the first k; 0: all
  [[nodiscard]] Sums init() const;
  [[nodiscard]] Sums update(const Sums& state, const Var& prediction, const Var& target,
                            const Var& weights = 1.0) const;
  [[nodiscard]] Var value(const Sums& state) const;
};
XGRAD_FIELDS(MeanAveragePrecision, k)

/// Normalised discounted cumulative gain; 0 if nothing is relevant.
///
///     sum_r relevance_r / log2(r + 1), over that of the best order
///
/// \param prediction  scores, [..., D]: a row for each query.
/// \param target      relevance, int64 or bool or floating-point, >= 0, of the same shape; what is above 0 is relevant.
/// \param weights     of the rows.
/// \source  scikit-learn 1.2, sklearn.metrics.ndcg_score, ignore_ties=True.
struct Ndcg {
  static constexpr std::string_view name = "Ndcg";
  std::size_t k = 0;  ///< the first k; 0: all
  [[nodiscard]] Sums init() const;
  [[nodiscard]] Sums update(const Sums& state, const Var& prediction, const Var& target,
                            const Var& weights = 1.0) const;
  [[nodiscard]] Var value(const Sums& state) const;
};
XGRAD_FIELDS(Ndcg, k)

/// Which part of the first k is relevant.
///
///     relevant ones among the first k / k
///
/// \param prediction  scores, [..., D]: a row for each query.
/// \param target      relevance, int64 or bool or floating-point, >= 0, of the same shape; what is above 0 is relevant.
/// \param weights     of the rows.
/// \source  C. D. Manning, P. Raghavan and H. Schuetze, Introduction to Information Retrieval, 2008, section 8.4.
struct RetrievalPrecision {
  static constexpr std::string_view name = "RetrievalPrecision";
  std::size_t k = 0;  ///< the first k; 0: all
  [[nodiscard]] Sums init() const;
  [[nodiscard]] Sums update(const Sums& state, const Var& prediction, const Var& target,
                            const Var& weights = 1.0) const;
  [[nodiscard]] Var value(const Sums& state) const;
};
XGRAD_FIELDS(RetrievalPrecision, k)

/// Which part of what is relevant is among the first k; 0 if nothing is relevant.
///
///     relevant ones among the first k / relevant ones
///
/// \param prediction  scores, [..., D]: a row for each query.
/// \param target      relevance, int64 or bool or floating-point, >= 0, of the same shape; what is above 0 is relevant.
/// \param weights     of the rows.
/// \source  C. D. Manning, P. Raghavan and H. Schuetze, Introduction to Information Retrieval, 2008, section 8.4.
struct RetrievalRecall {
  static constexpr std::string_view name = "RetrievalRecall";
  std::size_t k = 0;  ///< the first k; 0: all
  [[nodiscard]] Sums init() const;
  [[nodiscard]] Sums update(const Sums& state, const Var& prediction, const Var& target,
                            const Var& weights = 1.0) const;
  [[nodiscard]] Var value(const Sums& state) const;
};
XGRAD_FIELDS(RetrievalRecall, k)

/// Whether one of the first k is relevant.
///
///     [relevant ones among the first k > 0]
///
/// \param prediction  scores, [..., D]: a row for each query.
/// \param target      relevance, int64 or bool or floating-point, >= 0, of the same shape; what is above 0 is relevant.
/// \param weights     of the rows.
/// \source  C. D. Manning, P. Raghavan and H. Schuetze, Introduction to Information Retrieval, 2008, section 8.4.
struct HitRate {
  static constexpr std::string_view name = "HitRate";
  std::size_t k = 0;  ///< the first k; 0: all
  [[nodiscard]] Sums init() const;
  [[nodiscard]] Sums update(const Sums& state, const Var& prediction, const Var& target,
                            const Var& weights = 1.0) const;
  [[nodiscard]] Var value(const Sums& state) const;
};
XGRAD_FIELDS(HitRate, k)

/// How far one has to go down the list of labels to have all true ones; 0 if there is none.
///
///     max over true l of #{j: s_j >= s_l}
///
/// \param prediction  scores, [..., L].
/// \param target      0 and 1, int64 or bool, of the same shape.
/// \param weights     of the rows.
/// \source  scikit-learn 1.2, sklearn.metrics.coverage_error.
struct CoverageError {
  static constexpr std::string_view name = "CoverageError";
  [[nodiscard]] Sums init() const;
  [[nodiscard]] Sums update(const Sums& state, const Var& prediction, const Var& target,
                            const Var& weights = 1.0) const;
  [[nodiscard]] Var value(const Sums& state) const;
};
XGRAD_FIELDS(CoverageError)

/// Which part of the pairs of a true and a wrong label is in the wrong order, ties too; 0 if there are none.
///
///     #{true i, wrong j: s_i <= s_j} / (true wrong)
///
/// \param prediction  scores, [..., L].
/// \param target      0 and 1, int64 or bool, of the same shape.
/// \param weights     of the rows.
/// \source  scikit-learn 1.2, sklearn.metrics.label_ranking_loss.
struct LabelRankingLoss {
  static constexpr std::string_view name = "LabelRankingLoss";
  [[nodiscard]] Sums init() const;
  [[nodiscard]] Sums update(const Sums& state, const Var& prediction, const Var& target,
                            const Var& weights = 1.0) const;
  [[nodiscard]] Var value(const Sums& state) const;
};
XGRAD_FIELDS(LabelRankingLoss)

/// Mean over true labels of which part of the labels that score as high is true; 1 if none or all are true.
///
///     mean over true l of #{true j: s_j >= s_l} / #{j: s_j >= s_l}
///
/// \param prediction  scores, [..., L].
/// \param target      0 and 1, int64 or bool, of the same shape.
/// \param weights     of the rows.
/// \source  scikit-learn 1.2, sklearn.metrics.label_ranking_average_precision_score.
struct LabelRankingAveragePrecision {
  static constexpr std::string_view name = "LabelRankingAveragePrecision";
  [[nodiscard]] Sums init() const;
  [[nodiscard]] Sums update(const Sums& state, const Var& prediction, const Var& target,
                            const Var& weights = 1.0) const;
  [[nodiscard]] Var value(const Sums& state) const;
};
XGRAD_FIELDS(LabelRankingAveragePrecision)

}  // namespace xgrad::metrics

#pragma GCC visibility pop
