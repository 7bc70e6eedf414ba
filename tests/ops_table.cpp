#include "ops_table.hpp"

#include "ops_table_rows.hpp"

namespace xgrad::testing {

const std::vector<OpRow>& ops_table() {
  static const std::vector<OpRow> table = [] {
    Rows rows;
    append_unary(rows);
    append_binary(rows);
    append_choices(rows);
    append_functions(rows);
    append_reductions(rows);
    append_manipulations(rows);
    append_indexing(rows);
    append_products(rows);
    append_contractions(rows);
    append_order(rows);
    append_shapes(rows);
    append_updating(rows);
    append_statistics(rows);
    append_sequences(rows);
    append_linalg(rows);
    append_windows(rows);
    append_random(rows);
    return rows;
  }();
  return table;
}

}  // namespace xgrad::testing
