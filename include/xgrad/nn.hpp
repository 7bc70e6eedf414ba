// Layers, and how their weights begin.
#pragma once

#include <xgrad/nn/activation.hpp>
#include <xgrad/nn/any_layer.hpp>
#include <xgrad/nn/attention.hpp>
#include <xgrad/nn/bilinear.hpp>
#include <xgrad/nn/by_name.hpp>
#include <xgrad/nn/convolution.hpp>
#include <xgrad/nn/dropout.hpp>
#include <xgrad/nn/embedding.hpp>
#include <xgrad/nn/initialise.hpp>
#include <xgrad/nn/language_model.hpp>
#include <xgrad/nn/layer.hpp>
#include <xgrad/nn/lenet.hpp>
#include <xgrad/nn/linear.hpp>
#include <xgrad/nn/mlp.hpp>
#include <xgrad/nn/normalisation.hpp>
#include <xgrad/nn/normalised.hpp>
#include <xgrad/nn/pooling.hpp>
#include <xgrad/nn/positions.hpp>
#include <xgrad/nn/research.hpp>
#include <xgrad/nn/resnet.hpp>
#include <xgrad/nn/sequential.hpp>
#include <xgrad/nn/summary.hpp>
#include <xgrad/nn/transformer.hpp>
#include <xgrad/nn/with_dtype.hpp>
