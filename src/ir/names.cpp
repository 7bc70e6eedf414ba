#include "names.hpp"

#include <map>
#include <mutex>
#include <vector>

namespace xgrad::ir {
namespace {

struct Names {
  std::mutex mutex;
  std::vector<std::string> all;
  std::map<std::string, std::int64_t> numbers;
};

Names& names() {
  static auto* all = new Names;  // never destroyed: destructors of static objects may record
  return *all;
}

}  // namespace

std::int64_t number_of_name(const std::string& name) {
  Names& known = names();
  const std::scoped_lock lock(known.mutex);
  const auto [found, fresh] = known.numbers.try_emplace(name, static_cast<std::int64_t>(known.all.size()));
  if (fresh) known.all.push_back(name);
  return found->second;
}

std::string name_by_number(std::int64_t number) {
  Names& known = names();
  const std::scoped_lock lock(known.mutex);
  return known.all.at(static_cast<std::size_t>(number));
}

}  // namespace xgrad::ir
