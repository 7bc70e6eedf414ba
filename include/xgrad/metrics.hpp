// Metrics: numbers that tell how good predictions are, exact over batches, threads and processes.
#pragma once

#include <xgrad/metrics/aggregation.hpp>
#include <xgrad/metrics/bootstrap.hpp>
#include <xgrad/metrics/boxes.hpp>
#include <xgrad/metrics/chains.hpp>
#include <xgrad/metrics/classification.hpp>
#include <xgrad/metrics/cluster_shapes.hpp>
#include <xgrad/metrics/clusters.hpp>
#include <xgrad/metrics/collection.hpp>
#include <xgrad/metrics/confusion.hpp>
#include <xgrad/metrics/correlation.hpp>
#include <xgrad/metrics/detection.hpp>
#include <xgrad/metrics/distributions.hpp>
#include <xgrad/metrics/images.hpp>
#include <xgrad/metrics/labels.hpp>
#include <xgrad/metrics/probabilities.hpp>
#include <xgrad/metrics/regression.hpp>
#include <xgrad/metrics/retrieval.hpp>
#include <xgrad/metrics/scores.hpp>
#include <xgrad/metrics/segmentation.hpp>
#include <xgrad/metrics/signals.hpp>
#include <xgrad/metrics/state.hpp>
#include <xgrad/metrics/survival.hpp>
#include <xgrad/metrics/text.hpp>
