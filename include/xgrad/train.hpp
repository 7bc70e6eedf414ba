// From a loss to a trained net.
#pragma once

#include <xgrad/train/checkpoint.hpp>
#include <xgrad/train/history.hpp>
#include <xgrad/train/report.hpp>
