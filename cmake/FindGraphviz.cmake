# Finds Graphviz's libraries, and of its plugins the layout `dot` and the output as SVG.
#
# Gives the target Graphviz::dot.
include(FindPackageHandleStandardArgs)

find_path(Graphviz_INCLUDE_DIR NAMES gvc.h PATH_SUFFIXES graphviz)
find_library(Graphviz_GVC_LIBRARY NAMES gvc)
find_library(Graphviz_CGRAPH_LIBRARY NAMES cgraph)
find_library(Graphviz_LAYOUT_LIBRARY NAMES gvplugin_dot_layout PATH_SUFFIXES graphviz)
find_library(Graphviz_CORE_LIBRARY NAMES gvplugin_core PATH_SUFFIXES graphviz)
mark_as_advanced(Graphviz_INCLUDE_DIR Graphviz_GVC_LIBRARY Graphviz_CGRAPH_LIBRARY Graphviz_LAYOUT_LIBRARY
  Graphviz_CORE_LIBRARY)

find_package_handle_standard_args(Graphviz REQUIRED_VARS Graphviz_GVC_LIBRARY Graphviz_CGRAPH_LIBRARY
  Graphviz_LAYOUT_LIBRARY Graphviz_CORE_LIBRARY Graphviz_INCLUDE_DIR)

if(Graphviz_FOUND AND NOT TARGET Graphviz::dot)
  add_library(Graphviz::dot INTERFACE IMPORTED)
  set_target_properties(Graphviz::dot PROPERTIES
    INTERFACE_INCLUDE_DIRECTORIES "${Graphviz_INCLUDE_DIR}"
    INTERFACE_LINK_LIBRARIES
      "${Graphviz_LAYOUT_LIBRARY};${Graphviz_CORE_LIBRARY};${Graphviz_GVC_LIBRARY};${Graphviz_CGRAPH_LIBRARY}")
endif()
