// Objects of which each thread has one, for as long as it runs any code at all.
#pragma once

#include <memory>
#include <utility>

namespace xgrad::core {

/// What is deleted when a thread ends.
struct OwnedByThread {
  OwnedByThread() = default;
  OwnedByThread(const OwnedByThread&) = delete;
  OwnedByThread& operator=(const OwnedByThread&) = delete;
  virtual ~OwnedByThread() = default;
  OwnedByThread* next = nullptr;
};

/// Deletes an object after all thread_local objects of this thread have been destroyed. The main thread keeps its own
/// until the process is gone.
/// \throws std::bad_alloc  if the system has no room to remember it.
void delete_when_thread_ends(std::unique_ptr<OwnedByThread> object);

/// A T of this thread, made when it is first asked for. To be declared thread_local, at namespace scope:
///
///     thread_local constinit PerThread<Workspace> workspace;
///     ... workspace.get() ...
///
/// A plain `thread_local Workspace` would be destroyed too early: destructors of static objects, and of thread_local
/// ones that were made before it, may evaluate. Should one even do so while a thread's last memory is given back, a new
/// T is made and given back too.
template <class T>
class PerThread {
 public:
  T& get() { return object_ != nullptr ? *object_ : make(); }
  /// Null if there is no memory for it.
  T* get_or_null() noexcept {
    try {
      return &get();
    } catch (...) {
      return nullptr;
    }
  }

 private:
  struct Owned final : OwnedByThread {
    explicit Owned(PerThread* thread) : owner(thread) {}
    ~Owned() override { owner->object_ = nullptr; }  // before the value goes, whose parts may evaluate
    PerThread* owner;
    T value{};
  };

  [[gnu::noinline]] T& make() {
    auto owned = std::make_unique<Owned>(this);
    T& value = owned->value;
    delete_when_thread_ends(std::move(owned));
    object_ = &value;
    return value;
  }

  T* object_ = nullptr;
};

/// What a thread lends to one user after another.
template <class T>
struct Lendable {
  T object{};
  bool lent = false;
};

/// The T of this thread; one of its own for a user within another, as where a function of the user's that an evaluation
/// calls evaluates in its turn.
template <class T>
class Loan {
 public:
  explicit Loan(PerThread<Lendable<T>>& of_thread) : shared_(of_thread.get()), first_(!shared_.lent) {
    if (first_) shared_.lent = true;
    else own_ = std::make_unique<T>();
  }
  Loan(const Loan&) = delete;
  Loan& operator=(const Loan&) = delete;
  ~Loan() {
    if (first_) shared_.lent = false;
  }
  /// Whether it is the one of the thread.
  [[nodiscard]] bool is_first() const noexcept { return first_; }
  [[nodiscard]] T& operator*() noexcept { return first_ ? shared_.object : *own_; }
  [[nodiscard]] T* operator->() noexcept { return &**this; }

 private:
  Lendable<T>& shared_;
  bool first_;
  std::unique_ptr<T> own_;
};

}  // namespace xgrad::core
