// Optimisers and schedules.
#pragma once

#include <xgrad/optim/adaptive.hpp>
#include <xgrad/optim/by_name.hpp>
#include <xgrad/optim/combine.hpp>
#include <xgrad/optim/curvature.hpp>
#include <xgrad/optim/gradient.hpp>
#include <xgrad/optim/layerwise.hpp>
#include <xgrad/optim/links.hpp>
#include <xgrad/optim/matrix.hpp>
#include <xgrad/optim/parameter_free.hpp>
#include <xgrad/optim/quasi_newton.hpp>
#include <xgrad/optim/schedules.hpp>
#include <xgrad/optim/setting.hpp>
#include <xgrad/optim/state.hpp>
#include <xgrad/optim/transformation.hpp>
