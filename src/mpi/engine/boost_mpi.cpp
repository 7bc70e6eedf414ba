// The engine: MPI by Boost.MPI. This source alone includes MPI, and is a module of its own.
#include <algorithm>
#include <boost/mpi/communicator.hpp>
#include <boost/mpi/environment.hpp>
#include <mutex>
#include <stdexcept>
#include <utility>

#include "mpi/engine.hpp"

namespace xgrad::mpi {
namespace {

namespace bmpi = boost::mpi;

// MPI counts in int. Pieces of a power of two leave what is aligned so.
constexpr std::size_t most_bytes_at_once = std::size_t{1} << 30;

// One thread in MPI at a time: what every MPI can do, and nobody stays there long, for nothing here waits.
std::mutex& one_at_a_time() {
  static std::mutex lock;
  return lock;
}

class Requests final : public Operation {
 public:
  Requests(std::vector<bmpi::request> requests, std::size_t expected)
      : requests_(std::move(requests)), expected_(expected) {}

  bool done() override {
    const std::lock_guard guard(one_at_a_time());
    while (next_ < requests_.size()) {
      const auto status = requests_[next_].test();
      if (!status) return false;
      if (expected_ > 0) count(*status);
      ++next_;
    }
    if (expected_ > 0 && received_ != expected_) {
      throw std::runtime_error(std::to_string(expected_) + " bytes were expected, and " + std::to_string(received_) +
                               " came");
    }
    return true;
  }
  void cancel() noexcept override {
    try {
      const std::lock_guard guard(one_at_a_time());
      for (; next_ < requests_.size(); ++next_) requests_[next_].cancel();
    } catch (...) {  // it has ended, or MPI has
    }
  }

 private:
  void count(const bmpi::status& status) {
    if (const auto bytes = status.count<char>()) received_ += static_cast<std::size_t>(*bytes);
  }

  std::vector<bmpi::request> requests_;
  std::size_t expected_;  // of a receive
  std::size_t received_ = 0;
  std::size_t next_ = 0;
};

class Group final : public Channel {
 public:
  explicit Group(bmpi::communicator group) : group_(std::move(group)) {
    MPI_Comm_set_errhandler(group_, MPI_ERRORS_RETURN);
  }
  Group(const Group&) = delete;
  Group& operator=(const Group&) = delete;
  ~Group() override {
    try {
      const std::lock_guard guard(one_at_a_time());
      group_ = bmpi::communicator();  // frees what it was
    } catch (...) {                   // MPI has failed
    }
  }

  [[nodiscard]] std::size_t rank() const override { return static_cast<std::size_t>(group_.rank()); }
  [[nodiscard]] std::size_t size() const override { return static_cast<std::size_t>(group_.size()); }

  std::unique_ptr<Channel> split(int colour, int key) override {
    const std::lock_guard guard(one_at_a_time());
    return std::make_unique<Group>(group_.split(colour, key));
  }
  std::unique_ptr<Operation> send(const std::byte* bytes, std::size_t count, std::size_t to, int tag) override {
    const auto* first = reinterpret_cast<const char*>(bytes);
    return begin(count, 0, [&](std::size_t at, int length) {
      return group_.isend(static_cast<int>(to), tag, first + at, length);
    });
  }
  std::unique_ptr<Operation> receive(std::byte* bytes, std::size_t count, std::size_t from, int tag) override {
    auto* first = reinterpret_cast<char*>(bytes);
    return begin(count, count, [&](std::size_t at, int length) {
      return group_.irecv(static_cast<int>(from), tag, first + at, length);
    });
  }
  std::optional<Received> take(int tag) override {
    const std::lock_guard guard(one_at_a_time());
    const auto status = group_.iprobe(bmpi::any_source, tag);
    if (!status) return std::nullopt;
    Received all{static_cast<std::size_t>(status->source()), {}};
    all.bytes.resize(static_cast<std::size_t>(status->count<char>().value_or(0)));
    group_.recv(status->source(), tag, reinterpret_cast<char*>(all.bytes.data()), static_cast<int>(all.bytes.size()));
    return all;
  }

 private:
  template <class Begin>
  std::unique_ptr<Operation> begin(std::size_t count, std::size_t expected, const Begin& one) {
    const std::lock_guard guard(one_at_a_time());
    std::vector<bmpi::request> requests;
    std::size_t at = 0;
    do {
      const std::size_t length = std::min(count - at, most_bytes_at_once);
      requests.push_back(one(at, static_cast<int>(length)));
      at += length;
    } while (at < count);
    return std::make_unique<Requests>(std::move(requests), expected);
  }

  bmpi::communicator group_;
};

class BoostMpi final : public Engine {
 public:
  BoostMpi(int& argc, char**& argv)
      : environment_((require_not_ended(), argc), argv, bmpi::threading::serialized, false) {
    if (bmpi::environment::thread_level() < bmpi::threading::serialized) {
      throw std::runtime_error("it lets only the main thread in, and computations use several");
    }
  }
  std::unique_ptr<Channel> world() override { return std::make_unique<Group>(bmpi::communicator()); }
  [[nodiscard]] std::string name() const override {
    char text[MPI_MAX_LIBRARY_VERSION_STRING] = {};
    int length = 0;
    MPI_Get_library_version(text, &length);
    const std::string whole(text, static_cast<std::size_t>(std::max(length, 0)));
    return whole.substr(0, whole.find_first_of(",\n"));
  }
  [[noreturn]] void abort(int exit_code) override {
    // Without the lock: a thread that hangs in MPI must not keep the job from its end.
    bmpi::environment::abort(exit_code);
    std::_Exit(exit_code);
  }

 private:
  static void require_not_ended() {
    int ended = 0;
    MPI_Finalized(&ended);
    if (ended != 0) throw std::runtime_error("it has ended in this process, and can begin only once");
  }

  bmpi::environment environment_;
};

}  // namespace
}  // namespace xgrad::mpi

extern "C" {

__attribute__((visibility("default"))) const char* xgrad_mpi_engine_version() { return XGRAD_VERSION; }

__attribute__((visibility("default"))) xgrad::mpi::Engine* xgrad_mpi_make_engine(int& argc, char**& argv) {
  return new xgrad::mpi::BoostMpi(argc, argv);
}

}  // extern "C"
