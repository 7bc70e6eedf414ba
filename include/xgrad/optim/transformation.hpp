// What an optimiser is: a transformation of gradients, init and update.
//
// optim: optimisers, schedules, and what they are combined with. An optimiser is made of operations on Vars: it
// includes transform, random, linalg and what is below.
#pragma once

#include <concepts>
#include <cstddef>
#include <functional>
#include <iosfwd>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <xgrad/ops/elementwise.hpp>
#include <xgrad/optim/setting.hpp>
#include <xgrad/optim/state.hpp>
#include <xgrad/tree/fields.hpp>
#include <xgrad/tree/tree.hpp>
#include <xgrad/var.hpp>

#pragma GCC visibility push(default)

namespace xgrad::optim {

class Transformation;

/// The leaves of a tree, of whatever type: `.curvature = hessian_diagonal`.
class Leaves {
 public:
  Leaves() = default;
  Leaves(std::vector<Var> all) : all_(std::move(all)) {}  // NOLINT(*-explicit-*)
  template <tree::Tree T>
  requires(!std::same_as<T, std::vector<Var>>) Leaves(const T& tree)  // NOLINT(*-explicit-*)
      : all_(tree::leaves(tree)) {}

  [[nodiscard]] bool empty() const noexcept { return all_.empty(); }
  [[nodiscard]] std::size_t size() const noexcept { return all_.size(); }
  [[nodiscard]] const Var& operator[](std::size_t i) const noexcept { return all_[i]; }
  [[nodiscard]] const std::vector<Var>& all() const noexcept { return all_; }

 private:
  std::vector<Var> all_;
};

/// A gradient as a function of the parameters' leaves; gradient_at() makes one.
using GradientFunction = std::function<std::vector<Var>(std::span<const Var>)>;

/// What some optimisers need beside gradients. Each says what; what it needs and does not get is a ValueError.
struct Extras {
  Var value = {};                       ///< the loss at the parameters
  Leaves curvature = {};                ///< the diagonal of the Hessian or an estimate of it: a tree as the gradient
  GradientFunction gradient = nullptr;  ///< the gradient of this batch elsewhere
  GradientFunction full_gradient = nullptr;  ///< the gradient of all data elsewhere
  Leaves inputs = {};                        ///< of each dense layer, [samples, in]
  Leaves output_gradients = {};              ///< of each dense layer, for each sample, [samples, out]
};

/// What a transformation says of its state when it is made for some parameters.
class Slots {
 public:
  /// The parameters that the transformation sees: of a partition, those of its part.
  [[nodiscard]] std::span<const Var> parameters() const noexcept { return parameters_; }
  [[nodiscard]] const std::string& path(std::size_t i) const { return (*paths_)[places_[i]]; }

  /// For each parameter an array like it, filled with a number.
  void like(std::string_view name, double value = 0.0);
  /// For each parameter an array that a function of it gives.
  void each(std::string_view name, const std::function<Var(const Var&)>& make);
  /// One array of the i-th parameter, for those that have different numbers of them.
  void of(std::size_t i, std::string_view name, const Var& value);
  /// A number of the optimiser's own, float64, int64 or bool.
  void number(std::string_view name, const Var& value);
  /// How many updates there were, int64.
  void count();

  /// The slots of a transformation inside of this one.
  /// \param name  before its paths; empty: none.
  void part(std::string_view name, const Transformation& inner);
  /// The same for some of the parameters, or with others in their places.
  void part(std::string_view name, const Transformation& inner, std::span<const std::size_t> which);
  void part_with(std::string_view name, const Transformation& inner, std::span<const Var> parameters);

 private:
  friend class Transformation;
  Slots(detail::Layout& layout, std::vector<Var>& arrays, const std::vector<std::string>& paths,
        std::vector<Var> parameters, std::vector<std::size_t> places, std::string prefix);
  void append(std::string_view name, std::size_t parameter, bool number, const Var& value);
  void part(std::string_view name, const Transformation& inner, std::vector<Var> parameters,
            std::vector<std::size_t> places);

  detail::Layout* layout_;
  std::vector<Var>* arrays_;
  const std::vector<std::string>* paths_;
  std::vector<Var> parameters_;
  std::vector<std::size_t> places_;
  std::string prefix_;
};

/// One update while it is computed. The transformation takes its slots in the order in which it made them, and changes
/// them and the updates where they are.
class Step {
 public:
  /// In: the gradients, or what the link before has made of them. Out: what is handed to the next link, or added to the
  /// parameters. Each keeps shape and element type of its parameter.
  std::vector<Var> updates;

  [[nodiscard]] std::span<const Var> parameters() const noexcept { return parameters_; }
  [[nodiscard]] std::size_t size() const noexcept { return parameters_.size(); }
  [[nodiscard]] const std::string& path(std::size_t i) const noexcept;
  /// Where the i-th parameter is among all of the model.
  [[nodiscard]] std::size_t place(std::size_t i) const noexcept { return places_[i]; }
  [[nodiscard]] const Extras& extras() const noexcept { return *extras_; }

  /// The arrays of the next slot that has one for each parameter.
  std::span<Var> slot() { return take(size()); }
  /// The next one array.
  Var& one() { return take(1)[0]; }
  /// The next number of the optimiser's own: weak, so that it takes the element type of what it meets.
  Var& number() { return take(1)[0]; }
  /// The next number is the count: it is raised by 1, and what it was is given in floating point.
  Var count();

  /// Runs a transformation inside of this one, on all updates or some of them.
  void part(const Transformation& inner);
  void part(const Transformation& inner, std::span<const std::size_t> which);
  /// The same, with other parameters and updates in their places.
  std::vector<Var> part_with(const Transformation& inner, std::vector<Var> others, std::span<const Var> parameters);
  /// The same if a condition holds, which is one truth value; else updates are 0 and its state stays. Recorded, this is
  /// a cond(), so that only what is needed is computed.
  void part_if(const Var& condition, const Transformation& inner);
  /// The state of the transformation that runs next inside of this one.
  [[nodiscard]] std::span<Var> state_of_part() const;

 private:
  friend class Transformation;
  struct Place {
    std::size_t entry = 0;
    std::size_t part = 0;
  };
  Step(const detail::Layout& layout, const Extras& extras, std::span<Var> state, Place* place);
  std::span<Var> take(std::size_t n);
  void run(const Transformation& inner, Step& step);

  std::vector<Var> parameters_;
  std::vector<std::size_t> places_;
  const detail::Layout* layout_;
  const Extras* extras_;
  std::span<Var> state_;
  Place* place_;
};

/// What update returns: `auto [updates, state] = ...`.
template <class T>
struct Updated {
  T updates;
  State state;
  XGRAD_MEMBER_FIELDS(Updated, updates, state)
};

/// What makes updates of gradients: `init` gives its state for some parameters, `update` the updates and the next
/// state.
///
///     auto adam = xg::optim::adam({.rate = 1e-3});
///     xg::optim::State state = adam.init(model);
///     auto step = xg::compile([&](const Mlp& m, const xg::optim::State& s, const xg::Var& x, const xg::Var& y) {
///       const auto [loss, gradient] = xg::value_and_grad(objective)(m, x, y);
///       auto [updates, next] = adam.update(gradient, s, m);
///       return std::tuple{xg::optim::apply(m, updates), next, loss};
///     });
///     std::tie(model, state, loss) = step(std::move(model), std::move(state), x, y);
///
/// It is a value: copies share what cannot change. Parameters are the leaves of a tree; members that are marked state
/// or static are neither updated nor decayed. The state has the element types of the parameters. All is written in
/// operations, so derivatives go through updates, with respect to settings, gradients, parameters and state.
class Transformation {
 public:
  using Init = std::function<void(Slots&)>;
  using Update = std::function<void(Step&)>;

  /// Whether gradients are those of the mean of a batch, or have one more axis in front, for the samples.
  enum class Gradients : bool { of_batch, per_sample };

  /// A transformation of your own; see docs/optim.md.
  /// \param text  its name, of which errors speak, with its settings: "adam(rate 0.001)".
  Transformation(std::string text, Init init, Update update, Gradients kind = Gradients::of_batch);
  // What is moved from stays what it was.
  Transformation(const Transformation&) = default;
  Transformation& operator=(const Transformation&) = default;
  ~Transformation() = default;

  /// The state for these parameters.
  /// \throws TypeError  unless all leaves are floating-point.
  template <tree::Tree T>
  [[nodiscard]] State init(const T& parameters) const {
    return make_state(tree::leaves(parameters), tree::paths(parameters));
  }

  /// Updates, to be added to the parameters (see apply), and the next state.
  /// \param gradients  a tree as the parameters.
  /// \throws ShapeError, TypeError  if parameters or gradients are not those of init: the first path that differs.
  /// \throws ValueError  if what it needs of the extras is missing.
  template <tree::Tree T, tree::Tree G>
  [[nodiscard]] Updated<T> update(const G& gradients, const State& state, const T& parameters,
                                  const Extras& extras = {}) const {
    Checked given = checked(state);
    given.what = "parameter";
    enter(given, given.parameters, parameters);
    given.what = "gradient";
    enter(given, given.gradients, gradients);
    Updated<T> result{parameters, State()};
    result.state = run(given, state, extras);
    std::size_t used = 0;
    tree::for_each(result.updates, [&](Var& leaf) { leaf = std::move(given.gradients[used++]); });
    return result;
  }

  /// Name and settings.
  [[nodiscard]] const std::string& text() const noexcept;
  [[nodiscard]] Gradients gradients() const noexcept;
  /// The learning rate, to be shown: of a chain that of its last link which has one. Null: it is not known here.
  [[nodiscard]] const Setting* rate() const noexcept;
  /// The same transformation, which says that this is its rate.
  [[nodiscard]] Transformation with_rate(const Setting& rate) const;

 private:
  friend class Slots;
  friend class Step;
  struct Parts;

  struct Checked {
    std::shared_ptr<const detail::Layout> layout;
    std::string_view what;
    std::vector<Var> parameters;
    std::vector<Var> gradients;
  };

  /// Leaves of a tree, compared with those of init.
  template <class T>
  void enter(const Checked& given, std::vector<Var>& leaves, const T& tree) const {
    std::string path;
    auto collect = [&](const Var& leaf) {
      require_like(given, leaves.size(), path, leaf);
      leaves.push_back(leaf);
    };
    tree::detail::visit(tree, tree::detail::Visitor<const Var>(collect, tree::detail::Visit::leaves, &path));
    require_all(given, leaves.size());
  }

  [[nodiscard]] State make_state(const std::vector<Var>& leaves, const std::vector<std::string>& paths) const;
  [[nodiscard]] Checked checked(const State& state) const;
  void require_like(const Checked& given, std::size_t i, const std::string& path, const Var& leaf) const;
  void require_all(const Checked& given, std::size_t count) const;
  /// The next state; leaves the updates in the place of the gradients.
  State run(Checked& given, const State& state, const Extras& extras) const;

  std::shared_ptr<const Parts> parts_;
};

/// A transformation whose updates are ready to be added to the parameters.
using Optimiser = Transformation;

std::ostream& operator<<(std::ostream& out, const Transformation& transformation);

/// parameters + updates, leaf by leaf.
/// \throws ShapeError  unless both have the same number of leaves.
template <tree::Tree T, tree::Tree U>
[[nodiscard]] T apply(const T& parameters, const U& updates) {
  return tree::map(parameters, updates, [](const Var& p, const Var& u) { return p + u; });
}

/// The average of the parameters that an optimiser keeps (ema_of_parameters, swa, asgd, schedule-free ones ...): the
/// model to use when training has ended.
/// \throws ValueError  if it keeps none.
template <tree::Tree T>
[[nodiscard]] T average(const State& state, const T& model) {
  return state.read("average", model);
}

/// The gradient of a function of a tree as what Extras take: `.gradient = gradient_at(loss, model)`.
/// \param f  of the tree and nothing else, to a scalar.
/// \param gradient  such as xg::grad(f).
template <tree::Tree T, class G>
[[nodiscard]] GradientFunction gradient_at(G gradient, const T& like) {
  return [gradient = std::move(gradient), like](std::span<const Var> leaves) {
    return tree::leaves(gradient(tree::with_leaves(like, leaves)));
  };
}

}  // namespace xgrad::optim

#pragma GCC visibility pop
