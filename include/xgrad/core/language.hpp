// The first thing that every header includes: an older standard ends here, in one line, not in errors by the thousand.
#pragma once

#if (defined(_MSVC_LANG) ? _MSVC_LANG : __cplusplus) < 202002L
#error "xgrad needs C++20: compile with -std=c++20"
#include "xgrad needs C++20: compile with -std=c++20"  // a missing file ends the compilation
#endif
