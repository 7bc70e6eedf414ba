// Loops whose rounds may run on several threads.
//
// parallel: the threads that work for us, and how many. The only folder that includes oneTBB; of xgrad it includes
// core. What runs on the threads is no concern of it.
#pragma once

#include <cstddef>
#include <type_traits>

namespace xgrad::backend::cpu::parallel {

using RoundFunction = void (*)(void* context, std::size_t round);

/// Calls function(context, round) for each round below `rounds`, on the threads that set_threads allows, in any order.
void parallel_rounds(std::size_t rounds, RoundFunction function, void* context);

/// The same for anything that can be called with a round.
template <class F>
void parallel_for(std::size_t rounds, F&& f) {
  parallel_rounds(
      rounds, [](void* context, std::size_t round) { (*static_cast<std::remove_reference_t<F>*>(context))(round); },
      const_cast<void*>(static_cast<const void*>(&f)));
}

}  // namespace xgrad::backend::cpu::parallel
