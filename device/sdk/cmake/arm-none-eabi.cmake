# SPDX-License-Identifier: MIT-0
# Toolchain file: gcc for bare metal, as Debian's gcc-arm-none-eabi and Arm's own release name it.
set(CMAKE_SYSTEM_NAME Generic)
set(CMAKE_SYSTEM_PROCESSOR arm)
set(CMAKE_C_COMPILER arm-none-eabi-gcc)
set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)
