// The catalogue of losses.
#pragma once

#include <xgrad/loss/box.hpp>
#include <xgrad/loss/by_name.hpp>
#include <xgrad/loss/classification.hpp>
#include <xgrad/loss/classification_angular.hpp>
#include <xgrad/loss/classification_binary.hpp>
#include <xgrad/loss/classification_ordinal.hpp>
#include <xgrad/loss/classification_robust.hpp>
#include <xgrad/loss/classification_sparse.hpp>
#include <xgrad/loss/contract.hpp>
#include <xgrad/loss/divergence.hpp>
#include <xgrad/loss/divergence_samples.hpp>
#include <xgrad/loss/embedding.hpp>
#include <xgrad/loss/gradient_penalty.hpp>
#include <xgrad/loss/image.hpp>
#include <xgrad/loss/joining.hpp>
#include <xgrad/loss/likelihood.hpp>
#include <xgrad/loss/margin.hpp>
#include <xgrad/loss/penalty.hpp>
#include <xgrad/loss/print.hpp>
#include <xgrad/loss/ranking.hpp>
#include <xgrad/loss/reductions.hpp>
#include <xgrad/loss/regression.hpp>
#include <xgrad/loss/robust.hpp>
#include <xgrad/loss/segmentation.hpp>
#include <xgrad/loss/sequence.hpp>
