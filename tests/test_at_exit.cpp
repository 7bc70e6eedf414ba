// Evaluating when static and thread_local objects are destroyed, in processes of their own (see at_exit/).
#include <sys/wait.h>

#include <array>
#include <cstdio>
#include <string>

#include <boost/test/unit_test.hpp>

BOOST_AUTO_TEST_SUITE(test_at_exit)

namespace {

enum class Leaks { refused, expected };

/// Runs a form and compares what it prints.
void ends_well(const std::string& form, const std::string& expected, Leaks leaks = Leaks::refused) {
  BOOST_TEST_CONTEXT(form) {
    const std::string options = leaks == Leaks::expected ? "ASAN_OPTIONS=$ASAN_OPTIONS:detect_leaks=0 " : "";
    std::FILE* output = popen((options + XGRAD_AT_EXIT " " + form + " 2>&1").c_str(), "r");
    BOOST_TEST_REQUIRE(output != nullptr);
    std::string text;
    std::array<char, 4096> block;
    while (std::fgets(block.data(), block.size(), output) != nullptr) text += block.data();
    const int status = pclose(output);
    BOOST_TEST(text == expected);
    BOOST_TEST(WIFEXITED(status));
    BOOST_TEST(WEXITSTATUS(status) == 0);
  }
}

}  // namespace

BOOST_AUTO_TEST_CASE(static_objects) {
  ends_well("static", "main: right\nstatic: right\n");
  ends_well("first_use", "first_use: right\n");
  ends_well("two_threads", "main: right\ntwo_threads: right\n");
}

BOOST_AUTO_TEST_CASE(statics_of_functions) {
  ends_well("function_static", "main: right\nfunction_static: right\n");
  ends_well("function_static_of_thread", "thread: right\nfunction_static_of_thread: right\n");
}

BOOST_AUTO_TEST_CASE(thread_local_objects_of_the_main_thread) {
  ends_well("thread_local", "main: right\nthread_local: right\n");
}

BOOST_AUTO_TEST_CASE(thread_local_objects_of_other_threads) {
  ends_well("thread_local_of_thread", "thread: right\nthread_local_of_thread: right\n");
  ends_well("first_use_in_thread", "first_use_in_thread: right\n");
  ends_well("key_of_thread", "thread: right\nkey_of_thread: right\n");
  ends_well("exit_in_thread", "thread: right\nexit_in_thread: right\n");
}

BOOST_AUTO_TEST_CASE(static_compiled_functions) { ends_well("compiled", "compiled: right\n"); }

BOOST_AUTO_TEST_CASE(static_tapes) { ends_well("tape", "tape: right\n"); }

BOOST_AUTO_TEST_CASE(functions_called_at_exit) { ends_well("atexit", "main: right\natexit: right\n"); }

BOOST_AUTO_TEST_CASE(children_of_fork) {
  const std::string child = "child: right\nchild's thread: right\n";
  ends_well("fork", "main: right\n" + child + child);
  ends_well("fork_before_use", child);
  // These children have memory of threads of the parent, which are not there to give it back.
  ends_well("fork_in_thread", "main: right\nthread: right\n" + child, Leaks::expected);
  ends_well("fork_with_threads",
            "main: right\n" + child + "main: right\nmain: right\n",  // of the child, then the parent
            Leaks::expected);
}

BOOST_AUTO_TEST_CASE(plugins) {
  ends_well("plugin", "main: right\ninside: right\nplugin's thread: right\nplugin: right\n");
  ends_well("plugin_unused", "plugin: right\n");
  ends_well("plugin_twice",
            "inside: right\nplugin's thread: right\ninside: right\nplugin's thread: right\nplugin: right\n");
  ends_well("plugin_of_thread", "inside: right\nplugin's thread: right\nmain: right\nplugin: right\n");
}

BOOST_AUTO_TEST_SUITE_END()
