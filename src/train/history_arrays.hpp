// A history as arrays by name, as a checkpoint holds it.
#pragma once

#include <string>

#include <xgrad/core/function_of.hpp>
#include <xgrad/io/named.hpp>
#include <xgrad/train/history.hpp>

namespace xgrad::train {

/// Of each kind of row one array for a column, int64 or float64; of each metric its values and the rows that have it.
void add_history(const std::string& prefix, const History& history, io::ArraysByName& to);

/// The history back.
/// \param arrays  those whose names began with the prefix, without it.
/// \param fail    throws, given a rule that is broken.
[[nodiscard]] History history_of(const io::ArraysByName& arrays,
                                 xgrad::detail::FunctionOf<void, const std::string&> fail);

}  // namespace xgrad::train
