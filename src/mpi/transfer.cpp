#include <algorithm>
#include <exception>
#include <utility>

#include <xgrad/mpi/communicator.hpp>

#include "mpi/members.hpp"

namespace xgrad::mpi {

struct Transfer::State {
  std::shared_ptr<Members> members;
  std::unique_ptr<Operation> operation;
  std::size_t other;
  std::size_t bytes;
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
  Job& job = state_->job();
  try {
    // Who unwinds the stack may be the one for whom the other side waits.
    const Seconds limit = std::uncaught_exceptions() > 0 ? std::min(job.grace(), job.time_limit()) : job.time_limit();
    job.wait(
        *state_->operation, state_->bytes, [this] { return state_->what(); }, limit);
  } catch (...) {  // the job remembers it: the next call throws it again
    if (job.is_open()) state_->operation->cancel();
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
  if (state_) wait(state_->job().time_limit());
}

void Transfer::wait(Seconds time_limit) {
  if (!state_) return;
  state_->job().wait(
      *state_->operation, state_->bytes, [this] { return state_->what(); }, time_limit);
  state_.reset();
}

namespace {

template <class Begin>
Transfer begin_transfer(const std::shared_ptr<Members>& members, std::size_t other, std::size_t bytes, bool sends,
                        const Begin& begin) {
  members->job->require_whole();
  auto state = std::make_unique<Transfer::State>(Transfer::State{members, nullptr, other, bytes, sends});
  try {
    state->operation = begin();
  } catch (const std::exception& error) {
    members->job->fail_in_mpi(state->what(), error.what());
  }
  return Transfer(std::move(state));
}

}  // namespace

Transfer start_send(const std::shared_ptr<Members>& members, std::span<const std::byte> bytes, std::size_t to,
                    int tag) {
  const auto begin = [&] { return members->channel->send(bytes.data(), bytes.size(), to, tag); };
  Transfer transfer = begin_transfer(members, to, bytes.size(), true, begin);
  members->bytes_sent += bytes.size();
  return transfer;
}

Transfer start_receive(const std::shared_ptr<Members>& members, std::span<std::byte> bytes, std::size_t from, int tag) {
  const auto begin = [&] { return members->channel->receive(bytes.data(), bytes.size(), from, tag); };
  return begin_transfer(members, from, bytes.size(), false, begin);
}

void wait_all(std::vector<Transfer>& transfers) {
  for (Transfer& each : transfers) each.wait();
}

}  // namespace xgrad::mpi
