#include <xgrad/mpi/outer.hpp>

#include <algorithm>
#include <sstream>
#include <xgrad/mpi/collectives.hpp>

#include "mpi/flat.hpp"
#include "mpi/packed.hpp"

namespace xgrad::mpi {

void require_same_arrays(const Communicator& group, std::string_view call, std::span<const std::string> paths,
                         std::span<const Var> arrays, const std::string& more) {
  const auto lines = [&] {
    std::ostringstream text;
    for (std::size_t i = 0; i < arrays.size(); ++i) {
      text << "'" << paths[i] << "' ";
      if (arrays[i].defined()) text << name(arrays[i].dtype()) << " " << to_string(arrays[i].shape()) << "\n";
      else text << "empty\n";
    }
    text << more << "\n";
    return text.str();
  };
  group.require_same(call, std::hash<std::string>()(lines()), lines);
}

std::vector<Var> detail::mean_of_all(const Communicator& group, const std::vector<std::string>& paths,
                                     std::vector<Var> arrays, const std::vector<char>& left_out) {
  std::vector<std::size_t> which;
  std::vector<Var> floating;
  std::vector<std::string> floating_paths;
  std::string others;
  for (std::size_t i = 0; i < arrays.size(); ++i) {
    if (!arrays[i].defined() || (!left_out.empty() && left_out[i] != 0)) continue;
    if (is_floating(arrays[i].dtype())) {
      which.push_back(i);
      floating.push_back(arrays[i]);
      floating_paths.push_back(paths[i]);
      continue;
    }
    const std::span<const std::byte> elements = elements_of(arrays[i]);
    const std::string_view bytes(reinterpret_cast<const char*>(elements.data()), elements.size());
    others +=
        "the values of '" + paths[i] + "', check sum " + std::to_string(std::hash<std::string_view>()(bytes)) + "\n";
  }
  require_same_arrays(group, "meet", paths, arrays, others);
  if (which.empty()) return arrays;
  const std::vector<Var> found = means(group, floating, std::move(floating_paths));
  for (std::size_t i = 0; i < which.size(); ++i) arrays[which[i]] = found[i];
  return arrays;
}

}  // namespace xgrad::mpi
