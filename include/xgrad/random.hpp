// Random numbers by key.
#pragma once

#include <xgrad/random/continuous.hpp>
#include <xgrad/random/discrete.hpp>
#include <xgrad/random/key.hpp>
