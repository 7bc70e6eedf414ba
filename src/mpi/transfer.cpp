#include <utility>

#include <xgrad/mpi/communicator.hpp>

#include "mpi/members.hpp"

namespace xgrad::mpi {

struct Transfer::State {
  std::shared_ptr<Members> members;
  std::unique_ptr<Operation> operation;
  std::size_t other;
  bool sends;

  [[nodiscard]] Job& job() const { return *members->job; }
  [[nodiscard]] std::string what() const {
    return (members->call.empty() ? "" : members->call + ", ") + (sends ? "which sends to " : "which receives from ") +
           members->name(other) + ",";
  }
};

Transfer::Transfer() noexcept = default;
Transfer::Transfer(std::unique_ptr<State> state) noexcept : state_(std::move(state)) {}
Transfer::Transfer(Transfer&& other) noexcept = default;

Transfer& Transfer::operator=(Transfer&& other) noexcept {
  if (this != &other) {
    Transfer old(std::move(*this));
    state_ = std::move(other.state_);
  }
  return *this;
}

Transfer::~Transfer() {
  if (!state_) return;
  try {
    wait();
  } catch (...) {  // the job remembers it: the next call throws it again
    if (state_) state_->operation->cancel();
  }
}

bool Transfer::done() {
  if (!state_) return true;
  state_->job().require_whole();
  bool ended = false;
  try {
    ended = state_->operation->done();
  } catch (const std::exception& error) {
    state_->job().fail_in_mpi(state_->what(), error.what());
  }
  if (ended) state_.reset();
  return ended;
}

void Transfer::wait() {
  if (!state_) return;
  state_->job().wait(*state_->operation, [this] { return state_->what(); });
  state_.reset();
}

Transfer start_send(const std::shared_ptr<Members>& members, std::span<const std::byte> bytes, std::size_t to,
                    int tag) {
  members->job->require_whole();
  members->bytes_sent += bytes.size();
  return Transfer(std::make_unique<Transfer::State>(
      Transfer::State{members, members->channel->send(bytes.data(), bytes.size(), to, tag), to, true}));
}

Transfer start_receive(const std::shared_ptr<Members>& members, std::span<std::byte> bytes, std::size_t from, int tag) {
  members->job->require_whole();
  return Transfer(std::make_unique<Transfer::State>(
      Transfer::State{members, members->channel->receive(bytes.data(), bytes.size(), from, tag), from, false}));
}

}  // namespace xgrad::mpi
