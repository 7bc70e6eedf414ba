// Smaller models: fewer bits, fewer weights, shared weights, low ranks, and distillation.
#pragma once

#include <xgrad/compression/calibrate.hpp>
#include <xgrad/compression/distillation.hpp>
#include <xgrad/compression/layers.hpp>
#include <xgrad/compression/low_rank.hpp>
#include <xgrad/compression/masks.hpp>
#include <xgrad/compression/quantise.hpp>
#include <xgrad/compression/share.hpp>
#include <xgrad/compression/size.hpp>
#include <xgrad/compression/with_layers.hpp>
