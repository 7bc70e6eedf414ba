#include "per_thread.hpp"

#include <pthread.h>

#include <new>

#if defined(__PIC__) && !defined(__PIE__)
#include <dlfcn.h>
#endif

namespace xgrad::core {
namespace {

extern "C" void delete_owned(void* newest);

/// The key whose destructor runs when a thread has destroyed its thread_local objects. Its value is the newest of a
/// list.
pthread_key_t key() {
  static const pthread_key_t made = [] {
    pthread_key_t fresh = 0;
    if (pthread_key_create(&fresh, delete_owned) != 0) throw std::bad_alloc();
    return fresh;
  }();
  return made;
}

extern "C" void delete_owned(void* newest) {
  // What is asked for meanwhile hangs on the key again.
  while (newest != nullptr) {
    pthread_setspecific(key(), nullptr);
    for (auto* object = static_cast<OwnedByThread*>(newest); object != nullptr;) {
      OwnedByThread* next = object->next;
      delete object;
      object = next;
    }
    newest = pthread_getspecific(key());
  }
}

#if defined(__PIC__) && !defined(__PIE__)
/// A shared library that xgrad is part of stays loaded: threads will call the function above, and what threads share is
/// never destroyed.
[[gnu::constructor]] void stay_loaded() {
  Dl_info self;
  if (dladdr(reinterpret_cast<void*>(&delete_owned), &self) == 0) return;
  dlopen(self.dli_fname, RTLD_LAZY | RTLD_NOLOAD | RTLD_NODELETE);
}
#endif

}  // namespace

void delete_when_thread_ends(std::unique_ptr<OwnedByThread> object) {
  object->next = static_cast<OwnedByThread*>(pthread_getspecific(key()));
  if (pthread_setspecific(key(), object.get()) != 0) throw std::bad_alloc();
  (void)object.release();  // NOLINT(bugprone-unused-return-value): delete_owned has it
}

}  // namespace xgrad::core
