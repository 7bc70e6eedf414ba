// Arrays, trees, tables and programs in files.
#pragma once

#include <xgrad/io/csv.hpp>
#include <xgrad/io/idx.hpp>
#include <xgrad/io/named.hpp>
#include <xgrad/io/npy.hpp>
#include <xgrad/io/npz.hpp>
#include <xgrad/io/program.hpp>
#include <xgrad/io/safetensors.hpp>
