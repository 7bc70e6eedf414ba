// The state of an optimiser: a tree.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <xgrad/core/shape.hpp>
#include <xgrad/tree/tree.hpp>
#include <xgrad/var.hpp>

#pragma GCC visibility push(default)

namespace xgrad::optim {

namespace detail {

/// Memory from the pool of freed arrays, so that copying a state asks the system for none.
void* take_memory(std::size_t bytes);
void give_memory(void* memory) noexcept;

template <class T>
struct Pooled {
  using value_type = T;
  Pooled() = default;
  template <class U>
  Pooled(const Pooled<U>&) noexcept {}  // NOLINT(*-explicit-*)
  [[nodiscard]] T* allocate(std::size_t n) { return static_cast<T*>(take_memory(n * sizeof(T))); }
  void deallocate(T* memory, std::size_t) noexcept { give_memory(memory); }
  friend bool operator==(const Pooled&, const Pooled&) noexcept { return true; }
};

/// What the arrays of a state are: made once by init, and shared by all states that follow.
struct Layout {
  static constexpr std::size_t none = static_cast<std::size_t>(-1);

  struct Entry {
    std::string path;  ///< "0.mu.hidden.weight"
    std::string slot;  ///< "mu"
    std::size_t parameter = none;
    bool number = false;  ///< of the optimiser, not of a parameter: weak while an update is computed
    DType dtype = DType::Float64;
    Shape shape = {};
  };
  struct Parameter {
    std::string path;
    DType dtype;
    Shape shape;
  };
  /// Transformations inside of others, in the order in which they run: where the entries of each end, and where in
  /// this list those inside of it do.
  struct Part {
    std::size_t end_of_entries = 0;
    std::size_t end_of_parts = 0;
  };
  std::string optimiser;
  std::vector<Parameter> parameters;
  std::vector<Entry> entries;
  std::vector<Part> parts;
};

/// Whether two are alike. \param where  gets the path of the first difference; may be null.
bool same_layout(const Layout& a, const Layout& b, std::string* where);

}  // namespace detail

/// What an optimiser remembers from step to step. It is a tree, with paths such as "0.mu.hidden.weight": compiled,
/// donated, batched, differentiated and saved like any other. Step counts and keys are int64 and no leaves, like
/// members marked state.
class State {
 public:
  State() = default;

  /// The arrays of one name that belong to parameters, in the places of these; what has none stays as it is in the
  /// model. `average(state, model)` is this for the slot "average".
  /// \throws ValueError  if there is no such slot, or more than one.
  template <tree::Tree T>
  [[nodiscard]] T read(std::string_view slot, const T& model) const {
    const std::vector<Var> leaves = tree::leaves(model);
    return tree::with_leaves(model, slot_over(slot, leaves));
  }
  /// A number that the optimiser keeps, such as "rate" of inject().
  /// \throws ValueError  if there is no such number, or more than one.
  [[nodiscard]] Var number(std::string_view slot) const;
  /// The same state with another value of such a number.
  /// \throws ValueError  if there is no such number, or more than one.  \throws ShapeError  unless it is one number.
  [[nodiscard]] State with_number(std::string_view slot, const Var& value) const;

  // The protocol of trees.
  void visit(const tree::detail::Visitor<Var>& visitor);
  void visit(const tree::detail::Visitor<const Var>& visitor) const;
  [[nodiscard]] bool same_statics(const State& other, std::string* where) const;

 private:
  friend class Transformation;
  using Arrays = std::vector<Var, detail::Pooled<Var>>;

  [[nodiscard]] std::vector<Var> slot_over(std::string_view slot, std::vector<Var> leaves) const;
  [[nodiscard]] std::size_t place_of_number(std::string_view slot) const;

  std::shared_ptr<const detail::Layout> layout_;
  Arrays arrays_;
};

std::ostream& operator<<(std::ostream& out, const State& state);

}  // namespace xgrad::optim

#pragma GCC visibility pop
