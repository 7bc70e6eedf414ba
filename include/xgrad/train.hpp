// From a loss to a trained model: steps, whole runs, how they go, checkpoints.
#pragma once

#include <xgrad/train/checkpoint.hpp>
#include <xgrad/train/fit.hpp>
#include <xgrad/train/history.hpp>
#include <xgrad/train/metric.hpp>
#include <xgrad/train/objective.hpp>
#include <xgrad/train/options.hpp>
#include <xgrad/train/progress.hpp>
#include <xgrad/train/report.hpp>
#include <xgrad/train/shards.hpp>
#include <xgrad/train/step.hpp>
#include <xgrad/train/supervised.hpp>
