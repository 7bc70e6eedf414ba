// All of xgrad: arrays, tape, operations, trees, derivatives, losses.
#pragma once

#include <xgrad/core/errors.hpp>
#include <xgrad/log.hpp>
#include <xgrad/loss.hpp>
#include <xgrad/ops/check.hpp>
#include <xgrad/ops/elementwise.hpp>
#include <xgrad/ops/index.hpp>
#include <xgrad/ops/linalg.hpp>
#include <xgrad/ops/manipulate.hpp>
#include <xgrad/ops/missing.hpp>
#include <xgrad/ops/mixed.hpp>
#include <xgrad/ops/order.hpp>
#include <xgrad/ops/reduce.hpp>
#include <xgrad/ops/using_xtensor.hpp>
#include <xgrad/plans.hpp>
#include <xgrad/tape.hpp>
#include <xgrad/threads.hpp>
#include <xgrad/transform/compile.hpp>
#include <xgrad/transform/custom.hpp>
#include <xgrad/transform/grad.hpp>
#include <xgrad/transform/jacobian.hpp>
#include <xgrad/transform/vjp.hpp>
#include <xgrad/transform/vmap.hpp>
#include <xgrad/tree/fields.hpp>
#include <xgrad/tree/tree.hpp>
#include <xgrad/var.hpp>
