// What the descendants of Adam share.
#pragma once

#include <string>
#include <string_view>

#include <xgrad/optim/setting.hpp>

#include "optim/numbers.hpp"

namespace xgrad::optim::detail {

/// The settings that all have.
inline void require_kin(std::string_view name, std::string_view paper, const Setting& rate, const Setting& beta1,
                        const Setting& beta2, double eps) {
  require_setting(name, "rate", rate, Range::not_negative, paper);
  require_setting(name, "beta1", beta1, Range::fraction, paper);
  require_setting(name, "beta2", beta2, Range::fraction, paper);
  require_setting(name, "eps", eps, Range::not_negative, paper);
}

/// Their text, if they have no others.
inline std::string kin_text(std::string_view name, const Setting& rate, const Setting& beta1, const Setting& beta2,
                            double eps) {
  return Text(name)("rate", rate)("beta1", beta1)("beta2", beta2)("eps", eps).str();
}

}  // namespace xgrad::optim::detail
