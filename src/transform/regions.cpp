#include "regions.hpp"

#include <utility>

#include <xgrad/debug.hpp>

namespace xgrad::detail {
namespace {

thread_local Regions* noted_regions = nullptr;

}  // namespace

Regions::Regions() : outer_(std::exchange(noted_regions, this)) {}
Regions::~Regions() { noted_regions = outer_; }

Regions* Regions::noted_now() noexcept { return noted_regions; }

std::size_t Regions::begin(std::string text) {
  const ir::TapeState* tape = tape_recorded_now();
  all_.push_back(
      {.tape = tape, .begin = tape == nullptr ? 0 : static_cast<ir::NodeId>(tape->size()), .text = std::move(text)});
  return all_.size() - 1;
}

void Regions::end(std::size_t number) {
  if (number >= all_.size()) return;  // it has outlived its guard
  Entry& entry = all_[number];
  if (entry.tape != nullptr) entry.end = static_cast<ir::NodeId>(entry.tape->size());
}

std::optional<std::string> Regions::of(const ir::TapeState& tape, ir::NodeId id) const {
  for (std::size_t k = all_.size(); k-- > 0;) {  // what began last is innermost
    if (all_[k].tape == &tape && all_[k].begin <= id && id < all_[k].end) return all_[k].text;
  }
  return std::nullopt;
}

}  // namespace xgrad::detail

namespace xgrad::debug {

Region::Region(const std::string& name, const char* file, int line) {
  detail::Regions* noted = detail::Regions::noted_now();
  if (noted == nullptr) return;
  const std::string place = std::string(file) + ":" + std::to_string(line);
  number_ = noted->begin(name.empty() ? place : place + ", '" + name + "'");
}

Region::~Region() {
  detail::Regions* noted = detail::Regions::noted_now();
  if (number_ && noted != nullptr) noted->end(*number_);
}

}  // namespace xgrad::debug
