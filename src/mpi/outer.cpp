#include <xgrad/mpi/outer.hpp>

#include <algorithm>
#include <sstream>

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

namespace {

template <class T>
void replace_by_means(const Communicator& group, std::vector<Var>& arrays, const std::vector<std::size_t>& which) {
  if (which.empty()) return;
  std::vector<T> all;
  for (const std::size_t i : which) append_elements(arrays[i], all);
  group.sum_in_place(std::span(all));
  const T count = static_cast<T>(group.size());
  for (T& each : all) each /= count;
  const T* next = all.data();
  for (const std::size_t i : which) arrays[i] = take_elements(arrays[i], next);
}

}  // namespace

std::vector<Var> detail::mean_of_all(const Communicator& group, std::string_view call,
                                     const std::vector<std::string>& paths, std::vector<Var> arrays,
                                     const std::vector<char>& left_out) {
  std::vector<std::size_t> singles, doubles;
  std::string others;
  for (std::size_t i = 0; i < arrays.size(); ++i) {
    if (!arrays[i].defined() || (!left_out.empty() && left_out[i] != 0)) continue;
    if (arrays[i].dtype() == DType::Float32) singles.push_back(i);
    else if (arrays[i].dtype() == DType::Float64) doubles.push_back(i);
    else {
      const std::span<const std::byte> elements = elements_of(arrays[i]);
      const std::string_view bytes(reinterpret_cast<const char*>(elements.data()), elements.size());
      others +=
          "the values of '" + paths[i] + "', check sum " + std::to_string(std::hash<std::string_view>()(bytes)) + "\n";
    }
  }
  require_same_arrays(group, call, paths, arrays, others);
  replace_by_means<float>(group, arrays, singles);
  replace_by_means<double>(group, arrays, doubles);
  return arrays;
}

}  // namespace xgrad::mpi
