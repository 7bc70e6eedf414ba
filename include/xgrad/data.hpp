// Datasets: batches, splits, preprocessing, augmentation.
#pragma once

#include <xgrad/data/batches.hpp>
#include <xgrad/data/dataset.hpp>
