#include <xgrad/mpi/training.hpp>

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace xgrad::mpi {
namespace {

class Training final : public train::Processes {
 public:
  explicit Training(Communicator group) : group_(std::move(group)) {}

  [[nodiscard]] std::size_t rank() const noexcept override { return group_.rank(); }
  [[nodiscard]] std::size_t size() const noexcept override { return group_.size(); }

  void exchange(std::string_view /*what*/, std::span<const std::span<const std::byte>> sent,
                std::span<const std::span<std::byte>> received) const override {
    // Each begins with the next one, so that not all send to the first at once.
    std::vector<Transfer> transfers;
    for (std::size_t k = 1; k < size(); ++k) {
      const std::size_t from = (rank() + size() - k) % size();
      if (!received[from].empty()) transfers.push_back(group_.start_receive_bytes(received[from], from));
    }
    for (std::size_t k = 1; k < size(); ++k) {
      const std::size_t to = (rank() + k) % size();
      if (!sent[to].empty()) transfers.push_back(group_.start_send_bytes(sent[to], to));
    }
    for (Transfer& each : transfers) each.wait();
  }

 private:
  Communicator group_;
};

}  // namespace

train::Shards shards(std::size_t count, const Communicator& group, const ShardOptions& options) {
  static_cast<void>(train::shards_of(count, group.size(), group.rank()));
  if (group.size() == 1) return {count, {}, options.state_in_slices};
  group.require_same("shards of " + std::to_string(count) + (options.state_in_slices ? ", state in slices" : ""), 0,
                     [] { return std::string(); });
  return {count, std::make_shared<const Training>(group.split(0)), options.state_in_slices};
}

}  // namespace xgrad::mpi
