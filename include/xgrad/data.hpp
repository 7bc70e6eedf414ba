// Datasets: batches, splits, preprocessing, augmentation.
#pragma once

#include <xgrad/data/augment.hpp>
#include <xgrad/data/augmented.hpp>
#include <xgrad/data/batches.hpp>
#include <xgrad/data/dataset.hpp>
#include <xgrad/data/mnist.hpp>
#include <xgrad/data/preprocessing.hpp>
#include <xgrad/data/read_ahead.hpp>
#include <xgrad/data/sequences.hpp>
#include <xgrad/data/splits.hpp>
