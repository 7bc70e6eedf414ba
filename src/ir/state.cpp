#include "state.hpp"

#include <algorithm>
#include <limits>
#include <memory>
#include <mutex>

#include <xgrad/core/errors.hpp>

template class xgrad::memory::PlainList<xgrad::ir::Node>;
template class xgrad::memory::PlainList<xgrad::ir::NodeId>;
template class xgrad::memory::PlainList<std::int64_t>;

namespace xgrad::ir {
namespace {

/// States of finished tapes, to be used again. Neither the pool nor its states are ever destroyed: a Var in a static
/// object may outlive everything.
struct Pool {
  std::mutex mutex;
  std::vector<TapeState*> all;
  std::vector<TapeState*> free;

  static Pool& instance() {
    static auto* pool = new Pool;
    return *pool;
  }
};

/// A finished tape keeps memory for small programs, so that recording them again allocates nothing.
constexpr std::size_t kept_nodes = 4096;

template <class T>
void clear(std::vector<T>& items) {
  items.clear();
  if (items.capacity() > 4 * kept_nodes) items.shrink_to_fit();
}

}  // namespace

TapeState* TapeState::acquire() {
  Pool& pool = Pool::instance();
  const std::scoped_lock lock(pool.mutex);
  if (pool.free.empty()) {
    pool.all.push_back(new TapeState);
    pool.free.reserve(pool.all.size());  // release() must not allocate
    return pool.all.back();
  }
  TapeState* state = pool.free.back();
  pool.free.pop_back();
  return state;
}

void TapeState::release() noexcept {
  generation_.fetch_add(1, std::memory_order_relaxed);
  values_forbidden_ = false;
  questions_ = 0;
  nodes_.clear(4 * kept_nodes);
  inputs_.clear(4 * kept_nodes);
  attributes_.clear(4 * kept_nodes);
  shapes_.clear();
  clear(scalars_);
  clear(leaves_);
  payloads_.clear();
  // clear() would write to every bucket of a large table, each time from now on.
  constexpr std::size_t few_buckets = 256;
  if (values_.bucket_count() > few_buckets) std::unordered_map<NodeId, BufferPtr>().swap(values_);
  else values_.clear();
  if (!spares_.empty()) spares_.clear();
  spare_bytes_ = 0;
  Pool& pool = Pool::instance();
  const std::scoped_lock lock(pool.mutex);
  pool.free.push_back(this);
}

NodeId TapeState::append_leaf(BufferPtr value) {
  const NodeId id = append(leaf_opcode, value->dtype(), intern(value->shape()), {});
  nodes_[id].first_attribute = static_cast<std::uint32_t>(leaves_.size());
  leaves_.push_back(std::move(value));
  return id;
}

NodeId TapeState::append_constant(DType dtype, ShapeId shape, Scalar value) {
  const NodeId id = append(constant_opcode, dtype, shape, {});
  nodes_[id].first_attribute = static_cast<std::uint32_t>(scalars_.size());
  scalars_.push_back(value);
  return id;
}

NodeId TapeState::append_with_payload(Opcode op, DType dtype, ShapeId shape, std::span<const NodeId> inputs,
                                      std::shared_ptr<const Payload> payload) {
  const NodeId id = append(op, dtype, shape, inputs);
  nodes_[id].first_attribute = static_cast<std::uint32_t>(payloads_.size());
  payloads_.push_back(std::move(payload));
  return id;
}

ShapeId TapeState::intern(const Shape& shape) {
  // Programs use few shapes, and mostly those that they used just before.
  constexpr std::size_t window = 8;
  const std::size_t count = shapes_.size();
  for (std::size_t i = count; i > 0 && i + window > count; --i) {
    if (shapes_[i - 1] == shape) return static_cast<ShapeId>(i - 1);
  }
  require_addressable(shape);
  shapes_.push_back(shape);
  return static_cast<ShapeId>(count);
}

Buffer* TapeState::kept_value(NodeId id) const {
  const auto found = values_.find(id);
  return found == values_.end() ? nullptr : found->second.get();
}

namespace {

/// What a kept value takes.
std::size_t bytes_of(const Buffer& buffer) noexcept {
  return sizeof(Buffer) + size_of(buffer.shape()) * size_of(buffer.dtype());
}

}  // namespace

void TapeState::keep_value(NodeId id, BufferPtr value, KeptAs why) {
  if (why == KeptAs::spare) spares_.push_back(id);
  const Buffer& buffer = *value.get();
  values_.insert_or_assign(id, std::move(value));
  nodes_[id].kept = why;
  if (why == KeptAs::spare) spare_bytes_ += bytes_of(buffer);
}

void TapeState::give_up_spare(NodeId id, KeptAs now) noexcept {
  spare_bytes_ -= bytes_of(*kept_value(id));
  nodes_[id].kept = now;
  if (now == KeptAs::nothing) values_.erase(id);
}

void TapeState::free_spares(std::size_t most_bytes, std::span<const NodeId> but_for) {
  for (std::size_t k = spares_.size(); k > 0 && spare_bytes_ > most_bytes; --k) {
    const NodeId id = spares_.front();
    if (nodes_[id].kept == KeptAs::spare) {
      if (std::binary_search(but_for.begin(), but_for.end(), id)) spares_.push_back(id);
      else give_up_spare(id, KeptAs::nothing);
    }
    spares_.pop_front();
  }
}

TapeState::Mark TapeState::mark() const noexcept {
  return {nodes_.size(),   inputs_.size(), attributes_.size(), shapes_.size(),
          scalars_.size(), leaves_.size(), payloads_.size()};
}

void TapeState::rewind(const Mark& mark) noexcept {
  const auto cut = [](auto& items, std::size_t size) {
    items.erase(items.begin() + static_cast<std::ptrdiff_t>(size), items.end());
  };
  std::erase_if(spares_, [&](NodeId id) {
    if (id >= mark.nodes && nodes_[id].kept == KeptAs::spare) give_up_spare(id, KeptAs::nothing);
    return id >= mark.nodes;
  });
  std::erase_if(values_, [&](const auto& known) { return known.first >= mark.nodes; });
  nodes_.truncate(mark.nodes);
  inputs_.truncate(mark.inputs);
  attributes_.truncate(mark.attributes);
  cut(shapes_, mark.shapes);
  cut(scalars_, mark.scalars);
  cut(leaves_, mark.leaves);
  cut(payloads_, mark.payloads);
}

std::size_t TapeState::bytes() const noexcept {
  return nodes_.size() * sizeof(Node) + inputs_.size() * sizeof(NodeId) + attributes_.size() * sizeof(std::int64_t) +
         shapes_.size() * sizeof(Shape) + scalars_.size() * sizeof(Scalar) + leaves_.size() * sizeof(BufferPtr) +
         payloads_.size() * sizeof(std::shared_ptr<const Payload>);
}

}  // namespace xgrad::ir
