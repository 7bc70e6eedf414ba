// The model of what a step costs, and the link that is measured for it.
#include <cmath>
#include <limits>
#include <string>
#include <xgrad/mpi.hpp>

#include "mpi/checks.hpp"

namespace {

namespace mpi = xgrad::mpi;

void the_model_is_its_formula() {
  const mpi::Link link{.latency = 2e-4, .per_message = 1e-5, .bandwidth = 1.25e8};
  const mpi::StepWork work{.shards = 16, .shard_seconds = 1e-3, .update_seconds = 5e-3, .gradient_bytes = 2e6};
  const mpi::StepTime one = mpi::step_time(work, {}, 1);
  CHECK(std::abs(one.total() - 21e-3) < 1e-15);
  const mpi::StepTime three = mpi::step_time(work, link, 3);  // 8, 4 and 4 shards
  CHECK(std::abs(three.compute - 8e-3) < 1e-15);
  CHECK(std::abs(three.messages - 3.0 * 2.1e-4) < 1e-15);
  CHECK(std::abs(three.bytes - 2.0 * 2.0 / 3.0 * 2e6 / 1.25e8) < 1e-15);
  CHECK(std::abs(three.total() - (three.compute + 5e-3 + three.messages + three.bytes)) < 1e-15);
}

template <class F>
bool refused(F f) {
  try {
    static_cast<void>(f());
  } catch (const xgrad::ValueError&) {
    return true;
  }
  return false;
}

void nonsense_is_refused() {
  const mpi::StepWork work{.shards = 16, .shard_seconds = 1e-3, .gradient_bytes = 1.0};
  CHECK(refused([&] { return mpi::step_time(work, {1e-6, 0.0, 1e9}, 17); }));
  CHECK(refused([&] { return mpi::step_time(work, {1e-6, 0.0, 0.0}, 2); }));
  CHECK(refused([&] { return mpi::step_time(work, {-1e-6, 0.0, 1e9}, 2); }));
  CHECK(refused([&] { return mpi::step_time({.shards = 16, .shard_seconds = std::nan("")}, {1e-6, 0.0, 1e9}, 2); }));
}

void a_link_is_measured(const mpi::Communicator& world) {
  const mpi::Link link = mpi::measure_link(world);
  if (world.size() == 1) {
    CHECK_EQUAL(link.latency, 0.0);
    CHECK(std::isinf(link.bandwidth));
    return;
  }
  CHECK(link.latency > 1e-8 && link.latency < 1.0);
  CHECK(link.per_message >= 0.0 && link.per_message < 1.0);
  CHECK(link.bandwidth > 1e5 && link.bandwidth < 1e13);
  // All have the same numbers, with which each may decide the same.
  world.require_same("a link", std::hash<double>()(link.latency + link.bandwidth), [] { return std::string("other"); });
}

}  // namespace

int main(int argc, char** argv) {
  const mpi::Session session(argc, argv, {.time_limit = std::chrono::seconds(60), .threads = 1});
  the_model_is_its_formula();
  nonsense_is_refused();
  a_link_is_measured(session.world());
  return checks_failed();
}
