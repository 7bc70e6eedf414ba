// Least squares with a Jacobian: the state of a fit.
#pragma once

#include <optional>
#include <vector>

#include "least_squares_steps.hpp"

namespace xgrad::solve::detail {

/// The loop of a trust region, as in MINPACK's lmder.
class Fit {
 public:
  Fit(Residuals& residuals, const LeastSquaresMethod& method, const LeastSquaresOptions& options)
      : residuals_(residuals),
        method_(method),
        options_(options),
        box_(box_of(residuals.leaves(), options.lower, options.upper)),
        losses_(least_squares_name, options.loss),
        rounding_(residuals.leaves().rounding()),
        x_(residuals.leaves().start()) {}

  void run();
  Fitted fitted();

 private:
  enum class Search : bool { Accepted, Ended };

  void linearise();
  void choose_free();
  [[nodiscard]] double cosine() const;
  [[nodiscard]] double scaled_norm(const Vector& all) const;
  [[nodiscard]] bool tell() const;
  Search search();
  struct Trial;
  Vector step_in_box(bool& clipped);
  [[nodiscard]] Vector columns_of(const std::vector<std::size_t>& variables) const;
  Trial attempt();
  void resize(const Trial& trial);
  bool ends(const Trial& trial);
  bool polish();
  std::optional<Vector> step_after(Vector move, const Vector& scale);
  std::optional<Vector> newton_step();
  [[nodiscard]] double rounding_of_cost() const;
  void end(Ended why) { residuals_.report.ended = why; }

  Residuals& residuals_;
  const LeastSquaresMethod& method_;
  const LeastSquaresOptions& options_;
  Box box_;
  Losses losses_;
  double rounding_;

  Vector x_;
  double cost_ = 0.0;
  Vector linearised_;                      // the x of what follows
  Vector weighted_, jacobian_, gradient_;  // there, with the weights of the losses
  std::vector<std::size_t> free_;
  PivotedQr qr_;  // of the columns of the free ones
  Vector scale_;
  double radius_ = 0.0;
  double lambda_ = 0.0;
  double last_step_ = 0.0;
  bool near_ = false;
};

}  // namespace xgrad::solve::detail
