# find_package(ssrl) gives the target ssrl::ssrl: libssrl.so, ssrl.h, ssrl.hpp.
# The file finds them from where it lies, PREFIX/lib/cmake/ssrl.
get_filename_component(_ssrl_prefix "${CMAKE_CURRENT_LIST_DIR}/../../.." ABSOLUTE)
if(NOT TARGET ssrl::ssrl)
  add_library(ssrl::ssrl SHARED IMPORTED)
  set_target_properties(ssrl::ssrl PROPERTIES
    IMPORTED_LOCATION "${_ssrl_prefix}/lib/libssrl.so"
    INTERFACE_INCLUDE_DIRECTORIES "${_ssrl_prefix}/include")
  target_compile_features(ssrl::ssrl INTERFACE cxx_std_17)
endif()
unset(_ssrl_prefix)
