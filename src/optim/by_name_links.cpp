// Names of the links of chains, of what takes another optimiser inside, and of optimisers whose settings are no struct.
#include <optional>

#include <xgrad/optim/combine.hpp>
#include <xgrad/optim/gradient.hpp>
#include <xgrad/optim/layerwise.hpp>
#include <xgrad/optim/links.hpp>
#include <xgrad/optim/matrix.hpp>
#include <xgrad/optim/parameter_free.hpp>

#include "optim/by_name_entries.hpp"

namespace xgrad::optim {

XGRAD_FIELDS(Momentum, momentum, nesterov, dampening)
XGRAD_FIELDS(AdaptiveClip, clipping, eps)
XGRAD_FIELDS(Noise, variance, gamma, key)
XGRAD_FIELDS(ReduceOnPlateau, factor, patience, relative, absolute, cooldown, least)
XGRAD_FIELDS(Ema, decay, unbiased)

namespace detail {
namespace {

struct OnlyRate {
  std::optional<Setting> rate;
};
XGRAD_FIELDS(OnlyRate, rate)
struct OnlyFactor {
  std::optional<Setting> factor;
};
XGRAD_FIELDS(OnlyFactor, factor)
struct OnlyBound {
  std::optional<Setting> bound;
};
XGRAD_FIELDS(OnlyBound, bound)
struct DecayOf {
  std::optional<Setting> decay;
  Selector which = "*";
};
XGRAD_FIELDS(DecayOf, decay, which)

using Inner = std::optional<Transformation>;
struct Accumulated {
  std::optional<std::size_t> k;
  Inner inner;
};
XGRAD_FIELDS(Accumulated, k, inner)
struct Skipping {
  Inner inner;
  std::size_t most = 1000;
};
XGRAD_FIELDS(Skipping, inner, most)
struct Masked {
  std::optional<Selector> which;
  Inner inner;
};
XGRAD_FIELDS(Masked, which, inner)

// The inner one, and the settings of what is around it.
struct EmaOf : Ema {
  Inner inner;
};
XGRAD_FIELDS(EmaOf, inner, decay, unbiased)
struct SwaOf : Swa {
  Inner inner;
};
XGRAD_FIELDS(SwaOf, inner, start, every)
struct LookaheadOf : Lookahead {
  Inner inner;
};
XGRAD_FIELDS(LookaheadOf, inner, every, alpha)
struct SamOf : Sam {
  Inner inner;
};
XGRAD_FIELDS(SamOf, inner, rho, adaptive)
struct GaloreOf : Galore {
  Inner inner;
};
XGRAD_FIELDS(GaloreOf, inner, rank, every, scale)
struct MechanizeOf : Mechanize {
  Inner inner;
};
XGRAD_FIELDS(MechanizeOf, inner, betas, decay, first, eps)

/// Of one setting that is a rate; without one the default of the function.
RegistryEntry of_rate(const char* name, Optimiser (*make)(const Setting&), double rate) {
  return xgrad::detail::entry_of<OnlyRate>(
      name, [make, rate](const OnlyRate& s) { return make(s.rate ? *s.rate : Setting(rate)); });
}

RegistryEntry of_nothing(const char* name, Transformation (*make)()) {
  return xgrad::detail::entry_of<NoSettings>(name, [make](const NoSettings&) { return make(); });
}

RegistryEntry of_bound(const char* name, Transformation (*make)(const Setting&)) {
  return xgrad::detail::entry_of<OnlyBound>(
      name, [name, make](const OnlyBound& s) { return make(needed(name, "bound", s.bound)); });
}

/// Of an inner one and a struct.
template <class S, class Base>
RegistryEntry around(const char* name, Transformation (*make)(const Optimiser&, const Base&)) {
  return xgrad::detail::entry_of<S>(name, [name, make](const S& s) { return make(needed(name, "inner", s.inner), s); });
}

void append_links(std::vector<RegistryEntry>& all) {
  all.push_back(of_nothing("identity", identity));
  all.push_back(of_nothing("frozen", frozen));
  all.push_back(of_nothing("sign_of", sign_of));
  all.push_back(of_nothing("require_finite", require_finite));
  all.push_back(of_nothing("centralise", centralise));
  all.push_back(xgrad::detail::entry_of<OnlyFactor>(
      "scale", [](const OnlyFactor& s) { return scale(needed("scale", "factor", s.factor)); }));
  all.push_back(xgrad::detail::entry_of<OnlyRate>(
      "descend", [](const OnlyRate& s) { return descend(needed("descend", "rate", s.rate)); }));
  all.push_back(of_bound("clip_by_value", clip_by_value));
  all.push_back(of_bound("clip_by_norm", clip_by_norm));
  all.push_back(of_bound("clip_by_global_norm", clip_by_global_norm));
  all.push_back(of_bound("clip_per_sample", clip_per_sample));
  all.push_back(optimiser_entry("clip_adaptive", clip_adaptive));
  all.push_back(optimiser_entry("momentum", momentum));
  all.push_back(optimiser_entry("add_noise", add_noise));
  all.push_back(optimiser_entry("reduce_on_plateau", reduce_on_plateau));
  all.push_back(optimiser_entry("ema", ema));
  all.push_back(xgrad::detail::entry_of<DecayOf>(
      "add_decay", [](const DecayOf& s) { return add_decay(needed("add_decay", "decay", s.decay), s.which); }));
}

}  // namespace

std::vector<RegistryEntry> link_entries() {
  std::vector<RegistryEntry> all;
  append_links(all);
  all.push_back(of_rate("sign_sgd", sign_sgd, 1e-3));
  all.push_back(of_rate("fromage", fromage, 1e-2));
  all.push_back(around<EmaOf>("ema_of_parameters", ema_of_parameters));
  all.push_back(around<SwaOf>("swa", swa));
  all.push_back(around<LookaheadOf>("lookahead", lookahead));
  all.push_back(around<SamOf>("sam", sam));
  all.push_back(around<GaloreOf>("galore", galore));
  all.push_back(around<MechanizeOf>("mechanize", mechanize));
  all.push_back(xgrad::detail::entry_of<Accumulated>("accumulate", [](const Accumulated& s) {
    return accumulate(needed("accumulate", "k", s.k), needed("accumulate", "inner", s.inner));
  }));
  all.push_back(xgrad::detail::entry_of<Skipping>("skip_not_finite", [](const Skipping& s) {
    return skip_not_finite(needed("skip_not_finite", "inner", s.inner), s.most);
  }));
  all.push_back(xgrad::detail::entry_of<Masked>("masked", [](const Masked& s) {
    return masked(needed("masked", "which", s.which), needed("masked", "inner", s.inner));
  }));
  return all;
}

}  // namespace detail
}  // namespace xgrad::optim
