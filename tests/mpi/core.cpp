// Bytes and sums between processes, as many as the launcher starts.
#include <cmath>
#include <cstdlib>
#include <iostream>
#include <limits>
#include <numeric>
#include <vector>
#include <xgrad/mpi.hpp>

#include "mpi/checks.hpp"

namespace {

namespace mpi = xgrad::mpi;

// A number that each process and element has of its own, and whose sums are rounded.
template <class T>
T value_of(std::size_t rank, std::size_t i) {
  return static_cast<T>(std::sin(static_cast<double>(rank * 7919 + i * 31 + 1)) *
                        std::pow(10.0, static_cast<double>(i % 7)));
}

template <class T>
T sum_of_leaves(const mpi::SumTree& tree, std::size_t first, std::size_t last, std::size_t i) {
  if (last - first == 1) return value_of<T>(first, i);
  const std::size_t cut = tree.cut(first, last);
  return sum_of_leaves<T>(tree, first, cut, i) + sum_of_leaves<T>(tree, cut, last, i);
}

template <class T>
void sums_follow_the_tree(const mpi::Communicator& world) {
  for (const std::size_t shards : {world.size(), std::size_t{16}}) {
    const mpi::SumTree tree(shards, world.size());
    for (const std::size_t count : std::initializer_list<std::size_t>{0, 1, 2, 3, 7, 64, 1000, 100003}) {
      std::vector<T> values(count);
      for (std::size_t i = 0; i < count; ++i) values[i] = value_of<T>(world.rank(), i);
      const std::uint64_t before = world.bytes_sent();
      world.sum_in_place(std::span(values), tree);
      std::size_t wrong = 0;
      for (std::size_t i = 0; i < count; ++i) wrong += values[i] != sum_of_leaves<T>(tree, 0, world.size(), i);
      CHECK_EQUAL(wrong, 0U);
      if (count == 100003) {
        // All together send no more than the bound; with a tree of unequal sides some send less, and some more.
        const auto count_of_bytes = static_cast<double>(count * sizeof(T));
        std::vector<double> sent{static_cast<double>(world.bytes_sent() - before)};
        world.sum_in_place(std::span(sent));
        CHECK(sent[0] <= 1.001 * 2.0 * static_cast<double>(world.size() - 1) * count_of_bytes);
      }
    }
  }
}

void bytes_arrive(const mpi::Communicator& world) {
  if (world.size() == 1) return;
  const std::size_t next = (world.rank() + 1) % world.size();
  const std::size_t before = (world.rank() + world.size() - 1) % world.size();
  std::vector<int> mine(300000), theirs(300000, -1);
  std::iota(mine.begin(), mine.end(), static_cast<int>(world.rank()));
  mpi::Transfer receive = world.start_receive_bytes(std::as_writable_bytes(std::span(theirs)), before);
  mpi::Transfer send = world.start_send_bytes(std::as_bytes(std::span(mine)), next);
  receive.wait();
  send.wait();
  CHECK_EQUAL(theirs[0], static_cast<int>(before));
  CHECK_EQUAL(theirs[299999], static_cast<int>(before) + 299999);
}

void groups_are_apart(const mpi::Communicator& world) {
  const mpi::Communicator half = world.split(static_cast<int>(world.rank() % 2), -static_cast<int>(world.rank()));
  CHECK_EQUAL(half.size(), (world.size() + 1 - world.rank() % 2) / 2);
  CHECK_EQUAL(half.rank(), half.size() - 1 - world.rank() / 2);  // the keys turn their order around
  std::vector<std::int64_t> ranks{static_cast<std::int64_t>(world.rank()), 1};
  half.sum_in_place(std::span(ranks));
  CHECK_EQUAL(ranks[1], static_cast<std::int64_t>(half.size()));
  half.barrier();
  world.barrier("after");
}

void unequal_calls_are_told(const mpi::Communicator& world) {
  if (world.size() == 1) return;
  const std::size_t odd = world.size() - 1;
  std::string message;
  try {
    world.barrier(world.rank() == odd ? "of another place" : "of one place");
  } catch (const mpi::MismatchError& error) {
    message = error.what();
  }
  CHECK(message.find(world.name(0) + " calls barrier") != std::string::npos);
  CHECK(message.find(world.name(odd) + " calls barrier") != std::string::npos);
  CHECK(message.find("of another place") != std::string::npos);
  world.barrier();  // and all go on
}

}  // namespace

int main(int argc, char** argv) {
  const mpi::Session session(argc, argv, {.time_limit = std::chrono::seconds(20)});
  const mpi::Communicator world = session.world();
  if (const char* expected = std::getenv("XGRAD_TEST_PROCESSES")) CHECK_EQUAL(std::to_string(world.size()), expected);
  sums_follow_the_tree<float>(world);
  sums_follow_the_tree<double>(world);
  bytes_arrive(world);
  groups_are_apart(world);
  unequal_calls_are_told(world);
  return checks_failed();
}
