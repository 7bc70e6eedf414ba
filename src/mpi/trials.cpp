#include <xgrad/mpi/trials.hpp>

#include <atomic>
#include <exception>
#include <thread>

#include "mpi/packed.hpp"

namespace xgrad::mpi {
namespace {

using Run = xgrad::detail::FunctionOf<std::vector<Var>, std::size_t>;

detail::TrialArrays made_trial(std::size_t number, std::size_t rank, const Run& run) {
  detail::TrialArrays trial;
  trial.rank = rank;
  const auto begin = std::chrono::steady_clock::now();
  try {
    trial.arrays = run(number);
    for (const Var& each : trial.arrays) {
      if (each.defined()) static_cast<void>(elements_of(each));  // what is wrong with it belongs to this trial
    }
  } catch (const MpiError&) {
    throw;
  } catch (const std::exception& error) {
    trial.error = error.what();
    trial.has_failed = true;
  }
  trial.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  return trial;
}

// Rank 0 hands out numbers in a thread, beside its own trials.
class Counter {
 public:
  Counter(const Communicator& group, std::size_t count) : group_(group), count_(count) {
    if (group.rank() == 0 && group.size() > 1) thread_ = std::thread([this] { serve(); });
  }
  ~Counter() {
    stop_ = true;
    if (thread_.joinable()) thread_.join();
  }
  Counter(const Counter&) = delete;
  Counter& operator=(const Counter&) = delete;

  /// `count` when there are no more.
  std::size_t next() {
    if (group_.rank() == 0) return take();
    const std::uint64_t ready = 1;
    std::uint64_t number = 0;
    start_send(group_.members(), bytes_of(ready), 0, trial_tag).wait();
    start_receive(group_.members(), writable_bytes_of(number), 0, trial_tag).wait();
    return number;
  }
  /// When all have been told that there are no more.
  void end(std::chrono::duration<double> time_limit) {
    time_limit_ = time_limit.count();
    if (thread_.joinable()) thread_.join();
    if (error_) std::rethrow_exception(error_);
  }

 private:
  struct Other {
    std::uint64_t ready = 0, number = 0;
    Transfer ask, answer;
    bool told = false;
  };

  std::size_t take() { return std::min<std::size_t>(next_++, count_); }
  void listen(Other& other, std::size_t rank) {
    other.ask = start_receive(group_.members(), writable_bytes_of(other.ready), rank, trial_tag);
  }
  void serve() {
    try {
      std::vector<Other> others(group_.size());
      others[0].told = true;
      for (std::size_t rank = 1; rank < others.size(); ++rank) listen(others[rank], rank);
      std::size_t left = others.size() - 1;
      while (left > 0 && !stop_) {
        for (std::size_t rank = 1; rank < others.size(); ++rank) {
          Other& other = others[rank];
          if (other.told || !other.ask.done()) continue;
          other.answer.wait();
          other.number = take();
          other.answer = start_send(group_.members(), bytes_of(other.number), rank, trial_tag);
          other.told = other.number == count_;
          if (other.told) --left;
          else listen(other, rank);
        }
        wait_a_little(others);
      }
      for (Other& other : others) {
        if (other.told) other.answer.wait();
      }
    } catch (...) {
      error_ = std::current_exception();
    }
  }
  // The limit counts from when this process has nothing more to do.
  void wait_a_little(std::vector<Other>& others) {
    std::this_thread::sleep_for(std::chrono::microseconds(200));
    const double limit = time_limit_;
    if (limit <= 0.0) return;
    if (!waits_) {
      waits_ = true;
      waits_since_ = std::chrono::steady_clock::now();
    }
    if (std::chrono::duration<double>(std::chrono::steady_clock::now() - waits_since_).count() < limit) return;
    for (Other& other : others) {
      if (!other.told) other.ask.wait(std::chrono::duration<double>(1e-3));  // throws, and names it
    }
  }

  Communicator group_;
  std::size_t count_;
  std::atomic<std::size_t> next_ = 0;
  std::atomic<bool> stop_ = false;
  std::atomic<double> time_limit_ = 0.0;
  bool waits_ = false;
  std::chrono::steady_clock::time_point waits_since_;
  std::exception_ptr error_;
  std::thread thread_;
};

using Made = std::vector<std::pair<std::size_t, detail::TrialArrays>>;

Made own_trials(const Communicator& group, std::size_t count, const TrialOptions& options, const Run& run) {
  Made made;
  if (options.hand_out == HandOut::in_turn) {
    for (std::size_t i = group.rank(); i < count; i += group.size()) {
      made.emplace_back(i, made_trial(i, group.rank(), run));
    }
    return made;
  }
  Counter counter(group.split(0), count);
  for (std::size_t i = counter.next(); i < count; i = counter.next()) {
    made.emplace_back(i, made_trial(i, group.rank(), run));
  }
  counter.end(options.time_limit);
  return made;
}

// Nobody sends what others wait for with the usual time limit before all are ready.
void wait_for_all(const std::shared_ptr<Members>& members, std::chrono::duration<double> time_limit) {
  members->call = "trials";
  for (std::size_t distance = 1; distance < members->size(); distance *= 2) {
    const std::size_t next = (members->rank + distance) % members->size();
    const std::size_t before = (members->rank + members->size() - distance) % members->size();
    const std::uint64_t ready = 1;
    std::uint64_t other = 0;
    Transfer receive = start_receive(members, writable_bytes_of(other), before, trial_tag);
    Transfer send = start_send(members, bytes_of(ready), next, trial_tag);
    receive.wait(time_limit);
    send.wait(time_limit);
  }
}

std::string packed(const Made& made) {
  Packer packer;
  packer.number(made.size());
  for (const auto& [number, trial] : made) {
    packer.number(number);
    packer.number(trial.has_failed ? 1 : 0);
    packer.text(trial.error);
    packer.real(trial.seconds);
    packer.number(trial.arrays.size());
    for (const Var& each : trial.arrays) packer.array(each);
  }
  return std::move(packer.bytes);
}

void unpack(const std::string& bytes, std::size_t rank, std::vector<detail::TrialArrays>& all) {
  Unpacker unpacker(bytes);
  for (std::uint64_t left = unpacker.number(); left > 0; --left) {
    const std::uint64_t number = unpacker.number();
    if (number >= all.size()) throw PeerError("xgrad::mpi: trials: another process has made one that there is not");
    detail::TrialArrays& trial = all[number];
    trial.rank = rank;
    trial.has_failed = unpacker.number() != 0;
    trial.error = unpacker.text();
    trial.seconds = unpacker.real();
    for (std::uint64_t arrays = unpacker.number(); arrays > 0; --arrays) trial.arrays.push_back(unpacker.array());
  }
}

}  // namespace

std::vector<detail::TrialArrays> detail::all_trials(const Communicator& group, std::size_t count,
                                                    const TrialOptions& options, std::uint64_t hash_of_settings,
                                                    Run run) {
  if (!(options.time_limit.count() > 0.0)) throw ValueError("trials: the time limit must be positive");
  const auto how = static_cast<std::uint64_t>(options.hand_out);
  group.require_same("trials", hash_of_settings * 31 + count * 2 + how, [&] {
    return std::to_string(count) + " of them, handed out " + (how == 0 ? "in turn" : "as processes are free") +
           ", settings with the check sum " + std::to_string(hash_of_settings);
  });
  const Made own = own_trials(group, count, options, run);
  wait_for_all(group.members(), options.time_limit);
  std::vector<TrialArrays> all(count);
  const std::vector<std::string> texts = gathered_texts(group.members(), packed(own));
  for (std::size_t rank = 0; rank < texts.size(); ++rank) unpack(texts[rank], rank, all);
  return all;
}

}  // namespace xgrad::mpi
