// Training by the processes that the launcher starts: the bits of one process, and what is refused.
//
//     mpi_training             checks itself against a training by this process alone
//     mpi_training sums        prints the check sums, for comparisons between launches (see tests/mpi/sums)
#include <cstdint>
#include <iostream>
#include <string>
#include <string_view>

#include <xgrad/mpi.hpp>
#include <xgrad/threads.hpp>

#include "mpi/checks.hpp"
#include "shard_models.hpp"

namespace {

namespace mpi = xgrad::mpi;
using namespace shard_models;

constexpr std::size_t shard_count = 16;

/// The sum of lists along the tree over the shards [first, last).
std::vector<Var> along_tree(const std::vector<std::vector<Var>>& of, std::size_t first, std::size_t last) {
  if (last - first == 1) return of[first];
  const std::size_t cut = mpi::tree_cut(first, last);
  std::vector<Var> sums = along_tree(of, first, cut);
  const std::vector<Var> right = along_tree(of, cut, last);
  for (std::size_t i = 0; i < sums.size(); ++i) sums[i] = sums[i] + right[i];
  return sums;
}

/// The loop by hand without compiled functions and without shards of train/: gradients, sums and updates one by one.
template <class M>
M not_compiled(M model, const optim::Optimiser& optimiser, const mpi::Communicator& world, std::int64_t steps) {
  const auto batches = data::batches(rows(Key(7), shape_of(model, 160)),
                                     {.size = 32, .shuffle = Key(9).fold_in(0), .last = data::Last::Drop});
  const auto objective = train::supervised(xg::loss::CrossEntropy{});
  const mpi::SumTree tree(shard_count, world.size());
  optim::State state = optimiser.init(model);
  for (std::int64_t i = 0; i < steps; ++i) {
    std::vector<std::vector<Var>> of_shards;
    M next = model;
    for (std::size_t shard = tree.first_shard(world.rank()); shard < tree.first_shard(world.rank() + 1); ++shard) {
      const auto [x, y] = batches.at(i / 5, static_cast<std::size_t>(i % 5), {shard, 1, shard_count});
      const nn::Training training{Key(9).fold_in(1).fold_in(i).fold_in(static_cast<std::int64_t>(shard))};
      const auto loss = [&, x = x, y = y](const M& m) {
        if constexpr (nn::TrainingLayer<M>) {
          auto [value, moved] = objective(m, x, y, training);
          return std::tuple{value, moved};
        } else {
          return std::tuple{objective(m, x, y), m};
        }
      };
      auto found = xg::value_and_grad(loss)(model);
      next = std::move(found.auxiliary);
      std::vector<Var> sums = xg::tree::leaves(found.gradient);
      if constexpr (nn::TrainingLayer<M>) {
        sums.push_back(next.norm.running_mean);
        sums.push_back(next.norm.running_var);
      }
      of_shards.push_back(std::move(sums));
    }
    std::vector<Var> means;
    for (const Var& sum : along_tree(of_shards, 0, of_shards.size())) {
      xg::Array<float> all = sum.array<float>();
      world.sum_in_place(std::span(all.data(), all.size()), tree);
      means.push_back(Var(std::move(all)) / static_cast<double>(shard_count));
    }
    if constexpr (nn::TrainingLayer<M>) {
      next.norm.running_var = means.back();
      next.norm.running_mean = means[means.size() - 2];
      means.resize(means.size() - 2);
    }
    auto [updates, moved] = optimiser.update(xg::tree::with_leaves(model, means), state, model);
    model = optim::apply(xg::tree::with_leaves(next, xg::tree::leaves(model)), updates);
    state = moved;
  }
  return model;
}

template <class M>
void print(std::string_view name, const M& model, const optim::Optimiser& optimiser, const mpi::Communicator& world) {
  const train::Shards whole = mpi::shards(shard_count, world);
  const train::Shards slices = mpi::shards(shard_count, world, {.state_in_slices = true});
  const std::uint64_t compiled = sum_of(trained(model, optimiser, whole), false);
  const std::uint64_t sliced = sum_of(trained(model, optimiser, slices), false);
  const std::uint64_t by_hand = Sum().add(shard_models::by_hand(model, optimiser, whole, 7)).value();
  const std::uint64_t one_by_one = Sum().add(not_compiled(model, optimiser, world, 7)).value();
  if (world.rank() != 0) return;
  std::cout << name << std::hex << " whole " << compiled << " slices " << sliced << " by hand " << by_hand
            << " not compiled " << one_by_one << std::dec << '\n';
}

template <class M>
void check(const M& model, const optim::Optimiser& optimiser, const mpi::Communicator& world) {
  const std::uint64_t alone = sum_of(trained(model, optimiser, shard_count), true);
  CHECK_EQUAL(sum_of(trained(model, optimiser, mpi::shards(shard_count, world)), true), alone);
  const train::Shards slices = mpi::shards(shard_count, world, {.state_in_slices = true});
  CHECK_EQUAL(sum_of(trained(model, optimiser, slices), false), sum_of(trained(model, optimiser, shard_count), false));
  const std::uint64_t by_hand = Sum().add(shard_models::by_hand(model, optimiser, shard_count, 7)).value();
  CHECK_EQUAL(Sum().add(shard_models::by_hand(model, optimiser, slices, 7)).value(), by_hand);
  CHECK_EQUAL(Sum().add(not_compiled(model, optimiser, world, 7)).value(), by_hand);
}

/// A tree over branches of processes is that over all shards, in both places that know it.
void trees_are_one(const mpi::Communicator& world) {
  for (const std::size_t shards : std::initializer_list<std::size_t>{16, 17, 23, 64}) {
    if (world.size() > shards) continue;
    const mpi::SumTree tree(shards, world.size());
    for (std::size_t rank = 0; rank < world.size(); ++rank) {
      CHECK_EQUAL(train::shards_of(shards, world.size(), rank).first, tree.first_shard(rank));
    }
  }
}

void refuses(const mpi::Communicator& world) {
  if (world.size() == 1) return;
  const std::string few = message_of<xg::ValueError>([&] { static_cast<void>(mpi::shards(1, world)); });
  CHECK(few.find("processes for 1 shard") != std::string::npos);
  const std::string unequal =
      message_of<mpi::MismatchError>([&] { static_cast<void>(mpi::shards(16 + world.rank(), world)); });
  CHECK(!unequal.empty());
  Mlp model = mlp();
  if (world.rank() == 1) model.out.bias = *model.out.bias + 1e-3;
  const std::string other = message_of<xg::ValueError>(
      [&] { static_cast<void>(trained(model, optim::adam(), mpi::shards(shard_count, world))); });
  CHECK(other.find("process 1 has \"out.bias\"") != std::string::npos);
}

}  // namespace

int main(int argc, char** argv) {
  mpi::Session session(argc, argv);
  const mpi::Communicator world = session.world();
  if (argc > 1 && std::string_view(argv[1]) == "sums") {
    if (argc > 2) xg::set_threads(std::stoi(argv[2]));
    print("mlp", mlp(), optim::adamw({.rate = 1e-2}), world);
    print("cnn", cnn(), optim::sgd({.rate = 0.05, .momentum = 0.9}), world);
    print("lstm", reader(), optim::rmsprop({.rate = 1e-2}), world);
    return 0;
  }
  trees_are_one(world);
  check(mlp(), optim::adamw({.rate = 1e-2}), world);
  check(cnn(), optim::sgd({.rate = 0.05, .momentum = 0.9}), world);
  check(reader(), optim::rmsprop({.rate = 1e-2}), world);
  refuses(world);
  return checks_failed();
}
