// A plugin that uses xgrad, also when it is unloaded, or its threads end.
#include <optional>

#include "work.hpp"

namespace {

at_exit::Late when_unloaded("plugin");
thread_local std::optional<at_exit::Late> when_thread_ends;

}  // namespace

extern "C" void run_plugin() {
  when_thread_ends.emplace("plugin's thread");
  at_exit::say("inside", at_exit::work());
}
