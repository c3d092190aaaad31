# find_package(rtml-plugin-sdk) gives the target rtml::plugin_sdk and the function rtml_plugin().
include("${CMAKE_CURRENT_LIST_DIR}/rtml-plugin-sdk-targets.cmake")
include("${CMAKE_CURRENT_LIST_DIR}/RtmlPlugin.cmake")
