# For the scripts beside it: what they need and how it is got, and how xgrad is configured and built.
# shellcheck shell=bash
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

# Every core, unless CMake's own variable says otherwise; CMake and ctest read these themselves.
export CMAKE_BUILD_PARALLEL_LEVEL=${CMAKE_BUILD_PARALLEL_LEVEL:-$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 1)}
export CTEST_PARALLEL_LEVEL=${CTEST_PARALLEL_LEVEL:-$CMAKE_BUILD_PARALLEL_LEVEL}
# Another checkout of the same sources finds the same objects.
export CCACHE_BASEDIR=${CCACHE_BASEDIR:-$root} CCACHE_NOHASHDIR=${CCACHE_NOHASHDIR:-1}

# shellcheck disable=SC2034  # for the scripts
# Debian package | what it is for | where it comes from elsewhere
needs=(
  "g++|a C++20 compiler|GCC 12 or newer, or clang 14 or newer"
  "cmake|configures the build|CMake 3.21 or newer, cmake.org"
  "ninja-build|runs the build|Ninja, ninja-build.org"
  "ccache|makes later builds quick|ccache, ccache.dev (optional)"
  "lld|links tests in a third of the time|LLD, lld.llvm.org (optional)"
  "libboost-dev|Boost.Hana, the reflection of structs, and Boost.Math|Boost 1.74 or newer, boost.org"
  "libboost-test-dev|Boost.Test, for the tests|Boost 1.74 or newer, boost.org"
  "libxtensor-dev|the arrays at the interface|xtensor 0.24 to 0.27 and xtl, github.com/xtensor-stack"
  "libxtensor-blas-dev|its interface to BLAS|xtensor-blas, github.com/xtensor-stack"
  "libxsimd-dev|the vector instructions of the kernels|xsimd 8.1 or newer, github.com/xtensor-stack"
  "libxbyak-dev|machine code for the arithmetic of loops|xbyak 6 or newer, github.com/herumi/xbyak (optional)"
  "zlib1g-dev|arrays in files that are compressed|zlib 1.2 or newer, zlib.net (optional)"
  "libtbb-dev|the threads|oneTBB 2021 or newer, github.com/oneapi-src/oneTBB"
  "libopenmpi-dev|programs of several processes|Open MPI 4 or newer, open-mpi.org, or MPICH 4, mpich.org (optional)"
  "openmpi-bin|starts them|Open MPI 4, open-mpi.org, or MPICH (optional)"
  "libgraphviz-dev|pictures of programs|Graphviz 2.42 or newer, graphviz.org (optional)"
  "libopenblas-dev|products and factorisations of matrices|OpenBLAS, openblas.net, or another BLAS with the C interface, and LAPACK"
)

say() { printf '== %s\n' "$*"; }

has() { command -v "$1" > /dev/null 2>&1; }

# need "PACKAGE|PURPOSE|ORIGIN"...: gets what is missing, or says what it is and ends with 2.
need() {
  if has apt-get && has dpkg-query; then need_packages "$@"; else need_without_apt "$@"; fi
}

need_packages() {
  local entry package purpose missing=() list=()
  for entry in "$@"; do
    IFS='|' read -r package purpose _ <<< "$entry"
    [[ $(dpkg-query -W -f '${db:Status-Status}' "$package" 2> /dev/null) == installed ]] && continue
    missing+=("$package")
    list+=("$(printf '   %-20s %s' "$package" "$purpose")")
  done
  (( ${#missing[@]} )) || return 0

  say "Debian packages to install, and what for:"
  printf '%s\n' "${list[@]}"
  local as_root=(env DEBIAN_FRONTEND=noninteractive)
  if (( EUID != 0 )); then
    if ! has sudo; then
      echo "This needs root, and there is no sudo. As root: apt-get update && apt-get install ${missing[*]}" >&2
      exit 2
    fi
    as_root=(sudo "${as_root[@]}")
  fi
  if ! { "${as_root[@]}" apt-get update -q && "${as_root[@]}" apt-get install -q -y --no-install-recommends "${missing[@]}"; } < /dev/null
  then
    echo "apt-get could not install: ${missing[*]}" >&2
    exit 2
  fi
}

need_without_apt() {
  local entry package purpose origin line tools=() libraries=() found
  for entry in "$@"; do
    IFS='|' read -r package purpose origin <<< "$entry"
    line=$(printf '   %-20s %s; %s' "$package" "$purpose" "$origin")
    case $package in
      lib*) ;;
      ccache | lld | openmpi-bin) ;;
      g++) has "${CXX:-c++}" || has g++ || has clang++ || tools+=("$line") ;;
      ninja-build) has ninja || tools+=("$line") ;;
      *) has "$package" || tools+=("$line") ;;
    esac
  done
  found=
  (( ${#tools[@]} )) || found=$(found_libraries)
  for entry in "$@"; do
    IFS='|' read -r package purpose origin <<< "$entry"
    [[ $package != lib* || $origin == *"(optional)" || $found == *"<$package>"* ]] ||
      libraries+=("$(printf '   %-20s %s; %s' "$package" "$purpose" "$origin")")
  done
  (( ${#tools[@]} + ${#libraries[@]} )) || return 0

  {
    echo "There is no apt-get here to install what is missing. Each line: Debian's name, purpose; where to get it."
    if (( ${#tools[@]} )); then
      printf '%s\n' "${tools[@]}"
      echo "and, if they are not here either (only CMake can tell, once it runs):"
    fi
    (( ! ${#libraries[@]} )) || printf '%s\n' "${libraries[@]}"
    echo "Libraries outside the system's folders: name their prefixes in CMAKE_PREFIX_PATH."
  } >&2
  exit 2
}

# The libraries that CMake finds, as <Debian's name>.
found_libraries() {
  local folder
  folder=$(mktemp -d)
  cat > "$folder/CMakeLists.txt" << 'CMAKE'
cmake_minimum_required(VERSION 3.21)
project(probe CXX)
foreach(pair "Boost libboost-dev" "xtensor libxtensor-dev" "xsimd libxsimd-dev" "LAPACK libopenblas-dev"
    "TBB libtbb-dev")
  separate_arguments(pair)
  list(GET pair 0 library)
  list(GET pair 1 package)
  find_package(${library} QUIET)
  if(${library}_FOUND)
    message(STATUS "<${package}>")
  endif()
endforeach()
find_package(Boost QUIET COMPONENTS unit_test_framework)
if(TARGET Boost::unit_test_framework)
  message(STATUS "<libboost-test-dev>")
endif()
find_package(xtensor-blas QUIET)  # last: without a BLAS it ends the run
if(xtensor-blas_FOUND)
  message(STATUS "<libxtensor-blas-dev>")
endif()
CMAKE
  cmake -G Ninja -S "$folder" -B "$folder/build" 2> /dev/null || true
  rm -rf "$folder"
}

# configure PRESET [CMAKE ARGUMENT...]: in build/PRESET; a second or two when nothing has changed.
configure() {
  local preset=$1
  shift
  local arguments=(--preset "$preset" "$@")
  ! has ccache || arguments+=(-D CMAKE_CXX_COMPILER_LAUNCHER=ccache)
  ! has ld.lld || arguments+=(-D CMAKE_EXE_LINKER_FLAGS=-fuse-ld=lld)
  say "configuring build/$preset"
  (cd "$root" && cmake "${arguments[@]}")
}

# build PRESET [TARGET...]: goes on after an error, so that one run shows them all.
build() {
  local folder=$root/build/$1
  shift
  say "building in $folder"
  if (( $# )); then cmake --build "$folder" --target "$@" -- -k 0; else cmake --build "$folder" -- -k 0; fi
}
