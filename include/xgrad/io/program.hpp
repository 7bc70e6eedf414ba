// Programs in files: export_program, load_program.
#pragma once

#include <cstddef>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include <xgrad/core/function_of.hpp>
#include <xgrad/transform/host_call.hpp>
#include <xgrad/transform/trace.hpp>
#include <xgrad/tree/tree.hpp>
#include <xgrad/var.hpp>

#pragma GCC visibility push(default)

namespace xgrad::io {

/// An input or an output of a program.
struct ProgramArray {
  std::string name;  ///< its path, such as "0.hidden.weight" in argument 0; of a result that is a Var ""
  DType dtype;
  Shape shape;
  bool is_number = false;  ///< not an array of rank 0
};

struct ExportOptions {
  /// Up to which order custom derivatives (custom_vjp, custom_jvp) are part of the program; what would ask for more
  /// throws TapeError when it is differentiated. A rule that does not use its own function ends by itself. 0: none, for
  /// a program that is only run.
  std::size_t orders = 3;
};

/// A function as data: a recorded program that can be written to a file, and run, differentiated and batched without
/// the C++ that recorded it. It does not change any more; copies share it, and several threads may call it.
class Exported {
 public:
  /// The results, in the order of outputs(). Of recorded Vars (inside of grad, vmap, compile, scan ...) they are
  /// recorded: the program is one call, of which every transform knows what to do; of values they are computed
  /// together.
  /// \param arguments  in the order of inputs().
  /// \throws ShapeError  for another number of them, or another shape.
  /// \throws TypeError   for another element type; numbers take the type that is wanted, if that is no loss.
  [[nodiscard]] std::vector<Var> operator()(const std::vector<Var>& arguments) const;

  /// The same for arguments that are trees, and a result that is one: what the function was that was exported.
  ///
  ///     auto objective = program.as_function<xg::Var>();
  ///     Mlp gradient = xg::grad(objective)(model, x, y);
  ///
  /// \param like  a tree like the result, if that cannot be seen from its type: one with containers.
  /// The function throws what operator() does, and
  /// \throws ShapeError  unless the arrays of its arguments, and those of `like`, have the names that the program knows.
  template <tree::Tree R>
  [[nodiscard]] auto as_function(R like = R()) const;

  /// One call of as_function<R>().
  template <tree::Tree R = Var, class... A>
  [[nodiscard]] R call(const A&... arguments) const {
    return as_function<R>()(arguments...);
  }

  [[nodiscard]] const std::vector<ProgramArray>& inputs() const noexcept;
  [[nodiscard]] const std::vector<ProgramArray>& outputs() const noexcept;

  /// Writes it to a file, which is there as a whole or not at all: a new one takes the place of the old one when it is
  /// complete.
  /// \throws IoError  if the file cannot be written.
  void save(const std::filesystem::path& path) const;

  /// What the library has of it.
  struct State;
  explicit Exported(std::shared_ptr<const State> state) : state_(std::move(state)) {}
  [[nodiscard]] const State& state() const noexcept { return *state_; }

 private:
  std::shared_ptr<const State> state_;
};

namespace detail {

using namespace xgrad::detail;

/// The arrays of a tree and their names.
struct NamedArrays {
  std::vector<Var> arrays;
  std::vector<std::string> names;
};

template <tree::Tree T>
NamedArrays named_arrays(const T& tree) {
  return {tree::arrays(tree), tree::array_paths(tree)};
}

/// Arguments as one tree, whose paths begin with their positions.
template <class... A>
using ArgumentsTree = std::tuple<differentiated_t<A>...>;

Exported record_program(const ExportOptions& options, const NamedArrays& arguments,
                        FunctionOf<NamedArrays, const std::vector<Var>&> f);

/// \throws ShapeError  if names differ.
void require_names(const char* what, const std::vector<ProgramArray>& known, const std::vector<std::string>& given);

}  // namespace detail

template <tree::Tree R>
auto Exported::as_function(R like) const {
  detail::require_names("the result", outputs(), tree::array_paths(like));
  return [program = *this, like = std::move(like)](const auto&... arguments) -> R {
    const detail::ArgumentsTree<std::remove_cvref_t<decltype(arguments)>...> all(arguments...);
    const detail::NamedArrays given = detail::named_arrays(all);
    detail::require_names("the arguments", program.inputs(), given.names);
    return tree::with_arrays(like, program(given.arrays));
  };
}

/// Records a function as a program that can be saved.
///
///     xg::io::Exported program = xg::io::export_program(objective, model, x, y);
///     program.save("objective.xgrad");
///
/// \param f          returns a tree. It is called once, with Vars of which no value is known, as by compile.
/// \param arguments  examples: trees, xtensor expressions and numbers; f gets them as trees and Vars. Their shapes, element
///                   types and names are part of the program, and so are all members that are no Vars, arrays that f
///                   captured, and the way that an `if` on these members took; their values are not.
///
/// Loops, branches, checkpoints, requirements and labels are saved as they are; so are the rules of custom_vjp and
/// custom_jvp, recorded once more of stand-ins. A function given to host_call is C++: its name is saved, and
/// load_program binds another one to it.
///
/// \throws TapeError   if f or a rule asks for the value of a Var, by branch() too (where() and cond() do not), or an
///                     argument or a captured Var is recorded.
/// \throws ValueError  if functions are nested too deeply (128) or there are too many (65536).
template <class F, class... A>
[[nodiscard]] Exported export_program(const ExportOptions& options, const F& f, const A&... arguments) {
  const detail::ArgumentsTree<A...> like(arguments...);
  const auto record = [&](const std::vector<Var>& inputs) {
    const auto entered = tree::with_arrays(like, inputs);
    auto result = std::apply([&](const auto&... each) { return f(each...); }, entered);
    static_assert(tree::Tree<decltype(result)>, "a function that is exported returns a tree of Vars");
    return detail::named_arrays(result);
  };
  return detail::record_program(options, detail::named_arrays(like),
                                detail::FunctionOf<detail::NamedArrays, const std::vector<Var>&>(record));
}
template <class F, class... A>
requires(!std::is_same_v<F, ExportOptions>)  //
    [[nodiscard]] Exported export_program(const F& f, const A&... arguments) {
  return export_program(ExportOptions(), f, arguments...);
}

/// What takes the place of a function given to host_call: of the same parameters and results.
class HostFunction {
 public:
  template <class F>
  requires(!std::is_same_v<F, HostFunction> && detail::HasSignature<F>)  //
      HostFunction(F f)
      : HostFunction(std::move(f), static_cast<typename detail::SignatureOf<F>::Parameters*>(nullptr)) {}

  [[nodiscard]] const detail::HostBody& body() const noexcept { return *body_; }

 private:
  template <class F, class... P>
  HostFunction(F f, std::tuple<P...>*) : body_(std::make_shared<detail::HostBody>()) {
    using R = typename detail::SignatureOf<F>::Result;
    body_->parameters = {detail::wanted_dtype<P>()...};
    body_->results = detail::HostResults<R>::dtypes();
    body_->call = [shared = std::make_shared<F>(std::move(f))](std::span<const Var> values) {
      return [&]<std::size_t... I>(std::index_sequence<I...>) {
        return detail::HostResults<R>::to_vars((*shared)(detail::to_host<P>(values[I])...));
      }
      (std::index_sequence_for<P...>());
    };
  }

  std::shared_ptr<detail::HostBody> body_;
};

struct LoadOptions {
  /// By the name that host_call was given.
  std::map<std::string, HostFunction> host_functions = {};
  /// How many operations there may be, those of a function counted for each of its calls: a small file can stand for a
  /// program that fills the memory when it is planned.
  std::size_t most_nodes = std::size_t{1} << 22U;
};

/// Reads a program that Exported::save wrote.
///
///     xg::io::Exported program = xg::io::load_program("objective.xgrad");
///     xg::Var loss = program.call<xg::Var>(model, x, y);
///
/// A file is taken for hostile: nothing is allocated that is larger than the file, all of it has check sums, and each
/// operation must be one that could have been recorded. What is refused leaves nothing behind. To *run* a program from
/// a source that is not trusted is another matter: it may loop for ever, or ask for much memory.
///
/// \throws IoError     naming the file, the place and the rule: if it cannot be read, is no program, is damaged, of a newer
///                     version, or breaks a rule.
/// \throws ValueError  if it calls functions of C++ that are not given, naming them.
/// \throws TypeError   if such a function has other parameters or results.
[[nodiscard]] Exported load_program(const std::filesystem::path& path, const LoadOptions& options = {});

}  // namespace xgrad::io

#pragma GCC visibility pop
