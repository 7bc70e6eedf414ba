#include <xgrad/mpi/session.hpp>

#include <exception>
#include <iostream>
#include <mutex>
#include <ostream>
#include <sstream>
#include <streambuf>
#include <utility>
#include <xgrad/threads.hpp>

#include "mpi/handshake.hpp"
#include "mpi/job.hpp"
#include "mpi/launcher.hpp"
#include "mpi/load_engine.hpp"
#include "mpi/lost.hpp"
#include "mpi/members.hpp"

namespace xgrad::mpi {
namespace {

std::mutex current_lock;
std::shared_ptr<Members> current_world;

std::shared_ptr<Members> the_world() {
  const std::lock_guard guard(current_lock);
  return current_world;
}

std::string text_of_current_exception() {
  try {
    if (std::current_exception()) throw;
  } catch (const std::exception& error) {
    return error.what();
  } catch (...) {
    return "something that is no std::exception was thrown";
  }
  return "std::terminate was called";
}

[[noreturn]] void end_job() {
  const auto world = the_world();
  if (!world || world->job->is_forked()) std::abort();
  world->job->end(text_of_current_exception());
}

// Clocks count nanoseconds, and not for longer than some centuries.
constexpr double longest_time = 1e9;

void require_sensible(const SessionOptions& options) {
  const double limit = options.time_limit.count();
  const double grace = options.grace.count();
  if (!(limit > 0 && limit <= longest_time) || !(grace >= 0 && grace <= longest_time)) {
    std::ostringstream text;
    text << "Session: the time limit must be positive, and the time of grace not negative, and both at most "
         << longest_time << " s; they are " << limit << " s and " << grace << " s";
    throw ValueError(text.str());
  }
  if (options.threads && (*options.threads < 1 || *options.threads > most_threads)) {
    throw ValueError("Session: " + std::to_string(*options.threads) + " threads; from 1 to " +
                     std::to_string(most_threads) + " are possible");
  }
}

std::shared_ptr<Members> begin(int& argc, char**& argv, const Launch& launch, const SessionOptions& options) {
  auto world = std::make_shared<Members>();
  std::unique_ptr<Engine> engine;
  if (launch.launched && launch.processes != std::size_t{1}) engine = load_engine(argc, argv);
  std::unique_ptr<Channel> channel = engine ? engine->world() : nullptr;
  const std::size_t processes = channel ? channel->size() : 1;
  if (engine && launch.processes && processes != *launch.processes) {
    throw LaunchError("xgrad::mpi: the launcher says that there are " + std::to_string(*launch.processes) +
                      " processes (" + launch.variable + "), MPI (" + engine->name() + ") says " +
                      std::to_string(processes) + ": they belong to different MPIs");
  }
  world->rank = channel ? channel->rank() : 0;
  for (std::size_t each = 0; each < processes; ++each) world->world_ranks.push_back(each);
  world->channel = std::move(channel);
  world->job = std::make_shared<Job>(std::move(engine), options.time_limit, options.grace);
  if (!world->channel) {
    world->job->hosts = {host_name()};
    return world;
  }
  try {
    greet(*world->job, *world->channel);
  } catch (const LaunchError&) {
    throw;  // on all ranks
  } catch (const std::exception& error) {
    world->job->end(error.what());  // MPI would wait in its end for those that have not come
  }
  return world;
}

}  // namespace

struct Session::State {
  class Silence final : public std::streambuf {
   protected:
    int_type overflow(int_type c) override { return traits_type::not_eof(c); }
    std::streamsize xsputn(const char*, std::streamsize count) override { return count; }
  };

  std::shared_ptr<Members> world;
  int exceptions = std::uncaught_exceptions();
  std::terminate_handler terminate_before = nullptr;
  Silence silence;
  std::streambuf* cout_before = nullptr;
  std::streambuf* clog_before = nullptr;

  /// The program's output is as before, and there is no world.
  void let_go() const {
    if (cout_before) std::cout.rdbuf(cout_before);
    if (clog_before) std::clog.rdbuf(clog_before);
    const std::lock_guard guard(current_lock);
    current_world.reset();
  }
};

Session::Session(int& argc, char**& argv, const SessionOptions& options) : state_(std::make_unique<State>()) {
  require_sensible(options);
  if (the_world()) throw LaunchError("Session: there is one already");
  const Launch launched = launch();
  state_->world = begin(argc, argv, launched, options);
  xgrad::set_threads(options.threads.value_or(threads_of(launched)));
  if (state_->world->rank != 0 && !options.output_everywhere) {
    state_->cout_before = std::cout.rdbuf(&state_->silence);
    state_->clog_before = std::clog.rdbuf(&state_->silence);
  }
  {
    const std::lock_guard guard(current_lock);
    current_world = state_->world;
  }
  if (state_->world->size() > 1) state_->terminate_before = std::set_terminate(end_job);
  watch_for_lost(state_->world);
}

Session::~Session() {
  Job& job = *state_->world->job;
  if (job.is_forked()) {
    state_->let_go();
    job.abandon();
    return;
  }
  if (state_->world->size() > 1) {
    if (std::uncaught_exceptions() > state_->exceptions) job.end("an exception leaves the session");
    try {
      Communicator(state_->world).require_same("the end of the session", 0, [] { return std::string(); });
    } catch (const std::exception& error) {
      job.end(error.what());
    }
    stop_watching_for_lost();
    std::set_terminate(state_->terminate_before);
  }
  state_->let_go();
  job.finish();
}

Communicator Session::world() const { return Communicator(state_->world); }

Communicator world() {
  auto members = the_world();
  if (!members) throw LaunchError("mpi::world: there is no session");
  return Communicator(std::move(members));
}

}  // namespace xgrad::mpi
