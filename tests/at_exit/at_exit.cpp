// Evaluates after main(): `at_exit FORM` prints "FORM: right" when the destructor of some object has worked.
#include <dlfcn.h>
#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "work.hpp"

namespace at_exit {

void say(const char* where, const std::string& wrong) {
  std::printf("%s: %s\n", where, wrong.empty() ? "right" : wrong.c_str());
  std::fflush(stdout);
}

namespace {

/// Objects of which each form wakes one.
struct Sleeper {
  std::optional<Late> late;
};

Sleeper before_main;
thread_local Sleeper of_thread;

std::function<xg::Var(const xg::Var&)> compiled;
std::unique_ptr<xg::Tape> tape;
xg::Var recorded;

struct Caller {
  bool awake = false;
  ~Caller() {
    if (awake)
      say("compiled", compiled(xg::Var(xg::Array<double>({1000}, 2.0))).item<double>() == 5000.0 ? "" : "wrong");
  }
};
struct Asker {
  bool awake = false;
  ~Asker() {
    if (awake) say("tape", (recorded * 2.0).item<double>() == 18.0 ? "" : "wrong");
  }
};
Caller caller;  // after what it calls, so destroyed before
Asker asker;

void in_thread(const std::function<void()>& f) { std::thread(f).join(); }

/// Made by whoever calls first, destroyed at exit.
void wake_function_static(const char* name) { static const Late late(name); }

extern "C" void work_for_key(void* name) { say(static_cast<const char*>(name), work()); }

void set_key(const char* name) {
  static const pthread_key_t key = [] {
    pthread_key_t made = 0;
    pthread_key_create(&made, work_for_key);
    return made;
  }();
  pthread_setspecific(key, name);
}

/// Works on a long array, with the threads that were asked for.
std::string work_long() {
  const xg::Var x = xg::Array<double>({1'000'000}, 1.0);
  return sum(x * 2.0).item<double>() == 2e6 ? work() : "a long sum is wrong";
}

/// Works in a child process, and in another child of it.
void work_in_child(int depth = 2) {
  const pid_t child = fork();
  if (child != 0) {
    int status = 0;
    waitpid(child, &status, 0);
    if (status != 0) say("parent", "the child failed");
    return;
  }
  say("child", work_long());
  in_thread([] { say("child's thread", work_long()); });
  if (depth > 1) work_in_child(depth - 1);
}

/// A plugin with a static and a thread_local object.
void open_and_close(bool run) {
  void* plugin = dlopen(XGRAD_PLUGIN, RTLD_NOW | RTLD_LOCAL);
  if (plugin == nullptr) {
    std::printf("%s\n", dlerror());
    std::exit(1);
  }
  if (run) reinterpret_cast<void (*)()>(dlsym(plugin, "run_plugin"))();
  dlclose(plugin);
}

const std::map<std::string, std::function<void()>> forms{
    {"static",
     [] {
       say("main", work());
       before_main.late.emplace("static");
     }},
    {"first_use", [] { before_main.late.emplace("first_use"); }},
    {"thread_local",
     [] {
       of_thread.late.emplace("thread_local");
       say("main", work());
     }},
    {"function_static",
     [] {
       wake_function_static("function_static");
       say("main", work());
     }},
    {"thread_local_of_thread",
     [] {
       in_thread([] {
         of_thread.late.emplace("thread_local_of_thread");
         say("thread", work());
       });
     }},
    {"first_use_in_thread", [] { in_thread([] { of_thread.late.emplace("first_use_in_thread"); }); }},
    {"function_static_of_thread",
     [] {
       in_thread([] {
         say("thread", work());
         wake_function_static("function_static_of_thread");
       });
     }},
    {"key_of_thread",
     [] {
       in_thread([] {
         set_key("key_of_thread");
         say("thread", work());
       });
     }},
    {"compiled",
     [] {
       compiled = xg::compile([](const xg::Var& x) { return sum(x * 2.0 + 1.0); });
       (void)compiled(xg::Var(xg::Array<double>({1000}, 1.0)));
       caller.awake = true;
     }},
    {"tape",
     [] {
       tape = std::make_unique<xg::Tape>();
       recorded = square(tape->leaf(3.0));
       asker.awake = true;
     }},
    {"atexit",
     [] {
       std::atexit([] { say("atexit", work()); });
       say("main", work());
     }},
    {"two_threads",
     [] {
       xg::set_threads(2);
       before_main.late.emplace("two_threads");
       say("main", work_long());
     }},
    {"exit_in_thread",
     [] {
       in_thread([] {
         of_thread.late.emplace("exit_in_thread");
         say("thread", work());
         std::exit(0);
       });
     }},
    {"fork",
     [] {
       say("main", work());
       work_in_child();
     }},
    {"fork_with_threads",
     [] {
       xg::set_threads(3);
       say("main", work_long());
       work_in_child(1);
       say("main", work_long());
     }},
    {"fork_before_use", [] { work_in_child(1); }},
    {"fork_in_thread",
     [] {
       say("main", work_long());
       in_thread([] {
         say("thread", work_long());
         work_in_child(1);
       });
     }},
    {"plugin",
     [] {
       say("main", work());
       open_and_close(true);
     }},
    {"plugin_unused", [] { open_and_close(false); }},
    {"plugin_of_thread",
     [] {
       in_thread([] { open_and_close(true); });
       say("main", work());
     }},
    {"plugin_twice",
     [] {
       in_thread([] { open_and_close(true); });
       open_and_close(true);
     }},
};

}  // namespace
}  // namespace at_exit

int main(int count, char** arguments) {
  const auto form = at_exit::forms.find(count == 2 ? arguments[1] : "");
  if (form == at_exit::forms.end()) {
    for (const auto& [name, wake] : at_exit::forms) std::printf("at_exit %s\n", name.c_str());
    return 2;
  }
  form->second();
  return 0;
}
