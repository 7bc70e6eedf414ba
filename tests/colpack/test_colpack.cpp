// Colourings by ColPack, compiled here where it is found: the library may be built without it.
#define XGRAD_HAS_COLPACK
#define colpack_columns columns_by_colpack
#define colpack_symmetric symmetric_by_colpack
#include "transform/sparse/colpack.cpp"  // NOLINT(bugprone-suspicious-include)
#undef colpack_columns
#undef colpack_symmetric

#include <algorithm>
#include <random>
#include <set>

#include <boost/test/unit_test.hpp>

BOOST_AUTO_TEST_SUITE(test_colpack)

namespace {

using xgrad::detail::Colouring;
using xgrad::detail::IndexSets;
using xgrad::detail::Structure;

/// \param has  (row, column) -> whether there is an entry.
template <class F>
Structure structure(std::size_t rows, std::size_t columns, const F& has) {
  Structure result;
  result.columns = columns;
  for (std::size_t i = 0; i < rows; ++i) {
    std::vector<IndexSets::Index> row;
    for (std::size_t j = 0; j < columns; ++j) {
      if (has(i, j)) row.push_back(static_cast<IndexSets::Index>(j));
    }
    result.add_row(row);
  }
  return result;
}

bool is_valid(const Structure& matrix, const Colouring& colouring, bool symmetric) {
  if (colouring.colours.size() != matrix.columns) return false;
  const auto fits = [&](std::size_t colour) { return colour < colouring.count; };
  if (!std::all_of(colouring.colours.begin(), colouring.colours.end(), fits)) return false;
  // Throws if an entry is nowhere alone.
  return xgrad::detail::places_in_compressed("test", matrix, colouring, symmetric, "column").size() ==
         matrix.entries.size();
}

}  // namespace

BOOST_AUTO_TEST_CASE(bands_take_as_many_colours_as_they_are_wide) {
  const auto band = structure(40, 40, [](std::size_t i, std::size_t j) { return i <= j + 1 && j <= i + 1; });
  const auto columns = xgrad::detail::columns_by_colpack(band);
  BOOST_REQUIRE(columns.has_value());
  BOOST_TEST(is_valid(band, *columns, false));
  BOOST_TEST(columns->count == 3U);
  const auto symmetric = xgrad::detail::symmetric_by_colpack(band);
  BOOST_REQUIRE(symmetric.has_value());
  BOOST_TEST(is_valid(band, *symmetric, true));
  BOOST_TEST(symmetric->count <= 3U);
}

BOOST_AUTO_TEST_CASE(an_arrow_takes_two_colours_if_it_is_symmetric) {
  const auto arrow = structure(30, 30, [](std::size_t i, std::size_t j) { return i == j || i == 0 || j == 0; });
  const auto symmetric = xgrad::detail::symmetric_by_colpack(arrow);
  BOOST_REQUIRE(symmetric.has_value());
  BOOST_TEST(is_valid(arrow, *symmetric, true));
  BOOST_TEST(symmetric->count == 2U);
  BOOST_TEST(is_valid(arrow, xgrad::detail::columns_by_colpack(arrow).value(), false));
}

BOOST_AUTO_TEST_CASE(random_matrices_are_told_apart_again) {
  std::mt19937 random(7);
  for (int k = 0; k < 40; ++k) {
    const std::size_t rows = 1 + random() % 25;
    const std::size_t columns = 1 + random() % 25;
    std::set<std::pair<std::size_t, std::size_t>> entries{{0, 0}};
    for (std::size_t n = random() % 60; n > 0; --n) entries.emplace(random() % rows, random() % columns);
    const auto any = structure(rows, columns, [&](std::size_t i, std::size_t j) { return entries.count({i, j}) != 0; });
    const auto colouring = xgrad::detail::columns_by_colpack(any);
    if (colouring) BOOST_TEST(is_valid(any, *colouring, false));
    const auto square = structure(rows, rows, [&](std::size_t i, std::size_t j) {
      return i == j || entries.count({i, j}) != 0 || entries.count({j, i}) != 0;
    });
    const auto both = xgrad::detail::symmetric_by_colpack(square);
    if (both) BOOST_TEST(is_valid(square, *both, true));
  }
}

BOOST_AUTO_TEST_CASE(empty_matrices_are_left_to_us) {
  BOOST_TEST(!xgrad::detail::columns_by_colpack(Structure{}).has_value());
  BOOST_TEST(!xgrad::detail::symmetric_by_colpack(Structure{}).has_value());
}

BOOST_AUTO_TEST_SUITE_END()
