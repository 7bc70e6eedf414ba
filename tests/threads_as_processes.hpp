// Processes that train together, as threads of one program.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstring>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <xgrad/train/shards.hpp>

namespace threads_as_processes {

/// Where they meet.
class Hub {
 public:
  explicit Hub(std::size_t size) : size_(size), posts_(size) {}

  struct Post {
    std::string what;
    std::vector<std::span<const std::byte>> sent;
  };
  std::size_t size() const { return size_; }
  Post& post(std::size_t rank) { return posts_[rank]; }
  std::size_t& bytes_sent() { return bytes_; }

  /// Returns when all are here.
  void meet() {
    std::unique_lock lock(mutex_);
    const std::size_t round = round_;
    if (++here_ == size_) {
      here_ = 0;
      ++round_;
      all_here_.notify_all();
      return;
    }
    if (!all_here_.wait_for(lock, std::chrono::seconds(60), [&] { return round_ != round; })) {
      throw std::logic_error("a process has not come");
    }
  }

 private:
  std::size_t size_;
  std::vector<Post> posts_;
  std::mutex mutex_;
  std::condition_variable all_here_;
  std::size_t here_ = 0;
  std::size_t round_ = 0;
  std::size_t bytes_ = 0;
};

class Thread final : public xgrad::train::Processes {
 public:
  Thread(std::shared_ptr<Hub> hub, std::size_t rank) : hub_(std::move(hub)), rank_(rank) {}

  std::size_t rank() const noexcept override { return rank_; }
  std::size_t size() const noexcept override { return hub_->size(); }
  void exchange(std::string_view what, std::span<const std::span<const std::byte>> sent,
                std::span<const std::span<std::byte>> received) const override {
    hub_->post(rank_) = {std::string(what), {sent.begin(), sent.end()}};
    hub_->meet();
    for (std::size_t p = 0; p < size(); ++p) {
      if (p == rank_) continue;
      const Hub::Post& other = hub_->post(p);
      if (other.what != what || other.sent[rank_].size() != received[p].size()) {
        throw std::logic_error("process " + std::to_string(p) + " sends " + other.what + ", expected is " +
                               std::string(what));
      }
      if (!received[p].empty()) std::memcpy(received[p].data(), other.sent[rank_].data(), received[p].size());
      if (rank_ == 0) hub_->bytes_sent() += sent[p].size();
    }
    hub_->meet();
  }

 private:
  std::shared_ptr<Hub> hub_;
  std::size_t rank_;
};

/// What each of so many processes gives, or has thrown.
template <class T>
struct Of {
  std::vector<std::optional<T>> results;
  std::vector<std::string> errors;  ///< empty: none
  std::size_t bytes_sent = 0;       ///< by the first
};

/// \param f  of a pointer to const Processes.
template <class T, class F>
Of<T> in_processes(std::size_t n, F f) {
  const auto hub = std::make_shared<Hub>(n);
  Of<T> all{std::vector<std::optional<T>>(n), std::vector<std::string>(n)};
  std::vector<std::thread> threads;
  for (std::size_t rank = 0; rank < n; ++rank) {
    threads.emplace_back([&, rank] {
      try {
        all.results[rank] = f(std::make_shared<const Thread>(hub, rank));
      } catch (const std::exception& error) {
        all.errors[rank] = error.what();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  all.bytes_sent = hub->bytes_sent();
  return all;
}

}  // namespace threads_as_processes
