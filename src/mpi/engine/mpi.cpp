// The engine: MPI by its C interface, which Open MPI and MPICH have alike. This source alone includes MPI, and is a
// module of its own.
#include <mpi.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <mutex>
#include <stdexcept>
#include <utility>

#include "mpi/engine.hpp"

namespace xgrad::mpi {
namespace {

// MPI counts in int. Pieces of a power of two leave what is aligned so.
constexpr std::size_t most_bytes_at_once = std::size_t{1} << 30;

// One thread in MPI at a time: what every MPI can do, and nobody stays there long, for nothing here waits but split().
std::mutex& one_at_a_time() {
  static std::mutex lock;
  return lock;
}

void require(int code, const char* call) {
  if (code == MPI_SUCCESS) return;
  char text[MPI_MAX_ERROR_STRING] = {};
  int length = 0;
  MPI_Error_string(code, text, &length);
  throw std::runtime_error(std::string(call) + ": " + std::string(text, static_cast<std::size_t>(std::max(length, 0))));
}

bool has_ended() {
  int ended = 0;
  MPI_Finalized(&ended);
  return ended != 0;
}

class Requests final : public Operation {
 public:
  Requests(std::vector<MPI_Request> requests, std::size_t expected, bool receives)
      : requests_(std::move(requests)), expected_(expected), receives_(receives) {}

  bool done() override {
    const std::lock_guard guard(one_at_a_time());
    for (; next_ < requests_.size(); ++next_) {
      int ended = 0;
      MPI_Status status;
      require(MPI_Test(&requests_[next_], &ended, &status), "MPI_Test");
      if (ended == 0) return false;
      if (receives_) count(status);
    }
    if (receives_ && received_ != expected_) {
      throw std::runtime_error(std::to_string(expected_) + " bytes were expected, and " + std::to_string(received_) +
                               " came");
    }
    return true;
  }
  void cancel() noexcept override {
    const std::lock_guard guard(one_at_a_time());
    for (; receives_ && next_ < requests_.size(); ++next_) MPI_Cancel(&requests_[next_]);
  }

 private:
  void count(const MPI_Status& status) {
    int bytes = 0;
    require(MPI_Get_count(&status, MPI_BYTE, &bytes), "MPI_Get_count");
    received_ += static_cast<std::size_t>(std::max(bytes, 0));
  }

  std::vector<MPI_Request> requests_;
  std::size_t expected_;
  bool receives_;
  std::size_t received_ = 0;
  std::size_t next_ = 0;
};

class Group final : public Channel {
 public:
  Group(MPI_Comm group, bool owns) : group_(group), owns_(owns), process_(::getpid()) {
    MPI_Comm_set_errhandler(group_, MPI_ERRORS_RETURN);
    int number = 0;
    require(MPI_Comm_rank(group_, &number), "MPI_Comm_rank");
    rank_ = static_cast<std::size_t>(number);
    require(MPI_Comm_size(group_, &number), "MPI_Comm_size");
    size_ = static_cast<std::size_t>(number);
  }
  Group(const Group&) = delete;
  Group& operator=(const Group&) = delete;
  ~Group() override {
    const std::lock_guard guard(one_at_a_time());
    if (owns_ && process_ == ::getpid() && !has_ended()) MPI_Comm_free(&group_);
  }

  [[nodiscard]] std::size_t rank() const override { return rank_; }
  [[nodiscard]] std::size_t size() const override { return size_; }

  std::unique_ptr<Channel> split(int colour, int key) override {
    const std::lock_guard guard(one_at_a_time());
    MPI_Comm part = MPI_COMM_NULL;
    require(MPI_Comm_split(group_, colour, key, &part), "MPI_Comm_split");
    return std::make_unique<Group>(part, true);
  }
  std::unique_ptr<Operation> send(const std::byte* bytes, std::size_t count, std::size_t to, int tag) override {
    return begin(count, false, [&](std::size_t at, int length, MPI_Request* request) {
      require(MPI_Isend(bytes + at, length, MPI_BYTE, static_cast<int>(to), tag, group_, request), "MPI_Isend");
    });
  }
  std::unique_ptr<Operation> receive(std::byte* bytes, std::size_t count, std::size_t from, int tag) override {
    return begin(count, true, [&](std::size_t at, int length, MPI_Request* request) {
      require(MPI_Irecv(bytes + at, length, MPI_BYTE, static_cast<int>(from), tag, group_, request), "MPI_Irecv");
    });
  }
  std::optional<Received> take(int tag) override {
    const std::lock_guard guard(one_at_a_time());
    int here = 0;
    MPI_Status status;
    require(MPI_Iprobe(MPI_ANY_SOURCE, tag, group_, &here, &status), "MPI_Iprobe");
    if (here == 0) return std::nullopt;
    int bytes = 0;
    require(MPI_Get_count(&status, MPI_BYTE, &bytes), "MPI_Get_count");
    Received all{static_cast<std::size_t>(status.MPI_SOURCE), std::vector<std::byte>(static_cast<std::size_t>(bytes))};
    require(MPI_Recv(all.bytes.data(), bytes, MPI_BYTE, status.MPI_SOURCE, tag, group_, MPI_STATUS_IGNORE), "MPI_Recv");
    return all;
  }

 private:
  template <class Begin>
  static std::unique_ptr<Operation> begin(std::size_t count, bool receives, const Begin& one) {
    const std::lock_guard guard(one_at_a_time());
    std::vector<MPI_Request> requests(std::max<std::size_t>(1, (count + most_bytes_at_once - 1) / most_bytes_at_once));
    for (std::size_t k = 0; k < requests.size(); ++k) {
      const std::size_t at = k * most_bytes_at_once;
      one(at, static_cast<int>(std::min(count - at, most_bytes_at_once)), &requests[k]);
    }
    return std::make_unique<Requests>(std::move(requests), count, receives);
  }

  MPI_Comm group_;
  bool owns_;
  pid_t process_;
  std::size_t rank_ = 0;
  std::size_t size_ = 0;
};

class Mpi final : public Engine {
 public:
  Mpi(int& argc, char**& argv) {
    if (has_ended()) throw std::runtime_error("it has ended in this process, and can begin only once");
    int begun = 0;
    MPI_Initialized(&begun);
    int level = MPI_THREAD_SINGLE;
    if (begun == 0) require(MPI_Init_thread(&argc, &argv, MPI_THREAD_SERIALIZED, &level), "MPI_Init_thread");
    else require(MPI_Query_thread(&level), "MPI_Query_thread");
    ends_ = begun == 0;
    if (level >= MPI_THREAD_SERIALIZED) return;
    if (ends_) MPI_Finalize();
    throw std::runtime_error("it lets only the main thread in, and computations use several");
  }
  Mpi(const Mpi&) = delete;
  Mpi& operator=(const Mpi&) = delete;
  ~Mpi() override {
    if (ends_ && !has_ended()) MPI_Finalize();
  }

  std::unique_ptr<Channel> world() override { return std::make_unique<Group>(MPI_COMM_WORLD, false); }
  [[nodiscard]] std::string name() const override {
    char text[MPI_MAX_LIBRARY_VERSION_STRING] = {};
    int length = 0;
    MPI_Get_library_version(text, &length);
    const std::string whole(text, static_cast<std::size_t>(std::max(length, 0)));
    return whole.substr(0, whole.find_first_of(",\n"));
  }
  [[noreturn]] void abort(int exit_code) override {
    // Without the lock: a thread that hangs in MPI must not keep the job from its end.
    MPI_Abort(MPI_COMM_WORLD, exit_code);
    std::_Exit(exit_code);
  }

 private:
  bool ends_ = false;
};

}  // namespace
}  // namespace xgrad::mpi

extern "C" {

__attribute__((visibility("default"))) const char* xgrad_mpi_engine_version() { return XGRAD_VERSION; }

__attribute__((visibility("default"))) xgrad::mpi::Engine* xgrad_mpi_make_engine(int& argc, char**& argv) {
  return new xgrad::mpi::Mpi(argc, argv);
}

}  // extern "C"
