#include <xgrad/random/key.hpp>

#include <map>
#include <random>
#include <string>
#include <tuple>

#include <xgrad/core/errors.hpp>

#include "ops/internal.hpp"
#include "ops/random.hpp"

namespace xgrad::random {
namespace {

using xgrad::detail::Purpose;

Var number_as_array(std::int64_t number) {
  auto array = Array<std::int64_t>::from_shape({});
  array.data()[0] = number;
  return {std::move(array)};
}

Var first_integers(std::size_t n) {
  auto array = Array<std::int64_t>::from_shape({n});
  for (std::size_t i = 0; i < n; ++i) array.data()[i] = static_cast<std::int64_t>(i);
  return {std::move(array)};
}

Key derived(std::string_view function, Purpose purpose, const Var& keys, const Var& numbers) {
  const std::array<const Var*, 2> both{&keys, &numbers};
  for (const Var* each : both) xgrad::detail::require_usable(*each, function);
  const Shape shape = xgrad::detail::broadcast_shape(function, both);
  return Key::from_bits(xgrad::detail::derive_key(purpose, xgrad::detail::broadcast_to(function, keys, shape),
                                                  xgrad::detail::broadcast_to(function, numbers, shape)));
}

}  // namespace

// ---- keys

Key::Key(std::int64_t seed, int) : bits(number_as_array(seed)) {}

Key Key::from_system() {
  std::random_device device;
  const std::uint64_t high = device();
  return Key(high << 32U | std::uint64_t{device()});
}

Key Key::from_bits(const Var& bits) {
  xgrad::detail::require_usable(bits, "Key::from_bits");
  if (bits.dtype() != DType::Int64) {
    throw TypeError("Key::from_bits: the bits are " + std::string(name(bits.dtype())) + "; they must be int64");
  }
  Key key;
  key.bits = xgrad::detail::as_weak(bits, false);
  return key;
}

Key Key::fold_in(const Var& number) const {
  xgrad::detail::require_usable(number, "Key::fold_in");
  if (number.dtype() != DType::Int64) {
    throw TypeError("Key::fold_in: the number is " + std::string(name(number.dtype())) + "; it must be an integer");
  }
  return derived("Key::fold_in", Purpose::FoldIn, bits, xgrad::detail::as_weak(number, false));
}

Key Key::split_array(std::size_t n, const char* file, unsigned line) const {
  const KeyUse use(*this, file, line);
  xgrad::detail::require_usable(bits, "Key::split");
  return derived("Key::split", Purpose::Split, expand_dims(bits, -1), first_integers(n));
}

std::vector<Key> Key::split(std::size_t n, const char* file, unsigned line) const {
  xgrad::detail::require_usable(bits, "Key::split");
  if (bits.dimension() != 0) {
    throw ShapeError("Key::split: these are keys " + to_string(bits.shape()) +
                     "; only a single one is split into separate keys: use split_array or vmap");
  }
  const Var all = split_array(n, file, line).bits;
  std::vector<Key> keys;
  for (std::size_t i = 0; i < n; ++i) keys.push_back(from_bits(view(all, static_cast<std::ptrdiff_t>(i))));
  return keys;
}

// ---- keys that are used twice

struct KeyCheck::Uses {
  struct Place {
    std::string file;
    unsigned line;
    [[nodiscard]] std::string text() const { return file + ":" + std::to_string(line); }
  };
  Uses* around = nullptr;
  std::map<std::int64_t, Place> of_bits;
  std::map<std::tuple<const ir::TapeState*, std::uint32_t, ir::NodeId>, Place> of_nodes;
};

namespace {

thread_local constinit KeyCheck::Uses* uses_of_thread = nullptr;

void require_first_use(auto& uses, const auto& key, const KeyCheck::Uses::Place& here) {
  const auto [found, first] = uses.try_emplace(key, here);
  if (first) return;
  throw ValueError("random: a key is used twice, at " + found->second.text() + " and at " + here.text() +
                   "; split it and use each part once");
}

void note_use(KeyCheck::Uses& uses, const Var& bits, const KeyCheck::Uses::Place& here) {
  if (!bits.defined()) return;  // which is refused where it is used
  if (bits.recorded()) {
    const ir::TapeState& tape = VarAccess::tape(bits);
    return require_first_use(uses.of_nodes, std::tuple{&tape, tape.generation(), VarAccess::node(bits)}, here);
  }
  const Array<std::int64_t>& keys = bits.array<std::int64_t>();
  for (std::size_t i = 0; i < keys.size(); ++i) require_first_use(uses.of_bits, keys.data()[i], here);
}

}  // namespace

KeyUse::KeyUse(const Key& key, const char* file, unsigned line) : bits_(&key.bits) {
  if (uses_of_thread != nullptr) [[unlikely]]
    note_use(*uses_of_thread, key.bits, {file, line});
}

KeyCheck::KeyCheck() : uses_(std::make_unique<Uses>()) {
  uses_->around = uses_of_thread;
  uses_of_thread = uses_.get();
}

KeyCheck::~KeyCheck() {
  Uses** at = &uses_of_thread;  // they may end in any order
  while (*at != nullptr && *at != uses_.get()) at = &(*at)->around;
  if (*at != nullptr) *at = uses_->around;
}

}  // namespace xgrad::random
