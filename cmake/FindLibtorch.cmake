# Finds libtorch's headers and shared libraries, and nothing else: Torch's own package file also asks for the build
# dependencies of libtorch (gflags, glog, protobuf), which a program that links it does not need.
#
# Gives the target Libtorch::libtorch, and Libtorch_VERSION.
include(FindPackageHandleStandardArgs)

set(Libtorch_hints ${Libtorch_ROOT} $ENV{Libtorch_ROOT} ${TORCH_INSTALL_PREFIX} $ENV{TORCH_INSTALL_PREFIX})
find_path(Libtorch_INCLUDE_DIR NAMES ATen/ATen.h HINTS ${Libtorch_hints} PATH_SUFFIXES include)
find_path(Libtorch_API_INCLUDE_DIR NAMES torch/torch.h
  HINTS ${Libtorch_INCLUDE_DIR}/torch/csrc/api/include ${Libtorch_hints} PATH_SUFFIXES torch/csrc/api/include)
find_library(Libtorch_LIBRARY NAMES torch HINTS ${Libtorch_hints} PATH_SUFFIXES lib)
find_library(Libtorch_CPU_LIBRARY NAMES torch_cpu HINTS ${Libtorch_hints} PATH_SUFFIXES lib)
find_library(Libtorch_C10_LIBRARY NAMES c10 HINTS ${Libtorch_hints} PATH_SUFFIXES lib)
mark_as_advanced(Libtorch_INCLUDE_DIR Libtorch_API_INCLUDE_DIR Libtorch_LIBRARY Libtorch_CPU_LIBRARY
  Libtorch_C10_LIBRARY)

if(Libtorch_API_INCLUDE_DIR AND EXISTS ${Libtorch_API_INCLUDE_DIR}/torch/version.h)
  file(STRINGS ${Libtorch_API_INCLUDE_DIR}/torch/version.h Libtorch_version_line REGEX "define TORCH_VERSION \"")
  string(REGEX REPLACE ".*\"([0-9.]+).*" "\\1" Libtorch_VERSION "${Libtorch_version_line}")
endif()

find_package_handle_standard_args(Libtorch
  REQUIRED_VARS Libtorch_LIBRARY Libtorch_CPU_LIBRARY Libtorch_C10_LIBRARY Libtorch_INCLUDE_DIR
    Libtorch_API_INCLUDE_DIR
  VERSION_VAR Libtorch_VERSION)

if(Libtorch_FOUND AND NOT TARGET Libtorch::libtorch)
  add_library(Libtorch::libtorch INTERFACE IMPORTED)
  set_target_properties(Libtorch::libtorch PROPERTIES
    INTERFACE_INCLUDE_DIRECTORIES "${Libtorch_API_INCLUDE_DIR};${Libtorch_INCLUDE_DIR}")
  # libtorch registers its operators when it is loaded; a linker that drops unused libraries must not drop it.
  target_link_libraries(Libtorch::libtorch INTERFACE
    -Wl,--no-as-needed ${Libtorch_LIBRARY} ${Libtorch_CPU_LIBRARY} ${Libtorch_C10_LIBRARY} -Wl,--as-needed)
endif()
