// Layers, and how their weights begin.
#pragma once

#include <xgrad/nn/initialise.hpp>
#include <xgrad/nn/layer.hpp>
#include <xgrad/nn/linear.hpp>
#include <xgrad/nn/recurrent.hpp>
#include <xgrad/nn/recurrent_cells.hpp>
