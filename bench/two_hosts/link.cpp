// A network link between two network namespaces, of a rate and a delay: for kernels without netem.
//
//     bench_link NAMESPACE_A NAMESPACE_B BITS_PER_SECOND SECONDS
//
// It makes a device "slow" in each of them, and carries packets from one to the other: each direction by itself as fast
// as the rate allows, and so many seconds later. It ends with SIGTERM; the devices end with it.
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

[[noreturn]] void fail(const std::string& what) { throw std::runtime_error(what + ": " + std::strerror(errno)); }

int device_in(const std::string& name) {
  const int space = ::open(("/run/netns/" + name).c_str(), O_RDONLY | O_CLOEXEC);
  if (space < 0 || ::setns(space, CLONE_NEWNET) != 0) fail("the namespace " + name);
  ::close(space);
  const int device = ::open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
  if (device < 0) fail("/dev/net/tun");
  ifreq request{};
  request.ifr_flags = IFF_TUN | IFF_NO_PI;
  std::strncpy(request.ifr_name, "slow", sizeof(request.ifr_name) - 1);
  if (::ioctl(device, TUNSETIFF, &request) != 0) fail("the device in " + name);
  return device;
}

struct Packet {
  Clock::time_point leaves;
  std::vector<char> bytes;
};

struct Direction {
  int from, to;
  std::deque<Packet> under_way = {};
  Clock::time_point free_at = {};

  void take(double seconds_per_byte, Clock::duration delay) {
    std::array<char, 65536> packet;
    // What waits is bounded, as the queue of a device is.
    while (under_way.size() < 1000) {
      const ssize_t count = ::read(from, packet.data(), packet.size());
      if (count <= 0) return;
      const Clock::time_point now = Clock::now();
      free_at = std::max(free_at, now) + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(
                                             seconds_per_byte * static_cast<double>(count)));
      under_way.push_back({free_at + delay, {packet.data(), packet.data() + count}});
    }
  }
  void hand_over() {
    while (!under_way.empty() && under_way.front().leaves <= Clock::now()) {
      const std::vector<char>& bytes = under_way.front().bytes;
      if (::write(to, bytes.data(), bytes.size()) < 0 && errno == EAGAIN) return;
      under_way.pop_front();
    }
  }
};

void carry(Direction& there, Direction& back, double seconds_per_byte, Clock::duration delay) {
  while (true) {
    for (Direction* each : {&there, &back}) {
      each->take(seconds_per_byte, delay);
      each->hand_over();
    }
    Clock::time_point next = Clock::now() + std::chrono::milliseconds(100);
    for (const Direction* each : {&there, &back}) {
      if (!each->under_way.empty()) next = std::min(next, each->under_way.front().leaves);
    }
    const auto left = std::chrono::duration_cast<std::chrono::nanoseconds>(next - Clock::now()).count();
    if (left <= 0) continue;
    const timespec wait{static_cast<time_t>(left / 1000000000), static_cast<long>(left % 1000000000)};
    std::array<pollfd, 2> ends{{{there.from, POLLIN, 0}, {back.from, POLLIN, 0}}};
    ::ppoll(ends.data(), ends.size(), &wait, nullptr);
  }
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc != 5) throw std::runtime_error("bench_link NAMESPACE_A NAMESPACE_B BITS_PER_SECOND SECONDS");
  const double rate = std::stod(argv[3]), delay = std::stod(argv[4]);
  if (!(rate > 0.0) || !(delay >= 0.0)) throw std::runtime_error("a rate is positive, and a delay not negative");
  ::prctl(PR_SET_TIMERSLACK, 1UL);
  const int a = device_in(argv[1]), b = device_in(argv[2]);
  Direction there{a, b}, back{b, a};
  carry(there, back, 8.0 / rate, std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(delay)));
} catch (const std::exception& error) {
  std::fprintf(stderr, "bench_link: %s\n", error.what());
  return 1;
}
