// Machine code with a large frame, on a thread with a small stack, ends at the guard below the stack and never steps
// over it.
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <pthread.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstddef>
#include <cstring>
#include <numeric>
#include <stdexcept>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "backend/cpu/kernels/generated/pack_program.hpp"

BOOST_AUTO_TEST_SUITE(test_machine_code_frames)

using namespace xgrad::backend::cpu::kernels;

namespace {

constexpr std::size_t numbers = 1300;
constexpr std::size_t frame = 32 * numbers;  // each number has a pack of its own there
constexpr std::size_t elements = 8;

/// x + 1 + 1 + ..., where each 1 is a number of its own.
std::shared_ptr<const Generated> many_numbers() {
  PackProgram program;
  program.instructions.push_back({PackOp::Load, 0, 0, 0, 0});
  for (std::uint32_t k = 0; k < numbers; ++k) program.instructions.push_back({PackOp::Number, 0, 0, 0, 1});
  std::uint32_t sum = 0;
  for (std::uint32_t k = 0; k < numbers; ++k) {
    program.instructions.push_back({PackOp::Add, sum, k + 1, 0, 0});
    sum = static_cast<std::uint32_t>(program.instructions.size() - 1);
  }
  program.instructions.push_back({PackOp::Store, sum, 0, 0, 2});
  return generate(program);
}

/// Runs it. \return whether the result is right.
bool run(const Generated& code) {
  std::array<double, elements> x{};
  std::iota(x.begin(), x.end(), 0.0);
  double one = 1.0;
  std::array<double, elements> out{};
  const std::array<std::byte*, 3> slots{reinterpret_cast<std::byte*>(x.data()), reinterpret_cast<std::byte*>(&one),
                                        reinterpret_cast<std::byte*>(out.data())};
  CheckFailure failure;
  if (code(slots.data(), elements, elements, failure) != 0) return false;
  for (std::size_t i = 0; i < elements; ++i) {
    if (out[i] != x[i] + static_cast<double>(numbers)) return false;
  }
  return true;
}

/// A stack, a page below it that nobody may touch, and memory below that, which another stack could be.
class Stack {
 public:
  Stack() {
    void* all = mmap(nullptr, other + guard + size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (all == MAP_FAILED) throw std::runtime_error("no memory");
    memory_ = static_cast<std::byte*>(all);
    std::memset(memory_, 0x5A, other);
    mprotect(memory_ + other, guard, PROT_NONE);
  }
  Stack(const Stack&) = delete;
  Stack& operator=(const Stack&) = delete;
  ~Stack() { munmap(memory_, other + guard + size); }

  [[nodiscard]] std::byte* low() const { return memory_ + other + guard; }
  [[nodiscard]] bool other_is_untouched() const {
    return std::all_of(memory_, memory_ + other, [](std::byte each) { return each == std::byte{0x5A}; });
  }

  static constexpr std::size_t other = std::size_t{1} << 18U;
  static constexpr std::size_t guard = 4096;
  static constexpr std::size_t size = std::size_t{1} << 18U;

 private:
  std::byte* memory_;
};

struct Task {
  const Generated& code;
  const Stack& stack;
  std::size_t left;  ///< of the stack when the code begins
  bool right = false;
};

void* use_stack_and_run(void* argument) {
  auto& task = *static_cast<Task*>(argument);
  // Not the address of a variable, which the address sanitizer may put elsewhere.
  const auto* here = static_cast<const std::byte*>(__builtin_frame_address(0));
  const auto room = static_cast<std::size_t>(here - task.stack.low());
  auto* used = static_cast<volatile char*>(__builtin_alloca(room - task.left));
  used[0] = 1;
  task.right = run(task.code);
  return nullptr;
}

constexpr int was_right = 0;
constexpr int was_wrong = 3;

/// How a process ended that ran the code on such a thread: see waitpid.
int end_of_process(const Generated& code, const Stack& stack, std::size_t left) {
  const pid_t child = fork();
  if (child == 0) {
    const rlimit none{0, 0};
    setrlimit(RLIMIT_CORE, &none);
    for (const int each : {SIGSEGV, SIGBUS}) std::signal(each, SIG_DFL);
    Task task{code, stack, left};
    pthread_attr_t attributes;
    pthread_t thread = {};
    pthread_attr_init(&attributes);
    pthread_attr_setstack(&attributes, stack.low(), Stack::size);
    if (pthread_create(&thread, &attributes, use_stack_and_run, &task) != 0) _exit(was_wrong);
    pthread_join(thread, nullptr);
    _exit(task.right ? was_right : was_wrong);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return status;
}

}  // namespace

BOOST_AUTO_TEST_CASE(stay_above_the_guard) {
  BOOST_WARN_MESSAGE(can_generate(), "this machine has no AVX2, or machine code is switched off");
  if (!can_generate()) return;
  const auto code = many_numbers();
  BOOST_REQUIRE(code != nullptr);
  BOOST_TEST(run(*code));
  const Stack stack;
  const int with_room = end_of_process(*code, stack, 2 * frame);
  BOOST_TEST((WIFEXITED(with_room) && WEXITSTATUS(with_room) == was_right));
  // The frame would reach from above the guard to below it.
  const int without = end_of_process(*code, stack, frame / 2);
  BOOST_TEST(WIFSIGNALED(without));
  BOOST_TEST(stack.other_is_untouched());
}

BOOST_AUTO_TEST_SUITE_END()
