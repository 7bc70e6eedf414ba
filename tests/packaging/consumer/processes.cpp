// A user's program for one process or many.
#include <xgrad/mpi.hpp>
#include <xgrad/xgrad.hpp>

int main(int argc, char** argv) {
  const xgrad::mpi::Session session(argc, argv);
  const auto world = session.world();
  const xgrad::Var sum = xgrad::mpi::all_sum(world, xgrad::Var(1.0));
  return sum.item<double>() == static_cast<double>(world.size()) ? 0 : 1;
}
