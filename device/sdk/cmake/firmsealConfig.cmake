# SPDX-License-Identifier: MIT-0
# find_package(firmseal REQUIRED PATHS THE-KIT/cmake): builds the library with the project that asks.
if(NOT TARGET firmseal::firmseal)
  get_filename_component(firmseal_kit "${CMAKE_CURRENT_LIST_DIR}/.." ABSOLUTE)
  add_subdirectory(${firmseal_kit} ${CMAKE_BINARY_DIR}/firmseal EXCLUDE_FROM_ALL)
endif()
