// Loops that stay loops: scan, fori_loop.
#pragma once

#include <algorithm>
#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include <xgrad/transform/checkpoint.hpp>
#include <xgrad/transform/custom.hpp>
#include <xgrad/transform/trace.hpp>
#include <xgrad/tree/statics.hpp>

#pragma GCC visibility push(default)

namespace xgrad {

/// How scan() runs.
struct ScanOptions {
  /// From the last elements to the first; what is stacked stands where the elements stand.
  bool reverse = false;
  /// How many runs, where no array says it.
  std::optional<std::size_t> length = std::nullopt;
  /// Derivatives in reverse mode keep what is carried once in so many runs, and compute the runs between again, so that
  /// they need memory for n / checkpoint_every + checkpoint_every runs instead of n. 0: they keep all that they need.
  std::size_t checkpoint_every = 0;
  /// Segments of segments, to so many levels: derivatives in reverse mode need memory for about levels * n^(1 / levels)
  /// runs, and compute each run `levels` - 1 times more. The lengths follow from n; a level that is too short for two
  /// segments is left out. 0 or 1: none.
  std::size_t checkpoint_levels = 0;
};

namespace detail {

/// The body of a loop while it is recorded: once, of stand-ins without values.
class ScanBody {
 public:
  /// \throws ShapeError, ValueError  if the arrays do not say how many runs there are.
  ScanBody(Trace& trace, std::span<const Var> first, std::span<const Var> arrays, const ScanOptions& options,
           Paths paths_of_carried, const Paths& paths_of_arrays);
  ~ScanBody();
  ScanBody(const ScanBody&) = delete;
  ScanBody& operator=(const ScanBody&) = delete;

  [[nodiscard]] std::span<const Var> carried() const noexcept { return carried_; }
  [[nodiscard]] std::span<const Var> elements() const noexcept { return elements_; }
  /// Whether the body must be recorded anew: a number takes another element type in a run.
  /// \throws ShapeError, TypeError  if what is carried changes.
  [[nodiscard]] bool accept(std::span<const Var> next);
  /// The last of what is carried, and then what is stacked.
  [[nodiscard]] std::vector<Var> finish(std::span<const Var> outputs);

 private:
  void begin();

  Trace& trace_;
  bool values_were_forbidden_;
  bool reverse_;
  std::size_t length_ = 0;
  std::vector<Var> first_;
  std::vector<Var> arrays_;
  Paths paths_of_carried_;
  std::uint32_t begin_ = 0;
  std::vector<Var> carried_;
  std::vector<Var> elements_;
  std::vector<Var> next_;
};

/// 0, 1, ..., n - 1, int64.
Var numbers_to(std::size_t n);

[[noreturn]] void throw_unsettled_types();

[[noreturn]] void throw_other_tree(std::string_view operation, std::string_view what, const std::string& where);
/// \throws ShapeError  if two trees differ in more than the values of their arrays.
template <class T>
void require_same_tree(std::string_view operation, std::string_view what, const T& a, const T& b) {
  std::string where;
  if (!tree::detail::same_statics(a, b, &where)) throw_other_tree(operation, what, where);
}

/// A run: from what is carried and elements to what is carried next and what is stacked.
template <class C, class X, class Y>
std::pair<C, Y> run_scan(FunctionOf<std::pair<C, Y>, const C&, const X&> f, const C& first, const X& arrays,
                         const ScanOptions& options) {
  static_assert(tree::Tree<C> && tree::Tree<X> && tree::Tree<Y>,
                "scan: the body takes and returns trees, and what it gets is not known while it is recorded");
  std::vector<Var> all = tree::arrays(first);
  const std::size_t carried = all.size();
  tree::detail::visit(arrays, tree::detail::appends(all, tree::detail::Visit::arrays));
  Trace trace(all);
  ScanBody body(trace, std::span(all).first(carried), std::span(all).subspan(carried), options, array_paths_of(first),
                array_paths_of(arrays));
  const auto record = [&] {
    return f(tree::with_arrays(first, body.carried()), tree::with_arrays(arrays, body.elements()));
  };
  std::pair<C, Y> result = record();
  require_same_tree("scan", "what is carried is not the same tree before and after a run", first, result.first);
  if (!body.accept(tree::arrays(result.first))) {
    result = record();
    if (!body.accept(tree::arrays(result.first))) throw_unsettled_types();
  }
  const std::vector<Var> outputs = body.finish(tree::arrays(result.second));
  const std::span<const Var> whole(outputs);
  result.first = tree::with_arrays(result.first, whole.first(carried));
  result.second = tree::with_arrays(result.second, whole.subspan(carried));
  finish(trace, result.first, result.second);
  return result;
}

/// How many runs a segment has, of which each is cut in its turn to all levels but one.
/// \throws ValueError  if the options say both.
std::size_t length_of_segments(std::size_t runs, const ScanOptions& options);

/// How many runs there are.
/// \throws ShapeError, ValueError  if the arrays do not say so.
std::size_t runs_of_scan(std::span<const Var> arrays, const ScanOptions& options, const Paths& paths);

/// The first elements of each array as [segments, length, ...].
std::vector<Var> in_segments(std::span<const Var> arrays, std::size_t segments, std::size_t length);
std::vector<Var> elements_from(std::span<const Var> arrays, std::size_t first, std::size_t count);
/// What segments [n, k, ...] gave, and behind it or, in reverse, before it what the rest [m, ...] gave.
std::vector<Var> joined_segments(std::span<const Var> segments, std::span<const Var> rest);

/// A loop over segments, each of them a loop that the derivatives compute again; runs that are left over come last.
/// With levels to go, each of them is such a loop over segments.
template <class C, class X, class Y>
std::pair<C, Y> scan_in_segments(FunctionOf<std::pair<C, Y>, const C&, const X&> run, const C& first, const X& arrays,
                                 const ScanOptions& options) {
  const std::vector<Var> all = tree::arrays(arrays);
  const std::size_t runs = runs_of_scan(all, options, array_paths_of(arrays));
  const std::size_t length = length_of_segments(runs, options);
  const std::size_t segments = runs / length;
  const std::size_t left = runs - segments * length;
  const std::size_t levels = options.checkpoint_levels;
  const auto of_length = [&](std::size_t count) {
    return checkpoint([run, count, levels, reverse = options.reverse](const C& carried, const X& elements) {
      const ScanOptions inside{
          .reverse = reverse, .length = count, .checkpoint_levels = levels > 2 && count > 2 ? levels - 1 : 0};
      return inside.checkpoint_levels == 0 ? run_scan<C, X, Y>(run, carried, elements, inside)
                                           : scan_in_segments<C, X, Y>(run, carried, elements, inside);
    });
  };
  const auto over_segments = [&](const C& carried) {
    const X parts = tree::with_arrays(arrays, in_segments(all, segments, length));
    const auto segment = of_length(length);
    return run_scan<C, X, Y>(FunctionOf<std::pair<C, Y>, const C&, const X&>(segment), carried, parts,
                             {.reverse = options.reverse, .length = segments});
  };
  const auto over_rest = [&](const C& carried) {
    const X parts = tree::with_arrays(arrays, elements_from(all, segments * length, left));
    return of_length(left)(carried, parts);
  };
  const auto joined = [&](const Y& of_segments, const Y& of_rest) {
    return tree::with_arrays(of_segments, joined_segments(tree::arrays(of_segments), tree::arrays(of_rest)));
  };
  if (!options.reverse) {
    const std::pair<C, Y> most = over_segments(first);
    const std::pair<C, Y> rest = over_rest(most.first);
    return {rest.first, joined(most.second, rest.second)};
  }
  const std::pair<C, Y> rest = over_rest(first);
  const std::pair<C, Y> most = over_segments(rest.first);
  return {most.first, joined(most.second, rest.second)};
}

template <class F, class C, class X>
using ScanResult = std::remove_cvref_t<std::invoke_result_t<F&, const C&, const X&>>;

/// Whether a function is the body of a scan: it returns a pair of what is carried, of the same type as before, and
/// what is stacked.
template <class F, class C, class X>
concept RunOf = Fits<F&, const C&, const X&> && requires {
  typename ScanResult<F, C, X>::second_type;
  requires std::same_as<typename ScanResult<F, C, X>::first_type, C>;
};

}  // namespace detail

/// A loop over the elements of arrays along their first axis, that carries something from run to run.
///
///     auto [last, all] = xg::scan(
///         [&](const xg::Var& h, const xg::Var& x) {
///           const xg::Var next = tanh(matmul(w, h) + x);
///           return std::pair{next, next};                 // what is carried, and what is stacked
///         },
///         xg::Var(xt::zeros<double>({64})), inputs);       // inputs [n, 64] -> last [64], all [n, 64]
///
/// \param body    (carried, elements) -> std::pair of what is carried next and what is stacked: trees.
/// \param first   what is carried into the first run. Shapes and element types stay; a number takes the element type
///                that it gets in a run.
/// \param arrays  a tree of arrays with the same number of elements along their first axes, which says how often the body
///                runs; std::tuple<>() and `length` if it needs none.
/// \return what the last run carries, and a tree of what the runs give along a new first axis.
/// The body is recorded once, of values that are not known: it needs where() in place of if. Plans do not grow with the
/// length. What is the same in all runs is computed once. Derivatives of every order are loops too, and take what they
/// need of the runs from this one.
///
/// What a run computes may be computed again for derivatives, and not at all if nothing needs it.
///
/// \throws ShapeError  unless all arrays have the same number of elements; if what is carried changes its shape, the number
///                     of its arrays, or members that are no Vars.
/// \throws TypeError   if what is carried changes its element type.
/// \throws ValueError  if nothing says how many runs there are, or `length` and the arrays disagree; if both
///                     `checkpoint_every` and `checkpoint_levels` are given.
/// \throws TapeError   if the body asks for a value.
template <class F, class C, class X>
requires detail::RunOf<F, detail::differentiated_t<C>, detail::differentiated_t<X>>
[[nodiscard]] auto scan(F&& body, const C& first, const X& arrays, const ScanOptions& options = {}) {
  using Carried = detail::differentiated_t<C>;
  using Elements = detail::differentiated_t<X>;
  using Result = detail::ScanResult<F, Carried, Elements>;
  using Stacked = typename Result::second_type;
  const auto run = [&body](const Carried& carried, const Elements& elements) -> Result {
    return body(carried, elements);
  };
  const detail::FunctionOf<Result, const Carried&, const Elements&> of_run(run);
  if (options.checkpoint_every == 0 && options.checkpoint_levels < 2) {
    return detail::run_scan<Carried, Elements, Stacked>(of_run, Carried(first), Elements(arrays), options);
  }
  return detail::scan_in_segments<Carried, Elements, Stacked>(of_run, Carried(first), Elements(arrays), options);
}

template <class F, class C, class X>
detail::Misfit scan(F&&, const C&, const X&, const ScanOptions& = {}) {
  constexpr bool is_called = detail::Fits<F&, const detail::differentiated_t<C>&, const detail::differentiated_t<X>&>;
  static_assert(is_called,
                "scan: the body is called with what is carried and with elements of the arrays, two trees: write "
                "scan([](const xg::Var& carried, const xg::Var& x) { ... }, first, arrays)");
  static_assert(!is_called || detail::mistaken<F>,
                "scan: the body returns a std::pair of what is carried next, of the same type as before, and what is "
                "stacked: write return std::pair{carried, y}");
  return {};
}

/// body(n - 1, ... body(1, body(0, first))), a loop of n runs, recorded once; see scan().
///
/// \param body  (number of the run as an int64 Var, carried) -> carried.
template <class F, class C>
requires std::is_invocable_r_v<detail::differentiated_t<C>, F&, const Var&,
                               const detail::differentiated_t<C>&> [[nodiscard]] auto
fori_loop(std::size_t n, F&& body, const C& first) {
  using Carried = detail::differentiated_t<C>;
  return scan(
             [&body](const Carried& carried, const Var& i) {
               return std::pair{Carried(body(i, carried)), std::tuple<>()};
             },
             first, detail::numbers_to(n))
      .first;
}

template <class F, class C>
detail::Misfit fori_loop(std::size_t, F&&, const C&) {
  static_assert(
      detail::mistaken<F>,
      "fori_loop: the body is called with the number of the run, a Var, and what is carried, and returns what "
      "is carried next, of the same type: write fori_loop(n, [](const xg::Var& i, const xg::Var& carried) { ... "
      "}, first)");
  return {};
}

/// f, which vmap runs for one example after the other instead of all together: of large examples only one is in memory
/// at a time. It is a custom_vmap of a scan.
///
///     auto of_all = xg::vmap(xg::sequential(render));
template <class F>
[[nodiscard]] auto sequential(F f) {
  return custom_vmap(f, [f](const auto&... batches) {
    const auto one = [&f](const std::tuple<>& none, const auto& example) {
      return std::pair{none, std::apply(f, example)};
    };
    return scan(one, std::tuple<>(), std::tuple<std::remove_cvref_t<decltype(batches)>...>(batches...)).second;
  });
}

}  // namespace xgrad

#pragma GCC visibility pop
