// The command line.
#pragma once

#include <regex>
#include <string>
#include <vector>

namespace bench {

struct Options {
  std::regex filter;         ///< matches part of an id
  std::string json;          ///< file, or empty
  std::vector<int> threads;  ///< one run of the comparisons with each
};

/// \throws std::invalid_argument, with a text for the user.
Options read_options(int argc, char** argv);

}  // namespace bench
