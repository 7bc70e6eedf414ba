// Layers, and how their weights begin.
#pragma once

#include <xgrad/nn/activation.hpp>
#include <xgrad/nn/initialise.hpp>
#include <xgrad/nn/layer.hpp>
#include <xgrad/nn/linear.hpp>
