// Colours of the columns of sparse matrices: whether they tell entries apart, and how many there are.
#include <cstddef>
#include <cstdint>
#include <random>
#include <set>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "transform/sparse/colouring.hpp"

BOOST_AUTO_TEST_SUITE(test_sparse_colours)

namespace xg = xgrad;

namespace {

using xg::detail::Colouring;
using xg::detail::Structure;

Structure structure_from(std::size_t columns, const std::vector<std::vector<xg::detail::IndexSets::Index>>& rows) {
  Structure result;
  result.columns = columns;
  for (const auto& row : rows) result.add_row(row);
  return result;
}

/// The entries from the sums of columns, as places_in_compressed says, against the matrix itself.
bool tells_apart(const Structure& structure, const Colouring& colouring, bool symmetric) {
  const std::size_t rows = structure.rows();
  const auto element = [&](std::size_t i, std::size_t j) {
    return symmetric ? static_cast<double>(1 + i * j + i + j) : static_cast<double>(1 + i * structure.columns + j);
  };
  std::vector<double> compressed_matrix(rows * colouring.count, 0.0);
  for (std::size_t i = 0; i < rows; ++i) {
    for (const auto j : structure.row(i)) compressed_matrix[colouring.colours[j] * rows + i] += element(i, j);
  }
  const auto places = xg::detail::places_in_compressed("test", structure, colouring, symmetric, "column");
  std::size_t k = 0;
  for (std::size_t i = 0; i < rows; ++i) {
    for (const auto j : structure.row(i)) {
      if (compressed_matrix[static_cast<std::size_t>(places[k++])] != element(i, j)) return false;
    }
  }
  return k == places.size();
}

}  // namespace

BOOST_AUTO_TEST_CASE(colourings_tell_entries_apart) {
  std::mt19937 random(3);
  const auto chance = [&](int n) { return std::uniform_int_distribution<int>(0, n - 1)(random) == 0; };
  for (int round = 0; round < 200; ++round) {
    const std::size_t n = 1 + static_cast<std::size_t>(round % 23);
    const int sparsity = 1 + round % 9;
    std::vector<std::set<xg::detail::IndexSets::Index>> rows(n);
    std::vector<std::set<xg::detail::IndexSets::Index>> mirrored(n);
    for (xg::detail::IndexSets::Index i = 0; i < n; ++i) {
      for (xg::detail::IndexSets::Index j = 0; j < n; ++j) {
        if (!chance(sparsity)) continue;
        rows[i].insert(j);
        mirrored[i].insert(j);
        mirrored[j].insert(i);
      }
    }
    std::vector<std::vector<xg::detail::IndexSets::Index>> lists;
    std::vector<std::vector<xg::detail::IndexSets::Index>> both;
    for (const auto& row : rows) lists.emplace_back(row.begin(), row.end());
    for (const auto& row : mirrored) both.emplace_back(row.begin(), row.end());
    const Structure any = structure_from(n, lists);
    const Structure symmetric = structure_from(n, both);
    BOOST_TEST(tells_apart(any, xg::detail::colour_columns(any), false));
    BOOST_TEST(tells_apart(symmetric, xg::detail::colour_symmetric(symmetric), true));
    BOOST_TEST((xg::detail::transposed(xg::detail::transposed(any).structure).structure == any));
    BOOST_TEST((xg::detail::symmetric_part(symmetric) == symmetric));
  }
}

BOOST_AUTO_TEST_CASE(known_numbers_of_colours) {
  std::vector<std::vector<xg::detail::IndexSets::Index>> band(100);
  std::vector<std::vector<xg::detail::IndexSets::Index>> arrow(100);
  std::vector<std::vector<xg::detail::IndexSets::Index>> grid(100);  // five points, 10 by 10
  for (xg::detail::IndexSets::Index i = 0; i < 100; ++i) {
    for (xg::detail::IndexSets::Index j = i > 0 ? i - 1 : 0; j <= i + 1 && j < 100; ++j) band[i].push_back(j);
    if (i < 50) arrow[i] = {i, 50};
    else if (i > 50) arrow[i] = {50, i};
    for (xg::detail::IndexSets::Index j = 0; j < 100; ++j) {
      const auto far = [](auto a, auto b) { return a > b ? a - b : b - a; };
      if (far(i / 10, j / 10) + far(i % 10, j % 10) <= 1) grid[i].push_back(j);
      if (i == 50) arrow[i].push_back(j);
    }
  }
  BOOST_TEST(xg::detail::colour_columns(structure_from(100, band)).count == 3U);
  BOOST_TEST(xg::detail::colour_symmetric(structure_from(100, band)).count == 3U);
  BOOST_TEST(xg::detail::colour_symmetric(structure_from(100, arrow)).count == 2U);
  BOOST_TEST(xg::detail::colour_columns(structure_from(100, arrow)).count == 100U);
  BOOST_TEST(xg::detail::colour_columns(structure_from(100, grid)).count <= 8U);
  BOOST_TEST(xg::detail::colour_symmetric(structure_from(100, grid)).count <= 6U);
}

BOOST_AUTO_TEST_SUITE_END()
