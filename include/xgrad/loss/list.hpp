// The one list of all losses of the catalogue. Names at run time and the tests that no loss is forgotten come from it.
#pragma once

#include <boost/hana/tuple.hpp>
#include <boost/hana/type.hpp>

#include <xgrad/loss.hpp>

#pragma GCC visibility push(default)

namespace xgrad::loss {
namespace detail {

template <class... L>
using TypeList = boost::hana::tuple<boost::hana::basic_type<L>...>;

}  // namespace detail

// clang-format off
using List = detail::TypeList<
    Mse, HalfSquared, Rmse, Mae, LogCosh, Mape, Smape, Msle, Pinball, Expectile, EpsilonInsensitive,
    SquaredEpsilonInsensitive, Linex, CosineDistance,
    Huber, SmoothL1, Charbonnier, PseudoHuber, Cauchy, Welsch, GemanMcClure, Tukey, Barron, Wing,
    GaussianNll, LaplaceNll, StudentTNll, PoissonNll, GammaNll, Tweedie, NegativeBinomialNll,
    MixtureGaussianNll, CrpsGaussian, CrpsEnsemble, CoxPartial,
    CrossEntropy, Nll, CategoricalFocal, Poly1, LogitAdjusted, Brier,
    BinaryCrossEntropy, BinaryCrossEntropyProbability, Focal, AsymmetricLoss,
    GeneralizedCrossEntropy, SymmetricCrossEntropy, BiTempered,
    Sparsemax, FenchelYoung,
    Ordinal,
    ArcFace, CosFace,
    Hinge, SquaredHinge, SoftMargin, Perceptron, Exponential, MulticlassHinge, MulticlassPerceptron,
    MultiMargin, MultiLabelMargin, MultiLabelSoftMargin,
    Ctc,
    KlDivergence, GeneralizedKl, JensenShannon, Renyi, Hellinger, TotalVariation, Wasserstein1d, Sinkhorn, Mmd,
    EnergyDistance, GaussianKl,
    CosineEmbedding, HingeEmbedding, MarginRanking, TripletMargin, Contrastive, NPairs, NtXent, InfoNce, Clip,
    SupCon, Circle, BarlowTwins, Vicreg,
    RankNet, ListNet, ListMle, LambdaRank, ApproxNdcg, BayesianPersonalizedRanking,
    Dice, GeneralizedDice, Tversky, FocalTversky, Jaccard, LovaszHinge, LovaszSoftmax, Boundary,
    Giou, Diou, Ciou,
    Ssim, TotalVariationPenalty, Psnr, GradientDifference,
    L1, L2, ElasticNet, GroupLasso, Orthogonality, SpectralNorm, Lipschitz, EntropyBonus,
    GradientPenalty, JacobianPenalty,
    UncertaintyWeighting, Distillation>;
// clang-format on

}  // namespace xgrad::loss

#pragma GCC visibility pop
